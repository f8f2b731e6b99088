//! `instance_refresh`: replacing a group's instances once their template has changed.
//!
//! Facts: EC2 Auto Scaling API reference, StartInstanceRefresh, `RefreshPreferences`, CancelInstanceRefresh; EC2 Auto
//! Scaling User Guide, “Use an instance refresh to update instances in an Auto Scaling group”.

use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::{
    AlarmSpecification, DesiredConfiguration, InstanceRefreshStatus, RefreshPreferences, RefreshStrategy,
    ScaleInProtectedInstances, StandbyInstances,
};

use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::autoscaling::action;
use crate::provider::aws::autoscaling::values::{owned, small};
use crate::provider::aws::elbv2::blocks::{same_attribute, same_blocks};
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;

use super::mixed::{self, PLAIN};
use super::schema::SCHEMA;

/// What starts a refresh wherever the code asks for refreshes at all.
pub(super) const ALWAYS: [&str; 3] = ["launch_configuration", "launch_template", "mixed_instances_policy"];

/// The service's word for a group whose instances are being replaced already.
const IN_PROGRESS: &str = "InstanceRefreshInProgress";

/// Whether the change starts a refresh: the code asks for refreshes, and the template or what the code lists as
/// triggers has changed.
pub(super) fn is_due(prior: &Value, planned: &Value) -> bool {
    let Some(refresh) = planned.block("instance_refresh") else { return false };
    let triggers = refresh.texts("triggers");
    ALWAYS.into_iter().chain(triggers.iter().map(String::as_str)).any(|name| is_changed(name, prior, planned))
}

fn is_changed(name: &str, prior: &Value, planned: &Value) -> bool {
    let schema = &SCHEMA.block;
    if schema.attributes.contains_key(name) {
        return !same_attribute(schema, name, prior, planned);
    }
    schema.blocks.contains_key(name) && !same_blocks(schema, name, prior, planned)
}

/// Starts a refresh. One that is under way is cancelled first: it works towards what the group was to be before.
pub(super) async fn start(
    client: &Client,
    group: &str,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let Some(refresh) = planned.block("instance_refresh") else { return Ok(()) };
    match send(client, group, planned, refresh).await {
        Err(error) if error.code.as_deref().is_some_and(|code| code.starts_with(IN_PROGRESS)) => {
            cancel(client, group, patience).await?;
            send(client, group, planned, refresh).await
        }
        other => other,
    }
}

async fn send(client: &Client, group: &str, planned: &Value, refresh: &Value) -> Result<(), OperationError> {
    let preferences = refresh.block("preferences");
    let rolls_back = preferences.is_some_and(|block| block.boolean("auto_rollback") == Some(true));
    // Rolling back needs the configuration that is aimed at.
    let desired = rolls_back.then(|| {
        DesiredConfiguration::builder()
            .set_launch_template(
                planned.block("launch_template").map(|block| mixed::specification(block, PLAIN)),
            )
            .set_mixed_instances_policy(planned.block("mixed_instances_policy").map(mixed::expand))
            .build()
    });
    let strategy = refresh.text("strategy").unwrap_or("Rolling");
    let call = client
        .start_instance_refresh()
        .auto_scaling_group_name(group)
        .strategy(RefreshStrategy::from(strategy))
        .set_desired_configuration(desired)
        .set_preferences(preferences.map(expand));
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("StartInstanceRefresh"), error))
}

fn expand(block: &Value) -> RefreshPreferences {
    let percentages: Vec<i32> = block
        .blocks("checkpoint_percentages")
        .iter()
        .filter_map(Value::as_i64)
        .filter_map(|number| i32::try_from(number).ok())
        .collect();
    // A delay means something between checkpoints only.
    let delay = number(block, "checkpoint_delay").filter(|_| !percentages.is_empty());
    let alarms = block.block("alarm_specification").map(|block| block.texts("alarms"));
    RefreshPreferences::builder()
        .set_alarm_specification(
            alarms.map(|alarms| AlarmSpecification::builder().set_alarms(Some(alarms)).build()),
        )
        .set_auto_rollback(block.boolean("auto_rollback"))
        .set_checkpoint_delay(delay)
        .set_checkpoint_percentages(Some(percentages).filter(|percentages| !percentages.is_empty()))
        .set_instance_warmup(number(block, "instance_warmup"))
        .set_max_healthy_percentage(small(block, "max_healthy_percentage"))
        .set_min_healthy_percentage(small(block, "min_healthy_percentage"))
        .set_scale_in_protected_instances(
            owned(block, "scale_in_protected_instances")
                .map(|text| ScaleInProtectedInstances::from(text.as_str())),
        )
        .set_skip_matching(block.boolean("skip_matching"))
        .set_standby_instances(
            owned(block, "standby_instances").map(|text| StandbyInstances::from(text.as_str())),
        )
        .build()
}

/// A number that the schema has as a text, so that it can be left out.
fn number(block: &Value, name: &str) -> Option<i32> {
    block.text(name).and_then(|text| text.parse().ok())
}

/// Cancels the refresh that is under way, and waits until it has ended.
async fn cancel(client: &Client, group: &str, patience: Duration) -> Result<(), OperationError> {
    if let Err(error) = client.cancel_instance_refresh().auto_scaling_group_name(group).send().await {
        let error = failed(&action("CancelInstanceRefresh"), error);
        // It ended between two calls.
        if !error.code.as_deref().is_some_and(|code| code.starts_with("ActiveInstanceRefreshNotFound")) {
            return Err(error);
        }
    }
    until(&format!("the instance refresh of {group} to be cancelled"), patience, || async {
        let answer = client.describe_instance_refreshes().auto_scaling_group_name(group).send().await;
        let answer = answer.map_err(|error| failed(&action("DescribeInstanceRefreshes"), error))?;
        let under_way = answer.instance_refreshes().iter().filter_map(|one| one.status()).find(|status| {
            matches!(
                status,
                InstanceRefreshStatus::Pending
                    | InstanceRefreshStatus::InProgress
                    | InstanceRefreshStatus::Cancelling
                    | InstanceRefreshStatus::RollbackInProgress
                    | InstanceRefreshStatus::Baking
            )
        });
        Ok(under_way.map_or(Progress::Done(()), |status| Progress::Waiting(status.as_str().to_lowercase())))
    })
    .await
}
