//! `moved` and `removed` blocks: where recorded objects are to be found now, and which are to be let go of.
//!
//! Moves happen in the record, before anything is compared: what a moved object is compared with is the code at its new
//! address.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::address::{InstanceAddress, InstanceKey, Mode, ModuleInstance, ModulePath, ModuleStep, Target};
use crate::config::{Configuration, Removed};
use crate::lang::ast::Traversal;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::Span;
use crate::state::{ObjectKey, State};

/// A `moved` block whose ends are addresses.
struct Statement<'c> {
    /// The module that the block stands in: its ends are relative to that.
    module: &'c ModulePath,
    from: Target,
    to: Target,
    place: Span,
}

/// The objects that have moved: their new address and the old one.
pub type Moves = BTreeMap<InstanceAddress, InstanceAddress>;

/// Checks the `moved` and `removed` blocks of a configuration.
pub fn check(configuration: &Configuration, diagnostics: &mut Diagnostics) {
    statements(configuration, diagnostics);
    for (path, module) in &configuration.modules {
        for removed in &module.removed {
            check_removed(configuration, path, removed, diagnostics);
        }
    }
}

fn statements<'c>(configuration: &'c Configuration, diagnostics: &mut Diagnostics) -> Vec<Statement<'c>> {
    let mut found: Vec<Statement<'c>> = Vec::new();
    for (path, module) in &configuration.modules {
        for moved in &module.moved {
            let ends = (end(&moved.from, diagnostics), end(&moved.to, diagnostics));
            let (Some(from), Some(to)) = ends else { continue };
            let statement = Statement { module: path, from, to, place: moved.declared_at };
            match problem(configuration, &statement, &found) {
                Some(diagnostic) => diagnostics.push(diagnostic.at(statement.place)),
                None => found.push(statement),
            }
        }
    }
    found
}

/// The address at one end of a block.
fn end(traversal: &Traversal, diagnostics: &mut Diagnostics) -> Option<Target> {
    let target = Target::from_traversal(traversal);
    let detail = match &target {
        Some(Target::Resource { resource, .. }) if resource.resource.mode == Mode::Data => {
            "Data sources have no objects of their own: they are read anew at their new address without a moved block."
        }
        Some(_) => return target,
        None => {
            "The address of a resource, an instance of one or a module call is required, like aws_lb.main, \
             aws_lb.main[0] or module.web."
        }
    };
    let place = traversal.steps.last().map_or(traversal.span, |step| step.span);
    diagnostics.push(Diagnostic::error("Invalid address", detail).at(place));
    None
}

