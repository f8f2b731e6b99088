//! The schema of `aws_appautoscaling_policy`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::autoscaling::values::same_number;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, block()));

/// The kinds of policies, and the blocks that configure them.
pub(super) const STEP: &str = "StepScaling";
pub(super) const TARGET: &str = "TargetTrackingScaling";
pub(super) const STEP_CONFIGURATION: &str = "step_scaling_policy_configuration";
pub(super) const TARGET_CONFIGURATION: &str = "target_tracking_scaling_policy_configuration";

fn optional(block: BlockSchema, names: &[&str], ty: &Type) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, AttributeSchema::optional(ty.clone())))
}

fn required(block: BlockSchema, names: &[&str]) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, AttributeSchema::required(Type::String)))
}

fn block() -> BlockSchema {
    let fixed = || AttributeSchema::required(Type::String).forces_replacement();
    BlockSchema::new()
        .id()
        // Another metric or target has other alarms.
        .attribute("alarm_arns", AttributeSchema::computed(Type::list(Type::String)).renewed())
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("name", fixed())
        .attribute("policy_type", AttributeSchema::optional(Type::String).default(STEP))
        .attribute("resource_id", fixed())
        .attribute("scalable_dimension", fixed())
        .attribute("service_namespace", fixed())
        .block(STEP_CONFIGURATION, NestedBlock::one(steps()))
        .block(TARGET_CONFIGURATION, NestedBlock::one(target_tracking()))
}

fn steps() -> BlockSchema {
    let bound = || AttributeSchema::optional(Type::String).equality(Equality::Custom(same_number));
    let step = BlockSchema::new()
        .attribute("metric_interval_lower_bound", bound())
        .attribute("metric_interval_upper_bound", bound())
        .attribute("scaling_adjustment", AttributeSchema::required(Type::Number));
    let block = optional(BlockSchema::new(), &["adjustment_type", "metric_aggregation_type"], &Type::String);
    optional(block, &["cooldown", "min_adjustment_magnitude"], &Type::Number)
        .block("step_adjustment", NestedBlock::set(step))
}

fn dimensions() -> NestedBlock {
    NestedBlock::set(required(BlockSchema::new(), &["name", "value"]))
}

fn target_tracking() -> BlockSchema {
    let predefined = optional(BlockSchema::new(), &["resource_label"], &Type::String);
    let predefined = required(predefined, &["predefined_metric_type"]);
    let texts = ["metric_name", "namespace", "statistic", "unit"];
    let customized = optional(BlockSchema::new(), &texts, &Type::String)
        .block("dimensions", dimensions())
        .block("metrics", NestedBlock::set(query()));
    optional(BlockSchema::new(), &["scale_in_cooldown", "scale_out_cooldown"], &Type::Number)
        .attribute("disable_scale_in", AttributeSchema::optional(Type::Bool).default(false))
        .attribute("target_value", AttributeSchema::required(Type::Number))
        .block("customized_metric_specification", NestedBlock::one(customized))
        .block("predefined_metric_specification", NestedBlock::one(predefined))
}

/// A metric, or an expression of others.
fn query() -> BlockSchema {
    let metric =
        required(BlockSchema::new(), &["metric_name", "namespace"]).block("dimensions", dimensions());
    let stat = optional(BlockSchema::new(), &["unit"], &Type::String);
    let stat = required(stat, &["stat"]).block("metric", NestedBlock::one(metric).at_least(1));
    let query = optional(BlockSchema::new(), &["expression", "label"], &Type::String);
    required(query, &["id"])
        .attribute("return_data", AttributeSchema::optional(Type::Bool).default(true))
        .block("metric_stat", NestedBlock::one(stat))
}
