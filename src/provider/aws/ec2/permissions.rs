//! What security groups permit, in the units that AWS counts: one protocol, one range of ports, one source.
//!
//! The API and the code group them in many ways, “permissions” with several sources; compared and changed they are
//! one by one. Facts: EC2 API reference, “IpPermission”, “SecurityGroupRule”.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule, UserIdGroupPair,
};

use super::cidr;

/// All protocols, as the API spells it.
pub(super) const ALL: &str = "-1";

/// Which way the traffic goes that a permission lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    pub(super) const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];

    /// As arguments and `type` spell it.
    pub(super) fn word(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }
}

/// Whom a permission is for. Ranges are in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// A group's id, without the account that it may be written with.
    Group(String),
}

/// One permission; no group has two that are equal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Permission {
    /// `tcp`, `udp`, `icmp`, `icmpv6`, a number, or [`ALL`].
    pub protocol: String,
    /// First port, or ICMP type; 0 for all protocols.
    pub from: i64,
    /// Last port, or ICMP code; 0 for all protocols.
    pub to: i64,
    pub source: Source,
}

/// What a permission is not known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Notes {
    /// Empty if there is none.
    pub description: String,
    /// The account of a source group, if it is said.
    pub account: Option<String>,
    /// `sgr-…`, if it is known.
    pub rule_id: Option<String>,
}

pub(super) type Permissions = BTreeMap<Permission, Notes>;

impl Permission {
    /// A permission in normal form.
    pub(super) fn new(protocol: &str, from: i64, to: i64, source: Source) -> Permission {
        let protocol = normal_protocol(protocol);
        let (from, to) = if protocol == ALL { (0, 0) } else { (from, to) };
        Permission { protocol, from, to, source }
    }
}

/// The one name of a protocol that has several: `6` is `tcp`, `all` is `-1`.
pub(super) fn normal_protocol(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    match lower.as_str() {
        "all" => ALL.to_owned(),
        "1" => "icmp".to_owned(),
        "6" => "tcp".to_owned(),
        "17" => "udp".to_owned(),
        "58" => "icmpv6".to_owned(),
        _ => lower,
    }
}

/// A group as code names it, `sg-1` or `123456789012/sg-1`: its id and account.
pub(super) fn split_group(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once('/') {
        Some((account, id)) => (id, Some(account)),
        None => (text, None),
    }
}

/// The permissions in a group's description.
pub(super) fn of_group(permissions: &[IpPermission]) -> Permissions {
    let mut found = Permissions::new();
    for permission in permissions {
        let protocol = permission.ip_protocol().unwrap_or(ALL);
        let from = permission.from_port().map_or(0, i64::from);
        let to = permission.to_port().map_or(0, i64::from);
        let mut add = |source, description: Option<&str>, account: Option<&str>| {
            let notes = Notes {
                description: description.unwrap_or_default().to_owned(),
                account: account.map(str::to_owned),
                rule_id: None,
            };
            found.insert(Permission::new(protocol, from, to, source), notes);
        };
        for range in permission.ip_ranges() {
            let text = range.cidr_ip().unwrap_or_default();
            add(Source::Ipv4(cidr::canonical_v4(text)), range.description(), None);
        }
        for range in permission.ipv6_ranges() {
            let text = range.cidr_ipv6().unwrap_or_default();
            add(Source::Ipv6(cidr::canonical_v6(text)), range.description(), None);
        }
        for list in permission.prefix_list_ids() {
            let id = list.prefix_list_id().unwrap_or_default();
            add(Source::PrefixList(id.to_owned()), list.description(), None);
        }
        for pair in permission.user_id_group_pairs() {
            let id = pair.group_id().unwrap_or_default();
            add(Source::Group(id.to_owned()), pair.description(), pair.user_id());
        }
    }
    found
}

