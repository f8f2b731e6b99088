//! What is going on: one line for people, one JSON object for programs.
//!
//! The messages and their fields are those of Terraform's machine-readable interface, version 1.2.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use crate::address::{InstanceAddress, InstanceKey, Mode};
use crate::compare::Verdict;
use crate::lang::convert::path_text;
use crate::lang::diagnostic::{Diagnostic, Severity};
use crate::lang::source::SourceMap;
use crate::plan::model::{Action, AttributeVerdict, Counts, Plan, ResourceChange};
use crate::provider::registry::provider_name;
use crate::state::{OutputState, encode_plain};

use super::diagnostic::diagnostic_json;
use super::plan::drifted_in_record;
use super::summary::DriftCounts;

/// Version of the messages.
const UI_VERSION: &str = "1.2";

/// What is done to an object while it is refreshed or a plan is carried out. A replacement is a deletion and a
/// creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Refresh,
    Read,
    Create,
    Update,
    Delete,
}

impl Operation {
    fn word(self) -> &'static str {
        match self {
            Operation::Refresh => "refresh",
            Operation::Read => "read",
            Operation::Create => "create",
            Operation::Update => "update",
            Operation::Delete => "delete",
        }
    }

    fn begins(self) -> &'static str {
        match self {
            Operation::Refresh => "Refreshing state...",
            Operation::Read => "Reading...",
            Operation::Create => "Creating...",
            Operation::Update => "Modifying...",
            Operation::Delete => "Destroying...",
        }
    }

    fn goes_on(self) -> &'static str {
        match self {
            Operation::Refresh => "Still refreshing...",
            Operation::Read => "Still reading...",
            Operation::Create => "Still creating...",
            Operation::Update => "Still modifying...",
            Operation::Delete => "Still destroying...",
        }
    }

    fn noun(self) -> &'static str {
        match self {
            Operation::Refresh => "Refresh",
            Operation::Read => "Read",
            Operation::Create => "Creation",
            Operation::Update => "Modifications",
            Operation::Delete => "Destruction",
        }
    }
}

