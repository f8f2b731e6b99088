//! Converting values between types, and finding one type for several.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::number::Number;
use super::types::{ObjectType, Type};
use super::value::{Kind, Marks, Refinement, Value};

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
        Kind::Null(from) => {
            return if is_convertible(from, to, true) {
                Ok(Value::null(to.without_optional()))
            } else {
                Err(ConvertError::new(mismatch(from, to)))
            };
        }
        Kind::Unknown(from, refinement) => {
            if !is_convertible(from, to, true) {
                return Err(ConvertError::new(mismatch(from, to)));
            }
            let to = to.without_optional();
            return Ok(match refinement {
                Some(known) if *from == to => Kind::Unknown(to, Some(Arc::clone(known))).into(),
                Some(known) => Value::unknown_refined(to, convert_refinement(known, from)),
                None => Value::unknown(to),
            });
        }
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
        (Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements), Type::List(wanted)) => {
            let (element, elements) = convert_elements(elements, wanted)?;
            Ok(Value::list(element, elements))
        }
        (Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements), Type::Set(wanted)) => {
            let (element, elements) = convert_elements(elements, wanted)?;
            Ok(Value::set(element, elements))
        }
        (Kind::Map(_, entries) | Kind::Object(entries), Type::Map(wanted)) => {
            let wanted = common_element(entries.values(), wanted)?;
            let mut converted = BTreeMap::new();
            for (key, entry) in entries.iter() {
                let entry =
                    entry.convert(&wanted).map_err(|error| error.under(PathStep::Key(Arc::clone(key))))?;
                converted.insert(Arc::clone(key), entry);
            }
            let element = settled_element(&wanted, converted.values());
            Ok(Value::map(element, converted))
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

/// Elements as ones of the wanted type; where that has `any` in it, of the one type that fits them all.
fn convert_elements(elements: &[Value], wanted: &Type) -> Result<(Type, Vec<Value>), ConvertError> {
    let wanted = common_element(elements.iter(), wanted)?;
    let converted: Result<Vec<Value>, ConvertError> = elements
        .iter()
        .enumerate()
        .map(|(index, element)| element.convert(&wanted).map_err(|error| error.under(PathStep::Index(index))))
        .collect();
    let converted = converted?;
    Ok((settled_element(&wanted, converted.iter()), converted))
}

/// The constraint for the elements of a collection: `any` becomes the one type for all of them.
fn common_element<'a>(
    elements: impl Iterator<Item = &'a Value>,
    wanted: &Type,
) -> Result<Type, ConvertError> {
    if *wanted != Type::Dynamic {
        return Ok(wanted.clone());
    }
    let mut types: Vec<Type> = elements.map(Value::ty).collect();
    types.sort();
    types.dedup();
    match types.len() {
        0 => Ok(Type::Dynamic),
        _ => unify(&types, true).ok_or_else(|| ConvertError::new("all elements must be of the same type")),
    }
}

/// The element type of a collection whose elements were converted to a constraint: a constraint with `any`
/// deeper inside is settled by what the elements became.
fn settled_element<'a>(wanted: &Type, elements: impl Iterator<Item = &'a Value>) -> Type {
    let wanted = wanted.without_optional();
    if !wanted.has_dynamic() {
        return wanted;
    }
    let mut types: Vec<Type> = elements.map(Value::ty).collect();
    types.sort();
    types.dedup();
    if types.is_empty() { wanted } else { unify(&types, true).unwrap_or(wanted) }
}

fn convert_refinement(known: &Refinement, from: &Type) -> Refinement {
    let keeps_length = from.is_collection();
    Refinement {
        not_null: known.not_null,
        prefix: None,
        length: if keeps_length { known.length } else { (0, None) },
    }
}

