//! Installs the modules that a stack calls, where Terraform installs them: `.terraform/modules`, with `modules.json`.
//!
//! The tree is walked level by level. What is installed already, by whichever of the two, is used if its source is the
//! same and its version allowed. What is missing is fetched at the same time, each package once, into a directory of
//! its own that is renamed when it is complete; the manifest is written after each, so that an installation that
//! was cut short goes on where it ended. Nothing that was downloaded is run.

pub mod archive;
mod fetch;
mod git;
pub mod http;
mod links;
pub mod manifest;
mod place;
mod registry;
pub mod settings;
pub mod source;
pub mod version;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use semver::Version;
use tempfile::TempDir;

use crate::address::ModulePath;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::{SourceMap, Span};

use super::ModuleCall;
use super::load::normalized;
use archive::Limits;
use fetch::Fetcher;
use http::Http;
use manifest::{Installed, Manifest};
use place::Staging;
use registry::Registries;
use settings::HostSettings;
use source::{ModuleSource, Package, PackageKind, RegistryModule, RemoteModule};
use version::VersionConstraint;

/// How many packages are fetched at once.
const AT_ONCE: usize = 8;

/// How deep modules may nest.
pub const MAX_NESTING: usize = 100;

/// What is to be installed, and how.
#[derive(Debug, Default)]
pub struct InstallOptions {
    /// The stack's directory.
    pub directory: PathBuf,
    /// The directory as it is to be shown; empty for the current one.
    pub shown: PathBuf,
    /// Fetches everything anew, in the newest versions that are allowed.
    pub upgrade: bool,
    pub hosts: HostSettings,
    pub limits: Limits,
}

/// What happens, for whoever watches.
#[derive(Debug)]
pub enum Event<'a> {
    /// Another process installs modules here.
    Waiting,
    /// `what` is a registry address with a version, or a package's address.
    Downloading { what: &'a str, key: &'a str },
    /// The directory is relative to the stack's.
    Installed { key: &'a str, directory: &'a Path },
}

/// Installs all modules that a stack calls. The diagnostics say what could not be; what could is installed.
pub async fn install(
    options: &InstallOptions,
    sources: &SourceMap,
    notify: &mut (dyn FnMut(Event<'_>) + Send),
) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let root = Node::root();
    let calls = read_calls(options, &root, sources, &mut diagnostics);
    if calls.is_empty() || diagnostics.has_errors() {
        return diagnostics;
    }
    let staging = match Staging::open(&options.directory, notify).await {
        Ok(staging) => staging,
        Err(problem) => {
            diagnostics.push(Diagnostic::error("Modules cannot be installed", problem));
            return diagnostics;
        }
    };
    let manifest = match Manifest::read(&options.directory) {
        Ok(manifest) => manifest,
        Err(problem) => {
            let path = Manifest::path(&options.shown);
            let detail = format!(
                "{} is not what it should be: {problem}. Remove it and run recon init.",
                path.display()
            );
            diagnostics.push(Diagnostic::error("Broken module manifest", detail));
            return diagnostics;
        }
    };
    let http = match Http::new() {
        Ok(http) => http,
        Err(error) => {
            diagnostics.push(Diagnostic::error("Modules cannot be installed", format!("{error}.")));
            return diagnostics;
        }
    };
    let fetcher = Fetcher { http: &http, limits: options.limits };
    let tools = Tools { registries: Registries::new(&http, &options.hosts), fetcher, staging };
    let written = manifest.clone();
    let mut installer = Installer { options, tools: &tools, manifest, written, notify, diagnostics };
    installer.walk(root, calls, sources).await;
    installer.save();
    installer.diagnostics
}

/// A module in the tree.
struct Node {
    path: ModulePath,
    /// Relative to the stack's directory.
    directory: PathBuf,
    /// Where local sources start: the directory, or what it is a link to.
    base: PathBuf,
    /// The package that the module is of, which local sources must not lead out of. `None`: the stack's own files.
    package: Option<PathBuf>,
}

impl Node {
    fn root() -> Node {
        Node { path: ModulePath::root(), directory: PathBuf::new(), base: PathBuf::new(), package: None }
    }
}

/// The key of a module in the manifest.
pub fn key(path: &ModulePath) -> String {
    path.0.iter().map(|name| &**name).collect::<Vec<_>>().join(".")
}

/// A call of a module that has to be fetched.
struct Wanted {
    path: ModulePath,
    key: String,
    span: Span,
    source: ModuleSource,
    version: Option<(VersionConstraint, Span)>,
}

/// A call whose package is known.
struct Resolved {
    wanted: Wanted,
    package: Package,
    /// Within the package.
    subdirectory: String,
    version: Option<Version>,
    /// The package as it is shown.
    label: String,
}

/// The calls of a module, if its files can be read.
fn read_calls(
    options: &InstallOptions,
    node: &Node,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Vec<ModuleCall> {
    let mut found = Diagnostics::new();
    let directory = options.directory.join(&node.directory);
    let shown = options.shown.join(&node.directory);
    let bodies = super::module::read_files(&directory, &shown, sources, &mut found);
    let module = super::module::assemble(node.path.clone(), &bodies, &node.directory, &mut found);
    let failed = found.has_errors();
    // Warnings are given when the stack is loaded.
    diagnostics.extend(found.into_iter().filter(Diagnostic::is_error));
    if failed { Vec::new() } else { module.calls.into_values().collect() }
}

/// What modules are found, fetched and placed with.
struct Tools<'a> {
    registries: Registries<'a>,
    fetcher: Fetcher<'a>,
    staging: Staging,
}

struct Installer<'a> {
    options: &'a InstallOptions,
    tools: &'a Tools<'a>,
    manifest: Manifest,
    /// The manifest as it is on disk.
    written: Manifest,
    notify: &'a mut (dyn FnMut(Event<'_>) + Send),
    diagnostics: Diagnostics,
}

