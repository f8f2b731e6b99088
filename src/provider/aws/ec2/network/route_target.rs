//! What routes of either spelling share: where they go to, and by which way.

use aws_sdk_ec2::types::{Route, RouteTable};

use super::{filled, owned};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::{ErrorKind, OperationError};

/// The arguments that say by which way, as both types of routes spell them.
pub(super) const TARGETS: [&str; 10] = [
    "carrier_gateway_id",
    "core_network_arn",
    "egress_only_gateway_id",
    "gateway_id",
    "local_gateway_id",
    "nat_gateway_id",
    "network_interface_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "vpc_peering_connection_id",
];

/// The gateway of routes within the VPC, which are there from the first and cannot be deleted.
pub(super) const LOCAL: &str = "local";

/// How long a route, or what it names, may take to be known everywhere in EC2.
const PROPAGATION: std::time::Duration = std::time::Duration::from_secs(120);

/// Where a route goes to. A table has one route for each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Destination {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
}

impl Destination {
    /// A destination given as one of three texts, in one spelling for all of a range. Which one is given is the
    /// caller's: the first that is.
    pub(super) fn of(ipv4: Option<&str>, ipv6: Option<&str>, list: Option<&str>) -> Option<Destination> {
        use crate::provider::aws::ec2::cidr::{canonical_v4, canonical_v6};
        let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let ipv4 = given(ipv4).map(|text| Destination::Ipv4(canonical_v4(&text)));
        let ipv6 = || given(ipv6).map(|text| Destination::Ipv6(canonical_v6(&text)));
        ipv4.or_else(ipv6).or_else(|| given(list).map(Destination::PrefixList))
    }

    pub(super) fn of_live(route: &Route) -> Option<Destination> {
        Destination::of(
            route.destination_cidr_block(),
            route.destination_ipv6_cidr_block(),
            route.destination_prefix_list_id(),
        )
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Destination::Ipv4(text) | Destination::Ipv6(text) | Destination::PrefixList(text) => text,
        }
    }

    fn ipv4(&self) -> Option<String> {
        matches!(self, Destination::Ipv4(_)).then(|| self.text().to_owned())
    }

    fn ipv6(&self) -> Option<String> {
        matches!(self, Destination::Ipv6(_)).then(|| self.text().to_owned())
    }

    fn list(&self) -> Option<String> {
        matches!(self, Destination::PrefixList(_)).then(|| self.text().to_owned())
    }
}

/// The way of a live route by the argument's name; empty where it has none of the kind.
pub(super) fn of_live<'a>(route: &'a Route, name: &str) -> &'a str {
    let gateway = route.gateway_id().unwrap_or_default();
    // Gateway Load Balancer endpoints are answered as gateways.
    let is_endpoint = gateway.starts_with("vpce-");
    let value = match name {
        "carrier_gateway_id" => route.carrier_gateway_id(),
        "core_network_arn" => route.core_network_arn(),
        "egress_only_gateway_id" => route.egress_only_internet_gateway_id(),
        "gateway_id" => Some(gateway).filter(|_| !is_endpoint),
        "local_gateway_id" => route.local_gateway_id(),
        "nat_gateway_id" => route.nat_gateway_id(),
        "network_interface_id" => route.network_interface_id(),
        "transit_gateway_id" => route.transit_gateway_id(),
        "vpc_endpoint_id" => Some(gateway).filter(|_| is_endpoint),
        "vpc_peering_connection_id" => route.vpc_peering_connection_id(),
        _ => None,
    };
    value.unwrap_or_default()
}

/// The route of a table that goes to a destination.
pub(super) fn find<'a>(table: &'a RouteTable, destination: &Destination) -> Option<&'a Route> {
    table.routes().iter().find(|route| Destination::of_live(route).as_ref() == Some(destination))
}

