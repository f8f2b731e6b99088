//! Reading many objects of a kind with few calls.

use std::collections::HashMap;
use std::future::Future;

use aws_sdk_elasticloadbalancingv2::Client;

use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::object::{self, Object};
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

use super::{MAX_NAMED, concurrently, tagging};

/// What a call can name objects by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    Arns,
    Names,
}

/// An object with an ARN, which its tags are read by.
pub trait Identified: Clone + Send + Sync {
    fn arn(&self) -> Option<&str>;
}

/// A kind of object that the service describes by ARN or name, and can list.
pub trait Described: Identified {
    fn name(&self) -> Option<&str>;

    /// One call for some objects. `None` if the service does not have them all, for which it fails the whole call.
    fn describe(
        client: &Client,
        named: Named,
        texts: Vec<String>,
    ) -> impl Future<Output = Result<Option<Vec<Self>>, OperationError>> + Send;

    /// All objects of the kind, page by page.
    fn list(client: &Client) -> impl Future<Output = Result<Vec<Self>, OperationError>> + Send;
}

/// The object with an ARN or a name, or `None`.
pub async fn find<T: Described>(
    client: &Client,
    named: Named,
    text: &str,
) -> Result<Option<T>, OperationError> {
    let found = T::describe(client, named, vec![text.to_owned()]).await?.unwrap_or_default();
    Ok(found.into_iter().find(|one| match named {
        Named::Arns => one.arn() == Some(text),
        Named::Names => one.name() == Some(text),
    }))
}

/// The ARN that is known of an object.
pub fn arn_of(known: &Value) -> Option<&str> {
    known.text("arn").or_else(|| known.text("id")).filter(|arn| !arn.is_empty())
}

/// The objects asked for, in the requests' order. A few are asked for by ARN, or by name where no ARN is known yet;
/// many, or some of which one is gone, are picked from the list of all.
pub async fn pick<T: Described>(
    client: &Client,
    requests: &[ReadRequest],
) -> Result<Vec<Option<T>>, OperationError> {
    let arns: Vec<String> =
        requests.iter().filter_map(|request| arn_of(&request.known).map(str::to_owned)).collect();
    let names: Vec<String> = requests
        .iter()
        .filter(|request| arn_of(&request.known).is_none())
        .filter_map(|request| request.known.text("name").map(str::to_owned))
        .collect();
    let mut all: Vec<T> = Vec::new();
    for (named, texts) in [(Named::Arns, arns), (Named::Names, names)] {
        if texts.is_empty() {
            continue;
        }
        let alone = texts.len() == 1;
        let found = if texts.len() <= MAX_NAMED { T::describe(client, named, texts).await? } else { None };
        match found {
            Some(found) => all.extend(found),
            None if alone => {}
            None => {
                all = T::list(client).await?;
                break;
            }
        }
    }
    let by_arn: HashMap<&str, &T> = all.iter().filter_map(|one| Some((one.arn()?, one))).collect();
    let by_name: HashMap<&str, &T> = all.iter().filter_map(|one| Some((one.name()?, one))).collect();
    let pick = |known: &Value| match arn_of(known) {
        Some(arn) => by_arn.get(arn).map(|one| (*one).clone()),
        None => by_name.get(known.text("name")?).map(|one| (*one).clone()),
    };
    Ok(requests.iter().map(|request| pick(&request.known)).collect())
}

/// The answers to requests, of the objects found. `details` asks what only calls for one object tell, `value` makes the
/// complete object of it all; the tags of all objects are read meanwhile.
pub async fn answer<'a, T, D, F>(
    aws: &Aws,
    requests: &'a [ReadRequest],
    found: &'a [Option<T>],
    details: impl Fn(&'a T, &'a Value) -> F,
    value: impl Fn(&T, &D, Value, &Value) -> Value,
) -> Vec<ReadResult>
where
    T: Identified,
    F: Future<Output = Result<D, OperationError>>,
{
    let arns: Vec<String> = found.iter().flatten().filter_map(|one| one.arn().map(str::to_owned)).collect();
    let pairs = found.iter().zip(requests);
    let calls =
        pairs.clone().map(|(one, request)| maybe(one.as_ref().map(|one| details(one, &request.known))));
    let (mut tags, details) = futures::join!(tagging::read(aws, &arns), concurrently(calls.collect()));
    pairs
        .zip(details)
        .map(|((one, request), details)| {
            let (Some(one), Some(details)) = (one, details) else {
                return ReadResult::Missing;
            };
            let tags = one.arn().and_then(|arn| tags.remove(arn));
            let tags = tags.unwrap_or_else(|| Ok(object::text_map::<&str, &str>([])));
            match details.and_then(|details| Ok(value(one, &details, tags?, &request.known))) {
                Ok(value) => ReadResult::Found(value),
                // It went between two calls.
                Err(error) if error.kind == ErrorKind::NotFound => ReadResult::Missing,
                Err(error) => ReadResult::Unreadable(error),
            }
        })
        .collect()
}

async fn maybe<F: Future>(call: Option<F>) -> Option<F::Output> {
    match call {
        Some(call) => Some(call.await),
        None => None,
    }
}

/// The only answer, of an object that must exist. `operation` is the IAM action that looked for it.
pub fn only(answers: Vec<ReadResult>, operation: &str) -> Result<Value, OperationError> {
    match answers.into_iter().next() {
        Some(ReadResult::Found(value)) => Ok(value),
        Some(ReadResult::Unreadable(error)) => Err(error),
        Some(ReadResult::Missing) | None => {
            Err(OperationError::new(ErrorKind::NotFound, operation, "the object is not there any more"))
        }
    }
}
