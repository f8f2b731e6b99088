//! Instances.

use aws_sdk_ec2::types::{Instance, InstanceAttributeName, Volume};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

/// An account with a subnet, two groups and an image.
struct Site {
    aws: Aws,
    subnet: String,
    groups: [String; 2],
    image: String,
}

impl Site {
    async fn new() -> Site {
        let aws = Aws::fresh();
        let ec2 = aws.ec2();
        let vpc =
            ec2.create_vpc().cidr_block("10.7.0.0/16").send().await.unwrap().vpc.unwrap().vpc_id.unwrap();
        let call = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.7.1.0/24");
        let call = call.availability_zone("eu-west-3a");
        let subnet = call.send().await.unwrap().subnet.unwrap().subnet_id.unwrap();
        let mut groups = [String::new(), String::new()];
        for (group, name) in groups.iter_mut().zip(["one", "two"]) {
            let call = ec2.create_security_group().vpc_id(&vpc).group_name(name).description("d");
            *group = call.send().await.unwrap().group_id.unwrap();
        }
        let images = ec2.describe_images().owners("amazon").send().await.unwrap();
        let image = images.images().iter().find(|image| image.root_device_name().is_some()).unwrap();
        Site { subnet, groups, image: image.image_id().unwrap().to_owned(), aws }
    }

    /// An instance's code with more in it.
    fn code(&self, more: &str) -> String {
        let Site { subnet, groups, image, .. } = self;
        let kind = if more.contains("instance_type") { "" } else { "instance_type = \"t3.micro\"\n" };
        let group = match more.contains("vpc_security_group_ids") {
            true => String::new(),
            false => format!("vpc_security_group_ids = [\"{}\"]\n", groups[0]),
        };
        format!("ami = \"{image}\"\nsubnet_id = \"{subnet}\"\n{kind}{group}{more}")
    }

    async fn instance(&self, id: &str) -> Instance {
        let answer = self.aws.ec2().describe_instances().instance_ids(id).send().await.unwrap();
        answer.reservations()[0].instances()[0].clone()
    }

    async fn volumes(&self, id: &str) -> Vec<Volume> {
        let filter = aws_sdk_ec2::types::Filter::builder().name("attachment.instance-id").values(id).build();
        let answer = self.aws.ec2().describe_volumes().filters(filter).send().await.unwrap();
        answer.volumes.unwrap()
    }

    async fn user_data(&self, id: &str) -> String {
        let call = self.aws.ec2().describe_instance_attribute().instance_id(id);
        let answer = call.attribute(InstanceAttributeName::UserData).send().await.unwrap();
        answer.user_data().and_then(|data| data.value()).unwrap_or_default().to_owned()
    }

    async fn protected(&self, id: &str) -> bool {
        let call = self.aws.ec2().describe_instance_attribute().instance_id(id);
        let answer = call.attribute(InstanceAttributeName::DisableApiTermination).send().await.unwrap();
        answer.disable_api_termination().unwrap().value().unwrap()
    }
}

