//! The schema of `aws_launch_template`.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(0, block()));

/// The kinds of blocks that name a range, `min` and `max`, in `instance_requirements`. Two of them must be there.
const RANGES: [&str; 9] = [
    "accelerator_count",
    "accelerator_total_memory_mib",
    "baseline_ebs_bandwidth_mbps",
    "memory_gib_per_vcpu",
    "memory_mib",
    "network_bandwidth_gbps",
    "network_interface_count",
    "total_local_storage_gb",
    "vcpu_count",
];

/// A switch that may also be left open: the provider has it as text, `"true"`, `"false"` or nothing.
pub(super) fn switch_of(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// Whether two spellings of a switch mean the same.
fn same_switch(left: &Value, right: &Value) -> bool {
    match (left.as_str().and_then(switch_of), right.as_str().and_then(switch_of)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}

fn text() -> AttributeSchema {
    AttributeSchema::optional(Type::String)
}

fn number() -> AttributeSchema {
    AttributeSchema::optional(Type::Number)
}

fn flag() -> AttributeSchema {
    AttributeSchema::optional(Type::Bool)
}

fn texts() -> AttributeSchema {
    AttributeSchema::optional(Type::set(Type::String))
}

fn switch() -> AttributeSchema {
    text().equality(Equality::Custom(same_switch))
}

/// A block with these arguments, all of one kind.
fn with(block: BlockSchema, names: &[&str], attribute: impl Fn() -> AttributeSchema) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, attribute()))
}

/// A block that may stand once, with these arguments, all of one kind.
fn one(names: &[&str], attribute: impl Fn() -> AttributeSchema) -> NestedBlock {
    NestedBlock::one(with(BlockSchema::new(), names, attribute))
}

fn block() -> BlockSchema {
    let texts_only = [
        "description",
        "image_id",
        "instance_initiated_shutdown_behavior",
        "instance_type",
        "kernel_id",
        "key_name",
        "ram_disk_id",
        "user_data",
    ];
    let block = with(BlockSchema::new().id().tags(), &texts_only, text);
    let block = with(block, &["disable_api_stop", "disable_api_termination"], flag);
    let block = with(block, &["security_group_names", "vpc_security_group_ids"], texts);
    let name = || AttributeSchema::optional_computed(Type::String).forces_replacement();
    let block = block
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("default_version", AttributeSchema::optional_computed(Type::Number))
        .attribute("ebs_optimized", switch())
        .attribute("latest_version", AttributeSchema::computed(Type::Number))
        .attribute("name", name())
        .attribute("name_prefix", name())
        .attribute("update_default_version", flag().code_only());
    hardware(options(block))
        .block("block_device_mappings", NestedBlock::list(device()))
        .block("network_interfaces", NestedBlock::list(interface()))
}

/// How an instance is launched and run.
fn options(block: BlockSchema) -> BlockSchema {
    let target = one(&["capacity_reservation_id", "capacity_reservation_resource_group_arn"], text);
    let reservation = with(BlockSchema::new(), &["capacity_reservation_preference"], text)
        .block("capacity_reservation_target", target);
    let tags = with(BlockSchema::new(), &["resource_type"], text)
        .attribute("tags", AttributeSchema::optional(Type::map(Type::String)));
    let names = with(
        BlockSchema::new(),
        &["enable_resource_name_dns_a_record", "enable_resource_name_dns_aaaa_record"],
        flag,
    );
    let metadata = with(
        BlockSchema::new(),
        &["http_endpoint", "http_protocol_ipv6", "http_tokens", "instance_metadata_tags"],
        || AttributeSchema::optional_computed(Type::String),
    );
    let hops = AttributeSchema::optional_computed(Type::Number);
    let required = |ty| move || AttributeSchema::required(Type::clone(&ty));
    let license = with(BlockSchema::new(), &["license_configuration_arn"], required(Type::String));
    block
        .block("capacity_reservation_specification", NestedBlock::one(reservation))
        .block("enclave_options", one(&["enabled"], flag))
        .block("hibernation_options", one(&["configured"], required(Type::Bool)))
        .block("iam_instance_profile", one(&["arn", "name"], text))
        .block("instance_market_options", market())
        .block("license_specification", NestedBlock::set(license))
        .block("maintenance_options", one(&["auto_recovery"], text))
        .block(
            "metadata_options",
            NestedBlock::one(metadata.attribute("http_put_response_hop_limit", hops)).computed(),
        )
        .block("monitoring", one(&["enabled"], flag))
        .block("placement", placement())
        .block("private_dns_name_options", NestedBlock::one(names.attribute("hostname_type", text())))
        .block("tag_specifications", NestedBlock::list(tags))
}

