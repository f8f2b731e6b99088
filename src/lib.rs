//! recon: a GitOps reconciler for AWS.
//!
//! The library holds everything but the terminal. Data flows one way through the rooms below, in
//! the order in which they are declared: a room may use the rooms above it and never one below.
//! `docs/architecture.md` describes each of them.

pub mod lang;
