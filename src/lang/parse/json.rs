//! The language in JSON: `.tf.json` and `.tfvars.json`.
//!
//! JSON does not say whether a property is an argument or a block, so every property is an argument at first, whose value
//! is an expression. What the language itself knows to be a block becomes one here; what only a resource type's schema
//! knows becomes one when the body is decoded ([`blocks_of`]).

use std::sync::Arc;

use crate::lang::ast::{
    Attribute, Block, Body, Expr, ExprKind, Ident, Label, Literal, ObjectItem, ObjectKey, TemplatePart,
};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::number::Number;
use crate::lang::scan::{TokenKind, scan_from};
use crate::lang::source::{SourceId, SourceMap, Span};

use super::Parser;

/// Nested deeper than any stack, and not deep enough to exhaust the machine's.
const DEPTH: usize = 500;

/// Blocks that a body may have: type, number of labels, and what blocks those may have.
struct Known(&'static [(&'static str, usize, &'static Known)]);

static NONE: Known = Known(&[]);
static CONDITIONS: Known = Known(&[("precondition", 0, &NONE), ("postcondition", 0, &NONE)]);
static RESOURCE: Known = Known(&[
    ("lifecycle", 0, &CONDITIONS),
    ("connection", 0, &NONE),
    ("provisioner", 1, &PROVISIONER),
    ("dynamic", 1, &DYNAMIC),
]);
static PROVISIONER: Known = Known(&[("connection", 0, &NONE)]);
static DYNAMIC: Known = Known(&[("content", 0, &DYNAMIC_CONTENT)]);
static DYNAMIC_CONTENT: Known = Known(&[("dynamic", 1, &DYNAMIC)]);
static CLOUD: Known = Known(&[("workspaces", 0, &NONE)]);
static TERRAFORM: Known = Known(&[
    ("backend", 1, &NONE),
    ("cloud", 0, &CLOUD),
    ("required_providers", 0, &NONE),
    ("provider_meta", 1, &NONE),
]);
static VARIABLE: Known = Known(&[("validation", 0, &NONE)]);
static OUTPUT: Known = Known(&[("precondition", 0, &NONE)]);
static REMOVED: Known =
    Known(&[("lifecycle", 0, &NONE), ("connection", 0, &NONE), ("provisioner", 1, &NONE)]);
static CHECK: Known = Known(&[("data", 2, &RESOURCE), ("assert", 0, &NONE)]);
static MODULE: Known = Known(&[
    ("terraform", 0, &TERRAFORM),
    ("variable", 1, &VARIABLE),
    ("locals", 0, &NONE),
    ("output", 1, &OUTPUT),
    ("module", 1, &NONE),
    ("provider", 1, &DYNAMIC_CONTENT),
    ("resource", 2, &RESOURCE),
    ("data", 2, &RESOURCE),
    ("ephemeral", 2, &RESOURCE),
    ("moved", 0, &NONE),
    ("import", 0, &NONE),
    ("removed", 0, &REMOVED),
    ("check", 1, &CHECK),
]);

static DRIFT: Known = Known(&[("rule", 1, &NONE), ("correct", 0, &NONE)]);
static STACK: Known = Known(&[("drift", 0, &DRIFT), ("state_encryption", 1, &NONE)]);
static REPOSITORY: Known = Known(&[
    ("stack", 1, &STACK),
    ("drift", 0, &DRIFT),
    ("state_encryption", 1, &NONE),
    ("github", 0, &NONE),
    ("notify", 1, &NONE),
]);

/// Reads a `.tf.json` file.
pub fn parse_module_file(sources: &SourceMap, name: impl Into<String>, bytes: &[u8]) -> (Body, Diagnostics) {
    parse_file(sources, name, bytes, true, &MODULE)
}

/// Reads a `.tfvars.json` file, whose strings are what they say: nothing in them is a template.
pub fn parse_values_file(sources: &SourceMap, name: impl Into<String>, bytes: &[u8]) -> (Body, Diagnostics) {
    parse_file(sources, name, bytes, false, &NONE)
}

/// Reads a `recon.hcl.json` file, whose strings are what they say.
pub fn parse_repository_file(
    sources: &SourceMap,
    name: impl Into<String>,
    bytes: &[u8],
) -> (Body, Diagnostics) {
    parse_file(sources, name, bytes, false, &REPOSITORY)
}

fn parse_file(
    sources: &SourceMap,
    name: impl Into<String>,
    bytes: &[u8],
    is_module: bool,
    known: &Known,
) -> (Body, Diagnostics) {
    let id = sources.add(name, &String::from_utf8_lossy(bytes));
    let text = Arc::clone(&sources.file(id).text);
    let mut reader =
        Reader { source: id, text: &text, at: 0, templates: is_module, diagnostics: Diagnostics::new() };
    let whole = reader.span(0, text.len());
    let nothing =
        || Body { attributes: Vec::new(), blocks: Vec::new(), span: whole, missing: whole, json: true };
    let Ok(root) = reader.file() else { return (nothing(), reader.diagnostics) };
    let mut diagnostics = reader.diagnostics;
    let roots = match &root.kind {
        ExprKind::Tuple(elements) if is_module => elements.clone(),
        _ => vec![root],
    };
    let mut body = nothing();
    for root in &roots {
        if !matches!(root.kind, ExprKind::Object(_)) {
            let detail = "The root value in a JSON-based configuration must be either a JSON object or a JSON array of \
                          objects.";
            diagnostics.push(Diagnostic::error("Root value must be object", detail).at(root.span));
            continue;
        }
        let part = body_of(root, known, &mut diagnostics);
        body.attributes.extend(part.attributes);
        body.blocks.extend(part.blocks);
    }
    if is_module {
        for attribute in std::mem::take(&mut body.attributes) {
            let detail = format!("No argument or block type is named {:?}.", attribute.name.name);
            diagnostics
                .push(Diagnostic::error("Extraneous JSON object property", detail).at(attribute.name.span));
        }
    }
    (body, diagnostics)
}

/// The properties of an object as a body's arguments and, where they are known, blocks.
fn body_of(object: &Expr, known: &Known, diagnostics: &mut Diagnostics) -> Body {
    let first = Span { end: object.span.start + 1, ..object.span };
    let mut body =
        Body { attributes: Vec::new(), blocks: Vec::new(), span: object.span, missing: first, json: true };
    let ExprKind::Object(items) = &object.kind else { return body };
    for item in items {
        let name = key_of(&item.key);
        // The way to write a comment.
        if &*name.name == "//" {
            continue;
        }
        match known.0.iter().find(|(kind, ..)| *kind == &*name.name) {
            Some((_, labels, inner)) => {
                blocks(&name, &item.value, *labels, Vec::new(), inner, &mut body.blocks, diagnostics);
            }
            None => body.attributes.push(Attribute {
                span: name.span.to(item.value.span),
                name,
                expr: item.value.clone(),
            }),
        }
    }
    body
}

fn key_of(key: &ObjectKey) -> Ident {
    match key {
        ObjectKey::Name(name) => name.clone(),
        ObjectKey::Expr(expr) => {
            let name =
                if let ExprKind::JsonString { text, .. } = &expr.kind { Arc::clone(text) } else { "".into() };
            Ident { name, span: expr.span }
        }
    }
}

/// The blocks of a type that a property's value stands for.
pub fn blocks_of(name: &Ident, value: &Expr, diagnostics: &mut Diagnostics) -> Vec<Block> {
    let mut found = Vec::new();
    blocks(name, value, 0, Vec::new(), &DYNAMIC_CONTENT, &mut found, diagnostics);
    found
}

fn blocks(
    kind: &Ident,
    value: &Expr,
    labels: usize,
    given: Vec<Label>,
    known: &Known,
    found: &mut Vec<Block>,
    diagnostics: &mut Diagnostics,
) {
    match &value.kind {
        ExprKind::Literal(Literal::Null) => {}
        ExprKind::Tuple(elements) => {
            for element in elements {
                blocks(kind, element, labels, given.clone(), known, found, diagnostics);
            }
        }
        ExprKind::Object(items) if labels > 0 => {
            for item in items {
                let name = key_of(&item.key);
                if &*name.name == "//" {
                    continue;
                }
                let mut given = given.clone();
                given.push(Label { value: name.name, span: name.span });
                blocks(kind, &item.value, labels - 1, given, known, found, diagnostics);
            }
        }
        ExprKind::Object(_) => {
            let first = Span { end: value.span.start + 1, ..value.span };
            let last = Span { start: value.span.end.saturating_sub(1), ..value.span };
            found.push(Block {
                kind: kind.clone(),
                header: first,
                labels: given,
                body: body_of(value, known, diagnostics),
                open_brace: first,
                close_brace: last,
            });
        }
        _ => {
            let detail =
                format!("A JSON object is required, for what is in it makes a {:?} block.", kind.name);
            diagnostics.push(Diagnostic::error("Incorrect JSON value type", detail).at(value.span));
        }
    }
}

/// Reads JSON text into expressions, with the place of each.
struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    at: usize,
    /// Strings are templates.
    templates: bool,
    diagnostics: Diagnostics,
}

