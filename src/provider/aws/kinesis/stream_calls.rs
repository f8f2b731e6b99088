//! The calls behind `aws_kinesis_stream`, each with the wait for its effect.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::types::{
    EncryptionType, MetricsName, ScalingType, StreamDescriptionSummary, StreamMode, StreamModeDetails,
    StreamStatus,
};

use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::{ErrorKind, OperationError};

/// How many times AWS lets UpdateShardCount be called for one stream in 24 hours (its API page, “limits”).
const DAILY_SHARD_UPDATES: usize = 10;

/// How many tags one AddTagsToStream takes.
const TAGS_PER_CALL: usize = 10;

/// How far AWS's clock may be from ours.
const CLOCK_SKEW: Duration = Duration::from_secs(120);

pub(super) async fn describe(aws: &Aws, name: &str) -> Result<StreamDescriptionSummary, OperationError> {
    let answer = aws.kinesis().describe_stream_summary().stream_name(name).send().await;
    let answer = answer.map_err(|error| failed("kinesis:DescribeStreamSummary", error))?;
    let summary = answer.stream_description_summary;
    let gone = || OperationError::new(ErrorKind::NotFound, "kinesis:DescribeStreamSummary", "no such stream");
    // A stream on its way out can only be waited for.
    summary.filter(|summary| summary.stream_status != StreamStatus::Deleting).ok_or_else(gone)
}

pub(super) async fn tags(aws: &Aws, name: &str) -> Result<Vec<(String, String)>, OperationError> {
    let mut tags: Vec<(String, String)> = Vec::new();
    loop {
        let from = tags.last().map(|(key, _)| key.clone());
        let page = aws
            .kinesis()
            .list_tags_for_stream()
            .stream_name(name)
            .set_exclusive_start_tag_key(from)
            .send()
            .await;
        let page = page.map_err(|error| failed("kinesis:ListTagsForStream", error))?;
        let is_last = !page.has_more_tags || page.tags.is_empty();
        tags.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value.unwrap_or_default())));
        if is_last {
            return Ok(tags);
        }
    }
}

pub(super) async fn create(
    aws: &Aws,
    name: &str,
    mode: &str,
    shards: Option<i64>,
    tags: &BTreeMap<String, String>,
) -> Result<(), OperationError> {
    let attempts = Attempts::default();
    let begun = SystemTime::now();
    let tags = (!tags.is_empty()).then(|| tags.clone().into_iter().collect());
    let answer = aws
        .kinesis()
        .create_stream()
        .stream_name(name)
        .stream_mode_details(mode_details(mode)?)
        .set_shard_count(shards.map(narrow))
        .set_tags(tags)
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await;
    match answer {
        Ok(_) => Ok(()),
        Err(error) => {
            let mut error = failed("kinesis:CreateStream", error);
            if error.kind == ErrorKind::InUse {
                error.kind = ErrorKind::AlreadyExists;
                // The first answer was lost and the stream is as new as this call: it is the one just made.
                if attempts.may_have_acted()
                    && let Ok(summary) = describe(aws, name).await
                    && SystemTime::try_from(summary.stream_creation_timestamp)
                        .is_ok_and(|created| created + CLOCK_SKEW >= begun)
                {
                    return Ok(());
                }
            }
            Err(error)
        }
    }
}

