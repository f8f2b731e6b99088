//! What a stack's comparison comes to: one status for each object, with rules applied and secrets masked.
//!
//! A [`Report`] is what `recon drift` prints in each of its forms and keeps in its history. It is made of a plan, which
//! holds the comparison, and of the repository's rules. Nothing sensitive gets into it, so that whoever renders it has
//! nothing to mask.

mod assess;
mod generate;
mod unmanaged;
mod user_data;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::compare::Verdict;
use crate::lang::diagnostic::Diagnostics;
use crate::provider::stats::OperationCalls;

pub use assess::{Facts, assess, secrets_of};
pub use generate::{Generated, Read, generate};
pub use unmanaged::{Found, Unmanaged, search};

/// The version of the document that a report is written as. The first number changes when a reader would break.
pub const FORMAT_VERSION: &str = "1.0";

/// The comparison of one stack. `docs/drift.schema.json` describes its JSON.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    pub format_version: String,
    /// The stack's name in the repository, else its directory.
    pub stack: String,
    /// Of the provider configuration that most objects belong to; null where none of them is AWS's.
    pub account: Option<String>,
    pub region: Option<String>,
    /// The commit that the code is of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub commit: Option<String>,
    /// RFC 3339, UTC
    pub started_at: String,
    pub finished_at: String,
    /// Whether everything was read that there is permission to read. Without that nothing may be concluded from what is
    /// not reported.
    pub complete: bool,
    pub summary: Summary,
    /// By address; those that are not filtered out.
    pub resources: Vec<ResourceReport>,
    /// Data sources that could not be read: what is recorded of them was used instead.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unread_data: Vec<Unread>,
    /// Types of unmanaged objects that could not be looked for everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub unsearched: Vec<Unsearched>,
    /// Why there is no comparison.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub errors: Vec<String>,
    pub stats: Stats,
}

/// How many objects have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// All but the unmanaged ones.
    pub resources: usize,
    pub in_sync: usize,
    pub drifted: usize,
    pub missing: usize,
    pub pending: usize,
    pub converged: usize,
    pub conflicted: usize,
    pub unmanaged: usize,
    pub unreadable: usize,
    pub ignored: usize,
}

impl Summary {
    /// Counts one object.
    pub fn add(&mut self, status: Verdict) {
        let count = match status {
            Verdict::InSync => &mut self.in_sync,
            Verdict::Drifted => &mut self.drifted,
            Verdict::Missing => &mut self.missing,
            Verdict::Pending => &mut self.pending,
            Verdict::Converged => &mut self.converged,
            Verdict::Conflicted => &mut self.conflicted,
            Verdict::Unmanaged => &mut self.unmanaged,
            Verdict::Unreadable => &mut self.unreadable,
            Verdict::Ignored => &mut self.ignored,
        };
        *count += 1;
        self.resources += usize::from(status != Verdict::Unmanaged);
    }

    /// Whether AWS is other than what was recorded.
    pub fn is_drift(&self) -> bool {
        self.drifted + self.missing + self.conflicted > 0
    }
}

/// One object.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ResourceReport {
    /// For an unmanaged object an address that it might be imported to.
    pub address: String,
    #[serde(rename = "type")]
    pub ty: String,
    /// AWS's name for it; null if it is not known or has none.
    pub id: Option<String>,
    /// The key of an object that was replaced and is still to be deleted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deposed: Option<String>,
    pub status: Verdict,
    /// What is not in sync. Empty where the status is of the object as a whole.
    pub attributes: Vec<AttributeReport>,
    /// The rule of the repository's file that decided what is to be done about the object as a whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// What is to be done about it: `report`, `propose`, `correct`, `ignore`. Set for what drifted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<String>,
    /// In a few words, why it is pending, cannot be read, is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<String>,
    /// The IAM action that is missing, or that failed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<String>,
    /// Where the resource's block begins.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Place>,
    /// What it is imported by: of unmanaged objects.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub import_id: Option<String>,
    /// Addresses of objects that this one depends on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub depends_on: Vec<String>,
}

/// One attribute that is not in sync.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AttributeReport {
    /// `health_check[0].path`, `tags["Name"]`
    pub path: String,
    pub status: Verdict,
    /// The values are null where there is none, where it is not known before an apply, and where it is sensitive.
    pub desired: Json,
    pub recorded: Json,
    pub live: Json,
    pub sensitive: bool,
    /// The desired value is known only after an apply.
    #[serde(skip_serializing_if = "is_false", default)]
    pub desired_unknown: bool,
    /// It differs only because something that it follows from does.
    #[serde(skip_serializing_if = "is_false", default)]
    pub consequence: bool,
    /// Of a set: what AWS has and the record has not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub added: Vec<Json>,
    /// Of a set: what the record has and AWS has not.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub removed: Vec<Json>,
    /// Of a script: the lines that differ, each with `+` (AWS has it) or `-` (the record has it) before it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub lines: Vec<String>,
    /// The rule of the repository's file that decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rule: Option<String>,
    /// What is to be done about it: `report`, `propose`, `correct`, `ignore`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub action: Option<String>,
    /// Where the code sets it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub origin: Option<Place>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// A place in a file of the repository; line and column count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    pub column: usize,
}

/// A data source that could not be read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unread {
    pub address: String,
    pub reason: String,
    /// The IAM action that failed.
    pub operation: String,
}

/// A type of unmanaged objects of which there may be more than was found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unsearched {
    #[serde(rename = "type")]
    pub ty: String,
    pub reason: String,
    /// The IAM action that failed, if it is for that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub operation: Option<String>,
}

/// What the comparison cost.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stats {
    /// Calls by `service.Operation`, each counted once however often it had to be tried.
    pub api_calls: BTreeMap<String, u64>,
    pub api_calls_total: u64,
    /// Requests beyond the first of a call.
    pub retries: u64,
    /// Answers that asked to go slower.
    pub throttles: u64,
    /// From the first file to the last verdict.
    pub duration_ms: u64,
}

impl Stats {
    /// The numbers of the calls that were made, and the time that all took.
    pub fn new(calls: &BTreeMap<String, OperationCalls>, duration_ms: u64) -> Stats {
        Stats {
            api_calls: calls.iter().map(|(name, calls)| (name.clone(), calls.calls)).collect(),
            api_calls_total: calls.values().map(|calls| calls.calls).sum(),
            retries: calls.values().map(|calls| calls.retries).sum(),
            throttles: calls.values().map(|calls| calls.throttles).sum(),
            duration_ms,
        }
    }
}

impl Report {
    /// The report on a stack that could not be compared.
    pub fn failed(stack: &str, started_at: &str, diagnostics: &Diagnostics, stats: Stats) -> Report {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        Report {
            format_version: FORMAT_VERSION.to_owned(),
            stack: stack.to_owned(),
            account: None,
            region: None,
            commit: None,
            started_at: started_at.to_owned(),
            finished_at: jiff::Timestamp::now().to_string(),
            complete: false,
            summary: Summary::default(),
            resources: Vec::new(),
            unread_data: Vec::new(),
            unsearched: Vec::new(),
            errors: errors.map(|error| format!("{}: {}", error.summary, error.detail)).collect(),
            stats,
        }
    }
}
