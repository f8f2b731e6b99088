//! Evaluating expressions.
//!
//! An [`Evaluator`] walks a tree and answers a value, whatever is wrong: a part that cannot be evaluated
//! becomes an unknown value of unknown type, its diagnostic is kept, and evaluation goes on, so that all
//! mistakes of an expression are found at once and none is reported twice.

mod access;
mod call;
mod collection;
mod template;

use std::sync::Arc;

use super::ast::{BinaryOperator, Expr, ExprKind, Literal, Traversal, UnaryOperator};
use super::convert::unify;
use super::diagnostic::{Diagnostic, Diagnostics};
use super::functions::Host;
use super::operators::{self, OperatorError};
use super::source::Span;
use super::types::Type;
use super::value::{Marks, Value};

pub use access::{attribute, index};

/// Where an expression finds what it refers to.
pub trait Scope {
    /// The value that the start of a traversal names, and how many of its steps that took: for `var.list[0]`
    /// the value of `var.list`, and 1.
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic>;

    /// What functions may ask.
    fn host(&self) -> &dyn Host;
}

/// Bytes of stack that must be left for one level, and that are added where they are not.
const STACK_RESERVE: usize = 128 * 1024;
const STACK_STEP: usize = 1024 * 1024;

/// Evaluates expressions in one scope and gathers what is wrong with them.
pub struct Evaluator<'a> {
    scope: &'a dyn Scope,
    /// Names that enclosing `for` expressions have bound, innermost last.
    bound: Vec<(Arc<str>, Value)>,
    /// Elements of enclosing splats, innermost last.
    items: Vec<Value>,
    pub diagnostics: Diagnostics,
}

/// Evaluates one expression. The value is good only if the diagnostics have no error.
pub fn evaluate(expr: &Expr, scope: &dyn Scope) -> (Value, Diagnostics) {
    let mut evaluator = Evaluator::new(scope);
    let value = evaluator.eval(expr);
    (value, evaluator.diagnostics)
}

impl<'a> Evaluator<'a> {
    pub fn new(scope: &'a dyn Scope) -> Evaluator<'a> {
        Evaluator { scope, bound: Vec::new(), items: Vec::new(), diagnostics: Diagnostics::new() }
    }

    /// Keeps a diagnostic and answers what stands for a value that could not be found.
    fn fail(&mut self, diagnostic: Diagnostic) -> Value {
        self.diagnostics.push(diagnostic);
        Value::dynamic()
    }

    fn error_count(&self) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count()
    }

    pub fn eval(&mut self, expr: &Expr) -> Value {
        // What nests as deep as the parser allows does not fit on every thread's stack.
        stacker::maybe_grow(STACK_RESERVE, STACK_STEP, || self.eval_here(expr))
    }

    fn eval_here(&mut self, expr: &Expr) -> Value {
        match &expr.kind {
            ExprKind::Literal(Literal::Null) => Value::null(Type::Dynamic),
            ExprKind::Literal(Literal::Bool(value)) => Value::bool(*value),
            ExprKind::Literal(Literal::Number(number)) => Value::number(number.clone()),
            ExprKind::Template(parts) => self.template(parts),
            ExprKind::TemplateWrap(inner)
            | ExprKind::Parens(inner)
            | ExprKind::JsonString { template: inner, .. } => self.eval(inner),
            ExprKind::Traversal(traversal) => self.traversal(traversal),
            ExprKind::Relative { source, steps } => {
                let value = self.eval(source);
                self.steps(value, steps)
            }
            ExprKind::Index { collection, key, brackets } => {
                let errors = self.error_count();
                let collection = self.eval(collection);
                let key_value = self.eval(key);
                if self.error_count() > errors {
                    return Value::dynamic();
                }
                match index(&collection, &key_value) {
                    Ok(value) => value,
                    Err(problem) => self.fail(
                        Diagnostic::error(problem.summary, problem.detail).at(*brackets).within(expr.span),
                    ),
                }
            }
            ExprKind::Splat { source, each, marker } => self.splat(source, each, *marker),
            ExprKind::SplatItem => self.items.last().cloned().unwrap_or_else(Value::dynamic),
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Conditional { condition, yes, no } => self.conditional(condition, yes, no, expr.span),
            ExprKind::Binary { operator, left, right, .. } => self.binary(*operator, left, right, expr.span),
            ExprKind::Unary { operator, operand, .. } => self.unary(*operator, operand, expr.span),
            ExprKind::Tuple(elements) => {
                Value::tuple(elements.iter().map(|element| self.eval(element)).collect())
            }
            ExprKind::Object(items) => self.object(items),
            ExprKind::For(each) => self.for_expression(each),
        }
    }

