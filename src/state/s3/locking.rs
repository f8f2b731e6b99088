//! Locks: the lock object beside the state, the item in the table, or both.
//!
//! Either is put only if it is not there. Both are taken in Terraform's order, the object first, and given back
//! whatever happens to the other one.

use std::time::Duration;

use crate::provider::OperationError;
use crate::state::StateError;
use crate::state::lock::{Held, LockInfo};

use crate::provider::aws::s3_backend::remote::{Condition, Refusal, Remote, sentence};

/// How often to try where somebody else's request is in the way.
const TRIES: u32 = 5;

/// What is added to a state's key for its lock object.
const SUFFIX: &str = ".tflock";

/// Takes the lock of the state of a key.
pub(super) async fn lock(remote: &Remote, key: &str, info: &LockInfo) -> Result<(), StateError> {
    let text = serde_json::to_string(info).unwrap_or_default();
    if remote.settings.use_lockfile {
        lock_object(remote, key, info, &text).await?;
    }
    let Some(table) = &remote.settings.table else { return Ok(()) };
    let Err(error) = lock_item(remote, table, key, info, &text).await else { return Ok(()) };
    if !remote.settings.use_lockfile {
        return Err(error);
    }
    match unlock_object(remote, key, &info.id).await {
        Ok(()) => Err(error),
        Err(left) => Err(StateError::Other(format!("{error} {left}"))),
    }
}

async fn lock_object(remote: &Remote, key: &str, info: &LockInfo, text: &str) -> Result<(), StateError> {
    let object = format!("{key}{SUFFIX}");
    let place = remote.place(key);
    for attempt in 0..TRIES {
        match remote.put(&object, text.as_bytes(), &Condition::Absent, &[]).await {
            Ok(_) => return Ok(()),
            Err(Refusal::Condition { .. }) => match remote.get(&object).await {
                // It was given back in this moment.
                Ok(None) => {}
                Ok(Some(found)) => {
                    let holder: Option<LockInfo> = serde_json::from_slice(&found.bytes).ok();
                    // The answer to an earlier try was lost: the lock is ours.
                    if holder.as_ref().is_some_and(|holder| holder.id == info.id) {
                        return Ok(());
                    }
                    return Err(StateError::Locked(Box::new(Held::staying(place, holder, info))));
                }
                Err(error) => return Err(unlockable(&place, &error)),
            },
            Err(Refusal::Conflict) => {}
            Err(Refusal::Unsupported(error)) => return Err(unsupported(&place, &error)),
            Err(Refusal::Failed(error)) => return settle(remote, key, info, &error).await,
        }
        tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
    }
    Err(StateError::Locked(Box::new(Held::staying(place, None, info))))
}

/// Finds out whether a put that failed has put the lock.
async fn settle(
    remote: &Remote,
    key: &str,
    info: &LockInfo,
    error: &OperationError,
) -> Result<(), StateError> {
    let place = remote.place(key);
    match remote.get(&format!("{key}{SUFFIX}")).await {
        Ok(Some(found)) => {
            let holder: Option<LockInfo> = serde_json::from_slice(&found.bytes).ok();
            if holder.as_ref().is_some_and(|holder| holder.id == info.id) {
                return Ok(());
            }
            Err(StateError::Locked(Box::new(Held::staying(place, holder, info))))
        }
        Ok(None) => Err(unlockable(&place, error)),
        Err(_) => Err(StateError::Other(format!(
            "The state in {place} could not be locked: {} Nothing was changed. Whether the lock was taken cannot be told: \
             run the command again when the store answers, and if it says that lock {} is held, give it back with \
             \"recon force-unlock {}\".",
            sentence(&error.to_string()),
            info.id,
            info.id
        ))),
    }
}

async fn lock_item(
    remote: &Remote,
    table: &str,
    key: &str,
    info: &LockInfo,
    text: &str,
) -> Result<(), StateError> {
    let place = remote.place(key);
    for attempt in 0..TRIES {
        let put = remote.put_item(table, &item_id(remote, key), "Info", text, true).await;
        match put {
            Ok(true) => return Ok(()),
            // As above: it may be ours although an answer was lost.
            Ok(false) => match remote.item(table, &item_id(remote, key), "Info").await {
                Ok(None) => {}
                Ok(Some(found)) => return held_item(place, &found, info),
                Err(error) => return Err(unlockable(&place, &error)),
            },
            Err(error) => {
                return match remote.item(table, &item_id(remote, key), "Info").await {
                    Ok(Some(found)) => held_item(place, &found, info),
                    _ => Err(unlockable(&place, &error)),
                };
            }
        }
        tokio::time::sleep(Duration::from_millis(50 << attempt)).await;
    }
    Err(StateError::Locked(Box::new(Held::staying(place, None, info))))
}

fn held_item(place: String, found: &str, info: &LockInfo) -> Result<(), StateError> {
    let holder: Option<LockInfo> = serde_json::from_str(found).ok();
    if holder.as_ref().is_some_and(|holder| holder.id == info.id) {
        return Ok(());
    }
    Err(StateError::Locked(Box::new(Held::staying(place, holder, info))))
}

