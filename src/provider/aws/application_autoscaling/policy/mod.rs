//! `aws_appautoscaling_policy`: when a resource gets more capacity, or less.
//!
//! Facts: Application Auto Scaling API reference (PutScalingPolicy, DescribeScalingPolicies, DeleteScalingPolicy); the
//! AWS provider's manual page, and its plans.

mod expand;
mod flatten;
mod read;
mod schema;
mod validate;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{PolicyType, ScalableDimension, ServiceNamespace};
use aws_smithy_types::error::operation::BuildError;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::autoscaling::values::filled;
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::eventual::{VISIBILITY, is_unseen, persist};
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::Schema;

use super::place::Place;
use super::{action, settled};
use schema::{SCHEMA, STEP, STEP_CONFIGURATION, TARGET_CONFIGURATION};

/// `aws_appautoscaling_policy`
pub(super) struct Policy;

#[async_trait]
impl ResourceType for Policy {
    fn name(&self) -> &'static str {
        "aws_appautoscaling_policy"
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    /// Deregistering a scalable target, whose id is that of the resource, deletes its policies.
    fn part_of(&self) -> &'static [&'static str] {
        &["resource_id"]
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        validate::validate(config, problems);
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        read::key_of(prepared).map(|(place, name)| seed(&place, &name))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        put(aws, planned).await?;
        let known = known_part(planned).with("id", Value::string(planned.text("name").unwrap_or_default()));
        let made = persist(VISIBILITY, is_unseen, || read_one(aws, planned)).await;
        made.map_err(|error| error.with_partial(known))
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
        let Some((place, name)) = read::key_of(prior) else { return Ok(()) };
        let delete = || async {
            let call = aws
                .application_autoscaling()
                .delete_scaling_policy()
                .policy_name(&name)
                .service_namespace(ServiceNamespace::from(place.namespace.as_str()))
                .resource_id(&place.resource)
                .scalable_dimension(ScalableDimension::from(place.dimension.as_str()));
            call.send().await.map(drop).map_err(|error| failed(&action("DeleteScalingPolicy"), error))
        };
        match settled(delete).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match Place::parse(id) {
            Some((place, name)) if !name.is_empty() => Ok(seed(&place, name)),
            _ => Err(format!(
                "\"{id}\" is not the import id of an aws_appautoscaling_policy, which looks like \
                 \"NAMESPACE/RESOURCE_ID/DIMENSION/NAME\", such as \
                 \"dynamodb/table/orders/dynamodb:table:ReadCapacityUnits/reads\"."
            )),
        }
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        let (place, name) = read::key_of(object)?;
        Some(format!("{}/{name}", place.import_id()))
    }
}

fn seed(place: &Place, name: &str) -> Value {
    let names = [("id", Value::string(name)), ("name", Value::string(name))];
    SCHEMA.block.object(place.arguments().into_iter().chain(names))
}

async fn read_one(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    match read::read(aws, &[ReadRequest { known: known_part(planned) }]).await.pop() {
        Some(ReadResult::Found(object)) => Ok(object),
        Some(ReadResult::Unreadable(error)) => Err(error),
        Some(ReadResult::Missing) | None => Err(OperationError::new(
            ErrorKind::NotFound,
            action("DescribeScalingPolicies"),
            "the policy is not there any more",
        )),
    }
}

/// Makes a policy or replaces it whole; to the service both are one.
async fn put(aws: &Aws, planned: &Value) -> Result<(), OperationError> {
    let place = Place::required(planned)?;
    let unfit = |error: BuildError| OperationError::internal(error.to_string());
    let steps = planned.block(STEP_CONFIGURATION).map(expand::steps).transpose().map_err(unfit)?;
    let target = planned.block(TARGET_CONFIGURATION).map(expand::target).transpose().map_err(unfit)?;
    let put = || async {
        let call = aws
            .application_autoscaling()
            .put_scaling_policy()
            .policy_name(planned.text("name").unwrap_or_default())
            .service_namespace(ServiceNamespace::from(place.namespace.as_str()))
            .resource_id(&place.resource)
            .scalable_dimension(ScalableDimension::from(place.dimension.as_str()))
            .policy_type(PolicyType::from(filled(planned, "policy_type").unwrap_or(STEP)))
            .set_step_scaling_policy_configuration(steps.clone())
            .set_target_tracking_scaling_policy_configuration(target.clone());
        call.send().await.map(drop).map_err(|error| failed(&action("PutScalingPolicy"), error))
    };
    settled(put).await
}
