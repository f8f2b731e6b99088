use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};
use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{ErrorKind, OperationError};
use recon::schema::decode::decode;

use crate::subject::connect;
use crate::support::aws::Aws;
use crate::support::lifecycle::Nothing;
use crate::support::proxy::Proxy;

#[tokio::test]
async fn the_caller_is_asked_once() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let connection = connect(&aws.through(proxy.endpoint()), Vec::new()).await.unwrap();
    assert_eq!(proxy.calls().len(), 0, "configuring alone calls nobody");
    let source = Registry::new().data_source("aws_caller_identity").unwrap();
    for _ in 0..2 {
        let object = source.read(&connection, &source.schema().block.object([])).await.unwrap();
        assert_eq!(object.text("account_id"), Some(aws.account()));
        assert_eq!(object.text("id"), Some(aws.account()));
        assert!(object.text("arn").unwrap().starts_with("arn:aws:"));
        assert!(object.text("user_id").is_some());
    }
    assert_eq!(proxy.count("sts.GetCallerIdentity"), 1);
}

#[tokio::test]
async fn a_region_is_the_connections_or_the_one_that_is_named() {
    let connection = connect(&Aws::fresh(), Vec::new()).await.unwrap();
    let source = Registry::new().data_source("aws_region").unwrap();
    let read = async |attributes: Vec<(&str, Value)>| {
        source.read(&connection, &source.schema().block.object(attributes)).await
    };
    // The answers of hashicorp/aws 5.100.0.
    let own = read(vec![]).await.unwrap();
    assert_eq!(own.text("name"), Some("eu-west-3"));
    assert_eq!(own.text("id"), Some("eu-west-3"));
    assert_eq!(own.text("description"), Some("Europe (Paris)"));
    assert_eq!(own.text("endpoint"), Some("ec2.eu-west-3.amazonaws.com"));
    let named = read(vec![("name", "cn-north-1".into())]).await.unwrap();
    assert_eq!(named.text("endpoint"), Some("ec2.cn-north-1.amazonaws.com.cn"));
    let by_endpoint = read(vec![("endpoint", "ec2.eu-west-1.amazonaws.com".into())]).await.unwrap();
    assert_eq!(by_endpoint.text("name"), Some("eu-west-1"));
    let wrong = read(vec![("name", "nowhere".into())]).await.unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::NotFound);
    let both = vec![("name", "eu-west-1".into()), ("endpoint", "ec2.eu-west-3.amazonaws.com".into())];
    assert_eq!(read(both).await.unwrap_err().kind, ErrorKind::NotFound);
}

/// Two VPCs, the first with two subnets, and what reads data of a type through them.
async fn networks(aws: &Aws) -> (Vec<String>, Vec<String>) {
    let ec2 = aws.ec2();
    let (mut vpcs, mut subnets) = (Vec::new(), Vec::new());
    for second in [7, 8] {
        let tag = Tag::builder().key("Name").value(format!("net-{second}")).build();
        let tags = TagSpecification::builder().resource_type(ResourceType::Vpc).tags(tag).build();
        let call = ec2.create_vpc().cidr_block(format!("10.{second}.0.0/16")).tag_specifications(tags);
        vpcs.push(call.send().await.unwrap().vpc.unwrap().vpc_id.unwrap());
    }
    for third in [1, 2] {
        let call = ec2.create_subnet().vpc_id(&vpcs[0]).cidr_block(format!("10.7.{third}.0/24"));
        let call = call.availability_zone(["eu-west-3a", "eu-west-3b"][third - 1]);
        subnets.push(call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap());
    }
    (vpcs, subnets)
}

async fn read(aws: &Aws, name: &str, text: &str) -> Result<Value, OperationError> {
    let connection = connect(aws, Vec::new()).await.unwrap();
    let source = Registry::new().data_source(name).unwrap();
    let sources = SourceMap::new();
    let (body, mut diagnostics) = parse_file(&sources, "main.tf", text.as_bytes());
    let config = decode(&source.schema().block, &body, &Nothing, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}\n{text}");
    let object = source.read(&connection, &config).await?;
    assert_eq!(object.ty(), source.schema().block.implied_type());
    Ok(object)
}

