//! Arguments as the service takes them.

use crate::lang::number::Number;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::Object;

/// A text that is there and not empty.
pub(in crate::provider::aws) fn filled<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    blocks::filled(object.text(name))
}

/// A filled text, owned, as the SDK's setters take it.
pub(in crate::provider::aws) fn owned(object: &Value, name: &str) -> Option<String> {
    filled(object, name).map(str::to_owned)
}

/// A whole number. Validation keeps arguments within the service's limits.
pub(in crate::provider::aws) fn small(object: &Value, name: &str) -> Option<i32> {
    object.integer(name).and_then(|number| i32::try_from(number).ok())
}

/// A number with decimals.
pub(in crate::provider::aws) fn float(object: &Value, name: &str) -> Option<f64> {
    object.float(name)
}

/// A number with decimals, or null.
pub(in crate::provider::aws) fn decimal(number: Option<f64>) -> Value {
    match number.and_then(|number| Number::from_text(&number.to_string())) {
        Some(number) => Value::number(number),
        None => Value::null(Type::Number),
    }
}

/// Texts that hold numbers, so that 0 is told from nothing: `1.5` is `1.50`.
pub(in crate::provider::aws) fn same_number(left: &Value, right: &Value) -> bool {
    let number = |value: &Value| value.as_str().and_then(|text| text.parse::<f64>().ok());
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right).is_eq(),
        _ => false,
    }
}
