//! `aws_security_group`.
//!
//! Facts: EC2 API reference (CreateSecurityGroup, DescribeSecurityGroups, DeleteSecurityGroup and the calls on
//! rules); VPC User Guide, “Security group rules”; the AWS provider's manual page.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::provider::aws::ec2::alike;
use async_trait::async_trait;
use aws_sdk_ec2::types::{ResourceType as TaggedType, SecurityGroup as Group};
use futures::future::join_all;

use super::permissions::{ALL, Direction, Notes, Permission, Permissions, Source, is_description, of_group};
use super::{filter, group_calls as calls, group_rules, tag_pairs, tag_specification, update_tags};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part, read_result};
use crate::provider::aws::tags::TagChanges;
use crate::provider::aws::wait::{self, Progress};
use crate::provider::aws::{Aws, names};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// How long to wait for a change of rules to be shown.
const PROPAGATION: Duration = Duration::from_secs(60);

/// When a group is still in use after so long, it is asked by whom. Before that it may be a change that EC2 does not
/// show everywhere yet.
const ASK_WHO_AFTER: Duration = Duration::from_secs(10);

/// `aws_security_group`
pub struct SecurityGroup {
    schema: Schema,
}

impl Default for SecurityGroup {
    fn default() -> SecurityGroup {
        let named = || AttributeSchema::optional_computed(Type::String).forces_replacement();
        let rules = || {
            AttributeSchema::optional_computed(Type::set(group_rules::rule_type()))
                .as_blocks()
                .equality(Equality::Custom(group_rules::same))
        };
        let description = AttributeSchema::optional(Type::String);
        let block = BlockSchema::new()
            .id()
            .tags()
            .attribute("arn", AttributeSchema::computed(Type::String))
            // The word is in every state that Terraform wrote, and it cannot be changed in place.
            .attribute("description", description.default("Managed by Terraform").forces_replacement())
            .attribute("egress", rules())
            .attribute("ingress", rules())
            .attribute("name", named())
            .attribute("name_prefix", named())
            .attribute("owner_id", AttributeSchema::computed(Type::String))
            .attribute(
                "revoke_rules_on_delete",
                AttributeSchema::optional(Type::Bool).default(false).code_only(),
            )
            .attribute("vpc_id", named())
            .timeouts(&["create", "delete"]);
        SecurityGroup { schema: Schema::new(1, block) }
    }
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

#[async_trait]
impl ResourceType for SecurityGroup {
    fn name(&self) -> &'static str {
        "aws_security_group"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if config.known("name").is_some() && config.known("name_prefix").is_some() {
            problems.error(
                at("name_prefix"),
                "Conflicting arguments",
                "\"name\": conflicts with name_prefix. Set one of them.",
            );
        }
        for (name, limit) in [("name", 255), ("name_prefix", 255 - names::SUFFIX_LENGTH)] {
            let Some(text) = config.text(name) else { continue };
            if text.chars().count() > limit {
                let detail = format!("expected length of {name} to be in the range (0 - {limit})");
                problems.error(at(name), "Name too long", detail);
            }
            if text.starts_with("sg-") {
                let detail =
                    format!("invalid value for {name} (cannot begin with sg-): EC2 keeps that for ids.");
                problems.error(at(name), "Invalid name", detail);
            }
        }
        if let Some(text) = config.text("description")
            && !is_description(text)
        {
            problems.error(at("description"), "Invalid description", group_rules::description_detail(text));
        }
        for direction in Direction::BOTH {
            if let Some(rules) = config.known(direction.word()) {
                group_rules::validate(direction.word(), rules, problems);
            }
        }
    }

    fn plan(&self, change: &mut Change<'_>) {
        for direction in Direction::BOTH {
            if let Some(rules) = change.planned.known(direction.word()) {
                change.planned = change.planned.with(direction.word(), group_rules::normal(rules));
            }
        }
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(10), update: minutes(10), delete: minutes(15) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let ids: Vec<&str> = requests.iter().filter_map(|request| request.known.text("id")).collect();
        let found = if ids.is_empty() { Ok(Default::default()) } else { calls::groups(aws, &ids).await };
        join_all(requests.iter().map(|request| async {
            let known = &request.known;
            let group = match (known.text("id"), known.text("name")) {
                (Some(id), _) => match &found {
                    Ok(found) => found.get(id).cloned(),
                    Err(error) => return ReadResult::Unreadable(error.clone()),
                },
                (None, Some(name)) => {
                    let group = calls::group_by_name(aws, name, known.text("vpc_id")).await;
                    return read_result(group.map(|group| self.object(aws, &group, known)));
                }
                (None, None) => None,
            };
            group.map_or(ReadResult::Missing, |group| ReadResult::Found(self.object(aws, &group, known)))
        }))
        .await
    }

