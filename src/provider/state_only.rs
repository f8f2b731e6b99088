//! Resource types whose objects live in the state only: values that are made once and kept.

use async_trait::async_trait;

use super::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::lang::value::Value;
use crate::schema::Schema;

/// A kind of value that is made once and kept in the state.
pub trait Kept: Send + Sync {
    fn name(&self) -> &'static str;

    fn schema(&self) -> &Schema;

    /// As [`ResourceType::validate`].
    fn validate(&self, _config: &Value, _problems: &mut Problems) {}

    /// As [`ResourceType::plan`].
    fn plan(&self, _change: &mut Change<'_>) {}

    /// Fills in what a record of an earlier version of the provider, or an import id, does not say.
    fn complete(&self, recorded: Value) -> Result<Value, OperationError> {
        Ok(recorded)
    }

    /// Makes the value.
    fn make(&self, planned: &Value) -> Result<Value, OperationError>;

    /// As [`ResourceType::import_seed`].
    fn import_seed(&self, _id: &str) -> Result<Value, String> {
        Err(format!("{} cannot be imported: it lives in the state only", self.name()))
    }
}

/// The resource type of a kept value.
pub struct StateOnly<T>(pub T);

#[async_trait]
impl<T: Kept> ResourceType for StateOnly<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn schema(&self) -> &Schema {
        self.0.schema()
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        self.0.validate(config, problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        self.0.plan(change);
    }

    async fn read(&self, _connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = |request: &ReadRequest| match self.0.complete(request.known.clone()) {
            Ok(value) => ReadResult::Found(value),
            Err(error) => ReadResult::Unreadable(error),
        };
        requests.iter().map(read).collect()
    }

    async fn create(&self, _connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        self.0.make(planned)
    }

    async fn update(
        &self,
        _connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        Ok(planned.clone())
    }

    async fn delete(&self, _connection: &Connection, _prior: &Value) -> Result<(), OperationError> {
        Ok(())
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        self.0.import_seed(id)
    }
}
