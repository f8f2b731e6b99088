//! Data source `aws_iam_role`.

use async_trait::async_trait;

use super::role::get_role;
use super::{checks, date, documents, tagging};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_iam_role`
pub struct RoleData {
    schema: Schema,
}

/// One element of `role_last_used`.
fn last_used() -> Type {
    Type::object([("last_used_date", Type::String), ("region", Type::String)])
}

impl Default for RoleData {
    fn default() -> RoleData {
        let computed = || AttributeSchema::computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("arn", computed())
            .attribute("assume_role_policy", computed())
            .attribute("create_date", computed())
            .attribute("description", computed())
            .attribute("max_session_duration", AttributeSchema::computed(Type::Number))
            .attribute("name", AttributeSchema::required(Type::String))
            .attribute("path", computed())
            .attribute("permissions_boundary", computed())
            .attribute("role_last_used", AttributeSchema::computed(Type::list(last_used())))
            .attribute("tags", AttributeSchema::optional_computed(Type::map(Type::String)))
            .attribute("unique_id", computed());
        RoleData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for RoleData {
    fn name(&self) -> &'static str {
        "aws_iam_role"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        checks::role(&mut Checks::new(config, problems), "name");
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let role = get_role(aws.iam(), config.text("name").unwrap_or_default()).await?;
        let used = role.role_last_used().map(|used| {
            Value::object([
                ("last_used_date", Value::string(used.last_used_date().map(date).unwrap_or_default())),
                ("region", Value::string(used.region().unwrap_or_default())),
            ])
        });
        let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
        Ok(self.schema.block.object([
            ("id", Value::string(role.role_name())),
            ("arn", Value::string(role.arn())),
            ("assume_role_policy", object::text(role.assume_role_policy_document().map(documents::decode))),
            ("create_date", Value::string(date(role.create_date()))),
            ("description", Value::string(role.description().unwrap_or_default())),
            ("max_session_duration", object::integer(role.max_session_duration())),
            ("name", Value::string(role.role_name())),
            ("path", Value::string(role.path())),
            ("permissions_boundary", Value::string(boundary.unwrap_or_default())),
            ("role_last_used", Value::list(last_used(), used.into_iter().collect())),
            ("tags", tagging::live(&aws.tags, role.tags())),
            ("unique_id", Value::string(role.role_id())),
        ]))
    }
}
