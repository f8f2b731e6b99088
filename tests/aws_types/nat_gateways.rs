//! NAT gateways.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::NatGateway;
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

async fn gateway(aws: &Aws, id: &str) -> NatGateway {
    aws.ec2().describe_nat_gateways().nat_gateway_ids(id).send().await.unwrap().nat_gateways()[0].clone()
}

async fn allocate(aws: &Aws) -> String {
    aws.ec2().allocate_address().send().await.unwrap().allocation_id.unwrap()
}

async fn subnet(aws: &Aws) -> String {
    aws.network().await.1.remove(0)
}

#[tokio::test]
async fn a_public_gateway_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    let subnet = subnet(&aws).await;
    let (one, two, three) = (allocate(&aws).await, allocate(&aws).await, allocate(&aws).await);
    let lifecycle = Lifecycle::new("aws_nat_gateway", &aws);
    let base = format!("subnet_id = \"{subnet}\"\nallocation_id = \"{one}\"\n");
    let made = lifecycle.create(&format!("{base}tags = {{ Name = \"out\" }}")).await;
    let id = made.text("id").unwrap().to_owned();
    let live = gateway(&aws, &id).await;
    let first = &live.nat_gateway_addresses()[0];
    assert_eq!(made.text("connectivity_type"), Some("public"));
    assert_eq!(made.text("public_ip"), first.public_ip());
    assert_eq!(made.text("private_ip"), first.private_ip());
    assert_eq!(made.text("network_interface_id"), first.network_interface_id());
    assert_eq!(made.text("association_id"), first.association_id());
    assert_eq!(made.integer("secondary_private_ip_address_count"), Some(0));

    let allocations = async || -> BTreeSet<String> {
        let live = gateway(&aws, &id).await;
        let addresses = live.nat_gateway_addresses().iter();
        addresses.filter_map(|one| one.allocation_id().map(str::to_owned)).collect()
    };
    let more = format!("{base}secondary_allocation_ids = [\"{two}\", \"{three}\"]");
    let (more, changes) = lifecycle.update(&made, &more).await;
    assert!(changes.contains(&".secondary_private_ip_addresses".to_owned()), "{changes:?}");
    assert_eq!(allocations().await, BTreeSet::from([one.clone(), two.clone(), three.clone()]));
    assert_eq!(more.integer("secondary_private_ip_address_count"), Some(2));
    let fewer = format!("{base}secondary_allocation_ids = [\"{three}\"]");
    let (fewer, _) = lifecycle.update(&more, &fewer).await;
    assert_eq!(allocations().await, BTreeSet::from([one.clone(), three.clone()]));
    let (none, _) = lifecycle.update(&fewer, &base).await;
    assert_eq!(allocations().await, BTreeSet::from([one.clone()]));
    assert!(gateway(&aws, &id).await.tags().iter().all(|tag| tag.key() != Some("Name")));

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("allocation_id"), none.get("allocation_id"));
    for (text, path) in [
        (base.replace(&one, &two), ".allocation_id"),
        (base.replace(&subnet, "subnet-2"), ".subnet_id"),
        (format!("{base}private_ip = \"10.0.0.77\""), ".private_ip"),
        (format!("subnet_id = \"{subnet}\"\nconnectivity_type = \"private\""), ".connectivity_type"),
    ] {
        assert!(lifecycle.plan(Some(&none), &text).replace.contains(&path.to_owned()), "{text}");
    }
    lifecycle.delete(&none).await;
}

#[tokio::test]
async fn a_private_gateway_has_addresses_of_its_own() {
    let aws = Aws::fresh();
    let subnet = subnet(&aws).await;
    let lifecycle = Lifecycle::new("aws_nat_gateway", &aws);
    let code = |addresses: &str| {
        format!(
            "subnet_id = \"{subnet}\"\nconnectivity_type = \"private\"\nprivate_ip = \"172.31.0.70\"\n{addresses}"
        )
    };
    let made = lifecycle.create(&code("secondary_private_ip_addresses = [\"172.31.0.71\"]")).await;
    let id = made.text("id").unwrap().to_owned();
    assert_eq!(made.text("private_ip"), Some("172.31.0.70"));
    assert_eq!(made.text("public_ip"), Some(""));
    let more = code("secondary_private_ip_addresses = [\"172.31.0.72\", \"172.31.0.73\"]");
    let (changed, _) = lifecycle.update(&made, &more).await;
    let live = gateway(&aws, &id).await;
    let private: BTreeSet<&str> =
        live.nat_gateway_addresses().iter().filter_map(|one| one.private_ip()).collect();
    assert_eq!(private, BTreeSet::from(["172.31.0.70", "172.31.0.72", "172.31.0.73"]));
    let counted = lifecycle.plan(Some(&changed), &code("secondary_private_ip_address_count = 3"));
    assert_eq!(counted.replace, [".secondary_private_ip_address_count"]);
    lifecycle.delete(&changed).await;
    let counted = lifecycle.create(&code("secondary_private_ip_address_count = 2")).await;
    assert_eq!(counted.texts("secondary_private_ip_addresses").len(), 2);
}

