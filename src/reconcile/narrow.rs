//! A plan with everything taken out of it but what is to be put back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::InstanceAddress;
use crate::compare::object::{at_path, with_path};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::live::{Live, provider_key};
use crate::plan::Planned;
use crate::plan::model::{Action, ResourceChange};
use crate::plan::planner::resource::renewed;
use crate::provider::registry::Registry;
use crate::provider::{AttributePath, Connection};
use crate::schema::BlockSchema;

/// What is to be done to an object.
#[derive(Clone, Debug)]
pub enum Selection {
    /// These attributes get these values; `None`: what the code says.
    Attributes(BTreeMap<AttributePath, Option<Value>>),
    /// It is made anew, or replaced, as the plan has it.
    Whole,
}

/// Leaves of a plan only what was selected: nothing is done to any other object, and to no other attribute.
pub fn narrow(
    planned: &mut Planned,
    selected: &BTreeMap<InstanceAddress, Selection>,
    registry: &Registry,
    live: &Live,
) {
    for change in &mut planned.plan.changes {
        let selection = selected.get(&change.address).filter(|_| change.deposed.is_none());
        match selection {
            Some(Selection::Whole) => {}
            Some(Selection::Attributes(values)) => {
                let Some(ty) = registry.resource_type(&change.address.resource.ty) else { continue };
                let key = provider_key(registry, &change.provider_config);
                let connection = key.as_ref().and_then(|key| live.made(key));
                restrict(change, &ty.schema().block, values, connection);
            }
            None => {
                change.action = Action::NoOp;
                change.after = change.before.clone();
                change.importing = None;
                change.previous_address = None;
            }
        }
    }
    planned.plan.outputs.clear();
    planned.plan.data.clear();
}

/// Makes of a change one of some attributes alone.
fn restrict(
    change: &mut ResourceChange,
    schema: &BlockSchema,
    values: &BTreeMap<AttributePath, Option<Value>>,
    connection: Option<&Connection>,
) {
    let mut after = change.before.clone();
    for (path, value) in values {
        let value = value.clone().unwrap_or_else(|| desired(change, path));
        after = put(&after, path, &value, &change.recorded);
    }
    let is_tag =
        |path: &AttributePath| matches!(path.first(), Some(PathStep::Attribute(name)) if &**name == "tags");
    if schema.has_tags_all()
        && values.keys().any(is_tag)
        && let Some(Connection::Aws(aws)) = connection
    {
        let tags = at_path(&after, &[PathStep::Attribute("tags".into())]);
        after = with_path(&after, &[PathStep::Attribute("tags_all".into())], &aws.tags.plan_all(&tags));
    }
    // What AWS alone decides and is to be another by the plan may be another by a part of it.
    for (name, attribute) in &schema.attributes {
        let path = [PathStep::Attribute(Arc::clone(name))];
        if !attribute.is_argument() && !at_path(&change.after, &path).is_wholly_known() {
            after = with_path(&after, &path, &Value::unknown(attribute.ty.clone()));
        }
    }
    change.after = renewed(schema, after);
    change.action = Action::Update;
    change.reason = None;
    change.replace_paths = BTreeSet::new();
    change.only = Some(values.keys().cloned().collect());
}

/// What the code wants of an attribute, by the verdict on it.
fn desired(change: &ResourceChange, path: &AttributePath) -> Value {
    let verdict = change.attributes.iter().find(|attribute| attribute.path == *path);
    verdict.map_or_else(|| at_path(&change.after, path), |verdict| verdict.desired.clone())
}

/// The object with a value at a path, also where that is a member of a map that is not there.
fn put(object: &Value, path: &[PathStep], value: &Value, recorded: &Value) -> Value {
    if let Some((PathStep::Key(name), map)) = path.split_last()
        && at_path(object, map).is_null()
        && !value.is_null()
    {
        let element = match at_path(recorded, map).ty() {
            Type::Map(element) => Type::clone(&element),
            _ => value.ty(),
        };
        let entries = BTreeMap::from([(Arc::clone(name), value.clone())]);
        return with_path(object, map, &Value::map(element, entries));
    }
    with_path(object, path, value)
}
