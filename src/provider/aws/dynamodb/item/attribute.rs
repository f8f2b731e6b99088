//! Attribute values between DynamoDB's JSON (`{"S": "text"}`) and the SDK.
//!
//! Facts: DynamoDB API reference, AttributeValue; Developer Guide, “Supported data types and naming rules”.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value as Json};

use crate::lang::types::Type;
use crate::lang::value::Value;

/// An item as the SDK takes it.
pub(super) type Item = HashMap<String, AttributeValue>;

const DESCRIPTORS: &str = "S, N, B, BOOL, NULL, M, L, SS, NS or BS";

/// Reads an item. The error says what of it will not do, with the path to it.
pub(super) fn parse(text: &str) -> Result<Item, String> {
    let json: Json = serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
    let Json::Object(members) = json else {
        return Err("it is no object of attributes".to_owned());
    };
    members.into_iter().map(|(name, value)| Ok((name.clone(), attribute(&name, value)?))).collect()
}

fn attribute(path: &str, value: Json) -> Result<AttributeValue, String> {
    let wrong = || {
        format!(
            "{path} needs one type descriptor, {DESCRIPTORS}, and its value: {{\"S\": \"text\"}}, for example"
        )
    };
    let Json::Object(members) = value else { return Err(wrong()) };
    let mut members = members.into_iter();
    let (Some((descriptor, value)), None) = (members.next(), members.next()) else { return Err(wrong()) };
    Ok(match (&*descriptor, value) {
        ("S", Json::String(text)) => AttributeValue::S(text),
        ("N", Json::String(text)) => AttributeValue::N(number(path, text)?),
        ("B", Json::String(text)) => AttributeValue::B(bytes(path, &text)?),
        ("BOOL", Json::Bool(value)) => AttributeValue::Bool(value),
        ("NULL", Json::Bool(value)) => AttributeValue::Null(value),
        ("M", Json::Object(members)) => {
            let entries = members.into_iter().map(|(name, value)| {
                let value = attribute(&format!("{path}.{name}"), value)?;
                Ok((name, value))
            });
            AttributeValue::M(entries.collect::<Result<_, String>>()?)
        }
        ("L", Json::Array(elements)) => {
            let elements = elements.into_iter().enumerate();
            let elements = elements.map(|(index, value)| attribute(&format!("{path}[{index}]"), value));
            AttributeValue::L(elements.collect::<Result<_, String>>()?)
        }
        ("SS", Json::Array(elements)) => AttributeValue::Ss(texts(path, elements)?),
        ("NS", Json::Array(elements)) => {
            let texts = texts(path, elements)?.into_iter().map(|text| number(path, text));
            AttributeValue::Ns(texts.collect::<Result<_, String>>()?)
        }
        ("BS", Json::Array(elements)) => {
            let texts = texts(path, elements)?;
            AttributeValue::Bs(texts.iter().map(|text| bytes(path, text)).collect::<Result<_, String>>()?)
        }
        ("N" | "NS", _) => {
            return Err(format!("{path} has a number that is not written as text: {{\"N\": \"1\"}}"));
        }
        ("S" | "B" | "BOOL" | "NULL" | "M" | "L" | "SS" | "BS", _) => {
            return Err(format!("{path} has a value that is not of its type, {descriptor}"));
        }
        _ => {
            return Err(format!(
                "{path} has the type descriptor {descriptor:?}, which is none of {DESCRIPTORS}"
            ));
        }
    })
}

fn texts(path: &str, elements: Vec<Json>) -> Result<Vec<String>, String> {
    let texts = elements.into_iter().map(|element| match element {
        Json::String(text) => Ok(text),
        _ => Err(format!("{path} is a set, whose elements are written as text")),
    });
    texts.collect()
}

fn number(path: &str, text: String) -> Result<String, String> {
    match normal(&text) {
        Some(_) => Ok(text),
        None => Err(format!("{path} has {text:?} where a number is needed")),
    }
}

fn bytes(path: &str, text: &str) -> Result<Blob, String> {
    let bytes = BASE64.decode(text);
    bytes.map(Blob::new).map_err(|error| format!("{path} is binary and not in Base64: {error}"))
}

