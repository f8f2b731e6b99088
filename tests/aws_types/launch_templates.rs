//! Launch templates.

use aws_sdk_ec2::types::{
    LaunchTemplate, LaunchTemplateVersion, RequestLaunchTemplateData, ResponseLaunchTemplateData, Tag,
};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

/// What the pipeline's services are launched from.
const SERVICE: &str = r##"
name_prefix   = "web-"
image_id      = "ami-12c6146b"
instance_type = "t3.micro"
key_name      = "admin"
user_data     = base64encode("#!/bin/sh\n")
iam_instance_profile {
  name = "web"
}
network_interfaces {
  associate_public_ip_address = true
  security_groups             = ["sg-1", "sg-2"]
}
block_device_mappings {
  device_name = "/dev/xvda"
  ebs {
    volume_type           = "gp3"
    volume_size           = 10
    encrypted             = true
    delete_on_termination = true
  }
}
metadata_options {
  http_endpoint               = "enabled"
  http_tokens                 = "required"
  instance_metadata_tags      = "enabled"
  http_put_response_hop_limit = 2
}
tags = { Name = "web" }
"##;

async fn template(aws: &Aws, id: &str) -> LaunchTemplate {
    let answer = aws.ec2().describe_launch_templates().launch_template_ids(id).send().await.unwrap();
    answer.launch_templates.unwrap().remove(0)
}

async fn versions(aws: &Aws, id: &str) -> Vec<LaunchTemplateVersion> {
    let answer = aws.ec2().describe_launch_template_versions().launch_template_id(id).send().await.unwrap();
    answer.launch_template_versions.unwrap()
}

async fn latest(aws: &Aws, id: &str) -> ResponseLaunchTemplateData {
    versions(aws, id).await.pop().unwrap().launch_template_data.unwrap()
}

fn numbers(template: &LaunchTemplate) -> (Option<i64>, Option<i64>) {
    (template.default_version_number(), template.latest_version_number())
}

#[tokio::test]
async fn a_template_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_launch_template", &aws);
    let made = lifecycle.create(SERVICE).await;
    let id = made.text("id").unwrap().to_owned();
    let live = template(&aws, &id).await;
    assert!(live.launch_template_name().unwrap().starts_with("web-2026"));
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "web"), ("team", "data")]);
    let account = aws.account();
    assert_eq!(made.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{account}:launch-template/{id}")));
    assert_eq!((made.integer("default_version"), made.integer("latest_version")), (Some(1), Some(1)));
    let data = latest(&aws, &id).await;
    assert_eq!(data.user_data(), Some("IyEvYmluL3NoCg=="));
    assert_eq!(data.instance_type().unwrap().as_str(), "t3.micro");
    assert_eq!(data.iam_instance_profile().unwrap().name(), Some("web"));
    let interface = &data.network_interfaces()[0];
    assert_eq!(interface.associate_public_ip_address(), Some(true));
    assert_eq!(interface.device_index(), Some(0));
    assert_eq!(interface.groups(), ["sg-1", "sg-2"]);
    let ebs = data.block_device_mappings()[0].ebs().unwrap();
    assert_eq!(
        (ebs.volume_size(), ebs.encrypted(), ebs.delete_on_termination()),
        (Some(10), Some(true), Some(true))
    );
    assert_eq!(data.metadata_options().unwrap().http_put_response_hop_limit(), Some(2));
    assert!(data.tag_specifications().is_empty(), "the template's tags are not its instances'");

    // What is in a version makes a new one, which dependents are told of.
    let text = SERVICE.replace("t3.micro", "t3.small");
    let planned = lifecycle.plan(Some(&made), &text);
    assert_eq!(planned.changes, [".instance_type", ".latest_version"]);
    assert!(planned.object.known("latest_version").is_none());
    let (changed, _) = lifecycle.update(&made, &text).await;
    assert_eq!((changed.integer("default_version"), changed.integer("latest_version")), (Some(1), Some(2)));
    assert_eq!(versions(&aws, &id).await.len(), 2);

    // Tags are the template's own: they make no version.
    let text = text.replace("{ Name = \"web\" }", "{ Stage = \"test\" }");
    let (changed, changes) = lifecycle.update(&changed, &text).await;
    assert_eq!(changes, [".tags", ".tags_all"]);
    assert_eq!(numbers(&template(&aws, &id).await), (Some(1), Some(2)));

    // The default version by hand, and following.
    let text = text + "default_version = 2\n";
    let (changed, changes) = lifecycle.update(&changed, &text).await;
    assert_eq!(changes, [".default_version"]);
    assert_eq!(numbers(&template(&aws, &id).await), (Some(2), Some(2)));
    let text = text.replace("default_version = 2", "update_default_version = true\ndescription = \"third\"");
    let (changed, changes) = lifecycle.update(&changed, &text).await;
    assert!(changes.contains(&".default_version".to_owned()), "{changes:?}");
    assert_eq!(numbers(&template(&aws, &id).await), (Some(3), Some(3)));
    assert_eq!(versions(&aws, &id).await[2].version_description(), Some("third"));
    assert_eq!(changed.integer("default_version"), Some(3));

    let imported = lifecycle.read(&lifecycle.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported.get("user_data"), changed.get("user_data"));
    assert_eq!(imported.text("name_prefix"), Some("web-"));
    for (from, to, path) in [("web-", "api-", ".name_prefix"), ("name_prefix = ", "name = ", ".name")] {
        let squeezed = text.replace("name_prefix   =", "name_prefix =");
        assert!(
            lifecycle.plan(Some(&changed), &squeezed.replace(from, to)).replace.contains(&path.to_owned())
        );
    }
    lifecycle.delete(&changed).await;
}