#[tokio::test]
async fn an_instance_is_launched_changed_imported_and_terminated() {
    let site = Site::new().await;
    let lifecycle = Lifecycle::new("aws_instance", &site.aws);
    let made = lifecycle.create(&site.code("tags = { Name = \"web\" }\nprivate_ip = \"10.7.1.20\"")).await;
    let id = made.text("id").unwrap().to_owned();
    let live = site.instance(&id).await;
    assert_eq!(live.instance_type().unwrap().as_str(), "t3.micro");
    assert_eq!(live.security_groups()[0].group_id(), Some(&*site.groups[0]));
    assert_eq!(live.private_ip_address(), Some("10.7.1.20"));
    let account = site.aws.account();
    assert_eq!(made.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{account}:instance/{id}")));
    assert_eq!(made.text("instance_state"), Some("running"));
    assert_eq!(made.text("availability_zone"), Some("eu-west-3a"));
    assert!(made.text("primary_network_interface_id").unwrap().starts_with("eni-"));
    assert_eq!(made.blocks("root_block_device").len(), 1);

    let text = site.code(&format!(
        "vpc_security_group_ids = [\"{}\"]\nsource_dest_check = false\nmonitoring = true\n\
         disable_api_termination = true\ninstance_initiated_shutdown_behavior = \"terminate\"\n\
         secondary_private_ips = [\"10.7.1.30\"]\n\
         credit_specification {{\n cpu_credits = \"standard\"\n}}\n\
         metadata_options {{\n http_tokens = \"required\"\n http_put_response_hop_limit = 2\n}}\n\
         maintenance_options {{\n auto_recovery = \"disabled\"\n}}\n\
         capacity_reservation_specification {{\n capacity_reservation_preference = \"none\"\n}}\n\
         private_dns_name_options {{\n enable_resource_name_dns_a_record = true\n}}",
        site.groups[1]
    ));
    let (changed, changes) = lifecycle.update(&made, &text).await;
    for name in [".credit_specification[0].cpu_credits", ".metadata_options[0].http_tokens", ".tags"] {
        assert!(changes.contains(&name.to_owned()), "{name}: {changes:?}");
    }
    let live = site.instance(&id).await;
    assert_eq!(live.security_groups()[0].group_id(), Some(&*site.groups[1]));
    assert_eq!(live.source_dest_check(), Some(false));
    assert_eq!(live.monitoring().unwrap().state().unwrap().as_str(), "enabled");
    assert!(site.protected(&id).await);
    let addresses = live.network_interfaces()[0].private_ip_addresses();
    assert!(addresses.iter().any(|one| one.private_ip_address() == Some("10.7.1.30")));
    let metadata = live.metadata_options().unwrap();
    assert_eq!(metadata.http_tokens().unwrap().as_str(), "required");
    assert_eq!(metadata.http_put_response_hop_limit(), Some(2));
    assert_eq!(live.maintenance_options().unwrap().auto_recovery().unwrap().as_str(), "disabled");
    let capacity = live.capacity_reservation_specification().unwrap();
    assert_eq!(capacity.capacity_reservation_preference().unwrap().as_str(), "none");
    assert!(live.tags().iter().all(|tag| tag.key() != Some("Name")));

    // It is protected: AWS says so, and a plan that needs another instance says it before.
    let error = lifecycle.ty.delete(&lifecycle.connection, &changed).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("OperationNotPermitted"));
    let other =
        lifecycle.plan(Some(&changed), &site.code("user_data = \"x\"\nuser_data_replace_on_change = true"));
    assert_eq!(other.replace, [".user_data"]);
    assert!(other.problems[0].detail.contains("disable_api_termination = false"), "{:?}", other.problems);

    let other = lifecycle.plan(Some(&changed), &site.code("private_ip = \"10.7.1.99\""));
    assert_eq!((other.replace, other.problems.len()), (vec![".private_ip".to_owned()], 1));

    // What the code leaves to AWS stays as it is.
    let (kept, _) = lifecycle.update(&changed, &site.code("disable_api_termination = false")).await;
    assert!(!site.protected(&id).await);
    assert_eq!(kept.blocks("metadata_options"), changed.blocks("metadata_options"));
    assert_eq!(kept.boolean("source_dest_check"), Some(true));

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("private_ip"), kept.get("private_ip"));
    for (text, path) in [
        ("private_ip = \"10.7.1.21\"", ".private_ip"),
        ("key_name = \"k\"", ".key_name"),
        ("availability_zone = \"eu-west-3b\"", ".availability_zone"),
        ("tenancy = \"dedicated\"", ".tenancy"),
        ("ebs_optimized = true", ".ebs_optimized"),
        ("hibernation = true", ".hibernation"),
        ("placement_group = \"x\"", ".placement_group"),
        ("enclave_options {\n enabled = true\n}", ".enclave_options[0].enabled"),
        ("cpu_options {\n core_count = 4\n}", ".cpu_options[0].core_count"),
        ("ebs_block_device {\n device_name = \"/dev/sdb\"\n volume_size = 1\n}", ".ebs_block_device"),
        ("root_block_device {\n encrypted = true\n}", ".root_block_device[0].encrypted"),
    ] {
        assert_eq!(lifecycle.plan(Some(&kept), &site.code(text)).replace, [path]);
    }
    lifecycle.delete(&kept).await;
}

