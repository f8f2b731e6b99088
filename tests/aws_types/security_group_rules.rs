use aws_sdk_ec2::types::{IpPermission, IpRange};
use recon::lang::types::Type;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadRequest, ReadResult};

use crate::subject::{Subject, texts};
use crate::support::aws::Aws;
use crate::support::protocol::Reply;
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_security_group_rule";

async fn new_group(aws: &Aws, name: &str) -> String {
    let made = aws.ec2().create_security_group().group_name(name).description("d").send().await.unwrap();
    made.group_id().unwrap().to_owned()
}

fn config(
    group: &str,
    kind: &'static str,
    port: i64,
    more: Vec<(&'static str, Value)>,
) -> Vec<(&'static str, Value)> {
    let mut config = vec![
        ("security_group_id", group.into()),
        ("type", kind.into()),
        ("protocol", "tcp".into()),
        ("from_port", port.into()),
        ("to_port", port.into()),
    ];
    config.retain(|(name, _)| !more.iter().any(|(other, _)| name == other));
    config.extend(more);
    config
}

fn ranges(ranges: &[&str]) -> (&'static str, Value) {
    ("cidr_blocks", texts(ranges))
}

fn permission(port: i32, ranges: &[&str]) -> IpPermission {
    let ranges = ranges.iter().map(|range| IpRange::builder().cidr_ip(*range).build()).collect();
    IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(port)
        .to_port(port)
        .set_ip_ranges(Some(ranges))
        .build()
}

/// What the group lets through, one line each, without the rule that every new group has.
async fn live(aws: &Aws, group: &str) -> Vec<String> {
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-id").values(group).build();
    let answer = aws.ec2().describe_security_group_rules().filters(filter).send().await.unwrap();
    let mut lines: Vec<String> = answer
        .security_group_rules()
        .iter()
        .map(|rule| {
            let way = if rule.is_egress() == Some(true) { "out" } else { "in" };
            let source = rule.cidr_ipv4().or(rule.cidr_ipv6());
            let other = rule.referenced_group_info().and_then(|group| group.group_id());
            format!(
                "{way} {} {}-{} {} {}",
                rule.ip_protocol().unwrap(),
                rule.from_port().unwrap_or(-1),
                rule.to_port().unwrap_or(-1),
                source.or(other).unwrap(),
                rule.description().unwrap_or_default()
            )
        })
        .filter(|line| !line.starts_with("out -1"))
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_rule_is_made_described_anew_and_deleted() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let group = new_group(&aws, "g").await;
    for kind in ["ingress", "egress"] {
        let way = if kind == "ingress" { "in" } else { "out" };
        let all = vec![
            ranges(&["192.168.0.0/16", "10.0.0.0/8"]),
            ("ipv6_cidr_blocks", texts(&["2001:db8::/32"])),
            ("description", "first".into()),
        ];
        let object = rule.create(config(&group, kind, 80, all)).await;
        assert!(object.text("id").unwrap().starts_with("sgrule-"));
        assert!(object.get("security_group_rule_id").unwrap().is_null(), "they are three");
        let expected = |text: &str| {
            ["10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"]
                .map(|range| format!("{way} tcp 80-80 {range} {text}"))
        };
        assert_eq!(live(&aws, &group).await, expected("first"));
        let all = vec![
            ranges(&["192.168.0.0/16", "10.0.0.0/8"]),
            ("ipv6_cidr_blocks", texts(&["2001:db8::/32"])),
            ("description", "second".into()),
        ];
        let object = rule.update(&object, config(&group, kind, 80, all)).await;
        assert_eq!(live(&aws, &group).await, expected("second"));
        rule.delete(&object).await;
        assert_eq!(live(&aws, &group).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn every_kind_of_source_and_protocol_is_found_again() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let (group, other) = (new_group(&aws, "g").await, new_group(&aws, "h").await);
    let sources: Vec<Vec<(&'static str, Value)>> = vec![
        vec![ranges(&["10.0.0.0/8"])],
        vec![("self", true.into())],
        vec![("source_security_group_id", (&*other).into())],
        vec![
            ("protocol", "all".into()),
            ("from_port", 0.into()),
            ("to_port", 0.into()),
            ranges(&["10.1.0.0/16"]),
        ],
        vec![("protocol", "17".into()), ranges(&["10.2.0.0/16"])],
        vec![
            ("protocol", "icmp".into()),
            ("from_port", 8.into()),
            ("to_port", 0.into()),
            ranges(&["10.3.0.0/16"]),
        ],
        vec![("ipv6_cidr_blocks", texts(&["2001:DB8::/32"]))],
    ];
    let mut objects = Vec::new();
    for (index, source) in sources.into_iter().enumerate() {
        let object = rule.create(config(&group, "ingress", 100 + index as i64, source)).await;
        assert!(object.text("security_group_rule_id").unwrap().starts_with("sgr-"));
        objects.push(object);
    }
    assert_eq!(live(&aws, &group).await.len(), 7);
    for object in &objects {
        rule.delete(object).await;
    }
    assert_eq!(live(&aws, &group).await, Vec::<String>::new());
}

#[tokio::test]
async fn rules_of_many_groups_are_read_with_one_call() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let rule = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let mut requests = Vec::new();
    for name in ["a", "b", "c"] {
        let group = new_group(&aws, name).await;
        for port in [80, 443] {
            requests.push(ReadRequest {
                known: rule.create(config(&group, "ingress", port, vec![ranges(&["10.0.0.0/8"])])).await,
            });
        }
    }
    let gone = config("sg-0123456789abcdef0", "ingress", 80, vec![ranges(&["10.0.0.0/8"])]);
    requests.push(ReadRequest { known: rule.config(gone) });
    proxy.forget_calls();
    let results = rule.ty.read(&rule.connection, &requests).await;
    assert_eq!(proxy.calls().len(), 1);
    let (last, found) = results.split_last().unwrap();
    assert!(found.iter().all(|result| matches!(result, ReadResult::Found(_))));
    assert!(matches!(last, ReadResult::Missing), "a group that is gone has no rules");
}

#[tokio::test]
async fn a_rule_with_one_source_gone_has_the_others_and_none_gone_is_missing() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let group = new_group(&aws, "g").await;
    let object =
        rule.create(config(&group, "ingress", 80, vec![ranges(&["10.0.0.0/8", "10.1.0.0/16"])])).await;
    let take = async |ranges: &[&str]| {
        let call = aws.ec2().revoke_security_group_ingress().group_id(&group);
        call.ip_permissions(permission(80, ranges)).send().await.unwrap();
    };
    take(&["10.0.0.0/8"]).await;
    let live_rule = rule.read(&object).await.unwrap();
    assert_eq!(live_rule.get("cidr_blocks"), Some(texts(&["10.1.0.0/16"])));
    assert_eq!(live_rule.get("id"), object.get("id"));
    rule.delete(&object).await;
    assert_eq!(live(&aws, &group).await, Vec::<String>::new());
    assert!(rule.read(&object).await.is_none());
}

#[tokio::test]
async fn a_changed_port_is_a_missing_rule() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let group = new_group(&aws, "g").await;
    let object = rule.create(config(&group, "ingress", 80, vec![ranges(&["10.0.0.0/8"])])).await;
    let ec2 = aws.ec2();
    let gone =
        ec2.revoke_security_group_ingress().group_id(&group).ip_permissions(permission(80, &["10.0.0.0/8"]));
    gone.send().await.unwrap();
    let new = ec2
        .authorize_security_group_ingress()
        .group_id(&group)
        .ip_permissions(permission(81, &["10.0.0.0/8"]));
    new.send().await.unwrap();
    assert!(rule.read(&object).await.is_none());
}

