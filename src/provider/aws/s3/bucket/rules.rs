//! Lifecycle and replication of a bucket, as the schema's deprecated blocks show them.

use std::collections::BTreeMap;

use aws_sdk_s3::types::{
    DeleteMarkerReplicationStatus, Destination, ExpirationStatus, LifecycleRule, ReplicationRule,
    SseKmsEncryptedObjectsStatus, Tag,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::super::calls::{answer, configured, is_unsupported};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{holding, inner, none, one};
use crate::provider::object::{boolean, integer, text, text_map};
use crate::schema::BlockSchema;

/// `lifecycle_rule`
pub(super) async fn lifecycle(
    aws: &Aws,
    bucket: &str,
    schema: &BlockSchema,
) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_lifecycle_configuration().bucket(bucket).send().await;
    let found = match configured(answer("s3:GetLifecycleConfiguration", call)) {
        Err(error) if is_unsupported(&error) => None,
        other => other?,
    };
    let rules = found.and_then(|found| found.rules).unwrap_or_default();
    let block = inner(schema, "lifecycle_rule");
    let objects = rules.iter().map(|rule| lifecycle_rule(rule, block)).collect();
    Ok(holding(schema, "lifecycle_rule", objects))
}

fn lifecycle_rule(rule: &LifecycleRule, block: &BlockSchema) -> Value {
    let days = |days: Option<i32>| integer(days.or(Some(0)));
    let expiration = rule.expiration().map(|live| {
        let is_marker = live.expired_object_delete_marker().unwrap_or(false);
        one(
            block,
            "expiration",
            [
                ("date", date(live.date())),
                ("days", days(live.days)),
                ("expired_object_delete_marker", boolean(Some(is_marker))),
            ],
        )
    });
    let old_expiration = rule
        .noncurrent_version_expiration()
        .map(|live| one(block, "noncurrent_version_expiration", [("days", days(live.noncurrent_days))]));
    let old_transition = inner(block, "noncurrent_version_transition");
    let old_transitions = rule.noncurrent_version_transitions().iter().map(|live| {
        old_transition.object([
            ("days", days(live.noncurrent_days)),
            ("storage_class", text(live.storage_class().map(|class| class.as_str()))),
        ])
    });
    let transition = inner(block, "transition");
    let transitions = rule.transitions().iter().map(|live| {
        transition.object([
            ("date", date(live.date())),
            ("days", days(live.days)),
            ("storage_class", text(live.storage_class().map(|class| class.as_str()))),
        ])
    });
    let upload = rule.abort_incomplete_multipart_upload().and_then(|upload| upload.days_after_initiation);
    let (prefix, tags) = selection(rule);
    block.object([
        ("abort_incomplete_multipart_upload_days", days(upload)),
        ("enabled", boolean(Some(rule.status() == &ExpirationStatus::Enabled))),
        ("expiration", expiration.unwrap_or_else(|| none(block, "expiration"))),
        ("id", Value::string(rule.id().unwrap_or_default())),
        (
            "noncurrent_version_expiration",
            old_expiration.unwrap_or_else(|| none(block, "noncurrent_version_expiration")),
        ),
        (
            "noncurrent_version_transition",
            holding(block, "noncurrent_version_transition", old_transitions.collect()),
        ),
        ("prefix", Value::string(prefix)),
        ("tags", text_map(tags)),
        ("transition", holding(block, "transition", transitions.collect())),
    ])
}

/// Prefix and tags of the objects that a lifecycle rule is for.
fn selection(rule: &LifecycleRule) -> (&str, BTreeMap<&str, &str>) {
    // The older place of the prefix still is where old rules have it.
    #[expect(deprecated, reason = "AWS answers it for rules that were made with it")]
    let old = rule.prefix();
    let Some(filter) = rule.filter() else { return (old.unwrap_or_default(), BTreeMap::new()) };
    match filter.and() {
        Some(and) => (and.prefix().unwrap_or_default(), pairs(and.tags())),
        None => (filter.prefix().or(old).unwrap_or_default(), pairs(filter.tag())),
    }
}

fn pairs<'a>(tags: impl IntoIterator<Item = &'a Tag>) -> BTreeMap<&'a str, &'a str> {
    tags.into_iter().map(|tag| (tag.key(), tag.value())).collect()
}

/// `2030-01-31`; empty if there is none.
fn date(date: Option<&DateTime>) -> Value {
    let text = date.and_then(|date| date.fmt(Format::DateTime).ok()).unwrap_or_default();
    Value::string(text.split('T').next().unwrap_or_default())
}

