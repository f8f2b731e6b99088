//! `aws_autoscaling_group`, against a local AWS. Launch templates are made with the SDK.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use aws_sdk_ec2::types::{InstanceType, RequestLaunchTemplateData};
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_autoscaling_group";

/// An account with a template of two versions, and the text of what a group needs.
pub struct Place {
    pub aws: Aws,
    pub template: String,
    pub subnets: Vec<String>,
    pub vpc: String,
}

impl Place {
    pub async fn new() -> Place {
        let aws = Aws::fresh();
        let (vpc, subnets) = aws.network().await;
        let ec2 = aws.ec2();
        let data = |kind: InstanceType| {
            RequestLaunchTemplateData::builder().image_id("ami-12c6146b").instance_type(kind).build()
        };
        let made = ec2.create_launch_template().launch_template_name("workers");
        let made = made.launch_template_data(data(InstanceType::T3Micro)).send().await.unwrap();
        let template = made.launch_template().unwrap().launch_template_id().unwrap().to_owned();
        let call = ec2.create_launch_template_version().launch_template_id(&template);
        call.launch_template_data(data(InstanceType::T3Small)).send().await.unwrap();
        Place { aws, template, subnets, vpc }
    }

    /// A group of this name with one to three instances of the template's version.
    pub fn text(&self, name: &str, version: &str, more: &str) -> String {
        let (template, subnet) = (&self.template, &self.subnets[0]);
        format!(
            "name = \"{name}\"\nmin_size = 1\nmax_size = 3\nvpc_zone_identifier = [\"{subnet}\"]\n\
             launch_template {{\n  id = \"{template}\"\n  version = \"{version}\"\n}}\n{more}"
        )
    }

    pub async fn live(&self, name: &str) -> Option<AutoScalingGroup> {
        let call = self.aws.autoscaling().describe_auto_scaling_groups().auto_scaling_group_names(name);
        call.send().await.unwrap().auto_scaling_groups.unwrap().pop()
    }

    async fn refreshes(&self, name: &str) -> usize {
        let call = self.aws.autoscaling().describe_instance_refreshes().auto_scaling_group_name(name);
        call.send().await.unwrap().instance_refreshes().len()
    }

    pub async fn target_group(&self, name: &str) -> String {
        let call = self.aws.elb().create_target_group().name(name).vpc_id(&self.vpc).port(80);
        let protocol = aws_sdk_elasticloadbalancingv2::types::ProtocolEnum::Http;
        let made = call.protocol(protocol).send().await.unwrap();
        made.target_groups()[0].target_group_arn().unwrap().to_owned()
    }
}

fn sorted(texts: &[String]) -> Vec<&str> {
    let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    texts.sort_unstable();
    texts
}

#[tokio::test]
async fn the_least_of_a_group() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let text = place.text("least", "1", "");
    let made = group.create(&text).await;
    let live = place.live("least").await.unwrap();
    assert_eq!(live.instances().len(), 1);
    assert_eq!(live.vpc_zone_identifier(), Some(place.subnets[0].as_str()));
    assert_eq!(live.launch_template().unwrap().version(), Some("1"));
    assert_eq!(made.text("arn"), live.auto_scaling_group_arn());
    assert_eq!(made.block("launch_template").unwrap().text("name"), Some("workers"));
    assert_eq!(made.integer("desired_capacity"), Some(1));
    assert_eq!(made.texts("termination_policies"), [""; 0]);

    let imported = group.read(&group.ty.import_seed("least").unwrap()).await.unwrap();
    assert_eq!(imported.text("arn"), made.text("arn"));
    assert!(group.ty.import_seed("").is_err());

    group.delete(&made).await;
    assert!(place.live("least").await.is_none());
}

