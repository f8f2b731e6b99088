//! What is decided: patterns, the order of rules, days, limits.

use jiff::Timestamp;
use proptest::prelude::*;
use recon::address::{InstanceAddress, InstanceKey, ModuleInstance, Resource, parse_instance};
use recon::repository::{
    Action, AddressPattern, AttributePattern, Limits, Origin, Percentage, Repository, parse_attribute_path,
};

use crate::{directory, good, read};

fn address(text: &str) -> InstanceAddress {
    parse_instance(text).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What the rules at the top and those of the stack `a` decide, at noon of 2027-01-15.
fn decide(text: &str, stack: &str, object: &str, attribute: &str) -> (Action, Option<String>, Origin) {
    let root = directory(&[("recon.hcl", text), ("a/x.tf", ""), ("b/x.tf", "")]);
    let repository = good(root.path());
    let stack = repository.stack(stack).unwrap();
    let path = (!attribute.is_empty()).then(|| parse_attribute_path(attribute).unwrap());
    let decision = repository.decide(stack, &address(object), path.as_deref(), at("2027-01-15T12:00:00Z"));
    (decision.action, decision.rule_name().map(str::to_owned), decision.origin)
}

const STACKS: &str = "stack \"b\" {\n  path = \"b\"\n}\n";

#[test]
fn addresses_match_their_patterns() {
    let table: &[(&str, &str, bool)] = &[
        ("aws_lb.a", "aws_lb.a", true),
        ("aws_lb.a", "aws_lb.a[0]", true),
        ("aws_lb.a", "aws_lb.a[\"k\"]", true),
        ("aws_lb.a", "aws_lb.ab", false),
        ("aws_lb.a", "module.m.aws_lb.a", false),
        ("aws_lb.a[0]", "aws_lb.a[0]", true),
        ("aws_lb.a[0]", "aws_lb.a", false),
        ("aws_lb.a[0]", "aws_lb.a[\"0\"]", false),
        ("aws_lb.a[*]", "aws_lb.a[7]", true),
        ("aws_lb.a[*]", "aws_lb.a", true),
        ("aws_lb.a[\"x*z\"]", "aws_lb.a[\"xyz\"]", true),
        ("aws_lb.a[\"x*z\"]", "aws_lb.a[\"xy\"]", false),
        ("aws_lb.a[\"x.y\\\"]z\"]", "aws_lb.a[\"x.y\\\"]z\"]", true),
        ("*.a", "aws_lb.a", true),
        ("*.*", "aws_lb.a", true),
        ("*.*", "module.m.aws_lb.a", false),
        ("aws_*_rule.a*c*e", "aws_security_group_rule.abcde", true),
        ("aws_*_rule.a*c*e", "aws_security_group_rule.ace", true),
        ("aws_*_rule.a*c*e", "aws_security_group_rule.abde", false),
        ("a*a.x", "a.x", false),
        ("**", "aws_lb.a", true),
        ("**", "module.m[0].module.n.aws_lb.a[\"k\"]", true),
        ("**.**.aws_lb.*", "aws_lb.a", true),
        ("**.aws_lb.*", "module.m.module.n.aws_lb.a", true),
        ("**.aws_lb.*", "aws_elb.a", false),
        ("module.m", "module.m.aws_lb.a", true),
        ("module.m", "module.m.module.n.aws_lb.a", true),
        ("module.m", "aws_lb.m", false),
        ("module.m.**", "module.m[\"k\"].aws_lb.a", true),
        ("module.m[0].**", "module.m[1].aws_lb.a", false),
        ("module.m.aws_lb.a", "module.m.module.n.aws_lb.a", false),
        ("module.*.aws_lb.a", "module.m.aws_lb.a", true),
        ("module.*.aws_lb.a", "aws_lb.a", false),
        ("module.*.aws_lb.a", "module.m.module.n.aws_lb.a", false),
        ("module.m.**.module.z.aws_lb.a", "module.m.module.z.aws_lb.a", true),
        ("module.m.**.module.z.aws_lb.a", "module.m.module.x.module.y.module.z.aws_lb.a", true),
        ("module.m.**.module.z.aws_lb.a", "module.m.module.z.module.y.aws_lb.a", false),
        ("**.module.z.aws_lb.a", "module.z.module.z.aws_lb.a", true),
        ("**.module.y.module.z.**", "module.y.module.y.module.z.aws_lb.a", true),
        ("**", "data.aws_ami.a", false),
        ("*.*", "data.aws_ami.a", false),
    ];
    for (pattern, object, expected) in table {
        let pattern = AddressPattern::parse(pattern).unwrap();
        assert_eq!(pattern.matches(&address(object)), *expected, "{pattern} and {object}");
    }
}

#[test]
fn attributes_match_their_patterns() {
    let table: &[(&str, &str, bool)] = &[
        ("name", "name", true),
        ("name", "name_prefix", false),
        ("name_*", "name_prefix", true),
        ("tags", "tags[\"Name\"]", true),
        ("tags[\"Name\"]", "tags", false),
        ("tags[\"Name\"]", "tags[\"Name\"]", true),
        ("tags.Name", "tags[\"Name\"]", true),
        ("tags[\"Name\"]", "tags.Name", true),
        ("tags[*]", "tags[\"Name\"]", true),
        ("tags[*]", "tags", false),
        ("tags[\"aws:*\"]", "tags[\"aws:x.y\"]", true),
        ("ingress[*].from_port", "ingress[3].from_port", true),
        ("ingress[*].from_port", "ingress[3].to_port", false),
        ("ingress[*].from_port", "ingress.from_port", false),
        ("ingress[0]", "ingress[0].cidr_blocks[2]", true),
        ("ingress[0]", "ingress[1].cidr_blocks[2]", false),
        ("ingress[0]", "ingress[\"0\"]", false),
        ("a[*][*].b", "a[0][1].b", true),
        ("*", "anything[0].at.all", true),
    ];
    for (pattern, path, expected) in table {
        let pattern = AttributePattern::parse(pattern).unwrap();
        let path_steps = parse_attribute_path(path).unwrap();
        assert_eq!(pattern.matches(&path_steps), *expected, "{pattern} and {path}");
    }
    for text in ["", "a.", "a[", "a[x]", "a[*]", "a*", "a[-1]", "a[0]b", "a b"] {
        assert_eq!(parse_attribute_path(text), None, "{text}");
    }
}

#[test]
fn the_first_rule_that_matches_decides() {
    let rules = r#"
  rule "first" {
    match  = ["aws_lb.a"]
    action = "propose"
  }
  rule "second" {
    match  = ["aws_lb.*", "aws_alb.*"]
    action = "correct"
  }
  rule "third" {
    match      = ["**"]
    attributes = ["tags", "*name"]
    action     = "ignore"
    reason     = "x"
  }
"#;
    let text = format!("{STACKS}drift {{\n  default = \"report\"\n{rules}}}\n");
    for (object, attribute, action, rule) in [
        ("aws_lb.a", "tags", Action::Propose, Some("first")),
        ("aws_lb.b", "tags", Action::Correct, Some("second")),
        ("aws_alb.b", "", Action::Correct, Some("second")),
        ("module.m.aws_lb.a", "tags[\"a\"]", Action::Ignore, Some("third")),
        ("module.m.aws_lb.a", "dns_name", Action::Ignore, Some("third")),
        ("module.m.aws_lb.a", "idle_timeout", Action::Report, None),
        // The object as a whole: no rule with attributes is about it.
        ("module.m.aws_lb.a", "", Action::Report, None),
    ] {
        let (decided, name, _) = decide(&text, "b", object, attribute);
        assert_eq!((decided, name.as_deref()), (action, rule), "{object}.{attribute}");
    }
}

#[test]
fn the_stack_comes_before_the_repository() {
    let block = |name: &str, object: &str, action: &str| {
        format!("  rule \"{name}\" {{\n    match  = [\"{object}\"]\n    action = \"{action}\"\n  }}\n")
    };
    let text = format!(
        "stack \"a\" {{\n  path = \"a\"\n  drift {{\n  default = \"ignore\"\n{}  }}\n}}\n{STACKS}drift {{\n  default = \"propose\"\n{}{}}}\n",
        block("own", "aws_lb.*", "report"),
        block("general", "aws_lb.*", "correct"),
        block("other", "aws_alb.*", "correct"),
    );
    for (stack, object, action, rule, origin) in [
        ("a", "aws_lb.x", Action::Report, Some("own"), Origin::Stack),
        ("b", "aws_lb.x", Action::Correct, Some("general"), Origin::Repository),
        // The stack's default comes after the repository's rules.
        ("a", "aws_alb.x", Action::Correct, Some("other"), Origin::Repository),
        ("a", "aws_vpc.x", Action::Ignore, None, Origin::Stack),
        ("b", "aws_vpc.x", Action::Propose, None, Origin::Repository),
    ] {
        let decided = decide(&text, stack, object, "name");
        assert_eq!(decided, (action, rule.map(str::to_owned), origin), "{stack} {object}");
    }
    assert_eq!(decide(STACKS, "b", "aws_lb.x", "name"), (Action::Report, None, Origin::BuiltIn));
}

#[test]
fn correcting_needs_a_rule() {
    let text = "stack \"b\" {\n  path = \".\"\n}\ndrift {\n  default = \"correct\"\n}\n";
    let (repository, found, _) = read(directory(&[("recon.hcl", text)]).path());
    assert!(!found.has_errors());
    let decision =
        repository.decide(&repository.stacks[0], &address("aws_lb.a"), None, at("2027-01-15T12:00:00Z"));
    assert_eq!(decision.action, Action::Report);
    assert_eq!(
        decision.why(),
        "no rule matches, and only a rule that names it makes recon correct something"
    );
}

fn dated() -> Repository {
    let rule = |name: &str, until: &str, action: &str| {
        format!(
            "  rule \"{name}\" {{\n    match  = [\"**\"]\n    action = \"{action}\"\n    reason = \"because\"\n{until}  }}\n"
        )
    };
    let until = |day: &str| format!("    until  = \"{day}\"\n");
    let text = format!(
        "{STACKS}drift {{\n{}{}{}}}\n",
        rule("short", &until("2027-01-31"), "ignore"),
        rule("long", &until("2028-02-29"), "propose"),
        rule("ever", "", "ignore"),
    );
    good(directory(&[("recon.hcl", &text), ("b/x.tf", "")]).path())
}

#[test]
fn a_rule_holds_up_to_the_end_of_its_last_day_in_utc() {
    let repository = dated();
    for (now, rule, expired) in [
        ("1970-01-01T00:00:00Z", "short", &[][..]),
        ("2027-01-30T23:59:59Z", "short", &[]),
        ("2027-01-31T23:59:59.999999999Z", "short", &[]),
        // The same moments elsewhere.
        ("2027-02-01T10:00:00+14:00", "short", &[]),
        ("2027-01-31T18:59:59-05:00", "short", &[]),
        ("2027-01-31T19:00:00-05:00", "long", &["short"]),
        ("2027-02-01T00:00:00Z", "long", &["short"]),
        ("2028-02-29T23:59:59Z", "long", &["short"]),
        ("2028-03-01T00:00:00Z", "ever", &["short", "long"]),
    ] {
        let decision = repository.decide(&repository.stacks[0], &address("aws_lb.a"), None, at(now));
        assert_eq!(decision.rule_name(), Some(rule), "{now}");
        let names: Vec<&str> = decision.expired.iter().map(|rule| &*rule.name).collect();
        assert_eq!(names, expired, "{now}");
    }
    let decision =
        repository.decide(&repository.stacks[0], &address("aws_lb.a"), None, at("2027-02-01T00:00:00Z"));
    assert_eq!(decision.why(), "rule \"long\" (until 2028-02-29): because");
}

#[test]
fn an_expired_rule_that_does_not_match_is_not_named() {
    let rule = "  rule \"old\" {\n    match = [\"aws_lb.*\"]\n    action = \"propose\"\n    until = \"2020-01-01\"\n  }\n";
    let text = format!("{STACKS}drift {{\n{rule}}}\n");
    let repository = good(directory(&[("recon.hcl", &text), ("b/x.tf", "")]).path());
    for (object, count) in [("aws_lb.a", 1), ("aws_vpc.a", 0)] {
        let decision =
            repository.decide(&repository.stacks[0], &address(object), None, at("2027-01-01T00:00:00Z"));
        assert_eq!((decision.action, decision.expired.len()), (Action::Report, count), "{object}");
    }
}

#[test]
fn much_drift_is_too_much() {
    let limits = Limits::default();
    for (drifted, resources, too_much) in [
        (0, 0, false),
        (4, 4, false),
        (5, 5, true),
        (5, 24, true),
        (5, 25, false),
        (20, 100, false),
        (21, 100, true),
        (2_000, 10_000, false),
        (2_001, 10_000, true),
        (usize::MAX, usize::MAX, true),
    ] {
        assert_eq!(limits.too_much_drift(drifted, resources), too_much, "{drifted} of {resources}");
    }
    let fine = Limits { max_drift: Percentage::parse("0.05%").unwrap(), ..limits };
    assert!(!fine.too_much_drift(5, 10_000));
    assert!(fine.too_much_drift(6, 10_000));
}

#[test]
fn percentages_are_read() {
    for (text, hundredths) in
        [("20%", 2_000), ("100%", 10_000), ("2.5%", 250), ("0.01%", 1), ("99.99%", 9_999), ("020%", 2_000)]
    {
        assert_eq!(Percentage::parse(text), Some(Percentage(hundredths)), "{text}");
    }
    for text in [
        "", "%", "20", "0%", "0.00%", "101%", "100.01%", "-1%", "+1%", "2.%", ".5%", "1.234%", "9999%",
        "1e1%", "٣%",
    ] {
        assert_eq!(Percentage::parse(text), None, "{text}");
    }
}

/// `**` by definition: any number of module steps.
fn matches_by_definition(pattern: &[&str], modules: &[&str]) -> bool {
    match pattern {
        [] => modules.is_empty(),
        ["**", rest @ ..] => {
            (0..=modules.len()).any(|skipped| matches_by_definition(rest, &modules[skipped..]))
        }
        [name, rest @ ..] => {
            modules.first().is_some_and(|first| first == name) && matches_by_definition(rest, &modules[1..])
        }
    }
}

/// `*` by definition: any number of letters.
fn name_matches_by_definition(pattern: &[u8], name: &[u8]) -> bool {
    match pattern {
        [] => name.is_empty(),
        [b'*', rest @ ..] => {
            (0..=name.len()).any(|skipped| name_matches_by_definition(rest, &name[skipped..]))
        }
        [letter, rest @ ..] => name.first() == Some(letter) && name_matches_by_definition(rest, &name[1..]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn modules_match_as_defined(
        pattern in proptest::collection::vec(prop_oneof![Just("**"), Just("a"), Just("b")], 0..6),
        modules in proptest::collection::vec(prop_oneof![Just("a"), Just("b")], 0..7),
    ) {
        let text: String = pattern
            .iter()
            .map(|step| if *step == "**" { "**.".to_owned() } else { format!("module.{step}.") })
            .collect();
        let instance = InstanceAddress {
            module: modules.iter().fold(ModuleInstance::root(), |outer, name| outer.child(*name, InstanceKey::None)),
            resource: Resource::managed("aws_lb", "x"),
            key: InstanceKey::None,
        };
        let matches = AddressPattern::parse(&format!("{text}aws_lb.x")).unwrap().matches(&instance);
        prop_assert_eq!(matches, matches_by_definition(&pattern, &modules));
    }

    #[test]
    fn names_match_as_defined(pattern in "\\*|[ab](\\*?[ab]){0,4}\\*?|\\*[ab](\\*?[ab]){0,3}\\*?", name in "[ab]{1,9}") {
        let path = parse_attribute_path(&name).unwrap();
        let matches = AttributePattern::parse(&pattern).unwrap().matches(&path);
        prop_assert_eq!(matches, name_matches_by_definition(pattern.as_bytes(), name.as_bytes()));
    }

    /// What a report prints can be put into a rule, and means just that instance, if it has a key.
    #[test]
    fn an_address_is_a_pattern_of_itself(key in "[ -~é]{1,9}", name in "[a-z][a-z0-9_-]{0,5}") {
        prop_assume!(!key.contains('*'));
        let module = ModuleInstance::root().child("m", InstanceKey::Key(key.as_str().into()));
        let instance = InstanceAddress {
            module,
            resource: Resource::managed("aws_lb", name),
            key: InstanceKey::Key(key.as_str().into()),
        };
        let pattern = AddressPattern::parse(&instance.to_string()).unwrap();
        prop_assert!(pattern.matches(&instance));
        let other = InstanceAddress { key: InstanceKey::Key(format!("{key}x").into()), ..instance };
        prop_assert!(!pattern.matches(&other));
    }
}
