//! Making a plan: the second pass asks AWS, the third evaluates the stack with what AWS said and compares.

mod believed;
mod compared;
mod deletions;
mod left;
pub mod resource;
mod warnings;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::address::{
    AbsoluteResource, ConfigResource, InstanceAddress, InstanceKey, Mode, ModulePath, Target,
};
use crate::config::{Module, ResourceBlock};
use crate::graph::evaluate::{Checked, extend_once};
use crate::graph::expand::expand;
use crate::graph::references::provider_of;
use crate::graph::scope::ModuleScope;
use crate::graph::values::{Values, aggregate};
use crate::graph::{Node, conditions};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::lang::value::Value;
use crate::live::Live;
use crate::provider::{OperationError, Problems};
use crate::schema::decode::decode;
use crate::state::State;

use super::imports::Imports;
use super::model::{
    Action, CheckResult, CheckStatus, DataObject, NotCompared, OutputChange, Plan, PlanMode, Reason,
    ResourceChange,
};
use super::moves::Moves;
use super::offline::{ProviderKey, Stack, report};
use crate::compare::Verdict;
use left::{not_compared, recorded_sources};

/// The summary of the warning that a check cannot be made before something is applied.
pub const KNOWN_AFTER_APPLY: &str = "Check block assertion known after apply";

/// How to plan.
#[derive(Clone, Debug)]
pub struct Options {
    pub mode: PlanMode,
    /// Only these, and what they need. Empty: everything.
    pub targets: Vec<Target>,
    /// These are to be replaced.
    pub replace: Vec<InstanceAddress>,
    /// These have moved in the record.
    pub moves: Moves,
    /// These have come into the record in this run.
    pub imports: Imports,
    /// For a plan that is looked at and not carried out.
    pub look: Option<Look>,
}

/// How a plan is made that is only looked at. A data source that cannot be read is no error: what is recorded of it serves
/// instead, and the plan says so. Maps are compared member by member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Attributes that the code leaves to AWS and that differ from the record are told of as well, as in sync.
    pub shows_computed: bool,
}

/// What planning leaves behind for whoever carries the plan out.
pub struct Planned {
    pub plan: Plan,
    pub values: Values,
}

pub(super) struct Planner<'a> {
    stack: Stack<'a>,
    state: &'a State,
    live: &'a mut Live,
    options: &'a Options,
    /// What is to be planned, if not everything.
    included: Option<Included>,
    values: Values,
    changes: Vec<ResourceChange>,
    objects: Vec<DataObject>,
    unread: Vec<(InstanceAddress, OperationError)>,
    not_compared: Vec<NotCompared>,
    /// Where each provider comes from by the record, by its local name.
    sources: BTreeMap<&'static str, String>,
    checked: Vec<Checked>,
    /// Managed resources, by block, that something is to be done to.
    pending: BTreeSet<ConfigResource>,
    /// Blocks that are to be created before their predecessor is destroyed, for themselves or for a dependent.
    create_first: BTreeSet<ConfigResource>,
    /// Data already read, by provider, type and arguments.
    data: HashMap<(ProviderKey, Arc<str>, Value), Value>,
    diagnostics: &'a mut Diagnostics,
}

/// Plans. The plan is good only if no error was added. `data` is what was read along with the live objects.
pub async fn plan(
    stack: Stack<'_>,
    state: &State,
    live: &mut Live,
    data: HashMap<(ProviderKey, Arc<str>, Value), Value>,
    options: &Options,
    diagnostics: &mut Diagnostics,
) -> Planned {
    let mut planner = Planner {
        included: included(stack, &options.targets),
        stack,
        state,
        live,
        options,
        values: Values::new(),
        changes: Vec::new(),
        objects: Vec::new(),
        unread: Vec::new(),
        not_compared: not_compared(stack, state, options),
        sources: recorded_sources(stack.registry, state),
        checked: Vec::new(),
        pending: BTreeSet::new(),
        create_first: create_first(stack),
        data,
        diagnostics,
    };
    if options.mode == PlanMode::Destroy {
        planner.evaluate_for_destroy().await;
        planner.delete_all();
        planner.leave_unchecked();
    } else {
        planner.evaluate().await;
        planner.delete_orphans();
    }
    planner.finish()
}

