//! `aws_appautoscaling_target`: the limits between which a resource is scaled.
//!
//! Facts: Application Auto Scaling API reference (RegisterScalableTarget, DescribeScalableTargets,
//! DeregisterScalableTarget, TagResource, …); the AWS provider's manual page, and its plans.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use async_trait::async_trait;
use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget, ServiceNamespace, SuspendedState,
};
use futures::future::join_all;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::autoscaling::values::{owned, small};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::eventual::{VISIBILITY, is_unseen, persist};
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

use super::place::{Place, by_namespace};
use super::{AT_ONCE, action, settled};

/// The only service that is scaled with a role of the user's: all others have a service-linked role, and ignore any
/// other (API reference, RegisterScalableTarget, `RoleARN`).
const WITH_ROLES: &str = "elasticmapreduce";

const SUSPENDED_STATE: &str = "suspended_state";

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let fixed = || AttributeSchema::required(Type::String).forces_replacement();
    let flag = || AttributeSchema::optional(Type::Bool).default(false);
    let suspended = BlockSchema::new()
        .attribute("dynamic_scaling_in_suspended", flag())
        .attribute("dynamic_scaling_out_suspended", flag())
        .attribute("scheduled_scaling_suspended", flag());
    let block = BlockSchema::new()
        .id()
        .tags()
        .attribute("arn", AttributeSchema::computed(Type::String))
        .attribute("max_capacity", AttributeSchema::required(Type::Number))
        .attribute("min_capacity", AttributeSchema::required(Type::Number))
        .attribute("resource_id", fixed())
        .attribute("role_arn", AttributeSchema::optional_computed(Type::String))
        .attribute("scalable_dimension", fixed())
        .attribute("service_namespace", fixed())
        .block(SUSPENDED_STATE, NestedBlock::one(suspended).computed());
    Schema::new(0, block)
});

/// `aws_appautoscaling_target`
pub(super) struct Target;

