//! The AWS provider: one file a service and type.

mod client;
pub mod errors;
pub mod wait;

pub use client::Aws;
