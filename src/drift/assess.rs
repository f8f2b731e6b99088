//! From a plan to a report: one status for each object, by the rules.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::address::{InstanceAddress, Mode};
use crate::compare::Verdict;
use crate::lang::convert::{PathStep, path_text};
use crate::lang::secrets::{MASK, Secrets};
use crate::lang::source::{SourceMap, Span};
use crate::lang::value::{Kind, Value};
use crate::live::ProviderKey;
use crate::live::account;
use crate::plan::model::{Action, AttributeVerdict, NotCompared, Plan, Reason, ResourceChange};
use crate::plan::planner::operation_detail;
use crate::provider::{ErrorKind, OperationError};
use crate::repository::{Action as Wanted, Decision, Repository, Stack};
use crate::state::encode_plain;

use super::{
    AttributeReport, FORMAT_VERSION, Place, Report, ResourceReport, Stats, Summary, Unread, user_data,
};

/// What a report says besides the comparison, and the rules that it follows.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub repository: &'a Repository,
    pub stack: &'a Stack,
    /// Where the provider configurations lead.
    pub places: &'a BTreeMap<ProviderKey, account::Place>,
    pub sources: &'a SourceMap,
    /// The moment that expiring rules are held against.
    pub now: Timestamp,
    pub started_at: &'a str,
    pub commit: Option<&'a str>,
}

/// The report on a plan. All managed objects are in it, whatever their status.
pub fn assess(plan: &Plan, facts: Facts<'_>, stats: Stats) -> Report {
    let secrets = secrets_of(plan);
    let assessor = Assessor { facts, secrets };
    let managed = plan.changes.iter().filter(|change| change.address.resource.mode == Mode::Managed);
    let compared = managed.map(|change| (&change.address, assessor.resource(change)));
    let left = plan.not_compared.iter().filter(|left| left.address.resource.mode == Mode::Managed);
    let mut all: Vec<(&InstanceAddress, ResourceReport)> =
        compared.chain(left.map(|left| (&left.address, not_compared(left)))).collect();
    // Not by the text of the address: in that the tenth instance comes before the second.
    all.sort_by(|left, right| left.0.cmp(right.0).then_with(|| left.1.deposed.cmp(&right.1.deposed)));
    let resources: Vec<ResourceReport> = all.into_iter().map(|(_, resource)| resource).collect();
    let mut summary = Summary::default();
    resources.iter().for_each(|resource| summary.add(resource.status));
    let failures = plan.changes.iter().filter_map(|change| change.unreadable.as_ref());
    let unread = plan.unread.iter().map(|(_, error)| error);
    let complete = failures.chain(unread).all(is_known_limit);
    let (account, region) = main_place(facts.places);
    Report {
        format_version: FORMAT_VERSION.to_owned(),
        stack: facts.stack.name.to_string(),
        account,
        region,
        commit: facts.commit.map(str::to_owned),
        started_at: facts.started_at.to_owned(),
        finished_at: Timestamp::now().to_string(),
        complete,
        summary,
        resources,
        unread_data: plan.unread.iter().map(|(address, error)| assessor.unread(address, error)).collect(),
        unsearched: Vec::new(),
        errors: Vec::new(),
        stats,
    }
}

/// What is secret among a plan's values.
pub fn secrets_of(plan: &Plan) -> Secrets {
    let values = plan.changes.iter().flat_map(|change| [&change.before, &change.after, &change.recorded]);
    let values = values.chain(plan.data.iter().map(|data| &data.value)).chain(plan.variables.values());
    let outputs = plan.outputs.values().flat_map(|output| [&output.before, &output.after]);
    let attributes = plan.changes.iter().flat_map(|change| &change.attributes);
    let compared = attributes.flat_map(|one| [Some(&one.desired), Some(&one.recorded), one.live.as_ref()]);
    Secrets::of(values.chain(outputs).chain(compared.flatten()))
}

/// Whether a read ended as it always will with these permissions and this recon: the run is complete as far as it can be.
pub(super) fn is_known_limit(error: &OperationError) -> bool {
    matches!(error.kind, ErrorKind::AccessDenied | ErrorKind::Internal)
}

/// Account and region of the root module's own configuration of AWS, else of the first.
fn main_place(places: &BTreeMap<ProviderKey, account::Place>) -> (Option<String>, Option<String>) {
    let default = places.iter().find(|((module, _, alias), _)| module.is_root() && alias.is_none());
    match default.or_else(|| places.iter().next()) {
        Some((_, place)) => {
            let account = Some(&place.account).filter(|account| !account.is_empty());
            (account.cloned(), Some(place.region.clone()))
        }
        None => (None, None),
    }
}

