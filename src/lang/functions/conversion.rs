//! Type conversion functions: `ephemeralasnull issensitive nonsensitive sensitive tobool tolist tomap tonumber
//! toset tostring type`.

use super::super::convert::is_convertible;
use super::super::types::Type;
use super::super::value::{Kind, Marks, Value};
use super::{CallError, CallResult, Function, Host};

pub(super) fn functions() -> Vec<Function> {
    let any = |function: Function| {
        function.takes("value", Type::Dynamic).or_null().or_unknown().or_marked().may_be_null()
    };
    vec![
        any(Function::new("ephemeralasnull", ephemeral_as_null)),
        any(Function::new("issensitive", is_sensitive)).returns(Type::Bool),
        any(Function::new("nonsensitive", nonsensitive)),
        any(Function::new("sensitive", |_, arguments| Ok(arguments[0].clone().sensitive()))),
        any(Function::new("type", type_of)).only_in_console(),
        conversion("tobool", |arguments| converted_type(arguments, Type::Bool)),
        conversion("tolist", |arguments| converted_type(arguments, Type::list(Type::Dynamic))),
        conversion("tomap", |arguments| converted_type(arguments, Type::map(Type::Dynamic))),
        conversion("tonumber", |arguments| converted_type(arguments, Type::Number)),
        conversion("toset", |arguments| converted_type(arguments, Type::set(Type::Dynamic))),
        conversion("tostring", |arguments| converted_type(arguments, Type::String)),
    ]
}

/// A function that converts to a type. Its parameter takes anything, so that the errors can speak of an explicit
/// conversion.
fn conversion(name: &'static str, ty: fn(&[Value]) -> Result<Type, CallError>) -> Function {
    Function::typed(name, ty, convert)
        .takes("v", Type::Dynamic)
        .or_null()
        .or_unknown()
        .or_marked()
        .may_be_null()
}

fn converted_type(arguments: &[Value], wanted: Type) -> Result<Type, CallError> {
    let own = arguments[0].ty();
    if is_convertible(&own, &wanted) { Ok(wanted) } else { Err(inconvertible(&own, &wanted)) }
}

fn inconvertible(own: &Type, wanted: &Type) -> CallError {
    let message = format!("cannot convert {} to {}", own.friendly(), wanted.friendly_constraint());
    CallError::argument(0, message)
}

fn convert(_: &dyn Host, arguments: &[Value], wanted: &Type) -> CallResult {
    let value = &arguments[0];
    if !value.is_known() {
        return Ok(Value::unknown(wanted.clone()).with_marks(value.marks));
    }
    value.convert(wanted).map_err(|_| match (&value.kind, wanted) {
        _ if value.has_sensitive() => {
            let (own, wanted) = (value.ty().friendly(), wanted.friendly_constraint());
            CallError::argument(0, format!("cannot convert this sensitive {own} to {wanted}"))
        }
        (Kind::String(text), Type::Bool) => CallError::argument(
            0,
            format!("cannot convert {text:?} to bool; only the strings \"true\" or \"false\" are allowed"),
        ),
        (Kind::String(text), Type::Number) => CallError::argument(
            0,
            format!(
                "cannot convert {text:?} to number; given string must be a decimal representation of a number"
            ),
        ),
        _ => inconvertible(&value.ty(), wanted),
    })
}

fn ephemeral_as_null(_: &dyn Host, arguments: &[Value]) -> CallResult {
    Ok(arguments[0].clone().transform(&mut |value| {
        if value.marks.contains(Marks::EPHEMERAL) {
            Value::null(value.ty()).with_marks(value.marks.without(Marks::EPHEMERAL))
        } else {
            value
        }
    }))
}

fn is_sensitive(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let value = &arguments[0];
    // What is not known yet may yet come to be sensitive.
    Ok(if value.is_sensitive() || value.is_known() {
        Value::bool(value.is_sensitive())
    } else {
        Value::unknown(Type::Bool)
    })
}

fn nonsensitive(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (value, marks) = arguments[0].clone().unmark();
    Ok(value.with_marks(marks.without(Marks::SENSITIVE)))
}

fn type_of(_: &dyn Host, arguments: &[Value]) -> CallResult {
    Ok(Value::from(Kind::Type(arguments[0].ty())).with_marks(Marks::TYPE))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text, ty};
    use super::*;

    #[test]
    fn conversions_keep_null_and_marks() {
        assert_eq!(text("tostring", [Value::null(Type::Dynamic)]), "tostring(null)");
        assert_eq!(ty("tolist", [Value::null(Type::Dynamic)]), "list(dynamic)");
        assert!(call("tonumber", [Value::from("3").sensitive()]).is_sensitive());
        let list = Value::tuple(vec![Value::from("a").sensitive(), Value::from(1)]);
        let converted = call("tolist", [list]);
        assert!(!converted.is_sensitive() && converted.has_sensitive());
        assert_eq!(call("tostring", [Value::dynamic()]), Value::unknown(Type::String));
    }

    #[test]
    fn a_failed_conversion_does_not_show_a_secret() {
        for secret in [Value::from("hush").sensitive(), Value::from("hush")] {
            let shown = secret.marks.is_empty();
            let CallError::Argument { index: 0, message } = error("tonumber", [secret]) else { panic!() };
            assert_eq!(message.contains("hush"), shown);
        }
    }

    #[test]
    fn only_the_outermost_mark_is_taken_off() {
        let inner = Value::object([("p", Value::from("x").sensitive())]);
        let open = call("nonsensitive", [inner.sensitive()]);
        assert!(!open.is_sensitive() && open.has_sensitive());
        assert_eq!(text("issensitive", [open]), "false");
        assert!(!call("issensitive", [Value::unknown(Type::String)]).is_known());
    }

    #[test]
    fn ephemeral_parts_become_null() {
        let secret = Value::from("s").with_marks(Marks::EPHEMERAL).sensitive();
        let cleared = call("ephemeralasnull", [Value::object([("a", secret), ("b", Value::from(1))])]);
        assert_eq!(cleared.get("a"), Some(Value::null(Type::String).sensitive()));
        assert_eq!(cleared.get("b"), Some(Value::from(1)));
    }
}
