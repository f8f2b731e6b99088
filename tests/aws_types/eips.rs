//! Elastic IP addresses.

use aws_sdk_ec2::types::Address;
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

async fn address(aws: &Aws, id: &str) -> Address {
    aws.ec2().describe_addresses().allocation_ids(id).send().await.unwrap().addresses()[0].clone()
}

async fn new_interface(aws: &Aws) -> String {
    let (_, subnets) = aws.network().await;
    let made = aws.ec2().create_network_interface().subnet_id(&subnets[0]).send().await.unwrap();
    made.network_interface.unwrap().network_interface_id.unwrap()
}

async fn new_instance(aws: &Aws) -> String {
    let (_, subnets) = aws.network().await;
    let call = aws.ec2().run_instances().image_id("ami-12345678").min_count(1).max_count(1);
    let made = call.subnet_id(&subnets[0]).send().await.unwrap();
    made.instances()[0].instance_id().unwrap().to_owned()
}

#[tokio::test]
async fn an_address_is_made_associated_moved_and_released() {
    let aws = Aws::fresh();
    let (interface, instance) = (new_interface(&aws).await, new_instance(&aws).await);
    let lifecycle = Lifecycle::new("aws_eip", &aws);
    let made = lifecycle.create("domain = \"vpc\"\ntags = { Name = \"front\" }").await;
    let id = made.text("id").unwrap().to_owned();
    let live = address(&aws, &id).await;
    let public = live.public_ip().unwrap();
    assert_eq!(made.text("allocation_id"), Some(&*id));
    assert_eq!(made.text("public_ip"), Some(public));
    let name = format!("ec2-{}.eu-west-3.compute.amazonaws.com", public.replace('.', "-"));
    assert_eq!(made.text("public_dns"), Some(&*name));
    assert_eq!(made.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{}:elastic-ip/{id}", aws.account())));
    assert_eq!(made.text("instance"), Some(""));
    assert_eq!(made.boolean("vpc"), Some(true));

    let (held, _) =
        lifecycle.update(&made, &format!("domain = \"vpc\"\nnetwork_interface = \"{interface}\"")).await;
    let live = address(&aws, &id).await;
    assert_eq!(live.network_interface_id(), Some(&*interface));
    assert_eq!(held.text("association_id"), live.association_id());
    assert_eq!(held.text("private_ip"), live.private_ip_address());
    let dashed = live.private_ip_address().unwrap().replace('.', "-");
    assert_eq!(held.text("private_dns"), Some(&*format!("ip-{dashed}.eu-west-3.compute.internal")));

    let (moved, changes) =
        lifecycle.update(&held, &format!("domain = \"vpc\"\ninstance = \"{instance}\"")).await;
    assert!(changes.contains(&".network_interface".to_owned()), "{changes:?}");
    assert_eq!(address(&aws, &id).await.instance_id(), Some(&*instance));

    // Silence leaves it where it is; an empty text takes it off.
    let (kept, changes) = lifecycle.update(&moved, "domain = \"vpc\"").await;
    assert_eq!(changes, [""; 0]);
    assert_eq!(address(&aws, &id).await.instance_id(), Some(&*instance));
    let (off, _) = lifecycle.update(&kept, "domain = \"vpc\"\ninstance = \"\"").await;
    assert_eq!(address(&aws, &id).await.association_id(), None);

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("public_ip"), off.get("public_ip"));
    for (text, path) in [
        ("address = \"203.0.113.7\"", ".address"),
        ("network_border_group = \"x\"", ".network_border_group"),
        ("public_ipv4_pool = \"x\"", ".public_ipv4_pool"),
        ("ipam_pool_id = \"x\"", ".ipam_pool_id"),
        ("domain = \"standard\"", ".domain"),
    ] {
        assert_eq!(lifecycle.plan(Some(&off), text).replace, [path]);
    }
    lifecycle.delete(&off).await;
}

#[tokio::test]
async fn an_address_is_made_for_an_instance_and_released_while_associated() {
    let aws = Aws::fresh();
    let instance = new_instance(&aws).await;
    let lifecycle = Lifecycle::new("aws_eip", &aws);
    let made = lifecycle.create(&format!("instance = \"{instance}\"\ndomain = \"vpc\"")).await;
    let id = made.text("id").unwrap();
    assert_eq!(address(&aws, id).await.instance_id(), Some(&*instance));
    assert!(made.text("network_interface").unwrap().starts_with("eni-"));
    lifecycle.delete(&made).await;
}

#[tokio::test]
async fn many_addresses_are_read_with_two_calls_and_a_missing_one_hides_none() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_eip", &aws.through(proxy.endpoint()));
    let mut known = vec![lifecycle.ty.import_seed("eipalloc-0123456789abcdef0").unwrap()];
    for _ in 0..3 {
        let id = aws.ec2().allocate_address().send().await.unwrap().allocation_id.unwrap();
        known.push(lifecycle.ty.import_seed(&id).unwrap());
    }
    let results = lifecycle.read_all(&known).await;
    let found = results.iter().map(|result| matches!(result, ReadResult::Found(_)));
    assert_eq!(found.collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(proxy.count("ec2.DescribeAddresses"), 1);
    assert_eq!(proxy.count("ec2.DescribeAddressesAttribute"), 1);
}

/// As while a network interface that is going still has the address, which the local AWS never says.
#[tokio::test]
async fn an_address_in_use_is_released_once_it_is_free() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_eip", &aws.through(proxy.endpoint()));
    let made = lifecycle.create("domain = \"vpc\"").await;
    let rule = Rule::on("ec2.ReleaseAddress").call(1);
    let message = "You do not have permission to access the specified resource.";
    proxy.rule(rule.fail(400, "AuthFailure", message));
    lifecycle.delete(&made).await;
    assert_eq!(proxy.count("ec2.ReleaseAddress"), 3, "refused, done, and once more for the one that is gone");
}

/// The local AWS's instances run at once.
#[tokio::test]
async fn an_association_waits_for_the_instance() {
    let aws = Aws::fresh();
    let instance = new_instance(&aws).await;
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_eip", &aws.through(proxy.endpoint()));
    let message = "The pending instance 'i-1' is not in a valid state for this operation.";
    proxy.rule(Rule::on("ec2.AssociateAddress").call(1).fail(400, "InvalidInstanceID", message));
    lifecycle.create(&format!("instance = \"{instance}\"")).await;
    assert_eq!(proxy.count("ec2.AssociateAddress"), 2);
}

#[tokio::test]
async fn an_address_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_eip", &Aws::fresh());
    let wrong = |text: &str| errors(&lifecycle.problems(text));
    assert_eq!(wrong("domain = \"vpc\""), [""; 0]);
    assert_eq!(wrong("domain = \"x\"").len(), 1);
    assert_eq!(wrong("domain = \"vpc\"\nvpc = true").len(), 1);
}
