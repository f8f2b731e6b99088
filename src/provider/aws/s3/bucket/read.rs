//! Reading a bucket: whether it is there and where, and then all that it is configured with.

use crate::provider::aws::together::together;
use aws_sdk_s3::operation::head_bucket::HeadBucketError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;

use super::super::calls::answer;
use super::{parts, regions, rules, website};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::errors::failed;
use crate::provider::aws::{Aws, names, partition};
use crate::provider::object::text;
use crate::provider::{ErrorKind, OperationError};
use crate::schema::BlockSchema;

/// The live bucket. `known` is what is recorded of it.
pub(super) async fn object(
    aws: &Aws,
    schema: &BlockSchema,
    name: &str,
    known: &Value,
) -> Result<Value, OperationError> {
    let region = region(aws, name).await?;
    let (acceleration, payer, policy, grants, cors, logging, versioning, encryption) = together!(
        parts::acceleration(aws, name),
        parts::payer(aws, name),
        parts::policy(aws, name),
        parts::grants(aws, name, schema),
        parts::cors(aws, name, schema),
        parts::logging(aws, name, schema),
        parts::versioning(aws, name, schema),
        parts::encryption(aws, name, schema),
    )?;
    let (lifecycle, replication, lock, site, tags) = together!(
        rules::lifecycle(aws, name, schema),
        rules::replication(aws, name, schema),
        parts::object_lock(aws, name),
        website::find(aws, name),
        parts::tags(aws, name),
    )?;
    let partition = partition::of_region(&region);
    let suffix = partition.dns_suffix;
    let domain = site.as_ref().map(|_| regions::website_domain(&region));
    // AWS answers grants, never the canned list that they came from.
    let acl = known.known("acl").cloned().unwrap_or_else(|| Value::null(Type::String));
    Ok(schema.object([
        ("id", Value::string(name)),
        ("acceleration_status", acceleration),
        ("acl", acl),
        ("arn", Value::string(format!("arn:{}:s3:::{name}", partition.id))),
        ("bucket", Value::string(name)),
        ("bucket_domain_name", Value::string(format!("{name}.s3.{suffix}"))),
        ("bucket_prefix", Value::string(names::prefix_of(name))),
        ("bucket_regional_domain_name", Value::string(format!("{name}.s3.{region}.{suffix}"))),
        ("cors_rule", cors),
        ("grant", grants),
        ("hosted_zone_id", text(regions::hosted_zone(&region))),
        ("lifecycle_rule", lifecycle),
        ("logging", logging),
        ("object_lock_configuration", parts::object_lock_block(lock.as_ref(), schema)),
        ("object_lock_enabled", Value::bool(parts::is_locking(lock.as_ref()))),
        ("policy", policy),
        ("replication_configuration", replication),
        ("request_payer", payer),
        ("server_side_encryption_configuration", encryption),
        ("tags_all", aws.tags.live(tags)),
        ("versioning", versioning),
        ("website", website::block(site.as_ref(), schema)),
        ("website_endpoint", text(domain.as_ref().map(|domain| format!("{name}.{domain}")))),
        ("website_domain", text(domain)),
        ("region", Value::string(region)),
    ]))
}

/// The region of a bucket, which says also that there is one.
pub(super) async fn region(aws: &Aws, name: &str) -> Result<String, OperationError> {
    match aws.s3().head_bucket().bucket(name).send().await {
        Ok(head) => {
            Ok(head.bucket_region.filter(|region| !region.is_empty()).unwrap_or_else(|| aws.region.clone()))
        }
        // Whoever is between S3 and here answers so too: only S3 itself says that it is the bucket that is not there.
        Err(error) if status(&error) == Some(404) => {
            let call = aws.s3().get_bucket_versioning().bucket(name).send().await;
            answer("s3:GetBucketVersioning", call).map(|_| aws.region.clone())
        }
        Err(error) => Err(explained(aws, error)),
    }
}

fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|answer| answer.status().as_u16())
}

/// What is wrong by the status alone, for the answer to a HEAD has no body that would say it.
fn explained(aws: &Aws, error: SdkError<HeadBucketError, HttpResponse>) -> OperationError {
    let operation = "s3:ListBucket";
    let Some(response) = error.raw_response() else { return failed(operation, error) };
    match response.status().as_u16() {
        400 => OperationError::new(
            ErrorKind::Credentials,
            operation,
            "S3 refuses the request and does not say why: as a rule the credentials have expired",
        ),
        403 => OperationError::new(
            ErrorKind::AccessDenied,
            operation,
            "S3 says nothing of the bucket: it is another account's, or a policy denies it",
        ),
        301 | 307 => {
            let region = response.headers().get("x-amz-bucket-region").unwrap_or("another region");
            let message = format!(
                "the bucket is in {region} and the provider is configured for {}: use a provider configuration of that \
                 region",
                aws.region
            );
            OperationError::new(ErrorKind::Invalid, operation, message)
        }
        _ => failed(operation, error),
    }
}
