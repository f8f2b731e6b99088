//! Checks of arguments that several types have.

use ipnet::IpNet;

use super::{at, is_given};
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::ec2::cidr::{self, Family};
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;

/// Arguments of which at most one may be given.
pub(in crate::provider::aws::ec2) fn conflicts(
    config: &Value,
    name: &str,
    other: &str,
    problems: &mut Problems,
) {
    if is_given(config, name) && is_given(config, other) {
        problems.error(
            at(name),
            "Conflicting arguments",
            format!("\"{name}\": conflicts with {other}. Set one of them."),
        );
    }
}

/// An argument that means nothing without others.
pub(in crate::provider::aws::ec2) fn requires(
    config: &Value,
    name: &str,
    others: &[&str],
    problems: &mut Problems,
) {
    if !is_given(config, name) {
        return;
    }
    for other in others.iter().filter(|other| config.get(other).is_none_or(|value| value.is_null())) {
        problems.error(
            at(name),
            "Missing required argument",
            format!("\"{name}\" also needs \"{other}\": set both or neither."),
        );
    }
}

/// Arguments of which exactly one must be given.
pub(in crate::provider::aws::ec2) fn exactly_one(
    config: &Value,
    names: &[&str],
    what: &str,
    problems: &mut Problems,
) {
    let given: Vec<&str> = names.iter().copied().filter(|name| is_given(config, name)).collect();
    if given.len() == 1 {
        return;
    }
    let choice = names.join(", ");
    let (path, detail) = match given.get(1) {
        None => (Vec::new(), format!("{what}: one of {choice} must be specified.")),
        Some(second) => (
            at(second),
            format!("{what}: only one of {choice} can be specified, but {} were.", given.join(", ")),
        ),
    };
    problems.error(path, "Invalid combination of arguments", detail);
}

/// An argument with a fixed choice of values.
pub(in crate::provider::aws::ec2) fn one_of(
    config: &Value,
    name: &str,
    choice: &[&str],
    problems: &mut Problems,
) {
    if let Some(text) = config.text(name)
        && !choice.contains(&text)
    {
        let detail = format!("expected {name} to be one of {choice:?}, got {text}.");
        problems.error(at(name), "Invalid value", detail);
    }
}

/// An argument that must be a network's own address and prefix length.
pub(in crate::provider::aws::ec2) fn network(
    config: &Value,
    name: &str,
    family: Family,
    problems: &mut Problems,
) {
    let Some(text) = blocks::filled(config.text(name)) else { return };
    let is_other = match text.parse() {
        Ok(IpNet::V4(_)) => family == Family::V6,
        Ok(IpNet::V6(_)) => family == Family::V4,
        Err(_) => false,
    };
    let detail = if is_other {
        let kind = if family == Family::V4 { "IPv4" } else { "IPv6" };
        format!("{text:?} is not a valid {kind} CIDR block: it is one of the other address family.")
    } else {
        match cidr::check(text, family) {
            Ok(()) => return,
            Err(detail) => detail,
        }
    };
    problems.error(at(name), "Invalid CIDR block", detail);
}

/// A network whose prefix length must be one of these.
pub(in crate::provider::aws::ec2) fn network_of_size(
    config: &Value,
    name: &str,
    family: Family,
    sizes: &[u8],
    problems: &mut Problems,
) {
    network(config, name, family, problems);
    let Some(length) =
        config.text(name).and_then(|text| text.parse::<IpNet>().ok()).map(|net| net.prefix_len())
    else {
        return;
    };
    if !sizes.contains(&length) {
        let (least, most) =
            (sizes.first().copied().unwrap_or_default(), sizes.last().copied().unwrap_or_default());
        let detail = format!(
            "expected {name} to contain a network with a prefix length from {least} to {most}, got {length}."
        );
        problems.error(at(name), "Invalid CIDR block", detail);
    }
}

/// Whether two texts are the same range, however they are spelled.
pub(in crate::provider::aws::ec2) fn same_range(left: &Value, right: &Value) -> bool {
    let parse = |value: &Value| value.as_str().and_then(|text| text.parse::<IpNet>().ok());
    match (parse(left), parse(right)) {
        (Some(left), Some(right)) => left == right,
        _ => false,
    }
}
