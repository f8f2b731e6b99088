//! Where a state is kept: what every backend can do, and a state's place in one.

pub mod configuration;
mod hash;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::provider::object::Object;
use crate::provider::registry::Registry;

use super::encryption::{Encryption, Encryptions};
use super::journal::{Journal, Storage};
use super::local::LocalState;
use super::lock::LockInfo;
use super::s3::S3Backend;
use super::{State, StateError};
use configuration::{Configuration, Kind};

/// The workspace that is always there.
pub const DEFAULT_WORKSPACE: &str = "default";

/// How long to wait at most between two tries to get a lock.
const LONGEST_PAUSE: Duration = Duration::from_secs(4);

/// How long to wait at most between two looks whether to give up.
const NAP: Duration = Duration::from_millis(100);

/// One state, wherever it is: what is the backend's own to do. Its texts are those that are stored, encrypted or not.
/// All calls block.
pub trait StateFile: Send {
    /// What messages call it.
    fn place(&self) -> String;

    /// What a lock's description names.
    fn lock_path(&self) -> String;

    /// Tries once to take the lock.
    ///
    /// # Errors
    /// [`StateError::Locked`] if another holds it.
    fn try_lock(&mut self, info: &LockInfo) -> Result<(), StateError>;

    /// Gives the lock back, all parts of it that can be, if it is held.
    ///
    /// # Errors
    /// A part of it could not be given back; the message names the lock and says what to do.
    fn unlock(&mut self) -> Result<(), StateError>;

    /// Gives back a lock of this id that another process has left.
    ///
    /// # Errors
    /// There is none, it has another id, or the backend's locks go with their process.
    fn force_unlock(&mut self, id: &str) -> Result<(), StateError>;

    /// The state's text as it is now; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read, or what was read is not to be trusted.
    fn read_text(&mut self) -> Result<Option<String>, StateError>;

    /// Writes the text in one step. `serial` is the state's in it.
    ///
    /// # Errors
    /// The state is no longer what was last read or written here, or it cannot be written.
    fn write_text(&mut self, text: &str, serial: u64) -> Result<(), StateError>;

    /// Removes the state.
    ///
    /// # Errors
    /// It cannot be removed.
    fn delete(&mut self) -> Result<(), StateError>;

    /// Where the journal beside the state is kept.
    fn journal(&mut self) -> Box<dyn Storage>;

    /// Whether it is elsewhere than on this machine.
    fn is_remote(&self) -> bool {
        false
    }

    /// What was noticed on the way and a person should know, once.
    fn take_notes(&mut self) -> Vec<String> {
        Vec::new()
    }
}

/// A state in its backend. It gives its lock back when it is dropped, at the latest.
pub struct Store {
    file: Box<dyn StateFile>,
    encryption: Arc<Encryption>,
    is_locked: bool,
}

impl Store {
    fn new(file: impl StateFile + 'static, encryption: &Arc<Encryption>) -> Store {
        Store { file: Box::new(file), encryption: Arc::clone(encryption), is_locked: false }
    }

    /// What messages call it.
    pub fn place(&self) -> String {
        self.file.place()
    }

    /// What a lock's description names.
    pub fn lock_path(&self) -> String {
        self.file.lock_path()
    }

