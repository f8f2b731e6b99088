//! Objects that exist already and that a plan would make: looked for by name, by what identifies them, or by their
//! tags, and taken into the record of this run alone, so that a plan shows what adopting them changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::join_all;

use crate::address::{InstanceAddress, Mode};
use crate::config::ResourceBlock;
use crate::lang::value::Value;
use crate::live::{Live, ProviderKey, provider_key};
use crate::provider::object::Object;
use crate::provider::{Connection, OperationError, ReadRequest, ReadResult, ResourceType};
use crate::state::{InstanceState, State};

use super::imports::Imports;
use super::model::{Action, Plan, ResourceChange};
use super::offline::Stack;
use super::planner::resource::with_tags;

/// The tag by which people tell objects apart.
const NAME: &str = "Name";

/// How long what is made behind a prefix is at least: load balancers' names are cut off, all others have 26 letters.
const SHORTEST_SUFFIX: usize = 20;

/// What became of the search for one object.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It exists, and its type's import id is this.
    Found { id: String },
    /// Each of these import ids may be meant, or the only one by several addresses.
    Ambiguous { ids: Vec<String> },
    /// It exists, and is recorded at another address.
    Held { id: String, by: InstanceAddress },
    /// There is no such object.
    Missing,
    /// Nothing tells such an object from others, or what does is known only after something else is made.
    Unidentified,
    /// It exists, and its import id would tell something sensitive.
    Sensitive,
    /// It cannot be known whether it exists.
    Unreadable(OperationError),
}

/// The outcomes by address.
pub type Outcomes = BTreeMap<InstanceAddress, Outcome>;

/// Objects of one type and one provider configuration.
struct Group<'a> {
    key: ProviderKey,
    ty: Arc<dyn ResourceType>,
    changes: Vec<Sought<'a>>,
}

/// An object that is to be made, and the block that says so.
#[derive(Clone, Copy)]
struct Sought<'a> {
    change: &'a ResourceChange,
    block: &'a ResourceBlock,
}

/// Looks for every object that the plan would make, but for those of `refused`: each type's at once, by its identity,
/// else among those that are like it.
pub async fn search(
    stack: Stack<'_>,
    plan: &Plan,
    state: &State,
    live: &mut Live,
    refused: &BTreeSet<InstanceAddress>,
) -> Outcomes {
    let mut outcomes = Outcomes::new();
    let mut connected = Vec::new();
    for group in groups(stack, plan, refused) {
        match live.connection(&group.key).await {
            Ok(connection) => connected.push((group, connection)),
            Err(error) => outcomes.extend(
                group
                    .changes
                    .iter()
                    .map(|sought| (sought.change.address.clone(), Outcome::Unreadable(error.clone()))),
            ),
        }
    }
    let searches = connected.iter().map(|(group, connection)| look(group, connection));
    for ((group, _), found) in connected.iter().zip(join_all(searches).await) {
        let held = held(stack, state, group);
        let mut claims: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in &found {
            if let Outcome::Found { id } = outcome {
                *claims.entry(id).or_default() += 1;
            }
        }
        let contested: BTreeSet<String> =
            claims.into_iter().filter(|(_, count)| *count > 1).map(|(id, _)| id.to_owned()).collect();
        for (sought, outcome) in group.changes.iter().zip(found) {
            let outcome = match outcome {
                Outcome::Found { id } => match held.get(&id) {
                    Some(by) => Outcome::Held { id, by: by.clone() },
                    None if contested.contains(&id) => Outcome::Ambiguous { ids: vec![id] },
                    None if is_telling(&*group.ty, &sought.change.after, &id) => Outcome::Sensitive,
                    None => Outcome::Found { id },
                },
                other => other,
            };
            outcomes.insert(sought.change.address.clone(), outcome);
        }
    }
    outcomes
}

/// What the plan would make, by provider configuration and type. Types that recon cannot read are left out.
fn groups<'a>(stack: Stack<'a>, plan: &'a Plan, refused: &BTreeSet<InstanceAddress>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(ProviderKey, Arc<str>), Group<'a>> = BTreeMap::new();
    for change in &plan.changes {
        let address = &change.address;
        if change.action != Action::Create
            || change.deposed.is_some()
            || address.resource.mode != Mode::Managed
            || refused.contains(address)
        {
            continue;
        }
        let module = stack.configuration.modules.get(&address.module.path());
        let block = module.and_then(|module| module.resources.get(&address.resource));
        let key = provider_key(stack.registry, &change.provider_config);
        let ty = stack.registry.resource_type(&address.resource.ty).filter(|ty| !ty.is_schema_only());
        let (Some(block), Some(key), Some(ty)) = (block, key, ty) else { continue };
        let group = groups.entry((key.clone(), Arc::clone(&address.resource.ty)));
        let group = group.or_insert_with(|| Group { key, ty, changes: Vec::new() });
        group.changes.push(Sought { change, block });
    }
    groups.into_values().collect()
}

