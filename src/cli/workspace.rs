//! `recon workspace`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;
use crate::state::backend::{Backend, DEFAULT_WORKSPACE};

use super::backend::{is_default, is_workspace_name};
use super::session::{Session, duration};
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct WorkspaceArgs {
    #[command(subcommand)]
    command: WorkspaceCommand,
}

/// The stack's directory, which here is no positional argument.
#[derive(Args)]
struct StackOption {
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

#[derive(Args)]
struct LockOptions {
    /// Whether to lock the state.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    lock_timeout: String,
}

#[derive(Subcommand)]
enum WorkspaceCommand {
    /// Lists the workspaces; a star marks the selected one.
    List {
        #[command(flatten)]
        stack: StackOption,
    },
    /// Prints the name of the selected workspace.
    Show {
        #[command(flatten)]
        stack: StackOption,
    },
    /// Selects a workspace.
    Select {
        name: String,
        /// Makes the workspace if it is not there.
        #[arg(long)]
        or_create: bool,
        #[command(flatten)]
        stack: StackOption,
    },
    /// Makes a workspace and selects it.
    New {
        name: String,
        /// Begins with a copy of this state file.
        #[arg(long, value_name = "FILE")]
        state: Option<PathBuf>,
        #[command(flatten)]
        lock: LockOptions,
        #[command(flatten)]
        stack: StackOption,
    },
    /// Deletes a workspace and its state.
    Delete {
        name: String,
        /// Even if the state records objects, which nothing manages any more then.
        #[arg(long)]
        force: bool,
        #[command(flatten)]
        lock: LockOptions,
        #[command(flatten)]
        stack: StackOption,
    },
}

pub fn run(args: WorkspaceArgs) -> u8 {
    let stack = match &args.command {
        WorkspaceCommand::List { stack }
        | WorkspaceCommand::Show { stack }
        | WorkspaceCommand::Select { stack, .. }
        | WorkspaceCommand::New { stack, .. }
        | WorkspaceCommand::Delete { stack, .. } => stack,
    };
    let session = Session::new(&StackArgs { stack: stack.stack.clone(), no_color: stack.no_color });
    if let WorkspaceCommand::Show { .. } = args.command {
        println!("{}", session.workspace);
        return SUCCESS;
    }
    match execute(&session, args.command) {
        Ok(()) => SUCCESS,
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

fn execute(session: &Session, command: WorkspaceCommand) -> Result<(), Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let Some((configuration, _)) = session.configuration(&mut diagnostics) else { return Err(diagnostics) };
    let backend = session.backend(&configuration)?;
    let known = || {
        backend.workspaces().map_err(|error| problem("The workspaces cannot be listed", error.to_string()))
    };
    match command {
        WorkspaceCommand::List { .. } => {
            for name in known()? {
                let mark = if name == session.workspace { '*' } else { ' ' };
                println!("{mark} {name}");
            }
            if overridden() {
                println!("\nThe workspace {:?} is set by TF_WORKSPACE.", session.workspace);
            }
            Ok(())
        }
        WorkspaceCommand::Show { .. } => Ok(()),
        WorkspaceCommand::Select { name, or_create, .. } => {
            refuse_overridden()?;
            if known()?.contains(&name) {
                session.select(&name)?;
                println!("Switched to workspace {name:?}.");
                return Ok(());
            }
            if or_create {
                let lock = LockOptions { lock: true, lock_timeout: "0".to_owned() };
                return make(session, &backend, &name, None, &lock);
            }
            let detail = "Make it with \"recon workspace new\", or give --or-create.";
            Err(problem(&format!("Workspace {name:?} doesn't exist"), detail))
        }
        WorkspaceCommand::New { name, state, lock, .. } => {
            refuse_overridden()?;
            if known()?.contains(&name) {
                let detail = "Select it with \"recon workspace select\".";
                return Err(problem(&format!("Workspace {name:?} already exists"), detail));
            }
            make(session, &backend, &name, state, &lock)
        }
        WorkspaceCommand::Delete { name, force, lock, .. } => {
            if !known()?.contains(&name) {
                let detail = "\"recon workspace list\" lists those that there are.";
                return Err(problem(&format!("Workspace {name:?} doesn't exist"), detail));
            }
            delete(session, &backend, &name, force, &lock)
        }
    }
}

fn problem(summary: &str, detail: impl Into<String>) -> Diagnostics {
    Diagnostic::error(summary, detail.into()).into()
}

fn overridden() -> bool {
    std::env::var_os("TF_WORKSPACE").is_some_and(|name| !name.is_empty())
}

fn refuse_overridden() -> Result<(), Diagnostics> {
    if !overridden() {
        return Ok(());
    }
    let detail = "The selected workspace is overridden by the environment variable TF_WORKSPACE. Unset it to select \
                  another.";
    Err(problem("The workspace is set by the environment", detail))
}

/// Makes a workspace with an empty state, or a copy of a file's, and selects it.
fn make(
    session: &Session,
    backend: &Backend,
    name: &str,
    from: Option<PathBuf>,
    lock: &LockOptions,
) -> Result<(), Diagnostics> {
    if !is_workspace_name(name) {
        let detail = "The name must contain only characters that are safe in URLs, and no path separators.";
        return Err(problem(&format!("The workspace name {name:?} is not allowed"), detail));
    }
    let unwritable =
        |error: crate::state::StateError| problem("The workspace could not be made", error.to_string());
    let state = match from {
        None => None,
        Some(path) => {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(&path)
                .map_err(|error| problem("The state cannot be read", format!("{shown}: {error}.")))?;
            let text =
                session.opened(text, &shown).map_err(|error| problem("The state cannot be read", error))?;
            State::parse(&text, &shown)
                .map_err(|error| problem("The state cannot be read", error.to_string()))?
        }
    };
    backend.prepare_workspace(name).map_err(unwritable)?;
    // An object is what makes a workspace in S3; a folder is enough for a file.
    let state = state.or_else(|| match backend {
        Backend::Local(_) => None,
        Backend::S3(_) => Some(State { serial: 1, ..State::new() }),
    });
    if let Some(state) = state {
        let mut store = backend.store(name);
        take_lock(session, &mut store, "workspace new", lock)?;
        store.read().map_err(unwritable)?;
        store.write(&state).map_err(unwritable)?;
        store.unlock().map_err(|error| problem("The lock could not be given back", error.to_string()))?;
    }
    session.select(name)?;
    println!(
        "Created and switched to workspace {name:?}!\n\nYou're now on a new, empty workspace. Workspaces isolate their \
         state: \"recon diff\" sees nothing of the state of others."
    );
    Ok(())
}

fn take_lock(
    session: &Session,
    store: &mut crate::state::backend::Store,
    operation: &str,
    options: &LockOptions,
) -> Result<(), Diagnostics> {
    let patience = duration(&options.lock_timeout).map_err(|text| problem("Invalid --lock-timeout", text))?;
    if options.lock {
        session.lock(store, operation, patience)?;
    }
    Ok(())
}

fn delete(
    session: &Session,
    backend: &Backend,
    name: &str,
    force: bool,
    lock: &LockOptions,
) -> Result<(), Diagnostics> {
    if name == session.workspace {
        let detail = "It is the one that is selected. Select another first.";
        return Err(problem(&format!("Workspace {name:?} cannot be deleted"), detail));
    }
    if is_default(name) {
        let detail = format!("The workspace {DEFAULT_WORKSPACE:?} is always there.");
        return Err(problem(&format!("Workspace {name:?} cannot be deleted"), detail));
    }
    let failed =
        |error: crate::state::StateError| problem("The workspace could not be deleted", error.to_string());
    let mut store = backend.store(name);
    take_lock(session, &mut store, "workspace delete", lock)?;
    let state = store.read().map_err(failed)?.unwrap_or_default();
    if !state.resources.is_empty() && !force {
        let listed: Vec<String> =
            state.objects().take(10).map(|(address, ..)| format!("  - {address}")).collect();
        let detail = format!(
            "Its state records objects:\n{}\nDestroy them first, or give --force to delete the state all the same: nothing \
             manages them any more then.",
            listed.join("\n")
        );
        return Err(problem(&format!("Workspace {name:?} is not empty"), detail));
    }
    let journal = store.journal().map_err(failed)?;
    if journal.unfinished().next().is_some() && !force {
        let detail = "A run that worked on it has died, and its journal says what it was about to make. Select the workspace \
                      and run \"recon apply\", which looks for that, or give --force.";
        return Err(problem(&format!("Workspace {name:?} has an unfinished run"), detail));
    }
    store.delete().map_err(failed)?;
    store.unlock().map_err(|error| problem("The lock could not be given back", error.to_string()))?;
    backend.remove_workspace(name).map_err(failed)?;
    println!("Deleted workspace {name:?}!");
    if !state.resources.is_empty() {
        println!("It was not empty: what its state recorded still exists in AWS.");
    }
    Ok(())
}
