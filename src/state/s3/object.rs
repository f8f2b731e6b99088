//! Reading and writing a state's object, and its digest in the table.

use std::time::{Duration, Instant};

use crate::provider::{ErrorKind, OperationError};
use crate::state::encryption::serial_of;
use crate::state::{State, StateError};

use crate::provider::aws::s3_backend::remote::{Condition, Object, Refusal, Remote, digest, sentence};

/// For how long a state and its digest may differ before that is an error: another may be between the two writes.
const DIGEST_PATIENCE: Duration = Duration::from_secs(10);

/// How long to wait between two looks.
const DIGEST_PAUSE: Duration = Duration::from_secs(2);

/// How often to try where somebody else's request is in the way.
const TRIES: u32 = 6;

/// Metadata of a state that recon wrote: its serial …
const SERIAL: &str = "recon-serial";

/// … and what the table's digest may have been when it was written, MD5s with commas between: usually one, that of the
/// version that it replaced. If the table still has one of them, the state's own digest was not written any more.
const DIGESTS: &str = "recon-digests-before";

/// The version of a state that was last read or written.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    Absent,
    Version { etag: String, serial: u64 },
}

/// A state as it was read.
pub(super) struct Read {
    pub text: Option<String>,
    pub seen: Seen,
    /// The digest that the table has; that of the state if there is no table.
    pub recorded: Option<String>,
    pub note: Option<String>,
}

/// What is to be written.
pub(super) struct New {
    pub text: String,
    pub serial: u64,
    /// What the table's digest may be now.
    pub recorded: Vec<String>,
}

/// What became of a write.
pub(super) enum Written {
    /// The state is stored; `digest` says whether its digest, `own`, is, too.
    Stored { seen: Seen, own: String, digest: Result<(), StateError> },
    /// It is not, as far as can be told. `unsure`: its digest, if it may be stored after all.
    Refused { error: StateError, unsure: Option<String> },
}

/// Reads the state of a key, and makes sure that it is the one that the table has the digest of. With `may_repair` (the
/// lock is held) a digest that the writer did not get to write is written now.
pub(super) async fn read(remote: &Remote, key: &str, may_repair: bool) -> Result<Read, StateError> {
    let place = remote.place(key);
    let start = Instant::now();
    loop {
        let object = remote.get(key).await.map_err(|error| unreadable(&place, &error))?;
        let (recorded, note) = match &remote.settings.table {
            Some(table) => {
                recorded_digest(remote, table, key).await.map_err(|error| unreadable(&place, &error))?
            }
            None => (None, None),
        };
        let actual = object.as_ref().map(Object::digest).unwrap_or_default();
        let Some(recorded) = recorded else { return finish(remote, key, object, actual, note).await };
        if actual == recorded {
            return finish(remote, key, object, actual, note).await;
        }
        let waited = start.elapsed() >= DIGEST_PATIENCE;
        let is_behind = object
            .as_ref()
            .and_then(|object| object.metadata.get(DIGESTS))
            .is_some_and(|before| before.split(',').any(|digest| digest == recorded));
        if is_behind && may_repair {
            put_digest(remote, key, &actual).await.map_err(StateError::Other)?;
            let note = format!(
                "The run that last wrote {place} ended before it could write the digest into the table: the state is \
                 whole, and its digest is written now."
            );
            return finish(remote, key, object, actual, Some(note)).await;
        }
        if is_behind && waited {
            let note = format!(
                "The run that last wrote {place} ended before it could write the digest into the table. The state is \
                 whole; the next command of recon that locks it mends the digest. Terraform refuses it until then."
            );
            return finish(remote, key, object, recorded, Some(note)).await;
        }
        if waited {
            return Err(mismatch(remote, key, &place, &actual, &recorded));
        }
        tokio::time::sleep(DIGEST_PAUSE).await;
    }
}

async fn finish(
    remote: &Remote,
    key: &str,
    object: Option<Object>,
    recorded: String,
    note: Option<String>,
) -> Result<Read, StateError> {
    let recorded = Some(recorded).filter(|digest| !digest.is_empty());
    let Some(object) = object else { return Ok(Read { text: None, seen: Seen::Absent, recorded, note }) };
    let note = match note {
        Some(note) => Some(note),
        None => overwritten(remote, key, &object).await,
    };
    let text = String::from_utf8(object.bytes).map_err(|_| StateError::Unreadable {
        place: remote.place(key),
        problem: "it is not UTF-8 text".to_owned(),
        advice: "Nothing was changed. Restore an older version of the object.",
    })?;
    let serial = serial_of(&text);
    Ok(Read { text: Some(text), seen: Seen::Version { etag: object.etag, serial }, recorded, note })
}

