//! What of a group has a call of its own, and what UpdateAutoScalingGroup changes.

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{
    AvailabilityZoneDistribution, CapacityDistributionStrategy, CapacityReservationPreference,
    CapacityReservationSpecification, CapacityReservationTarget, InstanceMaintenancePolicy,
    InstanceReusePolicy, WarmPoolState,
};

use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::autoscaling::action;
use crate::provider::aws::autoscaling::values::{owned, small};
use crate::provider::aws::elbv2::blocks::{same_attribute, same_blocks};
use crate::provider::aws::errors::failed;
use crate::provider::object::Object;

use super::mixed::{self, PLAIN};
use super::schema::{GRANULARITY, SCHEMA};

pub(super) fn distribution(planned: &Value) -> Option<AvailabilityZoneDistribution> {
    let strategy = owned(planned.block("availability_zone_distribution")?, "capacity_distribution_strategy")?;
    let strategy = CapacityDistributionStrategy::from(strategy.as_str());
    Some(AvailabilityZoneDistribution::builder().capacity_distribution_strategy(strategy).build())
}

pub(super) fn maintenance(planned: &Value) -> Option<InstanceMaintenancePolicy> {
    let block = planned.block("instance_maintenance_policy")?;
    Some(
        InstanceMaintenancePolicy::builder()
            .set_max_healthy_percentage(small(block, "max_healthy_percentage"))
            .set_min_healthy_percentage(small(block, "min_healthy_percentage"))
            .build(),
    )
}

pub(super) fn reservations(planned: &Value) -> Option<CapacityReservationSpecification> {
    let block = planned.block("capacity_reservation_specification")?;
    let preference = owned(block, "capacity_reservation_preference");
    let target = block.block("capacity_reservation_target").map(|target| {
        let many = |name: &str| Some(target.texts(name)).filter(|texts| !texts.is_empty());
        CapacityReservationTarget::builder()
            .set_capacity_reservation_ids(many("capacity_reservation_ids"))
            .set_capacity_reservation_resource_group_arns(many("capacity_reservation_resource_group_arns"))
            .build()
    });
    if preference.is_none() && target.is_none() {
        return None;
    }
    let preference = preference.map(|text| CapacityReservationPreference::from(text.as_str()));
    Some(
        CapacityReservationSpecification::builder()
            .set_capacity_reservation_preference(preference)
            .set_capacity_reservation_target(target)
            .build(),
    )
}

/// Changes what UpdateAutoScalingGroup can change, as far as it differs. What an argument means that is not sent is
/// that it stays; so what is to go is sent as the value that stands for nothing (API reference).
pub(super) async fn modify(
    client: &Client,
    group: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let schema = &SCHEMA.block;
    let differs = |name: &str| match schema.attributes.contains_key(name) {
        true => !same_attribute(schema, name, prior, planned),
        false => !same_blocks(schema, name, prior, planned),
    };
    let is_known = |name: &str| planned.get(name).is_some_and(|value| value.is_known());
    let text = |name: &str| differs(name).then(|| planned.text(name).unwrap_or_default().to_owned());
    let switch = |name: &str| differs(name).then(|| planned.boolean(name).unwrap_or_default());
    let number = |name: &str, nothing: i32| differs(name).then(|| small(planned, name).unwrap_or(nothing));
    let many = |name: &str| (differs(name) && is_known(name)).then(|| planned.texts(name));
    let block = |name: &str| if differs(name) { planned.block(name) } else { None };
    let nobody = InstanceMaintenancePolicy::builder().min_healthy_percentage(-1).max_healthy_percentage(-1);
    let policies = many("termination_policies")
        .map(|policies| if policies.is_empty() { vec!["Default".to_owned()] } else { policies });
    let call = client
        .update_auto_scaling_group()
        .auto_scaling_group_name(group)
        .set_availability_zone_distribution(
            block("availability_zone_distribution").and_then(|_| distribution(planned)),
        )
        .set_availability_zones(many("availability_zones"))
        .set_capacity_rebalance(switch("capacity_rebalance"))
        .set_capacity_reservation_specification(
            block("capacity_reservation_specification").and_then(|_| reservations(planned)),
        )
        .set_context(text("context"))
        .set_default_cooldown(number("default_cooldown", 300))
        .set_default_instance_warmup(number("default_instance_warmup", -1))
        .set_desired_capacity(if differs("desired_capacity") {
            small(planned, "desired_capacity")
        } else {
            None
        })
        .set_desired_capacity_type(text("desired_capacity_type"))
        .set_health_check_grace_period(number("health_check_grace_period", 0))
        .set_health_check_type(text("health_check_type"))
        .set_instance_maintenance_policy(
            differs("instance_maintenance_policy")
                .then(|| maintenance(planned).unwrap_or_else(|| nobody.build())),
        )
        .set_launch_configuration_name(text("launch_configuration").filter(|name| !name.is_empty()))
        .set_launch_template(block("launch_template").map(|block| mixed::specification(block, PLAIN)))
        .set_max_instance_lifetime(number("max_instance_lifetime", 0))
        .set_max_size(number("max_size", 0))
        .set_min_size(number("min_size", 0))
        .set_mixed_instances_policy(block("mixed_instances_policy").map(mixed::expand))
        .set_new_instances_protected_from_scale_in(switch("protect_from_scale_in"))
        .set_placement_group(text("placement_group"))
        .set_service_linked_role_arn(text("service_linked_role_arn").filter(|arn| !arn.is_empty()))
        .set_termination_policies(policies)
        .set_vpc_zone_identifier(many("vpc_zone_identifier").map(|subnets| subnets.join(",")));
    let unchanged = client.update_auto_scaling_group().auto_scaling_group_name(group);
    if call.as_input().clone().build().ok() == unchanged.as_input().clone().build().ok() {
        return Ok(());
    }
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("UpdateAutoScalingGroup"), error))
}

