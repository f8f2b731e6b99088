//! Tags of IAM's objects. Each kind has operations of its own, all alike.

use aws_sdk_iam::Client;
use aws_sdk_iam::types::Tag;

use super::action;
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::{TagChanges, TagRules};
use crate::provider::object::Object;

/// An object with tags, and what its operations name it by.
#[derive(Clone, Copy, Debug)]
pub enum Tagged<'a> {
    /// By name.
    Role(&'a str),
    /// By ARN.
    Policy(&'a str),
    /// By name.
    InstanceProfile(&'a str),
    /// By ARN.
    OpenIdConnectProvider(&'a str),
}

/// The tags that a new object is to have; `None` if none.
pub fn of(planned: &Value) -> Option<Vec<Tag>> {
    let tags: Vec<Tag> = planned.text_map("tags_all").into_iter().filter_map(tag).collect();
    (!tags.is_empty()).then_some(tags)
}

/// `tags_all` of a live object.
pub fn live(rules: &TagRules, tags: &[Tag]) -> Value {
    rules.live(tags.iter().map(|tag| (tag.key(), tag.value())))
}

/// Changes an object's tags from those of `prior` to those of `planned`, if the plan knows them.
pub async fn update(
    client: &Client,
    tagged: Tagged<'_>,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    if planned.known("tags_all").is_none() {
        return Ok(());
    }
    let changes = TagChanges::between(prior, planned);
    if !changes.remove.is_empty() {
        untag(client, tagged, changes.remove).await?;
    }
    let new: Vec<Tag> = changes.set.into_iter().filter_map(tag).collect();
    if !new.is_empty() {
        add(client, tagged, new).await?;
    }
    Ok(())
}

async fn untag(client: &Client, tagged: Tagged<'_>, keys: Vec<String>) -> Result<(), OperationError> {
    let keys = Some(keys);
    match tagged {
        Tagged::Role(name) => {
            let call = client.untag_role().role_name(name).set_tag_keys(keys);
            call.send().await.map_err(|error| failed(&action("UntagRole"), error))?;
        }
        Tagged::Policy(arn) => {
            let call = client.untag_policy().policy_arn(arn).set_tag_keys(keys);
            call.send().await.map_err(|error| failed(&action("UntagPolicy"), error))?;
        }
        Tagged::InstanceProfile(name) => {
            let call = client.untag_instance_profile().instance_profile_name(name).set_tag_keys(keys);
            call.send().await.map_err(|error| failed(&action("UntagInstanceProfile"), error))?;
        }
        Tagged::OpenIdConnectProvider(arn) => {
            let call =
                client.untag_open_id_connect_provider().open_id_connect_provider_arn(arn).set_tag_keys(keys);
            call.send().await.map_err(|error| failed(&action("UntagOpenIDConnectProvider"), error))?;
        }
    }
    Ok(())
}

async fn add(client: &Client, tagged: Tagged<'_>, tags: Vec<Tag>) -> Result<(), OperationError> {
    let tags = Some(tags);
    match tagged {
        Tagged::Role(name) => {
            let call = client.tag_role().role_name(name).set_tags(tags);
            call.send().await.map_err(|error| failed(&action("TagRole"), error))?;
        }
        Tagged::Policy(arn) => {
            let call = client.tag_policy().policy_arn(arn).set_tags(tags);
            call.send().await.map_err(|error| failed(&action("TagPolicy"), error))?;
        }
        Tagged::InstanceProfile(name) => {
            let call = client.tag_instance_profile().instance_profile_name(name).set_tags(tags);
            call.send().await.map_err(|error| failed(&action("TagInstanceProfile"), error))?;
        }
        Tagged::OpenIdConnectProvider(arn) => {
            let call = client.tag_open_id_connect_provider().open_id_connect_provider_arn(arn).set_tags(tags);
            call.send().await.map_err(|error| failed(&action("TagOpenIDConnectProvider"), error))?;
        }
    }
    Ok(())
}

/// A tag as the SDK takes it. It fails without a key or value only, and both are there.
fn tag((key, value): (String, String)) -> Option<Tag> {
    Tag::builder().key(key).value(value).build().ok()
}
