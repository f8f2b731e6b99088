//! Verdicts to actions: the plan, how it is made and how it is written down.

pub mod adoption;
pub mod imports;
pub mod model;
pub mod moves;
pub mod offline;
pub mod planner;

pub use model::{Action, Counts, Plan, PlanMode, Reason, ResourceChange};
pub use offline::{Offline, Stack, offline};
pub use planner::{Options, Planned, plan};
