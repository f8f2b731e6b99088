//! VPCs, subnets and internet gateways.

use aws_sdk_ec2::types::{Subnet, Vpc, VpcAttributeName};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

async fn vpc(aws: &Aws, id: &str) -> Vpc {
    aws.ec2().describe_vpcs().vpc_ids(id).send().await.unwrap().vpcs()[0].clone()
}

async fn subnet(aws: &Aws, id: &str) -> Subnet {
    aws.ec2().describe_subnets().subnet_ids(id).send().await.unwrap().subnets()[0].clone()
}

async fn hostnames(aws: &Aws, vpc: &str) -> bool {
    let call = aws.ec2().describe_vpc_attribute().vpc_id(vpc);
    let answer = call.attribute(VpcAttributeName::EnableDnsHostnames).send().await.unwrap();
    answer.enable_dns_hostnames().unwrap().value().unwrap()
}

async fn dns(aws: &Aws, vpc: &str) -> bool {
    let call = aws.ec2().describe_vpc_attribute().vpc_id(vpc);
    let answer = call.attribute(VpcAttributeName::EnableDnsSupport).send().await.unwrap();
    answer.enable_dns_support().unwrap().value().unwrap()
}

#[tokio::test]
async fn a_vpc_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_vpc", &aws);
    let made = lifecycle
        .create("cidr_block = \"10.7.0.0/16\"\nenable_dns_hostnames = true\ntags = { Name = \"seven\" }")
        .await;
    let id = made.text("id").unwrap().to_owned();
    assert_eq!(made.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{}:vpc/{id}", aws.account())));
    assert_eq!(made.text("owner_id"), Some(aws.account()));
    assert_eq!(made.text("instance_tenancy"), Some("default"));
    assert!(made.text("dhcp_options_id").is_some());
    assert!(made.text("default_security_group_id").unwrap().starts_with("sg-"));
    assert!(made.text("default_network_acl_id").unwrap().starts_with("acl-"));
    assert!(made.text("main_route_table_id").unwrap().starts_with("rtb-"));
    assert_eq!(made.text("main_route_table_id"), made.text("default_route_table_id"));
    assert!(hostnames(&aws, &id).await);
    let live = vpc(&aws, &id).await;
    assert_eq!(live.cidr_block(), Some("10.7.0.0/16"));
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "seven"), ("team", "data")]);

    // Names for hosts go off before the answers to DNS queries do, and what the code no longer says stays.
    let code = "cidr_block = \"10.7.0.0/16\"\nenable_dns_hostnames = false\nenable_dns_support = false\n\
                enable_network_address_usage_metrics = true\nassign_generated_ipv6_cidr_block = true";
    let (changed, changes) = lifecycle.update(&made, code).await;
    assert_eq!(
        changes,
        [
            ".assign_generated_ipv6_cidr_block",
            ".enable_dns_hostnames",
            ".enable_dns_support",
            ".enable_network_address_usage_metrics",
            ".ipv6_association_id",
            ".ipv6_cidr_block",
            ".ipv6_cidr_block_network_border_group",
            ".tags",
            ".tags_all",
        ]
    );
    assert!(!hostnames(&aws, &id).await);
    assert!(!dns(&aws, &id).await);
    let live = vpc(&aws, &id).await;
    let ipv6 = &live.ipv6_cidr_block_association_set()[0];
    assert_eq!(changed.text("ipv6_cidr_block"), ipv6.ipv6_cidr_block());
    assert_eq!(changed.text("ipv6_association_id"), ipv6.association_id());

    let (changed, _) = lifecycle.update(&changed, "cidr_block = \"10.7.0.0/16\"").await;
    assert!(dns(&aws, &id).await);
    assert_eq!(changed.text("ipv6_cidr_block").unwrap_or_default(), "");
    assert_eq!(changed.boolean("enable_network_address_usage_metrics"), Some(true));

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("main_route_table_id"), changed.get("main_route_table_id"));
    assert!(lifecycle.ty.import_seed("subnet-1").is_err());

    let other = lifecycle.plan(Some(&changed), "cidr_block = \"10.8.0.0/16\"");
    assert_eq!(other.replace, [".cidr_block"]);
    let dedicated =
        lifecycle.plan(Some(&changed), "cidr_block = \"10.7.0.0/16\"\ninstance_tenancy = \"dedicated\"");
    assert_eq!(dedicated.replace, [".instance_tenancy"]);
    lifecycle.delete(&changed).await;
}

