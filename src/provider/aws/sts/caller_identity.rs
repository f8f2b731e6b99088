//! Data source `aws_caller_identity`: whose credentials are used.

use async_trait::async_trait;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::{Connection, DataSource, OperationError};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_caller_identity`
pub struct CallerIdentity {
    schema: Schema,
}

impl Default for CallerIdentity {
    fn default() -> CallerIdentity {
        let computed = || AttributeSchema::computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("account_id", computed())
            .attribute("arn", computed())
            .attribute("user_id", computed());
        CallerIdentity { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for CallerIdentity {
    fn name(&self) -> &'static str {
        "aws_caller_identity"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, _config: &Value) -> Result<Value, OperationError> {
        let caller = connection.aws()?.caller().await?;
        Ok(self.schema.block.object([
            ("id", Value::string(&caller.account)),
            ("account_id", Value::string(&caller.account)),
            ("arn", Value::string(&caller.arn)),
            ("user_id", Value::string(&caller.user_id)),
        ]))
    }
}
