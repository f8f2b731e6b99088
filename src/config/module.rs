//! One module: its directory's files, merged.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::address::{Mode, ModulePath};
use crate::lang::ast::{Block, Body};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};

use super::overrides::{self, is_override};
use super::{Module, ResourceBlock, blocks};

/// The blocks that a module's files may hold, and what their labels are called.
const ROOT_BLOCKS: [(&str, &[&str]); 13] = [
    ("terraform", &[]),
    ("variable", &["name"]),
    ("locals", &[]),
    ("output", &["name"]),
    ("module", &["name"]),
    ("resource", &["type", "name"]),
    ("data", &["type", "name"]),
    ("ephemeral", &["type", "name"]),
    ("provider", &["name"]),
    ("moved", &[]),
    ("import", &[]),
    ("removed", &[]),
    ("check", &["name"]),
];

/// Reads a directory's configuration files, in the order of their names. A file that cannot be parsed does not
/// keep the others from being read.
pub fn read_files(
    directory: &Path,
    shown: &Path,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Vec<Body> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) => {
            let detail = format!("The directory {} cannot be read: {error}.", shown.display());
            diagnostics.push(Diagnostic::error("Failed to read module directory", detail));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| super::is_configuration_file(name))
        .collect();
    names.sort();
    let (mut bodies, mut overrides) = (Vec::new(), Vec::new());
    for name in names {
        let path = directory.join(&name);
        let label = match shown.as_os_str().is_empty() || shown == Path::new(".") {
            true => name.clone(),
            false => shown.join(&name).display().to_string(),
        };
        let bytes = match sources.read(&path) {
            Ok(bytes) => bytes,
            Err(error) => {
                let detail = format!("The file {label} could not be read: {error}.");
                diagnostics.push(Diagnostic::error("Failed to read file", detail));
                continue;
            }
        };
        let (body, found) = if name.ends_with(".json") {
            parse::json::parse_module_file(sources, label, &bytes)
        } else {
            parse::parse_file(sources, label, &bytes)
        };
        diagnostics.append(found);
        if is_override(&name) { overrides.push(body) } else { bodies.push(body) }
    }
    for changes in overrides {
        overrides::merge(&mut bodies, changes, diagnostics);
    }
    bodies
}

/// Puts what the files declare together.
pub fn assemble(
    path: ModulePath,
    bodies: &[Body],
    directory: &Path,
    diagnostics: &mut Diagnostics,
) -> Module {
    let mut module = Module { path, directory: directory.to_owned(), ..Module::default() };
    let mut seen = Seen::default();
    for body in bodies {
        for attribute in &body.attributes {
            let name = &*attribute.name.name;
            let detail = format!("An argument named {name:?} is not expected here.");
            diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
        }
        for block in &body.blocks {
            add_block(&mut module, block, &mut seen, diagnostics);
        }
    }
    module
}

/// Where things that may be declared once were declared.
#[derive(Default)]
struct Seen {
    names: BTreeMap<String, Span>,
    backend: Option<Span>,
}

impl Seen {
    /// Whether a thing is declared for the first time; if not, that is said.
    fn first(&mut self, what: &str, name: String, span: Span, diagnostics: &mut Diagnostics) -> bool {
        match self.names.get(&format!("{what} {name}")) {
            None => {
                self.names.insert(format!("{what} {name}"), span);
                true
            }
            Some(_) => {
                let summary = match what {
                    "local" => "Duplicate local value definition".to_owned(),
                    "output" => "Duplicate output definition".to_owned(),
                    "module" => "Duplicate module call".to_owned(),
                    "resource" | "data" => format!(
                        "Duplicate {what} {:?} configuration",
                        name.split('.').next().unwrap_or_default()
                    ),
                    "provider" => "Duplicate provider configuration".to_owned(),
                    "check" => "Duplicate check block definition".to_owned(),
                    _ => format!("Duplicate {what} declaration"),
                };
                let detail = format!(
                    "A {what} named {name:?} was already declared. Names must be unique within a module."
                );
                diagnostics.push(Diagnostic::error(summary, detail).at(span));
                false
            }
        }
    }
}

