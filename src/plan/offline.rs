//! The first pass: everything that can be said of a stack without asking anybody.
//!
//! The stack is evaluated with everything that only AWS knows unknown, every value that is known is checked, and
//! the provider configurations are found. An error here means that no call is made.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{InstanceAddress, InstanceKey, Mode, ModuleInstance, ModulePath};
use crate::compare::object::proposed;
use crate::config::{Configuration, IgnoreChanges, Module, ResourceBlock};
use crate::graph::evaluate::{Evaluation, extend_once};
use crate::graph::expand::{Expansion, expand};
use crate::graph::references::provider_of;
use crate::graph::scope::{Environment, ModuleScope};
use crate::graph::values::{Repetition, Values, aggregate};
use crate::graph::{Graph, Node};
use crate::lang::ast::Body;
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::value::Value;
use crate::provider::registry::{Registry, provider_name};
use crate::provider::{Problem, Problems};
use crate::schema::decode::{decode, locate};
use crate::schema::{BlockSchema, Schema};

use super::{imports, moves};

/// A provider configuration of the code: its module, local name and alias.
pub type ProviderKey = (ModulePath, Arc<str>, Option<Arc<str>>);

/// A stack, ready to be evaluated.
#[derive(Clone, Copy)]
pub struct Stack<'a> {
    pub configuration: &'a Configuration,
    pub graph: &'a Graph,
    pub registry: &'a Registry,
    pub environment: &'a Environment,
    pub variables: &'a BTreeMap<Arc<str>, Value>,
}

/// What the offline pass found.
#[derive(Default)]
pub struct Offline {
    pub values: Values,
    /// The configuration of each provider that a resource uses, as far as it is known.
    pub providers: BTreeMap<ProviderKey, Value>,
    /// Data sources whose arguments are wholly known: provider, type and arguments.
    pub data: Vec<(ProviderKey, Arc<str>, Value)>,
}

impl<'a> Stack<'a> {
    pub fn module(&self, path: &ModulePath) -> &'a Arc<Module> {
        &self.configuration.modules[path]
    }

    pub fn evaluation(&self, must_know: bool) -> Evaluation<'a> {
        Evaluation {
            configuration: self.configuration,
            environment: self.environment,
            variables: self.variables,
            must_know,
        }
    }

    /// The schema of a resource block's type, if recon has it.
    pub fn schema_of(&self, block: &ResourceBlock) -> Option<Schema> {
        match block.resource.mode {
            Mode::Managed => self.registry.resource_type(&block.resource.ty).map(|ty| ty.schema().clone()),
            Mode::Data => self.registry.data_source(&block.resource.ty).map(|ty| ty.schema().clone()),
        }
    }
}

/// Runs the pass. `must_know`: whether the number of every resource's instances must come out (it must for a plan,
/// unless something unknown decides it; it need not for a mere validation).
pub fn offline(stack: Stack<'_>, diagnostics: &mut Diagnostics) -> Offline {
    let mut found = Offline { values: Values::new(), ..Offline::default() };
    let evaluation = stack.evaluation(false);
    let mut checked = Vec::new();
    for node in stack.graph.order() {
        match node {
            Node::Provider(path, name, alias) => {
                provider(stack, path, name, alias.as_ref(), &mut found, diagnostics);
            }
            Node::Resource(resource) => {
                let module = stack.module(&resource.module);
                let block = &module.resources[&resource.resource];
                resource_node(stack, &resource.module, module, block, &mut found, diagnostics);
            }
            Node::Check(..) => {}
            other => evaluation.node(other, &mut found.values, &mut checked, diagnostics),
        }
    }
    moves::check(stack.configuration, diagnostics);
    imports::check(stack, diagnostics);
    found
}

