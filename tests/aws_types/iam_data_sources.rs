//! `aws_iam_policy_document`, `aws_iam_role` and `aws_partition`.
//!
//! `policy_documents.json` holds configurations of `aws_iam_policy_document` with what Terraform 1.11.4 and hashicorp/aws
//! 5.100.0 make of them, or that they refuse them.

use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{Connection, ErrorKind, Problems};
use serde_json::Value as Json;

use crate::subject::connect;
use crate::support::aws::Aws;
use crate::support::lifecycle::decoded;

#[tokio::test]
async fn policy_documents_are_those_of_the_provider() {
    let cases: Json = serde_json::from_str(include_str!("policy_documents.json")).unwrap();
    let source = Registry::new().data_source("aws_iam_policy_document").unwrap();
    let mut wrong = Vec::new();
    let cases = cases.as_array().unwrap();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let config = decoded(&source.schema().block, case["configuration"].as_str().unwrap());
        let mut problems = Problems::default();
        source.validate(&config, &mut problems);
        let read = source.read(&Connection::None, &config).await;
        if case["refused"] == true {
            if problems.0.is_empty() && read.is_ok() {
                wrong.push(format!("{name}: not refused"));
            }
            continue;
        }
        if !problems.0.is_empty() {
            wrong.push(format!("{name}: {:?}", problems.0));
            continue;
        }
        let object = read.unwrap();
        for attribute in ["id", "json", "minified_json", "version"] {
            if object.text(attribute) != case[attribute].as_str() {
                wrong.push(format!(
                    "{name}: {attribute} is\n{}\nwanted\n{}",
                    object.text(attribute).unwrap_or("nothing"),
                    case[attribute].as_str().unwrap()
                ));
            }
        }
    }
    assert!(cases.len() > 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn what_is_wrong_with_a_policy_document_is_said() {
    let source = Registry::new().data_source("aws_iam_policy_document").unwrap();
    let said = async |text: &str| {
        let config = decoded(&source.schema().block, text);
        let mut problems = Problems::default();
        source.validate(&config, &mut problems);
        match problems.0.first() {
            Some(problem) => problem.detail.clone(),
            None => source.read(&Connection::None, &config).await.unwrap_err().message,
        }
    };
    for (text, word) in [
        ("source_policy_documents = [\"{}\", \"{\"]", "not valid JSON"),
        ("override_policy_documents = [\"[]\"]", "a JSON object"),
        (
            "override_policy_documents = [\"{\\\"Statement\\\": [{\\\"Action\\\": [5]}]}\"]",
            "\"Action\" must be",
        ),
        ("source_json = \"{}\"", "source_policy_documents"),
        ("version = \"2012\"", "2012-10-17"),
        ("statement {\n  sid = \"A\"\n}\nstatement {\n  sid = \"A\"\n}", "\"A\""),
    ] {
        let said = said(text).await;
        assert!(said.contains(word), "{text}: {said}");
    }
}

#[tokio::test]
async fn a_statement_is_kept_with_what_it_left_out() {
    let source = Registry::new().data_source("aws_iam_policy_document").unwrap();
    let config = decoded(&source.schema().block, "statement {\n  actions = [\"a:b\"]\n}\n");
    let object = source.read(&Connection::None, &config).await.unwrap();
    let statement = object.block("statement").unwrap();
    assert_eq!(statement.text("effect"), Some("Allow"));
    assert_eq!(statement.text("sid"), Some(""));
    assert_eq!(statement.texts("actions"), ["a:b"]);
    assert_eq!(statement.get("resources").unwrap(), recon::provider::object::text_set::<&str>([]));
}

#[tokio::test]
async fn a_role_is_looked_up_by_its_name() {
    let aws = Aws::fresh();
    let trust = r#"{"Version":"2012-10-17","Statement":[]}"#;
    let made = aws.iam().create_role().role_name("r").path("/p/").assume_role_policy_document(trust);
    let tag = aws_sdk_iam::types::Tag::builder().key("Name").value("n").build().unwrap();
    let made = made.description("d").max_session_duration(4000).tags(tag).send().await.unwrap();
    let role = made.role().unwrap();
    let connection = connect(&aws, Vec::new()).await.unwrap();
    let source = Registry::new().data_source("aws_iam_role").unwrap();
    let read = async |name: &str| {
        source.read(&connection, &source.schema().block.object([("name", Value::string(name))])).await
    };
    let object = read("r").await.unwrap();
    assert_eq!(object.text("id"), Some("r"));
    assert_eq!(object.text("arn"), Some(role.arn()));
    assert_eq!(object.text("unique_id"), Some(role.role_id()));
    assert_eq!(object.text("assume_role_policy"), Some(trust));
    assert_eq!((object.text("path"), object.text("description")), (Some("/p/"), Some("d")));
    assert_eq!(object.text("permissions_boundary"), Some(""));
    assert_eq!(object.integer("max_session_duration"), Some(4000));
    assert_eq!(
        object.text_map("tags").into_iter().collect::<Vec<_>>(),
        [("Name".to_owned(), "n".to_owned())]
    );
    assert_eq!(read("nobody").await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn the_partition_is_the_regions() {
    let source = Registry::new().data_source("aws_partition").unwrap();
    // The answers of hashicorp/aws 5.100.0.
    for (region, partition, suffix, reversed) in [
        ("eu-west-3", "aws", "amazonaws.com", "com.amazonaws"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn", "cn.com.amazonaws"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com", "com.amazonaws"),
    ] {
        let connection = connect(&Aws::fresh().in_region(region), Vec::new()).await.unwrap();
        let object = source.read(&connection, &source.schema().block.object([])).await.unwrap();
        assert_eq!(object.text("id"), Some(partition));
        assert_eq!(object.text("partition"), Some(partition));
        assert_eq!(object.text("dns_suffix"), Some(suffix));
        assert_eq!(object.text("reverse_dns_prefix"), Some(reversed));
    }
}
