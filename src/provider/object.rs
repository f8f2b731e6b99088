//! Reading known objects: the edge between values and what an SDK takes.

use std::collections::BTreeMap;

use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

/// Attributes of a known object, by the types that SDKs take. Null, unknown and absent are `None`, or empty.
pub trait Object {
    fn text(&self, name: &str) -> Option<&str>;
    fn texts(&self, name: &str) -> Vec<String>;
    fn text_map(&self, name: &str) -> BTreeMap<String, String>;
    fn integer(&self, name: &str) -> Option<i64>;
    fn float(&self, name: &str) -> Option<f64>;
    fn boolean(&self, name: &str) -> Option<bool>;
    /// The blocks of a kind.
    fn blocks(&self, name: &str) -> &[Value];
    /// The only block of a kind.
    fn block(&self, name: &str) -> Option<&Value>;
    /// The same object with one attribute changed.
    fn with(&self, name: &str, value: Value) -> Value;
}

impl Object for Value {
    fn text(&self, name: &str) -> Option<&str> {
        self.known(name)?.as_str()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        let elements = self.known(name).and_then(Value::as_elements).unwrap_or_default();
        elements.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    fn text_map(&self, name: &str) -> BTreeMap<String, String> {
        let entries = self.known(name).and_then(Value::as_entries);
        entries
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.to_string(), value.as_str()?.to_owned())))
            .collect()
    }

    fn integer(&self, name: &str) -> Option<i64> {
        self.known(name)?.as_i64()
    }

    fn float(&self, name: &str) -> Option<f64> {
        Some(self.known(name)?.as_number()?.to_f64())
    }

    fn boolean(&self, name: &str) -> Option<bool> {
        self.known(name)?.as_bool()
    }

    fn blocks(&self, name: &str) -> &[Value] {
        self.known(name).and_then(Value::as_elements).unwrap_or_default()
    }

    fn block(&self, name: &str) -> Option<&Value> {
        let value = self.known(name)?;
        match &value.kind {
            Kind::Object(_) => Some(value),
            _ => value.as_elements()?.first().filter(|block| !block.is_null()),
        }
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut entries = self.as_entries().cloned().unwrap_or_default();
        entries.insert(name.into(), value);
        Value { kind: Kind::Object(std::sync::Arc::new(entries)), marks: self.marks }
    }
}

/// A string, or null.
pub fn text(value: Option<impl AsRef<str>>) -> Value {
    value.map_or_else(|| Value::null(Type::String), Value::string)
}

/// A number, or null.
pub fn integer(value: Option<impl Into<i64>>) -> Value {
    value.map_or_else(|| Value::null(Type::Number), |value| Value::number(value.into()))
}

/// A bool, or null.
pub fn boolean(value: Option<bool>) -> Value {
    value.map_or_else(|| Value::null(Type::Bool), Value::bool)
}

/// A set of strings.
pub fn text_set<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Value {
    Value::set(Type::String, values.into_iter().map(Value::string))
}

/// A list of strings.
pub fn text_list<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> Value {
    Value::list(Type::String, values.into_iter().map(Value::string).collect())
}

/// A map of strings.
pub fn text_map<K: AsRef<str>, V: AsRef<str>>(entries: impl IntoIterator<Item = (K, V)>) -> Value {
    Value::map(
        Type::String,
        entries.into_iter().map(|(key, value)| (key.as_ref().into(), Value::string(value))).collect(),
    )
}
