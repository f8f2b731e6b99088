//! `aws_s3_bucket_lifecycle_configuration`, read back through the SDK.

use aws_sdk_s3::operation::get_bucket_lifecycle_configuration::GetBucketLifecycleConfigurationOutput;
use aws_sdk_s3::types::LifecycleRule;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_s3_bucket_lifecycle_configuration";

/// A bucket, whose name no other account has.
async fn bucket(aws: &Aws, name: &str) -> String {
    let name = format!("{name}-{}", aws.account());
    let place = aws_sdk_s3::types::BucketLocationConstraint::from(aws.region());
    let place = aws_sdk_s3::types::CreateBucketConfiguration::builder().location_constraint(place).build();
    aws.s3().create_bucket().bucket(&name).create_bucket_configuration(place).send().await.unwrap();
    name
}

async fn live(aws: &Aws, bucket: &str) -> GetBucketLifecycleConfigurationOutput {
    aws.s3().get_bucket_lifecycle_configuration().bucket(bucket).send().await.unwrap()
}

async fn live_rule(aws: &Aws, bucket: &str) -> LifecycleRule {
    live(aws, bucket).await.rules()[0].clone()
}

/// A rule with the blocks and arguments given, one a line.
fn rule(id: &str, inside: &str) -> String {
    format!("rule {{\n  id = {id:?}\n  status = \"Enabled\"\n{inside}\n}}\n")
}

const EXPIRES: &str = "expiration {\n  days = 1\n}";

#[tokio::test]
async fn every_argument_of_a_rule_is_changed() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "changing").await;
    let lifecycle = Lifecycle::new(TYPE, &aws);
    let first = format!(
        "bucket = {name:?}\ntransition_default_minimum_object_size = \"varies_by_storage_class\"\ntimeouts {{\n  create = \
         \"1m\"\n}}\n{}",
        rule(
            "a",
            "filter {\n  prefix = \"logs/\"\n}\nabort_incomplete_multipart_upload {\n  days_after_initiation = 3\n}\n\
             expiration {\n  days = 400\n}\ntransition {\n  days = 30\n  storage_class = \"STANDARD_IA\"\n}\n\
             transition {\n  days = 90\n  storage_class = \"GLACIER\"\n}\nnoncurrent_version_expiration {\n  \
             noncurrent_days = 5\n}\nnoncurrent_version_transition {\n  noncurrent_days = 4\n  storage_class = \
             \"GLACIER_IR\"\n}"
        )
    );
    let made = lifecycle.create(&first).await;
    assert_eq!((made.text("id"), made.text("expected_bucket_owner")), (Some(&*name), Some("")));
    let seen = live(&aws, &name).await;
    assert_eq!(seen.transition_default_minimum_object_size().unwrap().as_str(), "varies_by_storage_class");
    let one = &seen.rules()[0];
    assert_eq!((one.id(), one.status().as_str()), (Some("a"), "Enabled"));
    assert_eq!(one.filter().unwrap().prefix(), Some("logs/"));
    assert_eq!(one.abort_incomplete_multipart_upload().unwrap().days_after_initiation(), Some(3));
    assert_eq!(one.expiration().unwrap().days(), Some(400));
    assert_eq!(one.expiration().unwrap().expired_object_delete_marker(), None);
    let mut moves: Vec<_> = one
        .transitions()
        .iter()
        .map(|one| (one.days().unwrap(), one.storage_class().unwrap().as_str()))
        .collect();
    moves.sort_unstable();
    assert_eq!(moves, [(30, "STANDARD_IA"), (90, "GLACIER")]);
    assert_eq!(one.noncurrent_version_expiration().unwrap().noncurrent_days(), Some(5));
    assert_eq!(one.noncurrent_version_expiration().unwrap().newer_noncurrent_versions(), None);
    let second = format!(
        "bucket = {name:?}\n{}",
        rule(
            "b",
            "filter {\n  prefix = \"old/\"\n}\nabort_incomplete_multipart_upload {\n  days_after_initiation = 4\n}\n\
             expiration {\n  date = \"2031-02-03T01:00:00+01:00\"\n}\ntransition {\n  date = \"2030-01-01T00:00:00Z\"\n  \
             storage_class = \"DEEP_ARCHIVE\"\n}\nnoncurrent_version_expiration {\n  noncurrent_days = 6\n  \
             newer_noncurrent_versions = 2\n}\nnoncurrent_version_transition {\n  noncurrent_days = 3\n  \
             storage_class = \"GLACIER\"\n  newer_noncurrent_versions = 7\n}"
        )
        .replace("Enabled", "Disabled")
    );
    let (changed, paths) = lifecycle.update(&made, &second).await;
    for path in [
        ".rule[0].abort_incomplete_multipart_upload[0].days_after_initiation",
        ".rule[0].expiration[0].date",
        ".rule[0].expiration[0].days",
        ".rule[0].filter[0].prefix",
        ".rule[0].id",
        ".rule[0].status",
        ".transition_default_minimum_object_size",
    ] {
        assert!(paths.iter().any(|changed| changed == path), "{path}: {paths:?}");
    }
    let seen = live(&aws, &name).await;
    assert_eq!(seen.transition_default_minimum_object_size().unwrap().as_str(), "all_storage_classes_128K");
    let one = &seen.rules()[0];
    assert_eq!((one.id(), one.status().as_str()), (Some("b"), "Disabled"));
    let date = |date: &aws_smithy_types::DateTime| date.secs();
    assert_eq!(one.expiration().unwrap().date().map(date), Some(1_927_843_200));
    assert_eq!(one.transitions()[0].date().map(date), Some(1_893_456_000));
    assert_eq!(one.transitions()[0].days(), None);
    assert_eq!(one.noncurrent_version_expiration().unwrap().newer_noncurrent_versions(), Some(2));
    let moved = &one.noncurrent_version_transitions()[0];
    assert_eq!((moved.noncurrent_days(), moved.newer_noncurrent_versions()), (Some(3), Some(7)));
    let imported = lifecycle.read(&lifecycle.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported, changed.with("timeouts", imported.get("timeouts").unwrap()));
    let elsewhere = second.replace(&name, "elsewhere");
    assert_eq!(lifecycle.plan(Some(&changed), &elsewhere).replace, [".bucket"]);
    lifecycle.delete(&changed).await;
    assert!(aws.s3().get_bucket_lifecycle_configuration().bucket(&name).send().await.is_err());
}

