//! Mistakes in the repository's file. `cases.txt` holds the files, `snapshots` what recon says.

use recon::lang::diagnostic::Severity;

use crate::{directory, read};

const CASES: &str = include_str!("cases.txt");
const BACKEND: &str = "terraform {\n  backend \"s3\" {}\n}\n";

/// What recon takes all the same, and warns of.
const WARNED: [&str; 3] = ["two stacks with one state", "glob that matches nothing", "correct by default"];

fn cases() -> Vec<(&'static str, String)> {
    let mut cases: Vec<(&str, String)> = Vec::new();
    for line in CASES.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push((name, String::new()));
        } else if let Some((_, text)) = cases.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    cases
}

#[test]
fn each_mistake_is_told_with_its_place() {
    let cases = cases();
    assert!(cases.len() >= 60);
    let elsewhere = directory(&[("main.tf", BACKEND)]);
    for (name, text) in cases {
        let root = directory(&[
            ("recon.hcl", &text),
            ("state/main.tf", BACKEND),
            ("stacks/pipeline/main.tf", BACKEND),
            ("stacks/web/main.tf", BACKEND),
            ("infra/network/main.tf", BACKEND),
            ("clash/Net/main.tf", BACKEND),
            ("clash/net/main.tf", BACKEND),
        ]);
        std::os::unix::fs::symlink(elsewhere.path(), root.path().join("elsewhere")).unwrap();
        let (_, found, said) = read(root.path());
        assert!(!found.is_empty(), "not noticed: {name}");
        let severity = if WARNED.contains(&name) { Severity::Warning } else { Severity::Error };
        assert!(found.iter().any(|one| one.severity == severity), "{name}:\n{said}");
        assert_eq!(found.has_errors(), severity == Severity::Error, "{name}:\n{said}");
        // Those whose line holds a secret.
        let unplaced =
            usize::from(name == "address instead of its variable" || name.starts_with("private key"));
        assert_eq!(found.iter().filter(|one| one.subject.is_none()).count(), unplaced, "{name}:\n{said}");
        assert!(!said.contains("SECRET"), "{said}");
        assert!(!said.contains(root.path().to_str().unwrap()), "{said}");
        insta::assert_snapshot!(name.replace(' ', "_"), said, name);
    }
}

#[test]
fn two_files_are_one_too_many() {
    let root = directory(&[("recon.hcl", ""), ("recon.hcl.json", "{}")]);
    let (_, found, said) = read(root.path());
    assert!(found.has_errors());
    insta::assert_snapshot!("two_files", said);
}

#[test]
fn mistakes_in_json_have_their_place_too() {
    let text = r#"{
  "stack": {
    "web": { "path": "${path.root}", "workspce": "a" }
  },
  "drift": {
    "rule": { "scale": { "match": ["**"], "action": "ignore" } },
    "correct": { "confirm": "2" }
  },
  "notifi": {}
}"#;
    let root = directory(&[("recon.hcl.json", text)]);
    insta::assert_snapshot!("in_json", read(root.path()).2);
}
