//! Making, changing and deleting rules.

use std::time::{Duration, Instant};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::RulePriorityPair;

use super::conditions;
use super::read::{find, list, priority, read_one};
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{same_attribute, same_blocks};
use crate::provider::aws::elbv2::listener::actions::expand;
use crate::provider::aws::elbv2::{action, tagging};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};

/// How long a change may take to be accepted and shown.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How often to try the next free priority, when others take it at the same time.
const TRIES: usize = 10;

pub async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let arn = match planned.integer("priority") {
        Some(priority) => make(client, planned, priority).await?,
        None => make_last(client, planned).await?,
    };
    let existing = planned.with("id", Value::string(&arn)).with("arn", Value::string(&arn));
    let seen = async {
        let look = || async {
            Ok(match find(client, &arn).await? {
                Some(_) => Progress::Done(()),
                None => Progress::Waiting("not to be seen".to_owned()),
            })
        };
        until("the rule to be seen", PATIENCE, look).await?;
        read_one(aws, &existing).await
    };
    seen.await.map_err(|error| error.with_partial(known_part(&existing)))
}

/// Makes a rule behind all others.
async fn make_last(client: &Client, planned: &Value) -> Result<String, OperationError> {
    let listener = planned.text("listener_arn").unwrap_or_default();
    let mut tries = 0;
    loop {
        let rules = list(client, listener).await?;
        let of_rules = rules.iter().filter(|rule| rule.is_default() != Some(true)).filter_map(priority);
        let next = of_rules.max().unwrap_or(0) + 1;
        tries += 1;
        match make(client, planned, next).await {
            // Somebody else was faster.
            Err(error) if error.code.as_deref() == Some("PriorityInUse") && tries < TRIES => {}
            answer => return answer,
        }
    }
}

/// Makes the rule, once what it forwards to and speaks is accepted. Answers its ARN.
async fn make(client: &Client, planned: &Value, priority: i64) -> Result<String, OperationError> {
    let call = client
        .create_rule()
        .set_listener_arn(planned.text("listener_arn").map(str::to_owned))
        .set_priority(i32::try_from(priority).ok())
        .set_conditions(Some(conditions::expand(planned)))
        .set_actions(Some(expand(planned, "action")))
        .set_tags(tagging::of(planned));
    let start = Instant::now();
    let look = || async {
        match call.clone().send().await {
            Ok(answer) => {
                let made = answer.rules.unwrap_or_default().into_iter().next().and_then(|rule| rule.rule_arn);
                made.map(Progress::Done).ok_or_else(|| {
                    OperationError::new(ErrorKind::Other, action("CreateRule"), "AWS answered no rule")
                })
            }
            Err(error) => patient(failed(&action("CreateRule"), error), start).map(Progress::Waiting),
        }
    };
    until("the rule to be accepted", PATIENCE, look).await
}

/// How long a listener or a target group that was just made may not be known.
const PROPAGATION: Duration = Duration::from_secs(30);

/// Whether an error will pass: what is waited for, or the error.
fn patient(error: OperationError, start: Instant) -> Result<String, OperationError> {
    let is_early = matches!(error.code.as_deref(), Some("ListenerNotFound" | "TargetGroupNotFound"));
    if is_early && start.elapsed() < PROPAGATION {
        return Ok(format!("refused: {}", error.message));
    }
    Err(error)
}

pub async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.elb();
    let arn = prior.text("id").unwrap_or_default();
    let schema = &SCHEMA.block;
    if let Some(priority) = planned.integer("priority")
        && !same_attribute(schema, "priority", prior, planned)
    {
        let pair =
            RulePriorityPair::builder().rule_arn(arn).set_priority(i32::try_from(priority).ok()).build();
        let answer = client.set_rule_priorities().rule_priorities(pair).send().await;
        answer.map_err(|error| failed(&action("SetRulePriorities"), error))?;
    }
    let other_actions = !same_blocks(schema, "action", prior, planned);
    let same_conditions = prior.get("condition") == planned.get("condition");
    if other_actions || !same_conditions {
        let call = client
            .modify_rule()
            .rule_arn(arn)
            .set_actions(Some(expand(planned, "action")).filter(|_| other_actions))
            .set_conditions(Some(conditions::expand(planned)).filter(|_| !same_conditions));
        let start = Instant::now();
        let look = || async {
            match call.clone().send().await {
                Ok(_) => Ok(Progress::Done(())),
                Err(error) => patient(failed(&action("ModifyRule"), error), start).map(Progress::Waiting),
            }
        };
        until("the change to be accepted", PATIENCE, look).await?;
    }
    tagging::update(client, arn, prior, planned).await?;
    read_one(aws, &planned.with("id", Value::string(arn)).with("arn", Value::string(arn))).await
}

pub async fn delete(client: &Client, prior: &Value) -> Result<(), OperationError> {
    let arn = prior.text("id").unwrap_or_default();
    match client
        .delete_rule()
        .rule_arn(arn)
        .send()
        .await
        .map_err(|error| failed(&action("DeleteRule"), error))
    {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
