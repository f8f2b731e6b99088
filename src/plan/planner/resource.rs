//! Planning one instance of a managed resource.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::address::{ConfigResource, InstanceAddress, Mode};
use crate::compare::Verdict;
use crate::compare::object::{
    at_path, changed_paths, marked, proposed, refreshed, replacing_paths, with_path,
};
use crate::config::{IgnoreChanges, Module, ResourceBlock};
use crate::graph::Node;
use crate::graph::evaluate::extend_once;
use crate::graph::scope::ModuleScope;
use crate::graph::values::Repetition;
use crate::lang::ast::{ExprKind, StepKind, Traversal};
use crate::lang::convert::PathStep;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::lang::reference::{self, Reference};
use crate::lang::value::Value;
use crate::live::Outcome;
use crate::plan::model::{Action, PlanMode, Reason, ResourceChange};
use crate::plan::offline::{ProviderKey, report};
use crate::provider::object::Object;
use crate::provider::{AttributePath, Change, Connection, OperationError, Problems, ResourceType};
use crate::schema::BlockSchema;
use crate::schema::decode::{decode, locate};
use crate::state::{mark_paths, sensitive_paths};

use super::believed::believed;
use super::compared;
use super::{Planner, operation_detail};

/// What is known of an instance's object before anything is planned.
struct Prior {
    /// As recorded, with what the record lacks taken from AWS.
    recorded: Value,
    /// As it is, in the record's spelling.
    now: Value,
    live: Option<Value>,
    tainted: bool,
    unreadable: Option<OperationError>,
}

/// What a type and its schema make of a configuration.
pub struct Proposal {
    pub planned: Value,
    pub replace: BTreeSet<AttributePath>,
    pub problems: Problems,
}

/// Applies the schema's rules, the provider's tags and the type's own additions.
pub fn propose(
    ty: &dyn ResourceType,
    connection: Option<&Connection>,
    config: &Value,
    prior: Option<&Value>,
) -> Proposal {
    let schema = &ty.schema().block;
    let mut planned = proposed(schema, config, prior);
    if schema.has_tags_all()
        && let Some(Connection::Aws(aws)) = connection
    {
        let tags = at_path(&planned, &[PathStep::Attribute("tags".into())]);
        let own = aws.tags.plan_own(&tags);
        let all = aws.tags.plan_all(&tags);
        planned = with_path(&planned, &[PathStep::Attribute("tags".into())], &own);
        planned = with_path(&planned, &[PathStep::Attribute("tags_all".into())], &all);
    }
    let mut change = Change {
        connection,
        prior,
        config,
        planned,
        replace: BTreeSet::new(),
        problems: Problems::default(),
    };
    ty.plan(&mut change);
    let Change { mut planned, mut replace, problems, .. } = change;
    if ty.is_schema_only() {
        planned = believed(schema, config, prior, &planned);
    }
    if let Some(prior) = prior {
        replace.extend(replacing_paths(schema, prior, &planned));
    }
    Proposal { planned, replace, problems }
}

/// Computed attributes that every update renews become unknown.
pub fn renewed(schema: &BlockSchema, planned: Value) -> Value {
    schema.attributes.iter().filter(|(_, attribute)| attribute.renewed).fold(
        planned,
        |planned, (name, attribute)| {
            let path = [PathStep::Attribute(Arc::clone(name))];
            with_path(&planned, &path, &Value::unknown(attribute.ty.clone()))
        },
    )
}

/// The configuration with what `ignore_changes` names taken from the object as it is.
pub fn with_ignored(ignore: &IgnoreChanges, config: Value, schema: &BlockSchema, now: &Value) -> Value {
    match ignore {
        IgnoreChanges::None => config,
        IgnoreChanges::All => schema
            .attributes
            .iter()
            .fold(config, |config, (name, attribute)| {
                if !attribute.is_argument() {
                    return config;
                }
                let path = [PathStep::Attribute(Arc::clone(name))];
                with_path(&config, &path, &at_path(now, &path))
            })
            .pipe(|config| {
                schema.blocks.keys().fold(config, |config, name| {
                    let path = [PathStep::Attribute(Arc::clone(name))];
                    with_path(&config, &path, &at_path(now, &path))
                })
            }),
        IgnoreChanges::Paths(paths) => paths.iter().fold(config, |config, ignored| {
            let mut path = vec![PathStep::Attribute(Arc::clone(&ignored.root.name))];
            for step in &ignored.steps {
                path.push(match &step.kind {
                    StepKind::Attribute(name) | StepKind::Key(name) => PathStep::Key(Arc::clone(name)),
                    StepKind::Index(index) => PathStep::Index(index.to_i64().unwrap_or_default() as usize),
                });
            }
            with_path(&config, &path, &at_path(now, &path))
        }),
    }
}

