//! Route tables, their routes, and what they are for.

use aws_sdk_ec2::types::{Route, RouteTable};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

/// A VPC with a subnet, an internet gateway and a network interface.
struct Network {
    aws: Aws,
    vpc: String,
    subnet: String,
    gateway: String,
    interface: String,
}

impl Network {
    async fn new() -> Network {
        let aws = Aws::fresh();
        let ec2 = aws.ec2();
        let call = ec2.create_vpc().cidr_block("10.7.0.0/16").amazon_provided_ipv6_cidr_block(true);
        let vpc = call.send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.7.1.0/24");
        let subnet = call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap();
        let made = ec2.create_internet_gateway().send().await.unwrap();
        let gateway = made.internet_gateway.unwrap().internet_gateway_id.unwrap();
        ec2.attach_internet_gateway().internet_gateway_id(&gateway).vpc_id(&vpc).send().await.unwrap();
        let made = ec2.create_network_interface().subnet_id(&subnet).send().await.unwrap();
        let interface = made.network_interface.unwrap().network_interface_id.unwrap();
        Network { aws, vpc, subnet, gateway, interface }
    }

    async fn table(&self, id: &str) -> RouteTable {
        let answer = self.aws.ec2().describe_route_tables().route_table_ids(id).send().await.unwrap();
        answer.route_tables()[0].clone()
    }

    async fn new_table(&self) -> String {
        let made = self.aws.ec2().create_route_table().vpc_id(&self.vpc).send().await.unwrap();
        made.route_table.unwrap().route_table_id.unwrap()
    }

    /// The routes of a table that are not local, as text.
    async fn routes(&self, id: &str) -> Vec<String> {
        let table = self.table(id).await;
        let mut routes: Vec<String> =
            table.routes().iter().filter(|route| route.gateway_id() != Some("local")).map(shown).collect();
        routes.sort_unstable();
        routes
    }
}

fn shown(route: &Route) -> String {
    let to = route.destination_cidr_block().or(route.destination_ipv6_cidr_block()).unwrap();
    let by = route.gateway_id().or(route.network_interface_id()).or(route.nat_gateway_id()).unwrap();
    format!("{to} {by}")
}