/// What is wrong with a block, by itself or beside the others.
fn problem(
    configuration: &Configuration,
    statement: &Statement<'_>,
    others: &[Statement<'_>],
) -> Option<Diagnostic> {
    let (from, to) = (&statement.from, &statement.to);
    match (from, to) {
        (Target::Resource { resource: left, .. }, Target::Resource { resource: right, .. }) => {
            if left.resource.ty != right.resource.ty {
                let detail =
                    format!("An object of type {} cannot become a {}.", left.resource.ty, right.resource.ty);
                return Some(Diagnostic::error("Resource type mismatch", detail));
            }
        }
        (Target::Module(_), Target::Module(_)) => {}
        _ => {
            let detail = "Both \"from\" and \"to\" must name a resource, or both a module.";
            return Some(Diagnostic::error("Invalid \"moved\" addresses", detail));
        }
    }
    if from == to {
        let detail = format!("This moves {from} to where it is. Remove the block.");
        return Some(Diagnostic::error("Redundant move statement", detail));
    }
    if still_declared(configuration, statement.module, from, Some(to)) {
        let detail = format!(
            "The block says that {from} has moved to {to}, and yet {from} is declared. If it is to be another object from \
             now on, remove the old one from the configuration first, and add the new one in a change of its own."
        );
        return Some(Diagnostic::error("Moved object still exists", detail));
    }
    let same = others.iter().find(|other| other.module == statement.module && other.from == *from)?;
    let detail = format!(
        "Another block moves {from} to {}. An object can only move to one place: remove one of the blocks.",
        same.to
    );
    Some(Diagnostic::error("Ambiguous move statements", detail))
}

/// Whether the code has what a block calls gone. An instance key is looked for in `count` and `for_each` only in so far
/// as a resource that has neither has no keys; `to` within the same resource says that only keys change.
fn still_declared(
    configuration: &Configuration,
    path: &ModulePath,
    gone: &Target,
    to: Option<&Target>,
) -> bool {
    let inside = |module: &ModuleInstance| {
        module.0.iter().fold(path.clone(), |path, step| path.child(Arc::clone(&step.name)))
    };
    match gone {
        Target::Module(module) => {
            let Some((_, last)) = module.split_last() else { return false };
            let is_keyed = last.key != InstanceKey::None;
            let same_call = matches!(to, Some(Target::Module(to)) if inside(to) == inside(module));
            !is_keyed && !same_call && configuration.modules.contains_key(&inside(module))
        }
        Target::Resource { resource, key } => {
            let same_resource = matches!(
                to,
                Some(Target::Resource { resource: to, .. })
                    if to.resource == resource.resource && inside(&to.module) == inside(&resource.module)
            );
            let block = configuration
                .modules
                .get(&inside(&resource.module))
                .and_then(|module| module.resources.get(&resource.resource));
            let has_keys = resource.module.0.iter().any(|step| step.key != InstanceKey::None);
            key.is_none() && !has_keys && !same_resource && block.is_some()
        }
    }
}

fn check_removed(
    configuration: &Configuration,
    path: &ModulePath,
    removed: &Removed,
    diagnostics: &mut Diagnostics,
) {
    let Some(target) = end(&removed.from, diagnostics) else { return };
    let steps = match &target {
        Target::Module(module) => &module.0,
        Target::Resource { resource, .. } => &resource.module.0,
    };
    let keyed_module = steps.iter().any(|step| step.key != InstanceKey::None);
    let keyed = matches!(&target, Target::Resource { key: Some(_), .. });
    if keyed_module || keyed {
        let what = if keyed_module { "Module" } else { "Resource" };
        let place = removed
            .from
            .steps
            .iter()
            .rfind(|step| !matches!(step.kind, crate::lang::ast::StepKind::Attribute(_)));
        let detail = "A removed block is about all instances: name the resource or the module without a key.";
        diagnostics.push(
            Diagnostic::error(format!("{what} instance keys not allowed"), detail)
                .at(place.map_or(removed.from.span, |step| step.span)),
        );
        return;
    }
    if still_declared(configuration, path, &target, None) {
        let what = if matches!(target, Target::Module(_)) { "module" } else { "resource" };
        let detail = format!(
            "The block says that {target} is gone, and yet it is declared. Remove the block or the {what}."
        );
        diagnostics
            .push(Diagnostic::error(format!("Removed {what} still exists"), detail).at(removed.declared_at));
    }
}

/// What a `removed` block says of a recorded object that the code does not have: whether to destroy it. `None` if
/// there is no such block.
pub fn removed(configuration: &Configuration, address: &InstanceAddress) -> Option<bool> {
    configuration.modules.iter().find_map(|(path, module)| {
        let (_, within) = split(path, &address.module)?;
        module.removed.iter().find_map(|removed| {
            let is_meant = match Target::from_traversal(&removed.from)? {
                Target::Module(module) => same_names(&module.0, within.get(..module.0.len())?),
                Target::Resource { resource, .. } => {
                    resource.resource == address.resource && same_names(&resource.module.0, within)
                }
            };
            is_meant.then_some(removed.destroy)
        })
    })
}

fn same_names(left: &[ModuleStep], right: &[ModuleStep]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left.name == right.name)
}

/// The part of an instance's path that leads to a module, and the rest. `None` if it does not lead there.
fn split<'a>(path: &ModulePath, module: &'a ModuleInstance) -> Option<(&'a [ModuleStep], &'a [ModuleStep])> {
    let length = path.0.len();
    let (base, rest) = module.0.split_at_checked(length)?;
    base.iter().zip(path.0.iter()).all(|(step, name)| step.name == *name).then_some((base, rest))
}

impl Statement<'_> {
    /// Where an instance goes; `None` if the block is not about it.
    fn destination(&self, address: &InstanceAddress) -> Option<InstanceAddress> {
        let (base, within) = split(self.module, &address.module)?;
        let module = |steps: &[ModuleStep]| ModuleInstance(base.iter().chain(steps).cloned().collect());
        match (&self.from, &self.to) {
            (Target::Module(from), Target::Module(to)) => {
                let (called, inside) = within.split_at_checked(from.0.len())?;
                let (last, outer) = from.0.split_last()?;
                let (to_last, _) = to.0.split_last()?;
                // Without keys at both ends all instances of the call are meant.
                let whole = last.key == InstanceKey::None && to_last.key == InstanceKey::None;
                let (own, own_outer) = called.split_last()?;
                if own_outer != outer || own.name != last.name || !whole && own.key != last.key {
                    return None;
                }
                let mut steps: Vec<ModuleStep> = to.0.to_vec();
                if whole && let Some(step) = steps.last_mut() {
                    step.key = own.key.clone();
                }
                steps.extend(inside.iter().cloned());
                Some(InstanceAddress { module: module(&steps), ..address.clone() })
            }
            (
                Target::Resource { resource: from, key: from_key },
                Target::Resource { resource: to, key: to_key },
            ) => {
                if from.resource != address.resource || *from.module.0 != *within {
                    return None;
                }
                let whole = from_key.is_none() && to_key.is_none();
                if !whole && address.key != from_key.clone().unwrap_or(InstanceKey::None) {
                    return None;
                }
                let key =
                    if whole { address.key.clone() } else { to_key.clone().unwrap_or(InstanceKey::None) };
                Some(InstanceAddress { module: module(&to.module.0), resource: to.resource.clone(), key })
            }
            _ => None,
        }
    }
}

