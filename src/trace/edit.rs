//! Edits of collections and blocks that leave everything else as it is: comments, alignment, line ends.

use std::sync::Arc;

use crate::lang::ast::{Attribute, Expr, ExprKind, ObjectItem};
use crate::lang::source::{SourceFile, SourceMap, Span};
use crate::lang::splice::Edit;
use crate::lang::value::Value;

use super::text;

/// The text around a place.
pub struct Around {
    file: Arc<SourceFile>,
    span: Span,
}

impl Around {
    pub fn new(sources: &SourceMap, span: Span) -> Around {
        Around { file: sources.file(span.source), span }
    }

    fn text(&self) -> &str {
        &self.file.text
    }

    fn at(&self, start: usize, end: usize, text: impl Into<String>) -> Edit {
        Edit { span: Span::new(self.span.source, start, end), text: text.into() }
    }

    /// Where the line that a byte is in begins.
    fn line_start(&self, at: usize) -> usize {
        self.text().get(..at).and_then(|before| before.rfind('\n')).map_or(0, |found| found + 1)
    }

    /// Where the line that a byte is in ends, before its line end.
    fn line_end(&self, at: usize) -> usize {
        let end =
            self.text().get(at..).and_then(|rest| rest.find('\n')).map_or(self.text().len(), |n| at + n);
        if self.text().get(..end).is_some_and(|before| before.ends_with('\r')) { end - 1 } else { end }
    }

    /// The line end that the file has there.
    fn line_break(&self, at: usize) -> &'static str {
        if self.text().get(self.line_end(at)..).is_some_and(|rest| rest.starts_with("\r\n")) {
            "\r\n"
        } else {
            "\n"
        }
    }

    /// The blanks before the first letter of the line that a byte is in.
    fn indent(&self, at: usize) -> &str {
        let line = self.text().get(self.line_start(at)..).unwrap_or_default();
        &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
    }

    fn between(&self, start: usize, end: usize) -> &str {
        self.text().get(start..end).unwrap_or_default()
    }

    /// Whether nothing but blanks stands before a byte on its line.
    fn begins_line(&self, at: usize) -> bool {
        self.between(self.line_start(at), at).trim().is_empty()
    }

    /// Whether nothing stands behind a byte on its line but blanks, a comma and a comment.
    fn ends_line(&self, at: usize) -> bool {
        let rest = self.between(at, self.line_end(at)).trim();
        let rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
        rest.is_empty() || rest.starts_with('#') || rest.starts_with("//")
    }

    /// The place behind a byte's comma, if the next thing is one.
    fn comma(&self, at: usize) -> Option<usize> {
        let rest = self.text().get(at..)?;
        let blanks = rest.len() - rest.trim_start().len();
        rest.trim_start().starts_with(',').then_some(at + blanks + 1)
    }
}

/// The blanks that lines below `at` are indented by, as a number of columns.
fn columns(indent: &str) -> usize {
    indent.chars().map(|blank| if blank == '\t' { 4 } else { 1 }).sum()
}

/// New lines of a native text, in the file's own line ends.
fn with_breaks(text: &str, line_break: &str) -> String {
    if line_break == "\n" { text.to_owned() } else { text.replace('\n', line_break) }
}

/// How many blanks stand between a name and the equals sign so that it is where a neighbour's is.
fn pad(around: &Around, name: &str, neighbour: Option<(Span, Span)>) -> String {
    let width = neighbour.and_then(|(key, value)| {
        let between = around.between(key.end as usize, value.start as usize);
        let at = between.find('=')?;
        let is_one_line = !between.contains('\n')
            && !around.between(value.start as usize, value.end as usize).contains('\n');
        is_one_line.then_some((key.end - key.start) as usize + at)
    });
    let missing = width.and_then(|width| width.checked_sub(name.len())).filter(|missing| *missing > 0);
    " ".repeat(missing.unwrap_or(1))
}

