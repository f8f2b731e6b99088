//! Fetches a Git repository with the `git` program, which must not run, ask or read anything that the repository or
//! its address wants.

use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use super::source::{Package, password_of};

/// Why a repository was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("the program git was not found: install it, it fetches modules from repositories")]
    NoGit,
    #[error("git cannot be run: {0}")]
    Run(std::io::Error),
    #[error("{0}")]
    Failed(String),
    #[error("the repository has no branch, tag or commit {0:?}")]
    NoSuchRevision(String),
    #[error("{0:?} cannot be the name of a branch, tag or commit")]
    Revision(String),
    #[error("the depth {0:?} is not a positive number")]
    Depth(String),
    #[error("{0:?} cannot be a repository's address")]
    Address(String),
}

/// Marks of an answer of git that a whole clone can do better: the server or the protocol gives single commits only
/// by the name of a branch or tag.
const NOT_ALONE: [&str; 5] = [
    "couldn't find remote ref",
    "not our ref",
    "unadvertised object",
    "does not allow request",
    "dumb http transport does not support shallow",
];

/// Fetches a repository's working tree, submodules included, into an empty directory. The part of the address that
/// names a revision is `?ref=`, and `?depth=` how much of the history comes along; without a depth only as much comes
/// as has to.
///
/// # Errors
///
/// If git is not there or does not succeed.
pub async fn fetch(package: &Package, directory: &Path) -> Result<(), GitError> {
    let url = format!("{}{}", package.url, package.query_without(&["ref", "depth", "sshkey"]));
    let authority = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
    if authority.starts_with('-') || authority.split('@').nth(1).is_some_and(|host| host.starts_with('-')) {
        return Err(GitError::Address(super::source::without_password(&url)));
    }
    if package.parameter("sshkey").is_some() {
        return Err(GitError::Failed(
            "a key in the address (?sshkey=) is not used: name it in ~/.ssh/config or give it to ssh-agent"
                .to_owned(),
        ));
    }
    let revision = package.parameter("ref").filter(|revision| !revision.is_empty());
    if let Some(revision) = &revision
        && (revision.starts_with('-') || revision.chars().any(|letter| letter.is_control() || letter == ' '))
    {
        return Err(GitError::Revision(revision.clone()));
    }
    let depth = match package.parameter("depth") {
        None => None,
        Some(text) => match text.parse::<u32>() {
            Ok(depth) if depth > 0 => Some(depth),
            _ => return Err(GitError::Depth(text)),
        },
    };
    let git = Git { directory, secret: password_of(&url), ssh: ssh_command(directory).await };
    git.run(&["init", "--quiet", "--template=", "."]).await?;
    git.run(&["remote", "add", "--", "origin", &url]).await?;
    let commit = match git.fetch_one(revision.as_deref(), depth.unwrap_or(1)).await? {
        Some(commit) => commit,
        None => git.fetch_all(revision.as_deref()).await?,
    };
    git.run(&["checkout", "--quiet", "--detach", "--force", &commit, "--"]).await?;
    // Submodules come from where the repository says, so not from files of this machine.
    if directory.join(".gitmodules").is_file() {
        git.submodules().await?;
    }
    Ok(())
}

struct Git<'a> {
    directory: &'a Path,
    /// The password in the address, which is kept out of messages.
    secret: Option<&'a str>,
    ssh: Option<&'static str>,
}

