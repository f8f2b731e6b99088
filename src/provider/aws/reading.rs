//! What all types' reads have in common.

use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::provider::{ErrorKind, OperationError, ReadResult};

/// The same failure for every object of a batch.
pub fn all_unreadable(count: usize, error: &OperationError) -> Vec<ReadResult> {
    (0..count).map(|_| ReadResult::Unreadable(error.clone())).collect()
}

/// An object, or none if the error says that there is none, or that it cannot be known.
pub fn read_result(result: Result<Value, OperationError>) -> ReadResult {
    match result {
        Ok(object) => ReadResult::Found(object),
        Err(error) if error.kind == ErrorKind::NotFound => ReadResult::Missing,
        Err(error) => ReadResult::Unreadable(error),
    }
}

/// What is known of a planned object: every unknown value is null.
pub fn known_part(planned: &Value) -> Value {
    if planned.is_wholly_known() {
        return planned.clone();
    }
    planned.clone().transform(&mut |value| match &value.kind {
        Kind::Unknown(ty, _) => Value::null(ty.clone()).with_marks(value.marks),
        _ => value,
    })
}

/// A null of a type that says nothing yet, for attributes that the caller fills in.
pub fn unset_tags() -> Value {
    Value::null(Type::map(Type::String))
}
