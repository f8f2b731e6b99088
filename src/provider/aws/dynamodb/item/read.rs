//! Reading items: up to a hundred of a table a call.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeDefinition, KeysAndAttributes};
use futures::future::join_all;

use super::attribute::{self, Item};
use super::{SEPARATOR, id_of, item_of, key_names, key_of};
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::object::Object;
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};
use crate::schema::BlockSchema;

/// How many keys one BatchGetItem takes.
const KEYS_PER_CALL: usize = 100;

/// How long to ask again for keys that DynamoDB put off.
const PATIENCE: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Reads one item by its key.
pub(super) async fn get(aws: &Aws, table: &str, key: &Item) -> Result<Option<Item>, OperationError> {
    let call = aws.dynamodb().get_item().table_name(table).consistent_read(true);
    let answer = call.set_key(Some(key.clone())).send().await;
    Ok(answer.map_err(|error| failed("dynamodb:GetItem", error))?.item)
}

pub(super) async fn read(aws: &Aws, block: &BlockSchema, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let mut tables: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, request) in requests.iter().enumerate() {
        tables.entry(request.known.text("table_name").unwrap_or_default()).or_default().push(index);
    }
    let mut results: Vec<ReadResult> = requests.iter().map(|_| ReadResult::Missing).collect();
    let answers = join_all(tables.into_iter().map(|(table, indexes)| async move {
        let known: Vec<&Value> = indexes.iter().map(|index| &requests[*index].known).collect();
        (read_table(aws, block, table, &known).await, indexes)
    }));
    for (answer, indexes) in answers.await {
        match answer {
            Ok(objects) => {
                for (index, object) in indexes.into_iter().zip(objects) {
                    results[index] = object.map_or(ReadResult::Missing, ReadResult::Found);
                }
            }
            // Without its table there is no item.
            Err(error) if error.kind == ErrorKind::NotFound => {}
            Err(error) => {
                for index in indexes {
                    results[index] = ReadResult::Unreadable(error.clone());
                }
            }
        }
    }
    results
}

/// Reads items of one table, in their order.
async fn read_table(
    aws: &Aws,
    block: &BlockSchema,
    table: &str,
    known: &[&Value],
) -> Result<Vec<Option<Value>>, OperationError> {
    // What is imported is known by its id, which does not say of what type its keys are.
    let types = match known.iter().all(|known| recorded_key(known).is_some()) {
        true => Vec::new(),
        false => key_types(aws, table).await?,
    };
    let keys: Vec<Option<Item>> =
        known.iter().map(|known| recorded_key(known).or_else(|| key_in_id(known, &types))).collect();
    let spelt = |key: &Item| attribute::json(key).to_string();
    let wanted: BTreeMap<String, &Item> = keys.iter().flatten().map(|key| (spelt(key), key)).collect();
    let wanted: Vec<Item> = wanted.into_values().cloned().collect();
    let mut live: HashMap<String, Item> = HashMap::new();
    for batch in wanted.chunks(KEYS_PER_CALL) {
        for item in get_batch(aws, table, batch.to_vec()).await? {
            // The keys of a table's items all have the same names.
            let key = known.first().and_then(|known| key_of(known, &item));
            live.extend(key.map(|key| (spelt(&key), item)));
        }
    }
    let object = |(known, key): (&&Value, &Option<Item>)| {
        live.get(&spelt(key.as_ref()?)).map(|item| made(block, known, item))
    };
    Ok(known.iter().zip(&keys).map(object).collect())
}

pub(super) fn made(block: &BlockSchema, known: &Value, item: &Item) -> Value {
    let names = ["table_name", "hash_key", "range_key"];
    let given = names.into_iter().filter_map(|name| Some((name, known.get(name)?)));
    let text = Value::string(attribute::json(item).to_string());
    let id = id_of(known, item).map(|id| ("id", Value::string(id)));
    block.object(given.chain([("item", text)]).chain(id))
}

fn recorded_key(known: &Value) -> Option<Item> {
    key_of(known, &item_of(known)?)
}

/// The key that an id says.
fn key_in_id(known: &Value, types: &[AttributeDefinition]) -> Option<Item> {
    let id = known.text("id")?;
    let mut rest = id.strip_prefix(known.text("table_name")?)?.strip_prefix(SEPARATOR)?;
    let mut key = HashMap::new();
    let names: Vec<&str> = key_names(known).collect();
    for (position, name) in names.iter().enumerate() {
        rest = rest.strip_prefix(name)?.strip_prefix(SEPARATOR)?;
        let value = match names.get(position + 1) {
            // The last that could be the next key's name is: a value may have the separator in it.
            Some(next) => {
                let mark = format!("{SEPARATOR}{next}{SEPARATOR}");
                let (value, _) = rest.rsplit_once(&mark)?;
                rest = &rest[value.len() + SEPARATOR.len_utf8()..];
                value
            }
            None => rest,
        };
        let kind = types.iter().find(|definition| definition.attribute_name() == *name)?;
        key.insert((*name).to_owned(), attribute::key_value(kind.attribute_type().as_str(), value)?);
    }
    Some(key)
}

async fn key_types(aws: &Aws, table: &str) -> Result<Vec<AttributeDefinition>, OperationError> {
    let answer = aws.dynamodb().describe_table().table_name(table).send().await;
    let answer = answer.map_err(|error| failed("dynamodb:DescribeTable", error))?;
    Ok(answer.table.and_then(|table| table.attribute_definitions).unwrap_or_default())
}

/// The key of an object that is known by its id only.
pub(super) async fn key_of_id(aws: &Aws, known: &Value) -> Result<Option<Item>, OperationError> {
    match key_types(aws, known.text("table_name").unwrap_or_default()).await {
        Ok(types) => Ok(key_in_id(known, &types)),
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gets the items of some keys. DynamoDB may put keys off, when they are much or it is busy.
async fn get_batch(aws: &Aws, table: &str, keys: Vec<Item>) -> Result<Vec<Item>, OperationError> {
    let operation = "dynamodb:BatchGetItem";
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    let mut open = keys;
    let mut found = Vec::new();
    loop {
        let request = KeysAndAttributes::builder().set_keys(Some(open)).consistent_read(true).build();
        let request = request.map_err(|error| OperationError::internal(error.to_string()))?;
        let answer = aws.dynamodb().batch_get_item().request_items(table, request).send().await;
        let mut answer = answer.map_err(|error| failed(operation, error))?;
        found.extend(answer.responses.as_mut().and_then(|tables| tables.remove(table)).unwrap_or_default());
        let put_off = answer.unprocessed_keys.as_mut().and_then(|tables| tables.remove(table));
        open = put_off.map(|request| request.keys).unwrap_or_default();
        if open.is_empty() {
            return Ok(found);
        }
        if start.elapsed() + pause > PATIENCE {
            let message = format!("DynamoDB put off {} items of table {table} again and again", open.len());
            return Err(OperationError::new(ErrorKind::Throttled, operation, message));
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}
