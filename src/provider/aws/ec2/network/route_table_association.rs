//! `aws_route_table_association`: a route table for a subnet or a gateway.
//!
//! Facts: EC2 API reference (AssociateRouteTable, ReplaceRouteTableAssociation, DisassociateRouteTable); the AWS
//! provider's manual page, and its plans.

use crate::provider::aws::together::together;
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    RouteTable, RouteTableAssociation as Live, RouteTableAssociationStateCode as State,
};

use super::settle::{settled, unless_gone};
use super::{describe, differs, filled, make_unknown, owned, rules};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::filter;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// How long making or deleting an association may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long changing one may take.
const UPDATE_PATIENCE: Duration = Duration::from_secs(2 * 60);

/// The filter for associations' ids.
const BY_ID: &str = "association.route-table-association-id";

/// `aws_route_table_association`
pub struct RouteTableAssociation {
    schema: Schema,
}

impl Default for RouteTableAssociation {
    fn default() -> RouteTableAssociation {
        let of = || AttributeSchema::optional(Type::String).forces_replacement();
        let block = BlockSchema::new()
            .id()
            .attribute("gateway_id", of())
            .attribute("route_table_id", AttributeSchema::required(Type::String))
            .attribute("subnet_id", of())
            .timeouts(&["create", "delete", "update"]);
        RouteTableAssociation { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for RouteTableAssociation {
    fn name(&self) -> &'static str {
        "aws_route_table_association"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::exactly_one(config, &["gateway_id", "subnet_id"], "What the table is for", problems);
    }

    /// Another table for the same subnet is another association in EC2, of another id.
    fn plan(&self, change: &mut Change<'_>) {
        let block = &self.schema.block;
        if change.prior.is_some_and(|prior| differs(block, "route_table_id", prior, &change.planned)) {
            make_unknown(change, block, &["id"]);
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: UPDATE_PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let search = |filters| describe::route_tables(aws, filters);
            let without_id = requests.iter().filter(|request| filled(&request.known, "id").is_none());
            let tables = without_id.filter_map(|request| filled(&request.known, "route_table_id"));
            let by_id = describe::all(BY_ID, describe::ids(requests), &[], search);
            let by_table = describe::all("route-table-id", tables, &[], search);
            let (by_id, by_table) = together!(by_id, by_table)?;
            let all: Vec<&Live> = by_id
                .iter()
                .chain(&by_table)
                .flat_map(RouteTable::associations)
                .filter(|one| is_live(one))
                .collect();
            let found: BTreeMap<&str, &Live> =
                all.iter().filter_map(|one| Some((one.route_table_association_id()?, *one))).collect();
            let one = |request: &ReadRequest| {
                let known = &request.known;
                let live = match filled(known, "id") {
                    Some(id) => found.get(id).copied(),
                    None => all.iter().copied().find(|one| is_of(one, known)),
                };
                live.map_or(ReadResult::Missing, |live| ReadResult::Found(self.object(live)))
            };
            Ok(requests.iter().map(one).collect())
        };
        read.await.unwrap_or_else(|error: OperationError| all_unreadable(requests.len(), &error))
    }

    /// A subnet or gateway has one route table.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let names = ["route_table_id", "gateway_id", "subnet_id"];
        filled(prepared, "route_table_id")?;
        let known = names.into_iter().filter_map(|name| Some((name, Value::string(filled(prepared, name)?))));
        Some(self.schema.block.object(known))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let patience = duration::timeout(planned, "create", PATIENCE);
        let what = "the route table to be known";
        let id = wait::until(what, patience, || async {
            let answer = aws
                .ec2()
                .associate_route_table()
                .set_gateway_id(owned(planned, "gateway_id"))
                .set_route_table_id(owned(planned, "route_table_id"))
                .set_subnet_id(owned(planned, "subnet_id"))
                .send()
                .await;
            match answer.map_err(|error| failed("ec2:AssociateRouteTable", error)) {
                Ok(answer) => Ok(Progress::Done(answer.association_id.unwrap_or_default())),
                Err(error) if error.code.as_deref() == Some("InvalidRouteTableID.NotFound") => {
                    Ok(Progress::Waiting("unknown".to_owned()))
                }
                Err(error) => Err(error),
            }
        });
        let id = id.await?;
        let known = known_part(planned).with("id", Value::string(&id));
        let finish = async {
            wait_associated(aws, &id, patience).await?;
            settled(self, connection, None, planned, &id).await
        };
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = filled(prior, "id").unwrap_or_default();
        if !differs(&self.schema.block, "route_table_id", prior, planned) {
            return settled(self, connection, Some(prior), planned, id).await;
        }
        let answer = aws
            .ec2()
            .replace_route_table_association()
            .association_id(id)
            .set_route_table_id(owned(planned, "route_table_id"))
            .send()
            .await
            .map_err(|error| failed("ec2:ReplaceRouteTableAssociation", error))?;
        let new = answer.new_association_id.unwrap_or_default();
        let known = known_part(planned).with("id", Value::string(&new));
        let finish = async {
            wait_associated(aws, &new, duration::timeout(planned, "update", UPDATE_PATIENCE)).await?;
            settled(self, connection, Some(prior), planned, &new).await
        };
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let answer = aws.ec2().disassociate_route_table().association_id(id).send().await;
        unless_gone(answer.map(drop).map_err(|error| failed("ec2:DisassociateRouteTable", error)))?;
        let patience = duration::timeout(prior, "delete", PATIENCE);
        wait::until(&format!("{id} to be gone"), patience, || async {
            Ok(match find(aws, id).await? {
                Some(live) if state(&live) != Some(&State::Disassociated) => {
                    Progress::Waiting("there".to_owned())
                }
                _ => Progress::Done(()),
            })
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let wrong = || {
            format!(
                "\"{id}\" is not the import id of an aws_route_table_association, which is the subnet's or gateway's \
                 id and the route table's: \"subnet-0123456789abcdef0/rtb-0123456789abcdef0\"."
            )
        };
        let (of, table) = id.split_once('/').ok_or_else(wrong)?;
        if !table.starts_with("rtb-") || of.is_empty() {
            return Err(wrong());
        }
        let name = if of.starts_with("subnet-") { "subnet_id" } else { "gateway_id" };
        let known = [(name, Value::string(of)), ("route_table_id", Value::string(table))];
        Ok(self.schema.block.object(known))
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        let of = filled(object, "subnet_id").or_else(|| filled(object, "gateway_id"))?;
        Some(format!("{of}/{}", filled(object, "route_table_id")?))
    }
}

impl RouteTableAssociation {
    fn object(&self, live: &Live) -> Value {
        self.schema.block.object([
            ("id", object::text(live.route_table_association_id())),
            ("gateway_id", Value::string(live.gateway_id().unwrap_or_default())),
            ("route_table_id", object::text(live.route_table_id())),
            ("subnet_id", Value::string(live.subnet_id().unwrap_or_default())),
        ])
    }
}

fn state(live: &Live) -> Option<&State> {
    live.association_state().and_then(|state| state.state())
}

fn is_live(live: &Live) -> bool {
    !matches!(state(live), Some(State::Disassociated | State::Failed))
}

/// Whether an association is of this table with this subnet or gateway.
fn is_of(live: &Live, known: &Value) -> bool {
    live.route_table_id() == filled(known, "route_table_id")
        && live.subnet_id() == filled(known, "subnet_id")
        && live.gateway_id() == filled(known, "gateway_id")
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Live>, OperationError> {
    let tables = describe::route_tables(aws, vec![filter(BY_ID, [id])]).await?;
    let mut all = tables.into_iter().flat_map(|table| table.associations.unwrap_or_default());
    Ok(all.find(|one| one.route_table_association_id() == Some(id)))
}

async fn wait_associated(aws: &Aws, id: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("{id} to be associated"), patience, || async {
        let Some(live) = find(aws, id).await? else { return Ok(Progress::Waiting("not shown".to_owned())) };
        match state(&live) {
            Some(State::Failed) => {
                let reason = live.association_state().and_then(|state| state.status_message());
                let reason = reason.unwrap_or("EC2 gives no reason");
                let message = format!("the association failed: {reason}");
                Err(OperationError::new(ErrorKind::Other, "ec2:AssociateRouteTable", message))
            }
            Some(State::Associating) => Ok(Progress::Waiting("associating".to_owned())),
            _ => Ok(Progress::Done(())),
        }
    })
    .await
}
