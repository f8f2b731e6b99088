//! Load balancers, target groups and listeners through their trait, against the local AWS: made, read, changed
//! in every attribute that can be, and deleted. What the local AWS cannot show is scripted by the proxy, and the
//! test's name says so.

mod support;

use aws_sdk_elasticloadbalancingv2::types::{Tag, TargetTypeEnum};
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};
use support::aws::Aws;
use support::lifecycle::{Lifecycle, errors};
use support::proxy::{Proxy, Rule};
use support::transitions;

/// A list of texts as the language writes it.
fn list(texts: &[String]) -> String {
    format!("{texts:?}")
}

async fn security_group(aws: &Aws, name: &str) -> String {
    let made = aws.ec2().create_security_group().group_name(name).description(name).send().await.unwrap();
    made.group_id().unwrap().to_owned()
}

fn arn(object: &Value) -> String {
    object.text("arn").unwrap().to_owned()
}

// ── load balancers ─────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn an_application_load_balancer_lives() {
    let aws = Aws::fresh();
    let (vpc, subnets) = aws.network().await;
    let group = security_group(&aws, "one").await;
    let other_group = security_group(&aws, "two").await;
    let lifecycle = Lifecycle::new("aws_lb", &aws);

    let code = format!(
        "name = \"collector\"\nsubnets = {}\nsecurity_groups = [\"{group}\"]\ntags = {{ Name = \"c\" }}\n",
        list(&subnets[..2])
    );
    let made = lifecycle.create(&code).await;
    assert_eq!(made.text("vpc_id"), Some(vpc.as_str()));
    assert_eq!(made.text("load_balancer_type"), Some("application"));
    assert_eq!(made.boolean("internal"), Some(false));
    assert_eq!(made.text("ip_address_type"), Some("ipv4"));
    assert_eq!(made.text("name_prefix"), Some(""));
    assert_eq!(made.text("id"), made.text("arn"));
    let suffix = made.text("arn_suffix").unwrap();
    assert!(suffix.starts_with("app/collector/"), "{suffix}");
    assert!(arn(&made).ends_with(&format!(":loadbalancer/{suffix}")));
    assert_eq!(made.text_map("tags_all").len(), 2, "the provider's default tags too");
    assert_eq!(made.blocks("subnet_mapping").len(), 2);

    // Every attribute that can be changed, in one step.
    let code = format!(
        r#"
        name                                        = "collector"
        subnets                                     = {}
        security_groups                             = ["{other_group}"]
        ip_address_type                             = "dualstack"
        client_keep_alive                           = 7200
        desync_mitigation_mode                      = "strictest"
        drop_invalid_header_fields                  = true
        enable_deletion_protection                  = true
        enable_http2                                = false
        enable_tls_version_and_cipher_suite_headers = true
        enable_waf_fail_open                        = true
        enable_xff_client_port                      = true
        enable_zonal_shift                          = true
        idle_timeout                                = 120
        preserve_host_header                        = true
        xff_header_processing_mode                  = "remove"
        access_logs {{
          bucket  = "logs"
          prefix  = "access"
          enabled = true
        }}
        connection_logs {{
          bucket  = "logs"
          enabled = true
        }}
        ipam_pools {{ ipv4_ipam_pool_id = "ipam-pool-1" }}
        minimum_load_balancer_capacity {{ capacity_units = 100 }}
        tags = {{ Stage = "live", team = "web" }}
        "#,
        list(&subnets[1..3])
    );
    let (changed, changes) = lifecycle.update(&made, &code).await;
    for name in [
        ".access_logs[0].bucket",
        ".client_keep_alive",
        ".connection_logs[0].enabled",
        ".desync_mitigation_mode",
        ".drop_invalid_header_fields",
        ".enable_deletion_protection",
        ".enable_http2",
        ".enable_tls_version_and_cipher_suite_headers",
        ".enable_waf_fail_open",
        ".enable_xff_client_port",
        ".enable_zonal_shift",
        ".idle_timeout",
        ".ip_address_type",
        ".ipam_pools",
        ".minimum_load_balancer_capacity",
        ".preserve_host_header",
        ".security_groups",
        ".subnets",
        ".tags",
        ".xff_header_processing_mode",
    ] {
        assert!(changes.iter().any(|change| change == name), "{name} is not in {changes:?}");
    }
    assert_eq!(arn(&changed), arn(&made), "it is the same load balancer");
    assert_eq!(changed.text_map("tags_all").get("team").map(String::as_str), Some("web"));

    // AWS itself says the same.
    let answer =
        aws.elb().describe_load_balancer_attributes().load_balancer_arn(arn(&made)).send().await.unwrap();
    let value = |key: &str| {
        let pair = answer.attributes().iter().find(|pair| pair.key() == Some(key)).unwrap();
        pair.value().unwrap_or_default().to_owned()
    };
    assert_eq!(value("idle_timeout.timeout_seconds"), "120");
    assert_eq!(value("access_logs.s3.prefix"), "access");
    assert_eq!(value("routing.http.xff_header_processing.mode"), "remove");
    let live = aws.elb().describe_load_balancers().load_balancer_arns(arn(&made)).send().await.unwrap();
    assert_eq!(live.load_balancers()[0].security_groups(), [other_group]);

    // It is protected, and says what to do.
    let renamed = code.replace("\"collector\"", "\"other\"");
    let planned = lifecycle.plan(Some(&changed), &renamed);
    assert_eq!(planned.replace, [".name"]);
    assert_eq!(planned.problems.len(), 1, "{:?}", planned.problems);
    let error = lifecycle.ty.delete(&lifecycle.connection, &changed).await.unwrap_err();
    assert_eq!(error.operation, "elasticloadbalancing:DeleteLoadBalancer");
    assert!(error.message.contains("enable_deletion_protection = false"), "{error}");

    // And back to what it was, by leaving everything out.
    let code = format!("name = \"collector\"\nsubnets = {}\n", list(&subnets[1..3]));
    let (back, _) = lifecycle.update(&changed, &code).await;
    assert_eq!(back.integer("idle_timeout"), Some(60));
    assert_eq!(back.block("access_logs").and_then(|logs| logs.boolean("enabled")), Some(false));
    assert!(back.blocks("ipam_pools").is_empty());
    assert!(back.blocks("minimum_load_balancer_capacity").is_empty());
    assert_eq!(back.text("ip_address_type"), Some("dualstack"), "where the code is silent, AWS decides");
    lifecycle.delete(&back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_load_balancer_lives() {
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    let group = security_group(&aws, "one").await;
    let lifecycle = Lifecycle::new("aws_lb", &aws);
    let code = |extra: &str| {
        format!(
            r#"
            name_prefix        = "net-"
            load_balancer_type = "network"
            internal           = true
            security_groups    = ["{group}"]
            subnet_mapping {{
              subnet_id            = "{}"
              private_ipv4_address = "172.31.0.15"
            }}
            subnet_mapping {{ subnet_id = "{}" }}
            {extra}
            "#,
            subnets[0], subnets[1]
        )
    };
    let made = lifecycle.create(&code("")).await;
    assert!(made.text("name").unwrap().starts_with("net-20"), "{:?}", made.text("name"));
    assert!(made.text("arn_suffix").unwrap().starts_with("net/net-"));
    assert_eq!(made.text("name_prefix"), Some("net-"));
    assert_eq!(made.texts("subnets").len(), 2);

    let extra = format!(
        r#"
        dns_record_client_routing_policy                             = "availability_zone_affinity"
        enable_cross_zone_load_balancing                             = true
        enforce_security_group_inbound_rules_on_private_link_traffic = "off"
        idle_timeout                                                 = 90
        subnet_mapping {{ subnet_id = "{}" }}
        "#,
        subnets[2]
    );
    let (changed, changes) = lifecycle.update(&made, &code(&extra)).await;
    assert!(!changes.contains(&".idle_timeout".to_owned()), "it has none: {changes:?}");
    assert_eq!(changed.texts("subnets").len(), 3);
    assert_eq!(changed.boolean("enable_cross_zone_load_balancing"), Some(true));

    let replace = lifecycle.plan(Some(&changed), &code("")).replace;
    assert_eq!(replace, [".subnet_mapping"], "it keeps its subnets");
    lifecycle.delete(&changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_load_balancer_with_its_listener_lives() {
    let aws = Aws::fresh();
    let (vpc, subnets) = aws.network().await;
    let balancers = Lifecycle::new("aws_lb", &aws);
    let groups = Lifecycle::new("aws_lb_target_group", &aws);
    let listeners = Lifecycle::new("aws_lb_listener", &aws);
    let code = format!("load_balancer_type = \"gateway\"\nsubnets = {}\n", list(&subnets[..2]));
    let balancer = balancers.create(&code).await;
    assert!(balancer.text("arn_suffix").unwrap().starts_with("gwy/tf-lb-20"));

    let code = |failover: &str| {
        format!(
            r#"
            port     = 6081
            protocol = "GENEVE"
            vpc_id   = "{vpc}"
            target_failover {{
              on_deregistration = "{failover}"
              on_unhealthy      = "{failover}"
            }}
            "#
        )
    };
    let group = groups.create(&code("no_rebalance")).await;
    let (group, changes) = groups.update(&group, &code("rebalance")).await;
    assert_eq!(changes, [".target_failover[0].on_deregistration", ".target_failover[0].on_unhealthy"]);

    let code = |extra: &str| {
        format!(
            r#"
            load_balancer_arn = "{}"
            {extra}
            default_action {{
              type             = "forward"
              target_group_arn = "{}"
            }}
            "#,
            arn(&balancer),
            arn(&group)
        )
    };
    let listener = listeners.create(&code("")).await;
    assert_eq!(listener.integer("tcp_idle_timeout_seconds"), Some(350));
    let (listener, changes) = listeners.update(&listener, &code("tcp_idle_timeout_seconds = 600")).await;
    assert_eq!(changes, [".tcp_idle_timeout_seconds"]);
    listeners.delete(&listener).await;
    groups.delete(&group).await;
    balancers.delete(&balancer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_load_balancer_is_not_taken_over() {
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb", &aws);
    let code = format!("name = \"mine\"\nsubnets = {}\n", list(&subnets[..2]));
    let made = lifecycle.create(&code).await;
    let error = lifecycle.create_fails(&code).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains(&arn(&made)), "{error}");
    assert!(error.partial.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_balancer_that_is_provisioned_slowly_is_waited_for_with_scripted_states() {
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    let proxy = Proxy::before(&aws);
    for rule in transitions::load_balancers(2) {
        proxy.rule(rule);
    }
    let lifecycle = Lifecycle::new("aws_lb", &aws.through(proxy.endpoint()));
    lifecycle.create(&format!("subnets = {}\n", list(&subnets[..2]))).await;
    assert!(proxy.count("elasticloadbalancing.DescribeLoadBalancers") >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_made_of_a_load_balancer_is_told_when_the_rest_fails() {
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("elasticloadbalancing.ModifyLoadBalancerAttributes").fail(
        403,
        "AccessDenied",
        "User is not authorized to perform elasticloadbalancing:ModifyLoadBalancerAttributes",
    ));
    let lifecycle = Lifecycle::new("aws_lb", &aws.through(proxy.endpoint()));
    let error = lifecycle.create_fails(&format!("subnets = {}\n", list(&subnets[..2]))).await;
    assert_eq!(error.kind, ErrorKind::AccessDenied);
    assert_eq!(error.operation, "elasticloadbalancing:ModifyLoadBalancerAttributes");
    let partial = error.partial.unwrap();
    assert!(partial.is_wholly_known());
    assert!(Lifecycle::new("aws_lb", &aws).read(&partial).await.is_some(), "it can be found and deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_that_a_region_does_not_know_is_left_at_its_default_with_a_scripted_refusal() {
    let aws = Aws::fresh();
    let (_, subnets) = aws.network().await;
    let proxy = Proxy::before(&aws);
    let key = "zonal_shift.config.enabled";
    let message = format!("Load balancer attribute key '{key}' is not recognized");
    proxy.rule(Rule::on("elasticloadbalancing.ModifyLoadBalancerAttributes").call(1).fail(
        400,
        "ValidationError",
        &message,
    ));
    let lifecycle = Lifecycle::new("aws_lb", &aws.through(proxy.endpoint()));
    lifecycle.create(&format!("subnets = {}\n", list(&subnets[..2]))).await;
    assert_eq!(proxy.count("elasticloadbalancing.ModifyLoadBalancerAttributes"), 2);

    let asked = format!("subnets = {}\nenable_zonal_shift = true\n", list(&subnets[..2]));
    proxy.rule(Rule::on("elasticloadbalancing.ModifyLoadBalancerAttributes").fail(
        400,
        "ValidationError",
        &message,
    ));
    let error = lifecycle.create_fails(&asked).await;
    assert!(error.message.contains(key), "what the code asks for is not left out in silence");
}

// ── many at once ───────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn many_target_groups_are_read_with_few_calls_though_some_are_gone() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let elb = aws.elb();
    let mut arns = Vec::new();
    for number in 0..25 {
        let tag = Tag::builder().key("Number").value(number.to_string()).build();
        let made = elb
            .create_target_group()
            .name(format!("group-{number}"))
            .target_type(TargetTypeEnum::Ip)
            .protocol("HTTP".into())
            .port(80)
            .vpc_id(&vpc)
            .tags(tag)
            .send()
            .await
            .unwrap();
        arns.push(made.target_groups()[0].target_group_arn().unwrap().to_owned());
    }
    for gone in [3, 20] {
        elb.delete_target_group().target_group_arn(&arns[gone]).send().await.unwrap();
    }
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws.through(proxy.endpoint()));
    let seeds: Vec<Value> = arns.iter().map(|arn| lifecycle.ty.import_seed(arn).unwrap()).collect();
    let results = lifecycle.read_all(&seeds).await;
    for (number, result) in results.iter().enumerate() {
        match result {
            ReadResult::Found(group) => {
                assert_eq!(group.text("name"), Some(format!("group-{number}").as_str()));
                let tag = group.text_map("tags_all").remove("Number");
                assert_eq!(tag, Some(number.to_string()));
            }
            ReadResult::Missing => assert!([3, 20].contains(&number)),
            ReadResult::Unreadable(error) => panic!("{error}"),
        }
    }
    assert_eq!(proxy.count("elasticloadbalancing.DescribeTargetGroups"), 1, "one list of all");
    assert_eq!(proxy.count("elasticloadbalancing.DescribeTags"), 2, "twenty a call");
    assert_eq!(proxy.count("elasticloadbalancing.DescribeTargetGroupAttributes"), 23);

    // A few are asked for by name, and the list is needed only if one of them is gone.
    let few = [seeds[0].clone(), seeds[1].clone()];
    assert!(lifecycle.read_all(&few).await.iter().all(|result| matches!(result, ReadResult::Found(_))));
    assert_eq!(proxy.count("elasticloadbalancing.DescribeTargetGroups"), 2);
    let with_gone = [seeds[0].clone(), seeds[3].clone()];
    let results = lifecycle.read_all(&with_gone).await;
    assert!(matches!(results[..], [ReadResult::Found(_), ReadResult::Missing]), "{results:?}");
    assert_eq!(proxy.count("elasticloadbalancing.DescribeTargetGroups"), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_read_is_unreadable_and_not_missing() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws);
    let code = format!("port = 80\nprotocol = \"HTTP\"\nvpc_id = \"{vpc}\"\n");
    let made = lifecycle.create(&code).await;
    for operation in ["DescribeTargetGroups", "DescribeTargetGroupAttributes", "DescribeTags"] {
        let proxy = Proxy::before(&aws);
        proxy.rule(Rule::on(&format!("elasticloadbalancing.{operation}")).fail(403, "AccessDenied", "no"));
        let lifecycle = Lifecycle::new("aws_lb_target_group", &aws.through(proxy.endpoint()));
        let results = lifecycle.read_all(std::slice::from_ref(&made)).await;
        let [ReadResult::Unreadable(error)] = results.as_slice() else { panic!("{results:?}") };
        assert_eq!(error.operation, format!("elasticloadbalancing:{operation}"));
        assert_eq!(error.kind, ErrorKind::AccessDenied);
    }
}

// ── target groups ──────────────────────────────────────────────────────────────────────────────────

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_for_http_lives() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws);
    // As the pipeline has it.
    let base = format!("name_prefix = \"http-\"\nport = 8080\nprotocol = \"HTTP\"\nvpc_id = \"{vpc}\"\n");
    let check = "health_check {\n path = \"/health\"\n matcher = \"200-399\"\n}\n";
    let made = lifecycle.create(&format!("{base}{check}")).await;
    assert!(made.text("name").unwrap().starts_with("http-20"));
    assert!(made.text("arn_suffix").unwrap().starts_with("targetgroup/http-20"));
    assert_eq!(made.text("target_type"), Some("instance"));
    assert_eq!(made.text("protocol_version"), Some("HTTP1"));
    let live = made.block("health_check").unwrap();
    assert_eq!((live.integer("healthy_threshold"), live.integer("timeout")), (Some(3), Some(5)));
    assert_eq!(made.text("deregistration_delay"), Some("300"));

    let code = format!(
        r#"{base}
        deregistration_delay              = 60
        load_balancing_algorithm_type     = "weighted_random"
        load_balancing_anomaly_mitigation = "on"
        load_balancing_cross_zone_enabled = "false"
        health_check {{
          enabled             = true
          healthy_threshold   = 4
          interval            = 20
          matcher             = "200"
          path                = "/alive"
          port                = "8081"
          protocol            = "https"
          timeout             = 10
          unhealthy_threshold = 5
        }}
        stickiness {{
          type            = "app_cookie"
          cookie_name     = "session"
          cookie_duration = 60
        }}
        target_group_health {{
          dns_failover {{
            minimum_healthy_targets_count      = "2"
            minimum_healthy_targets_percentage = "50"
          }}
          unhealthy_state_routing {{
            minimum_healthy_targets_count      = 2
            minimum_healthy_targets_percentage = "25"
          }}
        }}
        tags = {{ Name = "t" }}
        "#
    );
    let (changed, changes) = lifecycle.update(&made, &code).await;
    let mut expected = vec![
        ".deregistration_delay",
        ".load_balancing_algorithm_type",
        ".load_balancing_anomaly_mitigation",
        ".load_balancing_cross_zone_enabled",
        ".tags",
        ".tags_all",
    ];
    for name in [
        "healthy_threshold",
        "interval",
        "matcher",
        "path",
        "port",
        "protocol",
        "timeout",
        "unhealthy_threshold",
    ] {
        expected.push(Box::leak(format!(".health_check[0].{name}").into_boxed_str()));
    }
    for name in expected {
        assert!(changes.iter().any(|change| change == name), "{name} is not in {changes:?}");
    }
    assert_eq!(changed.text("name"), made.text("name"));
    let answer = aws.elb().describe_target_groups().target_group_arns(arn(&made)).send().await.unwrap();
    assert_eq!(answer.target_groups()[0].health_check_path(), Some("/alive"));

    // Blocks that are left out stay as they are; plain arguments go back to their default.
    let (back, changes) = lifecycle.update(&changed, &base).await;
    assert_eq!(changes, [".deregistration_delay", ".tags", ".tags_all"]);
    assert_eq!(back.block("stickiness").and_then(|block| block.text("cookie_name")), Some("session"));

    let slow = format!("{base}load_balancing_algorithm_type = \"round_robin\"\nslow_start = 30\n");
    let (slow, _) = lifecycle.update(&back, &slow).await;
    assert_eq!(slow.integer("slow_start"), Some(30));
    lifecycle.delete(&slow).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_for_tcp_lives() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws);
    let base =
        format!("name = \"tcp\"\nport = 443\nprotocol = \"TCP\"\nvpc_id = \"{vpc}\"\ntarget_type = \"ip\"\n");
    let made = lifecycle.create(&format!("{base}health_check {{\n protocol = \"TCP\"\n}}\n")).await;
    let code = format!(
        r#"{base}
        connection_termination = true
        preserve_client_ip     = "true"
        proxy_protocol_v2      = true
        health_check {{
          protocol = "HTTP"
          path     = "/"
        }}
        stickiness {{ type = "source_ip" }}
        target_health_state {{
          enable_unhealthy_connection_termination = false
          unhealthy_draining_interval             = 30
        }}
        "#
    );
    let (changed, _) = lifecycle.update(&made, &code).await;
    assert_eq!(changed.boolean("proxy_protocol_v2"), Some(true));
    assert_eq!(changed.text("preserve_client_ip"), Some("true"));
    assert_eq!(changed.block("stickiness").and_then(|block| block.boolean("enabled")), Some(true));
    // The check goes back to connecting only.
    let (back, _) =
        lifecycle.update(&changed, &format!("{base}health_check {{\n protocol = \"TCP\"\n}}\n")).await;
    assert_eq!(back.block("health_check").and_then(|check| check.text("path")), Some(""));
    lifecycle.delete(&back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn target_groups_for_a_function_and_for_grpc_live() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws);
    let made = lifecycle.create("name = \"function\"\ntarget_type = \"lambda\"\n").await;
    assert!(made.get("port").unwrap().is_null());
    let code = "name = \"function\"\ntarget_type = \"lambda\"\nlambda_multi_value_headers_enabled = true\n";
    let (changed, changes) = lifecycle.update(&made, code).await;
    assert_eq!(changes, [".lambda_multi_value_headers_enabled"]);
    lifecycle.delete(&changed).await;

    let code = |codes: &str| {
        format!(
            "port = 80\nprotocol = \"HTTP\"\nprotocol_version = \"grpc\"\nvpc_id = \"{vpc}\"\nhealth_check {{\n \
             path = \"/a.b/c\"\n matcher = \"{codes}\"\n}}\n"
        )
    };
    let made = lifecycle.create(&code("12")).await;
    assert_eq!(made.text("protocol_version"), Some("GRPC"));
    let (changed, changes) = lifecycle.update(&made, &code("0-10")).await;
    assert_eq!(changes, [".health_check[0].matcher"]);
    lifecycle.delete(&changed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_in_use_is_waited_for_with_a_scripted_refusal() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let proxy = Proxy::before(&aws);
    let busy = "is currently in use by a listener or a rule";
    proxy.rule(Rule::on("elasticloadbalancing.DeleteTargetGroup").calls(1..=2).fail(
        400,
        "ResourceInUse",
        busy,
    ));
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws.through(proxy.endpoint()));
    let made = lifecycle.create(&format!("port = 80\nprotocol = \"HTTP\"\nvpc_id = \"{vpc}\"\n")).await;
    lifecycle.delete(&made).await;
    assert_eq!(proxy.count("elasticloadbalancing.DeleteTargetGroup"), 4, "two refusals, and deleted twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_another_target_group_is_known() {
    let aws = Aws::fresh();
    let (vpc, _) = aws.network().await;
    let lifecycle = Lifecycle::new("aws_lb_target_group", &aws);
    let code = |port: u16, protocol: &str| {
        format!("name = \"t\"\nport = {port}\nprotocol = \"{protocol}\"\nvpc_id = \"{vpc}\"\n")
    };
    let made = lifecycle.create(&code(80, "HTTP")).await;
    assert_eq!(lifecycle.plan(Some(&made), &code(81, "HTTP")).replace, [".port"]);
    assert_eq!(lifecycle.plan(Some(&made), &code(80, "HTTPS")).replace, [".protocol"]);
    let error = lifecycle.create_fails(&code(80, "HTTP")).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

// ── listeners ──────────────────────────────────────────────────────────────────────────────────────

/// A load balancer and two target groups to listen for.
struct Door {
    balancer: String,
    one: String,
    two: String,
}

async fn door(aws: &Aws) -> Door {
    let (vpc, subnets) = aws.network().await;
    let balancers = Lifecycle::new("aws_lb", aws);
    let balancer = balancers.create(&format!("subnets = {}\n", list(&subnets[..2]))).await;
    let groups = Lifecycle::new("aws_lb_target_group", aws);
    let code = format!("port = 80\nprotocol = \"HTTP\"\nvpc_id = \"{vpc}\"\n");
    let one = groups.create(&code).await;
    let two = groups.create(&code).await;
    Door { balancer: arn(&balancer), one: arn(&one), two: arn(&two) }
}

impl Door {
    fn listener(&self, rest: &str) -> String {
        format!("load_balancer_arn = \"{}\"\n{rest}\n", self.balancer)
    }

    fn forward(&self) -> String {
        format!("default_action {{\n type = \"forward\"\n target_group_arn = \"{}\"\n}}\n", self.one)
    }
}

async fn certificate(aws: &Aws) -> String {
    // A certificate of IAM may be named by anybody who knows its name; the local AWS does not look at it.
    format!("arn:aws:iam::{}:server-certificate/collector", aws.account())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listeners_actions_change_in_place() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let code = |action: &str| {
        door.listener(&format!("port = 80\nprotocol = \"HTTP\"\ndefault_action {{\n{action}\n}}"))
    };
    let to_one = code(&format!("type = \"forward\"\ntarget_group_arn = \"{}\"", door.one));
    let made = lifecycle.create(&to_one).await;
    assert_eq!(made.text("id"), made.text("arn"));
    assert_eq!(made.block("default_action").and_then(|action| action.integer("order")), Some(1));

    // The same in another form is no change.
    let in_a_block =
        code(&format!("type = \"forward\"\nforward {{\n target_group {{\n arn = \"{}\"\n }}\n}}", door.one));
    assert_eq!(lifecycle.plan(Some(&made), &in_a_block).changes, [""; 0]);

    let weighted = code(&format!(
        r#"type = "forward"
        forward {{
          target_group {{
            arn    = "{}"
            weight = 10
          }}
          target_group {{ arn = "{}" }}
          stickiness {{
            enabled  = true
            duration = 600
          }}
        }}"#,
        door.one, door.two
    ));
    let (live, _) = lifecycle.update(&made, &weighted).await;
    let answer = aws.elb().describe_listeners().listener_arns(arn(&made)).send().await.unwrap();
    let action = &answer.listeners()[0].default_actions()[0];
    let config = action.forward_config().unwrap();
    assert_eq!(config.target_groups().len(), 2);
    assert_eq!(
        config.target_group_stickiness_config().and_then(|config| config.duration_seconds()),
        Some(600)
    );

    let (live, changes) = lifecycle
        .update(&live, &code("type = \"redirect\"\nredirect {\n protocol = \"HTTPS\"\n port = \"443\"\n status_code = \"HTTP_301\"\n}"))
        .await;
    assert!(changes.contains(&".default_action[0].type".to_owned()), "{changes:?}");
    let redirect = live.block("default_action").and_then(|action| action.block("redirect")).unwrap();
    assert_eq!((redirect.text("host"), redirect.text("port")), (Some("#{host}"), Some("443")));

    let (live, _) = lifecycle
        .update(&live, &code("type = \"fixed-response\"\nfixed_response {\n content_type = \"text/plain\"\n message_body = \"gone\"\n status_code = \"404\"\n}"))
        .await;
    let (live, _) = lifecycle.update(&live, &to_one).await;
    assert_eq!(arn(&live), arn(&made), "it was the same listener all the time");
    lifecycle.delete(&live).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listeners_port_tags_and_attributes_change_in_place() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let made = lifecycle
        .create(&door.listener(&format!("port = 80\nprotocol = \"HTTP\"\n{}", door.forward())))
        .await;
    assert_eq!(made.boolean("routing_http_response_server_enabled"), Some(true));
    assert_eq!(made.text("ssl_policy").unwrap_or_default(), "");
    let rest = format!(
        r#"
        port     = 8080
        protocol = "HTTP"
        routing_http_response_server_enabled                                = false
        routing_http_response_strict_transport_security_header_value        = "max-age=60"
        routing_http_response_access_control_allow_origin_header_value      = "https://example.org"
        routing_http_response_access_control_allow_methods_header_value     = "GET"
        routing_http_response_access_control_allow_headers_header_value     = "X-Custom"
        routing_http_response_access_control_allow_credentials_header_value = "true"
        routing_http_response_access_control_expose_headers_header_value    = "X-Custom"
        routing_http_response_access_control_max_age_header_value           = "60"
        routing_http_response_content_security_policy_header_value          = "default-src 'self'"
        routing_http_response_x_content_type_options_header_value           = "nosniff"
        routing_http_response_x_frame_options_header_value                  = "DENY"
        tags                                                                = {{ Name = "l" }}
        {}"#,
        door.forward()
    );
    let (changed, changes) = lifecycle.update(&made, &door.listener(&rest)).await;
    assert_eq!(changes.iter().filter(|change| change.starts_with(".routing_http_response")).count(), 11);
    assert_eq!(changed.integer("port"), Some(8080));
    assert_eq!(changed.text("routing_http_response_x_frame_options_header_value"), Some("DENY"));

    // An empty text takes a header away again.
    let rest = format!(
        "port = 8080\nprotocol = \"HTTP\"\nrouting_http_response_x_frame_options_header_value = \"\"\n{}",
        door.forward()
    );
    let (back, changes) = lifecycle.update(&changed, &door.listener(&rest)).await;
    assert_eq!(changes, [".routing_http_response_x_frame_options_header_value", ".tags", ".tags_all"]);
    assert_eq!(back.text("routing_http_response_strict_transport_security_header_value"), Some("max-age=60"));
    lifecycle.delete(&back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_authenticates_over_https() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let certificate = certificate(&aws).await;
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let secure = format!(
        "port = 443\nprotocol = \"HTTPS\"\nssl_policy = \"ELBSecurityPolicy-2016-08\"\ncertificate_arn = \"{certificate}\"\n"
    );
    let oidc = r#"
        default_action {
          type = "authenticate-oidc"
          authenticate_oidc {
            authorization_endpoint              = "https://id.example/authorize"
            client_id                           = "collector"
            client_secret                       = "hush"
            issuer                              = "https://id.example"
            token_endpoint                      = "https://id.example/token"
            user_info_endpoint                  = "https://id.example/user"
            on_unauthenticated_request          = "deny"
            scope                               = "openid"
            session_cookie_name                 = "session"
            session_timeout                     = 3600
            authentication_request_extra_params = { display = "page" }
          }
        }
    "#;
    let code = door.listener(&format!("{secure}{oidc}{}", door.forward()));
    let made = lifecycle.create(&code).await;
    assert_eq!(made.blocks("default_action").len(), 2);
    let authenticate =
        made.block("default_action").and_then(|action| action.block("authenticate_oidc")).unwrap();
    assert_eq!(authenticate.text("client_secret"), Some("hush"), "AWS does not tell it; it is as known");
    assert_eq!(made.block("mutual_authentication").and_then(|block| block.text("mode")), Some("off"));

    let cognito = r#"
        default_action {
          type = "authenticate-cognito"
          authenticate_cognito {
            user_pool_arn              = "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/eu-west-3_a"
            user_pool_client_id        = "client"
            user_pool_domain           = "domain"
            on_unauthenticated_request = "authenticate"
            scope                      = "openid"
            session_cookie_name        = "session"
            session_timeout            = 60
          }
        }
        mutual_authentication {
          mode                             = "verify"
          trust_store_arn                  = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:truststore/t/1"
          ignore_client_certificate_expiry = true
          advertise_trust_store_ca_names   = "on"
        }
        routing_http_request_x_amzn_mtls_clientcert_header_name               = "X-Cert"
        routing_http_request_x_amzn_mtls_clientcert_issuer_header_name        = "X-Cert-Issuer"
        routing_http_request_x_amzn_mtls_clientcert_leaf_header_name          = "X-Cert-Leaf"
        routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name = "X-Cert-Serial"
        routing_http_request_x_amzn_mtls_clientcert_subject_header_name       = "X-Cert-Subject"
        routing_http_request_x_amzn_mtls_clientcert_validity_header_name      = "X-Cert-Validity"
        routing_http_request_x_amzn_tls_cipher_suite_header_name              = "X-Cipher"
        routing_http_request_x_amzn_tls_version_header_name                   = "X-Version"
    "#;
    let code = door.listener(&format!("{secure}{cognito}{}", door.forward()));
    let (changed, changes) = lifecycle.update(&made, &code).await;
    assert_eq!(changes.iter().filter(|change| change.starts_with(".routing_http_request")).count(), 8);
    assert_eq!(changed.block("mutual_authentication").and_then(|block| block.text("mode")), Some("verify"));

    // Leaving HTTPS takes the policy and the certificate with it.
    let code = door.listener(&format!("port = 443\nprotocol = \"HTTP\"\n{}", door.forward()));
    let (plain, _) = lifecycle.update(&changed, &code).await;
    assert_eq!(plain.text("ssl_policy").unwrap_or_default(), "");
    assert!(plain.get("certificate_arn").unwrap().is_null());
    lifecycle.delete(&plain).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_without_a_protocol_speaks_what_its_load_balancer_does() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let certificate = certificate(&aws).await;
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let plain = lifecycle.create(&door.listener(&format!("port = 80\n{}", door.forward()))).await;
    assert_eq!(plain.text("protocol"), Some("HTTP"));
    let code = format!("port = 443\ncertificate_arn = \"{certificate}\"\n{}", door.forward());
    let secure = lifecycle.create(&door.listener(&code)).await;
    assert_eq!(secure.text("protocol"), Some("HTTPS"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_is_found_by_its_load_balancer_and_port() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let code = |port: u16| door.listener(&format!("port = {port}\nprotocol = \"HTTP\"\n{}", door.forward()));
    let first = lifecycle.create(&code(80)).await;
    let second = lifecycle.create(&code(81)).await;
    let identity = lifecycle.ty.identity(&lifecycle.plan(None, &code(81)).object).unwrap();
    assert_eq!(lifecycle.read(&identity).await.unwrap().text("arn"), second.text("arn"));
    let other = lifecycle.ty.identity(&lifecycle.plan(None, &code(82)).object).unwrap();
    assert!(lifecycle.read(&other).await.is_none());

    let error = lifecycle.create_fails(&code(80)).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains(&arn(&first)), "{error}");

    // One that is gone does not spoil the others.
    lifecycle.delete(&first).await;
    let results = lifecycle.read_all(&[first, second.clone()]).await;
    assert!(matches!(results[..], [ReadResult::Missing, ReadResult::Found(_)]), "{results:?}");
    assert!(lifecycle.ty.import_seed(&door.balancer).is_err());
    let seed = lifecycle.ty.import_seed(&arn(&second)).unwrap();
    let imported = lifecycle.read(&seed).await.unwrap();
    assert_eq!(
        lifecycle.plan(Some(&imported), &code(81)).changes,
        [""; 0],
        "an imported one needs no change"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_group_of_another_load_balancer_is_named_with_aws_own_limit() {
    let aws = Aws::fresh();
    let (first, second) = (door(&aws).await, door(&aws).await);
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let code = |balancer: &str| {
        let door = Door { balancer: balancer.to_owned(), one: first.one.clone(), two: first.two.clone() };
        door.listener(&format!("port = 80\nprotocol = \"HTTP\"\n{}", door.forward()))
    };
    let made = lifecycle.create(&code(&first.balancer)).await;

    let proxy = Proxy::before(&aws);
    for rule in transitions::target_group_limit() {
        proxy.rule(rule);
    }
    let through = Lifecycle::new("aws_lb_listener", &aws.through(proxy.endpoint()));
    let waiting = async {
        // While the creation is being refused, the old listener goes, as in a replacement.
        while proxy.count("elasticloadbalancing.CreateListener") < 2 {
            tokio::task::yield_now().await;
        }
        lifecycle.delete(&made).await;
    };
    let code = code(&second.balancer);
    let (created, ()) = futures::join!(through.create(&code), waiting);
    assert_eq!(created.text("load_balancer_arn"), Some(second.balancer.as_str()));
    assert!(proxy.count("elasticloadbalancing.CreateListener") >= 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_was_just_made_is_waited_for_with_a_scripted_refusal() {
    let aws = Aws::fresh();
    let door = door(&aws).await;
    let certificate = certificate(&aws).await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("elasticloadbalancing.CreateListener").call(1).fail(
        400,
        "CertificateNotFound",
        "Certificate not found",
    ));
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws.through(proxy.endpoint()));
    let code =
        format!("port = 443\nprotocol = \"HTTPS\"\ncertificate_arn = \"{certificate}\"\n{}", door.forward());
    lifecycle.create(&door.listener(&code)).await;
    assert_eq!(proxy.count("elasticloadbalancing.CreateListener"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_name_the_argument_and_the_way_out() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_lb_listener", &aws);
    let code = "load_balancer_arn = \"arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/c/1\"\n\
                port = 443\nprotocol = \"HTTPS\"\ndefault_action {\n type = \"forward\"\n}\n";
    assert_eq!(
        errors(&lifecycle.problems(code)),
        [
            ": A listener for HTTPS needs a certificate: set \"certificate_arn\".",
            ".default_action[0]: An action of type \"forward\" needs \"target_group_arn\" or a \"forward\" block.",
        ]
    );
}
