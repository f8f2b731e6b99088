//! A plan as `show --json` prints it: format version 1.2.
//!
//! Sensitive values are not in it, unlike in Terraform's: in the place of each stands `(sensitive value)`, and
//! `…_sensitive` says which they are. So a plan's JSON may go where a plan's text may go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::address::{InstanceAddress, Mode, ModuleInstance, Target, parse_instance, parse_target};
use crate::config::Configuration;
use crate::lang::value::Value;
use crate::plan::model::{Action, CheckResult, CheckStatus, OutputChange, Plan, PlanMode, ResourceChange};
use crate::provider::registry::Registry;
use crate::state::{OutputState, State, TERRAFORM_VERSION, encode_plain};

use super::configuration_json::configuration;
use super::json_value::{after_unknown, known, path, sensitive, unknown};
use super::plan::drifted_in_record;
use super::state_json::{Object, address_members, key_json, root_module, values};

/// What stands for a sensitive value.
pub(super) const MASK: &str = "(sensitive value)";

/// A value without what is sensitive in it. What is null or unknown stays so.
fn masked(value: &Value) -> Value {
    value.clone().transform(&mut |value| {
        if value.is_sensitive() && value.is_known() && !value.is_null() {
            Value::string(MASK).sensitive()
        } else {
            value
        }
    })
}

/// A plan without sensitive values.
fn masked_plan(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    for change in &mut plan.changes {
        for value in [&mut change.before, &mut change.after, &mut change.recorded] {
            *value = masked(value);
        }
    }
    for object in &mut plan.data {
        object.value = masked(&object.value);
    }
    for output in plan.outputs.values_mut() {
        for value in [&mut output.before, &mut output.after] {
            if output.sensitive && value.is_wholly_known() && !value.is_null() {
                *value = value.clone().sensitive();
            }
            *value = masked(value);
        }
    }
    for value in plan.variables.values_mut() {
        *value = masked(value);
    }
    plan
}

/// A plan as JSON. `state` is the state that it was made against, `errored` whether making it ended in an error.
pub fn plan_json(
    plan: &Plan,
    state: &State,
    stack: &Configuration,
    registry: &Registry,
    errored: bool,
) -> Json {
    let plan = &masked_plan(plan);
    let mut members = Map::new();
    members.insert("format_version".into(), json!("1.2"));
    members.insert("terraform_version".into(), json!(TERRAFORM_VERSION));
    let variables: Map<String, Json> = plan
        .variables
        .iter()
        .map(|(name, value)| (name.to_string(), json!({ "value": encode_plain(value) })))
        .collect();
    if !variables.is_empty() {
        members.insert("variables".into(), Json::Object(variables));
    }
    members.insert("planned_values".into(), planned_values(plan, state, registry));
    let drift: Vec<Json> =
        plan.changes.iter().filter(|change| drifted_in_record(change)).map(drift_json).collect();
    insert_list(&mut members, "resource_drift", drift);
    // A refresh only changes the record, and `resource_drift` says how.
    let changes: &[ResourceChange] = if plan.mode == PlanMode::RefreshOnly { &[] } else { &plan.changes };
    insert_list(&mut members, "resource_changes", changes.iter().map(change_json).collect());
    let outputs: Map<String, Json> =
        plan.outputs.iter().map(|(name, output)| (name.to_string(), output_json(output))).collect();
    if !outputs.is_empty() {
        members.insert("output_changes".into(), Json::Object(outputs));
    }
    let prior_outputs = prior_outputs(plan, state);
    if !state.resources.is_empty() || !plan.data.is_empty() || !prior_outputs.is_empty() {
        let prior = json!({
            "format_version": "1.0",
            "terraform_version": TERRAFORM_VERSION,
            "values": values(&prior_outputs, prior_objects(plan, state, registry)),
        });
        members.insert("prior_state".into(), prior);
    }
    members.insert("configuration".into(), configuration(stack, registry));
    insert_list(&mut members, "checks", plan.checks.iter().map(check_json).collect());
    members.insert("timestamp".into(), json!(plan.timestamp));
    members.insert("applyable".into(), json!(!errored && (!plan.is_empty() || records(plan))));
    members.insert("complete".into(), json!(!errored && !plan.targeted));
    members.insert("errored".into(), json!(errored));
    for member in ["planned_values", "resource_drift", "resource_changes", "output_changes"] {
        members.get_mut(member).into_iter().for_each(without_negative_zero);
    }
    Json::Object(members)
}

