//! What is to be put back, and what is not, for people.

use std::fmt::Write;

use serde_json::Value as Json;

use crate::drift::Report;
use crate::lang::secrets::MASK;
use crate::reconcile::Row;

use super::style::{BOLD, Colors, DIM, GREEN, YELLOW};

/// The rows, each with what AWS has and what it is to have, as the report on the same plan may show it.
pub fn corrections(rows: &[Row], report: &Report, colors: Colors) -> String {
    let mut text = String::new();
    for row in rows {
        let said = match &row.path {
            None => "missing → made anew".to_owned(),
            Some(_) => change(row, report),
        };
        let _ = match &row.held {
            None => writeln!(text, "  {}: {}", colors.paint(BOLD, &row.name()), colors.paint(GREEN, &said)),
            Some(why) => {
                writeln!(
                    text,
                    "  {}: {said}\n    {}",
                    row.name(),
                    colors.paint(YELLOW, &format!("not corrected: {why}"))
                )
            }
        };
        if let Some(rule) = &row.rule {
            let _ = writeln!(text, "    {}", colors.paint(DIM, &format!("rule {rule:?}")));
        }
    }
    text
}

/// `14 → 7`
fn change(row: &Row, report: &Report) -> String {
    let address = row.address.to_string();
    let name = row.name();
    let found =
        report.resources.iter().find(|resource| resource.address == address && resource.deposed.is_none());
    let attribute = found.and_then(|resource| {
        resource.attributes.iter().find(|attribute| format!("{address}.{}", attribute.path) == name)
    });
    let Some(attribute) = attribute else { return "changed".to_owned() };
    let show = |value: &Json| match value {
        _ if attribute.sensitive => MASK.to_owned(),
        Json::Null => "none".to_owned(),
        Json::String(text) if text.contains('\n') => format!("{} lines", text.lines().count()),
        value => super::drift::clean(&value.to_string()),
    };
    format!("{} → {}", show(&attribute.live), show(&attribute.desired))
}
