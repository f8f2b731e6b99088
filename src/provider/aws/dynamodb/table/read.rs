//! Reading tables. DynamoDB describes one a call, and says of each by other calls whether it can be brought back,
//! when its items expire, and what its tags are.

use crate::provider::aws::together::together;
use aws_sdk_dynamodb::types::{
    GlobalSecondaryIndexDescription, KeySchemaElement, KeyType, LocalSecondaryIndexDescription,
    OnDemandThroughput, PointInTimeRecoveryStatus, Projection, SseStatus, TableDescription, TableStatus,
    TimeToLiveDescription, TimeToLiveStatus,
};

use super::schema::{PAY_PER_REQUEST, PROVISIONED, SCHEMA};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError};
use crate::schema::BlockSchema;

/// A limit of -1 is none (OnDemandThroughput).
const UNLIMITED: i64 = -1;

/// A table as DynamoDB describes it; not found if it is on its way out.
pub(super) async fn describe(aws: &Aws, name: &str) -> Result<TableDescription, OperationError> {
    let operation = "dynamodb:DescribeTable";
    let answer = aws.dynamodb().describe_table().table_name(name).send().await;
    let table = answer.map_err(|error| failed(operation, error))?.table;
    let gone = || OperationError::new(ErrorKind::NotFound, operation, "no such table");
    table.filter(|table| table.table_status() != Some(&TableStatus::Deleting)).ok_or_else(gone)
}

async fn tags(aws: &Aws, arn: &str) -> Result<Vec<(String, String)>, OperationError> {
    let mut tags = Vec::new();
    let mut next = None;
    loop {
        let call = aws.dynamodb().list_tags_of_resource().resource_arn(arn).set_next_token(next);
        let page = call.send().await.map_err(|error| failed("dynamodb:ListTagsOfResource", error))?;
        tags.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
        next = page.next_token.filter(|token| !token.is_empty());
        if next.is_none() {
            return Ok(tags);
        }
    }
}

/// Whether the table can be brought back, and to how many days ago.
async fn recovery(aws: &Aws, name: &str) -> Result<(bool, Option<i64>), OperationError> {
    let answer = aws.dynamodb().describe_continuous_backups().table_name(name).send().await;
    let answer = answer.map_err(|error| failed("dynamodb:DescribeContinuousBackups", error))?;
    let description =
        answer.continuous_backups_description.and_then(|backups| backups.point_in_time_recovery_description);
    let Some(description) = description else { return Ok((false, None)) };
    let is_enabled = description.point_in_time_recovery_status() == Some(&PointInTimeRecoveryStatus::Enabled);
    let days = description.recovery_period_in_days().filter(|_| is_enabled).map(i64::from);
    Ok((is_enabled, days))
}

pub(super) async fn time_to_live(
    aws: &Aws,
    name: &str,
) -> Result<Option<TimeToLiveDescription>, OperationError> {
    let answer = aws.dynamodb().describe_time_to_live().table_name(name).send().await;
    let answer = answer.map_err(|error| failed("dynamodb:DescribeTimeToLive", error))?;
    Ok(answer.time_to_live_description)
}

/// Whether items expire, or are about to.
pub(super) fn is_expiring(description: Option<&TimeToLiveDescription>) -> bool {
    let status = description.and_then(|description| description.time_to_live_status());
    matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
}

