//! What can be told of a launch template's configuration offline.

use aws_sdk_ec2::types::{
    AcceleratorManufacturer, AcceleratorName, AcceleratorType, CpuManufacturer, InstanceGeneration,
    LocalStorageType, ResourceType as TaggedType,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::schema::switch_of;
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::ec2::network::filled;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

/// How many bytes of user data an instance takes (EC2 User Guide, “Run commands when you launch an EC2 instance”).
const USER_DATA_LIMIT: usize = 16_384;

/// The longest name and prefix that the AWS provider takes; a prefix leaves room for the unique suffix.
const NAME_LIMITS: [(&str, usize); 2] = [("name", 125), ("name_prefix", 99)];

/// No upper limit but that of EC2's integers.
const MANY: i64 = 2_147_483_647;

const ENABLED: [&str; 2] = ["enabled", "disabled"];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    for (name, longest) in NAME_LIMITS {
        checks.length(name, 3..=longest);
        let is_odd = |character: char| !character.is_ascii_alphanumeric() && !"()./_-".contains(character);
        if config.text(name).is_some_and(|text| text.contains(is_odd)) {
            checks.invalid(name, "A launch template's name is of letters, digits and ( ) . / _ - only.");
        }
    }
    checks.length("description", 0..=255);
    checks.conflict("name", "name_prefix");
    checks.conflict("default_version", "update_default_version");
    checks.conflict("security_group_names", "vpc_security_group_ids");
    checks.conflict("instance_type", "instance_requirements");
    checks.within("default_version", 1..=MANY, "");
    checks.one_of("instance_initiated_shutdown_behavior", &["stop", "terminate"], false);
    switches(&mut checks, &["ebs_optimized"]);
    user_data(&mut checks);
    options(&mut checks);
    market(&mut checks);
    checks.each("block_device_mappings", |mapping| mapping.each("ebs", volume));
    checks.each("network_interfaces", interface);
    checks.each("instance_requirements", requirements);
    checks.each("tag_specifications", |block| {
        let Some(kind) = block.config.text("resource_type") else { return };
        if !TaggedType::values().contains(&kind) {
            let detail = format!(
                "\"{kind}\" is nothing that EC2 tags at a launch, which are \"instance\", \"volume\", \
                 \"network-interface\", \"spot-instances-request\" and the like."
            );
            block.invalid("resource_type", detail);
        }
    });
    for name in ["elastic_gpu_specifications", "elastic_inference_accelerator"] {
        if !config.blocks(name).is_empty() {
            let service = if name.contains("gpu") { "Elastic Graphics" } else { "Elastic Inference" };
            checks.warn(name, "Argument is deprecated", format!("AWS no longer offers {service}."));
        }
    }
}

/// Switches that may be left open are texts.
fn switches(checks: &mut Checks<'_>, names: &[&str]) {
    for name in names {
        if let Some(text) = filled(checks.config, name)
            && switch_of(text).is_none()
        {
            checks.invalid(name, format!("\"{text}\" is neither true nor false."));
        }
    }
}

/// User data may be sensitive: it is not quoted.
fn user_data(checks: &mut Checks<'_>) {
    let Some(text) = filled(checks.config, "user_data") else { return };
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() > USER_DATA_LIMIT => {
            let detail = format!("It has {} bytes; an instance takes {USER_DATA_LIMIT}.", bytes.len());
            checks.invalid("user_data", detail);
        }
        Ok(_) => {}
        Err(_) => checks.invalid(
            "user_data",
            "It is not base64, in which EC2 takes user data: give it as base64encode(…).",
        ),
    }
}

fn options(checks: &mut Checks<'_>) {
    checks.each("capacity_reservation_specification", |block| {
        let preferences = ["capacity-reservations-only", "open", "none"];
        block.one_of("capacity_reservation_preference", &preferences, false);
        block.each("capacity_reservation_target", |target| {
            target.conflict("capacity_reservation_id", "capacity_reservation_resource_group_arn");
            target.arn("capacity_reservation_resource_group_arn");
        });
    });
    checks.each("cpu_options", |block| block.one_of("amd_sev_snp", &ENABLED, false));
    checks
        .each("credit_specification", |block| block.one_of("cpu_credits", &["standard", "unlimited"], false));
    checks.each("iam_instance_profile", |block| {
        block.conflict("arn", "name");
        block.arn("arn");
    });
    checks.each("license_specification", |block| block.arn("license_configuration_arn"));
    checks
        .each("maintenance_options", |block| block.one_of("auto_recovery", &["default", "disabled"], false));
    checks.each("metadata_options", |block| {
        for name in ["http_endpoint", "http_protocol_ipv6", "instance_metadata_tags"] {
            block.one_of(name, &ENABLED, false);
        }
        block.one_of("http_tokens", &["optional", "required"], false);
        block.within("http_put_response_hop_limit", 1..=64, "");
    });
    checks.each("placement", |block| {
        block.one_of("tenancy", &["default", "dedicated", "host"], false);
        block.conflict("host_id", "host_resource_group_arn");
        block.arn("host_resource_group_arn");
    });
    checks.each("private_dns_name_options", |block| {
        block.one_of("hostname_type", &["ip-name", "resource-name"], false);
    });
}

