//! A stack as it is written: the tree of its modules, and what each of them declares.
//!
//! Loading reads files and takes blocks apart. It evaluates nothing but what must be constant (types,
//! defaults, module sources) and says everything that is wrong with the text at once.

mod blocks;
pub mod install;
mod load;
mod module;
mod overrides;
pub mod shape;
pub mod variables;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::address::{ModulePath, Resource};
use crate::lang::ast::{Body, Expr, Ident, Traversal};
use crate::lang::source::Span;
use crate::lang::type_expr::TypeConstraint;
use crate::lang::value::Value;

pub use blocks::{ConstantScope, default_source, provider_source, valid_identifier};
pub use load::{LoadOptions, load};

/// A stack's configuration: its root module and all modules called from it.
#[derive(Debug)]
pub struct Configuration {
    /// Every module by the path of calls that leads to it; the root module is at the empty path.
    pub modules: BTreeMap<ModulePath, Arc<Module>>,
    /// The directory of the root module as a person names it.
    pub directory: PathBuf,
}

impl Configuration {
    pub fn root(&self) -> &Arc<Module> {
        &self.modules[&ModulePath::root()]
    }
}

/// One module: what its files declare.
#[derive(Debug, Default)]
pub struct Module {
    pub path: ModulePath,
    /// What `path.module` answers: the module's directory, relative to the root module's.
    pub directory: PathBuf,
    pub variables: BTreeMap<Arc<str>, Variable>,
    pub locals: BTreeMap<Arc<str>, Local>,
    pub outputs: BTreeMap<Arc<str>, Output>,
    pub calls: BTreeMap<Arc<str>, ModuleCall>,
    pub resources: BTreeMap<Resource, ResourceBlock>,
    /// By local name and alias.
    pub providers: BTreeMap<(Arc<str>, Option<Arc<str>>), ProviderBlock>,
    /// By local name.
    pub required_providers: BTreeMap<Arc<str>, RequiredProvider>,
    pub required_versions: Vec<(String, Span)>,
    pub backend: Option<Backend>,
    pub moved: Vec<Moved>,
    pub imports: Vec<Import>,
    pub removed: Vec<Removed>,
    pub checks: BTreeMap<Arc<str>, Check>,
}

#[derive(Debug)]
pub struct Variable {
    pub name: Ident,
    /// The code says what type it has, if only "any".
    pub has_type: bool,
    pub constraint: TypeConstraint,
    /// The default, converted to the type. `None`: the variable must be given.
    pub default: Option<Value>,
    pub default_span: Option<Span>,
    pub description: Option<String>,
    pub sensitive: bool,
    pub ephemeral: bool,
    pub nullable: bool,
    pub validations: Vec<Condition>,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Local {
    pub name: Ident,
    pub expr: Expr,
}

#[derive(Debug)]
pub struct Output {
    pub name: Ident,
    pub expr: Expr,
    pub description: Option<String>,
    pub sensitive: bool,
    pub ephemeral: bool,
    pub depends_on: Vec<Traversal>,
    pub preconditions: Vec<Condition>,
    pub declared_at: Span,
}

/// A condition with its message: a validation, pre- or postcondition or assertion.
#[derive(Debug)]
pub struct Condition {
    pub condition: Expr,
    pub message: Expr,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct ModuleCall {
    pub name: Ident,
    pub source: String,
    pub source_span: Span,
    /// The name and the value of the argument that says it.
    pub source_place: Option<(Span, Span)>,
    pub version: Option<(String, Span)>,
    /// What is passed to the module's variables.
    pub arguments: BTreeMap<Arc<str>, crate::lang::ast::Attribute>,
    pub count: Option<Expr>,
    pub for_each: Option<Expr>,
    pub depends_on: Vec<Traversal>,
    /// The child's provider name to ours. Empty: all default configurations are inherited.
    pub providers: Vec<(ProviderRef, ProviderRef)>,
    pub declared_at: Span,
    /// Where a missing argument is to be reported.
    pub body_missing: Span,
}

/// `aws` or `aws.alias`, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderRef {
    pub name: Arc<str>,
    pub alias: Option<Arc<str>>,
    pub span: Span,
}

/// A `provisioner` block: something to run beside what is made or deleted.
#[derive(Clone, Debug)]
pub struct Provisioner {
    /// `local-exec`, `remote-exec`, `file`
    pub kind: String,
    /// It says `when = destroy`: it runs before the object is deleted, else after it was made.
    pub at_destroy: bool,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct ResourceBlock {
    pub resource: Resource,
    /// The arguments of the resource type; the meta-arguments have been taken out.
    pub body: Body,
    pub count: Option<Expr>,
    pub for_each: Option<Expr>,
    pub depends_on: Vec<Traversal>,
    pub provider: Option<ProviderRef>,
    pub lifecycle: Lifecycle,
    /// Its `provisioner` blocks. recon runs none, and refuses what would run one.
    pub provisioners: Vec<Provisioner>,
    pub declared_at: Span,
    pub type_span: Span,
    /// The `check` block that the data source is scoped to.
    pub check: Option<Arc<str>>,
}

#[derive(Debug, Default)]
pub struct Lifecycle {
    pub create_before_destroy: bool,
    pub prevent_destroy: bool,
    pub ignore_changes: IgnoreChanges,
    pub replace_triggered_by: Vec<Expr>,
    pub preconditions: Vec<Condition>,
    pub postconditions: Vec<Condition>,
}

#[derive(Debug, Default, Clone)]
pub enum IgnoreChanges {
    #[default]
    None,
    All,
    /// Paths from the resource: an attribute's name and what follows.
    Paths(Vec<Traversal>),
}

#[derive(Debug)]
pub struct ProviderBlock {
    pub name: Ident,
    pub alias: Option<Arc<str>>,
    /// Without `alias` and `version`.
    pub body: Body,
    pub declared_at: Span,
}

#[derive(Clone, Debug)]
pub struct RequiredProvider {
    /// `hashicorp/aws`, made complete: `registry.terraform.io/hashicorp/aws`.
    pub source: String,
    pub version: Option<(String, Span)>,
    pub aliases: Vec<ProviderRef>,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Backend {
    pub kind: String,
    pub body: Body,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Moved {
    pub from: Traversal,
    pub to: Traversal,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Import {
    pub to: Expr,
    pub id: Option<Expr>,
    pub for_each: Option<Expr>,
    pub provider: Option<ProviderRef>,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Removed {
    pub from: Traversal,
    pub destroy: bool,
    pub declared_at: Span,
}

#[derive(Debug)]
pub struct Check {
    pub name: Ident,
    pub assertions: Vec<Condition>,
    pub declared_at: Span,
}

/// A Terraform-language file of a stack, by its name.
pub fn is_configuration_file(name: &str) -> bool {
    (name.ends_with(".tf") || name.ends_with(".tf.json"))
        && !name.starts_with('.')
        && !name.starts_with('#')
        && !name.ends_with('~')
}
