//! What every command begins with: a stack's files, its variables, its state.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::config::variables::{VariableInputs, VariableOption, VariableValues, gather};
use crate::config::{Configuration, LoadOptions, load};
use crate::graph::Graph;
use crate::graph::scope::Environment;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;
use crate::lang::value::Value;
use crate::plan::Stack;
use crate::provider::registry::Registry;
use crate::render::Colors;
use crate::sandbox::VAR_FILE_VARIABLE;
use crate::state::local::LocalState;
use crate::state::lock::LockInfo;

use super::{OptionOrder, StackArgs, VariableArgs};

/// One command's run on one stack.
pub struct Session {
    pub sources: Arc<SourceMap>,
    pub registry: Arc<Registry>,
    /// The stack's directory, as files are opened.
    pub directory: PathBuf,
    /// The stack's directory as it is shown; empty for the current one.
    pub shown: PathBuf,
    pub working_directory: PathBuf,
    pub workspace: String,
    pub colors: Colors,
}

/// A stack that has been read.
pub struct Loaded {
    pub configuration: Configuration,
    pub graph: Graph,
    pub environment: Environment,
    pub variables: BTreeMap<Arc<str>, Value>,
}

impl Loaded {
    pub fn stack<'a>(&'a self, registry: &'a Registry) -> Stack<'a> {
        Stack {
            configuration: &self.configuration,
            graph: &self.graph,
            registry,
            environment: &self.environment,
            variables: &self.variables,
        }
    }
}

impl Session {
    pub fn new(args: &StackArgs) -> Session {
        let shown = args.stack.clone().unwrap_or_default();
        let shown = if shown == Path::new(".") { PathBuf::new() } else { shown };
        let directory = if shown.as_os_str().is_empty() { PathBuf::from(".") } else { shown.clone() };
        let workspace = std::env::var("TF_WORKSPACE")
            .ok()
            .filter(|name| !name.is_empty())
            .or_else(|| std::fs::read_to_string(directory.join(".terraform/environment")).ok())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "default".to_owned());
        Session {
            sources: Arc::new(SourceMap::new()),
            registry: Arc::new(Registry::in_directory(&directory)),
            directory,
            shown,
            working_directory: std::env::current_dir().unwrap_or_default(),
            workspace,
            colors: Colors(!args.no_color && use_colors()),
        }
    }

    pub fn environment(&self) -> Environment {
        Environment {
            sources: Arc::clone(&self.sources),
            directory: self.directory.clone(),
            working_directory: self.working_directory.clone(),
            home_directory: std::env::var_os("HOME").map(PathBuf::from),
            workspace: self.workspace.clone(),
            plan_timestamp: None,
            impure: false,
            applying: false,
            console: false,
        }
    }

    /// Reads the stack's files. `None`: they have errors.
    pub fn configuration(&self, diagnostics: &mut Diagnostics) -> Option<(Configuration, Graph)> {
        let options = LoadOptions { directory: self.directory.clone(), shown: self.shown.clone() };
        let (configuration, found) = load(&options, &self.sources);
        diagnostics.append(found);
        if diagnostics.has_errors() {
            return None;
        }
        let (graph, found) = Graph::build(&configuration);
        diagnostics.append(found);
        (!diagnostics.has_errors()).then_some((configuration, graph))
    }

    /// Reads the stack's files and the values of its variables. `None`: there are errors.
    pub fn load(&self, inputs: &VariableInputs, diagnostics: &mut Diagnostics) -> Option<Loaded> {
        let (configuration, graph) = self.configuration(diagnostics)?;
        let (VariableValues { values, .. }, found) =
            gather(configuration.root(), &self.directory, &self.shown, inputs, &self.sources);
        diagnostics.append(found);
        if diagnostics.has_errors() {
            return None;
        }
        let mut environment = self.environment();
        environment.plan_timestamp = Some(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        Some(Loaded { configuration, graph, environment, variables: values })
    }

    /// The local state of the stack, or why there is none to be had.
    pub fn store(&self, configuration: &Configuration) -> Result<LocalState, Diagnostic> {
        let root = configuration.root();
        let mut path = PathBuf::from("terraform.tfstate");
        if let Some(backend) = &root.backend {
            match backend.kind.as_str() {
                "local" => {
                    if let Some(attribute) = backend.body.attribute("path") {
                        let (value, _) =
                            crate::lang::eval::evaluate(&attribute.expr, &crate::config::ConstantScope);
                        match value.as_str() {
                            Some(text) => path = PathBuf::from(text),
                            None => {
                                let detail = "The path of a local backend must be a string.";
                                return Err(Diagnostic::error("Invalid backend configuration", detail)
                                    .at(attribute.expr.span));
                            }
                        }
                    }
                }
                other => {
                    let detail = format!(
                        "recon keeps state in a local file so far; the backend {other:?} is not supported. Remove the block \
                         to use terraform.tfstate in the stack's directory."
                    );
                    return Err(Diagnostic::error("Unsupported backend", detail).at(backend.declared_at));
                }
            }
        }
        if self.workspace != "default" {
            path = PathBuf::from("terraform.tfstate.d").join(&self.workspace).join("terraform.tfstate");
        }
        Ok(LocalState::new(self.directory.join(path)))
    }

    /// Takes a state's lock.
    pub fn lock(
        &self,
        store: &mut LocalState,
        operation: &str,
        patience: Duration,
    ) -> Result<(), Diagnostic> {
        let who = format!(
            "{}@{}",
            std::env::var("USER")
                .or_else(|_| std::env::var("LOGNAME"))
                .unwrap_or_else(|_| "unknown".to_owned()),
            std::fs::read_to_string("/proc/sys/kernel/hostname")
                .map_or_else(|_| "localhost".to_owned(), |name| name.trim().to_owned())
        );
        let info = LockInfo::new(operation, &who, &store.path().display().to_string());
        store
            .lock(info, patience)
            .map_err(|error| Diagnostic::error("The state cannot be locked", error.to_string()))
    }

    /// Prints diagnostics: errors where errors go, warnings too, so that the standard output stays the answer.
    pub fn report(&self, diagnostics: &Diagnostics) {
        for diagnostic in diagnostics.iter() {
            eprintln!("{}", crate::render::diagnostic::diagnostic(diagnostic, &self.sources, self.colors));
        }
    }
}

