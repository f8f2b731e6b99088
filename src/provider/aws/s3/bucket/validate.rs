//! Checks of a bucket's arguments.

use super::super::target;
use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::names::SUFFIX_LENGTH;
use crate::provider::object::Object;

/// The longest name of a bucket.
const MAX_NAME: usize = 63;

/// Arguments that say what a resource of its own says since version 4 of the AWS provider, and which.
const FOREIGN: [(&str, &str); 13] = [
    ("acceleration_status", "aws_s3_bucket_accelerate_configuration"),
    ("acl", "aws_s3_bucket_acl"),
    ("cors_rule", "aws_s3_bucket_cors_configuration"),
    ("grant", "aws_s3_bucket_acl"),
    ("lifecycle_rule", "aws_s3_bucket_lifecycle_configuration"),
    ("logging", "aws_s3_bucket_logging"),
    ("object_lock_configuration", "aws_s3_bucket_object_lock_configuration"),
    ("policy", "aws_s3_bucket_policy"),
    ("replication_configuration", "aws_s3_bucket_replication_configuration"),
    ("request_payer", "aws_s3_bucket_request_payment_configuration"),
    ("server_side_encryption_configuration", "aws_s3_bucket_server_side_encryption_configuration"),
    ("versioning", "aws_s3_bucket_versioning"),
    ("website", "aws_s3_bucket_website_configuration"),
];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    checks.conflict("bucket", "bucket_prefix");
    checks.length("bucket", 0..=MAX_NAME);
    checks.length("bucket_prefix", 0..=MAX_NAME - SUFFIX_LENGTH);
    let set: Vec<(&str, &str)> = FOREIGN.into_iter().filter(|(name, _)| checks.is_set(name)).collect();
    for (name, resource) in set {
        let lock =
            if name == "object_lock_configuration" { "set \"object_lock_enabled\" here and " } else { "" };
        problems.error(
            vec![PathStep::Attribute(name.into())],
            "Argument of another resource",
            format!(
                "recon does not configure \"{name}\" on the bucket itself, where AWS provider 5 deprecates it: {lock}say \
                 it with the resource \"{resource}\"."
            ),
        );
    }
}

/// Checks the name of a bucket that is to be made. Buckets that are there may have older names.
pub(super) fn check_new_name(config: &Value, problems: &mut Problems) {
    let given = |name: &str| config.text(name).filter(|text| !text.is_empty());
    let (argument, name) = match (given("bucket"), given("bucket_prefix")) {
        (Some(name), _) => ("bucket", name.to_owned()),
        (None, Some(prefix)) => ("bucket_prefix", format!("{prefix}{}", "0".repeat(SUFFIX_LENGTH))),
        (None, None) => return,
    };
    if let Some(fault) = target::fault(&name) {
        let detail = format!("{name:?} cannot be a bucket's name: it {fault}.");
        problems.error(vec![PathStep::Attribute(argument.into())], "Invalid bucket name", detail);
    }
}
