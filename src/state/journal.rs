//! The journal: what is about to be made, written down before it is.
//!
//! A run that dies between AWS's success and the state's next version leaves an object that no state knows. Its
//! entry here says what to look for: the next run finds the object by what identifies it and records it. The
//! file or object, `<state>.journal`, is one JSON object a line; a last line that was cut off is passed over. It holds nothing
//! sensitive and goes when nothing is under way. Where the state is encrypted, each line is.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::encryption::Encryption;
use super::file::read_path;
use super::write::write_path;
use super::{StateError, mark_paths, sensitive_paths};
use crate::lang::convert::PathStep;
use crate::lang::value::Value;

/// An object about to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub id: String,
    pub address: String,
    /// `provider["registry.terraform.io/hashicorp/aws"]`
    pub provider: String,
    /// The attributes that it can be found by; null if there are none.
    pub identity: Json,
    /// Attributes as they are planned that AWS may answer otherwise and mean the same: nothing, be it null, false, 0 or
    /// empty, and text such as JSON. A record has them as they were planned.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub spelling: Map<String, Json>,
    /// Where the code says that a value is sensitive, as a state has it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<Json>,
    pub dependencies: Vec<String>,
    /// RFC 3339
    pub started: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Entry {
    Create(Box<Intent>),
    /// The state knows how it ended.
    Recorded {
        id: String,
    },
}

/// The places of a value's sensitive parts, for [`Intent::sensitive`].
pub fn sensitive(value: &Value) -> Vec<Json> {
    sensitive_paths(value).iter().map(|path| write_path(path)).collect()
}

impl Intent {
    /// The value, with what the code says to be sensitive marked.
    pub fn marked(&self, value: &Value) -> Value {
        let paths: Vec<Vec<PathStep>> = self.sensitive.iter().map(read_path).collect();
        mark_paths(value, &paths)
    }
}

/// Where a journal is kept, as text of one entry a line.
pub trait Storage: Send {
    /// What messages call it.
    fn place(&self) -> String;

    /// The whole text; empty if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn read(&mut self) -> Result<String, StateError>;

    /// Adds a line, durably.
    ///
    /// # Errors
    /// It cannot be written, or another writes the same journal.
    fn append(&mut self, line: &str) -> Result<(), StateError>;

    /// Takes note that nothing is under way any more; [`Storage::finish`] may be what removes the text.
    ///
    /// # Errors
    /// It cannot be removed.
    fn clear(&mut self) -> Result<(), StateError>;

    /// Adds a line that need not be durable: without it the next run finds out by itself.
    ///
    /// # Errors
    /// It cannot be written.
    fn note(&mut self, line: &str) -> Result<(), StateError> {
        self.append(line)
    }

    /// Does what was put off.
    ///
    /// # Errors
    /// It cannot be done.
    fn finish(&mut self) -> Result<(), StateError> {
        Ok(())
    }
}

/// The journal of one state.
pub struct Journal {
    storage: Box<dyn Storage>,
    encryption: Arc<Encryption>,
    open: BTreeMap<String, Intent>,
}

/// A journal in a file beside the state's.
pub(super) struct JournalFile {
    path: PathBuf,
    file: Option<File>,
}

impl JournalFile {
    /// The journal beside a state file.
    pub(super) fn beside(state: &Path) -> JournalFile {
        JournalFile { path: PathBuf::from(format!("{}.journal", state.display())), file: None }
    }
}

impl Storage for JournalFile {
    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn read(&mut self) -> Result<String, StateError> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(StateError::Unreadable {
                place: self.path.display().to_string(),
                problem: error.to_string(),
                advice: "Nothing was changed.",
            }),
        }
    }

    fn append(&mut self, line: &str) -> Result<(), StateError> {
        let mut write = || -> std::io::Result<()> {
            if self.file.is_none() {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
                self.file = Some(file);
            }
            if let Some(file) = &mut self.file {
                file.write_all(line.as_bytes())?;
                file.sync_data()?;
            }
            Ok(())
        };
        write().map_err(|source| StateError::Unwritable { place: self.path.display().to_string(), source })
    }

    fn clear(&mut self) -> Result<(), StateError> {
        self.file = None;
        match std::fs::remove_file(&self.path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(StateError::Unwritable { place: self.path.display().to_string(), source })
            }
            _ => Ok(()),
        }
    }
}

