//! The provider block, decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use aws_config::imds::client::EndpointMode;

use super::endpoints;
use super::tags::TagRules;
use super::transport::HttpSettings;
use crate::lang::value::Value;
use crate::provider::duration;
use crate::provider::object::Object;

/// The settings of a provider block that recon acts on. An argument that is null or an empty string is not set, as
/// in the AWS provider.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub access_key: Option<String>,
    pub secret_key: Option<String>,
    pub token: Option<String>,
    pub config_files: Vec<PathBuf>,
    pub credentials_files: Vec<PathBuf>,
    /// Assumed one after the other, each with the credentials of the one before.
    pub assume_role: Vec<AssumeRole>,
    pub web_identity: Option<WebIdentity>,
    pub allowed_accounts: BTreeSet<String>,
    pub forbidden_accounts: BTreeSet<String>,
    pub tags: TagRules,
    /// Base URLs by service, as [`endpoints::service`] names them.
    pub endpoints: BTreeMap<&'static str, String>,
    /// How often a request may be repeated.
    pub max_retries: Option<u32>,
    pub adaptive_retries: bool,
    pub http: HttpSettings,
    pub sts_region: Option<String>,
    pub skip_account: bool,
    pub s3_path_style: bool,
    pub skip_metadata: bool,
    pub metadata_endpoint: Option<String>,
    pub metadata_mode: Option<EndpointMode>,
    pub use_fips: Option<bool>,
    pub use_dual_stack: Option<bool>,
}

/// One `assume_role` block.
#[derive(Clone, Debug, Default)]
pub(super) struct AssumeRole {
    pub arn: String,
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    pub source_identity: Option<String>,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub duration: Option<Duration>,
    pub tags: BTreeMap<String, String>,
    pub transitive_tag_keys: Vec<String>,
}

/// The `assume_role_with_web_identity` block.
#[derive(Clone, Debug, Default)]
pub(super) struct WebIdentity {
    pub arn: String,
    pub session_name: Option<String>,
    pub token: Option<String>,
    pub token_file: Option<PathBuf>,
    pub policy: Option<String>,
    pub policy_arns: Vec<String>,
    pub duration: Option<Duration>,
}

impl Settings {
    pub(super) fn decode(config: &Value) -> Settings {
        let paths = |name: &str| config.texts(name).iter().map(|path| expand_home(path)).collect::<Vec<_>>();
        let mut credentials_files = paths("shared_credentials_files");
        credentials_files.extend(given(config, "shared_credentials_file").map(|path| expand_home(&path)));
        Settings {
            region: given(config, "region"),
            profile: given(config, "profile"),
            access_key: given(config, "access_key"),
            secret_key: given(config, "secret_key"),
            token: given(config, "token"),
            config_files: paths("shared_config_files"),
            credentials_files,
            assume_role: config.blocks("assume_role").iter().filter_map(AssumeRole::decode).collect(),
            web_identity: config.block("assume_role_with_web_identity").and_then(WebIdentity::decode),
            allowed_accounts: config.texts("allowed_account_ids").into_iter().collect(),
            forbidden_accounts: config.texts("forbidden_account_ids").into_iter().collect(),
            tags: tag_rules(config, environment()),
            endpoints: endpoint_urls(config),
            max_retries: config.integer("max_retries").and_then(|count| u32::try_from(count).ok()),
            adaptive_retries: config.text("retry_mode") == Some("adaptive"),
            http: HttpSettings {
                http_proxy: config.text("http_proxy").map(str::to_owned),
                https_proxy: config.text("https_proxy").map(str::to_owned),
                no_proxy: given(config, "no_proxy"),
                ca_bundle: given(config, "custom_ca_bundle").map(|path| expand_home(&path)),
            },
            sts_region: given(config, "sts_region"),
            skip_account: config.boolean("skip_requesting_account_id").unwrap_or(false),
            s3_path_style: ["s3_use_path_style", "s3_force_path_style"]
                .iter()
                .any(|name| config.boolean(name) == Some(true)),
            skip_metadata: config.text("skip_metadata_api_check") == Some("true"),
            metadata_endpoint: given(config, "ec2_metadata_service_endpoint"),
            metadata_mode: config
                .text("ec2_metadata_service_endpoint_mode")
                .and_then(|mode| mode.parse().ok()),
            use_fips: config.boolean("use_fips_endpoint"),
            use_dual_stack: config.boolean("use_dualstack_endpoint"),
        }
    }
}

impl AssumeRole {
    fn decode(block: &Value) -> Option<AssumeRole> {
        let seconds = block.integer("duration_seconds").and_then(|count| u64::try_from(count).ok());
        Some(AssumeRole {
            arn: given(block, "role_arn")?,
            session_name: given(block, "session_name"),
            external_id: given(block, "external_id"),
            source_identity: given(block, "source_identity"),
            policy: given(block, "policy"),
            policy_arns: block.texts("policy_arns"),
            duration: block.text("duration").and_then(duration::parse).or(seconds.map(Duration::from_secs)),
            tags: block.text_map("tags"),
            transitive_tag_keys: block.texts("transitive_tag_keys"),
        })
    }
}

impl WebIdentity {
    fn decode(block: &Value) -> Option<WebIdentity> {
        Some(WebIdentity {
            arn: given(block, "role_arn")?,
            session_name: given(block, "session_name"),
            token: given(block, "web_identity_token"),
            token_file: given(block, "web_identity_token_file").map(|path| expand_home(&path)),
            policy: given(block, "policy"),
            policy_arns: block.texts("policy_arns"),
            duration: block.text("duration").and_then(duration::parse),
        })
    }
}