#[tokio::test]
async fn a_table_gets_routes_changes_and_loses_them() {
    let network = Network::new().await;
    let Network { vpc, gateway, interface, aws, .. } = &network;
    let lifecycle = Lifecycle::new("aws_route_table", aws);
    let base = format!("vpc_id = \"{vpc}\"\n");
    let out = format!("route {{\n cidr_block = \"0.0.0.0/0\"\n gateway_id = \"{gateway}\"\n}}\n");
    let made = lifecycle.create(&format!("{base}{out}tags = {{ Name = \"public\" }}")).await;
    let id = made.text("id").unwrap().to_owned();
    assert_eq!(made.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{}:route-table/{id}", aws.account())));
    assert_eq!(network.routes(&id).await, [format!("0.0.0.0/0 {gateway}")]);
    // As states that the provider wrote have it: what a route does not have is empty.
    assert_eq!(made.blocks("route")[0].text("nat_gateway_id"), Some(""));

    // One goes another way, two come, one with IPv6, spelled otherwise than EC2 does.
    let more = format!(
        "route {{\n cidr_block = \"0.0.0.0/0\"\n network_interface_id = \"{interface}\"\n}}\n\
         route {{\n ipv6_cidr_block = \"0:0::/0\"\n gateway_id = \"{gateway}\"\n}}\n\
         route {{\n cidr_block = \"192.168.0.0/16\"\n gateway_id = \"{gateway}\"\n}}\n"
    );
    let (changed, changes) = lifecycle.update(&made, &format!("{base}{more}")).await;
    assert_eq!(changes, [".route", ".tags", ".tags_all"]);
    let mut wanted =
        [format!("0.0.0.0/0 {interface}"), format!("192.168.0.0/16 {gateway}"), format!("::/0 {gateway}")];
    wanted.sort_unstable();
    let live = network.routes(&id).await;
    assert!(live.iter().any(|route| route.ends_with(&format!("::/0 {gateway}"))), "{live:?}");
    assert_eq!(live.len(), wanted.len());
    assert!(live.contains(&wanted[0]) && live.contains(&wanted[1]), "{live:?}");

    let (changed, _) = lifecycle.update(&changed, &format!("{base}{out}")).await;
    assert_eq!(network.routes(&id).await, [format!("0.0.0.0/0 {gateway}")]);
    let (changed, _) = lifecycle.update(&changed, &format!("{base}route = []")).await;
    assert_eq!(network.routes(&id).await, [""; 0]);
    assert_eq!(lifecycle.plan(Some(&changed), "vpc_id = \"vpc-2\"").replace, [".vpc_id"]);
    lifecycle.delete(&changed).await;
}

#[tokio::test]
async fn routes_that_the_code_leaves_to_others_never_drift_and_are_not_touched() {
    let network = Network::new().await;
    let Network { vpc, gateway, aws, .. } = &network;
    let lifecycle = Lifecycle::new("aws_route_table", aws);
    let code = format!("vpc_id = \"{vpc}\"");
    let made = lifecycle.create(&code).await;
    let id = made.text("id").unwrap().to_owned();
    let call = aws.ec2().create_route().route_table_id(&id).destination_cidr_block("0.0.0.0/0");
    call.gateway_id(gateway).send().await.unwrap();
    let live = lifecycle.read(&made).await.unwrap();
    assert_eq!(live.blocks("route").len(), 1);
    let planned = lifecycle.plan(Some(&live), &code);
    assert!(!planned.changes.contains(&".route".to_owned()), "{:?}", planned.changes);
    // Even a change planned before that route was there leaves it alone.
    let planned = lifecycle.plan(Some(&made), &format!("{code}\ntags = {{ a = \"b\" }}"));
    lifecycle.ty.update(&lifecycle.connection, &made, &planned.object).await.unwrap();
    assert_eq!(network.routes(&id).await.len(), 1);
    // One that has routes of its own takes the others away.
    let own = format!("{code}\nroute {{\n cidr_block = \"10.0.0.0/8\"\n gateway_id = \"{gateway}\"\n}}");
    let planned = lifecycle.plan(Some(&live), &own);
    assert!(planned.changes.contains(&".route".to_owned()));
    let live = lifecycle.read(&made).await.unwrap();
    lifecycle.update(&live, &own).await;
    assert_eq!(network.routes(&id).await, [format!("10.0.0.0/8 {gateway}")]);
}

#[tokio::test]
async fn the_local_route_is_led_elsewhere_and_back() {
    let network = Network::new().await;
    let Network { vpc, interface, aws, .. } = &network;
    let lifecycle = Lifecycle::new("aws_route_table", aws);
    let base = format!("vpc_id = \"{vpc}\"\n");
    let local = "route {\n cidr_block = \"10.7.0.0/16\"\n gateway_id = \"local\"\n}";
    let made = lifecycle.create(&format!("{base}{local}")).await;
    let id = made.text("id").unwrap().to_owned();
    let led =
        format!("{base}route {{\n cidr_block = \"10.7.0.0/16\"\n network_interface_id = \"{interface}\"\n}}");
    let (led, _) = lifecycle.update(&made, &led).await;
    assert_eq!(network.routes(&id).await, [format!("10.7.0.0/16 {interface}")]);
    let (back, _) = lifecycle.update(&led, &format!("{base}route = []")).await;
    assert_eq!(network.routes(&id).await, [""; 0]);
    assert_eq!(back.blocks("route").len(), 0);
    let tables = network.table(&id).await;
    assert!(tables.routes().iter().any(|route| route.destination_cidr_block() == Some("10.7.0.0/16")));
}

#[tokio::test]
async fn a_table_in_use_is_freed_and_deleted() {
    let network = Network::new().await;
    let Network { vpc, subnet, aws, .. } = &network;
    let lifecycle = Lifecycle::new("aws_route_table", aws);
    let made = lifecycle.create(&format!("vpc_id = \"{vpc}\"")).await;
    let id = made.text("id").unwrap();
    aws.ec2().associate_route_table().route_table_id(id).subnet_id(subnet).send().await.unwrap();
    lifecycle.delete(&made).await;
}

#[tokio::test]
async fn the_routes_of_a_table_are_checked_offline() {
    let lifecycle = Lifecycle::new("aws_route_table", &Aws::fresh());
    let wrong = |routes: &str| errors(&lifecycle.problems(&format!("vpc_id = \"vpc-1\"\n{routes}")));
    assert_eq!(wrong("route {\n cidr_block = \"10.0.0.0/8\"\n gateway_id = \"igw-1\"\n}"), [""; 0]);
    assert_eq!(
        wrong("route {\n cidr_block = \"10.0.0.1/8\"\n gateway_id = \"igw-1\"\n}"),
        [".route[0].cidr_block: \"10.0.0.1/8\" is not a valid CIDR block; did you mean \"10.0.0.0/8\"?"
            .replace("valid CIDR", "valid IPv4 CIDR")]
    );
    assert_eq!(wrong("route {\n gateway_id = \"igw-1\"\n}").len(), 1);
    assert_eq!(wrong("route {\n cidr_block = \"10.0.0.0/8\"\n}").len(), 1);
    let two =
        "route {\n cidr_block = \"10.0.0.0/8\"\n gateway_id = \"igw-1\"\n nat_gateway_id = \"nat-1\"\n}";
    assert_eq!(wrong(two).len(), 1);
    let same = "route {\n cidr_block = \"10.0.0.0/8\"\n gateway_id = \"igw-1\"\n}\n\
                route {\n cidr_block = \"10.0.0.0/8\"\n gateway_id = \"igw-2\"\n}";
    assert_eq!(wrong(same).len(), 1);
}

#[tokio::test]
async fn a_route_is_made_led_elsewhere_imported_and_deleted() {
    let network = Network::new().await;
    let Network { gateway, interface, aws, .. } = &network;
    let table = network.new_table().await;
    let lifecycle = Lifecycle::new("aws_route", aws);
    for (destination, text) in
        [("destination_cidr_block", "0.0.0.0/0"), ("destination_ipv6_cidr_block", "::/0")]
    {
        let code = |way: &str| format!("route_table_id = \"{table}\"\n{destination} = \"{text}\"\n{way}");
        let made = lifecycle.create(&code(&format!("gateway_id = \"{gateway}\""))).await;
        assert!(made.text("id").unwrap().starts_with(&format!("r-{table}")));
        assert_eq!(made.text("origin"), Some("CreateRoute"));
        assert_eq!(made.text("state"), Some("active"));
        assert_eq!(network.routes(&table).await, [format!("{text} {gateway}")]);

        let (led, _) =
            lifecycle.update(&made, &code(&format!("network_interface_id = \"{interface}\""))).await;
        assert_eq!(network.routes(&table).await, [format!("{text} {interface}")]);
        let (back, _) = lifecycle.update(&led, &code(&format!("gateway_id = \"{gateway}\""))).await;
        assert_eq!(back.text("network_interface_id"), Some(""));
        assert_eq!(back.get("id"), made.get("id"));

        let seed = lifecycle.ty.import_seed(&format!("{table}_{text}")).unwrap();
        let imported = lifecycle.read(&seed).await.unwrap();
        assert_eq!(imported.get("id"), made.get("id"));
        assert_eq!(imported.get("gateway_id"), back.get("gateway_id"));
        let planned = lifecycle.plan(None, &code(&format!("gateway_id = \"{gateway}\""))).object;
        assert!(lifecycle.read(&lifecycle.ty.identity(&planned).unwrap()).await.is_some());
        lifecycle.delete(&back).await;
        assert_eq!(network.routes(&table).await, [""; 0]);
    }
    assert!(lifecycle.ty.import_seed("rtb-1").is_err());
}

#[tokio::test]
async fn a_route_by_another_way_is_not_taken_over() {
    let network = Network::new().await;
    let Network { gateway, interface, aws, .. } = &network;
    let table = network.new_table().await;
    let lifecycle = Lifecycle::new("aws_route", aws);
    let code = |way: &str, to: &str| {
        format!("route_table_id = \"{table}\"\ndestination_cidr_block = \"{to}\"\n{way}")
    };
    let by_gateway = format!("gateway_id = \"{gateway}\"");
    let made = lifecycle.create(&code(&by_gateway, "0.0.0.0/0")).await;
    let error =
        lifecycle.create_fails(&code(&format!("network_interface_id = \"{interface}\""), "0.0.0.0/0")).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    let moved = lifecycle.plan(Some(&made), &code(&by_gateway, "10.0.0.0/8"));
    assert_eq!(moved.replace, [".destination_cidr_block"]);

    // The route within the VPC can be imported and led elsewhere, and stays when it is given up.
    let seed = lifecycle.ty.import_seed(&format!("{table}_10.7.0.0/16")).unwrap();
    let local = lifecycle.read(&seed).await.unwrap();
    assert_eq!(local.text("gateway_id"), Some("local"));
    lifecycle.ty.delete(&lifecycle.connection, &local).await.unwrap();
    assert!(lifecycle.read(&seed).await.is_some());
}

#[tokio::test]
async fn many_routes_are_read_with_one_call() {
    let network = Network::new().await;
    let proxy = Proxy::before(&network.aws);
    let lifecycle = Lifecycle::new("aws_route", &network.aws.through(proxy.endpoint()));
    let table = network.new_table().await;
    let mut known = Vec::new();
    for second in 1..4 {
        let call = network.aws.ec2().create_route().route_table_id(&table).gateway_id(&network.gateway);
        call.destination_cidr_block(format!("10.{second}.0.0/16")).send().await.unwrap();
        known.push(lifecycle.ty.import_seed(&format!("{table}_10.{second}.0.0/16")).unwrap());
    }
    known.push(lifecycle.ty.import_seed(&format!("{table}_10.9.0.0/16")).unwrap());
    known.push(lifecycle.ty.import_seed("rtb-0123456789abcdef0_10.9.0.0/16").unwrap());
    let results = lifecycle.read_all(&known).await;
    let found = results.iter().map(|result| matches!(result, ReadResult::Found(_)));
    assert_eq!(found.collect::<Vec<_>>(), [true, true, true, false, false]);
    assert_eq!(proxy.count("ec2.DescribeRouteTables"), 1);
}

/// What goes by a transit gateway waits until its attachment is known, which the local AWS does not check.
#[tokio::test]
async fn a_route_waits_for_what_it_goes_by() {
    let network = Network::new().await;
    let proxy = Proxy::before(&network.aws);
    let lifecycle = Lifecycle::new("aws_route", &network.aws.through(proxy.endpoint()));
    let table = network.new_table().await;
    let rule = Rule::on("ec2.CreateRoute").call(1);
    proxy.rule(rule.fail(400, "InvalidTransitGatewayID.NotFound", "The transitGateway ID does not exist."));
    let code = format!(
        "route_table_id = \"{table}\"\ndestination_cidr_block = \"0.0.0.0/0\"\ngateway_id = \"{}\"",
        network.gateway
    );
    lifecycle.create(&code).await;
    assert_eq!(proxy.count("ec2.CreateRoute"), 2);
}

#[tokio::test]
async fn a_route_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_route", &Aws::fresh());
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("route_table_id = \"rtb-1\"\n{text}")));
    assert_eq!(wrong("destination_cidr_block = \"0.0.0.0/0\"\ngateway_id = \"igw-1\""), [""; 0]);
    assert_eq!(wrong("destination_cidr_block = \"0.0.0.0/0\"").len(), 1);
    assert_eq!(wrong("gateway_id = \"igw-1\"").len(), 1);
    assert_eq!(
        wrong("destination_cidr_block = \"0.0.0.0/0\"\ngateway_id = \"igw-1\"\nnat_gateway_id = \"n\"").len(),
        1
    );
    assert_eq!(wrong("destination_cidr_block = \"10.0.0.1/8\"\ngateway_id = \"igw-1\"").len(), 1);
    assert_eq!(wrong("destination_cidr_block = \"10.0.0.0/8\"\negress_only_gateway_id = \"e\"").len(), 1);
}