/// Suspends processes; none at all if the list is empty, where the service would suspend every one.
pub(super) async fn suspend(client: &Client, group: &str, names: Vec<String>) -> Result<(), OperationError> {
    if names.is_empty() {
        return Ok(());
    }
    let call = client.suspend_processes().auto_scaling_group_name(group).set_scaling_processes(Some(names));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("SuspendProcesses"), error))
}

/// Resumes processes; none at all if the list is empty, where the service would resume every one.
pub(super) async fn resume(client: &Client, group: &str, names: Vec<String>) -> Result<(), OperationError> {
    if names.is_empty() {
        return Ok(());
    }
    let call = client.resume_processes().auto_scaling_group_name(group).set_scaling_processes(Some(names));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("ResumeProcesses"), error))
}

/// Has metrics collected; none at all if the list is empty.
pub(super) async fn enable(
    client: &Client,
    group: &str,
    planned: &Value,
    names: Vec<String>,
) -> Result<(), OperationError> {
    if names.is_empty() {
        return Ok(());
    }
    let granularity = planned.text("metrics_granularity").unwrap_or(GRANULARITY);
    let call = client
        .enable_metrics_collection()
        .auto_scaling_group_name(group)
        .granularity(granularity)
        .set_metrics(Some(names));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("EnableMetricsCollection"), error))
}

/// Has metrics collected no more; none at all if the list is empty.
pub(super) async fn disable(client: &Client, group: &str, names: Vec<String>) -> Result<(), OperationError> {
    if names.is_empty() {
        return Ok(());
    }
    let call = client.disable_metrics_collection().auto_scaling_group_name(group).set_metrics(Some(names));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("DisableMetricsCollection"), error))
}

/// Makes or changes the group's warm pool.
pub(super) async fn put_warm_pool(client: &Client, group: &str, pool: &Value) -> Result<(), OperationError> {
    let reuse = pool.block("instance_reuse_policy").map(|block| {
        InstanceReusePolicy::builder().set_reuse_on_scale_in(block.boolean("reuse_on_scale_in")).build()
    });
    // Without its block, what an earlier one said would stay.
    let reuse = reuse.unwrap_or_else(|| InstanceReusePolicy::builder().reuse_on_scale_in(false).build());
    let call = client
        .put_warm_pool()
        .auto_scaling_group_name(group)
        .instance_reuse_policy(reuse)
        .set_max_group_prepared_capacity(small(pool, "max_group_prepared_capacity"))
        .set_min_size(small(pool, "min_size"))
        .set_pool_state(owned(pool, "pool_state").map(|text| WarmPoolState::from(text.as_str())));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("PutWarmPool"), error))
}
