//! Functions of maps and objects: `keys lookup merge transpose values zipmap`, and `map`, which is no more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::super::types::Type;
use super::super::super::value::{Kind, Marks, Value};
use super::super::{CallError, CallResult, Function, Host};
use super::list::removed;
use super::{element_type, elements, object_type, tuple_types};

pub(super) fn functions() -> Vec<Function> {
    let lists_of_strings = || Type::map(Type::list(Type::String));
    vec![
        Function::typed("keys", keys_type, keys)
            .takes("inputMap", Type::Dynamic)
            .or_unknown_of_known_type()
            .or_marked(),
        Function::typed("lookup", lookup_type, lookup)
            .takes("inputMap", Type::Dynamic)
            .or_unknown_of_known_type()
            .or_marked()
            .takes("key", Type::String)
            .or_unknown_of_known_type()
            .or_marked()
            .takes_more("default", Type::Dynamic)
            .or_null()
            .or_unknown()
            .or_marked()
            .may_be_null(),
        Function::new("map", removed)
            .takes_more("vals", Type::Dynamic)
            .or_null()
            .or_unknown()
            .returns_type_of(|_| {
                let message =
                    "the \"map\" function is no longer available; use tomap({ ... }) to write a map";
                Err(CallError::call(message))
            }),
        Function::typed("merge", merge_type, merge)
            .takes_more("maps", Type::Dynamic)
            .or_null()
            .or_untyped()
            .or_marked(),
        Function::new("transpose", transpose).takes("values", lists_of_strings()).returns(lists_of_strings()),
        Function::typed("values", values_type, values).takes("mapping", Type::Dynamic).or_marked(),
        Function::typed("zipmap", zipmap_type, zipmap)
            .takes("keys", Type::list(Type::String))
            .or_marked()
            .takes("values", Type::Dynamic)
            .or_marked(),
    ]
}

fn keys_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(object) => Ok(Type::tuple(object.attributes.keys().map(|_| Type::String))),
        _ => Err(CallError::argument(0, "must have map or object type")),
    }
}

fn keys(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let map = &arguments[0];
    let keys = |keys: &mut dyn Iterator<Item = &Arc<str>>| -> Vec<Value> {
        keys.map(|key| Kind::String(Arc::clone(key)).into()).collect()
    };
    let value = match &map.kind {
        Kind::Map(_, entries) => Value::list(Type::String, keys(&mut entries.keys())),
        Kind::Object(entries) => Value::tuple(keys(&mut entries.keys())),
        // The names of an object's attributes are known before it is.
        Kind::Unknown(Type::Object(object), _) => Value::tuple(keys(&mut object.attributes.keys())),
        _ => Value::unknown(ty.clone()),
    };
    Ok(value.with_marks(map.marks))
}

fn lookup_type(arguments: &[Value]) -> Result<Type, CallError> {
    let (map, key, default) = (&arguments[0], &arguments[1], arguments.get(2));
    if arguments.len() > 3 {
        let message = format!("lookup() takes two or three arguments, got {}", arguments.len());
        return Err(CallError::call(message));
    }
    match map.ty() {
        Type::Object(object) => {
            let Some(name) = key.as_str() else { return Ok(Type::Dynamic) };
            match (object.attributes.get(name), default) {
                (Some(attribute), _) => Ok(attribute.clone()),
                (None, Some(default)) => Ok(default.ty()),
                (None, None) => {
                    Err(CallError::argument(0, format!("the given object has no attribute {}", shown(key))))
                }
            }
        }
        Type::Map(element) => {
            if default.is_some_and(|default| default.convert(&element).is_err()) {
                let message = "the default value must have the same type as the map elements";
                return Err(CallError::argument(2, message));
            }
            Ok(Type::clone(&element))
        }
        _ => Err(CallError::argument(0, "lookup() requires a map as the first argument")),
    }
}

/// A key in a message, unless it is secret.
fn shown(key: &Value) -> String {
    match key.as_str() {
        Some(text) if key.marks.is_empty() => format!("{text:?}"),
        _ => "(sensitive value)".to_owned(),
    }
}

fn lookup(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let (map, key) = (&arguments[0], &arguments[1]);
    let marks = map.marks | key.marks;
    if !map.is_known() || !key.is_known() {
        return Ok(Value::unknown(ty.clone()).with_marks(marks));
    }
    let found = key.as_str().and_then(|name| map.as_entries()?.get(name));
    match (found, arguments.get(2)) {
        (Some(value), _) => Ok(value.clone().with_marks(marks)),
        (None, Some(default)) => Ok(default.convert(ty)?.with_marks(marks)),
        (None, None) => Err(CallError::call(format!("lookup failed to find key {}", shown(key)))),
    }
}

