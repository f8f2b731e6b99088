//! What the schema cannot say about changes to a table.

use std::collections::BTreeSet;

use super::schema::{CAPACITIES, PAY_PER_REQUEST, PROVISIONED, SCHEMA};
use crate::compare::object::changed_paths;
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::Change;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;

pub(super) fn plan(change: &mut Change<'_>) {
    stream(change);
    encryption(change);
    recovery(change);
    switched_off(change);
    fixed_parts(change);
    let Some(mode) = change.planned.text("billing_mode").map(str::to_owned) else { return };
    capacities(change, &mode);
    indexes(change, &mode);
}

/// Whether the code leaves an argument out, or says it is zero.
fn is_silent(config: &Value, name: &str) -> bool {
    let value = config.as_entries().and_then(|entries| entries.get(name));
    value.is_none_or(|value| value.is_null() || value.as_i64() == Some(0) || value.as_str() == Some(""))
}

fn unknown(change: &mut Change<'_>, name: &str, ty: Type) {
    change.planned = change.planned.with(name, Value::unknown(ty));
}

/// Every stream that is made has a label of its own.
fn stream(change: &mut Change<'_>) {
    let Some(prior) = change.prior else { return };
    let is_other = ["stream_enabled", "stream_view_type"]
        .iter()
        .any(|name| !blocks::same_attribute(&SCHEMA.block, name, prior, &change.planned));
    if is_other && change.planned.boolean("stream_enabled") != Some(false) {
        unknown(change, "stream_arn", Type::String);
        unknown(change, "stream_label", Type::String);
    }
}

/// A key that the code does not name is AWS's choice when encryption is switched.
fn encryption(change: &mut Change<'_>) {
    settle_block(change, "server_side_encryption", "kms_key_arn", Type::String);
}

/// As are the days to which a table can be brought back.
fn recovery(change: &mut Change<'_>) {
    settle_block(change, "point_in_time_recovery", "recovery_period_in_days", Type::Number);
}

/// What is off and stays off is no change, whatever else the block says.
fn switched_off(change: &mut Change<'_>) {
    let Some(prior) = change.prior else { return };
    let is_on = |object: &Value, kind: &str| object.block(kind).and_then(|block| block.boolean("enabled"));
    for kind in ["server_side_encryption", "ttl"] {
        if is_on(&change.planned, kind) == Some(false)
            && is_on(prior, kind) != Some(true)
            && let Some(block) = prior.get(kind)
        {
            change.planned = change.planned.with(kind, block);
        }
    }
}

/// What DynamoDB takes once and never again: the type of a key, and the shape of a local index. As in the provider, the
/// code's word counts where the table is made, and where the index gets another name.
fn fixed_parts(change: &mut Change<'_>) {
    const INDEX: &str = "local_secondary_index";
    const ATTRIBUTE: &str = "attribute";
    let Some(prior) = change.prior else { return };
    let keys = kept_keys(prior, &change.planned);
    let is_key = |part: &Value| part.text("name").is_some_and(|name| keys.contains(name));
    for kind in [INDEX, ATTRIBUTE] {
        let is_fixed = |part: &Value| kind == INDEX || is_key(part);
        let Some(planned) = change.planned.known(kind).and_then(Value::as_elements) else { continue };
        let block = blocks::inner(&SCHEMA.block, kind);
        let mut kept = Vec::new();
        let settled = planned
            .iter()
            .map(|part| {
                let name = part.text("name");
                let before = prior.blocks(kind).iter().find(|before| before.text("name") == name);
                match (name, before) {
                    (Some(name), Some(before)) if is_fixed(part) => {
                        if !changed_paths(block, before, part).is_empty() {
                            kept.push(name.to_owned());
                        }
                        before.clone()
                    }
                    _ => part.clone(),
                }
            })
            .collect();
        let settled = blocks::holding(&SCHEMA.block, kind, settled);
        change.planned = change.planned.with(kind, settled);
        for name in kept {
            let what = if kind == INDEX { "local index" } else { "type of the key" };
            change.problems.warning(
                vec![PathStep::Attribute(kind.into())],
                "DynamoDB cannot change this",
                format!(
                    "The {what} \"{name}\" stays as it is, since only a new table can have another one. Plan with \
                     --replace to make the table anew, which loses its items."
                ),
            );
        }
    }
}

/// The attributes that are keys before and after: of the table, and of indexes that stay.
fn kept_keys(prior: &Value, planned: &Value) -> BTreeSet<String> {
    let keys = |object: &Value| {
        let own = ["hash_key", "range_key"].map(|name| object.text(name).unwrap_or_default().to_owned());
        let mut keys: BTreeSet<(String, String)> = own.into_iter().map(|key| (String::new(), key)).collect();
        for kind in ["global_secondary_index", "local_secondary_index"] {
            for index in object.blocks(kind) {
                let text = |name: &str| index.text(name).unwrap_or_default().to_owned();
                keys.extend(
                    ["hash_key", "range_key"].map(|key| (format!("{kind} {}", text("name")), text(key))),
                );
            }
        }
        keys
    };
    keys(prior).intersection(&keys(planned)).map(|(_, key)| key.clone()).collect()
}

