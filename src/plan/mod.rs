//! Verdicts to actions: the plan, how it is made and how it is written down.

pub mod model;

pub use model::{Action, Counts, Plan, PlanMode, Reason, ResourceChange};