/// Every argument that a version holds.
const EVERYTHING: &str = r#"
name                                 = "all"
description                          = "All of it"
disable_api_stop                     = true
disable_api_termination              = true
ebs_optimized                        = true
image_id                             = "ami-12c6146b"
instance_initiated_shutdown_behavior = "terminate"
kernel_id                            = "aki-1"
key_name                             = "admin"
ram_disk_id                          = "ari-1"
user_data                            = "eA=="
vpc_security_group_ids               = ["sg-1", "sg-2"]
block_device_mappings {
  device_name  = "/dev/sdb"
  virtual_name = "ephemeral0"
}
block_device_mappings {
  device_name = "/dev/sdc"
  no_device   = ""
  ebs {
    delete_on_termination      = false
    encrypted                  = "1"
    iops                       = 4000
    kms_key_id                 = "arn:aws:kms:eu-west-3:123456789012:key/1"
    snapshot_id                = "snap-1"
    throughput                 = 200
    volume_initialization_rate = 150
    volume_size                = 20
    volume_type                = "gp3"
  }
}
capacity_reservation_specification {
  capacity_reservation_target {
    capacity_reservation_id = "cr-1"
  }
}
cpu_options {
  amd_sev_snp      = "enabled"
  core_count       = 2
  threads_per_core = 1
}
credit_specification {
  cpu_credits = "standard"
}
elastic_gpu_specifications {
  type = "eg1.medium"
}
elastic_inference_accelerator {
  type = "eia1.medium"
}
enclave_options {
  enabled = true
}
hibernation_options {
  configured = false
}
iam_instance_profile {
  arn = "arn:aws:iam::123456789012:instance-profile/web"
}
instance_market_options {
  market_type = "spot"
  spot_options {
    block_duration_minutes         = 60
    instance_interruption_behavior = "stop"
    max_price                      = "0.05"
    spot_instance_type             = "persistent"
    valid_until                    = "2030-01-02T15:04:05Z"
  }
}
instance_requirements {
  accelerator_manufacturers                        = ["nvidia", "amd"]
  accelerator_names                                = ["t4"]
  accelerator_types                                = ["gpu"]
  allowed_instance_types                           = ["m5.*", "c5.*"]
  bare_metal                                       = "excluded"
  burstable_performance                            = "included"
  cpu_manufacturers                                = ["intel"]
  instance_generations                             = ["current"]
  local_storage                                    = "required"
  local_storage_types                              = ["ssd"]
  on_demand_max_price_percentage_over_lowest_price = 30
  require_hibernate_support                        = true
  spot_max_price_percentage_over_lowest_price      = 40
  accelerator_count {
    max = 0
  }
  accelerator_total_memory_mib {
    min = 1024
    max = 2048
  }
  baseline_ebs_bandwidth_mbps {
    min = 500
  }
  memory_gib_per_vcpu {
    min = 0.5
    max = 8
  }
  memory_mib {
    min = 512
    max = 16384
  }
  network_bandwidth_gbps {
    max = 12.5
  }
  network_interface_count {
    min = 1
    max = 4
  }
  total_local_storage_gb {
    min = 10.5
  }
  vcpu_count {
    min = 2
  }
}
license_specification {
  license_configuration_arn = "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-2"
}
license_specification {
  license_configuration_arn = "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-1"
}
maintenance_options {
  auto_recovery = "disabled"
}
metadata_options {
  http_protocol_ipv6 = "enabled"
  http_tokens        = "optional"
}
monitoring {
  enabled = true
}
network_interfaces {
  associate_carrier_ip_address = false
  associate_public_ip_address  = "false"
  delete_on_termination        = true
  description                  = "first"
  interface_type               = "efa"
  ipv4_addresses               = ["10.0.0.5", "10.0.0.6"]
  ipv4_prefixes                = ["10.0.1.0/28"]
  ipv6_addresses               = ["2001:db8::1"]
  ipv6_prefixes                = ["2001:db8:1::/80"]
  network_interface_id         = "eni-1"
  primary_ipv6                 = true
  private_ip_address           = "10.0.0.5"
  security_groups              = ["sg-2", "sg-1"]
  subnet_id                    = "subnet-1"
  connection_tracking_specification {
    tcp_established_timeout = 3600
    udp_stream_timeout      = 120
    udp_timeout             = 45
  }
  ena_srd_specification {
    ena_srd_enabled = true
    ena_srd_udp_specification {
      ena_srd_udp_enabled = true
    }
  }
}
network_interfaces {
  device_index       = 1
  ipv4_address_count = 2
  ipv4_prefix_count  = 1
  ipv6_address_count = 3
  ipv6_prefix_count  = 1
  network_card_index = 1
}
placement {
  affinity          = "host"
  availability_zone = "eu-west-3a"
  group_name        = "group"
  host_id           = "h-1"
  partition_number  = 3
  spread_domain     = "rack"
  tenancy           = "host"
}
private_dns_name_options {
  enable_resource_name_dns_a_record    = true
  enable_resource_name_dns_aaaa_record = false
  hostname_type                        = "resource-name"
}
tag_specifications {
  resource_type = "instance"
  tags          = { Name = "web" }
}
tag_specifications {
  resource_type = "volume"
  tags          = { Name = "disk" }
}
"#;

