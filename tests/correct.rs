//! `recon correct`: drift is put back, and nothing beside it.

mod support;

use serde_json::Value as Json;

use support::aws::Aws;
use support::stack::Stack;

const THIS: &str = "aws_cloudwatch_log_group.this";

fn group(name: &str, days: u32, tags: &str) -> String {
    format!(
        r#"
resource "aws_cloudwatch_log_group" "{name}" {{
  name              = "{name}"
  retention_in_days = {days}
  tags              = {tags}
}}
"#
    )
}

fn code(days: u32, tags: &str) -> String {
    let provider = "provider \"aws\" {\n  region = \"eu-west-3\"\n}\n";
    format!("{provider}{}{}", group("this", days, tags), group("other", 7, "{}"))
}

fn applied(aws: &Aws, text: &str) -> Stack {
    let stack = Stack::new(aws);
    stack.write("main.tf", text);
    stack.recon(&["apply", "--auto-approve"]).success();
    stack
}

async fn set_days(aws: &Aws, name: &str, days: i32) {
    let call = aws.logs().put_retention_policy().log_group_name(name).retention_in_days(days);
    call.send().await.unwrap();
}

async fn days(aws: &Aws, name: &str) -> Option<i32> {
    let groups = aws.logs().describe_log_groups().log_group_name_prefix(name).send().await.unwrap();
    groups.log_groups().first().unwrap().retention_in_days()
}

#[expect(deprecated, reason = "the local AWS has the older call only")]
async fn tag(aws: &Aws, name: &str, key: &str, value: &str) {
    aws.logs().tag_log_group().log_group_name(name).tags(key, value).send().await.unwrap();
}

#[expect(deprecated, reason = "the local AWS has the older call only")]
async fn tags(aws: &Aws, name: &str) -> Vec<(String, String)> {
    let found = aws.logs().list_tags_log_group().log_group_name(name).send().await.unwrap();
    let mut tags: Vec<_> = found.tags().cloned().unwrap_or_default().into_iter().collect();
    tags.sort();
    tags
}

/// The statuses of what is not in sync, by name.
fn statuses(stack: &Stack) -> Vec<(String, String)> {
    let report: Json = stack.recon(&["drift", "--json"]).success().json();
    let mut found = Vec::new();
    for resource in report["resources"].as_array().unwrap() {
        let address = resource["address"].as_str().unwrap();
        let attributes = resource["attributes"].as_array().unwrap();
        for attribute in attributes {
            let name = format!("{address}.{}", attribute["path"].as_str().unwrap());
            found.push((name, attribute["status"].as_str().unwrap().to_owned()));
        }
        if attributes.is_empty() && resource["status"] != "in_sync" {
            found.push((address.to_owned(), resource["status"].as_str().unwrap().to_owned()));
        }
    }
    found
}

