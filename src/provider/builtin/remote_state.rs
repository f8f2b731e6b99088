//! Data source `terraform_remote_state`: the outputs of another stack, from the state that it keeps in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::lang::convert::PathStep;
use crate::lang::diagnostic::suggestion;
use crate::lang::json::from_json_text;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problems};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// Backends of the language that keep states elsewhere.
const OTHERS: [&str; 11] =
    ["s3", "azurerm", "consul", "cos", "gcs", "http", "kubernetes", "oci", "oss", "pg", "remote"];

/// What the backend `local` is told.
const LOCAL: [&str; 2] = ["path", "workspace_dir"];

pub struct RemoteState {
    schema: Schema,
    /// Relative paths start here: the stack's directory.
    directory: PathBuf,
}

impl RemoteState {
    pub fn new(directory: &Path) -> RemoteState {
        let block = BlockSchema::new()
            .attribute("backend", AttributeSchema::required(Type::String))
            .attribute("config", AttributeSchema::optional(Type::Dynamic))
            .attribute("defaults", AttributeSchema::optional(Type::Dynamic))
            .attribute("outputs", AttributeSchema::computed(Type::Dynamic))
            .attribute("workspace", AttributeSchema::optional(Type::String));
        RemoteState { schema: Schema::new(0, block), directory: directory.to_owned() }
    }

    fn file(&self, config: &Value) -> PathBuf {
        let told = config.get("config").unwrap_or_else(|| Value::null(Type::Dynamic));
        let text = |name: &str| told.text(name).filter(|text| !text.is_empty());
        match config.text("workspace").filter(|name| !name.is_empty() && *name != "default") {
            Some(workspace) => {
                let folder = text("workspace_dir").unwrap_or("terraform.tfstate.d");
                self.directory.join(folder).join(workspace).join("terraform.tfstate")
            }
            None => self.directory.join(text("path").unwrap_or("terraform.tfstate")),
        }
    }
}

#[async_trait]
impl DataSource for RemoteState {
    fn name(&self) -> &'static str {
        "terraform_remote_state"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let at = |name: &str| vec![PathStep::Attribute(name.into())];
        let Some(backend) = config.text("backend") else { return };
        if backend != "local" {
            let detail = if OTHERS.contains(&backend) {
                format!(
                    "recon reads states that are kept in files (\"local\"), and none of the backend {backend:?}."
                )
            } else {
                let hint = suggestion(backend, OTHERS.into_iter().chain(["local"]));
                format!("There is no backend {backend:?}.{hint}")
            };
            problems.error(at("backend"), "Invalid backend configuration", detail);
            return;
        }
        let told = config.get("config");
        let Some(told) = told.as_ref().filter(|told| told.is_known() && !told.is_null()) else { return };
        let Some(entries) = told.as_entries() else {
            let detail = "The configuration of a backend is an object, { path = \"…\" }.";
            problems.error(at("config"), "Invalid backend configuration", detail);
            return;
        };
        for name in entries.keys().filter(|name| !LOCAL.contains(&&***name)) {
            let detail =
                format!("The backend \"local\" has no argument {name:?}.{}", suggestion(name, LOCAL));
            problems.error(at("config"), "Invalid backend configuration", detail);
        }
    }

    async fn read(&self, _connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let path = self.file(config);
        let shown = path.display();
        let failed = |what: String| OperationError::new(ErrorKind::NotFound, "", what);
        let text = tokio::fs::read_to_string(&path).await.map_err(|error| {
            failed(format!("Unable to find remote state: {shown} cannot be read ({error})"))
        })?;
        let mut outputs: BTreeMap<String, Value> = BTreeMap::new();
        if let Some(defaults) = config.get("defaults")
            && let Some(entries) = defaults.as_entries()
        {
            outputs.extend(entries.iter().map(|(name, value)| (name.to_string(), value.clone())));
        }
        outputs
            .extend(recorded(&text).map_err(|problem| failed(format!("{shown} is not a state: {problem}")))?);
        let outputs = Value::object(outputs.iter().map(|(name, value)| (name.as_str(), value.clone())));
        Ok(config.with("outputs", outputs))
    }
}

/// The outputs of a state file of version 4.
fn recorded(text: &str) -> Result<BTreeMap<String, Value>, String> {
    let state: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if state["version"] != 4 {
        return Err("it is not of version 4 of the format".to_owned());
    }
    let none = serde_json::Map::new();
    let mut outputs = BTreeMap::new();
    for (name, output) in state["outputs"].as_object().unwrap_or(&none) {
        let ty = Type::from_json(&output["type"]).ok_or_else(|| format!("output {name:?} has no type"))?;
        let value = from_json_text(&output["value"].to_string()).ok();
        let value = value
            .and_then(|value| value.convert(&ty).ok())
            .ok_or_else(|| format!("output {name:?} is not of its type"))?;
        let value = if output["sensitive"] == true { value.sensitive() } else { value };
        outputs.insert(name.clone(), value);
    }
    Ok(outputs)
}
