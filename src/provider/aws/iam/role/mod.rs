//! `aws_iam_role`: what a service, an account or a federated user may act as.
//!
//! Facts: IAM API reference (CreateRole, GetRole, UpdateRole, UpdateAssumeRolePolicy, PutRolePermissionsBoundary, …);
//! the AWS provider's manual page.

pub(super) mod policies;
mod read;
mod schema;
mod validate;
mod write;

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::names;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::Object;
use crate::provider::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::Schema;

pub(super) use read::get_role;

/// `aws_iam_role`
pub struct Role;

#[async_trait]
impl ResourceType for Role {
    fn name(&self) -> &'static str {
        "aws_iam_role"
    }

    fn schema(&self) -> &Schema {
        &schema::SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    /// An `inline_policy` block with nothing in it asks for no inline policies: a role without any is that already.
    fn plan(&self, change: &mut Change<'_>) {
        let Some(prior) = change.prior else { return };
        if let (Some(planned), Some(live)) =
            (change.planned.known("inline_policy"), prior.known("inline_policy"))
            && planned.is_wholly_known()
            && policies::same_inline(planned, live)
        {
            change.planned = change.planned.with("inline_policy", live.clone());
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema().block.object([("id", Value::string(name)), ("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        write::create(connection.aws()?, planned).await
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        write::update(connection.aws()?, prior, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        write::delete(connection.aws()?.iam(), prior).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || id.contains('/') || id.contains(':') {
            return Err(format!("{id:?} is not the name of a role, which the import id of aws_iam_role is."));
        }
        Ok(self.schema().block.object([("id", Value::string(id)), ("name", Value::string(id))]))
    }
}

/// The recorded name of a role, which is its id.
fn name_of(known: &Value) -> Option<&str> {
    known.text("name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}
