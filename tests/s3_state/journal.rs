//! An apply with its state in S3 is killed: the journal beside the state says to the next run what was made. The
//! objects and the state are in the same local AWS here; nobody races.

use crate::support::aws::Aws;
use crate::support::proxy::{Gate, Proxy, Rule};
use crate::support::stack::Stack;

const STREAM: &str = r#"
provider "aws" {
  region = "eu-west-3"
}

resource "aws_kinesis_stream" "a" {
  name        = "journalled"
  shard_count = 1
}
"#;

pub struct Scene {
    aws: Aws,
    pub proxy: Proxy,
    bucket: String,
}

impl Scene {
    pub async fn new() -> Scene {
        use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
        let aws = Aws::fresh();
        // Names of buckets are unique in the whole server.
        let bucket = format!("states-{}", uuid::Uuid::new_v4().simple());
        let place = CreateBucketConfiguration::builder()
            .location_constraint(BucketLocationConstraint::from(aws.region()))
            .build();
        let create = aws.s3().create_bucket().bucket(&bucket).create_bucket_configuration(place);
        create.send().await.unwrap();
        let proxy = Proxy::before(&aws);
        Scene { aws, proxy, bucket }
    }

    pub fn stack(&self) -> Stack {
        let stack = Stack::new(&self.aws.through(self.proxy.endpoint()));
        let block = format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket = \"{}\"\n    key = \"j.tfstate\"\n    region = \"{}\"\n    \
             use_lockfile = true\n    use_path_style = true\n  }}\n}}\n",
            self.bucket,
            self.aws.region()
        );
        stack.write("main.tf", &format!("{block}{STREAM}"));
        stack
    }

    pub async fn text(&self, key: &str) -> Option<String> {
        let answer = self.aws.s3().get_object().bucket(&self.bucket).key(key).send().await.ok()?;
        let bytes = answer.body.collect().await.unwrap().into_bytes();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// Kills an apply when it comes to the rule's call.
    async fn kill_at(&self, stack: &Stack, rule: impl FnOnce(&Gate) -> Rule) {
        let gate = Gate::new();
        self.proxy.rule(rule(&gate));
        let started = stack.recon(&["apply", "--auto-approve"]).start();
        tokio::task::block_in_place(|| gate.wait_for_call());
        started.kill();
        // The held call stays held.
        self.proxy.clear_rules();
        let lock: serde_json::Value =
            serde_json::from_str(&self.text("j.tfstate.tflock").await.unwrap()).unwrap();
        stack.recon(&["force-unlock", "--force", lock["ID"].as_str().unwrap()]).success();
    }

    /// The next apply has one stream, recorded, and nothing else is left.
    async fn assert_converges(&self, stack: &Stack) {
        let output = stack.recon(&["apply", "--auto-approve"]).success();
        let streams = self.aws.kinesis().list_streams().send().await.unwrap();
        assert_eq!(streams.stream_names(), ["journalled"], "{output}");
        // A call that is still held is not counted.
        assert!(self.proxy.count("kinesis.CreateStream") <= 1, "{output}");
        stack.recon(&["diff", "--detailed-exitcode"]).success();
        let state: serde_json::Value = serde_json::from_str(&self.text("j.tfstate").await.unwrap()).unwrap();
        assert_eq!(state["resources"][0]["instances"][0]["attributes"]["name"], "journalled");
        assert_eq!(self.text("j.tfstate.journal").await, None, "{output}");
        assert_eq!(self.text("j.tfstate.tflock").await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_journal_and_the_creation() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    scene.kill_at(&stack, |gate| Rule::on("s3.PutObject").path(".journal").hold_after(gate)).await;
    assert!(scene.text("j.tfstate.journal").await.unwrap().contains("aws_kinesis_stream.a"));
    assert_eq!(scene.proxy.count("kinesis.CreateStream"), 0);
    scene.assert_converges(&stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_creation_and_the_record() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    scene.kill_at(&stack, |gate| Rule::on("kinesis.CreateStream").hold_after(gate)).await;
    assert_eq!(scene.text("j.tfstate").await, None);
    scene.assert_converges(&stack).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_the_record_and_the_end_of_the_journal() {
    let scene = Scene::new().await;
    let stack = scene.stack();
    scene.kill_at(&stack, |gate| Rule::on("s3.DeleteObject").path(".journal").hold_before(gate)).await;
    assert!(scene.text("j.tfstate").await.unwrap().contains("journalled"));
    scene.assert_converges(&stack).await;
}
