//! The `route` set of `aws_route_table`, as a value and as routes.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Route, RouteOrigin, RouteTable};

use super::filled;
use super::route_target::{self as target, Destination, LOCAL, TARGETS};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::Problems;
use crate::provider::aws::ec2::cidr::{self, Family};
use crate::provider::object::Object;

/// The arguments that say where to.
const DESTINATIONS: [&str; 3] = ["cidr_block", "destination_prefix_list_id", "ipv6_cidr_block"];

/// The type of one route.
pub(super) fn route_type() -> Type {
    Type::object(DESTINATIONS.into_iter().chain(TARGETS).map(|name| (name, Type::String)))
}

/// Where a route of the code goes to.
pub(super) fn destination(route: &Value) -> Option<Destination> {
    Destination::of(
        filled(route, "cidr_block"),
        filled(route, "ipv6_cidr_block"),
        filled(route, "destination_prefix_list_id"),
    )
}

/// The routes of a set, each by where it goes to.
pub(super) fn by_destination(routes: &Value) -> BTreeMap<Destination, &Value> {
    let routes = routes.as_elements().unwrap_or_default();
    routes.iter().filter_map(|route| Some((destination(route)?, route))).collect()
}

/// Whether two routes go the same way.
pub(super) fn same_way(left: &Value, right: &Value) -> bool {
    TARGETS.iter().all(|name| filled(left, name) == filled(right, name))
}

/// Whether two sets of routes mean the same: what is left out is empty, and ranges have many spellings.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    let (left, right) = (by_destination(left), by_destination(right));
    left.len() == right.len()
        && left.iter().zip(&right).all(|((to, left), (other, right))| to == other && same_way(left, right))
}

/// A set of routes as it is planned: what is left out is empty, as states have it.
pub(super) fn normal(routes: &Value) -> Value {
    let Kind::Set(_, elements) = &routes.kind else { return routes.clone() };
    let elements = elements.iter().map(|route| {
        let Kind::Object(attributes) = &route.kind else { return route.clone() };
        let filled = attributes.iter().map(|(name, value)| {
            let value = if value.is_null() { Value::string("") } else { value.clone() };
            (name.clone(), value)
        });
        Value::object(filled).with_marks(route.marks)
    });
    Value::set(route_type(), elements).with_marks(routes.marks)
}

/// The routes of a live table that are this resource's: not those that AWS puts there, unless `known` has them,
/// in the spelling of `known`.
pub(super) fn live(table: &RouteTable, known: Option<&Value>) -> Value {
    let known = known.map(by_destination).unwrap_or_default();
    let routes = table.routes().iter().filter_map(|route| {
        let to = Destination::of_live(route)?;
        let recorded = known.get(&to).copied();
        is_ours(route, recorded.is_some()).then(|| value(route, recorded))
    });
    Value::set(route_type(), routes)
}

/// Virtual private gateways and gateway endpoints put routes into tables, VPC Lattice too, and those within the VPC
/// are there from the first.
fn is_ours(route: &Route, is_known: bool) -> bool {
    let gateway = route.gateway_id().unwrap_or_default();
    let is_endpoints = gateway.starts_with("vpce-") && route.destination_prefix_list_id().is_some();
    route.origin() != Some(&RouteOrigin::EnableVgwRoutePropagation)
        && gateway != "VpcLattice"
        && !is_endpoints
        && (gateway != LOCAL || is_known)
}

fn value(route: &Route, recorded: Option<&Value>) -> Value {
    let live = [
        ("cidr_block", route.destination_cidr_block()),
        ("ipv6_cidr_block", route.destination_ipv6_cidr_block()),
        ("destination_prefix_list_id", route.destination_prefix_list_id()),
    ];
    let to = live.map(|(name, text)| {
        let spelled = recorded.and_then(|recorded| recorded.text(name)).filter(|text| !text.is_empty());
        (name, Value::string(spelled.or(text).unwrap_or_default()))
    });
    let way = TARGETS.map(|name| (name, Value::string(target::of_live(route, name))));
    Value::object(to.into_iter().chain(way))
}

/// Checks the routes of the code.
pub(super) fn validate(routes: &Value, problems: &mut Problems) {
    for (index, route) in routes.as_elements().unwrap_or_default().iter().enumerate() {
        if !route.is_wholly_known() {
            continue;
        }
        let path = |name: Option<&str>| {
            let name = name.map(|name| PathStep::Attribute(name.into()));
            [PathStep::Attribute("route".into()), PathStep::Index(index)].into_iter().chain(name).collect()
        };
        for (name, family) in [("cidr_block", Family::V4), ("ipv6_cidr_block", Family::V6)] {
            if let Some(text) = filled(route, name)
                && let Err(detail) = cidr::check(text, family)
            {
                problems.error(path(Some(name)), "Invalid CIDR block", detail);
            }
        }
        for (names, what) in [(&DESTINATIONS[..], "destination"), (&TARGETS[..], "target")] {
            let given: Vec<&str> =
                names.iter().copied().filter(|name| filled(route, name).is_some()).collect();
            if given.len() != 1 {
                let found = if given.is_empty() { "none".to_owned() } else { given.join(", ") };
                let detail = format!(
                    "A route has exactly one {what}: one of {}; this one has {found}.",
                    names.join(", ")
                );
                problems.error(path(None), "Invalid route", detail);
            }
        }
    }
    let elements = routes.as_elements().unwrap_or_default();
    let known = elements.iter().filter_map(destination).count();
    if by_destination(routes).len() < known {
        let detail = "Two routes of the table have the same destination: a table has one for each.";
        problems.error(vec![PathStep::Attribute("route".into())], "Invalid routes", detail);
    }
}
