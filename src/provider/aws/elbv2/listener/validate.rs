//! Offline checks of `aws_lb_listener`.

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::arn;
use crate::provider::aws::elbv2::attributes::Row;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

use super::actions::type_of;
use super::schema::{ACTIONS, ATTRIBUTES};
use super::write::is_secure;

const PROTOCOLS: &[&str] = &["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"];

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    let checks = &mut checks;
    checks.arn("load_balancer_arn");
    checks.arn("certificate_arn");
    checks.within("port", 1..=65535, "");
    checks.one_of("protocol", PROTOCOLS, true);
    checks.one_of(
        "alpn_policy",
        &["HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None"],
        true,
    );
    checks.within("tcp_idle_timeout_seconds", 60..=6000, "seconds");
    checks.one_of(
        "routing_http_response_access_control_allow_credentials_header_value",
        &["true", ""],
        false,
    );
    checks.one_of("routing_http_response_x_content_type_options_header_value", &["nosniff", ""], false);
    load_balancer(checks);
    protocol(checks);
    mutual_authentication(checks);
    let protocol = checks.config.text("protocol").unwrap_or_default().to_uppercase();
    actions(checks, "default_action", &protocol);
}

/// What a load balancer's type needs and excludes, where its ARN is known.
fn load_balancer(checks: &mut Checks<'_>) {
    let text = checks.config.text("load_balancer_arn").map(str::to_owned);
    let kind = text.as_deref().and_then(arn::load_balancer_type);
    let protocol = checks.config.text("protocol").unwrap_or_default().to_uppercase();
    match kind {
        Some("gateway") => {
            for name in ["port", "protocol"] {
                if checks.config.known(name).is_some() && checks.is_set(name) {
                    checks.combination(
                        name,
                        "A Gateway Load Balancer listens to everything: remove the argument.",
                    );
                }
            }
        }
        Some(_) if checks.is_left_out("port") => {
            checks.missing("port", "The load balancer needs a port to listen on: set \"port\".");
        }
        Some("network") if checks.is_left_out("protocol") => {
            checks.missing(
                "protocol",
                "A Network Load Balancer's listener needs a protocol: set \"protocol\".",
            );
        }
        None if !protocol.is_empty() && protocol != "GENEVE" && checks.is_left_out("port") => {
            checks.missing("port", format!("A listener for {protocol} needs a port: set \"port\"."));
        }
        _ => {}
    }
    let fits = match kind {
        Some("application") => matches!(protocol.as_str(), "" | "HTTP" | "HTTPS"),
        Some("network") => !matches!(protocol.as_str(), "HTTP" | "HTTPS" | "GENEVE"),
        _ => true,
    };
    if let Some(kind) = kind.filter(|_| !fits) {
        checks.combination("protocol", format!("A load balancer of type {kind} does not speak {protocol}."));
    }
}

/// What a protocol needs and excludes.
fn protocol(checks: &mut Checks<'_>) {
    let Some(protocol) = checks.config.text("protocol").map(str::to_uppercase) else {
        return;
    };
    if !PROTOCOLS.contains(&protocol.as_str()) {
        return;
    }
    if is_secure(&protocol) && checks.is_left_out("certificate_arn") {
        checks.missing(
            "certificate_arn",
            format!("A listener for {protocol} needs a certificate: set \"certificate_arn\"."),
        );
    }
    for name in ["certificate_arn", "ssl_policy"] {
        let given = checks.config.known(name).is_some() && checks.is_set(name);
        if given && !is_secure(&protocol) {
            let secure = if protocol.starts_with("HTTP") { "HTTPS" } else { "TLS" };
            checks.combination(
                name,
                format!("{protocol} is not encrypted: remove the argument, or set protocol = \"{secure}\"."),
            );
        }
    }
    let alpn = checks.config.text("alpn_policy").is_some_and(|policy| !policy.is_empty());
    if alpn && protocol != "TLS" {
        checks.combination(
            "alpn_policy",
            format!(
                "Only TLS listeners have an ALPN policy, and this one is for {protocol}: remove the argument."
            ),
        );
    }
    for Row { name, kinds, .. } in ATTRIBUTES {
        if !kinds.contains(&protocol.as_str()) && checks.config.known(name).is_some() && checks.is_set(name) {
            checks.warn(
                name,
                format!("\"{name}\" has no effect"),
                format!(
                    "Only listeners for {} have it, and this one is for {protocol}.",
                    kinds.join(" and ")
                ),
            );
        }
    }
}

