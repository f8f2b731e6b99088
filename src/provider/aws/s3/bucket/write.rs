//! Making, changing and deleting buckets.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration, Tag, Tagging};

use super::super::calls::{answer, change, is_without_bucket, settled};
use super::{empty, name_of, parts, read};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, duration};
use crate::schema::BlockSchema;

/// The region that buckets are in for which no other is asked. It answers those who make a bucket that is theirs
/// already as if they had made it (CreateBucket, `BucketAlreadyOwnedByYou`).
const FIRST_REGION: &str = "us-east-1";

pub(super) async fn create(
    aws: &Aws,
    schema: &BlockSchema,
    planned: &Value,
    patience: Duration,
) -> Result<Value, OperationError> {
    let name = planned.text("bucket").unwrap_or_default();
    let patience = duration::timeout(planned, "create", patience);
    let start = Instant::now();
    make(aws, planned, patience).await?;
    // From here on the bucket exists: whatever fails, it is recorded.
    let finish = async {
        let left = patience.saturating_sub(start.elapsed());
        until("the bucket to be seen", left, || async {
            Ok(match read::region(aws, name).await {
                Ok(_) => Progress::Done(()),
                Err(error) if error.kind == ErrorKind::NotFound => Progress::Waiting("not there".to_owned()),
                Err(error) => return Err(error),
            })
        })
        .await?;
        let tags = planned.text_map("tags_all");
        if !tags.is_empty() {
            put_tags(aws, name, tags).await?;
        }
        seen(aws, schema, planned, &[]).await
    };
    finish.await.map_err(|error| error.with_partial(known_part(planned).with("id", Value::string(name))))
}

/// Makes the bucket itself. S3 is busy with a name for some time after a bucket of that name was deleted.
async fn make(aws: &Aws, planned: &Value, patience: Duration) -> Result<(), OperationError> {
    let name = planned.text("bucket").unwrap_or_default();
    if aws.region == FIRST_REGION && is_there(aws, name).await? {
        let message = format!("the account has a bucket {name:?} already: import it, or choose another name");
        return Err(OperationError::new(ErrorKind::AlreadyExists, "s3:CreateBucket", message));
    }
    let start = Instant::now();
    let mut pause = Duration::from_secs(1);
    let mut may_be_ours = false;
    loop {
        let attempts = Attempts::default();
        let place = (aws.region != FIRST_REGION).then(|| {
            let region = BucketLocationConstraint::from(aws.region.as_str());
            CreateBucketConfiguration::builder().location_constraint(region).build()
        });
        let call = aws
            .s3()
            .create_bucket()
            .bucket(name)
            .set_create_bucket_configuration(place)
            .set_object_lock_enabled_for_bucket(planned.boolean("object_lock_enabled").filter(|locks| *locks))
            .customize()
            .interceptor(attempts.clone());
        let Err(error) = call.send().await else { return Ok(()) };
        let error = failed("s3:CreateBucket", error);
        may_be_ours |= attempts.may_have_acted();
        match error.code.as_deref() {
            // The answer to an earlier try was lost.
            Some("BucketAlreadyOwnedByYou") if may_be_ours => return Ok(()),
            Some("BucketAlreadyOwnedByYou") => {
                return Err(OperationError { kind: ErrorKind::AlreadyExists, ..error });
            }
            Some("OperationAborted") if start.elapsed() + pause <= patience => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_secs(15));
            }
            _ => return Err(error),
        }
    }
}

/// Whether the account has a bucket of the name. One that belongs to somebody else is CreateBucket's to report.
async fn is_there(aws: &Aws, name: &str) -> Result<bool, OperationError> {
    match read::region(aws, name).await {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind, ErrorKind::NotFound | ErrorKind::AccessDenied) => Ok(false),
        Err(error) => Err(error),
    }
}

