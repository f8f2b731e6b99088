//! Files of definitions, in both syntaxes, with their values evaluated.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recon::lang::ast::Body;
use recon::lang::eval::evaluate;
use recon::lang::parse::{json, parse_file};
use recon::lang::source::SourceMap;

#[path = "../scope.rs"]
#[expect(dead_code, reason = "definitions refer to nothing")]
mod scope;

fn evaluated(body: &Body) {
    for attribute in &body.attributes {
        let (value, diagnostics) = evaluate(&attribute.expr, &recon::config::ConstantScope);
        scope::check(&value, &diagnostics);
    }
}

fuzz_target!(|text: &str| {
    if scope::asks_outside(text) {
        return;
    }
    let sources = SourceMap::new();
    let (body, diagnostics) = parse_file(&sources, "terraform.tfvars", text.as_bytes());
    if !diagnostics.has_errors() {
        evaluated(&body);
    }
    let (body, diagnostics) = json::parse_values_file(&sources, "terraform.tfvars.json", text.as_bytes());
    if !diagnostics.has_errors() {
        evaluated(&body);
    }
});
