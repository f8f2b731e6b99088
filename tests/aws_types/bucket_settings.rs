use aws_sdk_s3::types::{
    BucketVersioningStatus, PublicAccessBlockConfiguration, ServerSideEncryptionRule, VersioningConfiguration,
};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const VERSIONING: &str = "aws_s3_bucket_versioning";
const ENCRYPTION: &str = "aws_s3_bucket_server_side_encryption_configuration";
const PUBLIC_ACCESS: &str = "aws_s3_bucket_public_access_block";

/// A bucket, whose name no other account has.
async fn bucket(aws: &Aws, name: &str) -> String {
    let name = format!("{name}-{}", aws.account());
    let place = aws_sdk_s3::types::BucketLocationConstraint::from(aws.region());
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build();
    aws.s3().create_bucket().bucket(&name).create_bucket_configuration(place).send().await.unwrap();
    name
}

async fn status(aws: &Aws, bucket: &str) -> Option<BucketVersioningStatus> {
    aws.s3().get_bucket_versioning().bucket(bucket).send().await.unwrap().status
}

#[tokio::test]
async fn versioning_is_enabled_suspended_imported_and_left_suspended() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "versioned").await;
    let versioning = Lifecycle::new(VERSIONING, &aws);
    let code = |status: &str| {
        format!("bucket = \"{name}\"\nversioning_configuration {{\n  status = \"{status}\"\n}}")
    };
    let made = versioning.create(&code("Enabled")).await;
    assert_eq!(made.text("id"), Some(&*name));
    assert_eq!(status(&aws, &name).await, Some(BucketVersioningStatus::Enabled));
    let (changed, paths) = versioning.update(&made, &code("Suspended")).await;
    assert_eq!(paths, [".versioning_configuration[0].status"]);
    assert_eq!(status(&aws, &name).await, Some(BucketVersioningStatus::Suspended));
    let refused = versioning.plan(Some(&changed), &code("Disabled"));
    assert!(refused.problems[0].detail.contains("Suspended"), "{refused:?}");
    let (again, _) = versioning.update(&changed, &code("Enabled")).await;
    let imported = versioning.read(&versioning.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported, again);
    versioning.ty.delete(&versioning.connection, &again).await.unwrap();
    assert_eq!(status(&aws, &name).await, Some(BucketVersioningStatus::Suspended));
    let other = "bucket = \"b\"\nversioning_configuration {\n  status = \"Disabled\"\n}";
    let moved = versioning.plan(Some(&again), other);
    assert_eq!((moved.replace, moved.problems.len()), (vec![".bucket".to_owned()], 0));
}

#[tokio::test]
async fn a_bucket_that_never_was_versioned_stays_so() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "plain").await;
    let versioning = Lifecycle::new(VERSIONING, &aws);
    let code = format!(
        "bucket = \"{name}\"\nexpected_bucket_owner = \"{}\"\nversioning_configuration {{\n  status = \"Disabled\"\n}}",
        aws.account()
    );
    let made = versioning.create(&code).await;
    assert_eq!(made.text("id"), Some(&*format!("{name},{}", aws.account())));
    assert_eq!(status(&aws, &name).await, None);
    let seed = versioning.ty.import_seed(made.text("id").unwrap()).unwrap();
    assert_eq!(versioning.read(&seed).await.unwrap(), made);
    versioning.ty.delete(&versioning.connection, &made).await.unwrap();
    assert_eq!(status(&aws, &name).await, None);
    // Somebody else's doing is seen.
    let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    aws.s3().put_bucket_versioning().bucket(&name).versioning_configuration(enabled).send().await.unwrap();
    let seen = versioning.read(&made).await.unwrap();
    assert_eq!(seen.block("versioning_configuration").unwrap().text("status"), Some("Enabled"));
}

/// The local AWS knows no MFA: what is sent is looked at, and what S3 would answer is scripted.
#[tokio::test]
async fn deletion_by_mfa_is_asked_for_with_the_code_of_the_device() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "guarded").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on(&format!("s3.GET /{name}/")).rewrite(|_, reply| {
        let text = reply.text().replace("</Status>", "</Status><MfaDelete>Enabled</MfaDelete>");
        reply.with_body(text)
    }));
    let versioning = Lifecycle::new(VERSIONING, &aws.through(proxy.endpoint()));
    let code = format!(
        "bucket = \"{name}\"\nmfa = \"arn:aws:iam::1:mfa/root 123456\"\nversioning_configuration {{\n  status = \
         \"Enabled\"\n  mfa_delete = \"Enabled\"\n}}"
    );
    versioning.create(&code).await;
    let calls = proxy.calls();
    let put = calls.iter().find(|call| call.request.method == "PUT").unwrap();
    assert_eq!(put.request.headers["x-amz-mfa"], "arn:aws:iam::1:mfa/root 123456");
    let body = String::from_utf8_lossy(&put.request.body).into_owned();
    assert!(body.contains("<MfaDelete>Enabled</MfaDelete>"), "{body}");
}