impl Git<'_> {
    fn command(&self, protocols: &str) -> Command {
        let mut command = Command::new("git");
        command
            .current_dir(self.directory)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            // What the caller's own repository is must not matter here.
            .env_remove("GIT_DIR")
            .env_remove("GIT_WORK_TREE")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_OBJECT_DIRECTORY")
            .env("GIT_CEILING_DIRECTORIES", self.directory.parent().unwrap_or(self.directory))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "")
            .env("SSH_ASKPASS", "")
            .env("GCM_INTERACTIVE", "never")
            .env("GIT_ALLOW_PROTOCOL", protocols)
            .env("LC_ALL", "C")
            .args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"])
            .args(["-c", "advice.detachedHead=false", "-c", "fetch.recurseSubmodules=false"])
            .args(["-c", "http.lowSpeedLimit=1000", "-c", "http.lowSpeedTime=60"])
            .args(["-c", "maintenance.auto=false", "-c", "gc.auto=0"]);
        if let Some(ssh) = self.ssh {
            command.env("GIT_SSH_COMMAND", ssh);
        }
        command
    }

    /// Runs git. Answers what it prints.
    async fn run(&self, arguments: &[&str]) -> Result<String, GitError> {
        self.run_with("https:http:ssh:git:file", arguments).await
    }

    async fn run_with(&self, protocols: &str, arguments: &[&str]) -> Result<String, GitError> {
        let output = self.command(protocols).args(arguments).output().await.map_err(|error| {
            if error.kind() == std::io::ErrorKind::NotFound { GitError::NoGit } else { GitError::Run(error) }
        })?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let said = match self.secret {
            Some(secret) => said.replace(secret, "redacted"),
            None => said.into_owned(),
        };
        let said = said.trim();
        let verb = arguments.first().copied().unwrap_or_default();
        Err(GitError::Failed(if said.is_empty() {
            format!("git {verb} ended with {}", output.status)
        } else {
            said.to_owned()
        }))
    }

    /// Fetches a single commit. `None`: that needs the whole repository.
    async fn fetch_one(&self, revision: Option<&str>, depth: u32) -> Result<Option<String>, GitError> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "._/-".contains(letter);
        if revision.is_some_and(|revision| !revision.chars().all(plain)) {
            return Ok(None);
        }
        let depth = format!("--depth={depth}");
        let fetched = self
            .run(&["fetch", "--quiet", "--no-tags", &depth, "--", "origin", revision.unwrap_or("HEAD")])
            .await;
        match fetched {
            Ok(_) => self.run(&["rev-parse", "--verify", "--quiet", "FETCH_HEAD^{commit}"]).await.map(Some),
            Err(GitError::Failed(said)) if NOT_ALONE.iter().any(|mark| said.contains(mark)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Fetches everything. Answers the commit that is meant.
    async fn fetch_all(&self, revision: Option<&str>) -> Result<String, GitError> {
        let branches = "+refs/heads/*:refs/remotes/origin/*";
        self.run(&["fetch", "--quiet", "--tags", "--", "origin", branches, "+HEAD:refs/remotes/origin/HEAD"])
            .await?;
        let revision = revision.unwrap_or("HEAD");
        for candidate in
            [format!("refs/remotes/origin/{revision}^{{commit}}"), format!("{revision}^{{commit}}")]
        {
            let found = self.run(&["rev-parse", "--verify", "--quiet", "--end-of-options", &candidate]).await;
            if let Ok(commit) = found {
                return Ok(commit);
            }
        }
        Err(GitError::NoSuchRevision(revision.to_owned()))
    }

    async fn submodules(&self) -> Result<(), GitError> {
        let arguments =
            ["submodule", "--quiet", "update", "--init", "--recursive", "--checkout", "--depth=1"];
        self.run_with("https:http:ssh:git", &arguments).await.map(drop)
    }
}

/// The ssh command that asks nothing, unless the user has one of their own.
async fn ssh_command(directory: &Path) -> Option<&'static str> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("GIT_SSH_COMMAND") || is_set("GIT_SSH") {
        return None;
    }
    let configured = Command::new("git")
        .current_dir(directory)
        .args(["config", "--get", "core.sshCommand"])
        .stdin(Stdio::null())
        .output()
        .await
        .is_ok_and(|output| output.status.success());
    (!configured).then_some("ssh -o BatchMode=yes -o ConnectTimeout=20")
}
