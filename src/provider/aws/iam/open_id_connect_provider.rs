//! `aws_iam_openid_connect_provider`: an identity provider outside AWS whose users may take roles.
//!
//! Facts: IAM API reference (CreateOpenIDConnectProvider, GetOpenIDConnectProvider, AddClientIDToOpenIDConnectProvider,
//! UpdateOpenIDConnectProviderThumbprint, …); the AWS provider's manual page.

use async_trait::async_trait;
use aws_sdk_iam::Client;

use super::eventual::{PROPAGATION, VISIBILITY, is_concurrent, is_unseen, persist};
use super::tagging::{self, Tagged};
use super::{action, checks, concurrently};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::elbv2::blocks::same_attribute;
use crate::provider::aws::elbv2::checks::Checks;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// IAM takes a URL with its scheme and answers it without.
const SCHEME: &str = "https://";

/// The length of a thumbprint: a SHA-1 digest in hexadecimal digits.
const THUMBPRINT: usize = 40;

/// The longest client id.
const MAX_CLIENT_ID: usize = 255;

/// `aws_iam_openid_connect_provider`
pub struct OpenIdConnectProvider {
    schema: Schema,
}

impl Default for OpenIdConnectProvider {
    fn default() -> OpenIdConnectProvider {
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", AttributeSchema::computed(Type::String))
            .attribute("client_id_list", AttributeSchema::required(Type::set(Type::String)))
            .attribute("thumbprint_list", AttributeSchema::optional_computed(Type::list(Type::String)))
            .attribute(
                "url",
                AttributeSchema::required(Type::String)
                    .forces_replacement()
                    .equality(Equality::Custom(same_url)),
            );
        OpenIdConnectProvider { schema: Schema::new(0, block) }
    }
}

fn same_url(left: &Value, right: &Value) -> bool {
    let bare = |value: &Value| value.as_str().map(|url| without_scheme(url).to_owned());
    bare(left) == bare(right)
}

fn without_scheme(url: &str) -> &str {
    url.strip_prefix(SCHEME).unwrap_or(url)
}

#[async_trait]
impl ResourceType for OpenIdConnectProvider {
    fn name(&self) -> &'static str {
        "aws_iam_openid_connect_provider"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        let mut all = Checks::new(config, problems);
        if let Some(url) = all.config.text("url").map(str::to_owned) {
            let bare = without_scheme(&url);
            if bare == url {
                all.invalid("url", format!("{url:?} does not begin with \"{SCHEME}\"."));
            } else if bare.is_empty() || bare.starts_with('/') {
                all.invalid("url", format!("{url:?} names no host."));
            } else if bare.contains('?') {
                all.invalid(
                    "url",
                    format!("{url:?} has query parameters, which the issuer of OpenID Connect has not."),
                );
            }
        }
        for id in all.config.texts("client_id_list") {
            if id.is_empty() || id.chars().count() > MAX_CLIENT_ID {
                all.invalid("client_id_list", format!("{id:?} has not 1 to {MAX_CLIENT_ID} characters."));
            }
        }
        for thumbprint in all.config.texts("thumbprint_list") {
            if thumbprint.chars().count() != THUMBPRINT {
                all.invalid(
                    "thumbprint_list",
                    format!("{thumbprint:?} is not the {THUMBPRINT} hexadecimal digits of a SHA-1 digest."),
                );
            }
        }
    }

    /// No thumbprints in the code leave it to IAM which there are, and IAM fills them in.
    fn plan(&self, change: &mut Change<'_>) {
        let is_empty = |value: &Value| value.as_elements().is_some_and(<[Value]>::is_empty);
        if change.config.known("thumbprint_list").is_some_and(is_empty) {
            let prior = change.prior.and_then(|prior| prior.get("thumbprint_list"));
            let list = prior.unwrap_or_else(|| Value::unknown(Type::list(Type::String)));
            change.planned = change.planned.with("thumbprint_list", list);
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let calls = requests.iter().map(|request| async {
            match arn_of(aws, &request.known).await {
                Ok(Some(arn)) => read_result(self.read_one(aws, &arn).await),
                Ok(None) => ReadResult::Missing,
                Err(error) => ReadResult::Unreadable(error),
            }
        });
        concurrently(calls.collect()).await
    }

    /// The URL makes the ARN.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        Some(self.schema.block.object([("url", Value::string(prepared.text("url")?))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let attempts = Attempts::default();
        let made = persist(VISIBILITY, is_concurrent, || make(aws.iam(), planned, &attempts)).await;
        let arn = match made {
            Ok(arn) => arn,
            Err(error) => match self.made_already(aws, planned, &error, &attempts).await {
                Some(arn) => arn,
                None => return Err(error),
            },
        };
        let known = known_part(planned).with("id", Value::string(&arn)).with("arn", Value::string(&arn));
        let read = persist(PROPAGATION, is_unseen, || self.read_one(aws, &arn)).await;
        read.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let client = aws.iam();
        let arn = prior.text("arn").or_else(|| prior.text("id")).unwrap_or_default();
        change_clients(client, arn, &prior.texts("client_id_list"), &planned.texts("client_id_list")).await?;
        if planned.known("thumbprint_list").is_some()
            && !same_attribute(&self.schema.block, "thumbprint_list", prior, planned)
        {
            let call = client
                .update_open_id_connect_provider_thumbprint()
                .open_id_connect_provider_arn(arn)
                .set_thumbprint_list(Some(planned.texts("thumbprint_list")));
            call.send()
                .await
                .map_err(|error| failed(&action("UpdateOpenIDConnectProviderThumbprint"), error))?;
        }
        tagging::update(client, Tagged::OpenIdConnectProvider(arn), prior, planned).await?;
        self.read_one(aws, arn).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let client = connection.aws()?.iam();
        let Some(arn) = prior.text("arn").or_else(|| prior.text("id")) else { return Ok(()) };
        let answer = client.delete_open_id_connect_provider().open_id_connect_provider_arn(arn).send().await;
        match answer.map_err(|error| failed(&action("DeleteOpenIDConnectProvider"), error)) {
            Err(error) if error.kind != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if !checks::is_arn(id) || !id.contains(":oidc-provider/") {
            return Err(format!(
                "{id:?} is not the ARN of an OpenID Connect provider, which looks like \
                 \"arn:aws:iam::ACCOUNT:oidc-provider/HOST\"."
            ));
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("arn", Value::string(id))]))
    }
}

