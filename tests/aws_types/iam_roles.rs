//! `aws_iam_role`, read back through the SDK.

use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_iam_role";
const TRUST: &str = r#"assume_role_policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"sts:AssumeRole\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\"}}]}""#;
/// The same but for the service.
const OTHER_TRUST: &str = r#"assume_role_policy = <<-EOT
  {
    "Version": "2012-10-17",
    "Statement": {
      "Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["ecs.amazonaws.com", "ec2.amazonaws.com"]}
    }
  }
EOT
"#;
const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

fn quoted(document: &str) -> String {
    format!("{document:?}").replace("\\'", "'")
}

async fn policy(aws: &Aws, name: &str) -> String {
    let made = aws.iam().create_policy().policy_name(name).policy_document(DOCUMENT).send().await.unwrap();
    made.policy().unwrap().arn().unwrap().to_owned()
}

async fn attached(aws: &Aws, role: &str) -> Vec<String> {
    let answer = aws.iam().list_attached_role_policies().role_name(role).send().await.unwrap();
    let mut arns: Vec<String> =
        answer.attached_policies().iter().map(|policy| policy.policy_arn().unwrap().to_owned()).collect();
    arns.sort();
    arns
}

async fn inline(aws: &Aws, role: &str) -> Vec<String> {
    let answer = aws.iam().list_role_policies().role_name(role).send().await.unwrap();
    answer.policy_names().to_vec()
}

#[tokio::test]
async fn a_role_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    let boundary = policy(&aws, "boundary").await;
    let role = Lifecycle::new(TYPE, &aws);
    let object = role
        .create(&format!(
            "name = \"collector\"\npath = \"/pipeline/\"\n{TRUST}\ntags = {{ Name = \"a\", old = \"x\" }}"
        ))
        .await;
    let arn = format!("arn:aws:iam::{}:role/pipeline/collector", aws.account());
    assert_eq!(object.text("id"), Some("collector"));
    assert_eq!(object.text("arn"), Some(&*arn));
    assert_eq!(object.text("name_prefix"), Some(""));
    assert_eq!(object.integer("max_session_duration"), Some(3600));
    assert!(object.text("unique_id").unwrap().starts_with("AROA"));
    let live = aws.iam().get_role().role_name("collector").send().await.unwrap().role.unwrap();
    assert_eq!(live.path(), "/pipeline/");
    let created = object.text("create_date").unwrap();
    assert!(created.ends_with('Z') && created.len() == 20, "{created}");
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "a"), ("old", "x"), ("team", "data")]);

    let changed = format!(
        "name = \"collector\"\npath = \"/pipeline/\"\n{OTHER_TRUST}\ndescription = \"what it is for\"\n\
         max_session_duration = 7200\npermissions_boundary = {boundary:?}\nforce_detach_policies = true\n\
         tags = {{ Name = \"b\" }}"
    );
    let (object, changes) = role.update(&object, &changed).await;
    assert_eq!(
        changes,
        [
            "assume_role_policy",
            "description",
            "force_detach_policies",
            "max_session_duration",
            "permissions_boundary",
            "tags",
            "tags_all"
        ]
        .map(|name| format!(".{name}"))
    );
    let live = aws.iam().get_role().role_name("collector").send().await.unwrap().role.unwrap();
    assert_eq!(live.description(), Some("what it is for"));
    assert_eq!(live.max_session_duration(), Some(7200));
    assert_eq!(live.permissions_boundary().unwrap().permissions_boundary_arn(), Some(&*boundary));
    assert!(live.assume_role_policy_document().unwrap().contains("ecs.amazonaws.com"));
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "b"), ("team", "data")]);

    let (object, _) =
        role.update(&object, &format!("name = \"collector\"\npath = \"/pipeline/\"\n{TRUST}")).await;
    let live = aws.iam().get_role().role_name("collector").send().await.unwrap().role.unwrap();
    assert_eq!(live.description().unwrap_or_default(), "");
    assert_eq!(live.max_session_duration(), Some(3600));
    assert!(live.permissions_boundary().is_none_or(|boundary| boundary.permissions_boundary_arn().is_none()));
    role.delete(&object).await;
}

