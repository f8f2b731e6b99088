//! Planning against the record alone, with a schema that says nothing of defaults.
//!
//! Where the code leaves an argument out, the record may hold the provider's default, what AWS chose, or what the code
//! said before: they cannot be told apart. The record is believed, so that nothing is planned that nobody asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::object::{at_path, changed_paths, proposed};
use crate::lang::convert::PathStep;
use crate::lang::value::{Kind, Value};
use crate::schema::{BlockSchema, NestedBlock, Nesting};

/// The planned object with what the code leaves out as it is recorded, and without what is never stored.
pub fn believed(schema: &BlockSchema, config: &Value, prior: Option<&Value>, planned: &Value) -> Value {
    let Some(entries) = planned.as_entries() else { return planned.clone() };
    let mut entries: BTreeMap<Arc<str>, Value> = entries.clone();
    for (name, attribute) in &schema.attributes {
        if attribute.write_only {
            entries.insert(Arc::clone(name), Value::null(attribute.ty.clone()));
            continue;
        }
        let own = part(config, name);
        if let Some(prior) = prior
            && own.is_null()
        {
            let recorded = part(prior, name);
            if !recorded.is_null() {
                entries.insert(Arc::clone(name), recorded);
            }
        }
    }
    for (name, nested) in &schema.blocks {
        let old = prior.map(|prior| part(prior, name));
        if let Some(value) = entries.get_mut(name) {
            *value = blocks(nested, &part(config, name), old.as_ref(), value);
        }
    }
    Value { kind: Kind::Object(Arc::new(entries)), marks: planned.marks }
}

fn part(object: &Value, name: &Arc<str>) -> Value {
    at_path(object, &[PathStep::Attribute(Arc::clone(name))])
}

fn blocks(nested: &NestedBlock, config: &Value, old: Option<&Value>, planned: &Value) -> Value {
    if !planned.is_known() {
        return planned.clone();
    }
    let inner = |config: &Value, old: Option<&Value>, planned: &Value| {
        believed(&nested.block, config, old.filter(|old| !old.is_null()), planned)
    };
    match nested.nesting {
        Nesting::Map => planned.clone(),
        Nesting::Single if planned.is_null() => old.cloned().unwrap_or_else(|| planned.clone()),
        Nesting::Single => inner(config, old, planned),
        Nesting::List | Nesting::Set => {
            let (own, made) = (elements(config), elements(planned));
            let recorded = old.map(elements).unwrap_or_default();
            if own.is_empty() {
                return old.filter(|old| !old.is_null()).cloned().unwrap_or_else(|| planned.clone());
            }
            // Elements of a set have no place: each is looked for among those that are recorded.
            let mut rest: Vec<&Value> = recorded.iter().collect();
            let elements: Vec<Value> = match nested.nesting {
                Nesting::List => made
                    .iter()
                    .enumerate()
                    .map(|(index, element)| {
                        let config = own.get(index).unwrap_or(element);
                        inner(config, recorded.get(index), element)
                    })
                    .collect(),
                _ => own
                    .iter()
                    .map(|config| {
                        let filled =
                            |old: Option<&Value>| inner(config, old, &proposed(&nested.block, config, old));
                        let is_same =
                            |old: &&Value| changed_paths(&nested.block, old, &filled(Some(old))).is_empty();
                        match rest.iter().position(is_same) {
                            Some(at) => rest.swap_remove(at).clone(),
                            None => filled(None),
                        }
                    })
                    .collect(),
            };
            let object = nested.block.implied_type();
            let made = match nested.nesting {
                Nesting::List => Value::list(object, elements),
                _ => Value::set(object, elements),
            };
            made.with_marks(planned.marks)
        }
    }
}

fn elements(value: &Value) -> &[Value] {
    value.as_elements().unwrap_or_default()
}
