//! Values: cheap to clone, with shared structure; unknown with a type, null with a type, and marks
//! that stay with a value through every operation.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::BitOr;
use std::sync::Arc;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::number::Number;
use super::types::Type;

/// What is to be remembered of a value's origin, whatever is made from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Marks(u8);

impl Marks {
    pub const NONE: Marks = Marks(0);
    /// Must never be shown.
    pub const SENSITIVE: Marks = Marks(1);
    /// Must never be stored.
    pub const EPHEMERAL: Marks = Marks(2);
    /// Comes from the console's `type` function, and can only be shown as it is.
    pub const TYPE: Marks = Marks(4);

    pub fn contains(self, other: Marks) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn without(self, other: Marks) -> Marks {
        Marks(self.0 & !other.0)
    }
}

impl BitOr for Marks {
    type Output = Marks;

    fn bitor(self, other: Marks) -> Marks {
        Marks(self.0 | other.0)
    }
}

/// What is known of an unknown value besides its type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Refinement {
    /// It will not be null.
    pub not_null: bool,
    /// A string will start with this.
    pub prefix: Option<Arc<str>>,
    /// A collection will have at least, and at most, so many elements.
    pub length: (u64, Option<u64>),
}

/// A value of the language. Two values are equal if they are of one type, hold the same and carry the same marks.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    pub kind: Kind,
    pub marks: Marks,
}

/// What a value holds. Elements of a set are sorted by [`set_order`] and distinct, its marks are the set's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    Null(Type),
    Unknown(Type, Option<Arc<Refinement>>),
    Bool(bool),
    Number(Number),
    /// In Unicode normal form C.
    String(Arc<str>),
    List(Arc<Type>, Arc<Vec<Value>>),
    Set(Arc<Type>, Arc<Vec<Value>>),
    Map(Arc<Type>, Arc<BTreeMap<Arc<str>, Value>>),
    Tuple(Arc<Vec<Value>>),
    Object(Arc<BTreeMap<Arc<str>, Value>>),
    /// What the console's `type` function answers.
    Type(Type),
}

impl From<Kind> for Value {
    fn from(kind: Kind) -> Value {
        Value { kind, marks: Marks::NONE }
    }
}

impl Value {
    // ── making values ──────────────────────────────────────────────────────────────────────────

    pub fn null(ty: Type) -> Value {
        Kind::Null(ty).into()
    }

    pub fn unknown(ty: Type) -> Value {
        Kind::Unknown(ty, None).into()
    }

    /// An unknown value of a known type that is known not to be null.
    pub fn unknown_not_null(ty: Type) -> Value {
        if ty == Type::Dynamic {
            return Value::unknown(ty);
        }
        Value::unknown_refined(ty, Refinement { not_null: true, ..Refinement::default() })
    }

    /// An unknown value of which something is known; a collection of which that is enough is itself known, of
    /// unknown elements.
    pub fn unknown_refined(ty: Type, refinement: Refinement) -> Value {
        if let Refinement { not_null: true, length: (least, Some(most)), .. } = refinement
            && least == most
        {
            match &ty {
                Type::List(element) => {
                    let elements = (0..least).map(|_| Value::unknown(Type::clone(element))).collect();
                    return Kind::List(Arc::clone(element), Arc::new(elements)).into();
                }
                Type::Set(element) if least <= 1 => {
                    let elements = (0..least).map(|_| Value::unknown(Type::clone(element))).collect();
                    return Kind::Set(Arc::clone(element), Arc::new(elements)).into();
                }
                Type::Map(element) if least == 0 => {
                    return Kind::Map(Arc::clone(element), Arc::default()).into();
                }
                _ => {}
            }
        }
        Kind::Unknown(ty, Some(Arc::new(refinement))).into()
    }

    pub fn dynamic() -> Value {
        Value::unknown(Type::Dynamic)
    }

    pub fn bool(value: bool) -> Value {
        Kind::Bool(value).into()
    }

    pub fn number(value: impl Into<Number>) -> Value {
        Kind::Number(value.into()).into()
    }

    /// A string, brought to normal form C.
    pub fn string(text: impl AsRef<str>) -> Value {
        let text = text.as_ref();
        if text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes {
            return Kind::String(text.into()).into();
        }
        let normal: String = text.nfc().collect();
        Kind::String(normal.into()).into()
    }

    /// A list of elements that already are of the element type.
    pub fn list(element: Type, elements: Vec<Value>) -> Value {
        Kind::List(Arc::new(element), Arc::new(elements)).into()
    }

