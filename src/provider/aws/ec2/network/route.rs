//! `aws_route`: one route of a route table.
//!
//! Facts: EC2 API reference (CreateRoute, ReplaceRoute, DeleteRoute, DescribeRouteTables); the AWS provider's manual
//! page, and states that it wrote for the form of ids.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Route as LiveRoute, RouteTable};

use super::route_target::{self as target, Destination, LOCAL, TARGETS};
use super::settle::settled;
use super::{computed, describe, differs, filled, is_given, make_unknown, rules};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::ec2::cidr::Family;
use crate::provider::aws::ec2::filter;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// The arguments that say where to.
const DESTINATIONS: [&str; 3] =
    ["destination_cidr_block", "destination_ipv6_cidr_block", "destination_prefix_list_id"];

/// What EC2 says of a route that goes another way.
const COMPUTED: [&str; 4] = ["instance_id", "instance_owner_id", "origin", "state"];

/// `aws_route`
pub struct Route {
    schema: Schema,
}

impl Default for Route {
    fn default() -> Route {
        let to = || AttributeSchema::optional(Type::String).forces_replacement();
        let range = || Equality::Custom(rules::same_range);
        let block =
            COMPUTED.iter().fold(BlockSchema::new().id(), |block, name| block.attribute(name, computed()));
        let block = TARGETS.iter().fold(block, |block, name| {
            // An instance is named by its network interface, which EC2 fills in.
            block.attribute(
                name,
                match *name {
                    "network_interface_id" => AttributeSchema::optional_computed(Type::String),
                    _ => AttributeSchema::optional(Type::String),
                },
            )
        });
        let block = block
            .attribute("destination_cidr_block", to().equality(range()))
            .attribute("destination_ipv6_cidr_block", to().equality(range()))
            .attribute("destination_prefix_list_id", to())
            .attribute("route_table_id", AttributeSchema::required(Type::String).forces_replacement())
            .timeouts(&["create", "delete", "update"]);
        Route { schema: Schema::new(0, block) }
    }
}

fn destination(object: &Value) -> Option<Destination> {
    let [ipv4, ipv6, list] = DESTINATIONS.map(|name| filled(object, name));
    Destination::of(ipv4, ipv6, list)
}

/// The id that the AWS provider gives a route: `r-`, the table's id and a checksum of the destination as the code
/// spells it. States have it.
fn id_of(table: &str, destination: &str) -> String {
    let mut checksum = flate2::Crc::new();
    checksum.update(destination.as_bytes());
    format!("r-{table}{}", checksum.sum())
}

