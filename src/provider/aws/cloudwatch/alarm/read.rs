//! Reading alarms, a hundred with one call.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_cloudwatch::types::{AlarmType, Dimension, MetricAlarm, MetricDataQuery, MetricStat, Tag};
use futures::future::join_all;

use crate::lang::number::Number;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::read_result;
use crate::provider::object::{self, Object};
use crate::provider::{OperationError, ReadRequest, ReadResult};

use super::schema::{MISSING, SCHEMA};

/// How many alarms one call of DescribeAlarms may name (API reference).
const AT_ONCE: usize = 100;

/// What an alarm is known by: its name, which is its id too.
pub(super) fn name_of(known: &Value) -> Option<&str> {
    known.text("alarm_name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}

/// Describes alarms by their names; their tags are asked for one by one, for the service has no call for many.
pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let names: BTreeSet<&str> = requests.iter().filter_map(|request| name_of(&request.known)).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let mut found: HashMap<String, MetricAlarm> = HashMap::with_capacity(names.len());
    for names in names.chunks(AT_ONCE) {
        describe(aws, names, &mut found).await?;
    }
    let reads = requests.iter().map(|request| async {
        match name_of(&request.known).and_then(|name| found.get(name)) {
            Some(live) => read_result(object(aws, live).await),
            None => ReadResult::Missing,
        }
    });
    Ok(join_all(reads).await)
}

async fn describe(
    aws: &Aws,
    names: &[&str],
    found: &mut HashMap<String, MetricAlarm>,
) -> Result<(), OperationError> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut token = None;
    loop {
        let call = aws
            .cloudwatch()
            .describe_alarms()
            .alarm_types(AlarmType::MetricAlarm)
            .set_alarm_names(Some(names.clone()))
            .max_records(100)
            .set_next_token(token);
        let answer = call.send().await.map_err(|error| failed("cloudwatch:DescribeAlarms", error))?;
        for live in answer.metric_alarms.unwrap_or_default() {
            if let Some(name) = live.alarm_name.clone() {
                found.insert(name, live);
            }
        }
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(());
        }
    }
}

async fn object(aws: &Aws, live: &MetricAlarm) -> Result<Value, OperationError> {
    let arn = live.alarm_arn().unwrap_or_default();
    let answer = aws.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await;
    let answer = answer.map_err(|error| failed("cloudwatch:ListTagsForResource", error))?;
    Ok(value(aws, live, answer.tags()))
}

fn value(aws: &Aws, live: &MetricAlarm, tags: &[Tag]) -> Value {
    let tags = tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()));
    SCHEMA.block.object([
        ("actions_enabled", Value::bool(live.actions_enabled().unwrap_or(true))),
        ("alarm_actions", object::text_set(live.alarm_actions())),
        ("alarm_description", object::text(live.alarm_description())),
        ("alarm_name", object::text(live.alarm_name())),
        ("arn", object::text(live.alarm_arn())),
        ("comparison_operator", object::text(live.comparison_operator())),
        ("datapoints_to_alarm", object::integer(live.datapoints_to_alarm())),
        ("dimensions", dimensions(live.dimensions())),
        ("evaluate_low_sample_count_percentiles", object::text(live.evaluate_low_sample_count_percentile())),
        ("evaluation_periods", object::integer(live.evaluation_periods())),
        ("extended_statistic", object::text(live.extended_statistic())),
        ("id", object::text(live.alarm_name())),
        ("insufficient_data_actions", object::text_set(live.insufficient_data_actions())),
        ("metric_name", object::text(live.metric_name())),
        ("metric_query", queries(live.metrics())),
        ("namespace", object::text(live.namespace())),
        ("ok_actions", object::text_set(live.ok_actions())),
        ("period", object::integer(live.period())),
        ("statistic", object::text(live.statistic())),
        ("tags_all", aws.tags.live(tags)),
        ("threshold", decimal(live.threshold())),
        ("threshold_metric_id", object::text(live.threshold_metric_id())),
        ("treat_missing_data", Value::string(live.treat_missing_data().unwrap_or(MISSING))),
        ("unit", object::text(live.unit())),
    ])
}

fn dimensions(live: &[Dimension]) -> Value {
    object::text_map(live.iter().filter_map(|one| Some((one.name()?, one.value()?))))
}

/// The shortest decimal number that is this floating-point number, or null.
fn decimal(number: Option<f64>) -> Value {
    match number.and_then(|number| Number::from_text(&number.to_string())) {
        Some(number) => Value::number(number),
        None => Value::null(Type::Number),
    }
}

fn queries(live: &[MetricDataQuery]) -> Value {
    let name = "metric_query";
    let schema = blocks::inner(&SCHEMA.block, name);
    let made = live.iter().map(|one| {
        schema.object([
            ("account_id", object::text(one.account_id())),
            ("expression", object::text(one.expression())),
            ("id", object::text(one.id())),
            ("label", object::text(one.label())),
            ("metric", metric(one.metric_stat())),
            ("period", object::integer(one.period())),
            // API reference, MetricDataQuery: data are returned unless something else is said.
            ("return_data", Value::bool(one.return_data().unwrap_or(true))),
        ])
    });
    blocks::holding(&SCHEMA.block, name, made.collect())
}

fn metric(live: Option<&MetricStat>) -> Value {
    let schema = blocks::inner(&SCHEMA.block, "metric_query");
    let Some(live) = live else { return blocks::none(schema, "metric") };
    let metric = live.metric();
    blocks::one(
        schema,
        "metric",
        [
            ("dimensions", dimensions(metric.map(|metric| metric.dimensions()).unwrap_or_default())),
            ("metric_name", object::text(metric.and_then(|metric| metric.metric_name()))),
            ("namespace", object::text(metric.and_then(|metric| metric.namespace()))),
            ("period", object::integer(live.period())),
            ("stat", object::text(live.stat())),
            ("unit", object::text(live.unit())),
        ],
    )
}