/// Defaults as hashicorp/aws 5.100.0 records and sends them.
#[tokio::test]
async fn filters_become_one_another() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "filtering").await;
    let lifecycle = Lifecycle::new(TYPE, &aws);
    let code = |filter: &str| format!("bucket = {name:?}\n{}", rule("a", &format!("{filter}\n{EXPIRES}")));
    let mut object = lifecycle.create(&code("")).await;
    assert_eq!(object.blocks("rule")[0].blocks("filter").len(), 0);
    assert_eq!(object.blocks("rule")[0].text("prefix"), Some(""));
    assert!(live_rule(&aws, &name).await.filter().is_some());
    for filter in [
        "filter {\n  prefix = \"a/\"\n}",
        "filter {\n  object_size_greater_than = 5\n}",
        "filter {\n  object_size_less_than = 7\n}",
        "filter {\n  tag {\n    key = \"k\"\n    value = \"v\"\n  }\n}",
        "filter {\n  tag {\n    key = \"l\"\n    value = \"w\"\n  }\n}",
        "filter {\n  and {\n    prefix = \"b/\"\n    tags = { a = \"b\", c = \"d\" }\n  }\n}",
        "filter {\n  and {\n    object_size_greater_than = 1\n    object_size_less_than = 9\n    tags = { a = \"c\" }\n  }\n}",
        "prefix = \"old/\"",
        "filter {\n  prefix = \"a/\"\n}",
        "filter {\n}",
    ] {
        let (changed, paths) = lifecycle.update(&object, &code(filter)).await;
        assert!(!paths.is_empty(), "{filter}");
        object = changed;
        let seen = live_rule(&aws, &name).await;
        let sent = seen.filter();
        #[expect(deprecated, reason = "the argument is deprecated too")]
        let prefix = seen.prefix();
        let is_sent = match filter {
            "prefix = \"old/\"" => prefix == Some("old/") && sent.is_none(),
            "filter {\n}" => sent.unwrap().prefix() == Some(""),
            _ if filter.contains("a/") => sent.unwrap().prefix() == Some("a/"),
            _ if filter.contains("= 5") => {
                (sent.unwrap().object_size_greater_than(), sent.unwrap().prefix()) == (Some(5), None)
            }
            _ if filter.contains("= 7") => sent.unwrap().object_size_less_than() == Some(7),
            _ if filter.contains("\"v\"") => sent.unwrap().tag().unwrap().value() == "v",
            _ if filter.contains("\"w\"") => sent.unwrap().tag().unwrap().key() == "l",
            _ if filter.contains("b/") => {
                let and = sent.unwrap().and().unwrap();
                (and.prefix(), and.tags().len()) == (Some("b/"), 2)
            }
            _ => {
                let and = sent.unwrap().and().unwrap();
                (and.object_size_greater_than(), and.object_size_less_than(), and.prefix())
                    == (Some(1), Some(9), None)
            }
        };
        assert!(is_sent, "{filter}: {seen:?}");
    }
    // All objects, said in two ways.
    assert_eq!(lifecycle.plan(Some(&object), &code("")).changes, [""; 0]);
}

