//! Requests over http: redirects looked at one by one, answers of bounded size, no addresses that only this machine's
//! surroundings can mean.

use std::fs::File;
use std::io::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use futures::StreamExt;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, LOCATION};
use reqwest::{Client, Response, StatusCode, Url};

/// Redirects that are followed at most, as browsers and Terraform have about the same.
const MAX_REDIRECTS: usize = 10;

/// Bytes of an answer that is read into memory at most: lists of versions, pages with a meta tag.
const MAX_DOCUMENT: usize = 16 << 20;

/// How long to wait for a connection, and for the next bytes of an answer.
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);
const READ_PATIENCE: Duration = Duration::from_secs(60);

/// Attempts that are made in all where the network or the server fails for the moment.
const ATTEMPTS: u32 = 3;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    #[error("{0}")]
    Client(String),
    #[error("{url}: {problem}")]
    Failed { url: String, problem: String },
    #[error("{url} answers {status}")]
    Status { url: String, status: StatusCode },
    #[error("{url} leads to {target}, and recon follows no address {problem}")]
    Refused { url: String, target: String, problem: &'static str },
    #[error("{url} is redirected without end")]
    Circle { url: String },
    #[error("{url} answers with more than {limit} bytes")]
    TooLarge { url: String, limit: u64 },
    #[error("the download cannot be kept: {0}")]
    Io(#[from] std::io::Error),
}

impl HttpError {
    /// Whether trying again may help.
    fn is_transient(&self) -> bool {
        match self {
            HttpError::Failed { .. } => true,
            HttpError::Status { status, .. } => {
                status.is_server_error() || *status == StatusCode::TOO_MANY_REQUESTS
            }
            _ => false,
        }
    }
}

/// The client that all requests for modules go through.
#[derive(Clone)]
pub struct Http {
    client: Client,
}

/// An answer that has not been read to its end, and the address that it came from at last.
pub struct Answer {
    pub url: Url,
    response: Response,
}

/// An address of this link only: where clouds keep their machines' credentials.
fn is_link_local(address: IpAddr) -> bool {
    /// The address of EC2's metadata service in IPv6, which is a unique local one.
    const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => address.is_link_local(),
            None => address.is_unicast_link_local() || address == METADATA,
        },
    }
}

