//! Function calls, the lazy ones included.

use std::cmp::Ordering;

use super::super::ast::{Call, Expr};
use super::super::diagnostic::{Diagnostic, suggestion};
use super::super::functions::{self, CallError, is_template_reference};
use super::super::source::Span;
use super::super::types::Type;
use super::super::value::Value;
use super::Evaluator;

impl Evaluator<'_> {
    pub(super) fn call(&mut self, call: &Call, span: Span) -> Value {
        let name = call.name.name.strip_prefix("core::").unwrap_or(&call.name.name);
        match name {
            "try" => return self.try_call(call, span),
            "can" => return self.can_call(call, span),
            _ => {}
        }
        let console = self.scope.host().is_console();
        let Some(function) = functions::find(name).filter(|function| console || !function.console_only)
        else {
            return self.fail(unknown_function(call));
        };
        let errors = self.error_count();
        let mut arguments: Vec<(Value, Span)> = Vec::with_capacity(call.arguments.len());
        for argument in &call.arguments {
            arguments.push((self.eval(argument), argument.start()));
        }
        if call.expand {
            match self.expanded(&mut arguments) {
                Expansion::Done => {}
                Expansion::Unknown(value) => return value,
            }
        }
        match function.arity(arguments.len()) {
            Ordering::Less => {
                let missing = function.parameters.get(arguments.len()).map_or("", |parameter| parameter.name);
                let least = if function.variadic.is_some() { "at least " } else { "" };
                let detail = format!(
                    "Function {name:?} expects {least}{} argument(s). Missing value for {missing:?}.",
                    function.parameters.len()
                );
                return self.fail(
                    Diagnostic::error("Not enough function arguments", detail).at(call.close).within(span),
                );
            }
            Ordering::Greater => {
                let detail =
                    format!("Function {name:?} expects only {} argument(s).", function.parameters.len());
                let first = arguments.get(function.parameters.len()).map_or(span, |(_, span)| *span);
                let last = arguments.last().map_or(first, |(_, span)| *span);
                return self.fail(
                    Diagnostic::error("Too many function arguments", detail).at(first.to(last)).within(span),
                );
            }
            Ordering::Equal => {}
        }
        if self.error_count() > errors {
            return Value::dynamic();
        }
        if name == "templatestring"
            && let Some(template) = call.arguments.first().filter(|template| !is_template_reference(template))
        {
            let detail = "Invalid value for \"template\" parameter: must be a direct reference to a single string \
                          from elsewhere. To render a template that is written here, write it as a plain template \
                          expression instead.";
            let diagnostic = Diagnostic::error("Invalid function argument", detail);
            return self.fail(diagnostic.at(template.span).within(span));
        }
        let values: Vec<Value> = arguments.iter().map(|(value, _)| value.clone()).collect();
        match function.call(self.scope.host(), &values) {
            Ok(value) => value,
            Err(CallError::Argument { index, message }) => {
                let parameter = function.parameter_at(index).map_or("", |parameter| parameter.name);
                let at = arguments.get(index).map_or(span, |(_, span)| *span);
                let detail = format!("Invalid value for {parameter:?} parameter: {message}.");
                self.fail(Diagnostic::error("Invalid function argument", detail).at(at).within(span))
            }
            Err(CallError::Call(message)) => {
                let detail = format!("Call to function {name:?} failed: {message}.");
                self.fail(
                    Diagnostic::error("Error in function call", detail)
                        .at(call.name.span.to(call.open))
                        .within(span),
                )
            }
        }
    }

    /// Puts the elements of the last argument in its place.
    fn expanded(&mut self, arguments: &mut Vec<(Value, Span)>) -> Expansion {
        let Some((last, at)) = arguments.pop() else { return Expansion::Done };
        let (last, marks) = last.unmark();
        if last.is_null() {
            let detail = "The expanding argument (indicated by ...) must not be null.";
            return Expansion::Unknown(
                self.fail(Diagnostic::error("Invalid expanding argument value", detail).at(at)),
            );
        }
        let ty = last.ty();
        if let Some(elements) = last.as_elements() {
            arguments.extend(elements.iter().map(|element| (element.clone().with_marks(marks), at)));
            return Expansion::Done;
        }
        match ty {
            Type::Tuple(types) => {
                arguments.extend(types.iter().map(|ty| (Value::unknown(ty.clone()), at)));
                Expansion::Done
            }
            Type::Dynamic | Type::List(_) | Type::Set(_) => {
                Expansion::Unknown(Value::dynamic().with_marks(marks))
            }
            _ => {
                let detail =
                    "The expanding argument (indicated by ...) must be of a tuple, list, or set type.";
                Expansion::Unknown(
                    self.fail(Diagnostic::error("Invalid expanding argument value", detail).at(at)),
                )
            }
        }
    }

    /// Evaluates an argument on its own: its value, or what is wrong with it.
    fn attempt(&mut self, argument: Lazy<'_>) -> Result<Value, Vec<Diagnostic>> {
        let argument = match argument {
            Lazy::Expr(argument) => argument,
            Lazy::Value(value) => return Ok(value),
        };
        let mark = self.diagnostics.0.len();
        let value = self.eval(argument);
        let own = self.diagnostics.0.split_off(mark);
        if own.iter().any(Diagnostic::is_error) { Err(own) } else { Ok(value) }
    }

    /// The arguments of a lazy function, each as its value or what is wrong with it, worked out as they are asked
    /// for. The elements of an argument that is expanded are values already. The error is the call's value.
    fn attempts<'c>(&mut self, call: &'c Call) -> Result<Vec<Lazy<'c>>, Value> {
        let mut lazy: Vec<Lazy<'c>> = call.arguments.iter().map(Lazy::Expr).collect();
        if call.expand
            && let Some(Lazy::Expr(last)) = lazy.pop()
        {
            let mut elements = vec![(self.eval(last), last.span)];
            match self.expanded(&mut elements) {
                Expansion::Done => lazy.extend(elements.into_iter().map(|(value, _)| Lazy::Value(value))),
                Expansion::Unknown(value) => return Err(value),
            }
        }
        Ok(lazy)
    }

    /// `try(…)`: the first argument that can be evaluated. One that is not wholly known might yet fail, so it
    /// decides nothing.
    fn try_call(&mut self, call: &Call, span: Span) -> Value {
        let attempts = match self.attempts(call) {
            Ok(attempts) => attempts,
            Err(value) => return value,
        };
        if attempts.is_empty() {
            let detail = "Call to function \"try\" failed: at least one argument is required.";
            return self.fail(
                Diagnostic::error("Error in function call", detail)
                    .at(call.name.span.to(call.open))
                    .within(span),
            );
        }
        let mut reasons = Vec::new();
        for attempt in attempts {
            match self.attempt(attempt) {
                Ok(value) if value.is_wholly_known() => return value,
                Ok(_) => return Value::dynamic(),
                Err(diagnostics) => reasons.extend(diagnostics),
            }
        }
        let reasons: Vec<String> =
            reasons.iter().map(|reason| format!("\n  - {}: {}", reason.summary, reason.detail)).collect();
        let detail = format!(
            "Call to function \"try\" failed: no expression succeeded:{}\n\nAt least one expression must produce \
             a successful result.",
            reasons.concat()
        );
        self.fail(
            Diagnostic::error("Error in function call", detail).at(call.name.span.to(call.open)).within(span),
        )
    }

    /// `can(…)`: whether its argument can be evaluated.
    fn can_call(&mut self, call: &Call, span: Span) -> Value {
        let attempts = match self.attempts(call) {
            Ok(attempts) => attempts,
            Err(value) => return value,
        };
        let count = attempts.len();
        let (1, Some(only)) = (count, attempts.into_iter().next()) else {
            let (summary, at) = if count == 0 {
                ("Not enough function arguments", call.close)
            } else {
                ("Too many function arguments", call.arguments.last().map_or(span, |last| last.span))
            };
            let detail = "Function \"can\" expects 1 argument.";
            return self.fail(Diagnostic::error(summary, detail).at(at).within(span));
        };
        match self.attempt(only) {
            Ok(value) if value.is_wholly_known() => Value::bool(true),
            Ok(_) => Value::unknown(Type::Bool),
            Err(_) => Value::bool(false),
        }
    }
}

/// An argument of a lazy function.
enum Lazy<'c> {
    Expr(&'c Expr),
    Value(Value),
}

enum Expansion {
    Done,
    /// The call's value without calling.
    Unknown(Value),
}

fn unknown_function(call: &Call) -> Diagnostic {
    let name = &call.name.name;
    let detail = match name.split_once("::") {
        Some(("provider", rest)) => format!(
            "The function {name:?} belongs to a provider. recon implements providers itself and has no functions \
             of theirs: work the value of {rest:?} out with the functions of the language."
        ),
        Some((namespace, _)) => format!("There are no functions in namespace \"{namespace}::\"."),
        None => {
            format!("There is no function named {name:?}.{}", suggestion(name, functions::names()))
        }
    };
    Diagnostic::error("Call to unknown function", detail).at(call.name.span)
}
