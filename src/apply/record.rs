//! The record under way: the state, its file and the journal, saved after each action.

use crate::address::InstanceAddress;
use crate::lang::value::Value;
use crate::schema::Schema;
use crate::state::journal::{Intent, Journal};
use crate::state::local::LocalState;
use crate::state::{InstanceState, State, StateError};

/// A state that is being changed.
pub struct Recorder {
    pub state: State,
    store: LocalState,
    journal: Journal,
    /// The serial has been raised for this run.
    raised: bool,
}

impl Recorder {
    /// Takes over a state that was read from a locked store.
    pub fn new(state: State, store: LocalState, journal: Journal) -> Recorder {
        Recorder { state, store, journal, raised: false }
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Saves the state as it now is.
    pub fn save(&mut self) -> Result<(), StateError> {
        if !self.raised {
            self.state.serial += 1;
            self.raised = true;
        }
        self.store.write(&self.state)
    }

    /// Writes down that an object is about to be made.
    pub fn begin(&mut self, intent: Intent) -> Result<(), StateError> {
        self.journal.begin(intent)
    }

    /// Notes that what was begun has been recorded, or was never made.
    pub fn end(&mut self, id: &str) -> Result<(), StateError> {
        self.journal.end(id)
    }

    /// Records an object as it was found; nothing else of the record changes. `false`: it is not recorded.
    pub fn refresh(&mut self, address: &InstanceAddress, schema: &Schema, value: &Value) -> bool {
        let Some((resource, instance)) = self.state.get(address) else { return false };
        let provider = resource.provider.clone();
        let mut instance: InstanceState = instance.clone();
        instance.set_value(schema, value);
        self.state.put(address, None, &provider, instance);
        true
    }

    /// Records what an object depends on by now, and in what order it is to be replaced. Answers whether that is
    /// otherwise than before.
    pub fn relate(
        &mut self,
        address: &InstanceAddress,
        dependencies: Vec<String>,
        create_before_destroy: bool,
    ) -> bool {
        let Some((resource, instance)) = self.state.get(address) else { return false };
        if instance.dependencies == dependencies && instance.create_before_destroy == create_before_destroy {
            return false;
        }
        let provider = resource.provider.clone();
        let instance = InstanceState { dependencies, create_before_destroy, ..instance.clone() };
        self.state.put(address, None, &provider, instance);
        true
    }

    /// Gives the lock back.
    pub fn finish(mut self) {
        self.store.unlock();
    }
}
