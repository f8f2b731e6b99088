//! `snowplow_track_self_describing_event`: an event when the resource is created, updated or deleted.

use async_trait::async_trait;

use super::settings::{self, RESOURCE_DEFAULTS, Settings};
use super::tracker::SelfDescribing;
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{
    AttributePath, Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
    warnings,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

const EVENTS: [&str; 3] = ["create_event", "update_event", "delete_event"];

/// The keys of an event or context.
const SCHEMA: &str = "iglu_uri";
const DATA: &str = "payload";

pub struct TrackSelfDescribingEvent {
    schema: Schema,
}

impl TrackSelfDescribingEvent {
    pub fn new() -> TrackSelfDescribingEvent {
        let document = || Type::map(Type::String);
        let block = EVENTS.into_iter().fold(BlockSchema::new(), |block, name| {
            block.attribute(name, AttributeSchema::required(document()))
        });
        let block = block.attribute("contexts", AttributeSchema::required(Type::list(document()))).id();
        TrackSelfDescribingEvent { schema: Schema::new(0, settings::attributes(block, RESOURCE_DEFAULTS)) }
    }
}

/// What keeps an event or context from being sent; nothing is said of one that is not wholly known.
fn problem(document: &Value) -> Option<String> {
    if !document.is_wholly_known() {
        return None;
    }
    for key in [SCHEMA, DATA] {
        if document.text(key).is_none() {
            return Some(format!("It needs {SCHEMA:?} and {DATA:?}: there is no {key:?}."));
        }
    }
    if !document.text(SCHEMA).unwrap_or_default().starts_with("iglu:") {
        return Some(format!("{SCHEMA:?} must look like \"iglu:com.acme/lifecycle/jsonschema/1-0-0\"."));
    }
    match serde_json::from_str(document.text(DATA).unwrap_or_default()) {
        Ok(serde_json::Value::Object(_)) => None,
        Ok(_) => Some(format!("{DATA:?} must be a JSON object. Use jsonencode({{…}}).")),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Some(format!("{DATA:?} is no JSON (line {line}, column {column}). Use jsonencode({{…}})."))
        }
    }
}

fn decode(document: &Value) -> Option<SelfDescribing> {
    let data = serde_json::from_str(document.text(DATA)?).ok()?;
    Some(SelfDescribing { schema: document.text(SCHEMA)?.to_owned(), data })
}

/// Sends one of the events of an object. That it does not arrive is a warning.
async fn send(connection: &Connection, object: &Value, name: &str) -> Result<(), OperationError> {
    let tracker = connection.snowplow()?;
    let own = Settings::decode(object);
    let sent = match object.known(name).and_then(decode) {
        Some(event) => {
            let contexts: Vec<SelfDescribing> = object.blocks("contexts").iter().filter_map(decode).collect();
            tracker.track(&own, &event, &contexts).await
        }
        None => Err(format!("{name} is no event")),
    };
    if let Err(problem) = sent {
        let collector = own.or(&tracker.settings).collector;
        warnings::warn(
            "An event was not sent",
            format!(
                "The Snowplow collector {collector:?} does not have the {name}: {problem}. Nothing else is affected."
            ),
        );
    }
    Ok(())
}

#[async_trait]
impl ResourceType for TrackSelfDescribingEvent {
    fn name(&self) -> &'static str {
        "snowplow_track_self_describing_event"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        settings::validate(config, problems);
        let mut check = |path: AttributePath, document: &Value| {
            if let Some(problem) = problem(document) {
                problems.error(path, "Invalid self-describing event", problem);
            }
        };
        for name in EVENTS {
            if let Some(event) = config.known(name) {
                check(vec![PathStep::Attribute(name.into())], event);
            }
        }
        for (index, context) in config.blocks("contexts").iter().enumerate() {
            check(vec![PathStep::Attribute("contexts".into()), PathStep::Index(index)], context);
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        let Some(Connection::Snowplow(tracker)) = change.connection else { return };
        let is_known = change.planned.get("collector_uri").is_some_and(|collector| collector.is_known());
        if is_known && Settings::decode(&change.planned).or(&tracker.settings).collector.is_empty() {
            let detail = "Neither the resource nor the provider block has a collector_uri to send events to.";
            let path = vec![PathStep::Attribute("collector_uri".into())];
            change.problems.error(path, "No collector", detail);
        }
    }

    /// The resource lives in the state only.
    async fn read(&self, _connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        requests.iter().map(|request| ReadResult::Found(request.known.clone())).collect()
    }

    fn prepare(&self, planned: Value, _unique: &str) -> Value {
        planned.with("id", Value::string(uuid::Uuid::new_v4().to_string()))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        send(connection, planned, "create_event").await?;
        Ok(planned.clone())
    }

    async fn update(
        &self,
        connection: &Connection,
        _prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        send(connection, planned, "update_event").await?;
        Ok(planned.clone())
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        send(connection, prior, "delete_event").await
    }

    fn import_seed(&self, _id: &str) -> Result<Value, String> {
        Err(format!("{} cannot be imported: it lives in the state only", self.name()))
    }
}
