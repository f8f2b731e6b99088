//! The Security Token Service, and what needs no service at all.

pub mod caller_identity;
mod partition;

use std::sync::Arc;

use crate::provider::DataSource;

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![Arc::new(caller_identity::CallerIdentity::default()), Arc::new(partition::PartitionData::default())]
}