fn not_compared(left: &NotCompared) -> ResourceReport {
    ResourceReport {
        address: left.address.to_string(),
        ty: left.address.resource.ty.to_string(),
        id: None,
        deposed: left.deposed.clone(),
        status: Verdict::Unreadable,
        attributes: Vec::new(),
        rule: None,
        action: None,
        reason: Some(left.why.to_string()),
        operation: None,
        origin: None,
        import_id: None,
        depends_on: Vec::new(),
    }
}

struct Assessor<'a> {
    facts: Facts<'a>,
    secrets: Secrets,
}

impl<'a> Assessor<'a> {
    fn decide(&self, address: &InstanceAddress, attribute: Option<&[PathStep]>) -> Decision<'a> {
        self.facts.repository.decide(self.facts.stack, address, attribute, self.facts.now)
    }

    fn place(&self, span: Option<Span>) -> Option<Place> {
        let span = span?;
        let file = self.facts.sources.file(span.source);
        let position = file.position(span.start as usize);
        Some(Place { file: file.name.clone(), line: position.line, column: position.column })
    }

    fn unread(&self, address: &InstanceAddress, error: &OperationError) -> Unread {
        Unread {
            address: address.to_string(),
            reason: self.secrets.mask(&operation_detail(error)).into_owned(),
            operation: error.operation.clone(),
        }
    }

    fn resource(&self, change: &ResourceChange) -> ResourceReport {
        let attributes: Vec<AttributeReport> = match () {
            () if change.unreadable.is_some() || change.verdict == Verdict::Missing => Vec::new(),
            () => change.attributes.iter().map(|attribute| self.attribute(change, attribute)).collect(),
        };
        let (status, whole) = self.status(change, &attributes);
        let known = |object: &Value| {
            object.known("id").filter(|id| !id.has_sensitive()).and_then(|id| id.as_str().map(str::to_owned))
        };
        let error = change.unreadable.as_ref();
        ResourceReport {
            address: change.address.to_string(),
            ty: change.address.resource.ty.to_string(),
            id: known(&change.before).or_else(|| known(&change.recorded)),
            deposed: change.deposed.clone(),
            status,
            attributes,
            rule: whole.as_ref().and_then(|decision| decision.rule_name().map(str::to_owned)),
            action: whole.as_ref().map(|decision| decision.action.word().to_owned()),
            reason: self.reason(change, status, whole.as_ref()),
            operation: error.map(|error| error.operation.clone()).filter(|operation| !operation.is_empty()),
            origin: self.place(change.declared_at),
            import_id: None,
            depends_on: change.dependency_names(),
        }
    }

    /// The status of an object, and the decision where it is about the object as a whole.
    fn status(
        &self,
        change: &ResourceChange,
        attributes: &[AttributeReport],
    ) -> (Verdict, Option<Decision<'a>>) {
        if change.unreadable.is_some() {
            return (Verdict::Unreadable, None);
        }
        let goes = matches!(change.action, Action::Delete | Action::Forget);
        if change.verdict == Verdict::Missing {
            // Neither the code nor AWS has it: only the record is behind.
            if goes {
                return (Verdict::Converged, None);
            }
            let decision = self.decide(&change.address, None);
            let is_ignored = decision.action == Wanted::Ignore;
            return (if is_ignored { Verdict::Ignored } else { Verdict::Missing }, Some(decision));
        }
        let of_attributes = worst(attributes);
        let is_ahead = goes || change.action.creates() || change.importing.is_some();
        let own = match () {
            () if is_ahead => Verdict::Pending,
            () if change.previous_address.is_some() || change.adopted => Verdict::Converged,
            () => Verdict::InSync,
        };
        (if rank(own) < rank(of_attributes) { own } else { of_attributes }, None)
    }

    fn reason(
        &self,
        change: &ResourceChange,
        status: Verdict,
        whole: Option<&Decision<'_>>,
    ) -> Option<String> {
        if let Some(error) = &change.unreadable {
            return Some(self.secrets.mask(&operation_detail(error)).into_owned());
        }
        let text = match status {
            Verdict::Missing => match &change.consequence_of {
                Some(other) => format!("it went with {other}"),
                None => "AWS does not have it any more".to_owned(),
            },
            Verdict::Ignored => return whole.map(Decision::why),
            Verdict::Converged if matches!(change.action, Action::Delete | Action::Forget) => {
                "it is gone from AWS and from the code; only the record has it".to_owned()
            }
            Verdict::Converged if change.previous_address.is_some() => {
                format!("it is recorded as {}", change.previous_address.as_ref()?)
            }
            Verdict::Pending => match (change.action, change.reason) {
                (_, _) if change.importing.is_some() => "to be imported".to_owned(),
                (_, _) if change.deposed.is_some() => "it was replaced and is still to be deleted".to_owned(),
                (Action::Create, _) => "to be created".to_owned(),
                (Action::Delete, _) => "to be deleted: the code does not have it any more".to_owned(),
                (Action::Forget, _) => "to be forgotten: a removed block says so".to_owned(),
                (_, Some(Reason::ReplaceBecauseTainted)) => "to be replaced: it is tainted".to_owned(),
                (action, _) if action.is_replace() => "to be replaced".to_owned(),
                _ => return None,
            },
            _ => return None,
        };
        Some(text)
    }

    fn attribute(&self, change: &ResourceChange, attribute: &AttributeVerdict) -> AttributeReport {
        let AttributeVerdict { path, desired, recorded, live, .. } = attribute;
        let null = Value::null(recorded.ty());
        let live = live.as_ref().unwrap_or(&null);
        let is_drift = matches!(attribute.verdict, Verdict::Drifted | Verdict::Conflicted);
        let decision = is_drift.then(|| self.decide(&change.address, Some(path)));
        let is_ignored = decision.as_ref().is_some_and(|decision| decision.action == Wanted::Ignore);
        let status = match attribute.verdict {
            Verdict::Drifted if is_ignored => Verdict::Ignored,
            // What is AWS's doing is not to be minded; what the code wants is still to be done.
            Verdict::Conflicted if is_ignored => Verdict::Pending,
            verdict => verdict,
        };
        let sensitive = [desired, recorded, live].into_iter().any(Value::is_sensitive);
        let is_script = user_data::is_script(path);
        let show = |value: &Value| match () {
            () if sensitive => Json::Null,
            () if is_script && value.is_known() => user_data::digest(value),
            () => self.shown(value),
        };
        let (added, removed) = if sensitive { Default::default() } else { self.set_changes(recorded, live) };
        let lines = if is_script && is_drift && !sensitive {
            user_data::lines(recorded, live, &self.secrets)
        } else {
            Vec::new()
        };
        AttributeReport {
            path: path_text(path).trim_start_matches('.').to_owned(),
            status,
            desired: show(desired),
            recorded: show(recorded),
            live: show(live),
            sensitive: sensitive || [desired, recorded, live].into_iter().any(Value::has_sensitive),
            desired_unknown: !desired.is_known(),
            consequence: attribute.consequence,
            added,
            removed,
            lines,
            rule: decision.as_ref().and_then(|decision| decision.rule_name().map(str::to_owned)),
            action: decision.map(|decision| decision.action.word().to_owned()),
            origin: self.place(attribute.origin),
        }
    }

    /// A value as JSON: what is sensitive within it masked, what is unknown left out.
    fn shown(&self, value: &Value) -> Json {
        if value.is_sensitive() {
            return json!(MASK);
        }
        match &value.kind {
            Kind::Unknown(..) => Json::Null,
            Kind::List(_, items) | Kind::Set(_, items) | Kind::Tuple(items) => {
                items.iter().map(|item| self.shown(item)).collect()
            }
            Kind::Map(_, entries) | Kind::Object(entries) => {
                let shown = entries.iter().map(|(name, item)| {
                    let is_script = user_data::is_script(&[PathStep::Attribute(std::sync::Arc::clone(name))]);
                    let item = if is_script && item.is_known() && !item.is_sensitive() {
                        user_data::digest(item)
                    } else {
                        self.shown(item)
                    };
                    (self.secrets.mask(name).into_owned(), item)
                });
                Json::Object(shown.collect())
            }
            _ => self.secrets.mask_json(encode_plain(value)),
        }
    }

    /// What AWS has and the record has not, and the other way round, where both are sets.
    fn set_changes(&self, recorded: &Value, live: &Value) -> (Vec<Json>, Vec<Json>) {
        let (Kind::Set(_, recorded), Kind::Set(_, live)) = (&recorded.kind, &live.kind) else {
            return Default::default();
        };
        let beyond = |these: &[Value], those: &[Value]| -> Vec<Json> {
            let plain: Vec<Value> = those.iter().map(|value| value.clone().unmark_deep().0).collect();
            let new = these.iter().filter(|value| !plain.contains(&(*value).clone().unmark_deep().0));
            new.map(|value| self.shown(value)).collect()
        };
        (beyond(live, recorded), beyond(recorded, live))
    }
}

/// The place of a status in the order in which they hide each other: the first one an object has is its status.
fn rank(status: Verdict) -> usize {
    const ORDER: [Verdict; 9] = [
        Verdict::Unreadable,
        Verdict::Missing,
        Verdict::Conflicted,
        Verdict::Drifted,
        Verdict::Pending,
        Verdict::Converged,
        Verdict::Ignored,
        Verdict::InSync,
        Verdict::Unmanaged,
    ];
    ORDER.iter().position(|one| *one == status).unwrap_or(ORDER.len())
}

fn worst(attributes: &[AttributeReport]) -> Verdict {
    attributes
        .iter()
        .map(|attribute| attribute.status)
        .min_by_key(|status| rank(*status))
        .unwrap_or(Verdict::InSync)
}
