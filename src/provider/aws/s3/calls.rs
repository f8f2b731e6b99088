//! What all calls that configure buckets have in common.
//!
//! Sources: Amazon S3 API reference, “Error responses”; Amazon S3 User Guide, “Amazon S3 data consistency model” (the
//! configuration of a bucket is eventually consistent).

use std::error::Error;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::{ErrorKind, OperationError};

/// How long a bucket that was just made may be unknown. Not longer, since it may never have been there.
const VISIBILITY: Duration = Duration::from_secs(30);

/// How long S3 may be busy with another change of the bucket.
const BUSY: Duration = Duration::from_secs(2 * 60);

/// How long a read may answer what was there before a change.
const STALE: Duration = Duration::from_secs(60);

/// The answer of a call of the operation, an IAM action such as `s3:PutBucketVersioning`.
pub fn answer<T, E>(
    operation: &str,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<T, OperationError>
where
    E: Error + ProvideErrorMetadata + RequestId + Send + Sync + 'static,
{
    answer.map_err(|error| failed(operation, error))
}

/// What a bucket has of some kind of configuration, `None` if it has none. An error if there is no such bucket.
pub fn configured<T>(answer: Result<T, OperationError>) -> Result<Option<T>, OperationError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind == ErrorKind::NotFound && !is_without_bucket(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether it was the bucket that was not there.
pub fn is_without_bucket(error: &OperationError) -> bool {
    error.code.as_deref() == Some("NoSuchBucket")
}

/// Whether the region, or a store that only speaks as S3 does, does not have what was asked for.
pub fn is_unsupported(error: &OperationError) -> bool {
    let codes = [
        "MethodNotAllowed",
        "NotImplemented",
        "UnsupportedArgument",
        "UnsupportedOperation",
        "XNotImplemented",
    ];
    error.code.as_deref().is_some_and(|code| codes.contains(&code))
}

/// Changes a bucket's configuration: S3 refuses changes while another is under way, so that they are made one after
/// the other, and again while S3 is busy or does not know the bucket yet.
pub async fn change<T, F, C>(aws: &Aws, bucket: &str, mut call: C) -> Result<T, OperationError>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, OperationError>>,
{
    let _alone = aws.lock(&format!("s3:{bucket}")).await;
    let start = Instant::now();
    let mut pause = Duration::from_millis(100);
    loop {
        let error = match call().await {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        let patience = match error.code.as_deref() {
            Some("NoSuchBucket") => VISIBILITY,
            Some("OperationAborted") => BUSY,
            _ => return Err(error),
        };
        if start.elapsed() + pause > patience {
            return Err(error);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// Removes a bucket's configuration of some kind. None, or no bucket, is no error.
pub async fn remove<T, F, C>(aws: &Aws, bucket: &str, mut call: C) -> Result<(), OperationError>
where
    C: FnMut() -> F,
    F: Future<Output = Result<T, OperationError>>,
{
    let removed = change(aws, bucket, || {
        let call = call();
        async {
            match call.await {
                Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
                other => other.map(|_| ()),
            }
        }
    });
    removed.await
}

/// Reads until the answer is what a change has made of it, or for as long as reads may be behind; then answers what
/// there is.
pub async fn settled<T, F, L>(mut look: L, is_new: impl Fn(&T) -> bool) -> Result<T, OperationError>
where
    L: FnMut() -> F,
    F: Future<Output = Result<T, OperationError>>,
{
    let waited = until("the change to be seen", STALE, || {
        let look = look();
        let is_new = &is_new;
        async move {
            Ok(match look.await {
                Ok(seen) if is_new(&seen) => Progress::Done(seen),
                Ok(_) => Progress::Waiting("the old one".to_owned()),
                Err(error) if error.kind == ErrorKind::NotFound => Progress::Waiting("not there".to_owned()),
                Err(error) => return Err(error),
            })
        }
    });
    match waited.await {
        Err(error) if error.kind == ErrorKind::TimedOut => look().await,
        other => other,
    }
}
