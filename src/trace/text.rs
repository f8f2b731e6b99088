//! Values as the text of a literal, in either syntax, and the proof that the text is one.
//!
//! A value that comes from AWS is nobody's code: whatever is in it stays text. So what is written here is parsed again
//! before anything is made of it, and refused if it is more than a literal or another than was meant.

use serde_json::Value as Json;

use crate::address::quoted;
use crate::config::{ConstantScope, valid_identifier};
use crate::lang::ast::{Expr, ExprKind, ObjectKey, TemplatePart, UnaryOperator};
use crate::lang::eval::evaluate;
use crate::lang::parse;
use crate::lang::source::{SourceId, SourceMap, Span};
use crate::lang::value::{Kind, Value};

/// How wide a collection may be that is written on one line.
const ONE_LINE: usize = 72;

/// A value as an expression of the native syntax; lines behind the first are indented by so many blanks. `None`: it has
/// no literal form.
pub fn literal(value: &Value, indent: usize) -> Option<String> {
    let text = written(value, indent)?;
    is_literal(&text, value).then_some(text)
}

fn written(value: &Value, indent: usize) -> Option<String> {
    if value.is_sensitive() {
        return None;
    }
    Some(match &value.kind {
        Kind::Null(_) => "null".to_owned(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::String(text) => string(text),
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            let items: Vec<String> =
                items.iter().map(|item| written(item, indent + 2)).collect::<Option<_>>()?;
            collected("[", items, ",", "]", indent)
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            let items: Vec<String> = entries
                .iter()
                .map(|(name, item)| Some(format!("{} = {}", key(name), written(item, indent + 2)?)))
                .collect::<Option<_>>()?;
            collected("{", items, "", "}", indent)
        }
        Kind::Unknown(..) | Kind::Type(_) => return None,
    })
}

/// On one line if that is short, else each on its own.
fn collected(open: &str, items: Vec<String>, behind: &str, close: &str, indent: usize) -> String {
    let pad = if open == "{" && !items.is_empty() { " " } else { "" };
    let line = format!("{open}{pad}{}{pad}{close}", items.join(", "));
    if line.len() <= ONE_LINE && !line.contains('\n') {
        return line;
    }
    let blanks = " ".repeat(indent);
    let lines: String = items.iter().map(|item| format!("{blanks}  {item}{behind}\n")).collect();
    format!("{open}\n{lines}{blanks}{close}")
}

/// A key of an object: bare if it can be.
pub fn key(name: &str) -> String {
    let is_word = valid_identifier(name) && !matches!(name, "null" | "true" | "false" | "for");
    if is_word { name.to_owned() } else { string(name) }
}

/// A string between quotes. Where what is before a brace would not stay text, the sign before it is written by its
/// number.
pub fn string(text: &str) -> String {
    let plain = quoted(text);
    if is_literal(&plain, &Value::string(text)) {
        return plain;
    }
    let mut safe = String::new();
    for piece in text.split_inclusive(['$', '%']) {
        let (rest, sign) = match piece.chars().last() {
            Some(sign @ ('$' | '%')) => (&piece[..piece.len() - 1], format!("\\u{:04x}", sign as u32)),
            _ => (piece, String::new()),
        };
        safe.push_str(quoted(rest).trim_start_matches('"').strip_suffix('"').unwrap_or_default());
        safe.push_str(&sign);
    }
    format!("\"{safe}\"")
}

/// What stands between quotes, or in a heredoc, for a text. `None`: it cannot stay text there.
pub fn part(text: &str, in_heredoc: bool) -> Option<String> {
    if !in_heredoc {
        let whole = string(text);
        return Some(whole[1..whole.len() - 1].to_owned());
    }
    if text.chars().any(|letter| letter.is_control() && !matches!(letter, '\n' | '\t')) {
        return None;
    }
    let escaped = text.replace("${", "$${").replace("%{", "%%{");
    let heredoc = format!("<<RECON_TEXT\n{escaped}\nRECON_TEXT\n");
    is_literal(&heredoc, &Value::string(format!("{text}\n"))).then_some(escaped)
}

