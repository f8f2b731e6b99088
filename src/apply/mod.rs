//! Carrying a plan out.
//!
//! The plan's actions and the configuration's other nodes make one graph, walked concurrently: what an action
//! makes known is there when the next one is evaluated. The state is saved after every completed action, and
//! what is about to be made is in the journal before it is. An action that turns out to be more than was planned
//! stops with a diagnostic.

mod act;
mod correct;
mod create;
mod order;
pub mod record;
mod refusals;
pub mod repair;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use petgraph::graph::NodeIndex;

use crate::address::{ConfigResource, InstanceAddress, Mode, ModuleInstance, ModulePath};
use crate::config::ResourceBlock;
use crate::graph::Node;
use crate::graph::values::{Values, aggregate};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::value::Value;
use crate::live::{Live, ProviderKey, provider_key};
use crate::plan::model::{Action, PlanMode, ResourceChange};
use crate::plan::{Planned, Stack};
use crate::provider::Connection;
use crate::state::OutputState;

use order::{Step, Steps};
use record::Recorder;

pub use refusals::refusals;

/// What happens, as it happens.
#[derive(Clone, Debug)]
pub enum Event {
    /// An action on an object begins.
    Started {
        address: InstanceAddress,
        action: Action,
        id: Option<String>,
    },
    /// It still goes on.
    Going {
        address: InstanceAddress,
        action: Action,
        elapsed: Duration,
    },
    Completed {
        address: InstanceAddress,
        action: Action,
        id: Option<String>,
        elapsed: Duration,
    },
    Failed {
        address: InstanceAddress,
        action: Action,
        elapsed: Duration,
    },
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Done {
    pub added: usize,
    pub changed: usize,
    pub destroyed: usize,
    pub imported: usize,
}

/// How to carry a plan out.
pub struct Options<'a> {
    /// How many actions may be under way at once.
    pub parallelism: usize,
    pub events: &'a dyn Fn(Event),
    /// Says that nothing more is to be begun: the user interrupted.
    pub stopped: &'a dyn Fn() -> bool,
    /// Nothing is recorded but what is acted on: not what else AWS has by now, no outputs, no data. So a correction
    /// leaves every other drift and every pending change as it is.
    pub narrow: bool,
}

struct Apply<'a> {
    stack: Stack<'a>,
    planned: &'a Planned,
    options: &'a Options<'a>,
    connections: HashMap<ProviderKey, Connection>,
    values: RefCell<Values>,
    /// What the instances have become in this run.
    results: RefCell<BTreeMap<InstanceAddress, Value>>,
    /// The keys under which replaced objects wait for their deletion.
    deposed: RefCell<BTreeMap<InstanceAddress, String>>,
    recorder: RefCell<&'a mut Recorder>,
    diagnostics: RefCell<Diagnostics>,
    done: Cell<Done>,
}

/// Carries a plan out. What was done is recorded whatever goes wrong; the diagnostics say what did.
pub async fn apply(
    stack: Stack<'_>,
    planned: &Planned,
    live: &mut Live,
    recorder: &mut Recorder,
    options: &Options<'_>,
) -> (Done, Diagnostics) {
    let mut connections = HashMap::new();
    let mut diagnostics = refusals(stack.configuration, stack.registry, &planned.plan);
    if diagnostics.has_errors() {
        return (Done::default(), diagnostics);
    }
    // To forget an object asks nobody.
    let acts = |change: &&ResourceChange| !matches!(change.action, Action::NoOp | Action::Forget);
    for change in planned.plan.changes.iter().filter(acts) {
        let Some(key) = provider_key(stack.registry, &change.provider_config) else { continue };
        if connections.contains_key(&key) {
            continue;
        }
        match live.connection(&key).await {
            Ok(connection) => {
                connections.insert(key, connection);
            }
            Err(error) => {
                let detail = crate::plan::planner::operation_detail(&error);
                diagnostics.push(Diagnostic::error("The provider cannot be used", detail));
            }
        }
    }
    if diagnostics.has_errors() {
        return (Done::default(), diagnostics);
    }
    let mut values = Values::new();
    values.resource_expansions.clone_from(&planned.values.resource_expansions);
    let apply = Apply {
        stack,
        planned,
        options,
        connections,
        values: RefCell::new(values),
        results: RefCell::default(),
        deposed: RefCell::default(),
        recorder: RefCell::new(recorder),
        diagnostics: RefCell::new(diagnostics),
        done: Cell::new(Done::default()),
    };
    if !options.narrow {
        apply.record_refreshed();
    }
    let steps = Steps::build(stack, &planned.plan);
    match steps {
        Ok(steps) => {
            let complete = apply.walk(&steps).await;
            if !options.narrow {
                apply.record_outputs(complete);
            }
        }
        Err(problem) => {
            apply
                .diagnostics
                .borrow_mut()
                .push(Diagnostic::error("The actions cannot be put in order", problem));
        }
    }
    if planned.plan.targeted {
        let detail = "With --target a part of the stack only was applied: the configuration may ask for more. Run \"recon diff\" \
                      to see what is left.";
        apply.diagnostics.borrow_mut().push(Diagnostic::warning("Applied changes may be incomplete", detail));
    }
    let done = apply.done.get();
    (done, apply.diagnostics.into_inner())
}

