//! `recon diff`

use std::path::PathBuf;

use clap::Args;

use crate::plan::PlanMode;

use super::run::{PlanArgs, Prepared, prepare, runtime};
use super::session::{Session, variable_inputs};
use super::{CHANGES, FAILURE, OptionOrder, SUCCESS, StackArgs, VariableArgs, plan_file};

#[derive(Args)]
pub struct DiffArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Writes the plan to a file, for "recon apply FILE".
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Prints what happens and is found as JSON, one object a line.
    #[arg(long)]
    json: bool,
    /// Exits with 2 if there is something to do.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Plans to delete everything.
    #[arg(long)]
    destroy: bool,
}

pub fn run(args: DiffArgs, order: OptionOrder) -> u8 {
    let session = Session::new(&args.stack);
    let inputs = match variable_inputs(&args.variables, &order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    let mode = if args.destroy { PlanMode::Destroy } else { PlanMode::Normal };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: recon cannot start its threads: {error}.");
            return FAILURE;
        }
    };
    let prepared = runtime.block_on(prepare(&session, &inputs, &args.plan, mode, "plan"));
    let Prepared { loaded, mut store, state, planned, diagnostics, .. } = match prepared {
        Ok(prepared) => prepared,
        Err(diagnostics) => {
            if args.json {
                super::output::json_diagnostics(&session, &diagnostics);
            } else {
                session.report(&diagnostics);
            }
            return super::interrupt::code().unwrap_or(FAILURE);
        }
    };
    session.give_back(&mut store);
    if args.json {
        super::output::json_plan(&session, &planned.plan, &diagnostics);
    } else {
        session.report(&diagnostics);
        print!(
            "{}",
            crate::render::plan::plan(&planned.plan, &session.registry, &session.sources, session.colors)
        );
    }
    if let Some(path) = &args.out {
        let written = plan_file::write(path, &session, &loaded, &inputs, &args.plan, &planned, &state);
        match written {
            Ok(()) if !args.json => {
                println!(
                    "\nSaved the plan to: {}\n\nTo perform exactly these actions, run the following command to apply:\n    \
                     recon apply {}",
                    path.display(),
                    path.display()
                );
            }
            Ok(()) => {}
            Err(error) => {
                eprintln!("Error: the plan could not be written to {}: {error}.", path.display());
                return FAILURE;
            }
        }
    }
    if args.detailed_exitcode && !planned.plan.is_empty() { CHANGES } else { SUCCESS }
}