/// What targets mean.
struct Included {
    /// What is targeted, what that needs, and the outputs that tell of nothing else.
    nodes: BTreeSet<Node>,
    /// What something targeted needs: all instances of it.
    needed: BTreeSet<Node>,
}

/// The nodes that targets mean, with all that they need.
fn included(stack: Stack<'_>, targets: &[Target]) -> Option<Included> {
    if targets.is_empty() {
        return None;
    }
    let mut nodes = BTreeSet::new();
    let mut needed = BTreeSet::new();
    for node in stack.graph.nodes() {
        let Node::Resource(resource) = node else { continue };
        let meant = targets.iter().any(|target| match target {
            Target::Module(module) => resource.module.0.starts_with(&module.path().0),
            Target::Resource { resource: wanted, .. } => wanted.config() == *resource,
        });
        if meant {
            needed.extend(stack.graph.all_needs(node).into_iter().cloned());
            nodes.insert(node.clone());
        }
    }
    nodes.extend(needed.iter().cloned());
    let outputs: Vec<Node> = stack
        .graph
        .nodes()
        .filter(|node| matches!(node, Node::Output(path, _) if path.is_root()))
        .filter(|node| {
            let mut resources = stack
                .graph
                .all_needs(node)
                .into_iter()
                .filter(|need| matches!(need, Node::Resource(_)))
                .peekable();
            resources.peek().is_some() && resources.all(|need| nodes.contains(need))
        })
        .cloned()
        .collect();
    for output in outputs {
        nodes.extend(stack.graph.all_needs(&output).into_iter().cloned());
        nodes.insert(output);
    }
    Some(Included { nodes, needed })
}

/// A block with `create_before_destroy` needs the same of every managed resource that it depends on: else those
/// would have to go before it can.
pub fn create_first(stack: Stack<'_>) -> BTreeSet<ConfigResource> {
    let mut found = BTreeSet::new();
    for (path, module) in &stack.configuration.modules {
        for block in module.resources.values().filter(|block| block.lifecycle.create_before_destroy) {
            let resource = ConfigResource { module: path.clone(), resource: block.resource.clone() };
            found.extend(
                stack
                    .graph
                    .resource_dependencies(&resource)
                    .into_iter()
                    .filter(|dependency| dependency.resource.mode == Mode::Managed),
            );
            found.insert(resource);
        }
    }
    found
}