/// One group's outcomes, in its order.
async fn look(group: &Group<'_>, connection: &Connection) -> Vec<Outcome> {
    let ty = &*group.ty;
    let mut outcomes = vec![Outcome::Unidentified; group.changes.len()];
    let (mut named, mut requests, mut unnamed) = (Vec::new(), Vec::new(), Vec::new());
    for (index, sought) in group.changes.iter().enumerate() {
        if waits(ty, *sought) {
            continue;
        }
        match ty.named(&sought.change.after) {
            Some(known) => {
                named.push(index);
                requests.push(ReadRequest { known });
            }
            None => unnamed.push(index),
        }
    }
    if !requests.is_empty() {
        for (index, result) in named.into_iter().zip(ty.read(connection, &requests).await) {
            let outcome = match result {
                ReadResult::Found(object) => {
                    ty.import_id(&object).map_or(Outcome::Unidentified, |id| Outcome::Found { id })
                }
                ReadResult::Missing => Outcome::Missing,
                ReadResult::Unreadable(error) => Outcome::Unreadable(error),
            };
            set(&mut outcomes, index, outcome);
        }
    }
    if unnamed.is_empty() {
        return outcomes;
    }
    let desired: Vec<Value> = unnamed
        .iter()
        .filter_map(|index| group.changes.get(*index))
        .map(|sought| sought.change.after.clone())
        .collect();
    let alike = match ty.alike(connection, &desired).await {
        Ok(Some(alike)) => alike,
        Ok(None) => return outcomes,
        Err(error) => {
            for index in unnamed {
                set(&mut outcomes, index, Outcome::Unreadable(error.clone()));
            }
            return outcomes;
        }
    };
    for (index, desired) in unnamed.into_iter().zip(&desired) {
        set(&mut outcomes, index, choose(ty, desired, &alike));
    }
    outcomes
}

fn set(outcomes: &mut [Outcome], index: usize, outcome: Outcome) {
    if let Some(place) = outcomes.get_mut(index) {
        *place = outcome;
    }
}

/// Whether the code gives something that tells the object apart and that is not known yet.
fn waits(ty: &dyn ResourceType, sought: Sought<'_>) -> bool {
    let told = ty.told_by();
    ty.schema().block.attributes.iter().any(|(name, attribute)| {
        (attribute.forces_replacement || told.contains(&&**name))
            && sought.change.after.get(name).is_some_and(|value| !value.is_wholly_known())
            && sought.block.body.attribute(name).is_some()
    })
}

/// The one that is meant among those that may be.
fn choose(ty: &dyn ResourceType, desired: &Value, alike: &[Value]) -> Outcome {
    let tag = desired.text_map("tags_all").remove(NAME).or_else(|| desired.text_map("tags").remove(NAME));
    let prefix = desired.text("name_prefix").filter(|prefix| !prefix.is_empty());
    if prefix.is_none() && tag.is_none() {
        return Outcome::Unidentified;
    }
    let is_tagged = |one: &Value| {
        tag.is_some() && one.known("tags_all").is_some() && one.text_map("tags_all").remove(NAME) == tag
    };
    let mut fitting: Vec<&Value> = alike
        .iter()
        .filter(|one| match prefix {
            Some(prefix) => one.text("name").is_some_and(|name| is_made_of(name, prefix)),
            None => is_tagged(one),
        })
        .filter(|one| fits(ty, desired, one))
        .collect();
    if fitting.len() > 1 && fitting.iter().any(|one| is_tagged(one)) {
        fitting.retain(|one| is_tagged(one));
    }
    let mut ids: Vec<String> = fitting.into_iter().filter_map(|one| ty.import_id(one)).collect();
    ids.sort();
    ids.dedup();
    match (ids.len(), ids.pop()) {
        (1, Some(id)) => Outcome::Found { id },
        (_, None) => Outcome::Missing,
        (_, Some(last)) => {
            ids.push(last);
            Outcome::Ambiguous { ids }
        }
    }
}

