//! Making, changing and deleting groups.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::operation::create_auto_scaling_group::builders::CreateAutoScalingGroupFluentBuilder;
use aws_sdk_autoscaling::types::{LifecycleHookSpecification, Tag};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::autoscaling::values::{filled, owned, small};
use crate::provider::aws::autoscaling::{action, is_gone};
use crate::provider::aws::elbv2::blocks::{same_attribute, same_blocks};
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::eventual::{self, PROPAGATION};
use crate::provider::aws::names;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, duration};

use super::mixed::{self, PLAIN};
use super::read::{find, name_of, value};
use super::schema::{GRANULARITY, SCHEMA};
use super::{PATIENCE, capacity, refresh, settings, traffic};

/// What decides how many instances there are to be: after a change of it, they are waited for.
const SIZES: [&str; 3] = ["desired_capacity", "max_size", "min_size"];

pub(super) async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.autoscaling();
    let name = planned.text("name").unwrap_or_default();
    let attempts = Attempts::default();
    let made = eventual::persist(PROPAGATION, is_unseen_profile, || async {
        let call = creation(client, name, planned).customize().interceptor(attempts.clone());
        let answer = call.send().await.map(drop);
        answer.map_err(|error| failed(&action("CreateAutoScalingGroup"), error))
    })
    .await;
    if let Err(error) = made {
        // A generated name is nobody else's: if the first answer was lost, the group is the one just made.
        let is_ours = error.kind == ErrorKind::AlreadyExists
            && attempts.may_have_acted()
            && !names::prefix_of(name).is_empty();
        if !is_ours {
            return Err(error);
        }
    }
    let known = known_part(planned).with("id", Value::string(name));
    let finish = async {
        capacity::created(aws, name, planned).await?;
        settings::suspend(client, name, planned.texts("suspended_processes")).await?;
        settings::enable(client, name, planned, planned.texts("enabled_metrics")).await?;
        if let Some(pool) = planned.block("warm_pool") {
            settings::put_warm_pool(client, name, pool).await?;
        }
        read_one(aws, name, &known).await
    };
    finish.await.map_err(|error| error.with_partial(known.clone()))
}

async fn read_one(aws: &Aws, name: &str, known: &Value) -> Result<Value, OperationError> {
    Ok(value(aws, &find(aws, name).await?, known))
}

/// An instance profile that was just made may not be seen yet.
fn is_unseen_profile(error: &OperationError) -> bool {
    error.message.contains("Invalid IAM Instance Profile")
}

fn creation(client: &Client, name: &str, planned: &Value) -> CreateAutoScalingGroupFluentBuilder {
    let many = |name: &str| Some(planned.texts(name)).filter(|texts| !texts.is_empty());
    let tags: Vec<Tag> = planned.blocks("tag").iter().map(|block| tag(name, block)).collect();
    let hooks: Vec<LifecycleHookSpecification> =
        planned.blocks("initial_lifecycle_hook").iter().map(hook).collect();
    let sources = traffic::sources(planned);
    client
        .create_auto_scaling_group()
        .auto_scaling_group_name(name)
        .set_availability_zone_distribution(settings::distribution(planned))
        .set_availability_zones(many("availability_zones"))
        .set_capacity_rebalance(planned.boolean("capacity_rebalance"))
        .set_capacity_reservation_specification(settings::reservations(planned))
        .set_context(owned(planned, "context"))
        .set_default_cooldown(small(planned, "default_cooldown"))
        .set_default_instance_warmup(small(planned, "default_instance_warmup"))
        .set_desired_capacity(small(planned, "desired_capacity"))
        .set_desired_capacity_type(owned(planned, "desired_capacity_type"))
        .set_health_check_grace_period(small(planned, "health_check_grace_period"))
        .set_health_check_type(owned(planned, "health_check_type"))
        .set_instance_maintenance_policy(settings::maintenance(planned))
        .set_launch_configuration_name(owned(planned, "launch_configuration"))
        .set_launch_template(planned.block("launch_template").map(|block| mixed::specification(block, PLAIN)))
        .set_lifecycle_hook_specification_list(Some(hooks).filter(|hooks| !hooks.is_empty()))
        .set_load_balancer_names(many("load_balancers"))
        .set_max_instance_lifetime(small(planned, "max_instance_lifetime").filter(|lifetime| *lifetime != 0))
        .set_max_size(small(planned, "max_size"))
        .set_min_size(small(planned, "min_size"))
        .set_mixed_instances_policy(planned.block("mixed_instances_policy").map(mixed::expand))
        .set_new_instances_protected_from_scale_in(planned.boolean("protect_from_scale_in"))
        .set_placement_group(owned(planned, "placement_group"))
        .set_service_linked_role_arn(owned(planned, "service_linked_role_arn"))
        .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
        .set_target_group_arns(many("target_group_arns"))
        .set_termination_policies(many("termination_policies"))
        .set_traffic_sources(Some(sources).filter(|sources| !sources.is_empty()))
        .set_vpc_zone_identifier(many("vpc_zone_identifier").map(|subnets| subnets.join(",")))
}

