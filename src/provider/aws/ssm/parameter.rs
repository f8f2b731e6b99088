//! Data source `aws_ssm_parameter`: what the Parameter Store holds under a name.
//!
//! Facts: Systems Manager API reference (GetParameter); the AWS provider's manual page, and what it records.

use async_trait::async_trait;
use aws_sdk_ssm::types::ParameterType;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// The IAM action that reads a parameter. With decryption, its key's policy must allow `kms:Decrypt` too.
const ACTION: &str = "ssm:GetParameter";

/// `aws_ssm_parameter`
pub(super) struct ParameterData {
    schema: Schema,
}

impl Default for ParameterData {
    fn default() -> ParameterData {
        let computed = || AttributeSchema::computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("arn", computed())
            .attribute("insecure_value", computed())
            .attribute("name", AttributeSchema::required(Type::String))
            .attribute("type", computed())
            .attribute("value", computed().sensitive())
            .attribute("version", AttributeSchema::computed(Type::Number))
            .attribute("with_decryption", AttributeSchema::optional(Type::Bool).default(true));
        ParameterData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for ParameterData {
    fn name(&self) -> &'static str {
        "aws_ssm_parameter"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        Checks::new(config, problems).length("name", 1..=2048);
    }

    /// The name in the answer is the parameter's own, whether the code gives that, one with a version or a label
    /// behind it (`/a/b:3`), or an ARN.
    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let with_decryption = config.boolean("with_decryption").unwrap_or(true);
        let name = config.text("name").unwrap_or_default();
        let answer = aws.ssm().get_parameter().name(name).with_decryption(with_decryption).send().await;
        let answer = answer.map_err(|error| {
            let mut error = failed(ACTION, error);
            // The service says nothing but the code, or repeats the name, which may be a secret.
            if error.code.as_deref() == Some("ParameterNotFound") {
                "the region has no parameter of this name".clone_into(&mut error.message);
            }
            error
        })?;
        let Some(live) = answer.parameter() else {
            return Err(OperationError::new(ErrorKind::Other, ACTION, "the answer holds no parameter"));
        };
        let is_secret = live.r#type() == Some(&ParameterType::SecureString);
        let insecure = if is_secret { "" } else { live.value().unwrap_or_default() };
        Ok(self.schema.block.object([
            ("arn", object::text(live.arn())),
            ("id", object::text(live.name())),
            ("insecure_value", Value::string(insecure)),
            ("name", object::text(live.name())),
            ("type", object::text(live.r#type())),
            ("value", object::text(live.value())),
            ("version", Value::number(live.version())),
            ("with_decryption", Value::bool(with_decryption)),
        ]))
    }
}
