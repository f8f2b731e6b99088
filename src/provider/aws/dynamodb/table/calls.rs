//! Making, changing and deleting tables, and waiting for it.
//!
//! Facts: CreateTable, UpdateTable (one index at a time; another only once the table is ACTIVE again),
//! UpdateContinuousBackups, UpdateTimeToLive, DeleteTable.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, GlobalSecondaryIndexDescription, IndexStatus, PointInTimeRecoverySpecification,
    SseStatus, TableDescription, TableStatus, Tag, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::read::{describe, is_expiring, time_to_live};
use super::spec;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};

/// How far AWS's clock may be from ours.
const CLOCK_SKEW: Duration = Duration::from_secs(120);

/// Makes a table. `created` in AWS before this call, it is somebody else's.
pub(super) async fn create(aws: &Aws, planned: &Value, patience: Duration) -> Result<(), OperationError> {
    let attempts = Attempts::default();
    let begun = SystemTime::now();
    let name = planned.text("name").unwrap_or_default();
    wait::until(&format!("leave to make table {name}"), patience, || async {
        let call = spec::creation(aws, planned)?;
        let error = match call.customize().interceptor(attempts.clone()).send().await {
            Ok(_) => return Ok(Progress::Done(())),
            Err(error) => failed("dynamodb:CreateTable", error),
        };
        // So many tables may be in the making at once, and no more.
        if error.code.as_deref() == Some("LimitExceededException") {
            return Ok(Progress::Waiting("told that too many tables are being made".to_owned()));
        }
        if error.kind != ErrorKind::InUse {
            return Err(error);
        }
        // The first answer was lost and the table is as new as this call: it is the one just made.
        if attempts.may_have_acted()
            && let Ok(table) = describe(aws, name).await
            && table
                .creation_date_time()
                .and_then(|created| SystemTime::try_from(*created).ok())
                .is_some_and(|created| created + CLOCK_SKEW >= begun)
        {
            return Ok(Progress::Done(()));
        }
        Err(OperationError { kind: ErrorKind::AlreadyExists, ..error })
    })
    .await
}

fn is_busy(status: Option<&IndexStatus>) -> bool {
    status.is_some_and(|status| status != &IndexStatus::Active)
}

/// What a table is still doing, if it is not yet where it should be.
fn busy_with(table: &TableDescription) -> Option<String> {
    if table.table_status() != Some(&TableStatus::Active) {
        let status = table.table_status().map_or("in an unknown state", |status| status.as_str());
        return Some(status.to_owned());
    }
    if let Some(SseStatus::Enabling | SseStatus::Disabling | SseStatus::Updating) =
        table.sse_description().and_then(|description| description.status())
    {
        return Some("changing its encryption".to_owned());
    }
    let busy = table.global_secondary_indexes().iter().find(|index| is_busy(index.index_status()));
    let name = busy.and_then(GlobalSecondaryIndexDescription::index_name);
    name.map(|name| format!("busy with index {name}"))
}

