use aws_sdk_cloudwatch::types::{ComparisonOperator, MetricAlarm, StandardUnit, Statistic};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_cloudwatch_metric_alarm";

async fn live(aws: &Aws, name: &str) -> MetricAlarm {
    let answer = aws.cloudwatch().describe_alarms().alarm_names(name).send().await.unwrap();
    answer.metric_alarms()[0].clone()
}

/// Tags as the service answers them, in order.
async fn tags(aws: &Aws, name: &str) -> Vec<(String, String)> {
    let arn = live(aws, name).await.alarm_arn.unwrap();
    let answer = aws.cloudwatch().list_tags_for_resource().resource_arn(arn).send().await.unwrap();
    let mut tags: Vec<(String, String)> = answer
        .tags()
        .iter()
        .map(|tag| (tag.key().unwrap().to_owned(), tag.value().unwrap().to_owned()))
        .collect();
    tags.sort_unstable();
    tags
}

fn pair(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort_unstable();
    texts
}

const FIRST: &str = r#"
alarm_name                            = "busy"
alarm_description                     = "too busy"
comparison_operator                   = "GreaterThanThreshold"
metric_name                           = "CPUUtilization"
namespace                             = "AWS/EC2"
statistic                             = "Average"
period                                = 60
evaluation_periods                    = 3
datapoints_to_alarm                   = 2
threshold                             = 80.5
unit                                  = "Percent"
treat_missing_data                    = "breaching"
evaluate_low_sample_count_percentiles = "ignore"
dimensions                            = { InstanceId = "i-1", Zone = "a" }
alarm_actions                         = ["arn:aws:sns:eu-west-3:123456789012:b", "arn:aws:sns:eu-west-3:123456789012:a"]
ok_actions                            = ["arn:aws:sns:eu-west-3:123456789012:ok"]
insufficient_data_actions             = ["arn:aws:automate:eu-west-3:ec2:reboot"]
tags                                  = { Name = "a", old = "x" }
"#;

const SECOND: &str = r#"
alarm_name                            = "busy"
alarm_description                     = "idle"
actions_enabled                       = false
comparison_operator                   = "LessThanOrEqualToThreshold"
metric_name                           = "NetworkIn"
namespace                             = "Own"
extended_statistic                    = "TM(10%:90%)"
period                                = 10
evaluation_periods                    = 5
datapoints_to_alarm                   = 4
threshold                             = 0.1
unit                                  = "Bytes"
treat_missing_data                    = "notBreaching"
evaluate_low_sample_count_percentiles = "evaluate"
dimensions                            = { InstanceId = "i-2" }
alarm_actions                         = ["arn:aws:sns:eu-west-3:123456789012:c"]
ok_actions                            = ["arn:aws:sns:eu-west-3:123456789012:fine", "arn:aws:sns:eu-west-3:123456789012:ok"]
insufficient_data_actions             = ["arn:aws:automate:eu-west-3:ec2:stop"]
tags                                  = { Name = "b" }
"#;

