//! Terraform and recon on the same state in S3. Run by name only (`cargo test --test interop_state`), since it needs
//! `terraform`.

mod support;

use support::ministack::Bucket;
use support::proxy::{Gate, Proxy, Rule};
use support::stack::{Output, Run, Stack};
use support::terraform::Terraform;

/// The arguments that choose the lock.
const LOCKS: [&str; 3] = [
    "use_lockfile = true",
    "dynamodb_table = \"TABLE\"",
    "use_lockfile = true\n    dynamodb_table = \"TABLE\"",
];

const RESOURCES: &str = r#"
variable "input" {
  type    = string
  default = "one"
}

resource "terraform_data" "a" {
  input            = { text = var.input, list = [1, true, "<&>"] }
  triggers_replace = [terraform_data.b["x"].id]
}

resource "terraform_data" "b" {
  for_each = toset(["x", "y"])
  input    = each.key
}

output "text" {
  value     = terraform_data.a.output.text
  sensitive = true
}
"#;

struct Pair {
    bucket: Bucket,
    terraform: Terraform,
    stack: Stack,
}

impl Pair {
    async fn new(arguments: &str) -> Pair {
        let pair =
            Pair { bucket: Bucket::fresh().await, terraform: Terraform::find(), stack: Stack::offline() };
        let block = pair.bucket.backend("shared.tfstate", &format!("{arguments}\n    max_retries = 2"));
        pair.stack.write("main.tf", &format!("{block}{RESOURCES}"));
        pair
    }

    fn recon(&self, arguments: &[&str]) -> Run {
        self.bucket.recon(&self.stack, arguments)
    }

    fn terraform(&self, arguments: &[&str]) -> Run {
        self.bucket.with_environment(self.terraform.run(&self.stack, arguments))
    }

    /// The ID of the lock that is held.
    async fn lock_id(&self) -> String {
        let item = self.bucket.item(&format!("{}/shared.tfstate", self.bucket.name), "Info").await;
        let text = self.bucket.text("shared.tfstate.tflock").await.or(item).unwrap();
        let info: serde_json::Value = serde_json::from_str(&text).unwrap();
        info["ID"].as_str().unwrap().to_owned()
    }
}