    /// Takes the lock, trying again until the time is over or `give_up` says so.
    ///
    /// # Errors
    /// [`StateError::Locked`] if another still holds it then; others at once.
    pub fn lock(
        &mut self,
        info: &LockInfo,
        patience: Duration,
        give_up: &dyn Fn() -> bool,
    ) -> Result<(), StateError> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(200);
        loop {
            match self.file.try_lock(info) {
                Err(StateError::Locked(held)) => {
                    let next = (start.elapsed() + pause).min(patience);
                    if start.elapsed() >= patience {
                        return Err(StateError::Locked(held));
                    }
                    while start.elapsed() < next {
                        if give_up() {
                            return Err(StateError::Locked(held));
                        }
                        std::thread::sleep(NAP.min(next.saturating_sub(start.elapsed())));
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Ok(()) => {
                    self.is_locked = true;
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the lock back, if it is held.
    ///
    /// # Errors
    /// A part of it could not be given back.
    pub fn unlock(&mut self) -> Result<(), StateError> {
        if !std::mem::take(&mut self.is_locked) {
            return Ok(());
        }
        self.file.unlock()
    }

    /// Gives back a lock that another process has left.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn force_unlock(&mut self, id: &str) -> Result<(), StateError> {
        self.file.force_unlock(id)
    }

    /// Reads the state; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read(&mut self) -> Result<Option<State>, StateError> {
        match self.read_text()? {
            Some(text) => State::parse(&text, &self.file.place()),
            None => Ok(None),
        }
    }

    /// The state's text, decrypted; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_text(&mut self) -> Result<Option<String>, StateError> {
        let stored = self.file.read_text()?;
        let text = self.encryption.open(stored.unwrap_or_default(), &self.file.place())?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// A state's text as it would be stored: for the files that hold it beside the store.
    ///
    /// # Errors
    /// It cannot be encrypted.
    pub fn stored_form<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, StateError> {
        self.encryption.seal(text, &self.file.place())
    }

    /// Writes the state in one step: a reader sees the old or the new one, whole.
    ///
    /// # Errors
    /// The state is no longer what was last read or written here, or it cannot be written.
    pub fn write(&mut self, state: &State) -> Result<(), StateError> {
        let text = state.to_text();
        let stored = self.encryption.seal(&text, &self.file.place())?;
        self.file.write_text(&stored, state.serial)
    }

    /// Removes the state.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn delete(&mut self) -> Result<(), StateError> {
        self.file.delete()
    }

    /// The journal beside the state.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn journal(&mut self) -> Result<Journal, StateError> {
        Journal::kept_in(self.file.journal(), &self.encryption)
    }

    /// Whether it is elsewhere than on this machine.
    pub fn is_remote(&self) -> bool {
        self.file.is_remote()
    }

    /// What was noticed on the way and a person should know, once.
    pub fn take_notes(&mut self) -> Vec<String> {
        self.file.take_notes()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // Whoever wants to know whether it worked has unlocked it before.
        let _ = self.unlock();
    }
}

/// A backend: the states of all workspaces.
pub enum Backend {
    Local(LocalBackend),
    S3(S3Backend),
}

/// States in files of the stack's directory.
pub struct LocalBackend {
    directory: PathBuf,
    path: PathBuf,
    workspaces: PathBuf,
    encryptions: Arc<Encryptions>,
}

impl Backend {
    /// Sets a backend up, whose states are encrypted as `encryptions` says. For S3 that finds region and credentials, and asks nothing of AWS yet but what those take.
    ///
    /// # Errors
    /// There are no credentials, or settings are of no use.
    pub fn open(
        configuration: &Configuration,
        directory: &Path,
        registry: &Registry,
        encryptions: &Arc<Encryptions>,
    ) -> Result<Backend, StateError> {
        let encryptions = Arc::clone(encryptions);
        match configuration.kind {
            Kind::Local => {
                let path = |name: &str, usual: &str| {
                    let given = configuration.settings.text(name).filter(|text| !text.is_empty());
                    PathBuf::from(given.unwrap_or(usual))
                };
                Ok(Backend::Local(LocalBackend {
                    directory: directory.to_path_buf(),
                    path: path("path", "terraform.tfstate"),
                    workspaces: path("workspace_dir", "terraform.tfstate.d"),
                    encryptions,
                }))
            }
            Kind::S3 => {
                let provider = registry.provider("aws").ok_or_else(|| {
                    StateError::Other("The backend \"s3\" needs recon's AWS provider.".to_owned())
                })?;
                S3Backend::open(&configuration.settings, provider, encryptions).map(Backend::S3)
            }
        }
    }

    /// The state of a workspace.
    pub fn store(&self, workspace: &str) -> Store {
        match self {
            Backend::Local(local) => {
                let encryption = local.encryptions.of(workspace);
                Store::new(LocalState::encrypted(local.path(workspace), Arc::clone(encryption)), encryption)
            }
            Backend::S3(s3) => Store::new(s3.state(workspace), s3.encryptions.of(workspace)),
        }
    }