#[tokio::test]
async fn policies_that_separate_resources_own_are_no_drift() {
    let aws = Aws::fresh();
    let role = Lifecycle::new(TYPE, &aws);
    let text = format!("name = \"r\"\n{TRUST}");
    let object = role.create(&text).await;
    assert_eq!(object.texts("managed_policy_arns"), [""; 0]);
    let arn = policy(&aws, "p").await;
    aws.iam().attach_role_policy().role_name("r").policy_arn(&arn).send().await.unwrap();
    aws.iam()
        .put_role_policy()
        .role_name("r")
        .policy_name("own")
        .policy_document(DOCUMENT)
        .send()
        .await
        .unwrap();
    let live = role.read(&object).await.unwrap();
    assert_eq!(live.texts("managed_policy_arns"), [&*arn]);
    assert_eq!(live.block("inline_policy").unwrap().text("name"), Some("own"));
    let planned = role.plan(Some(&live), &text);
    assert_eq!(planned.changes.iter().filter(|path| path.contains("polic")).count(), 0);
    // An update of something else leaves them alone.
    let live = live.with("tags", object.get("tags").unwrap()).with("force_detach_policies", false.into());
    let (object, changes) = role.update(&live, &format!("{text}\ndescription = \"d\"")).await;
    assert_eq!(changes, [".description"]);
    assert_eq!(attached(&aws, "r").await, [&*arn]);
    assert_eq!(inline(&aws, "r").await, ["own"]);
    // As with the provider, what the role is known to have goes with it.
    role.delete(&object).await;
}

#[tokio::test]
async fn the_role_can_own_its_policies() {
    let aws = Aws::fresh();
    let (first, second) = (policy(&aws, "first").await, policy(&aws, "second").await);
    let role = Lifecycle::new(TYPE, &aws);
    let block = |name: &str, document: &str| {
        format!("inline_policy {{\n  name = {name:?}\n  policy = {}\n}}\n", quoted(document))
    };
    let other = DOCUMENT.replace("GetObject", "PutObject");
    let text = format!(
        "name = \"r\"\n{TRUST}\nmanaged_policy_arns = [{first:?}]\n{}{}",
        block("a", DOCUMENT),
        block("b", DOCUMENT)
    );
    let object = role.create(&text).await;
    assert_eq!(attached(&aws, "r").await, [&*first]);
    assert_eq!(inline(&aws, "r").await, ["a", "b"]);

    let text = format!(
        "name = \"r\"\n{TRUST}\nmanaged_policy_arns = [{second:?}]\n{}{}",
        block("b", &other),
        block("c", DOCUMENT)
    );
    let (object, changes) = role.update(&object, &text).await;
    assert_eq!(changes, [".managed_policy_arns", ".inline_policy"]);
    assert_eq!(attached(&aws, "r").await, [&*second]);
    assert_eq!(inline(&aws, "r").await, ["b", "c"]);
    let live = aws.iam().get_role_policy().role_name("r").policy_name("b").send().await.unwrap();
    assert!(live.policy_document().contains("PutObject"));

    // Another spelling is no change, a policy from elsewhere is drift.
    let spelt = r#"{"Statement": {"Resource": ["*"], "Action": ["s3:GetObject"], "Effect": "Allow"}, "Version": "2012-10-17"}"#;
    let respelt = text.replace(&quoted(DOCUMENT), &quoted(spelt));
    assert_ne!(respelt, text);
    assert_eq!(role.plan(Some(&object), &respelt).changes, [""; 0]);
    aws.iam().attach_role_policy().role_name("r").policy_arn(&first).send().await.unwrap();
    aws.iam()
        .put_role_policy()
        .role_name("r")
        .policy_name("x")
        .policy_document(DOCUMENT)
        .send()
        .await
        .unwrap();
    let live = role.read(&object).await.unwrap();
    let planned = role.plan(Some(&live), &text);
    assert!(planned.changes.contains(&".managed_policy_arns".to_owned()), "{:?}", planned.changes);
    assert!(planned.changes.contains(&".inline_policy".to_owned()), "{:?}", planned.changes);

    // Empty means none at all.
    let none = format!("name = \"r\"\n{TRUST}\nmanaged_policy_arns = []\ninline_policy {{}}\n");
    let live = live.with("tags", object.get("tags").unwrap()).with("force_detach_policies", false.into());
    let (object, _) = role.update(&live, &none).await;
    assert_eq!(attached(&aws, "r").await, [""; 0]);
    assert_eq!(inline(&aws, "r").await, [""; 0]);
    role.delete(&object).await;
}

