//! States that recon encrypts: nothing of them is legible where they are stored, and everything else is as with clear
//! ones. What is decrypted here is decrypted with the library; that its files are age's is shown by age's own vectors
//! and by `tests/data/encrypted.tfstate`, whose age file was made with `pyrage` 1.4.0, a binding of rage.

use recon::state::encryption::keys::Identity;
use recon::state::encryption::{Encryption, Identities, Method};
use serde_json::Value as Json;

use super::journal::Scene;
use crate::support::ministack::Bucket;
use crate::support::proxy::{Gate, Proxy, Rule};
use crate::support::stack::{Output, Run, Stack};

/// Key pairs that `pyrage` has made.
const FIRST: (&str, &str) = (
    "AGE-SECRET-KEY-1T3GJ4KW794AKFT72RH5JWA64VLYFTVD6YFMFKVYJ75ZECL4GMQSQ8DEDCU",
    "age10cvwnum2585usd0vqz6cdl8u2ggky2e3cawymmtvajg5x98wffnqz9gkug",
);
const SECOND: (&str, &str) = (
    "AGE-SECRET-KEY-1GTUHTK2FUVJF6UZYHDEQKHJKFHA8HP8SX4XL4NCWYYMC6FDQDXPQNXECGZ",
    "age1j0skuq3dvqz2yumxa3zs6m23ywdka9yz4fa5u6vr6vz6cx3hs9wsraw5gp",
);

const RESOURCES: &str = r#"
variable "password" {
  type      = string
  sensitive = true
  default   = "correct-horse"
}

resource "terraform_data" "a" {
  input = var.password
}

output "password" {
  value     = terraform_data.a.output
  sensitive = true
}
"#;

const VARIABLE: &str = "RECON_STATE_IDENTITY";

fn encrypted_to(recipients: &[&str]) -> String {
    format!(
        "state_encryption \"age\" {{\n  recipients         = {recipients:?}\n  gives_up_terraform = true\n}}\n"
    )
}

fn flat(output: &Output) -> String {
    output.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A stack with its state in a file, in a repository that encrypts to the first key.
fn local() -> Stack {
    let stack = Stack::offline();
    stack.write("main.tf", RESOURCES);
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1]));
    stack
}

fn run(stack: &Stack, arguments: &[&str]) -> Run {
    stack.recon(arguments).env(VARIABLE, FIRST.0)
}

fn decrypted(stored: &str) -> String {
    let identities = Identities::Given(vec![Identity::parse(FIRST.0).unwrap()]);
    Encryption::new(Method::Clear, identities.into()).open(stored.to_owned(), "").unwrap()
}

/// All that a stored text may not say.
fn assert_hidden(stored: &str) {
    let json: Json = serde_json::from_str(stored).unwrap();
    assert_eq!(json["recon_encrypted_state"], 1);
    for word in ["horse", "terraform_data", "outputs", "password", "version"] {
        assert!(!stored.contains(word), "{word} in {stored}");
    }
    assert!(decrypted(stored).contains("correct-horse"));
}

#[test]
fn a_local_state_is_encrypted_with_all_that_is_beside_it() {
    let stack = local();
    run(&stack, &["apply", "--auto-approve"]).success();
    assert_hidden(&stack.read("terraform.tfstate"));
    run(&stack, &["diff", "--detailed-exitcode"]).success();
    let output = run(&stack, &["output", "--raw", "password"]).success();
    assert_eq!(output.stdout, "correct-horse");
    // A later version, a workspace, and surgery, which keeps a dated backup.
    run(&stack, &["apply", "--auto-approve", "--replace=terraform_data.a"]).success();
    run(&stack, &["state", "mv", "terraform_data.a", "terraform_data.b"]).success();
    run(&stack, &["state", "mv", "terraform_data.b", "terraform_data.a"]).success();
    run(&stack, &["workspace", "new", "-state=terraform.tfstate", "other"]).success();
    run(&stack, &["diff", "--detailed-exitcode"]).success();
    let mut looked_at = 0;
    let folders = [stack.directory().to_path_buf(), stack.path("terraform.tfstate.d/other")];
    for entry in folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && name.contains("tfstate") {
            assert_hidden(&std::fs::read_to_string(&path).unwrap());
            looked_at += 1;
        }
    }
    assert!(looked_at >= 5, "{looked_at}");
    run(&stack, &["destroy", "--auto-approve"]).success();
    run(&stack, &["workspace", "select", "default"]).success();
    run(&stack, &["destroy", "--auto-approve"]).success();
    assert_eq!(run(&stack, &["state", "list"]).success().stdout, "");
}

