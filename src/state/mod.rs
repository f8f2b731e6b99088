//! What is recorded: the state file in Terraform's own format, where it is kept, and the journal beside it.

mod as_read;
pub mod backend;
mod codec;
pub mod encryption;
mod file;
pub mod journal;
pub mod local;
pub mod lock;
mod print;
pub mod s3;
mod spelling;
pub mod surgery;
mod write;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};
use thiserror::Error;

use crate::address::{AbsoluteResource, ConfigResource, InstanceAddress, InstanceKey, Target, parse_target};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::schema::{BlockSchema, Schema};

pub use codec::{decode, encode, encode_plain, mark_paths, sensitive_paths};

/// The version of Terraform that a state made by recon claims, so that all that can read version 4 do.
pub const TERRAFORM_VERSION: &str = "1.5.7";

/// A state: version 4 of Terraform's format. Fields that recon does not know are kept as they were.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    pub terraform_version: String,
    /// Raised by one with every change.
    pub serial: u64,
    /// Made once for a state, and never changed: two states of one lineage are versions of each other.
    pub lineage: String,
    pub outputs: BTreeMap<Arc<str>, OutputState>,
    pub resources: BTreeMap<AbsoluteResource, ResourceState>,
    /// As it was read.
    pub check_results: Option<Json>,
    /// Fields of the root that recon does not know.
    pub other: Map<String, Json>,
    /// How the file was written.
    pub(crate) as_read: as_read::AsRead,
}

#[derive(Clone, Debug, PartialEq)]
pub struct OutputState {
    pub value: Value,
    pub ty: Type,
    pub sensitive: bool,
    pub other: Map<String, Json>,
}

/// All recorded objects of one resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceState {
    /// `provider["registry.terraform.io/hashicorp/aws"]`, with the module before it and the alias behind.
    pub provider: String,
    pub instances: BTreeMap<ObjectKey, InstanceState>,
    pub other: Map<String, Json>,
}

/// Which object of a resource: the instance's current one, or one that was replaced and is still to be deleted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectKey {
    pub key: InstanceKey,
    /// Eight hexadecimal digits; `None` for the current object.
    pub deposed: Option<String>,
}

/// One recorded object.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstanceState {
    pub schema_version: u64,
    /// Its creation did not end well: it is to be replaced.
    pub tainted: bool,
    /// The attributes as they stand in the file.
    pub attributes: Json,
    pub sensitive_attributes: Vec<Vec<PathStep>>,
    /// The provider's own notes, base64.
    pub private: Option<String>,
    /// Configuration addresses of what it depends on.
    pub dependencies: Vec<String>,
    pub create_before_destroy: bool,
    pub other: Map<String, Json>,
}

/// Why a state cannot be read or written. Each message says what to do.
#[derive(Debug, Error)]
pub enum StateError {
    #[error("The state in {place} cannot be read: {problem}. {advice}")]
    Unreadable { place: String, problem: String, advice: &'static str },
    #[error("The state in {place} could not be written: {source}. What it holds is as it was before.")]
    Unwritable { place: String, source: std::io::Error },
    #[error(
        "The state in {place} was changed by somebody else since it was read (it had serial {read}, now {found}). \
         Nothing was written: run the command again."
    )]
    Changed { place: String, read: u64, found: u64 },
    #[error(
        "The state in {place} was changed by somebody else since it was read (it had serial {read}, now {found}). {by} \
         Nothing was written."
    )]
    Overtaken { place: String, read: u64, found: u64, by: String },
    #[error("{0}")]
    Locked(Box<lock::Held>),
    #[error("{0}")]
    Other(String),
}

impl StateError {
    /// Whether another writer was there first: to try again without reading would be to overwrite.
    pub fn is_conflict(&self) -> bool {
        matches!(self, StateError::Changed { .. } | StateError::Overtaken { .. })
    }
}

impl State {
    /// An empty state of a new lineage.
    pub fn new() -> State {
        State {
            terraform_version: TERRAFORM_VERSION.to_owned(),
            serial: 0,
            lineage: uuid::Uuid::new_v4().to_string(),
            outputs: BTreeMap::new(),
            resources: BTreeMap::new(),
            check_results: None,
            other: Map::new(),
            as_read: as_read::AsRead::default(),
        }
    }

    /// Every recorded object.
    pub fn objects(
        &self,
    ) -> impl Iterator<Item = (InstanceAddress, Option<&str>, &ResourceState, &InstanceState)> {
        self.resources.iter().flat_map(|(resource, state)| {
            state.instances.iter().map(move |(key, instance)| {
                (resource.instance(key.key.clone()), key.deposed.as_deref(), state, instance)
            })
        })
    }

    /// The current object of an instance.
    pub fn get(&self, address: &InstanceAddress) -> Option<(&ResourceState, &InstanceState)> {
        let resource = self.resources.get(&address.absolute())?;
        let key = ObjectKey { key: address.key.clone(), deposed: None };
        Some((resource, resource.instances.get(&key)?))
    }

    /// Records an object.
    pub fn put(
        &mut self,
        address: &InstanceAddress,
        deposed: Option<String>,
        provider: &str,
        instance: InstanceState,
    ) {
        let resource = self.resources.entry(address.absolute()).or_default();
        provider.clone_into(&mut resource.provider);
        resource.instances.insert(ObjectKey { key: address.key.clone(), deposed }, instance);
    }

