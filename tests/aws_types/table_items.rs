use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
};
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_dynamodb_table_item";

/// Makes a table; keys are given as `name:TYPE`.
async fn table(aws: &Aws, name: &str, keys: &[(&str, ScalarAttributeType)]) {
    let mut call = aws.dynamodb().create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
    for ((name, kind), role) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
        let key = KeySchemaElement::builder().attribute_name(*name).key_type(role).build().unwrap();
        let definition = AttributeDefinition::builder().attribute_name(*name).attribute_type(kind.clone());
        call = call.key_schema(key).attribute_definitions(definition.build().unwrap());
    }
    call.send().await.unwrap();
}

async fn live(
    aws: &Aws,
    table: &str,
    key: &[(&str, AttributeValue)],
) -> Option<HashMap<String, AttributeValue>> {
    let call = aws.dynamodb().get_item().table_name(table).consistent_read(true);
    let key = key.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    call.set_key(Some(key)).send().await.unwrap().item
}

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn code(item: &str) -> String {
    format!("table_name = \"config\"\nhash_key = \"id\"\nitem = <<EOT\n{item}\nEOT\n")
}

#[tokio::test]
async fn an_item_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    table(&aws, "config", &[("id", ScalarAttributeType::S)]).await;
    let item = Lifecycle::new(TYPE, &aws);
    let first = code(
        r#"{ "value": { "S": "{\"a\": 1}" }, "id": { "S": "iglu" }, "n": { "N": "1.50" }, "gone": { "NULL": true } }"#,
    );
    let made = item.create(&first).await;
    assert_eq!(made.text("id"), Some("config|id|iglu"));
    let seen = live(&aws, "config", &[("id", s("iglu"))]).await.unwrap();
    assert_eq!(seen["value"], s("{\"a\": 1}"));
    assert_eq!(seen.len(), 4);
    // Laid out otherwise, with a number spelt otherwise, it is the same.
    let same = code(r#"{"n":{"N":"1.5"},"id":{"S":"iglu"},"gone":{"NULL":true},"value":{"S":"{\"a\": 1}"}}"#);
    assert_eq!(item.plan(Some(&made), &same).changes, [""; 0]);
    let second = code(
        r#"{ "id": { "S": "iglu" }, "value": { "S": "b" }, "list": { "L": [{ "BOOL": true }, { "SS": ["y", "x"] }] } }"#,
    );
    let (changed, paths) = item.update(&made, &second).await;
    assert_eq!(paths, [".item"]);
    let seen = live(&aws, "config", &[("id", s("iglu"))]).await.unwrap();
    assert_eq!((seen.len(), &seen["value"]), (3, &s("b")));
    // Another key is another item: the one of the old key goes.
    let third = code(r#"{ "id": { "S": "other" }, "value": { "S": "b" } }"#);
    let (moved, paths) = item.update(&changed, &third).await;
    assert_eq!(
        (moved.text("id"), paths),
        (Some("config|id|other"), vec![".id".to_owned(), ".item".to_owned()])
    );
    assert!(live(&aws, "config", &[("id", s("iglu"))]).await.is_none());
    assert!(live(&aws, "config", &[("id", s("other"))]).await.is_some());
    assert_eq!(item.plan(Some(&moved), &third.replace("\"config\"", "\"c2\"")).replace, [".table_name"]);
    item.delete(&moved).await;
    assert!(live(&aws, "config", &[("id", s("other"))]).await.is_none());
}

/// Whatever is in the item counts: an attribute that somebody added, too.
#[tokio::test]
async fn an_attribute_that_was_added_is_seen() {
    let aws = Aws::fresh();
    table(&aws, "config", &[("id", ScalarAttributeType::S)]).await;
    let item = Lifecycle::new(TYPE, &aws);
    let text = code(r#"{ "id": { "S": "a" }, "v": { "S": "1" } }"#);
    let made = item.create(&text).await;
    let call = aws.dynamodb().put_item().table_name("config").item("id", s("a")).item("v", s("1"));
    call.item("more", s("2")).send().await.unwrap();
    let read = item.read(&made).await.unwrap();
    assert_eq!(item.plan(Some(&read), &text).changes, [".item"]);
}

#[tokio::test]
async fn items_are_imported_by_their_keys_of_any_type() {
    let aws = Aws::fresh();
    table(&aws, "log", &[("day", ScalarAttributeType::N), ("what", ScalarAttributeType::S)]).await;
    let item = Lifecycle::new(TYPE, &aws);
    for (day, what) in [("7", "start"), ("7", "a|b|what|c"), ("8", "start")] {
        let call = aws.dynamodb().put_item().table_name("log").item("day", AttributeValue::N(day.into()));
        call.item("what", s(what)).item("v", s(&format!("{day} {what}"))).send().await.unwrap();
    }
    let seeds = ["log|day|7|what|start", "log|day|8|what|start", "log|day|9|what|start", "none|id|x"]
        .map(|id| item.ty.import_seed(id).unwrap());
    let texts: Vec<Option<String>> = item
        .read_all(&seeds)
        .await
        .into_iter()
        .map(|result| match result {
            ReadResult::Found(object) => Some(object.text("item").unwrap().to_owned()),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    let expected = r#"{"day":{"N":"7"},"v":{"S":"7 start"},"what":{"S":"start"}}"#;
    assert_eq!(texts[0].as_deref(), Some(expected));
    assert!(texts[1].as_deref().unwrap().contains("8 start"));
    assert_eq!(texts[2..], [None, None]);
    assert!(item.ty.import_seed("log").unwrap_err().contains("TABLE|HASH_KEY|VALUE"));
}

/// More than one BatchGetItem takes.
#[tokio::test]
async fn many_items_are_read_at_once() {
    let aws = Aws::fresh();
    table(&aws, "config", &[("id", ScalarAttributeType::S)]).await;
    let item = Lifecycle::new(TYPE, &aws);
    let mut seeds = Vec::new();
    for number in 0..130 {
        let call = aws.dynamodb().put_item().table_name("config").item("id", s(&format!("i{number}")));
        call.send().await.unwrap();
        seeds.push(item.ty.import_seed(&format!("config|id|i{number}")).unwrap());
    }
    seeds.push(item.ty.import_seed("config|id|i0").unwrap());
    for (number, result) in item.read_all(&seeds).await.into_iter().enumerate() {
        let ReadResult::Found(object) = result else { panic!("{number}: {result:?}") };
        let expected = format!("config|id|i{}", number % 130);
        assert_eq!(object.text("id"), Some(&*expected));
    }
}

#[tokio::test]
async fn an_item_that_is_there_is_not_overwritten() {
    let aws = Aws::fresh();
    table(&aws, "config", &[("id", ScalarAttributeType::S)]).await;
    aws.dynamodb()
        .put_item()
        .table_name("config")
        .item("id", s("a"))
        .item("v", s("mine"))
        .send()
        .await
        .unwrap();
    let item = Lifecycle::new(TYPE, &aws);
    let error = item.create_fails(&code(r#"{ "id": { "S": "a" }, "v": { "S": "theirs" } }"#)).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.to_string().contains("config|id|a"), "{error}");
    assert_eq!(live(&aws, "config", &[("id", s("a"))]).await.unwrap()["v"], s("mine"));
}

#[tokio::test]
async fn an_item_is_checked_offline() {
    let item = Lifecycle::new(TYPE, &Aws::fresh());
    for (text, part) in [
        ("{", "it is not JSON"),
        (r#"{ "id": { "S": "a" }, "v": { "Q": "x" } }"#, "none of S, N"),
        (r#"{ "v": { "S": "x" } }"#, "no attribute \"id\""),
    ] {
        let found = errors(&item.problems(&code(text)));
        assert!(found.iter().any(|detail| detail.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(errors(&item.problems(&code(r#"{ "id": { "S": "a" } }"#))), [""; 0]);
}
