//! The provider that is built into the language: `terraform_data`.

mod terraform_data;

use std::sync::Arc;

use async_trait::async_trait;

use super::{Connection, DataSource, OperationError, Provider, ResourceType};
use crate::schema::{BlockSchema, Schema};

/// `terraform.io/builtin/terraform`
pub struct Builtin {
    schema: Schema,
    resources: Vec<Arc<dyn ResourceType>>,
}

impl Builtin {
    pub fn new() -> Builtin {
        Builtin {
            schema: Schema::new(0, BlockSchema::new()),
            resources: vec![Arc::new(terraform_data::TerraformData::new())],
        }
    }
}

impl Default for Builtin {
    fn default() -> Builtin {
        Builtin::new()
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
        &[]
    }

    async fn configure(&self, _config: &crate::lang::value::Value) -> Result<Connection, OperationError> {
        Ok(Connection::None)
    }
}
