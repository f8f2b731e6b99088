//! The journal as an object beside the state, `<key>.journal`.
//!
//! An object cannot be added to, so each durable line writes the whole text, conditional on the version before: two
//! runs that write one journal (neither can have the lock) find each other out before anything is made. Lines that
//! need not be durable wait for the next one that does.

use std::sync::Arc;

use crate::state::StateError;
use crate::state::journal::Storage;

use super::Shared;
use crate::provider::aws::s3_backend::remote::{Condition, Refusal, digest, sentence};

/// How often to try where somebody else's request is in the way.
const TRIES: u32 = 3;

pub(super) struct JournalObject {
    shared: Arc<Shared>,
    key: String,
    /// As it is to be, lines included that wait.
    text: String,
    /// The stored object's; `None` if there is none.
    etag: Option<String>,
}

/// The key of the journal of the state of a key.
pub(super) fn key_of(state: &str) -> String {
    format!("{state}.journal")
}

impl JournalObject {
    pub(super) fn new(shared: Arc<Shared>, state: &str) -> JournalObject {
        JournalObject { shared, key: key_of(state), text: String::new(), etag: None }
    }
}

impl Storage for JournalObject {
    fn place(&self) -> String {
        self.shared.remote.place(&self.key)
    }

    fn read(&mut self) -> Result<String, StateError> {
        let (remote, key) = (Arc::clone(&self.shared.remote), self.key.clone());
        let found = self.shared.worker.run(async move { remote.get(&key).await })?;
        let found = found.map_err(|error| StateError::Unreadable {
            place: self.place(),
            problem: error.to_string(),
            advice: "It says whether a run before this one died in the middle of something, so nothing was done without \
                     it.",
        })?;
        let Some(found) = found else { return Ok(String::new()) };
        self.text = String::from_utf8_lossy(&found.bytes).into_owned();
        self.etag = Some(found.etag);
        Ok(self.text.clone())
    }

    fn append(&mut self, line: &str) -> Result<(), StateError> {
        let mut text = self.text.clone();
        text.push_str(line);
        let (remote, key) = (Arc::clone(&self.shared.remote), self.key.clone());
        let (body, etag) = (text.clone(), self.etag.clone());
        let put = self.shared.worker.run(async move {
            let condition = etag.map_or(Condition::Absent, Condition::Version);
            for attempt in 0..TRIES {
                match remote.put(&key, body.as_bytes(), &condition, &[]).await {
                    Ok(etag) => return Ok(etag),
                    Err(Refusal::Conflict) => {
                        tokio::time::sleep(std::time::Duration::from_millis(50 << attempt)).await;
                    }
                    // An earlier try may have been the one that wrote it.
                    Err(Refusal::Condition { may_be_ours: true }) => match remote.get(&key).await {
                        Ok(Some(found)) if found.digest() == digest(body.as_bytes()) => return Ok(found.etag),
                        Ok(_) => return Err(OTHER_RUN.to_owned()),
                        Err(error) => return Err(sentence(&error.to_string())),
                    },
                    Err(Refusal::Condition { may_be_ours: false }) => return Err(OTHER_RUN.to_owned()),
                    Err(Refusal::Unsupported(error) | Refusal::Failed(error)) => {
                        return Err(sentence(&error.to_string()));
                    }
                }
            }
            Err(OTHER_RUN.to_owned())
        })?;
        let etag = put.map_err(|problem| {
            StateError::Other(format!("The journal {} could not be written: {problem}", self.place()))
        })?;
        self.text = text;
        self.etag = Some(etag);
        Ok(())
    }

    fn note(&mut self, line: &str) -> Result<(), StateError> {
        self.text.push_str(line);
        Ok(())
    }

    /// The object is removed at the end: the next line overwrites it.
    fn clear(&mut self) -> Result<(), StateError> {
        self.text.clear();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), StateError> {
        if !self.text.is_empty() || self.etag.is_none() {
            return Ok(());
        }
        let (remote, key) = (Arc::clone(&self.shared.remote), self.key.clone());
        let etag = self.etag.clone();
        // What is another run's by now is left to it.
        let deleted = self.shared.worker.run(async move { remote.delete(&key, etag.as_deref()).await })?;
        deleted.map_err(|error| {
            StateError::Other(format!(
                "The journal {} is no longer needed and could not be removed: {} The next run does it.",
                self.place(),
                sentence(&error.to_string())
            ))
        })?;
        self.etag = None;
        Ok(())
    }
}

const OTHER_RUN: &str =
    "Another run is writing it: somebody else applies the same state at this moment. Nothing more was begun.";
