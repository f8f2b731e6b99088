//! What keeps all or some corrections of a run from being made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::address::InstanceAddress;
use crate::drift::Summary;
use crate::repository::Limits;

use super::Row;

/// What is known of a row's past, by its name ([`Row::name`]).
#[derive(Clone, Debug, Default)]
pub struct Past {
    /// Complete runs in a row, this one included, that found the very same value in AWS.
    pub seen: u32,
    /// When it was corrected within seven days, each time with the digest of what AWS had until then.
    pub corrected: Vec<(Timestamp, String)>,
}

/// How long corrections of an attribute are remembered when it is asked whether somebody else sets it, too.
pub const FIGHT_WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How soon a value that was corrected must be back for it to be a fight at once.
pub const BACK_AT_ONCE: SignedDuration = SignedDuration::from_hours(24);

/// What a run is held against.
pub struct Circumstances<'a> {
    pub limits: &'a Limits,
    pub summary: Summary,
    pub complete: bool,
    pub now: Timestamp,
    /// By the names of the rows.
    pub past: &'a BTreeMap<String, Past>,
    /// Why nothing is to be corrected at all, if there is such a reason: the stack is paused, the history unreadable.
    pub stopped: Option<String>,
}

/// Notes on the rows what keeps them from being corrected. Answers the names of those that somebody else fights over.
pub fn hold_back(rows: &mut [Row], circumstances: &Circumstances<'_>) -> Vec<String> {
    let Circumstances { limits, summary, complete, now, past, stopped } = circumstances;
    let drifted = summary.drifted + summary.missing + summary.conflicted;
    let general = match () {
        () if stopped.is_some() => stopped.clone(),
        () if limits.too_much_drift(drifted, summary.resources) => Some(format!(
            "{drifted} of {} resources drifted or are missing, which is more than max_drift: something else must be wrong",
            summary.resources
        )),
        () if !complete => Some("the run is incomplete".to_owned()),
        () => limits
            .frozen_by(*now)
            .map(|window| format!("nothing is corrected during the freeze window {window}")),
    };
    let mut fights = Vec::new();
    let mut corrected: BTreeSet<InstanceAddress> = BTreeSet::new();
    for row in rows.iter_mut().filter(|row| row.held.is_none()) {
        let name = row.name();
        let nothing = Past::default();
        let past = past.get(&name).unwrap_or(&nothing);
        if let Some(why) = fight(row, past, limits, *now) {
            row.held = Some(why);
            fights.push(name);
            continue;
        }
        if let Some(why) = &general {
            row.held = Some(why.clone());
        } else if past.seen < limits.confirm {
            row.held = Some(format!(
                "{} of {} runs that must find it before it is corrected",
                past.seen.max(1),
                limits.confirm
            ));
        } else if !corrected.contains(&row.address) && corrected.len() >= limits.max_corrections as usize {
            row.held = Some(format!(
                "{} objects are corrected in this run, which is max_corrections",
                corrected.len()
            ));
        } else {
            corrected.insert(row.address.clone());
        }
    }
    fights
}

/// Whether somebody else sets what recon corrects.
fn fight(row: &Row, past: &Past, limits: &Limits, now: Timestamp) -> Option<String> {
    let recent: Vec<&(Timestamp, String)> =
        past.corrected.iter().filter(|(at, _)| now.duration_since(*at) <= FIGHT_WINDOW).collect();
    if recent.len() >= limits.stop_after as usize {
        return Some(format!(
            "it was corrected {} times in a week and has changed again: somebody else sets it, too",
            recent.len()
        ));
    }
    let is_back =
        recent.last().is_some_and(|(at, live)| *live == row.live && now.duration_since(*at) <= BACK_AT_ONCE);
    is_back.then(|| {
        "it has the value again that was corrected within a day: somebody else sets it, too".to_owned()
    })
}