fn named(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, status)| ((*name).to_owned(), (*status).to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_touches_neither_a_pending_change_nor_another_drift() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code(7, "{ a = \"1\" }"));
    set_days(&aws, "this", 14).await;
    set_days(&aws, "other", 30).await;
    // The code is ahead in an attribute of the same object.
    stack.write("main.tf", &code(7, "{ a = \"2\" }"));
    let before = statuses(&stack);
    let drifted = "aws_cloudwatch_log_group.this.retention_in_days";
    let pending = "aws_cloudwatch_log_group.this.tags[\"a\"]";
    let other = "aws_cloudwatch_log_group.other.retention_in_days";
    assert_eq!(before, named(&[(other, "drifted"), (drifted, "drifted"), (pending, "pending")]));

    let shown = stack.recon(&["correct", THIS, "--dry-run", "--no-color"]).success();
    assert!(shown.stdout.contains("retention_in_days: 14 → 7"), "{shown}");
    assert_eq!(statuses(&stack), before);

    let output = stack.recon(&["correct", THIS, "--auto-approve", "--no-color"]).success();
    assert!(!output.stdout.contains("tags") && !output.stdout.contains("other"), "{output}");
    assert_eq!((days(&aws, "this").await, days(&aws, "other").await), (Some(7), Some(30)));
    assert_eq!(tags(&aws, "this").await, named(&[("a", "1")]));
    assert_eq!(statuses(&stack), named(&[(other, "drifted"), (pending, "pending")]));
    let again = stack.recon(&["correct", THIS, "--auto-approve"]).success();
    assert!(again.stdout.contains("Nothing drifted there."), "{again}");
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["drift", "--detailed-exitcode"]).code(0);
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_attribute_is_corrected_alone() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code(7, "{ a = \"1\" }"));
    set_days(&aws, "this", 14).await;
    tag(&aws, "this", "a", "changed").await;
    tag(&aws, "this", "b", "new").await;
    stack.recon(&["correct", "aws_cloudwatch_log_group.this.tags[\"a\"]", "--auto-approve"]).success();
    assert_eq!(tags(&aws, "this").await, named(&[("a", "1"), ("b", "new")]));
    assert_eq!(days(&aws, "this").await, Some(14));
    let days_left = "aws_cloudwatch_log_group.this.retention_in_days";
    let tag_left = "aws_cloudwatch_log_group.this.tags[\"b\"]";
    assert_eq!(statuses(&stack), named(&[(days_left, "drifted"), (tag_left, "drifted")]));
    stack.recon(&["correct", "aws_cloudwatch_log_group.*", "--auto-approve"]).success();
    assert_eq!(statuses(&stack), named(&[]));
    assert_eq!(tags(&aws, "this").await, named(&[("a", "1")]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_changed_is_refused() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code(7, "{}"));
    set_days(&aws, "this", 14).await;
    stack.write("main.tf", &code(30, "{}"));
    let output = stack.recon(&["correct", THIS, "--auto-approve", "--no-color"]).code(1);
    assert!(output.stdout.contains("the code was changed as well"), "{output}");
    assert_eq!(days(&aws, "this").await, Some(14));
    // The lock is free again.
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_eq!(days(&aws, "this").await, Some(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_with_an_object_needs_a_word() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code(7, "{}"));
    aws.logs().delete_log_group().log_group_name("this").send().await.unwrap();
    set_days(&aws, "other", 30).await;
    let output = stack.recon(&["correct", THIS, "--auto-approve", "--no-color"]).code(1);
    assert!(output.stdout.contains("--recreate"), "{output}");
    stack.recon(&["correct", THIS, "--auto-approve", "--recreate"]).success();
    assert_eq!((days(&aws, "this").await, days(&aws, "other").await), (Some(7), Some(30)));
    let other = "aws_cloudwatch_log_group.other.retention_in_days";
    assert_eq!(statuses(&stack), named(&[(other, "drifted")]));
    let output = stack.recon(&["correct", "aws_cloudwatch_log_group.none", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("No such object"), "{output}");
    let output = stack.recon(&["correct", "this..", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("Error"), "{output}");
}

/// A role of the same name with another path: only another role can be what the code says.
#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_needs_a_word() {
    let aws = Aws::fresh();
    let role = |prevent: &str| {
        format!(
            r#"
provider "aws" {{
  region = "eu-west-3"
}}
resource "aws_iam_role" "this" {{
  name               = "this"
  path               = "/ours/"
  assume_role_policy = jsonencode({{ Version = "2012-10-17", Statement = [] }})
  lifecycle {{
    prevent_destroy = {prevent}
  }}
}}
"#
        )
    };
    let stack = applied(&aws, &role("false"));
    aws.iam().delete_role().role_name("this").send().await.unwrap();
    let document = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let made =
        aws.iam().create_role().role_name("this").path("/theirs/").assume_role_policy_document(document);
    made.send().await.unwrap();
    let path = || async {
        let role = aws.iam().get_role().role_name("this").send().await.unwrap();
        role.role().unwrap().path().to_owned()
    };
    let output = stack.recon(&["correct", "aws_iam_role.this", "--auto-approve", "--no-color"]).code(1);
    assert!(output.stdout.contains("--replace"), "{output}");
    assert_eq!(path().await, "/theirs/");
    // Where nothing is carried out prevent_destroy is no error: it is drift that is told of.
    stack.write("main.tf", &role("true"));
    assert!(statuses(&stack).iter().any(|(name, status)| name.ends_with(".path") && status == "drifted"));
    let output =
        stack.recon(&["correct", "aws_iam_role.this", "--auto-approve", "--replace", "--no-color"]).code(1);
    assert!(output.stdout.contains("prevent_destroy"), "{output}");
    assert_eq!(path().await, "/theirs/");
    stack.write("main.tf", &role("false"));
    stack.recon(&["correct", "aws_iam_role.this", "--auto-approve", "--replace"]).success();
    assert_eq!(path().await, "/ours/");
    assert_eq!(statuses(&stack), named(&[]));
}

/// A rule is written, holds at once, and leaves the rest of the file alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_by_hand_is_a_rule_of_the_file() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code(7, "{}"));
    set_days(&aws, "this", 14).await;
    set_days(&aws, "other", 14).await;
    let why = ["--reason", "load test", "--until", "2999-01-31"];
    let output =
        stack.recon(&[&["ignore", "aws_cloudwatch_log_group.this.retention_in_days"], &why[..]].concat());
    output.success();
    let other = "aws_cloudwatch_log_group.other.retention_in_days";
    let this = "aws_cloudwatch_log_group.this.retention_in_days";
    assert_eq!(statuses(&stack), named(&[(other, "drifted"), (this, "ignored")]));
    let report: Json =
        stack.recon(&["drift", "--json", "--type", "aws_cloudwatch_log_group"]).success().json();
    let rule = &report["resources"][1]["attributes"][0]["rule"];
    assert_eq!(rule, "ignore aws_cloudwatch_log_group.this.retention_in_days");

    let before = stack.read("recon.hcl") + "# the end\n";
    stack.write("recon.hcl", &before);
    stack.recon(&["ignore", "aws_cloudwatch_log_group.*", "--reason", "never mind"]).success();
    assert_eq!(statuses(&stack), named(&[(other, "ignored"), (this, "ignored")]));
    let text = stack.read("recon.hcl");
    let added = text.len() - before.len();
    let common = text.bytes().zip(before.bytes()).take_while(|(new, old)| new == old).count();
    assert_eq!(text[common + added..], before[common..], "{text}");

    for (arguments, said) in [
        (vec!["ignore", "aws_lb.a", "--reason", "x", "--until", "2020-01-01"], "is over"),
        (vec!["ignore", "aws_lb.a", "--reason", "x", "--until", "soon"], "no day of the calendar"),
        (vec!["ignore", "aws_lb.a", "--reason", " "], "Missing reason"),
        (vec!["ignore", "aws_lb", "--reason", "x"], "Invalid attribute address"),
    ] {
        let output = stack.recon(&arguments).code(1);
        assert!(output.stderr.contains(said), "{output}");
    }
    assert_eq!(stack.read("recon.hcl"), text);
    stack.remove("recon.hcl").write("recon.hcl.json", "{}");
    let output = stack.recon(&["ignore", "aws_lb.a", "--reason", "x"]).code(1);
    assert!(output.stderr.contains("Not a file for people"), "{output}");
}
