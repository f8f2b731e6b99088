//! What scalars mean. The rules are a mixture of YAML 1.1 and 1.2 of the reference's own: `yes`, `on` and `y` are true,
//! but `017` is seventeen and `1_000` a string.

use super::super::super::super::number::Number;
use super::super::super::super::types::Type;
use super::super::super::super::value::Value;
use super::super::super::datetime::timestamp;
use super::super::decode_base64;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    /// In single or double quotes.
    Quoted,
    /// Behind `|` or `>`.
    Block,
}

/// What a text means without a tag.
enum Meaning {
    Null,
    Value(Value),
    NotANumber,
    /// A time, in RFC 3339.
    Time(String),
    /// A hexadecimal or octal number that is larger than 64 bits.
    TooLarge,
    Nothing,
}

/// The value of a scalar. `tag` is without the prefix that YAML's own tags have, and `None` without one of them.
/// The error is a clause.
pub fn scalar(text: &str, style: Style, tag: Option<&str>) -> Result<Value, String> {
    let string = || Ok(Value::string(text));
    let Some(tag) = tag else {
        return match style {
            Style::Quoted => string(),
            Style::Plain => plain(text, "str"),
            // What stands in a block is resolved, too, but it stays a string.
            Style::Block => {
                let value = plain(text, "str")?;
                value.convert(&Type::String).map_err(|error| error.to_string())
            }
        };
    };
    match tag {
        "str" => string(),
        "binary" if decode_base64(text).is_some() => string(),
        "binary" => Err("this is not valid base64 data".to_owned()),
        "int" | "float" | "bool" | "null" | "timestamp" if style == Style::Quoted => {
            // What is quoted stays a string, but it must be something of the kind.
            match meaning(text) {
                Meaning::TooLarge => Err(TOO_LARGE.to_owned()),
                Meaning::Nothing if tag == "null" => Ok(Value::null(Type::Dynamic)),
                Meaning::Nothing if !matches!(tag, "int" | "float") || lenient_number(text).is_none() => {
                    Err(mismatch(tag))
                }
                _ => string(),
            }
        }
        "int" | "float" | "bool" | "null" | "timestamp" => plain(text, tag),
        _ => Err(format!("there is no tag !!{tag} for a scalar")),
    }
}

const TOO_LARGE: &str = "a hexadecimal or octal number is larger than 64 bits";

fn mismatch(tag: &str) -> String {
    format!("this is not what its tag !!{tag} says")
}

fn plain(text: &str, tag: &str) -> Result<Value, String> {
    match meaning(text) {
        Meaning::Null => Ok(Value::null(Type::Dynamic)),
        Meaning::Value(value) => Ok(value),
        Meaning::NotANumber => Err("there is no number that is not a number (.nan)".to_owned()),
        Meaning::TooLarge => Err(TOO_LARGE.to_owned()),
        Meaning::Time(time) => match tag {
            "str" | "timestamp" => Ok(Value::string(time)),
            "null" => Ok(Value::null(Type::Dynamic)),
            _ => Err(mismatch(tag)),
        },
        Meaning::Nothing => match tag {
            "str" => Ok(Value::string(text)),
            "null" => Ok(Value::null(Type::Dynamic)),
            "int" | "float" => lenient_number(text).map(Value::number).ok_or_else(|| mismatch(tag)),
            _ => Err(mismatch(tag)),
        },
    }
}

fn meaning(text: &str) -> Meaning {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Meaning::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Meaning::Value(Value::bool(true))
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Meaning::Value(Value::bool(false))
        }
        ".nan" | ".NaN" | ".NAN" => Meaning::NotANumber,
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => {
            Meaning::Value(Value::number(Number::INFINITY))
        }
        "-.inf" | "-.Inf" | "-.INF" => Meaning::Value(Value::number(Number::NEGATIVE_INFINITY)),
        _ => number(text),
    }
}

fn number(text: &str) -> Meaning {
    if !text.starts_with(|first: char| matches!(first, '0'..='9' | '+' | '-' | '.')) {
        return Meaning::Nothing;
    }
    for (prefix, base) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix)
            && !digits.is_empty()
            && digits.chars().all(|digit| digit.is_digit(base))
        {
            return match u64::from_str_radix(digits, base) {
                Ok(number) => Meaning::Value(Value::number(Number::from_integer(number.into()))),
                Err(_) => Meaning::TooLarge,
            };
        }
    }
    if is_decimal(text) {
        return match Number::from_text(text) {
            Some(number) => Meaning::Value(Value::number(number)),
            None => Meaning::Nothing,
        };
    }
    timestamp(text).map_or(Meaning::Nothing, Meaning::Time)
}

/// Whether a text is a sign, digits with a point among them, and an exponent, each but the digits if there is one.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))),
        None => (text, None),
    };
    let mantissa = match mantissa.split_once('.') {
        Some(("", fraction)) => digits(fraction),
        Some((whole, fraction)) => digits(whole) && (fraction.is_empty() || digits(fraction)),
        None => digits(mantissa),
    };
    mantissa && exponent.is_none_or(digits)
}

