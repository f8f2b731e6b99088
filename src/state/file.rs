//! The file: reading it with care, writing it as Terraform writes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::address::{AbsoluteResource, InstanceKey, Mode, ModuleInstance, Resource, Target, parse_target};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;

use super::codec::{decode, encode_plain};
use super::{InstanceState, ObjectKey, OutputState, ResourceState, State, StateError};

const REPAIR: &str = "Nothing was changed. Restore a backup of it (terraform.tfstate.backup, or an older version of the \
                      object), or repair it by hand.";

impl State {
    /// Reads a state file's text. `place` is what messages call it. An empty file holds no state.
    pub fn parse(text: &str, place: &str) -> Result<Option<State>, StateError> {
        let unreadable = |problem: String, advice: &'static str| StateError::Unreadable {
            place: place.to_owned(),
            problem,
            advice,
        };
        if text.trim().is_empty() {
            return Ok(None);
        }
        let json: Json = serde_json::from_str(text.trim_start_matches('\u{feff}'))
            .map_err(|error| unreadable(format!("it is not JSON ({error})"), REPAIR))?;
        let Json::Object(mut root) = json else {
            return Err(unreadable("it is not a JSON object".to_owned(), REPAIR));
        };
        if root.contains_key("encrypted_data") {
            return Err(unreadable(
                "it is encrypted by OpenTofu".to_owned(),
                "recon does not read OpenTofu's encryption: decrypt it with \"tofu state pull\" and an unencrypted \
                 target first.",
            ));
        }
        match root.remove("version").as_ref().and_then(Json::as_u64) {
            Some(4) => {}
            Some(version) if version < 4 => {
                return Err(unreadable(
                    format!("it has version {version} of the format"),
                    "Versions before 4 are those of Terraform 0.11 and older: upgrade it by running \"terraform apply\" \
                     with Terraform 0.12 or later once.",
                ));
            }
            Some(version) => {
                return Err(unreadable(
                    format!("it has version {version} of the format, and recon knows version 4"),
                    "It was written by a newer tool: use a newer recon.",
                ));
            }
            None => {
                return Err(unreadable(
                    "it does not say what version of the format it has".to_owned(),
                    REPAIR,
                ));
            }
        }
        read_members(root).map(Some).map_err(|problem| unreadable(problem, REPAIR))
    }

    /// The file's text: two-space indent, a line end behind all.
    pub fn to_text(&self) -> String {
        let mut root = Map::new();
        root.insert("version".into(), json!(4));
        let version = if self.terraform_version.is_empty() {
            super::TERRAFORM_VERSION
        } else {
            &self.terraform_version
        };
        root.insert("terraform_version".into(), json!(version));
        root.insert("serial".into(), json!(self.serial));
        root.insert("lineage".into(), json!(self.lineage));
        let outputs = self.outputs.iter().map(|(name, output)| {
            let mut members = Map::new();
            members.insert("value".into(), encode_plain(&output.value));
            members.insert("type".into(), output.ty.to_json());
            if output.sensitive {
                members.insert("sensitive".into(), json!(true));
            }
            members.extend(output.other.clone());
            (name.to_string(), Json::Object(members))
        });
        root.insert("outputs".into(), Json::Object(outputs.collect()));
        let resources = self.resources.iter().map(|(address, state)| write_resource(address, state));
        root.insert("resources".into(), Json::Array(resources.collect()));
        root.insert("check_results".into(), self.check_results.clone().unwrap_or(Json::Null));
        root.extend(self.other.clone());
        let text = serde_json::to_string_pretty(&Json::Object(root)).unwrap_or_default();
        go_escaped(&text) + "\n"
    }
}

/// JSON as Go writes it: these characters occur in strings only.
pub fn go_escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '&' => out.push_str("\\u0026"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            other => out.push(other),
        }
    }
    out
}

/// A member of an object; `None` if it is null or not there. One of another kind is no state: to pass it over would be
/// to lose what it says.
fn take<T>(
    members: &mut Map<String, Json>,
    name: &str,
    kind: &str,
    read: impl FnOnce(Json) -> Option<T>,
) -> Result<Option<T>, String> {
    match members.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(json) => read(json).map(Some).ok_or_else(|| format!("\"{name}\" is not {kind}")),
    }
}

fn take_text(members: &mut Map<String, Json>, name: &str) -> Result<Option<String>, String> {
    let text = |json| if let Json::String(text) = json { Some(text) } else { None };
    take(members, name, "a string", text)
}