#[tokio::test]
async fn a_type_or_user_data_is_changed_while_the_instance_is_stopped() {
    let site = Site::new().await;
    let proxy = Proxy::before(&site.aws);
    let lifecycle = Lifecycle::new("aws_instance", &site.aws.through(proxy.endpoint()));
    let made = lifecycle.create(&site.code("user_data = \"one\"")).await;
    let id = made.text("id").unwrap().to_owned();
    assert_eq!(site.user_data(&id).await, "b25l");
    // As the provider's states have it.
    assert_eq!(made.text("user_data"), Some("fe05bcdcdc4928012781a5f1a2a77cbb5398e106"));
    let (changed, changes) =
        lifecycle.update(&made, &site.code("user_data = \"two\"\ninstance_type = \"t3.small\"")).await;
    assert!(changes.contains(&".instance_type".to_owned()), "{changes:?}");
    assert_eq!(site.user_data(&id).await, "dHdv");
    let live = site.instance(&id).await;
    assert_eq!(live.instance_type().unwrap().as_str(), "t3.small");
    assert_eq!(live.state().unwrap().name().unwrap().as_str(), "running");
    assert_eq!((proxy.count("ec2.StopInstances"), proxy.count("ec2.StartInstances")), (1, 1));

    let (other, _) = lifecycle
        .update(&changed, &site.code("user_data_base64 = \"dGhyZWU=\"\ninstance_type = \"t3.small\""))
        .await;
    assert_eq!(site.user_data(&id).await, "dGhyZWU=");
    assert_eq!(other.text("user_data").unwrap_or_default(), "");

    // One that is stopped stays so.
    site.aws.ec2().stop_instances().instance_ids(&id).send().await.unwrap();
    let stopped = lifecycle.read(&other).await.unwrap();
    let (last, _) = lifecycle
        .update(&stopped, &site.code("user_data_base64 = \"dGhyZWU=\"\ninstance_type = \"t3.micro\""))
        .await;
    assert_eq!(last.text("instance_state"), Some("stopped"));
    lifecycle.delete(&last).await;
}

#[tokio::test]
async fn an_instance_runs_again_if_its_change_is_refused() {
    let site = Site::new().await;
    let proxy = Proxy::before(&site.aws);
    let lifecycle = Lifecycle::new("aws_instance", &site.aws.through(proxy.endpoint()));
    let made = lifecycle.create(&site.code("")).await;
    let message = "The requested configuration is currently not supported.";
    proxy.rule(Rule::on("ec2.ModifyInstanceAttribute").fail(400, "Unsupported", message));
    let planned = lifecycle.plan(Some(&made), &site.code("instance_type = \"t3.small\""));
    let error = lifecycle.ty.update(&lifecycle.connection, &made, &planned.object).await.unwrap_err();
    assert_eq!(error.code.as_deref(), Some("Unsupported"));
    let live = site.instance(made.text("id").unwrap()).await;
    assert_eq!(live.state().unwrap().name().unwrap().as_str(), "running");
}

#[tokio::test]
async fn volumes_are_made_changed_and_tagged() {
    let site = Site::new().await;
    let lifecycle = Lifecycle::new("aws_instance", &site.aws);
    let devices = |root: &str, data: &str| {
        site.code(&format!(
            "root_block_device {{\n{root}\n}}\nebs_block_device {{\n device_name = \"/dev/sdf\"\n volume_size = 5\n \
             volume_type = \"gp3\"\n throughput = 200\n{data}\n}}"
        ))
    };
    let text = devices(
        "volume_size = 20\nvolume_type = \"gp3\"\ntags = { Name = \"root\" }",
        "tags = { Name = \"a\" }",
    );
    let made = lifecycle.create(&text).await;
    let id = made.text("id").unwrap().to_owned();
    let volumes = site.volumes(&id).await;
    assert_eq!(volumes.len(), 2);
    let of =
        |volumes: &[Volume], size: i32| volumes.iter().find(|one| one.size() == Some(size)).unwrap().clone();
    let tag = |volume: &Volume| {
        let mut tags: Vec<String> = volume
            .tags()
            .iter()
            .map(|tag| format!("{}={}", tag.key().unwrap(), tag.value().unwrap()))
            .collect();
        tags.sort_unstable();
        tags
    };
    assert_eq!(tag(&of(&volumes, 20)), ["Name=root", "team=data"]);
    assert_eq!(of(&volumes, 5).throughput(), Some(200));
    let root = made.block("root_block_device").unwrap();
    assert_eq!(root.integer("iops"), Some(3000));
    assert_eq!(root.text("volume_id"), of(&volumes, 20).volume_id());

    let text = devices(
        "volume_size = 30\nvolume_type = \"gp3\"\niops = 4000\ndelete_on_termination = false",
        "tags = { Name = \"b\" }",
    );
    let (changed, _) = lifecycle.update(&made, &text).await;
    let volumes = site.volumes(&id).await;
    let root = of(&volumes, 30);
    assert_eq!((root.iops(), tag(&root).len()), (Some(4000), 0));
    assert_eq!(tag(&of(&volumes, 5)), ["Name=b", "team=data"]);
    let live = site.instance(&id).await;
    let mapping = |name: &str| {
        let mut mappings = live.block_device_mappings().iter();
        mappings.find(|one| one.device_name() == Some(name)).unwrap().ebs().unwrap().clone()
    };
    assert_eq!(mapping(live.root_device_name().unwrap()).delete_on_termination(), Some(false));
    assert_eq!(mapping("/dev/sdf").delete_on_termination(), Some(true));

    let other = text.replace("volume_size = 5", "volume_size = 6");
    let other = lifecycle.plan(Some(&changed), &other);
    assert_eq!((other.changes, other.replace, other.problems.len()), (vec![], vec![], 1));
    let moved = lifecycle.plan(Some(&changed), &text.replace("/dev/sdf", "/dev/sdg"));
    assert_eq!(moved.replace, [".ebs_block_device"]);
    let fewer = site.code("root_block_device {\n volume_size = 30\n}");
    assert_eq!(lifecycle.plan(Some(&changed), &fewer).replace, [""; 0], "left out, they are left alone");
    lifecycle.delete(&changed).await;

    let made = lifecycle.create(&site.code("volume_tags = { Name = \"all\" }")).await;
    let id = made.text("id").unwrap().to_owned();
    assert_eq!(tag(&site.volumes(&id).await[0]), ["Name=all"]);
    lifecycle.update(&made, &site.code("volume_tags = { Name = \"every\", a = \"b\" }")).await;
    assert_eq!(tag(&site.volumes(&id).await[0]), ["Name=every", "a=b"]);
}

