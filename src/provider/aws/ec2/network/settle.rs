//! Waiting for EC2 to show what it did, and to let go of what it is to delete.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::aws::reading::known_part;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::{Connection, ErrorKind, OperationError, ReadRequest, ReadResult, ResourceType};

/// How long to wait for a change to be shown: EC2 is eventually consistent (EC2 Developer Guide, “Eventual
/// consistency”).
const PROPAGATION: Duration = Duration::from_secs(30);

/// Reads one object that must exist.
pub(in crate::provider::aws::ec2) async fn read_one(
    ty: &dyn ResourceType,
    connection: &Connection,
    known: &Value,
) -> Result<Value, OperationError> {
    let request = ReadRequest { known: known.clone() };
    match ty.read(connection, &[request]).await.pop() {
        Some(ReadResult::Found(object)) => Ok(object),
        Some(ReadResult::Unreadable(error)) => Err(error),
        Some(ReadResult::Missing) | None => {
            Err(OperationError::new(ErrorKind::NotFound, "", format!("the {} is not there", ty.name())))
        }
    }
}

/// Reads an object that was just made or changed, once EC2 shows it, and shows it as it was planned. Where it does
/// not within half a minute, somebody else may have changed it: then it is answered as it is.
pub(in crate::provider::aws::ec2) async fn settled(
    ty: &dyn ResourceType,
    connection: &Connection,
    prior: Option<&Value>,
    planned: &Value,
    id: &str,
) -> Result<Value, OperationError> {
    use crate::provider::object::Object;
    let known = known_part(planned).with("id", Value::string(id));
    let start = Instant::now();
    wait::until(&format!("{id} to be shown"), PROPAGATION * 4, || async {
        match read_one(ty, connection, &known).await {
            Ok(object) if start.elapsed() > PROPAGATION || is_as_planned(ty, prior, planned, &object) => {
                Ok(Progress::Done(object))
            }
            Ok(_) => Ok(Progress::Waiting("as it was".to_owned())),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Waiting("not shown".to_owned())),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Whether what was changed is as it was planned. What was not is planned as it was, which somebody else may have
/// changed since.
fn is_as_planned(ty: &dyn ResourceType, prior: Option<&Value>, planned: &Value, live: &Value) -> bool {
    let block = &ty.schema().block;
    block.attributes.iter().all(|(name, attribute)| {
        attribute.code_only
            || attribute.write_only
            || &**name == "tags"
            || planned.get(name).is_none_or(|wanted| !wanted.is_wholly_known())
            || prior.is_some_and(|prior| blocks::same_attribute(block, name, prior, planned))
            || blocks::same_attribute(block, name, planned, live)
    })
}

/// Calls again while the object is in use; that it is gone is what is wanted.
pub(in crate::provider::aws::ec2) async fn until_free<F>(
    what: &str,
    operation: &str,
    patience: Duration,
    mut call: impl FnMut() -> F,
) -> Result<(), OperationError>
where
    F: Future<Output = Result<(), OperationError>>,
{
    let waited_for = format!("{what} to be deleted");
    let result = wait::until(&waited_for, patience, || {
        let attempt = call();
        async {
            match attempt.await {
                Ok(()) => Ok(Progress::Done(())),
                Err(error) => match error.kind {
                    ErrorKind::NotFound => Ok(Progress::Done(())),
                    ErrorKind::InUse => Ok(Progress::Waiting(format!("in use ({})", error.message))),
                    _ => Err(error),
                },
            }
        }
    });
    result.await.map_err(|mut error| {
        if error.operation.is_empty() {
            error.operation = operation.to_owned();
        }
        error
    })
}

/// Whether a call failed only because there is nothing left to do.
pub(in crate::provider::aws::ec2) fn unless_gone(
    result: Result<(), OperationError>,
) -> Result<(), OperationError> {
    match result {
        Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
