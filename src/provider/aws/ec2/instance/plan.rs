//! What the schema cannot say about changes to an instance.

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::ec2::network::{at, differs, filled, is_given, make_unknown};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::tags::TagRules;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

use super::schema::SCHEMA;
use super::update::STOPPED;

/// What can be changed of a volume that is no root volume.
const TAGS: [&str; 3] = ["tags", "tags_all", "volume_id"];

pub(super) fn plan(change: &mut Change<'_>) {
    plan_devices(change);
    plan_root(change);
    let Some(prior) = change.prior else { return };
    let schema = &SCHEMA.block;
    let is_data_changed = plan_data(change, prior);
    if is_data_changed || STOPPED.iter().any(|name| differs(schema, name, prior, &change.planned)) {
        // An instance that was stopped starts with another public address.
        make_unknown(change, schema, &["public_dns", "public_ip"]);
    }
    if prior.boolean("enable_primary_ipv6") == Some(true)
        && change.planned.boolean("enable_primary_ipv6") == Some(false)
    {
        change.replace.insert(at("enable_primary_ipv6"));
    }
    plan_machine(change, prior);
    if prior.boolean("disable_api_termination") == Some(true) && is_replaced(prior, change) {
        change.problems.warning(
            at("disable_api_termination"),
            "The instance is protected from termination",
            "The change needs another instance, and AWS will refuse to terminate this one: apply \
             disable_api_termination = false by itself first.",
        );
    }
}

/// Another type is taken on in place, unless its processors are of another architecture than those that the image was
/// made for. Disks of the host can neither come nor go; as in the provider, one that is called otherwise is no reason.
fn plan_machine(change: &mut Change<'_>, prior: &Value) {
    let architectures =
        [prior, &change.planned].map(|object| filled(object, "instance_type").map(architecture));
    if let [Some(before), Some(after)] = architectures
        && before != after
    {
        change.replace.insert(at("instance_type"));
    }
    let name = "ephemeral_block_device";
    if change.planned.known(name).is_some() && prior.blocks(name).len() != change.planned.blocks(name).len() {
        change.replace.insert(at(name));
    }
}

/// The architecture of a type's processors, which its name says: an option `g` behind the generation is a Graviton
/// (`m7g.large`, `c6gn.xlarge`), as is the whole family `a1`; Macs of the first generation have Intel's, later ones
/// Apple's own. As EC2's user guide has it ("Amazon EC2 instance type naming conventions").
fn architecture(instance_type: &str) -> &'static str {
    let family = instance_type.split('.').next().unwrap_or_default();
    // `u-6tb1` and `u7i-12tb` say their memory, `mac2-m2` its processor behind a hyphen.
    let family = family.split('-').next().unwrap_or_default();
    let series = family.trim_start_matches(|letter: char| letter.is_ascii_lowercase());
    let options = series.trim_start_matches(|digit: char| digit.is_ascii_digit());
    match family {
        "mac1" => "x86_64_mac",
        _ if family.starts_with("mac") => "arm64_mac",
        "a1" => "arm64",
        _ if options.contains('g') => "arm64",
        _ => "x86_64",
    }
}

/// Whether the change needs another instance, by these rules or by the schema's.
fn is_replaced(prior: &Value, change: &Change<'_>) -> bool {
    let schema = &SCHEMA.block;
    let mut forcing = schema.attributes.iter().filter(|(_, attribute)| attribute.forces_replacement);
    !change.replace.is_empty() || forcing.any(|(name, _)| differs(schema, name, prior, &change.planned))
}

/// User data is in one of two arguments, and may need another instance if the code says so.
fn plan_data(change: &mut Change<'_>, prior: &Value) -> bool {
    let schema = &SCHEMA.block;
    let names = ["user_data", "user_data_base64"];
    let changed: Vec<&str> =
        names.into_iter().filter(|name| differs(schema, name, prior, &change.planned)).collect();
    for name in &changed {
        if change.planned.boolean("user_data_replace_on_change") == Some(true) {
            change.replace.insert(at(name));
        }
    }
    if !changed.is_empty() {
        for name in names.into_iter().filter(|name| !is_given(change.config, name)) {
            make_unknown(change, schema, &[name]);
        }
    }
    !changed.is_empty()
}

/// The tags that a volume is to have, the provider's default tags merged in: only one with tags of its own has
/// those.
fn tags_all(change: &Change<'_>, block: &Value, before: Option<&Value>) -> Option<Value> {
    let none = TagRules::default();
    let rules = match change.connection {
        Some(connection) => connection.aws().map_or(&none, |aws| &aws.tags),
        None => &none,
    };
    let own = block.get("tags")?;
    let has_own = !own.is_null() && !own.as_entries().is_some_and(|entries| entries.is_empty());
    let had_own = before.is_some_and(|before| !before.text_map("tags").is_empty());
    match (has_own, had_own) {
        (true, _) => Some(rules.plan_all(&own)),
        (false, true) => Some(object::text_map::<&str, &str>([])),
        (false, false) => None,
    }
}

