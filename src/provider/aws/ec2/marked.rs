//! Types whose objects have no name of their own and no token by which a creation could be told: EC2 gives each an id,
//! and the id is lost with the run that asked for it. They are made with a tag that says which creation they are of, and
//! the tag goes once the object is recorded.
//!
//! Facts: EC2 API reference (DescribeTags, DeleteTags, “TagSpecification”); EC2 User Guide, “Tag restrictions”.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::ResourceType as TaggedType;

use super::{filter, update_tags};
use crate::lang::types::Type;
use crate::lang::value::{Kind, Marks, Value};
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, Interrupted, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
    Timeouts,
};
use crate::schema::Schema;

/// The tag's key. Its value is the id of the journal's entry.
pub const KEY: &str = "recon:operation";

/// How many tags an object may have (EC2 User Guide, “Tag restrictions”).
const MOST_TAGS: usize = 50;

/// How long to wait before each look for a tagged object: EC2 shows what it has made after a while, and the request of
/// a run that was killed may still have been under way.
const LOOKS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(3)];

/// A type whose objects carry the tag while they are made.
pub struct Marked<T> {
    inner: T,
    /// What EC2 calls the type where it speaks of tags.
    kind: TaggedType,
}

impl<T: ResourceType> Marked<T> {
    pub fn new(inner: T, kind: TaggedType) -> Marked<T> {
        Marked { inner, kind }
    }
}

#[async_trait]
impl<T: ResourceType> ResourceType for Marked<T> {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn schema(&self) -> &Schema {
        self.inner.schema()
    }

    fn is_schema_only(&self) -> bool {
        self.inner.is_schema_only()
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        self.inner.validate(config, problems);
    }

    fn part_of(&self) -> &'static [&'static str] {
        self.inner.part_of()
    }

    fn plan(&self, change: &mut Change<'_>) {
        self.inner.plan(change);
    }

    fn timeouts(&self) -> Timeouts {
        self.inner.timeouts()
    }

    /// The tag is recon's own and is not shown.
    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let mut answers = self.inner.read(connection, requests).await;
        for answer in &mut answers {
            if let ReadResult::Found(object) = answer {
                *object = without_mark(std::mem::replace(object, Value::dynamic()));
            }
        }
        answers
    }

    /// Adds the tag, unless the object has as many tags as it may.
    fn prepare(&self, planned: Value, unique: &str) -> Value {
        let prepared = self.inner.prepare(planned, unique);
        let tags = prepared.known("tags_all");
        let mut entries = tags.and_then(Value::as_entries).cloned().unwrap_or_default();
        if entries.len() >= MOST_TAGS {
            return prepared;
        }
        entries.insert(KEY.into(), Value::string(unique));
        let marks = tags.map_or(Marks::NONE, |tags| tags.marks);
        prepared.with("tags_all", Value::map(Type::String, entries).with_marks(marks))
    }

    /// The tag; without it all that is not secret of the tags, by which the candidates are found.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let tags = prepared.known("tags_all")?;
        let entries = tags.as_entries()?;
        let kept: BTreeMap<Arc<str>, Value> = match entries.get(KEY) {
            Some(mark) => BTreeMap::from([(KEY.into(), mark.clone())]),
            None if tags.is_sensitive() => BTreeMap::new(),
            None => {
                let shown = entries.iter().filter(|(_, value)| !value.is_sensitive());
                shown.map(|(key, value)| (Arc::clone(key), value.clone())).collect()
            }
        };
        Some(self.schema().block.object([("tags_all", Value::map(Type::String, kept))]))
    }

    fn named(&self, desired: &Value) -> Option<Value> {
        self.inner.named(desired)
    }

    async fn interrupted(&self, connection: &Connection, identity: &Value) -> Interrupted {
        let found = async {
            let aws = connection.aws()?;
            let tags = identity.text_map("tags_all");
            let mut ids = BTreeSet::new();
            for pause in LOOKS {
                tokio::time::sleep(pause).await;
                ids = tagged(aws, &self.kind, &tags).await?;
                if !ids.is_empty() {
                    break;
                }
            }
            let Some(id) = ids.pop_first() else { return Ok(Interrupted::NotMade) };
            if !tags.contains_key(KEY) || !ids.is_empty() {
                return Ok(Interrupted::Unclear(std::iter::once(id).chain(ids).collect()));
            }
            let known = self.schema().block.object([("id", Value::string(id))]);
            Ok(Interrupted::from(self.read(connection, &[ReadRequest { known }]).await.pop()))
        };
        found.await.unwrap_or_else(Interrupted::Unreadable)
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        match self.inner.create(connection, planned).await {
            Ok(made) => Ok(without_mark(made)),
            Err(mut error) => {
                error.partial = error.partial.map(|partial| Box::new(without_mark(*partial)));
                Err(error)
            }
        }
    }

    async fn complete(
        &self,
        connection: &Connection,
        identity: &Value,
        object: &Value,
    ) -> Result<Option<Value>, OperationError> {
        Ok(self.inner.complete(connection, identity, object).await?.map(without_mark))
    }

    async fn unmark(&self, connection: &Connection, object: &Value) -> Result<(), OperationError> {
        let Some(id) = object.text("id").filter(|id| !id.is_empty()) else { return Ok(()) };
        let mark = TagChanges { remove: vec![KEY.to_owned()], ..TagChanges::default() };
        super::network::settle::unless_gone(update_tags(connection.aws()?, id, &mark).await)
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        self.inner.update(connection, prior, planned).await.map(without_mark)
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        self.inner.delete(connection, prior).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        self.inner.import_seed(id)
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        self.inner.import_id(object)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        self.inner.alike(connection, desired).await
    }

    fn told_by(&self) -> &'static [&'static str] {
        self.inner.told_by()
    }
}

