//! One scene with every status, in all forms that a report has.

use serde_json::Value as Json;

use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;

/// A name that would act in HTML, Markdown and XML if it were let.
const HOSTILE: &str = "<b>@all</b> `x` fixes #1 ]]> &amp; \u{1b}[31m";

const CODE: &str = r#"
provider "aws" {
  region = "eu-west-3"
}

variable "secret" {
  sensitive = true
}

locals {
  days = {
    conflicted = 7
    converged  = 7
    drifted    = 7
    ignored    = 7
    in_sync    = 7
    missing    = 7
    pending    = 7
  }
}

resource "aws_cloudwatch_log_group" "this" {
  for_each          = local.days
  name              = each.key
  retention_in_days = each.value

  tags = {
    Owner  = "us"
    Secret = var.secret
  }
}

resource "aws_iam_role" "unreadable" {
  name               = "unreadable"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}
"#;

const FILE: &str = r#"
drift {
  rule "load test" {
    match  = ["aws_cloudwatch_log_group.this[\"ignored\"]"]
    action = "ignore"
    reason = "incident 4711"
  }
}
"#;

/// The scene: an account in which all this has happened, and the stack.
async fn scene() -> (Aws, Stack, Proxy) {
    let aws = Aws::fresh();
    let mut stack = Stack::new(&aws);
    stack.write("main.tf", CODE).write("terraform.tfvars", "secret = \"hunter2-the-second\"\n");
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.write("recon.hcl", FILE);
    let logs = aws.logs();
    for name in ["conflicted", "drifted", "ignored"] {
        let call = logs.put_retention_policy().log_group_name(name).retention_in_days(14);
        call.send().await.unwrap();
    }
    let call = logs.put_retention_policy().log_group_name("converged").retention_in_days(30);
    call.send().await.unwrap();
    logs.delete_log_group().log_group_name("missing").send().await.unwrap();
    let groups = logs.describe_log_groups().log_group_name_prefix("drifted").send().await.unwrap();
    let arn = groups.log_groups()[0].arn().unwrap().trim_end_matches(":*").to_owned();
    let call = logs.tag_resource().resource_arn(arn).tags("Owner", HOSTILE).tags("Secret", "an0ther s3cr3t");
    call.send().await.unwrap();
    let code = CODE
        .replace("conflicted = 7", "conflicted = 3")
        .replace("converged  = 7", "converged  = 30")
        .replace("pending    = 7", "pending    = 1");
    stack.write("main.tf", &code);
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on_service("iam").fail(403, "AccessDenied", "no"));
    stack.set_aws(&aws.through(proxy.endpoint()));
    (aws, stack, proxy)
}