impl<'a> Apply<'a> {
    /// Walks the steps, each when all that it needs is done. What needs a step that failed is not begun. Answers
    /// whether everything was done.
    async fn walk(&self, steps: &Steps) -> bool {
        let mut waiting: HashMap<NodeIndex, usize> =
            steps.graph.node_indices().map(|index| (index, steps.needs(index).count())).collect();
        let mut ready: VecDeque<NodeIndex> =
            steps.order().into_iter().filter(|index| waiting[index] == 0).collect();
        let mut running: FuturesUnordered<LocalBoxFuture<'_, (NodeIndex, bool)>> = FuturesUnordered::new();
        let mut failed: BTreeSet<NodeIndex> = BTreeSet::new();
        let mut stopped = false;
        let mut all = true;
        loop {
            while running.len() < self.options.parallelism.max(1) {
                let Some(index) = ready.pop_front() else { break };
                stopped |= (self.options.stopped)();
                let acts = !matches!(steps.graph[index], Step::Evaluate(_));
                if acts && self.recorder.borrow().has_failed() {
                    failed.insert(index);
                    all = false;
                    finish(steps, index, &mut waiting, &mut ready);
                    continue;
                }
                let blocked = steps.needs(index).any(|need| failed.contains(&need));
                if blocked || stopped && acts {
                    failed.insert(index);
                    all = false;
                    finish(steps, index, &mut waiting, &mut ready);
                    continue;
                }
                match &steps.graph[index] {
                    Step::Evaluate(node) => {
                        if !self.evaluate(node) {
                            failed.insert(index);
                            all = false;
                        }
                        finish(steps, index, &mut waiting, &mut ready);
                    }
                    Step::Change(position) => {
                        let change = &self.planned.plan.changes[*position];
                        running.push(Box::pin(async move { (index, self.act(change).await) }));
                    }
                    Step::Delete(position) => {
                        let change = &self.planned.plan.changes[*position];
                        running.push(Box::pin(async move { (index, self.delete(change).await) }));
                    }
                }
            }
            let Some((index, good)) = running.next().await else { break };
            if !good {
                failed.insert(index);
                all = false;
            }
            finish(steps, index, &mut waiting, &mut ready);
        }
        if stopped {
            let detail = "The run was interrupted: what was under way was finished and recorded, nothing more was begun. \
                          Run the command again to go on.";
            self.diagnostics.borrow_mut().push(Diagnostic::error("Interrupted", detail));
        }
        all
    }

    /// Evaluates a node of the configuration with what is known by now. `false`: it has an error.
    fn evaluate(&self, node: &Node) -> bool {
        let mut own = Diagnostics::new();
        match node {
            Node::Resource(resource) => self.settle(resource),
            Node::Provider(..) => {}
            Node::Check(path, name) => self.check(path, name, &mut own),
            other => {
                let mut values = self.values.borrow_mut();
                let evaluation = self.stack.evaluation(true);
                evaluation.node(other, &mut values, &mut Vec::new(), &mut own);
            }
        }
        let good = !own.has_errors();
        // Other warnings were given when it was planned.
        if !matches!(node, Node::Check(..)) {
            own.0.retain(Diagnostic::is_error);
        }
        self.diagnostics.borrow_mut().append(own);
        good
    }

