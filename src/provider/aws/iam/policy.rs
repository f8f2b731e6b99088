//! `aws_iam_policy`: a policy that exists by itself, in versions.
//!
//! Facts: IAM API reference (CreatePolicy, GetPolicy, GetPolicyVersion, CreatePolicyVersion, ListPolicyVersions, …);
//! IAM User Guide, “Versioning IAM policies”: a policy has five versions at most; the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::{Policy as LivePolicy, PolicyVersion};

use super::eventual::{PROPAGATION, VISIBILITY, is_concurrent, is_unseen, persist};
use super::tagging::{self, Tagged};
use super::{action, checks, concurrently, documents};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::elbv2::blocks::{filled, same_attribute};
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::{Aws, names};
use crate::provider::object::{self, Object};
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// The longest name of a policy.
const MAX_NAME: usize = 128;

/// How many versions a policy may have.
const MAX_VERSIONS: usize = 5;

/// `aws_iam_policy`
pub struct Policy {
    schema: Schema,
}

impl Default for Policy {
    fn default() -> Policy {
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let text = || AttributeSchema::optional(Type::String).forces_replacement();
        let computed = || AttributeSchema::computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("attachment_count", AttributeSchema::computed(Type::Number))
            .attribute("description", text())
            .attribute("name", named())
            .attribute("name_prefix", named())
            .attribute("path", text().default("/"))
            .attribute("policy", AttributeSchema::required(Type::String).equality(Equality::Policy))
            .attribute("policy_id", computed());
        Policy { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for Policy {
    fn name(&self) -> &'static str {
        "aws_iam_policy"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        checks::names(&mut all, MAX_NAME);
        checks::path(&mut all);
        checks::description(&mut all);
        checks::policy(&mut all, "policy");
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let calls = requests.iter().map(|request| async {
            match self.arn_of(aws, &request.known).await {
                Ok(Some(arn)) => read_result(self.read_one(aws, &arn).await),
                Ok(None) => ReadResult::Missing,
                Err(error) => ReadResult::Unreadable(error),
            }
        });
        concurrently(calls.collect()).await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    /// Path and name make the ARN.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let path = prepared.text("path").unwrap_or("/");
        let given = [("name", Value::string(prepared.text("name")?)), ("path", Value::string(path))];
        Some(self.schema.block.object(given))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let attempts = Attempts::default();
        let made = persist(VISIBILITY, is_concurrent, || make(aws.iam(), planned, &attempts)).await;
        let arn = match made {
            Ok(arn) => arn,
            Err(error) => match self.made_already(aws, planned, &error, &attempts).await {
                Some(arn) => arn,
                None => return Err(error),
            },
        };
        let known = known_part(planned).with("id", Value::string(&arn)).with("arn", Value::string(&arn));
        let read = persist(PROPAGATION, is_unseen, || self.read_one(aws, &arn)).await;
        read.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let client = aws.iam();
        let arn = prior.text("arn").or_else(|| prior.text("id")).unwrap_or_default();
        if !same_attribute(&self.schema.block, "policy", prior, planned) {
            make_room(client, arn).await?;
            let document = documents::compact(planned.text("policy").unwrap_or_default());
            let make = || async {
                let call = client.create_policy_version().policy_arn(arn).policy_document(&document);
                let answer = call.set_as_default(true).send().await;
                answer.map_err(|error| failed(&action("CreatePolicyVersion"), error))
            };
            persist(VISIBILITY, is_concurrent, make).await?;
        }
        tagging::update(client, Tagged::Policy(arn), prior, planned).await?;
        self.read_one(aws, arn).await
    }

    /// The versions that are not the default one go first, since IAM wants it so.
    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let client = connection.aws()?.iam();
        let Some(arn) = prior.text("arn").or_else(|| prior.text("id")) else { return Ok(()) };
        match delete_existing(client, arn).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if !checks::is_arn(id) || !id.contains(":policy/") {
            return Err(format!(
                "{id:?} is not the ARN of a policy, which looks like \"arn:aws:iam::ACCOUNT:policy/NAME\"."
            ));
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("arn", Value::string(id))]))
    }
}

impl Policy {
    /// The ARN of a known policy; made of path and name where that is all that is known.
    async fn arn_of(&self, aws: &Aws, known: &Value) -> Result<Option<String>, OperationError> {
        if let Some(arn) = known.text("arn").or_else(|| known.text("id")) {
            return Ok(Some(arn.to_owned()));
        }
        let Some(name) = known.text("name") else { return Ok(None) };
        let path = known.text("path").unwrap_or("/");
        let account = aws.account_id().await?;
        Ok(Some(format!("arn:{}:iam::{account}:policy{path}{name}", aws.partition().id)))
    }

