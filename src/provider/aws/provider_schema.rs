//! The schema of the provider block of hashicorp/aws 5.100, and what 3.75 spelled otherwise.
//!
//! Accepted without effect, because there is nothing here that they could act on: `insecure = false`,
//! `s3_us_east_1_regional_endpoint` (S3's endpoints are always the regional ones), `skip_credentials_validation` (no call
//! is made to validate them), `skip_get_ec2_platforms`, `token_bucket_rate_limiter_capacity` (retries have no such limit),
//! and the keys of `endpoints` for services that no type here uses.

use super::{endpoints, partition};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{AttributePath, Problems, duration};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

const STRINGS: [&str; 15] = [
    "access_key",
    "custom_ca_bundle",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "profile",
    "region",
    "retry_mode",
    "s3_us_east_1_regional_endpoint",
    "secret_key",
    "skip_metadata_api_check",
    "sts_region",
    "token",
];

const BOOLS: [&str; 8] = [
    "insecure",
    "s3_use_path_style",
    "skip_credentials_validation",
    "skip_region_validation",
    "skip_requesting_account_id",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    // Spelled so in 3.75 only; `skip_get_ec2_platforms` has no successor.
    "s3_force_path_style",
];

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

pub(super) fn schema() -> Schema {
    let strings = || Type::set(Type::String);
    let mut block = BlockSchema::new()
        .attribute("allowed_account_ids", optional(strings()))
        .attribute("forbidden_account_ids", optional(strings()))
        .attribute("max_retries", optional(Type::Number))
        .attribute("shared_config_files", optional(Type::list(Type::String)))
        .attribute("shared_credentials_file", optional(Type::String))
        .attribute("shared_credentials_files", optional(Type::list(Type::String)))
        .attribute("skip_get_ec2_platforms", optional(Type::Bool))
        .attribute("token_bucket_rate_limiter_capacity", optional(Type::Number));
    for name in STRINGS {
        block = block.attribute(name, optional(Type::String));
    }
    for name in BOOLS {
        block = block.attribute(name, optional(Type::Bool));
    }
    let endpoint_keys =
        endpoints::keys().fold(BlockSchema::new(), |block, key| block.attribute(key, optional(Type::String)));
    let block = block
        .block("assume_role", NestedBlock::list(assume_role()))
        .block("assume_role_with_web_identity", NestedBlock::list(web_identity()))
        .block(
            "default_tags",
            NestedBlock::list(BlockSchema::new().attribute("tags", optional(Type::map(Type::String)))),
        )
        .block("endpoints", NestedBlock::set(endpoint_keys))
        .block(
            "ignore_tags",
            NestedBlock::list(
                BlockSchema::new()
                    .attribute("key_prefixes", optional(strings()))
                    .attribute("keys", optional(strings())),
            ),
        );
    Schema::new(0, block)
}

fn role() -> BlockSchema {
    BlockSchema::new()
        .attribute("duration", optional(Type::String))
        .attribute("policy", optional(Type::String))
        .attribute("policy_arns", optional(Type::set(Type::String)))
        .attribute("role_arn", optional(Type::String))
        .attribute("session_name", optional(Type::String))
}

fn assume_role() -> BlockSchema {
    role()
        .attribute("duration_seconds", optional(Type::Number))
        .attribute("external_id", optional(Type::String))
        .attribute("source_identity", optional(Type::String))
        .attribute("tags", optional(Type::map(Type::String)))
        .attribute("transitive_tag_keys", optional(Type::set(Type::String)))
}

fn web_identity() -> BlockSchema {
    role()
        .attribute("web_identity_token", optional(Type::String))
        .attribute("web_identity_token_file", optional(Type::String))
}

fn at(name: &str) -> AttributePath {
    vec![PathStep::Attribute(name.into())]
}

fn within(block: &str, index: usize, name: &str) -> AttributePath {
    vec![PathStep::Attribute(block.into()), PathStep::Index(index), PathStep::Attribute(name.into())]
}