#[async_trait]
impl ResourceType for Route {
    fn name(&self) -> &'static str {
        "aws_route"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::exactly_one(config, &DESTINATIONS, "The destination", problems);
        rules::exactly_one(config, &TARGETS, "The target", problems);
        rules::network(config, "destination_cidr_block", Family::V4, problems);
        rules::network(config, "destination_ipv6_cidr_block", Family::V6, problems);
        // Carrier gateways are for IPv4 only, egress-only gateways for IPv6 only.
        rules::conflicts(config, "carrier_gateway_id", "destination_ipv6_cidr_block", problems);
        rules::conflicts(config, "egress_only_gateway_id", "destination_cidr_block", problems);
    }

    fn plan(&self, change: &mut Change<'_>) {
        let block = &self.schema.block;
        let Some(prior) = change.prior else { return };
        let is_moved = TARGETS
            .iter()
            .any(|name| is_given(change.config, name) && differs(block, name, prior, &change.planned));
        if is_moved {
            make_unknown(change, block, &COMPUTED);
            if !is_given(change.config, "network_interface_id") {
                make_unknown(change, block, &["network_interface_id"]);
            }
        }
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(5), update: minutes(2), delete: minutes(5) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let tables = requests.iter().filter_map(|request| filled(&request.known, "route_table_id"));
            let found =
                describe::all("route-table-id", tables, &[], |filters| describe::route_tables(aws, filters));
            let found = describe::by(found.await?, RouteTable::route_table_id);
            let one = |request: &ReadRequest| {
                let known = &request.known;
                let table = filled(known, "route_table_id")?;
                let route = target::find(found.get(table)?, &destination(known)?)?;
                Some(self.object(table, route, known))
            };
            let one = |request| one(request).map_or(ReadResult::Missing, ReadResult::Found);
            Ok(requests.iter().map(one).collect())
        };
        read.await.unwrap_or_else(|error: OperationError| all_unreadable(requests.len(), &error))
    }

    /// A table has one route for each destination.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let table = filled(prepared, "route_table_id")?;
        let to = DESTINATIONS.into_iter().find_map(|name| Some((name, filled(prepared, name)?)))?;
        let known = [("route_table_id", Value::string(table)), (to.0, Value::string(to.1))];
        Some(self.schema.block.object(known))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let table = filled(planned, "route_table_id").unwrap_or_default();
        let to = destination(planned).ok_or_else(|| no_destination("ec2:CreateRoute"))?;
        let _turn = aws.lock(table).await;
        let id = id_of(table, spelled(planned));
        match target::create(aws, table, &to, planned).await {
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                // If the first answer was lost, a route that goes the same way is the one just made. Whether it was
                // is not known here: but a route that goes that way already is what is wanted, and EC2 itself says
                // nothing about making it twice.
                let filters = vec![filter("route-table-id", [table])];
                let tables = describe::route_tables(aws, filters).await?;
                let live = tables.first().and_then(|table| target::find(table, &to));
                let is_same = live.is_some_and(|live| {
                    live.gateway_id() != Some(LOCAL)
                        && TARGETS.iter().all(|name| {
                            filled(planned, name).is_none_or(|wanted| wanted == target::of_live(live, name))
                        })
                });
                if !is_same {
                    return Err(error);
                }
            }
            other => other?,
        }
        let known = known_part(planned).with("id", Value::string(&id));
        settled(self, connection, None, planned, &id).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let table = filled(prior, "route_table_id").unwrap_or_default();
        let to = destination(prior).ok_or_else(|| no_destination("ec2:ReplaceRoute"))?;
        let id = filled(prior, "id").unwrap_or_default();
        if TARGETS.iter().any(|name| differs(&self.schema.block, name, prior, planned)) {
            let _turn = aws.lock(table).await;
            target::replace(aws, table, &to, planned).await?;
        }
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(table) = filled(prior, "route_table_id") else { return Ok(()) };
        // Routes within the VPC, which imports bring in, stay.
        if filled(prior, "gateway_id") == Some(LOCAL) {
            return Ok(());
        }
        let Some(to) = destination(prior) else { return Ok(()) };
        let _turn = aws.lock(table).await;
        target::delete(aws, table, &to).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let wrong = || {
            format!(
                "\"{id}\" is not the import id of an aws_route, which is the route table's id and the destination \
                 joined by \"_\": \"rtb-0123456789abcdef0_0.0.0.0/0\"."
            )
        };
        let (table, to) = id.split_once('_').ok_or_else(wrong)?;
        if !table.starts_with("rtb-") || to.is_empty() {
            return Err(wrong());
        }
        let name = match to {
            _ if to.contains(':') => DESTINATIONS[1],
            _ if to.contains('.') => DESTINATIONS[0],
            _ => DESTINATIONS[2],
        };
        let known = [("route_table_id", Value::string(table)), (name, Value::string(to))];
        Ok(self.schema.block.object(known))
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        let table = filled(object, "route_table_id")?;
        let to = DESTINATIONS.into_iter().find_map(|name| filled(object, name))?;
        Some(format!("{table}_{to}"))
    }
}

/// The destination as the code spells it.
fn spelled(object: &Value) -> &str {
    DESTINATIONS.into_iter().find_map(|name| filled(object, name)).unwrap_or_default()
}

fn no_destination(operation: &str) -> OperationError {
    OperationError::new(ErrorKind::Invalid, operation, "the route has no destination")
}

impl Route {
    fn object(&self, table: &str, route: &LiveRoute, known: &Value) -> Value {
        let live = [
            route.destination_cidr_block(),
            route.destination_ipv6_cidr_block(),
            route.destination_prefix_list_id(),
        ];
        let to = DESTINATIONS.into_iter().zip(live).map(|(name, live)| {
            let spelled = filled(known, name).or(live);
            (name, Value::string(spelled.unwrap_or_default()))
        });
        let way = TARGETS.map(|name| (name, Value::string(target::of_live(route, name))));
        let own = [
            ("id", Value::string(id_of(table, spelled(known)))),
            ("route_table_id", Value::string(table)),
            ("instance_id", Value::string(route.instance_id().unwrap_or_default())),
            ("instance_owner_id", Value::string(route.instance_owner_id().unwrap_or_default())),
            ("origin", object::text(route.origin().map(|origin| origin.as_str()))),
            ("state", object::text(route.state().map(|state| state.as_str()))),
        ];
        self.schema.block.object(own.into_iter().chain(to).chain(way))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids of routes in states that hashicorp/aws wrote: the number of 0.0.0.0/0 is in many a forum's question.
    #[test]
    fn ids_are_those_of_the_provider() {
        assert_eq!(id_of("rtb-1", "0.0.0.0/0"), "r-rtb-11080289494");
        assert_eq!(id_of("rtb-1", "::/0"), "r-rtb-12750132062");
    }
}
