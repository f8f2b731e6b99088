//! Objects that AWS has below those of a stack, and that neither code nor record know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aws_sdk_autoscaling::types::{MetricType, PredefinedMetricSpecification, TargetTrackingConfiguration};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Statistic};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_ec2::types::{IpPermission, IpRange};
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, PathPatternConditionConfig, ProtocolEnum,
    RuleCondition,
};
use serde_json::{Value as Json, json};

use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;
use crate::{of, report, resource};

/// All types that can be looked for.
const ALL: &str = r#"
drift {
  unmanaged = [
    "aws_iam_role_policy", "aws_iam_role_policy_attachment", "aws_security_group_rule", "aws_lb_listener",
    "aws_lb_listener_rule", "aws_autoscaling_policy", "aws_cloudwatch_metric_alarm", "aws_dynamodb_table_item",
  ]
}
"#;

const CODE: &str = r#"
provider "aws" {
  region = "eu-west-3"
}

resource "aws_iam_role" "web" {
  name               = "web"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.web.name
  policy = jsonencode(local.reading)
}

locals {
  reading = {
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }]
  }
}

resource "aws_iam_policy" "own" {
  name   = "own"
  policy = jsonencode(local.reading)
}

resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.web.name
  policy_arn = aws_iam_policy.own.arn
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = "VPC"
}

resource "aws_security_group_rule" "own" {
  security_group_id = aws_security_group.web.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["10.0.0.0/8", "192.168.0.0/16"]
}

resource "aws_security_group" "by_id" {
  name   = "by-id"
  vpc_id = "VPC"
}

resource "aws_vpc_security_group_ingress_rule" "own" {
  security_group_id = aws_security_group.by_id.id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "10.0.0.0/8"
}

resource "aws_security_group" "whole" {
  name   = "whole"
  vpc_id = "VPC"

  ingress {
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_lb" "web" {
  name    = "web"
  subnets = ["SUBNET_A", "SUBNET_B"]
}

resource "aws_lb_listener" "own" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_launch_template" "web" {
  name     = "web"
  image_id = "IMAGE"
}

resource "aws_autoscaling_group" "web" {
  name                = "web"
  min_size            = 0
  max_size            = 1
  vpc_zone_identifier = ["SUBNET_A"]

  launch_template {
    id = aws_launch_template.web.id
  }
}

resource "aws_autoscaling_policy" "own" {
  name                   = "own"
  autoscaling_group_name = aws_autoscaling_group.web.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
}

resource "aws_dynamodb_table" "config" {
  name         = "config"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "own" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = "id"
  item       = jsonencode({ id = { S = "own" }, value = { N = "1" } })
}
"#;

/// The stack, applied.
async fn applied(aws: &Aws) -> Stack {
    let (vpc, subnets) = aws.network().await;
    let images = aws.ec2().describe_images().owners("amazon").send().await.unwrap();
    let image = images.images()[0].image_id().unwrap();
    let code = CODE.replace("VPC", &vpc).replace("SUBNET_A", &subnets[0]).replace("SUBNET_B", &subnets[1]);
    let stack = Stack::new(aws);
    stack.write("main.tf", &code.replace("IMAGE", image));
    stack.recon(&["apply", "--auto-approve"]).success();
    stack
}

fn recorded<'a>(state: &'a Json, ty: &str, name: &str) -> &'a Json {
    let resources = state["resources"].as_array().unwrap();
    let found = resources.iter().find(|one| one["type"] == ty && one["name"] == name);
    &found.unwrap_or_else(|| panic!("no {ty}.{name}"))["instances"][0]["attributes"]
}

fn text<'a>(value: &'a Json, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn ssh(range: &str) -> IpPermission {
    let range = IpRange::builder().cidr_ip(range).description("for a moment").build();
    IpPermission::builder().ip_protocol("tcp").from_port(22).to_port(22).ip_ranges(range).build()
}

async fn authorize(aws: &Aws, group: &str, range: &str) -> String {
    let call = aws.ec2().authorize_security_group_ingress().group_id(group);
    let made = call.ip_permissions(ssh(range)).send().await.unwrap();
    made.security_group_rules()[0].security_group_rule_id().unwrap().to_owned()
}

fn not_found() -> Action {
    let answer = FixedResponseActionConfig::builder().status_code("404").content_type("text/plain").build();
    Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build()
}

