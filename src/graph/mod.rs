//! What depends on what.
//!
//! [`Graph`] is the configuration as a directed acyclic graph: a node for everything that is evaluated, an edge
//! from each to whatever uses it. [`values`] is what the nodes evaluate to, [`scope`] how an expression sees
//! that.

pub mod conditions;
pub mod evaluate;
pub mod expand;
pub mod references;
pub mod scope;
pub mod values;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::algo::{tarjan_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use crate::address::{ConfigResource, ModulePath};
use crate::config::Configuration;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::Span;

/// A thing of the configuration that is evaluated, for all instances of its module at once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    /// Which instances a module has.
    Module(ModulePath),
    Variable(ModulePath, Arc<str>),
    Local(ModulePath, Arc<str>),
    Output(ModulePath, Arc<str>),
    /// A provider configuration of the root module or, in old stacks, of a called one.
    Provider(ModulePath, Arc<str>, Option<Arc<str>>),
    Resource(ConfigResource),
    Check(ModulePath, Arc<str>),
}

impl Node {
    pub fn module(&self) -> &ModulePath {
        match self {
            Node::Module(path)
            | Node::Variable(path, _)
            | Node::Local(path, _)
            | Node::Output(path, _)
            | Node::Provider(path, ..)
            | Node::Check(path, _) => path,
            Node::Resource(resource) => &resource.module,
        }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = |path: &ModulePath| if path.is_root() { String::new() } else { format!("{path}.") };
        match self {
            Node::Module(path) => write!(f, "{path} (expand)"),
            Node::Variable(path, name) => write!(f, "{}var.{name}", prefix(path)),
            Node::Local(path, name) => write!(f, "{}local.{name} (expand)", prefix(path)),
            Node::Output(path, name) => write!(f, "{}output.{name} (expand)", prefix(path)),
            Node::Provider(path, name, alias) => {
                let alias = alias.as_ref().map(|alias| format!(".{alias}")).unwrap_or_default();
                write!(f, "{}provider[\"{name}\"]{alias}", prefix(path))
            }
            Node::Resource(resource) => write!(f, "{resource}"),
            Node::Check(path, name) => write!(f, "{}check.{name}", prefix(path)),
        }
    }
}

/// The configuration's graph.
#[derive(Debug)]
pub struct Graph {
    graph: DiGraph<Node, ()>,
    index: BTreeMap<Node, NodeIndex>,
}

impl Graph {
    fn empty() -> Graph {
        Graph { graph: DiGraph::new(), index: BTreeMap::new() }
    }

    /// Builds the graph and says what refers to nothing, or to itself in a circle.
    pub fn build(configuration: &Configuration) -> (Graph, Diagnostics) {
        let mut graph = Graph::empty();
        let mut diagnostics = Diagnostics::new();
        for (path, module) in &configuration.modules {
            graph.add(Node::Module(path.clone()));
            for name in module.variables.keys() {
                graph.add(Node::Variable(path.clone(), Arc::clone(name)));
            }
            for name in module.locals.keys() {
                graph.add(Node::Local(path.clone(), Arc::clone(name)));
            }
            for name in module.outputs.keys() {
                graph.add(Node::Output(path.clone(), Arc::clone(name)));
            }
            for (name, alias) in module.providers.keys() {
                graph.add(Node::Provider(path.clone(), Arc::clone(name), alias.clone()));
            }
            for name in module.checks.keys() {
                graph.add(Node::Check(path.clone(), Arc::clone(name)));
            }
            for resource in module.resources.keys() {
                graph
                    .add(Node::Resource(ConfigResource { module: path.clone(), resource: resource.clone() }));
            }
        }
        references::connect(configuration, &mut graph, &mut diagnostics);
        if !diagnostics.has_errors() {
            graph.report_cycles(configuration, &mut diagnostics);
        }
        (graph, diagnostics)
    }

    fn add(&mut self, node: Node) {
        let index = self.graph.add_node(node.clone());
        self.index.insert(node, index);
    }

    /// Notes that `user` needs `used`. Nodes that do not exist are passed over: they have been complained of.
    fn connect(&mut self, user: &Node, used: &Node) {
        if let (Some(user), Some(used)) = (self.index.get(user), self.index.get(used))
            && user != used
        {
            self.graph.update_edge(*used, *user, ());
        }
    }

    fn report_cycles(&self, configuration: &Configuration, diagnostics: &mut Diagnostics) {
        for component in tarjan_scc(&self.graph) {
            if component.len() > 1 {
                let path = self.cycle_path(&component);
                let names: Vec<String> = path.iter().map(|index| self.graph[*index].to_string()).collect();
                let detail = format!(
                    "Each of these needs the next: {} → {}. Break the circle by removing one of the references.",
                    names.join(" → "),
                    names[0]
                );
                let diagnostic = Diagnostic::error(format!("Cycle: {}", names.join(", ")), detail);
                let place = path.iter().find_map(|index| declared_at(configuration, &self.graph[*index]));
                diagnostics.push(match place {
                    Some(place) => diagnostic.at(place),
                    None => diagnostic,
                });
            }
        }
    }

