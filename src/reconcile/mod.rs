//! What is to be done about drift, and what keeps it from being done.
//!
//! A plan and the repository's rules go in. [`rows`] says of each drift that a rule wants to be put back whether it may
//! be; [`hold_back`] applies the limits of the run; [`narrow`] makes the plan that carries out what is left, and nothing
//! beside it. Nothing here asks or changes AWS.

pub mod kinds;
mod limits;
mod narrow;
mod select;

pub use limits::{Circumstances, Past, hold_back};
pub use narrow::{Selection, narrow};
pub use select::{Allowed, Row, rows};
