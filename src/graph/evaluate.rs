//! Evaluating the nodes that are not objects: variables, locals, outputs, module calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{ModuleInstance, ModulePath};
use crate::config::variables::convert;
use crate::config::{Condition, Configuration, Module, ModuleCall, Variable};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::{Scope, evaluate};
use crate::lang::source::Span;
use crate::lang::value::{Marks, Value};

use super::Node;
use super::conditions::{self, Outcome};
use super::expand::{Expansion, expand};
use super::scope::{Environment, ModuleScope};
use super::values::{Repetition, Values};

/// The outcome of one condition of one object.
#[derive(Clone, Debug)]
pub struct Checked {
    /// `var`, `output_value`, `resource` or `check`
    pub kind: &'static str,
    /// The object in the configuration: `module.a.output.x`.
    pub object: String,
    /// The object in this instance of its module.
    pub instance: String,
    pub outcome: Outcome,
}

/// What evaluating needs to know besides the values.
#[derive(Clone, Copy)]
pub struct Evaluation<'a> {
    pub configuration: &'a Configuration,
    pub environment: &'a Environment,
    /// Values of the root module's variables.
    pub variables: &'a BTreeMap<Arc<str>, Value>,
    /// Whether it is an error that the number of a thing's instances is unknown; when it is not, one instance of
    /// which nothing is known stands for all.
    pub must_know: bool,
}

