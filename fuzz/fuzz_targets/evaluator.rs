//! Expressions, evaluated: whatever the text, a value or diagnostics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recon::lang::eval::evaluate;
use recon::lang::parse::parse_expression;
use recon::lang::source::SourceMap;

#[path = "../scope.rs"]
mod scope;

fuzz_target!(|text: &str| {
    if scope::asks_outside(text) {
        return;
    }
    let sources = SourceMap::new();
    let (expr, diagnostics) = parse_expression(&sources, "expression", text);
    if diagnostics.has_errors() {
        return;
    }
    let (value, diagnostics) = evaluate(&expr, &scope::Fuzzed);
    scope::check(&value, &diagnostics);
});