    /// The ARN of the policy, if an earlier try of the call made it whose answer was lost.
    async fn made_already(
        &self,
        aws: &Aws,
        planned: &Value,
        error: &OperationError,
        attempts: &Attempts,
    ) -> Option<String> {
        if error.kind != ErrorKind::AlreadyExists || !attempts.may_have_acted() {
            return None;
        }
        let known = self.identity(planned)?;
        let arn = self.arn_of(aws, &known).await.ok()??;
        let live = self.read_one(aws, &arn).await.ok()?;
        let same = ["policy", "description"]
            .iter()
            .all(|attribute| same_attribute(&self.schema.block, attribute, planned, &live));
        same.then_some(arn)
    }

    async fn read_one(&self, aws: &Aws, arn: &str) -> Result<Value, OperationError> {
        let client = aws.iam();
        let policy = get_policy(client, arn).await?;
        let version = policy.default_version_id().unwrap_or_default();
        let answer = client.get_policy_version().policy_arn(arn).version_id(version).send().await;
        let answer = answer.map_err(|error| failed(&action("GetPolicyVersion"), error))?;
        let document = answer.policy_version().and_then(PolicyVersion::document).map(documents::decode);
        let name = policy.policy_name().unwrap_or_default();
        Ok(self.schema.block.object([
            ("id", Value::string(arn)),
            ("arn", Value::string(arn)),
            ("attachment_count", object::integer(policy.attachment_count())),
            ("description", Value::string(policy.description().unwrap_or_default())),
            ("name", Value::string(name)),
            ("name_prefix", Value::string(names::prefix_of(name))),
            ("path", object::text(policy.path())),
            ("policy", object::text(document)),
            ("policy_id", object::text(policy.policy_id())),
            ("tags_all", tagging::live(&aws.tags, policy.tags())),
        ]))
    }
}

async fn get_policy(client: &Client, arn: &str) -> Result<LivePolicy, OperationError> {
    let answer = client.get_policy().policy_arn(arn).send().await;
    let answer = answer.map_err(|error| failed(&action("GetPolicy"), error))?;
    answer.policy.ok_or_else(|| {
        OperationError::new(ErrorKind::NotFound, action("GetPolicy"), format!("there is no policy {arn}"))
    })
}

/// Makes the policy. Answers its ARN.
async fn make(client: &Client, planned: &Value, attempts: &Attempts) -> Result<String, OperationError> {
    let call = client
        .create_policy()
        .policy_name(planned.text("name").unwrap_or_default())
        .policy_document(documents::compact(planned.text("policy").unwrap_or_default()))
        .set_path(filled(planned.text("path")).map(str::to_owned))
        .set_description(filled(planned.text("description")).map(str::to_owned))
        .set_tags(tagging::of(planned));
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    let answer = answer.map_err(|error| failed(&action("CreatePolicy"), error))?;
    answer.policy.and_then(|policy| policy.arn).ok_or_else(|| {
        OperationError::new(ErrorKind::Other, action("CreatePolicy"), "AWS answered no policy")
    })
}

/// The versions of a policy, the newest first, as IAM lists them.
async fn versions(client: &Client, arn: &str) -> Result<Vec<PolicyVersion>, OperationError> {
    let mut pages = client.list_policy_versions().policy_arn(arn).into_paginator().items().send();
    let mut versions = Vec::new();
    while let Some(version) = pages.next().await {
        versions.push(version.map_err(|error| failed(&action("ListPolicyVersions"), error))?);
    }
    Ok(versions)
}

/// Deletes the oldest version that is not the default one, if the policy has as many as it may have.
async fn make_room(client: &Client, arn: &str) -> Result<(), OperationError> {
    let versions = versions(client, arn).await?;
    if versions.len() < MAX_VERSIONS {
        return Ok(());
    }
    let others = versions.iter().filter(|version| !version.is_default_version());
    let age = |version: &&PolicyVersion| (version.create_date().map(|date| date.as_nanos()), number(version));
    match others.min_by_key(age).and_then(PolicyVersion::version_id) {
        Some(oldest) => delete_version(client, arn, oldest).await,
        None => Ok(()),
    }
}

/// The number in a version's id: `v3`.
fn number(version: &PolicyVersion) -> Option<u64> {
    version.version_id()?.strip_prefix('v')?.parse().ok()
}

async fn delete_version(client: &Client, arn: &str, version: &str) -> Result<(), OperationError> {
    let answer = client.delete_policy_version().policy_arn(arn).version_id(version).send().await;
    match answer.map_err(|error| failed(&action("DeletePolicyVersion"), error)) {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn delete_existing(client: &Client, arn: &str) -> Result<(), OperationError> {
    for version in versions(client, arn).await? {
        if !version.is_default_version() {
            delete_version(client, arn, version.version_id().unwrap_or_default()).await?;
        }
    }
    // A role that was just deleted may be seen to have the policy for a moment.
    let remove = || async {
        let answer = client.delete_policy().policy_arn(arn).send().await;
        answer.map(drop).map_err(|error| failed(&action("DeletePolicy"), error))
    };
    persist(VISIBILITY, |error| error.kind == ErrorKind::InUse, remove).await
}
