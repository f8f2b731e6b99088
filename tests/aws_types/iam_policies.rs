//! `aws_iam_policy`, read back through the SDK.

use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_iam_policy";

fn document(action: &str) -> String {
    format!(
        "policy = {:?}\n",
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"*"}}]}}"#
        )
    )
}

/// The ids of the versions, the oldest first, and which is the default one.
async fn versions(aws: &Aws, arn: &str) -> (Vec<String>, String) {
    let answer = aws.iam().list_policy_versions().policy_arn(arn).send().await.unwrap();
    let id = |version: &aws_sdk_iam::types::PolicyVersion| version.version_id().unwrap().to_owned();
    let default = answer.versions().iter().find(|version| version.is_default_version()).map(id).unwrap();
    let mut ids: Vec<String> = answer.versions().iter().map(id).collect();
    ids.sort_by_key(|id| id[1..].parse::<u32>().unwrap());
    (ids, default)
}

#[tokio::test]
async fn a_policy_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    let policy = Lifecycle::new(TYPE, &aws);
    let head = "name = \"collector\"\npath = \"/pipeline/\"\ndescription = \"d\"\n";
    let object = policy
        .create(&format!("{head}{}tags = {{ Name = \"a\", old = \"x\" }}", document("s3:GetObject")))
        .await;
    let arn = format!("arn:aws:iam::{}:policy/pipeline/collector", aws.account());
    assert_eq!((object.text("id"), object.text("arn")), (Some(&*arn), Some(&*arn)));
    assert_eq!(object.integer("attachment_count"), Some(0));
    assert_eq!(object.text("name_prefix"), Some(""));
    let live = aws.iam().get_policy().policy_arn(&arn).send().await.unwrap().policy.unwrap();
    assert_eq!(live.description(), Some("d"));
    assert_eq!(live.policy_id(), object.text("policy_id"));

    let changed = format!("{head}{}tags = {{ Name = \"b\" }}", document("s3:PutObject"));
    let (object, changes) = policy.update(&object, &changed).await;
    assert_eq!(changes, [".policy", ".tags", ".tags_all"]);
    assert_eq!(versions(&aws, &arn).await, (vec!["v1".to_owned(), "v2".to_owned()], "v2".to_owned()));
    let live = aws.iam().get_policy().policy_arn(&arn).send().await.unwrap().policy.unwrap();
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "b"), ("team", "data")]);
    // A change of tags alone makes no version.
    let (object, changes) = policy.update(&object, &format!("{head}{}", document("s3:PutObject"))).await;
    assert_eq!(changes, [".tags", ".tags_all"]);
    assert_eq!(versions(&aws, &arn).await.0.len(), 2);
    policy.delete(&object).await;
}

#[tokio::test]
async fn the_oldest_version_that_is_not_in_use_makes_room() {
    let aws = Aws::fresh();
    let policy = Lifecycle::new(TYPE, &aws);
    let text = |action: &str| format!("name = \"p\"\n{}", document(action));
    let mut object = policy.create(&text("s3:A")).await;
    let arn = object.text("arn").unwrap().to_owned();
    for action in ["s3:B", "s3:C", "s3:D", "s3:E"] {
        object = policy.update(&object, &text(action)).await.0;
    }
    assert_eq!(versions(&aws, &arn).await.0, ["v1", "v2", "v3", "v4", "v5"]);
    // Somebody went back to the first one: that is drift, and it is not the one to go.
    aws.iam().set_default_policy_version().policy_arn(&arn).version_id("v1").send().await.unwrap();
    let live = policy.read(&object).await.unwrap();
    assert!(live.text("policy").unwrap().contains("s3:A"));
    let live = live.with("tags", object.get("tags").unwrap());
    let (object, changes) = policy.update(&live, &text("s3:F")).await;
    assert_eq!(changes, [".policy"]);
    let (ids, default) = versions(&aws, &arn).await;
    assert_eq!(ids, ["v1", "v3", "v4", "v5", "v6"]);
    assert_eq!(default, "v6");
    policy.delete(&object).await;
}

