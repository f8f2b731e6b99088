//! A plan: what is to be done to which object, in the order of the graph, and why.
//!
//! A plan is data. Making one asks nobody, carrying one out is `apply`'s, showing one is `render`'s.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{ConfigResource, InstanceAddress};
use crate::compare::Verdict;
use crate::lang::source::Span;
use crate::lang::value::Value;
use crate::live::incomparable::Incomparable;
use crate::provider::{AttributePath, OperationError};

/// What is to be done to one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    NoOp,
    Create,
    /// A data source, read during apply because its arguments are not known before.
    Read,
    Update,
    Delete,
    /// No longer recorded, and left alone in AWS.
    Forget,
    DeleteThenCreate,
    CreateThenDelete,
}

impl Action {
    pub fn is_replace(self) -> bool {
        matches!(self, Action::DeleteThenCreate | Action::CreateThenDelete)
    }

    pub fn creates(self) -> bool {
        self == Action::Create || self.is_replace()
    }

    pub fn deletes(self) -> bool {
        self == Action::Delete || self.is_replace()
    }

    /// The words of the plan JSON: `["delete","create"]`.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Action::NoOp => &["no-op"],
            Action::Create => &["create"],
            Action::Read => &["read"],
            Action::Update => &["update"],
            Action::Delete => &["delete"],
            Action::Forget => &["forget"],
            Action::DeleteThenCreate => &["delete", "create"],
            Action::CreateThenDelete => &["create", "delete"],
        }
    }
}

/// Why an action and not a lesser one. As `action_reason` of the plan JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    ReplaceBecauseCannotUpdate,
    ReplaceBecauseTainted,
    ReplaceByRequest,
    ReplaceByTriggers,
    DeleteBecauseNoResourceConfig,
    DeleteBecauseWrongRepetition,
    DeleteBecauseCountIndex,
    DeleteBecauseEachKey,
    DeleteBecauseNoModule,
    DeleteBecauseNoMoveTarget,
    ReadBecauseConfigUnknown,
    ReadBecauseDependencyPending,
    ReadBecauseCheckNested,
}

impl Reason {
    /// The word of the plan JSON.
    pub fn word(self) -> &'static str {
        match self {
            Reason::ReplaceBecauseCannotUpdate => "replace_because_cannot_update",
            Reason::ReplaceBecauseTainted => "replace_because_tainted",
            Reason::ReplaceByRequest => "replace_by_request",
            Reason::ReplaceByTriggers => "replace_by_triggers",
            Reason::DeleteBecauseNoResourceConfig => "delete_because_no_resource_config",
            Reason::DeleteBecauseWrongRepetition => "delete_because_wrong_repetition",
            Reason::DeleteBecauseCountIndex => "delete_because_count_index",
            Reason::DeleteBecauseEachKey => "delete_because_each_key",
            Reason::DeleteBecauseNoModule => "delete_because_no_module",
            Reason::DeleteBecauseNoMoveTarget => "delete_because_no_move_target",
            Reason::ReadBecauseConfigUnknown => "read_because_config_unknown",
            Reason::ReadBecauseDependencyPending => "read_because_dependency_pending",
            Reason::ReadBecauseCheckNested => "read_because_check_nested",
        }
    }
}

/// The comparison of one attribute, for the attributes that are not in sync.
#[derive(Clone, Debug)]
pub struct AttributeVerdict {
    pub path: AttributePath,
    pub verdict: Verdict,
    pub desired: Value,
    pub recorded: Value,
    /// `None` where there is no live value to be had.
    pub live: Option<Value>,
    /// The desired value differs only because something that this object refers to is itself missing, drifted
    /// or about to change: a consequence, not a change of its own.
    pub consequence: bool,
    /// Where the code says it.
    pub origin: Option<Span>,
}

