//! Unpacks archives that nobody vouches for: nothing is written outside the directory given, and not more than
//! the limits allow.

use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::links::{self, CheckError};

/// What a package may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the archive.
    pub download: u64,
    /// Bytes of all its files together.
    pub unpacked: u64,
    /// Files, directories and links.
    pub entries: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { download: 512 << 20, unpacked: 2 << 30, entries: 200_000 }
    }
}

/// Kinds of archives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArchiveKind {
    Tar,
    TarGz,
    Zip,
}

/// Suffixes of archives' names; `None`: known, and not supported.
const SUFFIXES: [(&str, Option<ArchiveKind>); 12] = [
    ("tar.gz", Some(ArchiveKind::TarGz)),
    ("tgz", Some(ArchiveKind::TarGz)),
    ("tar", Some(ArchiveKind::Tar)),
    ("zip", Some(ArchiveKind::Zip)),
    ("tar.bz2", None),
    ("tbz2", None),
    ("tar.xz", None),
    ("txz", None),
    ("tar.zst", None),
    ("gz", None),
    ("bz2", None),
    ("xz", None),
];

/// The kinds that are named where another is refused.
pub const SUPPORTED: &str = "tar.gz, tgz, tar and zip";

impl ArchiveKind {
    /// The kind that the parameter `archive` names. `Err`: none that recon unpacks.
    pub fn named(name: &str) -> Result<ArchiveKind, ArchiveError> {
        let found = SUFFIXES.iter().find(|(suffix, _)| *suffix == name).and_then(|(_, kind)| *kind);
        found.ok_or_else(|| ArchiveError::Unsupported(name.to_owned()))
    }

    /// The kind that a path's end tells. `Ok(None)`: it tells none.
    pub fn of_path(path: &str) -> Result<Option<ArchiveKind>, ArchiveError> {
        let file = path.rsplit('/').next().unwrap_or_default();
        for (suffix, kind) in SUFFIXES {
            if file.strip_suffix(suffix).is_some_and(|stem| stem.ends_with('.')) {
                return kind.map(Some).ok_or_else(|| ArchiveError::Unsupported(suffix.to_owned()));
            }
        }
        Ok(None)
    }
}

/// Why an archive cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("archives of the kind {0:?} are not unpacked: recon unpacks {SUPPORTED}")]
    Unsupported(String),
    #[error("the archive holds {0:?}, which leads out of the module's package")]
    Outside(String),
    #[error("the archive holds {0:?}, which is neither a file nor a directory nor a link")]
    Special(String),
    #[error("the archive is larger than {0} bytes when unpacked")]
    TooLarge(u64),
    #[error("the archive has more than {0} entries")]
    TooMany(u64),
    #[error("the archive is encrypted")]
    Encrypted,
    #[error("the archive is broken: {0}")]
    Broken(String),
    #[error("it cannot be unpacked: {0}")]
    Io(#[from] io::Error),
}

/// Unpacks an archive into an empty directory.
///
/// # Errors
///
/// If the archive is broken, exceeds a limit, or holds anything that would be, or lead, outside the directory. What
/// was unpacked by then stays.
pub fn unpack(file: File, kind: ArchiveKind, directory: &Path, limits: &Limits) -> Result<(), ArchiveError> {
    let mut unpacking = Unpacking { directory, limits, unpacked: 0, entries: 0, links: Vec::new() };
    match kind {
        ArchiveKind::Tar => unpacking.tar(io::BufReader::new(file))?,
        ArchiveKind::TarGz => unpacking.tar(MultiGzDecoder::new(io::BufReader::new(file)))?,
        ArchiveKind::Zip => unpacking.zip(io::BufReader::new(file))?,
    }
    unpacking.finish()
}

struct Unpacking<'a> {
    directory: &'a Path,
    limits: &'a Limits,
    unpacked: u64,
    entries: u64,
    /// Made last, so that nothing is written through one: the link and what it says.
    links: Vec<(PathBuf, PathBuf)>,
}

