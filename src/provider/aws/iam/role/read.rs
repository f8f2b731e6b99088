//! Reading roles.
//!
//! ListRoles leaves out boundaries and tags, GetAccountAuthorizationDetails descriptions and session durations (API
//! reference), so each role is asked for by name: roles side by side, and the three questions about one side by side too.

use crate::provider::aws::together::together;
use aws_sdk_iam::Client;
use aws_sdk_iam::types::Role;

use super::name_of;
use super::policies::{inline_blocks, read_attached, read_inline};
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::errors::failed;
use crate::provider::aws::iam::{action, concurrently, date, documents, tagging};
use crate::provider::aws::names::prefix_of;
use crate::provider::aws::reading::read_result;
use crate::provider::object;
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

pub async fn read(aws: &Aws, requests: &[ReadRequest]) -> Vec<ReadResult> {
    let calls = requests.iter().map(|request| async {
        match name_of(&request.known) {
            Some(name) => read_result(read_one(aws, name, &request.known).await),
            None => ReadResult::Missing,
        }
    });
    concurrently(calls.collect()).await
}

/// Reads one role with its policies.
pub async fn read_one(aws: &Aws, name: &str, known: &Value) -> Result<Value, OperationError> {
    let client = aws.iam();
    let (role, inline, attached) =
        together!(get_role(client, name), read_inline(client, name), read_attached(client, name))?;
    let policy = role.assume_role_policy_document().map(documents::decode);
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn());
    Ok(SCHEMA.block.object([
        ("id", Value::string(name)),
        ("arn", Value::string(role.arn())),
        ("assume_role_policy", object::text(policy)),
        ("create_date", Value::string(date(role.create_date()))),
        ("description", Value::string(role.description().unwrap_or_default())),
        ("inline_policy", inline_blocks(inline, known)),
        ("managed_policy_arns", object::text_set(attached)),
        ("max_session_duration", object::integer(role.max_session_duration())),
        ("name", Value::string(role.role_name())),
        ("name_prefix", Value::string(prefix_of(role.role_name()))),
        ("path", Value::string(role.path())),
        ("permissions_boundary", Value::string(boundary.unwrap_or_default())),
        ("tags_all", tagging::live(&aws.tags, role.tags())),
        ("unique_id", Value::string(role.role_id())),
    ]))
}

/// One role, without its policies.
pub async fn get_role(client: &Client, name: &str) -> Result<Role, OperationError> {
    let answer = client.get_role().role_name(name).send().await;
    let answer = answer.map_err(|error| failed(&action("GetRole"), error))?;
    answer.role.ok_or_else(|| {
        OperationError::new(ErrorKind::NotFound, action("GetRole"), format!("there is no role {name:?}"))
    })
}
