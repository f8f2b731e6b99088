//! Where a module comes from: the `source` argument taken apart, and put together again the way `modules.json` has it.
//!
//! Source of the forms: Terraform's manual, “Module Sources”. How each one is made canonical was measured with
//! `terraform init`.

use std::fmt;
use std::path::{Component, Path};

/// The registry of addresses that name no host.
pub const PUBLIC_REGISTRY: &str = "registry.terraform.io";

/// Hosts whose addresses have the form of a registry's and mean a repository.
const CODE_HOSTS: [&str; 3] = ["github.com", "bitbucket.org", "gitlab.com"];

/// A module source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModuleSource {
    /// A path that starts with `./` or `../`, cleaned: `./x`, `../x/y`.
    Local(String),
    /// `[HOST/]NAMESPACE/NAME/PROVIDER[//SUBDIRECTORY]`
    Registry(RegistryModule),
    /// What is fetched from an address of its own.
    Remote(RemoteModule),
}

/// A module of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryModule {
    /// In lower case, with the port if one is given.
    pub host: String,
    pub namespace: String,
    pub name: String,
    pub provider: String,
    /// The directory within the package, empty for its root.
    pub subdirectory: String,
}

/// A directory of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteModule {
    pub package: Package,
    /// The directory within the package, empty for its root.
    pub subdirectory: String,
}

/// What is fetched as one piece.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Package {
    pub kind: PackageKind,
    /// With the scheme, without the query: `https://example.com/x.zip`, `ssh://git@example.com/x.git`.
    pub url: String,
    /// Without the question mark, empty if there is none.
    pub query: String,
    /// The address began with the kind: `git::`, `https::`.
    pub prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PackageKind {
    Git,
    /// Over http or https.
    Archive,
    /// A directory of this machine.
    Directory,
}

/// Why a source is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    #[error(
        "recon cannot tell from {0:?} how the module is to be fetched. For a path relative to the calling module write \
         \"./{0}\"; a module of a registry is named NAMESPACE/NAME/PROVIDER; a Git repository git::https://…"
    )]
    Unclear(String),
    #[error("The subdirectory {0:?} leads out of the module's package.")]
    Outside(String),
    #[error(
        "recon does not fetch modules from {0}. Fetch this one by other means and name its directory, or offer it by \
         Git, http or a module registry."
    )]
    Unsupported(String),
    #[error("{0}")]
    Invalid(String),
}

impl ModuleSource {
    /// Takes a source apart.
    ///
    /// # Errors
    ///
    /// For an address of no known form, of a form that recon does not fetch from, and one that leads out of its
    /// package.
    pub fn parse(text: &str) -> Result<ModuleSource, SourceError> {
        let slashed = text.replace('\\', "/");
        if super::super::load::is_local_source(&slashed) {
            return Ok(ModuleSource::Local(clean_local(&slashed)));
        }
        if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
            return Err(SourceError::Unclear(text.to_owned()));
        }
        let (address, subdirectory) = split_subdirectory(text)?;
        if let Some(module) = registry_module(&address, &subdirectory) {
            return Ok(ModuleSource::Registry(module));
        }
        remote(&address, subdirectory).map(ModuleSource::Remote)
    }
}

impl fmt::Display for ModuleSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModuleSource::Local(path) => formatter.write_str(path),
            ModuleSource::Registry(module) => {
                write!(formatter, "{}", module.package())?;
                if module.subdirectory.is_empty() {
                    return Ok(());
                }
                write!(formatter, "//{}", module.subdirectory)
            }
            ModuleSource::Remote(module) => write!(formatter, "{}", module.text()),
        }
    }
}

impl RegistryModule {
    /// The address without the subdirectory, with the host.
    pub fn package(&self) -> String {
        format!("{}/{}", self.host, self.path())
    }

    /// `NAMESPACE/NAME/PROVIDER`
    pub fn path(&self) -> String {
        format!("{}/{}/{}", self.namespace, self.name, self.provider)
    }
}

impl RemoteModule {
    fn text(&self) -> String {
        let Package { url, query, prefix, .. } = &self.package;
        let prefix = prefix.as_ref().map(|prefix| format!("{prefix}::")).unwrap_or_default();
        let inner =
            if self.subdirectory.is_empty() { String::new() } else { format!("//{}", self.subdirectory) };
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        format!("{prefix}{url}{inner}{query}")
    }
}

