//! `aws_autoscaling_policy`: when a group gets more instances, or fewer.
//!
//! Facts: EC2 Auto Scaling API reference (PutScalingPolicy, DescribePolicies, DeletePolicy); the AWS provider's manual
//! page, and its plans.

mod below;
mod metrics;
mod predictive;
mod read;
mod schema;
mod target;
mod validate;

use async_trait::async_trait;
use aws_sdk_autoscaling::types::StepAdjustment;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::autoscaling::values::{filled, owned, small};
use crate::provider::aws::autoscaling::{action, is_gone};
use crate::provider::aws::elbv2::blocks::same_attribute;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::Schema;

use schema::{PREDICTIVE, SCHEMA, SIMPLE, STEP, TARGET};

/// `aws_autoscaling_policy`
pub(super) struct Policy;

#[async_trait]
impl ResourceType for Policy {
    fn name(&self) -> &'static str {
        "aws_autoscaling_policy"
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["autoscaling_group_name"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        let name = "metric_aggregation_type";
        let is_said = change
            .config
            .as_entries()
            .and_then(|entries| entries.get(name))
            .is_some_and(|one| !one.is_null());
        // Only policies of steps have one.
        if let Some(prior) = change.prior
            && !is_said
            && !same_attribute(&SCHEMA.block, "policy_type", prior, &change.planned)
        {
            change.planned = change.planned.with(name, Value::unknown(Type::String));
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async { read::read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(seed(prepared.text("autoscaling_group_name")?, prepared.text("name")?))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        put(aws, planned).await?;
        let known = known_part(planned).with("id", Value::string(planned.text("name").unwrap_or_default()));
        read_one(aws, planned).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        put(aws, planned).await?;
        read_one(aws, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = filled(prior, "name") else { return Ok(()) };
        let call = aws
            .autoscaling()
            .delete_policy()
            .set_auto_scaling_group_name(owned(prior, "autoscaling_group_name"))
            .policy_name(name);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed(&action("DeletePolicy"), error) {
                error if is_gone(&error) => Ok(()),
                error => Err(error),
            },
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match id.split_once('/') {
            Some((group, name)) if !group.is_empty() && !name.is_empty() => Ok(seed(group, name)),
            _ => Err(format!(
                "\"{id}\" is not the import id of an aws_autoscaling_policy, which looks like \"GROUP/POLICY\", the \
                 names of the group and of the policy."
            )),
        }
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        Some(format!("{}/{}", object.text("autoscaling_group_name")?, object.text("name")?))
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        below::below(connection, objects).await
    }
}

fn seed(group: &str, name: &str) -> Value {
    SCHEMA.block.object([
        ("autoscaling_group_name", Value::string(group)),
        ("id", Value::string(name)),
        ("name", Value::string(name)),
    ])
}

async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    match read::read(aws, &[ReadRequest { known: known_part(known) }]).await?.pop() {
        Some(ReadResult::Found(object)) => Ok(object),
        Some(ReadResult::Unreadable(error)) => Err(error),
        Some(ReadResult::Missing) | None => Err(OperationError::new(
            ErrorKind::NotFound,
            action("DescribePolicies"),
            "the policy is not there any more",
        )),
    }
}

/// Makes a policy or replaces it whole; to the service both are one. What a kind of policy does not have must not be
/// sent with it.
async fn put(aws: &Aws, planned: &Value) -> Result<(), OperationError> {
    let kind = filled(planned, "policy_type").unwrap_or(SIMPLE);
    let only = |kinds: &[&str], number: Option<i32>| number.filter(|_| kinds.contains(&kind));
    let steps: Vec<StepAdjustment> = planned.blocks("step_adjustment").iter().map(step).collect();
    // A simple policy may adjust by nothing, which the schema cannot tell from an adjustment that is left out.
    let adjustment = small(planned, "scaling_adjustment").unwrap_or_default();
    let call = aws
        .autoscaling()
        .put_scaling_policy()
        .set_adjustment_type(owned(planned, "adjustment_type").filter(|_| [SIMPLE, STEP].contains(&kind)))
        .set_auto_scaling_group_name(owned(planned, "autoscaling_group_name"))
        .set_cooldown(only(&[SIMPLE], small(planned, "cooldown")))
        .set_enabled(planned.boolean("enabled"))
        .set_estimated_instance_warmup(only(&[STEP, TARGET], small(planned, "estimated_instance_warmup")))
        .set_metric_aggregation_type(owned(planned, "metric_aggregation_type").filter(|_| kind == STEP))
        .set_min_adjustment_magnitude(
            only(&[SIMPLE, STEP], small(planned, "min_adjustment_magnitude")).filter(|least| *least != 0),
        )
        .set_policy_name(owned(planned, "name"))
        .policy_type(kind)
        .set_predictive_scaling_configuration(
            planned
                .block("predictive_scaling_configuration")
                .filter(|_| kind == PREDICTIVE)
                .map(predictive::expand),
        )
        .set_scaling_adjustment(only(&[SIMPLE], Some(adjustment)))
        .set_step_adjustments(Some(steps).filter(|steps| !steps.is_empty()))
        .set_target_tracking_configuration(
            planned.block("target_tracking_configuration").filter(|_| kind == TARGET).map(target::expand),
        );
    let answer = call.send().await.map(drop);
    answer.map_err(|error| failed(&action("PutScalingPolicy"), error))
}

fn step(block: &Value) -> StepAdjustment {
    let bound = |name: &str| block.text(name).and_then(|text| text.parse::<f64>().ok());
    StepAdjustment::builder()
        .set_metric_interval_lower_bound(bound("metric_interval_lower_bound"))
        .set_metric_interval_upper_bound(bound("metric_interval_upper_bound"))
        .set_scaling_adjustment(small(block, "scaling_adjustment"))
        .build()
}
