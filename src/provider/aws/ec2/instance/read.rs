//! Reading instances, many at once.

use crate::provider::aws::together::{self, together};
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{
    Instance, InstanceAttributeName, InstanceNetworkInterface, InstanceStateName, LaunchTemplate,
    MonitoringState, SpotInstanceRequest, Volume,
};

use super::schema::SCHEMA;
use super::{user_data, volumes};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::network::{describe, filled};
use crate::provider::aws::ec2::{FILTER_VALUES, filter, tag_pairs};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

/// The tags by which EC2 says which template an instance was launched from.
const TEMPLATE_ID: &str = "aws:ec2launchtemplate:id";
const TEMPLATE_VERSION: &str = "aws:ec2launchtemplate:version";

/// An instance with the account that owns it.
pub(super) struct Owned {
    pub instance: Instance,
    pub owner: String,
}

/// What DescribeInstances does not tell.
#[derive(Default)]
struct Details {
    volumes: BTreeMap<String, Vec<Volume>>,
    /// CPU credits by instance.
    credits: BTreeMap<String, String>,
    /// VPCs in which groups have names too.
    default_vpcs: BTreeSet<String>,
    templates: BTreeMap<String, LaunchTemplate>,
    spots: BTreeMap<String, SpotInstanceRequest>,
    attributes: BTreeMap<String, Attributes>,
}

/// What DescribeInstanceAttribute tells, one instance and attribute a call.
#[derive(Default)]
struct Attributes {
    disable_api_stop: Option<bool>,
    disable_api_termination: Option<bool>,
    shutdown_behavior: Option<String>,
    user_data: Option<String>,
    password: String,
}

pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let mut found = instances(aws, describe::ids(requests)).await?;
    found.retain(|_, one| {
        let state = one.instance.state().and_then(|state| state.name());
        !matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
    });
    let with_password: BTreeSet<&str> = requests
        .iter()
        .filter(|request| request.known.boolean("get_password_data") == Some(true))
        .filter_map(|request| filled(&request.known, "id"))
        .collect();
    let details = details(aws, &found, &with_password).await?;
    Ok(describe::answers(requests, &found, |one, request| object(aws, one, &details, &request.known)))
}

/// The instances of these ids, by id, terminated ones included.
pub(super) async fn instances<'a>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Owned>, OperationError> {
    let reservations = describe::all("instance-id", ids, &[], |filters| async {
        let pages = aws.ec2().describe_instances().set_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeInstances", error))
    });
    let mut found = BTreeMap::new();
    for reservation in reservations.await? {
        let owner = reservation.owner_id.unwrap_or_default();
        for instance in reservation.instances.unwrap_or_default() {
            if let Some(id) = instance.instance_id.clone() {
                found.insert(id, Owned { instance, owner: owner.clone() });
            }
        }
    }
    Ok(found)
}

async fn details(
    aws: &Aws,
    found: &BTreeMap<String, Owned>,
    with_password: &BTreeSet<&str>,
) -> Result<Details, OperationError> {
    if found.is_empty() {
        return Ok(Details::default());
    }
    let ids = || found.keys().map(String::as_str);
    let all = || found.values().map(|one| &one.instance);
    let vpcs = all().filter_map(Instance::vpc_id);
    let default = [filter("is-default", ["true"])];
    let vpcs = describe::all("vpc-id", vpcs, &default, |filters| describe::vpcs(aws, filters));
    let templates: BTreeSet<&str> = all().filter_map(|instance| tag(instance, TEMPLATE_ID)).collect();
    let spots = all().filter_map(Instance::spot_instance_request_id);
    let spots = describe::all("spot-instance-request-id", spots, &[], |filters| async {
        let pages = aws.ec2().describe_spot_instance_requests().set_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeSpotInstanceRequests", error))
    });
    let attributes = together::all(ids().map(|id| attributes(aws, id, with_password.contains(id))));
    let (volumes, credits, vpcs, templates, spots, attributes) = together!(
        volumes::of_instances(aws, ids()),
        credits(aws, all()),
        vpcs,
        launch_templates(aws, templates),
        spots,
        attributes,
    )?;
    Ok(Details {
        volumes,
        credits,
        default_vpcs: vpcs.into_iter().filter_map(|vpc| vpc.vpc_id).collect(),
        templates,
        spots: describe::by(spots, SpotInstanceRequest::spot_instance_request_id),
        attributes: ids().map(str::to_owned).zip(attributes).collect(),
    })
}

