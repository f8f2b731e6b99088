//! Object constructors and `for` expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ast::{ExprKind, For, Ident, ObjectItem, ObjectKey};
use super::super::diagnostic::Diagnostic;
use super::super::source::Span;
use super::super::types::Type;
use super::super::value::{Kind, Marks, Value};
use super::Evaluator;

/// What a `for` goes over.
pub(super) enum Iteration {
    /// Keys and values, in order; the collection's marks.
    Over(Vec<(Value, Value)>, Marks),
    /// The collection, or how many elements it has, is not known.
    Unknown(Marks),
    /// It cannot be gone over; that has been said.
    Failed,
}

impl Evaluator<'_> {
    pub(super) fn object(&mut self, items: &[ObjectItem]) -> Value {
        let mut entries = BTreeMap::new();
        let mut marks = Marks::NONE;
        let mut unknown_key = false;
        for ObjectItem { key, value } in items {
            let name = match key {
                ObjectKey::Name(Ident { name, .. }) => Some(Arc::clone(name)),
                ObjectKey::Expr(expr) => {
                    if let ExprKind::Traversal(traversal) = &expr.kind
                        && !traversal.steps.is_empty()
                    {
                        let detail = "If this expression is intended to be a reference, wrap it in parentheses. If \
                                      it's instead intended as a literal name containing periods, wrap it in quotes \
                                      to create a string literal.";
                        self.fail(Diagnostic::error("Ambiguous attribute key", detail).at(expr.span));
                        continue;
                    }
                    let errors = self.error_count();
                    let key = self.eval(expr);
                    if self.error_count() > errors {
                        unknown_key = true;
                        None
                    } else {
                        let (key, own) = key.unmark();
                        marks = marks | own;
                        self.object_key(&key, expr.span, value.span, &mut unknown_key)
                    }
                }
            };
            let value = self.eval(value);
            if let Some(name) = name {
                entries.insert(name, value);
            }
        }
        if unknown_key {
            return Value::dynamic().with_marks(marks);
        }
        Value::from(Kind::Object(Arc::new(entries))).with_marks(marks)
    }

    fn object_key(&mut self, key: &Value, span: Span, value: Span, unknown: &mut bool) -> Option<Arc<str>> {
        if key.is_null() {
            let detail = "Can't use a null value as a key.";
            self.fail(Diagnostic::error("Null value as key", detail).at(value).within(span.to(value)));
            return None;
        }
        match key.convert(&Type::String) {
            Err(error) => {
                let detail = format!("Can't use this value as a key: {error}.");
                self.fail(Diagnostic::error("Incorrect key type", detail).at(span));
                None
            }
            Ok(key) => {
                *unknown |= !key.is_known();
                match key.kind {
                    Kind::String(text) => Some(text),
                    _ => None,
                }
            }
        }
    }

    /// The keys and values of what stands behind `in`.
    pub(super) fn iteration(&mut self, collection: Value, span: Span, context: Span) -> Iteration {
        let (collection, marks) = collection.unmark();
        if collection.is_null() {
            let detail = "A null value cannot be used as the collection in a 'for' expression.";
            self.fail(Diagnostic::error("Iteration over null value", detail).at(span).within(context));
            return Iteration::Failed;
        }
        let items = match &collection.kind {
            Kind::List(_, elements) | Kind::Tuple(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, value)| (Value::number(index), value.clone()))
                .collect(),
            Kind::Set(_, elements) => elements.iter().map(|value| (value.clone(), value.clone())).collect(),
            Kind::Map(_, entries) | Kind::Object(entries) => {
                entries.iter().map(|(key, value)| (Value::string(key), value.clone())).collect()
            }
            Kind::Unknown(Type::Tuple(types), _) => types
                .iter()
                .enumerate()
                .map(|(index, ty)| (Value::number(index), Value::unknown(ty.clone())))
                .collect(),
            Kind::Unknown(Type::Object(object), _) => object
                .attributes
                .iter()
                .map(|(name, ty)| (Value::string(name), Value::unknown(ty.clone())))
                .collect(),
            Kind::Unknown(ty, _) if *ty == Type::Dynamic || ty.is_collection() => {
                return Iteration::Unknown(marks);
            }
            _ => {
                let detail = format!(
                    "A value of type {} cannot be used as the collection in a 'for' expression.",
                    collection.ty().friendly()
                );
                self.fail(
                    Diagnostic::error("Iteration over non-iterable value", detail).at(span).within(context),
                );
                return Iteration::Failed;
            }
        };
        Iteration::Over(items, marks)
    }

    /// Evaluates with the names of a `for` bound.
    pub(super) fn bind<T>(
        &mut self,
        key_name: Option<&Ident>,
        value_name: &Ident,
        key: Value,
        value: Value,
        then: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let depth = self.bound.len();
        if let Some(name) = key_name {
            self.bound.push((Arc::clone(&name.name), key));
        }
        self.bound.push((Arc::clone(&value_name.name), value));
        let result = then(self);
        self.bound.truncate(depth);
        result
    }

    pub(super) fn for_expression(&mut self, each: &For) -> Value {
        let span = each.open.to(each.close);
        let errors = self.error_count();
        let collection = self.eval(&each.collection);
        if self.error_count() > errors {
            return Value::dynamic();
        }
        let (items, mut marks) = match self.iteration(collection, each.collection.span, span) {
            Iteration::Failed => return Value::dynamic(),
            Iteration::Unknown(marks) => return Value::dynamic().with_marks(marks),
            Iteration::Over(items, marks) => (items, marks),
        };
        let mut unknown = false;
        // A condition of the wrong type is found even where there is nothing to go over.
        if items.is_empty() && each.condition.is_some() {
            self.bind(each.key_name.as_ref(), &each.value_name, Value::dynamic(), Value::dynamic(), |this| {
                this.for_condition(each, span, &mut marks, &mut unknown)
            });
            if self.error_count() > errors {
                return Value::dynamic();
            }
            unknown = false;
        }
        let mut elements = Vec::new();
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for (key, value) in items {
            let before = self.error_count();
            self.bind(each.key_name.as_ref(), &each.value_name, key, value, |this| {
                match this.for_condition(each, span, &mut marks, &mut unknown) {
                    Some(true) => {}
                    _ => return,
                }
                let Some(key_expr) = &each.key else {
                    elements.push(this.eval(&each.value));
                    return;
                };
                let key = this.eval(key_expr);
                if this.error_count() > before {
                    unknown = true;
                    return;
                }
                let (key, own) = key.unmark();
                marks = marks | own;
                let Some(name) = this.for_key(&key, key_expr.span, span, &mut unknown) else { return };
                let value = this.eval(&each.value);
                if each.group {
                    groups.entry(name).or_default().push(value);
                } else if let std::collections::btree_map::Entry::Vacant(vacant) = entries.entry(name.clone()) {
                    vacant.insert(value);
                } else {
                    let shown = if marks.is_empty() { format!(" {name:?}") } else { String::new() };
                    let detail = format!(
                        "Two different items produced the key{shown} in this 'for' expression. If duplicates are \
                         expected, use the ellipsis (...) after the value expression to enable grouping by key."
                    );
                    this.fail(Diagnostic::error("Duplicate object key", detail).at(key_expr.span).within(span));
                }
            });
            // One diagnostic for a mistake, not one for each element.
            if self.error_count() > before {
                return Value::dynamic().with_marks(marks);
            }
        }
        if unknown {
            return Value::dynamic().with_marks(marks);
        }
        let result = if each.key.is_none() {
            Value::tuple(elements)
        } else if each.group {
            Value::object(groups.into_iter().map(|(name, values)| (name, Value::tuple(values))))
        } else {
            Kind::Object(Arc::new(entries)).into()
        };
        result.with_marks(marks)
    }

    /// Whether the element is taken; `None` if that is unknown or an error.
    fn for_condition(
        &mut self,
        each: &For,
        span: Span,
        marks: &mut Marks,
        unknown: &mut bool,
    ) -> Option<bool> {
        let Some(condition) = &each.condition else { return Some(true) };
        let errors = self.error_count();
        let value = self.eval(condition);
        if self.error_count() > errors {
            return None;
        }
        let (value, own) = value.unmark();
        *marks = *marks | own;
        if value.is_null() {
            let detail = "The value of the 'if' clause must not be null.";
            self.fail(Diagnostic::error("Condition is null", detail).at(condition.span).within(span));
            return None;
        }
        match value.convert(&Type::Bool) {
            Err(error) => {
                let detail = format!("The 'if' clause value is invalid: {error}.");
                self.fail(
                    Diagnostic::error("Invalid 'for' condition", detail).at(condition.span).within(span),
                );
                None
            }
            Ok(value) => {
                *unknown |= !value.is_known();
                value.as_bool()
            }
        }
    }

    fn for_key(&mut self, key: &Value, span: Span, context: Span, unknown: &mut bool) -> Option<Arc<str>> {
        if key.is_null() {
            let detail = "Key expression in 'for' expression must not produce a null value.";
            self.fail(Diagnostic::error("Invalid object key", detail).at(span).within(context));
            return None;
        }
        match key.convert(&Type::String) {
            Err(error) => {
                let detail = format!("The key expression produced an invalid result: {error}.");
                self.fail(Diagnostic::error("Invalid object key", detail).at(span).within(context));
                None
            }
            Ok(key) => {
                *unknown |= !key.is_known();
                match key.kind {
                    Kind::String(text) => Some(text),
                    _ => None,
                }
            }
        }
    }
}
