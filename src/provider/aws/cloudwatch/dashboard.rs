//! `aws_cloudwatch_dashboard`.
//!
//! Facts: CloudWatch API reference (PutDashboard, GetDashboard, DeleteDashboards); the AWS provider's manual page.

use async_trait::async_trait;
use futures::future::join_all;

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::{self, Object};
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// `aws_cloudwatch_dashboard`
pub struct Dashboard {
    schema: Schema,
}

impl Default for Dashboard {
    fn default() -> Dashboard {
        let required = || AttributeSchema::required(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("dashboard_arn", AttributeSchema::computed(Type::String))
            .attribute("dashboard_body", required().equality(Equality::Json))
            .attribute("dashboard_name", required().forces_replacement());
        Dashboard { schema: Schema::new(0, block) }
    }
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

#[async_trait]
impl ResourceType for Dashboard {
    fn name(&self) -> &'static str {
        "aws_cloudwatch_dashboard"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if let Some(name) = config.text("dashboard_name")
            && (name.is_empty() || name.len() > 255 || !name.bytes().all(is_name_byte))
        {
            problems.error(
                at("dashboard_name"),
                "Invalid dashboard name",
                format!("{name:?} cannot be a dashboard's name: those have 1 to 255 letters, digits, \"-\" and \"_\"."),
            );
        }
        if let Some(body) = config.text("dashboard_body")
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(body)
        {
            problems.error(
                at("dashboard_body"),
                "Invalid JSON",
                format!("\"dashboard_body\" contains an invalid JSON: {error}."),
            );
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        // CloudWatch gives the body of one dashboard a call.
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            let Some(name) = name_of(&request.known) else { return ReadResult::Missing };
            read_result(self.read_one(aws, name).await)
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("dashboard_name")?;
        Some(self.schema.block.object([("id", Value::string(name)), ("dashboard_name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("dashboard_name").unwrap_or_default();
        put(aws, name, planned).await?;
        let known = known_part(planned).with("id", Value::string(name));
        self.read_one(aws, name).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("dashboard_name").unwrap_or_default();
        put(aws, name, planned).await?;
        self.read_one(aws, name).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        match aws.cloudwatch().delete_dashboards().dashboard_names(name).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("cloudwatch:DeleteDashboards", error) {
                error if is_gone(&error) => Ok(()),
                error => Err(error),
            },
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || !id.bytes().all(is_name_byte) {
            return Err("The import id of aws_cloudwatch_dashboard is the dashboard's name.".to_owned());
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("dashboard_name", Value::string(id))]))
    }
}

impl Dashboard {
    async fn read_one(&self, aws: &Aws, name: &str) -> Result<Value, OperationError> {
        let answer = aws.cloudwatch().get_dashboard().dashboard_name(name).send().await;
        let answer = answer.map_err(|error| {
            let mut error = failed("cloudwatch:GetDashboard", error);
            if is_gone(&error) {
                error.kind = ErrorKind::NotFound;
            }
            error
        })?;
        Ok(self.schema.block.object([
            ("id", Value::string(name)),
            ("dashboard_arn", object::text(answer.dashboard_arn())),
            ("dashboard_body", object::text(answer.dashboard_body())),
            ("dashboard_name", Value::string(name)),
        ]))
    }
}

/// CloudWatch spells it `ResourceNotFound` (query protocol) or `DashboardNotFoundError`.
fn is_gone(error: &OperationError) -> bool {
    error.kind == ErrorKind::NotFound || error.code.as_deref() == Some("DashboardNotFoundError")
}

/// Makes or replaces a dashboard; to CloudWatch both are one.
async fn put(aws: &Aws, name: &str, planned: &Value) -> Result<(), OperationError> {
    let body = planned.text("dashboard_body").unwrap_or_default();
    let answer = aws.cloudwatch().put_dashboard().dashboard_name(name).dashboard_body(body).send().await;
    answer.map_err(|error| failed("cloudwatch:PutDashboard", error))?;
    Ok(())
}

fn name_of(known: &Value) -> Option<&str> {
    known.text("dashboard_name").or_else(|| known.text("id"))
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
