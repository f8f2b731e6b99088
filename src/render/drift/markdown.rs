//! A report as Markdown, for a comment, an issue or a job's summary.
//!
//! Names and values come from AWS and from files: they are shown as code, in which GitHub links no mention and no issue
//! and runs no HTML (GitHub Flavored Markdown, 6.1 "Code spans").

use std::fmt::Write;

use serde_json::Value as Json;

use crate::compare::Verdict;
use crate::drift::{AttributeReport, Place, Report, ResourceReport};
use crate::lang::secrets::MASK;

use super::{import_block, meaning};

/// Objects of a status beyond so many are counted only.
const MOST: usize = 100;
/// Values beyond so many letters are cut.
const LONGEST: usize = 300;

/// The statuses that are told of, in their order.
const TOLD: [Verdict; 7] = [
    Verdict::Missing,
    Verdict::Conflicted,
    Verdict::Drifted,
    Verdict::Unmanaged,
    Verdict::Unreadable,
    Verdict::Pending,
    Verdict::Converged,
];

/// The report as Markdown.
pub fn markdown(report: &Report) -> String {
    let mut text = format!("## {}\n\n", headline(report));
    if !report.errors.is_empty() {
        text.push_str("The stack was not compared:\n\n");
        for error in &report.errors {
            let _ = writeln!(text, "- {}", code(error));
        }
        return text;
    }
    if !report.complete {
        text.push_str("**The run is incomplete: what could not be read may have drifted.**\n\n");
    }
    let _ = writeln!(text, "{}\n", place(report));
    counts(&mut text, report);
    for status in TOLD {
        let found: Vec<&ResourceReport> =
            report.resources.iter().filter(|resource| resource.status == status).collect();
        if found.is_empty() {
            continue;
        }
        let is_open = matches!(status, Verdict::Missing | Verdict::Conflicted | Verdict::Drifted);
        let open = if is_open { " open" } else { "" };
        let _ =
            writeln!(text, "\n<details{open}>\n<summary>{} ({})</summary>\n", meaning(status), found.len());
        found.iter().take(MOST).for_each(|resource| object(&mut text, resource));
        if found.len() > MOST {
            let _ = writeln!(text, "\nAnd {} more.", found.len() - MOST);
        }
        text.push_str("\n</details>\n");
    }
    if !report.unread_data.is_empty() {
        text.push_str("\nData sources that could not be read; what is recorded of them was used:\n\n");
        for unread in &report.unread_data {
            let _ = writeln!(text, "- {}: {}", code(&unread.address), code(&unread.reason));
        }
    }
    if !report.unsearched.is_empty() {
        text.push_str("\nTypes of which AWS may have more that nobody manages:\n\n");
        for unsearched in &report.unsearched {
            let _ = writeln!(text, "- {}: {}", code(&unsearched.ty), code(&unsearched.reason));
        }
    }
    text
}

fn headline(report: &Report) -> String {
    let summary = &report.summary;
    let stack = code(&report.stack);
    match () {
        () if !report.errors.is_empty() => format!("{stack}: not compared"),
        () if summary.is_drift() => {
            let count = summary.drifted + summary.missing + summary.conflicted;
            format!("{stack}: {count} of {} objects drifted", summary.resources)
        }
        () => format!("{stack}: no drift"),
    }
}

fn place(report: &Report) -> String {
    let mut parts = Vec::new();
    if let Some(account) = &report.account {
        parts.push(format!("account {}", code(account)));
    }
    if let Some(region) = &report.region {
        parts.push(format!("region {}", code(region)));
    }
    if let Some(commit) = &report.commit {
        parts.push(format!("commit {}", code(commit)));
    }
    parts.push(format!("compared at {}", report.finished_at));
    parts.join(", ")
}

fn counts(text: &mut String, report: &Report) {
    let summary = &report.summary;
    let all = [
        (summary.in_sync, Verdict::InSync),
        (summary.drifted, Verdict::Drifted),
        (summary.conflicted, Verdict::Conflicted),
        (summary.missing, Verdict::Missing),
        (summary.unreadable, Verdict::Unreadable),
        (summary.pending, Verdict::Pending),
        (summary.converged, Verdict::Converged),
        (summary.ignored, Verdict::Ignored),
        (summary.unmanaged, Verdict::Unmanaged),
    ];
    text.push_str("| status | objects |\n|---|---:|\n");
    for (count, status) in all.iter().filter(|(count, _)| *count > 0) {
        let _ = writeln!(text, "| {status} | {count} |");
    }
}

