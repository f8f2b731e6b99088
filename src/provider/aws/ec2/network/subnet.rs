//! `aws_subnet`.
//!
//! Facts: EC2 API reference (CreateSubnet, ModifySubnetAttribute, AssociateSubnetCidrBlock, …); VPC User Guide,
//! “Subnets for your VPC”; the AWS provider's manual page, and its plans.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::operation::modify_subnet_attribute::builders::ModifySubnetAttributeFluentBuilder;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, HostnameType, ResourceType as TaggedType, Subnet as LiveSubnet,
    SubnetCidrBlockStateCode, SubnetIpv6CidrBlockAssociation, SubnetState,
};

use super::settle::{settled, unless_gone, until_free};
use super::{at, computed, describe, differs, filled, make_unknown, owned, rules, seed, small};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::ec2::cidr::Family;
use crate::provider::aws::ec2::{filter, tag_pairs, tag_specification, update_tags};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts, duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// How long a subnet may take to be made where the code does not say.
const CREATE_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long others may hold on to a subnet that is to be deleted: network interfaces of load balancers and functions
/// go minutes after their owners.
const DELETE_PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Switches, which are changed one by one.
const SWITCHES: [&str; 6] = [
    "assign_ipv6_address_on_creation",
    "enable_dns64",
    "enable_resource_name_dns_a_record_on_launch",
    "enable_resource_name_dns_aaaa_record_on_launch",
    "map_customer_owned_ip_on_launch",
    "map_public_ip_on_launch",
];

/// `aws_subnet`
pub struct Subnet {
    schema: Schema,
}

impl Default for Subnet {
    fn default() -> Subnet {
        let optional = || AttributeSchema::optional(Type::String);
        let either = || AttributeSchema::optional_computed(Type::String);
        let switch = || AttributeSchema::optional(Type::Bool).default(false);
        let range = || Equality::Custom(rules::same_range);
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("assign_ipv6_address_on_creation", switch())
            .attribute("availability_zone", either().forces_replacement())
            .attribute("availability_zone_id", either().forces_replacement())
            .attribute("cidr_block", optional().forces_replacement().equality(range()))
            .attribute("customer_owned_ipv4_pool", optional())
            .attribute("enable_dns64", switch())
            .attribute("enable_lni_at_device_index", AttributeSchema::optional(Type::Number))
            .attribute("enable_resource_name_dns_a_record_on_launch", switch())
            .attribute("enable_resource_name_dns_aaaa_record_on_launch", switch())
            .attribute("ipv6_cidr_block", optional().equality(range()))
            .attribute("ipv6_cidr_block_association_id", computed())
            .attribute("ipv6_native", switch().forces_replacement())
            .attribute("map_customer_owned_ip_on_launch", AttributeSchema::optional(Type::Bool))
            .attribute("map_public_ip_on_launch", switch())
            .attribute("outpost_arn", optional().forces_replacement())
            .attribute("owner_id", computed())
            .attribute("private_dns_hostname_type_on_launch", either())
            .attribute("vpc_id", AttributeSchema::required(Type::String).forces_replacement())
            .timeouts(&["create", "delete"]);
        Subnet { schema: Schema::new(1, block) }
    }
}

