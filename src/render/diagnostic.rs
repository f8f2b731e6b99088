//! Diagnostics for people, and in the JSON form of `validate -json`.

use std::fmt::Write;
use std::ops::Range;

use serde_json::{Value as Json, json};

use crate::lang::diagnostic::{Diagnostic, Severity};
use crate::lang::source::{SourceFile, SourceMap, Span};
use crate::lang::text::graphemes;

use super::style::{BOLD, Colors, DIM, RED, UNDERLINE, YELLOW, wrap};

/// Columns that prose is wrapped at.
const WIDTH: usize = 78;
/// Lines of an excerpt that are shown at most.
const EXCERPT: usize = 12;

/// What kinds of blocks stand at the top of a file.
const BLOCKS: [&str; 13] = [
    "terraform",
    "variable",
    "locals",
    "output",
    "module",
    "resource",
    "data",
    "ephemeral",
    "provider",
    "moved",
    "import",
    "removed",
    "check",
];

/// A diagnostic as text: headline, place, excerpt with the subject marked, values involved, detail. With colours it has
/// a rule at its left, without it is plain. Ends with a line end.
pub fn diagnostic(diagnostic: &Diagnostic, sources: &SourceMap, colors: Colors) -> String {
    let (word, color) = match diagnostic.severity {
        Severity::Error => ("Error", RED),
        Severity::Warning => ("Warning", YELLOW),
    };
    let mut text = format!(
        "{}{}\n",
        colors.paint(color.bold(), &format!("{word}: ")),
        colors.paint(BOLD, &diagnostic.summary)
    );
    if let Some(address) = &diagnostic.address {
        let _ = write!(text, "\n  with {address},");
    }
    if let Some(subject) = diagnostic.subject {
        excerpt(&mut text, diagnostic, subject, sources, colors);
    } else if diagnostic.address.is_some() {
        text.push('\n');
    }
    if !diagnostic.detail.is_empty() {
        let _ = write!(text, "\n{}\n", wrap(&diagnostic.detail, WIDTH));
    }
    if !colors.0 {
        return text;
    }
    let rule = colors.paint(color, "│");
    let mut boxed = format!("{}\n", colors.paint(color, "╷"));
    for line in text.lines() {
        let _ = writeln!(boxed, "{rule} {line}");
    }
    let _ = writeln!(boxed, "{}", colors.paint(color, "╵"));
    boxed
}

/// All of them, errors behind warnings so that they are what is read last, a blank line between.
pub fn diagnostics<'a>(
    all: impl IntoIterator<Item = &'a Diagnostic>,
    sources: &SourceMap,
    colors: Colors,
) -> String {
    let mut all: Vec<&Diagnostic> = all.into_iter().collect();
    all.sort_by_key(|one| one.severity == Severity::Error);
    all.into_iter().map(|one| diagnostic(one, sources, colors)).collect::<Vec<_>>().join("\n")
}

fn excerpt(text: &mut String, diagnostic: &Diagnostic, subject: Span, sources: &SourceMap, colors: Colors) {
    let file = sources.file(subject.source);
    let at = file.position(subject.start as usize);
    let _ = write!(text, "\n  on {} line {}, column {}", file.name, at.line, at.column);
    match enclosing(&file, at.line) {
        Some(block) => {
            let _ = writeln!(text, ", in {block}:");
        }
        None => text.push_str(":\n"),
    }
    let (lines, marked) = (lines(&file, diagnostic, subject), subject.start as usize..subject.end as usize);
    for number in lines.clone().take(EXCERPT) {
        let line = file.line(number);
        let start = line_start(&file, number);
        let part = overlap(&marked, start, line);
        let shown = match &part {
            Some(part) => format!(
                "{}{}{}",
                &line[..part.start],
                colors.paint(UNDERLINE, &line[part.clone()]),
                &line[part.end..]
            ),
            None => line.to_owned(),
        };
        let _ = writeln!(text, "{}", format!("  {number:>3}: {shown}").trim_end());
        if !colors.0
            && let Some(part) = part
        {
            let pad: String = graphemes(&line[..part.start])
                .map(|letter| if letter == "\t" { "\t" } else { " " })
                .collect();
            let carets = "^".repeat(graphemes(&line[part]).count().max(1));
            let _ = writeln!(text, "       {pad}{carets}");
        }
    }
    let total = lines.count();
    if total > EXCERPT {
        let _ = writeln!(text, "{}", colors.paint(DIM, &format!("       … {} more lines", total - EXCERPT)));
    }
    if !diagnostic.values.is_empty() {
        let _ = writeln!(text, "    {}", colors.paint(DIM, "├────────────────"));
        for (name, statement) in &diagnostic.values {
            let _ = writeln!(text, "    {} {} {statement}", colors.paint(DIM, "│"), colors.paint(BOLD, name));
        }
    }
}

