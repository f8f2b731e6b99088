//! `aws_route_table`.
//!
//! Facts: EC2 API reference (CreateRouteTable, CreateRoute, ReplaceRoute, EnableVgwRoutePropagation, …); VPC User
//! Guide, “Configure route tables”; the AWS provider's manual page, and its plans.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as TaggedType, RouteTable as Table};

use super::route_target::{self as target, LOCAL};
use super::settle::{settled, unless_gone, until_free};
use super::{computed, describe, filled, route_table_routes as routes, seed};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{filter, tag_pairs, tag_specification, update_tags};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// How long making or deleting a table may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long changing one may take.
const UPDATE_PATIENCE: Duration = Duration::from_secs(2 * 60);

/// `aws_route_table`
pub struct RouteTable {
    schema: Schema,
}

impl Default for RouteTable {
    fn default() -> RouteTable {
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("owner_id", computed())
            .attribute("propagating_vgws", AttributeSchema::optional_computed(Type::set(Type::String)))
            .attribute(
                "route",
                AttributeSchema::optional_computed(Type::set(routes::route_type()))
                    .as_blocks()
                    .equality(Equality::Custom(routes::same)),
            )
            .attribute("vpc_id", AttributeSchema::required(Type::String).forces_replacement())
            .timeouts(&["create", "delete", "update"]);
        RouteTable { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for RouteTable {
    fn name(&self) -> &'static str {
        "aws_route_table"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if let Some(given) = config.known("route") {
            routes::validate(given, problems);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        if let Some(planned) = change.planned.known("route") {
            change.planned = change.planned.with("route", routes::normal(planned));
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: UPDATE_PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found = describe::all("route-table-id", describe::ids(requests), &[], |filters| {
                describe::route_tables(aws, filters)
            });
            let found = describe::by(found.await?, Table::route_table_id);
            Ok(describe::answers(requests, &found, |table, request| self.object(aws, table, &request.known)))
        };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let tags = planned.text_map("tags_all");
        // The SDK sends a token of its own, so a call whose answer was lost makes one table only.
        let answer = aws
            .ec2()
            .create_route_table()
            .vpc_id(planned.text("vpc_id").unwrap_or_default())
            .set_tag_specifications(tag_specification(TaggedType::RouteTable, &tags))
            .send()
            .await
            .map_err(|error| failed("ec2:CreateRouteTable", error))?;
        let id = answer.route_table.and_then(|made| made.route_table_id).unwrap_or_default();
        let finish = async {
            let patience = duration::timeout(planned, "create", PATIENCE);
            let what = format!("{id} to be shown");
            let table = wait::until(&what, patience, || async {
                Ok(match find(aws, &id).await? {
                    Some(table) => Progress::Done(table),
                    None => Progress::Waiting("not shown".to_owned()),
                })
            });
            let table = self.object(aws, &table.await?, &known_part(planned));
            settle_ways(aws, &id, &table, planned).await?;
            settled(self, connection, None, planned, &id).await
        };
        let known = known_part(planned).with("id", Value::string(&id));
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = prior.text("id").unwrap_or_default();
        settle_ways(aws, id, prior, planned).await?;
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let Some(table) = find(aws, id).await? else { return Ok(()) };
        for association in table.associations() {
            let Some(association) = association.route_table_association_id() else { continue };
            let answer = aws.ec2().disassociate_route_table().association_id(association).send().await;
            let answer = answer.map(drop).map_err(|error| failed("ec2:DisassociateRouteTable", error));
            unless_gone(answer)?;
        }
        let patience = duration::timeout(prior, "delete", PATIENCE);
        until_free(id, "ec2:DeleteRouteTable", patience, || async {
            let answer = aws.ec2().delete_route_table().route_table_id(id).send().await;
            answer.map(drop).map_err(|error| failed("ec2:DeleteRouteTable", error))
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "rtb-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::route_tables(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["vpc_id"]
    }
}

impl RouteTable {
    fn object(&self, aws: &Aws, table: &Table, known: &Value) -> Value {
        let id = table.route_table_id().unwrap_or_default();
        let owner = table.owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:route-table/{id}", aws.partition().id, aws.region);
        let gateways = table.propagating_vgws().iter().filter_map(|one| one.gateway_id());
        self.schema.block.object([
            ("id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("owner_id", object::text(table.owner_id())),
            ("propagating_vgws", object::text_set(gateways)),
            ("route", routes::live(table, known.known("route"))),
            ("vpc_id", object::text(table.vpc_id())),
            ("tags_all", aws.tags.live(tag_pairs(table.tags()))),
        ])
    }
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Table>, OperationError> {
    Ok(describe::route_tables(aws, vec![filter("route-table-id", [id])]).await?.pop())
}

/// Makes a table's propagation and routes what they are to be. What the code leaves to others is planned as it was,
/// and so not touched.
async fn settle_ways(aws: &Aws, id: &str, prior: &Value, planned: &Value) -> Result<(), OperationError> {
    let _turn = aws.lock(id).await;
    if planned.known("propagating_vgws").is_some() {
        let gateways = |object: &Value| object.texts("propagating_vgws").into_iter().collect::<BTreeSet<_>>();
        let (before, after) = (gateways(prior), gateways(planned));
        for gateway in before.difference(&after) {
            let call = aws.ec2().disable_vgw_route_propagation().route_table_id(id).gateway_id(gateway);
            let answer = call.send().await.map(drop);
            unless_gone(answer.map_err(|error| failed("ec2:DisableVgwRoutePropagation", error)))?;
        }
        for gateway in after.difference(&before) {
            enable_propagation(aws, id, gateway).await?;
        }
    }
    let Some(wanted) = planned.known("route") else { return Ok(()) };
    let none = Value::set(routes::route_type(), []);
    let before = routes::by_destination(prior.known("route").unwrap_or(&none));
    let after = routes::by_destination(wanted);
    for to in before.keys().filter(|to| !after.contains_key(*to)) {
        target::delete(aws, id, to).await?;
    }
    for (to, route) in &after {
        match before.get(to) {
            Some(old) if routes::same_way(old, route) => {}
            Some(_) => target::replace(aws, id, to, route).await?,
            // Local routes are there from the first, which it is enough to be sure of.
            None if filled(route, "gateway_id") == Some(LOCAL) => target::replace(aws, id, to, route).await?,
            None => match target::create(aws, id, to, route).await {
                // A route within the VPC that is to go another way, or one whose first answer was lost.
                Err(error) if error.kind == ErrorKind::AlreadyExists => {
                    take_over(aws, id, to, route, error).await?;
                }
                other => other?,
            },
        }
    }
    Ok(())
}

/// A route that is there already is made to go the way that the code says if nobody else can have made it: if it is
/// local, or goes that way.
async fn take_over(
    aws: &Aws,
    id: &str,
    to: &target::Destination,
    wanted: &Value,
    error: OperationError,
) -> Result<(), OperationError> {
    let table = find(aws, id).await?;
    let Some(live) = table.as_ref().and_then(|table| target::find(table, to)) else { return Err(error) };
    if live.gateway_id() == Some(LOCAL) {
        return target::replace(aws, id, to, wanted).await;
    }
    let goes_that_way = target::TARGETS
        .iter()
        .all(|name| filled(wanted, name).is_none_or(|wanted| wanted == target::of_live(live, name)));
    if goes_that_way { Ok(()) } else { Err(error) }
}

/// Lets a gateway put its routes into the table, once it is attached everywhere.
async fn enable_propagation(aws: &Aws, id: &str, gateway: &str) -> Result<(), OperationError> {
    wait::until(&format!("{gateway} to be attached"), UPDATE_PATIENCE, || async {
        let call = aws.ec2().enable_vgw_route_propagation().route_table_id(id).gateway_id(gateway);
        let answer = call.send().await.map(drop);
        match answer.map_err(|error| failed("ec2:EnableVgwRoutePropagation", error)) {
            Ok(()) => Ok(Progress::Done(())),
            Err(error) if error.code.as_deref() == Some("Gateway.NotAttached") => {
                Ok(Progress::Waiting("not attached".to_owned()))
            }
            Err(error) => Err(error),
        }
    })
    .await
}
