//! `recon state mv`, `rm` and `replace-provider`, `recon taint` and `recon untaint`: changes of the record alone.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use clap::Args;

use crate::address::parse_instance;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;
use crate::state::backend::Store;
use crate::state::surgery::{self, MarkError};

use super::session::{Session, duration};
use super::{FAILURE, SUCCESS, StackArgs, apply, interrupt, run};

/// What all these commands take.
#[derive(Args, Clone)]
pub struct RecordArgs {
    /// Whether to lock the state.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    pub lock_timeout: String,
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    pub stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    pub no_color: bool,
}

#[derive(Args)]
pub struct MoveArgs {
    /// The address of a module, a resource or an instance.
    source: String,
    /// The address that it gets.
    destination: String,
    /// Only says what would be moved.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    record: RecordArgs,
}

#[derive(Args)]
pub struct RemoveArgs {
    /// Addresses of modules, resources and instances.
    #[arg(required = true)]
    address: Vec<String>,
    /// Only says what would be removed.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    record: RecordArgs,
}

#[derive(Args)]
pub struct ReplaceProviderArgs {
    /// The source address of the provider that the resources have: hashicorp/aws.
    from: String,
    /// The one that they get.
    to: String,
    /// Does not ask.
    #[arg(long)]
    auto_approve: bool,
    #[command(flatten)]
    record: RecordArgs,
}

#[derive(Args)]
pub struct MarkArgs {
    /// The address of one instance.
    address: String,
    /// Succeeds even if there is no such object.
    #[arg(long)]
    allow_missing: bool,
    #[command(flatten)]
    record: RecordArgs,
}

/// What a command makes of the state that it was given.
pub enum Edit {
    /// It is to be stored, and then this is to be said.
    Store(String),
    /// It stays as it is stored.
    Keep(String),
}

/// Where the version before the change is kept, if the state is a local file.
#[derive(Clone, Copy, PartialEq)]
pub enum Backup {
    /// In `<state>.backup`, the last one only.
    Last,
    /// In `<state>.<seconds since 1970>.backup` too, which nothing overwrites: as Terraform's `state` commands do.
    Dated,
}

pub fn move_objects(args: &MoveArgs) -> u8 {
    edit(&args.record, "state mv", Backup::Dated, |state, _| {
        let moved = surgery::move_objects(state, &args.source, &args.destination)?;
        let verb = if args.dry_run { "Would move" } else { "Move" };
        let mut text = String::new();
        for pair in &moved {
            let _ = writeln!(text, "{verb} {:?} to {:?}", pair.from, pair.to);
        }
        if args.dry_run {
            return Ok(Edit::Keep(text));
        }
        let _ = writeln!(text, "Successfully moved {} object(s).", moved.len());
        Ok(Edit::Store(text))
    })
}

pub fn remove_objects(args: &RemoveArgs) -> u8 {
    edit(&args.record, "state rm", Backup::Dated, |state, _| {
        let removed = surgery::remove_objects(state, &args.address)?;
        let verb = if args.dry_run { "Would remove" } else { "Removed" };
        let mut text = String::new();
        for address in &removed {
            let _ = writeln!(text, "{verb} {address}");
        }
        if args.dry_run {
            return Ok(Edit::Keep(text));
        }
        let _ = writeln!(text, "Successfully removed {} resource instance(s).", removed.len());
        Ok(Edit::Store(text))
    })
}

pub fn replace_provider(args: &ReplaceProviderArgs) -> u8 {
    edit(&args.record, "state replace-provider", Backup::Dated, |state, _| {
        let source = |which: &str, text: &str| {
            crate::config::provider_source(&text.to_ascii_lowercase()).ok_or_else(|| {
                let detail = format!(
                    "{text:?} is not the source address of a provider: one looks like hashicorp/aws or \
                     registry.example.com/acme/aws."
                );
                Diagnostics::from(Diagnostic::error(format!("Invalid {which:?} provider {text:?}"), detail))
            })
        };
        let (from, to): (String, String) = (source("from", &args.from)?, source("to", &args.to)?);
        let changed = surgery::replace_provider(state, &from, &to);
        if changed.is_empty() {
            return Ok(Edit::Keep("No matching resources found.\n".to_owned()));
        }
        println!(
            "  ~ Updating provider:\n    - {from}\n    + {to}\n\nChanging {} resources:\n",
            changed.len()
        );
        for resource in &changed {
            println!("  {resource}");
        }
        if !args.auto_approve && !asked("Do you want to make these changes?")? {
            let detail = "The providers were not replaced: that was not approved.";
            return Err(Diagnostic::error("Cancelled", detail).into());
        }
        Ok(Edit::Store(format!("\nSuccessfully replaced provider for {} resources.\n", changed.len())))
    })
}

