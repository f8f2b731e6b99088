//! String functions: `chomp endswith indent join lower replace split startswith strcontains strrev substr title trim
//! trimprefix trimspace trimsuffix upper`. `regex` and `regexall` are in [`super::regex`], `format` and `formatlist`
//! in [`super::format`].

use super::super::text::{graphemes, settled};
use super::super::types::Type;
use super::super::value::{Kind, Value};
use super::numeric::machine_integer;
use super::{CallError, CallResult, Function, Host, regex};

mod case;

pub(super) fn functions() -> Vec<Function> {
    let takes = |name, parameters: &[&'static str], implementation| {
        let function = Function::new(name, implementation).returns(Type::String);
        parameters.iter().fold(function, |function, parameter| function.takes(parameter, Type::String))
    };
    vec![
        takes("chomp", &["str"], |_, arguments| {
            changed(arguments, |text| text.trim_end_matches(['\r', '\n']))
        }),
        takes("endswith", &["str", "suffix"], |_, arguments| {
            Ok(Value::bool(text(arguments, 0).ends_with(text(arguments, 1))))
        })
        .returns(Type::Bool),
        Function::new("indent", indent)
            .takes("spaces", Type::Number)
            .takes("str", Type::String)
            .returns(Type::String),
        Function::new("join", join)
            .takes("separator", Type::String)
            .takes_more("lists", Type::list(Type::String))
            .returns(Type::String),
        takes("lower", &["str"], |_, arguments| Ok(Value::string(case::lower(text(arguments, 0))))),
        takes("replace", &["str", "substr", "replace"], replace),
        takes("split", &["separator", "str"], split).returns(Type::list(Type::String)),
        Function::new("startswith", starts_with)
            .takes("str", Type::String)
            .or_unknown_of_known_type()
            .takes("prefix", Type::String)
            .returns(Type::Bool),
        takes("strcontains", &["str", "substr"], |_, arguments| {
            Ok(Value::bool(text(arguments, 0).contains(text(arguments, 1))))
        })
        .returns(Type::Bool),
        takes("strrev", &["str"], |_, arguments| {
            let mut clusters: Vec<&str> = graphemes(text(arguments, 0)).collect();
            clusters.reverse();
            Ok(Value::string(clusters.concat()))
        }),
        Function::new("substr", substring)
            .takes("str", Type::String)
            .takes("offset", Type::Number)
            .takes("length", Type::Number)
            .returns(Type::String),
        takes("title", &["str"], |_, arguments| Ok(Value::string(case::title(text(arguments, 0))))),
        takes("trim", &["str", "cutset"], |_, arguments| {
            let cut: Vec<char> = text(arguments, 1).chars().collect();
            Ok(Value::string(text(arguments, 0).trim_matches(|letter| cut.contains(&letter))))
        }),
        takes("trimprefix", &["str", "prefix"], |_, arguments| {
            let (whole, prefix) = (text(arguments, 0), text(arguments, 1));
            Ok(Value::string(whole.strip_prefix(prefix).unwrap_or(whole)))
        }),
        takes("trimspace", &["str"], |_, arguments| changed(arguments, str::trim)),
        takes("trimsuffix", &["str", "suffix"], |_, arguments| {
            let (whole, suffix) = (text(arguments, 0), text(arguments, 1));
            Ok(Value::string(whole.strip_suffix(suffix).unwrap_or(whole)))
        }),
        takes("upper", &["str"], |_, arguments| Ok(Value::string(case::upper(text(arguments, 0))))),
    ]
}

/// An argument that is a known string.
fn text(arguments: &[Value], index: usize) -> &str {
    arguments[index].as_str().unwrap_or_default()
}

fn integer(arguments: &[Value], index: usize, what: &str) -> Result<i64, CallError> {
    machine_integer(&arguments[index], what).map_err(CallError::Call)
}

fn changed(arguments: &[Value], change: fn(&str) -> &str) -> CallResult {
    Ok(Value::string(change(text(arguments, 0))))
}

fn indent(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let spaces = usize::try_from(integer(arguments, 0, "spaces")?)
        .map_err(|_| CallError::call("a text cannot be indented by less than no spaces"))?;
    let breaks = text(arguments, 1).matches('\n').count();
    check_size(spaces.saturating_mul(breaks))?;
    let line_start = format!("\n{}", " ".repeat(spaces));
    Ok(Value::string(text(arguments, 1).replace('\n', &line_start)))
}

/// Refuses to build texts of a size that nobody means.
pub(super) fn check_size(bytes: usize) -> Result<(), CallError> {
    if bytes > 1 << 30 { Err(CallError::call("the text would be larger than 1 GiB")) } else { Ok(()) }
}

fn join(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (separator, lists) = (text(arguments, 0), &arguments[1..]);
    if lists.is_empty() {
        return Err(CallError::call("at least one list is required"));
    }
    if !lists.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(Type::String));
    }
    let mut joined = String::new();
    let mut first = true;
    for (list_index, list) in lists.iter().enumerate() {
        for (index, element) in list.as_elements().unwrap_or_default().iter().enumerate() {
            let Some(element) = element.as_str() else {
                let of = if lists.len() > 1 { format!(" of list {}", list_index + 1) } else { String::new() };
                let message = format!("element {index}{of} is null; cannot concatenate null values");
                return Err(CallError::argument(list_index + 1, message));
            };
            if !std::mem::take(&mut first) {
                joined.push_str(separator);
            }
            joined.push_str(element);
        }
    }
    Ok(Value::string(joined))
}

