//! Whole objects by their schema: what is live in the record's spelling, what the code makes of it, and which
//! attributes differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Marks, Value};
use crate::provider::AttributePath;
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Nesting};

use super::{is_zero, same_or_zero};

/// The attribute of an object, null if it has none of the name.
fn attribute(object: &Value, name: &str, ty: &Type) -> Value {
    object
        .as_entries()
        .and_then(|entries| entries.get(name))
        .cloned()
        .unwrap_or_else(|| Value::null(ty.clone()))
}

fn rebuilt(entries: BTreeMap<Arc<str>, Value>, marks: Marks) -> Value {
    Value { kind: Kind::Object(Arc::new(entries)), marks }
}

/// The live object as it is to be recorded: where live and record mean the same, in the record's spelling; what
/// only code and record know, from the record.
pub fn refreshed(schema: &BlockSchema, recorded: &Value, live: &Value) -> Value {
    let mut entries = BTreeMap::new();
    for (name, attribute_schema) in &schema.attributes {
        let old = attribute(recorded, name, &attribute_schema.ty);
        let new = attribute(live, name, &attribute_schema.ty);
        let keep = attribute_schema.code_only && new.is_null()
            || same_or_zero(attribute_schema.equality, &old, &new);
        entries.insert(Arc::clone(name), if keep { old } else { new });
    }
    for (name, nested) in &schema.blocks {
        let ty = nested.implied_type();
        let old = attribute(recorded, name, &ty);
        let new = attribute(live, name, &ty);
        entries.insert(Arc::clone(name), refreshed_blocks(nested, &old, &new));
    }
    rebuilt(entries, live.marks)
}

fn refreshed_blocks(nested: &NestedBlock, old: &Value, new: &Value) -> Value {
    if is_code_only(&nested.block) {
        return old.clone();
    }
    if blocks_same(nested, old, new) && !old.is_null() {
        return old.clone();
    }
    match (nested.nesting, old.as_elements(), new.as_elements()) {
        (Nesting::List, Some(old), Some(new)) => {
            let elements = new
                .iter()
                .enumerate()
                .map(|(index, element)| match old.get(index) {
                    Some(old) => refreshed(&nested.block, old, element),
                    None => element.clone(),
                })
                .collect();
            Value::list(nested.block.implied_type(), elements)
        }
        _ => new.clone(),
    }
}

/// Whether a block's arguments all live in code and record only, as `timeouts` do.
fn is_code_only(block: &BlockSchema) -> bool {
    block.attributes.values().all(|attribute| attribute.code_only)
        && block.blocks.values().all(|nested| is_code_only(&nested.block))
}

/// Whether two sequences of blocks mean the same.
fn blocks_same(nested: &NestedBlock, left: &Value, right: &Value) -> bool {
    if !left.is_wholly_known() || !right.is_wholly_known() {
        return false;
    }
    match nested.nesting {
        Nesting::Single => match (left.is_null(), right.is_null()) {
            (true, true) => true,
            (false, false) => changed_paths(&nested.block, left, right).is_empty(),
            _ => is_empty_object(left) && is_empty_object(right),
        },
        Nesting::Map => left == right,
        Nesting::List => {
            let (left, right) = (elements(left), elements(right));
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|(left, right)| changed_paths(&nested.block, left, right).is_empty())
        }
        Nesting::Set => {
            let (left, right) = (elements(left), elements(right));
            let mut rest: Vec<&Value> = right.iter().collect();
            left.len() == right.len()
                && left.iter().all(|element| {
                    let same = |other: &&Value| changed_paths(&nested.block, element, other).is_empty();
                    match rest.iter().position(same) {
                        Some(at) => {
                            rest.swap_remove(at);
                            true
                        }
                        None => false,
                    }
                })
        }
    }
}

fn is_empty_object(value: &Value) -> bool {
    value.is_null() || value.as_entries().is_some_and(|entries| entries.values().all(Value::is_null))
}

fn elements(value: &Value) -> &[Value] {
    value.as_elements().unwrap_or_default()
}

/// What an object is to become: what the code says, where it is silent the default, where AWS decides what is
/// there. `prior` is the object as it is; `None` makes what AWS decides unknown.
pub fn proposed(schema: &BlockSchema, config: &Value, prior: Option<&Value>) -> Value {
    let mut entries = BTreeMap::new();
    for (name, attribute_schema) in &schema.attributes {
        let wanted = attribute(config, name, &attribute_schema.ty);
        let old = prior.map(|prior| attribute(prior, name, &attribute_schema.ty));
        entries.insert(Arc::clone(name), proposed_attribute(attribute_schema, wanted, old));
    }
    for (name, nested) in &schema.blocks {
        let ty = nested.implied_type();
        let wanted = attribute(config, name, &ty);
        let old = prior.map(|prior| attribute(prior, name, &ty));
        entries.insert(Arc::clone(name), proposed_blocks(nested, wanted, old.as_ref()));
    }
    rebuilt(entries, config.marks)
}

