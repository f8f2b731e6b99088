use aws_sdk_ec2::primitives::Blob;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::{ReadRequest, ReadResult};
use recon::schema::Equality;

use crate::subject::{Subject, tags};
use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};

const TYPE: &str = "aws_key_pair";
const RSA: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC2t1bO5AqeLv4/c7I5O4ykak2kNCWpYlD9X72ANJ7ylP61Lpc62I+6ZWbuw1PKK/ttwL+vYJUGCGCIEtc3s+HJRHBtNZqk09eDlvQupzSffNTCsjd2x668KbnqxGQerS0ng0BHEYsffp8whMWxAQWFtO6AZaNMrt/DIjKHDQs0Yy3uJx62x2U7JRuD0HCooV4d1HlB+H8JE7QkTGNC7GjZ6ldb9dUgtKATxELsT9y9ronObceR9t7w3St8oIPf3QJ1An7ipH98x7umTFRcxo3Xcm4eDzQRyQYgs85gqdnL5TqJT3pqnNxSKN4vzMcqZ3bIQ8lDVhv/ECAZzCw5AHnB ann@example";
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPm91DZmqRC/uCIId/bMpM/38DeV7ktdkBa9TZCrXfRh ann@example";

#[tokio::test]
async fn a_key_pair_is_imported_tagged_and_deleted() {
    let aws = Aws::fresh();
    let pair = Subject::new(TYPE, &aws).await;
    let config = |tags: Value| vec![("key_name", "ann".into()), ("public_key", RSA.into()), ("tags", tags)];
    let object = pair.create(config(tags(&[("Name", "a"), ("old", "x")]))).await;
    assert_eq!(object.text("id"), Some("ann"));
    assert_eq!(object.text("arn"), Some(&*format!("arn:aws:ec2:eu-west-3:{}:key-pair/ann", aws.account())));
    assert_eq!(object.text("fingerprint"), Some("40:e4:9a:64:bb:25:28:81:74:b0:3e:79:f7:2e:f2:9d"));
    assert_eq!(object.text("key_type"), Some("rsa"));
    assert_eq!(object.text("key_name_prefix"), Some(""));
    assert_eq!(object.text("public_key"), Some(RSA));
    let object = pair.update(&object, config(tags(&[("Name", "b"), ("new", "y")]))).await;
    let live = aws.ec2().describe_key_pairs().key_names("ann").send().await.unwrap();
    let mut live: Vec<_> =
        live.key_pairs()[0].tags().iter().map(|tag| (tag.key().unwrap(), tag.value().unwrap())).collect();
    live.sort_unstable();
    assert_eq!(live, [("Name", "b"), ("new", "y")]);
    pair.delete(&object).await;
    assert!(aws.ec2().describe_key_pairs().send().await.unwrap().key_pairs().is_empty());
}

#[tokio::test]
async fn names_are_generated_from_a_prefix_or_without_one() {
    let pair = Subject::new(TYPE, &Aws::fresh()).await;
    let prefixed =
        pair.create(vec![("key_name_prefix", "web-".into()), ("public_key", ED25519.into())]).await;
    assert!(prefixed.text("key_name").unwrap().starts_with("web-2024"));
    assert_eq!(prefixed.text("key_name_prefix"), Some("web-"));
    assert_eq!(prefixed.text("key_type"), Some("ed25519"));
    let nameless = pair.create(vec![("public_key", ED25519.into())]).await;
    assert_eq!(nameless.text("key_name_prefix"), Some("terraform-"));
}

#[tokio::test]
async fn another_key_under_the_name_is_seen_by_its_fingerprint() {
    let aws = Aws::fresh();
    let pair = Subject::new(TYPE, &aws).await;
    let object = pair.create(vec![("key_name", "ann".into()), ("public_key", RSA.into())]).await;
    aws.ec2().delete_key_pair().key_name("ann").send().await.unwrap();
    let other = aws.ec2().import_key_pair().key_name("ann").public_key_material(Blob::new(ED25519));
    other.send().await.unwrap();
    let live = pair.read(&object).await.unwrap();
    assert_ne!(live.get("fingerprint"), object.get("fingerprint"));
    let equality: Equality = pair.block().attributes["public_key"].equality;
    assert!(!equality.same(&live.get("public_key").unwrap(), &RSA.into()));
}

