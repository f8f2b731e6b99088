//! All 76 objects of the pipeline. It takes long, so it runs only when it is asked for:
//!
//! ```sh
//! cargo test --test killed -- --ignored --nocapture pipeline
//! ```
//!
//! `RECON_KILL_STEPS=40..80` kills at these steps only (the second number is left out), `40..` at all from the first on.

use std::collections::BTreeMap;

use crate::scene::{Subject, kill_at_every_step};
use crate::support::aws::Aws;
use crate::support::stack::Stack;

/// The stack with its example values. Events go to a port at which nobody listens: that is warned of.
fn stack(aws: &Aws) -> Stack {
    let stack = Stack::copied(aws, "stacks", "pipeline");
    stack.replace(
        "../modules/telemetry/variables.tf",
        "\"telemetry-g.snowplowanalytics.com\"",
        "\"127.0.0.1:1\"",
    );
    stack
}

#[test]
#[ignore = "takes long: cargo test --test killed -- --ignored --nocapture pipeline"]
fn the_pipeline_is_completed_whichever_step_was_the_last() {
    let range = std::env::var("RECON_KILL_STEPS").unwrap_or_default();
    let (first, end) = range.split_once("..").unwrap_or_default();
    let number = |text: &str, otherwise: usize| match text {
        "" => otherwise,
        text => text.parse().unwrap_or_else(|_| panic!("RECON_KILL_STEPS={range}: {text:?} is no number")),
    };
    let steps = number(first, 1)..number(end, usize::MAX);
    let subject = Subject { stack, with_table: false, more: |_| BTreeMap::new() };
    kill_at_every_step(&subject, |n, _| steps.contains(&n));
}