/// What to say if another tool has replaced a version of recon's that it cannot have seen: one with the same serial
/// or a later one. Only a bucket that keeps versions can tell.
async fn overwritten(remote: &Remote, key: &str, object: &Object) -> Option<String> {
    let is_versioned = object.version.as_ref().is_some_and(|version| version != "null");
    if !is_versioned || object.metadata.contains_key(SERIAL) {
        return None;
    }
    let (version, metadata) = remote.version_before(key).await?;
    let before: u64 = metadata.get(SERIAL)?.parse().ok()?;
    let serial = serial_of(std::str::from_utf8(&object.bytes).ok()?);
    (serial <= before).then(|| {
        format!(
            "The state in {} (serial {serial}) was written by Terraform or a tool like it over a version of recon's with \
             serial {before}, which it had not seen: these tools do not ask whether somebody else has written. What only \
             the version {version} recorded is missing now. Look at it (aws s3api get-object --bucket {} --key {key} \
             --version-id {version} FILE), bring back what is missing with \"recon import\", and let all who write this \
             state use the same lock.",
            remote.place(key),
            remote.settings.bucket
        )
    })
}

/// The digest that the table has, and what to say if it may not be asked.
async fn recorded_digest(
    remote: &Remote,
    table: &str,
    key: &str,
) -> Result<(Option<String>, Option<String>), OperationError> {
    match remote.item(table, &digest_id(remote, key), "Digest").await {
        Ok(recorded) => Ok((recorded.filter(|digest| !digest.is_empty()), None)),
        Err(error) if error.kind == ErrorKind::AccessDenied => {
            let note = format!("The state's digest in the table {table} could not be compared: {error}");
            Ok((None, Some(sentence(&note))))
        }
        Err(error) => Err(error),
    }
}

fn digest_id(remote: &Remote, key: &str) -> String {
    format!("{}/{key}-md5", remote.settings.bucket)
}

/// The error is a sentence.
async fn put_digest(remote: &Remote, key: &str, digest: &str) -> Result<(), String> {
    let Some(table) = &remote.settings.table else { return Ok(()) };
    let put = remote.put_item(table, &digest_id(remote, key), "Digest", digest, false).await;
    put.map(|_| ()).map_err(|error| {
        format!(
            "The state in {} is stored, but not its digest in the table {table}: {} Terraform refuses the state until that \
             is mended; the next command of recon that locks it does so.",
            remote.place(key),
            sentence(&error.to_string())
        )
    })
}

fn mismatch(remote: &Remote, key: &str, place: &str, actual: &str, recorded: &str) -> StateError {
    let table = remote.settings.table.as_deref().unwrap_or_default();
    let id = digest_id(remote, key);
    let problem = if actual.is_empty() {
        format!("there is no object, but the table {table} has a digest of one ({recorded})")
    } else {
        format!("its MD5 is {actual}, but the table {table} has {recorded}")
    };
    StateError::Other(format!(
        "The state in {place} is not the one that was last written: {problem}. recon waited {} seconds for the two to \
         agree. Either the writer ended between its two writes, or the object was changed, restored or deleted by \
         something that does not know of the digest. Nothing was changed. If the object is right as it is, give it its \
         digest: aws dynamodb put-item --table-name {table} --item '{{\"LockID\":{{\"S\":\"{id}\"}},\"Digest\":{{\"S\":\
         \"{actual}\"}}}}'; if not, restore the version of it that has the digest {recorded}.",
        DIGEST_PATIENCE.as_secs()
    ))
}

fn unreadable(place: &str, error: &OperationError) -> StateError {
    let advice = match error.kind {
        ErrorKind::AccessDenied => {
            "The credentials need s3:GetObject on the object, s3:ListBucket on the bucket (without it S3 does not say that \
             an object is not there), and kms:Decrypt on its key if it has one. Nothing was changed."
        }
        ErrorKind::Credentials => "Log in again, or set other credentials. Nothing was changed.",
        ErrorKind::Unavailable | ErrorKind::TimedOut | ErrorKind::Throttled => {
            "Nothing was changed. Run the command again when the store answers."
        }
        _ => "Nothing was changed. Run the command again when that is mended.",
    };
    let problem = error.to_string();
    StateError::Unreadable {
        place: place.to_owned(),
        problem: problem.trim_end_matches('.').to_owned(),
        advice,
    }
}

