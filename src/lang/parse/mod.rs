//! From tokens to the syntax tree, with the reference's diagnostics.
//!
//! A recursive-descent parser that goes on after a mistake: at the next item of the body it is in, so that one
//! file's mistakes are reported together. Once it had to skip something it no longer complains of what only
//! looks wrong because of that.

mod body;
mod expression;
pub mod json;
mod literal;
mod template;

use super::ast::{Body, Expr, ExprKind, Literal, TemplatePart};
use super::diagnostic::{Diagnostic, Diagnostics};
use super::scan::{Token, TokenKind, scan, scan_template};
use super::source::{SourceId, SourceMap, Span};

/// How deep expressions and blocks may nest. Far beyond what anybody writes, and within the stack.
const MAX_DEPTH: usize = 1_000;

/// The parser's stack grows by this much at a time when nesting needs it.
const STACK_STEP: usize = 1024 * 1024;

/// Reads a configuration file or a file of definitions. Bytes that are not UTF-8 are reported and replaced.
pub fn parse_file(sources: &SourceMap, name: impl Into<String>, bytes: &[u8]) -> (Body, Diagnostics) {
    let text = String::from_utf8_lossy(bytes);
    let id = sources.add(name, &text);
    let text = std::sync::Arc::clone(&sources.file(id).text);
    let tokens = scan(&text);
    let mut parser = Parser::new(id, &text, &tokens);
    parser.report_invalid_tokens();
    let body = parser.body(TokenKind::End);
    (body, parser.diagnostics)
}

/// Reads a single expression.
pub fn parse_expression(sources: &SourceMap, name: impl Into<String>, text: &str) -> (Expr, Diagnostics) {
    let id = sources.add(name, text);
    let text = std::sync::Arc::clone(&sources.file(id).text);
    let tokens = scan(&text);
    let mut parser = Parser::new(id, &text, &tokens);
    parser.report_invalid_tokens();
    parser.newlines.push(false);
    let expr = parser.expression();
    let next = parser.peek();
    if next.kind != TokenKind::End && !parser.recovering {
        let span = parser.span(next);
        parser.error(
            "Extra characters after expression",
            "An expression was successfully parsed, but extra characters were found after it.",
            span,
        );
    }
    (expr, parser.diagnostics)
}

/// Reads a template: text with interpolations and directives.
pub fn parse_template(
    sources: &SourceMap,
    name: impl Into<String>,
    text: &str,
) -> (Vec<TemplatePart>, Diagnostics) {
    let id = sources.add(name, text);
    let text = std::sync::Arc::clone(&sources.file(id).text);
    let tokens = scan_template(&text);
    let mut parser = Parser::new(id, &text, &tokens);
    parser.report_invalid_tokens();
    let start = Span::new(id, 0, 0);
    let (parts, _) = parser.template_parts(TokenKind::End, false, start);
    (parts, parser.diagnostics)
}

pub(super) struct Parser<'t> {
    source: SourceId,
    text: &'t str,
    tokens: &'t [Token],
    at: usize,
    /// Whether line ends matter, innermost last.
    newlines: Vec<bool>,
    /// Something was skipped: what follows may look wrong without being so.
    recovering: bool,
    depth: usize,
    pub(super) diagnostics: Diagnostics,
}

