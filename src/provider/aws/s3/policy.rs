//! `aws_s3_bucket_policy`.
//!
//! Facts: Amazon S3 API reference (PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy); the AWS provider's manual page.

use async_trait::async_trait;
use futures::future::join_all;

use super::calls::{answer, change, remove, settled};
use super::target::Target;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::iam::documents;
use crate::provider::aws::iam::eventual::{PROPAGATION, persist};
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::{self, Object};
use crate::provider::{Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// `aws_s3_bucket_policy`
pub struct Policy {
    schema: Schema,
}

impl Default for Policy {
    fn default() -> Policy {
        let block = BlockSchema::new()
            .id()
            .attribute("bucket", AttributeSchema::required(Type::String).forces_replacement())
            .attribute("policy", AttributeSchema::required(Type::String).equality(Equality::Policy));
        Policy { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for Policy {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_policy"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        checks.length("bucket", 1..=63);
        if let Some(problem) = config.text("policy").and_then(documents::problem) {
            checks.invalid("policy", format!("This is no bucket policy: {problem}."));
        }
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
            let call = aws.s3().delete_bucket_policy().bucket(&target.bucket);
            answer("s3:DeleteBucketPolicy", call.send().await)
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match Target::parse(id) {
            Ok(Target { bucket, owner: None }) => Ok(self.seed(&bucket)),
            _ => Err("The import id of aws_s3_bucket_policy is the bucket's name.".to_owned()),
        }
    }
}

async fn put(aws: &Aws, bucket: &str, planned: &Value) -> Result<(), OperationError> {
    let document = documents::compact(planned.text("policy").unwrap_or_default());
    let send = || {
        change(aws, bucket, || async {
            let call = aws.s3().put_bucket_policy().bucket(bucket).policy(&document).send().await;
            answer("s3:PutBucketPolicy", call).map(|_| ())
        })
    };
    // A principal that was made a moment ago is not known to S3 yet.
    persist(PROPAGATION, is_unknown_principal, send).await
}

fn is_unknown_principal(error: &OperationError) -> bool {
    error.code.as_deref() == Some("MalformedPolicy") && error.message.contains("Invalid principal")
}

impl Policy {
    fn seed(&self, bucket: &str) -> Value {
        self.schema.block.object([("id", Value::string(bucket)), ("bucket", Value::string(bucket))])
    }

    /// The object once its policy says what was planned.
    async fn seen(&self, aws: &Aws, bucket: &str, planned: &Value) -> Result<Value, OperationError> {
        let is_new = |live: &Value| match (live.known("policy"), planned.known("policy")) {
            (Some(live), Some(planned)) => Equality::Policy.same(live, planned),
            _ => true,
        };
        settled(|| self.read_one(aws, bucket), is_new).await
    }

    async fn read_one(&self, aws: &Aws, bucket: &str) -> Result<Value, OperationError> {
        let call = aws.s3().get_bucket_policy().bucket(bucket).send().await;
        let live = answer("s3:GetBucketPolicy", call)?;
        Ok(self.schema.block.object([
            ("id", Value::string(bucket)),
            ("bucket", Value::string(bucket)),
            ("policy", object::text(live.policy())),
        ]))
    }
}
