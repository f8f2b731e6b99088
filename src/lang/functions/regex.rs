//! `regex regexall`, and the regular expressions of `replace`. Patterns are in RE2's syntax, which [`syntax`] brings
//! into that of the regex crate.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use regex::{Captures, Regex, RegexBuilder};

use super::super::types::Type;
use super::super::value::Value;
use super::{CallError, CallResult, Function, Host};

mod class;
mod syntax;

/// What a compiled pattern may take. RE2's own bound on a pattern's size is of this order.
const SIZE_LIMIT: usize = 128 << 20;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::typed("regex", match_type, regex)
            .takes("pattern", Type::String)
            .takes("string", Type::String),
        Function::typed("regexall", |arguments| Ok(Type::list(match_type(arguments)?)), regex_all)
            .takes("pattern", Type::String)
            .takes("string", Type::String),
    ]
}

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// The names of the groups, in order; two groups may have one name.
    groups: Vec<Option<String>>,
}

/// Patterns that have been compiled: an expression is often evaluated for many elements.
static COMPILED: LazyLock<Mutex<HashMap<String, Arc<Pattern>>>> = LazyLock::new(Mutex::default);

/// How many patterns are kept.
const KEPT: usize = 256;

pub(super) fn compile(pattern: &str) -> Result<Arc<Pattern>, syntax::PatternError> {
    let compiled = || COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled().get(pattern) {
        return Ok(Arc::clone(known));
    }
    let translated = syntax::translate(pattern)?;
    let regex = RegexBuilder::new(&translated.pattern)
        .size_limit(SIZE_LIMIT)
        .nest_limit(4 * syntax::DEEPEST as u32)
        .build()
        .map_err(|_| syntax::PatternError::too_large(pattern))?;
    let new = Arc::new(Pattern { regex, groups: translated.groups });
    let mut compiled = compiled();
    if compiled.len() >= KEPT {
        compiled.clear();
    }
    compiled.insert(pattern.to_owned(), Arc::clone(&new));
    Ok(new)
}

/// Whether an RE2 pattern matches any part of a text. The error says what is wrong with the pattern.
pub fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    let compiled = compile(pattern).map_err(|error| error.to_string())?;
    Ok(compiled.regex.is_match(text))
}

/// What a group matched; null if it had no part in the match.
fn group(captures: &Captures<'_>, index: usize) -> Value {
    captures.get(index).map_or_else(|| Value::null(Type::String), |part| Value::string(part.as_str()))
}

impl Pattern {
    /// The type of a match: a string without groups, else a tuple or an object of strings.
    fn match_type(&self) -> Result<Type, &'static str> {
        if self.groups.is_empty() {
            return Ok(Type::String);
        }
        let names: Vec<&str> = self.groups.iter().flatten().map(String::as_str).collect();
        if names.is_empty() {
            Ok(Type::tuple(self.groups.iter().map(|_| Type::String)))
        } else if names.len() == self.groups.len() {
            Ok(Type::object(names.into_iter().map(|name| (name, Type::String))))
        } else {
            Err("cannot mix both named and unnamed capture groups")
        }
    }

    fn value(&self, captures: &Captures<'_>) -> Value {
        if self.groups.is_empty() {
            return group(captures, 0);
        }
        let parts = (1..=self.groups.len()).map(|index| group(captures, index));
        if self.groups.iter().all(Option::is_none) {
            return Value::tuple(parts.collect());
        }
        // Of groups that have one name the last one counts.
        let named: BTreeMap<&str, Value> =
            self.groups.iter().flatten().map(String::as_str).zip(parts).collect();
        Value::object(named)
    }

    /// Replaces all matches. In `replacement` `$1`, `$name` and `${name}` stand for what groups matched, a name
    /// being as long as can be, and `$$` for a dollar.
    pub(super) fn replace_all(&self, text: &str, replacement: &str) -> String {
        let mut replaced = String::with_capacity(text.len());
        let mut from = 0;
        for captures in self.regex.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            replaced.push_str(&text[from..whole.start()]);
            self.expand(&captures, replacement, &mut replaced);
            from = whole.end();
        }
        replaced.push_str(&text[from..]);
        replaced
    }

    fn expand(&self, captures: &Captures<'_>, template: &str, expanded: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            rest = after;
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
            } else if let Some((name, after)) = split_reference(rest) {
                if let Some(index) = self.referred(captures, name) {
                    expanded.push_str(captures.get(index).map_or("", |part| part.as_str()));
                }
                rest = after;
            } else {
                expanded.push('$');
            }
        }
        expanded.push_str(rest);
    }

    /// The group that a name or number in a replacement means.
    fn referred(&self, captures: &Captures<'_>, name: &str) -> Option<usize> {
        let is_number =
            name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
        if is_number {
            return name.parse().ok();
        }
        let mut groups = self.groups.iter().zip(1..);
        groups.find_map(|(own, index)| {
            (own.as_deref() == Some(name) && captures.get(index).is_some()).then_some(index)
        })
    }
}

