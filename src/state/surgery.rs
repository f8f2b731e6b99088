//! Changes of the record alone: objects get other addresses, are forgotten, marked, or handed to another provider.
//! Nothing here asks AWS. What is changed and what is refused is what Terraform 1.11 changes and refuses
//! (<https://developer.hashicorp.com/terraform/cli/state>), except where a comment says otherwise.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::address::{
    AbsoluteResource, ConfigResource, InstanceAddress, InstanceKey, ModuleInstance, Target, parse_target,
};
use crate::lang::diagnostic::Diagnostic;

use super::{ObjectKey, ResourceState, State, provider_source};

/// What a move took from where to where: addresses of a module, a resource or an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: String,
    pub to: String,
}

/// Gives a module with all in it, a resource with all its instances, or one instance another address. What depends
/// on it depends on the new address then (Terraform drops such dependencies until the next apply finds them again).
///
/// # Errors
/// The source is not recorded, the destination is taken, or the two are not of one kind. The state is as it was.
pub fn move_objects(state: &mut State, source: &str, destination: &str) -> Result<Vec<Moved>, Diagnostic> {
    let (from, to) = (target(source)?, target(destination)?);
    let (moved, pairs) = match from {
        Target::Module(from) => {
            let Target::Module(to) = to else {
                return Err(invalid_target(format!(
                    "Cannot move {from} to {to}: the target must also be a module."
                )));
            };
            move_module(state, &from, &to)?
        }
        Target::Resource { resource, key } => {
            // Without a key, an address means the only instance of a resource that is not repeated, else all of them.
            let instance = resource.instance(key.clone().unwrap_or(InstanceKey::None));
            if key.is_some() || has_instance(state, &instance) {
                move_instance(state, &instance, to)?
            } else {
                move_resource(state, &resource, to)?
            }
        }
    };
    follow(state, &pairs);
    Ok(moved)
}

type Pairs = Vec<(AbsoluteResource, AbsoluteResource)>;

fn move_module(
    state: &mut State,
    from: &ModuleInstance,
    to: &ModuleInstance,
) -> Result<(Vec<Moved>, Pairs), Diagnostic> {
    let inside = |module: &ModuleInstance| {
        state
            .resources
            .keys()
            .filter(|resource| resource.module.starts_with(module))
            .cloned()
            .collect::<Vec<AbsoluteResource>>()
    };
    let resources = inside(from);
    if resources.is_empty() {
        return Err(no_match(from));
    }
    if !inside(to).is_empty() {
        return Err(invalid_target(format!(
            "Cannot move to {to}: there is already a module at that address in the current state."
        )));
    }
    let (mut moved, mut pairs) = (BTreeMap::new(), Pairs::new());
    for old in resources {
        let steps = to.0.iter().chain(old.module.0.iter().skip(from.0.len()));
        let module = ModuleInstance(steps.cloned().collect());
        moved.insert(old.module.clone(), module.clone());
        pairs.push((old.clone(), AbsoluteResource { module, resource: old.resource }));
    }
    // All are taken out before the first is put in: a module may move into itself.
    let taken: Vec<Option<ResourceState>> =
        pairs.iter().map(|(old, _)| state.resources.remove(old)).collect();
    for ((_, new), resource) in pairs.iter().zip(taken) {
        state.resources.extend(resource.map(|resource| (new.clone(), resource)));
    }
    let moved = moved.into_iter().map(|(from, to)| Moved { from: from.to_string(), to: to.to_string() });
    Ok((moved.collect(), pairs))
}

fn move_resource(
    state: &mut State,
    from: &AbsoluteResource,
    to: Target,
) -> Result<(Vec<Moved>, Pairs), Diagnostic> {
    if !state.resources.contains_key(from) {
        return Err(no_match(from));
    }
    let to = match to {
        Target::Resource { resource, key: None } => resource,
        other => {
            return Err(invalid_target(format!(
                "Cannot move {from} to {other}: the source is a whole resource (not a resource instance) so the target \
                 must also be a whole resource."
            )));
        }
    };
    same_kind(from, &to, from, &to)?;
    if state.resources.contains_key(&to) {
        return Err(invalid_target(format!(
            "Cannot move to {to}: there is already a resource at that address in the current state."
        )));
    }
    let taken = state.resources.remove(from);
    state.resources.extend(taken.map(|resource| (to.clone(), resource)));
    let moved = Moved { from: from.to_string(), to: to.to_string() };
    Ok((vec![moved], vec![(from.clone(), to)]))
}

