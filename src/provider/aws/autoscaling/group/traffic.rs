//! What sends requests to a group's instances: target groups, classic load balancers, VPC Lattice.
//!
//! Facts: EC2 Auto Scaling API reference, AttachLoadBalancerTargetGroups, AttachLoadBalancers,
//! AttachTrafficSources (`TrafficSourceIdentifier`), and their Describe and Detach counterparts.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_autoscaling::Client;
use aws_sdk_autoscaling::types::TrafficSourceIdentifier;

use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::autoscaling::action;
use crate::provider::aws::autoscaling::values::{filled, owned};
use crate::provider::aws::errors::failed;
use crate::provider::aws::wait::{Progress, until};
use crate::provider::object::Object;

/// How many one call may name.
const AT_ONCE: usize = 10;

/// What is on its way to or from a group.
const PASSING: [&str; 2] = ["Adding", "Removing"];

/// A kind of attachment.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider::aws::autoscaling) enum Kind {
    /// Classic load balancers, by name.
    LoadBalancers,
    /// Target groups, by ARN.
    TargetGroups,
    /// Any of these and VPC Lattice's target groups.
    TrafficSources,
}

/// What kind of source an identifier names, in the service's words: that is what AWS answers where the code does not
/// say.
pub(super) fn kind_of(identifier: &str) -> &'static str {
    match identifier.split(':').nth(2) {
        Some("elasticloadbalancing") => "elbv2",
        Some("vpc-lattice") => "vpc-lattice",
        _ => "elb",
    }
}

/// The sources as the service takes them.
pub(super) fn sources(planned: &Value) -> Vec<TrafficSourceIdentifier> {
    let blocks = planned.blocks("traffic_source").iter();
    blocks
        .map(|block| source(filled(block, "identifier").unwrap_or_default(), owned(block, "type")))
        .collect()
}

fn source(identifier: &str, kind: Option<String>) -> TrafficSourceIdentifier {
    TrafficSourceIdentifier::builder().identifier(identifier).set_type(kind).build()
}

/// Makes the group's attachments those that are planned; what is not known to the plan follows from the others.
pub(super) async fn update(
    client: &Client,
    group: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    for (name, kind) in [("load_balancers", Kind::LoadBalancers), ("target_group_arns", Kind::TargetGroups)] {
        if planned.get(name).is_some_and(|value| value.is_known()) {
            let texts = |object: &Value| object.texts(name).into_iter().collect();
            change(client, group, kind, &texts(prior), &texts(planned), patience).await?;
        }
    }
    if planned.get("traffic_source").is_some_and(|value| value.is_known()) {
        let identifiers = |object: &Value| {
            let blocks = object.blocks("traffic_source").iter();
            blocks.filter_map(|block| owned(block, "identifier")).collect()
        };
        let kind = Kind::TrafficSources;
        change(client, group, kind, &identifiers(prior), &identifiers(planned), patience).await?;
    }
    Ok(())
}

async fn change(
    client: &Client,
    group: &str,
    kind: Kind,
    before: &BTreeSet<String>,
    after: &BTreeSet<String>,
    patience: Duration,
) -> Result<(), OperationError> {
    let gone: Vec<String> = before.difference(after).cloned().collect();
    let new: Vec<String> = after.difference(before).cloned().collect();
    detach(client, group, kind, &gone, patience).await?;
    attach(client, group, kind, &new, patience).await
}

/// Attaches to a group, and waits until AWS has done it.
pub(in crate::provider::aws::autoscaling) async fn attach(
    client: &Client,
    group: &str,
    kind: Kind,
    names: &[String],
    patience: Duration,
) -> Result<(), OperationError> {
    for names in names.chunks(AT_ONCE).map(<[String]>::to_vec) {
        match kind {
            Kind::LoadBalancers => {
                let call = client.attach_load_balancers().auto_scaling_group_name(group);
                let answer = call.set_load_balancer_names(Some(names)).send().await.map(drop);
                answer.map_err(|error| failed(&action("AttachLoadBalancers"), error))?;
            }
            Kind::TargetGroups => {
                let call = client.attach_load_balancer_target_groups().auto_scaling_group_name(group);
                let answer = call.set_target_group_arns(Some(names)).send().await.map(drop);
                answer.map_err(|error| failed(&action("AttachLoadBalancerTargetGroups"), error))?;
            }
            Kind::TrafficSources => {
                let sources = names.iter().map(|name| source(name, Some(kind_of(name).to_owned()))).collect();
                let call = client.attach_traffic_sources().auto_scaling_group_name(group);
                let answer = call.set_traffic_sources(Some(sources)).send().await.map(drop);
                answer.map_err(|error| failed(&action("AttachTrafficSources"), error))?;
            }
        }
        settle(client, group, kind, patience).await?;
    }
    Ok(())
}

