//! Writing the file as Terraform writes it.

use serde_json::{Map, Value as Json, json};

use crate::address::{AbsoluteResource, InstanceKey};
use crate::lang::convert::PathStep;

use super::as_read::{Form, in_order};
use super::codec::encode_plain;
use super::print::Printer;
use super::{InstanceState, ObjectKey, OutputState, ResourceState, State};

impl State {
    /// The file's text: two-space indent, a line end behind all. What has not changed since the state was read is
    /// written as it was.
    pub fn to_text(&self) -> String {
        let as_read = &self.as_read;
        let resources = in_order(self.sorted_resources(), &as_read.resource_order);
        let mut printer = Printer::new(&as_read.spelling);
        printer.object(&as_read.root.apply(write_root(self)), |printer, name, json| match name {
            "outputs" if json.is_boolean() => {
                let outputs = in_order(self.outputs.iter().collect(), &as_read.output_order);
                let names = outputs.iter().map(|(name, _)| (name.to_string(), Json::Null)).collect();
                printer.object(&names, |printer, name, _| {
                    let Some(output) = self.outputs.get(name) else { return };
                    let members = formed(as_read.outputs.get(name), write_output(output));
                    printer.object(&members, |printer, _, json| printer.json(json));
                });
            }
            "resources" if json.is_boolean() => printer.list(
                resources.iter(),
                |_, (address, _)| address.to_string(),
                |printer, (address, state)| self.print_resource(printer, address, state),
            ),
            _ => printer.json(json),
        });
        printer.finish(as_read.end.as_deref().unwrap_or("\n"))
    }

    /// The resources in Terraform's order: by the text of the module's address first.
    pub(super) fn sorted_resources(&self) -> Vec<(&AbsoluteResource, &ResourceState)> {
        let mut resources: Vec<_> = self.resources.iter().collect();
        if resources.iter().any(|(address, _)| !address.module.is_root()) {
            resources
                .sort_by_cached_key(|(address, _)| (address.module.to_string(), address.resource.clone()));
        }
        resources
    }

    fn print_resource(&self, printer: &mut Printer, address: &AbsoluteResource, state: &ResourceState) {
        let members = formed(self.as_read.resources.get(address), write_resource(address, state));
        let forms = self.as_read.instances.get(address);
        printer.object(&members, |printer, name, json| {
            if name != "instances" || !json.is_boolean() {
                return printer.json(json);
            }
            let order = self.as_read.instance_order.get(address).map(Vec::as_slice).unwrap_or_default();
            let instances = in_order(state.instances.iter().collect(), order);
            printer.list(
                instances.into_iter(),
                |_, (key, _)| label(key),
                |printer, (key, instance)| {
                    let form = forms.and_then(|forms| forms.get(key));
                    let members = formed(form, write_instance(key, instance));
                    printer.object(&members, |printer, name, json| {
                        let is_place = name == "attributes" && json.is_boolean();
                        printer.json(if is_place { &instance.attributes } else { json });
                    });
                },
            );
        });
    }
}

fn formed(form: Option<&Form>, members: Map<String, Json>) -> Map<String, Json> {
    match form {
        Some(form) => form.apply(members),
        None => members,
    }
}

/// What a resource's instance is called where the file's spelling is noted.
pub(super) fn label(key: &ObjectKey) -> String {
    format!("{} {}", key.key, key.deposed.as_deref().unwrap_or_default())
}

pub(super) fn write_path(path: &[PathStep]) -> Json {
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

/// What stands in the place of a big member: whether it is empty.
pub(super) fn place(member: &Json) -> Json {
    match member {
        Json::Null => Json::Null,
        Json::Array(items) => json!(!items.is_empty()),
        Json::Object(members) => json!(!members.is_empty()),
        _ => json!(true),
    }
}

/// The root's members, without outputs and resources.
pub(super) fn write_root(state: &State) -> Map<String, Json> {
    let mut root = Map::new();
    root.insert("version".into(), json!(4));
    let version =
        if state.terraform_version.is_empty() { super::TERRAFORM_VERSION } else { &state.terraform_version };
    root.insert("terraform_version".into(), json!(version));
    root.insert("serial".into(), json!(state.serial));
    root.insert("lineage".into(), json!(state.lineage));
    root.insert("outputs".into(), json!(!state.outputs.is_empty()));
    root.insert("resources".into(), json!(!state.resources.is_empty()));
    root.insert("check_results".into(), state.check_results.clone().unwrap_or(Json::Null));
    root.extend(state.other.clone());
    root
}

pub(super) fn write_output(output: &OutputState) -> Map<String, Json> {
    let mut members = Map::new();
    members.insert("value".into(), encode_plain(&output.value));
    members.insert("type".into(), output.ty.to_json());
    if output.sensitive {
        members.insert("sensitive".into(), json!(true));
    }
    members.extend(output.other.clone());
    members
}

/// A resource's members, without its instances.
pub(super) fn write_resource(address: &AbsoluteResource, state: &ResourceState) -> Map<String, Json> {
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
    members.insert("instances".into(), json!(!state.instances.is_empty()));
    for (name, value) in &state.other {
        if name != "each" {
            members.insert(name.clone(), value.clone());
        }
    }
    members
}

/// An object's members, without its attributes.
pub(super) fn write_instance(key: &ObjectKey, instance: &InstanceState) -> Map<String, Json> {
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
    // The attributes of Terraform 0.11, which it replaces at the first opportunity.
    let flat = other.shift_remove("attributes_flat").filter(|_| instance.attributes.is_null());
    match flat {
        Some(flat) => members.insert("attributes_flat".into(), flat),
        None => members.insert("attributes".into(), place(&instance.attributes)),
    };
    let paths = instance.sensitive_attributes.iter().map(|path| write_path(path)).collect();
    members.insert("sensitive_attributes".into(), Json::Array(paths));
    for name in ["identity_schema_version", "identity"] {
        if let Some(value) = other.shift_remove(name) {
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
    members
}
