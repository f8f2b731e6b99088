//! Runs on states that other tools wrote: what recon cannot compare is listed and left as it is, and what it changes
//! keeps what recon does not model.

use std::collections::BTreeMap;

use recon::address::InstanceKey;
use serde_json::{Value as Json, json};

use super::support::aws::Aws;
use super::support::stack::{Output, Stack};
use super::{members, objects};

const TERRAFORM: &str = "provider[\\\"terraform.io/builtin/terraform\\\"]";
const ACME: &str = "provider[\\\"registry.terraform.io/acme/rockets\\\"]";
const AWS: &str = "provider[\\\"registry.terraform.io/hashicorp/aws\\\"]";

/// A resource of a state file.
fn resource(mode: &str, ty: &str, name: &str, provider: &str, instances: &str) -> String {
    format!(
        r#"{{"mode": "{mode}", "type": "{ty}", "name": "{name}", "provider": "{provider}", "instances": [{instances}]}}"#
    )
}

fn managed(address: &str, provider: &str, instances: &str) -> String {
    let (ty, name) = address.split_once('.').unwrap();
    resource("managed", ty, name, provider, instances)
}

/// An object as `terraform_data` records it.
fn data(id: &str, text: &str, more: &str) -> String {
    format!(
        r#"{{"schema_version": 0, "attributes": {{"id": "{id}", "input": {{"value": "{text}", "type": "string"}},
           "output": {{"value": "{text}", "type": "string"}}, "triggers_replace": null}},
           "sensitive_attributes": []{more}}}"#
    )
}

/// A state file of resources.
fn state(resources: &[String]) -> String {
    let text = format!(
        r#"{{"version": 4, "terraform_version": "1.13.0", "serial": 7,
        "lineage": "5d0c1c1e-3f3a-4d6a-9b0e-0d6a4f6f0001", "outputs": {{}}, "resources": [{}],
        "check_results": null}}"#,
        resources.join(", ")
    );
    let json: Json = serde_json::from_str(&text).unwrap();
    serde_json::to_string_pretty(&json).unwrap() + "\n"
}

/// Every object of the stack's state: its text, by address and key.
fn recorded(stack: &Stack) -> BTreeMap<String, String> {
    let text = stack.read("terraform.tfstate");
    let named = objects(&text).into_iter().map(|(address, key, span)| {
        let deposed = key.deposed.map(|key| format!(" {key}")).unwrap_or_default();
        let index = if key.key == InstanceKey::None { String::new() } else { key.key.to_string() };
        (format!("{address}{index}{deposed}"), text[span].to_owned())
    });
    named.collect()
}

/// What was said, lines joined.
fn flat(output: &Output) -> String {
    let said = format!("{} {}", output.stdout, output.stderr).replace(['│', '╷', '╵'], " ");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A stack with one object of its own, and with some that recon does not know.
fn with_unknown() -> Stack {
    let stack = Stack::offline();
    let rocket = r#"{"schema_version": 7, "attributes": {"id": "r-1", "thrust": 6.770e6, "crew": null, "note": "<é>"},
        "sensitive_attributes": [], "private": "eyJ4IjoxfQ==", "dependencies": ["terraform_data.other"]}"#;
    let deposed = r#"{"schema_version": 7, "deposed": "0badcafe", "attributes": {"id": "r-0"},
        "sensitive_attributes": []}"#;
    let ledger = r#"{"index_key": "a", "status": "tainted", "schema_version": 0, "attributes": {"id": "l"},
        "sensitive_attributes": [], "strange": true}"#;
    stack.write(
        "terraform.tfstate",
        &state(&[
            resource("data", "acme_pad", "p", ACME, r#"{"schema_version": 0, "attributes": {"id": "p"}}"#),
            managed("acme_rocket.saturn", ACME, &format!("{rocket}, {deposed}")),
            managed("aws_quantum_ledger.main", AWS, ledger),
            managed("terraform_data.own", TERRAFORM, &data("1", "old", "")),
            managed("terraform_data.other", TERRAFORM, &data("2", "other", "")),
        ]),
    );
    stack.write("main.tf", OWN);
    stack
}

