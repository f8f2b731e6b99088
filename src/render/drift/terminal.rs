//! A report for people, on a terminal.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::compare::Verdict;
use crate::drift::{AttributeReport, Place, Report, ResourceReport};
use crate::lang::print::quote;
use crate::lang::secrets::MASK;

use super::super::style::{BOLD, Colors, DIM, GREEN, RED, YELLOW};
use super::{import_block, meaning};

/// Longer values have a line of their own.
const SHORT: usize = 40;

/// The order in which statuses are told of.
const STATUSES: [Verdict; 8] = [
    Verdict::Unreadable,
    Verdict::Missing,
    Verdict::Conflicted,
    Verdict::Drifted,
    Verdict::Unmanaged,
    Verdict::Pending,
    Verdict::Converged,
    Verdict::Ignored,
];

/// The report as text. With `all`, what is ignored and what the code leaves to AWS is told of, too.
pub fn terminal(report: &Report, all: bool, colors: Colors) -> String {
    let mut text = colors.paint(BOLD, &heading(report));
    text.push('\n');
    for error in &report.errors {
        let _ = writeln!(text, "\n{}", colors.paint(RED, &clean(error)));
    }
    if !report.errors.is_empty() {
        return text;
    }
    for status in STATUSES {
        if status == Verdict::Ignored && !all {
            continue;
        }
        let found: Vec<&ResourceReport> =
            report.resources.iter().filter(|resource| resource.status == status).collect();
        if found.is_empty() {
            continue;
        }
        let _ = writeln!(text, "\n{}\n", colors.paint(color(status), &format!("{}:", meaning(status))));
        found.iter().for_each(|resource| object(&mut text, resource, all, colors));
    }
    if all {
        left_to_aws(&mut text, report, colors);
    }
    if !report.unread_data.is_empty() {
        let title = "Data sources that could not be read; what is recorded of them was used:";
        let _ = writeln!(text, "\n{}\n", colors.paint(YELLOW, title));
        for unread in &report.unread_data {
            let _ = writeln!(text, "  {}: {}", clean(&unread.address), clean(&unread.reason));
        }
    }
    if !report.unsearched.is_empty() {
        let title = "Types of which AWS may have more that nobody manages:";
        let _ = writeln!(text, "\n{}\n", colors.paint(YELLOW, title));
        for unsearched in &report.unsearched {
            let _ = writeln!(text, "  {}: {}", clean(&unsearched.ty), clean(&unsearched.reason));
        }
    }
    let _ = writeln!(text, "\n{}", last_line(report, colors));
    text
}

fn heading(report: &Report) -> String {
    let place = match (&report.account, &report.region) {
        (Some(account), Some(region)) => format!(", account {account}, region {region}"),
        (None, Some(region)) => format!(", region {region}"),
        _ => String::new(),
    };
    let objects = match report.summary.resources {
        1 => "1 object".to_owned(),
        count => format!("{count} objects"),
    };
    if report.errors.is_empty() {
        format!("Stack {}: {objects}{place}", report.stack)
    } else {
        format!("Stack {}: not compared", report.stack)
    }
}

fn color(status: Verdict) -> anstyle::Style {
    match status {
        Verdict::Missing | Verdict::Conflicted => RED,
        Verdict::Drifted | Verdict::Unmanaged | Verdict::Unreadable => YELLOW,
        Verdict::InSync => GREEN,
        Verdict::Pending | Verdict::Converged | Verdict::Ignored => DIM,
    }
}

fn object(text: &mut String, resource: &ResourceReport, all: bool, colors: Colors) {
    let deposed = resource.deposed.as_ref().map(|key| format!(" (deposed {key})")).unwrap_or_default();
    let reason = resource.reason.as_ref().map(|reason| format!(": {}", clean(reason))).unwrap_or_default();
    let _ = write!(text, "  {}{deposed}{reason}", clean(&resource.address));
    let place = resource.origin.as_ref().filter(|_| resource.attributes.is_empty());
    let _ = writeln!(text, "{}", note(place, resource.rule.as_ref(), resource.action.as_ref(), colors));
    if let Some(block) = import_block(resource) {
        block.lines().for_each(|line| {
            let _ = writeln!(text, "    {line}");
        });
    }
    for attribute in &resource.attributes {
        let is_quiet = matches!(attribute.status, Verdict::Ignored | Verdict::InSync);
        if !is_quiet || all && attribute.status == Verdict::Ignored {
            of_attribute(text, attribute, resource.status, colors);
        }
    }
}

