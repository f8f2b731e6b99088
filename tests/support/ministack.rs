//! An S3 and a DynamoDB whose conditional writes are atomic: [ministack](https://pypi.org/project/ministack/), one
//! server for each test process, and in it a bucket for each test. The local AWS of [`super::aws`] is no judge of
//! races: under load it lets two conditional puts succeed.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use aws_types::SdkConfig;
use aws_types::region::Region;
use recon::sandbox::{Sandbox, process, python};

use super::stack::{Run, Stack};

const REQUIREMENT: &str = "ministack==1.5.33";

/// The server ends when its standard input is closed, which the kernel does when this process ends.
const PROGRAM: &str = "\
import os, sys, threading
def watch():
    sys.stdin.buffer.read()
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
sys.argv = ['ministack']
from ministack.app import main
main()
";

struct Server {
    _child: Child,
    port: u16,
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

/// The interpreter of a virtual environment with ministack in it, made once per machine.
fn interpreter() -> PathBuf {
    let cache = Sandbox::default_cache(|name| std::env::var_os(name)).unwrap();
    let folder = cache.join(REQUIREMENT.replace("==", "-"));
    let interpreter = folder.join("bin/python");
    if folder.join("complete").exists() && interpreter.exists() {
        return interpreter;
    }
    // Made aside and renamed: other processes see it whole or not at all.
    let aside = cache.join(format!("{}.{}", REQUIREMENT.replace("==", "-"), std::process::id()));
    let python = python::find(None).unwrap_or_else(|error| panic!("{error}"));
    run(Command::new(&python.path).args(["-m", "venv", "--clear"]).arg(&aside));
    let install = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", REQUIREMENT];
    run(Command::new(aside.join("bin/python")).args(install));
    std::fs::write(aside.join("complete"), REQUIREMENT).unwrap();
    if std::fs::rename(&aside, &folder).is_err() {
        // Another process was there first.
        std::fs::remove_dir_all(&aside).unwrap();
    }
    assert!(interpreter.exists(), "{} was not made", interpreter.display());
    interpreter
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn start() -> Server {
    let interpreter = interpreter();
    let folder = folder();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        // Free a moment ago; should another take it meanwhile, the next one is tried.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = std::fs::File::create(folder.join("ministack.log")).unwrap();
        let mut child = Command::new(&interpreter)
            .args(["-c", PROGRAM])
            .current_dir(&folder)
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", port.to_string())
            .env("LOG_LEVEL", "WARNING")
            .env("TMPDIR", &folder)
            .env("STATE_DIR", folder.join("state"))
            .env("S3_DATA_DIR", folder.join("s3"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        while child.try_wait().unwrap().is_none() {
            if answers(port) {
                return Server { _child: child, port };
            }
            let log = folder.join("ministack.log");
            assert!(Instant::now() < deadline, "ministack does not answer; see {}", log.display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn answers(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let request = "GET /_ministack/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut answer = [0; 12];
    stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && answer.starts_with(b"HTTP/1.1 ")
}

/// A folder for this process's server. Those of processes that are gone are removed.
fn folder() -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ministack");
    std::fs::create_dir_all(&base).unwrap();
    for entry in std::fs::read_dir(&base).unwrap().flatten() {
        let pid = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if pid.is_none_or(|pid| !process::is_alive(pid)) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    let folder = base.join(std::process::id().to_string());
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A bucket and a table of the test's own.
pub struct Bucket {
    pub endpoint: String,
    pub name: String,
    pub table: String,
}

pub const REGION: &str = "us-east-1";

impl Bucket {
    pub async fn fresh() -> Bucket {
        let name = format!("states-{}", uuid::Uuid::new_v4().simple());
        let bucket = Bucket {
            endpoint: format!("http://127.0.0.1:{}", server().port),
            table: format!("{name}-locks"),
            name,
        };
        bucket.s3().create_bucket().bucket(&bucket.name).send().await.unwrap();
        let attribute = AttributeDefinition::builder()
            .attribute_name("LockID")
            .attribute_type(ScalarAttributeType::S)
            .build()
            .unwrap();
        let key =
            KeySchemaElement::builder().attribute_name("LockID").key_type(KeyType::Hash).build().unwrap();
        let create = bucket.dynamodb().create_table().table_name(&bucket.table);
        let create = create.billing_mode(BillingMode::PayPerRequest);
        create.attribute_definitions(attribute).key_schema(key).send().await.unwrap();
        bucket
    }

    /// The same bucket through another endpoint, such as a proxy's.
    pub fn through(&self, endpoint: String) -> Bucket {
        Bucket { endpoint, name: self.name.clone(), table: self.table.clone() }
    }

    fn configuration(&self) -> SdkConfig {
        let credentials = Credentials::new("test", "test", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(REGION))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
            .build()
    }

    pub fn s3(&self) -> aws_sdk_s3::Client {
        let builder = aws_sdk_s3::config::Builder::from(&self.configuration()).force_path_style(true);
        aws_sdk_s3::Client::from_conf(builder.build())
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.configuration())
    }

    /// A `backend "s3"` block for a key, with more arguments.
    pub fn backend(&self, key: &str, more: &str) -> String {
        format!(
            "terraform {{\n  backend \"s3\" {{\n    bucket = \"{}\"\n    key = \"{key}\"\n    region = \"{REGION}\"\n    \
             use_path_style = true\n    skip_credentials_validation = true\n    skip_requesting_account_id = true\n    \
             skip_metadata_api_check = true\n    {}\n  }}\n}}\n",
            self.name,
            more.replace("TABLE", &self.table)
        )
    }

    /// A run of recon on a stack, with this store as its AWS.
    pub fn recon(&self, stack: &Stack, arguments: &[&str]) -> Run {
        self.with_environment(stack.recon(arguments))
    }

    pub fn with_environment(&self, run: Run) -> Run {
        run.env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_REGION", REGION)
            .env("CI", "1")
    }

    /// An object's text; `None` if there is none.
    pub async fn text(&self, key: &str) -> Option<String> {
        let answer = self.s3().get_object().bucket(&self.name).key(key).send().await.ok()?;
        let bytes = answer.body.collect().await.unwrap().into_bytes();
        Some(String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// An object as JSON.
    pub async fn json(&self, key: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(key).await.unwrap_or_else(|| panic!("there is no {key}"))).unwrap()
    }

    pub async fn put(&self, key: &str, text: &str) {
        let body = aws_sdk_s3::primitives::ByteStream::from(text.as_bytes().to_vec());
        self.s3().put_object().bucket(&self.name).key(key).body(body).send().await.unwrap();
    }

    pub async fn keys(&self) -> Vec<String> {
        let answer = self.s3().list_objects_v2().bucket(&self.name).send().await.unwrap();
        answer.contents().iter().map(|object| object.key().unwrap().to_owned()).collect()
    }

    /// A text attribute of an item of the table.
    pub async fn item(&self, id: &str, attribute: &str) -> Option<String> {
        let call = self.dynamodb().get_item().table_name(&self.table);
        let call = call.key("LockID", AttributeValue::S(id.to_owned())).consistent_read(true);
        let item = call.send().await.unwrap().item?;
        Some(item.get(attribute)?.as_s().unwrap().clone())
    }

    pub async fn put_item(&self, id: &str, attribute: &str, text: &str) {
        let call = self.dynamodb().put_item().table_name(&self.table);
        let call = call.item("LockID", AttributeValue::S(id.to_owned()));
        call.item(attribute, AttributeValue::S(text.to_owned())).send().await.unwrap();
    }
}
