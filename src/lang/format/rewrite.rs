//! What is written otherwise in canonical style: labels without quotes, templates that are nothing but one value, and
//! types as they were written before they had a syntax of their own.

use crate::lang::ast::{Body, Expr};
use crate::lang::scan::{Token, TokenKind, scan};
use crate::lang::source::Span;

/// The text with each of them replaced.
pub fn rewritten(text: &str, body: &Body) -> String {
    let tokens = scan(text);
    let mut edits = Edits { text, tokens: &tokens, found: Vec::new() };
    edits.body(body, false);
    edits.found.sort_by_key(|(span, _)| span.start);
    let (mut result, mut at) = (String::with_capacity(text.len()), 0);
    for (span, new) in &edits.found {
        result.push_str(&text[at..span.start as usize]);
        result.push_str(new);
        at = span.end as usize;
    }
    result.push_str(&text[at..]);
    result
}

struct Edits<'t> {
    text: &'t str,
    tokens: &'t [Token],
    found: Vec<(Span, String)>,
}

impl Edits<'_> {
    fn body(&mut self, body: &Body, of_variable: bool) {
        for attribute in &body.attributes {
            let new = if of_variable && &*attribute.name.name == "type" {
                type_constraint(self.of(attribute.expr.span))
            } else {
                self.unwrapped(&attribute.expr)
            };
            self.found.extend(new.map(|new| (attribute.expr.span, new)));
        }
        for block in &body.blocks {
            for label in &block.labels {
                if !self.of(label.span).starts_with('"') {
                    self.found.push((label.span, format!("\"{}\"", self.of(label.span))));
                }
            }
            self.body(&block.body, &*block.kind.name == "variable");
        }
    }

    fn of(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// `x` of `"${x}"`, in parentheses if it goes over several lines. Templates within templates go with it, which
    /// leaves nothing to a second run.
    fn unwrapped(&self, expr: &Expr) -> Option<String> {
        let first = self.tokens.partition_point(|token| token.start < expr.span.start);
        let last = self.tokens.partition_point(|token| token.end <= expr.span.end);
        let mut range = value_of(self.tokens.get(first..last)?)?;
        while let Some(inner) = value_of(range.tokens) {
            range = inner;
        }
        let value = self.text[range.start as usize..range.end as usize].trim();
        Some(if value.contains('\n') { format!("({value})") } else { value.to_owned() })
    }
}

/// What stands between `"${` and `}"`.
struct Wrapped<'t> {
    tokens: &'t [Token],
    start: u32,
    end: u32,
}

/// The value that is all that a template holds.
fn value_of(tokens: &[Token]) -> Option<Wrapped<'_>> {
    let [open, start, inside @ .., end, close] = tokens else { return None };
    let is_wrapped = (open.kind, start.kind, end.kind, close.kind)
        == (TokenKind::OpenQuote, TokenKind::Interpolation, TokenKind::SequenceEnd, TokenKind::CloseQuote);
    if !is_wrapped || inside.is_empty() {
        return None;
    }
    // The template must end where its first sequence does.
    let mut quotes = 0;
    for token in inside {
        match token.kind {
            TokenKind::OpenQuote => quotes += 1,
            TokenKind::CloseQuote => quotes -= 1,
            TokenKind::QuotedText | TokenKind::Interpolation | TokenKind::SequenceEnd if quotes == 0 => {
                return None;
            }
            _ => {}
        }
    }
    Some(Wrapped { tokens: inside, start: start.end, end: end.start })
}

/// The types that had only a name, or stood in quotes.
fn type_constraint(text: &str) -> Option<String> {
    let new = match text {
        "\"string\"" => "string",
        "\"list\"" => "list(string)",
        "\"map\"" => "map(string)",
        "list" => "list(any)",
        "map" => "map(any)",
        "set" => "set(any)",
        _ => return None,
    };
    Some(new.to_owned())
}
