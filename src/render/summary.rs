//! Numbers of objects by what the comparison says of them.

use std::fmt;

use crate::compare::Verdict;
use crate::plan::model::{Action, Plan, PlanMode};

/// Drift and pending changes, counted apart: how many objects are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DriftCounts {
    /// Somebody changed AWS.
    pub drifted: usize,
    /// Changed in AWS and in the code.
    pub conflicted: usize,
    /// Gone from AWS.
    pub missing: usize,
    /// Gone from AWS along with another missing object; counted among the missing too.
    pub consequences: usize,
    pub unreadable: usize,
    /// The code is ahead.
    pub pending: usize,
}

impl DriftCounts {
    pub fn of(plan: &Plan) -> DriftCounts {
        let mut counts = DriftCounts::default();
        for change in &plan.changes {
            counts.unreadable += usize::from(change.unreadable.is_some());
            match change.verdict {
                Verdict::Drifted => counts.drifted += 1,
                // With the code left out of it, what AWS holds is what is wanted.
                Verdict::Converged if plan.mode == PlanMode::RefreshOnly => counts.drifted += 1,
                Verdict::Conflicted => counts.conflicted += 1,
                Verdict::Missing => {
                    counts.missing += 1;
                    counts.consequences += usize::from(change.consequence_of.is_some());
                }
                _ if !matches!(change.action, Action::NoOp | Action::Read) => counts.pending += 1,
                _ => {}
            }
        }
        counts
    }

    /// Whether AWS is other than what was recorded.
    pub fn is_drift(&self) -> bool {
        self.drifted + self.conflicted + self.missing > 0
    }
}

impl fmt::Display for DriftCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = match self.consequences {
            0 => String::new(),
            count => format!(" ({count} of them with another)"),
        };
        write!(
            f,
            "Drift: {} drifted, {} conflicted, {} missing{with}. Pending in the code: {}.",
            self.drifted, self.conflicted, self.missing, self.pending
        )?;
        match self.unreadable {
            0 => Ok(()),
            count => write!(f, " Not readable: {count}."),
        }
    }
}
