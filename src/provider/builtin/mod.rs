//! The provider that is built into the language: `terraform_data`, `terraform_remote_state`.

mod remote_state;
mod terraform_data;

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;

use super::{Connection, DataSource, OperationError, Provider, ResourceType};
use crate::schema::{BlockSchema, Schema};

/// `terraform.io/builtin/terraform`
pub struct Builtin {
    schema: Schema,
    resources: Vec<Arc<dyn ResourceType>>,
    data: Vec<Arc<dyn DataSource>>,
}

impl Builtin {
    /// The provider for a stack in a directory.
    pub fn new(directory: &Path) -> Builtin {
        Builtin {
            data: vec![Arc::new(remote_state::RemoteState::new(directory))],
            schema: Schema::new(0, BlockSchema::new()),
            resources: vec![Arc::new(terraform_data::TerraformData::new())],
        }
    }
}

#[async_trait]
impl Provider for Builtin {
    fn name(&self) -> &'static str {
        "terraform"
    }

    fn source(&self) -> &'static str {
        "terraform.io/builtin/terraform"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_types(&self) -> &[Arc<dyn ResourceType>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Arc<dyn DataSource>] {
        &self.data
    }

    async fn configure(&self, _config: &crate::lang::value::Value) -> Result<Connection, OperationError> {
        Ok(Connection::None)
    }
}
