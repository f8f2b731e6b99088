//! The volumes of instances: `root_block_device`, `ebs_block_device` and `volume_tags`.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_ec2::types::{
    BlockDeviceMapping, EbsBlockDevice, EbsInstanceBlockDeviceSpecification, Instance,
    InstanceBlockDeviceMapping, InstanceBlockDeviceMappingSpecification, Volume, VolumeModificationState,
    VolumeType,
};

use super::read::no_tags;
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::network::{describe, filled, owned, small};
use crate::provider::aws::ec2::{filter, tag_pairs, update_tags};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError};

/// The arguments of a volume that ModifyVolume changes.
const MODIFIABLE: [&str; 4] = ["iops", "throughput", "volume_size", "volume_type"];

/// The volumes of instances, by instance.
pub(super) async fn of_instances<'a>(
    aws: &Aws,
    ids: impl IntoIterator<Item = &'a str>,
) -> Result<BTreeMap<String, Vec<Volume>>, OperationError> {
    let volumes = describe::all("attachment.instance-id", ids, &[], |filters| async {
        let pages = aws.ec2().describe_volumes().set_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeVolumes", error))
    });
    let mut found: BTreeMap<String, Vec<Volume>> = BTreeMap::new();
    for volume in volumes.await? {
        let owners = volume.attachments().iter().filter_map(|one| one.instance_id().map(str::to_owned));
        for owner in owners.collect::<Vec<_>>() {
            found.entry(owner).or_default().push(volume.clone());
        }
    }
    Ok(found)
}

/// A device of an instance with its volume.
type Device<'a> = (&'a InstanceBlockDeviceMapping, &'a Volume);

fn devices<'a>(instance: &'a Instance, volumes: &'a [Volume]) -> impl Iterator<Item = Device<'a>> {
    instance.block_device_mappings().iter().filter_map(|mapping| {
        let id = mapping.ebs()?.volume_id()?;
        Some((mapping, volumes.iter().find(|volume| volume.volume_id() == Some(id))?))
    })
}

fn is_root(instance: &Instance, mapping: &InstanceBlockDeviceMapping) -> bool {
    mapping.device_name().is_some() && mapping.device_name() == instance.root_device_name()
}

/// What both kinds of blocks show of a device. `tags` are the block's own unless `volume_tags` has those of all.
fn attributes(
    aws: &Aws,
    (mapping, volume): Device<'_>,
    known: &Value,
    before: Option<&Value>,
) -> Vec<(&'static str, Value)> {
    let number = |value: Option<i32>| object::integer(Some(i64::from(value.unwrap_or(0))));
    let is_shared = !known.text_map("volume_tags").is_empty();
    let (tags, tags_all) = if is_shared {
        (no_tags(), object::text_map::<&str, &str>([]))
    } else {
        let all = aws.tags.live(tag_pairs(volume.tags()));
        (aws.tags.own(&all, before.and_then(|before| before.known("tags"))), all)
    };
    vec![
        (
            "delete_on_termination",
            Value::bool(mapping.ebs().and_then(|ebs| ebs.delete_on_termination()) == Some(true)),
        ),
        ("device_name", object::text(mapping.device_name())),
        ("encrypted", Value::bool(volume.encrypted() == Some(true))),
        ("iops", number(volume.iops())),
        ("kms_key_id", Value::string(volume.kms_key_id().unwrap_or_default())),
        ("tags", tags),
        ("tags_all", tags_all),
        ("throughput", number(volume.throughput())),
        ("volume_id", object::text(volume.volume_id())),
        ("volume_size", number(volume.size())),
        ("volume_type", object::text(volume.volume_type().map(|kind| kind.as_str()))),
    ]
}

/// `root_block_device`
pub(super) fn root(aws: &Aws, instance: &Instance, volumes: &[Volume], known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let found = devices(instance, volumes).find(|(mapping, _)| is_root(instance, mapping));
    match found {
        Some(device) => {
            let before = known.block("root_block_device");
            blocks::one(schema, "root_block_device", attributes(aws, device, known, before))
        }
        None => blocks::none(schema, "root_block_device"),
    }
}