/// The clause that says why a value of one type cannot become one of another.
fn mismatch(from: &Type, to: &Type) -> String {
    match (from, to) {
        (Type::Object(have), Type::Object(wanted)) => {
            let missing: Vec<String> = wanted
                .attributes
                .keys()
                .filter(|name| !have.attributes.contains_key(*name) && !wanted.optional.contains(*name))
                .map(|name| format!("{name:?}"))
                .collect();
            match missing.as_slice() {
                [] => {
                    for (name, ty) in &wanted.attributes {
                        if let Some(own) = have.attributes.get(name)
                            && !is_convertible(own, ty, true)
                        {
                            return format!("attribute {name:?}: {}", mismatch(own, ty));
                        }
                    }
                    "object is required".to_owned()
                }
                [one] => format!("attribute {one} is required"),
                several => format!("attributes {} are required", several.join(", ")),
            }
        }
        _ => match to {
            Type::Dynamic => "any value is allowed".to_owned(),
            Type::Bool => "a bool is required".to_owned(),
            Type::Number => "a number is required".to_owned(),
            Type::String => "a string is required".to_owned(),
            Type::List(element) if **element == Type::Dynamic => "a list is required".to_owned(),
            Type::Set(element) if **element == Type::Dynamic => "a set is required".to_owned(),
            Type::Map(element) if **element == Type::Dynamic => "a map is required".to_owned(),
            Type::List(_) | Type::Set(_) | Type::Map(_) => {
                let same = std::mem::discriminant(from) == std::mem::discriminant(to);
                match (same, from.element(), to.element()) {
                    (true, Some(own), Some(wanted)) => {
                        format!("incorrect {} element type: {}", collection_word(to), mismatch(own, wanted))
                    }
                    _ => format!("{} is required", to.friendly_constraint()),
                }
            }
            Type::Tuple(_) => "tuple is required".to_owned(),
            Type::Object(_) => "object is required".to_owned(),
            Type::TypeValue => "a type is required".to_owned(),
        },
    }
}

fn collection_word(ty: &Type) -> &'static str {
    match ty {
        Type::List(_) => "list",
        Type::Set(_) => "set",
        _ => "map",
    }
}

/// Whether values of one type can be converted to the other. `lossy` also allows the conversions that can
/// fail for some values: a string to a number or bool, a map to an object.
pub fn is_convertible(from: &Type, to: &Type, lossy: bool) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (_, Type::Dynamic) | (Type::Dynamic, _) => true,
        (Type::Bool | Type::Number, Type::String) => true,
        (Type::String, Type::Bool | Type::Number) => lossy,
        (Type::List(own) | Type::Set(own), Type::List(wanted) | Type::Set(wanted)) => {
            is_convertible(own, wanted, lossy)
        }
        (Type::Tuple(own), Type::List(wanted) | Type::Set(wanted)) => {
            own.iter().all(|ty| is_convertible(ty, wanted, lossy))
                && (**wanted != Type::Dynamic || own.is_empty() || unify(own, lossy).is_some())
        }
        (Type::Map(own), Type::Map(wanted)) => is_convertible(own, wanted, lossy),
        (Type::Object(own), Type::Map(wanted)) => {
            let types: Vec<Type> = own.attributes.values().cloned().collect();
            types.iter().all(|ty| is_convertible(ty, wanted, lossy))
                && (**wanted != Type::Dynamic || types.is_empty() || unify(&types, lossy).is_some())
        }
        (Type::Map(own), Type::Object(wanted)) => {
            lossy && wanted.attributes.values().all(|ty| is_convertible(own, ty, lossy))
        }
        (Type::Tuple(own), Type::Tuple(wanted)) => {
            own.len() == wanted.len()
                && own.iter().zip(wanted.iter()).all(|(own, wanted)| is_convertible(own, wanted, lossy))
        }
        (Type::Object(own), Type::Object(wanted)) => {
            wanted.attributes.iter().all(|(name, ty)| match own.attributes.get(name) {
                Some(own) => is_convertible(own, ty, lossy),
                None => wanted.optional.contains(name),
            })
        }
        _ => false,
    }
}

