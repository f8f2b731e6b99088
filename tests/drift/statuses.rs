//! Statuses by what is wanted, recorded and live, and what rules make of them.

use serde_json::json;

use crate::support::aws::Aws;
use crate::support::stack::Stack;
use crate::{attributes, report, resource};

const GROUP: &str = "aws_cloudwatch_log_group.this";

fn code(days: u32) -> String {
    format!(
        r#"
        provider "aws" {{
          region = "eu-west-3"
        }}

        resource "aws_cloudwatch_log_group" "this" {{
          name              = "this"
          retention_in_days = {days}
        }}
        "#
    )
}

const NOTHING: &str = "provider \"aws\" {\n  region = \"eu-west-3\"\n}\n";

/// Cells of the table of a document that has this heading, without what makes them code.
fn table(heading: &str) -> Vec<Vec<String>> {
    let text = include_str!("../../docs/drift.md");
    let rows = text.lines().skip_while(|line| *line != heading).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    rows.map(cells).collect()
}

async fn set_days(aws: &Aws, days: i32) {
    let call = aws.logs().put_retention_policy().log_group_name("this").retention_in_days(days);
    call.send().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_by_what_is_wanted_recorded_and_live() {
    let rows = table("| wanted | recorded | live | status |");
    assert_eq!(rows.len(), 8);
    for row in rows {
        let [wanted, recorded, live, status] = &row[..] else { panic!("{row:?}") };
        let aws = Aws::fresh();
        let stack = Stack::new(&aws);
        if live == "yes" || recorded == "yes" {
            stack.write("main.tf", &code(7));
            stack.recon(&["apply", "--auto-approve"]).success();
        }
        if recorded == "no" && live == "yes" {
            stack.recon(&["state", "rm", GROUP]).success();
        }
        if recorded == "yes" && live == "no" {
            aws.logs().delete_log_group().log_group_name("this").send().await.unwrap();
        }
        stack.write("main.tf", &if wanted == "yes" { code(7) } else { NOTHING.to_owned() });
        let found = report(&stack, &[]);
        let resources = found["resources"].as_array().unwrap();
        match status.as_str() {
            "by its attributes" => assert_eq!(resource(&found, GROUP)["status"], "in_sync"),
            // Nobody asked for what nobody manages.
            "unmanaged" | "none" => assert!(resources.is_empty(), "{row:?}: {found:#}"),
            status => {
                assert_eq!(resource(&found, GROUP)["status"], status, "{row:?}");
                assert_eq!(found["summary"][status], 1, "{row:?}");
            }
        }
        let is_drift = status == "missing";
        stack.recon(&["drift", "--detailed-exitcode"]).code(if is_drift { 2 } else { 0 });
        stack.recon(&["drift"]).code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn attributes_by_what_is_wanted_recorded_and_live() {
    let rows = table("| code and record | record and AWS | code and AWS | status |");
    assert_eq!(rows.len(), 5);
    for row in rows {
        let [code_record, record_aws, code_aws, status] = &row[..] else { panic!("{row:?}") };
        let aws = Aws::fresh();
        let stack = Stack::new(&aws);
        stack.write("main.tf", &code(7));
        stack.recon(&["apply", "--auto-approve"]).success();
        let live = if record_aws == "same" { 7 } else { 14 };
        if live != 7 {
            set_days(&aws, live).await;
        }
        let wanted = match (&**code_record, &**code_aws) {
            ("same", _) => 7,
            (_, "same") => live,
            _ => 30,
        };
        stack.write("main.tf", &code(wanted.try_into().unwrap()));
        let found = report(&stack, &[]);
        let object = resource(&found, GROUP);
        assert_eq!(object["status"], **status, "{row:?}");
        if status == "in_sync" {
            assert_eq!(object["attributes"], json!([]));
            continue;
        }
        let attribute = &object["attributes"][0];
        assert_eq!(attribute["path"], "retention_in_days");
        assert_eq!(attribute["status"], **status, "{row:?}");
        let values = [&attribute["desired"], &attribute["recorded"], &attribute["live"]];
        assert_eq!(values, [&json!(wanted), &json!(7), &json!(live)], "{row:?}");
        assert_eq!(attribute["origin"], json!({"file": "main.tf", "line": 8, "column": 31}));
        let is_drift = ["drifted", "conflicted"].contains(&&**status);
        stack.recon(&["drift", "--detailed-exitcode"]).code(if is_drift { 2 } else { 0 });
    }
}

/// Where the record is behind in both, and where code and AWS went apart.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_code_ignores_is_ignored() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", &code(7));
    stack.recon(&["apply", "--auto-approve"]).success();
    set_days(&aws, 14).await;
    let text = code(7).replace("= 7\n", "= 7\n lifecycle {\n ignore_changes = [retention_in_days]\n}\n");
    stack.write("main.tf", &text);
    let found = report(&stack, &[]);
    let object = resource(&found, GROUP);
    assert_eq!((&object["status"], &found["summary"]["ignored"]), (&json!("ignored"), &json!(1)));
    assert_eq!(attributes(object), [("retention_in_days", "ignored")]);
    assert_eq!(object["attributes"][0]["desired"], 7);
    let output = stack.recon(&["drift", "--detailed-exitcode", "--no-color"]).code(0);
    assert!(
        output.stdout.contains("No drift: 1 ignored.") && !output.stdout.contains("retention"),
        "{output}"
    );
    let all = stack.recon(&["drift", "--all", "--no-color"]).code(0);
    assert!(all.stdout.contains("retention_in_days: 7 → 14"), "{all}");
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_decide_and_expire() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let both = code(7)
        + "resource \"aws_cloudwatch_log_group\" \"other\" {\n  name = \"other\"\n  retention_in_days = 7\n}\n";
    stack.write("infra/main.tf", &both);
    stack.recon(&["apply", "--auto-approve", "infra"]).success();
    set_days(&aws, 14).await;
    aws.logs().delete_log_group().log_group_name("other").send().await.unwrap();
    let file = |until: &str| {
        format!(
            r#"
            stack "infra" {{
              path = "infra"
            }}
            drift {{
              rule "load test" {{
                match  = ["aws_cloudwatch_log_group.*"]
                action = "ignore"
                until  = "{until}"
                reason = "incident 4711"
              }}
              rule "ours" {{
                match      = ["**"]
                attributes = ["retention_in_days"]
                action     = "propose"
              }}
            }}
            "#
        )
    };
    stack.write("recon.hcl", &file("2999-12-31"));
    let found = report(&stack, &[]);
    assert_eq!(found["stack"], "infra");
    assert_eq!(found["summary"]["ignored"], 2);
    let missing = resource(&found, "aws_cloudwatch_log_group.other");
    assert_eq!((&missing["status"], &missing["rule"]), (&json!("ignored"), &json!("load test")));
    assert!(missing["reason"].as_str().unwrap().contains("incident 4711"), "{missing}");
    let attribute = &resource(&found, GROUP)["attributes"][0];
    assert_eq!((&attribute["rule"], &attribute["action"]), (&json!("load test"), &json!("ignore")));

    // A change of the code is still to be done, whatever is not minded in AWS.
    stack.write("infra/main.tf", &both.replacen("= 7", "= 30", 1));
    let found = report(&stack, &[]);
    assert_eq!(resource(&found, GROUP)["status"], "pending");
    stack.write("infra/main.tf", &both);

    stack.write("recon.hcl", &file("2026-01-01"));
    let found = report(&stack, &["infra"]);
    let missing = resource(&found, "aws_cloudwatch_log_group.other");
    assert_eq!((&missing["status"], &missing["action"]), (&json!("missing"), &json!("report")));
    let attribute = &resource(&found, GROUP)["attributes"][0];
    assert_eq!(
        (&attribute["status"], &attribute["rule"], &attribute["action"]),
        (&json!("drifted"), &json!("ours"), &json!("propose"))
    );
}

/// What AWS decides where the code says nothing is in sync, and shown on request.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_code_leaves_to_aws_never_drifts() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let text = r#"
        provider "aws" {
          region = "eu-west-3"
        }

        resource "aws_iam_role" "this" {
          name               = "this"
          assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
        }
    "#;
    stack.write("main.tf", text);
    stack.recon(&["apply", "--auto-approve"]).success();
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    });
    let made = aws.iam().create_policy().policy_name("p").policy_document(document.to_string());
    let made = made.send().await.unwrap();
    let policy = made.policy().unwrap().arn().unwrap();
    aws.iam().attach_role_policy().role_name("this").policy_arn(policy).send().await.unwrap();
    let found = report(&stack, &[]);
    let role = resource(&found, "aws_iam_role.this");
    assert_eq!((&role["status"], &role["attributes"]), (&json!("in_sync"), &json!([])));
    let all = report(&stack, &["--all"]);
    let role = resource(&all, "aws_iam_role.this");
    assert_eq!(role["status"], "in_sync");
    assert_eq!(attributes(role), [("managed_policy_arns", "in_sync")]);
    assert_eq!(role["attributes"][0]["added"], json!([policy]));
    let shown = stack.recon(&["drift", "--all", "--no-color"]).success();
    assert!(shown.stdout.contains(&format!("+ \"{policy}\"")), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_what_is_told_and_what_counts() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let text = code(7)
        + "resource \"aws_cloudwatch_log_group\" \"other\" {\n  name = \"other\"\n}\n\
           resource \"aws_iam_role\" \"r\" {\n  name = \"r\"\n  assume_role_policy = \"{}\"\n}\n";
    stack.write("main.tf", &text);
    stack.recon(&["apply", "--auto-approve"]).success();
    set_days(&aws, 14).await;
    let addresses = |arguments: &[&str]| -> Vec<String> {
        let report = report(&stack, arguments);
        let resources = report["resources"].as_array().unwrap().iter();
        resources.map(|resource| resource["address"].as_str().unwrap().to_owned()).collect()
    };
    let (this, other) = (GROUP.to_owned(), "aws_cloudwatch_log_group.other".to_owned());
    assert_eq!(addresses(&["--type", "aws_cloudwatch_log_group"]), [other.clone(), this.clone()]);
    assert_eq!(
        addresses(&["--address", "**.aws_cloudwatch_log_group.o*", "--status", "in_sync"]),
        std::slice::from_ref(&other)
    );
    assert_eq!(addresses(&["--status", "drifted"]), [this]);
    stack.recon(&["drift", "--detailed-exitcode"]).code(2);
    stack.recon(&["drift", "--detailed-exitcode", "--address", &other]).code(0);
    let wrong = stack.recon(&["drift", "--address", "a..b"]).code(1);
    assert!(wrong.stderr.contains("--address"), "{wrong}");
    stack.recon(&["drift", "--status", "gone"]).code(1);
    let none = stack.recon(&["drift", "nowhere"]).code(1);
    assert!(none.stderr.contains("neither a stack"), "{none}");
}

