//! From the body of a block to an object of its schema.
//!
//! The object has every attribute and block kind of the schema: null where the code is silent. `dynamic` blocks
//! are expanded; one whose `for_each` is unknown makes all blocks of its kind unknown.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lang::ast::{Attribute, Block, Body, Expr, ExprKind, ObjectKey, Traversal};
use crate::lang::convert::PathStep;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::eval::{Scope, evaluate};
use crate::lang::functions::Host;
use crate::lang::parse::json::blocks_of;
use crate::lang::source::Span;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Marks, Value};

use super::{BlockSchema, NestedBlock, Nesting};

/// Decodes a body. The value is good only if no error was added.
pub fn decode(schema: &BlockSchema, body: &Body, scope: &dyn Scope, diagnostics: &mut Diagnostics) -> Value {
    let body = &*with_blocks(schema, body, diagnostics);
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    unexpected(schema, body, diagnostics);
    for (name, attribute) in &schema.attributes {
        let value = match body.attribute(name) {
            Some(written) => {
                let value = argument(&attribute.ty, written, scope, diagnostics);
                if !attribute.is_argument() && !value.is_null() {
                    let detail = format!(
                        "{name:?} cannot be set: it is decided when the object is made. Remove the argument."
                    );
                    let diagnostic = Diagnostic::error("Value for unconfigurable attribute", detail);
                    diagnostics.push(diagnostic.at(written.expr.span));
                }
                value
            }
            None if attribute.as_blocks && has_blocks(body, name) => {
                attribute_blocks(name, &attribute.ty, body, scope, diagnostics)
            }
            None => {
                if attribute.required {
                    let detail = format!("The argument {name:?} is required, but no definition was found.");
                    diagnostics.push(Diagnostic::error("Missing required argument", detail).at(body.missing));
                }
                Value::null(attribute.ty.clone())
            }
        };
        let value = if attribute.sensitive { value.sensitive() } else { value };
        entries.insert(Arc::clone(name), value);
    }
    for (name, nested) in &schema.blocks {
        entries.insert(Arc::clone(name), nested_blocks(name, nested, body, scope, diagnostics));
    }
    Kind::Object(Arc::new(entries)).into()
}

fn has_blocks(body: &Body, name: &str) -> bool {
    body.blocks.iter().any(|block| block_kind(block) == Some(name))
}

/// What kind of block it makes: its own, or that of a `dynamic` block's content.
fn block_kind(block: &Block) -> Option<&str> {
    if &*block.kind.name == "dynamic" {
        block.labels.first().map(|label| &*label.value)
    } else {
        Some(&block.kind.name)
    }
}

/// The body with what is a block for the schema as blocks: JSON does not tell them from arguments.
fn with_blocks<'b>(schema: &BlockSchema, body: &'b Body, diagnostics: &mut Diagnostics) -> Cow<'b, Body> {
    let is_block = |attribute: &&Attribute| schema.blocks.contains_key(&attribute.name.name);
    if !body.json || !body.attributes.iter().any(|attribute| is_block(&attribute)) {
        return Cow::Borrowed(body);
    }
    let mut whole = body.clone();
    whole.attributes.retain(|attribute| !is_block(&attribute));
    for attribute in body.attributes.iter().filter(is_block) {
        whole.blocks.extend(blocks_of(&attribute.name, &attribute.expr, diagnostics));
    }
    Cow::Owned(whole)
}