/// A table as an object of the schema. `known` is what is recorded or planned of it: AWS forgets what belongs to what
/// is switched off.
pub(super) async fn read(aws: &Aws, name: &str, known: &Value) -> Result<Value, OperationError> {
    let table = describe(aws, name).await?;
    let (tags, recovery, ttl) = together!(
        tags(aws, table.table_arn().unwrap_or_default()),
        recovery(aws, name),
        time_to_live(aws, name)
    )?;
    let block = &SCHEMA.block;
    let stream = table.stream_specification().filter(|stream| stream.stream_enabled());
    let view = match stream {
        Some(stream) => stream.stream_view_type().map(|view| view.as_str()),
        None => known.text("stream_view_type"),
    };
    let (hash_key, range_key) = keys(table.key_schema());
    let throughput = table.provisioned_throughput();
    let units = |units: Option<i64>| Value::number(units.unwrap_or(0));
    let attributes = table.attribute_definitions().iter().map(|attribute| {
        blocks::inner(block, "attribute").object([
            ("name", Value::string(attribute.attribute_name())),
            ("type", Value::string(attribute.attribute_type().as_str())),
        ])
    });
    Ok(block.object([
        ("id", object::text(table.table_name())),
        ("arn", object::text(table.table_arn())),
        ("name", object::text(table.table_name())),
        ("billing_mode", Value::string(billing_mode(&table))),
        ("table_class", Value::string(table_class(&table))),
        ("deletion_protection_enabled", Value::bool(table.deletion_protection_enabled().unwrap_or(false))),
        ("hash_key", object::text(hash_key)),
        ("range_key", object::text(range_key)),
        ("read_capacity", units(throughput.and_then(|one| one.read_capacity_units()))),
        ("write_capacity", units(throughput.and_then(|one| one.write_capacity_units()))),
        ("stream_enabled", Value::bool(stream.is_some())),
        ("stream_view_type", Value::string(view.unwrap_or_default())),
        ("stream_arn", Value::string(table.latest_stream_arn().unwrap_or_default())),
        ("stream_label", Value::string(table.latest_stream_label().unwrap_or_default())),
        ("attribute", blocks::holding(block, "attribute", attributes.collect())),
        (
            "global_secondary_index",
            blocks::holding(
                block,
                "global_secondary_index",
                table.global_secondary_indexes().iter().map(global_index).collect(),
            ),
        ),
        (
            "local_secondary_index",
            blocks::holding(
                block,
                "local_secondary_index",
                table.local_secondary_indexes().iter().map(local_index).collect(),
            ),
        ),
        ("on_demand_throughput", on_demand(block, table.on_demand_throughput())),
        (
            "point_in_time_recovery",
            blocks::one(
                block,
                "point_in_time_recovery",
                [
                    ("enabled", Value::bool(recovery.0)),
                    ("recovery_period_in_days", object::integer(recovery.1)),
                ],
            ),
        ),
        ("replica", replicas(aws, &table)),
        ("server_side_encryption", encryption(&table, known)),
        ("ttl", ttl_block(ttl.as_ref(), known)),
        ("tags_all", aws.tags.live(tags)),
    ]))
}

/// A table that says no mode was made before there were two.
fn billing_mode(table: &TableDescription) -> &str {
    let mode = table.billing_mode_summary().and_then(|summary| summary.billing_mode());
    match mode.map(|mode| mode.as_str()) {
        Some(PAY_PER_REQUEST) => PAY_PER_REQUEST,
        _ => PROVISIONED,
    }
}

fn table_class(table: &TableDescription) -> &str {
    let class = table.table_class_summary().and_then(|summary| summary.table_class());
    class.map_or("STANDARD", |class| class.as_str())
}

/// The names of the partition key and the sort key.
fn keys(schema: &[KeySchemaElement]) -> (Option<&str>, Option<&str>) {
    let key = |kind: &KeyType| {
        schema.iter().find(|element| element.key_type() == kind).map(KeySchemaElement::attribute_name)
    };
    (key(&KeyType::Hash), key(&KeyType::Range))
}

fn projection(projection: Option<&Projection>) -> (Value, Vec<&str>) {
    let kind = projection.and_then(Projection::projection_type).map(|kind| kind.as_str());
    let others = projection.map(Projection::non_key_attributes).unwrap_or_default();
    (object::text(kind), others.iter().map(String::as_str).collect())
}

fn global_index(index: &GlobalSecondaryIndexDescription) -> Value {
    let block = blocks::inner(&SCHEMA.block, "global_secondary_index");
    let (hash_key, range_key) = keys(index.key_schema());
    let (kind, others) = projection(index.projection());
    let throughput = index.provisioned_throughput();
    let units = |units: Option<i64>| Value::number(units.unwrap_or(0));
    block.object([
        ("name", object::text(index.index_name())),
        ("hash_key", object::text(hash_key)),
        ("range_key", object::text(range_key)),
        ("projection_type", kind),
        ("non_key_attributes", object::text_set(others)),
        ("read_capacity", units(throughput.and_then(|one| one.read_capacity_units()))),
        ("write_capacity", units(throughput.and_then(|one| one.write_capacity_units()))),
        ("on_demand_throughput", on_demand(block, index.on_demand_throughput())),
    ])
}