    fn check(&self, path: &ModulePath, name: &Arc<str>, own: &mut Diagnostics) {
        let module = self.stack.module(path);
        let values = self.values.borrow();
        for instance in values.instances_of(path) {
            let scope =
                crate::graph::scope::ModuleScope::new(self.stack.environment, &values, module, instance);
            for assertion in &module.checks[name].assertions {
                let mut found = Diagnostics::new();
                let outcome = crate::graph::conditions::check(assertion, &scope, &mut found);
                if let crate::graph::conditions::Outcome::Fail(message) = outcome
                    && !self.was_said(path, name, instance, &message)
                {
                    own.push(
                        Diagnostic::warning("Check block assertion failed", message)
                            .at(assertion.condition.span),
                    );
                }
            }
        }
    }

    /// Whether the plan has said already that a check fails, and how.
    fn was_said(&self, path: &ModulePath, name: &str, instance: &ModuleInstance, message: &str) -> bool {
        let in_module = crate::graph::evaluate::in_module;
        let object = in_module(path.to_string(), format!("check.{name}"));
        let instance = in_module(instance.to_string(), format!("check.{name}"));
        self.planned.plan.checks.iter().filter(|check| check.object == object).any(|check| {
            check
                .instances
                .iter()
                .any(|(own, _, messages)| *own == instance && messages.iter().any(|one| one == message))
        })
    }

    /// Puts a resource's instances together for those that refer to it.
    fn settle(&self, resource: &ConfigResource) {
        let mut values = self.values.borrow_mut();
        let results = self.results.borrow();
        let mut settled: Vec<(ModuleInstance, Value)> = Vec::new();
        for instance in values.instances_of(&resource.module) {
            let absolute = crate::address::AbsoluteResource {
                module: instance.clone(),
                resource: resource.resource.clone(),
            };
            let planned = self
                .planned
                .values
                .module(instance)
                .and_then(|module| module.resources.get(&resource.resource))
                .cloned();
            let value = match values.resource_expansions.get(&absolute) {
                Some(expansion) => aggregate(expansion, |key| {
                    let address = absolute.instance(key.clone());
                    results.get(&address).cloned().unwrap_or_else(|| {
                        let whole = planned.clone().unwrap_or_else(Value::dynamic);
                        instance_of(&whole, key)
                    })
                }),
                None => planned.unwrap_or_else(Value::dynamic),
            };
            settled.push((instance.clone(), value));
        }
        for (instance, value) in settled {
            values.module_mut(&instance).resources.insert(resource.resource.clone(), value);
        }
    }

    /// Objects that need no action are recorded as they are, where the record is behind.
    fn record_refreshed(&self) {
        let mut recorder = self.recorder.borrow_mut();
        let mut changed = false;
        for change in &self.planned.plan.changes {
            // It has its new place, or is there at all, in memory only.
            changed |= change.previous_address.is_some() || change.importing.is_some();
            if change.importing.is_some() {
                self.count(|done| done.imported += 1);
            }
            if !matches!(change.action, Action::NoOp | Action::Update) || change.before.is_null() {
                continue;
            }
            let dependencies = change.dependency_names();
            changed |= recorder.relate(&change.address, dependencies, change.create_before_destroy);
            let behind = change.before.clone().unmark_deep().0 != change.recorded.clone().unmark_deep().0;
            let Some(ty) = self.stack.registry.resource_type(&change.address.resource.ty) else { continue };
            let version = recorder.state.get(&change.address).map(|(_, instance)| instance.schema_version);
            // What an older version of the schema has not is not made up again by every run.
            let outdated =
                !ty.is_schema_only() && version.is_some_and(|version| version < ty.schema().version);
            if !behind && !outdated {
                continue;
            }
            changed |= recorder.refresh(&change.address, ty.schema(), &change.before);
        }
        changed |= self.record_data(&mut recorder);
        if changed && let Err(error) = recorder.save() {
            self.state_error(&error);
        }
    }

