//! Where a stack's state is: what the code's `backend` block says, what is given on the command line, and what
//! `init` has remembered.
//!
//! `init` remembers settings in `.terraform/terraform.tfstate`, in Terraform's form (a state of version 3 with nothing
//! but a backend), so that a directory that the one has initialised serves the other.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value as Json, json};

use crate::config::{Backend as Block, ConstantScope};
use crate::lang::ast::Body;
use crate::lang::convert::PathStep;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::s3_backend::arguments;
use crate::provider::object::Object;
use crate::provider::{Problem, Problems};
use crate::schema::decode::{decode, locate};
use crate::schema::{AttributeSchema, BlockSchema};

use super::super::{StateError, codec};
use super::hash;

/// The kinds of backends that recon has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Local,
    S3,
}

impl Kind {
    fn named(name: &str) -> Option<Kind> {
        match name {
            "local" => Some(Kind::Local),
            "s3" => Some(Kind::S3),
            _ => None,
        }
    }

    /// As the block's label names it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Local => "local",
            Kind::S3 => "s3",
        }
    }

    fn schema(self) -> BlockSchema {
        match self {
            Kind::Local => BlockSchema::new()
                .attribute("path", AttributeSchema::optional(Type::String))
                .attribute("workspace_dir", AttributeSchema::optional(Type::String)),
            Kind::S3 => arguments::schema(),
        }
    }

    /// What Terraform 1.10 and later know of the schema.
    fn recorded_schema(self) -> BlockSchema {
        let mut schema = self.schema();
        if self == Kind::S3 {
            schema.attributes.retain(|name, _| !arguments::OLD.contains(&&**name));
        }
        schema
    }
}

/// Complete settings of a backend.
#[derive(Clone, Debug, PartialEq)]
pub struct Configuration {
    pub kind: Kind,
    /// An object of the kind's arguments, null where nothing is said.
    pub settings: Value,
    /// Of the block in the code alone, as Terraform computes it.
    pub hash: u32,
}

impl Configuration {
    /// Without a block, and without anything remembered: a file in the stack's directory.
    pub fn local() -> Configuration {
        Configuration { kind: Kind::Local, settings: Kind::Local.schema().object([]), hash: 0 }
    }

    /// Whether the state of a workspace is at the same place under both.
    pub fn same_place(&self, other: &Configuration) -> bool {
        let names: &[&str] = match self.kind {
            Kind::Local => &["path", "workspace_dir"],
            Kind::S3 => &["bucket", "key", "workspace_key_prefix", "region", "endpoint"],
        };
        let place = |configuration: &Configuration| {
            let mut parts: Vec<Option<String>> =
                names.iter().map(|name| configuration.settings.text(name).map(str::to_owned)).collect();
            let endpoints = configuration.settings.known("endpoints");
            parts.push(endpoints.and_then(|endpoints| endpoints.text("s3").map(str::to_owned)));
            parts
        };
        self.kind == other.kind && place(self) == place(other)
    }
}

/// The block in the code.
pub struct Written<'a> {
    pub kind: Kind,
    body: &'a Body,
    declared_at: Span,
    settings: Value,
}

impl<'a> Written<'a> {
    /// Decodes the block. `None`: it has errors.
    pub fn decode(block: &'a Block, diagnostics: &mut Diagnostics) -> Option<Written<'a>> {
        let Some(kind) = Kind::named(&block.kind) else {
            let detail = format!(
                "recon keeps state in a local file or in S3; the backend {:?} is not supported. Use a backend \"s3\" or \
                 \"local\", or no block for terraform.tfstate in the stack's directory.",
                block.kind
            );
            diagnostics.push(Diagnostic::error("Unsupported backend", detail).at(block.declared_at));
            return None;
        };
        let mut own = Diagnostics::new();
        let settings = decode(&kind.schema(), &block.body, &ConstantScope, &mut own);
        let failed = own.has_errors();
        diagnostics.append(own);
        (!failed).then_some(Written { kind, body: &block.body, declared_at: block.declared_at, settings })
    }

    /// The block's settings, with the overrides in their order, checked. `None`: there are errors.
    pub fn complete(&self, overrides: &[Value], diagnostics: &mut Diagnostics) -> Option<Configuration> {
        let schema = self.kind.schema();
        let hash = self.hash();
        let mut settings = self.settings.clone();
        for given in overrides {
            for name in schema.attributes.keys() {
                if let Some(value) = given.known(name) {
                    settings = settings.with(name, value.clone());
                }
            }
        }
        let configuration = Configuration { kind: self.kind, settings, hash };
        self.check(&configuration, diagnostics).then_some(configuration)
    }

    /// Reports what is wrong with settings at the places of the block.
    pub fn check(&self, configuration: &Configuration, diagnostics: &mut Diagnostics) -> bool {
        let mut problems = Problems::default();
        if configuration.kind == Kind::S3 {
            arguments::validate(&configuration.settings, &mut problems);
        }
        let mut good = true;
        for Problem { path, summary, detail, is_error } in problems.0 {
            good &= !is_error;
            let diagnostic = if is_error {
                Diagnostic::error(summary, detail)
            } else {
                Diagnostic::warning(summary, detail)
            };
            // The source would be shown: not where it is a secret.
            let schema = self.kind.schema();
            let is_secret = matches!(path.first(), Some(PathStep::Attribute(name))
                if schema.attributes.get(name).is_some_and(|attribute| attribute.sensitive));
            let place = locate(self.body, &path);
            let place = if is_secret || place == self.body.missing { self.declared_at } else { place };
            diagnostics.push(diagnostic.at(place));
        }
        good
    }

    /// As Terraform computes it to find out whether the block has changed since `init`.
    pub fn hash(&self) -> u32 {
        hash::of(self.kind.name(), &self.settings, &self.kind.recorded_schema())
    }
}

/// What `--backend-config` gave, in order: `NAME=VALUE`, or a file of arguments.
pub fn overrides(
    kind: Kind,
    given: &[String],
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Vec<Value> {
    let schema = kind.schema();
    given
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, value)) => one_override(&schema, name.trim(), value, sources, diagnostics),
            None => file_of_overrides(&schema, Path::new(text), sources, diagnostics),
        })
        .collect()
}

