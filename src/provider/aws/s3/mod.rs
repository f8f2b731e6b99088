//! S3: buckets and their configuration.
//!
//! What the types share is beside them: `calls` (errors, and changes that S3 is not ready for yet) and `target` (which
//! bucket a resource configures).

mod bucket;
mod calls;
mod encryption;
mod lifecycle;
mod ownership_controls;
mod policy;
mod public_access_block;
mod target;
mod versioning;

use std::sync::Arc;

use crate::provider::ResourceType;

pub(super) fn resource_types() -> Vec<Arc<dyn ResourceType>> {
    vec![
        Arc::new(bucket::Bucket::default()),
        Arc::new(versioning::Versioning::default()),
        Arc::new(encryption::Encryption::default()),
        Arc::new(lifecycle::Lifecycle),
        Arc::new(ownership_controls::OwnershipControls::default()),
        Arc::new(policy::Policy::default()),
        Arc::new(public_access_block::PublicAccessBlock::default()),
    ]
}
