//! Collection functions.

mod choose;
mod list;
mod map;
mod search;
mod set;

use std::sync::Arc;

use super::super::types::{ObjectType, Type};
use super::super::value::{Kind, Value};
use super::Function;

pub(super) fn functions() -> Vec<Function> {
    [choose::functions(), list::functions(), map::functions(), search::functions(), set::functions()]
        .into_iter()
        .flatten()
        .collect()
}

/// The elements of a known list, set or tuple; none of anything else.
fn elements(value: &Value) -> &[Value] {
    value.as_elements().unwrap_or_default()
}

/// How many elements a known collection or structure has. Unknown elements of a set may turn out equal to each
/// other, so that such a set has a known length only if it has one element.
fn known_length(value: &Value) -> Option<usize> {
    match &value.kind {
        Kind::Set(_, elements) if elements.len() > 1 && !value.is_wholly_known() => None,
        Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => Some(elements.len()),
        Kind::Map(_, entries) | Kind::Object(entries) => Some(entries.len()),
        _ => None,
    }
}

/// The types of a tuple's elements.
fn tuple_types(ty: &Type) -> Option<&Arc<[Type]>> {
    match ty {
        Type::Tuple(elements) => Some(elements),
        _ => None,
    }
}

/// The attributes of an object type.
fn object_type(ty: &Type) -> Option<&ObjectType> {
    match ty {
        Type::Object(object) => Some(object),
        _ => None,
    }
}

/// The element type of a type that was worked out to be a collection.
fn element_type(ty: &Type) -> Type {
    ty.element().cloned().unwrap_or(Type::Dynamic)
}
