//! What an expression refers to, as far as the text tells.

use std::sync::Arc;

use super::ast::{Expr, ExprKind, ObjectKey, Step, StepKind, TemplatePart, Traversal};
use super::diagnostic::{Diagnostic, suggestion};
use super::source::Span;

/// A thing that can be referred to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reference {
    Variable(Arc<str>),
    Local(Arc<str>),
    /// A module call, all of its instances.
    Module(Arc<str>),
    Managed {
        ty: Arc<str>,
        name: Arc<str>,
    },
    Data {
        ty: Arc<str>,
        name: Arc<str>,
    },
    Ephemeral {
        ty: Arc<str>,
        name: Arc<str>,
    },
    /// `count.index`
    Count(Arc<str>),
    /// `each.key`, `each.value`
    Each(Arc<str>),
    Self_,
    /// `path.module`, `path.root`, `path.cwd`
    Path(Arc<str>),
    /// `terraform.workspace`, `terraform.applying`
    Terraform(Arc<str>),
}

/// A reference and how many steps of its traversal name it.
#[derive(Clone, Debug)]
pub struct Parsed {
    pub reference: Reference,
    pub used: usize,
    /// From the root to the last step that names it.
    pub span: Span,
}

/// What a traversal refers to.
pub fn parse(traversal: &Traversal) -> Result<Parsed, Diagnostic> {
    let root = &traversal.root;
    let steps = &traversal.steps;
    let named = |count: usize, make: fn(Arc<str>) -> Reference| -> Result<Parsed, Diagnostic> {
        let (name, span) = attribute_step(traversal, count)?;
        Ok(Parsed { reference: make(name), used: count + 1, span })
    };
    match &*root.name {
        "var" => named(0, Reference::Variable),
        "local" => named(0, Reference::Local),
        "module" => named(0, Reference::Module),
        "count" => named(0, Reference::Count),
        "each" => named(0, Reference::Each),
        "path" => named(0, Reference::Path),
        "terraform" => named(0, Reference::Terraform),
        "self" => Ok(Parsed { reference: Reference::Self_, used: 0, span: root.span }),
        "data" | "ephemeral" => {
            if steps.len() < 2 {
                let detail = format!(
                    "The {:?} object must be followed by two attribute names: the type and the name of the resource.",
                    root.name
                );
                return Err(Diagnostic::error("Invalid reference", detail).at(traversal.span));
            }
            let (ty, _) = attribute_step(traversal, 0)?;
            let (name, span) = attribute_step(traversal, 1)?;
            let reference = if &*root.name == "data" {
                Reference::Data { ty, name }
            } else {
                Reference::Ephemeral { ty, name }
            };
            Ok(Parsed { reference, used: 2, span })
        }
        "resource" if steps.len() >= 2 => {
            let (ty, _) = attribute_step(traversal, 0)?;
            let (name, span) = attribute_step(traversal, 1)?;
            Ok(Parsed { reference: Reference::Managed { ty, name }, used: 2, span })
        }
        "template" | "lazy" | "arg" => {
            let detail = format!("The symbol name {:?} is reserved for use in a future version.", root.name);
            Err(Diagnostic::error("Reserved symbol name", detail).at(root.span))
        }
        _ => {
            if steps.is_empty() {
                let hint = suggestion(
                    &root.name,
                    ["var", "local", "module", "data", "each", "count", "self", "path"],
                );
                let detail = format!(
                    "A reference to a resource type must be followed by at least one attribute access, specifying \
                     the resource name. {:?} alone names nothing.{hint}",
                    root.name
                );
                return Err(Diagnostic::error("Invalid reference", detail).at(root.span));
            }
            let (name, span) = attribute_step(traversal, 0)?;
            Ok(Parsed { reference: Reference::Managed { ty: Arc::clone(&root.name), name }, used: 1, span })
        }
    }
}

