use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoveryStatus,
    ScalarAttributeType, SseStatus, TableDescription, TimeToLiveStatus,
};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_dynamodb_table";

async fn live(aws: &Aws, name: &str) -> TableDescription {
    aws.dynamodb().describe_table().table_name(name).send().await.unwrap().table.unwrap()
}

const LEASES: &str = r#"
name           = "leases"
hash_key       = "leaseKey"
read_capacity  = 1
write_capacity = 2
attribute {
  name = "leaseKey"
  type = "S"
}
tags = { Name = "leases", old = "x" }
"#;

#[tokio::test]
async fn a_table_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let table = Lifecycle::new(TYPE, &aws);
    let made = table.create(LEASES).await;
    assert_eq!(made.text("id"), Some("leases"));
    assert_eq!(made.text("billing_mode"), Some("PROVISIONED"));
    assert_eq!(made.text("table_class"), Some("STANDARD"));
    let seen = live(&aws, "leases").await;
    assert_eq!(made.text("arn"), seen.table_arn());
    let units = seen.provisioned_throughput().unwrap();
    assert_eq!((units.read_capacity_units(), units.write_capacity_units()), (Some(1), Some(2)));
    let second = LEASES
        .replace("read_capacity  = 1", "read_capacity = 5\ndeletion_protection_enabled = true")
        .replace(
            "tags = { Name = \"leases\", old = \"x\" }",
            "tags = { Name = \"other\" }\ntable_class = \"STANDARD_INFREQUENT_ACCESS\"",
        );
    let (changed, mut paths) = table.update(&made, &second).await;
    paths.sort();
    let expected = [".deletion_protection_enabled", ".read_capacity", ".table_class", ".tags", ".tags_all"];
    assert_eq!(paths, expected);
    let seen = live(&aws, "leases").await;
    assert_eq!(seen.provisioned_throughput().unwrap().read_capacity_units(), Some(5));
    assert_eq!(seen.deletion_protection_enabled(), Some(true));
    let class = seen.table_class_summary().and_then(|summary| summary.table_class()).unwrap();
    assert_eq!(class.as_str(), "STANDARD_INFREQUENT_ACCESS");
    let tags = aws.dynamodb().list_tags_of_resource().resource_arn(seen.table_arn().unwrap());
    let tags = tags.send().await.unwrap().tags.unwrap();
    let mut tags: Vec<(&str, &str)> = tags.iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "other"), ("team", "data")]);
    let error = table.ty.delete(&table.connection, &changed).await.unwrap_err();
    assert!(error.to_string().contains("protected against deletion"), "{error}");
    let (plain, _) = table.update(&changed, LEASES).await;
    assert_eq!(live(&aws, "leases").await.deletion_protection_enabled(), Some(false));
    let seed = table.ty.import_seed("leases").unwrap();
    let imported = table.read(&seed).await.unwrap();
    assert_eq!(imported.text("hash_key"), Some("leaseKey"));
    assert_eq!(imported.integer("write_capacity"), Some(2));
    for (from, to, path) in [
        ("\"leases\"\nhash", "\"other\"\nhash", ".name"),
        ("hash_key       = \"leaseKey\"", "hash_key = \"leaseKey\"\nrange_key = \"leaseKey\"", ".range_key"),
    ] {
        let text = LEASES.replace(from, to);
        assert_eq!(table.plan(Some(&plain), &text).replace, [path]);
    }
    table.delete(&plain).await;
    let gone = aws.dynamodb().describe_table().table_name("leases").send().await;
    assert!(gone.is_err());
}

