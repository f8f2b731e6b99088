//! Launching an instance.

use std::time::Duration;

use aws_sdk_ec2::error::ProvideErrorMetadata;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types::{
    AmdSevSnpSpecification, CapacityReservationPreference, CapacityReservationSpecification,
    CapacityReservationTarget, CpuOptionsRequest, CreditSpecificationRequest, EnclaveOptionsRequest,
    HibernationOptionsRequest, HostnameType, HttpTokensState, IamInstanceProfileSpecification, Instance,
    InstanceAutoRecoveryState, InstanceInterruptionBehavior, InstanceIpv6Address,
    InstanceMaintenanceOptionsRequest, InstanceMarketOptionsRequest, InstanceMetadataEndpointState,
    InstanceMetadataOptionsRequest, InstanceMetadataProtocolState, InstanceMetadataTagsState,
    InstanceNetworkInterfaceSpecification, InstanceStateName, InstanceType, LaunchTemplateSpecification,
    MarketType, Placement, PrivateDnsNameOptionsRequest, PrivateIpAddressSpecification,
    ResourceType as TaggedType, RunInstancesMonitoringEnabled, ShutdownBehavior, SpotInstanceType,
    SpotMarketOptions, Tenancy,
};

use super::{user_data, volumes};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::network::{filled, is_given, owned, small};
use crate::provider::aws::ec2::tag_specification;
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};

/// How long a role of a new instance profile may take to be known in EC2 (IAM User Guide, “eventual consistency”).
const PROFILE_PATIENCE: Duration = Duration::from_secs(2 * 60);

/// Launches an instance. Answers its id. The SDK sends a token of its own, so a call whose answer was lost launches
/// one instance only.
pub(super) async fn launch(aws: &Aws, planned: &Value) -> Result<String, OperationError> {
    let call = request(aws, planned).await?;
    let launched = wait::until("the instance profile to be known", PROFILE_PATIENCE, || async {
        match call.clone().send().await {
            Ok(answer) => Ok(Progress::Done(answer)),
            Err(error) => {
                let message = error.message().unwrap_or_default();
                let is_young = message.contains("Invalid IAM Instance Profile")
                    || message.contains("has no associated IAM Roles");
                if is_young {
                    return Ok(Progress::Waiting(message.to_owned()));
                }
                Err(failed("ec2:RunInstances", error))
            }
        }
    });
    let instance = launched.await?.instances.unwrap_or_default().into_iter().next();
    instance
        .and_then(|instance| instance.instance_id)
        .ok_or_else(|| OperationError::new(ErrorKind::Other, "ec2:RunInstances", "AWS answered no instance"))
}

