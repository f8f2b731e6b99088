//! Fetches a package, whatever it is fetched with, into an empty directory.

use std::path::{Path, PathBuf};

use reqwest::Url;
use sha2::Digest;

use super::archive::{ArchiveError, ArchiveKind, Limits, unpack};
use super::git::{self, GitError};
use super::http::{Http, HttpError, check_address, shown};
use super::links::{self, CheckError};
use super::registry::led_to;
use super::source::{Package, PackageKind, RemoteModule};

/// How often a page may lead on to another.
const MAX_HOPS: usize = 5;

/// Why a package was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("{0}")]
    Address(String),
    #[error("{0}")]
    Led(String),
    #[error("the download's checksum is {found}, and {wanted} was asked for")]
    Checksum { wanted: String, found: String },
    #[error("the package holds {0:?}, a link that leads out of it")]
    Link(String),
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("the download was given up: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl From<CheckError> for FetchError {
    fn from(error: CheckError) -> FetchError {
        match error {
            CheckError::Escape(escape) => FetchError::Link(escape.0.display().to_string()),
            CheckError::Io(error) => FetchError::Io(error),
        }
    }
}

/// Fetches packages.
pub struct Fetcher<'a> {
    pub http: &'a Http,
    pub limits: Limits,
}

impl Fetcher<'_> {
    /// Fetches a package into an empty directory. Where a page leads to a subdirectory of a package, that alone is
    /// what is fetched, as Terraform has it.
    ///
    /// # Errors
    ///
    /// If it cannot be fetched, is not what was asked for, exceeds a limit, or holds a link that leads out of it. The
    /// directory's content is of no use then.
    pub async fn fetch(&self, package: &Package, directory: &Path) -> Result<(), FetchError> {
        let mut current = RemoteModule { package: package.clone(), subdirectory: String::new() };
        for _ in 0..MAX_HOPS {
            match current.package.kind {
                PackageKind::Git => {
                    if let Ok(url) = Url::parse(&current.package.url)
                        && matches!(url.scheme(), "http" | "https")
                    {
                        check_address(&url, &url)?;
                    }
                    git::fetch(&current.package, directory).await?;
                    let root = directory.to_owned();
                    match tokio::task::spawn_blocking(move || links::check(&root)).await? {
                        Ok(()) => return narrowed(directory, current.subdirectory).await,
                        Err(error) => return Err(error.into()),
                    }
                }
                PackageKind::Archive => match self.over_http(&current.package, directory).await? {
                    None => return narrowed(directory, current.subdirectory).await,
                    Some(next) => {
                        let inner = join(&next.subdirectory, &current.subdirectory);
                        current = RemoteModule { subdirectory: inner, ..next };
                    }
                },
                PackageKind::Directory => {
                    return Err(FetchError::Address("A directory is used where it is.".to_owned()));
                }
            }
        }
        Err(FetchError::Led(format!("{package} leads on to other places without end")))
    }

    /// Downloads and unpacks an archive. `Some`: the address is a page that leads on.
    async fn over_http(
        &self,
        package: &Package,
        directory: &Path,
    ) -> Result<Option<RemoteModule>, FetchError> {
        let kind = match package.parameter("archive") {
            Some(name) => Some(ArchiveKind::named(&name)?),
            None => ArchiveKind::of_path(&package.url)?,
        };
        let query = package.query_without(&["archive", "checksum", "filename"]);
        let mut url = Url::parse(&format!("{}{query}", package.url))
            .map_err(|error| FetchError::Address(format!("{package} is no URL: {error}")))?;
        let Some(kind) = kind else {
            url.query_pairs_mut().append_pair("terraform-get", "1");
            return self.page(&url).await.map(Some);
        };
        let wanted = package.parameter("checksum").map(|text| checksum(&text)).transpose()?;
        let answer = self.http.get(&url, None, "*/*").await?;
        let mut file = tempfile::tempfile()?;
        answer.save(&mut file, self.limits.download).await?;
        let (limits, directory) = (self.limits, directory.to_owned());
        tokio::task::spawn_blocking(move || unpack_checked(file, kind, wanted, &directory, &limits))
            .await??;
        Ok(None)
    }

    /// Where a page leads: its header X-Terraform-Get, or its meta tag terraform-get.
    async fn page(&self, url: &Url) -> Result<RemoteModule, FetchError> {
        let answer = self.http.get(url, None, "*/*").await?;
        let base = answer.url.clone();
        let named =
            answer.headers().get("x-terraform-get").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let location = match named {
            Some(location) => location,
            None => {
                let content = answer.document().await?;
                meta_tag(&String::from_utf8_lossy(&content)).ok_or_else(|| {
                    FetchError::Led(format!(
                        "{} is no archive by its name, and the answer has neither a header X-Terraform-Get nor a meta tag \
                         terraform-get; if it is an archive, say of what kind: ?archive=tar.gz",
                        shown(&base)
                    ))
                })?
            }
        };
        led_to(&base, &location).map_err(|problem| FetchError::Led(format!("{}: {problem}", shown(&base))))
    }
}

