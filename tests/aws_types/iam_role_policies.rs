//! `aws_iam_role_policy` and `aws_iam_role_policy_attachment`, read back through the SDK.

use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const INLINE: &str = "aws_iam_role_policy";
const ATTACHMENT: &str = "aws_iam_role_policy_attachment";
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;
const DOCUMENT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}"#;

async fn role(aws: &Aws, name: &str) {
    aws.iam().create_role().role_name(name).assume_role_policy_document(TRUST).send().await.unwrap();
}

async fn policy(aws: &Aws, name: &str) -> String {
    let made = aws.iam().create_policy().policy_name(name).policy_document(DOCUMENT).send().await.unwrap();
    made.policy().unwrap().arn().unwrap().to_owned()
}

async fn attached(aws: &Aws, role: &str) -> Vec<String> {
    let answer = aws.iam().list_attached_role_policies().role_name(role).send().await.unwrap();
    answer.attached_policies().iter().map(|policy| policy.policy_arn().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_inline_policy_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let inline = Lifecycle::new(INLINE, &aws);
    let text = |document: &str| format!("name = \"p\"\nrole = \"r\"\npolicy = {document:?}\n");
    let object = inline.create(&text(DOCUMENT)).await;
    assert_eq!(object.text("id"), Some("r:p"));
    assert_eq!(object.text("name_prefix"), Some(""));
    let other = DOCUMENT.replace("GetObject", "PutObject");
    let (object, changes) = inline.update(&object, &text(&other)).await;
    assert_eq!(changes, [".policy"]);
    let live = aws.iam().get_role_policy().role_name("r").policy_name("p").send().await.unwrap();
    assert!(live.policy_document().contains("PutObject"));
    let spelt = r#" {"Statement": {"Resource": ["*"], "Action": ["s3:PutObject"], "Effect": "Allow"}, "Version": "2012-10-17"}"#;
    assert_eq!(inline.plan(Some(&object), &text(spelt)).changes, [""; 0]);
    let imported = inline.read(&inline.ty.import_seed("r:p").unwrap()).await.unwrap();
    assert_eq!(imported, object);
    inline.delete(&object).await;
    assert!(inline.ty.import_seed("p").is_err());
}

#[tokio::test]
async fn an_inline_policys_name_can_be_generated() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let inline = Lifecycle::new(INLINE, &aws);
    let with = |name: &str| format!("{name}\nrole = \"r\"\npolicy = {DOCUMENT:?}\n");
    let object = inline.create(&with("name_prefix = \"web-\"")).await;
    assert!(object.text("name").unwrap().starts_with("web-2026"));
    assert_eq!(inline.plan(Some(&object), &with("name_prefix = \"db-\"")).replace, [".name_prefix"]);
    assert_eq!(inline.plan(Some(&object), &with("name = \"x\"")).replace, [".name"]);
    let elsewhere = with("name_prefix = \"web-\"").replace("\"r\"", "\"s\"");
    assert_eq!(inline.plan(Some(&object), &elsewhere).replace, [".role"]);
    let object = inline.create(&with("")).await;
    assert_eq!(object.text("name_prefix"), Some("terraform-"));
}

#[tokio::test]
async fn an_inline_policy_waits_for_its_role_and_spares_anothers() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.PutRolePolicy").calls(1..=2).fail(404, "NoSuchEntity", "no such role"));
    let inline = Lifecycle::new(INLINE, &aws.through(proxy.endpoint()));
    let text = format!("name = \"p\"\nrole = \"r\"\npolicy = {DOCUMENT:?}\n");
    let object = inline.create(&text).await;
    assert_eq!(proxy.count("iam.PutRolePolicy"), 3);
    let error = inline.create_fails(&text).await;
    assert_eq!(error.kind, ErrorKind::AlreadyExists);
    assert!(error.message.contains("import \"r:p\""), "{error}");
    assert_eq!(proxy.count("iam.PutRolePolicy"), 3);
    let gone = inline.ty.import_seed("s:p").unwrap();
    let results = inline.read_all(&[gone, object]).await;
    assert!(matches!(results[..], [ReadResult::Missing, ReadResult::Found(_)]));
}