impl Planner<'_> {
    fn is_included(&self, node: &Node) -> bool {
        self.included.as_ref().is_none_or(|included| included.nodes.contains(node))
    }

    /// Tells the problems of changing what there is. Where nothing is about to be done they are no errors: AWS may have
    /// become what nobody can put back, and that is then what there is to say.
    fn tell(&mut self, problems: Problems, block: &ResourceBlock, address: &InstanceAddress) {
        let problems = if self.options.look.is_some() { problems.into_warnings() } else { problems };
        report(problems, &block.body, Some(&address.to_string()), self.diagnostics);
    }

    /// Whether an instance of an included block is to be planned.
    fn is_instance_included(&self, node: &Node, address: &InstanceAddress) -> bool {
        self.included.as_ref().is_none_or(|included| {
            included.needed.contains(node)
                || included.nodes.contains(node)
                    && self.options.targets.iter().any(|target| target.covers(address))
        })
    }

    async fn evaluate(&mut self) {
        let evaluation = self.stack.evaluation(true);
        for node in self.stack.graph.order() {
            match node {
                Node::Provider(..) => {}
                Node::Resource(resource) => {
                    let module = Arc::clone(self.stack.module(&resource.module));
                    let block = &module.resources[&resource.resource];
                    self.resource_node(resource, &module, block).await;
                }
                Node::Check(path, name) => self.check_node(path, name),
                // With targets, outputs and locals of what is left out are not known to be right.
                other
                    if matches!(other, Node::Module(_))
                        || self.is_included(other)
                        || self.included.is_none() =>
                {
                    evaluation.node(other, &mut self.values, &mut self.checked, self.diagnostics);
                }
                other => {
                    let mut ignored = Diagnostics::new();
                    evaluation.node(other, &mut self.values, &mut Vec::new(), &mut ignored);
                }
            }
        }
    }

    /// To destroy needs no resource's arguments, only data for the sake of provider configurations; what is recorded
    /// serves as the values of resources.
    async fn evaluate_for_destroy(&mut self) {
        let evaluation = self.stack.evaluation(false);
        for node in self.stack.graph.order() {
            let mut ignored = Diagnostics::new();
            match node {
                Node::Provider(..) | Node::Resource(_) | Node::Check(..) => {}
                other => evaluation.node(other, &mut self.values, &mut Vec::new(), &mut ignored),
            }
        }
    }

    async fn resource_node(&mut self, resource: &ConfigResource, module: &Module, block: &ResourceBlock) {
        let node = Node::Resource(resource.clone());
        let key = provider_of(self.stack.configuration, &resource.module, block);
        let left_out = !self.is_included(&node);
        for instance in self.values.instances_of(&resource.module).to_vec() {
            let expansion = {
                let scope = ModuleScope::new(self.stack.environment, &self.values, module, &instance);
                let mut own = Diagnostics::new();
                let expansion =
                    expand(block.count.as_ref(), block.for_each.as_ref(), &scope, !left_out, &mut own);
                if !left_out {
                    extend_once(self.diagnostics, own);
                }
                expansion
            };
            let Some(expansion) = expansion else {
                self.values.module_mut(&instance).resources.insert(block.resource.clone(), Value::dynamic());
                continue;
            };
            let mut made: BTreeMap<InstanceKey, Value> = BTreeMap::new();
            for (instance_key, repetition) in expansion.instances() {
                let address = InstanceAddress {
                    module: instance.clone(),
                    resource: block.resource.clone(),
                    key: instance_key.clone(),
                };
                let value = if !self.is_instance_included(&node, &address) {
                    self.recorded_value(&address, block)
                } else if block.resource.mode == Mode::Data {
                    self.data_instance(resource, module, block, &address, &repetition, &key).await
                } else {
                    self.managed_instance(resource, module, block, &address, &repetition, &key).await
                };
                made.insert(instance_key, value);
            }
            let value = aggregate(&expansion, |key| made.get(key).cloned().unwrap_or_else(Value::dynamic));
            self.values.module_mut(&instance).resources.insert(block.resource.clone(), value);
            let absolute = AbsoluteResource { module: instance.clone(), resource: block.resource.clone() };
            self.values.resource_expansions.insert(absolute, expansion);
        }
    }

    /// What a resource that is left out of the plan is for those that refer to it.
    fn recorded_value(&self, address: &InstanceAddress, block: &ResourceBlock) -> Value {
        let recorded = self.state.get(address).map(|(_, instance)| instance);
        match (self.stack.schema_of(block), recorded) {
            (Some(schema), Some(instance)) => instance.value(&schema.block),
            (Some(schema), None) => Value::unknown(schema.block.implied_type()),
            (None, Some(instance)) => instance.untyped_value(),
            (None, None) => Value::dynamic(),
        }
    }

    async fn data_instance(
        &mut self,
        resource: &ConfigResource,
        module: &Module,
        block: &ResourceBlock,
        address: &InstanceAddress,
        repetition: &crate::graph::values::Repetition,
        key: &ProviderKey,
    ) -> Value {
        let Some(source) = self.stack.registry.data_source(&block.resource.ty) else {
            return self.foreign_value(address, block);
        };
        let schema = source.schema();
        let unknown = Value::unknown(schema.block.implied_type());
        let mut own = Diagnostics::new();
        let config = {
            let scope = ModuleScope::new(self.stack.environment, &self.values, module, &address.module)
                .repeated(repetition);
            let config = decode(&schema.block, &block.body, &scope, &mut own);
            if !own.has_errors() {
                self.stack.evaluation(true).conditions(
                    &block.lifecycle.preconditions,
                    &scope,
                    "Resource precondition failed",
                    &resource.to_string(),
                    &address.to_string(),
                    &mut self.checked,
                    &mut own,
                );
            }
            config
        };
        let failed = own.has_errors();
        extend_once(self.diagnostics, own);
        if failed {
            return unknown;
        }
        let waits = self
            .depends_on_pending(resource, block)
            .then_some(Reason::ReadBecauseDependencyPending)
            .or((!config.is_wholly_known()).then_some(Reason::ReadBecauseConfigUnknown));
        if let Some(reason) = waits {
            let after = crate::compare::object::proposed(&schema.block, &config, None);
            self.changes.push(ResourceChange {
                reason: Some(reason),
                schema_version: schema.version,
                after: after.clone(),
                declared_at: Some(block.declared_at),
                dependencies: self.dependencies(resource),
                ..self.blank(address, key, Action::Read)
            });
            return after;
        }
        let request = (key.clone(), Arc::clone(&block.resource.ty), config.clone());
        if let Some(value) = self.data.get(&request).cloned() {
            self.found(address, key, schema.version, &value);
            self.postconditions(resource, module, block, address, repetition, &value);
            return value;
        }
        let read = match self.live.connection(key).await {
            Ok(connection) => source.object(&connection, &config).await,
            Err(error) => Err(error),
        };
        match read {
            Ok(value) => {
                self.data.insert(request, value.clone());
                self.found(address, key, schema.version, &value);
                self.postconditions(resource, module, block, address, repetition, &value);
                value
            }
            Err(error) if self.options.look.is_some() => {
                self.unread.push((address.clone(), error));
                match self.state.get(address) {
                    Some((_, instance)) => schema.block.marked(&instance.value(&schema.block)),
                    None => unknown,
                }
            }
            Err(error) => {
                let mut diagnostic = failed_operation("Reading a data source failed", &error, block, address);
                // A check says what it finds, and keeps nobody from going on.
                if block.check.is_some() {
                    diagnostic.severity = Severity::Warning;
                }
                self.diagnostics.push(diagnostic);
                unknown
            }
        }
    }

    /// Notes what a data source said, for the record.
    fn found(&mut self, address: &InstanceAddress, key: &ProviderKey, schema_version: u64, value: &Value) {
        let source = self.provider_source(key);
        self.objects.push(DataObject {
            address: address.clone(),
            provider_config: self.provider_config(address, key),
            provider: source.into(),
            schema_version,
            value: value.clone(),
        });
    }

    /// Whether something that `depends_on` names is about to change: then data that depends on it must wait.
    fn depends_on_pending(&self, resource: &ConfigResource, block: &ResourceBlock) -> bool {
        if block.depends_on.is_empty() {
            return false;
        }
        self.stack
            .graph
            .resource_dependencies(resource)
            .iter()
            .any(|dependency| self.pending.contains(dependency))
    }

    fn dependencies(&self, resource: &ConfigResource) -> Vec<ConfigResource> {
        self.stack.graph.resource_dependencies(resource)
    }

    fn provider_source(&self, key: &ProviderKey) -> String {
        self.stack
            .registry
            .provider(&key.1)
            .map_or_else(|| crate::config::default_source(&key.1), |provider| provider.source().to_owned())
    }

    /// A change of which only the object and the action are filled in.
    fn blank(&self, address: &InstanceAddress, key: &ProviderKey, action: Action) -> ResourceChange {
        let null = Value::null(crate::lang::types::Type::Dynamic);
        let source = self.provider_source(key);
        let provider_config = self.provider_config(address, key);
        ResourceChange {
            address: address.clone(),
            previous_address: self.options.moves.get(address).cloned(),
            deposed: None,
            provider: source.into(),
            schema_version: 0,
            action,
            reason: None,
            verdict: Verdict::Pending,
            before: null.clone(),
            after: null.clone(),
            recorded: null,
            replace_paths: BTreeSet::new(),
            attributes: Vec::new(),
            importing: self.options.imports.get(address).cloned(),
            unreadable: None,
            consequence_of: None,
            adopted: false,
            provider_config,
            dependencies: Vec::new(),
            create_before_destroy: false,
            prevents_destroy: false,
            only: None,
            declared_at: None,
        }
    }

    fn check_node(&mut self, path: &ModulePath, name: &Arc<str>) {
        let module = Arc::clone(self.stack.module(path));
        let check = &module.checks[name];
        for instance in self.values.instances_of(path).to_vec() {
            let scope = ModuleScope::new(self.stack.environment, &self.values, &module, &instance);
            for assertion in &check.assertions {
                let mut own = Diagnostics::new();
                let outcome = conditions::check(assertion, &scope, &mut own);
                if outcome == conditions::Outcome::Unknown {
                    let detail = "The condition could not be evaluated at this time: it refers to what is known only after \
                                  this plan is applied.";
                    own.push(Diagnostic::warning(KNOWN_AFTER_APPLY, detail).at(assertion.condition.span));
                }
                if let conditions::Outcome::Fail(message) = &outcome {
                    own.push(
                        Diagnostic::warning("Check block assertion failed", message.clone())
                            .at(assertion.condition.span),
                    );
                }
                // A check never keeps anything from being done.
                for mut diagnostic in own {
                    diagnostic.severity = crate::lang::diagnostic::Severity::Warning;
                    self.diagnostics.push(diagnostic);
                }
                self.checked.push(Checked {
                    kind: "check",
                    object: crate::graph::evaluate::in_module(path.to_string(), format!("check.{name}")),
                    instance: crate::graph::evaluate::in_module(
                        instance.to_string(),
                        format!("check.{name}"),
                    ),
                    outcome,
                });
            }
        }
    }

    fn finish(mut self) -> Planned {
        self.warn();
        self.changes.sort_by(|left, right| {
            left.address.cmp(&right.address).then_with(|| left.deposed.cmp(&right.deposed))
        });
        self.objects.sort_by(|left, right| left.address.cmp(&right.address));
        self.not_compared.sort_by(|left, right| {
            left.address.cmp(&right.address).then_with(|| left.deposed.cmp(&right.deposed))
        });
        let outputs = self.output_changes();
        let plan = Plan {
            not_compared: self.not_compared,
            data: self.objects,
            unread: self.unread,
            mode: self.options.mode,
            changes: self.changes,
            outputs,
            checks: check_results(&self.checked),
            variables: self.stack.variables.clone(),
            lineage: self.state.lineage.clone(),
            serial: self.state.serial,
            timestamp: self.stack.environment.plan_timestamp.clone().unwrap_or_default(),
            targeted: self.included.is_some(),
        };
        Planned { plan, values: self.values }
    }

    fn output_changes(&self) -> BTreeMap<Arc<str>, OutputChange> {
        let root = self.stack.module(&ModulePath::root());
        let null = Value::null(crate::lang::types::Type::Dynamic);
        let mut outputs = BTreeMap::new();
        let values = self.values.module(&crate::address::ModuleInstance::root());
        let destroy = self.options.mode == PlanMode::Destroy;
        for (name, output) in &root.outputs {
            if destroy
                || !self.is_included(&Node::Output(ModulePath::root(), Arc::clone(name)))
                    && self.included.is_some()
            {
                continue;
            }
            let after =
                values.and_then(|values| values.outputs.get(name)).cloned().unwrap_or_else(Value::dynamic);
            let before =
                self.state.outputs.get(name).map_or_else(|| null.clone(), |output| output.value.clone());
            let plain = |value: &Value| value.clone().unmark_deep().0;
            let same = plain(&before) == plain(&after);
            let recorded = self.state.outputs.contains_key(name);
            let was_sensitive = self.state.outputs.get(name).is_some_and(|output| output.sensitive);
            let same = same && (!recorded || was_sensitive == output.sensitive);
            let action = match (recorded, same) {
                (false, _) if after.is_null() => Action::NoOp,
                (false, _) => Action::Create,
                (true, true) => Action::NoOp,
                (true, false) if after.is_null() => Action::Delete,
                (true, false) => Action::Update,
            };
            outputs.insert(
                Arc::clone(name),
                OutputChange {
                    action,
                    before,
                    after,
                    sensitive: output.sensitive || was_sensitive,
                    recorded_sensitive: output.sensitive,
                },
            );
        }
        if self.included.is_none() {
            for (name, output) in &self.state.outputs {
                if destroy || !root.outputs.contains_key(name) {
                    let change = OutputChange {
                        action: Action::Delete,
                        before: output.value.clone(),
                        after: null.clone(),
                        sensitive: output.sensitive,
                        recorded_sensitive: output.sensitive,
                    };
                    outputs.insert(Arc::clone(name), change);
                }
            }
        }
        outputs
    }
}