#[tokio::test]
async fn an_alarm_on_a_metric_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let made = alarm.create(FIRST).await;
    let arn = format!("arn:aws:cloudwatch:eu-west-3:{}:alarm:busy", aws.account());
    assert_eq!((made.text("id"), made.text("arn")), (Some("busy"), Some(&*arn)));
    let seen = live(&aws, "busy").await;
    assert_eq!(seen.alarm_description(), Some("too busy"));
    assert_eq!(seen.comparison_operator(), Some(&ComparisonOperator::GreaterThanThreshold));
    assert_eq!((seen.metric_name(), seen.namespace()), (Some("CPUUtilization"), Some("AWS/EC2")));
    assert_eq!((seen.statistic(), seen.extended_statistic()), (Some(&Statistic::Average), None));
    assert_eq!(
        (seen.period(), seen.evaluation_periods(), seen.datapoints_to_alarm()),
        (Some(60), Some(3), Some(2))
    );
    assert_eq!((seen.threshold(), seen.unit()), (Some(80.5), Some(&StandardUnit::Percent)));
    assert_eq!(seen.treat_missing_data(), Some("breaching"));
    assert_eq!(seen.evaluate_low_sample_count_percentile(), Some("ignore"));
    assert_eq!(seen.actions_enabled(), Some(true));
    assert_eq!(
        sorted(seen.alarm_actions().to_vec()),
        ["arn:aws:sns:eu-west-3:123456789012:a", "arn:aws:sns:eu-west-3:123456789012:b"]
    );
    assert_eq!(seen.ok_actions(), ["arn:aws:sns:eu-west-3:123456789012:ok"]);
    assert_eq!(seen.insufficient_data_actions(), ["arn:aws:automate:eu-west-3:ec2:reboot"]);
    let mut dimensions: Vec<_> =
        seen.dimensions().iter().map(|one| (one.name().unwrap(), one.value().unwrap())).collect();
    dimensions.sort_unstable();
    assert_eq!(dimensions, [("InstanceId", "i-1"), ("Zone", "a")]);
    assert_eq!(tags(&aws, "busy").await, [pair("Name", "a"), pair("old", "x"), pair("team", "data")]);

    let (changed, paths) = alarm.update(&made, SECOND).await;
    assert_eq!(paths.len(), 20, "every argument but the name: {paths:?}");
    let seen = live(&aws, "busy").await;
    assert_eq!(seen.alarm_description(), Some("idle"));
    assert_eq!(seen.comparison_operator(), Some(&ComparisonOperator::LessThanOrEqualToThreshold));
    assert_eq!((seen.metric_name(), seen.namespace()), (Some("NetworkIn"), Some("Own")));
    assert_eq!((seen.statistic(), seen.extended_statistic()), (None, Some("TM(10%:90%)")));
    assert_eq!(
        (seen.period(), seen.evaluation_periods(), seen.datapoints_to_alarm()),
        (Some(10), Some(5), Some(4))
    );
    assert_eq!((seen.threshold(), seen.unit()), (Some(0.1), Some(&StandardUnit::Bytes)));
    assert_eq!(seen.treat_missing_data(), Some("notBreaching"));
    assert_eq!(seen.evaluate_low_sample_count_percentile(), Some("evaluate"));
    assert_eq!(seen.actions_enabled(), Some(false));
    assert_eq!(seen.alarm_actions(), ["arn:aws:sns:eu-west-3:123456789012:c"]);
    assert_eq!(seen.ok_actions().len(), 2);
    assert_eq!(seen.insufficient_data_actions(), ["arn:aws:automate:eu-west-3:ec2:stop"]);
    assert_eq!(seen.dimensions().len(), 1);
    assert_eq!(tags(&aws, "busy").await, [pair("Name", "b"), pair("team", "data")]);

    let seed = alarm.ty.import_seed("busy").unwrap();
    assert_eq!(alarm.read(&seed).await.unwrap(), alarm.read(&changed).await.unwrap());
    assert!(alarm.ty.import_seed("").is_err());
    let other = SECOND.replace("\"busy\"", "\"lazy\"");
    assert_eq!(alarm.plan(Some(&changed), &other).replace, [".alarm_name"]);
    alarm.delete(&changed).await;
}

#[tokio::test]
async fn what_the_code_leaves_out_is_what_the_service_takes_it_for() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let made = alarm.create(FIRST).await;
    let bare = r#"
        alarm_name          = "busy"
        comparison_operator = "GreaterThanThreshold"
        metric_name         = "CPUUtilization"
        namespace           = "AWS/EC2"
        statistic           = "Average"
        period              = 60
        evaluation_periods  = 3
    "#;
    let (changed, paths) = alarm.update(&made, bare).await;
    assert!(paths.contains(&".alarm_actions".to_owned()), "{paths:?}");
    let seen = live(&aws, "busy").await;
    assert_eq!(seen.threshold(), Some(0.0));
    assert_eq!((seen.unit(), seen.alarm_description(), seen.datapoints_to_alarm()), (None, None, None));
    assert_eq!(seen.treat_missing_data(), Some("missing"));
    assert_eq!(seen.alarm_actions().len() + seen.ok_actions().len() + seen.dimensions().len(), 0);
    // Left out, it stays as it is.
    assert_eq!(seen.evaluate_low_sample_count_percentile(), Some("ignore"));
    assert_eq!(tags(&aws, "busy").await, [pair("team", "data")]);
    // Zero is no other threshold than none.
    assert_eq!(alarm.plan(Some(&changed), &format!("{bare}\nthreshold = 0")).changes, [""; 0]);
}

#[tokio::test]
async fn tags_alone_leave_the_alarm_alone() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let alarm = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let made = alarm.create(FIRST).await;
    let text = FIRST.replace("old = \"x\"", "new = \"y\"");
    alarm.update(&made, &text).await;
    assert_eq!(proxy.count("monitoring.PutMetricAlarm"), 1, "{:?}", proxy.counts());
    assert_eq!(tags(&aws, "busy").await, [pair("Name", "a"), pair("new", "y"), pair("team", "data")]);
}

const QUERIES: &str = r#"
alarm_name          = "errors"
comparison_operator = "GreaterThanOrEqualToThreshold"
evaluation_periods  = 2
threshold           = 10

