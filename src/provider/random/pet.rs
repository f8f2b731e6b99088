//! `random_pet`: a name that can be remembered: adverbs, an adjective and an animal.

use super::entropy::Entropy;
use super::words::{ADJECTIVES, ADVERBS, ANIMALS};
use super::{computed, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::state_only::Kept;
use crate::provider::{OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

const WORDS: i64 = 2;

pub struct Pet {
    schema: Schema,
}

impl Pet {
    pub fn new() -> Pet {
        let length = AttributeSchema::optional_computed(Type::Number);
        let separator = AttributeSchema::optional_computed(Type::String);
        let block = with_keepers()
            .attribute("length", length.default(Value::number(WORDS)).forces_replacement())
            .attribute("prefix", AttributeSchema::optional(Type::String).forces_replacement())
            .attribute("separator", separator.default("-").forces_replacement())
            .attribute("id", computed(Type::String));
        Pet { schema: Schema::new(0, block) }
    }
}

impl Kept for Pet {
    fn name(&self) -> &'static str {
        "random_pet"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        whole(config, "length", Some(1), problems);
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let length = planned.integer("length").unwrap_or(WORDS);
        let mut entropy = Entropy::System;
        let mut parts: Vec<&str> = Vec::new();
        parts.extend(planned.text("prefix").filter(|prefix| !prefix.is_empty()));
        for left in (1..=length).rev() {
            let words = match left {
                1 => ANIMALS,
                2 => ADJECTIVES,
                _ => ADVERBS,
            };
            parts.extend(entropy.one_of(words)?);
        }
        let id = parts.join(planned.text("separator").unwrap_or("-"));
        Ok(planned.with("id", Value::string(id)))
    }
}
