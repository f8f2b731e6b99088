use recon::lang::types::Type;
use recon::lang::value::Value;
use recon::provider::object::{Object, text_set};
use recon::provider::{ErrorKind, ReadRequest, ReadResult};

use crate::subject::{Subject, connect, null, tags};
use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};
use crate::support::transitions;

const TYPE: &str = "aws_kinesis_stream";

/// An account whose streams take their time, as AWS's.
fn slow() -> (Aws, Aws, Proxy) {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    for rule in transitions::kinesis(1) {
        proxy.rule(rule);
    }
    let through = aws.through(proxy.endpoint());
    (aws, through, proxy)
}

async fn summary(aws: &Aws, name: &str) -> aws_sdk_kinesis::types::StreamDescriptionSummary {
    let answer = aws.kinesis().describe_stream_summary().stream_name(name).send().await.unwrap();
    answer.stream_description_summary.unwrap()
}

#[tokio::test]
async fn a_stream_is_made_changed_in_every_attribute_and_deleted() {
    let (aws, slow, _proxy) = slow();
    let stream = Subject::new(TYPE, &slow).await;
    let mode = |mode: &str| stream.nested("stream_mode_details", vec![("stream_mode", mode.into())]);
    let name = || ("name", Value::from("orders"));

    let object =
        stream.create(vec![name(), ("shard_count", 1.into()), ("tags", tags(&[("Name", "orders")]))]).await;
    let arn = format!("arn:aws:kinesis:eu-west-3:{}:stream/orders", aws.account());
    assert_eq!(object.text("id"), Some(&*arn));
    assert_eq!(object.text("encryption_type"), Some("NONE"));
    assert_eq!(object.integer("retention_period"), Some(24));
    assert_eq!(object.block("stream_mode_details").unwrap().text("stream_mode"), Some("PROVISIONED"));

    let object = stream
        .update(
            &object,
            vec![
                name(),
                ("shard_count", 5.into()),
                ("retention_period", 48.into()),
                ("encryption_type", "KMS".into()),
                ("kms_key_id", "alias/aws/kinesis".into()),
                ("shard_level_metrics", text_set(["IncomingBytes", "OutgoingBytes"])),
                ("tags", tags(&[("Name", "renamed"), ("team", "data")])),
            ],
        )
        .await;
    let live = summary(&aws, "orders").await;
    assert_eq!(live.open_shard_count, 5);
    assert_eq!(live.retention_period_hours, 48);
    assert_eq!(live.key_id(), Some("alias/aws/kinesis"));
    assert_eq!(live.encryption_type().unwrap().as_str(), "KMS");
    assert_eq!(live.enhanced_monitoring()[0].shard_level_metrics().len(), 2);
    let live_tags = aws.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap().tags;
    let mut live_tags: Vec<(&str, Option<&str>)> =
        live_tags.iter().map(|tag| (tag.key(), tag.value())).collect();
    live_tags.sort_unstable();
    assert_eq!(live_tags, [("Name", Some("renamed")), ("team", Some("data"))]);

    let object = stream
        .update(
            &object,
            vec![
                name(),
                ("shard_count", 1.into()),
                ("retention_period", 24.into()),
                ("shard_level_metrics", text_set(["IteratorAgeMilliseconds"])),
            ],
        )
        .await;
    let live = summary(&aws, "orders").await;
    assert_eq!(live.open_shard_count, 1);
    assert_eq!(live.retention_period_hours, 24);
    assert_eq!(live.encryption_type().unwrap().as_str(), "NONE");
    let metrics = live.enhanced_monitoring()[0].shard_level_metrics();
    assert_eq!(metrics.iter().map(|metric| metric.as_str()).collect::<Vec<_>>(), ["IteratorAgeMilliseconds"]);
    assert!(aws.kinesis().list_tags_for_stream().stream_name("orders").send().await.unwrap().tags.is_empty());

    let object = stream.update(&object, vec![name(), ("stream_mode_details", mode("ON_DEMAND"))]).await;
    assert_eq!(object.get("shard_count"), Some(null(Type::Number)));
    let live = summary(&aws, "orders").await;
    assert_eq!(live.stream_mode_details().unwrap().stream_mode().as_str(), "ON_DEMAND");

    let provisioned = vec![name(), ("stream_mode_details", mode("PROVISIONED")), ("shard_count", 2.into())];
    let object = stream.update(&object, provisioned).await;
    let live = summary(&aws, "orders").await;
    assert_eq!(live.stream_mode_details().unwrap().stream_mode().as_str(), "PROVISIONED");
    assert_eq!(live.open_shard_count, 2);

    stream.delete(&object).await;
    assert!(aws.kinesis().list_streams().send().await.unwrap().stream_names.is_empty());
}

