//! Values as the console prints them: a text that, where a value has a literal form, is that form.

use super::diagnostic::Diagnostic;
use super::types::Type;
use super::value::{Kind, Marks, Value};

/// The console's text of a value. Nothing that is sensitive shows.
pub fn print(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text
}

/// As [`print()`] for an answer of the console, which may be what its `type` function answered, but not be made
/// from it.
pub fn print_answer(value: &Value) -> Result<String, Diagnostic> {
    if value.marks_deep().contains(Marks::TYPE) && !matches!(value.kind, Kind::Type(_)) {
        let detail = "The console's \"type\" function cannot be used as part of an expression.";
        return Err(Diagnostic::error("Invalid use of type function", detail));
    }
    Ok(print(value))
}

fn write(text: &mut String, value: &Value, indent: usize) {
    // That a value is not known yet goes before all else: there is nothing to hide.
    if !value.is_known() {
        return text.push_str("(known after apply)");
    }
    if value.marks.contains(Marks::SENSITIVE) {
        return text.push_str("(sensitive value)");
    }
    if value.marks.contains(Marks::EPHEMERAL) {
        return text.push_str("(ephemeral value)");
    }
    match &value.kind {
        Kind::Unknown(..) => text.push_str("(known after apply)"),
        Kind::Null(ty) => text.push_str(&null(ty)),
        Kind::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Kind::Number(number) => text.push_str(&number.to_string()),
        Kind::String(string) => write_string(text, string, indent),
        Kind::List(_, elements) => sequence(text, "tolist([", elements, "])", indent),
        Kind::Set(_, elements) => sequence(text, "toset([", elements, "])", indent),
        Kind::Tuple(elements) => sequence(text, "[", elements, "]", indent),
        Kind::Map(_, entries) => mapping(text, "tomap({", entries.iter(), "})", indent),
        Kind::Object(entries) => mapping(text, "{", entries.iter(), "}", indent),
        Kind::Type(ty) => text.push_str(&ty.to_string()),
    }
}

fn write_string(text: &mut String, string: &str, indent: usize) {
    match heredoc(string, indent) {
        Some(lines) => text.push_str(&lines),
        None => text.push_str(&quote(string)),
    }
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "null".to_owned(),
        Type::Bool => "tobool(null)".to_owned(),
        Type::Number => "tonumber(null)".to_owned(),
        Type::String => "tostring(null)".to_owned(),
        Type::List(element) => format!("tolist(null) /* of {} */", element.friendly()),
        Type::Set(element) => format!("toset(null) /* of {} */", element.friendly()),
        Type::Map(element) => format!("tomap(null) /* of {} */", element.friendly()),
        _ => format!("null /* {} */", ty.friendly()),
    }
}

fn sequence(text: &mut String, open: &str, elements: &[Value], close: &str, indent: usize) {
    text.push_str(open);
    for element in elements {
        newline(text, indent + 2);
        write(text, element, indent + 2);
        text.push(',');
    }
    if !elements.is_empty() {
        newline(text, indent);
    }
    text.push_str(close);
}

fn mapping<'a>(
    text: &mut String,
    open: &str,
    entries: impl IntoIterator<Item = (&'a std::sync::Arc<str>, &'a Value)>,
    close: &str,
    indent: usize,
) {
    text.push_str(open);
    let mut empty = true;
    for (key, value) in entries {
        empty = false;
        newline(text, indent + 2);
        write_string(text, key, indent + 2);
        text.push_str(" = ");
        write(text, value, indent + 2);
    }
    if !empty {
        newline(text, indent);
    }
    text.push_str(close);
}

fn newline(text: &mut String, indent: usize) {
    text.push('\n');
    text.extend(std::iter::repeat_n(' ', indent));
}

/// A string of several lines as a heredoc, indented as its place is; `None` where a quoted string serves.
fn heredoc(string: &str, indent: usize) -> Option<String> {
    let lines: Vec<&str> = string.split('\n').collect();
    if lines.len() < 2 {
        return None;
    }
    let mut marker = "EOT".to_owned();
    while lines.iter().any(|line| line.trim() == marker) {
        marker.push('_');
    }
    // The text is given a line end of its own, whether it has one or not, as the reference does.
    let pad = " ".repeat(indent);
    let flush = if indent > 0 { "<<-" } else { "<<" };
    let mut text = format!("{flush}{marker}\n");
    for line in lines {
        text.push_str(&format!("{pad}{line}\n"));
    }
    text.push_str(&pad);
    text.push_str(&marker);
    Some(text)
}

/// A quoted string, what cannot be printed escaped as Go does.
pub fn quote(string: &str) -> String {
    let mut text = String::with_capacity(string.len() + 2);
    text.push('"');
    for letter in string.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{7}' => text.push_str("\\a"),
            '\u{8}' => text.push_str("\\b"),
            '\u{b}' => text.push_str("\\v"),
            '\u{c}' => text.push_str("\\f"),
            other if is_printable(other) => text.push(other),
            other if (other as u32) < 0x80 => text.push_str(&format!("\\x{:02x}", other as u32)),
            other if (other as u32) <= 0xffff => text.push_str(&format!("\\u{:04x}", other as u32)),
            other => text.push_str(&format!("\\U{:08x}", other as u32)),
        }
    }
    text.push('"');
    text
}

/// Whether a letter can be seen: not a control, a format letter, a space other than ` `, or one that Unicode has
/// not assigned.
pub(crate) fn is_printable(letter: char) -> bool {
    if letter.is_ascii() {
        return !letter.is_ascii_control();
    }
    // The standard library knows; behind another letter it does not escape what only combines.
    let pair: String = ['a', letter].iter().collect();
    pair.escape_debug().nth(1) == Some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The texts are what Terraform 1.11.4's console prints.
    #[test]
    fn strings_of_one_line_are_quoted() {
        for (string, expected) in [
            ("a\rb", r#""a\rb""#),
            ("a${b}", r#""a${b}""#),
            ("\u{ad}\u{301}\u{2028}\u{85}\u{7f}\u{7}", "\"\\u00ad\u{301}\\u2028\\u0085\\x7f\\a\""),
            ("\u{a0}\u{3000}\u{fffd}\u{e0001}\u{e000}", "\"\\u00a0\\u3000\u{fffd}\\U000e0001\\ue000\""),
        ] {
            assert_eq!(print(&Value::from(string)), expected);
        }
    }

    #[test]
    fn strings_of_several_lines_are_heredocs() {
        assert_eq!(print(&Value::from("a\nb")), "<<EOT\na\nb\nEOT");
        assert_eq!(print(&Value::from("a\n")), "<<EOT\na\n\nEOT");
        assert_eq!(print(&Value::from("a\nEOTx")), "<<EOT\na\nEOTx\nEOT");
        assert_eq!(print(&Value::from("  EOT\nx")), "<<EOT_\n  EOT\nx\nEOT_");
        let list = Value::tuple(vec![Value::from("EOT\nEOT_\n")]);
        assert_eq!(print(&list), "[\n  <<-EOT__\n  EOT\n  EOT_\n  \n  EOT__,\n]");
        let object = Value::object([("é\n", Value::from(3))]);
        assert_eq!(print(&object), "{\n  <<-EOT\n  é\n  \n  EOT = 3\n}");
    }
}
