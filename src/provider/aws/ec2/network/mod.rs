//! Networks: VPCs, subnets, gateways, route tables and addresses, which share EC2's API.

mod data_sources;
pub(super) mod describe;
mod route_table_routes;
mod route_target;
pub(super) mod rules;
pub(super) mod settle;

pub mod eip;
pub mod internet_gateway;
pub mod nat_gateway;
pub mod route;
pub mod route_table;
pub mod route_table_association;
pub mod subnet;
pub mod vpc;

use std::sync::Arc;

use aws_sdk_ec2::types::ResourceType as TaggedType;

use super::marked::Marked;
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;
use crate::provider::{AttributePath, Change, DataSource, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema};

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![
        Arc::new(Marked::new(eip::Eip::default(), TaggedType::ElasticIp)),
        Arc::new(Marked::new(internet_gateway::InternetGateway::default(), TaggedType::InternetGateway)),
        Arc::new(Marked::new(nat_gateway::NatGateway::default(), TaggedType::Natgateway)),
        Arc::new(route::Route::default()),
        Arc::new(Marked::new(route_table::RouteTable::default(), TaggedType::RouteTable)),
        Arc::new(route_table_association::RouteTableAssociation::default()),
        Arc::new(subnet::Subnet::default()),
        Arc::new(Marked::new(vpc::Vpc::default(), TaggedType::Vpc)),
    ]
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![
        Arc::new(data_sources::SubnetData::default()),
        Arc::new(data_sources::SubnetsData::default()),
        Arc::new(data_sources::VpcData::default()),
    ]
}

/// The path of an argument of the object itself.
pub(super) fn at(name: &str) -> AttributePath {
    vec![PathStep::Attribute(name.into())]
}

/// Whether an argument is to become another, or may: an unknown value counts.
pub(super) fn differs(block: &BlockSchema, name: &str, prior: &Value, planned: &Value) -> bool {
    !blocks::same_attribute(block, name, prior, planned)
}

/// Says of a planned change that only AWS can tell these attributes.
pub(super) fn make_unknown(change: &mut Change<'_>, block: &BlockSchema, names: &[&str]) {
    for name in names {
        if let Some(attribute) = block.attributes.get(*name) {
            change.planned = change.planned.with(name, Value::unknown(attribute.ty.clone()));
        }
    }
}

/// Whether the code gives an argument: something that is neither null nor empty nor false, be it unknown yet.
pub(super) fn is_given(config: &Value, name: &str) -> bool {
    let value = config.as_entries().and_then(|entries| entries.get(name));
    value.is_some_and(|value| {
        !value.is_null()
            && value.as_bool() != Some(false)
            && value.as_str() != Some("")
            && !value.as_elements().is_some_and(<[Value]>::is_empty)
    })
}

/// A text that is there and not empty.
pub(super) fn filled<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    blocks::filled(object.text(name))
}

/// A filled text, owned, as the SDK's setters take it.
pub(super) fn owned(object: &Value, name: &str) -> Option<String> {
    filled(object, name).map(str::to_owned)
}

/// A number, as most of EC2's arguments are. Validation keeps arguments within its limits.
pub(super) fn small(object: &Value, name: &str) -> Option<i32> {
    object.integer(name).and_then(|number| i32::try_from(number).ok())
}

/// The import id of an object whose id begins with `prefix`.
pub(super) fn seed(block: &BlockSchema, type_name: &str, prefix: &str, id: &str) -> Result<Value, String> {
    if !id.starts_with(prefix) {
        return Err(format!("The import id of {type_name} looks like \"{prefix}0123456789abcdef0\"."));
    }
    Ok(block.object([("id", Value::string(id))]))
}

/// A string that only AWS sets.
fn computed() -> AttributeSchema {
    AttributeSchema::computed(Type::String)
}
