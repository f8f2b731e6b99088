//! Finding stacks: every directory that a glob of `discover` matches and that has a backend block.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

use crate::config::is_configuration_file;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};

use super::Stack;
use super::read::Located;

/// The stacks found, by path, but for the directories that are declared already.
pub(super) fn discover(
    root: &Path,
    globs: &[Located<String>],
    declared: &[Stack],
    diagnostics: &mut Diagnostics,
) -> Vec<Stack> {
    let known: HashSet<&Path> = declared.iter().map(|stack| stack.path.as_path()).collect();
    let mut found: BTreeMap<PathBuf, Span> = BTreeMap::new();
    for glob in globs {
        let Some((start, matcher)) = compile(glob, diagnostics) else { continue };
        let mut any = false;
        for directory in directories(root, &start, diagnostics) {
            if !matcher.is_match(as_matched(&directory)) || !has_backend(&root.join(&directory)) {
                continue;
            }
            any = true;
            if !known.contains(directory.as_path()) {
                found.entry(directory).or_insert(glob.span);
            }
        }
        if !any {
            let detail = format!(
                "No directory that {:?} matches has a file with a backend block. The glob starts at the directory of this \
                 file, and hidden directories and links are left out.",
                glob.value
            );
            diagnostics.push(Diagnostic::warning("No stack found", detail).at(glob.span));
        }
    }
    named(found, declared, diagnostics)
}

/// Gives the found directories their names; two of one name are complained of.
fn named(found: BTreeMap<PathBuf, Span>, declared: &[Stack], diagnostics: &mut Diagnostics) -> Vec<Stack> {
    let mut taken: HashMap<String, PathBuf> =
        declared.iter().map(|stack| (stack.name.to_string(), stack.path.clone())).collect();
    let mut stacks = Vec::with_capacity(found.len());
    for (path, glob) in found {
        let name = stack_name(&path);
        if let Some(other) = taken.get(&name) {
            let detail = format!(
                "The directory {} would be the stack {name:?}, as {} is already. Declare one of them in a stack block \
                 with a name of its own.",
                shown(&path),
                shown(other)
            );
            diagnostics.push(Diagnostic::error("Duplicate stack", detail).at(glob));
            continue;
        }
        taken.insert(name.clone(), path.clone());
        stacks.push(Stack::of_directory(name, path));
    }
    stacks
}

fn shown(path: &Path) -> String {
    if path.as_os_str().is_empty() { ".".to_owned() } else { path.display().to_string() }
}

/// The name of a stack that no block names: the directories of its path with dots between, in small letters, `-` for
/// what a name cannot have; `root` for the repository's root.
pub fn stack_name(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .map(|component| {
            component.as_os_str().to_string_lossy().to_lowercase().replace(
                |letter: char| {
                    !(letter.is_ascii_lowercase() || letter.is_ascii_digit() || "._-".contains(letter))
                },
                "-",
            )
        })
        .collect();
    let name = parts.join(".");
    let name = name.trim_start_matches(['.', '_', '-']);
    if name.is_empty() { "root".to_owned() } else { name.to_owned() }
}

/// The directory that a glob's matches are all in, and the glob.
fn compile(glob: &Located<String>, diagnostics: &mut Diagnostics) -> Option<(PathBuf, GlobMatcher)> {
    let text = glob.value.strip_prefix("./").unwrap_or(&glob.value);
    let text = text.strip_suffix('/').unwrap_or(text);
    if glob.value.is_empty() || text.starts_with('/') || text.split('/').any(|part| part == "..") {
        let detail = format!(
            "{:?} does not lead into this repository. Write a glob of directories that starts at its root, such as \
             \"infra/**\".",
            glob.value
        );
        diagnostics.push(Diagnostic::error("Path outside of the repository", detail).at(glob.span));
        return None;
    }
    match GlobBuilder::new(text).literal_separator(true).build() {
        Ok(built) => {
            let parts = text.split('/').filter(|part| *part != ".");
            let start = parts.take_while(|part| !part.contains(['*', '?', '[', '{', '\\'])).collect();
            Some((start, built.compile_matcher()))
        }
        Err(error) => {
            let detail = format!(
                "{:?} cannot be read as a glob: {}. `*` stands for any text within a directory's name, `**` for any \
                 directories.",
                glob.value,
                error.kind()
            );
            diagnostics.push(Diagnostic::error("Invalid glob", detail).at(glob.span));
            None
        }
    }
}

/// The root is `.`, which `**` and `*` match.
fn as_matched(directory: &Path) -> &Path {
    if directory.as_os_str().is_empty() { Path::new(".") } else { directory }
}

/// A directory and all in it, relative to the root, but hidden ones and links.
fn directories(root: &Path, start: &Path, diagnostics: &mut Diagnostics) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![start.to_owned()];
    if !root.join(start).is_dir() {
        pending.clear();
    }
    while let Some(directory) = pending.pop() {
        match std::fs::read_dir(root.join(&directory)) {
            Ok(entries) => {
                let inner = entries.flatten().filter(|entry| {
                    entry.file_type().is_ok_and(|ty| ty.is_dir())
                        && !entry.file_name().as_encoded_bytes().starts_with(b".")
                });
                pending.extend(inner.map(|entry| directory.join(entry.file_name())));
            }
            Err(error) => {
                let detail = format!(
                    "The directory {} cannot be searched for stacks: {error}. Make it readable, or write globs that leave \
                     it out.",
                    shown(&directory)
                );
                diagnostics.push(Diagnostic::error("Failed to read directory", detail));
            }
        }
        found.push(directory);
    }
    found
}

/// Whether a file of the directory has `terraform { backend "…" { … } }`. A broken file that seems to is taken to have
/// one, so that its mistakes are told when the stack is loaded.
fn has_backend(directory: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(directory) else { return false };
    entries.flatten().any(|entry| {
        let Ok(name) = entry.file_name().into_string() else { return false };
        if !is_configuration_file(&name) {
            return false;
        }
        let Ok(bytes) = std::fs::read(entry.path()) else { return false };
        if !bytes.windows(b"backend".len()).any(|window| window == b"backend") {
            return false;
        }
        let sources = SourceMap::new();
        let (body, found) = if name.ends_with(".json") {
            parse::json::parse_module_file(&sources, name, &bytes)
        } else {
            parse::parse_file(&sources, name, &bytes)
        };
        found.has_errors()
            || body.blocks("terraform").any(|block| block.body.blocks("backend").next().is_some())
    })
}
