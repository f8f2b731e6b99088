//! Objects of the bucket and items of the table.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ObjectCannedAcl, ServerSideEncryption};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::timeout::TimeoutConfig;
use md5::{Digest, Md5};

use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::{ErrorKind, OperationError};

use super::settings::{Encryption, Settings};

/// How long one try of a call may take, body sent and answer begun.
const ATTEMPT: Duration = Duration::from_secs(15);

/// More time for a large body: a second for so many bytes.
const BYTES_A_SECOND: usize = 256 * 1024;

/// How long the rest of an answer may take.
const BODY: Duration = Duration::from_secs(60);

/// How often an answer that is not whole is asked for again.
const READS: u32 = 3;

/// The clients and the settings.
#[derive(Debug)]
pub(crate) struct Remote {
    pub settings: Settings,
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
}

/// An object as it was found.
#[derive(Clone, Debug)]
pub(crate) struct Object {
    pub bytes: Vec<u8>,
    pub etag: String,
    /// `None` if the bucket keeps no versions.
    pub version: Option<String>,
    pub metadata: HashMap<String, String>,
}

impl Object {
    /// MD5 in hexadecimal digits, as the digest item has it.
    pub(crate) fn digest(&self) -> String {
        digest(&self.bytes)
    }
}

/// MD5 in hexadecimal digits.
pub(crate) fn digest(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What has to be there for a put to be done.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    Absent,
    /// The version with this ETag.
    Version(String),
}

/// Why a put was not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The condition does not hold. `may_be_ours`: an earlier try, whose answer was lost, may be what it met.
    Condition { may_be_ours: bool },
    /// Another request for the same object was under way.
    Conflict,
    /// The store does not know the condition.
    Unsupported(OperationError),
    /// It failed, and may yet have been done.
    Failed(OperationError),
}

