//! The module registry protocol: where a host's service is, which versions a module has, where one is fetched from.
//!
//! Source: Terraform's manual, “Module Registry Protocol” and “Remote Service Discovery”.

use std::collections::HashMap;
use std::sync::Arc;

use reqwest::header::CONTENT_TYPE;
use reqwest::{StatusCode, Url};
use semver::Version;
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

use super::http::{Http, HttpError, check_address, shown};
use super::settings::HostSettings;
use super::source::{ModuleSource, PackageKind, RegistryModule, RemoteModule};
use super::version;

/// The service that a host must have.
const SERVICE: &str = "modules.v1";

const JSON: &str = "application/json";

/// Why a registry does not give what is asked for.
#[derive(Clone, Debug, thiserror::Error)]
pub enum RegistryError {
    #[error(
        "The host {0} has no module registry: its discovery document does not name the service modules.v1."
    )]
    NoService(String),
    #[error("The module {0} is not in the registry.")]
    NoModule(String),
    #[error("The registry at {host} cannot be asked: {error}.")]
    Http { host: String, error: Arc<HttpError> },
    #[error("The registry at {host} gives an answer that recon cannot use: {problem}.")]
    Answer { host: String, problem: String },
}

/// Registries, each host asked once for what it has.
pub struct Registries<'a> {
    http: &'a Http,
    settings: &'a HostSettings,
    services: Cache<Url>,
    versions: Cache<Vec<Version>>,
    locations: Cache<RemoteModule>,
}

type Cell<T> = Arc<OnceCell<Result<T, RegistryError>>>;

/// Answers by what was asked; one that is being waited for is not asked for again.
struct Cache<T>(Mutex<HashMap<String, Cell<T>>>);

impl<T: Clone> Cache<T> {
    fn new() -> Cache<T> {
        Cache(Mutex::new(HashMap::new()))
    }

    async fn get(
        &self,
        key: String,
        ask: impl AsyncFnOnce() -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        let cell = Arc::clone(self.0.lock().await.entry(key).or_default());
        cell.get_or_init(|| async { ask().await }).await.clone()
    }
}

#[derive(Deserialize)]
struct VersionsDocument {
    modules: Vec<ModuleVersions>,
}

#[derive(Deserialize)]
struct ModuleVersions {
    #[serde(default)]
    versions: Vec<ModuleVersion>,
}

#[derive(Deserialize)]
struct ModuleVersion {
    version: String,
}

#[derive(Deserialize)]
struct DownloadDocument {
    location: String,
}