/// Makes a subdirectory of a package the package.
async fn narrowed(directory: &Path, wanted: String) -> Result<(), FetchError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let directory = directory.to_owned();
    let narrow = move || {
        let inner = subdirectory(&directory, &wanted).map_err(FetchError::Address)?;
        let inner = links::resolve(&directory, &inner).map_err(CheckError::from)?;
        if inner.as_os_str().is_empty() {
            return Ok(());
        }
        // Beside the package, under a name that is removed if this run ends here.
        let mut aside = directory.clone().into_os_string();
        aside.push("-inner");
        std::fs::rename(directory.join(inner), &aside)?;
        std::fs::remove_dir_all(&directory)?;
        std::fs::rename(&aside, &directory)?;
        // A link to what was beside the subdirectory leads out now.
        links::check(&directory)?;
        Ok(())
    };
    tokio::task::spawn_blocking(narrow).await?
}

/// Two paths within a package, either of which may be empty.
pub fn join(outer: &str, inner: &str) -> String {
    match (outer.is_empty(), inner.is_empty()) {
        (true, _) => inner.to_owned(),
        (_, true) => outer.to_owned(),
        _ => format!("{outer}/{inner}"),
    }
}

/// The directory of a package that a subdirectory means, relative to it. A `*` stands for a name that is the only one
/// to fit.
///
/// # Errors
///
/// If it is not there, is no directory, leads out of the package, or a `*` fits several names or none.
pub fn subdirectory(package: &Path, wanted: &str) -> Result<PathBuf, String> {
    let mut path = PathBuf::new();
    for step in wanted.split('/').filter(|step| !step.is_empty() && *step != ".") {
        if !step.contains('*') {
            path.push(step);
            continue;
        }
        let pattern = globset::Glob::new(step).map_err(|error| error.to_string())?.compile_matcher();
        let entries = std::fs::read_dir(package.join(&path)).map_err(|error| error.to_string())?;
        let mut fitting =
            entries.flatten().map(|entry| entry.file_name()).filter(|name| pattern.is_match(name));
        let (Some(only), None) = (fitting.next(), fitting.next()) else {
            return Err(format!(
                "the subdirectory {wanted:?} does not fit exactly one directory of the package"
            ));
        };
        path.push(only);
    }
    let resolved = links::resolve(package, &path).map_err(|escape| escape.to_string())?;
    if package.join(resolved).is_dir() {
        Ok(path)
    } else {
        Err(format!("the package has no directory {wanted:?}"))
    }
}