fn of_attribute(text: &mut String, attribute: &AttributeReport, whole: Verdict, colors: Colors) {
    let name = clean(&attribute.path);
    let rule = (attribute.rule.as_ref(), attribute.action.as_ref());
    let note = note(attribute.origin.as_ref(), rule.0, rule.1, colors);
    let status = if attribute.status == whole { String::new() } else { format!(" [{}]", attribute.status) };
    let follows = if attribute.consequence { " (follows from another change)" } else { "" };
    let all_hidden = attribute.sensitive && attribute.desired.is_null() && attribute.live.is_null();
    if all_hidden {
        let _ = writeln!(text, "    {name}: {MASK}{status}{follows}{note}");
        return;
    }
    if !attribute.added.is_empty() || !attribute.removed.is_empty() {
        let _ = writeln!(text, "    {name}{status}{follows}{note}");
        for (sign, items) in [('+', &attribute.added), ('-', &attribute.removed)] {
            for item in items {
                let _ = writeln!(text, "      {sign} {}", value(item));
            }
        }
        if attribute.status == Verdict::Conflicted {
            let _ = writeln!(text, "      the code says {}", wanted(attribute));
        }
        return;
    }
    let change = match attribute.status {
        Verdict::Pending => {
            format!("{} → {}", value(&attribute.recorded), wanted(attribute))
        }
        Verdict::Conflicted => format!(
            "{} → {}, and the code says {}",
            value(&attribute.recorded),
            value(&attribute.live),
            wanted(attribute)
        ),
        _ => format!("{} → {}", value(&attribute.recorded), value(&attribute.live)),
    };
    if change.chars().count() <= 2 * SHORT {
        let _ = writeln!(text, "    {name}: {change}{status}{follows}{note}");
    } else {
        let _ = writeln!(text, "    {name}{status}{follows}{note}");
        for (who, shown) in [("recorded", value(&attribute.recorded)), ("in AWS", value(&attribute.live))] {
            let _ = writeln!(text, "      {who}: {shown}");
        }
        if matches!(attribute.status, Verdict::Conflicted | Verdict::Pending) {
            let _ = writeln!(text, "      in the code: {}", wanted(attribute));
        }
    }
    for line in &attribute.lines {
        let _ = writeln!(text, "      {}", clean(line));
    }
}

/// Where it is written and what is to be done about it, as a comment.
fn note(place: Option<&Place>, rule: Option<&String>, action: Option<&String>, colors: Colors) -> String {
    let place = place.map(|place| format!("{}:{}", place.file, place.line));
    let decided = match (rule, action) {
        (Some(rule), Some(action)) => Some(format!("{action}, by rule {rule:?}")),
        (None, Some(action)) if action != "report" => Some(action.clone()),
        _ => None,
    };
    let parts: Vec<String> = place.into_iter().chain(decided).map(|part| clean(&part)).collect();
    if parts.is_empty() {
        return String::new();
    }
    format!("  {}", colors.paint(DIM, &format!("# {}", parts.join("; "))))
}

fn wanted(attribute: &AttributeReport) -> String {
    if attribute.desired_unknown { "(known after apply)".to_owned() } else { value(&attribute.desired) }
}

/// A value on one line. Texts are quoted, but for what stands in place of a secret.
fn value(json: &Json) -> String {
    match json {
        Json::Null => "(none)".to_owned(),
        Json::String(text) if text == MASK => text.clone(),
        Json::String(text) => quote(text),
        other => clean(&other.to_string()),
    }
}

/// A text without letters that would act on a terminal.
pub(crate) fn clean(text: &str) -> String {
    let acts = |letter: char| letter.is_control() && letter != '\n';
    if !text.chars().any(acts) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|letter| {
            let shown: Vec<char> =
                if acts(letter) { letter.escape_default().collect() } else { vec![letter] };
            shown
        })
        .collect()
}

/// What the code leaves to AWS and AWS has changed.
fn left_to_aws(text: &mut String, report: &Report, colors: Colors) {
    let is_left = |attribute: &&AttributeReport| attribute.status == Verdict::InSync;
    let found =
        report.resources.iter().filter(|resource| resource.attributes.iter().any(|one| is_left(&one)));
    for (at, resource) in found.enumerate() {
        if at == 0 {
            let title = "Changed in AWS, where the code leaves it to AWS: in sync";
            let _ = writeln!(text, "\n{}\n", colors.paint(DIM, &format!("{title}:")));
        }
        let _ = writeln!(text, "  {}", clean(&resource.address));
        for attribute in resource.attributes.iter().filter(is_left) {
            of_attribute(text, attribute, Verdict::InSync, colors);
        }
    }
}

fn last_line(report: &Report, colors: Colors) -> String {
    let summary = &report.summary;
    let counts = [
        (summary.in_sync, "in sync"),
        (summary.drifted, "drifted"),
        (summary.conflicted, "conflicted"),
        (summary.missing, "missing"),
        (summary.unreadable, "unreadable"),
        (summary.pending, "pending"),
        (summary.converged, "converged"),
        (summary.ignored, "ignored"),
        (summary.unmanaged, "unmanaged"),
    ];
    let counted =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}"));
    let counted = counted.collect::<Vec<_>>().join(", ");
    let text = if summary.is_drift() {
        colors.paint(YELLOW, &format!("Drift: {counted}."))
    } else if counted.is_empty() {
        "No drift: there are no objects.".to_owned()
    } else {
        colors.paint(BOLD, &format!("No drift: {counted}."))
    };
    if report.complete {
        text
    } else {
        let warning = "The run is incomplete: what could not be read may have drifted.";
        format!("{text}\n{}", colors.paint(RED, warning))
    }
}

/// The calls by operation, and what they cost.
pub fn statistics(report: &Report) -> String {
    let stats = &report.stats;
    let mut text = String::from("Calls to AWS:\n\n");
    for (operation, calls) in &stats.api_calls {
        let _ = writeln!(text, "  {calls:>6}  {operation}");
    }
    let _ = writeln!(
        text,
        "  {:>6}  in all; {} retries, {} throttled, {}.{:03} s",
        stats.api_calls_total,
        stats.retries,
        stats.throttles,
        stats.duration_ms / 1000,
        stats.duration_ms % 1000
    );
    text
}