#[tokio::test]
async fn a_policy_is_attached_and_detached() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let (first, second) = (policy(&aws, "first").await, policy(&aws, "second").await);
    let attachment = Lifecycle::new(ATTACHMENT, &aws);
    let text = |role: &str, arn: &str| format!("role = {role:?}\npolicy_arn = {arn:?}\n");
    let object = attachment.create(&text("r", &first)).await;
    assert!(object.text("id").unwrap().starts_with("r-2026"), "{object:?}");
    assert_eq!(attached(&aws, "r").await, [&*first]);
    assert_eq!(attachment.plan(Some(&object), &text("r", &second)).replace, [".policy_arn"]);
    assert_eq!(attachment.plan(Some(&object), &text("s", &first)).replace, [".role"]);
    let seed = attachment.ty.import_seed(&format!("r/{first}")).unwrap();
    let imported = attachment.read(&seed).await.unwrap();
    // As hashicorp/aws 5.100.0 imports it.
    assert_eq!(imported.text("id"), Some(&*format!("r-{first}")));
    let journal = attachment.ty.identity(&object).unwrap();
    assert_eq!(attachment.read(&journal).await.unwrap(), object);
    attachment.delete(&object).await;
    assert_eq!(attached(&aws, "r").await, [""; 0]);
    for id in ["r", "/x", "r/x"] {
        assert!(attachment.ty.import_seed(id).is_err(), "{id}");
    }
}

#[tokio::test]
async fn all_attachments_of_a_role_are_read_with_one_call() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    role(&aws, "s").await;
    let proxy = Proxy::before(&aws);
    let attachment = Lifecycle::new(ATTACHMENT, &aws.through(proxy.endpoint()));
    let mut known = Vec::new();
    for name in ["a", "b", "c"] {
        let arn = policy(&aws, name).await;
        known.push(attachment.create(&format!("role = \"r\"\npolicy_arn = {arn:?}")).await);
        known.push(attachment.ty.import_seed(&format!("s/{arn}")).unwrap());
    }
    known.push(attachment.ty.import_seed("gone/arn:aws:iam::aws:policy/x").unwrap());
    proxy.forget_calls();
    let results = attachment.read_all(&known).await;
    let found: Vec<bool> = results.iter().map(|result| matches!(result, ReadResult::Found(_))).collect();
    assert_eq!(found, [true, false, true, false, true, false, false]);
    assert_eq!(proxy.count("iam.ListAttachedRolePolicies"), 3);
    assert_eq!(proxy.calls().len(), 3);
}

#[tokio::test]
async fn an_attachment_waits_until_it_is_seen() {
    let aws = Aws::fresh();
    role(&aws, "r").await;
    let arn = policy(&aws, "p").await;
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.AttachRolePolicy").calls(1..=2).fail(404, "NoSuchEntity", "no such policy"));
    proxy.rule(Rule::on("iam.ListAttachedRolePolicies").call(1).rewrite(|_, reply| {
        let text = reply.text();
        let (before, rest) = text.split_once("<AttachedPolicies>").unwrap();
        let after = rest.split_once("</AttachedPolicies>").unwrap().1;
        reply.with_body(format!("{before}<AttachedPolicies/>{after}"))
    }));
    let attachment = Lifecycle::new(ATTACHMENT, &aws.through(proxy.endpoint()));
    attachment.create(&format!("role = \"r\"\npolicy_arn = {arn:?}")).await;
    assert_eq!(proxy.count("iam.AttachRolePolicy"), 3);
    assert!(proxy.count("iam.ListAttachedRolePolicies") >= 2);
}

#[tokio::test]
async fn what_iam_would_refuse_is_said_offline() {
    let aws = Aws::fresh();
    let inline = Lifecycle::new(INLINE, &aws);
    let policy = format!("policy = {DOCUMENT:?}");
    for (text, word) in [
        (format!("name = \"a b\"\nrole = \"r\"\n{policy}"), "English"),
        (format!("name = {:?}\nrole = \"r\"\n{policy}", "x".repeat(129)), "1 to 128"),
        (format!("name = \"a\"\nname_prefix = \"b\"\nrole = \"r\"\n{policy}"), "Only one"),
        (format!("role = \"\"\n{policy}"), "1 to 128"),
        (format!("role = \"arn:aws:iam::1:role/r\"\n{policy}"), "is an ARN"),
        ("role = \"r\"\npolicy = \"\"".to_owned(), "empty"),
    ] {
        let said = errors(&inline.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
    let attachment = Lifecycle::new(ATTACHMENT, &aws);
    let said = errors(&attachment.problems("role = \"r\"\npolicy_arn = \"ReadOnlyAccess\""));
    assert!(said.len() == 1 && said[0].contains("not an ARN"), "{said:?}");
}