#[tokio::test]
async fn a_name_can_be_generated() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let text = place.text("x", "1", "").replace("name = \"x\"", "name_prefix = \"web-\"");
    let made = group.create(&text).await;
    assert!(made.text("name").unwrap().starts_with("web-"));
    assert_eq!(group.plan(Some(&made), &text.replace("web-", "app-")).replace, [".name_prefix"]);
    assert_eq!(group.plan(Some(&made), &place.text("other", "1", "")).replace, [".name"]);
}

const FULL: &str = r#"
capacity_rebalance        = true
context                   = "blue"
default_cooldown          = 60
default_instance_warmup   = 30
desired_capacity          = 2
desired_capacity_type     = "units"
enabled_metrics           = ["GroupInServiceInstances", "GroupMinSize"]
health_check_grace_period = 120
health_check_type         = "ELB"
max_instance_lifetime     = 604800
protect_from_scale_in     = true
placement_group           = "near"
suspended_processes       = ["AZRebalance", "ScheduledActions"]
termination_policies      = ["OldestInstance", "Default"]
availability_zone_distribution {
  capacity_distribution_strategy = "balanced-only"
}
capacity_reservation_specification {
  capacity_reservation_preference = "capacity-reservations-first"
  capacity_reservation_target {
    capacity_reservation_ids = ["cr-1"]
  }
}
initial_lifecycle_hook {
  name                 = "greet"
  lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING"
  default_result       = "CONTINUE"
  heartbeat_timeout    = 60
}
instance_maintenance_policy {
  min_healthy_percentage = 90
  max_healthy_percentage = 120
}
tag {
  key                 = "Name"
  value               = "worker"
  propagate_at_launch = true
}
tag {
  key                 = "team"
  value               = "data"
  propagate_at_launch = false
}
warm_pool {
  max_group_prepared_capacity = 4
  min_size                    = 1
  pool_state                  = "Running"
  instance_reuse_policy {
    reuse_on_scale_in = true
  }
}
"#;

#[tokio::test]
async fn every_setting_is_made_changed_and_taken_away() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let made = group.create(&place.text("full", "1", FULL)).await;
    let live = place.live("full").await.unwrap();
    assert_eq!(live.instances().len(), 2);
    assert_eq!(live.context(), Some("blue"));
    assert_eq!(live.default_instance_warmup(), Some(30));
    assert_eq!(live.health_check_grace_period(), Some(120));
    assert_eq!(live.max_instance_lifetime(), Some(604_800));
    assert_eq!(live.termination_policies(), ["OldestInstance", "Default"]);
    assert_eq!(live.enabled_metrics().len(), 2);
    assert_eq!(live.suspended_processes().len(), 2);
    assert_eq!(live.tags().len(), 2);
    assert_eq!(live.warm_pool_configuration().unwrap().max_group_prepared_capacity(), Some(4));
    assert_eq!(live.new_instances_protected_from_scale_in(), Some(true));
    let hooks = place.aws.autoscaling().describe_lifecycle_hooks().auto_scaling_group_name("full");
    let hooks = hooks.send().await.unwrap();
    assert_eq!(hooks.lifecycle_hooks()[0].default_result(), Some("CONTINUE"));

    let changed = FULL
        .replace("= true", "= false")
        .replace("blue", "green")
        .replace("= 60\ndefault_instance", "= 90\ndefault_instance")
        .replace("= 30", "= 40")
        .replace("desired_capacity          = 2", "desired_capacity          = 3")
        .replace("\"units\"", "\"vcpu\"")
        .replace("\"GroupMinSize\"", "\"GroupMaxSize\"")
        .replace("= 120\nhealth", "= 0\nhealth")
        .replace("\"ELB\"", "\"EC2\"")
        .replace("604800", "86400")
        .replace("near", "far")
        .replace("\"AZRebalance\"", "\"AlarmNotification\"")
        .replace("[\"OldestInstance\", \"Default\"]", "[\"NewestInstance\"]")
        .replace("balanced-only", "balanced-best-effort")
        .replace("reservations-first", "reservations-only")
        .replace("cr-1", "cr-2")
        .replace("= 90\n  max", "= 80\n  max")
        .replace("worker", "keeper")
        .replace("\"team\"", "\"crew\"")
        .replace("capacity = 4", "capacity = 5")
        .replace("= 1\n  pool", "= 2\n  pool")
        .replace("Running", "Stopped");
    let (changed, changes) = group.update(&made, &place.text("full", "1", &changed)).await;
    for name in ["context", "tag", "suspended_processes", "termination_policies", "health_check_type"] {
        assert!(changes.contains(&format!(".{name}")), "{name}: {changes:?}");
    }
    let live = place.live("full").await.unwrap();
    assert_eq!((live.instances().len(), live.context()), (3, Some("green")));
    assert_eq!(live.health_check_grace_period(), Some(0));
    let suspended: Vec<_> = live.suspended_processes().iter().filter_map(|one| one.process_name()).collect();
    assert!(suspended.contains(&"AlarmNotification") && !suspended.contains(&"AZRebalance"));
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "keeper"), ("crew", "data")]);
    assert_eq!(live.warm_pool_configuration().unwrap().pool_state().unwrap().as_str(), "Stopped");

    // What AWS does not decide goes with its argument.
    let hook =
        &FULL[FULL.find("initial_lifecycle_hook").unwrap()..FULL.find("instance_maintenance").unwrap()];
    let (gone, _) = group.update(&changed, &place.text("full", "1", hook)).await;
    let live = place.live("full").await.unwrap();
    assert!(live.warm_pool_configuration().is_none() && live.instance_maintenance_policy().is_none());
    assert!(live.tags().is_empty() && live.enabled_metrics().is_empty());
    assert!(live.suspended_processes().is_empty());
    assert_eq!(live.termination_policies(), ["Default"]);
    assert_eq!(live.default_instance_warmup(), None);
    assert_eq!(live.desired_capacity(), Some(3));
    assert_eq!(group.plan(Some(&gone), &place.text("full", "1", "")).replace, [".initial_lifecycle_hook"]);
}

