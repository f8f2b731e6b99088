//! The verdicts on one object's attributes.

use crate::compare::object::{at_path, changed_paths, same_at, schema_at};
use crate::compare::{Verdict, is_zero, may_become, verdict};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::IgnoreChanges;
use crate::lang::ast::StepKind;
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::plan::model::AttributeVerdict;
use crate::provider::AttributePath;
use crate::schema::BlockSchema;
use crate::state::{mark_paths, sensitive_paths};

/// Compares an object three ways: `desired` is what it is to become, `live` what it is. Attributes in sync are left
/// out; so is `tags_all` where `tags` says the same, and whatever the code leaves to AWS.
pub fn attributes(
    schema: &BlockSchema,
    config: &Value,
    desired: &Value,
    recorded: &Value,
    live: Option<&Value>,
) -> Vec<AttributeVerdict> {
    let base = live.unwrap_or(recorded);
    let mut paths = changed_paths(schema, base, desired);
    // Where code and AWS agree and the record is behind.
    for path in changed_paths(schema, recorded, base) {
        let whole = at_path(config, &path[..1]);
        let is_block =
            matches!(path.first(), Some(PathStep::Attribute(name)) if schema.blocks.contains_key(name));
        let left_to_aws = match schema_at(schema, &path) {
            _ if is_block && is_zero(&whole) => true,
            Some(attribute) => attribute.computed && at_path(config, &path).is_null(),
            None => is_zero(&whole),
        };
        if !left_to_aws && !paths.contains(&path) {
            paths.push(path);
        }
    }
    drop_tags_all(&mut paths);
    paths
        .into_iter()
        .filter_map(|path| {
            let attribute = schema_at(schema, &path);
            let same = |left: &Value, right: &Value| same_at(schema, &path, left, right);
            let code_only = attribute.is_some_and(|attribute| attribute.code_only);
            let (wanted, old) = (at_path(desired, &path), at_path(recorded, &path));
            let now = live.filter(|_| !code_only).map(|live| at_path(live, &path));
            // What only AWS decides is in sync wherever it is.
            let decided_by_aws = attribute.is_some_and(|attribute| !attribute.is_argument());
            let left_to_aws = decided_by_aws
                || attribute.is_some_and(|attribute| attribute.computed)
                    && !wanted.is_wholly_known()
                    && at_path(config, &path).is_null();
            let verdict = match verdict(same, &wanted, &old, now.as_ref()) {
                // Nobody but AWS says what it is to become: it moved in AWS, and nowhere else.
                Verdict::Conflicted if left_to_aws => Verdict::Drifted,
                // So it is where all that is known of what it is to become was recorded: a volume that is gone.
                Verdict::Conflicted if wanted.is_known() && may_become(&wanted, &old) => Verdict::Drifted,
                verdict => verdict,
            };
            if verdict == Verdict::InSync || decided_by_aws && wanted.is_wholly_known() {
                return None;
            }
            if verdict == Verdict::Converged && same(&wanted, &old) {
                return None;
            }
            let [wanted, old, now] = alike([Some(wanted), Some(old), now]);
            Some(AttributeVerdict {
                path,
                verdict,
                desired: wanted?,
                recorded: old?,
                live: now,
                // What AWS decides anew follows from what is changed.
                consequence: left_to_aws,
                origin: None,
            })
        })
        .collect()
}

/// Leaves out each `tags_all` beside which `tags` says the same.
fn drop_tags_all(paths: &mut Vec<AttributePath>) {
    let beside = |path: &AttributePath, from: &str, to: &str| match path.split_last() {
        Some((PathStep::Attribute(name), parent)) if &**name == from => {
            let mut path = parent.to_vec();
            path.push(PathStep::Attribute(to.into()));
            Some(path)
        }
        _ => None,
    };
    let tags: BTreeSet<AttributePath> =
        paths.iter().filter_map(|path| beside(path, "tags", "tags_all")).collect();
    paths.retain(|path| !tags.contains(path));
}

/// The verdict on an object of which these attributes are not in sync.
pub fn object_verdict(attributes: &[AttributeVerdict]) -> Verdict {
    [Verdict::Conflicted, Verdict::Drifted, Verdict::Pending, Verdict::Converged, Verdict::Ignored]
        .into_iter()
        .find(|verdict| attributes.iter().any(|attribute| attribute.verdict == *verdict))
        .unwrap_or(Verdict::InSync)
}

