//! The schema of `aws_lb`, and the table of its attributes.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::elbv2::attributes::{Form, Row};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

const APPLICATION: &[&str] = &["application"];
const NETWORK: &[&str] = &["network"];
const APPLICATION_NETWORK: &[&str] = &["application", "network"];
/// An Application Load Balancer always balances across zones: it has the key, and it cannot be changed.
const NETWORK_GATEWAY: &[&str] = &["network", "gateway"];
const ALL: &[&str] = &["application", "network", "gateway"];

/// Attributes of load balancers by key (API reference, `LoadBalancerAttribute`).
pub static ATTRIBUTES: &[Row] = &[
    row("client_keep_alive", "client_keep_alive.seconds", Form::Integer, APPLICATION),
    row("desync_mitigation_mode", "routing.http.desync_mitigation_mode", Form::Text, APPLICATION),
    row("dns_record_client_routing_policy", "dns_record.client_routing_policy", Form::Text, NETWORK),
    row(
        "drop_invalid_header_fields",
        "routing.http.drop_invalid_header_fields.enabled",
        Form::Bool,
        APPLICATION,
    ),
    row("enable_cross_zone_load_balancing", "load_balancing.cross_zone.enabled", Form::Bool, NETWORK_GATEWAY),
    row("enable_deletion_protection", "deletion_protection.enabled", Form::Bool, ALL),
    row("enable_http2", "routing.http2.enabled", Form::Bool, APPLICATION),
    row(
        "enable_tls_version_and_cipher_suite_headers",
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        Form::Bool,
        APPLICATION,
    ),
    row("enable_waf_fail_open", "waf.fail_open.enabled", Form::Bool, APPLICATION),
    row("enable_xff_client_port", "routing.http.xff_client_port.enabled", Form::Bool, APPLICATION),
    row("enable_zonal_shift", "zonal_shift.config.enabled", Form::Bool, APPLICATION_NETWORK),
    row("idle_timeout", "idle_timeout.timeout_seconds", Form::Integer, APPLICATION),
    row("preserve_host_header", "routing.http.preserve_host_header.enabled", Form::Bool, APPLICATION),
    row("xff_header_processing_mode", "routing.http.xff_header_processing.mode", Form::Text, APPLICATION),
];

const fn row(name: &'static str, key: &'static str, form: Form, kinds: &'static [&'static str]) -> Row {
    Row { name, key, form, kinds }
}

/// A block of arguments for logs in a bucket, and the keys that it is kept under.
#[derive(Debug)]
pub struct Logs {
    /// In the schema.
    pub name: &'static str,
    pub enabled: &'static str,
    pub bucket: &'static str,
    pub prefix: &'static str,
    /// The load balancer types that write such logs.
    pub kinds: &'static [&'static str],
}

pub static LOGS: &[Logs] = &[
    Logs {
        name: "access_logs",
        enabled: "access_logs.s3.enabled",
        bucket: "access_logs.s3.bucket",
        prefix: "access_logs.s3.prefix",
        kinds: APPLICATION_NETWORK,
    },
    Logs {
        name: "connection_logs",
        enabled: "connection_logs.s3.enabled",
        bucket: "connection_logs.s3.bucket",
        prefix: "connection_logs.s3.prefix",
        kinds: APPLICATION,
    },
];

/// Blocks that only some load balancer types have, besides [`LOGS`].
pub static BLOCKS: &[(&str, &[&str])] =
    &[("ipam_pools", APPLICATION), ("minimum_load_balancer_capacity", APPLICATION_NETWORK)];

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, arguments()));

fn arguments() -> BlockSchema {
    let text = || AttributeSchema::optional_computed(Type::String);
    let flag = |default: bool| AttributeSchema::optional(Type::Bool).default(default);
    let number = |default: i32| AttributeSchema::optional(Type::Number).default(default);
    let word = |default: &str| AttributeSchema::optional(Type::String).default(default);
    let texts = || AttributeSchema::optional_computed(Type::set(Type::String));
    BlockSchema::new()
        .id()
        .tags()
        .timeouts(&["create", "delete", "update"])
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("arn_suffix", AttributeSchema::computed(Type::String))
        .attribute("client_keep_alive", number(3600))
        .attribute("customer_owned_ipv4_pool", AttributeSchema::optional(Type::String).forces_replacement())
        .attribute("desync_mitigation_mode", word("defensive"))
        .attribute("dns_name", AttributeSchema::computed(Type::String))
        .attribute("dns_record_client_routing_policy", word("any_availability_zone"))
        .attribute("drop_invalid_header_fields", flag(false))
        .attribute("enable_cross_zone_load_balancing", flag(false))
        .attribute("enable_deletion_protection", flag(false))
        .attribute("enable_http2", flag(true))
        .attribute("enable_tls_version_and_cipher_suite_headers", flag(false))
        .attribute("enable_waf_fail_open", flag(false))
        .attribute("enable_xff_client_port", flag(false))
        .attribute("enable_zonal_shift", flag(false))
        .attribute("enforce_security_group_inbound_rules_on_private_link_traffic", text())
        .attribute("idle_timeout", number(60))
        .attribute("internal", AttributeSchema::optional_computed(Type::Bool).forces_replacement())
        .attribute("ip_address_type", text())
        .attribute("load_balancer_type", word("application").forces_replacement())
        .attribute("name", text().forces_replacement())
        .attribute("name_prefix", text().forces_replacement())
        .attribute("preserve_host_header", flag(false))
        .attribute("security_groups", texts())
        .attribute("subnets", texts())
        .attribute("vpc_id", AttributeSchema::computed(Type::String))
        .attribute("xff_header_processing_mode", word("append"))
        .attribute("zone_id", AttributeSchema::computed(Type::String))
        .block("access_logs", NestedBlock::one(logs()))
        .block("connection_logs", NestedBlock::one(logs()))
        .block("ipam_pools", NestedBlock::one(required("ipv4_ipam_pool_id", Type::String)))
        .block("minimum_load_balancer_capacity", NestedBlock::one(required("capacity_units", Type::Number)))
        .block("subnet_mapping", NestedBlock::set(subnet_mapping()).computed())
}

fn required(name: &str, ty: Type) -> BlockSchema {
    BlockSchema::new().attribute(name, AttributeSchema::required(ty))
}

fn logs() -> BlockSchema {
    required("bucket", Type::String)
        .attribute("enabled", AttributeSchema::optional(Type::Bool).default(false))
        .attribute("prefix", AttributeSchema::optional(Type::String))
}

fn subnet_mapping() -> BlockSchema {
    required("subnet_id", Type::String)
        .attribute("allocation_id", AttributeSchema::optional(Type::String))
        .attribute("ipv6_address", AttributeSchema::optional(Type::String))
        .attribute("outpost_id", AttributeSchema::computed(Type::String))
        .attribute("private_ipv4_address", AttributeSchema::optional(Type::String))
}
