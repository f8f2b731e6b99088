//! Objects that may be those that the code wants, where nothing names them for certain: found by their tag `Name`, or
//! by the beginning of their name. Each is answered with its id and what tells it apart, not as a whole.

use std::collections::BTreeSet;

use aws_sdk_ec2::types::{Filter, InstanceStateName, NatGatewayState, Tag};

use super::network::describe;
use super::{filter, tag_pairs};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

/// The tag that people tell objects apart by (EC2 User Guide, “Tag your Amazon EC2 resources”).
const NAME: &str = "Name";

/// The names that the tags of what is sought give.
fn names(desired: &[Value]) -> BTreeSet<String> {
    desired.iter().filter_map(|one| one.text_map("tags_all").remove(NAME)).collect()
}

fn partial<const N: usize>(
    schema: &BlockSchema,
    id: Option<&str>,
    tags: &[Tag],
    more: [(&'static str, Option<&str>); N],
) -> Value {
    let all = [("id", object::text(id)), ("tags_all", object::text_map(tag_pairs(tags)))];
    schema.object(all.into_iter().chain(more.map(|(name, text)| (name, object::text(text)))))
}

/// All objects that carry one of these names; `search` asks for those that filters let through.
async fn named<T, F>(desired: &[Value], search: impl Fn(Vec<Filter>) -> F) -> Result<Vec<T>, OperationError>
where
    F: Future<Output = Result<Vec<T>, OperationError>>,
{
    let names = names(desired);
    describe::all("tag:Name", names.iter().map(String::as_str), &[], search).await
}

pub(super) async fn vpcs(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let found = named(desired, |filters| describe::vpcs(aws, filters)).await?;
    Ok(found
        .iter()
        .map(|one| partial(schema, one.vpc_id(), one.tags(), [("cidr_block", one.cidr_block())]))
        .collect())
}

pub(super) async fn internet_gateways(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let found = named(desired, |filters| describe::internet_gateways(aws, filters)).await?;
    Ok(found
        .iter()
        .map(|one| {
            let vpc = one.attachments().first().and_then(|attachment| attachment.vpc_id());
            partial(schema, one.internet_gateway_id(), one.tags(), [("vpc_id", vpc)])
        })
        .collect())
}

pub(super) async fn addresses(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let found = named(desired, |filters| describe::addresses(aws, filters)).await?;
    Ok(found
        .iter()
        .map(|one| {
            let domain = one.domain().map(|domain| domain.as_str());
            partial(schema, one.allocation_id(), one.tags(), [("domain", domain)])
        })
        .collect())
}

pub(super) async fn nat_gateways(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let found = named(desired, |filters| describe::nat_gateways(aws, filters)).await?;
    Ok(found
        .iter()
        // One that is deleted, or could not be made, is listed for an hour.
        .filter(|one| matches!(one.state(), Some(NatGatewayState::Available | NatGatewayState::Pending)))
        .map(|one| {
            let kind = one.connectivity_type().map(|kind| kind.as_str());
            let more = [("subnet_id", one.subnet_id()), ("connectivity_type", kind)];
            partial(schema, one.nat_gateway_id(), one.tags(), more)
        })
        .collect())
}

pub(super) async fn route_tables(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let found = named(desired, |filters| describe::route_tables(aws, filters)).await?;
    Ok(found
        .iter()
        .map(|one| partial(schema, one.route_table_id(), one.tags(), [("vpc_id", one.vpc_id())]))
        .collect())
}

pub(super) async fn instances(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let reservations = named(desired, |filters| async {
        let pages = aws.ec2().describe_instances().set_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeInstances", error))
    });
    let found = reservations.await?;
    Ok(found
        .iter()
        .flat_map(|reservation| reservation.instances())
        .filter(|one| {
            let state = one.state().and_then(|state| state.name());
            !matches!(state, Some(InstanceStateName::Terminated | InstanceStateName::ShuttingDown))
        })
        .map(|one| {
            let zone = one.placement().and_then(|placement| placement.availability_zone());
            let more = [("subnet_id", one.subnet_id()), ("availability_zone", zone)];
            partial(schema, one.instance_id(), one.tags(), more)
        })
        .collect())
}

/// Groups of the networks that those sought are in, whose names the code gives the beginning of.
pub(super) async fn security_groups(
    aws: &Aws,
    schema: &BlockSchema,
    desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let networks: BTreeSet<&str> = desired.iter().filter_map(|one| one.text("vpc_id")).collect();
    let filters = if networks.is_empty() { Vec::new() } else { vec![filter("vpc-id", networks)] };
    let found = describe::security_groups(aws, filters).await?;
    Ok(found
        .iter()
        .map(|one| {
            let more = [("vpc_id", one.vpc_id()), ("name", one.group_name())];
            partial(schema, one.group_id(), one.tags(), more)
        })
        .collect())
}

/// Launch templates, whose names the code gives the beginning of. No filter takes one.
pub(super) async fn launch_templates(
    aws: &Aws,
    schema: &BlockSchema,
    _desired: &[Value],
) -> Result<Vec<Value>, OperationError> {
    let pages = aws.ec2().describe_launch_templates().into_paginator();
    let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
    let found = found.map_err(|error| failed("ec2:DescribeLaunchTemplates", error))?;
    Ok(found
        .iter()
        .map(|one| {
            partial(schema, one.launch_template_id(), one.tags(), [("name", one.launch_template_name())])
        })
        .collect())
}
