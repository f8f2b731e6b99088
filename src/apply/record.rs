//! The record under way: the state, its file and the journal, saved after each action.

use crate::address::InstanceAddress;
use crate::lang::value::Value;
use crate::schema::Schema;
use crate::state::backend::Store;
use crate::state::journal::{Intent, Journal};
use crate::state::{InstanceState, State, StateError};

/// A state that is being changed.
pub struct Recorder {
    pub state: State,
    store: Store,
    journal: Journal,
    /// The serial has been raised for this run.
    raised: bool,
    /// The store has failed: nothing more is to be begun, and what is under way is recorded here only.
    failure: Option<StateError>,
    /// The state here is another than the stored one.
    is_ahead: bool,
}

/// What became of the record when the run was over.
#[derive(Debug, Default)]
pub struct Finished {
    /// Why the last version of the state is not stored; `None` if it is.
    pub unsaved: Option<StateError>,
    /// What else did not work: the lock or the journal is still there.
    pub problems: Vec<StateError>,
    /// What the store has noticed.
    pub notes: Vec<String>,
}

impl Recorder {
    /// Takes over a state that was read from a locked store.
    pub fn new(state: State, store: Store, journal: Journal) -> Recorder {
        Recorder { state, store, journal, raised: false, failure: None, is_ahead: false }
    }

    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Whether the store has failed, so that nothing more is to be begun.
    pub fn has_failed(&self) -> bool {
        self.failure.is_some()
    }

    /// Saves the state as it now is. Once the store has failed, the state is kept here and stored at the end, if that
    /// is possible then.
    ///
    /// # Errors
    /// The store has failed just now.
    pub fn save(&mut self) -> Result<(), StateError> {
        // As in Terraform: each version of an object has a serial of its own, a file's is raised once in a run.
        if !self.raised || self.store.is_remote() {
            self.state.serial += 1;
            self.raised = true;
        }
        self.is_ahead = true;
        if self.failure.is_some() {
            return Ok(());
        }
        match self.store.write(&self.state) {
            Ok(()) => {
                self.is_ahead = false;
                Ok(())
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&mut self, error: StateError) -> StateError {
        let text = error.to_string();
        self.failure = Some(error);
        StateError::Other(format!("{text} What is under way is finished and kept; nothing more is begun."))
    }

    /// The state as it would be stored: for a file that holds it when the store does not.
    ///
    /// # Errors
    /// It cannot be encrypted.
    pub fn stored_form(&self) -> Result<String, StateError> {
        let text = self.state.to_text();
        self.store.stored_form(&text).map(std::borrow::Cow::into_owned)
    }

    /// Writes down that an object is about to be made.
    ///
    /// # Errors
    /// It cannot be: the object must not be made.
    pub fn begin(&mut self, intent: Intent) -> Result<(), StateError> {
        if self.failure.is_some() {
            return Err(StateError::Other("The store has failed: nothing more is begun.".to_owned()));
        }
        self.journal.begin(intent).map_err(|error| self.failed(error))
    }

    /// Notes that what was begun was never made.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn end(&mut self, id: &str) -> Result<(), StateError> {
        if self.failure.is_some() {
            return Ok(());
        }
        self.journal.end(id).map_err(|error| self.failed(error))
    }

    /// Notes that what was begun is in the state. While that is not stored the journal keeps what it says.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn recorded(&mut self, id: &str) -> Result<(), StateError> {
        if self.failure.is_some() {
            return Ok(());
        }
        self.journal.recorded(id).map_err(|error| self.failed(error))
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

    /// Records what a data source said. Answers whether that is otherwise than before.
    pub fn data(
        &mut self,
        address: &InstanceAddress,
        provider: &str,
        schema: &Schema,
        value: &Value,
    ) -> bool {
        let recorded = self.state.get(address);
        let mut instance = recorded.map(|(_, instance)| instance.clone()).unwrap_or_default();
        // What another schema version recorded is not mixed with what this one knows.
        if instance.schema_version > schema.version {
            instance = InstanceState::default();
        }
        instance.set_value(schema, value);
        if recorded.is_some_and(|(resource, old)| resource.provider == provider && *old == instance) {
            return false;
        }
        self.state.put(address, None, provider, instance);
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

    /// Ends the run: stores the last version of the state if that failed before, and gives the lock back.
    pub fn finish(&mut self) -> Finished {
        let mut finished = Finished::default();
        if let Some(failure) = self.failure.take() {
            // Another writer's state is not to be overwritten by trying again.
            let stored = if failure.is_conflict() {
                Err(failure)
            } else if self.is_ahead {
                self.store.write(&self.state)
            } else {
                Ok(())
            };
            finished.unsaved = stored.err();
            if finished.unsaved.is_some() {
                // What is kept elsewhere is later than anything that is stored.
                self.state.serial += 1;
            }
        }
        if finished.unsaved.is_none() {
            finished.problems.extend(self.journal.finish().err());
        }
        finished.problems.extend(self.store.unlock().err());
        finished.notes = self.store.take_notes();
        finished
    }
}
