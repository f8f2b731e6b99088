//! What a version of a launch template is told.

use aws_sdk_ec2::types::{
    AmdSevSnpSpecification, CapacityReservationPreference, CapacityReservationTarget,
    ConnectionTrackingSpecificationRequest, CreditSpecificationRequest, ElasticGpuSpecification,
    EnaSrdSpecificationRequest, EnaSrdUdpSpecificationRequest, HostnameType, InstanceInterruptionBehavior,
    InstanceIpv6AddressRequest, InstanceType, Ipv4PrefixSpecificationRequest, Ipv6PrefixSpecificationRequest,
    LaunchTemplateAutoRecoveryState, LaunchTemplateBlockDeviceMappingRequest,
    LaunchTemplateCapacityReservationSpecificationRequest, LaunchTemplateCpuOptionsRequest,
    LaunchTemplateEbsBlockDeviceRequest, LaunchTemplateElasticInferenceAccelerator,
    LaunchTemplateEnclaveOptionsRequest, LaunchTemplateHibernationOptionsRequest,
    LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecificationRequest,
    LaunchTemplateInstanceMaintenanceOptionsRequest, LaunchTemplateInstanceMarketOptionsRequest,
    LaunchTemplateInstanceMetadataEndpointState, LaunchTemplateInstanceMetadataOptionsRequest,
    LaunchTemplateInstanceMetadataProtocolIpv6, LaunchTemplateInstanceMetadataTagsState,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, LaunchTemplateLicenseConfigurationRequest,
    LaunchTemplatePlacementRequest, LaunchTemplatePrivateDnsNameOptionsRequest,
    LaunchTemplateSpotMarketOptionsRequest, LaunchTemplateTagSpecificationRequest,
    LaunchTemplatesMonitoringRequest, MarketType, PrivateIpAddressSpecification, RequestLaunchTemplateData,
    ResourceType as TaggedType, ShutdownBehavior, SpotInstanceType, Tag, Tenancy, VolumeType,
};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::requirements;
use super::schema::switch_of;
use crate::lang::value::Value;
use crate::provider::aws::ec2::instance;
use crate::provider::aws::ec2::network::{filled, owned, small};
use crate::provider::object::Object;

/// A time such as `2030-01-02T15:04:05Z`.
pub(super) fn time(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, Format::DateTimeWithOffset).ok()
}

/// A switch that may be left open.
fn switch(block: &Value, name: &str) -> Option<bool> {
    block.text(name).and_then(switch_of)
}

/// A number of something: none is what is left out.
fn count(block: &Value, name: &str) -> Option<i32> {
    small(block, name).filter(|count| *count > 0)
}

/// The texts of a set, if there are any.
fn texts(block: &Value, name: &str) -> Option<Vec<String>> {
    Some(block.texts(name)).filter(|texts| !texts.is_empty())
}

/// The blocks of a kind, if there are any.
fn each<T>(config: &Value, name: &str, one: impl Fn(&Value) -> T) -> Option<Vec<T>> {
    let blocks: Vec<T> = config.blocks(name).iter().map(one).collect();
    Some(blocks).filter(|blocks| !blocks.is_empty())
}

/// What is true; what is false is what is left out.
fn on(block: &Value, name: &str) -> Option<bool> {
    block.boolean(name).filter(|on| *on)
}

