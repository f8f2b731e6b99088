//! View models to text: what people read on a terminal, and what programs read as JSON.
//!
//! Nothing here reads, asks or decides anything. A sensitive value leaves this room only where it is asked for by
//! name: `output -raw`, `output --json` and the JSON of a plan or a state.

pub mod adoption;
mod block;
mod configuration_json;
pub mod correction;
pub mod diagnostic;
mod diff;
pub mod drift;
pub mod generated;
mod json_value;
pub mod plan;
pub mod plan_json;
pub mod progress;
#[cfg(test)]
mod sample;
pub mod state_json;
mod style;
pub mod summary;
pub mod trace;
pub mod value;

pub use style::Colors;

use crate::address::{Mode, Resource};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::registry::Registry;
use crate::schema::{BlockSchema, Schema};
use crate::state::{InstanceState, decode, mark_paths};

/// Calls `then` with the schema of a resource's type or data source, `None` where recon does not have it: then nested
/// blocks cannot be told from attributes and are shown as those.
fn with_schema<T>(registry: &Registry, resource: &Resource, then: impl FnOnce(Option<&Schema>) -> T) -> T {
    match resource.mode {
        Mode::Managed => match registry.resource_type(&resource.ty) {
            Some(ty) => then(Some(ty.schema())),
            None => then(None),
        },
        Mode::Data => match registry.data_source(&resource.ty) {
            Some(ty) => then(Some(ty.schema())),
            None => then(None),
        },
    }
}

/// A recorded object as a value, what is sensitive marked. Without a schema its types are what the record looks like.
fn recorded(instance: &InstanceState, schema: Option<&BlockSchema>) -> Value {
    match schema {
        Some(schema) => instance.value(schema),
        None => mark_paths(&decode(&instance.attributes, &Type::Dynamic), &instance.sensitive_attributes),
    }
}
