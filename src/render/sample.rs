//! Plans made by hand, for the tests of this room.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::parse_instance;
use crate::compare::Verdict;
use crate::lang::convert::PathStep;
use crate::lang::source::{SourceMap, Span};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::plan::model::{Action, AttributeVerdict, OutputChange, Plan, PlanMode, Reason, ResourceChange};
use crate::provider::object::text_map;
use crate::provider::registry::Registry;
use crate::provider::{ErrorKind, OperationError};

/// Must never show.
pub const SECRET: &str = "hunter2";

pub fn change(address: &str, action: Action, before: Value, after: Value) -> ResourceChange {
    ResourceChange {
        address: parse_instance(address).unwrap(),
        previous_address: None,
        deposed: None,
        provider: "registry.terraform.io/hashicorp/aws".into(),
        schema_version: 0,
        action,
        reason: None,
        verdict: Verdict::Pending,
        recorded: before.clone(),
        before,
        after,
        replace_paths: BTreeSet::new(),
        attributes: Vec::new(),
        importing: None,
        unreadable: None,
        consequence_of: None,
        adopted: false,
        provider_config: "provider[\"registry.terraform.io/hashicorp/aws\"]".into(),
        dependencies: Vec::new(),
        create_before_destroy: false,
        prevents_destroy: false,
        only: None,
        declared_at: None,
    }
}

pub fn plan_of(changes: Vec<ResourceChange>) -> Plan {
    Plan {
        not_compared: Vec::new(),
        data: Vec::new(),
        unread: Vec::new(),
        mode: PlanMode::Normal,
        changes,
        outputs: BTreeMap::new(),
        checks: Vec::new(),
        variables: BTreeMap::new(),
        lineage: "6f5e1a39-9a3c-4f5e-8d38-0d6a4f6f0001".into(),
        serial: 3,
        timestamp: "2026-01-02T03:04:05Z".into(),
        targeted: false,
    }
}

fn object<const N: usize>(ty: &str, given: [(&str, Value); N]) -> Value {
    let registry = Registry::new();
    let ty = registry.resource_type(ty).unwrap();
    ty.schema().block.marked(&ty.schema().block.object(given))
}

pub fn load_balancer<const N: usize>(given: [(&str, Value); N]) -> Value {
    object("aws_lb", given)
}

pub fn null() -> Value {
    Value::null(Type::Dynamic)
}

pub fn attribute(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

/// One of everything, with a secret wherever there may be one.
pub fn everything() -> (Plan, SourceMap) {
    let sources = SourceMap::new();
    let text = "resource \"aws_lb\" \"main\" {\n  idle_timeout = 120\n}\n";
    let source = sources.add("modules/alb/main.tf", text);
    let origin = Span::new(source, 29, 47);
    let main = |timeout: i64, tags: Value| {
        load_balancer([
            ("id", Value::string("arn:lb")),
            ("name", Value::string("main")),
            ("idle_timeout", Value::number(timeout)),
            ("tags", tags),
            ("internal", Value::bool(true)),
        ])
    };
    let verdict = |name: &str, verdict, desired, recorded, live| AttributeVerdict {
        path: attribute(name),
        verdict,
        desired,
        recorded,
        live: Some(live),
        consequence: false,
        origin: Some(origin),
    };
    let (old, new) = (text_map([("team", "a"), ("token", "x")]), text_map([("team", "b"), ("token", "x")]));
    let mut drifted =
        change("module.alb.aws_lb.main", Action::Update, main(60, old.clone()), main(120, new.clone()));
    drifted.recorded = main(120, old.clone());
    drifted.verdict = Verdict::Drifted;
    drifted.attributes = vec![
        verdict("idle_timeout", Verdict::Drifted, 120.into(), 120.into(), 60.into()),
        verdict("tags", Verdict::Pending, new, old.clone(), old),
    ];

    let gone = load_balancer([("name", Value::string("gone"))]);
    let mut missing = change("aws_lb.gone", Action::Create, null(), gone.clone());
    missing.recorded = gone;
    missing.verdict = Verdict::Missing;
    let mut with =
        change("aws_lb.with", Action::Create, null(), load_balancer([("name", Value::string("with"))]));
    with.verdict = Verdict::Missing;
    with.consequence_of = Some("aws_lb.gone".into());

    let data = |input: Value| object("terraform_data", [("input", input), ("id", Value::string("1"))]);
    let secret =
        Value::object([("user", Value::string("bob")), ("password", Value::string(SECRET).sensitive())]);
    let mut replaced = change(
        "terraform_data.replaced[0]",
        Action::DeleteThenCreate,
        data(secret.clone()),
        object(
            "terraform_data",
            [
                ("input", Value::string(SECRET).sensitive()),
                ("id", Value::unknown(Type::String)),
                ("triggers_replace", Value::string("now")),
            ],
        ),
    );
    replaced.reason = Some(Reason::ReplaceBecauseCannotUpdate);
    replaced.verdict = Verdict::Conflicted;
    replaced.replace_paths = BTreeSet::from([attribute("triggers_replace")]);
    replaced.attributes = vec![AttributeVerdict {
        consequence: true,
        origin: None,
        ..verdict(
            "input",
            Verdict::Conflicted,
            secret.clone(),
            Value::string(SECRET).sensitive(),
            secret.clone(),
        )
    }];
    let mut deleted = change("terraform_data.old[\"k\"]", Action::Delete, data(secret.clone()), null());
    deleted.reason = Some(Reason::DeleteBecauseEachKey);
    let mut moved =
        change("terraform_data.new", Action::NoOp, data(Value::string("x")), data(Value::string("x")));
    moved.previous_address = parse_instance("terraform_data.former");
    moved.verdict = Verdict::InSync;
    let mut unreadable = change("aws_lb.closed", Action::NoOp, main(60, null()), main(60, null()));
    unreadable.verdict = Verdict::Unreadable;
    unreadable.unreadable = Some(OperationError::new(
        ErrorKind::AccessDenied,
        "elasticloadbalancing:DescribeLoadBalancers",
        "not allowed.",
    ));
    let mut imported =
        change("terraform_data.found", Action::NoOp, data(secret.clone()), data(secret.clone()));
    imported.importing = Some("1".into());

    let mut plan = plan_of(vec![missing, with, drifted, unreadable, replaced, deleted, moved, imported]);
    let output = |action, before, after, sensitive| OutputChange {
        action,
        before,
        after,
        sensitive,
        recorded_sensitive: sensitive,
    };
    plan.outputs.insert("dns".into(), output(Action::Create, null(), Value::unknown(Type::String), false));
    plan.outputs
        .insert("password".into(), output(Action::Update, Value::string("old"), Value::string(SECRET), true));
    plan.outputs.insert("same".into(), output(Action::NoOp, secret.clone(), secret, false));
    plan.variables.insert("password".into(), Value::string(SECRET).sensitive());
    (plan, sources)
}
