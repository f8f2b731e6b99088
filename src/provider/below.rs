//! Objects that AWS has below those of a stack, and that the stack does not know: what a search for them is given, and
//! what it answers ([`super::ResourceType::below`]).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::OperationError;
use crate::address::InstanceAddress;
use crate::lang::value::Value;

/// One object of a stack: of the code, the record, or both.
#[derive(Clone, Debug)]
pub struct Member {
    pub address: InstanceAddress,
    /// As AWS answered; `None` if it was not read, or is gone.
    pub live: Option<Value>,
    /// As the record has it; an object of the type's schema, or of any form if recon does not have the type.
    pub recorded: Option<Value>,
    /// As the code wants it, unknown where only AWS can say.
    pub desired: Option<Value>,
    /// Names of the arguments and blocks that its resource writes, those that a `dynamic` block makes included.
    pub written: Arc<BTreeSet<Arc<str>>>,
    /// It is reached through the connection that is asked: objects below it can be looked for.
    pub is_here: bool,
}

/// All objects of a stack in one account.
#[derive(Clone, Debug, Default)]
pub struct StackObjects {
    members: HashMap<Arc<str>, Vec<Member>>,
}

/// What has a parent of the stack and is not the stack's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub parent: InstanceAddress,
    /// What tells it from other children of the parent. Any text: it becomes a part of an address.
    pub label: String,
    /// What AWS knows it by.
    pub id: String,
    /// What it is imported by. `None`: no import id says which it is.
    pub import_id: Option<String>,
}

/// What became of a search.
#[derive(Clone, Debug, Default)]
pub struct Below {
    pub children: Vec<Child>,
    /// Why not all were found.
    pub failures: Vec<OperationError>,
    /// What was left out on purpose, a sentence each.
    pub cut: Vec<String>,
}

impl StackObjects {
    /// Takes an object in.
    pub fn add(&mut self, member: Member) {
        self.members.entry(Arc::clone(&member.address.resource.ty)).or_default().push(member);
    }

    /// The objects of a type.
    pub fn of<'a>(&'a self, ty: &str) -> impl Iterator<Item = &'a Member> {
        self.members.get(ty).into_iter().flatten()
    }

    /// The live objects of some types whose children can be asked for.
    pub fn parents<'a>(&'a self, types: &[&str]) -> Vec<(&'a InstanceAddress, &'a Value, &'a Member)> {
        let members = types.iter().flat_map(|ty| self.of(ty)).filter(|member| member.is_here);
        members.filter_map(|member| Some((&member.address, member.live.as_ref()?, member))).collect()
    }

    /// Everything that is said of objects of some types, by code, record or AWS.
    pub fn known<'a>(&'a self, types: &'a [&str]) -> impl Iterator<Item = &'a Value> {
        let members = types.iter().flat_map(|ty| self.of(ty));
        members.flat_map(|member| [&member.live, &member.recorded, &member.desired]).flatten()
    }
}

impl Member {
    /// Whether the resource says something of an argument or block.
    pub fn writes(&self, name: &str) -> bool {
        self.written.contains(name)
    }
}

impl Below {
    /// Takes in what became of a part of the search.
    pub fn add(&mut self, part: Result<Vec<Child>, OperationError>) {
        match part {
            Ok(children) => self.children.extend(children),
            Err(error) => self.failures.push(error),
        }
    }
}

impl From<Result<Vec<Child>, OperationError>> for Below {
    fn from(part: Result<Vec<Child>, OperationError>) -> Below {
        let mut below = Below::default();
        below.add(part);
        below
    }
}
