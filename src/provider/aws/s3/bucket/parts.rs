//! What a bucket is configured with, each part by a call of its own, as the schema's deprecated arguments show it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::types::{
    BucketVersioningStatus, CorsRule, Grant, MfaDeleteStatus, ObjectLockConfiguration, ObjectLockEnabled,
};

use super::super::calls::{answer, configured, is_unsupported};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{holding, inner, none, one};
use crate::provider::object::{boolean, integer, text, text_list, text_set};
use crate::schema::BlockSchema;

/// An answer, or none if the bucket has nothing of the kind or the region knows nothing of it.
fn part<T>(answer: Result<T, OperationError>) -> Result<Option<T>, OperationError> {
    match configured(answer) {
        Err(error) if is_unsupported(&error) => Ok(None),
        other => other,
    }
}

/// `acceleration_status`
pub(super) async fn acceleration(aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_accelerate_configuration().bucket(bucket).send().await;
    let found = part(answer("s3:GetAccelerateConfiguration", call))?;
    Ok(Value::string(
        found.and_then(|found| found.status).map_or_else(String::new, |status| status.to_string()),
    ))
}

/// `request_payer`
pub(super) async fn payer(aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_request_payment().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketRequestPayment", call))?;
    Ok(Value::string(found.and_then(|found| found.payer).map_or_else(String::new, |payer| payer.to_string())))
}

/// `policy`
pub(super) async fn policy(aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_policy().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketPolicy", call))?;
    Ok(Value::string(found.and_then(|found| found.policy).unwrap_or_default()))
}

/// `grant`
pub(super) async fn grants(aws: &Aws, bucket: &str, schema: &BlockSchema) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_acl().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketAcl", call))?;
    Ok(grants_of(&found.and_then(|found| found.grants).unwrap_or_default(), schema))
}

/// AWS answers one grant a permission, the schema has one a grantee.
fn grants_of(grants: &[Grant], schema: &BlockSchema) -> Value {
    let mut grantees: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for grant in grants {
        let (Some(grantee), Some(permission)) = (grant.grantee(), grant.permission()) else { continue };
        let key =
            (grantee.r#type().as_str(), grantee.id().unwrap_or_default(), grantee.uri().unwrap_or_default());
        grantees.entry(key).or_default().insert(permission.as_str());
    }
    let block = inner(schema, "grant");
    let objects = grantees.into_iter().map(|((kind, id, uri), permissions)| {
        block.object([
            ("type", Value::string(kind)),
            ("id", Value::string(id)),
            ("uri", Value::string(uri)),
            ("permissions", text_set(permissions)),
        ])
    });
    holding(schema, "grant", objects.collect())
}

/// `cors_rule`
pub(super) async fn cors(aws: &Aws, bucket: &str, schema: &BlockSchema) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_cors().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketCORS", call))?;
    let block = inner(schema, "cors_rule");
    let object = |rule: CorsRule| {
        block.object([
            ("allowed_headers", text_list(rule.allowed_headers())),
            ("allowed_methods", text_list(rule.allowed_methods())),
            ("allowed_origins", text_list(rule.allowed_origins())),
            ("expose_headers", text_list(rule.expose_headers())),
            ("max_age_seconds", integer(rule.max_age_seconds.or(Some(0)))),
        ])
    };
    let rules = found.and_then(|found| found.cors_rules).unwrap_or_default();
    Ok(holding(schema, "cors_rule", rules.into_iter().map(object).collect()))
}

/// `logging`
pub(super) async fn logging(aws: &Aws, bucket: &str, schema: &BlockSchema) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_logging().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketLogging", call))?;
    Ok(match found.and_then(|found| found.logging_enabled) {
        Some(logging) => one(
            schema,
            "logging",
            [
                ("target_bucket", Value::string(logging.target_bucket())),
                ("target_prefix", Value::string(logging.target_prefix())),
            ],
        ),
        None => none(schema, "logging"),
    })
}

