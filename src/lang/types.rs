//! Types of values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Value as Json, json};

/// The type of a value, or a constraint that values are converted to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// Not known yet (of a value), or any (of a constraint).
    Dynamic,
    Bool,
    Number,
    String,
    List(Arc<Type>),
    Set(Arc<Type>),
    Map(Arc<Type>),
    Tuple(Arc<[Type]>),
    Object(Arc<ObjectType>),
    /// The type of what the console's `type` function answers.
    TypeValue,
}

/// Attributes of an object type. Optional ones occur only in constraints; a value has all of its type's attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectType {
    pub attributes: BTreeMap<Arc<str>, Type>,
    pub optional: BTreeSet<Arc<str>>,
}

impl Type {
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    pub fn set(element: Type) -> Type {
        Type::Set(Arc::new(element))
    }

    pub fn map(element: Type) -> Type {
        Type::Map(Arc::new(element))
    }

    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Type {
        Type::Tuple(elements.into_iter().collect())
    }

    pub fn object<N: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (N, Type)>) -> Type {
        Type::Object(Arc::new(ObjectType {
            attributes: attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect(),
            optional: BTreeSet::new(),
        }))
    }

    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    pub fn is_collection(&self) -> bool {
        matches!(self, Type::List(_) | Type::Set(_) | Type::Map(_))
    }

    /// The element type of a collection type.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Type::List(element) | Type::Set(element) | Type::Map(element) => Some(element),
            _ => None,
        }
    }

    /// Whether `Dynamic` occurs anywhere in it.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Type::Dynamic => true,
            Type::Bool | Type::Number | Type::String | Type::TypeValue => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_dynamic(),
            Type::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Type::Object(object) => object.attributes.values().any(Type::has_dynamic),
        }
    }

    /// The type without the notion that attributes may be left out.
    pub fn without_optional(&self) -> Type {
        match self {
            Type::List(element) => Type::list(element.without_optional()),
            Type::Set(element) => Type::set(element.without_optional()),
            Type::Map(element) => Type::map(element.without_optional()),
            Type::Tuple(elements) => Type::tuple(elements.iter().map(Type::without_optional)),
            Type::Object(object) => Type::object(
                object.attributes.iter().map(|(name, ty)| (Arc::clone(name), ty.without_optional())),
            ),
            other => other.clone(),
        }
    }

    /// As people say it: `list of string`, `object`.
    pub fn friendly(&self) -> String {
        match self {
            Type::Dynamic => "dynamic".into(),
            Type::Bool => "bool".into(),
            Type::Number => "number".into(),
            Type::String => "string".into(),
            Type::List(element) => format!("list of {}", element.friendly()),
            Type::Set(element) => format!("set of {}", element.friendly()),
            Type::Map(element) => format!("map of {}", element.friendly()),
            Type::Tuple(_) => "tuple".into(),
            Type::Object(_) => "object".into(),
            Type::TypeValue => "type".into(),
        }
    }

    /// As [`Type::friendly`], with what a constraint's `any` means spelt out.
    pub fn friendly_constraint(&self) -> String {
        match self {
            Type::Dynamic => "any type".into(),
            Type::List(element) => format!("list of {}", element.friendly_constraint()),
            Type::Set(element) => format!("set of {}", element.friendly_constraint()),
            Type::Map(element) => format!("map of {}", element.friendly_constraint()),
            other => other.friendly(),
        }
    }

    /// The JSON form that state files and plans use: `"string"`, `["list","string"]`,
    /// `["object",{"a":"number"}]`.
    pub fn to_json(&self) -> Json {
        match self {
            Type::Dynamic | Type::TypeValue => json!("dynamic"),
            Type::Bool => json!("bool"),
            Type::Number => json!("number"),
            Type::String => json!("string"),
            Type::List(element) => json!(["list", element.to_json()]),
            Type::Set(element) => json!(["set", element.to_json()]),
            Type::Map(element) => json!(["map", element.to_json()]),
            Type::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Type::to_json).collect::<Vec<_>>()])
            }
            Type::Object(object) => {
                let attributes: serde_json::Map<String, Json> =
                    object.attributes.iter().map(|(name, ty)| (name.to_string(), ty.to_json())).collect();
                if object.optional.is_empty() {
                    json!(["object", attributes])
                } else {
                    json!([
                        "object",
                        attributes,
                        object.optional.iter().map(|name| &**name).collect::<Vec<_>>()
                    ])
                }
            }
        }
    }

    /// Reads [`Type::to_json`]'s form. `None` for anything else.
    pub fn from_json(json: &Json) -> Option<Type> {
        match json {
            Json::String(name) => match name.as_str() {
                "dynamic" => Some(Type::Dynamic),
                "bool" => Some(Type::Bool),
                "number" => Some(Type::Number),
                "string" => Some(Type::String),
                _ => None,
            },
            Json::Array(parts) => {
                let argument = parts.get(1)?;
                match parts.first()?.as_str()? {
                    "list" => Some(Type::list(Type::from_json(argument)?)),
                    "set" => Some(Type::set(Type::from_json(argument)?)),
                    "map" => Some(Type::map(Type::from_json(argument)?)),
                    "tuple" => {
                        let elements: Option<Vec<Type>> =
                            argument.as_array()?.iter().map(Type::from_json).collect();
                        Some(Type::tuple(elements?))
                    }
                    "object" => {
                        let mut object = ObjectType::default();
                        for (name, ty) in argument.as_object()? {
                            object.attributes.insert(name.as_str().into(), Type::from_json(ty)?);
                        }
                        for name in parts.get(2).and_then(Json::as_array).into_iter().flatten() {
                            object.optional.insert(name.as_str()?.into());
                        }
                        Some(Type::Object(Arc::new(object)))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// As the console's `type` function prints it: one attribute or element a line.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_type(f, self, 0)
    }
}

fn write_type(f: &mut fmt::Formatter<'_>, ty: &Type, indent: usize) -> fmt::Result {
    match ty {
        Type::Dynamic | Type::Bool | Type::Number | Type::String | Type::TypeValue => {
            f.write_str(&ty.friendly())
        }
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            let name = match ty {
                Type::List(_) => "list",
                Type::Set(_) => "set",
                _ => "map",
            };
            if matches!(**element, Type::Tuple(_) | Type::Object(_)) {
                write!(f, "{name}(\n{:width$}", "", width = indent + 4)?;
                write_type(f, element, indent + 4)?;
                write!(f, ",\n{:indent$})", "")
            } else {
                write!(f, "{name}(")?;
                write_type(f, element, indent)?;
                f.write_str(")")
            }
        }
        Type::Tuple(elements) if elements.is_empty() => f.write_str("tuple([])"),
        Type::Tuple(elements) => {
            f.write_str("tuple([\n")?;
            for element in elements.iter() {
                write!(f, "{:width$}", "", width = indent + 4)?;
                write_type(f, element, indent + 4)?;
                f.write_str(",\n")?;
            }
            write!(f, "{:indent$}])", "")
        }
        Type::Object(object) if object.attributes.is_empty() => f.write_str("object({})"),
        Type::Object(object) => {
            f.write_str("object({\n")?;
            for (name, attribute) in &object.attributes {
                write!(f, "{:width$}{name}: ", "", width = indent + 4)?;
                write_type(f, attribute, indent + 4)?;
                f.write_str(",\n")?;
            }
            write!(f, "{:indent$}}})", "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // The text is what Terraform 1.11.4's console prints for the type of such a value.
    #[test]
    fn structures_in_collections_have_lines_of_their_own() {
        let object = Type::object([("b", Type::Number)]);
        let ty = Type::object([
            ("a", Type::list(Type::map(object))),
            ("c", Type::set(Type::list(Type::String))),
            ("d", Type::tuple([Type::list(Type::object::<&str>([]))])),
        ]);
        let expected = "\
object({
    a: list(map(
        object({
            b: number,
        }),
    )),
    c: set(list(string)),
    d: tuple([
        list(
            object({}),
        ),
    ]),
})";
        assert_eq!(ty.to_string(), expected);
    }
}
