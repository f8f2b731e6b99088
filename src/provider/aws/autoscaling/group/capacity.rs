//! Waiting for a group's instances: until there are as many as asked for, and until there are none.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance, LifecycleState, ScalingActivityStatusCode};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthStateEnum;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::autoscaling::action;
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, duration};

use super::read::find;

/// How many instances SetInstanceProtection takes at a time (API reference).
const PROTECTED_AT_ONCE: usize = 50;

/// How long to wait where the code does not say.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What is waited for.
struct Target {
    /// Instances in service.
    instances: i64,
    /// Instances that their target groups find healthy.
    healthy: i64,
    /// Whether there must not be more either.
    is_exact: bool,
}

/// What is to be waited for once a group is made: as many as it starts with.
fn of_created(planned: &Value) -> Target {
    let number = |name: &str| planned.integer(name).filter(|number| *number > 0);
    Target {
        instances: number("desired_capacity").or_else(|| number("min_size")).unwrap_or_default(),
        healthy: number("wait_for_elb_capacity").or_else(|| number("min_elb_capacity")).unwrap_or_default(),
        is_exact: false,
    }
}

/// What is to be waited for once a group is changed: exactly as many as it is to have.
fn of_updated(planned: &Value) -> Target {
    Target {
        instances: planned.integer("desired_capacity").unwrap_or_default(),
        healthy: planned.integer("wait_for_elb_capacity").unwrap_or_default(),
        is_exact: true,
    }
}

/// How long the code wants to wait for capacity; nothing if not at all.
fn patience(planned: &Value) -> Option<Duration> {
    let text = planned.text("wait_for_capacity_timeout");
    text.map_or(Some(PATIENCE), duration::parse).filter(|patience| !patience.is_zero())
}

/// Waits until a new group has its instances, if the code wants to.
pub(super) async fn created(aws: &Aws, group: &str, planned: &Value) -> Result<(), OperationError> {
    reached(aws, group, planned, &of_created(planned)).await
}

/// Waits until a changed group has its instances, if the code wants to.
pub(super) async fn updated(aws: &Aws, group: &str, planned: &Value) -> Result<(), OperationError> {
    reached(aws, group, planned, &of_updated(planned)).await
}

async fn reached(aws: &Aws, group: &str, planned: &Value, target: &Target) -> Result<(), OperationError> {
    let Some(patience) = patience(planned) else { return Ok(()) };
    let start = SystemTime::now();
    let minds_failures = planned.boolean("ignore_failed_scaling_activities") != Some(true);
    until(&format!("the instances of {group}"), patience, || async {
        let live = find(aws, group).await?;
        let instances: i64 = live.instances().iter().filter(|one| is_in_service(one)).map(weight).sum();
        if instances < target.instances || target.is_exact && instances > target.instances {
            if minds_failures {
                no_failure(aws, group, start).await?;
            }
            return Ok(Progress::Waiting(format!("at {instances} of {} in service", target.instances)));
        }
        if target.healthy == 0 {
            return Ok(Progress::Done(()));
        }
        let healthy = healthy(aws, &live).await?;
        if healthy < target.healthy || target.is_exact && healthy > target.healthy {
            return Ok(Progress::Waiting(format!("at {healthy} of {} healthy", target.healthy)));
        }
        Ok(Progress::Done(()))
    })
    .await
}

fn is_in_service(instance: &Instance) -> bool {
    instance.lifecycle_state() == Some(&LifecycleState::InService)
        && instance.health_status().is_some_and(|health| health.eq_ignore_ascii_case("healthy"))
}

/// How much an instance counts: more than one where the mixed instances policy weighs types.
fn weight(instance: &Instance) -> i64 {
    instance.weighted_capacity().and_then(|weight| weight.parse().ok()).unwrap_or(1)
}

/// How much of the group's capacity every one of its target groups finds healthy.
async fn healthy(aws: &Aws, live: &AutoScalingGroup) -> Result<i64, OperationError> {
    let mut everywhere: Option<BTreeSet<String>> = None;
    for arn in live.target_group_arns() {
        let answer = aws.elb().describe_target_health().target_group_arn(arn).send().await;
        let answer = answer.map_err(|error| failed("elasticloadbalancing:DescribeTargetHealth", error))?;
        let healthy: BTreeSet<String> = answer
            .target_health_descriptions()
            .iter()
            .filter(|one| {
                one.target_health().and_then(|health| health.state()) == Some(&TargetHealthStateEnum::Healthy)
            })
            .filter_map(|one| one.target().and_then(|target| target.id()).map(str::to_owned))
            .collect();
        everywhere = Some(match everywhere {
            Some(before) => before.intersection(&healthy).cloned().collect(),
            None => healthy,
        });
    }
    let everywhere = everywhere.unwrap_or_default();
    let weights: BTreeMap<&str, i64> =
        live.instances().iter().filter_map(|one| Some((one.instance_id()?, weight(one)))).collect();
    Ok(everywhere.iter().filter_map(|id| weights.get(id.as_str())).sum())
}

/// An error if an activity of the group failed since the wait began: waiting longer rarely helps.
async fn no_failure(aws: &Aws, group: &str, start: SystemTime) -> Result<(), OperationError> {
    let answer = aws.autoscaling().describe_scaling_activities().auto_scaling_group_name(group).send().await;
    let answer = answer.map_err(|error| failed(&action("DescribeScalingActivities"), error))?;
    let since = start.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    let failure = answer.activities().iter().find(|one| {
        one.status_code() == Some(&ScalingActivityStatusCode::Failed)
            && one.start_time().and_then(|time| u64::try_from(time.secs()).ok()).is_some_and(|at| at >= since)
    });
    let Some(failure) = failure else { return Ok(()) };
    Err(OperationError::new(
        ErrorKind::Other,
        action("DescribeScalingActivities"),
        format!(
            "an activity of the group failed: {} {} (set ignore_failed_scaling_activities = true to wait on)",
            failure.description().unwrap_or_default(),
            failure.status_message().unwrap_or_default()
        ),
    ))
}

/// Takes all instances out of a group that is to be deleted, and waits until they are gone.
pub(super) async fn drain(
    aws: &Aws,
    live: &AutoScalingGroup,
    patience: Duration,
) -> Result<(), OperationError> {
    let client = aws.autoscaling();
    let group = live.auto_scaling_group_name().unwrap_or_default();
    let protected: Vec<String> = live
        .instances()
        .iter()
        .filter(|one| one.protected_from_scale_in() == Some(true))
        .filter_map(|one| one.instance_id().map(str::to_owned))
        .collect();
    for ids in protected.chunks(PROTECTED_AT_ONCE) {
        let call = client
            .set_instance_protection()
            .auto_scaling_group_name(group)
            .protected_from_scale_in(false)
            .set_instance_ids(Some(ids.to_vec()));
        call.send().await.map_err(|error| failed(&action("SetInstanceProtection"), error))?;
    }
    let call = client
        .update_auto_scaling_group()
        .auto_scaling_group_name(group)
        .min_size(0)
        .max_size(0)
        .desired_capacity(0);
    call.send().await.map_err(|error| failed(&action("UpdateAutoScalingGroup"), error))?;
    until(&format!("the instances of {group} to be terminated"), patience, || async {
        match find(aws, group).await {
            Ok(live) if live.instances().is_empty() => Ok(Progress::Done(())),
            Ok(live) => Ok(Progress::Waiting(format!("at {} instances", live.instances().len()))),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
            Err(error) => Err(error),
        }
    })
    .await
}
