//! What diff, apply and destroy say while they work and when they are done.

use serde_json::json;

use crate::apply::{Done, Event};
use crate::lang::diagnostic::{Diagnostics, Severity};
use crate::plan::model::{Action, Plan, PlanMode};
use crate::state::State;

use super::session::Session;

fn verb(action: Action) -> (&'static str, &'static str) {
    match action {
        Action::Create | Action::DeleteThenCreate | Action::CreateThenDelete => ("Creating", "Creation"),
        Action::Update => ("Modifying", "Modifications"),
        Action::Delete => ("Destroying", "Destruction"),
        Action::Read => ("Reading", "Read"),
        Action::Forget | Action::NoOp => ("Forgetting", "Removal"),
    }
}

fn json_action(action: Action) -> &'static str {
    match action {
        Action::Create | Action::DeleteThenCreate | Action::CreateThenDelete => "create",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Read => "read",
        Action::Forget => "remove",
        Action::NoOp => "noop",
    }
}

/// One line about an action.
pub fn event(event: &Event, json: bool) {
    if json {
        return json_event(event);
    }
    match event {
        Event::Started { address, action, id } => {
            let id = id.as_ref().map(|id| format!(" [id={id}]")).unwrap_or_default();
            println!("{address}: {}...{id}", verb(*action).0);
        }
        Event::Going { address, action, elapsed } => {
            println!(
                "{address}: Still {}... [{}s elapsed]",
                verb(*action).0.to_lowercase(),
                elapsed.as_secs()
            );
        }
        Event::Completed { address, action, id, elapsed } => {
            let id = id.as_ref().filter(|_| *action != Action::Delete);
            let id = id.map(|id| format!(" [id={id}]")).unwrap_or_default();
            println!("{address}: {} complete after {}s{id}", verb(*action).1, elapsed.as_secs());
        }
        Event::Failed { address, action, elapsed } => {
            println!("{address}: {} failed after {}s", verb(*action).1, elapsed.as_secs());
        }
    }
}

fn line(kind: &str, message: String, level: &str, more: serde_json::Value) {
    let mut members = serde_json::Map::new();
    members.insert("@level".into(), json!(level));
    members.insert("@message".into(), json!(message));
    members.insert("@module".into(), json!("recon.ui"));
    members.insert("@timestamp".into(), json!(jiff::Timestamp::now().to_string()));
    if let serde_json::Value::Object(more) = more {
        members.extend(more);
    }
    members.insert("type".into(), json!(kind));
    println!("{}", serde_json::Value::Object(members));
}

fn hook(address: &str, action: Action, id: Option<&str>, elapsed: Option<u64>) -> serde_json::Value {
    let mut hook = json!({"resource": {"addr": address}, "action": json_action(action)});
    if let Some(id) = id {
        hook["id_key"] = json!("id");
        hook["id_value"] = json!(id);
    }
    if let Some(elapsed) = elapsed {
        hook["elapsed_seconds"] = json!(elapsed);
    }
    json!({"hook": hook})
}

fn json_event(event: &Event) {
    match event {
        Event::Started { address, action, id } => {
            line(
                "apply_start",
                format!("{address}: {}...", verb(*action).0),
                "info",
                hook(address, *action, id.as_deref(), None),
            );
        }
        Event::Going { address, action, elapsed } => {
            let message = format!(
                "{address}: Still {}... [{}s elapsed]",
                verb(*action).0.to_lowercase(),
                elapsed.as_secs()
            );
            line("apply_progress", message, "info", hook(address, *action, None, Some(elapsed.as_secs())));
        }
        Event::Completed { address, action, id, elapsed } => {
            let message = format!("{address}: {} complete after {}s", verb(*action).1, elapsed.as_secs());
            line(
                "apply_complete",
                message,
                "info",
                hook(address, *action, id.as_deref(), Some(elapsed.as_secs())),
            );
        }
        Event::Failed { address, action, elapsed } => {
            let message = format!("{address}: {} errored after {}s", verb(*action).1, elapsed.as_secs());
            line("apply_errored", message, "info", hook(address, *action, None, Some(elapsed.as_secs())));
        }
    }
}

