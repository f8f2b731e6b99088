//! The configurations of policies as the service takes them.
//!
//! Facts: Application Auto Scaling API reference, `StepScalingPolicyConfiguration`,
//! `TargetTrackingScalingPolicyConfiguration`.

use aws_sdk_applicationautoscaling::types::{
    AdjustmentType, CustomizedMetricSpecification, MetricAggregationType, MetricDimension, MetricStatistic,
    MetricType, PredefinedMetricSpecification, StepAdjustment, StepScalingPolicyConfiguration,
    TargetTrackingMetric, TargetTrackingMetricDataQuery, TargetTrackingMetricDimension,
    TargetTrackingMetricStat, TargetTrackingScalingPolicyConfiguration,
};
use aws_smithy_types::error::operation::BuildError;

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{filled, float, owned, small};
use crate::provider::object::Object;

/// Nothing to the service if there is nothing in it.
fn some<T>(elements: Vec<T>) -> Option<Vec<T>> {
    Some(elements).filter(|elements| !elements.is_empty())
}

/// The block `step_scaling_policy_configuration`.
pub(super) fn steps(block: &Value) -> Result<StepScalingPolicyConfiguration, BuildError> {
    let steps: Vec<StepAdjustment> =
        block.blocks("step_adjustment").iter().map(step).collect::<Result<_, _>>()?;
    Ok(StepScalingPolicyConfiguration::builder()
        .set_adjustment_type(filled(block, "adjustment_type").map(AdjustmentType::from))
        .set_cooldown(small(block, "cooldown"))
        .set_metric_aggregation_type(
            filled(block, "metric_aggregation_type").map(MetricAggregationType::from),
        )
        .set_min_adjustment_magnitude(
            small(block, "min_adjustment_magnitude").filter(|magnitude| *magnitude != 0),
        )
        .set_step_adjustments(some(steps))
        .build())
}

fn step(block: &Value) -> Result<StepAdjustment, BuildError> {
    let bound = |name: &str| block.text(name).and_then(|text| text.parse::<f64>().ok());
    StepAdjustment::builder()
        .set_metric_interval_lower_bound(bound("metric_interval_lower_bound"))
        .set_metric_interval_upper_bound(bound("metric_interval_upper_bound"))
        .set_scaling_adjustment(small(block, "scaling_adjustment"))
        .build()
}

/// The block `target_tracking_scaling_policy_configuration`.
pub(super) fn target(block: &Value) -> Result<TargetTrackingScalingPolicyConfiguration, BuildError> {
    let customized = block.block("customized_metric_specification").map(customized).transpose()?;
    let predefined = block.block("predefined_metric_specification").map(predefined).transpose()?;
    TargetTrackingScalingPolicyConfiguration::builder()
        .set_customized_metric_specification(customized)
        .set_disable_scale_in(block.boolean("disable_scale_in"))
        .set_predefined_metric_specification(predefined)
        .set_scale_in_cooldown(small(block, "scale_in_cooldown"))
        .set_scale_out_cooldown(small(block, "scale_out_cooldown"))
        .set_target_value(float(block, "target_value"))
        .build()
}

fn predefined(block: &Value) -> Result<PredefinedMetricSpecification, BuildError> {
    PredefinedMetricSpecification::builder()
        .set_predefined_metric_type(filled(block, "predefined_metric_type").map(MetricType::from))
        .set_resource_label(owned(block, "resource_label"))
        .build()
}

fn customized(block: &Value) -> Result<CustomizedMetricSpecification, BuildError> {
    let dimensions: Vec<MetricDimension> = block
        .blocks("dimensions")
        .iter()
        .map(|one| {
            MetricDimension::builder().set_name(text(one, "name")).set_value(text(one, "value")).build()
        })
        .collect::<Result<_, _>>()?;
    let queries: Vec<_> = block.blocks("metrics").iter().map(query).collect::<Result<_, _>>()?;
    Ok(CustomizedMetricSpecification::builder()
        .set_dimensions(some(dimensions))
        .set_metric_name(owned(block, "metric_name"))
        .set_metrics(some(queries))
        .set_namespace(owned(block, "namespace"))
        .set_statistic(filled(block, "statistic").map(MetricStatistic::from))
        .set_unit(owned(block, "unit"))
        .build())
}

fn query(block: &Value) -> Result<TargetTrackingMetricDataQuery, BuildError> {
    let stat = match block.block("metric_stat") {
        Some(stat) => Some(
            TargetTrackingMetricStat::builder()
                .set_metric(stat.block("metric").map(metric).transpose()?)
                .set_stat(owned(stat, "stat"))
                .set_unit(owned(stat, "unit"))
                .build()?,
        ),
        None => None,
    };
    TargetTrackingMetricDataQuery::builder()
        .set_expression(owned(block, "expression"))
        .set_id(owned(block, "id"))
        .set_label(owned(block, "label"))
        .set_metric_stat(stat)
        .set_return_data(block.boolean("return_data"))
        .build()
}

fn metric(block: &Value) -> Result<TargetTrackingMetric, BuildError> {
    let dimensions: Vec<TargetTrackingMetricDimension> = block
        .blocks("dimensions")
        .iter()
        .map(|one| {
            TargetTrackingMetricDimension::builder()
                .set_name(text(one, "name"))
                .set_value(text(one, "value"))
                .build()
        })
        .collect::<Result<_, _>>()?;
    Ok(TargetTrackingMetric::builder()
        .set_dimensions(some(dimensions))
        .set_metric_name(owned(block, "metric_name"))
        .set_namespace(owned(block, "namespace"))
        .build())
}

/// A text that must be there, empty or not: the service says what it thinks of an empty one.
fn text(block: &Value, name: &str) -> Option<String> {
    block.text(name).map(str::to_owned)
}