#[async_trait]
impl ResourceType for Target {
    fn name(&self) -> &'static str {
        "aws_appautoscaling_target"
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        checks.within("max_capacity", 0..=i64::from(i32::MAX), "");
        checks.within("min_capacity", 0..=i64::from(i32::MAX), "");
        if let (Some(least), Some(most)) = (config.integer("min_capacity"), config.integer("max_capacity"))
            && least > most
        {
            checks.combination(
                "min_capacity",
                format!("The least capacity, {least}, is more than the greatest, {most}."),
            );
        }
        checks.arn("role_arn");
        if checks.is_set("role_arn")
            && let Some(namespace) = config.text("service_namespace").filter(|name| *name != WITH_ROLES)
        {
            checks.warn(
                "role_arn",
                "The role is not used",
                format!(
                    "Resources of \"{namespace}\" are scaled with the service's own service-linked role, whatever \
                     \"role_arn\" says: leave it out."
                ),
            );
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let namespace = change.planned.known("service_namespace").and_then(Value::as_str);
        if namespace.is_none_or(|namespace| namespace == WITH_ROLES) {
            return;
        }
        let role = change.prior.and_then(|prior| prior.get("role_arn"));
        let role = role.unwrap_or_else(|| Value::unknown(Type::String));
        change.planned = change.planned.with("role_arn", role);
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read(aws, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Place::of(prepared).map(|place| seed(&place))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let place = Place::required(planned)?;
        register(aws, &place, planned, true).await?;
        let known = known_part(planned).with("id", Value::string(&place.resource));
        let made = persist(VISIBILITY, is_unseen, || read_one(aws, &place)).await;
        made.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let place = Place::required(planned)?;
        let same = |name: &&str| blocks::same_attribute(&SCHEMA.block, name, prior, planned);
        let is_same = ["max_capacity", "min_capacity", "role_arn"].iter().all(same)
            && blocks::same_blocks(&SCHEMA.block, SUSPENDED_STATE, prior, planned);
        if !is_same {
            register(aws, &place, planned, false).await?;
        }
        if let Some(arn) = owned(prior, "arn") {
            change_tags(aws, &arn, TagChanges::between(prior, planned)).await?;
        }
        read_one(aws, &place).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(place) = Place::of(prior) else { return Ok(()) };
        let deregister = || async {
            let call = aws
                .application_autoscaling()
                .deregister_scalable_target()
                .service_namespace(ServiceNamespace::from(place.namespace.as_str()))
                .resource_id(&place.resource)
                .scalable_dimension(ScalableDimension::from(place.dimension.as_str()));
            let answer = call.send().await.map(drop);
            answer.map_err(|error| failed(&action("DeregisterScalableTarget"), error))
        };
        match settled(deregister).await {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        match Place::parse(id) {
            Some((place, "")) => Ok(seed(&place)),
            _ => Err(format!(
                "\"{id}\" is not the import id of an aws_appautoscaling_target, which looks like \
                 \"NAMESPACE/RESOURCE_ID/DIMENSION\", such as \
                 \"dynamodb/table/orders/dynamodb:table:ReadCapacityUnits\"."
            )),
        }
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        Place::of(object).map(|place| place.import_id())
    }
}

fn seed(place: &Place) -> Value {
    let id = ("id", Value::string(&place.resource));
    SCHEMA.block.object(place.arguments().into_iter().chain([id]))
}

/// Makes a target or changes its limits; to the service both are one, but only a new target takes tags.
async fn register(aws: &Aws, place: &Place, planned: &Value, is_new: bool) -> Result<(), OperationError> {
    let tags = planned.text_map("tags_all");
    let attempts = Attempts::default();
    let call = || async {
        let answer = aws
            .application_autoscaling()
            .register_scalable_target()
            .service_namespace(ServiceNamespace::from(place.namespace.as_str()))
            .resource_id(&place.resource)
            .scalable_dimension(ScalableDimension::from(place.dimension.as_str()))
            .set_max_capacity(small(planned, "max_capacity"))
            .set_min_capacity(small(planned, "min_capacity"))
            .set_role_arn(owned(planned, "role_arn").filter(|_| place.namespace == WITH_ROLES))
            .set_suspended_state(planned.block(SUSPENDED_STATE).map(expand))
            .set_tags((is_new && !tags.is_empty()).then(|| tags.clone().into_iter().collect()))
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map(drop);
        answer.map_err(|error| failed(&action("RegisterScalableTarget"), error))
    };
    match settled(call).await {
        // If the first answer was lost, the target that there is already, and takes no tags, is the one just made.
        Err(error)
            if is_new
                && attempts.may_have_acted()
                && error.kind == ErrorKind::Invalid
                && error.message.to_lowercase().contains("tag")
                && find(aws, place).await.is_ok() =>
        {
            Ok(())
        }
        other => other,
    }
}

fn expand(block: &Value) -> SuspendedState {
    SuspendedState::builder()
        .set_dynamic_scaling_in_suspended(block.boolean("dynamic_scaling_in_suspended"))
        .set_dynamic_scaling_out_suspended(block.boolean("dynamic_scaling_out_suspended"))
        .set_scheduled_scaling_suspended(block.boolean("scheduled_scaling_suspended"))
        .build()
}

async fn change_tags(aws: &Aws, arn: &str, changes: TagChanges) -> Result<(), OperationError> {
    let client = aws.application_autoscaling();
    if !changes.remove.is_empty() {
        let call = client.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(|error| failed(&action("UntagResource"), error))?;
    }
    if !changes.set.is_empty() {
        let tags = changes.set.into_iter().collect();
        let call = client.tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.map_err(|error| failed(&action("TagResource"), error))?;
    }
    Ok(())
}

/// Reads the targets of each namespace together, and then each one's tags, for which there is no call for many.
async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let mut results: Vec<ReadResult> = requests.iter().map(|_| ReadResult::Missing).collect();
    let namespaces = by_namespace(requests);
    let reads = namespaces.iter().map(|(namespace, indexes)| async move {
        let places: Vec<Option<Place>> = indexes
            .iter()
            .filter_map(|index| requests.get(*index))
            .map(|one| Place::of(&one.known))
            .collect();
        let ids: BTreeSet<&str> = places.iter().flatten().map(|place| place.resource.as_str()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let found = match describe(aws, namespace, &ids).await {
            Ok(found) => found,
            Err(error) => return all_unreadable(indexes.len(), &error),
        };
        let objects = places.iter().map(|place| async {
            match place.as_ref().and_then(|place| found.get(place)) {
                Some(live) => read_result(value(aws, live).await),
                None => ReadResult::Missing,
            }
        });
        join_all(objects).await
    });
    for (indexes, read) in namespaces.values().zip(join_all(reads).await) {
        for (index, result) in indexes.iter().zip(read) {
            if let Some(slot) = results.get_mut(*index) {
                *slot = result;
            }
        }
    }
    results
}

/// The targets of these resources in all their dimensions.
async fn describe(
    aws: &Aws,
    namespace: &str,
    ids: &[&str],
) -> Result<HashMap<Place, ScalableTarget>, OperationError> {
    let mut found = HashMap::new();
    for ids in ids.chunks(AT_ONCE) {
        let mut token = None;
        loop {
            let call = aws
                .application_autoscaling()
                .describe_scalable_targets()
                .service_namespace(ServiceNamespace::from(namespace))
                .set_resource_ids(Some(ids.iter().map(|id| (*id).to_owned()).collect()))
                .set_next_token(token);
            let answer = call.send().await;
            let answer = answer.map_err(|error| failed(&action("DescribeScalableTargets"), error))?;
            for live in answer.scalable_targets.unwrap_or_default() {
                let place = Place {
                    namespace: live.service_namespace().as_str().to_owned(),
                    resource: live.resource_id().to_owned(),
                    dimension: live.scalable_dimension().as_str().to_owned(),
                };
                found.insert(place, live);
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

async fn find(aws: &Aws, place: &Place) -> Result<ScalableTarget, OperationError> {
    let mut found = describe(aws, &place.namespace, &[&place.resource]).await?;
    found.remove(place).ok_or_else(|| {
        OperationError::new(
            ErrorKind::NotFound,
            action("DescribeScalableTargets"),
            "the scalable target is not there any more",
        )
    })
}

async fn read_one(aws: &Aws, place: &Place) -> Result<Value, OperationError> {
    value(aws, &find(aws, place).await?).await
}

async fn value(aws: &Aws, live: &ScalableTarget) -> Result<Value, OperationError> {
    let schema = &SCHEMA.block;
    let tags = match live.scalable_target_arn() {
        Some(arn) => {
            let answer =
                aws.application_autoscaling().list_tags_for_resource().resource_arn(arn).send().await;
            let answer = answer.map_err(|error| failed(&action("ListTagsForResource"), error))?;
            answer.tags.unwrap_or_default()
        }
        // Registered before targets had ARNs and tags.
        None => HashMap::new(),
    };
    let suspended = match live.suspended_state() {
        Some(state) => {
            let flag = |flag: Option<bool>| Value::bool(flag.unwrap_or_default());
            blocks::one(
                schema,
                SUSPENDED_STATE,
                [
                    ("dynamic_scaling_in_suspended", flag(state.dynamic_scaling_in_suspended())),
                    ("dynamic_scaling_out_suspended", flag(state.dynamic_scaling_out_suspended())),
                    ("scheduled_scaling_suspended", flag(state.scheduled_scaling_suspended())),
                ],
            )
        }
        None => blocks::none(schema, SUSPENDED_STATE),
    };
    Ok(schema.object([
        ("arn", object::text(live.scalable_target_arn())),
        ("id", Value::string(live.resource_id())),
        ("max_capacity", Value::number(i64::from(live.max_capacity()))),
        ("min_capacity", Value::number(i64::from(live.min_capacity()))),
        ("resource_id", Value::string(live.resource_id())),
        ("role_arn", Value::string(live.role_arn())),
        ("scalable_dimension", Value::string(live.scalable_dimension().as_str())),
        ("service_namespace", Value::string(live.service_namespace().as_str())),
        (SUSPENDED_STATE, suspended),
        ("tags_all", aws.tags.live(&tags)),
    ]))
}
