//! `aws_kinesis_stream`.
//!
//! Facts: Kinesis Data Streams API reference (CreateStream, DescribeStreamSummary, UpdateStreamMode,
//! UpdateShardCount, … and their limits); the AWS provider's manual page and `terraform plan` for defaults.

use crate::provider::aws::together::together;
use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;

use super::stream_calls as calls;
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

pub(super) const ON_DEMAND: &str = "ON_DEMAND";
pub(super) const PROVISIONED: &str = "PROVISIONED";

/// Shard-level metrics that CloudWatch can have of a stream (EnableEnhancedMonitoring).
const METRICS: [&str; 8] = [
    "ALL",
    "IncomingBytes",
    "IncomingRecords",
    "IteratorAgeMilliseconds",
    "OutgoingBytes",
    "OutgoingRecords",
    "ReadProvisionedThroughputExceeded",
    "WriteProvisionedThroughputExceeded",
];

/// `aws_kinesis_stream`
pub struct KinesisStream {
    schema: Schema,
}

impl Default for KinesisStream {
    fn default() -> KinesisStream {
        let text = || AttributeSchema::optional(Type::String);
        let mode = BlockSchema::new().attribute("stream_mode", AttributeSchema::required(Type::String));
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", AttributeSchema::optional_computed(Type::String))
            .attribute("encryption_type", text().default("NONE"))
            .attribute(
                "enforce_consumer_deletion",
                AttributeSchema::optional(Type::Bool).default(false).code_only(),
            )
            .attribute("kms_key_id", text())
            .attribute("name", AttributeSchema::required(Type::String).forces_replacement())
            .attribute("retention_period", AttributeSchema::optional(Type::Number).default(24))
            .attribute("shard_count", AttributeSchema::optional(Type::Number))
            .attribute("shard_level_metrics", AttributeSchema::optional(Type::set(Type::String)))
            .block("stream_mode_details", NestedBlock::one(mode).computed())
            .timeouts(&["create", "update", "delete"]);
        KinesisStream { schema: Schema::new(1, block) }
    }
}