/// `ebs_block_device`
pub(super) fn others(aws: &Aws, instance: &Instance, volumes: &[Volume], known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let inner = blocks::inner(schema, "ebs_block_device");
    let others = devices(instance, volumes).filter(|(mapping, _)| !is_root(instance, mapping));
    let block = |device: Device<'_>| {
        let blocks = known.blocks("ebs_block_device");
        let before = blocks.iter().find(|block| block.text("device_name") == device.0.device_name());
        let snapshot = ("snapshot_id", Value::string(device.1.snapshot_id().unwrap_or_default()));
        inner.object(attributes(aws, device, known, before).into_iter().chain([snapshot]))
    };
    blocks::holding(schema, "ebs_block_device", others.map(block).collect())
}

/// `volume_tags`: the tags of all volumes, where the code gives tags to all.
pub(super) fn shared_tags(aws: &Aws, volumes: &[Volume], known: &Value) -> Value {
    if known.text_map("volume_tags").is_empty() {
        return no_tags();
    }
    aws.tags.live(volumes.iter().flat_map(|volume| tag_pairs(volume.tags())))
}

/// What the launch is told of the volumes. The root device's name is the image's.
pub(super) fn mappings(planned: &Value, root_device: Option<&str>) -> Option<Vec<BlockDeviceMapping>> {
    let mut mappings = Vec::new();
    for block in planned.blocks("ebs_block_device") {
        let device = ebs(block).set_snapshot_id(owned(block, "snapshot_id"));
        mappings.push(
            BlockDeviceMapping::builder()
                .set_device_name(owned(block, "device_name"))
                .ebs(device.set_encrypted(block.boolean("encrypted").filter(|encrypted| *encrypted)).build())
                .build(),
        );
    }
    for block in planned.blocks("ephemeral_block_device") {
        let is_none = block.boolean("no_device") == Some(true);
        mappings.push(
            BlockDeviceMapping::builder()
                .set_device_name(owned(block, "device_name"))
                .set_virtual_name(owned(block, "virtual_name"))
                .set_no_device(is_none.then(String::new))
                .build(),
        );
    }
    if let Some(block) = planned.block("root_block_device") {
        let device = ebs(block).set_encrypted(block.boolean("encrypted").filter(|encrypted| *encrypted));
        mappings.push(
            BlockDeviceMapping::builder()
                .set_device_name(root_device.map(str::to_owned))
                .ebs(device.build())
                .build(),
        );
    }
    Some(mappings).filter(|mappings| !mappings.is_empty())
}

fn ebs(block: &Value) -> aws_sdk_ec2::types::builders::EbsBlockDeviceBuilder {
    let positive = |name: &str| small(block, name).filter(|number| *number > 0);
    EbsBlockDevice::builder()
        .set_delete_on_termination(block.boolean("delete_on_termination"))
        .set_iops(positive("iops"))
        .set_kms_key_id(owned(block, "kms_key_id"))
        .set_throughput(positive("throughput"))
        .set_volume_size(positive("volume_size"))
        .set_volume_type(filled(block, "volume_type").map(VolumeType::from))
}

/// Gives new volumes the tags of their blocks, which a launch cannot.
pub(super) async fn tag_new(aws: &Aws, instance: &Instance, planned: &Value) -> Result<(), OperationError> {
    let root = planned.block("root_block_device").map(|block| (instance.root_device_name(), block));
    let others = planned.blocks("ebs_block_device").iter().map(|block| (block.text("device_name"), block));
    for (device, block) in root.into_iter().chain(others) {
        let tags = block.text_map("tags_all");
        let own = block.text_map("tags");
        let mapping = instance.block_device_mappings().iter().find(|one| one.device_name() == device);
        let volume = mapping.and_then(|mapping| mapping.ebs()?.volume_id());
        if let Some(volume) = volume.filter(|_| !own.is_empty()) {
            let set = if tags.is_empty() { own } else { tags };
            update_tags(aws, volume, &TagChanges { remove: Vec::new(), set }).await?;
        }
    }
    Ok(())
}

