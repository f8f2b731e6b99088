//! `recon bootstrap state` on a local AWS: from an empty account to a bucket that keeps its own state.

use std::collections::BTreeSet;

use crate::support::aws::{Aws, REGION};
use crate::support::stack::Stack;

const MAIN: &str = include_str!("../../state/main.tf");

const POLICY: &str = "aws_s3_bucket_policy";

/// The types of the resources that the stack has, each once.
fn declared() -> BTreeSet<&'static str> {
    MAIN.split("\nresource \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// Writes the stack without its policy: that refuses all requests without TLS, and the local AWS has none.
fn write_without_policy(stack: &Stack) {
    for name in ["outputs.tf", "variables.tf", "versions.tf"] {
        let text = std::fs::read_to_string(format!("{}/state/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        stack.write(&format!("state/{name}"), &text);
    }
    let mut parts = MAIN.split("\nresource \"");
    let mut main = parts.next().unwrap().to_owned();
    for part in parts.filter(|part| !part.starts_with(&format!("{POLICY}\""))) {
        main += "\nresource \"";
        main += part;
    }
    stack.write("state/main.tf", &main);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_account_gets_a_bucket_that_keeps_its_own_state() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let bucket = format!("states-{}", aws.account());
    let command = [
        "bootstrap",
        "state",
        "--bucket",
        &bucket,
        "--region",
        REGION,
        "--lock-table",
        "locks",
        "--auto-approve",
    ];
    write_without_policy(&stack);
    stack.recon(&command).success();

    let s3 = aws.s3();
    let object = s3.get_object().bucket(&bucket).key("state/terraform.tfstate").send().await.unwrap();
    let text = object.body.collect().await.unwrap().into_bytes();
    let state: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(state["outputs"]["bucket"]["value"], bucket.as_str());
    let made = state["resources"].as_array().unwrap().iter();
    let made: BTreeSet<&str> = made.map(|resource| resource["type"].as_str().unwrap()).collect();
    let mut expected = declared();
    assert!(expected.remove(POLICY));
    assert_eq!(made, expected);
    assert!(!stack.path("state/terraform.tfstate").exists());

    // What the stack says is what the bucket is.
    let versioning = s3.get_bucket_versioning().bucket(&bucket).send().await.unwrap();
    assert_eq!(versioning.status().unwrap().as_str(), "Enabled");
    let block = s3.get_public_access_block().bucket(&bucket).send().await.unwrap();
    let block = block.public_access_block_configuration().unwrap();
    assert_eq!((block.block_public_policy(), block.restrict_public_buckets()), (Some(true), Some(true)));
    let lifecycle = s3.get_bucket_lifecycle_configuration().bucket(&bucket).send().await.unwrap();
    assert_eq!(lifecycle.rules()[0].id(), Some("old-versions"));

    // From the bucket it is as if nothing had happened, and once more is no more.
    stack.recon(&["diff", "--detailed-exitcode", "state"]).success();
    stack.recon(&["bootstrap", "state", "--auto-approve"]).success();
    stack.recon(&["diff", "--detailed-exitcode", "state"]).success();

    // Another stack keeps its state there with the same block and a key of its own.
    let backend =
        stack.read("state/backend.tf").replace("state/terraform.tfstate", "other/terraform.tfstate");
    stack.write("other/backend.tf", &backend);
    stack.write("other/main.tf", "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n");
    stack.recon(&["apply", "--auto-approve", "other"]).success();
    let objects = s3.list_objects_v2().bucket(&bucket).send().await.unwrap();
    let keys: Vec<&str> = objects.contents().iter().filter_map(|object| object.key()).collect();
    assert!(keys.contains(&"other/terraform.tfstate"), "{keys:?}");
}
