//! `aws_dynamodb_table_item`.
//!
//! Facts: DynamoDB API reference 2012-08-10 (PutItem, BatchGetItem, DeleteItem); the AWS provider's manual page.
//! Other than the provider, recon reads the whole item: an attribute that somebody added is drift.

mod attribute;
mod below;
mod read;

use async_trait::async_trait;

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::all_unreadable;
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};
use attribute::Item;

/// What separates the parts of an id.
const SEPARATOR: char = '|';

/// `aws_dynamodb_table_item`
pub struct TableItem {
    schema: Schema,
}

impl Default for TableItem {
    fn default() -> TableItem {
        let name = || AttributeSchema::required(Type::String).forces_replacement();
        let item = AttributeSchema::required(Type::String).equality(Equality::Custom(same_item));
        let block = BlockSchema::new()
            .id()
            .attribute("hash_key", name())
            .attribute("item", item)
            .attribute("range_key", AttributeSchema::optional(Type::String).forces_replacement())
            .attribute("table_name", name());
        TableItem { schema: Schema::new(0, block) }
    }
}

/// Whether two texts are one item.
fn same_item(left: &Value, right: &Value) -> bool {
    let json = |value: &Value| attribute::parse(value.as_str()?).ok().map(|item| attribute::json(&item));
    json(left).is_some_and(|left| json(right) == Some(left))
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

/// The names of the item's keys: the partition key, and the sort key if the table has one.
fn key_names(object: &Value) -> impl Iterator<Item = &str> {
    ["hash_key", "range_key"].into_iter().filter_map(|name| object.text(name)).filter(|name| !name.is_empty())
}

/// The item that an object says; `None` if it is not known yet.
fn item_of(object: &Value) -> Option<Item> {
    attribute::parse(object.text("item")?).ok()
}

/// The part of an item that names it.
fn key_of(object: &Value, item: &Item) -> Option<Item> {
    key_names(object).map(|name| Some((name.to_owned(), item.get(name)?.clone()))).collect()
}

/// The provider's id: the table, then each key's name and value.
fn id_of(object: &Value, item: &Item) -> Option<String> {
    let mut id = object.text("table_name")?.to_owned();
    for name in key_names(object) {
        id.push(SEPARATOR);
        id.push_str(name);
        id.push(SEPARATOR);
        id.push_str(&attribute::key_text(item.get(name)?)?);
    }
    Some(id)
}

#[async_trait]
impl ResourceType for TableItem {
    fn name(&self) -> &'static str {
        "aws_dynamodb_table_item"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["table_name"]
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let Some(text) = config.text("item") else { return };
        match attribute::parse(text) {
            Err(detail) => {
                problems.error(at("item"), "Invalid item", format!("The item cannot be used: {detail}."));
            }
            Ok(item) => {
                for name in key_names(config) {
                    if item.get(name).and_then(attribute::key_text).is_none() {
                        problems.error(
                            at("item"),
                            "Item without its key",
                            format!(
                                "The item has no attribute \"{name}\" of type S, N or B, which is its key."
                            ),
                        );
                    }
                }
            }
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        // Another key is another item; the id names it.
        let id = item_of(&change.planned).and_then(|item| id_of(&change.planned, &item));
        if change.prior.is_some() && change.planned.text("id") != id.as_deref() {
            let id = id.map_or_else(|| Value::unknown(Type::String), Value::string);
            change.planned = change.planned.with("id", id);
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        match connection.aws() {
            Ok(aws) => read::read(aws, &self.schema.block, requests).await,
            Err(error) => all_unreadable(requests.len(), &error),
        }
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let id = id_of(prepared, &item_of(prepared)?)?;
        let known = |name: &'static str| prepared.get(name).map(|value| (name, value));
        let names = ["table_name", "hash_key", "range_key"].into_iter().filter_map(known);
        Some(self.schema.block.object(names.chain([("id", Value::string(id))])))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let item = usable(planned)?;
        put_new(aws, planned, &item).await?;
        Ok(self.made(planned, &item))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let item = usable(planned)?;
        let old = item_of(prior).and_then(|old| key_of(prior, &old));
        if old == key_of(planned, &item) {
            let call = aws.dynamodb().put_item().table_name(planned.text("table_name").unwrap_or_default());
            let answer = call.set_item(Some(item.clone())).send().await;
            answer.map_err(|error| failed("dynamodb:PutItem", error))?;
        } else {
            put_new(aws, planned, &item).await?;
            self.delete(connection, prior).await.map_err(|error| error.with_partial(planned.clone()))?;
        }
        Ok(self.made(planned, &item))
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let key = match item_of(prior).and_then(|item| key_of(prior, &item)) {
            Some(key) => key,
            None => match read::key_of_id(aws, prior).await? {
                Some(key) => key,
                None => return Ok(()),
            },
        };
        let call = aws.dynamodb().delete_item().table_name(prior.text("table_name").unwrap_or_default());
        match call.set_key(Some(key)).send().await.map_err(|error| failed("dynamodb:DeleteItem", error)) {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        let parts: Vec<&str> = id.split(SEPARATOR).collect();
        let (table, hash_key, range_key) = match parts.as_slice() {
            [table, hash_key, _] => (table, hash_key, None),
            [table, hash_key, _, range_key, _] => (table, hash_key, Some(range_key)),
            _ => {
                return Err("The import id of aws_dynamodb_table_item is \"TABLE|HASH_KEY|VALUE\", with \
                            \"|RANGE_KEY|VALUE\" behind it if the table has a sort key."
                    .to_owned());
            }
        };
        let range_key = range_key.map(|name| ("range_key", Value::string(name)));
        let given = [
            ("id", Value::string(id)),
            ("table_name", Value::string(table)),
            ("hash_key", Value::string(hash_key)),
        ];
        Ok(self.schema.block.object(given.into_iter().chain(range_key)))
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        below::below(connection, objects).await
    }
}

impl TableItem {
    /// The object of an item that was just stored, as a read would answer it.
    fn made(&self, planned: &Value, item: &Item) -> Value {
        read::made(&self.schema.block, planned, item)
    }
}

/// The planned item, once all of it is known, with its keys.
fn usable(planned: &Value) -> Result<Item, OperationError> {
    let wrong = |detail: String| {
        OperationError::new(ErrorKind::Invalid, "", format!("the item cannot be used: {detail}"))
    };
    let item = attribute::parse(planned.text("item").unwrap_or_default()).map_err(wrong)?;
    for name in key_names(planned) {
        if item.get(name).and_then(attribute::key_text).is_none() {
            return Err(wrong(format!("it has no attribute \"{name}\" of type S, N or B, which is its key")));
        }
    }
    Ok(item)
}

/// Stores an item whose key must not be there yet.
async fn put_new(aws: &Aws, planned: &Value, item: &Item) -> Result<(), OperationError> {
    let attempts = Attempts::default();
    let table = planned.text("table_name").unwrap_or_default();
    let call = aws
        .dynamodb()
        .put_item()
        .table_name(table)
        .set_item(Some(item.clone()))
        .condition_expression("attribute_not_exists(#key)")
        .expression_attribute_names("#key", planned.text("hash_key").unwrap_or_default());
    let error = match call.customize().interceptor(attempts.clone()).send().await {
        Ok(_) => return Ok(()),
        Err(error) => failed("dynamodb:PutItem", error),
    };
    if error.code.as_deref() != Some("ConditionalCheckFailedException") {
        return Err(error);
    }
    // The first answer was lost: the item that is there is the one just stored, if it is the same.
    if attempts.may_have_acted()
        && let Some(key) = key_of(planned, item)
        && read::get(aws, table, &key)
            .await?
            .is_some_and(|live| attribute::json(&live) == attribute::json(item))
    {
        return Ok(());
    }
    let id = id_of(planned, item).unwrap_or_default();
    Err(OperationError {
        kind: ErrorKind::AlreadyExists,
        message: format!(
            "an item of this key is in table {table} already; import it as {id:?}, or give this one another key"
        ),
        ..error
    })
}