/// Writes a state in place of the one that was seen.
pub(super) async fn write(remote: &Remote, key: &str, new: New, seen: Seen, unsure: &[String]) -> Written {
    let own = digest(new.text.as_bytes());
    let place = remote.place(key);
    let mut seen = seen;
    for attempt in 0..TRIES {
        let condition = match &seen {
            Seen::Absent => Condition::Absent,
            Seen::Version { etag, .. } => Condition::Version(etag.clone()),
        };
        let metadata = [(SERIAL, new.serial.to_string()), (DIGESTS, new.recorded.join(","))];
        match remote.put(key, new.text.as_bytes(), &condition, &metadata).await {
            Ok(etag) => return stored(remote, key, etag, own, new.serial).await,
            Err(Refusal::Conflict) => {
                tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            }
            Err(Refusal::Condition { may_be_ours }) => match remote.get(key).await {
                // The answer to an earlier try was lost.
                Ok(Some(found)) if may_be_ours && found.digest() == own => {
                    return stored(remote, key, found.etag, own, new.serial).await;
                }
                // As that to an earlier write's, which was given up.
                Ok(Some(found)) if unsure.contains(&found.digest()) => {
                    let serial = serial_of(&String::from_utf8_lossy(&found.bytes));
                    seen = Seen::Version { etag: found.etag, serial };
                }
                Ok(found) => {
                    let error = overtaken(&place, &seen, found.as_ref());
                    return Written::Refused { error, unsure: None };
                }
                Err(error) => {
                    let error = unwritable(&place, &error);
                    return Written::Refused { error, unsure: may_be_ours.then_some(own) };
                }
            },
            Err(Refusal::Unsupported(error)) => {
                let error = StateError::Other(format!(
                    "The store of {place} refuses conditional writes (If-Match): {} recon writes no state without, since \
                     it could overwrite what somebody else has written. Use a store that has them, as S3 has.",
                    sentence(&error.to_string())
                ));
                return Written::Refused { error, unsure: None };
            }
            Err(Refusal::Failed(error)) => {
                return match remote.get(key).await {
                    // It was done all the same.
                    Ok(Some(found)) if found.digest() == own => {
                        stored(remote, key, found.etag, own, new.serial).await
                    }
                    Ok(_) => Written::Refused { error: unwritable(&place, &error), unsure: None },
                    Err(_) => Written::Refused { error: unwritable(&place, &error), unsure: Some(own) },
                };
            }
        }
    }
    let error = StateError::Other(format!(
        "The state in {place} could not be written: others write it again and again at the same moment. Nothing was \
         written: find out who else works on this state."
    ));
    Written::Refused { error, unsure: None }
}

async fn stored(remote: &Remote, key: &str, etag: String, own: String, serial: u64) -> Written {
    let digest = put_digest(remote, key, &own).await.map_err(StateError::Other);
    Written::Stored { seen: Seen::Version { etag, serial }, own, digest }
}

fn unwritable(place: &str, error: &OperationError) -> StateError {
    StateError::Other(format!("The state could not be written to {place}: {}", sentence(&error.to_string())))
}

/// Somebody else has written: who, as far as the object tells.
fn overtaken(place: &str, seen: &Seen, found: Option<&Object>) -> StateError {
    let read = match seen {
        Seen::Absent => 0,
        Seen::Version { serial, .. } => *serial,
    };
    let Some(found) = found else {
        return StateError::Overtaken {
            place: place.to_owned(),
            read,
            found: 0,
            by: "Somebody has deleted it.".to_owned(),
        };
    };
    let text = String::from_utf8_lossy(&found.bytes);
    let state = State::parse(&text, place).ok().flatten();
    let by = if found.metadata.contains_key(SERIAL) {
        "It was written by another run of recon: run the command again, which begins with what that run has done."
            .to_owned()
    } else {
        let version =
            state.as_ref().map(|state| state.terraform_version.clone()).filter(|text| !text.is_empty());
        format!(
            "It was not written by recon{}. Terraform and OpenTofu write without asking whether somebody else has written \
             since they read: they are kept apart only by a lock that all who write this state use (use_lockfile or \
             dynamodb_table, and never -lock=false). Run the command again, which begins with what was written there.",
            version
                .map(|version| format!(", but by Terraform {version} or a tool like it"))
                .unwrap_or_default()
        )
    };
    StateError::Overtaken { place: place.to_owned(), read, found: serial_of(&text), by }
}

/// Removes a state, its digest and what else is beside it.
pub(super) async fn delete(remote: &Remote, key: &str) -> Result<(), StateError> {
    let failed = |error: OperationError| {
        StateError::Other(format!(
            "The state in {} could not be deleted: {}",
            remote.place(key),
            sentence(&error.to_string())
        ))
    };
    remote.delete(key, None).await.map_err(failed)?;
    remote.delete(&super::journal::key_of(key), None).await.map_err(failed)?;
    if let Some(table) = &remote.settings.table {
        remote.delete_item(table, &digest_id(remote, key), None).await.map_err(failed)?;
    }
    Ok(())
}
