//! What parsers of the language are known to get wrong, one test a row: what the reference refuses, what it accepts, and
//! what text a heredoc stands for. `data/heredocs.json` holds heredocs with the values that Terraform 1.11.4 gave them.

use std::collections::BTreeMap;
use std::path::Path;

use recon::lang::ast::{Body, Traversal};
use recon::lang::diagnostic::{Diagnostic, Diagnostics};
use recon::lang::eval::{Scope, evaluate};
use recon::lang::functions::Host;
use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::Value;
use serde::Deserialize;

struct Locals(BTreeMap<&'static str, Value>);

impl Locals {
    fn new() -> Locals {
        Locals(BTreeMap::from([
            ("x", Value::string("X")),
            ("multi", Value::string("l1\n  l2")),
            ("b", Value::object([("c", Value::from(1))])),
        ]))
    }
}

impl Scope for Locals {
    fn resolve(&self, _traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        Ok((Value::object(self.0.iter().map(|(name, value)| (*name, value.clone()))), 0))
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

impl Host for Locals {
    fn base_directory(&self) -> &Path {
        Path::new(".")
    }

    fn plan_timestamp(&self) -> Option<String> {
        None
    }

    fn answers_impure(&self) -> bool {
        false
    }
}

fn parse(text: &str) -> (Body, Diagnostics) {
    parse_file(&SourceMap::new(), "main.tf", text.as_bytes())
}

/// The value of the file's first argument.
fn value(text: &str) -> Value {
    let (body, diagnostics) = parse(text);
    assert!(!diagnostics.has_errors(), "{text}: {diagnostics:?}");
    let (value, diagnostics) = evaluate(&body.attributes[0].expr, &Locals::new());
    assert!(!diagnostics.has_errors(), "{text}: {diagnostics:?}");
    value
}

/// The summaries of a file's errors.
fn refused(text: &str) -> Vec<String> {
    let (_, diagnostics) = parse(text);
    diagnostics.iter().filter(|found| found.is_error()).map(|found| found.summary.clone()).collect()
}

#[test]
fn a_line_end_in_a_quoted_string_is_refused() {
    assert_eq!(refused("a = \"x\ny\"\n")[0], "Invalid multi-line string");
    assert_eq!(value("a = \"x\\ny\"\n"), Value::string("x\ny"));
}

#[test]
fn legacy_indexes_of_indexes_are_refused() {
    assert_eq!(refused("a = local.b.0.1\n")[0], "Invalid legacy index syntax");
    assert_eq!(refused("a = local.b.0\n"), Vec::<String>::new());
}

#[test]
fn a_name_is_on_the_line_of_its_dot() {
    assert_eq!(refused("a = local.b.\nc\n")[0], "Invalid attribute name");
    assert_eq!(value("a = (local.b.\nc)\n"), Value::from(1));
}

#[test]
fn a_heredoc_ends_with_a_line_end() {
    assert_eq!(refused("a = <<E\nx\nE")[0], "Unterminated template string");
    assert_eq!(value("a = <<E\nx\nE\n"), Value::string("x\n"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_text() {
    assert_eq!(value("\u{feff}a = 1\n"), Value::from(1));
    assert_ne!(refused("a = 1\n\u{feff}b = 2\n"), Vec::<String>::new());
}

#[test]
fn deep_nesting_and_long_chains_are_accepted() {
    for depth in [65, 900] {
        let nested = format!("a = {}1{}\n", "(".repeat(depth), ")".repeat(depth));
        assert_eq!(value(&nested), Value::from(1), "{depth} parentheses");
        let lists = format!("a = length({}{})\n", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(value(&lists), Value::from(i64::from(depth > 1)), "{depth} brackets");
    }
    // What is nested beyond all sense is refused, and does not take recon down.
    for depth in [1001, 200_000] {
        assert_eq!(refused(&format!("a = {}", "(".repeat(depth)))[0], "Nesting too deep");
    }
    for length in [129, 900] {
        let chain = format!("a = 0{}\n", " + 1".repeat(length));
        assert_eq!(value(&chain), Value::from(i64::try_from(length).unwrap()));
        let arms = format!("a = {}7\n", "false ? 0 : ".repeat(length));
        assert_eq!(value(&arms), Value::from(7));
        let not = format!("a = {}true\n", "!".repeat(length / 2 * 2));
        assert_eq!(value(&not), Value::bool(true));
    }
}

#[test]
fn keys_may_come_twice_and_numbers_are_as_large_as_they_like() {
    assert_eq!(value("a = { a = 1, a = 2 }.a\n"), Value::from(2));
    let big = value("a = 1e400\n");
    assert_eq!(big.as_number().unwrap().to_string(), format!("1{}", "0".repeat(400)));
}

#[test]
fn several_mistakes_of_a_file_are_found_at_once() {
    let text =
        "a = *\nb = \"ok\"\nc {\n  d = [1 2]\n}\ne = = 1\nf = local.\n\ng {\n  h = \"x\ny\"\n  i = 1 +\n}\n";
    let found = refused(text);
    assert_eq!(found, ["Invalid multi-line string", "Invalid expression", "Invalid attribute name"]);
}

#[derive(Deserialize)]
struct Heredoc {
    name: String,
    source: String,
    value: String,
}

#[test]
fn heredocs_are_the_text_that_the_reference_reads() {
    let cases: Vec<Heredoc> = serde_json::from_str(include_str!("data/heredocs.json")).unwrap();
    assert!(cases.len() >= 27);
    for case in cases {
        let text = format!("a = {}", case.source);
        assert_eq!(value(&text), Value::string(&case.value), "{}", case.name);
        // Windows' line ends are line ends, and in the text as they are.
        let windows = value(&text.replace('\n', "\r\n"));
        assert_eq!(windows.as_str().unwrap().replace("\r\n", "\n"), case.value, "{} with CRLF", case.name);
    }
}