    fn traversal(&mut self, traversal: &Traversal) -> Value {
        let bound = self.bound.iter().rev().find(|(name, _)| *name == traversal.root.name);
        if let Some((_, value)) = bound {
            let value = value.clone();
            return self.steps(value, &traversal.steps);
        }
        match self.scope.resolve(traversal) {
            Ok((value, used)) => self.steps(value, &traversal.steps[used.min(traversal.steps.len())..]),
            Err(diagnostic) => self.fail(diagnostic.at_default(traversal.span)),
        }
    }

    fn unary(&mut self, operator: UnaryOperator, operand: &Expr, span: Span) -> Value {
        let errors = self.error_count();
        let value = self.eval(operand);
        let wanted = match operator {
            UnaryOperator::Negate => Type::Number,
            UnaryOperator::Not => Type::Bool,
        };
        if self.error_count() > errors {
            return Value::unknown(wanted);
        }
        if let Err(error) = value.convert(&wanted) {
            let detail = format!("Unsuitable value for unary operand: {error}.");
            return self.fail(Diagnostic::error("Invalid operand", detail).at(operand.span).within(span));
        }
        operators::unary(operator, &value).unwrap_or_else(|message| {
            let detail = format!("Error during operation: {message}.");
            self.fail(Diagnostic::error("Operation failed", detail).at(span))
        })
    }

    fn binary(&mut self, operator: BinaryOperator, left: &Expr, right: &Expr, span: Span) -> Value {
        use BinaryOperator as B;
        let errors = self.error_count();
        let left_value = self.eval(left);
        let right_value = self.eval(right);
        let (wanted, result) = match operator {
            B::Equal | B::NotEqual => (None, Type::Bool),
            B::And | B::Or => (Some(Type::Bool), Type::Bool),
            B::Greater | B::GreaterOrEqual | B::Less | B::LessOrEqual => (Some(Type::Number), Type::Bool),
            _ => (Some(Type::Number), Type::Number),
        };
        for (side, operand, value) in [("left", left, &left_value), ("right", right, &right_value)] {
            if let Some(wanted) = &wanted
                && let Err(error) = value.convert(wanted)
            {
                let detail = format!("Unsuitable value for {side} operand: {error}.");
                self.diagnostics
                    .push(Diagnostic::error("Invalid operand", detail).at(operand.span).within(span));
            }
        }
        if self.error_count() > errors {
            return Value::unknown(result);
        }
        match operators::binary(operator, &left_value, &right_value) {
            Ok(value) => value,
            Err(error) => {
                let message = match error {
                    OperatorError::Left(message) | OperatorError::Right(message) => message,
                    OperatorError::Undefined(message) => message.to_owned(),
                };
                let detail = format!("Error during operation: {message}.");
                self.diagnostics.push(Diagnostic::error("Operation failed", detail).at(span));
                Value::unknown(result)
            }
        }
    }

