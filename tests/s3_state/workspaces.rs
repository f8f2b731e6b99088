//! Workspaces, in S3 and in the stack's directory.

use crate::support::ministack::Bucket;
use crate::support::stack::{Output, Run, Stack};

const RESOURCE: &str = "resource \"terraform_data\" \"a\" {\n  input = terraform.workspace\n}\n";

fn flat(output: &Output) -> String {
    output.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The whole life of a workspace.
fn live(stack: &Stack, recon: impl Fn(&[&str]) -> Run) {
    assert_eq!(recon(&["workspace", "show"]).success().stdout, "default\n");
    recon(&["apply", "--auto-approve"]).success();
    recon(&["workspace", "new", "stage"]).success();
    // As Terraform writes it: without a line end.
    assert_eq!(stack.read(".terraform/environment"), "stage");
    assert_eq!(recon(&["workspace", "list"]).success().stdout, "  default\n* stage\n");
    let again = recon(&["workspace", "new", "stage"]).code(1);
    assert!(flat(&again).contains("already exists"), "{again}");
    let applied = recon(&["apply", "--auto-approve"]).success();
    assert!(applied.stdout.contains("1 added"), "its state is its own: {applied}");
    let current = recon(&["workspace", "delete", "stage"]).code(1);
    assert!(flat(&current).contains("the one that is selected"), "{current}");
    recon(&["workspace", "select", "default"]).success();
    let shown = recon(&["show"]).success();
    assert!(shown.stdout.contains("input  = \"default\""), "{shown}");
    // The environment goes before what is selected.
    let shown = recon(&["show"]).env("TF_WORKSPACE", "stage").success();
    assert!(shown.stdout.contains("input  = \"stage\""), "{shown}");
    let refused = recon(&["workspace", "select", "stage"]).env("TF_WORKSPACE", "default").code(1);
    assert!(flat(&refused).contains("TF_WORKSPACE"), "{refused}");
    let filled = recon(&["workspace", "delete", "stage"]).code(1);
    assert!(flat(&filled).contains("- terraform_data.a"), "{filled}");
    recon(&["workspace", "delete", "--force", "stage"]).success();
    assert_eq!(recon(&["workspace", "list"]).success().stdout, "* default\n");
    for (arguments, problem) in [
        (["workspace", "select", "stage"], "doesn't exist"),
        (["workspace", "delete", "stage"], "doesn't exist"),
        (["workspace", "new", "a/b"], "is not allowed"),
        (["workspace", "new", ".."], "is not allowed"),
        (["workspace", "delete", "default"], "cannot be deleted"),
    ] {
        let output = recon(&arguments).code(1);
        assert!(flat(&output).contains(problem), "{output}");
    }
    recon(&["workspace", "select", "--or-create", "other"]).success();
    assert_eq!(recon(&["workspace", "show"]).success().stdout, "other\n");
}

#[test]
fn a_workspace_lives_in_the_stacks_directory() {
    let stack = Stack::offline();
    stack.write("main.tf", RESOURCE);
    live(&stack, |arguments| stack.recon(arguments));
    assert!(stack.path("terraform.tfstate.d/other").is_dir());
    assert!(!stack.path("terraform.tfstate.d/stage").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_lives_in_s3() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let arguments = "use_lockfile = true\n    dynamodb_table = \"TABLE\"";
    stack.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("w/a.tfstate", arguments)));
    tokio::task::block_in_place(|| live(&stack, |arguments| bucket.recon(&stack, arguments)));
    assert_eq!(bucket.keys().await, ["env:/other/w/a.tfstate", "w/a.tfstate"]);
    let digest = bucket.item(&format!("{}/env:/stage/w/a.tfstate-md5", bucket.name), "Digest").await;
    assert_eq!(digest, None, "the digest went with the state");
    assert_eq!(bucket.json("env:/other/w/a.tfstate").await["serial"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_prefix_of_workspaces_is_the_blocks() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let text = bucket.backend("a.tfstate", "workspace_key_prefix = \"spaces\"");
    stack.write("main.tf", &format!("{text}{RESOURCE}"));
    bucket.recon(&stack, &["apply", "--auto-approve"]).env("TF_WORKSPACE", "blue").success();
    // What is no workspace's state is none's.
    bucket.put("spaces/green/other.tfstate", "{}").await;
    bucket.put("spaces/a.tfstate", "{}").await;
    let listed = bucket.recon(&stack, &["workspace", "list"]).success();
    assert_eq!(listed.stdout, "* default\n  blue\n");
    assert!(bucket.keys().await.contains(&"spaces/blue/a.tfstate".to_owned()));
}

#[test]
fn a_plan_is_for_its_own_workspace() {
    let stack = Stack::offline();
    stack.write("main.tf", RESOURCE);
    stack.recon(&["diff", "--out", "plan"]).success();
    stack.recon(&["workspace", "new", "stage"]).success();
    let refused = stack.recon(&["apply", "plan"]).code(1);
    assert!(flat(&refused).contains("was made in the workspace \"default\""), "{refused}");
    stack.recon(&["workspace", "select", "default"]).success();
    stack.recon(&["apply", "plan"]).success();
}