#[async_trait]
impl ResourceType for Subnet {
    fn name(&self) -> &'static str {
        "aws_subnet"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::network(config, "cidr_block", Family::V4, problems);
        rules::network(config, "ipv6_cidr_block", Family::V6, problems);
        rules::conflicts(config, "availability_zone", "availability_zone_id", problems);
        rules::one_of(config, "private_dns_hostname_type_on_launch", &["ip-name", "resource-name"], problems);
        let pool = ["customer_owned_ipv4_pool", "map_customer_owned_ip_on_launch", "outpost_arn"];
        rules::requires(config, "customer_owned_ipv4_pool", &[pool[1], pool[2]], problems);
        rules::requires(config, "map_customer_owned_ip_on_launch", &[pool[0], pool[2]], problems);
        if config.integer("enable_lni_at_device_index") == Some(0) {
            let detail = "enable_lni_at_device_index must not be zero.";
            problems.error(at("enable_lni_at_device_index"), "Invalid value", detail);
        }
        if let Some(arn) = filled(config, "outpost_arn")
            && !(arn.starts_with("arn:") && arn.split(':').count() >= 6)
        {
            let detail = format!("\"outpost_arn\" ({arn}) is an invalid ARN.");
            problems.error(at("outpost_arn"), "Invalid ARN", detail);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let Some(prior) = change.prior else { return };
        if differs(&self.schema.block, "ipv6_cidr_block", prior, &change.planned) {
            make_unknown(change, &self.schema.block, &["ipv6_cidr_block_association_id"]);
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: CREATE_PATIENCE, update: CREATE_PATIENCE, delete: DELETE_PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found = describe::all("subnet-id", describe::ids(requests), &[], |filters| {
                describe::subnets(aws, filters)
            });
            let found = describe::by(found.await?, LiveSubnet::subnet_id);
            let mut results = Vec::with_capacity(requests.len());
            for request in requests {
                let known = &request.known;
                results.push(match (filled(known, "id"), filled(known, "vpc_id"), range_of(known)) {
                    (None, Some(vpc), Some((name, range))) => {
                        let filters = vec![filter("vpc-id", [vpc]), filter(name, [range])];
                        let subnet = describe::subnets(aws, filters).await?.pop();
                        subnet.map(|subnet| self.object(aws, &subnet, known))
                    }
                    (id, ..) => id.and_then(|id| Some(self.object(aws, found.get(id)?, known))),
                });
            }
            let answer = |object: Option<Value>| object.map_or(ReadResult::Missing, ReadResult::Found);
            Ok(results.into_iter().map(answer).collect())
        };
        read.await.unwrap_or_else(|error: OperationError| all_unreadable(requests.len(), &error))
    }

    /// No two subnets of a VPC have the same range.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        let vpc = filled(prepared, "vpc_id")?;
        let (_, range) = range_of(prepared)?;
        let name = if filled(prepared, "cidr_block").is_some() { "cidr_block" } else { "ipv6_cidr_block" };
        Some(self.schema.block.object([("vpc_id", Value::string(vpc)), (name, Value::string(range))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = create(aws, planned).await?;
        let finish = async {
            wait_available(aws, &id, duration::timeout(planned, "create", CREATE_PATIENCE)).await?;
            modify(aws, &id, &self.schema.block, &Value::empty_object(), planned).await?;
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
        let id = prior.text("id").unwrap_or_default();
        let block = &self.schema.block;
        let has_range = |object: &Value| filled(object, "ipv6_cidr_block").is_some();
        let is_moved = differs(block, "ipv6_cidr_block", prior, planned);
        let mut before = prior.clone();
        if is_moved && has_range(prior) {
            // Addresses cannot be given from a range that goes.
            if prior.boolean("assign_ipv6_address_on_creation") == Some(true) {
                let off = prior.with("assign_ipv6_address_on_creation", Value::bool(false));
                modify(aws, id, block, prior, &off).await?;
                before = off;
            }
            if let Some(association) = filled(prior, "ipv6_cidr_block_association_id") {
                disassociate(aws, id, association).await?;
            }
        }
        if is_moved && has_range(planned) {
            let range = owned(planned, "ipv6_cidr_block");
            let call = aws.ec2().associate_subnet_cidr_block().subnet_id(id).set_ipv6_cidr_block(range);
            call.send().await.map_err(|error| failed("ec2:AssociateSubnetCidrBlock", error))?;
            wait_available(aws, id, CREATE_PATIENCE).await?;
        }
        modify(aws, id, block, &before, planned).await?;
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let patience = duration::timeout(prior, "delete", DELETE_PATIENCE);
        until_free(id, "ec2:DeleteSubnet", patience, || async {
            let answer = aws.ec2().delete_subnet().subnet_id(id).send().await;
            answer.map(drop).map_err(|error| failed("ec2:DeleteSubnet", error))
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "subnet-", id)
    }
}

impl Subnet {
    fn object(&self, aws: &Aws, subnet: &LiveSubnet, known: &Value) -> Value {
        let tags = ("tags_all", aws.tags.live(tag_pairs(subnet.tags())));
        let attributes = attributes(subnet, known.text("ipv6_cidr_block_association_id"));
        self.schema.block.object(attributes.into_iter().chain([tags]))
    }
}

/// What resource and data source both show of a subnet. `association` is that of its IPv6 range, if one is known.
pub(super) fn attributes(subnet: &LiveSubnet, association: Option<&str>) -> Vec<(&'static str, Value)> {
    let ipv6 = ipv6_of(subnet, association);
    let names = subnet.private_dns_name_options_on_launch();
    let index = subnet.enable_lni_at_device_index().filter(|index| *index != 0);
    let flag = |value: Option<bool>| Value::bool(value.unwrap_or(false));
    vec![
        ("id", object::text(subnet.subnet_id())),
        ("arn", object::text(subnet.subnet_arn())),
        ("assign_ipv6_address_on_creation", flag(subnet.assign_ipv6_address_on_creation())),
        ("availability_zone", object::text(subnet.availability_zone())),
        ("availability_zone_id", object::text(subnet.availability_zone_id())),
        ("cidr_block", object::text(subnet.cidr_block())),
        ("customer_owned_ipv4_pool", object::text(subnet.customer_owned_ipv4_pool())),
        ("enable_dns64", flag(subnet.enable_dns64())),
        ("enable_lni_at_device_index", object::integer(index)),
        (
            "enable_resource_name_dns_a_record_on_launch",
            flag(names.and_then(|names| names.enable_resource_name_dns_a_record())),
        ),
        (
            "enable_resource_name_dns_aaaa_record_on_launch",
            flag(names.and_then(|names| names.enable_resource_name_dns_aaaa_record())),
        ),
        ("ipv6_cidr_block", object::text(ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))),
        ("ipv6_cidr_block_association_id", object::text(ipv6.and_then(|ipv6| ipv6.association_id()))),
        ("ipv6_native", flag(subnet.ipv6_native())),
        ("map_customer_owned_ip_on_launch", flag(subnet.map_customer_owned_ip_on_launch())),
        ("map_public_ip_on_launch", flag(subnet.map_public_ip_on_launch())),
        ("outpost_arn", object::text(subnet.outpost_arn())),
        ("owner_id", object::text(subnet.owner_id())),
        (
            "private_dns_hostname_type_on_launch",
            object::text(names.and_then(|names| names.hostname_type()).map(|kind| kind.as_str())),
        ),
        ("vpc_id", object::text(subnet.vpc_id())),
    ]
}

/// The range by which a subnet can be found, with the filter's name.
fn range_of(object: &Value) -> Option<(&'static str, &str)> {
    let ipv4 = filled(object, "cidr_block").map(|range| ("cidr-block", range));
    ipv4.or_else(|| Some(("ipv6-cidr-block-association.ipv6-cidr-block", filled(object, "ipv6_cidr_block")?)))
}

/// The subnet's IPv6 range: the one that is known to be this resource's, else the first.
fn ipv6_of<'a>(subnet: &'a LiveSubnet, known: Option<&str>) -> Option<&'a SubnetIpv6CidrBlockAssociation> {
    let is_live = |one: &&SubnetIpv6CidrBlockAssociation| {
        let state = one.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, Some(SubnetCidrBlockStateCode::Associated | SubnetCidrBlockStateCode::Associating))
    };
    let live: Vec<_> = subnet.ipv6_cidr_block_association_set().iter().filter(is_live).collect();
    let known = live.iter().find(|one| known.is_some() && one.association_id() == known);
    known.or(live.first()).copied()
}