/// The lines, counted from 1, that the subject and what helps to understand it cover.
fn lines(file: &SourceFile, diagnostic: &Diagnostic, subject: Span) -> std::ops::RangeInclusive<usize> {
    let whole = match diagnostic.context {
        Some(context) if context.source == subject.source => subject.to(context),
        _ => subject,
    };
    let first = file.position(whole.start as usize).line;
    let mut last = file.position(whole.end as usize).line;
    // A span that ends at the start of a line has nothing of it.
    if last > first && line_start(file, last) == whole.end as usize {
        last -= 1;
    }
    first..=last
}

/// The byte at which a line starts.
fn line_start(file: &SourceFile, line: usize) -> usize {
    let text = file.line(line);
    let base = file.text.as_ptr() as usize;
    // An empty answer may be no part of the file's text.
    (text.as_ptr() as usize)
        .checked_sub(base)
        .filter(|start| *start <= file.text.len())
        .unwrap_or(file.text.len())
}

/// The part of a line that is marked; at its end if the mark is empty there.
fn overlap(marked: &Range<usize>, start: usize, line: &str) -> Option<Range<usize>> {
    let end = start + line.len();
    let from = marked.start.max(start);
    let to = marked.end.min(end);
    let part = from.checked_sub(start)?..to.checked_sub(start)?;
    let empty = marked.is_empty() && from <= end;
    (part.start < part.end || empty && part.start == part.end)
        .then_some(part)
        .filter(|part| line.is_char_boundary(part.start) && line.is_char_boundary(part.end))
}

/// The header of the top-level block that a line is in, as it is written: `resource "aws_lb" "main"`.
fn enclosing(file: &SourceFile, line: usize) -> Option<String> {
    for number in (1..=line).rev() {
        let text = file.line(number);
        if number < line && text.starts_with('}') {
            return None;
        }
        let word = text.split(|letter: char| !letter.is_ascii_lowercase()).next().unwrap_or_default();
        if BLOCKS.contains(&word) && text.contains('{') {
            return text.split('{').next().map(|header| header.trim_end().to_owned());
        }
    }
    None
}

fn position(file: &SourceFile, byte: usize) -> Json {
    let at = file.position(byte);
    // A byte order mark is three bytes of the file and no part of its text.
    let before = if file.bom { '\u{feff}'.len_utf8() } else { 0 };
    json!({ "line": at.line, "column": at.column, "byte": at.byte + before })
}

/// A diagnostic as the machine-readable outputs have it: `severity`, `summary`, `detail`, and where there are any
/// `address`, `range` and `snippet`. Offsets in the snippet are bytes of its `code`.
pub fn diagnostic_json(diagnostic: &Diagnostic, sources: &SourceMap) -> Json {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut json = json!({
        "severity": severity,
        "summary": diagnostic.summary,
        "detail": diagnostic.detail,
    });
    if let Some(address) = &diagnostic.address {
        json["address"] = json!(address);
    }
    let Some(subject) = diagnostic.subject else { return json };
    let file = sources.file(subject.source);
    // What is empty is shown as the letter behind it, so that there is something to point at.
    let end = if subject.end > subject.start { subject.end } else { subject.start + 1 };
    json["range"] = json!({
        "filename": file.name,
        "start": position(&file, subject.start as usize),
        "end": position(&file, end as usize),
    });
    let lines = lines(&file, diagnostic, subject);
    let start = line_start(&file, *lines.start());
    let code = lines.clone().map(|number| file.line(number)).collect::<Vec<_>>().join("\n");
    let offset = |byte: u32| (byte as usize).saturating_sub(start).min(code.len());
    json["snippet"] = json!({
        "context": enclosing(&file, file.position(subject.start as usize).line),
        "code": code,
        "start_line": lines.start(),
        "highlight_start_offset": offset(subject.start),
        "highlight_end_offset": offset(end),
        "values": diagnostic
            .values
            .iter()
            .map(|(name, statement)| json!({ "traversal": name, "statement": statement }))
            .collect::<Vec<_>>(),
    });
    json
}

