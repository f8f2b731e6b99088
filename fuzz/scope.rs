//! The names that fuzzed expressions may use.

use std::path::Path;

use recon::lang::ast::Traversal;
use recon::lang::diagnostic::{Diagnostic, Diagnostics};
use recon::lang::eval::Scope;
use recon::lang::functions::Host;
use recon::lang::types::Type;
use recon::lang::value::Value;

/// `a`, `b`, `c`: a string, a number and an object; `u` is not known, `s` is sensitive, `n` is null.
pub struct Fuzzed;

const SECRET: &str = "hunter2-of-the-fuzzer";

impl Scope for Fuzzed {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        let value = match &*traversal.root.name {
            "a" => Value::string("text"),
            "b" => Value::from(7),
            "c" => Value::object([
                ("list", Value::tuple(vec![Value::from(1), Value::string("x"), Value::from(true)])),
                ("k", Value::string("v")),
            ]),
            "u" => Value::unknown(Type::Dynamic),
            "s" => Value::string(SECRET).sensitive(),
            "n" => Value::null(Type::Dynamic),
            _ => {
                let detail = "There is no such name.";
                return Err(Diagnostic::error("Unknown name", detail).at(traversal.root.span));
            }
        };
        Ok((value, 0))
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

impl Host for Fuzzed {
    fn base_directory(&self) -> &Path {
        Path::new("/nonexistent")
    }

    fn plan_timestamp(&self) -> Option<String> {
        Some("2026-01-02T03:04:05Z".to_owned())
    }

    fn answers_impure(&self) -> bool {
        false
    }
}

/// Whether a text may read files, which would make runs differ, takes long by its nature, or gives the secret itself.
pub fn asks_outside(text: &str) -> bool {
    ["file", "template", "path", "bcrypt", "timestamp", "rsadecrypt", "hunter2"].iter().any(|word| text.contains(word))
}

/// What a value must be: printable, with the secret only where it is marked, and no diagnostic that shows it.
pub fn check(value: &Value, diagnostics: &Diagnostics) {
    let printed = recon::lang::print::print(value);
    assert!(!printed.contains(SECRET), "a sensitive value is printed");
    for diagnostic in diagnostics.iter() {
        let shown = format!("{} {}", diagnostic.summary, diagnostic.detail);
        assert!(!shown.contains(SECRET), "a sensitive value is in a diagnostic");
    }
}