fn take_list(members: &mut Map<String, Json>, name: &str) -> Result<Vec<Json>, String> {
    let list = |json| if let Json::Array(list) = json { Some(list) } else { None };
    Ok(take(members, name, "a list", list)?.unwrap_or_default())
}

fn take_number(members: &mut Map<String, Json>, name: &str) -> Result<u64, String> {
    Ok(take(members, name, "a whole number", |json| json.as_u64())?.unwrap_or_default())
}

fn take_flag(members: &mut Map<String, Json>, name: &str) -> Result<bool, String> {
    Ok(take(members, name, "true or false", |json| json.as_bool())?.unwrap_or_default())
}

fn read_members(mut root: Map<String, Json>) -> Result<State, String> {
    let terraform_version = take_text(&mut root, "terraform_version")?.unwrap_or_default();
    let lineage = take_text(&mut root, "lineage")?.unwrap_or_default();
    let serial = take_number(&mut root, "serial")?;
    let mut outputs = BTreeMap::new();
    let object = |json| if let Json::Object(members) = json { Some(members) } else { None };
    for (name, output) in take(&mut root, "outputs", "an object", object)?.unwrap_or_default() {
        let Json::Object(mut output) = output else {
            return Err(format!("output {name:?} is not an object"));
        };
        let ty = take(&mut output, "type", "a type", |json| Type::from_json(&json))?.unwrap_or(Type::Dynamic);
        let sensitive = take_flag(&mut output, "sensitive")?;
        let value = decode(&output.remove("value").unwrap_or(Json::Null), &ty);
        let value = if sensitive { value.sensitive() } else { value };
        outputs.insert(Arc::from(name), OutputState { value, ty, sensitive, other: output });
    }
    let mut resources: BTreeMap<AbsoluteResource, ResourceState> = BTreeMap::new();
    for resource in take_list(&mut root, "resources")? {
        let (address, state) = read_resource(resource)?;
        let known = resources.entry(address.clone()).or_default();
        known.provider = state.provider;
        known.other = state.other;
        for (key, instance) in state.instances {
            if known.instances.insert(key, instance).is_some() {
                return Err(format!("{address} is there twice"));
            }
        }
    }
    let check_results = root.remove("check_results");
    Ok(State { terraform_version, serial, lineage, outputs, resources, check_results, other: root })
}

fn read_resource(json: Json) -> Result<(AbsoluteResource, ResourceState), String> {
    let Json::Object(mut members) = json else { return Err("a resource is not an object".to_owned()) };
    let mut text =
        |name: &str| take_text(&mut members, name)?.ok_or_else(|| format!("a resource has no {name}"));
    let mode = match text("mode")?.as_str() {
        "managed" => Mode::Managed,
        "data" => Mode::Data,
        other => return Err(format!("a resource has the mode {other:?}")),
    };
    let (ty, name) = (text("type")?, text("name")?);
    let module = match take_text(&mut members, "module")? {
        Some(module) => match parse_target(&module) {
            Some(Target::Module(module)) => module,
            _ => return Err(format!("{module:?} is not a module's address")),
        },
        None => ModuleInstance::root(),
    };
    let provider = take_text(&mut members, "provider")?.unwrap_or_default();
    let address = AbsoluteResource { module, resource: Resource { mode, ty: ty.into(), name: name.into() } };
    let mut instances = BTreeMap::new();
    for instance in take_list(&mut members, "instances")? {
        let (key, instance) = read_instance(instance).map_err(|problem| format!("{address}: {problem}"))?;
        if instances.insert(key, instance).is_some() {
            return Err(format!("an instance of {address} is there twice"));
        }
    }
    Ok((address, ResourceState { provider, instances, other: members }))
}

