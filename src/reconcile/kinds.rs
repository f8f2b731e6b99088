//! Kinds of objects that are corrected with more care than others.

/// Whether a type decides who may do or reach what: IAM, security groups and their rules, policies of resources, access
/// to buckets, keys.
pub fn is_security(ty: &str) -> bool {
    const TYPES: [&str; 12] = [
        "aws_security_group",
        "aws_default_security_group",
        "aws_key_pair",
        "aws_network_acl",
        "aws_network_acl_rule",
        "aws_default_network_acl",
        "aws_s3_bucket_acl",
        "aws_s3_bucket_ownership_controls",
        "aws_s3_bucket_public_access_block",
        "aws_s3_account_public_access_block",
        "aws_s3_bucket_server_side_encryption_configuration",
        "aws_lambda_permission",
    ];
    const BEGINNINGS: [&str; 5] =
        ["aws_iam_", "aws_security_group_", "aws_vpc_security_group_", "aws_kms_", "aws_secretsmanager_"];
    // Policies of scaling decide nothing of the kind.
    let is_policy = ty.ends_with("_policy") && !ty.contains("autoscaling") && !ty.contains("appautoscaling");
    TYPES.contains(&ty) || BEGINNINGS.iter().any(|beginning| ty.starts_with(beginning)) || is_policy
}

/// Whether a policy for who may do what is written in an attribute of this name, whatever its type.
pub fn is_security_attribute(name: &str) -> bool {
    [
        "policy",
        "assume_role_policy",
        "inline_policy",
        "managed_policy_arns",
        "security_groups",
        "vpc_security_group_ids",
    ]
    .contains(&name)
}

/// Whether an object of the type holds what is lost with it: made anew it is empty.
pub fn is_stateful(ty: &str) -> bool {
    const TYPES: [&str; 21] = [
        "aws_cloudwatch_log_group",
        "aws_db_instance",
        "aws_docdb_cluster",
        "aws_dynamodb_table",
        "aws_dynamodb_table_item",
        "aws_ebs_volume",
        "aws_ecr_repository",
        "aws_efs_file_system",
        "aws_eip",
        "aws_elasticache_cluster",
        "aws_elasticache_replication_group",
        "aws_instance",
        "aws_kinesis_stream",
        "aws_kms_key",
        "aws_opensearch_domain",
        "aws_rds_cluster",
        "aws_redshift_cluster",
        "aws_s3_bucket",
        "aws_secretsmanager_secret",
        "aws_sqs_queue",
        "aws_ssm_parameter",
    ];
    TYPES.contains(&ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_do_what() {
        for ty in [
            "aws_iam_role",
            "aws_iam_role_policy_attachment",
            "aws_security_group_rule",
            "aws_vpc_security_group_ingress_rule",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_sns_topic_policy",
            "aws_key_pair",
        ] {
            assert!(is_security(ty), "{ty}");
        }
        for ty in
            ["aws_autoscaling_policy", "aws_appautoscaling_policy", "aws_cloudwatch_log_group", "aws_lb"]
        {
            assert!(!is_security(ty), "{ty}");
        }
    }

    #[test]
    fn what_is_empty_when_it_is_made_anew() {
        assert!(["aws_kinesis_stream", "aws_s3_bucket", "aws_dynamodb_table"].into_iter().all(is_stateful));
        assert!(
            !["aws_security_group_rule", "aws_lb_listener", "aws_s3_bucket_policy"]
                .into_iter()
                .any(is_stateful)
        );
    }
}
