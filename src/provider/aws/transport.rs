//! HTTP under the SDK: one pool of connections, a limit of concurrent requests for each service, and a limit to
//! the patience with an endpoint that does not answer.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aws_smithy_http_client::ConnectorBuilder;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{self, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use tokio::sync::Semaphore;

/// How long to wait for a connection.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long to wait for an answer.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// An endpoint is given up when so many requests in a row got no answer …
const UNANSWERED_LIMIT: u32 = 4;

/// … over at least this time.
const UNANSWERED_FOR: Duration = Duration::from_secs(6);

/// What a provider block says about HTTP.
#[derive(Clone, Debug, Default)]
pub(super) struct HttpSettings {
    /// URL of a proxy for `http://` endpoints.
    pub http_proxy: Option<String>,
    /// URL of a proxy for `https://` endpoints.
    pub https_proxy: Option<String>,
    /// Hosts that are asked without a proxy, separated by commas.
    pub no_proxy: Option<String>,
    /// A PEM file of certificates to trust, instead of the system's.
    pub ca_bundle: Option<PathBuf>,
}

/// The way to all services of one provider configuration. Clones share their connections.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    connectors: Arc<Connectors>,
    lane: Option<Arc<Lane>>,
}

/// The connectors for plain and for encrypted endpoints; two, because they may need different proxies. Made when
/// first asked for: reading the system's certificates takes a while.
struct Connectors {
    plain: OnceLock<SharedHttpConnector>,
    encrypted: OnceLock<SharedHttpConnector>,
    http_proxy: ProxyConfig,
    https_proxy: ProxyConfig,
    tls: TlsContext,
}

impl fmt::Debug for Connectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connectors")
    }
}

/// One service's share of the way.
#[derive(Debug)]
struct Lane {
    concurrent: Semaphore,
    patience: Patience,
}

impl Transport {
    /// The error is a sentence about the setting that is wrong.
    pub(super) fn new(settings: &HttpSettings) -> Result<Transport, String> {
        let mut tls = TlsContext::builder();
        if let Some(path) = &settings.ca_bundle {
            let pem = std::fs::read(path)
                .map_err(|error| format!("The CA bundle {} cannot be read: {error}.", path.display()))?;
            tls = tls.with_trust_store(TrustStore::empty().with_pem_certificate(pem));
        }
        let tls =
            tls.build().map_err(|error| format!("The CA bundle holds no usable certificate: {error}."))?;
        let proxy = |url: &Option<String>| match url {
            None => Ok(ProxyConfig::from_env()),
            Some(url) if url.is_empty() => Ok(ProxyConfig::disabled()),
            Some(url) => ProxyConfig::all(url.as_str())
                .map(|config| match &settings.no_proxy {
                    Some(hosts) => config.no_proxy(hosts),
                    None => config,
                })
                .map_err(|error| format!("The proxy URL is not valid: {error}.")),
        };
        // As the AWS provider: the HTTP proxy serves HTTPS too where no other is given.
        let https_proxy = settings.https_proxy.clone().or_else(|| settings.http_proxy.clone());
        let connectors = Connectors {
            plain: OnceLock::new(),
            encrypted: OnceLock::new(),
            http_proxy: proxy(&settings.http_proxy)?,
            https_proxy: proxy(&https_proxy)?,
            tls,
        };
        Ok(Transport { connectors: Arc::new(connectors), lane: None })
    }

    /// A way that asks no proxy, for what is on the machine's own network: metadata services.
    pub(super) fn direct() -> Result<Transport, String> {
        let none = || Some(String::new());
        Transport::new(&HttpSettings { http_proxy: none(), https_proxy: none(), ..HttpSettings::default() })
    }

    /// The same way for one service, which may have so many requests under way at once.
    pub(super) fn lane(&self, concurrent: usize) -> Transport {
        let lane = Lane { concurrent: Semaphore::new(concurrent), patience: Patience::default() };
        Transport { connectors: Arc::clone(&self.connectors), lane: Some(Arc::new(lane)) }
    }
}

