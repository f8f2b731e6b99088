//! The proof of an edit: two plans, without it and with it, differ in what was wanted and in nothing else.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{InstanceAddress, Mode};
use crate::compare::Verdict;
use crate::compare::object::{at_path, changed_paths, same_at};
use crate::lang::convert::PathStep;
use crate::lang::value::{Kind, Value};
use crate::plan::model::{Action, Plan, ResourceChange};
use crate::provider::AttributePath;
use crate::provider::registry::Registry;
use crate::schema::BlockSchema;

use super::attribute_name;

/// An attribute and the value that the code is to give it.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub address: InstanceAddress,
    pub path: AttributePath,
    pub value: Value,
}

/// What an edit was shown to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Other drifted attributes that are in sync with it as well.
    pub also: Vec<String>,
}

/// What an edit was shown not to do, or to do besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// These do not come to what was wanted.
    Short(Vec<String>),
    /// These change as well.
    FanOut(Vec<String>),
    /// With the edit the code has an error.
    Broken(String),
}

impl std::fmt::Display for Unproven {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unproven::Short(names) => {
                write!(f, "with the edit {} would still not be what AWS has", listed(names))
            }
            Unproven::FanOut(names) => write!(f, "the edit would also change {}", listed(names)),
            Unproven::Broken(problem) => write!(f, "with the edit the code has an error: {problem}"),
        }
    }
}

/// How many names a sentence has room for.
const SHOWN: usize = 5;

fn listed(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
    match names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", shown.join(", ")),
        None => shown.join(", "),
    }
}

/// Holds the plan with an edit against the one without it.
///
/// # Errors
/// What was wanted is not reached, or something else changes.
pub fn prove(before: &Plan, after: &Plan, wanted: &[Wanted], registry: &Registry) -> Result<Proof, Unproven> {
    let old = by_key(before);
    let new = by_key(after);
    let mut short = Vec::new();
    for Wanted { address, path, value } in wanted {
        let reached =
            new.get(&(address, None)).zip(schema_of(registry, address)).is_some_and(|(change, schema)| {
                let is_drift = change.attributes.iter().any(|attribute| {
                    let touches = attribute.path.starts_with(path) || path.starts_with(&attribute.path);
                    touches
                        && matches!(attribute.verdict, Verdict::Drifted | Verdict::Conflicted)
                        && attribute.path.len() <= path.len()
                        && attribute.path == *path
                });
                !is_drift && is_at(&schema, &change.after, path, value)
            });
        if !reached {
            short.push(attribute_name(address, path));
        }
    }
    if !short.is_empty() {
        return Err(Unproven::Short(short));
    }
    let mut others = Vec::new();
    let mut proof = Proof::default();
    let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (address, _) = *key;
        let (Some(old), Some(new)) = (old.get(key), new.get(key)) else {
            others.push(address.to_string());
            continue;
        };
        let Some(schema) = schema_of(registry, address) else { continue };
        let differences = differences(&schema, &old.after, &new.after);
        if differences.is_empty() && is_worse(old.action, new.action) {
            others.push(address.to_string());
        }
        for path in differences {
            let meant = |one: &&Wanted| {
                one.address == *address && (path.starts_with(&one.path) || one.path.starts_with(&path))
            };
            let (was, is) = (at_path(&old.after, &path), at_path(&new.after, &path));
            let live = at_path(&old.before, &path);
            match wanted.iter().find(meant) {
                Some(one) if one.path.len() <= path.len() => {}
                // A part of it was wanted: the rest is as it was.
                Some(_) if is_rest_same(address, &path, &was, &is, wanted) => {}
                _ if path.first().is_some_and(is_tags_all)
                    && wanted.iter().any(|one| is_tag(one, address)) => {}
                // What was open before an apply is what AWS has now.
                _ if !was.is_wholly_known() && same_at(&schema, &path, &is, &live) => {}
                _ if was_drift(old, &path) && same_at(&schema, &path, &is, &live) => {
                    proof.also.push(attribute_name(address, &path));
                }
                _ => others.push(attribute_name(address, &path)),
            }
        }
    }
    if others.is_empty() { Ok(proof) } else { Err(Unproven::FanOut(others)) }
}

