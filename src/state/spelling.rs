//! Strings and numbers that a file spells otherwise than recon does: `\u00e9` where Go writes é, `\/`, a bare `<`,
//! `1E3`.
//!
//! Terraform leaves the attributes of an object that it does not change as they are spelled, and so does recon.

use std::collections::HashMap;

use serde_json::{Number, Value as Json};

/// The strings and numbers of a file that are spelled in a way of their own, by where they are.
///
/// A path is the names of members and the indices of items, a NUL before each; resources and their instances go by
/// address and key instead of by index.
#[derive(Clone, Debug, Default)]
pub(super) struct Spelling {
    values: HashMap<String, Box<str>>,
    keys: HashMap<String, Box<str>>,
}

/// How a resource and its instances are called in paths.
pub(super) struct Label {
    pub resource: String,
    pub instances: Vec<String>,
}

impl Spelling {
    /// Gathers them from a file's text, which is JSON. `labels` are its resources in the file's order.
    pub fn of(text: &str, labels: &[Label]) -> Spelling {
        let mut spelling = Spelling::default();
        let mut scanner =
            Scanner { rest: text, path: String::new(), labels, resource: 0, found: &mut spelling };
        // What is no JSON has been refused before.
        let _ = scanner.value();
        spelling
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.keys.is_empty()
    }

    /// Adds a step to a path.
    pub fn step(path: &mut String, name: &str) {
        path.push('\0');
        path.push_str(name);
    }

    /// How the string at a path was spelled, if it still is the same string.
    pub fn string(&self, path: &str, text: &str) -> Option<&str> {
        meaning(self.values.get(path)?, text)
    }

    /// How the number at a path was spelled, if it still is the same number.
    pub fn number(&self, path: &str, number: &Number) -> Option<&str> {
        let token = self.values.get(path)?;
        serde_json::from_str::<Number>(token).is_ok_and(|meant| meant == *number).then_some(token)
    }

    /// How the name of the member at a path was spelled.
    pub fn key(&self, path: &str, name: &str) -> Option<&str> {
        meaning(self.keys.get(path)?, name)
    }
}

fn meaning<'a>(token: &'a str, text: &str) -> Option<&'a str> {
    serde_json::from_str::<String>(token).is_ok_and(|meant| meant == text).then_some(token)
}

/// Whether something in a file may be spelled otherwise than recon does: most have nothing of the kind, which is found
/// out sooner than where it is.
pub(super) fn is_unusual(text: &str, json: &Json) -> bool {
    !is_plain(text) || has_exponent(json)
}

/// Whether all strings in a text or token are spelled as Go does.
fn is_plain(text: &str) -> bool {
    // One after the other: each is a search at memory speed.
    if ['<', '>', '&', '\u{2028}', '\u{2029}'].iter().any(|letter| text.contains(*letter)) {
        return false;
    }
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let plain = match escape.bytes().next() {
            Some(b'u') => escape.get(1..5).is_some_and(is_plain_code),
            Some(b'/') => false,
            _ => true,
        };
        if !plain {
            return false;
        }
        // Whatever follows a backslash in JSON is one byte long.
        rest = escape.get(1..).unwrap_or_default();
    }
    true
}

/// Whether Go writes the character of four hexadecimal digits so.
fn is_plain_code(digits: &str) -> bool {
    let is_control = digits.starts_with("000") || digits.starts_with("001");
    match digits {
        "003c" | "003e" | "0026" | "2028" | "2029" => true,
        // These have shorter names.
        "0008" | "0009" | "000a" | "000c" | "000d" => false,
        _ => is_control && !digits.bytes().any(|digit| digit.is_ascii_uppercase()),
    }
}

/// Whether a number is written with an exponent, of which `serde_json` does not keep the spelling.
fn has_exponent(json: &Json) -> bool {
    match json {
        Json::Number(number) => number.as_str().contains('e'),
        Json::Array(items) => items.iter().any(has_exponent),
        Json::Object(members) => members.values().any(has_exponent),
        _ => false,
    }
}

struct Scanner<'a> {
    rest: &'a str,
    path: String,
    labels: &'a [Label],
    /// The resource that is being scanned.
    resource: usize,
    found: &'a mut Spelling,
}

impl<'a> Scanner<'a> {
    fn value(&mut self) -> Option<()> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '{' => self.object(),
            '[' => self.list(),
            '"' => {
                let token = self.token()?;
                if is_odd(token) {
                    self.found.values.insert(self.path.clone(), token.into());
                }
                Some(())
            }
            _ => {
                let end = self.rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(self.rest.len());
                let (token, rest) = self.rest.split_at(end);
                if token.contains(['e', 'E']) && !matches!(token, "true" | "false") {
                    self.found.values.insert(self.path.clone(), token.into());
                }
                self.rest = rest;
                Some(())
            }
        }
    }

    fn object(&mut self) -> Option<()> {
        self.rest = self.rest[1..].trim_start();
        while !self.rest.starts_with('}') {
            let token = self.token()?;
            let name: String = serde_json::from_str(token).ok()?;
            let known = self.path.len();
            Spelling::step(&mut self.path, &name);
            if is_odd(token) {
                self.found.keys.insert(self.path.clone(), token.into());
            }
            self.rest = self.rest.trim_start().strip_prefix(':')?;
            self.value()?;
            self.path.truncate(known);
            self.separated();
        }
        self.rest = &self.rest[1..];
        Some(())
    }

    fn list(&mut self) -> Option<()> {
        self.rest = self.rest[1..].trim_start();
        let mut index = 0;
        while !self.rest.starts_with(']') {
            let known = self.path.len();
            let label = self.label(index);
            Spelling::step(&mut self.path, &label);
            self.value()?;
            self.path.truncate(known);
            self.separated();
            index += 1;
        }
        self.rest = &self.rest[1..];
        Some(())
    }

    /// The name of a list's item.
    fn label(&mut self, index: usize) -> String {
        let label = match self.path.matches('\0').count() {
            1 if self.path == "\0resources" => {
                self.resource = index;
                self.labels.get(index).map(|label| &label.resource)
            }
            3 if self.path.starts_with("\0resources\0") && self.path.ends_with("\0instances") => {
                self.labels.get(self.resource).and_then(|label| label.instances.get(index))
            }
            _ => None,
        };
        label.cloned().unwrap_or_else(|| index.to_string())
    }

    fn separated(&mut self) {
        self.rest = self.rest.trim_start();
        self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest).trim_start();
    }

    /// The string that comes next, quotes included.
    fn token(&mut self) -> Option<&'a str> {
        let mut escaped = false;
        let end = self.rest.bytes().enumerate().skip(1).find_map(|(at, byte)| match byte {
            _ if escaped => {
                escaped = false;
                None
            }
            b'\\' => {
                escaped = true;
                None
            }
            b'"' => Some(at + 1),
            _ => None,
        })?;
        let (token, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(token)
    }
}

/// Whether a string is spelled otherwise than Go does.
fn is_odd(token: &str) -> bool {
    if is_plain(token) {
        return false;
    }
    serde_json::from_str::<String>(token).is_ok_and(|text| {
        let mut canonical = String::with_capacity(token.len());
        super::print::write_string(&mut canonical, &text);
        canonical != token
    })
}