#[tokio::test]
async fn a_version_holds_every_argument() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_launch_template", &aws);
    let made = lifecycle.create(EVERYTHING).await;
    let id = made.text("id").unwrap().to_owned();
    let data = latest(&aws, &id).await;
    let ebs = data.block_device_mappings()[1].ebs().unwrap();
    assert_eq!(
        (ebs.iops(), ebs.throughput(), ebs.volume_initialization_rate()),
        (Some(4000), Some(200), Some(150))
    );
    assert_eq!((ebs.encrypted(), ebs.delete_on_termination()), (Some(true), Some(false)));
    let requirements = data.instance_requirements().unwrap();
    assert_eq!(requirements.accelerator_count().unwrap().max(), Some(0));
    assert_eq!(requirements.memory_gib_per_v_cpu().unwrap().min(), Some(0.5));
    assert_eq!(requirements.v_cpu_count().unwrap().max(), None);
    let interfaces = data.network_interfaces();
    let addresses: Vec<_> = interfaces[0]
        .private_ip_addresses()
        .iter()
        .map(|one| (one.private_ip_address().unwrap(), one.primary().unwrap()))
        .collect();
    assert_eq!(addresses, [("10.0.0.5", true), ("10.0.0.6", false)]);
    assert_eq!(interfaces[1].secondary_private_ip_address_count(), Some(2));
    assert_eq!(interfaces[1].device_index(), Some(1));
    let market = data.instance_market_options().unwrap().spot_options().unwrap();
    assert_eq!(market.valid_until().unwrap().secs(), 1_893_596_645);
    assert_eq!(data.tag_specifications()[1].tags()[0].value(), Some("disk"));
    assert_eq!(data.hibernation_options().unwrap().configured(), Some(false));

    // Another spelling is no change; another value is one, attribute by attribute.
    let same = EVERYTHING.replace("encrypted                  = \"1\"", "encrypted = true");
    assert_eq!(lifecycle.plan(Some(&made), &same).changes, [""; 0]);
    let other = EVERYTHING
        .replace("volume_type                = \"gp3\"", "volume_type = \"gp2\"")
        .replace("iops                       = 4000", "")
        .replace("throughput                 = 200", "")
        .replace("hostname_type                        = \"resource-name\"", "")
        .replace("max_price                      = \"0.05\"", "max_price = \"0.06\"");
    let (changed, changes) = lifecycle.update(&made, &other).await;
    assert_eq!(
        changes,
        [
            ".latest_version",
            ".block_device_mappings[1].ebs[0].iops",
            ".block_device_mappings[1].ebs[0].throughput",
            ".block_device_mappings[1].ebs[0].volume_type",
            ".instance_market_options[0].spot_options[0].max_price",
            ".private_dns_name_options[0].hostname_type",
        ]
    );
    let data = latest(&aws, &id).await;
    let ebs = data.block_device_mappings()[1].ebs().unwrap();
    assert_eq!((ebs.iops(), ebs.volume_type().unwrap().as_str()), (None, "gp2"));

    // Nothing at all is a version too. What AWS fills in where the code is silent stays.
    let (bare, _) = lifecycle.update(&changed, "name = \"all\"\nplacement {}\nmonitoring {}").await;
    let data = latest(&aws, &id).await;
    assert_eq!(data.image_id(), None);
    assert!(data.placement().is_none() && data.instance_requirements().is_none());
    assert_eq!(bare.blocks("metadata_options"), changed.blocks("metadata_options"));
    assert_eq!(bare.blocks("placement").len(), 1);

    // Credits are for types that have them only.
    let credits = "name = \"all\"\ncredit_specification {\n cpu_credits = \"unlimited\"\n}\n";
    let text = format!("{credits}instance_type = \"m5.large\"");
    let (without, _) = lifecycle.update(&bare, &text).await;
    assert!(latest(&aws, &id).await.credit_specification().is_none());
    let text = format!("{credits}instance_type = \"t3.large\"");
    let (with, _) = lifecycle.update(&without, &text).await;
    assert_eq!(latest(&aws, &id).await.credit_specification().unwrap().cpu_credits(), Some("unlimited"));
    lifecycle.delete(&with).await;
}

