//! A report as one compact document on one line, as `docs/drift.schema.json` describes it.

use crate::drift::Report;

/// The report as JSON, without a line end.
pub fn json(report: &Report) -> String {
    // Nothing in a report can fail to be written: its members' names are texts.
    serde_json::to_string(report).unwrap_or_default()
}
