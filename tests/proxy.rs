//! The test support's proxy and what it plays: shown here so that the tests that lean on it stand.

mod support;

use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::types::{Action, ActionTypeEnum, LoadBalancerStateEnum, ProtocolEnum};
use aws_sdk_kinesis::types::{StreamMode, StreamModeDetails, StreamStatus};
use support::aws::Aws;
use support::proxy::{Gate, Proxy, Rule};
use support::transitions;

/// An account behind a proxy; the second is the way through it.
fn behind_a_proxy() -> (Proxy, Aws) {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let aws = aws.through(proxy.endpoint());
    (proxy, aws)
}

#[tokio::test]
async fn accounts_and_regions_share_nothing() {
    let (first, second) = (Aws::fresh(), Aws::fresh());
    for aws in [&first, &second] {
        let identity = aws.sts().get_caller_identity().send().await.unwrap();
        assert_eq!(identity.account(), Some(aws.account()));
    }
    first.kinesis().create_stream().stream_name("one").shard_count(1).send().await.unwrap();
    let listed = |aws: Aws| async move { aws.kinesis().list_streams().send().await.unwrap().stream_names };
    assert_eq!(listed(first.clone()).await, ["one"]);
    assert!(listed(first.in_region("us-west-2")).await.is_empty());
    assert!(listed(second).await.is_empty());
}

#[tokio::test]
async fn calls_are_counted_by_operation_in_every_protocol() {
    let (proxy, aws) = behind_a_proxy();
    aws.ec2().describe_vpcs().send().await.unwrap();
    aws.ec2().describe_vpcs().send().await.unwrap();
    aws.sts().get_caller_identity().send().await.unwrap();
    aws.elb().describe_load_balancers().send().await.unwrap();
    aws.kinesis().create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    aws.cloudwatch().list_dashboards().send().await.unwrap();
    let counts: Vec<(String, usize)> = proxy.counts().into_iter().collect();
    let expected = [
        ("ec2.DescribeVpcs", 2),
        ("elasticloadbalancing.DescribeLoadBalancers", 1),
        ("kinesis.CreateStream", 1),
        ("monitoring.ListDashboards", 1),
        ("sts.GetCallerIdentity", 1),
    ];
    assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)));
    assert_eq!(proxy.changes(), ["kinesis.CreateStream"]);
    assert!(proxy.calls().iter().all(|call| call.forwarded && call.status == Some(200)));
    proxy.forget_calls();
    assert!(proxy.counts().is_empty());
}

#[tokio::test]
async fn an_error_has_the_shape_of_its_protocol() {
    let (proxy, aws) = behind_a_proxy();
    proxy.rule(Rule::on_any().fail(400, "AccessDenied", "you <may> not"));
    macro_rules! refused {
        ($call:expr) => {{
            use aws_smithy_types::error::metadata::ProvideErrorMetadata;
            let error = $call.send().await.unwrap_err();
            (error.code().map(str::to_owned), error.message().map(str::to_owned))
        }};
    }
    let expected = (Some("AccessDenied".to_owned()), Some("you <may> not".to_owned()));
    assert_eq!(refused!(aws.ec2().describe_vpcs()), expected);
    assert_eq!(refused!(aws.sts().get_caller_identity()), expected);
    assert_eq!(refused!(aws.elb().describe_load_balancers()), expected);
    assert_eq!(refused!(aws.kinesis().list_streams()), expected);
    assert_eq!(refused!(aws.cloudwatch().list_dashboards()), expected);
    assert!(proxy.calls().iter().all(|call| !call.forwarded));
}

