//! Offline checks of `aws_lb_target_group`.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::elbv2::naming;
use crate::provider::object::Object;

use super::health::is_http;
use super::schema::{NOT_FOR_LAMBDA, flag};
use super::write::has_tcp_check;

const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"];

/// The port that Gateway Load Balancers speak GENEVE on.
const GENEVE_PORT: i64 = 6081;

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    let checks = &mut checks;
    naming::check(checks, "target group", None);
    words(checks);
    numbers(checks);
    targets(checks);
    health_check(checks);
    stickiness(checks);
    health(checks);
}

fn words(checks: &mut Checks<'_>) {
    checks.one_of("target_type", &["instance", "ip", "lambda", "alb"], false);
    checks.one_of("protocol", PROTOCOLS, false);
    checks.one_of("protocol_version", &["HTTP1", "HTTP2", "GRPC"], true);
    checks.one_of("ip_address_type", &["ipv4", "ipv6"], false);
    checks.one_of(
        "load_balancing_algorithm_type",
        &["round_robin", "least_outstanding_requests", "weighted_random"],
        false,
    );
    checks.one_of("load_balancing_anomaly_mitigation", &["on", "off"], false);
    checks.one_of(
        "load_balancing_cross_zone_enabled",
        &["true", "false", "use_load_balancer_configuration"],
        false,
    );
    if let Some(text) = checks.config.text("preserve_client_ip").map(str::to_owned)
        && !text.is_empty()
        && flag(&text).is_none()
    {
        checks.invalid("preserve_client_ip", format!("\"{text}\" is neither \"true\" nor \"false\"."));
    }
}

fn numbers(checks: &mut Checks<'_>) {
    checks.within("port", 1..=65535, "");
    if let Some(text) = checks.config.text("deregistration_delay").map(str::to_owned)
        && !text.is_empty()
        && !text.parse::<i64>().is_ok_and(|seconds| (0..=3600).contains(&seconds))
    {
        checks.invalid(
            "deregistration_delay",
            format!("\"{text}\" is not a whole number from 0 to 3600 seconds."),
        );
    }
    if let Some(seconds) = checks.config.integer("slow_start")
        && seconds != 0
        && !(30..=900).contains(&seconds)
    {
        checks.invalid(
            "slow_start",
            format!("{seconds} is neither 0, which switches it off, nor a number from 30 to 900 seconds."),
        );
    }
    let algorithm = checks.config.text("load_balancing_algorithm_type").unwrap_or_default().to_owned();
    let mitigates = checks.config.text("load_balancing_anomaly_mitigation") == Some("on");
    if mitigates && !algorithm.is_empty() && algorithm != "weighted_random" {
        checks.combination(
            "load_balancing_anomaly_mitigation",
            "Anomalies are mitigated by the weighted random algorithm only: set load_balancing_algorithm_type = \
             \"weighted_random\", or remove the argument.",
        );
    }
    let starts_slowly = checks.config.integer("slow_start").is_some_and(|seconds| seconds > 0);
    if starts_slowly && !matches!(algorithm.as_str(), "" | "round_robin") {
        checks.combination(
            "slow_start",
            format!("Slow start works with the round robin algorithm only, and this one is {algorithm}: remove one of them."),
        );
    }
    if let Some(protocol) = checks.config.text("protocol").map(str::to_owned)
        && starts_slowly
        && !is_http(&protocol)
    {
        checks.combination(
            "slow_start",
            format!("Slow start is for HTTP and HTTPS, not for {protocol}: remove it."),
        );
    }
}

/// What the target type and the protocol need and exclude.
fn targets(checks: &mut Checks<'_>) {
    if checks.config.get("target_type").is_some_and(|kind| !kind.is_known()) {
        return;
    }
    let kind = checks.config.text("target_type").unwrap_or("instance").to_owned();
    let protocol = checks.config.text("protocol").unwrap_or_default().to_owned();
    if kind == "lambda" {
        for name in NOT_FOR_LAMBDA {
            if checks.config.known(name).is_some() && checks.is_set(name) {
                checks.warn(
                    name,
                    format!("\"{name}\" has no effect"),
                    "A Lambda function as the target has no use for it: remove it.",
                );
            }
        }
        return;
    }
    for name in ["port", "protocol", "vpc_id"] {
        if checks.is_left_out(name) {
            checks.missing(name, format!("Targets of type \"{kind}\" need it: set \"{name}\"."));
        }
    }
    if kind == "alb" && !protocol.is_empty() && protocol != "TCP" {
        checks.combination(
            "protocol",
            format!("An Application Load Balancer as the target is reached by TCP, not by {protocol}."),
        );
    }
    if protocol == "GENEVE"
        && let Some(port) = checks.config.integer("port")
        && port != GENEVE_PORT
    {
        checks.combination("port", format!("GENEVE is spoken on port {GENEVE_PORT}, not {port}."));
    }
    if !protocol.is_empty() && !is_http(&protocol) && checks.config.text("protocol_version").is_some() {
        checks.warn(
            "protocol_version",
            "\"protocol_version\" has no effect",
            format!("Only HTTP and HTTPS have versions, {protocol} has not: remove it."),
        );
    }
}

