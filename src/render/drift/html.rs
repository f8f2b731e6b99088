//! Reports as one page that needs nothing else: what drifted, the three values side by side, where they are written, and
//! the graph of the objects in the colours of their statuses.
//!
//! The page runs no script and loads nothing: its policy forbids both, whatever a name or value holds.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::compare::Verdict;
use crate::drift::{AttributeReport, Report, ResourceReport};
use crate::lang::secrets::MASK;

use super::graph;
use super::{import_block, meaning};

/// The statuses in the order in which they are told of.
const TOLD: [Verdict; 8] = [
    Verdict::Missing,
    Verdict::Conflicted,
    Verdict::Drifted,
    Verdict::Unmanaged,
    Verdict::Unreadable,
    Verdict::Pending,
    Verdict::Converged,
    Verdict::Ignored,
];

const STYLE: &str = "\
:root{color-scheme:light dark;--back:#fff;--text:#1c2128;--dim:#57606a;--line:#d0d7de;--soft:#f6f8fa;\
--in_sync:#1a7f37;--drifted:#9a6700;--missing:#cf222e;--conflicted:#bf3989;--pending:#0969da;--converged:#57606a;\
--unmanaged:#8250df;--unreadable:#bc4c00;--ignored:#818b98}\
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--dim:#9198a1;--line:#3d444d;--soft:#151b23;\
--in_sync:#3fb950;--drifted:#d29922;--missing:#f85149;--conflicted:#db61a2;--pending:#4493f8;--converged:#9198a1;\
--unmanaged:#ab7df8;--unreadable:#db6d28;--ignored:#656c76}}\
body{background:var(--back);color:var(--text);font:15px/1.5 system-ui,sans-serif;margin:0 auto;max-width:76rem;\
padding:1.5rem}\
h1{font-size:1.5rem}h2{font-size:1.25rem;border-bottom:1px solid var(--line);margin-top:2.5rem;padding-bottom:.3rem}\
h3{font-size:1rem;margin:1.5rem 0 .5rem}\
.dim{color:var(--dim)}.counts{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}\
.counts li{border:1px solid var(--line);border-left:.35rem solid currentColor;border-radius:.3rem;padding:.2rem .7rem}\
.counts b{color:var(--text)}\
article{border:1px solid var(--line);border-left:.35rem solid currentColor;border-radius:.3rem;margin:.6rem 0;\
padding:.5rem .8rem}article>*{color:var(--text)}\
code,pre{font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}\
table{border-collapse:collapse;margin:.5rem 0;width:100%;table-layout:fixed}\
th,td{border:1px solid var(--line);padding:.25rem .5rem;text-align:left;vertical-align:top}th{background:var(--soft)}\
.graph{border:1px solid var(--line);border-radius:.3rem;overflow:auto;max-height:40rem}\
svg text{fill:var(--text);font:11px ui-monospace,monospace}svg path{fill:none;stroke:var(--line)}\
svg rect{fill:var(--soft);stroke:currentColor;stroke-width:2}\
.in_sync{color:var(--in_sync)}.drifted{color:var(--drifted)}.missing{color:var(--missing)}\
.conflicted{color:var(--conflicted)}.pending{color:var(--pending)}.converged{color:var(--converged)}\
.unmanaged{color:var(--unmanaged)}.unreadable{color:var(--unreadable)}.ignored{color:var(--ignored)}\
.warn{color:var(--missing);font-weight:600}";

/// The page.
pub fn html(reports: &[Report]) -> String {
    let drifted = reports.iter().filter(|report| report.summary.is_drift()).count();
    let title = match (reports, drifted) {
        ([only], 0) => format!("{}: no drift", only.stack),
        ([only], _) => format!("{}: drift", only.stack),
        (all, 0) => format!("No drift in {} stacks", all.len()),
        (all, count) => format!("Drift in {count} of {} stacks", all.len()),
    };
    let title = escaped(&title);
    let mut text = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    );
    reports.iter().for_each(|report| stack(&mut text, report));
    text.push_str("</body>\n</html>\n");
    text
}

fn stack(text: &mut String, report: &Report) {
    let _ = writeln!(text, "<section>\n<h2>{}</h2>", escaped(&report.stack));
    let mut facts = Vec::new();
    facts.extend(report.account.as_ref().map(|account| format!("account {account}")));
    facts.extend(report.region.as_ref().map(|region| format!("region {region}")));
    facts.extend(report.commit.as_ref().map(|commit| format!("commit {commit}")));
    facts.push(format!("compared at {}", report.finished_at));
    facts.push(format!("{} calls to AWS", report.stats.api_calls_total));
    let _ = writeln!(text, "<p class=\"dim\">{}</p>", escaped(&facts.join(", ")));
    for error in &report.errors {
        let _ = writeln!(text, "<p class=\"warn\">{}</p>", escaped(error));
    }
    if report.errors.is_empty() {
        if !report.complete {
            text.push_str(
                "<p class=\"warn\">The run is incomplete: what could not be read may have drifted.</p>\n",
            );
        }
        counts(text, report);
        for status in TOLD {
            statuses(text, report, status);
        }
        for unread in &report.unread_data {
            let _ = writeln!(
                text,
                "<p>The data source <code>{}</code> could not be read: {}</p>",
                escaped(&unread.address),
                escaped(&unread.reason)
            );
        }
        for unsearched in &report.unsearched {
            let _ = writeln!(
                text,
                "<p>Of <code>{}</code> AWS may have more that nobody manages: {}</p>",
                escaped(&unsearched.ty),
                escaped(&unsearched.reason)
            );
        }
        if let Some(picture) = graph::svg(&report.resources) {
            let _ = writeln!(text, "<h3>Graph</h3>\n<div class=\"graph\">{picture}</div>");
        }
    }
    text.push_str("</section>\n");
}

