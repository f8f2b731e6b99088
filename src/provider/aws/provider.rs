//! The provider `hashicorp/aws`: its block, and how a connection is made of it.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::BehaviorVersion;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::SdkConfig;
use aws_types::region::Region;

use super::accounting::Accounting;
use super::client::{Aws, Parts, build_client};
use super::credentials::{self, AssumedRole, WebIdentityRole};
use super::errors::with_causes;
use super::settings::{AssumeRole, Settings};
use super::transport::{CONNECT_TIMEOUT, READ_TIMEOUT, Transport};
use super::{provider_schema, schemas, types};
use crate::lang::value::Value;
use crate::provider::stats::CallStats;
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problems, Provider, ResourceType};
use crate::schema::Schema;

/// How often a request is repeated where the provider block does not say: the AWS provider's number.
const DEFAULT_RETRIES: u32 = 25;

const NO_CREDENTIALS_ADVICE: &str = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE (after `aws \
     configure` or `aws sso login`), or `profile` or `assume_role` in the provider block.";

/// The provider `hashicorp/aws`.
pub struct AwsProvider {
    schema: Schema,
    resource_types: Vec<Arc<dyn ResourceType>>,
    data_sources: Vec<Arc<dyn DataSource>>,
    stats: CallStats,
    /// The ARN of the role that is assumed before those of the provider block.
    role: Option<String>,
}

impl Default for AwsProvider {
    fn default() -> AwsProvider {
        AwsProvider {
            schema: provider_schema::schema(),
            resource_types: types::resource_types(),
            data_sources: types::data_sources(),
            stats: CallStats::default(),
            role: None,
        }
    }
}

impl AwsProvider {
    /// The provider as the bearer of a role, which is assumed before those that the provider block names.
    pub fn with_role(mut self, role: Option<String>) -> AwsProvider {
        self.role = role;
        self
    }
}

#[async_trait]
impl Provider for AwsProvider {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn source(&self) -> &'static str {
        "registry.terraform.io/hashicorp/aws"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_types(&self) -> &[Arc<dyn ResourceType>] {
        &self.resource_types
    }

    fn data_sources(&self) -> &[Arc<dyn DataSource>] {
        &self.data_sources
    }

    fn schema_only_resource_type(&self, name: &str) -> Option<Arc<dyn ResourceType>> {
        schemas::resource_type(name)
    }

    fn schema_only_data_source(&self, name: &str) -> Option<Arc<dyn DataSource>> {
        schemas::data_source(name)
    }

    fn resource_type_names(&self) -> Vec<&'static str> {
        schemas::resource_type_names().collect()
    }

    fn data_source_names(&self) -> Vec<&'static str> {
        schemas::data_source_names().collect()
    }

    fn stats(&self) -> Option<&CallStats> {
        Some(&self.stats)
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        provider_schema::validate(config, problems);
    }

    async fn configure(&self, config: &Value) -> Result<Connection, OperationError> {
        let mut settings = Settings::decode(config);
        if let Some(arn) = &self.role {
            settings.assume_role.insert(0, AssumeRole { arn: arn.clone(), ..AssumeRole::default() });
        }
        let aws = connect(&settings, self.stats.clone()).await?;
        Ok(Connection::Aws(Arc::new(aws)))
    }
}

/// Makes a connection: finds region and credentials, and checks the account if the block names accounts.
async fn connect(settings: &Settings, stats: CallStats) -> Result<Aws, OperationError> {
    let transport = Transport::new(&settings.http).map_err(|message| {
        OperationError::new(ErrorKind::Invalid, "", format!("The provider block cannot be used. {message}"))
    })?;
    let files = configuration_files(settings);
    let region = find_region(settings, &files).await?;
    let retries = settings.max_retries.unwrap_or(DEFAULT_RETRIES);
    let retry = match settings.adaptive_retries {
        true => RetryConfig::adaptive(),
        false => RetryConfig::standard(),
    };
    let retry = retry.with_max_attempts(retries.saturating_add(1));
    let timeouts =
        TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let direct = Transport::direct().map_err(OperationError::internal)?;
    let lookup = |transport: &Transport| {
        ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(transport.lane(4))
    };
    let first = credentials::first(settings, files.clone(), &lookup(&transport), &lookup(&direct)).map_err(
        |error| {
            let message = format!("ec2_metadata_service_endpoint is no URL: {error}");
            OperationError::new(ErrorKind::Invalid, "", message)
        },
    )?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(region.clone())
        .retry_config(retry)
        .timeout_config(timeouts)
        .http_client(transport.clone())
        .profile_files(files)
        .credentials_provider(first);
    if let Some(profile) = &settings.profile {
        loader = loader.profile_name(profile);
    }
    if let Some(use_fips) = settings.use_fips {
        loader = loader.use_fips(use_fips);
    }
    if let Some(use_dual_stack) = settings.use_dual_stack {
        loader = loader.use_dual_stack(use_dual_stack);
    }
    let sdk = loader.load().await;
    let sdk = assume_roles(sdk, settings, &transport, &stats);
    let sdk = require_credentials(sdk, settings).await?;
    let parts = Parts {
        transport,
        endpoints: settings.endpoints.clone(),
        stats,
        region: region.to_string(),
        tags: settings.tags.clone(),
        skip_account: settings.skip_account,
        s3_path_style: settings.s3_path_style,
    };
    let aws = Aws::new(sdk, parts);
    check_account(&aws, settings).await?;
    Ok(aws)
}

