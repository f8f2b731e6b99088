//! Commands that change the record alone, compared with what Terraform 1.11.4 wrote for the same state
//! (`tests/data/surgery/`: `base.tfstate` is the state before, `cases.json` what was run, with exit code, the error's
//! headline or what was said, and the file with the state after).

mod support;

use serde_json::Value;
use support::aws::Aws;
use support::ministack::Bucket;
use support::proxy::{Gate, Proxy, Rule};
use support::stack::Stack;

fn data(name: &str) -> String {
    let path = format!("{}/tests/data/surgery/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A stack whose state is this.
fn with_state(text: &str) -> Stack {
    let stack = Stack::offline();
    stack.write("main.tf", "").write("terraform.tfstate", text);
    stack
}

fn base() -> Stack {
    with_state(&data("base.tfstate"))
}

/// The names of the backups with a date.
fn dated_backups(stack: &Stack) -> Vec<String> {
    let names = std::fs::read_dir(stack.directory()).unwrap().map(|entry| entry.unwrap().file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| {
            name.strip_prefix("terraform.tfstate.")
                .and_then(|rest| rest.strip_suffix(".backup"))
                .is_some_and(|date| !date.is_empty() && date.bytes().all(|byte| byte.is_ascii_digit()))
        })
        .collect()
}

/// A state without dependencies, and its instances in one order.
fn without_dependencies(text: &str) -> Value {
    let mut state: Value = serde_json::from_str(text).unwrap();
    for resource in state["resources"].as_array_mut().unwrap() {
        let instances = resource["instances"].as_array_mut().unwrap();
        for instance in instances.iter_mut() {
            instance.as_object_mut().unwrap().remove("dependencies");
        }
        instances.sort_by_key(ToString::to_string);
    }
    state
}

#[test]
fn states_and_refusals_are_terraforms() {
    let cases: Vec<Value> = serde_json::from_str(&data("cases.json")).unwrap();
    assert!(cases.len() > 60);
    let before = data("base.tfstate");
    for case in cases {
        let arguments: Vec<&str> =
            case["arguments"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
        let stack = base();
        let code = i32::try_from(case["code"].as_i64().unwrap()).unwrap();
        let output = stack.recon(&arguments).code(code);
        if let Some(error) = case["error"].as_str() {
            assert!(output.stderr.contains(error), "{error}: {output}");
        }
        let said: Vec<&str> = output.stdout.trim().lines().collect();
        if let Some(says) = case["says"].as_array().filter(|says| !says.is_empty()) {
            let mut said = said.clone();
            said.sort_unstable();
            // (Terraform's warning about --allow-missing goes to the standard output.)
            if !arguments.contains(&"-allow-missing") {
                assert_eq!(
                    says.iter().map(|line| line.as_str().unwrap()).collect::<Vec<_>>(),
                    said,
                    "{output}"
                );
            }
        }
        let after = stack.read("terraform.tfstate");
        match case["after"].as_str() {
            None => {
                assert_eq!(after, before, "{output}");
                assert!(dated_backups(&stack).is_empty() && !stack.path("terraform.tfstate.backup").exists());
            }
            Some(file) => {
                let theirs = data(file);
                // Where Terraform drops dependencies on what was moved, recon lets them follow. Number keys stand before
                // string keys, which Terraform's next write does as well.
                if case["drops_dependencies"] == true || arguments.contains(&"terraform_data.b[0]") {
                    assert_eq!(without_dependencies(&after), without_dependencies(&theirs), "{output}");
                } else if arguments[1] == "mv" && arguments[2].starts_with("module.k") {
                    // Other instances of the module stay: recon adds the new address to the old one.
                    assert_eq!(without_dependencies(&after), without_dependencies(&theirs), "{output}");
                } else {
                    assert_eq!(after, theirs, "{output}");
                }
                assert_eq!(stack.read("terraform.tfstate.backup"), before);
                let dated = dated_backups(&stack);
                assert_eq!(dated.len(), usize::from(arguments[0] == "state"), "{output}");
                assert!(dated.iter().all(|name| stack.read(name) == before));
            }
        }
    }
}

/// The dependencies of an instance of the root's resource.
fn dependencies(stack: &Stack, module: Option<&str>, name: &str) -> Vec<String> {
    let state = stack.state();
    let resource = state["resources"]
        .as_array()
        .unwrap()
        .iter()
        .find(|resource| resource["name"] == name && resource["module"].as_str() == module)
        .unwrap();
    let found = resource["instances"][0]["dependencies"].as_array().cloned().unwrap_or_default();
    found.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn dependencies_follow_what_is_moved() {
    let stack = base();
    assert_eq!(dependencies(&stack, None, "a"), ["terraform_data.b"]);
    stack.recon(&["state", "mv", "terraform_data.b[\"x\"]", "terraform_data.z"]).success();
    assert_eq!(dependencies(&stack, None, "a"), ["terraform_data.b", "terraform_data.z"]);
    stack.recon(&["state", "mv", "terraform_data.b[\"y\"]", "terraform_data.y"]).success();
    assert_eq!(dependencies(&stack, None, "a"), ["terraform_data.y", "terraform_data.z"]);
    stack.recon(&["state", "mv", "module.s", "module.t[\"1\"]"]).success();
    assert_eq!(dependencies(&stack, None, "d"), ["module.t.terraform_data.inner"]);
    assert_eq!(dependencies(&stack, Some("module.t[\"1\"]"), "after"), ["module.t.terraform_data.inner"]);
    // An object that becomes one of those that it depends on does not depend on itself.
    stack.recon(&["state", "mv", "terraform_data.a", "terraform_data.y[1]"]).success();
    stack.recon(&["state", "mv", "terraform_data.z", "terraform_data.y[2]"]).success();
    for instance in stack.state()["resources"].as_array().unwrap().iter().find(|r| r["name"] == "y").unwrap()
        ["instances"]
        .as_array()
        .unwrap()
    {
        assert!(instance.get("dependencies").is_none(), "{instance}");
    }
}

#[test]
fn there_and_back_again_leaves_every_byte() {
    let serial = |text: &str, number: u64| {
        let state: Value = serde_json::from_str(text).unwrap();
        text.replacen(&format!("\"serial\": {}", state["serial"]), &format!("\"serial\": {number}"), 1)
    };
    // Fields that nobody knows, an unknown type, large numbers, flat attributes of old.
    let before = r#"{
  "version": 4,
  "terraform_version": "1.9.0",
  "serial": 7,
  "lineage": "5c1ad2c6-3b0b-9a3c-4b8d-6f9a3b1c2d3e",
  "outputs": {},
  "resources": [
    {
      "mode": "managed",
      "type": "acme_rocket",
      "name": "r",
      "provider": "provider[\"registry.acme.com/acme/acme\"].fast",
      "instances": [
        {
          "schema_version": 3,
          "attributes": {
            "big": 123456789012345678901234567890.10,
            "text": "\u003c\u0026\u003e"
          },
          "sensitive_attributes": [],
          "private": "eyJ4IjoxfQ==",
          "future": {
            "b": 1,
            "a": 2
          }
        }
      ],
      "future_too": [
        1
      ]
    }
  ],
  "check_results": null,
  "future_root": true
}
"#;
    let stack = with_state(before);
    for (from, to) in [
        ("acme_rocket.r", "module.a[\"x\"].acme_rocket.q[3]"),
        ("module.a[\"x\"]", "module.b.module.c[0]"),
        ("module.b.module.c[0].acme_rocket.q", "acme_rocket.s"),
        ("acme_rocket.s[3]", "acme_rocket.r"),
    ] {
        stack.recon(&["state", "mv", from, to]).success();
    }
    stack.recon(&["taint", "acme_rocket.r"]).success();
    stack.recon(&["untaint", "acme_rocket.r"]).success();
    for (from, to) in
        [("registry.acme.com/acme/acme", "acme/acme"), ("ACME/acme", "registry.acme.com/acme/acme")]
    {
        stack.recon(&["state", "replace-provider", "--auto-approve", from, to]).success();
    }
    assert_eq!(stack.read("terraform.tfstate"), serial(before, 15));
}

#[test]
fn one_address_that_names_nothing_refuses_all() {
    for option in [None, Some("--dry-run")] {
        let stack = base();
        let arguments = ["state", "rm", "terraform_data.a", "terraform_data.nope"];
        let output = stack.recon(&[&arguments[..], option.as_slice()].concat()).code(1);
        assert!(output.stderr.contains("terraform_data.nope"), "{output}");
        assert_eq!(stack.read("terraform.tfstate"), data("base.tfstate"));
    }
}

#[test]
fn providers_are_replaced_when_that_is_approved() {
    let stack = base();
    let arguments = ["state", "replace-provider", "terraform.io/builtin/terraform", "acme/terraform"];
    let output = stack.recon(&arguments).env_remove("CI").input("no\n").code(1);
    assert!(output.stdout.contains("module.k[\"one\"].module.n.terraform_data.deep"), "{output}");
    assert_eq!(stack.read("terraform.tfstate"), data("base.tfstate"));
    stack.recon(&arguments).env_remove("CI").input("yes\n").success();
    let text = stack.read("terraform.tfstate");
    assert!(!text.contains("terraform.io/builtin") && text.contains("registry.terraform.io/acme/terraform"));
}

#[test]
fn a_provider_is_not_changed_by_a_move() {
    let text = data("base.tfstate").replacen("provider[\\\"terraform.io/", "provider[\\\"elsewhere.io/", 1);
    let stack = with_state(&text);
    let first = stack.state()["resources"][0]["name"].as_str().unwrap().to_owned();
    let output =
        stack.recon(&["state", "mv", "terraform_data.d", &format!("terraform_data.{first}[9]")]).code(1);
    assert!(output.stderr.contains("same provider"), "{output}");
    assert_eq!(stack.read("terraform.tfstate"), text);
}

#[test]
fn without_a_state_there_is_nothing_to_change() {
    for arguments in [&["state", "mv", "a.b", "a.c"][..], &["state", "rm", "a.b"], &["taint", "a.b"]] {
        let stack = Stack::offline();
        stack.write("main.tf", "");
        let output = stack.recon(arguments).code(1);
        assert!(output.stderr.contains("No state file was found"), "{output}");
        assert!(!stack.path("terraform.tfstate").exists());
    }
}

#[test]
fn a_held_lock_refuses() {
    let stack = base();
    // The lock of a local state is a record lock of its file, as Terraform takes it.
    let file =
        std::fs::OpenOptions::new().read(true).write(true).open(stack.path("terraform.tfstate")).unwrap();
    let range = nix::libc::flock {
        l_type: i16::try_from(nix::libc::F_WRLCK).unwrap(),
        l_whence: 0,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETLK(&range)).unwrap();
    for arguments in [
        &["state", "mv", "terraform_data.a", "terraform_data.z"][..],
        &["state", "rm", "terraform_data.a"],
        &["taint", "terraform_data.a"],
    ] {
        let output = stack.recon(arguments).code(1);
        assert!(output.stderr.contains("The state cannot be locked"), "{output}");
    }
    stack.recon(&["taint", "--lock=false", "terraform_data.a"]).success();
}

/// A log group's block and its name.
const GROUPS: &str = r#"
variable "name" {}

provider "aws" {
  region = "eu-west-3"
}

resource "aws_cloudwatch_log_group" "one" {
  name              = var.name
  retention_in_days = 7
}

resource "aws_cloudwatch_log_group" "many" {
  for_each = toset(["a"])
  name     = "many-${each.key}"
}

data "aws_region" "here" {}
"#;

const ONE: &str = "aws_cloudwatch_log_group.one";

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_imported_once() {
    let aws = Aws::fresh();
    let logs = aws.logs();
    for name in ["made-by-hand", "many-a"] {
        logs.create_log_group().log_group_name(name).send().await.unwrap();
    }
    logs.put_retention_policy().log_group_name("made-by-hand").retention_in_days(7).send().await.unwrap();
    let stack = Stack::new(&aws);
    stack.write("main.tf", GROUPS).write("terraform.tfvars", "name = \"made-by-hand\"");
    stack.recon(&["import", "-lock-timeout=5s", ONE, "made-by-hand"]).success();
    let first = stack.read("terraform.tfstate");
    let state = stack.state();
    assert_eq!(state["serial"], 1);
    let object = &state["resources"][0]["instances"][0]["attributes"];
    assert_eq!((&object["name"], &object["retention_in_days"]), (&"made-by-hand".into(), &7.into()));
    // Once it is recorded, another import is refused, and nothing is written.
    let output = stack.recon(&["import", ONE, "made-by-hand"]).code(1);
    assert!(output.stderr.contains("already manages"), "{output}");
    assert_eq!(stack.read("terraform.tfstate"), first);
    stack.recon(&["import", "aws_cloudwatch_log_group.many[\"a\"]", "many-a"]).success();
    assert_eq!(stack.read("terraform.tfstate.backup"), first);
    assert_eq!(stack.state()["serial"], 2);
    // Nothing is left to do: the code says what the objects are.
    stack.recon(&["diff", "--detailed-exitcode"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_imported_is_refused() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", GROUPS);
    for (address, says) in [
        ("aws_cloudwatch_log_group.two", "is not declared"),
        ("module.x.aws_cloudwatch_log_group.one", "is not declared"),
        ("aws_cloudwatch_log_group.one[0]", "neither count nor for_each"),
        ("aws_cloudwatch_log_group.many", "has for_each"),
        ("aws_cloudwatch_log_group.many[0]", "has for_each"),
        ("data.aws_region.here", "managed resource address"),
        ("aws_cloudwatch_log_group", "is not the address"),
        ("aws_cloudwatch_log_group.one", "non-existent remote object"),
    ] {
        let output = stack.recon(&["import", "-var", "name=x", address, "nothing"]).code(1);
        let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(says), "{address}: {output}");
        assert!(!stack.path("terraform.tfstate").exists(), "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_moved_block_brings_is_not_imported() {
    let aws = Aws::fresh();
    let stack = Stack::new(&aws);
    stack.write("main.tf", GROUPS).write("terraform.tfvars", "name = \"first\"");
    stack.recon(&["apply", "--auto-approve"]).success();
    let before = stack.read("terraform.tfstate");
    let renamed = format!(
        "{}\nmoved {{\n  from = {ONE}\n  to   = aws_cloudwatch_log_group.new\n}}\n",
        GROUPS.replace("\"one\"", "\"new\"")
    );
    stack.write("main.tf", &renamed);
    let output = stack.recon(&["import", "aws_cloudwatch_log_group.new", "first"]).code(1);
    assert!(output.stderr.contains("already manages"), "{output}");
    assert_eq!(stack.read("terraform.tfstate"), before);
}

/// In S3 the lock keeps others out, and who passes over it is found out by the condition of the write.
#[tokio::test(flavor = "multi_thread")]
async fn in_s3_the_last_one_to_write_has_seen_all() {
    let bucket = Bucket::fresh().await;
    let stack = Stack::offline();
    let block = bucket.backend("s.tfstate", "use_lockfile = true\n    max_retries = 2");
    stack.write("main.tf", &format!("{block}\nresource \"terraform_data\" \"a\" {{}}\n"));
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let serial = bucket.json("s.tfstate").await["serial"].as_u64().unwrap();
    let proxy = Proxy::start(&bucket.endpoint);
    let gate = Gate::new();
    proxy.rule(Rule::on("s3.PutObject").path("s.tfstate").hold_before(&gate));
    let through = bucket.through(proxy.endpoint());
    let slow = through.recon(&stack, &["state", "mv", "terraform_data.a", "terraform_data.b"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    let output = bucket.recon(&stack, &["state", "rm", "terraform_data.a"]).code(1);
    assert!(output.stderr.contains("state mv"), "the operation of the holder: {output}");
    bucket.recon(&stack, &["taint", "--lock=false", "terraform_data.a"]).success();
    gate.open();
    let output = tokio::task::block_in_place(|| slow.wait());
    assert_eq!(output.exit_code(), 1, "{output}");
    assert!(output.stderr.contains("changed by somebody else"), "{output}");
    assert!(!output.stdout.contains("Successfully"), "{output}");
    let state = bucket.json("s.tfstate").await;
    assert_eq!((&state["serial"], &state["resources"][0]["name"]), (&(serial + 1).into(), &"a".into()));
    assert_eq!(state["resources"][0]["instances"][0]["status"], "tainted");
    assert_eq!(bucket.text("s.tfstate.tflock").await, None);
    proxy.clear_rules();
    bucket.recon(&stack, &["state", "mv", "terraform_data.a", "terraform_data.b"]).success();
    assert_eq!(bucket.json("s.tfstate").await["resources"][0]["name"], "b");
    // Nothing of it is left in the stack's directory.
    assert!(dated_backups(&stack).is_empty());
}