fn tag<'a>(instance: &'a Instance, key: &str) -> Option<&'a str> {
    tag_pairs(instance.tags()).find(|(name, _)| *name == key).map(|(_, value)| value)
}

/// CPU credits of the instances whose types have them: all of T2 and later. The call fails for ids that do not exist:
/// so it is made for those that were found.
async fn credits<'a>(
    aws: &Aws,
    instances: impl Iterator<Item = &'a Instance>,
) -> Result<BTreeMap<String, String>, OperationError> {
    let has_credits = |instance: &&Instance| {
        let kind = instance.instance_type().map_or("", |kind| kind.as_str());
        has_credits(kind)
    };
    let ids: Vec<String> = instances.filter(has_credits).filter_map(|one| one.instance_id.clone()).collect();
    let calls = ids.chunks(FILTER_VALUES).map(|chunk| async {
        let call = aws.ec2().describe_instance_credit_specifications();
        let answer = call.set_instance_ids(Some(chunk.to_vec())).send().await;
        answer.map_err(|error| failed("ec2:DescribeInstanceCreditSpecifications", error))
    });
    let answers = together::all(calls).await?.into_iter();
    let found = answers.flat_map(|answer| answer.instance_credit_specifications.unwrap_or_default());
    Ok(found.filter_map(|one| Some((one.instance_id?, one.cpu_credits?))).collect())
}

/// Whether instances of a type earn and spend CPU credits: `t2.micro` and all that came after it.
pub(in crate::provider::aws::ec2) fn has_credits(kind: &str) -> bool {
    let family = kind.strip_prefix('t').unwrap_or_default();
    family.starts_with(|digit: char| ('2'..='9').contains(&digit))
}

