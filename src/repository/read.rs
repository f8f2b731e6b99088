//! Reading arguments of the repository's file. Nothing in it is computed: it says what recon is to do before
//! any stack is read, so every value is a literal.

use std::ops::RangeInclusive;

use crate::config::ConstantScope;
use crate::config::shape::Content;
use crate::lang::ast::{Attribute, Block, Expr, ExprKind, Literal, ObjectKey, TemplatePart, UnaryOperator};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval;
use crate::lang::source::Span;
use crate::lang::types::Type;
use crate::lang::value::Value;

/// A value and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub span: Span,
}

/// The parts of an expression that are not literals.
fn not_literal(expr: &Expr, found: &mut Vec<Span>) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::JsonString { .. } => {}
        ExprKind::Template(parts) => found.extend(parts.iter().filter_map(|part| match part {
            TemplatePart::Text { .. } => None,
            TemplatePart::Interpolation(inner) => Some(inner.span),
            TemplatePart::If { span, .. } | TemplatePart::For { span, .. } => Some(*span),
        })),
        ExprKind::Tuple(elements) => elements.iter().for_each(|element| not_literal(element, found)),
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Expr(key) = &item.key {
                    not_literal(key, found);
                }
                not_literal(&item.value, found);
            }
        }
        ExprKind::Parens(inner) => not_literal(inner, found),
        ExprKind::Unary { operator: UnaryOperator::Negate, operand, .. }
            if matches!(operand.kind, ExprKind::Literal(Literal::Number(_))) => {}
        _ => found.push(expr.span),
    }
}

/// The value of a literal; anything else is complained of.
pub(super) fn literal(expr: &Expr, diagnostics: &mut Diagnostics) -> Option<Value> {
    let mut computed = Vec::new();
    not_literal(expr, &mut computed);
    if !computed.is_empty() {
        let detail = "This file is read before any stack, so no variable, local or function has a value in it. Write the \
                      value itself.";
        diagnostics
            .extend(computed.into_iter().map(|span| Diagnostic::error("Not a literal", detail).at(span)));
        return None;
    }
    let (value, found) = eval::evaluate(expr, &ConstantScope);
    let failed = found.has_errors();
    diagnostics.append(found);
    (!failed).then_some(value)
}

fn wrong_type(name: &str, wanted: &str, value: &Value, span: Span) -> Diagnostic {
    let given = match value.ty() {
        _ if value.is_null() => "null".to_owned(),
        Type::String => "a string".to_owned(),
        Type::Number => "a number".to_owned(),
        Type::Bool => "true or false".to_owned(),
        Type::Tuple(_) => "a list".to_owned(),
        Type::Object(_) => "an object".to_owned(),
        other => other.friendly(),
    };
    let hint = if value.is_null() { " Leave the line out where nothing is to be set." } else { "" };
    let detail = format!("The argument {name:?} must be {wanted}, and this is {given}.{hint}");
    Diagnostic::error("Wrong type", detail).at(span)
}

fn text_of(name: &str, wanted: &str, expr: &Expr, diagnostics: &mut Diagnostics) -> Option<Located<String>> {
    let value = literal(expr, diagnostics)?;
    if value.is_null() || value.ty() != Type::String {
        diagnostics.push(wrong_type(name, wanted, &value, expr.span));
        return None;
    }
    Some(Located { value: value.as_str()?.to_owned(), span: expr.span })
}

/// An argument that is a string.
pub(super) fn text(
    content: &Content,
    name: &str,
    wanted: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Located<String>> {
    text_of(name, wanted, &content.get(name)?.expr, diagnostics)
}

/// An argument that is a list of strings, each with its own place. A mistake in one leaves the others.
pub(super) fn texts(
    content: &Content,
    name: &str,
    wanted: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Located<Vec<Located<String>>>> {
    let Attribute { expr, .. } = content.get(name)?;
    let wanted = format!("a list of {wanted}");
    let ExprKind::Tuple(elements) = &unwrapped(expr).kind else {
        let value = literal(expr, diagnostics)?;
        let mut diagnostic = wrong_type(name, &wanted, &value, expr.span);
        if value.as_str().is_some() {
            diagnostic.detail.push_str(" Put it in brackets.");
        }
        diagnostics.push(diagnostic);
        return None;
    };
    let value = elements.iter().filter_map(|element| text_of(name, &wanted, element, diagnostics)).collect();
    Some(Located { value, span: expr.span })
}

fn unwrapped(expr: &Expr) -> &Expr {
    match &expr.kind {
        ExprKind::Parens(inner) => unwrapped(inner),
        _ => expr,
    }
}

/// An argument that is true or false.
pub(super) fn boolean(content: &Content, name: &str, diagnostics: &mut Diagnostics) -> Option<Located<bool>> {
    let Attribute { expr, .. } = content.get(name)?;
    let value = literal(expr, diagnostics)?;
    match value.as_bool() {
        Some(flag) if value.ty() == Type::Bool => Some(Located { value: flag, span: expr.span }),
        _ => {
            diagnostics.push(wrong_type(name, "true or false", &value, expr.span));
            None
        }
    }
}

/// An argument that is a whole number within limits; `why` says, as a full sentence, what the limits are for.
pub(super) fn whole(
    content: &Content,
    name: &str,
    limits: RangeInclusive<u32>,
    why: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Located<u32>> {
    let Attribute { expr, .. } = content.get(name)?;
    let value = literal(expr, diagnostics)?;
    let Some(number) = value.as_number() else {
        diagnostics.push(wrong_type(name, "a whole number", &value, expr.span));
        return None;
    };
    match number.to_i64().and_then(|number| u32::try_from(number).ok()) {
        Some(number) if limits.contains(&number) => Some(Located { value: number, span: expr.span }),
        _ => {
            let detail = format!(
                "The argument {name:?} must be a whole number from {} to {}. {why}",
                limits.start(),
                limits.end()
            );
            diagnostics.push(Diagnostic::error("Limit out of range", detail).at(expr.span));
            None
        }
    }
}

/// An argument that is one of a few words.
pub(super) fn word<T: Copy>(
    content: &Content,
    name: &str,
    words: &[(&str, T)],
    diagnostics: &mut Diagnostics,
) -> Option<Located<T>> {
    let text = text(content, name, "a string", diagnostics)?;
    let value = word_of(name, &text, words, diagnostics)?;
    Some(Located { value, span: text.span })
}

/// The meaning of a word, or a complaint that names those there are.
pub(super) fn word_of<T: Copy>(
    name: &str,
    text: &Located<String>,
    words: &[(&str, T)],
    diagnostics: &mut Diagnostics,
) -> Option<T> {
    let found = words.iter().find(|(word, _)| *word == text.value);
    if found.is_none() {
        let all: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
        let hint = crate::lang::diagnostic::suggestion(&text.value, words.iter().map(|(word, _)| *word));
        let detail = format!("{:?} is no {name}: there are {}.{hint}", text.value, all.join(", "));
        diagnostics.push(Diagnostic::error(format!("Unknown {name}"), detail).at(text.span));
    }
    found.map(|(_, value)| *value)
}

/// The only block of its kind; each further one is complained of.
pub(super) fn only<'a>(
    content: &Content<'a>,
    kind: &str,
    diagnostics: &mut Diagnostics,
) -> Option<&'a Block> {
    let mut blocks = content.blocks(kind);
    let first = blocks.next();
    for again in blocks {
        let detail =
            format!("There is a {kind} block above. Put what this one says into it: there can be only one.");
        diagnostics.push(Diagnostic::error(format!("Second {kind} block"), detail).at(again.header));
    }
    first
}
