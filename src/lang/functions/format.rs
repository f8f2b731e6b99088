//! `format formatlist`: texts with verbs as Go's `fmt` has them.

use super::super::types::Type;
use super::super::value::{Kind, Refinement, Value};
use super::{CallError, CallResult, Function, Host};

mod verb;

use verb::Piece;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("format", format)
            .takes("format", Type::String)
            .takes_more("args", Type::Dynamic)
            .or_null()
            .returns(Type::String),
        Function::new("formatlist", format_list)
            .takes("format", Type::String)
            .takes_more("args", Type::Dynamic)
            .or_null()
            .returns(Type::list(Type::String)),
    ]
}

/// Why arguments do not make a text.
enum Failure {
    /// The text or a value that a verb cannot write.
    Text(String),
    /// Arguments from this one on, counted from 0 behind the text, are for no verb.
    Surplus(usize, String),
}

impl From<Failure> for CallError {
    fn from(failure: Failure) -> CallError {
        match failure {
            Failure::Text(message) => CallError::Call(message),
            Failure::Surplus(index, message) => CallError::argument(index + 1, message),
        }
    }
}

impl Failure {
    fn message(self) -> String {
        match self {
            Failure::Text(message) | Failure::Surplus(_, message) => message,
        }
    }
}

/// Writes the arguments, all wholly known, as the text says.
fn formatted(text: &str, arguments: &[&Value]) -> Result<String, Failure> {
    let mut written = String::with_capacity(text.len());
    let mut used = 0;
    let mut next = 0;
    for piece in verb::pieces(text) {
        let verb = match piece.map_err(Failure::Text)? {
            Piece::Text(text) => {
                written.push_str(text);
                continue;
            }
            Piece::Verb(verb) => verb,
        };
        let index = verb.argument.unwrap_or(next);
        let Some(argument) = arguments.get(index) else {
            return Err(Failure::Text(format!(
                "not enough arguments for {:?} at {}: need index {} but have {} total",
                verb.source,
                verb.offset,
                index + 1,
                arguments.len()
            )));
        };
        verb.write(argument, &mut written).map_err(Failure::Text)?;
        next = index + 1;
        used = used.max(next);
    }
    match used {
        _ if used >= arguments.len() => Ok(written),
        0 => Err(Failure::Surplus(0, "too many arguments; no verbs in format string".to_owned())),
        _ => Err(Failure::Surplus(used, format!("too many arguments; only {used} used by format string"))),
    }
}

fn format(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let text = arguments[0].as_str().unwrap_or_default();
    if !arguments.iter().all(Value::is_wholly_known) {
        // What stands before the first verb is known whatever the values will be.
        let prefix = text.find('%').map(|end| &text[..end]).filter(|prefix| !prefix.is_empty());
        let known = Refinement { prefix: prefix.map(Into::into), ..Refinement::default() };
        return Ok(Value::unknown_refined(Type::String, known));
    }
    let values: Vec<&Value> = arguments[1..].iter().collect();
    Ok(Value::string(formatted(text, &values)?))
}

/// How often an argument of `formatlist` changes: with each text if it is a list, set or tuple.
fn elements(argument: &Value) -> Option<&[Value]> {
    match argument.kind {
        Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => argument.as_elements(),
        _ => None,
    }
}

fn format_list(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (text, arguments) = (arguments[0].as_str().unwrap_or_default(), &arguments[1..]);
    let mut chosen: Option<(usize, usize)> = None;
    for (index, argument) in arguments.iter().enumerate() {
        let Some(length) = elements(argument).map(<[Value]>::len) else { continue };
        let (first, expected) = *chosen.get_or_insert((index, length));
        if length != expected {
            let message = format!(
                "argument {} has length {length}, which is inconsistent with argument {} of length {expected}",
                index + 1,
                first + 1
            );
            return Err(CallError::argument(index + 1, message));
        }
    }
    let count = chosen.map_or(1, |(_, length)| length);
    let mut texts = Vec::with_capacity(count);
    for iteration in 0..count {
        let values: Vec<&Value> = arguments
            .iter()
            .map(|argument| {
                elements(argument).and_then(|elements| elements.get(iteration)).unwrap_or(argument)
            })
            .collect();
        if !values.iter().all(|value| value.is_wholly_known()) {
            texts.push(Value::unknown_not_null(Type::String));
            continue;
        }
        texts.push(Value::string(formatted(text, &values).map_err(|failure| match failure {
            // Without a list there is but one text, and no iteration to speak of.
            failure if arguments.is_empty() => CallError::from(failure),
            failure => {
                CallError::call(format!("error on format iteration {iteration}: {}", failure.message()))
            }
        })?));
    }
    Ok(Value::list(Type::String, texts))
}

#[cfg(test)]
mod tests {
    use super::super::super::number::Number;
    use super::super::tests::{call, error, text};
    use super::*;

    fn number(text: &str) -> Value {
        Value::number(Number::parse(text).unwrap())
    }

    fn one(text: &str, value: impl Into<Value>) -> String {
        let value = value.into();
        match formatted(text, &[&value]) {
            Ok(text) => text,
            Err(failure) => format!("error: {}", failure.message()),
        }
    }

