//! Templates: first their pieces in a row, then the tree that directives make of them.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::super::ast::{Expr, ExprKind, Ident, TemplatePart};
use super::super::scan::{Token, TokenKind};
use super::super::source::Span;
use super::Parser;

/// A piece of a template.
enum Piece {
    Text {
        text: String,
        span: Span,
    },
    Interpolation(Expr, Span),
    If(Expr, Span),
    For {
        key: Option<Ident>,
        value: Ident,
        collection: Expr,
        span: Span,
    },
    /// `else`, `endif`, `endfor`
    Directive(&'static str, Span),
}

impl Piece {
    fn span(&self) -> Span {
        match self {
            Piece::Text { span, .. }
            | Piece::Interpolation(_, span)
            | Piece::If(_, span)
            | Piece::For { span, .. }
            | Piece::Directive(_, span) => *span,
        }
    }
}

impl Parser<'_> {
    /// A quoted string or heredoc, behind its opening token.
    pub(super) fn template(&mut self, end: TokenKind, flush: bool, open: Span) -> Expr {
        let (mut parts, passes_through) = self.template_parts(end, flush, open);
        let span = open.to(self.previous_span());
        if passes_through && let Some(TemplatePart::Interpolation(inner)) = parts.pop() {
            return Expr { kind: ExprKind::TemplateWrap(Box::new(inner)), span };
        }
        Expr { kind: ExprKind::Template(parts), span }
    }

    /// The parts of a template, and whether it is exactly one interpolation.
    pub(super) fn template_parts(
        &mut self,
        end: TokenKind,
        flush: bool,
        open: Span,
    ) -> (Vec<TemplatePart>, bool) {
        let (mut pieces, end_span) = self.pieces(end, open);
        let single = matches!(pieces.as_slice(), [Piece::Interpolation(..)]);
        if flush {
            dedent(&mut pieces);
        }
        let mut rest = pieces.into_iter().peekable();
        let mut parts = Vec::new();
        while rest.peek().is_some() {
            parts.extend(self.part(&mut rest, end_span));
        }
        // Neighbouring texts are one: lines of a heredoc come singly.
        let parts = joined(parts);
        (parts, single)
    }

    fn pieces(&mut self, end: TokenKind, open: Span) -> (Vec<Piece>, Span) {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut trim_next = false;
        let mut can_trim_previous = false;
        let quoted = end == TokenKind::CloseQuote;
        loop {
            let next = self.read();
            let span = self.span(next);
            if next.kind == end {
                return (pieces, span);
            }
            let trim = std::mem::take(&mut trim_next);
            let trimmable = std::mem::take(&mut can_trim_previous);
            match next.kind {
                TokenKind::Text | TokenKind::QuotedText => {
                    let mut text = self.unescaped(next, quoted);
                    if trim {
                        text = text.trim_start().to_owned();
                    }
                    pieces.push(Piece::Text { text, span });
                    can_trim_previous = true;
                }
                TokenKind::Interpolation | TokenKind::Control => {
                    if trimmable
                        && self.token_text(next).ends_with('~')
                        && let Some(Piece::Text { text, .. }) = pieces.last_mut()
                    {
                        text.truncate(text.trim_end().len());
                    }
                    let piece = self.with_newlines(false, |this| {
                        if next.kind == TokenKind::Interpolation {
                            Some(this.interpolation(next, open, &mut trim_next))
                        } else {
                            this.control(next, &mut trim_next)
                        }
                    });
                    pieces.extend(piece);
                }
                _ => {
                    if !self.recovering {
                        self.error_within(
                            "Unterminated template string",
                            "No closing marker was found for the string.",
                            span,
                            open.to(span),
                        );
                    }
                    let last = self.recover(end);
                    return (pieces, self.span(last));
                }
            }
        }
    }

