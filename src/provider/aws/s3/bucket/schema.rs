//! The schema of `aws_s3_bucket`. Most of it configures what resources of their own configure since version 4 of the AWS
//! provider: such arguments are shown as they are, and refused in code (`validate`).

use crate::lang::types::Type;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

fn required(ty: Type) -> AttributeSchema {
    AttributeSchema::required(ty)
}

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

fn computed_text() -> AttributeSchema {
    AttributeSchema::computed(Type::String)
}

/// What another resource configures.
fn foreign_text() -> AttributeSchema {
    AttributeSchema::optional_computed(Type::String).deprecated()
}

fn texts() -> Type {
    Type::list(Type::String)
}

pub(super) fn schema() -> Schema {
    let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
    let block = BlockSchema::new()
        .id()
        .tags()
        .attribute("acceleration_status", foreign_text())
        .attribute("acl", foreign_text())
        .attribute("arn", computed_text())
        .attribute("bucket", named())
        .attribute("bucket_domain_name", computed_text())
        .attribute("bucket_prefix", named())
        .attribute("bucket_regional_domain_name", computed_text())
        .attribute("force_destroy", optional(Type::Bool).default(false).code_only())
        .attribute("hosted_zone_id", computed_text())
        .attribute("object_lock_enabled", AttributeSchema::optional_computed(Type::Bool).forces_replacement())
        .attribute("policy", foreign_text().equality(Equality::Policy))
        .attribute("region", computed_text())
        .attribute("request_payer", foreign_text())
        .attribute("website_domain", computed_text().deprecated())
        .attribute("website_endpoint", computed_text().deprecated())
        .block("cors_rule", NestedBlock::list(cors_rule()).computed())
        .block("grant", NestedBlock::set(grant()).computed())
        .block("lifecycle_rule", NestedBlock::list(lifecycle_rule()).computed())
        .block("logging", NestedBlock::one(logging()).computed())
        .block("object_lock_configuration", NestedBlock::one(object_lock()).computed())
        .block("replication_configuration", NestedBlock::one(replication()).computed())
        .block("server_side_encryption_configuration", NestedBlock::one(encryption()).computed())
        .block("versioning", NestedBlock::one(versioning()).computed())
        .block("website", NestedBlock::one(website()).computed())
        .timeouts(&["create", "read", "update", "delete"]);
    Schema::new(0, block)
}

fn cors_rule() -> BlockSchema {
    BlockSchema::new()
        .attribute("allowed_headers", optional(texts()))
        .attribute("allowed_methods", required(texts()))
        .attribute("allowed_origins", required(texts()))
        .attribute("expose_headers", optional(texts()))
        .attribute("max_age_seconds", optional(Type::Number))
}

fn grant() -> BlockSchema {
    BlockSchema::new()
        .attribute("id", optional(Type::String))
        .attribute("permissions", required(Type::set(Type::String)))
        .attribute("type", required(Type::String))
        .attribute("uri", optional(Type::String))
}

fn lifecycle_rule() -> BlockSchema {
    let expiration = BlockSchema::new()
        .attribute("date", optional(Type::String))
        .attribute("days", optional(Type::Number))
        .attribute("expired_object_delete_marker", optional(Type::Bool));
    let days = || BlockSchema::new().attribute("days", optional(Type::Number));
    let old_transition = days().attribute("storage_class", required(Type::String));
    let transition =
        days().attribute("date", optional(Type::String)).attribute("storage_class", required(Type::String));
    BlockSchema::new()
        .attribute("abort_incomplete_multipart_upload_days", optional(Type::Number))
        .attribute("enabled", required(Type::Bool))
        .attribute("id", AttributeSchema::optional_computed(Type::String))
        .attribute("prefix", optional(Type::String))
        .attribute("tags", optional(Type::map(Type::String)))
        .block("expiration", NestedBlock::one(expiration))
        .block("noncurrent_version_expiration", NestedBlock::one(days()))
        .block("noncurrent_version_transition", NestedBlock::set(old_transition))
        .block("transition", NestedBlock::set(transition))
}

fn logging() -> BlockSchema {
    BlockSchema::new()
        .attribute("target_bucket", required(Type::String))
        .attribute("target_prefix", optional(Type::String))
}

fn object_lock() -> BlockSchema {
    let retention = BlockSchema::new()
        .attribute("days", optional(Type::Number))
        .attribute("mode", required(Type::String))
        .attribute("years", optional(Type::Number));
    let rule = BlockSchema::new().block("default_retention", NestedBlock::one(retention).at_least(1));
    BlockSchema::new()
        .attribute("object_lock_enabled", optional(Type::String).deprecated().forces_replacement())
        .block("rule", NestedBlock::one(rule))
}

fn replication() -> BlockSchema {
    let translation = BlockSchema::new().attribute("owner", required(Type::String));
    let within = || {
        BlockSchema::new()
            .attribute("minutes", optional(Type::Number))
            .attribute("status", optional(Type::String))
    };
    let destination = BlockSchema::new()
        .attribute("account_id", optional(Type::String))
        .attribute("bucket", required(Type::String))
        .attribute("replica_kms_key_id", optional(Type::String))
        .attribute("storage_class", optional(Type::String))
        .block("access_control_translation", NestedBlock::one(translation))
        .block("metrics", NestedBlock::one(within()))
        .block("replication_time", NestedBlock::one(within()));
    let filter = BlockSchema::new()
        .attribute("prefix", optional(Type::String))
        .attribute("tags", optional(Type::map(Type::String)));
    let encrypted = BlockSchema::new().attribute("enabled", required(Type::Bool));
    let criteria = BlockSchema::new().block("sse_kms_encrypted_objects", NestedBlock::one(encrypted));
    let rule = BlockSchema::new()
        .attribute("delete_marker_replication_status", optional(Type::String))
        .attribute("id", optional(Type::String))
        .attribute("prefix", optional(Type::String))
        .attribute("priority", optional(Type::Number))
        .attribute("status", required(Type::String))
        .block("destination", NestedBlock::one(destination).at_least(1))
        .block("filter", NestedBlock::one(filter))
        .block("source_selection_criteria", NestedBlock::one(criteria));
    BlockSchema::new()
        .attribute("role", required(Type::String))
        .block("rules", NestedBlock::set(rule).at_least(1))
}

fn encryption() -> BlockSchema {
    let default = BlockSchema::new()
        .attribute("kms_master_key_id", optional(Type::String))
        .attribute("sse_algorithm", required(Type::String));
    let rule = BlockSchema::new()
        .attribute("bucket_key_enabled", optional(Type::Bool))
        .block("apply_server_side_encryption_by_default", NestedBlock::one(default).at_least(1));
    BlockSchema::new().block("rule", NestedBlock::one(rule).at_least(1))
}

fn versioning() -> BlockSchema {
    BlockSchema::new()
        .attribute("enabled", optional(Type::Bool))
        .attribute("mfa_delete", optional(Type::Bool))
}

fn website() -> BlockSchema {
    BlockSchema::new()
        .attribute("error_document", optional(Type::String))
        .attribute("index_document", optional(Type::String))
        .attribute("redirect_all_requests_to", optional(Type::String))
        .attribute("routing_rules", optional(Type::String).equality(Equality::Json))
}