#[test]
fn a_clear_state_is_encrypted_by_the_first_write_and_can_become_clear_again() {
    let stack = local();
    stack.remove("recon.hcl");
    stack.recon(&["apply", "--auto-approve"]).success();
    let clear = stack.read("terraform.tfstate");
    assert!(clear.contains("correct-horse"));
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1]));
    // To look is no write.
    run(&stack, &["diff", "--detailed-exitcode"]).success();
    assert_eq!(stack.read("terraform.tfstate"), clear);
    assert_eq!(run(&stack, &["state", "pull"]).success().stdout, clear);
    run(&stack, &["state", "push", "-"]).input(&clear).success();
    let stored = stack.read("terraform.tfstate");
    assert_hidden(&stored);
    assert_eq!(decrypted(&stored), clear);
    assert_hidden(&stack.read("terraform.tfstate.backup"));

    // Without the block nothing is written, since it would be clear text.
    stack.remove("recon.hcl");
    let refused = run(&stack, &["apply", "--auto-approve", "--replace=terraform_data.a"]).code(1);
    assert!(flat(&refused).contains("no state_encryption in the repository's recon.hcl"), "{refused}");
    assert_eq!(stack.read("terraform.tfstate"), stored);
    stack.write("recon.hcl", "state_encryption \"none\" {}\n");
    let pulled = run(&stack, &["state", "pull"]).success().stdout;
    run(&stack, &["state", "push", "-"]).input(&pulled).success();
    assert_eq!(stack.read("terraform.tfstate"), clear);
    stack.recon(&["diff", "--detailed-exitcode"]).success();
}

#[test]
fn without_the_right_identity_nothing_is_begun() {
    let stack = local();
    // Not even the first apply, which has nothing to read.
    let missing = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(flat(&missing).contains("no identity is given: this run could not read again"), "{missing}");
    assert!(!stack.path("terraform.tfstate").exists());
    run(&stack, &["apply", "--auto-approve"]).success();
    let stored = stack.read("terraform.tfstate");
    for command in [&["diff"][..], &["state", "list"], &["output"], &["apply", "--auto-approve"]] {
        let missing = stack.recon(command).code(1);
        assert!(flat(&missing).contains(VARIABLE), "{missing}");
        let wrong = stack.recon(command).env(VARIABLE, SECOND.0).code(1);
        assert!(flat(&wrong).contains("does not name age1j0skuq"), "{wrong}");
        let broken = stack.recon(command).env(VARIABLE, "AGE-SECRET-KEY-1NONSENSE").code(1);
        assert!(flat(&broken).contains("Line 1 of RECON_STATE_IDENTITY is no identity"), "{broken}");
        for output in [missing, wrong, broken] {
            assert!(!output.stderr.contains("NONSENSE") && !output.stderr.contains("1GTUHTK2"), "{output}");
            assert_eq!(output.stderr.matches("Error: ").count(), 1, "{output}");
        }
    }
    // A file that another key is named for by now.
    stack.write("recon.hcl", &encrypted_to(&[SECOND.1]));
    let other = stack.recon(&["diff"]).env(VARIABLE, SECOND.0).code(1);
    assert!(flat(&other).contains(&format!("encrypted to {}", FIRST.1)), "{other}");
    assert_eq!(stack.read("terraform.tfstate"), stored);
    // Commands that read no state need none.
    stack.recon(&["validate"]).success();
    stack.recon(&["workspace", "list"]).success();
}

