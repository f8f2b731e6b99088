//! Reports as one log in the Static Analysis Results Interchange Format (SARIF 2.1.0, OASIS standard of 2020), which code
//! hosts show at the lines that a result is about.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::compare::Verdict;
use crate::drift::{AttributeReport, Place, Report, ResourceReport};

use super::{meaning, sentence};

/// The statuses that are results, each a rule of its own.
const RULES: [Verdict; 5] =
    [Verdict::Missing, Verdict::Conflicted, Verdict::Drifted, Verdict::Unmanaged, Verdict::Unreadable];

/// The log: one run, with a result for each attribute that drifted and each object that did as a whole.
pub fn sarif(reports: &[Report]) -> Json {
    let rules: Vec<Json> = RULES
        .iter()
        .map(|status| {
            json!({
                "id": status.to_string(),
                "shortDescription": { "text": meaning(*status) },
                "defaultConfiguration": { "level": level(*status) },
            })
        })
        .collect();
    let results: Vec<Json> = reports.iter().flat_map(of_stack).collect();
    let notifications: Vec<Json> = reports
        .iter()
        .flat_map(|report| report.errors.iter().map(move |error| (report, error)))
        .map(|(report, error)| {
            json!({ "level": "error", "message": { "text": format!("{}: {error}", report.stack) } })
        })
        .collect();
    let complete = reports.iter().all(|report| report.complete && report.errors.is_empty());
    json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "recon", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "invocations": [{
                "executionSuccessful": complete,
                "toolExecutionNotifications": notifications,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(status: Verdict) -> &'static str {
    match status {
        Verdict::Missing | Verdict::Conflicted => "error",
        Verdict::Unmanaged => "note",
        _ => "warning",
    }
}

fn of_stack(report: &Report) -> Vec<Json> {
    let mut results = Vec::new();
    for resource in report.resources.iter().filter(|resource| RULES.contains(&resource.status)) {
        let told: Vec<&AttributeReport> =
            resource.attributes.iter().filter(|attribute| RULES.contains(&attribute.status)).collect();
        if told.is_empty() {
            results.push(result(report, resource, None));
        }
        results.extend(told.into_iter().map(|attribute| result(report, resource, Some(attribute))));
    }
    results
}

fn result(report: &Report, resource: &ResourceReport, attribute: Option<&AttributeReport>) -> Json {
    let status = attribute.map_or(resource.status, |attribute| attribute.status);
    let path = attribute.map(|attribute| attribute.path.as_str()).unwrap_or_default();
    let name =
        if path.is_empty() { resource.address.clone() } else { format!("{}.{path}", resource.address) };
    let mut location = json!({
        "logicalLocations": [{ "fullyQualifiedName": name, "kind": "resource" }],
    });
    if let Some(place) =
        attribute.and_then(|attribute| attribute.origin.as_ref()).or(resource.origin.as_ref())
    {
        location["physicalLocation"] = physical(place);
    }
    // What is told of once is known again by what it is about, not by its line or values.
    let identity = [report.stack.as_str(), &resource.address, path, &status.to_string()].join("\n");
    json!({
        "ruleId": status.to_string(),
        "level": level(status),
        "message": { "text": format!("{}: {}", report.stack, sentence(resource, attribute)) },
        "locations": [location],
        "partialFingerprints": { "reconDrift/v1": format!("{:x}", Sha256::digest(identity.as_bytes())) },
    })
}

fn physical(place: &Place) -> Json {
    // A relative reference: parts of a URL, with what has a meaning there escaped.
    let uri: Vec<String> = place
        .file
        .split('/')
        .map(|part| crate::lang::functions::url_encode(part).replace('+', "%20"))
        .collect();
    json!({
        "artifactLocation": { "uri": uri.join("/"), "uriBaseId": "%SRCROOT%" },
        "region": { "startLine": place.line, "startColumn": place.column },
    })
}