#[tokio::test]
async fn a_vpc_is_found_in_several_ways() {
    let aws = Aws::fresh();
    let (vpcs, _) = networks(&aws).await;
    let (default, _) = aws.network().await;
    for (text, id) in [
        (format!("id = \"{}\"", vpcs[0]), &vpcs[0]),
        ("default = true".to_owned(), &default),
        ("cidr_block = \"10.8.0.0/16\"".to_owned(), &vpcs[1]),
        ("tags = { Name = \"net-7\" }".to_owned(), &vpcs[0]),
        ("filter {\n name = \"tag:Name\"\n values = [\"*-8\"]\n}".to_owned(), &vpcs[1]),
    ] {
        let found = read(&aws, "aws_vpc", &text).await.unwrap();
        assert_eq!(found.text("id"), Some(id.as_str()), "{text}");
    }
    let found = read(&aws, "aws_vpc", "tags = { Name = \"net-7\" }").await.unwrap();
    assert_eq!(found.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{}:vpc/{}", aws.account(), vpcs[0])));
    assert_eq!(found.boolean("enable_dns_support"), Some(true));
    assert_eq!(found.boolean("default"), Some(false));
    assert_eq!(found.text("state"), Some("available"));
    assert!(found.text("main_route_table_id").unwrap().starts_with("rtb-"));
    assert_eq!(found.blocks("cidr_block_associations")[0].text("cidr_block"), Some("10.7.0.0/16"));
    assert_eq!(found.text_map("tags").get("Name").map(String::as_str), Some("net-7"));
    let none = read(&aws, "aws_vpc", "cidr_block = \"10.9.0.0/16\"").await.unwrap_err();
    assert_eq!(none.kind, ErrorKind::NotFound);
    let many = read(&aws, "aws_vpc", "state = \"available\"").await.unwrap_err();
    assert!(many.message.contains("VPCs match"), "{many}");
}

#[tokio::test]
async fn subnets_are_found_one_by_one_and_all_at_once() {
    let aws = Aws::fresh();
    let (vpcs, subnets) = networks(&aws).await;
    let of = |text: &str| format!("vpc_id = \"{}\"\n{text}", vpcs[0]);
    for (text, id) in [
        (format!("id = \"{}\"", subnets[0]), &subnets[0]),
        (of("cidr_block = \"10.7.2.0/24\""), &subnets[1]),
        (of("availability_zone = \"eu-west-3b\""), &subnets[1]),
    ] {
        let found = read(&aws, "aws_subnet", &text).await.unwrap();
        assert_eq!(found.text("id"), Some(id.as_str()), "{text}");
    }
    let found = read(&aws, "aws_subnet", &of("cidr_block = \"10.7.1.0/24\"")).await.unwrap();
    assert_eq!(found.integer("available_ip_address_count"), Some(251));
    assert_eq!(found.boolean("default_for_az"), Some(false));
    assert_eq!(found.text("private_dns_hostname_type_on_launch"), Some("ip-name"));
    let many = read(&aws, "aws_subnet", &of("")).await.unwrap_err();
    assert!(many.message.contains("2 subnets match"), "{many}");

    let filter = format!("filter {{\n name = \"vpc-id\"\n values = [\"{}\"]\n}}", vpcs[0]);
    let all = read(&aws, "aws_subnets", &filter).await.unwrap();
    let mut ids = all.texts("ids");
    ids.sort_unstable();
    let mut wanted = subnets.clone();
    wanted.sort_unstable();
    assert_eq!(ids, wanted);
    assert_eq!(all.text("id"), Some("eu-west-3"));
    let none = read(&aws, "aws_subnets", "tags = { Name = \"none\" }").await.unwrap();
    assert_eq!(none.texts("ids"), [""; 0]);
}