fn settle_block(change: &mut Change<'_>, kind: &str, name: &str, ty: Type) {
    let Some(config) = change.config.block(kind) else { return };
    let was = change.prior.and_then(|prior| prior.block(kind)).and_then(|block| block.boolean("enabled"));
    let is_same = change.prior.is_some() && was == config.boolean("enabled");
    if is_same || !is_silent(config, name) {
        return;
    }
    if let Some(block) = change.planned.block(kind) {
        let block = block.with(name, Value::unknown(ty));
        change.planned = change.planned.with(kind, blocks::holding(&SCHEMA.block, kind, vec![block]));
    }
}

fn previous_mode<'a>(change: &'a Change<'_>) -> Option<&'a str> {
    change.prior.map(|prior| prior.text("billing_mode").unwrap_or(PROVISIONED))
}

fn capacities(change: &mut Change<'_>, mode: &str) {
    let is_switched = previous_mode(change).is_some_and(|previous| previous != mode);
    for name in CAPACITIES {
        if !change.config.as_entries().and_then(|entries| entries.get(name)).is_none_or(Value::is_known) {
            continue;
        }
        let path = vec![PathStep::Attribute(name.into())];
        let is_silent = is_silent(change.config, name);
        let has_own = change.prior.and_then(|prior| prior.integer(name)).is_some_and(|units| units > 0);
        match mode {
            PROVISIONED if is_silent && (!has_own || is_switched) => change.problems.error(
                path,
                "Missing capacity",
                format!("{name} must be at least 1 when billing_mode is \"PROVISIONED\"."),
            ),
            PROVISIONED if change.config.integer(name).is_some_and(|units| units < 1) => {
                let detail = format!("{name} must be at least 1 when billing_mode is \"PROVISIONED\".");
                change.problems.error(path, "Invalid capacity", detail);
            }
            PAY_PER_REQUEST if !is_silent => change.problems.error(
                path,
                "Capacity of an on-demand table",
                format!("{name} can not be set when billing_mode is \"PAY_PER_REQUEST\": remove it."),
            ),
            PAY_PER_REQUEST if is_switched => unknown(change, name, Type::Number),
            _ => {}
        }
    }
}

/// An index that stays keeps the capacities that the code does not say, whatever else changes of it. A new one must
/// have them, on a provisioned table.
fn indexes(change: &mut Change<'_>, mode: &str) {
    const KIND: &str = "global_secondary_index";
    let is_switched = previous_mode(change).is_some_and(|previous| previous != mode);
    let Some(planned) = change.planned.known(KIND).and_then(Value::as_elements) else { return };
    let named = |object: Option<&Value>, name: &str| -> Option<Value> {
        object?.blocks(KIND).iter().find(|index| index.text("name") == Some(name)).cloned()
    };
    let mut settled = Vec::with_capacity(planned.len());
    let mut wrong = Vec::new();
    for index in planned {
        let mut index = index.clone();
        let name = index.text("name").unwrap_or_default().to_owned();
        let config = named(Some(change.config), &name);
        let prior = named(change.prior, &name);
        for capacity in CAPACITIES {
            let Some(config) = &config else { continue };
            if !is_silent(config, capacity) {
                if mode == PAY_PER_REQUEST && config.known(capacity).is_some() {
                    wrong.push(format!("{capacity} of index \"{name}\" can not be set when billing_mode is \"PAY_PER_REQUEST\": remove it."));
                }
                continue;
            }
            let kept = prior.as_ref().and_then(|prior| prior.integer(capacity)).filter(|_| !is_switched);
            let is_open = index.get(capacity).is_some_and(|value| matches!(value.kind, Kind::Unknown(..)));
            match kept {
                Some(units) if is_open => index = index.with(capacity, Value::number(units)),
                Some(_) => {}
                None if mode == PROVISIONED => wrong.push(format!(
                    "{capacity} of index \"{name}\" must be at least 1 when billing_mode is \"PROVISIONED\"."
                )),
                None => index = index.with(capacity, Value::unknown(Type::Number)),
            }
        }
        settled.push(index);
    }
    change.planned = change.planned.with(KIND, blocks::holding(&SCHEMA.block, KIND, settled));
    for detail in wrong {
        change.problems.error(vec![PathStep::Attribute(KIND.into())], "Invalid capacity of an index", detail);
    }
}