fn merge_type(arguments: &[Value]) -> Result<Type, CallError> {
    let mut attributes: BTreeMap<Arc<str>, Type> = BTreeMap::new();
    let mut first: Option<Type> = None;
    let mut alike = true;
    let mut known = true;
    for argument in arguments {
        let ty = argument.ty();
        match (&ty, argument.as_entries()) {
            (Type::Dynamic, _) => return Ok(Type::Dynamic),
            (Type::Object(object), _) => {
                if !argument.is_null() {
                    attributes
                        .extend(object.attributes.iter().map(|(name, ty)| (Arc::clone(name), ty.clone())));
                }
            }
            (Type::Map(element), Some(entries)) => {
                attributes.extend(entries.keys().map(|key| (Arc::clone(key), Type::clone(element))));
            }
            (Type::Map(_), None) => known &= argument.is_null(),
            (other, _) => {
                let message = format!("arguments must be maps or objects, got {}", other.friendly());
                return Err(CallError::call(message));
            }
        }
        alike &= first.as_ref().is_none_or(|first| *first == ty);
        first.get_or_insert(ty);
    }
    match first {
        Some(first) if alike => Ok(first),
        _ if known => Ok(Type::object(attributes)),
        _ => Ok(Type::Dynamic),
    }
}

fn merge(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let mut merged = BTreeMap::new();
    let mut marks = Marks::NONE;
    for argument in arguments {
        if let Some(entries) = argument.as_entries() {
            marks = marks | argument.marks;
            merged.extend(entries.iter().map(|(key, value)| (Arc::clone(key), value.clone())));
        }
    }
    let value = match ty {
        Type::Map(element) => Value::map(Type::clone(element), merged),
        _ => Kind::Object(Arc::new(merged)).into(),
    };
    Ok(value.with_marks(marks))
}

fn transpose(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let element = Type::list(Type::String);
    if !arguments[0].is_wholly_known() {
        return Ok(Value::unknown(Type::map(element)));
    }
    // Keys come in order, so that the lists of them are sorted.
    let mut transposed: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
    for (key, list) in arguments[0].as_entries().into_iter().flatten() {
        let Some(list) = list.as_elements() else {
            return Err(CallError::call("input must not contain null list"));
        };
        for value in list {
            let Kind::String(text) = &value.kind else {
                return Err(CallError::call("input list must not contain null string"));
            };
            let key = Kind::String(Arc::clone(key)).into();
            transposed.entry(Arc::clone(text)).or_default().push(key);
        }
    }
    let entries = transposed.into_iter().map(|(key, list)| (key, Value::list(Type::String, list))).collect();
    Ok(Value::map(element, entries))
}

fn values_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Map(element) => Ok(Type::List(element)),
        Type::Object(object) => Ok(Type::tuple(object.attributes.values().cloned())),
        _ => Err(CallError::call("values() requires a map as the first argument")),
    }
}

fn values(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let map = &arguments[0];
    let values = map.as_entries().into_iter().flat_map(BTreeMap::values).cloned().collect();
    let value = match ty {
        Type::List(element) => Value::list(Type::clone(element), values),
        _ => Value::tuple(values),
    };
    Ok(value.with_marks(map.marks))
}

fn zipmap_type(arguments: &[Value]) -> Result<Type, CallError> {
    let (keys, ty) = (&arguments[0], arguments[1].ty());
    if let Type::List(element) = ty {
        return Ok(Type::Map(element));
    }
    let Some(types) = tuple_types(&ty) else {
        return Err(CallError::call("values argument must be a list or tuple value"));
    };
    if !keys.is_wholly_known() {
        return Ok(Type::Dynamic);
    }
    let names = key_names(keys, types.len())?;
    Ok(Type::object(names.into_iter().zip(types.iter().cloned())))
}

/// The keys as text, as many as there are values.
fn key_names(keys: &Value, values: usize) -> Result<Vec<Arc<str>>, CallError> {
    let keys = elements(keys);
    if keys.len() != values {
        let message = format!("number of keys ({}) does not match number of values ({values})", keys.len());
        return Err(CallError::call(message));
    }
    let name = |(index, key): (usize, &Value)| match &key.kind {
        Kind::String(name) => Ok(Arc::clone(name)),
        _ => Err(CallError::call(format!("keys list has null value at index {index}"))),
    };
    keys.iter().enumerate().map(name).collect()
}

