//! `recon adopt`: a lost state is found again in AWS, object by object; what may be several objects is left to people.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use serde_json::Value;
use support::aws::Aws;
use support::proxy::Proxy;
use support::stack::Stack;

const SILENT: &str = "telemetry_enabled=false";
const SCALED: &str = "ec2_enable_auto_scaling=true";

/// Beginnings of the names of operations that only read.
const READS: [&str; 5] = ["Describe", "Get", "List", "BatchGet", "Lookup"];

fn assert_only_reads(proxy: &Proxy) {
    let calls = proxy.counts();
    assert!(!calls.is_empty());
    let changing: Vec<&String> = calls
        .keys()
        .filter(|name| {
            let operation = name.rsplit_once('.').map_or(name.as_str(), |(_, operation)| operation);
            !READS.iter().any(|read| operation.starts_with(read))
        })
        .collect();
    assert!(changing.is_empty(), "{changing:?}");
}

/// The attributes of the managed objects of a state, by address.
fn objects(state: &Value) -> BTreeMap<String, serde_json::Map<String, Value>> {
    let mut found = BTreeMap::new();
    for resource in state["resources"].as_array().unwrap() {
        if resource["mode"] != "managed" {
            continue;
        }
        let text = |name: &str| resource[name].as_str().unwrap_or_default().to_owned();
        for instance in resource["instances"].as_array().unwrap() {
            let key = instance.get("index_key").map_or_else(String::new, |key| format!("[{key}]"));
            let address = format!("{}.{}.{}{key}", text("module"), text("type"), text("name"));
            found.insert(address, instance["attributes"].as_object().unwrap().clone());
        }
    }
    found
}

/// A value without what says nothing: null, false, zero and what is empty. An argument that the code leaves out is the one
/// or the other in a state, by how the object came into it.
fn telling(value: &Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Bool(true) => Some(Value::Bool(true)),
        Value::Number(number) => (number.as_f64() != Some(0.0)).then(|| value.clone()),
        Value::String(text) => match serde_json::from_str(text) {
            // The order and the spaces of JSON are the code's, or AWS's.
            Ok(json @ Value::Object(_)) => Some(json),
            _ => (!text.is_empty()).then(|| value.clone()),
        },
        Value::Array(all) => {
            let all: Vec<Value> = all.iter().filter_map(telling).collect();
            (!all.is_empty()).then_some(Value::Array(all))
        }
        Value::Object(all) => {
            let all: serde_json::Map<_, _> =
                all.iter().filter_map(|(name, value)| Some((name.clone(), telling(value)?))).collect();
            (!all.is_empty()).then_some(Value::Object(all))
        }
    }
}

/// Type and attribute of what differs between two states of the same addresses.
fn differences(before: &Value, after: &Value) -> BTreeSet<String> {
    let (before, after) = (objects(before), objects(after));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let mut found = BTreeSet::new();
    for (address, attributes) in &before {
        let ty = address.split('.').find(|part| part.starts_with("aws_")).unwrap_or(address);
        for (name, value) in attributes {
            if after[address].get(name).and_then(telling) != telling(value) {
                found.insert(format!("{ty}.{name}"));
            }
        }
    }
    found
}

/// The outcomes that `adopt --json` tells, by address.
fn outcomes(lines: &[Value]) -> BTreeMap<String, Value> {
    let told = lines.iter().filter(|line| line["type"] == "adoption");
    told.map(|line| {
        let adoption = line["adoption"].clone();
        (adoption["resource"]["addr"].as_str().unwrap().to_owned(), adoption)
    })
    .collect()
}

