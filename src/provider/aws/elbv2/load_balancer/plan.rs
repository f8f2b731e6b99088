//! What the schema cannot say about changes to a load balancer.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::{attributes, blocks};
use crate::provider::object::Object;
use crate::provider::{AttributePath, Change};

use super::schema::{ATTRIBUTES, BLOCKS, LOGS, SCHEMA};
use super::write::{kind_of, mappings};

const ENFORCE: &str = "enforce_security_group_inbound_rules_on_private_link_traffic";

const PROTECTION: &str = "enable_deletion_protection";

pub fn plan(change: &mut Change<'_>) {
    if change.planned.get("load_balancer_type").is_some_and(|kind| !kind.is_known()) {
        return;
    }
    let kind = kind_of(&change.planned).to_owned();
    let planned = std::mem::replace(&mut change.planned, Value::empty_object());
    let mut planned = attributes::plan(ATTRIBUTES, &kind, change.prior, change.config, planned);
    if kind != "network" {
        planned = as_before(planned, change.prior, ENFORCE);
    }
    if kind == "application" && change.prior.is_none() {
        // It cannot be otherwise, whatever the code says.
        planned = planned.with("enable_cross_zone_load_balancing", Value::bool(true));
    }
    for logs in LOGS {
        planned = if logs.kinds.contains(&kind.as_str()) {
            plan_logs(planned, change.prior, logs.name)
        } else {
            blocks_as_before(planned, change.prior, logs.name)
        };
    }
    for (name, kinds) in BLOCKS {
        if !kinds.contains(&kind.as_str()) {
            planned = blocks_as_before(planned, change.prior, name);
        }
    }
    change.planned = planned;
    plan_subnets(change);
    if let Some(prior) = change.prior {
        for name in replacing(&kind, prior, change.config, &change.planned) {
            change.replace.insert(path(name));
        }
        if prior.boolean(PROTECTION) == Some(true) && is_replaced(prior, change) {
            change.problems.warning(
                path(PROTECTION),
                "The load balancer is protected from deletion",
                "The change needs another load balancer, and AWS will refuse to delete this one: apply \
                 enable_deletion_protection = false by itself first.",
            );
        }
    }
}

/// Whether the change needs another load balancer, by these rules or by the schema's.
fn is_replaced(prior: &Value, change: &Change<'_>) -> bool {
    let forcing = SCHEMA.block.attributes.iter().filter(|(_, attribute)| attribute.forces_replacement);
    let mut names = forcing.map(|(name, _)| name);
    !change.replace.is_empty()
        || names.any(|name| !blocks::same_attribute(&SCHEMA.block, name, prior, &change.planned))
}

fn path(name: &str) -> AttributePath {
    vec![PathStep::Attribute(Arc::from(name))]
}

fn as_before(planned: Value, prior: Option<&Value>, name: &str) -> Value {
    let before = prior.and_then(|prior| prior.get(name));
    let null = planned.get(name).map(|value| Value::null(value.ty()));
    match before.or(null) {
        Some(value) => planned.with(name, value),
        None => planned,
    }
}

fn blocks_as_before(planned: Value, prior: Option<&Value>, name: &str) -> Value {
    let before = prior.and_then(|prior| prior.get(name));
    let before = before.filter(|value| !value.is_null());
    planned.with(name, before.unwrap_or_else(|| blocks::none(&SCHEMA.block, name)))
}

/// Logs that are off are off: it does not matter where they would go, nor whether the code says so or nothing.
fn plan_logs(planned: Value, prior: Option<&Value>, name: &str) -> Value {
    if planned.get(name).is_some_and(|value| !value.is_wholly_known()) {
        return planned;
    }
    if planned.block(name).and_then(|block| block.boolean("enabled")) == Some(true) {
        return planned;
    }
    let nowhere = ["bucket", "prefix"].map(|name| (name, Value::string("")));
    let before = match prior.and_then(|prior| prior.block(name)) {
        Some(before) => before.clone(),
        None if prior.is_some() => return planned,
        None => blocks::inner(&SCHEMA.block, name).object(nowhere),
    };
    let off = before.with("enabled", Value::bool(false));
    planned.with(name, blocks::holding(&SCHEMA.block, name, vec![off]))
}

