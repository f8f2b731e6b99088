use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, AccelerateConfiguration, BucketAccelerateStatus,
    BucketLifecycleConfiguration, BucketVersioningStatus, CorsConfiguration, CorsRule, DefaultRetention,
    Destination, ErrorDocument, ExpirationStatus, IndexDocument, LifecycleExpiration, LifecycleRule,
    LifecycleRuleFilter, NoncurrentVersionExpiration, ObjectLockConfiguration, ObjectLockEnabled,
    ObjectLockLegalHold, ObjectLockLegalHoldStatus, ObjectLockRetentionMode, ObjectLockRule, Payer,
    ReplicationConfiguration, ReplicationRule, ReplicationRuleStatus, RequestPaymentConfiguration,
    Transition, TransitionStorageClass, VersioningConfiguration, WebsiteConfiguration,
};
use recon::lang::value::Value;
use recon::provider::object::{Object, text_list, text_map};
use recon::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

use crate::subject::Subject;
use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::protocol::{Reply, ServiceError};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_s3_bucket";

/// A name for a bucket: of all accounts' buckets, each has another.
fn named(aws: &Aws, name: &str) -> String {
    format!("{name}-{}", aws.account())
}

async fn tags(aws: &Aws, bucket: &str) -> Vec<(String, String)> {
    let answer = aws.s3().get_bucket_tagging().bucket(bucket).send().await.unwrap();
    let mut tags: Vec<_> =
        answer.tag_set().iter().map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect();
    tags.sort();
    tags
}

fn pairs(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn a_bucket_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let name = named(&aws, "made");
    let code = |tags: &str| format!("bucket = \"{name}\"\ntags = {{ {tags} }}");
    let made = bucket.create(&code("Name = \"a\", old = \"x\"")).await;
    for (attribute, value) in [
        ("id", name.clone()),
        ("arn", format!("arn:aws:s3:::{name}")),
        ("bucket_prefix", String::new()),
        ("bucket_domain_name", format!("{name}.s3.amazonaws.com")),
        ("bucket_regional_domain_name", format!("{name}.s3.eu-west-3.amazonaws.com")),
        ("hosted_zone_id", "Z3R1K369G5AVDG".to_owned()),
        ("region", "eu-west-3".to_owned()),
        ("request_payer", "BucketOwner".to_owned()),
    ] {
        assert_eq!(made.text(attribute), Some(&*value), "{attribute}");
    }
    let head = aws.s3().head_bucket().bucket(&name).send().await.unwrap();
    assert_eq!(head.bucket_region(), Some("eu-west-3"));
    assert_eq!(tags(&aws, &name).await, pairs(&[("Name", "a"), ("old", "x"), ("team", "data")]));

    let (changed, paths) = bucket.update(&made, &code("Name = \"b\", new = \"y\"")).await;
    assert_eq!(paths, [".tags", ".tags_all"]);
    assert_eq!(tags(&aws, &name).await, pairs(&[("Name", "b"), ("new", "y"), ("team", "data")]));

    let imported = bucket.read(&bucket.ty.import_seed(&name).unwrap()).await.unwrap();
    assert_eq!(imported.get("tags_all"), changed.get("tags_all"));
    assert_eq!(bucket.plan(Some(&changed), "bucket = \"another\"").replace, [".bucket"]);
    assert_eq!(
        bucket.plan(Some(&changed), &format!("bucket = \"{name}\"\nobject_lock_enabled = true")).replace,
        [".object_lock_enabled"]
    );
    bucket.delete(&changed).await;
    assert!(aws.s3().head_bucket().bucket(&name).send().await.is_err());
}

