//! The schema of `aws_dynamodb_table`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(1, block()));

pub(super) const PROVISIONED: &str = "PROVISIONED";
pub(super) const PAY_PER_REQUEST: &str = "PAY_PER_REQUEST";

/// Both capacities of a table or an index.
pub(super) const CAPACITIES: [&str; 2] = ["read_capacity", "write_capacity"];

/// The arguments with which a table is made of another one.
pub(super) const RESTORING: [&str; 4] =
    ["restore_date_time", "restore_source_name", "restore_source_table_arn", "restore_to_latest_time"];

fn text() -> AttributeSchema {
    AttributeSchema::optional(Type::String)
}

fn required_text() -> AttributeSchema {
    AttributeSchema::required(Type::String)
}

fn flag() -> AttributeSchema {
    AttributeSchema::optional(Type::Bool)
}

fn capacity() -> AttributeSchema {
    AttributeSchema::optional_computed(Type::Number)
}

fn block() -> BlockSchema {
    let given = || text().code_only().forces_replacement();
    BlockSchema::new()
        .id()
        .tags()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("billing_mode", text().default(PROVISIONED))
        .attribute("deletion_protection_enabled", flag())
        .attribute("hash_key", AttributeSchema::optional_computed(Type::String).forces_replacement())
        .attribute("name", required_text().forces_replacement())
        .attribute("range_key", text().forces_replacement())
        .attribute("read_capacity", capacity())
        .attribute("restore_date_time", given())
        .attribute("restore_source_name", given())
        .attribute("restore_source_table_arn", given())
        .attribute("restore_to_latest_time", flag().code_only().forces_replacement())
        .attribute("stream_arn", AttributeSchema::computed(Type::String))
        .attribute("stream_enabled", flag())
        .attribute("stream_label", AttributeSchema::computed(Type::String))
        .attribute("stream_view_type", AttributeSchema::optional_computed(Type::String))
        .attribute("table_class", text().default("STANDARD"))
        .attribute("write_capacity", capacity())
        .block("attribute", NestedBlock::set(attribute()))
        .block("global_secondary_index", NestedBlock::set(global_index()))
        .block("import_table", NestedBlock::one(import_table()))
        .block("local_secondary_index", NestedBlock::set(local_index()).forces_replacement())
        .block("on_demand_throughput", NestedBlock::one(on_demand()))
        .block("point_in_time_recovery", NestedBlock::one(recovery()).computed())
        .block("replica", NestedBlock::set(replica()).computed())
        .block("server_side_encryption", NestedBlock::one(encryption()).computed())
        .block("ttl", NestedBlock::one(time_to_live()).computed())
        .timeouts(&["create", "update", "delete"])
}

fn attribute() -> BlockSchema {
    BlockSchema::new().attribute("name", required_text()).attribute("type", required_text())
}

fn global_index() -> BlockSchema {
    BlockSchema::new()
        .attribute("hash_key", required_text())
        .attribute("name", required_text())
        .attribute("non_key_attributes", AttributeSchema::optional(Type::set(Type::String)))
        .attribute("projection_type", required_text())
        .attribute("range_key", text())
        .attribute("read_capacity", capacity())
        .attribute("write_capacity", capacity())
        .block("on_demand_throughput", NestedBlock::one(on_demand()))
}

fn local_index() -> BlockSchema {
    let others = AttributeSchema::optional(Type::list(Type::String)).equality(Equality::AnyOrder);
    BlockSchema::new()
        .attribute("name", required_text().forces_replacement())
        .attribute("non_key_attributes", others.forces_replacement())
        .attribute("projection_type", required_text().forces_replacement())
        .attribute("range_key", required_text().forces_replacement())
}

fn on_demand() -> BlockSchema {
    BlockSchema::new()
        .attribute("max_read_request_units", capacity())
        .attribute("max_write_request_units", capacity())
}

fn recovery() -> BlockSchema {
    BlockSchema::new()
        .attribute("enabled", AttributeSchema::required(Type::Bool))
        .attribute("recovery_period_in_days", capacity())
}

fn encryption() -> BlockSchema {
    BlockSchema::new()
        .attribute("enabled", AttributeSchema::required(Type::Bool))
        .attribute("kms_key_arn", AttributeSchema::optional_computed(Type::String))
}

fn time_to_live() -> BlockSchema {
    BlockSchema::new().attribute("attribute_name", text()).attribute("enabled", flag().default(false))
}

fn replica() -> BlockSchema {
    BlockSchema::new()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("kms_key_arn", AttributeSchema::optional_computed(Type::String))
        .attribute("point_in_time_recovery", flag().default(false))
        .attribute("propagate_tags", flag().default(false))
        .attribute("region_name", required_text())
        .attribute("stream_arn", AttributeSchema::computed(Type::String))
        .attribute("stream_label", AttributeSchema::computed(Type::String))
}

/// Where a new table's items come from. AWS says nothing of it afterwards.
fn import_table() -> BlockSchema {
    let given = || text().code_only().forces_replacement();
    let required = || required_text().code_only().forces_replacement();
    let headers = AttributeSchema::optional(Type::set(Type::String)).code_only().forces_replacement();
    let csv = BlockSchema::new().attribute("delimiter", given()).attribute("header_list", headers);
    let options = BlockSchema::new().block("csv", NestedBlock::one(csv));
    let source = BlockSchema::new()
        .attribute("bucket", required())
        .attribute("bucket_owner", given())
        .attribute("key_prefix", given());
    BlockSchema::new()
        .attribute("input_compression_type", given())
        .attribute("input_format", required())
        .block("input_format_options", NestedBlock::one(options))
        .block("s3_bucket_source", NestedBlock::one(source).at_least(1))
}
