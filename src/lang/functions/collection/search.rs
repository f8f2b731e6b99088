//! Functions that look for values in lists: `contains index matchkeys`.

use super::super::super::convert::unify;
use super::super::super::operators::equality;
use super::super::super::types::Type;
use super::super::super::value::Value;
use super::super::{CallError, CallResult, Function, Host};
use super::{element_type, elements};

pub(super) fn functions() -> Vec<Function> {
    let any_list = || Type::list(Type::Dynamic);
    vec![
        Function::new("contains", contains)
            .takes("list", Type::Dynamic)
            .takes("value", Type::Dynamic)
            .returns(Type::Bool),
        Function::new("index", index)
            .takes("list", Type::Dynamic)
            .takes("value", Type::Dynamic)
            .returns(Type::Number),
        Function::typed("matchkeys", match_keys_type, match_keys)
            .takes("values", any_list())
            .takes("keys", any_list())
            .takes("searchset", any_list()),
    ]
}

fn contains(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let Some(elements) = arguments[0].as_elements() else {
        return Err(CallError::call("argument must be list, tuple, or set"));
    };
    let mut unknown = false;
    for element in elements {
        match equality(&arguments[1], element) {
            Some(true) => return Ok(Value::bool(true)),
            Some(false) => {}
            None => unknown = true,
        }
    }
    Ok(if unknown { Value::unknown(Type::Bool) } else { Value::bool(false) })
}

fn index(_: &dyn Host, arguments: &[Value]) -> CallResult {
    if !matches!(arguments[0].ty(), Type::List(_) | Type::Tuple(_)) {
        return Err(CallError::call("argument must be a list or tuple"));
    }
    let elements = elements(&arguments[0]);
    if elements.is_empty() {
        return Err(CallError::call("cannot search an empty list"));
    }
    for (place, element) in elements.iter().enumerate() {
        match equality(element, &arguments[1]) {
            Some(true) => return Ok(Value::number(place)),
            Some(false) => {}
            None => return Ok(Value::unknown(Type::Number)),
        }
    }
    Err(CallError::call("item not found"))
}

/// The type that keys are compared as.
fn key_type(arguments: &[Value]) -> Result<Type, CallError> {
    unify(&[arguments[1].ty(), arguments[2].ty()])
        .ok_or_else(|| CallError::call("keys and searchset must be of the same type"))
}

fn match_keys_type(arguments: &[Value]) -> Result<Type, CallError> {
    key_type(arguments)?;
    Ok(arguments[0].ty())
}

fn match_keys(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let key_type = key_type(arguments)?;
    let values = elements(&arguments[0]);
    let (keys, wanted) = (arguments[1].convert(&key_type)?, arguments[2].convert(&key_type)?);
    if values.len() != elements(&keys).len() {
        return Err(CallError::call("length of keys and values should be equal"));
    }
    let none = || Value::list(element_type(ty), Vec::new());
    if elements(&wanted).is_empty() {
        return Ok(none());
    }
    if !arguments[0].is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(ty.clone()));
    }
    let mut found = Vec::new();
    for (key, value) in elements(&keys).iter().zip(values) {
        for wanted in elements(&wanted) {
            match equality(key, wanted) {
                Some(true) => {
                    found.push(value.clone());
                    break;
                }
                Some(false) => {}
                // The reference gives up here, rather than answer that it does not know.
                None => return Ok(none()),
            }
        }
    }
    Ok(Value::list(element_type(ty), found))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{call, error, text};
    use super::*;

    fn list(values: impl IntoIterator<Item = Value>) -> Value {
        Value::tuple(values.into_iter().collect())
    }

    #[test]
    fn searching_converts_nothing() {
        let words = || list(["1", "2"].map(Value::from));
        assert_eq!(text("contains", [words(), Value::from(1)]), "false");
        assert_eq!(text("contains", [words(), Value::from("2")]), "true");
        assert_eq!(text("index", [words(), Value::from("2")]), "1");
        assert!(matches!(error("index", [words(), Value::from(2)]), CallError::Call(_)));
        let partly = || list([Value::unknown(Type::String), Value::from("b")]);
        assert_eq!(text("contains", [partly(), Value::from("b")]), "true");
        assert!(!call("contains", [partly(), Value::from("c")]).is_known());
        assert!(!call("index", [partly(), Value::from("b")]).is_known());
    }

    #[test]
    fn keys_match_as_one_type() {
        let arguments =
            [list(["v1", "v2"].map(Value::from)), list([1, 2].map(Value::from)), list([Value::from("2")])];
        assert_eq!(text("matchkeys", arguments), "tolist([\n  \"v2\",\n])");
    }
}