#[tokio::test]
async fn a_throttled_call_is_repeated_by_the_sdk_until_it_passes() {
    let (proxy, aws) = behind_a_proxy();
    proxy.rule(Rule::on_any().calls(1..=1).throttle());
    aws.ec2().describe_vpcs().send().await.unwrap();
    assert_eq!(proxy.count("ec2.DescribeVpcs"), 2);

    proxy.clear_rules();
    proxy.rule(Rule::on_service("kinesis").calls(1..=1).throttle());
    proxy.rule(Rule::on("elasticloadbalancing.DescribeLoadBalancers").call(1).throttle());
    proxy.rule(Rule::on("monitoring.ListDashboards").call(1).throttle());
    proxy.rule(Rule::on("ec2.DescribeSubnets").call(1).status(503));
    aws.kinesis().list_streams().send().await.unwrap();
    aws.elb().describe_load_balancers().send().await.unwrap();
    aws.cloudwatch().list_dashboards().send().await.unwrap();
    aws.ec2().describe_subnets().send().await.unwrap();
    for operation in [
        "kinesis.ListStreams",
        "elasticloadbalancing.DescribeLoadBalancers",
        "monitoring.ListDashboards",
        "ec2.DescribeSubnets",
    ] {
        assert_eq!(proxy.count(operation), 2, "{operation}");
    }
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_backend_acted() {
    let (proxy, aws) = behind_a_proxy();
    let create = |name: &'static str| {
        let retry = aws_sdk_kinesis::config::retry::RetryConfig::disabled();
        let configuration =
            aws_sdk_kinesis::Config::from(&aws.configuration()).to_builder().retry_config(retry);
        let client = aws_sdk_kinesis::Client::from_conf(configuration.build());
        async move { client.create_stream().stream_name(name).shard_count(1).send().await }
    };
    proxy.rule(Rule::on("kinesis.CreateStream").call(1).cut_before());
    proxy.rule(Rule::on("kinesis.CreateStream").call(2).cut_after());
    for name in ["before", "after"] {
        let error = create(name).await.unwrap_err();
        assert!(error.as_service_error().is_none(), "{error:?}");
    }
    assert_eq!(aws.kinesis().list_streams().send().await.unwrap().stream_names, ["after"]);
    let forwarded: Vec<bool> = proxy.calls().iter().map(|call| call.forwarded).collect();
    assert_eq!(forwarded, [false, true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_held_until_the_gate_opens_and_goes_on_without_its_caller() {
    let (proxy, aws) = behind_a_proxy();
    let (before, after) = (Gate::new(), Gate::new());
    proxy.rule(Rule::on("kinesis.CreateStream").call(1).hold_before(&before));
    proxy.rule(Rule::on("kinesis.CreateStream").call(2).hold_after(&after));
    let create = |name: &'static str| {
        let client = aws.kinesis();
        tokio::spawn(async move { client.create_stream().stream_name(name).shard_count(1).send().await })
    };
    let first = create("first");
    tokio::task::block_in_place(|| before.wait_for_call());
    assert!(aws.kinesis().list_streams().send().await.unwrap().stream_names.is_empty());
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());

    let second = create("second");
    tokio::task::block_in_place(|| after.wait_for_call());
    assert_eq!(aws.kinesis().list_streams().send().await.unwrap().stream_names, ["second"]);
    assert!(!second.is_finished());
    after.open();
    second.await.unwrap().unwrap();

    before.open();
    let deadline = Instant::now() + Duration::from_secs(30);
    while aws.kinesis().list_streams().send().await.unwrap().stream_names.len() < 2 {
        assert!(Instant::now() < deadline, "the held call was lost with its caller");
    }
}

#[tokio::test]
async fn a_call_is_delayed() {
    let (proxy, aws) = behind_a_proxy();
    let delay = Duration::from_millis(300);
    proxy.rule(Rule::on("sts.GetCallerIdentity").delay(delay));
    let start = Instant::now();
    aws.sts().get_caller_identity().send().await.unwrap();
    assert!(start.elapsed() >= delay);
}

#[tokio::test]
async fn streams_pass_through_their_states() {
    let (proxy, aws) = behind_a_proxy();
    transitions::kinesis(2).into_iter().for_each(|rule| proxy.rule(rule));
    let kinesis = aws.kinesis();
    let describe = || async {
        let answer = kinesis.describe_stream_summary().stream_name("s").send().await;
        answer.map(|answer| answer.stream_description_summary.unwrap().stream_status)
    };
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    assert_eq!(describe().await.unwrap(), StreamStatus::Creating);
    let early = kinesis.delete_stream().stream_name("s").send().await.unwrap_err();
    assert!(early.into_service_error().is_resource_in_use_exception());
    assert_eq!(describe().await.unwrap(), StreamStatus::Creating);
    assert_eq!(describe().await.unwrap(), StreamStatus::Active);

    let arn = kinesis.describe_stream_summary().stream_name("s").send().await.unwrap();
    let arn = arn.stream_description_summary().unwrap().stream_arn().to_owned();
    let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().unwrap();
    kinesis.update_stream_mode().stream_arn(arn).stream_mode_details(mode).send().await.unwrap();
    let states = [describe().await.unwrap(), describe().await.unwrap(), describe().await.unwrap()];
    assert_eq!(states, [StreamStatus::Updating, StreamStatus::Updating, StreamStatus::Active]);

    kinesis.delete_stream().stream_name("s").send().await.unwrap();
    let full = kinesis.describe_stream().stream_name("s").send().await.unwrap();
    assert_eq!(full.stream_description().unwrap().stream_status(), &StreamStatus::Deleting);
    assert_eq!(describe().await.unwrap(), StreamStatus::Deleting);
    assert!(describe().await.unwrap_err().into_service_error().is_resource_not_found_exception());
}

#[tokio::test]
async fn a_stream_changes_its_mode_twice_a_day() {
    let (proxy, aws) = behind_a_proxy();
    transitions::kinesis_daily_limits().into_iter().for_each(|rule| proxy.rule(rule));
    let kinesis = aws.kinesis();
    kinesis.create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    let arn = kinesis.describe_stream_summary().stream_name("s").send().await.unwrap();
    let arn = arn.stream_description_summary().unwrap().stream_arn().to_owned();
    let switch = |mode| {
        let mode = StreamModeDetails::builder().stream_mode(mode).build().unwrap();
        kinesis.update_stream_mode().stream_arn(&arn).stream_mode_details(mode).send()
    };
    switch(StreamMode::OnDemand).await.unwrap();
    switch(StreamMode::Provisioned).await.unwrap();
    let third = switch(StreamMode::OnDemand).await.unwrap_err();
    assert!(third.into_service_error().is_limit_exceeded_exception());
}

async fn load_balancer(aws: &Aws, name: &str) -> String {
    let (_, subnets) = aws.network().await;
    let subnets = Some(subnets[..2].to_vec());
    let answer = aws.elb().create_load_balancer().name(name).set_subnets(subnets).send().await.unwrap();
    answer.load_balancers()[0].load_balancer_arn().unwrap().to_owned()
}

#[tokio::test]
async fn a_load_balancer_is_provisioned_before_it_is_active() {
    let (proxy, aws) = behind_a_proxy();
    let old = load_balancer(&aws, "old").await;
    transitions::load_balancers(1).into_iter().for_each(|rule| proxy.rule(rule));
    let new = load_balancer(&aws, "new").await;
    let states = || async {
        let answer = aws.elb().describe_load_balancers().load_balancer_arns(&old).load_balancer_arns(&new);
        let answer = answer.send().await.unwrap();
        let state = |arn: &str| {
            let found = answer.load_balancers().iter().find(|one| one.load_balancer_arn() == Some(arn));
            found.unwrap().state().unwrap().code().unwrap().clone()
        };
        [state(&old), state(&new)]
    };
    // The first description of a new load balancer by the local AWS is active already.
    assert_eq!(states().await, [LoadBalancerStateEnum::Active, LoadBalancerStateEnum::Provisioning]);
    assert_eq!(states().await, [LoadBalancerStateEnum::Active, LoadBalancerStateEnum::Active]);
}

#[tokio::test]
async fn a_target_group_serves_one_load_balancer() {
    let (proxy, aws) = behind_a_proxy();
    transitions::target_group_limit().into_iter().for_each(|rule| proxy.rule(rule));
    let (first, second) = (load_balancer(&aws, "first").await, load_balancer(&aws, "second").await);
    let (vpc, _) = aws.network().await;
    let group =
        aws.elb().create_target_group().name("group").protocol(ProtocolEnum::Http).port(80).vpc_id(vpc);
    let group = group.send().await.unwrap().target_groups()[0].target_group_arn().unwrap().to_owned();
    let listen = |balancer: String, port: i32| {
        let forward = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(&group).build();
        let call =
            aws.elb().create_listener().load_balancer_arn(balancer).protocol(ProtocolEnum::Http).port(port);
        call.default_actions(forward).send()
    };
    let listener = listen(first.clone(), 80).await.unwrap();
    listen(first.clone(), 81).await.unwrap();
    let refused = listen(second.clone(), 80).await.unwrap_err().into_service_error();
    assert!(refused.is_target_group_association_limit_exception(), "{refused:?}");
    let listener = listener.listeners()[0].listener_arn().unwrap();
    aws.elb().modify_listener().listener_arn(listener).port(82).send().await.unwrap();

    aws.elb().delete_load_balancer().load_balancer_arn(first).send().await.unwrap();
    listen(second, 80).await.unwrap();
}
