//! Numeric functions: `abs ceil floor log max min parseint pow signum`.

use dashu_int::{IBig, UBig};

use super::super::number::Number;
use super::super::types::Type;
use super::super::value::{Kind, Value};
use super::{CallError, CallResult, Function, Host};

mod float;

pub(super) fn functions() -> Vec<Function> {
    let one = |name, implementation| {
        Function::new(name, implementation).takes("num", Type::Number).returns(Type::Number)
    };
    vec![
        one("abs", |_, arguments| Ok(Value::number(number(arguments, 0)?.absolute()))),
        one("ceil", |_, arguments| Ok(Value::number(number(arguments, 0)?.ceiling()))),
        one("floor", |_, arguments| Ok(Value::number(number(arguments, 0)?.floor()))),
        one("signum", signum),
        Function::new("log", |_, arguments| {
            of_floats(arguments, |number, base| float::log(number) / float::log(base))
        })
        .takes("num", Type::Number)
        .takes("base", Type::Number)
        .returns(Type::Number),
        Function::new("pow", |_, arguments| of_floats(arguments, float::pow))
            .takes("num", Type::Number)
            .takes("power", Type::Number)
            .returns(Type::Number),
        Function::new("max", |_, arguments| extreme(arguments, Number::NEGATIVE_INFINITY, |a, b| a > b))
            .takes_more("numbers", Type::Number)
            .returns(Type::Number),
        Function::new("min", |_, arguments| extreme(arguments, Number::INFINITY, |a, b| a < b))
            .takes_more("numbers", Type::Number)
            .returns(Type::Number),
        Function::new("parseint", parse_integer)
            .takes("number", Type::Dynamic)
            .takes("base", Type::Number)
            .returns_type_of(|arguments| match arguments[0].ty() {
                Type::String => Ok(Type::Number),
                other => Err(CallError::argument(
                    0,
                    format!("first argument must be a string, not {}", other.friendly()),
                )),
            }),
    ]
}

fn number(arguments: &[Value], index: usize) -> Result<&Number, CallError> {
    arguments
        .get(index)
        .and_then(Value::as_number)
        .ok_or_else(|| CallError::argument(index, "a number is required"))
}

/// The machine integer that an argument has to be. `what` names it in the error.
pub(super) fn machine_integer(value: &Value, what: &str) -> Result<i64, String> {
    match value.as_number() {
        Some(number) if number.is_integer() => number
            .to_i64()
            .ok_or_else(|| format!("{what} must be between {} and {} inclusive", i64::MIN, i64::MAX)),
        _ => Err(format!("{what} must be a whole number")),
    }
}

fn signum(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let number = machine_integer(&arguments[0], "value").map_err(CallError::Call)?;
    Ok(Value::number(number.signum()))
}

/// Computes with machine floats, as the reference does for `log` and `pow`.
fn of_floats(arguments: &[Value], compute: impl Fn(f64, f64) -> f64) -> CallResult {
    let float = |index| {
        let number = number(arguments, index)?;
        let value = number.to_f64();
        if value.is_infinite() && *number != Number::INFINITY && *number != Number::NEGATIVE_INFINITY {
            let message = format!("value must be between {:e} and {:e} inclusive", f64::MIN, f64::MAX);
            return Err(CallError::call(message));
        }
        Ok(value)
    };
    Number::from_f64(compute(float(0)?, float(1)?))
        .map(Value::number)
        .ok_or_else(|| CallError::call("the result is not a number"))
}

fn extreme(arguments: &[Value], start: Number, beats: impl Fn(&Number, &Number) -> bool) -> CallResult {
    if arguments.is_empty() {
        return Err(CallError::call("must pass at least one number"));
    }
    let mut best = &start;
    for index in 0..arguments.len() {
        let next = number(arguments, index)?;
        if beats(next, best) {
            best = next;
        }
    }
    Ok(Value::number(best.clone()))
}

fn parse_integer(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (Kind::String(text), base) = (&arguments[0].kind, &arguments[1]) else {
        return Err(CallError::argument(0, "a string is required"));
    };
    let base = machine_integer(base, "base").map_err(|message| CallError::argument(1, message))?;
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=62).contains(base)) else {
        return Err(CallError::argument(1, "base must be a whole number between 2 and 62 inclusive"));
    };
    integer_of_base(text, base)
        .map(|integer| Value::number(Number::from_integer(integer)))
        .ok_or_else(|| CallError::argument(0, format!("the string is not an integer of base {base}")))
}

