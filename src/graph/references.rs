//! From the references in expressions to the edges of the graph, and what is wrong with those that lead nowhere.

use std::sync::Arc;

use crate::address::{ConfigResource, Mode, ModulePath, Resource};
use crate::config::{Condition, Configuration, Module, ProviderRef, ResourceBlock};
use crate::lang::ast::{Body, Expr, ExprKind, StepKind, Traversal};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::reference::{self, Parsed, Reference};

use super::{Graph, Node};

/// What may be referred to where an expression stands, besides what is so everywhere.
#[derive(Clone, Copy, Default)]
struct Context {
    count: bool,
    each: bool,
    self_: bool,
}

/// The check that a data source is scoped to.
fn scope_of<'m>(module: &'m Module, node: &Node) -> Option<&'m Arc<str>> {
    let Node::Resource(resource) = node else { return None };
    module.resources.get(&resource.resource)?.check.as_ref()
}

struct Connector<'a> {
    configuration: &'a Configuration,
    graph: &'a mut Graph,
    diagnostics: &'a mut Diagnostics,
}

pub fn connect(configuration: &Configuration, graph: &mut Graph, diagnostics: &mut Diagnostics) {
    let mut connector = Connector { configuration, graph, diagnostics };
    for (path, module) in &configuration.modules {
        connector.module(path, module);
    }
}

/// What is wrong with the references of an expression that stands alone in a module, as at the console.
pub fn check(configuration: &Configuration, path: &ModulePath, expr: &Expr) -> Diagnostics {
    let mut diagnostics = Diagnostics::new();
    let mut graph = Graph::empty();
    let mut connector = Connector { configuration, graph: &mut graph, diagnostics: &mut diagnostics };
    let node = Node::Module(path.clone());
    connector.expression(path, &configuration.modules[path], &node, expr, Context::default());
    diagnostics
}