/// Method-call form of applying a function.
trait Pipe: Sized {
    fn pipe<T>(self, then: impl FnOnce(Self) -> T) -> T {
        then(self)
    }
}

impl Pipe for Value {}

impl Planner<'_> {
    pub(super) async fn managed_instance(
        &mut self,
        resource: &ConfigResource,
        module: &Module,
        block: &ResourceBlock,
        address: &InstanceAddress,
        repetition: &Repetition,
        key: &ProviderKey,
    ) -> Value {
        let Some(ty) = self.stack.registry.resource_type(&block.resource.ty) else {
            return self.foreign_value(address, block);
        };
        let schema = &ty.schema().block;
        let unknown = Value::unknown(schema.implied_type());
        let mut own = Diagnostics::new();
        let config = {
            let scope = ModuleScope::new(self.stack.environment, &self.values, module, &address.module)
                .repeated(repetition);
            let config = decode(schema, &block.body, &scope, &mut own);
            if !own.has_errors() {
                let mut checked = Vec::new();
                let mut failed = Diagnostics::new();
                self.stack.evaluation(true).conditions(
                    &block.lifecycle.preconditions,
                    &scope,
                    "Resource precondition failed",
                    &resource.to_string(),
                    &address.to_string(),
                    &mut checked,
                    &mut failed,
                );
                // Nothing is about to be done that the condition could keep from being done.
                if self.options.mode == PlanMode::RefreshOnly {
                    failed.0.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Warning);
                }
                own.append(failed);
                self.checked.extend(checked);
            }
            config
        };
        let failed = own.has_errors();
        extend_once(self.diagnostics, own);
        if failed {
            return unknown;
        }
        let mut problems = Problems::default();
        ty.validate(&config, &mut problems);
        let invalid = problems.0.iter().any(|problem| problem.is_error);
        report(problems, &block.body, Some(&address.to_string()), self.diagnostics);
        if invalid {
            return unknown;
        }
        let state = self.state;
        if let Some((recorded, instance)) = state.get(address)
            && self.is_left(address, recorded, instance)
        {
            return instance.partial_value(schema);
        }
        let connection = match self.live.connection(key).await {
            Ok(connection) => connection,
            Err(error) => {
                let detail = operation_detail(&error);
                let diagnostic = Diagnostic::error("The provider cannot be used", detail);
                extend_once(self.diagnostics, diagnostic.into());
                return unknown;
            }
        };
        let mut change = self.blank(address, key, Action::NoOp);
        change.schema_version = ty.schema().version;
        change.dependencies = self.managed_dependencies(resource);
        change.declared_at = Some(block.declared_at);
        change.prevents_destroy = block.lifecycle.prevent_destroy;
        change.create_before_destroy = self.create_first.contains(resource);
        let prior = self.prior(&*ty, &connection, address, &config, &mut change);
        let value = match prior {
            None => self.plan_create(&*ty, &connection, block, config, &mut change),
            Some(prior) => {
                self.plan_change(&*ty, &connection, module, block, config, prior, repetition, &mut change)
            }
        };
        if change.action != Action::NoOp {
            self.pending.insert(resource.clone());
        }
        self.postconditions(resource, module, block, address, repetition, &value);
        self.changes.push(change);
        value
    }

    pub(super) fn postconditions(
        &mut self,
        resource: &ConfigResource,
        module: &Module,
        block: &ResourceBlock,
        address: &InstanceAddress,
        repetition: &Repetition,
        value: &Value,
    ) {
        if block.lifecycle.postconditions.is_empty() {
            return;
        }
        let mut own = Diagnostics::new();
        let mut scope = ModuleScope::new(self.stack.environment, &self.values, module, &address.module)
            .repeated(repetition);
        scope.self_value = Some(value);
        self.stack.evaluation(true).conditions(
            &block.lifecycle.postconditions,
            &scope,
            "Resource postcondition failed",
            &resource.to_string(),
            &address.to_string(),
            &mut self.checked,
            &mut own,
        );
        if self.options.mode == PlanMode::RefreshOnly {
            own.0.iter_mut().for_each(|diagnostic| diagnostic.severity = Severity::Warning);
        }
        extend_once(self.diagnostics, own);
    }

    fn managed_dependencies(&self, resource: &ConfigResource) -> Vec<ConfigResource> {
        self.dependencies(resource)
    }

    /// The object as it is; `None` if there is none.
    fn prior(
        &self,
        ty: &dyn ResourceType,
        connection: &Connection,
        address: &InstanceAddress,
        config: &Value,
        change: &mut ResourceChange,
    ) -> Option<Prior> {
        let (_, instance) = self.state.get(address)?;
        let schema = &ty.schema().block;
        let mut recorded = instance.value(schema);
        change.recorded = recorded.clone();
        match self.live.object(address, None) {
            Some(Outcome::Missing) => {
                change.verdict = Verdict::Missing;
                change.consequence_of = self.went_with(ty, change);
                None
            }
            Some(Outcome::Found(live)) => {
                let live = with_tags(schema, connection, live.clone(), config, &recorded);
                recorded = instance.completed(schema, ty.schema().version, recorded, &live);
                // What is recorded as sensitive is so in AWS, too.
                let sensitive = sensitive_paths(&recorded);
                let now = mark_paths(&marked(schema, &refreshed(schema, &recorded, &live)), &sensitive);
                change.recorded = recorded.clone();
                Some(Prior {
                    recorded,
                    now: now.clone(),
                    live: Some(now),
                    tainted: instance.tainted,
                    unreadable: None,
                })
            }
            Some(Outcome::Unreadable(error)) => Some(Prior {
                now: recorded.clone(),
                recorded,
                live: None,
                tainted: instance.tainted,
                unreadable: Some(error.clone()),
            }),
            None => Some(Prior {
                now: recorded.clone(),
                recorded,
                live: None,
                tainted: instance.tainted,
                unreadable: None,
            }),
        }
    }

    /// The missing object that this one, missing too, was a part of.
    fn went_with(&self, ty: &dyn ResourceType, change: &ResourceChange) -> Option<String> {
        let wholes: Vec<&str> = ty.part_of().iter().filter_map(|name| change.recorded.text(name)).collect();
        let is_whole = |other: &&ResourceChange| {
            other.verdict == Verdict::Missing
                && ["id", "arn", "name"]
                    .iter()
                    .filter_map(|name| other.recorded.text(name))
                    .any(|name| wholes.contains(&name))
                && change.dependencies.contains(&other.address.config())
        };
        self.changes.iter().find(is_whole).map(|other| other.address.to_string())
    }

    fn plan_create(
        &mut self,
        ty: &dyn ResourceType,
        connection: &Connection,
        block: &ResourceBlock,
        config: Value,
        change: &mut ResourceChange,
    ) -> Value {
        if self.options.mode == PlanMode::RefreshOnly {
            change.action = Action::NoOp;
            return Value::unknown(ty.schema().block.implied_type());
        }
        let proposal = propose(ty, Some(connection), &config, None);
        report(proposal.problems, &block.body, Some(&change.address.to_string()), self.diagnostics);
        change.action = Action::Create;
        change.after = proposal.planned.clone();
        proposal.planned
    }

    #[expect(clippy::too_many_arguments, reason = "all of them belong to the one object")]
    fn plan_change(
        &mut self,
        ty: &dyn ResourceType,
        connection: &Connection,
        module: &Module,
        block: &ResourceBlock,
        config: Value,
        prior: Prior,
        repetition: &Repetition,
        change: &mut ResourceChange,
    ) -> Value {
        let schema = &ty.schema().block;
        change.before = prior.now.clone();
        change.unreadable = prior.unreadable;
        if self.options.mode == PlanMode::RefreshOnly {
            change.attributes =
                compared::attributes(schema, &config, &prior.now, &prior.recorded, prior.live.as_ref());
            change.verdict = compared::object_verdict(&change.attributes);
            change.after = prior.now.clone();
            return prior.now;
        }
        let written = config;
        let config = with_ignored(&block.lifecycle.ignore_changes, written.clone(), schema, &prior.now);
        let proposal = propose(ty, Some(connection), &config, Some(&prior.now));
        self.tell(proposal.problems, block, &change.address);
        let mut planned = proposal.planned;
        let mut replace = proposal.replace;
        let mut reason = (!replace.is_empty()).then_some(Reason::ReplaceBecauseCannotUpdate);
        if prior.tainted {
            reason = Some(Reason::ReplaceBecauseTainted);
        } else if self.options.replace.contains(&change.address) {
            reason = Some(Reason::ReplaceByRequest);
        } else if reason.is_none() && self.triggered(module, block, &change.address, repetition) {
            reason = Some(Reason::ReplaceByTriggers);
        }
        let differs = !changed_paths(schema, &prior.now, &planned).is_empty();
        if differs && reason.is_none() {
            planned = renewed(schema, planned);
        }
        change.attributes =
            compared::attributes(schema, &config, &planned, &prior.recorded, prior.live.as_ref());
        if let Some(look) = self.options.look {
            if look.shows_computed {
                let live = prior.live.as_ref();
                change.attributes.extend(compared::left_to_aws(schema, &written, &prior.recorded, live));
            }
            change.attributes = compared::by_member(std::mem::take(&mut change.attributes));
        }
        compared::ignored(&block.lifecycle.ignore_changes, &written, &mut change.attributes);
        self.explain(module, block, change);
        change.verdict = compared::object_verdict(&change.attributes);
        if change.unreadable.is_some() {
            change.verdict = Verdict::Unreadable;
        }
        match reason {
            Some(reason) => {
                change.reason = Some(reason);
                // Where nothing is carried out there is nothing to be prevented.
                if block.lifecycle.prevent_destroy && self.options.look.is_none() {
                    let address = &change.address;
                    let detail = format!(
                        "{address} has lifecycle.prevent_destroy set, but the plan calls for it to be destroyed. To \
                         go on, either disable lifecycle.prevent_destroy or leave it out of the plan with --target."
                    );
                    self.diagnostics.push(
                        Diagnostic::error("Instance cannot be destroyed", detail).at(block.declared_at),
                    );
                }
                change.action = if change.create_before_destroy {
                    Action::CreateThenDelete
                } else {
                    Action::DeleteThenCreate
                };
                let fresh = if reason == Reason::ReplaceBecauseCannotUpdate { &config } else { &written };
                let fresh = propose(ty, Some(connection), fresh, None);
                replace.extend(fresh.replace);
                change.replace_paths = replace;
                change.after = fresh.planned.clone();
                fresh.planned
            }
            None if differs => {
                change.action = Action::Update;
                change.after = planned.clone();
                planned
            }
            None => {
                change.after = prior.now.clone();
                prior.now
            }
        }
    }

    /// Says where each attribute's value is written, and which differences only follow from other changes.
    fn explain(&self, module: &Module, block: &ResourceBlock, change: &mut ResourceChange) {
        for attribute in &mut change.attributes {
            let place = locate(&block.body, &attribute.path);
            if place != block.body.missing {
                attribute.origin = Some(place);
            }
            if matches!(attribute.verdict, Verdict::Pending | Verdict::Conflicted) {
                attribute.consequence |=
                    self.follows_from_change(&change.address, module, block, &attribute.path);
            }
        }
    }

    /// Whether the expression of an attribute refers, directly or through locals, variables and outputs, to a
    /// resource that something is to be done to.
    fn follows_from_change(
        &self,
        address: &InstanceAddress,
        module: &Module,
        block: &ResourceBlock,
        path: &[PathStep],
    ) -> bool {
        let Some(PathStep::Attribute(name)) = path.first() else { return false };
        let mut traversals: Vec<Traversal> = Vec::new();
        if let Some(attribute) = block.body.attribute(name) {
            reference::traversals(&attribute.expr, &mut |traversal| traversals.push(traversal.clone()));
        }
        let mut bodies: Vec<&crate::lang::ast::Body> = block
            .body
            .blocks
            .iter()
            .filter(|inner| inner.kind.name == *name)
            .map(|inner| &inner.body)
            .collect();
        while let Some(body) = bodies.pop() {
            for attribute in &body.attributes {
                reference::traversals(&attribute.expr, &mut |traversal| traversals.push(traversal.clone()));
            }
            bodies.extend(body.blocks.iter().map(|inner| &inner.body));
        }
        let path = address.module.path();
        traversals.iter().any(|traversal| {
            let Ok(parsed) = reference::parse(traversal) else { return false };
            let nodes: Vec<Node> = match parsed.reference {
                Reference::Variable(name) => vec![Node::Variable(path.clone(), name)],
                Reference::Local(name) => vec![Node::Local(path.clone(), name)],
                Reference::Module(name) => {
                    let child = path.child(name);
                    let outputs = self.stack.configuration.modules.get(&child);
                    outputs
                        .into_iter()
                        .flat_map(|child| child.outputs.keys())
                        .map(|output| Node::Output(child.clone(), Arc::clone(output)))
                        .collect()
                }
                Reference::Managed { ty, name } => {
                    let resource = crate::address::Resource { mode: Mode::Managed, ty, name };
                    vec![Node::Resource(ConfigResource { module: path.clone(), resource })]
                }
                Reference::Data { ty, name } => {
                    let resource = crate::address::Resource { mode: Mode::Data, ty, name };
                    vec![Node::Resource(ConfigResource { module: path.clone(), resource })]
                }
                _ => Vec::new(),
            };
            let _ = module;
            nodes.iter().any(|node| self.is_changing(node))
        })
    }

    fn is_changing(&self, node: &Node) -> bool {
        let pending =
            |node: &Node| matches!(node, Node::Resource(resource) if self.pending.contains(resource));
        pending(node) || self.stack.graph.all_needs(node).into_iter().any(pending)
    }

    /// Whether one of the block's `replace_triggered_by` is to change.
    fn triggered(
        &self,
        module: &Module,
        block: &ResourceBlock,
        address: &InstanceAddress,
        repetition: &Repetition,
    ) -> bool {
        let _ = (module, repetition);
        block.lifecycle.replace_triggered_by.iter().any(|expr| {
            let mut hit = false;
            reference::traversals(expr, &mut |traversal| {
                let Ok(parsed) = reference::parse(traversal) else { return };
                let Reference::Managed { ty, name } = &parsed.reference else { return };
                let rest = &traversal.steps[parsed.used..];
                let indexed = matches!(expr.kind, ExprKind::Index { .. });
                hit |= self.changes.iter().any(|change| {
                    let same = change.address.module == address.module
                        && change.address.resource.ty == *ty
                        && change.address.resource.name == *name
                        && matches!(
                            change.action,
                            Action::Update | Action::DeleteThenCreate | Action::CreateThenDelete
                        );
                    same && (indexed || trigger_hit(change, rest))
                });
            });
            hit
        })
    }
}