/// Whether a name is a prefix and what is put behind one to make it unique: digits of a time and of a counter.
fn is_made_of(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| {
        rest.len() >= SHORTEST_SUFFIX
            && rest.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Whether the arguments that tell objects apart are equal, as far as both have them.
fn fits(ty: &dyn ResourceType, desired: &Value, one: &Value) -> bool {
    ty.told_by().iter().all(|name| match (desired.known(name), one.known(name)) {
        (Some(left), Some(right)) => {
            let attribute = ty.schema().block.attributes.get(*name);
            attribute.is_none_or(|attribute| attribute.equality.same(left, right))
        }
        _ => true,
    })
}

/// The recorded objects of the group's type and provider configuration, by import id.
fn held(stack: Stack<'_>, state: &State, group: &Group<'_>) -> BTreeMap<String, InstanceAddress> {
    let objects = state.objects().filter(|(address, _, resource, _)| {
        *address.resource.ty == *group.ty.name()
            && provider_key(stack.registry, &resource.provider).as_ref() == Some(&group.key)
    });
    objects
        .filter_map(|(address, _, _, instance)| {
            let value = instance.value(&group.ty.schema().block);
            Some((group.ty.import_id(&value)?, address))
        })
        .collect()
}

/// Whether an import id tells something that is sensitive.
fn is_telling(ty: &dyn ResourceType, desired: &Value, id: &str) -> bool {
    let identity = ty.named(desired);
    let identifies = |name: &str| identity.as_ref().is_some_and(|identity| identity.known(name).is_some());
    let entries = desired.as_entries();
    let mut sensitive = entries.into_iter().flatten().filter(|(_, value)| value.has_sensitive());
    sensitive.any(|(name, value)| {
        let text = value.as_str().unwrap_or_default();
        // An item's id holds values from within its text.
        let within = || id.split('|').skip(1).any(|part| !part.is_empty() && text.contains(part));
        (identifies(name) && value.as_str().is_none()) || (!text.is_empty() && id.contains(text)) || within()
    })
}

/// Reads what was found by its import id and records it, each type's at once. Answers the imports; an outcome that does
/// not hold is corrected.
pub async fn take_in(
    stack: Stack<'_>,
    plan: &Plan,
    outcomes: &mut Outcomes,
    state: &mut State,
    live: &mut Live,
) -> Imports {
    let mut imports = Imports::new();
    let all = groups(stack, plan, &BTreeSet::new());
    for group in &all {
        let (mut wanted, mut requests) = (Vec::new(), Vec::new());
        for sought in &group.changes {
            let address = &sought.change.address;
            let Some(Outcome::Found { id }) = outcomes.get(address).cloned() else { continue };
            match group.ty.import_seed(&id) {
                Ok(known) => {
                    wanted.push((sought, id));
                    requests.push(ReadRequest { known });
                }
                Err(problem) => {
                    outcomes.insert(address.clone(), Outcome::Unreadable(OperationError::internal(problem)));
                }
            }
        }
        if requests.is_empty() {
            continue;
        }
        let results = match live.connection(&group.key).await {
            Ok(connection) => {
                let results = group.ty.read(&connection, &requests).await;
                results.into_iter().map(|result| (result, connection.clone())).collect::<Vec<_>>()
            }
            Err(error) => {
                for (sought, _) in wanted {
                    let address = sought.change.address.clone();
                    outcomes.insert(address, Outcome::Unreadable(error.clone()));
                }
                continue;
            }
        };
        for ((sought, id), (result, connection)) in wanted.into_iter().zip(results) {
            let address = sought.change.address.clone();
            match result {
                ReadResult::Found(value) => {
                    let null = Value::null(value.ty());
                    let value = with_tags(&group.ty.schema().block, &connection, value, &null, &null);
                    let mut instance = InstanceState::default();
                    instance.set_value(group.ty.schema(), &value);
                    state.put(&address, None, &sought.change.provider_config, instance);
                    imports.insert(address, id);
                }
                ReadResult::Missing => {
                    outcomes.insert(address, Outcome::Missing);
                }
                ReadResult::Unreadable(error) => {
                    outcomes.insert(address, Outcome::Unreadable(error));
                }
            }
        }
    }
    imports
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_name_is_its_prefix_and_digits() {
        assert!(is_made_of("web-20260102030405060700000001", "web-"));
        assert!(!is_made_of("web-server-20260102030405060700000001", "web-"));
        assert!(!is_made_of("web-", "web-"));
        assert!(!is_made_of("web-2026", "web-"));
    }
}
