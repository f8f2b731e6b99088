//! Reading policies, many at once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_applicationautoscaling::types::{ScalingPolicy, ServiceNamespace};
use futures::future::join_all;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::application_autoscaling::place::{Place, by_namespace};
use crate::provider::aws::application_autoscaling::{AT_ONCE, action};
use crate::provider::aws::autoscaling::values::filled;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::{OperationError, ReadRequest, ReadResult};

use super::flatten;

/// A policy's name is unique within what it scales.
pub(super) type Key = (Place, String);

pub(super) fn key_of(known: &Value) -> Option<Key> {
    Some((Place::of(known)?, filled(known, "name")?.to_owned()))
}

/// Reads the policies of each service together.
pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let keys: Vec<Option<Key>> = requests.iter().map(|request| key_of(&request.known)).collect();
    let mut results: Vec<ReadResult> = requests.iter().map(|_| ReadResult::Missing).collect();
    let namespaces = by_namespace(requests);
    let reads = namespaces.iter().map(|(namespace, indexes)| {
        let keys: Vec<Option<&Key>> =
            indexes.iter().map(|index| keys.get(*index).and_then(Option::as_ref)).collect();
        async move {
            let names: BTreeSet<&str> = keys.iter().flatten().map(|(_, name)| name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            let found = match describe(aws, namespace, &names).await {
                Ok(found) => found,
                Err(error) => return all_unreadable(keys.len(), &error),
            };
            keys.iter()
                .map(|key| match key.and_then(|key| found.get(key)) {
                    Some(live) => ReadResult::Found(flatten::policy(live)),
                    None => ReadResult::Missing,
                })
                .collect()
        }
    });
    for (indexes, read) in namespaces.values().zip(join_all(reads).await) {
        for (index, result) in indexes.iter().zip(read) {
            if let Some(slot) = results.get_mut(*index) {
                *slot = result;
            }
        }
    }
    results
}

/// Asks for a service's policies by name, whatever they scale: one call answers fifty names.
async fn describe(
    aws: &Aws,
    namespace: &str,
    names: &[&str],
) -> Result<HashMap<Key, ScalingPolicy>, OperationError> {
    let mut found = HashMap::new();
    for names in names.chunks(AT_ONCE) {
        let mut token = None;
        loop {
            let call = aws
                .application_autoscaling()
                .describe_scaling_policies()
                .service_namespace(ServiceNamespace::from(namespace))
                .set_policy_names(Some(names.iter().map(|name| (*name).to_owned()).collect()))
                .set_next_token(token);
            let answer = call.send().await;
            let answer = answer.map_err(|error| failed(&action("DescribeScalingPolicies"), error))?;
            for live in answer.scaling_policies.unwrap_or_default() {
                let place = Place {
                    namespace: live.service_namespace().as_str().to_owned(),
                    resource: live.resource_id().to_owned(),
                    dimension: live.scalable_dimension().as_str().to_owned(),
                };
                found.insert((place, live.policy_name().to_owned()), live);
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}
