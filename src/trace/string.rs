//! Strings: literals, templates with one part that is not known, documents in JSON.

use serde_json::Value as Json;

use crate::lang::ast::{Expr, ExprKind, ObjectKey, TemplatePart};
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};
use crate::lang::splice::Edit;
use crate::lang::types::Type;
use crate::lang::value::Value;

use super::text;
use super::walk::{Outcome, Place, Walk};

/// Makes a template answer another string.
pub fn template<'e>(
    walk: &mut Walk<'_>,
    expr: &'e Expr,
    parts: &'e [TemplatePart],
    place: &Place<'e>,
    wanted: &Value,
) -> Outcome {
    let Ok(wanted) = wanted.convert(&Type::String) else {
        return Err("a string stands there, and AWS has something else".to_owned());
    };
    let Some(new) = wanted.as_str() else { return Err("a string with parts is never null".to_owned()) };
    let mut texts = Vec::new();
    for part in parts {
        texts.push(match part {
            TemplatePart::Text { text, .. } => Some(text.to_string()),
            TemplatePart::Interpolation(inner) => walk.text_of(inner, place)?,
            TemplatePart::If { .. } | TemplatePart::For { .. } => {
                return Err("the string is made by template directives".to_owned());
            }
        });
    }
    let known: Option<String> = texts.iter().cloned().collect();
    let new = match &known {
        Some(old) => same_layout(old, new).unwrap_or_else(|| new.to_owned()),
        None => new.to_owned(),
    };
    if known.as_deref() == Some(new.as_str()) && !walk.probes {
        return Ok(Vec::new());
    }
    if parts.iter().all(|part| matches!(part, TemplatePart::Text { .. })) {
        return literal(walk.sources(), expr, parts, &new);
    }
    walk.inverts();
    let fitting: Vec<(usize, &str)> = (0..parts.len())
        .filter(|index| matches!(parts.get(*index), Some(TemplatePart::Interpolation(_))))
        .filter_map(|index| Some((index, middle(&texts, index, &new)?)))
        .collect();
    match fitting.as_slice() {
        [(index, part)] => match parts.get(*index) {
            Some(TemplatePart::Interpolation(inner)) => {
                return walk.change(inner, place, &[], &Value::string(part));
            }
            _ => return Err("the string has no such part".to_owned()),
        },
        [] => {}
        _ => return Err("the difference can be in more than one part of the string".to_owned()),
    }
    let fitting: Vec<(usize, &str)> = (0..parts.len())
        .filter(|index| matches!(parts.get(*index), Some(TemplatePart::Text { .. })))
        .filter_map(|index| Some((index, middle(&texts, index, &new)?)))
        .collect();
    let [(index, part)] = fitting.as_slice() else {
        return Err(if known.is_none() {
            "a part of the string is known only after an apply".to_owned()
        } else {
            "the difference is not in one part of the string alone".to_owned()
        });
    };
    let Some(TemplatePart::Text { text, span }) = parts.get(*index) else {
        return Err("the string has no such part".to_owned());
    };
    let is_heredoc = walk.sources().text(expr.span).starts_with("<<");
    let is_followed = parts.len() > index + 1;
    Ok(vec![text_part(walk.sources(), *span, text, part, is_heredoc, is_followed)?])
}

/// What would have to stand at one part of a string, if all others stay.
fn middle<'t>(texts: &[Option<String>], index: usize, whole: &'t str) -> Option<&'t str> {
    let join = |texts: &[Option<String>]| -> Option<String> { texts.iter().cloned().collect() };
    let before = join(texts.get(..index)?)?;
    let after = join(texts.get(index + 1..)?)?;
    whole.strip_prefix(before.as_str())?.strip_suffix(after.as_str())
}

/// Another text for a string without any other part.
fn literal(sources: &SourceMap, expr: &Expr, parts: &[TemplatePart], new: &str) -> Outcome {
    let quoted = || Edit { span: expr.span, text: text::string(new) };
    if !sources.text(expr.span).starts_with("<<") {
        return Ok(vec![quoted()]);
    }
    match parts {
        [TemplatePart::Text { text, span }] if new.ends_with('\n') => {
            text_part(sources, *span, text, new, true, false).map(|edit| vec![edit])
        }
        _ => Ok(vec![quoted()]),
    }
}

/// Another text for a part of a string.
fn text_part(
    sources: &SourceMap,
    span: Span,
    old: &str,
    new: &str,
    is_heredoc: bool,
    is_followed: bool,
) -> Result<Edit, String> {
    let not_text = || "what AWS has would not stay text there".to_owned();
    if is_followed && new.ends_with(['$', '%']) {
        return Err(not_text());
    }
    if !is_heredoc {
        return Ok(Edit { span, text: text::part(new, false).ok_or_else(not_text)? });
    }
    let raw = sources.text(span);
    let (raw_lines, old_lines): (Vec<&str>, Vec<&str>) =
        (raw.split_inclusive('\n').collect(), old.split_inclusive('\n').collect());
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    if raw_lines.len() != old_lines.len() {
        return Err("the lines of the heredoc are not those of its value".to_owned());
    }
    let most = old_lines.len().min(new_lines.len());
    let head = (0..most).take_while(|at| old_lines.get(*at) == new_lines.get(*at)).count();
    let tail = (1..=most - head)
        .take_while(|back| old_lines.get(old_lines.len() - back) == new_lines.get(new_lines.len() - back))
        .count();
    let file = sources.file(span.source);
    let begins_line = file.text.get(..span.start as usize).is_some_and(|before| before.ends_with('\n'));
    let indent = indent_of(&raw_lines, &old_lines, begins_line);
    let size = |lines: &[&str]| lines.iter().map(|line| line.len()).sum::<usize>();
    let start = span.start as usize + size(raw_lines.get(..head).unwrap_or_default());
    let end = span.end as usize - size(raw_lines.get(raw_lines.len() - tail..).unwrap_or_default());
    let middle = new_lines.get(head..new_lines.len() - tail).unwrap_or_default();
    let mut written = String::new();
    for (index, line) in middle.iter().enumerate() {
        let is_line_start = begins_line || head + index > 0;
        let is_blank = line.trim_end_matches(['\r', '\n']).is_empty();
        if is_line_start && !is_blank {
            written.push_str(&indent);
        }
        let (content, line_break) = match line.strip_suffix('\n') {
            Some(content) => (content, "\n"),
            None => (*line, ""),
        };
        written.push_str(&text::part(content, true).ok_or_else(not_text)?);
        written.push_str(line_break);
    }
    Ok(Edit { span: Span::new(span.source, start, end), text: written })
}