fn add_block(module: &mut Module, block: &Block, seen: &mut Seen, diagnostics: &mut Diagnostics) {
    let kind = &*block.kind.name;
    let Some((_, labels)) = ROOT_BLOCKS.iter().find(|(known, _)| *known == kind) else {
        let hint = suggestion(kind, ROOT_BLOCKS.iter().map(|(known, _)| *known));
        let detail = format!("Blocks of type {kind:?} are not expected here.{hint}");
        diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(block.kind.span));
        return;
    };
    if !root_labels(block, labels, diagnostics) {
        return;
    }
    match kind {
        "terraform" => {
            let found = blocks::terraform(block, diagnostics);
            module.required_versions.extend(found.required_version);
            for (name, required) in found.required_providers {
                module.required_providers.insert(name.name, required);
            }
            for backend in found.backends {
                if seen.backend.is_some() {
                    let detail = "A module may have only one backend or cloud configuration.";
                    let summary = if backend.kind == "cloud"
                        || module.backend.as_ref().is_some_and(|first| first.kind == "cloud")
                    {
                        "Both a backend and cloud configuration are present"
                    } else {
                        "Duplicate backend configuration"
                    };
                    let first = module.backend.as_ref().filter(|_| backend.kind == "cloud");
                    let place = first.map_or(backend.declared_at, |first| first.declared_at);
                    diagnostics.push(Diagnostic::error(summary, detail).at(place));
                    continue;
                }
                seen.backend = Some(backend.declared_at);
                module.backend = Some(backend);
            }
        }
        "variable" => {
            if let Some(variable) = blocks::variable(block, diagnostics)
                && seen.first("variable", variable.name.name.to_string(), block.header, diagnostics)
            {
                module.variables.insert(Arc::clone(&variable.name.name), variable);
            }
        }
        "locals" => {
            for local in blocks::locals(block, diagnostics) {
                if seen.first("local", local.name.name.to_string(), local.name.span, diagnostics) {
                    module.locals.insert(Arc::clone(&local.name.name), local);
                }
            }
        }
        "output" => {
            if let Some(output) = blocks::output(block, diagnostics)
                && seen.first("output", output.name.name.to_string(), block.header, diagnostics)
            {
                module.outputs.insert(Arc::clone(&output.name.name), output);
            }
        }
        "module" => {
            if let Some(call) = blocks::module_call(block, diagnostics)
                && seen.first("module", call.name.name.to_string(), block.header, diagnostics)
            {
                module.calls.insert(Arc::clone(&call.name.name), call);
            }
        }
        "resource" | "data" => {
            let mode = if kind == "data" { Mode::Data } else { Mode::Managed };
            if let Some(resource) = blocks::resource(block, mode, diagnostics) {
                add_resource(module, resource, kind, seen, diagnostics);
            }
        }
        "ephemeral" => {
            let detail = "recon reads ephemeral resources of no provider: nothing of theirs could be compared. Remove \
                          the block, or keep what needs it in a stack of its own.";
            diagnostics
                .push(Diagnostic::error("Ephemeral resources are not supported", detail).at(block.header));
        }
        "provider" => {
            if let Some(provider) = blocks::provider(block, diagnostics) {
                let key = (Arc::clone(&provider.name.name), provider.alias.clone());
                let name = match &key.1 {
                    Some(alias) => format!("{}.{alias}", key.0),
                    None => key.0.to_string(),
                };
                if seen.first("provider", name, block.header, diagnostics) {
                    module.providers.insert(key, provider);
                }
            }
        }
        "moved" => module.moved.extend(blocks::moved(block, diagnostics)),
        "import" => module.imports.extend(blocks::import(block, diagnostics)),
        "removed" => module.removed.extend(blocks::removed(block, diagnostics)),
        _ => {
            if let Some((check, data)) = blocks::check(block, diagnostics)
                && seen.first("check", check.name.name.to_string(), block.header, diagnostics)
            {
                module.checks.insert(Arc::clone(&check.name.name), check);
                if let Some(data) = data {
                    add_resource(module, data, "data", seen, diagnostics);
                }
            }
        }
    }
}

fn add_resource(
    module: &mut Module,
    resource: ResourceBlock,
    what: &str,
    seen: &mut Seen,
    diagnostics: &mut Diagnostics,
) {
    let name = format!("{}.{}", resource.resource.ty, resource.resource.name);
    if seen.first(what, name, resource.declared_at, diagnostics) {
        module.resources.insert(resource.resource.clone(), resource);
    }
}

fn root_labels(block: &Block, names: &[&str], diagnostics: &mut Diagnostics) -> bool {
    let kind = &block.kind.name;
    if let Some(surplus) = block.labels.get(names.len()) {
        let detail = match names.len() {
            0 => format!("No labels are expected for {kind} blocks."),
            count => format!("Only {count} labels ({}) are expected for {kind} blocks.", names.join(", ")),
        };
        diagnostics.push(
            Diagnostic::error(format!("Extraneous label for {kind}"), detail)
                .at(surplus.span)
                .within(block.header.to(block.open_brace)),
        );
        return false;
    }
    if let Some(missing) = names.get(block.labels.len()) {
        let detail = format!("All {kind} blocks must have {} labels ({}).", names.len(), names.join(", "));
        diagnostics.push(
            Diagnostic::error(format!("Missing {missing} for {kind}"), detail)
                .at(block.open_brace)
                .within(block.header.to(block.open_brace)),
        );
        return false;
    }
    true
}
