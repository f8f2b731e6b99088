//! Making and replacing lifecycle configurations: S3 takes all rules of a bucket at once.

use std::time::Duration;

use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration,
    LifecycleRule, LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Tag, Transition, TransitionDefaultMinimumObjectSize, TransitionStorageClass,
};
use aws_smithy_types::error::operation::BuildError;

use super::plan::{adopted, date};
use super::read::read_one;
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{filled, same_attribute, same_blocks};
use crate::provider::aws::s3::calls::{answer, change, remove};
use crate::provider::aws::s3::target::Target;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};

/// Puts the rules and waits until they are what S3 answers.
pub async fn put(aws: &Aws, target: &Target, planned: &Value) -> Result<(), OperationError> {
    let rules: Result<Vec<LifecycleRule>, BuildError> = planned.blocks("rule").iter().map(rule).collect();
    let configuration = rules
        .and_then(|rules| BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build())
        .map_err(|error| OperationError::internal(error.to_string()))?;
    let size = filled(planned.text("transition_default_minimum_object_size"));
    change(aws, &target.bucket, || async {
        let call = aws
            .s3()
            .put_bucket_lifecycle_configuration()
            .bucket(&target.bucket)
            .set_expected_bucket_owner(target.owner.clone())
            .set_transition_default_minimum_object_size(size.map(TransitionDefaultMinimumObjectSize::from))
            .lifecycle_configuration(configuration.clone());
        answer("s3:PutLifecycleConfiguration", call.send().await).map(|_| ())
    })
    .await
}

