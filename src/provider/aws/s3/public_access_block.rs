//! `aws_s3_bucket_public_access_block`.
//!
//! Facts: Amazon S3 API reference (PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock); the AWS provider's
//! manual page.

use async_trait::async_trait;
use aws_sdk_s3::types::PublicAccessBlockConfiguration;
use futures::future::join_all;

use super::calls::{answer, change, remove, settled};
use super::target::Target;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::{Object, boolean};
use crate::provider::{Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

const SWITCHES: [&str; 4] =
    ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"];

/// `aws_s3_bucket_public_access_block`
pub struct PublicAccessBlock {
    schema: Schema,
}

impl Default for PublicAccessBlock {
    fn default() -> PublicAccessBlock {
        let block = BlockSchema::new()
            .id()
            .attribute("bucket", AttributeSchema::required(Type::String).forces_replacement());
        let block = SWITCHES.into_iter().fold(block, |block, name| {
            block.attribute(name, AttributeSchema::optional(Type::Bool).default(false))
        });
        PublicAccessBlock { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for PublicAccessBlock {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_public_access_block"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        Checks::new(config, problems).length("bucket", 1..=63);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["bucket"]
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            match Target::of(&request.known) {
                Some(target) => read_result(self.read_one(aws, &target.bucket).await),
                None => ReadResult::Missing,
            }
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.seed(prepared.text("bucket")?))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let bucket = planned.text("bucket").unwrap_or_default();
        let aws = connection.aws()?;
        put(aws, bucket, planned).await?;
        let read = self.seen(aws, bucket, planned).await;
        read.map_err(|error| error.with_partial(known_part(planned).with("id", Value::string(bucket))))
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let bucket = planned.text("bucket").unwrap_or_default();
        let aws = connection.aws()?;
        put(aws, bucket, planned).await?;
        self.seen(aws, bucket, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(target) = Target::of(prior) else { return Ok(()) };
        remove(aws, &target.bucket, || async {
            let call = aws.s3().delete_public_access_block().bucket(&target.bucket);
            answer("s3:PutBucketPublicAccessBlock", call.send().await)
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match Target::parse(id) {
            Ok(Target { bucket, owner: None }) => Ok(self.seed(&bucket)),
            _ => Err("The import id of aws_s3_bucket_public_access_block is the bucket's name.".to_owned()),
        }
    }
}

async fn put(aws: &Aws, bucket: &str, planned: &Value) -> Result<(), OperationError> {
    let [acls, policy, ignore, restrict] = SWITCHES.map(|name| planned.boolean(name).unwrap_or(false));
    let configuration = PublicAccessBlockConfiguration::builder()
        .block_public_acls(acls)
        .block_public_policy(policy)
        .ignore_public_acls(ignore)
        .restrict_public_buckets(restrict)
        .build();
    change(aws, bucket, || async {
        let call = aws
            .s3()
            .put_public_access_block()
            .bucket(bucket)
            .public_access_block_configuration(configuration.clone());
        answer("s3:PutBucketPublicAccessBlock", call.send().await).map(|_| ())
    })
    .await
}

impl PublicAccessBlock {
    fn seed(&self, bucket: &str) -> Value {
        self.schema.block.object([("id", Value::string(bucket)), ("bucket", Value::string(bucket))])
    }

    /// The object once its switches are as planned.
    async fn seen(&self, aws: &Aws, bucket: &str, planned: &Value) -> Result<Value, OperationError> {
        let is_new =
            |object: &Value| SWITCHES.iter().all(|name| object.boolean(name) == planned.boolean(name));
        settled(|| self.read_one(aws, bucket), is_new).await
    }

    async fn read_one(&self, aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
        let call = aws.s3().get_public_access_block().bucket(bucket).send().await;
        let live = answer("s3:GetBucketPublicAccessBlock", call)?;
        let live = live.public_access_block_configuration();
        let switch = |get: fn(&PublicAccessBlockConfiguration) -> Option<bool>| {
            boolean(Some(live.and_then(get).unwrap_or(false)))
        };
        Ok(self.schema.block.object([
            ("id", Value::string(bucket)),
            ("bucket", Value::string(bucket)),
            ("block_public_acls", switch(PublicAccessBlockConfiguration::block_public_acls)),
            ("block_public_policy", switch(PublicAccessBlockConfiguration::block_public_policy)),
            ("ignore_public_acls", switch(PublicAccessBlockConfiguration::ignore_public_acls)),
            ("restrict_public_buckets", switch(PublicAccessBlockConfiguration::restrict_public_buckets)),
        ]))
    }
}
