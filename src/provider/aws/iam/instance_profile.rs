//! `aws_iam_instance_profile`: what gives a role to an EC2 instance.
//!
//! Facts: IAM API reference (CreateInstanceProfile, AddRoleToInstanceProfile, GetInstanceProfile, …: a profile has
//! one role at most); the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::InstanceProfile as LiveProfile;

use super::eventual::{PROPAGATION, VISIBILITY, is_unseen, persist};
use super::tagging::{self, Tagged};
use super::{action, checks, concurrently, date};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::elbv2::blocks::filled;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::{Aws, names};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// The longest name of an instance profile.
const MAX_NAME: usize = 128;

/// `aws_iam_instance_profile`
pub struct InstanceProfile {
    schema: Schema,
}

impl Default for InstanceProfile {
    fn default() -> InstanceProfile {
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let computed = || AttributeSchema::computed(Type::String);
        let text = || AttributeSchema::optional(Type::String);
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("create_date", computed())
            .attribute("name", named())
            .attribute("name_prefix", named())
            .attribute("path", text().default("/").forces_replacement())
            .attribute("role", text())
            .attribute("unique_id", computed());
        InstanceProfile { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for InstanceProfile {
    fn name(&self) -> &'static str {
        "aws_iam_instance_profile"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        checks::names(&mut all, MAX_NAME);
        checks::path(&mut all);
        if filled(config.text("role")).is_some() {
            checks::role(&mut all, "role");
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let calls = requests.iter().map(|request| async {
            match name_of(&request.known) {
                Some(name) => read_result(self.read_one(aws, name).await),
                None => ReadResult::Missing,
            }
        });
        concurrently(calls.collect()).await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema.block.object([("id", Value::string(name)), ("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let client = aws.iam();
        let name = planned.text("name").unwrap_or_default();
        let attempts = Attempts::default();
        let call = client
            .create_instance_profile()
            .instance_profile_name(name)
            .set_path(filled(planned.text("path")).map(str::to_owned))
            .set_tags(tagging::of(planned));
        if let Err(error) = call.customize().interceptor(attempts.clone()).send().await {
            let error = failed(&action("CreateInstanceProfile"), error);
            // If the first answer was lost, a profile of this name and path that has no role is the one just made.
            let is_ours = error.kind == ErrorKind::AlreadyExists
                && attempts.may_have_acted()
                && get_profile(client, name).await.is_ok_and(|profile| {
                    profile.roles().is_empty() && planned.text("path") == Some(profile.path())
                });
            if !is_ours {
                return Err(error);
            }
        }
        let known = known_part(planned).with("id", Value::string(name));
        match self.finish(aws, name, planned).await {
            Ok(object) => Ok(object),
            Err(error) => Err(error.with_partial(self.read_one(aws, name).await.unwrap_or(known))),
        }
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let client = aws.iam();
        let name = name_of(prior).unwrap_or_default();
        let (before, after) = (filled(prior.text("role")), filled(planned.text("role")));
        if before != after {
            if let Some(role) = before {
                remove_role(client, name, role).await?;
            }
            if let Some(role) = after {
                add_role(client, name, role).await?;
            }
        }
        tagging::update(client, Tagged::InstanceProfile(name), prior, planned).await?;
        self.read_one(aws, name).await
    }

    /// A profile that has a role cannot be deleted, so the role goes first, whichever it is now.
    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let client = connection.aws()?.iam();
        let Some(name) = name_of(prior) else { return Ok(()) };
        match delete_existing(client, name).await {
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || id.contains('/') || id.contains(':') {
            return Err(format!(
                "{id:?} is not the name of an instance profile, which the import id of aws_iam_instance_profile is."
            ));
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("name", Value::string(id))]))
    }
}

impl InstanceProfile {
    /// What is left to do once the profile exists.
    async fn finish(&self, aws: &Aws, name: &str, planned: &Value) -> Result<Value, OperationError> {
        let client = aws.iam();
        persist(PROPAGATION, is_unseen, || get_profile(client, name)).await?;
        if let Some(role) = filled(planned.text("role")) {
            add_role(client, name, role).await?;
        }
        self.read_one(aws, name).await
    }

    async fn read_one(&self, aws: &Aws, name: &str) -> Result<Value, OperationError> {
        let profile = get_profile(aws.iam(), name).await?;
        let role = profile.roles().first().map_or("", |role| role.role_name());
        let name = profile.instance_profile_name();
        Ok(self.schema.block.object([
            ("id", Value::string(name)),
            ("arn", Value::string(profile.arn())),
            ("create_date", Value::string(date(profile.create_date()))),
            ("name", Value::string(name)),
            ("name_prefix", Value::string(names::prefix_of(name))),
            ("path", Value::string(profile.path())),
            ("role", Value::string(role)),
            ("tags_all", tagging::live(&aws.tags, profile.tags())),
            ("unique_id", Value::string(profile.instance_profile_id())),
        ]))
    }
}

async fn get_profile(client: &Client, name: &str) -> Result<LiveProfile, OperationError> {
    let answer = client.get_instance_profile().instance_profile_name(name).send().await;
    let answer = answer.map_err(|error| failed(&action("GetInstanceProfile"), error))?;
    answer.instance_profile.ok_or_else(|| {
        let message = format!("there is no instance profile {name:?}");
        OperationError::new(ErrorKind::NotFound, action("GetInstanceProfile"), message)
    })
}

/// Puts a role into a profile. Either may have been made a moment ago.
async fn add_role(client: &Client, profile: &str, role: &str) -> Result<(), OperationError> {
    let add = || async {
        let call = client.add_role_to_instance_profile().instance_profile_name(profile).role_name(role);
        call.send().await.map_err(|error| failed(&action("AddRoleToInstanceProfile"), error))
    };
    persist(VISIBILITY, is_unseen, add).await?;
    Ok(())
}

async fn remove_role(client: &Client, profile: &str, role: &str) -> Result<(), OperationError> {
    let call = client.remove_role_from_instance_profile().instance_profile_name(profile).role_name(role);
    match call.send().await.map_err(|error| failed(&action("RemoveRoleFromInstanceProfile"), error)) {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

async fn delete_existing(client: &Client, name: &str) -> Result<(), OperationError> {
    for role in get_profile(client, name).await?.roles() {
        remove_role(client, name, role.role_name()).await?;
    }
    let remove = || async {
        let answer = client.delete_instance_profile().instance_profile_name(name).send().await;
        answer.map(drop).map_err(|error| failed(&action("DeleteInstanceProfile"), error))
    };
    persist(VISIBILITY, |error| error.kind == ErrorKind::InUse, remove).await
}

/// The recorded name of a profile, which is its id.
fn name_of(known: &Value) -> Option<&str> {
    known.text("name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}