fn hook(block: &Value) -> LifecycleHookSpecification {
    LifecycleHookSpecification::builder()
        .set_default_result(owned(block, "default_result"))
        .set_heartbeat_timeout(small(block, "heartbeat_timeout"))
        .set_lifecycle_hook_name(owned(block, "name"))
        .set_lifecycle_transition(owned(block, "lifecycle_transition"))
        .set_notification_metadata(owned(block, "notification_metadata"))
        .set_notification_target_arn(owned(block, "notification_target_arn"))
        .set_role_arn(owned(block, "role_arn"))
        .build()
}

fn tag(group: &str, block: &Value) -> Tag {
    Tag::builder()
        .resource_id(group)
        .resource_type("auto-scaling-group")
        .set_key(owned(block, "key"))
        .value(block.text("value").unwrap_or_default())
        .set_propagate_at_launch(block.boolean("propagate_at_launch"))
        .build()
}

pub(super) async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.autoscaling();
    let name = name_of(prior).unwrap_or_default();
    let patience = duration::timeout(planned, "update", PATIENCE);
    let schema = &SCHEMA.block;
    // First of all, for a suspended process could keep what follows from ending.
    let (before, after) = (prior.texts("suspended_processes"), planned.texts("suspended_processes"));
    settings::resume(client, name, without(&before, &after)).await?;
    settings::modify(client, name, prior, planned).await?;
    change_tags(client, name, prior, planned).await?;
    traffic::update(client, name, prior, planned, patience).await?;
    if refresh::is_due(prior, planned) {
        refresh::start(client, name, planned, patience).await?;
    }
    if !same_blocks(schema, "warm_pool", prior, planned) {
        match planned.block("warm_pool") {
            Some(pool) => settings::put_warm_pool(client, name, pool).await?,
            None => delete_warm_pool(aws, name, force_pool(planned), patience).await?,
        }
    }
    if SIZES.iter().any(|name| !same_attribute(schema, name, prior, planned)) {
        capacity::updated(aws, name, planned).await?;
    }
    change_metrics(client, name, prior, planned).await?;
    settings::suspend(client, name, without(&after, &before)).await?;
    read_one(aws, name, planned).await
}

/// Those of the first that are not in the second.
fn without(one: &[String], other: &[String]) -> Vec<String> {
    one.iter().filter(|text| !other.contains(text)).cloned().collect()
}

async fn change_metrics(
    client: &Client,
    group: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let (before, after) = (prior.texts("enabled_metrics"), planned.texts("enabled_metrics"));
    let granularity =
        |object: &Value| filled(object, "metrics_granularity").unwrap_or(GRANULARITY).to_owned();
    if granularity(prior) != granularity(planned) {
        settings::disable(client, group, before).await?;
        return settings::enable(client, group, planned, after).await;
    }
    settings::disable(client, group, without(&before, &after)).await?;
    settings::enable(client, group, planned, without(&after, &before)).await
}

