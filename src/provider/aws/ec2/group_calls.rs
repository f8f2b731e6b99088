//! Calls on security groups and their rules, for both types.

use crate::provider::aws::together;
use std::collections::BTreeMap;

use aws_sdk_ec2::types::{Filter, SecurityGroup, SecurityGroupRule};

use super::permissions::{Direction, Notes, Permission, Permissions, to_api};
use super::{FILTER_VALUES, filter};
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::{ErrorKind, OperationError};

/// How many rules a page of DescribeSecurityGroupRules may have.
const RULES_PER_PAGE: i32 = 1000;

/// The groups of these ids, by id. One that does not exist is left out.
pub(super) async fn groups(
    aws: &Aws,
    ids: &[&str],
) -> Result<BTreeMap<String, SecurityGroup>, OperationError> {
    let calls =
        ids.chunks(FILTER_VALUES).map(|chunk| search(aws, vec![filter("group-id", chunk.iter().copied())]));
    let found = together::all(calls).await?.into_iter().flatten();
    Ok(found.filter_map(|group| Some((group.group_id.clone()?, group))).collect())
}

/// The group of this id.
pub(super) async fn group(aws: &Aws, id: &str) -> Result<SecurityGroup, OperationError> {
    groups(aws, &[id]).await?.remove(id).ok_or_else(|| no_group(format!("there is no security group {id}")))
}

fn no_group(message: String) -> OperationError {
    OperationError::new(ErrorKind::NotFound, "ec2:DescribeSecurityGroups", message)
}

/// The only group of a name, in a VPC if it is said.
pub(super) async fn group_by_name(
    aws: &Aws,
    name: &str,
    vpc: Option<&str>,
) -> Result<SecurityGroup, OperationError> {
    let mut filters = vec![filter("group-name", [name])];
    filters.extend(vpc.map(|vpc| filter("vpc-id", [vpc])));
    let mut found = search(aws, filters).await?;
    match (found.pop(), found.is_empty()) {
        (Some(group), true) => Ok(group),
        (None, _) => Err(no_group(format!("there is no security group {name:?}"))),
        (Some(_), false) => Err(OperationError::new(
            ErrorKind::Other,
            "ec2:DescribeSecurityGroups",
            format!("several VPCs have a security group {name:?}; vpc_id must say which is meant"),
        )),
    }
}

/// The groups that all filters let through.
pub(super) async fn search(aws: &Aws, filters: Vec<Filter>) -> Result<Vec<SecurityGroup>, OperationError> {
    let pages = aws.ec2().describe_security_groups().set_filters(Some(filters)).into_paginator();
    let found = pages.items().send().try_collect().await;
    found.map_err(|error| failed("ec2:DescribeSecurityGroups", error))
}

/// The rules of these groups, all of them. A group that does not exist has none.
pub(super) async fn rules(aws: &Aws, group_ids: &[&str]) -> Result<Vec<SecurityGroupRule>, OperationError> {
    let calls = group_ids.chunks(FILTER_VALUES).map(|chunk| async {
        let call = aws.ec2().describe_security_group_rules();
        let call = call.filters(filter("group-id", chunk.iter().copied()));
        let found = call.into_paginator().page_size(RULES_PER_PAGE).items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeSecurityGroupRules", error))
    });
    let found: Vec<Vec<SecurityGroupRule>> = together::all(calls).await?;
    Ok(found.into_iter().flatten().collect())
}

/// Grants permissions. Answers the rules that they became; `attempts` is told how that went.
pub(super) async fn authorize(
    aws: &Aws,
    direction: Direction,
    group: &str,
    permissions: &Permissions,
    attempts: &Attempts,
) -> Result<Vec<SecurityGroupRule>, OperationError> {
    let entries = Some(to_api(permissions));
    let rules = match direction {
        Direction::Ingress => {
            let call =
                aws.ec2().authorize_security_group_ingress().group_id(group).set_ip_permissions(entries);
            let answer = call.customize().interceptor(attempts.clone()).send().await;
            answer.map_err(|error| failed("ec2:AuthorizeSecurityGroupIngress", error))?.security_group_rules
        }
        Direction::Egress => {
            let call =
                aws.ec2().authorize_security_group_egress().group_id(group).set_ip_permissions(entries);
            let answer = call.customize().interceptor(attempts.clone()).send().await;
            answer.map_err(|error| failed("ec2:AuthorizeSecurityGroupEgress", error))?.security_group_rules
        }
    };
    Ok(rules.unwrap_or_default())
}

