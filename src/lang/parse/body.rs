//! Bodies: arguments and blocks.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::ast::{Attribute, Block, Body, Ident, Label};
use super::super::scan::{Token, TokenKind};
use super::super::source::Span;
use super::Parser;

enum Item {
    Attribute(Attribute),
    Block(Block),
    /// Nothing usable; that has been said.
    None,
}

const ITEM_REQUIRED: &str = "An argument or block definition is required here.";

impl Parser<'_> {
    /// Reads items up to the token that ends the body, which is read too.
    pub(super) fn body(&mut self, end: TokenKind) -> Body {
        let start = self.previous_span();
        let mut attributes: Vec<Attribute> = Vec::new();
        let mut names: HashMap<Arc<str>, usize> = HashMap::new();
        let mut blocks = Vec::new();
        let last = loop {
            let next = self.peek();
            if next.kind == end {
                let token = self.read();
                break self.span(token);
            }
            match next.kind {
                TokenKind::Newline => {
                    self.read();
                }
                TokenKind::Identifier => match self.item() {
                    Item::Attribute(attribute) => match names.get(&attribute.name.name) {
                        Some(_) => {
                            let detail = format!(
                                "The argument {:?} was already set. Each argument may be set only once.",
                                attribute.name.name
                            );
                            self.error("Attribute redefined", detail, attribute.name.span);
                        }
                        None => {
                            names.insert(Arc::clone(&attribute.name.name), attributes.len());
                            attributes.push(attribute);
                        }
                    },
                    Item::Block(block) => blocks.push(block),
                    Item::None => {}
                },
                _ => {
                    let bad = self.read();
                    self.unexpected_in_body(bad, start);
                    let token = self.recover(end);
                    break self.span(token);
                }
            }
        };
        Body { attributes, blocks, span: start.to(last), missing: start.before(), json: false }
    }

    fn unexpected_in_body(&mut self, bad: Token, start: Span) {
        if self.recovering {
            return;
        }
        match bad.kind {
            TokenKind::OpenQuote => {
                self.error("Invalid argument name", "Argument names must not be quoted.", self.span(bad));
            }
            TokenKind::End => self.error(
                "Unclosed configuration block",
                "There is no closing brace for this block before the end of the file. This may be caused by incorrect \
                 brace nesting elsewhere in this file.",
                start,
            ),
            _ => self.error("Argument or block definition required", ITEM_REQUIRED, self.span(bad)),
        }
    }

    fn ident(&self, token: Token) -> Ident {
        Ident { name: self.token_text(token).into(), span: self.span(token) }
    }

    fn item(&mut self) -> Item {
        let token = self.read();
        let name = self.ident(token);
        match self.peek().kind {
            TokenKind::Equal => Item::Attribute(self.attribute(name, false)),
            TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Identifier => self.block(name),
            _ => {
                self.recover_after_item();
                let detail = format!(
                    "{ITEM_REQUIRED} To set an argument, use the equals sign \"=\" to introduce the argument value."
                );
                self.error("Argument or block definition required", detail, name.span);
                Item::None
            }
        }
    }

    fn attribute(&mut self, name: Ident, single_line: bool) -> Attribute {
        self.read();
        let mark = self.diagnostics.0.len();
        let expr = self.expression();
        if self.recovering && self.failed_since(mark) {
            self.recover_after_item();
        } else if !single_line {
            let end = self.peek();
            if end.kind == TokenKind::Newline {
                self.read();
            } else if end.kind != TokenKind::End {
                if !self.recovering {
                    let context = name.span.to(self.span(end));
                    let (summary, detail) = match end.kind {
                        TokenKind::Comma => (
                            "Unexpected comma after argument",
                            "Argument definitions must be separated by newlines, not commas. An argument definition \
                             must end with a newline.",
                        ),
                        _ => (
                            "Missing newline after argument",
                            "An argument definition must end with a newline.",
                        ),
                    };
                    self.error_within(summary, detail, self.span(end), context);
                }
                self.recover_after_item();
            }
        }
        let span = name.span.to(expr.span);
        Attribute { name, expr, span }
    }

    fn block(&mut self, kind: Ident) -> Item {
        let mut labels = Vec::new();
        let open = loop {
            let next = self.peek();
            match next.kind {
                TokenKind::OpenBrace => break self.read(),
                TokenKind::OpenQuote => {
                    let mark = self.diagnostics.0.len();
                    let label = self.label();
                    labels.push(label);
                    if self.failed_since(mark) {
                        self.recover_after_item();
                        return Item::None;
                    }
                }
                TokenKind::Identifier => {
                    let token = self.read();
                    labels.push(Label { value: self.token_text(token).into(), span: self.span(token) });
                }
                _ => {
                    self.broken_header(next, &kind);
                    self.recover_after_item();
                    return Item::None;
                }
            }
        };
        let open_brace = self.span(open);
        let header = labels.last().map_or(kind.span, |label| kind.span.to(label.span));
        let body = match self.peek().kind {
            TokenKind::Newline | TokenKind::End | TokenKind::CloseBrace => self.deeper(
                open_brace,
                |this| this.skipped_body(open_brace),
                |this| this.body(TokenKind::CloseBrace),
            ),
            _ => self.single_line_body(open_brace),
        };
        let close_brace = self.previous_span();
        let end = self.peek();
        if matches!(end.kind, TokenKind::Newline | TokenKind::End) {
            self.read();
        } else {
            if !self.recovering {
                let context = kind.span.to(self.span(end));
                self.error_within(
                    "Missing newline after block definition",
                    "A block definition must end with a newline.",
                    self.span(end),
                    context,
                );
            }
            self.recover_after_item();
        }
        let body = Body { missing: open_brace.before(), ..body };
        Item::Block(Block { kind, labels, body, header, open_brace, close_brace })
    }

    fn skipped_body(&mut self, open: Span) -> Body {
        let token = self.recover(TokenKind::CloseBrace);
        Body {
            attributes: Vec::new(),
            blocks: Vec::new(),
            span: open.to(self.span(token)),
            missing: open.before(),
            json: false,
        }
    }

    fn broken_header(&mut self, next: Token, kind: &Ident) {
        let span = self.span(next);
        let context = kind.span.to(span);
        let detail = match next.kind {
            TokenKind::Equal => {
                "The equals sign \"=\" indicates an argument definition, and must not be used when defining a block."
            }
            TokenKind::Newline => {
                "A block definition must have block content delimited by \"{\" and \"}\", starting on the same line as the \
                 block header."
            }
            _ if self.recovering => return,
            _ => "Either a quoted string block label or an opening brace (\"{\") is expected here.",
        };
        self.error_within("Invalid block definition", detail, span, context);
    }

    /// `{ name = value }` on one line.
    fn single_line_body(&mut self, open: Span) -> Body {
        let attributes: Vec<Attribute> = self.single_argument().into_iter().collect();
        let next = self.peek();
        let span = self.span(next);
        let summary = "Invalid single-argument block definition";
        match next.kind {
            TokenKind::CloseBrace => {
                self.read();
            }
            TokenKind::Comma => {
                self.error(
                    summary,
                    "Single-line block syntax can include only one argument definition. To define multiple arguments, use \
                     the multi-line block syntax with one argument definition per line.",
                    span,
                );
                self.recover(TokenKind::CloseBrace);
            }
            TokenKind::Newline => {
                self.error(
                    summary,
                    "An argument definition on the same line as its containing block creates a single-line block \
                     definition, which must also be closed on the same line. Place the block's closing brace \
                     immediately after the argument definition.",
                    span,
                );
                self.recover(TokenKind::CloseBrace);
            }
            _ => {
                if !self.recovering {
                    self.error(
                        summary,
                        "A single-line block definition must end with a closing brace immediately after its single \
                         argument definition.",
                        span,
                    );
                }
                self.recover(TokenKind::CloseBrace);
            }
        }
        let close = self.previous_span();
        Body { attributes, blocks: Vec::new(), span: open.to(close), missing: open.before(), json: false }
    }

    fn single_argument(&mut self) -> Option<Attribute> {
        let token = self.read();
        let summary = "Argument or block definition required";
        if token.kind != TokenKind::Identifier {
            self.recover_after_item();
            self.error(summary, ITEM_REQUIRED, self.span(token));
            return None;
        }
        let name = self.ident(token);
        let next = self.peek();
        match next.kind {
            TokenKind::Equal => Some(self.attribute(name, true)),
            TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Identifier => {
                self.recover_after_item();
                let detail = format!(
                    "A single-line block definition can contain only a single argument. If you meant to define argument \
                     {:?}, use an equals sign to assign it a value. To define a nested block, place it on a line of its \
                     own within its parent block.",
                    name.name
                );
                self.error("Argument definition required", detail, name.span.to(self.span(next)));
                None
            }
            _ => {
                self.recover_after_item();
                let detail = format!(
                    "{ITEM_REQUIRED} To set an argument, use the equals sign \"=\" to introduce the argument value."
                );
                self.error(summary, detail, name.span);
                None
            }
        }
    }

    /// A quoted block label: text without templates.
    fn label(&mut self) -> Label {
        let open = self.read();
        let open_span = self.span(open);
        let mut value = String::new();
        let close = loop {
            let token = self.read();
            let span = self.span(token);
            match token.kind {
                TokenKind::CloseQuote => break span,
                TokenKind::QuotedText => value.push_str(&self.unescaped(token, true)),
                TokenKind::Interpolation | TokenKind::Control => {
                    let sign = &self.token_text(token)[..1];
                    let detail = format!(
                        "Template sequences are not allowed in this string. To include a literal {sign:?}, double it (as \
                         \"{sign}{sign}\") to escape it."
                    );
                    self.error_within("Invalid string literal", detail, span, open_span.to(span));
                    self.recover(TokenKind::SequenceEnd);
                }
                TokenKind::End => {
                    self.error_within(
                        "Unterminated string literal",
                        "Unable to find the closing quote mark before the end of the file.",
                        span,
                        open_span.to(span),
                    );
                    break span;
                }
                _ => {
                    if !self.recovering {
                        self.error_within(
                            "Invalid string literal",
                            "This item is not valid in a string literal.",
                            span,
                            open_span.to(span),
                        );
                    }
                    let token = self.recover(TokenKind::CloseQuote);
                    break self.span(token);
                }
            }
        };
        Label { value: value.into(), span: open_span.to(close) }
    }
}