fn proposed_attribute(schema: &AttributeSchema, wanted: Value, old: Option<Value>) -> Value {
    let marks = if schema.sensitive { Marks::SENSITIVE } else { Marks::NONE };
    let value = if !wanted.is_null() {
        match old {
            Some(old) if same_or_zero(schema.equality, &wanted, &old) && !old.is_null() => {
                old.with_marks(wanted.marks)
            }
            _ => wanted,
        }
    } else if let Some(default) = &schema.default {
        match old {
            Some(old) if same_or_zero(schema.equality, default, &old) && !old.is_null() => old,
            _ => default.clone(),
        }
    } else if schema.computed {
        old.unwrap_or_else(|| Value::unknown(schema.ty.clone()))
    } else {
        match old {
            Some(old) if is_zero(&old) => old,
            _ => wanted,
        }
    };
    value.with_marks(marks)
}

fn proposed_blocks(nested: &NestedBlock, wanted: Value, old: Option<&Value>) -> Value {
    if !wanted.is_known() {
        return wanted;
    }
    match nested.nesting {
        Nesting::Single => {
            if wanted.is_null() {
                wanted
            } else {
                proposed(&nested.block, &wanted, old.filter(|old| !old.is_null()))
            }
        }
        Nesting::Map => wanted,
        Nesting::List | Nesting::Set => {
            let marks = wanted.marks;
            let own = elements(&wanted);
            if own.is_empty() && nested.computed {
                return old.cloned().unwrap_or_else(|| Value::unknown(nested.implied_type()));
            }
            let object = nested.block.implied_type();
            let old = old.map(elements).unwrap_or_default();
            if nested.nesting == Nesting::List {
                let made = own
                    .iter()
                    .enumerate()
                    .map(|(index, element)| proposed(&nested.block, element, old.get(index)))
                    .collect();
                return Value::list(object, made).with_marks(marks);
            }
            let mut rest: Vec<&Value> = old.iter().collect();
            let made: Vec<Value> = own
                .iter()
                .map(|element| {
                    let unchanged = |candidate: &&Value| {
                        let kept = proposed(&nested.block, element, Some(candidate));
                        changed_paths(&nested.block, candidate, &kept).is_empty()
                    };
                    match rest.iter().position(unchanged) {
                        Some(at) => proposed(&nested.block, element, Some(rest.swap_remove(at))),
                        None => proposed(&nested.block, element, None),
                    }
                })
                .collect();
            Value::set(object, made).with_marks(marks)
        }
    }
}

/// The attributes in which two objects differ, as finely as the schema is: an argument, or an argument of a block
/// in a list. Sets of blocks and blocks that were added or removed count as one. Unknown differs from all.
pub fn changed_paths(schema: &BlockSchema, before: &Value, after: &Value) -> Vec<AttributePath> {
    let mut paths = Vec::new();
    collect(schema, before, after, &mut Vec::new(), &mut |path, _, _| paths.push(path.clone()));
    paths
}

/// The changed attributes that cannot be changed in place.
pub fn replacing_paths(schema: &BlockSchema, before: &Value, after: &Value) -> BTreeSet<AttributePath> {
    let mut paths = BTreeSet::new();
    collect(schema, before, after, &mut Vec::new(), &mut |path, forces, _| {
        if forces {
            paths.insert(path.clone());
        }
    });
    paths
}

/// Calls `found` with the path of each difference, whether it forces a replacement, and the attribute's schema.
fn collect(
    schema: &BlockSchema,
    before: &Value,
    after: &Value,
    path: &mut AttributePath,
    found: &mut impl FnMut(&AttributePath, bool, Option<&AttributeSchema>),
) {
    for (name, attribute_schema) in &schema.attributes {
        let old = attribute(before, name, &attribute_schema.ty);
        let new = attribute(after, name, &attribute_schema.ty);
        if !same_or_zero(attribute_schema.equality, &old, &new) {
            path.push(PathStep::Attribute(Arc::clone(name)));
            found(path, attribute_schema.forces_replacement, Some(attribute_schema));
            path.pop();
        }
    }
    for (name, nested) in &schema.blocks {
        let ty = nested.implied_type();
        let old = attribute(before, name, &ty);
        let new = attribute(after, name, &ty);
        if blocks_same(nested, &old, &new) {
            continue;
        }
        path.push(PathStep::Attribute(Arc::clone(name)));
        let inner_forces = forces_anywhere(&nested.block);
        match nested.nesting {
            Nesting::List
                if old.is_known() && new.is_known() && elements(&old).len() == elements(&new).len() =>
            {
                for (index, (old, new)) in elements(&old).iter().zip(elements(&new)).enumerate() {
                    path.push(PathStep::Index(index));
                    collect(&nested.block, old, new, path, found);
                    path.pop();
                }
            }
            Nesting::Single if !old.is_null() && !new.is_null() => {
                collect(&nested.block, &old, &new, path, found);
            }
            _ => found(path, nested.forces_replacement || inner_forces, None),
        }
        path.pop();
    }
}