#[tokio::test]
async fn an_empty_block_asks_a_new_role_for_nothing() {
    let aws = Aws::fresh();
    let role = Lifecycle::new(TYPE, &aws);
    let object = role.create(&format!("{TRUST}\ninline_policy {{}}")).await;
    assert!(object.text("name").unwrap().starts_with("terraform-2026"));
    assert_eq!(object.text("name_prefix"), Some("terraform-"));
    let imported = role.read(&role.ty.import_seed(object.text("name").unwrap()).unwrap()).await.unwrap();
    let planned = role.plan(Some(&imported), &format!("{TRUST}\ninline_policy {{}}"));
    assert!(!planned.changes.contains(&".inline_policy".to_owned()), "{:?}", planned.changes);
}

#[tokio::test]
async fn names_can_have_a_prefix_and_what_cannot_change_needs_another_role() {
    let role = Lifecycle::new(TYPE, &Aws::fresh());
    let object = role.create(&format!("name_prefix = \"web-\"\n{TRUST}")).await;
    assert!(object.text("name").unwrap().starts_with("web-2026"));
    let replaces = |text: &str| role.plan(Some(&object), &format!("{text}\n{TRUST}")).replace;
    assert_eq!(replaces("name_prefix = \"web-\""), [""; 0]);
    assert_eq!(replaces("name_prefix = \"db-\""), [".name_prefix"]);
    assert_eq!(replaces("name = \"x\""), [".name"]);
    assert_eq!(replaces("path = \"/x/\""), [".path"]);
}

#[tokio::test]
async fn a_role_is_imported_by_its_name() {
    let aws = Aws::fresh();
    let role = Lifecycle::new(TYPE, &aws);
    let object = role.create(&format!("name = \"r\"\n{TRUST}")).await;
    let live = role.read(&role.ty.import_seed("r").unwrap()).await.unwrap();
    assert_eq!(live.get("arn"), object.get("arn"));
    assert_eq!(live.get("assume_role_policy"), object.get("assume_role_policy"));
    assert!(role.ty.import_seed(object.text("arn").unwrap()).is_err());
    let journal = role.ty.identity(&object).unwrap();
    assert_eq!(role.read(&journal).await.unwrap().get("unique_id"), object.get("unique_id"));
}

#[tokio::test]
async fn deleting_leaves_instance_profiles_and_forces_policies_off() {
    let aws = Aws::fresh();
    let role = Lifecycle::new(TYPE, &aws);
    let object = role.create(&format!("name = \"r\"\n{TRUST}\nforce_detach_policies = true")).await;
    // Made after the role was last read.
    let arn = policy(&aws, "p").await;
    let iam = aws.iam();
    iam.attach_role_policy().role_name("r").policy_arn(&arn).send().await.unwrap();
    iam.put_role_policy().role_name("r").policy_name("i").policy_document(DOCUMENT).send().await.unwrap();
    iam.create_instance_profile().instance_profile_name("i").send().await.unwrap();
    iam.add_role_to_instance_profile().instance_profile_name("i").role_name("r").send().await.unwrap();
    role.delete(&object).await;
    let profile = iam.get_instance_profile().instance_profile_name("i").send().await.unwrap();
    assert!(profile.instance_profile().unwrap().roles().is_empty());
}

#[tokio::test]
async fn a_principal_that_iam_does_not_know_yet_is_tried_again() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    for operation in ["iam.CreateRole", "iam.UpdateAssumeRolePolicy"] {
        let message = "Invalid principal in policy: \"AWS\":\"arn:aws:iam::123456789012:role/new\"";
        proxy.rule(Rule::on(operation).calls(1..=2).fail(400, "MalformedPolicyDocument", message));
    }
    let role = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let object = role.create(&format!("name = \"r\"\n{TRUST}")).await;
    role.update(&object, &format!("name = \"r\"\n{OTHER_TRUST}")).await;
    assert_eq!(proxy.count("iam.CreateRole"), 3);
    assert_eq!(proxy.count("iam.UpdateAssumeRolePolicy"), 3);
    proxy.rule(Rule::on("iam.CreateRole").fail(400, "MalformedPolicyDocument", "Syntax errors in policy."));
    let error = role.create_fails(&format!("name = \"s\"\n{TRUST}")).await;
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert_eq!(proxy.count("iam.CreateRole"), 4, "what does not pass is said at once");
}

