//! What can be told of an alarm's configuration offline.
//!
//! Facts: what the AWS provider refuses; CloudWatch API reference (PutMetricAlarm, MetricDataQuery, Metric) for what
//! the service would refuse only when the alarm is made.

use aws_sdk_cloudwatch::types::{ComparisonOperator, StandardUnit};

use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::object::Object;

use super::LONGEST_NAME;
use super::schema::MISSING;
use super::statistics::{SIMPLE, is_extended};

/// How many actions each state of an alarm may have (API reference).
const MOST_ACTIONS: usize = 5;

/// What an alarm has that watches one metric, rather than queries.
const OF_ONE_METRIC: [&str; 6] =
    ["dimensions", "extended_statistic", "metric_name", "namespace", "period", "statistic"];

pub(super) fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    checks.length("alarm_name", 1..=LONGEST_NAME);
    checks.length("alarm_description", 0..=1024);
    checks.one_of("comparison_operator", ComparisonOperator::values(), false);
    checks.one_of("evaluate_low_sample_count_percentiles", &["evaluate", "ignore"], false);
    checks.one_of("treat_missing_data", &["breaching", "ignore", MISSING, "notBreaching"], false);
    checks.one_of("statistic", &SIMPLE, false);
    checks.one_of("unit", StandardUnit::values(), false);
    checks.length("metric_name", 1..=255);
    checks.length("threshold_metric_id", 1..=255);
    namespace(&mut checks);
    period(&mut checks, &[10, 20, 30]);
    for name in ["datapoints_to_alarm", "evaluation_periods"] {
        checks.within(name, 1..=i64::from(i32::MAX), "");
    }
    if let Some(text) = config.text("extended_statistic").filter(|text| !is_extended(text)) {
        checks.invalid("extended_statistic", not_extended(text));
    }
    for name in ["alarm_actions", "insufficient_data_actions", "ok_actions"] {
        actions(&mut checks, name);
    }
    combinations(&mut checks);
    checks.each("metric_query", query);
}

fn not_extended(text: &str) -> String {
    format!(
        "{text:?} is no statistic such as \"p99.9\" (a percentile), \"tm90\" or \"TM(10%:90%)\" (a trimmed mean), \
         \"PR(:300)\" (a percentile rank) or \"IQM\" (the interquartile mean)."
    )
}

/// What cannot stand together, and what is missing.
fn combinations(checks: &mut Checks<'_>) {
    for name in OF_ONE_METRIC {
        checks.conflict(name, "metric_query");
    }
    checks.conflict("statistic", "extended_statistic");
    checks.conflict("threshold", "threshold_metric_id");
    if checks.is_left_out("metric_name") && checks.is_left_out("metric_query") {
        let detail = "What an alarm watches is given by either \"metric_name\" or \"metric_query\" blocks.";
        checks.missing("metric_name", detail);
    }
    let has_metric = checks.config.known("metric_name").is_some();
    if has_metric && checks.is_left_out("statistic") && checks.is_left_out("extended_statistic") {
        let detail = "An alarm on a metric needs one of \"statistic\" and \"extended_statistic\".";
        checks.missing("statistic", detail);
    }
    let (least, all) =
        (checks.config.integer("datapoints_to_alarm"), checks.config.integer("evaluation_periods"));
    if let (Some(least), Some(all)) = (least, all)
        && (1..least).contains(&all)
    {
        let detail = format!(
            "{least} datapoints cannot be found in {all} periods: it is at most \"evaluation_periods\"."
        );
        checks.invalid("datapoints_to_alarm", detail);
    }
}

fn namespace(checks: &mut Checks<'_>) {
    checks.length("namespace", 1..=255);
    if checks.config.text("namespace").is_some_and(|text| text.starts_with(':')) {
        checks.invalid("namespace", "A namespace does not begin with a colon.");
    }
}

/// A whole number of minutes, or one of a few short times.
fn period(checks: &mut Checks<'_>, short: &[i64]) {
    let Some(value) = checks.config.known("period") else { return };
    if !value.as_i64().is_some_and(|seconds| seconds >= 0 && (seconds % 60 == 0 || short.contains(&seconds)))
    {
        let shown = value.as_number().map(ToString::to_string).unwrap_or_default();
        let words: Vec<String> = short.iter().map(ToString::to_string).collect();
        checks.invalid(
            "period",
            format!(
                "{shown} will not do: it is one of {} or a multiple of 60, in seconds.",
                words.join(", ")
            ),
        );
    }
}

fn actions(checks: &mut Checks<'_>, name: &str) {
    let config = checks.config;
    let elements = config.known(name).and_then(Value::as_elements).unwrap_or_default();
    if elements.len() > MOST_ACTIONS {
        let detail = format!("It has {} actions; at most {MOST_ACTIONS} are allowed.", elements.len());
        checks.invalid(name, detail);
    }
    for text in elements.iter().filter_map(Value::as_str) {
        if !text.is_empty() && !is_action(text) {
            let detail = format!(
                "{text:?} is no action's ARN, which looks like \"arn:aws:sns:REGION:ACCOUNT:TOPIC\" or \
                 \"arn:aws:automate:REGION:ec2:reboot\" (recover, stop, terminate)."
            );
            checks.invalid(name, detail);
        }
    }
}

/// An ARN of an account, or what EC2 does to an instance, whose ARN has none.
fn is_action(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", partition, "automate", region, "ec2", action] => {
            !partition.is_empty()
                && !region.is_empty()
                && ["reboot", "recover", "stop", "terminate"].contains(action)
        }
        ["arn", partition, service, _, account, resource] => {
            let is_number = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
            let is_vendor = ["aws", "aws-managed", "aws-marketplace", "third-party"].contains(account);
            !partition.is_empty()
                && !service.is_empty()
                && !resource.is_empty()
                && (account.is_empty() || is_number || is_vendor)
        }
        _ => false,
    }
}

fn query(checks: &mut Checks<'_>) {
    checks.length("id", 1..=255);
    if checks.config.text("id").is_some_and(|id| !id.is_empty() && !is_query_id(id)) {
        checks.invalid(
            "id",
            "Expressions refer to it, so it begins with a small letter and has letters, digits and \"_\" only.",
        );
    }
    checks.length("account_id", 1..=255);
    checks.length("expression", 1..=1024);
    period(checks, &[1, 5, 10, 20, 30]);
    let (has_expression, has_metric) =
        (checks.config.known("expression").is_some(), checks.config.block("metric").is_some());
    if has_expression && has_metric {
        let detail = "A query is either an \"expression\" or a \"metric\": remove one of them.";
        checks.combination("metric", detail);
    }
    if !has_expression && checks.is_left_out("expression") && checks.is_left_out("metric") {
        checks.missing("expression", "A query is either an \"expression\" or a \"metric\".");
    }
    checks.each("metric", |metric| {
        metric.length("metric_name", 1..=255);
        namespace(metric);
        period(metric, &[1, 5, 10, 20, 30]);
        metric.one_of("unit", StandardUnit::values(), false);
        if let Some(text) = metric.config.text("stat")
            && !SIMPLE.contains(&text)
            && !is_extended(text)
        {
            let detail = format!("{text:?} is none of {} either; {}", SIMPLE.join(", "), not_extended(text));
            metric.invalid("stat", detail);
        }
    });
}

fn is_query_id(id: &str) -> bool {
    id.starts_with(|first: char| first.is_ascii_lowercase())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
