//! Which backend a stack's state is in, and what `recon init` does about it.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use clap::Args;

use crate::config::Configuration as Stack;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::backend::configuration::{
    Configuration, Kind, Written, forget, overrides, remember, remembered, remembered_path,
};
use crate::state::backend::{Backend, DEFAULT_WORKSPACE};
use crate::state::{State, StateError};

use super::session::{Session, duration};

/// The values of `--backend-config`, in their order.
static GIVEN: OnceLock<Vec<String>> = OnceLock::new();

/// Sets what `--backend-config` gave; once, before anything is done.
pub fn set_given(given: Vec<String>) {
    let _ = GIVEN.set(given);
}

fn given() -> &'static [String] {
    GIVEN.get().map_or(&[], Vec::as_slice)
}

/// Options of `recon init` that concern the backend.
#[derive(Args, Clone)]
pub struct BackendArgs {
    /// Whether to set the backend up.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub backend: bool,
    /// Copies the state from the backend that was used before into the one that the code names now.
    #[arg(long, conflicts_with = "reconfigure")]
    pub migrate_state: bool,
    /// Uses the backend that the code names now, and leaves the state where it is.
    #[arg(long)]
    pub reconfigure: bool,
    /// As --migrate-state, and overwrites another state that is in the way.
    #[arg(long)]
    pub force_copy: bool,
    /// Whether to lock the states that are copied.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    pub lock_timeout: String,
}

fn failed(summary: &str, error: &StateError) -> Diagnostics {
    Diagnostic::error(summary, error.to_string()).into()
}

const RUN_INIT: &str = "Run \"recon init --migrate-state\" to copy the state there, or \"recon init --reconfigure\" to use \
                        the new place without it.";

/// The settings that a command works with.
pub fn current(session: &Session, stack: &Stack) -> Result<Configuration, Diagnostics> {
    let known =
        remembered(&session.directory).map_err(|error| failed("The backend is not set up", &error))?;
    let Some(block) = &stack.root().backend else {
        return match known {
            Some(known) if !known.same_place(&Configuration::local()) => {
                let detail = format!(
                    "\"recon init\" (or Terraform's) has set up a backend {:?} in this directory, and the code has no \
                     backend block any more. {RUN_INIT}",
                    known.kind.name()
                );
                Err(Diagnostic::error("The backend has changed", detail).into())
            }
            _ => Ok(Configuration::local()),
        };
    };
    let mut diagnostics = Diagnostics::new();
    let Some(written) = Written::decode(block, &mut diagnostics) else { return Err(diagnostics) };
    let values = overrides(written.kind, given(), &session.sources, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let is_plain = given().is_empty();
    if let Some(known) = known.as_ref().filter(|known| is_plain && known.kind == written.kind)
        && known.hash == written.hash()
    {
        return if written.check(known, &mut diagnostics) { Ok(known.clone()) } else { Err(diagnostics) };
    }
    let own = written.complete(&values, &mut diagnostics);
    match (own, known) {
        (Some(own), None) => {
            guard_local(session, &own)?;
            Ok(own)
        }
        (Some(own), Some(known)) if !is_plain || own.same_place(&known) => Ok(own),
        (None, None) => Err(diagnostics),
        (_, Some(_)) => {
            let detail = format!(
                "The backend block says something else than when \"init\" was last run in this directory. {RUN_INIT} If \
                 settings are given with --backend-config, give them again."
            );
            Err(Diagnostic::error("The backend has changed", detail).at(block.declared_at).into())
        }
    }
}

/// A state of the stack's directory is not to be passed over because the code now names another place.
fn guard_local(session: &Session, target: &Configuration) -> Result<(), Diagnostics> {
    if target.kind == Kind::Local {
        return Ok(());
    }
    let encryptions = session.encryptions()?;
    let local = Backend::open(&Configuration::local(), &session.directory, &session.registry, &encryptions)
        .and_then(|local| filled_workspaces(&local))
        .map_err(|error| failed("The state cannot be read", &error))?;
    if local.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "The code keeps the state in a backend {:?}, but the stack's directory has a state too (terraform.tfstate), which \
         was never moved there. {RUN_INIT}",
        target.kind.name()
    );
    Err(Diagnostic::error("The backend is not set up", detail).into())
}

/// The workspaces whose states hold anything.
fn filled_workspaces(backend: &Backend) -> Result<Vec<String>, StateError> {
    let mut filled = Vec::new();
    for workspace in backend.workspaces()? {
        // Where there is no file, nothing is read, and no key is needed for it.
        if let Backend::Local(local) = backend
            && !local.path(&workspace).is_file()
        {
            continue;
        }
        if backend.store(&workspace).read()?.is_some_and(|state| !state.is_empty()) {
            filled.push(workspace);
        }
    }
    Ok(filled)
}

