//! Metrics of policies as the service takes and answers them.
//!
//! Facts: EC2 Auto Scaling API reference, `TargetTrackingMetricDataQuery`, `MetricDataQuery`, `Metric`.

use aws_sdk_autoscaling::types::{
    Metric, MetricDataQuery, MetricDimension, MetricStat, TargetTrackingMetricDataQuery,
    TargetTrackingMetricStat,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{owned, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

/// Dimensions as the service takes them; nothing if there are none.
pub(super) fn dimensions(block: &Value, name: &str) -> Option<Vec<MetricDimension>> {
    let blocks = block.blocks(name).iter();
    let dimension = |one: &Value| {
        MetricDimension::builder().set_name(owned(one, "name")).set_value(owned(one, "value")).build()
    };
    Some(blocks.map(dimension).collect()).filter(|dimensions: &Vec<_>| !dimensions.is_empty())
}

fn metric(stat: &Value) -> Option<Metric> {
    let block = stat.block("metric")?;
    Some(
        Metric::builder()
            .set_dimensions(dimensions(block, "dimensions"))
            .set_metric_name(owned(block, "metric_name"))
            .set_namespace(owned(block, "namespace"))
            .build(),
    )
}

/// A query of a target tracking policy.
pub(super) fn target_query(block: &Value) -> TargetTrackingMetricDataQuery {
    let stat = block.block("metric_stat").map(|stat| {
        TargetTrackingMetricStat::builder()
            .set_metric(metric(stat))
            .set_period(small(stat, "period").filter(|period| *period != 0))
            .set_stat(owned(stat, "stat"))
            .set_unit(owned(stat, "unit"))
            .build()
    });
    TargetTrackingMetricDataQuery::builder()
        .set_expression(owned(block, "expression"))
        .set_id(owned(block, "id"))
        .set_label(owned(block, "label"))
        .set_metric_stat(stat)
        .set_return_data(block.boolean("return_data"))
        .build()
}

/// A query of a predictive policy.
pub(super) fn query(block: &Value) -> MetricDataQuery {
    let stat = block.block("metric_stat").map(|stat| {
        MetricStat::builder()
            .set_metric(metric(stat))
            .set_stat(owned(stat, "stat"))
            .set_unit(owned(stat, "unit"))
            .build()
    });
    MetricDataQuery::builder()
        .set_expression(owned(block, "expression"))
        .set_id(owned(block, "id"))
        .set_label(owned(block, "label"))
        .set_metric_stat(stat)
        .set_return_data(block.boolean("return_data"))
        .build()
}

/// The blocks that hold dimensions as the service answers them.
pub(super) fn flatten_dimensions(outer: &BlockSchema, name: &str, live: &[MetricDimension]) -> Value {
    let schema = blocks::inner(outer, name);
    let made = live
        .iter()
        .map(|one| schema.object([("name", object::text(one.name())), ("value", object::text(one.value()))]));
    blocks::holding(outer, name, made.collect())
}

fn flatten_metric(outer: &BlockSchema, live: Option<&Metric>) -> Value {
    let name = "metric";
    let Some(live) = live else { return blocks::none(outer, name) };
    let schema = blocks::inner(outer, name);
    blocks::one(
        outer,
        name,
        [
            ("dimensions", flatten_dimensions(schema, "dimensions", live.dimensions())),
            ("metric_name", object::text(live.metric_name())),
            ("namespace", object::text(live.namespace())),
        ],
    )
}

/// An object of a target tracking policy's query.
pub(super) fn flatten_target_query(schema: &BlockSchema, live: &TargetTrackingMetricDataQuery) -> Value {
    let name = "metric_stat";
    let inner = blocks::inner(schema, name);
    let stat = match live.metric_stat() {
        Some(live) => blocks::one(
            schema,
            name,
            [
                ("metric", flatten_metric(inner, live.metric())),
                ("period", object::integer(live.period())),
                ("stat", object::text(live.stat())),
                ("unit", object::text(live.unit())),
            ],
        ),
        None => blocks::none(schema, name),
    };
    schema.object([
        ("expression", object::text(live.expression())),
        ("id", object::text(live.id())),
        ("label", object::text(live.label())),
        ("metric_stat", stat),
        ("return_data", Value::bool(live.return_data().unwrap_or(true))),
    ])
}

/// An object of a predictive policy's query.
pub(super) fn flatten_query(schema: &BlockSchema, live: &MetricDataQuery) -> Value {
    let name = "metric_stat";
    let inner = blocks::inner(schema, name);
    let stat = match live.metric_stat() {
        Some(live) => blocks::one(
            schema,
            name,
            [
                ("metric", flatten_metric(inner, live.metric())),
                ("stat", object::text(live.stat())),
                ("unit", object::text(live.unit())),
            ],
        ),
        None => blocks::none(schema, name),
    };
    schema.object([
        ("expression", object::text(live.expression())),
        ("id", object::text(live.id())),
        ("label", object::text(live.label())),
        ("metric_stat", stat),
        ("return_data", Value::bool(live.return_data().unwrap_or(true))),
    ])
}
