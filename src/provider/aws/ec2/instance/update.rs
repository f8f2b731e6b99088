//! Changing an instance in place.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, AttributeValue, HostnameType, HttpTokensState, IamInstanceProfileSpecification,
    InstanceAutoRecoveryState, InstanceCreditSpecificationRequest, InstanceMetadataEndpointState,
    InstanceMetadataOptionsState, InstanceMetadataProtocolState, InstanceMetadataTagsState,
    InstanceStateName, SecureBlobAttributeValue,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::launch::{capacity_reservation, wait_state};
use super::schema::SCHEMA;
use super::{read, user_data, volumes};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::network::{differs, filled, owned, small};
use crate::provider::aws::ec2::{filter, update_tags};
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::Object;

/// Changes that need the instance to be stopped.
pub(super) const STOPPED: [&str; 4] =
    ["host_resource_group_arn", "instance_type", "user_data", "user_data_base64"];

/// Makes everything that differs as planned.
pub(super) async fn update(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let schema = &SCHEMA.block;
    let is_changed = |name: &str| planned.known(name).is_some() && differs(schema, name, prior, planned);
    update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
    volumes::update_shared_tags(aws, id, prior, planned).await?;
    if is_changed("iam_instance_profile") {
        update_profile(aws, id, filled(planned, "iam_instance_profile"), patience).await?;
    }
    // Protection comes off before what it protects from, and on after it.
    let protection = ["disable_api_stop", "disable_api_termination"];
    for name in protection.iter().filter(|name| is_changed(name) && planned.boolean(name) == Some(false)) {
        switch(aws, id, name, false).await?;
    }
    if is_changed("source_dest_check") {
        switch(aws, id, "source_dest_check", planned.boolean("source_dest_check") == Some(true)).await?;
    }
    update_interface(aws, id, prior, planned).await?;
    if STOPPED.iter().any(|name| is_changed(name)) {
        update_stopped(aws, id, prior, planned, patience).await?;
    }
    if is_changed("instance_initiated_shutdown_behavior") {
        let value = AttributeValue::builder()
            .set_value(owned(planned, "instance_initiated_shutdown_behavior"))
            .build();
        let call = aws.ec2().modify_instance_attribute().instance_id(id);
        let answer = call.instance_initiated_shutdown_behavior(value).send().await;
        answer.map_err(|error| failed("ec2:ModifyInstanceAttribute", error))?;
    }
    if is_changed("monitoring") {
        if planned.boolean("monitoring") == Some(true) {
            let answer = aws.ec2().monitor_instances().instance_ids(id).send().await;
            answer.map_err(|error| failed("ec2:MonitorInstances", error))?;
        } else {
            let answer = aws.ec2().unmonitor_instances().instance_ids(id).send().await;
            answer.map_err(|error| failed("ec2:UnmonitorInstances", error))?;
        }
    }
    update_options(aws, id, prior, planned, patience).await?;
    volumes::update(aws, id, prior, planned, patience).await?;
    for name in protection.iter().filter(|name| is_changed(name) && planned.boolean(name) == Some(true)) {
        switch(aws, id, name, true).await?;
    }
    Ok(())
}

/// Turns one of an instance's switches on or off.
pub(super) async fn switch(aws: &Aws, id: &str, name: &str, on: bool) -> Result<(), OperationError> {
    let value = AttributeBooleanValue::builder().value(on).build();
    let call = aws.ec2().modify_instance_attribute().instance_id(id);
    let call = match name {
        "disable_api_stop" => call.disable_api_stop(value),
        "disable_api_termination" => call.disable_api_termination(value),
        _ => call.source_dest_check(value),
    };
    call.send().await.map_err(|error| failed("ec2:ModifyInstanceAttribute", error))?;
    Ok(())
}

