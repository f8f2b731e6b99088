//! CloudWatch Logs.

pub mod log_group;

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(log_group::LogGroup::default())]
}