/// Templates by id. One that is deleted is left out.
async fn launch_templates(
    aws: &Aws,
    ids: BTreeSet<&str>,
) -> Result<BTreeMap<String, LaunchTemplate>, OperationError> {
    let calls = ids.into_iter().map(|id| async move {
        let answer = aws.ec2().describe_launch_templates().launch_template_ids(id).send().await;
        match answer.map_err(|error| failed("ec2:DescribeLaunchTemplates", error)) {
            Ok(answer) => Ok(answer.launch_templates.unwrap_or_default()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    });
    let found = together::all(calls).await?.into_iter().flatten().collect();
    Ok(describe::by(found, LaunchTemplate::launch_template_id))
}

async fn attributes(aws: &Aws, id: &str, with_password: bool) -> Result<Attributes, OperationError> {
    let one = |name: InstanceAttributeName| async {
        let answer = aws.ec2().describe_instance_attribute().instance_id(id).attribute(name).send().await;
        answer.map_err(|error| failed("ec2:DescribeInstanceAttribute", error))
    };
    let password = async {
        if !with_password {
            return Ok(String::new());
        }
        let answer = aws.ec2().get_password_data().instance_id(id).send().await;
        let answer = answer.map_err(|error| failed("ec2:GetPasswordData", error))?;
        Ok(answer.password_data.unwrap_or_default().trim().to_owned())
    };
    let (stop, termination, behavior, data, password) = together!(
        one(InstanceAttributeName::DisableApiStop),
        one(InstanceAttributeName::DisableApiTermination),
        one(InstanceAttributeName::InstanceInitiatedShutdownBehavior),
        one(InstanceAttributeName::UserData),
        password,
    )?;
    Ok(Attributes {
        disable_api_stop: stop.disable_api_stop.and_then(|value| value.value),
        disable_api_termination: termination.disable_api_termination.and_then(|value| value.value),
        shutdown_behavior: behavior.instance_initiated_shutdown_behavior.and_then(|value| value.value),
        user_data: data.user_data.and_then(|value| value.value).filter(|text| !text.is_empty()),
        password,
    })
}

/// The network interface that an instance was made with.
pub(super) fn primary(instance: &Instance) -> Option<&InstanceNetworkInterface> {
    let index = |one: &&InstanceNetworkInterface| {
        one.attachment().and_then(|attachment| attachment.device_index()) == Some(0)
    };
    instance.network_interfaces().iter().find(index)
}

fn object(aws: &Aws, one: &Owned, details: &Details, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let Owned { instance, owner } = one;
    let id = instance.instance_id().unwrap_or_default();
    let none = Attributes::default();
    let attributes = details.attributes.get(id).unwrap_or(&none);
    let volumes = details.volumes.get(id).map(Vec::as_slice).unwrap_or_default();
    let text = |text: Option<&str>| Value::string(text.unwrap_or_default());
    let flag = |value: Option<bool>| Value::bool(value.unwrap_or(false));
    let arn = format!("arn:{}:ec2:{}:{owner}:instance/{id}", aws.partition().id, aws.region);
    let placement = instance.placement();
    let cpu = instance.cpu_options();
    let number = |value: Option<i32>| object::integer(value.map(i64::from));
    let mut entries = vec![
        ("id", Value::string(id)),
        ("ami", text(instance.image_id())),
        ("arn", Value::string(arn)),
        ("availability_zone", text(placement.and_then(|place| place.availability_zone()))),
        ("cpu_core_count", number(cpu.and_then(|cpu| cpu.core_count()))),
        ("cpu_threads_per_core", number(cpu.and_then(|cpu| cpu.threads_per_core()))),
        ("disable_api_stop", flag(attributes.disable_api_stop)),
        ("disable_api_termination", flag(attributes.disable_api_termination)),
        ("ebs_optimized", flag(instance.ebs_optimized())),
        ("hibernation", flag(instance.hibernation_options().and_then(|options| options.configured()))),
        ("host_id", text(placement.and_then(|place| place.host_id()))),
        ("host_resource_group_arn", text(placement.and_then(|place| place.host_resource_group_arn()))),
        (
            "iam_instance_profile",
            text(instance.iam_instance_profile().and_then(|one| profile_name(one.arn()?))),
        ),
        ("instance_initiated_shutdown_behavior", text(attributes.shutdown_behavior.as_deref())),
        ("instance_lifecycle", text(instance.instance_lifecycle().map(|kind| kind.as_str()))),
        ("instance_state", text(instance.state().and_then(|state| state.name()).map(|state| state.as_str()))),
        ("instance_type", text(instance.instance_type().map(|kind| kind.as_str()))),
        ("key_name", text(instance.key_name())),
        ("launch_template", template(instance, details, known)),
        ("monitoring", {
            let state = instance.monitoring().and_then(|one| one.state());
            Value::bool(matches!(state, Some(MonitoringState::Enabled | MonitoringState::Pending)))
        }),
        ("outpost_arn", text(instance.outpost_arn())),
        ("password_data", Value::string(&attributes.password)),
        ("placement_group", text(placement.and_then(|place| place.group_name()))),
        ("placement_partition_number", {
            let partition = placement.and_then(|place| place.partition_number());
            object::integer(Some(i64::from(partition.unwrap_or(0))))
        }),
        ("private_dns", text(instance.private_dns_name())),
        ("public_dns", text(instance.public_dns_name())),
        ("public_ip", text(instance.public_ip_address())),
        ("source_dest_check", object::boolean(instance.source_dest_check())),
        ("spot_instance_request_id", text(instance.spot_instance_request_id())),
        ("subnet_id", text(instance.subnet_id())),
        ("tenancy", text(placement.and_then(|place| place.tenancy()).map(|tenancy| tenancy.as_str()))),
        ("tags_all", aws.tags.live(tag_pairs(instance.tags()))),
        ("volume_tags", volumes::shared_tags(aws, volumes, known)),
        ("ebs_block_device", volumes::others(aws, instance, volumes, known)),
        ("root_block_device", volumes::root(aws, instance, volumes, known)),
        ("ephemeral_block_device", {
            // EC2 does not say which of the instance's own disks it was asked for.
            let kept = known.blocks("ephemeral_block_device").to_vec();
            blocks::holding(schema, "ephemeral_block_device", kept)
        }),
        ("instance_market_options", market(instance, details, known)),
    ];
    entries.extend(data(attributes, known));
    entries.extend(network(instance, details, known));
    entries.extend(options(instance, details));
    schema.object(entries)
}

/// `arn:aws:iam::123456789012:instance-profile/path/name`
fn profile_name(arn: &str) -> Option<&str> {
    arn.rsplit('/').next()
}

/// User data in the argument that the code or the record has it in.
fn data(attributes: &Attributes, known: &Value) -> [(&'static str, Value); 2] {
    let live = attributes.user_data.as_deref();
    if filled(known, "user_data_base64").is_some() {
        [("user_data", object::text(None::<&str>)), ("user_data_base64", object::text(live))]
    } else {
        [
            ("user_data", object::text(live.map(user_data::digest))),
            ("user_data_base64", object::text(None::<&str>)),
        ]
    }
}

fn network(instance: &Instance, details: &Details, known: &Value) -> Vec<(&'static str, Value)> {
    let primary = primary(instance);
    let addresses = primary.map(|one| one.private_ip_addresses()).unwrap_or_default();
    let secondary =
        addresses.iter().filter(|one| one.primary() != Some(true)).filter_map(|one| one.private_ip_address());
    let ipv6 = primary.map(|one| one.ipv6_addresses()).unwrap_or_default();
    let is_named = instance.vpc_id().is_none_or(|vpc| details.default_vpcs.contains(vpc));
    let groups = instance.security_groups();
    let names = groups.iter().filter_map(|group| group.group_name()).filter(|_| is_named);
    let in_vpc = instance.subnet_id().is_some();
    let ids = groups.iter().filter_map(|group| group.group_id()).filter(|_| in_vpc);
    let count = i64::try_from(ipv6.len()).unwrap_or(i64::MAX);
    vec![
        (
            "associate_public_ip_address",
            Value::bool(
                primary.is_some_and(|one| one.association().is_some_and(|one| one.public_ip().is_some())),
            ),
        ),
        ("enable_primary_ipv6", Value::bool(ipv6.iter().any(|one| one.is_primary_ipv6() == Some(true)))),
        ("ipv6_address_count", Value::number(count)),
        ("ipv6_addresses", object::text_list(ipv6.iter().filter_map(|one| one.ipv6_address()))),
        ("network_interface", interfaces(instance, known)),
        (
            "primary_network_interface_id",
            object::text(Some(primary.and_then(|one| one.network_interface_id()).unwrap_or_default())),
        ),
        ("private_ip", object::text(Some(instance.private_ip_address().unwrap_or_default()))),
        ("secondary_private_ips", object::text_set(secondary)),
        ("security_groups", object::text_set(names)),
        ("vpc_security_group_ids", object::text_set(ids)),
    ]
}

/// The network interfaces that the code or the record names, as they are. Others are not the instance's business.
fn interfaces(instance: &Instance, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let inner = blocks::inner(schema, "network_interface");
    let one = |block: &Value| {
        let index = block.integer("device_index")?;
        let live = instance.network_interfaces().iter().find(|one| {
            one.attachment().and_then(|attachment| attachment.device_index()).map(i64::from) == Some(index)
        })?;
        let attachment = live.attachment()?;
        let card = attachment.network_card_index().unwrap_or(0);
        Some(inner.object([
            ("delete_on_termination", Value::bool(attachment.delete_on_termination() == Some(true))),
            ("device_index", Value::number(index)),
            ("network_card_index", Value::number(i64::from(card))),
            ("network_interface_id", object::text(live.network_interface_id())),
        ]))
    };
    let found = known.blocks("network_interface").iter().filter_map(one).collect();
    blocks::holding(schema, "network_interface", found)
}

/// The template that an instance was launched from. `$Latest` and `$Default` stay as they are written while they
/// mean the version that the instance has.
fn template(instance: &Instance, details: &Details, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let found = tag(instance, TEMPLATE_ID).and_then(|id| details.templates.get(id));
    let (Some(template), Some(version)) = (found, tag(instance, TEMPLATE_VERSION)) else {
        return blocks::none(schema, "launch_template");
    };
    let written = known.block("launch_template").and_then(|block| block.text("version"));
    let meant = match written {
        Some("$Default") => template.default_version_number(),
        Some("$Latest") => template.latest_version_number(),
        _ => None,
    };
    let is_meant = meant.is_some_and(|meant| meant.to_string() == version);
    blocks::one(
        schema,
        "launch_template",
        [
            ("id", object::text(template.launch_template_id())),
            ("name", object::text(template.launch_template_name())),
            ("version", Value::string(written.filter(|_| is_meant).unwrap_or(version))),
        ],
    )
}

/// The market that an instance was bought on. What EC2 does not say is as it was known.
fn market(instance: &Instance, details: &Details, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let name = "instance_market_options";
    if instance.instance_lifecycle().is_none_or(|kind| kind.as_str() != "spot") {
        return blocks::none(schema, name);
    }
    let request = instance.spot_instance_request_id().and_then(|id| details.spots.get(id));
    let Some(request) = request else {
        return blocks::holding(schema, name, known.blocks(name).to_vec());
    };
    let inner = blocks::inner(schema, name);
    let until =
        request.valid_until().and_then(|time| time.fmt(aws_smithy_types::date_time::Format::DateTime).ok());
    let options = blocks::one(
        inner,
        "spot_options",
        [
            (
                "instance_interruption_behavior",
                object::text(request.instance_interruption_behavior().map(|one| one.as_str())),
            ),
            ("max_price", object::text(request.spot_price())),
            ("spot_instance_type", object::text(request.r#type().map(|kind| kind.as_str()))),
            ("valid_until", Value::string(until.unwrap_or_default())),
        ],
    );
    blocks::one(schema, name, [("market_type", Value::string("spot")), ("spot_options", options)])
}

/// The blocks of options that have one value each.
fn options(instance: &Instance, details: &Details) -> Vec<(&'static str, Value)> {
    let schema = &SCHEMA.block;
    let holding = |name: &'static str, entries: Option<Vec<(&'static str, Value)>>| {
        let value = match entries {
            Some(entries) => blocks::one(schema, name, entries),
            None => blocks::none(schema, name),
        };
        (name, value)
    };
    let number = |value: Option<i32>| object::integer(value.map(i64::from));
    let credits = instance.instance_id().and_then(|id| details.credits.get(id));
    vec![
        holding(
            "capacity_reservation_specification",
            instance.capacity_reservation_specification().map(|one| {
                let inner = blocks::inner(schema, "capacity_reservation_specification");
                let target = match one.capacity_reservation_target() {
                    Some(target) => blocks::one(
                        inner,
                        "capacity_reservation_target",
                        [
                            ("capacity_reservation_id", object::text(target.capacity_reservation_id())),
                            (
                                "capacity_reservation_resource_group_arn",
                                object::text(target.capacity_reservation_resource_group_arn()),
                            ),
                        ],
                    ),
                    None => blocks::none(inner, "capacity_reservation_target"),
                };
                let preference = one.capacity_reservation_preference().map(|one| one.as_str());
                vec![
                    ("capacity_reservation_preference", object::text(preference)),
                    ("capacity_reservation_target", target),
                ]
            }),
        ),
        holding(
            "cpu_options",
            instance.cpu_options().map(|one| {
                let sev = one.amd_sev_snp().map_or("", |one| one.as_str());
                vec![
                    ("amd_sev_snp", Value::string(sev)),
                    ("core_count", number(one.core_count())),
                    ("threads_per_core", number(one.threads_per_core())),
                ]
            }),
        ),
        holding("credit_specification", credits.map(|credits| vec![("cpu_credits", Value::string(credits))])),
        holding(
            "enclave_options",
            instance.enclave_options().map(|one| vec![("enabled", Value::bool(one.enabled() == Some(true)))]),
        ),
        holding(
            "maintenance_options",
            instance.maintenance_options().map(|one| {
                vec![("auto_recovery", object::text(one.auto_recovery().map(|one| one.as_str())))]
            }),
        ),
        holding(
            "metadata_options",
            instance.metadata_options().map(|one| {
                vec![
                    ("http_endpoint", object::text(one.http_endpoint().map(|one| one.as_str()))),
                    ("http_protocol_ipv6", object::text(one.http_protocol_ipv6().map(|one| one.as_str()))),
                    ("http_put_response_hop_limit", number(one.http_put_response_hop_limit())),
                    ("http_tokens", object::text(one.http_tokens().map(|one| one.as_str()))),
                    (
                        "instance_metadata_tags",
                        object::text(one.instance_metadata_tags().map(|one| one.as_str())),
                    ),
                ]
            }),
        ),
        holding(
            "private_dns_name_options",
            instance.private_dns_name_options().map(|one| {
                vec![
                    (
                        "enable_resource_name_dns_a_record",
                        object::boolean(one.enable_resource_name_dns_a_record()),
                    ),
                    (
                        "enable_resource_name_dns_aaaa_record",
                        object::boolean(one.enable_resource_name_dns_aaaa_record()),
                    ),
                    ("hostname_type", object::text(one.hostname_type().map(|one| one.as_str()))),
                ]
            }),
        ),
    ]
}

/// No tags, where the code has none.
pub(super) fn no_tags() -> Value {
    Value::null(Type::map(Type::String))
}
