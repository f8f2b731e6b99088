//! Functions that answer one of many values, or what all of them come to: `alltrue anytrue coalesce
//! coalescelist element length one sum`.

use super::super::super::convert::unify;
use super::super::super::text::graphemes;
use super::super::super::types::Type;
use super::super::super::value::{Kind, Marks, Refinement, Value};
use super::super::numeric::machine_integer;
use super::super::{CallError, CallResult, Function, Host};
use super::{elements, known_length, tuple_types};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("alltrue", all_true).takes("list", Type::list(Type::Bool)).returns(Type::Bool),
        Function::new("anytrue", any_true).takes("list", Type::list(Type::Bool)).returns(Type::Bool),
        Function::typed("coalesce", coalesce_type, coalesce)
            .takes_more("vals", Type::Dynamic)
            .or_null()
            .or_unknown(),
        Function::typed("coalescelist", coalesce_list_type, coalesce_list)
            .takes_more("vals", Type::Dynamic)
            .or_null()
            .or_unknown(),
        Function::typed("element", element_type, element)
            .takes("list", Type::Dynamic)
            .or_marked()
            .takes("index", Type::Number)
            .may_be_null(),
        Function::typed("length", length_type, length).takes("value", Type::Dynamic).or_unknown().or_marked(),
        Function::typed("one", one_type, one).takes("list", Type::Dynamic).may_be_null(),
        Function::new("sum", sum).takes("list", Type::Dynamic).returns(Type::Number),
    ]
}

fn all_true(_: &dyn Host, arguments: &[Value]) -> CallResult {
    for value in elements(&arguments[0]) {
        match value.kind {
            Kind::Unknown(..) => return Ok(Value::unknown(Type::Bool)),
            Kind::Bool(true) => {}
            _ => return Ok(Value::bool(false)),
        }
    }
    Ok(Value::bool(true))
}

fn any_true(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let mut unknown = false;
    for value in elements(&arguments[0]) {
        match value.kind {
            Kind::Unknown(..) => unknown = true,
            Kind::Bool(true) => return Ok(Value::bool(true)),
            _ => {}
        }
    }
    Ok(if unknown { Value::unknown(Type::Bool) } else { Value::bool(false) })
}

fn coalesce_type(arguments: &[Value]) -> Result<Type, CallError> {
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    unify(&types).ok_or_else(|| CallError::call("all arguments must have the same type"))
}

fn coalesce(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    for argument in arguments {
        let value = argument.convert(ty)?;
        match &value.kind {
            Kind::Unknown(..) => return Ok(Value::unknown(ty.clone())),
            Kind::Null(_) => {}
            Kind::String(text) if text.is_empty() && *ty == Type::String => {}
            _ => return Ok(value),
        }
    }
    Err(CallError::call("no non-null, non-empty-string arguments"))
}

fn coalesce_list_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.is_empty() {
        return Err(CallError::call("at least one argument is required"));
    }
    let mut common: Option<Type> = None;
    let mut mixed = false;
    for argument in arguments {
        if !argument.is_known() {
            return Ok(Type::Dynamic);
        }
        let ty = argument.ty();
        if !matches!(ty, Type::List(_) | Type::Tuple(_)) {
            return Err(CallError::call("arguments must be lists or tuples"));
        }
        mixed |= common.as_ref().is_some_and(|common| *common != ty);
        common.get_or_insert(ty);
    }
    Ok(if mixed { Type::Dynamic } else { common.unwrap_or(Type::Dynamic) })
}

fn coalesce_list(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    for argument in arguments {
        if !argument.is_known() {
            return Ok(Value::unknown(ty.clone()));
        }
        if !elements(argument).is_empty() {
            return Ok(argument.clone());
        }
    }
    Err(CallError::call("no non-empty arguments"))
}

/// The place in a list that a wrapping index means.
fn wrapped(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok().filter(|length| *length > 0)?;
    usize::try_from(index.rem_euclid(length)).ok()
}

fn element_type(arguments: &[Value]) -> Result<Type, CallError> {
    let (list, index) = (&arguments[0], &arguments[1]);
    let ty = list.ty();
    if let Type::List(element) = &ty {
        return Ok(Type::clone(element));
    }
    let Some(types) = tuple_types(&ty) else {
        return Err(CallError::call(format!("cannot read elements from {}", ty.friendly())));
    };
    if !index.is_known() {
        return Ok(Type::Dynamic);
    }
    let index = machine_integer(index, "index").map_err(CallError::Call)?;
    let Some(place) = wrapped(index, types.len()) else { return Err(empty_list()) };
    // The reference cannot find the element before a tuple's first one, though it can a list's.
    if index < 0 && place != 0 {
        return Err(CallError::call("the index of an element of a tuple must not be negative"));
    }
    Ok(types[place].clone())
}

fn empty_list() -> CallError {
    CallError::call("cannot use element function with an empty list")
}

fn element(_: &dyn Host, arguments: &[Value], _: &Type) -> CallResult {
    let list = &arguments[0];
    let index = machine_integer(&arguments[1], "index").map_err(CallError::Call)?;
    let elements = elements(list);
    let place = wrapped(index, elements.len()).ok_or_else(empty_list)?;
    Ok(elements[place].clone().with_marks(list.marks))
}

fn length_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Bool | Type::Number | Type::TypeValue => {
            Err(CallError::call("argument must be a string, a collection type, or a structural type"))
        }
        _ => Ok(Type::Number),
    }
}

