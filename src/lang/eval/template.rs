//! Templates: text with interpolations and directives.

use std::sync::Arc;

use super::super::ast::{Expr, TemplatePart};
use super::super::diagnostic::Diagnostic;
use super::super::text::settled;
use super::super::types::Type;
use super::super::value::{Kind, Marks, Refinement, Value};
use super::Evaluator;
use super::collection::Iteration;

/// A string under construction. Once something unknown has come, what follows no longer matters but for its
/// marks.
#[derive(Default)]
struct Text {
    known: String,
    unknown: bool,
    marks: Marks,
}

impl Text {
    fn push(&mut self, text: &str) {
        if !self.unknown {
            self.known.push_str(text);
        }
    }

    fn into_value(self) -> Value {
        let value = if self.unknown {
            let prefix = settled(&self.known);
            let prefix = (!prefix.is_empty()).then(|| Arc::from(prefix));
            Value::unknown_refined(Type::String, Refinement { not_null: true, prefix, length: (0, None) })
        } else {
            Value::string(self.known)
        };
        value.with_marks(self.marks)
    }
}

impl Evaluator<'_> {
    pub(super) fn template(&mut self, parts: &[TemplatePart]) -> Value {
        if let [TemplatePart::Text { text, .. }] = parts {
            return Value::string(text);
        }
        let mut text = Text::default();
        self.parts(parts, &mut text);
        text.into_value()
    }

    /// Renders a template of a file of its own: one that is a single interpolation answers that value as it is.
    pub fn render(&mut self, parts: &[TemplatePart]) -> Value {
        match parts {
            [TemplatePart::Interpolation(expr)] => self.eval(expr),
            _ => self.template(parts),
        }
    }

    fn parts(&mut self, parts: &[TemplatePart], text: &mut Text) {
        for part in parts {
            match part {
                TemplatePart::Text { text: own, .. } => text.push(own),
                TemplatePart::Interpolation(expr) => self.interpolation(expr, text),
                TemplatePart::If { condition, yes, no, span } => {
                    let errors = self.error_count();
                    let value = self.eval(condition);
                    if self.error_count() > errors {
                        text.unknown = true;
                        continue;
                    }
                    match self.condition(value, condition.span, *span) {
                        None => text.unknown = true,
                        Some(Err(marks)) => {
                            text.marks = text.marks | marks;
                            text.unknown = true;
                            let mut either = Text::default();
                            self.parts(yes, &mut either);
                            self.parts(no, &mut either);
                            text.marks = text.marks | either.marks;
                        }
                        Some(Ok((taken, marks))) => {
                            text.marks = text.marks | marks;
                            self.parts(if taken { yes } else { no }, text);
                        }
                    }
                }
                TemplatePart::For { key, value, collection, body, span } => {
                    let errors = self.error_count();
                    let items = self.eval(collection);
                    if self.error_count() > errors {
                        text.unknown = true;
                        continue;
                    }
                    match self.iteration(items, collection.span, *span) {
                        Iteration::Failed => text.unknown = true,
                        Iteration::Unknown(marks) => {
                            text.marks = text.marks | marks;
                            text.unknown = true;
                        }
                        Iteration::Over(items, marks) => {
                            text.marks = text.marks | marks;
                            for (item_key, item) in items {
                                let before = self.error_count();
                                self.bind(key.as_ref(), value, item_key, item, |this| this.parts(body, text));
                                if self.error_count() > before {
                                    break;
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    fn interpolation(&mut self, expr: &Expr, text: &mut Text) {
        let errors = self.error_count();
        let value = self.eval(expr);
        if self.error_count() > errors {
            text.unknown = true;
            return;
        }
        let (value, marks) = value.unmark();
        text.marks = text.marks | marks;
        if value.is_null() {
            let detail = "The expression result is null. Cannot include a null value in a string template.";
            self.fail(Diagnostic::error("Invalid template interpolation value", detail).at(expr.span));
            text.unknown = true;
            return;
        }
        match value.convert(&Type::String) {
            Ok(Value { kind: Kind::String(own), .. }) => text.push(&own),
            Ok(value) => {
                if let Kind::Unknown(_, Some(known)) = &value.kind
                    && let Some(prefix) = &known.prefix
                {
                    text.push(prefix);
                }
                text.unknown = true;
            }
            Err(error) => {
                let detail = format!("Cannot include the given value in a string template: {error}.");
                self.fail(Diagnostic::error("Invalid template interpolation value", detail).at(expr.span));
                text.unknown = true;
            }
        }
    }
}