metric_query {
  id          = "rate"
  expression  = "failed / all * 100"
  label       = "Error rate"
  return_data = true
}

metric_query {
  id         = "all"
  account_id = "210987654321"

  metric {
    metric_name = "RequestCount"
    namespace   = "AWS/ApplicationELB"
    period      = 120
    stat        = "Sum"
    unit        = "Count"
    dimensions  = { LoadBalancer = "app/web", Zone = "a" }
  }
}

metric_query {
  id = "failed"

  metric {
    metric_name = "HTTPCode_ELB_5XX_Count"
    period      = 120
    stat        = "p99.9"
  }
}
"#;

#[tokio::test]
async fn an_alarm_may_watch_an_expression_of_metrics() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let made = alarm.create(QUERIES).await;
    let seen = live(&aws, "errors").await;
    let query = |id: &str| seen.metrics().iter().find(|query| query.id() == Some(id)).unwrap().clone();
    assert_eq!(seen.metrics().len(), 3);
    let rate = query("rate");
    assert_eq!((rate.expression(), rate.label()), (Some("failed / all * 100"), Some("Error rate")));
    assert_eq!((rate.return_data(), rate.period()), (Some(true), None));
    let all = query("all");
    assert_eq!((all.account_id(), all.return_data()), (Some("210987654321"), Some(false)));
    let stat = all.metric_stat().unwrap();
    assert_eq!(
        (stat.period(), stat.stat(), stat.unit()),
        (Some(120), Some("Sum"), Some(&StandardUnit::Count))
    );
    let metric = stat.metric().unwrap();
    assert_eq!(
        (metric.namespace(), metric.metric_name()),
        (Some("AWS/ApplicationELB"), Some("RequestCount"))
    );
    assert_eq!(metric.dimensions().len(), 2);
    let failed = query("failed");
    assert_eq!(failed.account_id(), None);
    assert_eq!(failed.metric_stat().unwrap().metric().unwrap().namespace(), None);

    let (changed, paths) = alarm.update(&made, &QUERIES.replace("failed / all * 100", "failed / all")).await;
    assert_eq!(paths, [".metric_query"]);
    // What is left out of a query, and what is empty in it, are alike, as is the order of queries.
    let parts: Vec<&str> = QUERIES.split("\nmetric_query {\n").collect();
    let [head, rate, all, failed] = parts[..] else { panic!("three queries") };
    let reordered = [
        head,
        &failed.replace("id = \"failed\"", "id = \"failed\"\nlabel = \"\"\nperiod = 0\nreturn_data = false"),
        &rate.replace("failed / all * 100", "failed / all"),
        all,
    ]
    .join("\nmetric_query {\n");
    assert_eq!(alarm.plan(Some(&changed), &reordered).changes, [""; 0]);

    let by_query = QUERIES.replace("failed / all * 100", "SELECT AVG(CPUUtilization) FROM \\\"AWS/EC2\\\"");
    let by_query = by_query.replace("label       = \"Error rate\"", "period      = 60");
    let (changed, _) = alarm.update(&changed, &by_query).await;
    let seen = live(&aws, "errors").await;
    let rate = seen.metrics().iter().find(|query| query.id() == Some("rate")).unwrap();
    assert_eq!((rate.period(), rate.label()), (Some(60), None));
    // From queries to one metric and back.
    let (changed, _) = alarm.update(&changed, &FIRST.replace("\"busy\"", "\"errors\"")).await;
    assert_eq!(live(&aws, "errors").await.metrics().len(), 0);
    let (changed, _) = alarm.update(&changed, QUERIES).await;
    assert_eq!(live(&aws, "errors").await.metric_name(), None);
    alarm.delete(&changed).await;
}

#[tokio::test]
async fn an_alarm_may_watch_a_band_of_expected_values() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let text = r#"
        alarm_name          = "odd"
        comparison_operator = "LessThanLowerOrGreaterThanUpperThreshold"
        evaluation_periods  = 2
        threshold_metric_id = "band"
        metric_query {
          id          = "band"
          expression  = "ANOMALY_DETECTION_BAND(load)"
          return_data = true
        }
        metric_query {
          id          = "load"
          return_data = true
          metric {
            metric_name = "CPUUtilization"
            namespace   = "AWS/EC2"
            period      = 120
            stat        = "Average"
          }
        }
    "#;
    let made = alarm.create(text).await;
    let seen = live(&aws, "odd").await;
    assert_eq!((seen.threshold_metric_id(), seen.threshold()), (Some("band"), None));
    let plain = text
        .replace("LessThanLowerOrGreaterThanUpperThreshold", "GreaterThanThreshold")
        .replace("threshold_metric_id = \"band\"", "threshold = 7");
    let (changed, paths) = alarm.update(&made, &plain).await;
    assert_eq!(paths, [".comparison_operator", ".threshold", ".threshold_metric_id"]);
    let seen = live(&aws, "odd").await;
    assert_eq!((seen.threshold_metric_id(), seen.threshold()), (None, Some(7.0)));
    let (changed, _) = alarm.update(&changed, text).await;
    assert_eq!(live(&aws, "odd").await.threshold(), None);
    alarm.delete(&changed).await;
}

