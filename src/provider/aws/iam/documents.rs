//! Policy documents, as IAM answers them and as it takes them.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// A document as IAM answers it: percent-encoded (IAM API reference, “RFC 3986”).
pub fn decode(encoded: &str) -> String {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.extend(u8::try_from(high * 16 + low));
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| encoded.to_owned())
}

/// A document without white space between its parts: IAM refuses some that has it in front, and counts none of it.
pub fn compact(document: &str) -> String {
    let parsed: Result<Json, _> = serde_json::from_str(document);
    parsed.map_or_else(|_| document.to_owned(), |parsed| parsed.to_string())
}

/// What is wrong with the text of a policy document, as far as IAM needs not be asked: it is a JSON object, and names
/// nothing twice.
pub fn problem(document: &str) -> Option<String> {
    if document.is_empty() {
        return Some("it is empty; a policy is a JSON object".to_owned());
    }
    let mut reader = serde_json::Deserializer::from_str(document);
    if let Err(error) = Unique.deserialize(&mut reader).and_then(|()| reader.end()) {
        return Some(format!("it is not valid JSON: {error}"));
    }
    match serde_json::from_str(document) {
        Ok(Json::Object(_)) => None,
        Ok(Json::Array(_)) => Some("it is a JSON array; a policy is a JSON object".to_owned()),
        Ok(Json::String(_)) => {
            Some("it is a JSON string, not an object: is the document encoded twice?".to_owned())
        }
        _ => Some("it is not a JSON object".to_owned()),
    }
}

/// Reads any JSON, and refuses an object that has a member twice.
struct Unique;

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(Unique)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, _value: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _value: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _value: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _value: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _value: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element_seed(Unique)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut seen = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            members.next_value_seed(Unique)?;
            if let Some(name) = seen.replace(name) {
                return Err(A::Error::custom(format_args!("{name:?} occurs twice in one object")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_decoded() {
        assert_eq!(decode("%7B%22a%22%3A%20%22b+c%2fd%C3%A9%22%7D"), "{\"a\": \"b+c/dé\"}");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%4"), "%zz%4");
    }

    #[test]
    fn what_is_no_policy_is_said() {
        for (text, word) in [
            ("", "empty"),
            ("{", "EOF"),
            ("[{}]", "array"),
            ("\"{}\"", "twice?"),
            ("5", "object"),
            ("{\"a\": {\"b\": 1, \"c\": [{\"d\": 1.5, \"d\": null}]}}", "\"d\" occurs twice"),
            ("{} {}", "trailing"),
        ] {
            let problem = problem(text).unwrap_or_default();
            assert!(problem.contains(word), "{text}: {problem}");
        }
        assert_eq!(problem(" {\"a\": [1, true, null, -2.5e3, \"x\"]}"), None);
    }

    #[test]
    fn white_space_is_left_out() {
        assert_eq!(compact(" {\n \"b\": 1.50, \"a\": [ \"x y\" ] }\n"), "{\"b\":1.50,\"a\":[\"x y\"]}");
        assert_eq!(compact("no json"), "no json");
    }
}
