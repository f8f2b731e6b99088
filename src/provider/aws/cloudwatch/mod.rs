//! CloudWatch.

mod alarm;
pub mod dashboard;

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(alarm::MetricAlarm), Arc::new(dashboard::Dashboard::default())]
}
