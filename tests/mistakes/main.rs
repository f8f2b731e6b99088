//! Mistakes that people make with AWS resources. Each is told with its place and what to do, before AWS is asked
//! anything, and the state stays as it is. `cases.txt` holds the stacks, `snapshots` what recon says.

#[path = "../support/mod.rs"]
mod support;

use support::aws::Aws;
use support::proxy::Proxy;
use support::stack::Stack;

const CASES: &str = include_str!("cases.txt");

/// A state that knows an object which no case has: whatever happens, it stays.
const STATE: &str = r#"{
  "version": 4,
  "terraform_version": "1.11.4",
  "serial": 7,
  "lineage": "8d0f1bd5-06a2-4a10-a8d3-09e9c1a4b3a4",
  "outputs": {},
  "resources": [],
  "check_results": null
}
"#;

struct Case {
    /// Of the snapshot, too.
    name: String,
    /// Files by name.
    files: Vec<(String, String)>,
}

/// `=== name` begins a case and its `main.tf`, `--- name` another file of it.
fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in CASES.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            cases.push(Case { name: name.to_owned(), files: vec![("main.tf".to_owned(), String::new())] });
        } else if let Some(case) = cases.last_mut() {
            if let Some(name) = line.strip_prefix("--- ") {
                case.files.push((name.to_owned(), String::new()));
            } else if let Some((_, text)) = case.files.last_mut() {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    cases
}

#[test]
fn mistakes_are_told_before_aws_is_asked() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let through = aws.through(proxy.endpoint());
    let cases = cases();
    assert!(cases.len() >= 40);
    let mut unnoticed = Vec::new();
    for case in cases {
        let stack = Stack::new(&through);
        for (name, text) in &case.files {
            stack.write(name, text.trim_end_matches('\n'));
        }
        stack.write("terraform.tfstate", STATE);
        let output = stack.recon(&["diff", "--no-color"]).output();
        if output.exit_code() != 1 {
            unnoticed.push(case.name);
            continue;
        }
        insta::assert_snapshot!(case.name.replace(' ', "_"), output.stderr, &case.name);
        assert_eq!(stack.read("terraform.tfstate"), STATE, "{}", case.name);
        assert!(!output.stderr.contains("panicked"), "{output}");
    }
    assert!(unnoticed.is_empty(), "not noticed: {unnoticed:?}");
    assert!(proxy.counts().is_empty(), "{:?}", proxy.counts());
}

const STREAM: &str =
    "resource \"aws_kinesis_stream\" \"raw\" {\n  name        = \"raw\"\n  shard_count = 1\n}\n";

/// States that are not to be trusted: AWS is not asked, and not a byte of them changes.
#[test]
fn broken_states_stay_as_they_are() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let states = [
        ("cut_short", &STATE[..60]),
        ("of_a_later_version", &STATE.replace("\"version\": 4", "\"version\": 5")),
        ("with_a_wrong_type", &STATE.replace("\"resources\": []", "\"resources\": {}")),
    ];
    for (name, state) in states {
        let stack = Stack::new(&aws.through(proxy.endpoint()));
        stack.write("main.tf", STREAM).write("terraform.tfstate", state);
        for command in [&["diff", "--no-color"][..], &["apply", "--no-color", "--auto-approve"]] {
            let output = stack.recon(command).code(1);
            insta::assert_snapshot!(format!("state_{name}"), output.stderr, name);
        }
        assert_eq!(stack.read("terraform.tfstate"), state, "{name}");
    }
    assert!(proxy.counts().is_empty(), "{:?}", proxy.counts());
}

#[test]
fn who_cannot_ask_aws_is_told_why() {
    let stack = Stack::offline();
    stack.write("main.tf", STREAM).write("terraform.tfstate", STATE);
    let run = || stack.recon(&["apply", "--no-color", "--auto-approve"]).env("AWS_REGION", "eu-west-3");
    insta::assert_snapshot!("no_credentials", run().code(1).stderr);
    let key = |run: support::stack::Run| run.env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b");
    // Nobody listens at a port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("http://127.0.0.1:{port}");
    let output = key(run()).env("AWS_ENDPOINT_URL", &endpoint).env("AWS_MAX_ATTEMPTS", "1").code(1);
    // Where its lines break depends on the port.
    let words = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    insta::assert_snapshot!("nobody_at_the_endpoint", words.replace(&endpoint, "ENDPOINT"));
    let output = key(stack.recon(&["diff", "--no-color"])).code(1);
    insta::assert_snapshot!("no_region", output.stderr);
    assert_eq!(stack.read("terraform.tfstate"), STATE);
}