#[tokio::test]
async fn an_association_is_made_moved_imported_and_deleted() {
    let network = Network::new().await;
    let Network { subnet, gateway, aws, .. } = &network;
    let (one, two) = (network.new_table().await, network.new_table().await);
    let lifecycle = Lifecycle::new("aws_route_table_association", aws);
    for (name, of) in [("subnet_id", subnet), ("gateway_id", gateway)] {
        let code = |table: &str| format!("{name} = \"{of}\"\nroute_table_id = \"{table}\"");
        let made = lifecycle.create(&code(&one)).await;
        let live = network.table(&one).await;
        assert_eq!(made.text("id"), live.associations()[0].route_table_association_id());
        let (moved, changes) = lifecycle.update(&made, &code(&two)).await;
        assert_eq!(changes, [".id", ".route_table_id"]);
        assert!(network.table(&one).await.associations().is_empty());
        let live = network.table(&two).await;
        assert_eq!(moved.text("id"), live.associations()[0].route_table_association_id());
        let imported =
            lifecycle.read(&lifecycle.ty.import_seed(&format!("{of}/{two}")).unwrap()).await.unwrap();
        assert_eq!(imported.get("id"), moved.get("id"));
        let other = lifecycle.plan(Some(&moved), &code(&two).replace(of.as_str(), "subnet-2"));
        assert_eq!(other.replace, [format!(".{name}")]);
        lifecycle.delete(&moved).await;
        assert!(network.table(&two).await.associations().is_empty());
    }
    assert!(lifecycle.ty.import_seed("subnet-1").is_err());
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("route_table_id = \"rtb-1\"\n{text}")));
    assert_eq!(wrong("subnet_id = \"subnet-1\""), [""; 0]);
    assert_eq!(wrong("").len(), 1);
    assert_eq!(wrong("subnet_id = \"subnet-1\"\ngateway_id = \"igw-1\"").len(), 1);
}

/// The local AWS associates at once.
#[tokio::test]
async fn many_associations_are_read_with_one_call() {
    let network = Network::new().await;
    let proxy = Proxy::before(&network.aws);
    let lifecycle = Lifecycle::new("aws_route_table_association", &network.aws.through(proxy.endpoint()));
    let table = network.new_table().await;
    let code = format!("subnet_id = \"{}\"\nroute_table_id = \"{table}\"", network.subnet);
    let made = lifecycle.create(&code).await;
    let missing = made.with("id", "rtbassoc-0123456789abcdef0".into());
    proxy.forget_calls();
    let results = lifecycle.read_all(&[made, missing]).await;
    assert!(matches!(results[0], ReadResult::Found(_)));
    assert!(matches!(results[1], ReadResult::Missing));
    assert_eq!(proxy.count("ec2.DescribeRouteTables"), 1);
}