    fn interpolation(&mut self, start: Token, open: Span, trim_next: &mut bool) -> Piece {
        let start_span = self.span(start);
        let expr = self.expression();
        let close = self.peek();
        let close_span = self.span(close);
        if close.kind != TokenKind::SequenceEnd {
            if !self.recovering {
                match close.kind {
                    TokenKind::End => self.error(
                        "Unclosed template interpolation sequence",
                        "There is no closing brace for this interpolation sequence before the end of the file. This might \
                         be caused by incorrect nesting inside the given expression.",
                        open,
                    ),
                    TokenKind::Colon => self.error_within(
                        "Extra characters after interpolation expression",
                        "Template interpolation doesn't expect a colon at this location. Did you intend this to be a \
                         literal sequence to be processed as part of another language? If so, you can escape it by \
                         starting with \"$${\" instead of just \"${\".",
                        close_span,
                        start_span.to(close_span),
                    ),
                    _ => self.error_within(
                        "Extra characters after interpolation expression",
                        "Expected a closing brace to end the interpolation expression, but found extra characters. If \
                         this is an embedded sequence for another language, such as a shell's, escape it by starting \
                         with \"$${\" instead of just \"${\".",
                        close_span,
                        start_span.to(close_span),
                    ),
                }
            }
            self.recover(TokenKind::SequenceEnd);
        } else {
            self.read();
            *trim_next = self.token_text(close).starts_with('~');
        }
        Piece::Interpolation(expr, start_span.to(self.previous_span()))
    }

    /// A `%{ … }` directive. `None`: it is broken, and that has been said.
    fn control(&mut self, start: Token, trim_next: &mut bool) -> Option<Piece> {
        let start_span = self.span(start);
        let keyword = self.peek();
        let keyword_span = self.span(keyword);
        if keyword.kind != TokenKind::Identifier {
            if !self.recovering {
                self.error_within(
                    "Invalid template directive",
                    "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning of a %{ sequence.",
                    keyword_span,
                    start_span.to(keyword_span),
                );
            }
            self.recover(TokenKind::SequenceEnd);
            return None;
        }
        self.read();
        let word = self.token_text(keyword);
        let mut piece = match word {
            "if" => Piece::If(self.expression(), start_span),
            "else" => Piece::Directive("else", start_span),
            "endif" => Piece::Directive("endif", start_span),
            "endfor" => Piece::Directive("endfor", start_span),
            "for" => self.for_directive(start_span)?,
            other => {
                if !self.recovering {
                    let detail = format!("{other:?} is not a valid template control keyword.");
                    self.error_within(
                        "Invalid template control keyword",
                        detail,
                        keyword_span,
                        start_span.to(keyword_span),
                    );
                }
                self.recover(TokenKind::SequenceEnd);
                return None;
            }
        };
        let close = self.peek();
        let close_span = self.span(close);
        if close.kind != TokenKind::SequenceEnd {
            if !self.recovering {
                self.error_within(
                    &format!("Extra characters in {word} marker"),
                    "Expected a closing brace to end the sequence, but found extra characters.",
                    close_span,
                    start_span.to(close_span),
                );
            }
            self.recover(TokenKind::SequenceEnd);
        } else {
            self.read();
            *trim_next = self.token_text(close).starts_with('~');
        }
        let whole = start_span.to(self.previous_span());
        match &mut piece {
            Piece::If(_, span) | Piece::Directive(_, span) | Piece::For { span, .. } => *span = whole,
            _ => {}
        }
        Some(piece)
    }

    fn for_directive(&mut self, start: Span) -> Option<Piece> {
        const SUMMARY: &str = "Invalid 'for' directive";
        let broken = |this: &mut Self, detail: &str| {
            if !this.recovering {
                let span = this.span(this.peek());
                this.error_within(SUMMARY, detail, span, start.to(span));
            }
            this.recover(TokenKind::SequenceEnd);
            None
        };
        if self.peek().kind != TokenKind::Identifier {
            return broken(self, "For directive requires variable name after 'for'.");
        }
        let mut value = self.read();
        let mut key = None;
        if self.peek().kind == TokenKind::Comma {
            self.read();
            if self.peek().kind != TokenKind::Identifier {
                return broken(self, "For directive requires value variable name after comma.");
            }
            key = Some(value);
            value = self.read();
        }
        if !self.is_keyword(self.peek(), "in") {
            return broken(self, "For directive requires 'in' keyword after names.");
        }
        self.read();
        let collection = self.expression();
        let ident = |token: Token| Ident { name: self.token_text(token).into(), span: self.span(token) };
        Some(Piece::For { key: key.map(ident), value: ident(value), collection, span: start })
    }

