//! What is wrong with a stack, against what Terraform 1.11.4 said of it (`conformance/invalid`): the same mistakes, as
//! bad, at the same places. The wording may be another.
//!
//! `conformance/differs.json` lists the cases in which recon says otherwise, each with the reason; a case there that no
//! longer differs fails, too.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

#[derive(Deserialize)]
struct Expected {
    exit: i32,
    diagnostics: Vec<Json>,
}

/// Severity, file and bytes of a diagnostic.
type Finding = (String, String, u64, u64);

fn conformance() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn finding(severity: &Json, file: &Json, start: &Json, end: &Json) -> Finding {
    let file = file.as_str().and_then(|file| Path::new(file).file_name()).unwrap_or_default();
    let byte = |position: &Json| position["byte"].as_u64().unwrap_or_default();
    (
        severity.as_str().unwrap_or_default().to_owned(),
        file.to_string_lossy().into_owned(),
        byte(start),
        byte(end),
    )
}

/// What the program says of the configuration, and its exit code.
fn validate(directory: &Path) -> (Vec<Finding>, i32) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_recon"))
        .args(["validate", "--json"])
        .current_dir(directory)
        .output()
        .unwrap();
    let answer: Json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}: {output:?}", directory.display()));
    let mut found: Vec<Finding> = answer["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|diagnostic| {
            let range = &diagnostic["range"];
            finding(&diagnostic["severity"], &range["filename"], &range["start"], &range["end"])
        })
        .collect();
    found.sort();
    (found, output.status.code().unwrap())
}

#[test]
fn mistakes_are_found_where_terraform_finds_them() {
    let listed: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&std::fs::read_to_string(conformance().join("differs.json")).unwrap()).unwrap();
    let listed = &listed["invalid"];
    let (mut unlisted, mut gone, mut cases) = (Vec::new(), Vec::new(), 0);
    for entry in std::fs::read_dir(conformance().join("invalid")).unwrap() {
        let folder = entry.unwrap().path();
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
        let expected: Expected = serde_json::from_str(&expected).unwrap();
        let mut wanted: Vec<Finding> = expected
            .diagnostics
            .iter()
            .map(|it| finding(&it["severity"], &it["file"], &it["start"], &it["end"]))
            .collect();
        wanted.sort();
        let (found, exit) = validate(&folder.join("config"));
        let same = found == wanted && exit == expected.exit;
        match (same, listed.contains_key(&name)) {
            (false, false) => unlisted.push(format!("{name}\n  expected {wanted:?}\n  got      {found:?}")),
            (true, true) => gone.push(name),
            _ => {}
        }
        cases += 1;
    }
    assert_eq!(cases, 221);
    assert!(unlisted.is_empty(), "{} cases differ:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(gone.is_empty(), "no longer differ: {gone:?}");
}
