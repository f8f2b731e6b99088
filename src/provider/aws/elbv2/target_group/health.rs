//! The nested blocks of a target group, and the service's pairs that they stand for.

use aws_sdk_elasticloadbalancingv2::types::{Matcher, ProtocolEnum, TargetGroup};

use crate::lang::value::Value;
use crate::provider::aws::elbv2::attributes::Pairs;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

const STICKINESS_ENABLED: &str = "stickiness.enabled";
const STICKINESS_TYPE: &str = "stickiness.type";
const LB_COOKIE_DURATION: &str = "stickiness.lb_cookie.duration_seconds";
const APP_COOKIE_DURATION: &str = "stickiness.app_cookie.duration_seconds";
const APP_COOKIE_NAME: &str = "stickiness.app_cookie.cookie_name";
const ON_DEREGISTRATION: &str = "target_failover.on_deregistration";
const ON_UNHEALTHY: &str = "target_failover.on_unhealthy";
const UNHEALTHY_TERMINATION: &str = "target_health_state.unhealthy.connection_termination.enabled";
const UNHEALTHY_DRAINING: &str = "target_health_state.unhealthy.draining_interval_seconds";
const DNS_COUNT: &str = "target_group_health.dns_failover.minimum_healthy_targets.count";
const DNS_PERCENTAGE: &str = "target_group_health.dns_failover.minimum_healthy_targets.percentage";
const ROUTING_COUNT: &str = "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count";
const ROUTING_PERCENTAGE: &str =
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage";

/// The `health_check` block of a live target group. What does not apply is empty or 0, as the provider stores it.
pub fn health_check(schema: &BlockSchema, group: &TargetGroup) -> Value {
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    let number = |value: Option<i32>| Value::number(i64::from(value.unwrap_or_default()));
    let matcher = group.matcher().and_then(|matcher| matcher.grpc_code().or(matcher.http_code()));
    blocks::one(
        schema,
        "health_check",
        [
            ("enabled", Value::bool(group.health_check_enabled().unwrap_or_default())),
            ("healthy_threshold", number(group.healthy_threshold_count())),
            ("interval", number(group.health_check_interval_seconds())),
            ("matcher", text(matcher)),
            ("path", text(group.health_check_path())),
            ("port", text(group.health_check_port())),
            ("protocol", text(group.health_check_protocol().map(ProtocolEnum::as_str))),
            ("timeout", number(group.health_check_timeout_seconds())),
            ("unhealthy_threshold", number(group.unhealthy_threshold_count())),
        ],
    )
}

/// The matcher of a planned health check. gRPC has codes of its own.
pub fn matcher(check: &Value, protocol_version: Option<&str>) -> Option<Matcher> {
    let codes = blocks::filled(check.text("matcher"))?;
    let builder = Matcher::builder();
    Some(match protocol_version {
        Some(version) if version.eq_ignore_ascii_case("GRPC") => builder.grpc_code(codes).build(),
        _ => builder.http_code(codes).build(),
    })
}

/// Whether a protocol is one of Application Load Balancers.
pub fn is_http(protocol: &str) -> bool {
    matches!(protocol, "HTTP" | "HTTPS")
}