/// Makes a route by the way that `object` says. What it goes by may be new, and not known everywhere yet.
pub(super) async fn create(
    aws: &Aws,
    table: &str,
    destination: &Destination,
    object: &Value,
) -> Result<(), OperationError> {
    wait::until(&format!("the way to {}", destination.text()), PROPAGATION, || async {
        let answer = aws
            .ec2()
            .create_route()
            .route_table_id(table)
            .set_destination_cidr_block(destination.ipv4())
            .set_destination_ipv6_cidr_block(destination.ipv6())
            .set_destination_prefix_list_id(destination.list())
            .set_carrier_gateway_id(owned(object, "carrier_gateway_id"))
            .set_core_network_arn(owned(object, "core_network_arn"))
            .set_egress_only_internet_gateway_id(owned(object, "egress_only_gateway_id"))
            .set_gateway_id(owned(object, "gateway_id"))
            .set_local_gateway_id(owned(object, "local_gateway_id"))
            .set_nat_gateway_id(owned(object, "nat_gateway_id"))
            .set_network_interface_id(owned(object, "network_interface_id"))
            .set_transit_gateway_id(owned(object, "transit_gateway_id"))
            .set_vpc_endpoint_id(owned(object, "vpc_endpoint_id"))
            .set_vpc_peering_connection_id(owned(object, "vpc_peering_connection_id"))
            .send()
            .await;
        match answer.map(drop).map_err(|error| failed("ec2:CreateRoute", error)) {
            Ok(()) => Ok(Progress::Done(())),
            Err(error) if is_young(&error) => Ok(Progress::Waiting(format!("unknown ({})", error.message))),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Whether what a route goes by may only be too new: transit gateways' attachments are known late.
fn is_young(error: &OperationError) -> bool {
    matches!(
        error.code.as_deref(),
        Some("InvalidTransitGatewayID.NotFound" | "InvalidNatGatewayID.NotFound" | "NatGatewayNotFound")
    )
}

/// Makes an existing route go another way.
pub(super) async fn replace(
    aws: &Aws,
    table: &str,
    destination: &Destination,
    object: &Value,
) -> Result<(), OperationError> {
    let gateway = filled(object, "gateway_id");
    let answer = aws
        .ec2()
        .replace_route()
        .route_table_id(table)
        .set_destination_cidr_block(destination.ipv4())
        .set_destination_ipv6_cidr_block(destination.ipv6())
        .set_destination_prefix_list_id(destination.list())
        .set_carrier_gateway_id(owned(object, "carrier_gateway_id"))
        .set_core_network_arn(owned(object, "core_network_arn"))
        .set_egress_only_internet_gateway_id(owned(object, "egress_only_gateway_id"))
        .set_gateway_id(gateway.filter(|gateway| *gateway != LOCAL).map(str::to_owned))
        .set_local_target(gateway.filter(|gateway| *gateway == LOCAL).map(|_| true))
        .set_local_gateway_id(owned(object, "local_gateway_id"))
        .set_nat_gateway_id(owned(object, "nat_gateway_id"))
        .set_network_interface_id(owned(object, "network_interface_id"))
        .set_transit_gateway_id(owned(object, "transit_gateway_id"))
        .set_vpc_endpoint_id(owned(object, "vpc_endpoint_id"))
        .set_vpc_peering_connection_id(owned(object, "vpc_peering_connection_id"))
        .send()
        .await;
    answer.map(drop).map_err(|error| failed("ec2:ReplaceRoute", error))
}

/// Deletes a route; one that is gone is no error. A route within the VPC cannot go: it is made local again.
pub(super) async fn delete(aws: &Aws, table: &str, destination: &Destination) -> Result<(), OperationError> {
    let answer = aws
        .ec2()
        .delete_route()
        .route_table_id(table)
        .set_destination_cidr_block(destination.ipv4())
        .set_destination_ipv6_cidr_block(destination.ipv6())
        .set_destination_prefix_list_id(destination.list())
        .send()
        .await;
    match answer.map(drop).map_err(|error| failed("ec2:DeleteRoute", error)) {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        Err(error)
            if error.code.as_deref() == Some("InvalidParameterValue")
                && error.message.contains("cannot remove local route") =>
        {
            let local = Value::object([("gateway_id", Value::string(LOCAL))]);
            replace(aws, table, destination, &local).await
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_destination_is_the_same_however_it_is_spelled() {
        let ipv6 = |text| Destination::of(None, Some(text), None).unwrap();
        assert_eq!(ipv6("2001:DB8:0::/32"), ipv6("2001:db8::/32"));
        assert_eq!(Destination::of(Some(""), Some(""), Some("pl-1")).unwrap().text(), "pl-1");
        assert_eq!(Destination::of(None, Some(""), None), None);
    }

    #[test]
    fn an_endpoint_is_no_gateway() {
        let route = Route::builder().gateway_id("vpce-1").build();
        assert_eq!(of_live(&route, "gateway_id"), "");
        assert_eq!(of_live(&route, "vpc_endpoint_id"), "vpce-1");
    }
}