/// A step of the work on one object. `id` is the object's, where it has one already and it is not sensitive.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    Start { id: Option<&'a str> },
    Progress { id: Option<&'a str>, elapsed: Duration },
    Complete { id: Option<&'a str>, elapsed: Duration },
    Errored { elapsed: Duration },
}

/// `12s`, `1m5s`, `2h0m3s`
pub fn elapsed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A step as a line for people, without a line end: `aws_lb.main: Creation complete after 2s [id=…]`.
pub fn step(address: &InstanceAddress, operation: Operation, step: Step<'_>) -> String {
    let id = |id: Option<&str>| id.map(|id| format!(" [id={id}]")).unwrap_or_default();
    match step {
        Step::Start { id: own } => format!("{address}: {}{}", operation.begins(), id(own)),
        Step::Progress { id: own, elapsed: after } => {
            let own = own.map(|own| format!("id={own}, ")).unwrap_or_default();
            format!("{address}: {} [{own}{} elapsed]", operation.goes_on(), elapsed(after))
        }
        Step::Complete { id: own, elapsed: after } => match operation {
            Operation::Refresh => format!("{address}: Refresh complete{}", id(own)),
            // What is destroyed has no id any more.
            Operation::Delete => format!("{address}: Destruction complete after {}", elapsed(after)),
            _ => format!("{address}: {} complete after {}{}", operation.noun(), elapsed(after), id(own)),
        },
        Step::Errored { elapsed: after } => {
            format!("{address}: {} errored after {}", operation.noun(), elapsed(after))
        }
    }
}

/// One JSON message. `timestamp` is RFC 3339 and the time at which it is printed.
pub(super) fn message(level: &str, text: &str, kind: &str, timestamp: &str) -> Json {
    json!({
        "@level": level,
        "@message": text,
        "@module": "recon.ui",
        "@timestamp": timestamp,
        "type": kind,
    })
}

pub(super) fn resource(address: &InstanceAddress) -> Json {
    let absolute = InstanceAddress {
        module: crate::address::ModuleInstance::root(),
        resource: address.resource.clone(),
        key: address.key.clone(),
    };
    let key = match &address.key {
        InstanceKey::None => Json::Null,
        InstanceKey::Index(index) => json!(index),
        InstanceKey::Key(key) => json!(&**key),
    };
    json!({
        "addr": address.to_string(),
        "module": address.module.to_string(),
        "resource": absolute.to_string(),
        "implied_provider": provider_name(&address.resource.ty),
        "resource_type": &*address.resource.ty,
        "resource_name": &*address.resource.name,
        "resource_key": key,
    })
}

/// The first message: `version`.
pub fn version_json(version: &str, timestamp: &str) -> Json {
    let mut json = message("info", &format!("recon {version}"), "version", timestamp);
    json["recon"] = json!(version);
    json["ui"] = json!(UI_VERSION);
    json
}

/// A step as a message: `refresh_start`, `refresh_complete`, `apply_start`, `apply_progress`, `apply_complete`,
/// `apply_errored`.
pub fn step_json(address: &InstanceAddress, operation: Operation, step: Step<'_>, timestamp: &str) -> Json {
    let (kind, id, after) = match step {
        Step::Start { id } => ("start", id, None),
        Step::Progress { id, elapsed } => ("progress", id, Some(elapsed)),
        Step::Complete { id, elapsed } => ("complete", id, Some(elapsed)),
        Step::Errored { elapsed } => ("errored", None, Some(elapsed)),
    };
    let refresh = operation == Operation::Refresh;
    let family = if refresh { "refresh" } else { "apply" };
    let level = if kind == "errored" { "error" } else { "info" };
    let mut json =
        message(level, &self::step(address, operation, step), &format!("{family}_{kind}"), timestamp);
    let mut hook = json!({ "resource": resource(address) });
    if !refresh {
        hook["action"] = json!(operation.word());
    }
    if let Some(id) = id.filter(|_| !(operation == Operation::Delete && kind == "complete")) {
        hook["id_key"] = json!("id");
        hook["id_value"] = json!(id);
    }
    if let Some(after) = after.filter(|_| !refresh) {
        hook["elapsed_seconds"] = json!(after.as_secs());
    }
    json["hook"] = hook;
    json
}

pub(super) fn word(action: Action) -> &'static str {
    match action {
        Action::NoOp => "noop",
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "update",
        Action::Delete => "delete",
        Action::Forget => "remove",
        Action::DeleteThenCreate | Action::CreateThenDelete => "replace",
    }
}

