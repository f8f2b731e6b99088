//! From a value back to the text that it is written in, and what the text must be for another value.
//!
//! The way is deterministic: a step back is taken only where it has exactly one answer. What it leads to is an edit of a
//! few bytes; whether the edit does what it should, and nothing else, is proven by evaluating the stack with it
//! ([`proof`]).

mod arithmetic;
mod body;
mod call;
mod collection;
mod edit;
pub mod proof;
mod string;
pub mod text;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::address::{AbsoluteResource, InstanceAddress, InstanceKey};
use crate::compare::object::schema_at;
use crate::config::variables::Origin;
use crate::graph::values::Values;
use crate::lang::convert::{PathStep, path_text};
use crate::lang::source::Span;
use crate::lang::splice::Edit;
use crate::lang::value::Value;
use crate::plan::Stack;
use crate::schema::Equality;

use walk::{Place, Walk};

/// How a value follows from what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It is written in the resource itself.
    Literal,
    /// It is written elsewhere, and passed on as it is.
    Reference,
    /// It is made of what is written, in a way that can be turned round.
    Invertible,
    /// What is written cannot be told from it.
    NotInvertible,
}

impl Class {
    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            Class::Literal => "literal",
            Class::Reference => "reference",
            Class::Invertible => "invertible",
            Class::NotInvertible => "not invertible",
        }
    }
}

/// A station on the way back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// `module.collector.var.max_size`
    pub what: String,
    pub span: Option<Span>,
}

/// The way from an attribute to the text that decides it.
#[derive(Clone, Debug)]
pub struct Trace {
    pub class: Class,
    /// From the resource's argument to what is written.
    pub chain: Vec<Link>,
    /// What gives the attribute the wanted value; or why nothing does, as a clause.
    pub edits: Result<Vec<Edit>, String>,
}

/// Traces values of one stack.
pub struct Tracer<'a> {
    pub stack: Stack<'a>,
    /// What everything evaluates to.
    pub values: &'a Values,
    /// Where the root module's variables were set.
    pub origins: &'a BTreeMap<Arc<str>, Origin>,
    /// The directory that nothing is edited outside of; `None`: anywhere.
    pub root: Option<PathBuf>,
}

/// What is to be traced.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    pub address: &'a InstanceAddress,
    pub path: &'a [PathStep],
    /// The value that the attribute is to have; null for none.
    pub wanted: &'a Value,
    /// Where a module's default decides, an argument is inserted into this one call of the module instead.
    pub splits: bool,
    /// The way is wanted even if the code says so already.
    pub probes: bool,
}

impl Tracer<'_> {
    /// Traces one attribute.
    pub fn trace(&self, question: Question<'_>) -> Trace {
        let mut walk = Walk {
            tracer: self,
            chain: Vec::new(),
            followed: false,
            inverted: false,
            splits: question.splits,
            probes: question.probes,
            any_order: false,
        };
        let edits = self.walk(&mut walk, question);
        let class = match &edits {
            Err(_) => Class::NotInvertible,
            Ok(_) if walk.inverted => Class::Invertible,
            Ok(_) if walk.followed => Class::Reference,
            Ok(_) => Class::Literal,
        };
        Trace { class, chain: walk.chain, edits }
    }

    fn walk(&self, walk: &mut Walk<'_>, question: Question<'_>) -> Result<Vec<Edit>, String> {
        let Question { address, path, wanted, .. } = question;
        let module = self.stack.configuration.modules.get(&address.module.path());
        let block = module.and_then(|module| module.resources.get(&address.resource));
        let block = block.ok_or_else(|| format!("the code does not have {}", address.config()))?;
        let schema = self.stack.schema_of(block).ok_or("recon does not have the type")?;
        let attribute = schema_at(&schema.block, path);
        if attribute.is_some_and(|attribute| attribute.sensitive) || wanted.has_sensitive() {
            return Err("it is sensitive, and a secret is not written into code".to_owned());
        }
        if !wanted.is_wholly_known() {
            return Err("what it is to be is not known".to_owned());
        }
        walk.any_order = attribute.is_some_and(|attribute| matches!(attribute.equality, Equality::AnyOrder));
        let absolute =
            AbsoluteResource { module: address.module.clone(), resource: address.resource.clone() };
        let expansion = self.values.resource_expansions.get(&absolute);
        let repetition = expansion.and_then(|expansion| {
            expansion.instances().into_iter().find(|(key, _)| *key == address.key).map(|(_, found)| found)
        });
        let repetition = repetition.ok_or_else(|| format!("the code does not make {address}"))?;
        let each = match (&block.for_each, &address.key) {
            (Some(for_each), InstanceKey::Key(key)) => Some((for_each, Arc::clone(key))),
            _ => None,
        };
        let place = Place { repetition, each, ..Place::of(address.module.clone()) };
        body::change(walk, &schema.block, &block.body, &place, path, wanted)
    }

    /// Whether a file is of a module that was installed from elsewhere.
    fn is_installed(&self, file: &str) -> bool {
        Path::new(file).components().any(|part| part.as_os_str() == ".terraform")
    }

    /// Whether a file is one that may be edited.
    fn is_inside(&self, file: &str) -> bool {
        let Some(root) = &self.root else { return true };
        Path::new(file).canonicalize().is_ok_and(|file| file.starts_with(root))
    }
}

/// An attribute as people name it: `module.a.aws_lb.main.tags["Name"]`.
pub fn attribute_name(address: &InstanceAddress, path: &[PathStep]) -> String {
    format!("{address}{}", path_text(path))
}
