use aws_sdk_ec2::types::{IpPermission, IpRange, SecurityGroup};
use recon::lang::value::Value;
use recon::provider::object::{Object, text_set};
use recon::provider::{ErrorKind, ReadRequest, ReadResult};
use recon::schema::Equality;

use crate::subject::{Subject, tags, texts};
use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_security_group";

/// A rule as code writes it: with only some attributes.
fn rule(group: &Subject, attributes: Vec<(&str, Value)>) -> Value {
    let ty = group.block().attributes["ingress"].ty.clone();
    let element = ty.element().unwrap();
    let recon::lang::types::Type::Object(object) = element else { unreachable!() };
    Value::object(object.attributes.iter().map(|(name, ty)| {
        let given = attributes.iter().find(|(given, _)| **given == **name).map(|(_, value)| value.clone());
        (name.clone(), given.unwrap_or_else(|| Value::null(ty.clone())).convert(ty).unwrap())
    }))
}

fn rules(group: &Subject, elements: Vec<Value>) -> Value {
    Value::set(group.block().attributes["ingress"].ty.element().unwrap().clone(), elements)
}

fn tcp(group: &Subject, port: i64, ranges: &[&str]) -> Value {
    rule(
        group,
        vec![
            ("protocol", "tcp".into()),
            ("from_port", port.into()),
            ("to_port", port.into()),
            ("cidr_blocks", texts(ranges)),
        ],
    )
}

async fn live(aws: &Aws, id: &str) -> SecurityGroup {
    let answer = aws.ec2().describe_security_groups().group_ids(id).send().await.unwrap();
    answer.security_groups()[0].clone()
}

fn shown(permissions: &[IpPermission]) -> Vec<String> {
    let mut lines: Vec<String> = permissions
        .iter()
        .flat_map(|permission| {
            let ports = (permission.from_port(), permission.to_port());
            let protocol = permission.ip_protocol().unwrap();
            permission.ip_ranges().iter().map(move |range| {
                let description = range.description().unwrap_or_default();
                format!("{protocol} {ports:?} {} {description}", range.cidr_ip().unwrap())
            })
        })
        .collect();
    lines.sort_unstable();
    lines
}

#[tokio::test]
async fn a_group_is_made_without_the_default_egress_changed_and_deleted() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let (vpc, _) = aws.network().await;
    let base = |more: Vec<(&'static str, Value)>| {
        let mut config = vec![("name", "front".into()), ("vpc_id", (&*vpc).into())];
        config.extend(more);
        config
    };
    let object = group.create(base(vec![("tags", tags(&[("Name", "front")]))])).await;
    let id = object.text("id").unwrap().to_owned();
    assert_eq!(object.text("description"), Some("Managed by Terraform"));
    assert_eq!(object.text("owner_id"), Some(aws.account()));
    assert_eq!(
        object.text("arn"),
        Some(&*format!("arn:aws:ec2:eu-west-3:{}:security-group/{id}", aws.account()))
    );
    assert!(live(&aws, &id).await.ip_permissions_egress().is_empty());

    let ingress = rules(
        &group,
        vec![
            tcp(&group, 80, &["10.0.0.0/8", "192.168.0.0/16"]),
            rule(
                &group,
                vec![
                    ("protocol", "6".into()),
                    ("from_port", 81.into()),
                    ("to_port", 82.into()),
                    ("self", true.into()),
                    ("ipv6_cidr_blocks", texts(&["2001:db8::/32"])),
                    ("description", "more".into()),
                ],
            ),
        ],
    );
    let egress = rules(
        &group,
        vec![rule(
            &group,
            vec![
                ("protocol", "all".into()),
                ("from_port", 0.into()),
                ("to_port", 0.into()),
                ("cidr_blocks", texts(&["0.0.0.0/0"])),
            ],
        )],
    );
    let object = group
        .update(
            &object,
            base(vec![("ingress", ingress), ("egress", egress), ("tags", tags(&[("Name", "back")]))]),
        )
        .await;
    let now = live(&aws, &id).await;
    assert_eq!(
        shown(now.ip_permissions()),
        ["tcp (Some(80), Some(80)) 10.0.0.0/8 ", "tcp (Some(80), Some(80)) 192.168.0.0/16 "]
    );
    assert_eq!(shown(now.ip_permissions_egress()).len(), 1);
    assert_eq!(now.tags()[0].value(), Some("back"));

    // Another source goes, one comes, one description changes.
    let described = rule(
        &group,
        vec![
            ("protocol", "tcp".into()),
            ("from_port", 80.into()),
            ("to_port", 80.into()),
            ("cidr_blocks", texts(&["10.0.0.0/8"])),
            ("description", "office".into()),
        ],
    );
    let ingress = rules(&group, vec![described, tcp(&group, 443, &["0.0.0.0/0"])]);
    let none = rules(&group, vec![]);
    let object = group.update(&object, base(vec![("ingress", ingress), ("egress", none)])).await;
    let now = live(&aws, &id).await;
    assert_eq!(
        shown(now.ip_permissions()),
        ["tcp (Some(443), Some(443)) 0.0.0.0/0 ", "tcp (Some(80), Some(80)) 10.0.0.0/8 office"]
    );
    assert!(now.ip_permissions_egress().is_empty());
    assert!(now.tags().is_empty());
    group.delete(&object).await;
}