/// A new argument of a block, behind the last of its arguments or at its beginning.
pub fn argument(
    sources: &SourceMap,
    name: &str,
    value: &Value,
    last: Option<(Span, Span)>,
    body: Span,
) -> Result<Edit, String> {
    let one_line = || "the block is written on one line, which has room for no other argument".to_owned();
    let unwritable = || "the value has no literal form".to_owned();
    let around = Around::new(sources, last.map_or(body, |(_, value)| value));
    let (at, indent) = match last {
        Some((key, value)) => {
            if !around.begins_line(key.start as usize) || !around.ends_line(value.end as usize) {
                return Err(one_line());
            }
            (around.line_end(value.end as usize), around.indent(key.start as usize).to_owned())
        }
        None => {
            let start = body.start as usize;
            if !around.ends_line(start) {
                return Err(one_line());
            }
            (around.line_end(start), format!("{}  ", around.indent(start)))
        }
    };
    let blanks = pad(&around, name, last);
    let line_break = around.line_break(at);
    let text = text::literal(value, columns(&indent)).ok_or_else(unwritable)?;
    Ok(around.at(at, at, with_breaks(&format!("\n{indent}{name}{blanks}= {text}"), line_break)))
}

/// New entries of an object constructor.
pub fn entries(
    sources: &SourceMap,
    object: &Expr,
    items: &[ObjectItem],
    new: &[(Arc<str>, Value)],
) -> Result<Vec<Edit>, String> {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let around = Around::new(sources, object.span);
    let written = |name: &str, value: &Value, neighbour, indent: usize| {
        let text = text::literal(value, indent).ok_or("the value has no literal form")?;
        let name = text::key(name);
        Ok::<String, String>(format!("{name}{}= {text}", pad(&around, &name, neighbour)))
    };
    let Some(last) = items.last() else {
        let all: Vec<String> = new
            .iter()
            .map(|(name, value)| {
                written(name, value, None, columns(around.indent(object.span.start as usize)))
            })
            .collect::<Result<_, _>>()?;
        let (start, end) = (object.span.start as usize + 1, object.span.end as usize - 1);
        if !around.between(start, end).trim().is_empty() {
            return Err("there is nothing but a comment where an entry would have to be added".to_owned());
        }
        return Ok(vec![around.at(start, end, format!(" {} ", all.join(", ")))]);
    };
    let key = last.key.span();
    let neighbour = Some((key, last.value.span));
    let end = last.value.span.end as usize;
    let comma = around.comma(end);
    if around.begins_line(key.start as usize) && around.ends_line(end) {
        let indent = around.indent(key.start as usize).to_owned();
        let at = around.line_end(end);
        let mut added = String::new();
        for (name, value) in new {
            let text = written(name, value, neighbour, columns(&indent))?;
            added.push_str(&format!("\n{indent}{text}{}", if comma.is_some() { "," } else { "" }));
        }
        return Ok(vec![around.at(at, at, with_breaks(&added, around.line_break(at)))]);
    }
    let indent = columns(around.indent(key.start as usize));
    let all: Vec<String> =
        new.iter().map(|(name, value)| written(name, value, None, indent)).collect::<Result<_, _>>()?;
    Ok(vec![around.at(end, end, format!(", {}", all.join(", ")))])
}

