//! Type constraints as they are written: `map(object({ a = string, b = optional(number, 1) }))`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ast::{Call, Expr, ExprKind, ObjectKey, Traversal};
use super::diagnostic::{Diagnostic, Diagnostics, suggestion};
use super::eval::{self, Scope};
use super::types::{ObjectType, Type};
use super::value::{Kind, Value};

/// A constraint and the defaults of its optional attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeConstraint {
    pub ty: Type,
    pub defaults: Option<Defaults>,
}

/// Defaults of optional attributes, in the shape of the type they belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Of the attributes of an object type.
    values: BTreeMap<Arc<str>, Value>,
    /// Inside attributes, by name; inside the elements of a tuple, by number; inside the elements of a
    /// collection, under the empty name.
    inside: BTreeMap<Arc<str>, Defaults>,
}

impl Defaults {
    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.inside.is_empty()
    }

    /// Fills in what a value of the constraint leaves out, before it is converted to the constraint. A null
    /// attribute counts as left out.
    pub fn apply(&self, value: Value) -> Value {
        let Value { kind, marks } = value;
        let filled: Value = match kind {
            Kind::Object(entries) => {
                let mut entries = BTreeMap::clone(&entries);
                if self.values.is_empty() && self.inside.contains_key("") {
                    let element = &self.inside[""];
                    for entry in entries.values_mut() {
                        *entry = element.apply(entry.clone());
                    }
                } else {
                    self.fill(&mut entries);
                }
                Kind::Object(Arc::new(entries)).into()
            }
            Kind::Map(element, entries) => {
                let mut entries = BTreeMap::clone(&entries);
                if let Some(inside) = self.inside.get("") {
                    for entry in entries.values_mut() {
                        *entry = inside.apply(entry.clone());
                    }
                    Kind::Object(Arc::new(entries)).into()
                } else if !self.values.is_empty() || !self.inside.is_empty() {
                    self.fill(&mut entries);
                    Kind::Object(Arc::new(entries)).into()
                } else {
                    Kind::Map(element, Arc::new(entries)).into()
                }
            }
            Kind::List(_, ref elements) | Kind::Set(_, ref elements) | Kind::Tuple(ref elements) => {
                let element = self.inside.get("");
                let filled = elements
                    .iter()
                    .enumerate()
                    .map(|(index, value)| {
                        match element.or_else(|| self.inside.get(index.to_string().as_str())) {
                            Some(inside) => inside.apply(value.clone()),
                            None => value.clone(),
                        }
                    })
                    .collect();
                Value::tuple(filled)
            }
            other => other.into(),
        };
        filled.with_marks(marks)
    }

    fn fill(&self, entries: &mut BTreeMap<Arc<str>, Value>) {
        for (name, default) in &self.values {
            if entries.get(name).is_none_or(|value| value.is_null()) {
                entries.insert(Arc::clone(name), default.clone());
            }
        }
        for (name, inside) in &self.inside {
            if let Some(entry) = entries.get_mut(name) {
                *entry = inside.apply(entry.clone());
            }
        }
    }
}

/// Where a constraint stands decides what it may hold: `optional(…)` only within objects, `any` only in
/// variables.
pub fn parse(expr: &Expr, scope: &dyn Scope) -> Result<TypeConstraint, Diagnostics> {
    let mut defaults = Defaults::default();
    let ty = constraint(expr, scope, &mut defaults)?;
    Ok(TypeConstraint { ty, defaults: (!defaults.is_empty()).then_some(defaults) })
}

fn invalid(detail: impl Into<String>, expr: &Expr) -> Diagnostics {
    Diagnostic::error("Invalid type specification", detail).at(expr.span).into()
}

const COLLECTIONS: [&str; 3] = ["list", "set", "map"];

fn constraint(expr: &Expr, scope: &dyn Scope, defaults: &mut Defaults) -> Result<Type, Diagnostics> {
    match &expr.kind {
        ExprKind::Traversal(Traversal { root, steps, .. }) if steps.is_empty() => match &*root.name {
            "bool" => Ok(Type::Bool),
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "any" => Ok(Type::Dynamic),
            "list" | "set" | "map" => Err(invalid(
                format!(
                    "The {} type constructor requires one argument specifying the element type.",
                    root.name
                ),
                expr,
            )),
            "object" => Err(invalid(
                "The object type constructor requires one argument specifying the attribute types and values as a map.",
                expr,
            )),
            "tuple" => Err(invalid(
                "The tuple type constructor requires one argument specifying the element types as a list.",
                expr,
            )),
            other => {
                let known = ["bool", "string", "number", "any", "list", "set", "map", "object", "tuple"];
                let hint = suggestion(other, known);
                Err(invalid(format!("The keyword {other:?} is not a valid type specification.{hint}"), expr))
            }
        },
        ExprKind::Call(call) => call_constraint(expr, call, scope, defaults),
        ExprKind::Literal(super::ast::Literal::Null) => {
            Err(invalid("The keyword \"null\" is not a valid type specification.", expr))
        }
        _ => Err(invalid(
            "A type specification is either a primitive type keyword (bool, number, string) or a complex type \
             constructor call, like list(string).",
            expr,
        )),
    }
}

