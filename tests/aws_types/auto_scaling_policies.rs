//! `aws_autoscaling_policy` and `aws_autoscaling_attachment`, against a local AWS.

use aws_sdk_autoscaling::types::ScalingPolicy;
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::auto_scaling_groups::Place;
use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_autoscaling_policy";

async fn live(aws: &Aws, group: &str, name: &str) -> Option<ScalingPolicy> {
    let call = aws.autoscaling().describe_policies().auto_scaling_group_name(group).policy_names(name);
    call.send().await.unwrap().scaling_policies.unwrap().pop()
}

/// An account with groups of these names.
async fn place(names: &[&str]) -> Place {
    let place = Place::new().await;
    let group = Lifecycle::new("aws_autoscaling_group", &place.aws);
    for name in names {
        group.create(&place.text(name, "1", "")).await;
    }
    place
}

fn text(kind: &str, more: &str) -> String {
    format!("name = \"p\"\nautoscaling_group_name = \"g\"\npolicy_type = \"{kind}\"\n{more}")
}

#[tokio::test]
async fn a_simple_policy_becomes_one_of_steps() {
    let place = place(&["g"]).await;
    let policy = Lifecycle::new(TYPE, &place.aws);
    let simple = "name = \"p\"\nautoscaling_group_name = \"g\"\nadjustment_type = \"ChangeInCapacity\"\n\
                  scaling_adjustment = -1\ncooldown = 300\n";
    let made = policy.create(simple).await;
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    assert_eq!(made.text("arn"), live_policy.policy_arn());
    assert_eq!((live_policy.scaling_adjustment(), live_policy.cooldown()), (Some(-1), Some(300)));

    let changed = "name = \"p\"\nautoscaling_group_name = \"g\"\nadjustment_type = \"PercentChangeInCapacity\"\n\
                   scaling_adjustment = 10\nmin_adjustment_magnitude = 2\nenabled = false\n";
    let (made, changes) = policy.update(&made, changed).await;
    assert_eq!(
        changes,
        [".adjustment_type", ".cooldown", ".enabled", ".min_adjustment_magnitude", ".scaling_adjustment"]
    );
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    assert_eq!((live_policy.min_adjustment_magnitude(), live_policy.enabled()), (Some(2), Some(false)));

    let steps = text(
        "StepScaling",
        "adjustment_type = \"ChangeInCapacity\"\nestimated_instance_warmup = 30\n\
         step_adjustment {\n  scaling_adjustment = 1\n  metric_interval_lower_bound = 0\n  \
         metric_interval_upper_bound = \"1.50\"\n}\nstep_adjustment {\n  scaling_adjustment = 2\n  \
         metric_interval_lower_bound = 1.5\n}\n",
    );
    let (made, _) = policy.update(&made, &steps).await;
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    assert_eq!(live_policy.step_adjustments().len(), 2);
    assert_eq!(made.text("metric_aggregation_type"), Some("Average"));
    for (from, to, path) in [("\"p\"", "\"q\"", ".name"), ("\"g\"", "\"h\"", ".autoscaling_group_name")] {
        assert_eq!(policy.plan(Some(&made), &steps.replace(from, to)).replace, [path]);
    }

    let imported = policy.read(&policy.ty.import_seed("g/p").unwrap()).await.unwrap();
    assert_eq!(imported.text("arn"), made.text("arn"));
    assert!(policy.ty.import_seed("p").is_err());
    policy.delete(&made).await;
    assert!(live(&place.aws, "g", "p").await.is_none());
}

