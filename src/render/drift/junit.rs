//! Reports as a test report in JUnit's XML, which CI systems show: a suite a stack, a case an object.

use std::fmt::Write;

use crate::compare::Verdict;
use crate::drift::{Report, ResourceReport};

use super::sentence;

/// The whole document.
pub fn junit(reports: &[Report]) -> String {
    let mut text =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"recon drift\">\n");
    reports.iter().for_each(|report| suite(&mut text, report));
    text.push_str("</testsuites>\n");
    text
}

fn suite(text: &mut String, report: &Report) {
    let summary = &report.summary;
    let failures = summary.drifted + summary.missing + summary.conflicted + summary.unmanaged;
    let errors = summary.unreadable + report.errors.len();
    let tests = report.resources.len() + report.errors.len();
    let _ = writeln!(
        text,
        "  <testsuite name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{}\" \
         time=\"{}.{:03}\" timestamp=\"{}\">",
        escaped(&report.stack),
        summary.ignored,
        report.stats.duration_ms / 1000,
        report.stats.duration_ms % 1000,
        escaped(&report.started_at)
    );
    for error in &report.errors {
        let message = escaped(error);
        let _ = writeln!(
            text,
            "    <testcase classname=\"{}\" name=\"comparison\"><error message=\"{message}\"/></testcase>",
            escaped(&report.stack)
        );
    }
    report.resources.iter().for_each(|resource| case(text, resource));
    text.push_str("  </testsuite>\n");
}

fn case(text: &mut String, resource: &ResourceReport) {
    let _ = write!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\"",
        escaped(&resource.ty),
        escaped(&resource.address)
    );
    let element = match resource.status {
        Verdict::Drifted | Verdict::Missing | Verdict::Conflicted | Verdict::Unmanaged => "failure",
        Verdict::Unreadable => "error",
        Verdict::Ignored => "skipped",
        Verdict::InSync | Verdict::Pending | Verdict::Converged => {
            text.push_str("/>\n");
            return;
        }
    };
    let sentences: Vec<String> = match resource.attributes.as_slice() {
        [] => vec![sentence(resource, None)],
        attributes => attributes.iter().map(|attribute| sentence(resource, Some(attribute))).collect(),
    };
    let _ = writeln!(
        text,
        "><{element} type=\"{}\" message=\"{}\"/></testcase>",
        resource.status,
        escaped(&sentences.join("; "))
    );
}

/// A text as an attribute's value: XML 1.0 knows no control characters but three, however they are written.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut escaped, letter| {
        match letter {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            letter => escaped.push(letter),
        }
        escaped
    })
}
