//! The `ingress` and `egress` of `aws_security_group`, as values and as permissions.

use std::collections::BTreeMap;

use super::cidr::{self, Family};
use super::permissions::{
    ALL, Notes, Permission, Permissions, Source, is_description, normal_protocol, split_group,
};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::Problems;
use crate::provider::object::{self, Object};

/// Stands for the group itself where its id is not known.
const ITSELF: &str = "self";

/// The type of one rule.
pub(super) fn rule_type() -> Type {
    Type::object([
        ("cidr_blocks", Type::list(Type::String)),
        ("description", Type::String),
        ("from_port", Type::Number),
        ("ipv6_cidr_blocks", Type::list(Type::String)),
        ("prefix_list_ids", Type::list(Type::String)),
        ("protocol", Type::String),
        ("security_groups", Type::set(Type::String)),
        ("self", Type::Bool),
        ("to_port", Type::Number),
    ])
}

/// The permissions that a set of rules grants. `own` is the id of the group itself.
pub(super) fn permissions(rules: &Value, own: Option<&str>) -> Permissions {
    let mut found = Permissions::new();
    for rule in rules.as_elements().unwrap_or_default() {
        found.extend(of_rule(rule, own.unwrap_or(ITSELF)));
    }
    found
}

fn of_rule(rule: &Value, own: &str) -> Permissions {
    let mut found = Permissions::new();
    let protocol = rule.text("protocol").unwrap_or(ALL);
    let from = rule.integer("from_port").unwrap_or(0);
    let to = rule.integer("to_port").unwrap_or(0);
    let description = rule.text("description").unwrap_or_default();
    let mut add = |source, account: Option<&str>| {
        let notes =
            Notes { description: description.to_owned(), account: account.map(str::to_owned), rule_id: None };
        found.insert(Permission::new(protocol, from, to, source), notes);
    };
    for text in rule.texts("cidr_blocks") {
        add(Source::Ipv4(cidr::canonical_v4(&text)), None);
    }
    for text in rule.texts("ipv6_cidr_blocks") {
        add(Source::Ipv6(cidr::canonical_v6(&text)), None);
    }
    for id in rule.texts("prefix_list_ids") {
        add(Source::PrefixList(id), None);
    }
    for text in rule.texts("security_groups") {
        let (id, account) = split_group(&text);
        add(Source::Group(id.to_owned()), account);
    }
    if rule.boolean("self") == Some(true) {
        add(Source::Group(own.to_owned()), None);
    }
    found
}

/// Whether two sets of rules permit the same, however they are grouped.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    if !left.is_wholly_known() || !right.is_wholly_known() {
        return false;
    }
    let plain = |rules: &Value| {
        let bare = |(permission, notes): (Permission, Notes)| (permission, notes.description);
        permissions(rules, None).into_iter().map(bare).collect::<BTreeMap<_, _>>()
    };
    plain(left) == plain(right)
}

/// A set of rules as it is planned: what is left out is empty or false, protocols have their one name.
pub(super) fn normal(rules: &Value) -> Value {
    let Kind::Set(_, elements) = &rules.kind else {
        return rules.clone();
    };
    let elements = elements.iter().map(|rule| {
        let Kind::Object(attributes) = &rule.kind else { return rule.clone() };
        let mut attributes = BTreeMap::clone(attributes);
        for (name, value) in &mut attributes {
            if value.is_null() {
                *value = match &**name {
                    "cidr_blocks" | "ipv6_cidr_blocks" | "prefix_list_ids" => object::text_list::<&str>([]),
                    "security_groups" => object::text_set::<&str>([]),
                    "description" => Value::string(""),
                    "self" => Value::bool(false),
                    _ => continue,
                };
            } else if &**name == "protocol"
                && let Some(text) = value.as_str()
            {
                *value = Value::string(normal_protocol(text)).with_marks(value.marks);
            }
        }
        Value::object(attributes).with_marks(rule.marks)
    });
    Value::set(rule_type(), elements).with_marks(rules.marks)
}

