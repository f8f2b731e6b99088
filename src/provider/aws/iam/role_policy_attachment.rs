//! `aws_iam_role_policy_attachment`: that a role has a policy which exists by itself.
//!
//! Facts: IAM API reference (AttachRolePolicy, ListAttachedRolePolicies, DetachRolePolicy); the AWS provider's manual
//! page.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;

use super::action;
use super::checks;
use super::concurrently;
use super::eventual::{PROPAGATION, is_unseen, persist};
use super::role::policies::{attach, detach, read_attached};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_iam_role_policy_attachment`
pub struct RolePolicyAttachment {
    schema: Schema,
}

impl Default for RolePolicyAttachment {
    fn default() -> RolePolicyAttachment {
        let required = || AttributeSchema::required(Type::String).forces_replacement();
        let block = BlockSchema::new().id().attribute("policy_arn", required()).attribute("role", required());
        RolePolicyAttachment { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for RolePolicyAttachment {
    fn name(&self) -> &'static str {
        "aws_iam_role_policy_attachment"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        all.arn("policy_arn");
        if all.config.known("role").is_some() {
            checks::role(&mut all, "role");
        }
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["role", "policy_arn"]
    }

    /// One call for all attachments of a role.
    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let roles: BTreeSet<&str> =
            requests.iter().filter_map(|request| request.known.text("role")).collect();
        let calls = roles.into_iter().map(|role| async move {
            let attached = read_attached(aws.iam(), role).await;
            (role, attached.map(HashSet::<String>::from_iter))
        });
        let attached: BTreeMap<_, _> = concurrently(calls.collect()).await.into_iter().collect();
        let answer = |request: &ReadRequest| {
            let (Some(role), Some(arn)) = (request.known.text("role"), request.known.text("policy_arn"))
            else {
                return ReadResult::Missing;
            };
            match attached.get(role) {
                Some(Ok(arns)) if arns.contains(arn) => {
                    ReadResult::Found(self.object(&request.known, role, arn))
                }
                Some(Err(error)) if error.kind != ErrorKind::NotFound => {
                    ReadResult::Unreadable(error.clone())
                }
                _ => ReadResult::Missing,
            }
        };
        requests.iter().map(answer).collect()
    }

    /// The id says nothing to AWS, and is the AWS provider's: the role and what makes it unique.
    fn prepare(&self, planned: Value, unique: &str) -> Value {
        if planned.known("id").is_some() {
            return planned;
        }
        let id = format!("{}-{unique}", planned.text("role").unwrap_or_default());
        planned.with("id", Value::string(id))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let (role, arn) = (prepared.text("role")?, prepared.text("policy_arn")?);
        Some(self.object(prepared, role, arn))
    }

    /// Attaching a policy that is attached already is no error, to IAM and to the AWS provider.
    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let client = connection.aws()?.iam();
        let (role, arn) =
            (planned.text("role").unwrap_or_default(), planned.text("policy_arn").unwrap_or_default());
        attach(client, role, arn).await?;
        let look = || async {
            if read_attached(client, role).await?.iter().any(|attached| attached == arn) {
                return Ok(());
            }
            let message = format!("the policy {arn} is not to be seen at the role {role:?}");
            Err(OperationError::new(ErrorKind::NotFound, action("ListAttachedRolePolicies"), message))
        };
        let seen = persist(PROPAGATION, is_unseen, look).await;
        seen.map_err(|error| error.with_partial(known_part(planned)))?;
        Ok(self.object(planned, role, arn))
    }

    async fn update(
        &self,
        _connection: &Connection,
        prior: &Value,
        _planned: &Value,
    ) -> Result<Value, OperationError> {
        // No argument can change without another attachment.
        Ok(prior.clone())
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let client = connection.aws()?.iam();
        match (prior.text("role"), prior.text("policy_arn")) {
            (Some(role), Some(arn)) => detach(client, role, arn).await,
            _ => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match id.split_once('/') {
            Some((role, arn)) if !role.is_empty() && checks::is_arn(arn) => {
                Ok(self.object(&Value::empty_object(), role, arn))
            }
            _ => Err(format!("{id:?} is not of the form \"ROLE/POLICY-ARN\".")),
        }
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        Some(format!("{}/{}", object.text("role")?, object.text("policy_arn")?))
    }

    async fn below(&self, _connection: &Connection, objects: &StackObjects) -> Below {
        super::below::attached(objects)
    }
}

impl RolePolicyAttachment {
    /// The complete object. Without a known id it has the one that the AWS provider gives to an imported attachment.
    fn object(&self, known: &Value, role: &str, arn: &str) -> Value {
        let id = known.text("id").map_or_else(|| format!("{role}-{arn}"), str::to_owned);
        self.schema.block.object([
            ("id", Value::string(id)),
            ("policy_arn", Value::string(arn)),
            ("role", Value::string(role)),
        ])
    }
}
