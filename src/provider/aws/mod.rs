//! The AWS provider: one folder a service, one file a type.

mod accounting;
pub mod application_autoscaling;
pub mod attempts;
pub mod autoscaling;
mod client;
pub mod cloudwatch;
mod credentials;
pub mod dynamodb;
pub mod ec2;
pub mod elbv2;
mod endpoints;
pub mod errors;
pub mod iam;
pub mod kinesis;
pub mod logs;
pub mod names;
pub mod partition;
mod provider;
mod provider_schema;
pub mod reading;
pub mod s3;
pub(crate) mod s3_backend;
mod schemas;
mod settings;
pub mod ssm;
pub mod sts;
pub mod tags;
pub mod together;
mod transport;
mod types;
pub mod wait;

pub use client::{Aws, Caller};
pub use provider::AwsProvider;

/// The provider `hashicorp/aws`.
pub fn provider() -> AwsProvider {
    AwsProvider::default()
}
