//! The Snowplow tracker protocol: a self-describing event in one request.
//!
//! Source: Snowplow documentation, “Snowplow tracker protocol”: a POST of `payload_data` to
//! `/com.snowplowanalytics.snowplow/tp2`, or a GET of `/i` with the same parameters in the query.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE;
use serde_json::{Map, Value as Json, json};

use super::Settings;

/// How long a collector may take to answer: nobody is to wait for telemetry.
const PATIENCE: Duration = Duration::from_secs(5);

const UNSTRUCT_EVENT: &str = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
const CONTEXTS: &str = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
const PAYLOAD_DATA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

/// A JSON document with the schema that it follows.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfDescribing {
    /// `iglu:com.acme/lifecycle/jsonschema/1-0-0`
    pub schema: String,
    pub data: Json,
}

impl SelfDescribing {
    fn to_json(&self) -> Json {
        json!({ "schema": self.schema, "data": self.data })
    }
}

/// Sends events as a provider block says. Its HTTP client is made for the first event.
pub struct Tracker {
    pub settings: Settings,
    client: OnceLock<Result<reqwest::Client, String>>,
}

impl Tracker {
    pub fn new(settings: Settings) -> Tracker {
        Tracker { settings, client: OnceLock::new() }
    }

    /// Sends an event with its contexts. `own`: the resource's own settings. The error says why the collector does
    /// not have it.
    pub async fn track(
        &self,
        own: &Settings,
        event: &SelfDescribing,
        contexts: &[SelfDescribing],
    ) -> Result<(), String> {
        let settings = own.or(&self.settings);
        let client = self.client.get_or_init(|| {
            reqwest::Client::builder()
                .timeout(PATIENCE)
                .connect_timeout(PATIENCE)
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("recon/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|error| format!("no HTTP client can be made: {}", causes(&error)))
        });
        let client = client.as_ref().map_err(Clone::clone)?;
        let scheme = if settings.protocol == "HTTP" { "http" } else { "https" };
        let root = format!("{scheme}://{}", settings.collector.trim_end_matches('/'));
        let parameters = parameters(&settings, event, contexts);
        let request = if settings.request_type == "GET" {
            let mut url = reqwest::Url::parse(&format!("{root}/i")).map_err(|error| error.to_string())?;
            let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
            url.query_pairs_mut().extend_pairs(parameters.iter().map(|(name, value)| (name, text(value))));
            client.get(url)
        } else {
            let payload = json!({ "schema": PAYLOAD_DATA, "data": [parameters] });
            client
                .post(format!("{root}/com.snowplowanalytics.snowplow/tp2"))
                .header("content-type", "application/json; charset=UTF-8")
                .body(payload.to_string())
        };
        let response = request.send().await.map_err(|error| causes(&error.without_url()))?;
        let status = response.status();
        // The collector redirects a client without its cookie, and has the event then.
        if status.is_success() || status.is_redirection() {
            return Ok(());
        }
        Err(format!("it answered {status}"))
    }
}

/// The parameters of an event, all of them strings.
fn parameters(settings: &Settings, event: &SelfDescribing, contexts: &[SelfDescribing]) -> Map<String, Json> {
    let now = jiff::Timestamp::now().as_millisecond().to_string();
    let encoded = |document: Json| Json::String(URL_SAFE.encode(document.to_string()));
    let mut parameters = Map::new();
    let mut put = |name: &str, value: Json| {
        parameters.insert(name.to_owned(), value);
    };
    put("e", json!("ue"));
    put("eid", json!(uuid::Uuid::new_v4().to_string()));
    put("tv", json!(concat!("recon-", env!("CARGO_PKG_VERSION"))));
    put("p", json!(settings.platform));
    for (name, value) in [("aid", &settings.app_id), ("tna", &settings.namespace)] {
        if !value.is_empty() {
            put(name, json!(value));
        }
    }
    put("dtm", json!(now));
    put("stm", json!(now));
    put("ue_px", encoded(json!({ "schema": UNSTRUCT_EVENT, "data": event.to_json() })));
    if !contexts.is_empty() {
        let data: Vec<Json> = contexts.iter().map(SelfDescribing::to_json).collect();
        put("cx", encoded(json!({ "schema": CONTEXTS, "data": data })));
    }
    parameters
}

/// An error with what caused it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        if !text.contains(&own) {
            text = format!("{text}: {own}");
        }
        cause = error.source();
    }
    text
}