fn health_check(checks: &mut Checks<'_>) {
    let kind = checks.config.text("target_type").unwrap_or_default().to_owned();
    let protocol = checks.config.text("protocol").unwrap_or_default().to_owned();
    let version = checks.config.text("protocol_version").unwrap_or_default().to_uppercase();
    checks.each("health_check", |check| {
        check.within("healthy_threshold", 2..=10, "");
        check.within("unhealthy_threshold", 2..=10, "");
        check.within("interval", 5..=300, "seconds");
        check.within("timeout", 2..=120, "seconds");
        check.one_of("protocol", &["HTTP", "HTTPS", "TCP"], true);
        check.length("path", 1..=1024);
        path(check);
        port(check);
        matcher(check, &version);
        if check.config.boolean("enabled") == Some(false) && !kind.is_empty() && kind != "lambda" {
            check.combination(
                "enabled",
                format!(
                    "Health checks of targets of type \"{kind}\" cannot be switched off: remove the argument."
                ),
            );
        }
        if has_tcp_check(check.config) {
            tcp(check, &kind, &protocol);
        }
        timing(check, &protocol);
    });
}

fn path(check: &mut Checks<'_>) {
    if let Some(path) = check.config.text("path").filter(|path| !path.is_empty()).map(str::to_owned)
        && !path.starts_with('/')
    {
        check.invalid("path", format!("\"{path}\" must begin with a slash: \"/{path}\"."));
    }
}

fn port(check: &mut Checks<'_>) {
    let Some(port) = check.config.text("port").map(str::to_owned) else {
        return;
    };
    let is_port = port.parse::<u16>().is_ok_and(|number| number > 0);
    if !port.is_empty() && port != "traffic-port" && !is_port {
        check.invalid("port", format!("\"{port}\" is neither \"traffic-port\" nor a port from 1 to 65535."));
    }
}

/// Codes are numbers, ranges of them, or lists of both: `200`, `200-299`, `200,302`.
fn matcher(check: &mut Checks<'_>, version: &str) {
    let Some(codes) = check.config.text("matcher").filter(|codes| !codes.is_empty()).map(str::to_owned)
    else {
        return;
    };
    let limits = if version == "GRPC" { 0..=99 } else { 200..=599 };
    let code = |text: &str| text.parse::<u16>().ok().filter(|code| limits.contains(code));
    let is_valid = |part: &str| match part.split_once('-') {
        Some((first, last)) => {
            matches!((code(first), code(last)), (Some(first), Some(last)) if first <= last)
        }
        None => code(part).is_some(),
    };
    if !codes.split(',').all(is_valid) {
        check.invalid(
            "matcher",
            format!(
                "\"{codes}\" is not a list of codes from {0} to {1}: write \"{0}\", \"{0},{1}\" or \"{0}-{1}\".",
                limits.start(),
                limits.end(),
            ),
        );
    }
}

/// A check that only connects asks for nothing, and Application Load Balancers have no such checks.
fn tcp(check: &mut Checks<'_>, kind: &str, protocol: &str) {
    for name in ["matcher", "path"] {
        if check.config.text(name).is_some_and(|text| !text.is_empty()) {
            check.combination(
                name,
                "A TCP health check only connects: remove the argument, or set the check's protocol to \"HTTP\" or \
                 \"HTTPS\".",
            );
        }
    }
    let whose = if kind == "lambda" { "A Lambda function" } else { "A target group for HTTP or HTTPS" };
    if kind == "lambda" || is_http(protocol) {
        check.combination(
            "protocol",
            format!("{whose} cannot be checked by TCP: set the check's protocol to \"HTTP\" or \"HTTPS\"."),
        );
    }
}

