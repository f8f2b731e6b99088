//! What diff, apply and destroy say while they work and when they are done.

use std::io::Write;

use serde_json::Value as Json;

use crate::apply::{Done, Event};
use crate::lang::diagnostic::Diagnostics;
use crate::plan::Counts;
use crate::plan::model::{Action, Plan, PlanMode};
use crate::render::progress::{self, Operation, Step};
use crate::render::value;
use crate::state::State;

use super::session::Session;

/// The time, as messages have it.
pub fn now() -> String {
    jiff::Timestamp::now().to_string()
}

/// One line to the standard output. A reader that has gone is no reason to stop in the middle of an apply.
fn line(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// JSON lines.
pub fn lines(all: impl IntoIterator<Item = Json>) {
    all.into_iter().for_each(line);
}

fn operation(action: Action) -> Operation {
    match action {
        Action::Update => Operation::Update,
        Action::Delete | Action::Forget => Operation::Delete,
        Action::Read | Action::NoOp => Operation::Read,
        Action::Create | Action::DeleteThenCreate | Action::CreateThenDelete => Operation::Create,
    }
}

/// One line about an action.
pub fn event(event: &Event, json: bool) {
    let (address, action, step) = match event {
        Event::Started { address, action, id } => (address, action, Step::Start { id: id.as_deref() }),
        Event::Going { address, action, elapsed } => {
            (address, action, Step::Progress { id: None, elapsed: *elapsed })
        }
        Event::Completed { address, action, id, elapsed } => {
            (address, action, Step::Complete { id: id.as_deref(), elapsed: *elapsed })
        }
        Event::Failed { address, action, elapsed } => (address, action, Step::Errored { elapsed: *elapsed }),
    };
    if json {
        line(progress::step_json(address, operation(*action), step, &now()));
    } else {
        line(progress::step(address, operation(*action), step));
    }
}

/// Diagnostics as JSON lines.
pub fn json_diagnostics(session: &Session, diagnostics: &Diagnostics) {
    lines(
        diagnostics
            .iter()
            .map(|diagnostic| progress::diagnostic_message(diagnostic, &session.sources, &now())),
    );
}

/// A plan as JSON lines: what drifted, what is to change, and the numbers.
pub fn json_plan(session: &Session, plan: &Plan, diagnostics: &Diagnostics) {
    line(progress::version_json(env!("CARGO_PKG_VERSION"), &now()));
    json_diagnostics(session, diagnostics);
    lines(progress::plan_json_lines(plan, &now()));
}

fn counts(done: Done) -> Counts {
    Counts {
        import: done.imported,
        add: done.added,
        change: done.changed,
        destroy: done.destroyed,
        forget: 0,
    }
}

/// The end of an apply as JSON lines.
pub fn json_applied(session: &Session, done: Done, diagnostics: &Diagnostics, state: &State, mode: PlanMode) {
    json_diagnostics(session, diagnostics);
    let destroy = mode == PlanMode::Destroy;
    if !diagnostics.has_errors() {
        line(progress::applied_json(&counts(done), destroy, &now()));
    }
    if !destroy {
        line(progress::outputs_message(&state.outputs, &now()));
    }
}

/// The end of an apply, for people.
pub fn applied(done: Done, state: &State, mode: PlanMode) {
    let destroy = mode == PlanMode::Destroy;
    line(format_args!("\n{}", progress::applied(&counts(done), destroy)));
    if !destroy && !state.outputs.is_empty() {
        line(format_args!("\nOutputs:\n\n{}", value::outputs(&state.outputs)));
    }
}
