//! `aws_launch_template`.
//!
//! Facts: EC2 API reference (CreateLaunchTemplate, CreateLaunchTemplateVersion, ModifyLaunchTemplate,
//! DescribeLaunchTemplates, DescribeLaunchTemplateVersions and their types); EC2 User Guide, “Store instance launch
//! parameters in Amazon EC2 launch templates”; the AWS provider's manual page, and its plans.

mod content;
mod plan;
mod read;
mod requirements;
mod schema;
mod validate;
mod write;

use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::ResourceType as TaggedType;

use super::network::settle::{settled, unless_gone};
use super::network::{filled, owned, seed};
use super::{tag_specification, update_tags};
use crate::lang::value::Value;
use crate::provider::aws::errors::failed;
use crate::provider::aws::names;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

/// How long a change may take to be shown. The type has no `timeouts` block.
const PATIENCE: Duration = Duration::from_secs(2 * 60);

/// `aws_launch_template`
pub struct LaunchTemplate;

#[async_trait]
impl ResourceType for LaunchTemplate {
    fn name(&self) -> &'static str {
        "aws_launch_template"
    }

    fn schema(&self) -> &Schema {
        &schema::SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        plan::plan(change);
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async { read::read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema().block.object([("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let tags = tag_specification(TaggedType::LaunchTemplate, &planned.text_map("tags_all"));
        // The SDK sends a token of its own, so a call whose answer was lost makes one template only.
        let answer = aws
            .ec2()
            .create_launch_template()
            .set_launch_template_name(owned(planned, "name"))
            .set_version_description(owned(planned, "description"))
            .launch_template_data(write::data(planned))
            .set_tag_specifications(tags)
            .send()
            .await
            .map_err(|error| failed("ec2:CreateLaunchTemplate", error))?;
        let made = answer.launch_template.and_then(|template| template.launch_template_id);
        let id = made.ok_or_else(|| {
            OperationError::new(ErrorKind::Other, "ec2:CreateLaunchTemplate", "AWS answered no template")
        })?;
        let known = known_part(planned).with("id", Value::string(&id));
        settled(self, connection, None, planned, &id).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = filled(prior, "id").unwrap_or_default();
        let mut planned = planned.clone();
        let mut latest = prior.integer("latest_version");
        if plan::is_new_version(prior, &planned) {
            let answer = aws
                .ec2()
                .create_launch_template_version()
                .launch_template_id(id)
                .set_version_description(owned(&planned, "description"))
                .launch_template_data(write::data(&planned))
                .send()
                .await
                .map_err(|error| failed("ec2:CreateLaunchTemplateVersion", error))?;
            latest = answer.launch_template_version.and_then(|version| version.version_number).or(latest);
            // What is read is to be of this version.
            planned = planned.with("latest_version", object::integer(latest));
        }
        let follows = planned.boolean("update_default_version") == Some(true);
        let default = if follows { latest } else { planned.integer("default_version") };
        if let Some(default) = default.filter(|default| prior.integer("default_version") != Some(*default)) {
            let call = aws.ec2().modify_launch_template().launch_template_id(id);
            let answer = call.default_version(default.to_string()).send().await;
            answer.map_err(|error| failed("ec2:ModifyLaunchTemplate", error))?;
            planned = planned.with("default_version", object::integer(Some(default)));
        }
        update_tags(aws, id, &TagChanges::between(prior, &planned)).await?;
        settled(self, connection, Some(prior), &planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let answer = aws.ec2().delete_launch_template().launch_template_id(id).send().await.map(drop);
        unless_gone(answer.map_err(|error| failed("ec2:DeleteLaunchTemplate", error)))
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema().block, self.name(), "lt-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::launch_templates(connection.aws()?, &self.schema().block, desired).await.map(Some)
    }
}
