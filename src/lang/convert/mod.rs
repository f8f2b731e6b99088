//! Converting values between types, and finding one type for several.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::number::Number;
use super::types::{ObjectType, Type};
use super::value::{Kind, Marks, Refinement, Value};
use types::{common_type, mismatch, settled_type};

pub use types::is_convertible;
pub use unify::unify;

mod types;
mod unify;

/// Why a value cannot become of a type, and where in the value. The message is a clause without a full
/// stop, for example `a number is required`, and never shows the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertError {
    pub path: Vec<PathStep>,
    pub message: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PathStep {
    Attribute(Arc<str>),
    Key(Arc<str>),
    Index(usize),
}

impl ConvertError {
    fn new(message: impl Into<String>) -> ConvertError {
        ConvertError { path: Vec::new(), message: message.into() }
    }

    fn under(mut self, step: PathStep) -> ConvertError {
        self.path.insert(0, step);
        self
    }
}

/// `.a["k"][0]`
pub fn path_text(path: &[PathStep]) -> String {
    path.iter()
        .map(|step| match step {
            PathStep::Attribute(name) => format!(".{name}"),
            PathStep::Key(key) => format!("[{key:?}]"),
            PathStep::Index(index) => format!("[{index}]"),
        })
        .collect()
}

impl std::fmt::Display for ConvertError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.path.as_slice() {
            [] => f.write_str(&self.message),
            [PathStep::Attribute(name)] => write!(f, "attribute {name:?}: {}", self.message),
            [PathStep::Key(key)] => write!(f, "element {key:?}: {}", self.message),
            [PathStep::Index(index)] => write!(f, "element {index}: {}", self.message),
            path => write!(f, "{}: {}", path_text(path), self.message),
        }
    }
}

impl std::error::Error for ConvertError {}

impl Value {
    /// The value as one of the type: itself if it already is. Marks stay.
    pub fn convert(&self, to: &Type) -> Result<Value, ConvertError> {
        if *to == Type::Dynamic {
            return Ok(self.clone());
        }
        convert_unmarked(self, to).map(|value| value.with_marks(self.marks))
    }
}