pub(super) async fn update(
    aws: &Aws,
    schema: &BlockSchema,
    prior: &Value,
    planned: &Value,
) -> Result<Value, OperationError> {
    let name = name_of(prior).unwrap_or_default();
    let changes = TagChanges::between(prior, planned);
    if !changes.is_empty() {
        let (before, mut tags) = (prior.text_map("tags_all"), planned.text_map("tags_all"));
        // S3 sets all tags at once: those that the plan does not know, such as AWS's own, are to stay.
        for (key, value) in parts::tags(aws, name).await? {
            if !before.contains_key(&key) {
                tags.entry(key).or_insert(value);
            }
        }
        put_tags(aws, name, tags).await?;
    }
    seen(aws, schema, planned, &changes.remove).await
}

/// The bucket once it has the tags planned, and those no more that are removed.
async fn seen(
    aws: &Aws,
    schema: &BlockSchema,
    planned: &Value,
    removed: &[String],
) -> Result<Value, OperationError> {
    let name = name_of(planned).unwrap_or_default();
    let tags = planned.text_map("tags_all");
    let is_new = |object: &Value| {
        let live = object.text_map("tags_all");
        tags.iter().all(|(key, value)| live.get(key) == Some(value))
            && !removed.iter().any(|key| live.contains_key(key))
    };
    settled(|| read::object(aws, schema, name, planned), is_new).await
}

/// Makes these the bucket's tags, all of them.
async fn put_tags(aws: &Aws, name: &str, tags: BTreeMap<String, String>) -> Result<(), OperationError> {
    if tags.is_empty() {
        return change(aws, name, || async {
            let call = aws.s3().delete_bucket_tagging().bucket(name).send().await;
            answer("s3:PutBucketTagging", call).map(|_| ())
        })
        .await;
    }
    let tag = |(key, value)| {
        let tag = Tag::builder().key(key).value(value).build();
        tag.map_err(|error| OperationError::internal(error.to_string()))
    };
    let tags: Vec<Tag> = tags.into_iter().map(tag).collect::<Result<_, _>>()?;
    let tagging = Tagging::builder().set_tag_set(Some(tags)).build();
    let tagging = tagging.map_err(|error| OperationError::internal(error.to_string()))?;
    change(aws, name, || async {
        let call = aws.s3().put_bucket_tagging().bucket(name).tagging(tagging.clone()).send().await;
        answer("s3:PutBucketTagging", call).map(|_| ())
    })
    .await
}

pub(super) async fn delete(aws: &Aws, prior: &Value, patience: Duration) -> Result<(), OperationError> {
    let Some(name) = name_of(prior) else { return Ok(()) };
    let patience = duration::timeout(prior, "delete", patience);
    let start = Instant::now();
    loop {
        let deleted = change(aws, name, || async {
            match answer("s3:DeleteBucket", aws.s3().delete_bucket().bucket(name).send().await) {
                Err(error) if is_without_bucket(&error) => Ok(()),
                other => other.map(|_| ()),
            }
        });
        match deleted.await {
            Ok(()) => break,
            Err(error) if error.code.as_deref() == Some("BucketNotEmpty") => {
                if prior.boolean("force_destroy") != Some(true) {
                    let message = format!(
                        "{name:?} holds objects, or older versions of some. Empty it, or set \"force_destroy = true\", apply \
                         that, and destroy it then"
                    );
                    return Err(OperationError { kind: ErrorKind::InUse, message, ..error });
                }
                if start.elapsed() > patience {
                    return Err(error);
                }
                let locks = prior.boolean("object_lock_enabled") == Some(true);
                empty::empty(aws, name, locks).await?;
            }
            Err(error) => return Err(error),
        }
    }
    until("the bucket to be gone", patience.saturating_sub(start.elapsed()), || async {
        // The name may be another account's by now.
        Ok(match is_there(aws, name).await? {
            true => Progress::Waiting("there".to_owned()),
            false => Progress::Done(()),
        })
    })
    .await
}
