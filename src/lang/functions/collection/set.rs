//! Functions of sets: `setintersection setproduct setsubtract setunion`.

use std::collections::HashSet;

use super::super::super::convert::unify;
use super::super::super::types::Type;
use super::super::super::value::{Marks, Value};
use super::super::{CallError, CallResult, Function, Host};
use super::{element_type, elements, known_length, tuple_types};

pub(super) fn functions() -> Vec<Function> {
    let any_set = || Type::set(Type::Dynamic);
    vec![
        Function::typed("setintersection", operation_type, |_, arguments, ty| {
            combine(arguments, ty, |kept, other| kept.retain(|value| other.contains(value)))
        })
        .takes("first_set", any_set())
        .takes_more("other_sets", any_set()),
        Function::typed("setproduct", product_type, product)
            .takes_more("sets", Type::Dynamic)
            .or_unknown_of_known_type()
            .or_marked(),
        Function::typed("setsubtract", operation_type, |_, arguments, ty| {
            combine(arguments, ty, |kept, other| kept.retain(|value| !other.contains(value)))
        })
        .takes("a", any_set())
        .takes("b", any_set()),
        Function::typed("setunion", operation_type, union)
            .takes("first_set", any_set())
            .takes_more("other_sets", any_set()),
    ]
}

fn operation_type(arguments: &[Value]) -> Result<Type, CallError> {
    // An empty set of no type in particular fits any other.
    let types: Vec<Type> = arguments
        .iter()
        .map(|argument| (argument, element_type(&argument.ty())))
        .filter(|(argument, ty)| *ty != Type::Dynamic || known_length(argument) != Some(0))
        .map(|(_, ty)| ty)
        .collect();
    if types.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    unify(&types)
        .map(Type::set)
        .ok_or_else(|| CallError::call("given sets must all have compatible element types"))
}

fn converted(arguments: &[Value], ty: &Type) -> Result<Vec<Value>, CallError> {
    let convert = |(index, argument): (usize, &Value)| {
        argument.convert(ty).map_err(|error| CallError::argument(index, error.to_string()))
    };
    arguments.iter().enumerate().map(convert).collect()
}

/// The element type of sets that are put together. Elements of no type of their own yet are not made of that of
/// others.
fn shared_element(sets: &[Value], ty: &Type) -> Result<Type, CallError> {
    let own = sets.first().map_or_else(|| ty.clone(), Value::ty);
    if ty.has_dynamic() && sets.iter().any(|set| set.ty() != own) {
        return Err(CallError::call("given sets must all have compatible element types"));
    }
    Ok(element_type(&own))
}

/// Narrows the first set by each of the others. Which elements stay cannot be said while any is unknown.
fn combine(arguments: &[Value], ty: &Type, narrow: impl Fn(&mut Vec<Value>, &HashSet<&Value>)) -> CallResult {
    let sets = converted(arguments, ty)?;
    if !sets.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(ty.clone()));
    }
    let element = shared_element(&sets, ty)?;
    let Some((first, others)) = sets.split_first() else {
        return Err(CallError::call("at least one set is required"));
    };
    let mut kept = elements(first).to_vec();
    for other in others {
        narrow(&mut kept, &elements(other).iter().collect());
    }
    Ok(Value::set(element, kept))
}

fn union(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let sets = converted(arguments, ty)?;
    let element = shared_element(&sets, ty)?;
    Ok(Value::set(element, sets.iter().flat_map(|set| elements(set).iter().cloned())))
}

fn product_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.len() < 2 {
        return Err(CallError::call("at least two arguments are required"));
    }
    let mut ordered = true;
    let mut types = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let ty = match argument.ty() {
            Type::List(element) => Type::clone(&element),
            Type::Set(element) => {
                ordered = false;
                Type::clone(&element)
            }
            Type::Tuple(types) if types.is_empty() => Type::Dynamic,
            Type::Tuple(types) => unify(&types)
                .ok_or_else(|| CallError::argument(index, "all elements must be of the same type"))?,
            _ => return Err(CallError::argument(index, "a set or a list is required")),
        };
        types.push(ty);
    }
    let element = Type::tuple(types);
    Ok(if ordered { Type::list(element) } else { Type::set(element) })
}

fn product(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let marks = arguments.iter().fold(Marks::NONE, |marks, argument| marks | argument.marks);
    if arguments.iter().any(|argument| known_length(argument).is_none()) {
        return Ok(Value::unknown(ty.clone()).with_marks(marks));
    }
    let element = element_type(ty);
    let types: &[Type] = tuple_types(&element).map_or(&[], |types| types);
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for (argument, ty) in arguments.iter().zip(types) {
        let column: Result<Vec<Value>, _> =
            elements(argument).iter().map(|element| element.convert(ty)).collect();
        let column = column?;
        rows = rows
            .iter()
            .flat_map(|row| {
                column.iter().map(|value| {
                    let mut longer = Vec::with_capacity(arguments.len());
                    longer.extend_from_slice(row);
                    longer.push(value.clone());
                    longer
                })
            })
            .collect();
    }
    let rows: Vec<Value> = rows.into_iter().map(Value::tuple).collect();
    // Where a column has no type of its own yet, the rows may be of different types.
    let element = match rows.first() {
        Some(first) if element.has_dynamic() => {
            let first = first.ty();
            if rows.iter().any(|row| row.ty() != first) {
                return Err(CallError::call("the elements of the product must be of the same type"));
            }
            first
        }
        _ => element,
    };
    let value = match ty {
        Type::List(_) => Value::list(element, rows),
        _ => Value::set(element, rows),
    };
    Ok(value.with_marks(marks))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{call, error, text, ty};
    use super::*;

    fn list(values: impl IntoIterator<Item = Value>) -> Value {
        Value::tuple(values.into_iter().collect())
    }

    fn flat(name: &str, arguments: [Value; 2]) -> String {
        text(name, arguments).replace("\n  ", "").replace('\n', "")
    }

    #[test]
    fn operations_unify_the_element_types() {
        let (numbers, words) = (|| list([1, 2].map(Value::from)), || list(["2", "x"].map(Value::from)));
        assert_eq!(flat("setunion", [numbers(), words()]), "toset([\"1\",\"2\",\"x\",])");
        assert_eq!(flat("setintersection", [numbers(), words()]), "toset([\"2\",])");
        assert_eq!(flat("setsubtract", [numbers(), words()]), "toset([\"1\",])");
        assert_eq!(flat("setsubtract", [list([]), words()]), "toset([])");
        assert!(matches!(error("setsubtract", [numbers(), list([list([])])]), CallError::Call(_)));
    }

    #[test]
    fn only_a_union_can_hold_what_is_unknown() {
        let partly = || list([Value::unknown(Type::String)]);
        assert!(call("setunion", [partly(), list([Value::from("a")])]).is_known());
        assert!(!call("setintersection", [partly(), list([Value::from("a")])]).is_known());
    }

    #[test]
    fn products_of_lists_are_in_order() {
        let pairs = [list(["b", "a"].map(Value::from)), list([1, 2].map(Value::from))];
        assert_eq!(
            flat("setproduct", pairs.clone()).replace(' ', ""),
            "tolist([[\"b\",1,],[\"b\",2,],[\"a\",1,],[\"a\",2,],])"
        );
        let [first, second] = pairs;
        let set = first.convert(&Type::set(Type::String)).unwrap();
        assert!(ty("setproduct", [set, second]).starts_with("set("));
        assert!(matches!(error("setproduct", [list([])]), CallError::Call(_)));
        assert_eq!(flat("setproduct", [list([]), list([Value::from("a")])]), "tolist([])");
    }
}
