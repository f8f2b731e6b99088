//! Repair of what a run left that died: the journal says what it was making.

use std::sync::Arc;

use crate::address::{InstanceAddress, parse_instance};
use crate::compare::object::refreshed;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::value::Value;
use crate::live::{Live, provider_key};
use crate::plan::Stack;
use crate::plan::planner::operation_detail;
use crate::plan::planner::resource::with_tags;
use crate::provider::object::Object;
use crate::provider::{Connection, ErrorKind, Interrupted, OperationError, ResourceType};
use crate::state::journal::{Intent, Journal};
use crate::state::{InstanceState, State, decode};

use super::record::Recorder;

/// An entry of the journal that is taken care of once the state is stored.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The entry's id.
    pub entry: String,
    /// The object was found in AWS and taken into the state.
    pub is_adopted: bool,
}

impl Settled {
    fn of(intent: &Intent, is_adopted: bool) -> Settled {
        Settled { entry: intent.id.clone(), is_adopted }
    }
}

/// Finds what a run that died had made and not recorded, and takes it into the state. Changes nothing in AWS. Answers
/// the entries that are settled, for [`finish`].
pub async fn adopt(
    stack: Stack<'_>,
    state: &mut State,
    journal: &Journal,
    live: &mut Live,
    diagnostics: &mut Diagnostics,
) -> Vec<Settled> {
    let mut settled = Vec::new();
    for intent in journal.unfinished() {
        let (Some(address), Some(key)) =
            (parse_instance(&intent.address), provider_key(stack.registry, &intent.provider))
        else {
            settled.push(Settled::of(intent, false));
            continue;
        };
        if state.get(&address).is_some() {
            settled.push(Settled::of(intent, false));
            continue;
        }
        let Some(ty) = stack.registry.resource_type(&address.resource.ty) else { continue };
        let connection = match live.connection(&key).await {
            Ok(connection) => connection,
            Err(error) => {
                diagnostics.push(Diagnostic::error("The provider cannot be used", operation_detail(&error)));
                return settled;
            }
        };
        let became = if intent.identity.is_null() {
            match connection {
                Connection::Aws(_) => Interrupted::Unclear(Vec::new()),
                // Nothing outside the state was to be made.
                Connection::None | Connection::Snowplow(_) => Interrupted::NotMade,
            }
        } else {
            let identity = decode(&intent.identity, &ty.schema().block.implied_type());
            match ty.interrupted(&connection, &identity).await {
                Interrupted::Made(value) => {
                    Interrupted::Made(completed(&*ty, &connection, value, &identity, intent))
                }
                Interrupted::Unclear(candidates) => without_recorded(state, &address, candidates),
                other => other,
            }
        };
        match became {
            Interrupted::Made(value) => {
                let mut instance =
                    InstanceState { dependencies: intent.dependencies.clone(), ..InstanceState::default() };
                instance.set_value(ty.schema(), &value);
                state.put(&address, None, &intent.provider, instance);
                diagnostics.push(found(&address));
                settled.push(Settled::of(intent, true));
            }
            Interrupted::NotMade => settled.push(Settled::of(intent, false)),
            Interrupted::Unclear(candidates) => diagnostics.push(unclear(&address, intent, &candidates)),
            Interrupted::Unreadable(error) => diagnostics.push(unreadable(&address, &error)),
        }
    }
    settled
}

/// The object with what only the code says of it, and in the spelling of what was planned, as the journal has it.
fn completed(
    ty: &dyn ResourceType,
    connection: &Connection,
    live: Value,
    identity: &Value,
    intent: &Intent,
) -> Value {
    let block = &ty.schema().block;
    let null = Value::null(live.ty());
    let live = with_tags(block, connection, live, &null, identity);
    let mut planned = live.clone();
    for (name, attribute) in &block.attributes {
        let told = identity.known(name).filter(|_| attribute.code_only).cloned();
        let spelt = || intent.spelling.get(&**name).map(|spelt| decode(spelt, &attribute.ty));
        if let Some(value) = told.or_else(spelt) {
            planned = planned.with(name, value);
        }
    }
    for (name, nested) in &block.blocks {
        if let Some(spelt) = intent.spelling.get(&**name) {
            planned = planned.with(name, decode(spelt, &nested.implied_type()));
        }
    }
    intent.marked(&refreshed(block, &planned, &live))
}

/// The candidates that are not somebody else's by the record. If none is left, nothing was made.
fn without_recorded(state: &State, address: &InstanceAddress, candidates: Vec<String>) -> Interrupted {
    let recorded: Vec<&str> = state
        .objects()
        .filter(|(other, ..)| other.resource.ty == address.resource.ty)
        .filter_map(|(.., instance)| instance.attributes.get("id")?.as_str())
        .collect();
    let left: Vec<String> =
        candidates.into_iter().filter(|candidate| !recorded.contains(&candidate.as_str())).collect();
    if left.is_empty() { Interrupted::NotMade } else { Interrupted::Unclear(left) }
}

fn found(address: &InstanceAddress) -> Diagnostic {
    let detail = format!(
        "A run before this one was ended while it made {address}. The object exists in AWS: it is taken into the record, \
         and not made again."
    );
    Diagnostic::warning("An unrecorded object was found", detail)
}

