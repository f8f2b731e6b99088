//! A connection to one account and region.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_types::SdkConfig;
use tokio::sync::{OnceCell, OwnedMutexGuard};

use super::accounting::Accounting;
use super::errors::failed;
use super::partition::{self, Partition};
use super::tags::TagRules;
use super::transport::{HttpSettings, Transport};
use crate::provider::OperationError;
use crate::provider::stats::CallStats;

/// One provider configuration's way to AWS. Clients are made when first asked for; every call is counted in
/// [`Aws::stats`].
pub struct Aws {
    config: SdkConfig,
    transport: Transport,
    /// Base URLs by service, where the provider block names them.
    endpoints: BTreeMap<&'static str, String>,
    stats: CallStats,
    /// The region that objects are in.
    pub region: String,
    /// The provider's `default_tags` and `ignore_tags`.
    pub tags: TagRules,
    /// The account is not to be asked for: `skip_requesting_account_id`.
    skip_account: bool,
    /// S3's requests name the bucket in the path, not in the host: `s3_use_path_style`.
    s3_path_style: bool,
    caller: OnceCell<Caller>,
    locks: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    application_autoscaling: OnceLock<aws_sdk_applicationautoscaling::Client>,
    autoscaling: OnceLock<aws_sdk_autoscaling::Client>,
    cloudwatch: OnceLock<aws_sdk_cloudwatch::Client>,
    dynamodb: OnceLock<aws_sdk_dynamodb::Client>,
    ec2: OnceLock<aws_sdk_ec2::Client>,
    elb: OnceLock<aws_sdk_elasticloadbalancingv2::Client>,
    iam: OnceLock<aws_sdk_iam::Client>,
    kinesis: OnceLock<aws_sdk_kinesis::Client>,
    logs: OnceLock<aws_sdk_cloudwatchlogs::Client>,
    s3: OnceLock<aws_sdk_s3::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
    sts: OnceLock<aws_sdk_sts::Client>,
}

/// Whose credentials are used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Twelve digits.
    pub account: String,
    /// `arn:aws:iam::123456789012:user/ann`
    pub arn: String,
    pub user_id: String,
}

/// What a connection is made of, besides the SDK's own configuration.
pub(super) struct Parts {
    pub transport: Transport,
    pub endpoints: BTreeMap<&'static str, String>,
    pub stats: CallStats,
    pub region: String,
    pub tags: TagRules,
    pub skip_account: bool,
    pub s3_path_style: bool,
}

/// Makes a service's client from an SDK configuration: with the service's share of the transport, its own base
/// URL, accounting, and retries that no other service's failures use up.
macro_rules! build_client {
    ($sdk:ident, $service:literal, $concurrent:literal, $config:expr, $transport:expr, $endpoints:expr, $stats:expr) => {{
        let mut builder = $sdk::config::Builder::from($config)
            .http_client($transport.lane($concurrent))
            .interceptor(Accounting::new($service, $stats.clone()))
            .retry_partition(
                $sdk::config::retry::RetryPartition::custom($service)
                    .token_bucket($sdk::config::retry::TokenBucket::unlimited())
                    .build(),
            );
        if let Some(url) = $endpoints.get($service) {
            builder = builder.endpoint_url(url);
        }
        $sdk::Client::from_conf(builder.build())
    }};
}

pub(super) use build_client;

/// A method for each client. The number is how many requests may be under way at once: services limit the rate of
/// their control planes, most to a few tens a second (each service's manual, “quotas”).
macro_rules! clients {
    ($($name:ident: $sdk:ident, $service:literal, $concurrent:literal;)*) => {
        impl Aws {
            $(
                #[doc = concat!("The client of `", $service, "`, as IAM spells the service.")]
                pub fn $name(&self) -> &$sdk::Client {
                    self.$name.get_or_init(|| {
                        build_client!(
                            $sdk, $service, $concurrent, &self.config, self.transport, self.endpoints, self.stats
                        )
                    })
                }
            )*
        }
    };
}

