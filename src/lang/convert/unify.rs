//! One type for several.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::sync::Arc;

use super::super::types::{ObjectType, Type};
use super::types::is_convertible;

/// One type that all of the types can be converted to, if there is one.
///
/// The reference's rules: collections of one kind, and structures with collections of the kind that they can
/// become, unify by their elements; objects and tuples of one shape part by part, others as maps and lists. All else
/// comes to one of the types themselves, the most general one that will do. A type not known yet beside
/// collections or structures makes the answer unknown too.
pub fn unify(types: &[Type]) -> Option<Type> {
    let mut distinct: Vec<&Type> = Vec::new();
    for ty in types {
        if !distinct.contains(&ty) {
            distinct.push(ty);
        }
    }
    unify_distinct(&distinct)
}

fn unify_distinct(types: &[&Type]) -> Option<Type> {
    if let [only] = types {
        return Some(Type::clone(only));
    }
    let count = |test: fn(&Type) -> bool| types.iter().filter(|ty| test(ty)).count();
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let dynamics = count(|ty| *ty == Type::Dynamic);
    let all = types.len();
    let all_with_dynamics = |kind: usize| kind > 0 && kind + dynamics == all;
    if all_with_dynamics(maps) {
        return unify_collections(types, Type::map);
    }
    if all_with_dynamics(lists) {
        return unify_collections(types, Type::list);
    }
    if all_with_dynamics(sets) {
        return unify_collections(types, Type::set);
    }
    if all_with_dynamics(objects) {
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_objects(types) };
    }
    if all_with_dynamics(tuples) {
        return if dynamics > 0 { Some(Type::Dynamic) } else { unify_tuples(types) };
    }
    if maps > 0
        && maps + objects + dynamics == all
        && let Some(unified @ Type::Map(_)) = unify_disguised(types, Type::map)
    {
        return Some(unified);
    }
    if lists > 0
        && lists + tuples + dynamics == all
        && let Some(unified @ Type::List(_)) = unify_disguised(types, Type::list)
    {
        return Some(unified);
    }
    if objects > 0 && tuples > 0 {
        return None;
    }
    by_generality(types).into_iter().find(|wanted| types.iter().all(|ty| is_convertible(ty, wanted))).cloned()
}

fn unify_collections(types: &[&Type], make: fn(Type) -> Type) -> Option<Type> {
    if types.contains(&&Type::Dynamic) {
        return Some(Type::Dynamic);
    }
    let elements: Vec<Type> = types.iter().filter_map(|ty| ty.element()).cloned().collect();
    unify(&elements).map(make)
}

/// Collections and structures together, as collections.
fn unify_disguised(types: &[&Type], make: fn(Type) -> Type) -> Option<Type> {
    let is_structure = |ty: &&Type| matches!(ty, Type::Tuple(_) | Type::Object(_));
    let structures: Vec<&Type> = types.iter().copied().filter(is_structure).collect();
    let disguised = collection_of_parts(&structures, make)?;
    let mut rest: Vec<Type> = types.iter().copied().filter(|ty| !is_structure(ty)).cloned().collect();
    rest.push(disguised);
    unify(&rest)
}

/// The collection type that all the structures can be converted to, by one type for all their parts.
fn collection_of_parts(structures: &[&Type], make: fn(Type) -> Type) -> Option<Type> {
    let mut parts = Vec::new();
    for ty in structures {
        match ty {
            Type::Tuple(elements) => parts.extend(elements.iter().cloned()),
            Type::Object(object) => parts.extend(object.attributes.values().cloned()),
            _ => {}
        }
    }
    let collection = make(unify(&parts)?);
    structures.iter().all(|ty| is_convertible(ty, &collection)).then_some(collection)
}

