//! What is recorded and not recon's to change, and what the state keeps of other tools' ways.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::{ConfigResource, InstanceAddress, Mode};
use crate::config::ResourceBlock;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::value::Value;
use crate::live::incomparable::{Incomparable, comparable, unknown_data};
use crate::live::provider_key;
use crate::plan::model::{Action, NotCompared, PlanMode};
use crate::plan::moves::removed;
use crate::plan::offline::{ProviderKey, Stack, foreign_source};
use crate::provider::registry::Registry;
use crate::state::{InstanceState, ObjectKey, ResourceState, State, provider_source};

use super::{Options, Planner};

/// The recorded objects that are left as they are.
pub(super) fn not_compared(stack: Stack<'_>, state: &State, options: &Options) -> Vec<NotCompared> {
    let is_meant = |address: &InstanceAddress| {
        options.targets.is_empty() || options.targets.iter().any(|target| target.covers(address))
    };
    let forgets = |address: &InstanceAddress| {
        options.mode == PlanMode::Normal && removed(stack.configuration, address) == Some(false)
    };
    state
        .objects()
        .filter_map(|(address, deposed, resource, instance)| {
            let why = match address.resource.mode {
                Mode::Managed => comparable(stack.registry, &address.resource, resource, instance).err()?,
                Mode::Data => unknown_data(stack.registry, &address.resource, resource)?,
            };
            let deposed = deposed.map(str::to_owned);
            (is_meant(&address) && !forgets(&address)).then_some(NotCompared { address, deposed, why })
        })
        .collect()
}

/// The source address by which a state names each provider.
pub(super) fn recorded_sources(registry: &Registry, state: &State) -> BTreeMap<&'static str, String> {
    let mut sources = BTreeMap::new();
    let mut last = "";
    for resource in state.resources.values() {
        let Some(source) = provider_source(&resource.provider).filter(|source| *source != last) else {
            continue;
        };
        last = source;
        if let Some(provider) = registry.provider_by_source(source) {
            sources.entry(provider.name()).or_insert_with(|| source.to_owned());
        }
    }
    sources
}

impl Planner<'_> {
    /// Whether a recorded object is left as it is, because it cannot be compared.
    pub(super) fn is_left(
        &self,
        address: &InstanceAddress,
        resource: &ResourceState,
        instance: &InstanceState,
    ) -> bool {
        comparable(self.stack.registry, &address.resource, resource, instance).is_err()
    }

    /// What a resource or data source of a provider that recon does not have is for those that refer to it.
    pub(super) fn foreign_value(&mut self, address: &InstanceAddress, block: &ResourceBlock) -> Value {
        if self.state.get(address).is_none() {
            let source = foreign_source(self.stack, &address.module.path(), block);
            self.not_compared.push(NotCompared {
                address: address.clone(),
                deposed: None,
                why: Incomparable::Provider { name: source.unwrap_or_default() },
            });
        }
        self.recorded_value(address, block)
    }

    /// A provider configuration as the state file is to name it: as it does already, else after its other resources,
    /// so that a state of OpenTofu's registry stays one.
    pub(super) fn provider_config(&self, address: &InstanceAddress, key: &ProviderKey) -> String {
        let recorded = self.state.resources.get(&address.absolute()).map(|resource| &resource.provider);
        if let Some(text) = recorded
            && provider_key(self.stack.registry, text).as_ref() == Some(key)
        {
            return text.clone();
        }
        let source = self.sources.get(&*key.1).cloned().unwrap_or_else(|| self.provider_source(key));
        crate::state::provider_text(&key.0, &source, key.2.as_deref())
    }

    /// What an object that is left as it is depends on must stay; and the object itself cannot be replaced.
    pub(super) fn refuse_what_left_objects_keep_from_being_done(&mut self) {
        for left in &self.not_compared {
            let address = &left.address;
            if self.options.replace.contains(address) {
                let detail = format!("{address} is not compared: {}. {}", left.why, left.why.advice());
                let summary = "Cannot replace an object that is not compared";
                self.diagnostics.push(Diagnostic::error(summary, detail));
            }
            if address.resource.mode == Mode::Data {
                continue;
            }
            let key = ObjectKey { key: address.key.clone(), deposed: left.deposed.clone() };
            let resource = self.state.resources.get(&address.absolute());
            let Some(instance) = resource.and_then(|resource| resource.instances.get(&key)) else { continue };
            let needs: BTreeSet<ConfigResource> = instance.dependency_addresses().into_iter().collect();
            for change in &self.changes {
                let goes = change.action == Action::Delete && change.deposed.is_none();
                if !goes || !needs.contains(&change.address.config()) {
                    continue;
                }
                let detail = format!(
                    "{} would be deleted, and {address}, which stays, depends on it by the record. {address} is not \
                     compared: {}. {}",
                    change.address,
                    left.why,
                    left.why.advice()
                );
                let summary = "Cannot delete what an object that stays depends on";
                self.diagnostics.push(Diagnostic::error(summary, detail).of(change.address.to_string()));
            }
        }
    }
}
