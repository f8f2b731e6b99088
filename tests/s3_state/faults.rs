//! A store that fails, in each way at each step of an apply. Whatever happens, nothing that was made goes unrecorded
//! and the message says what to do.

use std::collections::BTreeMap;

use recon::state::State;

use crate::support::ministack::Bucket;
use crate::support::protocol::Reply;
use crate::support::proxy::{Gate, On, Proxy, Rule};
use crate::support::stack::{Output, Stack};

/// Three objects, one after the other, so that the state is written three times (and a last time for the output).
const CHAIN: &str = r#"
resource "terraform_data" "a" {
  input = 1
}

resource "terraform_data" "b" {
  input = terraform_data.a.output
}

resource "terraform_data" "c" {
  input = terraform_data.b.output
}

output "last" {
  value = terraform_data.c.id
}
"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Refused,
    Status500,
    Status503,
    TimeoutBefore,
    TimeoutAfter,
    CutAfter,
    Precondition,
    Truncated,
    Digest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    FirstRead,
    Lock,
    MidApply,
    LastWrite,
}

struct Scene {
    bucket: Bucket,
    proxy: Option<Proxy>,
    stack: Stack,
    /// Opened at the end, so that calls that were held end.
    gate: Gate,
}

impl Scene {
    async fn new(retries: u32) -> Scene {
        let bucket = Bucket::fresh().await;
        let stack = Stack::offline();
        let arguments =
            format!("use_lockfile = true\n    dynamodb_table = \"TABLE\"\n    max_retries = {retries}");
        stack.write("main.tf", &format!("{}{CHAIN}", bucket.backend("f.tfstate", &arguments)));
        let proxy = Proxy::start(&bucket.endpoint);
        Scene { bucket, proxy: Some(proxy), stack, gate: Gate::new() }
    }

    fn apply(&self) -> Output {
        let through = self.bucket.through(self.endpoint());
        tokio::task::block_in_place(|| {
            through.recon(&self.stack, &["apply", "--auto-approve", "--parallelism=1"]).output()
        })
    }

    fn endpoint(&self) -> String {
        self.proxy.as_ref().unwrap().endpoint()
    }

    fn rule(&self, rule: Rule) {
        self.proxy.as_ref().unwrap().rule(rule);
    }

    /// The recorded objects' ids by address: in the store, and in the file that was kept if there is one.
    async fn recorded(&self) -> BTreeMap<String, String> {
        let mut recorded = BTreeMap::new();
        let kept = std::fs::read_to_string(self.stack.path("errored.tfstate")).ok();
        for text in [self.bucket.text("f.tfstate").await, kept].into_iter().flatten() {
            let state = State::parse(&text, "").unwrap().unwrap();
            for (address, _, _, instance) in state.objects() {
                let id = instance.attributes["id"].as_str().unwrap().to_owned();
                recorded.insert(address.to_string(), id);
            }
        }
        recorded
    }

    /// When the store is well again: a lock that was left is given back by force, a kept state is pushed, and an apply
    /// goes on with the very objects that there are.
    async fn recover(self) {
        self.gate.open();
        let before = self.recorded().await;
        let info = self.bucket.item(&format!("{}/f.tfstate", self.bucket.name), "Info").await;
        let info = self.bucket.text("f.tfstate.tflock").await.or(info);
        if let Some(text) = info {
            let info: serde_json::Value = serde_json::from_str(&text).unwrap();
            let id = info["ID"].as_str().unwrap();
            self.bucket.recon(&self.stack, &["force-unlock", "--force", id]).success();
        }
        if self.stack.path("errored.tfstate").exists() {
            self.bucket.recon(&self.stack, &["state", "push", "errored.tfstate"]).success();
        }
        let output = self.bucket.recon(&self.stack, &["apply", "--auto-approve"]).success();
        assert!(!output.stderr.contains("A state was never stored"), "{output}");
        let after = self.recorded_in_store().await;
        assert_eq!(after.len(), 3, "{output}");
        for (address, id) in &before {
            assert_eq!(after.get(address), Some(id), "{address} was not made again\n{output}");
        }
        self.bucket.recon(&self.stack, &["diff", "--detailed-exitcode"]).success();
    }

    async fn recorded_in_store(&self) -> BTreeMap<String, String> {
        let _ = std::fs::remove_file(self.stack.path("errored.tfstate"));
        self.recorded().await
    }
}

/// What was made, going by what the run said.
fn made(output: &Output) -> BTreeMap<String, String> {
    output
        .stdout
        .lines()
        .filter_map(|line| {
            let (address, rest) = line.split_once(": Creation complete")?;
            let id = rest.split_once("[id=")?.1.strip_suffix(']')?;
            Some((address.to_owned(), id.to_owned()))
        })
        .collect()
}