/// Waits until a new stream is ACTIVE. At first it may not be shown at all.
pub(super) async fn wait_created(aws: &Aws, name: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("stream {name} to be ACTIVE"), patience, || async {
        match describe(aws, name).await {
            Ok(summary) if summary.stream_status == StreamStatus::Active => Ok(Progress::Done(())),
            Ok(summary) => Ok(Progress::Waiting(summary.stream_status.as_str().to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Waiting("not shown".to_owned())),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Waits until a stream is ACTIVE: not being updated.
pub(super) async fn wait_active(aws: &Aws, name: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("stream {name} to be ACTIVE"), patience, || async {
        let summary = describe(aws, name).await?;
        Ok(match summary.stream_status {
            StreamStatus::Active => Progress::Done(()),
            status => Progress::Waiting(status.as_str().to_owned()),
        })
    })
    .await
}

pub(super) async fn update_mode(
    aws: &Aws,
    name: &str,
    arn: &str,
    mode: &str,
    patience: Duration,
) -> Result<(), OperationError> {
    let answer = aws
        .kinesis()
        .update_stream_mode()
        .stream_arn(arn)
        .stream_mode_details(mode_details(mode)?)
        .customize()
        .config_override(few_tries())
        .send()
        .await;
    answer.map_err(|error| {
        let mut error = failed("kinesis:UpdateStreamMode", error);
        explain_limit(&mut error, "AWS lets a stream change its mode twice in 24 hours; apply again later");
        error
    })?;
    wait_active(aws, name, patience).await
}

/// Brings the number of open shards to `target`, in steps that AWS takes: at most double and at least half.
pub(super) async fn update_shard_count(
    aws: &Aws,
    name: &str,
    target: i64,
    patience: Duration,
) -> Result<(), OperationError> {
    let current = i64::from(describe(aws, name).await?.open_shard_count);
    let steps = shard_steps(current, target);
    if steps.len() > DAILY_SHARD_UPDATES {
        return Err(OperationError::new(
            ErrorKind::Invalid,
            "kinesis:UpdateShardCount",
            format!(
                "stream {name} has {current} shards; {target} are {} steps away, because AWS at most doubles or halves \
                 them in one, and it allows {DAILY_SHARD_UPDATES} steps in 24 hours. Choose a nearer number first",
                steps.len()
            ),
        ));
    }
    for (index, step) in steps.iter().enumerate() {
        let answer = aws
            .kinesis()
            .update_shard_count()
            .stream_name(name)
            .target_shard_count(narrow(*step))
            .scaling_type(ScalingType::UniformScaling)
            .customize()
            .config_override(few_tries())
            .send()
            .await;
        answer.map_err(|error| {
            let mut error = failed("kinesis:UpdateShardCount", error);
            let reached = index.checked_sub(1).map_or(current, |last| steps[last]);
            let advice = format!(
                "stream {name} now has {reached} of {target} shards. AWS takes {DAILY_SHARD_UPDATES} shard updates of a \
                 stream in 24 hours; apply again later"
            );
            explain_limit(&mut error, &advice);
            error
        })?;
        wait_active(aws, name, patience).await?;
    }
    Ok(())
}

/// The numbers of shards on the way from one to another: each at most double and at least half of the one before.
fn shard_steps(current: i64, target: i64) -> Vec<i64> {
    let mut steps = Vec::new();
    let mut at = current.max(1);
    while at != target && target > 0 {
        at = target.clamp((at + 1) / 2, at.saturating_mul(2));
        steps.push(at);
    }
    steps
}

/// Says what a limit means where AWS only says that it is reached.
fn explain_limit(error: &mut OperationError, advice: &str) {
    if error.code.as_deref() == Some("LimitExceededException") {
        error.kind = ErrorKind::Throttled;
        error.message = format!("{}; {advice}", error.message.trim_end_matches('.'));
    }
}

/// Kinesis answers LimitExceededException for a limit that lasts a day, too: to try that often means to wait for
/// nothing.
fn few_tries() -> aws_sdk_kinesis::config::Builder {
    aws_sdk_kinesis::Config::builder().retry_config(RetryConfig::standard().with_max_attempts(3))
}

pub(super) async fn set_retention(
    aws: &Aws,
    name: &str,
    current: i64,
    hours: i64,
    patience: Duration,
) -> Result<(), OperationError> {
    if hours > current {
        let call = aws.kinesis().increase_stream_retention_period().stream_name(name);
        let answer = call.retention_period_hours(narrow(hours)).send().await;
        answer.map_err(|error| failed("kinesis:IncreaseStreamRetentionPeriod", error))?;
    } else {
        let call = aws.kinesis().decrease_stream_retention_period().stream_name(name);
        let answer = call.retention_period_hours(narrow(hours)).send().await;
        answer.map_err(|error| failed("kinesis:DecreaseStreamRetentionPeriod", error))?;
    }
    wait_active(aws, name, patience).await
}

pub(super) async fn enable_monitoring(
    aws: &Aws,
    name: &str,
    metrics: &[&str],
    patience: Duration,
) -> Result<(), OperationError> {
    let call = aws.kinesis().enable_enhanced_monitoring().stream_name(name);
    let answer = call.set_shard_level_metrics(Some(metrics_names(metrics))).send().await;
    answer.map_err(|error| failed("kinesis:EnableEnhancedMonitoring", error))?;
    wait_active(aws, name, patience).await
}

pub(super) async fn disable_monitoring(
    aws: &Aws,
    name: &str,
    metrics: &[&str],
    patience: Duration,
) -> Result<(), OperationError> {
    let call = aws.kinesis().disable_enhanced_monitoring().stream_name(name);
    let answer = call.set_shard_level_metrics(Some(metrics_names(metrics))).send().await;
    answer.map_err(|error| failed("kinesis:DisableEnhancedMonitoring", error))?;
    wait_active(aws, name, patience).await
}

fn metrics_names(metrics: &[&str]) -> Vec<MetricsName> {
    metrics.iter().map(|metric| MetricsName::from(*metric)).collect()
}

pub(super) async fn start_encryption(
    aws: &Aws,
    name: &str,
    key: &str,
    patience: Duration,
) -> Result<(), OperationError> {
    let call = aws.kinesis().start_stream_encryption().stream_name(name);
    let answer = call.encryption_type(EncryptionType::Kms).key_id(key).send().await;
    answer.map_err(|error| failed("kinesis:StartStreamEncryption", error))?;
    wait_active(aws, name, patience).await
}

pub(super) async fn stop_encryption(
    aws: &Aws,
    name: &str,
    key: &str,
    patience: Duration,
) -> Result<(), OperationError> {
    let call = aws.kinesis().stop_stream_encryption().stream_name(name);
    let answer = call.encryption_type(EncryptionType::Kms).key_id(key).send().await;
    answer.map_err(|error| failed("kinesis:StopStreamEncryption", error))?;
    wait_active(aws, name, patience).await
}

pub(super) async fn update_tags(aws: &Aws, name: &str, changes: &TagChanges) -> Result<(), OperationError> {
    if !changes.remove.is_empty() {
        let call = aws.kinesis().remove_tags_from_stream().stream_name(name);
        let answer = call.set_tag_keys(Some(changes.remove.clone())).send().await;
        answer.map_err(|error| failed("kinesis:RemoveTagsFromStream", error))?;
    }
    let tags: Vec<(&String, &String)> = changes.set.iter().collect();
    for chunk in tags.chunks(TAGS_PER_CALL) {
        let chunk = chunk.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect();
        let answer = aws.kinesis().add_tags_to_stream().stream_name(name).set_tags(Some(chunk)).send().await;
        answer.map_err(|error| failed("kinesis:AddTagsToStream", error))?;
    }
    Ok(())
}

/// Deletes a stream and waits until it is gone. One that is just being changed is waited for first.
pub(super) async fn delete(
    aws: &Aws,
    name: &str,
    enforce_consumer_deletion: bool,
    patience: Duration,
) -> Result<(), OperationError> {
    wait::until(&format!("stream {name} to accept its deletion"), patience, || async {
        let call = aws.kinesis().delete_stream().stream_name(name);
        let answer = call.enforce_consumer_deletion(enforce_consumer_deletion).send().await;
        let error = match answer {
            Ok(_) => return Ok(Progress::Done(())),
            Err(error) => failed("kinesis:DeleteStream", error),
        };
        match error.kind {
            ErrorKind::NotFound => Ok(Progress::Done(())),
            ErrorKind::InUse => match describe(aws, name).await {
                Ok(summary) if summary.stream_status != StreamStatus::Active => {
                    Ok(Progress::Waiting(summary.stream_status.as_str().to_owned()))
                }
                Err(gone) if gone.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
                _ => Err(error),
            },
            _ => Err(error),
        }
    })
    .await?;
    wait::until(&format!("stream {name} to be deleted"), patience, || async {
        let answer = aws.kinesis().describe_stream_summary().stream_name(name).send().await;
        match answer.map_err(|error| failed("kinesis:DescribeStreamSummary", error)) {
            Ok(_) => Ok(Progress::Waiting("DELETING".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Done(())),
            Err(error) => Err(error),
        }
    })
    .await
}

fn mode_details(mode: &str) -> Result<StreamModeDetails, OperationError> {
    let details = StreamModeDetails::builder().stream_mode(StreamMode::from(mode)).build();
    details.map_err(|error| OperationError::internal(error.to_string()))
}

fn narrow(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(if number < 0 { i32::MIN } else { i32::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shard_steps_double_or_halve_at_most() {
        assert_eq!(shard_steps(1, 1), Vec::<i64>::new());
        assert_eq!(shard_steps(1, 2), [2]);
        assert_eq!(shard_steps(1, 5), [2, 4, 5]);
        assert_eq!(shard_steps(4, 1), [2, 1]);
        assert_eq!(shard_steps(5, 1), [3, 2, 1]);
        assert_eq!(shard_steps(3, 0), Vec::<i64>::new());
    }

    proptest::proptest! {
        #[test]
        fn every_shard_step_is_one_that_aws_takes(current in 1i64..5000, target in 1i64..5000) {
            let mut at = current;
            for step in shard_steps(current, target) {
                assert!(step <= at * 2 && step * 2 >= at && step != at, "{at} -> {step}");
                at = step;
            }
            assert_eq!(at, target);
        }
    }
}