    /// The next part of the tree; `None` for a directive that belongs to nothing.
    fn part(
        &mut self,
        rest: &mut std::iter::Peekable<std::vec::IntoIter<Piece>>,
        end: Span,
    ) -> Option<TemplatePart> {
        match rest.next()? {
            Piece::Text { text, span } => Some(TemplatePart::Text { text: normal(text), span }),
            Piece::Interpolation(expr, _) => Some(TemplatePart::Interpolation(expr)),
            Piece::Directive(word, span) => {
                let summary = format!("Unexpected {word} directive");
                self.error(&summary, "The control directives within this template are unbalanced.", span);
                None
            }
            Piece::If(condition, open) => {
                self.deeper(open, |_| None, |this| this.if_part(condition, open, rest, end))
            }
            Piece::For { key, value, collection, span: open } => self.deeper(
                open,
                |_| None,
                |this| {
                    let mut body = Vec::new();
                    loop {
                        match rest.peek() {
                            None => {
                                this.unclosed("for", "endfor", end);
                                break;
                            }
                            Some(Piece::Directive("endfor", _)) => {
                                rest.next();
                                break;
                            }
                            Some(Piece::Directive(word, span)) => {
                                let summary = format!("Unexpected {word} directive");
                                let detail = "Expecting an endfor directive for the for directive before it.";
                                this.error(&summary, detail, *span);
                                rest.next();
                            }
                            Some(_) => body.extend(this.part(rest, end)),
                        }
                    }
                    Some(TemplatePart::For { key, value, collection, body: joined(body), span: open })
                },
            ),
        }
    }

    fn if_part(
        &mut self,
        condition: Expr,
        open: Span,
        rest: &mut std::iter::Peekable<std::vec::IntoIter<Piece>>,
        end: Span,
    ) -> Option<TemplatePart> {
        let (mut yes, mut no) = (Vec::new(), Vec::new());
        let mut in_else = false;
        loop {
            match rest.peek() {
                None => {
                    self.unclosed("if", "endif", end);
                    break;
                }
                Some(Piece::Directive("endif", _)) => {
                    rest.next();
                    break;
                }
                Some(Piece::Directive("else", _)) if !in_else => {
                    in_else = true;
                    rest.next();
                }
                Some(piece @ Piece::Directive(word, _)) => {
                    let detail = match *word {
                        "else" => "Already in the else clause of the if directive before it.",
                        _ => "Expecting an endif directive for the if directive before it.",
                    };
                    let (summary, span) = (format!("Unexpected {word} directive"), piece.span());
                    self.error(&summary, detail, span);
                    rest.next();
                }
                Some(_) => {
                    let part = self.part(rest, end);
                    if in_else { no.extend(part) } else { yes.extend(part) }
                }
            }
        }
        Some(TemplatePart::If { condition, yes: joined(yes), no: joined(no), span: open })
    }

    fn unclosed(&mut self, word: &str, closer: &str, end: Span) {
        let detail = format!("A {word} directive is missing its corresponding {closer} directive.");
        self.error("Unexpected end of template", detail, end);
    }
}

fn normal(text: String) -> Arc<str> {
    if text.is_ascii() { text.into() } else { text.nfc().collect::<String>().into() }
}

fn joined(parts: Vec<TemplatePart>) -> Vec<TemplatePart> {
    let mut out: Vec<TemplatePart> = Vec::with_capacity(parts.len());
    for part in parts {
        match (out.last_mut(), part) {
            (Some(TemplatePart::Text { text, span }), TemplatePart::Text { text: more, span: own }) => {
                *text = normal([&**text, &*more].concat());
                *span = span.to(own);
            }
            (_, part) => out.push(part),
        }
    }
    out
}

/// Takes from the lines of a `<<-` heredoc what they have in common of leading blanks. Lines that are blank do not
/// count; a line that begins with a template sequence has no blanks.
fn dedent(pieces: &mut [Piece]) {
    let mut least = usize::MAX;
    let mut starts = Vec::new();
    let mut at_line_start = true;
    for (index, piece) in pieces.iter().enumerate() {
        let text = match piece {
            Piece::Text { text, .. } => Some(text),
            _ => None,
        };
        if at_line_start {
            at_line_start = false;
            let blanks = match text {
                Some(text) => {
                    let trimmed = text.trim_start();
                    if trimmed.is_empty() && text.ends_with('\n') {
                        usize::MAX
                    } else {
                        starts.push(index);
                        text[..text.len() - trimmed.len()].graphemes(true).count()
                    }
                }
                None => 0,
            };
            least = least.min(blanks);
        }
        if text.is_some_and(|text| text.ends_with('\n')) {
            at_line_start = true;
        }
    }
    for index in starts {
        if let Piece::Text { text, .. } = &mut pieces[index] {
            let cut: usize = text.graphemes(true).take(least).map(str::len).sum();
            text.drain(..cut);
        }
    }
}
