//! `target_tracking_configuration`, as the service takes and answers it.

use aws_sdk_autoscaling::types::{
    CustomizedMetricSpecification, MetricStatistic, MetricType, PredefinedMetricSpecification,
    TargetTrackingConfiguration,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{decimal, float, owned, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

use super::metrics;

/// The configuration as the service takes it.
pub(super) fn expand(block: &Value) -> TargetTrackingConfiguration {
    let predefined = block.block("predefined_metric_specification").map(|block| {
        PredefinedMetricSpecification::builder()
            .set_predefined_metric_type(
                owned(block, "predefined_metric_type").map(|text| MetricType::from(text.as_str())),
            )
            .set_resource_label(owned(block, "resource_label"))
            .build()
    });
    TargetTrackingConfiguration::builder()
        .set_customized_metric_specification(block.block("customized_metric_specification").map(customized))
        .set_disable_scale_in(block.boolean("disable_scale_in"))
        .set_predefined_metric_specification(predefined)
        .set_target_value(float(block, "target_value"))
        .build()
}

fn customized(block: &Value) -> CustomizedMetricSpecification {
    let queries: Vec<_> = block.blocks("metrics").iter().map(metrics::target_query).collect();
    CustomizedMetricSpecification::builder()
        .set_dimensions(metrics::dimensions(block, "metric_dimension"))
        .set_metric_name(owned(block, "metric_name"))
        .set_metrics(Some(queries).filter(|queries| !queries.is_empty()))
        .set_namespace(owned(block, "namespace"))
        .set_period(small(block, "period").filter(|period| *period != 0))
        .set_statistic(owned(block, "statistic").map(|text| MetricStatistic::from(text.as_str())))
        .set_unit(owned(block, "unit"))
        .build()
}

/// The blocks that hold the configuration as the service answers it: one, or none.
pub(super) fn flatten(outer: &BlockSchema, live: Option<&TargetTrackingConfiguration>) -> Value {
    let name = "target_tracking_configuration";
    let Some(live) = live else { return blocks::none(outer, name) };
    let schema = blocks::inner(outer, name);
    let customized = match live.customized_metric_specification() {
        Some(live) => flatten_customized(schema, live),
        None => blocks::none(schema, "customized_metric_specification"),
    };
    let predefined = match live.predefined_metric_specification() {
        Some(live) => blocks::one(
            schema,
            "predefined_metric_specification",
            [
                (
                    "predefined_metric_type",
                    object::text(live.predefined_metric_type().map(MetricType::as_str)),
                ),
                ("resource_label", object::text(live.resource_label())),
            ],
        ),
        None => blocks::none(schema, "predefined_metric_specification"),
    };
    blocks::one(
        outer,
        name,
        [
            ("customized_metric_specification", customized),
            ("disable_scale_in", Value::bool(live.disable_scale_in().unwrap_or_default())),
            ("predefined_metric_specification", predefined),
            ("target_value", decimal(live.target_value())),
        ],
    )
}

fn flatten_customized(outer: &BlockSchema, live: &CustomizedMetricSpecification) -> Value {
    let name = "customized_metric_specification";
    let schema = blocks::inner(outer, name);
    let query = blocks::inner(schema, "metrics");
    let queries = live.metrics().iter().map(|live| metrics::flatten_target_query(query, live)).collect();
    blocks::one(
        outer,
        name,
        [
            ("metric_dimension", metrics::flatten_dimensions(schema, "metric_dimension", live.dimensions())),
            ("metric_name", object::text(live.metric_name())),
            ("metrics", blocks::holding(schema, "metrics", queries)),
            ("namespace", object::text(live.namespace())),
            ("period", object::integer(live.period())),
            ("statistic", object::text(live.statistic().map(MetricStatistic::as_str))),
            ("unit", object::text(live.unit())),
        ],
    )
}