impl Remote {
    pub(crate) fn new(aws: &Aws, settings: Settings) -> Remote {
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).build();
        let mut s3 = aws.s3().config().to_builder().timeout_config(timeouts.clone());
        if settings.path_style {
            s3 = s3.force_path_style(true);
        }
        if !settings.checksums {
            s3 = s3
                .request_checksum_calculation(aws_sdk_s3::config::RequestChecksumCalculation::WhenRequired)
                .response_checksum_validation(aws_sdk_s3::config::ResponseChecksumValidation::WhenRequired);
        }
        let dynamodb = aws.dynamodb().config().to_builder().timeout_config(timeouts);
        Remote {
            settings,
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
        }
    }

    /// `s3://bucket/key`
    pub(crate) fn place(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.settings.bucket)
    }

    /// An object; `None` if there is none.
    pub(crate) async fn get(&self, key: &str) -> Result<Option<Object>, OperationError> {
        let mut reads = 1;
        loop {
            match self.get_once(key).await {
                // An answer that was cut off is no answer.
                Err(error) if error.code.as_deref() == Some(CUT_OFF) && reads < READS => reads += 1,
                other => return other,
            }
        }
    }

    async fn get_once(&self, key: &str) -> Result<Option<Object>, OperationError> {
        let mut call = self.s3.get_object().bucket(&self.settings.bucket).key(key);
        if let Encryption::Customer { key, digest } = &self.settings.encryption {
            call = call.sse_customer_algorithm("AES256").sse_customer_key(key).sse_customer_key_md5(digest);
        }
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let is_absent = status(&error) == Some(404);
                let error = explained(failed("s3:GetObject", error), &self.settings.bucket);
                return if is_absent && error.code.as_deref() != Some("NoSuchBucket") {
                    Ok(None)
                } else {
                    Err(error)
                };
            }
        };
        let is_md5 = !matches!(answer.server_side_encryption, Some(ServerSideEncryption::AwsKms))
            && !matches!(self.settings.encryption, Encryption::Customer { .. });
        let etag = answer.e_tag.unwrap_or_default();
        let body = tokio::time::timeout(BODY, answer.body.collect()).await;
        let bytes = match body {
            Ok(Ok(body)) => body.into_bytes().to_vec(),
            Ok(Err(error)) => return Err(cut_off(&error.to_string())),
            Err(_) => return Err(cut_off("it took too long")),
        };
        let expected = etag.trim_matches('"');
        if is_md5 && is_digest(expected) && digest(&bytes) != expected {
            return Err(cut_off("what came is not what the store says it holds"));
        }
        let metadata = answer.metadata.unwrap_or_default();
        Ok(Some(Object { bytes, etag, version: answer.version_id, metadata }))
    }

    /// Puts an object if the condition holds. Answers its ETag.
    pub(crate) async fn put(
        &self,
        key: &str,
        body: &[u8],
        condition: &Condition,
        metadata: &[(&str, String)],
    ) -> Result<String, Refusal> {
        let settings = &self.settings;
        let mut call = self
            .s3
            .put_object()
            .bucket(&settings.bucket)
            .key(key)
            .content_type("application/json")
            .body(ByteStream::from(body.to_vec()));
        if let Some(acl) = &settings.acl {
            call = call.acl(ObjectCannedAcl::from(acl.as_str()));
        }
        call = match &settings.encryption {
            Encryption::Bucket => call,
            Encryption::S3 => call.server_side_encryption(ServerSideEncryption::Aes256),
            Encryption::Kms(key) => {
                call.server_side_encryption(ServerSideEncryption::AwsKms).ssekms_key_id(key)
            }
            Encryption::Customer { key, digest } => {
                call.sse_customer_algorithm("AES256").sse_customer_key(key).sse_customer_key_md5(digest)
            }
        };
        call = match condition {
            Condition::Absent => call.if_none_match("*"),
            Condition::Version(etag) => call.if_match(etag),
        };
        for (name, value) in metadata {
            call = call.metadata(*name, value);
        }
        let patience = ATTEMPT + Duration::from_secs((body.len() / BYTES_A_SECOND) as u64);
        let timeouts = TimeoutConfig::builder().operation_attempt_timeout(patience).build();
        let change = aws_sdk_s3::config::Builder::new().timeout_config(timeouts);
        let attempts = Attempts::default();
        match call.customize().config_override(change).interceptor(attempts.clone()).send().await {
            Ok(answer) => Ok(answer.e_tag.unwrap_or_default()),
            Err(error) => Err(refusal(error, &settings.bucket, attempts.may_have_acted())),
        }
    }

    /// Deletes an object; with an ETag only this version of it. It need not be there. `false`: it is another version.
    pub(crate) async fn delete(&self, key: &str, etag: Option<&str>) -> Result<bool, OperationError> {
        let call = self.s3.delete_object().bucket(&self.settings.bucket).key(key);
        match call.clone().set_if_match(etag.map(str::to_owned)).send().await {
            Ok(_) => Ok(true),
            Err(error) if status(&error) == Some(404) => Ok(true),
            Err(error) if status(&error) == Some(412) => Ok(false),
            // A store that does not know the condition here.
            Err(error) if etag.is_some() && matches!(status(&error), Some(400 | 501)) => {
                match call.send().await {
                    Ok(_) => Ok(true),
                    Err(error) => Err(explained(failed("s3:DeleteObject", error), &self.settings.bucket)),
                }
            }
            Err(error) => Err(explained(failed("s3:DeleteObject", error), &self.settings.bucket)),
        }
    }

    /// The version of an object before the newest one, and its metadata; `None` if there is none, or it may not be seen.
    pub(crate) async fn version_before(&self, key: &str) -> Option<(String, HashMap<String, String>)> {
        let bucket = &self.settings.bucket;
        let list = self.s3.list_object_versions().bucket(bucket).prefix(key).max_keys(10);
        let versions = list.send().await.ok()?.versions.unwrap_or_default();
        // Newest first for each key (API reference, ListObjectVersions).
        let mut own = versions.into_iter().filter(|version| version.key.as_deref() == Some(key));
        own.next().filter(|version| version.is_latest == Some(true))?;
        let before = own.next()?.version_id?;
        let mut head = self.s3.head_object().bucket(bucket).key(key).version_id(&before);
        if let Encryption::Customer { key, digest } = &self.settings.encryption {
            head = head.sse_customer_algorithm("AES256").sse_customer_key(key).sse_customer_key_md5(digest);
        }
        let metadata = head.send().await.ok()?.metadata.unwrap_or_default();
        Some((before, metadata))
    }

    /// The keys with a prefix, in order.
    pub(crate) async fn keys(&self, prefix: &str) -> Result<Vec<String>, OperationError> {
        let mut pages =
            self.s3.list_objects_v2().bucket(&self.settings.bucket).prefix(prefix).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| explained(failed("s3:ListBucket", error), &self.settings.bucket))?;
            keys.extend(page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key));
        }
        Ok(keys)
    }

    /// A text attribute of the table's item of this id; `None` if there is none.
    pub(crate) async fn item(
        &self,
        table: &str,
        id: &str,
        attribute: &str,
    ) -> Result<Option<String>, OperationError> {
        let answer = self
            .dynamodb
            .get_item()
            .table_name(table)
            .key("LockID", AttributeValue::S(id.to_owned()))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| table_error(failed("dynamodb:GetItem", error), table))?;
        let mut item = answer.item.unwrap_or_default();
        Ok(match item.remove(attribute) {
            Some(AttributeValue::S(text)) => Some(text),
            _ => None,
        })
    }

    /// Puts an item of one text attribute: if there is none of its id, or whatever there is. `false`: there is one.
    pub(crate) async fn put_item(
        &self,
        table: &str,
        id: &str,
        attribute: &str,
        text: &str,
        only_if_absent: bool,
    ) -> Result<bool, OperationError> {
        let mut call = self
            .dynamodb
            .put_item()
            .table_name(table)
            .item("LockID", AttributeValue::S(id.to_owned()))
            .item(attribute, AttributeValue::S(text.to_owned()));
        if only_if_absent {
            call = call.condition_expression("attribute_not_exists(LockID)");
        }
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let error = table_error(failed("dynamodb:PutItem", error), table);
                if is_condition(&error) { Ok(false) } else { Err(error) }
            }
        }
    }

    /// Deletes an item if its attribute is this text. `false`: it is another, or there is none.
    pub(crate) async fn delete_item(
        &self,
        table: &str,
        id: &str,
        expected: Option<(&str, &str)>,
    ) -> Result<bool, OperationError> {
        let mut call =
            self.dynamodb.delete_item().table_name(table).key("LockID", AttributeValue::S(id.to_owned()));
        if let Some((attribute, text)) = expected {
            call = call
                .condition_expression("#attribute = :text")
                .expression_attribute_names("#attribute", attribute)
                .expression_attribute_values(":text", AttributeValue::S(text.to_owned()));
        }
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error) => {
                let error = table_error(failed("dynamodb:DeleteItem", error), table);
                if is_condition(&error) { Ok(false) } else { Err(error) }
            }
        }
    }
}

