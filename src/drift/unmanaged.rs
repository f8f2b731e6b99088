//! What AWS has and neither code nor record know: children of the stack's objects, each with an address that it might be
//! imported to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;
use sha2::{Digest, Sha256};

use crate::address::{ConfigResource, InstanceAddress, InstanceKey, Mode, ModuleInstance, Resource};
use crate::compare::Verdict;
use crate::config::ResourceBlock;
use crate::lang::secrets::Secrets;
use crate::lang::value::Value;
use crate::live::account::Place;
use crate::live::{Live, Outcome, ProviderKey, provider_key};
use crate::plan::Stack;
use crate::plan::model::Plan;
use crate::plan::planner::operation_detail;
use crate::provider::below::{Child, Member, StackObjects};
use crate::provider::{OperationError, ResourceType};
use crate::repository::Action as Wanted;
use crate::state::State;

use super::assess::is_known_limit;
use super::{Facts, Report, ResourceReport, Summary, Unsearched};

/// The longest name of an address that is made of what AWS names an object.
const LONGEST: usize = 80;

/// An object that nobody manages.
pub struct Found {
    pub address: InstanceAddress,
    pub ty: Arc<dyn ResourceType>,
    /// The provider configuration of its parent.
    pub key: ProviderKey,
    pub child: Child,
    /// An id of it would tell something sensitive.
    pub is_telling: bool,
}