#[tokio::test]
async fn a_table_changes_between_provisioned_and_on_demand() {
    let aws = Aws::fresh();
    let table = Lifecycle::new(TYPE, &aws);
    let attributes = r#"
        attribute {
          name = "id"
          type = "S"
        }
        attribute {
          name = "at"
          type = "N"
        }
    "#;
    let provisioned = format!(
        r#"
        name = "events"
        hash_key = "id"
        read_capacity = 3
        write_capacity = 4
        {attributes}
        global_secondary_index {{
          name = "by-time"
          hash_key = "at"
          projection_type = "ALL"
          read_capacity = 5
          write_capacity = 6
        }}
        "#
    );
    let on_demand = format!(
        r#"
        name = "events"
        hash_key = "id"
        billing_mode = "PAY_PER_REQUEST"
        {attributes}
        global_secondary_index {{
          name = "by-time"
          hash_key = "at"
          projection_type = "ALL"
          on_demand_throughput {{
            max_read_request_units = 70
          }}
        }}
        on_demand_throughput {{
          max_read_request_units = 80
          max_write_request_units = 90
        }}
        "#
    );
    let made = table.create(&provisioned).await;
    let (switched, _) = table.update(&made, &on_demand).await;
    assert_eq!(switched.integer("read_capacity"), Some(0));
    let seen = live(&aws, "events").await;
    let mode = seen.billing_mode_summary().and_then(|summary| summary.billing_mode().cloned());
    assert_eq!(mode, Some(BillingMode::PayPerRequest));
    let limits = seen.on_demand_throughput().unwrap();
    assert_eq!((limits.max_read_request_units(), limits.max_write_request_units()), (Some(80), Some(90)));
    let limits = seen.global_secondary_indexes()[0].on_demand_throughput().unwrap();
    assert_eq!((limits.max_read_request_units(), limits.max_write_request_units()), (Some(70), Some(-1)));
    let (unlimited, _) = table
        .update(
            &switched,
            &format!(
                r#"
                name = "events"
                hash_key = "id"
                billing_mode = "PAY_PER_REQUEST"
                {attributes}
                global_secondary_index {{
                  name = "by-time"
                  hash_key = "at"
                  projection_type = "ALL"
                }}
                "#
            ),
        )
        .await;
    assert_eq!(unlimited.blocks("on_demand_throughput").len(), 0);
    let (back, _) = table.update(&unlimited, &provisioned).await;
    let seen = live(&aws, "events").await;
    assert_eq!(seen.provisioned_throughput().unwrap().write_capacity_units(), Some(4));
    let index = seen.global_secondary_indexes()[0].provisioned_throughput().unwrap();
    assert_eq!((index.read_capacity_units(), index.write_capacity_units()), (Some(5), Some(6)));
    table.delete(&back).await;
    // An on-demand table from the start.
    let made = table.create(&on_demand).await;
    assert_eq!(live(&aws, "events").await.on_demand_throughput().unwrap().max_read_request_units(), Some(80));
    table.delete(&made).await;
}

#[tokio::test]
async fn indexes_come_change_and_go() {
    let aws = Aws::fresh();
    let table = Lifecycle::new(TYPE, &aws);
    let with = |keys: &str, indexes: &str| {
        let attributes: Vec<String> = keys
            .split(' ')
            .map(|key| format!("attribute {{\n name = \"{key}\"\n type = \"S\"\n}}"))
            .collect();
        format!(
            "name = \"music\"\nhash_key = \"artist\"\nrange_key = \"song\"\nread_capacity = 1\nwrite_capacity = 1\n{}\n\
             local_secondary_index {{\n name = \"by-year\"\n range_key = \"year\"\n projection_type = \"INCLUDE\"\n \
             non_key_attributes = [\"b\", \"a\"]\n}}\n{indexes}",
            attributes.join("\n")
        )
    };
    let index = |name: &str, key: &str, units: u8, projection: &str| {
        format!(
            "global_secondary_index {{\n name = \"{name}\"\n hash_key = \"{key}\"\n read_capacity = {units}\n \
             write_capacity = 1\n projection_type = \"{projection}\"\n}}\n"
        )
    };
    let first = index("by-genre", "genre", 1, "KEYS_ONLY") + &index("by-label", "label", 1, "ALL");
    let made = table.create(&with("artist song year genre label", &first)).await;
    let shapes = async || {
        let seen = live(&aws, "music").await;
        let mut shapes: Vec<String> = seen
            .global_secondary_indexes()
            .iter()
            .map(|index| {
                format!(
                    "{} {} {} {}",
                    index.index_name().unwrap(),
                    index.key_schema()[0].attribute_name(),
                    index.provisioned_throughput().unwrap().read_capacity_units().unwrap(),
                    index.projection().unwrap().projection_type().unwrap().as_str()
                )
            })
            .collect();
        shapes.sort();
        shapes
    };
    assert_eq!(shapes().await, ["by-genre genre 1 KEYS_ONLY", "by-label label 1 ALL"]);
    let seen = live(&aws, "music").await;
    let local = &seen.local_secondary_indexes()[0];
    assert_eq!(local.projection().unwrap().non_key_attributes(), ["b", "a"]);
    // One keeps its shape and gets other units, one goes, one comes, one is made anew with another projection.
    let second = index("by-genre", "genre", 3, "KEYS_ONLY") + &index("by-tempo", "tempo", 2, "ALL");
    let (changed, paths) = table.update(&made, &with("artist song year genre tempo", &second)).await;
    assert_eq!(paths, [".attribute", ".global_secondary_index"]);
    assert_eq!(shapes().await, ["by-genre genre 3 KEYS_ONLY", "by-tempo tempo 2 ALL"]);
    let third = index("by-genre", "genre", 3, "ALL") + &index("by-tempo", "tempo", 2, "ALL");
    let (changed, _) = table.update(&changed, &with("artist song year genre tempo", &third)).await;
    assert_eq!(shapes().await, ["by-genre genre 3 ALL", "by-tempo tempo 2 ALL"]);
    let other = with("artist song year genre tempo", &third).replace("[\"b\", \"a\"]", "[\"a\", \"b\"]");
    assert_eq!(table.plan(Some(&changed), &other).changes, [""; 0]);
    let other = other.replace("\"by-year\"", "\"by-date\"");
    assert_eq!(table.plan(Some(&changed), &other).replace, [".local_secondary_index"]);
    // Capacities that the code does not say stay with the index.
    let silent = third.replacen(" read_capacity = 3\n", "", 1);
    assert_eq!(table.plan(Some(&changed), &with("artist song year genre tempo", &silent)).changes, [""; 0]);
    table.delete(&changed).await;
}

