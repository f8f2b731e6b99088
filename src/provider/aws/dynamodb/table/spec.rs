//! What the service takes, made of planned objects.

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::operation::update_table::builders::UpdateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction,
    GlobalSecondaryIndex, GlobalSecondaryIndexUpdate, KeySchemaElement, KeyType, LocalSecondaryIndex,
    OnDemandThroughput, Projection, ProjectionType, ProvisionedThroughput, ScalarAttributeType,
    SseSpecification, SseType, StreamSpecification, StreamViewType, TableClass,
    UpdateGlobalSecondaryIndexAction,
};

use super::calls;
use super::schema::{CAPACITIES, PAY_PER_REQUEST, PROVISIONED, SCHEMA};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;
use crate::schema::BlockSchema;

const INDEXES: &str = "global_secondary_index";

/// A limit of -1 lifts it (OnDemandThroughput).
const UNLIMITED: i64 = -1;

fn built<T>(result: Result<T, BuildError>) -> Result<T, OperationError> {
    result.map_err(|error| OperationError::internal(error.to_string()))
}

fn filled<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    blocks::filled(object.text(name))
}

fn billing_mode(object: &Value) -> &str {
    filled(object, "billing_mode").unwrap_or(PROVISIONED)
}

fn is_provisioned(object: &Value) -> bool {
    billing_mode(object) == PROVISIONED
}

/// The types of all keys.
pub(super) fn attributes(planned: &Value) -> Result<Vec<AttributeDefinition>, OperationError> {
    let attributes = planned.blocks("attribute").iter();
    attributes
        .map(|attribute| {
            let definition = AttributeDefinition::builder()
                .attribute_name(attribute.text("name").unwrap_or_default())
                .attribute_type(ScalarAttributeType::from(attribute.text("type").unwrap_or_default()));
            built(definition.build())
        })
        .collect()
}

fn keys(hash_key: Option<&str>, range_key: Option<&str>) -> Result<Vec<KeySchemaElement>, OperationError> {
    let keys = [(hash_key, KeyType::Hash), (range_key, KeyType::Range)].into_iter();
    keys.filter_map(|(name, kind)| Some((name?, kind)))
        .map(|(name, kind)| built(KeySchemaElement::builder().attribute_name(name).key_type(kind).build()))
        .collect()
}

fn throughput_of(object: &Value) -> Result<ProvisionedThroughput, OperationError> {
    let throughput = ProvisionedThroughput::builder()
        .read_capacity_units(object.integer("read_capacity").unwrap_or_default())
        .write_capacity_units(object.integer("write_capacity").unwrap_or_default());
    built(throughput.build())
}

/// The limits of an on-demand table or index. `lifts` says no limit where the object has none.
fn limits(object: &Value, lifts: bool) -> Option<OnDemandThroughput> {
    let block = object.block("on_demand_throughput");
    if block.is_none() && !lifts {
        return None;
    }
    let limit = |name: &str| block.and_then(|block| block.integer(name)).unwrap_or(UNLIMITED);
    let limits = OnDemandThroughput::builder()
        .max_read_request_units(limit("max_read_request_units"))
        .max_write_request_units(limit("max_write_request_units"));
    Some(limits.build())
}

fn projection(index: &Value) -> Projection {
    let others = index.texts("non_key_attributes");
    Projection::builder()
        .set_projection_type(filled(index, "projection_type").map(ProjectionType::from))
        .set_non_key_attributes((!others.is_empty()).then_some(others))
        .build()
}

fn stream(planned: &Value) -> Result<StreamSpecification, OperationError> {
    let is_enabled = planned.boolean("stream_enabled").unwrap_or(false);
    let view = filled(planned, "stream_view_type").filter(|_| is_enabled).map(StreamViewType::from);
    let stream = StreamSpecification::builder().stream_enabled(is_enabled).set_stream_view_type(view);
    built(stream.build())
}

fn encryption(planned: &Value) -> Option<SseSpecification> {
    let block = planned.block("server_side_encryption")?;
    let is_enabled = block.boolean("enabled").unwrap_or(false);
    let key = filled(block, "kms_key_arn").filter(|_| is_enabled).map(str::to_owned);
    let kind = is_enabled.then_some(SseType::Kms);
    let specification = SseSpecification::builder().enabled(is_enabled).set_sse_type(kind);
    Some(specification.set_kms_master_key_id(key).build())
}