/// PutBucketTagging sets all tags at once.
#[tokio::test]
async fn tags_that_the_plan_does_not_know_are_kept() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let name = named(&aws, "tagged");
    let code = |tags: &str| format!("bucket = \"{name}\"\ntags = {{ {tags} }}");
    let made = bucket.create(&code("Name = \"a\"")).await;
    let tag =
        |key: &str, value: &str| aws_sdk_s3::types::Tag::builder().key(key).value(value).build().unwrap();
    let set = vec![tag("Name", "a"), tag("team", "data"), tag("late", "comer")];
    let tagging = aws_sdk_s3::types::Tagging::builder().set_tag_set(Some(set)).build().unwrap();
    aws.s3().put_bucket_tagging().bucket(&name).tagging(tagging).send().await.unwrap();
    let planned = bucket.plan(Some(&made), &code("Name = \"b\"")).object;
    let changed = bucket.ty.update(&bucket.connection, &made, &planned).await.unwrap();
    let all = [("Name", "b"), ("late", "comer"), ("team", "data")];
    assert_eq!(tags(&aws, &name).await, pairs(&all));
    assert_eq!(changed.get("tags_all"), Some(text_map(all)));
}

#[tokio::test]
async fn names_are_generated() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let made = bucket.create("bucket_prefix = \"logs-\"").await;
    let name = made.text("bucket").unwrap();
    assert!(name.starts_with("logs-2026") && name.len() == 31, "{name}");
    assert_eq!(made.text("bucket_prefix"), Some("logs-"));
    let other = bucket.create("bucket = \"\"").await;
    assert!(other.text("bucket").unwrap().starts_with("terraform-2026"));
    assert_eq!(other.text("bucket_prefix"), Some("terraform-"));
    assert_eq!(bucket.plan(Some(&made), "bucket_prefix = \"other-\"").replace, [".bucket_prefix"]);
    assert_eq!(bucket.plan(Some(&made), "bucket_prefix = \"logs-\"").changes, [""; 0]);
}

#[tokio::test]
async fn only_a_bucket_that_may_be_emptied_is_deleted_with_what_it_holds() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let name = named(&aws, "full");
    let made = bucket.create(&format!("bucket = \"{name}\"")).await;
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    aws.s3().put_bucket_versioning().bucket(&name).versioning_configuration(versioned).send().await.unwrap();
    for (key, body) in [("a", "1"), ("a", "2"), ("b/c d+é", "3")] {
        let body = ByteStream::from_static(body.as_bytes());
        aws.s3().put_object().bucket(&name).key(key).body(body).send().await.unwrap();
    }
    aws.s3().delete_object().bucket(&name).key("a").send().await.unwrap();
    let error = bucket.ty.delete(&bucket.connection, &made).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InUse);
    assert!(error.message.contains("force_destroy = true"), "{error}");
    let versions = aws.s3().list_object_versions().bucket(&name).send().await.unwrap();
    assert_eq!((versions.versions().len(), versions.delete_markers().len()), (3, 1), "all is still there");

    let read = bucket.read(&made).await.unwrap();
    let (forced, paths) = bucket.update(&read, &format!("bucket = \"{name}\"\nforce_destroy = true")).await;
    assert_eq!(paths, [".force_destroy"]);
    bucket.delete(&forced).await;
}

/// More versions than a page has, and S3 deletes only a thousand at a time.
#[tokio::test]
async fn a_bucket_with_more_than_a_page_is_emptied() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let name = named(&aws, "large");
    let made = bucket.create(&format!("bucket = \"{name}\"\nforce_destroy = true")).await;
    let s3 = aws.s3();
    for hundred in 0..11 {
        futures::future::join_all((0..100).map(|number| {
            let call = s3.put_object().bucket(&name).key(format!("{hundred:02}-{number:02}"));
            async { call.body(ByteStream::from_static(b"x")).send().await.unwrap() }
        }))
        .await;
    }
    bucket.delete(&made).await;
}

