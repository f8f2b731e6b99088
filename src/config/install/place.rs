//! Puts packages in their places below `.terraform/modules`, each in one step.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use super::Event;
use super::manifest::DIRECTORY;

/// What unfinished directories are called.
const PREFIX: &str = ".recon-";

/// The directory of modules, which no other run of recon changes while this exists.
pub struct Staging {
    directory: PathBuf,
    /// Holds the lock.
    _lock: fs::File,
}

impl Staging {
    /// Makes and locks a stack's directory of modules, and removes what a run that was cut short has left there.
    ///
    /// # Errors
    ///
    /// If it cannot be made; the text says why.
    pub async fn open(stack: &Path, notify: &mut (dyn FnMut(Event<'_>) + Send)) -> Result<Staging, String> {
        let directory = stack.join(DIRECTORY);
        let unusable =
            |error: io::Error| format!("The directory {} cannot be used: {error}.", directory.display());
        fs::create_dir_all(&directory).map_err(unusable)?;
        let mut lock = fs::File::open(&directory).map_err(unusable)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive) == Err(rustix::io::Errno::WOULDBLOCK) {
            notify(Event::Waiting);
            let waited = tokio::task::spawn_blocking(move || {
                // A file system without locks is one that nobody else can have locked.
                let _ = flock(&lock, FlockOperation::LockExclusive);
                lock
            });
            lock = waited.await.map_err(|error| unusable(io::Error::other(error)))?;
        }
        for entry in fs::read_dir(&directory).map_err(unusable)?.flatten() {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
        Ok(Staging { directory, _lock: lock })
    }

    /// An empty directory for a package, beside the places of packages. It goes with the value.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn directory(&self) -> io::Result<TempDir> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).permissions(fs::Permissions::from_mode(0o755)).tempdir_in(&self.directory)
    }

    /// Puts a package at the places of all keys. There is at least one.
    ///
    /// # Errors
    ///
    /// If a directory cannot be written. What was there before is still there then, or nothing.
    pub async fn place(&self, package: TempDir, keys: &[&str]) -> io::Result<()> {
        let Some((first, others)) = keys.split_first() else { return Ok(()) };
        for key in others {
            let copied = self.directory()?;
            let (from, to) = (package.path().to_owned(), copied.path().to_owned());
            tokio::task::spawn_blocking(move || copy(&from, &to)).await.map_err(io::Error::other)??;
            self.exchange(copied, key)?;
        }
        self.exchange(package, first)
    }

    /// Makes the places of all keys links to a directory of this machine.
    ///
    /// # Errors
    ///
    /// If there is no such directory, or a link cannot be made.
    pub fn link(&self, target: &Path, keys: &[&str]) -> io::Result<()> {
        let target = target.canonicalize()?;
        if !target.is_dir() {
            return Err(io::Error::new(io::ErrorKind::NotADirectory, "it is no directory"));
        }
        for key in keys {
            let aside = self.directory()?;
            let link = aside.path().join("link");
            symlink(&target, &link)?;
            let old = self.directory.join(key);
            remove(&old, &aside)?;
            fs::rename(link, old)?;
        }
        Ok(())
    }

    /// Renames a complete directory to its place; what was there before goes.
    fn exchange(&self, new: TempDir, key: &str) -> io::Result<()> {
        let old = self.directory.join(key);
        let aside = self.directory()?;
        remove(&old, &aside)?;
        fs::rename(new.path(), &old)?;
        // It is at another path now, where nothing is to be removed.
        let _ = new.keep();
        Ok(())
    }
}

/// Moves what is at a path into a directory that is removed soon.
fn remove(path: &Path, aside: &TempDir) -> io::Result<()> {
    match fs::rename(path, aside.path().join("old")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Copies a package without its Git history, which only the first one keeps, as Terraform has it.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut pending = vec![(from.to_owned(), to.to_owned())];
    while let Some((from, to)) = pending.pop() {
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            if entry.file_name() == ".git" {
                continue;
            }
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                symlink(fs::read_link(&from)?, &to)?;
            } else if kind.is_dir() {
                fs::create_dir(&to)?;
                pending.push((from, to));
            } else {
                fs::copy(&from, &to)?;
            }
        }
    }
    Ok(())
}
