//! `aws_appautoscaling_policy`, against a local AWS.

use aws_sdk_applicationautoscaling::types::{ScalingPolicy, ServiceNamespace};
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::scalable_targets::{READS, WRITES, place, table};
use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_appautoscaling_policy";

/// An account with a table of each name, scaled in both dimensions.
async fn scaled(names: &[&str]) -> Aws {
    let aws = Aws::fresh();
    let target = Lifecycle::new("aws_appautoscaling_target", &aws);
    for name in names {
        table(&aws, name).await;
        for dimension in [READS, WRITES] {
            let limits = "min_capacity = 1\nmax_capacity = 10\n";
            target.create(&format!("{}{limits}", place(name, dimension))).await;
        }
    }
    aws
}

fn text(name: &str, table: &str, more: &str) -> String {
    format!("name = \"{name}\"\n{}{more}", place(table, READS))
}

fn tracking(configuration: &str) -> String {
    let more = format!(
        "policy_type = \"TargetTrackingScaling\"\ntarget_tracking_scaling_policy_configuration {{\n\
         {configuration}}}\n"
    );
    text("p", "orders", &more)
}

fn predefined(settings: &str, metric: &str) -> String {
    tracking(&format!(
        "target_value = 70\n{settings}predefined_metric_specification {{\n  predefined_metric_type = \
         \"{metric}\"\n}}\n"
    ))
}

fn steps(configuration: &str) -> String {
    text("p", "orders", &format!("step_scaling_policy_configuration {{\n{configuration}}}\n"))
}

async fn live(aws: &Aws, name: &str) -> Option<ScalingPolicy> {
    let call = aws.application_autoscaling().describe_scaling_policies();
    let call = call.service_namespace(ServiceNamespace::Dynamodb).policy_names(name);
    call.send().await.unwrap().scaling_policies.unwrap().pop()
}

fn alarms(live: &ScalingPolicy) -> Vec<String> {
    live.alarms().iter().map(|alarm| alarm.alarm_arn().to_owned()).collect()
}

#[tokio::test]
async fn a_metric_of_the_services_own_is_kept_at_a_target() {
    let aws = scaled(&["orders"]).await;
    let policy = Lifecycle::new(TYPE, &aws);
    let made = policy.create(&predefined("", "DynamoDBReadCapacityUtilization")).await;
    assert_eq!((made.text("id"), made.text("policy_type")), (Some("p"), Some("TargetTrackingScaling")));
    let seen = live(&aws, "p").await.unwrap();
    assert_eq!(made.text("arn"), Some(seen.policy_arn()));
    assert_eq!((made.texts("alarm_arns"), seen.alarms().len()), (alarms(&seen), 4));

    let settings = "disable_scale_in = true\nscale_in_cooldown = 60\nscale_out_cooldown = 30\n";
    let changed = predefined(settings, "DynamoDBWriteCapacityUtilization").replace("70", "55.5");
    let planned = policy.plan(Some(&made), &changed);
    let at = |name: &str| format!(".target_tracking_scaling_policy_configuration[0]{name}");
    assert_eq!(
        planned.changes,
        [
            at(".disable_scale_in"),
            at(".scale_in_cooldown"),
            at(".scale_out_cooldown"),
            at(".target_value"),
            at(".predefined_metric_specification[0].predefined_metric_type"),
        ]
    );
    let made = updated(&policy, &made, &changed).await;
    let seen = live(&aws, "p").await.unwrap();
    let target = seen.target_tracking_scaling_policy_configuration().unwrap();
    assert!((target.target_value() - 55.5).abs() < f64::EPSILON);
    assert_eq!(target.disable_scale_in(), Some(true));
    assert_eq!((target.scale_in_cooldown(), target.scale_out_cooldown()), (Some(60), Some(30)));
    assert_eq!(made.texts("alarm_arns"), alarms(&seen));
    assert_eq!(made.text("arn"), Some(seen.policy_arn()));

    for (from, to, path) in [
        ("name = \"p\"", "name = \"q\"", ".name"),
        ("table/orders", "table/other", ".resource_id"),
        (READS, WRITES, ".scalable_dimension"),
        ("\"dynamodb\"", "\"cassandra\"", ".service_namespace"),
    ] {
        assert_eq!(policy.plan(Some(&made), &changed.replace(from, to)).replace, [path]);
    }
    policy.delete(&made).await;
    assert!(live(&aws, "p").await.is_none());
}