impl Connector<'_> {
    fn module(&mut self, path: &ModulePath, module: &Module) {
        let here = Node::Module(path.clone());
        for (name, variable) in &module.variables {
            let node = Node::Variable(path.clone(), Arc::clone(name));
            self.graph.connect(&node, &here);
            for condition in &variable.validations {
                self.validation(path, module, name, &node, condition);
            }
        }
        for (name, local) in &module.locals {
            let node = Node::Local(path.clone(), Arc::clone(name));
            self.graph.connect(&node, &here);
            self.expression(path, module, &node, &local.expr, Context::default());
        }
        for (name, output) in &module.outputs {
            let node = Node::Output(path.clone(), Arc::clone(name));
            self.graph.connect(&node, &here);
            self.expression(path, module, &node, &output.expr, Context::default());
            self.conditions(path, module, &node, &output.preconditions, Context::default());
            self.depends_on(path, module, &node, &output.depends_on);
        }
        for ((name, alias), provider) in &module.providers {
            let node = Node::Provider(path.clone(), Arc::clone(name), alias.clone());
            self.graph.connect(&node, &here);
            self.body(path, module, &node, &provider.body, Context::default(), &mut Vec::new());
        }
        for (name, check) in &module.checks {
            let node = Node::Check(path.clone(), Arc::clone(name));
            self.graph.connect(&node, &here);
            self.conditions(path, module, &node, &check.assertions, Context::default());
            for resource in module.resources.values().filter(|resource| resource.check.as_ref() == Some(name))
            {
                let data = ConfigResource { module: path.clone(), resource: resource.resource.clone() };
                self.graph.connect(&node, &Node::Resource(data));
            }
        }
        for resource in module.resources.values() {
            self.resource(path, module, resource);
        }
        for call in module.calls.values() {
            let child = path.child(Arc::clone(&call.name.name));
            let node = Node::Module(child.clone());
            self.graph.connect(&node, &here);
            for expr in call.count.iter().chain(&call.for_each) {
                self.expression(path, module, &node, expr, Context::default());
            }
            self.depends_on(path, module, &node, &call.depends_on);
            let context =
                Context { count: call.count.is_some(), each: call.for_each.is_some(), self_: false };
            for (name, attribute) in &call.arguments {
                let variable = Node::Variable(child.clone(), Arc::clone(name));
                self.expression(path, module, &variable, &attribute.expr, context);
            }
            for (_, own) in &call.providers {
                self.provider_configured(path, module, own);
            }
        }
    }

    fn resource(&mut self, path: &ModulePath, module: &Module, block: &ResourceBlock) {
        let node = Node::Resource(ConfigResource { module: path.clone(), resource: block.resource.clone() });
        self.graph.connect(&node, &Node::Module(path.clone()));
        for expr in block.count.iter().chain(&block.for_each) {
            self.repetition(path, module, &node, block, expr);
        }
        let context = Context { count: block.count.is_some(), each: block.for_each.is_some(), self_: false };
        self.body(path, module, &node, &block.body, context, &mut Vec::new());
        self.conditions(path, module, &node, &block.lifecycle.preconditions, context);
        let after = Context { self_: true, ..context };
        self.conditions(path, module, &node, &block.lifecycle.postconditions, after);
        for expr in &block.lifecycle.replace_triggered_by {
            self.trigger(path, module, &node, expr, context);
        }
        self.depends_on(path, module, &node, &block.depends_on);
        if let Some(provider) = &block.provider {
            self.provider_configured(path, module, provider);
        }
        let provider = self.provider_node(path, block);
        self.graph.connect(&node, &provider);
    }

    /// `count` and `for_each` may not speak of the resource itself, nor of its own repetition.
    fn repetition(
        &mut self,
        path: &ModulePath,
        module: &Module,
        node: &Node,
        block: &ResourceBlock,
        expr: &Expr,
    ) {
        let _ = block;
        self.expression(path, module, node, expr, Context::default());
    }

    /// The node of the provider configuration that a resource uses: followed upward through modules that pass
    /// theirs on.
    fn provider_node(&self, path: &ModulePath, block: &ResourceBlock) -> Node {
        let (module, name, alias) = provider_of(self.configuration, path, block);
        Node::Provider(module, name, alias)
    }

    fn provider_configured(&mut self, path: &ModulePath, module: &Module, provider: &ProviderRef) {
        let declared = module.providers.contains_key(&(Arc::clone(&provider.name), provider.alias.clone()));
        let expected = module
            .required_providers
            .get(&provider.name)
            .is_some_and(|required| required.aliases.iter().any(|alias| alias.alias == provider.alias));
        if provider.alias.is_none() || declared || expected {
            return;
        }
        let alias = provider.alias.as_deref().unwrap_or_default();
        let detail = format!(
            "The provider configuration {}.{alias} is not declared in {}. Add a provider block with alias = \
             {alias:?}, or use one that is.",
            provider.name,
            if path.is_root() { "the root module".to_owned() } else { path.to_string() }
        );
        self.diagnostics
            .push(Diagnostic::error("Provider configuration not present", detail).at(provider.span));
    }

    fn conditions(
        &mut self,
        path: &ModulePath,
        module: &Module,
        node: &Node,
        conditions: &[Condition],
        context: Context,
    ) {
        for condition in conditions {
            self.expression(path, module, node, &condition.condition, context);
            self.expression(path, module, node, &condition.message, context);
        }
    }

    /// A validation's condition must speak of its own variable.
    fn validation(
        &mut self,
        path: &ModulePath,
        module: &Module,
        name: &Arc<str>,
        node: &Node,
        condition: &Condition,
    ) {
        let mut own = false;
        for expr in [&condition.condition, &condition.message] {
            reference::traversals(expr, &mut |traversal| {
                let parsed = reference::parse(traversal);
                own |= matches!(parsed, Ok(Parsed { reference: Reference::Variable(found), .. }) if found == *name);
            });
        }
        if !own {
            let detail = format!(
                "The condition for variable {name:?} must refer to var.{name} in order to test incoming values."
            );
            self.diagnostics.push(
                Diagnostic::error("Invalid variable validation condition", detail)
                    .at(condition.condition.span),
            );
        }
        self.expression(path, module, node, &condition.condition, Context::default());
        self.expression(path, module, node, &condition.message, Context::default());
    }

    fn body(
        &mut self,
        path: &ModulePath,
        module: &Module,
        node: &Node,
        body: &Body,
        context: Context,
        iterators: &mut Vec<Arc<str>>,
    ) {
        for attribute in &body.attributes {
            self.bound_expression(path, module, node, &attribute.expr, context, iterators);
        }
        for block in &body.blocks {
            if &*block.kind.name != "dynamic" {
                self.body(path, module, node, &block.body, context, iterators);
                continue;
            }
            let mut iterator = block.labels.first().map(|label| Arc::clone(&label.value));
            for attribute in &block.body.attributes {
                match (&*attribute.name.name, &attribute.expr.kind) {
                    ("iterator", ExprKind::Traversal(traversal)) => {
                        iterator = Some(Arc::clone(&traversal.root.name));
                    }
                    _ => self.bound_expression(path, module, node, &attribute.expr, context, iterators),
                }
            }
            iterators.extend(iterator.clone());
            for content in &block.body.blocks {
                self.body(path, module, node, &content.body, context, iterators);
            }
            if iterator.is_some() {
                iterators.pop();
            }
        }
    }

    fn expression(&mut self, path: &ModulePath, module: &Module, node: &Node, expr: &Expr, context: Context) {
        self.bound_expression(path, module, node, expr, context, &[]);
    }

    fn bound_expression(
        &mut self,
        path: &ModulePath,
        module: &Module,
        node: &Node,
        expr: &Expr,
        context: Context,
        bound: &[Arc<str>],
    ) {
        let mut traversals = Vec::new();
        reference::traversals(expr, &mut |traversal| traversals.push(traversal));
        for traversal in traversals {
            if bound.contains(&traversal.root.name) {
                continue;
            }
            self.traversal(path, module, node, traversal, context);
        }
    }

    fn traversal(
        &mut self,
        path: &ModulePath,
        module: &Module,
        node: &Node,
        traversal: &Traversal,
        context: Context,
    ) {
        let parsed = match reference::parse(traversal) {
            Ok(parsed) => parsed,
            Err(diagnostic) => return self.diagnostics.push(diagnostic),
        };
        match self.target(path, module, traversal, &parsed, context) {
            Ok(nodes) => {
                for used in nodes {
                    if used == *node {
                        self.self_reference(node, &parsed);
                    }
                    if let Some(check) = scope_of(module, &used)
                        && *node != Node::Check(path.clone(), Arc::clone(check))
                    {
                        let detail = format!(
                            "The data source belongs to the check {check:?}: only that may refer to it."
                        );
                        let diagnostic = Diagnostic::error("Reference to scoped resource", detail);
                        self.diagnostics.push(diagnostic.at(parsed.span));
                    }
                    self.graph.connect(node, &used);
                }
            }
            Err(diagnostic) => self.diagnostics.push(diagnostic.at_default(parsed.span)),
        }
    }

    fn self_reference(&mut self, node: &Node, parsed: &Parsed) {
        let diagnostic = match node {
            // A validation speaks of its own variable.
            Node::Variable(..) => return,
            Node::Local(_, name) => Diagnostic::error(
                "Self-referencing local value",
                format!("Local value local.{name} cannot use its own result as part of its expression."),
            ),
            Node::Resource(resource) => Diagnostic::error(
                "Self-referential block",
                format!(
                    "Configuration for {resource} may not refer to itself: its attributes are known only after it \
                     exists."
                ),
            ),
            _ => Diagnostic::error("Self-referential block", "This may not refer to itself."),
        };
        self.diagnostics.push(diagnostic.at(parsed.span));
    }

    /// The nodes that a reference leads to.
    fn target(
        &self,
        path: &ModulePath,
        module: &Module,
        traversal: &Traversal,
        parsed: &Parsed,
        context: Context,
    ) -> Result<Vec<Node>, Diagnostic> {
        match &parsed.reference {
            Reference::Variable(name) if module.variables.contains_key(name) => {
                Ok(vec![Node::Variable(path.clone(), Arc::clone(name))])
            }
            Reference::Variable(name) => {
                let hint = suggestion(name, module.variables.keys().map(|name| &**name));
                let detail = format!(
                    "An input variable with the name {name:?} has not been declared. This variable can be declared with \
                     a variable {name:?} {{}} block.{hint}"
                );
                Err(Diagnostic::error("Reference to undeclared input variable", detail))
            }
            Reference::Local(name) if module.locals.contains_key(name) => {
                Ok(vec![Node::Local(path.clone(), Arc::clone(name))])
            }
            Reference::Local(name) => {
                let hint = suggestion(name, module.locals.keys().map(|name| &**name));
                let detail = format!("A local value with the name {name:?} has not been declared.{hint}");
                Err(Diagnostic::error("Reference to undeclared local value", detail))
            }
            Reference::Module(name) => self.module_target(path, module, name, traversal, parsed),
            Reference::Managed { ty, name } => {
                self.resource_target(path, module, Mode::Managed, ty, name, traversal, parsed)
            }
            Reference::Data { ty, name } => {
                self.resource_target(path, module, Mode::Data, ty, name, traversal, parsed)
            }
            Reference::Ephemeral { ty, name } => Err(Diagnostic::error(
                "Reference to undeclared resource",
                format!("An ephemeral resource {ty:?} {name:?} has not been declared: recon reads none."),
            )),
            Reference::Count(name) => match &**name {
                "index" if context.count => Ok(Vec::new()),
                "index" => Err(Diagnostic::error(
                    "Reference to \"count\" in non-counted context",
                    "The \"count\" object can only be used in \"module\", \"resource\", and \"data\" blocks, and only \
                     when the \"count\" argument is set.",
                )),
                other => Err(Diagnostic::error(
                    "Invalid \"count\" attribute",
                    format!(
                        "The \"count\" object does not have an attribute named {other:?}. The only supported attribute is count.index, which is the index of each instance of a resource block that has the \"count\" argument set."
                    ),
                )),
            },
            Reference::Each(name) => match &**name {
                "key" | "value" if context.each => Ok(Vec::new()),
                "key" | "value" => Err(Diagnostic::error(
                    "Reference to \"each\" in context without for_each",
                    "The \"each\" object can be used only in \"module\" or \"resource\" blocks, and only when the \
                     \"for_each\" argument is set.",
                )),
                other => Err(Diagnostic::error(
                    "Invalid \"each\" attribute",
                    format!(
                        "The \"each\" object does not have an attribute named {other:?}. The supported attributes are each.key and each.value, the current key and value pair of the \"for_each\" attribute set."
                    ),
                )),
            },
            Reference::Self_ if context.self_ => Ok(Vec::new()),
            Reference::Self_ => Err(Diagnostic::error(
                "Invalid \"self\" reference",
                "The \"self\" object is not available in this context. This object can be used only in resource \
                 provisioner, connection, and postcondition blocks.",
            )),
            Reference::Path(name) => match &**name {
                "module" | "root" | "cwd" => Ok(Vec::new()),
                other => Err(Diagnostic::error(
                    "Invalid \"path\" attribute",
                    format!(
                        "The \"path\" object does not have an attribute named {other:?}.{}",
                        suggestion(other, ["module", "root", "cwd"])
                    ),
                )),
            },
            Reference::Terraform(name) => match &**name {
                "workspace" | "applying" => Ok(Vec::new()),
                other => Err(Diagnostic::error(
                    "Invalid \"terraform\" attribute",
                    format!(
                        "The \"terraform\" object does not have an attribute named {other:?}. The supported attribute is terraform.workspace."
                    ),
                )),
            },
        }
    }

    fn module_target(
        &self,
        path: &ModulePath,
        module: &Module,
        name: &Arc<str>,
        traversal: &Traversal,
        parsed: &Parsed,
    ) -> Result<Vec<Node>, Diagnostic> {
        let child_path = path.child(Arc::clone(name));
        if !module.calls.contains_key(name) {
            let hint = suggestion(name, module.calls.keys().map(|name| &**name));
            let place = if path.is_root() { "the root module".to_owned() } else { path.to_string() };
            let detail = format!("No module call named {name:?} is declared in {place}.{hint}");
            return Err(Diagnostic::error("Reference to undeclared module", detail).at(traversal.span));
        }
        let Some(child) = self.configuration.modules.get(&child_path) else { return Ok(Vec::new()) };
        // With count or for_each a key stands before the output's name.
        let call = &module.calls[name];
        let repeated = call.count.is_some() || call.for_each.is_some();
        let mut rest = traversal.steps[parsed.used..].iter().peekable();
        if matches!(rest.peek().map(|step| &step.kind), Some(StepKind::Index(_) | StepKind::Key(_))) {
            rest.next();
        } else if repeated && rest.peek().is_some() {
            let detail = format!(
                "Module {name:?} has several instances: one of them is named by a key in brackets before its outputs."
            );
            let span = rest.peek().map_or(parsed.span, |step| step.span);
            return Err(Diagnostic::error("Unsupported attribute", detail).at(span));
        }
        match rest.next() {
            Some(step) => match &step.kind {
                StepKind::Attribute(output) if child.outputs.contains_key(output) => {
                    Ok(vec![Node::Module(child_path.clone()), Node::Output(child_path, Arc::clone(output))])
                }
                StepKind::Attribute(output) => {
                    let hint = suggestion(output, child.outputs.keys().map(|name| &**name));
                    let detail = format!(
                        "This object does not have an attribute named {output:?}: module {name:?} has no such output.{hint}"
                    );
                    Err(Diagnostic::error("Unsupported attribute", detail).at(step.span))
                }
                _ => Ok(self.all_outputs(&child_path, child)),
            },
            None => Ok(self.all_outputs(&child_path, child)),
        }
    }

    fn all_outputs(&self, path: &ModulePath, child: &Module) -> Vec<Node> {
        child
            .outputs
            .keys()
            .map(|name| Node::Output(path.clone(), Arc::clone(name)))
            .chain([Node::Module(path.clone())])
            .collect()
    }

    #[expect(clippy::too_many_arguments, reason = "all of them are the one reference")]
    fn resource_target(
        &self,
        path: &ModulePath,
        module: &Module,
        mode: Mode,
        ty: &Arc<str>,
        name: &Arc<str>,
        traversal: &Traversal,
        parsed: &Parsed,
    ) -> Result<Vec<Node>, Diagnostic> {
        let resource = Resource { mode, ty: Arc::clone(ty), name: Arc::clone(name) };
        if let Some(block) = module.resources.get(&resource) {
            check_key(block, traversal, parsed)?;
            return Ok(vec![Node::Resource(ConfigResource { module: path.clone(), resource })]);
        }
        let what = if mode == Mode::Data { "data" } else { "managed" };
        let alike = module.resources.keys().filter(|known| known.mode == mode && known.ty == *ty);
        let hint = suggestion(name, alike.map(|known| &*known.name));
        let other = Resource {
            mode: if mode == Mode::Data { Mode::Managed } else { Mode::Data },
            ..resource.clone()
        };
        let hint = match (hint.is_empty(), module.resources.contains_key(&other)) {
            (true, true) => format!(" Did you mean {other}?"),
            _ => hint,
        };
        let place = if path.is_root() { "the root module".to_owned() } else { path.to_string() };
        let detail = format!("A {what} resource {ty:?} {name:?} has not been declared in {place}.{hint}");
        Err(Diagnostic::error("Reference to undeclared resource", detail).at(parsed.span))
    }

    fn depends_on(&mut self, path: &ModulePath, module: &Module, node: &Node, traversals: &[Traversal]) {
        for traversal in traversals {
            let parsed = match reference::parse(traversal) {
                Ok(parsed) => parsed,
                Err(diagnostic) => {
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            };
            if let Reference::Module(name) = &parsed.reference
                && module.calls.contains_key(name)
            {
                let inside = path.child(Arc::clone(name));
                let nodes: Vec<Node> = self
                    .graph
                    .nodes()
                    .filter(|other| other.module().0.starts_with(&inside.0))
                    .cloned()
                    .collect();
                for used in nodes {
                    self.graph.connect(node, &used);
                }
                continue;
            }
            self.traversal(path, module, node, traversal, Context::default());
        }
        // What a module waits for, everything in it waits for: its nodes all need the node of the module.
    }

    fn trigger(&mut self, path: &ModulePath, module: &Module, node: &Node, expr: &Expr, context: Context) {
        let mut found = false;
        let mut invalid = false;
        reference::traversals(expr, &mut |traversal| {
            if let Ok(parsed) = reference::parse(traversal) {
                found |= matches!(parsed.reference, Reference::Managed { .. });
                invalid |= !matches!(
                    parsed.reference,
                    Reference::Managed { .. } | Reference::Count(_) | Reference::Each(_)
                );
            }
        });
        if invalid || !found {
            let detail = "A trigger must be a resource or one of its instances or attributes: nothing else can be \
                          replaced or updated.";
            let summary = if found || invalid {
                "Invalid reference in replace_triggered_by expression"
            } else {
                "Invalid replace_triggered_by expression"
            };
            self.diagnostics.push(Diagnostic::error(summary, detail).at(expr.span));
            return;
        }
        self.expression(path, module, node, expr, context);
    }
}

