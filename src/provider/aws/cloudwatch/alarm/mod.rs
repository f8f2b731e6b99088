//! `aws_cloudwatch_metric_alarm`: an alarm on a metric, on an expression of metrics, or on a band of expected values.
//!
//! Facts: CloudWatch API reference (PutMetricAlarm, DescribeAlarms, DeleteAlarms, TagResource); the AWS provider's
//! manual page, and its plans.

mod below;
mod read;
mod schema;
mod statistics;
mod validate;
mod write;

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::Schema;

use read::name_of;
use schema::SCHEMA;

/// How long an alarm's name may be, in characters (API reference).
const LONGEST_NAME: usize = 255;

/// `aws_cloudwatch_metric_alarm`
pub(super) struct MetricAlarm;

#[async_trait]
impl ResourceType for MetricAlarm {
    fn name(&self) -> &'static str {
        "aws_cloudwatch_metric_alarm"
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async { read::read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(seed(prepared.text("alarm_name")?))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        write::put(aws, planned).await?;
        let name = planned.text("alarm_name").unwrap_or_default();
        let known = known_part(planned).with("id", Value::string(name));
        read_one(aws, planned).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        if write::settings_differ(prior, planned) {
            write::put(aws, planned).await?;
        }
        let arn = prior.text("arn").unwrap_or_default();
        write::change_tags(aws, arn, TagChanges::between(prior, planned)).await?;
        read_one(aws, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        match aws.cloudwatch().delete_alarms().alarm_names(name).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("cloudwatch:DeleteAlarms", error) {
                error if error.kind == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || id.chars().count() > LONGEST_NAME {
            return Err("The import id of aws_cloudwatch_metric_alarm is the alarm's name.".to_owned());
        }
        Ok(seed(id))
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        below::below(connection, objects).await
    }
}

fn seed(name: &str) -> Value {
    SCHEMA.block.object([("alarm_name", Value::string(name)), ("id", Value::string(name))])
}

async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    match read::read(aws, &[ReadRequest { known: known_part(known) }]).await?.pop() {
        Some(ReadResult::Found(object)) => Ok(object),
        Some(ReadResult::Unreadable(error)) => Err(error),
        Some(ReadResult::Missing) | None => Err(OperationError::new(
            ErrorKind::NotFound,
            "cloudwatch:DescribeAlarms",
            "the alarm is not there any more",
        )),
    }
}
