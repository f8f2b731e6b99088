//! `random_uuid`: a UUID of version 4.

use super::{computed, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::object::Object;
use crate::provider::state_only::Kept;
use crate::schema::Schema;

pub struct Uuid {
    schema: Schema,
}

impl Uuid {
    pub fn new() -> Uuid {
        let block = with_keepers()
            .attribute("id", computed(Type::String))
            .attribute("result", computed(Type::String));
        Uuid { schema: Schema::new(0, block) }
    }
}

impl Kept for Uuid {
    fn name(&self) -> &'static str {
        "random_uuid"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let result = Value::string(uuid::Uuid::new_v4().to_string());
        Ok(planned.with("id", result.clone()).with("result", result))
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let parsed = uuid::Uuid::try_parse(id)
            .map_err(|_| "an import id of random_uuid is a UUID: 8-4-4-4-12 hexadecimal digits".to_owned())?;
        let result = Value::string(parsed.to_string());
        Ok(self.schema.block.object([("id", result.clone()), ("result", result)]))
    }
}
