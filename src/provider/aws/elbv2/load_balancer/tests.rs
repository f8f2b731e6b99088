use std::collections::BTreeSet;

use super::schema::SCHEMA;
use super::{plan, validate};
use crate::lang::convert::{PathStep, path_text};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{Object, text_set};
use crate::provider::{Change, Problems};

fn object<'a>(given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    SCHEMA.block.object(given)
}

fn mappings(subnets: &[(&str, &str)]) -> Value {
    let block = blocks::inner(&SCHEMA.block, "subnet_mapping");
    let mapping = |(subnet, address): &(&str, &str)| {
        block.object([
            ("subnet_id", Value::string(subnet)),
            ("private_ipv4_address", Value::string(address)),
            ("outpost_id", Value::string("")),
        ])
    };
    blocks::holding(&SCHEMA.block, "subnet_mapping", subnets.iter().map(mapping).collect())
}

fn logs(enabled: bool, bucket: &str) -> Value {
    blocks::one(
        &SCHEMA.block,
        "access_logs",
        [("enabled", enabled.into()), ("bucket", bucket.into()), ("prefix", "".into())],
    )
}

/// The plan for a code's object, given what the schema would plan.
fn planned(prior: Option<&Value>, config: &Value, planned: &Value) -> (Value, Vec<String>) {
    let mut change = Change {
        connection: None,
        prior,
        config,
        planned: planned.clone(),
        replace: BTreeSet::new(),
        problems: Problems::default(),
    };
    plan::plan(&mut change);
    (change.planned, change.replace.iter().map(|path| path_text(path)).collect())
}

fn problems(given: Vec<(&str, Value)>) -> Vec<(String, String, bool)> {
    let mut problems = Problems::default();
    let subnets = ("subnets", text_set(["subnet-a", "subnet-b"]));
    let has_subnets = given.iter().any(|(name, _)| *name == "subnets" || *name == "subnet_mapping");
    let config = object(given.into_iter().chain((!has_subnets).then_some(subnets)));
    validate::validate(&config, &mut problems);
    problems.0.into_iter().map(|one| (path_text(&one.path), one.detail, one.is_error)).collect()
}

#[test]
fn a_sound_configuration_passes() {
    assert_eq!(problems(vec![("name", "collector".into()), ("idle_timeout", 30.into())]), []);
    let unknown = || Value::unknown(Type::String);
    assert_eq!(problems(vec![("name", unknown()), ("load_balancer_type", unknown())]), []);
}

#[test]
fn bad_arguments_are_named() {
    let errors = |given| -> Vec<String> {
        problems(given).into_iter().filter(|(_, _, is_error)| *is_error).map(|(path, _, _)| path).collect()
    };
    assert_eq!(errors(vec![("name", "a-name-that-is-longer-than-32-chars".into())]), [".name"]);
    assert_eq!(errors(vec![("name", "under_score".into())]), [".name"]);
    assert_eq!(errors(vec![("name", "internal-one".into())]), [".name"]);
    assert_eq!(errors(vec![("name_prefix", "toolong".into())]), [".name_prefix"]);
    assert_eq!(errors(vec![("name", "a".into()), ("name_prefix", "b".into())]), [".name_prefix"]);
    assert_eq!(errors(vec![("idle_timeout", 4001.into())]), [".idle_timeout"]);
    assert_eq!(errors(vec![("load_balancer_type", "classic".into())]), [".load_balancer_type"]);
    assert_eq!(errors(vec![("subnets", Value::null(Type::set(Type::String)))]), [""]);
    let both = vec![("subnets", text_set(["a"])), ("subnet_mapping", mappings(&[("a", "")]))];
    assert_eq!(errors(both), [".subnet_mapping"]);
    let mapped =
        vec![("load_balancer_type", "network".into()), ("subnet_mapping", mappings(&[("a", "10.0.0.256")]))];
    assert_eq!(errors(mapped), [".subnet_mapping[0].private_ipv4_address"]);
}

