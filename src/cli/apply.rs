//! `recon apply` and `recon destroy`

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use clap::Args;

use crate::apply::record::Recorder;
use crate::apply::{Event, Options, apply, refusals, repair};
use crate::config::variables::VariableInputs;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::planner::KNOWN_AFTER_APPLY;
use crate::plan::{PlanMode, Planned};

use super::run::{PlanArgs, Prepared, prepare, runtime};
use super::session::{Session, variable_inputs};
use super::{FAILURE, OptionOrder, SUCCESS, StackArgs, VariableArgs, errored, interrupt, output, plan_file};

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
    let mut prepared = match runtime.block_on(prepare(session, inputs, args, mode, operation)) {
        Ok(prepared) => prepared,
        Err(diagnostics) => {
            if approval.json {
                output::json_diagnostics(session, &diagnostics);
            } else {
                session.report(&diagnostics);
            }
            return interrupt::code().unwrap_or(FAILURE);
        }
    };
    // What is not known yet will be checked when it is, in this very run.
    prepared.diagnostics.0.retain(|diagnostic| diagnostic.summary != KNOWN_AFTER_APPLY);
    if let Some(file) = file
        && let Err(problem) = file.matches(&prepared.loaded, &prepared.planned, &prepared.state)
    {
        session.report(&Diagnostic::error("The plan is stale", problem).into());
        session.give_back(&mut prepared.store);
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
    let refused = refusals(&prepared.loaded.configuration, &session.registry, &prepared.planned.plan);
    if refused.has_errors() {
        if approval.json {
            output::json_diagnostics(session, &refused);
        } else {
            session.report(&refused);
        }
        return FAILURE;
    }
    if !prepared.planned.plan.is_empty() && !approval.automatic && !runtime.block_on(approved(mode)) {
        println!("\nNothing was changed.");
        session.give_back(&mut prepared.store);
        return interrupt::code().unwrap_or(FAILURE);
    }
    let way = Way { parallelism: args.parallelism, json: approval.json, narrow: false };
    runtime.block_on(carry_out(session, prepared, &way))
}

/// How a plan is carried out, and told of.
pub struct Way {
    pub parallelism: usize,
    pub json: bool,
    /// Nothing but what is acted on is recorded.
    pub narrow: bool,
}

async fn approved(mode: PlanMode) -> bool {
    confirmed(match mode {
        PlanMode::Destroy => "Do you really want to destroy all of this?",
        PlanMode::RefreshOnly => "Do you want to record this?",
        PlanMode::Normal => "Do you want to perform these actions?",
    })
    .await
}

/// Asks. A signal is a no, too.
pub async fn confirmed(question: &str) -> bool {
    if !std::io::stdin().is_terminal() && std::env::var_os("CI").is_some() {
        eprintln!("\nError: there is nobody to ask. Give --auto-approve to go on without approval.");
        return false;
    }
    print!("\n{question}\n  Only \"yes\" will be accepted.\n\n  Enter a value: ");
    let _ = std::io::stdout().flush();
    let (sender, answer) = tokio::sync::oneshot::channel();
    // A thread of its own: it may wait for a line until the process ends.
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let _ = sender.send(read.is_ok() && line.trim() == "yes");
    });
    tokio::select! {
        answer = answer => answer.unwrap_or(false),
        () = interrupt::stopped() => false,
    }
}

/// Carries a plan out, records it, and gives the lock back. Answers the exit code.
pub async fn carry_out(session: &Session, prepared: Prepared, way: &Way) -> u8 {
    let Prepared { mut loaded, store, state, journal, mut live, planned, settled, .. } = prepared;
    let mut recorder = Recorder::new(state, store, journal);
    // What the journal had to tell is recorded before anything else is done.
    if !settled.is_empty() {
        let mut notes = Diagnostics::new();
        let stack = loaded.stack(&session.registry);
        let is_finished = repair::finish(stack, &mut recorder, &settled, &mut live, &mut notes).await;
        session.report(&notes);
        if !is_finished {
            session.report(&errored::finish(session, &mut recorder));
            return FAILURE;
        }
    }
    loaded.environment.impure = true;
    loaded.environment.applying = true;
    let events = |event: Event| output::event(&event, way.json);
    let stopped = &interrupt::is_stopped;
    let options = Options { parallelism: way.parallelism, events: &events, stopped, narrow: way.narrow };
    let stack = loaded.stack(&session.registry);
    let Planned { plan, .. } = &planned;
    let mode = plan.mode;
    let (done, mut diagnostics) = apply(stack, &planned, &mut live, &mut recorder, &options).await;
    diagnostics.append(errored::finish(session, &mut recorder));
    let state = recorder.state.clone();
    if way.json {
        output::json_applied(session, done, &diagnostics, &state, mode);
    } else {
        session.report(&diagnostics);
        if !diagnostics.has_errors() {
            output::applied(done, &state, mode);
        }
    }
    if let Some(code) = interrupt::code() {
        return code;
    }
    if diagnostics.has_errors() { FAILURE } else { SUCCESS }
}