async fn change_tags(
    client: &Client,
    group: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let by_key = |object: &Value| -> BTreeMap<String, Value> {
        let blocks = object.blocks("tag").iter();
        blocks.filter_map(|block| Some((owned(block, "key")?, block.clone()))).collect()
    };
    let (before, after) = (by_key(prior), by_key(planned));
    let gone: Vec<Tag> = before
        .iter()
        .filter(|(key, _)| !after.contains_key(*key))
        .map(|(_, block)| tag(group, block))
        .collect();
    if !gone.is_empty() {
        let answer = client.delete_tags().set_tags(Some(gone)).send().await;
        answer.map_err(|error| failed(&action("DeleteTags"), error))?;
    }
    let new: Vec<Tag> = after
        .iter()
        .filter(|(key, block)| before.get(*key) != Some(*block))
        .map(|(_, block)| tag(group, block))
        .collect();
    if !new.is_empty() {
        let answer = client.create_or_update_tags().set_tags(Some(new)).send().await;
        answer.map_err(|error| failed(&action("CreateOrUpdateTags"), error))?;
    }
    Ok(())
}

fn force_pool(object: &Value) -> bool {
    ["force_delete", "force_delete_warm_pool"].iter().any(|name| object.boolean(name) == Some(true))
}

/// Deletes a group's warm pool, and waits until it is gone.
async fn delete_warm_pool(
    aws: &Aws,
    group: &str,
    is_forced: bool,
    patience: Duration,
) -> Result<(), OperationError> {
    let call = aws.autoscaling().delete_warm_pool().auto_scaling_group_name(group).force_delete(is_forced);
    if let Err(error) = call.send().await {
        let error = failed(&action("DeleteWarmPool"), error);
        if !is_gone(&error) && !error.message.contains("No warm pool found") {
            return Err(error);
        }
    }
    until(&format!("the warm pool of {group} to be deleted"), patience, || async {
        Ok(match find(aws, group).await?.warm_pool_configuration() {
            Some(_) => Progress::Waiting("there".to_owned()),
            None => Progress::Done(()),
        })
    })
    .await
}

/// Deletes a group. Unless it is forced, its instances are terminated first, so that their lifecycle hooks run.
pub(super) async fn delete(aws: &Aws, prior: &Value) -> Result<(), OperationError> {
    let Some(name) = name_of(prior) else { return Ok(()) };
    let patience = duration::timeout(prior, "delete", PATIENCE);
    let live = match find(aws, name).await {
        Ok(live) => live,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let is_forced = prior.boolean("force_delete") == Some(true);
    let drained = async {
        if live.warm_pool_configuration().is_some() {
            delete_warm_pool(aws, name, force_pool(prior), patience).await?;
        }
        if !is_forced && live.status().is_none() {
            capacity::drain(aws, &live, patience).await?;
        }
        Ok::<(), OperationError>(())
    };
    match drained.await {
        // It went by itself meanwhile.
        Err(error) if error.kind == ErrorKind::NotFound || is_gone(&error) => return Ok(()),
        other => other?,
    }
    let call = || async {
        let call = aws.autoscaling().delete_auto_scaling_group().auto_scaling_group_name(name);
        let Err(error) = call.force_delete(is_forced).send().await else {
            return Ok(Progress::Done(()));
        };
        let error = failed(&action("DeleteAutoScalingGroup"), error);
        let is_busy = error.kind == ErrorKind::InUse
            || error.code.as_deref().is_some_and(|code| code.starts_with("ScalingActivityInProgress"));
        match error {
            error if is_gone(&error) => Ok(Progress::Done(())),
            error if is_busy => Ok(Progress::Waiting(format!("busy ({})", error.message))),
            error => Err(error),
        }
    };
    until(&format!("{name} to be deleted"), patience, call).await?;
    until(&format!("{name} to be gone"), patience, || async {
        match find(aws, name).await {
            Ok(_) => Ok(Progress::Waiting("there".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
            Err(error) => Err(error),
        }
    })
    .await
}
