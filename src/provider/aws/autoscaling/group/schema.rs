//! The schema of `aws_autoscaling_group`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

use super::requirements;

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(1, block()));

/// What EnableMetricsCollection takes, and has by default.
pub(super) const GRANULARITY: &str = "1Minute";

fn either(ty: Type) -> AttributeSchema {
    AttributeSchema::optional_computed(ty)
}

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
    let texts = || Type::set(Type::String);
    let block = BlockSchema::new()
        .id()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("capacity_rebalance", optional(Type::Bool))
        .attribute("enabled_metrics", optional(texts()))
        .attribute("health_check_grace_period", optional(Type::Number).default(300))
        .attribute("max_size", required(Type::Number))
        .attribute("metrics_granularity", optional(Type::String).default(GRANULARITY))
        .attribute("min_size", required(Type::Number))
        .attribute("name", either(Type::String).forces_replacement())
        .attribute("name_prefix", either(Type::String).forces_replacement())
        .attribute("protect_from_scale_in", optional(Type::Bool).default(false))
        .attribute("suspended_processes", optional(texts()))
        .attribute("termination_policies", optional(Type::list(Type::String)))
        .attribute("wait_for_capacity_timeout", optional(Type::String).default("10m").code_only());
    let block = with(block, &["health_check_type", "service_linked_role_arn"], Type::String, either);
    let block = with(block, &["default_cooldown", "desired_capacity"], Type::Number, either);
    let block = with(
        block,
        &["availability_zones", "load_balancers", "target_group_arns", "vpc_zone_identifier"],
        texts(),
        either,
    );
    let block = with(
        block,
        &["context", "desired_capacity_type", "launch_configuration", "placement_group"],
        Type::String,
        optional,
    );
    let block = with(block, &["default_instance_warmup", "max_instance_lifetime"], Type::Number, optional);
    let block =
        with(block, &["predicted_capacity", "warm_pool_size"], Type::Number, AttributeSchema::computed);
    let switches = ["force_delete", "force_delete_warm_pool", "ignore_failed_scaling_activities"];
    let block = with(block, &switches, Type::Bool, |ty| optional(ty).default(false).code_only());
    let waits = ["min_elb_capacity", "wait_for_elb_capacity"];
    with(block, &waits, Type::Number, |ty| optional(ty).code_only())
        .block("availability_zone_distribution", {
            let strategy = optional(Type::String).default("balanced-best-effort");
            let block = BlockSchema::new().attribute("capacity_distribution_strategy", strategy);
            NestedBlock::one(block).computed()
        })
        .block("capacity_reservation_specification", capacity_reservation())
        .block("initial_lifecycle_hook", lifecycle_hook())
        .block("instance_maintenance_policy", {
            let names = ["max_healthy_percentage", "min_healthy_percentage"];
            NestedBlock::one(with(BlockSchema::new(), &names, Type::Number, required))
        })
        .block("instance_refresh", instance_refresh())
        .block("launch_template", {
            let names = ["id", "name", "version"];
            NestedBlock::one(with(BlockSchema::new(), &names, Type::String, either)).computed()
        })
        .block("mixed_instances_policy", mixed_instances_policy())
        .block("tag", {
            let block = with(BlockSchema::new(), &["key", "value"], Type::String, required);
            NestedBlock::set(block.attribute("propagate_at_launch", required(Type::Bool)))
        })
        .block("traffic_source", {
            let block = BlockSchema::new()
                .attribute("identifier", required(Type::String))
                .attribute("type", optional(Type::String));
            NestedBlock::set(block).computed()
        })
        .block("warm_pool", warm_pool())
        .timeouts(&["delete", "update"])
}

fn capacity_reservation() -> NestedBlock {
    let names = ["capacity_reservation_ids", "capacity_reservation_resource_group_arns"];
    let target = with(BlockSchema::new(), &names, Type::list(Type::String), optional);
    let block = BlockSchema::new()
        .attribute("capacity_reservation_preference", either(Type::String))
        .block("capacity_reservation_target", NestedBlock::one(target));
    NestedBlock::one(block).computed()
}

