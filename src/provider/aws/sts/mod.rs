//! The Security Token Service, and what needs no service at all.

pub mod caller_identity;
