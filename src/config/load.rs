//! The tree of modules: each call leads to a directory, read once and placed at every path that calls it.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::address::ModulePath;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;

use super::install::manifest::{Installed, Manifest};
use super::install::source::ModuleSource;
use super::install::version::VersionConstraint;
use super::{Configuration, Module, ModuleCall, install, module};

/// How a stack is to be loaded.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The root module's directory.
    pub directory: PathBuf,
    /// The directory as it is to be shown; empty for the current one.
    pub shown: PathBuf,
}

/// Loads a stack. The configuration is good only if the diagnostics have no error.
pub fn load(options: &LoadOptions, sources: &SourceMap) -> (Configuration, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let manifest = read_manifest(options, &mut diagnostics);
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
            if child.0.len() > install::MAX_NESTING {
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

fn read_manifest(options: &LoadOptions, diagnostics: &mut Diagnostics) -> Manifest {
    Manifest::read(&options.directory).unwrap_or_else(|problem| {
        let path = Manifest::path(&options.shown);
        let detail =
            format!("{} is not what it should be: {problem}. Remove it and run recon init.", path.display());
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
    let source = match ModuleSource::parse(&call.source) {
        Ok(source) => source,
        Err(error) => {
            let detail = install::full_stop(error.to_string());
            diagnostics.push(Diagnostic::error("Invalid module source address", detail).at(call.source_span));
            return None;
        }
    };
    if call.version.is_some() && !matches!(source, ModuleSource::Registry(_)) {
        diagnostics.push(install::misplaced_version(call, &source));
        return None;
    }
    let entry = manifest.modules.get(&install::key(child));
    if let ModuleSource::Local(relative) = &source {
        let directory = match entry {
            // The caller is a link to a directory elsewhere, which its own modules are in, too.
            Some(entry) if entry.directory.is_absolute() && entry.source == *relative => {
                entry.directory.clone()
            }
            _ => normalized(&caller.join(relative)),
        };
        if !options.directory.join(&directory).is_dir() {
            let detail = format!(
                "The module directory {} does not exist or cannot be read.",
                options.shown.join(&directory).display()
            );
            diagnostics.push(Diagnostic::error("Unreadable module directory", detail).at(call.source_span));
            return None;
        }
        return Some(directory);
    }
    installed_directory(options, call, &source, entry, diagnostics)
}

/// The directory of a module that must have been installed.
fn installed_directory(
    options: &LoadOptions,
    call: &ModuleCall,
    source: &ModuleSource,
    entry: Option<&Installed>,
    diagnostics: &mut Diagnostics,
) -> Option<PathBuf> {
    let name = &call.name.name;
    let constraint = call.version.as_ref().and_then(|(text, _)| VersionConstraint::parse(text));
    let Some(entry) = entry.filter(|entry| options.directory.join(&entry.directory).is_dir()) else {
        let detail = format!(
            "Module {name:?} is not installed. Run \"recon init\" (or \"terraform init\") in the stack's directory to \
             install all modules that it requires."
        );
        diagnostics.push(Diagnostic::error("Module not installed", detail).at(call.declared_at));
        return None;
    };
    if entry.source != source.to_string() {
        let detail = format!(
            "The source of module {name:?} has changed since it was installed. Run \"recon init\" to install it."
        );
        diagnostics.push(Diagnostic::error("Module source has changed", detail).at(call.source_span));
        return None;
    }
    if !install::has_allowed_version(entry, constraint.as_ref()) {
        let installed = entry.version.as_deref().unwrap_or("of no version");
        let detail = format!(
            "The installed version of module {name:?} ({installed}) is not one that the call allows any more. Run \"recon \
             init\" to install another."
        );
        let place = call.version.as_ref().map_or(call.source_span, |(_, span)| *span);
        diagnostics.push(Diagnostic::error("Module version requirements have changed", detail).at(place));
        return None;
    }
    Some(entry.directory.clone())
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