/// One type that all of the types can be converted to, if there is one. `lossy` as for [`is_convertible`].
pub fn unify(types: &[Type], lossy: bool) -> Option<Type> {
    let first = types.first()?;
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    let count = |test: fn(&Type) -> bool| types.iter().filter(|ty| test(ty)).count();
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let dynamics = count(|ty| *ty == Type::Dynamic);
    let all = types.len();
    if maps > 0 && maps + dynamics == all {
        return unify_collections(types, lossy, Type::map);
    }
    if maps > 0
        && maps + objects + dynamics == all
        && let Some(unified) = unify_parts(types, lossy).map(Type::map)
    {
        return Some(if dynamics > 0 { Type::Dynamic } else { unified });
    }
    if lists > 0 && lists + dynamics == all {
        return unify_collections(types, lossy, Type::list);
    }
    if lists > 0
        && lists + tuples + dynamics == all
        && let Some(unified) = unify_parts(types, lossy).map(Type::list)
    {
        return Some(if dynamics > 0 { Type::Dynamic } else { unified });
    }
    if sets > 0 && sets + dynamics == all {
        return unify_collections(types, lossy, Type::set);
    }
    if sets > 0
        && sets + tuples + dynamics == all
        && let Some(unified) = unify_parts(types, lossy).map(Type::set)
    {
        return Some(if dynamics > 0 { Type::Dynamic } else { unified });
    }
    if objects > 0 && objects + dynamics == all {
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_objects(types, lossy) };
    }
    if tuples > 0 && tuples + dynamics == all {
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_tuples(types, lossy) };
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    // `any` is the last choice, a string the first among primitives: more converts to it without loss.
    let mut candidates: Vec<&Type> = types.iter().collect();
    candidates.sort_by_key(|ty| match ty {
        Type::Dynamic => 2,
        Type::String => 0,
        _ => 1,
    });
    candidates.into_iter().find(|wanted| types.iter().all(|ty| is_convertible(ty, wanted, lossy))).cloned()
}

fn unify_collections(types: &[Type], lossy: bool, make: fn(Type) -> Type) -> Option<Type> {
    if types.contains(&Type::Dynamic) {
        return Some(Type::Dynamic);
    }
    let elements: Vec<Type> = types.iter().filter_map(Type::element).cloned().collect();
    unify(&elements, lossy).map(make)
}

/// One type for the elements and attributes of all the types.
fn unify_parts(types: &[Type], lossy: bool) -> Option<Type> {
    let mut parts = Vec::new();
    for ty in types {
        match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => parts.push(Type::clone(element)),
            Type::Tuple(elements) => parts.extend(elements.iter().cloned()),
            Type::Object(object) => parts.extend(object.attributes.values().cloned()),
            _ => {}
        }
    }
    if parts.is_empty() { Some(Type::Dynamic) } else { unify(&parts, lossy) }
}

fn unify_objects(types: &[Type], lossy: bool) -> Option<Type> {
    let objects: Vec<&Arc<ObjectType>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(object) => Some(object),
            _ => None,
        })
        .collect();
    let first = objects.first()?;
    let alike = objects.iter().all(|object| object.attributes.keys().eq(first.attributes.keys()));
    if alike {
        let mut unified = ObjectType::default();
        for name in first.attributes.keys() {
            let own: Vec<Type> =
                objects.iter().filter_map(|object| object.attributes.get(name).cloned()).collect();
            match unify(&own, lossy) {
                Some(ty) => unified.attributes.insert(Arc::clone(name), ty),
                None => return unify_parts(types, lossy).map(Type::map),
            };
        }
        return Some(Type::Object(Arc::new(unified)));
    }
    unify_parts(types, lossy).map(Type::map)
}

fn unify_tuples(types: &[Type], lossy: bool) -> Option<Type> {
    let tuples: Vec<&Arc<[Type]>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(elements) => Some(elements),
            _ => None,
        })
        .collect();
    let length = tuples.first()?.len();
    if tuples.iter().all(|tuple| tuple.len() == length) {
        let unified: Option<Vec<Type>> = (0..length)
            .map(|index| {
                let own: Vec<Type> = tuples.iter().map(|tuple| tuple[index].clone()).collect();
                unify(&own, lossy)
            })
            .collect();
        if let Some(unified) = unified {
            return Some(Type::tuple(unified));
        }
    }
    unify_parts(types, lossy).map(Type::list)
}

/// The marks of several values together.
pub fn marks_of<'a>(values: impl IntoIterator<Item = &'a Value>) -> Marks {
    values.into_iter().fold(Marks::NONE, |marks, value| marks | value.marks)
}
