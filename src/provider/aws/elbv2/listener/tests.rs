use std::collections::BTreeSet;

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, ForwardActionConfig, TargetGroupStickinessConfig, TargetGroupTuple,
};

use super::schema::SCHEMA;
use super::{actions, plan, validate};
use crate::lang::convert::path_text;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;
use crate::provider::{Change, Problems};

const LOAD_BALANCER: &str =
    "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/c/50dc6c495c0c9188";
const ONE: &str = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/one/1111111111111111";
const TWO: &str = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/two/2222222222222222";

fn object<'a>(given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    SCHEMA.block.object(given)
}

fn action<'a>(given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    blocks::inner(&SCHEMA.block, "default_action").object(given)
}

fn actions_of(actions: Vec<Value>) -> Value {
    object([("default_action", blocks::holding(&SCHEMA.block, "default_action", actions))])
}

fn to_arn(arn: &str) -> Value {
    action([("type", "forward".into()), ("order", 1.into()), ("target_group_arn", arn.into())])
}

fn to_groups(groups: &[(&str, i32)], sticky: Option<i32>) -> Value {
    let block = blocks::inner(&SCHEMA.block, "default_action");
    let forward = blocks::inner(block, "forward");
    let group = blocks::inner(forward, "target_group");
    let tuples = groups
        .iter()
        .map(|(arn, weight)| group.object([("arn", (*arn).into()), ("weight", (*weight).into())]));
    let stickiness = match sticky {
        Some(seconds) => {
            blocks::one(forward, "stickiness", [("enabled", true.into()), ("duration", seconds.into())])
        }
        None => blocks::none(forward, "stickiness"),
    };
    let tuples = blocks::holding(forward, "target_group", tuples.collect());
    let block = blocks::one(block, "forward", [("target_group", tuples), ("stickiness", stickiness)]);
    action([("type", "forward".into()), ("order", 1.into()), ("forward", block)])
}

/// As AWS answers: both forms, whichever was asked for.
fn live(order: i32, groups: &[&str]) -> Action {
    let tuple = |arn: &&str| TargetGroupTuple::builder().target_group_arn(*arn).weight(1).build();
    let config = ForwardActionConfig::builder()
        .set_target_groups(Some(groups.iter().map(tuple).collect()))
        .target_group_stickiness_config(TargetGroupStickinessConfig::builder().enabled(false).build())
        .build();
    let only = (groups.len() == 1).then(|| groups[0].to_owned());
    Action::builder()
        .r#type(ActionTypeEnum::Forward)
        .order(order)
        .set_target_group_arn(only)
        .forward_config(config)
        .build()
}

/// Whether a live forward action is told as ARN and as block.
fn told(actions: &[Action], known: &Value) -> (bool, bool) {
    let read =
        object([("default_action", actions::flatten(&SCHEMA.block, "default_action", actions, known))]);
    let action = read.block("default_action").unwrap();
    (action.text("target_group_arn") != Some(""), action.block("forward").is_some())
}

fn planned(prior: Option<&Value>, config: &Value) -> Value {
    let mut change = Change {
        connection: None,
        prior,
        config,
        planned: config.clone(),
        replace: BTreeSet::new(),
        problems: Problems::default(),
    };
    plan::plan(&mut change);
    change.planned
}

fn errors(given: Vec<(&str, Value)>) -> Vec<String> {
    let mut problems = Problems::default();
    let base =
        [("load_balancer_arn", LOAD_BALANCER.into()), ("port", 80.into()), ("protocol", "HTTP".into())];
    let forward = ("default_action", blocks::holding(&SCHEMA.block, "default_action", vec![to_arn(ONE)]));
    let given: Vec<_> = base.into_iter().chain([forward]).chain(given).collect();
    validate::validate(&object(given), &mut problems);
    problems.0.into_iter().filter(|one| one.is_error).map(|one| path_text(&one.path)).collect()
}