fn zipmap(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let (keys, values) = (&arguments[0], &arguments[1]);
    let marks = keys.marks_deep() | values.marks;
    if !keys.is_wholly_known() {
        return Ok(Value::unknown(ty.clone()).with_marks(marks));
    }
    let values = elements(values);
    let names = key_names(keys, values.len())?;
    let zipped: BTreeMap<Arc<str>, Value> = names.into_iter().zip(values.iter().cloned()).collect();
    let value = match ty {
        Type::Map(_) => Value::map(element_type(ty), zipped),
        _ => {
            debug_assert!(object_type(ty).is_some());
            Kind::Object(Arc::new(zipped)).into()
        }
    };
    Ok(value.with_marks(marks))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{call, error, text, ty};
    use super::*;

    fn object(entries: &[(&'static str, Value)]) -> Value {
        Value::object(entries.iter().cloned())
    }

    fn map(entries: &[(&'static str, Value)]) -> Value {
        object(entries).convert(&Type::map(Type::Dynamic)).unwrap()
    }

    #[test]
    fn keys_of_an_unknown_object_are_known() {
        let unknown = Value::unknown(Type::object([("b", Type::String), ("a", Type::Bool)]));
        assert_eq!(text("keys", [unknown]), "[\n  \"a\",\n  \"b\",\n]");
        assert!(!call("keys", [Value::unknown(Type::map(Type::String))]).is_known());
        let secret = object(&[("a", Value::from(1).sensitive())]);
        assert!(!call("keys", [secret.clone()]).has_sensitive());
        assert!(call("keys", [secret.sensitive()]).is_sensitive());
    }

    #[test]
    fn lookup_falls_back_to_a_default_of_the_elements_type() {
        let numbers = || map(&[("a", Value::from(1))]);
        let find = |map: Value, key: &str, default: Value| [map, Value::from(key), default];
        assert_eq!(text("lookup", find(numbers(), "b", Value::from("7"))), "7");
        let bad = error("lookup", find(numbers(), "b", Value::from("seven")));
        assert!(matches!(bad, CallError::Argument { index: 2, .. }));
        assert_eq!(ty("lookup", find(object(&[("a", Value::from(1))]), "b", Value::from("x"))), "string");
        let missing = error("lookup", [numbers(), Value::from("secret").sensitive()]);
        assert!(matches!(missing, CallError::Call(message) if !message.contains("secret")));
        let default = || Value::from(0).sensitive();
        assert!(!call("lookup", find(numbers(), "a", default())).is_sensitive());
        assert!(call("lookup", find(numbers(), "b", default())).is_sensitive());
    }

    #[test]
    fn merging_keeps_a_map_only_of_like_maps() {
        let (one, two) = (map(&[("a", Value::from(1))]), map(&[("b", Value::from(2))]));
        assert_eq!(ty("merge", [one.clone(), two]), "map(number)");
        assert!(ty("merge", [one.clone(), Value::null(Type::Dynamic)]).starts_with("object"));
        assert_eq!(text("merge", []), "{}");
        let unknown = Value::unknown(Type::map(Type::Number));
        assert_eq!(call("merge", [object(&[]), unknown]), Value::dynamic());
        assert!(matches!(error("merge", [one, Value::from("a")]), CallError::Call(_)));
    }

    #[test]
    fn zipping_needs_as_many_keys_as_values() {
        let keys = || Value::tuple(vec![Value::from("a"), Value::from("b")]);
        let failure = error("zipmap", [keys(), Value::tuple(vec![Value::from(1)])]);
        assert!(matches!(failure, CallError::Call(_)));
        let list = Value::list(Type::Number, vec![Value::from(1), Value::from(2)]);
        assert_eq!(ty("zipmap", [keys(), list]), "map(number)");
    }

    #[test]
    fn transposing_turns_values_into_keys() {
        let list = |words: &[&str]| Value::tuple(words.iter().map(|word| Value::from(*word)).collect());
        let input = object(&[("web", list(&["eu", "us"])), ("db", list(&["eu"]))]);
        let expected = "tomap({\n  \"eu\" = tolist([\n    \"db\",\n    \"web\",\n  ])\n  \"us\" = tolist([\n    \
                        \"web\",\n  ])\n})";
        assert_eq!(text("transpose", [input]), expected);
    }
}
