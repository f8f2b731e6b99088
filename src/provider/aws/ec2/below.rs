//! Rules of a stack's security groups that the stack does not know, by whichever of the resource types rules are written
//! with. What was read of a group lists its rules; only the ids of rules that were found are asked for, where the rules of
//! the group are written with the types that know them by their ids.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::permissions::{ALL, Direction, Notes, Permission, Permissions, Source};
use super::{group_calls as calls, group_rules, rule_id, security_group_rule, vpc_security_group_rule};
use crate::address::InstanceAddress;
use crate::lang::value::Value;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::{self, Object};
use crate::provider::{Connection, OperationError};
use crate::schema::Schema;

const GROUPS: [&str; 1] = ["aws_security_group"];
const RULES: [&str; 1] = ["aws_security_group_rule"];
const BY_ID: [&str; 2] = ["aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"];

/// Permissions of a group that nobody knows.
struct Found<'a> {
    group: &'a str,
    parent: &'a InstanceAddress,
    direction: Direction,
    permissions: Permissions,
}

/// A permission of a group as the types that know rules by their ids see it: protocols without ports have -1 or 0.
type Plain = (String, &'static str, Permission);

fn plain(group: &str, direction: Direction, permission: &Permission) -> Plain {
    let mut permission = permission.clone();
    permission.from = permission.from.max(0);
    permission.to = permission.to.max(0);
    (group.to_owned(), direction.word(), permission)
}

/// The groups whose rules are written with the types that know them by their ids.
fn by_id(objects: &StackObjects) -> HashSet<String> {
    let group_of = |rule: &Value| rule.text("security_group_id").map(str::to_owned);
    let mut groups: HashSet<String> = objects.known(&BY_ID).filter_map(group_of).collect();
    for rule in objects.known(&RULES) {
        if let Some(group) = group_of(rule) {
            groups.remove(&group);
        }
    }
    groups
}

/// All rules of some groups that nobody knows.
fn unknown<'a>(objects: &'a StackObjects, is_meant: impl Fn(&str) -> bool) -> Vec<Found<'a>> {
    let mut known: BTreeSet<(String, &str, Permission)> = BTreeSet::new();
    for rule in objects.known(&RULES) {
        if let Ok((direction, group)) = security_group_rule::place(rule) {
            let all = security_group_rule::permissions(rule).into_keys();
            known.extend(all.map(|permission| (group.to_owned(), direction.word(), permission)));
        }
    }
    let mut known_by_id: BTreeSet<Plain> = BTreeSet::new();
    for (ty, direction) in BY_ID.iter().zip(Direction::BOTH) {
        for rule in objects.known(&[ty]) {
            if let (Some(group), Some((permission, _))) =
                (rule.text("security_group_id"), vpc_security_group_rule::permission(rule))
            {
                known_by_id.insert(plain(group, direction, &permission));
            }
        }
    }
    let has_egress: HashSet<&str> =
        known.iter().chain(&known_by_id).filter(|rule| rule.1 == "egress").map(|rule| &*rule.0).collect();
    let mut found = Vec::new();
    for (parent, live, member) in objects.parents(&GROUPS) {
        let Some(group) = live.text("id").filter(|group| is_meant(group)) else { continue };
        for direction in Direction::BOTH {
            let name = direction.word();
            // Where the group's own resource says what it lets through, more than that is its own drift.
            if member.writes(name) {
                continue;
            }
            let Some(rules) = live.known(name) else { continue };
            let mut permissions = group_rules::permissions(rules, Some(group));
            permissions.retain(|permission, _| {
                !known.contains(&(group.to_owned(), name, permission.clone()))
                    && !known_by_id.contains(&plain(group, direction, permission))
            });
            if direction == Direction::Egress && !has_egress.contains(group) {
                let recorded = member.recorded.as_ref().and_then(|recorded| recorded.known(name));
                drop_default(&mut permissions, recorded, group);
            }
            if !permissions.is_empty() {
                found.push(Found { group, parent, direction, permissions });
            }
        }
    }
    found
}