/// `replication_configuration`
pub(super) async fn replication(
    aws: &Aws,
    bucket: &str,
    schema: &BlockSchema,
) -> Result<Value, OperationError> {
    let name = "replication_configuration";
    let call = aws.s3().get_bucket_replication().bucket(bucket).send().await;
    let found = match configured(answer("s3:GetReplicationConfiguration", call)) {
        Err(error) if is_unsupported(&error) => None,
        other => other?,
    };
    let Some(found) = found.and_then(|found| found.replication_configuration) else {
        return Ok(none(schema, name));
    };
    let block = inner(schema, name);
    let rule = inner(block, "rules");
    let rules = found.rules().iter().map(|live| replication_rule(live, rule)).collect();
    let attributes = [("role", Value::string(found.role())), ("rules", holding(block, "rules", rules))];
    Ok(one(schema, name, attributes))
}

fn replication_rule(live: &ReplicationRule, rule: &BlockSchema) -> Value {
    let markers = live.delete_marker_replication().and_then(|markers| markers.status());
    let markers = markers.filter(|status| **status == DeleteMarkerReplicationStatus::Enabled);
    #[expect(deprecated, reason = "AWS answers it for rules that were made with it")]
    let old_prefix = live.prefix();
    let filter = live.filter().map(|filter| {
        let (prefix, tags) = match filter.and() {
            Some(and) => (and.prefix(), pairs(and.tags())),
            None => (filter.prefix(), pairs(filter.tag())),
        };
        let attributes = [("prefix", Value::string(prefix.unwrap_or_default())), ("tags", text_map(tags))];
        one(rule, "filter", attributes)
    });
    let encrypted =
        live.source_selection_criteria().and_then(|criteria| criteria.sse_kms_encrypted_objects());
    let criteria = encrypted.map(|encrypted| {
        let block = inner(rule, "source_selection_criteria");
        let enabled = boolean(Some(encrypted.status() == &SseKmsEncryptedObjectsStatus::Enabled));
        let encrypted = one(block, "sse_kms_encrypted_objects", [("enabled", enabled)]);
        one(rule, "source_selection_criteria", [("sse_kms_encrypted_objects", encrypted)])
    });
    rule.object([
        ("delete_marker_replication_status", Value::string(markers.map_or("", |status| status.as_str()))),
        (
            "destination",
            live.destination().map_or_else(|| none(rule, "destination"), |live| destination(live, rule)),
        ),
        ("filter", filter.unwrap_or_else(|| none(rule, "filter"))),
        ("id", Value::string(live.id().unwrap_or_default())),
        ("prefix", Value::string(old_prefix.unwrap_or_default())),
        ("priority", integer(live.priority.or(Some(0)))),
        ("source_selection_criteria", criteria.unwrap_or_else(|| none(rule, "source_selection_criteria"))),
        ("status", Value::string(live.status().as_str())),
    ])
}

fn destination(live: &Destination, rule: &BlockSchema) -> Value {
    let block = inner(rule, "destination");
    let within = |name: &str, live: Option<(&str, Option<i32>)>| match live {
        Some((status, minutes)) => {
            one(block, name, [("status", Value::string(status)), ("minutes", integer(minutes.or(Some(0))))])
        }
        None => none(block, name),
    };
    let metrics = live
        .metrics()
        .map(|live| (live.status().as_str(), live.event_threshold().and_then(|threshold| threshold.minutes)));
    let time = live
        .replication_time()
        .map(|live| (live.status().as_str(), live.time().and_then(|time| time.minutes)));
    let translation = live.access_control_translation().map_or_else(
        || none(block, "access_control_translation"),
        |live| one(block, "access_control_translation", [("owner", Value::string(live.owner().as_str()))]),
    );
    let key = live.encryption_configuration().and_then(|encryption| encryption.replica_kms_key_id());
    one(
        rule,
        "destination",
        [
            ("access_control_translation", translation),
            ("account_id", Value::string(live.account().unwrap_or_default())),
            ("bucket", Value::string(live.bucket())),
            ("metrics", within("metrics", metrics)),
            ("replica_kms_key_id", Value::string(key.unwrap_or_default())),
            ("replication_time", within("replication_time", time)),
            ("storage_class", Value::string(live.storage_class().map_or("", |class| class.as_str()))),
        ],
    )
}
