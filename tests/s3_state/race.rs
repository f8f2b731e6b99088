//! Many processes write one state.
//!
//! Each of them, again and again: takes the lock (if there is one), reads, adds its own line to the state's log, and
//! writes. Whoever is refused goes on to the next round. In the end the log has to have exactly the lines of those
//! writes that were said to have succeeded, and the serial has to be their number: then serials have strictly
//! increased and nothing was lost.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use recon::config::{LoadOptions, load};
use recon::lang::diagnostic::Diagnostics;
use recon::lang::source::SourceMap;
use recon::lang::types::Type;
use recon::lang::value::Value;
use recon::provider::registry::Registry;
use recon::state::backend::configuration::Written;
use recon::state::backend::{Backend, Store};
use recon::state::lock::LockInfo;
use recon::state::{OutputState, State, StateError};

use crate::support::ministack::Bucket;
use crate::support::proxy::{Proxy, Rule};
use crate::support::stack::Stack;

const RACERS: usize = 16;

/// Set in a racer's process: its name.
const RACER: &str = "RECON_TEST_RACER";

/// How many rounds the racers go; the whole 200 with `RECON_RACE_ROUNDS=200`.
fn rounds() -> usize {
    std::env::var("RECON_RACE_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(25)
}

fn open(directory: &Path) -> Backend {
    let options = LoadOptions { directory: directory.to_path_buf(), shown: directory.to_path_buf() };
    let (configuration, found) = load(&options, &Arc::new(SourceMap::new()));
    assert!(!found.has_errors(), "{found:?}");
    let mut diagnostics = Diagnostics::new();
    let block = configuration.root().backend.as_ref().unwrap();
    let settings = Written::decode(block, &mut diagnostics).unwrap().complete(&[], &mut diagnostics);
    Backend::open(&settings.unwrap(), directory, &Registry::new(), &Arc::default()).unwrap()
}

/// The lines of a state's log.
fn log(state: &State) -> Vec<String> {
    let Some(output) = state.outputs.get("log") else { return Vec::new() };
    output.value.as_elements().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}

fn with_line(mut state: State, line: &str) -> State {
    let mut lines: Vec<Value> = log(&state).iter().map(Value::string).collect();
    lines.push(Value::string(line));
    let value = Value::list(Type::String, lines);
    let output = OutputState { ty: value.ty(), value, sensitive: false, other: serde_json::Map::new() };
    state.outputs.insert("log".into(), output);
    state.serial += 1;
    state
}

/// What a racer says of one round.
fn round(store: &mut Store, line: &str) -> Result<(), StateError> {
    store.lock(&LockInfo::new("race", "racer@test", &store.lock_path()), Duration::ZERO, &|| false)?;
    let written = store.read().and_then(|state| store.write(&with_line(state.unwrap_or_default(), line)));
    store.unlock()?;
    written
}

/// Not a test of its own: what the racers' processes run.
#[test]
fn racer() {
    let Ok(name) = std::env::var(RACER) else { return };
    let backend = open(&std::env::current_dir().unwrap());
    let mut out = std::io::stdout().lock();
    // All begin at once: when the standard input is closed.
    std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()).unwrap();
    for number in 0..rounds() {
        let line = format!("{name}/{number}");
        match round(&mut backend.store("default"), &line) {
            Ok(()) => writeln!(out, "RACE won {line}").unwrap(),
            Err(error) => writeln!(out, "RACE refused {}", error.to_string().replace('\n', " ")).unwrap(),
        }
    }
}

/// Runs the race. Answers the lines that were said to be written, and what the refused were told.
fn race(bucket: &Bucket, directory: &Path) -> (Vec<String>, Vec<String>) {
    let mut racers: Vec<_> = (0..RACERS)
        .map(|number| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "race::racer", "--nocapture", "--test-threads=1"])
                .current_dir(directory)
                .env(RACER, number.to_string())
                .env("RECON_RACE_ROUNDS", rounds().to_string())
                .env("AWS_ENDPOINT_URL", &bucket.endpoint)
                .env("AWS_ACCESS_KEY_ID", "test")
                .env("AWS_SECRET_ACCESS_KEY", "test")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for racer in &mut racers {
        drop(racer.stdin.take());
    }
    let (mut won, mut refused) = (Vec::new(), Vec::new());
    for racer in racers {
        let output = racer.wait_with_output().unwrap();
        assert!(output.status.success());
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            // The test harness may have begun the line.
            let Some((_, said)) = line.split_once("RACE ") else { continue };
            match said.split_once(' ').unwrap() {
                ("won", line) => won.push(line.to_owned()),
                (_, message) => refused.push(message.to_owned()),
            }
        }
    }
    assert_eq!(won.len() + refused.len(), RACERS * rounds());
    (won, refused)
}

