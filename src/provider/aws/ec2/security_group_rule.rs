//! `aws_security_group_rule`: one rule of a security group, with one or many sources.
//!
//! Facts: EC2 API reference (AuthorizeSecurityGroupIngress, DescribeSecurityGroupRules, …); the AWS provider's manual
//! page, and states that it wrote for the form of ids.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use async_trait::async_trait;

use super::cidr::{self, Family};
use super::group_rules::{check_ports, description_detail};
use super::permissions::{
    ALL, Direction, Notes, Permission, Permissions, Source, is_description, normal_protocol, of_rule,
    split_group,
};
use super::{group_calls as calls, rule_id};
use crate::lang::convert::PathStep;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::wait::{self, Progress};
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType, Timeouts,
    duration,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// The arguments that say whom a rule is for.
const SOURCES: [&str; 5] =
    ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "self", "source_security_group_id"];

/// `aws_security_group_rule`
pub struct SecurityGroupRule {
    schema: Schema,
}

impl Default for SecurityGroupRule {
    fn default() -> SecurityGroupRule {
        let required = |ty: Type| AttributeSchema::required(ty).forces_replacement();
        let list = || {
            AttributeSchema::optional(Type::list(Type::String))
                .forces_replacement()
                .equality(Equality::AnyOrder)
        };
        let block = BlockSchema::new()
            .id()
            .attribute("cidr_blocks", list())
            .attribute("description", AttributeSchema::optional(Type::String))
            .attribute("from_port", required(Type::Number))
            .attribute("ipv6_cidr_blocks", list())
            .attribute("prefix_list_ids", list())
            .attribute("protocol", required(Type::String).equality(Equality::Custom(same_protocol)))
            .attribute("security_group_id", required(Type::String))
            .attribute("security_group_rule_id", AttributeSchema::computed(Type::String))
            .attribute("self", AttributeSchema::optional(Type::Bool).default(false).forces_replacement())
            .attribute(
                "source_security_group_id",
                AttributeSchema::optional_computed(Type::String).forces_replacement(),
            )
            .attribute("to_port", required(Type::Number))
            .attribute("type", required(Type::String))
            .timeouts(&["create"]);
        SecurityGroupRule { schema: Schema::new(2, block) }
    }
}

fn same_protocol(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => normal_protocol(left) == normal_protocol(right),
        _ => false,
    }
}

fn at(name: &str) -> Vec<PathStep> {
    vec![PathStep::Attribute(name.into())]
}

/// Whether the code gives an attribute: something that is not null, be it unknown yet. An argument that is false or
/// empty says nothing.
fn is_given(config: &Value, name: &str) -> bool {
    let value = config.as_entries().and_then(|entries| entries.get(name));
    value.is_some_and(|value| {
        !value.is_null()
            && value.as_bool() != Some(false)
            && !value.as_elements().is_some_and(<[Value]>::is_empty)
    })
}

fn direction(object: &Value) -> Option<Direction> {
    match object.text("type")? {
        "ingress" => Some(Direction::Ingress),
        "egress" => Some(Direction::Egress),
        _ => None,
    }
}

/// The permissions that a rule is made of.
pub(super) fn permissions(object: &Value) -> Permissions {
    let mut found = Permissions::new();
    let protocol = object.text("protocol").unwrap_or(ALL);
    let from = object.integer("from_port").unwrap_or(0);
    let to = object.integer("to_port").unwrap_or(0);
    let description = object.text("description").unwrap_or_default();
    let mut add = |source, account: Option<&str>| {
        let notes =
            Notes { description: description.to_owned(), account: account.map(str::to_owned), rule_id: None };
        found.insert(Permission::new(protocol, from, to, source), notes);
    };
    for text in object.texts("cidr_blocks") {
        add(Source::Ipv4(cidr::canonical_v4(&text)), None);
    }
    for text in object.texts("ipv6_cidr_blocks") {
        add(Source::Ipv6(cidr::canonical_v6(&text)), None);
    }
    for id in object.texts("prefix_list_ids") {
        add(Source::PrefixList(id), None);
    }
    if object.boolean("self") == Some(true)
        && let Some(own) = object.text("security_group_id")
    {
        add(Source::Group(own.to_owned()), None);
    }
    if let Some(text) = object.text("source_security_group_id").filter(|text| !text.is_empty()) {
        let (id, account) = split_group(text);
        add(Source::Group(id.to_owned()), account);
    }
    found
}

