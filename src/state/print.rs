//! JSON as Go writes it: two-space indent, `<`, `>`, `&` and the two separators of lines escaped, numbers as they
//! were read.

use std::fmt::Write;

use serde_json::{Map, Value as Json};

use super::spelling::Spelling;

/// Writes JSON, spelling strings as they were spelled where that is known.
pub(super) struct Printer<'a> {
    out: String,
    depth: usize,
    spelling: &'a Spelling,
    /// Where it is, in the spelling's terms; empty if nothing is spelled in a way of its own.
    path: String,
}

impl<'a> Printer<'a> {
    pub fn new(spelling: &'a Spelling) -> Printer<'a> {
        Printer { out: String::new(), depth: 0, spelling, path: String::new() }
    }

    /// What was written, with the line end that closes the file.
    pub fn finish(mut self, line_end: &str) -> String {
        self.out.push_str(line_end);
        self.out
    }

    pub fn json(&mut self, json: &Json) {
        match json {
            Json::Null => self.out.push_str("null"),
            Json::Bool(value) => self.out.push_str(if *value { "true" } else { "false" }),
            Json::Number(number) => {
                self.out.push_str(self.spelling.number(&self.path, number).unwrap_or(number.as_str()));
            }
            Json::String(text) => self.string(text),
            Json::Array(items) => {
                self.list(items.iter(), |index, _| index.to_string(), |printer, item| printer.json(item));
            }
            Json::Object(members) => self.object(members, |printer, _, value| printer.json(value)),
        }
    }

    /// An object whose values another function writes.
    pub fn object(&mut self, members: &Map<String, Json>, mut value: impl FnMut(&mut Self, &str, &Json)) {
        if members.is_empty() {
            self.out.push_str("{}");
            return;
        }
        self.out.push('{');
        self.depth += 1;
        for (index, (name, json)) in members.iter().enumerate() {
            self.separate(index);
            let known = self.enter(name);
            self.key(name);
            self.out.push_str(": ");
            value(self, name, json);
            self.path.truncate(known);
        }
        self.depth -= 1;
        self.line();
        self.out.push('}');
    }

    /// A list whose items another function writes. `label` is an item's name in a path.
    pub fn list<T>(
        &mut self,
        items: impl ExactSizeIterator<Item = T>,
        label: impl Fn(usize, &T) -> String,
        mut value: impl FnMut(&mut Self, T),
    ) {
        if items.len() == 0 {
            self.out.push_str("[]");
            return;
        }
        self.out.push('[');
        self.depth += 1;
        for (index, item) in items.enumerate() {
            self.separate(index);
            let known = if self.spelling.is_empty() { 0 } else { self.enter(&label(index, &item)) };
            value(self, item);
            self.path.truncate(known);
        }
        self.depth -= 1;
        self.line();
        self.out.push(']');
    }

    fn separate(&mut self, index: usize) {
        if index > 0 {
            self.out.push(',');
        }
        self.line();
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }

    /// Steps down in the path, and answers how long it was.
    fn enter(&mut self, name: &str) -> usize {
        let known = self.path.len();
        if !self.spelling.is_empty() {
            Spelling::step(&mut self.path, name);
        }
        known
    }

    fn key(&mut self, name: &str) {
        match self.spelling.key(&self.path, name) {
            Some(token) => self.out.push_str(token),
            None => write_string(&mut self.out, name),
        }
    }

    fn string(&mut self, text: &str) {
        match self.spelling.string(&self.path, text) {
            Some(token) => self.out.push_str(token),
            None => write_string(&mut self.out, text),
        }
    }
}

/// A string as Go writes it, quotes included.
pub(super) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{:04x}", letter as u32);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}
