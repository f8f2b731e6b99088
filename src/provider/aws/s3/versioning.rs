//! `aws_s3_bucket_versioning`.
//!
//! Facts: Amazon S3 API reference (PutBucketVersioning, GetBucketVersioning); Amazon S3 User Guide, “Using versioning in S3
//! buckets” (a bucket that was versioned once can only be suspended); the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_s3::types::{BucketVersioningStatus, MfaDelete, VersioningConfiguration};
use futures::future::join_all;

use super::calls::{answer, change, remove, settled};
use super::target::{self, Target};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::one;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::Object;
use crate::provider::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

/// A bucket that was never versioned: the provider's word for S3's silence.
const DISABLED: &str = "Disabled";
const ENABLED: &str = "Enabled";
const SUSPENDED: &str = "Suspended";

const BLOCK: &str = "versioning_configuration";

/// `aws_s3_bucket_versioning`
pub struct Versioning {
    schema: Schema,
}

impl Default for Versioning {
    fn default() -> Versioning {
        let configuration = BlockSchema::new()
            .attribute("mfa_delete", AttributeSchema::optional_computed(Type::String))
            .attribute("status", AttributeSchema::required(Type::String));
        let block = target::arguments()
            .attribute("mfa", AttributeSchema::optional(Type::String).code_only())
            .block(BLOCK, NestedBlock::one(configuration).at_least(1));
        Versioning { schema: Schema::new(0, block) }
    }
}

/// An argument of the block, empty if it is left out.
fn setting<'a>(object: &'a Value, name: &str) -> &'a str {
    object.block(BLOCK).and_then(|block| block.text(name)).unwrap_or_default()
}

#[async_trait]
impl ResourceType for Versioning {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_versioning"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        target::check(&mut checks);
        checks.each(BLOCK, |checks| {
            checks.one_of("status", &[ENABLED, SUSPENDED, DISABLED], false);
            checks.one_of("mfa_delete", &[ENABLED, DISABLED], false);
        });
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["bucket"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        let Some(prior) = change.prior else { return };
        let was = setting(prior, "status");
        if change.replace.is_empty()
            && same_bucket(prior, &change.planned)
            && setting(&change.planned, "status") == DISABLED
            && [ENABLED, SUSPENDED].contains(&was)
        {
            let path = vec![
                PathStep::Attribute(BLOCK.into()),
                PathStep::Index(0),
                PathStep::Attribute("status".into()),
            ];
            change.problems.error(
                path,
                "Versioning cannot be disabled",
                format!(
                    "The bucket's versioning is {was:?}. A bucket that was versioned once stays so: \"Suspended\" ends that \
                     new versions are kept."
                ),
            );
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            match Target::of(&request.known) {
                Some(target) => read_result(self.read_one(aws, &target).await),
                None => ReadResult::Missing,
            }
        }))
        .await
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.schema.block.object(Target::of(prepared)?.attributes()))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let target = Target::of(planned).unwrap_or_default();
        // A new bucket is not versioned: there is nothing to say, and no way to say it.
        if setting(planned, "status") != DISABLED {
            put(aws, &target, planned).await?;
        }
        let read = self.seen(aws, &target, planned).await;
        read.map_err(|error| error.with_partial(known_part(planned).with("id", Value::string(target.id()))))
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let target = Target::of(planned).unwrap_or_default();
        put(aws, &target, planned).await?;
        self.seen(aws, &target, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(target) = Target::of(prior) else { return Ok(()) };
        if setting(prior, "status") == DISABLED {
            return Ok(());
        }
        let suspended = VersioningConfiguration::builder().status(BucketVersioningStatus::Suspended).build();
        remove(aws, &target.bucket, || async {
            match send(aws, &target, suspended.clone(), prior).await {
                // A bucket with locked objects stays versioned.
                Err(error) if error.code.as_deref() == Some("InvalidBucketState") => Ok(()),
                other => other,
            }
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        Ok(self.schema.block.object(Target::parse(id)?.attributes()))
    }
}

fn same_bucket(prior: &Value, planned: &Value) -> bool {
    prior.text("bucket") == planned.text("bucket")
        && prior.text("expected_bucket_owner").unwrap_or_default()
            == planned.text("expected_bucket_owner").unwrap_or_default()
}

async fn put(aws: &Aws, target: &Target, planned: &Value) -> Result<(), OperationError> {
    let mfa = Some(setting(planned, "mfa_delete")).filter(|mfa| !mfa.is_empty());
    let configuration = VersioningConfiguration::builder()
        .status(BucketVersioningStatus::from(setting(planned, "status")))
        .set_mfa_delete(mfa.map(MfaDelete::from))
        .build();
    change(aws, &target.bucket, || send(aws, target, configuration.clone(), planned)).await
}

async fn send(
    aws: &Aws,
    target: &Target,
    configuration: VersioningConfiguration,
    object: &Value,
) -> Result<(), OperationError> {
    let call = aws
        .s3()
        .put_bucket_versioning()
        .bucket(&target.bucket)
        .set_expected_bucket_owner(target.owner.clone())
        .set_mfa(object.text("mfa").filter(|mfa| !mfa.is_empty()).map(str::to_owned))
        .versioning_configuration(configuration);
    answer("s3:PutBucketVersioning", call.send().await).map(|_| ())
}

impl Versioning {
    /// The object once its status is the one planned.
    async fn seen(&self, aws: &Aws, target: &Target, planned: &Value) -> Result<Value, OperationError> {
        let status = setting(planned, "status");
        settled(|| self.read_one(aws, target), |object| setting(object, "status") == status).await
    }

    async fn read_one(&self, aws: &Aws, target: &Target) -> Result<Value, OperationError> {
        let call = aws
            .s3()
            .get_bucket_versioning()
            .bucket(&target.bucket)
            .set_expected_bucket_owner(target.owner.clone());
        let live = answer("s3:GetBucketVersioning", call.send().await)?;
        let configuration = one(
            &self.schema.block,
            BLOCK,
            [
                ("mfa_delete", Value::string(live.mfa_delete().map_or("", |mfa| mfa.as_str()))),
                ("status", Value::string(live.status().map_or(DISABLED, |status| status.as_str()))),
            ],
        );
        Ok(self.schema.block.object(target.attributes().into_iter().chain([(BLOCK, configuration)])))
    }
}
