//! `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule`: one rule with one source, known by
//! the id that EC2 gives it.
//!
//! Facts: EC2 API reference (AuthorizeSecurityGroupIngress, DescribeSecurityGroupRules, ModifySecurityGroupRules, …);
//! the AWS provider's manual pages, and its plans.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    IpPermission, ResourceType as TaggedType, SecurityGroupRule as Rule, SecurityGroupRuleRequest,
    SecurityGroupRuleUpdate,
};

use super::cidr::{Family, canonical_v4, canonical_v6};
use super::group_calls as calls;
use super::group_rules::description_detail;
use super::network::settle::{settled, unless_gone};
use super::network::{at, describe, differs, filled, is_given, owned, rules, seed, small};
use super::permissions::{
    ALL, Direction, Notes, Permission, Permissions, Source, is_description, normal_protocol, of_rule,
    split_group, to_api,
};
use super::{tag_pairs, tag_specification, update_tags};
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::attempts::Attempts;
use crate::provider::aws::errors::failed;
use crate::provider::aws::reading::{all_unreadable, known_part};
use crate::provider::aws::tags::TagChanges;
use crate::provider::below::{Below, StackObjects};
use crate::provider::object::{self, Object};
use crate::provider::{
    Change, Connection, ErrorKind, OperationError, Problems, ReadRequest, ReadResult, ResourceType,
};
use crate::schema::{AttributeSchema, BlockSchema, Equality, Schema};

/// The arguments that say whom a rule is for.
const SOURCES: [&str; 4] = ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

/// Either of the two types.
pub struct VpcSecurityGroupRule {
    name: &'static str,
    direction: Direction,
    schema: Schema,
}

fn same_protocol(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(left), Some(right)) => normal_protocol(left) == normal_protocol(right),
        _ => false,
    }
}

impl VpcSecurityGroupRule {
    pub fn ingress() -> VpcSecurityGroupRule {
        VpcSecurityGroupRule::new("aws_vpc_security_group_ingress_rule", Direction::Ingress)
    }

    pub fn egress() -> VpcSecurityGroupRule {
        VpcSecurityGroupRule::new("aws_vpc_security_group_egress_rule", Direction::Egress)
    }

    fn new(name: &'static str, direction: Direction) -> VpcSecurityGroupRule {
        let computed = || AttributeSchema::computed(Type::String);
        let optional = || AttributeSchema::optional(Type::String);
        let range = || optional().equality(Equality::Custom(rules::same_range));
        let port = || AttributeSchema::optional(Type::Number);
        let tags = || Type::map(Type::String);
        let block = BlockSchema::new()
            .attribute("arn", computed())
            .attribute("cidr_ipv4", range())
            .attribute("cidr_ipv6", range())
            .attribute("description", optional())
            .attribute("from_port", port())
            .attribute("id", computed())
            .attribute(
                "ip_protocol",
                AttributeSchema::required(Type::String).equality(Equality::Custom(same_protocol)),
            )
            .attribute("prefix_list_id", optional())
            .attribute("referenced_security_group_id", optional())
            .attribute("security_group_id", AttributeSchema::required(Type::String).forces_replacement())
            .attribute("security_group_rule_id", computed())
            .attribute("tags", AttributeSchema::optional(tags()))
            .attribute("tags_all", AttributeSchema::computed(tags()))
            .attribute("to_port", port());
        VpcSecurityGroupRule { name, direction, schema: Schema::new(0, block) }
    }