/// The messages about a plan: `resource_drift`, `not_compared` and `planned_change` of each object, `change_summary`, `outputs`. Beside
/// what Terraform says, a change names the attributes that are not in sync, each with its verdict, and what it is a
/// consequence of; the summary counts drift and pending changes apart.
pub fn plan_json_lines(plan: &Plan, timestamp: &str) -> Vec<Json> {
    let mut lines = Vec::new();
    let change_json = |change: &ResourceChange, action: &str| {
        let mut json = json!({ "resource": resource(&change.address), "action": action });
        if let Some(previous) = &change.previous_address {
            json["previous_resource"] = resource(previous);
        }
        if let Some(reason) = change.reason {
            json["reason"] = json!(match reason.word() {
                "replace_because_tainted" => "tainted",
                "replace_because_cannot_update" => "cannot_update",
                "replace_by_request" => "requested",
                other => other,
            });
        }
        if let Some(id) = &change.importing {
            json["importing"] = json!({ "id": id });
        }
        json["verdict"] = json!(change.verdict.to_string());
        if let Some(other) = &change.consequence_of {
            json["consequence_of"] = json!(other);
        }
        if !change.attributes.is_empty() {
            json["attributes"] = change.attributes.iter().map(attribute_json).collect();
        }
        json
    };
    // What AWS decides may have moved on since it was recorded; that is nobody's doing.
    let drifted = |change: &&ResourceChange| drifted_in_record(change) && change.verdict != Verdict::InSync;
    for change in plan.changes.iter().filter(drifted) {
        let action = if change.before.is_null() { "delete" } else { "update" };
        let text = format!("{}: Drift detected ({action})", change.address);
        let mut json = message("info", &text, "resource_drift", timestamp);
        json["change"] = change_json(change, action);
        lines.push(json);
    }
    for left in &plan.not_compared {
        let text = format!("{}: Not compared: {}", left.address, left.why);
        let mut json = message("info", &text, "not_compared", timestamp);
        json["object"] = json!({ "resource": resource(&left.address), "reason": left.why.to_string() });
        if let Some(key) = &left.deposed {
            json["object"]["deposed"] = json!(key);
        }
        lines.push(json);
    }
    for change in &plan.changes {
        let action = match change.action {
            Action::NoOp if change.importing.is_some() => "import",
            Action::NoOp if change.previous_address.is_some() => "move",
            Action::NoOp => continue,
            action => word(action),
        };
        let text = format!("{}: Plan to {action}", change.address);
        let mut json = message("info", &text, "planned_change", timestamp);
        json["change"] = change_json(change, action);
        lines.push(json);
    }
    let mut summary = summary_json(&plan.counts(), "plan", &super::plan::counts_line(plan), timestamp);
    let drift = DriftCounts::of(plan);
    summary["drift"] = json!({
        "drifted": drift.drifted,
        "conflicted": drift.conflicted,
        "missing": drift.missing,
        "unreadable": drift.unreadable,
    });
    if !plan.not_compared.is_empty() {
        summary["not_compared"] = json!(plan.not_compared.len());
    }
    summary["pending"] = json!(drift.pending);
    lines.push(summary);
    if !plan.outputs.is_empty() {
        let mut json = message("info", &format!("Outputs: {}", plan.outputs.len()), "outputs", timestamp);
        json["outputs"] = plan
            .outputs
            .iter()
            .map(|(name, output)| {
                let entry = json!({ "sensitive": output.sensitive, "action": word(output.action) });
                (name.to_string(), entry)
            })
            .collect::<serde_json::Map<_, _>>()
            .into();
        lines.push(json);
    }
    lines
}

/// `{"path": "health_check[0].path", "verdict": "drifted"}`, without the values, and `"consequence": true` where it
/// follows from other changes.
fn attribute_json(attribute: &AttributeVerdict) -> Json {
    let path = path_text(&attribute.path);
    let mut json = json!({ "path": path.trim_start_matches('.'), "verdict": attribute.verdict.to_string() });
    if attribute.consequence {
        json["consequence"] = json!(true);
    }
    json
}

fn summary_json(counts: &Counts, operation: &str, text: &str, timestamp: &str) -> Json {
    let mut json = message("info", text, "change_summary", timestamp);
    json["changes"] = json!({
        "add": counts.add,
        "change": counts.change,
        "import": counts.import,
        "remove": counts.destroy,
        "operation": operation,
    });
    if counts.forget > 0 {
        json["changes"]["forget"] = json!(counts.forget);
    }
    json
}

/// The last line of an apply: `Apply complete! Resources: 1 added, 0 changed, 0 destroyed.`
pub fn applied(counts: &Counts, destroy: bool) -> String {
    if destroy {
        return format!("Destroy complete! Resources: {} destroyed.", counts.destroy);
    }
    let import = if counts.import > 0 { format!("{} imported, ", counts.import) } else { String::new() };
    let forget = if counts.forget > 0 { format!(", {} forgotten", counts.forget) } else { String::new() };
    format!(
        "Apply complete! Resources: {import}{} added, {} changed, {} destroyed{forget}.",
        counts.add, counts.change, counts.destroy
    )
}

/// What was done, as the `change_summary` of an apply or destroy.
pub fn applied_json(counts: &Counts, destroy: bool, timestamp: &str) -> Json {
    let operation = if destroy { "destroy" } else { "apply" };
    summary_json(counts, operation, &applied(counts, destroy), timestamp)
}

