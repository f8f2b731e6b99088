//! `aws_s3_bucket_lifecycle_configuration`: what becomes of a bucket's objects as they age.
//!
//! Facts: Amazon S3 API reference (PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration,
//! DeleteBucketLifecycle, LifecycleRule, LifecycleRuleFilter); the AWS provider's manual page; what hashicorp/aws 5.100.0
//! plans, sends and records.

mod plan;
mod read;
mod schema;
mod validate;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;

use super::target::Target;
use crate::lang::value::Value;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::duration;
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

/// How long reads may answer the old rules.
const PATIENCE: Duration = Duration::from_secs(3 * 60);

/// `aws_s3_bucket_lifecycle_configuration`
pub struct Lifecycle;

#[async_trait]
impl ResourceType for Lifecycle {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_lifecycle_configuration"
    }

    fn schema(&self) -> &Schema {
        &schema::SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["bucket"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        plan::plan(change);
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            match Target::of(&request.known) {
                Some(target) => read_result(read::read_one(aws, &target, &request.known).await),
                None => ReadResult::Missing,
            }
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.schema().block.object(Target::of(prepared)?.attributes()))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let target = Target::of(planned).unwrap_or_default();
        let aws = connection.aws()?;
        write::put(aws, &target, planned).await?;
        let patience = duration::timeout(planned, "create", PATIENCE);
        let read = write::seen(aws, &target, planned, patience).await;
        read.map_err(|error| error.with_partial(known_part(planned).with("id", Value::string(target.id()))))
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let target = Target::of(planned).unwrap_or_default();
        let aws = connection.aws()?;
        write::put(aws, &target, planned).await?;
        write::seen(aws, &target, planned, duration::timeout(planned, "update", PATIENCE)).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        match Target::of(prior) {
            Some(target) => write::delete(connection.aws()?, &target).await,
            None => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        Ok(self.schema().block.object(Target::parse(id)?.attributes()))
    }
}
