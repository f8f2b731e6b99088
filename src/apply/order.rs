//! The order of things: the configuration's nodes and the plan's actions as one graph.
//!
//! - An object is made or changed after everything that it refers to has been evaluated, and is there for
//!   whoever refers to it.
//! - Of two objects to be deleted the one that depends on the other goes first.
//! - A replaced object goes before its successor comes; with `create_before_destroy` it goes after its successor
//!   has come and all who used it use that.
//! - An object that is only deleted goes after those that used it have been changed.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::Direction;
use petgraph::algo::toposort;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::address::ConfigResource;
use crate::graph::Node;
use crate::plan::Stack;
use crate::plan::model::{Action, Plan, PlanMode, ResourceChange};

/// A thing to do. Numbers are positions in the plan's changes.
pub enum Step {
    Evaluate(Node),
    /// Create, update or read.
    Change(usize),
    Delete(usize),
}

pub struct Steps {
    pub graph: DiGraph<Step, ()>,
}

impl Steps {
    pub fn build(stack: Stack<'_>, plan: &Plan) -> Result<Steps, String> {
        let mut builder = Builder {
            steps: Steps { graph: DiGraph::new() },
            evaluate: BTreeMap::new(),
            change: BTreeMap::new(),
            delete: BTreeMap::new(),
            by_resource: BTreeMap::new(),
        };
        for (position, change) in plan.changes.iter().enumerate() {
            builder.by_resource.entry(change.address.config()).or_default().push(position);
        }
        if plan.mode != PlanMode::Destroy {
            builder.nodes(stack);
        }
        builder.actions(plan);
        if plan.mode != PlanMode::Destroy {
            builder.references(stack);
        }
        builder.deletions(stack, plan);
        match toposort(&builder.steps.graph, None) {
            Ok(_) => Ok(builder.steps),
            Err(cycle) => {
                let name = match &builder.steps.graph[cycle.node_id()] {
                    Step::Evaluate(node) => node.to_string(),
                    Step::Change(position) | Step::Delete(position) => {
                        plan.changes[*position].address.to_string()
                    }
                };
                Err(format!(
                    "{name} would have to be both before and after another object: replacing some objects before and \
                     some after their predecessors' deletion has no order here. Nothing was changed. Give the objects \
                     that depend on each other the same create_before_destroy."
                ))
            }
        }
    }

    pub fn needs(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.graph.neighbors_directed(index, Direction::Incoming)
    }

    pub fn users(&self, index: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.graph.neighbors_directed(index, Direction::Outgoing)
    }

    pub fn order(&self) -> Vec<NodeIndex> {
        toposort(&self.graph, None).unwrap_or_default()
    }
}

struct Builder {
    steps: Steps,
    evaluate: BTreeMap<Node, NodeIndex>,
    change: BTreeMap<usize, NodeIndex>,
    delete: BTreeMap<usize, NodeIndex>,
    by_resource: BTreeMap<ConfigResource, Vec<usize>>,
}

impl Builder {
    fn edge(&mut self, first: NodeIndex, then: NodeIndex) {
        if first != then {
            self.steps.graph.update_edge(first, then, ());
        }
    }

    fn nodes(&mut self, stack: Stack<'_>) {
        for node in stack.graph.nodes() {
            let index = self.steps.graph.add_node(Step::Evaluate(node.clone()));
            self.evaluate.insert(node.clone(), index);
        }
    }

    fn actions(&mut self, plan: &Plan) {
        for (position, change) in plan.changes.iter().enumerate() {
            if matches!(change.action, Action::Create | Action::Update | Action::Read | Action::Forget)
                || change.action.is_replace()
            {
                let index = self.steps.graph.add_node(Step::Change(position));
                self.change.insert(position, index);
            }
            if change.action.deletes() {
                let index = self.steps.graph.add_node(Step::Delete(position));
                self.delete.insert(position, index);
            }
        }
    }

    /// Each node behind what it needs; a resource's instances between its needs and itself.
    fn references(&mut self, stack: Stack<'_>) {
        for node in stack.graph.nodes() {
            let own = self.evaluate[node];
            let mut inner: Vec<NodeIndex> = Vec::new();
            if let Node::Resource(resource) = node {
                let positions = self.by_resource.get(resource).cloned().unwrap_or_default();
                inner = positions.iter().filter_map(|position| self.change.get(position).copied()).collect();
                for index in &inner {
                    self.edge(*index, own);
                }
            }
            for need in stack.graph.needs(node) {
                let need = self.evaluate[need];
                self.edge(need, own);
                for index in &inner {
                    self.edge(need, *index);
                }
            }
        }
    }

    fn deletions(&mut self, stack: Stack<'_>, plan: &Plan) {
        // Recorded and configured dependencies both count: whoever used it last must let go first.
        let depends = |user: &ResourceChange, used: &ResourceChange| {
            let used = used.address.config();
            user.address.config() != used && user.dependencies.contains(&used)
        };
        let deleted: Vec<usize> = self.delete.keys().copied().collect();
        for used in &deleted {
            let object = &plan.changes[*used];
            let own = self.delete[used];
            for user in &deleted {
                if depends(&plan.changes[*user], object) {
                    self.edge(self.delete[user], own);
                }
            }
            match object.action {
                Action::DeleteThenCreate => self.edge(own, self.change[used]),
                Action::CreateThenDelete => {
                    self.edge(self.change[used], own);
                    self.after_users(stack, object, own);
                }
                // A deposed object goes when all its instance's users are done with it.
                _ if object.deposed.is_some() => self.after_users(stack, object, own),
                _ => {
                    let changed: Vec<usize> = self.change.keys().copied().collect();
                    for user in changed {
                        let change = &plan.changes[user];
                        if change.action == Action::Update && depends_recorded(change, object) {
                            self.edge(self.change[&user], own);
                        }
                    }
                }
            }
        }
    }

    /// Behind every resource of the configuration that refers to this one.
    fn after_users(&mut self, stack: Stack<'_>, object: &ResourceChange, own: NodeIndex) {
        let node = Node::Resource(object.address.config());
        let mut seen = BTreeSet::new();
        let mut pending: Vec<&Node> = stack.graph.users(&node).collect();
        while let Some(next) = pending.pop() {
            if !seen.insert(next.clone()) {
                continue;
            }
            if let (Node::Resource(_), Some(index)) = (next, self.evaluate.get(next)) {
                self.edge(*index, own);
            }
            pending.extend(stack.graph.users(next));
        }
    }
}

/// Whether an object that is updated was recorded as depending on one that goes.
fn depends_recorded(user: &ResourceChange, used: &ResourceChange) -> bool {
    user.dependencies.contains(&used.address.config())
}