/// Looks names up, and leaves addresses out that must not be asked.
struct Resolver;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .filter(|found| !is_link_local(found.ip()))
                .collect();
            if found.is_empty() {
                return Err(std::io::Error::other("the name has no address that recon may ask").into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Checks an address that an answer leads to: `from` is where the answer came from.
///
/// # Errors
///
/// If it is not http or https, gives up encryption, or means this link.
pub fn check_address(from: &Url, target: &Url) -> Result<(), HttpError> {
    let refuse = |problem| Err(HttpError::Refused { url: shown(from), target: shown(target), problem });
    match target.scheme() {
        "https" => {}
        "http" if from.scheme() == "http" => {}
        "http" => return refuse("that is not encrypted after one that is"),
        _ => return refuse("but http and https ones"),
    }
    let Some(host) = target.host_str() else { return refuse("without a host") };
    let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if literal.is_ok_and(is_link_local) {
        return refuse("of the local link");
    }
    Ok(())
}

/// A URL as it may be shown: without passwords, and without the query, which may hold signatures.
pub fn shown(url: &Url) -> String {
    let mut shown = url.clone();
    if shown.password().is_some() {
        let _ = shown.set_password(Some("redacted"));
    }
    shown.set_query(None);
    shown.to_string()
}

/// What went wrong, with its causes, and without the URL, which may hold a secret.
fn causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Http {
    /// # Errors
    ///
    /// If the system has no random numbers or certificates to make a client with.
    pub fn new() -> Result<Http, HttpError> {
        let client = Client::builder()
            .connect_timeout(CONNECT_PATIENCE)
            .read_timeout(READ_PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .dns_resolver(Resolver)
            .user_agent(concat!("recon/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| HttpError::Client(format!("no HTTP client can be made: {}", causes(error))))?;
        Ok(Http { client })
    }

    /// Asks for a document, with a token that only this host is shown. Any status but success is an error.
    ///
    /// # Errors
    ///
    /// Also if there is no answer, if it is led to a refused address, or after too many redirects. What may be over
    /// in a moment is tried again.
    pub async fn get(&self, url: &Url, token: Option<&str>, accept: &str) -> Result<Answer, HttpError> {
        check_address(url, url)?;
        let mut attempt = 1;
        loop {
            match self.follow(url, token, accept).await {
                Err(error) if attempt < ATTEMPTS && error.is_transient() => {
                    tokio::time::sleep(Duration::from_millis(500 << attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn follow(&self, url: &Url, token: Option<&str>, accept: &str) -> Result<Answer, HttpError> {
        let mut current = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.client.get(current.clone()).header(ACCEPT, accept);
            // A token is for the host that it was given for.
            if let Some(token) = token.filter(|_| same_origin(url, &current)) {
                request = request.header(AUTHORIZATION, format!("Bearer {token}"));
            }
            let failed = |error| HttpError::Failed { url: shown(&current), problem: causes(error) };
            let response = request.send().await.map_err(failed)?;
            let status = response.status();
            if !status.is_redirection() {
                if status.is_success() {
                    return Ok(Answer { url: current, response });
                }
                return Err(HttpError::Status { url: shown(&current), status });
            }
            let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = location.and_then(|location| current.join(location).ok());
            let Some(target) = target else { return Err(HttpError::Status { url: shown(&current), status }) };
            check_address(&current, &target)?;
            current = target;
        }
        Err(HttpError::Circle { url: shown(url) })
    }
}

fn same_origin(left: &Url, right: &Url) -> bool {
    left.scheme() == right.scheme()
        && left.host_str() == right.host_str()
        && left.port_or_known_default() == right.port_or_known_default()
}

impl Answer {
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The content as it is, at most 16 MiB of it.
    ///
    /// # Errors
    ///
    /// If it is larger, or ends before its end.
    pub async fn document(self) -> Result<Vec<u8>, HttpError> {
        let mut content = Vec::new();
        self.read(MAX_DOCUMENT as u64, |chunk| {
            content.extend_from_slice(chunk);
            Ok(())
        })
        .await?;
        Ok(content)
    }

    /// Writes the content to a file.
    ///
    /// # Errors
    ///
    /// If it is larger than the limit (in bytes), ends before its end, or cannot be written.
    pub async fn save(self, file: &mut File, limit: u64) -> Result<(), HttpError> {
        self.read(limit, |chunk| file.write_all(chunk)).await
    }

    async fn read(
        self,
        limit: u64,
        mut take: impl FnMut(&[u8]) -> std::io::Result<()>,
    ) -> Result<(), HttpError> {
        let url = shown(&self.url);
        let too_large = || HttpError::TooLarge { url: url.clone(), limit };
        if self.response.content_length().is_some_and(|length| length > limit) {
            return Err(too_large());
        }
        let mut read = 0;
        let mut chunks = self.response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk =
                chunk.map_err(|error| HttpError::Failed { url: url.clone(), problem: causes(error) })?;
            read += chunk.len() as u64;
            if read > limit {
                return Err(too_large());
            }
            take(&chunk)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_an_answer_must_not_lead_to_are_refused() {
        let table = [
            ("https://a.example/x", "https://b.example/", true),
            ("http://a.example/x", "http://127.0.0.1:80/", true),
            ("http://a.example/x", "https://b.example/", true),
            ("https://a.example/x", "http://a.example/x", false),
            ("https://a.example/x", "file:///etc/passwd", false),
            ("http://a.example/x", "http://169.254.169.254/latest/meta-data", false),
            ("http://a.example/x", "http://[fe80::1]/", false),
            ("http://a.example/x", "http://[fd00:ec2::254]/", false),
            ("http://a.example/x", "http://[::ffff:169.254.169.254]/", false),
            ("http://a.example/x", "http://2852039166/", false),
            ("http://a.example/x", "ftp://a.example/", false),
        ];
        for (from, target, allowed) in table {
            let outcome = check_address(&Url::parse(from).unwrap(), &Url::parse(target).unwrap());
            assert_eq!(outcome.is_ok(), allowed, "{target}: {outcome:?}");
        }
    }

    #[test]
    fn secrets_in_addresses_are_not_shown() {
        let url = Url::parse("https://u:geheim@example.com/x?X-Amz-Signature=geheim").unwrap();
        assert_eq!(shown(&url), "https://u:redacted@example.com/x");
    }
}
