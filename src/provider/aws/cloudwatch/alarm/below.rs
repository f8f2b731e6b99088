//! Alarms on a stack's Auto Scaling groups that the stack does not know.

use std::collections::{BTreeMap, HashSet};

use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricAlarm};

use super::read::name_of;
use crate::address::InstanceAddress;
use crate::provider::aws::errors::failed;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::Object;
use crate::provider::{Connection, OperationError};

const GROUPS: [&str; 1] = ["aws_autoscaling_group"];

/// The dimension that names a group (Auto Scaling User Guide, “CloudWatch metrics”).
const DIMENSION: &str = "AutoScalingGroupName";

/// What the names of alarms begin with that a policy makes which follows a target (Auto Scaling User Guide, “Target
/// tracking scaling policies”: they are not to be edited or deleted).
const OF_POLICIES: &str = "TargetTracking-";

/// How many pages of alarms are looked at: two thousand alarms. CloudWatch has no way to ask for those of a group.
const PAGES: usize = 20;

/// Alarms whose metric is of a group, or that act by a policy of one.
pub(super) async fn below(connection: &Connection, objects: &StackObjects) -> Below {
    let parents = objects.parents(&GROUPS);
    let groups: BTreeMap<&str, &InstanceAddress> =
        parents.iter().filter_map(|(address, live, _)| Some((live.text("name")?, *address))).collect();
    if groups.is_empty() {
        return Below::default();
    }
    let known: HashSet<&str> = objects.known(&["aws_cloudwatch_metric_alarm"]).filter_map(name_of).collect();
    let (alarms, is_all) = match alarms(connection).await {
        Ok(found) => found,
        Err(error) => return Err(error).into(),
    };
    let mut below = Below::default();
    if !is_all {
        below.cut.push(format!(
            "The account has more than {} alarms: those behind were not looked at.",
            alarms.len()
        ));
    }
    for alarm in &alarms {
        let Some(name) = alarm.alarm_name() else { continue };
        if name.starts_with(OF_POLICIES) || known.contains(name) {
            continue;
        }
        if let Some(parent) = groups_of(alarm).into_iter().find_map(|group| groups.get(group)) {
            below.children.push(Child {
                parent: (*parent).clone(),
                label: name.to_owned(),
                id: name.to_owned(),
                import_id: Some(name.to_owned()),
            });
        }
    }
    below
}

/// The alarms of the first pages, and whether these are all.
async fn alarms(connection: &Connection) -> Result<(Vec<MetricAlarm>, bool), OperationError> {
    let client = connection.aws()?.cloudwatch();
    let (mut found, mut token) = (Vec::new(), None);
    for _ in 0..PAGES {
        let call = client.describe_alarms().alarm_types(AlarmType::MetricAlarm).max_records(100);
        let answer = call.set_next_token(token).send().await;
        let answer = answer.map_err(|error| failed("cloudwatch:DescribeAlarms", error))?;
        found.extend(answer.metric_alarms.unwrap_or_default());
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}

/// The groups that an alarm is about: by the dimensions of its metrics, and by the policies among its actions.
fn groups_of(alarm: &MetricAlarm) -> Vec<&str> {
    let of_queries = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let dimensions = alarm.dimensions().iter().chain(of_queries.flat_map(|metric| metric.dimensions()));
    let named =
        dimensions.filter(|one: &&Dimension| one.name() == Some(DIMENSION)).filter_map(Dimension::value);
    let actions = [alarm.alarm_actions(), alarm.ok_actions(), alarm.insufficient_data_actions()];
    named.chain(actions.into_iter().flatten().filter_map(|arn| group_of(arn))).collect()
}

/// The group of a policy by its ARN: `…:scalingPolicy:ID:autoScalingGroupName/GROUP:policyName/POLICY`. The group's name
/// may hold anything but a colon.
fn group_of(arn: &str) -> Option<&str> {
    let (head, rest) = arn.split_once(":autoScalingGroupName/")?;
    head.contains(":scalingPolicy:").then(|| rest.split(':').next()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_names_its_group() {
        let arn = "arn:aws:autoscaling:eu-west-3:123456789012:scalingPolicy:5-a:autoScalingGroupName/web \
                   a/b:policyName/out";
        assert_eq!(group_of(arn), Some("web a/b"));
        assert_eq!(group_of("arn:aws:sns:eu-west-3:123456789012:topic"), None);
    }
}