/// Whether to colour: on a terminal, unless `NO_COLOR` says not to (<https://no-color.org>).
pub fn use_colors() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var("TERM").map_or(true, |terminal| terminal != "dumb")
}

/// What sets variables, from the command line and the environment.
pub fn variable_inputs(args: &VariableArgs, order: &OptionOrder) -> Result<VariableInputs, Diagnostic> {
    let mut values = args.var.iter();
    let mut files = args.var_file.iter();
    let mut options = Vec::new();
    for is_value in order {
        if *is_value {
            let Some(text) = values.next() else { continue };
            let Some((name, value)) = text.split_once('=') else {
                let detail = format!("The option --var takes NAME=VALUE, and {text:?} has no equals sign.");
                return Err(Diagnostic::error("Invalid --var option", detail));
            };
            options.push(VariableOption::Value { name: name.trim().to_owned(), text: value.to_owned() });
        } else if let Some(path) = files.next() {
            options.push(VariableOption::File(path.clone()));
        }
    }
    let environment = std::env::vars()
        .filter_map(|(name, value)| Some((name.strip_prefix("TF_VAR_")?.to_owned(), value)))
        .collect();
    let overlay = std::env::var_os(VAR_FILE_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
    Ok(VariableInputs { environment, options, overlay })
}

/// `5m`, `30s`, `1h30m`, `0`: as `--lock-timeout` takes it.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    crate::provider::duration::parse(text)
        .ok_or_else(|| format!("{text:?} is not a duration: one looks like 30s, 5m or 1h30m."))
}
