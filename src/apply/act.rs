//! Single actions.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::address::InstanceAddress;
use crate::compare::object::{at_path, changed_paths, refreshed};
use crate::config::{Condition, Module, ResourceBlock};
use crate::graph::scope::ModuleScope;
use crate::graph::values::Repetition;
use crate::lang::convert::{PathStep, path_text};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::value::{Kind, Value};
use crate::plan::model::{Action, Reason, ResourceChange};
use crate::plan::planner::resource::{propose, renewed, with_ignored, with_tags};
use crate::plan::planner::{failed_operation, operation_detail};
use crate::provider::warnings::{self, Warning};
use crate::provider::{Connection, OperationError, ReadRequest, ReadResult, ResourceType};
use crate::schema::decode::decode;
use crate::schema::{BlockSchema, Schema};
use crate::state::{mark_paths, sensitive_paths};

use super::{Apply, Event};

/// How often a long action is reported to be still going on.
const REPORT_EVERY: Duration = Duration::from_secs(10);

impl Apply<'_> {
    pub(super) fn fail(&self, diagnostic: Diagnostic) -> bool {
        self.diagnostics.borrow_mut().push(diagnostic);
        false
    }

    /// Runs an operation and reports its progress.
    pub(super) async fn reported<T>(
        &self,
        change: &ResourceChange,
        action: Action,
        operation: impl Future<Output = Result<T, OperationError>>,
    ) -> Result<T, OperationError> {
        let address = change.address.clone();
        let start = Instant::now();
        let id = if action == Action::Create { None } else { known_id(&change.before) };
        (self.options.events)(Event::Started { address: address.clone(), action, id });
        let mut operation = std::pin::pin!(warnings::gather(operation));
        loop {
            match tokio::time::timeout(REPORT_EVERY, &mut operation).await {
                Ok((result, warnings)) => {
                    self.warn(change, warnings);
                    if result.is_err() {
                        let elapsed = start.elapsed();
                        (self.options.events)(Event::Failed { address, action, elapsed });
                    }
                    return result;
                }
                Err(_) => (self.options.events)(Event::Going {
                    address: address.clone(),
                    action,
                    elapsed: start.elapsed(),
                }),
            }
        }
    }

    /// Reports what an operation warned of, at the block of its object.
    fn warn(&self, change: &ResourceChange, warnings: Vec<Warning>) {
        let place = change.declared_at;
        self.diagnostics.borrow_mut().extend(warnings.into_iter().map(|Warning { summary, detail }| {
            let diagnostic = Diagnostic::warning(summary, detail).of(change.address.to_string());
            match place {
                Some(place) => diagnostic.at(place),
                None => diagnostic,
            }
        }));
    }

    pub(super) fn completed(&self, change: &ResourceChange, action: Action, value: &Value, start: Instant) {
        let id = known_id(value);
        (self.options.events)(Event::Completed {
            address: change.address.clone(),
            action,
            id,
            elapsed: start.elapsed(),
        });
    }

    /// Creates, updates or reads an object, or forgets it. `false`: it failed, and that has been said.
    pub(super) async fn act(&self, change: &ResourceChange) -> bool {
        let address = &change.address;
        if change.action == Action::Forget {
            let mut recorder = self.recorder.borrow_mut();
            recorder.state.remove(address, change.deposed.as_deref());
            return match recorder.save() {
                Ok(()) => true,
                Err(error) => {
                    drop(recorder);
                    self.state_error(&error);
                    false
                }
            };
        }
        let Some(block) = self.block(address) else {
            return self.fail(Diagnostic::error(
                "No configuration",
                format!("{address} is not in the configuration."),
            ));
        };
        let Some(connection) = self.connection(change) else {
            return self.fail(Diagnostic::error(
                "No connection",
                format!("The provider of {address} is not configured."),
            ));
        };
        let module = self.stack.module(&address.module.path());
        let repetition = self.repetition(address);
        if change.action == Action::Read {
            return self.read_data(change, module, block, connection, &repetition).await;
        }
        let Some(ty) = self.stack.registry.resource_type(&address.resource.ty) else {
            return self.fail(Diagnostic::error(
                "Invalid resource type",
                format!("recon has no type {}.", address.resource.ty),
            ));
        };
        if let (Action::Update, Some(only)) = (change.action, &change.only) {
            return self.correct(change, only, &*ty, block, connection).await;
        }
        let Some(config) = self.config(ty.schema(), module, block, address, &repetition) else {
            return false;
        };
        if !self.is_known(&config, block, address) {
            return false;
        }
        // A successor, too, has what its predecessor has of what is to be ignored, unless it was asked for.
        let asked_for = change.reason.is_some_and(|reason| reason != Reason::ReplaceBecauseCannotUpdate);
        let config = if change.before.is_null() || asked_for {
            config
        } else {
            with_ignored(&block.lifecycle.ignore_changes, config, &ty.schema().block, &change.before)
        };
        // What was not known to the plan may be known now.
        let conditions = &block.lifecycle.preconditions;
        let summary = "Resource precondition failed";
        if !self.conditions(conditions, summary, change, module, &repetition, None) {
            return false;
        }
        let good = if change.action == Action::Update {
            self.update(change, &*ty, block, connection, config).await
        } else {
            self.create(change, &*ty, block, connection, config).await
        };
        let made = self.results.borrow().get(address).cloned();
        let conditions = &block.lifecycle.postconditions;
        let summary = "Resource postcondition failed";
        good && self.conditions(conditions, summary, change, module, &repetition, made.as_ref())
    }

    /// Refuses a configuration of which something is not known even now. All that is made in this run is known by
    /// then; what a record of a later version of a schema leaves out is not.
    fn is_known(&self, config: &Value, block: &ResourceBlock, address: &InstanceAddress) -> bool {
        if config.is_wholly_known() {
            return true;
        }
        let unknown = config.as_entries().into_iter().flatten().find(|(_, value)| !value.is_wholly_known());
        let name = unknown.map(|(name, _)| format!(".{name}")).unwrap_or_default();
        let detail = format!(
            "{address}{name} is still not known: it depends on an object that was not read, or on an attribute that the \
             record of an object that is not compared does not have. Nothing was done to this object."
        );
        let diagnostic = Diagnostic::error("A value is not known", detail).at(block.declared_at);
        self.fail(diagnostic.of(address.to_string()))
    }

    /// What `count` and `each` answer in an instance.
    fn repetition(&self, address: &InstanceAddress) -> Repetition {
        let values = self.values.borrow();
        let expansion = values.resource_expansions.get(&address.absolute());
        let found = expansion
            .and_then(|expansion| expansion.instances().into_iter().find(|(key, _)| *key == address.key));
        let mut repetition = found.map(|(_, repetition)| repetition).unwrap_or_default();
        // `each.value` may have been unknown when the instances were counted.
        if let (Some((_, value)), Some(block)) = (&repetition.each, self.block(address))
            && !value.is_wholly_known()
            && let Some(for_each) = &block.for_each
        {
            let module = self.stack.module(&address.module.path());
            let scope = ModuleScope::new(self.stack.environment, &values, module, &address.module);
            let mut ignored = Diagnostics::new();
            let again = crate::graph::expand::expand(None, Some(for_each), &scope, false, &mut ignored);
            if let Some(again) = again
                && let Some((_, now)) = again.instances().into_iter().find(|(key, _)| *key == address.key)
            {
                repetition = now;
            }
        }
        repetition
    }

    fn config(
        &self,
        schema: &Schema,
        module: &Module,
        block: &ResourceBlock,
        address: &InstanceAddress,
        repetition: &Repetition,
    ) -> Option<Value> {
        let mut own = Diagnostics::new();
        let value = {
            let values = self.values.borrow();
            let scope = ModuleScope::new(self.stack.environment, &values, module, &address.module)
                .repeated(repetition);
            decode(&schema.block, &block.body, &scope, &mut own)
        };
        let failed = own.has_errors();
        self.diagnostics.borrow_mut().append(own);
        (!failed).then_some(value)
    }

    async fn read_data(
        &self,
        change: &ResourceChange,
        module: &Module,
        block: &ResourceBlock,
        connection: &Connection,
        repetition: &Repetition,
    ) -> bool {
        let address = &change.address;
        let Some(source) = self.stack.registry.data_source(&address.resource.ty) else { return false };
        let Some(config) = self.config(source.schema(), module, block, address, repetition) else {
            return false;
        };
        let summary = "Resource precondition failed";
        if !self.conditions(&block.lifecycle.preconditions, summary, change, module, repetition, None) {
            return false;
        }
        let start = Instant::now();
        let read = source.object(connection, &config);
        match self.reported(change, Action::Read, read).await {
            Ok(value) => {
                self.completed(change, Action::Read, &value, start);
                self.results.borrow_mut().insert(address.clone(), value.clone());
                {
                    let mut recorder = self.recorder.borrow_mut();
                    if recorder.data(address, &change.provider_config, source.schema(), &value)
                        && let Err(error) = recorder.save()
                    {
                        self.state_error(&error);
                    }
                }
                let summary = "Resource postcondition failed";
                let conditions = &block.lifecycle.postconditions;
                self.conditions(conditions, summary, change, module, repetition, Some(&value))
            }
            Err(error) => self.fail(failed_operation("Reading a data source failed", &error, block, address)),
        }
    }

    /// Checks conditions with what is known by now. `object` is what `self` answers.
    fn conditions(
        &self,
        conditions: &[Condition],
        summary: &'static str,
        change: &ResourceChange,
        module: &Module,
        repetition: &Repetition,
        object: Option<&Value>,
    ) -> bool {
        if conditions.is_empty() {
            return true;
        }
        let mut own = Diagnostics::new();
        {
            let values = self.values.borrow();
            let mut scope = ModuleScope::new(self.stack.environment, &values, module, &change.address.module)
                .repeated(repetition);
            scope.self_value = object;
            let name = change.address.to_string();
            self.stack.evaluation(true).conditions(
                conditions,
                &scope,
                summary,
                &name,
                &name,
                &mut Vec::new(),
                &mut own,
            );
        }
        let good = !own.has_errors();
        self.diagnostics.borrow_mut().append(own);
        good
    }

    /// Refuses what the plan did not say: a known value that is another now, a replacement instead of an update.
    pub(super) fn within_plan(
        &self,
        schema: &BlockSchema,
        change: &ResourceChange,
        planned: &Value,
        block: &ResourceBlock,
    ) -> bool {
        for path in changed_paths(schema, &change.after, planned) {
            let before = at_path(&change.after, &path);
            if !before.is_wholly_known() && compatible(&before, &at_path(planned, &path)) {
                continue;
            }
            let detail = format!(
                "{}{} was planned as one value and now evaluates to another. Nothing was done to this object. Plan \
                 again: something that the plan rests on has changed since.",
                change.address,
                path_text(&path)
            );
            return self.fail(
                Diagnostic::error("The action would exceed the plan", detail)
                    .at(block.declared_at)
                    .of(change.address.to_string()),
            );
        }
        true
    }

    async fn update(
        &self,
        change: &ResourceChange,
        ty: &dyn ResourceType,
        block: &ResourceBlock,
        connection: &Connection,
        config: Value,
    ) -> bool {
        let address = &change.address;
        let schema = &ty.schema().block;
        let proposal = propose(ty, Some(connection), &config, Some(&change.before));
        if let Some(path) = proposal.replace.first() {
            let detail = format!(
                "An update of {address} was planned, but {} now has a value that needs the object to be replaced. \
                 Nothing was done to it. Plan again.",
                path_text(path).trim_start_matches('.')
            );
            return self.fail(
                Diagnostic::error("The action would exceed the plan", detail)
                    .at(block.declared_at)
                    .of(address.to_string()),
            );
        }
        let planned = proposal.planned;
        let renewed_plan = renewed(schema, planned.clone());
        if changed_paths(schema, &change.before, &planned).is_empty() {
            // What was unknown has come out as it was.
            self.results.borrow_mut().insert(address.clone(), change.before.clone());
            return true;
        }
        if !self.within_plan(schema, change, &renewed_plan, block) {
            return false;
        }
        let start = Instant::now();
        let update = ty.update(connection, &change.before, &renewed_plan);
        let outcome = self.reported(change, Action::Update, update).await;
        let (value, good) = match outcome {
            Ok(value) => (Some(settled(schema, connection, &renewed_plan, value, &config)), true),
            Err(error) => {
                self.fail(failed_operation("Updating an object failed", &error, block, address));
                (self.read_again(ty, connection, &change.before, &config).await, false)
            }
        };
        let Some(value) = value else { return false };
        if good {
            self.completed(change, Action::Update, &value, start);
            self.count(|done| done.changed += 1);
        }
        let mut recorder = self.recorder.borrow_mut();
        let mut instance =
            recorder.state.get(address).map(|(_, instance)| instance.clone()).unwrap_or_default();
        instance.set_value(ty.schema(), &value);
        instance.dependencies = change.dependency_names();
        instance.create_before_destroy = change.create_before_destroy;
        recorder.state.put(address, None, &change.provider_config, instance);
        self.results.borrow_mut().insert(address.clone(), value);
        let saved = recorder.save();
        drop(recorder);
        if let Err(error) = saved {
            self.state_error(&error);
            return false;
        }
        good
    }

    /// What an object is after an update that failed half-way.
    pub(super) async fn read_again(
        &self,
        ty: &dyn ResourceType,
        connection: &Connection,
        before: &Value,
        config: &Value,
    ) -> Option<Value> {
        let requests = [ReadRequest { known: before.clone() }];
        match ty.read(connection, &requests).await.into_iter().next() {
            Some(ReadResult::Found(live)) => {
                let schema = &ty.schema().block;
                let live = with_tags(schema, connection, live, config, before);
                Some(refreshed(schema, before, &live))
            }
            _ => None,
        }
    }

    /// Deletes an object and its record.
    pub(super) async fn delete(&self, change: &ResourceChange) -> bool {
        let address = &change.address;
        let deposed = match change.action {
            Action::CreateThenDelete => self.deposed.borrow().get(address).cloned(),
            _ => change.deposed.clone(),
        };
        if change.action == Action::CreateThenDelete && deposed.is_none() {
            return true;
        }
        let gone = change.before.is_null();
        if !gone {
            let (Some(connection), Some(ty)) =
                (self.connection(change), self.stack.registry.resource_type(&address.resource.ty))
            else {
                return self.fail(Diagnostic::error(
                    "No connection",
                    format!("{address} cannot be deleted: its provider is not configured."),
                ));
            };
            let start = Instant::now();
            let delete = ty.delete(connection, &change.before);
            if let Err(error) = self.reported(change, Action::Delete, delete).await {
                let diagnostic = Diagnostic::error("Deleting an object failed", operation_detail(&error))
                    .of(address.to_string());
                let diagnostic = match change.declared_at {
                    Some(place) => diagnostic.at(place),
                    None => diagnostic,
                };
                return self.fail(diagnostic);
            }
            self.completed(change, Action::Delete, &change.before, start);
        }
        self.count(|done| done.destroyed += 1);
        let mut recorder = self.recorder.borrow_mut();
        recorder.state.remove(address, deposed.as_deref());
        let saved = recorder.save();
        drop(recorder);
        match saved {
            Ok(()) => true,
            Err(error) => {
                self.state_error(&error);
                false
            }
        }
    }
}