/// The call that makes a table.
pub(super) fn creation(aws: &Aws, planned: &Value) -> Result<CreateTableFluentBuilder, OperationError> {
    let hash_key = filled(planned, "hash_key");
    let is_provisioned = is_provisioned(planned);
    let global: Result<Vec<GlobalSecondaryIndex>, OperationError> =
        planned.blocks(INDEXES).iter().map(|index| global_index(index, is_provisioned)).collect();
    let local: Result<Vec<LocalSecondaryIndex>, OperationError> = planned
        .blocks("local_secondary_index")
        .iter()
        .map(|index| {
            let keys = keys(hash_key, filled(index, "range_key"))?;
            let local = LocalSecondaryIndex::builder()
                .index_name(index.text("name").unwrap_or_default())
                .set_key_schema(Some(keys))
                .projection(projection(index));
            built(local.build())
        })
        .collect();
    let some = |is: bool| is.then_some(());
    let (global, local) = (global?, local?);
    let stream = planned.boolean("stream_enabled").unwrap_or(false).then(|| stream(planned)).transpose()?;
    let throughput = is_provisioned.then(|| throughput_of(planned)).transpose()?;
    Ok(aws
        .dynamodb()
        .create_table()
        .table_name(planned.text("name").unwrap_or_default())
        .billing_mode(BillingMode::from(billing_mode(planned)))
        .set_attribute_definitions(Some(attributes(planned)?))
        .set_key_schema(Some(keys(hash_key, filled(planned, "range_key"))?))
        .set_global_secondary_indexes(some(!global.is_empty()).map(|()| global))
        .set_local_secondary_indexes(some(!local.is_empty()).map(|()| local))
        .set_provisioned_throughput(throughput)
        .set_on_demand_throughput(limits(planned, false).filter(|_| !is_provisioned))
        .set_stream_specification(stream)
        .set_sse_specification(encryption(planned).filter(|one| one.enabled() == Some(true)))
        .set_deletion_protection_enabled(planned.boolean("deletion_protection_enabled"))
        .set_table_class(filled(planned, "table_class").map(TableClass::from))
        .set_tags(calls::tags(&planned.text_map("tags_all"))?))
}

fn global_index(index: &Value, is_provisioned: bool) -> Result<GlobalSecondaryIndex, OperationError> {
    let throughput = is_provisioned.then(|| throughput_of(index)).transpose()?;
    let made = GlobalSecondaryIndex::builder()
        .index_name(index.text("name").unwrap_or_default())
        .set_key_schema(Some(keys(filled(index, "hash_key"), filled(index, "range_key"))?))
        .projection(projection(index))
        .set_provisioned_throughput(throughput)
        .set_on_demand_throughput(limits(index, false).filter(|_| !is_provisioned));
    built(made.build())
}

/// What becomes of a table's global indexes.
#[derive(Debug, Default)]
pub(super) struct IndexSteps {
    pub delete: Vec<GlobalSecondaryIndexUpdate>,
    /// Throughput of indexes that stay.
    pub update: Vec<GlobalSecondaryIndexUpdate>,
    pub create: Vec<GlobalSecondaryIndexUpdate>,
}

/// An index whose keys or projection change has to be made anew (UpdateTable changes throughput only).
pub(super) fn index_steps(prior: &Value, planned: &Value) -> Result<IndexSteps, OperationError> {
    let block = blocks::inner(&SCHEMA.block, INDEXES);
    let named = |object: &'_ Value, name: Option<&str>| -> Option<Value> {
        object.blocks(INDEXES).iter().find(|index| index.text("name") == name).cloned()
    };
    let is_provisioned = is_provisioned(planned);
    let is_switched = billing_mode(prior) != billing_mode(planned);
    let mut steps = IndexSteps::default();
    for old in prior.blocks(INDEXES) {
        let kept = named(planned, old.text("name"));
        if !kept.is_some_and(|kept| is_same_shape(block, old, &kept)) {
            let name = old.text("name").unwrap_or_default();
            let delete = built(DeleteGlobalSecondaryIndexAction::builder().index_name(name).build())?;
            steps.delete.push(GlobalSecondaryIndexUpdate::builder().delete(delete).build());
        }
    }
    for new in planned.blocks(INDEXES) {
        let old = named(prior, new.text("name")).filter(|old| is_same_shape(block, old, new));
        let update = match old {
            None => {
                let index = global_index(new, is_provisioned)?;
                let create = CreateGlobalSecondaryIndexAction::builder()
                    .index_name(index.index_name)
                    .set_key_schema(Some(index.key_schema))
                    .set_projection(index.projection)
                    .set_provisioned_throughput(index.provisioned_throughput)
                    .set_on_demand_throughput(index.on_demand_throughput);
                let create = built(create.build())?;
                steps.create.push(GlobalSecondaryIndexUpdate::builder().create(create).build());
                continue;
            }
            Some(old) if is_provisioned => {
                let is_same = CAPACITIES.iter().all(|name| old.integer(name) == new.integer(name));
                if is_same && !is_switched {
                    continue;
                }
                UpdateGlobalSecondaryIndexAction::builder().provisioned_throughput(throughput_of(new)?)
            }
            Some(old) => {
                if blocks::same_blocks(block, "on_demand_throughput", &old, new) {
                    continue;
                }
                UpdateGlobalSecondaryIndexAction::builder().set_on_demand_throughput(limits(new, true))
            }
        };
        let update = built(update.index_name(new.text("name").unwrap_or_default()).build())?;
        steps.update.push(GlobalSecondaryIndexUpdate::builder().update(update).build());
    }
    Ok(steps)
}

