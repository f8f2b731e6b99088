//! Where credentials come from.

use std::path::PathBuf;
use std::time::Duration;

use aws_config::ecs::EcsCredentialsProvider;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::imds;
use aws_config::meta::credentials::CredentialsProviderChain;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::web_identity_token::WebIdentityTokenCredentialsProvider;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_runtime::env_config::file::EnvConfigFiles;
use aws_sdk_sts::types::{PolicyDescriptorType, Tag};
use aws_smithy_runtime_api::box_error::BoxError;

use super::errors::failed;
use super::settings::{AssumeRole, Settings, WebIdentity};

/// The AWS instance metadata service is on the host's own network: it answers at once or is not there.
const METADATA_TIMEOUT: Duration = Duration::from_secs(1);

/// The first credentials, before any role is assumed: those in the provider block, else the first that is there
/// of environment, shared files, web identity, container and instance.
///
/// `config` is for what is asked over the network, `metadata` for what the machine's own network has. The error is a
/// metadata endpoint that is no URL.
pub(super) fn first(
    settings: &Settings,
    files: EnvConfigFiles,
    config: &ProviderConfig,
    metadata: &ProviderConfig,
) -> Result<SharedCredentialsProvider, BoxError> {
    if let (Some(access), Some(secret)) = (&settings.access_key, &settings.secret_key) {
        let fixed = Credentials::new(access, secret, settings.token.clone(), None, "provider block");
        return Ok(SharedCredentialsProvider::new(fixed));
    }
    let mut profile = ProfileFileCredentialsProvider::builder().configure(config).profile_files(files);
    if let Some(name) = &settings.profile {
        profile = profile.profile_name(name);
    }
    let profile = profile.build();
    // A profile named in the provider block is meant, whatever the environment says.
    let mut chain = match settings.profile.is_some() {
        true => CredentialsProviderChain::first_try("shared configuration files", profile),
        false => CredentialsProviderChain::first_try(
            "environment variables",
            EnvironmentVariableCredentialsProvider::new(),
        )
        .or_else("shared configuration files", profile),
    };
    chain = chain
        .or_else(
            "web identity token",
            WebIdentityTokenCredentialsProvider::builder().configure(config).build(),
        )
        .or_else("container", EcsCredentialsProvider::builder().configure(metadata).build());
    if !settings.skip_metadata {
        let mut client = imds::Client::builder()
            .configure(metadata)
            .max_attempts(2)
            .connect_timeout(METADATA_TIMEOUT)
            .read_timeout(METADATA_TIMEOUT);
        if let Some(mode) = settings.metadata_mode.clone() {
            client = client.endpoint_mode(mode);
        }
        if let Some(url) = &settings.metadata_endpoint {
            client = client.endpoint(url)?;
        }
        let instance = imds::credentials::ImdsCredentialsProvider::builder()
            .configure(metadata)
            .imds_client(client.build());
        chain = chain.or_else("instance metadata", instance.build());
    }
    Ok(SharedCredentialsProvider::new(chain))
}

/// Credentials of a role, assumed with other credentials.
#[derive(Debug)]
pub(super) struct AssumedRole {
    pub sts: aws_sdk_sts::Client,
    pub role: AssumeRole,
}

impl ProvideCredentials for AssumedRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let role = &self.role;
            let mut call = self
                .sts
                .assume_role()
                .role_arn(&role.arn)
                .role_session_name(session_name(role.session_name.as_deref()))
                .set_external_id(role.external_id.clone())
                .set_source_identity(role.source_identity.clone())
                .set_policy(role.policy.clone())
                .set_duration_seconds(role.duration.map(seconds));
            for arn in &role.policy_arns {
                call = call.policy_arns(PolicyDescriptorType::builder().arn(arn).build());
            }
            for (key, value) in &role.tags {
                let tag = Tag::builder().key(key).value(value).build();
                call = call.tags(tag.map_err(CredentialsError::invalid_configuration)?);
            }
            for key in &role.transitive_tag_keys {
                call = call.transitive_tag_keys(key);
            }
            let answer = call.send().await.map_err(|error| {
                CredentialsError::provider_error(Refused(format!(
                    "the role {} cannot be assumed: {}",
                    role.arn,
                    failed("sts:AssumeRole", error)
                )))
            })?;
            from_sts(answer.credentials, "AssumeRole")
        })
    }
}

/// Credentials of a role, got for a token of another identity provider.
#[derive(Debug)]
pub(super) struct WebIdentityRole {
    pub sts: aws_sdk_sts::Client,
    pub role: WebIdentity,
}

impl ProvideCredentials for WebIdentityRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async move {
            let role = &self.role;
            let token = match (&role.token, &role.token_file) {
                (Some(token), _) => token.clone(),
                (None, Some(path)) => read_token(path).await?,
                (None, None) => {
                    return Err(CredentialsError::invalid_configuration(Refused(
                        "assume_role_with_web_identity needs web_identity_token or web_identity_token_file"
                            .to_owned(),
                    )));
                }
            };
            let mut call = self
                .sts
                .assume_role_with_web_identity()
                .role_arn(&role.arn)
                .role_session_name(session_name(role.session_name.as_deref()))
                .web_identity_token(token)
                .set_policy(role.policy.clone())
                .set_duration_seconds(role.duration.map(seconds));
            for arn in &role.policy_arns {
                call = call.policy_arns(PolicyDescriptorType::builder().arn(arn).build());
            }
            let answer = call.send().await.map_err(|error| {
                CredentialsError::provider_error(Refused(format!(
                    "the role {} cannot be assumed: {}",
                    role.arn,
                    failed("sts:AssumeRoleWithWebIdentity", error)
                )))
            })?;
            from_sts(answer.credentials, "AssumeRoleWithWebIdentity")
        })
    }
}

/// Why no credentials were given.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Refused(String);

async fn read_token(path: &PathBuf) -> Result<String, CredentialsError> {
    let token = tokio::fs::read_to_string(path).await.map_err(|error| {
        CredentialsError::provider_error(Refused(format!(
            "the web identity token file {} cannot be read: {error}",
            path.display()
        )))
    })?;
    Ok(token.trim().to_owned())
}

/// A session's name shows up in CloudTrail.
fn session_name(given: Option<&str>) -> String {
    given.map_or_else(|| format!("recon-{}", uuid::Uuid::new_v4().simple()), str::to_owned)
}

fn seconds(duration: Duration) -> i32 {
    i32::try_from(duration.as_secs()).unwrap_or(i32::MAX)
}

fn from_sts(
    answer: Option<aws_sdk_sts::types::Credentials>,
    name: &'static str,
) -> Result<Credentials, CredentialsError> {
    let answer = answer
        .ok_or_else(|| CredentialsError::unhandled(Refused("STS answered no credentials".to_owned())))?;
    let expires = std::time::SystemTime::try_from(answer.expiration).map_err(CredentialsError::unhandled)?;
    Ok(Credentials::new(
        answer.access_key_id,
        answer.secret_access_key,
        Some(answer.session_token),
        Some(expires),
        name,
    ))
}