/// Applies a stack, loses its state, adopts and applies again: every object is the one it was.
fn lose_and_adopt(aws: &Aws, directory: &str, variables: &[&str], unknown: &[&str]) {
    let proxy = Proxy::before(aws);
    let through = aws.through(proxy.endpoint());
    let mut stack = Stack::copied(aws, "stacks", directory);
    let run = |stack: &Stack, command: &[&str]| {
        let variables = variables.iter().flat_map(|variable| ["--var", *variable]);
        let arguments: Vec<&str> = command.iter().copied().chain(variables).collect();
        stack.recon(&arguments).success()
    };
    run(&stack, &["apply", "--auto-approve"]);
    // What was made later shows in what was made before: a role's policies, a group's rules.
    run(&stack, &["apply", "--refresh-only", "--auto-approve"]);
    let before = stack.state();
    stack.remove("terraform.tfstate");
    stack.set_aws(&through);

    let told = outcomes(&run(&stack, &["adopt", "--json"]).json_lines());
    let lost: Vec<&String> = told
        .iter()
        .filter(|(_, adoption)| adoption["outcome"] != "found")
        .map(|(address, _)| address)
        .collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(told.len(), objects(&before).len());
    assert!(!stack.path("terraform.tfstate").exists());
    // A second run keeps what the first has written, although nothing is to be made any more.
    let written = stack.read("adopt.tf");
    run(&stack, &["adopt"]);
    assert_eq!(stack.read("adopt.tf"), written);
    assert_eq!(written.matches("\nimport {\n").count(), told.len());

    let applied = run(&stack, &["apply", "--auto-approve", "--no-color"]).stdout;
    let plan = applied.lines().find(|line| line.starts_with("Plan: ")).unwrap_or_default().to_owned();
    assert!(plan.starts_with(&format!("Plan: {} to import, 0 to add, ", told.len())), "{plan}");
    assert!(plan.ends_with(" 0 to destroy."), "{plan}");
    assert_only_reads(&proxy);
    let differing = differences(&before, &stack.state());
    let unexpected: Vec<&String> = differing.iter().filter(|one| !unknown.contains(&one.as_str())).collect();
    assert!(unexpected.is_empty(), "{unexpected:?}");
    stack.remove("adopt.tf");
    let output = run(&stack, &["diff", "--detailed-exitcode", "--no-color"]);
    assert!(output.stdout.contains("No changes."), "{}", output.stdout);
    let output = run(&stack, &["adopt", "--no-color"]);
    assert!(output.stdout.contains("there is nothing to adopt"), "{}", output.stdout);
    assert!(!stack.path("adopt.tf").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_door_whose_state_is_lost_is_adopted() {
    lose_and_adopt(&Aws::fresh(), "front-door", &[], &[]);
}

/// An attachment's id is made up by whoever makes it, and is another one after an import.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_whose_state_is_lost_is_adopted() {
    lose_and_adopt(&Aws::fresh(), "pipeline", &[SILENT, SCALED], &["aws_iam_role_policy_attachment.id"]);
}

async fn vpc(aws: &Aws, range: &str) -> String {
    let name = Tag::builder().key("Name").value("main").build();
    let tags = TagSpecification::builder().resource_type(ResourceType::Vpc).tags(name).build();
    let made = aws.ec2().create_vpc().cidr_block(range).tag_specifications(tags).send().await.unwrap();
    made.vpc().unwrap().vpc_id().unwrap().to_owned()
}

const PROVIDER: &str = "provider \"aws\" {\n  region = \"eu-west-3\"\n}\n";

const NETWORK: &str = r#"
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags       = { Name = "main" }
}

resource "aws_subnet" "all" {
  for_each   = toset(["10.0.1.0/24", "10.0.2.0/24"])
  vpc_id     = aws_vpc.main.id
  cidr_block = each.key
}

resource "aws_eip" "none" {
  tags = { Name = "none" }
}

resource "aws_eip" "nameless" {}

resource "terraform_data" "here" {}
"#;

/// What has no name is found by its tag and its range if it is the only one; what is in it is found then.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_name_is_proposed_if_there_is_one_of_it() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("provider.tf", PROVIDER).write("main.tf", NETWORK);
    let main = vpc(&aws, "10.0.0.0/16").await;
    vpc(&aws, "10.1.0.0/16").await;
    let subnet = aws.ec2().create_subnet().vpc_id(&main).cidr_block("10.0.1.0/24").send().await.unwrap();
    let subnet = subnet.subnet().unwrap().subnet_id().unwrap().to_owned();

    let told = outcomes(&stack.recon(&["adopt", "--json"]).success().json_lines());
    let outcome = |address: &str| told[address]["outcome"].as_str().unwrap().to_owned();
    assert_eq!(
        (outcome("aws_vpc.main"), &told["aws_vpc.main"]["id"]),
        ("found".to_owned(), &Value::from(main))
    );
    assert_eq!(told["aws_subnet.all[\"10.0.1.0/24\"]"]["id"], subnet.as_str());
    assert_eq!(outcome("aws_subnet.all[\"10.0.2.0/24\"]"), "missing");
    assert_eq!(outcome("aws_eip.none"), "missing");
    assert_eq!(outcome("aws_eip.nameless"), "unidentified");
    assert_eq!(outcome("terraform_data.here"), "unidentified");
    let written = stack.read("adopt.tf");
    assert!(
        written.contains(&format!("to = aws_subnet.all[\"10.0.1.0/24\"]\n  id = \"{subnet}\"")),
        "{written}"
    );
    stack.recon(&["validate"]).success();

    // Another one that is just like it: nobody can tell which is meant, nor what is in it.
    stack.remove("adopt.tf");
    vpc(&aws, "10.0.0.0/16").await;
    let told = outcomes(&stack.recon(&["adopt", "--json"]).success().json_lines());
    assert_eq!(told["aws_vpc.main"]["outcome"], "ambiguous");
    assert_eq!(told["aws_vpc.main"]["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(told["aws_subnet.all[\"10.0.1.0/24\"]"]["outcome"], "unidentified");
    let written = stack.read("adopt.tf");
    assert!(written.lines().all(|line| line.is_empty() || line.starts_with('#')), "{written}");
    stack.recon(&["validate"]).success();
}

