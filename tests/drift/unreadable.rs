//! What is said where AWS does not answer, and where the wrong AWS would.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;
use crate::{of, report, resource};

const CODE: &str = r#"
    provider "aws" {
      region = "eu-west-3"
    }

    data "aws_ssm_parameter" "days" {
      name = "days"
    }

    resource "aws_cloudwatch_log_group" "this" {
      name              = "this"
      retention_in_days = data.aws_ssm_parameter.days.insecure_value
    }

    resource "aws_iam_role" "this" {
      name               = "this"
      assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
    }
"#;

async fn applied() -> (Aws, Stack, Proxy) {
    let aws = Aws::fresh();
    let parameter = aws.ssm().put_parameter().name("days").value("7");
    parameter.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
    let mut stack = Stack::new(&aws);
    stack.write("main.tf", CODE);
    stack.recon(&["apply", "--auto-approve"]).success();
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    (aws, stack, proxy)
}

fn status(report: &Json, address: &str) -> String {
    resource(report, address)["status"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_is_named_and_the_rest_is_compared() {
    let (_, stack, proxy) = applied().await;
    proxy.rule(Rule::on("iam.GetRole").fail(403, "AccessDenied", "no"));
    proxy.rule(Rule::on("iam.ListRoles").fail(403, "AccessDenied", "no"));
    let output = stack.recon(&["drift", "--json", "--detailed-exitcode"]).code(0);
    let found = of(&output);
    let role = resource(&found, "aws_iam_role.this");
    assert_eq!((&role["status"], &found["complete"]), (&json!("unreadable"), &json!(true)));
    assert!(role["operation"].as_str().unwrap().starts_with("iam:"), "{role}");
    assert_eq!(status(&found, "aws_cloudwatch_log_group.this"), "in_sync");
    stack.recon(&["drift", "--strict"]).code(1);
    let shown = stack.recon(&["drift", "--no-color"]).code(0);
    assert!(shown.stdout.contains("Could not be read") && shown.stdout.contains("iam:"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_makes_the_run_incomplete() {
    let (_, stack, proxy) = applied().await;
    stack.replace("main.tf", "region = \"eu-west-3\"", "region = \"eu-west-3\"\nmax_retries = 1");
    proxy.rule(Rule::on_service("iam").status(503));
    proxy.rule(Rule::on_service("ssm").status(503));
    let output = stack.recon(&["drift", "--json"]).code(1);
    let found = of(&output);
    assert_eq!(found["complete"], false);
    assert_eq!(found["summary"]["missing"], 0);
    assert_eq!(status(&found, "aws_iam_role.this"), "unreadable");
    // What was recorded of the data source serves instead.
    assert_eq!(status(&found, "aws_cloudwatch_log_group.this"), "in_sync");
    assert_eq!(found["unread_data"][0]["address"], "data.aws_ssm_parameter.days");
    assert_eq!(found["unread_data"][0]["operation"], "ssm:GetParameter");
    let shown = stack.recon(&["drift", "--no-color"]).code(1);
    assert!(shown.stdout.contains("The run is incomplete"), "{shown}");
}

/// Three calls of ten are answered with "slow down".
#[tokio::test(flavor = "multi_thread")]
async fn throttling_is_borne_and_counted() {
    let (_, stack, proxy) = applied().await;
    for operation in ["iam.GetRole", "logs.DescribeLogGroups", "ssm.GetParameter"] {
        proxy.rule(Rule::on(operation).calls(1..=2).throttle());
    }
    let found = report(&stack, &[]);
    assert_eq!((&found["complete"], &found["summary"]["in_sync"]), (&json!(true), &json!(2)));
    assert!(found["stats"]["throttles"].as_u64().unwrap() >= 4, "{}", found["stats"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_are_those_that_were_made() {
    let (_, stack, proxy) = applied().await;
    proxy.forget_calls();
    let found = report(&stack, &[]);
    let counted: BTreeMap<String, usize> =
        serde_json::from_value(found["stats"]["api_calls"].clone()).unwrap();
    assert_eq!(counted, proxy.counts());
    assert_eq!(proxy.changes(), [""; 0]);
    proxy.forget_calls();
    let shown = stack.recon(&["drift", "--stats", "--no-color"]).success();
    assert!(shown.stdout.contains("1  ssm.GetParameter"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_or_region_is_no_drift() {
    let (aws, mut stack, _) = applied().await;
    let elsewhere = Aws::fresh();
    stack.set_aws(&elsewhere);
    let parameter = elsewhere.ssm().put_parameter().name("days").value("7");
    parameter.r#type(aws_sdk_ssm::types::ParameterType::String).send().await.unwrap();
    let output = stack.recon(&["drift", "--json"]).code(1);
    let found = of(&output);
    assert_eq!((&found["resources"], &found["complete"]), (&json!([]), &json!(false)));
    let error = found["errors"][0].as_str().unwrap();
    assert!(error.contains(aws.account()) && error.contains(elsewhere.account()), "{error}");
    for command in [&["diff"][..], &["apply", "--auto-approve"], &["destroy", "--auto-approve"]] {
        let refused = stack.recon(command).code(1);
        assert!(refused.stderr.contains("recorded elsewhere"), "{refused}");
    }
    stack.set_aws(&aws);
    stack.replace("main.tf", "eu-west-3", "eu-west-1");
    let refused = stack.recon(&["drift"]).code(1);
    assert!(refused.stderr.contains("region eu-west-3") && refused.stderr.contains("eu-west-1"), "{refused}");
}
