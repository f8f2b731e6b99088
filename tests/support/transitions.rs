//! What AWS has and the local one lacks: states on the way to the final one, and limits. Each function
//! gives rules for a [`Proxy`](super::proxy::Proxy).
//!
//! Sources: Amazon Kinesis API reference (`StreamDescriptionSummary`, `CreateStream`, `UpdateStreamMode`,
//! `UpdateShardCount`, `DeleteStream`), Elastic Load Balancing API reference (`LoadBalancerState`,
//! `CreateListener`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::FutureExt;

use super::protocol::{Reply, Request, ServiceError};
use super::proxy::{Backend, Rule, Verdict};

/// Operations of Kinesis that answer with a stream's description.
const DESCRIBE_STREAM: [(&str, &str); 2] =
    [("DescribeStream", "StreamDescription"), ("DescribeStreamSummary", "StreamDescriptionSummary")];

/// Operations that take a stream out of `ACTIVE`, and the state that they leave it in meanwhile.
const STREAM_CHANGES: [(&str, &str); 7] = [
    ("CreateStream", "CREATING"),
    ("UpdateShardCount", "UPDATING"),
    ("UpdateStreamMode", "UPDATING"),
    ("IncreaseStreamRetentionPeriod", "UPDATING"),
    ("DecreaseStreamRetentionPeriod", "UPDATING"),
    ("StartStreamEncryption", "UPDATING"),
    ("StopStreamEncryption", "UPDATING"),
];

struct Transition {
    status: &'static str,
    /// Descriptions that still show it.
    left: usize,
    /// What a deleted stream still answers when it is described.
    last: Option<Reply>,
}

type Transitions<T> = Arc<Mutex<BTreeMap<String, T>>>;

/// After each change a stream is `CREATING`, `UPDATING` or `DELETING` for that many descriptions; until then
/// every other change is refused with `ResourceInUseException`, as AWS does.
pub fn kinesis(descriptions: usize) -> Vec<Rule> {
    let streams: Transitions<Transition> = Arc::default();
    let mut rules = Vec::new();
    for (operation, _) in STREAM_CHANGES {
        rules.push(refuse_while_changing(operation, &streams));
    }
    rules.push(refuse_while_changing("DeleteStream", &streams));
    rules.push(remember_before_delete(descriptions, &streams));
    for (operation, status) in STREAM_CHANGES {
        let streams = Arc::clone(&streams);
        rules.push(Rule::on(&format!("kinesis.{operation}")).rewrite(move |request, reply| {
            if reply.status.is_success() {
                let transition = Transition { status, left: descriptions, last: None };
                streams.lock().unwrap().insert(stream_of(request), transition);
            }
            reply
        }));
    }
    for (operation, member) in DESCRIBE_STREAM {
        let streams = Arc::clone(&streams);
        let rule = Rule::on(&format!("kinesis.{operation}"));
        rules.push(rule.rewrite(move |request, reply| describe(&streams, request, member, reply)));
    }
    rules
}

fn stream_of(request: &Request) -> String {
    let body = request.json();
    let arn = body["StreamARN"].as_str().and_then(|arn| arn.rsplit('/').next());
    body["StreamName"].as_str().or(arn).expect("a Kinesis request names its stream").to_owned()
}

fn refuse_while_changing(operation: &str, streams: &Transitions<Transition>) -> Rule {
    let streams = Arc::clone(streams);
    Rule::on(&format!("kinesis.{operation}")).respond(move |request| {
        let stream = stream_of(request);
        let streams = streams.lock().unwrap();
        let transition = streams.get(&stream).filter(|transition| transition.left > 0)?;
        let message = format!("Stream {stream} is not ACTIVE, instead in state {}", transition.status);
        Some(ServiceError::new(400, "ResourceInUseException", &message).reply(request))
    })
}

/// Keeps the description of a stream that is about to be deleted: AWS shows it, as `DELETING`, for a while.
fn remember_before_delete(descriptions: usize, streams: &Transitions<Transition>) -> Rule {
    let streams = Arc::clone(streams);
    Rule::on("kinesis.DeleteStream").check(move |request, backend| {
        let streams = Arc::clone(&streams);
        async move {
            let stream = stream_of(&request);
            let mut question = request.clone();
            question
                .headers
                .insert("x-amz-target", "Kinesis_20131202.DescribeStreamSummary".parse().unwrap());
            question.body = serde_json::json!({ "StreamName": stream }).to_string().into();
            let last = backend.forward(&question).await;
            if last.status.is_success() {
                let transition = Transition { status: "DELETING", left: descriptions, last: Some(last) };
                streams.lock().unwrap().insert(stream, transition);
            }
            None
        }
        .boxed()
    })
}

