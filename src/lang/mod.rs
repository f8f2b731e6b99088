//! The Terraform language: source text, syntax, values, evaluation, functions and diagnostics.
//!
//! Nothing here knows of the network, of AWS or of a terminal.

pub mod ast;
pub mod convert;
pub mod diagnostic;
pub mod eval;
pub mod format;
pub mod functions;
pub mod json;
pub mod number;
pub mod operators;
pub mod parse;
pub mod print;
pub mod reference;
pub mod scan;
pub mod secrets;
pub mod source;
pub mod splice;
pub mod text;
pub mod type_expr;
pub mod types;
pub mod value;
