//! `aws_nat_gateway`.
//!
//! Facts: EC2 API reference (CreateNatGateway, AssociateNatGatewayAddress, AssignPrivateNatGatewayAddress, …); VPC
//! User Guide, “NAT gateways”; the AWS provider's manual page, and its plans.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    ConnectivityType, NatGateway as Gateway, NatGatewayAddress, NatGatewayAddressStatus, NatGatewayState,
    ResourceType as TaggedType,
};

use super::settle::{settled, unless_gone};
use super::{at, computed, describe, differs, filled, is_given, make_unknown, owned, rules, seed, small};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{filter, tag_pairs, tag_specification, update_tags};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// How long making or changing a gateway may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long deleting one may take.
const DELETE_PATIENCE: Duration = Duration::from_secs(30 * 60);

const ALLOCATIONS: &str = "secondary_allocation_ids";
const ADDRESSES: &str = "secondary_private_ip_addresses";
const COUNT: &str = "secondary_private_ip_address_count";

/// `aws_nat_gateway`
pub struct NatGateway {
    schema: Schema,
}

impl Default for NatGateway {
    fn default() -> NatGateway {
        let optional = || AttributeSchema::optional(Type::String).forces_replacement();
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("allocation_id", optional())
            .attribute("association_id", computed())
            .attribute("connectivity_type", optional().default("public"))
            .attribute("network_interface_id", computed())
            .attribute("private_ip", AttributeSchema::optional_computed(Type::String).forces_replacement())
            .attribute("public_ip", computed())
            .attribute(ALLOCATIONS, AttributeSchema::optional(Type::set(Type::String)))
            .attribute(COUNT, AttributeSchema::optional_computed(Type::Number))
            .attribute(ADDRESSES, AttributeSchema::optional_computed(Type::set(Type::String)))
            .attribute("subnet_id", AttributeSchema::required(Type::String).forces_replacement())
            .timeouts(&["create", "delete", "update"]);
        NatGateway { schema: Schema::new(0, block) }
    }
}

fn is_private(object: &Value) -> bool {
    object.text("connectivity_type") == Some("private")
}