/// Takes elements out of a constructor: `places` are all of its elements, `gone` the numbers of those to go, in order.
pub fn removed(sources: &SourceMap, whole: Span, places: &[Span], gone: &[usize]) -> Vec<Edit> {
    let around = Around::new(sources, whole);
    let own_line = |span: &Span| {
        around.begins_line(span.start as usize)
            && around.ends_line(span.end as usize)
            && around.text().get(around.line_end(span.end as usize)..).is_some_and(|rest| !rest.is_empty())
    };
    if gone.iter().filter_map(|index| places.get(*index)).all(own_line) {
        return gone
            .iter()
            .filter_map(|index| places.get(*index))
            .map(|span| {
                let end = around.line_end(span.end as usize);
                let end = end + around.line_break(end).len();
                around.at(around.line_start(span.start as usize), end, "")
            })
            .collect();
    }
    let mut edits = Vec::new();
    let mut index = 0;
    while index < places.len() {
        if !gone.contains(&index) {
            index += 1;
            continue;
        }
        let first = index;
        while gone.contains(&(index + 1)) {
            index += 1;
        }
        let start = |at: usize| places.get(at).map(|span| span.start as usize);
        let end = |at: usize| places.get(at).map(|span| span.end as usize);
        let (from, to) = match (first.checked_sub(1).and_then(end), start(index + 1)) {
            (Some(before), _) => (before, end(index).unwrap_or(before)),
            (None, Some(after)) => (start(first).unwrap_or(after), after),
            (None, None) => {
                let last = end(index).unwrap_or(whole.end as usize);
                (start(first).unwrap_or(last), around.comma(last).unwrap_or(last))
            }
        };
        edits.push(around.at(from, to, ""));
        index += 1;
    }
    edits
}

/// New elements of a tuple constructor, behind the element of a number, or at the beginning.
pub fn elements(
    sources: &SourceMap,
    tuple: &Expr,
    after: Option<usize>,
    new: &[&Value],
) -> Result<Vec<Edit>, String> {
    let ExprKind::Tuple(items) = &tuple.kind else { return Ok(Vec::new()) };
    if new.is_empty() {
        return Ok(Vec::new());
    }
    let around = Around::new(sources, tuple.span);
    let base = columns(around.indent(tuple.span.start as usize));
    let all: Vec<String> = new
        .iter()
        .map(|value| text::literal(value, base + 2).ok_or_else(|| "the value has no literal form".to_owned()))
        .collect::<Result<_, _>>()?;
    let neighbour = after.and_then(|index| items.get(index));
    if let Some(neighbour) = neighbour {
        let end = neighbour.span.end as usize;
        let start = neighbour.span.start as usize;
        if around.begins_line(start) && around.ends_line(end) {
            let indent = around.indent(start).to_owned();
            let at = around.line_end(end);
            let is_last = after == Some(items.len() - 1);
            let has_comma = around.comma(end).is_some();
            let mut edits = Vec::new();
            if !has_comma {
                edits.push(around.at(end, end, ","));
            }
            let mut added = String::new();
            for (index, text) in all.iter().enumerate() {
                let comma = if has_comma || !is_last || index + 1 < all.len() { "," } else { "" };
                added.push_str(&format!("\n{indent}{text}{comma}"));
            }
            edits.push(around.at(at, at, with_breaks(&added, around.line_break(at))));
            return Ok(edits);
        }
        return Ok(vec![around.at(end, end, format!(", {}", all.join(", ")))]);
    }
    let start = tuple.span.start as usize + 1;
    match items.first() {
        None => {
            let end = tuple.span.end as usize - 1;
            if !around.between(start, end).trim().is_empty() {
                return Err(
                    "there is nothing but a comment where an element would have to be added".to_owned()
                );
            }
            Ok(vec![around.at(start, end, all.join(", "))])
        }
        Some(first) => {
            let at = first.span.start as usize;
            if around.begins_line(at) {
                let indent = around.indent(at).to_owned();
                let lines: String = all.iter().map(|text| format!("{text},\n{indent}")).collect();
                return Ok(vec![around.at(at, at, with_breaks(&lines, around.line_break(at)))]);
            }
            Ok(vec![around.at(at, at, format!("{}, ", all.join(", ")))])
        }
    }
}

/// The span of an object's entry, from its key to the end of its value.
pub fn entry(item: &ObjectItem) -> Span {
    item.key.span().to(item.value.span)
}

/// The name and the value of an argument, as places.
pub fn places(attribute: &Attribute) -> (Span, Span) {
    (attribute.name.span, attribute.expr.span)
}
