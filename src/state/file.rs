//! Reading the file, with care.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use crate::address::{AbsoluteResource, InstanceKey, Mode, ModuleInstance, Resource, Target, parse_target};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;

use super::as_read::{AsRead, Form, unusual};
use super::codec::decode;
use super::spelling::{Label, Spelling, is_unusual};
use super::write::{label, place, write_instance, write_output, write_resource, write_root};
use super::{InstanceState, ObjectKey, OutputState, State, StateError};

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
        let is_unusual = is_unusual(text, &json);
        let Json::Object(root) = json else {
            return Err(unreadable("it is not a JSON object".to_owned(), REPAIR));
        };
        if root.contains_key("encrypted_data") {
            return Err(unreadable(
                "it is encrypted by OpenTofu".to_owned(),
                "recon does not read OpenTofu's encryption: decrypt it with \"tofu state pull\" and an unencrypted \
                 target first.",
            ));
        }
        if root.contains_key(super::encryption::MARK) {
            return Err(unreadable(
                "it is encrypted by recon".to_owned(),
                "Give the identity of one of its recipients and a recon.hcl that says state_encryption.",
            ));
        }
        match root.get("version").and_then(Json::as_u64) {
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
        read_members(root, text, is_unusual).map(Some).map_err(|problem| unreadable(problem, REPAIR))
    }
}

