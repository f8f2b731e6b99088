//! The policies that a role has: inline ones, and those that are attached to it.

use std::collections::BTreeMap;

use aws_sdk_iam::Client;

use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::eventual::{VISIBILITY, is_unseen, persist};
use crate::provider::aws::iam::{action, concurrently, documents};
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError};
use crate::schema::Equality;

/// Inline policies by name.
pub type Inline = BTreeMap<String, String>;

/// The inline policies that blocks stand for. One with nothing in it stands for none.
pub fn inline_of(blocks: &Value) -> Inline {
    let blocks = blocks.as_elements().unwrap_or_default().iter();
    let pairs = blocks.map(|block| {
        (
            block.text("name").unwrap_or_default().to_owned(),
            block.text("policy").unwrap_or_default().to_owned(),
        )
    });
    pairs.filter(|(name, policy)| !name.is_empty() || !policy.is_empty()).collect()
}

/// Whether blocks stand for the same inline policies.
pub fn same_inline(left: &Value, right: &Value) -> bool {
    let (left, right) = (inline_of(left), inline_of(right));
    left.len() == right.len()
        && left.iter().all(|(name, policy)| right.get(name).is_some_and(|other| same_policy(policy, other)))
}

fn same_policy(left: &str, right: &str) -> bool {
    Equality::Policy.same(&Value::string(left), &Value::string(right))
}

/// The blocks of live inline policies; in the known spelling if they are the known ones.
pub fn inline_blocks(live: Inline, known: &Value) -> Value {
    let schema = blocks::inner(&SCHEMA.block, "inline_policy");
    let objects = live.into_iter().map(|(name, policy)| {
        schema.object([("name", Value::string(name)), ("policy", Value::string(policy))])
    });
    let blocks = blocks::holding(&SCHEMA.block, "inline_policy", objects.collect());
    match known.known("inline_policy") {
        Some(known) if known.is_wholly_known() && same_inline(known, &blocks) => known.clone(),
        _ => blocks,
    }
}

/// The live inline policies of a role.
pub async fn read_inline(client: &Client, role: &str) -> Result<Inline, OperationError> {
    let names = inline_names(client, role).await?;
    let calls = names.into_iter().map(|name| async move {
        let answer = client.get_role_policy().role_name(role).policy_name(&name).send().await;
        match answer.map_err(|error| failed(&action("GetRolePolicy"), error)) {
            Ok(answer) => Ok(Some((name, documents::decode(answer.policy_document())))),
            // Deleted since it was listed.
            Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    });
    let policies: Result<Vec<_>, _> = concurrently(calls.collect()).await.into_iter().collect();
    Ok(policies?.into_iter().flatten().collect())
}

async fn inline_names(client: &Client, role: &str) -> Result<Vec<String>, OperationError> {
    let mut pages = client.list_role_policies().role_name(role).into_paginator().items().send();
    let mut names = Vec::new();
    while let Some(name) = pages.next().await {
        names.push(name.map_err(|error| failed(&action("ListRolePolicies"), error))?);
    }
    Ok(names)
}

/// The ARNs of the policies that are attached to a role.
pub async fn read_attached(client: &Client, role: &str) -> Result<Vec<String>, OperationError> {
    let mut pages = client.list_attached_role_policies().role_name(role).into_paginator().items().send();
    let mut arns = Vec::new();
    while let Some(policy) = pages.next().await {
        let policy = policy.map_err(|error| failed(&action("ListAttachedRolePolicies"), error))?;
        arns.extend(policy.policy_arn);
    }
    Ok(arns)
}

/// Puts and deletes inline policies so that the role has those of `planned`, having those of `prior`.
pub async fn change_inline(
    client: &Client,
    role: &str,
    prior: &Inline,
    planned: &Inline,
) -> Result<(), OperationError> {
    for name in prior.keys().filter(|name| !planned.contains_key(*name)) {
        delete_inline(client, role, name).await?;
    }
    for (name, policy) in planned {
        if prior.get(name).is_none_or(|before| !same_policy(before, policy)) {
            put_inline(client, role, name, policy).await?;
        }
    }
    Ok(())
}

/// Makes or replaces an inline policy. The role may have been made a moment ago.
pub async fn put_inline(client: &Client, role: &str, name: &str, policy: &str) -> Result<(), OperationError> {
    let document = documents::compact(policy);
    let put = || async {
        let call = client.put_role_policy().role_name(role).policy_name(name).policy_document(&document);
        call.send().await.map_err(|error| failed(&action("PutRolePolicy"), error))
    };
    persist(VISIBILITY, is_unseen, put).await?;
    Ok(())
}

/// Deletes an inline policy, if it is there.
pub async fn delete_inline(client: &Client, role: &str, name: &str) -> Result<(), OperationError> {
    let answer = client.delete_role_policy().role_name(role).policy_name(name).send().await;
    gone(answer.map(drop).map_err(|error| failed(&action("DeleteRolePolicy"), error)))
}

/// Attaches a policy. It and the role may have been made a moment ago.
pub async fn attach(client: &Client, role: &str, arn: &str) -> Result<(), OperationError> {
    let attach = || async {
        let answer = client.attach_role_policy().role_name(role).policy_arn(arn).send().await;
        answer.map_err(|error| failed(&action("AttachRolePolicy"), error))
    };
    persist(VISIBILITY, is_unseen, attach).await?;
    Ok(())
}

/// Detaches a policy, if it is attached.
pub async fn detach(client: &Client, role: &str, arn: &str) -> Result<(), OperationError> {
    let answer = client.detach_role_policy().role_name(role).policy_arn(arn).send().await;
    gone(answer.map(drop).map_err(|error| failed(&action("DetachRolePolicy"), error)))
}

/// Deletes all inline policies of a role.
pub async fn delete_all_inline(client: &Client, role: &str) -> Result<(), OperationError> {
    for name in inline_names(client, role).await? {
        delete_inline(client, role, &name).await?;
    }
    Ok(())
}

/// Detaches all policies from a role.
pub async fn detach_all(client: &Client, role: &str) -> Result<(), OperationError> {
    for arn in read_attached(client, role).await? {
        detach(client, role, &arn).await?;
    }
    Ok(())
}

/// What is gone already need not be deleted.
fn gone(result: Result<(), OperationError>) -> Result<(), OperationError> {
    match result {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
