//! The pipeline's front door, from text to AWS and back: made, found in sync, changed behind recon's back, put
//! right, changed in code, deleted. `killed` interrupts it.

mod support;

use aws_sdk_elasticloadbalancingv2::types::{LoadBalancerAttribute, TargetGroupAttribute};
use aws_sdk_kinesis::types::{MetricsName, ScalingType};
use support::aws::Aws;
use support::proxy::Proxy;
use support::stack::Stack;
use support::transitions;

fn stack(aws: &Aws) -> Stack {
    Stack::copied(aws, "stacks", "front-door")
}

/// What a diff says that somebody changed: the addresses of drifted and missing objects, and the words of the plan.
fn drift(stack: &Stack) -> (Vec<(String, String)>, String) {
    let lines = stack.recon(&["diff", "--json"]).success().json_lines();
    let mut found: Vec<(String, String)> = lines
        .iter()
        .filter(|line| line["type"] == "resource_drift")
        .map(|line| {
            let change = &line["change"];
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
            (text(&change["resource"]["addr"]), text(&change["verdict"]))
        })
        .collect();
    found.sort();
    (found, stack.recon(&["diff", "--no-color"]).success().stdout)
}

fn assert_in_sync(stack: &Stack) {
    let output = stack.recon(&["diff", "--detailed-exitcode", "--no-color"]).code(0);
    assert!(output.stdout.contains("No changes."), "{}", output.stdout);
}

/// One of everything that the stack makes, as AWS lists it.
async fn inventory(aws: &Aws) -> Vec<String> {
    let mut found = Vec::new();
    for stream in aws.kinesis().list_streams().send().await.unwrap().stream_names() {
        found.push(format!("stream {stream}"));
    }
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    for balancer in balancers.load_balancers() {
        found.push(format!("load balancer {}", balancer.load_balancer_name().unwrap()));
        let arn = balancer.load_balancer_arn().unwrap();
        let listeners = aws.elb().describe_listeners().load_balancer_arn(arn).send().await.unwrap();
        found.extend(
            listeners.listeners().iter().map(|listener| format!("listener {}", listener.port().unwrap())),
        );
    }
    for _ in aws.elb().describe_target_groups().send().await.unwrap().target_groups() {
        found.push("target group".to_owned());
    }
    for group in aws.ec2().describe_security_groups().send().await.unwrap().security_groups() {
        if group.group_name() != Some("default") {
            found.push(format!("group {}", group.group_name().unwrap()));
            found.push(format!("rules in: {}", group.ip_permissions().len()));
        }
    }
    for key in aws.ec2().describe_key_pairs().send().await.unwrap().key_pairs() {
        found.push(format!("key {}", key.key_name().unwrap()));
    }
    for dashboard in aws.cloudwatch().list_dashboards().send().await.unwrap().dashboard_entries() {
        found.push(format!("dashboard {}", dashboard.dashboard_name().unwrap()));
    }
    found.sort();
    found
}

fn whole(prefix: &str) -> Vec<String> {
    let mut expected = vec![
        format!("dashboard {prefix}-pipeline"),
        format!("group {prefix}-collector-lb"),
        format!("key {prefix}-pipeline"),
        "listener 80".to_owned(),
        format!("load balancer {prefix}-collector-lb"),
        "rules in: 2".to_owned(),
        format!("stream {prefix}-bad-1-stream"),
        format!("stream {prefix}-enriched-stream"),
        format!("stream {prefix}-raw-stream"),
        "target group".to_owned(),
    ];
    expected.sort();
    expected
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_door_is_made_as_the_code_says_and_goes_without_a_trace() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    let before = stack.recon(&["diff", "--detailed-exitcode", "--no-color"]).code(2);
    assert!(before.stdout.contains("Plan: 11 to add, 0 to change, 0 to destroy."), "{}", before.stdout);
    assert!(before.stdout.contains("dashboard_body = (known after apply)"), "{}", before.stdout);
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);
    assert_eq!(inventory(&aws).await, whole("sp-scalable"));

    let stream =
        aws.kinesis().describe_stream_summary().stream_name("sp-scalable-raw-stream").send().await.unwrap();
    let stream = stream.stream_description_summary().unwrap();
    assert_eq!((stream.open_shard_count(), stream.retention_period_hours()), (1, 24));
    assert_eq!(stream.key_id(), Some("alias/aws/kinesis"));
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    let balancer = &balancers.load_balancers()[0];
    assert_eq!(balancer.scheme().unwrap().as_str(), "internet-facing");
    assert_eq!(balancer.availability_zones().len(), 2);
    let groups = aws.elb().describe_target_groups().send().await.unwrap();
    let group = &groups.target_groups()[0];
    assert_eq!((group.port(), group.health_check_path()), (Some(8080), Some("/health")));
    assert!(group.target_group_name().unwrap().starts_with("http-"));
    let dashboard =
        aws.cloudwatch().get_dashboard().dashboard_name("sp-scalable-pipeline").send().await.unwrap();
    let id = balancer.load_balancer_arn().unwrap().split("loadbalancer/").nth(1).unwrap();
    assert!(dashboard.dashboard_body().unwrap().contains(id));
    let output = stack.recon(&["output", "--raw", "collector_dns_name"]).success();
    assert_eq!(output.stdout, balancer.dns_name().unwrap());

    stack.recon(&["destroy", "--auto-approve"]).success();
    assert_eq!(inventory(&aws).await, Vec::<String>::new());
}

