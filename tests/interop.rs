//! Terraform and recon on the same AWS. Run by name only (`cargo test --test interop`), since it needs
//! `terraform` and a local mirror with the AWS provider.

#[path = "tamper/cases.rs"]
#[expect(dead_code, reason = "the cases are applied here, not judged")]
mod cases;
mod support;

#[path = "interop/buckets.rs"]
mod buckets;
#[path = "interop/modules.rs"]
mod modules;

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use cases::Marked;
use recon::compare::object::{changed_paths, refreshed};
use recon::lang::convert::path_text;
use recon::provider::object::Object;
use recon::state::decode;
use support::aws::Aws;
use support::lifecycle::Lifecycle;
use support::stack::Stack;
use support::terraform::Terraform;

/// The front door and the streams of a pipeline, with every kind of object that recon knows so far.
const FRONT_DOOR: &str = r#"
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }
variable "ssh_ip_allowlist" { type = list(string) }
variable "ssh_public_key" { type = string }

resource "aws_key_pair" "this" {
  key_name   = "key"
  public_key = var.ssh_public_key
}

resource "aws_kinesis_stream" "provisioned" {
  name             = "provisioned"
  shard_count      = 1
  retention_period = 48
  encryption_type  = "KMS"
  kms_key_id       = "alias/aws/kinesis"
  tags             = { Name = "provisioned" }

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}

resource "aws_kinesis_stream" "on_demand" {
  name = "on-demand"

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_security_group" "lb" {
  name   = "lb"
  vpc_id = var.vpc_id
}

