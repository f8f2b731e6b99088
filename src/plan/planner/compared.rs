//! The verdicts on one object's attributes.

use crate::compare::object::{at_path, changed_paths, same_at, schema_at};
use crate::compare::{Verdict, is_zero, verdict};
use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::plan::model::AttributeVerdict;
use crate::provider::AttributePath;
use crate::schema::BlockSchema;

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
            let verdict = verdict(same, &wanted, &old, now.as_ref());
            if verdict == Verdict::InSync || decided_by_aws && wanted.is_wholly_known() {
                return None;
            }
            if verdict == Verdict::Converged && same(&wanted, &old) {
                return None;
            }
            Some(AttributeVerdict {
                path,
                verdict,
                desired: wanted,
                recorded: old,
                live: now,
                // What AWS decides anew follows from what is changed.
                consequence: left_to_aws,
                origin: None,
            })
        })
        .collect()
}

fn drop_tags_all(paths: &mut Vec<AttributePath>) {
    let is = |path: &AttributePath, wanted: &str| matches!(path.first(), Some(PathStep::Attribute(name)) if &**name == wanted);
    if paths.iter().any(|path| is(path, "tags")) {
        paths.retain(|path| !is(path, "tags_all"));
    }
}

/// The verdict on an object of which these attributes are not in sync.
pub fn object_verdict(attributes: &[AttributeVerdict]) -> Verdict {
    [Verdict::Conflicted, Verdict::Drifted, Verdict::Pending, Verdict::Converged, Verdict::Ignored]
        .into_iter()
        .find(|verdict| attributes.iter().any(|attribute| attribute.verdict == *verdict))
        .unwrap_or(Verdict::InSync)
}