fn flat(output: &Output) -> String {
    format!("{} {}", output.stdout, output.stderr)
        .replace(['│', '╷', '╵'], " ")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_goes_on_with_the_others_state() {
    for locks in LOCKS {
        let pair = Pair::new(locks).await;
        pair.terraform(&["init"]).success();
        pair.terraform(&["apply", "-auto-approve"]).success();
        pair.recon(&["diff", "--detailed-exitcode"]).success();
        pair.recon(&["apply", "--auto-approve", "--var", "input=two"]).success();
        pair.terraform(&["plan", "-detailed-exitcode", "-var", "input=two"]).success();
        // What recon has written, Terraform writes so too.
        let stored = pair.bucket.text("shared.tfstate").await.unwrap();
        // (The command adds a line end.)
        let pulled = pair.terraform(&["state", "pull"]).success().stdout;
        assert_eq!(pulled, format!("{stored}\n"), "{locks}");
        pair.terraform(&["apply", "-auto-approve", "-var", "input=three"]).success();
        pair.recon(&["diff", "--detailed-exitcode", "--var", "input=three"]).success();
        pair.recon(&["destroy", "--auto-approve", "--var", "input=three"]).success();
        let left = pair.terraform(&["state", "list"]).success();
        assert_eq!(left.stdout, "", "{left}");
    }
}

/// States by hand that are of Terraform 1.11's own form: it writes them as they are, so that what recon is shown to
/// keep is what Terraform writes.
#[test]
fn the_states_by_hand_are_as_terraform_writes_them() {
    let names = [
        "all_fields",
        "create_before_destroy",
        "deposed",
        "empty",
        "empty_resources",
        "empty_strings",
        "index_keys",
        "modules",
        "only_outputs",
        "output_types",
        "private",
        "providers",
        "sensitive_attributes",
        "sensitive_attributes_strange",
        "tainted",
        "unknown_attributes",
        "unknown_types",
        // Escapes that nobody needs, in attributes, which Terraform leaves as they are.
        "ascii_only",
    ];
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states");
    let terraform = Terraform::find();
    for name in names {
        let stack = Stack::offline();
        let path = folder.join(format!("{name}.tfstate"));
        terraform.run(&stack, &["state", "push", "-force", path.to_str().unwrap()]).success();
        // Sometimes it finds something to be new that is not.
        let lines = |text: String| {
            text.lines()
                .filter(|line| !line.starts_with("  \"serial\""))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let expected = std::fs::read_to_string(&path).unwrap();
        assert_eq!(lines(stack.read("terraform.tfstate")), lines(expected), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_is_refused_while_recon_holds_the_lock() {
    for locks in LOCKS {
        let pair = Pair::new(locks).await;
        pair.terraform(&["init"]).success();
        let proxy = Proxy::start(&pair.bucket.endpoint);
        let gate = Gate::new();
        proxy.rule(Rule::on("s3.PutObject").path("shared.tfstate").hold_before(&gate));
        let through = pair.bucket.through(proxy.endpoint());
        let started = through.recon(&pair.stack, &["apply", "--auto-approve"]).env("USER", "ann").start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        let refused = pair.terraform(&["apply", "-auto-approve"]).code(1);
        let said = flat(&refused);
        assert!(said.contains("Error acquiring the state lock"), "{refused}");
        assert!(said.contains("Who: ann@"), "{refused}");
        assert!(said.contains(&pair.lock_id().await), "{refused}");
        gate.open();
        let output = tokio::task::block_in_place(|| started.wait());
        assert_eq!(output.exit_code(), 0, "{output}");
        pair.terraform(&["plan", "-detailed-exitcode"]).success();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recon_is_refused_while_terraform_holds_the_lock() {
    for locks in LOCKS {
        let pair = Pair::new(locks).await;
        pair.terraform(&["init"]).success();
        let proxy = Proxy::start(&pair.bucket.endpoint);
        let gate = Gate::new();
        proxy.rule(Rule::on("s3.PutObject").path("shared.tfstate").hold_before(&gate));
        let through = pair.bucket.through(proxy.endpoint());
        let run = through.with_environment(pair.terraform.run(&pair.stack, &["apply", "-auto-approve"]));
        let started = run.env("USER", "bob").start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        let refused = pair.recon(&["apply", "--auto-approve"]).code(1);
        let said = flat(&refused);
        // Terraform asks the system for the user's name.
        let id = pair.lock_id().await;
        assert!(said.contains("for OperationTypeApply since"), "{refused}");
        assert!(said.contains(&format!("lock ID {id}")), "{refused}");
        assert!(said.contains('@'), "{refused}");
        // To wait for it is to get it.
        let waiting = pair.recon(&["apply", "--auto-approve", "--lock-timeout=2m"]).start();
        gate.open();
        let output = tokio::task::block_in_place(|| started.wait());
        assert_eq!(output.exit_code(), 0, "{output}");
        let output = tokio::task::block_in_place(|| waiting.wait());
        assert_eq!(output.exit_code(), 0, "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_gives_back_what_the_other_left_locked() {
    for locks in LOCKS {
        let pair = Pair::new(locks).await;
        pair.terraform(&["init"]).success();
        let proxy = Proxy::start(&pair.bucket.endpoint);
        let gate = Gate::new();
        proxy.rule(Rule::on("s3.PutObject").path("shared.tfstate").hold_before(&gate));
        let through = pair.bucket.through(proxy.endpoint());
        let started = through.recon(&pair.stack, &["apply", "--auto-approve"]).start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        started.kill();
        let id = pair.lock_id().await;
        pair.terraform(&["force-unlock", "-force", &id]).success();

        let gate = Gate::new();
        proxy.clear_rules();
        proxy.rule(Rule::on("s3.PutObject").path("shared.tfstate").hold_before(&gate));
        let run = through.with_environment(pair.terraform.run(&pair.stack, &["apply", "-auto-approve"]));
        let started = run.start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        started.kill();
        let id = pair.lock_id().await;
        pair.recon(&["force-unlock", "--force", &id]).success();
        pair.recon(&["apply", "--auto-approve"]).success();
        pair.terraform(&["plan", "-detailed-exitcode"]).success();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_one_has_initialised_serves_the_other() {
    let pair = Pair::new("use_lockfile = true").await;
    pair.stack.replace("main.tf", &format!("    bucket = \"{}\"\n", pair.bucket.name), "");
    let given = format!("-backend-config=bucket={}", pair.bucket.name);
    pair.recon(&["init", &given]).success();
    pair.terraform(&["apply", "-auto-approve"]).success();
    std::fs::remove_dir_all(pair.stack.path(".terraform")).unwrap();
    pair.terraform(&["init", &given]).success();
    pair.recon(&["diff", "--detailed-exitcode"]).success();
    // Either sees the other's workspaces, and what is selected.
    pair.terraform(&["workspace", "new", "stage"]).success();
    assert_eq!(pair.recon(&["workspace", "list"]).success().stdout, "  default\n* stage\n");
    pair.recon(&["workspace", "new", "prod"]).success();
    let listed = pair.terraform(&["workspace", "list"]).success();
    assert_eq!(listed.stdout, "  default\n* prod\n  stage\n\n");
    pair.terraform(&["plan"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_recon_did_not_get_to_write_is_mended_so_that_terraform_reads_on() {
    let pair = Pair::new(LOCKS[2]).await;
    pair.terraform(&["init"]).success();
    pair.recon(&["apply", "--auto-approve"]).success();
    let proxy = Proxy::start(&pair.bucket.endpoint);
    let gate = Gate::new();
    proxy.rule(Rule::on("dynamodb.PutItem").call(2).hold_before(&gate));
    let through = pair.bucket.through(proxy.endpoint());
    let started = through.recon(&pair.stack, &["apply", "--auto-approve", "--var", "input=two"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    started.kill();
    let id = pair.lock_id().await;
    pair.recon(&["force-unlock", "--force", &id]).success();
    pair.recon(&["diff", "--var", "input=two"]).success();
    pair.terraform(&["plan", "-var", "input=two"]).success();
}

/// Terraform is told that it is no state of its own, and overwrites nothing; age's other implementations decrypt what is
/// in it: here `pyrage`, a binding of rage.
#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_state_is_not_for_terraform_and_for_every_age() {
    const IDENTITY: &str = "AGE-SECRET-KEY-1T3GJ4KW794AKFT72RH5JWA64VLYFTVD6YFMFKVYJ75ZECL4GMQSQ8DEDCU";
    const PROGRAM: &str = "\
import base64, json, os, sys, pyrage
identity = pyrage.x25519.Identity.from_str(os.environ['IDENTITY'])
sys.stdout.write(pyrage.decrypt(base64.b64decode(json.load(sys.stdin)['age']), [identity]).decode())
";
    let pair = Pair::new(LOCKS[0]).await;
    let block = "state_encryption \"age\" {\n  gives_up_terraform = true\n  recipients = \
                 [\"age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug\"]\n}\n";
    pair.terraform(&["init"]).success();
    pair.terraform(&["apply", "-auto-approve"]).success();
    let clear = pair.bucket.text("shared.tfstate").await.unwrap();
    pair.stack.write("recon.hcl", block);
    let recon = |arguments: &[&str]| pair.recon(arguments).env("RECON_STATE_IDENTITY", IDENTITY);
    recon(&["diff", "--detailed-exitcode"]).success();
    recon(&["state", "push", "-"]).input(&clear).success();
    let stored = pair.bucket.text("shared.tfstate").await.unwrap();
    let commands = [
        &["plan"][..],
        &["plan", "-lock=false"],
        &["apply", "-auto-approve", "-lock=false"],
        &["state", "list"],
        &["init", "-reconfigure"],
    ];
    for command in commands {
        let output = pair.terraform(command).output();
        if command[0] != "init" {
            assert_eq!(output.exit_code(), 1, "{output}");
            assert!(flat(&output).contains("does not have a \"version\" attribute"), "{output}");
        }
        assert_eq!(pair.bucket.text("shared.tfstate").await.as_deref(), Some(&*stored), "{output}");
    }
    let python = python_with("pyrage==1.4.0", &pair.stack.path(".venv"));
    let run = pair.stack.run(python.to_str().unwrap(), &["-c", PROGRAM]);
    let decrypted = run.env("IDENTITY", IDENTITY).input(&stored).success();
    assert_eq!(decrypted.stdout, clear);
}

/// The interpreter of a new virtual environment with a package in it.
fn python_with(requirement: &str, folder: &std::path::Path) -> std::path::PathBuf {
    let python = recon::sandbox::python::find(None).unwrap_or_else(|error| panic!("{error}"));
    let interpreter = folder.join("bin/python");
    let run = |command: &mut std::process::Command| {
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run(std::process::Command::new(&python.path).args(["-m", "venv"]).arg(folder));
    let install = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", requirement];
    run(std::process::Command::new(&interpreter).args(install));
    interpreter
}