/// The nested blocks of a live target group that the service keeps as pairs. Each is there, without content where the
/// protocol knows no such thing, as the provider stores it.
pub fn blocks_of(schema: &BlockSchema, pairs: &Pairs, protocol: &str) -> Vec<(&'static str, Value)> {
    let text = |key: &str| pairs.get(key).map(String::as_str);
    let number = |key: &str| text(key).and_then(|text| text.parse::<i64>().ok());
    let flag = |key: &str| text(key).map(|text| text == "true");

    let stickiness = match text(STICKINESS_TYPE) {
        Some(kind) => {
            let (duration, name) = match kind {
                "lb_cookie" => (number(LB_COOKIE_DURATION), ""),
                "app_cookie" => (number(APP_COOKIE_DURATION), text(APP_COOKIE_NAME).unwrap_or_default()),
                _ => (None, ""),
            };
            let duration = duration.filter(|_| is_http(protocol)).unwrap_or_default();
            blocks::one(
                schema,
                "stickiness",
                [
                    ("cookie_duration", Value::number(duration)),
                    ("cookie_name", Value::string(name)),
                    ("enabled", Value::bool(flag(STICKINESS_ENABLED).unwrap_or_default())),
                    ("type", Value::string(kind)),
                ],
            )
        }
        None => blocks::one(schema, "stickiness", []),
    };

    let gateway = protocol == "GENEVE";
    let failover = blocks::one(
        schema,
        "target_failover",
        [
            ("on_deregistration", object::text(text(ON_DEREGISTRATION).filter(|_| gateway))),
            ("on_unhealthy", object::text(text(ON_UNHEALTHY).filter(|_| gateway))),
        ],
    );

    let inner = blocks::inner(schema, "target_group_health");
    let dns = blocks::one(
        inner,
        "dns_failover",
        [
            ("minimum_healthy_targets_count", object::text(text(DNS_COUNT).filter(|_| !gateway))),
            ("minimum_healthy_targets_percentage", object::text(text(DNS_PERCENTAGE).filter(|_| !gateway))),
        ],
    );
    let routing = blocks::one(
        inner,
        "unhealthy_state_routing",
        [
            ("minimum_healthy_targets_count", object::integer(number(ROUTING_COUNT).filter(|_| !gateway))),
            (
                "minimum_healthy_targets_percentage",
                object::text(text(ROUTING_PERCENTAGE).filter(|_| !gateway)),
            ),
        ],
    );
    let health = blocks::one(
        schema,
        "target_group_health",
        [("dns_failover", dns), ("unhealthy_state_routing", routing)],
    );

    let terminates = matches!(protocol, "TCP" | "TLS");
    let state = blocks::one(
        schema,
        "target_health_state",
        [
            (
                "enable_unhealthy_connection_termination",
                object::boolean(flag(UNHEALTHY_TERMINATION).filter(|_| terminates)),
            ),
            (
                "unhealthy_draining_interval",
                object::integer(number(UNHEALTHY_DRAINING).filter(|_| terminates)),
            ),
        ],
    );
    vec![
        ("stickiness", stickiness),
        ("target_failover", failover),
        ("target_group_health", health),
        ("target_health_state", state),
    ]
}

/// The pairs that make the blocks of a target group as planned. For an existing one, `prior`, only of blocks that
/// change.
pub fn pairs_of(
    schema: &BlockSchema,
    prior: Option<&Value>,
    planned: &Value,
    protocol: &str,
) -> Vec<(&'static str, String)> {
    let changed = |name: &str| {
        let block = planned.block(name)?;
        match prior {
            Some(prior) if blocks::same_blocks(schema, name, prior, planned) => None,
            _ => Some(block),
        }
    };
    let mut pairs = Pairing(Vec::new());
    if let Some(block) = changed("stickiness") {
        pairs.flag(STICKINESS_ENABLED, block, "enabled");
        pairs.text(STICKINESS_TYPE, block, "type");
        match block.text("type") {
            Some("lb_cookie") if is_http(protocol) => {
                pairs.number(LB_COOKIE_DURATION, block, "cookie_duration");
            }
            Some("app_cookie") if is_http(protocol) => {
                pairs.text(APP_COOKIE_NAME, block, "cookie_name");
                pairs.number(APP_COOKIE_DURATION, block, "cookie_duration");
            }
            _ => {}
        }
    }
    if let Some(block) = changed("target_failover").filter(|_| protocol == "GENEVE") {
        pairs.text(ON_DEREGISTRATION, block, "on_deregistration");
        pairs.text(ON_UNHEALTHY, block, "on_unhealthy");
    }
    if let Some(block) = changed("target_group_health").filter(|_| protocol != "GENEVE") {
        if let Some(block) = block.block("dns_failover") {
            pairs.text(DNS_COUNT, block, "minimum_healthy_targets_count");
            pairs.text(DNS_PERCENTAGE, block, "minimum_healthy_targets_percentage");
        }
        if let Some(block) = block.block("unhealthy_state_routing") {
            pairs.number(ROUTING_COUNT, block, "minimum_healthy_targets_count");
            pairs.text(ROUTING_PERCENTAGE, block, "minimum_healthy_targets_percentage");
        }
    }
    if let Some(block) = changed("target_health_state").filter(|_| matches!(protocol, "TCP" | "TLS")) {
        pairs.flag(UNHEALTHY_TERMINATION, block, "enable_unhealthy_connection_termination");
        if block.boolean("enable_unhealthy_connection_termination") == Some(false) {
            pairs.number(UNHEALTHY_DRAINING, block, "unhealthy_draining_interval");
        }
    }
    pairs.0
}

struct Pairing(Vec<(&'static str, String)>);

impl Pairing {
    fn text(&mut self, key: &'static str, block: &Value, name: &str) {
        self.0.extend(blocks::filled(block.text(name)).map(|text| (key, text.to_owned())));
    }

    fn flag(&mut self, key: &'static str, block: &Value, name: &str) {
        self.0.extend(block.boolean(name).map(|flag| (key, flag.to_string())));
    }

    fn number(&mut self, key: &'static str, block: &Value, name: &str) {
        self.0.extend(block.integer(name).map(|number| (key, number.to_string())));
    }
}
