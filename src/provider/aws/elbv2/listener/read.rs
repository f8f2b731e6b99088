//! Reading listeners, many at once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{AdvertiseTrustStoreCaNamesEnum, Listener, ProtocolEnum};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::attributes::{self, Pairs};
use crate::provider::aws::elbv2::lookup::{self, Identified, arn_of};
use crate::provider::aws::elbv2::{MAX_NAMED, PAGE_SIZE, action, arn, blocks, concurrently};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};
use crate::schema::BlockSchema;

use super::actions;
use super::schema::{ATTRIBUTES, SCHEMA};

impl Identified for Listener {
    fn arn(&self) -> Option<&str> {
        self.listener_arn()
    }
}

/// Reads listeners by ARN, or by load balancer and port where no ARN is known yet.
pub async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let client = aws.elb();
    match pick(client, requests).await {
        Ok(found) => {
            let details = |one: &Listener, _| pairs(client, one.clone());
            lookup::answer(aws, requests, &found, details, value).await
        }
        Err(error) => all_unreadable(requests.len(), &error),
    }
}

/// Reads one listener that must exist.
pub async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    let request = ReadRequest { known: known.clone() };
    lookup::only(read(aws, &[request]).await, &action("DescribeListeners"))
}

/// The listener with an ARN, or `None`.
pub async fn find(client: &Client, arn: &str) -> Result<Option<Listener>, OperationError> {
    let found = describe(client, vec![arn.to_owned()]).await?.unwrap_or_default();
    Ok(found.into_iter().find(|one| one.listener_arn() == Some(arn)))
}

/// The listeners asked for, in the requests' order. They are asked for by ARN, twenty of them a call; where one is gone,
/// for which AWS fails the whole call, by load balancer.
async fn pick(client: &Client, requests: &[ReadRequest]) -> Result<Vec<Option<Listener>>, OperationError> {
    let arns: Vec<String> =
        requests.iter().filter_map(|request| arn_of(&request.known).map(str::to_owned)).collect();
    let mut load_balancers: BTreeSet<String> = requests
        .iter()
        .filter(|request| arn_of(&request.known).is_none())
        .filter_map(|request| request.known.text("load_balancer_arn").map(str::to_owned))
        .collect();
    let mut all = Vec::new();
    let calls = arns.chunks(MAX_NAMED).map(|chunk| describe(client, chunk.to_vec())).collect();
    for (answer, chunk) in concurrently(calls).await.into_iter().zip(arns.chunks(MAX_NAMED)) {
        match answer? {
            Some(found) => all.extend(found),
            None if chunk.len() == 1 => {}
            None => load_balancers.extend(chunk.iter().filter_map(|arn| arn::load_balancer_of_listener(arn))),
        }
    }
    let calls = load_balancers.iter().map(|arn| list(client, arn)).collect();
    for answer in concurrently(calls).await {
        all.extend(answer?);
    }
    let by_arn: HashMap<&str, &Listener> =
        all.iter().filter_map(|one| Some((one.listener_arn()?, one))).collect();
    let pick = |known: &Value| match arn_of(known) {
        Some(arn) => by_arn.get(arn).map(|one| (*one).clone()),
        None => {
            let port = known.integer("port");
            let load_balancer = known.text("load_balancer_arn")?;
            let is_it = |one: &&Listener| {
                one.load_balancer_arn() == Some(load_balancer) && one.port().map(i64::from) == port
            };
            all.iter().find(is_it).cloned()
        }
    };
    Ok(requests.iter().map(|request| pick(&request.known)).collect())
}

/// One call for named listeners; `None` if AWS does not have them all.
async fn describe(client: &Client, arns: Vec<String>) -> Result<Option<Vec<Listener>>, OperationError> {
    let answer = client.describe_listeners().set_listener_arns(Some(arns)).send().await;
    match answer.map_err(|error| failed(&action("DescribeListeners"), error)) {
        Ok(answer) => Ok(Some(answer.listeners.unwrap_or_default())),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// All listeners of a load balancer; none if it is gone.
pub async fn list(client: &Client, load_balancer: &str) -> Result<Vec<Listener>, OperationError> {
    let pages = client.describe_listeners().load_balancer_arn(load_balancer).page_size(PAGE_SIZE);
    let mut pages = pages.into_paginator().items().send();
    let mut all = Vec::new();
    while let Some(one) = pages.next().await {
        match one.map_err(|error| failed(&action("DescribeListeners"), error)) {
            Ok(one) => all.push(one),
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// The pairs of a listener. The service has none for TLS, and does not offer the operation everywhere.
async fn pairs(client: &Client, listener: Listener) -> Result<Pairs, OperationError> {
    if listener.protocol() == Some(&ProtocolEnum::Tls) {
        return Ok(Pairs::new());
    }
    let call = client.describe_listener_attributes().set_listener_arn(listener.listener_arn);
    match call.send().await.map_err(|error| failed(&action("DescribeListenerAttributes"), error)) {
        Ok(answer) => {
            let attributes = answer.attributes.unwrap_or_default().into_iter();
            Ok(attributes.filter_map(|pair| Some((pair.key?, pair.value.unwrap_or_default()))).collect())
        }
        Err(error) if error.code.as_deref() == Some("InvalidAction") => Ok(Pairs::new()),
        Err(error) => Err(error),
    }
}

/// The complete object, but for `tags` and `timeouts`.
fn value(one: &Listener, pairs: &Pairs, tags: Value, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let certificate = one.certificates().first().and_then(|certificate| certificate.certificate_arn());
    let mut given = vec![
        ("id", object::text(one.listener_arn())),
        ("arn", object::text(one.listener_arn())),
        ("alpn_policy", object::text(one.alpn_policy().first())),
        ("certificate_arn", object::text(certificate)),
        ("default_action", actions::flatten(schema, "default_action", one.default_actions(), known)),
        ("load_balancer_arn", object::text(one.load_balancer_arn())),
        ("mutual_authentication", mutual_authentication(schema, one)),
        ("port", object::integer(one.port())),
        ("protocol", object::text(one.protocol().map(ProtocolEnum::as_str))),
        ("ssl_policy", Value::string(one.ssl_policy().unwrap_or_default())),
        ("tags_all", tags),
    ];
    given.extend(attributes::read(ATTRIBUTES, pairs, known));
    schema.object(given)
}

fn mutual_authentication(schema: &BlockSchema, one: &Listener) -> Value {
    let Some(live) = one.mutual_authentication() else {
        return blocks::none(schema, "mutual_authentication");
    };
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    let off = live.mode() == Some("off");
    let advertises = live.advertise_trust_store_ca_names().map(AdvertiseTrustStoreCaNamesEnum::as_str);
    blocks::one(
        schema,
        "mutual_authentication",
        [
            ("advertise_trust_store_ca_names", text(advertises.filter(|_| !off))),
            (
                "ignore_client_certificate_expiry",
                Value::bool(live.ignore_client_certificate_expiry() == Some(true) && !off),
            ),
            ("mode", text(live.mode())),
            ("trust_store_arn", text(live.trust_store_arn().filter(|_| !off))),
        ],
    )
}