/// Whether a reference names an instance where there are several, and none where there is one.
fn check_key(block: &ResourceBlock, traversal: &Traversal, parsed: &Parsed) -> Result<(), Diagnostic> {
    let repeated = block.count.is_some() || block.for_each.is_some();
    let resource = &block.resource;
    match traversal.steps.get(parsed.used) {
        Some(step) if repeated && matches!(step.kind, StepKind::Attribute(_)) => {
            let key = if block.count.is_some() { "[count.index]" } else { "[each.key]" };
            let detail = format!(
                "Because {resource} has {:?} set, its attributes must be accessed on specific instances. For example, to \
                 correlate with indices of a referring resource, use: {resource}{key}",
                if block.count.is_some() { "count" } else { "for_each" }
            );
            Err(Diagnostic::error("Missing resource instance key", detail).at(parsed.span))
        }
        Some(step) if !repeated && !matches!(step.kind, StepKind::Attribute(_)) => {
            let detail = format!(
                "Because {resource} does not have \"count\" or \"for_each\" set, references to it must not include an index \
                 key. Remove the bracketed index to refer to the single instance of this resource."
            );
            let span = parsed.span.to(step.span);
            Err(Diagnostic::error("Unexpected resource instance key", detail).at(span))
        }
        _ => Ok(()),
    }
}