/// CloudWatch keeps 64-bit floating-point numbers.
#[tokio::test]
async fn a_threshold_of_more_digits_than_the_service_keeps_is_no_drift() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let text = FIRST.replace("80.5", "0.1234567890123456789");
    alarm.create(&text).await;
    assert_eq!(live(&aws, "busy").await.threshold(), Some(0.123_456_789_012_345_68));
    alarm.create(&FIRST.replace("80.5", "1e21").replace("busy", "large")).await;
    alarm.create(&FIRST.replace("80.5", "-0.000001").replace("busy", "small")).await;
    assert_eq!(live(&aws, "small").await.threshold(), Some(-0.000_001));
}

#[tokio::test]
async fn a_hundred_alarms_are_described_with_one_call() {
    let aws = Aws::fresh();
    let alarm = Lifecycle::new(TYPE, &aws);
    let made = alarm.create(FIRST).await;
    let proxy = Proxy::before(&aws);
    let alarm = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let mut known: Vec<_> =
        (0..150).map(|number| alarm.ty.import_seed(&format!("none-{number}")).unwrap()).collect();
    known.insert(70, made);
    let results = alarm.read_all(&known).await;
    assert_eq!(results.len(), 151);
    for (index, result) in results.iter().enumerate() {
        match result {
            ReadResult::Found(object) => assert_eq!((index, object.text("id")), (70, Some("busy"))),
            ReadResult::Missing => assert_ne!(index, 70),
            ReadResult::Unreadable(error) => panic!("{error}"),
        }
    }
    assert_eq!(proxy.count("monitoring.DescribeAlarms"), 2, "{:?}", proxy.counts());
    assert_eq!(proxy.count("monitoring.ListTagsForResource"), 1);
}