clients! {
    application_autoscaling: aws_sdk_applicationautoscaling, "application-autoscaling", 10;
    autoscaling: aws_sdk_autoscaling, "autoscaling", 10;
    cloudwatch: aws_sdk_cloudwatch, "cloudwatch", 10;
    dynamodb: aws_sdk_dynamodb, "dynamodb", 20;
    ec2: aws_sdk_ec2, "ec2", 20;
    elb: aws_sdk_elasticloadbalancingv2, "elasticloadbalancing", 10;
    iam: aws_sdk_iam, "iam", 10;
    kinesis: aws_sdk_kinesis, "kinesis", 10;
    logs: aws_sdk_cloudwatchlogs, "logs", 10;
    ssm: aws_sdk_ssm, "ssm", 10;
    sts: aws_sdk_sts, "sts", 10;
}

impl Aws {
    pub(super) fn new(config: SdkConfig, parts: Parts) -> Aws {
        let Parts { transport, endpoints, stats, region, tags, skip_account, s3_path_style } = parts;
        Aws {
            config,
            transport,
            endpoints,
            stats,
            region,
            tags,
            skip_account,
            s3_path_style,
            caller: OnceCell::new(),
            locks: Mutex::default(),
            application_autoscaling: OnceLock::new(),
            autoscaling: OnceLock::new(),
            cloudwatch: OnceLock::new(),
            dynamodb: OnceLock::new(),
            ec2: OnceLock::new(),
            elb: OnceLock::new(),
            iam: OnceLock::new(),
            kinesis: OnceLock::new(),
            logs: OnceLock::new(),
            s3: OnceLock::new(),
            ssm: OnceLock::new(),
            sts: OnceLock::new(),
        }
    }

    /// A connection made from an SDK configuration as it is.
    pub fn from_config(config: SdkConfig, region: &str, tags: TagRules) -> Result<Aws, OperationError> {
        let transport = Transport::new(&HttpSettings::default()).map_err(OperationError::internal)?;
        let parts = Parts {
            transport,
            endpoints: BTreeMap::new(),
            stats: CallStats::default(),
            region: region.to_owned(),
            tags,
            skip_account: false,
            s3_path_style: false,
        };
        Ok(Aws::new(config, parts))
    }

    /// The client of `s3`. Its limit is per key, not per account; so many at once are what the other services get.
    pub fn s3(&self) -> &aws_sdk_s3::Client {
        self.s3.get_or_init(|| {
            let client =
                build_client!(aws_sdk_s3, "s3", 20, &self.config, self.transport, self.endpoints, self.stats);
            if !self.s3_path_style {
                return client;
            }
            let config = client.config().to_builder().force_path_style(true);
            aws_sdk_s3::Client::from_conf(config.build())
        })
    }

    /// What was asked of AWS so far.
    pub fn stats(&self) -> &CallStats {
        &self.stats
    }

    /// The partition of the region.
    pub fn partition(&self) -> Partition {
        partition::of_region(&self.region)
    }

    /// Whose credentials these are; asked once.
    pub async fn caller(&self) -> Result<&Caller, OperationError> {
        self.caller
            .get_or_try_init(|| async {
                let answer = self.sts().get_caller_identity().send().await;
                let answer = answer.map_err(|error| failed("sts:GetCallerIdentity", error))?;
                Ok(Caller {
                    account: answer.account.unwrap_or_default(),
                    arn: answer.arn.unwrap_or_default(),
                    user_id: answer.user_id.unwrap_or_default(),
                })
            })
            .await
    }

    /// The account's id; empty if the provider block says not to ask for it.
    pub async fn account_id(&self) -> Result<&str, OperationError> {
        if self.skip_account {
            return Ok("");
        }
        Ok(&self.caller().await?.account)
    }

    /// Waits until nobody else changes the object of this id. For objects that several resources share, such as
    /// a security group and its rules, whose changes AWS wants one after the other.
    pub async fn lock(&self, id: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(locks.entry(id.to_owned()).or_default())
        };
        lock.lock_owned().await
    }

    /// `arn:<partition>:<service>:<region>:<account>:<resource>`
    pub async fn arn(&self, service: &str, resource: &str) -> Result<String, OperationError> {
        let account = self.account_id().await?;
        Ok(format!("arn:{}:{service}:{}:{account}:{resource}", self.partition().id, self.region))
    }
}
