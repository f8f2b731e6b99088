//! What can be told of a policy's configuration offline.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

use super::schema::{PREDICTIVE, SIMPLE, STEP, TARGET};

/// A metric by its names: what a specification has that has no queries.
const NAMES: [&str; 6] = ["metric_dimension", "metric_name", "namespace", "period", "statistic", "unit"];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    checks.conflict("scaling_adjustment", "step_adjustment");
    checks.conflict("scaling_adjustment", "target_tracking_configuration");
    checks.conflict("step_adjustment", "target_tracking_configuration");
    checks.length("name", 1..=255);
    checks.length("autoscaling_group_name", 1..=255);
    checks.one_of("policy_type", &[SIMPLE, STEP, TARGET, PREDICTIVE], false);
    checks.within("min_adjustment_magnitude", 1..=i64::from(i32::MAX), "");
    complete(&mut checks);
    for index in 0..config.blocks("step_adjustment").len() {
        bounds(&mut checks, index);
    }
    checks.each("target_tracking_configuration", target);
    checks.each("predictive_scaling_configuration", predictive);
}

/// What the service requires of each kind of policy (PutScalingPolicy).
fn complete(checks: &mut Checks<'_>) {
    let kind = match checks.config.get("policy_type") {
        Some(kind) if !kind.is_known() => return,
        Some(kind) => kind.as_str().unwrap_or(SIMPLE).to_owned(),
        None => SIMPLE.to_owned(),
    };
    let needed: &[&str] = match kind.as_str() {
        SIMPLE => &["adjustment_type"],
        STEP => &["adjustment_type", "step_adjustment"],
        TARGET => &["target_tracking_configuration"],
        PREDICTIVE => &["predictive_scaling_configuration"],
        _ => &[],
    };
    for name in needed.iter().filter(|name| checks.is_left_out(name)).copied().collect::<Vec<_>>() {
        checks.missing(name, format!("A policy of the type {kind} needs \"{name}\"."));
    }
}

/// A step's bounds are numbers in texts, so that 0 is told from nothing.
fn bounds(checks: &mut Checks<'_>, index: usize) {
    let Some(block) = checks.config.blocks("step_adjustment").get(index) else { return };
    for name in ["metric_interval_lower_bound", "metric_interval_upper_bound"] {
        if let Some(text) = block.text(name).filter(|text| !text.is_empty())
            && !text.parse::<f64>().is_ok_and(f64::is_finite)
        {
            checks.invalid("step_adjustment", format!("{text:?} in \"{name}\" is no number."));
        }
    }
}

fn target(checks: &mut Checks<'_>) {
    checks.conflict("customized_metric_specification", "predefined_metric_specification");
    if checks.is_left_out("customized_metric_specification")
        && checks.is_left_out("predefined_metric_specification")
    {
        let detail = "The metric to be kept at the target is given by one of \"customized_metric_specification\" and \
                      \"predefined_metric_specification\".";
        checks.missing("predefined_metric_specification", detail);
    }
    checks.each("customized_metric_specification", |block| {
        for name in NAMES {
            block.conflict(name, "metrics");
        }
        block.within("period", 1..=i64::from(i32::MAX), "seconds");
        block.one_of("statistic", &["Average", "Minimum", "Maximum", "SampleCount", "Sum"], false);
        block.each("metrics", query);
    });
}

fn query(checks: &mut Checks<'_>) {
    checks.length("id", 1..=255);
    checks.length("expression", 0..=2047);
    checks.length("label", 0..=2047);
    checks.each("metric_stat", |stat| stat.length("stat", 1..=100));
}

fn predictive(checks: &mut Checks<'_>) {
    let behaviours = ["HonorMaxCapacity", "IncreaseMaxCapacity"];
    checks.one_of("max_capacity_breach_behavior", &behaviours, false);
    checks.one_of("mode", &["ForecastAndScale", "ForecastOnly"], false);
    for (name, most) in [("max_capacity_buffer", 100), ("scheduling_buffer_time", u32::MAX)] {
        if let Some(text) = checks.config.text(name).filter(|text| !text.is_empty())
            && !text.parse::<u32>().is_ok_and(|number| number <= most)
        {
            checks.invalid(name, format!("{text:?} is no whole number from 0 to {most}."));
        }
    }
    checks.each("metric_specification", |block| {
        block.conflict("predefined_metric_pair_specification", "predefined_load_metric_specification");
        block.conflict("predefined_metric_pair_specification", "predefined_scaling_metric_specification");
        block.conflict("predefined_load_metric_specification", "customized_load_metric_specification");
        block.conflict("predefined_scaling_metric_specification", "customized_scaling_metric_specification");
        for name in [
            "customized_capacity_metric_specification",
            "customized_load_metric_specification",
            "customized_scaling_metric_specification",
        ] {
            block.each(name, |block| block.each("metric_data_queries", query));
        }
    });
}
