//! `aws_s3_bucket`.
//!
//! Facts: Amazon S3 API reference (CreateBucket, HeadBucket, ListObjectVersions, DeleteObjects, GetBucket…) and User
//! Guide; the AWS provider's manual page, and `terraform plan` and states for defaults.

mod empty;
mod parts;
mod read;
mod regions;
mod rules;
mod schema;
mod validate;
mod website;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use futures::future::join_all;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::names;
use crate::provider::aws::reading::{all_unreadable, read_result};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

/// `aws_s3_bucket`
pub struct Bucket {
    schema: Schema,
}

impl Default for Bucket {
    fn default() -> Bucket {
        Bucket { schema: schema::schema() }
    }
}

/// The bucket that an object stands for.
fn name_of(known: &Value) -> Option<&str> {
    ["bucket", "id"].into_iter().filter_map(|name| known.text(name)).find(|name| !name.is_empty())
}

#[async_trait]
impl ResourceType for Bucket {
    fn name(&self) -> &'static str {
        "aws_s3_bucket"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        // An empty name or prefix is none.
        for name in ["bucket", "bucket_prefix"] {
            if change.config.text(name) == Some("") {
                let old = change.prior.and_then(|prior| prior.get(name));
                let value = old.unwrap_or_else(|| Value::unknown(Type::String));
                change.planned = change.planned.with(name, value);
            }
        }
        if change.prior.is_none() {
            validate::check_new_name(change.config, &mut change.problems);
        }
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(20), update: minutes(20), delete: minutes(60) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        // S3 has no call for the configuration of more than one bucket, or of more than one kind.
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            let Some(name) = name_of(&request.known) else { return ReadResult::Missing };
            read_result(read::object(aws, &self.schema.block, name, &request.known).await)
        }))
        .await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        let planned = names::fill(planned, "bucket", "bucket_prefix", unique);
        if planned.known("bucket_prefix").is_some() {
            return planned;
        }
        let prefix = names::prefix_of(planned.text("bucket").unwrap_or_default()).to_owned();
        planned.with("bucket_prefix", Value::string(prefix))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.seed(prepared.text("bucket")?))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        write::create(connection.aws()?, &self.schema.block, planned, self.timeouts().create).await
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        write::update(connection.aws()?, &self.schema.block, prior, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        write::delete(connection.aws()?, prior, self.timeouts().delete).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || id.contains(['/', ':', ',']) {
            return Err("The import id of aws_s3_bucket is the bucket's name.".to_owned());
        }
        Ok(self.seed(id))
    }
}

impl Bucket {
    /// What is enough to find a bucket.
    fn seed(&self, name: &str) -> Value {
        self.schema.block.object([("id", Value::string(name)), ("bucket", Value::string(name))])
    }
}