/// What is wrong with a log in view of what was said to be written; nothing if all is well.
fn lost(won: &[String], state: &State) -> Vec<String> {
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    for line in won {
        *counts.entry(line.clone()).or_default() += 1;
    }
    for line in log(state) {
        *counts.entry(line).or_default() -= 1;
    }
    let mut wrong: Vec<String> =
        counts.into_iter().filter(|(_, count)| *count != 0).map(|(line, _)| line).collect();
    if state.serial != won.len() as u64 {
        wrong.push(format!("serial {} after {} writes", state.serial, won.len()));
    }
    wrong
}

async fn assert_nothing_lost(arguments: &str, refusal: &str) {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    stack.write("main.tf", &bucket.backend("race.tfstate", arguments));
    let (won, refused) = tokio::task::block_in_place(|| race(&bucket, stack.directory()));
    let text = bucket.text("race.tfstate").await.unwrap();
    let state = State::parse(&text, "race").unwrap().unwrap();
    assert_eq!(lost(&won, &state), [""; 0]);
    assert!(!won.is_empty() && !refused.is_empty(), "{} won, {} refused", won.len(), refused.len());
    for message in &refused {
        assert!(message.contains(refusal), "{message}");
    }
    // No lock is left, and the digest is the state's.
    let left: Vec<String> = bucket.keys().await.into_iter().filter(|key| key.ends_with(".tflock")).collect();
    assert_eq!(left, [""; 0]);
    assert_eq!(bucket.item(&format!("{}/race.tfstate", bucket.name), "Info").await, None);
    if arguments.contains("dynamodb_table") {
        use md5::Digest;
        let digest: String = md5::Md5::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        let id = format!("{}/race.tfstate-md5", bucket.name);
        assert_eq!(bucket.item(&id, "Digest").await, Some(digest));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_without_locks_loses_no_write() {
    assert_nothing_lost("", "was changed by somebody else since it was read").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_with_the_lock_object_loses_no_write() {
    assert_nothing_lost("use_lockfile = true", " is locked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_with_the_lock_table_loses_no_write() {
    assert_nothing_lost("dynamodb_table = \"TABLE\"", " is locked").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_with_both_locks_loses_no_write() {
    assert_nothing_lost("use_lockfile = true\n    dynamodb_table = \"TABLE\"", " is locked").await;
}

/// The check can fail: with the conditions taken out on the way, a write is lost and the check says which.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_condition_the_check_finds_a_lost_write() {
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    proxy.rule(Rule::on("s3.PutObject").without_headers(&["if-match", "if-none-match"]));
    let stack = Stack::offline();
    let through = bucket.through(proxy.endpoint());
    let endpoint = format!(
        "endpoints = {{ s3 = \"{}\" }}\naccess_key = \"test\"\nsecret_key = \"test\"",
        through.endpoint
    );
    stack.write("main.tf", &through.backend("race.tfstate", &endpoint));
    let backend = open(stack.directory());
    tokio::task::block_in_place(|| {
        let (mut one, mut two) = (backend.store("default"), backend.store("default"));
        let (first, second) = (one.read().unwrap(), two.read().unwrap());
        one.write(&with_line(first.unwrap_or_default(), "one")).unwrap();
        two.write(&with_line(second.unwrap_or_default(), "two")).unwrap();
    });
    let state = State::parse(&bucket.text("race.tfstate").await.unwrap(), "race").unwrap().unwrap();
    let wrong = lost(&["one".to_owned(), "two".to_owned()], &state);
    assert_eq!(wrong, ["one", "serial 1 after 2 writes"]);
}