impl Connectors {
    fn connector(&self, is_encrypted: bool) -> SharedHttpConnector {
        let (slot, proxy) = match is_encrypted {
            true => (&self.encrypted, &self.https_proxy),
            false => (&self.plain, &self.http_proxy),
        };
        let connector = slot.get_or_init(|| {
            let settings = HttpConnectorSettings::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(READ_TIMEOUT)
                .build();
            let builder =
                ConnectorBuilder::default().connector_settings(settings).proxy_config(proxy.clone());
            let connector = match is_encrypted {
                true => builder
                    .tls_provider(tls::Provider::Rustls(CryptoMode::AwsLc))
                    .tls_context(self.tls.clone())
                    .build(),
                false => builder.build_http(),
            };
            SharedHttpConnector::new(connector)
        });
        connector.clone()
    }
}

impl HttpClient for Transport {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let connector = self.connectors.connector(!request.uri().starts_with("http://"));
        let Some(lane) = self.lane.clone() else {
            return connector.call(request);
        };
        let endpoint = endpoint_of(request.uri());
        HttpConnectorFuture::new(async move {
            // The semaphore is never closed, so this only ever waits.
            let _permit = lane.concurrent.acquire().await;
            match connector.call(request).await {
                Ok(response) => {
                    lane.patience.answered();
                    Ok(response)
                }
                Err(error) => Err(lane.patience.unanswered(unreached(error, endpoint))),
            }
        })
    }
}

/// An endpoint that gave no answer.
#[derive(Debug, thiserror::Error)]
#[error("{endpoint} gave no answer")]
pub(super) struct Unreached {
    endpoint: String,
    source: BoxError,
}

/// The error with the endpoint's name, of the same kind as before.
fn unreached(error: ConnectorError, endpoint: String) -> ConnectorError {
    let (is_io, is_timeout, other) = (error.is_io(), error.is_timeout(), error.as_other());
    if !is_io && !is_timeout && !error.is_other() {
        return error;
    }
    let source = Box::new(Unreached { endpoint, source: error.into_source() });
    if is_timeout {
        ConnectorError::timeout(source)
    } else if is_io {
        ConnectorError::io(source)
    } else {
        ConnectorError::other(source, other)
    }
}

/// Scheme, host and port of a URI.
fn endpoint_of(uri: &str) -> String {
    let start = uri.find("://").map_or(0, |at| at + 3);
    let end = uri[start..].find(['/', '?', '#']).map_or(uri.len(), |at| start + at);
    uri[..end].to_owned()
}

/// When to stop trying an endpoint. The SDK repeats a request that got no answer, as it does one that was
/// throttled, up to 25 times; for an endpoint that is not there that would take minutes.
#[derive(Debug, Default)]
struct Patience(Mutex<Option<Unanswered>>);

#[derive(Debug)]
struct Unanswered {
    since: Instant,
    count: u32,
}

impl Patience {
    fn answered(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The error, made final if there were too many.
    fn unanswered(&self, error: ConnectorError) -> ConnectorError {
        if !error.is_io() && !error.is_timeout() {
            return error;
        }
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let unanswered = state.get_or_insert_with(|| Unanswered { since: Instant::now(), count: 0 });
        unanswered.count += 1;
        if unanswered.count < UNANSWERED_LIMIT || unanswered.since.elapsed() < UNANSWERED_FOR {
            return error;
        }
        // An error of another kind is not retried.
        ConnectorError::other(error.into_source(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> ConnectorError {
        ConnectorError::io("connection refused".into())
    }

    #[test]
    fn patience_ends_after_a_few_failures_over_some_time() {
        let patience = Patience::default();
        for _ in 0..20 {
            assert!(patience.unanswered(refused()).is_io(), "many at once are one outage of a moment");
        }
        if let Some(state) = patience.0.lock().unwrap().as_mut() {
            state.since = Instant::now().checked_sub(UNANSWERED_FOR).unwrap();
        }
        assert!(patience.unanswered(refused()).is_other());
        patience.answered();
        assert!(patience.unanswered(refused()).is_io());
    }

    #[test]
    fn an_endpoint_is_named_without_what_is_asked_of_it() {
        assert_eq!(
            endpoint_of("https://ec2.eu-west-3.amazonaws.com/?Action=x"),
            "https://ec2.eu-west-3.amazonaws.com"
        );
        assert_eq!(endpoint_of("http://127.0.0.1:9"), "http://127.0.0.1:9");
    }

    #[test]
    fn a_missing_ca_bundle_is_named() {
        let settings = HttpSettings { ca_bundle: Some("/no/such/bundle.pem".into()), ..Default::default() };
        let message = Transport::new(&settings).unwrap_err();
        assert!(message.contains("/no/such/bundle.pem"), "{message}");
    }
}