/// A negative zero is a zero in a plan's JSON, unlike in a state.
fn without_negative_zero(json: &mut Json) {
    match json {
        Json::Number(number) if number.as_str() == "-0" => *json = json!(0),
        Json::Array(items) => items.iter_mut().for_each(without_negative_zero),
        Json::Object(members) => members.values_mut().for_each(without_negative_zero),
        _ => {}
    }
}

/// The outputs as the state has them once it is read anew: what is known of them already is not as it was recorded.
fn prior_outputs(plan: &Plan, state: &State) -> BTreeMap<Arc<str>, OutputState> {
    let mut outputs = state.outputs.clone();
    for (name, change) in plan.outputs.iter().filter(|(_, change)| change.action != Action::Delete) {
        if !change.after.is_wholly_known() {
            continue;
        }
        if change.after.is_null() {
            outputs.remove(name);
            continue;
        }
        let output = OutputState {
            value: change.after.clone(),
            ty: change.after.ty(),
            sensitive: change.recorded_sensitive,
            other: Map::new(),
        };
        outputs.insert(Arc::clone(name), output);
    }
    for output in outputs.values_mut().filter(|output| output.sensitive && !output.value.is_null()) {
        output.value = Value::string(MASK).sensitive();
    }
    outputs
}

/// Whether there is something to be recorded, if nothing else.
fn records(plan: &Plan) -> bool {
    plan.mode == PlanMode::RefreshOnly && plan.changes.iter().any(drifted_in_record)
}

fn insert_list(members: &mut Map<String, Json>, name: &str, list: Vec<Json>) {
    if !list.is_empty() {
        members.insert(name.to_owned(), Json::Array(list));
    }
}

fn planned_object(change: &ResourceChange, value: &Value) -> Object {
    Object {
        address: change.address.clone(),
        provider: change.provider.to_string(),
        schema_version: change.schema_version,
        value: value.clone(),
        depends_on: Vec::new(),
        tainted: false,
        deposed: None,
    }
}

/// Recorded objects that the plan says nothing of. Data sources have been read anew: what the record says of them is
/// past.
fn untouched<'a>(
    plan: &'a Plan,
    state: &'a State,
    registry: &'a Registry,
) -> impl Iterator<Item = Object> + 'a {
    let mut named: BTreeSet<(&InstanceAddress, Option<&str>)> = BTreeSet::new();
    for change in &plan.changes {
        named.insert((&change.address, change.deposed.as_deref()));
        named.extend(change.previous_address.as_ref().map(|previous| (previous, None)));
    }
    state
        .objects()
        .filter(move |(address, deposed, _, _)| {
            // Destroying reads no data.
            let is_past = address.resource.mode == Mode::Data && plan.mode != PlanMode::Destroy;
            !is_past && !named.contains(&(address, *deposed))
        })
        .map(move |(address, deposed, resource, instance)| {
            let object = Object::recorded(address, deposed, resource, instance, registry);
            Object { value: masked(&object.value), ..object }
        })
}

