//! EC2 Auto Scaling.

mod attachment;
mod group;
mod policy;
pub(super) mod values;

use std::sync::Arc;

use crate::provider::{ErrorKind, OperationError, ResourceType};

/// How many groups one call of DescribeAutoScalingGroups may name (API reference).
const AT_ONCE: usize = 50;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(attachment::Attachment), Arc::new(group::Group), Arc::new(policy::Policy)]
}

/// The name of an IAM action of the service, as errors carry it.
fn action(operation: &str) -> String {
    format!("autoscaling:{operation}")
}

/// Whether a call failed because its group or policy does not exist: the service has no code for it.
fn is_gone(error: &OperationError) -> bool {
    let is_validation = error.code.as_deref().is_some_and(|code| code.starts_with("ValidationError"));
    error.kind == ErrorKind::NotFound || is_validation && error.message.to_lowercase().contains("not found")
}