/// Gives the instance another profile, its first, or none.
async fn update_profile(
    aws: &Aws,
    id: &str,
    name: Option<&str>,
    patience: Duration,
) -> Result<(), OperationError> {
    let filters = [filter("instance-id", [id]), filter("state", ["associating", "associated"])];
    let answer = aws
        .ec2()
        .describe_iam_instance_profile_associations()
        .set_filters(Some(filters.to_vec()))
        .send()
        .await
        .map_err(|error| failed("ec2:DescribeIamInstanceProfileAssociations", error))?;
    let association = answer.iam_instance_profile_associations.unwrap_or_default().into_iter().next();
    let association = association.and_then(|one| one.association_id);
    let Some(name) = name else {
        if let Some(association) = association {
            let call = aws.ec2().disassociate_iam_instance_profile().association_id(association);
            let answer = call.send().await;
            answer.map_err(|error| failed("ec2:DisassociateIamInstanceProfile", error))?;
        }
        return Ok(());
    };
    wait::until(&format!("the instance profile {name} to be known"), patience, || async {
        let profile = IamInstanceProfileSpecification::builder().name(name).build();
        let result = match &association {
            Some(association) => {
                let call = aws.ec2().replace_iam_instance_profile_association();
                let call = call.association_id(association).iam_instance_profile(profile);
                let answer = call.send().await.map(drop);
                answer.map_err(|error| failed("ec2:ReplaceIamInstanceProfileAssociation", error))
            }
            None => {
                let call = aws.ec2().associate_iam_instance_profile();
                let call = call.instance_id(id).iam_instance_profile(profile);
                let answer = call.send().await.map(drop);
                answer.map_err(|error| failed("ec2:AssociateIamInstanceProfile", error))
            }
        };
        match result {
            Ok(()) => Ok(Progress::Done(())),
            Err(error) if error.message.contains("Invalid IAM Instance Profile") => {
                Ok(Progress::Waiting("unknown to EC2".to_owned()))
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// Changes the instance's first network interface: its groups and addresses.
async fn update_interface(aws: &Aws, id: &str, prior: &Value, planned: &Value) -> Result<(), OperationError> {
    let schema = &SCHEMA.block;
    let is_changed = |name: &str| planned.known(name).is_some() && differs(schema, name, prior, planned);
    let interface = filled(prior, "primary_network_interface_id").unwrap_or_default();
    if is_changed("vpc_security_group_ids") {
        let groups = planned.texts("vpc_security_group_ids");
        let call = aws.ec2().modify_network_interface_attribute().network_interface_id(interface);
        let answer = call.set_groups(Some(groups)).send().await;
        answer.map_err(|error| failed("ec2:ModifyNetworkInterfaceAttribute", error))?;
    }
    if is_changed("secondary_private_ips") {
        let texts =
            |object: &Value| object.texts("secondary_private_ips").into_iter().collect::<BTreeSet<_>>();
        let (before, after) = (texts(prior), texts(planned));
        let go: Vec<String> = before.difference(&after).cloned().collect();
        if !go.is_empty() {
            let call = aws.ec2().unassign_private_ip_addresses().network_interface_id(interface);
            let answer = call.set_private_ip_addresses(Some(go)).send().await;
            answer.map_err(|error| failed("ec2:UnassignPrivateIpAddresses", error))?;
        }
        let come: Vec<String> = after.difference(&before).cloned().collect();
        if !come.is_empty() {
            let call = aws.ec2().assign_private_ip_addresses().network_interface_id(interface);
            let answer = call.set_private_ip_addresses(Some(come)).send().await;
            answer.map_err(|error| failed("ec2:AssignPrivateIpAddresses", error))?;
        }
    }
    if is_changed("ipv6_address_count") {
        let live = read::instances(aws, [id]).await?.remove(id);
        let live = live.as_ref().and_then(|one| read::primary(&one.instance));
        let addresses = live.map(|one| one.ipv6_addresses()).unwrap_or_default();
        let wanted = planned.integer("ipv6_address_count").and_then(|count| usize::try_from(count).ok());
        let wanted = wanted.unwrap_or(0);
        if wanted > addresses.len() {
            let more = i32::try_from(wanted - addresses.len()).unwrap_or(i32::MAX);
            let call = aws.ec2().assign_ipv6_addresses().network_interface_id(interface);
            let answer = call.ipv6_address_count(more).send().await;
            answer.map_err(|error| failed("ec2:AssignIpv6Addresses", error))?;
        } else if wanted < addresses.len() {
            let go = addresses[wanted..].iter().filter_map(|one| one.ipv6_address().map(str::to_owned));
            let call = aws.ec2().unassign_ipv6_addresses().network_interface_id(interface);
            let answer = call.set_ipv6_addresses(Some(go.collect())).send().await;
            answer.map_err(|error| failed("ec2:UnassignIpv6Addresses", error))?;
        }
    }
    if is_changed("enable_primary_ipv6") {
        let call = aws.ec2().modify_network_interface_attribute().network_interface_id(interface);
        let answer = call.set_enable_primary_ipv6(planned.boolean("enable_primary_ipv6")).send().await;
        answer.map_err(|error| failed("ec2:ModifyNetworkInterfaceAttribute", error))?;
    }
    Ok(())
}

/// Stops an instance that runs, changes what cannot be changed while it does, and starts it again.
async fn update_stopped(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let schema = &SCHEMA.block;
    let is_changed = |name: &str| planned.known(name).is_some() && differs(schema, name, prior, planned);
    let live = read::instances(aws, [id]).await?.remove(id);
    let state = live.as_ref().and_then(|one| one.instance.state()?.name().cloned());
    let was_stopped = matches!(state, Some(InstanceStateName::Stopped | InstanceStateName::Stopping));
    if !was_stopped {
        let answer = aws.ec2().stop_instances().instance_ids(id).send().await;
        answer.map_err(|error| failed("ec2:StopInstances", error))?;
    }
    wait_state(aws, id, &InstanceStateName::Stopped, "ec2:StopInstances", patience).await?;
    let change = async {
        if is_changed("instance_type") {
            let value = AttributeValue::builder().set_value(owned(planned, "instance_type")).build();
            let call = aws.ec2().modify_instance_attribute().instance_id(id).instance_type(value);
            call.send().await.map_err(|error| failed("ec2:ModifyInstanceAttribute", error))?;
        }
        let data = match (is_changed("user_data"), is_changed("user_data_base64")) {
            (true, _) => Some(user_data::encoded(planned.text("user_data").unwrap_or_default())),
            (false, true) => Some(planned.text("user_data_base64").unwrap_or_default().to_owned()),
            (false, false) => None,
        };
        if let Some(base64) = data {
            // The SDK encodes blobs itself.
            let bytes = STANDARD.decode(&base64).unwrap_or_else(|_| base64.into_bytes());
            let value = SecureBlobAttributeValue::builder().value(Blob::new(bytes)).build();
            let call = aws.ec2().modify_instance_attribute().instance_id(id).user_data(value);
            call.send().await.map_err(|error| failed("ec2:ModifyInstanceAttribute", error))?;
        }
        if is_changed("host_resource_group_arn") {
            let call = aws.ec2().modify_instance_placement().instance_id(id);
            let call = call.set_host_resource_group_arn(owned(planned, "host_resource_group_arn"));
            call.send().await.map_err(|error| failed("ec2:ModifyInstancePlacement", error))?;
        }
        Ok::<(), OperationError>(())
    };
    let changed = change.await;
    // What ran before runs again, even if the change was refused.
    if !was_stopped {
        let answer = aws.ec2().start_instances().instance_ids(id).send().await;
        let started = answer.map_err(|error| failed("ec2:StartInstances", error));
        changed?;
        started?;
        wait_state(aws, id, &InstanceStateName::Running, "ec2:StartInstances", patience).await?;
        return Ok(());
    }
    changed
}

/// Changes the blocks of options.
async fn update_options(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let schema = &SCHEMA.block;
    let changed = |name: &str| {
        let is_same = blocks::same_blocks(schema, name, prior, planned);
        planned.block(name).filter(|_| !is_same)
    };
    if let Some(block) = changed("credit_specification") {
        let one = InstanceCreditSpecificationRequest::builder().instance_id(id);
        let one = one.set_cpu_credits(owned(block, "cpu_credits")).build();
        let call = aws.ec2().modify_instance_credit_specification().instance_credit_specifications(one);
        call.send().await.map_err(|error| failed("ec2:ModifyInstanceCreditSpecification", error))?;
    }
    if let Some(block) = changed("metadata_options") {
        update_metadata(aws, id, block, patience).await?;
    }
    if let Some(block) = changed("maintenance_options") {
        let recovery = filled(block, "auto_recovery").map(InstanceAutoRecoveryState::from);
        let call = aws.ec2().modify_instance_maintenance_options().instance_id(id);
        let answer = call.set_auto_recovery(recovery).send().await;
        answer.map_err(|error| failed("ec2:ModifyInstanceMaintenanceOptions", error))?;
    }
    if let Some(block) = changed("capacity_reservation_specification") {
        let call = aws.ec2().modify_instance_capacity_reservation_attributes().instance_id(id);
        let answer = call.capacity_reservation_specification(capacity_reservation(block)).send().await;
        answer.map_err(|error| failed("ec2:ModifyInstanceCapacityReservationAttributes", error))?;
    }
    if let Some(block) = changed("private_dns_name_options") {
        let before = prior.block("private_dns_name_options");
        // The kind of names of a running instance cannot even be told again.
        let kind = filled(block, "hostname_type")
            .filter(|kind| before.and_then(|before| before.text("hostname_type")) != Some(kind));
        let call = aws.ec2().modify_private_dns_name_options().instance_id(id);
        let answer = call
            .set_enable_resource_name_dns_a_record(block.boolean("enable_resource_name_dns_a_record"))
            .set_enable_resource_name_dns_aaaa_record(block.boolean("enable_resource_name_dns_aaaa_record"))
            .set_private_dns_hostname_type(kind.map(HostnameType::from))
            .send()
            .await;
        answer.map_err(|error| failed("ec2:ModifyPrivateDnsNameOptions", error))?;
    }
    Ok(())
}

async fn update_metadata(
    aws: &Aws,
    id: &str,
    block: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let answer = aws
        .ec2()
        .modify_instance_metadata_options()
        .instance_id(id)
        .set_http_endpoint(filled(block, "http_endpoint").map(InstanceMetadataEndpointState::from))
        .set_http_protocol_ipv6(filled(block, "http_protocol_ipv6").map(InstanceMetadataProtocolState::from))
        .set_http_put_response_hop_limit(small(block, "http_put_response_hop_limit"))
        .set_http_tokens(filled(block, "http_tokens").map(HttpTokensState::from))
        .set_instance_metadata_tags(
            filled(block, "instance_metadata_tags").map(InstanceMetadataTagsState::from),
        )
        .send()
        .await;
    answer.map_err(|error| failed("ec2:ModifyInstanceMetadataOptions", error))?;
    wait::until(&format!("the metadata options of {id} to be applied"), patience, || async {
        let live = read::instances(aws, [id]).await?.remove(id);
        let state = live.and_then(|one| one.instance.metadata_options?.state);
        Ok(match state {
            Some(InstanceMetadataOptionsState::Pending) => Progress::Waiting("pending".to_owned()),
            _ => Progress::Done(()),
        })
    })
    .await
}
