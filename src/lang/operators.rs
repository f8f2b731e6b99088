//! What the operators do to values.

use super::ast::{BinaryOperator, UnaryOperator};
use super::number::Number;
use super::types::Type;
use super::value::{Kind, Refinement, Value};

/// Which operand is at fault, and why; or that the operation itself cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperatorError {
    /// The clause goes behind “Unsuitable value for left operand:”.
    Left(String),
    Right(String),
    /// The answer is not a number; says in a clause why.
    Undefined(&'static str),
}

/// Arithmetic, comparison, equality, and the logic operators.
pub fn binary(operator: BinaryOperator, left: &Value, right: &Value) -> Result<Value, OperatorError> {
    use BinaryOperator as B;
    match operator {
        B::Equal => return Ok(equal(left, right)),
        B::NotEqual => return Ok(not(&equal(left, right))),
        _ => {}
    }
    let logic = matches!(operator, B::And | B::Or);
    let wanted = if logic { Type::Bool } else { Type::Number };
    let left = operand(left, &wanted).map_err(OperatorError::Left)?;
    let right = operand(right, &wanted).map_err(OperatorError::Right)?;
    let marks = left.marks | right.marks;
    let value = match (&left.kind, &right.kind) {
        (Kind::Bool(left), Kind::Bool(right)) => {
            Value::bool(if operator == B::And { *left && *right } else { *left || *right })
        }
        (Kind::Number(left), Kind::Number(right)) => arithmetic(operator, left, right)?,
        _ => match operator {
            B::And | B::Or | B::Greater | B::GreaterOrEqual | B::Less | B::LessOrEqual => {
                Value::unknown_not_null(Type::Bool)
            }
            _ => Value::unknown_not_null(Type::Number),
        },
    };
    Ok(value.with_marks(marks))
}

fn operand(value: &Value, wanted: &Type) -> Result<Value, String> {
    let converted = value.convert(wanted).map_err(|error| error.to_string())?;
    if converted.is_null() {
        return Err("argument must not be null".to_owned());
    }
    Ok(converted)
}

fn arithmetic(operator: BinaryOperator, left: &Number, right: &Number) -> Result<Value, OperatorError> {
    use BinaryOperator as B;
    let (answer, undefined) = match operator {
        B::Add => (left.add(right), "can't add infinities of different signs"),
        B::Subtract => (left.subtract(right), "can't subtract infinity from itself"),
        B::Multiply => (left.multiply(right), "can't multiply zero by infinity"),
        B::Divide => (left.divide(right), "can't divide zero by zero or infinity by infinity"),
        B::Modulo => (left.remainder(right), "can't take a remainder with infinity"),
        B::Greater => return Ok(Value::bool(left > right)),
        B::GreaterOrEqual => return Ok(Value::bool(left >= right)),
        B::Less => return Ok(Value::bool(left < right)),
        _ => return Ok(Value::bool(left <= right)),
    };
    answer.map(Value::number).ok_or(OperatorError::Undefined(undefined))
}

/// `!x`, `-x`. The error goes behind “Unsuitable value for unary operand:”.
pub fn unary(operator: UnaryOperator, value: &Value) -> Result<Value, String> {
    match operator {
        UnaryOperator::Not => Ok(not(&operand(value, &Type::Bool)?)),
        UnaryOperator::Negate => {
            let value = operand(value, &Type::Number)?;
            let negated = match &value.kind {
                Kind::Number(number) => Value::number(number.negate()),
                _ => Value::unknown_not_null(Type::Number),
            };
            Ok(negated.with_marks(value.marks))
        }
    }
}

fn not(value: &Value) -> Value {
    let negated = match value.kind {
        Kind::Bool(value) => Value::bool(!value),
        _ => Value::unknown_not_null(Type::Bool),
    };
    negated.with_marks(value.marks)
}

/// `left == right`: true, false, or unknown. Values of different types differ; nothing is converted.
pub fn equal(left: &Value, right: &Value) -> Value {
    let marks = left.marks_deep() | right.marks_deep();
    let answer = match equality(left, right) {
        Some(answer) => Value::bool(answer),
        None => Value::unknown_not_null(Type::Bool),
    };
    answer.with_marks(marks)
}

