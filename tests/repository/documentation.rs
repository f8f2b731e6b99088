//! `docs/drift-policy.md`: its examples are read, and its tables hold.

use recon::address::parse_instance;
use recon::repository::{
    Action, AddressPattern, AttributePattern, LOOKED_FOR, Limits, MAX_DRIFT_FROM, Repository,
    parse_attribute_path,
};
use recon::state::encryption::Method;
use serde_json::Value;
use tempfile::TempDir;

use crate::json_schema::violations;
use crate::schema::schema;
use crate::{directory, good};

const PAGE: &str = include_str!("../../docs/drift-policy.md");
const BACKEND: &str = "terraform {\n  backend \"s3\" {}\n}\n";

/// The examples in a language.
fn examples(language: &str) -> Vec<&'static str> {
    PAGE.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix(language)).collect()
}

/// The rows of the tables whose first heading is given, without that one.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let mut rows = Vec::new();
    let mut inside = false;
    for line in PAGE.lines() {
        let Some(row) = line.strip_prefix("| ") else {
            inside &= line.starts_with('|');
            continue;
        };
        let cells: Vec<&str> = row.trim_end_matches('|').split(" |").map(str::trim).collect();
        if cells[0] == heading {
            inside = true;
        } else if inside {
            rows.push(cells);
        }
    }
    rows
}

fn repository(name: &str, text: &str) -> (TempDir, Repository) {
    let root = directory(&[
        (name, text),
        ("state/main.tf", BACKEND),
        ("stacks/pipeline/main.tf", BACKEND),
        ("stacks/web/main.tf", BACKEND),
        ("infra/network/main.tf", BACKEND),
    ]);
    let repository = good(root.path());
    (root, repository)
}

#[test]
fn the_examples_are_read() {
    let native: Vec<Repository> =
        examples("hcl").into_iter().map(|text| repository("recon.hcl", text).1).collect();
    let names = |repository: &Repository| -> Vec<String> {
        repository.stacks.iter().map(|stack| stack.name.to_string()).collect()
    };
    assert_eq!(names(&native[0]), ["state", "pipeline", "infra.network"]);
    assert_eq!(names(&native[1]), ["web-test", "web-prod"]);
    assert_eq!(native.len(), 2);
    for text in examples("json") {
        let document: Value = serde_json::from_str(text).unwrap();
        assert_eq!(violations(&schema(), &document), Vec::<String>::new());
        let json = repository("recon.hcl.json", text).1;
        assert_eq!(names(&json), names(&native[0]));
        let rules = |repository: &Repository| -> Vec<String> {
            repository.drift.rules.iter().take(2).map(|rule| rule.name.to_string()).collect()
        };
        assert_eq!(rules(&json), rules(&native[0]));
    }
}

#[test]
fn the_encryption_of_the_page_about_state_is_read() {
    let page = include_str!("../../docs/state.md");
    let texts = page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("hcl"));
    let methods: Vec<Method> = texts
        .filter_map(|text| repository("recon.hcl", text).1.state_encryption)
        .map(|found| found.method)
        .collect();
    assert!(matches!(methods.as_slice(), [Method::Age(recipients)] if recipients.len() == 2), "{methods:?}");
}

#[test]
fn the_decisions_are_those_of_the_table() {
    let (_root, repository) = repository("recon.hcl", examples("hcl")[0]);
    let rows = rows("stack");
    assert_eq!(rows.len(), 9);
    for row in rows {
        let [stack, address, attribute, at, action, why] = row[..] else { panic!("{row:?}") };
        let address = parse_instance(address.trim_matches('`')).unwrap();
        let attribute = match attribute {
            "" => None,
            path => Some(parse_attribute_path(path.trim_matches('`')).unwrap()),
        };
        let stack = repository.stack(stack).unwrap();
        let decision = repository.decide(stack, &address, attribute.as_deref(), at.parse().unwrap());
        assert_eq!((decision.action.word(), decision.why().as_str()), (action, why), "{row:?}");
    }
}

#[test]
fn the_patterns_match_as_the_tables_say() {
    let rows = rows("pattern");
    assert_eq!(rows.len(), 12);
    let quoted = |cell: &'static str| -> Vec<&'static str> { cell.split('`').skip(1).step_by(2).collect() };
    for row in rows {
        let pattern = row[0].trim_matches('`');
        for (cell, expected) in [(row[1], true), (row[2], false)] {
            for text in quoted(cell) {
                let matches = match parse_instance(text) {
                    Some(address) => AddressPattern::parse(pattern).unwrap().matches(&address),
                    None => AttributePattern::parse(pattern)
                        .unwrap()
                        .matches(&parse_attribute_path(text).unwrap()),
                };
                assert_eq!(matches, expected, "{pattern} and {text}");
            }
        }
    }
}

#[test]
fn the_words_and_limits_are_those_of_the_tables() {
    let words: Vec<String> = rows("action").iter().map(|row| row[0].trim_matches('`').to_owned()).collect();
    assert_eq!(words, Action::WORDS.map(|(word, _)| word));
    let limits = Limits::default();
    let given: Vec<(String, String)> =
        rows("limit").iter().map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned())).collect();
    let expected = [
        ("max_corrections", limits.max_corrections.to_string()),
        ("max_drift", format!("{}%", limits.max_drift.0 / 100)),
        ("confirm", limits.confirm.to_string()),
        ("stop_after", limits.stop_after.to_string()),
        ("allow_replace", limits.allow_replace.to_string()),
        ("allow_delete", limits.allow_delete.to_string()),
        ("freeze", String::new()),
    ];
    assert_eq!(given, expected.map(|(name, value)| (name.to_owned(), value)));
    assert!(PAGE.contains(&format!("at least {MAX_DRIFT_FROM}, something else is wrong")));
}

/// The table of types that can be looked for, and which are where nothing is said.
#[test]
fn types_that_are_looked_for_are_those_of_the_table() {
    let rows = rows("type");
    let named = |row: &Vec<&'static str>| row[0].trim_matches('`').to_owned();
    let mut all: Vec<String> = rows.iter().map(named).collect();
    all.sort();
    let mut expected = LOOKED_FOR;
    expected.sort_unstable();
    assert_eq!(all, expected);
    let mut default: Vec<String> = rows.iter().filter(|row| row[1].starts_with("yes")).map(named).collect();
    default.sort();
    let (_root, silent) = repository("recon.hcl", "stack \"web\" {\n  path = \"stacks/web\"\n}\n");
    let mut found = silent.unmanaged(&silent.stacks[0]);
    found.sort_unstable();
    assert_eq!(default, found);
    let (_root, both) = repository(
        "recon.hcl",
        "drift {\n unmanaged = [\"aws_security_group_rule\"]\n}\nstack \"web\" {\n path = \"stacks/web\"\n}\nstack \
         \"state\" {\n path = \"state\"\n drift {\n unmanaged = []\n }\n}\n",
    );
    assert_eq!(both.unmanaged(both.stack("web").unwrap()).len(), 3);
    assert!(both.unmanaged(both.stack("state").unwrap()).is_empty());
}
