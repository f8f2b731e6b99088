//! The arguments of a `backend "s3"` block: Terraform 1.11's, from what `terraform init` records of them, and those
//! that Terraform before 1.10 had for a role, which configurations of that time still use.
//!
//! Accepted without effect: `skip_credentials_validation` and `skip_region_validation` (nothing is asked only to
//! validate them), `endpoints.sso` (single sign-on is configured in the shared files), `insecure = false`.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;

use crate::lang::convert::PathStep;
use crate::lang::types::{ObjectType, Type};
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{AttributePath, Problems};
use crate::schema::{AttributeSchema, BlockSchema};

const STRINGS: [&str; 27] = [
    "access_key",
    "acl",
    "bucket",
    "custom_ca_bundle",
    "dynamodb_endpoint",
    "dynamodb_table",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "endpoint",
    "http_proxy",
    "https_proxy",
    "iam_endpoint",
    "key",
    "kms_key_id",
    "no_proxy",
    "profile",
    "region",
    "retry_mode",
    "secret_key",
    "shared_credentials_file",
    "sse_customer_key",
    "sts_endpoint",
    "sts_region",
    "token",
    "workspace_key_prefix",
    // Of Terraform before 1.10 are the rest, here and in the other lists.
    "role_arn",
    "session_name",
];

const BOOLS: [&str; 12] = [
    "encrypt",
    "force_path_style",
    "insecure",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
    "skip_s3_checksum",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "use_lockfile",
    "use_path_style",
];

/// What Terraform 1.10 and later do not know: never written where they read.
pub(crate) const OLD: [&str; 8] = [
    "role_arn",
    "session_name",
    "external_id",
    "assume_role_duration_seconds",
    "assume_role_policy",
    "assume_role_policy_arns",
    "assume_role_tags",
    "assume_role_transitive_tag_keys",
];

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

/// An object of which some attributes may be left out.
fn settings(required: &[&str], attributes: &[(&str, Type)]) -> Type {
    let attributes: Vec<(Arc<str>, Type)> =
        attributes.iter().map(|(name, ty)| (Arc::from(*name), ty.clone())).collect();
    let optional: BTreeSet<Arc<str>> = attributes
        .iter()
        .map(|(name, _)| Arc::clone(name))
        .filter(|name| !required.contains(&&**name))
        .collect();
    Type::Object(Arc::new(ObjectType { attributes: attributes.into_iter().collect(), optional }))
}

/// The schema of the block. `bucket` and `key` are needed, but may come from elsewhere than the block.
pub(crate) fn schema() -> BlockSchema {
    let strings = || Type::set(Type::String);
    let mut block = BlockSchema::new()
        .attribute("allowed_account_ids", optional(strings()))
        .attribute("forbidden_account_ids", optional(strings()))
        .attribute("max_retries", optional(Type::Number))
        .attribute("shared_config_files", optional(strings()))
        .attribute("shared_credentials_files", optional(strings()))
        .attribute("external_id", optional(Type::String))
        .attribute("assume_role_duration_seconds", optional(Type::Number))
        .attribute("assume_role_policy", optional(Type::String))
        .attribute("assume_role_policy_arns", optional(strings()))
        .attribute("assume_role_tags", optional(Type::map(Type::String)))
        .attribute("assume_role_transitive_tag_keys", optional(strings()));
    for name in STRINGS {
        let attribute = optional(Type::String);
        let secret = ["access_key", "secret_key", "token", "sse_customer_key"].contains(&name);
        block = block.attribute(name, if secret { attribute.sensitive() } else { attribute });
    }
    for name in BOOLS {
        block = block.attribute(name, optional(Type::Bool));
    }
    let endpoints = ["dynamodb", "iam", "s3", "sso", "sts"].map(|name| (name, Type::String));
    let role = [
        ("role_arn", Type::String),
        ("duration", Type::String),
        ("policy", Type::String),
        ("policy_arns", strings()),
        ("session_name", Type::String),
    ];
    let mut assumed = role.to_vec();
    assumed.extend([
        ("external_id", Type::String),
        ("source_identity", Type::String),
        ("tags", Type::map(Type::String)),
        ("transitive_tag_keys", strings()),
    ]);
    let mut web = role.to_vec();
    web.extend([("web_identity_token", Type::String), ("web_identity_token_file", Type::String)]);
    block
        .attribute("endpoints", optional(settings(&[], &endpoints)))
        .attribute("assume_role", optional(settings(&["role_arn"], &assumed)))
        .attribute("assume_role_with_web_identity", optional(settings(&["role_arn"], &web)))
}

