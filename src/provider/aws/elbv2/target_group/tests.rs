use std::collections::BTreeSet;

use super::schema::SCHEMA;
use super::{health, plan, validate};
use crate::lang::convert::{PathStep, path_text};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::attributes::Pairs;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;
use crate::provider::{Change, Problems};

fn object<'a>(given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    SCHEMA.block.object(given)
}

fn block<'a>(name: &str, given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    blocks::one(&SCHEMA.block, name, given)
}

fn change<'a>(prior: Option<&'a Value>, config: &'a Value, planned: &Value) -> Change<'a> {
    let mut change = Change {
        connection: None,
        prior,
        config,
        planned: planned.clone(),
        replace: BTreeSet::from([vec![PathStep::Attribute("port".into())]]),
        problems: Problems::default(),
    };
    plan::plan(&mut change);
    change
}

fn errors(given: Vec<(&str, Value)>) -> Vec<String> {
    let mut problems = Problems::default();
    let base = [("port", 80.into()), ("protocol", "HTTP".into()), ("vpc_id", "vpc-1".into())];
    let given: Vec<_> = base.into_iter().chain(given).collect();
    validate::validate(&object(given), &mut problems);
    problems.0.into_iter().filter(|one| one.is_error).map(|one| path_text(&one.path)).collect()
}

#[test]
fn a_sound_configuration_passes() {
    let check = block("health_check", [("path", "/health".into()), ("matcher", "200-399".into())]);
    assert_eq!(errors(vec![("name_prefix", "http-".into()), ("health_check", check)]), [""; 0]);
    assert_eq!(errors(vec![("protocol", Value::unknown(Type::String)), ("slow_start", 30.into())]), [""; 0]);
}

