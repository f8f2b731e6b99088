//! Recorded objects that recon cannot compare. They are kept as they are: neither read nor changed nor deleted.

use std::fmt;
use std::sync::Arc;

use crate::address::Resource;
use crate::provider::ResourceType;
use crate::provider::registry::Registry;
use crate::state::{InstanceState, ResourceState, provider_source};

use super::{ProviderKey, provider_key};

/// Why an object is not compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Incomparable {
    /// The record names a provider that recon does not have.
    ///
    /// `name`: its source address, or what stands in its place.
    Provider { name: String },
    /// recon's provider does not have the type.
    Type { name: Arc<str> },
    /// A later version of the provider has recorded it, whose attributes recon does not know.
    SchemaVersion { recorded: u64, known: u64 },
    /// Terraform 0.11 has recorded it, and nobody since.
    Flat,
}

impl Incomparable {
    fn provider(state: &ResourceState) -> Incomparable {
        let name = provider_source(&state.provider).unwrap_or(&state.provider);
        Incomparable::Provider { name: name.to_owned() }
    }

    /// What people can do about it.
    pub fn advice(&self) -> &'static str {
        match self {
            Incomparable::Provider { .. } | Incomparable::Type { .. } => {
                "Go on managing it with the tool that made it, or take it out of the record with \"recon state rm\"."
            }
            Incomparable::SchemaVersion { .. } => {
                "Use the version of the provider that recorded it, or a newer recon."
            }
            Incomparable::Flat => {
                "Apply once with Terraform 0.12 or later, which records it in today's form."
            }
        }
    }
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Incomparable::Provider { name } if name.is_empty() => {
                f.write_str("the record names no provider for the resource")
            }
            Incomparable::Provider { name } => write!(f, "recon does not have its provider, {name}"),
            Incomparable::Type { name } => write!(f, "recon does not have the type {name}"),
            Incomparable::SchemaVersion { recorded, known } => write!(
                f,
                "it is recorded in version {recorded} of its type's schema, and recon knows version {known}"
            ),
            Incomparable::Flat => f.write_str("its attributes are recorded in the form of Terraform 0.11"),
        }
    }
}

/// Why recon cannot read a recorded data source; `None` if it can.
pub fn unknown_data(registry: &Registry, resource: &Resource, state: &ResourceState) -> Option<Incomparable> {
    if provider_key(registry, &state.provider).is_none() {
        return Some(Incomparable::provider(state));
    }
    let is_known = registry.data_source(&resource.ty).is_some();
    (!is_known).then(|| Incomparable::Type { name: Arc::clone(&resource.ty) })
}

/// The provider configuration and type of a recorded managed object.
///
/// # Errors
/// Why it cannot be compared.
pub fn comparable(
    registry: &Registry,
    resource: &Resource,
    state: &ResourceState,
    instance: &InstanceState,
) -> Result<(ProviderKey, Arc<dyn ResourceType>), Incomparable> {
    let Some(key) = provider_key(registry, &state.provider) else {
        return Err(Incomparable::provider(state));
    };
    let Some(ty) = registry.resource_type(&resource.ty) else {
        return Err(Incomparable::Type { name: Arc::clone(&resource.ty) });
    };
    if instance.is_flat() {
        return Err(Incomparable::Flat);
    }
    let known = ty.schema().version;
    if instance.schema_version > known {
        return Err(Incomparable::SchemaVersion { recorded: instance.schema_version, known });
    }
    Ok((key, ty))
}