/// Makes an object of each kind by hand. Answers the import id of each by the address it should be proposed at.
async fn by_hand(aws: &Aws, stack: &Stack) -> BTreeMap<&'static str, String> {
    let state = stack.state();
    let iam = aws.iam();
    let document =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*"],"Resource":"*"}]}"#;
    let call = iam.put_role_policy().role_name("web").policy_name("by.hand").policy_document(document);
    call.send().await.unwrap();
    let call = iam.create_policy().policy_name("by-hand").policy_document(document);
    let attached = call.send().await.unwrap().policy.unwrap().arn.unwrap();
    iam.attach_role_policy().role_name("web").policy_arn(&attached).send().await.unwrap();

    let group = text(recorded(&state, "aws_security_group", "web"), "id");
    authorize(aws, group, "203.0.113.7/32").await;
    let with_ids = text(recorded(&state, "aws_security_group", "by_id"), "id");
    let rule_id = authorize(aws, with_ids, "203.0.113.7/32").await;

    let elb = aws.elb();
    let balancer = text(recorded(&state, "aws_lb", "web"), "arn");
    let (vpc, _) = aws.network().await;
    let call = elb.create_target_group().name("hand").protocol(ProtocolEnum::Http).port(80).vpc_id(&vpc);
    let made = call.send().await.unwrap();
    let forward = Action::builder().r#type(ActionTypeEnum::Forward);
    let forward = forward.set_target_group_arn(made.target_groups()[0].target_group_arn().map(str::to_owned));
    let call = elb.create_listener().load_balancer_arn(balancer).port(8080).protocol(ProtocolEnum::Http);
    let made = call.default_actions(forward.build()).send().await.unwrap();
    let listener = made.listeners()[0].listener_arn().unwrap().to_owned();
    let own = text(recorded(&state, "aws_lb_listener", "own"), "arn");
    let paths = PathPatternConditionConfig::builder().values("/hand/*").build();
    let condition = RuleCondition::builder().field("path-pattern").path_pattern_config(paths).build();
    let call = elb.create_rule().listener_arn(own).priority(7).conditions(condition).actions(not_found());
    let rule = call.send().await.unwrap().rules()[0].rule_arn().unwrap().to_owned();

    let scaling = aws.autoscaling();
    let call = scaling.put_scaling_policy().auto_scaling_group_name("web").policy_name("by hand");
    call.adjustment_type("ChangeInCapacity").scaling_adjustment(-1).cooldown(60).send().await.unwrap();
    let live = scaling.describe_policies().policy_names("by hand").send().await.unwrap();
    let policy = live.scaling_policies()[0].policy_arn().unwrap().to_owned();
    // Policies that follow a target, one as ECS makes it; their alarms are their own.
    let metric = PredefinedMetricSpecification::builder()
        .predefined_metric_type(MetricType::AsgAverageCpuUtilization)
        .build();
    let target = TargetTrackingConfiguration::builder()
        .predefined_metric_specification(metric)
        .target_value(50.0)
        .build();
    for name in ["ECSManagedAutoScalingPolicy-1", "follow"] {
        let call = scaling.put_scaling_policy().auto_scaling_group_name("web").policy_name(name);
        let call = call.policy_type("TargetTrackingScaling");
        call.target_tracking_configuration(target.clone()).send().await.unwrap();
    }

    let alarm = |name: &str| {
        let call = aws.cloudwatch().put_metric_alarm().alarm_name(name).namespace("AWS/EC2");
        let call =
            call.metric_name("CPUUtilization").statistic(Statistic::Average).period(60).threshold(70.5);
        call.evaluation_periods(2).comparison_operator(ComparisonOperator::GreaterThanThreshold)
    };
    let of_group = Dimension::builder().name("AutoScalingGroupName").value("web").build();
    alarm("by-hand").dimensions(of_group).send().await.unwrap();
    alarm("by-policy").alarm_actions(policy).send().await.unwrap();
    let of_another = Dimension::builder().name("AutoScalingGroupName").value("other").build();
    alarm("of another").dimensions(of_another).send().await.unwrap();

    let call =
        aws.dynamodb().put_item().table_name("config").item("id", AttributeValue::S("by-hand".to_owned()));
    call.item("value", AttributeValue::N("2".to_owned())).send().await.unwrap();

    BTreeMap::from([
        ("aws_iam_role_policy.web_by_hand", "web:by.hand".to_owned()),
        ("aws_iam_role_policy_attachment.web_by_hand", format!("web/{attached}")),
        (
            "aws_security_group_rule.web_ingress_tcp_22_203_0_113_7_32",
            format!("{group}_ingress_tcp_22_22_203.0.113.7/32"),
        ),
        ("aws_vpc_security_group_ingress_rule.by_id_ingress_tcp_22_203_0_113_7_32", rule_id),
        ("aws_lb_listener.web_http_8080", listener),
        ("aws_lb_listener_rule.own_7", rule),
        ("aws_autoscaling_policy.web_by_hand", "web/by hand".to_owned()),
        ("aws_autoscaling_policy.web_follow", "web/follow".to_owned()),
        ("aws_cloudwatch_metric_alarm.web_by_hand", "by-hand".to_owned()),
        ("aws_cloudwatch_metric_alarm.web_by_policy", "by-policy".to_owned()),
        ("aws_dynamodb_table_item.config_by_hand", "config|id|by-hand".to_owned()),
    ])
}

