//! Conversions as far as types tell of them.

use super::super::types::Type;
use super::unify::unify;

/// Whether values of one type can be converted to the other, if not all of them: a string may not be a number,
/// a map may lack an attribute of an object.
pub fn is_convertible(from: &Type, to: &Type) -> bool {
    if from == to {
        return true;
    }
    match (from, to) {
        (_, Type::Dynamic) | (Type::Dynamic, _) => true,
        (Type::Bool | Type::Number, Type::String) | (Type::String, Type::Bool | Type::Number) => true,
        (Type::List(own) | Type::Set(own), Type::List(wanted) | Type::Set(wanted))
        | (Type::Map(own), Type::Map(wanted)) => is_convertible(own, wanted),
        (Type::Tuple(own), Type::List(wanted) | Type::Set(wanted)) => {
            common_type(from, wanted).is_some_and(|common| own.iter().all(|ty| is_convertible(ty, &common)))
        }
        (Type::Object(own), Type::Map(wanted)) => common_type(from, wanted)
            .is_some_and(|common| own.attributes.values().all(|ty| is_convertible(ty, &common))),
        (Type::Map(own), Type::Object(wanted)) => {
            wanted.attributes.values().all(|ty| is_convertible(own, ty))
        }
        (Type::Tuple(own), Type::Tuple(wanted)) => {
            own.len() == wanted.len()
                && own.iter().zip(wanted.iter()).all(|(own, wanted)| is_convertible(own, wanted))
        }
        (Type::Object(own), Type::Object(wanted)) => {
            wanted.attributes.iter().all(|(name, ty)| match own.attributes.get(name) {
                Some(own) => is_convertible(own, ty),
                None => wanted.optional.contains(name),
            })
        }
        _ => false,
    }
}

/// The type that the parts of a structure are converted to for a collection of `wanted`: `any` becomes the one
/// type for all of them. `None` if there is none.
pub fn common_type(structure: &Type, wanted: &Type) -> Option<Type> {
    if *wanted != Type::Dynamic {
        return Some(wanted.clone());
    }
    match structure {
        Type::Tuple(types) if types.is_empty() => Some(Type::Dynamic),
        // A list cannot wait for a type for some of its elements while others have one, though a map can.
        Type::Tuple(types) => unify(types)
            .filter(|common| *common != Type::Dynamic || types.iter().all(|ty| *ty == Type::Dynamic)),
        Type::Object(object) if object.attributes.is_empty() => Some(Type::Dynamic),
        Type::Object(object) => unify(&object.attributes.values().cloned().collect::<Vec<_>>()),
        _ => Some(Type::Dynamic),
    }
}

fn common_type_fails(from: &Type, to: &Type) -> bool {
    matches!(from, Type::Tuple(_) | Type::Object(_))
        && to.element().is_some_and(|element| common_type(from, element).is_none())
}

/// The type that an unknown or null value of type `from` gets when it is converted to a constraint: `any` in the
/// constraint becomes what the value's own type has in its place.
pub fn settled_type(from: &Type, to: &Type) -> Type {
    if *from == Type::Dynamic {
        return to.without_optional();
    }
    let within = |structure: &[Type]| unify(structure).unwrap_or(Type::Dynamic);
    let element = |wanted: &Type| match from {
        Type::List(own) | Type::Set(own) | Type::Map(own) => settled_type(own, wanted),
        Type::Tuple(types) => settled_type(&within(types), wanted),
        Type::Object(object) => {
            settled_type(&within(&object.attributes.values().cloned().collect::<Vec<_>>()), wanted)
        }
        _ => wanted.without_optional(),
    };
    match to {
        Type::Dynamic => from.clone(),
        Type::List(wanted) => Type::list(element(wanted)),
        Type::Set(wanted) => Type::set(element(wanted)),
        Type::Map(wanted) => Type::map(element(wanted)),
        Type::Tuple(wanted) => match from {
            Type::Tuple(own) if own.len() == wanted.len() => {
                Type::tuple(own.iter().zip(wanted.iter()).map(|(own, wanted)| settled_type(own, wanted)))
            }
            _ => to.without_optional(),
        },
        Type::Object(wanted) => Type::object(wanted.attributes.iter().map(|(name, ty)| {
            let own = match from {
                Type::Map(own) => Some(&**own),
                Type::Object(own) => own.attributes.get(name),
                _ => None,
            };
            (name.clone(), own.map_or_else(|| ty.without_optional(), |own| settled_type(own, ty)))
        })),
        _ => to.clone(),
    }
}

/// The clause that says why a value of one type cannot become one of another.
pub fn mismatch(from: &Type, to: &Type) -> String {
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
                            && !is_convertible(own, ty)
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
            Type::List(_) | Type::Set(_) | Type::Map(_) if common_type_fails(from, to) => {
                format!("all {} elements must have the same type", collection_word(to))
            }
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
