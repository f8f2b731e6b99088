//! `recon drift`: which status everything has, by which rule, and what is said where it cannot be told.

#[path = "../support/json_schema.rs"]
mod json_schema;
#[path = "../support/mod.rs"]
mod support;

mod body;
mod normalised;
mod outputs;
mod secrets;
mod statuses;
mod unmanaged;
mod unreadable;

use serde_json::Value as Json;
use support::stack::{Output, Stack};

/// The report on a stack, which fits the schema.
fn report(stack: &Stack, arguments: &[&str]) -> Json {
    let all = [&["drift", "--json"], arguments].concat();
    of(&stack.recon(&all).output())
}

/// The only report of an output, which fits the schema.
fn of(output: &Output) -> Json {
    let mut reports = output.json_lines();
    assert_eq!(reports.len(), 1, "{output}");
    let report = reports.remove(0);
    assert_fits(&report);
    report
}

fn assert_fits(report: &Json) {
    let schema: Json = serde_json::from_str(include_str!("../../docs/drift.schema.json")).unwrap();
    let violations = json_schema::violations(&schema, report);
    assert!(violations.is_empty(), "{violations:#?} in {report:#}");
    let statuses = report["resources"].as_array().unwrap().iter().map(|resource| &resource["status"]);
    let managed = statuses.filter(|status| *status != "unmanaged").count();
    assert_eq!(report["summary"]["resources"], managed, "{report:#}");
}

/// The report on an object.
fn resource<'a>(report: &'a Json, address: &str) -> &'a Json {
    let resources = report["resources"].as_array().unwrap();
    let found = resources.iter().find(|resource| resource["address"] == address);
    found.unwrap_or_else(|| panic!("no {address} in {report:#}"))
}

/// Path and status of each attribute of an object.
fn attributes(resource: &Json) -> Vec<(&str, &str)> {
    let attributes = resource["attributes"].as_array().unwrap();
    attributes
        .iter()
        .map(|attribute| (attribute["path"].as_str().unwrap(), attribute["status"].as_str().unwrap()))
        .collect()
}