fn ids(object: &Value) -> Vec<&str> {
    object.blocks("rule").iter().map(|rule| rule.text("id").unwrap()).collect()
}

#[tokio::test]
async fn rules_are_added_removed_and_known_in_their_order() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "ordered").await;
    let lifecycle = Lifecycle::new(TYPE, &aws);
    let code = |ids: &[&str]| {
        let rules = ids.iter().map(|id| rule(id, &format!("filter {{}}\n{EXPIRES}")));
        format!("bucket = {name:?}\n{}", rules.collect::<String>())
    };
    let made = lifecycle.create(&code(&["b", "a"])).await;
    let (more, _) = lifecycle.update(&made, &code(&["b", "a", "c"])).await;
    // S3 answers them in another order: nothing has changed.
    let mut rules = live(&aws, &name).await.rules().to_vec();
    rules.reverse();
    let turned = aws_sdk_s3::types::BucketLifecycleConfiguration::builder().set_rules(Some(rules));
    let call = aws.s3().put_bucket_lifecycle_configuration().bucket(&name);
    call.lifecycle_configuration(turned.build().unwrap()).send().await.unwrap();
    let read = lifecycle.read(&more).await.unwrap();
    assert_eq!(ids(&read), ["b", "a", "c"]);
    assert_eq!(lifecycle.plan(Some(&read), &code(&["b", "a", "c"])).changes, [""; 0]);
    // A rule under another id stands where the one stood that is gone.
    let mut renamed = live(&aws, &name).await.rules().to_vec();
    renamed.iter_mut().filter(|rule| rule.id() == Some("b")).for_each(|rule| rule.id = Some("z".to_owned()));
    let renamed = aws_sdk_s3::types::BucketLifecycleConfiguration::builder().set_rules(Some(renamed));
    let call = aws.s3().put_bucket_lifecycle_configuration().bucket(&name);
    call.lifecycle_configuration(renamed.build().unwrap()).send().await.unwrap();
    assert_eq!(ids(&lifecycle.read(&more).await.unwrap()), ["z", "a", "c"]);
    // One of somebody else's is seen.
    assert!(!lifecycle.plan(Some(&read), &code(&["b", "a"])).changes.is_empty());
    let (fewer, _) = lifecycle.update(&more, &code(&["a"])).await;
    assert_eq!(ids(&fewer), ["a"]);
    assert_eq!(live(&aws, &name).await.rules().len(), 1);
}

#[tokio::test]
async fn delete_markers_expire_alone_and_nothing_said_is_a_marker_that_stays() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "markers").await;
    let lifecycle = Lifecycle::new(TYPE, &aws);
    let code = |expiration: &str| {
        format!(
            "bucket = {name:?}\nexpected_bucket_owner = \"{}\"\n{}",
            aws.account(),
            rule("a", &format!("filter {{}}\nexpiration {{\n{expiration}\n}}"))
        )
    };
    let made = lifecycle.create(&code("expired_object_delete_marker = true")).await;
    assert_eq!(made.text("id"), Some(&*format!("{name},{}", aws.account())));
    let seen = live_rule(&aws, &name).await;
    assert_eq!(seen.expiration().unwrap().expired_object_delete_marker(), Some(true));
    assert_eq!(seen.expiration().unwrap().days(), None);
    let (none, _) = lifecycle.update(&made, &code("")).await;
    let seen = live_rule(&aws, &name).await;
    assert_eq!(seen.expiration().unwrap().expired_object_delete_marker(), Some(false));
    let seed = lifecycle.ty.import_seed(none.text("id").unwrap()).unwrap();
    assert_eq!(lifecycle.read(&seed).await.unwrap().text("id"), none.text("id"));
    let owner = format!("owner = \"{}\"", aws.account());
    let other = code("").replace(&owner, "owner = \"210987654321\"");
    assert_eq!(lifecycle.plan(Some(&none), &other).replace, [".expected_bucket_owner"]);
    assert!(lifecycle.ty.import_seed("a/b").is_err());
}

