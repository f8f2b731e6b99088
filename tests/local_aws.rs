//! Where moto does otherwise than AWS and the sandbox mends it: what the code for AWS leans on. The
//! expectations are those of the services' API references.

mod support;

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{IpPermission, IpRange, UserIdGroupPair};
use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, LoadBalancerAttribute, ProtocolEnum};
use aws_sdk_kinesis::types::{ScalingType, StreamMode, StreamModeDetails};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use support::aws::Aws;

/// The code of the error that a call has to end with.
macro_rules! refused {
    ($call:expr) => {
        $call.send().await.unwrap_err().code().unwrap_or_default().to_owned()
    };
}

async fn load_balancer(aws: &Aws, name: &str, groups: &[&str]) -> String {
    let (_, subnets) = aws.network().await;
    let mut call = aws.elb().create_load_balancer().name(name).set_subnets(Some(subnets[..2].to_vec()));
    for group in groups {
        call = call.security_groups(*group);
    }
    call.send().await.unwrap().load_balancers()[0].load_balancer_arn().unwrap().to_owned()
}

async fn target_group(aws: &Aws, name: &str) -> String {
    let (vpc, _) = aws.network().await;
    let call = aws.elb().create_target_group().name(name).protocol(ProtocolEnum::Http).port(8080).vpc_id(vpc);
    call.send().await.unwrap().target_groups()[0].target_group_arn().unwrap().to_owned()
}

fn forward(group: &str) -> Action {
    Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(group).build()
}

async fn listener(aws: &Aws, balancer: &str, group: &str) -> String {
    let call = aws.elb().create_listener().load_balancer_arn(balancer).protocol(ProtocolEnum::Http).port(80);
    let answer = call.default_actions(forward(group)).send().await.unwrap();
    answer.listeners()[0].listener_arn().unwrap().to_owned()
}

#[tokio::test]
async fn creating_a_load_balancer_twice_gives_one() {
    let aws = Aws::fresh();
    let first = load_balancer(&aws, "lb", &[]).await;
    assert_eq!(load_balancer(&aws, "lb", &[]).await, first);
    let (_, subnets) = aws.network().await;
    let other = aws.elb().create_load_balancer().name("lb").set_subnets(Some(subnets[1..3].to_vec()));
    assert_eq!(refused!(other), "DuplicateLoadBalancerName");
    assert_eq!(aws.elb().describe_load_balancers().send().await.unwrap().load_balancers().len(), 1);
}

#[tokio::test]
async fn creating_a_target_group_or_listener_twice_gives_one() {
    let aws = Aws::fresh();
    let (balancer, group) = (load_balancer(&aws, "lb", &[]).await, target_group(&aws, "group").await);
    assert_eq!(target_group(&aws, "group").await, group);
    let other = aws.elb().create_target_group().name("group").protocol(ProtocolEnum::Http).port(80);
    assert_eq!(refused!(other.vpc_id(aws.network().await.0)), "DuplicateTargetGroupName");

    let first = listener(&aws, &balancer, &group).await;
    assert_eq!(listener(&aws, &balancer, &group).await, first);
    let second = target_group(&aws, "second").await;
    let other = aws.elb().create_listener().load_balancer_arn(balancer).protocol(ProtocolEnum::Http).port(80);
    assert_eq!(refused!(other.default_actions(forward(&second))), "DuplicateListener");
}

#[tokio::test]
async fn a_load_balancer_shows_all_its_attributes_and_is_protected() {
    let aws = Aws::fresh();
    let arn = load_balancer(&aws, "lb", &[]).await;
    let elb = aws.elb();
    let answer = elb.describe_load_balancer_attributes().load_balancer_arn(&arn).send().await.unwrap();
    let attributes: BTreeMap<_, _> =
        answer.attributes().iter().map(|one| (one.key().unwrap(), one.value().unwrap())).collect();
    assert_eq!(attributes["idle_timeout.timeout_seconds"], "60");
    assert_eq!(attributes["routing.http2.enabled"], "true");
    assert_eq!(attributes["access_logs.s3.enabled"], "false");
    assert_eq!(attributes["routing.http.desync_mitigation_mode"], "defensive");

    let protect = |value: &str| {
        let protection =
            LoadBalancerAttribute::builder().key("deletion_protection.enabled").value(value).build();
        elb.modify_load_balancer_attributes().load_balancer_arn(&arn).attributes(protection).send()
    };
    protect("true").await.unwrap();
    assert_eq!(refused!(elb.delete_load_balancer().load_balancer_arn(&arn)), "OperationNotPermitted");
    protect("false").await.unwrap();
    elb.delete_load_balancer().load_balancer_arn(&arn).send().await.unwrap();
    assert_eq!(refused!(elb.describe_load_balancers().load_balancer_arns(&arn)), "LoadBalancerNotFound");
}