#[test]
fn what_a_target_type_needs_must_be_there() {
    let mut problems = Problems::default();
    validate::validate(&object([("target_type", "ip".into())]), &mut problems);
    let summaries: Vec<&str> = problems.0.iter().map(|one| one.summary.as_str()).collect();
    assert_eq!(
        summaries,
        [r#"Missing argument "port""#, r#"Missing argument "protocol""#, r#"Missing argument "vpc_id""#]
    );
    let mut problems = Problems::default();
    validate::validate(&object([("target_type", "lambda".into())]), &mut problems);
    assert_eq!(problems.0, []);
}

#[test]
fn health_checks_are_checked() {
    let check = |given: Vec<(&str, Value)>| errors(vec![("health_check", block("health_check", given))]);
    assert_eq!(check(vec![("path", "health".into())]), [".health_check[0].path"]);
    assert_eq!(check(vec![("port", "http".into())]), [".health_check[0].port"]);
    assert_eq!(check(vec![("interval", 4.into())]), [".health_check[0].interval"]);
    assert_eq!(check(vec![("timeout", 30.into())]), [".health_check[0].timeout"]);
    assert_eq!(check(vec![("timeout", 30.into()), ("interval", 40.into())]), [""; 0]);
    assert_eq!(check(vec![("protocol", "TCP".into())]), [".health_check[0].protocol"]);
    for matcher in ["ok", "200-", "299-200", "100", "200;201", "99"] {
        assert_eq!(check(vec![("matcher", matcher.into())]), [".health_check[0].matcher"], "{matcher}");
    }
    for matcher in ["200", "200,302", "200-299,404"] {
        assert_eq!(check(vec![("matcher", matcher.into())]), [""; 0], "{matcher}");
    }
    let tcp = block("health_check", [("protocol", "tcp".into()), ("matcher", "200".into())]);
    assert_eq!(errors(vec![("protocol", "TCP".into()), ("health_check", tcp)]), [".health_check[0].matcher"]);
}

#[test]
fn stickiness_is_of_the_protocols_kind() {
    let sticky = |given: Vec<(&str, Value)>| errors(vec![("stickiness", block("stickiness", given))]);
    assert_eq!(sticky(vec![("type", "lb_cookie".into())]), [""; 0]);
    assert_eq!(sticky(vec![("type", "source_ip".into())]), [".stickiness[0].type"]);
    assert_eq!(sticky(vec![("type", "source_ip".into()), ("enabled", false.into())]), [""; 0]);
    assert_eq!(sticky(vec![("type", "app_cookie".into())]), [".stickiness[0]"]);
    let reserved = vec![("type", "app_cookie".into()), ("cookie_name", "AWSALBAPP".into())];
    assert_eq!(sticky(reserved), [".stickiness[0].cookie_name"]);
}

#[test]
fn pairs_and_blocks_say_the_same() {
    let planned = object([
        ("protocol", "HTTP".into()),
        (
            "stickiness",
            block(
                "stickiness",
                [
                    ("type", "app_cookie".into()),
                    ("enabled", true.into()),
                    ("cookie_name", "session".into()),
                    ("cookie_duration", 60.into()),
                ],
            ),
        ),
    ]);
    let pairs = health::pairs_of(&SCHEMA.block, None, &planned, "HTTP");
    let answered: Pairs = pairs.into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
    assert_eq!(answered.get("stickiness.app_cookie.cookie_name").map(String::as_str), Some("session"));
    let live = health::blocks_of(&SCHEMA.block, &answered, "HTTP");
    let (_, stickiness) = live.into_iter().find(|(name, _)| *name == "stickiness").unwrap();
    assert_eq!(Some(stickiness), planned.get("stickiness"));
}

#[test]
fn only_blocks_that_change_are_sent() {
    let sticky = |enabled: bool| {
        let given = [("type", "source_ip".into()), ("enabled", enabled.into())];
        object([("stickiness", block("stickiness", given))])
    };
    assert_eq!(health::pairs_of(&SCHEMA.block, Some(&sticky(true)), &sticky(true), "TCP"), []);
    assert_eq!(
        health::pairs_of(&SCHEMA.block, Some(&sticky(true)), &sticky(false), "TCP"),
        [("stickiness.enabled", "false".to_owned()), ("stickiness.type", "source_ip".to_owned())]
    );
}

#[test]
fn a_check_that_becomes_tcp_loses_path_and_codes() {
    let check = |protocol: &str, path: Value, matcher: Value| {
        block("health_check", [("protocol", protocol.into()), ("path", path), ("matcher", matcher)])
    };
    let null = || Value::null(Type::String);
    let prior =
        object([("protocol", "TCP".into()), ("health_check", check("HTTP", "/".into(), "200".into()))]);
    let config = object([("protocol", "TCP".into()), ("health_check", check("TCP", null(), null()))]);
    let kept = prior.with("health_check", check("TCP", "/".into(), "200".into()));
    let after = change(Some(&prior), &config, &kept).planned;
    assert_eq!(after.block("health_check").and_then(|check| check.text("matcher")), Some(""));

    let after =
        change(Some(&after), &object([("health_check", check("HTTP", null(), null()))]), &prior).planned;
    assert!(!after.block("health_check").unwrap().get("path").unwrap().is_known());
}

#[test]
fn a_lambda_target_has_no_port_to_change() {
    let lambda = ("target_type", Value::string("lambda"));
    let prior = object([lambda.clone()]);
    let config = object([lambda, ("port", 80.into())]);
    let change = change(Some(&prior), &config, &config);
    assert!(change.planned.get("port").unwrap().is_null());
    assert!(change.replace.is_empty());
}

#[test]
fn half_of_the_health_settings_leaves_the_other_half() {
    let inner = blocks::inner(&SCHEMA.block, "target_group_health");
    let dns = |count: &str| {
        blocks::one(
            inner,
            "dns_failover",
            [
                ("minimum_healthy_targets_count", count.into()),
                ("minimum_healthy_targets_percentage", "off".into()),
            ],
        )
    };
    let routing =
        blocks::one(inner, "unhealthy_state_routing", [("minimum_healthy_targets_count", 1.into())]);
    let both = block(
        "target_group_health",
        [("dns_failover", dns("1")), ("unhealthy_state_routing", routing.clone())],
    );
    let prior = object([("protocol", "HTTP".into()), ("target_group_health", both)]);
    let config =
        prior.with("target_group_health", block("target_group_health", [("dns_failover", dns("2"))]));
    let after = change(Some(&prior), &config, &config).planned;
    let health = after.block("target_group_health").unwrap();
    assert_eq!(health.get("unhealthy_state_routing"), Some(routing));
    assert_eq!(health.get("dns_failover"), Some(dns("2")));
}

#[test]
fn a_flag_in_a_text_has_many_spellings() {
    let equality = SCHEMA.block.attributes["preserve_client_ip"].equality;
    assert!(equality.same(&"1".into(), &"true".into()));
    assert!(!equality.same(&"0".into(), &"true".into()));
    assert!(!equality.same(&"yes".into(), &"true".into()));
    assert_eq!(errors(vec![("preserve_client_ip", "yes".into())]), [".preserve_client_ip"]);
}
