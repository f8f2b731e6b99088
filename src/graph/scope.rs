//! How an expression in a module instance sees the stack's values.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::address::{Mode, ModuleInstance, Resource};
use crate::config::Module;
use crate::lang::ast::{StepKind, Traversal};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::eval::Scope;
use crate::lang::functions::Host;
use crate::lang::reference::{self, Reference};
use crate::lang::source::SourceMap;
use crate::lang::value::Value;

use super::values::{Repetition, Values, aggregate};

/// What is the same for every expression of a run.
#[derive(Clone, Debug)]
pub struct Environment {
    pub sources: Arc<SourceMap>,
    /// The root module's directory: where relative paths in the stack start, and what `path.root` means.
    pub directory: PathBuf,
    /// The directory that the user is in: `path.cwd`.
    pub working_directory: PathBuf,
    pub workspace: String,
    /// RFC 3339; `None` before a plan.
    pub plan_timestamp: Option<String>,
    /// Whether functions that answer differently each time answer: during apply.
    pub impure: bool,
    /// Whether changes are being made: `terraform.applying`.
    pub applying: bool,
    /// What `~` means in paths.
    pub home_directory: Option<PathBuf>,
    /// Whether expressions stand at the console.
    pub console: bool,
}

/// One module instance's names.
pub struct ModuleScope<'a> {
    pub environment: &'a Environment,
    pub values: &'a Values,
    pub module: &'a Module,
    pub instance: &'a ModuleInstance,
    pub repetition: &'a Repetition,
    /// What `self` answers, in postconditions.
    pub self_value: Option<&'a Value>,
}

/// Outside any repetition.
pub static NO_REPETITION: Repetition = Repetition { count_index: None, each: None };

impl<'a> ModuleScope<'a> {
    pub fn new(
        environment: &'a Environment,
        values: &'a Values,
        module: &'a Module,
        instance: &'a ModuleInstance,
    ) -> ModuleScope<'a> {
        ModuleScope { environment, values, module, instance, repetition: &NO_REPETITION, self_value: None }
    }

    pub fn repeated(mut self, repetition: &'a Repetition) -> ModuleScope<'a> {
        self.repetition = repetition;
        self
    }

    fn resource(&self, mode: Mode, ty: &Arc<str>, name: &Arc<str>) -> Option<Value> {
        let resource = Resource { mode, ty: Arc::clone(ty), name: Arc::clone(name) };
        self.values.module(self.instance)?.resources.get(&resource).cloned()
    }

    /// A module call's outputs, and how many further steps that took: one output of a single instance is found
    /// without putting the others together.
    fn module_call(&self, name: &Arc<str>, traversal: &Traversal, used: usize) -> (Value, usize) {
        let key = (self.instance.clone(), Arc::clone(name));
        let Some(expansion) = self.values.expansions.get(&key) else { return (Value::dynamic(), used) };
        if let super::expand::Expansion::Single = expansion
            && let Some(StepKind::Attribute(output)) = traversal.steps.get(used).map(|step| &step.kind)
        {
            let child = self.instance.child(Arc::clone(name), crate::address::InstanceKey::None);
            let value = self.values.module(&child).and_then(|module| module.outputs.get(output)).cloned();
            return (value.unwrap_or_else(Value::dynamic), used + 1);
        }
        let whole = aggregate(expansion, |key| {
            self.values.outputs_object(&self.instance.child(Arc::clone(name), key.clone()))
        });
        (whole, used)
    }
}

impl Scope for ModuleScope<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        let parsed = reference::parse(traversal)?;
        let used = parsed.used;
        let module = self.values.module(self.instance);
        let value = match &parsed.reference {
            Reference::Variable(name) => module.and_then(|module| module.variables.get(name)).cloned(),
            Reference::Local(name) => module.and_then(|module| module.locals.get(name)).cloned(),
            Reference::Module(name) => return Ok(self.module_call(name, traversal, used)),
            Reference::Managed { ty, name } => self.resource(Mode::Managed, ty, name),
            Reference::Data { ty, name } => self.resource(Mode::Data, ty, name),
            Reference::Ephemeral { .. } => None,
            Reference::Count(_) => self.repetition.count_index.clone(),
            Reference::Each(name) => {
                self.repetition.each.clone().map(|(key, value)| if &**name == "key" { key } else { value })
            }
            Reference::Self_ => self.self_value.cloned(),
            Reference::Path(name) => Some(Value::string(match &**name {
                "module" => self.module.directory.display().to_string(),
                "root" => ".".to_owned(),
                _ => self.environment.working_directory.display().to_string(),
            })),
            Reference::Terraform(name) => Some(match &**name {
                "applying" => {
                    Value::bool(self.environment.applying).with_marks(crate::lang::value::Marks::EPHEMERAL)
                }
                _ => Value::string(&self.environment.workspace),
            }),
        };
        // What is not there has been complained of, or waits for something that failed.
        Ok((value.unwrap_or_else(Value::dynamic), used))
    }

    fn host(&self) -> &dyn Host {
        self.environment
    }
}

impl Host for Environment {
    fn base_directory(&self) -> &Path {
        &self.directory
    }

    fn plan_timestamp(&self) -> Option<String> {
        self.plan_timestamp.clone()
    }

    fn answers_impure(&self) -> bool {
        self.impure
    }

    fn home_directory(&self) -> Option<PathBuf> {
        self.home_directory.clone()
    }

    fn is_console(&self) -> bool {
        self.console
    }
}