    // Expected answers are those of Terraform 1.11.4.
    #[test]
    fn strings_are_padded_by_the_letters_that_people_see() {
        for (format, value, expected) in [
            ("%05s", "a", "0000a"),
            ("%-05s", "b", "b0000"),
            ("%4s", "q\u{323}", "   q\u{323}"),
            ("%.1s", "\u{1F1EF}\u{1F1F5}ab", "\u{1F1EF}\u{1F1F5}"),
            ("%6.2s", "abcdef", "    ab"),
            ("%.s", "abcdef", "abcdef"),
            ("%.0s|", "abcdef", "|"),
            ("%.2q", "defg", "\"de\""),
            ("%q", "<\u{7}>", "\"\\u003c\\u0007\\u003e\""),
            ("%5[1]s", "a", "    a"),
            ("%.2v", "abc", "abc"),
            ("%#05v", "b", "00\"b\""),
            ("%5d", "12", "   12"),
            ("%t", "true", "true"),
        ] {
            assert_eq!(one(format, value), expected, "{format}");
        }
        assert_eq!(one("%6t|", true), "true|");
        assert_eq!(one("%v", Value::tuple(vec![Value::from(1), "<".into()])), "[1,\"\\u003c\"]");
        assert_eq!(one("%5v|", Value::null(Type::String)), " null|");
    }

    #[test]
    fn numbers_are_written_as_go_writes_them() {
        for (format, value, expected) in [
            ("%#x %[1]#X", "255", "error: unrecognized format character '#' at offset 8"),
            ("%#x", "255", "0xff"),
            ("%#X", "255", "0XFF"),
            ("%#o", "8", "010"),
            ("%#b", "5", "0b101"),
            ("%x", "-255", "-ff"),
            ("%+x", "255", "+ff"),
            ("%.0d", "0", ""),
            ("%.d", "0", ""),
            ("%05.3d", "5", "  005"),
            ("%-05d|", "42", "42   |"),
            ("% 05d", "42", " 0042"),
            ("% +d", "5", "+5"),
            ("%d", "1e30", "1000000000000000000000000000000"),
            ("%d", "-0", "0"),
            ("%x", "1.5", "error: unsupported value for \"%x\" at 0: an integer is required"),
            ("%-09.3f", "2.5", "00002.500"),
            ("%+09.2f", "2.5", "+00002.50"),
            ("% f", "2.5", " 2.500000"),
            ("%-10g|", "1.5", "1.5       |"),
            ("%.f", "2.5", "2"),
            ("%E", "0.00001", "1.000000E-05"),
            ("%G", "1e30", "1E+30"),
            ("%e", "-0", "-0.000000e+00"),
            ("%5.2[1]f", "3.14159", " 3.14"),
            ("%v", "1234567", "1.234567e+06"),
            ("%#v", "1234567", "1234567"),
            ("%08v", "1.5", "000001.5"),
        ] {
            assert_eq!(one(format, number(value)), expected, "{format}");
        }
        let infinite = Value::number(Number::INFINITY);
        assert_eq!(one("%08g", infinite.clone()), "    +Inf");
        assert_eq!(one("% g", infinite), " Inf");
    }

    #[test]
    fn what_is_no_verb_is_refused() {
        for format in [
            "%",
            "%!",
            "%é",
            "%z",
            "%[x]s",
            "%[1s",
            "%[1]",
            "%[1]5s",
            "%5%",
            "%*d",
            "%[0]s",
            "%i",
            "%99999999d",
        ] {
            assert!(one(format, 5).starts_with("error: "), "{format}");
        }
        assert!(matches!(error("format", ["a", "b"].map(Value::from)), CallError::Argument { index: 1, .. }));
        assert!(matches!(
            error("format", ["%s", "b", "c"].map(Value::from)),
            CallError::Argument { index: 2, .. }
        ));
        assert!(matches!(error("format", ["%s %s", "b"].map(Value::from)), CallError::Call(_)));
        assert_eq!(text("format", ["%[2]s %[1]s%%", "a", "b"].map(Value::from)), "\"b a%\"");
    }

    #[test]
    fn what_is_unknown_waits() {
        let nested = Value::tuple(vec![Value::unknown(Type::String)]);
        let partly = call("format", [Value::from("abc-%v"), nested]);
        let Kind::Unknown(Type::String, Some(known)) = &partly.kind else { panic!() };
        assert_eq!((known.not_null, known.prefix.as_deref()), (true, Some("abc-")));
        assert_eq!(
            call("format", [Value::from("%z"), Value::unknown(Type::Bool)]),
            Value::unknown_not_null(Type::String)
        );

        let some = Value::tuple(vec![Value::from("a"), Value::unknown(Type::String), Value::from("c")]);
        let all = Value::tuple(vec![Value::from("d"), Value::from("e"), Value::from("f")]);
        let list = call("formatlist", [Value::from("%s%s"), some, all]);
        let expected = ["ad".into(), Value::unknown_not_null(Type::String), "cf".into()];
        assert_eq!(list, Value::list(Type::String, expected.to_vec()));
    }
}
