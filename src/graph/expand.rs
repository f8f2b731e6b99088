//! `count` and `for_each`: which instances there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::InstanceKey;
use crate::lang::ast::Expr;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::{Scope, evaluate};
use crate::lang::reference;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

use super::values::Repetition;

/// The instances of a resource or module call.
#[derive(Clone, Debug)]
pub enum Expansion {
    /// Neither `count` nor `for_each`.
    Single,
    Count(usize),
    ForEach(BTreeMap<Arc<str>, Value>),
    /// Not to be known before other things exist.
    Unknown,
}

impl Expansion {
    /// Each instance's key, and what `count` and `each` answer in it. One that is unknown has none.
    pub fn instances(&self) -> Vec<(InstanceKey, Repetition)> {
        match self {
            Expansion::Single => vec![(InstanceKey::None, Repetition::default())],
            Expansion::Count(count) => (0..*count)
                .map(|index| {
                    let repetition =
                        Repetition { count_index: Some(Value::number(index)), ..Repetition::default() };
                    (InstanceKey::Index(index as i64), repetition)
                })
                .collect(),
            Expansion::ForEach(entries) => entries
                .iter()
                .map(|(key, value)| {
                    let repetition =
                        Repetition { each: Some((Value::string(key), value.clone())), count_index: None };
                    (InstanceKey::Key(Arc::clone(key)), repetition)
                })
                .collect(),
            Expansion::Unknown => Vec::new(),
        }
    }

    /// What `count` and `each` answer in an instance of which nothing is known.
    pub fn unknown_repetition(count: Option<&Expr>, for_each: Option<&Expr>) -> Repetition {
        Repetition {
            count_index: count.map(|_| Value::unknown_not_null(Type::Number)),
            each: for_each.map(|_| (Value::unknown_not_null(Type::String), Value::dynamic())),
        }
    }
}