impl Package {
    /// A parameter of the query, with its `%xx` decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = reqwest::Url::parse(&format!("x://x/?{}", self.query)).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The query without some parameters, with the question mark before it.
    pub fn query_without(&self, names: &[&str]) -> String {
        let kept: Vec<&str> = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !names.contains(&pair.split('=').next().unwrap_or_default()))
            .collect();
        if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) }
    }
}

/// As the address is shown: without the password that it may hold.
impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Package { url: without_password(&self.url), ..self.clone() };
        formatter.write_str(&RemoteModule { package: shown, subdirectory: String::new() }.text())
    }
}

/// A URL with its password, if it has one, replaced.
pub fn without_password(url: &str) -> String {
    match password_of(url) {
        Some(password) => url.replacen(&format!(":{password}@"), ":redacted@", 1),
        None => url.to_owned(),
    }
}

/// The password in a URL, as it is written there.
pub fn password_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    (!password.is_empty()).then_some(password)
}

/// `.`, `..` and doubled slashes worked out; a path below the caller keeps its `./`.
fn clean_local(path: &str) -> String {
    let cleaned = super::super::load::normalized(Path::new(path)).display().to_string();
    if cleaned == ".." || cleaned.starts_with("../") { cleaned } else { format!("./{cleaned}") }
}

/// Splits the part after `//` off: the first double slash that does not belong to a scheme. The query stays with the
/// address.
fn split_subdirectory(text: &str) -> Result<(String, String), SourceError> {
    let (body, query) = text.split_once('?').map_or((text, ""), |(body, query)| (body, query));
    let start = body.find("://").map_or(0, |at| at + 3);
    let Some(at) = body.get(start..).and_then(|rest| rest.find("//")).map(|at| at + start) else {
        return Ok((text.to_owned(), String::new()));
    };
    let (package, subdirectory) = (&body[..at], &body[at + 2..]);
    let address = if query.is_empty() { package.to_owned() } else { format!("{package}?{query}") };
    Ok((address, clean_subdirectory(subdirectory)?))
}

/// A path within a package, cleaned.
///
/// # Errors
///
/// If it leads out of the package.
pub fn clean_subdirectory(path: &str) -> Result<String, SourceError> {
    let cleaned = super::super::load::normalized(Path::new(path.trim_start_matches('/')));
    match cleaned.components().next() {
        Some(Component::Normal(_)) | None => Ok(cleaned.display().to_string()),
        _ => Err(SourceError::Outside(path.to_owned())),
    }
}

/// The registry address that a text is.
fn registry_module(address: &str, subdirectory: &str) -> Option<RegistryModule> {
    let parts: Vec<&str> = address.split('/').collect();
    let (host, rest) = match parts.as_slice() {
        [_, _, _] => (PUBLIC_REGISTRY, &parts[..]),
        [host, rest @ ..] if rest.len() == 3 && is_host(host) && !CODE_HOSTS.contains(host) => (*host, rest),
        _ => return None,
    };
    let [namespace, name, provider] = rest else { return None };
    let valid = is_name(namespace)
        && is_name(name)
        && (1..=64).contains(&provider.len())
        && provider.bytes().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit());
    valid.then(|| RegistryModule {
        host: host.to_ascii_lowercase(),
        namespace: (*namespace).to_owned(),
        name: (*name).to_owned(),
        provider: (*provider).to_owned(),
        subdirectory: subdirectory.to_owned(),
    })
}

fn is_name(text: &str) -> bool {
    let edge = |letter: Option<u8>| letter.is_some_and(|letter| letter.is_ascii_alphanumeric());
    text.len() <= 64
        && edge(text.bytes().next())
        && edge(text.bytes().last())
        && text.bytes().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'))
}

/// A host of a registry: a name with a dot, perhaps a port.
pub fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').map_or((text, None), |(name, port)| (name, Some(port)));
    name.contains('.')
        && name.split('.').all(|label| {
            !label.is_empty()
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-')
        })
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

