//! Buckets.

use recon::compare::object::{changed_paths, refreshed};
use recon::lang::convert::path_text;
use recon::provider::object::Object;
use recon::state::decode;

use crate::support::aws::Aws;
use crate::support::lifecycle::Lifecycle;
use crate::support::stack::Stack;
use crate::support::terraform::Terraform;

fn code(aws: &Aws) -> String {
    // Of all accounts' buckets, each has another name.
    include_str!("../data/buckets.tf").replace("NAME", &format!("b-{}", aws.account()))
}

/// Once applied by each: the other one has nothing to do.
#[test]
fn each_plans_no_change_on_the_buckets_that_the_other_made() {
    let terraform = Terraform::find();
    for is_ours in [false, true] {
        let aws = Aws::fresh();
        let stack = Stack::new(&aws);
        stack.write("main.tf", &code(&aws));
        terraform.run(&stack, &["init"]).success();
        if is_ours {
            stack.recon(&["apply", "--auto-approve"]).success();
            terraform.run(&stack, &["plan", "-detailed-exitcode", "-no-color"]).success();
            stack.replace("main.tf", "force_destroy       = true", "force_destroy = false");
            terraform.run(&stack, &["apply", "-auto-approve"]).success();
            stack.recon(&["diff", "--detailed-exitcode"]).success();
            terraform.run(&stack, &["destroy", "-auto-approve"]).success();
        } else {
            terraform.run(&stack, &["apply", "-auto-approve"]).success();
            stack.recon(&["diff", "--detailed-exitcode"]).success();
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// What Terraform recorded of buckets, the deprecated arguments included, is what recon reads.
#[tokio::test(flavor = "multi_thread")]
async fn recon_reads_buckets_as_terraform_recorded_them() {
    let terraform = Terraform::find();
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", &code(&aws));
    stack.write("settings.tf", include_str!("../data/bucket_settings.tf"));
    terraform.run(&stack, &["init"]).success();
    terraform.run(&stack, &["apply", "-auto-approve"]).success();
    // A bucket learns only afterwards how others configured it.
    terraform.run(&stack, &["apply", "-refresh-only", "-auto-approve"]).success();
    let state = stack.state();
    let mut seen = 0;
    for resource in state["resources"].as_array().unwrap() {
        let (kind, name) = (resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap());
        let is_ours = [
            "aws_s3_bucket",
            "aws_s3_bucket_lifecycle_configuration",
            "aws_s3_bucket_ownership_controls",
            "aws_s3_bucket_policy",
            "aws_s3_bucket_public_access_block",
            "aws_s3_bucket_versioning",
        ];
        if !is_ours.contains(&kind) && !kind.ends_with("_encryption_configuration") {
            continue;
        }
        let lifecycle = Lifecycle::new(kind, &aws);
        let schema = &lifecycle.ty.schema().block;
        let recorded = decode(&resource["instances"][0]["attributes"], &schema.implied_type());
        let live = lifecycle.read(&recorded).await.unwrap();
        let live = match recorded.get("tags") {
            Some(tags) => live.with("tags", tags),
            None => live,
        };
        let changes = changed_paths(schema, &recorded, &refreshed(schema, &recorded, &live));
        let changes: Vec<String> = changes.iter().map(|path| path_text(path)).collect();
        assert_eq!(changes, [""; 0], "{kind}.{name}: {live:#?}");
        seen += 1;
    }
    assert_eq!(seen, 11);
}
