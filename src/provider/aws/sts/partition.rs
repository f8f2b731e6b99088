//! Data source `aws_partition`: the partition that the region belongs to. It asks nobody.

use async_trait::async_trait;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::{Connection, DataSource, OperationError};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// `aws_partition`
pub struct PartitionData {
    schema: Schema,
}

impl Default for PartitionData {
    fn default() -> PartitionData {
        let computed = || AttributeSchema::computed(Type::String);
        let block = BlockSchema::new()
            .id()
            .attribute("dns_suffix", computed())
            .attribute("partition", computed())
            .attribute("reverse_dns_prefix", computed());
        PartitionData { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl DataSource for PartitionData {
    fn name(&self) -> &'static str {
        "aws_partition"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn read(&self, connection: &Connection, _config: &Value) -> Result<Value, OperationError> {
        let partition = connection.aws()?.partition();
        let reversed: Vec<&str> = partition.dns_suffix.rsplit('.').collect();
        Ok(self.schema.block.object([
            ("id", Value::string(partition.id)),
            ("dns_suffix", Value::string(partition.dns_suffix)),
            ("partition", Value::string(partition.id)),
            ("reverse_dns_prefix", Value::string(reversed.join("."))),
        ]))
    }
}