/// The diagnostic of an operation that failed for an object.
pub fn failed_operation(
    summary: &str,
    error: &OperationError,
    block: &ResourceBlock,
    address: &InstanceAddress,
) -> Diagnostic {
    Diagnostic::error(summary, operation_detail(error)).at(block.declared_at).of(address.to_string())
}

/// What happened, and what to do about it.
pub fn operation_detail(error: &OperationError) -> String {
    use crate::provider::ErrorKind as Kind;
    let advice = match error.kind {
        Kind::AccessDenied if !error.operation.is_empty() => {
            format!(" The credentials in use may not do {}: allow it in their policy.", error.operation)
        }
        Kind::Credentials if error.code.is_some() => {
            " The credentials in use are not good (any more): log in again, or set others.".to_owned()
        }
        Kind::Throttled => {
            " AWS asked to go slower for longer than recon waits: try again later, or with a lower \
                            --parallelism."
                .to_owned()
        }
        Kind::Unavailable => " Check the network, the region and the endpoint, and try again.".to_owned(),
        _ => String::new(),
    };
    let text = error.to_string();
    let is_whole = text.ends_with('.') || advice.is_empty() && text.ends_with(')');
    let stop = if is_whole { "" } else { "." };
    format!("{text}{stop}{advice}")
}

