//! Elastic Compute Cloud, and the parts of VPC that share its API.

mod alike;
mod below;
mod cidr;
pub mod data;
mod group_calls;
mod group_rules;
pub mod instance;
pub mod key_pair;
pub mod launch_template;
pub mod marked;
pub mod network;
mod permissions;
mod public_key;
pub mod region;
mod rule_id;
pub mod security_group;
pub mod security_group_rule;
pub mod vpc_security_group_rule;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_ec2::types::{Filter, ResourceType as TaggedType, Tag, TagSpecification};

use super::Aws;
use super::errors::failed;
use super::tags::TagChanges;
use crate::provider::{DataSource, OperationError, ResourceType};

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    let mut types: Vec<Arc<dyn ResourceType>> = vec![
        Arc::new(marked::Marked::new(instance::Instance, TaggedType::Instance)),
        Arc::new(key_pair::KeyPair::default()),
        Arc::new(launch_template::LaunchTemplate),
        Arc::new(security_group::SecurityGroup::default()),
        Arc::new(security_group_rule::SecurityGroupRule::default()),
        Arc::new(vpc_security_group_rule::VpcSecurityGroupRule::ingress()),
        Arc::new(vpc_security_group_rule::VpcSecurityGroupRule::egress()),
    ];
    types.extend(network::resource_types());
    types
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    let mut sources: Vec<Arc<dyn DataSource>> = vec![Arc::new(region::Region::default())];
    sources.extend(data::data_sources());
    sources.extend(network::data_sources());
    sources
}

/// How many values a filter takes (EC2 API reference, “Filter”).
pub(super) const FILTER_VALUES: usize = 200;

/// A filter for exactly these values: what a filter takes for wildcards is escaped.
pub(super) fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    let values = values.into_iter().map(|value| {
        value.chars().fold(String::with_capacity(value.len()), |mut escaped, character| {
            if matches!(character, '*' | '?' | '\\') {
                escaped.push('\\');
            }
            escaped.push(character);
            escaped
        })
    });
    Filter::builder().name(name).set_values(Some(values.collect())).build()
}

/// The tags that an object is made with; `None` if there are none, which EC2 wants left out.
pub(super) fn tag_specification(
    kind: TaggedType,
    tags: &BTreeMap<String, String>,
) -> Option<Vec<TagSpecification>> {
    if tags.is_empty() {
        return None;
    }
    let tags = tags.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
    Some(vec![TagSpecification::builder().resource_type(kind).set_tags(Some(tags)).build()])
}

/// Key and value of tags as EC2 answers them.
pub(super) fn tag_pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key().unwrap_or_default(), tag.value().unwrap_or_default()))
}

/// Changes the tags of any EC2 object.
pub(super) async fn update_tags(aws: &Aws, id: &str, changes: &TagChanges) -> Result<(), OperationError> {
    if !changes.remove.is_empty() {
        let tags = changes.remove.iter().map(|key| Tag::builder().key(key).build()).collect();
        let answer = aws.ec2().delete_tags().resources(id).set_tags(Some(tags)).send().await;
        answer.map_err(|error| failed("ec2:DeleteTags", error))?;
    }
    if !changes.set.is_empty() {
        let tags =
            changes.set.iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect();
        let answer = aws.ec2().create_tags().resources(id).set_tags(Some(tags)).send().await;
        answer.map_err(|error| failed("ec2:CreateTags", error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_means_its_values_and_no_pattern() {
        let filter = filter("key-name", ["web", "a*b?c\\d"]);
        assert_eq!(filter.values(), ["web", "a\\*b\\?c\\\\d"]);
    }

    #[test]
    fn no_tags_are_no_specification() {
        assert_eq!(tag_specification(TaggedType::KeyPair, &BTreeMap::new()), None);
        let tags = BTreeMap::from([("Name".to_owned(), "n".to_owned())]);
        let specification = tag_specification(TaggedType::KeyPair, &tags).unwrap();
        assert_eq!(tag_pairs(specification[0].tags()).collect::<Vec<_>>(), [("Name", "n")]);
    }
}