/// Attributes that the code leaves out and AWS decides, where AWS and the record differ: in sync, whatever they are.
pub fn left_to_aws(
    schema: &BlockSchema,
    config: &Value,
    recorded: &Value,
    live: Option<&Value>,
) -> Vec<AttributeVerdict> {
    let Some(live) = live else { return Vec::new() };
    let mut paths = changed_paths(schema, recorded, live);
    drop_tags_all(&mut paths);
    paths.retain(|path| {
        schema_at(schema, path).is_some_and(|attribute| attribute.computed) && at_path(config, path).is_null()
    });
    paths
        .into_iter()
        .map(|path| {
            let now = at_path(live, &path);
            AttributeVerdict {
                verdict: Verdict::InSync,
                desired: now.clone(),
                recorded: at_path(recorded, &path),
                live: Some(now),
                path,
                consequence: false,
                origin: None,
            }
        })
        .collect()
}

/// Calls ignored what differs from the record below a path of `ignore_changes`: there the plan follows AWS, so that it
/// had come out as converged. What the code says there is told nonetheless.
pub fn ignored(ignore: &IgnoreChanges, written: &Value, attributes: &mut [AttributeVerdict]) {
    for attribute in attributes.iter_mut().filter(|attribute| attribute.verdict == Verdict::Converged) {
        if !ignores(ignore, &attribute.path) {
            continue;
        }
        attribute.verdict = Verdict::Ignored;
        let own = at_path(written, &attribute.path);
        if !own.is_null() {
            attribute.desired = own;
        }
    }
}

/// Whether a path is at or below one that `ignore_changes` names, or above it: a set is compared as a whole.
fn ignores(ignore: &IgnoreChanges, path: &[PathStep]) -> bool {
    let name = |step: &PathStep| match step {
        PathStep::Attribute(name) | PathStep::Key(name) => name.to_string(),
        PathStep::Index(index) => index.to_string(),
    };
    match ignore {
        IgnoreChanges::None => false,
        IgnoreChanges::All => true,
        IgnoreChanges::Paths(paths) => paths.iter().any(|ignored| {
            let steps = ignored.steps.iter().map(|step| match &step.kind {
                StepKind::Attribute(name) | StepKind::Key(name) => name.to_string(),
                StepKind::Index(index) => index.to_string(),
            });
            let mut ignored = std::iter::once(ignored.root.name.to_string()).chain(steps);
            path.iter().all(|step| ignored.next().is_none_or(|ignored| ignored == name(step)))
        }),
    }
}

/// The three values of an attribute with what is sensitive in one of them sensitive in all.
fn alike(mut values: [Option<Value>; 3]) -> [Option<Value>; 3] {
    let paths: BTreeSet<Vec<PathStep>> = values.iter().flatten().flat_map(sensitive_paths).collect();
    if !paths.is_empty() {
        let paths: Vec<Vec<PathStep>> = paths.into_iter().collect();
        for value in values.iter_mut().flatten() {
            *value = mark_paths(value, &paths);
        }
    }
    values
}

/// The same comparisons with those of maps taken apart: `tags` becomes `tags["Name"]` and whatever else differs.
pub fn by_member(attributes: Vec<AttributeVerdict>) -> Vec<AttributeVerdict> {
    attributes.into_iter().flat_map(members).collect()
}

fn members(attribute: AttributeVerdict) -> Vec<AttributeVerdict> {
    let AttributeVerdict { desired, recorded, live, .. } = &attribute;
    let values = [Some(desired), Some(recorded), live.as_ref()];
    let is_map = |value: &&Value| matches!(value.kind, Kind::Map(..));
    let can_be_map = |value: &Value| matches!(value.kind, Kind::Map(..)) || value.is_null();
    let is_one = values.iter().flatten().any(is_map)
        && values.iter().flatten().all(|value| can_be_map(value) && !value.is_sensitive());
    if !is_one || attribute.verdict == Verdict::InSync {
        return vec![attribute];
    }
    let names: BTreeSet<Arc<str>> = values
        .iter()
        .flatten()
        .filter_map(|value| value.as_entries())
        .flat_map(|map| map.keys().cloned())
        .collect();
    let mut found = Vec::new();
    for name in names {
        let mut path = attribute.path.clone();
        path.push(PathStep::Key(Arc::clone(&name)));
        let member = |value: &Value| {
            let element = value.as_entries().and_then(|entries| entries.get(&name));
            element.cloned().unwrap_or_else(|| Value::null(Type::Dynamic))
        };
        let (wanted, old, now) = (member(desired), member(recorded), live.as_ref().map(&member));
        let plain = |value: &Value| value.clone().unmark_deep().0;
        let same = |left: &Value, right: &Value| {
            left.is_null() && right.is_null()
                || !left.is_null() && !right.is_null() && plain(left) == plain(right)
        };
        let verdict = verdict(same, &wanted, &old, now.as_ref());
        if verdict != Verdict::InSync {
            found.push(AttributeVerdict {
                path,
                verdict,
                desired: wanted,
                recorded: old,
                live: now,
                ..attribute
            });
        }
    }
    // An empty map instead of none.
    if found.is_empty() { vec![attribute] } else { found }
}
