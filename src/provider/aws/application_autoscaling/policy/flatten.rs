//! Policies as the service answers them, made objects of the schema.

use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, Alarm, CustomizedMetricSpecification, MetricAggregationType, MetricStatistic,
    ScalingPolicy, StepScalingPolicyConfiguration, TargetTrackingMetric, TargetTrackingMetricDataQuery,
    TargetTrackingScalingPolicyConfiguration,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::decimal;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object;
use crate::schema::BlockSchema;

use super::schema::{SCHEMA, STEP_CONFIGURATION, TARGET_CONFIGURATION};

/// A complete object.
pub(super) fn policy(live: &ScalingPolicy) -> Value {
    let schema = &SCHEMA.block;
    let step = live.step_scaling_policy_configuration();
    let target = live.target_tracking_scaling_policy_configuration();
    let step = step.map_or_else(|| blocks::none(schema, STEP_CONFIGURATION), |live| steps(schema, live));
    let target =
        target.map_or_else(|| blocks::none(schema, TARGET_CONFIGURATION), |live| tracking(schema, live));
    schema.object([
        ("alarm_arns", object::text_list(live.alarms().iter().map(Alarm::alarm_arn))),
        ("arn", Value::string(live.policy_arn())),
        ("id", Value::string(live.policy_name())),
        ("name", Value::string(live.policy_name())),
        ("policy_type", Value::string(live.policy_type().as_str())),
        ("resource_id", Value::string(live.resource_id())),
        ("scalable_dimension", Value::string(live.scalable_dimension().as_str())),
        ("service_namespace", Value::string(live.service_namespace().as_str())),
        (STEP_CONFIGURATION, step),
        (TARGET_CONFIGURATION, target),
    ])
}

fn steps(outer: &BlockSchema, live: &StepScalingPolicyConfiguration) -> Value {
    let schema = blocks::inner(outer, STEP_CONFIGURATION);
    let step = blocks::inner(schema, "step_adjustment");
    let bound = |bound: Option<f64>| object::text(bound.map(|bound| bound.to_string()));
    let steps = live.step_adjustments().iter().map(|one| {
        step.object([
            ("metric_interval_lower_bound", bound(one.metric_interval_lower_bound())),
            ("metric_interval_upper_bound", bound(one.metric_interval_upper_bound())),
            ("scaling_adjustment", Value::number(i64::from(one.scaling_adjustment()))),
        ])
    });
    blocks::one(
        outer,
        STEP_CONFIGURATION,
        [
            ("adjustment_type", object::text(live.adjustment_type().map(AdjustmentType::as_str))),
            ("cooldown", object::integer(live.cooldown())),
            (
                "metric_aggregation_type",
                object::text(live.metric_aggregation_type().map(MetricAggregationType::as_str)),
            ),
            ("min_adjustment_magnitude", object::integer(live.min_adjustment_magnitude())),
            ("step_adjustment", blocks::holding(schema, "step_adjustment", steps.collect())),
        ],
    )
}

fn tracking(outer: &BlockSchema, live: &TargetTrackingScalingPolicyConfiguration) -> Value {
    let schema = blocks::inner(outer, TARGET_CONFIGURATION);
    let customized_name = "customized_metric_specification";
    let customized = match live.customized_metric_specification() {
        Some(live) => customized(schema, customized_name, live),
        None => blocks::none(schema, customized_name),
    };
    let predefined_name = "predefined_metric_specification";
    let predefined = match live.predefined_metric_specification() {
        Some(live) => blocks::one(
            schema,
            predefined_name,
            [
                ("predefined_metric_type", Value::string(live.predefined_metric_type().as_str())),
                ("resource_label", object::text(live.resource_label())),
            ],
        ),
        None => blocks::none(schema, predefined_name),
    };
    blocks::one(
        outer,
        TARGET_CONFIGURATION,
        [
            (customized_name, customized),
            ("disable_scale_in", Value::bool(live.disable_scale_in().unwrap_or_default())),
            (predefined_name, predefined),
            ("scale_in_cooldown", object::integer(live.scale_in_cooldown())),
            ("scale_out_cooldown", object::integer(live.scale_out_cooldown())),
            ("target_value", decimal(Some(live.target_value()))),
        ],
    )
}

fn customized(outer: &BlockSchema, name: &str, live: &CustomizedMetricSpecification) -> Value {
    let schema = blocks::inner(outer, name);
    let query = blocks::inner(schema, "metrics");
    let queries = live.metrics().iter().map(|live| flatten_query(query, live)).collect();
    let pairs = live.dimensions().iter().map(|one| (one.name(), one.value()));
    blocks::one(
        outer,
        name,
        [
            ("dimensions", dimensions(schema, pairs)),
            ("metric_name", object::text(live.metric_name())),
            ("metrics", blocks::holding(schema, "metrics", queries)),
            ("namespace", object::text(live.namespace())),
            ("statistic", object::text(live.statistic().map(MetricStatistic::as_str))),
            ("unit", object::text(live.unit())),
        ],
    )
}

/// The blocks that hold dimensions, of names and values.
fn dimensions<'a>(outer: &BlockSchema, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let schema = blocks::inner(outer, "dimensions");
    let made = pairs
        .map(|(name, value)| schema.object([("name", Value::string(name)), ("value", Value::string(value))]));
    blocks::holding(outer, "dimensions", made.collect())
}

fn flatten_query(schema: &BlockSchema, live: &TargetTrackingMetricDataQuery) -> Value {
    let name = "metric_stat";
    let inner = blocks::inner(schema, name);
    let stat = match live.metric_stat() {
        Some(live) => blocks::one(
            schema,
            name,
            [
                ("metric", metric(inner, live.metric())),
                ("stat", Value::string(live.stat())),
                ("unit", object::text(live.unit())),
            ],
        ),
        None => blocks::none(schema, name),
    };
    schema.object([
        ("expression", object::text(live.expression())),
        ("id", Value::string(live.id())),
        ("label", object::text(live.label())),
        (name, stat),
        ("return_data", Value::bool(live.return_data().unwrap_or(true))),
    ])
}

fn metric(outer: &BlockSchema, live: Option<&TargetTrackingMetric>) -> Value {
    let name = "metric";
    let Some(live) = live else { return blocks::none(outer, name) };
    let pairs = live.dimensions().iter().map(|one| (one.name(), one.value()));
    blocks::one(
        outer,
        name,
        [
            ("dimensions", dimensions(blocks::inner(outer, name), pairs)),
            ("metric_name", object::text(live.metric_name())),
            ("namespace", object::text(live.namespace())),
        ],
    )
}
