//! SIGINT and SIGTERM while the state is locked: the first one stops in good order, the second one at once.

use nix::sys::signal::Signal;

use crate::journal::Scene;
use crate::support::proxy::{Gate, Rule};

const SECOND: &str = r#"
resource "terraform_data" "after" {
  input = aws_kinesis_stream.a.name
}
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_while_aws_is_read_gives_the_lock_back() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let scene = Scene::new().await;
        let stack = scene.stack();
        stack.recon(&["apply", "--auto-approve"]).success();
        let gate = Gate::new();
        scene.proxy.rule(Rule::on_service("kinesis").hold_before(&gate));
        let started = stack.recon(&["diff"]).start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        assert!(scene.text("j.tfstate.tflock").await.is_some());
        started.signal(signal);
        let output = tokio::task::block_in_place(|| started.wait());
        assert_eq!(output.exit_code(), code, "{output}");
        assert!(output.stderr.contains("Nothing was changed."), "{output}");
        assert_eq!(scene.text("j.tfstate.tflock").await, None, "{output}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_signal_in_an_apply_finishes_and_records_what_is_under_way() {
    for (signal, code) in [(Signal::SIGINT, 130), (Signal::SIGTERM, 143)] {
        let scene = Scene::new().await;
        let stack = scene.stack();
        stack.write("second.tf", SECOND);
        let gate = Gate::new();
        scene.proxy.rule(Rule::on("kinesis.CreateStream").hold_before(&gate));
        let started = stack.recon(&["apply", "--auto-approve"]).start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        started.signal(signal);
        gate.open();
        let output = tokio::task::block_in_place(|| started.wait());
        assert_eq!(output.exit_code(), code, "{output}");
        let state = scene.text("j.tfstate").await.unwrap();
        assert!(state.contains("journalled") && !state.contains("terraform_data"), "{output}\n{state}");
        assert_eq!(scene.text("j.tfstate.tflock").await, None);
        assert_eq!(scene.text("j.tfstate.journal").await, None);
        stack.recon(&["apply", "--auto-approve"]).success();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_signal_in_an_apply_ends_it_at_once_and_the_journal_knows() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    let gate = Gate::new();
    scene.proxy.rule(Rule::on("kinesis.CreateStream").hold_before(&gate));
    let mut started = stack.recon(&["apply", "--auto-approve"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    started.signal(Signal::SIGINT);
    tokio::task::block_in_place(|| started.wait_for_error("Interrupted"));
    started.signal(Signal::SIGINT);
    let output = tokio::task::block_in_place(|| started.wait());
    assert_eq!(output.exit_code(), 130, "{output}");
    assert!(scene.text("j.tfstate.journal").await.unwrap().contains("aws_kinesis_stream.a"));
    scene.proxy.clear_rules();
    let lock: serde_json::Value =
        serde_json::from_str(&scene.text("j.tfstate.tflock").await.unwrap()).unwrap();
    let refused = stack.recon(&["apply", "--auto-approve"]).code(1);
    assert!(refused.stderr.contains("which is gone"), "{refused}");
    stack.recon(&["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();
    stack.recon(&["apply", "--auto-approve"]).success();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_wait_for_a_lock() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    let gate = Gate::new();
    scene.proxy.rule(Rule::on("kinesis.CreateStream").call(1).hold_before(&gate));
    let holder = stack.recon(&["apply", "--auto-approve"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    let mut waiting = stack.recon(&["apply", "--auto-approve", "--lock-timeout=1h"]).start();
    tokio::task::block_in_place(|| waiting.wait_for_error("Waiting up to 3600 s"));
    waiting.signal(Signal::SIGTERM);
    let output = tokio::task::block_in_place(|| waiting.wait());
    assert_eq!(output.exit_code(), 143, "{output}");
    gate.open();
    let output = tokio::task::block_in_place(|| holder.wait());
    assert_eq!(output.exit_code(), 0, "{output}");
}