#[tokio::test]
async fn a_group_is_made_with_its_rules() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let all = rule(
        &group,
        vec![
            ("protocol", "-1".into()),
            ("from_port", 0.into()),
            ("to_port", 0.into()),
            ("cidr_blocks", texts(&["0.0.0.0/0"])),
        ],
    );
    let object = group
        .create(vec![
            ("name_prefix", "web-".into()),
            ("ingress", rules(&group, vec![tcp(&group, 22, &["10.0.0.0/8"])])),
            ("egress", rules(&group, vec![all])),
            ("revoke_rules_on_delete", true.into()),
        ])
        .await;
    assert_eq!(object.text("name_prefix"), Some("web-"));
    let now = live(&aws, object.text("id").unwrap()).await;
    assert_eq!(shown(now.ip_permissions()), ["tcp (Some(22), Some(22)) 10.0.0.0/8 "]);
    assert_eq!(shown(now.ip_permissions_egress()).len(), 1);
    group.delete(&object).await;
}

#[tokio::test]
async fn rules_that_the_code_leaves_to_others_are_not_touched() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let object = group.create(vec![("name", "g".into())]).await;
    let id = object.text("id").unwrap();
    let web = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(80)
        .to_port(80)
        .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
        .build();
    aws.ec2().authorize_security_group_ingress().group_id(id).ip_permissions(web).send().await.unwrap();
    let config = group.config(vec![("name", "g".into()), ("tags", tags(&[("a", "b")]))]);
    let planned = group.plan(Some(&object), &config);
    let updated = group.ty.update(&group.connection, &object, &planned).await.unwrap();
    assert_eq!(updated.blocks("ingress").len(), 1);
    assert_eq!(live(&aws, id).await.ip_permissions().len(), 1);
}

#[tokio::test]
async fn a_rule_added_by_hand_is_seen_beside_those_of_the_code() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let ingress = rules(&group, vec![tcp(&group, 80, &["192.168.0.0/16", "10.0.0.0/8"])]);
    let object = group.create(vec![("name", "g".into()), ("ingress", ingress)]).await;
    let equality: Equality = group.block().attributes["ingress"].equality;
    let live = group.read(&object).await.unwrap();
    assert!(equality.same(&live.get("ingress").unwrap(), &object.get("ingress").unwrap()));
    let ssh = IpPermission::builder()
        .ip_protocol("tcp")
        .from_port(22)
        .to_port(22)
        .ip_ranges(IpRange::builder().cidr_ip("0.0.0.0/0").build())
        .build();
    let id = object.text("id").unwrap();
    aws.ec2().authorize_security_group_ingress().group_id(id).ip_permissions(ssh).send().await.unwrap();
    let live = group.read(&object).await.unwrap();
    assert!(!equality.same(&live.get("ingress").unwrap(), &object.get("ingress").unwrap()));
    let ports: Vec<_> = live.blocks("ingress").iter().map(|rule| rule.integer("from_port")).collect();
    assert_eq!(ports.len(), 2);
    assert!(ports.contains(&Some(22)));
    let kept = object.blocks("ingress")[0].clone();
    assert!(live.blocks("ingress").contains(&kept), "the rule of the code is shown as it is written");
}