/// Takes permissions back. If one of them is not there, EC2 takes none and says `InvalidPermission.NotFound`.
pub(super) async fn revoke(
    aws: &Aws,
    direction: Direction,
    group: &str,
    permissions: &Permissions,
) -> Result<(), OperationError> {
    let entries = Some(to_api(permissions));
    match direction {
        Direction::Ingress => {
            let call = aws.ec2().revoke_security_group_ingress().group_id(group);
            let answer = call.set_ip_permissions(entries).send().await;
            answer.map_err(|error| failed("ec2:RevokeSecurityGroupIngress", error))?;
        }
        Direction::Egress => {
            let call = aws.ec2().revoke_security_group_egress().group_id(group);
            let answer = call.set_ip_permissions(entries).send().await;
            answer.map_err(|error| failed("ec2:RevokeSecurityGroupEgress", error))?;
        }
    }
    Ok(())
}

/// Gives permissions that are granted other descriptions.
pub(super) async fn describe_anew(
    aws: &Aws,
    direction: Direction,
    group: &str,
    permissions: &Permissions,
) -> Result<(), OperationError> {
    let entries = Some(to_api(permissions));
    match direction {
        Direction::Ingress => {
            let call = aws.ec2().update_security_group_rule_descriptions_ingress().group_id(group);
            let answer = call.set_ip_permissions(entries).send().await;
            answer.map_err(|error| failed("ec2:UpdateSecurityGroupRuleDescriptionsIngress", error))?;
        }
        Direction::Egress => {
            let call = aws.ec2().update_security_group_rule_descriptions_egress().group_id(group);
            let answer = call.set_ip_permissions(entries).send().await;
            answer.map_err(|error| failed("ec2:UpdateSecurityGroupRuleDescriptionsEgress", error))?;
        }
    }
    Ok(())
}

/// Brings one direction's permissions from what they are to what they shall be. New ones come before old ones go,
/// so that traffic which both let through is never held up; only where the group is full it is the other way.
pub(super) async fn settle(
    aws: &Aws,
    direction: Direction,
    group: &str,
    live: &Permissions,
    wanted: &Permissions,
) -> Result<(), OperationError> {
    let gone = only(live, |permission, _| !wanted.contains_key(permission));
    let new = only(wanted, |permission, _| !live.contains_key(permission));
    let renamed = only(wanted, |permission, notes| {
        live.get(permission).is_some_and(|live| live.description != notes.description)
    });
    let mut is_new_done = new.is_empty();
    if !is_new_done {
        let attempts = Attempts::default();
        match authorize(aws, direction, group, &new, &attempts).await {
            Ok(_) => is_new_done = true,
            // The first answer was lost: they are there.
            Err(error) if error.kind == ErrorKind::AlreadyExists && attempts.may_have_acted() => {
                is_new_done = true
            }
            Err(error)
                if error.code.as_deref() == Some("RulesPerSecurityGroupLimitExceeded")
                    && !gone.is_empty() => {}
            Err(error) => return Err(error),
        }
    }
    if !gone.is_empty() {
        revoke(aws, direction, group, &gone).await?;
    }
    if !is_new_done {
        authorize(aws, direction, group, &new, &Attempts::default()).await?;
    }
    if !renamed.is_empty() {
        describe_anew(aws, direction, group, &renamed).await?;
    }
    Ok(())
}

fn only(permissions: &Permissions, test: impl Fn(&Permission, &Notes) -> bool) -> Permissions {
    let kept = permissions.iter().filter(|(permission, notes)| test(permission, notes));
    kept.map(|(permission, notes)| (permission.clone(), notes.clone())).collect()
}
