//! The way from a value to its text: a table of cases, and proposals for what really drifted.
//!
//! `cases/*.txt` holds the table. A case has a name (`#####`), files (`## path`, with `crlf` or `bom` behind it), values of
//! the environment and options, and what is asked: which attribute is to have which value. What follows is what must
//! come out: the class, the stations of the way, and the lines that are edited, or why there is no edit.

#[path = "../support/mod.rs"]
mod support;

mod proposals;
mod table;
