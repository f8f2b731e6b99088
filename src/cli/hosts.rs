//! Terraform's CLI configuration: where it is, and what of it concerns recon.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::install::settings::HostSettings;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;

/// Reads what is configured for hosts: `TF_CLI_CONFIG_FILE`, or else `~/.terraformrc` and the files of
/// `~/.terraform.d`; the tokens that `terraform login` has stored; `TF_TOKEN_…`.
pub fn host_settings(sources: &SourceMap) -> (HostSettings, Diagnostics) {
    let mut settings = HostSettings::default();
    let mut diagnostics = Diagnostics::new();
    let home = variable("HOME").map(PathBuf::from);
    for file in files(home.as_deref()) {
        let name = file.display().to_string();
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            // Like Terraform's, a file that is named and is not there is no reason to stop.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let detail = format!("The CLI configuration file {name} does not exist.");
                diagnostics.push(Diagnostic::warning("CLI configuration not read", detail));
                continue;
            }
            Err(error) => {
                let detail = format!("The CLI configuration file {name} cannot be read: {error}.");
                diagnostics.push(Diagnostic::error("CLI configuration not read", detail));
                continue;
            }
        };
        if !name.ends_with(".json") {
            diagnostics.append(settings.add_file(sources, &name, &bytes));
        } else if let Err(problem) = settings.add_json(&bytes) {
            let detail = format!("The CLI configuration file {name} cannot be used: {problem}.");
            diagnostics.push(Diagnostic::error("CLI configuration not read", detail));
        }
    }
    // A name that is no text is none of Terraform's.
    let texts = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    settings.add_environment(texts);
    (settings, diagnostics)
}

fn variable(name: &str) -> Option<std::ffi::OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// The files to read, those first whose word counts.
fn files(home: Option<&Path>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let directory = home.map(|home| home.join(".terraform.d"));
    let stored = directory.as_ref().map(|directory| directory.join("credentials.tfrc.json"));
    match variable("TF_CLI_CONFIG_FILE") {
        Some(named) => files.push(PathBuf::from(named)),
        None => {
            files.extend(home.map(|home| home.join(".terraformrc")).filter(|file| file.is_file()));
            let entries =
                directory.iter().filter_map(|directory| std::fs::read_dir(directory).ok()).flatten();
            let mut more: Vec<PathBuf> = entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    name.ends_with(".tfrc") || name.ends_with(".tfrc.json")
                })
                .filter(|path| Some(path) != stored.as_ref())
                .collect();
            more.sort();
            files.extend(more);
        }
    }
    files.extend(stored.filter(|file| file.is_file()));
    files
}