fn with(on: On, fault: Fault, gate: &Gate) -> Rule {
    match fault {
        Fault::Refused => on.cut_before(),
        Fault::Status500 => on.status(500),
        Fault::Status503 => on.status(503),
        Fault::TimeoutBefore => on.hold_before(gate),
        Fault::TimeoutAfter => on.hold_after(gate),
        Fault::CutAfter => on.cut_after(),
        Fault::Precondition => {
            on.fail(412, "PreconditionFailed", "At least one of the pre-conditions did not hold")
        }
        Fault::Truncated => on.rewrite(|_, reply: Reply| {
            let half = reply.body.slice(..reply.body.len() / 2);
            reply.with_body(half)
        }),
        Fault::Digest => on.status(400),
    }
}

/// One cell: the fault from a step on, until the end of the run.
async fn cell(fault: Fault, step: Step) {
    let slow = matches!(fault, Fault::TimeoutBefore | Fault::TimeoutAfter);
    let scene = Scene::new(u32::from(!slow)).await;
    // There is something recorded already.
    if step == Step::FirstRead {
        scene.bucket.recon(&scene.stack, &["apply", "--auto-approve"]).success();
        scene.stack.replace("main.tf", "input = 1", "input = 2");
    }
    let gate = scene.gate.clone();
    let state = |operation: &str| Rule::on(operation).path("f.tfstate");
    let lock = |operation: &str| Rule::on(operation).path("f.tfstate.tflock");
    match (fault, step) {
        (Fault::Digest, Step::FirstRead | Step::Lock) => {
            let id = format!("{}/f.tfstate-md5", scene.bucket.name);
            scene.bucket.put_item(&id, "Digest", "0123456789abcdef0123456789abcdef").await;
        }
        // The first put is the lock's, then comes a digest for each state.
        (Fault::Digest, Step::MidApply) => {
            scene.rule(with(Rule::on("dynamodb.PutItem").calls(3..=usize::MAX), fault, &gate));
        }
        (Fault::Digest, Step::LastWrite) => {
            scene.rule(with(Rule::on("dynamodb.PutItem").calls(5..=usize::MAX), fault, &gate));
        }
        (_, Step::FirstRead) => scene.rule(with(state("s3.GetObject"), fault, &gate)),
        (Fault::Truncated, Step::Lock) => {
            scene.bucket.put("f.tfstate.tflock", "{\"ID\": \"x\", \"Who\": \"ann@laptop\"}").await;
            scene.rule(with(lock("s3.GetObject"), fault, &gate));
        }
        (_, Step::Lock) => scene.rule(with(lock("s3.PutObject"), fault, &gate)),
        // The answer to a put is empty: what can be cut short is the look at what became of it.
        (Fault::Truncated, Step::MidApply | Step::LastWrite) => {
            let from = if step == Step::MidApply { 2 } else { 4 };
            scene.rule(state("s3.PutObject").calls(from..=usize::MAX).cut_after());
            scene.rule(with(state("s3.GetObject").calls(2..=usize::MAX), fault, &gate));
        }
        (_, Step::MidApply) => {
            scene.rule(with(state("s3.PutObject").calls(2..=usize::MAX), fault, &gate));
            // A store that is down is down for all.
            if fault != Fault::Precondition {
                scene.rule(with(state("s3.GetObject").calls(2..=usize::MAX), Fault::Refused, &gate));
            }
        }
        (_, Step::LastWrite) => scene.rule(with(state("s3.PutObject").calls(4..=usize::MAX), fault, &gate)),
    }
    let output = scene.apply();
    let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let made = made(&output);
    // A cut after the write took effect is found out and is no failure where the state can be read again.
    let survives = matches!(fault, Fault::CutAfter | Fault::TimeoutAfter)
        && matches!(step, Step::Lock | Step::LastWrite);
    assert_eq!(output.exit_code() == 0, survives, "{fault:?} at {step:?}: {output}");
    match step {
        Step::FirstRead | Step::Lock if !survives => assert!(made.is_empty(), "nothing was begun: {output}"),
        Step::MidApply => assert_eq!(made.len(), 2, "nothing more was begun: {output}"),
        _ => assert_eq!(made.len(), 3, "{output}"),
    }
    let recorded = scene.recorded().await;
    for (address, id) in &made {
        assert_eq!(recorded.get(address), Some(id), "{address} is recorded: {fault:?} at {step:?}: {output}");
    }
    if !survives {
        let advice =
            ["recon state push", "Run the command again", "recon force-unlock", "put-item", "Wait until"];
        assert!(advice.iter().any(|advice| said.contains(advice)), "{fault:?} at {step:?}: {output}");
        assert!(said.len() > 80 && !said.contains("panicked"), "{output}");
    }
    if fault == Fault::Truncated && step == Step::Lock {
        let delete = scene.bucket.s3().delete_object().bucket(&scene.bucket.name).key("f.tfstate.tflock");
        delete.send().await.unwrap();
    }
    if fault == Fault::Digest && matches!(step, Step::FirstRead | Step::Lock) {
        // As the message says.
        use md5::Digest;
        let text = scene.bucket.text("f.tfstate").await.unwrap_or_default();
        let digest: String = md5::Md5::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest = if text.is_empty() { String::new() } else { digest };
        scene.bucket.put_item(&format!("{}/f.tfstate-md5", scene.bucket.name), "Digest", &digest).await;
    }
    scene.recover().await;
}

