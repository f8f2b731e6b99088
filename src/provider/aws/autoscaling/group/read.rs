//! Reading groups, many at once: one call answers all that is to be known of fifty of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, AvailabilityZoneDistribution, CapacityReservationSpecification,
    InstanceMaintenancePolicy, LaunchTemplateSpecification, TrafficSourceIdentifier, WarmPoolConfiguration,
    WarmPoolStatus,
};

use crate::lang::value::Value;
use crate::provider::aws::autoscaling::{AT_ONCE, action};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::{Aws, names};
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

use super::mixed::{self, PLAIN};
use super::schema::{GRANULARITY, SCHEMA};

/// The name that a request asks for.
pub(super) fn name_of(known: &Value) -> Option<&str> {
    known.text("name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}

pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let wanted: BTreeSet<&str> = requests.iter().filter_map(|request| name_of(&request.known)).collect();
    let wanted: Vec<&str> = wanted.into_iter().collect();
    let found = describe(aws, &wanted).await?;
    Ok(requests
        .iter()
        .map(|request| match name_of(&request.known).and_then(|name| found.get(name)) {
            Some(live) => ReadResult::Found(value(aws, live, &request.known)),
            None => ReadResult::Missing,
        })
        .collect())
}

/// The groups of these names that exist, by name.
pub(in crate::provider::aws::autoscaling) async fn describe(
    aws: &Aws,
    names: &[&str],
) -> Result<BTreeMap<String, AutoScalingGroup>, OperationError> {
    let mut found = BTreeMap::new();
    for names in names.chunks(AT_ONCE) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut token = None;
        loop {
            let call = aws
                .autoscaling()
                .describe_auto_scaling_groups()
                .set_auto_scaling_group_names(Some(names.clone()))
                .max_records(100)
                .set_next_token(token);
            let answer =
                call.send().await.map_err(|error| failed(&action("DescribeAutoScalingGroups"), error))?;
            for live in answer.auto_scaling_groups.unwrap_or_default() {
                // One that is being deleted has a status; all that can be done is to wait.
                if let Some(name) = live.auto_scaling_group_name.clone() {
                    found.insert(name, live);
                }
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

/// One group that must exist.
pub(in crate::provider::aws::autoscaling) async fn find(
    aws: &Aws,
    name: &str,
) -> Result<AutoScalingGroup, OperationError> {
    describe(aws, &[name]).await?.remove(name).ok_or_else(|| {
        OperationError::new(
            ErrorKind::NotFound,
            action("DescribeAutoScalingGroups"),
            format!("the Auto Scaling group {name} is not there"),
        )
    })
}

/// The complete object. What lives in code and record only is as it is known.
pub(super) fn value(aws: &Aws, live: &AutoScalingGroup, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let name = live.auto_scaling_group_name().unwrap_or_default();
    let metrics = live.enabled_metrics();
    let granularity = metrics.first().and_then(|one| one.granularity()).unwrap_or(GRANULARITY);
    let subnets = live.vpc_zone_identifier().unwrap_or_default().split(',').filter(|one| !one.is_empty());
    let mut given = vec![
        ("id", Value::string(name)),
        ("arn", object::text(live.auto_scaling_group_arn())),
        ("availability_zones", object::text_set(live.availability_zones())),
        ("capacity_rebalance", object::boolean(live.capacity_rebalance())),
        ("context", object::text(live.context())),
        ("default_cooldown", object::integer(live.default_cooldown())),
        ("default_instance_warmup", object::integer(live.default_instance_warmup())),
        ("desired_capacity", object::integer(live.desired_capacity())),
        ("desired_capacity_type", object::text(live.desired_capacity_type())),
        ("enabled_metrics", object::text_set(metrics.iter().filter_map(|one| one.metric()))),
        ("health_check_grace_period", object::integer(live.health_check_grace_period())),
        ("health_check_type", object::text(live.health_check_type())),
        ("launch_configuration", object::text(live.launch_configuration_name())),
        ("load_balancers", object::text_set(live.load_balancer_names())),
        ("max_instance_lifetime", object::integer(live.max_instance_lifetime())),
        ("max_size", object::integer(live.max_size())),
        ("metrics_granularity", Value::string(granularity)),
        ("min_size", object::integer(live.min_size())),
        ("name", Value::string(name)),
        ("name_prefix", Value::string(names::prefix_of(name))),
        ("placement_group", object::text(live.placement_group())),
        ("predicted_capacity", Value::number(i64::from(live.predicted_capacity().unwrap_or_default()))),
        ("protect_from_scale_in", object::boolean(live.new_instances_protected_from_scale_in())),
        ("service_linked_role_arn", object::text(live.service_linked_role_arn())),
        (
            "suspended_processes",
            object::text_set(live.suspended_processes().iter().filter_map(|one| one.process_name())),
        ),
        ("target_group_arns", object::text_set(live.target_group_arns())),
        ("termination_policies", object::text_list(termination_policies(live, known))),
        ("vpc_zone_identifier", object::text_set(subnets)),
        ("warm_pool_size", Value::number(i64::from(live.warm_pool_size().unwrap_or_default()))),
    ];
    given.extend(given_blocks(aws, live, known));
    for name in ["initial_lifecycle_hook", "instance_refresh"] {
        if let Some(blocks) = known.get(name).filter(|blocks| blocks.is_wholly_known() && !blocks.is_null()) {
            given.push((name, blocks));
        }
    }
    schema.object(given)
}

/// The order of policies. A group without any has the policy `Default`, which the code need not say.
fn termination_policies(live: &AutoScalingGroup, known: &Value) -> Vec<String> {
    let policies = live.termination_policies().to_vec();
    let is_default = matches!(policies.as_slice(), [only] if only == "Default");
    if is_default && known.texts("termination_policies").is_empty() { Vec::new() } else { policies }
}

fn given_blocks(aws: &Aws, live: &AutoScalingGroup, known: &Value) -> Vec<(&'static str, Value)> {
    let schema = &SCHEMA.block;
    let template = |live: &LaunchTemplateSpecification| {
        blocks::one(schema, "launch_template", mixed::attributes(live, PLAIN))
    };
    let distribution = |live: &AvailabilityZoneDistribution| {
        let strategy = object::text(live.capacity_distribution_strategy().map(|one| one.as_str()));
        blocks::one(schema, "availability_zone_distribution", [("capacity_distribution_strategy", strategy)])
    };
    // A policy of no percentages is what is left of one that was removed.
    let maintenance = live.instance_maintenance_policy().filter(|live| {
        live.max_healthy_percentage().is_some_and(|percentage| percentage >= 0)
            || live.min_healthy_percentage().is_some_and(|percentage| percentage >= 0)
    });
    let maintenance_of = |live: &InstanceMaintenancePolicy| {
        blocks::one(
            schema,
            "instance_maintenance_policy",
            [
                ("max_healthy_percentage", object::integer(live.max_healthy_percentage())),
                ("min_healthy_percentage", object::integer(live.min_healthy_percentage())),
            ],
        )
    };
    let or_none = |name: &'static str, value: Option<Value>| {
        (name, value.unwrap_or_else(|| blocks::none(schema, name)))
    };
    let warm_pool = live.warm_pool_configuration();
    let warm_pool = warm_pool.filter(|live| live.status() != Some(&WarmPoolStatus::PendingDelete));
    vec![
        or_none("launch_template", live.launch_template().map(template)),
        or_none("availability_zone_distribution", live.availability_zone_distribution().map(distribution)),
        or_none(
            "capacity_reservation_specification",
            live.capacity_reservation_specification().map(reservations),
        ),
        or_none("instance_maintenance_policy", maintenance.map(maintenance_of)),
        ("mixed_instances_policy", mixed::flatten(schema, live.mixed_instances_policy())),
        ("tag", tags(aws, live)),
        ("traffic_source", sources(live.traffic_sources())),
        or_none("warm_pool", warm_pool.map(|live| warm_pool_of(live, known))),
    ]
}

fn reservations(live: &CapacityReservationSpecification) -> Value {
    let outer = &SCHEMA.block;
    let name = "capacity_reservation_specification";
    let schema = blocks::inner(outer, name);
    let target = live.capacity_reservation_target().map(|target| {
        blocks::one(
            schema,
            "capacity_reservation_target",
            [
                ("capacity_reservation_ids", object::text_list(target.capacity_reservation_ids())),
                (
                    "capacity_reservation_resource_group_arns",
                    object::text_list(target.capacity_reservation_resource_group_arns()),
                ),
            ],
        )
    });
    let preference = object::text(live.capacity_reservation_preference().map(|one| one.as_str()));
    blocks::one(
        outer,
        name,
        [
            ("capacity_reservation_preference", preference),
            (
                "capacity_reservation_target",
                target.unwrap_or_else(|| blocks::none(schema, "capacity_reservation_target")),
            ),
        ],
    )
}

fn tags(aws: &Aws, live: &AutoScalingGroup) -> Value {
    let outer = &SCHEMA.block;
    let schema = blocks::inner(outer, "tag");
    let tags = live.tags().iter().filter(|tag| !aws.tags.is_ignored(tag.key().unwrap_or_default()));
    let made = tags.map(|tag| {
        schema.object([
            ("key", object::text(tag.key())),
            ("propagate_at_launch", Value::bool(tag.propagate_at_launch().unwrap_or_default())),
            ("value", Value::string(tag.value().unwrap_or_default())),
        ])
    });
    blocks::holding(outer, "tag", made.collect())
}

fn sources(live: &[TrafficSourceIdentifier]) -> Value {
    let outer = &SCHEMA.block;
    let schema = blocks::inner(outer, "traffic_source");
    let made = live.iter().map(|one| {
        schema.object([("identifier", object::text(one.identifier())), ("type", object::text(one.r#type()))])
    });
    blocks::holding(outer, "traffic_source", made.collect())
}

/// AWS may answer a policy that reuses nothing where none was given: then the record says which it is.
fn warm_pool_of(live: &WarmPoolConfiguration, known: &Value) -> Value {
    let is_said = known.block("warm_pool").is_some_and(|pool| pool.block("instance_reuse_policy").is_some());
    let outer = &SCHEMA.block;
    let schema = blocks::inner(outer, "warm_pool");
    let reuse = match live.instance_reuse_policy() {
        Some(reuse) if is_said || reuse.reuse_on_scale_in() == Some(true) => {
            let is_reused = Value::bool(reuse.reuse_on_scale_in().unwrap_or_default());
            blocks::one(schema, "instance_reuse_policy", [("reuse_on_scale_in", is_reused)])
        }
        _ => blocks::none(schema, "instance_reuse_policy"),
    };
    blocks::one(
        outer,
        "warm_pool",
        [
            ("instance_reuse_policy", reuse),
            // Left out, the pool is as large as the group may be.
            (
                "max_group_prepared_capacity",
                Value::number(i64::from(live.max_group_prepared_capacity().unwrap_or(-1))),
            ),
            ("min_size", Value::number(i64::from(live.min_size().unwrap_or_default()))),
            ("pool_state", object::text(live.pool_state().map(|state| state.as_str()))),
        ],
    )
}