    /// A set of elements that already are of the element type; equal ones become one, and the elements' own
    /// marks become the set's.
    pub fn set(element: Type, elements: impl IntoIterator<Item = Value>) -> Value {
        let mut marks = Marks::NONE;
        let mut elements: Vec<Value> = elements
            .into_iter()
            .map(|value| {
                let (value, own) = value.unmark_deep();
                marks = marks | own;
                value
            })
            .collect();
        elements.sort_by(|left, right| set_order(&element, left, right));
        elements.dedup_by(|later, earlier| later == earlier && later.is_wholly_known());
        Value { kind: Kind::Set(Arc::new(element), Arc::new(elements)), marks }
    }

    /// A map of elements that already are of the element type.
    pub fn map(element: Type, elements: BTreeMap<Arc<str>, Value>) -> Value {
        Kind::Map(Arc::new(element), Arc::new(elements)).into()
    }

    pub fn tuple(elements: Vec<Value>) -> Value {
        Kind::Tuple(Arc::new(elements)).into()
    }

    pub fn object<N: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (N, Value)>) -> Value {
        Kind::Object(Arc::new(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect()))
            .into()
    }

    pub fn empty_object() -> Value {
        Kind::Object(Arc::default()).into()
    }

    // ── asking values ──────────────────────────────────────────────────────────────────────────

    pub fn ty(&self) -> Type {
        match &self.kind {
            Kind::Null(ty) | Kind::Unknown(ty, _) => ty.clone(),
            Kind::Bool(_) => Type::Bool,
            Kind::Number(_) => Type::Number,
            Kind::String(_) => Type::String,
            Kind::List(element, _) => Type::List(Arc::clone(element)),
            Kind::Set(element, _) => Type::Set(Arc::clone(element)),
            Kind::Map(element, _) => Type::Map(Arc::clone(element)),
            Kind::Tuple(elements) => Type::tuple(elements.iter().map(Value::ty)),
            Kind::Object(attributes) => {
                Type::object(attributes.iter().map(|(name, value)| (Arc::clone(name), value.ty())))
            }
            Kind::Type(_) => Type::TypeValue,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null(_))
    }

    /// Whether the value itself is known; its parts may still not be.
    pub fn is_known(&self) -> bool {
        !matches!(self.kind, Kind::Unknown(..))
    }

    pub fn is_wholly_known(&self) -> bool {
        match &self.kind {
            Kind::Unknown(..) => false,
            Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => {
                elements.iter().all(Value::is_wholly_known)
            }
            Kind::Map(_, elements) | Kind::Object(elements) => elements.values().all(Value::is_wholly_known),
            _ => true,
        }
    }

    /// Whether the value can be said not to be null.
    pub fn is_not_null(&self) -> bool {
        match &self.kind {
            Kind::Null(_) => false,
            Kind::Unknown(_, refinement) => refinement.as_ref().is_some_and(|known| known.not_null),
            _ => true,
        }
    }

    pub fn is_sensitive(&self) -> bool {
        self.marks.contains(Marks::SENSITIVE)
    }

    /// Whether the value or any part of it is sensitive.
    pub fn has_sensitive(&self) -> bool {
        self.marks_deep().contains(Marks::SENSITIVE)
    }

    /// The marks of the value and of all its parts.
    pub fn marks_deep(&self) -> Marks {
        let parts = match &self.kind {
            Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => {
                elements.iter().fold(Marks::NONE, |marks, value| marks | value.marks_deep())
            }
            Kind::Map(_, elements) | Kind::Object(elements) => {
                elements.values().fold(Marks::NONE, |marks, value| marks | value.marks_deep())
            }
            _ => Marks::NONE,
        };
        self.marks | parts
    }

    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(value) => Some(value),
            _ => None,
        }
    }

    pub fn as_number(&self) -> Option<&Number> {
        match &self.kind {
            Kind::Number(number) => Some(number),
            _ => None,
        }
    }

    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(Number::to_i64)
    }

    /// The elements of a known list, set or tuple.
    pub fn as_elements(&self) -> Option<&[Value]> {
        match &self.kind {
            Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of a known map or object.
    pub fn as_entries(&self) -> Option<&BTreeMap<Arc<str>, Value>> {
        match &self.kind {
            Kind::Map(_, entries) | Kind::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// An attribute of a known object or an element of a known map, with the marks of the whole.
    pub fn get(&self, name: &str) -> Option<Value> {
        Some(self.as_entries()?.get(name)?.clone().with_marks(self.marks))
    }

    /// As [`Value::get`] by reference and without the whole's marks: null, unknown and absent are `None`.
    pub fn known(&self, name: &str) -> Option<&Value> {
        self.as_entries()?.get(name).filter(|value| value.is_known() && !value.is_null())
    }

    // ── marks ──────────────────────────────────────────────────────────────────────────────────

    pub fn with_marks(mut self, marks: Marks) -> Value {
        self.marks = self.marks | marks;
        self
    }

    pub fn sensitive(self) -> Value {
        self.with_marks(Marks::SENSITIVE)
    }

    /// The value without its own marks, and those marks.
    pub fn unmark(mut self) -> (Value, Marks) {
        let marks = std::mem::take(&mut self.marks);
        (self, marks)
    }

    /// The value without any marks in it, and all that were.
    pub fn unmark_deep(self) -> (Value, Marks) {
        let marks = self.marks_deep();
        if marks.is_empty() {
            return (self, marks);
        }
        let value = self.transform(&mut |mut value| {
            value.marks = Marks::NONE;
            value
        });
        (value, marks)
    }

    /// Rebuilds the value from its parts upward: `change` sees every part after the parts within it.
    pub fn transform(self, change: &mut impl FnMut(Value) -> Value) -> Value {
        let marks = self.marks;
        let kind = match self.kind {
            Kind::List(element, elements) => Kind::List(element, transform_all(&elements, change)),
            Kind::Tuple(elements) => Kind::Tuple(transform_all(&elements, change)),
            Kind::Set(element, elements) => {
                let set = Value::set(
                    Type::clone(&element),
                    elements.iter().map(|value| value.clone().transform(change)),
                );
                return change(set.with_marks(marks));
            }
            Kind::Map(element, entries) => Kind::Map(element, transform_entries(&entries, change)),
            Kind::Object(entries) => Kind::Object(transform_entries(&entries, change)),
            other => other,
        };
        change(Value { kind, marks })
    }
}

fn transform_all(elements: &[Value], change: &mut impl FnMut(Value) -> Value) -> Arc<Vec<Value>> {
    Arc::new(elements.iter().map(|value| value.clone().transform(change)).collect())
}

fn transform_entries(
    entries: &BTreeMap<Arc<str>, Value>,
    change: &mut impl FnMut(Value) -> Value,
) -> Arc<BTreeMap<Arc<str>, Value>> {
    Arc::new(
        entries.iter().map(|(name, value)| (Arc::clone(name), value.clone().transform(change))).collect(),
    )
}

/// The order in which a set's elements are visited: strings and numbers by value, `false` before `true`,
/// anything compound by a text of what it holds; null behind all known values, unknown behind known.
pub fn set_order(element: &Type, left: &Value, right: &Value) -> Ordering {
    let rank = |value: &Value| match value.kind {
        Kind::Null(_) => 2,
        Kind::Unknown(..) => 1,
        _ => 0,
    };
    rank(left).cmp(&rank(right)).then_with(|| match (&left.kind, &right.kind) {
        (Kind::String(left), Kind::String(right)) if *element == Type::String => left.cmp(right),
        (Kind::Number(left), Kind::Number(right)) => left.cmp(right),
        (Kind::Bool(left), Kind::Bool(right)) => left.cmp(right),
        _ => {
            let (mut one, mut other) = (String::new(), String::new());
            order_text(left, &mut one);
            order_text(right, &mut other);
            one.cmp(&other)
        }
    })
}

fn order_text(value: &Value, text: &mut String) {
    match &value.kind {
        Kind::Null(_) => text.push('~'),
        Kind::Unknown(..) => text.push('?'),
        Kind::Bool(true) => text.push('T'),
        Kind::Bool(false) => text.push('F'),
        Kind::Number(number) => text.push_str(&number.to_string()),
        Kind::String(string) => text.push_str(&format!("{string:?}")),
        Kind::List(_, elements) | Kind::Set(_, elements) => {
            text.push('[');
            for element in elements.iter() {
                order_text(element, text);
                text.push(';');
            }
            text.push(']');
        }
        Kind::Tuple(elements) => {
            text.push('<');
            for element in elements.iter() {
                order_text(element, text);
                text.push(';');
            }
            text.push('>');
        }
        Kind::Map(_, entries) => {
            text.push('{');
            for (key, element) in entries.iter() {
                text.push_str(&format!("{key:?}:"));
                order_text(element, text);
                text.push(';');
            }
            text.push('}');
        }
        Kind::Object(entries) => {
            text.push('<');
            for attribute in entries.values() {
                order_text(attribute, text);
                text.push(';');
            }
            text.push('>');
        }
        Kind::Type(ty) => text.push_str(&ty.to_string()),
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::number(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Value {
        Value::number(i64::from(value))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::string(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::string(text)
    }
}
