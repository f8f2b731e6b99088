//! The language against what Terraform 1.11.4 answered (`conformance/expressions.jsonl`, `functions.jsonl`) and
//! against published examples (`conformance/function-examples.json`).
//!
//! Compared are the console's text of the value and of its type, or the summary of the error.
//! `conformance/differs.json` lists the cases in which recon answers otherwise, each with the reason; a case
//! there that no longer differs fails, too.

#[path = "support/console.rs"]
mod console;

use std::collections::BTreeMap;
use std::path::PathBuf;

use recon::lang::diagnostic::Diagnostic;
use recon::lang::print::print_answer;
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    id: String,
    #[serde(default)]
    prelude: String,
    expr: String,
    ok: bool,
    console: String,
    #[serde(rename = "type")]
    ty: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Example {
    function: String,
    expr: String,
    expected: String,
}

fn conformance() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn read(name: &str) -> String {
    std::fs::read_to_string(conformance().join(name)).unwrap()
}

/// The console's text and type of an answer, or the summary of the first error.
fn answer(prelude: &str, expr: &str) -> Result<(String, String), String> {
    let value = console::answer(prelude, expr, &conformance()).map_err(|diagnostics| {
        diagnostics.iter().find(|diagnostic| diagnostic.is_error()).map_or_else(String::new, summary)
    })?;
    let text = print_answer(&value).map_err(|diagnostic| summary(&diagnostic))?;
    // The cases were recorded with line ends made one.
    let one_line_end = |text: String| text.replace("\r\n", "\n").replace('\r', "\n");
    Ok((one_line_end(text), one_line_end(value.ty().to_string())))
}

fn summary(diagnostic: &Diagnostic) -> String {
    diagnostic.summary.clone()
}

/// How an answer differs from what was recorded, if it does.
fn difference(case: &Case) -> Option<String> {
    let expected = match (case.ok, &case.error) {
        (true, _) => Ok((case.console.clone(), case.ty.clone().unwrap_or_default())),
        (false, error) => Err(error.clone().unwrap_or_default()),
    };
    let own = answer(&case.prelude, &case.expr);
    (own != expected)
        .then(|| format!("{}: {}\n  expected {expected:?}\n  got      {own:?}", case.id, case.expr))
}

/// Fails with all differences that are not listed, and all that are listed but are not there.
fn check(differences: BTreeMap<String, String>, group: &str) {
    let listed: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&read("differs.json")).unwrap();
    let listed = &listed[group];
    let unlisted: Vec<&str> = differences
        .iter()
        .filter(|(id, _)| !listed.contains_key(*id))
        .map(|(_, text)| text.as_str())
        .collect();
    let gone: Vec<&String> = listed.keys().filter(|id| !differences.contains_key(*id)).collect();
    assert!(unlisted.is_empty(), "{} cases differ:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(gone.is_empty(), "no longer differ: {gone:?}");
}

fn check_cases(group: &str, at_least: usize) {
    let cases = read(&format!("{group}.jsonl"));
    let cases: Vec<Case> = cases.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(cases.len() >= at_least);
    let differences = cases.iter().filter_map(|case| Some((case.id.clone(), difference(case)?))).collect();
    check(differences, group);
}

#[test]
fn recorded_expressions_are_answered_as_terraform_does() {
    check_cases("expressions", 709);
}

#[test]
fn recorded_calls_are_answered_as_terraform_does() {
    check_cases("functions", 1_306);
}

/// A value as the manual writes it: strings of their own without quotes, collections without their kind.
fn loosely(text: &str) -> String {
    let text = text.trim();
    let heredoc = text.strip_prefix("<<EOT\n").and_then(|rest| rest.strip_suffix("EOT"));
    let mut plain = heredoc.unwrap_or(text).to_owned();
    for (word, bare) in
        [("tobool(null)", "null"), ("tonumber(null)", "null"), ("tolist(", ""), ("toset(", "")]
    {
        plain = plain.replace(word, bare);
    }
    plain.replace("tomap(", "").replace("])", "]").replace("})", "}").replace(['"', ' ', ',', '\n'], "")
}

#[test]
fn published_examples_come_out_as_published() {
    let examples: Vec<Example> = serde_json::from_str(&read("function-examples.json")).unwrap();
    assert!(examples.len() > 200);
    let mut differences = BTreeMap::new();
    for Example { function, expr, expected } in examples {
        let own = answer("", &expr);
        let same = match (&own, expected.trim().strip_prefix("Error: ")) {
            (Ok((text, _)), None) => loosely(text) == loosely(&expected),
            (Err(summary), Some(error)) => error.lines().next() == Some(summary.as_str()),
            _ => false,
        };
        if !same {
            differences.insert(
                expr.clone(),
                format!("{function}: {expr}\n  expected {expected:?}\n  got      {own:?}"),
            );
        }
    }
    check(differences, "examples");
}
