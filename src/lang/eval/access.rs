//! Looking into values: attributes, indexes and splats.

use super::super::ast::{Expr, Step, StepKind};
use super::super::diagnostic::{Diagnostic, suggestion};
use super::super::source::Span;
use super::super::types::Type;
use super::super::value::{Kind, Value};
use super::Evaluator;

/// Why a look-up failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessError {
    pub summary: &'static str,
    pub detail: String,
}

impl AccessError {
    fn new(summary: &'static str, detail: impl Into<String>) -> AccessError {
        AccessError { summary, detail: detail.into() }
    }
}

/// `value.name`
pub fn attribute(value: &Value, name: &str) -> Result<Value, AccessError> {
    let marks = value.marks;
    if value.is_null() {
        return Err(AccessError::new(
            "Attempt to get attribute from null value",
            "This value is null, so it does not have any attributes.",
        ));
    }
    let found = match &value.kind {
        Kind::Object(attributes) => match attributes.get(name) {
            Some(value) => value.clone(),
            None => {
                let hint = suggestion(name, attributes.keys().map(|name| &**name));
                return Err(AccessError::new(
                    "Unsupported attribute",
                    format!("This object does not have an attribute named {name:?}.{hint}"),
                ));
            }
        },
        Kind::Map(_, entries) => match entries.get(name) {
            Some(value) => value.clone(),
            None => {
                let hint = suggestion(name, entries.keys().map(|name| &**name));
                return Err(AccessError::new(
                    "Missing map element",
                    format!("This map does not have an element with the key {name:?}.{hint}"),
                ));
            }
        },
        Kind::Unknown(Type::Dynamic, _) => Value::dynamic(),
        Kind::Unknown(Type::Map(element), _) => Value::unknown(Type::clone(element)),
        Kind::Unknown(Type::Object(object), _) => match object.attributes.get(name) {
            Some(ty) => Value::unknown(ty.clone()),
            None => {
                let hint = suggestion(name, object.attributes.keys().map(|name| &**name));
                return Err(AccessError::new(
                    "Unsupported attribute",
                    format!("This object does not have an attribute named {name:?}.{hint}"),
                ));
            }
        },
        _ => return Err(AccessError::new("Unsupported attribute", no_attributes(&value.ty(), name))),
    };
    Ok(found.with_marks(marks))
}

fn no_attributes(ty: &Type, name: &str) -> String {
    let has_it =
        |element: &Type| matches!(element, Type::Object(object) if object.attributes.contains_key(name));
    match ty {
        Type::List(element) if has_it(element) => format!(
            "Can't access attributes on a list of objects. Did you mean to access attribute {name:?} for a \
             specific element of the list, or across all elements of the list?"
        ),
        Type::Set(element) if has_it(element) => format!(
            "Can't access attributes on a set of objects. Did you mean to access an attribute across all \
             elements of the set, as in [for item in … : item.{name}]?"
        ),
        Type::List(_) | Type::Tuple(_) | Type::Set(_) => {
            format!(
                "This value is a {}, which does not have attributes: its elements have numbers.",
                word(ty)
            )
        }
        _ => "This value does not have any attributes.".to_owned(),
    }
}

fn word(ty: &Type) -> &'static str {
    match ty {
        Type::List(_) => "list",
        Type::Set(_) => "set",
        Type::Tuple(_) => "tuple",
        Type::Map(_) => "map",
        Type::Object(_) => "object",
        _ => "value",
    }
}