    fn object(&self, aws: &Aws, rule: &Rule, known: &Value) -> Value {
        let id = rule.security_group_rule_id().unwrap_or_default();
        let owner = rule.group_owner_id().unwrap_or_default();
        let arn = format!("arn:{}:ec2:{}:{owner}:security-group-rule/{id}", aws.partition().id, aws.region);
        // EC2 answers -1 where there are no ports; the code may leave them out.
        let port = |name: &str, live: Option<i32>| match live {
            Some(-1) if known.integer(name).is_none() => Value::null(Type::Number),
            live => object::integer(live.map(i64::from)),
        };
        let protocol = rule.ip_protocol().unwrap_or(ALL);
        let spelled =
            known.text("ip_protocol").filter(|text| normal_protocol(text) == normal_protocol(protocol));
        let spelled_range = |name: &str, live: Option<&str>| {
            let known = known
                .known(name)
                .filter(|known| live.is_some_and(|live| rules::same_range(known, &Value::string(live))));
            known.cloned().unwrap_or_else(|| object::text(live))
        };
        self.schema.block.object([
            ("id", Value::string(id)),
            ("arn", Value::string(arn)),
            ("cidr_ipv4", spelled_range("cidr_ipv4", rule.cidr_ipv4())),
            ("cidr_ipv6", spelled_range("cidr_ipv6", rule.cidr_ipv6())),
            ("description", object::text(rule.description().filter(|text| !text.is_empty()))),
            ("from_port", port("from_port", rule.from_port())),
            ("ip_protocol", Value::string(spelled.unwrap_or(protocol))),
            ("prefix_list_id", object::text(rule.prefix_list_id())),
            ("referenced_security_group_id", object::text(referenced(rule, known))),
            ("security_group_id", object::text(rule.group_id())),
            ("security_group_rule_id", Value::string(id)),
            ("to_port", port("to_port", rule.to_port())),
            ("tags_all", aws.tags.live(tag_pairs(rule.tags()))),
        ])
    }

    fn is_own(&self, rule: &Rule) -> bool {
        rule.is_egress().unwrap_or(false) == (self.direction == Direction::Egress)
    }

    /// The rule of a group that permits the same.
    async fn find_same(&self, aws: &Aws, object: &Value) -> Result<Option<Rule>, OperationError> {
        let Some(group) = filled(object, "security_group_id") else { return Ok(None) };
        let Some((wanted, _)) = permission(object) else { return Ok(None) };
        let rules = calls::rules(aws, &[group]).await?;
        let is_same = |rule: &Rule| {
            let live = of_rule(rule).map(|(permission, _)| permission);
            self.is_own(rule) && live.as_ref().is_some_and(|live| same_permission(live, &wanted))
        };
        Ok(rules.into_iter().find(is_same))
    }

    async fn authorize(
        &self,
        aws: &Aws,
        planned: &Value,
        attempts: &Attempts,
    ) -> Result<Option<String>, OperationError> {
        let group = filled(planned, "security_group_id").unwrap_or_default();
        let entries = Some(entries(planned));
        let tags = tag_specification(TaggedType::SecurityGroupRule, &planned.text_map("tags_all"));
        let rules = match self.direction {
            Direction::Ingress => {
                let call = aws.ec2().authorize_security_group_ingress().group_id(group);
                let call = call.set_ip_permissions(entries).set_tag_specifications(tags);
                let answer = call.customize().interceptor(attempts.clone()).send().await;
                answer
                    .map_err(|error| failed("ec2:AuthorizeSecurityGroupIngress", error))?
                    .security_group_rules
            }
            Direction::Egress => {
                let call = aws.ec2().authorize_security_group_egress().group_id(group);
                let call = call.set_ip_permissions(entries).set_tag_specifications(tags);
                let answer = call.customize().interceptor(attempts.clone()).send().await;
                answer
                    .map_err(|error| failed("ec2:AuthorizeSecurityGroupEgress", error))?
                    .security_group_rules
            }
        };
        Ok(rules.unwrap_or_default().into_iter().next().and_then(|rule| rule.security_group_rule_id))
    }
}

/// The group that a rule names, in the words of the record: with its account or without.
fn referenced(rule: &Rule, known: &Value) -> Option<String> {
    let info = rule.referenced_group_info()?;
    let id = info.group_id()?;
    let recorded = known.text("referenced_security_group_id");
    if let Some(recorded) = recorded
        && split_group(recorded).0 == id
    {
        return Some(recorded.to_owned());
    }
    Some(match info.user_id() {
        Some(account) if rule.group_owner_id() != Some(account) => format!("{account}/{id}"),
        _ => id.to_owned(),
    })
}