impl Unpacking<'_> {
    fn tar(&mut self, reader: impl Read) -> Result<(), ArchiveError> {
        let broken = |error: io::Error| ArchiveError::Broken(error.to_string());
        // Headers, padding and what is skipped count, too, or an archive could go on for ever.
        let room = self.limits.unpacked.saturating_add(self.limits.entries.saturating_mul(4096));
        let mut archive = tar::Archive::new(Bounded { inner: reader, left: room });
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let path = entry.path().map_err(broken)?.into_owned();
            let kind = entry.header().entry_type();
            if kind.is_pax_global_extensions() {
                continue;
            }
            self.count()?;
            let Some(path) = inside(&path)? else { continue };
            let target =
                || entry.link_name().ok().flatten().map(std::borrow::Cow::into_owned).unwrap_or_default();
            if kind.is_dir() {
                fs::create_dir_all(self.directory.join(path))?;
            } else if kind.is_symlink() {
                self.links.push((path, target()));
            } else if kind.is_hard_link() {
                let Some(target) = inside(&target())? else {
                    return Err(ArchiveError::Outside(path.display().to_string()));
                };
                self.file(&path, false, File::open(self.directory.join(target))?)?;
            } else if kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse() {
                let executable = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
                self.file(&path, executable, &mut entry)?;
            } else {
                return Err(ArchiveError::Special(path.display().to_string()));
            }
        }
        Ok(())
    }

    fn zip(&mut self, reader: impl Read + Seek) -> Result<(), ArchiveError> {
        let broken = |error: zip::result::ZipError| ArchiveError::Broken(error.to_string());
        let mut archive = zip::ZipArchive::new(reader).map_err(broken)?;
        for index in 0..archive.len() {
            self.count()?;
            let mut entry = match archive.by_index(index) {
                Ok(entry) => entry,
                Err(zip::result::ZipError::UnsupportedArchive(detail))
                    if detail == zip::result::ZipError::PASSWORD_REQUIRED =>
                {
                    return Err(ArchiveError::Encrypted);
                }
                Err(error) => return Err(broken(error)),
            };
            let name = entry.name().replace('\\', "/");
            let Some(path) = inside(Path::new(&name))? else { continue };
            let mode = entry.unix_mode().unwrap_or_default();
            if entry.is_dir() {
                fs::create_dir_all(self.directory.join(path))?;
            } else if entry.is_symlink() {
                let mut target = String::new();
                entry.by_ref().take(4096).read_to_string(&mut target)?;
                self.links.push((path, PathBuf::from(target)));
            } else if matches!(mode & 0o170_000, 0 | 0o100_000) {
                self.file(&path, mode & 0o111 != 0, &mut entry)?;
            } else {
                return Err(ArchiveError::Special(name));
            }
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            Err(ArchiveError::TooMany(self.limits.entries))
        } else {
            Ok(())
        }
    }

    /// Writes one file, and stops at the limit whatever the archive says of its size.
    fn file(&mut self, path: &Path, executable: bool, content: impl Read) -> Result<(), ArchiveError> {
        let path = self.directory.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mode = if executable { 0o755 } else { 0o644 };
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
        let left = self.limits.unpacked - self.unpacked;
        let written = io::copy(&mut content.take(left + 1), &mut file)?;
        if written > left {
            return Err(ArchiveError::TooLarge(self.limits.unpacked));
        }
        file.flush()?;
        self.unpacked += written;
        Ok(())
    }

    fn finish(self) -> Result<(), ArchiveError> {
        for (path, target) in self.links {
            let path = self.directory.join(path);
            if let Some(parent) = path.parent() {
                // A link made before may stand where a directory is wanted.
                match links::resolve(self.directory, parent.strip_prefix(self.directory).unwrap_or(parent)) {
                    Ok(inner) => fs::create_dir_all(self.directory.join(inner))?,
                    Err(escape) => return Err(ArchiveError::Outside(escape.0.display().to_string())),
                }
            }
            symlink(target, path)?;
        }
        match links::check(self.directory) {
            Ok(()) => Ok(()),
            Err(CheckError::Escape(escape)) => Err(ArchiveError::Outside(escape.0.display().to_string())),
            Err(CheckError::Io(error)) => Err(error.into()),
        }
    }
}

/// An entry's path, cleaned. `None`: the directory itself.
fn inside(path: &Path) -> Result<Option<PathBuf>, ArchiveError> {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => cleaned.push(name),
            _ => return Err(ArchiveError::Outside(path.display().to_string())),
        }
    }
    Ok((!cleaned.as_os_str().is_empty()).then_some(cleaned))
}

/// A reader that fails where a limit is reached.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it is larger than recon unpacks"))?;
        Ok(read)
    }
}