/// What is wrong has been said.
struct Broken;

impl Reader<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    fn fail<T>(&mut self, summary: &str, detail: &str, span: Span) -> Result<T, Broken> {
        self.diagnostics.push(Diagnostic::error(summary, detail).at(span));
        Err(Broken)
    }

    fn skip_blanks(&mut self) {
        while self.text[self.at..].starts_with([' ', '\t', '\r', '\n']) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text[self.at..].chars().next()
    }

    fn file(&mut self) -> Result<Expr, Broken> {
        let value = self.value(0)?;
        if let Some(letter) = self.peek() {
            let span = self.span(self.at, self.at + letter.len_utf8());
            return self.fail(
                "Extraneous data after value",
                "Extra characters appear after the JSON value.",
                span,
            );
        }
        Ok(value)
    }

    fn value(&mut self, depth: usize) -> Result<Expr, Broken> {
        let letter = self.peek();
        let start = self.at;
        if depth > DEPTH {
            let span = self.span(start, start + 1);
            return self.fail(
                "JSON is nested too deep",
                "Nothing in the language is nested like that.",
                span,
            );
        }
        match letter {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some('"') => self.string(),
            Some(letter) if letter == '-' || letter.is_ascii_digit() => self.number(),
            Some(letter) if letter.is_alphabetic() => self.keyword(),
            Some('+' | '.') => {
                let end = self.word_end();
                let span = self.span(start, end);
                self.fail("Invalid JSON number", "A JSON number starts with a minus sign or a digit.", span)
            }
            Some(letter) => {
                let span = self.span(start, start + letter.len_utf8());
                self.fail(
                    "Invalid start of value",
                    "A JSON value must start with a brace, a bracket, a number, a string, \
                     or a keyword.",
                    span,
                )
            }
            None => {
                let span = self.span(start, start);
                self.fail("Missing JSON value", "The file ends where a value should be.", span)
            }
        }
    }

    fn word_end(&self) -> usize {
        let rest = &self.text[self.at..];
        let length = rest
            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '+' | '-' | '.' | '_')))
            .unwrap_or(rest.len());
        self.at + length
    }

    fn keyword(&mut self) -> Result<Expr, Broken> {
        let end = self.word_end();
        let span = self.span(self.at, end);
        let literal = match &self.text[self.at..end] {
            "null" => Literal::Null,
            "true" => Literal::Bool(true),
            "false" => Literal::Bool(false),
            word => {
                let detail = format!("{word:?} is not a valid JSON keyword: a string stands in quotes.");
                return self.fail("Invalid JSON keyword", &detail, span);
            }
        };
        self.at = end;
        Ok(Expr { kind: ExprKind::Literal(literal), span })
    }

    fn number(&mut self) -> Result<Expr, Broken> {
        let end = self.word_end();
        let span = self.span(self.at, end);
        let text = &self.text[self.at..end];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leads_with_zero =
            digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        let parsed = serde_json::from_str::<serde_json::Number>(text).ok().filter(|_| !leads_with_zero);
        match parsed.and_then(|_| Number::parse(text)) {
            Some(number) => {
                self.at = end;
                Ok(Expr { kind: ExprKind::Literal(Literal::Number(number)), span })
            }
            None => self.fail("Invalid JSON number", "There is a syntax error in this number.", span),
        }
    }

    /// The text between two quotes, and where it begins.
    fn quoted(&mut self) -> Result<(String, Span), Broken> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') => {
                    let is_escape = bytes.get(end + 1).is_some_and(|letter| b"\"\\/bfnrtu".contains(letter));
                    if !is_escape {
                        let span = self.span(end, end + 1);
                        return self.fail(
                            "Invalid JSON string",
                            "A backslash begins an escape like \\n or \\u00e9; a backslash itself is written \\\\.",
                            span,
                        );
                    }
                    end += 2;
                }
                Some(_) => end += 1,
                None => {
                    let span = self.span(start, start + 1);
                    return self.fail("Unclosed string", "There is no closing quote for this string.", span);
                }
            }
        }
        let span = self.span(start, end + 1);
        match serde_json::from_str::<String>(&self.text[start..=end]) {
            Ok(text) => {
                self.at = end + 1;
                Ok((text, span))
            }
            Err(error) => {
                let detail = format!("There is a syntax error in this string: {error}.");
                self.fail("Invalid JSON string", &detail, span)
            }
        }
    }

    fn string(&mut self) -> Result<Expr, Broken> {
        let (text, span) = self.quoted()?;
        Ok(self.text_expr(text, span))
    }

    /// A string as an expression: a template, if it may be one.
    fn text_expr(&mut self, text: String, span: Span) -> Expr {
        let is_template = self.templates && (text.contains("${") || text.contains("%{"));
        let template = if is_template {
            let (template, found) = template_at(self.source, span.start as usize + 1, &text, span);
            self.diagnostics.append(found);
            template
        } else {
            let part = TemplatePart::Text { text: text.as_str().into(), span };
            Expr { kind: ExprKind::Template(vec![part]), span }
        };
        Expr { kind: ExprKind::JsonString { text: text.into(), template: Box::new(template) }, span }
    }

    fn array(&mut self, depth: usize) -> Result<Expr, Broken> {
        let start = self.at;
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            match self.peek() {
                Some(']') => break,
                None => {
                    let span = self.span(start, start + 1);
                    return self.fail("Unclosed array", "There is no closing bracket for this array.", span);
                }
                _ => {}
            }
            elements.push(self.value(depth + 1)?);
            match self.peek() {
                Some(',') => {
                    let comma = self.span(self.at, self.at + 1);
                    self.at += 1;
                    if self.peek() == Some(']') {
                        return self.fail(
                            "Trailing comma in array",
                            "JSON has no comma behind the last value.",
                            comma,
                        );
                    }
                }
                Some(']') | None => {}
                Some(letter) => {
                    let span = self.span(self.at, self.at + letter.len_utf8());
                    return self.fail(
                        "Missing value separator comma",
                        "A comma is required between two values.",
                        span,
                    );
                }
            }
        }
        self.at += 1;
        Ok(Expr { kind: ExprKind::Tuple(elements), span: self.span(start, self.at) })
    }

    fn object(&mut self, depth: usize) -> Result<Expr, Broken> {
        let start = self.at;
        self.at += 1;
        let mut items = Vec::new();
        loop {
            match self.peek() {
                Some('}') => break,
                Some('"') => {}
                None => {
                    let span = self.span(start, start + 1);
                    return self.fail("Unclosed object", "There is no closing brace for this object.", span);
                }
                Some(letter) => {
                    let span = self.span(self.at, self.at + letter.len_utf8());
                    return self.fail(
                        "Invalid object property name",
                        "A property's name stands in quotes.",
                        span,
                    );
                }
            }
            let (name, span) = self.quoted()?;
            if self.peek() != Some(':') {
                let at = self.span(self.at, self.at + 1);
                return self.fail(
                    "Missing property value colon",
                    "A colon stands between a property's name and its value.",
                    at,
                );
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            let key = if self.templates && (name.contains("${") || name.contains("%{")) {
                ObjectKey::Expr(self.text_expr(name, span))
            } else {
                ObjectKey::Name(Ident { name: name.into(), span })
            };
            items.push(ObjectItem { key, value });
            match self.peek() {
                Some(',') => {
                    let comma = self.span(self.at, self.at + 1);
                    self.at += 1;
                    if self.peek() == Some('}') {
                        return self.fail(
                            "Trailing comma in object",
                            "JSON has no comma behind the last property.",
                            comma,
                        );
                    }
                }
                Some('}') | None => {}
                Some(letter) => {
                    let span = self.span(self.at, self.at + letter.len_utf8());
                    return self.fail(
                        "Missing attribute seperator comma",
                        "A comma is required between two properties.",
                        span,
                    );
                }
            }
        }
        self.at += 1;
        Ok(Expr { kind: ExprKind::Object(items), span: self.span(start, self.at) })
    }
}

