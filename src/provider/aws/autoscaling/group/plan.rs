//! What the schema cannot say about changes to a group.

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::elbv2::blocks::{self, same_attribute, same_blocks};
use crate::provider::object::Object;
use crate::schema::BlockSchema;

use super::mixed::{LONG, LOWEST_PRICE, PLAIN};
use super::schema::SCHEMA;
use super::traffic::kind_of;

/// What a group launches its instances from: one of them.
const SOURCES: [&str; 2] = ["launch_template", "mixed_instances_policy"];

/// What is attached to a group; each shows in `traffic_source` as well.
const ATTACHMENTS: [&str; 2] = ["load_balancers", "target_group_arns"];

pub(super) fn plan(change: &mut Change<'_>) {
    plan_sources(change);
    plan_templates(change);
    plan_maintenance(change);
    plan_types(change);
    let Some(prior) = change.prior else { return };
    plan_distribution(change, prior);
    plan_attachments(change, prior);
    plan_places(change, prior);
}

/// Whether the code says anything of a block or an attribute, be it unknown yet.
fn is_said(config: &Value, name: &str) -> bool {
    let value = config.as_entries().and_then(|entries| entries.get(name));
    value.is_some_and(|value| {
        !value.is_known() || !value.is_null() && value.as_elements().is_none_or(|all| !all.is_empty())
    })
}

/// A group has one source of instances: what the code does not say goes, though AWS may fill in the block.
fn plan_sources(change: &mut Change<'_>) {
    let others = ["launch_configuration", SOURCES[0], SOURCES[1]];
    for name in SOURCES {
        let is_other_said = others.iter().any(|other| *other != name && is_said(change.config, other));
        if is_other_said && !is_said(change.config, name) {
            change.planned = change.planned.with(name, blocks::none(&SCHEMA.block, name));
        }
    }
}

/// A template is named by its id or its name; AWS tells the other.
fn plan_templates(change: &mut Change<'_>) {
    let schema = &SCHEMA.block;
    let (config, prior) = (change.config, change.prior);
    let own = |object: &Value| object.block("launch_template").cloned();
    if let Some(block) = own(&change.planned) {
        let block = renamed(block, own(config).as_ref(), prior.and_then(own).as_ref(), PLAIN);
        change.planned = change.planned.with("launch_template", holding(schema, "launch_template", block));
    }
    let inner = |object: &Value| object.block("mixed_instances_policy").cloned();
    let Some(policy) = inner(&change.planned) else { return };
    let (config, prior) = (inner(config), prior.and_then(inner));
    let policy_schema = blocks::inner(schema, "mixed_instances_policy");
    let template = |policy: &Value| policy.block("launch_template").cloned();
    let Some(planned) = template(&policy) else { return };
    let (config, prior) = (config.as_ref().and_then(template), prior.as_ref().and_then(template));
    let template_schema = blocks::inner(policy_schema, "launch_template");
    let planned = respecified(template_schema, planned, config.as_ref(), prior.as_ref());
    let overrides_schema = blocks::inner(template_schema, "override");
    let made: Vec<Value> = planned
        .blocks("override")
        .iter()
        .enumerate()
        .map(|(index, block)| {
            let at = |object: &Option<Value>| {
                object.as_ref().and_then(|object| object.blocks("override").get(index).cloned())
            };
            respecified(overrides_schema, block.clone(), at(&config).as_ref(), at(&prior).as_ref())
        })
        .collect();
    let planned = match planned.get("override").is_some_and(|blocks| blocks.is_known()) {
        true => planned.with("override", blocks::holding(template_schema, "override", made)),
        false => planned,
    };
    let policy = policy.with("launch_template", holding(policy_schema, "launch_template", planned));
    change.planned =
        change.planned.with("mixed_instances_policy", holding(schema, "mixed_instances_policy", policy));
}

fn holding(schema: &BlockSchema, name: &str, block: Value) -> Value {
    blocks::holding(schema, name, vec![block])
}

/// An object with its `launch_template_specification` as [`renamed`] makes it.
fn respecified(schema: &BlockSchema, object: Value, config: Option<&Value>, prior: Option<&Value>) -> Value {
    let name = "launch_template_specification";
    let Some(block) = object.block(name).cloned() else { return object };
    let config = config.and_then(|config| config.block(name));
    let prior = prior.and_then(|prior| prior.block(name));
    let block = renamed(block, config, prior, LONG);
    object.with(name, holding(schema, name, block))
}

/// A template whose id or name becomes another has another name or id as well.
fn renamed(block: Value, config: Option<&Value>, prior: Option<&Value>, [id, name, _]: [&str; 3]) -> Value {
    let (Some(config), Some(prior)) = (config, prior) else { return block };
    let is_changed = |attribute: &str| {
        is_said(config, attribute)
            && (config.known(attribute).is_none() || block.get(attribute) != prior.get(attribute))
    };
    for (given, other) in [(id, name), (name, id)] {
        if is_changed(given) && !is_said(config, other) {
            return block.with(other, Value::unknown(Type::String));
        }
    }
    block
}

