//! The providers beside AWS, through the command line.

#[path = "../support/mod.rs"]
mod support;

mod collector;
mod null;
mod random;
mod snowplow;
