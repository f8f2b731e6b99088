//! Validations, pre- and postconditions, assertions.

use crate::config::Condition;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::{Scope, evaluate};
use crate::lang::types::Type;

/// How a condition came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Pass,
    /// With its message.
    Fail(String),
    /// Not to be known before apply.
    Unknown,
    /// It cannot be evaluated; that has been said.
    Error,
}

/// Evaluates a condition. Nothing is reported for one that fails: that is the caller's, who knows what it means.
pub fn check(condition: &Condition, scope: &dyn Scope, diagnostics: &mut Diagnostics) -> Outcome {
    let (value, found) = evaluate(&condition.condition, scope);
    let failed = found.has_errors();
    diagnostics.append(found);
    if failed {
        return Outcome::Error;
    }
    let (value, _) = value.unmark();
    let invalid = |diagnostics: &mut Diagnostics, detail: String| {
        diagnostics.push(Diagnostic::error("Invalid condition result", detail).at(condition.condition.span));
        Outcome::Error
    };
    if value.is_null() {
        return invalid(
            diagnostics,
            "Condition expression must return either true or false, not null.".to_owned(),
        );
    }
    match value.convert(&Type::Bool) {
        Err(error) => invalid(diagnostics, format!("Invalid condition result value: {error}.")),
        Ok(value) => match value.as_bool() {
            None => Outcome::Unknown,
            Some(true) => Outcome::Pass,
            Some(false) => Outcome::Fail(message(condition, scope, diagnostics)),
        },
    }
}

fn message(condition: &Condition, scope: &dyn Scope, diagnostics: &mut Diagnostics) -> String {
    let (value, found) = evaluate(&condition.message, scope);
    let failed = found.has_errors();
    diagnostics.append(found);
    if failed {
        return "The condition is false, and its error_message cannot be evaluated.".to_owned();
    }
    if value.has_sensitive() {
        let detail = "The error expression used to explain this condition refers to sensitive values, so it is not \
                      displayed. To let it be displayed, wrap the values in nonsensitive().";
        diagnostics.push(
            Diagnostic::warning("Error message refers to sensitive values", detail)
                .at(condition.message.span),
        );
        return "The error message included a sensitive value, so it will not be displayed.".to_owned();
    }
    match value.convert(&Type::String) {
        Ok(text) => match text.as_str() {
            Some(text) => text.trim().to_owned(),
            None => "The error message is known only after apply.".to_owned(),
        },
        Err(_) => "The condition is false, and its error_message is not a string.".to_owned(),
    }
}