/// Between slashes the second argument is a regular expression.
fn replace(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (whole, search, with) = (text(arguments, 0), text(arguments, 1), text(arguments, 2));
    let pattern = search.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'));
    Ok(Value::string(match pattern {
        Some(pattern) => {
            let pattern = regex::compile(pattern).map_err(|error| CallError::call(error.to_string()))?;
            pattern.replace_all(whole, with)
        }
        None => {
            // What is put between all letters is the only thing that multiplies.
            check_size(whole.len().saturating_add(1).saturating_mul(with.len()))?;
            whole.replace(search, with)
        }
    }))
}

fn split(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let (separator, whole) = (text(arguments, 0), text(arguments, 1));
    let parts: Vec<Value> = if separator.is_empty() {
        whole.chars().map(|letter| Value::string(letter.encode_utf8(&mut [0; 4]))).collect()
    } else {
        whole.split(separator).map(Value::from).collect()
    };
    Ok(Value::list(Type::String, parts))
}

fn starts_with(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let prefix = text(arguments, 1);
    let Kind::Unknown(_, known) = &arguments[0].kind else {
        return Ok(Value::bool(text(arguments, 0).starts_with(prefix)));
    };
    if prefix.is_empty() {
        return Ok(Value::bool(true));
    }
    let known = known.as_ref().and_then(|known| known.prefix.as_deref()).map_or("", settled);
    Ok(if known.starts_with(prefix) {
        Value::bool(true)
    } else if !known.is_empty() && known.len() >= prefix.len() {
        Value::bool(false)
    } else {
        Value::unknown(Type::Bool)
    })
}

fn substring(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let whole = text(arguments, 0);
    let (offset, length) = (integer(arguments, 1, "offset")?, integer(arguments, 2, "length")?);
    let skipped = match usize::try_from(offset) {
        Ok(offset) => offset,
        Err(_) => {
            let back = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            graphemes(whole).count().saturating_sub(back)
        }
    };
    // The reference takes no letters from a place counted from the start, but all from one counted from the end.
    let length = if length == 0 && offset < 0 { -1 } else { length };
    let rest = graphemes(whole).skip(skipped);
    Ok(Value::string(match usize::try_from(length) {
        Ok(length) => rest.take(length).collect::<String>(),
        Err(_) => rest.collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::super::value::Refinement;
    use super::super::tests::{call, error, text};
    use super::*;

    // Expected answers are those of Terraform 1.11.4.
    #[test]
    fn parts_of_strings_are_counted_in_letters_that_people_see() {
        for (offset, length, expected) in [
            (1, 2, "bc"),
            (-1, 0, "d"),
            (-9, 0, "abcd"),
            (1, 0, ""),
            (-9, 2, "ab"),
            (9, 1, ""),
            (4, -1, ""),
            (2, -1, "cd"),
        ] {
            let answer = call("substr", [Value::from("abcd"), Value::from(offset), Value::from(length)]);
            assert_eq!(answer, Value::from(expected), "{offset} {length}");
        }
        let half = Value::number(super::super::super::number::Number::parse("1.5").unwrap());
        assert!(matches!(error("substr", [Value::from("a"), half, Value::from(1)]), CallError::Call(_)));
        assert_eq!(text("strrev", [Value::from("e\u{301}\u{323}x")]), "\"x\u{1eb9}\u{301}\"");
    }

    #[test]
    fn a_known_start_of_an_unknown_string_can_settle_the_answer() {
        let starts = |prefix: &str, with: &str| {
            let known = Refinement { prefix: Some(prefix.into()), ..Refinement::default() };
            call("startswith", [Value::unknown_refined(Type::String, known), Value::from(with)]).as_bool()
        };
        assert_eq!(starts("abcd", "abc"), Some(true));
        assert_eq!(starts("abcd", "abcd"), None);
        assert_eq!(starts("abc-", "abc-"), Some(true));
        assert_eq!(starts("abcd", "ac"), Some(false));
        assert_eq!(starts("abcd", "acbbbbb"), None);
        assert_eq!(call("startswith", [Value::unknown(Type::String), Value::from("")]), Value::bool(true));
    }

    #[test]
    fn joining_waits_for_elements_before_it_looks_for_null() {
        let list = |elements: Vec<Value>| Value::list(Type::String, elements);
        let null = || Value::null(Type::String);
        let unknown = list(vec![null(), Value::unknown(Type::String)]);
        assert!(!call("join", [Value::from(","), unknown]).is_known());
        let second =
            error("join", [Value::from(","), list(vec!["a".into()]), list(vec!["b".into(), null()])]);
        assert!(matches!(second, CallError::Argument { index: 2, .. }));
        assert!(matches!(error("join", [Value::from(",")]), CallError::Call(_)));
        assert!(matches!(error("indent", [Value::from(-1), Value::from("a")]), CallError::Call(_)));
    }
}
