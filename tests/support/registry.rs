//! A module registry, and whatever else is fetched over http, on the loopback.
//!
//! It speaks the module registry protocol of Terraform's manual. Clients find it through a `host` block of the CLI
//! configuration, since it has no certificate.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::json;

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The connection ends after this many bytes of the body.
    pub cut_at: Option<usize>,
}

impl Answer {
    pub fn ok(body: impl Into<Vec<u8>>) -> Answer {
        Answer { status: 200, body: body.into(), ..Answer::default() }
    }

    pub fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Answer {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn json(content: &serde_json::Value) -> Answer {
        Answer::ok(content.to_string()).header("content-type", "application/json")
    }
}

#[derive(Default)]
struct Shared {
    /// By path without the query.
    routes: HashMap<String, Answer>,
    /// Answers that come first, each once.
    once: HashMap<String, Vec<Answer>>,
    versions: HashMap<String, Vec<String>>,
    requests: Vec<Request>,
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Request {
    /// With the query.
    pub path: String,
    pub authorization: Option<String>,
}

pub struct Registry {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
}

impl Registry {
    pub fn start() -> Registry {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let shared: Arc<Mutex<Shared>> = Arc::default();
        let state = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&state);
                std::thread::spawn(move || answer(stream, &state));
            }
        });
        Registry { address, shared }
    }

    /// `http://127.0.0.1:PORT` and the path, which starts with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers a path from now on.
    pub fn serve(&self, path: &str, answer: Answer) {
        self.shared.lock().unwrap().routes.insert(path.to_owned(), answer);
    }

    /// Answers a path once, before what it answers otherwise.
    pub fn serve_once(&self, path: &str, answer: Answer) {
        self.shared.lock().unwrap().once.entry(path.to_owned()).or_default().push(answer);
    }

    /// Publishes a version of a module, whose package is fetched from `location`: `acme/network/aws`, `1.2.0`.
    pub fn publish_at(&self, module: &str, version: &str, location: &str) {
        let mut shared = self.shared.lock().unwrap();
        let versions = shared.versions.entry(module.to_owned()).or_default();
        versions.push(version.to_owned());
        let entries: Vec<_> = versions.iter().map(|version| json!({ "version": version })).collect();
        let document = json!({ "modules": [{ "source": module, "versions": entries }] });
        shared.routes.insert(format!("/v1/modules/{module}/versions"), Answer::json(&document));
        let answer = Answer::status(204).header("X-Terraform-Get", location);
        shared.routes.insert(format!("/v1/modules/{module}/{version}/download"), answer);
    }

    /// Publishes a version of a module with these files, as an archive beside the registry.
    pub fn publish(&self, module: &str, version: &str, files: &[(&str, &str)]) {
        let path = format!("/archives/{module}/{version}.tar.gz");
        self.serve(&path, Answer::ok(tar_gz(files)));
        self.publish_at(module, version, &path);
    }

    /// Publishes a version of a module that is a folder of the repository.
    pub fn publish_folder(&self, module: &str, version: &str, folder: &Path) {
        let mut files = Vec::new();
        gather(folder, folder, &mut files);
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        self.publish(module, version, &files);
    }

    /// Everything that was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.lock().unwrap().requests.clone()
    }

    /// Forgets what was asked for.
    pub fn forget(&self) {
        self.shared.lock().unwrap().requests.clear();
    }

    /// A CLI configuration for which this is the registry at the hosts.
    pub fn configuration(&self, hosts: &[&str]) -> String {
        let mut text = "disable_checkpoint = true\n".to_owned();
        for host in hosts {
            let url = self.url("/v1/modules/");
            write!(text, "host \"{host}\" {{\n  services = {{ \"modules.v1\" = \"{url}\" }}\n}}\n").unwrap();
        }
        text
    }
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            gather(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
}

fn answer(stream: TcpStream, state: &Mutex<Shared>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut authorization = None;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header).unwrap_or(0) == 0 || header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("authorization")
        {
            authorization = Some(value.trim().to_owned());
        }
    }
    let route = path.split('?').next().unwrap().to_owned();
    let answer = {
        let mut shared = state.lock().unwrap();
        shared.requests.push(Request { path, authorization });
        match shared.once.get_mut(&route).filter(|queue| !queue.is_empty()) {
            Some(queue) => queue.remove(0),
            None => shared.routes.get(&route).cloned().unwrap_or_else(|| Answer::status(404)),
        }
    };
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    for (name, value) in &answer.headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    if answer.status != 204 {
        write!(head, "content-length: {}\r\n", answer.body.len()).unwrap();
    }
    head.push_str("\r\n");
    let mut stream = stream;
    // The client may have gone.
    let _ = stream.write_all(head.as_bytes());
    let end = answer.cut_at.unwrap_or(answer.body.len());
    let _ = stream.write_all(&answer.body[..end]);
}

/// An archive of text files.
pub fn tar_gz(files: &[(&str, &str)]) -> Vec<u8> {
    let encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(encoder);
    for (name, text) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, name, text.as_bytes()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// An archive of text files in the other format.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A Git repository in a folder of its own.
pub struct Repository {
    folder: tempfile::TempDir,
}

impl Repository {
    /// A repository whose branch `main` holds the files.
    pub fn new(files: &[(&str, &str)]) -> Repository {
        let repository = Repository { folder: tempfile::tempdir().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit(files);
        repository
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// `git::file://` and the path.
    pub fn source(&self) -> String {
        format!("git::file://{}", self.path().display())
    }

    /// Writes the files and commits. Answers the commit.
    pub fn commit(&self, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message=change"]);
        self.git(&["rev-parse", "HEAD"])
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let output = std::process::Command::new("git")
            .current_dir(self.path())
            .args(["-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "commit.gpgSign=false"])
            .args(arguments)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", self.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}