/// All that a version says.
#[expect(deprecated, reason = "the provider has the arguments, and EC2 still takes them")]
pub(super) fn data(planned: &Value) -> RequestLaunchTemplateData {
    RequestLaunchTemplateData::builder()
        .set_block_device_mappings(each(planned, "block_device_mappings", device))
        .set_capacity_reservation_specification(
            planned.block("capacity_reservation_specification").map(reservation),
        )
        .set_cpu_options(planned.block("cpu_options").and_then(cpu))
        .set_credit_specification(credits(planned))
        .set_disable_api_stop(on(planned, "disable_api_stop"))
        .set_disable_api_termination(on(planned, "disable_api_termination"))
        .set_ebs_optimized(switch(planned, "ebs_optimized"))
        .set_elastic_gpu_specifications(each(planned, "elastic_gpu_specifications", |block| {
            ElasticGpuSpecification::builder().set_type(owned(block, "type")).build()
        }))
        .set_elastic_inference_accelerators(each(planned, "elastic_inference_accelerator", |block| {
            LaunchTemplateElasticInferenceAccelerator::builder().set_type(owned(block, "type")).build()
        }))
        .set_enclave_options(planned.block("enclave_options").and_then(|block| {
            let enabled = block.boolean("enabled")?;
            Some(LaunchTemplateEnclaveOptionsRequest::builder().enabled(enabled).build())
        }))
        .set_hibernation_options(planned.block("hibernation_options").map(|block| {
            let configured = block.boolean("configured");
            LaunchTemplateHibernationOptionsRequest::builder().set_configured(configured).build()
        }))
        .set_iam_instance_profile(planned.block("iam_instance_profile").and_then(profile))
        .set_image_id(owned(planned, "image_id"))
        .set_instance_initiated_shutdown_behavior(
            filled(planned, "instance_initiated_shutdown_behavior").map(ShutdownBehavior::from),
        )
        .set_instance_market_options(planned.block("instance_market_options").and_then(market))
        .set_instance_requirements(planned.block("instance_requirements").map(requirements::request))
        .set_instance_type(filled(planned, "instance_type").map(InstanceType::from))
        .set_kernel_id(owned(planned, "kernel_id"))
        .set_key_name(owned(planned, "key_name"))
        .set_license_specifications(each(planned, "license_specification", |block| {
            let arn = owned(block, "license_configuration_arn");
            LaunchTemplateLicenseConfigurationRequest::builder().set_license_configuration_arn(arn).build()
        }))
        .set_maintenance_options(planned.block("maintenance_options").and_then(|block| {
            let recovery = LaunchTemplateAutoRecoveryState::from(filled(block, "auto_recovery")?);
            let builder = LaunchTemplateInstanceMaintenanceOptionsRequest::builder();
            Some(builder.auto_recovery(recovery).build())
        }))
        .set_metadata_options(planned.block("metadata_options").and_then(metadata))
        .set_monitoring(planned.block("monitoring").and_then(|block| {
            let enabled = block.boolean("enabled")?;
            Some(LaunchTemplatesMonitoringRequest::builder().enabled(enabled).build())
        }))
        .set_network_interfaces(each(planned, "network_interfaces", interface))
        .set_placement(planned.block("placement").and_then(placement))
        .set_private_dns_name_options(planned.block("private_dns_name_options").and_then(private_names))
        .set_ram_disk_id(owned(planned, "ram_disk_id"))
        .set_security_group_ids(texts(planned, "vpc_security_group_ids"))
        .set_security_groups(texts(planned, "security_group_names"))
        .set_tag_specifications(each(planned, "tag_specifications", tags))
        .set_user_data(owned(planned, "user_data"))
        .build()
}

/// CPU credits. Types without them refuse to be told, at the launch.
fn credits(planned: &Value) -> Option<CreditSpecificationRequest> {
    let credits = filled(planned.block("credit_specification")?, "cpu_credits")?;
    filled(planned, "instance_type")
        .is_none_or(instance::has_credits)
        .then(|| CreditSpecificationRequest::builder().cpu_credits(credits).build())
}

fn device(block: &Value) -> LaunchTemplateBlockDeviceMappingRequest {
    let ebs = block.block("ebs").map(|ebs| {
        LaunchTemplateEbsBlockDeviceRequest::builder()
            .set_delete_on_termination(switch(ebs, "delete_on_termination"))
            .set_encrypted(switch(ebs, "encrypted"))
            .set_iops(count(ebs, "iops"))
            .set_kms_key_id(owned(ebs, "kms_key_id"))
            .set_snapshot_id(owned(ebs, "snapshot_id"))
            .set_throughput(count(ebs, "throughput"))
            .set_volume_initialization_rate(count(ebs, "volume_initialization_rate"))
            .set_volume_size(count(ebs, "volume_size"))
            .set_volume_type(filled(ebs, "volume_type").map(VolumeType::from))
            .build()
    });
    LaunchTemplateBlockDeviceMappingRequest::builder()
        .set_device_name(owned(block, "device_name"))
        .set_ebs(ebs)
        .set_no_device(owned(block, "no_device"))
        .set_virtual_name(owned(block, "virtual_name"))
        .build()
}