fn convert_unmarked(value: &Value, to: &Type) -> Result<Value, ConvertError> {
    match &value.kind {
        Kind::Null(from) if is_convertible(from, to) => return Ok(Value::null(settled_type(from, to))),
        Kind::Unknown(from, known) if is_convertible(from, to) => {
            let to = settled_type(from, to);
            return Ok(match known {
                Some(known) if *from == to => Kind::Unknown(to, Some(Arc::clone(known))).into(),
                _ => unknown_of(to, from, known.as_deref()),
            });
        }
        Kind::Null(from) | Kind::Unknown(from, _) => return Err(ConvertError::new(mismatch(from, to))),
        _ => {}
    }
    match (&value.kind, to) {
        (Kind::Bool(_), Type::Bool)
        | (Kind::Number(_), Type::Number)
        | (Kind::String(_), Type::String)
        | (Kind::Type(_), Type::TypeValue) => Ok(value.clone()),
        (Kind::Bool(value), Type::String) => Ok(Value::string(if *value { "true" } else { "false" })),
        (Kind::Number(number), Type::String) => Ok(Value::string(number.to_string())),
        (Kind::String(text), Type::Number) => Number::from_text(text)
            .map(Value::number)
            .ok_or_else(|| ConvertError::new("a number is required")),
        (Kind::String(text), Type::Bool) => match &**text {
            "true" | "1" => Ok(Value::bool(true)),
            "false" | "0" => Ok(Value::bool(false)),
            "True" | "TRUE" => {
                Err(ConvertError::new("a bool is required; to convert from string, use lowercase \"true\""))
            }
            "False" | "FALSE" => {
                Err(ConvertError::new("a bool is required; to convert from string, use lowercase \"false\""))
            }
            _ => Err(ConvertError::new("a bool is required")),
        },
        (Kind::List(element, _), Type::List(wanted)) if element == wanted => Ok(value.clone()),
        (Kind::Set(element, _), Type::Set(wanted)) if element == wanted => Ok(value.clone()),
        (Kind::Map(element, _), Type::Map(wanted)) if element == wanted => Ok(value.clone()),
        // How many elements the list has is not known while unknown ones may turn out equal.
        (Kind::Set(own, elements), Type::List(wanted)) if elements.len() > 1 && !value.is_wholly_known() => {
            Ok(Value::unknown(Type::list(settled_type(own, wanted))))
        }
        (Kind::List(own, elements) | Kind::Set(own, elements), Type::List(wanted)) => {
            let (element, elements) = convert_elements(elements, own, wanted, false)?;
            Ok(Value::list(element, elements))
        }
        (Kind::List(own, elements) | Kind::Set(own, elements), Type::Set(wanted)) => {
            let (element, elements) = convert_elements(elements, own, wanted, false)?;
            Ok(Value::set(element, elements))
        }
        (Kind::Tuple(elements), Type::List(wanted)) => {
            let common = common_type(&value.ty(), wanted).ok_or_else(|| no_single_type(value, to))?;
            let (element, elements) = convert_elements(elements, &Type::Dynamic, &common, true)?;
            Ok(Value::list(element, elements))
        }
        (Kind::Tuple(elements), Type::Set(wanted)) => {
            let common = common_type(&value.ty(), wanted).ok_or_else(|| no_single_type(value, to))?;
            let (element, elements) = convert_elements(elements, &Type::Dynamic, &common, false)?;
            Ok(Value::set(element, elements))
        }
        (Kind::Map(own, entries), Type::Map(wanted)) => convert_entries(entries, own, wanted),
        (Kind::Object(entries), Type::Map(wanted)) => {
            let common = common_type(&value.ty(), wanted).ok_or_else(|| no_single_type(value, to))?;
            convert_entries(entries, &Type::Dynamic, &common)
        }
        (Kind::Tuple(elements), Type::Tuple(wanted)) => {
            if elements.len() != wanted.len() {
                return Err(ConvertError::new(format!("a tuple of {} elements is required", wanted.len())));
            }
            let converted: Result<Vec<Value>, ConvertError> = elements
                .iter()
                .zip(wanted.iter())
                .enumerate()
                .map(|(index, (element, ty))| {
                    element.convert(ty).map_err(|error| error.under(PathStep::Index(index)))
                })
                .collect();
            Ok(Value::tuple(converted?))
        }
        (Kind::Object(entries) | Kind::Map(_, entries), Type::Object(wanted)) => {
            convert_object(entries, wanted, matches!(value.kind, Kind::Map(..)))
        }
        _ => Err(ConvertError::new(mismatch(&value.ty(), to))),
    }
}

fn convert_object(
    entries: &BTreeMap<Arc<str>, Value>,
    wanted: &ObjectType,
    from_map: bool,
) -> Result<Value, ConvertError> {
    let missing: Vec<String> = wanted
        .attributes
        .keys()
        .filter(|name| !entries.contains_key(*name) && !wanted.optional.contains(*name))
        .map(|name| format!("{name:?}"))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => {
            let what = if from_map { "map is missing required element" } else { "attribute" };
            return Err(ConvertError::new(if from_map {
                format!("{what} {one}")
            } else {
                format!("{what} {one} is required")
            }));
        }
        several => {
            return Err(ConvertError::new(format!("attributes {} are required", several.join(", "))));
        }
    }
    let mut converted = BTreeMap::new();
    for (name, ty) in &wanted.attributes {
        let attribute = match entries.get(name) {
            Some(entry) => {
                entry.convert(ty).map_err(|error| error.under(PathStep::Attribute(Arc::clone(name))))?
            }
            None => Value::null(ty.without_optional()),
        };
        converted.insert(Arc::clone(name), attribute);
    }
    Ok(Kind::Object(Arc::new(converted)).into())
}

/// The elements of a list or set as ones of the wanted type. `own` is what an empty collection stays of if any
/// type will do; `unifies` as for [`settle`].
fn convert_elements(
    elements: &[Value],
    own: &Type,
    wanted: &Type,
    unifies: bool,
) -> Result<(Type, Vec<Value>), ConvertError> {
    let converted: Result<Vec<Value>, ConvertError> = elements
        .iter()
        .enumerate()
        .map(|(index, element)| element.convert(wanted).map_err(|error| error.under(PathStep::Index(index))))
        .collect();
    let mut converted = converted?;
    let element = settle(own, wanted, unifies, &mut converted.iter_mut().collect::<Vec<_>>())?;
    Ok((element, converted))
}

