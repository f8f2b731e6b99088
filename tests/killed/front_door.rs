//! The pipeline's front door, killed at every step.

use std::collections::BTreeMap;

use crate::scene::{Subject, kill_at_every_step};
use crate::support::stack::Stack;

#[test]
fn the_front_door_is_completed_whichever_step_was_the_last() {
    let subject = Subject {
        stack: |aws| Stack::copied(aws, "stacks", "front-door"),
        with_table: false,
        more: |_| BTreeMap::new(),
    };
    kill_at_every_step(&subject, |_, _| true);
}