/// Sets the backend up as the code says: checks that it can be used, moves the state into it if that was asked for,
/// and remembers it. Prints what it has done.
pub fn init(session: &Session, stack: &Stack, args: &BackendArgs) -> Result<(), Diagnostics> {
    if !args.backend {
        return Ok(());
    }
    let known = match remembered(&session.directory) {
        Err(_) if args.reconfigure => None,
        other => other.map_err(|error| failed("The backend is not set up", &error))?,
    };
    let mut diagnostics = Diagnostics::new();
    let target = target(session, stack, known.as_ref(), args, &mut diagnostics);
    session.report(&diagnostics);
    let Some(target) = target else { return Err(Diagnostics::new()) };
    let encryptions = session.encryptions()?;
    let backend = Backend::open(&target, &session.directory, &session.registry, &encryptions)
        .map_err(|error| failed("The backend cannot be used", &error))?;
    let source = known.unwrap_or_else(Configuration::local);
    let mut retire = false;
    if !source.same_place(&target) && !args.reconfigure {
        retire = move_states(session, &source, &backend, args)?;
    }
    let found = check(session, &backend)?;
    let is_default = stack.root().backend.is_none();
    let written = if is_default { forget(&session.directory) } else { remember(&session.directory, &target) };
    written.map_err(|error| {
        let detail =
            format!("{} could not be written: {error}.", remembered_path(&session.directory).display());
        Diagnostics::from(Diagnostic::error("The backend could not be remembered", detail))
    })?;
    if retire && source.kind == Kind::Local {
        retire_local(session, &source)?;
    }
    if !is_default || retire {
        println!("{found}");
    }
    Ok(())
}