#[tokio::test]
async fn a_stream_is_made_with_all_that_it_may_have() {
    let (aws, slow, _proxy) = slow();
    let stream = Subject::new(TYPE, &slow).await;
    let object = stream
        .create(vec![
            ("name", "all".into()),
            (
                "stream_mode_details",
                stream.nested("stream_mode_details", vec![("stream_mode", "ON_DEMAND".into())]),
            ),
            ("retention_period", 72.into()),
            ("encryption_type", "KMS".into()),
            ("kms_key_id", "alias/aws/kinesis".into()),
            ("shard_level_metrics", text_set(["IncomingRecords"])),
            ("enforce_consumer_deletion", true.into()),
        ])
        .await;
    let live = summary(&aws, "all").await;
    assert_eq!(live.stream_mode_details().unwrap().stream_mode().as_str(), "ON_DEMAND");
    assert_eq!(live.retention_period_hours, 72);
    assert_eq!(live.key_id(), Some("alias/aws/kinesis"));
    stream.delete(&object).await;
}

#[tokio::test]
async fn shards_are_doubled_and_halved_step_by_step() {
    let (_aws, slow, proxy) = slow();
    let stream = Subject::new(TYPE, &slow).await;
    let object = stream.create(vec![("name", "s".into()), ("shard_count", 1.into())]).await;
    let object = stream.update(&object, vec![("name", "s".into()), ("shard_count", 7.into())]).await;
    assert_eq!(proxy.count("kinesis.UpdateShardCount"), 3, "2, 4, 7");
    stream.update(&object, vec![("name", "s".into()), ("shard_count", 2.into())]).await;
    assert_eq!(proxy.count("kinesis.UpdateShardCount"), 5, "4, 2");
}

#[tokio::test]
async fn a_number_of_shards_beyond_a_day_is_refused_before_the_first_step() {
    let (aws, slow, proxy) = slow();
    let stream = Subject::new(TYPE, &slow).await;
    let object = stream.create(vec![("name", "s".into()), ("shard_count", 1.into())]).await;
    let config = stream.config(vec![("name", "s".into()), ("shard_count", 1500.into())]);
    let planned = stream.plan(Some(&object), &config);
    let error = stream.ty.update(&stream.connection, &object, &planned).await.unwrap_err();
    assert!(error.message.contains("11 steps"), "{error}");
    assert_eq!(proxy.count("kinesis.UpdateShardCount"), 0);
    assert_eq!(summary(&aws, "s").await.open_shard_count, 1);
}

#[tokio::test]
async fn the_daily_limit_is_reported_at_once_with_what_was_reached() {
    let (aws, slow, proxy) = slow();
    let stream = Subject::new(TYPE, &slow).await;
    let object = stream.create(vec![("name", "s".into()), ("shard_count", 1.into())]).await;
    proxy.rule(Rule::on("kinesis.UpdateShardCount").calls(2..=99).fail(
        400,
        "LimitExceededException",
        "Scaling operations are limited.",
    ));
    let config = stream.config(vec![("name", "s".into()), ("shard_count", 4.into())]);
    let planned = stream.plan(Some(&object), &config);
    let error = stream.ty.update(&stream.connection, &object, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled);
    assert_eq!(error.operation, "kinesis:UpdateShardCount");
    assert!(error.message.contains("now has 2 of 4 shards"), "{error}");
    assert!(error.message.contains("24 hours"), "{error}");
    assert_eq!(summary(&aws, "s").await.open_shard_count, 2);
}

