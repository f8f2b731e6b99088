//! The way from a value to its text, and the edits of files, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use similar::TextDiff;

use crate::lang::secrets::Secrets;
use crate::lang::source::{SourceMap, Span};
use crate::trace::Trace;
use crate::trace::proof::Proof;

use super::style::{BOLD, Colors, DIM, GREEN, RED, YELLOW};

/// One attribute, its way and what came of it.
pub struct Traced<'a> {
    /// `module.a.aws_lb.main.idle_timeout`
    pub attribute: String,
    /// The status of the attribute, if it is not in sync.
    pub status: Option<String>,
    /// What the code says, what AWS has, what is wanted: each as it may be shown.
    pub code: Json,
    pub live: Json,
    pub wanted: Option<Json>,
    pub trace: &'a Trace,
    /// The proof, or why the edit is not to be made; `None`: no other value was asked for.
    pub outcome: Option<&'a Result<Proof, String>>,
    pub is_split: bool,
}

/// A place with the line of source that is there.
fn place(sources: &SourceMap, span: Span) -> (String, usize, usize, String) {
    let file = sources.file(span.source);
    let position = file.position(span.start as usize);
    (file.name.clone(), position.line, position.column, file.line(position.line).trim().to_owned())
}

/// As text.
pub fn text(traced: &Traced<'_>, sources: &SourceMap, secrets: &Secrets, colors: Colors) -> String {
    let mut text = format!("{}\n", colors.paint(BOLD, &traced.attribute));
    let value = |json: &Json| if json.is_null() { "none".to_owned() } else { json.to_string() };
    match &traced.status {
        Some(status) => {
            let said =
                format!("  {status}: {} in the code, {} in AWS", value(&traced.code), value(&traced.live));
            let _ = writeln!(text, "{}", colors.paint(YELLOW, &said));
        }
        None => {
            let _ = writeln!(text, "  {} in the code", value(&traced.code));
        }
    }
    if let Some(wanted) = &traced.wanted {
        let _ = writeln!(text, "  wanted: {}", value(wanted));
    }
    text.push('\n');
    for link in &traced.trace.chain {
        let Some(span) = link.span else {
            let _ = writeln!(text, "  {}", link.what);
            continue;
        };
        let (file, line, column, source) = place(sources, span);
        let _ = writeln!(text, "  {}", link.what);
        let _ = writeln!(text, "    {}", colors.paint(DIM, &format!("{file}:{line}:{column}")));
        let _ = writeln!(text, "      {}", secrets.mask(&source));
    }
    let _ = writeln!(text, "\n  class: {}", traced.trace.class.word());
    let _ = match (traced.outcome, &traced.trace.edits) {
        (Some(Ok(proof)), _) => {
            let mut said =
                "proven: with the edit the attribute has that value, and nothing else changes".to_owned();
            if !proof.also.is_empty() {
                said = format!("proven: with the edit these are in sync as well: {}", proof.also.join(", "));
            }
            if traced.is_split {
                said.push_str("; the default stays for the module's other calls");
            }
            writeln!(text, "  {}", colors.paint(GREEN, &said))
        }
        (Some(Err(why)), _) | (None, Err(why)) => {
            let sentence = format!("not proposed: {}", secrets.mask(why));
            writeln!(text, "  {}", colors.paint(RED, &sentence))
        }
        (None, Ok(_)) => Ok(()),
    };
    text
}

/// As JSON.
pub fn json(traced: &Traced<'_>, sources: &SourceMap, secrets: &Secrets, diff: &str) -> Json {
    let chain: Vec<Json> = traced
        .trace
        .chain
        .iter()
        .map(|link| match link.span {
            Some(span) => {
                let (file, line, column, source) = place(sources, span);
                json!({
                    "what": link.what, "file": file, "line": line, "column": column, "source": secrets.mask(&source),
                })
            }
            None => json!({ "what": link.what }),
        })
        .collect();
    let reason = match (traced.outcome, &traced.trace.edits) {
        (Some(Err(why)), _) | (None, Err(why)) => Some(secrets.mask(why).into_owned()),
        _ => None,
    };
    let proven = traced.outcome.map(Result::is_ok);
    let also = traced.outcome.and_then(|outcome| outcome.as_ref().ok()).map(|proof| proof.also.clone());
    json!({
        "format_version": "1.0",
        "attribute": traced.attribute,
        "status": traced.status,
        "desired": traced.code,
        "live": traced.live,
        "wanted": traced.wanted,
        "class": traced.trace.class,
        "chain": chain,
        "proven": proven,
        "also": also,
        "split": traced.is_split,
        "reason": reason,
        "patch": if diff.is_empty() { Json::Null } else { Json::from(diff) },
    })
}

/// Edited files as a patch that `git apply` and `patch -p1` take: texts before and after, by path from the root.
pub fn patch(files: &BTreeMap<PathBuf, (String, String)>) -> String {
    let mut text = String::new();
    for (path, (before, after)) in files {
        let name = slashed(path);
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        let _ = write!(
            text,
            "{}",
            diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}"))
        );
    }
    text
}

fn slashed(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}
