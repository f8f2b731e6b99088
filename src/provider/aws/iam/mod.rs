//! Identity and Access Management: roles, policies, instance profiles, identity providers.
//!
//! Beside the types is what they share: `below` (policies of roles that nobody manages), `checks` (offline validation), `documents` (policy documents as IAM answers
//! them), `eventual` (IAM's own eventual consistency) and `tagging`.

mod below;
mod checks;
pub(super) mod documents;
pub(super) mod eventual;
mod instance_profile;
mod open_id_connect_provider;
mod policy;
mod policy_document;
mod role;
mod role_data;
mod role_policy;
mod role_policy_attachment;
mod tagging;

use std::sync::Arc;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use futures::{StreamExt, stream};

use crate::provider::{DataSource, ResourceType};

/// How many of the calls that take one object each run at a time for one read.
const CONCURRENT_CALLS: usize = 16;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![
        Arc::new(instance_profile::InstanceProfile::default()),
        Arc::new(open_id_connect_provider::OpenIdConnectProvider::default()),
        Arc::new(policy::Policy::default()),
        Arc::new(role::Role),
        Arc::new(role_policy::RolePolicy::default()),
        Arc::new(role_policy_attachment::RolePolicyAttachment::default()),
    ]
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![Arc::new(policy_document::PolicyDocument::default()), Arc::new(role_data::RoleData::default())]
}

/// The name of an IAM action of the service, as errors carry it.
fn action(operation: &str) -> String {
    format!("iam:{operation}")
}

/// Runs calls that take one object each, [`CONCURRENT_CALLS`] at a time. Answers in their order.
async fn concurrently<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    stream::iter(calls).buffered(CONCURRENT_CALLS).collect().await
}

/// A point in time as the AWS provider records it: RFC 3339, in UTC and whole seconds.
fn date(date: &DateTime) -> String {
    DateTime::from_secs(date.secs()).fmt(Format::DateTime).unwrap_or_default()
}