/// The code names subnets either by themselves or in mappings; the other of the two follows.
fn plan_subnets(change: &mut Change<'_>) {
    let Some(prior) = change.prior else {
        return;
    };
    let Some(blocks) = change.config.get("subnet_mapping").filter(|blocks| !is_empty(blocks)) else {
        let differs = !blocks::same_attribute(&SCHEMA.block, "subnets", prior, &change.planned);
        if differs {
            change.planned = unknown(&change.planned, "subnet_mapping");
        }
        return;
    };
    if !blocks.is_wholly_known() {
        change.planned = unknown(&change.planned, "subnets");
        return;
    }
    if mappings(prior) == mappings(change.config) {
        for name in ["subnet_mapping", "subnets"] {
            if let Some(before) = prior.get(name) {
                change.planned = change.planned.with(name, before);
            }
        }
        return;
    }
    // What AWS says of a mapping that is there already, it goes on saying.
    let outposts: BTreeMap<&str, Value> = prior
        .blocks("subnet_mapping")
        .iter()
        .filter_map(|block| Some((block.text("subnet_id")?, block.get("outpost_id")?)))
        .collect();
    let complete = |block: &Value| {
        let outpost = block.text("subnet_id").and_then(|subnet| outposts.get(subnet));
        let outpost = outpost.cloned().unwrap_or_else(|| Value::unknown(Type::String));
        block.with("outpost_id", outpost)
    };
    let mappings = change.config.blocks("subnet_mapping");
    let subnets = mappings.iter().filter_map(|block| block.get("subnet_id")).collect::<Vec<_>>();
    let objects = mappings.iter().map(complete).collect();
    let planned = change.planned.with("subnets", Value::set(Type::String, subnets));
    change.planned =
        planned.with("subnet_mapping", blocks::holding(&SCHEMA.block, "subnet_mapping", objects));
}

fn is_empty(blocks: &Value) -> bool {
    blocks.is_null() || blocks.as_elements().is_some_and(<[Value]>::is_empty)
}

fn unknown(planned: &Value, name: &str) -> Value {
    let ty = planned.get(name).map_or(Type::Dynamic, |value| value.ty());
    planned.with(name, Value::unknown(ty))
}

/// The arguments that cannot be changed in place in the way that the code asks for. An Application Load Balancer
/// takes any subnets, but, as in the provider, not fewer or more and others at once. A Network Load Balancer keeps the subnets that it
/// has, and the choice whether it has security groups at all.
fn replacing(kind: &str, prior: &Value, config: &Value, planned: &Value) -> Vec<&'static str> {
    let is_known = |name: &str| config.get(name).is_some_and(|value| value.is_wholly_known());
    let mut replacing = Vec::new();
    if matches!(kind, "application" | "network") && is_known("subnet_mapping") {
        let (before, after) = (mappings(prior), mappings(config));
        let keeps = match before.len().cmp(&after.len()) {
            Ordering::Less => before.is_subset(&after),
            Ordering::Greater => kind == "application" && after.is_subset(&before),
            Ordering::Equal => kind == "application" || before == after,
        };
        if !after.is_empty() && !keeps {
            replacing.push("subnet_mapping");
        }
    }
    if kind == "network" {
        let (before, after) = (set(prior, "subnets"), set(config, "subnets"));
        if is_known("subnets") && !after.is_empty() && before != after && after.len() <= before.len() {
            replacing.push("subnets");
        }
        let (before, after) = (set(prior, "security_groups"), set(planned, "security_groups"));
        let asked = config.known("security_groups").is_some();
        if is_known("security_groups") && asked && before.is_empty() != after.is_empty() {
            replacing.push("security_groups");
        }
    }
    replacing
}

fn set(object: &Value, name: &str) -> BTreeSet<String> {
    object.texts(name).into_iter().collect()
}
