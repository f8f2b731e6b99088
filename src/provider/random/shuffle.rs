//! `random_shuffle`: the elements of a list in a random order.

use super::entropy::Entropy;
use super::{computed, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::{Object, text_list};
use crate::provider::state_only::Kept;
use crate::provider::{OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

pub struct Shuffle {
    schema: Schema,
}

impl Shuffle {
    pub fn new() -> Shuffle {
        let strings = || Type::list(Type::String);
        let block = with_keepers()
            .attribute("input", AttributeSchema::required(strings()).forces_replacement())
            .attribute("result_count", AttributeSchema::optional(Type::Number).forces_replacement())
            .attribute("seed", AttributeSchema::optional(Type::String).forces_replacement())
            .attribute("id", computed(Type::String))
            .attribute("result", computed(strings()));
        Shuffle { schema: Schema::new(0, block) }
    }
}

impl Kept for Shuffle {
    fn name(&self) -> &'static str {
        "random_shuffle"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        whole(config, "result_count", Some(0), problems);
    }

    /// More elements than the list has are taken from further permutations of it, so that none comes up more than
    /// once more often than another.
    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let input = planned.texts("input");
        let count = match planned.integer("result_count") {
            None | Some(0) => input.len(),
            Some(count) => usize::try_from(count).unwrap_or_default(),
        };
        let mut entropy = Entropy::new(planned.text("seed"));
        let mut result: Vec<String> = Vec::new();
        while result.len() < count && !input.is_empty() {
            let mut permutation = input.clone();
            entropy.shuffle(&mut permutation)?;
            permutation.truncate(count - result.len());
            result.append(&mut permutation);
        }
        Ok(planned.with("result", text_list(result)).with("id", Value::string("-")))
    }
}