fn reservation(block: &Value) -> LaunchTemplateCapacityReservationSpecificationRequest {
    let target = block.block("capacity_reservation_target").map(|target| {
        CapacityReservationTarget::builder()
            .set_capacity_reservation_id(owned(target, "capacity_reservation_id"))
            .set_capacity_reservation_resource_group_arn(owned(
                target,
                "capacity_reservation_resource_group_arn",
            ))
            .build()
    });
    let preference =
        filled(block, "capacity_reservation_preference").map(CapacityReservationPreference::from);
    LaunchTemplateCapacityReservationSpecificationRequest::builder()
        .set_capacity_reservation_preference(preference)
        .set_capacity_reservation_target(target)
        .build()
}

fn cpu(block: &Value) -> Option<LaunchTemplateCpuOptionsRequest> {
    let request = LaunchTemplateCpuOptionsRequest::builder()
        .set_amd_sev_snp(filled(block, "amd_sev_snp").map(AmdSevSnpSpecification::from))
        .set_core_count(count(block, "core_count"))
        .set_threads_per_core(count(block, "threads_per_core"))
        .build();
    Some(request).filter(|request| *request != LaunchTemplateCpuOptionsRequest::builder().build())
}

fn profile(block: &Value) -> Option<LaunchTemplateIamInstanceProfileSpecificationRequest> {
    let (arn, name) = (owned(block, "arn"), owned(block, "name"));
    let builder = LaunchTemplateIamInstanceProfileSpecificationRequest::builder();
    (arn.is_some() || name.is_some()).then(|| builder.set_arn(arn).set_name(name).build())
}

fn market(block: &Value) -> Option<LaunchTemplateInstanceMarketOptionsRequest> {
    let spot = block.block("spot_options").map(|spot| {
        LaunchTemplateSpotMarketOptionsRequest::builder()
            .set_block_duration_minutes(count(spot, "block_duration_minutes"))
            .set_instance_interruption_behavior(
                filled(spot, "instance_interruption_behavior").map(InstanceInterruptionBehavior::from),
            )
            .set_max_price(owned(spot, "max_price"))
            .set_spot_instance_type(filled(spot, "spot_instance_type").map(SpotInstanceType::from))
            .set_valid_until(filled(spot, "valid_until").and_then(time))
            .build()
    });
    let kind = filled(block, "market_type").map(MarketType::from);
    let builder = LaunchTemplateInstanceMarketOptionsRequest::builder();
    (kind.is_some() || spot.is_some()).then(|| builder.set_market_type(kind).set_spot_options(spot).build())
}

fn metadata(block: &Value) -> Option<LaunchTemplateInstanceMetadataOptionsRequest> {
    let request = LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(
            filled(block, "http_endpoint").map(LaunchTemplateInstanceMetadataEndpointState::from),
        )
        .set_http_protocol_ipv6(
            filled(block, "http_protocol_ipv6").map(LaunchTemplateInstanceMetadataProtocolIpv6::from),
        )
        .set_http_put_response_hop_limit(count(block, "http_put_response_hop_limit"))
        .set_http_tokens(filled(block, "http_tokens").map(LaunchTemplateHttpTokensState::from))
        .set_instance_metadata_tags(
            filled(block, "instance_metadata_tags").map(LaunchTemplateInstanceMetadataTagsState::from),
        )
        .build();
    Some(request)
        .filter(|request| *request != LaunchTemplateInstanceMetadataOptionsRequest::builder().build())
}

