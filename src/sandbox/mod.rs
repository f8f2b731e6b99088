//! A local AWS to try recon on, and for its tests: [moto](https://docs.getmoto.org) in a private
//! virtual environment of Python, with the mends of `moto_plus/`.
//!
//! Everything lives below one cache folder (see [`Sandbox::new`]):
//!
//! | path | what it is |
//! |---|---|
//! | `environment-<key>/` | the virtual environment; the key names moto's and Python's version |
//! | `moto_plus-<hash>/` | the server's program |
//! | `ssh_public_key` | the public key that stands in for the user's |
//! | `running/` | the shared sandbox of `up`: `server.json`, `server.log`, `sandbox.tfvars` |
//!
//! There are two ways to hold a server. [`Sandbox::up`] starts one that outlives the process and that
//! later processes find again; [`Sandbox::private`] starts one that ends with its [`Server`] value and,
//! whatever happens to the process, with the process.
//!
//! # How a stack gets the sandbox's network
//!
//! An example stack names placeholders: a VPC, subnets, an address range and an SSH key that exist
//! nowhere. The sandbox writes a variable file with values that do exist there, for the variables in
//! [`fixtures::VARIABLES`], and names it in the environment variable [`VAR_FILE_VARIABLE`]
//! (`RECON_SANDBOX_VAR_FILE`). Whoever loads a stack's variables reads that file **last**, with the
//! precedence of a `--var-file` that comes after every other source of values but explicit `--var` and `--var-file`
//! arguments, and takes from it **only variables that the root module declares**; the others are
//! passed over without a warning. `TF_VAR_…` could not serve: `terraform.tfvars` outranks it.

pub mod environment;
pub mod fixtures;
pub mod process;
pub mod python;
pub mod server;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use environment::{Change, Environment, VAR_FILE_VARIABLE, shell_commands};
pub use server::{Endpoint, Server};

/// Region in which the sandbox looks its network up. Every region's default network has the same ids
/// there, so that the values serve in whatever region a stack names.
const HOME_REGION: &str = "us-east-1";

/// What can go wrong with the sandbox. Each message says what to do where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error(
        "Python 3 was not found: the sandbox runs a local AWS that is written in Python. Install Python {}.{} or newer \
         so that \"python3\" is on the PATH (on Debian and Ubuntu: apt-get install python3 python3-venv)",
        python::OLDEST.0, python::OLDEST.1
    )]
    PythonMissing,

    #[error(
        "Python {}.{} or newer is needed for the sandbox, and {path} is {found}",
        python::OLDEST.0, python::OLDEST.1
    )]
    PythonTooOld { path: String, found: String },

    #[error(
        "Python could not make a virtual environment for the sandbox. Its \"venv\" and \"ensurepip\" modules are needed \
         (on Debian and Ubuntu: apt-get install python3-venv). Python said:\n{output}"
    )]
    VirtualEnvironment { output: String },

    #[error(
        "pip could not install {requirement} for the sandbox. It uses your pip configuration (pip config list); check \
         that the package index is reachable. pip said:\n{output}"
    )]
    Install { requirement: String, output: String },

    #[error("{what} {}: {source}", path.display())]
    File { what: &'static str, path: PathBuf, source: std::io::Error },

    #[error("cannot run {program}: {source}")]
    Run { program: String, source: std::io::Error },

    #[error("the local AWS ended as soon as it was started. It said:\n{output}")]
    Ended { output: String },

    #[error("the local AWS did not answer within {seconds} s of being started. It said:\n{output}")]
    Timeout { seconds: u64, output: String },

    #[error("the local AWS (process {pid}) does not end")]
    Immortal { pid: u32 },

    #[error("the local AWS at {endpoint} could not be asked for its default network: {detail}")]
    Network { endpoint: String, detail: String },

    #[error("no SSH key could be made for the sandbox")]
    Key,

    #[error("no folder to keep the sandbox in: neither XDG_CACHE_HOME nor HOME is set")]
    NoCache,

    #[error("the sandbox's work was interrupted: {0}")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl SandboxError {
    fn file(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SandboxError {
        let path = path.to_path_buf();
        move |source| SandboxError::File { what, path, source }
    }
}

/// What the sandbox is doing, for a person who waits. Steps that take no time are not reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Another process prepares or starts the sandbox; this one waits for it.
    Waiting,
    /// Making the virtual environment in the folder: once per machine, some seconds.
    Creating { path: PathBuf },
    /// Installing the requirement into it: once per machine, up to a minute.
    Installing { requirement: String },
    /// Starting the server: about a second.
    Starting,
    /// The server answers.
    Ready { endpoint: String },
    /// Stopping the server.
    Stopping { pid: u32 },
}

