//! `aws_s3_bucket_policy` and `aws_s3_bucket_ownership_controls`, read back through the SDK.

use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls, OwnershipControlsRule};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const POLICY: &str = "aws_s3_bucket_policy";
const CONTROLS: &str = "aws_s3_bucket_ownership_controls";

/// A bucket, whose name no other account has.
async fn bucket(aws: &Aws, name: &str) -> String {
    let name = format!("{name}-{}", aws.account());
    let place = aws_sdk_s3::types::BucketLocationConstraint::from(aws.region());
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build();
    aws.s3().create_bucket().bucket(&name).create_bucket_configuration(place).send().await.unwrap();
    name
}

fn document(bucket: &str, action: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"a","Effect":"Allow","Principal":"*","Action":["s3:{action}","s3:ListBucket"],"Resource":["arn:aws:s3:::{bucket}","arn:aws:s3:::{bucket}/*"]}}]}}"#
    )
}

fn policy_of(bucket: &str, document: &str) -> String {
    format!("bucket = {bucket:?}\npolicy = {}", serde_json::to_string(document).unwrap())
}

async fn live_policy(aws: &Aws, bucket: &str) -> serde_json::Value {
    let answer = aws.s3().get_bucket_policy().bucket(bucket).send().await.unwrap();
    serde_json::from_str(answer.policy().unwrap()).unwrap()
}

#[tokio::test]
async fn a_policy_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "shared").await;
    let policy = Lifecycle::new(POLICY, &aws);
    let made = policy.create(&policy_of(&name, &document(&name, "GetObject"))).await;
    assert_eq!(made.text("id"), Some(&*name));
    let (changed, paths) = policy.update(&made, &policy_of(&name, &document(&name, "PutObject"))).await;
    assert_eq!(paths, [".policy"]);
    let live = live_policy(&aws, &name).await;
    assert_eq!(live["Statement"][0]["Action"][0], "s3:PutObject");
    // The same in another order and other words.
    let spelt = format!(
        "\n{{ \"Statement\": {{ \"Resource\": [\"arn:aws:s3:::{name}/*\", \"arn:aws:s3:::{name}\"], \"Principal\": \"*\", \
         \"Action\": [\"s3:ListBucket\", \"s3:PutObject\"], \"Effect\": [\"Allow\"], \"Sid\": \"a\" }}, \"Version\": \
         \"2012-10-17\" }}\n"
    );
    assert_eq!(policy.plan(Some(&changed), &policy_of(&name, &spelt)).changes, [""; 0]);
    let (spelt, _) = policy.update(&changed, &policy_of(&name, &spelt)).await;
    let imported = policy.read(&policy.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported, spelt);
    let elsewhere = policy.plan(Some(&spelt), &policy_of("other", &document(&name, "PutObject")));
    assert_eq!(elsewhere.replace, [".bucket"]);
    policy.delete(&spelt).await;
    assert!(aws.s3().get_bucket_policy().bucket(&name).send().await.is_err());
    assert!(policy.ty.import_seed("a/b").is_err());
}

#[tokio::test]
async fn a_bucket_without_a_policy_and_no_bucket_have_none() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "plain").await;
    let seeds = |ty: &Lifecycle| [&*name, "no-such-bucket-here"].map(|name| ty.ty.import_seed(name).unwrap());
    for kind in [POLICY, CONTROLS] {
        let ty = Lifecycle::new(kind, &aws);
        let read = ty.read_all(&seeds(&ty)).await;
        assert!(matches!(read[..], [ReadResult::Missing, ReadResult::Missing]), "{kind}: {read:?}");
    }
}

/// What S3 answers of a principal that it does not know (yet) is scripted: the local AWS knows all.
#[tokio::test]
async fn a_policy_waits_for_its_principal_and_for_s3() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "waiting").await;
    let proxy = Proxy::before(&aws);
    let put = format!("s3.PUT /{name}/");
    proxy.rule(Rule::on(&put).call(1).fail(400, "MalformedPolicy", "Invalid principal in policy"));
    proxy.rule(Rule::on(&put).call(2).fail(409, "OperationAborted", "try again"));
    let policy = Lifecycle::new(POLICY, &aws.through(proxy.endpoint()));
    policy.create(&policy_of(&name, &document(&name, "GetObject"))).await;
    assert_eq!(proxy.count(&put), 3);
    proxy.forget_calls();
    proxy.rule(Rule::on(&put).fail(400, "MalformedPolicy", "Action does not apply"));
    let error = policy.create_fails(&policy_of(&name, &document(&name, "GetObject"))).await;
    assert_eq!((error.kind, &*error.operation), (ErrorKind::Invalid, "s3:PutBucketPolicy"));
    assert_eq!(proxy.count(&put), 1);
}