/// Detaches from a group, and waits until AWS has done it.
pub(in crate::provider::aws::autoscaling) async fn detach(
    client: &Client,
    group: &str,
    kind: Kind,
    names: &[String],
    patience: Duration,
) -> Result<(), OperationError> {
    for names in names.chunks(AT_ONCE).map(<[String]>::to_vec) {
        match kind {
            Kind::LoadBalancers => {
                let call = client.detach_load_balancers().auto_scaling_group_name(group);
                let answer = call.set_load_balancer_names(Some(names)).send().await.map(drop);
                answer.map_err(|error| failed(&action("DetachLoadBalancers"), error))?;
            }
            Kind::TargetGroups => {
                let call = client.detach_load_balancer_target_groups().auto_scaling_group_name(group);
                let answer = call.set_target_group_arns(Some(names)).send().await.map(drop);
                answer.map_err(|error| failed(&action("DetachLoadBalancerTargetGroups"), error))?;
            }
            Kind::TrafficSources => {
                let sources = names.iter().map(|name| source(name, Some(kind_of(name).to_owned()))).collect();
                let call = client.detach_traffic_sources().auto_scaling_group_name(group);
                let answer = call.set_traffic_sources(Some(sources)).send().await.map(drop);
                answer.map_err(|error| failed(&action("DetachTrafficSources"), error))?;
            }
        }
        settle(client, group, kind, patience).await?;
    }
    Ok(())
}

/// Waits until nothing is on its way to or from the group.
async fn settle(client: &Client, group: &str, kind: Kind, patience: Duration) -> Result<(), OperationError> {
    until(&format!("what is attached to {group}"), patience, || async {
        let states = states(client, group, kind).await?;
        let passing = states.into_iter().find(|state| PASSING.contains(&state.as_str()));
        Ok(passing.map_or(Progress::Done(()), |state| Progress::Waiting(state.to_lowercase())))
    })
    .await
}

/// The states of a group's attachments of a kind.
async fn states(client: &Client, group: &str, kind: Kind) -> Result<Vec<String>, OperationError> {
    let mut states = Vec::new();
    let mut token = None;
    loop {
        let next = match kind {
            Kind::LoadBalancers => {
                let call = client.describe_load_balancers().auto_scaling_group_name(group);
                let answer = call.set_next_token(token).send().await;
                let answer = answer.map_err(|error| failed(&action("DescribeLoadBalancers"), error))?;
                states.extend(
                    answer.load_balancers.unwrap_or_default().into_iter().filter_map(|one| one.state),
                );
                answer.next_token
            }
            Kind::TargetGroups => {
                let call = client.describe_load_balancer_target_groups().auto_scaling_group_name(group);
                let answer = call.set_next_token(token).send().await;
                let answer =
                    answer.map_err(|error| failed(&action("DescribeLoadBalancerTargetGroups"), error))?;
                let groups = answer.load_balancer_target_groups.unwrap_or_default();
                states.extend(groups.into_iter().filter_map(|one| one.state));
                answer.next_token
            }
            Kind::TrafficSources => {
                let call = client.describe_traffic_sources().auto_scaling_group_name(group);
                let answer = call.set_next_token(token).send().await;
                let answer = answer.map_err(|error| failed(&action("DescribeTrafficSources"), error))?;
                states.extend(
                    answer.traffic_sources.unwrap_or_default().into_iter().filter_map(|one| one.state),
                );
                answer.next_token
            }
        };
        token = next.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(states);
        }
    }
}