fn action_errors(actions: Vec<Value>) -> Vec<String> {
    errors(vec![("default_action", blocks::holding(&SCHEMA.block, "default_action", actions))])
}

#[test]
fn a_target_group_is_told_in_the_form_that_it_is_known_in() {
    let one = [live(1, &[ONE])];
    assert_eq!(told(&one, &actions_of(vec![to_arn(ONE)])), (true, false));
    assert_eq!(told(&one, &actions_of(vec![to_groups(&[(ONE, 1)], None)])), (false, true));
    let both = to_groups(&[(ONE, 1)], None).with("target_group_arn", ONE.into());
    assert_eq!(told(&one, &actions_of(vec![both])), (true, true));
    let unmade = to_arn(ONE).with("target_group_arn", Value::unknown(Type::String));
    assert_eq!(told(&one, &actions_of(vec![unmade])), (true, false));
}

#[test]
fn an_unknown_listeners_target_groups_are_told_as_shortly_as_they_can_be() {
    let nothing = object([]);
    assert_eq!(told(&[live(1, &[ONE])], &nothing), (true, false));
    assert_eq!(told(&[live(1, &[ONE, TWO])], &nothing), (false, true));
}

#[test]
fn actions_are_told_in_the_sequence_of_the_code() {
    let live = [live(2, &[TWO]), live(1, &[ONE])];
    let arns = |known: &Value| -> Vec<String> {
        let read =
            object([("default_action", actions::flatten(&SCHEMA.block, "default_action", &live, known))]);
        read.blocks("default_action")
            .iter()
            .map(|one| one.text("target_group_arn").unwrap().to_owned())
            .collect()
    };
    assert_eq!(arns(&object([])), [ONE, TWO]);
    let known = actions_of(vec![to_arn(TWO).with("order", 2.into()), to_arn(ONE)]);
    assert_eq!(arns(&known), [TWO, ONE]);
}

#[test]
fn another_way_to_write_the_same_is_no_change() {
    let short = actions_of(vec![to_arn(ONE)]);
    let long = actions_of(vec![to_groups(&[(ONE, 100)], None)]);
    assert_eq!(planned(Some(&short), &long).get("default_action"), short.get("default_action"));
    assert_eq!(planned(Some(&long), &short).get("default_action"), long.get("default_action"));
    for other in [to_arn(TWO), to_groups(&[(ONE, 1), (TWO, 1)], None), to_groups(&[(ONE, 1)], Some(60))] {
        let other = actions_of(vec![other]);
        assert_eq!(planned(Some(&short), &other).get("default_action"), other.get("default_action"));
    }
}

#[test]
fn what_belongs_to_another_type_of_action_means_nothing() {
    let stray = to_arn(ONE).with("type", "redirect".into());
    let planned = planned(None, &actions_of(vec![stray]));
    assert_eq!(planned.block("default_action").unwrap().text("target_group_arn").unwrap_or_default(), "");
}

#[test]
fn a_sent_action_has_its_place_for_an_order() {
    let unordered = to_arn(ONE).with("order", Value::unknown(Type::Number));
    let sent = actions::expand(
        &actions_of(vec![unordered.clone(), unordered.with("order", 7.into())]),
        "default_action",
    );
    assert_eq!(sent.iter().map(Action::order).collect::<Vec<_>>(), [Some(1), Some(7)]);
    assert_eq!(sent[0].target_group_arn(), Some(ONE));
    assert!(sent[0].forward_config().is_none());
}

#[test]
fn leaving_encryption_drops_its_policy() {
    let listener = |protocol: &str, policy: Value| {
        object([
            ("load_balancer_arn", LOAD_BALANCER.into()),
            ("protocol", protocol.into()),
            ("ssl_policy", policy),
        ])
    };
    let prior = listener("HTTPS", "ELBSecurityPolicy-2016-08".into());
    let config = listener("HTTP", Value::null(Type::String));
    assert_eq!(planned(Some(&prior), &config).text("ssl_policy"), Some(""));
    let back = planned(Some(&config), &listener("HTTPS", Value::null(Type::String)));
    assert!(!back.get("ssl_policy").unwrap().is_known());
}

