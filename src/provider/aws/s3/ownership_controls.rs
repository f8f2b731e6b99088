//! `aws_s3_bucket_ownership_controls`.
//!
//! Facts: Amazon S3 API reference (PutBucketOwnershipControls, GetBucketOwnershipControls, DeleteBucketOwnershipControls);
//! the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_s3::types::{ObjectOwnership, OwnershipControls as Controls, OwnershipControlsRule};
use futures::future::join_all;

use super::calls::{answer, change, remove, settled};
use super::target::Target;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{holding, inner, same_blocks};
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::Object;
use crate::provider::{Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

const RULE: &str = "rule";
const OWNERSHIP: &str = "object_ownership";
const OWNERSHIPS: [&str; 3] = ["BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced"];

/// `aws_s3_bucket_ownership_controls`
pub struct OwnershipControls {
    schema: Schema,
}

impl Default for OwnershipControls {
    fn default() -> OwnershipControls {
        let rule = BlockSchema::new().attribute(OWNERSHIP, AttributeSchema::required(Type::String));
        let block = BlockSchema::new()
            .id()
            .attribute("bucket", AttributeSchema::required(Type::String).forces_replacement())
            .block(RULE, NestedBlock::one(rule).at_least(1));
        OwnershipControls { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for OwnershipControls {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_ownership_controls"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        checks.length("bucket", 1..=63);
        checks.each(RULE, |checks| checks.one_of(OWNERSHIP, &OWNERSHIPS, false));
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
            let call = aws.s3().delete_bucket_ownership_controls().bucket(&target.bucket);
            answer("s3:PutBucketOwnershipControls", call.send().await)
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match Target::parse(id) {
            Ok(Target { bucket, owner: None }) => Ok(self.seed(&bucket)),
            _ => Err("The import id of aws_s3_bucket_ownership_controls is the bucket's name.".to_owned()),
        }
    }
}

async fn put(aws: &Aws, bucket: &str, planned: &Value) -> Result<(), OperationError> {
    let ownership = planned.block(RULE).and_then(|rule| rule.text(OWNERSHIP)).unwrap_or_default();
    let rule = OwnershipControlsRule::builder().object_ownership(ObjectOwnership::from(ownership)).build();
    let controls = rule.and_then(|rule| Controls::builder().rules(rule).build());
    let controls = controls.map_err(|error| OperationError::internal(error.to_string()))?;
    change(aws, bucket, || async {
        let call =
            aws.s3().put_bucket_ownership_controls().bucket(bucket).ownership_controls(controls.clone());
        answer("s3:PutBucketOwnershipControls", call.send().await).map(|_| ())
    })
    .await
}

impl OwnershipControls {
    fn seed(&self, bucket: &str) -> Value {
        self.schema.block.object([("id", Value::string(bucket)), ("bucket", Value::string(bucket))])
    }

    /// The object once its rule is the one planned.
    async fn seen(&self, aws: &Aws, bucket: &str, planned: &Value) -> Result<Value, OperationError> {
        let is_new = |object: &Value| same_blocks(&self.schema.block, RULE, object, planned);
        settled(|| self.read_one(aws, bucket), is_new).await
    }

    async fn read_one(&self, aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
        let call = aws.s3().get_bucket_ownership_controls().bucket(bucket).send().await;
        let live = answer("s3:GetBucketOwnershipControls", call)?;
        let block = inner(&self.schema.block, RULE);
        let rules = live.ownership_controls().map_or(&[][..], Controls::rules).iter();
        let rules =
            rules.map(|rule| block.object([(OWNERSHIP, Value::string(rule.object_ownership().as_str()))]));
        Ok(self.schema.block.object([
            ("id", Value::string(bucket)),
            ("bucket", Value::string(bucket)),
            (RULE, holding(&self.schema.block, RULE, rules.collect())),
        ]))
    }
}