/// Changes a policy as applying would, with alarms that are known only then, and checks that nothing is left to do.
async fn updated(policy: &Lifecycle, prior: &Value, text: &str) -> Value {
    assert_eq!(errors(&policy.problems(text)), [""; 0]);
    let planned = policy.plan(Some(prior), text);
    assert_eq!(planned.replace, [""; 0]);
    let made = policy.ty.update(&policy.connection, prior, &planned.object).await.unwrap();
    assert_eq!(policy.read(&made).await.unwrap(), made);
    assert_eq!(policy.plan(Some(&made), text).changes, [""; 0]);
    made
}

#[tokio::test]
async fn a_metric_of_ones_own_and_one_that_is_computed() {
    let aws = scaled(&["orders"]).await;
    let policy = Lifecycle::new(TYPE, &aws);
    let customized = tracking(
        "target_value = 5\ncustomized_metric_specification {\n  metric_name = \"depth\"\n  namespace = \"ours\"\n  \
         statistic = \"Average\"\n  unit = \"Count\"\n  dimensions {\n    name = \"b\"\n    value = \"1\"\n  }\n  \
         dimensions {\n    name = \"a\"\n    value = \"2\"\n  }\n}\n",
    );
    let made = policy.create(&customized).await;
    let seen = live(&aws, "p").await.unwrap();
    let target = seen.target_tracking_scaling_policy_configuration().unwrap();
    let metric = target.customized_metric_specification().unwrap();
    assert_eq!((metric.metric_name(), metric.namespace()), (Some("depth"), Some("ours")));
    assert_eq!((metric.statistic().unwrap().as_str(), metric.unit()), ("Average", Some("Count")));
    let mut dimensions: Vec<(&str, &str)> =
        metric.dimensions().iter().map(|one| (one.name(), one.value())).collect();
    dimensions.sort_unstable();
    assert_eq!(dimensions, [("a", "2"), ("b", "1")]);

    let math = tracking(
        "target_value = 5\ncustomized_metric_specification {\n  metrics {\n    id = \"ratio\"\n    \
         expression = \"depth / 2\"\n    label = \"half\"\n  }\n  metrics {\n    id = \"depth\"\n    \
         return_data = false\n    metric_stat {\n      stat = \"Sum\"\n      unit = \"Count\"\n      metric {\n        \
         metric_name = \"depth\"\n        namespace = \"ours\"\n        dimensions {\n          name = \"a\"\n          \
         value = \"b\"\n        }\n      }\n    }\n  }\n}\n",
    );
    let made = updated(&policy, &made, &math).await;
    let seen = live(&aws, "p").await.unwrap();
    let target = seen.target_tracking_scaling_policy_configuration().unwrap();
    let metrics = target.customized_metric_specification().unwrap().metrics();
    let query = |id: &str| metrics.iter().find(|metric| metric.id() == id).unwrap();
    assert_eq!((query("ratio").expression(), query("ratio").label()), (Some("depth / 2"), Some("half")));
    assert_eq!((query("ratio").return_data(), query("depth").return_data()), (Some(true), Some(false)));
    let stat = query("depth").metric_stat().unwrap();
    assert_eq!((stat.stat(), stat.unit()), ("Sum", Some("Count")));
    let metric = stat.metric().unwrap();
    assert_eq!((metric.metric_name(), metric.namespace()), (Some("depth"), Some("ours")));
    assert_eq!((metric.dimensions()[0].name(), metric.dimensions()[0].value()), ("a", "b"));

    let labelled = predefined("", "ALBRequestCountPerTarget").replace(
        "predefined_metric_type",
        "resource_label = \"app/a/0123456789abcdef/targetgroup/b/0123456789abcdef\"\n  predefined_metric_type",
    );
    updated(&policy, &made, &labelled).await;
    let seen = live(&aws, "p").await.unwrap();
    let target = seen.target_tracking_scaling_policy_configuration().unwrap();
    assert!(target.customized_metric_specification().is_none());
    let label = target.predefined_metric_specification().unwrap().resource_label().unwrap();
    assert!(label.starts_with("app/a/"));
}

