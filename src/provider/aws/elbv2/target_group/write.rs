//! Making, changing and deleting target groups.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    ProtocolEnum, TargetGroup, TargetGroupAttribute, TargetGroupIpAddressTypeEnum, TargetTypeEnum,
};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{filled, same_blocks};
use crate::provider::aws::elbv2::lookup::{Named, find};
use crate::provider::aws::elbv2::{action, attributes, naming, tagging};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};

use super::PATIENCE;
use super::health::{self, is_http};
use super::read::read_one;
use super::schema::{ATTRIBUTES, SCHEMA};

/// The target type that the code or the live object says.
pub fn kind_of(object: &Value) -> &str {
    object.text("target_type").unwrap_or("instance")
}

pub fn protocol_of(object: &Value) -> &str {
    object.text("protocol").unwrap_or_default()
}

pub async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let name = planned.text("name").unwrap_or_default();
    // CreateTargetGroup answers an existing target group of the same settings as if it had made it.
    if !naming::is_generated(name)
        && let Some(existing) = find::<TargetGroup>(client, Named::Names, name).await?
    {
        let arn = existing.target_group_arn().unwrap_or_default();
        return Err(OperationError::new(
            ErrorKind::AlreadyExists,
            action("CreateTargetGroup"),
            format!("a target group named \"{name}\" exists already: import {arn}, or choose another name"),
        ));
    }
    let with_tags = tagging::of(planned).is_some();
    let (arn, tagged) = match make(client, planned, with_tags).await {
        Ok(arn) => (arn, with_tags),
        Err(error) if with_tags && tagging::refused_at_creation(&error) => {
            (make(client, planned, false).await?, false)
        }
        Err(error) => return Err(error),
    };
    let existing = planned.with("id", Value::string(&arn)).with("arn", Value::string(&arn));
    match finish(aws, &arn, planned, &existing, tagged).await {
        Ok(object) => Ok(object),
        Err(error) => {
            let partial = read_one(aws, &existing).await.unwrap_or_else(|_| known_part(&existing));
            Err(error.with_partial(partial))
        }
    }
}

/// Makes the target group. Answers its ARN.
async fn make(client: &Client, planned: &Value, with_tags: bool) -> Result<String, OperationError> {
    let kind = kind_of(planned);
    let protocol = protocol_of(planned);
    let mut call = client
        .create_target_group()
        .name(planned.text("name").unwrap_or_default())
        .target_type(TargetTypeEnum::from(kind))
        .set_tags(tagging::of(planned).filter(|_| with_tags));
    if kind != "lambda" {
        call = call
            .set_port(small(planned.integer("port")))
            .protocol(ProtocolEnum::from(protocol))
            .set_vpc_id(filled(planned.text("vpc_id")).map(str::to_owned));
        if is_http(protocol) {
            let version = filled(planned.text("protocol_version")).map(str::to_uppercase);
            call = call.set_protocol_version(version);
        }
        if matches!(kind, "instance" | "ip") {
            let family = filled(planned.text("ip_address_type")).map(TargetGroupIpAddressTypeEnum::from);
            call = call.set_ip_address_type(family);
        }
    }
    if let Some(check) = planned.block("health_check") {
        call = call
            .set_health_check_enabled(check.boolean("enabled"))
            .set_health_check_interval_seconds(small(check.integer("interval")))
            .set_healthy_threshold_count(small(check.integer("healthy_threshold")))
            .set_unhealthy_threshold_count(small(check.integer("unhealthy_threshold")))
            .set_health_check_timeout_seconds(small(check.integer("timeout")).filter(|timeout| *timeout > 0));
        if !has_tcp_check(check) {
            call = call
                .set_health_check_path(filled(check.text("path")).map(str::to_owned))
                .set_matcher(health::matcher(check, planned.text("protocol_version")));
        }
        if kind != "lambda" {
            call = call
                .set_health_check_port(filled(check.text("port")).map(str::to_owned))
                .set_health_check_protocol(check_protocol(check));
        }
    }
    let answer = call.send().await.map_err(|error| failed(&action("CreateTargetGroup"), error))?;
    let made = answer.target_groups.unwrap_or_default().into_iter().next();
    made.and_then(|made| made.target_group_arn).ok_or_else(|| {
        OperationError::new(ErrorKind::Other, action("CreateTargetGroup"), "AWS answered no target group")
    })
}