#[test]
fn keys_are_changed_by_way_of_both() {
    let stack = local();
    run(&stack, &["apply", "--auto-approve"]).success();
    let clear = run(&stack, &["state", "pull"]).success().stdout;
    stack.write("keys.txt", &format!("# the old one\n{}\n# the new one\n{}\n", FIRST.0, SECOND.0));
    let both = |arguments: &[&str]| stack.recon(arguments).env("RECON_STATE_IDENTITY_FILE", "keys.txt");
    let new = |arguments: &[&str]| stack.recon(arguments).env(VARIABLE, SECOND.0);

    stack.write("recon.hcl", &encrypted_to(&[FIRST.1, SECOND.1]));
    new(&["diff"]).code(1);
    run(&stack, &["state", "push", "-"]).input(&clear).success();
    for reader in [run(&stack, &["state", "pull"]), new(&["state", "pull"]), both(&["state", "pull"])] {
        assert_eq!(reader.success().stdout, clear);
    }
    stack.write("recon.hcl", &encrypted_to(&[SECOND.1]));
    new(&["state", "push", "-"]).input(&clear).success();
    assert_eq!(new(&["state", "pull"]).success().stdout, clear);
    run(&stack, &["state", "pull"]).code(1);
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1, SECOND.1]));
    let old = run(&stack, &["state", "pull"]).code(1);
    assert!(flat(&old).contains(&format!("encrypted to {}", SECOND.1)), "{old}");
}

#[test]
fn what_was_changed_or_cut_off_is_refused_and_left_alone() {
    let stack = local();
    run(&stack, &["apply", "--auto-approve"]).success();
    let stored = stack.read("terraform.tfstate");
    let json: Json = serde_json::from_str(&stored).unwrap();
    let age = json["age"].as_str().unwrap();
    let middle = age.len() / 2;
    let letter = if &age[middle..=middle] == "A" { "B" } else { "A" };
    let mut changed = age.to_owned();
    changed.replace_range(middle..=middle, letter);
    let damaged = [
        stored.replace(age, &changed),
        // Base64 comes in fours.
        stored.replace(age, &age[..age.len() - 8]),
        stored.replace("\"serial\": ", "\"serial\": 1"),
        stored[..stored.len() / 2].to_owned(),
    ];
    for text in damaged {
        stack.write("terraform.tfstate", &text);
        for command in [&["diff"][..], &["apply", "--auto-approve"], &["state", "rm", "terraform_data.a"]] {
            let output = run(&stack, command).code(1);
            assert!(flat(&output).contains("cannot be read: "), "{output}");
            assert!(flat(&output).contains("Restore a backup of it"), "{output}");
        }
        assert_eq!(stack.read("terraform.tfstate"), text);
    }
    stack.write("terraform.tfstate", &stored);
    run(&stack, &["diff", "--detailed-exitcode"]).success();
}

#[test]
fn a_state_that_another_tool_has_encrypted_is_read() {
    let stack = Stack::offline();
    stack.write("main.tf", "resource \"terraform_data\" \"a\" {\n  input = \"from pyrage\"\n}\n");
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1, SECOND.1]));
    stack.write("terraform.tfstate", include_str!("../data/encrypted.tfstate"));
    for identity in [FIRST.0, SECOND.0] {
        stack.recon(&["diff", "--detailed-exitcode"]).env(VARIABLE, identity).success();
    }
    // OpenTofu's own encryption stays what it is: refused.
    stack.write(
        "terraform.tfstate",
        "{\"serial\":1,\"lineage\":\"l\",\"meta\":{},\"encrypted_data\":\"YQ==\"}",
    );
    let output = run(&stack, &["diff"]).code(1);
    assert!(flat(&output).contains("encrypted by OpenTofu"), "{output}");
}

#[test]
fn each_workspace_may_be_stored_otherwise() {
    let stack = local();
    stack.write("infra/main.tf", RESOURCES);
    let block = encrypted_to(&[FIRST.1]);
    stack.write(
        "recon.hcl",
        &format!(
            "stack \"test\" {{\n  path = \"infra\"\n  workspace = \"test\"\n}}\nstack \"prod\" {{\n  path = \"infra\"\n  \
             workspace = \"prod\"\n{block}}}\n"
        ),
    );
    for workspace in ["test", "prod"] {
        run(&stack, &["apply", "--auto-approve", "infra"]).env("TF_WORKSPACE", workspace).success();
    }
    assert!(stack.read("infra/terraform.tfstate.d/test/terraform.tfstate").contains("correct-horse"));
    assert_hidden(&stack.read("infra/terraform.tfstate.d/prod/terraform.tfstate"));
}