/// Checks a provider block offline; any value may be unknown.
pub(super) fn validate(config: &Value, problems: &mut Problems) {
    validate_region(config, problems);
    let lists = |name: &str| config.known(name).is_some();
    if lists("allowed_account_ids") && lists("forbidden_account_ids") {
        problems.error(
            at("forbidden_account_ids"),
            "Conflicting account lists",
            "allowed_account_ids and forbidden_account_ids exclude each other: an account that is not allowed is \
             forbidden. Remove one of them.",
        );
    }
    for name in ["allowed_account_ids", "forbidden_account_ids"] {
        for account in config.texts(name) {
            if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
                problems.error(
                    at(name),
                    "Invalid account id",
                    format!("{account:?} is no AWS account id: those have twelve digits."),
                );
            }
        }
    }
    one_of(config, problems, "retry_mode", &["standard", "adaptive"]);
    one_of(config, problems, "ec2_metadata_service_endpoint_mode", &["IPv4", "IPv6"]);
    one_of(config, problems, "s3_us_east_1_regional_endpoint", &["legacy", "regional"]);
    one_of(config, problems, "skip_metadata_api_check", &["true", "false"]);
    if config.integer("max_retries").is_some_and(|count| count < 0) {
        problems.error(at("max_retries"), "Invalid number of retries", "max_retries must be zero or more.");
    }
    if config.boolean("insecure") == Some(true) {
        problems.error(
            at("insecure"),
            "Certificates are always checked",
            "recon does not talk to an endpoint whose certificate it cannot check. Name the certificate authority \
             with custom_ca_bundle.",
        );
    }
    match (config.text("access_key"), config.text("secret_key")) {
        (Some(key), None) if !key.is_empty() && !is_unknown(config, "secret_key") => problems.error(
            at("access_key"),
            "Missing secret key",
            "access_key is set and secret_key is not: credentials need both.",
        ),
        (None, Some(key)) if !key.is_empty() && !is_unknown(config, "access_key") => problems.error(
            at("secret_key"),
            "Missing access key",
            "secret_key is set and access_key is not: credentials need both.",
        ),
        _ => {}
    }
    validate_urls(config, problems);
    for block in ["assume_role", "assume_role_with_web_identity"] {
        for (index, role) in config.blocks(block).iter().enumerate() {
            validate_role(block, index, role, problems);
        }
    }
}

fn is_unknown(config: &Value, name: &str) -> bool {
    config.as_entries().and_then(|entries| entries.get(name)).is_some_and(|value| !value.is_known())
}

fn validate_region(config: &Value, problems: &mut Problems) {
    if config.boolean("skip_region_validation") == Some(true) {
        return;
    }
    for name in ["region", "sts_region"] {
        let Some(region) = config.text(name).filter(|region| !region.is_empty()) else { continue };
        if !partition::is_region_name(region) {
            problems.error(
                at(name),
                "Invalid AWS region",
                format!(
                    "{region:?} is not the name of an AWS region; one looks like \"eu-west-3\". Set \
                     skip_region_validation = true if it is right all the same."
                ),
            );
        }
    }
}

fn one_of(config: &Value, problems: &mut Problems, name: &str, allowed: &[&str]) {
    if let Some(given) = config.text(name)
        && !given.is_empty()
        && !allowed.contains(&given)
    {
        let allowed: Vec<String> = allowed.iter().map(|text| format!("{text:?}")).collect();
        problems.error(
            at(name),
            "Invalid value",
            format!("{name} must be one of {}, not {given:?}.", allowed.join(" and ")),
        );
    }
}

fn validate_urls(config: &Value, problems: &mut Problems) {
    for (index, block) in config.blocks("endpoints").iter().enumerate() {
        for key in endpoints::keys() {
            if let Some(url) = block.text(key)
                && !url.is_empty()
                && !is_url(url)
            {
                problems.error(
                    within("endpoints", index, key),
                    "Invalid endpoint",
                    format!("{url:?} is not a URL: it must start with http:// or https:// and name a host."),
                );
            }
        }
    }
    for name in ["http_proxy", "https_proxy", "ec2_metadata_service_endpoint"] {
        if let Some(url) = config.text(name)
            && !url.is_empty()
            && !is_url(url)
        {
            // Not shown: a proxy's URL may hold a password.
            problems.error(
                at(name),
                "Invalid URL",
                format!("{name} is not a URL: it must start with http:// or https:// and name a host."),
            );
        }
    }
}

fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']) && !rest.contains(char::is_whitespace)
    })
}

fn validate_role(block: &str, index: usize, role: &Value, problems: &mut Problems) {
    if let Some(arn) = role.text("role_arn")
        && !arn.is_empty()
        && !is_role_arn(arn)
    {
        problems.error(
            within(block, index, "role_arn"),
            "Invalid role ARN",
            format!(
                "{arn:?} is not the ARN of a role; one looks like \"arn:aws:iam::123456789012:role/name\"."
            ),
        );
    }
    if let Some(text) = role.text("duration") {
        let seconds = duration::parse(text).map(|duration| duration.as_secs());
        if !seconds.is_some_and(|seconds| (900..=43_200).contains(&seconds)) {
            problems.error(
                within(block, index, "duration"),
                "Invalid session duration",
                format!("{text:?} is not a duration between 15 minutes and 12 hours; one looks like \"1h\"."),
            );
        }
    }
    if let Some(name) = role.text("session_name")
        && !(2..=64).contains(&name.len())
    {
        problems.error(
            within(block, index, "session_name"),
            "Invalid session name",
            "A session name has 2 to 64 characters.",
        );
    }
    let has_token = ["web_identity_token", "web_identity_token_file"]
        .iter()
        .any(|name| role.known(name).is_some() || is_unknown(role, name));
    if block == "assume_role_with_web_identity" && !has_token {
        problems.error(
            vec![PathStep::Attribute(block.into()), PathStep::Index(index)],
            "Missing web identity token",
            "Set web_identity_token or web_identity_token_file.",
        );
    }
}

fn is_role_arn(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && account.len() == 12 && resource.starts_with("role/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::object::text_set;

    fn summaries(attributes: Vec<(&str, Value)>) -> Vec<String> {
        let mut problems = Problems::default();
        validate(&schema().block.object(attributes), &mut problems);
        problems.0.into_iter().map(|problem| problem.summary).collect()
    }

    #[test]
    fn a_usual_block_has_no_problem() {
        assert_eq!(summaries(vec![("region", "eu-west-3".into())]), Vec::<String>::new());
        assert_eq!(summaries(vec![("region", Value::unknown(Type::String))]), Vec::<String>::new());
        let emulator = vec![
            ("region", "mars-1".into()),
            ("skip_region_validation", true.into()),
            ("max_retries", 0.into()),
        ];
        assert_eq!(summaries(emulator), Vec::<String>::new());
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(summaries(vec![("region", "eu-west".into())]), ["Invalid AWS region"]);
        assert_eq!(summaries(vec![("access_key", "AKIA".into())]), ["Missing secret key"]);
        assert_eq!(summaries(vec![("insecure", true.into())]), ["Certificates are always checked"]);
        assert_eq!(summaries(vec![("retry_mode", "never".into())]), ["Invalid value"]);
        assert_eq!(summaries(vec![("https_proxy", "proxy:3128".into())]), ["Invalid URL"]);
        assert_eq!(summaries(vec![("allowed_account_ids", text_set(["1234"]))]), ["Invalid account id"]);
        let both = vec![
            ("allowed_account_ids", text_set(["111111111111"])),
            ("forbidden_account_ids", text_set(["222222222222"])),
        ];
        assert_eq!(summaries(both), ["Conflicting account lists"]);
    }

    #[test]
    fn a_role_is_checked() {
        let schema = schema();
        let role = &schema.block.blocks["assume_role"].block;
        let bad = role.object([
            ("role_arn", "role/x".into()),
            ("duration", "10m".into()),
            ("session_name", "x".into()),
        ]);
        let blocks = Value::list(role.implied_type(), vec![bad]);
        assert_eq!(
            summaries(vec![("assume_role", blocks)]),
            ["Invalid role ARN", "Invalid session duration", "Invalid session name"]
        );
    }
}