fn length(_: &dyn Host, arguments: &[Value], _: &Type) -> CallResult {
    let value = &arguments[0];
    let length = match &value.kind {
        Kind::String(text) => Some(graphemes(text).count()),
        Kind::Unknown(Type::Tuple(types), _) => Some(types.len()),
        Kind::Unknown(Type::Object(object), _) => Some(object.attributes.len()),
        Kind::Unknown(ty, Some(known)) if ty.is_collection() => exact_length(known),
        _ => known_length(value),
    };
    Ok(length.map_or_else(|| Value::unknown(Type::Number), Value::number).with_marks(value.marks))
}

fn exact_length(known: &Refinement) -> Option<usize> {
    let (least, most) = known.length;
    if known.not_null && most == Some(least) { usize::try_from(least).ok() } else { None }
}

fn one_type(arguments: &[Value]) -> Result<Type, CallError> {
    let ty = arguments[0].ty();
    match &ty {
        Type::List(element) | Type::Set(element) => return Ok(Type::clone(element)),
        Type::Tuple(types) => match &**types {
            [] => return Ok(Type::Dynamic),
            [only] => return Ok(only.clone()),
            _ => {}
        },
        _ => {}
    }
    Err(not_one())
}

fn not_one() -> CallError {
    CallError::argument(0, "must be a list, set, or tuple value with either zero or one elements")
}

fn one(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    if known_length(&arguments[0]).is_none() {
        return Ok(Value::unknown(ty.clone()));
    }
    match elements(&arguments[0]) {
        [] => Ok(Value::null(ty.clone())),
        [only] => Ok(only.clone()),
        _ => Err(not_one()),
    }
}

fn sum(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let list = &arguments[0];
    let wanted = || CallError::argument(0, "argument must be list, set, or tuple of number values");
    let elements = list.as_elements().ok_or_else(wanted)?;
    if elements.is_empty() {
        return Err(CallError::argument(0, "cannot sum an empty list"));
    }
    if !list.is_wholly_known() {
        return Ok(Value::unknown(Type::Number));
    }
    let mut total = None;
    for element in elements {
        let element = element.convert(&Type::Number).map_err(|_| wanted())?;
        let number = element.as_number().ok_or_else(wanted)?;
        total = Some(match total {
            None => number.clone(),
            Some(total) => number
                .add(&total)
                .ok_or_else(|| CallError::argument(0, "can't compute sum of opposing infinities"))?,
        });
    }
    Ok(total.map_or_else(|| Value::unknown(Type::Number), Value::number).with_marks(Marks::NONE))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{call, error, text};
    use super::*;

    fn words(words: &[&str]) -> Value {
        Value::tuple(words.iter().map(|word| Value::from(*word)).collect())
    }

    #[test]
    fn coalesce_takes_the_first_value_and_one_type() {
        assert_eq!(text("coalesce", [Value::from(""), Value::from(12)]), "\"12\"");
        assert_eq!(text("coalesce", [Value::from(true), Value::from("x")]), "\"true\"");
        assert_eq!(text("coalesce", [Value::null(Type::Dynamic), Value::from(false)]), "false");
        assert!(matches!(error("coalesce", [Value::from(true), Value::from(1)]), CallError::Call(_)));
        let unknown = call("coalesce", [Value::unknown(Type::String), Value::from("a")]);
        assert_eq!(unknown, Value::unknown_not_null(Type::String));
        assert_eq!(text("coalesce", [Value::from("a"), Value::unknown(Type::String)]), "\"a\"");
    }

    #[test]
    fn an_index_of_element_wraps() {
        let list = || Value::list(Type::Number, (1..=3).map(Value::from).collect());
        assert_eq!(text("element", [list(), Value::from(4)]), "2");
        assert_eq!(text("element", [list(), Value::from(-4)]), "3");
        assert_eq!(text("element", [words(&["p", "q", "r"]), Value::from(-3)]), "\"p\"");
        for index in [Value::from(-1), Value::from("0.5"), Value::from("18446744073709551617")] {
            assert!(matches!(error("element", [words(&["p", "q"]), index]), CallError::Call(_)));
        }
        assert!(matches!(error("element", [words(&[]), Value::from(0)]), CallError::Call(_)));
    }

    #[test]
    fn lengths_count_graphemes_and_possible_duplicates() {
        assert_eq!(text("length", [Value::from("Z\u{351}\u{36b}\u{343}algo")]), "5");
        let unknown = || Value::unknown(Type::String);
        assert_eq!(text("length", [Value::set(Type::String, [unknown()])]), "1");
        assert!(!call("length", [Value::set(Type::String, [unknown(), Value::from("a")])]).is_known());
        assert!(!call("length", [words(&["a"]).sensitive()]).marks.is_empty());
        let element = Value::tuple(vec![Value::from("a").sensitive()]);
        assert!(call("length", [element]).marks.is_empty());
        assert!(matches!(error("length", [Value::from(true)]), CallError::Call(_)));
    }

    #[test]
    fn marks_of_one_element_are_its_own() {
        let list = Value::tuple(vec![Value::from("a"), Value::from("b").sensitive()]);
        assert!(call("element", [list.clone(), Value::from(0)]).marks.is_empty());
        assert!(call("element", [list, Value::from(1)]).is_sensitive());
    }
}