#[tokio::test]
async fn a_policy_keeps_a_metric_at_a_target() {
    let place = place(&["g"]).await;
    let policy = Lifecycle::new(TYPE, &place.aws);
    let predefined = text(
        "TargetTrackingScaling",
        "target_tracking_configuration {\n  target_value = 50.5\n  predefined_metric_specification {\n    \
         predefined_metric_type = \"ASGAverageCPUUtilization\"\n  }\n}\n",
    );
    let made = policy.create(&predefined).await;
    let customized = text(
        "TargetTrackingScaling",
        "estimated_instance_warmup = 60\ntarget_tracking_configuration {\n  target_value = 5\n  disable_scale_in = true\n  \
         customized_metric_specification {\n    metric_name = \"depth\"\n    namespace = \"ours\"\n    statistic = \
         \"Average\"\n    unit = \"Count\"\n    metric_dimension {\n      name = \"b\"\n      value = \"1\"\n    }\n    \
         metric_dimension {\n      name = \"a\"\n      value = \"2\"\n    }\n  }\n}\n",
    );
    let (made, _) = policy.update(&made, &customized).await;
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    let live_target = live_policy.target_tracking_configuration().unwrap();
    assert_eq!(live_target.disable_scale_in(), Some(true));
    assert_eq!(live_target.customized_metric_specification().unwrap().dimensions().len(), 2);
    let math = text(
        "TargetTrackingScaling",
        "target_tracking_configuration {\n  target_value = 5\n  customized_metric_specification {\n    metrics {\n      \
         id = \"ratio\"\n      expression = \"depth / 2\"\n      label = \"half\"\n    }\n    metrics {\n      \
         id = \"depth\"\n      return_data = false\n      metric_stat {\n        stat = \"Sum\"\n        period = 30\n        \
         unit = \"Count\"\n        metric {\n          metric_name = \"depth\"\n          namespace = \"ours\"\n          \
         dimensions {\n            name = \"a\"\n            value = \"b\"\n          }\n        }\n      }\n    }\n  }\n}\n",
    );
    let (made, _) = policy.update(&made, &math).await;
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    let metrics = live_policy.target_tracking_configuration().unwrap();
    let metrics = metrics.customized_metric_specification().unwrap().metrics();
    let depth = metrics.iter().find(|metric| metric.id() == Some("depth")).unwrap();
    assert_eq!((depth.return_data(), depth.metric_stat().unwrap().period()), (Some(false), Some(30)));
    let (made, _) = policy.update(&made, &predefined).await;
    policy.delete(&made).await;
}

#[tokio::test]
async fn a_policy_forecasts() {
    let place = place(&["g"]).await;
    let policy = Lifecycle::new(TYPE, &place.aws);
    let pair =
        "predefined_metric_pair_specification {\n  predefined_metric_type = \"ASGCPUUtilization\"\n}\n";
    let query = "metric_data_queries {\n  id = \"a\"\n  return_data = false\n  metric_stat {\n    stat = \"Sum\"\n    \
                 metric {\n      metric_name = \"m\"\n      namespace = \"n\"\n    }\n  }\n}\nmetric_data_queries {\n  \
                 id = \"b\"\n  expression = \"a * 2\"\n}\n";
    let customized: String = ["capacity", "load", "scaling"]
        .map(|kind| format!("customized_{kind}_metric_specification {{\n{query}}}\n"))
        .concat();
    let forecast = |settings: &str, metrics: &str| {
        text(
            "PredictiveScaling",
            &format!(
                "predictive_scaling_configuration {{\n{settings}metric_specification {{\n  target_value = 5.5\n\
                 {metrics}}}\n}}\n"
            ),
        )
    };
    let made = policy.create(&forecast("", pair)).await;
    let settings = "mode = \"ForecastAndScale\"\nmax_capacity_breach_behavior = \"IncreaseMaxCapacity\"\n\
                    max_capacity_buffer = 0\nscheduling_buffer_time = 60\n";
    let (made, _) = policy.update(&made, &forecast(settings, &customized)).await;
    let live_policy = live(&place.aws, "g", "p").await.unwrap();
    let configuration = live_policy.predictive_scaling_configuration().unwrap();
    assert_eq!(configuration.max_capacity_buffer(), Some(0));
    assert_eq!(configuration.mode().unwrap().as_str(), "ForecastAndScale");
    let specification = &configuration.metric_specifications()[0];
    let load = specification.customized_load_metric_specification().unwrap();
    assert_eq!(load.metric_data_queries()[1].expression(), Some("a * 2"));
    let single = "predefined_load_metric_specification {\n  predefined_metric_type = \"ASGTotalCPUUtilization\"\n}\n\
                  predefined_scaling_metric_specification {\n  predefined_metric_type = \
                  \"ASGAverageCPUUtilization\"\n}\n";
    policy.update(&made, &forecast("", single)).await;
}

