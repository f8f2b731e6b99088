//! IAM is eventually consistent: what was just made may not be seen by the next call for some seconds. Calls that may
//! fail for that reason alone are made again until they succeed or patience ends.
//!
//! Source: IAM User Guide, “Troubleshoot IAM: changes that I make are not always immediately visible”.

use std::time::{Duration, Instant};

use crate::provider::{ErrorKind, OperationError};

/// How long a principal that was just made may be unknown to policies, and an object that was just made unreadable.
pub const PROPAGATION: Duration = Duration::from_secs(2 * 60);

/// How long an object that another resource made may be missing. Not longer, since it may never have been there.
pub const VISIBILITY: Duration = Duration::from_secs(20);

/// Makes a call again while its error is one that passes by itself. Answers the last error if none helped.
pub async fn persist<T, F, C>(
    patience: Duration,
    passes: fn(&OperationError) -> bool,
    mut call: C,
) -> Result<T, OperationError>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, OperationError>>,
{
    let start = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        match call().await {
            Err(error) if passes(&error) && start.elapsed() + pause <= patience => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(5));
            }
            other => return other,
        }
    }
}

/// The object does not exist: not yet, perhaps.
pub fn is_unseen(error: &OperationError) -> bool {
    error.kind == ErrorKind::NotFound || is_concurrent(error)
}

/// Somebody changes the same object at this moment.
pub fn is_concurrent(error: &OperationError) -> bool {
    error.code.as_deref().is_some_and(|code| code.starts_with("ConcurrentModification"))
}

/// A policy names a principal that does not exist: not yet, perhaps.
pub fn is_unknown_principal(error: &OperationError) -> bool {
    let is_principal = error.code.as_deref().is_some_and(|code| code.starts_with("MalformedPolicyDocument"))
        && error.message.contains("Invalid principal");
    is_principal || is_concurrent(error)
}