/// The outputs after an apply. Sensitive ones have no value.
pub fn outputs_message(outputs: &BTreeMap<Arc<str>, OutputState>, timestamp: &str) -> Json {
    let mut json = message("info", &format!("Outputs: {}", outputs.len()), "outputs", timestamp);
    json["outputs"] = outputs
        .iter()
        .map(|(name, output)| {
            let mut entry = json!({ "sensitive": output.sensitive, "type": output.ty.to_json() });
            if !output.sensitive && !output.value.has_sensitive() {
                entry["value"] = encode_plain(&output.value);
            }
            (name.to_string(), entry)
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    json
}

/// A diagnostic as a message.
pub fn diagnostic_message(diagnostic: &Diagnostic, sources: &SourceMap, timestamp: &str) -> Json {
    let (level, word) = match diagnostic.severity {
        Severity::Error => ("error", "Error"),
        Severity::Warning => ("warn", "Warning"),
    };
    let mut json = message(level, &format!("{word}: {}", diagnostic.summary), "diagnostic", timestamp);
    json["diagnostic"] = diagnostic_json(diagnostic, sources);
    json
}

/// Whether steps on an object are told: data sources that are read along are not.
pub fn is_told(address: &InstanceAddress) -> bool {
    address.resource.mode == Mode::Managed
}

#[cfg(test)]
mod tests {
    use super::super::sample::{SECRET, everything};
    use super::*;
    use crate::address::parse_instance;
    use crate::lang::value::Value;

    // The lines are what Terraform 1.11.4 prints.
    #[test]
    fn steps_read_as_terraforms() {
        let address = parse_instance("aws_lb.main").unwrap();
        let second = Duration::from_secs;
        let id = Some("x");
        for (operation, given, expected) in [
            (Operation::Create, Step::Start { id: None }, "aws_lb.main: Creating..."),
            (Operation::Update, Step::Start { id }, "aws_lb.main: Modifying... [id=x]"),
            (
                Operation::Create,
                Step::Complete { id, elapsed: second(2) },
                "aws_lb.main: Creation complete after 2s [id=x]",
            ),
            (
                Operation::Delete,
                Step::Complete { id, elapsed: second(65) },
                "aws_lb.main: Destruction complete after 1m5s",
            ),
            (
                Operation::Delete,
                Step::Progress { id, elapsed: second(10) },
                "aws_lb.main: Still destroying... [id=x, 10s elapsed]",
            ),
            (
                Operation::Create,
                Step::Progress { id: None, elapsed: second(3600) },
                "aws_lb.main: Still creating... [1h0m0s elapsed]",
            ),
        ] {
            assert_eq!(step(&address, operation, given), expected);
        }
    }

    // The message, but for module and time, is what `terraform apply -json` of 1.11.4 printed.
    #[test]
    fn a_completed_creation_as_json() {
        let address = parse_instance("terraform_data.a").unwrap();
        let elapsed = Duration::ZERO;
        let json = step_json(&address, Operation::Create, Step::Complete { id: Some("643e"), elapsed }, "T");
        let expected = json!({
            "@level": "info",
            "@message": "terraform_data.a: Creation complete after 0s [id=643e]",
            "@module": "recon.ui",
            "@timestamp": "T",
            "hook": {
                "resource": {
                    "addr": "terraform_data.a",
                    "module": "",
                    "resource": "terraform_data.a",
                    "implied_provider": "terraform",
                    "resource_type": "terraform_data",
                    "resource_name": "a",
                    "resource_key": null,
                },
                "action": "create",
                "id_key": "id",
                "id_value": "643e",
                "elapsed_seconds": 0,
            },
            "type": "apply_complete",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_plan_counts_drift_and_pending_apart() {
        let (plan, _) = everything();
        let lines = plan_json_lines(&plan, "T");
        let summary = lines.iter().find(|line| line["type"] == "change_summary").unwrap();
        assert_eq!(summary["changes"]["add"], 3);
        assert_eq!(summary["drift"], json!({"drifted": 1, "conflicted": 1, "missing": 2, "unreadable": 1}));
        assert_eq!(summary["pending"], 1);
        assert_eq!(lines.iter().filter(|line| line["type"] == "resource_drift").count(), 3);
        assert!(!Json::Array(lines).to_string().contains(SECRET));
    }

    #[test]
    fn sensitive_outputs_have_no_value() {
        let secret = Value::string(SECRET);
        let output =
            OutputState { ty: secret.ty(), value: secret, sensitive: true, other: serde_json::Map::new() };
        let json = outputs_message(&BTreeMap::from([("s".into(), output)]), "T");
        assert_eq!(json["outputs"], json!({"s": {"sensitive": true, "type": "string"}}));
    }
}