fn given(object: &Value, name: &str) -> Option<String> {
    object.text(name).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The block's rules for tags, and those of `TF_AWS_DEFAULT_TAGS_<key>`, `TF_AWS_IGNORE_TAGS_KEYS` and
/// `TF_AWS_IGNORE_TAGS_KEY_PREFIXES` (lists with commas), which the block's go before.
fn tag_rules(config: &Value, environment: impl Iterator<Item = (String, String)>) -> TagRules {
    let mut rules = TagRules::default();
    for (name, value) in environment {
        let parts = || value.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned);
        if let Some(key) = name.strip_prefix("TF_AWS_DEFAULT_TAGS_").filter(|key| !key.is_empty()) {
            rules.defaults.insert(key.to_owned(), value);
        } else if name == "TF_AWS_IGNORE_TAGS_KEYS" {
            rules.ignored_keys.extend(parts());
        } else if name == "TF_AWS_IGNORE_TAGS_KEY_PREFIXES" {
            rules.ignored_prefixes.extend(parts());
        }
    }
    if let Some(block) = config.block("default_tags") {
        rules.defaults.extend(block.text_map("tags"));
    }
    if let Some(block) = config.block("ignore_tags") {
        rules.ignored_keys.extend(block.texts("keys"));
        rules.ignored_prefixes.extend(block.texts("key_prefixes"));
    }
    rules
}

fn endpoint_urls(config: &Value) -> BTreeMap<&'static str, String> {
    let mut urls = BTreeMap::new();
    for block in config.blocks("endpoints") {
        for key in endpoints::keys() {
            if let (Some(service), Some(url)) = (endpoints::service(key), given(block, key)) {
                urls.insert(service, url);
            }
        }
    }
    urls
}

/// `~/…` as shells read it.
fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The environment's variables that are text.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::types::Type;
    use crate::provider::aws::provider_schema;
    use crate::provider::object::{text_list, text_map, text_set};

    fn block(type_name: &str, attributes: Vec<(&str, Value)>) -> Value {
        let schema = provider_schema::schema();
        let nested = schema.block.blocks[type_name].clone();
        Value::list(nested.block.implied_type(), vec![nested.block.object(attributes)])
    }

    #[test]
    fn empty_strings_are_not_set() {
        let config =
            provider_schema::schema().block.object([("region", "".into()), ("profile", "work".into())]);
        let settings = Settings::decode(&config);
        assert_eq!(settings.region, None);
        assert_eq!(settings.profile.as_deref(), Some("work"));
    }

    #[test]
    fn roles_are_a_chain_in_their_order() {
        let schema = provider_schema::schema();
        let role = &schema.block.blocks["assume_role"].block;
        let config = schema.block.object([(
            "assume_role",
            Value::list(
                role.implied_type(),
                vec![
                    role.object([
                        ("role_arn", "arn:aws:iam::111111111111:role/a".into()),
                        ("duration", "30m".into()),
                        ("tags", text_map([("team", "data")])),
                        ("transitive_tag_keys", text_set(["team"])),
                    ]),
                    role.object([
                        ("role_arn", "arn:aws:iam::222222222222:role/b".into()),
                        ("duration_seconds", 900.into()),
                    ]),
                    role.object([("external_id", "no role, so no step".into())]),
                ],
            ),
        )]);
        let roles = Settings::decode(&config).assume_role;
        assert_eq!(roles.len(), 2);
        assert_eq!(roles[0].duration, Some(Duration::from_secs(1800)));
        assert_eq!(roles[0].transitive_tag_keys, ["team"]);
        assert_eq!(roles[1].arn, "arn:aws:iam::222222222222:role/b");
        assert_eq!(roles[1].duration, Some(Duration::from_secs(900)));
    }

    #[test]
    fn an_endpoint_has_several_keys() {
        let schema = provider_schema::schema();
        let nested = &schema.block.blocks["endpoints"].block;
        let config = schema.block.object([(
            "endpoints",
            Value::set(
                nested.implied_type(),
                [nested
                    .object([("elbv2", "http://localhost:1".into()), ("sts", "http://localhost:2".into())])],
            ),
        )]);
        let settings = Settings::decode(&config);
        assert_eq!(
            settings.endpoints,
            BTreeMap::from([
                ("elasticloadbalancing", "http://localhost:1".to_owned()),
                ("sts", "http://localhost:2".to_owned())
            ])
        );
    }

    #[test]
    fn tag_rules_of_the_block_go_before_those_of_the_environment() {
        let config = provider_schema::schema().block.object([
            ("default_tags", block("default_tags", vec![("tags", text_map([("team", "block")]))])),
            ("ignore_tags", block("ignore_tags", vec![("keys", text_set(["a"]))])),
        ]);
        let environment = [
            ("TF_AWS_DEFAULT_TAGS_team", "environment"),
            ("TF_AWS_DEFAULT_TAGS_stage", "test"),
            ("TF_AWS_IGNORE_TAGS_KEYS", "b, c"),
            ("OTHER", "x"),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let rules = tag_rules(&config, environment.into_iter());
        assert_eq!(
            rules.defaults,
            BTreeMap::from([("stage".into(), "test".into()), ("team".into(), "block".into())])
        );
        assert_eq!(rules.ignored_keys, ["a", "b", "c"].map(str::to_owned).into());
    }

    #[test]
    fn the_old_single_credentials_file_counts() {
        let config = provider_schema::schema().block.object([
            ("shared_credentials_file", "/old".into()),
            ("shared_credentials_files", text_list(["/new"])),
            ("shared_config_files", Value::null(Type::list(Type::String))),
        ]);
        let settings = Settings::decode(&config);
        assert_eq!(settings.credentials_files, [PathBuf::from("/new"), PathBuf::from("/old")]);
    }
}