type Key<'a> = (&'a InstanceAddress, Option<&'a str>);

fn by_key(plan: &Plan) -> BTreeMap<Key<'_>, &ResourceChange> {
    let changes = plan.changes.iter().filter(|change| change.address.resource.mode == Mode::Managed);
    changes.map(|change| ((&change.address, change.deposed.as_deref()), change)).collect()
}

fn schema_of(registry: &Registry, address: &InstanceAddress) -> Option<BlockSchema> {
    registry.resource_type(&address.resource.ty).map(|ty| ty.schema().block.clone())
}

fn is_at(schema: &BlockSchema, object: &Value, path: &[PathStep], value: &Value) -> bool {
    let is = at_path(object, path);
    // A member of a map is compared as it is; its map knows no schema of it.
    let is_member = matches!(path.last(), Some(PathStep::Key(_)));
    if is.is_null() && value.is_null() {
        return true;
    }
    if is_member {
        return super::text::plain(&is.unmark_deep().0) == super::text::plain(value);
    }
    same_at(schema, path, &is, value) || super::text::plain(&is.unmark_deep().0) == super::text::plain(value)
}

/// Whether an action does more than another.
fn is_worse(before: Action, after: Action) -> bool {
    before != after && after != Action::NoOp && !(before.is_replace() && after == Action::Update)
}

/// The attributes in which two objects differ, members of maps each for itself.
fn differences(schema: &BlockSchema, old: &Value, new: &Value) -> Vec<AttributePath> {
    if old.is_null() || new.is_null() {
        return if old.is_null() && new.is_null() { Vec::new() } else { vec![Vec::new()] };
    }
    let mut found = Vec::new();
    for path in changed_paths(schema, old, new) {
        let (was, is) = (at_path(old, &path), at_path(new, &path));
        // Unknown differs from all, and here from nothing that is as unknown.
        if super::text::plain(&was) == super::text::plain(&is) {
            continue;
        }
        match (&was.kind, &is.kind) {
            (Kind::Map(_, was), Kind::Map(_, is)) => {
                let names: BTreeSet<_> = was.keys().chain(is.keys()).collect();
                for name in names.into_iter().filter(|name| was.get(*name) != is.get(*name)) {
                    let mut member = path.clone();
                    member.push(PathStep::Key(std::sync::Arc::clone(name)));
                    found.push(member);
                }
            }
            _ => found.push(path),
        }
    }
    found
}

/// Whether two values at a path are the same but for what was wanted within them.
fn is_rest_same(
    address: &InstanceAddress,
    path: &[PathStep],
    was: &Value,
    is: &Value,
    wanted: &[Wanted],
) -> bool {
    let mut expected = super::text::plain(was);
    for one in wanted.iter().filter(|one| one.address == *address) {
        if let Some(rest) = one.path.strip_prefix(path) {
            expected = set(&expected, rest, &one.value);
        }
    }
    super::text::plain(&expected) == super::text::plain(is)
}

/// As [`crate::compare::object::with_path`], for objects that may have other members than before.
fn set(whole: &Value, path: &[PathStep], value: &Value) -> Value {
    match (path, whole.as_entries()) {
        ([PathStep::Key(name) | PathStep::Attribute(name)], entries) => {
            let mut entries = entries.cloned().unwrap_or_default();
            if value.is_null() {
                entries.remove(name);
            } else {
                entries.insert(std::sync::Arc::clone(name), super::text::plain(value));
            }
            Value::object(entries)
        }
        _ => crate::compare::object::with_path(whole, path, &super::text::plain(value)),
    }
}

fn is_tags_all(step: &PathStep) -> bool {
    matches!(step, PathStep::Attribute(name) if &**name == "tags_all")
}

fn is_tag(wanted: &Wanted, address: &InstanceAddress) -> bool {
    wanted.address == *address
        && matches!(wanted.path.first(), Some(PathStep::Attribute(name)) if &**name == "tags")
}

/// Whether AWS had changed an attribute.
fn was_drift(change: &ResourceChange, path: &[PathStep]) -> bool {
    change.attributes.iter().any(|attribute| {
        attribute.verdict == Verdict::Drifted
            && (path.starts_with(&attribute.path) || attribute.path.starts_with(path))
    })
}