    /// Takes an object out of the record.
    pub fn remove(&mut self, address: &InstanceAddress, deposed: Option<&str>) -> Option<InstanceState> {
        let resource = self.resources.get_mut(&address.absolute())?;
        let key = ObjectKey { key: address.key.clone(), deposed: deposed.map(str::to_owned) };
        let instance = resource.instances.remove(&key);
        if resource.instances.is_empty() {
            self.resources.remove(&address.absolute());
        }
        instance
    }

    /// Whether nothing is recorded at all.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty()
    }
}

impl Default for State {
    fn default() -> State {
        State::new()
    }
}

impl InstanceState {
    /// Whether only Terraform 0.11 has recorded the attributes, in the form of that time.
    pub fn is_flat(&self) -> bool {
        self.attributes.is_null() && self.other.get("attributes_flat").is_some_and(Json::is_object)
    }

    /// The attributes as an object of the type's schema, what is sensitive marked.
    pub fn value(&self, schema: &BlockSchema) -> Value {
        let value = decode(&self.attributes, &schema.implied_type());
        schema.marked(&codec::mark_paths(&value, &self.sensitive_attributes))
    }

    /// The attributes as they look, for a type of which there is no schema. Unknown if there are none.
    pub fn untyped_value(&self) -> Value {
        if self.attributes.is_null() {
            return Value::dynamic();
        }
        codec::mark_paths(&decode(&self.attributes, &Type::Dynamic), &self.sensitive_attributes)
    }

    /// As [`InstanceState::value`], with what the record does not have unknown instead of null: for a record of another
    /// version of the schema.
    pub fn partial_value(&self, schema: &BlockSchema) -> Value {
        let unknown = || Value::unknown(schema.implied_type());
        let Json::Object(members) = &self.attributes else { return unknown() };
        let value = self.value(schema);
        let Some(entries) = value.as_entries() else { return unknown() };
        let entries = entries.iter().map(|(name, value)| {
            let known = members.contains_key(&**name);
            (Arc::clone(name), if known { value.clone() } else { Value::unknown(value.ty()) })
        });
        let kind = crate::lang::value::Kind::Object(Arc::new(entries.collect()));
        Value::from(kind).with_marks(value.marks)
    }

    /// The recorded object with what the record lacks taken from the live one: attributes that it does not have,
    /// and all that were written under another version of the schema and read as null.
    pub fn completed(&self, schema: &BlockSchema, version: u64, recorded: Value, live: &Value) -> Value {
        let (Json::Object(members), Some(entries)) = (&self.attributes, recorded.as_entries()) else {
            return recorded;
        };
        let mut entries = entries.clone();
        let names = schema.attributes.keys().chain(schema.blocks.keys());
        for name in names {
            let lacks = !members.contains_key(&**name)
                || self.schema_version != version && entries.get(name).is_some_and(Value::is_null);
            if lacks && let Some(value) = live.get(name) {
                entries.insert(Arc::clone(name), value);
            }
        }
        let marks = recorded.marks;
        Value::from(crate::lang::value::Kind::Object(Arc::new(entries))).with_marks(marks)
    }

    /// Records an object of a schema. Attributes that the record has and the schema has not are kept, and what has not
    /// changed is kept as it is spelled.
    pub fn set_value(&mut self, schema: &Schema, value: &Value) {
        let plain = value.clone().unmark_deep().0;
        let attributes = codec::encode_over(&self.attributes, &plain, &schema.block.implied_type());
        self.attributes = sorted(attributes);
        // What the record keeps beyond the schema stays as sensitive as it was.
        let kept = self.sensitive_attributes.iter().filter(|path| !codec::is_within(path, &schema.block));
        let mut paths: Vec<Vec<PathStep>> = kept.cloned().collect();
        paths.extend(codec::sensitive_paths(value));
        self.sensitive_attributes = paths;
        self.other.shift_remove("attributes_flat");
        self.schema_version = self.schema_version.max(schema.version);
    }

    /// The dependencies as addresses of the configuration; what is not one is passed over.
    pub fn dependency_addresses(&self) -> Vec<ConfigResource> {
        self.dependencies
            .iter()
            .filter_map(|text| match parse_target(text)? {
                Target::Resource { resource, .. } => Some(resource.config()),
                Target::Module(_) => None,
            })
            .collect()
    }
}

/// An object with its members in the order of their names.
fn sorted(json: Json) -> Json {
    let Json::Object(members) = json else { return json };
    let mut members: Vec<(String, Json)> = members.into_iter().collect();
    members.sort_by(|left, right| left.0.cmp(&right.0));
    Json::Object(members.into_iter().collect())
}

/// A provider configuration as state files name it.
pub fn provider_text(module: &crate::address::ModulePath, source: &str, alias: Option<&str>) -> String {
    let module = if module.is_root() { String::new() } else { format!("{module}.") };
    let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
    format!("{module}provider[\"{source}\"]{alias}")
}

/// The source address in a state file's name of a provider configuration.
pub fn provider_source(text: &str) -> Option<&str> {
    let start = text.find("provider[\"")? + "provider[\"".len();
    text[start..].split('"').next()
}
