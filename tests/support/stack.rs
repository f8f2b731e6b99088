//! Runs the `recon` binary on a stack in a temporary folder.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use recon::sandbox::Environment;

use super::aws::Aws;

/// A stack in a folder of its own, which goes with the value.
pub struct Stack {
    folder: tempfile::TempDir,
    /// The stack's directory, below the folder.
    directory: PathBuf,
    environment: Option<Environment>,
}

impl Stack {
    /// An empty stack on the account.
    pub fn new(aws: &Aws) -> Stack {
        Stack { environment: Some(aws.environment()), ..Stack::offline() }
    }

    /// An empty stack without credentials or endpoint.
    pub fn offline() -> Stack {
        let folder = tempfile::tempdir().unwrap();
        Stack { directory: folder.path().to_path_buf(), folder, environment: None }
    }

    /// A copy of a folder of the repository, `root`, in which `directory` is the stack: modules beside it
    /// come along. Both are relative, the first to the repository, the second to the first.
    pub fn copied(aws: &Aws, root: &str, directory: &str) -> Stack {
        let mut stack = Stack::new(aws);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(root), stack.folder.path());
        stack.directory = stack.folder.path().join(directory);
        assert!(stack.directory.is_dir(), "{root} has no {directory}");
        stack
    }

    /// Makes an empty folder below the stack's directory the stack's directory: there is room beside it then.
    pub fn enter(&mut self, name: &str) {
        self.directory = self.directory.join(name);
        fs::create_dir_all(&self.directory).unwrap();
    }

    /// The stack's directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Writes a file of the stack, and the folders above it.
    pub fn write(&self, name: &str, content: &str) -> &Stack {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Replaces a piece of text that occurs once in the file.
    pub fn replace(&self, name: &str, from: &str, to: &str) -> &Stack {
        let content = self.read(name);
        assert_eq!(content.matches(from).count(), 1, "{from:?} in {name}");
        self.write(name, &content.replacen(from, to, 1))
    }

    pub fn remove(&self, name: &str) -> &Stack {
        fs::remove_file(self.path(name)).unwrap();
        self
    }

    /// The local state file as JSON.
    pub fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.read("terraform.tfstate")).unwrap()
    }

    /// Uses another account or endpoint from now on.
    pub fn set_aws(&mut self, aws: &Aws) {
        self.environment = Some(aws.environment());
    }

    /// A run of `recon` in the stack's directory, which has not begun.
    pub fn recon(&self, arguments: &[&str]) -> Run {
        self.run(env!("CARGO_BIN_EXE_recon"), arguments)
    }

    /// A run of any program, with the stack's environment.
    pub fn run(&self, program: &str, arguments: &[&str]) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.directory);
        let inherited: Vec<(OsString, OsString)> = std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_none_or(|name| !is_unwanted(name)))
            .collect();
        command.env_clear().envs(inherited.iter().cloned());
        // A home in which nothing is configured.
        command.env("HOME", self.folder.path().join(".home"));
        match &self.environment {
            Some(environment) => environment.apply(&mut command, &inherited),
            None => {
                let nothing = [
                    ("AWS_CONFIG_FILE", "/dev/null"),
                    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
                    ("AWS_EC2_METADATA_DISABLED", "true"),
                ];
                command.envs(nothing);
            }
        }
        Run { command, input: None, is_silent: false, shown: format!("{program} {}", arguments.join(" ")) }
    }
}

/// What the developer's own environment may hold and what would change an outcome.
fn is_unwanted(name: &str) -> bool {
    name.starts_with("AWS_")
        || name.starts_with("TF_")
        || name.starts_with("RECON_")
        || ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS"].contains(&name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap_or_else(|error| panic!("{}: {error}", from.display())) {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        // What a run in the repository itself may have left there is no part of a stack.
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name == ".terraform" || name == ".recon" || name.starts_with("terraform.tfstate") {
            continue;
        }
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// A command that can still be changed.
pub struct Run {
    command: Command,
    input: Option<String>,
    /// Nobody reads what it says.
    is_silent: bool,
    shown: String,
}

impl Run {
    /// Nothing of what it says is kept: a process that is not waited for stops when a pipe that nobody reads is full.
    pub fn silent(mut self) -> Run {
        self.is_silent = true;
        self
    }

    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Run {
        self.command.env(name, value.into());
        self
    }

    pub fn env_remove(mut self, name: &str) -> Run {
        self.command.env_remove(name);
        self
    }

    /// Text for the standard input, which is empty otherwise.
    pub fn input(mut self, text: &str) -> Run {
        self.input = Some(text.to_owned());
        self
    }

    /// Runs it elsewhere than in the stack's directory.
    pub fn current_directory(mut self, path: &Path) -> Run {
        self.command.current_dir(path);
        self
    }

    /// Starts it and returns at once.
    pub fn start(mut self) -> Started {
        let output = || if self.is_silent { Stdio::null() } else { Stdio::piped() };
        self.command.stdout(output()).stderr(output());
        self.command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = self.command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.shown));
        if let (Some(text), Some(mut stdin)) = (self.input, child.stdin.take()) {
            // A program need not read what it is given.
            let _ = stdin.write_all(text.as_bytes());
        }
        Started { child, shown: self.shown }
    }

    /// Runs it to its end.
    pub fn output(self) -> Output {
        self.start().wait()
    }

    /// Runs it to its end, which has to be exit code 0.
    pub fn success(self) -> Output {
        self.code(0)
    }

    /// Runs it to its end, which has to be this exit code.
    pub fn code(self, code: i32) -> Output {
        let output = self.output();
        assert_eq!(output.status.code(), Some(code), "{output}");
        output
    }
}

/// A process under way.
pub struct Started {
    child: Child,
    shown: String,
}

impl Started {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: the process cannot clean up after itself.
    pub fn kill(mut self) -> Output {
        self.child.kill().unwrap();
        self.wait()
    }

    /// Sends a signal that the process can handle.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Blocks until a line on the standard error holds the text. What was read by then is not in the output.
    pub fn wait_for_error(&mut self, text: &str) {
        let stderr = self.child.stderr.as_mut().unwrap();
        let (mut read, mut byte) = (Vec::new(), [0]);
        // Byte by byte: what comes after belongs to the output.
        while !String::from_utf8_lossy(&read).contains(text) {
            let count = stderr.read(&mut byte).unwrap();
            assert!(count > 0, "{} never said {text:?}: {}", self.shown, String::from_utf8_lossy(&read));
            read.extend(byte);
        }
    }

    pub fn wait(self) -> Output {
        let output = self.child.wait_with_output().unwrap();
        Output {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            shown: self.shown,
        }
    }
}

/// What became of a run.
#[derive(Debug)]
pub struct Output {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
    shown: String,
}

impl Output {
    /// The exit code; fails for a process that a signal ended.
    pub fn exit_code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by a signal: {self}"))
    }

    /// The signal that ended the process.
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// The standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }

    /// The standard output as one JSON value a line.
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Output { status, stdout, stderr, shown } = self;
        write!(formatter, "{shown}: {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