#[tokio::test]
async fn streams_encryption_recovery_and_expiry_are_switched() {
    let aws = Aws::fresh();
    let table = Lifecycle::new(TYPE, &aws);
    let base = LEASES.replace("tags = { Name = \"leases\", old = \"x\" }", "");
    let key = format!("arn:aws:kms:eu-west-3:{}:key/one", aws.account());
    let on = format!(
        "{base}\nstream_enabled = true\nstream_view_type = \"NEW_IMAGE\"\nserver_side_encryption {{\n enabled = true\n \
         kms_key_arn = \"{key}\"\n}}\npoint_in_time_recovery {{\n enabled = true\n recovery_period_in_days = 9\n}}\nttl {{\n \
         enabled = true\n attribute_name = \"until\"\n}}\n"
    );
    let recovery = async || {
        let answer = aws.dynamodb().describe_continuous_backups().table_name("leases").send().await.unwrap();
        let description = answer.continuous_backups_description.unwrap();
        let recovery = description.point_in_time_recovery_description.unwrap();
        (recovery.point_in_time_recovery_status.unwrap(), recovery.recovery_period_in_days)
    };
    let expiry = async || {
        let answer = aws.dynamodb().describe_time_to_live().table_name("leases").send().await.unwrap();
        let description = answer.time_to_live_description.unwrap();
        (description.time_to_live_status.unwrap(), description.attribute_name)
    };
    let made = table.create(&on).await;
    let seen = live(&aws, "leases").await;
    assert_eq!(made.text("stream_arn"), seen.latest_stream_arn());
    assert_eq!(seen.stream_specification().unwrap().stream_view_type().unwrap().as_str(), "NEW_IMAGE");
    assert_eq!(seen.sse_description().unwrap().status(), Some(&SseStatus::Enabled));
    assert_eq!(seen.sse_description().unwrap().kms_master_key_arn(), Some(&*key));
    assert_eq!(recovery().await, (PointInTimeRecoveryStatus::Enabled, Some(9)));
    assert_eq!(expiry().await, (TimeToLiveStatus::Enabled, Some("until".to_owned())));
    // Another view is another stream; another attribute of expiry, other days, another key.
    let other = on
        .replace("NEW_IMAGE", "KEYS_ONLY")
        .replace("key/one", "key/two")
        .replace("= 9", "= 10")
        .replace("\"until\"", "\"end\"");
    let (changed, mut paths) = table.update(&made, &other).await;
    paths.sort();
    let expected = [
        ".point_in_time_recovery[0].recovery_period_in_days",
        ".server_side_encryption[0].kms_key_arn",
        ".stream_arn",
        ".stream_label",
        ".stream_view_type",
        ".ttl[0].attribute_name",
    ];
    assert_eq!(paths, expected);
    let seen = live(&aws, "leases").await;
    assert_eq!(seen.stream_specification().unwrap().stream_view_type().unwrap().as_str(), "KEYS_ONLY");
    assert_ne!(changed.text("stream_arn"), made.text("stream_arn"));
    assert!(seen.sse_description().unwrap().kms_master_key_arn().unwrap().ends_with("key/two"));
    assert_eq!(recovery().await.1, Some(10));
    assert_eq!(expiry().await.1.as_deref(), Some("end"));
    // What the code stops to say stays, as with the provider; what it says is off goes off.
    let (silent, paths) = table
        .update(&changed, &format!("{base}\nstream_enabled = true\nstream_view_type = \"KEYS_ONLY\""))
        .await;
    assert_eq!(paths, [""; 0]);
    let off = format!(
        "{base}\nstream_enabled = false\nserver_side_encryption {{\n enabled = false\n}}\npoint_in_time_recovery {{\n \
         enabled = false\n}}\nttl {{\n enabled = false\n attribute_name = \"end\"\n}}\n"
    );
    let (plain, _) = table.update(&silent, &off).await;
    let seen = live(&aws, "leases").await;
    assert!(seen.stream_specification().is_none());
    assert!(seen.sse_description().is_none());
    assert_eq!(recovery().await.0, PointInTimeRecoveryStatus::Disabled);
    assert_eq!(expiry().await.0, TimeToLiveStatus::Disabled);
    // On again, with AWS's own key and number of days.
    let again = off.replace("enabled = false", "enabled = true") + "stream_view_type = \"OLD_IMAGE\"\n";
    let (again, _) = table.update(&plain, &again).await;
    assert!(
        again
            .block("server_side_encryption")
            .unwrap()
            .text("kms_key_arn")
            .unwrap()
            .starts_with("arn:aws:kms:")
    );
    assert_eq!(again.block("point_in_time_recovery").unwrap().integer("recovery_period_in_days"), Some(35));
    table.delete(&again).await;
}