#[test]
fn a_sound_configuration_passes() {
    assert_eq!(errors(vec![]), [""; 0]);
    let secure = vec![
        ("protocol", "https".into()),
        ("certificate_arn", "arn:aws:acm:eu-west-3:123456789012:certificate/a".into()),
    ];
    assert_eq!(errors(secure), [""; 0]);
    let unknown =
        vec![("protocol", Value::unknown(Type::String)), ("certificate_arn", Value::unknown(Type::String))];
    assert_eq!(errors(unknown), [""; 0]);
}

#[test]
fn protocols_have_their_needs() {
    assert_eq!(errors(vec![("protocol", "HTTPS".into())]), [""]);
    assert_eq!(errors(vec![("ssl_policy", "ELBSecurityPolicy-2016-08".into())]), [".ssl_policy"]);
    assert_eq!(errors(vec![("alpn_policy", "HTTP2Only".into())]), [".alpn_policy"]);
    assert_eq!(errors(vec![("protocol", "TCP".into())]), [".protocol"], "over an Application Load Balancer");
    assert_eq!(errors(vec![("port", 0.into())]), [".port"]);
    assert_eq!(errors(vec![("port", Value::null(Type::Number))]), [""]);
    assert_eq!(errors(vec![("load_balancer_arn", "collector".into())]), [".load_balancer_arn"]);
}

#[test]
fn actions_have_what_their_type_needs() {
    let of_type = |kind: &str| action([("type", kind.into())]);
    assert_eq!(action_errors(vec![of_type("forward")]), [".default_action[0]"]);
    assert_eq!(action_errors(vec![of_type("redirect")]), [".default_action[0]"]);
    assert_eq!(action_errors(vec![of_type("reject")]), [".default_action[0].type", ".default_action"]);
    let differing = to_groups(&[(TWO, 1)], None).with("target_group_arn", ONE.into());
    assert_eq!(action_errors(vec![differing]), [".default_action[0].target_group_arn"]);
    assert_eq!(action_errors(vec![to_arn("one")]), [".default_action[0].target_group_arn"]);
    let heavy = to_groups(&[(ONE, 1000)], None);
    assert_eq!(action_errors(vec![heavy]), [".default_action[0].forward[0].target_group[0].weight"]);
}

#[test]
fn a_redirect_must_lead_elsewhere() {
    let block = blocks::inner(&SCHEMA.block, "default_action");
    let redirect = |given: Vec<(&str, Value)>| {
        let given = given.into_iter().chain([("status_code", "HTTP_301".into())]);
        action_errors(vec![action([
            ("type", "redirect".into()),
            ("redirect", blocks::one(block, "redirect", given)),
        ])])
    };
    assert_eq!(redirect(vec![("protocol", "HTTPS".into()), ("port", "443".into())]), [""; 0]);
    assert_eq!(redirect(vec![("query", "a=b".into())]), [".default_action[0].redirect[0].status_code"]);
    assert_eq!(redirect(vec![("path", "x".into())]), [".default_action[0].redirect[0].path"]);
    assert_eq!(
        redirect(vec![("host", "x".into()), ("port", "https".into())]),
        [".default_action[0].redirect[0].port"]
    );
}

#[test]
fn the_last_action_answers() {
    let two = |first: i32, second: i32| {
        let block = blocks::inner(&SCHEMA.block, "default_action");
        let response = blocks::one(
            block,
            "fixed_response",
            [("content_type", "text/plain".into()), ("status_code", "404".into())],
        );
        let fixed = action([("type", "fixed-response".into()), ("fixed_response", response)]);
        vec![to_arn(ONE).with("order", first.into()), fixed.with("order", second.into())]
    };
    assert_eq!(action_errors(two(1, 2)), [".default_action"]);
    assert_eq!(action_errors(two(1, 1)), [".default_action", ".default_action"]);
}
