//! Application Auto Scaling.

mod place;
mod policy;
mod target;

use std::sync::Arc;

use crate::provider::aws::iam::eventual::{PROPAGATION, persist};
use crate::provider::{OperationError, ResourceType};

/// How many resource ids, or names of policies, one call may name (DescribeScalableTargets, DescribeScalingPolicies).
const AT_ONCE: usize = 50;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(policy::Policy), Arc::new(target::Target)]
}

/// The name of an IAM action of the service, as errors carry it.
fn action(operation: &str) -> String {
    format!("application-autoscaling:{operation}")
}

/// Makes a call that changes something again while it fails for what passes by itself: another change is under
/// way, or what was made a moment ago is not seen yet.
async fn settled<T, F, C>(call: C) -> Result<T, OperationError>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, OperationError>>,
{
    persist(PROPAGATION, passes, call).await
}

fn passes(error: &OperationError) -> bool {
    let says = |words: &str| error.message.contains(words);
    match error.code.as_deref() {
        Some("ConcurrentUpdateException") => true,
        // A role that was just made, or its permissions; a service that was just made.
        Some("ValidationException") => says("Unable to assume IAM role") || says("ECS service doesn't exist"),
        // The service could not reach CloudWatch or the scaled resource in the caller's name.
        Some("FailedResourceAccessException") => {
            says("Rate exceeded")
                || says("is not authorized to perform")
                || says("token included in the request is invalid")
        }
        _ => false,
    }
}
