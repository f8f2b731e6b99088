//! The block's settings, taken apart.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Provider;
use crate::provider::object::Object;
use crate::schema::BlockSchema;

/// What stands before the workspace's name in a key, where the block does not say.
const WORKSPACE_PREFIX: &str = "env:";

/// Where states are, and how they are kept there.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub bucket: String,
    /// Of the default workspace.
    pub key: String,
    pub workspace_prefix: String,
    pub acl: Option<String>,
    pub encryption: Encryption,
    pub use_lockfile: bool,
    /// The table of locks and digests.
    pub table: Option<String>,
    pub path_style: bool,
    pub checksums: bool,
}

/// How objects are encrypted.
#[derive(Clone, Debug, Default)]
pub(crate) enum Encryption {
    /// As the bucket says.
    #[default]
    Bucket,
    /// With keys of S3's own.
    S3,
    /// With a key of KMS.
    Kms(String),
    /// With a key that is sent along: base64, and its MD5, base64 too.
    Customer { key: String, digest: String },
}

impl Settings {
    pub(crate) fn decode(config: &Value) -> Settings {
        let owned = |name: &str| given(config, name).map(str::to_owned);
        let customer = owned("sse_customer_key").or_else(|| environment("AWS_SSE_CUSTOMER_KEY"));
        let encrypt = config.boolean("encrypt").unwrap_or(false);
        let encryption = match (customer, owned("kms_key_id")) {
            (Some(key), _) => Encryption::customer(key),
            (None, Some(key)) if encrypt => Encryption::Kms(key),
            _ if encrypt => Encryption::S3,
            _ => Encryption::Bucket,
        };
        Settings {
            bucket: owned("bucket").unwrap_or_default(),
            key: owned("key").unwrap_or_default(),
            workspace_prefix: config
                .text("workspace_key_prefix")
                .map_or_else(|| WORKSPACE_PREFIX.to_owned(), str::to_owned),
            acl: owned("acl"),
            encryption,
            use_lockfile: config.boolean("use_lockfile").unwrap_or(false),
            table: owned("dynamodb_table"),
            path_style: config
                .boolean("use_path_style")
                .or_else(|| config.boolean("force_path_style"))
                .unwrap_or(false),
            checksums: !config.boolean("skip_s3_checksum").unwrap_or(false),
        }
    }

    /// The key of a workspace's state.
    pub(crate) fn state_key(&self, workspace: &str) -> String {
        match workspace {
            "default" => self.key.clone(),
            _ if self.workspace_prefix.is_empty() => format!("{workspace}/{}", self.key),
            _ => format!("{}/{workspace}/{}", self.workspace_prefix, self.key),
        }
    }

    /// The workspace whose state a key is; `None` if it is none's.
    pub(crate) fn workspace_of<'k>(&self, key: &'k str) -> Option<&'k str> {
        let rest = match self.workspace_prefix.as_str() {
            "" => key,
            prefix => key.strip_prefix(prefix)?.strip_prefix('/')?,
        };
        let (workspace, rest) = rest.split_once('/')?;
        (rest == self.key && !workspace.is_empty()).then_some(workspace)
    }

    /// What all keys of workspaces begin with.
    pub(crate) fn workspaces_prefix(&self) -> String {
        if self.workspace_prefix.is_empty() { String::new() } else { format!("{}/", self.workspace_prefix) }
    }
}

impl Encryption {
    fn customer(key: String) -> Encryption {
        let bytes = STANDARD.decode(&key).unwrap_or_default();
        Encryption::Customer { digest: STANDARD.encode(Md5::digest(bytes)), key }
    }
}