/// What a rule of the code permits.
pub(super) fn permission(object: &Value) -> Option<(Permission, Notes)> {
    let group = filled(object, "referenced_security_group_id").map(split_group);
    let source = filled(object, "cidr_ipv4")
        .map(|text| Source::Ipv4(canonical_v4(text)))
        .or_else(|| filled(object, "cidr_ipv6").map(|text| Source::Ipv6(canonical_v6(text))))
        .or_else(|| owned(object, "prefix_list_id").map(Source::PrefixList))
        .or_else(|| group.map(|(id, _)| Source::Group(id.to_owned())))?;
    let port = |name: &str| object.integer(name).unwrap_or(-1);
    let protocol = object.text("ip_protocol").unwrap_or(ALL);
    let notes = Notes {
        description: object.text("description").unwrap_or_default().to_owned(),
        account: group.and_then(|(_, account)| account).map(str::to_owned),
        rule_id: None,
    };
    Some((Permission::new(protocol, port("from_port"), port("to_port"), source), notes))
}

/// Whether two permissions are one to EC2: protocols without ports have -1 or 0 for them.
fn same_permission(left: &Permission, right: &Permission) -> bool {
    let no_port = |port: i64| port.max(0);
    left.protocol == right.protocol
        && left.source == right.source
        && (no_port(left.from), no_port(left.to)) == (no_port(right.from), no_port(right.to))
}

/// A rule of the code as EC2 takes it, with ports only where the code has them.
fn entries(planned: &Value) -> Vec<IpPermission> {
    let mut permissions = Permissions::new();
    permissions.extend(permission(planned));
    let mut entries = to_api(&permissions);
    for entry in &mut entries {
        if entry.ip_protocol.as_deref() != Some(ALL) {
            entry.from_port = small(planned, "from_port");
            entry.to_port = small(planned, "to_port");
        }
    }
    entries
}

