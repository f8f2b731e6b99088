//! `aws_ami`: a machine image.
//!
//! Facts: EC2 API reference (DescribeImages, Image, BlockDeviceMapping); the AWS provider's manual page and its answers.

use async_trait::async_trait;
use aws_sdk_ec2::types::{BlockDeviceMapping, DeviceType, Image as LiveImage};

use super::{answered, filter_blocks, flag, own_filters, text, with};
use crate::lang::functions;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::tag_pairs;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// The IAM action of the only call.
const DESCRIBE: &str = "ec2:DescribeImages";

/// Arguments that say what to look for, and what their values are.
const ASKED: [&str; 6] = ["executable_users", "filter", "name_regex", "owners", "timeouts", "uefi_data"];

/// `aws_ami`
pub struct Image {
    schema: Schema,
}

/// The type of one of `block_device_mappings`.
fn mapping_type() -> Type {
    Type::object([
        ("device_name", Type::String),
        ("ebs", Type::map(Type::String)),
        ("no_device", Type::String),
        ("virtual_name", Type::String),
    ])
}

/// The type of one of `product_codes`.
fn code_type() -> Type {
    Type::object([("product_code_id", Type::String), ("product_code_type", Type::String)])
}

impl Default for Image {
    fn default() -> Image {
        let texts = [
            "architecture",
            "arn",
            "boot_mode",
            "creation_date",
            "deprecation_time",
            "description",
            "hypervisor",
            "image_id",
            "image_location",
            "image_owner_alias",
            "image_type",
            "imds_support",
            "kernel_id",
            "last_launched_time",
            "name",
            "owner_id",
            "platform",
            "platform_details",
            "ramdisk_id",
            "root_device_name",
            "root_device_type",
            "root_snapshot_id",
            "sriov_net_support",
            "state",
            "tpm_support",
            "usage_operation",
            "virtualization_type",
        ];
        let block = with(BlockSchema::new().id(), &texts, || AttributeSchema::computed(Type::String));
        let block = with(block, &["ena_support", "public"], || AttributeSchema::computed(Type::Bool));
        let block = with(block, &["include_deprecated", "most_recent"], || {
            AttributeSchema::optional(Type::Bool).default(false)
        });
        let block = with(block, &["executable_users", "owners"], || {
            AttributeSchema::optional(Type::list(Type::String))
        });
        let block = with(block, &["name_regex", "uefi_data"], || AttributeSchema::optional(Type::String));
        let block = block
            .attribute("block_device_mappings", AttributeSchema::computed(Type::set(mapping_type())))
            .attribute("product_codes", AttributeSchema::computed(Type::set(code_type())))
            .attribute("state_reason", AttributeSchema::computed(Type::map(Type::String)))
            .attribute("tags", AttributeSchema::optional_computed(Type::map(Type::String)))
            .block("filter", filter_blocks())
            .timeouts(&["read"]);
        Image { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for Image {
    fn name(&self) -> &'static str {
        "aws_ami"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        if let Some(pattern) = config.text("name_regex")
            && let Err(error) = functions::regex_matches(pattern, "")
        {
            checks.invalid("name_regex", error);
        }
        let owners = config.known("owners").and_then(Value::as_elements);
        if let Some(owners) = owners {
            let is_empty = |owner: &Value| owner.as_str() == Some("");
            if owners.is_empty() || owners.iter().any(is_empty) {
                let detail = "It needs the id or alias of an account, such as \"self\" or \"amazon\"; leave it out to look \
                              at the images of all.";
                checks.invalid("owners", detail);
            }
        }
        let names = ["image-id", "owner-id"];
        let is_filtered = config.known("filter").is_none()
            || config
                .blocks("filter")
                .iter()
                .any(|block| block.text("name").is_none_or(|name| names.contains(&name)));
        let owners_left_out =
            config.as_entries().and_then(|entries| entries.get("owners")).is_none_or(Value::is_null);
        if config.boolean("most_recent") == Some(true) && owners_left_out && !is_filtered {
            checks.warn(
                "most_recent",
                "Anybody's image may be the most recent one",
                "The images are filtered neither by owner nor by id: whoever publishes one that matches can have it \
                 used here. Set owners.",
            );
        }
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let found = images(aws, config).await?;
        let chosen = choose(found, config.boolean("most_recent") == Some(true))?;
        Ok(self.object(aws, &chosen, config))
    }
}

/// The images that the code asks for.
async fn images(aws: &Aws, config: &Value) -> Result<Vec<LiveImage>, OperationError> {
    let texts = |name: &str| Some(config.texts(name)).filter(|texts| !texts.is_empty());
    let pages = aws
        .ec2()
        .describe_images()
        .set_executable_users(texts("executable_users"))
        .set_filters(Some(own_filters(config)).filter(|filters| !filters.is_empty()))
        .set_include_deprecated(config.boolean("include_deprecated").filter(|on| *on))
        .set_owners(texts("owners"))
        .into_paginator()
        .items()
        .send();
    let found: Result<Vec<LiveImage>, _> = pages.try_collect().await;
    let found = found.map_err(|error| failed(DESCRIBE, error))?;
    let Some(pattern) = config.text("name_regex").filter(|pattern| !pattern.is_empty()) else {
        return Ok(found);
    };
    let mut matching = Vec::new();
    for image in found {
        // An image may have no name.
        let is_match = match image.name() {
            Some(name) => functions::regex_matches(pattern, name)
                .map_err(|error| OperationError::new(ErrorKind::Invalid, DESCRIBE, error))?,
            None => false,
        };
        if is_match {
            matching.push(image);
        }
    }
    Ok(matching)
}

/// The only image, or the one that was made last.
fn choose(mut found: Vec<LiveImage>, most_recent: bool) -> Result<LiveImage, OperationError> {
    let count = found.len();
    if count > 1 && !most_recent {
        let message = format!(
            "the query returned more than one result, {count} images: ask for something more specific, or set \
             most_recent = true"
        );
        return Err(OperationError::new(ErrorKind::Other, DESCRIBE, message));
    }
    // Dates are of one form, in UTC: their order is that of their texts. Of images of one date the first counts.
    found.sort_by(|left, right| right.creation_date().cmp(&left.creation_date()));
    found.into_iter().next().ok_or_else(|| {
        let message = "the query returned no results: change what the data source asks for";
        OperationError::new(ErrorKind::NotFound, DESCRIBE, message)
    })
}

/// A map of texts as the provider has it for volumes: everything is there, zero or false where AWS says nothing.
fn mapping(live: &BlockDeviceMapping) -> Value {
    let ebs = live.ebs().map_or_else(
        || object::text_map::<&str, &str>([]),
        |ebs| {
            let number = |value: Option<i32>| value.unwrap_or(0).to_string();
            let flag = |value: Option<bool>| value.unwrap_or(false).to_string();
            object::text_map([
                ("delete_on_termination", flag(ebs.delete_on_termination())),
                ("encrypted", flag(ebs.encrypted())),
                ("iops", number(ebs.iops())),
                ("snapshot_id", ebs.snapshot_id().unwrap_or_default().to_owned()),
                ("throughput", number(ebs.throughput())),
                ("volume_initialization_rate", number(ebs.volume_initialization_rate())),
                ("volume_size", number(ebs.volume_size())),
                ("volume_type", ebs.volume_type().map_or("", |kind| kind.as_str()).to_owned()),
            ])
        },
    );
    Value::object([
        ("device_name", text(live.device_name())),
        ("ebs", ebs),
        ("no_device", text(live.no_device())),
        ("virtual_name", text(live.virtual_name())),
    ])
}

/// The snapshot that the root volume is made from.
fn root_snapshot(image: &LiveImage) -> Option<&str> {
    if image.root_device_type() != Some(&DeviceType::Ebs) {
        return None;
    }
    let root = image.block_device_mappings().iter().find(|one| one.device_name() == image.root_device_name());
    root?.ebs()?.snapshot_id()
}

impl Image {
    fn object(&self, aws: &Aws, image: &LiveImage, config: &Value) -> Value {
        let id = image.image_id().unwrap_or_default();
        let reason = image.state_reason();
        let reason = [
            ("code", reason.and_then(|one| one.code()).unwrap_or("UNSET")),
            ("message", reason.and_then(|one| one.message()).unwrap_or("UNSET")),
        ];
        let codes = image.product_codes().iter().map(|code| {
            let kind = code.product_code_type().map(AsRef::as_ref);
            Value::object([
                ("product_code_id", text(code.product_code_id())),
                ("product_code_type", text(kind)),
            ])
        });
        let found = [
            ("id", Value::string(id)),
            ("architecture", text(image.architecture().map(AsRef::as_ref))),
            ("arn", Value::string(format!("arn:{}:ec2:{}::image/{id}", aws.partition().id, aws.region))),
            (
                "block_device_mappings",
                Value::set(mapping_type(), image.block_device_mappings().iter().map(mapping)),
            ),
            ("boot_mode", text(image.boot_mode().map(AsRef::as_ref))),
            ("creation_date", text(image.creation_date())),
            ("deprecation_time", text(image.deprecation_time())),
            ("description", text(image.description())),
            ("ena_support", flag(image.ena_support())),
            ("hypervisor", text(image.hypervisor().map(AsRef::as_ref))),
            ("image_id", Value::string(id)),
            ("image_location", text(image.image_location())),
            ("image_owner_alias", text(image.image_owner_alias())),
            ("image_type", text(image.image_type().map(AsRef::as_ref))),
            ("imds_support", text(image.imds_support().map(AsRef::as_ref))),
            ("include_deprecated", flag(config.boolean("include_deprecated"))),
            ("kernel_id", text(image.kernel_id())),
            ("last_launched_time", text(image.last_launched_time())),
            ("most_recent", flag(config.boolean("most_recent"))),
            ("name", text(image.name())),
            ("owner_id", text(image.owner_id())),
            ("platform", text(image.platform().map(AsRef::as_ref))),
            ("platform_details", text(image.platform_details())),
            ("product_codes", Value::set(code_type(), codes)),
            ("public", flag(image.public())),
            ("ramdisk_id", text(image.ramdisk_id())),
            ("root_device_name", text(image.root_device_name())),
            ("root_device_type", text(image.root_device_type().map(AsRef::as_ref))),
            ("root_snapshot_id", text(root_snapshot(image))),
            ("sriov_net_support", text(image.sriov_net_support())),
            ("state", text(image.state().map(AsRef::as_ref))),
            ("state_reason", object::text_map(reason)),
            ("tags", aws.tags.live(tag_pairs(image.tags()))),
            ("tpm_support", text(image.tpm_support().map(AsRef::as_ref))),
            ("usage_operation", text(image.usage_operation())),
            ("virtualization_type", text(image.virtualization_type().map(AsRef::as_ref))),
        ];
        answered(&self.schema, config, &ASKED, found)
    }
}
