//! Edits of a file: new text put in at spans. All else stays byte for byte as it was, comments, line ends and a byte
//! order mark included.

use thiserror::Error;

use super::source::{SourceFile, Span};

/// New text for a span; an empty span is a place to insert at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub span: Span,
    pub text: String,
}

/// Why edits cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SpliceError {
    #[error("an edit of {name} goes from {start} to {end}, which are no places in it")]
    Outside { name: String, start: usize, end: usize },
    #[error("two edits of {name} touch the same text at {start}")]
    Overlap { name: String, start: usize },
}

/// The whole file with edits made, in whatever order they are given. Edits must not overlap; two insertions at one
/// place are made in their order.
///
/// # Errors
///
/// If a span is not in the file or splits a character, and if spans overlap.
pub fn splice(file: &SourceFile, edits: &[Edit]) -> Result<String, SpliceError> {
    let text = &file.text;
    let mut ordered: Vec<&Edit> = edits.iter().collect();
    ordered.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let grown: usize = edits.iter().map(|edit| edit.text.len()).sum();
    let mut result = String::with_capacity(text.len() + grown + 3);
    if file.bom {
        result.push('\u{feff}');
    }
    let mut at = 0;
    for edit in ordered {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let outside = || SpliceError::Outside { name: file.name.clone(), start, end };
        if start < at {
            return Err(SpliceError::Overlap { name: file.name.clone(), start });
        }
        if text.get(start..end).is_none() {
            return Err(outside());
        }
        result.push_str(text.get(at..start).ok_or_else(outside)?);
        result.push_str(&edit.text);
        at = end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::super::source::SourceMap;
    use super::*;

    #[test]
    fn edits_change_their_spans_and_nothing_else() {
        let sources = SourceMap::new();
        let id = sources.add("main.tf", "\u{feff}a = 1 # one\r\nb =\t\"é\"\r\n");
        let file = sources.file(id);
        let edit = |start, end, text: &str| Edit { span: Span::new(id, start, end), text: text.to_owned() };
        assert_eq!(splice(&file, &[]).unwrap(), "\u{feff}a = 1 # one\r\nb =\t\"é\"\r\n");
        let edits = [edit(17, 21, "2"), edit(4, 5, "12"), edit(4, 4, "-")];
        assert_eq!(splice(&file, &edits).unwrap(), "\u{feff}a = -12 # one\r\nb =\t2\r\n");
        let overlap = splice(&file, &[edit(4, 6, "x"), edit(5, 7, "y")]).unwrap_err();
        assert_eq!(overlap.to_string(), "two edits of main.tf touch the same text at 5");
        for (start, end) in [(19, 20), (20, 400), (6, 5)] {
            assert!(matches!(splice(&file, &[edit(start, end, "")]), Err(SpliceError::Outside { .. })));
        }
    }
}