fn planned_values(plan: &Plan, state: &State, registry: &Registry) -> Json {
    let mut members = Map::new();
    let mut outputs = Map::new();
    for (name, output) in plan.outputs.iter().filter(|(_, output)| output.action != Action::Delete) {
        let mut entry = Map::new();
        entry.insert("sensitive".into(), json!(output.sensitive));
        if output.after.is_wholly_known() {
            entry.insert("type".into(), output.after.ty().to_json());
            entry.insert("value".into(), encode_plain(&output.after));
        }
        outputs.insert(name.to_string(), Json::Object(entry));
    }
    if !outputs.is_empty() {
        members.insert("outputs".into(), Json::Object(outputs));
    }
    // A refresh plans no objects, a plan of targets no others.
    let objects = if plan.mode == PlanMode::RefreshOnly {
        Vec::new()
    } else {
        let planned = plan
            .changes
            .iter()
            .filter(|change| change.deposed.is_none())
            .filter(|change| !change.after.is_null() || change.action == Action::Forget)
            .map(|change| planned_object(change, &change.after));
        let rest = untouched(plan, state, registry)
            .filter(|object| object.address.resource.mode == Mode::Managed)
            .filter(|object| object.deposed.is_none() && !plan.targeted);
        planned.chain(rest).collect()
    };
    members.insert("root_module".into(), root_module(objects));
    Json::Object(members)
}

/// The objects as they are before anything is done: as read, or as recorded.
fn prior_objects(plan: &Plan, state: &State, registry: &Registry) -> Vec<Object> {
    let before = plan.changes.iter().filter(|change| !change.before.is_null()).map(|change| {
        let recorded = change.previous_address.as_ref().unwrap_or(&change.address);
        let instance = match &change.deposed {
            None => state.get(recorded).map(|(_, instance)| instance),
            Some(_) => None,
        };
        // What is in the code depends on what the code says, else on what was recorded.
        let in_code = !matches!(change.action, Action::Delete | Action::Forget);
        let depends_on = if in_code {
            change.dependency_names()
        } else {
            instance.map(|instance| instance.dependencies.clone()).unwrap_or_default()
        };
        Object {
            depends_on,
            tainted: instance.is_some_and(|instance| instance.tainted),
            deposed: change.deposed.clone(),
            ..planned_object(change, &change.before)
        }
    });
    let data = plan.data.iter().map(|object| Object {
        address: object.address.clone(),
        provider: object.provider.to_string(),
        schema_version: object.schema_version,
        value: object.value.clone(),
        depends_on: Vec::new(),
        tainted: false,
        deposed: None,
    });
    before.chain(data).chain(untouched(plan, state, registry)).collect()
}

fn head(change: &ResourceChange) -> Map<String, Json> {
    let mut members = Map::new();
    let mut own = address_members(&change.address);
    if let Some(address) = own.remove("address") {
        members.insert("address".into(), address);
    }
    if let Some(previous) = &change.previous_address {
        members.insert("previous_address".into(), json!(previous.to_string()));
    }
    if !change.address.module.is_root() {
        members.insert("module_address".into(), json!(change.address.module.to_string()));
    }
    members.extend(own);
    members.insert("provider_name".into(), json!(&*change.provider));
    if let Some(key) = &change.deposed {
        members.insert("deposed".into(), json!(key));
    }
    members
}

fn sides(actions: &[&str], before: &Value, after: &Value) -> Map<String, Json> {
    let mut members = Map::new();
    members.insert("actions".into(), json!(actions));
    members.insert("before".into(), known(before));
    members.insert("after".into(), known(after));
    members.insert("after_unknown".into(), after_unknown(after));
    members.insert("before_sensitive".into(), sensitive(before));
    members.insert("after_sensitive".into(), sensitive(after));
    members
}

fn change_json(change: &ResourceChange) -> Json {
    let mut members = head(change);
    let mut own = sides(change.action.words(), &change.before, &change.after);
    if !change.replace_paths.is_empty() {
        own.insert("replace_paths".into(), change.replace_paths.iter().map(|steps| path(steps)).collect());
    }
    if let Some(id) = &change.importing {
        own.insert("importing".into(), json!({ "id": id }));
    }
    members.insert("change".into(), Json::Object(own));
    if let Some(reason) = change.reason {
        members.insert("action_reason".into(), json!(reason.word()));
    }
    Json::Object(members)
}

/// From the record to AWS.
fn drift_json(change: &ResourceChange) -> Json {
    let mut members = head(change);
    let actions: &[&str] = if change.before.is_null() { &["delete"] } else { &["update"] };
    members.insert("change".into(), Json::Object(sides(actions, &change.recorded, &change.before)));
    Json::Object(members)
}