/// The object once its rules are as planned; what there is, if patience ends before.
pub async fn seen(
    aws: &Aws,
    target: &Target,
    planned: &Value,
    patience: Duration,
) -> Result<Value, OperationError> {
    let look = || async {
        match read_one(aws, target, planned).await {
            Ok(live) if is_as_planned(&live, planned) => Ok(Progress::Done(live)),
            Ok(_) => Ok(Progress::Waiting("the old ones".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Waiting("not there".to_owned())),
            Err(error) => Err(error),
        }
    };
    match until("the bucket's new lifecycle rules", patience, look).await {
        Err(error) if error.kind == ErrorKind::TimedOut => read_one(aws, target, planned).await,
        other => other,
    }
}

fn is_as_planned(live: &Value, planned: &Value) -> bool {
    let planned = adopted(planned, live);
    same_blocks(&SCHEMA.block, "rule", live, &planned)
        && same_attribute(&SCHEMA.block, "transition_default_minimum_object_size", live, &planned)
}

pub async fn delete(aws: &Aws, target: &Target) -> Result<(), OperationError> {
    remove(aws, &target.bucket, || async {
        let call = aws
            .s3()
            .delete_bucket_lifecycle()
            .bucket(&target.bucket)
            .set_expected_bucket_owner(target.owner.clone());
        answer("s3:PutLifecycleConfiguration", call.send().await)
    })
    .await
}

fn rule(planned: &Value) -> Result<LifecycleRule, BuildError> {
    let transitions: Vec<Transition> = planned.blocks("transition").iter().map(transition).collect();
    let noncurrent = planned.blocks("noncurrent_version_transition").iter().map(noncurrent_transition);
    let noncurrent: Vec<NoncurrentVersionTransition> = noncurrent.collect();
    let abort = planned.block("abort_incomplete_multipart_upload").map(|abort| {
        let days = number(abort, "days_after_initiation");
        AbortIncompleteMultipartUpload::builder().set_days_after_initiation(days).build()
    });
    let builder = LifecycleRule::builder()
        .id(planned.text("id").unwrap_or_default())
        .status(ExpirationStatus::from(planned.text("status").unwrap_or_default()))
        .set_abort_incomplete_multipart_upload(abort)
        .set_expiration(planned.block("expiration").map(expiration))
        .set_noncurrent_version_expiration(
            planned.block("noncurrent_version_expiration").map(noncurrent_expiration),
        )
        .set_noncurrent_version_transitions(Some(noncurrent).filter(|all| !all.is_empty()))
        .set_transitions(Some(transitions).filter(|all| !all.is_empty()));
    let prefix = filled(planned.text("prefix"));
    let filter = match (planned.block("filter"), prefix) {
        (Some(block), _) => Some(filter(block)?),
        (None, None) => Some(LifecycleRuleFilter::builder().build()),
        (None, Some(_)) => None,
    };
    #[expect(deprecated, reason = "the argument is deprecated too, and still there")]
    let builder = builder.set_prefix(prefix.map(str::to_owned));
    builder.set_filter(filter).build()
}

fn expiration(planned: &Value) -> LifecycleExpiration {
    let date = planned.text("date").and_then(date);
    let days = number(planned, "days").filter(|days| *days != 0);
    let marker = planned.boolean("expired_object_delete_marker").unwrap_or(false);
    // Next to a date or days S3 does not take it, true or false.
    let marker = (marker || date.is_none() && days.is_none()).then_some(marker);
    LifecycleExpiration::builder()
        .set_date(date)
        .set_days(days)
        .set_expired_object_delete_marker(marker)
        .build()
}

fn transition(planned: &Value) -> Transition {
    Transition::builder()
        .set_date(planned.text("date").and_then(date))
        .set_days(number(planned, "days"))
        .set_storage_class(planned.text("storage_class").map(TransitionStorageClass::from))
        .build()
}

fn noncurrent_expiration(planned: &Value) -> NoncurrentVersionExpiration {
    NoncurrentVersionExpiration::builder()
        .set_newer_noncurrent_versions(
            number(planned, "newer_noncurrent_versions").filter(|count| *count != 0),
        )
        .set_noncurrent_days(number(planned, "noncurrent_days"))
        .build()
}

fn noncurrent_transition(planned: &Value) -> NoncurrentVersionTransition {
    NoncurrentVersionTransition::builder()
        .set_newer_noncurrent_versions(
            number(planned, "newer_noncurrent_versions").filter(|count| *count != 0),
        )
        .set_noncurrent_days(number(planned, "noncurrent_days"))
        .set_storage_class(planned.text("storage_class").map(TransitionStorageClass::from))
        .build()
}

fn filter(planned: &Value) -> Result<LifecycleRuleFilter, BuildError> {
    let tag = planned.block("tag").map(|tag| {
        let text = |name: &str| tag.text(name).unwrap_or_default();
        Tag::builder().key(text("key")).value(text("value")).build()
    });
    Ok(LifecycleRuleFilter::builder()
        .set_prefix(planned.text("prefix").map(str::to_owned))
        .set_object_size_greater_than(planned.integer("object_size_greater_than"))
        .set_object_size_less_than(planned.integer("object_size_less_than"))
        .set_tag(tag.transpose()?)
        .set_and(planned.block("and").map(and).transpose()?)
        .build())
}

fn and(planned: &Value) -> Result<LifecycleRuleAndOperator, BuildError> {
    let tags: Result<Vec<Tag>, BuildError> = planned
        .text_map("tags")
        .into_iter()
        .map(|(key, value)| Tag::builder().key(key).value(value).build())
        .collect();
    Ok(LifecycleRuleAndOperator::builder()
        .set_prefix(filled(planned.text("prefix")).map(str::to_owned))
        // Zero is sent as well, as by the provider; no object is smaller than zero bytes.
        .set_object_size_greater_than(planned.integer("object_size_greater_than"))
        .set_object_size_less_than(planned.integer("object_size_less_than").filter(|size| *size > 0))
        .set_tags(Some(tags?).filter(|tags| !tags.is_empty()))
        .build())
}

/// A count; none if it does not fit what S3 takes, which validation has said.
fn number(planned: &Value, name: &str) -> Option<i32> {
    planned.integer(name).and_then(|number| i32::try_from(number).ok())
}
