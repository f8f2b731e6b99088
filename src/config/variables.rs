//! What the root module's variables are set to, and where.
//!
//! Later sources win: environment, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars[.json]` in the
//! order of their names, then `--var` and `--var-file` in the order of the command line (the manual's
//! “Variable Definition Precedence”).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::lang::ast::Body;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::eval;
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};
use crate::lang::value::Value;

use super::blocks::ConstantScope;
use super::{Module, Variable};

/// The names of the environment that concern variables, already read: recon's rooms know no environment.
#[derive(Clone, Debug, Default)]
pub struct VariableInputs {
    /// `TF_VAR_name`, without the prefix.
    pub environment: Vec<(String, String)>,
    /// `--var name=value` and `--var-file path`, in order.
    pub options: Vec<VariableOption>,
    /// A file whose values come after all others but those of options, and count only where they name a declared
    /// variable: the sandbox's.
    pub overlay: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub enum VariableOption {
    Value {
        name: String,
        text: String,
    },
    File(PathBuf),
    /// A value that the repository's file gives.
    Setting {
        name: Arc<str>,
        value: Value,
    },
}

/// Where a variable's value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The span of the value's expression, in a file of definitions.
    File(Span),
    Environment(String),
    CommandLine,
    /// The repository's file.
    Repository,
    Default,
}

/// A value, not yet converted to its variable's type.
#[derive(Clone, Debug)]
pub struct Given {
    pub value: Value,
    pub origin: Origin,
    /// Its text is to be read as an expression of the variable's type, unless that is a string.
    pub text: Option<String>,
}

/// The values of a root module's variables, converted and checked against their types.
#[derive(Clone, Debug, Default)]
pub struct VariableValues {
    pub values: BTreeMap<Arc<str>, Value>,
    /// As they were given, not yet converted: what a plan's JSON shows.
    pub given: BTreeMap<Arc<str>, Value>,
    pub origins: BTreeMap<Arc<str>, Origin>,
}

/// Gathers, from all sources, what the root module's variables are set to.
pub fn gather(
    root: &Module,
    directory: &Path,
    shown: &Path,
    inputs: &VariableInputs,
    sources: &SourceMap,
) -> (VariableValues, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut given: BTreeMap<String, Given> = BTreeMap::new();
    for (name, text) in &inputs.environment {
        if root.variables.contains_key(name.as_str()) {
            let origin = Origin::Environment(format!("TF_VAR_{name}"));
            given
                .insert(name.clone(), Given { value: Value::string(text), origin, text: Some(text.clone()) });
        }
    }
    for name in automatic_files(directory) {
        let label = shown.join(&name).display().to_string();
        read_definitions(
            &directory.join(&name),
            label,
            root,
            Undeclared::Warn,
            &mut given,
            sources,
            &mut diagnostics,
        );
    }
    if let Some(overlay) = &inputs.overlay {
        let label = overlay.display().to_string();
        read_definitions(overlay, label, root, Undeclared::Skip, &mut given, sources, &mut diagnostics);
    }
    for option in &inputs.options {
        match option {
            VariableOption::Value { name, text } => {
                if !root.variables.contains_key(name.as_str()) {
                    let hint = suggestion(name, root.variables.keys().map(|name| &**name));
                    let detail = format!(
                        "A variable named {name:?} was assigned on the command line, but the root module does not \
                         declare a variable of that name. To use this value, add a \"variable\" block to the \
                         configuration.{hint}"
                    );
                    diagnostics.push(Diagnostic::error(UNDECLARED, detail));
                    continue;
                }
                let value = Given {
                    value: Value::string(text),
                    origin: Origin::CommandLine,
                    text: Some(text.clone()),
                };
                given.insert(name.clone(), value);
            }
            VariableOption::Setting { name, value } => {
                if !root.variables.contains_key(name) {
                    let hint = suggestion(name, root.variables.keys().map(|name| &**name));
                    let detail = format!(
                        "The repository's file gives the variable {name:?} a value, and the stack's root module does not \
                         declare it.{hint} Name a variable that it declares, or remove the value."
                    );
                    diagnostics.push(Diagnostic::error(UNDECLARED, detail));
                    continue;
                }
                let value = Given { value: value.clone(), origin: Origin::Repository, text: None };
                given.insert(name.to_string(), value);
            }
            VariableOption::File(path) => {
                let label = path.display().to_string();
                read_definitions(path, label, root, Undeclared::Warn, &mut given, sources, &mut diagnostics);
            }
        }
    }
    // What a file that cannot be read would have set, nobody knows.
    let is_broken = diagnostics.has_errors();
    let mut values = VariableValues::default();
    for (name, variable) in &root.variables {
        match given.remove(&**name) {
            Some(found) => settle(variable, found, sources, &mut values, &mut diagnostics),
            None => match &variable.default {
                Some(default) => {
                    values.values.insert(Arc::clone(name), marked(variable, default.clone()));
                    values.given.insert(Arc::clone(name), marked(variable, default.clone()));
                    values.origins.insert(Arc::clone(name), Origin::Default);
                }
                None if is_broken || variable.default_span.is_some() => {}
                None => {
                    let detail = format!(
                        "The root module input variable {name:?} is not set, and has no default value. Set it in \
                         terraform.tfvars, with --var {name}=…, with --var-file, or in the environment variable \
                         TF_VAR_{name}."
                    );
                    diagnostics.push(
                        Diagnostic::error("No value for required variable", detail).at(variable.declared_at),
                    );
                }
            },
        }
    }
    (values, summarised(diagnostics))
}