async fn request(aws: &Aws, planned: &Value) -> Result<RunInstancesFluentBuilder, OperationError> {
    let data = match (filled(planned, "user_data"), filled(planned, "user_data_base64")) {
        (Some(text), _) => Some(user_data::encoded(text)),
        (None, base64) => base64.map(str::to_owned),
    };
    let mut tags = tag_specification(TaggedType::Instance, &planned.text_map("tags_all")).unwrap_or_default();
    tags.extend(tag_specification(TaggedType::Volume, &planned.text_map("volume_tags")).unwrap_or_default());
    let profile = owned(planned, "iam_instance_profile")
        .map(|name| IamInstanceProfileSpecification::builder().name(name).build());
    let monitoring =
        planned.boolean("monitoring").map(|on| RunInstancesMonitoringEnabled::builder().enabled(on).build());
    let hibernation = planned.boolean("hibernation").filter(|on| *on);
    let hibernation = hibernation.map(|on| HibernationOptionsRequest::builder().configured(on).build());
    let root = match planned.block("root_block_device") {
        Some(_) => Some(root_device(aws, planned).await?),
        None => None,
    };
    let call = aws
        .ec2()
        .run_instances()
        .min_count(1)
        .max_count(1)
        .set_image_id(owned(planned, "ami"))
        .set_instance_type(filled(planned, "instance_type").map(InstanceType::from))
        .set_key_name(owned(planned, "key_name"))
        .set_user_data(data)
        .set_disable_api_stop(planned.boolean("disable_api_stop").filter(|on| *on))
        .set_disable_api_termination(planned.boolean("disable_api_termination").filter(|on| *on))
        .set_ebs_optimized(planned.boolean("ebs_optimized").filter(|on| *on))
        .set_iam_instance_profile(profile)
        .set_instance_initiated_shutdown_behavior(
            filled(planned, "instance_initiated_shutdown_behavior").map(ShutdownBehavior::from),
        )
        .set_monitoring(monitoring)
        .set_hibernation_options(hibernation)
        .set_placement(placement(planned))
        .set_block_device_mappings(volumes::mappings(planned, root.as_deref()))
        .set_tag_specifications(Some(tags).filter(|tags| !tags.is_empty()))
        .set_launch_template(planned.block("launch_template").map(template))
        .set_capacity_reservation_specification(
            planned.block("capacity_reservation_specification").map(capacity_reservation),
        )
        .set_cpu_options(cpu(planned))
        .set_credit_specification(credits(planned))
        .set_enclave_options(
            planned
                .block("enclave_options")
                .map(|block| EnclaveOptionsRequest::builder().set_enabled(block.boolean("enabled")).build()),
        )
        .set_instance_market_options(planned.block("instance_market_options").map(market).transpose()?)
        .set_maintenance_options(planned.block("maintenance_options").map(|block| {
            let recovery = filled(block, "auto_recovery").map(InstanceAutoRecoveryState::from);
            InstanceMaintenanceOptionsRequest::builder().set_auto_recovery(recovery).build()
        }))
        .set_metadata_options(planned.block("metadata_options").map(metadata))
        .set_private_dns_name_options(planned.block("private_dns_name_options").map(private_names));
    Ok(network(call, planned))
}

/// The name of the image's root device, which the launch needs to change the root volume.
async fn root_device(aws: &Aws, planned: &Value) -> Result<String, OperationError> {
    let missing = |message: String| OperationError::new(ErrorKind::NotFound, "ec2:DescribeImages", message);
    let Some(image) = filled(planned, "ami") else {
        return Err(missing(
            "root_block_device needs the root device's name, which is the image's: set ami, or the volume in the \
             launch template"
                .to_owned(),
        ));
    };
    let answer = aws.ec2().describe_images().image_ids(image).send().await;
    let images = answer.map_err(|error| failed("ec2:DescribeImages", error))?.images.unwrap_or_default();
    let name = images.into_iter().next().and_then(|image| image.root_device_name);
    name.ok_or_else(|| missing(format!("there is no image {image}, or it has no root device")))
}

fn placement(planned: &Value) -> Option<Placement> {
    let names = [
        "availability_zone",
        "host_id",
        "host_resource_group_arn",
        "placement_group",
        "placement_partition_number",
        "tenancy",
    ];
    names.iter().any(|name| planned.known(name).is_some() && is_given(planned, name)).then(|| {
        Placement::builder()
            .set_availability_zone(owned(planned, "availability_zone"))
            .set_group_name(owned(planned, "placement_group"))
            .set_host_id(owned(planned, "host_id"))
            .set_host_resource_group_arn(owned(planned, "host_resource_group_arn"))
            .set_partition_number(small(planned, "placement_partition_number").filter(|number| *number > 0))
            .set_tenancy(filled(planned, "tenancy").map(Tenancy::from))
            .build()
    })
}

fn template(block: &Value) -> LaunchTemplateSpecification {
    let id = owned(block, "id");
    let name = owned(block, "name").filter(|_| id.is_none());
    LaunchTemplateSpecification::builder()
        .set_launch_template_id(id)
        .set_launch_template_name(name)
        .set_version(owned(block, "version"))
        .build()
}