#[tokio::test]
async fn a_profile_is_given_replaced_and_taken() {
    let site = Site::new().await;
    for name in ["one", "two"] {
        site.aws.iam().create_instance_profile().instance_profile_name(name).send().await.unwrap();
    }
    let lifecycle = Lifecycle::new("aws_instance", &site.aws);
    let made = lifecycle.create(&site.code("iam_instance_profile = \"one\"")).await;
    let id = made.text("id").unwrap().to_owned();
    let profile = async || {
        let live = site.instance(&id).await;
        live.iam_instance_profile().and_then(|one| one.arn().map(str::to_owned)).unwrap_or_default()
    };
    assert!(profile().await.ends_with("/one"));
    let (two, _) = lifecycle.update(&made, &site.code("iam_instance_profile = \"two\"")).await;
    assert!(profile().await.ends_with("/two"));
    let (none, _) = lifecycle.update(&two, &site.code("iam_instance_profile = \"\"")).await;
    assert_eq!(profile().await, "");
    lifecycle.update(&none, &site.code("iam_instance_profile = \"one\"")).await;
    assert!(profile().await.ends_with("/one"));
}

#[tokio::test]
async fn an_instance_gets_a_public_address_or_an_interface_that_is_there() {
    let site = Site::new().await;
    let lifecycle = Lifecycle::new("aws_instance", &site.aws);
    let made = lifecycle.create(&site.code("associate_public_ip_address = true")).await;
    let live = site.instance(made.text("id").unwrap()).await;
    assert_eq!(made.text("public_ip"), live.public_ip_address());
    assert!(!made.text("public_ip").unwrap().is_empty());
    assert_eq!(live.security_groups()[0].group_id(), Some(&*site.groups[0]));

    let call = site.aws.ec2().create_network_interface().subnet_id(&site.subnet);
    let interface = call.send().await.unwrap().network_interface.unwrap().network_interface_id.unwrap();
    let text = format!(
        "ami = \"{}\"\ninstance_type = \"t3.micro\"\nnetwork_interface {{\n device_index = 0\n \
         network_interface_id = \"{interface}\"\n}}",
        site.image
    );
    let made = lifecycle.create(&text).await;
    assert_eq!(made.text("primary_network_interface_id"), Some(&*interface));
    let other = lifecycle.plan(Some(&made), &text.replace(&interface, "eni-2"));
    assert_eq!(other.replace, [".network_interface"]);
}