/// What is left to do once the target group exists.
async fn finish(
    aws: &Aws,
    arn: &str,
    planned: &Value,
    existing: &Value,
    tagged: bool,
) -> Result<Value, OperationError> {
    let client = aws.elb();
    let look = || async {
        Ok(match find::<TargetGroup>(client, Named::Arns, arn).await? {
            Some(_) => Progress::Done(()),
            None => Progress::Waiting("not to be seen".to_owned()),
        })
    };
    until("the target group to be seen", PATIENCE, look).await?;
    let schema = &SCHEMA.block;
    let mut pairs = attributes::changes(ATTRIBUTES, kind_of(planned), schema, None, planned);
    // Most attributes exist for some protocols only, and being sent one that does not is an error: so what is to be as
    // it is by default is not sent.
    pairs.retain(|(key, text)| !text.is_empty() && !attributes::is_default(ATTRIBUTES, schema, key, text));
    if kind_of(planned) != "lambda" {
        pairs.extend(health::pairs_of(schema, None, planned, protocol_of(planned)));
    }
    modify_attributes(client, arn, pairs).await?;
    if !tagged {
        tagging::update(client, arn, &Value::empty_object(), planned).await?;
    }
    read_one(aws, existing).await
}

pub async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let arn = prior.text("id").unwrap_or_default();
    let schema = &SCHEMA.block;
    let kind = kind_of(prior);
    if let Some(check) = planned.block("health_check")
        && !same_blocks(schema, "health_check", prior, planned)
    {
        let mut call = client
            .modify_target_group()
            .target_group_arn(arn)
            .set_health_check_enabled(check.boolean("enabled"))
            .set_health_check_interval_seconds(small(check.integer("interval")))
            .set_healthy_threshold_count(small(check.integer("healthy_threshold")))
            .set_unhealthy_threshold_count(small(check.integer("unhealthy_threshold")))
            .set_health_check_timeout_seconds(small(check.integer("timeout")).filter(|timeout| *timeout > 0));
        if !has_tcp_check(check) {
            let version = planned.text("protocol_version").or_else(|| prior.text("protocol_version"));
            call = call
                .set_health_check_path(filled(check.text("path")).map(str::to_owned))
                .set_matcher(health::matcher(check, version));
        }
        if kind != "lambda" {
            call = call
                .set_health_check_port(filled(check.text("port")).map(str::to_owned))
                .set_health_check_protocol(check_protocol(check));
        }
        call.send().await.map_err(|error| failed(&action("ModifyTargetGroup"), error))?;
    }
    let mut pairs = attributes::changes(ATTRIBUTES, kind, schema, Some(prior), planned);
    if kind != "lambda" {
        pairs.extend(health::pairs_of(schema, Some(prior), planned, protocol_of(prior)));
    }
    modify_attributes(client, arn, pairs).await?;
    tagging::update(client, arn, prior, planned).await?;
    read_one(aws, &planned.with("id", Value::string(arn)).with("arn", Value::string(arn))).await
}

/// Deletes a target group. A listener that was just deleted holds on to it for a while.
pub async fn delete(client: &Client, prior: &Value) -> Result<(), OperationError> {
    let arn = prior.text("id").unwrap_or_default();
    let look = || async {
        let Err(error) = client.delete_target_group().target_group_arn(arn).send().await else {
            return Ok(Progress::Done(()));
        };
        let error = failed(&action("DeleteTargetGroup"), error);
        match error.kind {
            ErrorKind::NotFound => Ok(Progress::Done(())),
            ErrorKind::InUse => Ok(Progress::Waiting("in use by a listener or a rule".to_owned())),
            _ => Err(error),
        }
    };
    until("the target group to be free", PATIENCE, look).await.map_err(|mut error| {
        if error.kind == ErrorKind::TimedOut {
            error.kind = ErrorKind::InUse;
            error.operation = action("DeleteTargetGroup");
        }
        error
    })
}

async fn modify_attributes(
    client: &Client,
    arn: &str,
    pairs: Vec<(&'static str, String)>,
) -> Result<(), OperationError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let attribute = |(key, value)| TargetGroupAttribute::builder().key(key).value(value).build();
    client
        .modify_target_group_attributes()
        .target_group_arn(arn)
        .set_attributes(Some(pairs.into_iter().map(attribute).collect::<Vec<_>>()))
        .send()
        .await
        .map_err(|error| failed(&action("ModifyTargetGroupAttributes"), error))?;
    Ok(())
}

fn check_protocol(check: &Value) -> Option<ProtocolEnum> {
    let protocol = filled(check.text("protocol"))?;
    Some(ProtocolEnum::from(protocol.to_uppercase().as_str()))
}

/// Whether a health check only connects: it has no path and no codes.
pub fn has_tcp_check(check: &Value) -> bool {
    check.text("protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("TCP"))
}

/// A number as the service takes it. Validation keeps arguments within its limits.
fn small(number: Option<i64>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok())
}
