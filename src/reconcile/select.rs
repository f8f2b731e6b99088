//! Which drifts a rule, or a person, wants to be put back, and which of them may be.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::address::{InstanceAddress, Mode};
use crate::compare::Verdict;
use crate::lang::convert::PathStep;
use crate::plan::model::{Action as Doing, AttributeVerdict, Plan, ResourceChange};
use crate::provider::AttributePath;
use crate::repository::{Action, AddressPattern, Repository, Stack};
use crate::trace::attribute_name;

use super::kinds::{is_security, is_security_attribute, is_stateful};

/// One drift that is to be put back.
#[derive(Clone, Debug)]
pub struct Row {
    pub address: InstanceAddress,
    /// `None`: the object is missing.
    pub path: Option<AttributePath>,
    /// The object has to be replaced for that.
    pub replaces: bool,
    /// The rule that wants it; `None`: a person named it.
    pub rule: Option<String>,
    /// A digest of what AWS has, by which a later look knows whether it is still the same. Nothing can be told from it
    /// but that.
    pub live: String,
    /// Why it is not put back. `None`: it may be.
    pub held: Option<String>,
}

impl Row {
    /// `aws_lb.main.idle_timeout`, or the object's address.
    pub fn name(&self) -> String {
        match &self.path {
            Some(path) => attribute_name(&self.address, path),
            None => self.address.to_string(),
        }
    }
}

/// What a person who names objects allows for them; rules say for themselves.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// The objects: patterns as in recon.hcl, optionally of one attribute.
    pub named: Vec<(AddressPattern, Option<AttributePath>)>,
    pub recreate: bool,
    pub replace: bool,
}

/// What one row may do.
struct Permissions {
    rule: Option<String>,
    security: bool,
    recreate: bool,
    state: bool,
    replace: bool,
    delete: bool,
}

/// All drift of a plan that is to be put back: what rules say, or where `by_hand` is given what it names. The plan is one
/// that was made for looking at ([`crate::plan::planner::Look`]).
pub fn rows(
    plan: &Plan,
    repository: &Repository,
    stack: &Stack,
    by_hand: Option<&Allowed>,
    now: Timestamp,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let limits = repository.limits(stack);
    let holds_states = holds_states(stack);
    for change in &plan.changes {
        if change.address.resource.mode != Mode::Managed || change.deposed.is_some() {
            continue;
        }
        let permissions = |path: Option<&[PathStep]>| -> Option<Permissions> {
            if let Some(allowed) = by_hand {
                let is_meant = allowed.named.iter().any(|(pattern, only)| {
                    pattern.matches(&change.address)
                        && match (only, path) {
                            (None, _) => true,
                            (Some(only), Some(path)) => path.starts_with(only) || only.starts_with(path),
                            (Some(_), None) => false,
                        }
                });
                return is_meant.then_some(Permissions {
                    rule: None,
                    security: true,
                    recreate: allowed.recreate,
                    state: true,
                    replace: allowed.replace,
                    delete: allowed.replace,
                });
            }
            let decision = repository.decide(stack, &change.address, path, now);
            if decision.action != Action::Correct {
                return None;
            }
            let rule = decision.rule?;
            Some(Permissions {
                rule: Some(rule.name.to_string()),
                security: rule.allow_security,
                recreate: rule.allow_recreate,
                state: rule.allow_state,
                replace: limits.allow_replace,
                delete: limits.allow_delete,
            })
        };
        if change.verdict == Verdict::Missing && change.action == Doing::Create {
            if let Some(permissions) = permissions(None) {
                rows.push(missing(change, permissions, holds_states));
            }
            continue;
        }
        for attribute in drifted(change) {
            let Some(permissions) = permissions(Some(&attribute.path)) else { continue };
            rows.push(Row {
                address: change.address.clone(),
                path: Some(attribute.path.clone()),
                replaces: change.action.is_replace() && touches(&change.replace_paths, &attribute.path),
                held: attribute_held(change, attribute, &permissions, holds_states, plan),
                rule: permissions.rule,
                live: live_digest(attribute),
            });
        }
    }
    rows
}

/// What somebody changed in AWS: consequences of other differences are none of it.
fn drifted(change: &ResourceChange) -> impl Iterator<Item = &AttributeVerdict> {
    change.attributes.iter().filter(|attribute| {
        !attribute.consequence && matches!(attribute.verdict, Verdict::Drifted | Verdict::Conflicted)
    })
}

