//! The providers beside AWS, and the types of AWS that recon knows by their schema only, through the command line.

#[path = "../support/mod.rs"]
mod support;

mod collector;
mod null;
mod other_types;
mod random;
mod snowplow;
