//! Attributes between the state file's JSON and values.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::lang::convert::PathStep;
use crate::lang::number::Number;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Marks, Value};
use crate::schema::BlockSchema;

/// A value of a type from its JSON. Attributes that the type has and the JSON has not are null; those that the type
/// has not are passed over. What is of another type is converted where it can be, and null where it cannot.
pub fn decode(json: &Json, ty: &Type) -> Value {
    match (json, ty) {
        (Json::Null, _) => Value::null(ty.without_optional()),
        (json, Type::Dynamic) => decode_untyped(json),
        (Json::Bool(value), _) => converted(Value::bool(*value), ty),
        (Json::Number(number), _) => match Number::parse(number.as_str()) {
            Some(number) => converted(Value::number(number), ty),
            None => Value::null(ty.clone()),
        },
        (Json::String(text), _) => converted(Value::string(text), ty),
        (Json::Array(items), Type::List(element)) => {
            Value::list(Type::clone(element), items.iter().map(|item| decode(item, element)).collect())
        }
        (Json::Array(items), Type::Set(element)) => {
            Value::set(Type::clone(element), items.iter().map(|item| decode(item, element)))
        }
        (Json::Array(items), Type::Tuple(types)) if items.len() == types.len() => {
            Value::tuple(items.iter().zip(types.iter()).map(|(item, ty)| decode(item, ty)).collect())
        }
        (Json::Object(members), Type::Map(element)) => Value::map(
            Type::clone(element),
            members.iter().map(|(key, item)| (Arc::from(key.as_str()), decode(item, element))).collect(),
        ),
        (Json::Object(members), Type::Object(object)) => {
            let entries: BTreeMap<Arc<str>, Value> = object
                .attributes
                .iter()
                .map(|(name, ty)| {
                    let value = match members.get(&**name) {
                        Some(item) => decode(item, ty),
                        None => Value::null(ty.clone()),
                    };
                    (Arc::clone(name), value)
                })
                .collect();
            Kind::Object(Arc::new(entries)).into()
        }
        _ => Value::null(ty.clone()),
    }
}

fn converted(value: Value, ty: &Type) -> Value {
    value.convert(ty).unwrap_or_else(|_| Value::null(ty.clone()))
}

/// A value whose type is what its JSON looks like; one that carries its type beside it, as attributes of any type
/// do, is of that type.
fn decode_untyped(json: &Json) -> Value {
    match json {
        Json::Null => Value::null(Type::Dynamic),
        Json::Bool(value) => Value::bool(*value),
        Json::Number(number) => {
            Number::parse(number.as_str()).map_or_else(|| Value::null(Type::Number), Value::number)
        }
        Json::String(text) => Value::string(text),
        Json::Array(items) => Value::tuple(items.iter().map(decode_untyped).collect()),
        Json::Object(members) => {
            if members.len() == 2
                && let (Some(value), Some(ty)) = (members.get("value"), members.get("type"))
                && let Some(ty) = Type::from_json(ty)
            {
                return decode(value, &ty);
            }
            Value::object(members.iter().map(|(name, item)| (name.as_str(), decode_untyped(item))))
        }
    }
}

/// A known value's JSON, without its marks. `ty` is the attribute's type: where that is `any` the value's own type
/// is written beside it, as Terraform does. Unknown is null.
pub fn encode(value: &Value, ty: &Type) -> Json {
    if *ty == Type::Dynamic {
        if value.is_null() && value.ty() == Type::Dynamic {
            return Json::Null;
        }
        let own = value.ty();
        let mut members = Map::new();
        members.insert("value".to_owned(), encode_plain(value));
        members.insert("type".to_owned(), own.to_json());
        return Json::Object(members);
    }
    match (&value.kind, ty) {
        (Kind::Object(entries), Type::Object(object)) => Json::Object(
            entries
                .iter()
                .map(|(name, item)| {
                    let ty = object.attributes.get(name).cloned().unwrap_or_else(|| item.ty());
                    (name.to_string(), encode(item, &ty))
                })
                .collect(),
        ),
        (Kind::Map(_, entries), Type::Map(element)) => Json::Object(
            entries.iter().map(|(name, item)| (name.to_string(), encode(item, element))).collect(),
        ),
        (Kind::List(_, items), Type::List(element)) | (Kind::Set(_, items), Type::Set(element)) => {
            Json::Array(items.iter().map(|item| encode(item, element)).collect())
        }
        _ => encode_plain(value),
    }
}