/// The permission that a rule of DescribeSecurityGroupRules is.
pub(super) fn of_rule(rule: &SecurityGroupRule) -> Option<(Permission, Notes)> {
    let group = rule.referenced_group_info();
    let source = if let Some(text) = rule.cidr_ipv4() {
        Source::Ipv4(cidr::canonical_v4(text))
    } else if let Some(text) = rule.cidr_ipv6() {
        Source::Ipv6(cidr::canonical_v6(text))
    } else if let Some(id) = rule.prefix_list_id() {
        Source::PrefixList(id.to_owned())
    } else {
        Source::Group(group?.group_id()?.to_owned())
    };
    let from = rule.from_port().map_or(0, i64::from);
    let to = rule.to_port().map_or(0, i64::from);
    let notes = Notes {
        description: rule.description().unwrap_or_default().to_owned(),
        account: group.and_then(|group| group.user_id()).map(str::to_owned),
        rule_id: rule.security_group_rule_id().map(str::to_owned),
    };
    Some((Permission::new(rule.ip_protocol().unwrap_or(ALL), from, to, source), notes))
}

/// The same permissions as the API takes them: one entry for each protocol and range of ports, with all its sources.
pub(super) fn to_api<'a>(
    permissions: impl IntoIterator<Item = (&'a Permission, &'a Notes)>,
) -> Vec<IpPermission> {
    let mut entries: BTreeMap<(&str, i64, i64), IpPermission> = BTreeMap::new();
    for (permission, notes) in permissions {
        let key = (permission.protocol.as_str(), permission.from, permission.to);
        let entry = match entries.entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let builder = IpPermission::builder().ip_protocol(&permission.protocol);
                // EC2 refuses ports beside “all protocols”.
                entry.insert(match permission.protocol.as_str() {
                    ALL => builder.build(),
                    _ => builder.from_port(port(permission.from)).to_port(port(permission.to)).build(),
                })
            }
        };
        let description = (!notes.description.is_empty()).then(|| notes.description.clone());
        match &permission.source {
            Source::Ipv4(text) => entry
                .ip_ranges
                .get_or_insert_default()
                .push(IpRange::builder().cidr_ip(text).set_description(description).build()),
            Source::Ipv6(text) => entry
                .ipv6_ranges
                .get_or_insert_default()
                .push(Ipv6Range::builder().cidr_ipv6(text).set_description(description).build()),
            Source::PrefixList(id) => entry
                .prefix_list_ids
                .get_or_insert_default()
                .push(PrefixListId::builder().prefix_list_id(id).set_description(description).build()),
            Source::Group(id) => entry.user_id_group_pairs.get_or_insert_default().push(
                UserIdGroupPair::builder()
                    .group_id(id)
                    .set_user_id(notes.account.clone())
                    .set_description(description)
                    .build(),
            ),
        }
    }
    entries.into_values().collect()
}

fn port(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// The characters that EC2 takes in the description of a group or rule (EC2 API reference, “IpRange”).
pub(super) fn is_description(text: &str) -> bool {
    text.chars().count() <= 255
        && text.chars().all(|character| {
            character.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(character)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Source {
        Source::Ipv4(text.to_owned())
    }

    #[test]
    fn permissions_go_to_the_api_and_back() {
        let mut permissions = Permissions::new();
        let described = |text: &str| Notes { description: text.to_owned(), ..Notes::default() };
        permissions.insert(Permission::new("6", 80, 80, range("10.0.0.0/8")), described("web"));
        permissions.insert(Permission::new("TCP", 80, 80, range("192.168.0.0/16")), Notes::default());
        permissions
            .insert(Permission::new("tcp", 80, 80, Source::Ipv6("2001:db8::/32".into())), Notes::default());
        permissions.insert(Permission::new("all", 5, 7, Source::Group("sg-1".into())), Notes::default());
        permissions
            .insert(Permission::new("udp", 53, 53, Source::PrefixList("pl-1".into())), described("dns"));
        let api = to_api(&permissions);
        assert_eq!(api.len(), 3, "one entry for each protocol and range of ports");
        let all = api.iter().find(|entry| entry.ip_protocol() == Some("-1")).unwrap();
        assert_eq!(all.from_port(), None);
        assert_eq!(of_group(&api), permissions);
    }

    #[test]
    fn protocols_have_one_name() {
        assert_eq!(normal_protocol("6"), "tcp");
        assert_eq!(normal_protocol("UDP"), "udp");
        assert_eq!(normal_protocol("all"), "-1");
        assert_eq!(normal_protocol("47"), "47");
    }

    #[test]
    fn groups_may_be_named_with_their_account() {
        assert_eq!(split_group("sg-1"), ("sg-1", None));
        assert_eq!(split_group("123456789012/sg-1"), ("sg-1", Some("123456789012")));
    }
}