fn provider(
    stack: Stack<'_>,
    path: &ModulePath,
    name: &Arc<str>,
    alias: Option<&Arc<str>>,
    found: &mut Offline,
    diagnostics: &mut Diagnostics,
) {
    let module = stack.module(path);
    let block = &module.providers[&(Arc::clone(name), alias.cloned())];
    let Some(provider) = stack.registry.provider(name) else {
        return;
    };
    let instance = ModuleInstance::root();
    let scope = ModuleScope::new(stack.environment, &found.values, module, &instance);
    let mut own = Diagnostics::new();
    let value = decode(&provider.schema().block, &block.body, &scope, &mut own);
    let mut problems = Problems::default();
    if !own.has_errors() {
        provider.validate(&value, &mut problems);
    }
    extend_once(diagnostics, own);
    report(problems, &block.body, None, diagnostics);
    found.providers.insert((path.clone(), Arc::clone(name), alias.cloned()), value);
}

/// Makes diagnostics of what a type found wrong, at the places of the arguments.
pub fn report(problems: Problems, body: &Body, address: Option<&str>, diagnostics: &mut Diagnostics) {
    for Problem { path, summary, detail, is_error } in problems.0 {
        let diagnostic =
            if is_error { Diagnostic::error(summary, detail) } else { Diagnostic::warning(summary, detail) };
        let mut diagnostic = diagnostic.at(locate(body, &path));
        diagnostic.address = address.map(str::to_owned);
        extend_once(diagnostics, diagnostic.into());
    }
}

/// Says that recon does not have a type.
fn unknown_type(stack: Stack<'_>, block: &ResourceBlock) -> Diagnostic {
    let ty = &block.resource.ty;
    let (what, hint) = match block.resource.mode {
        Mode::Managed => ("resource type", stack.registry.similar_resource_type(ty)),
        Mode::Data => ("data source", stack.registry.similar_data_source(ty)),
    };
    let hint = hint.map(|name| format!(" Did you mean {name:?}?")).unwrap_or_default();
    let summary =
        if block.resource.mode == Mode::Managed { "Invalid resource type" } else { "Invalid data source" };
    let detail =
        format!("recon has no {what} {ty:?}.{hint} The types that it has are listed in docs/resources.md.");
    Diagnostic::error(summary, detail).at(block.type_span)
}

/// The source address of a resource's provider, if the code declares one in `required_providers` that recon does not
/// have. A provider that nobody declares is more likely a mistyped resource type.
pub fn foreign_source(stack: Stack<'_>, path: &ModulePath, block: &ResourceBlock) -> Option<String> {
    let (owner, name, _) = provider_of(stack.configuration, path, block);
    if stack.registry.provider(&name).is_some() {
        return None;
    }
    let own = block
        .provider
        .as_ref()
        .map_or_else(|| Arc::from(provider_name(&block.resource.ty)), |provider| Arc::clone(&provider.name));
    let required = |path: &ModulePath, name: &Arc<str>| {
        stack.configuration.modules.get(path)?.required_providers.get(name).map(|one| one.source.clone())
    };
    let source = required(path, &own).or_else(|| required(&owner, &name))?;
    stack.registry.provider_by_source(&source).is_none().then_some(source)
}

/// A warning for each provider that the code uses and recon does not have.
pub fn foreign_providers(stack: Stack<'_>) -> Diagnostics {
    let mut sources: BTreeMap<String, usize> = BTreeMap::new();
    for (path, module) in &stack.configuration.modules {
        for block in module.resources.values() {
            if let Some(source) = foreign_source(stack, path, block) {
                *sources.entry(source).or_default() += 1;
            }
        }
    }
    let warnings = sources.into_iter().map(|(source, count)| {
        let detail = format!(
            "recon does not have the provider {source}. What uses it ({count} in this configuration) is neither checked \
             nor compared nor changed: go on managing it with the tool that has the provider."
        );
        Diagnostic::warning("A provider that recon does not have", detail)
    });
    Diagnostics(warnings.collect())
}