impl Installer<'_> {
    async fn walk(&mut self, root: Node, calls: Vec<ModuleCall>, sources: &SourceMap) {
        let mut level = vec![(root, calls)];
        while !level.is_empty() {
            let (mut found, mut wanted) = (Vec::new(), Vec::new());
            for (node, calls) in level {
                for call in calls {
                    match self.look(&node, &call) {
                        Some(Look::Ready(child)) => found.push(child),
                        Some(Look::Wanted(call)) => wanted.push(*call),
                        None => {}
                    }
                }
            }
            found.extend(self.fetch_all(wanted).await);
            level = found
                .into_iter()
                .map(|node| {
                    let calls = read_calls(self.options, &node, sources, &mut self.diagnostics);
                    (node, calls)
                })
                .collect();
        }
    }

    /// Finds out whether a called module is there.
    fn look(&mut self, caller: &Node, call: &ModuleCall) -> Option<Look> {
        let path = caller.path.child(Arc::clone(&call.name.name));
        if path.0.len() > MAX_NESTING {
            let detail = "Modules are nested more than 100 levels deep: does a module call itself?";
            self.diagnostics.push(Diagnostic::error("Module nesting too deep", detail).at(call.declared_at));
            return None;
        }
        let source = match ModuleSource::parse(&call.source) {
            Ok(source) => source,
            Err(error) => {
                let detail = full_stop(error.to_string());
                self.diagnostics
                    .push(Diagnostic::error("Invalid module source address", detail).at(call.source_span));
                return None;
            }
        };
        let version = match self.constraint(call, &source) {
            Ok(version) => version,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                return None;
            }
        };
        let key = key(&path);
        if let ModuleSource::Local(relative) = &source {
            return self.local(caller, call, path, &key, relative).map(Look::Ready);
        }
        if !self.options.upgrade
            && let Some(entry) = self.manifest.modules.get(&key)
            && is_current(entry, &source, version.as_ref().map(|(constraint, _)| constraint))
            && self.options.directory.join(&entry.directory).is_dir()
        {
            let entry = entry.clone();
            return Some(Look::Ready(self.node(path, &key, entry.directory)));
        }
        Some(Look::Wanted(Box::new(Wanted { path, key, span: call.source_span, source, version })))
    }

    fn constraint(
        &self,
        call: &ModuleCall,
        source: &ModuleSource,
    ) -> Result<Option<(VersionConstraint, Span)>, Box<Diagnostic>> {
        let Some((text, span)) = &call.version else { return Ok(None) };
        if !matches!(source, ModuleSource::Registry(_)) {
            return Err(Box::new(misplaced_version(call, source)));
        }
        match VersionConstraint::parse(text) {
            Some(constraint) => Ok(Some((constraint, *span))),
            None => {
                let detail = "This string does not use correct version constraint syntax: a constraint is an operator \
                              (=, !=, >, >=, <, <= or ~>) and a version number, several are separated by commas.";
                Err(Box::new(Diagnostic::error("Invalid version constraint", detail).at(*span)))
            }
        }
    }

    /// A module of the same package as its caller.
    fn local(
        &mut self,
        caller: &Node,
        call: &ModuleCall,
        path: ModulePath,
        key: &str,
        relative: &str,
    ) -> Option<Node> {
        let directory = normalized(&caller.base.join(relative));
        if let Some(package) = &caller.package
            && !directory.starts_with(package)
        {
            let detail = format!(
                "The source {relative:?} leads out of the package that the calling module is of. A module from elsewhere \
                 needs an address of its own."
            );
            let summary = "Local module path escapes module package";
            self.diagnostics.push(Diagnostic::error(summary, detail).at(call.source_span));
            return None;
        }
        if !self.options.directory.join(&directory).is_dir() {
            let shown = self.options.shown.join(&directory);
            let detail =
                format!("The module directory {} does not exist or cannot be read.", shown.display());
            self.diagnostics
                .push(Diagnostic::error("Unreadable module directory", detail).at(call.source_span));
            return None;
        }
        let entry = Installed {
            key: key.to_owned(),
            source: relative.to_owned(),
            version: None,
            directory: if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.clone() },
        };
        if self.manifest.modules.get(key) != Some(&entry) {
            (self.notify)(Event::Installed { key, directory: &entry.directory });
            self.manifest.modules.insert(key.to_owned(), entry);
        }
        Some(Node { path, base: directory.clone(), directory, package: caller.package.clone() })
    }

    /// An installed module of another package than its caller's.
    fn node(&self, path: ModulePath, key: &str, directory: PathBuf) -> Node {
        let root = Path::new(manifest::DIRECTORY).join(key);
        let is_link = self.options.directory.join(&root).is_symlink();
        let linked = if is_link { self.options.directory.join(&root).canonicalize().ok() } else { None };
        match linked {
            Some(target) => {
                let base =
                    directory.strip_prefix(&root).map_or_else(|_| target.clone(), |inner| target.join(inner));
                Node { path, directory, base, package: Some(target) }
            }
            None => Node { path, base: directory.clone(), directory, package: Some(root) },
        }
    }

    /// Fetches and places modules; answers those that are there now.
    async fn fetch_all(&mut self, wanted: Vec<Wanted>) -> Vec<Node> {
        let tools = self.tools;
        let resolved = futures::stream::iter(wanted)
            .map(|wanted| resolve(&tools.registries, wanted))
            .buffered(AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut groups: BTreeMap<Package, Vec<Resolved>> = BTreeMap::new();
        for outcome in resolved {
            match outcome {
                Ok(resolved) => groups.entry(resolved.package.clone()).or_default().push(resolved),
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            }
        }
        for Resolved { label, wanted, .. } in groups.values().flatten() {
            (self.notify)(Event::Downloading { what: label, key: &wanted.key });
        }
        let mut nodes = Vec::new();
        let fetched =
            futures::stream::iter(groups).map(|group| fetch_group(tools, group)).buffer_unordered(AT_ONCE);
        let mut fetched = std::pin::pin!(fetched);
        while let Some((package, members, outcome)) = fetched.next().await {
            // What is there is noted at once: the next run need not fetch it again.
            nodes.extend(self.settle(&package, members, outcome).await);
            self.note();
        }
        nodes.sort_by(|left, right| left.path.cmp(&right.path));
        nodes
    }

    /// Puts a package in its places, and notes what is there.
    async fn settle(&mut self, package: &Package, members: Vec<Resolved>, outcome: Fetched) -> Vec<Node> {
        let content = match outcome {
            Ok(content) => content,
            Err(problem) => {
                self.diagnostics.extend(members.iter().map(|member| failed(member, &problem)));
                return Vec::new();
            }
        };
        // From here to the note that follows the manifest says nothing of these modules.
        if members.iter().any(|member| self.manifest.modules.contains_key(&member.wanted.key)) {
            members.iter().for_each(|member| self.manifest.forget(&member.wanted.key));
            self.note();
        }
        let keys: Vec<&str> = members.iter().map(|member| member.wanted.key.as_str()).collect();
        let placed = match content {
            Some(directory) => self.tools.staging.place(directory, &keys).await,
            None => self.tools.staging.link(Path::new(package.url.trim_start_matches("file://")), &keys),
        };
        if let Err(error) = placed {
            let problem = format!("it cannot be put in its place: {error}");
            self.diagnostics.extend(members.iter().map(|member| failed(member, &problem)));
            return Vec::new();
        }
        let mut nodes = Vec::new();
        for member in members {
            match record(self.options, &mut self.manifest, &member) {
                Ok(directory) => {
                    let Wanted { path, key, .. } = member.wanted;
                    (self.notify)(Event::Installed { key: &key, directory: &directory });
                    nodes.push(self.node(path, &key, directory));
                }
                Err(problem) => self.diagnostics.push(failed(&member, &problem)),
            }
        }
        nodes
    }

    /// Writes the manifest on the way; whether that can be done is looked at in the end.
    fn note(&mut self) {
        if self.manifest.write(&self.options.directory).is_ok() {
            self.written = self.manifest.clone();
        }
    }

    /// Writes the manifest if it has changed.
    fn save(&mut self) {
        if self.manifest == self.written && Manifest::path(&self.options.directory).exists() {
            return;
        }
        if let Err(error) = self.manifest.write(&self.options.directory) {
            let path = Manifest::path(&self.options.shown);
            let detail = format!("{} cannot be written: {error}.", path.display());
            self.diagnostics.push(Diagnostic::error("Modules cannot be installed", detail));
        }
    }
}