/// What the code and the options say, complete.
fn target(
    session: &Session,
    stack: &Stack,
    known: Option<&Configuration>,
    args: &BackendArgs,
    diagnostics: &mut Diagnostics,
) -> Option<Configuration> {
    let Some(block) = &stack.root().backend else {
        if !given().is_empty() {
            let detail = "--backend-config was given, but the code has no backend block for it to complete.";
            diagnostics.push(Diagnostic::warning("Missing backend configuration", detail));
        }
        return Some(Configuration::local());
    };
    let written = Written::decode(block, diagnostics)?;
    let values = overrides(written.kind, given(), &session.sources, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    if let Some(known) = known.filter(|known| given().is_empty() && known.kind == written.kind)
        && known.hash == written.hash()
        && !args.reconfigure
    {
        return written.check(known, diagnostics).then(|| known.clone());
    }
    written.complete(&values, diagnostics)
}

/// Makes sure that the backend answers. The answer is what to say of it.
fn check(session: &Session, backend: &Backend) -> Result<String, Diagnostics> {
    let unusable = |error: &StateError| failed("The backend cannot be used", error);
    let workspaces = backend.workspaces().map_err(|error| unusable(&error))?;
    let mut store = backend.store(&session.workspace);
    let state = store.read().map_err(|error| unusable(&error))?;
    session.notes(&mut store);
    let holds = match &state {
        Some(state) => {
            format!("serial {}, {} recorded object(s)", state.serial, state.objects().count())
        }
        None => "none yet".to_owned(),
    };
    let others = workspaces.len() - 1;
    let others = if others > 0 { format!("; {others} other workspace(s)") } else { String::new() };
    Ok(format!("The state is in {}: {holds}{others}.", store.place()))
}

/// Copies all states of the source, if that was asked for. `true`: they were.
fn move_states(
    session: &Session,
    source: &Configuration,
    target: &Backend,
    args: &BackendArgs,
) -> Result<bool, Diagnostics> {
    let unreadable = |error: &StateError| failed("The state to be copied cannot be read", error);
    let from = Backend::open(source, &session.directory, &session.registry, &session.encryptions()?)
        .map_err(|error| unreadable(&error))?;
    let filled = filled_workspaces(&from).map_err(|error| unreadable(&error))?;
    if filled.is_empty() {
        return Ok(false);
    }
    if !args.migrate_state && !args.force_copy {
        let detail = format!(
            "There is a state in {}, and the code names another place. Give --migrate-state to copy it there, or \
             --reconfigure to leave it where it is and use the new place without it.",
            from.store(&filled[0]).place()
        );
        return Err(Diagnostic::error("The state is to be moved", detail).into());
    }
    let patience = duration(&args.lock_timeout)
        .map_err(|problem| Diagnostics::from(Diagnostic::error("Invalid --lock-timeout", problem)))?;
    let patience = args.lock.then_some(patience);
    for workspace in &filled {
        copy(session, &from, target, workspace, patience, args.force_copy)?;
    }
    Ok(true)
}

/// Copies one workspace's state. `patience`: how long to wait for locks; `None` takes none.
fn copy(
    session: &Session,
    from: &Backend,
    to: &Backend,
    workspace: &str,
    patience: Option<Duration>,
    force: bool,
) -> Result<(), Diagnostics> {
    let (mut source, mut target) = (from.store(workspace), to.store(workspace));
    if let Some(patience) = patience {
        session.lock(&mut source, "migration", patience)?;
        session.lock(&mut target, "migration", patience)?;
    }
    let refused = |detail: String| Diagnostics::from(Diagnostic::error("The state was not copied", detail));
    let unreadable = |error: &StateError| failed("The state to be copied cannot be read", error);
    let Some(state) = source.read().map_err(|error| unreadable(&error))? else { return Ok(()) };
    let journal = source.journal().map_err(|error| unreadable(&error))?;
    if journal.unfinished().next().is_some() {
        return Err(refused(format!(
            "A run that worked on the state in {} has died, and its journal says what it was about to make. Run \"recon \
             apply\" with the old backend block first, which takes care of that.",
            source.place()
        )));
    }
    let existing = target.read().map_err(|error| failed("The backend cannot be used", &error))?;
    if let Some(existing) = existing.filter(|existing| !existing.is_empty()) {
        let is_same = existing.lineage == state.lineage && existing.serial == state.serial;
        if is_same && existing == state {
            return unlock(source).and(unlock(target));
        }
        let is_older = existing.lineage == state.lineage && existing.serial < state.serial;
        if !is_older && !force {
            return Err(refused(format!(
                "{} already holds {}. Nothing was copied. Look at both; --force-copy overwrites the one there.",
                target.place(),
                if existing.lineage == state.lineage {
                    format!(
                        "a later version of this state (serial {}, here {})",
                        existing.serial, state.serial
                    )
                } else {
                    "another state (of another lineage)".to_owned()
                }
            )));
        }
    }
    target.write(&state).map_err(|error| failed("The state could not be copied", &error))?;
    verify(&mut to.store(workspace), &state)?;
    println!("Copied the state of workspace {workspace:?} from {} to {}.", source.place(), target.place());
    unlock(source).and(unlock(target))
}

fn unlock(mut store: crate::state::backend::Store) -> Result<(), Diagnostics> {
    store.unlock().map_err(|error| failed("A lock could not be given back", &error))
}

/// Reads the copy back.
fn verify(copy: &mut crate::state::backend::Store, state: &State) -> Result<(), Diagnostics> {
    let found = copy.read().map_err(|error| failed("The copy cannot be read back", &error))?;
    if found.as_ref() == Some(state) {
        return Ok(());
    }
    let detail = format!(
        "What {} answers is not what was copied there. The state is still where it was: run the command again.",
        copy.place()
    );
    Err(Diagnostic::error("The copy is not the same", detail).into())
}

/// Gives local states that have been copied elsewhere the name of a backup, so that nothing goes on with them.
fn retire_local(session: &Session, source: &Configuration) -> Result<(), Diagnostics> {
    let backend = Backend::open(source, &session.directory, &session.registry, &session.encryptions()?)
        .map_err(|error| failed("The old state could not be renamed", &error))?;
    let Backend::Local(local) = &backend else { return Ok(()) };
    for workspace in backend.workspaces().unwrap_or_default() {
        let retired = local.retire(&workspace).map_err(|error| {
            let path = local.path(&workspace);
            let detail = format!(
                "{} has been copied, and could not be renamed to {0}.backup: {error} Rename or remove it, so that nothing \
                 goes on with it.",
                path.display()
            );
            Diagnostics::from(Diagnostic::error("The old state could not be renamed", detail))
        })?;
        if let Some(backup) = retired {
            println!("The old state is kept in {}.", backup.display());
        }
    }
    Ok(())
}

/// Asks a question that only "yes" answers; without a terminal the answer is no.
pub fn confirmed(question: &str) -> bool {
    use std::io::{BufRead, IsTerminal};
    if !std::io::stdin().is_terminal() && std::env::var_os("CI").is_some() {
        return false;
    }
    print!("\n{question}\n  Only \"yes\" will be accepted.\n\n  Enter a value: ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).is_ok() && answer.trim() == "yes"
}

/// The workspace's name as a state's folder or key can have it: what is safe in a URL's path.
pub fn is_workspace_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~$&+=:@!*'(),;".contains(&byte))
}

/// Whether it is the workspace that is always there.
pub fn is_default(name: &str) -> bool {
    name == DEFAULT_WORKSPACE
}