fn output_json(output: &OutputChange) -> Json {
    let mut members = Map::new();
    members.insert("actions".into(), json!(output.action.words()));
    members.insert("before".into(), known(&output.before));
    if output.after.is_known() {
        members.insert("after".into(), known(&output.after));
    }
    let not_known = if output.after.is_wholly_known() { json!(false) } else { unknown(&output.after) };
    members.insert("after_unknown".into(), not_known);
    members.insert("before_sensitive".into(), json!(output.sensitive));
    members.insert("after_sensitive".into(), json!(output.sensitive));
    Json::Object(members)
}

fn status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

fn check_json(check: &CheckResult) -> Json {
    let mut address = Map::new();
    address.insert("kind".into(), json!(check.kind));
    let (module, name) = split(check.kind, &check.object);
    match parse_target(&check.object) {
        Some(Target::Resource { resource, .. }) if check.kind == "resource" => {
            address.insert("mode".into(), json!(resource.resource.mode.to_string()));
            address.insert("type".into(), json!(&*resource.resource.ty));
            address.insert("name".into(), json!(&*resource.resource.name));
            let module = resource.module.to_string();
            if !module.is_empty() {
                address.insert("module".into(), json!(module));
            }
        }
        _ => {
            address.insert("name".into(), json!(name));
            if !module.is_empty() {
                address.insert("module".into(), json!(module));
            }
        }
    }
    address.insert("to_display".into(), json!(check.object));
    let instances: Vec<Json> = check
        .instances
        .iter()
        .map(|(instance, own, messages)| {
            let mut address = Map::new();
            address.insert("to_display".into(), json!(instance));
            let parsed = parse_instance(instance).filter(|_| check.kind == "resource");
            let module = match &parsed {
                Some(parsed) => parsed.module.to_string(),
                None => split(check.kind, instance).0.to_owned(),
            };
            if module != ModuleInstance::root().to_string() {
                address.insert("module".into(), json!(module));
            }
            if let Some(key) = parsed.and_then(|parsed| key_json(&parsed.key)) {
                address.insert("instance_key".into(), key);
            }
            let mut members = Map::new();
            members.insert("address".into(), Json::Object(address));
            members.insert("status".into(), json!(status(*own)));
            let problems = messages.iter().map(|message| json!({ "message": message })).collect();
            insert_list(&mut members, "problems", problems);
            Json::Object(members)
        })
        .collect();
    let mut members = Map::new();
    members.insert("address".into(), Json::Object(address));
    members.insert("status".into(), json!(status(check.status)));
    insert_list(&mut members, "instances", instances);
    Json::Object(members)
}

