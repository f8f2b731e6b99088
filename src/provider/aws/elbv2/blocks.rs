//! Making nested blocks of what AWS answers, and telling whether two values are one to the service.

use std::sync::LazyLock;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::schema::equality::{is_zero, same_or_zero};
use crate::schema::{BlockSchema, Equality, Nesting};

static NOTHING: LazyLock<BlockSchema> = LazyLock::new(BlockSchema::new);

/// The schema of a kind of block within another.
pub fn inner<'a>(schema: &'a BlockSchema, name: &str) -> &'a BlockSchema {
    match schema.blocks.get(name) {
        Some(nested) => &nested.block,
        None => {
            debug_assert!(false, "the schema has no block {name}");
            &NOTHING
        }
    }
}

/// The attribute that holds all blocks of a kind, made of complete objects of the block's schema.
pub fn holding(schema: &BlockSchema, name: &str, objects: Vec<Value>) -> Value {
    let Some(nested) = schema.blocks.get(name) else {
        debug_assert!(false, "the schema has no block {name}");
        return Value::null(Type::Dynamic);
    };
    let element = nested.block.implied_type();
    match nested.nesting {
        Nesting::Set => Value::set(element, objects),
        _ => Value::list(element, objects),
    }
}

/// The attribute that holds the only block of a kind, made of the attributes given.
pub fn one<'a>(schema: &BlockSchema, name: &str, given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let object = inner(schema, name).object(given);
    holding(schema, name, vec![object])
}

/// The attribute that holds no block of a kind.
pub fn none(schema: &BlockSchema, name: &str) -> Value {
    holding(schema, name, Vec::new())
}

/// A text that is there and not empty: an argument left out and an empty one mean the same to the service.
pub fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

/// Whether an attribute is the same in two objects.
pub fn same_attribute(schema: &BlockSchema, name: &str, left: &Value, right: &Value) -> bool {
    let equality = schema.attributes.get(name).map_or(Equality::Exact, |attribute| attribute.equality);
    match (left.get(name), right.get(name)) {
        (Some(left), Some(right)) => same_or_zero(equality, &left, &right),
        (None, None) => true,
        (Some(value), None) | (None, Some(value)) => is_zero(&value),
    }
}

/// Whether all blocks of a kind are the same in two objects, one by one and attribute by attribute.
pub fn same_blocks(schema: &BlockSchema, name: &str, left: &Value, right: &Value) -> bool {
    let block = inner(schema, name);
    let (left, right) = (elements(left, name), elements(right, name));
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same_objects(block, left, right))
}

fn same_objects(block: &BlockSchema, left: &Value, right: &Value) -> bool {
    block.attributes.keys().all(|name| same_attribute(block, name, left, right))
        && block.blocks.keys().all(|name| same_blocks(block, name, left, right))
}

fn elements<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object.known(name).and_then(Value::as_elements).unwrap_or_default()
}
