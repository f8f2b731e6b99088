//! `aws_availability_zones`: the zones of a region.
//!
//! Facts: EC2 API reference (DescribeAvailabilityZones); the AWS provider's manual page and its answers.

use async_trait::async_trait;
use aws_sdk_ec2::types::AvailabilityZone;

use super::{answered, filter_blocks, own_filters};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::ec2::filter;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_availability_zones`
pub struct AvailabilityZones {
    schema: Schema,
}

impl Default for AvailabilityZones {
    fn default() -> AvailabilityZones {
        let texts = || Type::set(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("all_availability_zones", AttributeSchema::optional(Type::Bool))
            .attribute("exclude_names", AttributeSchema::optional(texts()))
            .attribute("exclude_zone_ids", AttributeSchema::optional(texts()))
            .attribute("group_names", AttributeSchema::computed(texts()))
            .attribute("names", AttributeSchema::computed(Type::list(Type::String)))
            .attribute("state", AttributeSchema::optional(Type::String))
            .attribute("zone_ids", AttributeSchema::computed(Type::list(Type::String)))
            .block("filter", filter_blocks())
            .timeouts(&["read"]);
        AvailabilityZones { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for AvailabilityZones {
    fn name(&self) -> &'static str {
        "aws_availability_zones"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let states = ["available", "information", "impaired", "unavailable", "constrained"];
        Checks::new(config, problems).one_of("state", &states, false);
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let mut filters = own_filters(config);
        filters
            .extend(config.text("state").filter(|state| !state.is_empty()).map(|one| filter("state", [one])));
        let answer = aws
            .ec2()
            .describe_availability_zones()
            .set_all_availability_zones(config.boolean("all_availability_zones"))
            .set_filters(Some(filters).filter(|filters| !filters.is_empty()))
            .send()
            .await
            .map_err(|error| failed("ec2:DescribeAvailabilityZones", error))?;
        let (names, ids) = (config.texts("exclude_names"), config.texts("exclude_zone_ids"));
        let is_excluded =
            |excluded: &[String], text: Option<&str>| excluded.iter().any(|one| Some(one.as_str()) == text);
        let mut zones = answer.availability_zones.unwrap_or_default();
        zones.retain(|zone| !is_excluded(&names, zone.zone_name()) && !is_excluded(&ids, zone.zone_id()));
        zones.sort_by(|left, right| left.zone_name().cmp(&right.zone_name()));
        let list = |name: fn(&AvailabilityZone) -> Option<&str>| {
            zones.iter().map(move |one| name(one).unwrap_or_default())
        };
        Ok(answered(
            &self.schema,
            config,
            &["all_availability_zones", "exclude_names", "exclude_zone_ids", "filter", "state", "timeouts"],
            [
                ("id", Value::string(&aws.region)),
                ("group_names", object::text_set(list(AvailabilityZone::group_name))),
                ("names", object::text_list(list(AvailabilityZone::zone_name))),
                ("zone_ids", object::text_list(list(AvailabilityZone::zone_id))),
            ],
        ))
    }
}