/// The object as it is without the tag.
fn without_mark(object: Value) -> Value {
    let Some(tags) = object.known("tags_all") else { return object };
    let Some(entries) = tags.as_entries().filter(|entries| entries.contains_key(KEY)) else { return object };
    let mut entries = entries.clone();
    entries.remove(KEY);
    let element = match &tags.kind {
        Kind::Map(element, _) => Type::clone(element),
        _ => Type::String,
    };
    let tags = Value::map(element, entries).with_marks(tags.marks);
    object.with("tags_all", tags)
}

/// The ids of the objects of a kind that have all of these tags.
async fn tagged(
    aws: &Aws,
    kind: &TaggedType,
    tags: &BTreeMap<String, String>,
) -> Result<BTreeSet<String>, OperationError> {
    let mut filters = Vec::new();
    if !tags.is_empty() {
        filters.push(filter("key", tags.keys().map(String::as_str)));
    }
    match tags.get(KEY) {
        // It is on no other object, of whatever type.
        Some(mark) => filters.push(filter("value", [mark.as_str()])),
        None => filters.push(filter("resource-type", [kind.as_str()])),
    }
    let pages = aws.ec2().describe_tags().set_filters(Some(filters)).into_paginator().items().send();
    let found = pages.try_collect().await.map_err(|error| failed("ec2:DescribeTags", error))?;
    let mut matches: BTreeMap<String, usize> = BTreeMap::new();
    for tag in found {
        let Some(id) = tag.resource_id else { continue };
        let wanted = tag.key.as_ref().and_then(|key| tags.get(key));
        let is_wanted = wanted.is_some() && wanted == tag.value.as_ref();
        *matches.entry(id).or_default() += usize::from(is_wanted);
    }
    Ok(matches.into_iter().filter(|(_, count)| *count >= tags.len()).map(|(id, _)| id).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::aws::ec2::network::internet_gateway::InternetGateway;
    use crate::provider::object::text_map;

    fn gateway() -> Marked<InternetGateway> {
        Marked::new(InternetGateway::default(), TaggedType::InternetGateway)
    }

    fn object(tags: impl IntoIterator<Item = (String, String)>) -> Value {
        gateway().schema().block.object([("tags_all", text_map(tags))])
    }

    fn tags(count: usize) -> impl Iterator<Item = (String, String)> {
        (0..count).map(|index| (format!("k{index}"), format!("v{index}")))
    }

    #[test]
    fn an_object_is_identified_by_a_tag_that_nobody_sees() {
        let prepared = gateway().prepare(object(tags(2)), "20261123");
        assert_eq!(prepared.text_map("tags_all").get(KEY).map(String::as_str), Some("20261123"));
        let identity = gateway().identity(&prepared).unwrap();
        assert_eq!(identity.get("tags_all").unwrap(), text_map([(KEY, "20261123")]));
        assert_eq!(without_mark(prepared), object(tags(2)));
    }

    #[test]
    fn an_object_that_can_have_no_more_tags_is_identified_by_those_that_are_not_secret() {
        let full = object(tags(MOST_TAGS));
        let secret = full.get("tags_all").unwrap().as_entries().unwrap().clone();
        let secret = secret.into_iter().map(|(key, value)| {
            let value = if &*key == "k0" { value.sensitive() } else { value };
            (key, value)
        });
        let full = full.with("tags_all", Value::map(Type::String, secret.collect()));
        let prepared = gateway().prepare(full.clone(), "20261123");
        assert_eq!(prepared, full);
        let identity = gateway().identity(&prepared).unwrap().text_map("tags_all");
        assert_eq!(identity, tags(MOST_TAGS).skip(1).collect());
    }
}
