//! The schema of `aws_iam_role`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, arguments()));

fn arguments() -> BlockSchema {
    let text = || AttributeSchema::optional(Type::String);
    let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
    let computed = || AttributeSchema::computed(Type::String);
    let inline =
        BlockSchema::new().attribute("name", text()).attribute("policy", text().equality(Equality::Policy));
    BlockSchema::new()
        .id()
        .tags()
        .attribute("arn", computed())
        .attribute("assume_role_policy", AttributeSchema::required(Type::String).equality(Equality::Policy))
        .attribute("create_date", computed())
        .attribute("description", text())
        .attribute("force_detach_policies", AttributeSchema::optional(Type::Bool).default(false).code_only())
        .attribute(
            "managed_policy_arns",
            AttributeSchema::optional_computed(Type::set(Type::String)).deprecated(),
        )
        .attribute("max_session_duration", AttributeSchema::optional(Type::Number).default(3600))
        .attribute("name", named())
        .attribute("name_prefix", named())
        .attribute("path", text().default("/").forces_replacement())
        .attribute("permissions_boundary", text())
        .attribute("unique_id", computed())
        .block("inline_policy", NestedBlock::set(inline).computed())
}
