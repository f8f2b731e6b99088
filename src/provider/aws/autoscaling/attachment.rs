//! `aws_autoscaling_attachment`: one target group or classic load balancer that a group registers its instances with.
//!
//! Facts: EC2 Auto Scaling API reference (AttachLoadBalancerTargetGroups, AttachLoadBalancers); the AWS provider's
//! manual page, and its plans.

use std::collections::BTreeSet;
use std::sync::LazyLock;
use std::time::Duration;

use async_trait::async_trait;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::object::Object;
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

use super::group::read::{describe, find};
use super::group::traffic::{self, Kind};
use super::values::filled;
use super::{action, is_gone};

/// How long attaching or detaching may take. The type has no `timeouts` block.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let fixed = |attribute: AttributeSchema| attribute.forces_replacement();
    let block = BlockSchema::new()
        .id()
        .attribute("autoscaling_group_name", fixed(AttributeSchema::required(Type::String)))
        .attribute("elb", fixed(AttributeSchema::optional(Type::String)))
        .attribute("lb_target_group_arn", fixed(AttributeSchema::optional(Type::String)));
    Schema::new(0, block)
});

/// `aws_autoscaling_attachment`
pub(super) struct Attachment;

/// The group, what is attached to it, and its kind.
fn parts(known: &Value) -> Option<(&str, &str, Kind)> {
    let group = filled(known, "autoscaling_group_name")?;
    match (filled(known, "elb"), filled(known, "lb_target_group_arn")) {
        (Some(name), _) => Some((group, name, Kind::LoadBalancers)),
        (None, Some(arn)) => Some((group, arn, Kind::TargetGroups)),
        (None, None) => None,
    }
}

#[async_trait]
impl ResourceType for Attachment {
    fn name(&self) -> &'static str {
        "aws_autoscaling_attachment"
    }

    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["autoscaling_group_name"]
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut checks = Checks::new(config, problems);
        checks.conflict("elb", "lb_target_group_arn");
        checks.arn("lb_target_group_arn");
        if checks.is_left_out("elb") && checks.is_left_out("lb_target_group_arn") {
            let detail = "What is attached is given by one of \"lb_target_group_arn\" and \"elb\".";
            checks.missing("lb_target_group_arn", detail);
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async { read(connection.aws()?, requests).await };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        let group = planned.text("autoscaling_group_name").unwrap_or_default();
        let id = format!("{group}-{unique}");
        planned.with("id", Value::string(id))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        parts(prepared).map(|_| known_part(prepared))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let Some((group, name, kind)) = parts(planned) else {
            return Err(OperationError::internal("an attachment needs a target group or a load balancer"));
        };
        traffic::attach(aws.autoscaling(), group, kind, &[name.to_owned()], PATIENCE).await?;
        let known = known_part(planned);
        // Nothing is there but the attachment itself.
        let live = find(aws, group).await.map_err(|error| error.with_partial(known.clone()))?;
        let attached = match kind {
            Kind::LoadBalancers => live.load_balancer_names(),
            Kind::TargetGroups | Kind::TrafficSources => live.target_group_arns(),
        };
        if attached.iter().any(|one| one == name) {
            return Ok(known);
        }
        let detail = format!("{name} was attached to {group}, which does not show it");
        Err(OperationError::new(ErrorKind::NotFound, action("DescribeAutoScalingGroups"), detail)
            .with_partial(known))
    }

    async fn update(
        &self,
        _connection: &Connection,
        _prior: &Value,
        _planned: &Value,
    ) -> Result<Value, OperationError> {
        Err(OperationError::internal("every argument of an attachment needs another attachment"))
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some((group, name, kind)) = parts(prior) else { return Ok(()) };
        match find(aws, group).await {
            Ok(live) if !is_attached(live.load_balancer_names(), live.target_group_arns(), name) => {
                return Ok(());
            }
            Ok(_) => {}
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        let detached = traffic::detach(aws.autoscaling(), group, kind, &[name.to_owned()], PATIENCE).await;
        detached.or_else(|error| if is_gone(&error) { Ok(()) } else { Err(error) })
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let parts = match id.find("/arn:") {
            Some(at) => Some((&id[..at], "lb_target_group_arn", &id[at + 1..])),
            None => id.rsplit_once('/').map(|(group, name)| (group, "elb", name)),
        };
        match parts {
            Some((group, argument, name)) if !group.is_empty() && !name.is_empty() => {
                Ok(SCHEMA.block.object([
                    ("autoscaling_group_name", Value::string(group)),
                    ("id", Value::string(id)),
                    (argument, Value::string(name)),
                ]))
            }
            _ => Err(format!(
                "\"{id}\" is not the import id of an aws_autoscaling_attachment, which looks like \
                 \"GROUP/TARGET_GROUP_ARN\" or \"GROUP/LOAD_BALANCER_NAME\"."
            )),
        }
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        parts(object).map(|(group, name, _)| format!("{group}/{name}"))
    }
}

fn is_attached(load_balancers: &[String], target_groups: &[String], name: &str) -> bool {
    load_balancers.iter().chain(target_groups).any(|one| one == name)
}

/// Reads the groups of all attachments at once. An attachment has nothing but its arguments: it is there or not.
async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let groups: BTreeSet<&str> =
        requests.iter().filter_map(|request| parts(&request.known)).map(|(group, _, _)| group).collect();
    let groups: Vec<&str> = groups.into_iter().collect();
    let found = describe(aws, &groups).await?;
    Ok(requests
        .iter()
        .map(|request| {
            let is_there = parts(&request.known).is_some_and(|(group, name, _)| {
                found.get(group).is_some_and(|live| {
                    is_attached(live.load_balancer_names(), live.target_group_arns(), name)
                })
            });
            if is_there { ReadResult::Found(known_part(&request.known)) } else { ReadResult::Missing }
        })
        .collect())
}
