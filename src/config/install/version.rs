//! Versions of modules and what is asked of them.
//!
//! Source: Terraform's manual, “Version Constraints”. A pre-release counts only where a constraint names exactly it.

use semver::{BuildMetadata, Prerelease, Version};

/// One or more conditions that a version has to meet, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VersionConstraint(Vec<Condition>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Condition {
    operator: Operator,
    version: Version,
    /// How many of the numbers are written: `~> 1.2` has two.
    written: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    /// `~>`: only the last of the written numbers may be greater.
    Pessimistic,
}

const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("~>", Operator::Pessimistic),
    (">", Operator::Greater),
    ("<", Operator::Less),
    ("=", Operator::Equal),
];

impl VersionConstraint {
    /// Reads `>= 1.2.0, < 2.0.0`, `~> 3.1`, `1.5.7`. `None`: it is no constraint.
    pub fn parse(text: &str) -> Option<VersionConstraint> {
        text.split(',').map(|part| condition(part.trim())).collect::<Option<Vec<_>>>().map(VersionConstraint)
    }

    /// Whether a version meets all conditions.
    pub fn allows(&self, version: &Version) -> bool {
        let named = |condition: &Condition| {
            condition.operator == Operator::Equal && condition.version.cmp_precedence(version).is_eq()
        };
        (version.pre.is_empty() || self.0.iter().any(named))
            && self.0.iter().all(|condition| condition.allows(version))
    }

    /// The highest version that meets all conditions.
    pub fn highest<'a>(&self, versions: impl IntoIterator<Item = &'a Version>) -> Option<&'a Version> {
        versions
            .into_iter()
            .filter(|version| self.allows(version))
            .max_by(|left, right| left.cmp_precedence(right))
    }
}

impl Condition {
    fn allows(&self, version: &Version) -> bool {
        let order = version.cmp_precedence(&self.version);
        match self.operator {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_gt(),
            Operator::GreaterOrEqual => order.is_ge(),
            Operator::Less => order.is_lt(),
            Operator::LessOrEqual => order.is_le(),
            Operator::Pessimistic => {
                let fixed = self.written.saturating_sub(1);
                let numbers = |version: &Version| [version.major, version.minor, version.patch];
                order.is_ge()
                    && numbers(version).iter().zip(numbers(&self.version)).take(fixed).all(|(a, b)| *a == b)
            }
        }
    }
}

fn condition(part: &str) -> Option<Condition> {
    let (operator, rest) = OPERATORS
        .iter()
        .find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)))
        .unwrap_or((Operator::Equal, part));
    let rest = rest.trim();
    let core = rest.split(['-', '+']).next().unwrap_or_default();
    Some(Condition { operator, version: version(rest)?, written: core.split('.').count() })
}

/// Reads a version; missing numbers are zero: `1.2` is `1.2.0`.
pub fn version(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (core, rest) = text.split_at(end);
    let numbers = core.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u64>>>()?;
    let [major, more @ ..] = numbers.as_slice() else { return None };
    if more.len() > 2 {
        return None;
    }
    let at = |index: usize| more.get(index).copied().unwrap_or(0);
    let mut version = Version::new(*major, at(0), at(1));
    let (pre, build) = rest.split_once('+').unwrap_or((rest, ""));
    if let Some(pre) = pre.strip_prefix('-') {
        version.pre = Prerelease::new(pre).ok()?;
    }
    version.build = BuildMetadata::new(build).ok()?;
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(constraint: &str, versions: &[&str]) -> Option<String> {
        let versions: Vec<Version> = versions.iter().map(|text| version(text).unwrap()).collect();
        VersionConstraint::parse(constraint).unwrap().highest(&versions).map(ToString::to_string)
    }

    #[test]
    fn the_highest_version_that_is_allowed_is_chosen() {
        let all = ["1.0.0", "1.9.0", "1.10.0", "1.10.1", "2.0.0", "2.1.0-beta1", "0.9.0"];
        let table = [
            (">= 0", Some("2.0.0")),
            ("~> 1.9", Some("1.10.1")),
            ("~> 1.10.0", Some("1.10.1")),
            ("~> 1.9.0", Some("1.9.0")),
            ("~> 1", Some("2.0.0")),
            ("1.10", Some("1.10.0")),
            ("= 1.0.0", Some("1.0.0")),
            (">= 1.0, < 1.10", Some("1.9.0")),
            ("!= 2.0.0", Some("1.10.1")),
            ("<= 1.0.0, != 1.0.0", Some("0.9.0")),
            ("2.1.0-beta1", Some("2.1.0-beta1")),
            (">= 2.1.0-beta1", None),
            ("> 2.0.0", None),
        ];
        for (constraint, expected) in table {
            assert_eq!(chosen(constraint, &all).as_deref(), expected, "{constraint}");
        }
    }

    #[test]
    fn what_is_no_constraint_is_none() {
        for text in ["", ">= ", "1.x", ">= 1.0,", "latest", "1.2.3.4", "=> 1"] {
            assert_eq!(VersionConstraint::parse(text), None, "{text:?}");
        }
    }
}