/// Leaves out what EC2 lets every new group send. A group that this tool or Terraform has made has it no more; one that was
/// imported may have it since ever, and then the record says so.
fn drop_default(permissions: &mut Permissions, recorded: Option<&Value>, group: &str) {
    let default = Permission::new(ALL, 0, 0, Source::Ipv4("0.0.0.0/0".to_owned()));
    let is_recorded =
        recorded.is_some_and(|rules| group_rules::permissions(rules, Some(group)).contains_key(&default));
    if is_recorded {
        permissions.remove(&default);
    }
}

/// The words by which a rule is told from others of its group.
fn label(direction: Direction, permission: &Permission) -> String {
    let source = match &permission.source {
        Source::Ipv4(text) | Source::Ipv6(text) | Source::PrefixList(text) | Source::Group(text) => text,
    };
    let protocol = if permission.protocol == ALL { "all" } else { &permission.protocol };
    let ports = match (permission.from, permission.to) {
        _ if permission.protocol == ALL => String::new(),
        (from, to) if from == to => format!(" {from}"),
        (from, to) => format!(" {from} {to}"),
    };
    format!("{} {protocol}{ports} {source}", direction.word())
}

/// As `aws_security_group_rule`: rules of all groups but those that [`vpc_rules`] is about.
pub(super) fn group_rules(schema: &Schema, objects: &StackObjects) -> Below {
    let elsewhere = by_id(objects);
    let mut below = Below::default();
    for found in unknown(objects, |group| !elsewhere.contains(group)) {
        for (permission, notes) in &found.permissions {
            let object = as_rule(schema, &found, permission, notes);
            below.children.push(Child {
                parent: found.parent.clone(),
                label: label(found.direction, permission),
                id: notes.rule_id.clone().unwrap_or_else(|| {
                    let one = Permissions::from([(permission.clone(), notes.clone())]);
                    rule_id::of(found.group, found.direction, &one)
                }),
                import_id: rule_id::import_id(&object),
            });
        }
    }
    below
}

/// A permission as a rule of its own.
fn as_rule(schema: &Schema, found: &Found<'_>, permission: &Permission, notes: &Notes) -> Value {
    let one = |text: &str| object::text_list([text]);
    let source = match &permission.source {
        Source::Ipv4(text) => ("cidr_blocks", one(text)),
        Source::Ipv6(text) => ("ipv6_cidr_blocks", one(text)),
        Source::PrefixList(text) => ("prefix_list_ids", one(text)),
        Source::Group(id) if id == found.group => ("self", Value::bool(true)),
        Source::Group(id) => {
            let owned = notes.account.as_ref().map(|account| format!("{account}/{id}"));
            ("source_security_group_id", Value::string(owned.unwrap_or_else(|| id.clone())))
        }
    };
    schema.block.object([
        ("security_group_id", Value::string(found.group)),
        ("type", Value::string(found.direction.word())),
        ("protocol", Value::string(&permission.protocol)),
        ("from_port", Value::number(permission.from)),
        ("to_port", Value::number(permission.to)),
        source,
    ])
}

/// As `aws_vpc_security_group_…_rule`: rules of one direction, of groups whose rules are written so.
pub(super) async fn vpc_rules(
    direction: Direction,
    connection: &Connection,
    objects: &StackObjects,
) -> Below {
    let groups = by_id(objects);
    let mut all = unknown(objects, |group| groups.contains(group));
    all.retain(|found| found.direction == direction);
    if all.is_empty() {
        return Below::default();
    }
    ids(direction, connection, &all).await.into()
}

