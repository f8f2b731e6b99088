//! Who holds a state's lock, in the form that Terraform writes beside a locked state.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The lock's description: a JSON object with these names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
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
            7200..172_800 => format!(" ({} hours ago)", seconds / 3600),
            _ => format!(" ({} days ago)", seconds / 86_400),
        }
    }
}

/// The run that a lock is taken by, as its description tells others: a job of a CI system, or a process on a machine.
/// Written to the description's `Info`, which Terraform shows too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What is the same in every run of the job: `GitHub Actions, org/repository, deploy.yml, apply`; for a process
    /// the machine's name.
    pub job: String,
    /// This run of it: `run 123, attempt 1`, `process 4711`.
    pub run: String,
    /// Where the run can be looked at.
    pub link: Option<String>,
}

const RUN_MARK: &str = "; ";

impl Holder {
    /// As it stands in a lock's description.
    pub fn to_info(&self) -> String {
        let mut text = format!("{}{RUN_MARK}{}", self.job, self.run);
        if let Some(link) = &self.link {
            text.push_str(RUN_MARK);
            text.push_str(link);
        }
        text
    }

    fn from_info(text: &str) -> Option<Holder> {
        let mut parts = text.splitn(3, RUN_MARK).map(str::to_owned);
        let (job, run) = (parts.next()?, parts.next()?);
        Some(Holder { job, run, link: parts.next() })
    }
}

/// A lock that somebody else holds.
#[derive(Clone, Debug)]
pub struct Held {
    pub place: String,
    /// `None` if the holder left no description.
    pub info: Option<LockInfo>,
    /// What wanted the lock.
    asker: Option<Holder>,
    /// The lock is an object that stays until it is given back, whatever becomes of its holder.
    stays: bool,
}

impl Held {
    /// A lock that goes with its holder.
    pub fn new(place: String, info: Option<LockInfo>) -> Held {
        Held { place, info, asker: None, stays: false }
    }

    /// A lock that stays, wanted with this description.
    pub fn staying(place: String, info: Option<LockInfo>, wanted: &LockInfo) -> Held {
        Held { place, info, asker: Holder::from_info(&wanted.info), stays: true }
    }

    /// What is to be said of a lock that an earlier run of the very same job has left.
    fn leftover(&self) -> Option<String> {
        let holder = Holder::from_info(&self.info.as_ref()?.info)?;
        let asker = self.asker.as_ref()?;
        if holder.job != asker.job || holder.run == asker.run {
            return None;
        }
        let id = &self.info.as_ref()?.id;
        if let Some(process) = holder.run.strip_prefix("process ") {
            // On another machine of the same name the process may well live.
            let gone = !std::path::Path::new("/proc").join(process).exists()
                && std::path::Path::new("/proc/self").exists();
            return gone.then(|| {
                format!(
                    "It was taken on this machine by process {process}, which is gone: it seems to have been killed. If no \
                     other machine has the same name, give the lock back with \"recon force-unlock {id}\"; what that run \
                     had begun is in the journal, and the next apply looks for it."
                )
            });
        }
        let link = holder.link.map(|link| format!(" ({link})")).unwrap_or_default();
        Some(format!(
            "It was taken by another run of this same job: {}{link}. If that run is over (it was cancelled, timed out or \
             lost its machine), it left the lock behind: give it back with \"recon force-unlock {id}\"; what it had begun \
             is in the journal, and the next apply looks for it. If it still goes on, wait for it. recon never takes a \
             lock away by itself.",
            holder.run
        ))
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "The state in {} is locked", self.place)?;
        let Some(info) = &self.info else {
            return write!(
                f,
                " by another process. Wait until that has ended, or give --lock-timeout=5m to wait for it."
            );
        };
        write!(
            f,
            " by {} for {} since {}{}, lock ID {}.",
            info.who,
            info.operation,
            info.created,
            info.age(),
            info.id
        )?;
        if let Some(leftover) = self.leftover() {
            return write!(f, " {leftover}");
        }
        if !info.info.is_empty() {
            write!(f, " Its holder says: {}.", info.info)?;
        }
        write!(f, " Wait until that has ended, or give --lock-timeout=5m to wait for it.")?;
        if self.stays {
            write!(
                f,
                " Only if you know that its holder is gone: give the lock back with \"recon force-unlock {}\".",
                info.id
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(id: &str, run: &str) -> LockInfo {
        let holder = Holder {
            job: "GitHub Actions, org/repository, deploy, apply".to_owned(),
            run: run.to_owned(),
            link: Some("https://github.com/org/repository/actions/runs/1".to_owned()),
        };
        LockInfo { id: id.to_owned(), info: holder.to_info(), ..LockInfo::new("apply", "runner@vm", "b/k") }
    }

    fn held(holder: LockInfo, asker: &LockInfo) -> String {
        Held::staying("s3://b/k".to_owned(), Some(holder), asker).to_string()
    }

    #[test]
    fn an_earlier_run_of_the_same_job_is_recognised() {
        let message = held(info("one", "run 1, attempt 1"), &info("two", "run 2, attempt 1"));
        assert!(message.contains("another run of this same job: run 1, attempt 1 (https://"), "{message}");
        assert!(message.contains("recon force-unlock one"), "{message}");
    }

    #[test]
    fn another_job_is_not_taken_for_the_same() {
        let mut other = info("one", "run 1, attempt 1");
        other.info = other.info.replace("apply", "plan");
        let message = held(other, &info("two", "run 2, attempt 1"));
        assert!(!message.contains("same job"), "{message}");
        assert!(
            message.contains("Its holder says: GitHub Actions, org/repository, deploy, plan;"),
            "{message}"
        );
    }

    #[test]
    fn a_process_that_still_runs_is_not_said_to_be_gone() {
        let holder = |run: &str| Holder { job: "machine".to_owned(), run: run.to_owned(), link: None };
        let asker = LockInfo { info: holder("process 1").to_info(), ..info("two", "") };
        let living = LockInfo {
            info: holder(&format!("process {}", std::process::id())).to_info(),
            ..info("one", "")
        };
        assert!(!held(living, &asker).contains("which is gone"));
        // Above the largest id that Linux gives (proc(5), pid_max).
        let dead = LockInfo { info: holder("process 4194305").to_info(), ..info("one", "") };
        assert!(held(dead, &asker).contains("process 4194305, which is gone"));
    }

    #[test]
    fn a_lock_of_terraform_is_told_as_it_is() {
        let text = r#"{"ID":"8db2e37b","Operation":"OperationTypeApply","Info":"","Who":"ann@vm","Version":"1.11.4","Created":"2026-11-23T08:24:31.182989638Z","Path":"states/c"}"#;
        let theirs: LockInfo = serde_json::from_str(text).unwrap();
        let message = held(theirs, &info("two", "run 2, attempt 1"));
        assert!(
            message.contains("by ann@vm for OperationTypeApply since 2026-11-23T08:24:31.182989638Z"),
            "{message}"
        );
        assert!(message.contains("lock ID 8db2e37b"), "{message}");
    }
}
