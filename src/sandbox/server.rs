//! Starting, finding again and stopping the server process.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::python::last_lines;
use super::{Progress, SandboxError, Step, process, write_atomically};

/// The server's program, in Python. `server.py` is what is run.
const PROGRAM: &[(&str, &str)] = &[
    ("accounts.py", include_str!("moto_plus/accounts.py")),
    ("cbor.py", include_str!("moto_plus/cbor.py")),
    ("mends_dynamodb.py", include_str!("moto_plus/mends_dynamodb.py")),
    ("mends_buckets.py", include_str!("moto_plus/mends_buckets.py")),
    ("mends_alarms.py", include_str!("moto_plus/mends_alarms.py")),
    ("mends_ec2.py", include_str!("moto_plus/mends_ec2.py")),
    ("mends_elb.py", include_str!("moto_plus/mends_elb.py")),
    ("mends_elb_balancers.py", include_str!("moto_plus/mends_elb_balancers.py")),
    ("mends_elb_listeners.py", include_str!("moto_plus/mends_elb_listeners.py")),
    ("mends_groups.py", include_str!("moto_plus/mends_groups.py")),
    ("mends_iam.py", include_str!("moto_plus/mends_iam.py")),
    ("mends_instances.py", include_str!("moto_plus/mends_instances.py")),
    ("mends_kinesis.py", include_str!("moto_plus/mends_kinesis.py")),
    ("mends_lifecycle.py", include_str!("moto_plus/mends_lifecycle.py")),
    ("mends_network.py", include_str!("moto_plus/mends_network.py")),
    ("mends_logs.py", include_str!("moto_plus/mends_logs.py")),
    ("mends_scalable.py", include_str!("moto_plus/mends_scalable.py")),
    ("mends_scaling.py", include_str!("moto_plus/mends_scaling.py")),
    ("mends_targets.py", include_str!("moto_plus/mends_targets.py")),
    ("mends_templates.py", include_str!("moto_plus/mends_templates.py")),
    ("server.py", include_str!("moto_plus/server.py")),
];

/// A first start compiles Python modules, which takes seconds on a slow machine.
const START_SECONDS: u64 = 120;

/// How long a server may take to say who it is.
const ANSWER: Duration = Duration::from_secs(10);

/// Where a server listens, and how it is recognised.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    port: u16,
    pid: u32,
    token: String,
}

impl Endpoint {
    #[cfg(test)]
    pub(super) fn of(port: u16, pid: u32, token: &str) -> Endpoint {
        Endpoint { port, pid, token: token.to_owned() }
    }

    /// The value for `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Asks whoever listens on the port who they are.
    fn answers(&self) -> bool {
        let ask = || -> std::io::Result<Endpoint> {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
            let mut stream = TcpStream::connect_timeout(&address, ANSWER)?;
            stream.set_read_timeout(Some(ANSWER))?;
            stream.write_all(b"GET /recon-sandbox HTTP/1.0\r\n\r\n")?;
            let mut answer = Vec::new();
            stream.take(4096).read_to_end(&mut answer)?;
            let start = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
            Ok(serde_json::from_slice(&answer[start..])?)
        };
        ask().is_ok_and(|endpoint| endpoint == *self)
    }
}

/// A server that ends with this value and with this process.
#[derive(Debug)]
pub struct Server {
    child: Child,
    endpoint: Endpoint,
}