fn call_constraint(
    expr: &Expr,
    call: &Call,
    scope: &dyn Scope,
    defaults: &mut Defaults,
) -> Result<Type, Diagnostics> {
    let name = &*call.name.name;
    if matches!(name, "bool" | "string" | "number" | "any") {
        return Err(Diagnostic::error(
            "Invalid type specification",
            format!("Primitive type keyword {name:?} does not expect arguments."),
        )
        .at(call.open.to(call.close))
        .into());
    }
    if name == "optional" {
        return Err(Diagnostic::error(
            "Invalid type specification",
            "Keyword \"optional\" is valid only as a modifier for object type attributes.",
        )
        .at(call.name.span)
        .within(expr.span)
        .into());
    }
    if !COLLECTIONS.contains(&name) && name != "object" && name != "tuple" {
        let known = COLLECTIONS.into_iter().chain(["object", "tuple"]);
        let hint = suggestion(name, known);
        return Err(invalid(format!("Keyword {name:?} is not a valid type constructor.{hint}"), expr));
    }
    let argument = match call.arguments.as_slice() {
        [argument] => argument,
        [] => {
            let detail = format!("The {name} type constructor requires one argument.");
            return Err(Diagnostic::error("Invalid type specification", detail)
                .at(call.open.to(call.close))
                .within(expr.span)
                .into());
        }
        [_, second, ..] => {
            let detail = format!("The {name} type constructor requires only one argument.");
            let last = call.arguments.last().map_or(second.span, |last| last.span);
            return Err(Diagnostic::error("Invalid type specification", detail)
                .at(second.span.to(last))
                .within(expr.span)
                .into());
        }
    };
    match name {
        "object" => object(argument, scope, defaults),
        "tuple" => {
            let ExprKind::Tuple(elements) = &argument.kind else {
                return Err(invalid("Tuple type constructor requires a list of element types.", argument));
            };
            let mut types = Vec::new();
            for (index, element) in elements.iter().enumerate() {
                let mut inside = Defaults::default();
                types.push(constraint(element, scope, &mut inside)?);
                if !inside.is_empty() {
                    defaults.inside.insert(index.to_string().into(), inside);
                }
            }
            Ok(Type::tuple(types))
        }
        _ => {
            let mut inside = Defaults::default();
            let element = constraint(argument, scope, &mut inside)?;
            if !inside.is_empty() {
                defaults.inside.insert("".into(), inside);
            }
            Ok(match name {
                "list" => Type::list(element),
                "set" => Type::set(element),
                _ => Type::map(element),
            })
        }
    }
}

fn object(argument: &Expr, scope: &dyn Scope, defaults: &mut Defaults) -> Result<Type, Diagnostics> {
    let ExprKind::Object(items) = &argument.kind else {
        return Err(invalid(
            "Object type constructor requires a map whose keys are attribute names and whose values are the \
             corresponding attribute types.",
            argument,
        ));
    };
    let mut object = ObjectType::default();
    let mut problems = Diagnostics::new();
    for item in items {
        let name: Arc<str> = match &item.key {
            ObjectKey::Name(name) => Arc::clone(&name.name),
            ObjectKey::Expr(key) => match &eval::evaluate(key, scope).0.kind {
                Kind::String(name) => Arc::clone(name),
                _ => {
                    problems.append(invalid("Object constructor map keys must be attribute names.", key));
                    continue;
                }
            },
        };
        let (ty_expr, default) = match &item.value.kind {
            ExprKind::Call(call) if &*call.name.name == "optional" => match call.arguments.as_slice() {
                [ty] => (ty, Some(None)),
                [ty, default] => (ty, Some(Some(default))),
                [] => {
                    problems.append(invalid(
                        "Optional attribute modifier requires the attribute type as its argument.",
                        &item.value,
                    ));
                    continue;
                }
                _ => {
                    problems.append(invalid(
                        "Optional attribute modifier expects only one or two arguments: the attribute type and a \
                         default.",
                        &item.value,
                    ));
                    continue;
                }
            },
            _ => (&item.value, None),
        };
        let mut inside = Defaults::default();
        let ty = match constraint(ty_expr, scope, &mut inside) {
            Ok(ty) => ty,
            Err(diagnostics) => {
                problems.append(diagnostics);
                continue;
            }
        };
        if let Some(default) = default {
            object.optional.insert(Arc::clone(&name));
            if let Some(default) = default {
                let (value, diagnostics) = eval::evaluate(default, scope);
                let failed = diagnostics.has_errors();
                problems.append(diagnostics);
                let filled = if value.is_null() { value } else { inside.apply(value) };
                match filled.convert(&ty) {
                    _ if failed => {}
                    Ok(value) => {
                        defaults.values.insert(Arc::clone(&name), value);
                    }
                    Err(error) => {
                        let detail = format!(
                            "This default value is not compatible with the attribute's type constraint: {error}."
                        );
                        problems.push(
                            Diagnostic::error("Invalid default value for optional attribute", detail)
                                .at(default.span),
                        );
                    }
                }
            }
        }
        if !inside.is_empty() {
            defaults.inside.insert(Arc::clone(&name), inside);
        }
        object.attributes.insert(name, ty);
    }
    if problems.has_errors() { Err(problems) } else { Ok(Type::Object(Arc::new(object))) }
}