fn market(checks: &mut Checks<'_>) {
    checks.each("instance_market_options", |block| {
        block.one_of("market_type", &["spot", "capacity-block"], false);
        block.each("spot_options", |spot| {
            let minutes = spot.config.integer("block_duration_minutes");
            if let Some(minutes) = minutes.filter(|minutes| minutes % 60 != 0) {
                spot.invalid("block_duration_minutes", format!("{minutes} is not a multiple of 60."));
            }
            let behaviors = ["hibernate", "stop", "terminate"];
            spot.one_of("instance_interruption_behavior", &behaviors, false);
            spot.one_of("spot_instance_type", &["one-time", "persistent"], false);
            if let Some(text) = filled(spot.config, "valid_until")
                && super::write::time(text).is_none()
            {
                let detail = format!("\"{text}\" is not a time such as 2030-01-02T15:04:05Z.");
                spot.invalid("valid_until", detail);
            }
        });
    });
}

fn volume(ebs: &mut Checks<'_>) {
    let kinds = ["standard", "io1", "io2", "gp2", "gp3", "sc1", "st1"];
    ebs.one_of("volume_type", &kinds, false);
    ebs.within("throughput", 125..=1000, "MiB/s");
    ebs.within("volume_initialization_rate", 100..=300, "MiB/s");
    ebs.arn("kms_key_id");
    switches(ebs, &["delete_on_termination", "encrypted"]);
}

fn interface(block: &mut Checks<'_>) {
    switches(
        block,
        &[
            "associate_carrier_ip_address",
            "associate_public_ip_address",
            "delete_on_termination",
            "primary_ipv6",
        ],
    );
    block.one_of("interface_type", &["efa", "efa-only", "interface"], false);
    block.each("connection_tracking_specification", |tracking| {
        tracking.within("tcp_established_timeout", 60..=432_000, "seconds");
        tracking.within("udp_stream_timeout", 60..=180, "seconds");
        tracking.within("udp_timeout", 30..=60, "seconds");
    });
    let is_v4 = |text: &str| text.parse::<std::net::Ipv4Addr>().is_ok();
    let is_v6 = |text: &str| text.parse::<std::net::Ipv6Addr>().is_ok();
    let is_network = |text: &str| text.parse::<ipnet::IpNet>().is_ok();
    if let Some(text) = filled(block.config, "private_ip_address")
        && !is_v4(text)
    {
        block.invalid("private_ip_address", format!("\"{text}\" is not an IPv4 address."));
    }
    members(block, "ipv4_addresses", is_v4, "an IPv4 address");
    members(block, "ipv6_addresses", is_v6, "an IPv6 address");
    members(block, "ipv4_prefixes", is_network, "an address range such as 10.0.0.0/28");
    members(block, "ipv6_prefixes", is_network, "an address range such as 2001:db8::/80");
}

/// Checks each member of a set of texts.
fn members(checks: &mut Checks<'_>, name: &str, is_good: impl Fn(&str) -> bool, what: &str) {
    for text in checks.config.texts(name) {
        if !is_good(&text) {
            checks.invalid(name, format!("\"{text}\" is not {what}."));
        }
    }
}

fn requirements(block: &mut Checks<'_>) {
    block.conflict("allowed_instance_types", "excluded_instance_types");
    block.conflict(
        "max_spot_price_as_percentage_of_optimal_on_demand_price",
        "spot_max_price_percentage_over_lowest_price",
    );
    for name in ["bare_metal", "burstable_performance", "local_storage"] {
        block.one_of(name, &["included", "required", "excluded"], false);
    }
    let choices = [
        ("accelerator_manufacturers", AcceleratorManufacturer::values()),
        ("accelerator_names", AcceleratorName::values()),
        ("accelerator_types", AcceleratorType::values()),
        ("cpu_manufacturers", CpuManufacturer::values()),
        ("instance_generations", InstanceGeneration::values()),
        ("local_storage_types", LocalStorageType::values()),
    ];
    for (name, choice) in choices {
        let words: Vec<String> = choice.iter().map(|word| format!("\"{word}\"")).collect();
        members(block, name, |text| choice.contains(&text), &format!("one of {}", words.join(", ")));
    }
    for name in [
        "max_spot_price_as_percentage_of_optimal_on_demand_price",
        "on_demand_max_price_percentage_over_lowest_price",
        "spot_max_price_percentage_over_lowest_price",
    ] {
        block.within(name, 1..=MANY, "per cent");
    }
    block.each("accelerator_count", |range| {
        range.within("min", 1..=MANY, "");
        range.within("max", 0..=MANY, "");
    });
    let whole = [
        "accelerator_total_memory_mib",
        "baseline_ebs_bandwidth_mbps",
        "memory_mib",
        "network_interface_count",
        "vcpu_count",
    ];
    for name in whole {
        block.each(name, |range| {
            range.within("min", 1..=MANY, "");
            range.within("max", 1..=MANY, "");
            ordered(range);
        });
    }
    for name in ["memory_gib_per_vcpu", "network_bandwidth_gbps", "total_local_storage_gb"] {
        block.each(name, |range| {
            for end in ["min", "max"] {
                if range.config.float(end).is_some_and(|number| number <= 0.0) {
                    range.invalid(end, "It must be more than 0.");
                }
            }
            ordered(range);
        });
    }
}

/// A range whose end lies before its beginning holds nothing.
fn ordered(range: &mut Checks<'_>) {
    if let (Some(min), Some(max)) = (range.config.float("min"), range.config.float("max"))
        && max < min
    {
        range.invalid("max", format!("{max} is less than min, {min}: no instance type is of this range."));
    }
}
