//! A state as `show --json` prints it, format version 1.0, and the tree of modules that plans share with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use crate::address::{InstanceAddress, InstanceKey, Mode, ModuleInstance};
use crate::lang::value::Value;
use crate::provider::registry::Registry;
use crate::state::{InstanceState, OutputState, ResourceState, State, encode_plain, provider_source};

use super::json_value::{known, sensitive};
use super::{recorded, with_schema};

/// One object of a tree of modules.
pub(super) struct Object {
    pub address: InstanceAddress,
    pub provider: String,
    pub schema_version: u64,
    pub value: Value,
    pub depends_on: Vec<String>,
    pub tainted: bool,
    pub deposed: Option<String>,
}

impl Object {
    /// A recorded object.
    pub fn recorded(
        address: InstanceAddress,
        deposed: Option<&str>,
        resource: &ResourceState,
        instance: &InstanceState,
        registry: &Registry,
    ) -> Object {
        let value = with_schema(registry, &address.resource, |schema| {
            recorded(instance, schema.map(|schema| &schema.block))
        });
        Object {
            provider: provider_source(&resource.provider).unwrap_or_default().to_owned(),
            schema_version: instance.schema_version,
            value,
            depends_on: instance.dependencies.clone(),
            tainted: instance.tainted,
            deposed: deposed.map(str::to_owned),
            address,
        }
    }

    fn json(&self) -> Json {
        let mut members = address_members(&self.address);
        members.insert("provider_name".into(), json!(self.provider));
        members.insert("schema_version".into(), json!(self.schema_version));
        let values = known(&self.value);
        // What is to be forgotten has none, and of what is wholly unknown there is nothing to say.
        if values.as_object().is_some_and(|values| !values.is_empty()) {
            members.insert("values".into(), values);
        }
        members.insert("sensitive_values".into(), sensitive(&self.value));
        if !self.depends_on.is_empty() {
            members.insert("depends_on".into(), json!(self.depends_on));
        }
        if self.tainted {
            members.insert("tainted".into(), json!(true));
        }
        if let Some(key) = &self.deposed {
            members.insert("deposed_key".into(), json!(key));
        }
        Json::Object(members)
    }
}

/// `address`, `mode`, `type`, `name` and, where there is one, `index`.
pub(super) fn address_members(address: &InstanceAddress) -> Map<String, Json> {
    let mut members = Map::new();
    members.insert("address".into(), json!(address.to_string()));
    members.insert("mode".into(), json!(address.resource.mode.to_string()));
    members.insert("type".into(), json!(&*address.resource.ty));
    members.insert("name".into(), json!(&*address.resource.name));
    if let Some(key) = key_json(&address.key) {
        members.insert("index".into(), key);
    }
    members
}

/// An instance's key, a number or a string; `None` if it has none.
pub(super) fn key_json(key: &InstanceKey) -> Option<Json> {
    match key {
        InstanceKey::None => None,
        InstanceKey::Index(index) => Some(json!(index)),
        InstanceKey::Key(key) => Some(json!(&**key)),
    }
}

/// Objects as `root_module`: those of the root module, and the modules called with theirs.
pub(super) fn root_module(mut objects: Vec<Object>) -> Json {
    // Data sources come before managed resources.
    let managed = |object: &Object| object.address.resource.mode == Mode::Managed;
    objects.sort_by(|left, right| {
        (managed(left), &left.address, &left.deposed).cmp(&(managed(right), &right.address, &right.deposed))
    });
    let mut resources: BTreeMap<ModuleInstance, Vec<Json>> = BTreeMap::new();
    let mut children: BTreeMap<ModuleInstance, Vec<ModuleInstance>> = BTreeMap::new();
    for object in &objects {
        let mut module = object.address.module.clone();
        resources.entry(module.clone()).or_default().push(object.json());
        while let Some((parent, _)) = module.split_last() {
            let known = children.entry(parent.clone()).or_default();
            if known.contains(&module) {
                break;
            }
            known.push(module);
            module = parent;
        }
    }
    module(&ModuleInstance::root(), &mut resources, &children)
}