/// `value[key]`
pub fn index(value: &Value, key: &Value) -> Result<Value, AccessError> {
    // The key of an object's attribute leaves no mark on it, as in the reference.
    let is_object = matches!(value.ty(), Type::Object(_));
    let marks = if is_object { value.marks } else { value.marks | key.marks };
    let invalid = |detail: String| Err(AccessError::new("Invalid index", detail));
    if value.is_null() {
        return Err(AccessError::new(
            "Attempt to index null value",
            "This value is null, so it does not have any indices.",
        ));
    }
    if key.is_null() {
        return invalid("Can't use a null value as an indexing key.".to_owned());
    }
    let ty = value.ty();
    let found = match &ty {
        Type::Dynamic => Value::dynamic(),
        Type::List(_) | Type::Tuple(_) => {
            let Ok(key) = key.convert(&Type::Number) else {
                return invalid(format!(
                    "The given key does not identify an element in this collection value: a {} is indexed by \
                     whole numbers, from 0.",
                    word(&ty)
                ));
            };
            let Some(number) = key.as_number() else {
                return Ok(unknown_element(&ty).with_marks(marks));
            };
            let position = number.to_i64();
            let elements = value.as_elements();
            let length = match (&ty, elements) {
                (_, Some(elements)) => Some(elements.len()),
                (Type::Tuple(types), None) => Some(types.len()),
                _ => None,
            };
            let whole = number.is_integer();
            let fits = position.is_some_and(|position| {
                position >= 0 && length.is_none_or(|length| (position as u64) < length as u64)
            });
            if !fits || !whole {
                return invalid(if !whole {
                    "The given key does not identify an element in this collection value: indexing a sequence \
                     requires a whole number, but the given index has a fractional part."
                        .to_owned()
                } else if number.is_negative() {
                    "The given key does not identify an element in this collection value: a negative number is \
                     not a valid index for a sequence."
                        .to_owned()
                } else if length == Some(0) {
                    "The given key does not identify an element in this collection value: the collection has no \
                     elements."
                        .to_owned()
                } else {
                    "The given key does not identify an element in this collection value: the given index is \
                     greater than or equal to the length of the collection."
                        .to_owned()
                });
            }
            let position = position.unwrap_or_default() as usize;
            match (elements, &ty) {
                (Some(elements), _) => elements[position].clone(),
                (None, Type::Tuple(types)) => Value::unknown(types[position].clone()),
                _ => unknown_element(&ty),
            }
        }
        Type::Map(_) | Type::Object(_) => {
            let Ok(key) = key.convert(&Type::String) else {
                return invalid(
                    "The given key does not identify an element in this collection value: a string is required."
                        .to_owned(),
                );
            };
            let Some(name) = key.as_str() else {
                return Ok(unknown_element(&ty).with_marks(marks));
            };
            let entries = value.as_entries();
            match (entries.and_then(|entries| entries.get(name)), &ty) {
                (Some(value), _) => value.clone(),
                (None, Type::Map(element)) if entries.is_none() => Value::unknown(Type::clone(element)),
                (None, Type::Object(object)) if entries.is_none() && object.attributes.contains_key(name) => {
                    Value::unknown(object.attributes[name].clone())
                }
                _ => {
                    let hidden = key.is_sensitive();
                    let hint = match entries {
                        Some(entries) if !hidden => suggestion(name, entries.keys().map(|name| &**name)),
                        _ => String::new(),
                    };
                    return invalid(format!(
                        "The given key does not identify an element in this collection value.{hint}"
                    ));
                }
            }
        }
        Type::Set(_) => {
            return invalid(
                "Elements of a set are identified only by their value and don't have any separate index or key \
                 to select with, so it's only possible to perform operations across all elements of the set."
                    .to_owned(),
            );
        }
        _ => return invalid("This value does not have any indices.".to_owned()),
    };
    Ok(found.with_marks(marks))
}

fn unknown_element(ty: &Type) -> Value {
    ty.element().map_or_else(Value::dynamic, |element| Value::unknown(element.clone()))
}

impl Evaluator<'_> {
    pub(super) fn steps(&mut self, mut value: Value, steps: &[Step]) -> Value {
        for step in steps {
            let result = match &step.kind {
                StepKind::Attribute(name) => attribute(&value, name),
                StepKind::Key(key) => index(&value, &Value::string(key)),
                StepKind::Index(number) => index(&value, &Value::number(number.clone())),
            };
            value = match result {
                Ok(value) => value,
                Err(problem) => {
                    return self.fail(Diagnostic::error(problem.summary, problem.detail).at(step.span));
                }
            };
        }
        value
    }

    /// `source[*].each`: for every element of a sequence; a single value stands for a sequence of one, null
    /// for an empty one.
    pub(super) fn splat(&mut self, source: &Expr, each: &Expr, marker: Span) -> Value {
        let errors = self.error_count();
        let value = self.eval(source);
        if self.error_count() > errors {
            return Value::dynamic();
        }
        let (value, marks) = value.unmark();
        let ty = value.ty();
        let sequence = matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_));
        if value.is_null() {
            if sequence {
                let detail = "Splat expressions (with the * symbol) cannot be applied to null sequences.";
                return self
                    .fail(Diagnostic::error("Splat of null value", detail).at(source.span).within(marker));
            }
            return Value::tuple(Vec::new()).with_marks(marks);
        }
        if ty == Type::Dynamic {
            return Value::dynamic().with_marks(marks);
        }
        if !sequence {
            if !value.is_known() && !value.is_not_null() {
                // Whether there is one element or none is not known.
                self.each_item(value, each);
                return Value::dynamic().with_marks(marks);
            }
            return Value::tuple(vec![self.each_item(value, each)]).with_marks(marks);
        }
        let Some(elements) = value.as_elements() else {
            let unknown = match &ty {
                Type::Tuple(types) => {
                    let items: Vec<Value> =
                        types.iter().map(|ty| self.each_item(Value::unknown(ty.clone()), each)).collect();
                    return Value::tuple(items).with_marks(marks);
                }
                _ => unknown_element(&ty),
            };
            let item = self.each_item(unknown, each);
            return Value::unknown_not_null(Type::list(item.ty())).with_marks(marks);
        };
        let items: Vec<Value> = elements.iter().map(|item| self.each_item(item.clone(), each)).collect();
        let result = match &ty {
            Type::Tuple(_) => Value::tuple(items),
            _ => {
                let element = match items.first() {
                    Some(first) => first.ty(),
                    None => self.each_item(unknown_element(&ty), each).ty(),
                };
                if items.iter().all(|item| item.ty() == element) {
                    Value::list(element, items)
                } else {
                    Value::tuple(items)
                }
            }
        };
        result.with_marks(marks)
    }

    fn each_item(&mut self, item: Value, each: &Expr) -> Value {
        self.items.push(item);
        let value = self.eval(each);
        self.items.pop();
        value
    }
}