    fn prepare(&self, planned: Value, unique: &str) -> Value {
        names::fill(planned, "name", "name_prefix", unique)
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        let name = prepared.text("name")?;
        let vpc = object::text(prepared.text("vpc_id"));
        let seed = self.schema.block.object([("name", Value::string(name)), ("vpc_id", vpc)]);
        // Whether the code says what the group may send: see `complete`.
        let egress = prepared.known(Direction::Egress.word());
        let egress = egress.filter(|rules| rules.is_wholly_known() && rules.marks_deep().is_empty());
        Some(match egress {
            Some(rules) => seed.with(Direction::Egress.word(), rules.clone()),
            None => seed,
        })
    }

    /// Takes back what EC2 lets every new group send, where the code does not say what it may.
    async fn complete(
        &self,
        connection: &Connection,
        identity: &Value,
        object: &Value,
    ) -> Result<Option<Value>, OperationError> {
        if identity.known(Direction::Egress.word()).is_some() {
            return Ok(None);
        }
        let aws = connection.aws()?;
        let id = object.text("id").unwrap_or_default();
        let _turn = aws.lock(id).await;
        let group = calls::group(aws, id).await?;
        let mut left = live(&group, Direction::Egress);
        let default = default_egress();
        match calls::revoke(aws, Direction::Egress, id, &default).await {
            Err(error) if error.kind != ErrorKind::NotFound => return Err(error),
            _ => left.retain(|permission, _| !default.contains_key(permission)),
        }
        let left = group_rules::value(&left, None, id, group.owner_id().unwrap_or_default());
        Ok(Some(object.with(Direction::Egress.word(), left)))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let patience = duration::timeout(planned, "create", self.timeouts().create);
        let id = create(aws, planned).await?;
        let known = known_part(planned).with("id", Value::string(&id));
        let finish = async {
            let group = wait_visible(aws, &id, patience).await?;
            let _turn = aws.lock(&id).await;
            for direction in Direction::BOTH {
                let wanted = planned.known(direction.word());
                let wanted =
                    wanted.map(|rules| group_rules::permissions(rules, Some(&id))).unwrap_or_default();
                let mut live = live(&group, direction);
                if direction == Direction::Egress {
                    take_default(aws, &id, &mut live, &wanted).await?;
                }
                calls::settle(aws, direction, &id, &live, &wanted).await?;
            }
            self.read_settled(aws, &id, planned).await
        };
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
        let _turn = aws.lock(id).await;
        // Rules that the code leaves to others are planned as they were: those are not to be touched, whatever
        // has become of them since.
        let changed: Vec<(Direction, &Value)> = Direction::BOTH
            .into_iter()
            .filter_map(|direction| Some((direction, planned.known(direction.word())?)))
            .filter(|(direction, rules)| {
                prior.known(direction.word()).is_none_or(|prior| !group_rules::same(prior, rules))
            })
            .collect();
        if !changed.is_empty() {
            let group = calls::group(aws, id).await?;
            for (direction, rules) in &changed {
                let wanted = group_rules::permissions(rules, Some(id));
                calls::settle(aws, *direction, id, &live(&group, *direction), &wanted).await?;
            }
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        if changed.is_empty() {
            let group = calls::group(aws, id).await?;
            return Ok(self.object(aws, &group, planned));
        }
        self.read_settled(aws, id, planned).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = prior.text("id") else { return Ok(()) };
        if prior.boolean("revoke_rules_on_delete") == Some(true) {
            revoke_all(aws, id).await?;
        }
        delete(aws, id, duration::timeout(prior, "delete", self.timeouts().delete)).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        if !id.starts_with("sg-") {
            return Err("The import id of aws_security_group is the group's id, sg-….".to_owned());
        }
        Ok(self.schema.block.object([("id", Value::string(id))]))
    }

    async fn alike(
        &self,
        connection: &Connection,
        desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        alike::security_groups(connection.aws()?, &self.schema.block, desired).await.map(Some)
    }

    fn told_by(&self) -> &'static [&'static str] {
        &["vpc_id"]
    }
}

