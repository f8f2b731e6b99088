//! recon: a GitOps reconciler for AWS.
//!
//! The library holds everything but the process. Data flows one way through its rooms, from text to
//! AWS: `lang`, `address`, `config`, `repository`, `schema`, `provider`, `state`, `graph`, `live`, `compare`, `plan`,
//! `apply`, `drift`, `trace`, `render`, `sandbox`, `cli`. A room may use the rooms named before it and never one
//! named after. `docs/architecture.md` describes each of them.

pub mod address;
pub mod apply;
pub mod cli;
pub mod compare;
pub mod config;
pub mod drift;
pub mod graph;
pub mod lang;
pub mod live;
pub mod plan;
pub mod provider;
pub mod reconcile;
pub mod render;
pub mod repository;
pub mod sandbox;
pub mod schema;
pub mod state;
pub mod trace;