    /// A way round within a strongly connected component: each node needs the next.
    fn cycle_path(&self, component: &[NodeIndex]) -> Vec<NodeIndex> {
        let inside: BTreeSet<NodeIndex> = component.iter().copied().collect();
        let start = component.iter().copied().min_by_key(|index| self.graph[*index].clone());
        let Some(start) = start else { return Vec::new() };
        let mut path = vec![start];
        loop {
            let last = path[path.len() - 1];
            let next = self
                .graph
                .edges_directed(last, Direction::Incoming)
                .map(|edge| edge.source())
                .filter(|index| inside.contains(index))
                .min_by_key(|index| self.graph[*index].clone());
            match next {
                Some(next) => match path.iter().position(|seen| *seen == next) {
                    Some(at) => return path.split_off(at),
                    None => path.push(next),
                },
                None => return path,
            }
        }
    }

    /// All nodes, each behind what it needs; the same for the same configuration.
    pub fn order(&self) -> Vec<&Node> {
        match toposort(&self.graph, None) {
            Ok(order) => order.into_iter().map(|index| &self.graph[index]).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// What a node needs directly.
    pub fn needs<'a>(&'a self, node: &Node) -> impl Iterator<Item = &'a Node> {
        let index = self.index.get(node).copied();
        index
            .into_iter()
            .flat_map(|index| self.graph.neighbors_directed(index, Direction::Incoming))
            .map(|index| &self.graph[index])
    }

    /// What needs a node directly.
    pub fn users<'a>(&'a self, node: &Node) -> impl Iterator<Item = &'a Node> {
        let index = self.index.get(node).copied();
        index
            .into_iter()
            .flat_map(|index| self.graph.neighbors_directed(index, Direction::Outgoing))
            .map(|index| &self.graph[index])
    }

    /// Everything that a node needs, however far away, itself not included.
    pub fn all_needs(&self, node: &Node) -> BTreeSet<&Node> {
        let mut found = BTreeSet::new();
        let mut pending: Vec<&Node> = self.needs(node).collect();
        while let Some(next) = pending.pop() {
            if found.insert(next) {
                pending.extend(self.needs(next));
            }
        }
        found
    }

    /// The managed and data resources that a resource depends on, through whatever lies between.
    pub fn resource_dependencies(&self, resource: &ConfigResource) -> Vec<ConfigResource> {
        self.all_needs(&Node::Resource(resource.clone()))
            .into_iter()
            .filter_map(|node| match node {
                Node::Resource(resource) => Some(resource.clone()),
                _ => None,
            })
            .collect()
    }

    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.index.keys()
    }

    /// The graph of resources and modules in Graphviz's DOT language.
    pub fn to_dot(&self) -> String {
        let mut text = String::from(
            "digraph {\n  rankdir = \"RL\";\n  node [shape = rect, fontname = \"sans-serif\"];\n",
        );
        for node in self.index.keys() {
            if let Node::Resource(_) | Node::Output(..) | Node::Provider(..) = node {
                text.push_str(&format!("  {};\n", dot_name(node)));
            }
        }
        for node in self.index.keys() {
            if !matches!(node, Node::Resource(_) | Node::Output(..) | Node::Provider(..)) {
                continue;
            }
            for used in self.visible_needs(node) {
                text.push_str(&format!("  {} -> {};\n", dot_name(node), dot_name(used)));
            }
        }
        text.push_str("}\n");
        text
    }

    /// The nearest nodes that the DOT text shows among what a node needs.
    fn visible_needs(&self, node: &Node) -> BTreeSet<&Node> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending: Vec<&Node> = self.needs(node).collect();
        while let Some(next) = pending.pop() {
            if !seen.insert(next) {
                continue;
            }
            if matches!(next, Node::Resource(_) | Node::Provider(..) | Node::Output(..)) {
                found.insert(next);
            } else {
                pending.extend(self.needs(next));
            }
        }
        found
    }
}

/// Where the code declares what a node stands for.
fn declared_at(configuration: &Configuration, node: &Node) -> Option<Span> {
    let module = configuration.modules.get(node.module())?;
    match node {
        Node::Variable(_, name) => module.variables.get(name).map(|variable| variable.declared_at),
        Node::Local(_, name) => module.locals.get(name).map(|local| local.name.span.to(local.expr.span)),
        Node::Output(_, name) => module.outputs.get(name).map(|output| output.declared_at),
        Node::Resource(resource) => module.resources.get(&resource.resource).map(|block| block.declared_at),
        Node::Module(_) | Node::Provider(..) | Node::Check(..) => None,
    }
}

fn dot_name(node: &Node) -> String {
    let name = node.to_string();
    format!("\"{}\"", name.trim_end_matches(" (expand)").replace('\\', "\\\\").replace('"', "\\\""))
}
