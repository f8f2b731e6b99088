//! Terraform, as a peer to compare with. Only `--test interop` uses it; `.ci/run` runs that target where
//! Terraform and the AWS provider are at hand.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::stack::{Run, Stack};

/// The provider's folder below a mirror.
const PROVIDER: &str = "registry.terraform.io/hashicorp/aws";

/// A `terraform` on the PATH and a local mirror with the AWS provider.
pub struct Terraform {
    /// Holds the CLI configuration that names the mirror.
    folder: tempfile::TempDir,
}

impl Terraform {
    /// Finds both, or fails and says what is missing.
    pub fn find() -> Terraform {
        let found = std::process::Command::new("terraform").arg("version").output();
        let found = found.is_ok_and(|output| output.status.success());
        assert!(found, "this target needs Terraform: put \"terraform\" on the PATH (1.11 or newer)");
        let mirror = mirror().unwrap_or_else(|| {
            panic!(
                "this target needs the AWS provider in a local mirror: run `terraform providers mirror \
                 ~/.terraform.d/plugins` in a folder whose configuration requires hashicorp/aws 5.100.0"
            )
        });
        let folder = tempfile::tempdir().unwrap();
        let configuration = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{\n    path = {}\n  }}\n}}\n",
            serde_json::Value::from(mirror.to_str().unwrap())
        );
        fs::write(folder.path().join("terraform.rc"), configuration).unwrap();
        Terraform { folder }
    }

    /// A run of Terraform in the stack's directory, with the stack's environment. The sandbox's variable file
    /// is recon's own affair: hand it to Terraform as `-var-file` where that is meant.
    pub fn run(&self, stack: &Stack, arguments: &[&str]) -> Run {
        stack
            .run("terraform", arguments)
            .env("TF_CLI_CONFIG_FILE", self.folder.path().join("terraform.rc").into_os_string())
            .env("TF_IN_AUTOMATION", "1")
            .env("TF_INPUT", "0")
            .env("CHECKPOINT_DISABLE", "1")
    }
}

/// The folder of a local mirror that holds the provider: where Terraform itself looks, where its configuration
/// says, and in the usual places for optional software.
fn mirror() -> Option<PathBuf> {
    let variable =
        |name: &str| std::env::var_os(name).filter(|value: &OsString| !value.is_empty()).map(PathBuf::from);
    let home = variable("HOME").unwrap_or_default();
    let mut candidates = Vec::new();
    if let Some(file) = variable("TF_CLI_CONFIG_FILE").or_else(|| Some(home.join(".terraformrc")))
        && let Ok(content) = fs::read_to_string(file)
    {
        candidates.extend(configured_paths(&content));
    }
    candidates.extend(variable("TF_PLUGIN_CACHE_DIR"));
    candidates.push(home.join(".terraform.d/plugins"));
    for base in ["/usr/local/share", "/usr/share", "/opt"].map(PathBuf::from).into_iter().chain([home]) {
        candidates.push(base.join("terraform/plugins"));
        candidates.extend(folders(&base));
    }
    candidates.into_iter().find(|folder| folder.join(PROVIDER).is_dir())
}

/// The values of `path = "…"` in a CLI configuration.
fn configured_paths(content: &str) -> Vec<PathBuf> {
    content
        .lines()
        .filter_map(|line| line.trim().strip_prefix("path")?.trim_start().strip_prefix('='))
        .filter_map(|value| Some(PathBuf::from(value.trim().strip_prefix('"')?.strip_suffix('"')?)))
        .collect()
}

fn folders(base: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(base) else { return Vec::new() };
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
