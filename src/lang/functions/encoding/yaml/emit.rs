//! Writing YAML in the one layout that the reference has: strings and keys in double quotes, strings of several lines
//! as literal blocks, two spaces for each level, and lists in maps not indented.

use std::fmt::Write;

use super::super::super::super::value::{Kind, Value};

/// Spaces for each level.
const INDENT: usize = 2;
/// In which column a quoted string goes on in the next line.
const WIDTH: usize = 80;
/// How many bytes a key may have that stands in one line with its value.
const KEY_BYTES: usize = 128;

/// The YAML of a wholly known value.
pub fn emit(value: &Value) -> String {
    let mut writer = Writer { text: String::new(), column: 0 };
    writer.start(value, None);
    let open_ended = matches!(value.kind, Kind::Null(_) | Kind::Bool(_) | Kind::Number(_));
    if !writer.text.ends_with('\n') {
        writer.text.push('\n');
    }
    if open_ended {
        // Where such a value ends is not to be seen, so it is said.
        writer.text.push_str("...\n");
    }
    writer.text
}

struct Writer {
    text: String,
    column: usize,
}

fn is_break(letter: char) -> bool {
    matches!(letter, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether a letter may stand in a document without an escape. Letters beyond U+FFFF may, but the reference escapes
/// them.
fn is_printable(letter: char) -> bool {
    matches!(letter, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether a string can be a literal block: it has no letter to be escaped, no space before a line end, and none at
/// its end.
fn is_literal(text: &str) -> bool {
    text.contains('\n')
        && text.chars().all(is_printable)
        && !text.ends_with(' ')
        && !text.chars().zip(text.chars().skip(1)).any(|(letter, next)| letter == ' ' && is_break(next))
}

impl Writer {
    fn put(&mut self, letter: char) {
        self.text.push(letter);
        self.column = if is_break(letter) { 0 } else { self.column + 1 };
    }

    fn put_all(&mut self, text: &str) {
        text.chars().for_each(|letter| self.put(letter));
    }

    /// A new line, unless at the beginning of one, with so many spaces.
    fn line(&mut self, indent: usize) {
        if self.column > 0 {
            self.put('\n');
        }
        (0..indent).for_each(|_| self.put(' '));
    }

    /// Writes a value where it stands: collections begin in this very line. `outer` is the indentation of the
    /// collection around it.
    fn start(&mut self, value: &Value, outer: Option<usize>) {
        let indent = outer.map_or(0, |outer| outer + INDENT);
        match &value.kind {
            Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements)
                if !elements.is_empty() =>
            {
                self.sequence(elements, indent);
            }
            Kind::Map(_, entries) | Kind::Object(entries) if !entries.is_empty() => {
                for (index, (key, element)) in entries.iter().enumerate() {
                    if index > 0 {
                        self.line(indent);
                    }
                    self.entry(key, element, indent);
                }
            }
            _ => self.leaf(value, indent.max(INDENT)),
        }
    }

    fn sequence(&mut self, elements: &[Value], indent: usize) {
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                self.line(indent);
            }
            self.put_all("- ");
            self.start(element, Some(indent));
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        if key.len() > KEY_BYTES || key.contains(is_break) {
            self.put_all("? ");
            self.string(key, indent + INDENT);
            self.line(indent);
            self.put_all(": ");
            self.start(value, Some(indent));
            return;
        }
        self.quoted(key, None);
        self.put(':');
        match &value.kind {
            Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements)
                if !elements.is_empty() =>
            {
                self.line(indent);
                self.sequence(elements, indent);
            }
            Kind::Map(_, entries) | Kind::Object(entries) if !entries.is_empty() => {
                self.line(indent + INDENT);
                self.start(value, Some(indent));
            }
            _ => {
                self.put(' ');
                self.leaf(value, indent + INDENT);
            }
        }
    }

    fn leaf(&mut self, value: &Value, indent: usize) {
        match &value.kind {
            Kind::Bool(value) => self.put_all(if *value { "true" } else { "false" }),
            Kind::Number(number) => self.put_all(&number.to_string()),
            Kind::String(text) => self.string(text, indent),
            Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => self.put_all("[]"),
            Kind::Map(..) | Kind::Object(_) => self.put_all("{}"),
            Kind::Null(_) | Kind::Unknown(..) | Kind::Type(_) => self.put_all("null"),
        }
    }

    fn string(&mut self, text: &str, indent: usize) {
        if is_literal(text) { self.literal(text, indent) } else { self.quoted(text, Some(indent)) }
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with(|first| first == ' ' || is_break(first)) {
            self.put_all(&INDENT.to_string());
        }
        let mut last = text.chars().rev();
        match (last.next().is_some_and(is_break), last.next().is_none_or(is_break)) {
            (false, _) => self.put('-'),
            (true, true) => self.put('+'),
            (true, false) => {}
        }
        self.put('\n');
        for letter in text.chars() {
            if self.column == 0 && !is_break(letter) {
                self.line(indent);
            }
            self.put(letter);
        }
    }

    /// A string in double quotes. With an indentation a long one goes on in further lines.
    fn quoted(&mut self, text: &str, indent: Option<usize>) {
        // The reference escapes all letters behind a byte order mark at the beginning.
        let escape_all = text.starts_with('\u{feff}');
        self.put('"');
        let mut letters = text.chars().peekable();
        let mut after_space = false;
        let mut first = true;
        while let Some(letter) = letters.next() {
            if escape_all || !is_printable(letter) || is_break(letter) || matches!(letter, '"' | '\\') {
                self.escaped(letter);
                after_space = false;
            } else if letter == ' ' {
                match (indent, letters.peek()) {
                    (Some(indent), Some(next)) if !after_space && !first && self.column > WIDTH => {
                        self.line(indent);
                        if *next == ' ' {
                            self.put('\\');
                        }
                    }
                    _ => self.put(' '),
                }
                after_space = true;
            } else {
                self.put(letter);
                after_space = false;
            }
            first = false;
        }
        self.put('"');
    }

    fn escaped(&mut self, letter: char) {
        let short = match letter {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let mut escape = String::new();
                // A String takes whatever is written.
                let _ = match u32::from(letter) {
                    code @ 0..=0xff => write!(escape, "\\x{code:02X}"),
                    code @ 0x100..=0xffff => write!(escape, "\\u{code:04X}"),
                    code => write!(escape, "\\U{code:08X}"),
                };
                return self.put_all(&escape);
            }
        };
        self.put('\\');
        self.put(short);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(entries: &[(&str, Value)]) -> Value {
        Value::object(entries.iter().cloned())
    }

    fn list(elements: &[Value]) -> Value {
        Value::tuple(elements.to_vec())
    }

    // Expected texts are what yamlencode answers in Terraform 1.11.4.
    #[test]
    fn strings_are_quoted_or_literal() {
        for (text, expected) in [
            ("", "\"\"\n"),
            ("a\nb", "|-\n  a\n  b\n"),
            ("a\n", "|\n  a\n"),
            ("a\n\n", "|+\n  a\n\n"),
            ("\n", "|2+\n\n"),
            ("\n\n", "|2+\n\n\n"),
            (" a\nb", "|2-\n   a\n  b\n"),
            ("\n a", "|2-\n\n   a\n"),
            ("a \nb", "\"a \\nb\"\n"),
            ("a\nb ", "\"a\\nb \"\n"),
            ("a\t\nb", "\"a\\t\\nb\"\n"),
            ("a\u{2028}b\nc", "|-\n  a\u{2028}  b\n  c\n"),
            ("\u{1F600}\nb", "\"\\U0001F600\\nb\"\n"),
            ("\u{feff}a", "\"\\uFEFF\\x61\"\n"),
            ("\u{0}\u{7f}\u{85}\u{a0}\u{2029}\u{1b}", "\"\\0\\x7F\\N\u{a0}\\P\\e\"\n"),
        ] {
            assert_eq!(emit(&text.into()), expected, "{text:?}");
        }
    }

    #[test]
    fn long_strings_go_on_in_the_next_line() {
        let long = "x y ".repeat(30);
        let line = "x y ".repeat(20);
        let rest = "x y ".repeat(9);
        assert_eq!(emit(&long.as_str().into()), format!("\"{line}x\n  y {rest}\"\n"));
        assert_eq!(emit(&object(&[(&long, 1.into())])), format!("\"{long}\": 1\n"));
    }

    #[test]
    fn collections_nest_by_two_spaces() {
        let one = || Value::from(1);
        for (value, expected) in [
            (list(&[list(&[one(), one()]), list(&[])]), "- - 1\n  - 1\n- []\n"),
            (object(&[("a", list(&[list(&[one()])]))]), "\"a\":\n- - 1\n"),
            (object(&[("a", object(&[("b", list(&["x\n".into()]))]))]), "\"a\":\n  \"b\":\n  - |\n    x\n"),
            (
                list(&[object(&[("a", object(&[("b", one())])), ("c", one())])]),
                "- \"a\":\n    \"b\": 1\n  \"c\": 1\n",
            ),
            (list(&[list(&["a\n\n".into()]), "b".into()]), "- - |+\n    a\n\n- \"b\"\n"),
            (object(&[("a\nb", list(&[one(), one()]))]), "? |-\n  a\n  b\n: - 1\n  - 1\n"),
            (object(&[("a\n", object(&[("k", one()), ("l", one())]))]), "? |\n  a\n: \"k\": 1\n  \"l\": 1\n"),
            (object(&[("a", Value::empty_object())]), "\"a\": {}\n"),
            (Value::bool(true), "true\n...\n"),
        ] {
            assert_eq!(emit(&value), expected);
        }
    }
}