/// The provider configuration that a resource uses: its module, local name and alias. A module without one of its
/// own is passed its caller's.
pub fn provider_of(
    configuration: &Configuration,
    path: &ModulePath,
    block: &ResourceBlock,
) -> (ModulePath, Arc<str>, Option<Arc<str>>) {
    let (mut name, mut alias) = match &block.provider {
        Some(provider) => (Arc::clone(&provider.name), provider.alias.clone()),
        None => (Arc::from(implied_provider(&block.resource.ty)), None),
    };
    let mut path = path.clone();
    while let Some(module) = configuration.modules.get(&path) {
        if module.providers.contains_key(&(Arc::clone(&name), alias.clone())) {
            break;
        }
        let Some((last, rest)) = path.0.split_last() else { break };
        let caller = ModulePath(rest.into());
        if let Some(call) = configuration.modules.get(&caller).and_then(|module| module.calls.get(last))
            && let Some((_, own)) =
                call.providers.iter().find(|(child, _)| child.name == name && child.alias == alias)
        {
            name = Arc::clone(&own.name);
            alias = own.alias.clone();
        }
        path = caller;
    }
    (path, name, alias)
}

/// The provider that a resource type belongs to by its name: what stands before the first underscore.
pub fn implied_provider(ty: &str) -> &str {
    ty.split('_').next().unwrap_or(ty)
}
