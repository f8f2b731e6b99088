//! Expressions.

use std::sync::Arc;

use super::super::ast::{
    BinaryOperator, Call, Expr, ExprKind, For, Ident, Literal, ObjectItem, ObjectKey, Step, StepKind,
    TemplatePart, Traversal, UnaryOperator,
};
use super::super::number::Number;
use super::super::scan::{Token, TokenKind};
use super::super::source::Span;
use super::Parser;

/// Binary operators by how tightly they bind, loosest first.
const LEVELS: [&[(TokenKind, BinaryOperator)]; 6] = [
    &[(TokenKind::Or, BinaryOperator::Or)],
    &[(TokenKind::And, BinaryOperator::And)],
    &[(TokenKind::EqualEqual, BinaryOperator::Equal), (TokenKind::NotEqual, BinaryOperator::NotEqual)],
    &[
        (TokenKind::Greater, BinaryOperator::Greater),
        (TokenKind::GreaterEqual, BinaryOperator::GreaterOrEqual),
        (TokenKind::Less, BinaryOperator::Less),
        (TokenKind::LessEqual, BinaryOperator::LessOrEqual),
    ],
    &[(TokenKind::Plus, BinaryOperator::Add), (TokenKind::Minus, BinaryOperator::Subtract)],
    &[
        (TokenKind::Star, BinaryOperator::Multiply),
        (TokenKind::Slash, BinaryOperator::Divide),
        (TokenKind::Percent, BinaryOperator::Modulo),
    ],
];

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Expr {
        let span = self.span(self.peek());
        self.deeper(span, |this| this.no_expression(span), Self::conditional)
    }

    fn conditional(&mut self) -> Expr {
        let start = self.span(self.peek());
        let mark = self.diagnostics.0.len();
        let condition = self.binary(0);
        if self.recovering && self.failed_since(mark) || self.peek().kind != TokenKind::Question {
            return condition;
        }
        self.read();
        let yes = self.expression();
        if self.recovering && self.failed_since(mark) {
            return condition;
        }
        let colon = self.peek();
        if colon.kind != TokenKind::Colon {
            let span = self.span(colon);
            self.error_within(
                "Missing false expression in conditional",
                "The conditional operator (...?...:...) requires a false expression, delimited by a colon.",
                span,
                start.to(span),
            );
            return condition;
        }
        self.read();
        let no = self.expression();
        let span = start.to(no.span);
        let kind =
            ExprKind::Conditional { condition: Box::new(condition), yes: Box::new(yes), no: Box::new(no) };
        Expr { kind, span }
    }

    fn binary(&mut self, level: usize) -> Expr {
        let Some(operators) = LEVELS.get(level) else { return self.with_traversals() };
        let mark = self.diagnostics.0.len();
        let mut left = self.binary(level + 1);
        if self.recovering && self.failed_since(mark) {
            return left;
        }
        loop {
            let next = self.peek();
            let Some((_, operator)) = operators.iter().find(|(kind, _)| *kind == next.kind) else {
                return left;
            };
            self.read();
            let right = self.binary(level + 1);
            let span = left.span.to(right.span);
            left = Expr {
                kind: ExprKind::Binary {
                    operator: *operator,
                    left: Box::new(left),
                    right: Box::new(right),
                    operator_span: self.span(next),
                },
                span,
            };
            if self.recovering && self.failed_since(mark) {
                return left;
            }
        }
    }

    fn with_traversals(&mut self) -> Expr {
        let mark = self.diagnostics.0.len();
        let term = self.term();
        if self.recovering && self.failed_since(mark) {
            return term;
        }
        self.traversals(term)
    }

    /// Whatever follows a term: `.name`, `[key]`, `[*]`, `.*`, `.0`.
    fn traversals(&mut self, mut from: Expr) -> Expr {
        loop {
            match self.peek().kind {
                TokenKind::Dot => {
                    let dot = self.read();
                    match self.after_dot(from, dot) {
                        Ok(expr) => from = expr,
                        Err(expr) => return expr,
                    }
                }
                TokenKind::OpenBracket => from = self.after_bracket(from),
                _ => return from,
            }
        }
    }

    fn after_dot(&mut self, from: Expr, dot: Token) -> Result<Expr, Expr> {
        let dot_span = self.span(dot);
        let next = self.peek();
        match next.kind {
            TokenKind::Identifier => {
                self.read();
                let kind = StepKind::Attribute(self.token_text(next).into());
                Ok(relative(from, Step { kind, span: dot_span.to(self.span(next)) }))
            }
            TokenKind::Number => {
                self.read();
                Ok(match self.legacy_index(next) {
                    Some(index) => {
                        let kind = StepKind::Index(index);
                        relative(from, Step { kind, span: dot_span.to(self.span(next)) })
                    }
                    None => from,
                })
            }
            TokenKind::Star => {
                self.read();
                Ok(self.attribute_splat(from, dot_span, next))
            }
            _ => {
                let span = self.span(next);
                self.error_within(
                    "Invalid attribute name",
                    "An attribute name is required after a dot.",
                    span,
                    dot_span.to(span),
                );
                self.recovering = true;
                Err(from)
            }
        }
    }

    /// The number of `.0`. Two of them in a row read as one decimal number, which is refused.
    fn legacy_index(&mut self, token: Token) -> Option<Number> {
        let text = self.token_text(token);
        if let Some((first, second)) = text.split_once('.') {
            let detail = format!(
                "When using the legacy index syntax, chaining two indexes together is not permitted. Use the proper index \
                 syntax instead, like [{first}][{second}]."
            );
            self.error("Invalid legacy index syntax", detail, self.span(token));
            return None;
        }
        Number::parse(text)
    }

    /// `.*` and the attributes behind it, which are of each element.
    fn attribute_splat(&mut self, from: Expr, dot: Span, star: Token) -> Expr {
        let marker = dot.to(self.span(star));
        let mut each = Expr { kind: ExprKind::SplatItem, span: marker };
        let mut end = marker;
        while self.peek().kind == TokenKind::Dot {
            let dot = self.read();
            let next = self.read();
            let span = self.span(dot).to(self.span(next));
            match next.kind {
                TokenKind::Identifier => {
                    each = relative(
                        each,
                        Step { kind: StepKind::Attribute(self.token_text(next).into()), span },
                    );
                    end = span;
                }
                TokenKind::Number => {
                    if let Some(index) = self.legacy_index(next) {
                        each = relative(each, Step { kind: StepKind::Index(index), span });
                        end = span;
                    }
                }
                TokenKind::Star => {
                    let at = self.span(next);
                    self.error(
                        "Nested splat expression not allowed",
                        "A splat expression (*) cannot be used inside another attribute-only splat expression.",
                        at,
                    );
                    self.recovering = true;
                    break;
                }
                _ => {
                    let at = self.span(next);
                    self.error_within(
                        "Invalid attribute name",
                        "An attribute name is required after a dot.",
                        at,
                        marker.to(at),
                    );
                    self.recovering = true;
                    break;
                }
            }
        }
        let span = from.span.to(end);
        Expr { kind: ExprKind::Splat { source: Box::new(from), each: Box::new(each), marker }, span }
    }

    fn after_bracket(&mut self, from: Expr) -> Expr {
        let open = self.read();
        let open_span = self.span(open);
        if self.with_newlines(false, |this| this.peek().kind) == TokenKind::Star {
            return self.full_splat(from, open_span);
        }
        let (key, close) = self.with_newlines(false, |this| {
            let mark = this.diagnostics.0.len();
            let key = this.expression();
            if this.recovering && this.failed_since(mark) {
                return (key, this.recover(TokenKind::CloseBracket));
            }
            let mut close = this.read();
            if close.kind != TokenKind::CloseBracket && !this.recovering {
                let at = this.span(close);
                this.error(
                    "Missing close bracket on index",
                    "The index operator must end with a closing bracket (\"]\").",
                    at,
                );
                close = this.recover(TokenKind::CloseBracket);
            }
            (key, close)
        });
        let brackets = open_span.to(self.span(close));
        let step = match &key.kind {
            ExprKind::Literal(Literal::Number(number)) => Some(StepKind::Index(number.clone())),
            ExprKind::Template(parts) => match parts.as_slice() {
                [] => Some(StepKind::Key("".into())),
                [TemplatePart::Text { text, .. }] => Some(StepKind::Key(Arc::clone(text))),
                _ => None,
            },
            _ => None,
        };
        match step {
            Some(kind) => relative(from, Step { kind, span: brackets }),
            None => {
                let span = from.span.to(brackets);
                let kind = ExprKind::Index { collection: Box::new(from), key: Box::new(key), brackets };
                Expr { kind, span }
            }
        }
    }

    /// `[*]` and what follows, which is of each element.
    fn full_splat(&mut self, from: Expr, open: Span) -> Expr {
        let end = self.with_newlines(false, |this| {
            this.read();
            let end = this.read();
            if end.kind == TokenKind::CloseBracket || this.recovering {
                return end;
            }
            let at = this.span(end);
            this.error(
                "Missing close bracket on splat index",
                "The star for a full splat operator must be immediately followed by a closing bracket (\"]\").",
                at,
            );
            this.recover(TokenKind::CloseBracket)
        });
        let marker = open.to(self.span(end));
        let each = self.traversals(Expr { kind: ExprKind::SplatItem, span: marker });
        let span = from.span.to(each.span);
        Expr { kind: ExprKind::Splat { source: Box::new(from), each: Box::new(each), marker }, span }
    }

    fn term(&mut self) -> Expr {
        let start = self.peek();
        let span = self.span(start);
        match start.kind {
            TokenKind::OpenParen => self.parens(),
            TokenKind::Number => {
                self.read();
                let text = self.token_text(start);
                match Number::parse(text) {
                    Some(number) => Expr { kind: ExprKind::Literal(Literal::Number(number)), span },
                    None => {
                        self.error(
                            "Invalid number literal",
                            "This number is larger than recon can hold.",
                            span,
                        );
                        self.no_expression(span)
                    }
                }
            }
            TokenKind::Identifier => {
                self.read();
                if matches!(self.peek().kind, TokenKind::OpenParen | TokenKind::DoubleColon) {
                    return self.call(start);
                }
                let kind = match self.token_text(start) {
                    "true" => ExprKind::Literal(Literal::Bool(true)),
                    "false" => ExprKind::Literal(Literal::Bool(false)),
                    "null" => ExprKind::Literal(Literal::Null),
                    name => {
                        let root = Ident { name: name.into(), span };
                        ExprKind::Traversal(Traversal { root, steps: Vec::new(), span })
                    }
                };
                Expr { kind, span }
            }
            TokenKind::OpenQuote => {
                self.read();
                self.template(TokenKind::CloseQuote, false, span)
            }
            TokenKind::OpenHeredoc => {
                self.read();
                let flush = self.token_text(start).starts_with("<<-");
                self.template(TokenKind::CloseHeredoc, flush, span)
            }
            TokenKind::Minus | TokenKind::Not => {
                self.read();
                let operator =
                    if start.kind == TokenKind::Minus { UnaryOperator::Negate } else { UnaryOperator::Not };
                let operand = self.deeper(span, |this| this.no_expression(span), Self::with_traversals);
                let whole = span.to(operand.span);
                let kind = ExprKind::Unary { operator, operand: Box::new(operand), operator_span: span };
                Expr { kind, span: whole }
            }
            TokenKind::OpenBracket => self.tuple(),
            TokenKind::OpenBrace => self.object(),
            _ => {
                if !self.recovering {
                    match start.kind {
                        TokenKind::End => self.error(
                            "Missing expression",
                            "Expected the start of an expression, but found the end of the file.",
                            span,
                        ),
                        _ => self.error(
                            "Invalid expression",
                            "Expected the start of an expression, but found an invalid expression token.",
                            span,
                        ),
                    }
                }
                self.recovering = true;
                self.no_expression(span)
            }
        }
    }

    fn parens(&mut self) -> Expr {
        let open = self.read();
        let open_span = self.span(open);
        self.with_newlines(false, |this| {
            let mark = this.diagnostics.0.len();
            let inner = this.expression();
            if this.failed_since(mark) {
                this.recover(TokenKind::CloseParen);
                return inner;
            }
            let close = this.peek();
            let span = this.span(close);
            if close.kind != TokenKind::CloseParen {
                this.error_within(
                    "Unbalanced parentheses",
                    "Expected a closing parenthesis to terminate the expression.",
                    span,
                    open_span.to(span),
                );
                this.recovering = true;
            }
            this.read();
            Expr { kind: ExprKind::Parens(Box::new(inner)), span: open_span.to(span) }
        })
    }

    fn call(&mut self, first: Token) -> Expr {
        let first_span = self.span(first);
        let mut name = self.token_text(first).to_owned();
        let mut name_span = first_span;
        let mut open = self.read();
        while open.kind == TokenKind::DoubleColon {
            let part = self.read();
            let span = self.span(part);
            if part.kind != TokenKind::Identifier {
                self.error_within(
                    "Missing function name",
                    "Function scope resolution symbol :: must be followed by a function name in this scope.",
                    span,
                    first_span.to(span),
                );
                self.recover_over(TokenKind::CloseParen);
                return self.no_expression(first_span.to(span));
            }
            name.push_str("::");
            name.push_str(self.token_text(part));
            name_span = first_span.to(span);
            open = self.read();
        }
        let open_span = self.span(open);
        if open.kind != TokenKind::OpenParen {
            self.error_within(
                "Missing open parenthesis",
                "Function selector must be followed by an open parenthesis to begin the function call.",
                open_span,
                first_span.to(open_span),
            );
            self.recover_over(TokenKind::CloseParen);
            return self.no_expression(first_span.to(open_span));
        }
        let (arguments, expand, close) =
            self.with_newlines(false, |this| this.arguments(first_span, open_span));
        let close = self.span(close);
        let name = Ident { name: name.into(), span: name_span };
        let span = first_span.to(close);
        Expr { kind: ExprKind::Call(Call { name, arguments, expand, open: open_span, close }), span }
    }

    /// Skips over something that has not been opened yet.
    fn recover_over(&mut self, end: TokenKind) {
        self.recovering = true;
        loop {
            match self.peek().kind {
                TokenKind::End | TokenKind::Newline => return,
                kind => {
                    self.read();
                    if kind == end {
                        return;
                    }
                }
            }
        }
    }

    fn arguments(&mut self, name: Span, open: Span) -> (Vec<Expr>, bool, Token) {
        let mut arguments = Vec::new();
        loop {
            if self.peek().kind == TokenKind::CloseParen {
                return (arguments, false, self.read());
            }
            let mark = self.diagnostics.0.len();
            arguments.push(self.expression());
            if self.recovering && self.failed_since(mark) {
                return (arguments, false, self.recover(TokenKind::CloseParen));
            }
            let separator = self.read();
            let span = self.span(separator);
            match separator.kind {
                TokenKind::CloseParen => return (arguments, false, separator),
                TokenKind::Comma => {}
                TokenKind::Ellipsis => {
                    if self.peek().kind == TokenKind::CloseParen {
                        return (arguments, true, self.read());
                    }
                    if !self.recovering {
                        self.error_within(
                            "Missing closing parenthesis",
                            "An expanded function argument (with ...) must be immediately followed by closing parentheses.",
                            span,
                            name.to(span),
                        );
                    }
                    return (arguments, true, self.recover(TokenKind::CloseParen));
                }
                TokenKind::End => {
                    self.error(
                        "Unterminated function call",
                        "There is no closing parenthesis for this function call before the end of the file. This may be \
                         caused by incorrect parenthesis nesting elsewhere in this file.",
                        name.to(open),
                    );
                    return (arguments, false, self.recover(TokenKind::CloseParen));
                }
                _ => {
                    self.error_within(
                        "Missing argument separator",
                        "A comma is required to separate each function argument from the next.",
                        span,
                        name.to(span),
                    );
                    return (arguments, false, self.recover(TokenKind::CloseParen));
                }
            }
        }
    }

    fn tuple(&mut self) -> Expr {
        let open = self.read();
        let open_span = self.span(open);
        self.with_newlines(false, |this| {
            if this.is_keyword(this.peek(), "for") {
                return this.for_expression(open_span, TokenKind::CloseBracket);
            }
            let mut elements = Vec::new();
            let close = loop {
                if this.peek().kind == TokenKind::CloseBracket {
                    break this.read();
                }
                let mark = this.diagnostics.0.len();
                elements.push(this.expression());
                if this.recovering && this.failed_since(mark) {
                    break this.recover(TokenKind::CloseBracket);
                }
                let next = this.peek();
                match next.kind {
                    TokenKind::CloseBracket => break this.read(),
                    TokenKind::Comma => {
                        this.read();
                    }
                    _ => {
                        if !this.recovering {
                            let span = this.span(next);
                            match next.kind {
                                TokenKind::End => this.error(
                                    "Unterminated tuple constructor expression",
                                    "There is no corresponding closing bracket before the end of the file. This may be \
                                     caused by incorrect bracket nesting elsewhere in this file.",
                                    open_span,
                                ),
                                _ => this.error_within(
                                    "Missing item separator",
                                    "Expected a comma to mark the beginning of the next item.",
                                    span,
                                    open_span.to(span),
                                ),
                            }
                        }
                        break this.recover(TokenKind::CloseBracket);
                    }
                }
            };
            Expr { kind: ExprKind::Tuple(elements), span: open_span.to(this.span(close)) }
        })
    }

    fn object(&mut self) -> Expr {
        let open = self.read();
        let open_span = self.span(open);
        // A `for` may begin on the next line, items of an object are ended by lines.
        if self.with_newlines(false, |this| this.is_keyword(this.peek(), "for")) {
            return self.with_newlines(false, |this| this.for_expression(open_span, TokenKind::CloseBrace));
        }
        self.with_newlines(true, |this| {
            let mut items = Vec::new();
            let close = loop {
                match this.peek().kind {
                    TokenKind::Newline => {
                        this.read();
                        continue;
                    }
                    TokenKind::CloseBrace => break this.read(),
                    _ => {}
                }
                match this.object_item(open_span) {
                    Some(item) => items.push(item),
                    None => break this.recover(TokenKind::CloseBrace),
                }
                let next = this.peek();
                match next.kind {
                    TokenKind::CloseBrace => break this.read(),
                    TokenKind::Comma | TokenKind::Newline => {
                        this.read();
                    }
                    _ => {
                        this.object_separator(next, open_span);
                        break this.recover(TokenKind::CloseBrace);
                    }
                }
            };
            Expr { kind: ExprKind::Object(items), span: open_span.to(this.span(close)) }
        })
    }

    fn unterminated_object(&mut self, open: Span) {
        self.error(
            "Unterminated object constructor expression",
            "There is no corresponding closing brace before the end of the file. This may be caused by incorrect brace \
             nesting elsewhere in this file.",
            open,
        );
    }

    fn object_separator(&mut self, next: Token, open: Span) {
        if self.recovering {
            return;
        }
        let span = self.span(next);
        match next.kind {
            TokenKind::End => self.unterminated_object(open),
            _ => self.error_within(
                "Missing attribute separator",
                "Expected a newline or comma to mark the beginning of the next attribute.",
                span,
                open.to(span),
            ),
        }
    }

    /// One `key = value`. `None`: it is broken, and that has been said.
    fn object_item(&mut self, open: Span) -> Option<ObjectItem> {
        let mark = self.diagnostics.0.len();
        let key = self.expression();
        if self.recovering && self.failed_since(mark) {
            return None;
        }
        let next = self.peek();
        if !matches!(next.kind, TokenKind::Equal | TokenKind::Colon) {
            self.missing_value(next, open);
            return None;
        }
        self.read();
        let value = self.expression();
        if self.recovering && self.failed_since(mark) {
            return None;
        }
        Some(ObjectItem { key: object_key(key), value })
    }

    fn missing_value(&mut self, next: Token, open: Span) {
        if self.recovering {
            return;
        }
        let span = self.span(next);
        let (summary, detail) = match next.kind {
            TokenKind::Newline | TokenKind::Comma => (
                "Missing attribute value",
                "Expected an attribute value, introduced by an equals sign (\"=\").",
            ),
            TokenKind::Identifier => (
                "Missing key/value separator",
                "Expected an equals sign (\"=\") to mark the beginning of the attribute value. If you intended to give an \
                 attribute name containing periods or spaces, write the name in quotes to create a string literal.",
            ),
            TokenKind::End => return self.unterminated_object(open),
            _ => (
                "Missing key/value separator",
                "Expected an equals sign (\"=\") to mark the beginning of the attribute value.",
            ),
        };
        self.error_within(summary, detail, span, open.to(span));
    }

    /// Behind the opening bracket or brace: `for k, v in c : …`.
    fn for_expression(&mut self, open: Span, close_kind: TokenKind) -> Expr {
        const SUMMARY: &str = "Invalid 'for' expression";
        let object = close_kind == TokenKind::CloseBrace;
        self.read();
        let broken = |this: &mut Self, detail: &str, context: Span| {
            if !this.recovering {
                let span = this.span(this.peek());
                this.error_within(SUMMARY, detail, span, context.to(span));
            }
            let close = this.recover(close_kind);
            this.no_expression(open.to(this.span(close)))
        };
        if self.peek().kind != TokenKind::Identifier {
            return broken(self, "For expression requires variable name after 'for'.", open);
        }
        let mut value_token = self.read();
        let mut key_token = None;
        if self.peek().kind == TokenKind::Comma {
            self.read();
            if self.peek().kind != TokenKind::Identifier {
                return broken(self, "For expression requires value variable name after comma.", open);
            }
            key_token = Some(value_token);
            value_token = self.read();
        }
        if !self.is_keyword(self.peek(), "in") {
            return broken(
                self,
                "For expression requires the 'in' keyword after its name declarations.",
                open,
            );
        }
        self.read();
        let mark = self.diagnostics.0.len();
        let give_up = |this: &mut Self| {
            let close = this.recover(close_kind);
            this.no_expression(open.to(this.span(close)))
        };
        let collection = self.expression();
        if self.recovering && self.failed_since(mark) {
            return give_up(self);
        }
        if self.peek().kind != TokenKind::Colon {
            return broken(self, "For expression requires a colon after the collection expression.", open);
        }
        self.read();
        let mut value = self.expression();
        if self.recovering && self.failed_since(mark) {
            return give_up(self);
        }
        let mut key = None;
        if self.peek().kind == TokenKind::FatArrow {
            self.read();
            key = Some(value);
            value = self.expression();
            if self.recovering && self.failed_since(mark) {
                return give_up(self);
            }
        }
        let mut ellipsis = None;
        if self.peek().kind == TokenKind::Ellipsis {
            ellipsis = Some(self.read());
        }
        let mut condition = None;
        if self.is_keyword(self.peek(), "if") {
            self.read();
            condition = Some(self.expression());
            if self.recovering && self.failed_since(mark) {
                return give_up(self);
            }
        }
        let close = if self.peek().kind == close_kind {
            self.read()
        } else {
            if !self.recovering {
                let span = self.span(self.peek());
                self.error_within(
                    SUMMARY,
                    "Extra characters after the end of the 'for' expression.",
                    span,
                    open.to(span),
                );
            }
            self.recover(close_kind)
        };
        let close = self.span(close);
        let whole = open.to(close);
        if object {
            if key.is_none() {
                self.error_within(
                    SUMMARY,
                    "Key expression is required when building an object.",
                    value.span,
                    whole,
                );
            }
        } else {
            if let Some(key) = &key {
                self.error_within(
                    SUMMARY,
                    "Key expression is not valid when building a tuple.",
                    key.span,
                    whole,
                );
            }
            if let Some(ellipsis) = ellipsis {
                let span = self.span(ellipsis);
                self.error_within(
                    SUMMARY,
                    "Grouping ellipsis (...) cannot be used when building a tuple.",
                    span,
                    whole,
                );
            }
        }
        let ident = |token: Token| Ident { name: self.token_text(token).into(), span: self.span(token) };
        let each = For {
            key_name: key_token.map(ident),
            value_name: ident(value_token),
            collection,
            key,
            value,
            condition,
            group: ellipsis.is_some(),
            open,
            close,
        };
        Expr { kind: ExprKind::For(Box::new(each)), span: whole }
    }
}

/// A bare word as a key is that word; anything else is an expression.
fn object_key(key: Expr) -> ObjectKey {
    match key.kind {
        ExprKind::Traversal(Traversal { root, steps, .. }) if steps.is_empty() => ObjectKey::Name(root),
        ExprKind::Literal(Literal::Bool(value)) => {
            ObjectKey::Name(Ident { name: if value { "true" } else { "false" }.into(), span: key.span })
        }
        ExprKind::Literal(Literal::Null) => ObjectKey::Name(Ident { name: "null".into(), span: key.span }),
        _ => ObjectKey::Expr(key),
    }
}

/// An expression with one more step.
fn relative(from: Expr, step: Step) -> Expr {
    let span = from.span.to(step.span);
    let kind = match from.kind {
        ExprKind::Traversal(mut traversal) => {
            traversal.steps.push(step);
            traversal.span = span;
            ExprKind::Traversal(traversal)
        }
        ExprKind::Relative { source, mut steps } => {
            steps.push(step);
            ExprKind::Relative { source, steps }
        }
        _ => ExprKind::Relative { source: Box::new(from), steps: vec![step] },
    };
    Expr { kind, span }
}
