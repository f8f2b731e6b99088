//! The table of cases.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value as Json;

use crate::support::stack::{Run, Stack};

struct Case {
    name: String,
    sections: Vec<(String, String)>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("##### ") {
            cases.push(Case { name: name.trim_end().to_owned(), sections: Vec::new() });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        if let Some(head) = line.strip_prefix("## ") {
            case.sections.push((head.trim_end_matches('\n').to_owned(), String::new()));
        } else if let Some((_, body)) = case.sections.last_mut() {
            body.push_str(line);
        }
    }
    for case in &mut cases {
        for (_, body) in &mut case.sections {
            let kept = body.trim_end_matches('\n').len();
            body.truncate(kept);
            if !body.is_empty() {
                body.push('\n');
            }
        }
    }
    cases
}

const ANSWERS: [&str; 6] = ["class", "by", "why", "edit", "split", "error"];

impl Case {
    fn asked(&self) -> (&str, &str) {
        let ask = self.sections.iter().find_map(|(head, _)| head.strip_prefix("ask ")).unwrap();
        ask.split_once(" = ").unwrap()
    }

    fn expected(&self) -> String {
        let is_answer = |head: &str| ANSWERS.contains(&head.split(' ').next().unwrap_or_default());
        let answers = self.sections.iter().filter(|(head, _)| is_answer(head));
        answers.map(|(head, body)| format!("## {head}\n{body}")).collect()
    }

    /// Writes the case's files and runs recon with what is asked, and without AWS.
    fn run(&self, stack: &Stack, asked: &[&str]) -> Run {
        let mut arguments = vec!["trace"];
        arguments.extend(asked);
        arguments.extend(["--refresh=false", "--json"]);
        let options = self.sections.iter().filter_map(|(head, _)| head.strip_prefix("option "));
        arguments.extend(options);
        let mut run = stack
            .recon(&arguments)
            .env("AWS_REGION", "eu-west-1")
            .env("AWS_ACCESS_KEY_ID", "nobody")
            .env("AWS_SECRET_ACCESS_KEY", "nothing")
            .env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        for (head, _) in &self.sections {
            if let Some((name, value)) = head.strip_prefix("environment ").and_then(|one| one.split_once('='))
            {
                run = run.env(name, value);
            }
        }
        run
    }

    fn files(&self) -> impl Iterator<Item = (&str, String)> {
        self.sections.iter().filter_map(|(head, body)| {
            let mut words = head.split(' ');
            let name = words.next()?;
            if ANSWERS.contains(&name) || matches!(name, "ask" | "environment" | "option") {
                return None;
            }
            let mut text = body.clone();
            for word in words {
                match word {
                    "crlf" => text = text.replace('\n', "\r\n"),
                    "bom" => text.insert(0, '\u{feff}'),
                    other => panic!("{other} is no way to write a file"),
                }
            }
            Some((name, text))
        })
    }
}

/// What recon answered, in the table's form.
fn answer(answer: &Json) -> String {
    let mut text = format!("## class {}\n", answer["class"].as_str().unwrap());
    for link in answer["chain"].as_array().unwrap() {
        let place = format!("{}:{}:{}", link["file"].as_str().unwrap(), link["line"], link["column"]);
        writeln!(text, "## by {} {place}", link["what"].as_str().unwrap()).unwrap();
    }
    if answer["split"] == true {
        text.push_str("## split\n");
    }
    if let Some(reason) = answer["reason"].as_str() {
        writeln!(text, "## why {reason}").unwrap();
    }
    for line in answer["patch"].as_str().unwrap_or_default().split_inclusive('\n') {
        if let Some(name) = line.strip_prefix("+++ b/") {
            write!(text, "## edit {name}").unwrap();
        } else if line.starts_with(['+', '-']) && !line.starts_with("---") {
            text.push_str(&line.replace('\r', "\\r"));
        }
    }
    text
}

fn check(table: &str, text: &str) {
    let all = cases(text);
    let names: BTreeSet<&str> = all.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "{table}: two cases have one name");
    let mut wrong = String::new();
    for case in &all {
        let stack = Stack::offline();
        for (name, text) in case.files() {
            stack.write(name, &text);
        }
        let (attribute, value) = case.asked();
        let output = case.run(&stack, &[attribute, "--to", value]).output();
        let found = match output.exit_code() {
            0 => answer(&output.json()),
            _ => format!("## error {}\n", output.stderr.trim().replace('\n', " ")),
        };
        if found != case.expected() {
            writeln!(wrong, "##### {}\n{found}\nand not\n\n{}", case.name, case.expected()).unwrap();
            continue;
        }
        assert!(!stack.path("terraform.tfstate").exists());
        for (name, text) in case.files() {
            assert_eq!(stack.read(name), text, "{}: recon trace has written to {name}", case.name);
        }
        if output.exit_code() == 0 && output.json()["proven"] == true {
            the_patch_does_it(case, &stack, &output.json());
        }
    }
    assert!(wrong.is_empty(), "{table}:\n{wrong}");
}

/// The patch is one that Git takes, and with it the code says what was wanted.
fn the_patch_does_it(case: &Case, stack: &Stack, answer: &Json) {
    stack.write("edit.patch", answer["patch"].as_str().unwrap());
    stack.run("git", &["apply", "edit.patch"]).success();
    let (attribute, value) = case.asked();
    let again = case.run(stack, &[attribute, "--to", value]).success().json();
    assert_eq!(again["reason"], "the code says so already", "{}", case.name);
}

#[test]
fn literals_are_edited_where_they_stand() {
    check("literals.txt", include_str!("cases/literals.txt"));
}

#[test]
fn references_are_followed_to_what_is_written() {
    check("references.txt", include_str!("cases/references.txt"));
}

#[test]
fn what_has_exactly_one_answer_is_turned_round() {
    check("inversions.txt", include_str!("cases/inversions.txt"));
}

#[test]
fn strings_stay_text() {
    check("strings.txt", include_str!("cases/strings.txt"));
}

#[test]
fn the_table_is_long_enough() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trace/cases");
    let texts =
        std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()));
    let count: usize = texts.map(|text| cases(&text.unwrap()).len()).sum();
    assert!(count >= 60, "{count}");
}
