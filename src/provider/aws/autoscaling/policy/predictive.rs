//! `predictive_scaling_configuration`, as the service takes and answers it.

use aws_sdk_autoscaling::types::{
    MetricDataQuery, PredefinedLoadMetricType, PredefinedMetricPairType, PredefinedScalingMetricType,
    PredictiveScalingConfiguration, PredictiveScalingCustomizedCapacityMetric,
    PredictiveScalingCustomizedLoadMetric, PredictiveScalingCustomizedScalingMetric,
    PredictiveScalingMaxCapacityBreachBehavior, PredictiveScalingMetricSpecification, PredictiveScalingMode,
    PredictiveScalingPredefinedLoadMetric, PredictiveScalingPredefinedMetricPair,
    PredictiveScalingPredefinedScalingMetric,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{decimal, float, owned};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

use super::metrics;

/// The configuration as the service takes it.
pub(super) fn expand(block: &Value) -> PredictiveScalingConfiguration {
    let number = |name: &str| block.text(name).and_then(|text| text.parse().ok());
    let behaviour = owned(block, "max_capacity_breach_behavior");
    PredictiveScalingConfiguration::builder()
        .set_max_capacity_breach_behavior(
            behaviour.map(|text| PredictiveScalingMaxCapacityBreachBehavior::from(text.as_str())),
        )
        .set_max_capacity_buffer(number("max_capacity_buffer"))
        .set_metric_specifications(
            block.block("metric_specification").map(|block| vec![specification(block)]),
        )
        .set_mode(owned(block, "mode").map(|text| PredictiveScalingMode::from(text.as_str())))
        .set_scheduling_buffer_time(number("scheduling_buffer_time"))
        .build()
}

/// A predefined metric, in the service's words for it.
macro_rules! predefined {
    ($block:expr, $name:literal, $kind:ident, $word:ident) => {
        $block.block($name).map(|block| {
            $kind::builder()
                .set_predefined_metric_type(
                    owned(block, "predefined_metric_type").map(|text| $word::from(text.as_str())),
                )
                .set_resource_label(owned(block, "resource_label"))
                .build()
        })
    };
}

/// A metric of queries.
macro_rules! customized {
    ($block:expr, $name:literal, $kind:ident) => {
        $block.block($name).map(|block| {
            let queries = block.blocks("metric_data_queries").iter().map(metrics::query).collect();
            $kind::builder().set_metric_data_queries(Some(queries)).build()
        })
    };
}

fn specification(block: &Value) -> PredictiveScalingMetricSpecification {
    PredictiveScalingMetricSpecification::builder()
        .set_customized_capacity_metric_specification(customized!(
            block,
            "customized_capacity_metric_specification",
            PredictiveScalingCustomizedCapacityMetric
        ))
        .set_customized_load_metric_specification(customized!(
            block,
            "customized_load_metric_specification",
            PredictiveScalingCustomizedLoadMetric
        ))
        .set_customized_scaling_metric_specification(customized!(
            block,
            "customized_scaling_metric_specification",
            PredictiveScalingCustomizedScalingMetric
        ))
        .set_predefined_load_metric_specification(predefined!(
            block,
            "predefined_load_metric_specification",
            PredictiveScalingPredefinedLoadMetric,
            PredefinedLoadMetricType
        ))
        .set_predefined_metric_pair_specification(predefined!(
            block,
            "predefined_metric_pair_specification",
            PredictiveScalingPredefinedMetricPair,
            PredefinedMetricPairType
        ))
        .set_predefined_scaling_metric_specification(predefined!(
            block,
            "predefined_scaling_metric_specification",
            PredictiveScalingPredefinedScalingMetric,
            PredefinedScalingMetricType
        ))
        .set_target_value(float(block, "target_value"))
        .build()
}

/// The blocks that hold the configuration as the service answers it: one, or none.
pub(super) fn flatten(outer: &BlockSchema, live: Option<&PredictiveScalingConfiguration>) -> Value {
    let name = "predictive_scaling_configuration";
    let Some(live) = live else { return blocks::none(outer, name) };
    let schema = blocks::inner(outer, name);
    let number = |number: Option<i32>| object::text(number.map(|number| number.to_string()));
    let specifications =
        live.metric_specifications().iter().map(|live| flatten_specification(schema, live)).collect();
    // What is left out has these meanings (API reference).
    let behaviour = live.max_capacity_breach_behavior().map_or("HonorMaxCapacity", |one| one.as_str());
    let mode = live.mode().map_or("ForecastOnly", PredictiveScalingMode::as_str);
    blocks::one(
        outer,
        name,
        [
            ("max_capacity_breach_behavior", Value::string(behaviour)),
            ("max_capacity_buffer", number(live.max_capacity_buffer())),
            ("metric_specification", blocks::holding(schema, "metric_specification", specifications)),
            ("mode", Value::string(mode)),
            ("scheduling_buffer_time", number(live.scheduling_buffer_time())),
        ],
    )
}

fn flatten_specification(outer: &BlockSchema, live: &PredictiveScalingMetricSpecification) -> Value {
    let schema = blocks::inner(outer, "metric_specification");
    let predefined = |name: &'static str, live: Option<(Option<&str>, Option<&str>)>| {
        let blocks = match live {
            Some((kind, label)) => blocks::one(
                schema,
                name,
                [("predefined_metric_type", object::text(kind)), ("resource_label", object::text(label))],
            ),
            None => blocks::none(schema, name),
        };
        (name, blocks)
    };
    let customized = |name: &'static str, live: Option<&[MetricDataQuery]>| {
        let blocks = match live {
            Some(live) => {
                let inner = blocks::inner(schema, name);
                let query = blocks::inner(inner, "metric_data_queries");
                let made = live.iter().map(|live| metrics::flatten_query(query, live)).collect();
                let made = blocks::holding(inner, "metric_data_queries", made);
                blocks::one(schema, name, [("metric_data_queries", made)])
            }
            None => blocks::none(schema, name),
        };
        (name, blocks)
    };
    schema.object([
        customized(
            "customized_capacity_metric_specification",
            live.customized_capacity_metric_specification().map(|live| live.metric_data_queries()),
        ),
        customized(
            "customized_load_metric_specification",
            live.customized_load_metric_specification().map(|live| live.metric_data_queries()),
        ),
        customized(
            "customized_scaling_metric_specification",
            live.customized_scaling_metric_specification().map(|live| live.metric_data_queries()),
        ),
        predefined(
            "predefined_load_metric_specification",
            live.predefined_load_metric_specification()
                .map(|live| (live.predefined_metric_type().map(|kind| kind.as_str()), live.resource_label())),
        ),
        predefined(
            "predefined_metric_pair_specification",
            live.predefined_metric_pair_specification()
                .map(|live| (live.predefined_metric_type().map(|kind| kind.as_str()), live.resource_label())),
        ),
        predefined(
            "predefined_scaling_metric_specification",
            live.predefined_scaling_metric_specification()
                .map(|live| (live.predefined_metric_type().map(|kind| kind.as_str()), live.resource_label())),
        ),
        ("target_value", decimal(live.target_value())),
    ])
}
