//! Making, changing and deleting roles.

use aws_sdk_iam::Client;

use super::name_of;
use super::policies::{Inline, attach, change_inline, delete_all_inline, detach, detach_all, inline_of};
use super::read::{get_role, read_one};
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::elbv2::blocks::{filled, same_attribute};
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::eventual::{
    PROPAGATION, VISIBILITY, is_unknown_principal, is_unseen, persist,
};
use crate::provider::aws::iam::tagging::{self, Tagged};
use crate::provider::aws::iam::{action, documents};
use crate::provider::aws::reading::known_part;
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};
use crate::schema::Equality;

pub async fn create(aws: &Aws, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.iam();
    let name = planned.text("name").unwrap_or_default();
    let attempts = Attempts::default();
    let made = persist(PROPAGATION, is_unknown_principal, || make(client, planned, &attempts)).await;
    if let Err(error) = made {
        let is_ours = error.kind == ErrorKind::AlreadyExists
            && attempts.may_have_acted()
            && is_as_planned(client, name, planned).await;
        if !is_ours {
            return Err(error);
        }
    }
    let known = known_part(planned).with("id", Value::string(name));
    match finish(aws, name, planned, &known).await {
        Ok(object) => Ok(object),
        Err(error) => Err(error.with_partial(read_one(aws, name, &known).await.unwrap_or(known))),
    }
}

async fn make(client: &Client, planned: &Value, attempts: &Attempts) -> Result<(), OperationError> {
    let policy = documents::compact(planned.text("assume_role_policy").unwrap_or_default());
    let call = client
        .create_role()
        .role_name(planned.text("name").unwrap_or_default())
        .assume_role_policy_document(policy)
        .set_path(filled(planned.text("path")).map(str::to_owned))
        .set_description(filled(planned.text("description")).map(str::to_owned))
        .set_max_session_duration(session(planned))
        .set_permissions_boundary(filled(planned.text("permissions_boundary")).map(str::to_owned))
        .set_tags(tagging::of(planned));
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    answer.map(drop).map_err(|error| failed(&action("CreateRole"), error))
}

/// Whether a role is the one that was just asked for, the answer having been lost.
async fn is_as_planned(client: &Client, name: &str, planned: &Value) -> bool {
    let Ok(role) = get_role(client, name).await else { return false };
    let policy = role.assume_role_policy_document().map(documents::decode).unwrap_or_default();
    planned.text("path") == Some(role.path())
        && planned.text("description").unwrap_or_default() == role.description().unwrap_or_default()
        && planned
            .known("assume_role_policy")
            .is_some_and(|wanted| Equality::Policy.same(wanted, &Value::string(policy)))
}

/// What is left to do once the role exists.
async fn finish(aws: &Aws, name: &str, planned: &Value, known: &Value) -> Result<Value, OperationError> {
    let client = aws.iam();
    // IAM answers an ARN that is not yet one for a moment.
    let look = || async {
        let role = get_role(client, name).await?;
        if role.arn().starts_with("arn:") {
            return Ok(());
        }
        let message = format!("the role {name:?} has no ARN yet");
        Err(OperationError::new(ErrorKind::NotFound, action("GetRole"), message))
    };
    persist(PROPAGATION, is_unseen, look).await?;
    let inline = planned.known("inline_policy").map(inline_of).unwrap_or_default();
    change_inline(client, name, &Inline::new(), &inline).await?;
    for arn in planned.texts("managed_policy_arns") {
        attach(client, name, &arn).await?;
    }
    persist(PROPAGATION, is_unseen, || read_one(aws, name, known)).await
}