/// Live permissions as a set of rules: in the groups of the recorded rules as far as they are still there, the rest
/// grouped by protocol, ports and description.
pub(super) fn value(live: &Permissions, recorded: Option<&Value>, group: &str, account: &str) -> Value {
    let mut rest: Permissions = live.clone();
    let mut rules = Vec::new();
    for rule in recorded.and_then(Value::as_elements).unwrap_or_default() {
        let wanted = of_rule(rule, group);
        let is_there = !wanted.is_empty()
            && wanted.iter().all(|(permission, notes)| {
                rest.get(permission).is_some_and(|live| live.description == notes.description)
            });
        if is_there {
            rest.retain(|permission, _| !wanted.contains_key(permission));
            rules.push(rule.clone());
        }
    }
    type Sources<'a> = Vec<(&'a Source, &'a Notes)>;
    let mut groups: BTreeMap<(&str, i64, i64, &str), Sources<'_>> = BTreeMap::new();
    for (permission, notes) in &rest {
        let key = (permission.protocol.as_str(), permission.from, permission.to, notes.description.as_str());
        groups.entry(key).or_default().push((&permission.source, notes));
    }
    for ((protocol, from, to, description), sources) in groups {
        let texts = |pick: fn(&Source) -> Option<&str>| {
            let texts: Vec<&str> = sources.iter().filter_map(|(source, _)| pick(source)).collect();
            object::text_list(texts)
        };
        let others = sources.iter().filter_map(|(source, notes)| match source {
            Source::Group(id) if id != group => {
                let foreign = notes.account.as_deref().filter(|owner| *owner != account);
                Some(foreign.map_or_else(|| id.clone(), |owner| format!("{owner}/{id}")))
            }
            _ => None,
        });
        let is_self = sources.iter().any(|(source, _)| matches!(source, Source::Group(id) if id == group));
        rules.push(Value::object([
            ("cidr_blocks", texts(|source| if let Source::Ipv4(text) = source { Some(text) } else { None })),
            ("description", Value::string(description)),
            ("from_port", Value::number(from)),
            (
                "ipv6_cidr_blocks",
                texts(|source| if let Source::Ipv6(text) = source { Some(text) } else { None }),
            ),
            (
                "prefix_list_ids",
                texts(|source| if let Source::PrefixList(id) = source { Some(id) } else { None }),
            ),
            ("protocol", Value::string(protocol)),
            ("security_groups", object::text_set(others)),
            ("self", Value::bool(is_self)),
            ("to_port", Value::number(to)),
        ]));
    }
    Value::set(rule_type(), rules)
}

/// Checks one direction's rules offline.
pub(super) fn validate(direction: &str, rules: &Value, problems: &mut Problems) {
    let at = || vec![PathStep::Attribute(direction.into())];
    for rule in rules.as_elements().unwrap_or_default() {
        for (name, family) in [("cidr_blocks", Family::V4), ("ipv6_cidr_blocks", Family::V6)] {
            for text in rule.texts(name) {
                if let Err(detail) = cidr::check(&text, family) {
                    problems.error(at(), "Invalid CIDR block", detail);
                }
            }
        }
        let protocol = rule.text("protocol").map(normal_protocol);
        let (from, to) = (rule.integer("from_port"), rule.integer("to_port"));
        match protocol.as_deref() {
            Some(ALL) if from.unwrap_or(0) != 0 || to.unwrap_or(0) != 0 => problems.error(
                at(),
                "Ports beside all protocols",
                "from_port and to_port must both be 0 to use the \"-1\" (all) protocol.",
            ),
            Some("tcp" | "udp") => {
                if let Err(detail) = check_ports(from, to) {
                    problems.error(at(), "Invalid ports", detail);
                }
            }
            _ => {}
        }
        if let Some(text) = rule.text("description")
            && !is_description(text)
        {
            problems.error(at(), "Invalid description", description_detail(text));
        }
    }
}

/// Checks the ports of a TCP or UDP rule.
pub(super) fn check_ports(from: Option<i64>, to: Option<i64>) -> Result<(), String> {
    for port in [from, to].into_iter().flatten() {
        if !(0..=65535).contains(&port) {
            return Err(format!("{port} is not a port: those are 0 to 65535."));
        }
    }
    match (from, to) {
        (Some(from), Some(to)) if from > to => Err(format!(
            "from_port is {from} and to_port is {to}: a range goes from the lower to the higher."
        )),
        _ => Ok(()),
    }
}

