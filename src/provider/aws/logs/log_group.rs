//! `aws_cloudwatch_log_group`.
//!
//! Facts: CloudWatch Logs API reference (CreateLogGroup, DescribeLogGroups, PutRetentionPolicy, AssociateKmsKey, …);
//! the AWS provider's manual page.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::types::{LogGroup as Live, LogGroupClass};
use futures::future::join_all;

use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::{Aws, names};
use crate::provider::object::Object;
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Schema};

/// The longest name of a log group (CreateLogGroup).
const MAX_NAME: usize = 512;

/// The days that PutRetentionPolicy takes; 0 is the provider's word for keeping events for ever.
const RETENTIONS: [i64; 23] = [
    0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288,
    3653,
];

/// Groups of this class keep events for two days, whatever is asked (CreateLogGroup, `logGroupClass`).
const DELIVERY: &str = "DELIVERY";
const DELIVERY_DAYS: i64 = 2;

const CLASSES: [&str; 3] = ["STANDARD", "INFREQUENT_ACCESS", DELIVERY];

/// So many groups asked for one by one cost less than the pages of all groups (50 a page).
const FEW: usize = 4;

/// `aws_cloudwatch_log_group`
pub struct LogGroup {
    schema: Schema,
}

impl Default for LogGroup {
    fn default() -> LogGroup {
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", AttributeSchema::computed(Type::String))
            .attribute("kms_key_id", AttributeSchema::optional(Type::String))
            .attribute("log_group_class", named())
            .attribute("name", named())
            .attribute("name_prefix", named())
            .attribute("retention_in_days", AttributeSchema::optional(Type::Number).default(0))
            .attribute("skip_destroy", AttributeSchema::optional(Type::Bool).default(false).code_only());
        LogGroup { schema: Schema::new(0, block) }
    }
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-/#".contains(&byte)
}

fn name_of(known: &Value) -> Option<&str> {
    known.text("name").or_else(|| known.text("id")).filter(|name| !name.is_empty())
}

/// The ARN that tags and policies name the group by: DescribeLogGroups has `:*` behind it.
fn arn_of(live: &Live) -> &str {
    let arn = live.arn().unwrap_or_default();
    arn.strip_suffix(":*").unwrap_or(arn)
}