/// The import ids of unmanaged objects by their addresses.
fn unmanaged(report: &Json) -> BTreeMap<&str, String> {
    let resources = report["resources"].as_array().unwrap().iter();
    let found = resources.filter(|resource| resource["status"] == "unmanaged");
    found
        .map(|one| (text(one, "address"), one["import_id"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_by_hand_is_found_and_imported_without_a_change() {
    let aws = Aws::fresh();
    let stack = applied(&aws).await;
    stack.write("recon.hcl", ALL);
    let untouched = report(&stack, &["--detailed-exitcode"]);
    assert_eq!((unmanaged(&untouched), untouched.get("unsearched")), (BTreeMap::new(), None));
    let made = by_hand(&aws, &stack).await;

    let output =
        stack.recon(&["drift", "--json", "--detailed-exitcode", "--generate-config", "hand.tf"]).code(0);
    let found = of(&output);
    assert_eq!(unmanaged(&found), made);
    assert_eq!((&found["summary"]["unmanaged"], &found["complete"]), (&json!(made.len()), &json!(true)));
    let policy = resource(&found, "aws_iam_role_policy.web_by_hand");
    assert_eq!(policy["reason"], "belongs to aws_iam_role.web");
    let code = stack.read("hand.tf");
    assert!(code.contains("role = aws_iam_role.web.id"), "{code}");
    stack.recon(&["fmt", "--check"]).success();
    stack.recon(&["drift", "--generate-config", "hand.tf"]).code(1);

    let proxy = Proxy::before(&aws);
    let mut stack = stack;
    stack.set_aws(&aws.through(proxy.endpoint()));
    let applied = stack.recon(&["apply", "--auto-approve", "--no-color"]).success();
    let expected = format!("Plan: {} to import, 0 to add, 0 to change, 0 to destroy.", made.len());
    assert!(applied.stdout.contains(&expected), "{applied}\n{code}");
    assert_eq!(proxy.changes(), [""; 0]);
    let after = report(&stack, &["--detailed-exitcode"]);
    assert_eq!(unmanaged(&after), BTreeMap::new());
    assert_eq!(after["summary"]["in_sync"], after["summary"]["resources"], "{after:#}");
    stack.recon(&["diff", "--detailed-exitcode"]).code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_roles_and_groups_tell_it_at_no_call_more() {
    let aws = Aws::fresh();
    let mut stack = applied(&aws).await;
    let made = by_hand(&aws, &stack).await;
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    let calls = |file: &str| {
        stack.write("recon.hcl", file);
        proxy.forget_calls();
        (report(&stack, &[]), proxy.counts())
    };
    let (nothing, mut none) = calls("drift {\n  unmanaged = []\n}\n");
    assert_eq!(unmanaged(&nothing), BTreeMap::new());
    let (found, default) = calls("");
    let expected: BTreeSet<&str> = made
        .keys()
        .copied()
        .filter(|address| address.contains("iam") || address.contains("group_"))
        .collect();
    assert_eq!(unmanaged(&found).into_keys().collect::<BTreeSet<_>>(), expected);
    // The ids of rules that were found are asked for, where the code knows rules by their ids.
    *none.get_mut("ec2.DescribeSecurityGroupRules").unwrap() += 1;
    assert_eq!(default, none);

    let ids = &made["aws_vpc_security_group_ingress_rule.by_id_ingress_tcp_22_203_0_113_7_32"];
    let state = stack.state();
    let group = text(recorded(&state, "aws_security_group", "by_id"), "id");
    let call = aws.ec2().revoke_security_group_ingress().group_id(group).security_group_rule_ids(ids);
    call.send().await.unwrap();
    *none.get_mut("ec2.DescribeSecurityGroupRules").unwrap() -= 1;
    let (found, default) = calls("");
    assert_eq!((unmanaged(&found).len(), default), (expected.len() - 1, none));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_more_in_a_group_that_lists_its_rules_is_drift() {
    let aws = Aws::fresh();
    let stack = applied(&aws).await;
    let state = stack.state();
    authorize(&aws, text(recorded(&state, "aws_security_group", "whole"), "id"), "203.0.113.7/32").await;
    let found = report(&stack, &[]);
    assert_eq!(unmanaged(&found), BTreeMap::new());
    assert_eq!(resource(&found, "aws_security_group.whole")["status"], "drifted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_permission_names_the_type_and_the_action() {
    let aws = Aws::fresh();
    let mut stack = applied(&aws).await;
    let made = by_hand(&aws, &stack).await;
    stack.write("recon.hcl", ALL);
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("dynamodb.Scan").fail(400, "AccessDeniedException", "no"));
    let found = of(&stack.recon(&["drift", "--json", "--detailed-exitcode"]).code(0));
    assert_eq!((found["complete"].clone(), found["unsearched"].as_array().unwrap().len()), (json!(true), 1));
    assert_eq!(found["unsearched"][0]["type"], "aws_dynamodb_table_item");
    assert_eq!(found["unsearched"][0]["operation"], "dynamodb:Scan");
    assert_eq!(unmanaged(&found).len(), made.len() - 1);
    stack.recon(&["drift", "--strict"]).code(1);
    let shown = stack.recon(&["drift", "--no-color"]).code(0);
    assert!(
        shown.stdout.contains("aws_dynamodb_table_item: ") && shown.stdout.contains("dynamodb:Scan"),
        "{shown}"
    );
}

/// In each form, with the block that imports it; and not at all where a rule says so.
#[tokio::test(flavor = "multi_thread")]
async fn every_form_tells_of_it_and_rules_leave_it_out() {
    let aws = Aws::fresh();
    let stack = applied(&aws).await;
    let name = "</script>`x`${y}";
    let call = aws.dynamodb().put_item().table_name("config").item("id", AttributeValue::S(name.to_owned()));
    call.send().await.unwrap();
    let file = "drift {\n  unmanaged = [\"aws_dynamodb_table_item\"]\n}\n";
    stack.write("recon.hcl", file);
    let address = "aws_dynamodb_table_item.config_script_x_y";
    let found = report(&stack, &[]);
    assert_eq!(unmanaged(&found), BTreeMap::from([(address, format!("config|id|{name}"))]));
    let block = format!("to = {address}\nid = \"config|id|</script>`x`$${{y}}\"");
    let shown = |arguments: &[&str]| {
        let output = stack.recon(&[&["drift", "--no-color"], arguments].concat()).code(0);
        output.stdout.lines().map(str::trim).collect::<Vec<_>>().join("\n")
    };
    let terminal = shown(&[]);
    assert!(terminal.contains(&block) && terminal.contains("1 unmanaged"), "{terminal}");
    assert!(shown(&["--markdown"]).contains(&block));
    let escaped = block.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    stack.recon(&["drift", "--html", "page.html"]).success();
    let page = stack.read("page.html");
    let page = page.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    assert!(page.contains(&escaped), "{page}");
    assert!(shown(&["--sarif"]).contains("import id"));
    assert!(shown(&["--junit"]).contains("import id"));

    let rule = "rule \"theirs\" {\n match = [\"**.aws_dynamodb_table_item.config_*\"]\n action = \"ignore\"\n reason = \"an \
                application writes these\"\n }\n";
    stack.write("recon.hcl", &file.replace("{\n", &format!("{{\n{rule}")));
    let found = report(&stack, &[]);
    assert_eq!((unmanaged(&found), &found["summary"]["unmanaged"]), (BTreeMap::new(), &json!(0)));
    let all = report(&stack, &["--all"]);
    let item = resource(&all, address);
    assert_eq!((&item["status"], &item["rule"]), (&json!("ignored"), &json!("theirs")));
}

/// A table of settings is small. Of one that goes on and on the first pages are looked at.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_without_an_end_is_left_after_some_pages() {
    let aws = Aws::fresh();
    let mut stack = applied(&aws).await;
    stack.write("recon.hcl", "drift {\n  unmanaged = [\"aws_dynamodb_table_item\"]\n}\n");
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("dynamodb.Scan").rewrite(|_, mut reply| {
        let mut body: Json = serde_json::from_slice(&reply.body).unwrap();
        body["LastEvaluatedKey"] = json!({ "id": { "S": "0" } });
        reply.body = serde_json::to_vec(&body).unwrap().into();
        reply
    }));
    let found = report(&stack, &[]);
    assert_eq!(proxy.count("dynamodb.Scan"), 10);
    let told = text(&found["unsearched"][0], "reason");
    assert!(told.contains("config has more than"), "{told}");
    assert_eq!(found["complete"], true);
}

/// The values of sensitive attributes are left to variables, and so is what repeats a secret of the stack.
#[tokio::test(flavor = "multi_thread")]
async fn generated_code_tells_no_secret() {
    let aws = Aws::fresh();
    let stack = applied(&aws).await;
    let secret = "hunter2-the-second";
    let code = stack.read("main.tf").replace("{ N = \"1\" }", "{ S = var.secret }");
    let variable = "\nvariable \"secret\" {\n  sensitive = true\n}\n";
    stack.write("main.tf", &(code + variable)).write("terraform.tfvars", &format!("secret = \"{secret}\"\n"));
    stack.recon(&["apply", "--auto-approve"]).success();
    let put = |id: &str, value: &str| {
        let call =
            aws.dynamodb().put_item().table_name("config").item("id", AttributeValue::S(id.to_owned()));
        call.item("value", AttributeValue::S(value.to_owned()))
    };
    put("copy", &format!("of {secret}")).send().await.unwrap();
    put(&format!("named {secret}"), "x").send().await.unwrap();
    stack.write("recon.hcl", "drift {\n  unmanaged = [\"aws_dynamodb_table_item\"]\n}\n");
    let output = stack.recon(&["drift", "--json", "--generate-config", "hand.tf"]).success();
    let generated = stack.read("hand.tf");
    for text in [&output.stdout, &output.stderr, &generated] {
        assert!(!text.contains(secret), "{text}");
    }
    let found = of(&output);
    assert_eq!(found["summary"]["unmanaged"], 2);
    assert!(generated.contains("item       = var.config_copy_item"), "{generated}");
    assert!(
        generated.contains("variable \"config_copy_item\"") && !generated.contains("named"),
        "{generated}"
    );
}

/// Types that cannot be looked for are refused, with those that can be.
#[test]
fn unknown_types_are_refused() {
    let stack = Stack::offline();
    stack
        .write("main.tf", "")
        .write("recon.hcl", "drift {\n  unmanaged = [\"aws_lb_listner\", \"aws_eip\"]\n}\n");
    let output = stack.recon(&["drift"]).code(1);
    assert!(output.stderr.contains("\"aws_lb_listener\""), "{output}");
    assert!(output.stderr.contains("\"aws_eip\" cannot be looked for"), "{output}");
    assert!(output.stderr.contains("aws_iam_role_policy_attachment"), "{output}");
    assert!(!Path::new(&stack.path("terraform.tfstate")).exists());
}

/// The example as it is applied: all types are looked for, and nothing is found.
#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_pipeline_has_none() {
    let aws = Aws::fresh();
    let mut stack = Stack::copied(&aws, "stacks", "pipeline");
    stack.replace(
        "../modules/telemetry/variables.tf",
        "\"telemetry-g.snowplowanalytics.com\"",
        "\"127.0.0.1:1\"",
    );
    stack.recon(&["apply", "--auto-approve"]).success();
    let proxy = Proxy::before(&aws);
    stack.set_aws(&aws.through(proxy.endpoint()));
    let calls = |file: &str| {
        stack.write("recon.hcl", file);
        proxy.forget_calls();
        let found = report(&stack, &["."]);
        assert_eq!(unmanaged(&found), BTreeMap::new(), "{file}");
        assert_eq!((found.get("unsearched"), &found["complete"]), (None, &json!(true)));
        proxy.counts()
    };
    let none = calls("drift {\n  unmanaged = []\n}\n");
    assert_eq!(calls(""), none);
    let all = calls(ALL);
    let more = |operation: &str| all[operation] - none.get(operation).copied().unwrap_or_default();
    assert_eq!(more("dynamodb.Scan"), 1, "{all:#?}");
    assert_eq!(all.values().sum::<usize>() - none.values().sum::<usize>(), OF_ALL, "{all:#?}\n{none:#?}");
}

/// What looking for all types costs on the pipeline: a scan, the listeners of a load balancer and the rules of a listener,
/// the policies of three groups, and the alarms.
const OF_ALL: usize = 7;