#[tokio::test]
async fn many_groups_are_read_with_one_call_and_a_missing_one_hides_none() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let group = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let mut requests = Vec::new();
    for name in ["a", "b", "c"] {
        let made = aws.ec2().create_security_group().group_name(name).description("d").send().await.unwrap();
        requests.push(ReadRequest { known: group.ty.import_seed(made.group_id().unwrap()).unwrap() });
    }
    requests.insert(1, ReadRequest { known: group.ty.import_seed("sg-0123456789abcdef0").unwrap() });
    proxy.forget_calls();
    let results = group.ty.read(&group.connection, &requests).await;
    let names: Vec<Option<&str>> = results
        .iter()
        .map(|result| match result {
            ReadResult::Found(object) => object.text("name"),
            _ => None,
        })
        .collect();
    assert_eq!(names, [Some("a"), None, Some("b"), Some("c")]);
    assert_eq!(proxy.count("ec2.DescribeSecurityGroups"), 1);
}

/// As while a load balancer's network interfaces outlive it, which the local AWS's do not: the proxy says what AWS
/// would.
#[tokio::test]
async fn a_group_in_use_is_deleted_once_it_is_free() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let group = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let object = group.create(vec![("name", "g".into())]).await;
    proxy.rule(Rule::on("ec2.DeleteSecurityGroup").calls(1..=2).fail(
        400,
        "DependencyViolation",
        "resource sg-1 has a dependent object",
    ));
    group.delete(&object).await;
    assert!(proxy.count("ec2.DeleteSecurityGroup") >= 3);
}

/// As above.
#[tokio::test]
async fn a_group_that_stays_in_use_is_reported_when_time_is_up() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let group = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let timeouts = &group.block().blocks["timeouts"].block;
    let timeouts = timeouts.object([("delete", "1s".into())]);
    let object = group.create(vec![("name", "g".into()), ("timeouts", timeouts)]).await;
    proxy.rule(Rule::on("ec2.DeleteSecurityGroup").fail(
        400,
        "DependencyViolation",
        "it has a dependent object",
    ));
    let error = group.ty.delete(&group.connection, &object).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::TimedOut);
    assert_eq!(error.operation, "ec2:DeleteSecurityGroup");
    assert!(error.message.contains("in use"), "{error}");
}

#[tokio::test]
async fn rules_of_other_groups_are_revoked_if_the_code_asks_for_it() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let object = group.create(vec![("name", "g".into()), ("revoke_rules_on_delete", true.into())]).await;
    let id = object.text("id").unwrap();
    let from_group = rule(
        &group,
        vec![
            ("protocol", "tcp".into()),
            ("from_port", 80.into()),
            ("to_port", 80.into()),
            ("cidr_blocks", texts(&["10.0.0.0/8"])),
            ("security_groups", text_set([id])),
        ],
    );
    let other = group.create(vec![("name", "h".into()), ("ingress", rules(&group, vec![from_group]))]).await;
    group.delete(&object).await;
    let left = live(&aws, other.text("id").unwrap()).await;
    assert_eq!(shown(left.ip_permissions()), ["tcp (Some(80), Some(80)) 10.0.0.0/8 "]);
    assert!(left.ip_permissions()[0].user_id_group_pairs().is_empty());
}

#[tokio::test]
async fn a_lost_answer_to_create_is_no_error_and_another_group_is_not_taken() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let (vpc, _) = aws.network().await;
    let group = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    proxy.rule(Rule::on("ec2.CreateSecurityGroup").call(1).cut_after());
    let config = || vec![("name", "g".into()), ("vpc_id", (&*vpc).into()), ("tags", tags(&[("Name", "x")]))];
    group.create(config()).await;
    assert_eq!(proxy.count("ec2.CreateSecurityGroup"), 2);

    proxy.rule(Rule::on("ec2.CreateSecurityGroup").call(1).cut_before());
    let planned = group.plan(None, &group.config(config()));
    let error = group.ty.create(&group.connection, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists, "that one had been changed since it was made: {error}");
}

