//! Objects that have no name and no token: found by the tag with which they are made. The digest of the state is in a
//! table here, so that runs are also killed between a state and its digest.

use std::collections::BTreeMap;

use crate::scene::{Subject, kill_at_every_step};
use crate::support::aws::Aws;
use crate::support::proxy::{Gate, Proxy, Rule};
use crate::support::stack::Stack;

const NETWORK: &str = r#"
provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block           = "10.9.0.0/16"
  enable_dns_hostnames = true
  tags                 = { Name = "network" }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_subnet" "this" {
  vpc_id            = aws_vpc.this.id
  cidr_block        = "10.9.1.0/24"
  availability_zone = "eu-west-3a"
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_eip" "this" {
  domain = "vpc"
  tags   = { Name = "out" }
}

resource "aws_nat_gateway" "this" {
  subnet_id     = aws_subnet.this.id
  allocation_id = aws_eip.this.id
}

data "aws_ami" "linux" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-ebs"]
  }
}

resource "aws_instance" "this" {
  ami           = data.aws_ami.linux.id
  instance_type = "t3a.micro"
  subnet_id     = aws_subnet.this.id
}
"#;

fn stack(aws: &Aws) -> Stack {
    let stack = Stack::new(aws);
    stack.write("main.tf", NETWORK);
    stack
}

/// How many there are of the network's objects, and how many tags of recon's are on them.
async fn network(aws: &Aws) -> BTreeMap<&'static str, usize> {
    let ec2 = aws.ec2();
    let instances = ec2.describe_instances().send().await.unwrap();
    let instances = instances.reservations().iter().map(|one| one.instances().len()).sum();
    let tags = ec2.describe_tags().send().await.unwrap();
    let marks = tags.tags().iter().filter(|tag| tag.key().is_some_and(|key| key.starts_with("recon:")));
    BTreeMap::from([
        ("addresses", ec2.describe_addresses().send().await.unwrap().addresses().len()),
        ("instances", instances),
        ("gateways", ec2.describe_internet_gateways().send().await.unwrap().internet_gateways().len()),
        ("marks", marks.count()),
        ("NAT gateways", ec2.describe_nat_gateways().send().await.unwrap().nat_gateways().len()),
        ("route tables", ec2.describe_route_tables().send().await.unwrap().route_tables().len()),
        ("subnets", ec2.describe_subnets().send().await.unwrap().subnets().len()),
        ("VPCs", ec2.describe_vpcs().send().await.unwrap().vpcs().len()),
    ])
}

/// [`network`], for a caller that is inside a runtime.
fn counted(aws: &Aws) -> BTreeMap<&'static str, usize> {
    let aws = aws.clone();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(network(&aws))
    })
    .join()
    .unwrap()
}

#[test]
fn a_network_is_made_once_though_its_objects_have_no_names() {
    let subject = Subject { stack, with_table: true, more: counted };
    // The journal's writes are steps of the front door, too; after them nothing is there to be found.
    kill_at_every_step(&subject, |n, name| n < 8 || !name.starts_with("s3.") || name == "s3.DeleteObject");
}

/// A VPC with as many tags as it may have: there is no room for another.
const FULL: &str = r#"
provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block = "10.9.0.0/16"
  tags       = { for number in range(50) : "k${number}" => "v${number}" }
}
"#;

/// The VPCs with this range.
async fn made(aws: &Aws) -> Vec<String> {
    let vpcs = aws.ec2().describe_vpcs().send().await.unwrap();
    let made = vpcs.vpcs().iter().filter(|vpc| vpc.cidr_block() == Some("10.9.0.0/16"));
    made.map(|vpc| vpc.vpc_id().unwrap().to_owned()).collect()
}

fn kill(stack: &Stack, proxy: &Proxy, rule: impl FnOnce(&Gate) -> Rule) {
    let gate = Gate::new();
    proxy.rule(rule(&gate));
    let run = stack.recon(&["apply", "--auto-approve"]).silent().start();
    gate.wait_for_call();
    run.kill();
    proxy.clear_rules();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_tells_an_object_apart_the_candidates_are_listed_and_nothing_is_done() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let stack = Stack::new(&aws.through(proxy.endpoint()));
    stack.write("main.tf", FULL);
    // The request did not get there: no object can be the one.
    tokio::task::block_in_place(|| kill(&stack, &proxy, |gate| Rule::on("ec2.CreateVpc").hold_before(gate)));
    stack.recon(&["diff", "--detailed-exitcode"]).code(2);
    assert_eq!(made(&aws).await, Vec::<String>::new());

    tokio::task::block_in_place(|| kill(&stack, &proxy, |gate| Rule::on("ec2.CreateVpc").hold_after(gate)));
    let ids = made(&aws).await;
    assert_eq!(ids.len(), 1);
    let output = stack.recon(&["apply", "--auto-approve"]).code(1);
    let text = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(&format!("It may be one of these: {}.", ids[0])), "{output}");
    assert!(text.contains("\"recon import 'aws_vpc.this' ID\""), "{output}");
    assert_eq!(made(&aws).await, ids);

    stack.recon(&["import", "aws_vpc.this", &ids[0]]).success();
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_eq!(made(&aws).await, ids);
    assert!(!stack.path("terraform.tfstate.journal").exists());
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_may_not_be_removed_is_warned_of_and_never_shown_as_a_difference() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let stack = Stack::new(&aws.through(proxy.endpoint()));
    stack.write(
        "main.tf",
        "provider \"aws\" {\n  region = \"eu-west-3\"\n}\n\nresource \"aws_eip\" \"this\" {}\n",
    );
    proxy.rule(Rule::on("ec2.DeleteTags").fail(403, "UnauthorizedOperation", "You are not authorized."));
    let output = stack.recon(&["apply", "--auto-approve"]).success();
    assert!(output.stderr.contains("A tag of recon's is left on an object"), "{output}");
    let addresses = aws.ec2().describe_addresses().send().await.unwrap();
    let tags = addresses.addresses()[0].tags();
    assert_eq!(tags.iter().map(|tag| tag.key().unwrap()).collect::<Vec<_>>(), ["recon:operation"]);
    assert!(!stack.path("terraform.tfstate.journal").exists());
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
    assert!(!stack.read("terraform.tfstate").contains("recon:operation"));
}