fn unify_objects(types: &[&Type]) -> Option<Type> {
    let objects: Vec<&ObjectType> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(object) => Some(&**object),
            _ => None,
        })
        .collect();
    let (first, rest) = objects.split_first()?;
    if !rest.iter().all(|object| object.attributes.keys().eq(first.attributes.keys())) {
        return collection_of_parts(types, Type::map);
    }
    let attribute = |name: &Arc<str>| {
        let own: Vec<Type> =
            objects.iter().filter_map(|object| object.attributes.get(name).cloned()).collect();
        Some((Arc::clone(name), unify(&own)?))
    };
    first.attributes.keys().map(attribute).collect::<Option<Vec<_>>>().map(Type::object)
}

fn unify_tuples(types: &[&Type]) -> Option<Type> {
    let tuples: Vec<&[Type]> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(elements) => Some(&**elements),
            _ => None,
        })
        .collect();
    let length = tuples.first()?.len();
    if !tuples.iter().all(|tuple| tuple.len() == length) {
        return collection_of_parts(types, Type::list);
    }
    (0..length)
        .map(|index| unify(&tuples.iter().map(|tuple| tuple[index].clone()).collect::<Vec<_>>()))
        .collect::<Option<Vec<Type>>>()
        .map(Type::tuple)
}

/// The types, the more general ones first; where neither of two is, in their own order.
fn by_generality<'t>(types: &[&'t Type]) -> Vec<&'t Type> {
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); types.len()];
    let mut before = vec![0usize; types.len()];
    for left in 0..types.len() {
        for right in left + 1..types.len() {
            let (first, second) = match generality(types[left], types[right]) {
                Ordering::Less => (left, right),
                Ordering::Greater => (right, left),
                Ordering::Equal => continue,
            };
            behind[first].push(second);
            before[second] += 1;
        }
    }
    let mut queue: VecDeque<usize> = (0..types.len()).filter(|index| before[*index] == 0).collect();
    let mut sorted = Vec::with_capacity(types.len());
    while let Some(next) = queue.pop_front() {
        sorted.push(types[next]);
        for later in &behind[next] {
            before[*later] -= 1;
            if before[*later] == 0 {
                queue.push_back(*later);
            }
        }
    }
    sorted
}

/// `Less` if the left type is the more general one and so to be tried first.
fn generality(left: &Type, right: &Type) -> Ordering {
    use Ordering::{Equal, Greater, Less};
    match (left, right) {
        (Type::Dynamic, Type::Dynamic) => Equal,
        // Anything converts to a type that is not known yet, which says nothing for it.
        (_, Type::Dynamic) => Less,
        (Type::Dynamic, _) => Greater,
        (Type::String, Type::Bool | Type::Number) => Less,
        (Type::Bool | Type::Number, Type::String) => Greater,
        (Type::List(left), Type::List(right))
        | (Type::Set(left), Type::Set(right))
        | (Type::Map(left), Type::Map(right)) => generality(left, right),
        (Type::List(_) | Type::Tuple(_), Type::Set(_))
        | (Type::List(_), Type::Tuple(_))
        | (Type::Map(_), Type::Object(_)) => Less,
        (Type::Set(_), Type::List(_) | Type::Tuple(_))
        | (Type::Tuple(_), Type::List(_))
        | (Type::Object(_), Type::Map(_)) => Greater,
        (Type::Object(left), Type::Object(right)) if left.attributes.keys().eq(right.attributes.keys()) => {
            all_agree(left.attributes.values().zip(right.attributes.values()))
        }
        (Type::Tuple(left), Type::Tuple(right)) if left.len() == right.len() => {
            all_agree(left.iter().zip(right.iter()))
        }
        _ => Equal,
    }
}

/// The order of all the pairs, if no two contradict each other.
fn all_agree<'t>(pairs: impl Iterator<Item = (&'t Type, &'t Type)>) -> Ordering {
    let mut agreed = Ordering::Equal;
    for (left, right) in pairs {
        match (agreed, generality(left, right)) {
            (_, Ordering::Equal) => {}
            (Ordering::Equal, other) => agreed = other,
            (agreed, other) if agreed == other => {}
            _ => return Ordering::Equal,
        }
    }
    agreed
}