#[tokio::test]
async fn locked_objects_are_deleted_where_the_code_says_so() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let name = named(&aws, "locked");
    let code = format!("bucket = \"{name}\"\nobject_lock_enabled = true\nforce_destroy = true");
    let made = bucket.create(&code).await;
    assert_eq!(made.boolean("object_lock_enabled"), Some(true));
    let live = aws.s3().get_object_lock_configuration().bucket(&name).send().await.unwrap();
    assert!(live.object_lock_configuration().is_some());
    let retention = DefaultRetention::builder().mode(ObjectLockRetentionMode::Governance).days(3).build();
    let configuration = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(ObjectLockRule::builder().default_retention(retention).build())
        .build();
    let call = aws.s3().put_object_lock_configuration().bucket(&name);
    call.object_lock_configuration(configuration).send().await.unwrap();
    for key in ["governed", "held"] {
        let body = ByteStream::from_static(b"x");
        aws.s3().put_object().bucket(&name).key(key).body(body).send().await.unwrap();
    }
    let hold = ObjectLockLegalHold::builder().status(ObjectLockLegalHoldStatus::On).build();
    aws.s3().put_object_legal_hold().bucket(&name).key("held").legal_hold(hold).send().await.unwrap();
    let seen = bucket.read(&made).await.unwrap();
    let lock = seen.block("object_lock_configuration").unwrap();
    let retention = lock.block("rule").unwrap().block("default_retention").unwrap();
    assert_eq!((retention.text("mode"), retention.integer("days")), (Some("GOVERNANCE"), Some(3)));
    bucket.delete(&made).await;
}

/// Configures the bucket as the resources of their own would.
async fn configure(aws: &Aws, name: &str, other: &str) {
    let s3 = aws.s3();
    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    s3.put_bucket_versioning().bucket(name).versioning_configuration(versioned).send().await.unwrap();
    let rule =
        CorsRule::builder().allowed_methods("GET").allowed_origins("*").max_age_seconds(60).build().unwrap();
    let cors = CorsConfiguration::builder().cors_rules(rule).build().unwrap();
    s3.put_bucket_cors().bucket(name).cors_configuration(cors).send().await.unwrap();
    let rule = LifecycleRule::builder()
        .id("old")
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix("logs/").build())
        .expiration(LifecycleExpiration::builder().days(90).build())
        .noncurrent_version_expiration(NoncurrentVersionExpiration::builder().noncurrent_days(9).build())
        .transitions(Transition::builder().days(30).storage_class(TransitionStorageClass::Glacier).build())
        .abort_incomplete_multipart_upload(
            AbortIncompleteMultipartUpload::builder().days_after_initiation(7).build(),
        )
        .build()
        .unwrap();
    let lifecycle = BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
    let call = s3.put_bucket_lifecycle_configuration().bucket(name);
    call.lifecycle_configuration(lifecycle).send().await.unwrap();
    let website = WebsiteConfiguration::builder()
        .index_document(IndexDocument::builder().suffix("index.html").build().unwrap())
        .error_document(ErrorDocument::builder().key("error.html").build().unwrap())
        .build();
    s3.put_bucket_website().bucket(name).website_configuration(website).send().await.unwrap();
    let destination = Destination::builder().bucket(format!("arn:aws:s3:::{other}")).build().unwrap();
    let rule = ReplicationRule::builder()
        .id("copy")
        .status(ReplicationRuleStatus::Enabled)
        .destination(destination)
        .build()
        .unwrap();
    let replication =
        ReplicationConfiguration::builder().role("arn:aws:iam::1:role/r").rules(rule).build().unwrap();
    let call = s3.put_bucket_replication().bucket(name).replication_configuration(replication);
    call.send().await.unwrap();
    let fast = AccelerateConfiguration::builder().status(BucketAccelerateStatus::Enabled).build();
    let call = s3.put_bucket_accelerate_configuration().bucket(name).accelerate_configuration(fast);
    call.send().await.unwrap();
    let payer = RequestPaymentConfiguration::builder().payer(Payer::Requester).build().unwrap();
    let call = s3.put_bucket_request_payment().bucket(name).request_payment_configuration(payer);
    call.send().await.unwrap();
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::{name}/x"}}]}}"#
    );
    s3.put_bucket_policy().bucket(name).policy(policy).send().await.unwrap();
}

