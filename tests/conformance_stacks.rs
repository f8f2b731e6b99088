//! Whole stacks, step by step, against what Terraform 1.11.4 did with them (`conformance/stacks`): exit codes, mistakes,
//! warnings, how much is to be done, the plan's JSON, and the state afterwards.
//!
//! `conformance/differs.json` lists the steps in which recon does otherwise, each with the reason; a step there that no
//! longer differs fails, too.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde::Deserialize;
use serde_json::{Value as Json, json};

#[derive(Deserialize)]
struct Step {
    command: String,
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    expected: Expected,
}

#[derive(Deserialize)]
struct Expected {
    exit: i32,
    errors: Vec<String>,
    warnings: Vec<String>,
    changes: Option<String>,
}

fn conformance() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Takes the files of the step before away, and lets what a run has left there be.
fn replace_files(folder: &Path, config: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == ".terraform" || name.contains(".tfstate") || name == ".home" {
            continue;
        }
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else {
            fs::remove_file(path).unwrap();
        }
    }
    copy(config, folder);
}

fn run(step: &Step, arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_recon"))
        .args(arguments)
        .args(if arguments[0] == "init" { &[] } else { step.args.as_slice() })
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder.join(".home"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .envs(&step.env)
        .output()
        .unwrap()
}

/// `[import, add, change, destroy]` of `2 to import, 0 to add, …` or `0 added, …`.
fn counts(text: &str) -> [u64; 4] {
    ["import", "add", "change", "destroy"].map(|word| {
        let part = text.split(", ").find(|part| part.contains(word));
        part.and_then(|part| part.split(' ').next()?.parse().ok()).unwrap_or_default()
    })
}

/// The counts of a run's plan, or of what it did in the end.
fn counted(lines: &[Json], planned: bool) -> Option<[u64; 4]> {
    let mut summaries = lines.iter().filter(|line| line["type"] == "change_summary");
    let summary = if planned { summaries.next() } else { summaries.next_back() }?;
    let changes = &summary["changes"];
    Some(["import", "add", "change", "remove"].map(|word| changes[word].as_u64().unwrap_or_default()))
}

/// What a state says, without what is made up anew each time.
fn comparable(state: &str) -> Json {
    let state: Json = serde_json::from_str(state).unwrap();
    let mut resources: Vec<Json> = state["resources"].as_array().unwrap().clone();
    for resource in &mut resources {
        for instance in resource["instances"].as_array_mut().unwrap() {
            let instance = instance.as_object_mut().unwrap();
            instance.remove("private");
            if instance.get("deposed").is_some() {
                instance.insert("deposed".to_owned(), json!("a key"));
            }
        }
    }
    let mut whole = json!({ "outputs": state["outputs"], "resources": resources });
    anonymous(&mut whole);
    whole
}

/// Ids and points in time are new in each run.
fn anonymous(json: &mut Json) {
    match json {
        Json::String(text) => {
            let is_id = text.len() == 36
                && text.bytes().enumerate().all(|(at, byte)| match at {
                    8 | 13 | 18 | 23 => byte == b'-',
                    _ => byte.is_ascii_hexdigit(),
                });
            let is_time = text.len() == 20 && text.ends_with('Z') && text.as_bytes()[10] == b'T';
            if is_id || is_time {
                *text = "made up".to_owned();
            }
        }
        Json::Array(list) => list.iter_mut().for_each(anonymous),
        Json::Object(members) => members.values_mut().for_each(anonymous),
        _ => {}
    }
}

/// What a plan's JSON says, without what is made up anew each time, with `(sensitive value)` for what Terraform shows
/// and says to be sensitive, and references in order.
fn comparable_plan(plan: &str) -> Json {
    let mut plan: Json = serde_json::from_str(plan).unwrap_or_else(|error| panic!("{error}: {plan}"));
    let members = plan.as_object_mut().unwrap();
    members.remove("timestamp");
    members.remove("terraform_version");
    // Which attributes of others a change goes back to: recon says so of each change, as its consequences.
    members.remove("relevant_attributes");
    if let Some(prior) = members.get_mut("prior_state").and_then(Json::as_object_mut) {
        prior.remove("terraform_version");
    }
    hide_sensitive(&mut plan);
    hide_variables(&mut plan);
    references_in_order(&mut plan);
    anonymous(&mut plan);
    plan
}

fn hide(value: &mut Json, sensitive: &Json) {
    if *sensitive == json!(true) && !value.is_null() {
        *value = json!("(sensitive value)");
    }
    match (value, sensitive) {
        (Json::Object(members), Json::Object(sensitive)) => {
            for (name, sensitive) in sensitive {
                if let Some(value) = members.get_mut(name) {
                    hide(value, sensitive);
                }
            }
        }
        (Json::Array(items), Json::Array(sensitive)) => {
            items.iter_mut().zip(sensitive).for_each(|(item, sensitive)| hide(item, sensitive));
        }
        _ => {}
    }
}

fn hide_sensitive(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (value, sensitive) in [
                ("before", "before_sensitive"),
                ("after", "after_sensitive"),
                ("values", "sensitive_values"),
                ("value", "sensitive"),
                ("default", "sensitive"),
            ] {
                if let Some(sensitive) = members.get(sensitive).cloned()
                    && let Some(value) = members.get_mut(value)
                {
                    hide(value, &sensitive);
                }
            }
            // The type of a value that is hidden is no secret.
            members.values_mut().for_each(hide_sensitive);
        }
        Json::Array(items) => items.iter_mut().for_each(hide_sensitive),
        _ => {}
    }
}