fn unexpected(schema: &BlockSchema, body: &Body, diagnostics: &mut Diagnostics) {
    for attribute in &body.attributes {
        let name = &*attribute.name.name;
        if schema.attributes.contains_key(name) {
            continue;
        }
        let hint = if schema.blocks.contains_key(name) {
            format!(" Did you mean to define a block of type {name:?}?")
        } else {
            let arguments = schema.attributes.iter().filter(|(_, known)| known.is_argument());
            suggestion(name, arguments.map(|(known, _)| &**known))
        };
        let detail = format!("An argument named {name:?} is not expected here.{hint}");
        diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
    }
    for block in &body.blocks {
        let Some(kind) = block_kind(block) else { continue };
        let as_blocks = schema.attributes.get(kind).is_some_and(|attribute| attribute.as_blocks);
        if schema.blocks.contains_key(kind) || as_blocks {
            continue;
        }
        let hint = if schema.attributes.contains_key(kind) {
            format!(
                " Did you mean to define argument {kind:?}? If so, use the equals sign to assign it a value."
            )
        } else {
            suggestion(kind, schema.blocks.keys().map(|known| &**known))
        };
        let span = block
            .labels
            .first()
            .filter(|_| &*block.kind.name == "dynamic")
            .map_or(block.kind.span, |label| label.span);
        let detail = format!("Blocks of type {kind:?} are not expected here.{hint}");
        diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(span));
    }
}

fn argument(ty: &Type, written: &Attribute, scope: &dyn Scope, diagnostics: &mut Diagnostics) -> Value {
    let (value, found) = evaluate(&written.expr, scope);
    let failed = found.has_errors();
    diagnostics.append(found);
    if failed {
        return Value::unknown(ty.clone());
    }
    value.convert(ty).unwrap_or_else(|error| {
        let place = locate_in(&written.expr, &error.path).unwrap_or(written.expr.span);
        let detail = format!("Inappropriate value for attribute {:?}: {error}.", written.name.name);
        diagnostics.push(
            Diagnostic::error("Incorrect attribute value type", detail).at(written.expr.span).within(place),
        );
        Value::unknown(ty.clone())
    })
}

/// The blocks of a kind, as the schema's nesting wants them.
fn nested_blocks(
    name: &str,
    nested: &NestedBlock,
    body: &Body,
    scope: &dyn Scope,
    diagnostics: &mut Diagnostics,
) -> Value {
    let mut found = Vec::new();
    let mut marks = Marks::NONE;
    let mut unknown = false;
    let mut labels: Vec<Arc<str>> = Vec::new();
    for block in body.blocks.iter().filter(|block| block_kind(block) == Some(name)) {
        if &*block.kind.name == "dynamic" {
            unknown |= !dynamic(block, nested, scope, &mut found, &mut marks, diagnostics);
        } else {
            let wanted = usize::from(nested.nesting == Nesting::Map);
            if let Some(label) = block.labels.get(wanted) {
                let detail = format!("No labels are expected for {name} blocks.");
                diagnostics
                    .push(Diagnostic::error(format!("Extraneous label for {name}"), detail).at(label.span));
                continue;
            }
            labels.extend(block.labels.first().map(|label| Arc::clone(&label.value)));
            found.push((decode(&nested.block, &block.body, scope, diagnostics), block.header));
        }
    }
    if !unknown {
        count(name, nested, &found, body, diagnostics);
    }
    let object = nested.block.implied_type();
    if unknown {
        return Value::unknown(nested.implied_type()).with_marks(marks);
    }
    let values = found.into_iter().map(|(value, _)| value);
    let value = match nested.nesting {
        Nesting::Single => {
            let first = { values }.next();
            first.unwrap_or_else(|| Value::null(object))
        }
        Nesting::List => Value::list(object, values.collect()),
        Nesting::Set => Value::set(object, values),
        Nesting::Map => Value::map(object, labels.into_iter().zip(values).collect()),
    };
    value.with_marks(marks)
}

