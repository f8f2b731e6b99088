//! Rules of security groups, each a resource of its own.

use aws_sdk_ec2::types::SecurityGroupRule;
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

async fn group(aws: &Aws, name: &str) -> String {
    let (vpc, _) = aws.network().await;
    let call = aws.ec2().create_security_group().vpc_id(vpc).group_name(name).description("d");
    call.send().await.unwrap().group_id.unwrap()
}

async fn rules(aws: &Aws, group: &str, egress: bool) -> Vec<SecurityGroupRule> {
    let filter = aws_sdk_ec2::types::Filter::builder().name("group-id").values(group).build();
    let answer = aws.ec2().describe_security_group_rules().filters(filter).send().await.unwrap();
    let mut rules = answer.security_group_rules.unwrap();
    rules.retain(|rule| rule.is_egress() == Some(egress));
    rules
}

#[tokio::test]
async fn a_rule_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let group = group(&aws, "g").await;
    for (name, egress) in
        [("aws_vpc_security_group_ingress_rule", false), ("aws_vpc_security_group_egress_rule", true)]
    {
        let lifecycle = Lifecycle::new(name, &aws);
        let before = rules(&aws, &group, egress).await.len();
        let code = |text: &str| format!("security_group_id = \"{group}\"\n{text}");
        let text = code(
            "cidr_ipv4 = \"10.0.0.0/8\"\nip_protocol = \"6\"\nfrom_port = 80\nto_port = 80\n\
             description = \"web\"\ntags = { Name = \"web\" }",
        );
        let made = lifecycle.create(&text).await;
        let id = made.text("id").unwrap().to_owned();
        let live = async || {
            let rules = rules(&aws, &group, egress).await;
            rules.into_iter().find(|rule| rule.security_group_rule_id() == Some(&*id)).unwrap()
        };
        assert!(id.starts_with("sgr-"));
        assert_eq!(made.text("security_group_rule_id"), Some(&*id));
        let arn = format!("arn:aws:ec2:eu-west-3:{}:security-group-rule/{id}", aws.account());
        assert_eq!(made.text("arn"), Some(&*arn));
        assert_eq!(live().await.ip_protocol(), Some("tcp"));
        assert_eq!(live().await.description(), Some("web"));

        let text =
            code("cidr_ipv4 = \"192.168.0.0/16\"\nip_protocol = \"udp\"\nfrom_port = 53\nto_port = 54");
        let (changed, changes) = lifecycle.update(&made, &text).await;
        assert_eq!(
            changes,
            [".cidr_ipv4", ".description", ".from_port", ".ip_protocol", ".tags", ".tags_all", ".to_port"]
        );
        let now = live().await;
        assert_eq!(now.cidr_ipv4(), Some("192.168.0.0/16"));
        assert_eq!((now.from_port(), now.to_port()), (Some(53), Some(54)));
        assert_eq!(now.description().unwrap_or_default(), "");

        let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
        assert_eq!(imported.get("cidr_ipv4"), changed.get("cidr_ipv4"));
        let planned = lifecycle.plan(None, &text).object;
        let found = lifecycle.read(&lifecycle.ty.identity(&planned).unwrap()).await.unwrap();
        assert_eq!(found.get("id"), changed.get("id"));
        let kind = lifecycle
            .plan(Some(&changed), &text.replace("cidr_ipv4 = \"192.168.0.0/16\"", "cidr_ipv6 = \"::/0\""));
        assert_eq!(kind.replace, [".cidr_ipv4", ".cidr_ipv6"]);
        assert_eq!(
            lifecycle.plan(Some(&changed), &text.replace(&group, "sg-2")).replace,
            [".security_group_id"]
        );
        lifecycle.delete(&changed).await;
        assert_eq!(rules(&aws, &group, egress).await.len(), before);
    }
}

#[tokio::test]
async fn rules_for_all_protocols_groups_and_ipv6_need_no_ports() {
    let aws = Aws::fresh();
    let (one, two) = (group(&aws, "one").await, group(&aws, "two").await);
    let lifecycle = Lifecycle::new("aws_vpc_security_group_ingress_rule", &aws);
    let base = format!("security_group_id = \"{one}\"\n");
    for text in [
        format!("{base}ip_protocol = \"-1\"\nreferenced_security_group_id = \"{two}\""),
        format!("{base}ip_protocol = \"-1\"\ncidr_ipv6 = \"2001:DB8::/32\""),
    ] {
        let made = lifecycle.create(&text).await;
        assert!(made.get("from_port").unwrap().is_null());
        lifecycle.delete(&made).await;
    }
}

#[tokio::test]
async fn a_lost_answer_makes_one_rule_and_another_is_not_taken() {
    let aws = Aws::fresh();
    let group = group(&aws, "g").await;
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_vpc_security_group_ingress_rule", &aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("ec2.AuthorizeSecurityGroupIngress").call(1).cut_after());
    let code = format!(
        "security_group_id = \"{group}\"\ncidr_ipv4 = \"10.0.0.0/8\"\nip_protocol = \"tcp\"\nfrom_port = 1\nto_port = 2"
    );
    let made = lifecycle.create(&code).await;
    assert_eq!(rules(&aws, &group, false).await.len(), 1);
    let error = lifecycle.create_fails(&code).await;
    assert_eq!(error.code.as_deref(), Some("InvalidPermission.Duplicate"));
    proxy.forget_calls();
    let gone = lifecycle.ty.import_seed("sgr-0123456789abcdef0").unwrap();
    let results = lifecycle.read_all(&[made, gone]).await;
    assert!(matches!(results[0], ReadResult::Found(_)));
    assert!(matches!(results[1], ReadResult::Missing));
    assert_eq!(proxy.count("ec2.DescribeSecurityGroupRules"), 1);
}

#[tokio::test]
async fn a_rule_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_vpc_security_group_ingress_rule", &Aws::fresh());
    let base = "security_group_id = \"sg-1\"\nip_protocol = \"tcp\"\n";
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("{base}{text}")));
    assert_eq!(wrong("cidr_ipv4 = \"10.0.0.0/8\"\nfrom_port = 80\nto_port = 80"), [""; 0]);
    assert_eq!(wrong("").len(), 1);
    assert_eq!(wrong("cidr_ipv4 = \"10.0.0.0/8\"\ncidr_ipv6 = \"::/0\"").len(), 1);
    assert_eq!(wrong("cidr_ipv4 = \"10.0.0.1/8\"\nfrom_port = 99999\nto_port = -2").len(), 3);
    assert_eq!(wrong("cidr_ipv4 = \"10.0.0.0/8\"\ndescription = \"ünïcode\"").len(), 1);
}
