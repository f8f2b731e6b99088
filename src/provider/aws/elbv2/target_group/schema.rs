//! The schema of `aws_lb_target_group`, and the table of its attributes.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::attributes::{Form, Row};
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

const SERVERS: &[&str] = &["instance", "ip", "alb"];
const LAMBDA: &[&str] = &["lambda"];

/// Attributes of target groups by key (API reference, `TargetGroupAttribute`), with the target types that have
/// them. Which of them exist depends on the protocol too: the service answers only those that do.
pub static ATTRIBUTES: &[Row] = &[
    row("connection_termination", "deregistration_delay.connection_termination.enabled", Form::Bool, SERVERS),
    row("deregistration_delay", "deregistration_delay.timeout_seconds", Form::Text, SERVERS),
    row("lambda_multi_value_headers_enabled", "lambda.multi_value_headers.enabled", Form::Bool, LAMBDA),
    row("load_balancing_algorithm_type", "load_balancing.algorithm.type", Form::Text, SERVERS),
    row(
        "load_balancing_anomaly_mitigation",
        "load_balancing.algorithm.anomaly_mitigation",
        Form::Text,
        SERVERS,
    ),
    row("load_balancing_cross_zone_enabled", "load_balancing.cross_zone.enabled", Form::Text, SERVERS),
    row("preserve_client_ip", "preserve_client_ip.enabled", Form::Text, SERVERS),
    row("proxy_protocol_v2", "proxy_protocol_v2.enabled", Form::Bool, SERVERS),
    row("slow_start", "slow_start.duration_seconds", Form::Integer, SERVERS),
];

const fn row(name: &'static str, key: &'static str, form: Form, kinds: &'static [&'static str]) -> Row {
    Row { name, key, form, kinds }
}

/// What a Lambda function as the target has no use for.
pub static NOT_FOR_LAMBDA: &[&str] = &[
    "port",
    "protocol",
    "protocol_version",
    "stickiness",
    "target_failover",
    "target_group_health",
    "target_health_state",
    "vpc_id",
];

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, arguments()));

fn arguments() -> BlockSchema {
    let computed = AttributeSchema::optional_computed;
    let optional = AttributeSchema::optional;
    BlockSchema::new()
        .id()
        .tags()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("arn_suffix", AttributeSchema::computed(Type::String))
        .attribute("connection_termination", computed(Type::Bool))
        .attribute("deregistration_delay", optional(Type::String).default("300"))
        .attribute("ip_address_type", computed(Type::String).forces_replacement())
        .attribute("lambda_multi_value_headers_enabled", optional(Type::Bool).default(false))
        .attribute("load_balancer_arns", AttributeSchema::computed(Type::set(Type::String)))
        .attribute("load_balancing_algorithm_type", computed(Type::String))
        .attribute("load_balancing_anomaly_mitigation", computed(Type::String))
        .attribute("load_balancing_cross_zone_enabled", computed(Type::String))
        .attribute("name", computed(Type::String).forces_replacement())
        .attribute("name_prefix", computed(Type::String).forces_replacement())
        .attribute("port", optional(Type::Number).forces_replacement())
        .attribute("preserve_client_ip", computed(Type::String).equality(Equality::Custom(same_flag)))
        .attribute("protocol", optional(Type::String).forces_replacement())
        .attribute(
            "protocol_version",
            computed(Type::String).forces_replacement().equality(Equality::IgnoreCase),
        )
        .attribute("proxy_protocol_v2", optional(Type::Bool).default(false))
        .attribute("slow_start", optional(Type::Number).default(0))
        .attribute("target_type", optional(Type::String).default("instance").forces_replacement())
        .attribute("vpc_id", optional(Type::String).forces_replacement())
        .block("health_check", NestedBlock::one(health_check()).computed())
        .block("stickiness", NestedBlock::one(stickiness()).computed())
        .block("target_failover", NestedBlock::list(target_failover()).computed())
        .block("target_group_health", NestedBlock::one(target_group_health()).computed())
        .block("target_health_state", NestedBlock::list(target_health_state()).computed())
}

fn health_check() -> BlockSchema {
    let computed = AttributeSchema::optional_computed;
    let optional = AttributeSchema::optional;
    BlockSchema::new()
        .attribute("enabled", optional(Type::Bool).default(true))
        .attribute("healthy_threshold", optional(Type::Number).default(3))
        .attribute("interval", optional(Type::Number).default(30))
        .attribute("matcher", computed(Type::String))
        .attribute("path", computed(Type::String))
        .attribute("port", optional(Type::String).default("traffic-port"))
        .attribute("protocol", optional(Type::String).default("HTTP").equality(Equality::IgnoreCase))
        .attribute("timeout", computed(Type::Number))
        .attribute("unhealthy_threshold", optional(Type::Number).default(3))
}

fn stickiness() -> BlockSchema {
    BlockSchema::new()
        .attribute("cookie_duration", AttributeSchema::optional(Type::Number).default(86400))
        .attribute("cookie_name", AttributeSchema::optional(Type::String))
        .attribute("enabled", AttributeSchema::optional(Type::Bool).default(true))
        .attribute("type", AttributeSchema::required(Type::String))
}

fn target_failover() -> BlockSchema {
    BlockSchema::new()
        .attribute("on_deregistration", AttributeSchema::required(Type::String))
        .attribute("on_unhealthy", AttributeSchema::required(Type::String))
}

fn target_group_health() -> BlockSchema {
    let off = || AttributeSchema::optional(Type::String).default("off");
    let dns_failover = BlockSchema::new()
        .attribute("minimum_healthy_targets_count", off())
        .attribute("minimum_healthy_targets_percentage", off());
    let unhealthy_state_routing = BlockSchema::new()
        .attribute("minimum_healthy_targets_count", AttributeSchema::optional(Type::Number).default(1))
        .attribute("minimum_healthy_targets_percentage", off());
    BlockSchema::new()
        .block("dns_failover", NestedBlock::one(dns_failover))
        .block("unhealthy_state_routing", NestedBlock::one(unhealthy_state_routing))
}

fn target_health_state() -> BlockSchema {
    BlockSchema::new()
        .attribute("enable_unhealthy_connection_termination", AttributeSchema::required(Type::Bool))
        .attribute("unhealthy_draining_interval", AttributeSchema::optional(Type::Number).default(0))
}

/// `preserve_client_ip` is a text that holds a bool, in any of the spellings that the provider takes.
pub fn flag(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

fn same_flag(left: &Value, right: &Value) -> bool {
    let flag = |value: &Value| value.as_str().and_then(flag);
    flag(left).is_some() && flag(left) == flag(right)
}