fn one_override(
    schema: &BlockSchema,
    name: &str,
    text: &str,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Value {
    let Some(attribute) = schema.attributes.get(name) else {
        let detail = format!(
            "The backend configuration argument {name:?} given on the command line is not expected for the selected \
             backend type.{}",
            suggestion(name, schema.attributes.keys().map(|name| &**name))
        );
        diagnostics.push(Diagnostic::error("Invalid backend configuration argument", detail));
        return schema.object([]);
    };
    let mut value = Value::string(text);
    if !attribute.ty.is_primitive() {
        let label = format!("<value for --backend-config={name}>");
        let (expr, found) = parse::parse_expression(sources, label, text);
        let failed = found.has_errors();
        diagnostics.append(found);
        if failed {
            return schema.object([]);
        }
        let (evaluated, found) = crate::lang::eval::evaluate(&expr, &ConstantScope);
        diagnostics.append(found);
        value = evaluated;
    }
    match value.convert(&attribute.ty) {
        Ok(value) => {
            let value = if attribute.sensitive { value.sensitive() } else { value };
            schema.object([(name, value)])
        }
        Err(error) => {
            let detail = format!("The value given with --backend-config for {name:?} does not fit: {error}.");
            diagnostics.push(Diagnostic::error("Invalid backend configuration argument", detail));
            schema.object([])
        }
    }
}

fn file_of_overrides(
    schema: &BlockSchema,
    path: &Path,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Value {
    let label = path.display().to_string();
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let detail = format!("The file {label}, given with --backend-config, cannot be read: {error}.");
            diagnostics.push(Diagnostic::error("Failed to read the backend configuration", detail));
            return schema.object([]);
        }
    };
    let is_json = path.extension().is_some_and(|extension| extension == "json");
    let (body, found) = if is_json {
        parse::json::parse_values_file(sources, label, &bytes)
    } else {
        parse::parse_file(sources, label, &bytes)
    };
    diagnostics.append(found);
    decode(schema, &body, &ConstantScope, diagnostics)
}

/// The file in which `init` remembers a backend.
pub fn remembered_path(directory: &Path) -> PathBuf {
    directory.join(".terraform").join("terraform.tfstate")
}

/// What `init` has remembered; `None` if there is nothing.
///
/// # Errors
/// The file cannot be read, is none of Terraform's, or names a backend that recon has not.
pub fn remembered(directory: &Path) -> Result<Option<Configuration>, StateError> {
    let path = remembered_path(directory);
    let wrong = |problem: String| StateError::Unreadable {
        place: path.display().to_string(),
        problem,
        advice: "It says which backend \"init\" has set up. Run \"recon init --reconfigure\" to write it anew from the \
                 code.",
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(wrong(error.to_string())),
    };
    let json: Json =
        serde_json::from_str(&text).map_err(|error| wrong(format!("it is not JSON ({error})")))?;
    let Some(backend) = json.get("backend").filter(|backend| !backend.is_null()) else { return Ok(None) };
    let name = backend.get("type").and_then(Json::as_str).unwrap_or_default();
    if name.is_empty() {
        return Ok(None);
    }
    let Some(kind) = Kind::named(name) else {
        return Err(wrong(format!("its backend is {name:?}, which recon does not have")));
    };
    let schema = kind.schema();
    let config = backend.get("config").cloned().unwrap_or(Json::Null);
    let decoded = codec::decode(&config, &schema.implied_type().without_optional());
    let decoded = if decoded.is_null() { schema.object([]) } else { schema.marked(&decoded) };
    let hash = backend.get("hash").and_then(Json::as_u64).and_then(|hash| u32::try_from(hash).ok());
    Ok(Some(Configuration { kind, settings: decoded, hash: hash.unwrap_or_default() }))
}

/// Remembers a backend. For its owner's eyes only: settings may be secret.
///
/// # Errors
/// The file cannot be written.
pub fn remember(directory: &Path, configuration: &Configuration) -> std::io::Result<()> {
    let schema = configuration.kind.recorded_schema();
    let full = configuration.kind.schema();
    let plain = configuration.settings.clone().unmark_deep().0;
    let mut config = Map::new();
    for (name, attribute) in &full.attributes {
        let value = plain.get(name).unwrap_or_else(|| Value::null(attribute.ty.clone()));
        if schema.attributes.contains_key(name) || !value.is_null() {
            config.insert(name.to_string(), codec::encode(&value, &attribute.ty.without_optional()));
        }
    }
    let file = json!({
        "version": 3,
        "terraform_version": crate::state::TERRAFORM_VERSION,
        "backend": {
            "type": configuration.kind.name(),
            "config": Json::Object(config),
            "hash": configuration.hash,
        },
    });
    let path = remembered_path(directory);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let text = serde_json::to_string_pretty(&file).map_err(std::io::Error::other)?;
    write_private(&path, &text)
}

/// Forgets the backend, so that the state is in the stack's directory again.
///
/// # Errors
/// The file cannot be removed.
pub fn forget(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(remembered_path(directory)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, path)
}