#[tokio::test]
async fn a_failure_after_create_leaves_what_is_known_of_the_group() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let group = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let refused = "You are not authorized to perform this operation.";
    proxy.rule(Rule::on("ec2.RevokeSecurityGroupEgress").fail(403, "UnauthorizedOperation", refused));
    let planned = group.plan(None, &group.config(vec![("name", "g".into())]));
    let error = group.ty.create(&group.connection, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AccessDenied);
    assert_eq!(error.operation, "ec2:RevokeSecurityGroupEgress");
    let partial = *error.partial.expect("the group exists");
    assert!(partial.text("id").unwrap().starts_with("sg-"));
    group.delete(&partial).await;
}

#[tokio::test]
async fn a_group_is_checked_offline() {
    let group = Subject::new(TYPE, &Aws::fresh()).await;
    let with = |rule: Value| vec![("name", "g".into()), ("ingress", rules(&group, vec![rule]))];
    assert_eq!(group.problems(with(tcp(&group, 80, &["10.0.0.0/8"]))), Vec::<String>::new());
    assert_eq!(group.problems(with(tcp(&group, 80, &["999.999.999.999/32"]))), ["Invalid CIDR block"]);
    assert_eq!(group.problems(with(tcp(&group, 99999, &["10.0.0.0/8"]))), ["Invalid ports"]);
    assert_eq!(group.problems(vec![("name", "sg-mine".into())]), ["Invalid name"]);
    assert_eq!(
        group.problems(vec![("name", "a".into()), ("name_prefix", "b".into())]),
        ["Conflicting arguments"]
    );
    assert_eq!(group.problems(vec![("description", "ünïcode".into())]), ["Invalid description"]);
}

#[tokio::test]
async fn groups_of_one_name_in_several_vpcs_are_told_apart() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let (vpc, _) = aws.network().await;
    let other = aws.ec2().create_vpc().cidr_block("10.9.0.0/16").send().await.unwrap();
    let other = other.vpc().unwrap().vpc_id().unwrap().to_owned();
    for vpc in [&vpc, &other] {
        let call = aws.ec2().create_security_group().group_name("g").description("d").vpc_id(vpc);
        call.send().await.unwrap();
    }
    let found = group.read(&group.config(vec![("name", "g".into()), ("vpc_id", (&*other).into())])).await;
    assert_eq!(found.unwrap().text("vpc_id"), Some(&*other));
    let requests = [ReadRequest { known: group.config(vec![("name", "g".into())]) }];
    let results = group.ty.read(&group.connection, &requests).await;
    assert!(matches!(&results[0], ReadResult::Unreadable(error) if error.message.contains("vpc_id")));
}

#[tokio::test]
async fn a_group_that_rules_of_others_name_is_given_up_with_their_ids() {
    let aws = Aws::fresh();
    let group = Subject::new(TYPE, &aws).await;
    let object = group.create(vec![("name", "g".into())]).await;
    let id = object.text("id").unwrap();
    let from_group = rule(
        &group,
        vec![
            ("protocol", "tcp".into()),
            ("from_port", 80.into()),
            ("to_port", 80.into()),
            ("security_groups", text_set([id])),
        ],
    );
    let other = group.create(vec![("name", "h".into()), ("ingress", rules(&group, vec![from_group]))]).await;
    let error = group.ty.delete(&group.connection, &object).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InUse);
    assert_eq!(error.code.as_deref(), Some("DependencyViolation"));
    assert!(error.message.contains(other.text("id").unwrap()), "{error}");
}

#[tokio::test]
async fn the_default_egress_goes_in_a_vpc_with_ipv6_too() {
    let aws = Aws::fresh();
    let vpc = aws.ec2().create_vpc().cidr_block("10.9.0.0/16").amazon_provided_ipv6_cidr_block(true);
    let vpc = vpc.send().await.unwrap().vpc().unwrap().vpc_id().unwrap().to_owned();
    let plain = aws.ec2().create_security_group().group_name("plain").description("d").vpc_id(&vpc);
    let plain = plain.send().await.unwrap().group_id().unwrap().to_owned();
    let default = live(&aws, &plain).await;
    let has_ipv6 =
        default.ip_permissions_egress().iter().any(|permission| !permission.ipv6_ranges().is_empty());
    assert!(has_ipv6, "what is to be shown is there to begin with");
    let group = Subject::new(TYPE, &aws).await;
    let object = group.create(vec![("name", "g".into()), ("vpc_id", (&*vpc).into())]).await;
    assert!(live(&aws, object.text("id").unwrap()).await.ip_permissions_egress().is_empty());
}