/// The name of a step that must be `.name`, and the span from the root to it.
fn attribute_step(traversal: &Traversal, index: usize) -> Result<(Arc<str>, Span), Diagnostic> {
    let root = &traversal.root;
    match traversal.steps.get(index) {
        Some(Step { kind: StepKind::Attribute(name), span }) => Ok((Arc::clone(name), root.span.to(*span))),
        Some(step) => {
            let detail = format!(
                "The {:?} object does not support this operation: it must be followed by a dot and a name.",
                root.name
            );
            Err(Diagnostic::error("Invalid reference", detail).at(step.span))
        }
        None => {
            let detail = format!(
                "The {:?} object cannot be accessed directly. Instead, access one of its attributes.",
                root.name
            );
            Err(Diagnostic::error("Invalid reference", detail).at(root.span))
        }
    }
}

/// Calls `visit` for every traversal in the expression that is not of a name that the expression itself binds.
pub fn traversals<'e>(expr: &'e Expr, visit: &mut impl FnMut(&'e Traversal)) {
    walk(expr, &mut Vec::new(), visit);
}

/// As [`traversals`], for a template.
pub fn template_traversals<'e>(parts: &'e [TemplatePart], visit: &mut impl FnMut(&'e Traversal)) {
    walk_parts(parts, &mut Vec::new(), visit);
}

fn walk<'e>(expr: &'e Expr, bound: &mut Vec<&'e str>, visit: &mut impl FnMut(&'e Traversal)) {
    match &expr.kind {
        ExprKind::Literal(_) | ExprKind::SplatItem => {}
        ExprKind::Template(parts) => walk_parts(parts, bound, visit),
        ExprKind::TemplateWrap(inner)
        | ExprKind::Parens(inner)
        | ExprKind::JsonString { template: inner, .. } => walk(inner, bound, visit),
        ExprKind::Traversal(traversal) => {
            if !bound.contains(&&*traversal.root.name) {
                visit(traversal);
            }
        }
        ExprKind::Relative { source, .. } => walk(source, bound, visit),
        ExprKind::Index { collection, key, .. } => {
            walk(collection, bound, visit);
            walk(key, bound, visit);
        }
        ExprKind::Splat { source, each, .. } => {
            walk(source, bound, visit);
            walk(each, bound, visit);
        }
        ExprKind::Call(call) => call.arguments.iter().for_each(|argument| walk(argument, bound, visit)),
        ExprKind::Conditional { condition, yes, no } => {
            walk(condition, bound, visit);
            walk(yes, bound, visit);
            walk(no, bound, visit);
        }
        ExprKind::Binary { left, right, .. } => {
            walk(left, bound, visit);
            walk(right, bound, visit);
        }
        ExprKind::Unary { operand, .. } => walk(operand, bound, visit),
        ExprKind::Tuple(elements) => elements.iter().for_each(|element| walk(element, bound, visit)),
        ExprKind::Object(items) => {
            for item in items {
                if let ObjectKey::Expr(key) = &item.key {
                    walk(key, bound, visit);
                }
                walk(&item.value, bound, visit);
            }
        }
        ExprKind::For(each) => {
            walk(&each.collection, bound, visit);
            let depth = bound.len();
            bound.extend(each.key_name.iter().map(|name| &*name.name));
            bound.push(&each.value_name.name);
            for inner in each.key.iter().chain([&each.value]).chain(each.condition.iter()) {
                walk(inner, bound, visit);
            }
            bound.truncate(depth);
        }
    }
}

fn walk_parts<'e>(
    parts: &'e [TemplatePart],
    bound: &mut Vec<&'e str>,
    visit: &mut impl FnMut(&'e Traversal),
) {
    for part in parts {
        match part {
            TemplatePart::Text { .. } => {}
            TemplatePart::Interpolation(expr) => walk(expr, bound, visit),
            TemplatePart::If { condition, yes, no, .. } => {
                walk(condition, bound, visit);
                walk_parts(yes, bound, visit);
                walk_parts(no, bound, visit);
            }
            TemplatePart::For { key, value, collection, body, .. } => {
                walk(collection, bound, visit);
                let depth = bound.len();
                bound.extend(key.iter().map(|name| &*name.name));
                bound.push(&value.name);
                walk_parts(body, bound, visit);
                bound.truncate(depth);
            }
        }
    }
}
