//! The provider `snowplow-devops/snowplow`: sends events to a Snowplow collector when a resource is made, changed
//! or deleted.
//!
//! Attributes and defaults are those of version 0.7 of the provider, as its documentation has them. What differs: a
//! collector that cannot be reached, or refuses an event, is a warning. Telemetry keeps nothing from being applied.

mod event;
mod settings;
mod tracker;

use std::sync::Arc;

use async_trait::async_trait;

use super::{Connection, DataSource, OperationError, Problems, Provider, ResourceType};
use crate::lang::value::Value;
use crate::schema::{BlockSchema, Schema};

pub use settings::Settings;
pub use tracker::Tracker;

/// `registry.terraform.io/snowplow-devops/snowplow`
pub struct Snowplow {
    schema: Schema,
    resources: Vec<Arc<dyn ResourceType>>,
}

impl Snowplow {
    pub fn new() -> Snowplow {
        let block = settings::attributes(BlockSchema::new(), settings::PROVIDER_DEFAULTS);
        Snowplow {
            schema: Schema::new(0, block),
            resources: vec![Arc::new(event::TrackSelfDescribingEvent::new())],
        }
    }
}

impl Default for Snowplow {
    fn default() -> Snowplow {
        Snowplow::new()
    }
}

#[async_trait]
impl Provider for Snowplow {
    fn name(&self) -> &'static str {
        "snowplow"
    }

    fn source(&self) -> &'static str {
        "registry.terraform.io/snowplow-devops/snowplow"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn resource_types(&self) -> &[Arc<dyn ResourceType>] {
        &self.resources
    }

    fn data_sources(&self) -> &[Arc<dyn DataSource>] {
        &[]
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        settings::validate(config, problems);
    }

    async fn configure(&self, config: &Value) -> Result<Connection, OperationError> {
        let settings = Settings::decode(config).or(&Settings::defaults());
        Ok(Connection::Snowplow(Arc::new(Tracker::new(settings))))
    }
}