/// More than two values for variables that are not declared are told of in one warning more: files that several stacks
/// share set many.
fn summarised(diagnostics: Diagnostics) -> Diagnostics {
    let (mut kept, mut others) = (Diagnostics::new(), 0);
    let is_undeclared = |diagnostic: &Diagnostic| diagnostic.summary == UNDECLARED && !diagnostic.is_error();
    let mut shown = 0;
    for diagnostic in diagnostics {
        if is_undeclared(&diagnostic) {
            shown += 1;
            if shown > 2 {
                others += 1;
                continue;
            }
        }
        kept.push(diagnostic);
    }
    if others > 0 {
        let are = if others == 1 { "value is set whose variable" } else { "values are set whose variables" };
        let detail = format!(
            "In addition to what the warnings like this one name, {others} more {are} the root module does not declare. \
             To set values for several stacks at once, use TF_VAR_… environment variables: those are not warned of."
        );
        kept.push(Diagnostic::warning("Values for undeclared variables", detail));
    }
    kept
}

const UNDECLARED: &str = "Value for undeclared variable";

fn marked(variable: &Variable, value: Value) -> Value {
    if variable.sensitive { value.sensitive() } else { value }
}

/// Reads a value given as text: as it is for a variable of a primitive type or of none, else as an expression.
fn settle(
    variable: &Variable,
    given: Given,
    sources: &SourceMap,
    values: &mut VariableValues,
    diagnostics: &mut Diagnostics,
) {
    let name = &variable.name.name;
    let mut value = given.value;
    if let Some(text) = &given.text
        && variable.has_type
        && !variable.constraint.ty.is_primitive()
    {
        let label = match &given.origin {
            Origin::Environment(name) => format!("<value for {name}>"),
            _ => format!("<value for var.{name}>"),
        };
        let (expr, found) = parse::parse_expression(sources, label, text);
        if found.has_errors() {
            diagnostics.append(found);
            return;
        }
        let (evaluated, found) = eval::evaluate(&expr, &ConstantScope);
        let failed = found.has_errors();
        diagnostics.append(found);
        if failed {
            return;
        }
        value = evaluated;
    }
    let place = match &given.origin {
        Origin::File(span) => *span,
        _ => variable.declared_at,
    };
    values.given.insert(Arc::clone(name), marked(variable, value.clone()));
    match convert(variable, value) {
        Ok(value) => {
            values.values.insert(Arc::clone(name), marked(variable, value));
            values.origins.insert(Arc::clone(name), given.origin);
        }
        Err(problem) => {
            let source = match &given.origin {
                Origin::File(_) => String::new(),
                Origin::Environment(name) => format!(" (set by the environment variable {name})"),
                Origin::CommandLine => " (set on the command line)".to_owned(),
                Origin::Repository => " (set in the repository's file)".to_owned(),
                Origin::Default => String::new(),
            };
            let detail = format!("The given value is not suitable for var.{name}{source}: {problem}.");
            diagnostics.push(Diagnostic::error("Invalid value for input variable", detail).at(place));
        }
    }
}