/// An object that another address has is not taken away from it, one that two addresses want is given to neither, one
/// whose name is a secret is not named, and one that would be replaced is warned of.
#[tokio::test(flavor = "multi_thread")]
async fn what_should_not_be_adopted_is_said() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    let group = |label: &str, name: &str| {
        format!("resource \"aws_cloudwatch_log_group\" \"{label}\" {{\n  name = {name}\n}}\n")
    };
    stack.write("provider.tf", PROVIDER).write("main.tf", &group("old", "\"held\""));
    stack.recon(&["apply", "--auto-approve"]).success();
    for name in ["twice", "hunter2"] {
        aws.logs().create_log_group().log_group_name(name).send().await.unwrap();
    }
    aws.ec2().create_security_group().group_name("g").description("theirs").send().await.unwrap();
    let groups = [
        group("old", "\"held\""),
        group("new", "\"held\""),
        group("one", "\"twice\""),
        group("two", "\"twice\""),
        group("secret", "var.name"),
        "variable \"name\" {\n  default   = \"hunter2\"\n  sensitive = true\n}\n".to_owned(),
        "resource \"aws_security_group\" \"g\" {\n  name        = \"g\"\n  description = \"ours\"\n}\n"
            .to_owned(),
    ];
    stack.write("main.tf", &groups.concat());
    let before = stack.read("terraform.tfstate");
    stack.write("adopt.tf", "# mine\n");
    let refused = stack.recon(&["adopt"]).code(1);
    assert!(refused.stderr.contains("recon did not write it"), "{refused}");
    assert_eq!(stack.read("adopt.tf"), "# mine\n");

    let output = stack.recon(&["adopt", "--json", "--force"]).success();
    assert!(!output.stdout.contains("hunter2"), "{output}");
    let lines = output.json_lines();
    let told = outcomes(&lines);
    let log = |label: &str| &told[&format!("aws_cloudwatch_log_group.{label}")]["outcome"];
    assert!(!told.contains_key("aws_cloudwatch_log_group.old"));
    assert_eq!(told["aws_cloudwatch_log_group.new"]["held_by"], "aws_cloudwatch_log_group.old");
    assert_eq!(
        [log("new"), log("one"), log("two"), log("secret")],
        ["held", "ambiguous", "ambiguous", "sensitive"]
    );
    assert_eq!(told["aws_security_group.g"]["action"], "replace");
    let warnings = lines.iter().filter(|line| line["@level"] == "warn");
    let loud = warnings.filter(|line| line["@message"].as_str().unwrap().contains("would replace it"));
    assert_eq!(loud.count(), 1);
    assert!(!stack.read("adopt.tf").contains("hunter2"));
    assert_eq!(stack.read("terraform.tfstate"), before);

    stack.remove("adopt.tf");
    let output = stack.recon(&["adopt", "--no-color", "--out", "elsewhere.txt"]).success();
    assert!(output.stdout.contains("aws_security_group.g: found as \"sg-"), "{output}");
    assert!(output.stdout.contains("WILL BE REPLACED"), "{output}");
    assert!(!output.stdout.contains("hunter2") && !output.stderr.contains("hunter2"));
}

/// What an import id says of an object leads back to that id.
#[test]
fn import_ids_are_made_as_they_are_taken_apart() {
    let group = "arn:aws:elasticloadbalancing:eu-west-3:1:targetgroup/g/1";
    let ids = [
        ("aws_security_group_rule", "sg-1_ingress_tcp_80_443_10.0.0.0/8_fd00::/8_pl-1"),
        ("aws_security_group_rule", "sg-1_egress_-1_0_0_self_sg-2"),
        ("aws_route", "rtb-1_0.0.0.0/0"),
        ("aws_route", "rtb-1_::/0"),
        ("aws_route", "rtb-1_pl-1"),
        ("aws_route_table_association", "subnet-1/rtb-1"),
        ("aws_route_table_association", "igw-1/rtb-1"),
        ("aws_lb_target_group_attachment", &format!("{group},i-1")),
        ("aws_lb_target_group_attachment", &format!("{group},i-1,80")),
        ("aws_lb_target_group_attachment", &format!("{group},10.0.0.1,,all")),
        ("aws_autoscaling_policy", "g/p"),
        ("aws_autoscaling_attachment", &format!("g/{group}")),
        ("aws_autoscaling_attachment", "g/classic"),
        ("aws_appautoscaling_target", "dynamodb/table/t/dynamodb:table:ReadCapacityUnits"),
        ("aws_appautoscaling_policy", "dynamodb/table/t/dynamodb:table:ReadCapacityUnits/p"),
        ("aws_iam_role_policy_attachment", "r/arn:aws:iam::aws:policy/ReadOnlyAccess"),
        ("aws_iam_role_policy", "r:p"),
        ("aws_kinesis_stream", "s"),
        ("aws_dynamodb_table_item", "t|k|v|r|w"),
        ("aws_s3_bucket_versioning", "b,123456789012"),
    ];
    let registry = recon::provider::registry::Registry::new();
    for (name, id) in ids {
        let ty = registry.resource_type(name).unwrap();
        assert_eq!(ty.import_id(&ty.import_seed(id).unwrap()).as_deref(), Some(id), "{name}");
    }
}
