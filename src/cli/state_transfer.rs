//! `recon state pull` and `recon state push`: a whole state, out of its backend and into it.

use std::io::{Read, Write};
use std::path::PathBuf;

use clap::Args;

use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;

use super::session::{Session, duration};
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct PullArgs {
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

#[derive(Args)]
pub struct PushArgs {
    /// The state's file; - for the standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Even if the stored state is another one, or later.
    #[arg(long)]
    force: bool,
    /// Whether to lock the state.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    lock_timeout: String,
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

/// Prints the state as it is stored; one that is encrypted, as clear text.
pub fn pull(args: PullArgs) -> u8 {
    let session = Session::new(&StackArgs { stack: args.stack, no_color: args.no_color });
    let read = || -> Result<Option<String>, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        let Some((configuration, _)) = session.configuration(&mut diagnostics) else {
            return Err(diagnostics);
        };
        let mut store = session.store(&configuration)?;
        let text = store.read_text();
        session.notes(&mut store);
        text.map_err(|error| Diagnostic::error("The state cannot be read", error.to_string()).into())
    };
    match read() {
        Ok(text) => match std::io::stdout().lock().write_all(text.unwrap_or_default().as_bytes()) {
            Ok(()) => SUCCESS,
            // Nobody listens any more.
            Err(_) => FAILURE,
        },
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

/// Stores a state.
pub fn push(args: PushArgs) -> u8 {
    let session = Session::new(&StackArgs { stack: args.stack.clone(), no_color: args.no_color });
    match push_to(&session, &args) {
        Ok(()) => SUCCESS,
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

fn push_to(session: &Session, args: &PushArgs) -> Result<(), Diagnostics> {
    let problem = |summary: &str, detail: String| Diagnostics::from(Diagnostic::error(summary, detail));
    let mut state =
        source(session, &args.file).map_err(|detail| problem("The state cannot be read", detail))?;
    let patience = duration(&args.lock_timeout).map_err(|text| problem("Invalid --lock-timeout", text))?;
    let mut diagnostics = Diagnostics::new();
    let Some((configuration, _)) = session.configuration(&mut diagnostics) else { return Err(diagnostics) };
    let mut store = session.store(&configuration)?;
    if args.lock {
        session.lock(&mut store, "state push", patience)?;
    }
    let read = store.read();
    session.notes(&mut store);
    let result = match read {
        Ok(stored) => match refusal(&state, stored.as_ref()) {
            Some(_) if args.force => {
                // A later serial than all that were there tells the others that it is another state.
                let last = stored.map_or(0, |stored| stored.serial);
                state.serial = state.serial.max(last + 1);
                Ok(())
            }
            Some(refusal) => Err(problem("The state was not stored", refusal)),
            None => Ok(()),
        },
        Err(error) => Err(problem("The state cannot be read", error.to_string())),
    };
    let result = result.and_then(|()| {
        store.write(&state).map_err(|error| problem("The state was not stored", error.to_string()))
    });
    let unlocked =
        store.unlock().map_err(|error| problem("The lock could not be given back", error.to_string()));
    result.and(unlocked)?;
    eprintln!("Stored the state in {} (serial {}).", store.place(), state.serial);
    Ok(())
}

/// The state in a file or on the standard input. The error is sentences.
fn source(session: &Session, path: &std::path::Path) -> Result<State, String> {
    let shown = path.display().to_string();
    let mut text = String::new();
    let read = if shown == "-" {
        std::io::stdin().lock().read_to_string(&mut text).map(|_| ())
    } else {
        std::fs::read_to_string(path).map(|found| text = found)
    };
    read.map_err(|error| format!("{shown} cannot be read: {error}."))?;
    let text = session.opened(text, &shown)?;
    let state = State::parse(&text, &shown).map_err(|error| error.to_string())?;
    state.ok_or_else(|| format!("{shown} is empty: it holds no state."))
}

/// Why a state must not take the place of the stored one; `None` if it may.
fn refusal(new: &State, stored: Option<&State>) -> Option<String> {
    let stored = stored.filter(|stored| !stored.is_empty())?;
    let advice =
        "Nothing was written; --force stores it all the same, and what only the stored one records is lost.";
    if new.lineage != stored.lineage {
        return Some(format!(
            "The stored state is another one: its lineage is {}, that of the file {}. {advice}",
            stored.lineage, new.lineage
        ));
    }
    if new.serial < stored.serial {
        return Some(format!(
            "The stored state is later: its serial is {}, that of the file {}. {advice}",
            stored.serial, new.serial
        ));
    }
    (new.serial == stored.serial && new != stored).then(|| {
        format!(
            "The stored state has the serial of the file, {}, and is another one: both have gone on from the same version. \
             {advice}",
            new.serial
        )
    })
}
