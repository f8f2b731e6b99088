//! The Terraform language: source text, syntax, values, evaluation, functions and diagnostics.
//!
//! Nothing here knows of the network, of AWS or of a terminal.

pub mod ast;
pub mod diagnostic;
pub mod number;
pub mod source;
