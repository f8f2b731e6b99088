//! The schema of `aws_cloudwatch_metric_alarm`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(1, block()));

/// What an alarm makes of missing data if nothing is said (API reference, PutMetricAlarm).
pub(super) const MISSING: &str = "missing";

fn texts(block: BlockSchema, names: &[&str]) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, AttributeSchema::optional(Type::String)))
}

fn block() -> BlockSchema {
    let optional = AttributeSchema::optional;
    let required = AttributeSchema::required;
    let actions = || optional(Type::set(Type::String));
    let names = [
        "alarm_description",
        "extended_statistic",
        "metric_name",
        "namespace",
        "statistic",
        "threshold_metric_id",
    ];
    texts(BlockSchema::new().id().tags(), &names)
        .attribute("actions_enabled", optional(Type::Bool).default(true))
        .attribute("alarm_actions", actions())
        .attribute("alarm_name", required(Type::String).forces_replacement())
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("comparison_operator", required(Type::String))
        .attribute("datapoints_to_alarm", optional(Type::Number))
        .attribute("dimensions", optional(Type::map(Type::String)))
        .attribute("evaluate_low_sample_count_percentiles", AttributeSchema::optional_computed(Type::String))
        .attribute("evaluation_periods", required(Type::Number))
        .attribute("insufficient_data_actions", actions())
        .attribute("ok_actions", actions())
        .attribute("period", optional(Type::Number))
        .attribute("threshold", optional(Type::Number).equality(Equality::Custom(same_float)))
        .attribute("treat_missing_data", optional(Type::String).default(MISSING))
        .attribute("unit", optional(Type::String))
        .block("metric_query", NestedBlock::set(query()))
}

/// A metric, or an expression of others.
fn query() -> BlockSchema {
    texts(BlockSchema::new(), &["account_id", "expression", "label"])
        .attribute("id", AttributeSchema::required(Type::String))
        .attribute("period", AttributeSchema::optional(Type::Number))
        .attribute("return_data", AttributeSchema::optional(Type::Bool).default(false))
        .block("metric", NestedBlock::one(metric()))
}

fn metric() -> BlockSchema {
    texts(BlockSchema::new(), &["namespace", "unit"])
        .attribute("dimensions", AttributeSchema::optional(Type::map(Type::String)))
        .attribute("metric_name", AttributeSchema::required(Type::String))
        .attribute("period", AttributeSchema::required(Type::Number))
        .attribute("stat", AttributeSchema::required(Type::String))
}

/// CloudWatch keeps thresholds as 64-bit floating-point numbers: digits beyond those get lost.
fn same_float(left: &Value, right: &Value) -> bool {
    match (left.as_number(), right.as_number()) {
        (Some(left), Some(right)) => left.to_f64().total_cmp(&right.to_f64()).is_eq(),
        _ => false,
    }
}