/// Waits until a table and its indexes are ACTIVE. A new table may not be shown at first.
pub(super) async fn wait_active(
    aws: &Aws,
    name: &str,
    is_new: bool,
    patience: Duration,
) -> Result<(), OperationError> {
    wait::until(&format!("table {name} to be ACTIVE"), patience, || async {
        match describe(aws, name).await {
            Ok(table) => Ok(busy_with(&table).map_or(Progress::Done(()), Progress::Waiting)),
            Err(error) if is_new && error.kind == ErrorKind::NotFound => {
                Ok(Progress::Waiting("not shown".to_owned()))
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// Whether AWS says that it is busy with something else of this table or account.
fn is_told_to_wait(error: &OperationError) -> bool {
    error.kind == ErrorKind::InUse || error.code.as_deref() == Some("LimitExceededException")
}

async fn send(
    aws: &Aws,
    name: &str,
    call: UpdateTableFluentBuilder,
    patience: Duration,
) -> Result<(), OperationError> {
    wait::until(&format!("table {name} to take a change"), patience, || async {
        match call.clone().send().await {
            Ok(_) => Ok(Progress::Done(())),
            Err(error) => {
                let error = failed("dynamodb:UpdateTable", error);
                if is_told_to_wait(&error) {
                    return Ok(Progress::Waiting(error.message));
                }
                Err(error)
            }
        }
    })
    .await?;
    wait_active(aws, name, false, patience).await
}

/// Brings the table itself, apart from its indexes' shape, from `prior` to `planned`: each change of its own kind is
/// a call of its own.
pub(super) async fn update(
    aws: &Aws,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let name = planned.text("name").unwrap_or_default();
    let call = || aws.dynamodb().update_table().table_name(name);
    let attributes = spec::attributes(planned)?;
    let steps = spec::index_steps(prior, planned)?;
    // What goes makes room for what comes.
    for index in steps.delete {
        let call = call().global_secondary_index_updates(index);
        send(aws, name, call, patience).await?;
    }
    if let Some(change) = spec::throughput(&call(), prior, planned, steps.update)? {
        send(aws, name, change, patience).await?;
    }
    for index in steps.create {
        let call = with_attributes(call(), &attributes).global_secondary_index_updates(index);
        send(aws, name, call, patience).await?;
    }
    for change in spec::settings(&call(), prior, planned)? {
        send(aws, name, change, patience).await?;
    }
    Ok(())
}

fn with_attributes(
    call: UpdateTableFluentBuilder,
    attributes: &[AttributeDefinition],
) -> UpdateTableFluentBuilder {
    attributes.iter().cloned().fold(call, UpdateTableFluentBuilder::attribute_definitions)
}

/// Switches point-in-time recovery, if the plan has it otherwise than it is.
pub(super) async fn set_recovery(
    aws: &Aws,
    current: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    const KIND: &str = "point_in_time_recovery";
    let name = planned.text("name").unwrap_or_default();
    let Some(wanted) = planned.block(KIND) else { return Ok(()) };
    let of = |block: Option<&Value>| {
        let is_enabled = block.and_then(|block| block.boolean("enabled")).unwrap_or(false);
        (is_enabled, block.and_then(|block| block.integer("recovery_period_in_days")))
    };
    let (was_enabled, had_days) = of(current.block(KIND));
    let (is_enabled, days) = of(Some(wanted));
    if was_enabled == is_enabled && (!is_enabled || days.is_none() || days == had_days) {
        return Ok(());
    }
    let days = days.filter(|_| is_enabled).and_then(|days| i32::try_from(days).ok());
    let specification = PointInTimeRecoverySpecification::builder()
        .point_in_time_recovery_enabled(is_enabled)
        .set_recovery_period_in_days(days)
        .build()
        .map_err(|error| OperationError::internal(error.to_string()))?;
    // Right after a table was made, its backups are still being set up.
    wait::until(&format!("table {name} to take its point-in-time recovery"), patience, || async {
        let call = aws.dynamodb().update_continuous_backups().table_name(name);
        match call.point_in_time_recovery_specification(specification.clone()).send().await {
            Ok(_) => Ok(Progress::Done(())),
            Err(error) => {
                let error = failed("dynamodb:UpdateContinuousBackups", error);
                match error.code.as_deref() {
                    Some("ContinuousBackupsUnavailableException") => Ok(Progress::Waiting(error.message)),
                    _ => Err(error),
                }
            }
        }
    })
    .await
}

/// Switches the expiry of items, if the plan has it otherwise than it is.
pub(super) async fn set_time_to_live(
    aws: &Aws,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let name = planned.text("name").unwrap_or_default();
    let Some(wanted) = planned.block("ttl") else { return Ok(()) };
    let is_enabled = wanted.boolean("enabled").unwrap_or(false);
    let attribute = wanted.text("attribute_name").filter(|name| !name.is_empty());
    let live = time_to_live(aws, name).await?;
    let was_enabled = is_expiring(live.as_ref());
    let had = live.as_ref().and_then(|live| live.attribute_name()).unwrap_or_default();
    if was_enabled && (!is_enabled || attribute != Some(had)) {
        switch_time_to_live(aws, name, had, false, patience).await?;
    }
    if is_enabled && (!was_enabled || attribute != Some(had)) {
        switch_time_to_live(aws, name, attribute.unwrap_or_default(), true, patience).await?;
    }
    Ok(())
}

async fn switch_time_to_live(
    aws: &Aws,
    name: &str,
    attribute: &str,
    is_enabled: bool,
    patience: Duration,
) -> Result<(), OperationError> {
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(is_enabled)
        .build()
        .map_err(|error| OperationError::internal(error.to_string()))?;
    let call = aws.dynamodb().update_time_to_live().table_name(name);
    let answer = call.time_to_live_specification(specification).send().await;
    answer.map_err(|error| failed("dynamodb:UpdateTimeToLive", error))?;
    let aim = if is_enabled { TimeToLiveStatus::Enabled } else { TimeToLiveStatus::Disabled };
    wait::until(&format!("the time to live of table {name} to be {}", aim.as_str()), patience, || async {
        let live = time_to_live(aws, name).await?;
        let status = live.as_ref().and_then(|live| live.time_to_live_status());
        let status = status.unwrap_or(&TimeToLiveStatus::Disabled);
        if *status == aim {
            return Ok(Progress::Done(()));
        }
        Ok(Progress::Waiting(status.as_str().to_owned()))
    })
    .await
}

/// The tags of a new table, as CreateTable takes them.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<Option<Vec<Tag>>, OperationError> {
    let tags: Result<Vec<Tag>, _> =
        tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let tags = tags.map_err(|error| OperationError::internal(error.to_string()))?;
    Ok((!tags.is_empty()).then_some(tags))
}

pub(super) async fn update_tags(aws: &Aws, arn: &str, changes: &TagChanges) -> Result<(), OperationError> {
    if !changes.remove.is_empty() {
        let call = aws.dynamodb().untag_resource().resource_arn(arn);
        let answer = call.set_tag_keys(Some(changes.remove.clone())).send().await;
        answer.map_err(|error| failed("dynamodb:UntagResource", error))?;
    }
    if !changes.set.is_empty() {
        let call = aws.dynamodb().tag_resource().resource_arn(arn);
        let answer = call.set_tags(tags(&changes.set)?).send().await;
        answer.map_err(|error| failed("dynamodb:TagResource", error))?;
    }
    Ok(())
}

/// Deletes a table and waits until it is gone. One that is just being changed is waited for first.
pub(super) async fn delete(aws: &Aws, name: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("table {name} to accept its deletion"), patience, || async {
        let error = match aws.dynamodb().delete_table().table_name(name).send().await {
            Ok(_) => return Ok(Progress::Done(())),
            Err(error) => failed("dynamodb:DeleteTable", error),
        };
        if error.kind == ErrorKind::NotFound {
            return Ok(Progress::Done(()));
        }
        match describe(aws, name).await {
            Err(gone) if gone.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
            Ok(table) if table.deletion_protection_enabled() == Some(true) => Err(OperationError {
                message: format!(
                    "table {name} is protected against deletion: apply deletion_protection_enabled = false first"
                ),
                ..error
            }),
            _ if is_told_to_wait(&error) => Ok(Progress::Waiting(error.message)),
            _ => Err(error),
        }
    })
    .await?;
    wait::until(&format!("table {name} to be deleted"), patience, || async {
        let answer = aws.dynamodb().describe_table().table_name(name).send().await;
        match answer.map_err(|error| failed("dynamodb:DescribeTable", error)) {
            Ok(_) => Ok(Progress::Waiting("DELETING".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
            Err(error) => Err(error),
        }
    })
    .await
}