/// The text behind as many blanks, so that places in it are places in the file. Escapes within a string shift what
/// follows them.
fn padded(offset: usize, text: &str) -> String {
    let mut padded = " ".repeat(offset);
    padded.push_str(text);
    padded
}

fn template_at(source: SourceId, offset: usize, text: &str, span: Span) -> (Expr, Diagnostics) {
    let text = padded(offset, text);
    let tokens = scan_from(&text, offset, true);
    let mut parser = Parser::new(source, &text, &tokens);
    parser.report_invalid_tokens();
    let template = parser.template(TokenKind::End, false, Span { end: span.start + 1, ..span });
    (Expr { span, ..template }, parser.diagnostics)
}

/// The expression that a string of JSON holds, where the language wants one that is not evaluated: a reference, a type.
pub fn expression_in(expr: &Expr) -> Option<(Expr, Diagnostics)> {
    let ExprKind::JsonString { text, .. } = &expr.kind else { return None };
    let offset = expr.span.start as usize + 1;
    let text = padded(offset, text);
    let tokens = scan_from(&text, offset, false);
    let mut parser = Parser::new(expr.span.source, &text, &tokens);
    parser.report_invalid_tokens();
    parser.newlines.push(false);
    let inner = parser.expression();
    let next = parser.peek();
    if next.kind != TokenKind::End && !parser.recovering {
        let span = parser.span(next);
        parser.error("Extra characters after expression", "More follows behind the expression.", span);
    }
    Some((inner, parser.diagnostics))
}