impl Journal {
    /// Opens a journal wherever it is kept, and reads what a run before left.
    ///
    /// # Errors
    /// It cannot be read, or not be decrypted.
    pub fn kept_in(
        mut storage: Box<dyn Storage>,
        encryption: &Arc<Encryption>,
    ) -> Result<Journal, StateError> {
        let text = storage.read()?;
        let place = storage.place();
        let mut open = BTreeMap::new();
        for line in text.lines() {
            match serde_json::from_str(&encryption.open_line(line, &place)?) {
                Ok(Entry::Create(intent)) => {
                    open.insert(intent.id.clone(), *intent);
                }
                Ok(Entry::Recorded { id }) => {
                    open.remove(&id);
                }
                // The line that was being written when the run died: what it announced was never begun.
                Err(_) => {}
            }
        }
        Ok(Journal { storage, encryption: Arc::clone(encryption), open })
    }

    /// What was begun and not recorded.
    pub fn unfinished(&self) -> impl Iterator<Item = &Intent> {
        self.open.values()
    }

    /// Writes down, durably, that an object is about to be made.
    ///
    /// # Errors
    /// It cannot be written: the object must not be made.
    pub fn begin(&mut self, intent: Intent) -> Result<(), StateError> {
        let line = self.line(&Entry::Create(Box::new(intent.clone())))?;
        self.storage.append(&line)?;
        self.open.insert(intent.id.clone(), intent);
        Ok(())
    }

    /// Notes that what was begun is settled otherwise than by a record. The last one takes the text away.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn end(&mut self, id: &str) -> Result<(), StateError> {
        if self.open.remove(id).is_none() {
            return Ok(());
        }
        if self.open.is_empty() && self.storage.clear().is_ok() {
            return Ok(());
        }
        let line = self.line(&Entry::Recorded { id: id.to_owned() })?;
        self.storage.append(&line)
    }

    /// Notes that the state, as it is stored, has the object. The last one takes the text away.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn recorded(&mut self, id: &str) -> Result<(), StateError> {
        if self.open.remove(id).is_none() {
            return Ok(());
        }
        if self.open.is_empty() && self.storage.clear().is_ok() {
            return Ok(());
        }
        let line = self.line(&Entry::Recorded { id: id.to_owned() })?;
        self.storage.note(&line)
    }

    /// Does what was put off.
    ///
    /// # Errors
    /// It cannot be done.
    pub fn finish(&mut self) -> Result<(), StateError> {
        self.storage.finish()
    }

    /// An entry as it is stored.
    fn line(&self, entry: &Entry) -> Result<String, StateError> {
        // An entry is strings and a value that came from JSON: it can always be written.
        let line = serde_json::to_string(entry).unwrap_or_default();
        let mut line = self.encryption.seal_line(&line, &self.storage.place())?.into_owned();
        line.push('\n');
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journal_of(state: &Path) -> Journal {
        Journal::kept_in(Box::new(JournalFile::beside(state)), &Arc::default()).unwrap()
    }

    fn intent(id: &str) -> Intent {
        Intent {
            id: id.to_owned(),
            address: "aws_kinesis_stream.a".to_owned(),
            provider: "provider[\"registry.terraform.io/hashicorp/aws\"]".to_owned(),
            identity: serde_json::json!({"name": "a"}),
            spelling: Map::from_iter([("retention".to_owned(), Json::Null)]),
            sensitive: sensitive(&Value::object([("a", Value::string("b").sensitive())])),
            dependencies: Vec::new(),
            started: "2026-01-01T00:00:00Z".to_owned(),
        }
    }

    #[test]
    fn what_is_sensitive_is_known_again() {
        let object = |value: Value| Value::object([("a", value), ("b", Value::string("c"))]);
        assert_eq!(intent("1").marked(&object(Value::string("b"))), object(Value::string("b").sensitive()));
    }

    #[test]
    fn what_was_begun_and_not_recorded_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = journal_of(&state);
        journal.begin(intent("1")).unwrap();
        journal.begin(intent("2")).unwrap();
        journal.end("1").unwrap();
        drop(journal);
        let journal = journal_of(&state);
        assert_eq!(journal.unfinished().cloned().collect::<Vec<_>>(), [intent("2")]);
    }

    #[test]
    fn a_line_cut_off_announces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = journal_of(&state);
        journal.begin(intent("1")).unwrap();
        let path = directory.path().join("terraform.tfstate.journal");
        let whole = std::fs::read_to_string(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let found = journal_of(&state).unfinished().count();
            assert!(found == 0 || cut == whole.len() - 1);
        }
    }

    #[test]
    fn the_file_goes_when_nothing_is_under_way() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = journal_of(&state);
        journal.begin(intent("1")).unwrap();
        journal.end("1").unwrap();
        assert!(!directory.path().join("terraform.tfstate.journal").exists());
    }
}
