//! Unmanaged objects read whole, so that code can be written for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::join_all;

use crate::address::InstanceAddress;
use crate::lang::value::Value;
use crate::live::{Live, Outcome, ProviderKey};
use crate::plan::planner::operation_detail;
use crate::plan::planner::resource::with_tags;
use crate::provider::object::Object;
use crate::provider::{ReadRequest, ReadResult, ResourceType};

use super::Found;

/// An object to write code for.
pub struct Generated {
    pub address: InstanceAddress,
    pub ty: Arc<dyn ResourceType>,
    pub import_id: String,
    /// The alias of the root module's provider configuration, if it is not the default one.
    pub provider: Option<String>,
    pub read: Read,
    /// The parent's own names in AWS, and what the code may write in their place.
    pub references: Vec<(String, String)>,
}

/// What was read of an object.
pub enum Read {
    Object(Value),
    /// Why there is no object, a sentence.
    Nothing(String),
}

/// Reads objects, each type's at once. Those that cannot be imported are left out.
pub async fn generate(live: &Live, found: &[&Found]) -> Vec<Generated> {
    let mut groups: BTreeMap<(&ProviderKey, &str), Vec<(&Found, &str)>> = BTreeMap::new();
    for one in found {
        if let Some(id) = one.import_id() {
            groups.entry((&one.key, one.ty.name())).or_default().push((one, id));
        }
    }
    let reads = groups.into_iter().map(|((key, _), group)| async move {
        let results = read(live, key, &group).await;
        group
            .into_iter()
            .zip(results)
            .map(|((found, id), read)| made(live, found, id, read))
            .collect::<Vec<_>>()
    });
    let mut all: Vec<Generated> = join_all(reads).await.into_iter().flatten().collect();
    all.sort_by(|left, right| left.address.cmp(&right.address));
    all
}

fn made(live: &Live, found: &Found, id: &str, read: Read) -> Generated {
    let provider = found.key.2.as_ref().filter(|_| found.key.0.is_root());
    Generated {
        address: found.address.clone(),
        ty: Arc::clone(&found.ty),
        import_id: id.to_owned(),
        provider: provider.map(|alias| format!("{}.{alias}", found.key.1)),
        read,
        references: references(live, &found.child.parent),
    }
}

/// One group's objects, in its order.
async fn read(live: &Live, key: &ProviderKey, group: &[(&Found, &str)]) -> Vec<Read> {
    let (Some((first, _)), Some(connection)) = (group.first(), live.made(key)) else { return Vec::new() };
    let ty = &first.ty;
    let seeds: Vec<Result<Value, String>> = group.iter().map(|(_, id)| ty.import_seed(id)).collect();
    let requests: Vec<ReadRequest> =
        seeds.iter().flatten().map(|known| ReadRequest { known: known.clone() }).collect();
    let results = if requests.is_empty() { Vec::new() } else { ty.read(connection, &requests).await };
    let mut results = results.into_iter();
    let object = |seed: Result<Value, String>| match seed.map(|_| results.next()) {
        Ok(Some(ReadResult::Found(value))) => {
            let null = Value::null(value.ty());
            let block = &ty.schema().block;
            Read::Object(block.marked(&with_tags(block, connection, value, &null, &null)))
        }
        Ok(Some(ReadResult::Unreadable(error))) => Read::Nothing(operation_detail(&error)),
        Ok(Some(ReadResult::Missing) | None) => Read::Nothing("It is gone again.".to_owned()),
        Err(problem) => Read::Nothing(problem),
    };
    seeds.into_iter().map(object).collect()
}

/// What the code may write for the names of an object of the root module.
fn references(live: &Live, address: &InstanceAddress) -> Vec<(String, String)> {
    let Some(Outcome::Found(object)) = live.object(address, None) else { return Vec::new() };
    if !address.module.is_root() {
        return Vec::new();
    }
    let names = ["arn", "id", "name"].into_iter();
    let texts = names.filter_map(|name| Some((object.text(name)?.to_owned(), format!("{address}.{name}"))));
    texts.filter(|(text, _)| !text.is_empty()).collect()
}