/// Gives the lock of this id back: all parts of it, whatever becomes of the others.
pub(super) async fn unlock(remote: &Remote, key: &str, id: &str) -> Result<(), StateError> {
    let mut problems = Vec::new();
    if remote.settings.use_lockfile
        && let Err(problem) = unlock_object(remote, key, id).await
    {
        problems.push(problem);
    }
    if let Some(table) = &remote.settings.table
        && let Err(problem) = unlock_item(remote, table, key, id).await
    {
        problems.push(problem);
    }
    if problems.is_empty() { Ok(()) } else { Err(StateError::Other(problems.join(" "))) }
}

/// Gives back what another process has left: as [`unlock`], but one part need not be there.
pub(super) async fn force_unlock(remote: &Remote, key: &str, id: &str) -> Result<(), StateError> {
    let settings = &remote.settings;
    let place = remote.place(key);
    if !settings.use_lockfile && settings.table.is_none() {
        return Err(StateError::Other(format!(
            "The state in {place} has no lock: the backend block sets neither use_lockfile nor dynamodb_table."
        )));
    }
    let mut found = 0;
    let mut problems = Vec::new();
    if settings.use_lockfile {
        match remote.get(&format!("{key}{SUFFIX}")).await {
            Ok(None) => {}
            Ok(Some(_)) => {
                found += 1;
                problems.extend(unlock_object(remote, key, id).await.err());
            }
            Err(error) => {
                found += 1;
                problems.push(sentence(&error.to_string()));
            }
        }
    }
    if let Some(table) = &settings.table {
        match remote.item(table, &item_id(remote, key), "Info").await {
            Ok(None) => {}
            Ok(Some(_)) => {
                found += 1;
                problems.extend(unlock_item(remote, table, key, id).await.err());
            }
            Err(error) => {
                found += 1;
                problems.push(sentence(&error.to_string()));
            }
        }
    }
    match (found, problems.is_empty()) {
        (0, _) => Err(StateError::Other(format!("The state in {place} is not locked."))),
        (_, true) => Ok(()),
        (_, false) => Err(StateError::Other(problems.join(" "))),
    }
}

/// The error is sentences.
async fn unlock_object(remote: &Remote, key: &str, id: &str) -> Result<(), String> {
    let object = format!("{key}{SUFFIX}");
    let place = remote.place(&object);
    let advice = left_behind(id);
    let found = remote.get(&object).await.map_err(|error| {
        format!("The lock {place} could not be given back: {} {advice}", sentence(&error.to_string()))
    })?;
    let Some(found) = found else {
        return Err(format!(
            "The lock {place} is gone: somebody has taken it away while it was held. Look whether another run has changed \
             anything meanwhile."
        ));
    };
    check(&place, &String::from_utf8_lossy(&found.bytes), id)?;
    // Only if it still is what was read.
    match remote.delete(&object, Some(&found.etag)).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("The lock {place} became another's in this very moment: it is left alone.")),
        Err(error) => Err(format!(
            "The lock {place} could not be given back: {} {advice}",
            sentence(&error.to_string())
        )),
    }
}

/// The error is sentences.
async fn unlock_item(remote: &Remote, table: &str, key: &str, id: &str) -> Result<(), String> {
    let item = item_id(remote, key);
    let place = format!("{item} in the table {table}");
    let advice = left_behind(id);
    let failed = |error: OperationError| {
        format!("The lock {place} could not be given back: {} {advice}", sentence(&error.to_string()))
    };
    let Some(text) = remote.item(table, &item, "Info").await.map_err(failed)? else {
        return Err(format!(
            "The lock {place} is gone: somebody has taken it away while it was held. Look whether another run has changed \
             anything meanwhile."
        ));
    };
    check(&place, &text, id)?;
    // Only if it still is what was read; that it is gone by now is as good.
    remote.delete_item(table, &item, Some(("Info", &text))).await.map(|_| ()).map_err(failed)
}

/// Whether a lock's description has this id.
fn check(place: &str, text: &str, id: &str) -> Result<(), String> {
    let holder: LockInfo = serde_json::from_str(text)
        .map_err(|_| format!("The lock {place} holds no description of its holder: remove it by hand."))?;
    if holder.id == id {
        return Ok(());
    }
    Err(format!(
        "The lock {place} has the ID {}, not {id}: it is held by {} for {} since {}.",
        holder.id, holder.who, holder.operation, holder.created
    ))
}

fn left_behind(id: &str) -> String {
    format!("Give it back with \"recon force-unlock {id}\" when the store answers again.")
}

fn item_id(remote: &Remote, key: &str) -> String {
    format!("{}/{key}", remote.settings.bucket)
}

fn unlockable(place: &str, error: &OperationError) -> StateError {
    StateError::Other(format!(
        "The state in {place} could not be locked: {} Nothing was changed. Run the command again when that is mended, or \
         with --lock=false if nobody else can be at work on this state.",
        sentence(&error.to_string())
    ))
}

fn unsupported(place: &str, error: &OperationError) -> StateError {
    StateError::Other(format!(
        "The store of {place} does not know conditional writes (If-None-Match), without which there is no lock object: {} \
         Remove use_lockfile and lock with dynamodb_table, or use a store that has them.",
        sentence(&error.to_string())
    ))
}