/// The name at the start of what follows a `$`, with or without braces, and what comes after it.
fn split_reference(text: &str) -> Option<(&str, &str)> {
    let braced = text.strip_prefix('{');
    let from = braced.unwrap_or(text);
    let end = from.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(from.len());
    let (name, rest) = from.split_at(end);
    if name.is_empty() {
        return None;
    }
    Some((name, if braced.is_some() { rest.strip_prefix('}')? } else { rest }))
}

fn pattern_of(argument: &Value) -> Result<Arc<Pattern>, CallError> {
    compile(argument.as_str().unwrap_or_default()).map_err(|error| CallError::argument(0, error.to_string()))
}

fn match_type(arguments: &[Value]) -> Result<Type, CallError> {
    if !arguments[0].is_known() {
        return Ok(Type::Dynamic);
    }
    pattern_of(&arguments[0])?
        .match_type()
        .map_err(|message| CallError::argument(0, format!("invalid regexp pattern: {message}")))
}

fn regex(_: &dyn Host, arguments: &[Value], _: &Type) -> CallResult {
    let pattern = pattern_of(&arguments[0])?;
    match pattern.regex.captures(arguments[1].as_str().unwrap_or_default()) {
        Some(captures) => Ok(pattern.value(&captures)),
        None => Err(CallError::call("pattern did not match any part of the given string")),
    }
}

