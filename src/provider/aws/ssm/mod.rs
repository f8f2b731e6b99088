//! Systems Manager.

mod parameter;

use std::sync::Arc;

use crate::provider::DataSource;

pub(super) fn data_sources() -> Vec<Arc<dyn DataSource>> {
    vec![Arc::new(parameter::ParameterData::default())]
}
