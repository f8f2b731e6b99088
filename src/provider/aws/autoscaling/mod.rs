//! EC2 Auto Scaling.

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    Vec::new()
}
