//! CloudWatch.

pub mod dashboard;
