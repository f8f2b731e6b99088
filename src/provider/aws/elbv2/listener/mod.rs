//! `aws_lb_listener`: what a load balancer listens to, and what it does with it.

pub mod actions;
pub mod plan;
mod read;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod validate;
mod write;

pub(super) use read::list;

use std::time::Duration;

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::Schema;

use super::arn;

/// How long the provider waits for each action where the code does not say.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The resource type, under one of its names.
pub struct Listener {
    pub name: &'static str,
}

#[async_trait]
impl ResourceType for Listener {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> &Schema {
        &schema::SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["load_balancer_arn"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        plan::plan(change);
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let load_balancer = prepared.text("load_balancer_arn")?;
        let mut given = vec![("load_balancer_arn", Value::string(load_balancer))];
        given.extend(prepared.known("port").map(|port| ("port", port.clone())));
        Some(self.schema().block.object(given))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        write::create(connection.aws()?, planned).await
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        write::update(connection.aws()?, prior, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        write::delete(connection.aws()?.elb(), prior).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if arn::load_balancer_of_listener(id).is_none() {
            return Err(format!(
                "\"{id}\" is not the ARN of a listener, which looks like \"arn:aws:elasticloadbalancing:REGION:ACCOUNT:\
                 listener/app/NAME/LOAD-BALANCER-ID/ID\"."
            ));
        }
        Ok(self.schema().block.object([("id", Value::string(id)), ("arn", Value::string(id))]))
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        super::below::listeners(connection, objects).await
    }
}