/// A checksum that was asked for: the algorithm, and the sum in lower-case hexadecimal digits.
struct Wanted {
    algorithm: Algorithm,
    sum: String,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

/// `sha256:…`, or only the sum, whose length tells the algorithm.
fn checksum(text: &str) -> Result<Wanted, FetchError> {
    let algorithms = [
        ("md5", 32, Algorithm::Md5),
        ("sha1", 40, Algorithm::Sha1),
        ("sha256", 64, Algorithm::Sha256),
        ("sha512", 128, Algorithm::Sha512),
    ];
    let (name, sum) = text.split_once(':').map_or((None, text), |(name, sum)| (Some(name), sum));
    let found = algorithms
        .iter()
        .find(|(known, length, _)| name.is_none_or(|name| name == *known) && sum.len() == *length)
        .filter(|_| sum.bytes().all(|digit| digit.is_ascii_hexdigit()));
    match found {
        Some((_, _, algorithm)) => Ok(Wanted { algorithm: *algorithm, sum: sum.to_ascii_lowercase() }),
        None => Err(FetchError::Address(format!(
            "the checksum {text:?} is not one that recon checks: it has the form md5:, sha1:, sha256: or sha512: and the \
             sum in hexadecimal digits"
        ))),
    }
}

fn unpack_checked(
    mut file: std::fs::File,
    kind: ArchiveKind,
    wanted: Option<Wanted>,
    directory: &Path,
    limits: &Limits,
) -> Result<(), FetchError> {
    use std::io::Seek;
    if let Some(Wanted { algorithm, sum }) = wanted {
        file.rewind()?;
        let found = match algorithm {
            Algorithm::Md5 => sum_of::<md5::Md5>(&mut file)?,
            Algorithm::Sha1 => sum_of::<sha1::Sha1>(&mut file)?,
            Algorithm::Sha256 => sum_of::<sha2::Sha256>(&mut file)?,
            Algorithm::Sha512 => sum_of::<sha2::Sha512>(&mut file)?,
        };
        if found != sum {
            return Err(FetchError::Checksum { wanted: sum, found });
        }
    }
    file.rewind()?;
    unpack(file, kind, directory, limits)?;
    Ok(())
}

fn sum_of<D: Digest + std::io::Write>(file: &mut std::fs::File) -> std::io::Result<String> {
    use std::fmt::Write as _;
    let mut digest = D::new();
    std::io::copy(file, &mut digest)?;
    let mut text = String::new();
    for byte in digest.finalize() {
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

/// The content of a page's `<meta name="terraform-get" content="…">`.
fn meta_tag(page: &str) -> Option<String> {
    let lower = page.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..)?.find("<meta").map(|at| at + from) {
        let end = lower.get(at..)?.find('>').map(|end| end + at)?;
        let tag = page.get(at..end)?;
        if attribute(tag, "name").as_deref() == Some("terraform-get") {
            return attribute(tag, "content");
        }
        from = end;
    }
    None
}

/// An attribute of a tag, its character references for `&` and quotes replaced.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = lower.get(from..)?.find(name)? + from;
        from = at + name.len();
        let stands_alone = lower[..at].ends_with(|letter: char| letter.is_ascii_whitespace());
        let Some(rest) = tag.get(from..)?.trim_start().strip_prefix('=').filter(|_| stands_alone) else {
            continue;
        };
        let rest = rest.trim_start();
        let value = match rest.chars().next()? {
            quote @ ('"' | '\'') => rest[1..].split(quote).next()?,
            _ => rest.split_ascii_whitespace().next()?.trim_end_matches('/'),
        };
        return Some(value.replace("&quot;", "\"").replace("&amp;", "&"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_meta_tag_is_found_however_it_is_written() {
        let table = [
            (
                r#"<meta name="terraform-get" content="https://e.example/x.zip?a=1&amp;b=2"/>"#,
                Some("https://e.example/x.zip?a=1&b=2"),
            ),
            ("<META CONTENT='x' NAME='terraform-get'>", Some("x")),
            ("<meta name=viewport content=1><meta name=terraform-get content=y />", Some("y")),
            (r#"<meta name="other" content="z">"#, None),
            ("<meta", None),
            ("", None),
        ];
        for (page, expected) in table {
            assert_eq!(meta_tag(page).as_deref(), expected, "{page}");
        }
    }

    #[test]
    fn a_star_in_a_subdirectory_fits_exactly_one_name() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("owner-name-abc/modules/x")).unwrap();
        assert_eq!(subdirectory(folder.path(), "*/modules").unwrap(), Path::new("owner-name-abc/modules"));
        assert!(subdirectory(folder.path(), "*/nothing").is_err());
        std::fs::create_dir(folder.path().join("second")).unwrap();
        assert!(subdirectory(folder.path(), "*").is_err());
        std::os::unix::fs::symlink("/", folder.path().join("out")).unwrap();
        assert!(subdirectory(folder.path(), "out/etc").is_err());
    }

    #[test]
    fn checksums_need_a_known_form() {
        for text in ["sha256:abc", "crc:00", "file:https://e.example/sums", "", &"g".repeat(64)] {
            assert!(checksum(text).is_err(), "{text}");
        }
        assert!(checksum(&"A".repeat(64)).is_ok_and(|wanted| wanted.sum == "a".repeat(64)));
    }
}