/// A number as one text, however it is spelt: DynamoDB answers `1` where `1.0` was stored.
fn normal(text: &str) -> Option<String> {
    let value = Value::string(text).convert(&Type::Number).ok()?;
    value.as_number().map(ToString::to_string)
}

/// An item as JSON in one spelling: names and sets in order, numbers as DynamoDB has them.
pub(super) fn json(item: &Item) -> Json {
    let mut entries: Vec<(&String, &AttributeValue)> = item.iter().collect();
    entries.sort_by_key(|(name, _)| *name);
    Json::Object(entries.into_iter().map(|(name, value)| (name.clone(), attribute_json(value))).collect())
}

fn attribute_json(value: &AttributeValue) -> Json {
    let normal = |text: &String| normal(text).unwrap_or_else(|| text.clone());
    let sorted = |mut texts: Vec<String>| {
        texts.sort();
        texts.dedup();
        Json::from(texts)
    };
    let (descriptor, value) = match value {
        AttributeValue::S(text) => ("S", Json::from(text.as_str())),
        AttributeValue::N(text) => ("N", Json::from(normal(text))),
        AttributeValue::B(bytes) => ("B", Json::from(BASE64.encode(bytes))),
        AttributeValue::Bool(value) => ("BOOL", Json::from(*value)),
        AttributeValue::Null(value) => ("NULL", Json::from(*value)),
        AttributeValue::M(members) => ("M", json(members)),
        AttributeValue::L(elements) => ("L", elements.iter().map(attribute_json).collect()),
        AttributeValue::Ss(texts) => ("SS", sorted(texts.clone())),
        AttributeValue::Ns(texts) => ("NS", sorted(texts.iter().map(normal).collect())),
        AttributeValue::Bs(all) => ("BS", sorted(all.iter().map(|bytes| BASE64.encode(bytes)).collect())),
        // What a later DynamoDB may have is shown as something that equals nothing.
        _ => ("?", Json::Null),
    };
    Json::Object(Map::from_iter([(descriptor.to_owned(), value)]))
}

/// A key as the provider writes it into ids.
pub(super) fn key_text(value: &AttributeValue) -> Option<String> {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => Some(text.clone()),
        AttributeValue::B(bytes) => Some(BASE64.encode(bytes)),
        _ => None,
    }
}

/// A key of a type, `S`, `N` or `B`, from how ids write it.
pub(super) fn key_value(kind: &str, text: &str) -> Option<AttributeValue> {
    match kind {
        "S" => Some(AttributeValue::S(text.to_owned())),
        "N" => normal(text).map(AttributeValue::N),
        "B" => BASE64.decode(text).ok().map(|bytes| AttributeValue::B(Blob::new(bytes))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_have_one_spelling() {
        let left =
            r#"{"b": {"NS": ["2", "1.0"]}, "a": {"N": "1e2"}, "m": {"M": {"y": {"L": [{"NULL": true}]}}}}"#;
        let right = r#"{"a":{"N":"100"},"b":{"NS":["1","2"]},"m":{"M":{"y":{"L":[{"NULL":true}]}}}}"#;
        assert_eq!(json(&parse(left).unwrap()).to_string(), right);
        let other = r#"{"a":{"N":"100"},"b":{"NS":["1","3"]},"m":{"M":{"y":{"L":[{"NULL":true}]}}}}"#;
        assert_ne!(json(&parse(other).unwrap()), json(&parse(left).unwrap()));
    }

    #[test]
    fn what_is_no_item_is_said_with_its_place() {
        for (text, part) in [
            ("{", "not JSON"),
            ("[]", "no object"),
            (r#"{"a": "x"}"#, "a needs one type descriptor"),
            (r#"{"a": {"S": "x", "N": "1"}}"#, "a needs one type descriptor"),
            (r#"{"a": {"Q": "x"}}"#, "none of S, N"),
            (r#"{"a": {"N": 1}}"#, "not written as text"),
            (r#"{"a": {"N": "one"}}"#, "where a number is needed"),
            (r#"{"a": {"M": {"b": {"L": [{"BOOL": "x"}]}}}}"#, "a.b[0] has a value that is not of its type"),
            (r#"{"a": {"B": "?"}}"#, "not in Base64"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