/// Another name's table is somebody else's, and is left alone.
#[tokio::test]
async fn a_table_that_is_there_is_not_taken() {
    let aws = Aws::fresh();
    let table = Lifecycle::new(TYPE, &aws);
    let call = aws.dynamodb().create_table().table_name("leases").billing_mode(BillingMode::PayPerRequest);
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build().unwrap();
    let definition =
        AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S);
    call.key_schema(key).attribute_definitions(definition.build().unwrap()).send().await.unwrap();
    let error = table.create_fails(LEASES).await;
    assert_eq!(error.kind, recon::provider::ErrorKind::AlreadyExists, "{error}");
    assert!(error.partial.is_none());
    let seed = |name: &str| table.ty.import_seed(name).unwrap();
    let read = table.read_all(&[seed("missing"), seed("leases")]).await;
    assert!(matches!(read[0], ReadResult::Missing), "{read:?}");
    assert!(matches!(read[1], ReadResult::Found(_)), "{read:?}");
}

#[tokio::test]
async fn a_table_is_checked_offline() {
    let table = Lifecycle::new(TYPE, &Aws::fresh());
    let base = LEASES;
    for (text, part) in [
        (base.replace("\"leases\"\n", "\"a$\"\n"), "3 to 255 letters"),
        (base.replace("\"leaseKey\"\n  type", "\"id\"\n  type"), "nothing uses \"id\""),
        (base.replace("hash_key       = \"leaseKey\"", "hash_key = \"id\""), "there is none for \"id\""),
        (base.replace("type = \"S\"", "type = \"X\""), "\"X\" is not one of"),
        (base.replace("hash_key       = \"leaseKey\"", ""), "its partition key"),
        (format!("{base}billing_mode = \"FREE\""), "\"FREE\" is not one of"),
        (format!("{base}stream_enabled = true"), "needs stream_view_type"),
        (format!("{base}ttl {{\n enabled = true\n}}"), "name the attribute"),
        (
            format!("{base}point_in_time_recovery {{\n enabled = true\n recovery_period_in_days = 40\n}}"),
            "1 to 35 days",
        ),
        (format!("{base}on_demand_throughput {{\n max_read_request_units = 1\n}}"), "of provisioned tables"),
        (format!("{base}replica {{\n region_name = \"eu-west-1\"\n}}"), "does not make or change replicas"),
        (format!("{base}restore_source_name = \"x\""), "does not restore tables"),
        (
            format!(
                "{base}local_secondary_index {{\n name = \"l\"\n range_key = \"leaseKey\"\n projection_type = \"SOME\"\n}}"
            ),
            "\"SOME\" is not one of",
        ),
    ] {
        let found = errors(&table.problems(&text));
        assert!(found.iter().any(|detail| detail.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(errors(&table.problems(base)), [""; 0]);
    // What depends on the billing mode is known with the plan.
    for (text, part) in [
        (base.replace("read_capacity  = 1\n", ""), "read_capacity must be at least 1"),
        (format!("{base}billing_mode = \"PAY_PER_REQUEST\""), "read_capacity can not be set"),
        (
            format!(
                "{base}global_secondary_index {{\n name = \"all\"\n hash_key = \"leaseKey\"\n projection_type = \"ALL\"\n}}"
            ),
            "write_capacity of index \"all\" must be at least 1",
        ),
    ] {
        let problems = table.plan(None, &text).problems;
        assert!(problems.iter().any(|problem| problem.detail.contains(part)), "{part}: {problems:?}");
    }
}