/// Receives the steps.
pub type Progress = Arc<dyn Fn(Step) + Send + Sync>;

/// Progress for callers who do not care.
pub fn silent() -> Progress {
    Arc::new(|_| {})
}

/// A running local AWS and the file that fits a stack to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub endpoint: Endpoint,
    pub var_file: PathBuf,
}

impl Running {
    /// The environment in which a command uses this AWS and no other.
    pub fn environment(&self) -> Environment {
        Environment::new(&self.endpoint, Some(&self.var_file))
    }
}

/// The sandbox of one cache folder.
#[derive(Clone, Debug)]
pub struct Sandbox {
    cache: PathBuf,
    running: PathBuf,
}

impl Sandbox {
    /// The sandbox whose files are below `cache`. The folder is made when it is needed.
    pub fn new(cache: impl Into<PathBuf>) -> Sandbox {
        let cache = cache.into();
        Sandbox { running: cache.join("running"), cache }
    }

    /// The same, with the shared server's record in another folder: a shared server of its own, with
    /// the same Python.
    pub fn running_in(self, folder: impl Into<PathBuf>) -> Sandbox {
        Sandbox { running: folder.into(), ..self }
    }

    /// The folder to use unless the user names another: `recon/sandbox` below `$XDG_CACHE_HOME`, or
    /// else below `$HOME/.cache` (XDG Base Directory Specification; a relative `XDG_CACHE_HOME` is
    /// to be ignored). `variable` reads an environment variable.
    ///
    /// # Errors
    /// [`SandboxError::NoCache`] when neither variable is set.
    pub fn default_cache(
        variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<PathBuf, SandboxError> {
        let cache = variable("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let home = || variable("HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        let base = cache.or_else(|| home().map(|home| home.join(".cache"))).ok_or(SandboxError::NoCache)?;
        Ok(base.join("recon").join("sandbox"))
    }

    /// The folder that holds the sandbox's files.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Starts the shared sandbox unless it runs, and says how to reach it. The server outlives this
    /// process. Safe to call from several processes at once: one starts the server, all get it.
    ///
    /// # Errors
    /// Python or its packages are not to be had, the server does not start, or the cache folder cannot
    /// be written.
    pub async fn up(&self, progress: Progress) -> Result<Running, SandboxError> {
        let sandbox = self.clone();
        let (endpoint, is_new, lock) = blocking(move || {
            let lock = lock(&sandbox.running.join("lock"), &progress)?;
            if let Some(endpoint) = server::recorded(&sandbox.running)? {
                return Ok((endpoint, false, lock));
            }
            let python = python::prepare(&sandbox.cache, &progress)?;
            let program = server::install_program(&sandbox.cache)?;
            progress(Step::Starting);
            let endpoint = server::start_detached(&python, &program, &sandbox.running)?;
            progress(Step::Ready { endpoint: endpoint.url() });
            Ok((endpoint, true, lock))
        })
        .await?;
        let var_file = self.running.join("sandbox.tfvars");
        if is_new || !var_file.exists() {
            self.write_var_file(&endpoint, &var_file).await?;
        }
        drop(lock);
        Ok(Running { endpoint, var_file })
    }

    /// The shared sandbox, if it runs. Starts nothing.
    ///
    /// # Errors
    /// The record of the running server cannot be read.
    pub async fn status(&self) -> Result<Option<Running>, SandboxError> {
        let folder = self.running.clone();
        let var_file = folder.join("sandbox.tfvars");
        let endpoint = blocking(move || server::recorded(&folder)).await?;
        Ok(endpoint.filter(|_| var_file.exists()).map(|endpoint| Running { endpoint, var_file }))
    }

    /// Stops the shared sandbox and forgets its objects. False if it did not run.
    ///
    /// # Errors
    /// The server cannot be stopped, or its record cannot be read or removed.
    pub async fn down(&self, progress: Progress) -> Result<bool, SandboxError> {
        let folder = self.running.clone();
        blocking(move || {
            if !folder.exists() {
                return Ok(false);
            }
            let _lock = lock(&folder.join("lock"), &progress)?;
            server::stop_recorded(&folder, &progress)
        })
        .await
    }

    /// Starts a server of the caller's own, which ends when the value is dropped and when this process
    /// ends, even by SIGKILL. `folder` takes its log and its variable file.
    ///
    /// # Errors
    /// As for [`Sandbox::up`].
    pub async fn private(
        &self,
        folder: &Path,
        progress: Progress,
    ) -> Result<(Server, Running), SandboxError> {
        let sandbox = self.clone();
        let place = folder.to_path_buf();
        let server = blocking(move || sandbox.start_private(&place, &progress)).await?;
        let var_file = folder.join("sandbox.tfvars");
        self.write_var_file(server.endpoint(), &var_file).await?;
        let running = Running { endpoint: server.endpoint().clone(), var_file };
        Ok((server, running))
    }

    /// As [`Sandbox::private`], but without a variable file and for callers outside an async runtime:
    /// blocks until the server answers.
    ///
    /// # Errors
    /// As for [`Sandbox::up`].
    pub fn start_private(&self, folder: &Path, progress: &Progress) -> Result<Server, SandboxError> {
        let python = python::prepare(&self.cache, progress)?;
        let program = server::install_program(&self.cache)?;
        progress(Step::Starting);
        let server = server::start_attached(&python, &program, folder)?;
        progress(Step::Ready { endpoint: server.endpoint().url() });
        Ok(server)
    }

    async fn write_var_file(&self, endpoint: &Endpoint, var_file: &Path) -> Result<(), SandboxError> {
        let network = fixtures::default_network(endpoint, HOME_REGION).await?;
        let key = fixtures::public_key(&self.cache.join("ssh_public_key"))?;
        write_atomically(var_file, fixtures::var_file(&network, &key).as_bytes())
    }
}

/// Runs blocking work beside the async runtime's own threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SandboxError> + Send + 'static,
) -> Result<T, SandboxError> {
    tokio::task::spawn_blocking(work).await?
}

/// Takes the lock file, held until the value is dropped or the process ends.
fn lock(path: &Path, progress: &Progress) -> Result<File, SandboxError> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(SandboxError::file("cannot make the folder", folder))?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(SandboxError::file("cannot open the lock file", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => {
            progress(Step::Waiting);
            file.lock().map_err(SandboxError::file("cannot lock", path))?;
            Ok(file)
        }
        Err(fs::TryLockError::Error(source)) => Err(SandboxError::file("cannot lock", path)(source)),
    }
}

/// Writes the file so that a reader sees the old content or the new, never a part.
fn write_atomically(path: &Path, content: &[u8]) -> Result<(), SandboxError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        std::io::Write::write_all(&mut file, content)?;
        file.persist(path)?;
        Ok(())
    };
    write().map_err(SandboxError::file("cannot write", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;

    fn default_cache(variables: &[(&str, &str)]) -> Option<PathBuf> {
        Sandbox::default_cache(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
        })
        .ok()
    }

    #[test]
    fn the_default_cache_follows_the_xdg_specification() {
        let expected = |path: &str| Some(PathBuf::from(path));
        assert_eq!(default_cache(&[("HOME", "/home/ada")]), expected("/home/ada/.cache/recon/sandbox"));
        assert_eq!(
            default_cache(&[("HOME", "/home/ada"), ("XDG_CACHE_HOME", "/var/tmp/c")]),
            expected("/var/tmp/c/recon/sandbox")
        );
        assert_eq!(
            default_cache(&[("HOME", "/home/ada"), ("XDG_CACHE_HOME", "relative")]),
            expected("/home/ada/.cache/recon/sandbox")
        );
        assert_eq!(
            default_cache(&[("HOME", "/home/ada"), ("XDG_CACHE_HOME", "")]),
            expected("/home/ada/.cache/recon/sandbox")
        );
        assert_eq!(default_cache(&[]), None);
    }
}