#[tokio::test]
async fn a_changed_template_starts_a_refresh() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let refresh = "instance_refresh {\n  strategy = \"Rolling\"\n  triggers = [\"tag\"]\n  preferences {\n    \
                   min_healthy_percentage = 50\n    instance_warmup = \"30\"\n  }\n}\n";
    let made = group.create(&place.text("fresh", "1", refresh)).await;
    assert_eq!(place.refreshes("fresh").await, 0);
    let (made, changes) = group.update(&made, &place.text("fresh", "2", refresh)).await;
    assert_eq!(changes, [".launch_template[0].version"]);
    assert_eq!(place.refreshes("fresh").await, 1);
    assert_eq!(place.live("fresh").await.unwrap().launch_template().unwrap().version(), Some("2"));
    // What is no trigger starts none.
    let (made, _) =
        group.update(&made, &place.text("fresh", "2", &format!("{refresh}context = \"c\"\n"))).await;
    assert_eq!(place.refreshes("fresh").await, 1);
    let tag = "tag {\n  key = \"a\"\n  value = \"b\"\n  propagate_at_launch = true\n}\n";
    let (made, _) =
        group.update(&made, &place.text("fresh", "2", &format!("{refresh}context = \"c\"\n{tag}"))).await;
    assert_eq!(place.refreshes("fresh").await, 2);
    // Nor does anything once the code asks for none.
    let text = place.text("fresh", "1", &format!("context = \"c\"\n{tag}"));
    group.update(&made, &text).await;
    assert_eq!(place.refreshes("fresh").await, 2);
}