fn local_index(index: &LocalSecondaryIndexDescription) -> Value {
    let (_, range_key) = keys(index.key_schema());
    let (kind, others) = projection(index.projection());
    blocks::inner(&SCHEMA.block, "local_secondary_index").object([
        ("name", object::text(index.index_name())),
        ("range_key", object::text(range_key)),
        ("projection_type", kind),
        ("non_key_attributes", object::text_list(others)),
    ])
}

/// Limits of an on-demand table or index; none if it has none.
fn on_demand(block: &BlockSchema, limits: Option<&OnDemandThroughput>) -> Value {
    const KIND: &str = "on_demand_throughput";
    let Some(limits) = limits else { return blocks::none(block, KIND) };
    let limit = |limit: Option<i64>| limit.unwrap_or(UNLIMITED);
    let (reads, writes) = (limit(limits.max_read_request_units()), limit(limits.max_write_request_units()));
    if reads == UNLIMITED && writes == UNLIMITED {
        return blocks::none(block, KIND);
    }
    let given = [
        ("max_read_request_units", Value::number(reads)),
        ("max_write_request_units", Value::number(writes)),
    ];
    blocks::one(block, KIND, given)
}

/// The table's copies in other regions, as the description has them.
fn replicas(aws: &Aws, table: &TableDescription) -> Value {
    let block = &SCHEMA.block;
    let own_arn = table.table_arn().unwrap_or_default();
    let others = table.replicas().iter().filter(|replica| replica.region_name() != Some(&*aws.region));
    let objects = others.map(|replica| {
        let region = replica.region_name().unwrap_or_default();
        blocks::inner(block, "replica").object([
            ("arn", Value::string(own_arn.replacen(&*aws.region, region, 1))),
            ("kms_key_arn", object::text(replica.kms_master_key_id())),
            ("point_in_time_recovery", Value::bool(false)),
            ("propagate_tags", Value::bool(false)),
            ("region_name", Value::string(region)),
        ])
    });
    blocks::holding(block, "replica", objects.collect())
}

/// Encryption with a key of the account. DynamoDB says nothing of a table that has none: where code or record have the
/// block, it is one that is off.
fn encryption(table: &TableDescription, known: &Value) -> Value {
    const KIND: &str = "server_side_encryption";
    let block = &SCHEMA.block;
    let description = table.sse_description();
    let status = description.and_then(|description| description.status());
    if matches!(status, Some(SseStatus::Enabled | SseStatus::Enabling | SseStatus::Updating)) {
        let key = object::text(description.and_then(|description| description.kms_master_key_arn()));
        return blocks::one(block, KIND, [("enabled", Value::bool(true)), ("kms_key_arn", key)]);
    }
    let Some(known) = known.block(KIND) else { return blocks::none(block, KIND) };
    // A key that is not in use is nowhere but in the code.
    let key = known.text("kms_key_arn").filter(|_| known.boolean("enabled") == Some(false));
    let given = [("enabled", Value::bool(false)), ("kms_key_arn", Value::string(key.unwrap_or_default()))];
    blocks::one(block, KIND, given)
}

fn ttl_block(description: Option<&TimeToLiveDescription>, known: &Value) -> Value {
    const KIND: &str = "ttl";
    let is_enabled = is_expiring(description);
    let live = description.and_then(|description| description.attribute_name()).filter(|_| is_enabled);
    // Nor does DynamoDB know by which attribute items would expire if they did.
    let known = known.block(KIND).filter(|known| !is_enabled && known.boolean("enabled") != Some(true));
    let name = live.or_else(|| known.and_then(|known| known.text("attribute_name")));
    let given =
        [("attribute_name", Value::string(name.unwrap_or_default())), ("enabled", Value::bool(is_enabled))];
    blocks::one(&SCHEMA.block, KIND, given)
}