#[tokio::test]
async fn dedicated_tenancy_is_given_up_in_place() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_vpc", &aws);
    let made = lifecycle.create("cidr_block = \"10.7.0.0/16\"\ninstance_tenancy = \"dedicated\"").await;
    let (changed, changes) = lifecycle.update(&made, "cidr_block = \"10.7.0.0/16\"").await;
    assert_eq!(changes, [".instance_tenancy"]);
    let live = vpc(&aws, changed.text("id").unwrap()).await;
    assert_eq!(live.instance_tenancy().unwrap().as_str(), "default");
}

#[tokio::test]
async fn a_vpc_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_vpc", &Aws::fresh());
    let wrong = |text: &str| errors(&lifecycle.problems(text));
    assert_eq!(wrong("cidr_block = \"10.0.0.0/16\""), [""; 0]);
    assert_eq!(
        wrong("cidr_block = \"10.0.0.1/16\""),
        [".cidr_block: \"10.0.0.1/16\" is not a valid IPv4 CIDR block; did you mean \"10.0.0.0/16\"?"]
    );
    assert_eq!(wrong("cidr_block = \"10.0.0.0/8\"").len(), 1);
    assert_eq!(wrong("cidr_block = \"10.0.0.0/16\"\ninstance_tenancy = \"host\"").len(), 1);
    assert_eq!(wrong("cidr_block = \"10.0.0.0/16\"\nipv4_netmask_length = 12").len(), 3);
    assert_eq!(wrong("cidr_block = \"10.0.0.0/16\"\nipv6_cidr_block_network_border_group = \"x\"").len(), 1);
    assert_eq!(
        wrong("ipv6_cidr_block = \"2600::/56\"\nassign_generated_ipv6_cidr_block = true").len(),
        2,
        "it needs a pool, and one of the two"
    );
}

#[tokio::test]
async fn many_vpcs_are_read_with_few_calls_and_a_missing_one_hides_none() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_vpc", &aws.through(proxy.endpoint()));
    let mut known = Vec::new();
    for third in 1..4 {
        let call = aws.ec2().create_vpc().cidr_block(format!("10.{third}.0.0/16"));
        let id = call.send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        known.push(lifecycle.ty.import_seed(&id).unwrap());
    }
    known.insert(1, lifecycle.ty.import_seed("vpc-0123456789abcdef0").unwrap());
    let results = lifecycle.read_all(&known).await;
    let ranges: Vec<Option<String>> = results
        .iter()
        .map(|result| match result {
            ReadResult::Found(object) => object.text("cidr_block").map(str::to_owned),
            _ => None,
        })
        .collect();
    let texts: Vec<Option<&str>> = ranges.iter().map(Option::as_deref).collect();
    assert_eq!(texts, [Some("10.1.0.0/16"), None, Some("10.2.0.0/16"), Some("10.3.0.0/16")]);
    for operation in ["DescribeVpcs", "DescribeNetworkAcls", "DescribeRouteTables", "DescribeSecurityGroups"]
    {
        assert_eq!(proxy.count(&format!("ec2.{operation}")), 1, "{operation}");
    }
    assert_eq!(proxy.count("ec2.DescribeVpcAttribute"), 9);
}

#[tokio::test]
async fn what_may_not_be_read_is_unreadable_with_the_permission_that_lacks() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_vpc", &aws.through(proxy.endpoint()));
    let made = lifecycle.create("cidr_block = \"10.7.0.0/16\"").await;
    proxy.rule(Rule::on("ec2.DescribeVpcAttribute").fail(403, "UnauthorizedOperation", "no"));
    match &lifecycle.read_all(std::slice::from_ref(&made)).await[0] {
        ReadResult::Unreadable(error) => assert_eq!(error.operation, "ec2:DescribeVpcAttribute"),
        other => panic!("{other:?}"),
    }
}

