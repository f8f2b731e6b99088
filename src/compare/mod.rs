//! The three-way comparison: what the code wants, what was recorded, what is live.
//!
//! Nothing here talks to anybody. [`verdict`] is the table of the design; the rest of recon is
//! views of it.

pub mod object;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::lang::value::{Kind, Value};
use crate::schema::Equality;
pub use crate::schema::equality::{is_zero, same_or_zero};

/// What the comparison says of one attribute, or of one object as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Code, record and AWS agree.
    InSync,
    /// The code and AWS agree, the record is behind: it is to be recorded, nothing else.
    Converged,
    /// The code is ahead; an apply will do it.
    Pending,
    /// Somebody changed AWS.
    Drifted,
    /// Code and AWS moved apart from each other and from the record.
    Conflicted,
    /// The object is gone from AWS.
    Missing,
    /// AWS has it, neither code nor record know it.
    Unmanaged,
    /// The live value cannot be known.
    Unreadable,
    /// It differs, and the code (`ignore_changes`) or a rule says not to mind.
    Ignored,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::InSync => "in_sync",
            Verdict::Converged => "converged",
            Verdict::Pending => "pending",
            Verdict::Drifted => "drifted",
            Verdict::Conflicted => "conflicted",
            Verdict::Missing => "missing",
            Verdict::Unmanaged => "unmanaged",
            Verdict::Unreadable => "unreadable",
            Verdict::Ignored => "ignored",
        })
    }
}

/// The verdict for one attribute, by what `same` says of two of its values. `live` is `None` where the attribute lives
/// in code and record only: then there are two to compare. An unknown desired value is pending.
pub fn verdict(
    same: impl Fn(&Value, &Value) -> bool,
    desired: &Value,
    recorded: &Value,
    live: Option<&Value>,
) -> Verdict {
    let wanted_recorded = same(desired, recorded);
    let Some(live) = live else {
        return if wanted_recorded { Verdict::InSync } else { Verdict::Pending };
    };
    if !desired.is_wholly_known() {
        return if same(recorded, live) { Verdict::Pending } else { Verdict::Conflicted };
    }
    match (wanted_recorded, same(recorded, live), same(desired, live)) {
        (true, true, _) => Verdict::InSync,
        (_, _, true) => Verdict::Converged,
        (false, true, _) => Verdict::Pending,
        (true, false, _) => Verdict::Drifted,
        (false, false, _) => Verdict::Conflicted,
    }
}

/// Whether a value of which parts are not known yet may become another one. A value that is wholly known may become only
/// itself. Of sets an element that fits is taken; that another choice would have fitted better is not tried.
pub fn may_become(value: &Value, other: &Value) -> bool {
    if !value.is_known() {
        return true;
    }
    if let (Some(entries), Some(others)) = (value.as_entries(), other.as_entries()) {
        return entries.len() == others.len()
            && entries
                .iter()
                .all(|(name, value)| others.get(name).is_some_and(|other| may_become(value, other)));
    }
    let (Some(elements), Some(others)) = (value.as_elements(), other.as_elements()) else {
        return same_or_zero(Equality::Exact, value, other);
    };
    if elements.len() != others.len() {
        return false;
    }
    if !matches!(value.kind, Kind::Set(..)) {
        return elements.iter().zip(others).all(|(value, other)| may_become(value, other));
    }
    let mut left: Vec<&Value> = others.iter().collect();
    // Those of which all is known have no choice, so they come first.
    let (known, unknown): (Vec<&Value>, Vec<&Value>) =
        elements.iter().partition(|element| element.is_wholly_known());
    known.into_iter().chain(unknown).all(|element| {
        let place = left.iter().position(|other| may_become(element, other));
        place.map(|place| left.swap_remove(place)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::types::Type;

    fn exactly(left: &Value, right: &Value) -> bool {
        same_or_zero(Equality::Exact, left, right)
    }

    #[test]
    fn the_table_of_the_design() {
        let (a, b, c) = (Value::string("a"), Value::string("b"), Value::string("c"));
        let table = [
            ((&a, &a, &a), Verdict::InSync),
            ((&b, &a, &a), Verdict::Pending),
            ((&a, &a, &b), Verdict::Drifted),
            ((&b, &a, &b), Verdict::Converged),
            ((&b, &a, &c), Verdict::Conflicted),
        ];
        for ((desired, recorded, live), expected) in table {
            assert_eq!(verdict(exactly, desired, recorded, Some(live)), expected);
        }
        assert_eq!(verdict(exactly, &b, &a, None), Verdict::Pending);
        assert_eq!(verdict(exactly, &Value::dynamic(), &a, Some(&a)), Verdict::Pending);
        assert_eq!(verdict(exactly, &Value::dynamic(), &a, Some(&b)), Verdict::Conflicted);
    }

    #[test]
    fn what_is_not_known_may_become_anything() {
        let object = |name: &str, id: Value| {
            let entries = [("name".into(), Value::string(name)), ("id".into(), id)];
            Value::from(Kind::Object(std::sync::Arc::new(entries.into_iter().collect())))
        };
        let set = |elements: Vec<Value>| {
            let ty = Type::String;
            Value::from(Kind::Set(std::sync::Arc::new(ty), std::sync::Arc::new(elements)))
        };
        let unknown = || Value::unknown(Type::String);
        let recorded = set(vec![object("b", Value::string("2")), object("a", Value::string("1"))]);
        let becomes = |elements: Vec<Value>| may_become(&set(elements), &recorded);
        assert!(becomes(vec![object("a", Value::string("1")), object("b", unknown())]));
        assert!(becomes(vec![object("a", unknown()), object("b", unknown())]));
        assert!(!becomes(vec![object("a", Value::string("1")), object("c", unknown())]));
        assert!(!becomes(vec![object("a", Value::string("2")), object("b", unknown())]));
        assert!(!becomes(vec![object("b", unknown())]));
        assert!(!becomes(vec![object("b", unknown()), object("b", unknown())]));
        assert!(may_become(&unknown(), &recorded));
    }

    #[test]
    fn left_out_and_empty_are_alike() {
        let null = Value::null(crate::lang::types::Type::String);
        assert_eq!(verdict(exactly, &null, &Value::string(""), Some(&null)), Verdict::InSync);
        assert_eq!(verdict(exactly, &null, &null, Some(&Value::string("x"))), Verdict::Drifted);
    }
}
