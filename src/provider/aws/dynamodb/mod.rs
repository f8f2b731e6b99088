//! DynamoDB.

mod item;
mod table;

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(item::TableItem::default()), Arc::new(table::Table)]
}