fn count(
    name: &str,
    nested: &NestedBlock,
    found: &[(Value, Span)],
    body: &Body,
    diagnostics: &mut Diagnostics,
) {
    let most = match nested.nesting {
        Nesting::Single => Some(1),
        _ => nested.max_items,
    };
    if let Some(most) = most
        && let Some((_, span)) = found.get(most)
    {
        let (summary, detail) = if most == 1 {
            (
                format!("Duplicate {name} block"),
                format!("Only one block of type {name:?} is expected. Another was found before it."),
            )
        } else {
            (format!("Too many {name} blocks"), format!("No more than {most} {name:?} blocks are allowed."))
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(*span));
    }
    if found.len() < nested.min_items {
        let (summary, detail) = if nested.min_items == 1 {
            (format!("Missing {name} block"), format!("A block of type {name:?} is required here."))
        } else {
            (
                format!("Insufficient {name} blocks"),
                format!("At least {} {name:?} blocks are required.", nested.min_items),
            )
        };
        diagnostics.push(Diagnostic::error(summary, detail).at(body.missing));
    }
}

/// Expands a `dynamic` block. `false`: how many blocks it makes is not known.
fn dynamic(
    block: &Block,
    nested: &NestedBlock,
    scope: &dyn Scope,
    found: &mut Vec<(Value, Span)>,
    marks: &mut Marks,
    diagnostics: &mut Diagnostics,
) -> bool {
    let name = &block.labels[0].value;
    let Some(for_each) = block.body.attribute("for_each") else {
        let detail =
            "A dynamic block needs \"for_each\": the collection that it makes a block for each element of.";
        diagnostics.push(Diagnostic::error("Missing required argument", detail).at(block.body.missing));
        return true;
    };
    for attribute in &block.body.attributes {
        if !matches!(&*attribute.name.name, "for_each" | "iterator" | "labels") {
            let detail = format!(
                "An argument named {:?} is not expected here. Arguments of the blocks stand in \"content\".",
                attribute.name.name
            );
            diagnostics.push(Diagnostic::error("Unsupported argument", detail).at(attribute.name.span));
        }
    }
    let iterator = match block.body.attribute("iterator").map(|attribute| &attribute.expr) {
        None => Arc::clone(name),
        Some(Expr { kind: ExprKind::Traversal(Traversal { root, steps, .. }), .. }) if steps.is_empty() => {
            Arc::clone(&root.name)
        }
        Some(other) => {
            let detail = "Dynamic iterator must be a single variable name.";
            diagnostics.push(Diagnostic::error("Invalid expression", detail).at(other.span));
            return true;
        }
    };
    let Some(content) = block.body.blocks("content").next() else {
        let detail =
            "A dynamic block needs a nested block \"content\" to define the body of each generated block.";
        diagnostics.push(Diagnostic::error("Missing dynamic content block", detail).at(block.body.missing));
        return true;
    };
    let (collection, problems) = evaluate(&for_each.expr, scope);
    let failed = problems.has_errors();
    diagnostics.append(problems);
    if failed {
        return false;
    }
    let (collection, own) = collection.unmark();
    *marks = *marks | own;
    let invalid = |diagnostics: &mut Diagnostics, detail: String| {
        diagnostics.push(Diagnostic::error("Invalid dynamic for_each value", detail).at(for_each.expr.span));
    };
    if collection.is_null() {
        invalid(diagnostics, "Cannot use a null value in for_each.".to_owned());
        return true;
    }
    let pairs: Vec<(Value, Value)> = match &collection.kind {
        Kind::List(_, elements) | Kind::Tuple(elements) => {
            elements.iter().enumerate().map(|(index, value)| (Value::number(index), value.clone())).collect()
        }
        Kind::Set(_, elements) => elements.iter().map(|value| (value.clone(), value.clone())).collect(),
        Kind::Map(_, entries) | Kind::Object(entries) => {
            entries.iter().map(|(key, value)| (Value::string(key), value.clone())).collect()
        }
        Kind::Unknown(..) => {
            // The content is checked all the same, with an element that is not known.
            let scope = IteratorScope::new(scope, iterator, Value::dynamic(), Value::dynamic());
            decode(&nested.block, &content.body, &scope, diagnostics);
            return false;
        }
        _ => {
            let ty = collection.ty().friendly();
            invalid(
                diagnostics,
                format!("Cannot use a {ty} value in for_each. An iterable collection is required."),
            );
            return true;
        }
    };
    for (key, value) in pairs {
        let scope =
            IteratorScope::new(scope, Arc::clone(&iterator), key.with_marks(own), value.with_marks(own));
        found.push((decode(&nested.block, &content.body, &scope, diagnostics), content.header));
    }
    true
}