/// What a tag makes a number: one with `_` among its digits, in another base, or with a binary exponent.
fn lenient_number(text: &str) -> Option<Number> {
    let text = text.replace('_', "");
    if let Meaning::Value(value) = number(&text) {
        return value.as_number().cloned();
    }
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(&text)),
    };
    let base = match unsigned.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("0b") => 2,
        Some("0o") => 8,
        Some("0x") => 16,
        _ => return Number::from_text(&text),
    };
    let digits = unsigned.get(2..).filter(|digits| digits.chars().all(|digit| digit.is_digit(base)))?;
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    let signed = if negative { -i128::from(magnitude) } else { i128::from(magnitude) };
    (signed >= i128::from(i64::MIN)).then(|| Number::from_integer(signed.into()))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::super::print::print;
    use super::*;

    fn shown(text: &str, style: Style, tag: Option<&str>) -> String {
        scalar(text, style, tag).map_or_else(|_| "error".to_owned(), |value| print(&value))
    }

    // Expected values are what yamldecode answers in Terraform 1.11.4.
    #[test]
    fn plain_scalars_mean_what_they_look_like() {
        for (text, expected) in [
            ("y", "true"),
            ("OFF", "false"),
            ("tRue", "\"tRue\""),
            ("~", "null"),
            (".nan", "error"),
            (".Nan", "\".Nan\""),
            ("+.INF", "+Inf"),
            ("017", "17"),
            ("0o17", "15"),
            ("0O7", "\"0O7\""),
            ("-0x1", "\"-0x1\""),
            ("0xffffffffffffffff", "18446744073709551615"),
            ("0x123456789abcdef01", "error"),
            ("1_000", "\"1_000\""),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("1.e3", "1000"),
            ("1.5e", "\"1.5e\""),
            ("1p3", "\"1p3\""),
            ("-", "\"-\""),
            ("12:30:45", "\"12:30:45\""),
            ("2001-1-1", "\"2001-01-01T00:00:00Z\""),
            ("2001-02-30", "\"2001-02-30\""),
            ("2001-12-14 21:59:43.5", "\"2001-12-14T21:59:43Z\""),
            ("2001-12-14t21:59:43.10-05:00", "\"2001-12-14T21:59:43-05:00\""),
            ("2001-12-14T21:59:43", "\"2001-12-14T21:59:43\""),
            ("<<", "\"<<\""),
        ] {
            assert_eq!(shown(text, Style::Plain, None), expected, "{text}");
        }
    }

    #[test]
    fn blocks_are_strings_of_what_they_mean() {
        for (text, expected) in [
            ("", "tostring(null)"),
            ("~", "tostring(null)"),
            ("true", "\"true\""),
            ("0x1f", "\"31\""),
            (".inf", "\"+Inf\""),
            ("x", "\"x\""),
        ] {
            assert_eq!(shown(text, Style::Block, None), expected, "{text}");
        }
    }

    #[test]
    fn tags_say_what_may_be() {
        for (text, style, tag, expected) in [
            ("yes", Style::Plain, "int", "true"),
            ("1", Style::Plain, "bool", "1"),
            ("x", Style::Plain, "bool", "error"),
            ("0b1", Style::Plain, "bool", "error"),
            ("-0b11", Style::Plain, "int", "-3"),
            ("0X1F", Style::Plain, "float", "31"),
            ("_1__0_", Style::Plain, "int", "10"),
            ("1p3", Style::Plain, "float", "8"),
            ("0x1p3", Style::Plain, "int", "error"),
            ("0x", Style::Plain, "int", "error"),
            ("-0xffffffffffffffff", Style::Plain, "int", "error"),
            ("2001-01-01", Style::Plain, "int", "error"),
            ("2001-01-01", Style::Plain, "null", "null"),
            ("x", Style::Plain, "null", "null"),
            ("5", Style::Plain, "null", "5"),
            ("7", Style::Quoted, "int", "\"7\""),
            ("x", Style::Quoted, "int", "error"),
            ("1_0", Style::Quoted, "int", "\"1_0\""),
            (".nan", Style::Quoted, "int", "\".nan\""),
            ("", Style::Quoted, "null", "\"\""),
            ("a", Style::Quoted, "null", "null"),
            ("12", Style::Block, "int", "12"),
            ("12\n", Style::Block, "int", "error"),
            ("aGk=", Style::Plain, "binary", "\"aGk=\""),
            ("~", Style::Plain, "binary", "error"),
            ("12", Style::Plain, "str", "\"12\""),
            ("12", Style::Plain, "merge", "error"),
        ] {
            assert_eq!(shown(text, style, Some(tag)), expected, "!!{tag} {text}");
        }
    }
}