#[test]
fn a_stack_is_found_by_its_link_too() {
    let stack = local();
    stack.write("real/main.tf", RESOURCES);
    std::os::unix::fs::symlink("real", stack.path("link")).unwrap();
    let block = encrypted_to(&[FIRST.1]);
    stack.write("recon.hcl", &format!("stack \"a\" {{\n  path = \"link\"\n{block}}}\n"));
    run(&stack, &["apply", "--auto-approve", "real"]).success();
    assert_hidden(&stack.read("real/terraform.tfstate"));
    run(&stack, &["diff", "--detailed-exitcode", "link"]).success();
}

#[test]
fn a_mistake_in_the_file_ends_the_command() {
    let stack = local();
    stack.write("recon.hcl", "state_encryption \"age\" {\n  recipients = []\n}\n");
    let output = run(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(output.stderr.contains("recon.hcl line 1"), "{output}");
    assert!(!stack.path("terraform.tfstate").exists());
}

#[test]
fn a_data_source_says_that_it_reads_clear_states_only() {
    let stack = local();
    run(&stack, &["apply", "--auto-approve"]).success();
    stack.write("recon.hcl", "state_encryption \"none\" {}\n");
    stack.write(
        "other/main.tf",
        "data \"terraform_remote_state\" \"a\" {\n  backend = \"local\"\n  config = { path = \"../terraform.tfstate\" }\n}\n",
    );
    let output = run(&stack, &["diff", "other"]).code(1);
    assert!(flat(&output).contains("terraform_remote_state reads clear text only"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_in_s3_is_encrypted_under_the_same_locks_and_digests() {
    let bucket = Bucket::fresh().await;
    let stack = local();
    let block = bucket.backend("e.tfstate", "use_lockfile = true\n    dynamodb_table = \"TABLE\"");
    stack.write("backend.tf", &block);
    let recon = |arguments: &[&str]| bucket.recon(&stack, arguments).env(VARIABLE, FIRST.0);
    recon(&["apply", "--auto-approve"]).success();
    let first = bucket.text("e.tfstate").await.unwrap();
    assert_hidden(&first);
    // The digest is that of what is stored (md5sum).
    let digest = bucket.item(&format!("{}/e.tfstate-md5", bucket.name), "Digest").await;
    use md5::Digest;
    let md5: String = md5::Md5::digest(first.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(digest, Some(md5));
    recon(&["diff", "--detailed-exitcode"]).success();
    recon(&["workspace", "new", "stage"]).success();
    recon(&["apply", "--auto-approve"]).success();
    assert_hidden(&bucket.text("env:/stage/e.tfstate").await.unwrap());
    recon(&["destroy", "--auto-approve"]).success();
    recon(&["workspace", "select", "default"]).success();
    recon(&["workspace", "delete", "stage"]).success();

    // One who has not seen the last version is refused, and told which it is.
    let proxy = Proxy::start(&bucket.endpoint);
    let gate = Gate::new();
    proxy.rule(Rule::on("s3.PutObject").path("/e.tfstate").call(1).hold_before(&gate));
    let through = bucket.through(proxy.endpoint());
    let apply = through.recon(&stack, &["apply", "--auto-approve", "--replace=terraform_data.a"]);
    let started = apply.env(VARIABLE, FIRST.0).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    let stored = bucket.text("e.tfstate").await.unwrap();
    let serial = serde_json::from_str::<Json>(&stored).unwrap()["serial"].as_u64().unwrap();
    let later = stored.replace(&format!("\"serial\": {serial}"), &format!("\"serial\": {}", serial + 40));
    bucket.put("e.tfstate", &later).await;
    gate.open();
    let output = tokio::task::block_in_place(|| started.wait());
    assert_eq!(output.exit_code(), 1, "{output}");
    assert!(flat(&output).contains(&format!("it had serial {serial}, now {}", serial + 40)), "{output}");
    assert_eq!(bucket.text("e.tfstate").await, Some(later));
    assert_hidden(&stack.read("errored.tfstate"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_could_not_be_stored_is_kept_encrypted() {
    let bucket = Bucket::fresh().await;
    let stack = local();
    stack.write("backend.tf", &bucket.backend("f.tfstate", "use_lockfile = true"));
    let proxy = Proxy::start(&bucket.endpoint);
    let refusal = || Rule::on("s3.PutObject").path("/f.tfstate").fail(403, "AccessDenied", "no");
    proxy.rule(refusal());
    let through = bucket.through(proxy.endpoint());
    let output = through.recon(&stack, &["apply", "--auto-approve"]).env(VARIABLE, FIRST.0).code(1);
    assert!(flat(&output).contains("recon state push errored.tfstate"), "{output}");
    assert_hidden(&stack.read("errored.tfstate"));
    let recon = |arguments: &[&str]| bucket.recon(&stack, arguments).env(VARIABLE, FIRST.0);
    let warned = recon(&["diff"]).success();
    assert!(warned.stderr.contains("A state was never stored"), "{warned}");
    recon(&["state", "push", "errored.tfstate"]).success();
    assert_hidden(&bucket.text("f.tfstate").await.unwrap());
    let again = recon(&["apply", "--auto-approve"]).success();
    assert!(again.stdout.contains("0 added, 0 changed, 0 destroyed"), "{again}");
    recon(&["diff", "--detailed-exitcode"]).success();
}

/// The same text is sent again: encrypted anew, it would be taken for somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_answer_was_lost_is_known_again() {
    let bucket = Bucket::fresh().await;
    let stack = local();
    stack.write("backend.tf", &bucket.backend("g.tfstate", "use_lockfile = true"));
    let proxy = Proxy::start(&bucket.endpoint);
    proxy.rule(Rule::on("s3.PutObject").path("/g.tfstate").call(1).cut_after());
    let through = bucket.through(proxy.endpoint());
    through.recon(&stack, &["apply", "--auto-approve"]).env(VARIABLE, FIRST.0).success();
    assert_hidden(&bucket.text("g.tfstate").await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_stays_encrypted_on_its_way_into_the_bucket() {
    let bucket = Bucket::fresh().await;
    let stack = local();
    // Clear text in a file, of which the move leaves no clear copy.
    stack.remove("recon.hcl");
    stack.recon(&["apply", "--auto-approve"]).success();
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1]));
    stack.write("backend.tf", &bucket.backend("m.tfstate", ""));
    let recon = |arguments: &[&str]| bucket.recon(&stack, arguments).env(VARIABLE, FIRST.0);
    recon(&["init", "--migrate-state"]).success();
    assert_hidden(&bucket.text("m.tfstate").await.unwrap());
    assert_hidden(&stack.read("terraform.tfstate.backup"));
    assert!(!stack.path("terraform.tfstate").exists());
    recon(&["diff", "--detailed-exitcode"]).success();
    recon(&["destroy", "--auto-approve"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_encrypted_too_and_leads_to_what_was_made() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    stack.write("recon.hcl", &encrypted_to(&[FIRST.1]));
    let gate = Gate::new();
    scene.proxy.rule(Rule::on("kinesis.CreateStream").hold_after(&gate));
    let started = run(&stack, &["apply", "--auto-approve"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    started.kill();
    scene.proxy.clear_rules();
    let journal = scene.text("j.tfstate.journal").await.unwrap();
    assert!(journal.contains("recon_encrypted_entry"), "{journal}");
    assert!(!journal.contains("kinesis") && !journal.contains("journalled"), "{journal}");
    // Taking a lock away needs no key.
    let lock: Json = serde_json::from_str(&scene.text("j.tfstate.tflock").await.unwrap()).unwrap();
    stack.recon(&["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();
    run(&stack, &["apply", "--auto-approve"]).success();
    // The one that is still held is not counted: there was no second.
    assert_eq!(scene.proxy.count("kinesis.CreateStream"), 0);
    let stored = scene.text("j.tfstate").await.unwrap();
    assert!(!stored.contains("journalled") && decrypted(&stored).contains("journalled"));
    assert_eq!(scene.text("j.tfstate.journal").await, None);
}