#[tokio::test]
async fn a_changed_description_is_seen() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let group = new_group(&aws, "g").await;
    let given = vec![ranges(&["10.0.0.0/8", "10.1.0.0/16"]), ("description", "ours".into())];
    let object = rule.create(config(&group, "ingress", 80, given)).await;
    let mut other = permission(80, &[]);
    other.ip_ranges = Some(vec![IpRange::builder().cidr_ip("10.1.0.0/16").description("theirs").build()]);
    let call = aws.ec2().update_security_group_rule_descriptions_ingress().group_id(&group);
    call.ip_permissions(other).send().await.unwrap();
    let live_rule = rule.read(&object).await.unwrap();
    assert_eq!(live_rule.text("description"), Some("theirs"));
}

#[tokio::test]
async fn a_rule_that_exists_is_not_taken_over() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let group = new_group(&aws, "g").await;
    let call = aws.ec2().authorize_security_group_ingress().group_id(&group);
    call.ip_permissions(permission(80, &["10.0.0.0/8"])).send().await.unwrap();
    let planned = rule.plan(None, &rule.config(config(&group, "ingress", 80, vec![ranges(&["10.0.0.0/8"])])));
    let error = rule.ty.create(&rule.connection, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("import"), "{error}");
    assert!(error.partial.is_none());
}

#[tokio::test]
async fn a_lost_answer_to_authorize_is_no_error() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("ec2.AuthorizeSecurityGroupIngress").call(1).cut_after());
    let rule = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let group = new_group(&aws, "g").await;
    rule.create(config(&group, "ingress", 80, vec![ranges(&["10.0.0.0/8"])])).await;
    assert_eq!(proxy.count("ec2.AuthorizeSecurityGroupIngress"), 2);
}

