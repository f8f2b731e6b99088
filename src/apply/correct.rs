//! Changes of some attributes of an object alone: corrections.

use std::time::Instant;

use crate::compare::Verdict;
use crate::compare::object::{at_path, with_path};
use crate::config::ResourceBlock;
use crate::lang::value::Value;
use crate::plan::model::{Action, ResourceChange};
use crate::plan::planner::failed_operation;
use crate::provider::{AttributePath, Connection, ResourceType};

use super::Apply;
use super::act::settled;

impl Apply<'_> {
    /// Changes the attributes that the plan names, to what it says of them. The configuration is not evaluated again:
    /// it may want more than that, and the plan was made for this very run. `false`: it failed, and that has been said.
    pub(super) async fn correct(
        &self,
        change: &ResourceChange,
        only: &std::collections::BTreeSet<AttributePath>,
        ty: &dyn ResourceType,
        block: &ResourceBlock,
        connection: &Connection,
    ) -> bool {
        let address = &change.address;
        let schema = &ty.schema().block;
        let start = Instant::now();
        let update = ty.update(connection, &change.before, &change.after);
        let outcome = self.reported(change, Action::Update, update).await;
        let (value, good) = match outcome {
            Ok(value) => (Some(settled(schema, connection, &change.after, value, &change.after)), true),
            Err(error) => {
                self.fail(failed_operation("Correcting an object failed", &error, block, address));
                (self.read_again(ty, connection, &change.before, &change.after).await, false)
            }
        };
        let Some(value) = value else { return false };
        if good {
            self.completed(change, Action::Update, &value, start);
            self.count(|done| done.changed += 1);
        }
        let recorded = with_the_rest_as_recorded(change, only, value.clone());
        let mut recorder = self.recorder.borrow_mut();
        let mut instance =
            recorder.state.get(address).map(|(_, instance)| instance.clone()).unwrap_or_default();
        instance.set_value(ty.schema(), &recorded);
        recorder.state.put(address, None, &change.provider_config, instance);
        self.results.borrow_mut().insert(address.clone(), value);
        let saved = recorder.save();
        drop(recorder);
        if let Err(error) = saved {
            self.state_error(&error);
            return false;
        }
        good
    }
}

/// The object as it is to be recorded: where it was not corrected, what was recorded stays, so that what else somebody
/// changed in AWS is still drift.
fn with_the_rest_as_recorded(
    change: &ResourceChange,
    only: &std::collections::BTreeSet<AttributePath>,
    value: Value,
) -> Value {
    let left = change.attributes.iter().filter(|attribute| {
        !only.contains(&attribute.path)
            && matches!(
                attribute.verdict,
                Verdict::Drifted
                    | Verdict::Conflicted
                    | Verdict::Pending
                    | Verdict::Ignored
                    | Verdict::Converged
            )
            && attribute.desired.is_wholly_known()
    });
    left.fold(value, |value, attribute| {
        with_path(&value, &attribute.path, &at_path(&change.recorded, &attribute.path))
    })
}
