//! Data sources `aws_vpc`, `aws_subnet` and `aws_subnets`.
//!
//! Facts: EC2 API reference (DescribeVpcs, DescribeSubnets: their filters); the AWS provider's manual pages.

use crate::provider::aws::together::together;
use async_trait::async_trait;
use aws_sdk_ec2::types::{Filter, Subnet as LiveSubnet, Vpc as LiveVpc};

use super::{computed, describe, filled, subnet, vpc};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{filter, tag_pairs};
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, ErrorKind, OperationError};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

/// The arguments that all three have.
fn searching() -> BlockSchema {
    let filter = BlockSchema::new()
        .attribute("name", AttributeSchema::required(Type::String))
        .attribute("values", AttributeSchema::required(Type::set(Type::String)));
    BlockSchema::new()
        .id()
        .attribute("tags", AttributeSchema::optional_computed(Type::map(Type::String)))
        .block("filter", NestedBlock::set(filter))
        .timeouts(&["read"])
}

fn with(block: BlockSchema, names: &[&str], schema: impl Fn() -> AttributeSchema) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, schema()))
}

/// The filters that the code gives: those of its arguments, its tags, and its own. Values of its own may have
/// wildcards.
fn filters(config: &Value, arguments: &[(&str, &str)]) -> Vec<Filter> {
    let given = arguments.iter().filter_map(|(argument, name)| {
        let value = match config.boolean(argument) {
            // What is false says nothing: there is no asking for all but the default one.
            Some(flag) => flag.then(|| "true".to_owned())?,
            None => filled(config, argument)?.to_owned(),
        };
        Some(filter(name, [&*value]))
    });
    let tags = config.text_map("tags").into_iter();
    let tags = tags.map(|(key, value)| filter(&format!("tag:{key}"), [&*value]));
    let own = config.blocks("filter").iter().map(|block| {
        let name = block.text("name").unwrap_or_default();
        Filter::builder().name(name).set_values(Some(block.texts("values"))).build()
    });
    given.chain(tags).chain(own).collect()
}

/// The only one that was found.
fn only<T>(mut found: Vec<T>, what: &str, operation: &str) -> Result<T, OperationError> {
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        (None, _) => {
            let message = format!("no {what} matches; change what the data source asks for");
            Err(OperationError::new(ErrorKind::NotFound, operation, message))
        }
        (Some(_), false) => {
            let message = format!(
                "{} {what}s match; give the data source more arguments or filters, so that one is left",
                found.len() + 1
            );
            Err(OperationError::new(ErrorKind::Other, operation, message))
        }
    }
}

/// What was found, with what the code asked for.
fn answered<'a>(schema: &Schema, config: &Value, found: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
    let asked = ["filter", "timeouts"].into_iter().filter_map(|name| Some((name, config.get(name)?)));
    schema.block.object(found.into_iter().chain(asked))
}

/// `aws_vpc`
pub struct VpcData {
    schema: Schema,
}

