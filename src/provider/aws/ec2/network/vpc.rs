//! `aws_vpc`.
//!
//! Facts: EC2 API reference (CreateVpc, ModifyVpcAttribute, ModifyVpcTenancy, AssociateVpcCidrBlock, …); VPC User
//! Guide, “VPC CIDR blocks”; the AWS provider's manual page, and its plans.

use crate::provider::aws::together::{self, together};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{
    AttributeBooleanValue, ResourceType as TaggedType, Tenancy, Vpc as LiveVpc, VpcAttributeName,
    VpcCidrBlockStateCode, VpcIpv6CidrBlockAssociation, VpcState, VpcTenancy,
};

use super::settle::{settled, unless_gone, until_free};
use super::{at, computed, describe, differs, filled, is_given, make_unknown, owned, rules, seed, small};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::cidr::Family;
use crate::provider::aws::ec2::{filter, tag_pairs, tag_specification, update_tags};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// How long a VPC or a change of its ranges may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How long others may hold on to a VPC that is to be deleted.
const DELETE_PATIENCE: Duration = Duration::from_secs(5 * 60);

/// The pool of the IPv6 ranges that Amazon gives.
const AMAZON_POOL: &str = "Amazon";

/// The arguments that say which IPv6 range a VPC has.
const IPV6: [&str; 5] = [
    "assign_generated_ipv6_cidr_block",
    "ipv6_cidr_block",
    "ipv6_cidr_block_network_border_group",
    "ipv6_ipam_pool_id",
    "ipv6_netmask_length",
];

/// Prefix lengths of a VPC's IPv4 range.
const IPV4_SIZES: [u8; 13] = [16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28];

/// Prefix lengths of a VPC's IPv6 range.
const IPV6_SIZES: [u8; 5] = [44, 48, 52, 56, 60];

/// Attributes that are asked for one by one, with their names in the API.
const ATTRIBUTES: [(&str, VpcAttributeName); 3] = [
    ("enable_dns_support", VpcAttributeName::EnableDnsSupport),
    ("enable_dns_hostnames", VpcAttributeName::EnableDnsHostnames),
    ("enable_network_address_usage_metrics", VpcAttributeName::EnableNetworkAddressUsageMetrics),
];

/// `aws_vpc`
pub struct Vpc {
    schema: Schema,
}

impl Default for Vpc {
    fn default() -> Vpc {
        let optional = || AttributeSchema::optional(Type::String);
        let either = || AttributeSchema::optional_computed(Type::String);
        let range = || Equality::Custom(rules::same_range);
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute(
                "assign_generated_ipv6_cidr_block",
                AttributeSchema::optional(Type::Bool).default(false),
            )
            .attribute("cidr_block", either().forces_replacement().equality(range()))
            .attribute("default_network_acl_id", computed())
            .attribute("default_route_table_id", computed())
            .attribute("default_security_group_id", computed())
            .attribute("dhcp_options_id", computed())
            .attribute("enable_dns_hostnames", AttributeSchema::optional_computed(Type::Bool))
            .attribute("enable_dns_support", AttributeSchema::optional(Type::Bool).default(true))
            .attribute("enable_network_address_usage_metrics", AttributeSchema::optional_computed(Type::Bool))
            .attribute("instance_tenancy", optional().default("default"))
            .attribute("ipv4_ipam_pool_id", optional().forces_replacement().code_only())
            .attribute(
                "ipv4_netmask_length",
                AttributeSchema::optional(Type::Number).forces_replacement().code_only(),
            )
            .attribute("ipv6_association_id", computed())
            .attribute("ipv6_cidr_block", either().equality(range()))
            .attribute("ipv6_cidr_block_network_border_group", either())
            .attribute("ipv6_ipam_pool_id", optional())
            .attribute("ipv6_netmask_length", AttributeSchema::optional(Type::Number).code_only())
            .attribute("main_route_table_id", computed())
            .attribute("owner_id", computed());
        Vpc { schema: Schema::new(1, block) }
    }
}

