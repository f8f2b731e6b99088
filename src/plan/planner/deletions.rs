//! What is recorded and no longer in the code, and what was replaced and is still to go.

use std::collections::BTreeSet;

use crate::address::{InstanceAddress, InstanceKey, Mode};
use crate::compare::Verdict;
use crate::compare::object::{marked, refreshed};
use crate::graph::expand::Expansion;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::value::Value;
use crate::live::Outcome;
use crate::live::incomparable::comparable;
use crate::plan::model::{Action, PlanMode, Reason, ResourceChange};
use crate::plan::moves::removed;
use crate::provider::registry::provider_name;
use crate::state::{InstanceState, ResourceState, provider_source};

use super::Planner;

impl Planner<'_> {
    /// Plans the deletion of every recorded object that the code does not have (any more), and of deposed ones.
    pub(super) fn delete_orphans(&mut self) {
        if self.options.mode == PlanMode::RefreshOnly {
            return;
        }
        let planned: BTreeSet<InstanceAddress> =
            self.changes.iter().map(|change| change.address.clone()).collect();
        let state = self.state;
        for (address, deposed, resource, instance) in state.objects() {
            if address.resource.mode != Mode::Managed || !self.is_meant(&address) {
                continue;
            }
            if let Some(deposed) = deposed {
                self.delete(&address, Some(deposed), resource, instance, None);
                continue;
            }
            if planned.contains(&address) {
                continue;
            }
            if let Some(reason) = self.orphan_reason(&address) {
                self.delete(&address, None, resource, instance, Some(reason));
            }
        }
    }

    /// Plans the deletion of everything recorded.
    pub(super) fn delete_all(&mut self) {
        let state = self.state;
        for (address, deposed, resource, instance) in state.objects() {
            if address.resource.mode != Mode::Managed || !self.is_meant_to_be_destroyed(&address) {
                continue;
            }
            if self.is_left(&address, resource, instance) {
                continue;
            }
            let config = address.config();
            let block = self
                .stack
                .configuration
                .modules
                .get(&config.module)
                .and_then(|module| module.resources.get(&config.resource));
            if let Some(block) = block.filter(|block| block.lifecycle.prevent_destroy && deposed.is_none()) {
                let detail = format!(
                    "{address} has lifecycle.prevent_destroy set, but the plan calls for it to be destroyed. To go on, \
                     either disable lifecycle.prevent_destroy or leave it out with --target."
                );
                let diagnostic =
                    Diagnostic::error("Instance cannot be destroyed", detail).at(block.declared_at);
                self.diagnostics.push(diagnostic);
                continue;
            }
            self.delete(&address, deposed, resource, instance, None);
        }
    }

    fn is_meant(&self, address: &InstanceAddress) -> bool {
        self.options.targets.is_empty() || self.options.targets.iter().any(|target| target.covers(address))
    }

    /// With targets, what depends on a target must go before it.
    fn is_meant_to_be_destroyed(&self, address: &InstanceAddress) -> bool {
        if self.is_meant(address) {
            return true;
        }
        let Some((_, instance)) = self.state.get(address) else { return false };
        let dependencies = instance.dependency_addresses();
        self.state
            .objects()
            .any(|(other, _, _, _)| self.is_meant(&other) && dependencies.contains(&other.config()))
    }

    /// Why an instance is no longer wanted; `None` if that cannot be told yet.
    fn orphan_reason(&self, address: &InstanceAddress) -> Option<Reason> {
        let path = address.module.path();
        let Some(module) = self.stack.configuration.modules.get(&path) else {
            return Some(Reason::DeleteBecauseNoResourceConfig);
        };
        if !self.values.instances_of(&path).contains(&address.module) {
            let (caller, step) = address.module.split_last()?;
            let key = (caller, std::sync::Arc::clone(&step.name));
            if matches!(self.values.expansions.get(&key), Some(Expansion::Unknown)) {
                return None;
            }
            return Some(Reason::DeleteBecauseNoModule);
        }
        let Some(block) = module.resources.get(&address.resource) else {
            return Some(Reason::DeleteBecauseNoResourceConfig);
        };
        if self.diagnostics.has_errors() {
            return None;
        }
        Some(match (&address.key, block.count.is_some(), block.for_each.is_some()) {
            (InstanceKey::Index(_), true, _) => Reason::DeleteBecauseCountIndex,
            (InstanceKey::Key(_), _, true) => Reason::DeleteBecauseEachKey,
            _ => Reason::DeleteBecauseWrongRepetition,
        })
    }

    fn delete(
        &mut self,
        address: &InstanceAddress,
        deposed: Option<&str>,
        resource: &ResourceState,
        instance: &InstanceState,
        reason: Option<Reason>,
    ) {
        let null = Value::null(crate::lang::types::Type::Dynamic);
        let forgets = self.options.mode != PlanMode::Destroy
            && removed(self.stack.configuration, address) == Some(false);
        let Ok((key, ty)) = comparable(self.stack.registry, &address.resource, resource, instance) else {
            if forgets {
                self.forget_unknown(address, deposed, resource, instance, reason);
            }
            return;
        };
        let schema = &ty.schema().block;
        let recorded = instance.value(schema);
        let config = address.config();
        let module = self.stack.configuration.modules.get(&config.module);
        let block = module.and_then(|module| module.resources.get(&config.resource));
        let mut change = ResourceChange {
            reason,
            declared_at: block.map(|block| block.declared_at),
            recorded: recorded.clone(),
            deposed: deposed.map(str::to_owned),
            schema_version: instance.schema_version,
            provider_config: resource.provider.clone(),
            dependencies: instance.dependency_addresses(),
            create_before_destroy: instance.create_before_destroy,
            prevents_destroy: false,
            only: None,
            ..self.blank(address, &key, Action::Delete)
        };
        change.provider_config.clone_from(&resource.provider);
        if forgets {
            change.action = Action::Forget;
        }
        match self.live.object(address, deposed) {
            // It is gone already: only the record is to follow.
            Some(Outcome::Missing) => {
                change.verdict = Verdict::Missing;
                change.before = null.clone();
            }
            Some(Outcome::Found(live)) => change.before = marked(schema, &refreshed(schema, &recorded, live)),
            Some(Outcome::Unreadable(error)) => {
                change.before = recorded;
                change.unreadable = Some(error.clone());
            }
            None => change.before = recorded,
        }
        self.pending.insert(address.config());
        self.changes.push(change);
    }
    /// Plans to forget an object that is not compared, as a `removed` block asks. Nothing of it needs to be known.
    fn forget_unknown(
        &mut self,
        address: &InstanceAddress,
        deposed: Option<&str>,
        resource: &ResourceState,
        instance: &InstanceState,
        reason: Option<Reason>,
    ) {
        let name = provider_name(&address.resource.ty);
        let key = (address.module.path(), std::sync::Arc::from(name), None);
        let blank = self.blank(address, &key, Action::Forget);
        self.changes.push(ResourceChange {
            reason,
            deposed: deposed.map(str::to_owned),
            provider: provider_source(&resource.provider).unwrap_or_default().into(),
            provider_config: resource.provider.clone(),
            schema_version: instance.schema_version,
            dependencies: instance.dependency_addresses(),
            ..blank
        });
    }
}