fn object(text: &mut String, resource: &ResourceReport) {
    let _ = write!(text, "- {}", code(&resource.address));
    if let Some(key) = &resource.deposed {
        let _ = write!(text, " (deposed {})", code(key));
    }
    if let Some(reason) = &resource.reason {
        let _ = write!(text, ": {}", code(reason));
    }
    if resource.attributes.is_empty() {
        text.push_str(&written(resource.origin.as_ref()));
    }
    text.push_str(&decided(resource.rule.as_ref(), resource.action.as_ref()));
    text.push('\n');
    // Nothing of what AWS names an object begins a line, so that nothing of it ends the block.
    if let Some(block) = import_block(resource) {
        text.push_str("\n  ```hcl\n");
        block.lines().for_each(|line| {
            let _ = writeln!(text, "  {line}");
        });
        text.push_str("  ```\n\n");
    }
    let told = |attribute: &&AttributeReport| !matches!(attribute.status, Verdict::Ignored | Verdict::InSync);
    for attribute in resource.attributes.iter().filter(told) {
        let _ = writeln!(text, "  - {}{}", of_attribute(attribute), note(attribute));
    }
}

fn of_attribute(attribute: &AttributeReport) -> String {
    let path = code(&attribute.path);
    if attribute.sensitive && attribute.live.is_null() && attribute.recorded.is_null() {
        return format!("{path}: {MASK}");
    }
    if !attribute.added.is_empty() || !attribute.removed.is_empty() {
        let items = |sign: &str, items: &[Json]| -> Vec<String> {
            items.iter().map(|item| format!("{sign} {}", value(item))).collect()
        };
        let changes = [items("added", &attribute.added), items("removed", &attribute.removed)].concat();
        return format!("{path}: {}", changes.join(", "));
    }
    let wanted =
        if attribute.desired_unknown { "known after apply".to_owned() } else { value(&attribute.desired) };
    match attribute.status {
        Verdict::Pending => format!("{path}: {} → {wanted} in the code", value(&attribute.recorded)),
        Verdict::Conflicted => format!(
            "{path}: {} → {} in AWS, {wanted} in the code",
            value(&attribute.recorded),
            value(&attribute.live)
        ),
        _ => format!("{path}: {} → {}", value(&attribute.recorded), value(&attribute.live)),
    }
}

fn note(attribute: &AttributeReport) -> String {
    let follows = if attribute.consequence { " (follows from another change)" } else { "" };
    let place = written(attribute.origin.as_ref());
    format!("{follows}{place}{}", decided(attribute.rule.as_ref(), attribute.action.as_ref()))
}

fn written(place: Option<&Place>) -> String {
    place.map(|place| format!(", {}", code(&format!("{}:{}", place.file, place.line)))).unwrap_or_default()
}

fn decided(rule: Option<&String>, action: Option<&String>) -> String {
    match (rule, action) {
        (Some(rule), Some(action)) => format!(" ({action}, by rule {})", code(rule)),
        _ => String::new(),
    }
}

fn value(json: &Json) -> String {
    match json {
        Json::Null => "none".to_owned(),
        Json::String(text) => code(text),
        other => code(&other.to_string()),
    }
}

/// A text as a code span: within backticks of which no as long row is in it.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let text = match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    };
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_what_is_in_it() {
        let table = [
            ("plain", "`plain`"),
            ("a`b", "``a`b``"),
            ("``x", "``` ``x ```"),
            ("@someone fixes #1", "`@someone fixes #1`"),
            ("a\nb\u{1b}[31m", "`a b [31m`"),
            ("", "`  `"),
        ];
        for (text, expected) in table {
            assert_eq!(code(text), expected);
        }
        assert_eq!(code(&"é".repeat(400)).chars().count(), LONGEST + 3);
    }
}