/// What only other calls tell of a VPC.
#[derive(Default)]
struct Details {
    network_acl: Option<String>,
    route_table: Option<String>,
    security_group: Option<String>,
    attributes: BTreeMap<&'static str, bool>,
}

#[async_trait]
impl ResourceType for Vpc {
    fn name(&self) -> &'static str {
        "aws_vpc"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::network_of_size(config, "cidr_block", Family::V4, &IPV4_SIZES, problems);
        rules::network_of_size(config, "ipv6_cidr_block", Family::V6, &IPV6_SIZES, problems);
        rules::one_of(config, "instance_tenancy", &["default", "dedicated"], problems);
        rules::conflicts(config, "cidr_block", "ipv4_netmask_length", problems);
        rules::conflicts(config, "ipv6_cidr_block", "ipv6_netmask_length", problems);
        rules::conflicts(config, "ipv6_cidr_block", "assign_generated_ipv6_cidr_block", problems);
        rules::conflicts(config, "ipv6_ipam_pool_id", "assign_generated_ipv6_cidr_block", problems);
        rules::requires(config, "ipv4_netmask_length", &["ipv4_ipam_pool_id"], problems);
        rules::requires(config, "ipv6_cidr_block", &["ipv6_ipam_pool_id"], problems);
        rules::requires(config, "ipv6_netmask_length", &["ipv6_ipam_pool_id"], problems);
        let region = "ipv6_cidr_block_network_border_group";
        rules::requires(config, region, &["assign_generated_ipv6_cidr_block"], problems);
        if let Some(length) = config.integer("ipv4_netmask_length")
            && !(16..=28).contains(&length)
        {
            let detail = format!("expected ipv4_netmask_length to be in the range (16 - 28), got {length}.");
            problems.error(at("ipv4_netmask_length"), "Invalid value", detail);
        }
        if let Some(length) = config.integer("ipv6_netmask_length")
            && !IPV6_SIZES.iter().any(|size| i64::from(*size) == length)
        {
            let detail = format!("expected ipv6_netmask_length to be one of {IPV6_SIZES:?}, got {length}.");
            problems.error(at("ipv6_netmask_length"), "Invalid value", detail);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let Some(prior) = change.prior else { return };
        let block = &self.schema.block;
        // Dedicated tenancy can be given up in place, and no other change of it made.
        let tenancy = |object: &Value| object.text("instance_tenancy").map(str::to_owned);
        if differs(block, "instance_tenancy", prior, &change.planned)
            && (tenancy(prior).as_deref() != Some("dedicated")
                || tenancy(&change.planned).as_deref() != Some("default"))
        {
            change.replace.insert(at("instance_tenancy"));
        }
        if IPV6.iter().any(|name| differs(block, name, prior, &change.planned)) {
            make_unknown(change, block, &["ipv6_association_id"]);
            for name in ["ipv6_cidr_block", "ipv6_cidr_block_network_border_group"] {
                if !is_given(change.config, name) {
                    make_unknown(change, block, &[name]);
                }
            }
        }
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: DELETE_PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found =
                describe::all("vpc-id", describe::ids(requests), &[], |filters| describe::vpcs(aws, filters));
            let found = describe::by(found.await?, LiveVpc::vpc_id);
            let details = details(aws, &found).await?;
            Ok(describe::answers(requests, &found, |vpc, request| {
                let details = vpc.vpc_id().and_then(|id| details.get(id));
                self.object(aws, vpc, details.unwrap_or(&Details::default()), &request.known)
            }))
        };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let answer = aws
            .ec2()
            .create_vpc()
            .set_cidr_block(owned(planned, "cidr_block"))
            .set_ipv4_ipam_pool_id(owned(planned, "ipv4_ipam_pool_id"))
            .set_ipv4_netmask_length(small(planned, "ipv4_netmask_length"))
            .set_amazon_provided_ipv6_cidr_block(planned.boolean("assign_generated_ipv6_cidr_block"))
            .set_ipv6_cidr_block(owned(planned, "ipv6_cidr_block"))
            .set_ipv6_cidr_block_network_border_group(owned(planned, "ipv6_cidr_block_network_border_group"))
            .set_ipv6_ipam_pool_id(owned(planned, "ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(small(planned, "ipv6_netmask_length"))
            .set_instance_tenancy(filled(planned, "instance_tenancy").map(Tenancy::from))
            .set_tag_specifications(tag_specification(TaggedType::Vpc, &planned.text_map("tags_all")))
            .send()
            .await
            .map_err(|error| failed("ec2:CreateVpc", error))?;
        let id = answer.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default();
        let finish = async {
            wait_available(aws, &id).await?;
            // As every new VPC is (VPC User Guide, “DNS attributes for your VPC”).
            let new = object::boolean(Some(false));
            let new = Value::object([
                ("enable_dns_support", Value::bool(true)),
                ("enable_dns_hostnames", new.clone()),
                ("enable_network_address_usage_metrics", new),
            ]);
            modify_attributes(aws, &id, &new, planned).await?;
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
        let block = &self.schema.block;
        let id = prior.text("id").unwrap_or_default();
        modify_attributes(aws, id, prior, planned).await?;
        if differs(block, "instance_tenancy", prior, planned) {
            let call = aws.ec2().modify_vpc_tenancy().vpc_id(id);
            let tenancy = VpcTenancy::from(planned.text("instance_tenancy").unwrap_or_default());
            let answer = call.instance_tenancy(tenancy).send().await;
            answer.map_err(|error| failed("ec2:ModifyVpcTenancy", error))?;
        }
        if IPV6.iter().any(|name| differs(block, name, prior, planned)) {
            if let Some(association) = filled(prior, "ipv6_association_id") {
                disassociate(aws, id, association).await?;
            }
            if planned.boolean("assign_generated_ipv6_cidr_block") == Some(true)
                || filled(planned, "ipv6_ipam_pool_id").is_some()
            {
                associate(aws, id, planned).await?;
            }
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        until_free(id, "ec2:DeleteVpc", DELETE_PATIENCE, || async {
            let answer = aws.ec2().delete_vpc().vpc_id(id).send().await;
            answer.map(drop).map_err(|error| failed("ec2:DeleteVpc", error))
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "vpc-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::vpcs(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["cidr_block"]
    }
}

impl Vpc {
    fn object(&self, aws: &Aws, vpc: &LiveVpc, details: &Details, known: &Value) -> Value {
        let id = vpc.vpc_id().unwrap_or_default();
        let owner = vpc.owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:vpc/{id}", aws.partition().id, aws.region);
        let attribute = |name: &str| object::boolean(details.attributes.get(name).copied());
        let ipv6 = ipv6_of(vpc, known.text("ipv6_association_id"));
        let pool = ipv6.and_then(|ipv6| ipv6.ipv6_pool());
        // Of a range from IPAM, EC2 only says that it is one.
        let pool_id = match pool {
            None | Some(AMAZON_POOL) => None,
            Some("IPAM Managed") => known.text("ipv6_ipam_pool_id"),
            other => other,
        };
        self.schema.block.object([
            ("id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("assign_generated_ipv6_cidr_block", Value::bool(pool == Some(AMAZON_POOL))),
            ("cidr_block", object::text(vpc.cidr_block())),
            ("default_network_acl_id", object::text(details.network_acl.as_deref())),
            ("default_route_table_id", object::text(details.route_table.as_deref())),
            ("default_security_group_id", object::text(details.security_group.as_deref())),
            ("dhcp_options_id", object::text(vpc.dhcp_options_id())),
            ("enable_dns_hostnames", attribute("enable_dns_hostnames")),
            ("enable_dns_support", attribute("enable_dns_support")),
            ("enable_network_address_usage_metrics", attribute("enable_network_address_usage_metrics")),
            ("instance_tenancy", object::text(vpc.instance_tenancy().map(|tenancy| tenancy.as_str()))),
            ("ipv6_association_id", object::text(ipv6.and_then(|ipv6| ipv6.association_id()))),
            ("ipv6_cidr_block", object::text(ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))),
            (
                "ipv6_cidr_block_network_border_group",
                object::text(ipv6.and_then(|ipv6| ipv6.network_border_group())),
            ),
            ("ipv6_ipam_pool_id", object::text(pool_id)),
            ("main_route_table_id", object::text(details.route_table.as_deref())),
            ("owner_id", Value::string(owner)),
            ("tags_all", aws.tags.live(tag_pairs(vpc.tags()))),
        ])
    }
}

/// The VPC's IPv6 range: the one that is known to be this resource's, else the first.
pub(super) fn ipv6_of<'a>(vpc: &'a LiveVpc, known: Option<&str>) -> Option<&'a VpcIpv6CidrBlockAssociation> {
    let live: Vec<_> = vpc.ipv6_cidr_block_association_set().iter().filter(|one| is_live(one)).collect();
    let known = live.iter().find(|one| known.is_some() && one.association_id() == known);
    known.or(live.first()).copied()
}

fn is_live(association: &VpcIpv6CidrBlockAssociation) -> bool {
    let state = association.ipv6_cidr_block_state().and_then(|state| state.state());
    matches!(state, Some(VpcCidrBlockStateCode::Associated | VpcCidrBlockStateCode::Associating))
}

/// What only other calls tell: three for all VPCs, and three for each.
async fn details(
    aws: &Aws,
    vpcs: &BTreeMap<String, LiveVpc>,
) -> Result<BTreeMap<String, Details>, OperationError> {
    let ids = || vpcs.keys().map(String::as_str);
    let (default, main) = ([filter("default", ["true"])], [filter("association.main", ["true"])]);
    let named = [filter("group-name", ["default"])];
    let acls = describe::all("vpc-id", ids(), &default, |filters| describe::network_acls(aws, filters));
    let tables = describe::all("vpc-id", ids(), &main, |filters| describe::route_tables(aws, filters));
    let groups = describe::all("vpc-id", ids(), &named, |filters| describe::security_groups(aws, filters));
    let attributes = together::all(vpcs.keys().map(|id| attributes(aws, id)));
    let (acls, tables, groups, attributes) = together!(acls, tables, groups, attributes)?;
    let mut found: BTreeMap<String, Details> = vpcs
        .keys()
        .zip(attributes)
        .map(|(id, attributes)| (id.clone(), Details { attributes, ..Details::default() }))
        .collect();
    for acl in acls {
        if let Some(details) = acl.vpc_id().and_then(|id| found.get_mut(id)) {
            details.network_acl = acl.network_acl_id;
        }
    }
    for table in tables {
        if let Some(details) = table.vpc_id().and_then(|id| found.get_mut(id)) {
            details.route_table = table.route_table_id;
        }
    }
    for group in groups {
        if let Some(details) = group.vpc_id().and_then(|id| found.get_mut(id)) {
            details.security_group = group.group_id;
        }
    }
    Ok(found)
}

/// DescribeVpcAttribute takes one VPC and one attribute.
pub(super) async fn attributes(aws: &Aws, id: &str) -> Result<BTreeMap<&'static str, bool>, OperationError> {
    let calls = ATTRIBUTES.map(|(name, attribute)| async move {
        let answer = aws.ec2().describe_vpc_attribute().vpc_id(id).attribute(attribute).send().await;
        let answer = answer.map_err(|error| failed("ec2:DescribeVpcAttribute", error))?;
        let value = [
            answer.enable_dns_support,
            answer.enable_dns_hostnames,
            answer.enable_network_address_usage_metrics,
        ];
        let value = value.into_iter().flatten().next().and_then(|value| value.value).unwrap_or(false);
        Ok::<_, OperationError>((name, value))
    });
    Ok(together::all(calls).await?.into_iter().collect())
}

/// Changes what differs, one attribute a call. Names for hosts need that there are answers to DNS queries: so these
/// come on before the names, and go off after them.
async fn modify_attributes(
    aws: &Aws,
    id: &str,
    prior: &Value,
    planned: &Value,
) -> Result<(), OperationError> {
    let mut changes: Vec<(&str, bool)> = ATTRIBUTES
        .iter()
        .filter_map(|(name, _)| Some((*name, planned.boolean(name)?)))
        .filter(|(name, value)| prior.boolean(name) != Some(*value))
        .collect();
    if planned.boolean("enable_dns_support") == Some(false) {
        changes.reverse();
    }
    for (name, value) in changes {
        let value = AttributeBooleanValue::builder().value(value).build();
        let call = aws.ec2().modify_vpc_attribute().vpc_id(id);
        let call = match name {
            "enable_dns_support" => call.enable_dns_support(value),
            "enable_dns_hostnames" => call.enable_dns_hostnames(value),
            _ => call.enable_network_address_usage_metrics(value),
        };
        call.send().await.map_err(|error| failed("ec2:ModifyVpcAttribute", error))?;
    }
    Ok(())
}

async fn find(aws: &Aws, id: &str) -> Result<Option<LiveVpc>, OperationError> {
    Ok(describe::vpcs(aws, vec![filter("vpc-id", [id])]).await?.pop())
}

/// Waits until a new VPC can be used, and has its IPv6 range if it gets one.
async fn wait_available(aws: &Aws, id: &str) -> Result<(), OperationError> {
    wait::until(&format!("{id} to be available"), PATIENCE, || async {
        let Some(vpc) = find(aws, id).await? else { return Ok(Progress::Waiting("not shown".to_owned())) };
        let is_pending = vpc.ipv6_cidr_block_association_set().iter().any(|one| {
            one.ipv6_cidr_block_state().and_then(|state| state.state())
                == Some(&VpcCidrBlockStateCode::Associating)
        });
        Ok(match vpc.state() {
            Some(VpcState::Available) if !is_pending => Progress::Done(()),
            Some(state) => Progress::Waiting(state.as_str().to_owned()),
            None => Progress::Waiting("without a state".to_owned()),
        })
    })
    .await
}

async fn associate(aws: &Aws, id: &str, planned: &Value) -> Result<(), OperationError> {
    let is_generated = planned.boolean("assign_generated_ipv6_cidr_block") == Some(true);
    let call = aws.ec2().associate_vpc_cidr_block().vpc_id(id);
    let call = match is_generated {
        true => call
            .amazon_provided_ipv6_cidr_block(true)
            .set_ipv6_cidr_block_network_border_group(owned(planned, "ipv6_cidr_block_network_border_group")),
        false => call
            .set_ipv6_cidr_block(owned(planned, "ipv6_cidr_block"))
            .set_ipv6_ipam_pool_id(owned(planned, "ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(small(planned, "ipv6_netmask_length")),
    };
    call.send().await.map_err(|error| failed("ec2:AssociateVpcCidrBlock", error))?;
    wait_available(aws, id).await
}

async fn disassociate(aws: &Aws, id: &str, association: &str) -> Result<(), OperationError> {
    let answer = aws.ec2().disassociate_vpc_cidr_block().association_id(association).send().await;
    unless_gone(answer.map(drop).map_err(|error| failed("ec2:DisassociateVpcCidrBlock", error)))?;
    wait::until(&format!("{association} to be taken off"), PATIENCE, || async {
        let vpc = find(aws, id).await?;
        let left = vpc.iter().flat_map(|vpc| vpc.ipv6_cidr_block_association_set());
        let left = left.filter(|one| one.association_id() == Some(association));
        let mut states = left.filter_map(|one| one.ipv6_cidr_block_state()?.state());
        Ok(match states.find(|state| **state != VpcCidrBlockStateCode::Disassociated) {
            Some(state) => Progress::Waiting(state.as_str().to_owned()),
            None => Progress::Done(()),
        })
    })
    .await
}