#[async_trait]
impl ResourceType for LogGroup {
    fn name(&self) -> &'static str {
        "aws_cloudwatch_log_group"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if config.known("name").is_some() && config.known("name_prefix").is_some() {
            problems.error(
                at("name_prefix"),
                "Conflicting arguments",
                "\"name\" and \"name_prefix\" exclude each other: remove one of them.",
            );
        }
        for (name, limit) in [("name", MAX_NAME), ("name_prefix", MAX_NAME - names::SUFFIX_LENGTH)] {
            let Some(text) = config.text(name) else { continue };
            if text.is_empty() || text.len() > limit || !text.bytes().all(is_name_byte) {
                problems.error(
                    at(name),
                    "Invalid log group name",
                    format!(
                        "{text:?} will not do: \"{name}\" has 1 to {limit} letters, digits, \"_\", \"-\", \"/\", \".\" \
                         and \"#\"."
                    ),
                );
            }
        }
        if let Some(days) = config.known("retention_in_days")
            && !days.as_i64().is_some_and(|days| RETENTIONS.contains(&days))
        {
            let allowed: Vec<String> = RETENTIONS.iter().map(ToString::to_string).collect();
            problems.error(
                at("retention_in_days"),
                "Invalid retention",
                format!("\"retention_in_days\" is one of {}; 0 keeps events for ever.", allowed.join(", ")),
            );
        }
        if let Some(class) = config.text("log_group_class")
            && !CLASSES.contains(&class)
        {
            problems.error(
                at("log_group_class"),
                "Unknown log group class",
                format!("{class:?} is none of {}.", CLASSES.join(", ")),
            );
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        if change.planned.text("log_group_class") == Some(DELIVERY) {
            change.planned = change.planned.with("retention_in_days", Value::number(DELIVERY_DAYS));
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let wanted: BTreeSet<&str> = requests.iter().filter_map(|request| name_of(&request.known)).collect();
        let found = match find(aws, &wanted).await {
            Ok(found) => found,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        join_all(requests.iter().map(|request| async {
            let Some(live) = name_of(&request.known).and_then(|name| found.get(name)) else {
                return ReadResult::Missing;
            };
            match self.object(aws, live).await {
                Ok(object) => ReadResult::Found(object),
                // It went between two calls.
                Err(error) if error.kind == ErrorKind::NotFound => ReadResult::Missing,
                Err(error) => ReadResult::Unreadable(error),
            }
        }))
        .await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        let planned = names::fill(planned, "name", "name_prefix", unique);
        if planned.known("name_prefix").is_some() {
            return planned;
        }
        let prefix = names::prefix_of(planned.text("name").unwrap_or_default()).to_owned();
        planned.with("name_prefix", Value::string(prefix))
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        Some(self.schema.block.object([("id", Value::string(name)), ("name", Value::string(name))]))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = planned.text("name").unwrap_or_default();
        let tags = planned.text_map("tags_all");
        let attempts = Attempts::default();
        let answer = aws
            .logs()
            .create_log_group()
            .log_group_name(name)
            .set_kms_key_id(planned.text("kms_key_id").filter(|key| !key.is_empty()).map(str::to_owned))
            .set_log_group_class(planned.text("log_group_class").map(LogGroupClass::from))
            .set_tags((!tags.is_empty()).then(|| tags.into_iter().collect()))
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        if let Err(error) = answer {
            let error = failed("logs:CreateLogGroup", error);
            // A generated name is nobody else's: if the first answer was lost, the group is the one just made.
            let is_ours = error.kind == ErrorKind::AlreadyExists
                && attempts.may_have_acted()
                && !names::prefix_of(name).is_empty();
            if !is_ours {
                return Err(error);
            }
        }
        let finish = async {
            let days = planned.integer("retention_in_days").unwrap_or_default();
            if days != 0 && planned.text("log_group_class") != Some(DELIVERY) {
                set_retention(aws, name, days).await?;
            }
            self.read_one(aws, name).await
        };
        finish.await.map_err(|error| error.with_partial(known_part(planned).with("id", Value::string(name))))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let name = name_of(prior).unwrap_or_default();
        let days = |value: &Value| value.integer("retention_in_days").unwrap_or_default();
        if days(prior) != days(planned) {
            set_retention(aws, name, days(planned)).await?;
        }
        let key = |value: &Value| value.text("kms_key_id").unwrap_or_default().to_owned();
        match key(planned) {
            new if new == key(prior) => {}
            new if new.is_empty() => {
                let answer = aws.logs().disassociate_kms_key().log_group_name(name).send().await;
                answer.map_err(|error| failed("logs:DisassociateKmsKey", error))?;
            }
            new => {
                let answer = aws.logs().associate_kms_key().log_group_name(name).kms_key_id(new).send().await;
                answer.map_err(|error| failed("logs:AssociateKmsKey", error))?;
            }
        }
        change_tags(aws, prior.text("arn").unwrap_or_default(), TagChanges::between(prior, planned)).await?;
        self.read_one(aws, name).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(name) = name_of(prior) else { return Ok(()) };
        if prior.boolean("skip_destroy") == Some(true) {
            return Ok(());
        }
        match aws.logs().delete_log_group().log_group_name(name).send().await {
            Ok(_) => Ok(()),
            Err(error) => match failed("logs:DeleteLogGroup", error) {
                error if error.kind == ErrorKind::NotFound => Ok(()),
                error => Err(error),
            },
        }
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if id.is_empty() || !id.bytes().all(is_name_byte) {
            return Err("The import id of aws_cloudwatch_log_group is the log group's name.".to_owned());
        }
        Ok(self.schema.block.object([("id", Value::string(id)), ("name", Value::string(id))]))
    }
}

impl LogGroup {
    async fn read_one(&self, aws: &Aws, name: &str) -> Result<Value, OperationError> {
        let found = find(aws, &BTreeSet::from([name])).await?;
        let live = found.get(name).ok_or_else(|| {
            OperationError::new(
                ErrorKind::NotFound,
                "logs:DescribeLogGroups",
                "the log group is not there any more",
            )
        })?;
        self.object(aws, live).await
    }

    async fn object(&self, aws: &Aws, live: &Live) -> Result<Value, OperationError> {
        let arn = arn_of(live);
        let tags = aws.logs().list_tags_for_resource().resource_arn(arn).send().await;
        let tags = tags.map_err(|error| failed("logs:ListTagsForResource", error))?;
        let name = live.log_group_name().unwrap_or_default();
        Ok(self.schema.block.object([
            ("id", Value::string(name)),
            ("arn", Value::string(arn)),
            ("kms_key_id", Value::string(live.kms_key_id().unwrap_or_default())),
            // Regions without classes answer none: all groups there are standard.
            (
                "log_group_class",
                Value::string(live.log_group_class().map_or("STANDARD", LogGroupClass::as_str)),
            ),
            ("name", Value::string(name)),
            ("name_prefix", Value::string(names::prefix_of(name))),
            ("retention_in_days", Value::number(i64::from(live.retention_in_days().unwrap_or_default()))),
            ("tags_all", aws.tags.live(tags.tags().into_iter().flatten())),
        ]))
    }
}

/// The groups of these names, by name. A few are looked for one by one, many in the list of all.
async fn find(aws: &Aws, wanted: &BTreeSet<&str>) -> Result<HashMap<String, Live>, OperationError> {
    let mut found = HashMap::new();
    if wanted.len() > FEW {
        list(aws, None, wanted, &mut found).await?;
        return Ok(found);
    }
    for name in wanted {
        list(aws, Some(name), &BTreeSet::from([*name]), &mut found).await?;
    }
    Ok(found)
}

/// Reads pages of groups until all that are wanted are found.
async fn list(
    aws: &Aws,
    prefix: Option<&str>,
    wanted: &BTreeSet<&str>,
    found: &mut HashMap<String, Live>,
) -> Result<(), OperationError> {
    let mut token = None;
    let mut left = wanted.len();
    while left > 0 {
        let answer = aws
            .logs()
            .describe_log_groups()
            .set_log_group_name_prefix(prefix.map(str::to_owned))
            .limit(50)
            .set_next_token(token)
            .send()
            .await;
        let answer = answer.map_err(|error| failed("logs:DescribeLogGroups", error))?;
        for group in answer.log_groups.unwrap_or_default() {
            let Some(name) = group.log_group_name.clone().filter(|name| wanted.contains(name.as_str()))
            else {
                continue;
            };
            if found.insert(name, group).is_none() {
                left -= 1;
            }
        }
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    Ok(())
}

/// Says how many days events are kept; 0 for ever.
async fn set_retention(aws: &Aws, name: &str, days: i64) -> Result<(), OperationError> {
    if days == 0 {
        let answer = aws.logs().delete_retention_policy().log_group_name(name).send().await;
        answer.map_err(|error| failed("logs:DeleteRetentionPolicy", error))?;
        return Ok(());
    }
    let days = i32::try_from(days).unwrap_or(i32::MAX);
    let answer = aws.logs().put_retention_policy().log_group_name(name).retention_in_days(days).send().await;
    answer.map_err(|error| failed("logs:PutRetentionPolicy", error))?;
    Ok(())
}

async fn change_tags(aws: &Aws, arn: &str, changes: TagChanges) -> Result<(), OperationError> {
    if !changes.remove.is_empty() {
        let call = aws.logs().untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(|error| failed("logs:UntagResource", error))?;
    }
    if !changes.set.is_empty() {
        let call =
            aws.logs().tag_resource().resource_arn(arn).set_tags(Some(changes.set.into_iter().collect()));
        call.send().await.map_err(|error| failed("logs:TagResource", error))?;
    }
    Ok(())
}
