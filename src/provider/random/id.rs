//! `random_id`: random bytes in several notations.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use dashu_int::UBig;

use super::entropy::Entropy;
use super::{computed, whole, with_keepers};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::{Object, text};
use crate::provider::state_only::Kept;
use crate::provider::{OperationError, Problems};
use crate::schema::{AttributeSchema, Schema};

pub struct Id {
    schema: Schema,
}

impl Id {
    pub fn new() -> Id {
        let block = with_keepers()
            .attribute("byte_length", AttributeSchema::required(Type::Number).forces_replacement())
            .attribute("prefix", AttributeSchema::optional(Type::String).forces_replacement())
            .attribute("b64_std", computed(Type::String))
            .attribute("b64_url", computed(Type::String))
            .attribute("dec", computed(Type::String))
            .attribute("hex", computed(Type::String))
            .attribute("id", computed(Type::String));
        Id { schema: Schema::new(0, block) }
    }

    /// The object with the notations of the bytes: the prefix stands before all of them but `id`.
    fn noted(object: &Value, bytes: &[u8]) -> Value {
        let prefix = object.text("prefix").unwrap_or_default().to_owned();
        let prefixed = |notation: String| Value::string(format!("{prefix}{notation}"));
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        object
            .with("b64_std", prefixed(STANDARD.encode(bytes)))
            .with("b64_url", prefixed(URL_SAFE_NO_PAD.encode(bytes)))
            .with("dec", prefixed(UBig::from_be_bytes(bytes).to_string()))
            .with("hex", prefixed(hex))
            .with("id", Value::string(URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl Kept for Id {
    fn name(&self) -> &'static str {
        "random_id"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        whole(config, "byte_length", Some(1), problems);
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        let count = planned.integer("byte_length").and_then(|count| usize::try_from(count).ok());
        let count = count.ok_or_else(|| OperationError::internal("byte_length is no number of bytes"))?;
        Ok(Id::noted(planned, &Entropy::System.bytes(count)?))
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let (prefix, encoded) = match id.rsplit_once(',') {
            Some((prefix, encoded)) => (Some(prefix), encoded),
            None => (None, id),
        };
        let bytes = URL_SAFE_NO_PAD
            .decode(encoded)
            .or_else(|_| URL_SAFE.decode(encoded))
            .ok()
            .filter(|bytes| !bytes.is_empty())
            .ok_or(
                "an import id of random_id is its b64_url, with prefix and comma before it if it has one",
            )?;
        let length = i64::try_from(bytes.len()).map_err(|_| "the id is too long".to_owned())?;
        let object =
            self.schema.block.object([("byte_length", Value::number(length)), ("prefix", text(prefix))]);
        Ok(Id::noted(&object, &bytes))
    }
}