fn move_instance(
    state: &mut State,
    from: &InstanceAddress,
    to: Target,
) -> Result<(Vec<Moved>, Pairs), Diagnostic> {
    if !has_instance(state, from) {
        let detail = format!("The current state does not contain {from}.");
        return Err(Diagnostic::error("Invalid source address", detail));
    }
    let to = match to {
        Target::Resource { resource, key } => resource.instance(key.unwrap_or(InstanceKey::None)),
        Target::Module(module) => {
            return Err(invalid_target(format!(
                "Cannot move {from} to {module}: the target must also be a resource instance."
            )));
        }
    };
    let (old, new) = (from.absolute(), to.absolute());
    same_kind(&old, &new, from, &to)?;
    if has_instance(state, &to) {
        return Err(invalid_target(format!(
            "Cannot move to {to}: there is already a resource instance at that address in the current state."
        )));
    }
    let provider = state.resources.get(&old).map(|resource| resource.provider.clone()).unwrap_or_default();
    if let Some(other) = state.resources.get(&new).filter(|other| other.provider != provider) {
        // The format has one provider for all instances of a resource: to move would be to change it unasked.
        return Err(invalid_target(format!(
            "Cannot move {from} to {to}: {new} belongs to {}, and {from} to {provider}. Both must have the same provider \
             configuration.",
            other.provider
        )));
    }
    let (instances, other) = take_instance(state, from);
    let resource = state.resources.entry(new.clone()).or_insert_with(|| ResourceState {
        provider,
        other,
        ..ResourceState::default()
    });
    for (key, instance) in instances {
        resource.instances.insert(ObjectKey { key: to.key.clone(), deposed: key.deposed }, instance);
    }
    Ok((vec![Moved { from: from.to_string(), to: to.to_string() }], vec![(old, new)]))
}

/// Takes all objects of an instance out, deposed ones too, and a resource without any with them. Answers them and
/// the resource's fields that recon does not know.
fn take_instance(
    state: &mut State,
    address: &InstanceAddress,
) -> (BTreeMap<ObjectKey, super::InstanceState>, serde_json::Map<String, Json>) {
    let resource = address.absolute();
    let Some(found) = state.resources.get_mut(&resource) else {
        return (BTreeMap::new(), serde_json::Map::new());
    };
    let (taken, kept) =
        std::mem::take(&mut found.instances).into_iter().partition(|(key, _)| key.key == address.key);
    found.instances = kept;
    let other = found.other.clone();
    if found.instances.is_empty() {
        state.resources.remove(&resource);
    }
    (taken, other)
}

fn has_instance(state: &State, address: &InstanceAddress) -> bool {
    state
        .resources
        .get(&address.absolute())
        .is_some_and(|resource| resource.instances.keys().any(|key| key.key == address.key))
}

/// Refuses what is no move: from one type to another, or from a data source to a managed resource.
fn same_kind(
    old: &AbsoluteResource,
    new: &AbsoluteResource,
    from: &dyn std::fmt::Display,
    to: &dyn std::fmt::Display,
) -> Result<(), Diagnostic> {
    use crate::address::Mode;
    let problem = if old.resource.mode != new.resource.mode {
        match old.resource.mode {
            Mode::Managed => "a managed resource can be moved only to another managed resource address",
            Mode::Data => "a data resource can be moved only to another data resource address",
        }
    } else if old.resource.ty != new.resource.ty {
        "resource types don't match"
    } else {
        return Ok(());
    };
    Err(Diagnostic::error("Invalid state move request", format!("Cannot move {from} to {to}: {problem}.")))
}

/// Lets dependencies follow what was moved.
fn follow(state: &mut State, pairs: &Pairs) {
    let mut renamed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let left: BTreeSet<ConfigResource> = state.resources.keys().map(AbsoluteResource::config).collect();
    for (old, new) in pairs {
        let (old, new) = (old.config(), new.config());
        if old == new {
            continue;
        }
        let names = renamed.entry(old.to_string()).or_default();
        names.insert(new.to_string());
        // Other instances of the resource are still where they were.
        if left.contains(&old) {
            names.insert(old.to_string());
        }
    }
    if renamed.is_empty() {
        return;
    }
    for (resource, found) in &mut state.resources {
        let own = resource.config().to_string();
        for instance in found.instances.values_mut() {
            if !instance.dependencies.iter().any(|name| *name == own || renamed.contains_key(name)) {
                continue;
            }
            let names: BTreeSet<String> = std::mem::take(&mut instance.dependencies)
                .into_iter()
                .flat_map(|name| match renamed.get(&name) {
                    Some(names) => names.iter().cloned().collect(),
                    None => vec![name],
                })
                // What depended on another instance of its new resource must not depend on itself.
                .filter(|name| *name != own)
                .collect();
            instance.dependencies = names.into_iter().collect();
        }
    }
}

