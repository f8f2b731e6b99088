//! Types of which recon knows the schema and nothing else: never read, never touched.

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::{
    Connection, DataSource, ErrorKind, OperationError, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::Schema;

/// A resource type of which recon knows the schema only.
pub struct KnownResourceType {
    name: &'static str,
    schema: Schema,
}

impl KnownResourceType {
    pub fn new(name: &'static str, schema: Schema) -> KnownResourceType {
        KnownResourceType { name, schema }
    }

    fn refuse<T>(&self, what: &str) -> Result<T, OperationError> {
        Err(unable(self.name, what))
    }
}

fn unable(name: &str, what: &str) -> OperationError {
    let message = format!("recon knows {name} by its schema only, and cannot {what}");
    OperationError::new(ErrorKind::Other, "", message)
}

#[async_trait]
impl ResourceType for KnownResourceType {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_schema_only(&self) -> bool {
        true
    }

    async fn read(&self, _connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        requests.iter().map(|_| ReadResult::Unreadable(unable(self.name, "read it"))).collect()
    }

    async fn create(&self, _connection: &Connection, _planned: &Value) -> Result<Value, OperationError> {
        self.refuse("create one")
    }

    async fn update(
        &self,
        _connection: &Connection,
        _prior: &Value,
        _planned: &Value,
    ) -> Result<Value, OperationError> {
        self.refuse("change it")
    }

    async fn delete(&self, _connection: &Connection, _prior: &Value) -> Result<(), OperationError> {
        self.refuse("delete it")
    }
}

/// A data source of which recon knows the schema only.
pub struct KnownDataSource {
    name: &'static str,
    schema: Schema,
}

impl KnownDataSource {
    pub fn new(name: &'static str, schema: Schema) -> KnownDataSource {
        KnownDataSource { name, schema }
    }
}

#[async_trait]
impl DataSource for KnownDataSource {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn is_schema_only(&self) -> bool {
        true
    }

    async fn read(&self, _connection: &Connection, _config: &Value) -> Result<Value, OperationError> {
        Err(unable(self.name, "read it"))
    }
}
