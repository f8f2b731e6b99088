//! Listeners of a stack's load balancers, and rules of its listeners, that the stack does not know.

use std::collections::HashSet;

use crate::lang::value::Value;
use crate::provider::Connection;
use crate::provider::aws::Aws;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::Object;

use super::lookup::arn_of;
use super::{concurrently, listener, listener_rule};

const LOAD_BALANCERS: [&str; 2] = ["aws_lb", "aws_alb"];
const LISTENERS: [&str; 2] = ["aws_lb_listener", "aws_alb_listener"];
const RULES: [&str; 2] = ["aws_lb_listener_rule", "aws_alb_listener_rule"];

/// What is known of children: their ARNs, and the number within the parent of those that have no ARN yet.
struct Known<'a> {
    arns: HashSet<&'a str>,
    places: HashSet<(&'a str, i64)>,
}

impl<'a> Known<'a> {
    fn of(values: impl Iterator<Item = &'a Value>, parent: &str, number: &str) -> Known<'a> {
        let mut known = Known { arns: HashSet::new(), places: HashSet::new() };
        for value in values {
            known.arns.extend(arn_of(value));
            known.places.extend(value.text(parent).zip(value.integer(number)));
        }
        known
    }

    fn has(&self, arn: &str, parent: &str, number: Option<i64>) -> bool {
        self.arns.contains(arn) || number.is_some_and(|number| self.places.contains(&(parent, number)))
    }
}

/// Listeners: one call for each load balancer.
pub(super) async fn listeners(connection: &Connection, objects: &StackObjects) -> Below {
    let known = Known::of(objects.known(&LISTENERS), "load_balancer_arn", "port");
    let parents = objects.parents(&LOAD_BALANCERS);
    let aws = match of(connection, parents.is_empty()) {
        Ok(aws) => aws,
        Err(below) => return below,
    };
    let calls = parents.iter().map(|(address, live, _)| {
        let known = &known;
        async move {
            let Some(load_balancer) = arn_of(live) else { return Ok(Vec::new()) };
            let found = listener::list(aws.elb(), load_balancer).await?;
            let unknown = found.into_iter().filter_map(|one| {
                let arn = one.listener_arn()?;
                let port = one.port().map(i64::from);
                if known.has(arn, load_balancer, port) {
                    return None;
                }
                let protocol = one.protocol().map(|protocol| protocol.as_str().to_lowercase());
                let port = port.map(|port| port.to_string());
                let words: Vec<String> = protocol.into_iter().chain(port).collect();
                Some(child((*address).clone(), words.join(" "), arn))
            });
            Ok(unknown.collect())
        }
    });
    let mut below = Below::default();
    concurrently(calls.collect()).await.into_iter().for_each(|part| below.add(part));
    below
}

/// Rules of listeners, but for those that say what is done when no other fits: those are the listeners'. One call for
/// each listener.
pub(super) async fn rules(connection: &Connection, objects: &StackObjects) -> Below {
    let known = Known::of(objects.known(&RULES), "listener_arn", "priority");
    let parents = objects.parents(&LISTENERS);
    let aws = match of(connection, parents.is_empty()) {
        Ok(aws) => aws,
        Err(below) => return below,
    };
    let calls = parents.iter().map(|(address, live, _)| {
        let known = &known;
        async move {
            let Some(listener) = arn_of(live) else { return Ok(Vec::new()) };
            let found = listener_rule::list(aws.elb(), listener).await?;
            let unknown = found.into_iter().filter_map(|one| {
                let arn = one.rule_arn()?;
                let priority = listener_rule::priority(&one);
                if one.is_default() == Some(true) || known.has(arn, listener, priority) {
                    return None;
                }
                let label = one.priority().unwrap_or_default().to_owned();
                Some(child((*address).clone(), label, arn))
            });
            Ok(unknown.collect())
        }
    });
    let mut below = Below::default();
    concurrently(calls.collect()).await.into_iter().for_each(|part| below.add(part));
    below
}

fn child(parent: crate::address::InstanceAddress, label: String, arn: &str) -> Child {
    Child { parent, label, id: arn.to_owned(), import_id: Some(arn.to_owned()) }
}

/// Whom to ask; `Err`: what the search comes to without asking.
fn of(connection: &Connection, nothing_to_ask: bool) -> Result<&Aws, Below> {
    match connection.aws() {
        _ if nothing_to_ask => Err(Below::default()),
        Ok(aws) => Ok(aws),
        Err(error) => Err(Below::from(Err(error))),
    }
}
