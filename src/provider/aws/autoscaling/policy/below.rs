//! Policies of a stack's groups that the stack does not know.

use std::collections::HashSet;

use futures::future::join_all;

use crate::provider::aws::Aws;
use crate::provider::aws::autoscaling::action;
use crate::provider::aws::errors::failed;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::Object;
use crate::provider::{Connection, OperationError};

const GROUPS: [&str; 1] = ["aws_autoscaling_group"];

/// What the names of policies begin with that Amazon ECS makes for a capacity provider (ECS API reference,
/// DescribeClusters, “attachments”).
const OF_ECS: &str = "ECSManagedAutoScalingPolicy-";

/// Policies: one call for each group.
pub(super) async fn below(connection: &Connection, objects: &StackObjects) -> Below {
    let known: HashSet<(&str, &str)> = objects
        .known(&["aws_autoscaling_policy"])
        .filter_map(|policy| Some((policy.text("autoscaling_group_name")?, policy.text("name")?)))
        .collect();
    let parents = objects.parents(&GROUPS);
    let aws = match connection.aws() {
        _ if parents.is_empty() => return Below::default(),
        Ok(aws) => aws,
        Err(error) => return Err(error).into(),
    };
    let calls = parents.iter().map(|(address, live, _)| async {
        let Some(group) = live.text("name") else { return Ok(Vec::new()) };
        let names = names(aws, group).await?.into_iter();
        let unknown = names.filter(|name| !name.starts_with(OF_ECS) && !known.contains(&(group, name)));
        let children = unknown.map(|name| {
            let id = format!("{group}/{name}");
            Child { parent: (*address).clone(), label: name, import_id: Some(id.clone()), id }
        });
        Ok(children.collect())
    });
    let mut below = Below::default();
    join_all(calls).await.into_iter().for_each(|part| below.add(part));
    below
}

/// The names of a group's policies.
async fn names(aws: &Aws, group: &str) -> Result<Vec<String>, OperationError> {
    let call = aws.autoscaling().describe_policies().auto_scaling_group_name(group);
    let mut pages = call.into_paginator().page_size(100).items().send();
    let mut names = Vec::new();
    while let Some(policy) = pages.next().await {
        let policy = policy.map_err(|error| failed(&action("DescribePolicies"), error))?;
        names.extend(policy.policy_name);
    }
    Ok(names)
}