/// What other resources configure is shown as AWS provider 5.100.0 shows it, and is no drift of the bucket.
#[tokio::test]
async fn what_other_resources_configure_is_read_and_never_differs() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let (name, other) = (named(&aws, "whole"), named(&aws, "copy"));
    let code = format!("bucket = \"{name}\"");
    let made = bucket.create(&code).await;
    let plain = made.block("server_side_encryption_configuration").unwrap().block("rule").unwrap();
    let default = plain.block("apply_server_side_encryption_by_default").unwrap();
    assert_eq!(default.text("sse_algorithm"), Some("AES256"));
    let grant = &made.blocks("grant")[0];
    assert_eq!(
        (grant.text("type"), &*grant.texts("permissions")),
        (Some("CanonicalUser"), &["FULL_CONTROL".to_owned()][..])
    );
    assert_eq!((made.text("policy"), made.blocks("website").len()), (Some(""), 0));
    assert_eq!(made.known("website_endpoint"), None);

    let versioned = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    bucket.create(&format!("bucket = \"{other}\"")).await;
    aws.s3().put_bucket_versioning().bucket(&other).versioning_configuration(versioned).send().await.unwrap();
    configure(&aws, &name, &other).await;
    let seen = bucket.read(&made).await.unwrap();
    assert_eq!(seen.text("acceleration_status"), Some("Enabled"));
    assert_eq!(seen.text("request_payer"), Some("Requester"));
    assert!(seen.text("policy").unwrap().contains("\"Deny\""));
    assert_eq!(seen.text("website_domain"), Some("s3-website.eu-west-3.amazonaws.com"));
    assert_eq!(seen.text("website_endpoint"), Some(&*format!("{name}.s3-website.eu-west-3.amazonaws.com")));
    let website = seen.block("website").unwrap();
    assert_eq!(
        ["index_document", "error_document", "redirect_all_requests_to", "routing_rules"]
            .map(|one| website.text(one)),
        [Some("index.html"), Some("error.html"), Some(""), Some("")]
    );
    assert_eq!(seen.block("versioning").unwrap().boolean("enabled"), Some(true));
    let cors = seen.block("cors_rule").unwrap();
    assert_eq!(cors.get("allowed_methods"), Some(text_list(["GET"])));
    assert_eq!(cors.integer("max_age_seconds"), Some(60));
    let rule = seen.block("lifecycle_rule").unwrap();
    assert_eq!(
        (rule.text("id"), rule.text("prefix"), rule.boolean("enabled")),
        (Some("old"), Some("logs/"), Some(true))
    );
    assert_eq!(rule.integer("abort_incomplete_multipart_upload_days"), Some(7));
    assert_eq!(rule.block("expiration").unwrap().integer("days"), Some(90));
    assert_eq!(rule.block("noncurrent_version_expiration").unwrap().integer("days"), Some(9));
    assert_eq!(rule.block("transition").unwrap().text("storage_class"), Some("GLACIER"));
    let replication = seen.block("replication_configuration").unwrap();
    assert_eq!(replication.text("role"), Some("arn:aws:iam::1:role/r"));
    let rule = replication.block("rules").unwrap();
    assert_eq!((rule.text("id"), rule.text("status")), (Some("copy"), Some("Enabled")));
    assert_eq!(rule.block("destination").unwrap().text("bucket"), Some(&*format!("arn:aws:s3:::{other}")));
    assert_eq!(
        bucket.plan(Some(&seen.with("force_destroy", Value::bool(false))), &code).changes,
        [".tags_all"; 0]
    );
}

async fn unreadable(bucket: &Lifecycle, name: &str) -> OperationError {
    let known = bucket.ty.import_seed(name).unwrap();
    match bucket.read_all(&[known]).await.remove(0) {
        ReadResult::Unreadable(error) => error,
        other => panic!("{other:?}"),
    }
}