fn module(
    instance: &ModuleInstance,
    resources: &mut BTreeMap<ModuleInstance, Vec<Json>>,
    children: &BTreeMap<ModuleInstance, Vec<ModuleInstance>>,
) -> Json {
    let mut members = Map::new();
    if let Some(own) = resources.remove(instance) {
        members.insert("resources".into(), Json::Array(own));
    }
    if !instance.is_root() {
        members.insert("address".into(), json!(instance.to_string()));
    }
    if let Some(called) = children.get(instance) {
        let mut called: Vec<&ModuleInstance> = called.iter().collect();
        called.sort();
        let called = called.into_iter().map(|child| module(child, resources, children)).collect();
        members.insert("child_modules".into(), Json::Array(called));
    }
    Json::Object(members)
}

fn outputs(outputs: &BTreeMap<Arc<str>, OutputState>) -> Json {
    let entry = |output: &OutputState| {
        json!({
            "sensitive": output.sensitive,
            "value": encode_plain(&output.value),
            "type": output.ty.to_json(),
        })
    };
    Json::Object(outputs.iter().map(|(name, output)| (name.to_string(), entry(output))).collect())
}

/// `values` of a state: its outputs and objects.
pub(super) fn values(state_outputs: &BTreeMap<Arc<str>, OutputState>, objects: Vec<Object>) -> Json {
    let mut members = Map::new();
    if !state_outputs.is_empty() {
        members.insert("outputs".into(), outputs(state_outputs));
    }
    members.insert("root_module".into(), root_module(objects));
    Json::Object(members)
}

/// A state as JSON. It holds sensitive values in the open, as the state itself does, and says which they are.
pub fn state_json(state: &State, registry: &Registry) -> Json {
    let mut members = Map::new();
    members.insert("format_version".into(), json!("1.0"));
    members.insert("terraform_version".into(), json!(state.terraform_version));
    if !state.is_empty() {
        let objects = state
            .objects()
            .map(|(address, deposed, resource, instance)| {
                Object::recorded(address, deposed, resource, instance, registry)
            })
            .collect();
        members.insert("values".into(), values(&state.outputs, objects));
    }
    if let Some(checks) = &state.check_results
        && !checks.is_null()
    {
        members.insert("checks".into(), checks.clone());
    }
    Json::Object(members)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// The objects of a module and of those that it calls, by address; their dependencies left out.
    fn gather(module: &Json, found: &mut BTreeMap<String, Json>) {
        for object in module["resources"].as_array().into_iter().flatten() {
            let mut object = object.clone();
            object.as_object_mut().unwrap().remove("depends_on");
            found.insert(object["address"].as_str().unwrap().to_owned(), object);
        }
        for child in module["child_modules"].as_array().into_iter().flatten() {
            let address = child["address"].as_str().unwrap();
            let mut own = BTreeMap::new();
            gather(child, &mut own);
            assert!(own.keys().all(|object| object.starts_with(address)), "{address}");
            found.append(&mut own);
        }
    }

    // The state after a step is the prior state of the plan that follows it, which Terraform 1.11.4 wrote as JSON: but
    // for what the plan moved, read anew or worked out anew, which is passed over by its values.
    #[test]
    fn objects_read_as_in_the_plans_of_the_conformance_stacks() {
        let stacks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stacks");
        let registry = Registry::new();
        let mut checked = 0;
        for stack in std::fs::read_dir(stacks).unwrap() {
            let mut steps: Vec<PathBuf> =
                std::fs::read_dir(stack.unwrap().path()).unwrap().map(|step| step.unwrap().path()).collect();
            steps.sort();
            for pair in steps.windows(2) {
                let (Ok(state), Ok(plan)) = (
                    std::fs::read_to_string(pair[0].join("terraform.tfstate")),
                    std::fs::read_to_string(pair[1].join("plan.json")),
                ) else {
                    continue;
                };
                let (Ok(Some(state)), Ok(plan)) =
                    (State::parse(&state, "test"), serde_json::from_str::<Json>(&plan))
                else {
                    continue;
                };
                let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
                gather(&state_json(&state, &registry)["values"]["root_module"], &mut ours);
                gather(&plan["prior_state"]["values"]["root_module"], &mut theirs);
                for (address, own) in &ours {
                    let Some(other) = theirs.get(address) else { continue };
                    if own["values"] == other["values"] {
                        assert_eq!(own, other, "{address} in {}", pair[1].display());
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 60, "only {checked} objects could be compared");
    }
}