fn mutual_authentication(checks: &mut Checks<'_>) {
    let protocol = checks.config.text("protocol").unwrap_or_default().to_uppercase();
    checks.each("mutual_authentication", |block| {
        block.one_of("mode", &["off", "passthrough", "verify"], true);
        block.one_of("advertise_trust_store_ca_names", &["on", "off"], false);
        block.arn("trust_store_arn");
        let mode = block.config.text("mode").unwrap_or_default().to_lowercase();
        if !matches!(mode.as_str(), "" | "off") && !matches!(protocol.as_str(), "" | "HTTPS") {
            block.combination(
                "mode",
                format!("Clients are authenticated by certificate over HTTPS only, and this listener is for {protocol}."),
            );
        }
        if mode == "verify" && block.is_left_out("trust_store_arn") {
            block.missing(
                "trust_store_arn",
                "Verifying the clients' certificates needs a trust store: set \"trust_store_arn\".",
            );
        }
        for name in ["trust_store_arn", "advertise_trust_store_ca_names"] {
            let given = block.config.text(name).is_some_and(|text| !matches!(text, "" | "off"));
            if given && matches!(mode.as_str(), "off" | "passthrough") {
                block.combination(
                    name,
                    format!("Mode \"{mode}\" verifies nothing: remove the argument, or set mode = \"verify\"."),
                );
            }
        }
    });
}

/// The actions of a listener or a rule, in blocks of a kind. The protocol is empty if it is not known.
pub fn actions(checks: &mut Checks<'_>, kind: &str, protocol: &str) {
    checks.each(kind, |action| {
        let words: Vec<&str> = ACTIONS.iter().map(|(kind, _)| *kind).collect();
        action.one_of("type", &words, true);
        action.within("order", 1..=50_000, "");
        action.arn("target_group_arn");
        if let Some(kind) = type_of(action.config) {
            of_type(action, &kind);
            over(action, &kind, protocol);
        }
        action.each("forward", forward);
        action.each("redirect", redirect);
        action.each("fixed_response", fixed_response);
        action.each("authenticate_cognito", |block| {
            block.arn("user_pool_arn");
            authenticate(block);
        });
        action.each("authenticate_oidc", |block| {
            for name in ["authorization_endpoint", "issuer", "token_endpoint", "user_info_endpoint"] {
                let text = block.config.text(name).map(str::to_owned);
                if let Some(text) = text.filter(|text| !text.starts_with("https://")) {
                    block.invalid(name, format!("\"{text}\" is not a URL that begins with \"https://\"."));
                }
            }
            authenticate(block);
        });
    });
    last(checks, kind);
}

/// What an action's type needs and has no use for.
fn of_type(action: &mut Checks<'_>, kind: &str) {
    for (other, name) in ACTIONS {
        let given = action.config.known(name).is_some() && action.is_set(name);
        if kind == *other && *other != "forward" && action.is_left_out(name) {
            action.missing(name, format!("An action of type \"{kind}\" needs a \"{name}\" block."));
        } else if kind != *other && given {
            action.warn(
                name,
                format!("\"{name}\" has no effect"),
                format!("It is for actions of type \"{other}\", and this one is of type \"{kind}\"."),
            );
        }
    }
    let given = action.config.known("target_group_arn").is_some() && action.is_set("target_group_arn");
    if kind != "forward" {
        if given {
            action.warn(
                "target_group_arn",
                "\"target_group_arn\" has no effect",
                format!("It is for actions of type \"forward\", and this one is of type \"{kind}\"."),
            );
        }
        return;
    }
    if action.is_left_out("target_group_arn") && action.is_left_out("forward") {
        action.missing(
            "target_group_arn",
            "An action of type \"forward\" needs \"target_group_arn\" or a \"forward\" block.",
        );
    }
    let groups = action.config.block("forward").map(|forward| forward.blocks("target_group"));
    let arn = action.config.text("target_group_arn").filter(|arn| !arn.is_empty());
    let differs = arn.is_some()
        && groups
            .into_iter()
            .flatten()
            .any(|group| group.text("arn").is_some_and(|other| Some(other) != arn));
    if differs {
        action.combination(
            "target_group_arn",
            "The \"forward\" block names other target groups than \"target_group_arn\": keep only the block.",
        );
    }
}

/// What an action's type asks of the protocol.
fn over(action: &mut Checks<'_>, kind: &str, protocol: &str) {
    let layer_four = !matches!(protocol, "" | "HTTP" | "HTTPS");
    if layer_four && kind != "forward" {
        action.combination(
            "type",
            format!("A listener for {protocol} can only forward: set type = \"forward\", not \"{kind}\"."),
        );
    } else if kind.starts_with("authenticate-") && protocol == "HTTP" {
        action.combination(
            "type",
            "Users are authenticated over HTTPS only: set protocol = \"HTTPS\" and \"certificate_arn\".",
        );
    }
}

