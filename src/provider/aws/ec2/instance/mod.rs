//! `aws_instance`.
//!
//! Facts: EC2 API reference (RunInstances, DescribeInstances, ModifyInstanceAttribute, …); EC2 User Guide, “Amazon
//! EC2 instance lifecycle” and “Change the instance type”; the AWS provider's manual page, and its plans.

mod launch;
mod plan;
mod read;
mod schema;
mod update;
mod user_data;
mod validate;
mod volumes;

pub(super) use read::has_credits;

use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::InstanceStateName;

use super::network::settle::{settled, unless_gone};
use super::network::{filled, seed};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts, duration,
};
use crate::schema::Schema;

/// How long launching or changing an instance may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long terminating one may take.
const DELETE_PATIENCE: Duration = Duration::from_secs(20 * 60);

/// How long Windows may take to make its first password.
const PASSWORD_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// `aws_instance`
pub struct Instance;

#[async_trait]
impl ResourceType for Instance {
    fn name(&self) -> &'static str {
        "aws_instance"
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
        Timeouts { create: PATIENCE, update: PATIENCE, delete: DELETE_PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async { read::read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = launch::launch(aws, planned).await?;
        let finish = async {
            let patience = duration::timeout(planned, "create", PATIENCE);
            let running = &InstanceStateName::Running;
            let live = launch::wait_state(aws, &id, running, "ec2:RunInstances", patience).await?;
            if let Some(live) = live {
                volumes::tag_new(aws, &live, planned).await?;
            }
            // A launch cannot be told of it.
            if planned.boolean("source_dest_check") == Some(false)
                && planned.blocks("network_interface").is_empty()
            {
                update::switch(aws, &id, "source_dest_check", false).await?;
            }
            if planned.boolean("get_password_data") == Some(true) {
                wait_password(aws, &id).await?;
            }
            settled(self, connection, None, planned, &id).await
        };
        let known = known_part(planned).with("id", Value::string(&id));
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = filled(prior, "id").unwrap_or_default();
        let patience = duration::timeout(planned, "update", PATIENCE);
        update::update(aws, id, prior, planned, patience).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        // A request that persists would launch another.
        if let Some(request) = filled(prior, "spot_instance_request_id") {
            let call = aws.ec2().cancel_spot_instance_requests().spot_instance_request_ids(request);
            let answer = call.send().await.map(drop);
            unless_gone(answer.map_err(|error| failed("ec2:CancelSpotInstanceRequests", error)))?;
        }
        let answer = aws.ec2().terminate_instances().instance_ids(id).send().await.map(drop);
        unless_gone(answer.map_err(|error| failed("ec2:TerminateInstances", error)))?;
        let patience = duration::timeout(prior, "delete", DELETE_PATIENCE);
        let terminated = &InstanceStateName::Terminated;
        launch::wait_state(aws, id, terminated, "ec2:TerminateInstances", patience).await.map(drop)
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema().block, self.name(), "i-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::instances(connection.aws()?, &self.schema().block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["subnet_id", "availability_zone"]
    }
}

/// Waits until the first password is there.
async fn wait_password(aws: &Aws, id: &str) -> Result<(), OperationError> {
    wait::until(&format!("the password of {id}"), PASSWORD_PATIENCE, || async {
        let answer = aws.ec2().get_password_data().instance_id(id).send().await;
        let answer = answer.map_err(|error| failed("ec2:GetPasswordData", error))?;
        Ok(match answer.password_data().unwrap_or_default().trim().is_empty() {
            true => Progress::Waiting("not made".to_owned()),
            false => Progress::Done(()),
        })
    })
    .await
}
