//! What can be told of an instance's configuration offline.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::provider::aws::ec2::network::{at, filled, is_given, rules};
use crate::provider::object::Object;
use crate::provider::{AttributePath, Problems};

/// How many bytes of user data an instance takes (EC2 User Guide, “Run commands when you launch an EC2 instance”).
const USER_DATA_LIMIT: usize = 16_384;

/// What says of the network that `network_interface` says too.
const NETWORK: [&str; 10] = [
    "associate_public_ip_address",
    "enable_primary_ipv6",
    "ipv6_address_count",
    "ipv6_addresses",
    "private_ip",
    "secondary_private_ips",
    "security_groups",
    "source_dest_check",
    "subnet_id",
    "vpc_security_group_ids",
];

/// Arguments of blocks with a fixed choice of values.
const CHOICES: [(&str, &str, &[&str]); 9] = [
    ("credit_specification", "cpu_credits", &["standard", "unlimited"]),
    ("cpu_options", "amd_sev_snp", &["enabled", "disabled"]),
    ("instance_market_options", "market_type", &["spot", "capacity-block"]),
    ("maintenance_options", "auto_recovery", &["default", "disabled"]),
    ("metadata_options", "http_endpoint", &["enabled", "disabled"]),
    ("metadata_options", "http_protocol_ipv6", &["enabled", "disabled"]),
    ("metadata_options", "http_tokens", &["optional", "required"]),
    ("metadata_options", "instance_metadata_tags", &["enabled", "disabled"]),
    ("private_dns_name_options", "hostname_type", &["ip-name", "resource-name"]),
];

fn within(block: &str, index: usize, name: &str) -> AttributePath {
    vec![PathStep::Attribute(block.into()), PathStep::Index(index), PathStep::Attribute(name.into())]
}

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    for name in ["ami", "instance_type"] {
        if config.get(name).is_none_or(|value| value.is_null()) && !is_given(config, "launch_template") {
            let detail = format!("\"{name}\": one of {name}, launch_template must be specified.");
            problems.error(at(name), "Missing required argument", detail);
        }
    }
    rules::conflicts(config, "user_data_base64", "user_data", problems);
    rules::conflicts(config, "host_resource_group_arn", "host_id", problems);
    rules::conflicts(config, "ipv6_address_count", "ipv6_addresses", problems);
    rules::conflicts(config, "security_groups", "vpc_security_group_ids", problems);
    for name in ["cpu_core_count", "cpu_threads_per_core"] {
        rules::conflicts(config, name, "cpu_options", problems);
    }
    if !config.blocks("network_interface").is_empty() {
        for name in NETWORK.iter().filter(|name| config.get(name).is_some_and(|value| !value.is_null())) {
            let detail = format!("\"{name}\": conflicts with network_interface, which says it too.");
            problems.error(at(name), "Conflicting arguments", detail);
        }
    }
    rules::one_of(config, "tenancy", &["default", "dedicated", "host"], problems);
    rules::one_of(config, "instance_initiated_shutdown_behavior", &["stop", "terminate"], problems);
    for (block, name, choice) in CHOICES {
        if let Some(text) = config.block(block).and_then(|block| block.text(name))
            && !choice.contains(&text)
        {
            let detail = format!("expected {name} to be one of {choice:?}, got {text}.");
            problems.error(within(block, 0, name), "Invalid value", detail);
        }
    }
    let hops =
        config.block("metadata_options").and_then(|block| block.integer("http_put_response_hop_limit"));
    if let Some(hops) = hops.filter(|hops| !(1..=64).contains(hops)) {
        let detail = format!("expected http_put_response_hop_limit to be in the range (1 - 64), got {hops}.");
        problems.error(within("metadata_options", 0, "http_put_response_hop_limit"), "Invalid value", detail);
    }
    validate_data(config, problems);
    for block in ["root_block_device", "ebs_block_device"] {
        for (index, device) in config.blocks(block).iter().enumerate() {
            validate_volume(block, index, device, problems);
        }
    }
}

/// User data may be sensitive: it is not quoted.
fn validate_data(config: &Value, problems: &mut Problems) {
    if let Some(text) = filled(config, "user_data") {
        let length = STANDARD.decode(text).map_or(text.len(), |bytes| bytes.len());
        if length > USER_DATA_LIMIT {
            let detail = format!("user_data has {length} bytes; an instance takes {USER_DATA_LIMIT}.");
            problems.error(at("user_data"), "User data too long", detail);
        }
    }
    if let Some(text) = filled(config, "user_data_base64") {
        match STANDARD.decode(text) {
            Ok(bytes) if bytes.len() > USER_DATA_LIMIT => {
                let detail = format!(
                    "user_data_base64 has {} bytes; an instance takes {USER_DATA_LIMIT}.",
                    bytes.len()
                );
                problems.error(at("user_data_base64"), "User data too long", detail);
            }
            Ok(_) => {}
            Err(error) => {
                let detail = format!("user_data_base64 must be base64-encoded: {error}.");
                problems.error(at("user_data_base64"), "Invalid base64", detail);
            }
        }
    }
}

fn validate_volume(block: &str, index: usize, device: &Value, problems: &mut Problems) {
    let kind = filled(device, "volume_type");
    let kinds = ["standard", "gp2", "gp3", "io1", "io2", "sc1", "st1"];
    if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
        let detail = format!("expected volume_type to be one of {kinds:?}, got {kind}.");
        problems.error(within(block, index, "volume_type"), "Invalid value", detail);
        return;
    }
    for (name, with) in [("iops", &["gp3", "io1", "io2"][..]), ("throughput", &["gp3"][..])] {
        let is_set = device.integer(name).is_some_and(|number| number > 0);
        if let Some(kind) = kind.filter(|kind| is_set && !with.contains(kind)) {
            let detail =
                format!("\"{name}\" attribute not supported for {block} with volume_type \"{kind}\".");
            problems.error(within(block, index, name), "Unsupported argument", detail);
        }
    }
}