impl Default for VpcData {
    fn default() -> VpcData {
        let association =
            Type::object(["association_id", "cidr_block", "state"].map(|name| (name, Type::String)));
        let names = [
            "arn",
            "instance_tenancy",
            "ipv6_association_id",
            "ipv6_cidr_block",
            "main_route_table_id",
            "owner_id",
        ];
        let flags = ["enable_dns_hostnames", "enable_dns_support", "enable_network_address_usage_metrics"];
        let block = with(searching(), &names, computed);
        let block = with(block, &flags, || AttributeSchema::computed(Type::Bool));
        let block = with(block, &["cidr_block", "dhcp_options_id", "state"], || {
            AttributeSchema::optional_computed(Type::String)
        });
        let block = block
            .attribute("cidr_block_associations", AttributeSchema::computed(Type::list(association)))
            .attribute("default", AttributeSchema::optional_computed(Type::Bool));
        VpcData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for VpcData {
    fn name(&self) -> &'static str {
        "aws_vpc"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let arguments = [
            ("id", "vpc-id"),
            ("cidr_block", "cidr"),
            ("dhcp_options_id", "dhcp-options-id"),
            ("default", "is-default"),
            ("state", "state"),
        ];
        let found = describe::vpcs(aws, filters(config, &arguments)).await?;
        let found = only(found, "VPC", "ec2:DescribeVpcs")?;
        let id = found.vpc_id().unwrap_or_default();
        let main = vec![filter("vpc-id", [id]), filter("association.main", ["true"])];
        let (attributes, tables) = together!(vpc::attributes(aws, id), describe::route_tables(aws, main))?;
        let attribute = |name: &str| object::boolean(attributes.get(name).copied());
        let ipv6 = vpc::ipv6_of(&found, None);
        let owner = found.owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:vpc/{id}", aws.partition().id, aws.region);
        let table = tables.first().and_then(|table| table.route_table_id());
        Ok(answered(
            &self.schema,
            config,
            [
                ("id", Value::string(id)),
                ("arn", Value::string(arn)),
                ("cidr_block", object::text(found.cidr_block())),
                ("cidr_block_associations", self.associations(&found)),
                ("default", object::boolean(found.is_default())),
                ("dhcp_options_id", object::text(found.dhcp_options_id())),
                ("enable_dns_hostnames", attribute("enable_dns_hostnames")),
                ("enable_dns_support", attribute("enable_dns_support")),
                ("enable_network_address_usage_metrics", attribute("enable_network_address_usage_metrics")),
                ("instance_tenancy", object::text(found.instance_tenancy().map(|tenancy| tenancy.as_str()))),
                ("ipv6_association_id", object::text(ipv6.and_then(|ipv6| ipv6.association_id()))),
                ("ipv6_cidr_block", object::text(ipv6.and_then(|ipv6| ipv6.ipv6_cidr_block()))),
                ("main_route_table_id", object::text(table)),
                ("owner_id", Value::string(owner)),
                ("state", object::text(found.state().map(|state| state.as_str()))),
                ("tags", aws.tags.live(tag_pairs(found.tags()))),
            ],
        ))
    }
}

impl VpcData {
    fn associations(&self, vpc: &LiveVpc) -> Value {
        let one = |association: &aws_sdk_ec2::types::VpcCidrBlockAssociation| {
            let state = association.cidr_block_state().and_then(|state| state.state());
            Value::object([
                ("association_id", object::text(association.association_id())),
                ("cidr_block", object::text(association.cidr_block())),
                ("state", object::text(state.map(|state| state.as_str()))),
            ])
        };
        let element = self.schema.block.attributes.get("cidr_block_associations");
        let element = element.and_then(|attribute| attribute.ty.element().cloned());
        let associations = vpc.cidr_block_association_set().iter().map(one).collect();
        Value::list(element.unwrap_or(Type::Dynamic), associations)
    }
}

/// `aws_subnet`
pub struct SubnetData {
    schema: Schema,
}

impl Default for SubnetData {
    fn default() -> SubnetData {
        let names = [
            "arn",
            "customer_owned_ipv4_pool",
            "ipv6_cidr_block_association_id",
            "outpost_arn",
            "owner_id",
            "private_dns_hostname_type_on_launch",
        ];
        let flags = [
            "assign_ipv6_address_on_creation",
            "enable_dns64",
            "enable_resource_name_dns_a_record_on_launch",
            "enable_resource_name_dns_aaaa_record_on_launch",
            "ipv6_native",
            "map_customer_owned_ip_on_launch",
            "map_public_ip_on_launch",
        ];
        let either =
            ["availability_zone", "availability_zone_id", "cidr_block", "ipv6_cidr_block", "state", "vpc_id"];
        let numbers = ["available_ip_address_count", "enable_lni_at_device_index"];
        let block = with(searching(), &names, computed);
        let block = with(block, &flags, || AttributeSchema::computed(Type::Bool));
        let block = with(block, &numbers, || AttributeSchema::computed(Type::Number));
        let block = with(block, &either, || AttributeSchema::optional_computed(Type::String));
        let block = block.attribute("default_for_az", AttributeSchema::optional_computed(Type::Bool));
        SubnetData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for SubnetData {
    fn name(&self) -> &'static str {
        "aws_subnet"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let arguments = [
            ("id", "subnet-id"),
            ("availability_zone", "availability-zone"),
            ("availability_zone_id", "availability-zone-id"),
            ("cidr_block", "cidr-block"),
            ("default_for_az", "default-for-az"),
            ("ipv6_cidr_block", "ipv6-cidr-block-association.ipv6-cidr-block"),
            ("state", "state"),
            ("vpc_id", "vpc-id"),
        ];
        let found = describe::subnets(aws, filters(config, &arguments)).await?;
        let found = only(found, "subnet", "ec2:DescribeSubnets")?;
        Ok(self.object(aws, &found, config))
    }
}

impl SubnetData {
    fn object(&self, aws: &Aws, found: &LiveSubnet, config: &Value) -> Value {
        // What the data source shows beyond the resource's attributes.
        let more = [
            (
                "available_ip_address_count",
                object::integer(found.available_ip_address_count().map(i64::from)),
            ),
            ("default_for_az", object::boolean(found.default_for_az())),
            ("state", object::text(found.state().map(|state| state.as_str()))),
            ("tags", aws.tags.live(tag_pairs(found.tags()))),
        ];
        let shared = subnet::attributes(found, None);
        answered(&self.schema, config, shared.into_iter().chain(more))
    }
}

/// `aws_subnets`
pub struct SubnetsData {
    schema: Schema,
}

impl Default for SubnetsData {
    fn default() -> SubnetsData {
        let block = searching().attribute("ids", AttributeSchema::computed(Type::list(Type::String)));
        SubnetsData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for SubnetsData {
    fn name(&self) -> &'static str {
        "aws_subnets"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let found = describe::subnets(aws, filters(config, &[])).await?;
        let ids = object::text_list(found.iter().filter_map(LiveSubnet::subnet_id));
        let tags = config.get("tags").unwrap_or_else(|| Value::null(Type::map(Type::String)));
        Ok(answered(&self.schema, config, [("id", Value::string(&aws.region)), ("ids", ids), ("tags", tags)]))
    }
}