/// The shared configuration and credentials files to read.
fn configuration_files(settings: &Settings) -> EnvConfigFiles {
    let mut files = EnvConfigFiles::builder()
        .include_default_config_file(settings.config_files.is_empty())
        .include_default_credentials_file(settings.credentials_files.is_empty());
    for path in &settings.config_files {
        files = files.with_file(EnvConfigFileKind::Config, path);
    }
    for path in &settings.credentials_files {
        files = files.with_file(EnvConfigFileKind::Credentials, path);
    }
    files.build()
}

/// The provider block's region, else that of the environment, else that of the profile.
async fn find_region(settings: &Settings, files: &EnvConfigFiles) -> Result<Region, OperationError> {
    if let Some(region) = &settings.region {
        return Ok(Region::new(region.clone()));
    }
    let mut profile = ProfileFileRegionProvider::builder().profile_files(files.clone());
    if let Some(name) = &settings.profile {
        profile = profile.profile_name(name);
    }
    let environment = aws_config::environment::EnvironmentVariableRegionProvider::new();
    let chain = RegionProviderChain::first_try(environment).or_else(profile.build());
    chain.region().await.ok_or_else(|| {
        OperationError::new(
            ErrorKind::Invalid,
            "",
            "No AWS region is set. Set `region` in the provider block, or AWS_REGION, or a region for the profile in \
             ~/.aws/config.",
        )
    })
}

/// The configuration with the credentials of the role at the end of the chain.
fn assume_roles(sdk: SdkConfig, settings: &Settings, transport: &Transport, stats: &CallStats) -> SdkConfig {
    let sts_region = settings.sts_region.clone().map(Region::new);
    let client = |sdk: &SdkConfig| {
        let mut config = sdk.to_builder();
        if let Some(region) = &sts_region {
            config = config.region(region.clone());
        }
        build_client!(aws_sdk_sts, "sts", 4, &config.build(), transport, settings.endpoints, stats)
    };
    let mut sdk = sdk;
    if let Some(role) = &settings.web_identity {
        let provider = WebIdentityRole { sts: client(&sdk), role: role.clone() };
        sdk = with_credentials(sdk, provider);
    }
    for role in &settings.assume_role {
        let provider = AssumedRole { sts: client(&sdk), role: role.clone() };
        sdk = with_credentials(sdk, provider);
    }
    sdk
}

fn with_credentials(sdk: SdkConfig, provider: impl ProvideCredentials + 'static) -> SdkConfig {
    let cache = aws_config::identity::IdentityCache::lazy().build();
    let provider = SharedCredentialsProvider::new(provider);
    sdk.into_builder().credentials_provider(provider).identity_cache(cache).build()
}

/// Looks for credentials now, so that one clear error comes before any work, not one for every object. Answers
/// the configuration with what was found.
async fn require_credentials(sdk: SdkConfig, settings: &Settings) -> Result<SdkConfig, OperationError> {
    let missing = |reason: &str| {
        let profile = settings.profile.as_ref().map(|name| format!(" The profile {name:?} gives none."));
        let message = format!(
            "There are no AWS credentials{reason}.{} {NO_CREDENTIALS_ADVICE}",
            profile.unwrap_or_default()
        );
        OperationError::new(ErrorKind::Credentials, "", message)
    };
    let provider = sdk.credentials_provider().ok_or_else(|| missing(""))?;
    match provider.provide_credentials().await {
        Ok(found) => Ok(with_credentials(sdk, Found { first: Mutex::new(Some(found)), provider })),
        Err(CredentialsError::CredentialsNotLoaded(_)) => Err(missing("")),
        Err(error) => {
            let cause = error.source().map_or_else(|| error.to_string(), with_causes);
            let cause = cause.trim_end_matches('.');
            // The metadata service comes last: whoever gets there has found nothing anywhere else.
            if cause.contains("IMDS") {
                return Err(missing(&format!(" ({cause})")));
            }
            Err(OperationError::new(
                ErrorKind::Credentials,
                "",
                format!("The AWS credentials cannot be used: {cause}."),
            ))
        }
    }
}

/// Credentials that were found already, and where to get the next ones: so the first request does not look for
/// them once more.
#[derive(Debug)]
struct Found {
    first: Mutex<Option<Credentials>>,
    provider: SharedCredentialsProvider,
}

impl ProvideCredentials for Found {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.first.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(found) => future::ProvideCredentials::ready(Ok(found)),
            None => self.provider.provide_credentials(),
        }
    }
}

async fn check_account(aws: &Aws, settings: &Settings) -> Result<(), OperationError> {
    if settings.allowed_accounts.is_empty() && settings.forbidden_accounts.is_empty() {
        return Ok(());
    }
    let account = &aws.caller().await?.account;
    let allowed = settings.allowed_accounts.is_empty() || settings.allowed_accounts.contains(account);
    if allowed && !settings.forbidden_accounts.contains(account) {
        return Ok(());
    }
    let argument =
        if allowed { "is one of forbidden_account_ids" } else { "is not one of allowed_account_ids" };
    Err(OperationError::new(
        ErrorKind::Credentials,
        "",
        format!("The credentials belong to AWS account {account}, which {argument} of the provider block."),
    ))
}