#[tokio::test]
async fn a_role_that_is_not_seen_yet_is_waited_for() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.GetRole").calls(1..=2).fail(404, "NoSuchEntity", "The role cannot be found."));
    proxy.rule(Rule::on("iam.PutRolePolicy").call(1).fail(404, "NoSuchEntity", "The role cannot be found."));
    proxy.rule(Rule::on("iam.ListRolePolicies").call(1).fail(
        404,
        "NoSuchEntity",
        "The role cannot be found.",
    ));
    let role = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let block = format!("inline_policy {{\n  name = \"a\"\n  policy = {}\n}}", quoted(DOCUMENT));
    role.create(&format!("name = \"r\"\n{TRUST}\n{block}")).await;
    assert_eq!(inline(&aws, "r").await, ["a"]);
}

#[tokio::test]
async fn a_lost_answer_is_no_error_and_somebody_elses_role_is_one() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.CreateRole").call(1).cut_after());
    let role = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    role.create(&format!("name = \"r\"\n{TRUST}")).await;
    let error = role.create_fails(&format!("name = \"r\"\n{TRUST}")).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn one_that_fails_half_way_is_recorded_as_it_is() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.AttachRolePolicy").fail(403, "AccessDenied", "not authorized"));
    let role = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let arn = policy(&aws, "p").await;
    let error = role.create_fails(&format!("name = \"r\"\n{TRUST}\nmanaged_policy_arns = [{arn:?}]")).await;
    assert_eq!((error.kind, &*error.operation), (ErrorKind::AccessDenied, "iam:AttachRolePolicy"));
    let partial = error.partial.unwrap();
    assert_eq!(partial.text("id"), Some("r"));
    assert_eq!(partial.texts("managed_policy_arns"), [""; 0]);
}

#[tokio::test]
async fn one_unreadable_or_missing_role_hides_no_other() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let role = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let first = role.create(&format!("name = \"first\"\n{TRUST}")).await;
    let gone = role.ty.import_seed("gone").unwrap();
    proxy.forget_calls();
    let results = role.read_all(&[gone.clone(), first.clone()]).await;
    assert!(matches!(results[..], [ReadResult::Missing, ReadResult::Found(_)]));
    assert!(proxy.calls().len() <= 6, "three calls a role without inline policies");
    proxy.rule(Rule::on("iam.ListAttachedRolePolicies").fail(403, "AccessDenied", "not authorized"));
    let results = role.read_all(&[first]).await;
    let [ReadResult::Unreadable(error)] = &results[..] else { panic!("{results:?}") };
    assert_eq!(error.operation, "iam:ListAttachedRolePolicies");
}

#[tokio::test]
async fn what_iam_would_refuse_is_said_offline() {
    let role = Lifecycle::new(TYPE, &Aws::fresh());
    let said = |text: &str| errors(&role.problems(text));
    assert_eq!(said(&format!("name = \"ok+=,.@_-1\"\npermissions_boundary = \"\"\n{TRUST}")), [""; 0]);
    let long = "x".repeat(65);
    for (text, word) in [
        (format!("name = \"sp ace\"\n{TRUST}"), "English"),
        (format!("name = {long:?}\n{TRUST}"), "1 to 64"),
        (format!("name_prefix = {:?}\n{TRUST}", &long[..39]), "1 to 38"),
        (format!("name = \"a\"\nname_prefix = \"b\"\n{TRUST}"), "Only one"),
        (format!("path = {:?}\n{TRUST}", "/".repeat(513)), "0 to 512"),
        (format!("description = \"a “b”\"\n{TRUST}"), "quotation"),
        (format!("max_session_duration = 60\n{TRUST}"), "3600 to 43200"),
        (format!("permissions_boundary = \"x\"\n{TRUST}"), "not an ARN"),
        (format!("managed_policy_arns = [\"x\"]\n{TRUST}"), "not an ARN"),
        (format!("inline_policy {{\n  name = \"a b\"\n  policy = \"{{}}\"\n}}\n{TRUST}"), "English"),
        (format!("inline_policy {{\n  name = \"a\"\n  policy = \"[]\"\n}}\n{TRUST}"), "array"),
        ("assume_role_policy = \"\"".to_owned(), "empty"),
        ("assume_role_policy = \"{\\\"a\\\":1,\\\"a\\\":2}\"".to_owned(), "twice"),
        ("assume_role_policy = \"{\"".to_owned(), "not valid JSON"),
    ] {
        let said = said(&text);
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
}