#[tokio::test]
async fn what_may_not_be_read_is_said_with_the_permission_that_is_missing() {
    let aws = Aws::fresh();
    let made = Lifecycle::new(TYPE, &aws).create(FIRST).await;
    for operation in ["DescribeAlarms", "ListTagsForResource"] {
        let proxy = Proxy::before(&aws);
        proxy.rule(Rule::on(&format!("monitoring.{operation}")).fail(403, "AccessDenied", "no"));
        let alarm = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
        match alarm.read_all(std::slice::from_ref(&made)).await.remove(0) {
            ReadResult::Unreadable(error) => {
                assert_eq!(error.kind, ErrorKind::AccessDenied);
                assert_eq!(error.operation, format!("cloudwatch:{operation}"));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_alarm_that_goes_between_two_calls_is_missing() {
    let aws = Aws::fresh();
    let made = Lifecycle::new(TYPE, &aws).create(FIRST).await;
    let proxy = Proxy::before(&aws);
    let rule = Rule::on("monitoring.ListTagsForResource").fail(404, "ResourceNotFoundException", "gone");
    proxy.rule(rule);
    let alarm = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    assert!(matches!(alarm.read_all(&[made]).await[..], [ReadResult::Missing]));
}

/// The arguments that the AWS provider 5.100.0 refuses in `terraform validate` and `terraform plan`, and those that
/// CloudWatch would refuse.
#[tokio::test]
async fn an_alarm_is_checked_offline() {
    let alarm = Lifecycle::new(TYPE, &Aws::fresh());
    assert_eq!(errors(&alarm.problems(FIRST)), [""; 0]);
    assert_eq!(errors(&alarm.problems(SECOND)), [""; 0]);
    assert_eq!(errors(&alarm.problems(QUERIES)), [""; 0]);
    let long = |count: usize| format!("\"{}\"", "x".repeat(count));
    let topic = "arn:aws:sns:eu-west-3:123456789012:t";
    let many: Vec<String> = (0..6).map(|number| format!("\"{topic}{number}\"")).collect();
    for (from, to, path) in [
        ("\"busy\"", "\"\"", ".alarm_name"),
        ("\"busy\"", &*long(256), ".alarm_name"),
        ("\"too busy\"", &*long(1025), ".alarm_description"),
        ("\"GreaterThanThreshold\"", "\"Greater\"", ".comparison_operator"),
        ("= \"ignore\"", "= \"\"", ".evaluate_low_sample_count_percentiles"),
        ("\"breaching\"", "\"Breaching\"", ".treat_missing_data"),
        ("\"Average\"", "\"average\"", ".statistic"),
        ("\"Percent\"", "\"percent\"", ".unit"),
        ("\"CPUUtilization\"", &*long(256), ".metric_name"),
        ("\"AWS/EC2\"", "\"\"", ".namespace"),
        ("\"AWS/EC2\"", "\":EC2\"", ".namespace"),
        ("= 60", "= 1", ".period"),
        ("= 60", "= 90", ".period"),
        ("= 60", "= 60.5", ".period"),
        ("= 3\n", "= 0\n", ".evaluation_periods"),
        ("= 2\n", "= 0\n", ".datapoints_to_alarm"),
        ("= 2\n", "= 4\n", ".datapoints_to_alarm"),
        ("= \"Average\"", "= \"Average\"\nextended_statistic = \"p90\"", ".extended_statistic"),
        (
            "statistic                             = \"Average\"",
            "extended_statistic = \"p101\"",
            ".extended_statistic",
        ),
        ("= 80.5", "= 80.5\nthreshold_metric_id = \"m\"", ".threshold_metric_id"),
        (
            "arn:aws:automate:eu-west-3:ec2:reboot",
            "arn:aws:automate:eu-west-3:ec2:sing",
            ".insufficient_data_actions",
        ),
        ("arn:aws:sns:eu-west-3:123456789012:ok", "ok", ".ok_actions"),
        ("arn:aws:sns:eu-west-3:123456789012:ok", "arn:aws:sns:eu-west-3:1234:ok", ".ok_actions"),
        ("\"arn:aws:sns:eu-west-3:123456789012:ok\"", &*many.join(", "), ".ok_actions"),
        ("statistic                             = \"Average\"", "", ""),
        ("metric_name                           = \"CPUUtilization\"", "", ""),
    ] {
        assert!(FIRST.contains(from), "{from}");
        let found = errors(&alarm.problems(&FIRST.replacen(from, to, 1)));
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert!(found[0].starts_with(&format!("{path}: ")), "{to}: {found:?}");
    }
}

#[tokio::test]
async fn queries_are_checked_offline() {
    let alarm = Lifecycle::new(TYPE, &Aws::fresh());
    let long = |count: usize| format!("\"{}\"", "x".repeat(count));
    let metric = "metric {\nmetric_name = \"m\"\nperiod = 60\nstat = \"Sum\"\n}";
    for (from, to, ending) in [
        ("\"failed / all * 100\"", &*long(1025), ".expression"),
        ("\"failed / all * 100\"", "\"\"", ".expression"),
        ("\"failed / all * 100\"", &*format!("\"failed\"\n{metric}"), ".metric"),
        ("  expression  = \"failed / all * 100\"\n", "", "]"),
        ("\"Error rate\"", "\"Error rate\"\nperiod = 45", ".period"),
        ("\"rate\"", "\"Rate\"", ".id"),
        ("\"rate\"", "\"a-b\"", ".id"),
        ("\"rate\"", "\"\"", ".id"),
        ("\"210987654321\"", "\"\"", ".account_id"),
        ("\"AWS/ApplicationELB\"", &*long(256), ".metric[0].namespace"),
        ("\"RequestCount\"", "\"\"", ".metric[0].metric_name"),
        ("= 120\n    stat        = \"Sum\"", "= 45\nstat = \"Sum\"", ".metric[0].period"),
        ("\"Count\"", "\"count\"", ".metric[0].unit"),
        ("\"p99.9\"", "\"p99.999\"", ".metric[0].stat"),
        ("threshold           = 10", "period = 60", ".metric_query"),
        ("threshold           = 10", "metric_name = \"m\"\nstatistic = \"Sum\"", ".metric_query"),
        ("threshold           = 10", "dimensions = { a = \"b\" }", ".metric_query"),
    ] {
        assert!(QUERIES.contains(from), "{from}");
        let found = errors(&alarm.problems(&QUERIES.replacen(from, to, 1)));
        assert!(!found.is_empty(), "{to}");
        for one in &found {
            let path = one.split(": ").next().unwrap();
            assert!(path.ends_with(ending), "{to}: {found:?}");
        }
    }
    // The service takes them for metrics of high resolution.
    for (from, to) in [("= 120", "= 5"), ("\"Error rate\"", "\"\"\nperiod = 1")] {
        assert_eq!(errors(&alarm.problems(&QUERIES.replacen(from, to, 1))), [""; 0]);
    }
}