/// The scope inside a `dynamic` block's content: one name more.
struct IteratorScope<'a> {
    outer: &'a dyn Scope,
    name: Arc<str>,
    value: Value,
}

impl<'a> IteratorScope<'a> {
    fn new(outer: &'a dyn Scope, name: Arc<str>, key: Value, value: Value) -> IteratorScope<'a> {
        IteratorScope { outer, name, value: Value::object([("key", key), ("value", value)]) }
    }
}

impl Scope for IteratorScope<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        if traversal.root.name == self.name {
            Ok((self.value.clone(), 0))
        } else {
            self.outer.resolve(traversal)
        }
    }

    fn host(&self) -> &dyn Host {
        self.outer.host()
    }
}

/// The legacy spelling: blocks where the schema has an attribute that is a list or set of objects. Attributes of
/// the objects that a block leaves out are null.
fn attribute_blocks(
    name: &str,
    ty: &Type,
    body: &Body,
    scope: &dyn Scope,
    diagnostics: &mut Diagnostics,
) -> Value {
    let Some(Type::Object(object)) = ty.element() else { return Value::null(ty.clone()) };
    let block = object.attributes.iter().fold(BlockSchema::new(), |block, (name, ty)| {
        block.attribute(name, super::AttributeSchema::optional(ty.clone()))
    });
    let nested = match ty {
        Type::Set(_) => NestedBlock::set(block),
        _ => NestedBlock::list(block),
    };
    nested_blocks(name, &nested, body, scope, diagnostics)
}

/// The place in the source of an attribute path within a body, as near as the text allows.
pub fn locate(body: &Body, path: &[PathStep]) -> Span {
    let Some(PathStep::Attribute(name)) = path.first() else { return body.missing };
    if let Some(attribute) = body.attribute(name) {
        return locate_in(&attribute.expr, &path[1..]).unwrap_or(attribute.expr.span);
    }
    let mut blocks = body.blocks.iter().filter(|block| block_kind(block) == Some(name)).peekable();
    let Some(first) = blocks.peek().copied() else { return body.missing };
    let (index, rest) = match path.get(1) {
        Some(PathStep::Index(index)) => (*index, &path[2..]),
        _ => (0, &path[1..]),
    };
    let block = blocks.nth(index).unwrap_or(first);
    let inner = match block.body.blocks("content").next() {
        Some(content) if &*block.kind.name == "dynamic" => &content.body,
        _ => &block.body,
    };
    if rest.is_empty() {
        return block.header;
    }
    let place = locate(inner, rest);
    if place == inner.missing { block.header } else { place }
}

/// The part of a constructor expression that a path leads to.
fn locate_in(expr: &Expr, path: &[PathStep]) -> Option<Span> {
    let Some(step) = path.first() else { return Some(expr.span) };
    match (&expr.kind, step) {
        (ExprKind::Parens(inner), _) => locate_in(inner, path),
        (ExprKind::Tuple(elements), PathStep::Index(index)) => {
            elements.get(*index).and_then(|element| locate_in(element, &path[1..]))
        }
        (ExprKind::Object(items), PathStep::Attribute(name) | PathStep::Key(name)) => items
            .iter()
            .find(|item| match &item.key {
                ObjectKey::Name(key) => key.name == *name,
                ObjectKey::Expr(key) => match &key.kind {
                    ExprKind::Template(parts) => matches!(
                        parts.as_slice(),
                        [crate::lang::ast::TemplatePart::Text { text, .. }] if text == name
                    ),
                    _ => false,
                },
            })
            .and_then(|item| locate_in(&item.value, &path[1..])),
        _ => Some(expr.span),
    }
}
