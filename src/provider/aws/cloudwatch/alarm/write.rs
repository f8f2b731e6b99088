//! Making and changing alarms.

use aws_sdk_cloudwatch::types::{
    ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricStat, StandardUnit, Statistic, Tag,
};

use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::Object;

use super::schema::SCHEMA;

/// A text as the SDK takes it; nothing if it is left out or empty.
fn owned(object: &Value, name: &str) -> Option<String> {
    blocks::filled(object.text(name)).map(str::to_owned)
}

/// A whole number; nothing if it is left out or zero, which none of an alarm's may be.
fn counted(object: &Value, name: &str) -> Option<i32> {
    object.integer(name).and_then(|number| i32::try_from(number).ok()).filter(|number| *number != 0)
}

fn unit(object: &Value) -> Option<StandardUnit> {
    blocks::filled(object.text("unit")).map(StandardUnit::from)
}

fn dimensions(object: &Value) -> Option<Vec<Dimension>> {
    let given = object.text_map("dimensions").into_iter();
    let made = given.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    Some(made.collect()).filter(|dimensions: &Vec<_>| !dimensions.is_empty())
}

/// ARNs of actions; no action is said by an empty list.
fn actions(object: &Value, name: &str) -> Vec<String> {
    let mut arns = object.texts(name);
    arns.retain(|arn| !arn.is_empty());
    arns
}

fn query(block: &Value) -> MetricDataQuery {
    let stat = block.block("metric").map(|stat| {
        let metric = Metric::builder()
            .set_dimensions(dimensions(stat))
            .set_metric_name(owned(stat, "metric_name"))
            .set_namespace(owned(stat, "namespace"))
            .build();
        MetricStat::builder()
            .metric(metric)
            .set_period(counted(stat, "period"))
            .set_stat(owned(stat, "stat"))
            .set_unit(unit(stat))
            .build()
    });
    MetricDataQuery::builder()
        .set_account_id(owned(block, "account_id"))
        .set_expression(owned(block, "expression"))
        .set_id(owned(block, "id"))
        .set_label(owned(block, "label"))
        .set_metric_stat(stat)
        .set_period(counted(block, "period"))
        .return_data(block.boolean("return_data").unwrap_or_default())
        .build()
}

/// Makes an alarm, or replaces the settings of the one that has the name; to CloudWatch both are one. Tags count for
/// a new one only (API reference, PutMetricAlarm).
pub(super) async fn put(aws: &Aws, planned: &Value) -> Result<(), OperationError> {
    let queries: Vec<MetricDataQuery> = planned.blocks("metric_query").iter().map(query).collect();
    let watched = owned(planned, "threshold_metric_id");
    // An alarm is raised either by a band of expected values or by a number, which is zero if it is left out.
    let threshold =
        if watched.is_some() { None } else { Some(planned.float("threshold").unwrap_or_default()) };
    let tags = planned.text_map("tags_all").into_iter();
    let tags: Vec<Tag> = tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    let call = aws
        .cloudwatch()
        .put_metric_alarm()
        .actions_enabled(planned.boolean("actions_enabled").unwrap_or(true))
        .set_alarm_actions(Some(actions(planned, "alarm_actions")))
        .set_alarm_description(owned(planned, "alarm_description"))
        .set_alarm_name(owned(planned, "alarm_name"))
        .set_comparison_operator(planned.text("comparison_operator").map(ComparisonOperator::from))
        .set_datapoints_to_alarm(counted(planned, "datapoints_to_alarm"))
        .set_dimensions(dimensions(planned))
        .set_evaluate_low_sample_count_percentile(owned(planned, "evaluate_low_sample_count_percentiles"))
        .set_evaluation_periods(counted(planned, "evaluation_periods"))
        .set_extended_statistic(owned(planned, "extended_statistic"))
        .set_insufficient_data_actions(Some(actions(planned, "insufficient_data_actions")))
        .set_metric_name(owned(planned, "metric_name"))
        .set_metrics(Some(queries).filter(|queries| !queries.is_empty()))
        .set_namespace(owned(planned, "namespace"))
        .set_ok_actions(Some(actions(planned, "ok_actions")))
        .set_period(counted(planned, "period"))
        .set_statistic(blocks::filled(planned.text("statistic")).map(Statistic::from))
        .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
        .set_threshold(threshold)
        .set_threshold_metric_id(watched)
        .set_treat_missing_data(owned(planned, "treat_missing_data"))
        .set_unit(unit(planned));
    call.send().await.map(drop).map_err(|error| failed("cloudwatch:PutMetricAlarm", error))
}

/// Whether two objects differ in more than their tags.
pub(super) fn settings_differ(prior: &Value, planned: &Value) -> bool {
    let schema = &SCHEMA.block;
    let names = schema.attributes.keys().filter(|name| !name.starts_with("tags"));
    let mut attributes = names.map(|name| blocks::same_attribute(schema, name, prior, planned));
    attributes.any(|same| !same) || !blocks::same_blocks(schema, "metric_query", prior, planned)
}

pub(super) async fn change_tags(aws: &Aws, arn: &str, changes: TagChanges) -> Result<(), OperationError> {
    if !changes.remove.is_empty() {
        let call = aws.cloudwatch().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(|error| failed("cloudwatch:UntagResource", error))?;
    }
    if !changes.set.is_empty() {
        let tags = changes.set.into_iter();
        let tags = tags.map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let call = aws.cloudwatch().tag_resource().resource_arn(arn).set_tags(Some(tags));
        call.send().await.map_err(|error| failed("cloudwatch:TagResource", error))?;
    }
    Ok(())
}
