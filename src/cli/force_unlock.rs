//! `recon force-unlock`

use std::path::PathBuf;

use clap::Args;

use crate::lang::diagnostic::{Diagnostic, Diagnostics};

use super::backend::confirmed;
use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct ForceUnlockArgs {
    /// The lock's ID, as the message about it says.
    id: String,
    /// Does not ask.
    #[arg(long)]
    force: bool,
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

pub fn run(args: ForceUnlockArgs) -> u8 {
    let session = Session::new(&StackArgs { stack: args.stack.clone(), no_color: args.no_color });
    match unlock(&session, &args) {
        Ok(done) => done,
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

fn unlock(session: &Session, args: &ForceUnlockArgs) -> Result<u8, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let Some((configuration, _)) = session.configuration(&mut diagnostics) else { return Err(diagnostics) };
    let mut store = session.store(&configuration)?;
    let question = format!(
        "Do you really want to take away the lock of {}?\n  If its holder still works, two runs will change the same \
         objects at once.",
        store.place()
    );
    if !args.force && !confirmed(&question) {
        println!("\nThe lock is as it was.");
        return Ok(FAILURE);
    }
    store
        .force_unlock(&args.id)
        .map_err(|error| Diagnostics::from(Diagnostic::error("The lock is as it was", error.to_string())))?;
    println!("The state in {} is unlocked.", store.place());
    Ok(SUCCESS)
}