/// The local AWS's instances run at once: the proxy says what AWS would meanwhile.
#[tokio::test]
async fn a_launch_waits_and_says_why_an_instance_ended() {
    let site = Site::new().await;
    let proxy = Proxy::before(&site.aws);
    let lifecycle = Lifecycle::new("aws_instance", &site.aws.through(proxy.endpoint()));
    let state = |calls, name: &'static str, reason: &'static str| {
        Rule::on("ec2.DescribeInstances").calls(calls).rewrite(move |_, mut reply| {
            let text = String::from_utf8(reply.body.to_vec()).unwrap();
            let text = text.replace("<name>running</name>", &format!("<name>{name}</name>"));
            let reason = format!("<stateReason><message>{reason}</message></stateReason><instanceType>");
            reply.body = text.replace("<instanceType>", &reason).into();
            reply
        })
    };
    proxy.rule(state(1..=2, "pending", ""));
    lifecycle.create(&site.code("")).await;
    proxy.clear_rules();
    proxy.rule(state(1..=100, "terminated", "Client.VolumeLimitExceeded: Volume limit exceeded"));
    let error = lifecycle.create_fails(&site.code("")).await;
    assert_eq!(error.operation, "ec2:RunInstances");
    assert!(error.message.contains("Volume limit exceeded"), "{error}");
    assert!(error.partial.unwrap().text("id").unwrap().starts_with("i-"));
}

#[tokio::test]
async fn many_instances_are_read_with_few_calls_and_those_that_are_gone_hide_none() {
    let site = Site::new().await;
    let proxy = Proxy::before(&site.aws);
    let lifecycle = Lifecycle::new("aws_instance", &site.aws.through(proxy.endpoint()));
    let call = site.aws.ec2().run_instances().image_id(&site.image).subnet_id(&site.subnet);
    let call = call.instance_type("t3.micro".into()).min_count(3).max_count(3);
    let made = call.send().await.unwrap();
    let ids: Vec<&str> = made.instances().iter().filter_map(|one| one.instance_id()).collect();
    site.aws.ec2().terminate_instances().instance_ids(ids[0]).send().await.unwrap();
    let seeds = ids.iter().chain(&["i-0123456789abcdef0"]);
    let known: Vec<_> = seeds.map(|id| lifecycle.ty.import_seed(id).unwrap()).collect();
    let results = lifecycle.read_all(&known).await;
    let found = results.iter().map(|result| matches!(result, ReadResult::Found(_)));
    assert_eq!(found.collect::<Vec<_>>(), [false, true, true, false]);
    for operation in ["DescribeInstances", "DescribeVolumes", "DescribeInstanceCreditSpecifications"] {
        assert_eq!(proxy.count(&format!("ec2.{operation}")), 1, "{operation}");
    }
    assert_eq!(proxy.count("ec2.DescribeInstanceAttribute"), 8);
}

#[tokio::test]
async fn an_instance_is_checked_offline() {
    let lifecycle = Lifecycle::new("aws_instance", &Aws::fresh());
    let base = "ami = \"ami-1\"\ninstance_type = \"t3.micro\"\n";
    let wrong = |text: &str| errors(&lifecycle.problems(&format!("{base}{text}")));
    assert_eq!(wrong(""), [""; 0]);
    assert_eq!(errors(&lifecycle.problems("")).len(), 2);
    assert_eq!(errors(&lifecycle.problems("launch_template {\n id = \"lt-1\"\n}")), [""; 0]);
    assert_eq!(wrong("user_data = \"a\"\nuser_data_base64 = \"eA==\"").len(), 1);
    assert_eq!(wrong("user_data_base64 = \"not base64\"").len(), 1);
    assert_eq!(wrong(&format!("user_data = \"{}\"", "a".repeat(16_385))).len(), 1);
    assert_eq!(wrong("tenancy = \"x\"").len(), 1);
    assert_eq!(
        wrong("metadata_options {\n http_tokens = \"x\"\n http_put_response_hop_limit = 65\n}").len(),
        2
    );
    assert_eq!(
        wrong("root_block_device {\n volume_type = \"gp2\"\n iops = 100\n throughput = 125\n}").len(),
        2
    );
    assert_eq!(wrong("root_block_device {\n volume_type = \"x\"\n}").len(), 1);
    let interface = "network_interface {\n device_index = 0\n network_interface_id = \"eni-1\"\n}\n";
    assert_eq!(wrong(&format!("{interface}subnet_id = \"subnet-1\"")).len(), 1);
    assert_eq!(wrong("cpu_core_count = 1\ncpu_options {\n core_count = 1\n}").len(), 1);
}
