//! Creations: written down in the journal first, recorded, and struck off the journal.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::{Map, Value as Json};

use crate::compare::same_or_zero;
use crate::config::ResourceBlock;
use crate::lang::value::Value;
use crate::plan::model::{Action, ResourceChange};
use crate::plan::planner::failed_operation;
use crate::plan::planner::resource::propose;
use crate::provider::object::Object;
use crate::provider::{Connection, ErrorKind, ResourceType};
use crate::schema::{Equality, Schema};
use crate::state::journal::{Intent, sensitive};
use crate::state::{InstanceState, encode};

use super::Apply;
use super::act::{known_only, settled};
use super::repair::unmarked;

/// A name for one creation: the time to the tenth of a microsecond and a counter, 26 digits.
fn unique_id() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let time = now.strftime("%Y%m%d%H%M%S").to_string();
    let fraction = now.timestamp().subsec_nanosecond() / 100_000;
    let count = COUNTER.fetch_add(1, Ordering::Relaxed) & 0xffff_ffff;
    format!("{time}{fraction:04}{count:08x}")
}

impl Apply<'_> {
    /// Makes an object. `false`: it was not made as it should, and that has been said.
    pub(super) async fn create(
        &self,
        change: &ResourceChange,
        ty: &dyn ResourceType,
        block: &ResourceBlock,
        connection: &Connection,
        config: Value,
    ) -> bool {
        let address = &change.address;
        let schema = &ty.schema().block;
        let proposal = propose(ty, Some(connection), &config, None);
        if !self.within_plan(schema, change, &proposal.planned, block) {
            return false;
        }
        let unique = unique_id();
        let prepared = ty.prepare(proposal.planned, &unique);
        if change.action == Action::CreateThenDelete && !self.depose(change) {
            return false;
        }
        let intent = Intent {
            id: unique.clone(),
            address: address.to_string(),
            provider: change.provider_config.clone(),
            identity: identity(ty, &prepared),
            spelling: spelling(ty, &prepared),
            sensitive: sensitive(&prepared),
            dependencies: change.dependency_names(),
            started: jiff::Timestamp::now().to_string(),
        };
        if let Err(error) = self.recorder.borrow_mut().begin(intent) {
            self.state_error(&error);
            return false;
        }
        let start = Instant::now();
        let create = ty.create(connection, &prepared);
        let outcome = self.reported(change, Action::Create, create).await;
        let (value, good) = match outcome {
            Ok(value) => (Some(value), true),
            Err(error) => {
                let partial = error.partial.clone().map(|partial| *partial);
                self.fail(failed_operation("Creating an object failed", &error, block, address));
                // Whether AWS acted is not known: the journal keeps the entry, and the next run looks.
                if partial.is_none() && matches!(error.kind, ErrorKind::Unavailable | ErrorKind::TimedOut) {
                    self.restore_deposed(change);
                    return false;
                }
                (partial, false)
            }
        };
        let Some(value) = value else {
            self.restore_deposed(change);
            if let Err(error) = self.recorder.borrow_mut().end(&unique) {
                self.state_error(&error);
            }
            return false;
        };
        let value = settled(schema, connection, &prepared, value, &config);
        if good {
            self.completed(change, Action::Create, &value, start);
            self.count(|done| done.added += 1);
        }
        self.record_made(change, ty, connection, value, !good, &unique).await && good
    }

    /// Records an object that was made, and ends the journal's entry. `false`: that could not be done, and has been said.
    async fn record_made(
        &self,
        change: &ResourceChange,
        ty: &dyn ResourceType,
        connection: &Connection,
        value: Value,
        tainted: bool,
        entry: &str,
    ) -> bool {
        let instance = new_instance(change, ty.schema(), &value, tainted);
        let saved = {
            let mut recorder = self.recorder.borrow_mut();
            recorder.state.put(&change.address, None, &change.provider_config, instance);
            self.results.borrow_mut().insert(change.address.clone(), value.clone());
            recorder.save().map(|()| !recorder.has_failed())
        };
        match saved {
            // The journal still knows of the object.
            Err(error) => {
                self.state_error(&error);
                return false;
            }
            // The state is kept here only: the mark and the entry stay until it is stored.
            Ok(false) => return true,
            Ok(true) => {}
        }
        if let Err(left) = unmarked(ty, connection, &change.address, &value).await {
            let is_settled = left.is_settled;
            self.diagnostics.borrow_mut().push(left.warning);
            if !is_settled {
                return true;
            }
        }
        if let Err(error) = self.recorder.borrow_mut().recorded(entry) {
            self.state_error(&error);
            return false;
        }
        true
    }

    /// Records the current object as deposed, before its successor is made.
    fn depose(&self, change: &ResourceChange) -> bool {
        let key = uuid::Uuid::new_v4().simple().to_string()[..8].to_owned();
        let mut recorder = self.recorder.borrow_mut();
        if let Some(instance) = recorder.state.remove(&change.address, None) {
            recorder.state.put(&change.address, Some(key.clone()), &change.provider_config, instance);
        }
        self.deposed.borrow_mut().insert(change.address.clone(), key);
        let saved = recorder.save();
        drop(recorder);
        match saved {
            Ok(()) => true,
            Err(error) => {
                self.state_error(&error);
                false
            }
        }
    }

    /// A successor was not made: its predecessor is the current object again.
    fn restore_deposed(&self, change: &ResourceChange) {
        let Some(key) = self.deposed.borrow_mut().remove(&change.address) else { return };
        let mut recorder = self.recorder.borrow_mut();
        if recorder.state.get(&change.address).is_none()
            && let Some(instance) = recorder.state.remove(&change.address, Some(&key))
        {
            recorder.state.put(&change.address, None, &change.provider_config, instance);
        }
        let saved = recorder.save();
        drop(recorder);
        if let Err(error) = saved {
            self.state_error(&error);
        }
    }
}

