//! Source files and places in them.
//!
//! Every piece of syntax carries a [`Span`], two byte offsets and the file they belong to. A span is
//! twelve bytes and `Copy`; line and column are worked out only when a person is to be told.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use super::text::graphemes;

/// A file known to a [`SourceMap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(pub u32);

/// A range of bytes in one source file: `start` is the first byte, `end` the first one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(source: SourceId, start: usize, end: usize) -> Span {
        Span { source, start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both; both must be of one file.
    pub fn to(self, other: Span) -> Span {
        debug_assert_eq!(self.source, other.source);
        Span { source: self.source, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The empty span just after this one.
    pub fn after(self) -> Span {
        Span { source: self.source, start: self.end, end: self.end }
    }

    /// The empty span at the start of this one.
    pub fn before(self) -> Span {
        Span { source: self.source, start: self.start, end: self.start }
    }
}

/// A place as people and editors count: line and column from 1, the column in grapheme clusters
/// (as the reference does), the byte offset from 0, a byte order mark counted in that only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
    pub byte: usize,
}

/// One file's name and text. The text is without a byte order mark: `bom` says that there was one.
#[derive(Debug)]
pub struct SourceFile {
    /// The path as a person would type it from where they are.
    pub name: String,
    pub text: Arc<str>,
    pub bom: bool,
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: String, text: &str) -> SourceFile {
        let (bom, text) = match text.strip_prefix('\u{feff}') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let line_starts =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
        SourceFile { name, text: Arc::from(text), bom, line_starts }
    }

    /// The place of a byte offset.
    pub fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start as usize <= byte) - 1;
        let before = self.text.get(self.line_starts[line] as usize..byte).unwrap_or_default();
        Position { line: line + 1, column: graphemes(before).count() + 1, byte }
    }

    /// The text of a line (counted from 1) without its line end.
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|index| self.line_starts.get(index)) else {
            return "";
        };
        let end = self.line_starts.get(line).map_or(self.text.len(), |next| *next as usize);
        self.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }
}

/// All files that were read in this run. Append-only, so a [`SourceId`] stays good; shared by reference.
#[derive(Debug, Default)]
pub struct SourceMap {
    files: RwLock<Vec<Arc<SourceFile>>>,
    edited: BTreeMap<PathBuf, String>,
}

impl SourceMap {
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// A map for a run in which these files, by their canonical paths, hold other texts than on the disk.
    pub fn edited(edited: BTreeMap<PathBuf, String>) -> SourceMap {
        SourceMap { edited, ..SourceMap::default() }
    }

    /// The bytes of a file that is to be parsed.
    ///
    /// # Errors
    /// As [`std::fs::read`].
    pub fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        // A file that is only to be made has no canonical path.
        let full = path.canonicalize().ok();
        if let Some(text) = self.edited.get(full.as_deref().unwrap_or(path)) {
            return Ok(text.clone().into_bytes());
        }
        std::fs::read(path)
    }

    pub fn add(&self, name: impl Into<String>, text: &str) -> SourceId {
        let mut files = self.files.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.push(Arc::new(SourceFile::new(name.into(), text)));
        SourceId(files.len() as u32 - 1)
    }

    /// The file of an id. Ids come only from [`SourceMap::add`] of the same map.
    pub fn file(&self, id: SourceId) -> Arc<SourceFile> {
        let files = self.files.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        Arc::clone(&files[id.0 as usize])
    }

    /// The names of all files, in the order in which they were read.
    pub fn names(&self) -> Vec<String> {
        let files = self.files.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.iter().map(|file| file.name.clone()).collect()
    }

    /// The source text that a span covers.
    pub fn text(&self, span: Span) -> String {
        self.file(span.source).text.get(span.start as usize..span.end as usize).unwrap_or_default().to_owned()
    }
}
