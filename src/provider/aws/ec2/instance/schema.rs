//! The schema of `aws_instance`.

use std::sync::LazyLock;

use super::user_data;
use crate::lang::types::Type;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Schema};

pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::new(1, block()));

fn either(ty: Type) -> AttributeSchema {
    AttributeSchema::optional_computed(ty)
}

/// What AWS fills in where the code is silent, and cannot change in place.
fn fixed(ty: Type) -> AttributeSchema {
    either(ty).forces_replacement()
}

fn optional(ty: Type) -> AttributeSchema {
    AttributeSchema::optional(ty)
}

fn computed(ty: Type) -> AttributeSchema {
    AttributeSchema::computed(ty)
}

fn with(
    block: BlockSchema,
    names: &[&str],
    ty: Type,
    attribute: impl Fn(Type) -> AttributeSchema,
) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, attribute(ty.clone())))
}

fn block() -> BlockSchema {
    let texts = || Type::set(Type::String);
    let block = with(
        BlockSchema::new().id().tags(),
        &[
            "arn",
            "instance_lifecycle",
            "instance_state",
            "outpost_arn",
            "password_data",
            "primary_network_interface_id",
            "private_dns",
            "public_dns",
            "public_ip",
            "spot_instance_request_id",
        ],
        Type::String,
        computed,
    );
    let block = with(
        block,
        &[
            "ami",
            "availability_zone",
            "host_id",
            "key_name",
            "placement_group",
            "private_ip",
            "subnet_id",
            "tenancy",
        ],
        Type::String,
        fixed,
    );
    let block = with(
        block,
        &[
            "host_resource_group_arn",
            "iam_instance_profile",
            "instance_initiated_shutdown_behavior",
            "instance_type",
            "user_data_base64",
        ],
        Type::String,
        either,
    );
    let switches = ["disable_api_stop", "disable_api_termination", "enable_primary_ipv6", "monitoring"];
    let block = with(block, &switches, Type::Bool, either);
    let block = with(block, &["associate_public_ip_address", "ebs_optimized"], Type::Bool, fixed);
    let block =
        with(block, &["cpu_core_count", "cpu_threads_per_core"], Type::Number, |ty| fixed(ty).deprecated());
    block
        .attribute("get_password_data", optional(Type::Bool).default(false).code_only())
        .attribute("hibernation", optional(Type::Bool).forces_replacement())
        .attribute("ipv6_address_count", either(Type::Number))
        .attribute("ipv6_addresses", fixed(Type::list(Type::String)).equality(Equality::AnyOrder))
        .attribute("placement_partition_number", fixed(Type::Number))
        .attribute("secondary_private_ips", either(texts()))
        .attribute("security_groups", fixed(texts()))
        .attribute("source_dest_check", optional(Type::Bool).default(true))
        .attribute("user_data", either(Type::String).equality(Equality::Custom(user_data::same)))
        .attribute("user_data_replace_on_change", optional(Type::Bool).default(false).code_only())
        .attribute("volume_tags", optional(Type::map(Type::String)))
        .attribute("vpc_security_group_ids", either(texts()))
        .block("capacity_reservation_specification", capacity_reservation())
        .block("cpu_options", {
            let numbers = ["core_count", "threads_per_core"];
            let block = with(BlockSchema::new(), &numbers, Type::Number, fixed);
            NestedBlock::one(block.attribute("amd_sev_snp", fixed(Type::String))).computed()
        })
        .block(
            "credit_specification",
            NestedBlock::one(BlockSchema::new().attribute("cpu_credits", optional(Type::String))).computed(),
        )
        .block("ebs_block_device", NestedBlock::set(ebs()).computed())
        .block(
            "enclave_options",
            NestedBlock::one(BlockSchema::new().attribute("enabled", fixed(Type::Bool))).computed(),
        )
        .block("ephemeral_block_device", {
            let block = BlockSchema::new()
                .attribute("device_name", AttributeSchema::required(Type::String))
                .attribute("no_device", optional(Type::Bool))
                .attribute("virtual_name", optional(Type::String));
            NestedBlock::set(block).computed()
        })
        .block("instance_market_options", market())
        .block("launch_template", {
            let names = with(BlockSchema::new(), &["id", "name"], Type::String, fixed);
            let version = optional(Type::String).default("$Default").forces_replacement();
            NestedBlock::one(names.attribute("version", version)).forces_replacement()
        })
        .block(
            "maintenance_options",
            NestedBlock::one(BlockSchema::new().attribute("auto_recovery", either(Type::String))).computed(),
        )
        .block("metadata_options", {
            let block =
                with(BlockSchema::new(), &["http_tokens", "instance_metadata_tags"], Type::String, either);
            let block = block
                .attribute("http_endpoint", optional(Type::String).default("enabled"))
                .attribute("http_protocol_ipv6", optional(Type::String).default("disabled"))
                .attribute("http_put_response_hop_limit", either(Type::Number));
            NestedBlock::one(block).computed()
        })
        .block("network_interface", {
            let required = |ty| AttributeSchema::required(ty).forces_replacement();
            let block = BlockSchema::new()
                .attribute("delete_on_termination", optional(Type::Bool).default(false).forces_replacement())
                .attribute("device_index", required(Type::Number))
                .attribute("network_card_index", optional(Type::Number).default(0).forces_replacement())
                .attribute("network_interface_id", required(Type::String));
            NestedBlock::set(block).computed()
        })
        .block("private_dns_name_options", {
            let flags = ["enable_resource_name_dns_a_record", "enable_resource_name_dns_aaaa_record"];
            let block = with(BlockSchema::new(), &flags, Type::Bool, either);
            NestedBlock::one(block.attribute("hostname_type", either(Type::String))).computed()
        })
        .block("root_block_device", NestedBlock::one(root()).computed())
        .timeouts(&["create", "delete", "read", "update"])
}