fn read_instance(json: Json) -> Result<(ObjectKey, InstanceState), String> {
    let Json::Object(mut members) = json else { return Err("an instance is not an object".to_owned()) };
    let key = match members.remove("index_key") {
        None | Some(Json::Null) => InstanceKey::None,
        Some(Json::Number(number)) => match number.as_i64() {
            Some(index) => InstanceKey::Index(index),
            None => return Err(format!("{number} is not an index")),
        },
        Some(Json::String(key)) => InstanceKey::Key(key.into()),
        Some(other) => return Err(format!("{other} is not an instance's key")),
    };
    let deposed = take_text(&mut members, "deposed")?;
    let tainted = members.get("status").and_then(Json::as_str) == Some("tainted");
    if tainted {
        members.remove("status");
    }
    let schema_version = take_number(&mut members, "schema_version")?;
    let attributes = members.remove("attributes").unwrap_or(Json::Null);
    let paths = take_list(&mut members, "sensitive_attributes")?;
    let sensitive_attributes = paths.iter().filter_map(read_path).collect();
    let private = take_text(&mut members, "private")?;
    let dependencies = take_list(&mut members, "dependencies")?;
    let dependencies = dependencies.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect();
    let create_before_destroy = take_flag(&mut members, "create_before_destroy")?;
    let instance = InstanceState {
        schema_version,
        tainted,
        attributes,
        sensitive_attributes,
        private,
        dependencies,
        create_before_destroy,
        other: members,
    };
    Ok((ObjectKey { key, deposed }, instance))
}

fn read_path(json: &Json) -> Option<Vec<PathStep>> {
    json.as_array()?
        .iter()
        .map(|step| {
            let value = step.get("value")?;
            match step.get("type")?.as_str()? {
                "get_attr" => Some(PathStep::Attribute(value.as_str()?.into())),
                _ => match value.get("value")? {
                    Json::String(key) => Some(PathStep::Key(key.as_str().into())),
                    Json::Number(index) => Some(PathStep::Index(index.as_u64()? as usize)),
                    _ => None,
                },
            }
        })
        .collect()
}

fn write_path(path: &[PathStep]) -> Json {
    Json::Array(
        path.iter()
            .map(|step| match step {
                PathStep::Attribute(name) => json!({"type": "get_attr", "value": &**name}),
                PathStep::Key(key) => json!({"type": "index", "value": {"value": &**key, "type": "string"}}),
                PathStep::Index(index) => {
                    json!({"type": "index", "value": {"value": index, "type": "number"}})
                }
            })
            .collect(),
    )
}

fn write_resource(address: &AbsoluteResource, state: &ResourceState) -> Json {
    let mut members = Map::new();
    if !address.module.is_root() {
        members.insert("module".into(), json!(address.module.to_string()));
    }
    members.insert("mode".into(), json!(address.resource.mode.to_string()));
    members.insert("type".into(), json!(&*address.resource.ty));
    members.insert("name".into(), json!(&*address.resource.name));
    if let Some(each) = state.other.get("each") {
        members.insert("each".into(), each.clone());
    }
    members.insert("provider".into(), json!(state.provider));
    members.insert(
        "instances".into(),
        Json::Array(state.instances.iter().map(|(key, instance)| write_instance(key, instance)).collect()),
    );
    for (name, value) in &state.other {
        if name != "each" {
            members.insert(name.clone(), value.clone());
        }
    }
    Json::Object(members)
}

fn write_instance(key: &ObjectKey, instance: &InstanceState) -> Json {
    let mut members = Map::new();
    match &key.key {
        InstanceKey::None => {}
        InstanceKey::Index(index) => {
            members.insert("index_key".into(), json!(index));
        }
        InstanceKey::Key(key) => {
            members.insert("index_key".into(), json!(&**key));
        }
    }
    if instance.tainted {
        members.insert("status".into(), json!("tainted"));
    }
    if let Some(deposed) = &key.deposed {
        members.insert("deposed".into(), json!(deposed));
    }
    members.insert("schema_version".into(), json!(instance.schema_version));
    let mut other = instance.other.clone();
    if instance.attributes.is_null() && other.contains_key("attributes_flat") {
        if let Some(flat) = other.remove("attributes_flat") {
            members.insert("attributes_flat".into(), flat);
        }
    } else {
        members.insert("attributes".into(), instance.attributes.clone());
    }
    let paths = instance.sensitive_attributes.iter().map(|path| write_path(path)).collect();
    members.insert("sensitive_attributes".into(), Json::Array(paths));
    for name in ["identity_schema_version", "identity"] {
        if let Some(value) = other.remove(name) {
            members.insert(name.to_owned(), value);
        }
    }
    if let Some(private) = &instance.private {
        members.insert("private".into(), json!(private));
    }
    if !instance.dependencies.is_empty() {
        members.insert("dependencies".into(), json!(instance.dependencies));
    }
    if instance.create_before_destroy {
        members.insert("create_before_destroy".into(), json!(true));
    }
    members.extend(other);
    Json::Object(members)
}