/// As while network interfaces outlive their owners, which the local AWS's do not.
#[tokio::test]
async fn a_vpc_in_use_is_deleted_once_it_is_free() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_vpc", &aws.through(proxy.endpoint()));
    let made = lifecycle.create("cidr_block = \"10.7.0.0/16\"").await;
    let rule = Rule::on("ec2.DeleteVpc").calls(1..=2);
    proxy.rule(rule.fail(400, "DependencyViolation", "The vpc has dependencies and cannot be deleted."));
    lifecycle.delete(&made).await;
    assert!(proxy.count("ec2.DeleteVpc") >= 3);
}

#[tokio::test]
async fn a_failure_after_create_leaves_what_is_known_of_the_vpc() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_vpc", &aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("ec2.ModifyVpcAttribute").fail(403, "UnauthorizedOperation", "no"));
    let error = lifecycle.create_fails("cidr_block = \"10.7.0.0/16\"\nenable_dns_hostnames = true").await;
    assert_eq!(error.operation, "ec2:ModifyVpcAttribute");
    assert!(error.partial.unwrap().text("id").unwrap().starts_with("vpc-"));
}

async fn new_vpc(aws: &Aws) -> String {
    let call = aws.ec2().create_vpc().cidr_block("10.7.0.0/16").amazon_provided_ipv6_cidr_block(true);
    call.send().await.unwrap().vpc.unwrap().vpc_id.unwrap()
}

#[tokio::test]
async fn a_subnet_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let network = new_vpc(&aws).await;
    let ipv6 =
        vpc(&aws, &network).await.ipv6_cidr_block_association_set()[0].ipv6_cidr_block().unwrap().to_owned();
    let ipv6 = ipv6.replace("/56", "/64");
    let lifecycle = Lifecycle::new("aws_subnet", &aws);
    let code = |more: &str| format!("vpc_id = \"{network}\"\ncidr_block = \"10.7.1.0/24\"\n{more}");
    let text =
        code("availability_zone = \"eu-west-3b\"\nmap_public_ip_on_launch = true\ntags = { Name = \"a\" }");
    let made = lifecycle.create(&text).await;
    let id = made.text("id").unwrap().to_owned();
    let live = subnet(&aws, &id).await;
    assert_eq!(live.map_public_ip_on_launch(), Some(true));
    assert_eq!(live.availability_zone(), Some("eu-west-3b"));
    assert_eq!(made.text("availability_zone_id"), live.availability_zone_id());
    assert_eq!(made.text("arn"), live.subnet_arn());
    assert_eq!(made.text("owner_id"), Some(aws.account()));

    let text = code(&format!(
        "ipv6_cidr_block = \"{ipv6}\"\nassign_ipv6_address_on_creation = true\nenable_dns64 = true\n\
         enable_resource_name_dns_a_record_on_launch = true\nenable_resource_name_dns_aaaa_record_on_launch = true\n\
         private_dns_hostname_type_on_launch = \"resource-name\""
    ));
    let (changed, changes) = lifecycle.update(&made, &text).await;
    assert!(changes.contains(&".ipv6_cidr_block_association_id".to_owned()), "{changes:?}");
    let live = subnet(&aws, &id).await;
    assert_eq!(live.map_public_ip_on_launch(), Some(false));
    assert_eq!(live.assign_ipv6_address_on_creation(), Some(true));
    assert_eq!(live.enable_dns64(), Some(true));
    let names = live.private_dns_name_options_on_launch().unwrap();
    assert_eq!(names.hostname_type().unwrap().as_str(), "resource-name");
    assert_eq!(names.enable_resource_name_dns_a_record(), Some(true));
    assert_eq!(names.enable_resource_name_dns_aaaa_record(), Some(true));
    assert_eq!(live.ipv6_cidr_block_association_set()[0].ipv6_cidr_block(), Some(&*ipv6));
    assert!(live.tags().iter().all(|tag| tag.key() != Some("Name")));

    let (changed, _) = lifecycle.update(&changed, &code("")).await;
    let live = subnet(&aws, &id).await;
    assert_eq!(live.assign_ipv6_address_on_creation(), Some(false));
    assert_eq!(changed.text("ipv6_cidr_block").unwrap_or_default(), "");
    // The code leaves the kind of names to AWS now: it stays.
    assert_eq!(changed.text("private_dns_hostname_type_on_launch"), Some("resource-name"));

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("cidr_block"), changed.get("cidr_block"));
    let again = lifecycle.plan(None, &code(""));
    let found = lifecycle.read(&lifecycle.ty.identity(&again.object).unwrap()).await.unwrap();
    assert_eq!(found.get("id"), changed.get("id"));
    for (text, path) in [
        (code("availability_zone = \"eu-west-3a\""), ".availability_zone"),
        (code("ipv6_native = true"), ".ipv6_native"),
        (code("").replace("10.7.1", "10.7.2"), ".cidr_block"),
        (code("").replace(&network, "vpc-2"), ".vpc_id"),
    ] {
        assert_eq!(lifecycle.plan(Some(&changed), &text).replace, [path]);
    }
    lifecycle.delete(&changed).await;
}

