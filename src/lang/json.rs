//! Values as JSON text and back, without loss: numbers of any size, and keys in order.

use std::fmt::{self, Write};
use std::sync::Arc;

use super::number::Number;
use super::types::Type;
use super::value::{Kind, Value};

mod parse;

/// Why a value has no JSON, or a text is none. The message is a clause; it never shows the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError(String);

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for JsonError {}

/// The JSON text of a value, as `jsonencode` writes it: on one line, keys in order, and `<`, `>`, `&` and the line
/// separators of Unicode escaped, so that it can stand in a web page. Marks are passed over. Unknown and infinite
/// values have none.
pub fn to_json_text(value: &Value) -> Result<String, JsonError> {
    let mut text = String::new();
    write_value(&mut text, value)?;
    Ok(text)
}

fn write_value(text: &mut String, value: &Value) -> Result<(), JsonError> {
    match &value.kind {
        Kind::Null(_) => text.push_str("null"),
        Kind::Unknown(..) => return Err(JsonError("a value that is not known has no JSON form".to_owned())),
        Kind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => {
            if *number == Number::INFINITY || *number == Number::NEGATIVE_INFINITY {
                return Err(JsonError("an infinite number has no JSON form".to_owned()));
            }
            text.push_str(&number.to_string());
        }
        Kind::String(string) => write_string(text, string),
        Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => {
            text.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, element)?;
            }
            text.push(']');
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            text.push('{');
            for (index, (key, element)) in entries.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(text, key);
                text.push(':');
                write_value(text, element)?;
            }
            text.push('}');
        }
        Kind::Type(_) => return Err(JsonError("a type has no JSON form".to_owned())),
    }
    Ok(())
}

/// A string as JSON writes it.
pub fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // A String takes whatever is written.
                let _ = write!(text, "\\u{:04x}", u32::from(letter));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// A JSON document as it was written.
#[derive(Clone, Debug, PartialEq)]
enum Document {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Document>),
    /// Members in order; a name may occur more than once.
    Object(Vec<(String, Document)>),
}

/// The value of a JSON text, of the type that it implies: tuples and objects, and null of unknown type.
///
/// Of members that have one name the last one counts, but all must be convertible to the type of that one.
pub fn from_json_text(text: &str) -> Result<Value, JsonError> {
    let document = parse::parse(text)?;
    let ty = implied_type(&document);
    decode(&document, &ty)
}

fn implied_type(document: &Document) -> Type {
    match document {
        Document::Null => Type::Dynamic,
        Document::Bool(_) => Type::Bool,
        Document::Number(_) => Type::Number,
        Document::String(_) => Type::String,
        Document::Array(elements) => Type::tuple(elements.iter().map(implied_type)),
        Document::Object(members) => {
            Type::object(members.iter().map(|(name, member)| (normal(name), implied_type(member))))
        }
    }
}

/// A name in normal form C.
fn normal(name: &str) -> Arc<str> {
    match Value::string(name).kind {
        Kind::String(name) => name,
        _ => name.into(),
    }
}

fn decode(document: &Document, ty: &Type) -> Result<Value, JsonError> {
    let wanted = |what: &str| JsonError(format!("{what} is required"));
    Ok(match (document, ty) {
        (Document::Null, _) => Value::null(ty.clone()),
        (Document::Bool(value), Type::Bool) => Value::bool(*value),
        (Document::Number(text), Type::Number) => number(text)?,
        (Document::String(text), Type::String) => Value::string(text),
        (Document::Bool(value), Type::String) => Value::string(if *value { "true" } else { "false" }),
        (Document::Number(text), Type::String) => Value::string(text),
        (Document::String(text), Type::Bool | Type::Number) => {
            Value::string(text).convert(ty).map_err(|error| JsonError(error.to_string()))?
        }
        (Document::Array(elements), Type::Tuple(types)) => {
            if elements.len() != types.len() {
                return Err(JsonError(format!("an array of length {} is required", types.len())));
            }
            let elements = elements.iter().zip(types.iter()).map(|(element, ty)| decode(element, ty));
            Value::tuple(elements.collect::<Result<_, _>>()?)
        }
        (Document::Object(members), Type::Object(object)) => {
            let mut values: std::collections::BTreeMap<Arc<str>, Value> = object
                .attributes
                .iter()
                .map(|(name, ty)| (Arc::clone(name), Value::null(ty.clone())))
                .collect();
            for (name, member) in members {
                // The names of a type are in normal form; what is not so in the text is none of them.
                let Some((name, ty)) = object.attributes.get_key_value(name.as_str()) else {
                    return Err(JsonError(format!("unsupported attribute {name:?}")));
                };
                values.insert(Arc::clone(name), decode(member, ty)?);
            }
            Value::from(Kind::Object(Arc::new(values)))
        }
        (_, Type::Bool) => return Err(wanted("a bool")),
        (_, Type::Number) => return Err(wanted("a number")),
        (_, Type::String) => return Err(wanted("a string")),
        (_, Type::Tuple(_)) => return Err(wanted("an array")),
        _ => return Err(wanted("an object")),
    })
}

fn number(text: &str) -> Result<Value, JsonError> {
    Number::parse(text)
        .map(Value::number)
        .ok_or_else(|| JsonError(format!("{text} is too large or too small a number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, JsonError> {
        from_json_text(text)
    }

    // Expected texts are what Terraform 1.11.4 writes.
    #[test]
    fn text_is_written_as_the_reference_writes_it() {
        let text = |value: Value| to_json_text(&value).unwrap();
        assert_eq!(
            text("<a&b>\u{2028}\u{8}\u{c}\u{7}\u{7f}é\"\\".into()),
            r#""\u003ca\u0026b\u003e\u2028\b\f\u0007é\"\\""#.replace('é', "\u{7f}é")
        );
        assert_eq!(text(Value::number(Number::parse("1e21").unwrap())), "1000000000000000000000");
        assert_eq!(text(Value::null(Type::list(Type::Bool))), "null");
        assert_eq!(
            text(Value::object([("b", Value::from(1).sensitive()), ("a", true.into())])),
            r#"{"a":true,"b":1}"#
        );
        assert!(to_json_text(&Value::tuple(vec![Value::dynamic()])).is_err());
        assert!(to_json_text(&Value::number(Number::INFINITY)).is_err());
    }

    #[test]
    fn what_is_written_reads_back() {
        let big = Number::parse("-123456789012345678901234567890.125").unwrap();
        let value = Value::object([
            (
                "<é>",
                Value::tuple(vec![Value::number(big), Value::null(Type::Dynamic), "a\u{1F600}\n".into()]),
            ),
            ("", Value::empty_object()),
        ]);
        assert_eq!(read(&to_json_text(&value).unwrap()), Ok(value));
    }

    #[test]
    fn the_last_member_of_a_name_counts() {
        assert_eq!(read(r#"{"a": 1, "a": "two"}"#), Ok(Value::object([("a", Value::from("two"))])));
        assert_eq!(read(r#"{"a": {}, "a": 2}"#), Err(JsonError("a number is required".to_owned())));
        assert!(read("{\"e\\u0301\": 1}").is_err());
    }
}
