//! `terraform_data`: a value that lives in the state only.

use async_trait::async_trait;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{Change, Connection, OperationError, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

pub struct TerraformData {
    schema: Schema,
}

impl TerraformData {
    pub fn new() -> TerraformData {
        let block = BlockSchema::new()
            .attribute("id", AttributeSchema::computed(Type::String))
            .attribute("input", AttributeSchema::optional(Type::Dynamic))
            .attribute("output", AttributeSchema::computed(Type::Dynamic))
            .attribute("triggers_replace", AttributeSchema::optional(Type::Dynamic).forces_replacement());
        TerraformData { schema: Schema::new(0, block) }
    }
}

fn attribute(object: &Value, name: &str) -> Value {
    object.get(name).unwrap_or_else(|| Value::null(Type::Dynamic))
}

#[async_trait]
impl ResourceType for TerraformData {
    fn name(&self) -> &'static str {
        "terraform_data"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn plan(&self, change: &mut Change<'_>) {
        let input = attribute(&change.planned, "input");
        let output = match change.prior {
            Some(prior) if attribute(prior, "input") == input => return,
            _ if input.is_null() => Value::null(Type::Dynamic),
            _ if input.is_wholly_known() && change.prior.is_none() => Value::unknown(input.ty()),
            _ => Value::unknown(input.ty()),
        };
        change.planned = change.planned.with("output", output.with_marks(input.marks));
        if change.prior.is_none() {
            change.planned = change.planned.with("id", Value::unknown_not_null(Type::String));
        }
    }

    async fn read(&self, _connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        requests.iter().map(|request| ReadResult::Found(request.known.clone())).collect()
    }

    fn prepare(&self, planned: Value, _unique: &str) -> Value {
        planned.with("id", Value::string(uuid::Uuid::new_v4().to_string()))
    }

    async fn create(&self, _connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        Ok(planned.with("output", attribute(planned, "input")))
    }

    async fn update(
        &self,
        _connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        Ok(planned.with("output", attribute(planned, "input")))
    }

    async fn delete(&self, _connection: &Connection, _prior: &Value) -> Result<(), OperationError> {
        Ok(())
    }
}
