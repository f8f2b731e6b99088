//! What the schema cannot say about changes to a target group.

use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::elbv2::{attributes, blocks};
use crate::provider::object::Object;

use super::health::is_http;
use super::schema::{ATTRIBUTES, NOT_FOR_LAMBDA, SCHEMA};
use super::write::{has_tcp_check, kind_of, protocol_of};

pub fn plan(change: &mut Change<'_>) {
    if change.planned.get("target_type").is_some_and(|kind| !kind.is_known()) {
        return;
    }
    let kind = kind_of(&change.planned).to_owned();
    let planned = std::mem::replace(&mut change.planned, Value::empty_object());
    change.planned = attributes::plan(ATTRIBUTES, &kind, change.prior, change.config, planned);
    let Some(prior) = change.prior else {
        return;
    };
    if kind == "lambda" {
        for name in NOT_FOR_LAMBDA {
            keep(change, prior, name);
        }
    } else if !is_http(protocol_of(prior)) {
        keep(change, prior, "protocol_version");
    }
    plan_health_check(change, prior, &kind);
    plan_stickiness(change, prior);
    plan_health(change, prior);
}

/// Leaves an argument as it is: what the code says of it means nothing for this target group.
fn keep(change: &mut Change<'_>, prior: &Value, name: &str) {
    let Some(before) = prior.get(name) else {
        return;
    };
    change.planned = change.planned.with(name, before);
    change
        .replace
        .retain(|path| !matches!(path.first(), Some(PathStep::Attribute(attribute)) if **attribute == *name));
}

/// A check that only connects has neither path nor codes, whatever it had before.
fn plan_health_check(change: &mut Change<'_>, prior: &Value, kind: &str) {
    let (Some(block), Some(before)) = (change.planned.block("health_check"), prior.block("health_check"))
    else {
        return;
    };
    let config = change.config.block("health_check");
    let silent =
        |name: &str| config.is_none_or(|config| config.get(name).is_none_or(|value| value.is_null()));
    let mut check = block.clone();
    if kind == "lambda" {
        for name in ["port", "protocol"] {
            check = with_prior(check, before, name);
        }
    } else if check.text("protocol").is_some() && has_tcp_check(&check) != has_tcp_check(before) {
        for name in ["matcher", "path"].into_iter().filter(|name| silent(name)) {
            let value = check.get(name).map(|value| value.ty());
            let Some(ty) = value else {
                continue;
            };
            let value = if has_tcp_check(&check) { Value::string("") } else { Value::unknown(ty) };
            check = check.with(name, value);
        }
    }
    put(change, "health_check", check);
}

/// Cookies exist for HTTP only.
fn plan_stickiness(change: &mut Change<'_>, prior: &Value) {
    let (Some(block), Some(before)) = (change.planned.block("stickiness"), prior.block("stickiness")) else {
        return;
    };
    if is_http(protocol_of(prior)) {
        return;
    }
    let stickiness = with_prior(block.clone(), before, "cookie_duration");
    put(change, "stickiness", stickiness);
}

/// The code may give one of the two blocks; the service always has both.
fn plan_health(change: &mut Change<'_>, prior: &Value) {
    let (Some(block), Some(before)) =
        (change.planned.block("target_group_health"), prior.block("target_group_health"))
    else {
        return;
    };
    let mut health = block.clone();
    for name in ["dns_failover", "unhealthy_state_routing"] {
        if health.get(name).is_some_and(|value| value.as_elements().is_some_and(<[Value]>::is_empty)) {
            health = with_prior(health, before, name);
        }
    }
    put(change, "target_group_health", health);
}

fn with_prior(object: Value, before: &Value, name: &str) -> Value {
    match before.get(name) {
        Some(value) => object.with(name, value),
        None => object,
    }
}

fn put(change: &mut Change<'_>, name: &str, block: Value) {
    let blocks = blocks::holding(&SCHEMA.block, name, vec![block]);
    change.planned = change.planned.with(name, blocks);
}
