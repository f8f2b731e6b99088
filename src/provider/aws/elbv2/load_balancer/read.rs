//! Reading load balancers, many at once.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{
    AvailabilityZone, LoadBalancer, LoadBalancerSchemeEnum, MinimumLoadBalancerCapacity,
};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::attributes::{self, Pairs};
use crate::provider::aws::elbv2::lookup::{self, Described, Identified, Named};
use crate::provider::aws::elbv2::{PAGE_SIZE, action, arn, blocks};
use crate::provider::aws::errors::failed;
use crate::provider::aws::names;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};
use crate::schema::BlockSchema;

use super::schema::{ATTRIBUTES, LOGS, Logs, SCHEMA};

impl Identified for LoadBalancer {
    fn arn(&self) -> Option<&str> {
        self.load_balancer_arn()
    }
}

impl Described for LoadBalancer {
    fn name(&self) -> Option<&str> {
        self.load_balancer_name()
    }

    async fn describe(
        client: &Client,
        named: Named,
        texts: Vec<String>,
    ) -> Result<Option<Vec<LoadBalancer>>, OperationError> {
        let call = client.describe_load_balancers();
        let call = match named {
            Named::Arns => call.set_load_balancer_arns(Some(texts)),
            Named::Names => call.set_names(Some(texts)),
        };
        match call.send().await.map_err(|error| failed(&action("DescribeLoadBalancers"), error)) {
            Ok(answer) => Ok(Some(answer.load_balancers.unwrap_or_default())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(client: &Client) -> Result<Vec<LoadBalancer>, OperationError> {
        let mut pages = client.describe_load_balancers().page_size(PAGE_SIZE).into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(one) = pages.next().await {
            all.push(one.map_err(|error| failed(&action("DescribeLoadBalancers"), error))?);
        }
        Ok(all)
    }
}

/// Reads load balancers by ARN, or by name where no ARN is known yet.
pub async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let client = aws.elb();
    match lookup::pick::<LoadBalancer>(client, requests).await {
        Ok(found) => {
            let details = |one, known| details(client, one, known);
            lookup::answer(aws, requests, &found, details, value).await
        }
        Err(error) => all_unreadable(requests.len(), &error),
    }
}

/// Reads one load balancer that must exist.
pub async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    let request = ReadRequest { known: known.clone() };
    lookup::only(read(aws, &[request]).await, &action("DescribeLoadBalancers"))
}

/// What only calls for the one load balancer tell.
struct Details {
    pairs: Pairs,
    /// `None` if the caller may not know: then it is as it was known.
    capacity: Option<Option<MinimumLoadBalancerCapacity>>,
}

async fn details(client: &Client, one: &LoadBalancer, known: &Value) -> Result<Details, OperationError> {
    let arn = one.load_balancer_arn().unwrap_or_default();
    let kind = one.r#type().map_or("", |kind| kind.as_str());
    let (pairs, capacity) = futures::join!(pairs(client, arn), capacity(client, arn, kind, known));
    Ok(Details { pairs: pairs?, capacity: capacity? })
}

async fn pairs(client: &Client, arn: &str) -> Result<Pairs, OperationError> {
    let answer = client
        .describe_load_balancer_attributes()
        .load_balancer_arn(arn)
        .send()
        .await
        .map_err(|error| failed(&action("DescribeLoadBalancerAttributes"), error))?;
    let attributes = answer.attributes.unwrap_or_default().into_iter();
    Ok(attributes.filter_map(|pair| Some((pair.key?, pair.value.unwrap_or_default()))).collect())
}

/// The capacity reserved. Where the code asks for none and the caller may not ask, or the region does not know the
/// operation, there is none to speak of.
async fn capacity(
    client: &Client,
    arn: &str,
    kind: &str,
    known: &Value,
) -> Result<Option<Option<MinimumLoadBalancerCapacity>>, OperationError> {
    if !matches!(kind, "application" | "network") {
        return Ok(Some(None));
    }
    let answer = client.describe_capacity_reservation().load_balancer_arn(arn).send().await;
    match answer.map_err(|error| failed(&action("DescribeCapacityReservation"), error)) {
        Ok(answer) => Ok(Some(answer.minimum_load_balancer_capacity)),
        Err(error) if is_not_offered(&error) => Ok(None),
        Err(error)
            if error.kind == ErrorKind::AccessDenied
                && known.block("minimum_load_balancer_capacity").is_none() =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_not_offered(error: &OperationError) -> bool {
    error.code.as_deref() == Some("InvalidAction")
}

/// The complete object, but for `tags` and `timeouts`. What there is none of is empty rather than null where the
/// provider stores it so.
fn value(one: &LoadBalancer, details: &Details, tags: Value, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let arn = one.load_balancer_arn();
    let name = one.load_balancer_name().unwrap_or_default();
    let zones = one.availability_zones();
    let capacity = match &details.capacity {
        Some(Some(capacity)) => blocks::one(
            schema,
            "minimum_load_balancer_capacity",
            [("capacity_units", object::integer(capacity.capacity_units()))],
        ),
        Some(None) => blocks::none(schema, "minimum_load_balancer_capacity"),
        None => known
            .known("minimum_load_balancer_capacity")
            .cloned()
            .unwrap_or_else(|| blocks::none(schema, "minimum_load_balancer_capacity")),
    };
    let pools = match one.ipam_pools() {
        Some(pools) => blocks::one(
            schema,
            "ipam_pools",
            [("ipv4_ipam_pool_id", object::text(pools.ipv4_ipam_pool_id()))],
        ),
        None => blocks::none(schema, "ipam_pools"),
    };
    let mappings = zones.iter().map(|zone| mapping(blocks::inner(schema, "subnet_mapping"), zone)).collect();
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    let mut given = vec![
        ("id", object::text(arn)),
        ("arn", object::text(arn)),
        ("arn_suffix", object::text(arn.and_then(arn::load_balancer_suffix))),
        ("customer_owned_ipv4_pool", text(one.customer_owned_ipv4_pool())),
        ("dns_name", object::text(one.dns_name())),
        (
            "enforce_security_group_inbound_rules_on_private_link_traffic",
            text(one.enforce_security_group_inbound_rules_on_private_link_traffic()),
        ),
        ("internal", Value::bool(one.scheme() == Some(&LoadBalancerSchemeEnum::Internal))),
        ("ip_address_type", object::text(one.ip_address_type().map(|kind| kind.as_str()))),
        ("ipam_pools", pools),
        ("load_balancer_type", object::text(one.r#type().map(|kind| kind.as_str()))),
        ("minimum_load_balancer_capacity", capacity),
        ("name", Value::string(name)),
        ("name_prefix", Value::string(names::prefix_of(name))),
        ("security_groups", object::text_set(one.security_groups())),
        ("subnet_mapping", blocks::holding(schema, "subnet_mapping", mappings)),
        ("subnets", object::text_set(zones.iter().filter_map(AvailabilityZone::subnet_id))),
        ("tags_all", tags),
        ("vpc_id", object::text(one.vpc_id())),
        ("zone_id", object::text(one.canonical_hosted_zone_id())),
    ];
    given.extend(attributes::read(ATTRIBUTES, &details.pairs, known));
    given.extend(LOGS.iter().map(|logs| (logs.name, log_block(schema, logs, &details.pairs, known))));
    schema.object(given)
}

/// The block of a kind of logs. There is one also when the logs are off. For a load balancer that writes no such logs it is
/// as it was known: the provider stores a block without content for some.
fn log_block(schema: &BlockSchema, logs: &Logs, pairs: &Pairs, known: &Value) -> Value {
    if ![logs.enabled, logs.bucket, logs.prefix].iter().any(|key| pairs.contains_key(*key)) {
        return known.known(logs.name).cloned().unwrap_or_else(|| blocks::none(schema, logs.name));
    }
    let text = |key: &str| Value::string(pairs.get(key).map_or("", String::as_str));
    let enabled = pairs.get(logs.enabled).is_some_and(|text| text == "true");
    blocks::one(
        schema,
        logs.name,
        [("enabled", Value::bool(enabled)), ("bucket", text(logs.bucket)), ("prefix", text(logs.prefix))],
    )
}

fn mapping(block: &BlockSchema, zone: &AvailabilityZone) -> Value {
    let address = zone.load_balancer_addresses().first();
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    block.object([
        ("subnet_id", text(zone.subnet_id())),
        ("outpost_id", text(zone.outpost_id())),
        ("allocation_id", text(address.and_then(|address| address.allocation_id()))),
        ("ipv6_address", text(address.and_then(|address| address.ipv6_address()))),
        ("private_ipv4_address", text(address.and_then(|address| address.private_ipv4_address()))),
    ])
}