/// The local AWS's gateways are there at once: the proxy says what AWS would meanwhile.
#[tokio::test]
async fn a_gateway_that_fails_is_reported_with_its_reason() {
    let aws = Aws::fresh();
    let subnet = subnet(&aws).await;
    let allocation = allocate(&aws).await;
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_nat_gateway", &aws.through(proxy.endpoint()));
    let code = format!("subnet_id = \"{subnet}\"\nallocation_id = \"{allocation}\"");
    proxy.rule(Rule::on("ec2.DescribeNatGateways").calls(1..=2).rewrite(|_, mut reply| {
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        reply.body = text.replace("<state>available</state>", "<state>pending</state>").into();
        reply
    }));
    let made = lifecycle.create(&code).await;
    lifecycle.delete(&made).await;
    proxy.clear_rules();
    proxy.rule(Rule::on("ec2.DescribeNatGateways").rewrite(|_, mut reply| {
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        let failed = "<state>failed</state><failureCode>Gateway.NotAttached</failureCode>\
                      <failureMessage>Network vpc-1 has no Internet gateway attached</failureMessage>";
        reply.body = text.replace("<state>available</state>", failed).into();
        reply
    }));
    let error = lifecycle.create_fails(&code).await;
    assert_eq!(error.operation, "ec2:CreateNatGateway");
    assert_eq!(error.code.as_deref(), Some("Gateway.NotAttached"));
    assert!(error.message.contains("has no Internet gateway attached"), "{error}");
    assert!(error.partial.unwrap().text("id").unwrap().starts_with("nat-"));
}

#[tokio::test]
async fn many_gateways_are_read_with_one_call_and_a_missing_one_hides_none() {
    let aws = Aws::fresh();
    let subnet = subnet(&aws).await;
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_nat_gateway", &aws.through(proxy.endpoint()));
    let mut known = vec![lifecycle.ty.import_seed("nat-0123456789abcdef0").unwrap()];
    for _ in 0..2 {
        let allocation = allocate(&aws).await;
        let call = aws.ec2().create_nat_gateway().subnet_id(&subnet).allocation_id(allocation);
        let id = call.send().await.unwrap().nat_gateway.unwrap().nat_gateway_id.unwrap();
        known.push(lifecycle.ty.import_seed(&id).unwrap());
    }
    let results = lifecycle.read_all(&known).await;
    let found = results.iter().map(|result| matches!(result, ReadResult::Found(_)));
    assert_eq!(found.collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(proxy.count("ec2.DescribeNatGateways"), 1);
}

#[tokio::test]
async fn a_gateway_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_nat_gateway", &Aws::fresh());
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("subnet_id = \"subnet-1\"\n{text}")));
    assert_eq!(wrong("allocation_id = \"eipalloc-1\""), [""; 0]);
    assert_eq!(wrong("connectivity_type = \"x\"").len(), 1);
    assert_eq!(wrong("connectivity_type = \"private\"\nallocation_id = \"eipalloc-1\"").len(), 1);
    assert_eq!(wrong("allocation_id = \"eipalloc-1\"\nprivate_ip = \"x\"").len(), 1);
    assert_eq!(wrong("secondary_private_ip_address_count = 1").len(), 1);
    assert_eq!(wrong("connectivity_type = \"private\"\nsecondary_private_ip_address_count = 0").len(), 1);
    let both = "connectivity_type = \"private\"\nsecondary_private_ip_address_count = 1\n\
                secondary_private_ip_addresses = [\"10.0.0.1\"]";
    assert_eq!(wrong(both).len(), 1);
}
