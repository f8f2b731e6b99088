//! Ids of `aws_security_group_rule`: the AWS provider's own, and those that imports are given.

use super::permissions::{ALL, Direction, Permissions, Source, normal_protocol};
use crate::lang::value::Value;
use crate::provider::object::{self, Object};
use crate::schema::Schema;

/// The id that the AWS provider gives a rule: `sgrule-` and a checksum of its parts. States have it, and whoever
/// continues them must come to the same.
pub(super) fn of(group: &str, direction: Direction, permissions: &Permissions) -> String {
    let Some(first) = permissions.keys().next() else {
        return format!("sgrule-{}", crc32(group.as_bytes()));
    };
    let mut text = format!("{group}-");
    for port in [first.from, first.to] {
        if port > 0 {
            text.push_str(&format!("{port}-"));
        }
    }
    text.push_str(&format!("{}-{}-", first.protocol, direction.word()));
    // Ranges of IPv4, of IPv6, prefix lists and groups, each sorted, which is the order of the map.
    for permission in permissions.keys() {
        match &permission.source {
            Source::Ipv4(part) | Source::Ipv6(part) | Source::PrefixList(part) => {
                text.push_str(&format!("{part}-"))
            }
            // Behind a group's id comes the place of its name, which rules in a VPC leave empty.
            Source::Group(id) => text.push_str(&format!("{id}--")),
        }
    }
    format!("sgrule-{}", crc32(text.as_bytes()))
}

/// The checksum of ISO 3309, which zlib and Ethernet use.
fn crc32(bytes: &[u8]) -> u32 {
    let mut checksum = flate2::Crc::new();
    checksum.update(bytes);
    checksum.sum()
}

/// Reads an import id, `sg-1_ingress_tcp_80_80_10.0.0.0/8_…`: group, type, protocol, ports, and one or more sources.
pub(super) fn parse_import(schema: &Schema, id: &str) -> Result<Value, String> {
    let wrong = |what: &str| {
        Err(format!(
            "An import id of aws_security_group_rule looks like \"sg-1_ingress_tcp_80_80_10.0.0.0/8\": group, type, \
             protocol, ports and one or more sources, joined by \"_\". {what}"
        ))
    };
    let parts: Vec<&str> = id.split('_').collect();
    let [group, direction, protocol, from, to, sources @ ..] = parts.as_slice() else {
        return wrong("This one has too few parts.");
    };
    if sources.is_empty() {
        return wrong("This one has no source.");
    }
    if !group.starts_with("sg-") {
        return wrong("This one does not start with a group's id.");
    }
    if !["ingress", "egress"].contains(direction) {
        return wrong("The second part must be ingress or egress.");
    }
    let protocol = normal_protocol(protocol);
    let named = ["tcp", "udp", "icmp", "icmpv6", ALL].contains(&protocol.as_str());
    if !named && protocol.parse::<u8>().is_err() {
        return wrong("The third part must be tcp, udp, icmp, icmpv6, all or a protocol's number.");
    }
    let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) else {
        return wrong("The ports must be numbers.");
    };
    let (mut v4, mut v6, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    let (mut is_self, mut other) = (false, None);
    for source in sources {
        match *source {
            "self" => is_self = true,
            text if text.contains("sg-") => other = Some(text),
            text if text.starts_with("pl-") => lists.push(text),
            text if text.contains(':') => v6.push(text),
            text if text.contains('.') => v4.push(text),
            _ => return wrong("A source is an address range, a prefix list, a group's id or self."),
        }
    }
    let mut attributes = vec![
        ("security_group_id", Value::string(group)),
        ("type", Value::string(direction)),
        ("protocol", Value::string(protocol)),
        ("from_port", Value::number(from)),
        ("to_port", Value::number(to)),
        ("self", Value::bool(is_self)),
    ];
    for (name, texts) in [("cidr_blocks", v4), ("ipv6_cidr_blocks", v6), ("prefix_list_ids", lists)] {
        if !texts.is_empty() {
            attributes.push((name, object::text_list(texts)));
        }
    }
    if let Some(other) = other {
        attributes.push(("source_security_group_id", Value::string(other)));
    }
    Ok(schema.block.object(attributes))
}

/// The import id of a rule: what [`parse_import`] takes apart.
pub(super) fn import_id(object: &Value) -> Option<String> {
    let group = object.text("security_group_id")?;
    let (from, to) = (object.integer("from_port")?, object.integer("to_port")?);
    let mut id = format!("{group}_{}_{}_{from}_{to}", object.text("type")?, object.text("protocol")?);
    let lists = ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids"];
    let mut sources: Vec<String> = lists.iter().flat_map(|name| object.texts(name)).collect();
    if object.boolean("self") == Some(true) {
        sources.push("self".to_owned());
    }
    let other = object.text("source_security_group_id").filter(|other| !other.is_empty());
    sources.extend(other.map(str::to_owned));
    if sources.is_empty() {
        return None;
    }
    for source in sources {
        id.push('_');
        id.push_str(&source);
    }
    Some(id)
}

#[cfg(test)]
mod tests {
    use super::super::permissions::{Notes, Permission};
    use super::*;

    const GROUP: &str = "sg-3b672490d46b69a2a";

    fn id(direction: Direction, protocol: &str, from: i64, to: i64, sources: &[Source]) -> String {
        let permissions = sources
            .iter()
            .map(|source| (Permission::new(protocol, from, to, source.clone()), Notes::default()))
            .collect();
        of(GROUP, direction, &permissions)
    }

    /// Ids from a state that Terraform 1.11.4 with hashicorp/aws 5.100.0 wrote.
    #[test]
    fn ids_are_those_of_the_provider() {
        use Direction::{Egress, Ingress};
        let v4 = |text: &str| Source::Ipv4(text.to_owned());
        let group = |text: &str| Source::Group(text.to_owned());
        assert_eq!(id(Ingress, "tcp", 22, 22, &[v4("10.0.0.0/8")]), "sgrule-185412836");
        let many = [v4("192.168.0.0/16"), v4("10.0.0.0/8"), Source::Ipv6("2001:db8::/32".to_owned())];
        assert_eq!(id(Egress, "udp", 0, 65535, &many), "sgrule-1100416581");
        assert_eq!(id(Egress, "all", 0, 0, &[v4("0.0.0.0/0")]), "sgrule-2642616881");
        assert_eq!(id(Ingress, "tcp", 1, 2, &[group(GROUP)]), "sgrule-598837717");
        assert_eq!(id(Ingress, "tcp", 8080, 8080, &[group("sg-9a7ddd2d9a711b964")]), "sgrule-1183331299");
        assert_eq!(id(Ingress, "icmp", 8, 0, &[v4("10.1.0.0/16")]), "sgrule-1437818066");
        assert_eq!(id(Ingress, "icmp", -1, -1, &[v4("10.1.0.0/16")]), "sgrule-3384252054");
        assert_eq!(id(Ingress, "47", 0, 0, &[v4("10.1.0.0/16")]), "sgrule-1518927831");
    }
}
