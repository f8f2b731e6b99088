//! Emptying a bucket that is to be deleted with all that it holds.

use aws_sdk_s3::types::{Delete, Error, ObjectIdentifier, ObjectLockLegalHold, ObjectLockLegalHoldStatus};

use super::super::calls::{answer, is_without_bucket};
use crate::provider::aws::Aws;
use crate::provider::{ErrorKind, OperationError};

/// Deletes every version of every object, and the markers of deleted ones. `locks`: objects may be locked; those in
/// governance mode or under a legal hold are deleted too, those in compliance mode nobody can delete.
pub(super) async fn empty(aws: &Aws, bucket: &str, locks: bool) -> Result<(), OperationError> {
    let (mut key, mut version) = (None, None);
    loop {
        let call = aws
            .s3()
            .list_object_versions()
            .bucket(bucket)
            .set_key_marker(key)
            .set_version_id_marker(version)
            .send()
            .await;
        let page = match answer("s3:ListBucketVersions", call) {
            Err(error) if is_without_bucket(&error) => return Ok(()),
            other => other?,
        };
        let versions = page.versions().iter().map(|one| (one.key(), one.version_id()));
        let markers = page.delete_markers().iter().map(|one| (one.key(), one.version_id()));
        let objects: Vec<ObjectIdentifier> =
            versions.chain(markers).filter_map(|(key, version)| identifier(key?, version)).collect();
        delete(aws, bucket, objects, locks).await?;
        if page.is_truncated() != Some(true) {
            return Ok(());
        }
        (key, version) = (page.next_key_marker, page.next_version_id_marker);
    }
}

fn identifier(key: &str, version: Option<&str>) -> Option<ObjectIdentifier> {
    ObjectIdentifier::builder().key(key).set_version_id(version.map(str::to_owned)).build().ok()
}

/// Deletes a page of objects, a thousand at most.
async fn delete(
    aws: &Aws,
    bucket: &str,
    objects: Vec<ObjectIdentifier>,
    locks: bool,
) -> Result<(), OperationError> {
    let left = try_delete(aws, bucket, objects.clone(), locks).await?;
    let Some(error) = left.first() else { return Ok(()) };
    if !locks || left.iter().any(|error| error.code() != Some("AccessDenied")) {
        return Err(refused(&left, error));
    }
    // A legal hold denies access to whoever would delete the object.
    let is_left = |object: &&ObjectIdentifier| {
        left.iter().any(|error| {
            error.key() == Some(object.key())
                && (error.version_id().is_none() || error.version_id() == object.version_id())
        })
    };
    let held: Vec<ObjectIdentifier> = objects.iter().filter(is_left).cloned().collect();
    let mut is_any_free = false;
    for object in &held {
        is_any_free |= free(aws, bucket, object).await?;
    }
    if !is_any_free {
        return Err(refused(&left, error));
    }
    let left = try_delete(aws, bucket, held, true).await?;
    left.first().map_or(Ok(()), |error| Err(refused(&left, error)))
}

/// Deletes objects with one call. Answers what S3 would not delete.
async fn try_delete(
    aws: &Aws,
    bucket: &str,
    objects: Vec<ObjectIdentifier>,
    locks: bool,
) -> Result<Vec<Error>, OperationError> {
    if objects.is_empty() {
        return Ok(Vec::new());
    }
    let delete = Delete::builder().set_objects(Some(objects)).quiet(true).build();
    let delete = delete.map_err(|error| OperationError::internal(error.to_string()))?;
    let call = aws
        .s3()
        .delete_objects()
        .bucket(bucket)
        .delete(delete)
        .set_bypass_governance_retention(locks.then_some(true))
        .send()
        .await;
    match answer("s3:DeleteObjectVersion", call) {
        Err(error) if is_without_bucket(&error) => Ok(Vec::new()),
        other => Ok(other?.errors.unwrap_or_default()),
    }
}

/// Ends the legal hold of an object. `false` if it was under none.
async fn free(aws: &Aws, bucket: &str, object: &ObjectIdentifier) -> Result<bool, OperationError> {
    let version = object.version_id().map(str::to_owned);
    let call = aws.s3().get_object_legal_hold().bucket(bucket).key(object.key());
    let held = match answer("s3:GetObjectLegalHold", call.set_version_id(version.clone()).send().await) {
        Err(error) if error.kind == ErrorKind::NotFound || error.kind == ErrorKind::Invalid => {
            return Ok(false);
        }
        other => other?,
    };
    let status = held.legal_hold.and_then(|hold| hold.status);
    if status != Some(ObjectLockLegalHoldStatus::On) {
        return Ok(false);
    }
    let off = ObjectLockLegalHold::builder().status(ObjectLockLegalHoldStatus::Off).build();
    let call = aws.s3().put_object_legal_hold().bucket(bucket).key(object.key()).legal_hold(off);
    answer("s3:PutObjectLegalHold", call.set_version_id(version).send().await)?;
    Ok(true)
}

/// The error of objects that S3 would not delete, of which one is told.
fn refused(left: &[Error], error: &Error) -> OperationError {
    let others = match left.len() {
        0 | 1 => String::new(),
        count => format!(", and {} others", count - 1),
    };
    let message = format!(
        "{:?}{others}: {}",
        error.key().unwrap_or_default(),
        error.message().unwrap_or("S3 does not say why"),
    );
    let kind = match error.code() {
        Some("AccessDenied") => ErrorKind::AccessDenied,
        _ => ErrorKind::Other,
    };
    let code = error.code().map(str::to_owned);
    OperationError { code, ..OperationError::new(kind, "s3:DeleteObjectVersion", message) }
}