#[tokio::test]
async fn a_read_without_permission_names_the_action() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "closed").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on(&format!("s3.GET /{name}/")).fail(403, "AccessDenied", "Access Denied"));
    for (kind, action) in [(POLICY, "s3:GetBucketPolicy"), (CONTROLS, "s3:GetBucketOwnershipControls")] {
        let ty = Lifecycle::new(kind, &aws.through(proxy.endpoint()));
        let read = ty.read_all(&[ty.ty.import_seed(&name).unwrap()]).await;
        let [ReadResult::Unreadable(error)] = &read[..] else { panic!("{read:?}") };
        assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, action));
    }
}

async fn ownership(aws: &Aws, bucket: &str) -> ObjectOwnership {
    let answer = aws.s3().get_bucket_ownership_controls().bucket(bucket).send().await.unwrap();
    answer.ownership_controls().unwrap().rules()[0].object_ownership().clone()
}

#[tokio::test]
async fn ownership_is_chosen_changed_imported_and_left_to_s3() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "owned").await;
    let controls = Lifecycle::new(CONTROLS, &aws);
    let code =
        |ownership: &str| format!("bucket = {name:?}\nrule {{\n  object_ownership = {ownership:?}\n}}");
    let made = controls.create(&code("BucketOwnerPreferred")).await;
    assert_eq!(made.text("id"), Some(&*name));
    assert_eq!(ownership(&aws, &name).await, ObjectOwnership::BucketOwnerPreferred);
    let mut object = made;
    for word in ["ObjectWriter", "BucketOwnerEnforced"] {
        let (changed, paths) = controls.update(&object, &code(word)).await;
        assert_eq!(paths, [".rule[0].object_ownership"]);
        assert_eq!(ownership(&aws, &name).await.as_str(), word);
        object = changed;
    }
    // Somebody else's doing is seen.
    let rule =
        OwnershipControlsRule::builder().object_ownership(ObjectOwnership::ObjectWriter).build().unwrap();
    let other = OwnershipControls::builder().rules(rule).build().unwrap();
    aws.s3().put_bucket_ownership_controls().bucket(&name).ownership_controls(other).send().await.unwrap();
    let imported = controls.read(&controls.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported.block("rule").unwrap().text("object_ownership"), Some("ObjectWriter"));
    let plan = controls.plan(Some(&imported), &code("BucketOwnerEnforced"));
    assert_eq!(plan.changes, [".rule[0].object_ownership"]);
    assert_eq!(
        controls.plan(Some(&object), &code("ObjectWriter").replace("owned", "x")).replace,
        [".bucket"]
    );
    controls.delete(&object).await;
    assert!(aws.s3().get_bucket_ownership_controls().bucket(&name).send().await.is_err());
    assert!(controls.ty.import_seed("a,123456789012").is_err());
}

#[tokio::test]
async fn what_s3_would_refuse_is_said_offline() {
    let aws = Aws::fresh();
    let policy = Lifecycle::new(POLICY, &aws);
    let long = "b".repeat(64);
    for (text, word) in [
        (policy_of("b", ""), "empty"),
        (policy_of("b", "[]"), "array"),
        (policy_of("b", "{\"a\": 1"), "not valid JSON"),
        (policy_of(&long, "{}"), "1 to 63"),
        (policy_of("", "{}"), "1 to 63"),
    ] {
        let said = errors(&policy.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
    let controls = Lifecycle::new(CONTROLS, &aws);
    let said =
        errors(&controls.problems("bucket = \"b\"\nrule {\n  object_ownership = \"ObjectWriters\"\n}"));
    assert!(said.len() == 1 && said[0].contains("ObjectWriter"), "{said:?}");
}
