//! `aws_key_pair`: a public key imported into EC2.
//!
//! Facts: EC2 API reference (ImportKeyPair, DescribeKeyPairs, DeleteKeyPair); the AWS provider's manual page.

use crate::provider::aws::together::{self, together};
use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{KeyPairInfo, ResourceType as TaggedType};

use super::public_key::{PublicKey, same_fingerprint};
use super::{FILTER_VALUES, filter, tag_pairs, tag_specification, update_tags};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::{Aws, names};
use crate::provider::object::{self, Object};
use crate::provider::{
    Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// `aws_key_pair`
pub struct KeyPair {
    schema: Schema,
}

impl Default for KeyPair {
    fn default() -> KeyPair {
        let computed = || AttributeSchema::computed(Type::String);
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", computed())
            .attribute("fingerprint", computed())
            .attribute("key_name", named())
            .attribute("key_name_prefix", named())
            .attribute("key_pair_id", computed())
            .attribute("key_type", computed())
            .attribute(
                "public_key",
                AttributeSchema::required(Type::String)
                    .forces_replacement()
                    .equality(Equality::Custom(same_public_key)),
            );
        KeyPair { schema: Schema::new(1, block) }
    }
}

/// Whether two texts hold the same key: form, comment and white space say nothing to EC2.
fn same_public_key(left: &Value, right: &Value) -> bool {
    let (Some(left), Some(right)) = (left.as_str(), right.as_str()) else {
        return false;
    };
    match (PublicKey::parse(left), PublicKey::parse(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => left.trim() == right.trim(),
    }
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

#[async_trait]
impl ResourceType for KeyPair {
    fn name(&self) -> &'static str {
        "aws_key_pair"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if let Some(key) = config.text("public_key")
            && let Err(reason) = PublicKey::parse(key)
        {
            problems.error(
                at("public_key"),
                "Invalid public key",
                format!(
                    "EC2 would refuse this public key: {reason}. Give the content of a .pub file, \"ssh-ed25519 AAAA…\" \
                     or \"ssh-rsa AAAA…\"."
                ),
            );
        }
        if config.known("key_name").is_some() && config.known("key_name_prefix").is_some() {
            problems.error(
                at("key_name_prefix"),
                "Conflicting arguments",
                "\"key_name\": conflicts with key_name_prefix. Set one of them.",
            );
        }
        for (name, limit) in [("key_name", 255), ("key_name_prefix", 255 - names::SUFFIX_LENGTH)] {
            if config.text(name).is_some_and(|text| text.chars().count() > limit) {
                problems.error(
                    at(name),
                    "Name too long",
                    format!("expected length of {name} to be in the range (0 - {limit})"),
                );
            }
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let wanted: Vec<&str> = requests.iter().filter_map(|request| name_of(&request.known)).collect();
        // The account is part of a key pair's ARN, which EC2 does not say.
        let (found, account) = match together!(describe(aws, &wanted), aws.account_id()) {
            Ok(both) => both,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let one = |request: &ReadRequest| {
            let pair = name_of(&request.known).and_then(|name| found.get(name));
            pair.map_or(ReadResult::Missing, |pair| {
                ReadResult::Found(self.object(aws, account, pair, &request.known))
            })
        };
        requests.iter().map(one).collect()
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "key_name", "key_name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("key_name")?;
        Some(self.schema.block.object([("id", Value::string(name)), ("key_name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("key_name").unwrap_or_default();
        let key = planned.text("public_key").unwrap_or_default().trim();
        let attempts = Attempts::default();
        let answer = aws
            .ec2()
            .import_key_pair()
            .key_name(name)
            .public_key_material(Blob::new(key))
            .set_tag_specifications(tag_specification(TaggedType::KeyPair, &planned.text_map("tags_all")))
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        if let Err(error) = answer {
            let error = failed("ec2:ImportKeyPair", error);
            // If the first answer was lost, a pair of this name and key is the one just made.
            let is_ours = error.kind == ErrorKind::AlreadyExists
                && attempts.may_have_acted()
                && self.read_one(aws, name, planned).await.is_ok_and(|object| {
                    object.known("public_key").is_some_and(|live| same_public_key(live, &Value::string(key)))
                });
            if !is_ours {
                return Err(error);
            }
        }
        let known = known_part(planned).with("id", Value::string(name));
        self.read_one(aws, name, &known).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = prior.text("key_pair_id").unwrap_or_default();
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        let known =
            prior.with("public_key", planned.get("public_key").unwrap_or_else(|| Value::null(Type::String)));
        self.read_one(aws, name_of(prior).unwrap_or_default(), &known).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        // Deleting a pair that does not exist is no error in EC2.
        match aws.ec2().delete_key_pair().key_name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("ec2:DeleteKeyPair", error) {
                error if error.kind == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() {
            return Err("The import id of aws_key_pair is the key pair's name.".to_owned());
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("key_name", Value::string(id))]))
    }
}

impl KeyPair {
    async fn read_one(&self, aws: &Aws, name: &str, known: &Value) -> Result<Value, OperationError> {
        let names = [name];
        let (found, account) = together!(describe(aws, &names), aws.account_id())?;
        let pair = found.get(name).ok_or_else(|| {
            let message = format!("there is no key pair {name:?}");
            OperationError::new(ErrorKind::NotFound, "ec2:DescribeKeyPairs", message)
        })?;
        Ok(self.object(aws, account, pair, known))
    }

    fn object(&self, aws: &Aws, account: &str, pair: &KeyPairInfo, known: &Value) -> Value {
        let name = pair.key_name().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{account}:key-pair/{name}", aws.partition().id, aws.region);
        self.schema.block.object([
            ("id", Value::string(name)),
            ("arn", Value::string(arn)),
            ("fingerprint", object::text(pair.key_fingerprint())),
            ("key_name", Value::string(name)),
            ("key_name_prefix", Value::string(names::prefix_of(name))),
            ("key_pair_id", object::text(pair.key_pair_id())),
            ("key_type", object::text(pair.key_type().map(|kind| kind.as_str()))),
            ("public_key", live_key(pair, known)),
            ("tags_all", aws.tags.live(tag_pairs(pair.tags()))),
        ])
    }
}

/// The key of a live pair, in the words of the record if it is the recorded one: EC2 keeps neither form nor
/// comment, and shows the key of an old pair by its fingerprint only. Null if it is another key that is not shown.
fn live_key(pair: &KeyPairInfo, known: &Value) -> Value {
    let live = pair.public_key().map(str::trim);
    if let Some(recorded) = known.text("public_key") {
        let fingerprint = pair.key_fingerprint().unwrap_or_default();
        let is_recorded = match known.text("fingerprint") {
            Some(known) => same_fingerprint(known, fingerprint),
            None => {
                live.is_some_and(|live| same_public_key(&Value::string(live), &Value::string(recorded)))
                    || PublicKey::parse(recorded)
                        .is_ok_and(|key| same_fingerprint(&key.fingerprint(), fingerprint))
            }
        };
        if is_recorded {
            return Value::string(recorded.trim());
        }
    }
    object::text(live)
}

/// The recorded name of a key pair, which is its id.
fn name_of(known: &Value) -> Option<&str> {
    known.text("key_name").or_else(|| known.text("id"))
}

/// Key pairs by name. One that does not exist is left out: a filter, other than a list of names, does not fail.
async fn describe(aws: &Aws, names: &[&str]) -> Result<BTreeMap<String, KeyPairInfo>, OperationError> {
    let calls = names.chunks(FILTER_VALUES).map(|chunk| async {
        let call = aws.ec2().describe_key_pairs().include_public_key(true);
        let answer = call.filters(filter("key-name", chunk.iter().copied())).send().await;
        answer.map_err(|error| failed("ec2:DescribeKeyPairs", error))
    });
    let pairs =
        together::all(calls).await?.into_iter().flat_map(|answer| answer.key_pairs.unwrap_or_default());
    Ok(pairs.filter_map(|pair| Some((pair.key_name.clone()?, pair))).collect())
}
