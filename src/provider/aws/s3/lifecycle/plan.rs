//! What rules become: everything that the code leaves out of a rule follows from the rest of it.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::schema::SCHEMA;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Change;
use crate::provider::aws::elbv2::blocks::{holding, inner};
use crate::provider::object::Object;
use crate::schema::BlockSchema;

pub fn plan(change: &mut Change<'_>) {
    let block = inner(&SCHEMA.block, "rule");
    // Not with what the rules were: one that has another filter now keeps nothing of the old.
    let rules = each(&SCHEMA.block, change.config, "rule", |rule| complete_rule(block, rule));
    change.planned = match change.prior {
        Some(prior) => adopted(&rules, prior),
        None => rules,
    }
    .get("rule")
    .map_or_else(|| change.planned.clone(), |rules| change.planned.with("rule", rules));
}

/// An object whose rules are those of another one wherever both apply to every object in the bucket: S3 has more than
/// one way to say that.
pub fn adopted(object: &Value, other: &Value) -> Value {
    let others = other.blocks("rule");
    let mut index = 0;
    each(&SCHEMA.block, object, "rule", |rule| {
        let other = others.get(index);
        index += 1;
        match other.and_then(|other| Some((other, other.get("filter")?))) {
            Some((other, filter)) if applies_to_all(other) && applies_to_all(rule) => {
                rule.with("filter", filter)
            }
            _ => rule.clone(),
        }
    })
}

/// Whether a rule is known to be for every object.
fn applies_to_all(rule: &Value) -> bool {
    let is_empty = |object: &Value, name: &str| object.text(name).is_none_or(str::is_empty);
    let is_null = |object: &Value, name: &str| object.get(name).is_none_or(|value| value.is_null());
    let Some(filters) = rule.known("filter").and_then(Value::as_elements) else { return false };
    if !rule.is_wholly_known() || !is_empty(rule, "prefix") {
        return false;
    }
    filters.iter().all(|filter| {
        is_empty(filter, "prefix")
            && ["object_size_greater_than", "object_size_less_than"].iter().all(|name| is_null(filter, name))
            && filter.blocks("tag").is_empty()
            && filter.blocks("and").is_empty()
    })
}

/// The object with each block of a kind changed. Blocks that are not known yet stay so.
fn each(schema: &BlockSchema, object: &Value, name: &str, change: impl FnMut(&Value) -> Value) -> Value {
    let Some(blocks) = object.known(name) else { return object.clone() };
    let Some(elements) = blocks.as_elements() else { return object.clone() };
    let marks = blocks.marks;
    let changed = holding(schema, name, elements.iter().map(change).collect());
    object.with(name, changed.with_marks(marks))
}

fn complete_rule(block: &BlockSchema, rule: &Value) -> Value {
    if !rule.is_known() {
        return rule.clone();
    }
    let rule = with_default(rule, "prefix", Value::string(""));
    let rule = each(block, &rule, "expiration", |expiration| {
        let expiration = with_default(&with_plain_date(expiration), "days", Value::number(0_i64));
        with_default(&expiration, "expired_object_delete_marker", Value::bool(false))
    });
    let rule = each(block, &rule, "transition", |transition| {
        let days = match transition.get("date") {
            Some(date) if !date.is_known() => Value::unknown(Type::Number),
            Some(date) if !date.is_null() => Value::null(Type::Number),
            _ => Value::number(0_i64),
        };
        with_default(&with_plain_date(transition), "days", days)
    });
    let filters = inner(block, "filter");
    each(block, &rule, "filter", |filter| {
        let filter = each(filters, filter, "and", |and| {
            let and = with_default(and, "object_size_greater_than", Value::number(0_i64));
            let and = with_default(&and, "object_size_less_than", Value::number(0_i64));
            with_default(&and, "prefix", Value::string(""))
        });
        let prefix = default_prefix(&filter);
        with_default(&filter, "prefix", prefix)
    })
}

/// The prefix of a filter that names none: none if it filters by something else, else the one that all keys have.
fn default_prefix(filter: &Value) -> Value {
    let others = ["object_size_greater_than", "object_size_less_than", "and", "tag"];
    let others = || others.iter().filter_map(|name| filter.get(name));
    let is_set = |value: &Value| match value.as_elements() {
        Some(elements) => !elements.is_empty(),
        None => value.is_known() && !value.is_null(),
    };
    if others().any(|value| is_set(&value)) {
        Value::null(Type::String)
    } else if others().any(|value| !value.is_known()) {
        Value::unknown(Type::String)
    } else {
        Value::string("")
    }
}

fn with_default(object: &Value, name: &str, default: Value) -> Value {
    match object.get(name) {
        Some(value) if value.is_null() => object.with(name, default),
        _ => object.clone(),
    }
}

/// The block with its date as S3's are written, in UTC: one moment has many spellings.
fn with_plain_date(block: &Value) -> Value {
    match block.text("date").and_then(date) {
        Some(date) => block.with("date", Value::string(plain(&date))),
        None => block.clone(),
    }
}

/// A moment as the provider records it: RFC 3339, in UTC and whole seconds.
pub fn plain(date: &DateTime) -> String {
    DateTime::from_secs(date.secs()).fmt(Format::DateTime).unwrap_or_default()
}

/// Reads a moment, RFC 3339.
pub fn date(text: &str) -> Option<DateTime> {
    DateTime::from_str(text, Format::DateTimeWithOffset).ok()
}
