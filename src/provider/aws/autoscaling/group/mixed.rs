//! `launch_template` and `mixed_instances_policy`: what instances are made of, as the service takes and answers it.
//!
//! Facts: EC2 Auto Scaling API reference, `MixedInstancesPolicy`, `InstancesDistribution`, `LaunchTemplate`.

use aws_sdk_autoscaling::types::{
    InstancesDistribution, LaunchTemplate, LaunchTemplateOverrides, LaunchTemplateSpecification,
    MixedInstancesPolicy,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::values::{owned, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

use super::requirements;

/// The strategy that spreads instances over the cheapest pools; only it has a number of pools.
pub(super) const LOWEST_PRICE: &str = "lowest-price";

/// The names of a template's id, name and version in the block `launch_template`.
pub(super) const PLAIN: [&str; 3] = ["id", "name", "version"];

/// Their names in the blocks of a mixed instances policy.
pub(super) const LONG: [&str; 3] = ["launch_template_id", "launch_template_name", "version"];

/// A template as the service takes it. It takes the id or the name: where both are known, the id.
pub(super) fn specification(block: &Value, [id, name, version]: [&str; 3]) -> LaunchTemplateSpecification {
    let id = owned(block, id);
    let name = if id.is_some() { None } else { owned(block, name) };
    LaunchTemplateSpecification::builder()
        .set_launch_template_id(id)
        .set_launch_template_name(name)
        .set_version(owned(block, version))
        .build()
}

/// The policy as the service takes it.
pub(super) fn expand(block: &Value) -> MixedInstancesPolicy {
    let template = block.block("launch_template").map(|template| {
        let overrides: Vec<LaunchTemplateOverrides> = template.blocks("override").iter().map(one).collect();
        LaunchTemplate::builder()
            .set_launch_template_specification(
                template.block("launch_template_specification").map(|block| specification(block, LONG)),
            )
            // An empty list removes those that there are.
            .set_overrides(Some(overrides))
            .build()
    });
    MixedInstancesPolicy::builder()
        .set_instances_distribution(block.block("instances_distribution").map(distribution))
        .set_launch_template(template)
        .build()
}

fn one(block: &Value) -> LaunchTemplateOverrides {
    LaunchTemplateOverrides::builder()
        .set_instance_requirements(block.block("instance_requirements").map(requirements::expand))
        .set_instance_type(owned(block, "instance_type"))
        .set_launch_template_specification(
            block.block("launch_template_specification").map(|block| specification(block, LONG)),
        )
        .set_weighted_capacity(owned(block, "weighted_capacity"))
        .build()
}

fn distribution(block: &Value) -> InstancesDistribution {
    let strategy = owned(block, "spot_allocation_strategy");
    let has_pools = strategy.as_deref().is_none_or(|strategy| strategy == LOWEST_PRICE);
    let pools = small(block, "spot_instance_pools").filter(|pools| has_pools && *pools != 0);
    InstancesDistribution::builder()
        .set_on_demand_allocation_strategy(owned(block, "on_demand_allocation_strategy"))
        .set_on_demand_base_capacity(small(block, "on_demand_base_capacity"))
        .set_on_demand_percentage_above_base_capacity(small(
            block,
            "on_demand_percentage_above_base_capacity",
        ))
        .set_spot_allocation_strategy(strategy)
        .set_spot_instance_pools(pools)
        // Left out, the price would stay as it is: an empty text removes it (`SpotMaxPrice`).
        .spot_max_price(block.text("spot_max_price").unwrap_or_default())
        .build()
}

/// The attributes of a template by their names in a block.
pub(super) fn attributes<'a>(
    live: &LaunchTemplateSpecification,
    [id, name, version]: [&'a str; 3],
) -> [(&'a str, Value); 3] {
    [
        (id, object::text(live.launch_template_id())),
        (name, object::text(live.launch_template_name())),
        (version, object::text(live.version())),
    ]
}

/// The blocks that hold the policy as the service answers it: one, or none.
pub(super) fn flatten(outer: &BlockSchema, live: Option<&MixedInstancesPolicy>) -> Value {
    let name = "mixed_instances_policy";
    let Some(live) = live else { return blocks::none(outer, name) };
    let schema = blocks::inner(outer, name);
    let distribution = match live.instances_distribution() {
        Some(live) => flatten_distribution(schema, live),
        None => blocks::none(schema, "instances_distribution"),
    };
    let template = match live.launch_template() {
        Some(live) => flatten_template(schema, live),
        None => blocks::none(schema, "launch_template"),
    };
    blocks::one(outer, name, [("instances_distribution", distribution), ("launch_template", template)])
}

fn flatten_distribution(outer: &BlockSchema, live: &InstancesDistribution) -> Value {
    blocks::one(
        outer,
        "instances_distribution",
        [
            ("on_demand_allocation_strategy", object::text(live.on_demand_allocation_strategy())),
            ("on_demand_base_capacity", object::integer(live.on_demand_base_capacity())),
            (
                "on_demand_percentage_above_base_capacity",
                object::integer(live.on_demand_percentage_above_base_capacity()),
            ),
            ("spot_allocation_strategy", object::text(live.spot_allocation_strategy())),
            ("spot_instance_pools", object::integer(live.spot_instance_pools())),
            ("spot_max_price", object::text(live.spot_max_price())),
        ],
    )
}

fn flatten_template(outer: &BlockSchema, live: &LaunchTemplate) -> Value {
    let schema = blocks::inner(outer, "launch_template");
    let overrides = blocks::inner(schema, "override");
    let made = live.overrides().iter().map(|one| {
        overrides.object([
            ("instance_requirements", requirements::flatten(overrides, one.instance_requirements())),
            ("instance_type", object::text(one.instance_type())),
            (
                "launch_template_specification",
                flatten_specification(overrides, one.launch_template_specification()),
            ),
            ("weighted_capacity", object::text(one.weighted_capacity())),
        ])
    });
    let made = blocks::holding(schema, "override", made.collect());
    let specification = flatten_specification(schema, live.launch_template_specification());
    blocks::one(
        outer,
        "launch_template",
        [("launch_template_specification", specification), ("override", made)],
    )
}

fn flatten_specification(outer: &BlockSchema, live: Option<&LaunchTemplateSpecification>) -> Value {
    let name = "launch_template_specification";
    match live {
        Some(live) => blocks::one(outer, name, attributes(live, LONG)),
        None => blocks::none(outer, name),
    }
}
