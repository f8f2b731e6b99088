//! `.terraform/modules/modules.json`: which module call was installed where, shared with Terraform.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where modules are installed, below the stack's directory.
pub const DIRECTORY: &str = ".terraform/modules";

/// The installed modules by their key: the names of the calls that lead to them, joined by dots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    pub modules: BTreeMap<String, Installed>,
}

/// One installed module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    #[serde(rename = "Key")]
    pub key: String,
    /// In canonical form.
    #[serde(rename = "Source")]
    pub source: String,
    /// Of modules from a registry.
    #[serde(rename = "Version", default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Relative to the stack's directory.
    #[serde(rename = "Dir")]
    pub directory: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Document {
    #[serde(rename = "Modules", default)]
    modules: Vec<Installed>,
}

impl Manifest {
    /// Where a stack's manifest is.
    pub fn path(stack: &Path) -> PathBuf {
        stack.join(DIRECTORY).join("modules.json")
    }

    /// Reads a stack's manifest; one that is not there is empty.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is none; the text says which.
    pub fn read(stack: &Path) -> Result<Manifest, String> {
        let text = match std::fs::read_to_string(Manifest::path(stack)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Manifest::default()),
            Err(error) => return Err(error.to_string()),
        };
        let document: Document = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let modules = document.modules.into_iter().map(|module| (module.key.clone(), module)).collect();
        Ok(Manifest { modules })
    }

    /// Writes the manifest in one step: the old one is there until the new one is complete.
    ///
    /// # Errors
    ///
    /// If the file or its directory cannot be written.
    pub fn write(&self, stack: &Path) -> std::io::Result<()> {
        let directory = stack.join(DIRECTORY);
        std::fs::create_dir_all(&directory)?;
        let mut file = tempfile::Builder::new().prefix(".modules.json.").tempfile_in(&directory)?;
        file.write_all(self.text().as_bytes())?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
        file.persist(Manifest::path(stack)).map_err(|error| error.error)?;
        Ok(())
    }

    /// The text of the file. Terraform writes `<`, `>` and `&` escaped, as Go does.
    fn text(&self) -> String {
        let root = Installed { directory: PathBuf::from("."), ..Installed::default() };
        let others = self.modules.values().filter(|module| !module.key.is_empty()).cloned();
        let document = Document { modules: std::iter::once(root).chain(others).collect() };
        let text = serde_json::to_string(&document).unwrap_or_default();
        text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
    }

    /// Forgets a module and everything below it.
    pub fn forget(&mut self, key: &str) {
        let below = format!("{key}.");
        self.modules.retain(|other, _| other != key && !other.starts_with(&below));
    }
}