#[tokio::test]
async fn a_template_is_named_by_id_or_name() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let data = RequestLaunchTemplateData::builder()
        .image_id("ami-12c6146b")
        .instance_type(InstanceType::T3Micro)
        .build();
    let call = place.aws.ec2().create_launch_template().launch_template_name("others");
    let other = call.launch_template_data(data).send().await.unwrap();
    let made = group.create(&place.text("named", "1", "")).await;
    let by_name =
        place.text("named", "1", "").replace(&format!("id = \"{}\"", place.template), "name = \"others\"");
    let (made, _) = group.update(&made, &by_name).await;
    let live = place.live("named").await.unwrap();
    assert_eq!(live.launch_template().unwrap().launch_template_name(), Some("others"));
    let id = other.launch_template().unwrap().launch_template_id();
    assert_eq!(made.block("launch_template").unwrap().text("id"), id);
}

/// A policy in every argument; what is written `…` is filled in.
const MIXED: &str = r#"
mixed_instances_policy {
  instances_distribution {
    on_demand_allocation_strategy            = "lowest-price"
    on_demand_base_capacity                  = 1
    on_demand_percentage_above_base_capacity = 50
    spot_allocation_strategy                 = "lowest-price"
    spot_instance_pools                      = 3
    spot_max_price                           = "0.05"
  }
  launch_template {
    launch_template_specification {
      launch_template_id = "…"
      version            = "1"
    }
    override {
      instance_type     = "t3.small"
      weighted_capacity = "1"
      launch_template_specification {
        launch_template_name = "workers"
        version              = "2"
      }
    }
    override {
      weighted_capacity = "2"
      instance_requirements {
        accelerator_manufacturers = ["nvidia"]
        accelerator_names         = ["t4"]
        accelerator_types         = ["gpu"]
        bare_metal                = "excluded"
        burstable_performance     = "included"
        cpu_manufacturers         = ["intel", "amd"]
        excluded_instance_types   = ["m1.*"]
        instance_generations      = ["current"]
        local_storage             = "required"
        local_storage_types       = ["ssd"]
        on_demand_max_price_percentage_over_lowest_price = 20
        require_hibernate_support                        = true
        spot_max_price_percentage_over_lowest_price      = 100
        accelerator_count {
          min = 1
          max = 2
        }
        accelerator_total_memory_mib {
          min = 1000
        }
        baseline_ebs_bandwidth_mbps {
          min = 100
        }
        memory_gib_per_vcpu {
          min = 0.5
          max = 8
        }
        memory_mib {
          min = 1024
        }
        network_bandwidth_gbps {
          min = 1.5
        }
        network_interface_count {
          max = 4
        }
        total_local_storage_gb {
          min = 0.5
        }
        vcpu_count {
          min = 1
          max = 4
        }
      }
    }
  }
}
"#;

#[tokio::test]
async fn a_group_can_mix_instances() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let plain = place.text("mixed", "1", "");
    let base = &plain[..plain.find("launch_template").unwrap()];
    let text = format!("{base}{}", MIXED.replace('…', &place.template));
    let made = group.create(&text).await;
    let live = place.live("mixed").await.unwrap();
    let policy = live.mixed_instances_policy().unwrap();
    assert_eq!(policy.instances_distribution().unwrap().spot_max_price(), Some("0.05"));
    let overrides = policy.launch_template().unwrap().overrides();
    let requirements = overrides[1].instance_requirements().unwrap();
    assert_eq!(requirements.memory_gib_per_v_cpu().unwrap().min(), Some(0.5));
    assert_eq!(requirements.cpu_manufacturers().len(), 2);
    assert_eq!(requirements.require_hibernate_support(), Some(true));

    let changed = text
        .replace(
            "\"lowest-price\"\n    spot_instance_pools                      = 3",
            "\"capacity-optimized\"",
        )
        .replace("= 50", "= 60")
        .replace("spot_max_price                           = \"0.05\"", "")
        .replace("t3.small", "t3.large")
        .replace("min = 0.5", "min = 1.25")
        .replace("\"t4\"", "\"v100\"");
    let (made, changes) = group.update(&made, &changed).await;
    assert!(changes.iter().all(|path| path.starts_with(".mixed_instances_policy")), "{changes:?}");
    let live = place.live("mixed").await.unwrap();
    let policy = live.mixed_instances_policy().unwrap();
    let distribution = policy.instances_distribution().unwrap();
    assert_eq!(distribution.spot_allocation_strategy(), Some("capacity-optimized"));
    assert_eq!(distribution.on_demand_percentage_above_base_capacity(), Some(60));
    assert_eq!(policy.launch_template().unwrap().overrides()[0].instance_type(), Some("t3.large"));

    // The defaults that AWS fills in are no change, and a group goes from policy to template and back.
    let (made, _) = group.update(&made, &plain).await;
    assert!(place.live("mixed").await.unwrap().mixed_instances_policy().is_none());
    let least = format!(
        "{base}mixed_instances_policy {{\n  launch_template {{\n    launch_template_specification {{\n      \
         launch_template_name = \"workers\"\n    }}\n  }}\n}}\n"
    );
    let (made, _) = group.update(&made, &least).await;
    let policy = made.block("mixed_instances_policy").unwrap();
    assert_eq!(policy.block("instances_distribution").unwrap().integer("spot_instance_pools"), Some(2));
    assert!(made.block("launch_template").is_none());
    assert!(place.live("mixed").await.unwrap().launch_template().is_none());
}