#[tokio::test]
async fn one_unknown_arn_fails_the_whole_description() {
    let aws = Aws::fresh();
    let (balancer, group) = (load_balancer(&aws, "lb", &[]).await, target_group(&aws, "group").await);
    let listener = listener(&aws, &balancer, &group).await;
    let unknown = |arn: &str| format!("{}0123", &arn[..arn.len() - 4]);
    let elb = aws.elb();
    let balancers =
        elb.describe_load_balancers().load_balancer_arns(&balancer).load_balancer_arns(unknown(&balancer));
    assert_eq!(refused!(balancers), "LoadBalancerNotFound");
    let groups = elb.describe_target_groups().target_group_arns(&group).target_group_arns(unknown(&group));
    assert_eq!(refused!(groups), "TargetGroupNotFound");
    let listeners = elb.describe_listeners().listener_arns(&listener).listener_arns(unknown(&listener));
    assert_eq!(refused!(listeners), "ListenerNotFound");
    let tags = elb.describe_tags().resource_arns(&balancer).resource_arns(unknown(&balancer));
    assert_eq!(refused!(tags), "LoadBalancerNotFound");
}

#[tokio::test]
async fn a_listener_shows_its_forward_in_both_forms_and_its_group_knows_the_load_balancer() {
    let aws = Aws::fresh();
    let (balancer, group) = (load_balancer(&aws, "lb", &[]).await, target_group(&aws, "group").await);
    let arn = listener(&aws, &balancer, &group).await;
    let elb = aws.elb();
    let balancers = || async {
        let answer = elb.describe_target_groups().target_group_arns(&group).send().await.unwrap();
        answer.target_groups()[0].load_balancer_arns().to_vec()
    };
    let shown = elb.describe_listeners().listener_arns(&arn).send().await.unwrap();
    let shown = &shown.listeners()[0];
    assert_eq!(shown.ssl_policy(), None);
    let action = &shown.default_actions()[0];
    assert_eq!((action.target_group_arn(), action.order()), (Some(group.as_str()), Some(1)));
    assert_eq!(action.forward_config().unwrap().target_groups()[0].target_group_arn(), Some(group.as_str()));
    assert_eq!(balancers().await, std::slice::from_ref(&balancer));

    let second = target_group(&aws, "second").await;
    elb.modify_listener().listener_arn(&arn).default_actions(forward(&second)).send().await.unwrap();
    assert!(balancers().await.is_empty());
    elb.modify_listener().listener_arn(&arn).default_actions(forward(&group)).send().await.unwrap();
    elb.delete_load_balancer().load_balancer_arn(&balancer).send().await.unwrap();
    assert!(balancers().await.is_empty());
}

async fn security_group(aws: &Aws, name: &str) -> String {
    let call =
        aws.ec2().create_security_group().group_name(name).description("test").vpc_id(aws.network().await.0);
    call.send().await.unwrap().group_id().unwrap().to_owned()
}

fn port(number: i32) -> aws_sdk_ec2::types::builders::IpPermissionBuilder {
    IpPermission::builder().ip_protocol("tcp").from_port(number).to_port(number)
}

fn range(cidr: &str) -> IpRange {
    IpRange::builder().cidr_ip(cidr).build()
}

#[tokio::test]
async fn rules_are_added_all_or_none_and_all_are_answered() {
    let aws = Aws::fresh();
    let (group, other) = (security_group(&aws, "group").await, security_group(&aws, "other").await);
    let pair = UserIdGroupPair::builder().group_id(&other).description("the other").build();
    let permissions =
        [port(80).ip_ranges(range("10.0.0.0/8")).build(), port(81).user_id_group_pairs(pair.clone()).build()];
    let ec2 = aws.ec2();
    let add = |permissions: &[IpPermission]| {
        ec2.authorize_security_group_ingress().group_id(&group).set_ip_permissions(Some(permissions.to_vec()))
    };
    let answer = add(&permissions).send().await.unwrap();
    let ports: Vec<_> = answer.security_group_rules().iter().map(|rule| rule.from_port().unwrap()).collect();
    assert_eq!(ports, [80, 81]);
    assert_eq!(answer.security_group_rules()[1].description(), Some("the other"));

    // The second is there already, though written otherwise.
    let again =
        [port(90).ip_ranges(range("10.0.0.0/8")).build(), port(80).ip_ranges(range("10.9.9.9/8")).build()];
    assert_eq!(refused!(add(&again)), "InvalidPermission.Duplicate");
    assert_eq!(refused!(add(&permissions[1..])), "InvalidPermission.Duplicate");
    let shown = ec2.describe_security_groups().group_ids(&group).send().await.unwrap();
    assert_eq!(shown.security_groups()[0].ip_permissions().len(), 2);
}

