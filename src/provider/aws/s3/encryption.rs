//! `aws_s3_bucket_server_side_encryption_configuration`.
//!
//! Facts: Amazon S3 API reference (PutBucketEncryption, GetBucketEncryption, DeleteBucketEncryption); Amazon S3 User
//! Guide, “Setting default server-side encryption behavior” (every bucket encrypts, with keys of S3's own unless told
//! otherwise); the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_s3::types::{
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use futures::future::join_all;

use super::calls::{answer, change, remove, settled};
use super::target::{self, Target};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{holding, inner, none, one, same_blocks};
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::{Object, boolean};
use crate::provider::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

/// Keys of S3's own: what a bucket encrypts with if nothing else is said.
const OWN_KEYS: &str = "AES256";

const ALGORITHMS: [&str; 3] = [OWN_KEYS, "aws:kms", "aws:kms:dsse"];

const RULE: &str = "rule";
const DEFAULT: &str = "apply_server_side_encryption_by_default";

/// `aws_s3_bucket_server_side_encryption_configuration`
pub struct Encryption {
    schema: Schema,
}

impl Default for Encryption {
    fn default() -> Encryption {
        let default = BlockSchema::new()
            .attribute("kms_master_key_id", AttributeSchema::optional(Type::String))
            .attribute("sse_algorithm", AttributeSchema::required(Type::String));
        let rule = BlockSchema::new()
            .attribute("bucket_key_enabled", AttributeSchema::optional(Type::Bool))
            .block(DEFAULT, NestedBlock::one(default));
        let block = target::arguments().block(RULE, NestedBlock::set(rule).at_least(1));
        Encryption { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for Encryption {
    fn name(&self) -> &'static str {
        "aws_s3_bucket_server_side_encryption_configuration"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        target::check(&mut checks);
        if config.blocks(RULE).len() > 1 {
            checks.invalid(RULE, "A bucket has one rule: say all of it in one block.");
        }
        checks.each(RULE, |checks| {
            checks.each(DEFAULT, |checks| {
                checks.one_of("sse_algorithm", &ALGORITHMS, false);
                let key = checks.config.text("kms_master_key_id").unwrap_or_default();
                if !key.is_empty() && checks.config.text("sse_algorithm") == Some(OWN_KEYS) {
                    let detail = format!(
                        "A key is for \"aws:kms\" and \"aws:kms:dsse\": with {OWN_KEYS:?} S3 uses keys of its own."
                    );
                    checks.combination("kms_master_key_id", detail);
                }
            });
        });
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["bucket"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        // Where the code does not say how to encrypt, it is as S3 does for all buckets.
        let rule = inner(&self.schema.block, RULE);
        let rules = change.planned.blocks(RULE);
        let is_silent = |rule: &Value| rule.known(DEFAULT).is_some() && rule.block(DEFAULT).is_none();
        if rules.iter().any(is_silent) {
            let own = one(rule, DEFAULT, [("sse_algorithm", Value::string(OWN_KEYS))]);
            let filled = rules.iter().map(|rule| match is_silent(rule) {
                true => rule.with(DEFAULT, own.clone()),
                false => rule.clone(),
            });
            let rules = holding(&self.schema.block, RULE, filled.collect());
            change.planned = change.planned.with(RULE, rules);
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
        let target = Target::of(planned).unwrap_or_default();
        let aws = connection.aws()?;
        put(aws, &target, planned).await?;
        let read = self.seen(aws, &target, planned).await;
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
        put(aws, &target, planned).await?;
        self.seen(aws, &target, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(target) = Target::of(prior) else { return Ok(()) };
        remove(aws, &target.bucket, || async {
            let call = aws
                .s3()
                .delete_bucket_encryption()
                .bucket(&target.bucket)
                .set_expected_bucket_owner(target.owner.clone());
            answer("s3:PutEncryptionConfiguration", call.send().await)
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        Ok(self.schema.block.object(Target::parse(id)?.attributes()))
    }
}

async fn put(aws: &Aws, target: &Target, planned: &Value) -> Result<(), OperationError> {
    let rules: Vec<ServerSideEncryptionRule> =
        planned.blocks(RULE).iter().map(rule).collect::<Result<_, _>>()?;
    let configuration = ServerSideEncryptionConfiguration::builder().set_rules(Some(rules)).build();
    let configuration = configuration.map_err(|error| OperationError::internal(error.to_string()))?;
    change(aws, &target.bucket, || async {
        let call = aws
            .s3()
            .put_bucket_encryption()
            .bucket(&target.bucket)
            .set_expected_bucket_owner(target.owner.clone())
            .server_side_encryption_configuration(configuration.clone());
        answer("s3:PutEncryptionConfiguration", call.send().await).map(|_| ())
    })
    .await
}

fn rule(planned: &Value) -> Result<ServerSideEncryptionRule, OperationError> {
    let mut rule =
        ServerSideEncryptionRule::builder().set_bucket_key_enabled(planned.boolean("bucket_key_enabled"));
    if let Some(default) = planned.block(DEFAULT) {
        let algorithm = default.text("sse_algorithm").unwrap_or_default();
        let key = default.text("kms_master_key_id").filter(|key| !key.is_empty());
        let default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(algorithm))
            .set_kms_master_key_id(key.map(str::to_owned))
            .build();
        let default = default.map_err(|error| OperationError::internal(error.to_string()))?;
        rule = rule.apply_server_side_encryption_by_default(default);
    }
    Ok(rule.build())
}

impl Encryption {
    /// The object once its rule is the one planned.
    async fn seen(&self, aws: &Aws, target: &Target, planned: &Value) -> Result<Value, OperationError> {
        let is_new = |object: &Value| same_blocks(&self.schema.block, RULE, object, planned);
        settled(|| self.read_one(aws, target), is_new).await
    }

    async fn read_one(&self, aws: &Aws, target: &Target) -> Result<Value, OperationError> {
        let call = aws
            .s3()
            .get_bucket_encryption()
            .bucket(&target.bucket)
            .set_expected_bucket_owner(target.owner.clone());
        let live = answer("s3:GetEncryptionConfiguration", call.send().await)?;
        let block = inner(&self.schema.block, RULE);
        let rule = |live: &ServerSideEncryptionRule| {
            let default = live.apply_server_side_encryption_by_default().map(|default| {
                let key = default.kms_master_key_id().unwrap_or_default();
                let algorithm = Value::string(default.sse_algorithm().as_str());
                one(block, DEFAULT, [("kms_master_key_id", Value::string(key)), ("sse_algorithm", algorithm)])
            });
            block.object([
                ("bucket_key_enabled", boolean(live.bucket_key_enabled())),
                (DEFAULT, default.unwrap_or_else(|| none(block, DEFAULT))),
            ])
        };
        let rules =
            live.server_side_encryption_configuration().map(|live| live.rules().iter().map(rule).collect());
        let rules = holding(&self.schema.block, RULE, rules.unwrap_or_default());
        Ok(self.schema.block.object(target.attributes().into_iter().chain([(RULE, rules)])))
    }
}