/// What a launch and a later change are told alike of capacity reservations.
pub(super) fn capacity_reservation(block: &Value) -> CapacityReservationSpecification {
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
    CapacityReservationSpecification::builder()
        .set_capacity_reservation_preference(preference)
        .set_capacity_reservation_target(target)
        .build()
}

/// The options of the CPU, in either of their two spellings.
fn cpu(planned: &Value) -> Option<CpuOptionsRequest> {
    let block = planned.block("cpu_options");
    let count = |name: &str, old: &str| {
        let new = block.and_then(|block| small(block, name));
        new.or_else(|| small(planned, old)).filter(|count| *count > 0)
    };
    let cores = count("core_count", "cpu_core_count");
    let threads = count("threads_per_core", "cpu_threads_per_core");
    let sev = block.and_then(|block| filled(block, "amd_sev_snp")).map(AmdSevSnpSpecification::from);
    (cores.is_some() || threads.is_some() || sev.is_some()).then(|| {
        CpuOptionsRequest::builder()
            .set_core_count(cores)
            .set_threads_per_core(threads)
            .set_amd_sev_snp(sev)
            .build()
    })
}

/// CPU credits. Types without them refuse to be told.
fn credits(planned: &Value) -> Option<CreditSpecificationRequest> {
    let credits = filled(planned.block("credit_specification")?, "cpu_credits")?;
    let kind = planned.text("instance_type");
    kind.is_none_or(super::read::has_credits)
        .then(|| CreditSpecificationRequest::builder().cpu_credits(credits).build())
}

fn market(block: &Value) -> Result<InstanceMarketOptionsRequest, OperationError> {
    let spot = match block.block("spot_options") {
        None => None,
        Some(options) => {
            let until = filled(options, "valid_until").map(|text| {
                let format = aws_smithy_types::date_time::Format::DateTime;
                aws_smithy_types::DateTime::from_str(text, format).map_err(|_| {
                    let message = format!("valid_until: {text:?} is not a time such as 2030-01-02T15:04:05Z");
                    OperationError::new(ErrorKind::Invalid, "ec2:RunInstances", message)
                })
            });
            let behavior = filled(options, "instance_interruption_behavior");
            Some(
                SpotMarketOptions::builder()
                    .set_instance_interruption_behavior(behavior.map(InstanceInterruptionBehavior::from))
                    .set_max_price(owned(options, "max_price"))
                    .set_spot_instance_type(filled(options, "spot_instance_type").map(SpotInstanceType::from))
                    .set_valid_until(until.transpose()?)
                    .build(),
            )
        }
    };
    Ok(InstanceMarketOptionsRequest::builder()
        .set_market_type(filled(block, "market_type").map(MarketType::from))
        .set_spot_options(spot)
        .build())
}

fn metadata(block: &Value) -> InstanceMetadataOptionsRequest {
    let ipv6 = filled(block, "http_protocol_ipv6").filter(|ipv6| *ipv6 != "disabled");
    InstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(filled(block, "http_endpoint").map(InstanceMetadataEndpointState::from))
        .set_http_protocol_ipv6(ipv6.map(InstanceMetadataProtocolState::from))
        .set_http_put_response_hop_limit(small(block, "http_put_response_hop_limit"))
        .set_http_tokens(filled(block, "http_tokens").map(HttpTokensState::from))
        .set_instance_metadata_tags(
            filled(block, "instance_metadata_tags").map(InstanceMetadataTagsState::from),
        )
        .build()
}

fn private_names(block: &Value) -> PrivateDnsNameOptionsRequest {
    PrivateDnsNameOptionsRequest::builder()
        .set_enable_resource_name_dns_a_record(block.boolean("enable_resource_name_dns_a_record"))
        .set_enable_resource_name_dns_aaaa_record(block.boolean("enable_resource_name_dns_aaaa_record"))
        .set_hostname_type(filled(block, "hostname_type").map(HostnameType::from))
        .build()
}

