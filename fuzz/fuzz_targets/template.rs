//! Templates, read and rendered with the values that `templatestring` would give them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recon::lang::ast::{Expr, ExprKind};
use recon::lang::eval::evaluate;
use recon::lang::parse::parse_template;
use recon::lang::source::{SourceMap, Span};

#[path = "../scope.rs"]
mod scope;

fuzz_target!(|text: &str| {
    if scope::asks_outside(text) {
        return;
    }
    let sources = SourceMap::new();
    let (parts, diagnostics) = parse_template(&sources, "template", text);
    if diagnostics.has_errors() {
        return;
    }
    let source = sources.add("whole", text);
    let expr = Expr { span: Span::new(source, 0, text.len()), kind: ExprKind::Template(parts) };
    let (value, diagnostics) = evaluate(&expr, &scope::Fuzzed);
    scope::check(&value, &diagnostics);
});
