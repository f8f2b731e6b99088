//! Reading rules, many at once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::Rule;

use super::conditions;
use super::schema::SCHEMA;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::listener::actions;
use crate::provider::aws::elbv2::lookup::{self, Identified, arn_of};
use crate::provider::aws::elbv2::{MAX_NAMED, PAGE_SIZE, action, arn, concurrently};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

/// The priority that the provider gives to the rule that is there when no other fits.
const OF_DEFAULT: i64 = 99_999;

impl Identified for Rule {
    fn arn(&self) -> Option<&str> {
        self.rule_arn()
    }
}

/// Reads rules by ARN, or by listener and priority where no ARN is known yet.
pub async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    match pick(aws.elb(), requests).await {
        Ok(found) => {
            let details = |_: &Rule, _: &Value| std::future::ready(Ok(()));
            lookup::answer(aws, requests, &found, details, |rule, (), tags, known| value(rule, tags, known))
                .await
        }
        Err(error) => all_unreadable(requests.len(), &error),
    }
}

/// Reads one rule that must exist.
pub async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    let request = ReadRequest { known: known.clone() };
    lookup::only(read(aws, &[request]).await, &action("DescribeRules"))
}

/// The rule with an ARN, or `None`.
pub async fn find(client: &Client, arn: &str) -> Result<Option<Rule>, OperationError> {
    let found = describe(client, vec![arn.to_owned()]).await?.unwrap_or_default();
    Ok(found.into_iter().find(|one| one.rule_arn() == Some(arn)))
}

/// The priority of a rule, as the schema has it.
pub fn priority(rule: &Rule) -> Option<i64> {
    match rule.priority() {
        Some("default") => Some(OF_DEFAULT),
        other => other?.parse().ok(),
    }
}

/// The rules asked for, in the requests' order. They are asked for by ARN, twenty of them a call; where one is gone, for
/// which AWS fails the whole call, by listener.
async fn pick(client: &Client, requests: &[ReadRequest]) -> Result<Vec<Option<Rule>>, OperationError> {
    let arns: Vec<String> =
        requests.iter().filter_map(|request| arn_of(&request.known).map(str::to_owned)).collect();
    let mut listeners: BTreeSet<String> = requests
        .iter()
        .filter(|request| arn_of(&request.known).is_none())
        .filter_map(|request| request.known.text("listener_arn").map(str::to_owned))
        .collect();
    let mut all = Vec::new();
    let calls = arns.chunks(MAX_NAMED).map(|chunk| describe(client, chunk.to_vec())).collect();
    for (answer, chunk) in concurrently(calls).await.into_iter().zip(arns.chunks(MAX_NAMED)) {
        match answer? {
            Some(found) => all.extend(found),
            None if chunk.len() == 1 => {}
            None => listeners.extend(chunk.iter().filter_map(|arn| arn::listener_of_rule(arn))),
        }
    }
    let calls = listeners.iter().map(|arn| list(client, arn)).collect();
    for answer in concurrently(calls).await {
        all.extend(answer?);
    }
    let by_arn: HashMap<&str, &Rule> = all.iter().filter_map(|one| Some((one.rule_arn()?, one))).collect();
    let pick = |known: &Value| match arn_of(known) {
        Some(arn) => by_arn.get(arn).map(|one| (*one).clone()),
        None => {
            let (listener, wanted) = (known.text("listener_arn")?, known.integer("priority")?);
            let is_it = |one: &&Rule| {
                priority(one) == Some(wanted)
                    && one.rule_arn().and_then(arn::listener_of_rule).as_deref() == Some(listener)
            };
            all.iter().find(is_it).cloned()
        }
    };
    Ok(requests.iter().map(|request| pick(&request.known)).collect())
}

/// One call for named rules; `None` if AWS does not have them all.
async fn describe(client: &Client, arns: Vec<String>) -> Result<Option<Vec<Rule>>, OperationError> {
    let answer = client.describe_rules().set_rule_arns(Some(arns)).send().await;
    match answer.map_err(|error| failed(&action("DescribeRules"), error)) {
        Ok(answer) => Ok(Some(answer.rules.unwrap_or_default())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// All rules of a listener; none if it is gone.
pub async fn list(client: &Client, listener: &str) -> Result<Vec<Rule>, OperationError> {
    let mut all = Vec::new();
    let mut next = None;
    loop {
        let call = client.describe_rules().listener_arn(listener).page_size(PAGE_SIZE).set_marker(next);
        match call.send().await.map_err(|error| failed(&action("DescribeRules"), error)) {
            Ok(page) => {
                all.extend(page.rules.unwrap_or_default());
                next = page.next_marker.filter(|marker| !marker.is_empty());
                if next.is_none() {
                    return Ok(all);
                }
            }
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
}

/// The complete object, but for `tags`.
fn value(rule: &Rule, tags: Value, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let listener = rule.rule_arn().and_then(arn::listener_of_rule);
    let listener = listener.or_else(|| known.text("listener_arn").map(str::to_owned));
    schema.object([
        ("id", object::text(rule.rule_arn())),
        ("arn", object::text(rule.rule_arn())),
        ("action", actions::flatten(schema, "action", rule.actions(), known)),
        ("condition", conditions::flatten(rule.conditions())),
        ("listener_arn", object::text(listener)),
        ("priority", priority(rule).map_or_else(|| Value::null(Type::Number), Value::number)),
        ("tags_all", tags),
    ])
}