#[tokio::test]
async fn a_policy_of_steps_becomes_one_of_a_target() {
    let aws = scaled(&["orders"]).await;
    let policy = Lifecycle::new(TYPE, &aws);
    let step = |adjustment: i64, lower: &str, upper: &str| {
        let bound = |name: &str, bound: &str| match bound {
            "" => String::new(),
            bound => format!("  metric_interval_{name}_bound = \"{bound}\"\n"),
        };
        let (lower, upper) = (bound("lower", lower), bound("upper", upper));
        format!("step_adjustment {{\n  scaling_adjustment = {adjustment}\n{lower}{upper}}}\n")
    };
    let first =
        steps(&format!("adjustment_type = \"ChangeInCapacity\"\ncooldown = 60\n{}", step(1, "0", "")));
    let made = policy.create(&first).await;
    assert_eq!((made.text("policy_type"), made.texts("alarm_arns").len()), (Some("StepScaling"), 0));
    let seen = live(&aws, "p").await.unwrap();
    let live_steps = seen.step_scaling_policy_configuration().unwrap();
    assert_eq!((live_steps.cooldown(), live_steps.min_adjustment_magnitude()), (Some(60), None));

    // A bound may be written in more than one way.
    assert_eq!(policy.plan(Some(&made), &first.replace("\"0\"", "\"0.0\"")).changes, [""; 0]);
    let second = steps(&format!(
        "adjustment_type = \"PercentChangeInCapacity\"\ncooldown = 90\nmetric_aggregation_type = \
         \"Maximum\"\nmin_adjustment_magnitude = 2\n{}{}",
        step(-10, "-5.50", "0"),
        step(20, "0", "")
    ));
    let (made, changes) = policy.update(&made, &second).await;
    let names = ["adjustment_type", "cooldown", "metric_aggregation_type", "min_adjustment_magnitude"];
    let at = |name: &str| format!(".step_scaling_policy_configuration[0].{name}");
    let mut expected: Vec<String> = names.iter().map(|name| at(name)).collect();
    expected.push(at("step_adjustment"));
    assert_eq!(changes, expected);
    let seen = live(&aws, "p").await.unwrap();
    let live_steps = seen.step_scaling_policy_configuration().unwrap();
    assert_eq!(live_steps.adjustment_type().unwrap().as_str(), "PercentChangeInCapacity");
    assert_eq!(live_steps.metric_aggregation_type().unwrap().as_str(), "Maximum");
    assert_eq!((live_steps.cooldown(), live_steps.min_adjustment_magnitude()), (Some(90), Some(2)));
    let mut bounds: Vec<_> = live_steps
        .step_adjustments()
        .iter()
        .map(|one| {
            let bounds = (one.metric_interval_lower_bound(), one.metric_interval_upper_bound());
            (one.scaling_adjustment(), bounds)
        })
        .collect();
    bounds.sort_unstable_by_key(|(adjustment, _)| *adjustment);
    assert_eq!(bounds, [(-10, (Some(-5.5), Some(0.0))), (20, (Some(0.0), None))]);

    let made = updated(&policy, &made, &predefined("", "DynamoDBReadCapacityUtilization")).await;
    let seen = live(&aws, "p").await.unwrap();
    assert!(seen.step_scaling_policy_configuration().is_none());
    assert_eq!(made.texts("alarm_arns").len(), 4);
    policy.delete(&made).await;
}

#[tokio::test]
async fn a_policy_is_imported() {
    let aws = scaled(&["orders"]).await;
    let policy = Lifecycle::new(TYPE, &aws);
    let text = predefined("", "DynamoDBReadCapacityUtilization")
        .replace("name = \"p\"", "name = \"Utilization:table/orders\"");
    let made = policy.create(&text).await;
    let id = format!("dynamodb/table/orders/{READS}/Utilization:table/orders");
    let imported = policy.read(&policy.ty.import_seed(&id).unwrap()).await.unwrap();
    assert_eq!(imported, made);
    for id in ["p", "dynamodb/table/orders/p", &format!("dynamodb/table/orders/{READS}")] {
        assert!(
            policy.ty.import_seed(id).unwrap_err().contains("NAMESPACE/RESOURCE_ID/DIMENSION/NAME"),
            "{id}"
        );
    }
}

