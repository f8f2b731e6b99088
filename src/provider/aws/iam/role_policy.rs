//! `aws_iam_role_policy`: a policy that is part of a role.
//!
//! Facts: IAM API reference (PutRolePolicy, GetRolePolicy, DeleteRolePolicy); the AWS provider's manual page.

use async_trait::async_trait;

use super::eventual::{PROPAGATION, is_unseen, persist};
use super::role::policies::{delete_inline, put_inline};
use super::{action, checks, concurrently, documents};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::{Aws, names};
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// The longest name of an inline policy.
const MAX_NAME: usize = 128;

/// `aws_iam_role_policy`
pub struct RolePolicy {
    schema: Schema,
}

impl Default for RolePolicy {
    fn default() -> RolePolicy {
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let required = || AttributeSchema::required(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("name", named())
            .attribute("name_prefix", named())
            .attribute("policy", required().equality(Equality::Policy))
            .attribute("role", required().forces_replacement());
        RolePolicy { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for RolePolicy {
    fn name(&self) -> &'static str {
        "aws_iam_role_policy"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        checks::names(&mut all, MAX_NAME);
        checks::policy(&mut all, "policy");
        checks::role(&mut all, "role");
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["role"]
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let calls = requests.iter().map(|request| async {
            match place_of(&request.known) {
                Some((role, name)) => read_result(self.read_one(aws, role, name).await),
                None => ReadResult::Missing,
            }
        });
        concurrently(calls.collect()).await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.seed(prepared.text("role")?, prepared.text("name")?))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let Some((role, name)) = place_of(planned) else {
            return Err(OperationError::internal("an inline policy without a role or a name"));
        };
        // Put replaces a policy of the name, whoever made it.
        if names::prefix_of(name).is_empty() && self.exists(aws, role, name).await? {
            return Err(OperationError::new(
                ErrorKind::AlreadyExists,
                action("PutRolePolicy"),
                format!(
                    "the role {role:?} has an inline policy {name:?} already: import \"{role}:{name}\", or choose \
                     another name"
                ),
            ));
        }
        put_inline(aws.iam(), role, name, planned.text("policy").unwrap_or_default()).await?;
        let known = known_part(planned).with("id", id(role, name));
        let read = persist(PROPAGATION, is_unseen, || self.read_one(aws, role, name)).await;
        read.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let Some((role, name)) = place_of(prior) else {
            return Err(OperationError::internal("an inline policy without a role or a name"));
        };
        put_inline(aws.iam(), role, name, planned.text("policy").unwrap_or_default()).await?;
        self.read_one(aws, role, name).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        match place_of(prior) {
            Some((role, name)) => delete_inline(connection.aws()?.iam(), role, name).await,
            None => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match id.split_once(':') {
            Some((role, name)) if !role.is_empty() && !name.is_empty() => Ok(self.seed(role, name)),
            _ => {
                Err(format!("{id:?} is not of the form \"ROLE:POLICY\", the names of a role and its policy."))
            }
        }
    }

    async fn below(&self, _connection: &Connection, objects: &StackObjects) -> Below {
        super::below::inline(objects)
    }
}

impl RolePolicy {
    fn seed(&self, role: &str, name: &str) -> Value {
        self.schema.block.object([
            ("id", id(role, name)),
            ("name", Value::string(name)),
            ("role", Value::string(role)),
        ])
    }

    /// Whether the role has an inline policy of the name; not, if there is no such role (yet).
    async fn exists(&self, aws: &Aws, role: &str, name: &str) -> Result<bool, OperationError> {
        match self.read_one(aws, role, name).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn read_one(&self, aws: &Aws, role: &str, name: &str) -> Result<Value, OperationError> {
        let answer = aws.iam().get_role_policy().role_name(role).policy_name(name).send().await;
        let answer = answer.map_err(|error| failed(&action("GetRolePolicy"), error))?;
        Ok(self.schema.block.object([
            ("id", id(role, name)),
            ("name", Value::string(name)),
            ("name_prefix", Value::string(names::prefix_of(name))),
            ("policy", Value::string(documents::decode(answer.policy_document()))),
            ("role", Value::string(role)),
        ]))
    }
}

fn id(role: &str, name: &str) -> Value {
    Value::string(format!("{role}:{name}"))
}

/// The names of the role and of the policy in it.
pub(super) fn place_of(known: &Value) -> Option<(&str, &str)> {
    match (known.text("role"), known.text("name")) {
        (Some(role), Some(name)) => Some((role, name)),
        _ => known.text("id")?.split_once(':'),
    }
}