/// A value as a variable takes it: defaults of optional attributes filled in, converted to its type, null
/// replaced where null is not allowed. The error is a clause.
pub fn convert(variable: &Variable, value: Value) -> Result<Value, String> {
    if value.is_null() && !variable.nullable {
        return match &variable.default {
            Some(default) => Ok(default.clone()),
            None => Err("required variable may not be set to null".to_owned()),
        };
    }
    let filled = match &variable.constraint.defaults {
        Some(defaults) if !value.is_null() => defaults.apply(value),
        _ => value,
    };
    filled.convert(&variable.constraint.ty).map_err(|error| error.to_string())
}

/// Names of the files that are read without being asked for, in their order.
fn automatic_files(directory: &Path) -> Vec<String> {
    let mut automatic: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json"))
        .collect();
    automatic.sort();
    ["terraform.tfvars", "terraform.tfvars.json"]
        .into_iter()
        .map(str::to_owned)
        .filter(|name| directory.join(name).is_file())
        .chain(automatic)
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Undeclared {
    Warn,
    Skip,
}

fn read_definitions(
    path: &Path,
    label: String,
    root: &Module,
    undeclared: Undeclared,
    given: &mut BTreeMap<String, Given>,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let bytes = match sources.read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let detail = format!("Given variables file {label} cannot be read: {error}.");
            diagnostics.push(Diagnostic::error("Failed to read variables file", detail));
            return;
        }
    };
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let (body, found) = if is_json {
        parse::json::parse_values_file(sources, label.clone(), &bytes)
    } else {
        parse::parse_file(sources, label.clone(), &bytes)
    };
    diagnostics.append(found);
    definitions(&body, &label, root, undeclared, given, diagnostics);
}

fn definitions(
    body: &Body,
    label: &str,
    root: &Module,
    undeclared: Undeclared,
    given: &mut BTreeMap<String, Given>,
    diagnostics: &mut Diagnostics,
) {
    for block in &body.blocks {
        let summary = "Unexpected block in variables file";
        let detail = if &*block.kind.name == "variable" {
            "A variables file only sets values, with \"name = value\": variables are declared in .tf files."
        } else {
            "A variables file holds nothing but values, as \"name = value\"."
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(block.header));
    }
    for attribute in &body.attributes {
        let name = &*attribute.name.name;
        if !root.variables.contains_key(name) {
            if undeclared == Undeclared::Warn {
                let hint = suggestion(name, root.variables.keys().map(|name| &**name));
                let detail = format!(
                    "The root module does not declare a variable named {name:?} but a value was found in file \
                     {label:?}. If you meant to use this value, add a \"variable\" block to the configuration.{hint}"
                );
                diagnostics.push(Diagnostic::warning(UNDECLARED, detail).at(attribute.name.span));
            }
            continue;
        }
        let (value, found) = eval::evaluate(&attribute.expr, &ConstantScope);
        // A value that cannot be read was given all the same.
        let value = if found.has_errors() { Value::dynamic() } else { value };
        diagnostics.append(found);
        let origin = Origin::File(attribute.expr.span);
        given.insert(name.to_owned(), Given { value, origin, text: None });
    }
}