fn unclear(address: &InstanceAddress, intent: &Intent, candidates: &[String]) -> Diagnostic {
    let list = match candidates {
        [] => String::new(),
        candidates => format!(" It may be one of these: {}.", candidates.join(", ")),
    };
    let detail = format!(
        "A run before this one was ended while it made {address} ({}), and nothing by which AWS could tell that object \
         from others was known of it.{list} Look for it, and record it with \"recon import '{address}' ID\". If it was \
         not made, remove the line with the id {} from the journal beside the state. Nothing is done until then, so that \
         the object is not made twice.",
        intent.started, intent.id
    );
    Diagnostic::error("It cannot be told how the last run ended", detail).of(address.to_string())
}

fn unreadable(address: &InstanceAddress, error: &OperationError) -> Diagnostic {
    let detail = format!(
        "A run before this one was ended while it made {address}, and whether the object exists cannot be read: {} Nothing \
         is done until that is known, so that it is not made twice.",
        operation_detail(error)
    );
    Diagnostic::error("It cannot be told how the last run ended", detail).of(address.to_string())
}

/// A mark that is still on an object.
pub(super) struct Left {
    pub warning: Diagnostic,
    /// To try again would be of no use: the entry in the journal can go.
    pub is_settled: bool,
}

/// Takes the mark off an object that is recorded.
pub(super) async fn unmarked(
    ty: &dyn ResourceType,
    connection: &Connection,
    address: &InstanceAddress,
    object: &Value,
) -> Result<(), Left> {
    let Err(error) = ty.unmark(connection, object).await else { return Ok(()) };
    let is_settled = error.kind == ErrorKind::AccessDenied;
    let next = if is_settled {
        "It does no harm, and is not shown as a difference: remove it by hand, or leave it."
    } else {
        "The next apply tries again."
    };
    let detail = format!(
        "{address} is made and recorded, but the tag by which it would have been found had this run been killed could not \
         be removed: {} {next}",
        operation_detail(&error)
    );
    let warning =
        Diagnostic::warning("A tag of recon's is left on an object", detail).of(address.to_string());
    Err(Left { warning, is_settled })
}

/// Finishes the creations of settled entries, stores the state, and ends the entries. Answers whether that could be
/// done; the diagnostics say what could not.
pub async fn finish(
    stack: Stack<'_>,
    recorder: &mut Recorder,
    settled: &[Settled],
    live: &mut Live,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut objects = Vec::new();
    for Settled { entry, is_adopted } in settled {
        let Some(intent) = recorder.journal().unfinished().find(|intent| intent.id == *entry).cloned() else {
            continue;
        };
        match recorded(stack, &recorder.state, &intent, live).await {
            Ok(Some(mut object)) => {
                // Before it is stored: a run that dies here finds the object again.
                if *is_adopted && let Err(error) = complete(recorder, &intent, &mut object).await {
                    diagnostics.push(incomplete(&object.address, &error));
                    return false;
                }
                objects.push((entry, Some(object)));
            }
            Ok(None) => objects.push((entry, None)),
            // What cannot be reached is not changed in this run either: the entry stays.
            Err(_) => {}
        }
    }
    if let Err(error) = recorder.save() {
        diagnostics.push(Diagnostic::error("The state could not be saved", error.to_string()));
        return false;
    }
    for (entry, object) in objects {
        let left = match object {
            Some(Recorded { address, ty, connection, value }) => {
                unmarked(&*ty, &connection, &address, &value).await.err()
            }
            None => None,
        };
        let is_settled = left.as_ref().is_none_or(|left| left.is_settled);
        diagnostics.extend(left.map(|left| left.warning));
        if is_settled && let Err(error) = recorder.end(entry) {
            diagnostics.push(Diagnostic::error("The state could not be saved", error.to_string()));
            return false;
        }
    }
    true
}

/// The object of an entry, as it is recorded.
struct Recorded {
    address: InstanceAddress,
    ty: Arc<dyn ResourceType>,
    connection: Connection,
    value: Value,
}

/// The recorded object of an entry; none if there is none, or none that recon knows.
async fn recorded(
    stack: Stack<'_>,
    state: &State,
    intent: &Intent,
    live: &mut Live,
) -> Result<Option<Recorded>, OperationError> {
    let known = parse_instance(&intent.address).and_then(|address| {
        let key = provider_key(stack.registry, &intent.provider)?;
        let ty = stack.registry.resource_type(&address.resource.ty)?;
        let (_, instance) = state.get(&address)?;
        let value = instance.value(&ty.schema().block);
        Some((address, key, ty, value))
    });
    let Some((address, key, ty, value)) = known else { return Ok(None) };
    let connection = live.connection(&key).await?;
    Ok(Some(Recorded { address, ty, connection, value }))
}

/// Does what is left of the creation of an object that was found.
async fn complete(
    recorder: &mut Recorder,
    intent: &Intent,
    object: &mut Recorded,
) -> Result<(), OperationError> {
    let schema = object.ty.schema();
    let identity = decode(&intent.identity, &schema.block.implied_type());
    if let Some(value) = object.ty.complete(&object.connection, &identity, &object.value).await? {
        recorder.refresh(&object.address, schema, &value);
        object.value = value;
    }
    Ok(())
}

fn incomplete(address: &InstanceAddress, error: &OperationError) -> Diagnostic {
    let detail = format!(
        "A run before this one was ended while it made {address}, and what was left to do cannot be done: {} Nothing else was \
         done. Run the command again when that is mended.",
        operation_detail(error)
    );
    Diagnostic::error("An object is half made", detail).of(address.to_string())
}