/// The values of variables that are declared sensitive.
fn hide_variables(plan: &mut Json) {
    let declared = plan["configuration"]["root_module"]["variables"].clone();
    let Some(variables) = plan.get_mut("variables").and_then(Json::as_object_mut) else { return };
    for (name, variable) in variables {
        if declared[name.as_str()]["sensitive"] == true {
            variable["value"] = json!("(sensitive value)");
        }
    }
}

fn references_in_order(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                if let ("references" | "relevant_attributes", Json::Array(all)) = (name.as_str(), &mut *value)
                {
                    all.sort_by_key(Json::to_string);
                    all.dedup();
                }
                references_in_order(value);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(references_in_order),
        _ => {}
    }
}

fn unified(expected: &Json, own: &Json) -> String {
    let pretty = |json: &Json| serde_json::to_string_pretty(json).unwrap();
    let (expected, own) = (pretty(expected), pretty(own));
    similar::TextDiff::from_lines(&expected, &own).unified_diff().context_radius(3).to_string()
}

/// What is otherwise in a step.
fn differences(step: &Step, folder: &Path, source: &Path) -> Vec<String> {
    let mut found = Vec::new();
    run(step, &["init"], folder);
    let kept = tempfile::tempdir().unwrap();
    let plan_file = kept.path().join("plan");
    let out = format!("--out={}", plan_file.display());
    let command: &[&str] = match step.command.as_str() {
        "plan" => &["diff", "--json", &out],
        "apply" => &["apply", "--json", "--auto-approve"],
        "destroy" => &["destroy", "--json", "--auto-approve"],
        "validate" => &["validate", "--json"],
        other => panic!("{other} is no command of these cases"),
    };
    let output = run(step, command, folder);
    let exit = output.status.code().unwrap_or(-1);
    let text = String::from_utf8_lossy(&output.stdout);
    let (errors, lines) = if step.command == "validate" {
        let answer: Json = serde_json::from_str(&text).unwrap_or_default();
        (answer["error_count"].as_u64().unwrap_or_default() as usize, Vec::new())
    } else {
        let lines: Vec<Json> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let is_error = |line: &&Json| line["@level"] == "error";
        (lines.iter().filter(is_error).count(), lines)
    };
    if exit != step.expected.exit {
        let said: Vec<&str> = lines.iter().filter_map(|line| line["@message"].as_str()).collect();
        let stderr = String::from_utf8_lossy(&output.stderr);
        found.push(format!("exit {exit}, expected {}; {said:?} {stderr}", step.expected.exit));
        return found;
    }
    if errors != step.expected.errors.len() {
        found.push(format!("{errors} errors, expected {:?}", step.expected.errors));
    }
    if step.command != "validate" {
        let mut own: Vec<String> = lines
            .iter()
            .filter(|line| line["@level"] == "warn")
            .map(|line| line["diagnostic"]["summary"].as_str().unwrap_or_default().to_owned())
            .collect();
        let mut expected: Vec<String> =
            step.expected.warnings.iter().map(|summary| summary.replace("Terraform", "recon")).collect();
        own.sort();
        expected.sort();
        if own != expected {
            found.push(format!("warnings {own:?}, expected {expected:?}"));
        }
    }
    if let Ok(expected) = fs::read_to_string(source.join("plan.json")) {
        let expected = comparable_plan(&expected);
        if expected["errored"] == true {
            // Terraform writes a part of a plan that nobody can apply; recon writes none.
            if plan_file.exists() {
                found.push("a plan was written".to_owned());
            }
            return found;
        }
        let shown = Command::new(env!("CARGO_BIN_EXE_recon"))
            .args(["show", "--json"])
            .arg(&plan_file)
            .current_dir(folder)
            .output()
            .unwrap();
        if shown.status.success() {
            let own = comparable_plan(&String::from_utf8_lossy(&shown.stdout));
            if expected != own {
                found.push(format!("plan\n{}", unified(&expected, &own)));
            }
        } else {
            found.push(format!("no plan: {}", String::from_utf8_lossy(&shown.stderr)));
        }
    }
    if let (Some(expected), Some(own)) = (
        &step.expected.changes,
        counted(&lines, step.expected.changes.as_deref().is_some_and(|text| text.contains(" to "))),
    ) && counts(expected) != own
    {
        found.push(format!("changes {own:?}, expected {expected}"));
    }
    let expected = fs::read_to_string(source.join("terraform.tfstate"));
    let own = fs::read_to_string(folder.join("terraform.tfstate"));
    match (expected, own) {
        (Ok(expected), Ok(own)) => {
            let (expected, own) = (comparable(&expected), comparable(&own));
            if expected != own {
                found.push(format!("state\n{}", unified(&expected, &own)));
            }
        }
        (Ok(_), Err(_)) => found.push("there is no state".to_owned()),
        (Err(_), _) => {}
    }
    found
}

