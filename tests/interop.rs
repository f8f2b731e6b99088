//! Terraform and recon on the same AWS. Run by name only (`cargo test --test interop`), since it needs
//! `terraform` and a local mirror with the AWS provider.

mod support;

use std::collections::BTreeSet;

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

/// The pipeline's stack, once applied by each: the other one has nothing to do. Both keep the state in one file.
#[test]
fn each_plans_no_change_on_what_the_other_applied() {
    let terraform = Terraform::find();
    let aws = Aws::fresh();
    let stack = Stack::copied(&aws, "stacks", "pipeline");
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
    let stack = Stack::copied(&aws, "stacks", "pipeline");
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
