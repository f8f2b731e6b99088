//! The provider `hashicorp/null`: a resource and a data source that do nothing.

use std::sync::Arc;

use async_trait::async_trait;

use super::object::Object;
use super::state_only::{Kept, StateOnly};
use super::{Connection, DataSource, OperationError, Provider, ResourceType};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `registry.terraform.io/hashicorp/null`
pub struct Null {
    schema: Schema,
    resources: Vec<Arc<dyn ResourceType>>,
    data_sources: Vec<Arc<dyn DataSource>>,
}

impl Null {
    pub fn new() -> Null {
        Null {
            schema: Schema::new(0, BlockSchema::new()),
            resources: vec![Arc::new(StateOnly(NullResource::new()))],
            data_sources: vec![Arc::new(NullDataSource::new())],
        }
    }
}

impl Default for Null {
    fn default() -> Null {
        Null::new()
    }
}

#[async_trait]
impl Provider for Null {
    fn name(&self) -> &'static str {
        "null"
    }

    fn source(&self) -> &'static str {
        "registry.terraform.io/hashicorp/null"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_types(&self) -> &[Arc<dyn ResourceType>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Arc<dyn DataSource>] {
        &self.data_sources
    }

    async fn configure(&self, _config: &Value) -> Result<Connection, OperationError> {
        Ok(Connection::None)
    }
}

/// A random whole number of 63 bits in decimal digits.
fn number() -> Result<String, OperationError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| {
        OperationError::internal(format!("the operating system gives no random bytes: {error}"))
    })?;
    Ok((u64::from_be_bytes(bytes) >> 1).to_string())
}

/// `null_resource`: an id that is another one when `triggers` change.
struct NullResource {
    schema: Schema,
}

impl NullResource {
    fn new() -> NullResource {
        let triggers = AttributeSchema::optional(Type::map(Type::String)).forces_replacement();
        let block = BlockSchema::new()
            .attribute("id", AttributeSchema::computed(Type::String))
            .attribute("triggers", triggers);
        NullResource { schema: Schema::new(0, block) }
    }
}

impl Kept for NullResource {
    fn name(&self) -> &'static str {
        "null_resource"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn make(&self, planned: &Value) -> Result<Value, OperationError> {
        Ok(planned.with("id", Value::string(number()?)))
    }
}

/// `null_data_source`: answers its inputs.
struct NullDataSource {
    schema: Schema,
}

impl NullDataSource {
    fn new() -> NullDataSource {
        let strings = || Type::map(Type::String);
        let block = BlockSchema::new()
            .attribute("has_computed_default", AttributeSchema::optional_computed(Type::String))
            .attribute("id", AttributeSchema::computed(Type::String).deprecated())
            .attribute("inputs", AttributeSchema::optional(strings()))
            .attribute("outputs", AttributeSchema::computed(strings()))
            .attribute("random", AttributeSchema::computed(Type::String));
        NullDataSource { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for NullDataSource {
    fn name(&self) -> &'static str {
        "null_data_source"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, _connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let inputs = config.get("inputs").unwrap_or_else(|| Value::null(Type::map(Type::String)));
        let given = config.text("has_computed_default").unwrap_or("default").to_owned();
        Ok(config
            .with("outputs", inputs)
            .with("has_computed_default", Value::string(given))
            .with("random", Value::string(number()?))
            .with("id", Value::string("static")))
    }
}