fn capacity_reservation() -> NestedBlock {
    let names = ["capacity_reservation_id", "capacity_reservation_resource_group_arn"];
    let target = with(BlockSchema::new(), &names, Type::String, optional);
    let block = BlockSchema::new()
        .attribute("capacity_reservation_preference", optional(Type::String))
        .block("capacity_reservation_target", NestedBlock::one(target));
    NestedBlock::one(block).computed()
}

fn market() -> NestedBlock {
    let names = ["instance_interruption_behavior", "max_price", "spot_instance_type", "valid_until"];
    let spot = with(BlockSchema::new(), &names, Type::String, fixed);
    let block = BlockSchema::new()
        .attribute("market_type", fixed(Type::String))
        .block("spot_options", NestedBlock::one(spot).computed().forces_replacement());
    NestedBlock::one(block).computed().forces_replacement()
}

/// What both kinds of volumes have. The root volume's size and speed can be changed in place.
fn volume(fixed: impl Fn(Type) -> AttributeSchema) -> BlockSchema {
    BlockSchema::new()
        .attribute("encrypted", fixed(Type::Bool))
        .attribute("kms_key_id", fixed(Type::String))
        .attribute("tags", optional(Type::map(Type::String)))
        .attribute("tags_all", either(Type::map(Type::String)))
        .attribute("volume_id", computed(Type::String))
}

fn root() -> BlockSchema {
    let block = with(volume(fixed), &["iops", "throughput", "volume_size"], Type::Number, either);
    block
        .attribute("delete_on_termination", optional(Type::Bool).default(true))
        .attribute("device_name", computed(Type::String))
        .attribute("volume_type", either(Type::String))
}

/// What needs another instance is told by the plan, device by device: tags do not.
fn ebs() -> BlockSchema {
    let block = with(volume(either), &["iops", "throughput", "volume_size"], Type::Number, either);
    with(block, &["snapshot_id", "volume_type"], Type::String, either)
        .attribute("delete_on_termination", optional(Type::Bool).default(true))
        .attribute("device_name", AttributeSchema::required(Type::String))
}
