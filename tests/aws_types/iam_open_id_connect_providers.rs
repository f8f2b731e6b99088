//! `aws_iam_openid_connect_provider`, read back through the SDK.

use recon::provider::object::Object;
use recon::provider::{ErrorKind, ReadResult};

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_iam_openid_connect_provider";
const FIRST: &str = "990f4193972f2becf12ddeda5237f9c952f20d9e";
const SECOND: &str = "6938fd4d98bab03faadb97b34396831e3780aea1";

fn code(clients: &[&str], thumbprints: &[&str], more: &str) -> String {
    format!(
        "url = \"https://token.example.com/x\"\nclient_id_list = {clients:?}\nthumbprint_list = {thumbprints:?}\n{more}\n"
    )
}

#[tokio::test]
async fn a_provider_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    let provider = Lifecycle::new(TYPE, &aws);
    let object = provider.create(&code(&["a", "b"], &[FIRST], "tags = { Name = \"a\", old = \"x\" }")).await;
    let arn = format!("arn:aws:iam::{}:oidc-provider/token.example.com/x", aws.account());
    assert_eq!((object.text("id"), object.text("arn")), (Some(&*arn), Some(&*arn)));
    // Without the scheme, as IAM answers it and the AWS provider records it.
    assert_eq!(object.text("url"), Some("token.example.com/x"));

    let changed = code(&["c", "b", "d"], &[SECOND, FIRST], "tags = { Name = \"b\" }");
    let (object, changes) = provider.update(&object, &changed).await;
    assert_eq!(changes, [".client_id_list", ".tags", ".tags_all", ".thumbprint_list"]);
    let live =
        aws.iam().get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await.unwrap();
    let mut clients = live.client_id_list().to_vec();
    clients.sort();
    assert_eq!(clients, ["b", "c", "d"]);
    assert_eq!(live.thumbprint_list(), [SECOND, FIRST]);
    let mut tags: Vec<_> = live.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "b"), ("team", "data")]);

    let other = changed.replace("token.", "other.");
    assert_eq!(provider.plan(Some(&object), &other).replace, [".url"]);
    provider.delete(&object).await;
}

/// IAM fetches a thumbprint by itself where none is given; the proxy plays that.
#[tokio::test]
async fn thumbprints_that_iam_fills_in_are_no_drift() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("iam.GetOpenIDConnectProvider").rewrite(|_, reply| {
        let text = reply.text();
        let list = format!("<ThumbprintList><member>{FIRST}</member></ThumbprintList>");
        let body = match text.split_once("<ThumbprintList>") {
            Some((before, rest)) => {
                let after = rest.split_once("</ThumbprintList>").unwrap().1;
                format!("{before}{list}{after}")
            }
            None => text.replace("<ThumbprintList/>", &list).replace("<ThumbprintList />", &list),
        };
        assert!(body.contains(FIRST) || !reply.status.is_success(), "{body}");
        reply.with_body(body)
    }));
    let provider = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    let silent = "url = \"https://a.example.com\"\nclient_id_list = [\"a\"]\n";
    let object = provider.create(silent).await;
    assert_eq!(object.texts("thumbprint_list"), [FIRST]);
    let empty = provider.plan(Some(&object), &format!("{silent}thumbprint_list = []"));
    assert_eq!(empty.changes, [""; 0]);
}

#[tokio::test]
async fn a_provider_is_found_by_its_arn_and_by_its_url() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let provider = Lifecycle::new(TYPE, &aws.through(proxy.endpoint()));
    proxy.rule(Rule::on("iam.CreateOpenIDConnectProvider").call(1).cut_after());
    let object = provider.create(&code(&["a"], &[FIRST], "")).await;
    let found = provider.read(&provider.ty.identity(&object).unwrap()).await.unwrap();
    assert_eq!(found.get("arn"), object.get("arn"));
    let arn = object.text("arn").unwrap();
    let seeds = [arn.replace("/x", "/y"), arn.to_owned()].map(|arn| provider.ty.import_seed(&arn).unwrap());
    let results = provider.read_all(&seeds).await;
    assert!(matches!(results[..], [ReadResult::Missing, ReadResult::Found(_)]));
    assert!(provider.ty.import_seed("https://token.example.com").is_err());
    assert_eq!(provider.create_fails(&code(&["a"], &[FIRST], "")).await.kind, ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn what_iam_would_refuse_is_said_offline() {
    let provider = Lifecycle::new(TYPE, &Aws::fresh());
    let with = |url: &str, clients: &str, thumbprints: &str| {
        format!("url = {url:?}\nclient_id_list = {clients}\nthumbprint_list = {thumbprints}")
    };
    assert_eq!(errors(&provider.problems(&code(&["a"], &[FIRST], ""))), [""; 0]);
    for (text, word) in [
        (with("http://x", "[\"a\"]", "[]"), "https://"),
        (with("x", "[\"a\"]", "[]"), "https://"),
        (with("https:///x", "[\"a\"]", "[]"), "no host"),
        (with("https://x?a=b", "[\"a\"]", "[]"), "query"),
        (with("https://x", "[\"\"]", "[]"), "1 to 255"),
        (with("https://x", "[\"a\"]", "[\"x\"]"), "40 hexadecimal"),
    ] {
        let said = errors(&provider.problems(&text));
        assert!(said.len() == 1 && said[0].contains(word), "{text}\n{said:?}");
    }
}