/// What the lines of a heredoc have before them that is not of its value.
fn indent_of(raw: &[&str], old: &[&str], begins_line: bool) -> String {
    let mut lines = raw.iter().zip(old).enumerate();
    let found = lines.find_map(|(index, (raw, old))| {
        let counts = (index > 0 || begins_line) && !old.trim().is_empty();
        let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let more = blanks(raw).checked_sub(blanks(old)).filter(|_| counts)?;
        raw.get(..more)
    });
    found.unwrap_or_default().to_owned()
}

/// Where both are documents in JSON: the new document laid out as the old one. `None`: they are not both documents.
fn same_layout(old: &str, new: &str) -> Option<String> {
    let is_document = |json: &Json| json.is_object() || json.is_array();
    let before: Json = serde_json::from_str(old).ok().filter(is_document)?;
    let after: Json = serde_json::from_str(new).ok().filter(is_document)?;
    let mut leaves = Vec::new();
    if differing(&before, &after, &mut Vec::new(), &mut leaves) {
        let sources = SourceMap::new();
        let (expr, problems) = parse::parse_expression(&sources, "document", old);
        let places: Option<Vec<(Span, String)>> = leaves
            .into_iter()
            .map(|(path, value)| Some((leaf(&expr, &path)?, serde_json::to_string(value).ok()?)))
            .collect();
        if let Some(mut places) = places.filter(|_| !problems.has_errors()) {
            places.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
            let mut text = old.to_owned();
            for (span, value) in places {
                let range = span.start as usize..span.end as usize;
                if text.get(range.clone()).is_some() {
                    text.replace_range(range, &value);
                }
            }
            if serde_json::from_str::<Json>(&text).ok().as_ref() == Some(&after) {
                return Some(text);
            }
        }
    }
    let trimmed = old.trim();
    let mut text = if trimmed.contains('\n') {
        serde_json::to_string_pretty(&after).ok()?
    } else {
        serde_json::to_string(&after).ok()?
    };
    if old.ends_with('\n') {
        text.push('\n');
    }
    Some(text)
}

/// A step into a document.
#[derive(Clone, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

/// The values within two documents that are others, if the documents differ in nothing but those.
fn differing<'j>(
    old: &Json,
    new: &'j Json,
    path: &mut Vec<Step>,
    found: &mut Vec<(Vec<Step>, &'j Json)>,
) -> bool {
    match (old, new) {
        (Json::Object(old), Json::Object(new)) => {
            old.len() == new.len()
                && old.iter().all(|(name, value)| {
                    let Some(other) = new.get(name) else { return false };
                    path.push(Step::Name(name.clone()));
                    let same = differing(value, other, path, found);
                    path.pop();
                    same
                })
        }
        (Json::Array(old), Json::Array(new)) => {
            old.len() == new.len()
                && old.iter().zip(new).enumerate().all(|(index, (value, other))| {
                    path.push(Step::Index(index));
                    let same = differing(value, other, path, found);
                    path.pop();
                    same
                })
        }
        (Json::Object(_) | Json::Array(_), _) | (_, Json::Object(_) | Json::Array(_)) => false,
        (old, new) => {
            if old != new {
                found.push((path.clone(), new));
            }
            true
        }
    }
}

/// The place of a value in the text of a document. The language's own constructors read JSON, too.
fn leaf(expr: &Expr, path: &[Step]) -> Option<Span> {
    let Some((step, rest)) = path.split_first() else { return Some(expr.span) };
    match (&expr.kind, step) {
        (ExprKind::Tuple(items), Step::Index(index)) => leaf(items.get(*index)?, rest),
        (ExprKind::Object(items), Step::Name(name)) => {
            let item = items.iter().find(|item| match &item.key {
                ObjectKey::Name(word) => *word.name == **name,
                ObjectKey::Expr(Expr { kind: ExprKind::Template(parts), .. }) => {
                    matches!(parts.as_slice(), [TemplatePart::Text { text, .. }] if **text == **name)
                }
                ObjectKey::Expr(_) => false,
            })?;
            leaf(&item.value, rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_keeps_its_layout() {
        let old = "{ \"a\": [1, 2],\n   \"b\": \"x\" }\n";
        assert_eq!(
            same_layout(old, "{\"b\":\"y\",\"a\":[1,3]}").unwrap(),
            "{ \"a\": [1, 3],\n   \"b\": \"y\" }\n"
        );
        assert_eq!(same_layout("{\"a\":1}", "{\"a\":1,\"b\":2}").unwrap(), "{\"a\":1,\"b\":2}");
        assert_eq!(same_layout("{\"a\":1}", "text"), None);
    }
}