#[async_trait]
impl ResourceType for SecurityGroupRule {
    fn name(&self) -> &'static str {
        "aws_security_group_rule"
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        if let Some(kind) = config.text("type")
            && direction(config).is_none()
        {
            let detail = format!("expected type to be one of [\"egress\" \"ingress\"], got {kind}");
            problems.error(at("type"), "Invalid rule type", detail);
        }
        for (name, family) in [("cidr_blocks", Family::V4), ("ipv6_cidr_blocks", Family::V6)] {
            for (index, element) in config.blocks(name).iter().enumerate() {
                let Some(text) = element.as_str() else { continue };
                if let Err(detail) = cidr::check(text, family) {
                    let path = vec![PathStep::Attribute(name.into()), PathStep::Index(index)];
                    problems.error(path, "Invalid CIDR block", detail);
                }
            }
        }
        if let Some("tcp" | "udp") = config.text("protocol").map(normal_protocol).as_deref()
            && let Err(detail) = check_ports(config.integer("from_port"), config.integer("to_port"))
        {
            problems.error(at("from_port"), "Invalid ports", detail);
        }
        if let Some(text) = config.text("description")
            && !is_description(text)
        {
            problems.error(at("description"), "Invalid description", description_detail(text));
        }
        validate_sources(config, problems);
    }

    fn part_of(&self) -> &'static [&'static str] {
        &["security_group_id"]
    }

    fn plan(&self, change: &mut Change<'_>) {
        let planned = &change.planned;
        let Some(protocol) = planned.text("protocol").map(normal_protocol) else { return };
        let mut normal = planned.with("protocol", Value::string(&protocol));
        if protocol == ALL {
            // All protocols have no ports, whatever the code says.
            normal = normal.with("from_port", Value::from(0)).with("to_port", Value::from(0));
        }
        if change.prior.is_none()
            && change.config.get("source_security_group_id").is_some_and(|value| value.is_null())
        {
            normal = normal.with("source_security_group_id", Value::null(Type::String));
        }
        change.planned = normal;
    }

    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(5), update: minutes(5), delete: minutes(5) }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let aws = match connection.aws() {
            Ok(aws) => aws,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        let groups: BTreeSet<&str> =
            requests.iter().filter_map(|request| request.known.text("security_group_id")).collect();
        let groups: Vec<&str> = groups.into_iter().collect();
        let live = match read_groups(aws, &groups).await {
            Ok(live) => live,
            Err(error) => return all_unreadable(requests.len(), &error),
        };
        requests.iter().map(|request| self.match_rule(&live, &request.known)).collect()
    }

    fn identity(&self, prepared: &Value) -> Option<Value> {
        // A rule has no name: it is found by what it says.
        let names =
            ["security_group_id", "type", "protocol", "from_port", "to_port"].into_iter().chain(SOURCES);
        let known = names.filter_map(|name| Some((name, prepared.known(name)?.clone())));
        let identity = self.schema.block.object(known);
        (identity.is_wholly_known() && !identity.has_sensitive()).then_some(identity)
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let (direction, group) = place(planned)?;
        let wanted = permissions(planned);
        let _turn = aws.lock(group).await;
        let attempts = Attempts::default();
        let rules = match calls::authorize(aws, direction, group, &wanted, &attempts).await {
            Ok(rules) => rules,
            // The first answer was lost: the rule is there.
            Err(error) if error.kind == ErrorKind::AlreadyExists && attempts.may_have_acted() => Vec::new(),
            Err(error) if error.kind == ErrorKind::AlreadyExists => {
                let message = format!(
                    "{}. Security group {group} already permits this, by a rule that is not in the state: import that \
                     rule, or remove it",
                    error.message.trim_end_matches('.')
                );
                return Err(OperationError { message, ..error });
            }
            Err(error) => return Err(error),
        };
        let known = known_part(planned).with("id", Value::string(rule_id::of(group, direction, &wanted)));
        let answered = sort(&rules);
        if let ReadResult::Found(object) = self.match_rule(&answered, &known)
            && permissions(&object).len() == wanted.len()
        {
            return Ok(object);
        }
        let patience = duration::timeout(planned, "create", self.timeouts().create);
        self.wait_shown(aws, group, &known, wanted.len(), patience)
            .await
            .map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let (direction, group) = place(planned)?;
        let wanted = permissions(planned);
        if prior.text("description").unwrap_or_default() != planned.text("description").unwrap_or_default() {
            let _turn = aws.lock(group).await;
            calls::describe_anew(aws, direction, group, &wanted).await?;
        }
        self.wait_shown(aws, group, &known_part(planned), wanted.len(), self.timeouts().update).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let (direction, group) = place(prior)?;
        let mut gone = permissions(prior);
        let _turn = aws.lock(group).await;
        let error = match calls::revoke(aws, direction, group, &gone).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        if error.kind != ErrorKind::NotFound {
            return Err(error);
        }
        // The group is gone, or some of the sources are, in which case EC2 took none back.
        let live = read_groups(aws, &[group]).await?;
        gone.retain(|permission, _| {
            live.contains_key(&(group.to_owned(), direction.word(), permission.clone()))
        });
        if gone.is_empty() {
            return Ok(());
        }
        calls::revoke(aws, direction, group, &gone).await
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        rule_id::parse_import(&self.schema, id)
    }

    fn import_id(&self, object: &Value) -> Option<String> {
        rule_id::import_id(object)
    }

    async fn below(&self, _connection: &Connection, objects: &StackObjects) -> Below {
        super::below::group_rules(&self.schema, objects)
    }
}