/// An address that is no registry's, with the short forms written out.
fn remote(address: &str, subdirectory: String) -> Result<RemoteModule, SourceError> {
    let unclear = || SourceError::Unclear(address.to_owned());
    let (prefix, rest) = match address.split_once("::") {
        Some((prefix, rest)) if prefix.bytes().all(|letter| letter.is_ascii_alphanumeric()) => {
            (Some(prefix), rest)
        }
        _ => (None, address),
    };
    if let Some(name) = refused(prefix, rest) {
        return Err(SourceError::Unsupported(name));
    }
    let detected = detect(rest)?;
    let (found, detected, inner) = detected.ok_or_else(unclear)?;
    let prefix = prefix.or(found).map(str::to_owned);
    let (url, query) = detected.split_once('?').map_or((detected.as_str(), ""), |(url, query)| (url, query));
    let scheme = url.split_once("://").map(|(scheme, _)| scheme).ok_or_else(unclear)?;
    let kind = match (prefix.as_deref(), scheme) {
        (Some("git"), "https" | "http" | "ssh" | "file" | "git") => PackageKind::Git,
        (Some("git"), other) => {
            return Err(SourceError::Unsupported(format!("Git repositories by way of {other:?}")));
        }
        (None | Some("http" | "https"), "http" | "https") => PackageKind::Archive,
        (None | Some("file"), "file") => PackageKind::Directory,
        (Some(other), _) => return Err(SourceError::Unsupported(format!("{other:?} addresses"))),
        (None, other) => return Err(SourceError::Unsupported(format!("{other:?} addresses"))),
    };
    let joined = match (inner.is_empty(), subdirectory.is_empty()) {
        (true, _) => subdirectory,
        (false, true) => inner,
        (false, false) => format!("{inner}/{subdirectory}"),
    };
    let package = Package { kind, url: url.to_owned(), query: query.to_owned(), prefix };
    Ok(RemoteModule { package, subdirectory: clean_subdirectory(&joined)? })
}

/// The name of a kind of source that recon does not fetch from.
fn refused(prefix: Option<&str>, rest: &str) -> Option<String> {
    let host = rest.split("://").last()?.split('/').next()?;
    match prefix {
        Some("s3") => Some("S3 buckets (s3::)".to_owned()),
        Some("gcs") => Some("Google Cloud Storage (gcs::)".to_owned()),
        Some("hg") => Some("Mercurial repositories (hg::)".to_owned()),
        None if rest.contains("://") => None,
        None if host == "s3.amazonaws.com" || (host.contains("s3") && host.ends_with(".amazonaws.com")) => {
            Some("S3 buckets".to_owned())
        }
        None if host == "www.googleapis.com" || host.ends_with(".googleapis.com") => {
            Some("Google Cloud Storage".to_owned())
        }
        _ => None,
    }
}