/// The text without what is another one in each run.
fn steady(text: &str, aws: &Aws) -> String {
    let text = text.replace(aws.account(), "111122223333");
    let time = regex::Regex::new(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z").unwrap();
    let text = time.replace_all(&text, "2026-01-02T03:04:05Z");
    let seconds = regex::Regex::new(r#"time="[0-9.]+""#).unwrap();
    seconds.replace_all(&text, "time=\"1.234\"").into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_status_in_every_form() {
    let (aws, stack, _proxy) = scene().await;
    let run = |arguments: &[&str]| {
        let output = stack.recon(&[&["drift", "--no-color"], arguments].concat()).code(0);
        for secret in ["hunter2", "an0ther"] {
            assert!(!output.stdout.contains(secret) && !output.stderr.contains(secret), "{output}");
        }
        assert!(!output.stdout.contains('\u{1b}'), "{output}");
        steady(&output.stdout, &aws)
    };
    insta::assert_snapshot!("terminal", run(&[]));
    insta::assert_snapshot!("terminal_all", run(&["--all"]));
    insta::assert_snapshot!("markdown", run(&["--markdown"]));
    let json = crate::report(&stack, &[]);
    let summary = &json["summary"];
    for status in
        ["in_sync", "drifted", "missing", "pending", "converged", "conflicted", "unreadable", "ignored"]
    {
        assert_eq!(summary[status], 1, "{status}: {summary}");
    }
    assert_eq!(summary["resources"], 8);
    sarif(&run(&["--sarif"]));
    junit(&run(&["--junit"]));
    page(&stack, &run);
}

/// What a host of code asks of a log: the version, a rule for each result, places as URLs relative to the root, lines
/// from 1, fingerprints (SARIF 2.1.0, 3.13, 3.27, 3.29, 3.30).
fn sarif(text: &str) {
    let log: Json = serde_json::from_str(text).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules: Vec<&str> = run["tool"]["driver"]["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["id"].as_str().unwrap())
        .collect();
    let results = run["results"].as_array().unwrap();
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results {
        let rule = result["ruleId"].as_str().unwrap();
        assert!(rules.contains(&rule));
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().unwrap()));
        let location = &result["locations"][0];
        let place = &location["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "main.tf");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1);
        let name = location["logicalLocations"][0]["fullyQualifiedName"].as_str().unwrap();
        found.push((rule, name));
        assert!(fingerprints.insert(result["partialFingerprints"].to_string()), "{result}");
    }
    let group = |key: &str, path: &str| format!("aws_cloudwatch_log_group.this[\"{key}\"]{path}");
    let days = ".retention_in_days";
    let expected = [
        ("conflicted", group("conflicted", days)),
        ("drifted", group("drifted", days)),
        ("drifted", group("drifted", ".tags[\"Owner\"]")),
        ("drifted", group("drifted", ".tags[\"Secret\"]")),
        ("missing", group("missing", "")),
        ("unreadable", "aws_iam_role.unreadable".to_owned()),
    ];
    let expected: Vec<(&str, &str)> = expected.iter().map(|(rule, name)| (*rule, name.as_str())).collect();
    assert_eq!(found, expected);
}

/// Read by another program's parser: a case an object, with what became of it.
fn junit(text: &str) {
    let script = "
import sys, xml.etree.ElementTree as tree
suites = tree.fromstring(sys.stdin.read())
for suite in suites:
    print(suite.get('name'), suite.get('tests'), suite.get('failures'), suite.get('errors'), suite.get('skipped'))
    for case in suite:
        print(case.get('name'), *[one.tag for one in case])
";
    let mut child = std::process::Command::new("python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("Python 3 is not there; install it: apt-get install python3");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let group = |key: &str| format!("aws_cloudwatch_log_group.this[\"{key}\"]");
    let expected = [
        "root 8 3 1 1".to_owned(),
        format!("{} failure", group("conflicted")),
        group("converged"),
        format!("{} failure", group("drifted")),
        format!("{} skipped", group("ignored")),
        group("in_sync"),
        format!("{} failure", group("missing")),
        group("pending"),
        "aws_iam_role.unreadable error".to_owned(),
    ];
    let found = String::from_utf8(output.stdout).unwrap();
    assert_eq!(found.lines().map(str::trim_end).collect::<Vec<_>>(), expected);
}

/// The page as a browser has it.
fn page(stack: &Stack, run: &dyn Fn(&[&str]) -> String) {
    run(&["--html", "report.html"]);
    let path = stack.path("report.html");
    let source = stack.read("report.html");
    assert!(!source.contains("hunter2") && !source.contains("an0ther"), "{source}");
    let browser = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        std::process::Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    let browser = browser.expect("there is no Chromium; install it: apt-get install chromium");
    let profile = tempfile::tempdir().unwrap();
    let output = std::process::Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=2000", "--dump-dom"])
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout);
    // What was a name stays a name: no element came of it.
    assert!(!page.contains("<b>@all</b>") && page.contains("&lt;b&gt;@all&lt;/b&gt;"), "{page}");
    for status in
        ["in_sync", "drifted", "missing", "pending", "converged", "conflicted", "unreadable", "ignored"]
    {
        assert!(page.contains(&format!("<g class=\"{status}\">")), "{status} is not in the graph: {page}");
        let is_told = page.contains(&format!("<article class=\"{status}\">"));
        assert_eq!(is_told, status != "in_sync", "{status}: {page}");
    }
    assert!(page.contains("main.tf:25") && page.contains("load test"), "{page}");
}
