//! What the schema cannot say about changes to a listener.

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::elbv2::{attributes, blocks};
use crate::provider::object::Object;
use crate::schema::BlockSchema;

use super::actions::{meaning, type_of};
use super::schema::{ACTIONS, ATTRIBUTES, SCHEMA};
use super::write::{is_secure, protocol_of};

pub fn plan(change: &mut Change<'_>) {
    plan_actions(change, &SCHEMA.block, "default_action");
    if change.planned.get("protocol").is_some_and(|protocol| !protocol.is_known()) && change.prior.is_some() {
        return;
    }
    let protocol = protocol_of(&change.planned);
    if protocol.is_empty() {
        return;
    }
    let planned = std::mem::replace(&mut change.planned, Value::empty_object());
    change.planned = attributes::plan(ATTRIBUTES, &protocol, change.prior, change.config, planned);
    let Some(prior) = change.prior else {
        return;
    };
    if change.config.known("alpn_policy").is_none() && prior.text("alpn_policy") == Some("None") {
        change.planned = change.planned.with("alpn_policy", Value::string("None"));
    }
    let (was_secure, will_be_secure) = (is_secure(&protocol_of(prior)), is_secure(&protocol));
    if was_secure != will_be_secure && change.config.known("ssl_policy").is_none() {
        let policy = if will_be_secure { Value::unknown(Type::String) } else { Value::string("") };
        change.planned = change.planned.with("ssl_policy", policy);
    }
    let has_mutual = |protocol: &str| protocol == "HTTPS";
    if has_mutual(&protocol_of(prior)) != has_mutual(&protocol)
        && change.config.blocks("mutual_authentication").is_empty()
    {
        let ty = change.planned.get("mutual_authentication").map_or(Type::Dynamic, |value| value.ty());
        change.planned = change.planned.with("mutual_authentication", Value::unknown(ty));
    }
}

/// An action is what its type says: blocks for other types mean nothing. And one that does the same as it does already
/// is no change, whichever way it is written.
pub fn plan_actions(change: &mut Change<'_>, schema: &BlockSchema, kind: &str) {
    let Some(actions) = change.planned.known(kind).and_then(Value::as_elements) else {
        return;
    };
    let before = change.prior.map(|prior| prior.blocks(kind)).unwrap_or_default();
    let planned = actions
        .iter()
        .enumerate()
        .map(|(index, action)| plan_action(blocks::inner(schema, kind), action, before.get(index)));
    let actions = blocks::holding(schema, kind, planned.collect());
    change.planned = change.planned.with(kind, actions);
}

fn plan_action(block: &BlockSchema, action: &Value, before: Option<&Value>) -> Value {
    let Some(kind) = type_of(action) else {
        return action.clone();
    };
    let mut planned = action.clone();
    for (other, name) in ACTIONS {
        if *other != kind {
            planned = planned.with(name, blocks::none(block, name));
        }
    }
    if kind != "forward" {
        return planned.with("target_group_arn", Value::null(Type::String));
    }
    let Some(before) = before else {
        return planned;
    };
    let same_order = match (planned.integer("order"), before.integer("order")) {
        (Some(planned), Some(before)) => planned == before,
        _ => true,
    };
    // The order alone may be unknown.
    let with_order = planned.with("order", before.get("order").unwrap_or_else(|| Value::null(Type::Number)));
    if same_order && meaning(&with_order).is_some_and(|planned| Some(planned) == meaning(before)) {
        return before.clone();
    }
    planned
}