#[tokio::test]
async fn a_lost_answer_to_create_makes_no_second_stream_and_no_error() {
    let (aws, slow, proxy) = slow();
    proxy.rule(Rule::on("kinesis.CreateStream").call(1).cut_after());
    let stream = Subject::new(TYPE, &slow).await;
    let object = stream.create(vec![("name", "s".into()), ("shard_count", 1.into())]).await;
    assert_eq!(proxy.count("kinesis.CreateStream"), 2);
    assert_eq!(aws.kinesis().list_streams().send().await.unwrap().stream_names, ["s"]);
    stream.delete(&object).await;
}

#[tokio::test]
async fn a_stream_of_that_name_is_not_taken_over() {
    let aws = Aws::fresh();
    aws.kinesis().create_stream().stream_name("theirs").shard_count(1).send().await.unwrap();
    let stream = Subject::new(TYPE, &aws).await;
    let planned =
        stream.plan(None, &stream.config(vec![("name", "theirs".into()), ("shard_count", 1.into())]));
    let error = stream.ty.create(&stream.connection, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert_eq!(error.operation, "kinesis:CreateStream");
    assert!(error.partial.is_none());
}

#[tokio::test]
async fn a_failure_after_create_leaves_what_is_known_of_the_stream() {
    let (_aws, slow, proxy) = slow();
    proxy.rule(Rule::on("kinesis.StartStreamEncryption").fail(
        400,
        "KMSAccessDeniedException",
        "no access to the key",
    ));
    let stream = Subject::new(TYPE, &slow).await;
    let config = stream.config(vec![
        ("name", "s".into()),
        ("shard_count", 1.into()),
        ("encryption_type", "KMS".into()),
        ("kms_key_id", "alias/mine".into()),
    ]);
    let planned = stream.plan(None, &config);
    let error = stream.ty.create(&stream.connection, &planned).await.unwrap_err();
    assert_eq!(error.operation, "kinesis:StartStreamEncryption");
    let partial = *error.partial.expect("the stream exists");
    assert_eq!(partial.text("name"), Some("s"));
    stream.delete(&partial).await;
}

#[tokio::test]
async fn one_missing_stream_does_not_hide_the_others() {
    let aws = Aws::fresh();
    let stream = Subject::new(TYPE, &aws).await;
    let object = stream.create(vec![("name", "there".into()), ("shard_count", 1.into())]).await;
    let missing = stream.config(vec![("name", "gone".into())]);
    let requests = [missing, object.clone()].map(|known| ReadRequest { known });
    let results = stream.ty.read(&stream.connection, &requests).await;
    assert!(
        matches!(results.as_slice(), [ReadResult::Missing, ReadResult::Found(found)] if found.get("id") == object.get("id"))
    );
}

#[tokio::test]
async fn a_stream_is_imported_by_name_or_arn() {
    let aws = Aws::fresh();
    let stream = Subject::new(TYPE, &aws).await;
    let object = stream.create(vec![("name", "there".into()), ("shard_count", 1.into())]).await;
    for id in ["there", object.text("id").unwrap()] {
        let seed = stream.ty.import_seed(id).unwrap();
        assert_eq!(
            stream.read(&seed).await.as_ref().and_then(|found| found.get("id")),
            object.get("id"),
            "{id}"
        );
    }
    assert!(stream.ty.import_seed("not a name").is_err());
}

#[tokio::test]
async fn default_and_ignored_tags_follow_the_providers_rules() {
    let aws = Aws::fresh();
    let schema = recon::provider::aws::provider();
    let blocks = &recon::provider::Provider::schema(&schema).block.blocks;
    let one = |kind: &str, attributes: Vec<(&str, Value)>| {
        let block = &blocks[kind].block;
        Value::list(block.implied_type(), vec![block.object(attributes)])
    };
    let more = vec![
        ("default_tags", one("default_tags", vec![("tags", tags(&[("team", "data"), ("stage", "test")]))])),
        ("ignore_tags", one("ignore_tags", vec![("keys", text_set(["theirs"]))])),
    ];
    let stream = Subject::with(TYPE, &aws, more).await;
    let own = ("tags", tags(&[("stage", "live")]));
    let object = stream.create(vec![("name", "s".into()), ("shard_count", 1.into()), own.clone()]).await;
    assert_eq!(object.get("tags_all"), Some(tags(&[("stage", "live"), ("team", "data")])));

    aws.kinesis().add_tags_to_stream().stream_name("s").tags("theirs", "x").send().await.unwrap();
    let live = stream.read(&object).await.unwrap();
    assert_eq!(live.get("tags_all"), object.get("tags_all"), "an ignored tag is not seen");
    stream.update(&object, vec![("name", "s".into()), ("shard_count", 1.into())]).await;
    let left = aws.kinesis().list_tags_for_stream().stream_name("s").send().await.unwrap().tags;
    assert!(left.iter().any(|tag| tag.key() == "theirs"), "and not taken away");
}

#[tokio::test]
async fn a_stream_is_checked_offline() {
    let stream = Subject::new(TYPE, &Aws::fresh()).await;
    let mode = |mode: &str| {
        ("stream_mode_details", stream.nested("stream_mode_details", vec![("stream_mode", mode.into())]))
    };
    let name = || ("name", Value::from("s"));
    assert_eq!(stream.problems(vec![name(), ("shard_count", 1.into())]), Vec::<String>::new());
    assert_eq!(stream.problems(vec![name(), mode("ON_DEMAND")]), Vec::<String>::new());
    let open = Value::unknown(Type::Number);
    assert_eq!(
        stream.problems(vec![name(), mode("PROVISIONED"), ("shard_count", open)]),
        Vec::<String>::new()
    );
    assert_eq!(
        stream.problems(vec![name(), mode("ON_DEMAND"), ("shard_count", 1.into())]),
        ["Shard count of an on-demand stream"]
    );
    assert_eq!(stream.problems(vec![name(), mode("PROVISIONED")]), ["Missing shard count"]);
    assert_eq!(stream.problems(vec![name(), mode("SOMETIMES")]), ["Invalid stream mode"]);
    assert_eq!(stream.problems(vec![("name", "a b".into())]), ["Invalid stream name"]);
    assert_eq!(stream.problems(vec![name(), ("retention_period", 12.into())]), ["Invalid retention period"]);
    assert_eq!(stream.problems(vec![name(), ("encryption_type", "KMS".into())]), ["Missing KMS key"]);
    assert_eq!(stream.problems(vec![name(), ("encryption_type", "kms".into())]), ["Invalid encryption type"]);
    assert_eq!(
        stream.problems(vec![name(), ("shard_level_metrics", text_set(["Everything"]))]),
        ["Unknown shard-level metric"]
    );
}

/// The provider keeps a stream's mode when the block is taken out of the code.
#[tokio::test]
async fn a_stream_without_a_stated_mode_is_checked_in_view_of_what_it_is() {
    use recon::provider::{Change, Problems};
    let aws = Aws::fresh();
    let stream = Subject::new(TYPE, &aws).await;
    let on_demand = stream.nested("stream_mode_details", vec![("stream_mode", "ON_DEMAND".into())]);
    let object = stream.create(vec![("name", "s".into()), ("stream_mode_details", on_demand)]).await;
    let silent = stream.config(vec![("name", "s".into())]);
    stream.plan(Some(&object), &silent);
    let mut change = Change {
        connection: None,
        prior: None,
        config: &silent,
        planned: silent.clone(),
        replace: Default::default(),
        problems: Problems::default(),
    };
    stream.ty.plan(&mut change);
    assert_eq!(change.problems.0.len(), 1, "a new stream would be provisioned");
}

#[tokio::test]
async fn throttling_is_waited_out_and_counted() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    aws.kinesis().create_stream().stream_name("s").shard_count(1).send().await.unwrap();
    proxy.rule(Rule::on("kinesis.DescribeStreamSummary").calls(1..=3).throttle());
    let connection = connect(&aws.through(proxy.endpoint()), Vec::new()).await.unwrap();
    let stream =
        Subject { ty: recon::provider::registry::Registry::new().resource_type(TYPE).unwrap(), connection };
    assert!(stream.read(&stream.config(vec![("name", "s".into())])).await.is_some());
    let snapshot = stream.connection.aws().unwrap().stats().snapshot();
    let calls = snapshot["kinesis.DescribeStreamSummary"];
    assert_eq!((calls.calls, calls.retries, calls.throttles, calls.failures), (1, 3, 3, 0));
    assert!(calls.duration.as_millis() > 0);
    assert_eq!(snapshot["kinesis.ListTagsForStream"].retries, 0);
}
