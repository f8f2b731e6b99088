//! Values in the JSON of plans and states, and which of their parts are unknown or sensitive.

use serde_json::{Map, Value as Json, json};

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::state::encode_plain;

/// A value's JSON without what is unknown: attributes and elements of maps are left out, elements of lists are null.
pub(super) fn known(value: &Value) -> Json {
    match &value.kind {
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            Json::Array(items.iter().map(known).collect())
        }
        Kind::Map(_, entries) | Kind::Object(entries) => Json::Object(
            entries
                .iter()
                .filter(|(_, value)| value.is_known())
                .map(|(name, value)| (name.to_string(), known(value)))
                .collect(),
        ),
        _ => encode_plain(value),
    }
}

/// `true` for what is unknown, in the shape of the value; in objects and maps what is known is left out.
pub(super) fn unknown(value: &Value) -> Json {
    shape(value, &|value| !value.is_known(), &|_| Json::Bool(true))
}

/// As `after_unknown` has it: an empty object if all is known.
pub(super) fn after_unknown(value: &Value) -> Json {
    if value.is_wholly_known() { json!({}) } else { unknown(value) }
}

/// `true` for what is sensitive, in the shape of the value; in objects and maps what is not is left out.
pub(super) fn sensitive(value: &Value) -> Json {
    shape(value, &Value::is_sensitive, &|value| match value.ty() {
        Type::Object(_) | Type::Map(_) => json!({}),
        Type::List(_) | Type::Set(_) | Type::Tuple(_) => json!([]),
        _ => Json::Bool(false),
    })
}

fn shape(value: &Value, is: &impl Fn(&Value) -> bool, of_unknown: &impl Fn(&Value) -> Json) -> Json {
    if is(value) {
        return Json::Bool(true);
    }
    match &value.kind {
        Kind::Unknown(..) => of_unknown(value),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            Json::Array(items.iter().map(|item| shape(item, is, of_unknown)).collect())
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            let mut members = Map::new();
            for (name, item) in entries.iter() {
                let part = shape(item, is, of_unknown);
                if part != Json::Bool(false) {
                    members.insert(name.to_string(), part);
                }
            }
            Json::Object(members)
        }
        _ => Json::Bool(false),
    }
}

/// A path as `replace_paths` has it: names and numbers.
pub(super) fn path(path: &[PathStep]) -> Json {
    path.iter()
        .map(|step| match step {
            PathStep::Attribute(name) | PathStep::Key(name) => json!(&**name),
            PathStep::Index(index) => json!(index),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Terraform 1.11.4's plan of a terraform_data whose output is not known yet.
    #[test]
    fn unknown_and_sensitive_parts_have_the_shape_of_the_value() {
        let tuple = Value::tuple(vec![Value::string("x")]);
        let value = Value::object([
            ("id", Value::unknown(Type::String)),
            ("input", tuple.clone()),
            ("output", Value::unknown(tuple.ty())),
            ("triggers_replace", Value::null(Type::Dynamic)),
        ]);
        assert_eq!(known(&value), json!({"input": ["x"], "triggers_replace": null}));
        assert_eq!(after_unknown(&value), json!({"id": true, "input": [false], "output": true}));
        assert_eq!(sensitive(&value), json!({"input": [false], "output": []}));
        let secret = Value::object([("a", Value::string("x").sensitive()), ("b", Value::string("y"))]);
        assert_eq!(sensitive(&secret), json!({"a": true}));
        assert_eq!(sensitive(&secret.sensitive()), json!(true));
    }
}