impl OpenIdConnectProvider {
    /// The ARN of the provider, if an earlier try of the call made it whose answer was lost.
    async fn made_already(
        &self,
        aws: &Aws,
        planned: &Value,
        error: &OperationError,
        attempts: &Attempts,
    ) -> Option<String> {
        if error.kind != ErrorKind::AlreadyExists || !attempts.may_have_acted() {
            return None;
        }
        let arn = arn_of(aws, &self.identity(planned)?).await.ok()??;
        let live = self.read_one(aws, &arn).await.ok()?;
        same_attribute(&self.schema.block, "client_id_list", planned, &live).then_some(arn)
    }

    async fn read_one(&self, aws: &Aws, arn: &str) -> Result<Value, OperationError> {
        let call = aws.iam().get_open_id_connect_provider().open_id_connect_provider_arn(arn);
        let live = call.send().await.map_err(|error| failed(&action("GetOpenIDConnectProvider"), error))?;
        Ok(self.schema.block.object([
            ("id", Value::string(arn)),
            ("arn", Value::string(arn)),
            ("client_id_list", object::text_set(live.client_id_list())),
            ("tags_all", tagging::live(&aws.tags, live.tags())),
            ("thumbprint_list", object::text_list(live.thumbprint_list())),
            ("url", object::text(live.url().map(without_scheme))),
        ]))
    }
}

/// The ARN of a known provider; made of its URL where that is all that is known.
async fn arn_of(aws: &Aws, known: &Value) -> Result<Option<String>, OperationError> {
    if let Some(arn) = known.text("arn").or_else(|| known.text("id")) {
        return Ok(Some(arn.to_owned()));
    }
    let Some(url) = known.text("url") else { return Ok(None) };
    let account = aws.account_id().await?;
    Ok(Some(format!("arn:{}:iam::{account}:oidc-provider/{}", aws.partition().id, without_scheme(url))))
}

/// Makes the provider. Answers its ARN.
async fn make(client: &Client, planned: &Value, attempts: &Attempts) -> Result<String, OperationError> {
    let thumbprints = planned.texts("thumbprint_list");
    let call = client
        .create_open_id_connect_provider()
        .url(planned.text("url").unwrap_or_default())
        .set_client_id_list(Some(planned.texts("client_id_list")))
        .set_thumbprint_list((!thumbprints.is_empty()).then_some(thumbprints))
        .set_tags(tagging::of(planned));
    let answer = call.customize().interceptor(attempts.clone()).send().await;
    let answer = answer.map_err(|error| failed(&action("CreateOpenIDConnectProvider"), error))?;
    answer.open_id_connect_provider_arn.ok_or_else(|| {
        let message = "AWS answered no provider";
        OperationError::new(ErrorKind::Other, action("CreateOpenIDConnectProvider"), message)
    })
}

/// Client ids are added and removed one by one.
async fn change_clients(
    client: &Client,
    arn: &str,
    before: &[String],
    after: &[String],
) -> Result<(), OperationError> {
    for id in after.iter().filter(|id| !before.contains(id)) {
        let call = client.add_client_id_to_open_id_connect_provider();
        let answer = call.open_id_connect_provider_arn(arn).client_id(id).send().await;
        answer.map_err(|error| failed(&action("AddClientIDToOpenIDConnectProvider"), error))?;
    }
    for id in before.iter().filter(|id| !after.contains(id)) {
        let call = client.remove_client_id_from_open_id_connect_provider();
        let answer = call.open_id_connect_provider_arn(arn).client_id(id).send().await;
        answer.map_err(|error| failed(&action("RemoveClientIDFromOpenIDConnectProvider"), error))?;
    }
    Ok(())
}
