//! What a version says, as attributes and blocks of the schema.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    CapacityReservationTargetResponse, ConnectionTrackingSpecification, LaunchTemplateBlockDeviceMapping,
    LaunchTemplateEnaSrdSpecification, LaunchTemplateInstanceMarketOptions,
    LaunchTemplateInstanceMetadataOptions, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplatePlacement, LaunchTemplateSpotMarketOptions, ResponseLaunchTemplateData,
};
use aws_smithy_types::date_time::Format;

use super::requirements;
use super::schema::SCHEMA;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::aws::ec2::{instance, tag_pairs};
use crate::provider::aws::elbv2::blocks::{holding, inner, none, one};
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;
use crate::schema::equality::is_zero;

/// Attributes or blocks by name.
type Entries = Vec<(&'static str, Value)>;

fn number(value: Option<i32>) -> Value {
    object::integer(value.map(i64::from))
}

/// A switch that may be left open.
fn switch(value: Option<bool>) -> Value {
    object::text(value.map(|on| if on { "true" } else { "false" }))
}

/// A word of one of the SDK's enumerations.
fn word<T: AsRef<str>>(value: Option<&T>) -> Value {
    object::text(value.map(AsRef::as_ref))
}

/// The block of a kind that may stand once.
fn maybe<'a, T>(
    schema: &BlockSchema,
    name: &'static str,
    live: Option<T>,
    entries: impl FnOnce(T) -> Vec<(&'a str, Value)>,
) -> (&'static str, Value) {
    (name, live.map_or_else(|| none(schema, name), |live| one(schema, name, entries(live))))
}

/// All that the version says. `known` is the object as it was recorded or planned.
pub(super) fn entries(data: &ResponseLaunchTemplateData, known: &Value) -> Entries {
    let schema = &SCHEMA.block;
    let mut entries = vec![
        ("disable_api_stop", object::boolean(data.disable_api_stop())),
        ("disable_api_termination", object::boolean(data.disable_api_termination())),
        ("ebs_optimized", switch(data.ebs_optimized())),
        ("image_id", object::text(data.image_id())),
        ("instance_initiated_shutdown_behavior", word(data.instance_initiated_shutdown_behavior())),
        ("instance_type", word(data.instance_type())),
        ("kernel_id", object::text(data.kernel_id())),
        ("key_name", object::text(data.key_name())),
        ("ram_disk_id", object::text(data.ram_disk_id())),
        ("security_group_names", object::text_set(data.security_groups())),
        ("user_data", object::text(data.user_data())),
        ("vpc_security_group_ids", object::text_set(data.security_group_ids())),
    ];
    entries.extend(options(schema, data));
    entries.extend(hardware(schema, data, known));
    let requirements = data.instance_requirements().map(|live| {
        let name = "instance_requirements";
        (name, holding(schema, name, vec![requirements::object(inner(schema, name), live)]))
    });
    entries.extend(requirements);
    keep_silent(entries, data, known)
}

/// How an instance is launched and run.
fn options(schema: &BlockSchema, data: &ResponseLaunchTemplateData) -> Entries {
    let licenses = data.license_specifications().iter().map(|license| {
        let arn = object::text(license.license_configuration_arn());
        inner(schema, "license_specification").object([("license_configuration_arn", arn)])
    });
    let tags = data.tag_specifications().iter().map(|specification| {
        let tags = specification.tags();
        let tags = if tags.is_empty() {
            Value::null(Type::map(Type::String))
        } else {
            object::text_map(tag_pairs(tags))
        };
        let kind = word(specification.resource_type());
        inner(schema, "tag_specifications").object([("resource_type", kind), ("tags", tags)])
    });
    vec![
        maybe(
            schema,
            "capacity_reservation_specification",
            data.capacity_reservation_specification(),
            |live| {
                let schema = inner(schema, "capacity_reservation_specification");
                let target = live.capacity_reservation_target();
                vec![
                    ("capacity_reservation_preference", word(live.capacity_reservation_preference())),
                    maybe(schema, "capacity_reservation_target", target, reservation),
                ]
            },
        ),
        maybe(schema, "enclave_options", data.enclave_options(), |live| {
            vec![("enabled", object::boolean(live.enabled()))]
        }),
        maybe(schema, "hibernation_options", data.hibernation_options(), |live| {
            vec![("configured", object::boolean(live.configured()))]
        }),
        maybe(schema, "iam_instance_profile", data.iam_instance_profile(), |live| {
            vec![("arn", object::text(live.arn())), ("name", object::text(live.name()))]
        }),
        maybe(schema, "instance_market_options", data.instance_market_options(), |live| market(schema, live)),
        ("license_specification", holding(schema, "license_specification", licenses.collect())),
        maybe(schema, "maintenance_options", data.maintenance_options(), |live| {
            vec![("auto_recovery", word(live.auto_recovery()))]
        }),
        maybe(schema, "metadata_options", data.metadata_options(), metadata),
        maybe(schema, "monitoring", data.monitoring(), |live| {
            vec![("enabled", object::boolean(live.enabled()))]
        }),
        maybe(schema, "placement", data.placement(), placement),
        maybe(schema, "private_dns_name_options", data.private_dns_name_options(), |live| {
            let (v4, v6) =
                (live.enable_resource_name_dns_a_record(), live.enable_resource_name_dns_aaaa_record());
            vec![
                ("enable_resource_name_dns_a_record", object::boolean(v4)),
                ("enable_resource_name_dns_aaaa_record", object::boolean(v6)),
                ("hostname_type", word(live.hostname_type())),
            ]
        }),
        ("tag_specifications", holding(schema, "tag_specifications", tags.collect())),
    ]
}

/// What an instance runs on.
fn hardware(schema: &BlockSchema, data: &ResponseLaunchTemplateData, known: &Value) -> Entries {
    let devices = data.block_device_mappings().iter();
    let devices = devices.map(|live| device(inner(schema, "block_device_mappings"), live)).collect();
    let devices = in_known_order(devices, known.blocks("block_device_mappings"));
    let interfaces = data.network_interfaces().iter();
    let interfaces = interfaces.map(|live| interface(inner(schema, "network_interfaces"), live)).collect();
    let kind = |name: &str, kind: Option<&str>| inner(schema, name).object([("type", object::text(kind))]);
    let graphics = data.elastic_gpu_specifications().iter();
    let graphics = graphics.map(|live| kind("elastic_gpu_specifications", live.r#type())).collect();
    let inference = data.elastic_inference_accelerators().iter();
    let inference = inference.map(|live| kind("elastic_inference_accelerator", live.r#type())).collect();
    vec![
        ("block_device_mappings", holding(schema, "block_device_mappings", devices)),
        maybe(schema, "cpu_options", data.cpu_options(), |live| {
            vec![
                ("amd_sev_snp", word(live.amd_sev_snp())),
                ("core_count", number(live.core_count())),
                ("threads_per_core", number(live.threads_per_core())),
            ]
        }),
        maybe(schema, "credit_specification", data.credit_specification(), |live| {
            vec![("cpu_credits", object::text(live.cpu_credits()))]
        }),
        ("elastic_gpu_specifications", holding(schema, "elastic_gpu_specifications", graphics)),
        ("elastic_inference_accelerator", holding(schema, "elastic_inference_accelerator", inference)),
        ("network_interfaces", holding(schema, "network_interfaces", interfaces)),
    ]
}

fn reservation(live: &CapacityReservationTargetResponse) -> Entries {
    let group = object::text(live.capacity_reservation_resource_group_arn());
    vec![
        ("capacity_reservation_id", object::text(live.capacity_reservation_id())),
        ("capacity_reservation_resource_group_arn", group),
    ]
}

fn market(schema: &BlockSchema, live: &LaunchTemplateInstanceMarketOptions) -> Entries {
    let schema = inner(schema, "instance_market_options");
    vec![("market_type", word(live.market_type())), maybe(schema, "spot_options", live.spot_options(), spot)]
}

fn spot(live: &LaunchTemplateSpotMarketOptions) -> Entries {
    let until = live.valid_until().and_then(|time| time.fmt(Format::DateTime).ok());
    vec![
        ("block_duration_minutes", number(live.block_duration_minutes())),
        ("instance_interruption_behavior", word(live.instance_interruption_behavior())),
        ("max_price", object::text(live.max_price())),
        ("spot_instance_type", word(live.spot_instance_type())),
        ("valid_until", object::text(until)),
    ]
}

fn metadata(live: &LaunchTemplateInstanceMetadataOptions) -> Entries {
    vec![
        ("http_endpoint", word(live.http_endpoint())),
        ("http_protocol_ipv6", word(live.http_protocol_ipv6())),
        ("http_put_response_hop_limit", number(live.http_put_response_hop_limit())),
        ("http_tokens", word(live.http_tokens())),
        ("instance_metadata_tags", word(live.instance_metadata_tags())),
    ]
}

fn placement(live: &LaunchTemplatePlacement) -> Entries {
    vec![
        ("affinity", object::text(live.affinity())),
        ("availability_zone", object::text(live.availability_zone())),
        ("group_name", object::text(live.group_name())),
        ("host_id", object::text(live.host_id())),
        ("host_resource_group_arn", object::text(live.host_resource_group_arn())),
        ("partition_number", number(live.partition_number())),
        ("spread_domain", object::text(live.spread_domain())),
        ("tenancy", word(live.tenancy())),
    ]
}

/// The devices in the order in which they are known, for EC2 may answer them in any. One that nobody knows has the
/// place of one that is gone, else it is at the end.
fn in_known_order(devices: Vec<Value>, known: &[Value]) -> Vec<Value> {
    let name = |device: &Value| device.text("device_name").map(str::to_owned);
    let mut places: BTreeMap<String, usize> =
        known.iter().enumerate().filter_map(|(place, device)| Some((name(device)?, place))).collect();
    let mut placed = vec![None; known.len()];
    let mut others = Vec::new();
    for device in devices {
        // A name that comes twice has one place.
        let place = name(&device).and_then(|name| places.remove(&name));
        match place.and_then(|place| placed.get_mut(place)) {
            Some(place) => *place = Some(device),
            None => others.push(device),
        }
    }
    let mut others = others.into_iter();
    let mut ordered: Vec<Value> =
        placed.into_iter().filter_map(|device| device.or_else(|| others.next())).collect();
    ordered.extend(others);
    ordered
}

/// One of `block_device_mappings`.
fn device(schema: &BlockSchema, live: &LaunchTemplateBlockDeviceMapping) -> Value {
    let ebs = maybe(schema, "ebs", live.ebs(), |ebs| {
        vec![
            ("delete_on_termination", switch(ebs.delete_on_termination())),
            ("encrypted", switch(ebs.encrypted())),
            ("iops", number(ebs.iops())),
            ("kms_key_id", object::text(ebs.kms_key_id())),
            ("snapshot_id", object::text(ebs.snapshot_id())),
            ("throughput", number(ebs.throughput())),
            ("volume_initialization_rate", number(ebs.volume_initialization_rate())),
            ("volume_size", number(ebs.volume_size())),
            ("volume_type", word(ebs.volume_type())),
        ]
    });
    schema.object([
        ("device_name", object::text(live.device_name())),
        ebs,
        ("no_device", object::text(live.no_device())),
        ("virtual_name", object::text(live.virtual_name())),
    ])
}

/// One of `network_interfaces`. Of several addresses the primary one is the interface's own.
fn interface(schema: &BlockSchema, live: &LaunchTemplateInstanceNetworkInterfaceSpecification) -> Value {
    let addresses = live.private_ip_addresses();
    let primary = addresses.iter().find(|address| address.primary() == Some(true));
    let own = live.private_ip_address().or_else(|| primary.and_then(|one| one.private_ip_address()));
    let ipv4 = addresses.iter().filter_map(|one| one.private_ip_address());
    let ipv6 = live.ipv6_addresses().iter().filter_map(|one| one.ipv6_address());
    let ipv4_prefixes = live.ipv4_prefixes().iter().filter_map(|one| one.ipv4_prefix());
    let ipv6_prefixes = live.ipv6_prefixes().iter().filter_map(|one| one.ipv6_prefix());
    schema.object([
        ("associate_carrier_ip_address", switch(live.associate_carrier_ip_address())),
        ("associate_public_ip_address", switch(live.associate_public_ip_address())),
        maybe(
            schema,
            "connection_tracking_specification",
            live.connection_tracking_specification(),
            tracking,
        ),
        ("delete_on_termination", switch(live.delete_on_termination())),
        ("description", object::text(live.description())),
        ("device_index", number(live.device_index())),
        maybe(schema, "ena_srd_specification", live.ena_srd_specification(), |one| srd(schema, one)),
        ("interface_type", object::text(live.interface_type())),
        ("ipv4_address_count", number(live.secondary_private_ip_address_count())),
        ("ipv4_addresses", object::text_set(ipv4)),
        ("ipv4_prefix_count", number(live.ipv4_prefix_count())),
        ("ipv4_prefixes", object::text_set(ipv4_prefixes)),
        ("ipv6_address_count", number(live.ipv6_address_count())),
        ("ipv6_addresses", object::text_set(ipv6)),
        ("ipv6_prefix_count", number(live.ipv6_prefix_count())),
        ("ipv6_prefixes", object::text_set(ipv6_prefixes)),
        ("network_card_index", number(live.network_card_index())),
        ("network_interface_id", object::text(live.network_interface_id())),
        ("primary_ipv6", switch(live.primary_ipv6())),
        ("private_ip_address", object::text(own)),
        ("security_groups", object::text_set(live.groups())),
        ("subnet_id", object::text(live.subnet_id())),
    ])
}

fn tracking(live: &ConnectionTrackingSpecification) -> Entries {
    vec![
        ("tcp_established_timeout", number(live.tcp_established_timeout())),
        ("udp_stream_timeout", number(live.udp_stream_timeout())),
        ("udp_timeout", number(live.udp_timeout())),
    ]
}

fn srd(schema: &BlockSchema, live: &LaunchTemplateEnaSrdSpecification) -> Entries {
    let schema = inner(schema, "ena_srd_specification");
    vec![
        ("ena_srd_enabled", object::boolean(live.ena_srd_enabled())),
        maybe(schema, "ena_srd_udp_specification", live.ena_srd_udp_specification(), |udp| {
            vec![("ena_srd_udp_enabled", object::boolean(udp.ena_srd_udp_enabled()))]
        }),
    ]
}

/// Blocks that say nothing, so that EC2 need not keep them, are there if the record has them: one with nothing in it,
/// and CPU credits for other instance types than those that have them, which the AWS provider does not send.
fn keep_silent(mut entries: Entries, data: &ResponseLaunchTemplateData, known: &Value) -> Entries {
    let has_credits = data.instance_type().is_some_and(|kind| instance::has_credits(kind.as_str()));
    for (name, value) in &mut entries {
        let is_single = SCHEMA.block.blocks.get(*name).is_some_and(|nested| nested.max_items == Some(1));
        let is_absent = value.as_elements().is_some_and(<[Value]>::is_empty);
        let says_nothing =
            |block: &&Value| is_empty(block) || *name == "credit_specification" && !has_credits;
        if is_single
            && is_absent
            && let Some(block) = known.block(name).filter(says_nothing)
        {
            *value = holding(&SCHEMA.block, name, vec![block.clone()]);
        }
    }
    entries
}

/// Whether nothing is set in a block, nor in those within it.
fn is_empty(block: &Value) -> bool {
    match &block.kind {
        Kind::Object(entries) => entries.values().all(|value| match value.as_elements() {
            Some(elements) => elements.iter().all(is_empty),
            None => value.is_known() && is_zero(value) && value.as_bool().is_none(),
        }),
        _ => false,
    }
}