/// One object and what is to become of it.
#[derive(Clone, Debug)]
pub struct ResourceChange {
    pub address: InstanceAddress,
    /// Where a `moved` block found it in the record.
    pub previous_address: Option<InstanceAddress>,
    /// The key of a deposed object, which is only ever deleted.
    pub deposed: Option<String>,
    /// `registry.terraform.io/hashicorp/aws`
    pub provider: Arc<str>,
    pub schema_version: u64,
    pub action: Action,
    pub reason: Option<Reason>,
    /// The verdict on the object as a whole.
    pub verdict: Verdict,
    /// What AWS (or the record, where AWS has no say) holds now; null if there is no object.
    pub before: Value,
    /// What it is to become, unknown where only AWS can say; null if it is to go.
    pub after: Value,
    /// What the record said before anything was read; null if there was none.
    pub recorded: Value,
    /// The attributes that make a replacement of it.
    pub replace_paths: BTreeSet<AttributePath>,
    /// Attributes that are not in sync. Empty for objects that are created or deleted as a whole.
    pub attributes: Vec<AttributeVerdict>,
    /// The id it is imported by.
    pub importing: Option<String>,
    /// Why it cannot be read, if it cannot.
    pub unreadable: Option<OperationError>,
    /// What this is a consequence of: for a missing object the missing one that it went with.
    pub consequence_of: Option<String>,
    /// Found by the journal of a run that died: made, and not recorded until now.
    pub adopted: bool,
    /// The provider configuration as state files name it.
    pub provider_config: String,
    /// What it depends on, for the record and for the order of deletions.
    pub dependencies: Vec<ConfigResource>,
    pub create_before_destroy: bool,
    /// The code says that it is not to be destroyed.
    pub prevents_destroy: bool,
    /// Of an update: the attributes that alone are changed, whatever else the code wants. `None`: all.
    pub only: Option<BTreeSet<AttributePath>>,
    /// Paths in `before` and `after` that the schema calls sensitive are marked in the values themselves.
    pub declared_at: Option<Span>,
}

impl ResourceChange {
    /// What the object depends on, as state files name it: each address once, in order.
    pub fn dependency_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.dependencies.iter().map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        names
    }
}

/// A data source that was read while planning.
#[derive(Clone, Debug)]
pub struct DataObject {
    pub address: InstanceAddress,
    /// `registry.terraform.io/hashicorp/aws`
    pub provider: Arc<str>,
    /// The provider configuration as state files name it.
    pub provider_config: String,
    pub schema_version: u64,
    pub value: Value,
}

/// A change of a root output.
#[derive(Clone, Debug)]
pub struct OutputChange {
    pub action: Action,
    /// Null if there was none.
    pub before: Value,
    /// Null if there will be none.
    pub after: Value,
    /// Whether it is sensitive, or was until now.
    pub sensitive: bool,
    /// Whether it is to be recorded as sensitive.
    pub recorded_sensitive: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStatus {
    Pass,
    Fail,
    Error,
    Unknown,
}

/// The result of the conditions of one object: a resource's, an output's, a variable's or a `check` block's.
#[derive(Clone, Debug)]
pub struct CheckResult {
    /// `resource`, `output_value`, `check`, `var`
    pub kind: &'static str,
    /// The configuration object: `module.a.check.health`.
    pub object: String,
    pub status: CheckStatus,
    /// Each instance's address, status and failure messages.
    pub instances: Vec<(String, CheckStatus, Vec<String>)>,
}

/// A recorded object that is left as it is, because recon cannot compare it.
#[derive(Clone, Debug)]
pub struct NotCompared {
    pub address: InstanceAddress,
    /// The key of a deposed object.
    pub deposed: Option<String>,
    pub why: Incomparable,
}

/// How a plan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanMode {
    Normal,
    Destroy,
    RefreshOnly,
}

/// All that is to be done, and all that was found.
#[derive(Clone, Debug)]
pub struct Plan {
    pub mode: PlanMode,
    /// Every managed object and every data source that has to wait, by address.
    pub changes: Vec<ResourceChange>,
    /// Every recorded object that nothing is said of, by address.
    pub not_compared: Vec<NotCompared>,
    /// Every data source that was read, by address.
    pub data: Vec<DataObject>,
    /// Data sources that could not be read, where planning goes on without ([`super::Options::look`]).
    pub unread: Vec<(InstanceAddress, OperationError)>,
    pub outputs: BTreeMap<Arc<str>, OutputChange>,
    pub checks: Vec<CheckResult>,
    /// Values of the root module's variables as they were given (marks included).
    pub variables: BTreeMap<Arc<str>, Value>,
    /// The lineage and serial of the state that the plan was made against.
    pub lineage: String,
    pub serial: u64,
    /// RFC 3339
    pub timestamp: String,
    pub targeted: bool,
}

/// Numbers of objects by what is to be done to them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub import: usize,
    pub add: usize,
    pub change: usize,
    pub destroy: usize,
    pub forget: usize,
}

impl Plan {
    /// As Terraform counts: a replacement is one to add and one to destroy.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for change in &self.changes {
            counts.import += usize::from(change.importing.is_some());
            counts.add += usize::from(change.action.creates());
            counts.change += usize::from(change.action == Action::Update);
            counts.destroy += usize::from(change.action.deletes());
            counts.forget += usize::from(change.action == Action::Forget);
        }
        counts
    }

    /// Whether there is nothing to do: no object, no output, no import.
    pub fn is_empty(&self) -> bool {
        self.changes.iter().all(|change| {
            change.action == Action::NoOp && change.importing.is_none() && change.previous_address.is_none()
        }) && self.outputs.values().all(|output| output.action == Action::NoOp)
    }
}
