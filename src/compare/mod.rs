//! The three-way comparison: what the code wants, what was recorded, what is live.
//!
//! Nothing here talks to anybody. [`verdict`] is the table of the design; the rest of recon is
//! views of it.

pub mod object;

use std::fmt;

use crate::lang::value::Value;
pub use crate::schema::equality::{is_zero, same_or_zero};

/// What the comparison says of one attribute, or of one object as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Equality;

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
    fn left_out_and_empty_are_alike() {
        let null = Value::null(crate::lang::types::Type::String);
        assert_eq!(verdict(exactly, &null, &Value::string(""), Some(&null)), Verdict::InSync);
        assert_eq!(verdict(exactly, &null, &null, Some(&Value::string("x"))), Verdict::Drifted);
    }
}
