//! The provider `hashicorp/random`: values that are drawn once and kept in the state.
//!
//! The types, their attributes and the layout of their states are those of version 3 of the provider, as its
//! documentation has them. With a `seed`, `random_integer` and `random_shuffle` draw the same values again for the same seed, but
//! not those that the provider, whose generator is Go's own, would draw.

mod bytes;
mod entropy;
mod id;
mod integer;
mod pet;
mod shuffle;
mod text;
mod uuid;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

use super::state_only::StateOnly;
use super::{AttributePath, Connection, DataSource, OperationError, Problems, Provider, ResourceType};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// `registry.terraform.io/hashicorp/random`
pub struct Random {
    schema: Schema,
    resources: Vec<Arc<dyn ResourceType>>,
}

impl Random {
    pub fn new() -> Random {
        Random {
            schema: Schema::new(0, BlockSchema::new()),
            resources: vec![
                Arc::new(StateOnly(bytes::Bytes::new())),
                Arc::new(StateOnly(id::Id::new())),
                Arc::new(StateOnly(integer::Integer::new())),
                Arc::new(StateOnly(text::Text::password())),
                Arc::new(StateOnly(pet::Pet::new())),
                Arc::new(StateOnly(shuffle::Shuffle::new())),
                Arc::new(StateOnly(text::Text::string())),
                Arc::new(StateOnly(uuid::Uuid::new())),
            ],
        }
    }
}

impl Default for Random {
    fn default() -> Random {
        Random::new()
    }
}

#[async_trait]
impl Provider for Random {
    fn name(&self) -> &'static str {
        "random"
    }

    fn source(&self) -> &'static str {
        "registry.terraform.io/hashicorp/random"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_types(&self) -> &[Arc<dyn ResourceType>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Arc<dyn DataSource>] {
        &[]
    }

    async fn configure(&self, _config: &Value) -> Result<Connection, OperationError> {
        Ok(Connection::None)
    }
}

/// A schema that has `keepers`: a map of any values; another one means another draw.
fn with_keepers() -> BlockSchema {
    let keepers = AttributeSchema::optional(Type::map(Type::String))
        .equality(Equality::Custom(same_keepers))
        .forces_replacement();
    BlockSchema::new().attribute("keepers", keepers)
}

/// Whether two keepers are alike: entries that are null count as absent, as older versions of the provider recorded
/// them.
fn same_keepers(left: &Value, right: &Value) -> bool {
    let entries = |value: &Value| -> Option<Vec<(Arc<str>, Kind)>> {
        let entries = value.as_entries()?;
        let set = entries.iter().filter(|(_, value)| !value.is_null());
        Some(set.map(|(key, value)| (Arc::clone(key), value.kind.clone())).collect())
    };
    entries(left).is_some_and(|left| entries(right) == Some(left))
}

fn computed(ty: Type) -> AttributeSchema {
    AttributeSchema::computed(ty)
}

fn path(name: &str) -> AttributePath {
    vec![PathStep::Attribute(name.into())]
}

/// A whole number that is known; says what is wrong with one that is below the least allowed or has a fraction.
fn whole(config: &Value, name: &str, least: Option<i64>, problems: &mut Problems) -> Option<i64> {
    let number = config.known(name)?.as_number()?;
    let whole = number.to_i64();
    let summary = "Invalid attribute value";
    match (whole, least) {
        (None, _) => {
            problems.error(path(name), summary, format!("{name} must be a whole number, got {number}."));
            None
        }
        (Some(given), Some(least)) if given < least => {
            problems.error(path(name), summary, format!("{name} must be at least {least}, got {given}."));
            None
        }
        _ => whole,
    }
}