/// A value's JSON as [`encode`], written over what stood there before: what is the same is kept as it was spelled, and
/// so is what the type does not have. `value` has no marks.
pub fn encode_over(old: &Json, value: &Value, ty: &Type) -> Json {
    match (old, &value.kind, ty) {
        (Json::Object(old), Kind::Object(entries), Type::Object(object)) => {
            let mut members: Vec<(String, Json)> = Vec::with_capacity(entries.len());
            for (name, item) in entries.iter() {
                let own = object.attributes.get(name).cloned().unwrap_or_else(|| item.ty());
                members.push((name.to_string(), over(old.get(&**name), item, &own)));
            }
            let known = members.len();
            let unknown = old.iter().filter(|(name, _)| !entries.contains_key(name.as_str()));
            members.extend(unknown.map(|(name, item)| (name.clone(), item.clone())));
            if members.len() > known {
                members.sort_by(|left, right| left.0.cmp(&right.0));
            }
            Json::Object(members.into_iter().collect())
        }
        (Json::Object(old), Kind::Map(_, entries), Type::Map(element)) => Json::Object(
            entries
                .iter()
                .map(|(name, item)| (name.to_string(), over(old.get(&**name), item, element)))
                .collect(),
        ),
        (Json::Array(old), Kind::List(_, items), Type::List(element))
        | (Json::Array(old), Kind::Set(_, items), Type::Set(element)) => {
            // An element goes by its value; one that has changed by its place, if nothing has moved.
            let decoded: HashMap<Value, usize> =
                old.iter().enumerate().rev().map(|(at, json)| (decode(json, element), at)).collect();
            let in_place = old.len() == items.len() && (items.len() == 1 || matches!(ty, Type::List(_)));
            let predecessor = |at: usize, item: &Value| {
                let same = decoded.get(item).and_then(|at| old.get(*at));
                same.or_else(|| old.get(at).filter(|_| in_place))
            };
            let mut ordered: Vec<(usize, &Value)> = items.iter().enumerate().collect();
            // A set that is the same stays in its order.
            if matches!(ty, Type::Set(_))
                && old.len() == items.len()
                && items.iter().all(|item| decoded.contains_key(item))
            {
                ordered.sort_by_key(|(_, item)| decoded.get(item));
            }
            let encoded = ordered.into_iter();
            Json::Array(encoded.map(|(at, item)| over(predecessor(at, item), item, element)).collect())
        }
        // Only where it is of the same kind: an older form is not kept.
        (Json::Number(_), Kind::Number(_), _) | (Json::String(_), Kind::String(_), _)
            if *ty != Type::Dynamic && decode(old, ty) == *value =>
        {
            old.clone()
        }
        (Json::Object(_), _, Type::Dynamic) if decode(old, ty) == *value => old.clone(),
        _ => encode(value, ty),
    }
}

fn over(old: Option<&Json>, value: &Value, ty: &Type) -> Json {
    old.map_or_else(|| encode(value, ty), |old| encode_over(old, value, ty))
}

/// Whether a path's first step is an attribute that a schema has.
pub fn is_within(path: &[PathStep], schema: &BlockSchema) -> bool {
    match path.first() {
        Some(PathStep::Attribute(name) | PathStep::Key(name)) => {
            schema.attributes.contains_key(name) || schema.blocks.contains_key(name)
        }
        _ => true,
    }
}

/// The JSON of a value whose type is known from elsewhere.
pub fn encode_plain(value: &Value) -> Json {
    match &value.kind {
        Kind::Null(_) | Kind::Unknown(..) => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or(Json::Null),
        Kind::String(text) => Json::String(text.to_string()),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            Json::Array(items.iter().map(encode_plain).collect())
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            Json::Object(entries.iter().map(|(name, item)| (name.to_string(), encode_plain(item))).collect())
        }
        Kind::Type(ty) => ty.to_json(),
    }
}

/// Marks the parts of a value that paths name as sensitive.
pub fn mark_paths(value: &Value, paths: &[Vec<PathStep>]) -> Value {
    paths.iter().fold(value.clone(), |value, path| mark_path(&value, path))
}

fn mark_path(value: &Value, path: &[PathStep]) -> Value {
    let Some((step, rest)) = path.split_first() else { return value.clone().sensitive() };
    let marks = value.marks;
    let kind = match (&value.kind, step) {
        (Kind::Object(entries), PathStep::Attribute(name) | PathStep::Key(name))
            if entries.contains_key(name) =>
        {
            let mut changed = BTreeMap::clone(entries);
            changed.insert(Arc::clone(name), mark_path(&entries[name], rest));
            Kind::Object(Arc::new(changed))
        }
        (Kind::Map(element, entries), PathStep::Attribute(name) | PathStep::Key(name))
            if entries.contains_key(name) =>
        {
            let mut changed = BTreeMap::clone(entries);
            changed.insert(Arc::clone(name), mark_path(&entries[name], rest));
            Kind::Map(Arc::clone(element), Arc::new(changed))
        }
        (Kind::List(element, items), PathStep::Index(index)) if *index < items.len() => {
            let mut changed = Vec::clone(items);
            changed[*index] = mark_path(&items[*index], rest);
            Kind::List(Arc::clone(element), Arc::new(changed))
        }
        (Kind::Tuple(items), PathStep::Index(index)) if *index < items.len() => {
            let mut changed = Vec::clone(items);
            changed[*index] = mark_path(&items[*index], rest);
            Kind::Tuple(Arc::new(changed))
        }
        // An attribute that the schema does not have is not in the value either: there is nothing to hide.
        (Kind::Object(_), PathStep::Attribute(_)) => return value.clone(),
        // A path that leads nowhere, or into a set: all of it is sensitive rather than none.
        _ => return value.clone().sensitive(),
    };
    Value { kind, marks }
}

/// The paths of the outermost sensitive parts of a value, in order.
pub fn sensitive_paths(value: &Value) -> Vec<Vec<PathStep>> {
    let mut paths = Vec::new();
    gather(value, &mut Vec::new(), &mut paths);
    paths
}

fn gather(value: &Value, path: &mut Vec<PathStep>, paths: &mut Vec<Vec<PathStep>>) {
    if value.marks.contains(Marks::SENSITIVE) {
        paths.push(path.clone());
        return;
    }
    match &value.kind {
        Kind::Object(entries) => {
            for (name, item) in entries.iter() {
                path.push(PathStep::Attribute(Arc::clone(name)));
                gather(item, path, paths);
                path.pop();
            }
        }
        Kind::Map(_, entries) => {
            for (name, item) in entries.iter() {
                path.push(PathStep::Key(Arc::clone(name)));
                gather(item, path, paths);
                path.pop();
            }
        }
        Kind::List(_, items) | Kind::Tuple(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(PathStep::Index(index));
                gather(item, path, paths);
                path.pop();
            }
        }
        _ => {}
    }
}
