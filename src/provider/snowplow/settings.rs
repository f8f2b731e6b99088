//! Where events go and what they say of their sender: the same settings in the provider block and in each resource,
//! whose own come first.

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::Problems;
use crate::provider::object::Object;
use crate::schema::{AttributeSchema, BlockSchema};

/// The settings by name, each with what it is in the provider block when that does not set it.
pub const PROVIDER_DEFAULTS: [(&str, &str); 6] = [
    ("collector_uri", ""),
    ("tracker_app_id", ""),
    ("tracker_namespace", ""),
    ("tracker_platform", "srv"),
    ("emitter_request_type", "POST"),
    ("emitter_protocol", "HTTPS"),
];

/// The same for a resource: what is empty is as the provider block has it.
pub const RESOURCE_DEFAULTS: [(&str, &str); 6] = [
    ("collector_uri", ""),
    ("tracker_app_id", ""),
    ("tracker_namespace", ""),
    ("tracker_platform", ""),
    ("emitter_request_type", ""),
    ("emitter_protocol", ""),
];

/// Adds the settings to a schema.
pub fn attributes(block: BlockSchema, defaults: [(&str, &str); 6]) -> BlockSchema {
    defaults.into_iter().fold(block, |block, (name, default)| {
        block.attribute(name, AttributeSchema::optional(Type::String).default(default))
    })
}

/// Checks what is known of them.
pub fn validate(config: &Value, problems: &mut Problems) {
    let allowed = [("emitter_request_type", ["GET", "POST"]), ("emitter_protocol", ["HTTP", "HTTPS"])];
    for (name, values) in allowed {
        let Some(given) = config.text(name).filter(|given| !given.is_empty()) else { continue };
        if !values.contains(&given.to_uppercase().as_str()) {
            let detail = format!("{name} must be {} or {}, got {given:?}.", values[0], values[1]);
            problems.error(vec![PathStep::Attribute(name.into())], "Invalid attribute value", detail);
        }
    }
    if let Some(collector) = config.text("collector_uri").filter(|collector| !collector.is_empty())
        && (collector.contains("://") || collector.contains(char::is_whitespace))
    {
        let detail = format!(
            "collector_uri is the collector's host, with its port if need be, without a scheme: \"c.example.com\" or \
             \"localhost:9090\", not {collector:?}. The scheme is emitter_protocol."
        );
        let path = vec![PathStep::Attribute("collector_uri".into())];
        problems.error(path, "Invalid attribute value", detail);
    }
}

/// The settings of a provider block, of a resource, or of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Host and port.
    pub collector: String,
    pub app_id: String,
    pub namespace: String,
    pub platform: String,
    /// `GET` or `POST`
    pub request_type: String,
    /// `HTTP` or `HTTPS`
    pub protocol: String,
}

impl Settings {
    /// What an object says; empty where it is silent.
    pub fn decode(object: &Value) -> Settings {
        let text = |name: &str| object.text(name).unwrap_or_default().to_owned();
        Settings {
            collector: text("collector_uri"),
            app_id: text("tracker_app_id"),
            namespace: text("tracker_namespace"),
            platform: text("tracker_platform"),
            request_type: text("emitter_request_type").to_uppercase(),
            protocol: text("emitter_protocol").to_uppercase(),
        }
    }

    /// What an empty provider block says, or none.
    pub fn defaults() -> Settings {
        let defaults = PROVIDER_DEFAULTS.map(|(name, default)| (name, Value::string(default)));
        Settings::decode(&Value::object(defaults))
    }

    /// These settings, and others where they are empty.
    pub fn or(&self, other: &Settings) -> Settings {
        let first = |own: &String, other: &String| if own.is_empty() { other.clone() } else { own.clone() };
        Settings {
            collector: first(&self.collector, &other.collector),
            app_id: first(&self.app_id, &other.app_id),
            namespace: first(&self.namespace, &other.namespace),
            platform: first(&self.platform, &other.platform),
            request_type: first(&self.request_type, &other.request_type),
            protocol: first(&self.protocol, &other.protocol),
        }
    }
}
