//! A real local AWS, one server for each test process, and in it an account for each test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::Credentials;
use aws_types::SdkConfig;
use aws_types::region::Region;
use recon::sandbox::{Environment, Running, Sandbox, Server, process, silent};

/// The region of a fresh [`Aws`] (the example stack's). Any other works as well.
pub const REGION: &str = "eu-west-3";

/// Accounts share nothing, so a test that takes a fresh one is alone, in every region and in services
/// that know no regions.
static NEXT_ACCOUNT: AtomicU64 = AtomicU64::new(200_000_000_000);

/// An account of the local AWS, as seen through an endpoint.
#[derive(Clone, Debug)]
pub struct Aws {
    endpoint: String,
    account: String,
    region: String,
    var_file: PathBuf,
}

struct Shared {
    /// Ends when the process ends: its standard input is closed then.
    _server: Server,
    running: Running,
}

fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        let folder = server_folder();
        // A thread of its own, since the test that comes first may be inside a runtime.
        let start = move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(sandbox().private(&folder, silent()))
        };
        let (server, running) =
            std::thread::spawn(start).join().unwrap().unwrap_or_else(|error| panic!("{error}"));
        Shared { _server: server, running }
    })
}

/// The sandbox with the user's own cache: the virtual environment is made once per machine.
pub fn sandbox() -> Sandbox {
    Sandbox::new(Sandbox::default_cache(|name| std::env::var_os(name)).unwrap())
}

/// A folder for this process's server, below the target directory, where its log can be read afterwards.
/// Those of processes that are gone are removed.
fn server_folder() -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox");
    std::fs::create_dir_all(&base).unwrap();
    for entry in std::fs::read_dir(&base).unwrap().flatten() {
        let gone = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
            .is_none_or(|pid| !process::is_alive(pid));
        if gone {
            // Another test process may be removing it too.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
    base.join(std::process::id().to_string())
}

impl Aws {
    /// An empty account on this process's server.
    pub fn fresh() -> Aws {
        let running = &shared().running;
        Aws {
            endpoint: running.endpoint.url(),
            account: NEXT_ACCOUNT.fetch_add(1, Ordering::Relaxed).to_string(),
            region: REGION.to_owned(),
            var_file: running.var_file.clone(),
        }
    }

    /// The same account in another region.
    pub fn in_region(&self, region: &str) -> Aws {
        Aws { region: region.to_owned(), ..self.clone() }
    }

    /// The same account through another endpoint, such as a [`super::proxy::Proxy`]'s.
    pub fn through(&self, endpoint: String) -> Aws {
        Aws { endpoint, ..self.clone() }
    }

    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// The file with the network and the key of the sandbox.
    pub fn var_file(&self) -> &Path {
        &self.var_file
    }

    /// The environment in which a command uses this account.
    pub fn environment(&self) -> Environment {
        shared()
            .running
            .environment()
            .with("AWS_ENDPOINT_URL", &self.endpoint)
            .with("AWS_ACCESS_KEY_ID", &self.account)
    }

    /// Configuration for any client of the SDK.
    pub fn configuration(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                Credentials::new(&self.account, "test", None, None, "test"),
            ))
            .build()
    }

    pub fn application_autoscaling(&self) -> aws_sdk_applicationautoscaling::Client {
        aws_sdk_applicationautoscaling::Client::new(&self.configuration())
    }

    pub fn autoscaling(&self) -> aws_sdk_autoscaling::Client {
        aws_sdk_autoscaling::Client::new(&self.configuration())
    }

    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.configuration())
    }

    pub fn iam(&self) -> aws_sdk_iam::Client {
        aws_sdk_iam::Client::new(&self.configuration())
    }

    pub fn logs(&self) -> aws_sdk_cloudwatchlogs::Client {
        aws_sdk_cloudwatchlogs::Client::new(&self.configuration())
    }

    pub fn ssm(&self) -> aws_sdk_ssm::Client {
        aws_sdk_ssm::Client::new(&self.configuration())
    }

    /// With the bucket in the path: `bucket.127.0.0.1` is no name.
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let configuration = aws_sdk_s3::config::Builder::from(&self.configuration()).force_path_style(true);
        aws_sdk_s3::Client::from_conf(configuration.build())
    }

    pub fn cloudwatch(&self) -> aws_sdk_cloudwatch::Client {
        aws_sdk_cloudwatch::Client::new(&self.configuration())
    }

    pub fn ec2(&self) -> aws_sdk_ec2::Client {
        aws_sdk_ec2::Client::new(&self.configuration())
    }

    pub fn elb(&self) -> aws_sdk_elasticloadbalancingv2::Client {
        aws_sdk_elasticloadbalancingv2::Client::new(&self.configuration())
    }

    pub fn kinesis(&self) -> aws_sdk_kinesis::Client {
        aws_sdk_kinesis::Client::new(&self.configuration())
    }

    pub fn sts(&self) -> aws_sdk_sts::Client {
        aws_sdk_sts::Client::new(&self.configuration())
    }

    /// The region's default VPC and its subnets, in the order of their availability zones.
    pub async fn network(&self) -> (String, Vec<String>) {
        let ec2 = self.ec2();
        let vpcs = ec2.describe_vpcs().send().await.unwrap();
        let vpc = vpcs.vpcs().iter().find(|vpc| vpc.is_default() == Some(true)).unwrap();
        let vpc = vpc.vpc_id().unwrap().to_owned();
        let answer = ec2.describe_subnets().send().await.unwrap();
        let mut subnets: Vec<_> =
            answer.subnets().iter().filter(|subnet| subnet.vpc_id() == Some(&vpc)).collect();
        subnets.sort_by_key(|subnet| subnet.availability_zone().unwrap().to_owned());
        (vpc, subnets.into_iter().map(|subnet| subnet.subnet_id().unwrap().to_owned()).collect())
    }
}