    /// The names of all workspaces that have a state, and the default one, sorted with that first.
    ///
    /// # Errors
    /// They cannot be listed.
    pub fn workspaces(&self) -> Result<Vec<String>, StateError> {
        let others = match self {
            Backend::Local(local) => local.workspaces()?,
            Backend::S3(s3) => s3.workspaces()?,
        };
        let mut names = vec![DEFAULT_WORKSPACE.to_owned()];
        names.extend(others.into_iter().filter(|name| name != DEFAULT_WORKSPACE));
        Ok(names)
    }

    /// Makes a workspace known that has no state yet, where a state is not what makes it known.
    ///
    /// # Errors
    /// Its folder cannot be made.
    pub fn prepare_workspace(&self, workspace: &str) -> Result<(), StateError> {
        match self {
            Backend::Local(local) => local.make(workspace),
            Backend::S3(_) => Ok(()),
        }
    }

    /// Removes what is left of a workspace when its state is gone.
    ///
    /// # Errors
    /// Its folder cannot be removed.
    pub fn remove_workspace(&self, workspace: &str) -> Result<(), StateError> {
        match self {
            Backend::Local(local) => local.remove(workspace),
            Backend::S3(_) => Ok(()),
        }
    }

    /// The file of the default workspace's state, if the backend keeps it in one.
    pub fn local_path(&self) -> Option<PathBuf> {
        match self {
            Backend::Local(local) => Some(local.path(DEFAULT_WORKSPACE)),
            Backend::S3(_) => None,
        }
    }
}

impl LocalBackend {
    /// The file of a workspace's state.
    pub fn path(&self, workspace: &str) -> PathBuf {
        if workspace == DEFAULT_WORKSPACE {
            return self.directory.join(&self.path);
        }
        self.folder(workspace).join("terraform.tfstate")
    }

    /// Gives the file of a workspace's state the name of a backup, so that nothing goes on with it. Answers that; `None`
    /// if there is no file. A backup of what is to be encrypted is encrypted.
    ///
    /// # Errors
    /// It stays what it was.
    pub fn retire(&self, workspace: &str) -> Result<Option<PathBuf>, StateError> {
        let path = self.path(workspace);
        if !path.is_file() {
            return Ok(None);
        }
        let place = path.display().to_string();
        let backup = PathBuf::from(format!("{place}.backup"));
        let unwritable = |source| StateError::Unwritable { place: place.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(unwritable)?;
        if let Cow::Owned(covered) = self.encryptions.of(workspace).cover(&text, &place)? {
            super::local::replace_file(&path, &covered).map_err(unwritable)?;
        }
        std::fs::rename(&path, &backup).map_err(unwritable)?;
        Ok(Some(backup))
    }

    fn folder(&self, workspace: &str) -> PathBuf {
        self.directory.join(&self.workspaces).join(workspace)
    }

    fn workspaces(&self) -> Result<Vec<String>, StateError> {
        let folder = self.directory.join(&self.workspaces);
        let unreadable = |error: std::io::Error| StateError::Unreadable {
            place: folder.display().to_string(),
            problem: error.to_string(),
            advice: "Nothing was changed.",
        };
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(unreadable(error)),
        };
        let mut names = BTreeSet::new();
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            if entry.path().is_dir()
                && let Ok(name) = entry.file_name().into_string()
            {
                names.insert(name);
            }
        }
        Ok(names.into_iter().collect())
    }

    fn make(&self, workspace: &str) -> Result<(), StateError> {
        let folder = self.folder(workspace);
        std::fs::create_dir_all(&folder)
            .map_err(|source| StateError::Unwritable { place: folder.display().to_string(), source })
    }

    fn remove(&self, workspace: &str) -> Result<(), StateError> {
        let folder = self.folder(workspace);
        match std::fs::remove_dir_all(&folder) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::Unwritable { place: folder.display().to_string(), source })
            }
            _ => Ok(()),
        }
    }
}

/// A shared handle to a provider, as [`Registry::provider`] gives it.
pub(super) type ProviderHandle = Arc<dyn crate::provider::Provider>;