impl<'a> Registries<'a> {
    pub fn new(http: &'a Http, settings: &'a HostSettings) -> Registries<'a> {
        Registries { http, settings, services: Cache::new(), versions: Cache::new(), locations: Cache::new() }
    }

    /// The URL of a host's module service, with a slash at its end.
    async fn service(&self, host: &str) -> Result<Url, RegistryError> {
        self.services.get(host.to_owned(), async || self.discover(host).await).await
    }

    async fn discover(&self, host: &str) -> Result<Url, RegistryError> {
        let unusable = |problem: String| RegistryError::Answer { host: host.to_owned(), problem };
        let document = format!("https://{host}/.well-known/terraform.json");
        let document = Url::parse(&document).map_err(|error| unusable(error.to_string()))?;
        let (base, service) = match self.settings.services(host) {
            Some(services) => (document, services.get(SERVICE).cloned()),
            None => {
                let failed = |error| RegistryError::Http { host: host.to_owned(), error: Arc::new(error) };
                let answer = match self.http.get(&document, self.settings.token(host), JSON).await {
                    Err(HttpError::Status { status: StatusCode::NOT_FOUND, .. }) => {
                        return Err(RegistryError::NoService(host.to_owned()));
                    }
                    answer => answer.map_err(failed)?,
                };
                let base = answer.url.clone();
                let content = answer.document().await.map_err(failed)?;
                let services: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&content)
                    .map_err(|error| {
                    unusable(format!("the discovery document is not as it should be ({error})"))
                })?;
                (base, services.get(SERVICE).and_then(|url| url.as_str()).map(str::to_owned))
            }
        };
        let service = service.ok_or_else(|| RegistryError::NoService(host.to_owned()))?;
        let mut url =
            base.join(&service).map_err(|error| unusable(format!("{SERVICE} is {service:?}: {error}")))?;
        if self.settings.services(host).is_none() {
            check_address(&base, &url).map_err(|error| unusable(error.to_string()))?;
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        Ok(url)
    }

    /// The versions of a module, in no order. Texts that are no versions are left out.
    ///
    /// # Errors
    ///
    /// If the registry cannot be asked, or does not have the module.
    pub async fn versions(&self, module: &RegistryModule) -> Result<Vec<Version>, RegistryError> {
        self.versions.get(module.package(), async || self.ask_versions(module).await).await
    }

    async fn ask_versions(&self, module: &RegistryModule) -> Result<Vec<Version>, RegistryError> {
        let host = &module.host;
        let service = self.service(host).await?;
        let url = join(host, &service, &format!("{}/versions", module.path()))?;
        let failed = |error| RegistryError::Http { host: host.clone(), error: Arc::new(error) };
        let answer = match self.http.get(&url, self.settings.token(host), JSON).await {
            Err(HttpError::Status { status: StatusCode::NOT_FOUND, .. }) => {
                return Err(RegistryError::NoModule(module.package()));
            }
            answer => answer.map_err(failed)?,
        };
        let content = answer.document().await.map_err(failed)?;
        let document: VersionsDocument = serde_json::from_slice(&content).map_err(|error| {
            let problem =
                format!("the list of versions of {} is not as it should be ({error})", module.path());
            RegistryError::Answer { host: host.clone(), problem }
        })?;
        // The first entry is the module; others were once its dependencies.
        let Some(first) = document.modules.into_iter().next() else {
            return Err(RegistryError::NoModule(module.package()));
        };
        Ok(first.versions.iter().filter_map(|entry| version::version(&entry.version)).collect())
    }

    /// Where a version's package is fetched from, and the directory in it.
    ///
    /// # Errors
    ///
    /// If the registry cannot be asked, or leads to a place that recon does not go to.
    pub async fn location(
        &self,
        module: &RegistryModule,
        version: &Version,
    ) -> Result<RemoteModule, RegistryError> {
        let key = format!("{} {version}", module.package());
        self.locations.get(key, async || self.ask_location(module, version).await).await
    }

    async fn ask_location(
        &self,
        module: &RegistryModule,
        version: &Version,
    ) -> Result<RemoteModule, RegistryError> {
        let host = &module.host;
        let unusable = |problem: String| RegistryError::Answer { host: host.clone(), problem };
        let service = self.service(host).await?;
        let url = join(host, &service, &format!("{}/{version}/download", module.path()))?;
        let failed = |error| RegistryError::Http { host: host.clone(), error: Arc::new(error) };
        let answer = self.http.get(&url, self.settings.token(host), JSON).await.map_err(failed)?;
        let base = answer.url.clone();
        let named =
            answer.headers().get("x-terraform-get").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let is_json = answer
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|kind| kind.starts_with(JSON));
        let location = match named {
            Some(location) => location,
            None if is_json && answer.status() == StatusCode::OK => {
                let content = answer.document().await.map_err(failed)?;
                let document: DownloadDocument = serde_json::from_slice(&content).map_err(|error| {
                    unusable(format!("the place of {} is not as it should be ({error})", module.path()))
                })?;
                document.location
            }
            None => return Err(unusable(format!("{} says no X-Terraform-Get", shown(&url)))),
        };
        led_to(&base, &location).map_err(unusable)
    }
}

/// The place that an answer from `base` names: a source address, or a URL relative to the answer's. A file of this
/// machine is none, whoever says so.
///
/// # Errors
///
/// If recon does not go there; the text says why.
pub fn led_to(base: &Url, location: &str) -> Result<RemoteModule, String> {
    let relative = ["/", "./", "../"].iter().any(|start| location.starts_with(start));
    let text = if relative {
        let joined = base.join(location).map_err(|error| format!("{location:?} is no place: {error}"))?;
        joined.to_string()
    } else {
        location.to_owned()
    };
    let shown_location = super::source::without_password(location);
    match ModuleSource::parse(&text) {
        Ok(ModuleSource::Remote(module)) => {
            let refused = || Err(format!("it leads to {shown_location:?}, a place on this machine"));
            if module.package.kind == PackageKind::Directory {
                return refused();
            }
            let target =
                Url::parse(&module.package.url).map_err(|error| format!("{shown_location:?}: {error}"))?;
            match target.scheme() {
                "file" => refused(),
                "http" | "https" => {
                    check_address(base, &target).map_err(|error| error.to_string())?;
                    Ok(module)
                }
                _ => Ok(module),
            }
        }
        Ok(_) => Err(format!("it leads to {shown_location:?}, which is not where a package can be")),
        Err(error) => Err(format!("it leads to {shown_location:?}: {error}")),
    }
}

fn join(host: &str, service: &Url, path: &str) -> Result<Url, RegistryError> {
    service
        .join(path)
        .map_err(|error| RegistryError::Answer { host: host.to_owned(), problem: error.to_string() })
}
