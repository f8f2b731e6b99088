//! Applies that are killed: at every step in turn, and the next apply has to finish what they began.
//!
//! A step is a call that changes something, of AWS or of the store of the state (state, journal and lock are objects in
//! S3 here). The proxy lets the n-th take effect, holds the answer, and the run gets SIGKILL. With one action at a time
//! that is all that a kill can leave: to be killed before call n + 1 leaves the same as to be killed after call n.

#[path = "../support/mod.rs"]
mod support;

mod front_door;
mod marks;
mod pipeline;
mod same;
mod scene;