/// A digest of an attribute's live value.
pub fn live_digest(attribute: &AttributeVerdict) -> String {
    use sha2::Digest;
    let text = attribute.live.as_ref().map(|live| crate::state::encode_plain(live).to_string());
    let digest = sha2::Sha256::digest(text.unwrap_or_default());
    digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn missing(change: &ResourceChange, permissions: Permissions, holds_states: bool) -> Row {
    let ty = &*change.address.resource.ty;
    let held = match () {
        () if is_security(ty) && !permissions.security => {
            Some(needs("allow_security", "it decides who may do what"))
        }
        () if is_stateful(ty) && !permissions.recreate => {
            let why = "what it held is lost, and made anew it is empty";
            Some(match permissions.rule {
                Some(_) => needs("allow_recreate", why),
                None => format!("{why}: give --recreate to make it anyway"),
            })
        }
        () if holds_states && !permissions.state => {
            Some(needs("allow_state", "the stack holds the states of others"))
        }
        () if changed_in_code(change) => {
            Some("the code was changed as well, and is not applied yet: apply it, or take it back".to_owned())
        }
        () => None,
    };
    Row {
        address: change.address.clone(),
        path: None,
        replaces: false,
        rule: permissions.rule,
        live: "missing".to_owned(),
        held,
    }
}

/// Whether the code wants a missing object otherwise than it was recorded, as far as that is known.
fn changed_in_code(change: &ResourceChange) -> bool {
    let (Some(wanted), Some(recorded)) = (change.after.as_entries(), change.recorded.as_entries()) else {
        return true;
    };
    wanted.iter().any(|(name, value)| {
        let old = recorded.get(name);
        value.is_wholly_known()
            && !crate::compare::is_zero(value)
            && old.is_none_or(|old| {
                let (value, old) = (value.clone().unmark_deep().0, old.clone().unmark_deep().0);
                !crate::compare::may_become(&value, &old) && !equal_text(&value, &old)
            })
    })
}

/// Documents may be written in other words than they were recorded in.
fn equal_text(left: &crate::lang::value::Value, right: &crate::lang::value::Value) -> bool {
    let json = |value: &crate::lang::value::Value| {
        value.as_str().and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok())
    };
    json(left).is_some_and(|left| json(right).is_some_and(|right| left == right))
}

fn needs(permission: &str, why: &str) -> String {
    format!("{why}, and the rule does not say {permission} = true")
}

fn attribute_held(
    change: &ResourceChange,
    attribute: &AttributeVerdict,
    permissions: &Permissions,
    holds_states: bool,
    plan: &Plan,
) -> Option<String> {
    let ty = &*change.address.resource.ty;
    let name = match attribute.path.first() {
        Some(PathStep::Attribute(name) | PathStep::Key(name)) => &**name,
        _ => "",
    };
    if attribute.verdict == Verdict::Conflicted {
        let why = "the code was changed as well, and is not applied yet: apply it, or take it back";
        return Some(why.to_owned());
    }
    if (is_security(ty) || is_security_attribute(name)) && !permissions.security {
        return Some(needs("allow_security", "it decides who may do what"));
    }
    if holds_states && !permissions.state {
        return Some(needs("allow_state", "the stack holds the states of others"));
    }
    if !attribute.desired.is_wholly_known() {
        return Some("what it is to be is known only after an apply".to_owned());
    }
    if !plan.unread.is_empty() {
        return Some("a data source could not be read, so what the code wants is not sure".to_owned());
    }
    let replaces = change.action.is_replace();
    if change.reason == Some(crate::plan::model::Reason::ReplaceBecauseTainted) {
        return Some("the object is tainted, and an apply is to replace it".to_owned());
    }
    if replaces && touches(&change.replace_paths, &attribute.path) {
        if change.prevents_destroy {
            return Some(
                "it can be put back only by replacing the object, and prevent_destroy is set".to_owned(),
            );
        }
        if !permissions.replace {
            return Some(match permissions.rule {
                Some(_) => {
                    "it can be put back only by replacing the object, and allow_replace is false".to_owned()
                }
                None => {
                    "it can be put back only by replacing the object: give --replace to do that".to_owned()
                }
            });
        }
        if change.action == Doing::DeleteThenCreate && !permissions.delete {
            return Some(
                "it can be put back only by deleting the object and making another one, and allow_delete is false"
                    .to_owned(),
            );
        }
        if change.attributes.iter().any(is_ahead) {
            return Some(
                "the replacement would carry out changes of the code that are not applied yet".to_owned(),
            );
        }
    }
    None
}

/// Whether a difference is, wholly or in part, of the code's making.
fn is_ahead(attribute: &AttributeVerdict) -> bool {
    !attribute.consequence && matches!(attribute.verdict, Verdict::Pending | Verdict::Conflicted)
}

/// Whether a path is at, above or below one of a set.
fn touches(paths: &BTreeSet<AttributePath>, path: &[PathStep]) -> bool {
    paths.iter().any(|one| one.starts_with(path) || path.starts_with(one.as_slice()))
}

/// Whether a stack makes the bucket that states are in: the one that `recon bootstrap state` makes is in a directory
/// `state`, and is named so where recon.hcl names it.
fn holds_states(stack: &Stack) -> bool {
    &*stack.name == "state" || stack.path.file_name() == Some(std::ffi::OsStr::new("state"))
}