#[tokio::test]
async fn a_security_group_in_use_is_not_deleted() {
    let aws = Aws::fresh();
    let (group, other) = (security_group(&aws, "group").await, security_group(&aws, "other").await);
    let ec2 = aws.ec2();
    let permission =
        port(80).user_id_group_pairs(UserIdGroupPair::builder().group_id(&other).build()).build();
    let rule = ec2.authorize_security_group_egress().group_id(&group).ip_permissions(permission.clone());
    rule.send().await.unwrap();
    let balancer = load_balancer(&aws, "lb", &[&group]).await;

    assert_eq!(refused!(ec2.delete_security_group().group_id(&other)), "DependencyViolation");
    assert_eq!(refused!(ec2.delete_security_group().group_id(&group)), "DependencyViolation");
    aws.elb().delete_load_balancer().load_balancer_arn(balancer).send().await.unwrap();
    ec2.delete_security_group().group_id(&group).send().await.unwrap();
    ec2.delete_security_group().group_id(&other).send().await.unwrap();
}

#[tokio::test]
async fn an_ed25519_key_has_openssh_s_fingerprint() {
    // `ssh-keygen -t ed25519` and what `ssh-keygen -l` says of it, with base64's padding.
    let key = include_str!("data/id_ed25519.pub");
    let fingerprint = include_str!("data/id_ed25519.fingerprint").trim();
    let aws = Aws::fresh();
    let call = aws.ec2().import_key_pair().key_name("key");
    let material = aws_sdk_ec2::primitives::Blob::new(key);
    let answer = call.public_key_material(material).send().await.unwrap();
    assert_eq!(answer.key_fingerprint(), Some(format!("{fingerprint}=").as_str()));
}

#[tokio::test]
async fn a_stream_keeps_its_tags_and_its_limits() {
    let aws = Aws::fresh();
    let kinesis = aws.kinesis();
    let create = kinesis.create_stream().stream_name("stream").shard_count(1).tags("made", "at once");
    create.send().await.unwrap();
    let arn = kinesis.describe_stream_summary().stream_name("stream").send().await.unwrap();
    let arn = arn.stream_description_summary().unwrap().stream_arn().to_owned();
    kinesis.tag_resource().resource_arn(&arn).tags("added", "later").send().await.unwrap();
    let tags = || async {
        let answer = kinesis.list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
        let tags = answer.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value().unwrap()));
        tags.collect::<Vec<_>>()
    };
    assert_eq!(tags().await, ["added=later", "made=at once"]);
    kinesis.untag_resource().resource_arn(&arn).tag_keys("made").send().await.unwrap();
    assert_eq!(tags().await, ["added=later"]);

    let scale = |count| {
        let call = kinesis.update_shard_count().stream_name("stream").target_shard_count(count);
        call.scaling_type(ScalingType::UniformScaling)
    };
    assert_eq!(refused!(scale(3)), "LimitExceededException");
    scale(2).send().await.unwrap();
    scale(4).send().await.unwrap();
    assert_eq!(refused!(scale(1)), "LimitExceededException");

    let mode = StreamModeDetails::builder().stream_mode(StreamMode::Provisioned).build().unwrap();
    let countless = kinesis.create_stream().stream_name("countless").stream_mode_details(mode);
    assert_eq!(refused!(countless), "InvalidArgumentException");

    kinesis.register_stream_consumer().stream_arn(&arn).consumer_name("reader").send().await.unwrap();
    assert_eq!(refused!(kinesis.delete_stream().stream_name("stream")), "ResourceInUseException");
    kinesis.delete_stream().stream_name("stream").enforce_consumer_deletion(true).send().await.unwrap();
}

#[tokio::test]
async fn cloudwatch_speaks_cbor_with_numbers_and_times() {
    let aws = Aws::fresh();
    let cloudwatch = aws.cloudwatch();
    let body = r#"{"widgets":[{"type":"text","properties":{"markdown":"größer"}}]}"#;
    cloudwatch.put_dashboard().dashboard_name("d").dashboard_body(body).send().await.unwrap();
    let shown = cloudwatch.get_dashboard().dashboard_name("d").send().await.unwrap();
    assert_eq!(shown.dashboard_body(), Some(body));
    let listed = cloudwatch.list_dashboards().send().await.unwrap();
    let entry = &listed.dashboard_entries()[0];
    assert!(entry.size().unwrap() > 0);
    assert!(entry.last_modified().unwrap().secs() > 1_700_000_000);
    let missing = cloudwatch.get_dashboard().dashboard_name("none").send().await.unwrap_err();
    assert!(missing.into_service_error().is_dashboard_not_found_error());
}
