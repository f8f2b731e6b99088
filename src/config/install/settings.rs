//! What Terraform's CLI configuration says of hosts: where their services are, and the tokens to show them.
//!
//! Source: Terraform's manual, “CLI Configuration File” (`credentials`, `host`, environment variable credentials).

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value as Json;

use crate::lang::ast::Block;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval;
use crate::lang::parse;
use crate::lang::source::SourceMap;
use crate::lang::value::Value;

use super::super::blocks::ConstantScope;
use super::source::is_host;

/// What is configured for hosts. Names of hosts are in lower case, with the port where one is given.
#[derive(Clone, Default)]
pub struct HostSettings {
    /// The services of a host, which is then not asked for them: `modules.v1` to a URL.
    services: BTreeMap<String, BTreeMap<String, String>>,
    tokens: BTreeMap<String, String>,
}

/// Tokens stay out of every output.
impl fmt::Debug for HostSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HostSettings")
            .field("services", &self.services)
            .field("tokens", &self.tokens.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl HostSettings {
    /// The services that are configured for a host. `None`: the host is to be asked.
    pub fn services(&self, host: &str) -> Option<&BTreeMap<String, String>> {
        self.services.get(host)
    }

    /// The token for a host.
    pub fn token(&self, host: &str) -> Option<&str> {
        self.tokens.get(host).map(String::as_str)
    }

    /// Adds what a configuration file in native syntax says. What was said before stays.
    pub fn add_file(&mut self, sources: &SourceMap, name: &str, bytes: &[u8]) -> Diagnostics {
        let (body, mut diagnostics) = parse::parse_file(sources, name, bytes);
        if diagnostics.has_errors() {
            return diagnostics;
        }
        for block in &body.blocks {
            match &*block.kind.name {
                "host" => {
                    let services = value_of(block, "services", &mut diagnostics);
                    let services = services.as_ref().map(texts).unwrap_or_default();
                    if let Some(host) = host_of(block, &mut diagnostics) {
                        self.services.entry(host).or_insert(services);
                    }
                }
                "credentials" => {
                    let token = value_of(block, "token", &mut diagnostics);
                    let token = token.as_ref().and_then(Value::as_str).map(str::to_owned);
                    if let (Some(host), Some(token)) = (host_of(block, &mut diagnostics), token) {
                        self.tokens.entry(host).or_insert(token);
                    }
                }
                "credentials_helper" => {
                    let detail = "recon runs no credentials helpers. A token for a host is taken from a credentials \
                                  block or from a variable of the environment, TF_TOKEN_ and the host's name.";
                    diagnostics
                        .push(Diagnostic::warning("Credentials helper not used", detail).at(block.header));
                }
                // What concerns providers, plugins and Terraform itself.
                _ => {}
            }
        }
        diagnostics
    }

    /// Adds what a configuration file in JSON says: `credentials.tfrc.json`, as `terraform login` writes it.
    ///
    /// # Errors
    ///
    /// If the text is not JSON; the error says what is wrong with it, and nothing of its content.
    pub fn add_json(&mut self, bytes: &[u8]) -> Result<(), String> {
        let document: Json = serde_json::from_slice(bytes)
            .map_err(|error| format!("it is not JSON (line {}, column {})", error.line(), error.column()))?;
        let entries = |name: &str| document.get(name).and_then(Json::as_object).into_iter().flatten();
        for (host, content) in entries("credentials") {
            if let Some(token) = content.get("token").and_then(Json::as_str) {
                self.tokens.entry(host.to_ascii_lowercase()).or_insert_with(|| token.to_owned());
            }
        }
        for (host, content) in entries("host") {
            let services = content.get("services").and_then(Json::as_object).into_iter().flatten();
            let services =
                services.filter_map(|(name, url)| Some((name.clone(), url.as_str()?.to_owned()))).collect();
            self.services.entry(host.to_ascii_lowercase()).or_insert(services);
        }
        Ok(())
    }

    /// Adds tokens of the environment, which win over those of files: `TF_TOKEN_app_terraform_io`. In the name a
    /// dot is an underscore and a hyphen is two, or they are written as they are.
    pub fn add_environment(&mut self, variables: impl IntoIterator<Item = (String, String)>) {
        for (name, token) in variables {
            let Some(encoded) = name.strip_prefix("TF_TOKEN_") else { continue };
            let host = encoded.replace("__", "-").replace('_', ".").to_ascii_lowercase();
            if !token.is_empty() {
                self.tokens.insert(host, token);
            }
        }
    }
}

fn host_of(block: &Block, diagnostics: &mut Diagnostics) -> Option<String> {
    let host = block.labels.first().map(|label| label.value.to_ascii_lowercase())?;
    if is_host(&host) || host.split(':').next() == Some("localhost") {
        return Some(host);
    }
    let detail = format!("{host:?} is not the name of a host.");
    let place = block.labels.first().map_or(block.header, |label| label.span);
    diagnostics.push(Diagnostic::error("Invalid host name", detail).at(place));
    None
}

fn value_of(block: &Block, name: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let attribute = block.body.attribute(name)?;
    let (value, found) = eval::evaluate(&attribute.expr, &ConstantScope);
    let failed = found.has_errors();
    diagnostics.append(found);
    (!failed).then_some(value)
}

/// The texts of a map or object.
fn texts(value: &Value) -> BTreeMap<String, String> {
    let Some(elements) = value.as_entries() else { return BTreeMap::new() };
    elements.iter().filter_map(|(name, value)| Some((name.to_string(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_tokens_are_read_from_all_places() {
        let sources = SourceMap::new();
        let mut settings = HostSettings::default();
        settings.add_environment([
            ("TF_TOKEN_app_terraform_io".to_owned(), "environment".to_owned()),
            ("TF_TOKEN_my__host_example_com".to_owned(), "hyphen".to_owned()),
        ]);
        let text = r#"
            disable_checkpoint = true
            credentials "app.terraform.io" { token = "file" }
            credentials "Other.example.com:8443" { token = "other" }
            host "reg.example.com" {
              services = { "modules.v1" = "http://127.0.0.1:1/v1/" }
            }
            provider_installation {
              filesystem_mirror { path = "/x" }
            }
        "#;
        let found = settings.add_file(&sources, "terraform.rc", text.as_bytes());
        assert!(found.is_empty(), "{found:?}");
        settings.add_json(br#"{"credentials": {"login.example.com": {"token": "login"}}}"#).unwrap();
        let tokens = [
            ("app.terraform.io", Some("environment")),
            ("my-host.example.com", Some("hyphen")),
            ("other.example.com:8443", Some("other")),
            ("login.example.com", Some("login")),
            ("reg.example.com", None),
        ];
        for (host, token) in tokens {
            assert_eq!(settings.token(host), token, "{host}");
        }
        assert_eq!(settings.services("reg.example.com").unwrap()["modules.v1"], "http://127.0.0.1:1/v1/");
        assert!(settings.services("app.terraform.io").is_none());
        let shown = format!("{settings:?}");
        assert!(!shown.contains("environment") && !shown.contains("login\""), "{shown}");
    }

    #[test]
    fn mistakes_are_named() {
        let sources = SourceMap::new();
        let mut settings = HostSettings::default();
        assert!(settings.add_file(&sources, "rc", b"host \"a b\" {}\n").has_errors());
        assert!(settings.add_file(&sources, "rc", b"host {").has_errors());
        let warned = settings.add_file(&sources, "rc", b"credentials_helper \"x\" {\n  args = []\n}\n");
        assert!(!warned.has_errors() && !warned.is_empty());
        let error = settings.add_json(b"{\"credentials\": geheim").unwrap_err();
        assert!(!error.contains("geheim"), "{error}");
    }
}