/// The provider block with which the backend's connection is made: the two name nearly all settings alike.
pub(crate) fn provider_block(config: &Value, provider: &dyn Provider) -> Value {
    let schema = &provider.schema().block;
    let mut entries: Vec<(&str, Value)> = Vec::new();
    for name in SAME {
        let (Some(value), Some(attribute)) = (config.known(name), schema.attributes.get(name)) else {
            continue;
        };
        if let Ok(value) = value.convert(&attribute.ty) {
            entries.push((name, value));
        }
    }
    // Nothing of the backend needs the account's id.
    entries.push(("skip_requesting_account_id", Value::bool(true)));
    if config.boolean("skip_metadata_api_check") == Some(true) {
        entries.push(("skip_metadata_api_check", "true".into()));
    }
    // Terraform's number for the backend; the provider's would keep a person waiting for minutes.
    entries.push(("max_retries", Value::number(config.integer("max_retries").unwrap_or(5))));
    let endpoints = endpoints(config);
    if let Some(nested) = schema.blocks.get("endpoints") {
        let given: Vec<(&str, Value)> =
            endpoints.iter().map(|(name, url)| (*name, Value::string(url))).collect();
        let block = nested.block.object(given);
        entries.push(("endpoints", Value::set(nested.block.implied_type(), [block])));
    }
    for name in ["assume_role", "assume_role_with_web_identity"] {
        let Some(nested) = schema.blocks.get(name) else { continue };
        let role = config.known(name).map(|role| block_of(role, &nested.block));
        let role =
            role.or_else(|| if name == "assume_role" { old_role(config, &nested.block) } else { None });
        if let Some(role) = role {
            entries.push((name, Value::list(nested.block.implied_type(), vec![role])));
        }
    }
    schema.object(entries)
}

/// Arguments that a provider block has too, by the same name and with the same meaning.
const SAME: [&str; 21] = [
    "access_key",
    "allowed_account_ids",
    "custom_ca_bundle",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "forbidden_account_ids",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "profile",
    "region",
    "retry_mode",
    "secret_key",
    "shared_config_files",
    "shared_credentials_file",
    "shared_credentials_files",
    "sts_region",
    "token",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "skip_region_validation",
];

/// An object's members as a block of a schema; members that the schema has not are left out.
fn block_of(object: &Value, schema: &BlockSchema) -> Value {
    let members: Vec<(&str, Value)> = schema
        .attributes
        .iter()
        .filter_map(|(name, attribute)| {
            let value = object.known(name)?.convert(&attribute.ty).ok()?;
            Some((&**name, value))
        })
        .collect();
    schema.object(members)
}

/// The role that is spelled as before Terraform 1.10.
fn old_role(config: &Value, schema: &BlockSchema) -> Option<Value> {
    given(config, "role_arn")?;
    let names = [
        ("role_arn", "role_arn"),
        ("session_name", "session_name"),
        ("external_id", "external_id"),
        ("duration_seconds", "assume_role_duration_seconds"),
        ("policy", "assume_role_policy"),
        ("policy_arns", "assume_role_policy_arns"),
        ("tags", "assume_role_tags"),
        ("transitive_tag_keys", "assume_role_transitive_tag_keys"),
    ];
    let members = names.into_iter().map(|(name, old)| {
        (Arc::<str>::from(name), config.get(old).unwrap_or_else(|| Value::null(Type::Dynamic)))
    });
    Some(block_of(&Value::object(members), schema))
}

/// Base URLs by service: from `endpoints`, else the older arguments, else the variables that Terraform knows and the
/// SDK does not.
fn endpoints(config: &Value) -> Vec<(&'static str, String)> {
    let services = [
        ("s3", "endpoint", "AWS_S3_ENDPOINT"),
        ("dynamodb", "dynamodb_endpoint", "AWS_DYNAMODB_ENDPOINT"),
        ("iam", "iam_endpoint", "AWS_IAM_ENDPOINT"),
        ("sts", "sts_endpoint", "AWS_STS_ENDPOINT"),
    ];
    let nested = config.known("endpoints");
    services
        .into_iter()
        .filter_map(|(service, old, variable)| {
            let url = nested.and_then(|nested| given(nested, service)).or_else(|| given(config, old));
            let url = url.map(str::to_owned).or_else(|| environment(variable))?;
            // The scheme may be left out, as in Terraform.
            let url = if url.contains("://") { url } else { format!("https://{url}") };
            Some((service, url))
        })
        .collect()
}

fn given<'v>(config: &'v Value, name: &str) -> Option<&'v str> {
    config.text(name).filter(|text| !text.is_empty())
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
