//! Arithmetic turned round: what a variable part must be.

use crate::lang::ast::{BinaryOperator, Expr};
use crate::lang::number::Number;
use crate::lang::reference::traversals;
use crate::lang::value::Value;

use super::walk::{Outcome, Place, Walk, number};

/// Makes an operation answer another number by its one variable operand.
pub fn turned<'e>(
    walk: &mut Walk<'_>,
    operator: BinaryOperator,
    left: &'e Expr,
    right: &'e Expr,
    place: &Place<'e>,
    wanted: &Value,
) -> Outcome {
    let on_left = match (is_variable(left), is_variable(right)) {
        (true, false) => true,
        (false, true) => false,
        (true, true) => return Err("both sides of the operator can change".to_owned()),
        (false, false) => return Err("either side of the operator could be another number".to_owned()),
    };
    let fixed = if on_left { right } else { left };
    let fixed = number(&walk.value(fixed, place)?.unmark_deep().0)?;
    let wanted = number(wanted)?;
    let needed = inverse(operator, on_left, &fixed, &wanted)
        .ok_or("no number, or more than one, gives what AWS has")?;
    walk.change(if on_left { left } else { right }, place, &[], &Value::number(needed))
}

/// How many digits a fraction may have.
const MOST_DIGITS: usize = 12;

fn digits(number: &Number) -> usize {
    number.to_string().chars().filter(char::is_ascii_digit).count()
}

fn is_variable(expr: &Expr) -> bool {
    let mut found = false;
    traversals(expr, &mut |_| found = true);
    found
}

/// The operand that gives an answer together with a fixed one. `None`: there is no such number, or any is.
fn inverse(operator: BinaryOperator, on_left: bool, fixed: &Number, answer: &Number) -> Option<Number> {
    let needed = match (operator, on_left) {
        (BinaryOperator::Add, _) => answer.subtract(fixed),
        (BinaryOperator::Subtract, true) => answer.add(fixed),
        (BinaryOperator::Subtract, false) => fixed.subtract(answer),
        (BinaryOperator::Multiply, _) => {
            let needed = answer.divide(fixed)?;
            (needed.multiply(fixed)? == *answer).then_some(needed)
        }
        (BinaryOperator::Divide, true) => {
            let needed = answer.multiply(fixed)?;
            (needed.divide(fixed)? == *answer).then_some(needed)
        }
        (BinaryOperator::Divide, false) => {
            let needed = fixed.divide(answer)?;
            (fixed.divide(&needed)? == *answer).then_some(needed)
        }
        _ => None,
    };
    // A number that nobody would write is not the one that somebody has written.
    needed.filter(|needed| {
        needed.to_f64().is_finite() && (needed.is_integer() || digits(needed) <= MOST_DIGITS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_inverse_gives_the_answer(left in -1000i64..1000, right in -1000i64..1000, which in 0usize..4) {
            let (a, b) = (Number::from(left), Number::from(right));
            let operator = [
                BinaryOperator::Add, BinaryOperator::Subtract, BinaryOperator::Multiply, BinaryOperator::Divide,
            ][which];
            let apply = |a: &Number, b: &Number| match operator {
                BinaryOperator::Add => a.add(b),
                BinaryOperator::Subtract => a.subtract(b),
                BinaryOperator::Multiply => a.multiply(b),
                _ => if b.is_zero() { None } else { a.divide(b) },
            };
            if let Some(needed) = inverse(operator, true, &b, &a) {
                prop_assert_eq!(apply(&needed, &b), Some(a.clone()));
            }
            if let Some(needed) = inverse(operator, false, &b, &a) {
                prop_assert_eq!(apply(&b, &needed), Some(a));
            }
        }
    }
}