/// Makes a subnet. Answers its id.
async fn create(aws: &Aws, planned: &Value) -> Result<String, OperationError> {
    let vpc = planned.text("vpc_id").unwrap_or_default();
    let attempts = Attempts::default();
    let answer = aws
        .ec2()
        .create_subnet()
        .vpc_id(vpc)
        .set_availability_zone(owned(planned, "availability_zone"))
        .set_availability_zone_id(owned(planned, "availability_zone_id"))
        .set_cidr_block(owned(planned, "cidr_block"))
        .set_ipv6_cidr_block(owned(planned, "ipv6_cidr_block"))
        .set_ipv6_native(planned.boolean("ipv6_native").filter(|native| *native))
        .set_outpost_arn(owned(planned, "outpost_arn"))
        .set_tag_specifications(tag_specification(TaggedType::Subnet, &planned.text_map("tags_all")))
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await;
    let error = match answer {
        Ok(answer) => return Ok(answer.subnet.and_then(|made| made.subnet_id).unwrap_or_default()),
        Err(error) => failed("ec2:CreateSubnet", error),
    };
    // If the first answer was lost, a subnet with this range and these tags is the one just made.
    if error.code.as_deref() == Some("InvalidSubnet.Conflict")
        && attempts.may_have_acted()
        && let Some((name, range)) = range_of(planned)
    {
        let found = describe::subnets(aws, vec![filter("vpc-id", [vpc]), filter(name, [range])]).await?;
        let wanted = planned.text_map("tags_all");
        let ours = found.into_iter().find(|one| {
            let tags = tag_pairs(one.tags());
            tags.map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect::<std::collections::BTreeMap<_, _>>()
                == wanted
        });
        if let Some(id) = ours.and_then(|subnet| subnet.subnet_id) {
            return Ok(id);
        }
    }
    Err(error)
}