/// Several stacks of a directory, each with its own workspace and values; all of them where none is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_repository_has_many_stacks() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let text = code(7).replace("= 7", "= var.days").replace("\"this\"\n", "terraform.workspace\n")
        + "variable \"days\" {\n  type = number\n}\n";
    stack.write("web/main.tf", &text);
    stack.write("web/long.tfvars", "days = 30\n");
    let file = r#"
        stack "test" {
          path      = "web"
          workspace = "test"
          vars      = { days = 7 }
        }
        stack "prod" {
          path      = "web"
          workspace = "prod"
          var_files = ["long.tfvars"]
        }
    "#;
    stack.write("recon.hcl", file);
    for (workspace, days) in [("test", "7"), ("prod", "30")] {
        stack.recon(&["workspace", "new", workspace]).current_directory(&stack.path("web")).success();
        let apply = stack.recon(&["apply", "--auto-approve", "--var", &format!("days={days}"), "web"]);
        apply.env("TF_WORKSPACE", workspace).success();
    }
    let call = aws.logs().put_retention_policy().log_group_name("prod").retention_in_days(14);
    call.send().await.unwrap();
    let both = stack.recon(&["drift", "--json", "--detailed-exitcode"]).code(2).json_lines();
    assert_eq!(both.len(), 2);
    both.iter().for_each(crate::assert_fits);
    let found: Vec<_> = both.iter().map(|report| (&report["stack"], &report["summary"]["drifted"])).collect();
    assert_eq!(found, [(&json!("test"), &json!(0)), (&json!("prod"), &json!(1))]);
    // From within the stack's directory, and by that directory.
    let inside = stack.recon(&["drift", "--json", "test"]).current_directory(&stack.path("web")).success();
    assert_eq!(crate::of(&inside)["stack"], "test");
    let origin = &both[1]["resources"][0]["origin"];
    assert_eq!(origin["file"], "web/main.tf");
    assert_eq!(stack.recon(&["drift", "--json", "web"]).success().json_lines().len(), 2);
    let refused = stack.recon(&["drift", "--var", "days=1"]).code(1);
    assert!(refused.stderr.contains("one stack"), "{refused}");
}