impl<'t> Parser<'t> {
    fn new(source: SourceId, text: &'t str, tokens: &'t [Token]) -> Parser<'t> {
        Parser {
            source,
            text,
            tokens,
            at: 0,
            newlines: vec![true],
            recovering: false,
            depth: 0,
            diagnostics: Diagnostics::new(),
        }
    }

    fn span(&self, token: Token) -> Span {
        Span { source: self.source, start: token.start, end: token.end }
    }

    fn token_text(&self, token: Token) -> &'t str {
        token.text(self.text)
    }

    /// The next token that matters here, and where it is in the list. A comment that ends its line counts as the
    /// line end, where line ends matter.
    fn next_index(&self) -> (Token, usize) {
        let newlines = self.newlines.last().copied().unwrap_or(true);
        let mut index = self.at;
        while let Some(token) = self.tokens.get(index).copied() {
            match token.kind {
                TokenKind::Comment => {
                    if newlines && self.token_text(token).ends_with('\n') {
                        let end = token.end;
                        return (Token { kind: TokenKind::Newline, start: end - 1, end }, index);
                    }
                }
                TokenKind::Newline if !newlines => {}
                _ => return (token, index),
            }
            index += 1;
        }
        let end = self.text.len() as u32;
        (Token { kind: TokenKind::End, start: end, end }, self.tokens.len())
    }

    fn peek(&self) -> Token {
        self.next_index().0
    }

    fn read(&mut self) -> Token {
        let (token, index) = self.next_index();
        if token.kind != TokenKind::End {
            self.at = index + 1;
        }
        token
    }

    /// The span of the token read last.
    fn previous_span(&self) -> Span {
        match self.at.checked_sub(1).and_then(|index| self.tokens.get(index)) {
            Some(token) => self.span(*token),
            None => Span::new(self.source, 0, 0),
        }
    }

    fn error(&mut self, summary: &str, detail: impl Into<String>, at: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(at));
    }

    fn error_within(&mut self, summary: &str, detail: impl Into<String>, at: Span, context: Span) {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(at).within(context));
    }

    fn failed_since(&self, mark: usize) -> bool {
        self.diagnostics.0[mark..].iter().any(Diagnostic::is_error)
    }

    /// What stands for an expression that could not be read. The evaluator is never given a tree with errors.
    fn no_expression(&self, span: Span) -> Expr {
        Expr { kind: ExprKind::Literal(Literal::Null), span }
    }

    fn is_keyword(&self, token: Token, word: &str) -> bool {
        token.kind == TokenKind::Identifier && self.token_text(token) == word
    }

    /// Runs a part of the parser with line ends mattering or not.
    fn with_newlines<T>(&mut self, matter: bool, run: impl FnOnce(&mut Self) -> T) -> T {
        self.newlines.push(matter);
        let result = run(self);
        self.newlines.pop();
        result
    }

    /// Runs a part of the parser one level deeper, on more stack if need be.
    fn deeper<T>(
        &mut self,
        span: Span,
        otherwise: impl FnOnce(&mut Self) -> T,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        if self.depth >= MAX_DEPTH {
            if !self.recovering {
                let detail =
                    format!("This is nested more than {MAX_DEPTH} levels deep, which recon does not read.");
                self.error("Nesting too deep", detail, span);
            }
            self.recovering = true;
            return otherwise(self);
        }
        self.depth += 1;
        let result = stacker::maybe_grow(STACK_STEP / 4, STACK_STEP, || run(self));
        self.depth -= 1;
        result
    }

    /// Skips to behind the closing token that matches, whatever is opened on the way.
    fn recover(&mut self, end: TokenKind) -> Token {
        let start = opposite(end);
        self.recovering = true;
        let mut nested = 0;
        loop {
            let token = self.read();
            let mut kind = token.kind;
            if end == TokenKind::SequenceEnd && kind == TokenKind::Control {
                kind = TokenKind::Interpolation;
            }
            if kind == TokenKind::End {
                return token;
            }
            if Some(kind) == start {
                nested += 1;
            } else if kind == end {
                if nested == 0 {
                    return token;
                }
                nested -= 1;
            }
        }
    }

    /// Skips to the end of the item of a body that something is wrong with.
    fn recover_after_item(&mut self) {
        self.recovering = true;
        let mut open: Vec<TokenKind> = Vec::new();
        loop {
            let token = self.read();
            match token.kind {
                TokenKind::Newline if open.is_empty() => return,
                TokenKind::End => return,
                TokenKind::OpenBrace
                | TokenKind::OpenBracket
                | TokenKind::OpenParen
                | TokenKind::OpenQuote
                | TokenKind::OpenHeredoc
                | TokenKind::Interpolation
                | TokenKind::Control => open.push(token.kind),
                TokenKind::CloseBrace
                | TokenKind::CloseBracket
                | TokenKind::CloseParen
                | TokenKind::CloseQuote
                | TokenKind::CloseHeredoc => {
                    while open.last().is_some_and(|kind| Some(*kind) != opposite(token.kind)) {
                        open.pop();
                    }
                    open.pop();
                }
                TokenKind::SequenceEnd => {
                    while open
                        .last()
                        .is_some_and(|kind| !matches!(kind, TokenKind::Interpolation | TokenKind::Control))
                    {
                        open.pop();
                    }
                    open.pop();
                }
                _ => {}
            }
        }
    }

    /// Says what characters the language does not have, before anything is made of them.
    fn report_invalid_tokens(&mut self) {
        let mut seen: Vec<TokenKind> = Vec::new();
        for token in self.tokens {
            let (summary, detail) = match token.kind {
                TokenKind::BitAnd => (
                    "Unsupported operator",
                    "Bitwise operators are not supported. Did you mean boolean AND (\"&&\")?",
                ),
                TokenKind::BitOr => (
                    "Unsupported operator",
                    "Bitwise operators are not supported. Did you mean boolean OR (\"||\")?",
                ),
                TokenKind::BitNot => (
                    "Unsupported operator",
                    "Bitwise operators are not supported. Did you mean boolean NOT (\"!\")?",
                ),
                TokenKind::BitXor => ("Unsupported operator", "Bitwise operators are not supported."),
                TokenKind::Apostrophe => (
                    "Invalid character",
                    "Single quotes are not valid. Use double quotes (\") to enclose strings.",
                ),
                TokenKind::Backtick => (
                    "Invalid character",
                    "The \"`\" character is not valid. To create a multi-line string, use the heredoc syntax, like \
                     \"<<EOT\".",
                ),
                TokenKind::Semicolon => (
                    "Invalid character",
                    "The \";\" character is not valid. Use newlines to separate arguments and blocks, and commas to \
                     separate items in collection values.",
                ),
                TokenKind::QuotedNewline => (
                    "Invalid multi-line string",
                    "Quoted strings may not be split over multiple lines. To produce a multi-line string, either use the \
                     \\n escape to represent a newline character or use the heredoc syntax, like \"<<EOT\".",
                ),
                TokenKind::BadUtf8 => (
                    "Invalid character encoding",
                    "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your editor.",
                ),
                TokenKind::Invalid => match token.text(self.text).chars().next() {
                    Some('\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}') => (
                        "Invalid character",
                        "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced when sharing \
                         code via documents or discussion forums. It might help to replace the character with a \
                         \"straight quote\".",
                    ),
                    _ => ("Invalid character", "This character is not used within the language."),
                },
                _ => continue,
            };
            // One mistake of these kinds tends to come many times.
            let once =
                matches!(token.kind, TokenKind::Apostrophe | TokenKind::Backtick | TokenKind::Semicolon);
            if once && seen.contains(&token.kind) {
                continue;
            }
            seen.push(token.kind);
            let span = Span { source: self.source, start: token.start, end: token.end };
            self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        }
    }
}

/// The token that opens what a token closes.
fn opposite(close: TokenKind) -> Option<TokenKind> {
    match close {
        TokenKind::CloseBrace => Some(TokenKind::OpenBrace),
        TokenKind::CloseBracket => Some(TokenKind::OpenBracket),
        TokenKind::CloseParen => Some(TokenKind::OpenParen),
        TokenKind::CloseQuote => Some(TokenKind::OpenQuote),
        TokenKind::CloseHeredoc => Some(TokenKind::OpenHeredoc),
        TokenKind::SequenceEnd => Some(TokenKind::Interpolation),
        _ => None,
    }
}
