//! `recon state`

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::address::{parse_instance, parse_target};
use crate::lang::diagnostic::Diagnostic;

use super::session::Session;
use super::show::recorded;
use super::state_transfer::{self, PullArgs, PushArgs};
use super::surgery::{self, MoveArgs, RemoveArgs, ReplaceProviderArgs};
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct StateArgs {
    #[command(subcommand)]
    command: StateCommand,
}

#[derive(Subcommand)]
enum StateCommand {
    #[command(flatten)]
    Look(LookCommand),
    /// Prints the state as it is stored.
    Pull(PullArgs),
    /// Stores a state from a file, if it goes on from the stored one.
    Push(PushArgs),
    /// Gives recorded objects another address: a module, a resource or an instance.
    Mv(MoveArgs),
    /// Forgets recorded objects. In AWS they stay as they are.
    Rm(RemoveArgs),
    /// Hands the resources of one provider to another.
    ReplaceProvider(ReplaceProviderArgs),
}

#[derive(Subcommand)]
enum LookCommand {
    /// Lists the recorded objects.
    List {
        /// Only these resources, instances or modules.
        address: Vec<String>,
        /// The stack's directory.
        #[arg(long, value_name = "DIR")]
        stack: Option<PathBuf>,
    },
    /// Prints one recorded object.
    Show {
        address: String,
        /// The stack's directory.
        #[arg(long, value_name = "DIR")]
        stack: Option<PathBuf>,
        #[arg(long)]
        no_color: bool,
    },
}

pub fn run(args: StateArgs) -> u8 {
    match args.command {
        StateCommand::Look(command) => look(command),
        StateCommand::Pull(args) => state_transfer::pull(args),
        StateCommand::Push(args) => state_transfer::push(args),
        StateCommand::Mv(args) => surgery::move_objects(&args),
        StateCommand::Rm(args) => surgery::remove_objects(&args),
        StateCommand::ReplaceProvider(args) => surgery::replace_provider(&args),
    }
}

fn look(command: LookCommand) -> u8 {
    let (stack, no_color) = match &command {
        LookCommand::List { stack, .. } => (stack.clone(), true),
        LookCommand::Show { stack, no_color, .. } => (stack.clone(), *no_color),
    };
    let session = Session::new(&StackArgs { stack, no_color });
    let state = match recorded(&session) {
        Ok(state) => state,
        Err(diagnostics) => {
            session.report(&diagnostics);
            return FAILURE;
        }
    };
    match command {
        LookCommand::List { address, .. } => {
            let mut targets = Vec::new();
            for text in address {
                match parse_target(&text) {
                    Some(target) => targets.push(target),
                    None => {
                        let detail = format!("{text:?} is not the address of a resource or module.");
                        session.report(&Diagnostic::error("Invalid address", detail).into());
                        return FAILURE;
                    }
                }
            }
            for (instance, deposed, _, _) in state.objects() {
                if deposed.is_none()
                    && (targets.is_empty() || targets.iter().any(|target| target.covers(&instance)))
                {
                    println!("{instance}");
                }
            }
            SUCCESS
        }
        LookCommand::Show { address, .. } => {
            let found = parse_instance(&address).and_then(|instance| {
                let (_, object) = state.get(&instance)?;
                Some((instance, object))
            });
            let Some((instance, object)) = found else {
                let detail =
                    format!("The state has no object {address:?}. \"recon state list\" lists all of them.");
                session.report(&Diagnostic::error("No instance found for the given address", detail).into());
                return FAILURE;
            };
            println!("{}", crate::render::value::recorded_object(&instance, None, object, &session.registry));
            SUCCESS
        }
    }
}