impl SecurityGroup {
    fn object(&self, aws: &Aws, group: &Group, known: &Value) -> Value {
        let id = group.group_id().unwrap_or_default();
        let name = group.group_name().unwrap_or_default();
        let owner = group.owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:security-group/{id}", aws.partition().id, aws.region);
        let rules = |direction: Direction| {
            group_rules::value(&live(group, direction), known.known(direction.word()), id, owner)
        };
        self.schema.block.object([
            ("id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("description", object::text(group.description())),
            ("egress", rules(Direction::Egress)),
            ("ingress", rules(Direction::Ingress)),
            ("name", Value::string(name)),
            ("name_prefix", Value::string(names::prefix_of(name))),
            ("owner_id", Value::string(owner)),
            ("vpc_id", object::text(group.vpc_id())),
            ("tags_all", aws.tags.live(tag_pairs(group.tags()))),
        ])
    }

    /// Reads a group once EC2 shows the rules that it was given, which may take it a moment.
    async fn read_settled(&self, aws: &Aws, id: &str, planned: &Value) -> Result<Value, OperationError> {
        let start = Instant::now();
        wait::until("the rules to be shown", PROPAGATION * 2, || async {
            let object = self.object(aws, &calls::group(aws, id).await?, planned);
            let is_settled = Direction::BOTH.iter().all(|direction| {
                let (wanted, live) = (planned.known(direction.word()), object.known(direction.word()));
                wanted.zip(live).is_none_or(|(wanted, live)| group_rules::same(wanted, live))
            });
            // Somebody else may have changed them meanwhile; the next comparison will say so.
            Ok(match is_settled || start.elapsed() > PROPAGATION {
                true => Progress::Done(object),
                false => Progress::Waiting("as it was".to_owned()),
            })
        })
        .await
    }
}

fn live(group: &Group, direction: Direction) -> Permissions {
    of_group(match direction {
        Direction::Ingress => group.ip_permissions(),
        Direction::Egress => group.ip_permissions_egress(),
    })
}

/// What every new group may do (VPC User Guide, “Default security groups and custom ones”).
fn default_egress() -> Permissions {
    Permissions::from([(Permission::new(ALL, 0, 0, Source::Ipv4("0.0.0.0/0".to_owned())), Notes::default())])
}

/// Every new group may send anything anywhere, whether or not its first description already says so: that is taken
/// back, unless it is wanted.
async fn take_default(
    aws: &Aws,
    id: &str,
    live: &mut Permissions,
    wanted: &Permissions,
) -> Result<(), OperationError> {
    let default = default_egress();
    if default.keys().all(|permission| live.contains_key(permission)) {
        return Ok(());
    }
    if default.keys().all(|permission| wanted.contains_key(permission)) {
        live.extend(default);
        return Ok(());
    }
    match calls::revoke(aws, Direction::Egress, id, &default).await {
        Err(error) if error.kind != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a group. Answers its id.
async fn create(aws: &Aws, planned: &Value) -> Result<String, OperationError> {
    let name = planned.text("name").unwrap_or_default();
    let vpc = planned.text("vpc_id").filter(|vpc| !vpc.is_empty());
    let description = planned.text("description").unwrap_or_default();
    let tags = planned.text_map("tags_all");
    let attempts = Attempts::default();
    let answer = aws
        .ec2()
        .create_security_group()
        .group_name(name)
        .description(description)
        .set_vpc_id(vpc.map(str::to_owned))
        .set_tag_specifications(tag_specification(TaggedType::SecurityGroup, &tags))
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await;
    let error = match answer {
        Ok(answer) => return Ok(answer.group_id.unwrap_or_default()),
        Err(error) => failed("ec2:CreateSecurityGroup", error),
    };
    if error.kind == ErrorKind::AlreadyExists && attempts.may_have_acted() {
        // The first answer was lost. A group that is in all as this one was to be made is the one just made.
        let group = calls::group_by_name(aws, name, vpc).await?;
        let is_new = live(&group, Direction::Ingress).is_empty()
            && live(&group, Direction::Egress).into_keys().eq(default_egress().into_keys());
        let live_tags: BTreeMap<&str, &str> = tag_pairs(group.tags()).collect();
        let has_tags =
            live_tags.into_iter().eq(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        if is_new && group.description() == Some(description) && has_tags {
            return Ok(group.group_id.unwrap_or_default());
        }
    }
    Err(error)
}

/// Waits until a new group can be seen.
async fn wait_visible(aws: &Aws, id: &str, patience: Duration) -> Result<Group, OperationError> {
    wait::until(&format!("security group {id} to be shown"), patience, || async {
        match calls::group(aws, id).await {
            Ok(group) => Ok(Progress::Done(group)),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Progress::Waiting("not shown".to_owned())),
            Err(error) => Err(error),
        }
    })
    .await
}

/// Takes back all rules of a group, and all rules of other groups that name it.
async fn revoke_all(aws: &Aws, id: &str) -> Result<(), OperationError> {
    let own = match calls::group(aws, id).await {
        Ok(group) => group,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let mut groups = referring(aws, id).await?;
    groups.retain(|group| group.group_id() != Some(id));
    groups.push(own);
    for group in groups {
        let group_id = group.group_id().unwrap_or_default();
        let _turn = aws.lock(group_id).await;
        for direction in Direction::BOTH {
            let mut gone = live(&group, direction);
            if group_id != id {
                gone.retain(
                    |permission, _| matches!(&permission.source, Source::Group(source) if source == id),
                );
            }
            if !gone.is_empty() {
                calls::revoke(aws, direction, group_id, &gone).await?;
            }
        }
    }
    Ok(())
}

/// Groups with rules that name this one.
async fn referring(aws: &Aws, id: &str) -> Result<Vec<Group>, OperationError> {
    let mut found = calls::search(aws, vec![filter("ip-permission.group-id", [id])]).await?;
    found.extend(calls::search(aws, vec![filter("egress.ip-permission.group-id", [id])]).await?);
    found.sort_by(|left, right| left.group_id().cmp(&right.group_id()));
    found.dedup_by(|later, earlier| later.group_id() == earlier.group_id());
    Ok(found)
}

/// Deletes a group, waiting until nothing uses it: a load balancer's network interfaces outlive it by minutes.
async fn delete(aws: &Aws, id: &str, patience: Duration) -> Result<(), OperationError> {
    let start = Instant::now();
    let what = format!("security group {id} to be deleted");
    let result = wait::until(&what, patience, || async {
        let error = match aws.ec2().delete_security_group().group_id(id).send().await {
            Ok(_) => return Ok(Progress::Done(())),
            Err(error) => failed("ec2:DeleteSecurityGroup", error),
        };
        match error.kind {
            ErrorKind::NotFound => Ok(Progress::Done(())),
            ErrorKind::InUse if start.elapsed() < ASK_WHO_AFTER => Ok(Progress::Waiting("in use".to_owned())),
            ErrorKind::InUse => match users(aws, id).await {
                // Rules do not go away by themselves.
                Users::Rules(groups) => Err(with_advice(error, &format!("rules of {groups} name it"))),
                Users::Interfaces(interfaces) => Ok(Progress::Waiting(format!("used by {interfaces}"))),
                Users::Unknown => Ok(Progress::Waiting("in use".to_owned())),
            },
            _ => Err(error),
        }
    });
    result.await.map_err(|mut error| {
        if error.operation.is_empty() {
            error.operation = "ec2:DeleteSecurityGroup".to_owned();
        }
        error
    })
}

fn with_advice(mut error: OperationError, advice: &str) -> OperationError {
    error.message = format!("{}: {advice}", error.message.trim_end_matches('.'));
    error
}

/// What keeps a group from being deleted.
enum Users {
    Interfaces(String),
    Rules(String),
    /// It cannot be seen, or not by these credentials.
    Unknown,
}

async fn users(aws: &Aws, id: &str) -> Users {
    let interfaces = aws.ec2().describe_network_interfaces().filters(filter("group-id", [id])).send().await;
    let interfaces =
        interfaces.map(|answer| answer.network_interfaces.unwrap_or_default()).unwrap_or_default();
    if !interfaces.is_empty() {
        let names = interfaces.iter().take(5).map(|interface| {
            let id = interface.network_interface_id().unwrap_or_default();
            match interface.description().filter(|text| !text.is_empty()) {
                Some(text) => format!("network interface {id} ({text})"),
                None => format!("network interface {id}"),
            }
        });
        return Users::Interfaces(names.collect::<Vec<_>>().join(", "));
    }
    let mut groups = referring(aws, id).await.unwrap_or_default();
    groups.retain(|group| group.group_id() != Some(id));
    if groups.is_empty() {
        return Users::Unknown;
    }
    let names = groups.iter().take(5).filter_map(|group| group.group_id());
    Users::Rules(names.collect::<Vec<_>>().join(", "))
}