fn regex_all(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let pattern = pattern_of(&arguments[0])?;
    let text = arguments[1].as_str().unwrap_or_default();
    let matches = pattern.regex.captures_iter(text).map(|captures| pattern.value(&captures)).collect();
    Ok(Value::list(ty.element().cloned().unwrap_or(Type::Dynamic), matches))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{call, error, text, ty};
    use super::*;

    // Expected answers are those of Terraform 1.11.4.
    fn first(pattern: &str, text: &str) -> Result<String, String> {
        let pattern = compile(pattern).map_err(|error| error.to_string())?;
        let found = pattern.regex.find(text).ok_or("no match")?;
        Ok(found.as_str().to_owned())
    }

    #[test]
    fn patterns_mean_what_they_mean_to_re2() {
        for (pattern, text, expected) in [
            ("a{,2}", "a{,2}", "a{,2}"),
            ("a{2", "a{2", "a{2"),
            ("[[a]b]", "ab]", "ab]"),
            ("[a&&b]+", "&b", "&b"),
            ("[\\d-z]", "-", "-"),
            ("[a-b-c]+", "a-c", "a-c"),
            ("[]a]+", "]a", "]a"),
            ("\\w+", "éab", "ab"),
            ("\\Bé", "éaé", "é"),
            ("(?i)\\w+", "ſK", "ſK"),
            ("(?U)x*?", "xxx", "xxx"),
            ("x{2}?", "xxx", "xx"),
            ("\\P{^Lu}+", "Aa1", "A"),
            ("[^\\p{L}\\d]+", "-aα1-", "-"),
            ("(?i:ab)c", "ABc", "ABc"),
            ("a(?i)*b", "aaab", "aaab"),
            ("x\\Q\\E*", "xx", "xx"),
            ("\\Qa.b*\\E+", "xa.b**", "a.b**"),
            ("\\08", "\u{0}8", "\u{0}8"),
            ("\\101\\x42\\x{43}\\_\\-", "ABC_-", "ABC_-"),
            ("(?m)a$", "a\nb", "a"),
            ("(?P<1n>a)", "a", "a"),
            ("[#-%&~~]+", "#$%&~", "#$%&~"),
            ("a b # c", "a b # c", "a b # c"),
        ] {
            assert_eq!(first(pattern, text).as_deref(), Ok(expected), "{pattern}");
        }
        for (pattern, text) in
            [("b$", "b\n"), ("a\\sb", "a\u{b}b"), ("\\d", "\u{661}"), ("\\p{Cs}", "a"), ("\\p{C}", "\u{378}")]
        {
            assert_eq!(first(pattern, text), Err("no match".to_owned()), "{pattern}");
        }
    }

    #[test]
    fn what_re2_refuses_is_refused() {
        for pattern in [
            "\\C",
            "a**",
            "a*??",
            "a{2}{3}",
            "x++",
            "a{2,1}",
            "a{1001}",
            "(a{100}){11}",
            "[a-\\d]",
            "[[:foo:]]",
            "[\\b]",
            "\\p{lu}",
            "\\p{Letter}",
            "\\p{Cn}",
            "\\p{Script=Greek}",
            "(?-)a",
            "(?x)a",
            "(?i-)a",
            "(?P<>a)",
            "(?P<a",
            "(?=a)",
            "a)",
            "(a",
            "(a|*)",
            "\\1",
            "\\8",
            "\\Z",
            "\\é",
            "a\\",
            "a\\Eb",
            "\\x4",
            "\\x{110000}",
            "[z-a]",
            "[a-",
            "[",
            "*a",
            "(?P=n)",
            "\\pλ",
            "(?<=a)b",
        ] {
            assert!(compile(pattern).is_err(), "{pattern}");
        }
        assert!(compile("(a{100}){10}").is_ok());
        for deep in ["(".repeat(100_000), format!("a{}", "(?i)*".repeat(100_000))] {
            assert!(compile(&deep).is_err());
        }
        assert!(compile(&format!("{}a{}", "(".repeat(100), ")*".repeat(100))).is_ok());
    }

    #[test]
    fn groups_make_the_type() {
        let strings = |pattern, text| [Value::from(pattern), Value::from(text)];
        assert_eq!(text("regex", strings("(?P<a>x)(?P<a>y)", "xy")), "{\n  \"a\" = \"y\"\n}");
        assert_eq!(text("regex", strings("(a)?(b)", "b")), "[\n  tostring(null),\n  \"b\",\n]");
        assert_eq!(text("regex", strings("(a){0}(b)", "b")), "[\n  tostring(null),\n  \"b\",\n]");
        assert!(matches!(error("regex", strings("(?P<a>x)(y)", "xy")), CallError::Argument { index: 0, .. }));
        assert!(matches!(error("regex", strings("x", "y")), CallError::Call(_)));
        let late = call("regex", [Value::from("(a)"), Value::unknown(Type::String)]);
        assert_eq!(late.ty(), Type::tuple([Type::String]));
        assert_eq!(ty("regexall", [Value::unknown(Type::String), Value::from("a")]), "list(dynamic)");
    }

    #[test]
    fn replacements_refer_to_groups() {
        let replaced =
            |pattern: &str, text: &str, with: &str| compile(pattern).unwrap().replace_all(text, with);
        assert_eq!(replaced("(b)", "abc", "$1x"), "ac");
        assert_eq!(replaced("(b)", "abc", "${1}x"), "abxc");
        assert_eq!(replaced("(?P<n>b)", "abc", "<$n $n_ ${n>$"), "a<b  ${n>$c");
        assert_eq!(replaced("b", "abc", "$$0$01$9$-"), "a$0$-c");
        assert_eq!(replaced("x*", "axb", "-"), "-a-b-");
    }
}