/// An answer may take as long as the interval between two checks at most, for HTTP and HTTPS not even that.
fn timing(check: &mut Checks<'_>, protocol: &str) {
    let (Some(timeout), interval) = (check.config.integer("timeout"), check.config.integer("interval"))
    else {
        return;
    };
    if check.config.get("interval").is_some_and(|interval| !interval.is_known()) {
        return;
    }
    let interval = interval.unwrap_or(30);
    let less = is_http(protocol);
    if timeout > interval || timeout == interval && less {
        let than = if less { "as long as" } else { "longer than" };
        check.combination(
            "timeout",
            format!(
                "An answer may not take {than} the interval between two checks: the timeout is {timeout} s and the \
                 interval {interval} s."
            ),
        );
    }
}

fn stickiness(checks: &mut Checks<'_>) {
    let protocol = checks.config.text("protocol").unwrap_or_default().to_owned();
    let of_protocol: &[&str] = match protocol.as_str() {
        "HTTP" | "HTTPS" => &["lb_cookie", "app_cookie"],
        "TCP" | "UDP" | "TCP_UDP" | "TLS" => &["source_ip"],
        "GENEVE" => &["source_ip_dest_ip", "source_ip_dest_ip_proto"],
        _ => &[],
    };
    checks.each("stickiness", |block| {
        block.one_of(
            "type",
            &["lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"],
            false,
        );
        block.within("cookie_duration", 0..=604_800, "seconds");
        let kind = block.config.text("type").unwrap_or_default().to_owned();
        let enabled = block.config.boolean("enabled").unwrap_or(true)
            && block.config.get("enabled").is_none_or(|enabled| enabled.is_known());
        if enabled && !kind.is_empty() && !of_protocol.is_empty() && !of_protocol.contains(&kind.as_str()) {
            let words: Vec<String> = of_protocol.iter().map(|word| format!("\"{word}\"")).collect();
            block.combination(
                "type",
                format!("Stickiness for {protocol} is of type {}, not \"{kind}\".", words.join(" or ")),
            );
        }
        if kind == "app_cookie" {
            let name = block.config.text("cookie_name").unwrap_or_default().to_owned();
            if enabled && block.is_left_out("cookie_name") {
                block.missing(
                    "cookie_name",
                    "Stickiness by the application's cookie needs the cookie's name.",
                );
            } else if name.starts_with("AWSALB") {
                block.invalid(
                    "cookie_name",
                    format!("\"{name}\" begins with \"AWSALB\", which AWS keeps for itself."),
                );
            }
        }
    });
}

fn health(checks: &mut Checks<'_>) {
    checks.each("target_failover", |block| {
        for name in ["on_deregistration", "on_unhealthy"] {
            block.one_of(name, &["rebalance", "no_rebalance"], false);
        }
        let (one, other) = (block.config.text("on_deregistration"), block.config.text("on_unhealthy"));
        if one.is_some() && other.is_some() && one != other {
            block.combination(
                "on_unhealthy",
                "AWS takes the same value for \"on_deregistration\" and \"on_unhealthy\" only.",
            );
        }
    });
    checks.each("target_health_state", |block| {
        block.within("unhealthy_draining_interval", 0..=360_000, "seconds");
    });
    checks.each("target_group_health", |block| {
        block.each("dns_failover", |block| {
            off_or(block, "minimum_healthy_targets_count", i64::MAX);
            off_or(block, "minimum_healthy_targets_percentage", 100);
        });
        block.each("unhealthy_state_routing", |block| {
            block.within("minimum_healthy_targets_count", 1..=i64::from(i32::MAX), "");
            off_or(block, "minimum_healthy_targets_percentage", 100);
        });
    });
}

/// `off`, or a whole number from 1 to a limit.
fn off_or(checks: &mut Checks<'_>, name: &str, limit: i64) {
    let Some(text) = checks.config.text(name).map(str::to_owned) else {
        return;
    };
    if text == "off" || text.parse::<i64>().is_ok_and(|number| (1..=limit).contains(&number)) {
        return;
    }
    let range = if limit == i64::MAX { "from 1".to_owned() } else { format!("from 1 to {limit}") };
    checks.invalid(name, format!("\"{text}\" is neither \"off\" nor a whole number {range}."));
}