pub(super) fn description_detail(text: &str) -> String {
    format!(
        "{text:?} cannot be a description: EC2 takes up to 255 of the characters a-z, A-Z, 0-9, space and \
         ._-:/()#,@[]+=&;{{}}!$*."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(attributes: &[(&'static str, Value)]) -> Value {
        let Type::Object(ty) = rule_type() else { unreachable!() };
        let mut entries: BTreeMap<std::sync::Arc<str>, Value> =
            ty.attributes.iter().map(|(name, ty)| (name.clone(), Value::null(ty.clone()))).collect();
        entries.extend(attributes.iter().map(|(name, value)| ((*name).into(), value.clone())));
        Value::object(entries)
    }

    fn rules(elements: impl IntoIterator<Item = Value>) -> Value {
        Value::set(rule_type(), elements)
    }

    fn web(blocks: &[&str], own: bool) -> Value {
        rule(&[
            ("protocol", "tcp".into()),
            ("from_port", 80.into()),
            ("to_port", 80.into()),
            ("cidr_blocks", object::text_list(blocks)),
            ("self", own.into()),
        ])
    }

    #[test]
    fn rules_are_compared_by_what_they_permit() {
        let together = rules([web(&["10.0.0.0/8", "192.168.0.0/16"], true)]);
        let apart = rules([web(&["192.168.0.0/16"], false), web(&["10.0.0.0/8"], true)]);
        assert!(same(&together, &apart));
        assert!(same(&together, &normal(&together)));
        assert!(!same(&together, &rules([web(&["10.0.0.0/8"], true)])));
        let open = rules([rule(&[("protocol", Value::unknown(Type::String))])]);
        assert!(!same(&open, &open));
    }

    #[test]
    fn live_rules_come_in_the_groups_of_the_record() {
        let recorded = normal(&rules([web(&["192.168.0.0/16", "10.0.0.0/8"], true)]));
        let live = permissions(&recorded, Some("sg-1"));
        assert_eq!(value(&live, Some(&recorded), "sg-1", "123456789012"), recorded);
        let gathered = value(&live, None, "sg-1", "123456789012");
        assert!(same(&gathered, &recorded));
        assert_eq!(gathered.as_elements().unwrap().len(), 1);
    }

    #[test]
    fn an_added_rule_stands_beside_the_recorded_ones() {
        let recorded = normal(&rules([web(&["10.0.0.0/8"], false)]));
        let mut live = permissions(&recorded, Some("sg-1"));
        let foreign = Notes { account: Some("210987654321".into()), ..Notes::default() };
        live.insert(Permission::new("tcp", 80, 80, Source::Group("sg-9".into())), foreign);
        let value = value(&live, Some(&recorded), "sg-1", "123456789012");
        let elements = value.as_elements().unwrap();
        assert_eq!(elements.len(), 2);
        assert!(elements.contains(&recorded.as_elements().unwrap()[0]));
        assert!(elements.iter().any(|rule| rule.texts("security_groups") == ["210987654321/sg-9"]));
    }

    #[test]
    fn mistakes_in_rules_are_named() {
        let details = |rule: Value| {
            let mut problems = Problems::default();
            validate("ingress", &rules([rule]), &mut problems);
            problems.0.into_iter().map(|problem| problem.summary).collect::<Vec<_>>()
        };
        assert_eq!(details(web(&["10.0.0.0/8"], false)), Vec::<String>::new());
        assert_eq!(details(web(&["999.999.999.999/32"], false)), ["Invalid CIDR block"]);
        let ports = [("protocol", "udp".into()), ("from_port", 90.into()), ("to_port", 80.into())];
        assert_eq!(details(rule(&ports)), ["Invalid ports"]);
        let all = [("protocol", "all".into()), ("from_port", 1.into()), ("to_port", 2.into())];
        assert_eq!(details(rule(&all)), ["Ports beside all protocols"]);
        assert_eq!(details(rule(&[("description", "tab\t".into())])), ["Invalid description"]);
    }
}
