//! The sandbox as its callers hold it: real processes, the real Python.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use recon::sandbox::{Progress, Running, Sandbox, Step, process, silent};

fn sandbox(running: &Path) -> Sandbox {
    let cache = Sandbox::default_cache(|name| std::env::var_os(name)).unwrap();
    Sandbox::new(cache).running_in(running)
}

fn recording() -> (Progress, Arc<Mutex<Vec<Step>>>) {
    let steps = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&steps);
    (Arc::new(move |step| sink.lock().unwrap().push(step)), steps)
}

fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn ec2(running: &Running, region: &str) -> aws_sdk_ec2::Client {
    let configuration = aws_sdk_ec2::Config::builder()
        .behavior_version(aws_sdk_ec2::config::BehaviorVersion::latest())
        .endpoint_url(running.endpoint.url())
        .region(aws_sdk_ec2::config::Region::new(region.to_owned()))
        .credentials_provider(aws_credential_types::Credentials::new("test", "test", None, None, "test"))
        .build();
    aws_sdk_ec2::Client::from_conf(configuration)
}

#[tokio::test(flavor = "multi_thread")]
async fn up_is_found_again_and_down_ends_it() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    assert_eq!(sandbox.status().await.unwrap(), None);
    assert!(!sandbox.down(silent()).await.unwrap());

    let (progress, steps) = recording();
    let running = sandbox.up(progress).await.unwrap();
    let steps = steps.lock().unwrap().clone();
    assert_eq!(steps.last(), Some(&Step::Ready { endpoint: running.endpoint.url() }));
    assert_eq!(sandbox.status().await.unwrap(), Some(running.clone()));

    let (progress, steps) = recording();
    assert_eq!(sandbox.up(progress).await.unwrap(), running, "a second up starts nothing");
    assert_eq!(*steps.lock().unwrap(), []);

    assert!(sandbox.down(silent()).await.unwrap());
    assert!(!process::is_alive(running.endpoint.pid()));
    assert_eq!(sandbox.status().await.unwrap(), None);
    assert!(!sandbox.down(silent()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_get_one_server() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    let callers = (0..4).map(|_| {
        let sandbox = sandbox.clone();
        tokio::spawn(async move { sandbox.up(silent()).await.unwrap() })
    });
    let answers: Vec<Running> =
        futures::future::join_all(callers).await.into_iter().map(Result::unwrap).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert!(sandbox.down(silent()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_noticed_and_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = sandbox(folder.path());
    let first = sandbox.up(silent()).await.unwrap();
    assert!(process::end_group(first.endpoint.pid()));
    assert_eq!(sandbox.status().await.unwrap(), None);
    let second = sandbox.up(silent()).await.unwrap();
    assert_ne!(first.endpoint, second.endpoint);
    assert_eq!(std::fs::read(&first.var_file).unwrap(), std::fs::read(&second.var_file).unwrap());
    assert!(sandbox.down(silent()).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_variable_file_names_what_exists_in_every_region() {
    let folder = tempfile::tempdir().unwrap();
    let (server, running) = sandbox(folder.path()).private(folder.path(), silent()).await.unwrap();
    let text = std::fs::read_to_string(&running.var_file).unwrap();
    let value = |name: &str| -> serde_json::Value {
        let line = text.lines().find(|line| line.split('=').next().unwrap().trim() == name).unwrap();
        serde_json::from_str(line.split_once('=').unwrap().1).unwrap()
    };
    let strings = |value: serde_json::Value| -> Vec<String> { serde_json::from_value(value).unwrap() };
    for region in ["eu-west-3", "us-west-2"] {
        let client = ec2(&running, region);
        let vpc = value("vpc_id");
        let vpc =
            client.describe_vpcs().vpc_ids(vpc.as_str().unwrap()).send().await.unwrap().vpcs()[0].clone();
        assert_eq!(vpc.is_default(), Some(true));
        let subnets = client
            .describe_subnets()
            .set_subnet_ids(Some(strings(value("public_subnet_ids"))))
            .send()
            .await
            .unwrap();
        let zones: std::collections::BTreeSet<_> =
            subnets.subnets().iter().map(|subnet| subnet.availability_zone().unwrap()).collect();
        assert_eq!(zones.len(), 2, "{zones:?}");
        assert!(subnets.subnets().iter().all(|subnet| subnet.vpc_id() == vpc.vpc_id()));
        let key = value("ssh_public_key");
        let imported = client
            .import_key_pair()
            .key_name("key")
            .public_key_material(aws_sdk_ec2::primitives::Blob::new(key.as_str().unwrap()))
            .send()
            .await
            .unwrap();
        assert!(imported.key_pair_id().unwrap().starts_with("key-"));
    }
    assert_eq!(strings(value("ssh_ip_allowlist")), ["127.0.0.1/32"]);
    let pid = running.endpoint.pid();
    drop(server);
    assert!(!process::is_alive(pid));
}

#[test]
fn a_private_server_ends_with_a_process_that_is_killed() {
    const NAME: &str = "a_private_server_ends_with_a_process_that_is_killed";
    const HOLDER: &str = "SANDBOX_TEST_HOLDER";
    if let Some(folder) = std::env::var_os(HOLDER) {
        // The process that is killed below: this same test, started by itself.
        let folder = Path::new(&folder);
        let server = sandbox(folder).start_private(folder, &silent()).unwrap();
        std::fs::write(folder.join("ready"), server.endpoint().pid().to_string()).unwrap();
        loop {
            std::thread::park();
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(HOLDER, folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let ready = folder.path().join("ready");
    wait_until("the server was not started", || {
        std::fs::read_to_string(&ready).is_ok_and(|content| !content.is_empty())
    });
    let pid: u32 = std::fs::read_to_string(&ready).unwrap().parse().unwrap();
    assert!(process::is_alive(pid));
    holder.kill().unwrap();
    holder.wait().unwrap();
    wait_until("the server outlived its parent", || !process::is_alive(pid));
}
