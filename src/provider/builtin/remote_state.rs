//! Data source `terraform_remote_state`: the outputs of another stack, from the state that it keeps in a file or in S3.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::lang::convert::PathStep;
use crate::lang::diagnostic::suggestion;
use crate::lang::json::from_json_text;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::s3_backend::{self, arguments};
use crate::provider::object::Object;
use crate::provider::{Connection, DataSource, ErrorKind, OperationError, Problem, Problems, aws};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// Backends of the language that keep states elsewhere.
const OTHERS: [&str; 10] =
    ["azurerm", "consul", "cos", "gcs", "http", "kubernetes", "oci", "oss", "pg", "remote"];

/// Backends of which states are read.
const KNOWN: [&str; 2] = ["local", "s3"];

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
        if !KNOWN.contains(&backend) {
            let detail = if OTHERS.contains(&backend) {
                format!(
                    "recon reads states that are kept in files (\"local\") or in S3 (\"s3\"), and none of the backend \
                     {backend:?}."
                )
            } else {
                let hint = suggestion(backend, OTHERS.into_iter().chain(KNOWN));
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
        if backend == "s3" {
            s3_settings(told, problems);
            return;
        }
        for name in entries.keys().filter(|name| !LOCAL.contains(&&***name)) {
            let detail =
                format!("The backend \"local\" has no argument {name:?}.{}", suggestion(name, LOCAL));
            problems.error(at("config"), "Invalid backend configuration", detail);
        }
    }

    async fn read(&self, _connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let failed = |what: String| OperationError::new(ErrorKind::NotFound, "", what);
        let (shown, text) = if config.text("backend") == Some("s3") {
            from_s3(config).await?
        } else {
            let path = self.file(config);
            let shown = path.display().to_string();
            let text = tokio::fs::read_to_string(&path).await.map_err(|error| {
                failed(format!("Unable to find remote state: {shown} cannot be read ({error})"))
            })?;
            (shown, text)
        };
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

/// The settings of a backend "s3", complete; what is wrong with them is added to the problems.
fn s3_settings(told: &Value, problems: &mut Problems) -> Value {
    let at = || vec![PathStep::Attribute("config".into())];
    let schema = arguments::schema();
    let mut given = Vec::new();
    for (name, value) in told.as_entries().into_iter().flatten() {
        let Some(attribute) = schema.attributes.get(name) else {
            let hint = suggestion(name, schema.attributes.keys().map(|known| &**known));
            let detail = format!("The backend \"s3\" has no argument {name:?}.{hint}");
            problems.error(at(), "Invalid backend configuration", detail);
            continue;
        };
        match value.convert(&attribute.ty) {
            Ok(value) => given.push((&**name, value)),
            Err(error) => {
                let detail = format!("Inappropriate value for {name:?}: {error}.");
                problems.error(at(), "Invalid backend configuration", detail);
            }
        }
    }
    let settings = schema.object(given);
    if settings.is_wholly_known() {
        let mut own = Problems::default();
        arguments::validate(&settings, &mut own);
        problems.0.extend(own.0.into_iter().map(|problem| Problem { path: at(), ..problem }));
    }
    settings
}

/// Where a state is in S3, and its text.
async fn from_s3(config: &Value) -> Result<(String, String), OperationError> {
    let told = config.get("config").unwrap_or_else(|| Value::null(Type::Dynamic));
    let settings = s3_settings(&told, &mut Problems::default());
    let remote = s3_backend::connect(&settings, &aws::provider()).await?;
    let workspace = config.text("workspace").filter(|name| !name.is_empty()).unwrap_or("default");
    let key = remote.settings.state_key(workspace);
    let shown = remote.place(&key);
    let object = remote.get(&key).await?.ok_or_else(|| {
        OperationError::new(
            ErrorKind::NotFound,
            "",
            format!("Unable to find remote state: there is no object {shown}"),
        )
    })?;
    let text = String::from_utf8(object.bytes).map_err(|_| {
        OperationError::new(ErrorKind::Invalid, "", format!("{shown} is not a state: it is not UTF-8 text"))
    })?;
    Ok((shown, text))
}

/// The outputs of a state file of version 4.
fn recorded(text: &str) -> Result<BTreeMap<String, Value>, String> {
    let state: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if state.get("recon_encrypted_state").is_some() {
        return Err("it is encrypted by recon (state_encryption), and terraform_remote_state reads clear text only. Give \
                    what is needed of it as variables, or let the other stack keep it where this one may read it, in \
                    SSM parameters for example"
            .to_owned());
    }
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