/// A value as JSON syntax. Strings of a module's file are templates; those of a file of values are not.
pub fn json(value: &Value, are_templates: bool) -> Option<Json> {
    if value.is_sensitive() {
        return None;
    }
    Some(match &value.kind {
        Kind::Null(_) => Json::Null,
        Kind::Bool(value) => Json::Bool(*value),
        Kind::Number(number) => serde_json::from_str(&number.to_string()).ok()?,
        Kind::String(text) if !are_templates => Json::String(text.to_string()),
        Kind::String(text) => {
            let escaped = text.replace("${", "$${").replace("%{", "%%{");
            let sources = SourceMap::new();
            let (parts, problems) = parse::parse_template(&sources, "value", &escaped);
            let span = Span::new(SourceId(0), 0, escaped.len());
            let template = Expr { kind: ExprKind::Template(parts), span };
            let (read, _) = evaluate(&template, &ConstantScope);
            if problems.has_errors() || !is_text(&template) || read != Value::string(text) {
                return None;
            }
            Json::String(escaped)
        }
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            Json::Array(items.iter().map(|item| json(item, are_templates)).collect::<Option<_>>()?)
        }
        Kind::Map(_, entries) | Kind::Object(entries) => Json::Object(
            entries
                .iter()
                .map(|(name, item)| Some((name.to_string(), json(item, are_templates)?)))
                .collect::<Option<_>>()?,
        ),
        Kind::Unknown(..) | Kind::Type(_) => return None,
    })
}

/// Whether a text is an expression that is nothing but a literal, and this one.
fn is_literal(text: &str, value: &Value) -> bool {
    let sources = SourceMap::new();
    let (expr, problems) = parse::parse_expression(&sources, "value", text);
    if problems.has_errors() || !is_constant(&expr) {
        return false;
    }
    let (read, problems) = evaluate(&expr, &ConstantScope);
    !problems.has_errors() && plain(&read) == plain(value)
}

/// A value as an expression makes it: without the types of its collections.
pub fn plain(value: &Value) -> Value {
    match &value.kind {
        Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
            Value::tuple(items.iter().map(plain).collect())
        }
        Kind::Map(_, entries) | Kind::Object(entries) => {
            Value::object(entries.iter().map(|(name, item)| (std::sync::Arc::clone(name), plain(item))))
        }
        Kind::Null(_) => Value::null(crate::lang::types::Type::Dynamic),
        _ => value.clone(),
    }
}

/// Whether nothing in an expression is evaluated: literals, and collections of them.
pub fn is_constant(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_) => true,
        ExprKind::Template(_) => is_text(expr),
        ExprKind::JsonString { template, .. } => is_constant(template),
        ExprKind::Parens(inner) => is_constant(inner),
        ExprKind::Unary { operator: UnaryOperator::Negate, operand, .. } => {
            matches!(operand.kind, ExprKind::Literal(_))
        }
        ExprKind::Tuple(items) => items.iter().all(is_constant),
        ExprKind::Object(items) => items.iter().all(|item| {
            let is_key = match &item.key {
                ObjectKey::Name(_) => true,
                ObjectKey::Expr(key) => is_constant(key),
            };
            is_key && is_constant(&item.value)
        }),
        _ => false,
    }
}

/// Whether an expression is a template without anything but text.
pub fn is_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Template(parts) => parts.iter().all(|part| matches!(part, TemplatePart::Text { .. })),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::types::Type;
    use proptest::prelude::*;

    #[test]
    fn what_looks_like_code_stays_text() {
        for text in [
            "${file(\"/proc/self/environ\")}",
            "%{ for x in y }",
            "$${a}",
            "$$${a}",
            "%%{a}",
            "a\"b\\c\nd\te\u{0}\u{7f}\u{202e}",
            "ends with $",
            "$",
        ] {
            let written = string(text);
            assert!(is_literal(&written, &Value::string(text)), "{text:?} became {written}");
        }
    }

    #[test]
    fn collections_are_written_as_people_write_them() {
        let value = Value::object([("Name", Value::string("a")), ("a b", Value::number(2usize))]);
        assert_eq!(literal(&value, 0).unwrap(), "{ Name = \"a\", \"a b\" = 2 }");
        let list = Value::list(Type::String, (0..9).map(|n| Value::string(format!("subnet-{n}"))).collect());
        assert!(literal(&list, 2).unwrap().starts_with("[\n    \"subnet-0\",\n"));
        assert_eq!(literal(&Value::string("x").sensitive(), 0), None);
        assert_eq!(literal(&Value::dynamic(), 0), None);
    }

    proptest! {
        #[test]
        fn every_string_is_written_as_itself(text in any::<String>()) {
            // Strings are kept in composed form, as the reference does.
            let value = Value::string(&text);
            let text = value.as_str().unwrap_or_default().to_owned();
            prop_assert!(is_literal(&string(&text), &value));
            if let Some(inside) = part(&text, true) {
                let heredoc = format!("<<RECON_TEXT\n{inside}\nRECON_TEXT\n");
                let value = Value::string(format!("{text}\n"));
                prop_assert!(is_literal(&heredoc, &value));
            }
        }

        #[test]
        fn signs_before_braces_stay_text(text in "[$%{}~a\"\\\\]{0,12}") {
            prop_assert!(is_literal(&string(&text), &Value::string(&text)));
        }
    }
}