#[tokio::test]
async fn a_subnet_whose_answer_was_lost_is_taken_and_anothers_is_not() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let network = new_vpc(&aws).await;
    let lifecycle = Lifecycle::new("aws_subnet", &aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("ec2.CreateSubnet").call(1).cut_after());
    let code = format!("vpc_id = \"{network}\"\ncidr_block = \"10.7.1.0/24\"");
    lifecycle.create(&code).await;
    assert_eq!(proxy.count("ec2.CreateSubnet"), 2);
    let error = lifecycle.create_fails(&code).await;
    assert_eq!(error.code.as_deref(), Some("InvalidSubnet.Conflict"));
}

#[tokio::test]
async fn a_subnet_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_subnet", &Aws::fresh());
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("vpc_id = \"vpc-1\"\n{text}")));
    assert_eq!(wrong("cidr_block = \"10.0.0.0/24\""), [""; 0]);
    assert_eq!(wrong("cidr_block = \"10.0.0.1/24\"").len(), 1);
    assert_eq!(wrong("cidr_block = \"2001:db8::/64\"").len(), 1);
    assert_eq!(wrong("availability_zone = \"a\"\navailability_zone_id = \"b\"").len(), 1);
    assert_eq!(wrong("private_dns_hostname_type_on_launch = \"x\"").len(), 1);
    assert_eq!(wrong("enable_lni_at_device_index = 0").len(), 1);
    assert_eq!(wrong("map_customer_owned_ip_on_launch = true\noutpost_arn = \"x\"").len(), 2);
}

#[tokio::test]
async fn an_internet_gateway_is_attached_moved_taken_off_and_deleted() {
    let aws = Aws::fresh();
    let (one, two) = (new_vpc(&aws).await, new_vpc(&aws).await);
    let lifecycle = Lifecycle::new("aws_internet_gateway", &aws);
    let made = lifecycle.create(&format!("vpc_id = \"{one}\"\ntags = {{ Name = \"out\" }}")).await;
    let id = made.text("id").unwrap().to_owned();
    let attached = async || {
        let answer = aws.ec2().describe_internet_gateways().internet_gateway_ids(&id).send().await.unwrap();
        let attachments = answer.internet_gateways()[0].attachments();
        attachments.iter().map(|one| one.vpc_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(attached().await, std::slice::from_ref(&one));
    assert_eq!(
        made.text("arn"),
        Some(&*format!("arn:aws:ec2:eu-west-3:{}:internet-gateway/{id}", aws.account()))
    );
    let (moved, changes) = lifecycle.update(&made, &format!("vpc_id = \"{two}\"")).await;
    assert_eq!(changes, [".tags", ".tags_all", ".vpc_id"]);
    assert_eq!(attached().await, std::slice::from_ref(&two));
    // Leaving the VPC out leaves the gateway where it is; saying that there is none takes it off.
    let (kept, changes) = lifecycle.update(&moved, "").await;
    assert_eq!((attached().await, changes), (vec![two.clone()], vec![]));
    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("vpc_id"), kept.get("vpc_id"));
    let (off, _) = lifecycle.update(&kept, "vpc_id = \"\"").await;
    assert_eq!(attached().await, [""; 0]);
    lifecycle.delete(&off).await;
    let alone = lifecycle.create("").await;
    assert_eq!(alone.text("vpc_id"), Some(""));
    let again = lifecycle.create(&format!("vpc_id = \"{one}\"")).await;
    lifecycle.delete(&again).await;
}