/// As [`convert_elements`] for a map.
fn convert_entries(
    entries: &BTreeMap<Arc<str>, Value>,
    own: &Type,
    wanted: &Type,
) -> Result<Value, ConvertError> {
    let mut converted = BTreeMap::new();
    for (key, entry) in entries {
        let entry = entry.convert(wanted).map_err(|error| error.under(PathStep::Key(Arc::clone(key))))?;
        converted.insert(Arc::clone(key), entry);
    }
    let element = settle(own, wanted, true, &mut converted.values_mut().collect::<Vec<_>>())?;
    Ok(Value::map(element, converted))
}

/// The type of a collection's elements, which were converted to a constraint; those of no type of their own yet
/// are made of it. Where the constraint has `any` in it, what the elements became decides; if they became different
/// things, a list's and a map's are unified once more, and a set's are not, as the reference has it.
fn settle(
    own: &Type,
    wanted: &Type,
    unifies: bool,
    elements: &mut [&mut Value],
) -> Result<Type, ConvertError> {
    let wanted = wanted.without_optional();
    if !wanted.has_dynamic() {
        return Ok(wanted);
    }
    if elements.is_empty() {
        return Ok(if wanted == Type::Dynamic { own.clone() } else { wanted });
    }
    let mut types = distinct_types(elements);
    if unifies && types.iter().filter(|ty| **ty != Type::Dynamic).count() > 1 {
        let common = unify(&types).unwrap_or(Type::Dynamic);
        for value in elements.iter_mut() {
            **value = value.convert(&common)?;
        }
        types = distinct_types(elements);
    }
    types.retain(|ty| *ty != Type::Dynamic);
    let element = match types.as_slice() {
        [] => return Ok(Type::Dynamic),
        [only] => only.clone(),
        _ => return Err(ConvertError::new("all elements must be of the same type")),
    };
    for value in elements.iter_mut() {
        if matches!(value.kind, Kind::Null(Type::Dynamic) | Kind::Unknown(Type::Dynamic, _)) {
            **value = value.convert(&element)?;
        }
    }
    Ok(element)
}

/// A list of elements that are all of one type, but for those of no type of their own yet.
pub fn list_of(mut elements: Vec<Value>) -> Result<Value, ConvertError> {
    let any = Type::Dynamic;
    let element = settle(&any, &any, false, &mut elements.iter_mut().collect::<Vec<_>>())?;
    Ok(Value::list(element, elements))
}

fn distinct_types(values: &[&mut Value]) -> Vec<Type> {
    let mut types: Vec<Type> = Vec::new();
    for value in values {
        let ty = value.ty();
        if !types.contains(&ty) {
            types.push(ty);
        }
    }
    types
}

fn no_single_type(value: &Value, to: &Type) -> ConvertError {
    ConvertError::new(mismatch(&value.ty(), to))
}

/// An unknown value of another type: what is still known of it.
fn unknown_of(to: Type, from: &Type, known: Option<&Refinement>) -> Value {
    let (least, most) = known.map_or((0, None), |known| known.length);
    let length = match (from, &to) {
        (Type::Object(object), Type::Map(_)) => {
            let count = object.attributes.len() as u64;
            (count, Some(count))
        }
        (Type::Tuple(types), Type::List(_)) => (types.len() as u64, Some(types.len() as u64)),
        // Elements of a set may turn out to be the same.
        (Type::Tuple(types), Type::Set(_)) => (types.len().min(1) as u64, Some(types.len() as u64)),
        (Type::List(_), Type::Set(_)) => (least.min(1), most),
        (from, to) if from.is_collection() && to.is_collection() => (least, most),
        _ => (0, None),
    };
    let refinement = Refinement { not_null: known.is_some_and(|known| known.not_null), prefix: None, length };
    if to == Type::Dynamic || refinement == Refinement::default() {
        Value::unknown(to)
    } else {
        Value::unknown_refined(to, refinement)
    }
}

/// The marks of several values together.
pub fn marks_of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Marks {
    values.into_iter().fold(Marks::NONE, |marks, value| marks | value.marks)
}