    /// The condition's value as a bool, its marks taken off; `None` if it is unknown or wrong.
    fn condition(&mut self, value: Value, span: Span, context: Span) -> Option<Result<(bool, Marks), Marks>> {
        let (value, marks) = value.unmark();
        if value.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            self.diagnostics.push(Diagnostic::error("Null condition", detail).at(span).within(context));
            return None;
        }
        if !value.is_known() && value.ty() == Type::Dynamic {
            return Some(Err(marks));
        }
        match value.convert(&Type::Bool) {
            Err(error) => {
                let detail = format!("The condition expression must be of type bool: {error}.");
                self.diagnostics
                    .push(Diagnostic::error("Incorrect condition type", detail).at(span).within(context));
                None
            }
            Ok(value) => Some(value.as_bool().map(|value| (value, marks)).ok_or(marks)),
        }
    }

    /// `condition ? yes : no`. Both arms are evaluated, for their types; what is wrong with the arm that is not
    /// taken does not matter.
    fn conditional(&mut self, condition: &Expr, yes: &Expr, no: &Expr, span: Span) -> Value {
        let mark = self.diagnostics.0.len();
        let yes_value = self.eval(yes);
        let yes_diagnostics = self.diagnostics.0.split_off(mark);
        let no_value = self.eval(no);
        let no_diagnostics = self.diagnostics.0.split_off(mark);
        let null_literal = |value: &Value| value.is_null() && value.ty() == Type::Dynamic;
        let ty = if null_literal(&yes_value) {
            Some(no_value.ty())
        } else if null_literal(&no_value) {
            Some(yes_value.ty())
        } else {
            unify(&[yes_value.ty(), no_value.ty()])
        };
        let Some(ty) = ty else {
            let failed = !yes_diagnostics.is_empty() || !no_diagnostics.is_empty();
            self.diagnostics.0.extend(yes_diagnostics);
            self.diagnostics.0.extend(no_diagnostics);
            if failed {
                return Value::dynamic();
            }
            let detail = format!(
                "The true and false result expressions must have consistent types. {}",
                inconsistency(&yes_value.ty(), &no_value.ty())
            );
            return self.fail(
                Diagnostic::error("Inconsistent conditional result types", detail).at(span).within(span),
            );
        };
        let condition_value = self.eval(condition);
        match self.condition(condition_value, condition.span, span) {
            None => Value::unknown(ty),
            Some(Err(marks)) => {
                let marks = marks | yes_value.marks | no_value.marks;
                let unknown = if yes_value.is_not_null() && no_value.is_not_null() {
                    Value::unknown_not_null(ty)
                } else {
                    Value::unknown(ty)
                };
                unknown.with_marks(marks)
            }
            Some(Ok((taken, marks))) => {
                let (value, diagnostics, arm) =
                    if taken { (yes_value, yes_diagnostics, yes) } else { (no_value, no_diagnostics, no) };
                self.diagnostics.0.extend(diagnostics);
                match value.convert(&ty) {
                    Ok(value) => value.with_marks(marks),
                    Err(error) => {
                        let detail = format!(
                            "The true and false result expressions must have consistent types, but this one \
                             cannot be converted to their common type {}: {error}.",
                            ty.friendly()
                        );
                        self.fail(
                            Diagnostic::error("Inconsistent conditional result types", detail)
                                .at(arm.span)
                                .within(span),
                        )
                    }
                }
            }
        }
    }
}

/// The sentence that says how two types differ.
fn inconsistency(yes: &Type, no: &Type) -> String {
    match (yes, no) {
        (Type::Object(yes), Type::Object(no)) => {
            for name in yes.attributes.keys() {
                if !no.attributes.contains_key(name) {
                    return format!(
                        "The 'true' value includes object attribute {name:?}, which is absent in the 'false' value."
                    );
                }
            }
            for name in no.attributes.keys() {
                if !yes.attributes.contains_key(name) {
                    return format!(
                        "The 'false' value includes object attribute {name:?}, which is absent in the 'true' value."
                    );
                }
            }
            for (name, ty) in &yes.attributes {
                if let Some(other) = no.attributes.get(name)
                    && unify(&[ty.clone(), other.clone()]).is_none()
                {
                    return format!(
                        "Type mismatch for object attribute {name:?}: {}",
                        inconsistency(ty, other)
                    );
                }
            }
            "The objects have no common type.".to_owned()
        }
        (Type::Tuple(yes), Type::Tuple(no)) if yes.len() != no.len() => format!(
            "The 'true' tuple has length {}, but the 'false' tuple has length {}.",
            yes.len(),
            no.len()
        ),
        _ => format!("The 'true' value is {}, but the 'false' value is {}.", yes.friendly(), no.friendly()),
    }
}
