//! The whole pipeline, from text to AWS and back: made as the code says, switched this way and that, and gone without a
//! trace. `front_door` shows a part of it more closely.

mod support;

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use support::aws::Aws;
use support::inventory::inventory;
use support::proxy::Proxy;
use support::stack::Stack;

const SCALED: &str = "ec2_enable_auto_scaling=true";
const SILENT: &str = "telemetry_enabled=false";

/// The stack with its example values. Events go to a port at which nobody listens: that is warned of.
fn stack(aws: &Aws) -> Stack {
    let stack = Stack::copied(aws, "stacks", "pipeline");
    stack.replace(
        "../modules/telemetry/variables.tf",
        "\"telemetry-g.snowplowanalytics.com\"",
        "\"127.0.0.1:1\"",
    );
    stack
}

fn with<'a>(command: &[&'a str], variables: &[&'a str]) -> Vec<&'a str> {
    let variables = variables.iter().flat_map(|variable| ["--var", variable]);
    command.iter().copied().chain(variables).collect()
}

/// Applies the stack with some variables. Answers the plan's line.
fn apply(stack: &Stack, variables: &[&str]) -> String {
    let output = stack.recon(&with(&["apply", "--auto-approve", "--no-color"], variables)).success();
    let plan = output.stdout.lines().find(|line| line.starts_with("Plan: "));
    plan.unwrap_or_else(|| panic!("no plan: {output}")).to_owned()
}

fn assert_in_sync(stack: &Stack, variables: &[&str]) {
    let output = stack.recon(&with(&["diff", "--detailed-exitcode", "--no-color"], variables)).code(0);
    assert!(output.stdout.contains("No changes."), "{}", output.stdout);
}

/// How many objects the state holds.
fn recorded(stack: &Stack) -> usize {
    let state = stack.state();
    let resources = state["resources"].as_array().unwrap().iter();
    let managed = resources.filter(|resource| resource["mode"] == "managed");
    managed.map(|resource| resource["instances"].as_array().unwrap().len()).sum()
}

/// What there is more of than before.
fn grown(
    before: &BTreeMap<&'static str, usize>,
    after: &BTreeMap<&'static str, usize>,
) -> BTreeMap<&'static str, usize> {
    let more = after.iter().map(|(name, count)| (*name, count - before[name]));
    more.filter(|(_, count)| *count > 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn seventy_six_objects_are_made_and_go_without_a_trace() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    let before = inventory(&aws).await;
    assert_eq!(apply(&stack, &[]), "Plan: 76 to add, 0 to change, 0 to destroy.");
    assert_eq!(recorded(&stack), 76);
    for _ in 0..3 {
        assert_in_sync(&stack, &[]);
    }
    let expected = BTreeMap::from([
        // Six scaling policies that follow a target have four each.
        ("alarms", 24),
        ("dashboards", 1),
        ("items", 6),
        ("key pairs", 1),
        ("launch templates", 3),
        ("listeners", 1),
        ("load balancers", 1),
        ("log groups", 3),
        ("policies", 3),
        ("profiles", 3),
        ("roles", 3),
        ("scalable targets", 6),
        ("scaling groups", 3),
        ("security groups", 4),
        ("streams", 3),
        ("table scaling policies", 6),
        ("tables", 3),
        ("target groups", 1),
    ]);
    let mut made = grown(&before, &inventory(&aws).await);
    made.remove("security group rules");
    assert_eq!(made, expected);
    stack.recon(&["destroy", "--auto-approve"]).success();
    let mut after = inventory(&aws).await;
    // The alarms of a target's policies go with the target, which the local AWS does in its own time.
    after.insert("alarms", before["alarms"]);
    assert_eq!(after, before);
    assert_eq!(recorded(&stack), 0);
}

/// Scaling and telemetry on and off, both ways, one apply each.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_converges_in_one_apply() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    let switches: [(&[&str], usize, &str); 7] = [
        (&[SCALED], 88, "Plan: 88 to add, 0 to change, 0 to destroy."),
        (&[], 76, "Plan: 0 to add, 0 to change, 12 to destroy."),
        (&[SCALED], 88, "Plan: 12 to add, 0 to change, 0 to destroy."),
        // What is told of telemetry stands in the user data, so that instances are rolled.
        (&[SCALED, SILENT], 82, "Plan: 0 to add, 6 to change, 6 to destroy."),
        (&[SILENT], 70, "Plan: 0 to add, 0 to change, 12 to destroy."),
        (
            &[SILENT, "kinesis_stream_mode_details=ON_DEMAND"],
            70,
            "Plan: 0 to add, 3 to change, 0 to destroy.",
        ),
        (&[], 76, "Plan: 6 to add, 9 to change, 0 to destroy."),
    ];
    for (variables, count, plan) in switches {
        assert_eq!(apply(&stack, variables), plan, "{variables:?}");
        assert_eq!(recorded(&stack), count, "{variables:?}");
        assert_in_sync(&stack, variables);
    }
}