/// The last action answers the request; those before it authenticate.
fn last(checks: &mut Checks<'_>, kind: &str) {
    let actions = checks.config.blocks(kind);
    let mut types = Vec::new();
    for (index, action) in actions.iter().enumerate() {
        let order = action.get("order").filter(|order| !order.is_null());
        let (Some(word), true) = (type_of(action), order.as_ref().is_none_or(Value::is_known)) else {
            return;
        };
        let place = i64::try_from(index + 1).unwrap_or(i64::MAX);
        types.push((order.and_then(|order| order.as_i64()).unwrap_or(place), word));
    }
    types.sort();
    let answers =
        |(_, kind): &(i64, String)| matches!(kind.as_str(), "forward" | "redirect" | "fixed-response");
    let count = types.iter().filter(|one| answers(one)).count();
    if !types.is_empty() && (count != 1 || !types.last().is_some_and(answers)) {
        checks.combination(
            kind,
            "Exactly one action must be of type \"forward\", \"redirect\" or \"fixed-response\", and it must come last.",
        );
    }
    if types.windows(2).any(|pair| matches!(pair, [one, other] if one.0 == other.0)) {
        checks.combination(kind, "Two actions have the same order: give each another one.");
    }
}

fn forward(block: &mut Checks<'_>) {
    block.each("target_group", |group| {
        group.arn("arn");
        group.within("weight", 0..=999, "");
    });
    block.each("stickiness", |stickiness| {
        stickiness.within("duration", 1..=604_800, "seconds");
    });
}

fn redirect(block: &mut Checks<'_>) {
    block.one_of("status_code", &["HTTP_301", "HTTP_302"], false);
    block.one_of("protocol", &["#{protocol}", "HTTP", "HTTPS"], false);
    block.length("host", 1..=128);
    block.length("path", 1..=128);
    block.length("query", 0..=128);
    let text = |name: &str| block.config.text(name).map(str::to_owned);
    let (path, port, query) = (text("path"), text("port"), text("query"));
    if let Some(path) = path.filter(|path| !path.starts_with('/')) {
        block.invalid("path", format!("\"{path}\" must begin with a slash: \"/{path}\"."));
    }
    let is_port = |port: &String| port == "#{port}" || port.parse::<u16>().is_ok_and(|number| number > 0);
    if let Some(port) = port.filter(|port| !is_port(port)) {
        block.invalid("port", format!("\"{port}\" is neither \"#{{port}}\" nor a port from 1 to 65535."));
    }
    if let Some(query) = query.filter(|query| query.starts_with('?')) {
        block.invalid("query", format!("\"{query}\" must not begin with a question mark: AWS adds it."));
    }
    let stays = [("host", "#{host}"), ("path", "/#{path}"), ("port", "#{port}"), ("protocol", "#{protocol}")];
    let is_same = |(name, request): &(&str, &str)| match block.config.get(name) {
        Some(value) if !value.is_null() => value.as_str() == Some(*request),
        _ => true,
    };
    if stays.iter().all(is_same) {
        block.combination(
            "status_code",
            "The redirect leads back to where it comes from: set at least one of \"protocol\", \"host\", \"port\" and \
             \"path\".",
        );
    }
}

fn fixed_response(block: &mut Checks<'_>) {
    block.one_of(
        "content_type",
        &["text/plain", "text/css", "text/html", "application/javascript", "application/json"],
        false,
    );
    block.length("message_body", 0..=1024);
    if block.is_left_out("status_code") {
        block.missing("status_code", "A fixed response needs a status code, like \"200\" or \"404\".");
    }
    let code = block.config.text("status_code").filter(|code| !code.is_empty()).map(str::to_owned);
    let is_valid = |code: &String| {
        code.len() == 3 && code.starts_with(['2', '4', '5']) && code.bytes().all(|byte| byte.is_ascii_digit())
    };
    if let Some(code) = code.filter(|code| !is_valid(code)) {
        block.invalid(
            "status_code",
            format!("\"{code}\" is not a status code like 200, 404 or 503 (2xx, 4xx or 5xx)."),
        );
    }
}

fn authenticate(block: &mut Checks<'_>) {
    block.one_of("on_unauthenticated_request", &["deny", "allow", "authenticate"], true);
    block.within("session_timeout", 1..=604_800, "seconds");
    let parameters = block.config.text_map("authentication_request_extra_params").len();
    if parameters > 10 {
        block.invalid(
            "authentication_request_extra_params",
            format!("There are {parameters} parameters; AWS takes at most 10."),
        );
    }
}
