//! What drifted, made a part of the code.

use serde_json::Value as Json;

use crate::support::aws::Aws;
use crate::support::stack::{Output, Stack};

fn code(days: &str, tags: &str) -> String {
    format!(
        r#"
provider "aws" {{
  region = "eu-west-3"
}}

resource "aws_cloudwatch_log_group" "this" {{
  name              = "this"
  retention_in_days = {days}
  tags              = {tags}
}}
"#
    )
}

async fn set_days(aws: &Aws, name: &str, days: i32) {
    let call = aws.logs().put_retention_policy().log_group_name(name).retention_in_days(days);
    call.send().await.unwrap();
}

fn applied(aws: &Aws, code: &str) -> Stack {
    let stack = Stack::new(aws);
    stack.write("main.tf", code);
    stack.recon(&["apply", "--auto-approve"]).success();
    stack
}

fn rows(output: &Output) -> Vec<Json> {
    output.json_lines()
}

fn attribute(row: &Json) -> &str {
    row["attribute"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_instances_changed_under_load_is_one_line_of_the_values() {
    let aws = Aws::fresh();
    let stack = Stack::copied(&aws, "stacks", "pipeline");
    stack.replace(
        "../modules/telemetry/variables.tf",
        "\"telemetry-g.snowplowanalytics.com\"",
        "\"127.0.0.1:1\"",
    );
    stack.recon(&["apply", "--auto-approve"]).success();
    let groups = aws.autoscaling().describe_auto_scaling_groups().send().await.unwrap();
    let names = groups.auto_scaling_groups().iter().filter_map(|group| group.auto_scaling_group_name());
    let name = names.into_iter().find(|name| name.contains("collector")).unwrap().to_owned();
    let call = aws.autoscaling().update_auto_scaling_group().auto_scaling_group_name(&name).max_size(4);
    call.send().await.unwrap();

    let before = stack.read("terraform.tfvars");
    let shown = stack.recon(&["propose", "--no-color"]).success();
    assert!(shown.stdout.contains("+ec2_collector_max_size      = 4\n"), "{shown}");
    assert!(shown.stdout.contains("1 of 1 proposed."), "{shown}");
    assert_eq!(stack.read("terraform.tfvars"), before, "nothing is written unless it is asked for");

    stack.recon(&["propose", "--write"]).success();
    let changed = before.replace("ec2_collector_max_size      = 1\n", "ec2_collector_max_size      = 4\n");
    assert_ne!(changed, before);
    assert_eq!(stack.read("terraform.tfvars"), changed);

    let report = stack.recon(&["drift", "--json", "--detailed-exitcode"]).code(0).json();
    assert_eq!(report["summary"]["drifted"], 0);
    assert_eq!(report["summary"]["converged"], 1);
    let again = stack.recon(&["propose"]).success();
    assert!(again.stdout.contains("nothing drifted"), "{again}");
    // The record catches up, and AWS is left as it is.
    stack.recon(&["apply", "--auto-approve"]).success();
    let groups = aws.autoscaling().describe_auto_scaling_groups().auto_scaling_group_names(&name);
    let group = groups.send().await.unwrap().auto_scaling_groups()[0].clone();
    assert_eq!(group.max_size(), Some(4));
    let report = stack.recon(&["drift", "--json"]).success().json();
    assert_eq!(report["summary"]["in_sync"], report["summary"]["resources"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_one_that_git_takes() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code("7 # a week", "{ Name = \"this\" }"));
    set_days(&aws, "this", 14).await;
    let patch = stack.recon(&["propose", "--patch", "-"]).success().stdout;
    stack.write("drift.patch", &patch);
    stack.run("git", &["apply", "drift.patch"]).success();
    assert_eq!(stack.read("main.tf"), code("14 # a week", "{ Name = \"this\" }"));
    stack.recon(&["drift", "--detailed-exitcode"]).code(0);
    stack.recon(&["propose", "--patch", "other.patch"]).success();
    assert_eq!(stack.read("other.patch"), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_proposed_is_named_with_the_reason() {
    let aws = Aws::fresh();
    let groups = |days: u32| {
        let group = |name: &str, days: &str| {
            format!(
                "resource \"aws_cloudwatch_log_group\" \"{name}\" {{\n  name = \"{name}\"\n  retention_in_days = {days}\n}}\n"
            )
        };
        [
            "provider \"aws\" {\n  region = \"eu-west-3\"\n}\n".to_owned(),
            group("conflicted", &days.to_string()),
            group("corrected", "7"),
            group("ignored", "7"),
            group("gone", "7"),
            group("made", "max(7, 3)"),
            group("plain", "7"),
        ]
        .concat()
    };
    let stack = applied(&aws, &groups(7));
    stack.write(
        "recon.hcl",
        r#"
stack "here" {
  path = "."
}
drift {
  rule "put back" {
    match  = ["aws_cloudwatch_log_group.corrected"]
    action = "correct"
  }
  rule "never mind" {
    match  = ["aws_cloudwatch_log_group.ignored"]
    action = "ignore"
    reason = "a test"
  }
}
"#,
    );
    stack.write("main.tf", &groups(30));
    for name in ["conflicted", "corrected", "ignored", "made", "plain"] {
        set_days(&aws, name, 14).await;
    }
    aws.logs().delete_log_group().log_group_name("gone").send().await.unwrap();
    let output = stack.recon(&["propose", "--json", "--write"]).success();
    let rows = rows(&output);
    let of = |name: &str| {
        rows.iter().find(|row| attribute(row).starts_with(&format!("aws_cloudwatch_log_group.{name}")))
    };
    let why = |name: &str| of(name).unwrap()["reason"].as_str().unwrap().to_owned();
    assert!(why("conflicted").contains("the code was changed as well"));
    assert!(why("corrected").contains("put back"));
    assert!(why("gone").contains("AWS does not have it any more"));
    assert!(why("made").contains("max()"));
    assert!(of("ignored").is_none());
    assert_eq!(of("plain").unwrap()["proven"], true);
    assert_eq!(of("plain").unwrap()["class"], "literal");
    let changed = groups(30);
    let (head, tail) = changed.split_at(changed.find("\"plain\"").unwrap());
    assert_eq!(stack.read("main.tf"), format!("{head}{}", tail.replace("= 7", "= 14")));

    // Whoever names an object wants it in the code.
    let named =
        stack.recon(&["propose", "--address", "aws_cloudwatch_log_group.corrected", "--json"]).success();
    assert_eq!(named.json()["proven"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_proposed_that_would_change_another_stack() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let of = |name: &str| {
        format!(
            r#"
provider "aws" {{
  region = "eu-west-3"
}}
module "logs" {{
  source = "../logs"
  name   = "{name}"
}}
"#
        )
    };
    stack.write("a/main.tf", &of("a"));
    stack.write("b/main.tf", &of("b"));
    stack.write(
        "logs/main.tf",
        "variable \"name\" {}\nresource \"aws_cloudwatch_log_group\" \"this\" {\n  name = var.name\n  retention_in_days = 7\n}\n",
    );
    stack.write("recon.hcl", "stack \"a\" {\n  path = \"a\"\n}\nstack \"b\" {\n  path = \"b\"\n}\n");
    for name in ["a", "b"] {
        stack.recon(&["apply", "--auto-approve", name]).success();
    }
    set_days(&aws, "a", 14).await;
    let output = stack.recon(&["propose", "--json"]).success().json();
    assert_eq!(output["proven"], false);
    let why = output["reason"].as_str().unwrap();
    assert!(
        why.contains("module.logs.aws_cloudwatch_log_group.this.retention_in_days of the stack b"),
        "{why}"
    );

    // What cannot be evaluated cannot be proven.
    stack.write("b/broken.tf", "locals {\n  x = missing.thing\n}\n");
    let output = stack.recon(&["propose", "--json", "a"]).success().json();
    assert_eq!(output["proven"], false);
    let why = output["reason"].as_str().unwrap();
    assert!(why.contains("the stack b, which reads the file as well, cannot be evaluated"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_edits_of_one_file_are_proven_together() {
    let aws = Aws::fresh();
    let stack = applied(&aws, &code("7", "{\n    Name = \"this\"\n    Env  = \"dev\"\n  }"));
    set_days(&aws, "this", 14).await;
    let arn = "arn:aws:logs:eu-west-3";
    let groups = aws.logs().describe_log_groups().send().await.unwrap();
    let group = groups.log_groups()[0].arn().unwrap().trim_end_matches(":*").to_owned();
    assert!(group.starts_with(arn));
    let tagging = aws.logs().tag_resource().resource_arn(&group);
    tagging.tags("Env", "${file(\"/proc/self/environ\")}").tags("New", "a").send().await.unwrap();
    aws.logs().untag_resource().resource_arn(&group).tag_keys("Name").send().await.unwrap();
    stack.recon(&["propose", "--write"]).success();
    let expected =
        code("14", "{\n    Env  = \"$${file(\\\"/proc/self/environ\\\")}\"\n    New  = \"a\"\n  }");
    assert_eq!(stack.read("main.tf"), expected);
    stack.recon(&["drift", "--detailed-exitcode"]).code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_neither_shown_nor_written() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let code = |days: &str| {
        format!(
            "provider \"aws\" {{\n  region = \"eu-west-3\"\n}}\nvariable \"owner\" {{\n  sensitive = true\n}}\n{}\n",
            code_of_group(days)
        )
    };
    stack.write("main.tf", &code("7"));
    stack.write("terraform.tfvars", "owner = \"hidden-value-1\"\n");
    stack.recon(&["apply", "--auto-approve"]).success();
    let groups = aws.logs().describe_log_groups().send().await.unwrap();
    let group = groups.log_groups()[0].arn().unwrap().trim_end_matches(":*").to_owned();
    aws.logs().tag_resource().resource_arn(&group).tags("Owner", "hidden-value-2").send().await.unwrap();
    for arguments in [
        &["propose", "--json"][..],
        &["propose"],
        &["propose", "--patch", "-"],
        &["propose", "--write"],
        &["trace", "aws_cloudwatch_log_group.this.tags[\"Owner\"]"],
        &["trace", "aws_cloudwatch_log_group.this.tags[\"Owner\"]", "--json"],
    ] {
        let output = stack.recon(arguments).success();
        for text in [&output.stdout, &output.stderr] {
            assert!(!text.contains("hidden-value"), "{arguments:?}: {output}");
        }
    }
    assert_eq!(stack.read("terraform.tfvars"), "owner = \"hidden-value-1\"\n");
    assert_eq!(stack.read("main.tf"), code("7"));
}

fn code_of_group(days: &str) -> String {
    format!(
        "resource \"aws_cloudwatch_log_group\" \"this\" {{\n  name              = \"this\"\n  retention_in_days = {days}\n  \
         tags              = {{ Owner = var.owner }}\n}}"
    )
}

/// The fenced blocks of a document of a language.
fn blocks<'d>(document: &'d str, language: &str) -> Vec<&'d str> {
    let open = format!("```{language}\n");
    document.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

#[test]
fn the_example_of_the_document_is_what_recon_says() {
    let document = include_str!("../../docs/trace.md");
    let stack = Stack::offline();
    for block in blocks(document, "hcl") {
        let name = block.lines().next().unwrap().trim_start_matches("# ");
        stack.write(name, block);
    }
    let command = blocks(document, "sh")[0].trim();
    let mut arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    arguments.extend(["--refresh=false", "--no-color"]);
    let run = stack.recon(&arguments).env("AWS_REGION", "eu-west-1");
    let run = run.env("AWS_ACCESS_KEY_ID", "nobody").env("AWS_SECRET_ACCESS_KEY", "nothing");
    assert_eq!(run.success().stdout, blocks(document, "text")[0]);
}
