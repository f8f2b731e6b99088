//! Reading lifecycle configurations.

use std::collections::HashMap;

use aws_sdk_s3::types::{
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
    NoncurrentVersionTransition, Transition, TransitionDefaultMinimumObjectSize,
};

use super::plan::{adopted, plain};
use super::schema::{NO_SMALL_OBJECTS, SCHEMA};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{filled, holding, inner, none, one};
use crate::provider::aws::s3::calls::answer;
use crate::provider::aws::s3::target::Target;
use crate::provider::object::{Object, integer, text, text_map};
use crate::schema::BlockSchema;

/// Reads the configuration of a bucket. Its rules are in the order in which they are known: S3's says nothing, and may be
/// another one than they were written in.
pub async fn read_one(aws: &Aws, target: &Target, known: &Value) -> Result<Value, OperationError> {
    let call = aws
        .s3()
        .get_bucket_lifecycle_configuration()
        .bucket(&target.bucket)
        .set_expected_bucket_owner(target.owner.clone());
    let live = answer("s3:GetLifecycleConfiguration", call.send().await)?;
    let rules = in_known_order(live.rules(), known);
    let block = inner(&SCHEMA.block, "rule");
    let rules = rules.into_iter().map(|rule| rule_value(block, rule)).collect();
    let size = live.transition_default_minimum_object_size();
    let size = size.map_or(NO_SMALL_OBJECTS, TransitionDefaultMinimumObjectSize::as_str);
    let found = SCHEMA.block.object([
        ("id", Value::string(target.id())),
        ("bucket", Value::string(&target.bucket)),
        ("expected_bucket_owner", Value::string(target.owner.as_deref().unwrap_or_default())),
        ("transition_default_minimum_object_size", Value::string(size)),
        ("rule", holding(&SCHEMA.block, "rule", rules)),
    ]);
    // What is known to be for every object is so in the known words.
    Ok(adopted(&found, known))
}

/// The rules in the order in which they are known. One that nobody knows has the place of one that is gone, for somebody
/// may have given it another id; else it is at the end.
fn in_known_order<'a>(rules: &'a [LifecycleRule], known: &Value) -> Vec<&'a LifecycleRule> {
    let known = known.blocks("rule");
    let places: HashMap<&str, usize> =
        known.iter().enumerate().filter_map(|(place, rule)| Some((rule.text("id")?, place))).collect();
    let mut placed: Vec<Option<&LifecycleRule>> = vec![None; known.len()];
    let mut others = Vec::new();
    for rule in rules {
        let place = rule.id().and_then(|id| places.get(id)).and_then(|place| placed.get_mut(*place));
        match place {
            Some(place @ None) => *place = Some(rule),
            _ => others.push(rule),
        }
    }
    let mut others = others.into_iter();
    let mut ordered: Vec<&LifecycleRule> =
        placed.into_iter().filter_map(|rule| rule.or_else(|| others.next())).collect();
    ordered.extend(others);
    ordered
}

fn rule_value(block: &BlockSchema, live: &LifecycleRule) -> Value {
    #[expect(deprecated, reason = "rules of old have no filter but this prefix")]
    let prefix = live.prefix();
    let abort = live.abort_incomplete_multipart_upload().map(|abort| {
        let days = integer(abort.days_after_initiation());
        one(block, "abort_incomplete_multipart_upload", [("days_after_initiation", days)])
    });
    let filter = live.filter().filter(|filter| **filter != LifecycleRuleFilter::builder().build());
    let transitions = live.transitions().iter().map(|transition| transition_value(block, transition));
    let noncurrent = live.noncurrent_version_transitions().iter();
    let noncurrent = noncurrent.map(|transition| noncurrent_transition(block, transition));
    let or_none = |name, value: Option<Value>| (name, value.unwrap_or_else(|| none(block, name)));
    block.object([
        ("id", Value::string(live.id().unwrap_or_default())),
        ("prefix", Value::string(prefix.unwrap_or_default())),
        ("status", Value::string(live.status().as_str())),
        or_none("abort_incomplete_multipart_upload", abort),
        or_none("expiration", live.expiration().map(|live| expiration(block, live))),
        or_none("filter", filter.map(|filter| filter_value(block, filter))),
        or_none(
            "noncurrent_version_expiration",
            live.noncurrent_version_expiration().map(|live| noncurrent_expiration(block, live)),
        ),
        (
            "noncurrent_version_transition",
            holding(block, "noncurrent_version_transition", noncurrent.collect()),
        ),
        ("transition", holding(block, "transition", transitions.collect())),
    ])
}

fn expiration(block: &BlockSchema, live: &LifecycleExpiration) -> Value {
    let marker = live.expired_object_delete_marker().unwrap_or(false);
    one(
        block,
        "expiration",
        [
            ("date", text(live.date().map(plain))),
            ("days", integer(Some(live.days().unwrap_or(0)))),
            ("expired_object_delete_marker", Value::bool(marker)),
        ],
    )
}

fn transition_value(block: &BlockSchema, live: &Transition) -> Value {
    let days = if live.date().is_some() { live.days() } else { Some(live.days().unwrap_or(0)) };
    let class = live.storage_class().map(|class| class.as_str());
    inner(block, "transition").object([
        ("date", text(live.date().map(plain))),
        ("days", integer(days)),
        ("storage_class", text(class)),
    ])
}

fn noncurrent_expiration(block: &BlockSchema, live: &NoncurrentVersionExpiration) -> Value {
    one(
        block,
        "noncurrent_version_expiration",
        [
            ("newer_noncurrent_versions", integer(live.newer_noncurrent_versions())),
            ("noncurrent_days", integer(Some(live.noncurrent_days().unwrap_or(0)))),
        ],
    )
}

fn noncurrent_transition(block: &BlockSchema, live: &NoncurrentVersionTransition) -> Value {
    let class = live.storage_class().map(|class| class.as_str());
    inner(block, "noncurrent_version_transition").object([
        ("newer_noncurrent_versions", integer(live.newer_noncurrent_versions())),
        ("noncurrent_days", integer(Some(live.noncurrent_days().unwrap_or(0)))),
        ("storage_class", text(class)),
    ])
}

fn filter_value(block: &BlockSchema, live: &LifecycleRuleFilter) -> Value {
    let filter = inner(block, "filter");
    let and = live.and().map(|and| {
        let tags = and.tags().iter().map(|tag| (tag.key(), tag.value()));
        let mut given = vec![
            ("object_size_greater_than", integer(Some(and.object_size_greater_than().unwrap_or(0)))),
            ("object_size_less_than", integer(Some(and.object_size_less_than().unwrap_or(0)))),
            ("prefix", Value::string(filled(and.prefix()).unwrap_or_default())),
        ];
        if !and.tags().is_empty() {
            given.push(("tags", text_map(tags)));
        }
        one(filter, "and", given)
    });
    let tag = live.tag().map(|tag| {
        one(filter, "tag", [("key", Value::string(tag.key())), ("value", Value::string(tag.value()))])
    });
    one(
        block,
        "filter",
        [
            ("object_size_greater_than", integer(live.object_size_greater_than())),
            ("object_size_less_than", integer(live.object_size_less_than())),
            ("prefix", text(live.prefix())),
            ("and", and.unwrap_or_else(|| none(filter, "and"))),
            ("tag", tag.unwrap_or_else(|| none(filter, "tag"))),
        ],
    )
}