/// Hooks that the group is made with. They are objects of their own afterwards, which nobody reads back here.
fn lifecycle_hook() -> NestedBlock {
    let text = |attribute: AttributeSchema| attribute.code_only().forces_replacement();
    let names = ["notification_metadata", "notification_target_arn", "role_arn"];
    let block = with(BlockSchema::new(), &names, Type::String, |ty| text(optional(ty)))
        .attribute("default_result", text(either(Type::String)))
        .attribute("heartbeat_timeout", text(optional(Type::Number)))
        .attribute("lifecycle_transition", text(required(Type::String)))
        .attribute("name", text(required(Type::String)));
    NestedBlock::set(block).forces_replacement()
}

fn instance_refresh() -> NestedBlock {
    let text = || optional(Type::String).code_only();
    let number = || optional(Type::Number).code_only();
    let switch = || optional(Type::Bool).code_only();
    let alarms = BlockSchema::new().attribute("alarms", optional(Type::list(Type::String)).code_only());
    let preferences = BlockSchema::new()
        .attribute("auto_rollback", switch())
        .attribute("checkpoint_delay", text())
        .attribute("checkpoint_percentages", optional(Type::list(Type::Number)).code_only())
        .attribute("instance_warmup", text())
        .attribute("max_healthy_percentage", number().default(100))
        .attribute("min_healthy_percentage", number().default(90))
        .attribute("scale_in_protected_instances", text().default("Ignore"))
        .attribute("skip_matching", switch().default(false))
        .attribute("standby_instances", text().default("Ignore"))
        .block("alarm_specification", NestedBlock::one(alarms));
    let block = BlockSchema::new()
        .attribute("strategy", required(Type::String).code_only())
        .attribute("triggers", optional(Type::set(Type::String)).code_only())
        .block("preferences", NestedBlock::one(preferences));
    NestedBlock::one(block)
}

/// Which template, by id or name; AWS knows both.
fn template_specification() -> BlockSchema {
    let names = ["launch_template_id", "launch_template_name", "version"];
    with(BlockSchema::new(), &names, Type::String, either)
}

fn mixed_instances_policy() -> NestedBlock {
    let texts = ["on_demand_allocation_strategy", "spot_allocation_strategy"];
    let numbers =
        ["on_demand_base_capacity", "on_demand_percentage_above_base_capacity", "spot_instance_pools"];
    let distribution = with(BlockSchema::new(), &texts, Type::String, either);
    let distribution = with(distribution, &numbers, Type::Number, either)
        .attribute("spot_max_price", optional(Type::String));
    let overrides = with(BlockSchema::new(), &["instance_type", "weighted_capacity"], Type::String, optional)
        .block("instance_requirements", NestedBlock::one(requirements::block()))
        .block("launch_template_specification", NestedBlock::one(template_specification()));
    let template = BlockSchema::new()
        .block("launch_template_specification", NestedBlock::one(template_specification()).at_least(1))
        .block("override", NestedBlock::list(overrides));
    let block = BlockSchema::new()
        .block("instances_distribution", NestedBlock::one(distribution).computed())
        .block("launch_template", NestedBlock::one(template).at_least(1));
    NestedBlock::one(block).computed()
}

fn warm_pool() -> NestedBlock {
    let reuse = BlockSchema::new().attribute("reuse_on_scale_in", optional(Type::Bool).default(false));
    let block = BlockSchema::new()
        .attribute("max_group_prepared_capacity", optional(Type::Number).default(-1))
        .attribute("min_size", optional(Type::Number).default(0))
        .attribute("pool_state", optional(Type::String).default("Stopped"))
        .block("instance_reuse_policy", NestedBlock::one(reuse));
    NestedBlock::one(block)
}