/// Whether a value can be what an unknown, or partly unknown, planned one has become.
fn compatible(planned: &Value, now: &Value) -> bool {
    match (&planned.kind, &now.kind) {
        (Kind::Unknown(..), _) => true,
        (Kind::Object(planned), Kind::Object(now)) | (Kind::Map(_, planned), Kind::Map(_, now)) => {
            entries_compatible(planned, now)
        }
        (Kind::List(_, planned), Kind::List(_, now)) | (Kind::Tuple(planned), Kind::Tuple(now)) => {
            planned.len() == now.len()
                && planned.iter().zip(now.iter()).all(|(planned, now)| compatible(planned, now))
        }
        // Elements of a set have no place by which to tell which is which.
        (Kind::Set(..), Kind::Set(..)) => true,
        _ => planned.clone().unmark_deep().0 == now.clone().unmark_deep().0,
    }
}

fn entries_compatible(
    planned: &BTreeMap<std::sync::Arc<str>, Value>,
    now: &BTreeMap<std::sync::Arc<str>, Value>,
) -> bool {
    planned.len() == now.len()
        && planned.iter().all(|(name, value)| now.get(name).is_some_and(|now| compatible(value, now)))
}

/// The object as it is to be recorded: what AWS answered, in the spelling and with the marks of what was planned.
pub(super) fn settled(
    schema: &BlockSchema,
    connection: &Connection,
    planned: &Value,
    answered: Value,
    config: &Value,
) -> Value {
    let answered = with_tags(schema, connection, answered, config, planned);
    let value = refreshed(schema, planned, &answered);
    let value = known_only(value);
    let paths: Vec<Vec<PathStep>> = sensitive_paths(planned);
    schema.marked(&mark_paths(&value, &paths))
}

/// Nothing unknown is ever recorded.
pub(super) fn known_only(value: Value) -> Value {
    value.transform(&mut |value| match &value.kind {
        Kind::Unknown(ty, _) => Value::null(ty.clone()).with_marks(value.marks),
        _ => value,
    })
}

fn known_id(value: &Value) -> Option<String> {
    value.known("id").and_then(Value::as_str).map(str::to_owned)
}