/// Policies of one name are told apart by what they scale, and more names are read than a call may have.
#[tokio::test]
async fn many_policies_are_read_with_few_calls() {
    let aws = scaled(&["orders", "users"]).await;
    let proxy = Proxy::before(&aws);
    let policy = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let step = "step_scaling_policy_configuration {\n  adjustment_type = \"ChangeInCapacity\"\n  \
                step_adjustment {\n    scaling_adjustment = 1\n    metric_interval_lower_bound = 0\n  }\n}\n";
    let mut known = vec![
        policy.create(&text("p", "orders", &step.replace("= 1\n", "= 2\n"))).await,
        policy.create(&text("p", "users", &step.replace("= 1\n", "= 3\n"))).await,
    ];
    known.push(policy.ty.import_seed(&format!("dynamodb/table/users/{WRITES}/p")).unwrap());
    for number in 0..60 {
        let id = format!("dynamodb/table/users/{READS}/none{number}");
        known.push(policy.ty.import_seed(&id).unwrap());
    }
    proxy.forget_calls();
    let results = policy.read_all(&known).await;
    let found: Vec<Option<i64>> = results
        .iter()
        .map(|result| match result {
            ReadResult::Found(object) => {
                let steps = object.block("step_scaling_policy_configuration").unwrap();
                steps.blocks("step_adjustment")[0].integer("scaling_adjustment")
            }
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(found[..3], [Some(2), Some(3), None]);
    assert!(found[3..].iter().all(Option::is_none));
    assert_eq!(proxy.count("application-autoscaling.DescribeScalingPolicies"), 2);
}

#[tokio::test]
async fn a_policy_needs_a_target_and_goes_with_it() {
    let aws = Aws::fresh();
    table(&aws, "orders").await;
    let policy = Lifecycle::new(TYPE, &aws);
    let text = predefined("", "DynamoDBReadCapacityUtilization");
    let error = policy.create_fails(&text).await;
    assert_eq!(
        (error.kind, &*error.operation),
        (ErrorKind::NotFound, "application-autoscaling:PutScalingPolicy")
    );
    let target = Lifecycle::new("aws_appautoscaling_target", &aws);
    let limits = format!("{}min_capacity = 1\nmax_capacity = 10\n", place("orders", READS));
    let registered = target.create(&limits).await;
    let made = policy.create(&text).await;
    target.delete(&registered).await;
    assert!(policy.read(&made).await.is_none());
    policy.ty.delete(&policy.connection, &made).await.unwrap();
}

#[tokio::test]
async fn a_put_that_another_service_was_too_slow_for_is_tried_again() {
    let aws = scaled(&["orders"]).await;
    let proxy = Proxy::before(&aws);
    let put = "application-autoscaling.PutScalingPolicy";
    let busy = "Unable to create alarms: Rate exceeded";
    proxy.rule(Rule::on(put).call(1).fail(400, "FailedResourceAccessException", busy));
    let policy = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    policy.create(&predefined("", "DynamoDBReadCapacityUtilization")).await;
    assert_eq!(proxy.count(put), 2);
}

#[test]
fn mistakes_in_policies_are_found_offline() {
    let policy = Lifecycle::new(TYPE, &Aws::fresh());
    let step = "step_adjustment {\n  scaling_adjustment = 1\n}\n";
    let change = "adjustment_type = \"ChangeInCapacity\"\n";
    let customized = |inside: &str| {
        tracking(&format!("target_value = 1\ncustomized_metric_specification {{\n{inside}}}\n"))
    };
    let query = "metrics {\n  id = \"a\"\n  expression = \"1\"\n}\n";
    let long = "l".repeat(2048);
    for (text, part) in [
        (
            text(
                &"n".repeat(256),
                "orders",
                &format!("step_scaling_policy_configuration {{\n{change}{step}}}\n"),
            ),
            "255",
        ),
        (text("p", "orders", "policy_type = \"SimpleScaling\"\n"), "is not one of"),
        (text("p", "orders", ""), "StepScaling needs a block \"step_scaling_policy_configuration\""),
        (
            text("p", "orders", "policy_type = \"TargetTrackingScaling\"\n"),
            "needs a block \"target_tracking_scaling_policy_configuration\"",
        ),
        (steps(step), "needs \"adjustment_type\""),
        (steps(change), "needs \"step_adjustment\""),
        (steps(&format!("adjustment_type = \"More\"\n{step}")), "is not one of"),
        (steps(&format!("{change}metric_aggregation_type = \"Sum\"\n{step}")), "is not one of"),
        (steps(&format!("{change}cooldown = -1\n{step}")), "from 0 to"),
        (
            steps(&format!(
                "{change}{}",
                step.replace("= 1\n", "= 1\n  metric_interval_lower_bound = \"low\"\n")
            )),
            "is no number",
        ),
        (tracking("target_value = 1\n"), "is given by one of"),
        (predefined("customized_metric_specification {\n}\n", "M"), "Only one of"),
        (predefined("scale_in_cooldown = -1\n", "M"), "from 0 to"),
        (predefined("", &format!("M\"\n  resource_label = \"{}", &long[..1024])), "0 to 1023"),
        (customized("statistic = \"Median\"\n"), "is not one of"),
        (customized(&format!("unit = \"Count\"\n{query}")), "Only one of \"unit\" and \"metrics\""),
        (customized(&query.replace("\"a\"", "\"\"")), "1 to 255"),
        (customized(&query.replace("\"1\"", &format!("\"{long}\""))), "1 to 2047"),
        (customized(&query.replace("= \"1\"", &format!("= \"1\"\n  label = \"{long}\""))), "1 to 2047"),
    ] {
        let found = errors(&policy.problems(&text));
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
}