const OWN: &str = r#"
resource "terraform_data" "own" {
  input = "new"
}

resource "terraform_data" "other" {
  input = "other"
}
"#;

const UNKNOWN: [&str; 4] = [
    "acme_rocket.saturn",
    "acme_rocket.saturn 0badcafe",
    "aws_quantum_ledger.main[\"a\"]",
    "data.acme_pad.p",
];

#[test]
fn what_recon_does_not_know_is_listed_and_carried_through_every_run() {
    let stack = with_unknown();
    let before = recorded(&stack);
    let diff = stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    for line in [
        "Not compared, and left as it is:",
        "  acme_rocket.saturn: recon does not have its provider, registry.terraform.io/acme/rockets\n",
        "  acme_rocket.saturn (deposed object 0badcafe): recon does not have its provider",
        "  aws_quantum_ledger.main[\"a\"]: recon does not have the type aws_quantum_ledger\n",
        "  data.acme_pad.p: recon does not have its provider",
        "Plan: 0 to add, 1 to change, 0 to destroy.",
    ] {
        assert!(diff.stdout.contains(line), "{line}\n{diff}");
    }
    let lines = stack.recon(&["diff", "--json"]).success().json_lines();
    let listed: Vec<&str> = lines
        .iter()
        .filter(|line| line["type"] == "not_compared")
        .map(|line| line["object"]["resource"]["addr"].as_str().unwrap())
        .collect();
    assert_eq!(
        listed,
        ["data.acme_pad.p", "acme_rocket.saturn", "acme_rocket.saturn", "aws_quantum_ledger.main[\"a\"]"]
    );
    let summary = lines.iter().find(|line| line["type"] == "change_summary").unwrap();
    assert_eq!(summary["not_compared"], 4);

    let left = |stack: &Stack| {
        let mut now = recorded(stack);
        now.retain(|address, _| UNKNOWN.contains(&address.as_str()));
        now
    };
    let mut unknown = before.clone();
    unknown.retain(|address, _| UNKNOWN.contains(&address.as_str()));
    assert_eq!(unknown.len(), 4);
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_eq!(left(&stack), unknown, "after an update");
    let now = recorded(&stack);
    assert_ne!(now["terraform_data.own"], before["terraform_data.own"]);
    assert_eq!(now["terraform_data.other"], before["terraform_data.other"]);
    let again = stack.recon(&["diff", "--detailed-exitcode"]).success();
    assert!(again.stdout.contains("No changes. What was compared matches the configuration."), "{again}");
    for arguments in [
        &["apply", "--auto-approve", "--replace=terraform_data.own"][..],
        &["apply", "--auto-approve", "--refresh-only"],
        &["apply", "--auto-approve", "--target=terraform_data.own"],
    ] {
        stack.recon(arguments).success();
        assert_eq!(left(&stack), unknown, "{arguments:?}");
    }
    // It can be looked at.
    let list = stack.recon(&["state", "list"]).success();
    assert!(list.stdout.contains("acme_rocket.saturn\n"), "{list}");
    let show = stack.recon(&["state", "show", "acme_rocket.saturn"]).success();
    assert!(show.stdout.contains("r-1"), "{show}");
}

#[test]
fn destroying_everything_leaves_what_recon_does_not_know() {
    let stack = with_unknown();
    let unknown = recorded(&stack);
    // The rocket depends on the other one, so that it must not go.
    let refused = stack.recon(&["destroy", "--auto-approve"]).code(1);
    let said = flat(&refused);
    assert!(
        said.contains("terraform_data.other would be deleted, and acme_rocket.saturn, which stays"),
        "{said}"
    );
    assert_eq!(recorded(&stack), unknown);
    stack.recon(&["destroy", "--auto-approve", "--target=terraform_data.own"]).success();
    let mut expected = unknown;
    expected.remove("terraform_data.own");
    assert_eq!(recorded(&stack), expected);
    // The same goes for what is no longer in the code.
    stack.write("main.tf", "");
    let refused = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(flat(&refused).contains("terraform_data.other would be deleted"), "{refused}");
    assert_eq!(recorded(&stack), expected);
}

