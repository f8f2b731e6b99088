//! A state in a file of the stack's directory.
//!
//! The lock is Terraform's: a POSIX record lock on the state file, and a description of the holder in
//! `.<name>.lock.info` beside it. A POSIX lock goes when the process closes any descriptor of the file, so while
//! it is held the file is read through the locked descriptor only; and it belongs to the file, not to the name, so a
//! new version is locked before it takes the old one's name.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, fcntl_lock};

use super::StateError;
use super::backend::StateFile;
use super::encryption::{Encryption, serial_of};
use super::journal::{JournalFile, Storage};
use super::lock::{Held, LockInfo};

/// A local state file; locked between [`StateFile::try_lock`] and [`StateFile::unlock`] or drop.
#[derive(Debug)]
pub struct LocalState {
    path: PathBuf,
    locked: Option<(File, LockInfo)>,
    /// The text last read or written: what a write must find in place.
    seen: Option<String>,
    backed_up: bool,
    /// For the backup: the state itself comes as it is to be stored.
    encryption: Arc<Encryption>,
}

impl LocalState {
    pub fn new(path: impl Into<PathBuf>) -> LocalState {
        LocalState::encrypted(path, Arc::default())
    }

    /// One of which no clear text is to be left beside it.
    pub fn encrypted(path: impl Into<PathBuf>, encryption: Arc<Encryption>) -> LocalState {
        LocalState { path: path.into(), locked: None, seen: None, backed_up: false, encryption }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }

    fn info_path(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".{name}.lock.info"))
    }

    fn unwritable(&self, source: std::io::Error) -> StateError {
        StateError::Unwritable { place: self.shown(), source }
    }

    fn take_lock(&mut self, info: &LockInfo) -> Result<(), StateError> {
        if let Some(directory) = self.path.parent().filter(|directory| !directory.as_os_str().is_empty()) {
            std::fs::create_dir_all(directory).map_err(|error| self.unwritable(error))?;
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&self.path)
            .map_err(|error| self.unwritable(error))?;
        if fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(StateError::Locked(Box::new(Held::new(self.shown(), self.read_info()))));
        }
        // Between opening and locking, the holder may have put a new version in the file's place.
        let same = match (std::fs::metadata(&self.path), file.metadata()) {
            (Ok(named), Ok(held)) => {
                use std::os::unix::fs::MetadataExt;
                (named.dev(), named.ino()) == (held.dev(), held.ino())
            }
            _ => false,
        };
        if !same {
            return self.take_lock(info);
        }
        let text = serde_json::to_string(info).unwrap_or_default();
        std::fs::write(self.info_path(), text).map_err(|error| self.unwritable(error))?;
        self.locked = Some((file, info.clone()));
        Ok(())
    }

    fn read_info(&self) -> Option<LockInfo> {
        serde_json::from_str(&std::fs::read_to_string(self.info_path()).ok()?).ok()
    }

    /// Gives the lock back. A file that was made only to be locked is removed.
    fn release(&mut self) {
        if let Some((file, _)) = self.locked.take() {
            let _ = std::fs::remove_file(self.info_path());
            if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn current_text(&mut self) -> Result<String, StateError> {
        let place = self.shown();
        let unreadable = |problem: std::io::Error| StateError::Unreadable {
            place: place.clone(),
            problem: problem.to_string(),
            advice: "Nothing was changed.",
        };
        let mut bytes = Vec::new();
        match &mut self.locked {
            Some((file, _)) => {
                file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
                file.read_to_end(&mut bytes).map_err(unreadable)?;
            }
            None => match std::fs::read(&self.path) {
                Ok(found) => bytes = found,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(error)),
            },
        }
        String::from_utf8(bytes).map_err(|_| {
            unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is not UTF-8 text"))
        })
    }

    /// Refused if the file is no longer what was last read or written here. The version that was first found is kept
    /// as `<name>.backup`.
    fn replace(&mut self, text: &str) -> Result<(), StateError> {
        let found = self.current_text()?;
        if let Some(seen) = &self.seen
            && *seen != found
        {
            return Err(StateError::Changed {
                place: self.shown(),
                read: serial_of(seen),
                found: serial_of(&found),
            });
        }
        if !self.backed_up && !found.trim().is_empty() {
            let backup = PathBuf::from(format!("{}.backup", self.path.display()));
            let kept = self.encryption.cover(&found, &self.shown())?;
            write_private(&backup, &kept).map_err(|error| self.unwritable(error))?;
        }
        self.backed_up = true;
        let temporary = temporary(&self.path);
        let file = write_private(&temporary, text).map_err(|error| self.unwritable(error))?;
        if self.locked.is_some() {
            fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)
                .map_err(|error| self.unwritable(error.into()))?;
        }
        std::fs::rename(&temporary, &self.path).map_err(|error| self.unwritable(error))?;
        sync_directory(&self.path);
        if let Some((held, _)) = &mut self.locked {
            *held = file;
        }
        self.seen = Some(text.to_owned());
        Ok(())
    }
}

impl Drop for LocalState {
    fn drop(&mut self) {
        self.release();
    }
}

impl StateFile for LocalState {
    fn place(&self) -> String {
        self.shown()
    }

    fn lock_path(&self) -> String {
        self.shown()
    }

    fn try_lock(&mut self, info: &LockInfo) -> Result<(), StateError> {
        self.take_lock(info)
    }

    fn unlock(&mut self) -> Result<(), StateError> {
        self.release();
        Ok(())
    }

    fn force_unlock(&mut self, _id: &str) -> Result<(), StateError> {
        Err(StateError::Other(format!(
            "The lock of {} is the operating system's: it goes with the process that holds it and cannot be left behind. If \
             the state is locked, a process on this machine still works on it: wait for it, or end it.",
            self.shown()
        )))
    }

    fn read_text(&mut self) -> Result<Option<String>, StateError> {
        let text = self.current_text()?;
        self.seen = Some(text.clone());
        Ok((!text.trim().is_empty()).then_some(text))
    }

    /// In one step: a reader sees the old or the new state, whole.
    fn write_text(&mut self, text: &str, _serial: u64) -> Result<(), StateError> {
        self.replace(text)
    }

    fn delete(&mut self) -> Result<(), StateError> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(self.unwritable(error)),
            _ => {
                self.seen = Some(String::new());
                Ok(())
            }
        }
    }

    fn journal(&mut self) -> Box<dyn Storage> {
        Box::new(JournalFile::beside(&self.path))
    }
}

/// Where a file's next version is written before it takes its place.
fn temporary(path: &Path) -> PathBuf {
    PathBuf::from(format!("{}.{}.tmp", path.display(), std::process::id()))
}

/// Puts another text in a file's place, in one step.
pub(super) fn replace_file(path: &Path, text: &str) -> std::io::Result<()> {
    let temporary = temporary(path);
    write_private(&temporary, text)?;
    std::fs::rename(&temporary, path)?;
    sync_directory(path);
    Ok(())
}

/// Writes a file that only its owner may read, down to the disk.
fn write_private(path: &Path, text: &str) -> std::io::Result<File> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(file)
}

/// Makes a renaming durable; file systems that cannot sync a directory need not.
fn sync_directory(path: &Path) {
    let directory = path.parent().filter(|directory| !directory.as_os_str().is_empty());
    if let Ok(directory) = File::open(directory.unwrap_or(Path::new("."))) {
        let _ = directory.sync_all();
    }
}