/// Reads an integer. Letters are digits from 10: up to base 36 those of both cases, beyond it the small ones
/// first and then the capitals.
fn integer_of_base(text: &str, base: u32) -> Option<IBig> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'a'..=b'z' => Some(u32::from(byte - b'a') + 10),
        b'A'..=b'Z' if base <= 36 => Some(u32::from(byte - b'A') + 10),
        b'A'..=b'Z' => Some(u32::from(byte - b'A') + 36),
        _ => None,
    };
    let digits: Vec<u32> =
        digits.bytes().map(|byte| digit(byte).filter(|digit| *digit < base)).collect::<Option<_>>()?;
    if digits.is_empty() {
        return None;
    }
    let magnitude = join_digits(&digits, base);
    Some(if negative { -IBig::from(magnitude) } else { IBig::from(magnitude) })
}

/// Halves first, so that long numbers take few big multiplications.
fn join_digits(digits: &[u32], base: u32) -> UBig {
    if digits.len() <= 8 {
        return UBig::from(digits.iter().fold(0u64, |sum, digit| sum * u64::from(base) + u64::from(*digit)));
    }
    let (high, low) = digits.split_at(digits.len() / 2);
    join_digits(high, base) * UBig::from(base).pow(low.len()) + join_digits(low, base)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text};
    use super::*;

    // Expected texts are what Terraform 1.11.4 prints.
    #[test]
    fn logarithms_and_powers_are_those_of_the_reference() {
        for (name, arguments, expected) in [
            ("log", ["1000", "10"], "2.9999999999999996"),
            ("log", ["50", "7"], "2.0103821378018547"),
            ("log", ["10", "0"], "-0"),
            ("log", ["1e300", "10"], "299.99999999999994"),
            ("pow", ["0", "0"], "1"),
            ("pow", ["2", "0.5"], "1.4142135623730951"),
            ("pow", ["0", "-1"], "+Inf"),
            ("pow", ["10", "1.5"], "31.622776601683796"),
            ("pow", ["3", "0.3333333333333333"], "1.4422495703074085"),
            ("pow", ["65.20453334592193", "5.738643210793665"], "25792469666.016273"),
            ("pow", ["3", "40"], "12157665459056929000"),
            ("pow", ["10", "400"], "+Inf"),
        ] {
            assert_eq!(text(name, arguments.map(Value::string)), expected, "{name}{arguments:?}");
        }
        assert!(matches!(error("log", ["-8", "2"].map(Value::string)), CallError::Call(_)));
        assert!(matches!(error("log", ["1e400", "10"].map(Value::string)), CallError::Call(_)));
        assert!(matches!(error("pow", ["-8", "0.5"].map(Value::string)), CallError::Call(_)));
    }

    #[test]
    fn integers_of_any_base() {
        for (digits, base, expected) in [
            ("BeEf", 16, "48879"),
            ("zZ", 36, "1295"),
            ("zZ", 62, "2231"),
            ("-ff", 16, "-255"),
            ("+12", 10, "12"),
            ("123456789012345678901234567890", 10, "123456789012345678901234567890"),
        ] {
            assert_eq!(text("parseint", [Value::from(digits), Value::from(base)]), expected);
        }
        for (digits, base, index) in
            [("0x1f", 16, 0), ("1_0", 10, 0), ("", 10, 0), ("1", 1, 1), ("1", 63, 1), ("128", 8, 0)]
        {
            let failure = error("parseint", [Value::from(digits), Value::from(base)]);
            assert!(matches!(failure, CallError::Argument { index: at, .. } if at == index), "{digits}");
        }
        let failure = error("parseint", [Value::from(77), Value::from(8)]);
        assert!(matches!(failure, CallError::Argument { index: 0, .. }));
    }

    #[test]
    fn extremes_compare_as_numbers() {
        assert_eq!(text("max", ["9", "10"].map(Value::string)), "10");
        assert_eq!(text("min", ["0", "-0"].map(Value::string)), "0");
        assert!(matches!(error("max", []), CallError::Call(_)));
        assert_eq!(call("max", [Value::unknown(Type::Number)]).ty(), Type::Number);
    }

    #[test]
    fn signs_are_of_machine_integers_only() {
        assert_eq!(text("signum", [Value::from("-3")]), "-1");
        for bad in ["0.001", "-99999999999999999999999"] {
            assert!(matches!(error("signum", [Value::from(bad)]), CallError::Call(_)));
        }
    }
}
