//! `aws_lb_target_group`: where listeners send requests, and how the targets' health is checked.

mod health;
mod plan;
mod read;
mod schema;
#[cfg(test)]
mod tests;
mod validate;
mod write;

use std::time::Duration;

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

use super::{arn, naming};

/// What generated names begin with where the code gives no prefix.
const DEFAULT_PREFIX: &str = "tf-";

/// How long to wait for a new target group to be seen, and for listeners to let go of one that is to be deleted. The
/// type has no `timeouts` block.
const PATIENCE: Duration = Duration::from_secs(2 * 60);

/// The resource type, under one of its names.
pub struct TargetGroup {
    pub name: &'static str,
}

#[async_trait]
impl ResourceType for TargetGroup {
    fn name(&self) -> &'static str {
        self.name
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
        Timeouts { create: PATIENCE, update: PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        naming::with_name(planned, DEFAULT_PREFIX, unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema().block.object([("name", Value::string(name))]))
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
        write::delete(connection.aws()?.elb(), prior).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if arn::target_group_suffix(id).is_none() {
            return Err(format!(
                "\"{id}\" is not the ARN of a target group, which looks like \"arn:aws:elasticloadbalancing:REGION:\
                 ACCOUNT:targetgroup/NAME/ID\"."
            ));
        }
        Ok(self.schema().block.object([("id", Value::string(id)), ("arn", Value::string(id))]))
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        read::alike(connection.aws()?, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["vpc_id", "port", "protocol", "target_type"]
    }
}