#[tokio::test]
async fn rules_of_one_group_are_changed_one_after_the_other() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let rule = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let group = new_group(&aws, "g").await;
    let under_way = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let most = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let (seen, highest) = (under_way.clone(), most.clone());
    proxy.rule(Rule::on("ec2.AuthorizeSecurityGroupIngress").check(move |_, _| {
        let (seen, highest) = (seen.clone(), highest.clone());
        Box::pin(async move {
            let now = seen.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            highest.fetch_max(now, std::sync::atomic::Ordering::SeqCst);
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            seen.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
            None
        })
    }));
    let creations =
        (0..4).map(|port| rule.create(config(&group, "ingress", 80 + port, vec![ranges(&["10.0.0.0/8"])])));
    futures::future::join_all(creations).await;
    assert_eq!(most.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[tokio::test]
async fn rules_are_imported_by_what_they_say() {
    let aws = Aws::fresh();
    let rule = Subject::new(TYPE, &aws).await;
    let (group, other) = (new_group(&aws, "g").await, new_group(&aws, "h").await);
    let made = rule.create(config(&group, "ingress", 80, vec![ranges(&["10.0.0.0/8", "10.1.0.0/16"])])).await;
    let from_other = vec![("source_security_group_id", (&*other).into())];
    let by_group = rule.create(config(&group, "ingress", 81, from_other)).await;
    for (id, expected) in [
        (format!("{group}_ingress_tcp_80_80_10.0.0.0/8_10.1.0.0/16"), &made),
        (format!("{group}_ingress_6_81_81_{other}"), &by_group),
    ] {
        let seed = rule.ty.import_seed(&id).unwrap();
        let found = rule.read(&seed).await.unwrap();
        assert_eq!(found.get("id"), expected.get("id"), "{id}");
        assert_eq!(found.get("cidr_blocks"), expected.get("cidr_blocks"));
    }
    for wrong in [
        "sgrule-1234",
        "sg-1_ingress_tcp_80_80",
        "sg-1_sideways_tcp_80_80_10.0.0.0/8",
        "sg-1_ingress_tcp_a_80_self",
    ] {
        assert!(rule.ty.import_seed(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_rule_is_checked_offline() {
    let rule = Subject::new(TYPE, &Aws::fresh()).await;
    let problems = |more: Vec<(&'static str, Value)>| rule.problems(config("sg-1", "ingress", 80, more));
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"])]), Vec::<String>::new());
    assert_eq!(
        problems(vec![("cidr_blocks", Value::unknown(Type::list(Type::String)))]),
        Vec::<String>::new()
    );
    assert_eq!(
        problems(vec![("source_security_group_id", Value::unknown(Type::String))]),
        Vec::<String>::new()
    );
    assert_eq!(problems(vec![]), ["Missing source"]);
    assert_eq!(problems(vec![ranges(&["999.999.999.999/32"])]), ["Invalid CIDR block"]);
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"]), ("self", true.into())]), ["Conflicting arguments"]);
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"]), ("self", false.into())]), Vec::<String>::new());
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"]), ("type", "both".into())]), ["Invalid rule type"]);
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"]), ("from_port", 90.into())]), ["Invalid ports"]);
    assert_eq!(problems(vec![ranges(&["10.0.0.0/8"]), ("description", "ä".into())]), ["Invalid description"]);
}

/// The local AWS has no pages here: two scripted answers, as AWS gives them when a group has very many rules.
#[tokio::test]
async fn all_pages_of_rules_are_read_scripted() {
    fn page(port: u16, token: &str) -> String {
        format!(
            "<DescribeSecurityGroupRulesResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>r</requestId>\
             <securityGroupRuleSet><item><securityGroupRuleId>sgr-{port}</securityGroupRuleId><groupId>sg-1</groupId>\
             <isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>{port}</fromPort><toPort>{port}</toPort>\
             <cidrIpv4>10.0.0.0/8</cidrIpv4></item></securityGroupRuleSet>{token}</DescribeSecurityGroupRulesResponse>"
        )
    }
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("ec2.DescribeSecurityGroupRules").respond(|request| {
        let body = match request.parameter("NextToken") {
            None => page(80, "<nextToken>more</nextToken>"),
            Some(_) => page(443, ""),
        };
        Some(Reply::new(200, "text/xml", body))
    }));
    let rule = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let requests = [80, 443, 8080].map(|port| ReadRequest {
        known: rule.config(config("sg-1", "ingress", port, vec![ranges(&["10.0.0.0/8"])])),
    });
    let results = rule.ty.read(&rule.connection, &requests).await;
    let ids: Vec<Option<&str>> = results
        .iter()
        .map(|result| match result {
            ReadResult::Found(object) => object.text("security_group_rule_id"),
            _ => None,
        })
        .collect();
    assert_eq!(ids, [Some("sgr-80"), Some("sgr-443"), None]);
    assert_eq!(proxy.count("ec2.DescribeSecurityGroupRules"), 2);
}