/// Diagnostics as JSON lines.
pub fn json_diagnostics(session: &Session, diagnostics: &Diagnostics) {
    for diagnostic in diagnostics.iter() {
        let (word, level) = match diagnostic.severity {
            Severity::Error => ("Error", "error"),
            Severity::Warning => ("Warning", "warn"),
        };
        let detail = crate::render::diagnostic::diagnostic_json(diagnostic, &session.sources);
        line("diagnostic", format!("{word}: {}", diagnostic.summary), level, json!({"diagnostic": detail}));
    }
}

/// A plan as JSON lines: what drifted, what is to change, and the numbers.
pub fn json_plan(session: &Session, plan: &Plan, diagnostics: &Diagnostics) {
    let version = env!("CARGO_PKG_VERSION");
    line("version", format!("recon {version}"), "info", json!({"recon": version, "ui": "1.2"}));
    json_diagnostics(session, diagnostics);
    for change in &plan.changes {
        let drifted = matches!(
            change.verdict,
            crate::compare::Verdict::Drifted
                | crate::compare::Verdict::Missing
                | crate::compare::Verdict::Conflicted
        );
        let resource = json!({
            "addr": change.address.to_string(),
            "module": change.address.module.to_string(),
            "resource_type": &*change.address.resource.ty,
            "resource_name": &*change.address.resource.name,
        });
        if drifted {
            let action = if change.verdict == crate::compare::Verdict::Missing { "delete" } else { "update" };
            let message = format!("{}: Drift detected ({})", change.address, change.verdict);
            line(
                "resource_drift",
                message,
                "info",
                json!({"change": {"resource": resource, "action": action, "verdict": change.verdict.to_string()}}),
            );
        }
        if change.action != Action::NoOp {
            let word = if change.action.is_replace() { "replace" } else { json_action(change.action) };
            let message = format!("{}: Plan to {word}", change.address);
            line(
                "planned_change",
                message,
                "info",
                json!({"change": {"resource": resource, "action": word}}),
            );
        }
    }
    let counts = plan.counts();
    let drifted = plan
        .changes
        .iter()
        .filter(|change| {
            matches!(
                change.verdict,
                crate::compare::Verdict::Drifted
                    | crate::compare::Verdict::Missing
                    | crate::compare::Verdict::Conflicted
            )
        })
        .count();
    let message =
        format!("Plan: {} to add, {} to change, {} to destroy.", counts.add, counts.change, counts.destroy);
    line(
        "change_summary",
        message,
        "info",
        json!({"changes": {"add": counts.add, "change": counts.change, "import": counts.import,
               "remove": counts.destroy, "drifted": drifted, "operation": "plan"}}),
    );
}

/// The end of an apply as JSON lines.
pub fn json_applied(session: &Session, done: Done, diagnostics: &Diagnostics, state: &State, mode: PlanMode) {
    json_diagnostics(session, diagnostics);
    let operation = if mode == PlanMode::Destroy { "destroy" } else { "apply" };
    let message = summary(done, mode);
    line(
        "change_summary",
        message,
        "info",
        json!({"changes": {"add": done.added, "change": done.changed, "import": done.imported,
               "remove": done.destroyed, "operation": operation}}),
    );
    if mode != PlanMode::Destroy {
        let outputs = crate::render::value::outputs_json(&state.outputs);
        let count = outputs.as_object().map_or(0, serde_json::Map::len);
        line("outputs", format!("Outputs: {count}"), "info", json!({"outputs": outputs}));
    }
}

fn summary(done: Done, mode: PlanMode) -> String {
    if mode == PlanMode::Destroy {
        return format!("Destroy complete! Resources: {} destroyed.", done.destroyed);
    }
    format!(
        "Apply complete! Resources: {} added, {} changed, {} destroyed.",
        done.added, done.changed, done.destroyed
    )
}

/// The end of an apply, for people.
pub fn applied(done: Done, state: &State, mode: PlanMode) {
    println!("\n{}", summary(done, mode));
    if mode != PlanMode::Destroy && !state.outputs.is_empty() {
        println!("\nOutputs:\n\n{}", crate::render::value::outputs(&state.outputs));
    }
}
