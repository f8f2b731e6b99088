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
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, fcntl_lock};

use super::lock::{Held, LockInfo};
use super::{State, StateError};

/// A local state file; locked between [`LocalState::lock`] and [`LocalState::unlock`] or drop.
#[derive(Debug)]
pub struct LocalState {
    path: PathBuf,
    locked: Option<(File, LockInfo)>,
    /// The text last read or written: what a write must find in place.
    seen: Option<String>,
    backed_up: bool,
}

impl LocalState {
    pub fn new(path: impl Into<PathBuf>) -> LocalState {
        LocalState { path: path.into(), locked: None, seen: None, backed_up: false }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn info_path(&self) -> PathBuf {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        self.path.with_file_name(format!(".{name}.lock.info"))
    }

    fn unwritable(&self, source: std::io::Error) -> StateError {
        StateError::Unwritable { place: self.place(), source }
    }

    /// Takes the lock, trying again until the time is over.
    pub fn lock(&mut self, info: LockInfo, patience: Duration) -> Result<(), StateError> {
        let start = Instant::now();
        loop {
            match self.try_lock(&info) {
                Err(StateError::Locked(held)) if start.elapsed() < patience => {
                    drop(held);
                    std::thread::sleep(Duration::from_millis(200).min(patience));
                }
                other => return other,
            }
        }
    }

    fn try_lock(&mut self, info: &LockInfo) -> Result<(), StateError> {
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
            return Err(StateError::Locked(Box::new(Held { place: self.place(), info: self.read_info() })));
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
            return self.try_lock(info);
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
    pub fn unlock(&mut self) {
        if let Some((file, _)) = self.locked.take() {
            let _ = std::fs::remove_file(self.info_path());
            if file.metadata().is_ok_and(|metadata| metadata.len() == 0) {
                let _ = std::fs::remove_file(&self.path);
            }
        }
    }

    fn current_text(&mut self) -> Result<String, StateError> {
        let place = self.place();
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

    /// Reads the state; `None` if there is none.
    pub fn read(&mut self) -> Result<Option<State>, StateError> {
        let text = self.current_text()?;
        let state = State::parse(&text, &self.place())?;
        self.seen = Some(text);
        Ok(state)
    }

    /// Writes the state in one step: a reader sees the old or the new one, whole. Refused if the file is no longer
    /// what was last read or written here. The version that was first found is kept as `<name>.backup`.
    pub fn write(&mut self, state: &State) -> Result<(), StateError> {
        let found = self.current_text()?;
        if let Some(seen) = &self.seen
            && *seen != found
        {
            let serial = |text: &str| State::parse(text, "").ok().flatten().map_or(0, |state| state.serial);
            return Err(StateError::Changed {
                place: self.place(),
                read: serial(seen),
                found: serial(&found),
            });
        }
        if !self.backed_up && !found.trim().is_empty() {
            let backup = PathBuf::from(format!("{}.backup", self.path.display()));
            write_private(&backup, &found).map_err(|error| self.unwritable(error))?;
        }
        self.backed_up = true;
        let text = state.to_text();
        let temporary = PathBuf::from(format!("{}.{}.tmp", self.path.display(), std::process::id()));
        let file = write_private(&temporary, &text).map_err(|error| self.unwritable(error))?;
        if self.locked.is_some() {
            fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive)
                .map_err(|error| self.unwritable(error.into()))?;
        }
        std::fs::rename(&temporary, &self.path).map_err(|error| self.unwritable(error))?;
        sync_directory(&self.path);
        if let Some((held, _)) = &mut self.locked {
            *held = file;
        }
        self.seen = Some(text);
        Ok(())
    }
}

impl Drop for LocalState {
    fn drop(&mut self) {
        self.unlock();
    }
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