/// Rules by group, direction and permission.
type Live = BTreeMap<(String, &'static str, Permission), Notes>;

async fn read_groups(aws: &Aws, groups: &[&str]) -> Result<Live, OperationError> {
    Ok(sort(&calls::rules(aws, groups).await?))
}

fn sort(rules: &[aws_sdk_ec2::types::SecurityGroupRule]) -> Live {
    let entry = |rule| {
        let (permission, notes) = of_rule(rule)?;
        let direction = if rule.is_egress() == Some(true) { Direction::Egress } else { Direction::Ingress };
        Some(((rule.group_id()?.to_owned(), direction.word(), permission), notes))
    };
    rules.iter().filter_map(entry).collect()
}

/// Which way and in which group a rule is.
pub(super) fn place(object: &Value) -> Result<(Direction, &str), OperationError> {
    let place = direction(object).zip(object.text("security_group_id"));
    place.ok_or_else(|| OperationError::internal("a security group rule without type or group"))
}

impl SecurityGroupRule {
    /// What is there of a rule: with the sources that are left if some are gone, missing if all are. Other rules of
    /// the group are nobody's business here.
    fn match_rule(&self, live: &Live, known: &Value) -> ReadResult {
        let Ok((direction, group)) = place(known) else { return ReadResult::Missing };
        let wanted = permissions(known);
        let find =
            |permission: &Permission| live.get(&(group.to_owned(), direction.word(), permission.clone()));
        let found: Vec<&Notes> = wanted.keys().filter_map(find).collect();
        if found.is_empty() {
            return ReadResult::Missing;
        }
        let is_there = |source: Source| {
            let protocol = known.text("protocol").unwrap_or(ALL);
            let (from, to) = (known.integer("from_port").unwrap_or(0), known.integer("to_port").unwrap_or(0));
            find(&Permission::new(protocol, from, to, source)).is_some()
        };
        let left = |name: &str, source: fn(&str) -> Source| {
            let texts = known.texts(name);
            if texts.is_empty() {
                return Value::null(Type::list(Type::String));
            }
            object::text_list(texts.into_iter().filter(|text| is_there(source(text))))
        };
        // All sources have one description, unless somebody changed one: that one is then what is seen.
        let recorded = known.text("description").unwrap_or_default();
        let description = found.iter().map(|notes| notes.description.as_str()).find(|text| *text != recorded);
        let description = description.unwrap_or(recorded);
        let is_self = known.boolean("self") == Some(true) && is_there(Source::Group(group.to_owned()));
        let other = known.text("source_security_group_id").filter(|text| !text.is_empty());
        let other = other.filter(|text| is_there(Source::Group(split_group(text).0.to_owned())));
        let protocol = normal_protocol(known.text("protocol").unwrap_or(ALL));
        let port = |name: &str| match protocol.as_str() {
            ALL => Value::from(0),
            _ => object::integer(known.integer(name)),
        };
        let id = known.text("id").filter(|id| id.starts_with("sgrule-")).map(str::to_owned);
        let rule_id = match found.as_slice() {
            [only] if wanted.len() == 1 => only.rule_id.clone(),
            _ => None,
        };
        ReadResult::Found(self.schema.block.object([
            ("id", Value::string(id.unwrap_or_else(|| rule_id::of(group, direction, &wanted)))),
            ("cidr_blocks", left("cidr_blocks", |text| Source::Ipv4(cidr::canonical_v4(text)))),
            ("description", object::text((!description.is_empty()).then_some(description))),
            ("from_port", port("from_port")),
            ("ipv6_cidr_blocks", left("ipv6_cidr_blocks", |text| Source::Ipv6(cidr::canonical_v6(text)))),
            ("prefix_list_ids", left("prefix_list_ids", |text| Source::PrefixList(text.to_owned()))),
            ("protocol", Value::string(&protocol)),
            ("security_group_id", Value::string(group)),
            ("security_group_rule_id", object::text(rule_id)),
            ("self", Value::bool(is_self)),
            ("source_security_group_id", object::text(other)),
            ("to_port", port("to_port")),
            ("type", Value::string(direction.word())),
        ]))
    }

    /// Waits until EC2 shows a rule with all its sources and its description.
    async fn wait_shown(
        &self,
        aws: &Aws,
        group: &str,
        known: &Value,
        sources: usize,
        patience: Duration,
    ) -> Result<Value, OperationError> {
        wait::until(&format!("the rule of {group} to be shown"), patience, || async {
            let live = read_groups(aws, &[group]).await?;
            Ok(match self.match_rule(&live, known) {
                ReadResult::Found(object)
                    if permissions(&object).len() == sources
                        && object.text("description").unwrap_or_default()
                            == known.text("description").unwrap_or_default() =>
                {
                    Progress::Done(object)
                }
                _ => Progress::Waiting("as it was".to_owned()),
            })
        })
        .await
    }
}

/// Checks that a rule says whom it is for, and does not say it in ways that exclude each other.
fn validate_sources(config: &Value, problems: &mut Problems) {
    if !SOURCES.iter().any(|name| is_given(config, name)) {
        problems.error(
            Vec::new(),
            "Missing source",
            format!("one of `{}` must be specified", SOURCES.join(",")),
        );
    }
    let exclusive = ["cidr_blocks", "ipv6_cidr_blocks"];
    for (name, others) in [
        ("self", &[exclusive[0], exclusive[1], "source_security_group_id"][..]),
        ("source_security_group_id", &exclusive[..]),
    ] {
        for other in others {
            // What is not known yet may turn out null.
            if config.known(name).is_some()
                && is_given(config, name)
                && config.known(other).is_some()
                && is_given(config, other)
            {
                problems.error(
                    at(name),
                    "Conflicting arguments",
                    format!("\"{name}\": conflicts with {other}. Make a rule for each of them."),
                );
            }
        }
    }
}
