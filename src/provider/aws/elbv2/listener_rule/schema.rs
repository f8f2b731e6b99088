//! The schema of `aws_lb_listener_rule`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::elbv2::listener;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, arguments()));

/// The conditions that hold a set of values, by the service's name and the block's.
pub static VALUED: &[(&str, &str)] = &[
    ("host-header", "host_header"),
    ("http-header", "http_header"),
    ("http-request-method", "http_request_method"),
    ("path-pattern", "path_pattern"),
    ("source-ip", "source_ip"),
];

fn text() -> AttributeSchema {
    AttributeSchema::optional(Type::String)
}

fn required() -> AttributeSchema {
    AttributeSchema::required(Type::String)
}

/// What both ways to authenticate have, with the defaults of the provider.
fn authenticate() -> BlockSchema {
    let behaviour = AttributeSchema::optional_computed(Type::String).equality(Equality::IgnoreCase);
    BlockSchema::new()
        .attribute("authentication_request_extra_params", AttributeSchema::optional(Type::map(Type::String)))
        .attribute("on_unauthenticated_request", behaviour)
        .attribute("scope", text().default("openid"))
        .attribute("session_cookie_name", text().default("AWSELBAuthSessionCookie"))
        .attribute("session_timeout", AttributeSchema::optional(Type::Number).default(604_800))
}

fn arguments() -> BlockSchema {
    BlockSchema::new()
        .id()
        .tags()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("listener_arn", required().forces_replacement())
        .attribute("priority", AttributeSchema::optional_computed(Type::Number))
        .block("action", NestedBlock::list(listener::schema::action(authenticate())).at_least(1))
        .block("condition", NestedBlock::set(condition()).at_least(1))
}

fn condition() -> BlockSchema {
    let values = || AttributeSchema::required(Type::set(Type::String));
    let with_values = || BlockSchema::new().attribute("values", values());
    let header = with_values().attribute("http_header_name", required().equality(Equality::IgnoreCase));
    let query = BlockSchema::new().attribute("key", text()).attribute("value", required());
    BlockSchema::new()
        .block("host_header", NestedBlock::one(with_values()))
        .block("http_header", NestedBlock::one(header))
        .block("http_request_method", NestedBlock::one(with_values()))
        .block("path_pattern", NestedBlock::one(with_values()))
        .block("query_string", NestedBlock::set(query))
        .block("source_ip", NestedBlock::one(with_values()))
}