#[test]
fn code_of_a_provider_that_recon_does_not_have_is_left_to_others() {
    let stack = with_unknown();
    let code = r#"
terraform {
  required_providers {
    acme = {
      source  = "acme/rockets"
      version = "~> 2.0"
    }
  }
}

provider "acme" {
  key = terraform_data.other.output
}

data "acme_pad" "p" {
  name = "p"
}

resource "acme_rocket" "saturn" {
  thrust = 1
  pad    = data.acme_pad.p.id

  stage {
    engine = "F-1"
  }
}

resource "acme_rocket" "new" {
  for_each = toset(["a", "b"])
  note     = each.key
}

resource "terraform_data" "own" {
  input = acme_rocket.saturn.note
}

resource "terraform_data" "other" {
  input = "other"
}

output "pad" {
  value = data.acme_pad.p.id
}
"#;
    stack.write("main.tf", code);
    let valid = stack.recon(&["validate"]).success();
    assert!(
        flat(&valid).contains("recon does not have the provider registry.terraform.io/acme/rockets"),
        "{valid}"
    );
    let before = recorded(&stack);
    let diff = stack.recon(&["diff"]).success();
    for line in [
        "  acme_rocket.new[\"a\"]: recon does not have its provider, registry.terraform.io/acme/rockets\n",
        "  acme_rocket.new[\"b\"]: recon does not have its provider, registry.terraform.io/acme/rockets\n",
        "  acme_rocket.saturn: recon does not have its provider",
        "+ pad = \"p\"",
        "Plan: 0 to add, 1 to change, 0 to destroy.",
    ] {
        assert!(diff.stdout.contains(line), "{line}\n{diff}");
    }
    stack.recon(&["apply", "--auto-approve"]).success();
    let now = recorded(&stack);
    for address in UNKNOWN {
        assert_eq!(now[address], before[address], "{address}");
    }
    assert_eq!(now.len(), before.len(), "what others make is not recorded");
    let own: Json = serde_json::from_str(&now["terraform_data.own"]).unwrap();
    assert_eq!(own["attributes"]["input"]["value"], "<é>");
    // What needs something that nobody has recorded cannot be made.
    stack.replace("main.tf", "input = acme_rocket.saturn.note", "input = acme_rocket.new[\"a\"].note");
    let refused = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(flat(&refused).contains("terraform_data.own.input is still not known"), "{refused}");
    // A type whose provider nobody declares is a mistake.
    stack.replace("main.tf", "required_providers {\n    acme", "required_providers {\n    acne");
    let refused = stack.recon(&["validate"]).code(1);
    assert!(flat(&refused).contains("recon has no resource type \"acme_rocket\""), "{refused}");
}

#[test]
fn a_removed_block_makes_recon_forget_what_it_does_not_know() {
    let stack = with_unknown();
    let before = recorded(&stack);
    let removed = "removed {\n  from = aws_quantum_ledger.main\n  lifecycle {\n    destroy = false\n  }\n}\n";
    stack.write("removed.tf", removed);
    let diff = stack.recon(&["diff"]).success();
    assert!(!diff.stdout.contains("aws_quantum_ledger.main[\"a\"]: recon does not"), "{diff}");
    assert!(diff.stdout.contains("1 to forget"), "{diff}");
    stack.recon(&["apply", "--auto-approve"]).success();
    let now = recorded(&stack);
    assert!(!now.contains_key("aws_quantum_ledger.main[\"a\"]"));
    assert_eq!(now["acme_rocket.saturn"], before["acme_rocket.saturn"]);
}