enum Look {
    Ready(Node),
    Wanted(Box<Wanted>),
}

/// Whether an installed module is what a call asks for.
pub fn is_current(entry: &Installed, source: &ModuleSource, constraint: Option<&VersionConstraint>) -> bool {
    entry.source == source.to_string() && has_allowed_version(entry, constraint)
}

/// Whether an installed module has a version that a call allows.
pub fn has_allowed_version(entry: &Installed, constraint: Option<&VersionConstraint>) -> bool {
    constraint.is_none_or(|constraint| {
        entry.version.as_deref().and_then(version::version).is_some_and(|version| constraint.allows(&version))
    })
}

/// Says that a version is asked for where there are none.
pub fn misplaced_version(call: &ModuleCall, source: &ModuleSource) -> Diagnostic {
    let why = match source {
        ModuleSource::Local(_) => {
            "a module with a local path: it has the version of the module that calls it"
        }
        _ => "a module that is not from a registry: say in its address which revision is meant",
    };
    let detail = format!("Cannot apply a version constraint to {why}.");
    Diagnostic::error("Invalid registry module source address", detail).at(call.source_span)
}

/// A package in a directory that is not its place yet; `None`: it stays where it is, on this machine. Or what went wrong.
type Fetched = Result<Option<TempDir>, String>;