async fn find(aws: &Aws, id: &str) -> Result<Option<LiveSubnet>, OperationError> {
    Ok(describe::subnets(aws, vec![filter("subnet-id", [id])]).await?.pop())
}

/// Waits until a subnet can be used, and has its IPv6 range if it gets one.
async fn wait_available(aws: &Aws, id: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("{id} to be available"), patience, || async {
        let Some(subnet) = find(aws, id).await? else {
            return Ok(Progress::Waiting("not shown".to_owned()));
        };
        let is_pending = subnet.ipv6_cidr_block_association_set().iter().any(|one| {
            one.ipv6_cidr_block_state().and_then(|state| state.state())
                == Some(&SubnetCidrBlockStateCode::Associating)
        });
        Ok(match subnet.state() {
            Some(SubnetState::Available) if !is_pending => Progress::Done(()),
            Some(state) => Progress::Waiting(state.as_str().to_owned()),
            None => Progress::Waiting("without a state".to_owned()),
        })
    })
    .await
}

async fn disassociate(aws: &Aws, id: &str, association: &str) -> Result<(), OperationError> {
    let answer = aws.ec2().disassociate_subnet_cidr_block().association_id(association).send().await;
    unless_gone(answer.map(drop).map_err(|error| failed("ec2:DisassociateSubnetCidrBlock", error)))?;
    wait::until(&format!("{association} to be taken off"), CREATE_PATIENCE, || async {
        let subnet = find(aws, id).await?;
        let left = subnet.iter().flat_map(|subnet| subnet.ipv6_cidr_block_association_set());
        let left = left.filter(|one| one.association_id() == Some(association));
        let mut states = left.filter_map(|one| one.ipv6_cidr_block_state()?.state());
        Ok(match states.find(|state| **state != SubnetCidrBlockStateCode::Disassociated) {
            Some(state) => Progress::Waiting(state.as_str().to_owned()),
            None => Progress::Done(()),
        })
    })
    .await
}

/// Changes what differs: ModifySubnetAttribute takes one attribute a call. Of a new subnet everything is off.
async fn modify(
    aws: &Aws,
    id: &str,
    block: &BlockSchema,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let call = || aws.ec2().modify_subnet_attribute().subnet_id(id);
    let is_changed = |name: &str| {
        planned.get(name).is_some_and(|value| value.is_known()) && differs(block, name, prior, planned)
    };
    let mut calls: Vec<ModifySubnetAttributeFluentBuilder> = Vec::new();
    let is_pooled = is_changed("customer_owned_ipv4_pool") || is_changed("map_customer_owned_ip_on_launch");
    for name in SWITCHES {
        let is_on = planned.boolean(name) == Some(true);
        let value = AttributeBooleanValue::builder().value(is_on).build();
        if name == "map_customer_owned_ip_on_launch" {
            if is_pooled {
                let pool = owned(planned, "customer_owned_ipv4_pool").filter(|_| is_on);
                calls.push(call().map_customer_owned_ip_on_launch(value).set_customer_owned_ipv4_pool(pool));
            }
            continue;
        }
        if !is_changed(name) {
            continue;
        }
        calls.push(match name {
            "assign_ipv6_address_on_creation" => call().assign_ipv6_address_on_creation(value),
            "enable_dns64" => call().enable_dns64(value),
            "enable_resource_name_dns_a_record_on_launch" => {
                call().enable_resource_name_dns_a_record_on_launch(value)
            }
            "enable_resource_name_dns_aaaa_record_on_launch" => {
                call().enable_resource_name_dns_aaaa_record_on_launch(value)
            }
            _ => call().map_public_ip_on_launch(value),
        });
    }
    if is_changed("enable_lni_at_device_index") {
        calls.push(match small(planned, "enable_lni_at_device_index") {
            Some(index) => call().enable_lni_at_device_index(index),
            None => call().disable_lni_at_device_index(AttributeBooleanValue::builder().value(true).build()),
        });
    }
    if is_changed("private_dns_hostname_type_on_launch")
        && let Some(kind) = filled(planned, "private_dns_hostname_type_on_launch")
    {
        calls.push(call().private_dns_hostname_type_on_launch(HostnameType::from(kind)));
    }
    for call in calls {
        call.send().await.map_err(|error| failed("ec2:ModifySubnetAttribute", error))?;
    }
    Ok(())
}