impl Evaluation<'_> {
    /// Evaluates a node in every instance of its module. Nodes of objects and providers are the caller's.
    pub fn node(
        &self,
        node: &Node,
        values: &mut Values,
        checked: &mut Vec<Checked>,
        diagnostics: &mut Diagnostics,
    ) {
        match node {
            Node::Module(path) => self.module(path, values, diagnostics),
            Node::Variable(path, name) => self.variable(path, name, values, checked, diagnostics),
            Node::Local(path, name) => {
                let module = &self.configuration.modules[path];
                let local = &module.locals[name];
                for instance in values.instances_of(path).to_vec() {
                    let scope = ModuleScope::new(self.environment, values, module, &instance);
                    let (value, found) = evaluate(&local.expr, &scope);
                    extend_once(diagnostics, found);
                    values.module_mut(&instance).locals.insert(Arc::clone(name), value);
                }
            }
            Node::Output(path, name) => self.output(path, name, values, checked, diagnostics),
            Node::Provider(..) | Node::Resource(_) | Node::Check(..) => {}
        }
    }

    fn module(&self, path: &ModulePath, values: &mut Values, diagnostics: &mut Diagnostics) {
        let Some((name, rest)) = path.0.split_last() else { return };
        let caller_path = ModulePath(rest.into());
        let caller = &self.configuration.modules[&caller_path];
        let call = &caller.calls[name];
        for instance in values.instances_of(&caller_path).to_vec() {
            let scope = ModuleScope::new(self.environment, values, caller, &instance);
            let expansion =
                expand(call.count.as_ref(), call.for_each.as_ref(), &scope, self.must_know, diagnostics);
            match expansion {
                Some(Expansion::Unknown) | None => {
                    // One instance of which nothing is known stands for all, so that what is inside is checked.
                    let repetition =
                        Expansion::unknown_repetition(call.count.as_ref(), call.for_each.as_ref());
                    let child = instance.child(Arc::clone(name), crate::address::InstanceKey::None);
                    values.instances.entry(path.clone()).or_default().push(child.clone());
                    values.repetitions.insert(child.clone(), repetition);
                    values.modules.entry(child).or_default();
                    values.expansions.insert((instance.clone(), Arc::clone(name)), Expansion::Unknown);
                }
                Some(expansion) => values.expand_module(&instance, name, expansion),
            }
        }
        values.instances.entry(path.clone()).or_default();
    }

    fn variable(
        &self,
        path: &ModulePath,
        name: &Arc<str>,
        values: &mut Values,
        checked: &mut Vec<Checked>,
        diagnostics: &mut Diagnostics,
    ) {
        let module = &self.configuration.modules[path];
        let variable = &module.variables[name];
        for instance in values.instances_of(path).to_vec() {
            let (value, place) = match instance.split_last() {
                None => {
                    let value = self.variables.get(name).cloned();
                    (
                        value.unwrap_or_else(|| Value::unknown(variable.constraint.ty.clone())),
                        variable.declared_at,
                    )
                }
                Some((caller, step)) => {
                    let caller_path = caller.path();
                    let caller_module = &self.configuration.modules[&caller_path];
                    let call = &caller_module.calls[&step.name];
                    let value =
                        self.argument(&caller, caller_module, call, variable, &instance, values, diagnostics);
                    let place =
                        call.arguments.get(name).map_or(variable.declared_at, |argument| argument.expr.span);
                    (value, place)
                }
            };
            values.module_mut(&instance).variables.insert(Arc::clone(name), value);
            let scope = ModuleScope::new(self.environment, values, module, &instance);
            for validation in &variable.validations {
                let outcome = conditions::check(validation, &scope, diagnostics);
                if let Outcome::Fail(message) = &outcome {
                    diagnostics.push(failed_validation(message, validation, place));
                }
                checked.push(Checked {
                    kind: "var",
                    object: in_module(path.to_string(), format!("var.{name}")),
                    instance: in_module(instance.to_string(), format!("var.{name}")),
                    outcome,
                });
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all of them belong to the one call")]
    fn argument(
        &self,
        caller: &ModuleInstance,
        caller_module: &Module,
        call: &ModuleCall,
        variable: &Variable,
        instance: &ModuleInstance,
        values: &Values,
        diagnostics: &mut Diagnostics,
    ) -> Value {
        let name = &variable.name.name;
        let value = match call.arguments.get(name) {
            None => match &variable.default {
                Some(default) => default.clone(),
                None => return Value::unknown(variable.constraint.ty.clone()),
            },
            Some(argument) => {
                let none = Repetition::default();
                let repetition = values.repetitions.get(instance).unwrap_or(&none);
                let scope =
                    ModuleScope::new(self.environment, values, caller_module, caller).repeated(repetition);
                let (value, found) = evaluate(&argument.expr, &scope);
                let failed = found.has_errors();
                extend_once(diagnostics, found);
                if failed {
                    return Value::unknown(variable.constraint.ty.clone());
                }
                match convert(variable, value) {
                    Ok(value) => value,
                    Err(problem) => {
                        let detail = format!(
                            "The given value is not suitable for {instance}.var.{name}, which is declared in the module: \
                             {problem}."
                        );
                        let diagnostic = Diagnostic::error("Invalid value for input variable", detail)
                            .at(argument.expr.span);
                        extend_once(diagnostics, diagnostic.into());
                        return Value::unknown(variable.constraint.ty.clone());
                    }
                }
            }
        };
        if variable.sensitive { value.sensitive() } else { value }
    }

    fn output(
        &self,
        path: &ModulePath,
        name: &Arc<str>,
        values: &mut Values,
        checked: &mut Vec<Checked>,
        diagnostics: &mut Diagnostics,
    ) {
        let module = &self.configuration.modules[path];
        let output = &module.outputs[name];
        for instance in values.instances_of(path).to_vec() {
            let scope = ModuleScope::new(self.environment, values, module, &instance);
            for condition in &output.preconditions {
                let outcome = conditions::check(condition, &scope, diagnostics);
                if let Outcome::Fail(message) = &outcome {
                    let detail = failed_message(message);
                    diagnostics.push(
                        Diagnostic::error("Module output value precondition failed", detail)
                            .at(condition.condition.span),
                    );
                }
                checked.push(Checked {
                    kind: "output_value",
                    object: in_module(path.to_string(), format!("output.{name}")),
                    instance: in_module(instance.to_string(), format!("output.{name}")),
                    outcome,
                });
            }
            let (value, found) = evaluate(&output.expr, &scope);
            let failed = found.has_errors();
            extend_once(diagnostics, found);
            let marks = value.marks_deep();
            if path.is_root() && !failed && marks.contains(Marks::SENSITIVE) && !output.sensitive {
                let detail = "To reduce the risk of accidentally exporting sensitive data that was intended to be only \
                              internal, any root module output containing sensitive data must be explicitly marked as \
                              sensitive, to confirm your intent. If you do intend to export this data, annotate the \
                              output value as sensitive by adding the following argument: sensitive = true";
                diagnostics.push(
                    Diagnostic::error("Output refers to sensitive values", detail).at(output.declared_at),
                );
            }
            let value = if output.sensitive { value.sensitive() } else { value };
            values.module_mut(&instance).outputs.insert(Arc::clone(name), value);
        }
    }

    /// Checks the conditions of an object and reports those that fail under the given headline.
    #[expect(clippy::too_many_arguments, reason = "all of them go into the one report")]
    pub fn conditions(
        &self,
        conditions: &[Condition],
        scope: &dyn Scope,
        summary: &str,
        object: &str,
        instance: &str,
        checked: &mut Vec<Checked>,
        diagnostics: &mut Diagnostics,
    ) {
        for condition in conditions {
            let outcome = conditions::check(condition, scope, diagnostics);
            if let Outcome::Fail(message) = &outcome {
                diagnostics.push(
                    Diagnostic::error(summary, failed_message(message))
                        .at(condition.condition.span)
                        .of(instance),
                );
            }
            checked.push(Checked {
                kind: "resource",
                object: object.to_owned(),
                instance: instance.to_owned(),
                outcome,
            });
        }
    }
}

fn failed_message(message: &str) -> String {
    format!("{message} (This was checked by a condition in the configuration.)")
}

fn failed_validation(message: &str, validation: &Condition, place: Span) -> Diagnostic {
    let detail = format!("{message} This was checked by the validation rule at the variable's declaration.");
    Diagnostic::error("Invalid value for variable", detail).at(place).within(validation.declared_at)
}

/// `module.a.` before a name, nothing in the root module.
pub fn in_module(module: String, name: String) -> String {
    if module.is_empty() { name } else { format!("{module}.{name}") }
}

/// Adds findings that are not there yet: the instances of a module all make the same mistake.
pub fn extend_once(diagnostics: &mut Diagnostics, found: Diagnostics) {
    for diagnostic in found {
        if !diagnostics.0.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
}
