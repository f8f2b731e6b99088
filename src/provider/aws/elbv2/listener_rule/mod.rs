//! `aws_lb_listener_rule`: what a listener does with requests of a kind.
//!
//! Facts: Elastic Load Balancing API reference 2015-12-01 (CreateRule, DescribeRules, ModifyRule, SetRulePriorities,
//! DeleteRule and their types); the AWS provider's manual page, and its plans.

mod conditions;
mod read;
mod schema;
mod validate;
mod write;

pub(super) use read::{list, priority};

use async_trait::async_trait;

use crate::lang::value::Value;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::below::{Below, StackObjects};
use crate::provider::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use crate::schema::Schema;

use super::{arn, listener};

/// The resource type, under one of its names.
pub struct ListenerRule {
    pub name: &'static str,
}

#[async_trait]
impl ResourceType for ListenerRule {
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
        &["listener_arn"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        listener::plan::plan_actions(change, &schema::SCHEMA.block, "action");
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    /// A listener has one rule of a priority. One whose priority is AWS's next cannot be told from others.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let given = ["listener_arn", "priority"]
            .into_iter()
            .map(|name| Some((name, prepared.known(name)?.clone())))
            .collect::<Option<Vec<_>>>()?;
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
        if arn::listener_of_rule(id).is_none() {
            return Err(format!(
                "\"{id}\" is not the ARN of a listener's rule, which looks like \"arn:aws:elasticloadbalancing:REGION:\
                 ACCOUNT:listener-rule/app/NAME/LOAD-BALANCER-ID/LISTENER-ID/ID\"."
            ));
        }
        Ok(self.schema().block.object([("id", Value::string(id)), ("arn", Value::string(id))]))
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        super::below::rules(connection, objects).await
    }
}
