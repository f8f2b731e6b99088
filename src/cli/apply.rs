//! `recon apply` and `recon destroy`

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;

use crate::apply::record::Recorder;
use crate::apply::{Event, Options, apply};
use crate::config::variables::VariableInputs;
use crate::lang::diagnostic::Diagnostic;
use crate::plan::{PlanMode, Planned};

use super::run::{PlanArgs, Prepared, prepare, runtime};
use super::session::{Session, variable_inputs};
use super::{FAILURE, OptionOrder, SUCCESS, StackArgs, VariableArgs, output, plan_file};

#[derive(Args)]
pub struct ApplyArgs {
    /// The stack's directory, or a plan file; the current directory if none is given.
    #[arg(value_name = "STACK|PLAN")]
    stack: Option<PathBuf>,
    /// No colours.
    #[arg(long)]
    no_color: bool,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Does not ask before changing anything.
    #[arg(long)]
    auto_approve: bool,
    /// Prints what happens as JSON, one object a line. Needs --auto-approve or a plan file.
    #[arg(long)]
    json: bool,
    /// Deletes everything.
    #[arg(long)]
    destroy: bool,
}

#[derive(Args)]
pub struct DestroyArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    plan: PlanArgs,
    /// Does not ask before deleting anything.
    #[arg(long)]
    auto_approve: bool,
    /// Prints what happens as JSON, one object a line. Needs --auto-approve.
    #[arg(long)]
    json: bool,
}