/// The module, empty for the root's, and the name of a check, output or variable: `module.a.check.health`.
fn split<'a>(kind: &str, object: &'a str) -> (&'a str, &'a str) {
    let word = if kind == "output_value" { "output" } else { kind };
    let (before, name) = object.rsplit_once('.').unwrap_or(("", object));
    let module = before.strip_suffix(word).unwrap_or(before);
    (module.strip_suffix('.').unwrap_or(module), name)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::sample::{SECRET, everything};
    use super::*;
    use crate::config::{LoadOptions, load};
    use crate::lang::source::SourceMap;

    fn sample() -> Json {
        let directory =
            PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stacks/checks/02/config");
        let (stack, diagnostics) = load(&LoadOptions { directory, shown: PathBuf::new() }, &SourceMap::new());
        assert!(!diagnostics.has_errors());
        let (mut plan, _) = everything();
        let failed = CheckResult {
            kind: "check",
            object: "check.round_number".into(),
            status: CheckStatus::Fail,
            instances: vec![(
                "check.round_number".into(),
                CheckStatus::Fail,
                vec!["Stock is counted in fives.".into()],
            )],
        };
        let passed = |kind, object: &str, instance: &str| CheckResult {
            kind,
            object: object.into(),
            status: CheckStatus::Pass,
            instances: vec![(instance.into(), CheckStatus::Pass, Vec::new())],
        };
        plan.checks = vec![
            failed,
            passed("var", "module.child.var.age", "module.child.var.age"),
            passed("resource", "terraform_data.a", "terraform_data.a[1]"),
        ];
        plan_json(&plan, &State::new(), &stack, &Registry::new(), false)
    }

    fn change<'a>(plan: &'a Json, address: &str) -> &'a Json {
        plan["resource_changes"].as_array().unwrap().iter().find(|one| one["address"] == address).unwrap()
    }

    // What is in a change of each kind is what Terraform 1.11.4 puts there.
    #[test]
    fn changes_have_their_fields() {
        let plan = sample();
        let replaced = change(&plan, "terraform_data.replaced[0]");
        assert_eq!(replaced["index"], 0);
        assert_eq!(replaced["action_reason"], "replace_because_cannot_update");
        let own = &replaced["change"];
        assert_eq!(own["actions"], json!(["delete", "create"]));
        assert_eq!(own["replace_paths"], json!([["triggers_replace"]]));
        assert_eq!(own["after_unknown"]["id"], true);
        assert!(own["after"].get("id").is_none());
        assert_eq!(own["before_sensitive"], json!({"input": {"password": true}}));
        assert_eq!(own["after_sensitive"], json!({"input": true}));
        let deleted = change(&plan, "terraform_data.old[\"k\"]");
        assert_eq!(deleted["index"], "k");
        assert_eq!(deleted["change"]["after"], Json::Null);
        assert_eq!(deleted["change"]["after_unknown"], json!({}));
        assert_eq!(deleted["change"]["after_sensitive"], false);
        assert_eq!(change(&plan, "terraform_data.new")["previous_address"], "terraform_data.former");
        assert_eq!(change(&plan, "terraform_data.found")["change"]["importing"], json!({"id": "1"}));
        assert_eq!(change(&plan, "module.alb.aws_lb.main")["module_address"], "module.alb");
    }

    #[test]
    fn drift_is_from_the_record_to_aws() {
        let plan = sample();
        let drift = plan["resource_drift"].as_array().unwrap();
        let of = |address: &str| &drift.iter().find(|one| one["address"] == address).unwrap()["change"];
        let main = of("module.alb.aws_lb.main");
        assert_eq!(
            (&main["before"]["idle_timeout"], &main["after"]["idle_timeout"]),
            (&json!(120), &json!(60))
        );
        assert_eq!(of("aws_lb.gone")["actions"], json!(["delete"]));
    }

    #[test]
    fn outputs_and_checks_have_their_fields() {
        let plan = sample();
        assert_eq!(
            plan["output_changes"]["dns"],
            json!({
                "actions": ["create"],
                "before": null,
                "after_unknown": true,
                "before_sensitive": false,
                "after_sensitive": false,
            })
        );
        assert_eq!(plan["planned_values"]["outputs"]["dns"], json!({"sensitive": false}));
        let recorded: Json = serde_json::from_str(
            &std::fs::read_to_string(
                PathBuf::from(env!("CARGO_MANIFEST_DIR"))
                    .join("tests/conformance/stacks/checks/02/plan.json"),
            )
            .unwrap(),
        )
        .unwrap();
        assert_eq!(plan["checks"][0], recorded["checks"][0]);
        assert_eq!(plan["configuration"], recorded["configuration"]);
        assert_eq!(
            plan["checks"][1]["instances"][0]["address"],
            json!({"to_display": "module.child.var.age", "module": "module.child"})
        );
        assert_eq!(
            plan["checks"][2]["instances"][0]["address"],
            json!({"to_display": "terraform_data.a[1]", "instance_key": 1})
        );
        assert_eq!(plan["checks"][2]["address"]["type"], "terraform_data");
    }

    #[test]
    fn sensitive_values_are_not_there_and_are_said_to_be() {
        let plan = sample();
        assert!(!plan.to_string().contains(SECRET));
        assert!(plan.to_string().contains(MASK));
        let own = &change(&plan, "terraform_data.replaced[0]")["change"];
        assert_eq!(own["before"]["input"]["password"], MASK);
        assert_eq!(own["before_sensitive"], json!({"input": {"password": true}}));
    }
}