/// Moves recorded objects to where the code has them now.
pub fn carry_out(configuration: &Configuration, state: &mut State, diagnostics: &mut Diagnostics) -> Moves {
    let statements = statements(configuration, diagnostics);
    let recorded: BTreeSet<InstanceAddress> = state.objects().map(|(address, ..)| address).collect();
    // Where each goes, and in how many steps.
    let mut wanted: Vec<(usize, InstanceAddress, InstanceAddress)> = Vec::new();
    let mut circle = None;
    for address in &recorded {
        let (mut at, mut used) = (address.clone(), BTreeSet::new());
        loop {
            let next = statements
                .iter()
                .enumerate()
                .find_map(|(index, statement)| Some((index, statement.destination(&at)?)));
            let Some((index, next)) = next else { break };
            at = next;
            if !used.insert(index) {
                circle = Some(&statements[index]);
                break;
            }
        }
        if used.is_empty() {
            at = implied(configuration, &recorded, address).unwrap_or(at);
        }
        if at != *address {
            wanted.push((used.len(), address.clone(), at));
        }
    }
    if let Some(statement) = circle {
        let detail = "The moved blocks lead in a circle: no place is the last one. Remove one of them.";
        diagnostics
            .push(Diagnostic::error("Cyclic dependency in move statements", detail).at(statement.place));
        return Moves::new();
    }
    wanted.sort();
    let moving: BTreeSet<&InstanceAddress> = wanted.iter().map(|(_, from, _)| from).collect();
    let mut taken: BTreeSet<InstanceAddress> =
        recorded.iter().filter(|address| !moving.contains(address)).cloned().collect();
    let (mut moves, mut blocked) = (Moves::new(), Vec::new());
    for (_, from, to) in &wanted {
        if taken.insert(to.clone()) {
            moves.insert(to.clone(), from.clone());
        } else {
            blocked.push(format!("{from} could not move to {to}"));
        }
    }
    if !blocked.is_empty() {
        let detail = format!(
            "Other objects are recorded where these should go, so they stay at their old address, which the code does not \
             have any more:\n  - {}",
            blocked.join("\n  - ")
        );
        diagnostics.push(Diagnostic::warning("Unresolved resource instance address changes", detail));
    }
    relocate(state, &moves);
    moves
}

/// Where a resource got or lost its `count`, the object that it had before is the first one.
fn implied(
    configuration: &Configuration,
    recorded: &BTreeSet<InstanceAddress>,
    address: &InstanceAddress,
) -> Option<InstanceAddress> {
    if address.resource.mode != Mode::Managed {
        return None;
    }
    let block = configuration.modules.get(&address.module.path())?.resources.get(&address.resource)?;
    let key = match address.key {
        InstanceKey::None if block.count.is_some() => InstanceKey::Index(0),
        InstanceKey::Index(0) if block.count.is_none() && block.for_each.is_none() => InstanceKey::None,
        _ => return None,
    };
    let to = InstanceAddress { key, ..address.clone() };
    (!recorded.contains(&to)).then_some(to)
}

/// Takes the objects, deposed ones included, from their old places to the new ones.
fn relocate(state: &mut State, moves: &Moves) {
    let mut carried = Vec::new();
    for (to, from) in moves {
        let Some(resource) = state.resources.get_mut(&from.absolute()) else { continue };
        let keys: Vec<ObjectKey> =
            resource.instances.keys().filter(|object| object.key == from.key).cloned().collect();
        for object in keys {
            if let Some(instance) = resource.instances.remove(&object) {
                carried.push((
                    to,
                    object.deposed,
                    resource.provider.clone(),
                    resource.other.clone(),
                    instance,
                ));
            }
        }
    }
    state.resources.retain(|_, resource| !resource.instances.is_empty());
    for (to, deposed, provider, other, instance) in carried {
        state.put(to, deposed, &provider, instance);
        if let Some(resource) = state.resources.get_mut(&to.absolute()) {
            resource.other = other;
        }
    }
}