pub fn run(args: ApplyArgs, order: OptionOrder) -> u8 {
    let mode = if args.destroy { PlanMode::Destroy } else { PlanMode::Normal };
    if let Some(path) = args.stack.as_ref().filter(|path| path.is_file()) {
        return apply_file(path.clone(), &args, &order);
    }
    let stack = StackArgs { stack: args.stack.clone(), no_color: args.no_color };
    let session = Session::new(&stack);
    let inputs = match variable_inputs(&args.variables, &order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    execute(
        &session,
        &inputs,
        &args.plan,
        mode,
        Approval { automatic: args.auto_approve, json: args.json },
        None,
    )
}

pub fn destroy(args: DestroyArgs, order: OptionOrder) -> u8 {
    let session = Session::new(&args.stack);
    let inputs = match variable_inputs(&args.variables, &order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    let approval = Approval { automatic: args.auto_approve, json: args.json };
    execute(&session, &inputs, &args.plan, PlanMode::Destroy, approval, None)
}

/// Applies a plan file: plans again with its options, and goes on only if that comes out as the file says.
fn apply_file(path: PathBuf, args: &ApplyArgs, order: &OptionOrder) -> u8 {
    let file = match plan_file::read(&path) {
        Ok(file) => file,
        Err(problem) => {
            eprintln!("Error: {problem}");
            return FAILURE;
        }
    };
    let stack = StackArgs { stack: Some(file.directory()), no_color: args.no_color };
    let session = Session::new(&stack);
    let given = match variable_inputs(&args.variables, order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    let inputs = file.inputs(given);
    let plan_args = file.plan_args(&args.plan);
    let approval = Approval { automatic: true, json: args.json };
    execute(&session, &inputs, &plan_args, file.mode(), approval, Some(&file))
}

#[derive(Clone, Copy)]
struct Approval {
    automatic: bool,
    json: bool,
}

fn execute(
    session: &Session,
    inputs: &VariableInputs,
    args: &PlanArgs,
    mode: PlanMode,
    approval: Approval,
    file: Option<&plan_file::PlanFile>,
) -> u8 {
    if approval.json && !approval.automatic {
        eprintln!("Error: --json cannot ask for approval: give --auto-approve too, or apply a plan file.");
        return FAILURE;
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: recon cannot start its threads: {error}.");
            return FAILURE;
        }
    };
    let operation = if mode == PlanMode::Destroy { "destroy" } else { "apply" };
    let prepared = match runtime.block_on(prepare(session, inputs, args, mode, operation)) {
        Ok(prepared) => prepared,
        Err(diagnostics) => {
            if approval.json {
                output::json_diagnostics(session, &diagnostics);
            } else {
                session.report(&diagnostics);
            }
            return FAILURE;
        }
    };
    if let Some(file) = file
        && let Err(problem) = file.matches(&prepared.loaded, &prepared.planned, &prepared.state)
    {
        session.report(&Diagnostic::error("The plan is stale", problem).into());
        return FAILURE;
    }
    if approval.json {
        output::json_plan(session, &prepared.planned.plan, &prepared.diagnostics);
    } else {
        session.report(&prepared.diagnostics);
        if file.is_none() {
            print!(
                "{}",
                crate::render::plan::plan(
                    &prepared.planned.plan,
                    &session.registry,
                    &session.sources,
                    session.colors
                )
            );
        }
    }
    if !prepared.planned.plan.is_empty() && !approval.automatic && !approved(mode) {
        println!("\nNothing was changed.");
        return FAILURE;
    }
    runtime.block_on(carry_out(session, prepared, args, approval))
}

fn approved(mode: PlanMode) -> bool {
    if !std::io::stdin().is_terminal() && std::env::var_os("CI").is_some() {
        eprintln!("\nError: there is nobody to ask. Give --auto-approve to go on without approval.");
        return false;
    }
    let question = match mode {
        PlanMode::Destroy => "Do you really want to destroy all of this?",
        PlanMode::RefreshOnly => "Do you want to record this?",
        PlanMode::Normal => "Do you want to perform these actions?",
    };
    print!("\n{question}\n  Only \"yes\" will be accepted.\n\n  Enter a value: ");
    let _ = std::io::stdout().flush();
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim() == "yes"
}

async fn carry_out(session: &Session, prepared: Prepared, args: &PlanArgs, approval: Approval) -> u8 {
    let Prepared { mut loaded, store, state, journal, mut live, planned, settled, .. } = prepared;
    let before = state.clone();
    let mut recorder = Recorder::new(state, store, journal);
    // What the journal had to tell is recorded before anything else is done.
    if !settled.is_empty() {
        if let Err(error) = recorder.save() {
            session.report(&Diagnostic::error("The state could not be saved", error.to_string()).into());
            return FAILURE;
        }
        for id in &settled {
            if let Err(error) = recorder.end(id) {
                session
                    .report(&Diagnostic::error("The journal could not be written", error.to_string()).into());
                return FAILURE;
            }
        }
    }
    loaded.environment.impure = true;
    loaded.environment.applying = true;
    let interrupts = std::sync::Arc::new(AtomicUsize::new(0));
    listen(&interrupts);
    let events = |event: Event| output::event(&event, approval.json);
    let stopped = || interrupts.load(Ordering::Relaxed) > 0;
    let options = Options { parallelism: args.parallelism, events: &events, stopped: &stopped };
    let stack = loaded.stack(&session.registry);
    let Planned { plan, .. } = &planned;
    let mode = plan.mode;
    let (done, diagnostics) = apply(stack, &planned, &mut live, &mut recorder, &options).await;
    let changed = recorder.state != before;
    let state = recorder.state.clone();
    recorder.finish();
    let _ = changed;
    if approval.json {
        output::json_applied(session, done, &diagnostics, &state, mode);
    } else {
        session.report(&diagnostics);
        if !diagnostics.has_errors() {
            output::applied(done, &state, mode);
        }
    }
    if interrupts.load(Ordering::Relaxed) > 0 {
        return 130;
    }
    if diagnostics.has_errors() { FAILURE } else { SUCCESS }
}

/// The first interrupt lets what is under way end; the second ends the process, whose state is valid at every moment.
fn listen(interrupts: &std::sync::Arc<AtomicUsize>) {
    let interrupts = std::sync::Arc::clone(interrupts);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if interrupts.fetch_add(1, Ordering::Relaxed) > 0 {
                std::process::exit(130);
            }
            eprintln!("\nInterrupted: finishing what is under way. Interrupt again to stop at once.");
        }
    });
}
