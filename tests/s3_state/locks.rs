//! Locks: who holds them, how they are given back, and what a killed run leaves.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::support::ministack::Bucket;
use crate::support::proxy::{Gate, Proxy, Rule};
use crate::support::stack::{Run, Stack};

const BOTH: &str = "use_lockfile = true\n    dynamodb_table = \"TABLE\"\n    max_retries = 1";

const RESOURCE: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";

/// As Terraform 1.11.4 writes it.
fn terraforms_lock(bucket: &Bucket) -> String {
    format!(
        "{{\"ID\":\"8db2e37b-e42c-9451-ba4f-6d2c204e3536\",\"Operation\":\"OperationTypeApply\",\"Info\":\"\",\"Who\":\
         \"ann@laptop\",\"Version\":\"1.11.4\",\"Created\":\"2026-01-02T03:04:05.182989638Z\",\"Path\":\"{}/a.tfstate\"}}",
        bucket.name
    )
}

async fn stack_with(bucket: &Bucket, arguments: &str) -> Stack {
    let stack = Stack::offline();
    stack.write("main.tf", &format!("{}{RESOURCE}", bucket.backend("a.tfstate", arguments)));
    stack
}

/// As a run of one job of GitHub Actions.
fn as_job(run: Run, id: &str) -> Run {
    run.env("GITHUB_ACTIONS", "true")
        .env("GITHUB_REPOSITORY", "org/repository")
        .env("GITHUB_WORKFLOW", "deploy")
        .env("GITHUB_JOB", "apply")
        .env("GITHUB_SERVER_URL", "https://github.com")
        .env("GITHUB_RUN_ID", id)
        .env("GITHUB_RUN_ATTEMPT", "1")
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn is_unlocked(bucket: &Bucket) -> bool {
    let item = bucket.item(&format!("{}/a.tfstate", bucket.name), "Info").await;
    item.is_none() && bucket.text("a.tfstate.tflock").await.is_none()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_terraform_holds_is_told_with_its_holder_and_age() {
    for (arguments, in_object) in [("use_lockfile = true", true), ("dynamodb_table = \"TABLE\"", false)] {
        let bucket = Bucket::fresh().await;
        let stack = stack_with(&bucket, arguments).await;
        let lock = terraforms_lock(&bucket);
        if in_object {
            bucket.put("a.tfstate.tflock", &lock).await;
        } else {
            bucket.put_item(&format!("{}/a.tfstate", bucket.name), "Info", &lock).await;
        }
        let output = bucket.recon(&stack, &["apply", "--auto-approve"]).code(1);
        let said = flat(&output.stderr);
        assert!(said.contains("by ann@laptop for OperationTypeApply since 2026-01-02T03:04:05"), "{output}");
        assert!(said.contains("days ago), lock ID 8db2e37b-e42c-9451-ba4f-6d2c204e3536"), "{output}");
        assert!(!is_unlocked(&bucket).await, "it was not taken away");
        // Without locking the state can be looked at, and the lock stays.
        bucket.recon(&stack, &["diff", "--lock=false"]).success();
        assert!(!is_unlocked(&bucket).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_left_by_a_killed_run_of_the_same_job_is_explained_and_given_back_by_force_only() {
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    let stack = stack_with(&bucket, BOTH).await;
    let gate = Gate::new();
    proxy.rule(Rule::on("s3.PutObject").path("a.tfstate").hold_before(&gate));
    let run = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]);
    let started = as_job(run, "77").start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    started.kill();
    proxy.clear_rules();

    let output = as_job(bucket.recon(&stack, &["apply", "--auto-approve"]), "78").code(1);
    let said = flat(&output.stderr);
    assert!(said.contains("another run of this same job: run 77, attempt 1"), "{output}");
    assert!(said.contains("https://github.com/org/repository/actions/runs/77"), "{output}");
    let lock = bucket.json("a.tfstate.tflock").await;
    let id = lock["ID"].as_str().unwrap();
    assert!(said.contains(&format!("recon force-unlock {id}")), "{output}");

    // Another job does not take it for its own.
    let other = as_job(bucket.recon(&stack, &["apply", "--auto-approve"]), "79").env("GITHUB_JOB", "nightly");
    assert!(!flat(&other.code(1).stderr).contains("same job"));

    let wrong = bucket.recon(&stack, &["force-unlock", "--force", "another-id"]).code(1);
    assert!(flat(&wrong.stderr).contains(&format!("has the ID {id}, not another-id")), "{wrong}");
    assert!(!is_unlocked(&bucket).await);
    bucket.recon(&stack, &["force-unlock", "--force", id]).success();
    assert!(is_unlocked(&bucket).await);
    let again = bucket.recon(&stack, &["force-unlock", "--force", id]).code(1);
    assert!(flat(&again.stderr).contains("is not locked"), "{again}");
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn force_unlock_asks_first() {
    let bucket = Bucket::fresh().await;
    let stack = stack_with(&bucket, "use_lockfile = true").await;
    bucket.put("a.tfstate.tflock", &terraforms_lock(&bucket)).await;
    let id = "8db2e37b-e42c-9451-ba4f-6d2c204e3536";
    bucket.recon(&stack, &["force-unlock", id]).env_remove("CI").input("no\n").code(1);
    assert!(!is_unlocked(&bucket).await);
    bucket.recon(&stack, &["force-unlock", id]).env_remove("CI").input("yes\n").success();
    assert!(is_unlocked(&bucket).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_timeout_waits_until_the_lock_is_given_back() {
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    let stack = stack_with(&bucket, "use_lockfile = true").await;
    bucket.put("a.tfstate.tflock", &terraforms_lock(&bucket)).await;
    let run =
        bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve", "--lock-timeout=1m"]);
    let started = run.start();
    // It has met the lock, and asks again.
    while proxy.count("s3.PutObject") < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let delete = bucket.s3().delete_object().bucket(&bucket.name).key("a.tfstate.tflock");
    delete.send().await.unwrap();
    let output = tokio::task::block_in_place(|| started.wait());
    assert_eq!(output.exit_code(), 0, "{output}");
    assert!(is_unlocked(&bucket).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_object_is_given_back_if_the_table_is_locked() {
    let bucket = Bucket::fresh().await;
    let stack = stack_with(&bucket, BOTH).await;
    bucket.put_item(&format!("{}/a.tfstate", bucket.name), "Info", &terraforms_lock(&bucket)).await;
    let output = bucket.recon(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(flat(&output.stderr).contains("by ann@laptop"), "{output}");
    assert_eq!(bucket.text("a.tfstate.tflock").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lock_is_given_back_though_the_other_cannot_be() {
    // The object cannot be deleted: the item goes all the same, and the other way round.
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    let stack = stack_with(&bucket, BOTH).await;
    proxy.rule(Rule::on("s3.DeleteObject").path(".tflock").status(500));
    let output = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(flat(&output.stderr).contains("recon force-unlock"), "{output}");
    assert_eq!(bucket.item(&format!("{}/a.tfstate", bucket.name), "Info").await, None);
    let lock = bucket.json("a.tfstate.tflock").await;
    proxy.clear_rules();
    // Of two locks one is enough for force-unlock.
    bucket.recon(&stack, &["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();

    proxy.rule(Rule::on("dynamodb.DeleteItem").status(500));
    stack.replace("main.tf", "input = 1", "input = 2");
    let output = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(flat(&output.stderr).contains("recon force-unlock"), "{output}");
    assert_eq!(bucket.text("a.tfstate.tflock").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_whose_answer_was_lost_is_known_for_ones_own() {
    for arguments in ["use_lockfile = true", "dynamodb_table = \"TABLE\""] {
        let bucket = Bucket::fresh().await;
        let proxy = Proxy::start(&bucket.endpoint);
        let stack = stack_with(&bucket, arguments).await;
        proxy.rule(Rule::on("s3.PutObject").path(".tflock").call(1).cut_after());
        proxy.rule(Rule::on("dynamodb.PutItem").call(1).cut_after());
        bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).success();
        assert!(is_unlocked(&bucket).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_a_killed_run_did_not_write_is_written_by_the_next() {
    let bucket = Bucket::fresh().await;
    let stack = stack_with(&bucket, BOTH).await;
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let id = format!("{}/a.tfstate-md5", bucket.name);
    let before = bucket.item(&id, "Digest").await.unwrap();
    // The second put of an item is the digest: the first is the lock.
    let proxy = Proxy::start(&bucket.endpoint);
    let gate = Gate::new();
    proxy.rule(Rule::on("dynamodb.PutItem").call(2).hold_before(&gate));
    stack.replace("main.tf", "input = 1", "input = 2");
    let started = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    started.signal(Signal::SIGKILL);
    started.wait();
    assert_eq!(bucket.json("a.tfstate").await["serial"], 2, "the state was written");
    drop(proxy);
    assert_eq!(bucket.item(&id, "Digest").await, Some(before), "its digest was not");

    let lock = bucket.json("a.tfstate.tflock").await;
    bucket.recon(&stack, &["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();
    let output = bucket.recon(&stack, &["diff", "--detailed-exitcode"]).success();
    assert!(flat(&output.stderr).contains("the state is whole, and its digest is written now"), "{output}");
    assert_eq!(bucket.item(&id, "Digest").await.unwrap(), digest(&bucket.text("a.tfstate").await.unwrap()));
    let output = bucket.recon(&stack, &["diff", "--detailed-exitcode"]).success();
    assert!(!output.stderr.contains("digest"), "{output}");
}

fn digest(text: &str) -> String {
    use md5::Digest;
    md5::Md5::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_not_what_the_digest_says_is_refused_with_both_and_a_way_out() {
    let bucket = Bucket::fresh().await;
    let stack = stack_with(&bucket, BOTH).await;
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let text = bucket.text("a.tfstate").await.unwrap();
    bucket.put("a.tfstate", &text.replace("\"input\": {", "\"input\":  {")).await;
    let output = bucket.recon(&stack, &["apply", "--auto-approve"]).code(1);
    let said = flat(&output.stderr);
    assert!(said.contains(&format!("has {}", digest(&text))), "{output}");
    assert!(said.contains("aws dynamodb put-item --table-name"), "{output}");
    assert!(is_unlocked(&bucket).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_without_conditional_writes_is_told_so() {
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    let stack = stack_with(&bucket, "").await;
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    proxy.rule(Rule::on("s3.PutObject").fail(
        501,
        "NotImplemented",
        "A header you provided implies functionality",
    ));
    stack.replace("main.tf", "input = 1", "input = 2");
    let output = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).code(1);
    assert!(flat(&output.stderr).contains("refuses conditional writes (If-Match)"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_that_asks_nobody_is_found_out_and_named() {
    let bucket = Bucket::fresh().await;
    let proxy = Proxy::start(&bucket.endpoint);
    let stack = stack_with(&bucket, "").await;
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    // Terraform 1.5 writes while recon is between reading and writing.
    let gate = Gate::new();
    proxy.rule(Rule::on("s3.PutObject").path("a.tfstate").hold_before(&gate));
    stack.replace("main.tf", "input = 1", "input = 2");
    let started = bucket.through(proxy.endpoint()).recon(&stack, &["apply", "--auto-approve"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    let theirs = bucket.text("a.tfstate").await.unwrap().replace("\"serial\": 1", "\"serial\": 2");
    bucket.put("a.tfstate", &theirs).await;
    gate.open();
    let output = tokio::task::block_in_place(|| started.wait());
    assert_eq!(output.exit_code(), 1, "{output}");
    let said = flat(&output.stderr);
    assert!(
        said.contains("It was not written by recon, but by Terraform 1.5.7 or a tool like it"),
        "{output}"
    );
    assert!(said.contains("errored.tfstate"), "{output}");
    assert_eq!(bucket.text("a.tfstate").await.unwrap(), theirs, "theirs was not overwritten");
    assert_eq!(stack.read("errored.tfstate").matches("\"value\": 2").count(), 2, "ours was kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_terraform_overwrote_unseen_is_told_where_versions_are_kept() {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let bucket = Bucket::fresh().await;
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let put = bucket.s3().put_bucket_versioning().bucket(&bucket.name).versioning_configuration(versioned);
    put.send().await.unwrap();
    let stack = stack_with(&bucket, "").await;
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let first = bucket.text("a.tfstate").await.unwrap();
    stack.replace("main.tf", "input = 1", "input = 2");
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    assert!(!bucket.recon(&stack, &["diff"]).success().stderr.contains("had not seen"));
    // It had read the first version when recon wrote the second.
    bucket.put("a.tfstate", &first.replace("\"serial\": 1", "\"serial\": 2")).await;
    let output = bucket.recon(&stack, &["diff"]).success();
    let said = flat(&output.stderr);
    assert!(said.contains("over a version of recon's with serial 2, which it had not seen"), "{output}");
    // One that follows on recon's is well.
    bucket.recon(&stack, &["apply", "--auto-approve"]).success();
    let state = bucket.json("a.tfstate").await;
    let serial = state["serial"].as_u64().unwrap();
    let text = bucket.text("a.tfstate").await.unwrap();
    let next = text.replace(&format!("\"serial\": {serial}"), &format!("\"serial\": {}", serial + 1));
    bucket.put("a.tfstate", &next).await;
    let output = bucket.recon(&stack, &["diff"]).success();
    assert!(!output.stderr.contains("had not seen"), "{output}");
}