#[test]
fn what_a_later_version_of_the_schema_recorded_is_never_changed() {
    let stack = Stack::offline();
    let newer = |id: &str, index: usize, more: &str| {
        data(id, "recorded", more)
            .replace("\"schema_version\": 0", &format!("\"index_key\": {index}, \"schema_version\": 4"))
    };
    let instances = [newer("1", 0, ""), newer("2", 1, r#", "status": "tainted""#), newer("3", 2, "")];
    stack.write(
        "terraform.tfstate",
        &state(&[
            managed("terraform_data.later", TERRAFORM, &instances.join(", ")),
            managed(
                "terraform_data.user",
                TERRAFORM,
                &data("4", "recorded", r#", "dependencies": ["terraform_data.later"]"#),
            ),
        ]),
    );
    // One is wanted otherwise, one is tainted, one is no longer wanted, and one is new.
    let code = r#"
resource "terraform_data" "later" {
  count = 2
  input = "wanted"
}

resource "terraform_data" "user" {
  input = terraform_data.later[0].output
}
"#;
    stack.write("main.tf", code);
    let before = recorded(&stack);
    let why = "it is recorded in version 4 of its type's schema, and recon knows version 0";
    let diff = stack.recon(&["diff", "--detailed-exitcode"]).success();
    for index in 0..3 {
        assert!(diff.stdout.contains(&format!("  terraform_data.later[{index}]: {why}\n")), "{diff}");
    }
    assert!(diff.stdout.contains("a newer recon"), "{diff}");
    for arguments in [&["apply", "--auto-approve"][..], &["apply", "--auto-approve", "--refresh-only"]] {
        stack.recon(arguments).success();
        assert_eq!(recorded(&stack), before, "{arguments:?}");
    }
    let refused = stack.recon(&["diff", "--replace=terraform_data.later[0]"]).code(1);
    assert!(flat(&refused).contains("terraform_data.later[0] is not compared"), "{refused}");
    stack.replace("main.tf", "count = 2", "count = 4");
    stack.recon(&["apply", "--auto-approve"]).success();
    let now = recorded(&stack);
    assert!(now.contains_key("terraform_data.later[3]"));
    for (address, text) in &before {
        assert_eq!(now[address], *text, "{address}");
    }
    stack.recon(&["destroy", "--auto-approve"]).success();
    let left: Vec<String> = recorded(&stack).into_keys().collect();
    assert_eq!(left, ["terraform_data.later[0]", "terraform_data.later[1]", "terraform_data.later[2]"]);
}

#[test]
fn an_attribute_that_a_later_record_does_not_have_is_not_taken_for_null() {
    let stack = Stack::offline();
    let later = r#"{"schema_version": 1, "attributes": {"id": "1"}, "sensitive_attributes": []}"#;
    stack.write(
        "terraform.tfstate",
        &state(&[
            managed("terraform_data.later", TERRAFORM, later),
            managed(
                "terraform_data.user",
                TERRAFORM,
                &data("4", "recorded", r#", "dependencies": ["terraform_data.later"]"#),
            ),
        ]),
    );
    let code = "resource \"terraform_data\" \"later\" {}\n\n\
                resource \"terraform_data\" \"user\" {\n  input = terraform_data.later.output\n}\n";
    stack.write("main.tf", code);
    let before = recorded(&stack);
    let diff = stack.recon(&["diff"]).success();
    assert!(diff.stdout.contains("(known after apply)"), "{diff}");
    let refused = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(flat(&refused).contains("terraform_data.user.input is still not known"), "{refused}");
    assert_eq!(recorded(&stack), before);
}

#[test]
fn what_terraform_0_11_recorded_is_not_compared() {
    let stack = Stack::offline();
    let flat = r#"{"schema_version": 0, "attributes_flat": {"id": "1", "input": "x"}}"#;
    stack.write("terraform.tfstate", &state(&[managed("terraform_data.old", TERRAFORM, flat)]));
    stack.write("main.tf", "resource \"terraform_data\" \"old\" {\n  input = \"y\"\n}\n");
    let before = stack.read("terraform.tfstate");
    let diff = stack.recon(&["diff", "--detailed-exitcode"]).success();
    assert!(diff.stdout.contains("its attributes are recorded in the form of Terraform 0.11"), "{diff}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_eq!(stack.read("terraform.tfstate"), before);
}

#[test]
fn the_state_of_another_registry_stays_one() {
    let stack = Stack::offline();
    let other = "provider[\\\"registry.opentofu.org/hashicorp/null\\\"]";
    let object = r#"{"schema_version": 0, "attributes": {"id": "1", "triggers": {"a": "old"}},
        "sensitive_attributes": []}"#;
    stack.write("terraform.tfstate", &state(&[managed("null_resource.a", other, object)]));
    stack.write(
        "main.tf",
        "resource \"null_resource\" \"a\" {\n  triggers = { a = \"new\" }\n}\n\nresource \"null_resource\" \"b\" {}\n",
    );
    stack.recon(&["apply", "--auto-approve"]).success();
    let providers: Vec<Json> = stack.state()["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["provider"].clone())
        .collect();
    let other = json!("provider[\"registry.opentofu.org/hashicorp/null\"]");
    assert_eq!(providers, [other.clone(), other]);
}

#[test]
fn what_recon_does_not_model_survives_an_update() {
    let stack = Stack::offline();
    let more = r#", "identity_schema_version": 0, "identity": {"id": "1"}, "private": "eyJ4IjoxfQ==", "later": [1.50]"#;
    let object = data("1", "old", more).replace(
        "\"triggers_replace\": null",
        r#""triggers_replace": null, "unheard_of": {"z": 1.0, "a": ["<"]}"#,
    );
    stack.write("terraform.tfstate", &state(&[managed("terraform_data.own", TERRAFORM, &object)]));
    stack.write("main.tf", "resource \"terraform_data\" \"own\" {\n  input = \"new\"\n}\n");
    let before = recorded(&stack)["terraform_data.own"].clone();
    stack.recon(&["apply", "--auto-approve"]).success();
    let after = recorded(&stack)["terraform_data.own"].clone();
    // Nothing but the two attributes is another.
    assert_eq!(after, before.replace("\"old\"", "\"new\""));
}

#[test]
fn a_record_of_provider_6_keeps_what_provider_5_has_not() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let code = |days: u32| {
        format!(
            "resource \"aws_cloudwatch_log_group\" \"app\" {{\n  \
             name = \"app\"\n  retention_in_days = {days}\n}}\n"
        )
    };
    stack.write("main.tf", &code(7));
    stack.recon(&["apply", "--auto-approve"]).success();
    // As version 6 of the provider would have recorded it.
    let mut json = stack.state();
    json["terraform_version"] = json!("1.13.3");
    let object = &mut json["resources"][0]["instances"][0];
    object["attributes"]["region"] = json!("eu-west-1");
    object["identity_schema_version"] = json!(0);
    object["identity"] = json!({"account_id": "123456789012", "name": "app", "region": "eu-west-1"});
    object["private"] = json!("eyJsYXRlciI6IjYifQ==");
    stack.write("terraform.tfstate", &(serde_json::to_string_pretty(&json).unwrap() + "\n"));
    let before = recorded(&stack)["aws_cloudwatch_log_group.app"].clone();
    let same = stack.recon(&["diff", "--detailed-exitcode"]).success();
    assert!(same.stdout.contains("No changes."), "{same}");
    stack.write("main.tf", &code(14));
    stack.recon(&["apply", "--auto-approve"]).success();
    let after = recorded(&stack)["aws_cloudwatch_log_group.app"].clone();
    let kept = |text: &str| {
        let json: Json = serde_json::from_str(text).unwrap();
        let names = ["identity", "identity_schema_version", "private"].map(|name| json[name].clone());
        (names, json["attributes"]["region"].clone())
    };
    assert_eq!(kept(&after), kept(&before));
    assert_eq!(kept(&after).1, "eu-west-1");
    let changed: Vec<String> = {
        let attributes = |text: &str| {
            let attributes = members(text).into_iter().find(|(name, _)| name == "attributes").unwrap().1;
            members(attributes.get())
                .into_iter()
                .map(|(name, value)| (name, value.get().to_owned()))
                .collect::<BTreeMap<_, _>>()
        };
        let (old, new) = (attributes(&before), attributes(&after));
        new.into_iter().filter(|(name, value)| old.get(name) != Some(value)).map(|(name, _)| name).collect()
    };
    assert_eq!(changed, ["retention_in_days"]);
}