/// What a search came to.
#[derive(Default)]
pub struct Unmanaged {
    /// By type and id.
    pub found: Vec<Found>,
    failures: Vec<(&'static str, OperationError)>,
    cut: Vec<(&'static str, String)>,
}

/// A child, its type, and the provider configuration that it was found through.
type Reached = (ProviderKey, Arc<dyn ResourceType>, Child);

/// Looks for objects of some types that belong to objects of the stack. `secrets` are the plan's.
pub async fn search(
    stack: Stack<'_>,
    plan: &Plan,
    state: &State,
    live: &Live,
    places: &BTreeMap<ProviderKey, Place>,
    types: &[&'static str],
    secrets: &Secrets,
) -> Unmanaged {
    let members = members(stack, plan, state, live);
    let keys: BTreeSet<&ProviderKey> = members
        .iter()
        .filter(|(key, member)| &*key.1 == "aws" && member.live.is_some())
        .map(|(key, _)| key)
        .collect();
    let mut sides = Vec::new();
    for key in keys {
        let Some(connection) = live.made(key) else { continue };
        let account = |key| places.get(key).map(|place: &Place| &place.account);
        let mut objects = StackObjects::default();
        for (other, member) in &members {
            // Names of another account's objects say nothing here.
            if account(other) == account(key) {
                objects.add(Member { is_here: other == key, ..member.clone() });
            }
        }
        sides.push((key, connection, objects));
    }
    let searches = sides.iter().flat_map(|(key, connection, objects)| {
        types.iter().filter_map(move |name| {
            let ty = stack.registry.resource_type(name)?;
            Some(async move { (*key, *name, Arc::clone(&ty), ty.below(connection, objects).await) })
        })
    });
    let mut unmanaged = Unmanaged::default();
    let mut children: BTreeMap<(&str, String), Reached> = BTreeMap::new();
    for (key, name, ty, below) in join_all(searches.collect::<Vec<_>>()).await {
        for child in below.children {
            let id = child.import_id.clone().unwrap_or_else(|| child.id.clone());
            children.insert((name, id), (key.clone(), Arc::clone(&ty), child));
        }
        unmanaged.failures.extend(below.failures.into_iter().map(|error| (name, error)));
        unmanaged.cut.extend(below.cut.into_iter().map(|text| (name, text)));
    }
    let mut names = Names::taken(stack, state);
    for ((name, id), (key, ty, child)) in children {
        let is_telling = [&id, &child.id, &child.label].into_iter().any(|text| secrets.is_in(text));
        let address = names.choose(name, &child, is_telling);
        unmanaged.found.push(Found { address, ty, key, child, is_telling });
    }
    unmanaged
}

/// Every managed object of code and record, each with its provider configuration.
fn members(stack: Stack<'_>, plan: &Plan, state: &State, live: &Live) -> Vec<(ProviderKey, Member)> {
    let wanted: BTreeMap<&InstanceAddress, &Value> = plan
        .changes
        .iter()
        .filter(|change| change.deposed.is_none() && !change.after.is_null())
        .map(|change| (&change.address, &change.after))
        .collect();
    let mut written: BTreeMap<ConfigResource, Arc<BTreeSet<Arc<str>>>> = BTreeMap::new();
    let mut said = |address: &InstanceAddress| {
        let resource = address.config();
        let block = stack.configuration.modules.get(&resource.module);
        let block = block.and_then(|module| module.resources.get(&resource.resource));
        Arc::clone(
            written.entry(resource).or_insert_with(|| Arc::new(block.map(names_in).unwrap_or_default())),
        )
    };
    let mut members = Vec::new();
    for (address, deposed, resource, instance) in state.objects() {
        let Some(key) = provider_key(stack.registry, &resource.provider) else { continue };
        if address.resource.mode != Mode::Managed {
            continue;
        }
        let recorded = match stack.registry.resource_type(&address.resource.ty) {
            Some(ty) if !instance.is_flat() => instance.value(&ty.schema().block),
            _ => instance.untyped_value(),
        };
        let live = match live.object(&address, deposed) {
            Some(Outcome::Found(value)) => Some(value.clone()),
            _ => None,
        };
        let desired = wanted.get(&address).filter(|_| deposed.is_none()).map(|value| (*value).clone());
        let written = said(&address);
        members.push((
            key,
            Member { address, live, recorded: Some(recorded), desired, written, is_here: false },
        ));
    }
    // What is still to be made.
    for change in plan.changes.iter().filter(|change| change.address.resource.mode == Mode::Managed) {
        let Some(key) = provider_key(stack.registry, &change.provider_config) else { continue };
        if state.get(&change.address).is_none() && !change.after.is_null() {
            let desired = Some(change.after.clone());
            let address = change.address.clone();
            let written = said(&address);
            members.push((
                key,
                Member { address, live: None, recorded: None, desired, written, is_here: false },
            ));
        }
    }
    members
}

/// The arguments and blocks of a resource, those that `dynamic` blocks make included.
fn names_in(block: &ResourceBlock) -> BTreeSet<Arc<str>> {
    let attributes = block.body.attributes.iter().map(|attribute| Arc::clone(&attribute.name.name));
    let blocks = block.body.blocks.iter().map(|inner| match (&*inner.kind.name, inner.labels.first()) {
        ("dynamic", Some(label)) => Arc::clone(&label.value),
        _ => Arc::clone(&inner.kind.name),
    });
    attributes.chain(blocks).collect()
}

/// Names of the root module's resources, by type.
struct Names(BTreeSet<(Arc<str>, String)>);

impl Names {
    fn taken(stack: Stack<'_>, state: &State) -> Names {
        let code = stack.configuration.root().resources.keys();
        let record = state.resources.keys().filter(|one| one.module.is_root()).map(|one| &one.resource);
        Names(code.chain(record).map(|one| (Arc::clone(&one.ty), one.name.to_string())).collect())
    }

    /// An address for an object: of what its parent is called, and what tells it from the parent's others.
    fn choose(&mut self, ty: &str, child: &Child, is_telling: bool) -> InstanceAddress {
        let key = match &child.parent.key {
            InstanceKey::None => String::new(),
            InstanceKey::Index(index) => index.to_string(),
            InstanceKey::Key(key) => key.to_string(),
        };
        let label = if is_telling {
            format!("{:x}", Sha256::digest(child.id.as_bytes())).chars().take(8).collect()
        } else {
            child.label.clone()
        };
        let base = identifier(&format!("{} {key} {label}", child.parent.resource.name));
        let mut name = base.clone();
        let mut number = 1;
        while !self.0.insert((ty.into(), name.clone())) {
            number += 1;
            name = format!("{base}_{number}");
        }
        let resource = Resource::managed(ty, name);
        InstanceAddress { module: ModuleInstance::root(), resource, key: InstanceKey::None }
    }
}

/// A text as a name: words of letters and digits, with underscores between them.
fn identifier(text: &str) -> String {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = words.join("_").chars().take(LONGEST).collect();
    let begins = name.chars().next().is_some_and(|letter| letter.is_ascii_alphabetic() || letter == '_');
    if begins { name } else { format!("_{name}") }
}

impl Unmanaged {
    /// Takes what was found into a report. `all`: what a rule ignores, too.
    pub fn tell(&self, report: &mut Report, facts: Facts<'_>, secrets: &Secrets, all: bool) {
        for found in &self.found {
            let resource = found.report(facts, secrets);
            if all || resource.status != Verdict::Ignored {
                report.resources.push(resource);
            }
        }
        // As all others: by address, and not by its text.
        report.resources.sort_by_cached_key(|resource| crate::address::parse_instance(&resource.address));
        report.summary = Summary::default();
        report.resources.iter().for_each(|resource| report.summary.add(resource.status));
        report.complete &= self.failures.iter().all(|(_, error)| is_known_limit(error));
        let mut told = BTreeSet::new();
        for (ty, error) in &self.failures {
            if told.insert((*ty, &error.operation)) {
                report.unsearched.push(Unsearched {
                    ty: (*ty).to_owned(),
                    reason: secrets.mask(&operation_detail(error)).into_owned(),
                    operation: Some(error.operation.clone()).filter(|operation| !operation.is_empty()),
                });
            }
        }
        for (ty, text) in &self.cut {
            let reason = secrets.mask(text).into_owned();
            report.unsearched.push(Unsearched { ty: (*ty).to_owned(), reason, operation: None });
        }
    }
}

impl Found {
    fn report(&self, facts: Facts<'_>, secrets: &Secrets) -> ResourceReport {
        let parent = &self.child.parent;
        // A rule may speak of the module that the parent is in, or of the address that is proposed.
        let beside = InstanceAddress { module: parent.module.clone(), ..self.address.clone() };
        let decide = |address| facts.repository.decide(facts.stack, address, None, facts.now);
        let decision = match decide(&beside) {
            decision if decision.rule.is_some() => decision,
            _ => decide(&self.address),
        };
        let is_ignored = decision.action == Wanted::Ignore;
        let belongs = format!("belongs to {parent}");
        let reason = match () {
            () if is_ignored => format!("{belongs}; {}", decision.why()),
            () if self.is_telling => format!("{belongs}; its import id would tell something sensitive"),
            () if self.child.import_id.is_none() => format!("{belongs}; no import id can say which it is"),
            () => belongs,
        };
        ResourceReport {
            address: self.address.to_string(),
            ty: self.address.resource.ty.to_string(),
            id: Some(secrets.mask(&self.child.id).into_owned()),
            deposed: None,
            status: if is_ignored { Verdict::Ignored } else { Verdict::Unmanaged },
            attributes: Vec::new(),
            rule: decision.rule_name().map(str::to_owned),
            action: Some(decision.action.word().to_owned()),
            reason: Some(secrets.mask(&reason).into_owned()),
            operation: None,
            origin: None,
            import_id: self.import_id().map(str::to_owned),
            depends_on: vec![parent.config().to_string()],
        }
    }

    /// What it is imported by, if that can be said.
    pub fn import_id(&self) -> Option<&str> {
        self.child.import_id.as_deref().filter(|_| !self.is_telling)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::registry::Registry;
    use crate::repository::LOOKED_FOR;

    #[test]
    fn names_are_words_of_what_there_is() {
        assert_eq!(identifier("web  ingress tcp 22 10.0.0.0/8"), "web_ingress_tcp_22_10_0_0_0_8");
        assert_eq!(identifier("1 a/é"), "_1_a");
        assert_eq!(identifier("???"), "_");
        assert_eq!(identifier(&"a".repeat(200)).len(), LONGEST);
    }

    #[test]
    fn what_can_be_looked_for_can_be_read() {
        let registry = Registry::new();
        for name in LOOKED_FOR {
            assert!(!registry.resource_type(name).unwrap().is_schema_only(), "{name}");
        }
    }
}