/// Forgets what the addresses name: modules with all in them, resources with all their instances, instances. Answers
/// the instances, in the state's order.
///
/// # Errors
/// An address names nothing that is recorded (Terraform passes over it if another one names something). The state is
/// as it was.
pub fn remove_objects(state: &mut State, addresses: &[String]) -> Result<Vec<InstanceAddress>, Diagnostic> {
    let mut wanted = BTreeSet::new();
    for text in addresses {
        let target = target(text)?;
        let found: Vec<InstanceAddress> = match &target {
            Target::Module(_) => state
                .objects()
                .map(|(address, ..)| address)
                .filter(|address| target.covers(address))
                .collect(),
            Target::Resource { resource, key } => state
                .resources
                .get(resource)
                .into_iter()
                .flat_map(|found| found.instances.keys())
                .filter(|object| key.as_ref().is_none_or(|key| *key == object.key))
                .map(|object| resource.instance(object.key.clone()))
                .collect(),
        };
        if found.is_empty() {
            let detail = format!(
                "The state has nothing at {target}, and nothing was removed. \"recon state list\" lists all that it has."
            );
            return Err(invalid_target(detail));
        }
        wanted.extend(found);
    }
    for address in &wanted {
        take_instance(state, address);
    }
    Ok(wanted.into_iter().collect())
}

/// Hands all resources of a provider to another one. Both are source addresses, complete ones. Answers the resources.
pub fn replace_provider(state: &mut State, from: &str, to: &str) -> Vec<AbsoluteResource> {
    let (old, new) = (format!("provider[\"{from}\"]"), format!("provider[\"{to}\"]"));
    let mut changed = Vec::new();
    for (address, resource) in &mut state.resources {
        let mut is_changed = false;
        if provider_source(&resource.provider) == Some(from) {
            resource.provider = resource.provider.replacen(&old, &new, 1);
            is_changed = true;
        }
        // OpenTofu writes an instance's own provider where it is not the resource's.
        for instance in resource.instances.values_mut() {
            if let Some(Json::String(text)) = instance.other.get_mut("provider")
                && provider_source(text) == Some(from)
            {
                *text = text.replacen(&old, &new, 1);
                is_changed = true;
            }
        }
        if is_changed {
            changed.push(address.clone());
        }
    }
    changed
}

/// Why a mark cannot be set or taken away.
#[derive(Debug)]
pub enum MarkError {
    /// Nothing is recorded at the address.
    Missing,
    /// For the user, as it is.
    Refused(Diagnostic),
}

/// Marks an instance's current object as one to be replaced, or takes the mark away. `false`: it was so already.
///
/// # Errors
/// There is no such object, or it is none that is ever replaced.
pub fn set_tainted(state: &mut State, address: &InstanceAddress, tainted: bool) -> Result<bool, MarkError> {
    if address.resource.mode == crate::address::Mode::Data {
        let detail = format!(
            "{address} is a data source: it is read anew each time, and there is nothing to replace."
        );
        let summary = format!("Resource instance {address} cannot be tainted");
        return Err(MarkError::Refused(Diagnostic::error(summary, detail)));
    }
    let key = ObjectKey { key: address.key.clone(), deposed: None };
    let resource = state.resources.get_mut(&address.absolute()).ok_or(MarkError::Missing)?;
    let instance = resource.instances.get_mut(&key).ok_or(MarkError::Missing)?;
    if !tainted && !instance.tainted {
        let detail =
            format!("Resource instance {address} is not currently tainted, and so it cannot be untainted.");
        return Err(MarkError::Refused(Diagnostic::error("Resource instance is not tainted", detail)));
    }
    let changed = instance.tainted != tainted;
    instance.tainted = tainted;
    Ok(changed)
}

fn target(text: &str) -> Result<Target, Diagnostic> {
    parse_target(text).ok_or_else(|| {
        let detail = format!(
            "{text:?} is not the address of a resource or module: one looks like aws_lb.main, aws_lb.main[0], \
             aws_lb.main[\"a\"] or module.web."
        );
        Diagnostic::error("Invalid address", detail)
    })
}

fn no_match(address: &dyn std::fmt::Display) -> Diagnostic {
    let detail = format!("Cannot move {address}: does not match anything in the current state.");
    Diagnostic::error("Invalid source address", detail)
}

fn invalid_target(detail: String) -> Diagnostic {
    Diagnostic::error("Invalid target address", detail)
}