/// S3's error for a bucket whose objects may be locked; a reader may be behind for a moment.
#[tokio::test]
async fn locks_keep_versioning_and_old_answers_are_waited_out() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "slow").await;
    let proxy = Proxy::before(&aws);
    let versioning = Lifecycle::new(VERSIONING, &aws.through(proxy.endpoint()));
    let code = |status: &str| {
        format!("bucket = \"{name}\"\nversioning_configuration {{\n  status = \"{status}\"\n}}")
    };
    let made = versioning.create(&code("Enabled")).await;
    proxy.rule(
        Rule::on(&format!("s3.GET /{name}/"))
            .call(1)
            .rewrite(|_, reply| reply.clone().with_body(reply.text().replace("Suspended", "Enabled"))),
    );
    let (changed, _) = versioning.update(&made, &code("Suspended")).await;
    proxy.rule(Rule::on(&format!("s3.PUT /{name}/")).fail(
        409,
        "InvalidBucketState",
        "An Object Lock configuration",
    ));
    versioning.ty.delete(&versioning.connection, &changed).await.unwrap();
}

async fn encryption(aws: &Aws, bucket: &str) -> ServerSideEncryptionRule {
    let answer = aws.s3().get_bucket_encryption().bucket(bucket).send().await.unwrap();
    answer.server_side_encryption_configuration().unwrap().rules()[0].clone()
}

#[tokio::test]
async fn encryption_is_configured_changed_imported_and_given_back() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "secret").await;
    let subject = Lifecycle::new(ENCRYPTION, &aws);
    let code = |rule: &str| format!("bucket = \"{name}\"\nrule {{\n{rule}\n}}");
    let by_default = |text: &str| code(&format!("apply_server_side_encryption_by_default {{\n{text}\n}}"));
    let made = subject.create(&by_default("sse_algorithm = \"AES256\"")).await;
    assert_eq!(encryption(&aws, &name).await.bucket_key_enabled(), Some(false));
    let text =
        "sse_algorithm = \"aws:kms\"\nkms_master_key_id = \"alias/own\"\n}\nbucket_key_enabled = true\n";
    let with_key = code(&format!("apply_server_side_encryption_by_default {{\n{}", text.trim_end()));
    let (changed, paths) = subject.update(&made, &with_key).await;
    assert_eq!(paths, [".rule"]);
    let live = encryption(&aws, &name).await;
    let default = live.apply_server_side_encryption_by_default().unwrap();
    assert_eq!(
        (default.sse_algorithm().as_str(), default.kms_master_key_id()),
        ("aws:kms", Some("alias/own"))
    );
    assert_eq!(live.bucket_key_enabled(), Some(true));
    let imported = subject.read(&subject.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported, changed);
    assert_eq!(subject.plan(Some(&changed), &with_key.replace(&name, "another")).replace, [".bucket"]);
    subject.ty.delete(&subject.connection, &changed).await.unwrap();
    let live = encryption(&aws, &name).await;
    let default = live.apply_server_side_encryption_by_default().unwrap();
    assert_eq!((default.sse_algorithm().as_str(), default.kms_master_key_id()), ("AES256", None));
    subject.ty.delete(&subject.connection, &changed).await.unwrap();
}

/// S3 encrypts with its own keys where nothing else is said; another key by somebody else's hand is drift.
#[tokio::test]
async fn a_rule_that_says_nothing_is_s3s_own() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "silent").await;
    let subject = Lifecycle::new(ENCRYPTION, &aws);
    let code = format!("bucket = \"{name}\"\nrule {{\n  bucket_key_enabled = true\n}}");
    let made = subject.create(&code).await;
    assert_eq!(encryption(&aws, &name).await.bucket_key_enabled(), Some(true));
    let other = code.replace(
        "bucket_key_enabled = true",
        "apply_server_side_encryption_by_default {\n sse_algorithm = \"aws:kms\"\n}",
    );
    let (changed, _) = subject.update(&made, &other).await;
    assert_eq!(subject.plan(Some(&changed), &code).changes, [".rule"]);
    subject.update(&changed, &code).await;
}