/// The code of an answer of which not all came.
const CUT_OFF: &str = "IncompleteAnswer";

fn cut_off(problem: &str) -> OperationError {
    OperationError {
        code: Some(CUT_OFF.to_owned()),
        ..OperationError::new(
            ErrorKind::Unavailable,
            "s3:GetObject",
            format!("the object did not come whole: {problem}"),
        )
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_condition(error: &OperationError) -> bool {
    error.code.as_deref().is_some_and(|code| code.starts_with("ConditionalCheckFailed"))
}

/// The HTTP status of a failed call's answer.
fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn refusal(
    error: SdkError<aws_sdk_s3::operation::put_object::PutObjectError, HttpResponse>,
    bucket: &str,
    may_be_ours: bool,
) -> Refusal {
    let status = status(&error);
    let error = explained(failed("s3:PutObject", error), bucket);
    match (status, error.code.as_deref()) {
        (Some(412), _) => Refusal::Condition { may_be_ours },
        (Some(409), _) | (_, Some("ConditionalRequestConflict")) => Refusal::Conflict,
        // What was to be replaced is gone.
        (Some(404), code) if code != Some("NoSuchBucket") => Refusal::Condition { may_be_ours },
        (Some(501), _) | (_, Some("NotImplemented")) => Refusal::Unsupported(error),
        (Some(400), Some(_))
            if error.message.contains("If-Match") || error.message.contains("If-None-Match") =>
        {
            Refusal::Unsupported(error)
        }
        _ => Refusal::Failed(error),
    }
}

/// The error with what to do about it, where S3's own words do not say.
fn explained(mut error: OperationError, bucket: &str) -> OperationError {
    let advice = match error.code.as_deref() {
        Some("NoSuchBucket") => format!(
            "There is no bucket {bucket:?}: correct \"bucket\" in the backend block, or make it (\"recon bootstrap state\" \
             makes one that is versioned, encrypted and closed to the public)."
        ),
        Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            format!("The bucket {bucket:?} is in another region: correct \"region\" in the backend block.")
        }
        _ => return error,
    };
    error.message = format!("{} {advice}", sentence(&error.message));
    error.request_id = None;
    error
}

fn table_error(mut error: OperationError, table: &str) -> OperationError {
    if error.code.as_deref() == Some("ResourceNotFoundException") {
        error.message = format!(
            "There is no table {table:?}: correct \"dynamodb_table\" in the backend block, or make a table of that name \
             whose partition key is the string \"LockID\"."
        );
    }
    error
}

/// Text that ends as a sentence does.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?']) { text.to_owned() } else { format!("{text}.") }
}
