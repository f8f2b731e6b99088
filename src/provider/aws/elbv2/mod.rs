//! Elastic Load Balancing, version 2: load balancers, target groups and their targets, listeners and their rules.
//!
//! One folder a resource type; what they share is beside them: `arn` (what an ARN says), `attributes` (tables of schema
//! attribute ↔ key of the service), `below` (what is below
//! a stack's objects and unknown to it), `blocks` (making and comparing nested blocks), `checks` (offline validation), `lookup`
//! (reading many objects with few calls), `naming` and `tagging`.

mod arn;
mod attachment;
mod attributes;
mod below;
pub(super) mod blocks;
pub(super) mod checks;
mod listener;
mod listener_rule;
mod load_balancer;
mod lookup;
mod naming;
mod tagging;
mod target_group;

use std::sync::Arc;

use futures::{StreamExt, stream};

use crate::provider::ResourceType;

/// How many objects one call of `DescribeLoadBalancers` or `DescribeTags` may name (API reference). The calls that
/// document no limit are asked for no more either.
const MAX_NAMED: usize = 20;

/// The largest page of the `Describe*` operations (API reference, `PageSize`).
const PAGE_SIZE: i32 = 400;

/// How many of the calls that take one object each run at a time for one read.
const CONCURRENT_CALLS: usize = 16;

/// The resource types of the service, each under its name and its older alias (`aws_alb…`).
pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    let mut types: Vec<Arc<dyn ResourceType>> = Vec::new();
    for name in ["aws_lb", "aws_alb"] {
        types.push(Arc::new(load_balancer::LoadBalancer { name }));
    }
    for name in ["aws_lb_target_group", "aws_alb_target_group"] {
        types.push(Arc::new(target_group::TargetGroup { name }));
    }
    for name in ["aws_lb_listener", "aws_alb_listener"] {
        types.push(Arc::new(listener::Listener { name }));
    }
    for name in ["aws_lb_listener_rule", "aws_alb_listener_rule"] {
        types.push(Arc::new(listener_rule::ListenerRule { name }));
    }
    for name in ["aws_lb_target_group_attachment", "aws_alb_target_group_attachment"] {
        types.push(Arc::new(attachment::Attachment { name }));
    }
    types
}

/// The name of an IAM action of the service, as errors carry it.
fn action(operation: &str) -> String {
    format!("elasticloadbalancing:{operation}")
}

/// Runs calls that take one object each, [`CONCURRENT_CALLS`] at a time. Answers in their order.
async fn concurrently<F: Future>(calls: Vec<F>) -> Vec<F::Output> {
    stream::iter(calls).buffered(CONCURRENT_CALLS).collect().await
}
