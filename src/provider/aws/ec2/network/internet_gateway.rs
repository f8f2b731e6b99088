//! `aws_internet_gateway`.
//!
//! Facts: EC2 API reference (CreateInternetGateway, AttachInternetGateway, …); the AWS provider's manual page.

use std::time::Duration;

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{InternetGateway as Gateway, ResourceType as TaggedType};

use super::settle::{settled, unless_gone, until_free};
use super::{computed, describe, differs, filled, seed};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::{tag_pairs, tag_specification, update_tags};
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::object::{self, Object};
use crate::provider::{
    Connection, ErrorKind, OperationError, ReadRequest, ReadResult, ResourceType, Timeouts, duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// How long each action may take where the code does not say.
const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// `aws_internet_gateway`
pub struct InternetGateway {
    schema: Schema,
}

impl Default for InternetGateway {
    fn default() -> InternetGateway {
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("owner_id", computed())
            .attribute("vpc_id", AttributeSchema::optional_computed(Type::String))
            .timeouts(&["create", "delete", "update"]);
        InternetGateway { schema: Schema::new(0, block) }
    }
}

#[async_trait]
impl ResourceType for InternetGateway {
    fn name(&self) -> &'static str {
        "aws_internet_gateway"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn timeouts(&self) -> Timeouts {
        Timeouts { create: PATIENCE, update: PATIENCE, delete: PATIENCE }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found = describe::all("internet-gateway-id", describe::ids(requests), &[], |filters| {
                describe::internet_gateways(aws, filters)
            });
            let found = describe::by(found.await?, Gateway::internet_gateway_id);
            Ok(describe::answers(requests, &found, |gateway, _| self.object(aws, gateway)))
        };
        read.await.unwrap_or_else(|error| all_unreadable(requests.len(), &error))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let answer = aws
            .ec2()
            .create_internet_gateway()
            .set_tag_specifications(tag_specification(
                TaggedType::InternetGateway,
                &planned.text_map("tags_all"),
            ))
            .send()
            .await
            .map_err(|error| failed("ec2:CreateInternetGateway", error))?;
        let id = answer.internet_gateway.and_then(|made| made.internet_gateway_id).unwrap_or_default();
        let finish = async {
            if let Some(vpc) = filled(planned, "vpc_id") {
                attach(aws, &id, vpc, duration::timeout(planned, "create", PATIENCE)).await?;
            }
            settled(self, connection, None, planned, &id).await
        };
        // It is not attached as far as is known: whoever continues is to look.
        let known = known_part(planned).with("id", Value::string(&id));
        finish.await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = prior.text("id").unwrap_or_default();
        if differs(&self.schema.block, "vpc_id", prior, planned) {
            let patience = duration::timeout(planned, "update", PATIENCE);
            if let Some(vpc) = filled(prior, "vpc_id") {
                detach(aws, id, vpc, patience).await?;
            }
            if let Some(vpc) = filled(planned, "vpc_id") {
                attach(aws, id, vpc, patience).await?;
            }
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let patience = duration::timeout(prior, "delete", PATIENCE);
        if let Some(vpc) = filled(prior, "vpc_id") {
            detach(aws, id, vpc, patience).await?;
        }
        until_free(id, "ec2:DeleteInternetGateway", patience, || async {
            let answer = aws.ec2().delete_internet_gateway().internet_gateway_id(id).send().await;
            answer.map(drop).map_err(|error| failed("ec2:DeleteInternetGateway", error))
        })
        .await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name(), "igw-", id)
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::internet_gateways(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["vpc_id"]
    }
}

impl InternetGateway {
    fn object(&self, aws: &Aws, gateway: &Gateway) -> Value {
        let id = gateway.internet_gateway_id().unwrap_or_default();
        let owner = gateway.owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:internet-gateway/{id}", aws.partition().id, aws.region);
        // One that is attached to nothing says so as an empty text, as states have it.
        let vpc = gateway.attachments().first().and_then(|one| one.vpc_id()).unwrap_or_default();
        self.schema.block.object([
            ("id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("owner_id", object::text(gateway.owner_id())),
            ("vpc_id", Value::string(vpc)),
            ("tags_all", aws.tags.live(tag_pairs(gateway.tags()))),
        ])
    }
}

/// Attaches a gateway, which a moment ago may have been made and not be known everywhere.
async fn attach(aws: &Aws, id: &str, vpc: &str, patience: Duration) -> Result<(), OperationError> {
    wait::until(&format!("{id} to be attached to {vpc}"), patience, || async {
        let answer = aws.ec2().attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await;
        match answer.map(drop).map_err(|error| failed("ec2:AttachInternetGateway", error)) {
            Ok(()) => Ok(Progress::Done(())),
            Err(error) if error.code.as_deref() == Some("InvalidInternetGatewayID.NotFound") => {
                Ok(Progress::Waiting("unknown to EC2".to_owned()))
            }
            // A first try whose answer was lost did it.
            Err(error) if error.code.as_deref() == Some("Resource.AlreadyAssociated") => {
                let live = describe::internet_gateways(
                    aws,
                    vec![crate::provider::aws::ec2::filter("internet-gateway-id", [id])],
                );
                let live = live.await?;
                let is_ours = live.iter().flat_map(Gateway::attachments).any(|one| one.vpc_id() == Some(vpc));
                if is_ours { Ok(Progress::Done(())) } else { Err(error) }
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// Detaches a gateway, once nothing in the VPC has a public address any more.
async fn detach(aws: &Aws, id: &str, vpc: &str, patience: Duration) -> Result<(), OperationError> {
    let what = format!("the attachment of {id} to {vpc}");
    until_free(&what, "ec2:DetachInternetGateway", patience, || async {
        let answer = aws.ec2().detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send().await;
        match unless_gone(answer.map(drop).map_err(|error| failed("ec2:DetachInternetGateway", error))) {
            Err(error) if error.code.as_deref() == Some("Gateway.NotAttached") => Ok(()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    })
    .await
}
