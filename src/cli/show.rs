//! `recon show` and `recon output`

use std::path::PathBuf;

use clap::Args;

use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;

use super::session::Session;
use super::{FAILURE, SUCCESS, StackArgs};

#[derive(Args)]
pub struct ShowArgs {
    #[command(flatten)]
    stack: StackArgs,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub struct OutputArgs {
    /// The output's name; all of them if none is given.
    name: Option<String>,
    /// The stack's directory.
    #[arg(long, value_name = "DIR")]
    stack: Option<PathBuf>,
    #[arg(long)]
    no_color: bool,
    /// Prints JSON, sensitive values included.
    #[arg(long)]
    json: bool,
    /// Prints a string, number or bool as it is.
    #[arg(long)]
    raw: bool,
}

/// The recorded state of a session's stack; an empty one if there is none.
pub fn recorded(session: &Session) -> Result<State, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let Some((configuration, _)) = session.configuration(&mut diagnostics) else { return Err(diagnostics) };
    let mut store = session.store(&configuration)?;
    let read = store.read();
    session.notes(&mut store);
    match read {
        Ok(state) => Ok(state.unwrap_or_default()),
        Err(error) => Err(Diagnostic::error("The state cannot be read", error.to_string()).into()),
    }
}

pub fn run(args: ShowArgs) -> u8 {
    if let Some(path) = args.stack.stack.as_ref().filter(|path| path.is_file()) {
        return match super::plan_file::read(path) {
            Ok(file) => {
                if args.json {
                    println!("{}", file.json());
                } else {
                    print!("{}", file.text());
                }
                SUCCESS
            }
            Err(problem) => {
                eprintln!("Error: {problem}");
                FAILURE
            }
        };
    }
    let session = Session::new(&args.stack);
    let state = match recorded(&session) {
        Ok(state) => state,
        Err(diagnostics) => {
            session.report(&diagnostics);
            return FAILURE;
        }
    };
    if args.json {
        println!("{}", crate::render::state_json::state_json(&state, &session.registry));
    } else if state.is_empty() {
        println!("The state is empty. There are no resources or outputs.");
    } else {
        println!("{}", crate::render::value::state(&state, &session.registry));
    }
    SUCCESS
}

pub fn output(args: OutputArgs) -> u8 {
    let session = Session::new(&StackArgs { stack: args.stack, no_color: args.no_color });
    let state = match recorded(&session) {
        Ok(state) => state,
        Err(diagnostics) => {
            session.report(&diagnostics);
            return FAILURE;
        }
    };
    let Some(name) = args.name else {
        if args.json {
            let outputs = crate::render::value::outputs_json(&state.outputs);
            println!("{}", serde_json::to_string_pretty(&outputs).unwrap_or_default());
        } else if state.outputs.is_empty() {
            eprintln!(
                "Warning: No outputs found\n\nThe state has no outputs: either the configuration defines none, or it has not \
                 been applied yet."
            );
        } else {
            println!("{}", crate::render::value::outputs(&state.outputs));
        }
        return SUCCESS;
    };
    let Some(output) = state.outputs.get(name.as_str()) else {
        let hint = crate::lang::diagnostic::suggestion(&name, state.outputs.keys().map(|name| &**name));
        let detail = format!("The output variable requested could not be found in the state.{hint}");
        session.report(&Diagnostic::error(format!("Output {name:?} not found"), detail).into());
        return FAILURE;
    };
    let value = output.value.clone().unmark_deep().0;
    if args.json {
        println!("{}", crate::state::encode_plain(&value));
        return SUCCESS;
    }
    if args.raw {
        return match value.convert(&crate::lang::types::Type::String) {
            Ok(text) if text.as_str().is_some() => {
                print!("{}", text.as_str().unwrap_or_default());
                SUCCESS
            }
            _ => {
                let detail =
                    "The --raw option prints strings, numbers and bools only. Use --json for other values.";
                session.report(&Diagnostic::error("Unsupported value for raw output", detail).into());
                FAILURE
            }
        };
    }
    println!("{}", crate::lang::print::print(&value));
    SUCCESS
}
