//! What the integration tests stand on: a real local AWS, a proxy that misbehaves on request, stacks in
//! temporary folders, and Terraform where it is at hand. A part that is missing fails the test and says
//! how to install it; nothing is skipped.
//!
//! | module | what it gives |
//! |---|---|
//! | [`aws`] | an empty AWS account of the test's own, and clients to read it back |
//! | [`ministack`] | an S3 and a DynamoDB whose conditional writes are atomic |
//! | [`proxy`] | counts calls; delays, throttles, breaks, holds or rewrites them |
//! | [`protocol`] | which operation a request calls, and errors in that protocol's shape |
//! | [`transitions`] | states that the local AWS skips, and limits that it does not enforce |
//! | [`inventory`] | how many there are of everything that the pipeline makes |
//! | [`lifecycle`] | drives one resource type through its trait |
//! | [`registry`] | a module registry and Git repositories |
//! | [`stack`] | runs the `recon` binary on a stack |
//! | [`terraform`] | runs Terraform on a stack |

#![allow(dead_code, reason = "every test target uses a part of the support, and each another one")]

pub mod aws;
pub mod inventory;
pub mod lifecycle;
pub mod ministack;
pub mod protocol;
pub mod proxy;
pub mod registry;
pub mod stack;
pub mod terraform;
pub mod transitions;