    /// What data sources said is recorded, and what is no longer in the code is taken out. Answers whether the record
    /// is another one by that.
    fn record_data(&self, recorder: &mut Recorder) -> bool {
        let plan = &self.planned.plan;
        let mut changed = false;
        for object in &plan.data {
            let Some(source) = self.stack.registry.data_source(&object.address.resource.ty) else { continue };
            changed |=
                recorder.data(&object.address, &object.provider_config, source.schema(), &object.value);
        }
        if plan.targeted {
            return changed;
        }
        let kept: BTreeSet<&InstanceAddress> = plan
            .data
            .iter()
            .map(|object| &object.address)
            .chain(plan.changes.iter().map(|change| &change.address))
            .chain(plan.not_compared.iter().map(|left| &left.address))
            .collect();
        let gone: Vec<InstanceAddress> = recorder
            .state
            .objects()
            .filter(|(address, _, _, _)| address.resource.mode == Mode::Data && !kept.contains(address))
            .map(|(address, _, _, _)| address)
            .collect();
        for address in &gone {
            recorder.state.remove(address, None);
        }
        changed || !gone.is_empty()
    }

    fn record_outputs(&self, complete: bool) {
        let plan = &self.planned.plan;
        let mut recorder = self.recorder.borrow_mut();
        let values = self.values.borrow();
        let known = values.module(&ModuleInstance::root()).map(|module| &module.outputs);
        let mut changed = false;
        for (name, change) in &plan.outputs {
            let destroyed = plan.mode == PlanMode::Destroy || change.action == Action::Delete;
            if destroyed {
                if complete {
                    changed |= recorder.state.outputs.remove(name).is_some();
                }
                continue;
            }
            let Some(value) = known.and_then(|known| known.get(name)) else { continue };
            if !value.is_wholly_known() || value.is_null() {
                continue;
            }
            let (plain, _) = value.clone().unmark_deep();
            let output = OutputState {
                ty: plain.ty(),
                value: plain,
                sensitive: change.recorded_sensitive,
                other: recorder.state.outputs.get(name).map(|old| old.other.clone()).unwrap_or_default(),
            };
            let output = OutputState {
                value: if change.recorded_sensitive {
                    output.value.clone().sensitive()
                } else {
                    output.value.clone()
                },
                ..output
            };
            if recorder.state.outputs.get(name) != Some(&output) {
                recorder.state.outputs.insert(Arc::clone(name), output);
                changed = true;
            }
        }
        if changed && let Err(error) = recorder.save() {
            self.state_error(&error);
        }
    }

    fn state_error(&self, error: &crate::state::StateError) {
        self.diagnostics
            .borrow_mut()
            .push(Diagnostic::error("The state could not be saved", error.to_string()));
    }

    fn connection(&self, change: &ResourceChange) -> Option<&Connection> {
        let key = provider_key(self.stack.registry, &change.provider_config)?;
        self.connections.get(&key)
    }

    fn block(&self, address: &InstanceAddress) -> Option<&'a ResourceBlock> {
        let module = self.stack.configuration.modules.get(&address.module.path())?;
        module.resources.get(&address.resource)
    }

    fn count(&self, add: impl FnOnce(&mut Done)) {
        let mut done = self.done.get();
        add(&mut done);
        self.done.set(done);
    }
}

/// One instance's value out of the whole resource's.
fn instance_of(whole: &Value, key: &crate::address::InstanceKey) -> Value {
    use crate::address::InstanceKey as Key;
    match key {
        Key::None => whole.clone(),
        Key::Index(index) => whole
            .as_elements()
            .and_then(|elements| elements.get(*index as usize))
            .cloned()
            .unwrap_or_else(Value::dynamic),
        Key::Key(key) => whole.get(key).unwrap_or_else(Value::dynamic),
    }
}

/// Counts a step as done for those that wait for it.
fn finish(
    steps: &Steps,
    index: NodeIndex,
    waiting: &mut HashMap<NodeIndex, usize>,
    ready: &mut VecDeque<NodeIndex>,
) {
    for user in steps.users(index) {
        if let Some(count) = waiting.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                ready.push_back(user);
            }
        }
    }
}