#[test]
fn stacks_go_the_way_they_go_with_terraform() {
    let listed: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_str(&fs::read_to_string(conformance().join("differs.json")).unwrap()).unwrap();
    let listed = &listed["stacks"];
    let (mut unlisted, mut gone, mut steps) = (Vec::new(), Vec::new(), 0);
    for scenario in subfolders(&conformance().join("stacks")) {
        let folder = tempfile::tempdir().unwrap();
        let mut is_apart = false;
        for source in subfolders(&scenario) {
            let name = source.strip_prefix(conformance().join("stacks")).unwrap().display().to_string();
            let step: Step =
                serde_json::from_str(&fs::read_to_string(source.join("step.json")).unwrap()).unwrap();
            replace_files(folder.path(), &source.join("config"));
            // A step that begins elsewhere than Terraform's did says nothing: it goes on with Terraform's state.
            if is_apart && let Some(before) = state_before(&scenario, &source) {
                fs::write(folder.path().join("terraform.tfstate"), before).unwrap();
            }
            let found = differences(&step, folder.path(), &source);
            is_apart = !found.is_empty();
            match (found.is_empty(), listed.contains_key(&name)) {
                (false, false) => unlisted.push(format!("{name}: {}", found.join("; "))),
                (true, true) => gone.push(name),
                _ => {}
            }
            steps += 1;
        }
    }
    assert_eq!(steps, 246);
    assert!(unlisted.is_empty(), "{} steps differ:\n{}", unlisted.len(), unlisted.join("\n"));
    assert!(gone.is_empty(), "no longer differ: {gone:?}");
}

/// The state that Terraform had before a step.
fn state_before(scenario: &Path, step: &Path) -> Option<String> {
    let before = subfolders(scenario).into_iter().take_while(|folder| folder != step).last()?;
    fs::read_to_string(before.join("terraform.tfstate")).ok()
}
