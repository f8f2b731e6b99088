//! Reading target groups, many at once.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetGroup};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::attributes::{self, Pairs};
use crate::provider::aws::elbv2::lookup::{self, Described, Identified, Named};
use crate::provider::aws::elbv2::{PAGE_SIZE, action, arn};
use crate::provider::aws::errors::failed;
use crate::provider::aws::names;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

use super::health;
use super::schema::{ATTRIBUTES, SCHEMA};

impl Identified for TargetGroup {
    fn arn(&self) -> Option<&str> {
        self.target_group_arn()
    }
}

impl Described for TargetGroup {
    fn name(&self) -> Option<&str> {
        self.target_group_name()
    }

    async fn describe(
        client: &Client,
        named: Named,
        texts: Vec<String>,
    ) -> Result<Option<Vec<TargetGroup>>, OperationError> {
        let call = client.describe_target_groups();
        let call = match named {
            Named::Arns => call.set_target_group_arns(Some(texts)),
            Named::Names => call.set_names(Some(texts)),
        };
        match call.send().await.map_err(|error| failed(&action("DescribeTargetGroups"), error)) {
            Ok(answer) => Ok(Some(answer.target_groups.unwrap_or_default())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn list(client: &Client) -> Result<Vec<TargetGroup>, OperationError> {
        let mut pages = client.describe_target_groups().page_size(PAGE_SIZE).into_paginator().items().send();
        let mut all = Vec::new();
        while let Some(one) = pages.next().await {
            all.push(one.map_err(|error| failed(&action("DescribeTargetGroups"), error))?);
        }
        Ok(all)
    }
}

/// Reads target groups by ARN, or by name where no ARN is known yet.
pub async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let client = aws.elb();
    match lookup::pick::<TargetGroup>(client, requests).await {
        Ok(found) => {
            let details =
                |one: &TargetGroup, _| pairs(client, one.target_group_arn.clone().unwrap_or_default());
            lookup::answer(aws, requests, &found, details, value).await
        }
        Err(error) => all_unreadable(requests.len(), &error),
    }
}

/// The target groups of the account whose names begin with a prefix of those sought, with what tells them apart.
pub(super) async fn alike(aws: &Aws, desired: &[Value]) -> Result<Vec<Value>, OperationError> {
    let prefixes: Vec<&str> = desired.iter().filter_map(|one| one.text("name_prefix")).collect();
    let found = TargetGroup::list(aws.elb()).await?;
    let meant = |name: &str| prefixes.iter().any(|prefix| name.starts_with(prefix));
    let found = found.iter().filter(|one| one.target_group_name().is_some_and(meant));
    Ok(found
        .map(|one| {
            super::schema::SCHEMA.block.object([
                ("id", object::text(one.target_group_arn())),
                ("name", object::text(one.target_group_name())),
                ("vpc_id", object::text(one.vpc_id())),
                ("port", object::integer(one.port())),
                ("protocol", object::text(one.protocol().map(|protocol| protocol.as_str()))),
                ("target_type", object::text(one.target_type().map(|kind| kind.as_str()))),
            ])
        })
        .collect())
}

/// Reads one target group that must exist.
pub async fn read_one(aws: &Aws, known: &Value) -> Result<Value, OperationError> {
    let request = ReadRequest { known: known.clone() };
    lookup::only(read(aws, &[request]).await, &action("DescribeTargetGroups"))
}

async fn pairs(client: &Client, arn: String) -> Result<Pairs, OperationError> {
    let answer = client
        .describe_target_group_attributes()
        .target_group_arn(arn)
        .send()
        .await
        .map_err(|error| failed(&action("DescribeTargetGroupAttributes"), error))?;
    let attributes = answer.attributes.unwrap_or_default().into_iter();
    Ok(attributes.filter_map(|pair| Some((pair.key?, pair.value.unwrap_or_default()))).collect())
}

/// The complete object, but for `tags`.
fn value(one: &TargetGroup, pairs: &Pairs, tags: Value, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let arn = one.target_group_arn();
    let name = one.target_group_name().unwrap_or_default();
    let protocol = one.protocol().map_or("", ProtocolEnum::as_str);
    let mut given = vec![
        ("id", object::text(arn)),
        ("arn", object::text(arn)),
        ("arn_suffix", object::text(arn.and_then(arn::target_group_suffix))),
        ("health_check", health::health_check(schema, one)),
        ("ip_address_type", Value::string(one.ip_address_type().map_or("", |kind| kind.as_str()))),
        ("load_balancer_arns", object::text_set(one.load_balancer_arns())),
        ("name", Value::string(name)),
        ("name_prefix", Value::string(names::prefix_of(name))),
        ("port", object::integer(one.port())),
        ("protocol", object::text(one.protocol().map(ProtocolEnum::as_str))),
        ("protocol_version", object::text(one.protocol_version())),
        ("tags_all", tags),
        ("target_type", object::text(one.target_type().map(|kind| kind.as_str()))),
        ("vpc_id", object::text(one.vpc_id())),
    ];
    given.extend(health::blocks_of(schema, pairs, protocol));
    given.extend(attributes::read(ATTRIBUTES, pairs, known));
    schema.object(given)
}