async fn switches(aws: &Aws, bucket: &str) -> Option<PublicAccessBlockConfiguration> {
    let answer = aws.s3().get_public_access_block().bucket(bucket).send().await.ok()?;
    answer.public_access_block_configuration
}

#[tokio::test]
async fn public_access_is_blocked_switch_by_switch() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "private").await;
    let subject = Lifecycle::new(PUBLIC_ACCESS, &aws);
    let code = |switches: &str| format!("bucket = \"{name}\"\n{switches}");
    let mut object = subject.create(&code("")).await;
    assert_eq!(switches(&aws, &name).await.unwrap().block_public_acls(), Some(false));
    let names = ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];
    for on in names {
        let (changed, _) = subject.update(&object, &code(&format!("{on} = true"))).await;
        let live = switches(&aws, &name).await.unwrap();
        let live = [
            live.block_public_acls(),
            live.block_public_policy(),
            live.ignore_public_acls(),
            live.restrict_public_buckets(),
        ];
        assert_eq!(live, names.map(|name| Some(name == on)));
        object = changed;
    }
    let imported = subject.read(&subject.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported, object);
    assert_eq!(
        subject.plan(Some(&object), "bucket = \"b\"\nrestrict_public_buckets = true").replace,
        [".bucket"]
    );
    subject.delete(&object).await;
    assert!(switches(&aws, &name).await.is_none());
}

#[tokio::test]
async fn settings_of_a_bucket_that_is_gone_are_gone_too() {
    let aws = Aws::fresh();
    let gone = format!("gone-{}", aws.account());
    for ty in [VERSIONING, ENCRYPTION, PUBLIC_ACCESS] {
        let subject = Lifecycle::new(ty, &aws);
        let seed = subject.ty.import_seed(&gone).unwrap();
        assert!(subject.read(&seed).await.is_none(), "{ty}");
        subject.ty.delete(&subject.connection, &seed).await.unwrap();
        assert_eq!(subject.ty.part_of(), ["bucket"]);
    }
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let name = bucket(&aws, "denied").await;
    proxy.rule(Rule::on(&format!("s3.GET /{name}/")).fail(403, "AccessDenied", "Access Denied"));
    let through = aws.through(proxy.endpoint());
    for (ty, action) in [
        (VERSIONING, "s3:GetBucketVersioning"),
        (ENCRYPTION, "s3:GetEncryptionConfiguration"),
        (PUBLIC_ACCESS, "s3:GetBucketPublicAccessBlock"),
    ] {
        let subject = Lifecycle::new(ty, &through);
        let seed = subject.ty.import_seed(&name).unwrap();
        let ReadResult::Unreadable(error) = subject.read_all(&[seed]).await.remove(0) else { panic!("{ty}") };
        assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, action));
    }
}

#[tokio::test]
async fn settings_are_checked_offline() {
    let aws = Aws::fresh();
    let count = |ty: &str, text: &str| errors(&Lifecycle::new(ty, &aws).problems(text)).len();
    let versioning = |text: &str| count(VERSIONING, &format!("bucket = \"a\"\n{text}"));
    assert_eq!(versioning("versioning_configuration {\n  status = \"Enabled\"\n}"), 0);
    assert_eq!(versioning("versioning_configuration {\n  status = \"enabled\"\n  mfa_delete = \"On\"\n}"), 2);
    assert_eq!(
        versioning("expected_bucket_owner = \"me\"\nversioning_configuration {\n  status = \"Enabled\"\n}"),
        1
    );
    let rule = |text: &str| {
        count(
            ENCRYPTION,
            &format!("bucket = \"a\"\nrule {{\napply_server_side_encryption_by_default {{\n{text}\n}}\n}}"),
        )
    };
    assert_eq!(rule("sse_algorithm = \"aws:kms:dsse\"\nkms_master_key_id = \"k\""), 0);
    assert_eq!(rule("sse_algorithm = \"aes256\""), 1);
    assert_eq!(rule("sse_algorithm = \"AES256\"\nkms_master_key_id = \"k\""), 1);
    assert_eq!(
        count(
            ENCRYPTION,
            "bucket = \"a\"\nrule {\n  bucket_key_enabled = true\n}\nrule {\n  bucket_key_enabled = false\n}"
        ),
        1
    );
    assert_eq!(count(PUBLIC_ACCESS, &format!("bucket = \"{}\"", "a".repeat(64))), 1);
}
