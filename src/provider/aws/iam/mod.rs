//! Identity and Access Management.

use std::sync::Arc;

use crate::provider::{DataSource, ResourceType};

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    Vec::new()
}

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    Vec::new()
}
