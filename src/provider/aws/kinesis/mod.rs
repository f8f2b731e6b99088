//! Kinesis Data Streams.

pub mod stream;
mod stream_calls;

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![Arc::new(stream::KinesisStream::default())]
}