fn is_same_shape(block: &BlockSchema, old: &Value, new: &Value) -> bool {
    let names = ["hash_key", "range_key", "projection_type"];
    let others = |index: &Value| {
        let mut others = index.texts("non_key_attributes");
        others.sort();
        others
    };
    names.iter().all(|name| blocks::same_attribute(block, name, old, new)) && others(old) == others(new)
}

/// The change of billing mode, capacities and limits, of the table and the indexes that stay.
pub(super) fn throughput(
    call: &UpdateTableFluentBuilder,
    prior: &Value,
    planned: &Value,
    indexes: Vec<GlobalSecondaryIndexUpdate>,
) -> Result<Option<UpdateTableFluentBuilder>, OperationError> {
    let block = &SCHEMA.block;
    let is_switched = billing_mode(prior) != billing_mode(planned);
    let is_provisioned = is_provisioned(planned);
    let is_other_capacity =
        is_provisioned && CAPACITIES.iter().any(|name| !blocks::same_attribute(block, name, prior, planned));
    let is_other_limit =
        !is_provisioned && !blocks::same_blocks(block, "on_demand_throughput", prior, planned);
    if !is_switched && !is_other_capacity && !is_other_limit && indexes.is_empty() {
        return Ok(None);
    }
    let mut call = call.clone();
    if is_switched {
        call =
            call.billing_mode(BillingMode::from(if is_provisioned { PROVISIONED } else { PAY_PER_REQUEST }));
    }
    if is_switched && is_provisioned || is_other_capacity {
        call = call.provisioned_throughput(throughput_of(planned)?);
    }
    if is_other_limit {
        call = call.set_on_demand_throughput(limits(planned, true));
    }
    Ok(Some(call.set_global_secondary_index_updates((!indexes.is_empty()).then_some(indexes))))
}

/// The changes of class, protection, encryption and stream, each of which UpdateTable takes by itself.
pub(super) fn settings(
    call: &UpdateTableFluentBuilder,
    prior: &Value,
    planned: &Value,
) -> Result<Vec<UpdateTableFluentBuilder>, OperationError> {
    let block = &SCHEMA.block;
    let is_other = |name: &str| !blocks::same_attribute(block, name, prior, planned);
    let mut settings = Vec::new();
    if is_other("deletion_protection_enabled") {
        let is_protected = planned.boolean("deletion_protection_enabled").unwrap_or(false);
        settings.push(call.clone().deletion_protection_enabled(is_protected));
    }
    if is_other("table_class") {
        let class = filled(planned, "table_class").unwrap_or("STANDARD");
        settings.push(call.clone().table_class(TableClass::from(class)));
    }
    if !blocks::same_blocks(block, "server_side_encryption", prior, planned)
        && let Some(specification) = encryption(planned)
    {
        let was_enabled = prior.block("server_side_encryption").and_then(|one| one.boolean("enabled"));
        if specification.enabled() == Some(true) || was_enabled == Some(true) {
            settings.push(call.clone().sse_specification(specification));
        }
    }
    let is_streaming = planned.boolean("stream_enabled").unwrap_or(false);
    let was_streaming = prior.boolean("stream_enabled").unwrap_or(false);
    if is_streaming != was_streaming || is_streaming && is_other("stream_view_type") {
        // A stream's view is chosen once: another view is another stream.
        if was_streaming && is_streaming {
            let off = built(StreamSpecification::builder().stream_enabled(false).build())?;
            settings.push(call.clone().stream_specification(off));
        }
        settings.push(call.clone().stream_specification(stream(planned)?));
    }
    Ok(settings)
}
