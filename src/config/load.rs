//! The tree of modules: each call leads to a directory, read once and placed at every path that calls it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::address::ModulePath;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;

use super::{Configuration, Module, ModuleCall, module};

/// How a stack is to be loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The root module's directory.
    pub directory: PathBuf,
    /// The directory as it is to be shown; empty for the current one.
    pub shown: PathBuf,
}

/// Where `init` noted installed modules: `.terraform/modules/modules.json`, shared with Terraform.
#[derive(Debug, Default, Deserialize)]
struct Manifest {
    #[serde(rename = "Modules", default)]
    modules: Vec<ManifestEntry>,
}

#[derive(Debug, Deserialize)]
struct ManifestEntry {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Source")]
    source: String,
    #[serde(rename = "Dir")]
    dir: String,
}

/// Loads a stack. The configuration is good only if the diagnostics have no error.
pub fn load(options: &LoadOptions, sources: &SourceMap) -> (Configuration, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let manifest = read_manifest(&options.directory, &mut diagnostics);
    let mut modules = BTreeMap::new();
    let mut pending = vec![(ModulePath::root(), PathBuf::new())];
    while let Some((path, relative)) = pending.pop() {
        let directory = options.directory.join(&relative);
        let shown = options.shown.join(&relative);
        let bodies = module::read_files(&directory, &shown, sources, &mut diagnostics);
        if bodies.is_empty() && path.is_root() && !diagnostics.has_errors() {
            let shown = if options.shown.as_os_str().is_empty() { Path::new(".") } else { &options.shown };
            let detail = format!(
                "The directory {} holds no file whose name ends in .tf or .tf.json. Name the directory of a stack, or \
                 run recon in one.",
                shown.display()
            );
            diagnostics.push(Diagnostic::error("No configuration files", detail));
        }
        let shown_directory =
            if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative.clone() };
        let module = module::assemble(path.clone(), &bodies, &shown_directory, &mut diagnostics);
        for call in module.calls.values() {
            let child = path.child(Arc::clone(&call.name.name));
            if child.0.len() > 100 {
                let detail = "Modules are nested more than 100 levels deep: does a module call itself?";
                diagnostics.push(Diagnostic::error("Module nesting too deep", detail).at(call.declared_at));
                continue;
            }
            if let Some(directory) =
                module_directory(options, &relative, &child, call, &manifest, &mut diagnostics)
            {
                pending.push((child, directory));
            }
        }
        modules.insert(path, Arc::new(module));
    }
    let configuration = Configuration { modules, directory: options.directory.clone() };
    check_calls(&configuration, &mut diagnostics);
    (configuration, diagnostics)
}

fn read_manifest(directory: &Path, diagnostics: &mut Diagnostics) -> Manifest {
    let path = directory.join(".terraform/modules/modules.json");
    let Ok(text) = std::fs::read_to_string(&path) else { return Manifest::default() };
    serde_json::from_str(&text).unwrap_or_else(|error| {
        let detail =
            format!("{} is not what it should be: {error}. Remove it and run recon init.", path.display());
        diagnostics.push(Diagnostic::error("Broken module manifest", detail));
        Manifest::default()
    })
}

/// Whether a module source is a path: `./x`, `../x`.
pub fn is_local_source(source: &str) -> bool {
    source == "." || source == ".." || source.starts_with("./") || source.starts_with("../")
}

/// The directory of a called module, relative to the root module's.
fn module_directory(
    options: &LoadOptions,
    caller: &Path,
    child: &ModulePath,
    call: &ModuleCall,
    manifest: &Manifest,
    diagnostics: &mut Diagnostics,
) -> Option<PathBuf> {
    if is_local_source(&call.source) {
        if call.version.is_some() {
            let detail = "Cannot apply a version constraint to a module with a local path: it has the version of the \
                          module that calls it.";
            diagnostics.push(
                Diagnostic::error("Invalid registry module source address", detail).at(call.source_span),
            );
            return None;
        }
        let directory = normalized(&caller.join(&call.source));
        let full = options.directory.join(&directory);
        if !full.is_dir() {
            let detail = format!(
                "The module directory {} does not exist or cannot be read.",
                options.shown.join(&directory).display()
            );
            diagnostics.push(Diagnostic::error("Unreadable module directory", detail).at(call.source_span));
            return None;
        }
        return Some(directory);
    }
    let key: Vec<&str> = child.0.iter().map(|name| &**name).collect();
    let key = key.join(".");
    match manifest.modules.iter().find(|entry| entry.key == key) {
        Some(entry) if same_source(&entry.source, &call.source) => Some(PathBuf::from(&entry.dir)),
        Some(_) => {
            let detail = format!(
                "The source of module {:?} has changed since it was installed. Run \"recon init\" to install it.",
                call.name.name
            );
            diagnostics.push(Diagnostic::error("Module source has changed", detail).at(call.source_span));
            None
        }
        None => {
            let detail = format!(
                "Module {:?} is not installed. Run \"recon init\" (or \"terraform init\") in the stack's directory to \
                 install all modules that it requires.",
                call.name.name
            );
            diagnostics.push(Diagnostic::error("Module not installed", detail).at(call.declared_at));
            None
        }
    }
}

/// A registry address is recorded with its host.
fn same_source(recorded: &str, written: &str) -> bool {
    recorded == written || recorded.strip_prefix("registry.terraform.io/").is_some_and(|rest| rest == written)
}

/// A path with its `.` and `..` worked out as far as they can be.
pub fn normalized(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                _ => out.push(".."),
            },
            other => out.push(other),
        }
    }
    out
}

/// Checks that every call gives its module what that needs, and nothing else.
fn check_calls(configuration: &Configuration, diagnostics: &mut Diagnostics) {
    for (path, module) in &configuration.modules {
        for call in module.calls.values() {
            let Some(child) = configuration.modules.get(&path.child(Arc::clone(&call.name.name))) else {
                continue;
            };
            check_call(call, child, diagnostics);
        }
    }
}

fn check_call(call: &ModuleCall, child: &Module, diagnostics: &mut Diagnostics) {
    for (name, attribute) in &call.arguments {
        if !child.variables.contains_key(name) {
            let hint = crate::lang::diagnostic::suggestion(name, child.variables.keys().map(|name| &**name));
            let detail = format!("An argument named {name:?} is not expected here.{hint}");
            diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
        }
    }
    for (name, variable) in &child.variables {
        if variable.default.is_none() && variable.default_span.is_none() && !call.arguments.contains_key(name)
        {
            let detail = format!("The argument {name:?} is required, but no definition was found.");
            diagnostics.push(Diagnostic::error("Missing required argument", detail).at(call.body_missing));
        }
    }
}
