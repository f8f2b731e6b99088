//! Data sources about what AWS offers: images, instance types and zones.

pub mod availability_zones;
pub mod image;
pub mod instance_type;

use std::sync::Arc;

use aws_sdk_ec2::types::Filter;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::DataSource;
use crate::provider::object::Object;
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Schema};

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![
        Arc::new(availability_zones::AvailabilityZones::default()),
        Arc::new(image::Image::default()),
        Arc::new(instance_type::InstanceType::default()),
    ]
}

/// The `filter` blocks of a data source.
fn filter_blocks() -> NestedBlock {
    NestedBlock::set(
        BlockSchema::new()
            .attribute("name", AttributeSchema::required(Type::String))
            .attribute("values", AttributeSchema::required(Type::set(Type::String))),
    )
}

/// What the code's `filter` blocks ask for. Their values may have wildcards.
fn own_filters(config: &Value) -> Vec<Filter> {
    let own = config.blocks("filter").iter().map(|block| {
        let name = block.text("name").unwrap_or_default();
        Filter::builder().name(name).set_values(Some(block.texts("values"))).build()
    });
    own.collect()
}

/// A block with these attributes, all of one kind.
fn with(block: BlockSchema, names: &[&str], attribute: impl Fn() -> AttributeSchema) -> BlockSchema {
    names.iter().fold(block, |block, name| block.attribute(name, attribute()))
}

/// What was found, with what the code asked for: `asked` names those arguments.
fn answered<'a>(
    schema: &Schema,
    config: &Value,
    asked: &[&'a str],
    found: impl IntoIterator<Item = (&'a str, Value)>,
) -> Value {
    let asked = asked.iter().filter_map(|name| Some((*name, config.get(name)?)));
    schema.block.object(found.into_iter().chain(asked))
}

/// A text, empty where AWS has none: data sources of the AWS provider have no null.
fn text(value: Option<&str>) -> Value {
    Value::string(value.unwrap_or_default())
}

/// A bool, false where AWS says nothing.
fn flag(value: Option<bool>) -> Value {
    Value::bool(value.unwrap_or(false))
}
