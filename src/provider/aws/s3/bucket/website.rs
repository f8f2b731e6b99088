//! A bucket as a website, as the schema's deprecated block shows it.

use aws_sdk_s3::operation::get_bucket_website::GetBucketWebsiteOutput;
use aws_sdk_s3::types::{RedirectAllRequestsTo, RoutingRule};
use serde_json::{Map, Value as Json};

use super::super::calls::{answer, configured, is_unsupported};
use crate::lang::value::Value;
use crate::provider::OperationError;
use crate::provider::aws::Aws;
use crate::provider::aws::elbv2::blocks::{none, one};
use crate::schema::BlockSchema;

/// The website of a bucket, if it is one.
pub(super) async fn find(aws: &Aws, bucket: &str) -> Result<Option<GetBucketWebsiteOutput>, OperationError> {
    let call = aws.s3().get_bucket_website().bucket(bucket).send().await;
    match configured(answer("s3:GetBucketWebsite", call)) {
        Err(error) if is_unsupported(&error) => Ok(None),
        other => other,
    }
}

/// `website`
pub(super) fn block(found: Option<&GetBucketWebsiteOutput>, schema: &BlockSchema) -> Value {
    let Some(found) = found else { return none(schema, "website") };
    one(
        schema,
        "website",
        [
            ("error_document", Value::string(found.error_document().map_or("", |document| document.key()))),
            (
                "index_document",
                Value::string(found.index_document().map_or("", |document| document.suffix())),
            ),
            (
                "redirect_all_requests_to",
                Value::string(found.redirect_all_requests_to().map(redirect).unwrap_or_default()),
            ),
            ("routing_rules", Value::string(routing_rules(found.routing_rules()))),
        ],
    )
}

/// `host`, with the protocol before it if it is to be a certain one.
fn redirect(all: &RedirectAllRequestsTo) -> String {
    match all.protocol() {
        Some(protocol) => format!("{}://{}", protocol.as_str(), all.host_name()),
        None => all.host_name().to_owned(),
    }
}

/// Routing rules in JSON, with the names of the API and no empty members; empty if there are none.
fn routing_rules(rules: &[RoutingRule]) -> String {
    if rules.is_empty() {
        return String::new();
    }
    let object = |members: &[(&str, Option<&str>)]| -> Option<Json> {
        let members: Map<String, Json> = members
            .iter()
            .filter_map(|(name, value)| Some(((*name).to_owned(), Json::from((*value)?))))
            .collect();
        (!members.is_empty()).then_some(Json::Object(members))
    };
    let rule = |rule: &RoutingRule| {
        let condition = rule.condition().and_then(|condition| {
            object(&[
                ("HttpErrorCodeReturnedEquals", condition.http_error_code_returned_equals()),
                ("KeyPrefixEquals", condition.key_prefix_equals()),
            ])
        });
        let redirect = rule.redirect().and_then(|redirect| {
            object(&[
                ("HostName", redirect.host_name()),
                ("HttpRedirectCode", redirect.http_redirect_code()),
                ("Protocol", redirect.protocol().map(|protocol| protocol.as_str())),
                ("ReplaceKeyPrefixWith", redirect.replace_key_prefix_with()),
                ("ReplaceKeyWith", redirect.replace_key_with()),
            ])
        });
        let members = [("Condition", condition), ("Redirect", redirect)];
        let members = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Json::Object(members.collect())
    };
    Json::Array(rules.iter().map(rule).collect()).to_string()
}
