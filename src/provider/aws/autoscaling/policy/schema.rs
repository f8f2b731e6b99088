//! The schema of `aws_autoscaling_policy`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::autoscaling::values::same_number;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, block()));

/// The kinds of policies.
pub(super) const SIMPLE: &str = "SimpleScaling";
pub(super) const STEP: &str = "StepScaling";
pub(super) const TARGET: &str = "TargetTrackingScaling";
pub(super) const PREDICTIVE: &str = "PredictiveScaling";

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

fn required(ty: Type) -> AttributeSchema {
    AttributeSchema::required(ty)
}

fn with(
    block: BlockSchema,
    names: &[&str],
    ty: Type,
    attribute: impl Fn(Type) -> AttributeSchema,
) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, attribute(ty.clone())))
}

fn block() -> BlockSchema {
    let bound = || optional(Type::String).equality(Equality::Custom(same_number));
    let step = BlockSchema::new()
        .attribute("metric_interval_lower_bound", bound())
        .attribute("metric_interval_upper_bound", bound())
        .attribute("scaling_adjustment", required(Type::Number));
    let numbers = ["cooldown", "estimated_instance_warmup", "min_adjustment_magnitude", "scaling_adjustment"];
    with(BlockSchema::new().id(), &numbers, Type::Number, optional)
        .attribute("adjustment_type", optional(Type::String))
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("autoscaling_group_name", required(Type::String).forces_replacement())
        .attribute("enabled", optional(Type::Bool).default(true))
        .attribute("metric_aggregation_type", AttributeSchema::optional_computed(Type::String))
        .attribute("name", required(Type::String).forces_replacement())
        .attribute("policy_type", optional(Type::String).default(SIMPLE))
        .block("predictive_scaling_configuration", NestedBlock::one(predictive()))
        .block("step_adjustment", NestedBlock::set(step))
        .block("target_tracking_configuration", NestedBlock::one(target_tracking()))
}

fn name_and_value() -> BlockSchema {
    with(BlockSchema::new(), &["name", "value"], Type::String, required)
}

fn predefined() -> NestedBlock {
    let block = BlockSchema::new()
        .attribute("predefined_metric_type", required(Type::String))
        .attribute("resource_label", optional(Type::String));
    NestedBlock::one(block)
}

/// A metric by its names, and the statistic of it.
fn metric_stat() -> BlockSchema {
    let metric = with(BlockSchema::new(), &["metric_name", "namespace"], Type::String, required)
        .block("dimensions", NestedBlock::set(name_and_value()));
    BlockSchema::new()
        .attribute("stat", required(Type::String))
        .attribute("unit", optional(Type::String))
        .block("metric", NestedBlock::one(metric).at_least(1))
}

/// A metric, or an expression of others.
fn query(stat: BlockSchema) -> BlockSchema {
    with(BlockSchema::new(), &["expression", "label"], Type::String, optional)
        .attribute("id", required(Type::String))
        .attribute("return_data", optional(Type::Bool).default(true))
        .block("metric_stat", NestedBlock::one(stat))
}

fn target_tracking() -> BlockSchema {
    let stat = metric_stat().attribute("period", optional(Type::Number));
    let texts = ["metric_name", "namespace", "statistic", "unit"];
    let customized = with(BlockSchema::new(), &texts, Type::String, optional)
        .attribute("period", optional(Type::Number))
        .block("metric_dimension", NestedBlock::list(name_and_value()))
        .block("metrics", NestedBlock::set(query(stat)));
    BlockSchema::new()
        .attribute("disable_scale_in", optional(Type::Bool).default(false))
        .attribute("target_value", required(Type::Number))
        .block("customized_metric_specification", NestedBlock::one(customized))
        .block("predefined_metric_specification", predefined())
}

fn predictive() -> BlockSchema {
    let customized = || {
        let queries = NestedBlock::list(query(metric_stat())).at_least(1).at_most(10);
        NestedBlock::one(BlockSchema::new().block("metric_data_queries", queries))
    };
    let specification = BlockSchema::new()
        .attribute("target_value", required(Type::Number))
        .block("customized_capacity_metric_specification", customized())
        .block("customized_load_metric_specification", customized())
        .block("customized_scaling_metric_specification", customized())
        .block("predefined_load_metric_specification", predefined())
        .block("predefined_metric_pair_specification", predefined())
        .block("predefined_scaling_metric_specification", predefined());
    let number = || optional(Type::String).equality(Equality::Custom(same_number));
    BlockSchema::new()
        .attribute("max_capacity_breach_behavior", optional(Type::String).default("HonorMaxCapacity"))
        .attribute("max_capacity_buffer", number())
        .attribute("mode", optional(Type::String).default("ForecastOnly"))
        .attribute("scheduling_buffer_time", number())
        .block("metric_specification", NestedBlock::one(specification).at_least(1))
}
