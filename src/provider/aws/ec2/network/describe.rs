//! Looking for objects, many with one call.
//!
//! A call that lists ids fails if one of them does not exist; a filter does not, and may have
//! [`FILTER_VALUES`] values.

use crate::provider::aws::together;
use std::collections::BTreeMap;
use std::future::Future;

use aws_sdk_ec2::types::{
    Address, Filter, InternetGateway, NatGateway, NetworkAcl, RouteTable, SecurityGroup, Subnet, Vpc,
};

use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{FILTER_VALUES, filter};
use crate::provider::aws::errors::failed;
use crate::provider::{OperationError, ReadRequest, ReadResult};

/// A function that answers all objects that every filter lets through.
macro_rules! search {
    ($name:ident, $call:ident, $filters:ident, $item:ty, $action:literal) => {
        pub(in crate::provider::aws::ec2) async fn $name(
            aws: &Aws,
            filters: Vec<Filter>,
        ) -> Result<Vec<$item>, OperationError> {
            let filters = Some(filters).filter(|filters| !filters.is_empty());
            let pages = aws.ec2().$call().$filters(filters).into_paginator().items().send();
            pages.try_collect().await.map_err(|error| failed($action, error))
        }
    };
}

search!(vpcs, describe_vpcs, set_filters, Vpc, "ec2:DescribeVpcs");
search!(subnets, describe_subnets, set_filters, Subnet, "ec2:DescribeSubnets");
search!(
    internet_gateways,
    describe_internet_gateways,
    set_filters,
    InternetGateway,
    "ec2:DescribeInternetGateways"
);
search!(route_tables, describe_route_tables, set_filters, RouteTable, "ec2:DescribeRouteTables");
search!(network_acls, describe_network_acls, set_filters, NetworkAcl, "ec2:DescribeNetworkAcls");
search!(nat_gateways, describe_nat_gateways, set_filter, NatGateway, "ec2:DescribeNatGateways");
search!(security_groups, describe_security_groups, set_filters, SecurityGroup, "ec2:DescribeSecurityGroups");

/// The addresses that every filter lets through. The call has no pages.
pub(in crate::provider::aws::ec2) async fn addresses(
    aws: &Aws,
    filters: Vec<Filter>,
) -> Result<Vec<Address>, OperationError> {
    let answer = aws.ec2().describe_addresses().set_filters(Some(filters)).send().await;
    Ok(answer.map_err(|error| failed("ec2:DescribeAddresses", error))?.addresses.unwrap_or_default())
}

/// All objects for which the filter `name` has one of these values, and which other filters let through.
pub(in crate::provider::aws::ec2) async fn all<'a, T, F>(
    name: &str,
    values: impl IntoIterator<Item = &'a str>,
    others: &[Filter],
    search: impl Fn(Vec<Filter>) -> F,
) -> Result<Vec<T>, OperationError>
where
    F: Future<Output = Result<Vec<T>, OperationError>>,
{
    let mut values: Vec<&str> = values.into_iter().collect();
    values.sort_unstable();
    values.dedup();
    let calls = values.chunks(FILTER_VALUES).map(|chunk| {
        let mut filters = vec![filter(name, chunk.iter().copied())];
        filters.extend(others.iter().cloned());
        search(filters)
    });
    Ok(together::all(calls).await?.into_iter().flatten().collect())
}

/// Objects by the key that `key` finds in them.
pub(in crate::provider::aws::ec2) fn by<T>(
    objects: Vec<T>,
    key: impl Fn(&T) -> Option<&str>,
) -> BTreeMap<String, T> {
    objects.into_iter().filter_map(|object| Some((key(&object)?.to_owned(), object))).collect()
}

/// The ids of all that is to be read.
pub(in crate::provider::aws::ec2) fn ids(requests: &[ReadRequest]) -> impl Iterator<Item = &str> {
    use crate::provider::object::Object;
    requests.iter().filter_map(|request| request.known.text("id"))
}

/// The answer to each request by its id, from what was found.
pub(in crate::provider::aws::ec2) fn answers<T>(
    requests: &[ReadRequest],
    found: &BTreeMap<String, T>,
    object: impl Fn(&T, &ReadRequest) -> crate::lang::value::Value,
) -> Vec<ReadResult> {
    use crate::provider::object::Object;
    let one = |request: &ReadRequest| match request.known.text("id").and_then(|id| found.get(id)) {
        Some(live) => ReadResult::Found(object(live, request)),
        None => ReadResult::Missing,
    };
    requests.iter().map(one).collect()
}
