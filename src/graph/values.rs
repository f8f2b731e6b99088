//! What the nodes of the graph have evaluated to.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{AbsoluteResource, InstanceKey, ModuleInstance, ModulePath, Resource};
use crate::lang::value::Value;

use super::expand::Expansion;

/// What `count` and `each` answer in one instance.
#[derive(Clone, Debug, Default)]
pub struct Repetition {
    pub count_index: Option<Value>,
    pub each: Option<(Value, Value)>,
}

/// One module instance's values. Resources are whole: an object, or a tuple or object of the instances'.
#[derive(Clone, Debug, Default)]
pub struct ModuleValues {
    pub variables: BTreeMap<Arc<str>, Value>,
    pub locals: BTreeMap<Arc<str>, Value>,
    pub outputs: BTreeMap<Arc<str>, Value>,
    pub resources: BTreeMap<Resource, Value>,
}

/// All values of a stack, as far as they have been worked out.
#[derive(Clone, Debug, Default)]
pub struct Values {
    pub modules: BTreeMap<ModuleInstance, ModuleValues>,
    /// The instances of each module of the configuration.
    pub instances: BTreeMap<ModulePath, Vec<ModuleInstance>>,
    /// How a call expands in one instance of the calling module.
    pub expansions: BTreeMap<(ModuleInstance, Arc<str>), Expansion>,
    /// How a resource expands in one instance of its module.
    pub resource_expansions: BTreeMap<AbsoluteResource, Expansion>,
    /// What `count` and `each` answer in the arguments of the call that made a module instance.
    pub repetitions: BTreeMap<ModuleInstance, Repetition>,
}

impl Values {
    pub fn new() -> Values {
        let mut values = Values::default();
        values.instances.insert(ModulePath::root(), vec![ModuleInstance::root()]);
        values.modules.insert(ModuleInstance::root(), ModuleValues::default());
        values
    }

    pub fn module(&self, instance: &ModuleInstance) -> Option<&ModuleValues> {
        self.modules.get(instance)
    }

    pub fn module_mut(&mut self, instance: &ModuleInstance) -> &mut ModuleValues {
        self.modules.entry(instance.clone()).or_default()
    }

    /// The instances of a module; none if it is not expanded (yet).
    pub fn instances_of(&self, path: &ModulePath) -> &[ModuleInstance] {
        self.instances.get(path).map_or(&[], Vec::as_slice)
    }

    /// Notes how a call expands in one instance of its caller.
    pub fn expand_module(&mut self, caller: &ModuleInstance, name: &Arc<str>, expansion: Expansion) {
        let path = caller.path().child(Arc::clone(name));
        for (key, repetition) in expansion.instances() {
            let child = caller.child(Arc::clone(name), key);
            self.instances.entry(path.clone()).or_default().push(child.clone());
            self.repetitions.insert(child.clone(), repetition);
            self.modules.entry(child).or_default();
        }
        self.instances.entry(path).or_default();
        self.expansions.insert((caller.clone(), Arc::clone(name)), expansion);
    }

    /// The outputs of one module instance as an object.
    pub fn outputs_object(&self, instance: &ModuleInstance) -> Value {
        let outputs = self.module(instance).map(|module| &module.outputs);
        Value::object(outputs.into_iter().flatten().map(|(name, value)| (Arc::clone(name), value.clone())))
    }
}

/// What a reference to a whole resource or module with instances answers: the object, or all of them.
pub fn aggregate(expansion: &Expansion, mut instance: impl FnMut(&InstanceKey) -> Value) -> Value {
    match expansion {
        Expansion::Single => instance(&InstanceKey::None),
        Expansion::Count(count) => {
            Value::tuple((0..*count).map(|index| instance(&InstanceKey::Index(index as i64))).collect())
        }
        Expansion::ForEach(entries) => Value::object(
            entries.keys().map(|key| (Arc::clone(key), instance(&InstanceKey::Key(Arc::clone(key))))),
        ),
        Expansion::Unknown => Value::dynamic(),
    }
}