#[async_trait]
impl ResourceType for VpcSecurityGroupRule {
    fn name(&self) -> &'static str {
        self.name
    }

    fn schema(&self) -> &Schema {
        &self.schema
    }

    fn validate(&self, config: &Value, problems: &mut Problems) {
        rules::exactly_one(config, &SOURCES, "Whom the rule is for", problems);
        rules::network(config, "cidr_ipv4", Family::V4, problems);
        rules::network(config, "cidr_ipv6", Family::V6, problems);
        for name in ["from_port", "to_port"] {
            if let Some(port) = config.integer(name)
                && !(-1..=65535).contains(&port)
            {
                let detail = format!("Attribute {name} value must be between -1 and 65535, got: {port}.");
                problems.error(at(name), "Invalid port", detail);
            }
        }
        if let Some(text) = config.text("description")
            && !is_description(text)
        {
            problems.error(at("description"), "Invalid description", description_detail(text));
        }
    }

    /// A rule keeps the kind of its source: another range will do, a group instead of a range will not.
    fn plan(&self, change: &mut Change<'_>) {
        let Some(prior) = change.prior else { return };
        for name in SOURCES {
            if is_given(&change.planned, name) != is_given(prior, name) {
                change.replace.insert(at(name));
            }
        }
    }

    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult> {
        let read = async {
            let aws = connection.aws()?;
            let found =
                describe::all("security-group-rule-id", describe::ids(requests), &[], |filters| async {
                    let pages = aws.ec2().describe_security_group_rules().set_filters(Some(filters));
                    let found: Result<Vec<_>, _> = pages.into_paginator().items().send().try_collect().await;
                    found.map_err(|error| failed("ec2:DescribeSecurityGroupRules", error))
                });
            let found: BTreeMap<String, Rule> = describe::by(found.await?, Rule::security_group_rule_id);
            let mut results = Vec::with_capacity(requests.len());
            for request in requests {
                let known = &request.known;
                let rule = match filled(known, "id") {
                    Some(id) => found.get(id).filter(|rule| self.is_own(rule)).cloned(),
                    None => self.find_same(aws, known).await?,
                };
                results.push(
                    rule.map_or(ReadResult::Missing, |rule| {
                        ReadResult::Found(self.object(aws, &rule, known))
                    }),
                );
            }
            Ok(results)
        };
        read.await.unwrap_or_else(|error: OperationError| all_unreadable(requests.len(), &error))
    }

    /// No group has two rules that permit the same.
    fn identity(&self, prepared: &Value) -> Option<Value> {
        filled(prepared, "security_group_id")?;
        permission(prepared)?;
        let names = SOURCES.into_iter().chain(["from_port", "to_port", "ip_protocol", "security_group_id"]);
        let known = names.filter_map(|name| Some((name, prepared.known(name)?.clone())));
        Some(self.schema.block.object(known))
    }

    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let group = filled(planned, "security_group_id").unwrap_or_default();
        let attempts = Attempts::default();
        let id = {
            let _turn = aws.lock(group).await;
            match self.authorize(aws, planned, &attempts).await {
                // If the first answer was lost, the rule that permits the same is the one just made.
                Err(error) if error.kind == ErrorKind::AlreadyExists && attempts.may_have_acted() => {
                    let rule = self.find_same(aws, planned).await?;
                    rule.and_then(|rule| rule.security_group_rule_id).ok_or(error)?
                }
                Err(error) => return Err(error),
                Ok(Some(id)) => id,
                Ok(None) => {
                    let rule = self.find_same(aws, planned).await?;
                    rule.and_then(|rule| rule.security_group_rule_id).unwrap_or_default()
                }
            }
        };
        let known = known_part(planned).with("id", Value::string(&id));
        settled(self, connection, None, planned, &id).await.map_err(|error| error.with_partial(known))
    }

    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError> {
        let aws = connection.aws()?;
        let id = filled(prior, "id").unwrap_or_default();
        let group = filled(prior, "security_group_id").unwrap_or_default();
        let mut names = SOURCES.into_iter().chain(["description", "from_port", "ip_protocol", "to_port"]);
        if names.any(|name| differs(&self.schema.block, name, prior, planned)) {
            let referenced = filled(planned, "referenced_security_group_id").map(|text| split_group(text).0);
            // Ports must be said, -1 for none.
            let port = |name: &str| Some(small(planned, name).unwrap_or(-1));
            let request = SecurityGroupRuleRequest::builder()
                .set_cidr_ipv4(owned(planned, "cidr_ipv4"))
                .set_cidr_ipv6(owned(planned, "cidr_ipv6"))
                .description(planned.text("description").unwrap_or_default())
                .set_from_port(port("from_port"))
                .set_ip_protocol(planned.text("ip_protocol").map(normal_protocol))
                .set_prefix_list_id(owned(planned, "prefix_list_id"))
                .set_referenced_group_id(referenced.map(str::to_owned))
                .set_to_port(port("to_port"))
                .build();
            let update =
                SecurityGroupRuleUpdate::builder().security_group_rule_id(id).security_group_rule(request);
            let _turn = aws.lock(group).await;
            let call = aws.ec2().modify_security_group_rules().group_id(group);
            let answer = call.security_group_rules(update.build()).send().await;
            answer.map_err(|error| failed("ec2:ModifySecurityGroupRules", error))?;
        }
        update_tags(aws, id, &TagChanges::between(prior, planned)).await?;
        settled(self, connection, Some(prior), planned, id).await
    }

    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError> {
        let aws = connection.aws()?;
        let Some(id) = filled(prior, "id") else { return Ok(()) };
        let group = filled(prior, "security_group_id").unwrap_or_default();
        let _turn = aws.lock(group).await;
        let result = match self.direction {
            Direction::Ingress => {
                let call = aws.ec2().revoke_security_group_ingress().group_id(group);
                let answer = call.security_group_rule_ids(id).send().await.map(drop);
                answer.map_err(|error| failed("ec2:RevokeSecurityGroupIngress", error))
            }
            Direction::Egress => {
                let call = aws.ec2().revoke_security_group_egress().group_id(group);
                let answer = call.security_group_rule_ids(id).send().await.map(drop);
                answer.map_err(|error| failed("ec2:RevokeSecurityGroupEgress", error))
            }
        };
        unless_gone(result)
    }

    fn import_seed(&self, id: &str) -> Result<Value, String> {
        seed(&self.schema.block, self.name, "sgr-", id)
    }

    async fn below(&self, connection: &Connection, objects: &StackObjects) -> Below {
        super::below::vpc_rules(self.direction, connection, objects).await
    }
}