fn plan_root(change: &mut Change<'_>) {
    let outer = &SCHEMA.block;
    let name = "root_block_device";
    let schema = blocks::inner(outer, name);
    let (Some(block), Some(given)) =
        (change.planned.block(name).cloned(), change.config.block(name).cloned())
    else {
        return;
    };
    let before = change.prior.and_then(|prior| prior.block(name));
    let mut block = match tags_all(change, &block, before) {
        Some(tags) => block.with("tags_all", tags),
        None => block,
    };
    // Another kind of volume, or another size, has another speed where the code does not say.
    let is_changed = before.is_some_and(|before| {
        ["volume_type", "volume_size"].iter().any(|name| differs(schema, name, before, &block))
    });
    for speed in ["iops", "throughput"] {
        if is_changed && given.get(speed).is_none_or(|value| value.is_null()) {
            block = block.with(speed, Value::unknown(Type::Number));
        }
    }
    change.planned = change.planned.with(name, blocks::holding(outer, name, vec![block]));
}

/// Other volumes are known by their devices and snapshots: one that comes or goes needs another instance. Of one that
/// stays, the code's word counts for its tags and nothing else, as in the provider, whose documentation sends whoever
/// wants to change such a volume to `aws_ebs_volume`.
fn plan_devices(change: &mut Change<'_>) {
    let outer = &SCHEMA.block;
    let name = "ebs_block_device";
    let schema = blocks::inner(outer, name);
    if change.config.blocks(name).is_empty() || change.planned.known(name).is_none() {
        return;
    }
    let before = change.prior.map(|prior| prior.blocks(name)).unwrap_or_default();
    let mut is_replaced = change.prior.is_some() && before.len() != change.planned.blocks(name).len();
    let mut planned = Vec::new();
    let mut kept = Vec::new();
    for block in change.planned.blocks(name) {
        let device = filled(block, "device_name");
        let old = before.iter().find(|old| filled(old, "device_name") == device);
        let mut block = match old {
            Some(old) => completed(schema, block, old),
            None => block.clone(),
        };
        let stays = |old: &&Value| !differs(schema, "snapshot_id", old, &block);
        match old.filter(stays) {
            Some(old) => {
                let mut fixed = schema.attributes.keys().filter(|name| !TAGS.contains(&&***name));
                if fixed.any(|name| differs(schema, name, old, &block)) {
                    kept.extend(device.map(str::to_owned));
                    let tags = TAGS.into_iter().filter_map(|name| Some((name, block.get(name)?)));
                    block = tags.fold(old.clone(), |block, (name, value)| block.with(name, value));
                }
            }
            None => is_replaced |= change.prior.is_some(),
        }
        if let Some(tags) = tags_all(change, &block, old) {
            block = block.with("tags_all", tags);
        }
        planned.push(block);
    }
    // Made anew, the volumes are as the code says.
    if is_replaced {
        change.replace.insert(at(name));
        return;
    }
    change.planned = change.planned.with(name, blocks::holding(outer, name, planned));
    for device in kept {
        change.problems.warning(
            at(name),
            "The volume stays as it is",
            format!(
                "Of the volume at {device} only the tags are changed; the rest of the block counts when the instance is \
                 made. Change the volume as an aws_ebs_volume of its own, or plan with --replace."
            ),
        );
    }
}

/// A block with what is unknown of it as it was.
fn completed(schema: &BlockSchema, block: &Value, old: &Value) -> Value {
    schema.attributes.keys().fold(block.clone(), |block, name| match (block.get(name), old.get(name)) {
        (Some(value), Some(old)) if !value.is_known() && name.as_ref() != "tags_all" => block.with(name, old),
        (Some(value), Some(old)) if !value.is_known() && block.text_map("tags").is_empty() => {
            block.with(name, old)
        }
        _ => block,
    })
}

#[cfg(test)]
mod tests {
    use super::architecture;

    /// As EC2's pages of instance types list them ("Amazon EC2 instance types", per family).
    #[test]
    fn the_name_of_a_type_says_its_architecture() {
        let types = [
            (
                "x86_64",
                "t3.micro t3a.nano m5dn.large c7i-flex.large g4dn.xlarge g5.xlarge gr6.4xlarge m1.small",
            ),
            (
                "x86_64",
                "u-6tb1.metal u7i-12tb.224xlarge p4de.24xlarge trn1n.32xlarge x2iedn.xlarge hpc6id.32xlarge",
            ),
            (
                "arm64",
                "t4g.micro m6gd.metal c7gn.medium g5g.xlarge im4gn.large is4gen.medium x2gd.large hpc7g.4xlarge",
            ),
            ("arm64", "a1.medium i8ge.large"),
            ("x86_64_mac", "mac1.metal"),
            ("arm64_mac", "mac2.metal mac2-m2pro.metal"),
        ];
        for (expected, names) in types {
            for name in names.split(' ') {
                assert_eq!(architecture(name), expected, "{name}");
            }
        }
    }
}
