//! Canonical style: how the files of a stack are laid out.
//!
//! The rules are those of `terraform fmt`: two spaces for each level of brackets, one space between tokens where one
//! belongs, `=` and trailing comments of neighbouring lines in a column, labels in quotes, and `"${x}"` as `x`.
//! Comments, line breaks and all else stay as they are: tokens are moved, and never lost.

mod layout;
mod rewrite;

use super::diagnostic::Diagnostics;
use super::parse::parse_file;
use super::source::SourceMap;

/// The file in canonical style, which is its own canonical style. A file that cannot be read stays as it is: the error
/// says what is wrong with it.
pub fn format(sources: &SourceMap, name: &str, bytes: &[u8]) -> Result<String, Diagnostics> {
    let (body, diagnostics) = parse_file(sources, name, bytes);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let file = sources.file(body.span.source);
    let text = layout::lay_out(&rewrite::rewritten(&file.text, &body));
    Ok(if file.bom { format!("\u{feff}{text}") } else { text })
}
