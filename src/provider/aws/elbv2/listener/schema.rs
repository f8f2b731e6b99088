//! The schema of `aws_lb_listener`, and the table of its attributes.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::provider::aws::elbv2::attributes::{Form, Row};
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

const HTTPS: &[&str] = &["HTTPS"];
const HTTP_HTTPS: &[&str] = &["HTTP", "HTTPS"];
const TCP_GENEVE: &[&str] = &["TCP", "GENEVE"];

/// Attributes of listeners by key (API reference, `ListenerAttribute`), with the protocols that have them.
pub static ATTRIBUTES: &[Row] = &[
    row(
        "routing_http_request_x_amzn_mtls_clientcert_header_name",
        "routing.http.request.x_amzn_mtls_clientcert.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_mtls_clientcert_issuer_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_mtls_clientcert_leaf_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_mtls_clientcert_subject_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_subject.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_mtls_clientcert_validity_header_name",
        "routing.http.request.x_amzn_mtls_clientcert_validity.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_tls_cipher_suite_header_name",
        "routing.http.request.x_amzn_tls_cipher_suite.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_request_x_amzn_tls_version_header_name",
        "routing.http.request.x_amzn_tls_version.header_name",
        Form::Text,
        HTTPS,
    ),
    row(
        "routing_http_response_access_control_allow_credentials_header_value",
        "routing.http.response.access_control_allow_credentials.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_access_control_allow_headers_header_value",
        "routing.http.response.access_control_allow_headers.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_access_control_allow_methods_header_value",
        "routing.http.response.access_control_allow_methods.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_access_control_allow_origin_header_value",
        "routing.http.response.access_control_allow_origin.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_access_control_expose_headers_header_value",
        "routing.http.response.access_control_expose_headers.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_access_control_max_age_header_value",
        "routing.http.response.access_control_max_age.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_content_security_policy_header_value",
        "routing.http.response.content_security_policy.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_server_enabled",
        "routing.http.response.server.enabled",
        Form::Bool,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_strict_transport_security_header_value",
        "routing.http.response.strict_transport_security.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_x_content_type_options_header_value",
        "routing.http.response.x_content_type_options.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row(
        "routing_http_response_x_frame_options_header_value",
        "routing.http.response.x_frame_options.header_value",
        Form::Text,
        HTTP_HTTPS,
    ),
    row("tcp_idle_timeout_seconds", "tcp.idle_timeout.seconds", Form::Integer, TCP_GENEVE),
];

const fn row(name: &'static str, key: &'static str, form: Form, kinds: &'static [&'static str]) -> Row {
    Row { name, key, form, kinds }
}

/// The block that each type of action is described by.
pub static ACTIONS: &[(&str, &str)] = &[
    ("authenticate-cognito", "authenticate_cognito"),
    ("authenticate-oidc", "authenticate_oidc"),
    ("fixed-response", "fixed_response"),
    ("forward", "forward"),
    ("redirect", "redirect"),
];

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, arguments()));

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

fn computed(ty: Type) -> AttributeSchema {
    AttributeSchema::optional_computed(ty)
}

fn required(ty: Type) -> AttributeSchema {
    AttributeSchema::required(ty)
}

fn arguments() -> BlockSchema {
    let block = BlockSchema::new()
        .id()
        .tags()
        .timeouts(&["create", "update"])
        .attribute("alpn_policy", optional(Type::String).equality(Equality::IgnoreCase))
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("certificate_arn", optional(Type::String))
        .attribute("load_balancer_arn", required(Type::String).forces_replacement())
        .attribute("port", optional(Type::Number))
        .attribute("protocol", computed(Type::String).equality(Equality::IgnoreCase))
        .attribute("ssl_policy", computed(Type::String))
        .block("default_action", NestedBlock::list(action(authenticate())).at_least(1))
        .block("mutual_authentication", NestedBlock::one(mutual_authentication()).computed());
    ATTRIBUTES.iter().fold(block, |block, row| {
        let ty = match row.form {
            Form::Bool => Type::Bool,
            Form::Integer => Type::Number,
            Form::Text => Type::String,
        };
        block.attribute(row.name, computed(ty))
    })
}

fn mutual_authentication() -> BlockSchema {
    BlockSchema::new()
        .attribute("advertise_trust_store_ca_names", computed(Type::String))
        .attribute("ignore_client_certificate_expiry", optional(Type::Bool).default(false))
        .attribute("mode", required(Type::String).equality(Equality::IgnoreCase))
        .attribute("trust_store_arn", optional(Type::String))
}

/// An action of a listener or a rule. What both ways to authenticate have differs between those.
pub fn action(authenticate: BlockSchema) -> BlockSchema {
    BlockSchema::new()
        .attribute("order", computed(Type::Number))
        .attribute("target_group_arn", optional(Type::String))
        .attribute("type", required(Type::String).equality(Equality::IgnoreCase))
        .block("authenticate_cognito", NestedBlock::one(authenticate_cognito(authenticate.clone())))
        .block("authenticate_oidc", NestedBlock::one(authenticate_oidc(authenticate)))
        .block("fixed_response", NestedBlock::one(fixed_response()))
        .block("forward", NestedBlock::one(forward()))
        .block("redirect", NestedBlock::one(redirect()))
}

/// What both ways to authenticate have.
fn authenticate() -> BlockSchema {
    BlockSchema::new()
        .attribute("authentication_request_extra_params", optional(Type::map(Type::String)))
        .attribute("on_unauthenticated_request", computed(Type::String).equality(Equality::IgnoreCase))
        .attribute("scope", computed(Type::String))
        .attribute("session_cookie_name", computed(Type::String))
        .attribute("session_timeout", computed(Type::Number))
}

fn authenticate_cognito(authenticate: BlockSchema) -> BlockSchema {
    authenticate
        .attribute("user_pool_arn", required(Type::String))
        .attribute("user_pool_client_id", required(Type::String))
        .attribute("user_pool_domain", required(Type::String))
}

/// The client's secret is never answered by the service.
fn authenticate_oidc(authenticate: BlockSchema) -> BlockSchema {
    authenticate
        .attribute("authorization_endpoint", required(Type::String))
        .attribute("client_id", required(Type::String))
        .attribute("client_secret", required(Type::String).sensitive().code_only())
        .attribute("issuer", required(Type::String))
        .attribute("token_endpoint", required(Type::String))
        .attribute("user_info_endpoint", required(Type::String))
}

fn fixed_response() -> BlockSchema {
    BlockSchema::new()
        .attribute("content_type", required(Type::String))
        .attribute("message_body", optional(Type::String))
        .attribute("status_code", computed(Type::String))
}

fn forward() -> BlockSchema {
    let stickiness = BlockSchema::new()
        .attribute("duration", required(Type::Number))
        .attribute("enabled", optional(Type::Bool).default(false));
    let target_group = BlockSchema::new()
        .attribute("arn", required(Type::String))
        .attribute("weight", optional(Type::Number).default(1));
    BlockSchema::new()
        .block("stickiness", NestedBlock::one(stickiness))
        .block("target_group", NestedBlock::set(target_group).at_least(1).at_most(5))
}

/// What is left out is taken from the request.
fn redirect() -> BlockSchema {
    BlockSchema::new()
        .attribute("host", optional(Type::String).default("#{host}"))
        .attribute("path", optional(Type::String).default("/#{path}"))
        .attribute("port", optional(Type::String).default("#{port}"))
        .attribute("protocol", optional(Type::String).default("#{protocol}"))
        .attribute("query", optional(Type::String).default("#{query}"))
        .attribute("status_code", required(Type::String))
}