#[tokio::test]
async fn other_spellings_are_no_change_and_other_names_another_policy() {
    let policy = Lifecycle::new(TYPE, &Aws::fresh());
    let object = policy.create(&format!("name_prefix = \"web-\"\n{}", document("s3:GetObject"))).await;
    assert!(object.text("name").unwrap().starts_with("web-2026"));
    let spelt = "policy = <<-EOT\n  {\n    \"Statement\": {\"Resource\": [\"*\"], \"Effect\": \"Allow\", \"Action\": [\"s3:GetObject\"]},\n    \"Version\": \"2012-10-17\"\n  }\n  EOT\n";
    let plan = |head: &str, body: &str| policy.plan(Some(&object), &format!("{head}\n{body}"));
    assert_eq!(plan("name_prefix = \"web-\"", spelt).changes, [""; 0]);
    let same = document("s3:GetObject");
    assert_eq!(plan("name_prefix = \"db-\"", &same).replace, [".name_prefix"]);
    assert_eq!(plan("name = \"x\"", &same).replace, [".name"]);
    assert_eq!(plan("path = \"/x/\"", &same).replace, [".path"]);
    assert_eq!(plan("description = \"x\"", &same).replace, [".description"]);
}

#[tokio::test]
async fn a_policy_is_found_by_its_arn_and_by_path_and_name() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let policy = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let object =
        policy.create(&format!("name = \"p\"\npath = \"/a/b/\"\n{}", document("s3:GetObject"))).await;
    let found = policy.read(&policy.ty.identity(&object).unwrap()).await.unwrap();
    assert_eq!(found.get("arn"), object.get("arn"));
    let seed = policy.ty.import_seed(object.text("arn").unwrap()).unwrap();
    assert_eq!(policy.read(&seed).await.unwrap(), found);
    assert!(policy.ty.import_seed("p").is_err());
    let gone = policy.ty.import_seed(&object.text("arn").unwrap().replace("/p", "/q")).unwrap();
    proxy.forget_calls();
    let results = policy.read_all(&[gone, object.clone()]).await;
    assert!(matches!(results[..], [ReadResult::Missing, ReadResult::Found(_)]));
    assert_eq!(proxy.calls().len(), 3, "two calls a policy, one for a missing one");
    proxy.rule(Rule::on("iam.GetPolicyVersion").fail(403, "AccessDenied", "not authorized"));
    let results = policy.read_all(&[object]).await;
    let [ReadResult::Unreadable(error)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(error.operation, "iam:GetPolicyVersion");
}

#[tokio::test]
async fn a_lost_answer_and_a_late_sight_are_no_error() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.CreatePolicy").call(1).cut_after());
    proxy.rule(Rule::on("iam.GetPolicy").call(2).fail(404, "NoSuchEntity", "not found"));
    let policy = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let text = format!("name = \"p\"\n{}", document("s3:GetObject"));
    policy.create(&text).await;
    assert_eq!(policy.create_fails(&text).await.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_policy_that_was_just_detached_may_be_in_use_for_a_moment() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.DeletePolicy").calls(1..=2).fail(409, "DeleteConflict", "attached to entities"));
    let policy = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let object = policy.create(&format!("name = \"p\"\n{}", document("s3:GetObject"))).await;
    policy.delete(&object).await;
    assert!(proxy.count("iam.DeletePolicy") >= 3);
}

#[tokio::test]
async fn what_iam_would_refuse_is_said_offline() {
    let policy = Lifecycle::new(TYPE, &Aws::fresh());
    let good = document("s3:GetObject");
    for (text, word) in [
        (format!("name = \"a b\"\n{good}"), "English"),
        (format!("name = {:?}\n{good}", "x".repeat(129)), "1 to 128"),
        (format!("name_prefix = {:?}\n{good}", "x".repeat(103)), "1 to 102"),
        (format!("name = \"a\"\nname_prefix = \"b\"\n{good}"), "Only one"),
        (format!("description = {:?}\n{good}", "x".repeat(1001)), "0 to 1000"),
        (format!("path = {:?}\n{good}", "/".repeat(513)), "0 to 512"),
        ("policy = \"{}x\"".to_owned(), "not valid JSON"),
        ("policy = \"\\\"{}\\\"\"".to_owned(), "twice"),
    ] {
        let said = errors(&policy.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
}
