//! What every command begins with: a stack's files, its variables, its state.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::config::variables::{Origin, VariableInputs, VariableOption, VariableValues, gather};
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
use crate::state::StateError;
use crate::state::backend::{Backend, Store};
use crate::state::encryption::Encryptions;
use crate::state::lock::LockInfo;

use super::{OptionOrder, StackArgs, VariableArgs, interrupt};

/// The headline of what a store has noticed.
pub const STATE_NOTE: &str = "About the state";

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
    encryptions: OnceLock<Result<Arc<Encryptions>, Diagnostics>>,
}

/// A stack that has been read.
pub struct Loaded {
    pub configuration: Configuration,
    pub graph: Graph,
    pub environment: Environment,
    pub variables: BTreeMap<Arc<str>, Value>,
    /// The variables' values as they were given, before conversion.
    pub given: BTreeMap<Arc<str>, Value>,
    /// Where the variables' values were written.
    pub origins: BTreeMap<Arc<str>, Origin>,
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
        Session::of(&shown, None, None, !args.no_color && use_colors())
    }

    /// The run on the stack of a directory, in a workspace if not in the selected one, asking AWS in a role if not as
    /// whoever runs recon.
    pub fn of(directory: &Path, workspace: Option<&str>, role: Option<String>, colors: bool) -> Session {
        let shown = directory.to_owned();
        let shown = if shown == Path::new(".") { PathBuf::new() } else { shown };
        let directory = if shown.as_os_str().is_empty() { PathBuf::from(".") } else { shown.clone() };
        let workspace = workspace
            .map(str::to_owned)
            .or_else(|| std::env::var("TF_WORKSPACE").ok().filter(|name| !name.is_empty()))
            .or_else(|| std::fs::read_to_string(directory.join(".terraform/environment")).ok())
            .map(|name| name.trim().to_owned())
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| "default".to_owned());
        Session {
            sources: Arc::new(SourceMap::new()),
            registry: Arc::new(Registry::in_directory(&directory).with_role(role)),
            directory,
            shown,
            working_directory: std::env::current_dir().unwrap_or_default(),
            workspace,
            colors: Colors(colors),
            encryptions: OnceLock::new(),
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
        self.configuration_of(&self.sources, diagnostics)
    }

    fn configuration_of(
        &self,
        sources: &SourceMap,
        diagnostics: &mut Diagnostics,
    ) -> Option<(Configuration, Graph)> {
        let options = LoadOptions { directory: self.directory.clone(), shown: self.shown.clone() };
        let (configuration, found) = load(&options, sources);
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
        self.load_from(&self.sources, inputs, diagnostics)
    }

    /// As [`Session::load`], with the files as another map has them.
    pub fn load_from(
        &self,
        sources: &Arc<SourceMap>,
        inputs: &VariableInputs,
        diagnostics: &mut Diagnostics,
    ) -> Option<Loaded> {
        let (configuration, graph) = self.configuration_of(sources, diagnostics)?;
        let (VariableValues { values, given, origins }, found) =
            gather(configuration.root(), &self.directory, &self.shown, inputs, sources);
        diagnostics.append(found);
        if diagnostics.has_errors() {
            return None;
        }
        let mut environment = Environment { sources: Arc::clone(sources), ..self.environment() };
        environment.plan_timestamp = Some(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
        Some(Loaded { configuration, graph, environment, variables: values, given, origins })
    }

    /// The backend of the stack's state, set up, or why there is none to be had.
    pub fn backend(&self, configuration: &Configuration) -> Result<Backend, Diagnostics> {
        let settings = super::backend::current(self, configuration)?;
        Backend::open(&settings, &self.directory, &self.registry, &self.encryptions()?)
            .map_err(|error| Diagnostic::error("The backend cannot be used", error.to_string()).into())
    }

    /// How the states of the stack's workspaces are stored, or what is wrong with the file that says so.
    pub fn encryptions(&self) -> Result<Arc<Encryptions>, Diagnostics> {
        self.encryptions.get_or_init(|| super::state_encryption::encryptions(self).map(Arc::new)).clone()
    }

    /// A state's text from a file beside the store, decrypted if it is encrypted. The error is sentences.
    pub fn opened(&self, text: String, shown: &str) -> Result<String, String> {
        let encryptions = self.encryptions().map_err(|diagnostics| {
            diagnostics.iter().map(|one| one.detail.as_str()).collect::<Vec<_>>().join(" ")
        })?;
        encryptions.of(&self.workspace).open(text, shown).map_err(|error| error.to_string())
    }

    /// The state of the selected workspace, or why there is none to be had.
    pub fn store(&self, configuration: &Configuration) -> Result<Store, Diagnostics> {
        Ok(self.backend(configuration)?.store(&self.workspace))
    }

    /// Selects a workspace for the commands to come.
    pub fn select(&self, workspace: &str) -> Result<(), Diagnostics> {
        let path = self.directory.join(".terraform").join("environment");
        let written = std::fs::create_dir_all(self.directory.join(".terraform"))
            .and_then(|()| std::fs::write(&path, workspace));
        written.map_err(|error| {
            let detail = format!("{} could not be written: {error}.", path.display());
            Diagnostic::error("The workspace could not be selected", detail).into()
        })
    }

    /// Takes a state's lock.
    pub fn lock(&self, store: &mut Store, operation: &str, patience: Duration) -> Result<(), Diagnostics> {
        let holder = super::holder::this_run();
        let mut info = LockInfo::new(operation, &super::holder::who(), &store.lock_path());
        info.info = holder.to_info();
        let locked = match store.lock(&info, Duration::ZERO, &interrupt::is_stopped) {
            Err(StateError::Locked(held)) if !patience.is_zero() => {
                eprintln!("{held}\nWaiting up to {} s for it.", patience.as_secs());
                store.lock(&info, patience, &interrupt::is_stopped)
            }
            other => other,
        };
        locked.map_err(|error| Diagnostic::error("The state cannot be locked", error.to_string()).into())
    }

    /// Gives a state's lock back, and says so if that does not work.
    pub fn give_back(&self, store: &mut Store) {
        if let Err(error) = store.unlock() {
            self.report(&Diagnostic::error("The lock could not be given back", error.to_string()).into());
        }
    }

    /// Prints what a store has noticed.
    pub fn notes(&self, store: &mut Store) {
        let notes = store.take_notes().into_iter().map(|note| Diagnostic::warning(STATE_NOTE, note));
        self.report(&Diagnostics(notes.collect()));
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