pub async fn update(aws: &Aws, prior: &Value, planned: &Value) -> Result<Value, OperationError> {
    let client = aws.iam();
    let name = name_of(prior).unwrap_or_default();
    let differs = |attribute: &str| !same_attribute(&SCHEMA.block, attribute, prior, planned);
    if differs("assume_role_policy") {
        let policy = documents::compact(planned.text("assume_role_policy").unwrap_or_default());
        let change = || async {
            let answer =
                client.update_assume_role_policy().role_name(name).policy_document(&policy).send().await;
            answer.map_err(|error| failed(&action("UpdateAssumeRolePolicy"), error))
        };
        persist(PROPAGATION, is_unknown_principal, change).await?;
    }
    // One operation has both; what is left out of it, it resets.
    if differs("description") || differs("max_session_duration") {
        let call = client
            .update_role()
            .role_name(name)
            .description(planned.text("description").unwrap_or_default())
            .set_max_session_duration(session(planned));
        call.send().await.map_err(|error| failed(&action("UpdateRole"), error))?;
    }
    if differs("permissions_boundary") {
        change_boundary(client, name, filled(planned.text("permissions_boundary"))).await?;
    }
    if let Some(blocks) = planned.known("inline_policy") {
        let before = prior.known("inline_policy").map(inline_of).unwrap_or_default();
        change_inline(client, name, &before, &inline_of(blocks)).await?;
    }
    if planned.known("managed_policy_arns").is_some() {
        let (before, after) = (prior.texts("managed_policy_arns"), planned.texts("managed_policy_arns"));
        for arn in before.iter().filter(|arn| !after.contains(arn)) {
            detach(client, name, arn).await?;
        }
        for arn in after.iter().filter(|arn| !before.contains(arn)) {
            attach(client, name, arn).await?;
        }
    }
    tagging::update(client, Tagged::Role(name), prior, planned).await?;
    read_one(aws, name, &known_part(planned)).await
}

async fn change_boundary(client: &Client, name: &str, arn: Option<&str>) -> Result<(), OperationError> {
    match arn {
        Some(arn) => {
            let put = || async {
                let call = client.put_role_permissions_boundary().role_name(name).permissions_boundary(arn);
                call.send().await.map_err(|error| failed(&action("PutRolePermissionsBoundary"), error))
            };
            persist(VISIBILITY, is_unseen, put).await?;
        }
        None => {
            let answer = client.delete_role_permissions_boundary().role_name(name).send().await;
            answer.map_err(|error| failed(&action("DeleteRolePermissionsBoundary"), error))?;
        }
    }
    Ok(())
}

/// Deletes a role. It leaves its instance profiles; the policies that it is known to have go first, and with
/// `force_detach_policies` all that it has.
pub async fn delete(client: &Client, prior: &Value) -> Result<(), OperationError> {
    let Some(name) = name_of(prior) else { return Ok(()) };
    match delete_existing(client, name, prior).await {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

async fn delete_existing(client: &Client, name: &str, prior: &Value) -> Result<(), OperationError> {
    let forced = prior.boolean("force_detach_policies") == Some(true);
    leave_instance_profiles(client, name).await?;
    if forced || !prior.texts("managed_policy_arns").is_empty() {
        detach_all(client, name).await?;
    }
    if forced || !prior.blocks("inline_policy").is_empty() {
        delete_all_inline(client, name).await?;
    }
    // What was just detached may be seen for a moment.
    let remove = || async {
        let answer = client.delete_role().role_name(name).send().await;
        answer.map(drop).map_err(|error| failed(&action("DeleteRole"), error))
    };
    let passes = |error: &OperationError| error.kind == ErrorKind::InUse;
    persist(VISIBILITY, passes, remove).await
}

async fn leave_instance_profiles(client: &Client, role: &str) -> Result<(), OperationError> {
    let mut pages = client.list_instance_profiles_for_role().role_name(role).into_paginator().items().send();
    while let Some(profile) = pages.next().await {
        let profile = profile.map_err(|error| failed(&action("ListInstanceProfilesForRole"), error))?;
        let call = client
            .remove_role_from_instance_profile()
            .instance_profile_name(profile.instance_profile_name())
            .role_name(role);
        if let Err(error) = call.send().await {
            let error = failed(&action("RemoveRoleFromInstanceProfile"), error);
            if error.kind != ErrorKind::NotFound {
                return Err(error);
            }
        }
    }
    Ok(())
}

fn session(planned: &Value) -> Option<i32> {
    planned.integer("max_session_duration").and_then(|seconds| i32::try_from(seconds).ok())
}