/// The network, told either of the instance or, where only an interface can be told, of its first interface.
fn network(call: RunInstancesFluentBuilder, planned: &Value) -> RunInstancesFluentBuilder {
    let texts = |name: &str| Some(planned.texts(name)).filter(|texts| !texts.is_empty());
    let groups = texts("vpc_security_group_ids");
    let given = planned.blocks("network_interface");
    if !given.is_empty() {
        let interfaces = given.iter().map(|block| {
            InstanceNetworkInterfaceSpecification::builder()
                .set_device_index(small(block, "device_index"))
                .set_network_interface_id(owned(block, "network_interface_id"))
                .set_network_card_index(small(block, "network_card_index").filter(|index| *index > 0))
                .set_delete_on_termination(block.boolean("delete_on_termination"))
                .build()
        });
        return call.set_network_interfaces(Some(interfaces.collect()));
    }
    let public = planned.boolean("associate_public_ip_address");
    let secondary = texts("secondary_private_ips");
    let primary_ipv6 = planned.boolean("enable_primary_ipv6").filter(|on| *on);
    let count = small(planned, "ipv6_address_count").filter(|count| *count > 0);
    let ipv6 = texts("ipv6_addresses").map(|addresses| {
        let one = |address| InstanceIpv6Address::builder().ipv6_address(address).build();
        addresses.into_iter().map(one).collect::<Vec<_>>()
    });
    let private = owned(planned, "private_ip");
    if public.is_none() && secondary.is_none() && primary_ipv6.is_none() {
        return call
            .set_subnet_id(owned(planned, "subnet_id"))
            .set_private_ip_address(private)
            .set_ipv6_address_count(count)
            .set_ipv6_addresses(ipv6)
            .set_security_group_ids(groups)
            .set_security_groups(texts("security_groups"));
    }
    let mut interface = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .set_subnet_id(owned(planned, "subnet_id"))
        .set_associate_public_ip_address(public)
        .set_primary_ipv6(primary_ipv6)
        .set_ipv6_address_count(count)
        .set_ipv6_addresses(ipv6)
        .set_groups(groups);
    match secondary {
        None => interface = interface.set_private_ip_address(private),
        Some(secondary) => {
            let one = |address, primary: bool| {
                PrivateIpAddressSpecification::builder().private_ip_address(address).primary(primary).build()
            };
            let addresses = private.into_iter().map(|address| one(address, true));
            let addresses = addresses.chain(secondary.into_iter().map(|address| one(address, false)));
            interface = interface.set_private_ip_addresses(Some(addresses.collect()));
        }
    }
    call.network_interfaces(interface.build()).set_security_groups(texts("security_groups"))
}

/// Waits until an instance is in a state. If it ends, the error says why.
pub(super) async fn wait_state(
    aws: &Aws,
    id: &str,
    wanted: &InstanceStateName,
    operation: &str,
    patience: Duration,
) -> Result<Option<Instance>, OperationError> {
    let is_deletion = *wanted == InstanceStateName::Terminated;
    wait::until(&format!("{id} to be {}", wanted.as_str()), patience, || async {
        let Some(one) = super::read::instances(aws, [id]).await?.remove(id) else {
            return Ok(match is_deletion {
                true => Progress::Done(None),
                false => Progress::Waiting("not shown".to_owned()),
            });
        };
        let state = one.instance.state().and_then(|state| state.name()).cloned();
        match state {
            Some(state) if state == *wanted => Ok(Progress::Done(Some(one.instance))),
            Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown) if !is_deletion => {
                let reason = one.instance.state_reason().and_then(|reason| reason.message());
                let reason = reason.unwrap_or("EC2 gives no reason");
                let message = format!("the instance ended: {reason}");
                Err(OperationError::new(ErrorKind::Other, operation, message))
            }
            Some(state) => Ok(Progress::Waiting(state.as_str().to_owned())),
            None => Ok(Progress::Waiting("without a state".to_owned())),
        }
    })
    .await
}
