//! Items of a stack's tables that the stack does not know: of tables of which it has at least one.

use std::collections::{BTreeMap, HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;

use super::attribute::{self, Item};
use super::{SEPARATOR, id_of, item_of, key_names};
use crate::address::InstanceAddress;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::below::{Below, Child, StackObjects};
use crate::provider::object::Object;
use crate::provider::{Connection, OperationError};

/// How many pages of a table are looked at, each of a megabyte of items (API reference, Scan): what has more is no table
/// of settings.
const PAGES: usize = 10;

/// A table that is asked.
struct Table<'a> {
    /// The table's own address, else that of an item in it.
    parent: &'a InstanceAddress,
    /// An item of the stack in it, which names the keys.
    sample: &'a Value,
}

/// Items: one scan of each table, for keys only.
pub(super) async fn below(connection: &Connection, objects: &StackObjects) -> Below {
    let name = |table: &Value| table.text("name").or_else(|| table.text("id")).map(str::to_owned);
    let owned: HashMap<String, &InstanceAddress> = objects
        .parents(&["aws_dynamodb_table"])
        .into_iter()
        .filter_map(|(address, live, _)| Some((name(live)?, address)))
        .collect();
    let mut tables: BTreeMap<&str, Table<'_>> = BTreeMap::new();
    for (address, sample, _) in objects.parents(&["aws_dynamodb_table_item"]) {
        if let Some(name) = sample.text("table_name") {
            let parent = owned.get(name).copied().unwrap_or(address);
            tables.entry(name).or_insert(Table { parent, sample });
        }
    }
    let known: HashSet<String> =
        objects.known(&["aws_dynamodb_table_item"]).filter_map(recorded_id).collect();
    let aws = match connection.aws() {
        _ if tables.is_empty() => return Below::default(),
        Ok(aws) => aws,
        Err(error) => return Err(error).into(),
    };
    let scans = tables.iter().map(|(name, table)| async move { (name, table, keys(aws, name, table).await) });
    let mut below = Below::default();
    for (name, table, scanned) in join_all(scans).await {
        let (keys, is_all) = match scanned {
            Ok(scanned) => scanned,
            Err(error) => {
                below.failures.push(error);
                continue;
            }
        };
        if !is_all {
            below.cut.push(format!(
                "The table {name} has more than {} items: those behind were not looked at.",
                keys.len()
            ));
        }
        below.children.extend(keys.iter().filter_map(|key| child(table, key, &known)));
    }
    below
}

fn child(table: &Table<'_>, key: &Item, known: &HashSet<String>) -> Option<Child> {
    let id = id_of(table.sample, key).filter(|id| !known.contains(id))?;
    let values: Vec<String> =
        key_names(table.sample).filter_map(|name| attribute::key_text(key.get(name)?)).collect();
    // What separates the parts of an id in one of them: no id says which item is meant.
    let is_plain = !values.iter().any(|value| value.contains(SEPARATOR));
    Some(Child {
        parent: table.parent.clone(),
        label: values.join(" "),
        import_id: is_plain.then(|| id.clone()),
        id,
    })
}

/// The id of an item that the code wants, or that is recorded.
fn recorded_id(object: &Value) -> Option<String> {
    item_of(object).and_then(|item| id_of(object, &item)).or_else(|| object.text("id").map(str::to_owned))
}

/// The keys of a table's items, and whether these are all.
async fn keys(aws: &Aws, name: &str, table: &Table<'_>) -> Result<(Vec<Item>, bool), OperationError> {
    // Keys may have names that mean something in an expression.
    let names: Vec<(String, String)> = key_names(table.sample)
        .enumerate()
        .map(|(at, name)| (format!("#key{at}"), name.to_owned()))
        .collect();
    let projection: Vec<&str> = names.iter().map(|(alias, _)| alias.as_str()).collect();
    let projection = projection.join(", ");
    let names: HashMap<String, String> = names.into_iter().collect();
    let mut found = Vec::new();
    let mut start: Option<HashMap<String, AttributeValue>> = None;
    for _ in 0..PAGES {
        let call = aws.dynamodb().scan().table_name(name).projection_expression(&projection);
        let call = call.set_expression_attribute_names(Some(names.clone())).set_exclusive_start_key(start);
        let answer = call.send().await.map_err(|error| failed("dynamodb:Scan", error))?;
        found.extend(answer.items.unwrap_or_default());
        start = answer.last_evaluated_key.filter(|key| !key.is_empty());
        if start.is_none() {
            return Ok((found, true));
        }
    }
    Ok((found, false))
}