/// A member of an object; `None` if it is null or not there. One of another kind is no state: to pass it over would be
/// to lose what it says.
fn take<T>(
    members: &mut Map<String, Json>,
    name: &str,
    kind: &str,
    read: impl FnOnce(Json) -> Option<T>,
) -> Result<Option<T>, String> {
    match members.shift_remove(name) {
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

/// Takes a big member out; its place is kept. `None` if it is null or not there.
fn take_out(members: &mut Map<String, Json>, name: &str) -> Option<Json> {
    let member = members.get_mut(name)?;
    let taken = member.take();
    *member = place(&taken);
    Some(taken).filter(|taken| !taken.is_null())
}

fn read_members(mut root: Map<String, Json>, text: &str, is_unusual: bool) -> Result<State, String> {
    let outputs = take_out(&mut root, "outputs");
    let resources = take_out(&mut root, "resources");
    let mut state = read_root(root.clone())?;
    match outputs {
        None => {}
        Some(Json::Object(outputs)) => {
            let mut order: Vec<Arc<str>> = Vec::with_capacity(outputs.len());
            for (name, output) in outputs {
                let name: Arc<str> = name.into();
                order.push(Arc::clone(&name));
                read_output(name, output, &mut state)?;
            }
            state.as_read.output_order = unusual(order, state.outputs.keys());
        }
        Some(_) => return Err("\"outputs\" is not an object".to_owned()),
    }
    let mut labels: Vec<Label> = Vec::new();
    match resources {
        None => {}
        Some(Json::Array(resources)) => {
            let mut order = Vec::with_capacity(resources.len());
            for resource in resources {
                let (address, keys) = read_resource(resource, &mut state)?;
                if is_unusual {
                    let instances = keys.iter().map(label).collect();
                    labels.push(Label { resource: address.to_string(), instances });
                }
                order.push(address);
            }
            let usual = state.sorted_resources();
            let order = unusual(order, usual.into_iter().map(|(address, _)| address));
            state.as_read.resource_order = order;
        }
        Some(_) => return Err("\"resources\" is not a list".to_owned()),
    }
    if is_unusual {
        state.as_read.spelling = Spelling::of(text, &labels);
    }
    let end = &text[text.trim_end().len()..];
    state.as_read.end = (end != "\n").then(|| end.into());
    if let Some(form) = Form::new(root, write_root(&state)) {
        state.as_read.root = form;
    }
    Ok(state)
}

/// The root's own members; `outputs` and `resources` are passed over.
fn read_root(mut root: Map<String, Json>) -> Result<State, String> {
    let terraform_version = take_text(&mut root, "terraform_version")?.unwrap_or_default();
    let lineage = take_text(&mut root, "lineage")?.unwrap_or_default();
    let serial = take_number(&mut root, "serial")?;
    let check_results = root.shift_remove("check_results").filter(|found| !found.is_null());
    let other = root
        .into_iter()
        .filter(|(name, _)| !["version", "outputs", "resources"].contains(&name.as_str()))
        .collect();
    Ok(State {
        terraform_version,
        serial,
        lineage,
        outputs: BTreeMap::new(),
        resources: BTreeMap::new(),
        check_results,
        other,
        as_read: AsRead::default(),
    })
}

fn read_output(name: Arc<str>, json: Json, into: &mut State) -> Result<(), String> {
    let Json::Object(read) = json else { return Err(format!("output {name:?} is not an object")) };
    let mut members = read.clone();
    let ty = take(&mut members, "type", "a type", |json| Type::from_json(&json))?.unwrap_or(Type::Dynamic);
    let sensitive = take_flag(&mut members, "sensitive")?;
    let value = decode(&members.shift_remove("value").unwrap_or(Json::Null), &ty);
    let value = if sensitive { value.sensitive() } else { value };
    let output = OutputState { value, ty, sensitive, other: members };
    if let Some(form) = Form::new(read, write_output(&output)) {
        into.as_read.outputs.insert(Arc::clone(&name), form);
    }
    into.outputs.insert(name, output);
    Ok(())
}

/// Reads a resource into the state. Answers its address and the keys of its objects, in order.
fn read_resource(json: Json, into: &mut State) -> Result<(AbsoluteResource, Vec<ObjectKey>), String> {
    let Json::Object(mut read) = json else { return Err("a resource is not an object".to_owned()) };
    let instances = take_out(&mut read, "instances");
    let mut members = read.clone();
    members.shift_remove("instances");
    let mut text =
        |name: &str| take_text(&mut members, name)?.ok_or_else(|| format!("a resource has no {name}"));
    let mode = match text("mode")?.as_str() {
        "managed" => Mode::Managed,
        "data" => Mode::Data,
        other => return Err(format!("a resource has the mode {other:?}")),
    };
    let (ty, name) = (text("type")?, text("name")?);
    let module = match take_text(&mut members, "module")?.filter(|module| !module.is_empty()) {
        Some(module) => match parse_target(&module) {
            Some(Target::Module(module)) => module,
            _ => return Err(format!("{module:?} is not a module's address")),
        },
        None => ModuleInstance::root(),
    };
    let provider = take_text(&mut members, "provider")?.unwrap_or_default();
    let address = AbsoluteResource { module, resource: Resource { mode, ty: ty.into(), name: name.into() } };
    let instances = match instances {
        None => Vec::new(),
        Some(Json::Array(instances)) => instances,
        Some(_) => return Err("\"instances\" is not a list".to_owned()),
    };
    // A resource that is there twice is read as one, and written as one.
    let is_again = into.resources.contains_key(&address);
    let known = into.resources.entry(address.clone()).or_default();
    if is_again && known.provider != provider {
        return Err(format!("{address} is there twice, of different providers"));
    }
    known.provider = provider;
    known.other.extend(members);
    let mut forms = HashMap::new();
    let mut order = Vec::with_capacity(instances.len());
    for instance in instances {
        let (key, instance, form) =
            read_instance(instance).map_err(|problem| format!("{address}: {problem}"))?;
        order.push(key.clone());
        if let Some(form) = form {
            forms.insert(key.clone(), form);
        }
        if known.instances.insert(key, instance).is_some() {
            return Err(format!("an instance of {address} is there twice"));
        }
    }
    if !forms.is_empty() {
        into.as_read.instances.entry(address.clone()).or_default().extend(forms);
    }
    if is_again {
        into.as_read.instance_order.remove(&address);
        into.as_read.resources.remove(&address);
        return Ok((address, order));
    }
    if !order.iter().eq(known.instances.keys()) {
        into.as_read.instance_order.insert(address.clone(), order.clone());
    }
    if let Some(form) = Form::new(read, write_resource(&address, known)) {
        into.as_read.resources.insert(address.clone(), form);
    }
    Ok((address, order))
}

fn read_instance(json: Json) -> Result<(ObjectKey, InstanceState, Option<Form>), String> {
    let Json::Object(mut read) = json else { return Err("an instance is not an object".to_owned()) };
    let attributes = take_out(&mut read, "attributes").unwrap_or_default();
    if !attributes.is_object() && !attributes.is_null() {
        return Err("\"attributes\" is not an object".to_owned());
    }
    let mut members = read.clone();
    members.shift_remove("attributes");
    let key = match members.shift_remove("index_key") {
        None | Some(Json::Null) => InstanceKey::None,
        Some(Json::Number(number)) => match number.as_i64() {
            Some(index) => InstanceKey::Index(index),
            None => return Err(format!("{number} is not an index")),
        },
        Some(Json::String(key)) => InstanceKey::Key(key.into()),
        Some(other) => return Err(format!("{other} is not an instance's key")),
    };
    let deposed = take_text(&mut members, "deposed")?.filter(|deposed| !deposed.is_empty());
    let tainted = match take_text(&mut members, "status")?.as_deref() {
        None | Some("") => false,
        Some("tainted") => true,
        Some(other) => return Err(format!("an instance has the status {other:?}")),
    };
    let schema_version = take_number(&mut members, "schema_version")?;
    let paths = take_list(&mut members, "sensitive_attributes")?;
    let sensitive_attributes = paths.iter().map(read_path).collect();
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
    let key = ObjectKey { key, deposed };
    let form = Form::new(read, write_instance(&key, &instance));
    Ok((key, instance, form))
}

/// A path to what is sensitive. If a step cannot be read, all that the steps before it lead to is sensitive.
pub(super) fn read_path(json: &Json) -> Vec<PathStep> {
    let steps = json.as_array().map(Vec::as_slice).unwrap_or_default();
    steps.iter().map_while(read_step).collect()
}

fn read_step(step: &Json) -> Option<PathStep> {
    let value = step.get("value")?;
    match step.get("type")?.as_str()? {
        "get_attr" => Some(PathStep::Attribute(value.as_str()?.into())),
        "index" => match value.get("value")? {
            Json::String(key) => Some(PathStep::Key(key.as_str().into())),
            Json::Number(index) => Some(PathStep::Index(usize::try_from(index.as_u64()?).ok()?)),
            _ => None,
        },
        _ => None,
    }
}