/// The answers to a HEAD have no body: scripted as S3 gives them.
#[tokio::test]
async fn a_bucket_that_cannot_be_read_says_why() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let bucket = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let name = named(&aws, "hidden");
    bucket.create(&format!("bucket = \"{name}\"")).await;
    proxy.rule(Rule::on("s3.HeadBucket").call(1).status(403));
    let error = unreadable(&bucket, &name).await;
    assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, "s3:ListBucket"));
    proxy.rule(Rule::on("s3.HeadBucket").call(1).respond(|_| {
        let mut reply = Reply::new(301, "application/xml", "");
        reply.headers.insert("x-amz-bucket-region", "us-west-2".parse().unwrap());
        Some(reply)
    }));
    let error = unreadable(&bucket, &name).await;
    assert!(error.message.contains("in us-west-2") && error.message.contains("eu-west-3"), "{error}");
    proxy.rule(Rule::on("s3.HeadBucket").call(1).status(400));
    assert_eq!(unreadable(&bucket, &name).await.kind, ErrorKind::Credentials);
    // An answer of somebody between is no proof that the bucket is gone.
    proxy.rule(Rule::on("s3.HeadBucket").call(1).status(404));
    proxy.rule(Rule::on(&format!("s3.GET /{name}/")).call(1).status(404));
    assert_eq!(unreadable(&bucket, &name).await.kind, ErrorKind::Unavailable);
    let denied = Rule::on(&format!("s3.GET /{name}/"));
    proxy.rule(denied.check(|request, _| {
        let is_policy = request.uri.query().is_some_and(|query| query.contains("policy"));
        Box::pin(async move { is_policy.then(|| ServiceError::new(403, "AccessDenied", "Access Denied")) })
    }));
    let error = unreadable(&bucket, &name).await;
    assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, "s3:GetBucketPolicy"));
    assert!(bucket.read(&bucket.ty.import_seed(&named(&aws, "none")).unwrap()).await.is_none());
}

/// A store that speaks as S3 does may lack some of it.
#[tokio::test]
async fn what_a_store_does_not_have_is_not_configured() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let bucket = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let name = named(&aws, "simple");
    proxy.rule(Rule::on(&format!("s3.GET /{name}/")).check(|request, _| {
        let has_it = request.uri.query().is_some_and(|query| query.contains("tagging"));
        let missing = ServiceError::new(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not here",
        );
        Box::pin(async move { (!has_it).then_some(missing) })
    }));
    let made = bucket.create(&format!("bucket = \"{name}\"")).await;
    assert_eq!(made.blocks("server_side_encryption_configuration").len(), 0);
    assert_eq!(made.boolean("object_lock_enabled"), Some(false));
}

#[tokio::test]
async fn a_lost_answer_and_a_busy_service_are_no_failures() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let bucket = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let name = named(&aws, "lost");
    proxy.rule(Rule::on("s3.CreateBucket").call(1).fail(409, "OperationAborted", "A conflicting operation"));
    proxy.rule(Rule::on("s3.CreateBucket").call(2).cut_after());
    proxy.rule(Rule::on("s3.CreateBucket").call(3).fail(409, "BucketAlreadyOwnedByYou", "You own it"));
    // What configures a bucket may not know it yet.
    proxy.rule(Rule::on(&format!("s3.PUT /{name}/")).call(1).fail(404, "NoSuchBucket", "not yet"));
    let made = bucket.create(&format!("bucket = \"{name}\"\ntags = {{ a = \"b\" }}")).await;
    assert_eq!(proxy.count("s3.CreateBucket"), 3);
    bucket.delete(&made).await;
    proxy.rule(Rule::on("s3.CreateBucket").call(1).fail(409, "BucketAlreadyOwnedByYou", "You own it"));
    let error = bucket.create_fails(&format!("bucket = \"{name}\"")).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