#[tokio::test]
async fn a_version_made_by_somebody_else_is_drift() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_launch_template", &aws);
    let text = "name = \"web\"\ninstance_type = \"t3.micro\"\nupdate_default_version = true";
    let made = lifecycle.create(text).await;
    let id = made.text("id").unwrap().to_owned();
    let data = RequestLaunchTemplateData::builder().instance_type("t3.large".into()).build();
    let call = aws.ec2().create_launch_template_version().launch_template_id(&id);
    call.launch_template_data(data).send().await.unwrap();
    let live = lifecycle.read(&made).await.unwrap();
    assert_eq!((live.text("instance_type"), live.integer("latest_version")), (Some("t3.large"), Some(2)));
    let known = made.with("latest_version", live.get("latest_version").unwrap());
    let known = known.with("instance_type", live.get("instance_type").unwrap());
    let (restored, changes) = lifecycle.update(&known, text).await;
    assert_eq!(changes, [".default_version", ".instance_type", ".latest_version"]);
    assert_eq!(numbers(&template(&aws, &id).await), (Some(3), Some(3)));
    assert_eq!(latest(&aws, &id).await.instance_type().unwrap().as_str(), "t3.micro");

    // A default version set back by hand is put where it belongs, without a new version.
    aws.ec2().modify_launch_template().launch_template_id(&id).default_version("1").send().await.unwrap();
    let live = lifecycle.read(&restored).await.unwrap();
    let live = restored.with("default_version", live.get("default_version").unwrap());
    let (_, changes) = lifecycle.update(&live, text).await;
    assert_eq!(changes, [".default_version"]);
    assert_eq!(numbers(&template(&aws, &id).await), (Some(3), Some(3)));
}

