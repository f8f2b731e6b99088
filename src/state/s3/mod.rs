//! States in S3, as Terraform's backend of that name keeps them: the same objects, the same locks, the same digests.
//!
//! What is recon's own: every write is conditional on the version that was read, so that a writer who has not seen
//! the last version is refused even where nothing is locked; a state's metadata says what the table's digest
//! was before, which tells a digest that was not written any more from a state that is not right; and the journal is an object
//! beside the state.

mod journal;
mod locking;
mod object;
mod worker;

use std::sync::Arc;

use crate::lang::value::Value;
use crate::provider::aws::s3_backend::connect;
use crate::provider::aws::s3_backend::remote::{Remote, sentence};

use super::StateError;
use super::backend::{ProviderHandle, StateFile};
use super::encryption::Encryptions;
use super::journal::Storage;
use super::lock::LockInfo;
use journal::JournalObject;
use object::{Seen, Written};
use worker::Worker;

/// A connection to the bucket (and the table) of a `backend "s3"` block.
pub struct S3Backend {
    shared: Arc<Shared>,
    pub(super) encryptions: Arc<Encryptions>,
}

struct Shared {
    worker: Worker,
    remote: Arc<Remote>,
}

impl S3Backend {
    /// Finds region and credentials, with the provider's own means.
    pub(super) fn open(
        config: &Value,
        provider: ProviderHandle,
        encryptions: Arc<Encryptions>,
    ) -> Result<S3Backend, StateError> {
        let worker = Worker::new()?;
        let config = config.clone();
        let remote = worker.run(async move { connect(&config, &*provider).await })?;
        let remote = remote.map_err(|error| {
            StateError::Other(format!("The backend \"s3\" cannot be used. {}", sentence(&error.to_string())))
        })?;
        Ok(S3Backend { shared: Arc::new(Shared { worker, remote: Arc::new(remote) }), encryptions })
    }

    /// The state of a workspace.
    pub(super) fn state(&self, workspace: &str) -> S3State {
        S3State {
            key: self.shared.remote.settings.state_key(workspace),
            shared: Arc::clone(&self.shared),
            locked: None,
            seen: None,
            recorded: Vec::new(),
            unsure: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The workspaces that have a state, but for the default one.
    pub(super) fn workspaces(&self) -> Result<Vec<String>, StateError> {
        let remote = Arc::clone(&self.shared.remote);
        self.shared.worker.run(async move {
            let prefix = remote.settings.workspaces_prefix();
            let keys = remote.keys(&prefix).await.map_err(|error| {
                StateError::Other(format!(
                    "The workspaces in s3://{}/{prefix} cannot be listed: {} The permission for it is s3:ListBucket.",
                    remote.settings.bucket,
                    sentence(&error.to_string())
                ))
            })?;
            Ok(keys.iter().filter_map(|key| remote.settings.workspace_of(key)).map(str::to_owned).collect())
        })?
    }
}

/// How many digests a state's metadata names: metadata has 2 KiB (S3 user guide, “Working with object metadata”).
const MOST_DIGESTS: usize = 16;

/// A state in S3.
pub(super) struct S3State {
    shared: Arc<Shared>,
    key: String,
    /// The ID of the lock that is held.
    locked: Option<String>,
    /// What a write must find in place; `None` if nothing was read yet.
    seen: Option<Seen>,
    /// What the table's digest may be: one, or more after it could not be written.
    recorded: Vec<String>,
    /// Digests of texts whose put had no answer: found in place, they are ours.
    unsure: Vec<String>,
    notes: Vec<String>,
}

impl S3State {
    /// Runs a call to its end in the worker.
    fn run<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        call: impl FnOnce(Arc<Remote>, String) -> F,
    ) -> Result<T, StateError> {
        self.shared.worker.run(call(Arc::clone(&self.shared.remote), self.key.clone()))
    }
}

impl StateFile for S3State {
    fn place(&self) -> String {
        self.shared.remote.place(&self.key)
    }

    fn lock_path(&self) -> String {
        format!("{}/{}", self.shared.remote.settings.bucket, self.key)
    }

    fn try_lock(&mut self, info: &LockInfo) -> Result<(), StateError> {
        let wanted = info.clone();
        self.run(|remote, key| async move { locking::lock(&remote, &key, &wanted).await })??;
        self.locked = Some(info.id.clone());
        Ok(())
    }

    fn unlock(&mut self) -> Result<(), StateError> {
        let Some(id) = self.locked.take() else { return Ok(()) };
        self.run(|remote, key| async move { locking::unlock(&remote, &key, &id).await })?
    }

    fn force_unlock(&mut self, id: &str) -> Result<(), StateError> {
        let id = id.to_owned();
        self.run(|remote, key| async move { locking::force_unlock(&remote, &key, &id).await })?
    }

    fn read_text(&mut self) -> Result<Option<String>, StateError> {
        let may_repair = self.locked.is_some();
        let read = self.run(|remote, key| async move { object::read(&remote, &key, may_repair).await })??;
        self.seen = Some(read.seen);
        self.recorded = read.recorded.into_iter().collect();
        self.notes.extend(read.note);
        Ok(read.text)
    }

    fn write_text(&mut self, text: &str, serial: u64) -> Result<(), StateError> {
        let seen = match self.seen.clone() {
            Some(seen) => seen,
            None => {
                self.read_text()?;
                self.seen.clone().unwrap_or(Seen::Absent)
            }
        };
        let unsure = self.unsure.clone();
        let new = object::New { text: text.to_owned(), serial, recorded: self.recorded.clone() };
        let written =
            self.run(|remote, key| async move { object::write(&remote, &key, new, seen, &unsure).await })?;
        match written {
            Written::Stored { seen, own, digest } => {
                self.seen = Some(seen);
                self.unsure.clear();
                if digest.is_ok() {
                    self.recorded.clear();
                } else if self.recorded.len() == MOST_DIGESTS {
                    // The first stays: it is the one that the table had when all was well.
                    self.recorded.remove(1);
                }
                self.recorded.push(own);
                digest
            }
            Written::Refused { error, unsure } => {
                self.unsure.extend(unsure);
                Err(error)
            }
        }
    }

    fn delete(&mut self) -> Result<(), StateError> {
        self.run(|remote, key| async move { object::delete(&remote, &key).await })??;
        self.seen = Some(Seen::Absent);
        Ok(())
    }

    fn journal(&mut self) -> Box<dyn Storage> {
        Box::new(JournalObject::new(Arc::clone(&self.shared), &self.key))
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }
}
