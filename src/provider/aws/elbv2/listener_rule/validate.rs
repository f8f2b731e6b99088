//! Offline checks of `aws_lb_listener_rule`.

use super::schema::VALUED;
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::elbv2::listener;

/// The priorities that a rule can have (CreateRule, `Priority`), and the one that the provider gives a default rule.
const PRIORITIES: std::ops::RangeInclusive<i64> = 1..=50_000;
const OF_DEFAULT: i64 = 99_999;

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    let checks = &mut checks;
    checks.arn("listener_arn");
    let priority = config.known("priority").and_then(Value::as_i64);
    if priority != Some(OF_DEFAULT) {
        checks.within("priority", PRIORITIES, "");
    }
    listener::validate::actions(checks, "action", "");
    checks.each("condition", condition);
}

fn condition(checks: &mut Checks<'_>) {
    let kinds: Vec<&str> = VALUED.iter().map(|(_, name)| *name).chain(["query_string"]).collect();
    let given: Vec<&str> = kinds.iter().copied().filter(|name| checks.is_set(name)).collect();
    let is_known = given.iter().all(|name| checks.config.known(name).is_some());
    match given.as_slice() {
        [] => checks.missing("path_pattern", format!("A condition needs one of {}.", kinds.join(", "))),
        [_] => {}
        [_, second, ..] if is_known => checks.combination(
            second,
            "A condition is of one kind: write another condition block for each further one.",
        ),
        _ => {}
    }
    for (_, name) in VALUED {
        checks.each(name, |block| {
            if block.config.known("values").and_then(Value::as_elements).is_some_and(<[Value]>::is_empty) {
                block.missing("values", "A condition needs at least one value.");
            }
            block.length("http_header_name", 1..=40);
        });
    }
}