#[tokio::test]
async fn many_templates_are_read_with_two_calls() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new("aws_launch_template", &aws.through(proxy.endpoint()));
    let mut known = Vec::new();
    for number in 0..20 {
        let call = aws.ec2().create_launch_template().launch_template_name(format!("t{number}"));
        let data = RequestLaunchTemplateData::builder().key_name(format!("k{number}")).build();
        let made = call.launch_template_data(data).send().await.unwrap().launch_template.unwrap();
        known.push(lifecycle.ty.import_seed(made.launch_template_id().unwrap()).unwrap());
    }
    for (number, read) in lifecycle.read_all(&known).await.into_iter().enumerate() {
        let ReadResult::Found(read) = read else { panic!("{read:?}") };
        assert_eq!(read.text("key_name"), Some(&*format!("k{number}")));
    }
    let counts =
        || (proxy.count("ec2.DescribeLaunchTemplates"), proxy.count("ec2.DescribeLaunchTemplateVersions"));
    assert_eq!(counts(), (1, 1));

    // One that is gone is missing; the others are still found, with one call more.
    let gone = known[3].text("id").unwrap();
    aws.ec2().delete_launch_template().launch_template_id(gone).send().await.unwrap();
    let read = lifecycle.read_all(&known).await;
    for (number, read) in read.iter().enumerate() {
        assert_eq!(matches!(read, ReadResult::Missing), number == 3, "{number}");
    }
    assert_eq!(counts(), (3, 2));

    // A journal has the name only.
    let by_name = lifecycle.ty.identity(&lifecycle.config("name = \"t7\"")).unwrap();
    assert_eq!(lifecycle.read(&by_name).await.unwrap().text("key_name"), Some("k7"));
    let nobody = lifecycle.ty.identity(&lifecycle.config("name = \"t77\"")).unwrap();
    assert!(lifecycle.read(&nobody).await.is_none());

    proxy.rule(Rule::on("ec2.DescribeLaunchTemplateVersions").fail(403, "UnauthorizedOperation", "no"));
    for read in lifecycle.read_all(&known).await {
        let ReadResult::Unreadable(error) = read else { panic!("{read:?}") };
        assert_eq!(error.operation, "ec2:DescribeLaunchTemplateVersions");
    }
}

#[tokio::test]
async fn tags_of_the_account_s_own_are_seen() {
    let aws = Aws::fresh();
    let lifecycle = Lifecycle::new("aws_launch_template", &aws);
    let made = lifecycle.create("name = \"web\"").await;
    let id = made.text("id").unwrap();
    let tag = Tag::builder().key("Owner").value("me").build();
    aws.ec2().create_tags().resources(id).tags(tag).send().await.unwrap();
    let live = lifecycle.read(&made).await.unwrap();
    assert_eq!(live.text_map("tags_all").get("Owner").map(String::as_str), Some("me"));
}

/// The words are ours; what is refused is what hashicorp/aws 5.100.0 refuses (`terraform validate`), but for user
/// data that is no base64, which EC2 refuses.
#[tokio::test]
async fn what_is_wrong_is_told_offline() {
    let lifecycle = Lifecycle::new("aws_launch_template", &Aws::fresh());
    for (text, path) in [
        ("name = \"ab\"", ".name"),
        ("name = \"abc!\"", ".name"),
        ("name = \"abc\"\nname_prefix = \"abc\"", ".name_prefix"),
        ("default_version = 0", ".default_version"),
        ("default_version = 1\nupdate_default_version = true", ".update_default_version"),
        ("ebs_optimized = \"maybe\"", ".ebs_optimized"),
        ("user_data = \"not base64!\"", ".user_data"),
        ("security_group_names = [\"a\"]\nvpc_security_group_ids = [\"b\"]", ".vpc_security_group_ids"),
        ("instance_initiated_shutdown_behavior = \"x\"", ".instance_initiated_shutdown_behavior"),
        (
            "metadata_options {\n http_put_response_hop_limit = 65\n}",
            ".metadata_options[0].http_put_response_hop_limit",
        ),
        ("placement {\n tenancy = \"x\"\n}", ".placement[0].tenancy"),
        ("tag_specifications {\n resource_type = \"x\"\n}", ".tag_specifications[0].resource_type"),
        ("network_interfaces {\n private_ip_address = \"x\"\n}", ".network_interfaces[0].private_ip_address"),
        ("network_interfaces {\n ipv4_prefixes = [\"x\"]\n}", ".network_interfaces[0].ipv4_prefixes"),
        (
            "instance_requirements {\n memory_mib {\n min = 0\n }\n vcpu_count {\n min = 1\n }\n}",
            ".instance_requirements[0].memory_mib[0].min",
        ),
        (
            "instance_market_options {\n spot_options {\n valid_until = \"x\"\n }\n}",
            ".instance_market_options[0].spot_options[0].valid_until",
        ),
        (
            "block_device_mappings {\n ebs {\n throughput = 1\n }\n}",
            ".block_device_mappings[0].ebs[0].throughput",
        ),
        (
            "block_device_mappings {\n ebs {\n encrypted = \"maybe\"\n }\n}",
            ".block_device_mappings[0].ebs[0].encrypted",
        ),
    ] {
        let found = errors(&lifecycle.problems(text));
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].starts_with(&format!("{path}:")), "{text}: {found:?}");
    }
    let planned = lifecycle.plan(None, "default_version = 2");
    assert_eq!(planned.problems[0].summary, "No such version");
    assert!(errors(&lifecycle.problems(EVERYTHING)).is_empty());
}