fn resource_node(
    stack: Stack<'_>,
    path: &ModulePath,
    module: &Module,
    block: &ResourceBlock,
    found: &mut Offline,
    diagnostics: &mut Diagnostics,
) {
    let key = provider_of(stack.configuration, path, block);
    if let Some(provider) = stack.registry.provider(&key.1) {
        found.providers.entry(key.clone()).or_insert_with(|| provider.schema().block.object([]));
    }
    let schema = stack.schema_of(block);
    match &schema {
        Some(schema) => check_ignored(&schema.block, block, diagnostics),
        // Another tool's affair.
        None if foreign_source(stack, path, block).is_some() => {}
        None => {
            diagnostics.push(unknown_type(stack, block));
            return;
        }
    }
    for instance in found.values.instances_of(path).to_vec() {
        let expansion = {
            let scope = ModuleScope::new(stack.environment, &found.values, module, &instance);
            expand(block.count.as_ref(), block.for_each.as_ref(), &scope, false, diagnostics)
        };
        let expansion = expansion.unwrap_or(Expansion::Unknown);
        let mut instances = expansion.instances();
        if let Expansion::Unknown = expansion {
            let repetition = Expansion::unknown_repetition(block.count.as_ref(), block.for_each.as_ref());
            instances.push((InstanceKey::None, repetition));
        }
        let mut made: BTreeMap<InstanceKey, Value> = BTreeMap::new();
        for (instance_key, repetition) in &instances {
            let Some(schema) = &schema else { break };
            let address = InstanceAddress {
                module: instance.clone(),
                resource: block.resource.clone(),
                key: instance_key.clone(),
            };
            let value = check_instance(
                stack,
                module,
                block,
                &schema.block,
                &address,
                repetition,
                &key,
                found,
                diagnostics,
            );
            made.insert(instance_key.clone(), value);
        }
        let value = aggregate(&expansion, |key| made.get(key).cloned().unwrap_or_else(Value::dynamic));
        found.values.module_mut(&instance).resources.insert(block.resource.clone(), value);
    }
}

/// What `ignore_changes` names has to be there.
fn check_ignored(schema: &BlockSchema, block: &ResourceBlock, diagnostics: &mut Diagnostics) {
    let IgnoreChanges::Paths(paths) = &block.lifecycle.ignore_changes else { return };
    for ignored in paths {
        let name = &ignored.root;
        if schema.attributes.contains_key(&name.name) || schema.blocks.contains_key(&name.name) {
            continue;
        }
        let known = schema.attributes.keys().chain(schema.blocks.keys()).map(|name| &**name);
        let detail = format!(
            "{} has no argument, attribute or block named {:?}.{}",
            block.resource.ty,
            name.name,
            suggestion(&name.name, known)
        );
        diagnostics.push(Diagnostic::error("Unsupported attribute", detail).at(name.span));
    }
}

#[expect(clippy::too_many_arguments, reason = "all of them say which instance it is")]
fn check_instance(
    stack: Stack<'_>,
    module: &Module,
    block: &ResourceBlock,
    schema: &BlockSchema,
    address: &InstanceAddress,
    repetition: &Repetition,
    provider: &ProviderKey,
    found: &mut Offline,
    diagnostics: &mut Diagnostics,
) -> Value {
    let scope =
        ModuleScope::new(stack.environment, &found.values, module, &address.module).repeated(repetition);
    let mut own = Diagnostics::new();
    let config = decode(schema, &block.body, &scope, &mut own);
    let failed = own.has_errors();
    extend_once(diagnostics, own);
    if failed {
        return Value::unknown(schema.implied_type());
    }
    let mut problems = Problems::default();
    match block.resource.mode {
        Mode::Managed => {
            if let Some(ty) = stack.registry.resource_type(&block.resource.ty) {
                ty.validate(&config, &mut problems);
            }
        }
        Mode::Data => {
            if let Some(ty) = stack.registry.data_source(&block.resource.ty) {
                ty.validate(&config, &mut problems);
            }
            if config.is_wholly_known() && block.depends_on.is_empty() {
                let request = (provider.clone(), Arc::clone(&block.resource.ty), config.clone());
                if !found.data.contains(&request) {
                    found.data.push(request);
                }
            }
        }
    }
    report(problems, &block.body, Some(&address.to_string()), diagnostics);
    proposed(schema, &config, None)
}