/// Whether a change touches what the steps behind a trigger's resource name: an instance, an attribute.
fn trigger_hit(change: &ResourceChange, steps: &[crate::lang::ast::Step]) -> bool {
    use crate::address::InstanceKey;
    let mut steps = steps.iter().peekable();
    match steps.peek().map(|step| &step.kind) {
        Some(StepKind::Index(index)) => {
            if change.address.key != InstanceKey::Index(index.to_i64().unwrap_or(-1)) {
                return false;
            }
            steps.next();
        }
        Some(StepKind::Key(key)) => {
            if change.address.key != InstanceKey::Key(Arc::clone(key)) {
                return false;
            }
            steps.next();
        }
        _ => {}
    }
    let path: AttributePath = steps
        .map(|step| match &step.kind {
            StepKind::Attribute(name) | StepKind::Key(name) => PathStep::Attribute(Arc::clone(name)),
            StepKind::Index(index) => PathStep::Index(index.to_i64().unwrap_or_default() as usize),
        })
        .collect();
    if path.is_empty() {
        return true;
    }
    let (before, after) = (at_path(&change.before, &path), at_path(&change.after, &path));
    before.unmark_deep().0 != after.unmark_deep().0
}

/// A live object with its `tags` worked out from `tags_all`.
pub fn with_tags(
    schema: &BlockSchema,
    connection: &Connection,
    live: Value,
    config: &Value,
    recorded: &Value,
) -> Value {
    let Connection::Aws(aws) = connection else { return live };
    if !schema.has_tags_all() {
        return live;
    }
    let tags = [PathStep::Attribute("tags".into())];
    let all = at_path(&live, &[PathStep::Attribute("tags_all".into())]);
    let wanted = at_path(config, &tags);
    let known = if wanted.is_null() || !wanted.is_known() { at_path(recorded, &tags) } else { wanted };
    let known = (!known.is_null()).then_some(known);
    with_path(&live, &tags, &aws.tags.own(&all, known.as_ref()))
}