/// What an instance runs on.
fn hardware(block: BlockSchema) -> BlockSchema {
    let kind = || with(BlockSchema::new(), &["type"], || AttributeSchema::required(Type::String));
    let cpu = with(BlockSchema::new(), &["core_count", "threads_per_core"], number);
    block
        .block("cpu_options", NestedBlock::one(cpu.attribute("amd_sev_snp", text())))
        .block("credit_specification", one(&["cpu_credits"], text))
        .block("elastic_gpu_specifications", NestedBlock::list(kind()))
        .block("elastic_inference_accelerator", NestedBlock::one(kind()))
        .block("instance_requirements", requirements())
}

fn market() -> NestedBlock {
    let spot = with(
        BlockSchema::new(),
        &["instance_interruption_behavior", "max_price", "spot_instance_type"],
        text,
    )
    .attribute("block_duration_minutes", number())
    .attribute("valid_until", AttributeSchema::optional_computed(Type::String));
    let block = with(BlockSchema::new(), &["market_type"], text);
    NestedBlock::one(block.block("spot_options", NestedBlock::one(spot)))
}

fn placement() -> NestedBlock {
    let names = [
        "affinity",
        "availability_zone",
        "group_name",
        "host_id",
        "host_resource_group_arn",
        "spread_domain",
        "tenancy",
    ];
    NestedBlock::one(with(BlockSchema::new(), &names, text).attribute("partition_number", number()))
}

fn requirements() -> NestedBlock {
    let sets = [
        "accelerator_manufacturers",
        "accelerator_names",
        "accelerator_types",
        "allowed_instance_types",
        "cpu_manufacturers",
        "excluded_instance_types",
        "instance_generations",
        "local_storage_types",
    ];
    let prices = [
        "max_spot_price_as_percentage_of_optimal_on_demand_price",
        "on_demand_max_price_percentage_over_lowest_price",
        "spot_max_price_percentage_over_lowest_price",
    ];
    let block = with(BlockSchema::new(), &sets, texts);
    let block = with(block, &["bare_metal", "burstable_performance", "local_storage"], text);
    let block = with(block, &prices, number).attribute("require_hibernate_support", flag());
    let range = |name: &str| match name {
        "memory_mib" | "vcpu_count" => {
            let min = AttributeSchema::required(Type::Number);
            NestedBlock::one(BlockSchema::new().attribute("min", min).attribute("max", number())).at_least(1)
        }
        _ => one(&["min", "max"], number),
    };
    NestedBlock::one(RANGES.iter().fold(block, |block, name| block.block(name, range(name))))
}

fn device() -> BlockSchema {
    let numbers = ["iops", "throughput", "volume_initialization_rate", "volume_size"];
    let ebs = with(BlockSchema::new(), &["delete_on_termination", "encrypted"], switch);
    let ebs = with(ebs, &["kms_key_id", "snapshot_id"], text);
    let ebs = with(ebs, &numbers, || AttributeSchema::optional_computed(Type::Number));
    let ebs = ebs.attribute("volume_type", AttributeSchema::optional_computed(Type::String));
    with(BlockSchema::new(), &["device_name", "no_device", "virtual_name"], text)
        .block("ebs", NestedBlock::one(ebs))
}

fn interface() -> BlockSchema {
    let switches = [
        "associate_carrier_ip_address",
        "associate_public_ip_address",
        "delete_on_termination",
        "primary_ipv6",
    ];
    let names = ["description", "interface_type", "network_interface_id", "private_ip_address", "subnet_id"];
    let numbers = [
        "device_index",
        "ipv4_address_count",
        "ipv4_prefix_count",
        "ipv6_address_count",
        "ipv6_prefix_count",
        "network_card_index",
    ];
    let sets = ["ipv4_addresses", "ipv4_prefixes", "ipv6_addresses", "ipv6_prefixes", "security_groups"];
    let block = with(BlockSchema::new(), &switches, switch);
    let block = with(with(block, &names, text), &numbers, number);
    let srd = with(BlockSchema::new(), &["ena_srd_enabled"], flag)
        .block("ena_srd_udp_specification", one(&["ena_srd_udp_enabled"], flag));
    with(block, &sets, texts)
        .block(
            "connection_tracking_specification",
            one(&["tcp_established_timeout", "udp_stream_timeout", "udp_timeout"], number),
        )
        .block("ena_srd_specification", NestedBlock::one(srd))
}
