//! The schema of `aws_s3_bucket_lifecycle_configuration`, and the defaults of its arguments.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::s3::target;
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

/// No object of fewer than 128 KiB is moved to another storage class: what S3 does unless told otherwise.
pub const NO_SMALL_OBJECTS: &str = "all_storage_classes_128K";

/// The smallest object that is moved depends on the storage class.
pub const BY_STORAGE_CLASS: &str = "varies_by_storage_class";

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let computed = || AttributeSchema::optional_computed(Type::String);
    let block = target::arguments()
        .attribute("id", AttributeSchema::computed(Type::String).deprecated())
        .attribute("expected_bucket_owner", computed().forces_replacement())
        .attribute("transition_default_minimum_object_size", computed().default(NO_SMALL_OBJECTS))
        .block("rule", NestedBlock::list(rule()))
        .timeouts(&["create", "update"]);
    Schema::new(1, block)
});

fn rule() -> BlockSchema {
    let required = AttributeSchema::required;
    let optional = AttributeSchema::optional;
    let computed = AttributeSchema::optional_computed;
    let abort = BlockSchema::new().attribute("days_after_initiation", optional(Type::Number));
    let expiration = BlockSchema::new()
        .attribute("date", optional(Type::String))
        .attribute("days", computed(Type::Number).default(0))
        .attribute("expired_object_delete_marker", computed(Type::Bool).default(false));
    let noncurrent_version_expiration = BlockSchema::new()
        .attribute("newer_noncurrent_versions", computed(Type::Number))
        .attribute("noncurrent_days", required(Type::Number));
    let noncurrent_version_transition =
        noncurrent_version_expiration.clone().attribute("storage_class", required(Type::String));
    let transition = BlockSchema::new()
        .attribute("date", optional(Type::String))
        .attribute("days", computed(Type::Number))
        .attribute("storage_class", required(Type::String));
    BlockSchema::new()
        .attribute("id", required(Type::String))
        .attribute("prefix", computed(Type::String).default("").deprecated())
        .attribute("status", required(Type::String))
        .block("abort_incomplete_multipart_upload", NestedBlock::list(abort))
        .block("expiration", NestedBlock::list(expiration))
        .block("filter", NestedBlock::list(filter()))
        .block("noncurrent_version_expiration", NestedBlock::list(noncurrent_version_expiration))
        .block("noncurrent_version_transition", NestedBlock::set(noncurrent_version_transition))
        .block("transition", NestedBlock::set(transition))
}

fn filter() -> BlockSchema {
    let required = AttributeSchema::required;
    let computed = AttributeSchema::optional_computed;
    let and = BlockSchema::new()
        .attribute("object_size_greater_than", computed(Type::Number).default(0))
        .attribute("object_size_less_than", computed(Type::Number).default(0))
        .attribute("prefix", computed(Type::String).default(""))
        .attribute("tags", AttributeSchema::optional(Type::map(Type::String)));
    let tag = BlockSchema::new()
        .attribute("key", required(Type::String))
        .attribute("value", required(Type::String));
    BlockSchema::new()
        .attribute("object_size_greater_than", computed(Type::Number))
        .attribute("object_size_less_than", computed(Type::Number))
        .attribute("prefix", computed(Type::String))
        .block("and", NestedBlock::list(and))
        .block("tag", NestedBlock::list(tag))
}
