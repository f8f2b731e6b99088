//! `random_bytes`: random bytes that nobody is to see.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::entropy::Entropy;
use super::{computed, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::state_only::Kept;
use crate::provider::{OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

pub struct Bytes {
    schema: Schema,
}

impl Bytes {
    pub fn new() -> Bytes {
        let block = with_keepers()
            .attribute("length", AttributeSchema::required(Type::Number).forces_replacement())
            .attribute("base64", computed(Type::String).sensitive())
            .attribute("hex", computed(Type::String).sensitive());
        Bytes { schema: Schema::new(0, block) }
    }

    fn noted(object: &Value, bytes: &[u8]) -> Value {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        object
            .with("base64", Value::string(STANDARD.encode(bytes)).sensitive())
            .with("hex", Value::string(hex).sensitive())
    }
}

impl Kept for Bytes {
    fn name(&self) -> &'static str {
        "random_bytes"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        whole(config, "length", Some(1), problems);
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let count = planned.integer("length").and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| OperationError::internal("length is no number of bytes"))?;
        Ok(Bytes::noted(planned, &Entropy::System.bytes(count)?))
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let wrong = "an import id of random_bytes is its value in base64";
        let bytes = STANDARD.decode(id).map_err(|_| wrong.to_owned())?;
        let length = i64::try_from(bytes.len()).map_err(|_| wrong.to_owned())?;
        let object = self.schema.block.object([("length", Value::number(length))]);
        Ok(Bytes::noted(&object, &bytes))
    }
}
