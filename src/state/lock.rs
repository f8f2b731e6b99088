//! Who holds a state's lock, in the form that Terraform writes beside a locked state.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The lock's description: a JSON object with these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LockInfo {
    #[serde(rename = "ID")]
    pub id: String,
    pub operation: String,
    pub info: String,
    /// `user@host`
    pub who: String,
    pub version: String,
    /// RFC 3339
    pub created: String,
    pub path: String,
}

impl LockInfo {
    /// A new lock for an operation (`apply`, `plan`), held by `who` (`user@host`).
    pub fn new(operation: &str, who: &str, path: &str) -> LockInfo {
        LockInfo {
            id: uuid::Uuid::new_v4().to_string(),
            operation: operation.to_owned(),
            info: String::new(),
            who: who.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            created: Timestamp::now().to_string(),
            path: path.to_owned(),
        }
    }

    /// How long ago the lock was taken, in words.
    fn age(&self) -> String {
        let Ok(created) = self.created.parse::<Timestamp>() else { return String::new() };
        let seconds = Timestamp::now().as_second() - created.as_second();
        match seconds {
            ..0 => String::new(),
            0..120 => format!(" ({seconds} seconds ago)"),
            120..7200 => format!(" ({} minutes ago)", seconds / 60),
            _ => format!(" ({} hours ago)", seconds / 3600),
        }
    }
}

/// A lock that somebody else holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub place: String,
    /// `None` if the holder left no description.
    pub info: Option<LockInfo>,
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The state in {} is locked", self.place)?;
        match &self.info {
            Some(info) => write!(
                f,
                " by {} for {} since {}{}, lock ID {}. Wait until that has ended, or give --lock-timeout=5m to wait for \
                 it.",
                info.who,
                info.operation,
                info.created,
                info.age(),
                info.id
            ),
            None => write!(
                f,
                " by another process. Wait until that has ended, or give --lock-timeout=5m to wait for it."
            ),
        }
    }
}