#[tokio::test]
async fn policies_of_one_name_in_two_groups_are_told_apart() {
    let place = place(&["g", "h"]).await;
    let policy = Lifecycle::new(TYPE, &place.aws);
    let simple = |group: &str, adjustment: i64| {
        format!(
            "name = \"p\"\nautoscaling_group_name = \"{group}\"\nadjustment_type = \"ChangeInCapacity\"\n\
             scaling_adjustment = {adjustment}\n"
        )
    };
    let known = [
        policy.create(&simple("g", 1)).await,
        policy.create(&simple("h", 2)).await,
        policy.ty.import_seed("h/none").unwrap(),
    ];
    let found: Vec<Option<i64>> = policy
        .read_all(&known)
        .await
        .iter()
        .map(|result| match result {
            ReadResult::Found(value) => value.integer("scaling_adjustment"),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    assert_eq!(found, [Some(1), Some(2), None]);
}

#[test]
fn mistakes_in_policies_are_found_offline() {
    let aws = Aws::fresh();
    let policy = Lifecycle::new(TYPE, &aws);
    for (text, part) in [
        (text("Simple", "adjustment_type = \"ChangeInCapacity\""), "is not one of"),
        (text("SimpleScaling", "scaling_adjustment = 1"), "needs \"adjustment_type\""),
        (text("StepScaling", "adjustment_type = \"ChangeInCapacity\""), "needs \"step_adjustment\""),
        (text("TargetTrackingScaling", ""), "needs \"target_tracking_configuration\""),
        (text("PredictiveScaling", ""), "needs \"predictive_scaling_configuration\""),
        (
            text("SimpleScaling", "adjustment_type = \"ChangeInCapacity\"\nmin_adjustment_magnitude = 0"),
            "from 1 to",
        ),
        (
            text(
                "StepScaling",
                "adjustment_type = \"ChangeInCapacity\"\nstep_adjustment {\n  scaling_adjustment = 1\n  \
                 metric_interval_lower_bound = \"low\"\n}",
            ),
            "is no number",
        ),
        (
            text("TargetTrackingScaling", "target_tracking_configuration {\n  target_value = 1\n}"),
            "is given by one of",
        ),
    ] {
        let found = errors(&policy.problems(&text));
        assert!(found.len() == 1 && found[0].contains(part), "{text}: {found:?}");
    }
}

#[tokio::test]
async fn a_target_group_is_attached_and_detached() {
    let place = place(&["g"]).await;
    let (one, other) = (place.target_group("one").await, place.target_group("other").await);
    let attachment = Lifecycle::new("aws_autoscaling_attachment", &place.aws);
    let text = |arn: &str| format!("autoscaling_group_name = \"g\"\nlb_target_group_arn = \"{arn}\"\n");
    let made = attachment.create(&text(&one)).await;
    let second = attachment.create(&text(&other)).await;
    assert!(made.text("id").unwrap().starts_with("g-"));
    assert_eq!(place.live("g").await.unwrap().target_group_arns().len(), 2);
    assert_eq!(attachment.plan(Some(&made), &text(&other)).replace, [".lb_target_group_arn"]);

    attachment.delete(&made).await;
    assert_eq!(place.live("g").await.unwrap().target_group_arns(), [other.as_str()]);
    let imported = attachment.read(&attachment.ty.import_seed(&format!("g/{other}")).unwrap()).await.unwrap();
    assert_eq!(imported.text("lb_target_group_arn"), second.text("lb_target_group_arn"));
    assert!(attachment.ty.import_seed("g").is_err());

    let classic = attachment.create("autoscaling_group_name = \"g\"\nelb = \"classic\"\n").await;
    assert_eq!(place.live("g").await.unwrap().load_balancer_names(), ["classic"]);
    attachment.delete(&classic).await;
    assert!(place.live("g").await.unwrap().load_balancer_names().is_empty());
    // Nothing is attached to a group that is gone.
    let group = Lifecycle::new("aws_autoscaling_group", &place.aws);
    group.ty.delete(&group.connection, &group.ty.import_seed("g").unwrap()).await.unwrap();
    assert!(attachment.read(&second).await.is_none());
    attachment.ty.delete(&attachment.connection, &second).await.unwrap();
}

#[test]
fn an_attachment_has_one_end() {
    let aws = Aws::fresh();
    let attachment = Lifecycle::new("aws_autoscaling_attachment", &aws);
    let arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/0123456789abcdef";
    let found = |more: &str| errors(&attachment.problems(&format!("autoscaling_group_name = \"g\"\n{more}")));
    assert_eq!(found(&format!("lb_target_group_arn = \"{arn}\"\n")), [""; 0]);
    assert!(found("")[0].contains("is given by one of"));
    assert!(found("lb_target_group_arn = \"a\"\n")[0].contains("is not an ARN"));
    assert!(found(&format!("elb = \"a\"\nlb_target_group_arn = \"{arn}\"\n"))[0].contains("Only one of"));
}