/// A reader may be behind for a moment; what cannot be read names the permission that is missing.
#[tokio::test]
async fn old_answers_are_waited_out_and_missing_permissions_named() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "slow").await;
    let proxy = Proxy::before(&aws);
    let lifecycle = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let code = |days: u32| {
        format!(
            "bucket = {name:?}\n{}",
            rule("a", &format!("filter {{}}\nexpiration {{\n  days = {days}\n}}"))
        )
    };
    let get = format!("s3.GET /{name}/");
    proxy.rule(Rule::on(&get).call(1).fail(404, "NoSuchLifecycleConfiguration", "none"));
    let made = lifecycle.create(&code(1)).await;
    proxy.forget_calls();
    proxy.rule(
        Rule::on(&get)
            .call(1)
            .rewrite(|_, reply| reply.clone().with_body(reply.text().replace("<Days>2<", "<Days>1<"))),
    );
    let (changed, _) = lifecycle.update(&made, &code(2)).await;
    assert_eq!(changed.blocks("rule")[0].block("expiration").unwrap().integer("days"), Some(2));
    proxy.rule(Rule::on(&get).fail(403, "AccessDenied", "Access Denied"));
    let read = lifecycle.read_all(&[changed]).await;
    let [ReadResult::Unreadable(error)] = &read[..] else { panic!("{read:?}") };
    assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, "s3:GetLifecycleConfiguration"));
}

#[tokio::test]
async fn a_bucket_without_rules_has_no_configuration() {
    let aws = Aws::fresh();
    let name = bucket(&aws, "plain").await;
    let lifecycle = Lifecycle::new(TYPE, &aws);
    let seeds = [&*name, "no-such-bucket-here"].map(|name| lifecycle.ty.import_seed(name).unwrap());
    let read = lifecycle.read_all(&seeds).await;
    assert!(matches!(read[..], [ReadResult::Missing, ReadResult::Missing]), "{read:?}");
}

/// What hashicorp/aws 5.100.0 refuses, asked with `terraform validate`.
#[tokio::test]
async fn what_the_provider_refuses_is_said_offline() {
    let lifecycle = Lifecycle::new(TYPE, &Aws::fresh());
    let of = |inside: &str| format!("bucket = \"b\"\n{}", rule("a", inside));
    let transition = |inside: &str| of(&format!("filter {{}}\ntransition {{\n{inside}\n}}"));
    let noncurrent =
        |inside: &str| of(&format!("filter {{}}\nnoncurrent_version_expiration {{\n{inside}\n}}"));
    let and = |inside: &str| of(&format!("filter {{\n  and {{\n{inside}\n  }}\n}}\n{EXPIRES}"));
    let fine = of(&format!("filter {{}}\n{EXPIRES}"));
    for (text, word) in [
        (format!("{fine}expected_bucket_owner = \"12\""), "twelve digits"),
        (format!("{fine}transition_default_minimum_object_size = \"x\""), "varies_by_storage_class"),
        ("bucket = \"b\"".to_owned(), "at least one rule"),
        (fine.replace("\"a\"", "\"\""), "1 to 255"),
        (fine.replace("\"a\"", &format!("{:?}", "x".repeat(256))), "1 to 255"),
        (fine.replace("Enabled", "enabled"), "Disabled"),
        (of(&format!("filter {{}}\n{EXPIRES}\n{EXPIRES}")), "one \"expiration\" block"),
        (of(&format!("filter {{}}\nfilter {{}}\n{EXPIRES}")), "one \"filter\" block"),
        (transition("date = \"2020-01-01\"\nstorage_class = \"GLACIER\""), "RFC 3339"),
        (transition("days = -1\nstorage_class = \"GLACIER\""), "-1"),
        (transition("days = 1\nstorage_class = \"STANDARD\""), "STANDARD_IA"),
        (noncurrent("noncurrent_days = 0"), "from 1"),
        (noncurrent("noncurrent_days = 1\nnewer_noncurrent_versions = 0"), "from 1"),
        (and("prefix = \"a\"\nobject_size_less_than = 0"), "from 1"),
        (and("prefix = \"a\"\nobject_size_greater_than = -1"), "-1"),
        (and("prefix = \"a\"\ntags = {}"), "no tag"),
    ] {
        let said = errors(&lifecycle.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
    assert_eq!(lifecycle.problems(&fine), []);
    for (text, word) in [
        (of(EXPIRES), "One of \"filter\", \"prefix\""),
        (of(&format!("prefix = \"\"\nfilter {{}}\n{EXPIRES}")), "Only one of \"filter\""),
        (of("filter {}\nexpiration {\n}"), "One of \"date\""),
        (
            of("filter {}\nexpiration {\n  days = 1\n  expired_object_delete_marker = false\n}"),
            "Only one of \"date\"",
        ),
        (transition("storage_class = \"GLACIER\""), "One of \"date\""),
        (
            of(&format!("filter {{\n  prefix = \"a\"\n  object_size_less_than = 3\n}}\n{EXPIRES}")),
            "one condition",
        ),
    ] {
        let said = lifecycle.problems(&text);
        assert!(said.len() == 1 && !said[0].is_error && said[0].detail.contains(word), "{text}\n{said:?}");
    }
}