macro_rules! cells {
    ($($name:ident: $fault:ident at $step:ident;)*) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                cell(Fault::$fault, Step::$step).await;
            }
        )*
    };
}

cells! {
    connection_refused_at_the_first_read: Refused at FirstRead;
    status_500_at_the_first_read: Status500 at FirstRead;
    status_503_at_the_first_read: Status503 at FirstRead;
    status_412_at_the_first_read: Precondition at FirstRead;
    truncated_body_at_the_first_read: Truncated at FirstRead;
    connection_refused_at_the_lock: Refused at Lock;
    status_500_at_the_lock: Status500 at Lock;
    status_503_at_the_lock: Status503 at Lock;
    connection_cut_after_the_lock_took_effect: CutAfter at Lock;
    status_412_at_the_lock: Precondition at Lock;
    truncated_body_at_the_lock: Truncated at Lock;
    connection_refused_mid_apply: Refused at MidApply;
    status_500_mid_apply: Status500 at MidApply;
    status_503_mid_apply: Status503 at MidApply;
    connection_cut_after_the_write_mid_apply: CutAfter at MidApply;
    status_412_mid_apply: Precondition at MidApply;
    truncated_body_mid_apply: Truncated at MidApply;
    digest_not_written_mid_apply: Digest at MidApply;
    connection_refused_at_the_last_write: Refused at LastWrite;
    status_500_at_the_last_write: Status500 at LastWrite;
    status_503_at_the_last_write: Status503 at LastWrite;
    connection_cut_after_the_last_write_took_effect: CutAfter at LastWrite;
    status_412_at_the_last_write: Precondition at LastWrite;
    truncated_body_at_the_last_write: Truncated at LastWrite;
    digest_not_written_at_the_last_write: Digest at LastWrite;
}

/// The cells in which somebody waits, all at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 12)]
async fn timeouts_and_digests_that_stay_wrong() {
    let cells = [
        (Fault::TimeoutBefore, Step::FirstRead),
        (Fault::TimeoutAfter, Step::FirstRead),
        (Fault::Digest, Step::FirstRead),
        (Fault::TimeoutBefore, Step::Lock),
        (Fault::TimeoutAfter, Step::Lock),
        (Fault::Digest, Step::Lock),
        (Fault::TimeoutBefore, Step::MidApply),
        (Fault::TimeoutAfter, Step::MidApply),
        (Fault::TimeoutBefore, Step::LastWrite),
        (Fault::TimeoutAfter, Step::LastWrite),
    ];
    let running: Vec<_> =
        cells.map(|(fault, step)| ((fault, step), tokio::spawn(cell(fault, step)))).into_iter().collect();
    for (which, task) in running {
        assert!(task.await.is_ok(), "{which:?}");
    }
}

/// The store goes away altogether in the middle: its port is closed.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_goes_away_in_the_middle_leaves_the_state_here() {
    let mut scene = Scene::new(1).await;
    let gate = Gate::new();
    scene.rule(Rule::on("s3.PutObject").path("f.tfstate").call(2).hold_before(&gate));
    let through = scene.bucket.through(scene.endpoint());
    let started = through.recon(&scene.stack, &["apply", "--auto-approve", "--parallelism=1"]).start();
    tokio::task::block_in_place(|| gate.wait_for_call());
    drop(scene.proxy.take());
    let output = tokio::task::block_in_place(|| started.wait());
    assert_eq!(output.exit_code(), 1, "{output}");
    let made = made(&output);
    assert_eq!(made.len(), 2, "{output}");
    assert_eq!(scene.recorded().await, made);
    assert!(output.stderr.contains("errored.tfstate"), "{output}");
    // Until it is stored, every command says so.
    let warned = scene.bucket.recon(&scene.stack, &["diff", "--lock=false"]).success();
    assert!(warned.stderr.contains("A state was never stored"), "{warned}");
    scene.proxy = Some(Proxy::start(&scene.bucket.endpoint));
    scene.recover().await;
}