async fn versions(aws: &Aws, group: &str) -> (i64, String) {
    let groups = aws.autoscaling().describe_auto_scaling_groups().auto_scaling_group_names(group);
    let groups = groups.send().await.unwrap();
    let used = groups.auto_scaling_groups()[0].launch_template().unwrap().clone();
    let call = aws.ec2().describe_launch_templates();
    let templates = call.launch_template_ids(used.launch_template_id().unwrap()).send().await.unwrap();
    let latest = templates.launch_templates()[0].latest_version_number().unwrap();
    (latest, used.version().unwrap().to_owned())
}

/// A changed template reaches its group in the same apply; a version that somebody else made is drift of the template,
/// and that the group is to follow it is called what follows.
#[tokio::test(flavor = "multi_thread")]
async fn a_groups_template_is_the_latest_version_whoever_makes_one() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    apply(&stack, &[SILENT]);
    let group = "sp-scalable-collector-server";
    assert_eq!(versions(&aws, group).await, (1, "1".to_owned()));
    let larger = [SILENT, "ec2_collector_instance_type=t3a.small", "ec2_collector_max_size=4"];
    assert_eq!(apply(&stack, &larger), "Plan: 0 to add, 2 to change, 0 to destroy.");
    assert_eq!(versions(&aws, group).await, (2, "2".to_owned()));
    assert_in_sync(&stack, &larger);

    let call = aws.autoscaling().describe_auto_scaling_groups().auto_scaling_group_names(group);
    let id = call.send().await.unwrap().auto_scaling_groups()[0].launch_template().unwrap().clone();
    let data = RequestLaunchTemplateData::builder().instance_type(InstanceType::T3Large).build();
    let call =
        aws.ec2().create_launch_template_version().launch_template_id(id.launch_template_id().unwrap());
    call.source_version("2").launch_template_data(data).send().await.unwrap();
    let lines = stack.recon(&with(&["diff", "--json"], &larger)).success().json_lines();
    let attributes = |address: &str| -> Vec<(String, String, bool)> {
        let changes = lines.iter().filter(|line| line["change"]["resource"]["addr"] == address);
        let attributes = changes.filter_map(|line| line["change"]["attributes"].as_array()).flatten();
        attributes
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                (text("path"), text("verdict"), one["consequence"] == true)
            })
            .collect()
    };
    let template = attributes("module.collector.module.service.aws_launch_template.this");
    assert!(template.contains(&("instance_type".to_owned(), "drifted".to_owned(), false)), "{template:?}");
    let of_group = attributes("module.collector.module.service.aws_autoscaling_group.this");
    assert!(!of_group.is_empty() && of_group.iter().all(|(_, _, follows)| *follows), "{of_group:?}");
    apply(&stack, &larger);
    assert_eq!(versions(&aws, group).await, (4, "4".to_owned()));
    assert_in_sync(&stack, &larger);
}

const CHAIN: &str = r#"
variable "name" {}
variable "image_id" {}
variable "public_subnet_ids" {}

provider "aws" {
  region = "eu-west-3"
}

resource "aws_launch_template" "this" {
  name_prefix   = "${var.name}-"
  image_id      = var.image_id
  instance_type = "t3.micro"
}

resource "aws_autoscaling_group" "this" {
  name_prefix               = "${var.name}-"
  min_size                  = 0
  max_size                  = 1
  wait_for_capacity_timeout = "0"
  vpc_zone_identifier       = var.public_subnet_ids

  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }
}

resource "aws_autoscaling_policy" "this" {
  name                   = var.name
  autoscaling_group_name = aws_autoscaling_group.this.name
  scaling_adjustment     = 1
  adjustment_type        = "ChangeInCapacity"

  lifecycle {
    create_before_destroy = true
  }
}
"#;

/// Three objects, each in the next one: the last one alone asks to be made before its predecessor goes. So are all, the
/// first one first, and their predecessors go the other way round.
#[test]
fn a_chain_of_three_is_replaced_in_order() {
    let aws = Aws::fresh();
    let mut stack = Stack::new(&aws);
    stack.write("main.tf", CHAIN);
    let variables = |name: &str| format!("name = {name:?}\nimage_id = \"ami-12c6146b\"\n");
    stack.write("terraform.tfvars", &variables("one"));
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.write("terraform.tfvars", &variables("two"));
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    stack.recon(&["apply", "--auto-approve"]).success();
    let changes = proxy.changes();
    let of_objects: Vec<&str> = changes
        .iter()
        .map(String::as_str)
        .filter(|name| {
            ["Create", "Put", "Delete"].iter().any(|verb| name.contains(&format!(".{verb}")))
                && !name.ends_with("Tags")
        })
        .collect();
    let expected = [
        "ec2.CreateLaunchTemplate",
        "autoscaling.CreateAutoScalingGroup",
        "autoscaling.PutScalingPolicy",
        "autoscaling.DeletePolicy",
        "autoscaling.DeleteAutoScalingGroup",
        "ec2.DeleteLaunchTemplate",
    ];
    assert_eq!(of_objects, expected, "{changes:?}");
    assert_in_sync(&stack, &[]);
    assert_eq!(recorded(&stack), 3);
}