fn at(name: &str) -> AttributePath {
    vec![PathStep::Attribute(name.into())]
}

fn given<'v>(config: &'v Value, name: &str) -> Option<&'v str> {
    config.text(name).filter(|text| !text.is_empty())
}

/// What is wrong with complete settings.
pub(crate) fn validate(config: &Value, problems: &mut Problems) {
    for name in ["bucket", "key"] {
        match config.text(name) {
            None => problems.error(
                at(name),
                "Missing required argument",
                format!(
                    "The backend \"s3\" needs {name:?}, and it is set nowhere. Set it in the block, or give it with \
                     --backend-config=\"{name}=…\" to \"recon init\", which remembers it."
                ),
            ),
            Some("") => wrong(problems, name, format!("The value of {name:?} cannot be empty.")),
            Some(_) => {}
        }
    }
    for name in ["key", "workspace_key_prefix"] {
        if config.text(name).is_some_and(|text| text.starts_with('/') || text.ends_with('/')) {
            wrong(problems, name, "The value must not start or end with \"/\".");
        }
    }
    exclusive(config, "kms_key_id", "sse_customer_key", problems);
    exclusive(config, "allowed_account_ids", "forbidden_account_ids", problems);
    if let Some(key) = given(config, "kms_key_id").filter(|key| !is_kms_key(key)) {
        wrong(
            problems,
            "kms_key_id",
            format!("The value must be a KMS key's id or ARN, and {key:?} is not."),
        );
    }
    if let Some(key) = given(config, "sse_customer_key") {
        let bytes = base64::engine::general_purpose::STANDARD.decode(key);
        if !bytes.is_ok_and(|bytes| bytes.len() == 32) {
            wrong(
                problems,
                "sse_customer_key",
                "The value of \"sse_customer_key\" must be 256 bits in base64, 44 characters.",
            );
        }
    }
    if let Some(mode) = given(config, "retry_mode").filter(|mode| !["standard", "adaptive"].contains(mode)) {
        let detail = format!("The value must be \"standard\" or \"adaptive\", and {mode:?} is neither.");
        wrong(problems, "retry_mode", detail);
    }
    if config.integer("max_retries").is_some_and(|count| count < 0) {
        wrong(problems, "max_retries", "The value must not be negative.");
    }
    if config.boolean("insecure") == Some(true) {
        let detail = "recon always verifies certificates. Name the store's own authority with custom_ca_bundle instead.";
        wrong(problems, "insecure", detail);
    }
    roles(config, problems);
}

fn roles(config: &Value, problems: &mut Problems) {
    for name in ["assume_role", "assume_role_with_web_identity"] {
        let Some(role) = config.known(name) else { continue };
        if given(role, "role_arn").is_none() {
            wrong(problems, name, "The value of \"role_arn\" cannot be empty.");
        }
        if let Some(text) = given(role, "duration")
            && crate::provider::duration::parse(text).is_none()
        {
            wrong(problems, name, format!("{text:?} is not a duration: one looks like 30m or 1h30m."));
        }
    }
    for old in OLD {
        if config.known(old).is_some() {
            let detail = format!(
                "{old:?} is an argument of Terraform before 1.10: later ones have it inside \"assume_role\"."
            );
            problems.warning(at(old), "Deprecated parameter", detail);
        }
    }
}

fn wrong(problems: &mut Problems, name: &str, detail: impl Into<String>) {
    problems.error(at(name), "Invalid backend configuration", detail);
}

fn exclusive(config: &Value, left: &str, right: &str, problems: &mut Problems) {
    let is_set = |name: &str| match config.known(name) {
        Some(value) => value.as_str() != Some(""),
        None => false,
    };
    if is_set(left) && is_set(right) {
        wrong(problems, left, format!("Only one of {left} and {right} can be set."));
    }
}

/// A key's id, an alias, or the ARN of either.
fn is_kms_key(text: &str) -> bool {
    let is_id = |id: &str| {
        id.strip_prefix("mrk-").is_some_and(|rest| rest.len() == 32)
            || uuid::Uuid::try_parse(id).is_ok() && id.len() == 36
    };
    if let Some(alias) = text.strip_prefix("alias/") {
        return !alias.is_empty();
    }
    match text.strip_prefix("arn:") {
        Some(rest) => {
            let parts: Vec<&str> = rest.splitn(5, ':').collect();
            matches!(parts[..], [_, "kms", _, _, resource]
                if resource.strip_prefix("key/").is_some_and(is_id) || resource.starts_with("alias/"))
        }
        None => is_id(text),
    }
}