/// Percentages of -1 stand for no policy at all (UpdateAutoScalingGroup).
fn plan_maintenance(change: &mut Change<'_>) {
    let name = "instance_maintenance_policy";
    let Some(block) = change.planned.block(name) else { return };
    let is_none = |attribute: &str| block.integer(attribute) == Some(-1);
    if is_none("min_healthy_percentage") && is_none("max_healthy_percentage") {
        change.planned = change.planned.with(name, blocks::none(&SCHEMA.block, name));
    }
}

/// AWS tells of each traffic source what it is, also where the code does not say.
fn plan_types(change: &mut Change<'_>) {
    let name = "traffic_source";
    let schema = &SCHEMA.block;
    if !is_said(change.config, name) || change.planned.known(name).is_none() {
        return;
    }
    let made = change.planned.blocks(name).iter().map(|block| {
        if is_said(block, "type") && block.text("type") != Some("") {
            return block.clone();
        }
        let kind = match block.text("identifier") {
            Some(identifier) => Value::string(kind_of(identifier)),
            None => Value::unknown(Type::String),
        };
        block.with("type", kind)
    });
    let made = blocks::holding(schema, name, made.collect());
    change.planned = change.planned.with(name, made);
}

/// Only the strategy of the lowest price has a number of pools.
fn plan_distribution(change: &mut Change<'_>, prior: &Value) {
    let schema = &SCHEMA.block;
    let distribution = |object: &Value| {
        object
            .block("mixed_instances_policy")
            .and_then(|policy| policy.block("instances_distribution"))
            .cloned()
    };
    let (Some(policy), Some(planned)) =
        (change.planned.block("mixed_instances_policy").cloned(), distribution(&change.planned))
    else {
        return;
    };
    let (config, prior) = (distribution(change.config), distribution(prior));
    let is_pools_said = config.as_ref().is_some_and(|config| is_said(config, "spot_instance_pools"));
    let strategy = |object: &Value| object.get("spot_allocation_strategy");
    if is_pools_said || prior.as_ref().and_then(strategy) == strategy(&planned) {
        return;
    }
    let pools = match planned.text("spot_allocation_strategy") {
        Some(strategy) if strategy != LOWEST_PRICE => Value::number(0i64),
        _ => Value::unknown(Type::Number),
    };
    let planned = planned.with("spot_instance_pools", pools);
    let policy_schema = blocks::inner(schema, "mixed_instances_policy");
    let policy =
        policy.with("instances_distribution", holding(policy_schema, "instances_distribution", planned));
    change.planned =
        change.planned.with("mixed_instances_policy", holding(schema, "mixed_instances_policy", policy));
}

/// What is attached shows in two places; where the code changes one, AWS changes the other.
fn plan_attachments(change: &mut Change<'_>, prior: &Value) {
    let schema = &SCHEMA.block;
    let is_source_said = is_said(change.config, "traffic_source");
    // Said as an empty list, a set is still said: nothing is to be attached.
    let is_attribute_said = |name: &str| {
        change.config.as_entries().and_then(|entries| entries.get(name)).is_some_and(|value| !value.is_null())
    };
    let changed =
        |name: &&str| is_attribute_said(name) && !same_attribute(schema, name, prior, &change.planned);
    if !is_source_said && ATTACHMENTS.iter().any(changed) {
        make_unknown(change, "traffic_source");
    }
    if is_source_said && !same_blocks(schema, "traffic_source", prior, &change.planned) {
        for name in ATTACHMENTS {
            make_unknown(change, name);
        }
    }
}

/// Subnets lie in zones: where the code changes the one, AWS changes the other.
fn plan_places(change: &mut Change<'_>, prior: &Value) {
    let schema = &SCHEMA.block;
    let names = ["availability_zones", "vpc_zone_identifier"];
    for (given, other) in [(names[0], names[1]), (names[1], names[0])] {
        if is_said(change.config, given)
            && !is_said(change.config, other)
            && !same_attribute(schema, given, prior, &change.planned)
        {
            make_unknown(change, other);
            return;
        }
    }
}

fn make_unknown(change: &mut Change<'_>, name: &str) {
    let schema = &SCHEMA.block;
    let attribute = schema.attributes.get(name).map(|attribute| attribute.ty.clone());
    let Some(ty) = attribute.or_else(|| schema.blocks.get(name).map(|nested| nested.implied_type())) else {
        return;
    };
    change.planned = change.planned.with(name, Value::unknown(ty));
}
