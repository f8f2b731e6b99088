//! `random_integer`: a whole number from a range.

use super::entropy::Entropy;
use super::{computed, path, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::{Object, text};
use crate::provider::state_only::Kept;
use crate::provider::{OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

pub struct Integer {
    schema: Schema,
}

impl Integer {
    pub fn new() -> Integer {
        let block = with_keepers()
            .attribute("min", AttributeSchema::required(Type::Number).forces_replacement())
            .attribute("max", AttributeSchema::required(Type::Number).forces_replacement())
            .attribute("seed", AttributeSchema::optional(Type::String).forces_replacement())
            .attribute("id", computed(Type::String))
            .attribute("result", computed(Type::Number));
        Integer { schema: Schema::new(0, block) }
    }
}

impl Kept for Integer {
    fn name(&self) -> &'static str {
        "random_integer"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let min = whole(config, "min", None, problems);
        let max = whole(config, "max", None, problems);
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            let detail = format!("min ({min}) must not be greater than max ({max}).");
            problems.error(path("min"), "Invalid attribute value", detail);
        }
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let (Some(min), Some(max)) = (planned.integer("min"), planned.integer("max")) else {
            return Err(OperationError::internal("min and max are no whole numbers"));
        };
        if min > max {
            return Err(OperationError::internal(format!("min ({min}) is greater than max ({max})")));
        }
        let count = (i128::from(max) - i128::from(min) + 1).unsigned_abs();
        let offset = Entropy::new(planned.text("seed")).below(count)?;
        let result = i128::from(min) + i128::try_from(offset).unwrap_or_default();
        let result = i64::try_from(result).unwrap_or(max);
        Ok(planned.with("result", Value::number(result)).with("id", Value::string(result.to_string())))
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let wrong = "an import id of random_integer is RESULT,MIN,MAX or RESULT,MIN,MAX,SEED".to_owned();
        let parts: Vec<&str> = id.splitn(4, ',').collect();
        let numbers: Vec<i64> = parts.iter().take(3).filter_map(|part| part.trim().parse().ok()).collect();
        let [result, min, max] = numbers[..] else { return Err(wrong) };
        Ok(self.schema.block.object([
            ("id", Value::string(result.to_string())),
            ("result", Value::number(result)),
            ("min", Value::number(min)),
            ("max", Value::number(max)),
            ("seed", text(parts.get(3))),
        ]))
    }
}
