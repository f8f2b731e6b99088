//! `aws_eip`: an Elastic IP address, and what it is associated with.
//!
//! Facts: EC2 API reference (AllocateAddress, AssociateAddress, DescribeAddressesAttribute, …); EC2 User Guide,
//! “Elastic IP addresses” and “EC2 instance hostnames”; the AWS provider's manual page, and its plans.

use crate::provider::aws::together::{self, together};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{Address, AddressAttributeName, DomainType, ResourceType as TaggedType};

use super::settle::{settled, unless_gone, until_free};
use super::{computed, describe, differs, filled, is_given, make_unknown, owned, rules, seed};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{FILTER_VALUES, filter, tag_pairs, tag_specification, update_tags};
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

/// How long an association may take where the code does not say.
const UPDATE_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// How long others may hold on to an address that is to be released.
const DELETE_PATIENCE: Duration = Duration::from_secs(3 * 60);

/// How long a new address may take to be shown.
const READ_PATIENCE: Duration = Duration::from_secs(15 * 60);

/// The arguments that say what the address is for.
const ASSOCIATION: [&str; 3] = ["associate_with_private_ip", "instance", "network_interface"];

/// `aws_eip`
pub struct Eip {
    schema: Schema,
}

impl Default for Eip {
    fn default() -> Eip {
        let optional = || AttributeSchema::optional(Type::String);
        let either = || AttributeSchema::optional_computed(Type::String);
        let block = [
            "allocation_id",
            "arn",
            "association_id",
            "carrier_ip",
            "customer_owned_ip",
            "private_dns",
            "private_ip",
            "ptr_record",
            "public_dns",
            "public_ip",
        ];
        let block = block.iter().fold(BlockSchema::new(), |block, name| block.attribute(name, computed()));
        let block = block
            .id()
            .tags()
            .attribute("address", optional().forces_replacement().code_only())
            .attribute("associate_with_private_ip", optional().code_only())
            .attribute("customer_owned_ipv4_pool", optional())
            .attribute("domain", either().forces_replacement())
            .attribute("instance", either())
            .attribute("ipam_pool_id", either().forces_replacement())
            .attribute("network_border_group", either().forces_replacement())
            .attribute("network_interface", either())
            .attribute("public_ipv4_pool", either().forces_replacement())
            .attribute(
                "vpc",
                AttributeSchema::optional_computed(Type::Bool).forces_replacement().deprecated(),
            )
            .timeouts(&["delete", "read", "update"]);
        Eip { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for Eip {
    fn name(&self) -> &'static str {
        "aws_eip"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::one_of(config, "domain", &["vpc", "standard"], problems);
        if is_given(config, "domain") && config.get("vpc").is_some_and(|vpc| !vpc.is_null()) {
            let detail = "\"vpc\": conflicts with domain. Use domain alone: vpc is its old spelling.";
            problems.error(super::at("vpc"), "Conflicting arguments", detail);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let block = &self.schema.block;
        let Some(prior) = change.prior else { return };
        if !ASSOCIATION.iter().any(|name| differs(block, name, prior, &change.planned)) {
            return;
        }
        make_unknown(change, block, &["association_id", "private_dns", "private_ip"]);
        for name in ["instance", "network_interface"] {
            if change.config.get(name).is_none_or(|given| given.is_null()) {
                make_unknown(change, block, &[name]);
            }
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: READ_PATIENCE, update: UPDATE_PATIENCE, delete: DELETE_PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found = describe::all("allocation-id", describe::ids(requests), &[], |filters| {
                describe::addresses(aws, filters)
            });
            let found = describe::by(found.await?, Address::allocation_id);
            let (pointers, account) = together!(pointers(aws, &found), aws.account_id())?;
            Ok(describe::answers(requests, &found, |address, request| {
                let pointer = address.allocation_id().and_then(|id| pointers.get(id));
                self.object(aws, account, address, pointer.map(String::as_str), &request.known)
            }))
        };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let domain = match filled(planned, "domain") {
            Some(domain) => Some(DomainType::from(domain)),
            None => planned.boolean("vpc").filter(|vpc| *vpc).map(|_| DomainType::Vpc),
        };
        let answer = aws
            .ec2()
            .allocate_address()
            .set_address(owned(planned, "address"))
            .set_customer_owned_ipv4_pool(owned(planned, "customer_owned_ipv4_pool"))
            .set_domain(domain)
            .set_ipam_pool_id(owned(planned, "ipam_pool_id"))
            .set_network_border_group(owned(planned, "network_border_group"))
            .set_public_ipv4_pool(owned(planned, "public_ipv4_pool"))
            .set_tag_specifications(tag_specification(TaggedType::ElasticIp, &planned.text_map("tags_all")))
            .send()
            .await
            .map_err(|error| failed("ec2:AllocateAddress", error))?;
        let id = answer.allocation_id.unwrap_or_default();
        let finish = async {
            wait::until(&format!("{id} to be shown"), READ_PATIENCE, || async {
                let found = describe::addresses(aws, vec![filter("allocation-id", [&*id])]).await?;
                Ok(match found.is_empty() {
                    false => Progress::Done(()),
                    true => Progress::Waiting("not shown".to_owned()),
                })
            })
            .await?;
            associate(aws, &id, planned).await?;
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
        if ASSOCIATION.iter().any(|name| differs(&self.schema.block, name, prior, planned)) {
            if let Some(association) = filled(prior, "association_id") {
                disassociate(aws, association).await?;
            }
            associate(aws, id, planned).await?;
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        if let Some(association) = filled(prior, "association_id") {
            disassociate(aws, association).await?;
        }
        let patience = duration::timeout(prior, "delete", DELETE_PATIENCE);
        until_free(id, "ec2:ReleaseAddress", patience, || async {
            let call = aws.ec2().release_address().allocation_id(id);
            let call = call.set_network_border_group(owned(prior, "network_border_group"));
            let answer = call.send().await.map(drop);
            answer.map_err(|error| in_use(failed("ec2:ReleaseAddress", error)))
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "eipalloc-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::addresses(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["domain"]
    }
}

impl Eip {
    fn object(
        &self,
        aws: &Aws,
        account: &str,
        address: &Address,
        pointer: Option<&str>,
        known: &Value,
    ) -> Value {
        let id = address.allocation_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{account}:elastic-ip/{id}", aws.partition().id, aws.region);
        let domain = address.domain().map(|domain| domain.as_str());
        // States have what there is none of as an empty text.
        let text = |text: Option<&str>| Value::string(text.unwrap_or_default());
        let public = address.public_ip().map(|ip| public_name(aws, ip));
        self.schema.block.object([
            ("id", Value::string(id)),
            ("allocation_id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("association_id", text(address.association_id())),
            ("carrier_ip", text(address.carrier_ip())),
            ("customer_owned_ip", text(address.customer_owned_ip())),
            ("customer_owned_ipv4_pool", text(address.customer_owned_ipv4_pool())),
            ("domain", object::text(domain)),
            ("instance", text(address.instance_id())),
            // EC2 does not say which pool of IPAM an address is from.
            ("ipam_pool_id", text(filled(known, "ipam_pool_id"))),
            ("network_border_group", text(address.network_border_group())),
            ("network_interface", text(address.network_interface_id())),
            ("private_dns", object::text(address.private_ip_address().map(|ip| private_name(aws, ip)))),
            ("private_ip", text(address.private_ip_address())),
            ("ptr_record", text(pointer)),
            ("public_dns", object::text(public)),
            ("public_ip", text(address.public_ip())),
            ("public_ipv4_pool", text(address.public_ipv4_pool())),
            ("vpc", Value::bool(domain == Some("vpc"))),
            ("tags_all", aws.tags.live(tag_pairs(address.tags()))),
        ])
    }
}

/// The name that EC2's DNS has for a private address.
fn private_name(aws: &Aws, ip: &str) -> String {
    let dashed = ip.replace('.', "-");
    match aws.region.as_str() {
        "us-east-1" => format!("ip-{dashed}.ec2.internal"),
        region => format!("ip-{dashed}.{region}.compute.internal"),
    }
}

/// The name that EC2's DNS has for a public address.
fn public_name(aws: &Aws, ip: &str) -> String {
    let (dashed, suffix) = (ip.replace('.', "-"), aws.partition().dns_suffix);
    match aws.region.as_str() {
        "us-east-1" => format!("ec2-{dashed}.compute-1.{suffix}"),
        region => format!("ec2-{dashed}.{region}.compute.{suffix}"),
    }
}

/// The names that reverse DNS has for addresses, by their allocation ids. The call fails for ids that do not exist:
/// so it is made for those that were found.
async fn pointers(
    aws: &Aws,
    found: &BTreeMap<String, Address>,
) -> Result<BTreeMap<String, String>, OperationError> {
    let ids: Vec<&String> = found.keys().collect();
    let calls = ids.chunks(FILTER_VALUES).map(|chunk| async {
        let ids = chunk.iter().map(|id| (*id).clone()).collect();
        let call = aws.ec2().describe_addresses_attribute().set_allocation_ids(Some(ids));
        let call = call.attribute(AddressAttributeName::DomainName).into_paginator().items();
        let found: Result<Vec<_>, _> = call.send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeAddressesAttribute", error))
    });
    let attributes = together::all(calls).await?.into_iter().flatten();
    Ok(attributes.filter_map(|one| Some((one.allocation_id?, one.ptr_record?))).collect())
}

/// Associates an address with what the plan names, if anything: the code gives an instance or a network interface.
async fn associate(aws: &Aws, id: &str, planned: &Value) -> Result<(), OperationError> {
    let (instance, interface) = (owned(planned, "instance"), owned(planned, "network_interface"));
    if instance.is_none() && interface.is_none() {
        return Ok(());
    }
    let what = format!("{id} to be associated");
    let association = wait::until(&what, UPDATE_PATIENCE, || async {
        let answer = aws
            .ec2()
            .associate_address()
            .allocation_id(id)
            .allow_reassociation(true)
            .set_instance_id(instance.clone())
            .set_network_interface_id(interface.clone())
            .set_private_ip_address(owned(planned, "associate_with_private_ip"))
            .send()
            .await;
        match answer.map_err(|error| failed("ec2:AssociateAddress", error)) {
            Ok(answer) => Ok(Progress::Done(answer.association_id)),
            Err(error) if error.message.contains("pending instance") => {
                Ok(Progress::Waiting("waiting for the instance to run".to_owned()))
            }
            Err(error) if error.code.as_deref() == Some("InvalidAllocationID.NotFound") => {
                Ok(Progress::Waiting("unknown to EC2".to_owned()))
            }
            Err(error) => Err(error),
        }
    });
    let association = association.await?;
    wait::until(&format!("the association of {id} to be shown"), UPDATE_PATIENCE, || async {
        let found = describe::addresses(aws, vec![filter("allocation-id", [id])]).await?;
        let live = found.first().and_then(|address| address.association_id());
        Ok(match live == association.as_deref() {
            true => Progress::Done(()),
            false => Progress::Waiting("not shown".to_owned()),
        })
    })
    .await
}

async fn disassociate(aws: &Aws, association: &str) -> Result<(), OperationError> {
    let answer = aws.ec2().disassociate_address().association_id(association).send().await;
    unless_gone(answer.map(drop).map_err(|error| failed("ec2:DisassociateAddress", error)))
}

/// An address that a network interface still has cannot be released; EC2 has two ways to say so.
fn in_use(mut error: OperationError) -> OperationError {
    let is_held = match error.code.as_deref() {
        Some("InvalidIPAddress.InUse") => true,
        Some("AuthFailure") => error.message.contains("permission to access the specified resource"),
        _ => false,
    };
    if is_held {
        error.kind = ErrorKind::InUse;
    }
    error
}