resource "aws_security_group" "server" {
  name   = "server"
  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "http" {
  type              = "ingress"
  from_port         = 80
  to_port           = 80
  protocol          = "tcp"
  cidr_blocks       = concat(["10.0.0.0/8"], var.ssh_ip_allowlist)
  security_group_id = aws_security_group.lb.id
}

resource "aws_security_group_rule" "server" {
  type                     = "egress"
  from_port                = 8080
  to_port                  = 8080
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.server.id
  security_group_id        = aws_security_group.lb.id
}

resource "aws_lb" "this" {
  name               = "lb"
  load_balancer_type = "application"
  security_groups    = [aws_security_group.lb.id]
  subnets            = var.public_subnet_ids
  idle_timeout       = 90
}

resource "aws_lb_target_group" "this" {
  name_prefix = "http-"
  port        = 8080
  protocol    = "HTTP"
  target_type = "instance"
  vpc_id      = var.vpc_id

  health_check {
    path    = "/health"
    matcher = "200-399"
  }

  stickiness {
    type            = "lb_cookie"
    cookie_duration = 3600
    enabled         = true
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = "80"
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "dashboard"
  dashboard_body = jsonencode({ widgets = [] })
}
"#;

#[test]
fn terraform_finds_on_the_local_aws_what_it_made_there() {
    let terraform = Terraform::find();
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", FRONT_DOOR);
    let var_file = format!("-var-file={}", aws.var_file().display());
    terraform.run(&stack, &["init"]).success();
    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
    let plan = ["plan", "-detailed-exitcode", &var_file];
    terraform.run(&stack, &plan).success();

    // A change of every updatable kind, and back.
    stack
        .replace("main.tf", "idle_timeout       = 90", "idle_timeout       = 120\n  enable_http2 = false")
        .replace("main.tf", "retention_period = 48", "retention_period = 24")
        .replace("main.tf", "path    = \"/health\"", "path    = \"/ready\"")
        .replace("main.tf", "cookie_duration = 3600", "cookie_duration = 7200");
    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
    terraform.run(&stack, &plan).success();
    terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
}

/// What Terraform recorded is what recon reads, but for what both spell differently and mean the same.
#[tokio::test(flavor = "multi_thread")]
async fn recon_reads_load_balancing_as_terraform_recorded_it() {
    let terraform = Terraform::find();
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", include_str!("data/load_balancing.tf"));
    let var_file = format!("-var-file={}", aws.var_file().display());
    terraform.run(&stack, &["init"]).success();
    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
    // A target group learns of its load balancer only after it was recorded.
    terraform.run(&stack, &["apply", "-refresh-only", "-auto-approve", &var_file]).success();

    let state = stack.state();
    let mut seen = 0;
    for resource in state["resources"].as_array().unwrap() {
        let (kind, name) = (resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap());
        if !kind.starts_with("aws_lb") {
            continue;
        }
        let lifecycle = Lifecycle::new(kind, &aws);
        let schema = &lifecycle.ty.schema().block;
        let recorded = decode(&resource["instances"][0]["attributes"], &schema.implied_type());
        let live = lifecycle.read(&recorded).await.unwrap();
        let live = live.with("tags", recorded.get("tags").unwrap());
        let changes = changed_paths(schema, &recorded, &refreshed(schema, &recorded, &live));
        let changes: Vec<String> = changes.iter().map(|path| path_text(path)).collect();
        assert_eq!(changes, [""; 0], "{kind}.{name}: {live:#?}");
        seen += 1;
    }
    assert_eq!(seen, 14);
}

/// The pipeline's front door, once applied by each: the other one has nothing to do. Both keep the state in one file.
#[test]
fn each_plans_no_change_on_what_the_other_applied() {
    let terraform = Terraform::find();
    let aws = Aws::fresh();
    let stack = Stack::copied(&aws, "stacks", "front-door");
    let var_file = format!("-var-file={}", aws.var_file().display());
    terraform.run(&stack, &["init"]).success();
    stack.recon(&["apply", "--auto-approve"]).success();
    let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
    let ours = state_objects(&stack);
    terraform.run(&stack, &plan).success();
    // Terraform takes the state over, changes something, and hands it back.
    stack.replace("terraform.tfvars", "\"PROVISIONED\"", "\"ON_DEMAND\"");
    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    stack.recon(&["destroy", "--auto-approve"]).success();

    let aws = Aws::fresh();
    let stack = Stack::copied(&aws, "stacks", "front-door");
    let var_file = format!("-var-file={}", aws.var_file().display());
    terraform.run(&stack, &["init"]).success();
    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
    stack.recon(&["diff", "--detailed-exitcode"]).success();
    let theirs = state_objects(&stack);
    let differ: Vec<_> = ours.iter().filter(|object| !theirs.contains(object)).collect();
    assert!(differ.is_empty(), "recorded by recon only: {differ:#?}");
    assert_eq!(ours.len(), theirs.len());
    stack.recon(&["apply", "--auto-approve"]).success();
    terraform.run(&stack, &["plan", "-detailed-exitcode", &var_file]).success();
    terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
}

/// Address, attribute and value of all that is recorded, without what differs from one account to the next.
fn state_objects(stack: &Stack) -> BTreeSet<(String, String, String)> {
    let state = stack.state();
    let mut found = BTreeSet::new();
    for resource in state["resources"].as_array().unwrap() {
        if resource["mode"] != "managed" {
            continue;
        }
        let address =
            ["module", "type", "name"].map(|part| resource[part].as_str().unwrap_or_default()).join(".");
        for (name, value) in resource["instances"][0]["attributes"].as_object().unwrap() {
            let text = value.to_string();
            // Left out, empty and false are alike.
            let is_empty = ["null", "\"\"", "[]", "{}", "false", "0"].contains(&text.as_str());
            if !is_empty && !is_made_up(&text) {
                found.insert((address.clone(), name.clone(), text));
            }
        }
    }
    found
}

/// Ids, ARNs, addresses and what holds them.
fn is_made_up(text: &str) -> bool {
    ["arn:", "-collector-lb/", "sg-", "sgr", "http-", ".amazonaws.com", "00000", "key-"]
        .iter()
        .any(|part| text.contains(part))
}

/// A network with instances, once applied by each: the other one has nothing to do.
#[tokio::test(flavor = "multi_thread")]
async fn each_plans_no_change_on_the_networks_that_the_other_made() {
    let terraform = Terraform::find();
    for is_ours in [false, true] {
        let aws = Aws::fresh();
        let images = aws.ec2().describe_images().owners("amazon").send().await.unwrap();
        let image = images.images().iter().find(|image| image.root_device_name().is_some()).unwrap();
        let stack = Stack::new(&aws);
        let code = include_str!("data/network.tf").replace("AMI", image.image_id().unwrap());
        stack.write("main.tf", &code);
        let var_file = format!("-var-file={}", aws.var_file().display());
        terraform.run(&stack, &["init"]).success();
        let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
        if is_ours {
            stack.recon(&["apply", "--auto-approve"]).success();
            terraform.run(&stack, &plan).success();
            terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
        } else {
            terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
            stack.recon(&["diff", "--detailed-exitcode"]).success();
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// Launch templates, once applied by each: the other one has nothing to do, before and after a new version.
#[test]
fn each_plans_no_change_on_the_templates_that_the_other_made() {
    let terraform = Terraform::find();
    for is_ours in [false, true] {
        let aws = Aws::fresh();
        let stack = Stack::new(&aws);
        let code = include_str!("data/launch_template.tf");
        stack.write("main.tf", code);
        let var_file = format!("-var-file={}", aws.var_file().display());
        terraform.run(&stack, &["init"]).success();
        let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
        for key in ["admin", "other"] {
            stack.write("main.tf", &code.replace("\"admin\"", &format!("{key:?}")));
            if is_ours {
                stack.recon(&["apply", "--auto-approve"]).success();
                terraform.run(&stack, &plan).success();
            } else {
                terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
                stack.recon(&["diff", "--detailed-exitcode"]).success();
            }
        }
        if is_ours {
            terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
        } else {
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// Scalable targets and their policies, once applied by each: the other one has nothing to do, before and after a
/// change.
#[test]
fn each_plans_no_change_on_the_scaling_that_the_other_made() {
    let terraform = Terraform::find();
    for is_ours in [false, true] {
        let aws = Aws::fresh();
        let stack = Stack::new(&aws);
        let code = include_str!("data/scaling.tf");
        stack.write("main.tf", code);
        let var_file = format!("-var-file={}", aws.var_file().display());
        terraform.run(&stack, &["init"]).success();
        let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
        let changed =
            code.replace("70.5", "60").replace("depth / 2", "depth / 3").replace("= 10\n", "= 15\n");
        for code in [code, &changed] {
            stack.write("main.tf", code);
            if is_ours {
                stack.recon(&["apply", "--auto-approve"]).success();
                terraform.run(&stack, &plan).success();
            } else {
                terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
                stack.recon(&["diff", "--detailed-exitcode"]).success();
            }
        }
        if is_ours {
            terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
        } else {
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// Tables of every kind with an item, rules of every kind: once applied by each, the other one has nothing to do, before
/// and after a change.
#[test]
fn each_plans_no_change_on_the_tables_and_rules_that_the_other_made() {
    let terraform = Terraform::find();
    let stacks = [
        (
            include_str!("tamper/stacks/dynamodb.tf"),
            "write_capacity              = 2",
            "write_capacity              = 3",
        ),
        (include_str!("tamper/stacks/listener_rules.tf"), "[\"/a/*\"]", "[\"/a/*\", \"/c/*\"]"),
    ];
    for (code, from, to) in stacks {
        for is_ours in [false, true] {
            let aws = Aws::fresh();
            let stack = Stack::new(&aws);
            stack.write("main.tf", code);
            let var_file = format!("-var-file={}", aws.var_file().display());
            terraform.run(&stack, &["init"]).success();
            let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
            assert_eq!(code.matches(from).count(), 1, "{from}");
            for code in [code, &code.replace(from, to)] {
                stack.write("main.tf", code);
                if is_ours {
                    stack.recon(&["apply", "--auto-approve"]).success();
                    terraform.run(&stack, &plan).success();
                } else {
                    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
                    stack.recon(&["diff", "--detailed-exitcode"]).success();
                }
            }
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// Alarms of every kind, and a parameter that one of them has in its description, once applied by each: the other one
/// has nothing to do, before and after a change, and both record the same.
#[tokio::test(flavor = "multi_thread")]
async fn each_plans_no_change_on_the_alarms_that_the_other_made() {
    let terraform = Terraform::find();
    // The marks that say what to tamper with are comments.
    let code = include_str!("tamper/stacks/alarms.tf").to_owned() + ALARM_OF_A_PARAMETER;
    let mut recorded = Vec::new();
    for is_ours in [false, true] {
        let aws = Aws::fresh();
        let parameter = aws.ssm().put_parameter().name("/who").value("on call");
        parameter.r#type(aws_sdk_ssm::types::ParameterType::SecureString).send().await.unwrap();
        let stack = Stack::new(&aws);
        stack.write("main.tf", &code);
        let var_file = format!("-var-file={}", aws.var_file().display());
        terraform.run(&stack, &["init"]).success();
        let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
        for (from, to) in [("\"p99\"", "\"p99\""), ("\"failed / all\"", "\"all / failed\"")] {
            stack.write("main.tf", &code.replace(from, to));
            if is_ours {
                stack.recon(&["apply", "--auto-approve"]).success();
                recorded.push(state_objects(&stack));
                terraform.run(&stack, &plan).success();
            } else {
                terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
                recorded.push(state_objects(&stack));
                stack.recon(&["diff", "--detailed-exitcode"]).success();
            }
        }
        if is_ours {
            terraform.run(&stack, &["destroy", "-auto-approve", &var_file]).success();
        } else {
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
    let [theirs, theirs_after, ours, ours_after] = &recorded[..] else { panic!("four records") };
    for (ours, theirs) in [(ours, theirs), (ours_after, theirs_after)] {
        assert_eq!(without_queries(ours), without_queries(theirs));
    }
}

/// What is recorded but for queries, which have empty arguments in Terraform's records and none in recon's.
fn without_queries(objects: &BTreeSet<(String, String, String)>) -> Vec<&(String, String, String)> {
    objects.iter().filter(|(_, name, _)| name != "metric_query").collect()
}

const ALARM_OF_A_PARAMETER: &str = r#"
data "aws_ssm_parameter" "who" {
  name = "/who"
}

resource "aws_cloudwatch_metric_alarm" "told" {
  alarm_name          = "told"
  alarm_description   = data.aws_ssm_parameter.who.value
  comparison_operator = "GreaterThanThreshold"
  metric_name         = "m"
  namespace           = "n"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
}
"#;

/// Identities, groups of instances with what scales them, and all that stands before them: once applied by each, the
/// other one has nothing to do, before and after many changes at once.
#[tokio::test(flavor = "multi_thread")]
async fn each_plans_no_change_on_the_identities_and_groups_that_the_other_made() {
    let terraform = Terraform::find();
    let stacks = [
        include_str!("tamper/stacks/autoscaling.tf").to_owned() + ATTACHMENTS,
        include_str!("tamper/stacks/iam.tf").to_owned(),
        include_str!("tamper/stacks/front_door.tf").to_owned(),
    ];
    for code in stacks {
        // Terraform waits for instances in a load balancer of the old kind, of which there is none.
        let has_one = |line: &&str| !line.trim_start().starts_with("load_balancers ");
        let code: Vec<&str> = code.lines().filter(has_one).collect();
        let marked = Marked::parse(&code.join("\n"));
        let rounds = marked.rounds();
        for is_ours in [false, true] {
            let aws = Aws::fresh();
            let (_, subnets) = aws.network().await;
            let mut variables = format!("third_subnet_id = {:?}\n", subnets[2]);
            for name in ["workers", "others"] {
                variables += &format!("{name}_id = {:?}\n", template(&aws, name).await);
            }
            for name in ["old", "new"] {
                let call = aws.autoscaling().create_launch_configuration().launch_configuration_name(name);
                call.image_id("ami-12c6146b").instance_type("t3.micro").send().await.unwrap();
            }
            let stack = Stack::new(&aws);
            stack.write("more.auto.tfvars", &variables);
            let var_file = format!("-var-file={}", aws.var_file().display());
            stack.write("main.tf", &marked.base());
            terraform.run(&stack, &["init"]).success();
            let plan = ["plan", "-detailed-exitcode", "-no-color", &var_file];
            for code in [marked.base(), marked.tampered(&rounds[0])] {
                stack.write("main.tf", &code);
                if is_ours {
                    stack.recon(&["apply", "--auto-approve"]).success();
                    terraform.run(&stack, &plan).success();
                } else {
                    terraform.run(&stack, &["apply", "-auto-approve", &var_file]).success();
                    stack.recon(&["diff", "--detailed-exitcode"]).success();
                }
            }
            stack.recon(&["destroy", "--auto-approve"]).success();
        }
    }
}

/// Makes a launch template of two versions. Answers its id.
async fn template(aws: &Aws, name: &str) -> String {
    let data = RequestLaunchTemplateData::builder().image_id("ami-12c6146b");
    let data = data.instance_type(InstanceType::T3Micro).build();
    let call = aws.ec2().create_launch_template().launch_template_name(name);
    let made = call.launch_template_data(data.clone()).send().await.unwrap();
    let id = made.launch_template().unwrap().launch_template_id().unwrap().to_owned();
    let call = aws.ec2().create_launch_template_version().launch_template_id(&id);
    call.launch_template_data(data).send().await.unwrap();
    id
}

const ATTACHMENTS: &str = r#"
resource "aws_lb_target_group" "by_address" {
  name        = "by-address"
  port        = 80
  protocol    = "HTTP"
  target_type = "ip"
  vpc_id      = var.vpc_id
}

resource "aws_lb_target_group_attachment" "this" {
  target_group_arn = aws_lb_target_group.by_address.arn
  target_id        = "10.0.0.10"
  port             = 8080
}

resource "aws_lb_target_group" "apart" {
  name     = "apart"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_autoscaling_group" "apart" {
  name                      = "apart"
  wait_for_capacity_timeout = "0"
  min_size                  = 0
  max_size                  = 1
  vpc_zone_identifier       = var.public_subnet_ids

  launch_template {
    id      = var.workers_id
    version = "1"
  }

  lifecycle {
    ignore_changes = [target_group_arns]
  }
}

resource "aws_autoscaling_attachment" "this" {
  autoscaling_group_name = aws_autoscaling_group.apart.name
  lb_target_group_arn    = aws_lb_target_group.apart.arn
}
"#;