/// Marks an instance as tainted or takes the mark away.
pub fn mark(args: &MarkArgs, tainted: bool) -> u8 {
    let operation = if tainted { "taint" } else { "untaint" };
    edit(&args.record, operation, Backup::Last, |state, session| {
        let Some(address) = parse_instance(&args.address) else {
            let detail = format!(
                "{:?} is not the address of an instance: one looks like aws_lb.main, aws_lb.main[0] or \
                 module.web.aws_lb.main[\"a\"].",
                args.address
            );
            return Err(Diagnostic::error("Invalid address", detail).into());
        };
        match surgery::set_tainted(state, &address, tainted) {
            Ok(changed) => {
                let text = if tainted {
                    format!("Resource instance {address} has been marked as tainted.\n")
                } else {
                    format!("Resource instance {address} has been successfully untainted.\n")
                };
                Ok(if changed { Edit::Store(text) } else { Edit::Keep(text) })
            }
            Err(MarkError::Refused(diagnostic)) => Err(diagnostic.into()),
            Err(MarkError::Missing) if args.allow_missing => {
                let detail = format!(
                    "Resource instance {address} was not found, but this is not an error because --allow-missing was set."
                );
                session.report(&Diagnostic::warning("No such resource instance", detail).into());
                Ok(Edit::Keep(String::new()))
            }
            Err(MarkError::Missing) => {
                let detail = format!(
                    "There is no resource instance in the state with the address {address}. \"recon state list\" lists all \
                     that there are. One that is only in the code has to be applied first."
                );
                Err(Diagnostic::error("No such resource instance", detail).into())
            }
        }
    })
}

/// Asks for approval.
fn asked(question: &str) -> Result<bool, Diagnostics> {
    let runtime = run::runtime().map_err(|error| {
        Diagnostics::from(Diagnostic::error("recon cannot start its work", error.to_string()))
    })?;
    Ok(runtime.block_on(apply::confirmed(question)))
}

/// Runs a command that changes the record: takes the lock, reads, lets `change` work, stores the result if nobody
/// else has written meanwhile, gives the lock back. Answers the exit code.
fn edit(
    args: &RecordArgs,
    operation: &str,
    backup: Backup,
    change: impl FnOnce(&mut State, &Session) -> Result<Edit, Diagnostics>,
) -> u8 {
    let session = Session::new(&StackArgs { stack: args.stack.clone(), no_color: args.no_color });
    // A signal must not come between a state and its digest: what is begun is finished.
    interrupt::listen();
    let mut diagnostics = Diagnostics::new();
    let changed = match session.configuration(&mut diagnostics) {
        Some((configuration, _)) => session.store(&configuration).and_then(|mut store| {
            locked(&session, &mut store, args, operation, |store| {
                let Some(text) = read(&session, store)? else {
                    let detail = format!(
                        "There is no state in {}: there is nothing to change in it. It is made by the first apply.",
                        store.place()
                    );
                    return Err(Diagnostic::error("No state file was found", detail).into());
                };
                let mut state = parsed(&session, store, &text)?;
                match change(&mut state, &session)? {
                    Edit::Keep(said) => Ok(said),
                    Edit::Store(said) => {
                        put(store, &mut state, Some(&text), backup)?;
                        Ok(said)
                    }
                }
            })
        }),
        None => Err(diagnostics),
    };
    finish(&session, changed)
}

/// Prints what a command has to say. Answers the exit code.
pub fn finish(session: &Session, result: Result<String, Diagnostics>) -> u8 {
    match result {
        Ok(said) => {
            print!("{said}");
            SUCCESS
        }
        Err(diagnostics) => {
            session.report(&diagnostics);
            interrupt::code().unwrap_or(FAILURE)
        }
    }
}

/// Does something under the state's lock and gives that back.
pub fn locked<T>(
    session: &Session,
    store: &mut Store,
    args: &RecordArgs,
    operation: &str,
    work: impl FnOnce(&mut Store) -> Result<T, Diagnostics>,
) -> Result<T, Diagnostics> {
    if args.lock {
        let patience = duration(&args.lock_timeout)
            .map_err(|problem| Diagnostic::error("Invalid --lock-timeout", problem))?;
        session.lock(store, operation, patience)?;
    }
    let result = work(store);
    session.give_back(store);
    result
}

/// The state's text as it is stored.
pub fn read(session: &Session, store: &mut Store) -> Result<Option<String>, Diagnostics> {
    let text = store.read_text();
    session.notes(store);
    text.map_err(|error| Diagnostic::error("The state cannot be read", error.to_string()).into())
}

/// The state that a text holds; an empty one if it holds none.
pub fn parsed(session: &Session, store: &Store, text: &str) -> Result<State, Diagnostics> {
    let state = State::parse(text, &store.place())
        .map_err(|error| Diagnostic::error("The state cannot be read", error.to_string()))?
        .unwrap_or_default();
    if let Some(warning) = super::errored::unpushed(session, &state) {
        session.report(&warning.into());
    }
    Ok(state)
}

/// Stores a changed state, and before that the version that it goes on from.
pub fn put(
    store: &mut Store,
    state: &mut State,
    before: Option<&str>,
    backup: Backup,
) -> Result<(), Diagnostics> {
    if let Some(text) = before.filter(|_| backup == Backup::Dated && !store.is_remote()) {
        let kept = store
            .stored_form(text)
            .map_err(|error| Diagnostic::error("The state was not stored", error.to_string()))?;
        keep(&store.place(), &kept).map_err(|error| {
            let detail = format!(
                "The state's last version could not be kept beside it: {error}. Nothing was changed."
            );
            Diagnostic::error("The state was not stored", detail)
        })?;
    }
    state.serial += 1;
    store
        .write(state)
        .map_err(|error| Diagnostic::error("The state was not stored", error.to_string()).into())
}

/// Keeps a state's text in a file that no other run overwrites.
fn keep(place: &str, text: &str) -> std::io::Result<()> {
    let mut seconds = jiff::Timestamp::now().as_second();
    loop {
        let path = format!("{place}.{seconds}.backup");
        match std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return file.sync_all();
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => seconds += 1,
            Err(error) => return Err(error),
        }
    }
}