/// Works out the instances. An unknown `count` or `for_each` is an error if `must_know`, else
/// [`Expansion::Unknown`]. `None`: an error was added.
pub fn expand(
    count: Option<&Expr>,
    for_each: Option<&Expr>,
    scope: &dyn Scope,
    must_know: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Expansion> {
    match (count, for_each) {
        (Some(count), _) => expand_count(count, scope, must_know, diagnostics),
        (None, Some(for_each)) => expand_for_each(for_each, scope, must_know, diagnostics),
        (None, None) => Some(Expansion::Single),
    }
}

/// What is unknown in an expression, for the message: the references whose values are.
fn unknown_parts(expr: &Expr, scope: &dyn Scope) -> String {
    let mut names = Vec::new();
    reference::traversals(expr, &mut |traversal| {
        let alone =
            Expr { kind: crate::lang::ast::ExprKind::Traversal(traversal.clone()), span: traversal.span };
        let (value, problems) = evaluate(&alone, scope);
        if problems.is_empty() && !value.is_wholly_known() {
            let mut name = traversal.root.name.to_string();
            for step in &traversal.steps {
                match &step.kind {
                    crate::lang::ast::StepKind::Attribute(part) => name.push_str(&format!(".{part}")),
                    crate::lang::ast::StepKind::Key(key) => name.push_str(&format!("[{key:?}]")),
                    crate::lang::ast::StepKind::Index(index) => name.push_str(&format!("[{index}]")),
                }
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
    });
    match names.as_slice() {
        [] => "a value that is known only after apply".to_owned(),
        names => format!("{} (known only after apply)", names.join(", ")),
    }
}

fn expand_count(
    expr: &Expr,
    scope: &dyn Scope,
    must_know: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Expansion> {
    let (value, found) = evaluate(expr, scope);
    let failed = found.has_errors();
    diagnostics.append(found);
    if failed {
        return None;
    }
    // How many instances there are is no secret, even if it is counted from one.
    let (value, _) = value.unmark();
    let mut invalid = |detail: String| {
        diagnostics.push(Diagnostic::error("Invalid count argument", detail).at(expr.span));
        None
    };
    if value.is_null() {
        return invalid("The given \"count\" argument value is null. An integer is required.".to_owned());
    }
    let value = match value.convert(&Type::Number) {
        Ok(value) => value,
        Err(error) => {
            return invalid(format!("The given \"count\" argument value is unsuitable: {error}."));
        }
    };
    let Some(number) = value.as_number() else {
        if !must_know {
            return Some(Expansion::Unknown);
        }
        let parts = unknown_parts(expr, scope);
        return invalid(format!(
            "The \"count\" value depends on {parts}, so it cannot be told how many instances there will be. To work \
             around this, first apply only what the count depends on, with --target."
        ));
    };
    match number.to_i64() {
        Some(count) if count >= 0 => Some(Expansion::Count(count as usize)),
        Some(_) => invalid(
            "The given \"count\" argument value is unsuitable: must be greater than or equal to zero."
                .to_owned(),
        ),
        None => invalid(
            "The given \"count\" argument value is unsuitable: a whole number is required.".to_owned(),
        ),
    }
}

fn expand_for_each(
    expr: &Expr,
    scope: &dyn Scope,
    must_know: bool,
    diagnostics: &mut Diagnostics,
) -> Option<Expansion> {
    let (value, found) = evaluate(expr, scope);
    let failed = found.has_errors();
    diagnostics.append(found);
    if failed {
        return None;
    }
    let (value, marks) = value.unmark();
    let mut invalid = |detail: String| {
        diagnostics.push(Diagnostic::error("Invalid for_each argument", detail).at(expr.span));
        None
    };
    if !marks.is_empty() {
        return invalid(
            "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments: the keys \
             show in every plan."
                .to_owned(),
        );
    }
    if value.is_null() {
        return invalid(
            "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is null. A map, \
             or set of strings is allowed."
                .to_owned(),
        );
    }
    let unsuitable = |ty: &Type| {
        format!(
            "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of \
             strings, and you have provided a value of type {}.",
            ty.friendly()
        )
    };
    match &value.kind {
        Kind::Map(_, entries) | Kind::Object(entries) => Some(Expansion::ForEach(BTreeMap::clone(entries))),
        Kind::Set(element, elements) => {
            if elements.is_empty() {
                return Some(Expansion::ForEach(BTreeMap::new()));
            }
            if **element != Type::String {
                if elements.iter().any(|element| !element.is_known()) && !must_know {
                    return Some(Expansion::Unknown);
                }
                return invalid(format!(
                    "The given \"for_each\" argument value is unsuitable: \"for_each\" supports maps and sets of strings, \
                     but you have provided a set containing type {}.",
                    element.friendly()
                ));
            }
            if elements.iter().any(|element| !element.is_known()) {
                if !must_know {
                    return Some(Expansion::Unknown);
                }
                let parts = unknown_parts(expr, scope);
                return invalid(format!(
                    "The \"for_each\" set includes values derived from {parts}, so the full set of keys that will \
                     identify the instances cannot be told. When working with unknown values in for_each, it's better to \
                     use a map value where the keys are defined statically in the configuration. Alternatively, first \
                     apply only what the for_each value depends on, with --target."
                ));
            }
            let mut entries = BTreeMap::new();
            for element in elements.iter() {
                match &element.kind {
                    Kind::String(text) => {
                        entries.insert(Arc::clone(text), element.clone());
                    }
                    _ => {
                        return invalid(
                            "The given \"for_each\" argument value is unsuitable: \"for_each\" sets must not contain null \
                             values."
                                .to_owned(),
                        );
                    }
                }
            }
            Some(Expansion::ForEach(entries))
        }
        Kind::Unknown(ty, _) => match ty {
            Type::Map(_) | Type::Object(_) | Type::Set(_) | Type::Dynamic => {
                if !must_know {
                    return Some(Expansion::Unknown);
                }
                let parts = unknown_parts(expr, scope);
                invalid(format!(
                    "The \"for_each\" value depends on {parts}, so the full set of keys that will identify the instances \
                     cannot be told. To work around this, first apply only what the for_each value depends on, with \
                     --target."
                ))
            }
            other => invalid(unsuitable(other)),
        },
        _ => invalid(unsuitable(&value.ty())),
    }
}
