//! What can be told of a policy's configuration offline.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

use super::schema::{STEP, STEP_CONFIGURATION, TARGET, TARGET_CONFIGURATION};

/// A metric by its names: what a specification has that has no queries.
const NAMES: [&str; 5] = ["dimensions", "metric_name", "namespace", "statistic", "unit"];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    checks.length("name", 1..=255);
    checks.one_of("policy_type", &[STEP, TARGET], false);
    complete(&mut checks);
    checks.each(STEP_CONFIGURATION, steps);
    checks.each(TARGET_CONFIGURATION, target);
}

/// What the service requires of each kind of policy (PutScalingPolicy).
fn complete(checks: &mut Checks<'_>) {
    let kind = match checks.config.get("policy_type") {
        Some(kind) if !kind.is_known() => return,
        Some(kind) => kind.as_str().unwrap_or(STEP).to_owned(),
        None => STEP.to_owned(),
    };
    let needed = match kind.as_str() {
        STEP => STEP_CONFIGURATION,
        TARGET => TARGET_CONFIGURATION,
        _ => return,
    };
    if checks.is_left_out(needed) {
        checks.missing(needed, format!("A policy of the type {kind} needs a block \"{needed}\"."));
    }
}

fn steps(checks: &mut Checks<'_>) {
    for name in ["adjustment_type", "step_adjustment"] {
        if checks.is_left_out(name) {
            checks.missing(name, format!("A policy of the type {STEP} needs \"{name}\"."));
        }
    }
    let adjustments = ["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"];
    let aggregations = ["Average", "Minimum", "Maximum"];
    for (name, allowed) in [("adjustment_type", adjustments), ("metric_aggregation_type", aggregations)] {
        if checks.is_set(name) {
            checks.one_of(name, &allowed, false);
        }
    }
    checks.within("cooldown", 0..=i64::from(i32::MAX), "seconds");
    checks.within("min_adjustment_magnitude", 0..=i64::from(i32::MAX), "");
    checks.each("step_adjustment", |step| {
        step.within("scaling_adjustment", i64::from(i32::MIN)..=i64::from(i32::MAX), "");
        // Numbers in texts, so that 0 is told from nothing.
        for name in ["metric_interval_lower_bound", "metric_interval_upper_bound"] {
            if let Some(text) = step.config.text(name).filter(|text| !text.is_empty())
                && !text.parse::<f64>().is_ok_and(f64::is_finite)
            {
                step.invalid(name, format!("{text:?} is no number."));
            }
        }
    });
}

fn target(checks: &mut Checks<'_>) {
    let (customized, predefined) = ("customized_metric_specification", "predefined_metric_specification");
    checks.conflict(customized, predefined);
    if checks.is_left_out(customized) && checks.is_left_out(predefined) {
        let detail = format!(
            "The metric to be kept at the target is given by one of \"{customized}\" and \"{predefined}\"."
        );
        checks.missing(predefined, detail);
    }
    for name in ["scale_in_cooldown", "scale_out_cooldown"] {
        checks.within(name, 0..=i64::from(i32::MAX), "seconds");
    }
    checks.each(predefined, |block| block.length("resource_label", 0..=1023));
    checks.each(customized, |block| {
        for name in NAMES {
            block.conflict(name, "metrics");
        }
        if block.is_set("statistic") {
            block.one_of("statistic", &["Average", "Minimum", "Maximum", "SampleCount", "Sum"], false);
        }
        block.each("metrics", |query| {
            query.length("id", 1..=255);
            query.length("expression", 1..=2047);
            query.length("label", 1..=2047);
            query.each("metric_stat", |stat| stat.length("stat", 1..=100));
        });
    });
}
