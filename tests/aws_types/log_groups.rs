use aws_sdk_cloudwatchlogs::types::LogGroup;
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_cloudwatch_log_group";

async fn live(aws: &Aws, name: &str) -> LogGroup {
    let answer = aws.logs().describe_log_groups().log_group_name_prefix(name).send().await.unwrap();
    answer.log_groups()[0].clone()
}

#[tokio::test]
async fn a_log_group_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    let key = |id: &str| format!("arn:aws:kms:eu-west-3:{}:key/{id}", aws.account());
    let first = format!(
        "name = \"/app/web\"\nretention_in_days = 7\nkms_key_id = \"{}\"\ntags = {{ Name = \"a\", old = \"x\" }}",
        key("one")
    );
    let made = group.create(&first).await;
    assert_eq!(made.text("id"), Some("/app/web"));
    let arn = format!("arn:aws:logs:eu-west-3:{}:log-group:/app/web", aws.account());
    assert_eq!(made.text("arn"), Some(&*arn));
    assert_eq!(made.text("log_group_class"), Some("STANDARD"));
    let seen = live(&aws, "/app/web").await;
    assert_eq!((seen.retention_in_days(), seen.kms_key_id()), (Some(7), Some(&*key("one"))));
    let second = format!(
        "name = \"/app/web\"\nretention_in_days = 30\nkms_key_id = \"{}\"\ntags = {{ Name = \"b\" }}",
        key("two")
    );
    let (changed, paths) = group.update(&made, &second).await;
    assert!(paths.contains(&".retention_in_days".to_owned()), "{paths:?}");
    let seen = live(&aws, "/app/web").await;
    assert_eq!((seen.retention_in_days(), seen.kms_key_id()), (Some(30), Some(&*key("two"))));
    let tags = aws.logs().list_tags_for_resource().resource_arn(&arn).send().await.unwrap();
    let tags = tags.tags().unwrap();
    assert_eq!((tags.len(), &*tags["Name"], &*tags["team"]), (2, "b", "data"));
    let (plain, _) = group.update(&changed, "name = \"/app/web\"").await;
    let seen = live(&aws, "/app/web").await;
    assert_eq!((seen.retention_in_days(), seen.kms_key_id()), (None, None));
    let seed = group.ty.import_seed("/app/web").unwrap();
    assert_eq!(group.read(&seed).await.unwrap().text("arn"), Some(&*arn));
    assert_eq!(group.plan(Some(&plain), "name = \"/app/db\"").replace, [".name"]);
    group.delete(&plain).await;
}

#[tokio::test]
async fn the_class_is_chosen_once() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    let made = group.create("name = \"rare\"\nlog_group_class = \"INFREQUENT_ACCESS\"").await;
    assert_eq!(live(&aws, "rare").await.log_group_class().unwrap().as_str(), "INFREQUENT_ACCESS");
    assert_eq!(
        group.plan(Some(&made), "name = \"rare\"\nlog_group_class = \"STANDARD\"").replace,
        [".log_group_class"]
    );
}

/// The provider's manual page: such a group's retention is two days, whatever the code says.
#[tokio::test]
async fn a_group_for_delivery_keeps_events_for_two_days() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    let made = group.create("name = \"sent\"\nlog_group_class = \"DELIVERY\"").await;
    assert_eq!(made.integer("retention_in_days"), Some(2));
    let text = "name = \"sent\"\nlog_group_class = \"DELIVERY\"\nretention_in_days = 30";
    assert_eq!(group.plan(Some(&made), text).changes, [""; 0]);
}

#[tokio::test]
async fn a_group_may_outlive_its_resource() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    let made = group.create("name = \"kept\"\nskip_destroy = true").await;
    group.ty.delete(&group.connection, &made).await.unwrap();
    assert_eq!(live(&aws, "kept").await.log_group_name(), Some("kept"));
}

#[tokio::test]
async fn names_are_generated() {
    let group = Lifecycle::new(TYPE, &Aws::fresh());
    let made = group.create("name_prefix = \"app-\"").await;
    assert!(made.text("name").unwrap().starts_with("app-2026"));
    assert_eq!(made.text("name_prefix"), Some("app-"));
}

/// More groups than a page holds, and names of which one begins another.
#[tokio::test]
async fn many_groups_are_read_at_once_each_by_its_whole_name() {
    let aws = Aws::fresh();
    let group = Lifecycle::new(TYPE, &aws);
    for number in 0..60 {
        aws.logs().create_log_group().log_group_name(format!("g{number:02}")).send().await.unwrap();
    }
    aws.logs().create_log_group().log_group_name("g").send().await.unwrap();
    let seed = |name: &str| group.ty.import_seed(name).unwrap();
    let asked = ["g59", "g", "missing", "g00", "g31", "g5"].map(seed);
    let names: Vec<Option<String>> = group
        .read_all(&asked)
        .await
        .into_iter()
        .map(|result| match result {
            ReadResult::Found(object) => Some(object.text("name").unwrap().to_owned()),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        })
        .collect();
    let expected = [Some("g59"), Some("g"), None, Some("g00"), Some("g31"), None];
    assert_eq!(names, expected.map(|name| name.map(str::to_owned)));
    assert_eq!(group.read(&seed("g")).await.unwrap().text("id"), Some("g"));
}

#[tokio::test]
async fn a_log_group_is_checked_offline() {
    let group = Lifecycle::new(TYPE, &Aws::fresh());
    let count = |text: &str| errors(&group.problems(text)).len();
    assert_eq!(count("name = \"/a/b#c\"\nretention_in_days = 0"), 0);
    assert_eq!(count("name = \"a b\""), 1);
    assert_eq!(count("name = \"a\"\nname_prefix = \"b\""), 1);
    assert_eq!(count("name = \"a\"\nretention_in_days = 8"), 1);
    assert_eq!(count("name = \"a\"\nlog_group_class = \"COLD\""), 1);
}