/// `versioning`
pub(super) async fn versioning(
    aws: &Aws,
    bucket: &str,
    schema: &BlockSchema,
) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_versioning().bucket(bucket).send().await;
    Ok(match part(answer("s3:GetBucketVersioning", call))? {
        Some(found) => one(
            schema,
            "versioning",
            [
                ("enabled", boolean(Some(found.status() == Some(&BucketVersioningStatus::Enabled)))),
                ("mfa_delete", boolean(Some(found.mfa_delete() == Some(&MfaDeleteStatus::Enabled)))),
            ],
        ),
        None => none(schema, "versioning"),
    })
}

/// `server_side_encryption_configuration`
pub(super) async fn encryption(
    aws: &Aws,
    bucket: &str,
    schema: &BlockSchema,
) -> Result<Value, OperationError> {
    let call = aws.s3().get_bucket_encryption().bucket(bucket).send().await;
    let found = part(answer("s3:GetEncryptionConfiguration", call))?;
    let name = "server_side_encryption_configuration";
    let Some(found) = found.and_then(|found| found.server_side_encryption_configuration) else {
        return Ok(none(schema, name));
    };
    let block = inner(schema, name);
    let rule = inner(block, "rule");
    let object = |live: &aws_sdk_s3::types::ServerSideEncryptionRule| {
        let by_default = "apply_server_side_encryption_by_default";
        let default = live.apply_server_side_encryption_by_default();
        let default = default.map_or_else(
            || none(rule, by_default),
            |default| {
                one(
                    rule,
                    by_default,
                    [
                        ("sse_algorithm", Value::string(default.sse_algorithm().as_str())),
                        ("kms_master_key_id", Value::string(default.kms_master_key_id().unwrap_or_default())),
                    ],
                )
            },
        );
        rule.object([
            (by_default, default),
            ("bucket_key_enabled", boolean(Some(live.bucket_key_enabled() == Some(true)))),
        ])
    };
    let rules = holding(block, "rule", found.rules().iter().map(object).collect());
    Ok(one(schema, name, [("rule", rules)]))
}

/// What S3 says of object lock, if the bucket has it.
pub(super) async fn object_lock(
    aws: &Aws,
    bucket: &str,
) -> Result<Option<ObjectLockConfiguration>, OperationError> {
    let call = aws.s3().get_object_lock_configuration().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketObjectLockConfiguration", call))?;
    Ok(found.and_then(|found| found.object_lock_configuration))
}

/// Whether objects can be locked.
pub(super) fn is_locking(found: Option<&ObjectLockConfiguration>) -> bool {
    found.is_some_and(|found| found.object_lock_enabled() == Some(&ObjectLockEnabled::Enabled))
}

/// `object_lock_configuration`
pub(super) fn object_lock_block(found: Option<&ObjectLockConfiguration>, schema: &BlockSchema) -> Value {
    let name = "object_lock_configuration";
    let Some(found) = found else { return none(schema, name) };
    let block = inner(schema, name);
    let rule = inner(block, "rule");
    let retention = found.rule().and_then(|rule| rule.default_retention()).map(|retention| {
        let retention = one(
            rule,
            "default_retention",
            [
                ("days", integer(retention.days.or(Some(0)))),
                ("mode", text(retention.mode().map(|mode| mode.as_str()))),
                ("years", integer(retention.years.or(Some(0)))),
            ],
        );
        one(block, "rule", [("default_retention", retention)])
    });
    one(
        schema,
        name,
        [
            ("object_lock_enabled", text(found.object_lock_enabled().map(|enabled| enabled.as_str()))),
            ("rule", retention.unwrap_or_else(|| none(block, "rule"))),
        ],
    )
}

/// All tags of a bucket.
pub(super) async fn tags(aws: &Aws, bucket: &str) -> Result<BTreeMap<String, String>, OperationError> {
    let call = aws.s3().get_bucket_tagging().bucket(bucket).send().await;
    let found = part(answer("s3:GetBucketTagging", call))?;
    let tags = found.map(|found| found.tag_set).unwrap_or_default();
    Ok(tags.into_iter().map(|tag| (tag.key, tag.value)).collect())
}
