//! Data source `aws_region`: a region's name, endpoint and description. Needs no call.

use async_trait::async_trait;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::partition;
use crate::provider::object::{self, Object};
use crate::provider::{Connection, DataSource, ErrorKind, OperationError};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_region`
pub struct Region {
    schema: Schema,
}

impl Default for Region {
    fn default() -> Region {
        let either = || AttributeSchema::optional_computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("description", AttributeSchema::computed(Type::String))
            .attribute("endpoint", either())
            .attribute("name", either());
        Region { schema: Schema::new(0, block) }
    }
}

/// The EC2 host of a region, by which the data source can be asked.
fn endpoint(region: &str) -> String {
    format!("ec2.{region}.{}", partition::of_region(region).dns_suffix)
}

#[async_trait]
impl DataSource for Region {
    fn name(&self) -> &'static str {
        "aws_region"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let own = connection.aws()?.region.as_str();
        let named = config.text("name").filter(|name| !name.is_empty());
        let host = config.text("endpoint").filter(|host| !host.is_empty());
        let of_host = host.and_then(|host| host.strip_prefix("ec2.")?.split('.').next());
        let region = named.or(of_host).unwrap_or(own);
        let no_such = |what: String| OperationError::new(ErrorKind::NotFound, "", what);
        if region != own && !partition::is_region_name(region) {
            return Err(no_such(format!("there is no AWS region {region:?}")));
        }
        if let Some(host) = host
            && host != endpoint(region)
        {
            return Err(no_such(match named {
                Some(name) => format!("the endpoint {host:?} is not that of the region {name:?}"),
                None => format!("no AWS region has the endpoint {host:?}"),
            }));
        }
        Ok(self.schema.block.object([
            ("id", Value::string(region)),
            ("name", Value::string(region)),
            ("endpoint", Value::string(endpoint(region))),
            ("description", object::text(partition::region_description(region))),
        ]))
    }
}