#[tokio::test]
async fn what_another_resource_attaches_is_no_change() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let (one, other) = (place.target_group("one").await, place.target_group("other").await);
    let text = place.text("attached", "1", "");
    let made = group.create(&text).await;
    let attach = place.aws.autoscaling().attach_load_balancer_target_groups();
    attach.auto_scaling_group_name("attached").target_group_arns(&one).send().await.unwrap();
    let read = group.read(&made).await.unwrap();
    let timeout = "wait_for_capacity_timeout";
    let read = read.with(timeout, made.get(timeout).unwrap());
    assert_eq!(read.texts("target_group_arns"), [one.as_str()]);
    assert_eq!(group.plan(Some(&read), &text).changes, [""; 0]);
    // Once the code says which, it is those.
    let said = place.text("attached", "1", &format!("target_group_arns = [\"{other}\"]\n"));
    let (made, changes) = group.update(&read, &said).await;
    assert_eq!(changes, [".target_group_arns", ".traffic_source"]);
    assert_eq!(place.live("attached").await.unwrap().target_group_arns(), [other.as_str()]);
    let none = place.text("attached", "1", "target_group_arns = []\n");
    let (made, _) = group.update(&made, &none).await;
    assert!(place.live("attached").await.unwrap().target_group_arns().is_empty());
    // The same as traffic sources.
    let lattice = "arn:aws:vpc-lattice:eu-west-3:123456789012:targetgroup/tg-0123456789abcdef0";
    let sources = format!(
        "traffic_source {{\n  identifier = \"{one}\"\n}}\ntraffic_source {{\n  identifier = \"{lattice}\"\n  type = \"vpc-lattice\"\n}}\n"
    );
    let (made, _) = group.update(&made, &place.text("attached", "1", &sources)).await;
    let live = place.live("attached").await.unwrap();
    let identifiers: Vec<String> =
        live.traffic_sources().iter().map(|one| one.identifier().unwrap().to_owned()).collect();
    assert_eq!(sorted(&identifiers), [one.as_str(), lattice]);
    assert_eq!(made.texts("target_group_arns"), [one.as_str()]);
    let fewer = "traffic_source {\n  identifier = \"balancer\"\n}\n";
    let (made, _) = group.update(&made, &place.text("attached", "1", fewer)).await;
    assert_eq!(made.texts("load_balancers"), ["balancer"]);
    assert!(made.texts("target_group_arns").is_empty());
    group.update(&made, &place.text("attached", "1", "load_balancers = []\n")).await;
    assert!(place.live("attached").await.unwrap().load_balancer_names().is_empty());
}

