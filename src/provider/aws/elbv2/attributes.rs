//! Tables of attributes that the service keeps as pairs of key and text.
//!
//! Load balancers, target groups and listeners each have such a table, and each has one operation to read the pairs
//! and one to change them. A [`Row`] says under which key a schema attribute is kept, how it is spelt there, and
//! for what kinds of object it exists; reading, creating, updating and planning all follow the table.

use std::collections::HashMap;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::schema::equality::same_or_zero;
use crate::schema::{BlockSchema, Equality};

/// How the service spells a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `true` or `false`.
    Bool,
    /// A decimal number.
    Integer,
    Text,
}

/// One attribute that the service keeps under a key.
#[derive(Debug)]
pub struct Row {
    /// In the schema.
    pub name: &'static str,
    /// The service's.
    pub key: &'static str,
    pub form: Form,
    /// The kinds of object that have it: load balancer types, target types, or listener protocols.
    pub kinds: &'static [&'static str],
}

/// What the service answered, by key.
pub type Pairs = HashMap<String, String>;

impl Row {
    pub fn applies_to(&self, kind: &str) -> bool {
        self.kinds.contains(&kind)
    }

    /// The value of the schema attribute. A text that is not of the form is null.
    pub fn parse(&self, text: &str) -> Value {
        match self.form {
            Form::Bool => match text {
                "true" => Value::bool(true),
                "false" => Value::bool(false),
                _ => Value::null(Type::Bool),
            },
            Form::Integer => text.parse::<i64>().map_or_else(|_| Value::null(Type::Number), Value::number),
            Form::Text => Value::string(text),
        }
    }

    /// The service's text of a known value.
    pub fn print(&self, value: &Value) -> Option<String> {
        match self.form {
            Form::Bool => value.as_bool().map(|value| value.to_string()),
            Form::Integer => value.as_i64().map(|value| value.to_string()),
            Form::Text => value.as_str().map(str::to_owned),
        }
    }
}

/// The schema attributes of a table, from the service's pairs. An attribute whose key the service does not answer
/// does not exist for the object; it keeps the value that it was known with.
pub fn read(rows: &'static [Row], pairs: &Pairs, known: &Value) -> Vec<(&'static str, Value)> {
    let value = |row: &Row| match pairs.get(row.key) {
        Some(text) => Some(row.parse(text)),
        None => known.known(row.name).cloned(),
    };
    rows.iter().filter_map(|row| Some((row.name, value(row)?))).collect()
}

/// The pairs to send so that an object becomes as planned; those that already are, are left out. `prior` is
/// `None` for a new object.
pub fn changes(
    rows: &'static [Row],
    kind: &str,
    schema: &BlockSchema,
    prior: Option<&Value>,
    planned: &Value,
) -> Vec<(&'static str, String)> {
    let mut changes = Vec::new();
    for row in rows.iter().filter(|row| row.applies_to(kind)) {
        let Some(value) = planned.known(row.name) else {
            continue;
        };
        if prior.is_some_and(|prior| is_same(schema, row.name, prior, value)) {
            continue;
        }
        if let Some(text) = row.print(value) {
            changes.push((row.key, text));
        }
    }
    changes
}

/// Plans the attributes of a table that the schema alone would plan wrongly: those that objects of the kind do not
/// have stay as they are whatever the code says, and a default does not stand against the service's silence.
pub fn plan(
    rows: &'static [Row],
    kind: &str,
    prior: Option<&Value>,
    config: &Value,
    mut planned: Value,
) -> Value {
    for row in rows {
        let before = prior.and_then(|prior| prior.get(row.name));
        let silent = prior.is_some() && before.as_ref().is_none_or(Value::is_null);
        let left_out = config.known(row.name).is_none() && config.get(row.name).is_none_or(|v| v.is_known());
        if !row.applies_to(kind) || silent && left_out {
            let ty = planned.get(row.name).map_or(Type::Dynamic, |value| value.ty());
            planned = planned.with(row.name, before.unwrap_or_else(|| Value::null(ty)));
        }
    }
    planned
}

/// Whether a pair says no more than the schema's default does.
pub fn is_default(rows: &'static [Row], schema: &BlockSchema, key: &str, text: &str) -> bool {
    let Some(row) = rows.iter().find(|row| row.key == key) else {
        return false;
    };
    let default = schema.attributes.get(row.name).and_then(|attribute| attribute.default.as_ref());
    default.and_then(|default| row.print(default)).as_deref() == Some(text)
}

fn is_same(schema: &BlockSchema, name: &str, prior: &Value, planned: &Value) -> bool {
    let equality = schema.attributes.get(name).map_or(Equality::Exact, |attribute| attribute.equality);
    prior.get(name).is_some_and(|before| same_or_zero(equality, &before, planned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::AttributeSchema;

    static ROWS: &[Row] = &[
        Row { name: "flag", key: "a.flag", form: Form::Bool, kinds: &["x", "y"] },
        Row { name: "count", key: "a.count", form: Form::Integer, kinds: &["x"] },
        Row { name: "word", key: "a.word", form: Form::Text, kinds: &["y"] },
    ];

    fn schema() -> BlockSchema {
        BlockSchema::new()
            .attribute("flag", AttributeSchema::optional(Type::Bool).default(false))
            .attribute("count", AttributeSchema::optional(Type::Number).default(60))
            .attribute("word", AttributeSchema::optional_computed(Type::String))
    }

    fn object(flag: Value, count: Value, word: Value) -> Value {
        schema().object([("flag", flag), ("count", count), ("word", word)])
    }

    fn null(ty: Type) -> Value {
        Value::null(ty)
    }

    #[test]
    fn reading_takes_the_services_word_and_else_the_record() {
        let pairs = Pairs::from([("a.flag".into(), "true".into()), ("a.count".into(), "90".into())]);
        let known = object(Value::bool(false), Value::from(1), Value::string("kept"));
        let read = read(ROWS, &pairs, &known);
        assert_eq!(
            read,
            [("flag", Value::bool(true)), ("count", Value::from(90)), ("word", Value::string("kept"))]
        );
    }

    #[test]
    fn only_changes_that_the_kind_knows_are_sent() {
        let prior = object(Value::bool(false), Value::from(60), Value::string("w"));
        let planned = object(Value::bool(true), Value::from(60), Value::string("v"));
        assert_eq!(changes(ROWS, "x", &schema(), Some(&prior), &planned), [("a.flag", "true".to_owned())]);
        let created = changes(ROWS, "x", &schema(), None, &planned);
        assert_eq!(created, [("a.flag", "true".to_owned()), ("a.count", "60".to_owned())]);
    }

    #[test]
    fn a_plan_leaves_alone_what_the_object_does_not_have() {
        let prior = object(null(Type::Bool), Value::from(60), Value::string("w"));
        let config = object(null(Type::Bool), Value::from(70), Value::string("v"));
        let planned = object(Value::bool(false), Value::from(70), Value::string("v"));
        let planned = plan(ROWS, "x", Some(&prior), &config, planned);
        assert!(planned.get("flag").is_some_and(|flag| flag.is_null()), "the service has no such flag here");
        assert_eq!(planned.integer("count"), Some(70));
        assert_eq!(planned.text("word"), Some("w"), "objects of the kind have no word");
    }

    #[test]
    fn defaults_are_recognised() {
        assert!(is_default(ROWS, &schema(), "a.count", "60"));
        assert!(!is_default(ROWS, &schema(), "a.count", "61"));
        assert!(!is_default(ROWS, &schema(), "a.word", ""));
    }
}
