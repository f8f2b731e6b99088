//! The journal: what is about to be made, written down before it is.
//!
//! A run that dies between AWS's success and the state's next version leaves an object that no state knows. Its
//! entry here says what to look for: the next run finds the object by what identifies it and records it. The
//! file, `<state>.journal`, is one JSON object a line; a last line that was cut off is passed over. It holds nothing
//! sensitive and goes when nothing is under way.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::StateError;

/// An object about to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    pub id: String,
    pub address: String,
    /// `provider["registry.terraform.io/hashicorp/aws"]`
    pub provider: String,
    /// The attributes that it can be found by; null if there are none.
    pub identity: Json,
    pub dependencies: Vec<String>,
    /// RFC 3339
    pub started: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
enum Entry {
    Create(Intent),
    /// The state knows how it ended.
    Recorded {
        id: String,
    },
}

/// The journal of one state.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Option<File>,
    open: BTreeMap<String, Intent>,
}

impl Journal {
    /// Opens the journal beside a state file and reads what a run before left.
    pub fn open(state: &Path) -> Result<Journal, StateError> {
        let path = PathBuf::from(format!("{}.journal", state.display()));
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                return Err(StateError::Unreadable {
                    place: path.display().to_string(),
                    problem: error.to_string(),
                    advice: "Nothing was changed.",
                });
            }
        };
        let mut open = BTreeMap::new();
        for line in text.lines() {
            match serde_json::from_str(line) {
                Ok(Entry::Create(intent)) => {
                    open.insert(intent.id.clone(), intent);
                }
                Ok(Entry::Recorded { id }) => {
                    open.remove(&id);
                }
                // The line that was being written when the run died: what it announced was never begun.
                Err(_) => {}
            }
        }
        Ok(Journal { path, file: None, open })
    }

    /// What was begun and not recorded.
    pub fn unfinished(&self) -> impl Iterator<Item = &Intent> {
        self.open.values()
    }

    fn append(&mut self, entry: &Entry) -> Result<(), StateError> {
        let write = |this: &mut Journal| -> std::io::Result<()> {
            if this.file.is_none() {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&this.path)?;
                this.file = Some(file);
            }
            let mut line = serde_json::to_string(entry).map_err(std::io::Error::other)?;
            line.push('\n');
            if let Some(file) = &mut this.file {
                file.write_all(line.as_bytes())?;
                file.sync_data()?;
            }
            Ok(())
        };
        write(self)
            .map_err(|source| StateError::Unwritable { place: self.path.display().to_string(), source })
    }

    /// Writes down, durably, that an object is about to be made.
    pub fn begin(&mut self, intent: Intent) -> Result<(), StateError> {
        self.append(&Entry::Create(intent.clone()))?;
        self.open.insert(intent.id.clone(), intent);
        Ok(())
    }

    /// Notes that the state knows how it ended. The last one takes the file away.
    pub fn end(&mut self, id: &str) -> Result<(), StateError> {
        if self.open.remove(id).is_none() {
            return Ok(());
        }
        if self.open.is_empty() {
            self.file = None;
            match std::fs::remove_file(&self.path) {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
                Err(_) => {}
            }
        }
        self.append(&Entry::Recorded { id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intent(id: &str) -> Intent {
        Intent {
            id: id.to_owned(),
            address: "aws_kinesis_stream.a".to_owned(),
            provider: "provider[\"registry.terraform.io/hashicorp/aws\"]".to_owned(),
            identity: serde_json::json!({"name": "a"}),
            dependencies: Vec::new(),
            started: "2026-01-01T00:00:00Z".to_owned(),
        }
    }

    #[test]
    fn what_was_begun_and_not_recorded_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = Journal::open(&state).unwrap();
        journal.begin(intent("1")).unwrap();
        journal.begin(intent("2")).unwrap();
        journal.end("1").unwrap();
        drop(journal);
        let journal = Journal::open(&state).unwrap();
        assert_eq!(journal.unfinished().cloned().collect::<Vec<_>>(), [intent("2")]);
    }

    #[test]
    fn a_line_cut_off_announces_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = Journal::open(&state).unwrap();
        journal.begin(intent("1")).unwrap();
        let path = directory.path().join("terraform.tfstate.journal");
        let whole = std::fs::read_to_string(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let found = Journal::open(&state).unwrap().unfinished().count();
            assert!(found == 0 || cut == whole.len() - 1);
        }
    }

    #[test]
    fn the_file_goes_when_nothing_is_under_way() {
        let directory = tempfile::tempdir().unwrap();
        let state = directory.path().join("terraform.tfstate");
        let mut journal = Journal::open(&state).unwrap();
        journal.begin(intent("1")).unwrap();
        journal.end("1").unwrap();
        assert!(!directory.path().join("terraform.tfstate.journal").exists());
    }
}
