//! The AWS provider: one folder a service, one file a type.

mod accounting;
pub mod attempts;
mod client;
pub mod cloudwatch;
mod credentials;
pub mod ec2;
pub mod elbv2;
mod endpoints;
pub mod errors;
pub mod kinesis;
pub mod names;
pub mod partition;
mod provider;
mod provider_schema;
pub mod reading;
mod settings;
pub mod sts;
pub mod tags;
mod transport;
mod types;
pub mod wait;

pub use client::{Aws, Caller};
pub use provider::AwsProvider;

/// The provider `hashicorp/aws`.
pub fn provider() -> AwsProvider {
    AwsProvider::default()
}
