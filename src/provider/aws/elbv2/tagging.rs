//! Tags: read for many objects at once, changed for one.

use std::collections::HashMap;

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::types::Tag;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError};

use super::{MAX_NAMED, action, concurrently};

/// Tags of objects by ARN, as values of `tags_all`, or why they cannot be read.
pub type TagsByArn = HashMap<String, Result<Value, OperationError>>;

/// The tags of many objects, twenty of them a call. One that has gone meanwhile does not spoil the others.
pub async fn read(aws: &Aws, arns: &[String]) -> TagsByArn {
    let calls = arns.chunks(MAX_NAMED).map(|chunk| read_together(aws, chunk)).collect();
    concurrently(calls).await.into_iter().flatten().collect()
}

async fn read_together(aws: &Aws, arns: &[String]) -> TagsByArn {
    match describe(aws, arns).await {
        Ok(tags) => tags,
        Err(error) if error.kind == ErrorKind::NotFound && arns.len() > 1 => {
            let calls = arns.iter().map(|arn| describe(aws, std::slice::from_ref(arn))).collect();
            let answers = concurrently(calls).await.into_iter().zip(arns);
            let each = answers.map(|(answer, arn)| {
                answer.unwrap_or_else(|error| HashMap::from([(arn.clone(), Err(error))]))
            });
            each.flatten().collect()
        }
        Err(error) => arns.iter().map(|arn| (arn.clone(), Err(error.clone()))).collect(),
    }
}

async fn describe(aws: &Aws, arns: &[String]) -> Result<TagsByArn, OperationError> {
    let answer = aws
        .elb()
        .describe_tags()
        .set_resource_arns(Some(arns.to_vec()))
        .send()
        .await
        .map_err(|error| failed(&action("DescribeTags"), error))?;
    let mut tags: TagsByArn =
        arns.iter().map(|arn| (arn.clone(), Ok(object::text_map::<&str, &str>([])))).collect();
    for description in answer.tag_descriptions() {
        if let Some(arn) = description.resource_arn() {
            let pairs = description.tags().iter();
            let pairs = pairs.filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
            tags.insert(arn.to_owned(), Ok(aws.tags.live(pairs)));
        }
    }
    Ok(tags)
}

/// The tags that a new object is to have, as the service takes them; `None` if none.
pub fn of(planned: &Value) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = planned.text_map("tags_all").into_iter().map(tag).collect();
    (!tags.is_empty()).then_some(tags)
}

/// Changes an object's tags from those of `prior` to those of `planned`, if the plan knows them.
pub async fn update(
    client: &Client,
    arn: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    if planned.known("tags_all").is_none() {
        return Ok(());
    }
    let changes = TagChanges::between(prior, planned);
    if !changes.remove.is_empty() {
        client
            .remove_tags()
            .resource_arns(arn)
            .set_tag_keys(Some(changes.remove))
            .send()
            .await
            .map_err(|error| failed(&action("RemoveTags"), error))?;
    }
    let new: Vec<Tag> = changes.set.into_iter().map(tag).collect();
    if !new.is_empty() {
        client
            .add_tags()
            .resource_arns(arn)
            .set_tags(Some(new))
            .send()
            .await
            .map_err(|error| failed(&action("AddTags"), error))?;
    }
    Ok(())
}

/// Whether the service refused to tag an object while making it, as it does for Gateway Load Balancers: the tags
/// are to be added afterwards.
pub fn refused_at_creation(error: &OperationError) -> bool {
    error.message.contains("cannot specify tags on creation")
}

fn tag((key, value): (String, String)) -> Tag {
    Tag::builder().key(key).value(value).build()
}
