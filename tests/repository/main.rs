//! The repository's file: what is read from it, what is decided by it, and what is said of mistakes in it.

mod decisions;
mod documentation;
mod files;
mod freeze;
#[path = "../support/json_schema.rs"]
mod json_schema;
mod mistakes;
mod schema;

use std::path::Path;

use recon::lang::diagnostic::Diagnostics;
use recon::lang::source::SourceMap;
use recon::render::Colors;
use recon::render::diagnostic::diagnostics;
use recon::repository::{Repository, load};
use tempfile::TempDir;

/// A directory with the given files in it.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = TempDir::new().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// What is read from a repository, and what recon says of it.
fn read(root: &Path) -> (Repository, Diagnostics, String) {
    let sources = SourceMap::new();
    let (repository, found) = load(root, Path::new(""), &sources);
    let said = diagnostics(found.iter(), &sources, Colors(false));
    (repository, found, said)
}

/// What is read from a repository that nothing is wrong with.
fn good(root: &Path) -> Repository {
    let (repository, _, said) = read(root);
    assert_eq!(said, "");
    repository
}