#[async_trait]
impl ResourceType for NatGateway {
    fn name(&self) -> &'static str {
        "aws_nat_gateway"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::one_of(config, "connectivity_type", &["private", "public"], problems);
        rules::conflicts(config, COUNT, ADDRESSES, problems);
        let mut addresses: Vec<(Vec<PathStep>, &str)> = Vec::new();
        addresses.extend(config.text("private_ip").map(|text| (at("private_ip"), text)));
        addresses
            .extend(config.blocks(ADDRESSES).iter().filter_map(|one| Some((at(ADDRESSES), one.as_str()?))));
        for (path, text) in addresses {
            if text.parse::<Ipv4Addr>().is_err() {
                let detail = format!("expected an IPv4 address, got {text:?}.");
                problems.error(path, "Invalid address", detail);
            }
        }
        if config.integer(COUNT).is_some_and(|count| count < 1) {
            problems.error(at(COUNT), "Invalid value", format!("expected {COUNT} to be at least 1."));
        }
        // An unknown kind may be either.
        if config.get("connectivity_type").is_some_and(|kind| !kind.is_known()) {
            return;
        }
        let wrong: &[&str] = if is_private(config) { &["allocation_id", ALLOCATIONS] } else { &[COUNT] };
        let kind = if is_private(config) { "private" } else { "public" };
        for name in wrong.iter().filter(|name| is_given(config, name)) {
            let detail = format!("{name} is not supported with connectivity_type = \"{kind}\".");
            problems.error(at(name), "Unsupported argument", detail);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let block = &self.schema.block;
        let Some(prior) = change.prior else { return };
        let is_changed = |name: &str| differs(block, name, prior, &change.planned);
        if is_private(&change.planned) {
            let (counts, addresses) = (is_changed(COUNT), is_changed(ADDRESSES));
            if counts && is_given(change.config, COUNT) {
                change.replace.insert(at(COUNT));
            }
            if addresses && is_given(change.config, ADDRESSES) {
                make_unknown(change, block, &[COUNT]);
            }
        } else if is_changed(ALLOCATIONS) {
            make_unknown(change, block, &[COUNT]);
            if !is_given(change.config, ADDRESSES) {
                make_unknown(change, block, &[ADDRESSES]);
            }
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: DELETE_PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found = describe::all("nat-gateway-id", describe::ids(requests), &[], |filters| {
                describe::nat_gateways(aws, filters)
            });
            // EC2 shows deleted gateways for an hour.
            let mut found = found.await?;
            found.retain(|gateway| gateway.state() != Some(&NatGatewayState::Deleted));
            let found = describe::by(found, Gateway::nat_gateway_id);
            Ok(describe::answers(requests, &found, |gateway, _| self.object(aws, gateway)))
        };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let texts = |name: &str| Some(planned.texts(name)).filter(|texts| !texts.is_empty());
        let tags = planned.text_map("tags_all");
        // The SDK sends a token of its own, so a call whose answer was lost makes one gateway only.
        let answer = aws
            .ec2()
            .create_nat_gateway()
            .subnet_id(planned.text("subnet_id").unwrap_or_default())
            .set_allocation_id(owned(planned, "allocation_id"))
            .set_connectivity_type(filled(planned, "connectivity_type").map(ConnectivityType::from))
            .set_private_ip_address(owned(planned, "private_ip"))
            .set_secondary_allocation_ids(texts(ALLOCATIONS))
            .set_secondary_private_ip_address_count(small(planned, COUNT).filter(|count| *count > 0))
            .set_secondary_private_ip_addresses(texts(ADDRESSES))
            .set_tag_specifications(tag_specification(TaggedType::Natgateway, &tags))
            .send()
            .await
            .map_err(|error| failed("ec2:CreateNatGateway", error))?;
        let id = answer.nat_gateway.and_then(|made| made.nat_gateway_id).unwrap_or_default();
        let finish = async {
            let patience = duration::timeout(planned, "create", PATIENCE);
            wait_available(aws, &id, "ec2:CreateNatGateway", patience).await?;
            settled(self, connection, None, planned, &id).await
        };
        let known = known_part(planned).with("id", Value::string(&id));
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = filled(prior, "id").unwrap_or_default();
        let patience = duration::timeout(planned, "update", PATIENCE);
        let block = &self.schema.block;
        if is_private(planned) {
            if planned.known(ADDRESSES).is_some() && differs(block, ADDRESSES, prior, planned) {
                change_private(aws, id, prior, planned, patience).await?;
            }
        } else if differs(block, ALLOCATIONS, prior, planned) {
            change_public(aws, id, prior, planned, patience).await?;
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let answer = aws.ec2().delete_nat_gateway().nat_gateway_id(id).send().await;
        unless_gone(answer.map(drop).map_err(|error| failed("ec2:DeleteNatGateway", error)))?;
        let patience = duration::timeout(prior, "delete", DELETE_PATIENCE);
        wait::until(&format!("{id} to be deleted"), patience, || async {
            Ok(match find(aws, id).await?.as_ref().map(|gateway| (gateway, gateway.state())) {
                None | Some((_, Some(NatGatewayState::Deleted))) => Progress::Done(()),
                Some((gateway, Some(NatGatewayState::Failed))) => {
                    return Err(failure(gateway, "ec2:DeleteNatGateway"));
                }
                Some((_, state)) => {
                    Progress::Waiting(state.map_or("there", |state| state.as_str()).to_owned())
                }
            })
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "nat-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::nat_gateways(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["subnet_id", "connectivity_type"]
    }
}

impl NatGateway {
    fn object(&self, aws: &Aws, gateway: &Gateway) -> Value {
        let addresses = gateway.nat_gateway_addresses();
        let primary = addresses.iter().position(|one| one.is_primary() == Some(true)).unwrap_or(0);
        let first = addresses.get(primary);
        let others: Vec<&NatGatewayAddress> =
            addresses.iter().enumerate().filter(|(index, _)| *index != primary).map(|(_, one)| one).collect();
        let text = |text: Option<&str>| Value::string(text.unwrap_or_default());
        let private: Vec<&str> = others.iter().filter_map(|one| one.private_ip()).collect();
        let count = i64::try_from(private.len()).unwrap_or(i64::MAX);
        self.schema.block.object([
            ("id", object::text(gateway.nat_gateway_id())),
            ("allocation_id", text(first.and_then(|one| one.allocation_id()))),
            ("association_id", text(first.and_then(|one| one.association_id()))),
            ("connectivity_type", object::text(gateway.connectivity_type().map(|kind| kind.as_str()))),
            ("network_interface_id", text(first.and_then(|one| one.network_interface_id()))),
            ("private_ip", text(first.and_then(|one| one.private_ip()))),
            ("public_ip", text(first.and_then(|one| one.public_ip()))),
            (ALLOCATIONS, object::text_set(others.iter().filter_map(|one| one.allocation_id()))),
            (COUNT, object::integer(Some(count))),
            (ADDRESSES, object::text_set(private)),
            ("subnet_id", object::text(gateway.subnet_id())),
            ("tags_all", aws.tags.live(tag_pairs(gateway.tags()))),
        ])
    }
}

async fn find(aws: &Aws, id: &str) -> Result<Option<Gateway>, OperationError> {
    Ok(describe::nat_gateways(aws, vec![filter("nat-gateway-id", [id])]).await?.pop())
}

/// Why EC2 could not do what it was asked to.
fn failure(gateway: &Gateway, operation: &str) -> OperationError {
    let reason = gateway.failure_message().unwrap_or("EC2 gives no reason");
    let mut error =
        OperationError::new(ErrorKind::Other, operation, format!("the NAT gateway failed: {reason}"));
    error.code = gateway.failure_code().map(str::to_owned);
    error
}

/// Waits until a gateway can be used and its addresses are settled.
async fn wait_available(
    aws: &Aws,
    id: &str,
    operation: &str,
    patience: Duration,
) -> Result<(), OperationError> {
    wait::until(&format!("{id} to be available"), patience, || async {
        let Some(gateway) = find(aws, id).await? else {
            return Ok(Progress::Waiting("not shown".to_owned()));
        };
        match gateway.state() {
            Some(NatGatewayState::Failed) => return Err(failure(&gateway, operation)),
            Some(NatGatewayState::Available) => {}
            Some(state) => return Ok(Progress::Waiting(state.as_str().to_owned())),
            None => return Ok(Progress::Waiting("without a state".to_owned())),
        }
        for address in gateway.nat_gateway_addresses() {
            match address.status() {
                None | Some(NatGatewayAddressStatus::Succeeded) => {}
                Some(NatGatewayAddressStatus::Failed) => {
                    let reason = address.failure_message().unwrap_or("EC2 gives no reason");
                    let message = format!("an address of the NAT gateway failed: {reason}");
                    return Err(OperationError::new(ErrorKind::Other, operation, message));
                }
                Some(status) => return Ok(Progress::Waiting(format!("{} an address", status.as_str()))),
            }
        }
        Ok(Progress::Done(()))
    })
    .await
}

/// What is to come and what is to go of a set of texts.
fn changes(name: &str, prior: &Value, planned: &Value) -> (Vec<String>, Vec<String>) {
    let texts = |object: &Value| object.texts(name).into_iter().collect::<BTreeSet<_>>();
    let (before, after) = (texts(prior), texts(planned));
    (after.difference(&before).cloned().collect(), before.difference(&after).cloned().collect())
}

async fn change_private(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let (come, go) = changes(ADDRESSES, prior, planned);
    if !come.is_empty() {
        let operation = "ec2:AssignPrivateNatGatewayAddress";
        let call = aws.ec2().assign_private_nat_gateway_address().nat_gateway_id(id);
        let answer = call.set_private_ip_addresses(Some(come)).send().await;
        answer.map_err(|error| failed(operation, error))?;
        wait_available(aws, id, operation, patience).await?;
    }
    if !go.is_empty() {
        let operation = "ec2:UnassignPrivateNatGatewayAddress";
        let call = aws.ec2().unassign_private_nat_gateway_address().nat_gateway_id(id);
        let answer = call.set_private_ip_addresses(Some(go)).send().await;
        answer.map_err(|error| failed(operation, error))?;
        wait_available(aws, id, operation, patience).await?;
    }
    Ok(())
}

async fn change_public(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
    patience: Duration,
) -> Result<(), OperationError> {
    let (come, go) = changes(ALLOCATIONS, prior, planned);
    if !come.is_empty() {
        let operation = "ec2:AssociateNatGatewayAddress";
        let (private, _) = changes(ADDRESSES, prior, planned);
        let private = Some(private).filter(|private| !private.is_empty());
        let call = aws.ec2().associate_nat_gateway_address().nat_gateway_id(id);
        let call = call.set_allocation_ids(Some(come)).set_private_ip_addresses(private);
        call.send().await.map_err(|error| failed(operation, error))?;
        wait_available(aws, id, operation, patience).await?;
    }
    if !go.is_empty() {
        let operation = "ec2:DisassociateNatGatewayAddress";
        let gateway = find(aws, id).await?;
        let addresses = gateway.iter().flat_map(Gateway::nat_gateway_addresses);
        let is_going = |one: &&NatGatewayAddress| {
            one.allocation_id().is_some_and(|allocation| go.iter().any(|gone| gone == allocation))
        };
        let associations: Vec<String> =
            addresses.filter(is_going).filter_map(|one| Some(one.association_id()?.to_owned())).collect();
        if !associations.is_empty() {
            let call = aws.ec2().disassociate_nat_gateway_address().nat_gateway_id(id);
            let answer = call.set_association_ids(Some(associations)).send().await;
            answer.map_err(|error| failed(operation, error))?;
            wait_available(aws, id, operation, patience).await?;
        }
    }
    Ok(())
}