/// Gives all volumes the tags of `volume_tags`.
pub(super) async fn update_shared_tags(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let (before, mut after) = (prior.text_map("volume_tags"), planned.text_map("volume_tags"));
    if before == after {
        return Ok(());
    }
    let remove = before.keys().filter(|key| !after.contains_key(*key)).cloned().collect();
    after.retain(|key, value| before.get(key) != Some(value));
    let changes = TagChanges { remove, set: after };
    for volume in of_instances(aws, [id]).await?.into_values().flatten() {
        update_tags(aws, volume.volume_id().unwrap_or_default(), &changes).await?;
    }
    Ok(())
}

/// Changes volumes in place: the root volume's size and speed, what becomes of it, and tags of all.
pub(super) async fn update(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let outer = &SCHEMA.block;
    if let (Some(before), Some(after)) =
        (prior.block("root_block_device"), planned.block("root_block_device"))
    {
        let schema = blocks::inner(outer, "root_block_device");
        let is_changed =
            |name: &str| after.known(name).is_some() && !blocks::same_attribute(schema, name, before, after);
        let volume = filled(before, "volume_id").unwrap_or_default();
        if MODIFIABLE.into_iter().any(is_changed) {
            let changed = |name: &str| small(after, name).filter(|number| *number > 0 && is_changed(name));
            let kind = filled(after, "volume_type").filter(|_| is_changed("volume_type"));
            let call = aws.ec2().modify_volume().volume_id(volume);
            let call = call
                .set_iops(changed("iops"))
                .set_size(changed("volume_size"))
                .set_throughput(changed("throughput"))
                .set_volume_type(kind.map(VolumeType::from));
            call.send().await.map_err(|error| failed("ec2:ModifyVolume", error))?;
            wait_modified(aws, volume, patience).await?;
        }
        if is_changed("delete_on_termination") {
            let value = after.boolean("delete_on_termination");
            let ebs = EbsInstanceBlockDeviceSpecification::builder().set_delete_on_termination(value).build();
            let mapping = InstanceBlockDeviceMappingSpecification::builder()
                .set_device_name(owned(before, "device_name"))
                .ebs(ebs)
                .build();
            let call = aws.ec2().modify_instance_attribute().instance_id(id).block_device_mappings(mapping);
            call.send().await.map_err(|error| failed("ec2:ModifyInstanceAttribute", error))?;
        }
        update_block_tags(aws, volume, before, after).await?;
    }
    for after in planned.blocks("ebs_block_device") {
        let device = after.text("device_name");
        let blocks = prior.blocks("ebs_block_device");
        if let Some(before) = blocks.iter().find(|block| block.text("device_name") == device) {
            update_block_tags(aws, filled(before, "volume_id").unwrap_or_default(), before, after).await?;
        }
    }
    Ok(())
}

async fn update_block_tags(
    aws: &Aws,
    volume: &str,
    before: &Value,
    after: &Value,
) -> Result<(), OperationError> {
    if after.known("tags_all").is_none() {
        return Ok(());
    }
    update_tags(aws, volume, &TagChanges::between(before, after)).await
}

/// Waits until a volume has its new size and speed. It may go on optimizing itself for hours, in use.
async fn wait_modified(aws: &Aws, volume: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("{volume} to be modified"), patience, || async {
        let call = aws.ec2().describe_volumes_modifications().filters(filter("volume-id", [volume]));
        let answer = call.send().await.map_err(|error| failed("ec2:DescribeVolumesModifications", error))?;
        let mut modifications = answer.volumes_modifications.unwrap_or_default();
        modifications.sort_by(|left, right| left.start_time().cmp(&right.start_time()));
        let Some(last) = modifications.pop() else { return Ok(Progress::Waiting("not shown".to_owned())) };
        match last.modification_state() {
            Some(VolumeModificationState::Failed) => {
                let reason = last.status_message().unwrap_or("EC2 gives no reason");
                let message = format!("the volume could not be modified: {reason}");
                Err(OperationError::new(ErrorKind::Other, "ec2:ModifyVolume", message))
            }
            Some(VolumeModificationState::Modifying) => Ok(Progress::Waiting("modifying".to_owned())),
            _ => Ok(Progress::Done(())),
        }
    })
    .await
}