#[tokio::test]
async fn a_group_moves_to_other_subnets() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let text = place.text("moved", "1", "");
    let made = group.create(&text).await;
    let both = text.replace(
        &format!("[\"{}\"]", place.subnets[0]),
        &format!("[\"{}\", \"{}\"]", place.subnets[1], place.subnets[0]),
    );
    let (made, changes) = group.update(&made, &both).await;
    assert_eq!(changes, [".availability_zones", ".vpc_zone_identifier"]);
    assert_eq!(made.texts("availability_zones").len(), 2);
}

#[tokio::test]
async fn a_forced_deletion_does_not_wait_for_instances() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let text = "protect_from_scale_in = true\nforce_delete = true\nwarm_pool {}\n";
    let made = group.create(&place.text("forced", "1", text)).await;
    group.delete(&made).await;
    let kept = group.create(&place.text("drained", "1", "protect_from_scale_in = true\n")).await;
    group.delete(&kept).await;
}

#[tokio::test]
async fn many_groups_are_read_with_one_call() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let mut known = Vec::new();
    for name in ["a", "b", "c"] {
        known.push(group.create(&place.text(name, "1", "")).await);
    }
    known.push(group.ty.import_seed("nowhere").unwrap());
    let results = group.read_all(&known).await;
    let names: Vec<Option<String>> = results
        .into_iter()
        .map(|result| match result {
            ReadResult::Found(value) => Value::text(&value, "name").map(str::to_owned),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(names, [Some("a".to_owned()), Some("b".to_owned()), Some("c".to_owned()), None]);
}

#[tokio::test]
async fn a_template_that_does_not_exist_is_reported() {
    let place = Place::new().await;
    let group = Lifecycle::new(TYPE, &place.aws);
    let error =
        group.create_fails(&place.text("x", "1", "").replace(&place.template, "lt-0123456789abcdef0")).await;
    assert!(error.operation == "autoscaling:CreateAutoScalingGroup", "{error}");
    assert_ne!(error.kind, ErrorKind::Internal);
}

/// As the provider's `terraform validate` finds them.
#[test]
fn mistakes_are_found_offline() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    let found = |text: &str| errors(&group.problems(&format!("min_size = 1\nmax_size = 2\n{text}")));
    let template = "launch_template {\n  id = \"lt-1\"\n}\n";
    assert_eq!(found(template), [""; 0]);
    for (text, part) in [
        ("", "One of \"launch_configuration\""),
        ("launch_template {}\n", "\"id\" or \"name\" must be given"),
        ("launch_template {\n  id = \"lt-1\"\n  name = \"name\"\n}\n", "Only one of \"id\" and \"name\""),
        ("launch_configuration = \"c\"\nlaunch_template {\n  id = \"lt-1\"\n}\n", "Only one of"),
    ] {
        let found = found(text);
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
    for (text, part) in [
        ("name = \"a\"\nname_prefix = \"b\"", "Only one of \"name\""),
        ("availability_zones = [\"a\"]\nvpc_zone_identifier = [\"b\"]", "Only one of"),
        ("target_group_arns = [\"a\"]\ntraffic_source {\n  identifier = \"b\"\n}", "Only one of"),
        ("desired_capacity = 5", "is not from"),
        ("metrics_granularity = \"5Minutes\"", "is not one of"),
        ("max_instance_lifetime = 60", "86400"),
        ("wait_for_capacity_timeout = \"soon\"", "no duration"),
        ("instance_refresh {\n  strategy = \"All\"\n}", "is not one of"),
        ("instance_refresh {\n  strategy = \"Rolling\"\n  triggers = [\"nothing\"]\n}", "is no argument"),
        (
            "instance_maintenance_policy {\n  min_healthy_percentage = -1\n  max_healthy_percentage = 110\n}",
            "neither",
        ),
        ("initial_lifecycle_hook {\n  name = \"h\"\n  lifecycle_transition = \"x\"\n}", "is not one of"),
        ("warm_pool {\n  pool_state = \"Warm\"\n}", "is not one of"),
    ] {
        let found = found(&format!("{template}{text}"));
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
}