/// Each of these attributes is changed behind recon's back; the diff names it and nothing else; applying puts it back.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_behind_recons_back_is_named_and_put_back() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    stack.recon(&["apply", "--auto-approve"]).success();
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    let balancer = balancers.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let groups = aws.elb().describe_target_groups().send().await.unwrap();
    let group = groups.target_groups()[0].target_group_arn().unwrap().to_owned();
    let stream = "sp-scalable-raw-stream";
    let table: [(&str, &str, &str, &str, &str); 8] = [
        (
            "idle_timeout.timeout_seconds",
            "300",
            "idle_timeout",
            "deregistration_delay.timeout_seconds",
            "deregistration_delay",
        ),
        ("routing.http2.enabled", "false", "enable_http2", "slow_start.duration_seconds", "slow_start"),
        (
            "deletion_protection.enabled",
            "true",
            "enable_deletion_protection",
            "health/unhealthy",
            "unhealthy_threshold",
        ),
        (
            "routing.http.drop_invalid_header_fields.enabled",
            "true",
            "drop_invalid_header_fields",
            "deregistration_delay.timeout_seconds",
            "deregistration_delay",
        ),
        (
            "routing.http.desync_mitigation_mode",
            "strictest",
            "desync_mitigation_mode",
            "health/interval",
            "interval",
        ),
        ("routing.http.preserve_host_header.enabled", "true", "preserve_host_header", "health/path", "path"),
        (
            "routing.http.xff_header_processing.mode",
            "remove",
            "xff_header_processing_mode",
            "health/matcher",
            "matcher",
        ),
        ("client_keep_alive.seconds", "1800", "client_keep_alive", "health/healthy", "healthy_threshold"),
    ];
    for (round, (key, value, attribute, group_key, group_attribute)) in table.into_iter().enumerate() {
        let changed = LoadBalancerAttribute::builder().key(key).value(value).build();
        aws.elb()
            .modify_load_balancer_attributes()
            .load_balancer_arn(&balancer)
            .attributes(changed)
            .send()
            .await
            .unwrap();
        let health = aws.elb().modify_target_group().target_group_arn(&group);
        match group_key {
            "health/interval" => drop(health.health_check_interval_seconds(77).send().await.unwrap()),
            "health/path" => drop(health.health_check_path("/elsewhere").send().await.unwrap()),
            "health/matcher" => {
                let matcher =
                    aws_sdk_elasticloadbalancingv2::types::Matcher::builder().http_code("201").build();
                drop(health.matcher(matcher).send().await.unwrap());
            }
            "health/unhealthy" => drop(health.unhealthy_threshold_count(8).send().await.unwrap()),
            "health/healthy" => drop(health.healthy_threshold_count(9).send().await.unwrap()),
            key => {
                let value = match key {
                    "slow_start.duration_seconds" => "60",
                    _ => "17",
                };
                let changed = TargetGroupAttribute::builder().key(key).value(value).build();
                aws.elb()
                    .modify_target_group_attributes()
                    .target_group_arn(&group)
                    .attributes(changed)
                    .send()
                    .await
                    .unwrap();
            }
        }
        let (stream_attribute, tampered) = match round {
            0 => {
                aws.kinesis()
                    .increase_stream_retention_period()
                    .stream_name(stream)
                    .retention_period_hours(48)
                    .send()
                    .await
                    .unwrap();
                ("retention_period", true)
            }
            1 => {
                aws.kinesis()
                    .update_shard_count()
                    .stream_name(stream)
                    .target_shard_count(2)
                    .scaling_type(ScalingType::UniformScaling)
                    .send()
                    .await
                    .unwrap();
                ("shard_count", true)
            }
            2 => {
                aws.kinesis()
                    .enable_enhanced_monitoring()
                    .stream_name(stream)
                    .shard_level_metrics(MetricsName::IncomingBytes)
                    .send()
                    .await
                    .unwrap();
                ("shard_level_metrics", true)
            }
            3 => {
                aws.kinesis()
                    .add_tags_to_stream()
                    .stream_name(stream)
                    .tags("Who", "somebody")
                    .send()
                    .await
                    .unwrap();
                ("tags", true)
            }
            _ => ("", false),
        };
        let (found, text) = drift(&stack);
        let mut expected = vec![
            ("module.collector_lb.aws_lb.this".to_owned(), "drifted".to_owned()),
            ("module.collector_lb.aws_lb_target_group.this".to_owned(), "drifted".to_owned()),
        ];
        if tampered {
            expected.push(("module.raw_stream.aws_kinesis_stream.this".to_owned(), "drifted".to_owned()));
            assert!(text.contains(stream_attribute), "{stream_attribute}: {text}");
        }
        assert_eq!(found, expected, "{attribute}, {group_attribute}: {text}");
        for name in [attribute, group_attribute] {
            assert!(text.contains(name), "{name}: {text}");
        }
        stack.recon(&["apply", "--auto-approve"]).success();
        assert_in_sync(&stack);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_behind_recons_back_is_missing_and_made_again() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    stack.recon(&["apply", "--auto-approve"]).success();
    aws.kinesis().delete_stream().stream_name("sp-scalable-raw-stream").send().await.unwrap();
    aws.ec2().delete_key_pair().key_name("sp-scalable-pipeline").send().await.unwrap();
    aws.cloudwatch().delete_dashboards().dashboard_names("sp-scalable-pipeline").send().await.unwrap();
    let groups = aws.ec2().describe_security_groups().send().await.unwrap();
    let group =
        groups.security_groups().iter().find(|group| group.group_name() == Some("sp-scalable-collector-lb"));
    let permission = group.unwrap().ip_permissions()[0].clone();
    aws.ec2()
        .revoke_security_group_ingress()
        .group_id(group.unwrap().group_id().unwrap())
        .ip_permissions(permission)
        .send()
        .await
        .unwrap();
    let (found, text) = drift(&stack);
    let names: Vec<&str> = found.iter().map(|(address, _)| address.as_str()).collect();
    assert!(found.iter().all(|(_, verdict)| verdict == "missing"), "{found:?}");
    assert_eq!(names.len(), 4, "{text}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);

    // A load balancer takes its listener with it.
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
    aws.elb().delete_load_balancer().load_balancer_arn(arn).send().await.unwrap();
    let (found, text) = drift(&stack);
    let names: Vec<&str> = found.iter().map(|(address, _)| address.as_str()).collect();
    assert_eq!(
        names,
        ["module.collector_lb.aws_lb.this", "module.collector_lb.aws_lb_listener.http"],
        "{text}"
    );
    assert!(text.contains("went with"), "{text}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);

    // A listener alone.
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
    let listeners = aws.elb().describe_listeners().load_balancer_arn(arn).send().await.unwrap();
    let listener = listeners.listeners()[0].listener_arn().unwrap();
    aws.elb().delete_listener().listener_arn(listener).send().await.unwrap();
    let (found, text) = drift(&stack);
    assert_eq!(
        found,
        [("module.collector_lb.aws_lb_listener.http".to_owned(), "missing".to_owned())],
        "{text}"
    );
    assert!(!text.contains("went with"), "{text}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);

    // What only goes once nothing holds it: the target group, and the group with its rules.
    let balancers = aws.elb().describe_load_balancers().send().await.unwrap();
    let arn = balancers.load_balancers()[0].load_balancer_arn().unwrap();
    aws.elb().delete_load_balancer().load_balancer_arn(arn).send().await.unwrap();
    let groups = aws.elb().describe_target_groups().send().await.unwrap();
    let group = groups.target_groups()[0].target_group_arn().unwrap();
    aws.elb().delete_target_group().target_group_arn(group).send().await.unwrap();
    let groups = aws.ec2().describe_security_groups().send().await.unwrap();
    let group =
        groups.security_groups().iter().find(|group| group.group_name() == Some("sp-scalable-collector-lb"));
    aws.ec2().delete_security_group().group_id(group.unwrap().group_id().unwrap()).send().await.unwrap();
    let (found, text) = drift(&stack);
    assert!(found.iter().all(|(_, verdict)| verdict == "missing"), "{found:?}");
    let missing: Vec<&str> =
        found.iter().map(|(address, _)| address.strip_prefix("module.collector_lb.").unwrap()).collect();
    let expected = [
        "aws_lb.this",
        "aws_lb_listener.http",
        "aws_lb_target_group.this",
        "aws_security_group.this",
        "aws_security_group_rule.ingress_http",
        "aws_security_group_rule.ingress_https",
    ];
    assert_eq!(missing, expected, "{text}");
    assert_eq!(text.matches("(it went with").count(), 3, "{text}");
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);
    assert_eq!(inventory(&aws).await, whole("sp-scalable"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_streams_change_their_mode_both_ways() {
    let aws = Aws::fresh();
    let stack = stack(&aws);
    stack.recon(&["apply", "--auto-approve"]).success();
    let on_demand = "--var=kinesis_stream_mode_details=ON_DEMAND";
    stack.recon(&["apply", "--auto-approve", on_demand]).success();
    stack.recon(&["diff", "--detailed-exitcode", on_demand]).code(0);
    stack.recon(&["apply", "--auto-approve"]).success();
    assert_in_sync(&stack);
}

/// On AWS a target group serves one load balancer at a time: the proxy enforces that.
#[tokio::test(flavor = "multi_thread")]
async fn another_prefix_replaces_what_it_names_within_awss_limit_for_target_groups() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    for rule in transitions::target_group_limit() {
        proxy.rule(rule);
    }
    let through = aws.through(proxy.endpoint());
    let stack = stack(&through);
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.recon(&["apply", "--auto-approve", "--var=prefix=other"]).success();
    stack.recon(&["diff", "--detailed-exitcode", "--var=prefix=other"]).code(0);
    assert_eq!(inventory(&aws).await, whole("other"));
}
