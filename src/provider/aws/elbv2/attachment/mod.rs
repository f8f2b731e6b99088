//! `aws_lb_target_group_attachment`: one target of a target group.
//!
//! Facts: Elastic Load Balancing API reference 2015-12-01 (RegisterTargets, DescribeTargetHealth, DeregisterTargets); the
//! AWS provider's manual page, and its plans.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    TargetDescription, TargetHealthDescription, TargetHealthReasonEnum, TargetHealthStateEnum,
};

use super::checks::Checks;
use super::{action, concurrently};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::{self, Object};
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// How long an instance that was just made may not be one to send requests to.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// What separates the parts of an import id.
const SEPARATOR: char = ',';

static SCHEMA: std::sync::LazyLock<Schema> = std::sync::LazyLock::new(|| {
    let required = || AttributeSchema::required(Type::String).forces_replacement();
    let block = BlockSchema::new()
        .id()
        .attribute("availability_zone", AttributeSchema::optional(Type::String).forces_replacement())
        .attribute("port", AttributeSchema::optional(Type::Number).forces_replacement())
        .attribute("target_group_arn", required())
        .attribute("target_id", required());
    Schema::new(0, block)
});

/// The resource type, under one of its names.
pub struct Attachment {
    pub name: &'static str,
}

fn port(object: &Value) -> Option<i32> {
    object.integer("port").and_then(|port| i32::try_from(port).ok())
}

/// The target as the service takes it.
fn target(object: &Value) -> TargetDescription {
    let zone = object.text("availability_zone").filter(|zone| !zone.is_empty()).map(str::to_owned);
    TargetDescription::builder()
        .set_id(object.text("target_id").map(str::to_owned))
        .set_port(port(object))
        .set_availability_zone(zone)
        .build()
}

#[async_trait]
impl ResourceType for Attachment {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        checks.arn("target_group_arn");
        checks.within("port", 1..=65535, "");
        checks.length("target_id", 1..=2048);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["target_group_arn"]
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read(aws.elb(), requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        // The provider's id: AWS has none for the relation.
        let id = format!("{}-{unique}", planned.text("target_group_arn").unwrap_or_default());
        planned.with("id", Value::string(id))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(prepared.clone())
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let client = connection.aws()?.elb();
        let call = client
            .register_targets()
            .target_group_arn(planned.text("target_group_arn").unwrap_or_default())
            .targets(target(planned));
        let look = || async {
            match call.clone().send().await {
                Ok(_) => Ok(Progress::Done(())),
                Err(error) => {
                    let error = failed(&action("RegisterTargets"), error);
                    match error.code.as_deref() {
                        // An instance is no target before it runs.
                        Some("InvalidTarget") => Ok(Progress::Waiting(error.message)),
                        _ => Err(error),
                    }
                }
            }
        };
        until("the target to be accepted", PATIENCE, look).await?;
        Ok(known_part(planned))
    }

    async fn update(
        &self,
        _connection: &Connection,
        prior: &Value,
        _planned: &Value,
    ) -> Result<Value, OperationError> {
        // Whatever differs is another attachment.
        Ok(prior.clone())
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let client = connection.aws()?.elb();
        let group = prior.text("target_group_arn").unwrap_or_default();
        let call = client.deregister_targets().target_group_arn(group).targets(target(prior));
        match call.send().await.map_err(|error| failed(&action("DeregisterTargets"), error)) {
            // Its group is gone, or it is not in it.
            Err(error)
                if error.kind == ErrorKind::NotFound || error.code.as_deref() == Some("InvalidTarget") =>
            {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let wrong = || {
            "The import id of aws_lb_target_group_attachment is \"TARGET_GROUP_ARN,TARGET_ID\", with \",PORT\" and \
             \",AVAILABILITY_ZONE\" behind it where the target has them."
                .to_owned()
        };
        let parts: Vec<&str> = id.split(SEPARATOR).collect();
        let [group, target, rest @ ..] = parts.as_slice() else { return Err(wrong()) };
        if rest.len() > 2 || group.is_empty() || target.is_empty() {
            return Err(wrong());
        }
        let port = match rest.first().filter(|port| !port.is_empty()) {
            Some(port) => Some(port.parse::<u16>().map_err(|_| wrong())?),
            None => None,
        };
        Ok(SCHEMA.block.object([
            ("id", Value::string(id)),
            ("target_group_arn", Value::string(group)),
            ("target_id", Value::string(target)),
            ("port", object::integer(port)),
            ("availability_zone", object::text(rest.get(1))),
        ]))
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        let (group, target) = (object.text("target_group_arn")?, object.text("target_id")?);
        let mut parts = vec![group.to_owned(), target.to_owned()];
        let (port, zone) = (object.integer("port"), object.text("availability_zone"));
        if port.is_some() || zone.is_some() {
            parts.push(port.map_or_else(String::new, |port| port.to_string()));
        }
        parts.extend(zone.map(str::to_owned));
        Some(parts.join(&SEPARATOR.to_string()))
    }
}

/// Reads attachments, all of a target group with one call.
async fn read(client: &Client, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        groups.entry(request.known.text("target_group_arn").unwrap_or_default()).or_default().push(index);
    }
    let mut results: Vec<ReadResult> = requests.iter().map(|_| ReadResult::Missing).collect();
    let calls = groups.keys().map(|group| targets(client, group)).collect();
    for (answer, indexes) in concurrently(calls).await.into_iter().zip(groups.values()) {
        for index in indexes {
            results[*index] = match &answer {
                Ok(live) => found(live, &requests[*index].known),
                // Without its group there is no target.
                Err(error) if error.kind == ErrorKind::NotFound => ReadResult::Missing,
                Err(error) => ReadResult::Unreadable(error.clone()),
            };
        }
    }
    results
}

/// The targets of a group that are there to stay.
async fn targets(client: &Client, group: &str) -> Result<Vec<TargetDescription>, OperationError> {
    let answer = client.describe_target_health().target_group_arn(group).send().await;
    let answer = answer.map_err(|error| failed(&action("DescribeTargetHealth"), error))?;
    let live = answer.target_health_descriptions.unwrap_or_default().into_iter();
    Ok(live.filter(|description| !is_leaving(description)).filter_map(|one| one.target).collect())
}

/// A target that is being let go of, or that was never there, counts as gone.
fn is_leaving(description: &TargetHealthDescription) -> bool {
    let health = description.target_health();
    let state = health.and_then(|health| health.state());
    let reason = health.and_then(|health| health.reason());
    state == Some(&TargetHealthStateEnum::Draining)
        || matches!(
            reason,
            Some(TargetHealthReasonEnum::NotRegistered | TargetHealthReasonEnum::DeregistrationInProgress)
        )
}

/// A target without a port of its own has the group's.
fn found(live: &[TargetDescription], known: &Value) -> ReadResult {
    let is_it = |target: &&TargetDescription| {
        target.id() == known.text("target_id") && port(known).is_none_or(|port| target.port() == Some(port))
    };
    if !live.iter().any(|target| is_it(&target)) {
        return ReadResult::Missing;
    }
    let names = ["id", "availability_zone", "port", "target_group_arn", "target_id"];
    let given = names.into_iter().filter_map(|name| Some((name, known.get(name)?)));
    ReadResult::Found(SCHEMA.block.object(given))
}
