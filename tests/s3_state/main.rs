//! State in S3: locks, conditional writes, digests, workspaces, moving a state, and a store that fails.

#[path = "../support/mod.rs"]
mod support;

mod backend;
mod bootstrap;
mod encryption;
mod faults;
mod journal;
mod locks;
mod race;
mod signals;
mod workspaces;