impl Server {
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Ends the server at once.
    pub fn stop(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; there is nobody to tell.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Puts the server's program into the cache, in a folder whose name follows its content, and gives the
/// file to run.
pub(super) fn install_program(cache: &Path) -> Result<PathBuf, SandboxError> {
    let mut digest = Sha256::new();
    for (name, content) in PROGRAM {
        digest.update(name);
        digest.update(content);
    }
    let key: String = digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let folder = cache.join(format!("moto_plus-{key}"));
    for (name, content) in PROGRAM {
        let path = folder.join(name);
        if !fs::read(&path).is_ok_and(|present| present == content.as_bytes()) {
            write_atomically(&path, content.as_bytes())?;
        }
    }
    Ok(folder.join("server.py"))
}

/// Starts a server that ends with this process, and waits until it answers.
pub(super) fn start_attached(python: &Path, program: &Path, folder: &Path) -> Result<Server, SandboxError> {
    let (child, endpoint) = start(python, program, folder, true)?;
    Ok(Server { child, endpoint })
}

/// Starts a server that outlives this process, and waits until it answers. Its record stays in the
/// folder.
pub(super) fn start_detached(python: &Path, program: &Path, folder: &Path) -> Result<Endpoint, SandboxError> {
    let (mut child, endpoint) = start(python, program, folder, false)?;
    // Should it end before this process does, it must not linger as a zombie, which looks alive.
    std::thread::spawn(move || child.wait());
    Ok(endpoint)
}

fn record(folder: &Path) -> PathBuf {
    folder.join("server.json")
}

fn start(
    python: &Path,
    program: &Path,
    folder: &Path,
    attached: bool,
) -> Result<(Child, Endpoint), SandboxError> {
    fs::create_dir_all(folder).map_err(SandboxError::file("cannot make the folder", folder))?;
    let record = record(folder);
    if record.exists() {
        fs::remove_file(&record).map_err(SandboxError::file("cannot remove", &record))?;
    }
    let log_path = folder.join("server.log");
    let log = File::create(&log_path).map_err(SandboxError::file("cannot write", &log_path))?;
    let second_log = log.try_clone().map_err(SandboxError::file("cannot write", &log_path))?;
    let token = uuid::Uuid::new_v4().to_string();
    let mut command = Command::new(python);
    command
        .arg(program)
        .args(["--token", &token, "--announce"])
        .arg(&record)
        .current_dir(folder)
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONPATH")
        .stdout(log)
        .stderr(second_log)
        // Ctrl-C is meant for whoever started it.
        .process_group(0);
    if attached {
        // The pipe's other end closes when this process ends, however it ends.
        command.arg("--die-with-stdin").stdin(Stdio::piped());
    } else {
        command.stdin(Stdio::null());
    }
    let run = |source| SandboxError::Run { program: python.display().to_string(), source };
    let mut child = command.spawn().map_err(run)?;
    match wait_for(&mut child, &record, &log_path, &token) {
        Ok(endpoint) => Ok((child, endpoint)),
        Err(error) => {
            let _ = child.kill();
            let _ = child.wait();
            Err(error)
        }
    }
}

/// Waits until the server has written its record, which it does when it listens.
fn wait_for(child: &mut Child, record: &Path, log: &Path, token: &str) -> Result<Endpoint, SandboxError> {
    let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
    let said = || last_lines(&fs::read_to_string(log).unwrap_or_default());
    loop {
        if let Some(endpoint) = read_record(record)?
            && endpoint.token == token
            && endpoint.answers()
        {
            return Ok(endpoint);
        }
        if child.try_wait().is_ok_and(|status| status.is_some()) {
            return Err(SandboxError::Ended { output: said() });
        }
        if Instant::now() > deadline {
            return Err(SandboxError::Timeout { seconds: START_SECONDS, output: said() });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The record, or nothing if there is none or it is not one of ours.
fn read_record(path: &Path) -> Result<Option<Endpoint>, SandboxError> {
    match fs::read(path) {
        Ok(content) => Ok(serde_json::from_slice(&content).ok()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SandboxError::file("cannot read", path)(error)),
    }
}

/// The server that the folder's record names, if it still runs and answers.
pub(super) fn recorded(folder: &Path) -> Result<Option<Endpoint>, SandboxError> {
    Ok(read_record(&record(folder))?.filter(Endpoint::answers))
}

/// Stops the server that the folder's record names. False if it does not run.
pub(super) fn stop_recorded(folder: &Path, progress: &Progress) -> Result<bool, SandboxError> {
    let path = record(folder);
    let Some(endpoint) = read_record(&path)? else { return Ok(false) };
    // The process id may be another process's by now.
    let runs = endpoint.answers() || process::has_argument(endpoint.pid, &endpoint.token);
    if runs {
        progress(Step::Stopping { pid: endpoint.pid });
        if !process::end_group(endpoint.pid) {
            return Err(SandboxError::Immortal { pid: endpoint.pid });
        }
    }
    fs::remove_file(&path).map_err(SandboxError::file("cannot remove", &path))?;
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_a_server_that_is_gone_counts_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let silent = super::super::silent();
        // A port that was free a moment ago, and the id of this very process under a foreign token.
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let content = format!(r#"{{"pid": {}, "port": {port}, "token": "stale"}}"#, std::process::id());
        fs::write(record(folder.path()), content).unwrap();
        assert_eq!(recorded(folder.path()).unwrap(), None);
        assert!(!stop_recorded(folder.path(), &silent).unwrap());
        assert!(!record(folder.path()).exists());
    }

    #[test]
    fn another_program_on_the_recorded_port_is_not_taken_for_the_server() {
        let folder = tempfile::tempdir().unwrap();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let answer = "HTTP/1.0 200 OK\r\n\r\n{\"pid\": 2, \"port\": 80, \"token\": \"another\"}";
                stream.unwrap().write_all(answer.as_bytes()).unwrap();
            }
        });
        let content = format!(r#"{{"pid": 99999999, "port": {port}, "token": "ours"}}"#);
        fs::write(record(folder.path()), content).unwrap();
        assert_eq!(recorded(folder.path()).unwrap(), None);
    }

    #[test]
    fn a_program_that_ends_is_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("broken.sh");
        fs::write(&program, "echo 'no such module' >&2; exit 3").unwrap();
        let error = start_attached(Path::new("sh"), &program, folder.path()).unwrap_err();
        assert!(matches!(&error, SandboxError::Ended { output } if output == "no such module"), "{error}");
    }
}
