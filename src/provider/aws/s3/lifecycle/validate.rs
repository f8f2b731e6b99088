//! Offline checks of lifecycle rules: what the provider refuses, and warnings of what it will refuse.

use super::plan::date;
use super::schema::{BY_STORAGE_CLASS, NO_SMALL_OBJECTS};
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::s3::target;
use crate::provider::object::Object;

/// Storage classes that objects can be moved to.
const STORAGE_CLASSES: [&str; 6] =
    ["GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR"];

/// The largest number of days or versions: 32 bits.
const ANY: i64 = 2_147_483_647;

pub fn validate(config: &Value, problems: &mut Problems) {
    let mut checks = Checks::new(config, problems);
    target::check(&mut checks);
    checks.one_of("transition_default_minimum_object_size", &[NO_SMALL_OBJECTS, BY_STORAGE_CLASS], false);
    if checks.is_left_out("rule") {
        checks.missing("rule", "A lifecycle configuration has at least one rule: add a \"rule\" block.");
    }
    checks.each("rule", rule);
}

fn rule(checks: &mut Checks<'_>) {
    checks.length("id", 1..=255);
    checks.one_of("status", &["Enabled", "Disabled"], false);
    for name in ["abort_incomplete_multipart_upload", "expiration", "filter", "noncurrent_version_expiration"]
    {
        at_most_one(checks, name);
    }
    if checks.config.is_known() {
        exactly_one(checks, &["filter", "prefix"]);
    }
    checks.each("abort_incomplete_multipart_upload", |checks| {
        checks.within("days_after_initiation", 0..=ANY, "days");
    });
    checks.each("expiration", |checks| {
        check_date(checks);
        checks.within("days", 0..=ANY, "days");
        exactly_one(checks, &["date", "days", "expired_object_delete_marker"]);
    });
    checks.each("filter", filter);
    checks.each("noncurrent_version_expiration", |checks| {
        checks.within("noncurrent_days", 1..=ANY, "days");
        checks.within("newer_noncurrent_versions", 1..=ANY, "");
    });
    checks.each("noncurrent_version_transition", |checks| {
        checks.within("noncurrent_days", 0..=ANY, "days");
        checks.within("newer_noncurrent_versions", 1..=ANY, "");
        checks.one_of("storage_class", &STORAGE_CLASSES, false);
    });
    checks.each("transition", |checks| {
        check_date(checks);
        checks.within("days", 0..=ANY, "days");
        checks.one_of("storage_class", &STORAGE_CLASSES, false);
        exactly_one(checks, &["date", "days"]);
    });
}

fn filter(checks: &mut Checks<'_>) {
    at_most_one(checks, "and");
    at_most_one(checks, "tag");
    let names = ["object_size_greater_than", "object_size_less_than", "prefix", "and", "tag"];
    let given: Vec<&str> = names.into_iter().filter(|name| is_given(checks, name)).collect();
    if let [first, second, ..] = given[..] {
        let detail = format!(
            "A filter has one condition, and both \"{first}\" and \"{second}\" are set: put them into an \"and\" block. S3 \
             may refuse the rule."
        );
        checks.warn(second, "Arguments that do not go together", detail);
    }
    checks.within("object_size_greater_than", 0..=i64::MAX, "bytes");
    checks.within("object_size_less_than", 0..=i64::MAX, "bytes");
    checks.each("and", |checks| {
        checks.within("object_size_greater_than", 0..=i64::MAX, "bytes");
        checks.within("object_size_less_than", 1..=i64::MAX, "bytes");
        let tags = checks.config.known("tags").and_then(Value::as_entries);
        if tags.is_some_and(std::collections::BTreeMap::is_empty) {
            checks.invalid("tags", "There is no tag in it: leave the argument out, or name one.");
        }
    });
}

fn at_most_one(checks: &mut Checks<'_>, name: &str) {
    if checks.config.blocks(name).len() > 1 {
        checks.invalid(name, format!("There may be one \"{name}\" block here: say all of it in one."));
    }
}

fn check_date(checks: &mut Checks<'_>) {
    let Some(text) = checks.config.text("date") else { return };
    if date(text).is_none() {
        let detail = format!("{text:?} is no date and time of RFC 3339, such as \"2030-01-01T00:00:00Z\".");
        checks.invalid("date", detail);
    }
}

/// Whether an argument or block is there, empty texts included.
fn is_given(checks: &Checks<'_>, name: &str) -> bool {
    checks.config.get(name).is_some_and(|value| match value.as_elements() {
        Some(elements) => !elements.is_empty(),
        None => !value.is_null(),
    })
}

/// Arguments of which one has to be given. A warning, as in the provider: S3 takes some that have none or two.
fn exactly_one(checks: &mut Checks<'_>, names: &[&str]) {
    let unknown = names.iter().any(|name| checks.config.get(name).is_some_and(|value| !value.is_known()));
    let given: Vec<&str> = names.iter().copied().filter(|name| is_given(checks, name)).collect();
    let words: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let summary = "Arguments that do not go together";
    match (&given[..], names) {
        ([first, _, ..], _) => {
            let detail = format!("Only one of {} may be set; S3 may refuse the rule.", words.join(", "));
            checks.warn(first, summary, detail);
        }
        ([], [first, ..]) if !unknown => {
            let detail = format!("One of {} should be set: the provider will require it.", words.join(", "));
            checks.warn(first, summary, detail);
        }
        _ => {}
    }
}