async fn ids(
    direction: Direction,
    connection: &Connection,
    all: &[Found<'_>],
) -> Result<Vec<Child>, OperationError> {
    let groups: Vec<&str> = all.iter().map(|found| found.group).collect();
    let rules = calls::rules(connection.aws()?, &groups).await?;
    let mut ids: BTreeMap<Plain, &str> = BTreeMap::new();
    for rule in &rules {
        let is_egress = rule.is_egress() == Some(true);
        let of_direction = is_egress == (direction == Direction::Egress);
        if let (Some((permission, _)), Some(group), Some(id), true) =
            (super::permissions::of_rule(rule), rule.group_id(), rule.security_group_rule_id(), of_direction)
        {
            ids.insert(plain(group, direction, &permission), id);
        }
    }
    let mut children = Vec::new();
    for found in all {
        for permission in found.permissions.keys() {
            // It went between two calls.
            let Some(id) = ids.get(&plain(found.group, direction, permission)) else { continue };
            children.push(Child {
                parent: found.parent.clone(),
                label: label(direction, permission),
                id: (*id).to_owned(),
                import_id: Some((*id).to_owned()),
            });
        }
    }
    Ok(children)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::security_group_rule::SecurityGroupRule;
    use super::*;
    use crate::address::parse_instance;
    use crate::provider::ResourceType;
    use crate::provider::below::Member;

    fn member(address: &str) -> Member {
        Member {
            address: parse_instance(address).unwrap(),
            live: None,
            recorded: None,
            desired: None,
            written: Arc::default(),
            is_here: true,
        }
    }

    /// A group that may send anything anywhere, and reach itself at port 80.
    fn group() -> Value {
        let sources = |all: Permissions| group_rules::value(&all, None, "sg-1", "1");
        let permission =
            |protocol, port, source| (Permission::new(protocol, port, port, source), Notes::default());
        let everywhere = || Source::Ipv4("0.0.0.0/0".to_owned());
        Value::object([
            ("id", Value::string("sg-1")),
            ("egress", sources(Permissions::from([permission("-1", 0, everywhere())]))),
            (
                "ingress",
                sources(Permissions::from([permission("tcp", 80, Source::Group("sg-1".to_owned()))])),
            ),
        ])
    }

    fn ids(objects: &StackObjects) -> Vec<String> {
        let below = group_rules(SecurityGroupRule::default().schema(), objects);
        below.children.into_iter().filter_map(|child| child.import_id).collect()
    }

    const INGRESS: &str = "sg-1_ingress_tcp_80_80_self";
    const EGRESS: &str = "sg-1_egress_-1_0_0_0.0.0.0/0";

    #[test]
    fn what_every_new_group_may_send_is_left_out_if_the_record_has_it() {
        let mut objects = StackObjects::default();
        objects.add(Member {
            live: Some(group()),
            recorded: Some(group()),
            ..member("aws_security_group.web")
        });
        assert_eq!(ids(&objects), [INGRESS]);
        let mut objects = StackObjects::default();
        objects.add(Member { live: Some(group()), ..member("aws_security_group.web") });
        assert_eq!(ids(&objects), [INGRESS, EGRESS]);
    }

    /// Where the code says what the group may send, that is more than it says.
    #[test]
    fn it_is_not_left_out_beside_other_rules() {
        let schema = SecurityGroupRule::default().schema().clone();
        let mut objects = StackObjects::default();
        objects.add(Member {
            live: Some(group()),
            recorded: Some(group()),
            ..member("aws_security_group.web")
        });
        let known = rule_id::parse_import(&schema, "sg-1_egress_tcp_443_443_10.0.0.0/8").unwrap();
        objects.add(Member { desired: Some(known), ..member("aws_security_group_rule.out") });
        let known = rule_id::parse_import(&schema, INGRESS).unwrap();
        objects.add(Member { desired: Some(known), ..member("aws_security_group_rule.in") });
        assert_eq!(ids(&objects), [EGRESS]);
    }

    #[test]
    fn what_the_group_lists_itself_is_its_own_drift() {
        let written = Arc::new(["ingress", "egress"].map(Arc::from).into_iter().collect());
        let mut objects = StackObjects::default();
        objects.add(Member { live: Some(group()), written, ..member("aws_security_group.web") });
        assert_eq!(ids(&objects), [""; 0]);
    }
}