/// Fetches a package for all calls of it.
async fn fetch_group(
    tools: &Tools<'_>,
    (package, members): (Package, Vec<Resolved>),
) -> (Package, Vec<Resolved>, Fetched) {
    if package.kind == PackageKind::Directory {
        return (package, members, Ok(None));
    }
    let outcome = match tools.staging.directory() {
        Ok(directory) => {
            let outcome = tools.fetcher.fetch(&package, directory.path()).await;
            outcome.map(|()| Some(directory)).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    (package, members, outcome)
}

/// Finds a call's package. For a module of a registry: its highest version that is allowed.
async fn resolve(registries: &Registries<'_>, wanted: Wanted) -> Result<Resolved, Box<Diagnostic>> {
    let (package, outer, inner, version, label) = match &wanted.source {
        ModuleSource::Remote(RemoteModule { package, subdirectory }) => {
            (package.clone(), String::new(), subdirectory.clone(), None, package.to_string())
        }
        ModuleSource::Registry(module) => {
            let version = choose(registries, module, &wanted).await?;
            let place = registries.location(module, &version).await.map_err(|error| {
                Box::new(
                    Diagnostic::error("Error accessing remote module registry", error.to_string())
                        .at(wanted.span),
                )
            })?;
            let label = format!("{} {version}", module.package());
            (place.package, place.subdirectory, module.subdirectory.clone(), Some(version), label)
        }
        ModuleSource::Local(path) => {
            let detail = format!("{path:?} needs no installation.");
            return Err(Box::new(Diagnostic::error("Invalid module source address", detail).at(wanted.span)));
        }
    };
    let subdirectory = fetch::join(&outer, &inner);
    Ok(Resolved { wanted, package, subdirectory, version, label })
}

async fn choose(
    registries: &Registries<'_>,
    module: &RegistryModule,
    wanted: &Wanted,
) -> Result<Version, Box<Diagnostic>> {
    let versions = registries.versions(module).await.map_err(|error| {
        Box::new(
            Diagnostic::error("Error accessing remote module registry", error.to_string()).at(wanted.span),
        )
    })?;
    let stable = VersionConstraint::default();
    let constraint = wanted.version.as_ref().map_or(&stable, |(constraint, _)| constraint);
    if let Some(version) = constraint.highest(&versions) {
        return Ok(version.clone());
    }
    let newest = match stable.highest(&versions) {
        Some(newest) => format!("The newest available version is {newest}."),
        None => "It has no versions that are not pre-releases.".to_owned(),
    };
    let detail = format!(
        "There is no available version of module {:?} which matches the given version constraint. {newest}",
        module.package()
    );
    let place = wanted.version.as_ref().map_or(wanted.span, |(_, span)| *span);
    Err(Box::new(Diagnostic::error("Unresolvable module version constraint", detail).at(place)))
}

/// Notes a module that has been put in its place. Answers its directory, relative to the stack's.
fn record(options: &InstallOptions, manifest: &mut Manifest, member: &Resolved) -> Result<PathBuf, String> {
    let key = &member.wanted.key;
    let root = Path::new(manifest::DIRECTORY).join(key);
    let inner = fetch::subdirectory(&options.directory.join(&root), &member.subdirectory)?;
    let directory = if inner.as_os_str().is_empty() { root } else { root.join(inner) };
    manifest.forget(key);
    let entry = Installed {
        key: key.clone(),
        source: member.wanted.source.to_string(),
        version: member.version.as_ref().map(ToString::to_string),
        directory: directory.clone(),
    };
    manifest.modules.insert(key.clone(), entry);
    Ok(directory)
}

fn failed(member: &Resolved, problem: &str) -> Diagnostic {
    let detail = full_stop(format!(
        "The module {:?} could not be fetched from {}: {problem}",
        member.wanted.key, member.label
    ));
    Diagnostic::error("Failed to download module", detail).at(member.wanted.span)
}

/// A text that ends as a sentence does.
pub fn full_stop(mut text: String) -> String {
    if !text.ends_with(['.', '…', '!', '?']) {
        text.push('.');
    }
    text
}