/// There CreateBucket answers as if it had made what is there.
#[tokio::test]
async fn a_bucket_of_the_first_region_is_not_taken_for_new() {
    let aws = Aws::fresh().in_region("us-east-1");
    let bucket = Subject::new(TYPE, &aws).await;
    let name = named(&aws, "first");
    let planned = bucket.config(vec![("bucket", Value::string(&name)), ("tags_all", text_map([("a", "b")]))]);
    let made = bucket.ty.create(&bucket.connection, &planned).await.unwrap();
    assert_eq!(made.text("region"), Some("us-east-1"));
    let regional = format!("{name}.s3.us-east-1.amazonaws.com");
    assert_eq!(made.text("bucket_regional_domain_name"), Some(&*regional));
    let error = bucket.ty.create(&bucket.connection, &planned).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("import it"), "{error}");
    bucket.ty.delete(&bucket.connection, &made).await.unwrap();
}

#[tokio::test]
async fn a_bucket_is_checked_offline() {
    let aws = Aws::fresh();
    let bucket = Lifecycle::new(TYPE, &aws);
    let count = |text: &str| errors(&bucket.problems(text)).len();
    assert_eq!(count("bucket = \"a.b-c\"\nforce_destroy = true"), 0);
    assert_eq!(count("bucket = \"a\"\nbucket_prefix = \"b\""), 1);
    assert_eq!(count(&format!("bucket = \"{}\"", "a".repeat(64))), 1);
    assert_eq!(count(&format!("bucket_prefix = \"{}\"", "a".repeat(38))), 1);
    assert_eq!(count("acl = \"private\"\nversioning {\n  enabled = true\n}"), 2);
    let found = errors(&bucket.problems("website {\n  index_document = \"index.html\"\n}"));
    assert!(found[0].contains("aws_s3_bucket_website_configuration"), "{found:?}");
    // Names are looked at when a bucket is to be made: there are old ones that break the rules.
    let planned = |prior: Option<&Value>, text: &str| bucket.plan(prior, text).problems.len();
    assert_eq!(planned(None, "bucket = \"Upper_Case\""), 1);
    assert_eq!(planned(None, "bucket_prefix = \"xn--\""), 1);
    assert_eq!(planned(None, "bucket_prefix = \"logs-\""), 0);
    let old = bucket.ty.import_seed("Upper_Case").unwrap();
    assert_eq!(planned(Some(&old), "bucket = \"Upper_Case\""), 0);
    assert!(bucket.ty.import_seed("arn:aws:s3:::a").is_err());
}

/// `s3_use_path_style` and `endpoints`: by name, a bucket would be looked for at a host of its own.
#[tokio::test]
async fn the_providers_block_says_how_buckets_are_addressed() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let elsewhere = aws.through(format!("http://127.0.0.1:{nobody}"));
    let url = proxy.endpoint().replace("127.0.0.1", "localhost");
    let provider = recon::provider::registry::Registry::new().provider("aws").unwrap();
    let endpoints = &provider.schema().block.blocks["endpoints"].block;
    let endpoints = Value::set(endpoints.implied_type(), [endpoints.object([("s3", Value::string(&url))])]);
    for style in ["s3_use_path_style", "s3_force_path_style"] {
        let more = vec![("endpoints", endpoints.clone()), (style, Value::bool(true))];
        let bucket = Subject::with(TYPE, &elsewhere, more).await;
        let name = named(&aws, &style.replace('_', "-"));
        let planned = bucket.config(vec![("bucket", Value::string(&name))]);
        bucket.ty.create(&bucket.connection, &planned).await.unwrap();
        let requests = [ReadRequest { known: bucket.ty.import_seed(&name).unwrap() }];
        let results = bucket.ty.read(&bucket.connection, &requests).await;
        assert!(matches!(&results[0], ReadResult::Found(_)), "{results:?}");
    }
    assert!(proxy.calls().iter().all(|call| call.request.uri.path().len() > 1), "the bucket is in the path");
}
