//! Configuration files, in both syntaxes, and their formatter: whatever the bytes, diagnostics and no panic. What is
//! formatted stays as it is when it is formatted again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use recon::lang::format::format;
use recon::lang::parse::{json, parse_file};
use recon::lang::source::SourceMap;

fuzz_target!(|bytes: &[u8]| {
    let sources = SourceMap::new();
    let (_, diagnostics) = parse_file(&sources, "main.tf", bytes);
    for diagnostic in diagnostics.iter() {
        recon::render::diagnostic::diagnostic(diagnostic, &sources, recon::render::Colors(false));
    }
    let _ = json::parse_module_file(&sources, "main.tf.json", bytes);
    if let Ok(formatted) = format(&sources, "main.tf", bytes) {
        let again = format(&sources, "main.tf", formatted.as_bytes());
        assert_eq!(again.ok().as_ref(), Some(&formatted), "formatting is not stable");
    }
});
