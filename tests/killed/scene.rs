//! A stack with its state in S3, and kills at its steps.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Instant;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use serde_json::Value as Json;

use crate::same;
use crate::support::aws::Aws;
use crate::support::inventory::inventory;
use crate::support::proxy::{Gate, Proxy, Rule};
use crate::support::stack::Stack;

/// What to kill.
pub struct Subject {
    /// Copies the stack for an account.
    pub stack: fn(&Aws) -> Stack,
    /// Whether a table has the lock and the digest, too.
    pub with_table: bool,
    /// What the account has that [`inventory`] does not list.
    pub more: fn(&Aws) -> BTreeMap<&'static str, usize>,
}

/// An account with a bucket, and the stack in it.
struct Scene {
    aws: Aws,
    proxy: Proxy,
    bucket: String,
    stack: Stack,
}

/// What a run has made.
struct Made {
    state: Json,
    inventory: BTreeMap<&'static str, usize>,
}

/// All that changes is done one after the other, so that the n-th call is the same one in each run.
const APPLY: [&str; 4] = ["apply", "--auto-approve", "--no-color", "--parallelism=1"];

impl Scene {
    async fn new(subject: &Subject) -> Scene {
        let aws = Aws::fresh();
        // Names of buckets are unique in the whole server.
        let bucket = format!("states-{}", uuid::Uuid::new_v4().simple());
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(aws.region()))
            .build();
        let create = aws.s3().create_bucket().bucket(&bucket).create_bucket_configuration(place);
        create.send().await.unwrap();
        let mut arguments = "use_lockfile = true\n".to_owned();
        if subject.with_table {
            make_table(&aws, &bucket).await;
            arguments.push_str(&format!("    dynamodb_table = \"{bucket}\"\n"));
        }
        let proxy = Proxy::before(&aws);
        let stack = (subject.stack)(&aws.through(proxy.endpoint()));
        let block = format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket = \"{bucket}\"\n    key = \"k.tfstate\"\n    region = \"{}\"\n    \
             use_path_style = true\n    {arguments}  }}\n}}\n",
            aws.region()
        );
        stack.write("backend.tf", &block);
        Scene { aws, proxy, bucket, stack }
    }

    async fn text(&self, key: &str) -> Option<String> {
        let answer = self.aws.s3().get_object().bucket(&self.bucket).key(key).send().await.ok()?;
        let bytes = answer.body.collect().await.unwrap().into_bytes();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// What there is, which has to be what the code says, with nothing left of the run.
    async fn made(&self, subject: &Subject, step: &str) -> Made {
        // One that has nothing to do, and records what later objects have changed of earlier ones.
        let output = self.stack.recon(&APPLY).output();
        assert!(output.status.success() && output.stdout.contains("No changes."), "{step}: {output}");
        assert_eq!(self.text("k.tfstate.journal").await, None, "{step}");
        assert_eq!(self.lock().await, None, "{step}");
        let state = self.text("k.tfstate").await.unwrap_or_else(|| panic!("{step}: no state"));
        let mut inventory = inventory(&self.aws).await;
        inventory.extend((subject.more)(&self.aws));
        Made { state: serde_json::from_str(&state).unwrap(), inventory }
    }

    /// Kills an apply after the n-th call that changes something has taken effect.
    async fn kill_after(&self, n: usize) {
        let gate = Gate::new();
        self.proxy.rule(Rule::on_changes().call(n).hold_after(&gate));
        let run = self.stack.recon(&APPLY).silent().start();
        gate.wait_for_call();
        let killed = run.kill();
        assert_eq!(killed.signal(), Some(9), "{killed}");
        // The held call stays held.
        self.proxy.clear_rules();
        self.force_unlock().await;
    }

    /// What the lock says, or the half of it that is there.
    async fn lock(&self) -> Option<String> {
        if let Some(lock) = self.text("k.tfstate.tflock").await {
            return Some(lock);
        }
        let id = AttributeValue::S(format!("{}/k.tfstate", self.bucket));
        let found = self.aws.dynamodb().get_item().table_name(&self.bucket).key("LockID", id).send().await;
        Some(found.ok()?.item?.get("Info")?.as_s().unwrap().clone())
    }

    /// A lock that a killed run has left is given back by somebody who has looked.
    async fn force_unlock(&self) {
        let Some(lock) = self.lock().await else { return };
        let lock: Json = serde_json::from_str(&lock).unwrap();
        self.stack.recon(&["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();
    }
}

async fn make_table(aws: &Aws, name: &str) {
    let attribute = AttributeDefinition::builder()
        .attribute_name("LockID")
        .attribute_type(ScalarAttributeType::S)
        .build()
        .unwrap();
    let key = KeySchemaElement::builder().attribute_name("LockID").key_type(KeyType::Hash).build().unwrap();
    let create = aws.dynamodb().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    create.attribute_definitions(attribute).key_schema(key).send().await.unwrap();
}

/// A runtime of the caller's own: runs of recon block their thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Kills an apply of the stack at each of its steps that `chosen` takes, by number and call, two at a time. After each
/// kill the next apply must end well, with every object there once and the state of a run that nobody disturbed.
pub fn kill_at_every_step(subject: &Subject, chosen: impl Fn(usize, &str) -> bool) {
    let start = Instant::now();
    let (steps, expected) = wait(async {
        let scene = Scene::new(subject).await;
        scene.stack.recon(&APPLY).success();
        (scene.proxy.changes(), scene.made(subject, "undisturbed").await)
    });
    let total = steps.len();
    eprintln!("{total} steps, undisturbed in {:.1} s", start.elapsed().as_secs_f64());
    let numbered = steps.iter().enumerate().map(|(index, name)| (index + 1, name.as_str()));
    let queue: VecDeque<(usize, &str)> = numbered.filter(|(n, name)| chosen(*n, name)).collect();
    let count = queue.len();
    let queue = Mutex::new(queue);
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            // The lock must not be held while a step is under way.
            let next = queue.lock().unwrap().pop_front();
            let Some((n, name)) = next else { break };
            let step = format!("killed after step {n} of {total}, {name}");
            // All that fail are named, not the first one only.
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                wait(kill_and_repair(subject, n, &step, &expected));
            }));
            let seconds = start.elapsed().as_secs_f64();
            eprintln!("{step}: {} ({seconds:.1} s)", if outcome.is_ok() { "converged" } else { "FAILED" });
            if outcome.is_err() {
                failed.lock().unwrap().push(step);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(work);
        }
    });
    let failed = failed.into_inner().unwrap();
    eprintln!("{count} kills in {:.1} s", start.elapsed().as_secs_f64());
    assert!(count > 0, "nothing was killed");
    assert!(failed.is_empty(), "{failed:#?}");
}

/// Kills an apply after its n-th step in an account of its own, applies again, and compares.
async fn kill_and_repair(subject: &Subject, n: usize, step: &str, expected: &Made) {
    let scene = Scene::new(subject).await;
    scene.kill_after(n).await;
    let output = scene.stack.recon(&APPLY).output();
    assert_eq!(output.status.code(), Some(0), "{step}: {output}");
    let made = scene.made(subject, step).await;
    assert_eq!(made.inventory, expected.inventory, "{step}: {}", output.stderr);
    let differences = same::differences(&expected.state, &made.state);
    let shown: Vec<&str> = differences.iter().map(|one| one.get(..400).unwrap_or(one)).collect();
    assert!(shown.is_empty(), "{step}: {shown:#?}\n{}", output.stderr);
}