/// Whether any argument of a block forces a replacement: then so does adding or removing the block.
fn forces_anywhere(block: &BlockSchema) -> bool {
    block.attributes.values().any(|attribute| attribute.forces_replacement)
        || block.blocks.values().any(|nested| nested.forces_replacement || forces_anywhere(&nested.block))
}

/// The value at a path, with the marks of what it is in; null of unknown type where there is none.
pub fn at_path(object: &Value, path: &[PathStep]) -> Value {
    let mut value = object.clone();
    for step in path {
        let marks = value.marks;
        let next = match step {
            PathStep::Attribute(name) | PathStep::Key(name) => {
                value.as_entries().and_then(|entries| entries.get(name)).cloned()
            }
            PathStep::Index(index) => value.as_elements().and_then(|elements| elements.get(*index)).cloned(),
        };
        match next {
            Some(next) => value = next.with_marks(marks),
            None if !value.is_known() => return Value::dynamic().with_marks(marks),
            None => return Value::null(Type::Dynamic),
        }
    }
    value
}

/// The object with the value at a path replaced. A path that leads nowhere changes nothing.
pub fn with_path(object: &Value, path: &[PathStep], new: &Value) -> Value {
    let Some((step, rest)) = path.split_first() else { return new.clone() };
    let marks = object.marks;
    let kind = match (&object.kind, step) {
        (Kind::Object(entries), PathStep::Attribute(name) | PathStep::Key(name))
        | (Kind::Map(_, entries), PathStep::Attribute(name) | PathStep::Key(name)) => {
            let mut changed = BTreeMap::clone(entries);
            match changed.get(name) {
                Some(old) => {
                    let new = with_path(old, rest, new);
                    if new.is_null() && matches!(object.kind, Kind::Map(..)) {
                        changed.remove(name);
                    } else {
                        changed.insert(Arc::clone(name), new);
                    }
                }
                None if rest.is_empty() && matches!(object.kind, Kind::Map(..)) && !new.is_null() => {
                    changed.insert(Arc::clone(name), new.clone());
                }
                None => return object.clone(),
            }
            match &object.kind {
                Kind::Map(element, _) => Kind::Map(Arc::clone(element), Arc::new(changed)),
                _ => Kind::Object(Arc::new(changed)),
            }
        }
        (Kind::List(element, elements), PathStep::Index(index)) if *index < elements.len() => {
            let mut changed = Vec::clone(elements);
            changed[*index] = with_path(&changed[*index], rest, new);
            Kind::List(Arc::clone(element), Arc::new(changed))
        }
        (Kind::Tuple(elements), PathStep::Index(index)) if *index < elements.len() => {
            let mut changed = Vec::clone(elements);
            changed[*index] = with_path(&changed[*index], rest, new);
            Kind::Tuple(Arc::new(changed))
        }
        _ => return object.clone(),
    };
    Value { kind, marks }
}

/// The object with the schema's sensitive attributes marked.
pub fn marked(schema: &BlockSchema, object: &Value) -> Value {
    schema.marked(object)
}

/// Whether two values of what is at a path mean the same.
pub fn same_at(schema: &BlockSchema, path: &[PathStep], left: &Value, right: &Value) -> bool {
    let Some(PathStep::Attribute(name) | PathStep::Key(name)) = path.first() else {
        return changed_paths(schema, left, right).is_empty();
    };
    if let Some(attribute) = schema.attributes.get(name) {
        return same_or_zero(attribute.equality, left, right);
    }
    let Some(nested) = schema.blocks.get(name) else {
        return same_or_zero(Equality::Exact, left, right);
    };
    match &path[1..] {
        [] => blocks_same(nested, left, right),
        [PathStep::Index(_), rest @ ..] | rest => same_at(&nested.block, rest, left, right),
    }
}

/// The schema of the attribute at a path, if the path ends at one.
pub fn schema_at<'s>(schema: &'s BlockSchema, path: &[PathStep]) -> Option<&'s AttributeSchema> {
    let (PathStep::Attribute(name) | PathStep::Key(name)) = path.first()? else { return None };
    if let Some(attribute) = schema.attributes.get(name) {
        return Some(attribute);
    }
    let nested = schema.blocks.get(name)?;
    let rest = match path.get(1) {
        Some(PathStep::Index(_)) => &path[2..],
        _ => &path[1..],
    };
    schema_at(&nested.block, rest)
}