/// What `validate --json` prints, format version 1.0.
pub fn validation_json<'a>(all: impl IntoIterator<Item = &'a Diagnostic>, sources: &SourceMap) -> Json {
    let all: Vec<&Diagnostic> = all.into_iter().collect();
    let errors = all.iter().filter(|one| one.is_error()).count();
    json!({
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": all.len() - errors,
        "diagnostics": all.iter().map(|one| diagnostic_json(one, sources)).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\nresource \"aws_lb\" \"x\" {\n  name = \"é\"\n  idle_timeoutt = var.x\n}\n";

    fn sample() -> (Diagnostic, SourceMap) {
        let sources = SourceMap::new();
        let source = sources.add("main.tf", TEXT);
        let start = TEXT.find("idle").unwrap();
        let mut found = Diagnostic::error(
            "Unsupported argument",
            "An argument named \"idle_timeoutt\" is not expected here. Did you mean \"idle_timeout\"?",
        )
        .at(Span::new(source, start, start + 13))
        .of("aws_lb.x");
        found.values.push(("var.x".into(), "is 3".into()));
        (found, sources)
    }

    #[test]
    fn the_subject_is_underlined() {
        let (found, sources) = sample();
        insta::assert_snapshot!(diagnostic(&found, &sources, Colors(false)), @r#"
        Error: Unsupported argument

          with aws_lb.x,
          on main.tf line 4, column 3, in resource "aws_lb" "x":
            4:   idle_timeoutt = var.x
                 ^^^^^^^^^^^^^
            ├────────────────
            │ var.x is 3

        An argument named "idle_timeoutt" is not expected here. Did you mean
        "idle_timeout"?
        "#);
    }

    #[test]
    fn colours_add_escapes_and_a_rule_only() {
        let (found, sources) = sample();
        let colored = diagnostic(&found, &sources, Colors(true));
        assert!(colored.starts_with("\u{1b}[31m╷"));
        let plain = anstream::adapter::strip_str(&colored).to_string();
        assert!(plain.contains("│   on main.tf line 4, column 3, in resource \"aws_lb\" \"x\":"), "{plain}");
        assert!(!diagnostic(&found, &sources, Colors(false)).contains('\u{1b}'));
    }

    // The shape is what `terraform validate -json` of 1.11.4 prints for the same file.
    #[test]
    fn the_json_points_into_its_snippet() {
        let (found, sources) = sample();
        let json = diagnostic_json(&found, &sources);
        let snippet = &json["snippet"];
        let code = snippet["code"].as_str().unwrap();
        let (from, to) = (&snippet["highlight_start_offset"], &snippet["highlight_end_offset"]);
        assert_eq!(&code[from.as_u64().unwrap() as usize..to.as_u64().unwrap() as usize], "idle_timeoutt");
        assert_eq!(snippet["start_line"], 4);
        assert_eq!(snippet["context"], "resource \"aws_lb\" \"x\"");
        assert_eq!(json["range"]["start"]["column"], 3);
        assert_eq!(json["range"]["start"]["byte"], TEXT.find("idle").unwrap());
    }

    #[test]
    fn no_place_is_too_odd_to_be_shown() {
        let sources = SourceMap::new();
        for text in ["", "\n", "a", "é\n\n", "x = <<E\na\nb\nE\n"] {
            let source = sources.add("odd.tf", text);
            let places: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            for start in &places {
                for end in places.iter().filter(|end| *end >= start) {
                    let found = Diagnostic::warning("w", "d").at(Span::new(source, *start, *end));
                    assert!(
                        diagnostic(&found, &sources, Colors(false))
                            .starts_with("Warning: w\n\n  on odd.tf line")
                    );
                    assert_eq!(diagnostic_json(&found, &sources)["range"]["filename"], "odd.tf");
                }
            }
        }
    }

    #[test]
    fn the_block_ends_where_it_is_closed() {
        let sources = SourceMap::new();
        let text = "locals {\n}\nx\nlocals {\n  a = 1\n}\n";
        let file = sources.file(sources.add("a.tf", text));
        assert_eq!(enclosing(&file, 3), None);
        assert_eq!(enclosing(&file, 5), Some("locals".into()));
        assert_eq!(enclosing(&file, 2), Some("locals".into()));
    }
}