/// Each instance's status and failure messages.
type Instances = BTreeMap<String, (CheckStatus, Vec<String>)>;

fn check_results(checked: &[Checked]) -> Vec<CheckResult> {
    let mut results: BTreeMap<(&'static str, String), Instances> = BTreeMap::new();
    for check in checked {
        let instances = results.entry((check.kind, check.object.clone())).or_default();
        if check.instance.is_empty() {
            continue;
        }
        let entry = instances.entry(check.instance.clone()).or_insert((CheckStatus::Pass, Vec::new()));
        let status = match &check.outcome {
            conditions::Outcome::Pass => CheckStatus::Pass,
            conditions::Outcome::Fail(message) => {
                entry.1.push(message.clone());
                CheckStatus::Fail
            }
            conditions::Outcome::Unknown => CheckStatus::Unknown,
            conditions::Outcome::Error => CheckStatus::Error,
        };
        entry.0 = worse(entry.0, status);
    }
    results
        .into_iter()
        .map(|((kind, object), instances)| {
            let instances: Vec<_> = instances
                .into_iter()
                .map(|(address, (status, messages))| (address, status, messages))
                .collect();
            let unknown = if instances.is_empty() { CheckStatus::Unknown } else { CheckStatus::Pass };
            let status = instances.iter().fold(unknown, |status, (_, own, _)| worse(status, *own));
            CheckResult { kind, object, status, instances }
        })
        .collect()
}

fn worse(left: CheckStatus, right: CheckStatus) -> CheckStatus {
    let rank = |status: CheckStatus| match status {
        CheckStatus::Pass => 0,
        CheckStatus::Unknown => 1,
        CheckStatus::Fail => 2,
        CheckStatus::Error => 3,
    };
    if rank(left) >= rank(right) { left } else { right }
}