#[test]
fn an_argument_of_another_type_of_load_balancer_is_a_warning() {
    let found = problems(vec![("load_balancer_type", "network".into()), ("idle_timeout", 30.into())]);
    let [(path, detail, is_error)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((path.as_str(), *is_error), (".idle_timeout", false));
    assert!(detail.contains("application"), "{detail}");
}

#[test]
fn a_network_load_balancer_keeps_its_subnets() {
    let base = |subnets: Value| object([("load_balancer_type", "network".into()), ("subnets", subnets)]);
    let prior = base(text_set(["a", "b"]));
    let replaced = |subnets: &[&str]| {
        let config = base(text_set(subnets));
        planned(Some(&prior), &config, &config).1
    };
    assert_eq!(replaced(&["a", "b"]), [""; 0]);
    assert_eq!(replaced(&["a", "b", "c"]), [""; 0]);
    assert_eq!(replaced(&["a"]), [".subnets"]);
    assert_eq!(replaced(&["a", "c"]), [".subnets"]);
}

#[test]
fn a_network_load_balancer_has_security_groups_or_not_for_life() {
    let base = |groups: &[&str]| {
        object([("load_balancer_type", "network".into()), ("security_groups", text_set(groups))])
    };
    let replaced = |before: &[&str], after: &[&str]| {
        let config = base(after);
        planned(Some(&base(before)), &config, &config).1
    };
    assert_eq!(replaced(&["a"], &["b"]), [""; 0]);
    assert_eq!(replaced(&[], &["b"]), [".security_groups"]);
    assert_eq!(replaced(&["a"], &[]), [".security_groups"]);
}

#[test]
fn an_application_load_balancers_mappings_may_change_but_not_while_others_come_or_go() {
    let base = |blocks: Value| object([("subnet_mapping", blocks), ("subnets", text_set(["a", "b"]))]);
    let prior = base(mappings(&[("a", ""), ("b", "10.0.0.9")]));
    let replaced = |blocks: &[(&str, &str)]| {
        let config = object([("subnet_mapping", mappings(blocks))]);
        planned(Some(&prior), &config, &prior.with("subnet_mapping", mappings(blocks))).1
    };
    assert_eq!(replaced(&[("b", "10.0.0.9"), ("a", "")]), [""; 0]);
    assert_eq!(replaced(&[("a", "")]), [""; 0]);
    assert_eq!(replaced(&[("a", ""), ("b", "10.0.0.9"), ("c", "")]), [""; 0]);
    assert_eq!(replaced(&[("a", ""), ("c", "")]), [""; 0]);
    assert_eq!(replaced(&[("c", "")]), [".subnet_mapping"]);
    assert_eq!(replaced(&[("a", ""), ("c", ""), ("d", "")]), [".subnet_mapping"]);
}

#[test]
fn subnets_and_their_mappings_follow_each_other() {
    let prior =
        object([("subnets", text_set(["a", "b"])), ("subnet_mapping", mappings(&[("a", ""), ("b", "")]))]);
    let config = object([("subnets", text_set(["a", "c"]))]);
    let (after, _) = planned(Some(&prior), &config, &prior.with("subnets", text_set(["a", "c"])));
    assert!(!after.get("subnet_mapping").unwrap().is_known());

    let config = object([("subnet_mapping", mappings(&[("a", ""), ("c", "")]))]);
    let (after, _) = planned(Some(&prior), &config, &prior);
    assert_eq!(after.get("subnets"), Some(text_set(["a", "c"])));
    assert_eq!(after.blocks("subnet_mapping").len(), 2);

    let config = object([("subnet_mapping", mappings(&[("b", ""), ("a", "")]))]);
    assert_eq!(planned(Some(&prior), &config, &prior), (prior.clone(), vec![]));
}

#[test]
fn logs_that_are_off_are_no_change() {
    let prior = object([("access_logs", logs(false, ""))]);
    for config in [object([]), object([("access_logs", logs(false, "later"))])] {
        let (after, _) = planned(Some(&prior), &config, &config);
        assert_eq!(after.get("access_logs"), prior.get("access_logs"));
    }
    let on = object([("access_logs", logs(true, "bucket"))]);
    assert_eq!(planned(Some(&prior), &on, &on).0.get("access_logs"), on.get("access_logs"));
    let (off, _) = planned(Some(&on), &object([]), &object([]));
    assert_eq!(off.get("access_logs"), Some(logs(false, "bucket")));
}

#[test]
fn attributes_of_another_type_stay_as_they_are() {
    let network = ("load_balancer_type", Value::string("network"));
    let prior = object([network.clone()]);
    let config = object([network.clone(), ("idle_timeout", 30.into())]);
    let (after, _) = planned(Some(&prior), &config, &config);
    assert!(after.get("idle_timeout").unwrap().is_null());
    let (new, _) = planned(None, &config, &config);
    assert!(new.get("idle_timeout").unwrap().is_null());
}

#[test]
fn problems_point_into_blocks() {
    let blocks = blocks::one(&SCHEMA.block, "minimum_load_balancer_capacity", [("capacity_units", 0.into())]);
    let mut problems = Problems::default();
    let config = object([("subnets", text_set(["a", "b"])), ("minimum_load_balancer_capacity", blocks)]);
    validate::validate(&config, &mut problems);
    let path = &problems.0.first().unwrap().path;
    assert_eq!(
        *path,
        [
            PathStep::Attribute("minimum_load_balancer_capacity".into()),
            PathStep::Index(0),
            PathStep::Attribute("capacity_units".into())
        ]
    );
}