fn describe(streams: &Transitions<Transition>, request: &Request, member: &str, reply: Reply) -> Reply {
    let stream = stream_of(request);
    let mut streams = streams.lock().unwrap();
    let Some(transition) = streams.get_mut(&stream).filter(|transition| transition.left > 0) else {
        return reply;
    };
    transition.left -= 1;
    let shown = if reply.status.is_success() { Some(reply.clone()) } else { transition.last.clone() };
    let Some(shown) = shown else { return reply };
    let body: serde_json::Value = serde_json::from_slice(&shown.body).unwrap();
    // A remembered summary also answers for the full description.
    let Some((_, description)) = body.as_object().and_then(|body| body.iter().next()) else { return reply };
    let mut description = description.clone();
    description["StreamStatus"] = transition.status.into();
    shown.with_body(serde_json::json!({ member: description }).to_string())
}

/// A stream's shards may be changed ten times and its mode twice within 24 hours; after that the calls are
/// refused with `LimitExceededException`. The rules count from when they are added.
pub fn kinesis_daily_limits() -> Vec<Rule> {
    [("UpdateShardCount", 10), ("UpdateStreamMode", 2)]
        .into_iter()
        .map(|(operation, limit)| {
            let counts: Transitions<usize> = Arc::default();
            Rule::on(&format!("kinesis.{operation}")).respond(move |request| {
                let mut counts = counts.lock().unwrap();
                let count = counts.entry(stream_of(request)).or_default();
                *count += 1;
                let message = format!("{operation} may be called {limit} times per 24 hours and stream");
                let error = ServiceError::new(400, "LimitExceededException", &message);
                (*count > limit).then(|| error.reply(request))
            })
        })
        .collect()
}

/// A new load balancer is `provisioning` for that many descriptions of it.
pub fn load_balancers(descriptions: usize) -> Vec<Rule> {
    let pending: Transitions<usize> = Arc::default();
    let created = Arc::clone(&pending);
    let create = Rule::on("elasticloadbalancing.CreateLoadBalancer").rewrite(move |_, reply| {
        if reply.status.is_success() {
            for arn in elements(&reply.text(), "LoadBalancerArn") {
                created.lock().unwrap().insert(arn.to_owned(), descriptions);
            }
        }
        reply
    });
    let describe = Rule::on("elasticloadbalancing.DescribeLoadBalancers").rewrite(move |_, reply| {
        let mut text = reply.text();
        let mut pending = pending.lock().unwrap();
        for (arn, left) in pending.iter_mut().filter(|(_, left)| **left > 0) {
            // The state stands behind the ARN in a load balancer's own part of the answer.
            let Some(start) = text.find(&format!("<LoadBalancerArn>{arn}</LoadBalancerArn>")) else {
                continue;
            };
            let state = "<Code>active</Code>";
            let at = start + text[start..].find(state).expect("a load balancer has a state");
            text.replace_range(at..at + state.len(), "<Code>provisioning</Code>");
            *left -= 1;
        }
        reply.with_body(text)
    });
    vec![create, describe]
}

/// AWS lets a target group serve one load balancer only: a listener or rule of a second one that forwards
/// to it is refused with `TargetGroupAssociationLimit`.
pub fn target_group_limit() -> Vec<Rule> {
    ["CreateListener", "ModifyListener", "CreateRule", "ModifyRule"]
        .into_iter()
        .map(|operation| {
            Rule::on(&format!("elasticloadbalancing.{operation}"))
                .check(|request, backend| second_load_balancer(request, backend).boxed())
        })
        .collect()
}

async fn second_load_balancer(request: Request, backend: Backend) -> Verdict {
    let groups: Vec<String> = request
        .parameters()
        .filter(|(name, _)| name.ends_with("TargetGroupArn"))
        .map(|(_, value)| value)
        .collect();
    let own = own_load_balancer(&request, &backend).await;
    for group in groups {
        let form = format!("Action=DescribeTargetGroups&Version=2015-12-01&TargetGroupArns.member.1={group}");
        let answer = backend.query(&request, &form).await.text();
        let balancers = elements(&answer, "LoadBalancerArns").next().unwrap_or_default();
        if elements(balancers, "member").any(|balancer| Some(balancer) != own.as_deref()) {
            let message = format!(
                "The following target groups cannot be associated with more than one load balancer: {group}"
            );
            return Some(ServiceError::new(400, "TargetGroupAssociationLimit", &message));
        }
    }
    None
}

/// The load balancer that the request's listener or rule belongs to.
async fn own_load_balancer(request: &Request, backend: &Backend) -> Option<String> {
    if let Some(arn) = request.parameter("LoadBalancerArn") {
        return Some(arn);
    }
    // A rule's ARN is its listener's with another kind and one more part.
    let listener = request.parameter("ListenerArn").or_else(|| {
        let rule = request.parameter("RuleArn")?;
        Some(rule.replace(":listener-rule/", ":listener/").rsplit_once('/')?.0.to_owned())
    })?;
    let form = format!("Action=DescribeListeners&Version=2015-12-01&ListenerArns.member.1={listener}");
    let answer = backend.query(request, &form).await.text();
    elements(&answer, "LoadBalancerArn").next().map(str::to_owned)
}

/// The contents of the elements of a name, in the order of the document. Elements of one name must not
/// be nested in each other.
fn elements<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(&open)? + open.len();
        let length = rest[start..].find(&close)?;
        let content = &rest[start..start + length];
        rest = &rest[start + length + close.len()..];
        Some(content)
    })
}