fn counts(text: &mut String, report: &Report) {
    let summary = &report.summary;
    let all = [
        (summary.in_sync, Verdict::InSync, "in sync"),
        (summary.drifted, Verdict::Drifted, "drifted"),
        (summary.conflicted, Verdict::Conflicted, "conflicted"),
        (summary.missing, Verdict::Missing, "missing"),
        (summary.unreadable, Verdict::Unreadable, "unreadable"),
        (summary.pending, Verdict::Pending, "pending"),
        (summary.converged, Verdict::Converged, "converged"),
        (summary.ignored, Verdict::Ignored, "ignored"),
        (summary.unmanaged, Verdict::Unmanaged, "unmanaged"),
    ];
    text.push_str("<ul class=\"counts\">\n");
    for (count, status, word) in all.iter().filter(|(count, ..)| *count > 0) {
        let _ = writeln!(text, "<li class=\"{status}\"><b>{count}</b> {word}</li>");
    }
    text.push_str("</ul>\n");
}

fn statuses(text: &mut String, report: &Report, status: Verdict) {
    let found = report.resources.iter().filter(|resource| resource.status == status);
    for (at, resource) in found.enumerate() {
        if at == 0 {
            let _ = writeln!(text, "<h3>{}</h3>", meaning(status));
        }
        object(text, resource);
    }
}

fn object(text: &mut String, resource: &ResourceReport) {
    let _ = writeln!(
        text,
        "<article class=\"{}\">\n<div><code>{}</code>{}</div>",
        resource.status,
        escaped(&resource.address),
        resource
            .id
            .as_ref()
            .map(|id| format!(" <span class=\"dim\">{}</span>", escaped(id)))
            .unwrap_or_default()
    );
    let mut notes = Vec::new();
    notes.extend(resource.deposed.as_ref().map(|key| format!("deposed object {key}")));
    notes.extend(resource.reason.clone());
    notes.extend(resource.origin.as_ref().map(|place| format!("{}:{}", place.file, place.line)));
    notes.extend(decided(resource.rule.as_ref(), resource.action.as_ref()));
    if !notes.is_empty() {
        let _ = writeln!(text, "<div class=\"dim\">{}</div>", escaped(&notes.join("; ")));
    }
    if let Some(block) = import_block(resource) {
        let _ = writeln!(text, "<pre>{}</pre>", escaped(&block));
    }
    let told: Vec<&AttributeReport> =
        resource.attributes.iter().filter(|attribute| attribute.status != Verdict::InSync).collect();
    if !told.is_empty() {
        text.push_str(
            "<table>\n<tr><th>attribute</th><th>code</th><th>recorded</th><th>in AWS</th><th>written at</th></tr>\n",
        );
        told.iter().for_each(|attribute| row(text, attribute));
        text.push_str("</table>\n");
    }
    text.push_str("</article>\n");
}

fn decided(rule: Option<&String>, action: Option<&String>) -> Option<String> {
    Some(format!("{}, by rule {:?}", action?, rule?))
}

fn row(text: &mut String, attribute: &AttributeReport) {
    let is_hidden = attribute.sensitive
        && attribute.desired.is_null()
        && attribute.recorded.is_null()
        && attribute.live.is_null();
    let cell = |json: &Json| if is_hidden { MASK.to_owned() } else { value(json) };
    let desired =
        if attribute.desired_unknown { "(known after apply)".to_owned() } else { cell(&attribute.desired) };
    let mut notes: Vec<String> = Vec::new();
    notes.extend(attribute.origin.as_ref().map(|place| format!("{}:{}", place.file, place.line)));
    notes.extend(decided(attribute.rule.as_ref(), attribute.action.as_ref()));
    if attribute.consequence {
        notes.push("follows from another change".to_owned());
    }
    let _ = writeln!(
        text,
        "<tr><td><code>{}</code><br><span class=\"{}\">{}</span></td><td><code>{}</code></td>\
         <td><code>{}</code></td><td><code>{}</code></td><td>{}</td></tr>",
        escaped(&attribute.path),
        attribute.status,
        attribute.status,
        escaped(&desired),
        escaped(&cell(&attribute.recorded)),
        escaped(&cell(&attribute.live)),
        escaped(&notes.join("; "))
    );
    if !attribute.lines.is_empty() {
        let lines = escaped(&attribute.lines.join("\n"));
        let _ = writeln!(text, "<tr><td colspan=\"5\"><pre>{lines}</pre></td></tr>");
    }
}

/// A value as a person reads it: structures over several lines.
fn value(json: &Json) -> String {
    match json {
        Json::Null => "–".to_owned(),
        Json::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// A text as a part of HTML, in an attribute's value, too. What cannot be seen is shown as a sign of its own.
pub(super) fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, letter| {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(letter),
            letter if letter.is_control() || is_direction(letter) => escaped.push('\u{fffd}'),
            letter => escaped.push(letter),
        }
        escaped
    })
}

/// Letters that turn the direction of others around: with them a value could look like another one.
fn is_direction(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
