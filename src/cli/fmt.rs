//! `recon fmt`

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use similar::TextDiff;

use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::format::format;
use crate::lang::source::SourceMap;

use crate::render::Colors;

use super::session::use_colors;
use super::{FAILURE, SUCCESS};

/// Terraform's exit code of `fmt -check` where something is to be formatted.
const NOT_FORMATTED: u8 = 3;

#[derive(Args)]
pub struct FmtArgs {
    /// Files and directories; the current directory if none is given, standard input for "-".
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Changes nothing: the exit code is 3 if a file is not in canonical style.
    #[arg(long)]
    check: bool,
    /// Shows what changes.
    #[arg(long)]
    diff: bool,
    /// Formats the directories below, too.
    #[arg(long)]
    recursive: bool,
    /// Whether to write the files, "--write=false" for not.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    write: bool,
    /// Whether to list the files that change, "--list=false" for not.
    #[arg(long, value_name = "BOOL", default_value_t = true, action = clap::ArgAction::Set)]
    list: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

pub fn run(args: FmtArgs) -> u8 {
    let sources = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let changed = if args.paths.iter().any(|path| path == Path::new("-")) {
        from_input(&args, &sources, &mut diagnostics)
    } else {
        let mut files = Vec::new();
        let here = [PathBuf::from(".")];
        for path in if args.paths.is_empty() { &here[..] } else { &args.paths } {
            gather(path, args.recursive, true, &mut files, &mut diagnostics);
        }
        files.sort();
        files.dedup();
        let mut changed = false;
        for file in &files {
            changed |= one_file(&args, file, &sources, &mut diagnostics);
        }
        changed
    };
    let colors = Colors(use_colors() && !args.no_color);
    for diagnostic in diagnostics.iter() {
        eprintln!("{}", crate::render::diagnostic::diagnostic(diagnostic, &sources, colors));
    }
    if diagnostics.has_errors() {
        FAILURE
    } else if args.check && changed {
        NOT_FORMATTED
    } else {
        SUCCESS
    }
}

/// The files of the language at a path: those of a directory, or the file itself.
fn gather(
    path: &Path,
    recursive: bool,
    is_named: bool,
    files: &mut Vec<PathBuf>,
    diagnostics: &mut Diagnostics,
) {
    let complain = |problem: String, diagnostics: &mut Diagnostics| {
        diagnostics.push(Diagnostic::error("No such files", problem));
    };
    if path.is_file() {
        if is_formatted(path) {
            files.push(path.to_owned());
        } else if is_named {
            let detail = format!(
                "{} cannot be formatted: only .tf, .tfvars, .tftest.hcl and .tfmock.hcl files are.",
                path.display()
            );
            complain(detail, diagnostics);
        }
        return;
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            return complain(format!("{} cannot be read: {error}.", path.display()), diagnostics);
        }
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let hidden = name.to_string_lossy().starts_with('.');
        let entry = if path == Path::new(".") { PathBuf::from(&name) } else { entry.path() };
        if entry.is_dir() {
            if recursive && !hidden {
                gather(&entry, recursive, false, files, diagnostics);
            }
        } else if !hidden {
            gather(&entry, recursive, false, files, diagnostics);
        }
    }
}

fn is_formatted(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".tf", ".tfvars", ".tftest.hcl", ".tfmock.hcl"].iter().any(|suffix| name.ends_with(suffix))
}

/// Whether the file was in another style.
fn one_file(args: &FmtArgs, path: &Path, sources: &SourceMap, diagnostics: &mut Diagnostics) -> bool {
    let name = path.display().to_string();
    let failed = |what: &str, error: std::io::Error| {
        Diagnostic::error("Formatting failed", format!("{name} cannot be {what}: {error}."))
    };
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            diagnostics.push(failed("read", error));
            return false;
        }
    };
    let text = match format(sources, &name, &bytes) {
        Ok(text) => text,
        Err(found) => {
            diagnostics.append(found);
            return false;
        }
    };
    if text.as_bytes() == bytes {
        return false;
    }
    if args.list {
        println!("{name}");
    }
    if args.diff {
        print_diff(&name, &String::from_utf8_lossy(&bytes), &text);
    }
    if args.write
        && !args.check
        && let Err(error) = write(path, &text)
    {
        diagnostics.push(failed("written", error));
    }
    true
}

/// Writes a file beside the old one, with its permissions, and renames it over it.
pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays a link.
    let path = std::fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    file.as_file().set_permissions(std::fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    Ok(())
}

fn from_input(args: &FmtArgs, sources: &SourceMap, diagnostics: &mut Diagnostics) -> bool {
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut bytes) {
        let detail = format!("The standard input cannot be read: {error}.");
        diagnostics.push(Diagnostic::error("Formatting failed", detail));
        return false;
    }
    match format(sources, "<stdin>", &bytes) {
        Ok(text) => {
            let changed = text.as_bytes() != bytes;
            if args.diff && changed {
                print_diff("<stdin>", &String::from_utf8_lossy(&bytes), &text);
            } else if !args.check {
                print!("{text}");
            }
            changed
        }
        Err(found) => {
            diagnostics.append(found);
            false
        }
    }
}

fn print_diff(name: &str, old: &str, new: &str) {
    let diff = TextDiff::from_lines(old, new);
    print!("{}", diff.unified_diff().header(&format!("old/{name}"), &format!("new/{name}")));
}
