//! `aws_iam_instance_profile`, read back through the SDK.

use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_iam_instance_profile";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

async fn role(aws: &Aws, name: &str) {
    aws.iam().create_role().role_name(name).assume_role_policy_document(TRUST).send().await.unwrap();
}

/// The roles of a profile, and its tags.
async fn live(aws: &Aws, name: &str) -> (Vec<String>, Vec<(String, String)>) {
    let answer = aws.iam().get_instance_profile().instance_profile_name(name).send().await.unwrap();
    let profile = answer.instance_profile.unwrap();
    let mut tags: Vec<_> =
        profile.tags().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    tags.sort();
    (profile.roles().iter().map(|role| role.role_name().to_owned()).collect(), tags)
}

#[tokio::test]
async fn a_profile_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    role(&aws, "first").await;
    role(&aws, "second").await;
    let profile = Lifecycle::new(TYPE, &aws);
    let head = "name = \"collector\"\npath = \"/pipeline/\"\n";
    let object =
        profile.create(&format!("{head}role = \"first\"\ntags = {{ Name = \"a\", old = \"x\" }}")).await;
    let arn = format!("arn:aws:iam::{}:instance-profile/pipeline/collector", aws.account());
    assert_eq!((object.text("id"), object.text("arn")), (Some("collector"), Some(&*arn)));
    assert_eq!(object.text("create_date").unwrap().len(), 20);
    assert!(object.text("unique_id").is_some());
    assert_eq!(live(&aws, "collector").await.0, ["first"]);

    let (object, changes) =
        profile.update(&object, &format!("{head}role = \"second\"\ntags = {{ Name = \"b\" }}")).await;
    assert_eq!(changes, [".role", ".tags", ".tags_all"]);
    let (roles, tags) = live(&aws, "collector").await;
    assert_eq!(roles, ["second"]);
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(tags, [pair("Name", "b"), pair("team", "data")]);

    let (object, _) = profile.update(&object, head).await;
    assert_eq!(live(&aws, "collector").await.0, [""; 0]);
    let (object, changes) = profile.update(&object, &format!("{head}role = \"first\"")).await;
    assert_eq!(changes, [".role"]);
    profile.delete(&object).await;
    aws.iam().get_role().role_name("first").send().await.unwrap();
}

#[tokio::test]
async fn names_are_generated_and_what_cannot_change_needs_another_profile() {
    let profile = Lifecycle::new(TYPE, &Aws::fresh());
    let object = profile.create("").await;
    assert_eq!(object.text("name_prefix"), Some("terraform-"));
    let object_with_prefix = profile.create("name_prefix = \"web-\"").await;
    assert!(object_with_prefix.text("name").unwrap().starts_with("web-2026"));
    assert_eq!(profile.plan(Some(&object), "name = \"x\"").replace, [".name"]);
    assert_eq!(profile.plan(Some(&object), "name_prefix = \"x\"").replace, [".name_prefix"]);
    assert_eq!(profile.plan(Some(&object), "path = \"/x/\"").replace, [".path"]);
}

#[tokio::test]
async fn a_profile_is_imported_by_its_name_beside_a_missing_one() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let profile = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let object = profile.create("name = \"p\"").await;
    let seeds = ["gone", "p"].map(|name| profile.ty.import_seed(name).unwrap());
    proxy.forget_calls();
    let results = profile.read_all(&seeds).await;
    let [ReadResult::Missing, ReadResult::Found(found)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(found.get("arn"), object.get("arn"));
    assert_eq!(proxy.calls().len(), 2);
    assert!(profile.ty.import_seed(object.text("arn").unwrap()).is_err());
    let journal = profile.ty.identity(&object).unwrap();
    assert_eq!(profile.read(&journal).await.unwrap().get("unique_id"), object.get("unique_id"));
}

#[tokio::test]
async fn what_is_not_seen_yet_is_tried_again() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.CreateInstanceProfile").call(1).cut_after());
    proxy.rule(Rule::on("iam.GetInstanceProfile").call(2).fail(404, "NoSuchEntity", "not found"));
    proxy.rule(Rule::on("iam.AddRoleToInstanceProfile").call(1).fail(404, "NoSuchEntity", "no role"));
    let profile = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    profile.create("name = \"p\"\nrole = \"r\"").await;
    assert_eq!(proxy.count("iam.AddRoleToInstanceProfile"), 2);
    assert_eq!(live(&aws, "p").await.0, ["r"]);
    assert_eq!(profile.create_fails("name = \"p\"").await.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_profile_without_its_role_is_recorded_as_it_is() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.AddRoleToInstanceProfile").fail(403, "AccessDenied", "not authorized"));
    let profile = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let error = profile.create_fails("name = \"p\"\nrole = \"r\"").await;
    assert_eq!(error.operation, "iam:AddRoleToInstanceProfile");
    let partial = error.partial.unwrap();
    assert_eq!((partial.text("id"), partial.text("role")), (Some("p"), Some("")));
    profile.delete(&partial).await;
}

#[tokio::test]
async fn what_iam_would_refuse_is_said_offline() {
    let profile = Lifecycle::new(TYPE, &Aws::fresh());
    assert_eq!(errors(&profile.problems("name = \"p\"\nrole = \"\"")), [""; 0]);
    for (text, word) in [
        ("name = \"a b\"".to_owned(), "English"),
        (format!("name = {:?}", "x".repeat(129)), "1 to 128"),
        (format!("name_prefix = {:?}", "x".repeat(103)), "1 to 102"),
        ("name = \"a\"\nname_prefix = \"b\"".to_owned(), "Only one"),
        ("role = \"arn:aws:iam::1:role/r\"".to_owned(), "is an ARN"),
        (format!("path = {:?}", "/".repeat(513)), "0 to 512"),
    ] {
        let said = errors(&profile.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
}
