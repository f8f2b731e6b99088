//! Offline checks that several types of IAM have in common.

use std::ops::RangeInclusive;

use super::documents;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::names::SUFFIX_LENGTH;
use crate::provider::object::Object;

/// The longest path, slashes included.
const MAX_PATH: usize = 512;

/// The longest description of a role or policy.
const MAX_DESCRIPTION: usize = 1000;

/// `name` and `name_prefix`: at most one of them, of the letters that IAM takes, and short enough. `limit` is the
/// longest name (IAM User Guide, “IAM and AWS STS quotas”).
pub fn names(checks: &mut Checks<'_>, limit: usize) {
    checks.conflict("name", "name_prefix");
    friendly_name(checks, "name", 1..=limit);
    friendly_name(checks, "name_prefix", 1..=limit - SUFFIX_LENGTH);
}

/// A name of letters of the English alphabet, digits and `+=,.@_-`.
pub fn friendly_name(checks: &mut Checks<'_>, name: &str, limits: RangeInclusive<usize>) {
    let Some(text) = checks.config.text(name).map(str::to_owned) else { return };
    checks.length(name, limits);
    if !text.bytes().all(is_name_byte) {
        checks.invalid(
            name,
            format!("{text:?} may have only letters of the English alphabet, digits and \"+=,.@_-\"."),
        );
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte)
}

pub fn path(checks: &mut Checks<'_>) {
    checks.length("path", 0..=MAX_PATH);
}

pub fn description(checks: &mut Checks<'_>) {
    checks.length("description", 0..=MAX_DESCRIPTION);
}

/// A policy document.
pub fn policy(checks: &mut Checks<'_>, name: &str) {
    if let Some(problem) = checks.config.text(name).and_then(documents::problem) {
        checks.invalid(name, format!("This is no IAM policy: {problem}."));
    }
}

/// A list or set of ARNs.
pub fn arns(checks: &mut Checks<'_>, name: &str) {
    for text in checks.config.texts(name) {
        if !text.is_empty() && !is_arn(&text) {
            checks.invalid(
                name,
                format!("{text:?} is not an ARN, which looks like \"arn:aws:iam::ACCOUNT:policy/NAME\"."),
            );
        }
    }
}

/// `arn:partition:service:region:account:resource`, the region and the account possibly empty.
pub fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts.as_slice(), ["arn", partition, service, _, _, resource]
        if !partition.is_empty() && !service.is_empty() && !resource.is_empty())
}

/// The name of a role, not its ARN.
pub fn role(checks: &mut Checks<'_>, name: &str) {
    let Some(text) = checks.config.text(name).map(str::to_owned) else { return };
    if text.starts_with("arn:") {
        checks.invalid(name, format!("{text:?} is an ARN; the role's name is wanted, which is its id too."));
    } else {
        checks.length(name, 1..=128);
    }
}