/// What a short form stands for: the kind that it implies, the URL with its query, and the subdirectory that was part
/// of the path.
type Detected = (Option<&'static str>, String, String);

fn detect(rest: &str) -> Result<Option<Detected>, SourceError> {
    let (body, query) = rest.split_once('?').map_or((rest, ""), |(body, query)| (body, query));
    let with_query = |url: String| if query.is_empty() { url } else { format!("{url}?{query}") };
    if let Some((scheme, _)) = body.split_once("://") {
        let plain = !scheme.is_empty()
            && scheme.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'+');
        return Ok(plain.then(|| (None, with_query(body.to_owned()), String::new())));
    }
    for host in ["github.com/", "bitbucket.org/"] {
        let Some(path) = body.strip_prefix(host) else { continue };
        let mut parts = path.splitn(3, '/');
        let (Some(owner), Some(repository)) = (parts.next(), parts.next()) else {
            let detail =
                format!("An address at {host} has the form {host}OWNER/REPOSITORY, and this is {rest:?}.");
            return Err(SourceError::Invalid(detail));
        };
        let repository = repository.strip_suffix(".git").unwrap_or(repository);
        if owner.is_empty() || repository.is_empty() {
            return Ok(None);
        }
        let url = with_query(format!("https://{host}{owner}/{repository}.git"));
        return Ok(Some((Some("git"), url, parts.next().unwrap_or_default().to_owned())));
    }
    if body.starts_with('/') {
        return Ok(Some((None, with_query(format!("file://{body}")), String::new())));
    }
    // scp's form, USER@HOST:PATH.
    if let Some((user, rest)) = body.split_once('@')
        && let Some((host, path)) = rest.split_once(':')
        && !user.is_empty()
        && !user.contains(['/', ':'])
        && !host.contains('/')
        && !path.is_empty()
    {
        let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_by_key(|pair| pair.split('=').next());
        let query = if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) };
        let url = format!("ssh://{user}@{host}/{}{query}", path.trim_start_matches('/'));
        return Ok(Some((Some("git"), url, String::new())));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair was observed: what is written, and what `terraform init` (1.11.4) fetches and records.
    #[test]
    fn short_forms_are_written_out_as_terraform_records_them() {
        let table = [
            ("github.com/a/b", "git::https://github.com/a/b.git"),
            ("github.com/a/b//sub/x?ref=v1", "git::https://github.com/a/b.git//sub/x?ref=v1"),
            ("github.com/a/b.git?ref=v1", "git::https://github.com/a/b.git?ref=v1"),
            ("github.com/a/b/sub", "git::https://github.com/a/b.git//sub"),
            ("github.com/a/b/c", "git::https://github.com/a/b.git//c"),
            ("git@github.com:a/b.git", "git::ssh://git@github.com/a/b.git"),
            (
                "git@github.com:a/b.git//sub?ref=v1&depth=1",
                "git::ssh://git@github.com/a/b.git//sub?depth=1&ref=v1",
            ),
            ("bitbucket.org/a/b//s?ref=1", "git::https://bitbucket.org/a/b.git//s?ref=1"),
            ("git::github.com/a/b", "git::https://github.com/a/b.git"),
            ("git::git@example.com:a/b.git", "git::ssh://git@example.com/a/b.git"),
            ("git::ssh://git@example.com:2222/a/b.git//x", "git::ssh://git@example.com:2222/a/b.git//x"),
            ("git::/srv/repo", "git::file:///srv/repo"),
            ("/srv/module", "file:///srv/module"),
            ("https://127.0.0.1:9/a.zip//x?archive=zip", "https://127.0.0.1:9/a.zip//x?archive=zip"),
            ("https::http://127.0.0.1:9/a", "https::http://127.0.0.1:9/a"),
            ("a/b/c", "registry.terraform.io/a/b/c"),
            ("Host.example.com/a/b/c//d/../e", "host.example.com/a/b/c//e"),
            ("app.terraform.io:8443/a/b/c", "app.terraform.io:8443/a/b/c"),
            ("./../x//y", "../x/y"),
            ("./x/./y/", "./x/y"),
            ("../x", "../x"),
        ];
        for (written, recorded) in table {
            assert_eq!(ModuleSource::parse(written).unwrap().to_string(), recorded, "{written}");
            // What is recorded means the same again.
            assert_eq!(ModuleSource::parse(recorded).unwrap().to_string(), recorded);
        }
    }

    #[test]
    fn what_is_no_source_is_refused_with_a_way_out() {
        for text in ["foo", "foo/bar", "a/b/c/d", "a_/b-/c", "A/b/AWS", "gitlab.com/a/b", "~/x", "", " a/b/c"]
        {
            assert!(matches!(ModuleSource::parse(text), Err(SourceError::Unclear(_))), "{text:?}");
        }
        for text in ["a/b/c//../x", "git::https://example.com/a.git//../x", "github.com/a/b/../../x"] {
            assert!(matches!(ModuleSource::parse(text), Err(SourceError::Outside(_))), "{text}");
        }
        let table = [
            ("s3::https://s3.amazonaws.com/b/k.zip", "S3"),
            ("s3.amazonaws.com/b/k", "S3"),
            ("gcs::https://www.googleapis.com/storage/v1/b/x.zip", "Google"),
            ("hg::http://example.com/a", "Mercurial"),
            ("ftp://example.com/a", "ftp"),
            ("git::ext://sh", "ext"),
        ];
        for (text, named) in table {
            let error = ModuleSource::parse(text).unwrap_err();
            assert!(
                matches!(&error, SourceError::Unsupported(name) if name.contains(named)),
                "{text}: {error}"
            );
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let Ok(ModuleSource::Remote(module)) =
            ModuleSource::parse("git::https://u:geheim@example.com/x.git?ref=1")
        else {
            panic!("a remote module");
        };
        assert_eq!(module.package.to_string(), "git::https://u:redacted@example.com/x.git?ref=1");
        assert_eq!(module.package.parameter("ref").as_deref(), Some("1"));
    }
}