/// What the journal is to know of an object: what it is found by, and what only the code says of it, which AWS would
/// not tell the run that finds it. Nothing that is sensitive.
fn identity(ty: &dyn ResourceType, prepared: &Value) -> Json {
    let Some(mut seed) = ty.identity(prepared) else { return Json::Null };
    let block = &ty.schema().block;
    for (name, attribute) in &block.attributes {
        let is_told = attribute.code_only || &**name == "tags" && block.has_tags_all();
        if !is_told || attribute.sensitive || attribute.write_only || seed.known(name).is_some() {
            continue;
        }
        if let Some(value) = prepared.known(name)
            && value.is_wholly_known()
            && value.marks_deep().is_empty()
        {
            seed = seed.with(name, value.clone());
        }
    }
    encode(&seed.unmark_deep().0, &block.implied_type())
}

/// The attributes that AWS may answer in another spelling, as they are planned. Nothing that is sensitive.
fn spelling(ty: &dyn ResourceType, prepared: &Value) -> Map<String, Json> {
    let block = &ty.schema().block;
    let attributes = block.attributes.iter().filter_map(|(name, attribute)| {
        let value = prepared.get(name)?;
        if attribute.sensitive
            || attribute.write_only
            || !value.is_wholly_known()
            || !value.marks_deep().is_empty()
        {
            return None;
        }
        let has_spellings = !matches!(attribute.equality, Equality::Exact)
            || same_or_zero(attribute.equality, &Value::null(attribute.ty.clone()), &value);
        has_spellings.then(|| (name.to_string(), encode(&value, &attribute.ty)))
    });
    let blocks = block.blocks.iter().filter_map(|(name, nested)| {
        let value = known_only(prepared.get(name)?);
        let is_told = !value.is_null()
            && value.marks_deep().is_empty()
            && !value.as_elements().is_some_and(<[Value]>::is_empty);
        is_told.then(|| (name.to_string(), encode(&value, &nested.implied_type())))
    });
    attributes.chain(blocks).collect()
}

fn new_instance(change: &ResourceChange, schema: &Schema, value: &Value, tainted: bool) -> InstanceState {
    let mut instance = InstanceState {
        tainted,
        dependencies: change.dependency_names(),
        create_before_destroy: change.create_before_destroy,
        ..InstanceState::default()
    };
    instance.set_value(schema, value);
    instance
}