/// A pair made before EC2 kept keys has a fingerprint only. Shown by a proxy that takes the key out of the answer.
#[tokio::test]
async fn without_the_key_in_the_answer_fingerprints_decide() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("ec2.DescribeKeyPairs").rewrite(|_, reply| {
        let text = reply.text();
        let mut parts = text.split("<publicKey>");
        let mut kept = parts.next().unwrap().to_owned();
        for part in parts {
            kept.push_str(part.split_once("</publicKey>").unwrap().1);
        }
        reply.with_body(kept)
    }));
    let pair = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let object = pair.create(vec![("key_name", "ann".into()), ("public_key", RSA.into())]).await;
    assert_eq!(object.text("public_key"), Some(RSA), "the key's own fingerprint is the live one");
    let recorded_as_another = object.with("fingerprint", "00:11".into());
    let live = pair.read(&recorded_as_another).await.unwrap();
    assert!(live.get("public_key").unwrap().is_null(), "it is another key, and nobody knows which");
}

#[tokio::test]
async fn an_imported_key_pair_has_its_key() {
    let aws = Aws::fresh();
    aws.ec2().import_key_pair().key_name("ann").public_key_material(Blob::new(RSA)).send().await.unwrap();
    let pair = Subject::new(TYPE, &aws).await;
    let live = pair.read(&pair.ty.import_seed("ann").unwrap()).await.unwrap();
    let equality: Equality = pair.block().attributes["public_key"].equality;
    let without_comment = RSA.rsplit_once(' ').unwrap().0;
    assert!(equality.same(&live.get("public_key").unwrap(), &without_comment.into()));
}

#[tokio::test]
async fn many_are_read_with_one_call_and_a_missing_one_hides_none() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let pair = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    let mut requests = Vec::new();
    for index in 0..3 {
        let name = format!("key {index}");
        aws.ec2().import_key_pair().key_name(&name).public_key_material(Blob::new(RSA)).send().await.unwrap();
        requests.push(ReadRequest { known: pair.ty.import_seed(&name).unwrap() });
    }
    requests.insert(1, ReadRequest { known: pair.ty.import_seed("gone").unwrap() });
    proxy.forget_calls();
    let results = pair.ty.read(&pair.connection, &requests).await;
    let found = results.iter().map(|result| matches!(result, ReadResult::Found(_))).collect::<Vec<_>>();
    assert_eq!(found, [true, false, true, true]);
    assert_eq!(proxy.count("ec2.DescribeKeyPairs"), 1);
}

#[tokio::test]
async fn a_lost_answer_to_import_is_no_error() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("ec2.ImportKeyPair").call(1).cut_after());
    let pair = Subject::new(TYPE, &aws.through(proxy.endpoint())).await;
    pair.create(vec![("key_name", "ann".into()), ("public_key", RSA.into())]).await;
    assert_eq!(proxy.count("ec2.ImportKeyPair"), 2);
}

#[tokio::test]
async fn a_key_is_checked_offline() {
    let pair = Subject::new(TYPE, &Aws::fresh()).await;
    assert_eq!(pair.problems(vec![("public_key", RSA.into())]), Vec::<String>::new());
    assert_eq!(pair.problems(vec![("public_key", "ssh-rsa your-key".into())]), ["Invalid public key"]);
    let both = vec![("public_key", RSA.into()), ("key_name", "a".into()), ("key_name_prefix", "b".into())];
    assert_eq!(pair.problems(both), ["Conflicting arguments"]);
    let long = "x".repeat(256);
    assert_eq!(
        pair.problems(vec![("public_key", RSA.into()), ("key_name", (&*long).into())]),
        ["Name too long"]
    );
}
