//! `aws_dynamodb_table`.
//!
//! Facts: DynamoDB API reference 2012-08-10 (CreateTable, DescribeTable, UpdateTable, UpdateContinuousBackups,
//! UpdateTimeToLive, …); the AWS provider's manual page, and its plans.

mod calls;
mod plan;
mod read;
mod schema;
mod spec;
mod validate;

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts, duration,
};
use crate::schema::Schema;

/// `aws_dynamodb_table`
pub struct Table;

fn name_of(known: &Value) -> Option<&str> {
    known.text("name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}

#[async_trait]
impl ResourceType for Table {
    fn name(&self) -> &'static str {
        "aws_dynamodb_table"
    }

    fn schema(&self) -> &Schema {
        &schema::SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        plan::plan(change);
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(30), update: minutes(60), delete: minutes(10) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            let Some(name) = name_of(&request.known) else { return ReadResult::Missing };
            read_result(read::read(aws, name, &request.known).await)
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema().block.object([("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("name").unwrap_or_default();
        let patience = duration::timeout(planned, "create", self.timeouts().create);
        calls::create(aws, planned, patience).await?;
        // From here on the table exists: whatever fails, it is recorded.
        let finished = async {
            calls::wait_active(aws, name, true, patience).await?;
            let fresh = self.schema().block.object([]);
            calls::set_time_to_live(aws, planned, patience).await?;
            calls::set_recovery(aws, &fresh, planned, patience).await?;
            settled(aws, planned).await
        };
        match finished.await {
            Ok(object) => Ok(object),
            Err(error) => {
                let known = known_part(planned);
                let partial = read::read(aws, name, &known).await;
                Err(error.with_partial(partial.unwrap_or_else(|_| known.with("id", Value::string(name)))))
            }
        }
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let patience = duration::timeout(planned, "update", self.timeouts().update);
        calls::update(aws, prior, planned, patience).await?;
        calls::set_time_to_live(aws, planned, patience).await?;
        calls::set_recovery(aws, prior, planned, patience).await?;
        let arn = prior.text("arn").unwrap_or_default();
        calls::update_tags(aws, arn, &TagChanges::between(prior, planned)).await?;
        settled(aws, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        let patience = duration::timeout(prior, "delete", self.timeouts().delete);
        calls::delete(aws, name, patience).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() {
            return Err("The import id of aws_dynamodb_table is the table's name.".to_owned());
        }
        Ok(self.schema().block.object([("name", Value::string(id))]))
    }
}

/// The table as it then is.
async fn settled(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let known = known_part(planned);
    read::read(aws, planned.text("name").unwrap_or_default(), &known).await
}
