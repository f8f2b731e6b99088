//! Reading policies, many at once.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_autoscaling::types::{ScalingPolicy, StepAdjustment};

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::autoscaling::{AT_ONCE, action};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{OperationError, ReadRequest, ReadResult};

use super::schema::{SCHEMA, SIMPLE};
use super::{predictive, target};

/// A policy's name is unique within its group.
type Key = (String, String);

fn key_of(known: &Value) -> Option<Key> {
    let name = known.text("name").or_else(|| known.text("id"))?;
    Some((known.text("autoscaling_group_name")?.to_owned(), name.to_owned()))
}

/// Asks for policies by name, whatever their groups: one call answers fifty names.
pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let keys: Vec<Option<Key>> = requests.iter().map(|request| key_of(&request.known)).collect();
    let names: BTreeSet<&str> = keys.iter().flatten().map(|(_, name)| name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut found: HashMap<Key, ScalingPolicy> = HashMap::new();
    for names in names.chunks(AT_ONCE) {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut token = None;
        loop {
            let call = aws
                .autoscaling()
                .describe_policies()
                .set_policy_names(Some(names.clone()))
                .max_records(100)
                .set_next_token(token);
            let answer = call.send().await.map_err(|error| failed(&action("DescribePolicies"), error))?;
            for live in answer.scaling_policies.unwrap_or_default() {
                if let (Some(group), Some(name)) =
                    (live.auto_scaling_group_name.clone(), live.policy_name.clone())
                {
                    found.insert((group, name), live);
                }
            }
            token = answer.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(keys
        .into_iter()
        .map(|key| match key.and_then(|key| found.get(&key)) {
            Some(live) => ReadResult::Found(value(live)),
            None => ReadResult::Missing,
        })
        .collect())
}

fn value(live: &ScalingPolicy) -> Value {
    let schema = &SCHEMA.block;
    let step = blocks::inner(schema, "step_adjustment");
    let bound = |bound: Option<f64>| object::text(bound.map(|bound| bound.to_string()));
    let steps = live.step_adjustments().iter().map(|one: &StepAdjustment| {
        step.object([
            ("metric_interval_lower_bound", bound(one.metric_interval_lower_bound())),
            ("metric_interval_upper_bound", bound(one.metric_interval_upper_bound())),
            ("scaling_adjustment", object::integer(one.scaling_adjustment())),
        ])
    });
    schema.object([
        ("adjustment_type", object::text(live.adjustment_type())),
        ("arn", object::text(live.policy_arn())),
        ("autoscaling_group_name", object::text(live.auto_scaling_group_name())),
        ("cooldown", object::integer(live.cooldown())),
        ("enabled", Value::bool(live.enabled().unwrap_or(true))),
        ("estimated_instance_warmup", object::integer(live.estimated_instance_warmup())),
        ("id", object::text(live.policy_name())),
        ("metric_aggregation_type", object::text(live.metric_aggregation_type())),
        ("min_adjustment_magnitude", object::integer(live.min_adjustment_magnitude())),
        ("name", object::text(live.policy_name())),
        ("policy_type", Value::string(live.policy_type().unwrap_or(SIMPLE))),
        (
            "predictive_scaling_configuration",
            predictive::flatten(schema, live.predictive_scaling_configuration()),
        ),
        ("scaling_adjustment", object::integer(live.scaling_adjustment())),
        ("step_adjustment", blocks::holding(schema, "step_adjustment", steps.collect())),
        ("target_tracking_configuration", target::flatten(schema, live.target_tracking_configuration())),
    ])
}
