use recon::lang::value::Value;
use recon::provider::ErrorKind;
use recon::provider::object::Object;
use recon::provider::registry::Registry;

use crate::subject::connect;
use crate::support::aws::Aws;
use crate::support::proxy::Proxy;

#[tokio::test]
async fn the_caller_is_asked_once() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let connection = connect(&aws.through(proxy.endpoint()), Vec::new()).await.unwrap();
    assert_eq!(proxy.calls().len(), 0, "configuring alone calls nobody");
    let source = Registry::new().data_source("aws_caller_identity").unwrap();
    for _ in 0..2 {
        let object = source.read(&connection, &source.schema().block.object([])).await.unwrap();
        assert_eq!(object.text("account_id"), Some(aws.account()));
        assert_eq!(object.text("id"), Some(aws.account()));
        assert!(object.text("arn").unwrap().starts_with("arn:aws:"));
        assert!(object.text("user_id").is_some());
    }
    assert_eq!(proxy.count("sts.GetCallerIdentity"), 1);
}

#[tokio::test]
async fn a_region_is_the_connections_or_the_one_that_is_named() {
    let connection = connect(&Aws::fresh(), Vec::new()).await.unwrap();
    let source = Registry::new().data_source("aws_region").unwrap();
    let read = async |attributes: Vec<(&str, Value)>| {
        source.read(&connection, &source.schema().block.object(attributes)).await
    };
    // The answers of hashicorp/aws 5.100.0.
    let own = read(vec![]).await.unwrap();
    assert_eq!(own.text("name"), Some("eu-west-3"));
    assert_eq!(own.text("id"), Some("eu-west-3"));
    assert_eq!(own.text("description"), Some("Europe (Paris)"));
    assert_eq!(own.text("endpoint"), Some("ec2.eu-west-3.amazonaws.com"));
    let named = read(vec![("name", "cn-north-1".into())]).await.unwrap();
    assert_eq!(named.text("endpoint"), Some("ec2.cn-north-1.amazonaws.com.cn"));
    let by_endpoint = read(vec![("endpoint", "ec2.eu-west-1.amazonaws.com".into())]).await.unwrap();
    assert_eq!(by_endpoint.text("name"), Some("eu-west-1"));
    let wrong = read(vec![("name", "nowhere".into())]).await.unwrap_err();
    assert_eq!(wrong.kind, ErrorKind::NotFound);
    let both = vec![("name", "eu-west-1".into()), ("endpoint", "ec2.eu-west-3.amazonaws.com".into())];
    assert_eq!(read(both).await.unwrap_err().kind, ErrorKind::NotFound);
}