/// A network interface. EC2 wants its index, the first one's if none is given. Of several addresses its own one is
/// told in both ways, as the AWS provider does, which reads it back from the first.
fn interface(block: &Value) -> LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    let own = filled(block, "private_ip_address");
    let addresses = texts(block, "ipv4_addresses").map(|addresses| {
        let one = |address: String| {
            let builder = PrivateIpAddressSpecification::builder();
            builder.primary(own == Some(&*address)).private_ip_address(address).build()
        };
        addresses.into_iter().map(one).collect::<Vec<_>>()
    });
    let ipv6 = texts(block, "ipv6_addresses").map(|addresses| {
        let one = |address| InstanceIpv6AddressRequest::builder().ipv6_address(address).build();
        addresses.into_iter().map(one).collect()
    });
    let ipv4_prefixes = texts(block, "ipv4_prefixes").map(|prefixes| {
        let one = |prefix| Ipv4PrefixSpecificationRequest::builder().ipv4_prefix(prefix).build();
        prefixes.into_iter().map(one).collect()
    });
    let ipv6_prefixes = texts(block, "ipv6_prefixes").map(|prefixes| {
        let one = |prefix| Ipv6PrefixSpecificationRequest::builder().ipv6_prefix(prefix).build();
        prefixes.into_iter().map(one).collect()
    });
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .set_associate_carrier_ip_address(switch(block, "associate_carrier_ip_address"))
        .set_associate_public_ip_address(switch(block, "associate_public_ip_address"))
        .set_connection_tracking_specification(
            block.block("connection_tracking_specification").and_then(tracking),
        )
        .set_delete_on_termination(switch(block, "delete_on_termination"))
        .set_description(owned(block, "description"))
        .device_index(small(block, "device_index").unwrap_or(0))
        .set_ena_srd_specification(block.block("ena_srd_specification").and_then(srd))
        .set_groups(texts(block, "security_groups"))
        .set_interface_type(owned(block, "interface_type"))
        .set_ipv4_prefix_count(count(block, "ipv4_prefix_count"))
        .set_ipv4_prefixes(ipv4_prefixes)
        .set_ipv6_address_count(count(block, "ipv6_address_count"))
        .set_ipv6_addresses(ipv6)
        .set_ipv6_prefix_count(count(block, "ipv6_prefix_count"))
        .set_ipv6_prefixes(ipv6_prefixes)
        .set_network_card_index(count(block, "network_card_index"))
        .set_network_interface_id(owned(block, "network_interface_id"))
        .set_primary_ipv6(switch(block, "primary_ipv6"))
        .set_private_ip_address(own.map(str::to_owned))
        .set_private_ip_addresses(addresses)
        .set_secondary_private_ip_address_count(count(block, "ipv4_address_count"))
        .set_subnet_id(owned(block, "subnet_id"))
        .build()
}

fn tracking(block: &Value) -> Option<ConnectionTrackingSpecificationRequest> {
    let request = ConnectionTrackingSpecificationRequest::builder()
        .set_tcp_established_timeout(count(block, "tcp_established_timeout"))
        .set_udp_stream_timeout(count(block, "udp_stream_timeout"))
        .set_udp_timeout(count(block, "udp_timeout"))
        .build();
    Some(request).filter(|request| *request != ConnectionTrackingSpecificationRequest::builder().build())
}

fn srd(block: &Value) -> Option<EnaSrdSpecificationRequest> {
    let udp = block.block("ena_srd_udp_specification").and_then(|udp| {
        let enabled = udp.boolean("ena_srd_udp_enabled")?;
        Some(EnaSrdUdpSpecificationRequest::builder().ena_srd_udp_enabled(enabled).build())
    });
    let enabled = block.boolean("ena_srd_enabled");
    let builder = EnaSrdSpecificationRequest::builder();
    (enabled.is_some() || udp.is_some())
        .then(|| builder.set_ena_srd_enabled(enabled).set_ena_srd_udp_specification(udp).build())
}

fn placement(block: &Value) -> Option<LaunchTemplatePlacementRequest> {
    let request = LaunchTemplatePlacementRequest::builder()
        .set_affinity(owned(block, "affinity"))
        .set_availability_zone(owned(block, "availability_zone"))
        .set_group_name(owned(block, "group_name"))
        .set_host_id(owned(block, "host_id"))
        .set_host_resource_group_arn(owned(block, "host_resource_group_arn"))
        .set_partition_number(count(block, "partition_number"))
        .set_spread_domain(owned(block, "spread_domain"))
        .set_tenancy(filled(block, "tenancy").map(Tenancy::from))
        .build();
    Some(request).filter(|request| *request != LaunchTemplatePlacementRequest::builder().build())
}

fn private_names(block: &Value) -> Option<LaunchTemplatePrivateDnsNameOptionsRequest> {
    let request = LaunchTemplatePrivateDnsNameOptionsRequest::builder()
        .set_enable_resource_name_dns_a_record(block.boolean("enable_resource_name_dns_a_record"))
        .set_enable_resource_name_dns_aaaa_record(block.boolean("enable_resource_name_dns_aaaa_record"))
        .set_hostname_type(filled(block, "hostname_type").map(HostnameType::from))
        .build();
    Some(request).filter(|request| *request != LaunchTemplatePrivateDnsNameOptionsRequest::builder().build())
}

fn tags(block: &Value) -> LaunchTemplateTagSpecificationRequest {
    let tags = block.text_map("tags").into_iter();
    let tags: Vec<Tag> = tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    LaunchTemplateTagSpecificationRequest::builder()
        .set_resource_type(filled(block, "resource_type").map(TaggedType::from))
        .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
        .build()
}
