//! What the schema cannot say about changes to a launch template.
//!
//! Versions are never changed: what differs makes a new one, so that `latest_version` is known after the update only.
//! `default_version` follows it where `update_default_version` says so. Tags and names are no part of a version.

use super::schema::SCHEMA;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::ec2::network::{at, differs, make_unknown};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};

/// What belongs to the template, not to a version of it.
const OF_TEMPLATE: [&str; 9] = [
    "arn",
    "default_version",
    "id",
    "latest_version",
    "name",
    "name_prefix",
    "tags",
    "tags_all",
    "update_default_version",
];

/// The volume types that take an argument (EC2 API reference, LaunchTemplateEbsBlockDeviceRequest).
const SPEEDS: [(&str, &[&str]); 2] = [("iops", &["gp3", "io1", "io2"]), ("throughput", &["gp3"])];

/// Whether what is planned needs a new version.
pub(super) fn is_new_version(prior: &Value, planned: &Value) -> bool {
    let schema = &SCHEMA.block;
    let mut own = schema.attributes.keys().filter(|name| !OF_TEMPLATE.contains(&&***name));
    own.any(|name| differs(schema, name, prior, planned))
        || schema.blocks.keys().any(|name| {
            planned.get(name).is_some_and(|value| !value.is_wholly_known())
                || !blocks::same_blocks(schema, name, prior, planned)
        })
}

pub(super) fn plan(change: &mut Change<'_>) {
    drop_speeds(change);
    let Some(prior) = change.prior else {
        if change.planned.integer("default_version").is_some_and(|version| version > 1) {
            change.problems.error(
                at("default_version"),
                "No such version",
                "A new launch template has version 1 only. Leave default_version out until there are more, or set \
                 update_default_version = true.",
            );
        }
        return;
    };
    let is_new = is_new_version(prior, &change.planned);
    if is_new {
        make_unknown(change, &SCHEMA.block, &["latest_version"]);
    }
    if change.planned.boolean("update_default_version") == Some(true) {
        if is_new {
            make_unknown(change, &SCHEMA.block, &["default_version"]);
        } else {
            let latest = object::integer(prior.integer("latest_version"));
            change.planned = change.planned.with("default_version", latest);
        }
    }
}

/// A volume of another type than before does not keep the speed that the code does not give, if it takes none.
fn drop_speeds(change: &mut Change<'_>) {
    let schema = &SCHEMA.block;
    let name = "block_device_mappings";
    if change.planned.known(name).is_none() {
        return;
    }
    let given = change.config.blocks(name);
    let mut mappings = change.planned.blocks(name).to_vec();
    let mut is_changed = false;
    for (index, mapping) in mappings.iter_mut().enumerate() {
        let Some(mut ebs) = mapping.block("ebs").cloned() else { continue };
        let own = given.get(index).and_then(|mapping| mapping.block("ebs"));
        for (speed, kinds) in SPEEDS {
            let is_given = own.is_some_and(|own| own.get(speed).is_some_and(|value| !value.is_null()));
            let takes_none = ebs.text("volume_type").is_some_and(|kind| !kinds.contains(&kind));
            if takes_none && !is_given && ebs.integer(speed).is_some_and(|speed| speed != 0) {
                ebs = ebs.with(speed, Value::null(Type::Number));
                is_changed = true;
            }
        }
        let inner = blocks::inner(schema, name);
        *mapping = mapping.with("ebs", blocks::holding(inner, "ebs", vec![ebs]));
    }
    if is_changed {
        change.planned = change.planned.with(name, blocks::holding(schema, name, mappings));
    }
}