/// The mode that an object says, provisioned if it says none.
fn mode(object: &Value) -> &str {
    object.block("stream_mode_details").and_then(|block| block.text("stream_mode")).unwrap_or(PROVISIONED)
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

/// Whether an attribute or block of a configuration may yet turn out to be anything.
fn is_open(config: &Value, name: &str) -> bool {
    config.as_entries().and_then(|entries| entries.get(name)).is_some_and(|value| !value.is_wholly_known())
}

#[async_trait]
impl ResourceType for KinesisStream {
    fn name(&self) -> &'static str {
        "aws_kinesis_stream"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if let Some(name) = config.text("name")
            && (name.is_empty() || name.len() > 128 || !name.bytes().all(is_name_byte))
        {
            problems.error(
                at("name"),
                "Invalid stream name",
                format!("{name:?} cannot be a stream's name: those have 1 to 128 letters, digits, \"_\", \".\" and \"-\"."),
            );
        }
        if let Some(hours) = config.integer("retention_period")
            && !(24..=8760).contains(&hours)
        {
            problems.error(
                at("retention_period"),
                "Invalid retention period",
                format!("expected retention_period to be in the range (24 - 8760), got {hours}: it is a number of hours."),
            );
        }
        if let Some(encryption) = config.text("encryption_type") {
            if !["NONE", "KMS"].contains(&encryption) {
                problems.error(
                    at("encryption_type"),
                    "Invalid encryption type",
                    format!("expected encryption_type to be one of [\"NONE\" \"KMS\"], got {encryption}"),
                );
            } else if encryption == "KMS"
                && config.known("kms_key_id").is_none()
                && !is_open(config, "kms_key_id")
            {
                problems.error(
                    at("encryption_type"),
                    "Missing KMS key",
                    "encryption_type is KMS and kms_key_id is not set. Name a key, for example \"alias/aws/kinesis\".",
                );
            }
        }
        for metric in config.texts("shard_level_metrics") {
            if !METRICS.contains(&metric.as_str()) {
                problems.error(
                    at("shard_level_metrics"),
                    "Unknown shard-level metric",
                    format!("{metric:?} is none of {}.", METRICS.join(", ")),
                );
            }
        }
        self.validate_mode(config, problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        // A stream without a stated mode keeps the one it has; a new one is provisioned.
        if !is_open(change.config, "stream_mode_details")
            && change.config.block("stream_mode_details").is_none()
            && !is_open(change.config, "shard_count")
        {
            let mode = change.prior.map_or(PROVISIONED, mode);
            check_shards(mode, change.config, &mut change.problems);
        }
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(5), update: minutes(120), delete: minutes(120) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        // Kinesis describes one stream a call; ListStreams leaves out retention, encryption and tags.
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            let Some(name) = name_of(&request.known) else { return ReadResult::Missing };
            read_result(self.read_one(aws, &name).await)
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema.block.object([("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("name").unwrap_or_default();
        let patience = duration::timeout(planned, "create", self.timeouts().create);
        let is_provisioned = mode(planned) == PROVISIONED;
        let shards = planned.integer("shard_count").filter(|_| is_provisioned);
        calls::create(aws, name, mode(planned), shards, &planned.text_map("tags_all")).await?;
        // From here on the stream exists: whatever fails, it is recorded.
        let finish = async {
            calls::wait_created(aws, name, patience).await?;
            let fresh = self.read_one(aws, name).await?;
            self.settle(aws, name, &fresh, planned, patience).await?;
            self.read_one(aws, name).await
        };
        match finish.await {
            Ok(object) => Ok(object),
            Err(error) => {
                let partial = match self.read_one(aws, name).await {
                    Ok(object) => object,
                    Err(_) => known_part(planned),
                };
                Err(error.with_partial(partial))
            }
        }
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("name").unwrap_or_default();
        let patience = duration::timeout(planned, "update", self.timeouts().update);
        if mode(prior) != mode(planned) {
            let arn = prior.text("arn").or_else(|| prior.text("id")).unwrap_or_default();
            calls::update_mode(aws, name, arn, mode(planned), patience).await?;
        }
        if mode(planned) == PROVISIONED
            && let Some(target) = planned.integer("shard_count")
        {
            let switched = mode(prior) != PROVISIONED;
            if switched || prior.integer("shard_count") != Some(target) {
                calls::update_shard_count(aws, name, target, patience).await?;
            }
        }
        self.settle(aws, name, prior, planned, patience).await?;
        calls::update_tags(aws, name, &TagChanges::between(prior, planned)).await?;
        self.read_one(aws, name).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        let enforce = prior.boolean("enforce_consumer_deletion").unwrap_or(false);
        let patience = duration::timeout(prior, "delete", self.timeouts().delete);
        calls::delete(aws, &name, enforce, patience).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        // A stream is imported by its name; its ARN, which is its id afterwards, says the name too.
        let name = id.rsplit_once(":stream/").map_or(id, |(_, name)| name);
        if name.is_empty() || !name.bytes().all(is_name_byte) {
            return Err("The import id of aws_kinesis_stream is the stream's name.".to_owned());
        }
        Ok(self.schema.block.object([("name", Value::string(name))]))
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        object.text("name").map(str::to_owned)
    }
}

impl KinesisStream {
    fn validate_mode(&self, config: &Value, problems: &mut Problems) {
        let Some(block) = config.block("stream_mode_details") else { return };
        let Some(mode) = block.text("stream_mode") else { return };
        if ![ON_DEMAND, PROVISIONED].contains(&mode) {
            let path = vec![
                PathStep::Attribute("stream_mode_details".into()),
                PathStep::Index(0),
                PathStep::Attribute("stream_mode".into()),
            ];
            let detail =
                format!("expected stream_mode to be one of [\"PROVISIONED\" \"ON_DEMAND\"], got {mode}");
            problems.error(path, "Invalid stream mode", detail);
        } else if !is_open(config, "shard_count") {
            check_shards(mode, config, problems);
        }
    }

    async fn read_one(&self, aws: &Aws, name: &str) -> Result<Value, OperationError> {
        let (summary, tags) = together!(calls::describe(aws, name), calls::tags(aws, name))?;
        let mode =
            summary.stream_mode_details().map_or(PROVISIONED, |details| details.stream_mode().as_str());
        let shards = (mode == PROVISIONED).then_some(i64::from(summary.open_shard_count()));
        let metrics =
            summary.enhanced_monitoring().iter().flat_map(|monitoring| monitoring.shard_level_metrics());
        let metrics: BTreeSet<&str> = metrics.map(|metric| metric.as_str()).collect();
        let block = &self.schema.block;
        let details = &block.blocks["stream_mode_details"].block;
        Ok(block.object([
            ("id", Value::string(summary.stream_arn())),
            ("arn", Value::string(summary.stream_arn())),
            ("name", Value::string(summary.stream_name())),
            (
                "encryption_type",
                Value::string(summary.encryption_type().map_or("NONE", |kind| kind.as_str())),
            ),
            ("kms_key_id", object::text(summary.key_id())),
            ("retention_period", Value::number(i64::from(summary.retention_period_hours()))),
            ("shard_count", object::integer(shards)),
            ("shard_level_metrics", object::text_set(metrics)),
            (
                "stream_mode_details",
                Value::list(
                    details.implied_type(),
                    vec![details.object([("stream_mode", Value::string(mode))])],
                ),
            ),
            ("tags_all", aws.tags.live(tags)),
        ]))
    }

    /// Brings retention, monitoring and encryption from what they are to what they shall be. Every step leaves the
    /// stream UPDATING for a while; the next has to wait for it.
    async fn settle(
        &self,
        aws: &Aws,
        name: &str,
        current: &Value,
        planned: &Value,
        patience: Duration,
    ) -> Result<(), OperationError> {
        let hours = planned.integer("retention_period").unwrap_or(24);
        let current_hours = current.integer("retention_period").unwrap_or(24);
        if hours != current_hours {
            calls::set_retention(aws, name, current_hours, hours, patience).await?;
        }
        let before: BTreeSet<String> = current.texts("shard_level_metrics").into_iter().collect();
        let after: BTreeSet<String> = planned.texts("shard_level_metrics").into_iter().collect();
        let gone: Vec<&str> = before.difference(&after).map(String::as_str).collect();
        let new: Vec<&str> = after.difference(&before).map(String::as_str).collect();
        if !gone.is_empty() {
            calls::disable_monitoring(aws, name, &gone, patience).await?;
        }
        if !new.is_empty() {
            calls::enable_monitoring(aws, name, &new, patience).await?;
        }
        let was_encrypted = current.text("encryption_type") == Some("KMS");
        let is_encrypted = planned.text("encryption_type") == Some("KMS");
        let key = planned.text("kms_key_id");
        if is_encrypted && (!was_encrypted || key != current.text("kms_key_id")) {
            let key = key.ok_or_else(|| {
                OperationError::new(
                    ErrorKind::Invalid,
                    "",
                    "encryption_type is KMS and kms_key_id is not set. Name a key, for example \"alias/aws/kinesis\".",
                )
            })?;
            calls::start_encryption(aws, name, key, patience).await?;
        } else if was_encrypted && !is_encrypted {
            let key = current.text("kms_key_id").unwrap_or_default();
            calls::stop_encryption(aws, name, key, patience).await?;
        }
        Ok(())
    }
}

fn check_shards(mode: &str, config: &Value, problems: &mut Problems) {
    let shards = config.integer("shard_count").unwrap_or(0);
    if mode == ON_DEMAND && shards > 0 {
        problems.error(
            at("shard_count"),
            "Shard count of an on-demand stream",
            "shard_count must not be set when stream_mode is ON_DEMAND: AWS sets the number of shards itself. Remove \
             it, or set it to null.",
        );
    } else if mode == PROVISIONED && shards < 1 {
        problems.error(
            at("shard_count"),
            "Missing shard count",
            "shard_count must be at least 1 when stream_mode is PROVISIONED. Set it, or set stream_mode to ON_DEMAND \
             in stream_mode_details.",
        );
    }
}

/// The stream's name: recorded, or out of its ARN.
fn name_of(known: &Value) -> Option<String> {
    let name = known.text("name").map(str::to_owned);
    name.or_else(|| known.text("id")?.rsplit_once('/').map(|(_, name)| name.to_owned()))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}