/// Whether two values are equal, marks aside. `None`: that depends on what is unknown.
pub fn equality(left: &Value, right: &Value) -> Option<bool> {
    match (&left.kind, &right.kind) {
        (Kind::Null(_), Kind::Null(_)) => return Some(true),
        (Kind::Null(_), _) if right.is_not_null() => return Some(false),
        (_, Kind::Null(_)) if left.is_not_null() => return Some(false),
        (Kind::Unknown(..), Kind::Unknown(..) | Kind::Null(_)) | (Kind::Null(_), Kind::Unknown(..)) => {
            return None;
        }
        (Kind::Unknown(ty, known), _) => return ruled_out(ty, known.as_deref(), right),
        (_, Kind::Unknown(ty, known)) => return ruled_out(ty, known.as_deref(), left),
        _ => {}
    }
    match (&left.kind, &right.kind) {
        (Kind::Bool(left), Kind::Bool(right)) => Some(left == right),
        (Kind::Number(left), Kind::Number(right)) => Some(left == right),
        (Kind::String(left), Kind::String(right)) => Some(left == right),
        (Kind::Type(left), Kind::Type(right)) => Some(left == right),
        (Kind::List(own, left), Kind::List(other, right)) => {
            if own != other {
                return Some(false);
            }
            all_equal(left.len() == right.len(), left.iter().zip(right.iter()))
        }
        (Kind::Tuple(left), Kind::Tuple(right)) => {
            all_equal(left.len() == right.len(), left.iter().zip(right.iter()))
        }
        (Kind::Set(own, left), Kind::Set(other, right)) => {
            if own != other {
                return Some(false);
            }
            if !left.iter().chain(right.iter()).all(Value::is_wholly_known) {
                return None;
            }
            Some(left == right)
        }
        (Kind::Map(own, left), Kind::Map(other, right)) => {
            if own != other {
                return Some(false);
            }
            all_equal(left.keys().eq(right.keys()), left.values().zip(right.values()))
        }
        (Kind::Object(left), Kind::Object(right)) => {
            all_equal(left.keys().eq(right.keys()), left.values().zip(right.values()))
        }
        _ => Some(false),
    }
}

/// `Some(false)` where what is known of an unknown value rules the other one out.
fn ruled_out(ty: &Type, known: Option<&Refinement>, other: &Value) -> Option<bool> {
    if !conforms(&other.ty(), ty) {
        return Some(false);
    }
    let known = known?;
    let differs = match &other.kind {
        Kind::String(text) => known.prefix.as_ref().is_some_and(|prefix| !text.starts_with(&**prefix)),
        Kind::List(_, elements) | Kind::Set(_, elements) => outside(elements.len(), known.length),
        Kind::Map(_, entries) => outside(entries.len(), known.length),
        _ => false,
    };
    differs.then_some(false)
}

/// Whether a type is the other, in which a type that is not known yet can be any.
fn conforms(ty: &Type, other: &Type) -> bool {
    match (ty, other) {
        (_, Type::Dynamic) => true,
        (Type::List(ty), Type::List(other))
        | (Type::Set(ty), Type::Set(other))
        | (Type::Map(ty), Type::Map(other)) => conforms(ty, other),
        (Type::Tuple(types), Type::Tuple(others)) => {
            types.len() == others.len()
                && types.iter().zip(others.iter()).all(|(ty, other)| conforms(ty, other))
        }
        (Type::Object(ty), Type::Object(other)) => {
            ty.attributes.keys().eq(other.attributes.keys())
                && ty
                    .attributes
                    .values()
                    .zip(other.attributes.values())
                    .all(|(ty, other)| conforms(ty, other))
        }
        _ => ty == other,
    }
}

fn outside(length: usize, (least, most): (u64, Option<u64>)) -> bool {
    (length as u64) < least || most.is_some_and(|most| length as u64 > most)
}

fn all_equal<'a>(same_shape: bool, pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    if !same_shape {
        return Some(false);
    }
    let mut answer = Some(true);
    for (left, right) in pairs {
        match equality(left, right) {
            Some(false) => return Some(false),
            None => answer = None,
            Some(true) => {}
        }
    }
    answer
}
