//! `aws_autoscaling_group`.
//!
//! Facts: EC2 Auto Scaling API reference (CreateAutoScalingGroup, DescribeAutoScalingGroups, …); EC2 Auto Scaling User
//! Guide; the AWS provider's manual page, and its plans.

mod capacity;
mod mixed;
mod plan;
pub(super) mod read;
mod refresh;
mod requirements;
mod schema;
mod settings;
pub(super) mod traffic;
mod validate;
mod write;

use std::time::Duration;

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::names;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

/// How long changing or deleting a group may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// `aws_autoscaling_group`
pub(super) struct Group;

#[async_trait]
impl ResourceType for Group {
    fn name(&self) -> &'static str {
        "aws_autoscaling_group"
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
        let read = async { read::read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        let planned = names::fill(planned, "name", "name_prefix", unique);
        if planned.known("name_prefix").is_some() {
            return planned;
        }
        let prefix = names::prefix_of(planned.text("name").unwrap_or_default()).to_owned();
        planned.with("name_prefix", Value::string(prefix))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        self.import_seed(prepared.text("name")?).ok()
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
        write::delete(connection.aws()?, prior).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || id.chars().count() > validate::MAX_NAME {
            return Err("The import id of aws_autoscaling_group is the group's name.".to_owned());
        }
        Ok(self.schema().block.object([("id", Value::string(id)), ("name", Value::string(id))]))
    }
}
