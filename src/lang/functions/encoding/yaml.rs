//! `yamldecode yamlencode`.

use super::super::super::types::Type;
use super::super::super::value::{Kind, Value};
use super::super::{CallError, CallResult, Host};

mod compose;
mod emit;
mod resolve;

/// The type is that of the content.
pub fn decoded_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments[0].is_known() { Ok(value(&arguments[0])?.ty()) } else { Ok(Type::Dynamic) }
}

pub fn decode(_: &dyn Host, arguments: &[Value], _: &Type) -> CallResult {
    value(&arguments[0])
}

fn value(argument: &Value) -> CallResult {
    compose::compose(super::text(argument)).map_err(CallError::Call)
}

pub fn encode(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let value = &arguments[0];
    if !value.is_wholly_known() {
        return Ok(Value::unknown(Type::String));
    }
    if let Kind::Type(_) = value.kind {
        return Err(CallError::call("a type has no YAML form"));
    }
    Ok(Value::string(emit::emit(value)))
}
