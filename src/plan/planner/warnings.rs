//! What a plan as a whole is to be warned of, and the conditions that a plan to destroy does not check.

use crate::address::{InstanceAddress, InstanceKey, ModulePath};
use crate::graph::conditions::Outcome;
use crate::graph::evaluate::{Checked, in_module};
use crate::lang::diagnostic::Diagnostic;
use crate::plan::model::Action;

use super::Planner;

impl Planner<'_> {
    /// Warns of what people overlook: that not all was planned, that an object is left alone from now on, that an
    /// option names nothing.
    pub(super) fn warn(&mut self) {
        if self.included.is_some() {
            let detail = "With --target the plan holds a part of the stack only: it may not be what the whole configuration \
                          asks for. The option is for exceptional situations, such as recovering from a mistake.";
            self.diagnostics.push(Diagnostic::warning("Resource targeting is in effect", detail));
        }
        let forgotten: Vec<String> = self
            .changes
            .iter()
            .filter(|change| change.action == Action::Forget)
            .map(|change| format!("  - {}", change.address))
            .collect();
        if !forgotten.is_empty() {
            let detail = format!(
                "Applying this plan makes recon forget the following objects. They are not deleted, and recon no longer \
                 looks after them:\n{}\n\nTo manage them again, import them.",
                forgotten.join("\n")
            );
            let summary = "Some objects will no longer be managed by recon";
            self.diagnostics.push(Diagnostic::warning(summary, detail));
        }
        self.refuse_what_left_objects_keep_from_being_done();
        // What is not among the targets is left out for that reason.
        if self.included.is_none() {
            for address in &self.options.replace {
                self.warn_of_replace(address);
            }
        }
    }

    fn warn_of_replace(&mut self, address: &InstanceAddress) {
        let of_the_resource: Vec<&InstanceAddress> = self
            .changes
            .iter()
            .map(|change| &change.address)
            .filter(|other| other.absolute() == address.absolute())
            .collect();
        if of_the_resource.is_empty() || of_the_resource.contains(&address) {
            return;
        }
        let instances: Vec<String> = of_the_resource.iter().map(|address| format!("  - {address}")).collect();
        let (what, advice) = if address.key == InstanceKey::None {
            ("has several instances, and none of them is meant", "Name the instance")
        } else {
            ("has no such instance", "Name one that there is")
        };
        let detail = format!(
            "--replace={address} replaces nothing: the resource {what}. {advice}; there are:\n{}",
            instances.join("\n")
        );
        let summary = "Incompletely-matched force-replace resource instance";
        self.diagnostics.push(Diagnostic::warning(summary, detail));
    }

    /// A plan to destroy checks nothing: that is what it says of every condition.
    pub(super) fn leave_unchecked(&mut self) {
        for (path, module) in &self.stack.configuration.modules {
            for block in module.resources.values() {
                let lifecycle = &block.lifecycle;
                if lifecycle.preconditions.is_empty() && lifecycle.postconditions.is_empty() {
                    continue;
                }
                let object = in_module(path.to_string(), block.resource.to_string());
                self.checked.push(unchecked("resource", object, String::new()));
            }
            for output in module.outputs.values().filter(|output| !output.preconditions.is_empty()) {
                let object = in_module(path.to_string(), format!("output.{}", output.name.name));
                let instance = if *path == ModulePath::root() { object.clone() } else { String::new() };
                self.checked.push(unchecked("output_value", object, instance));
            }
        }
    }
}

/// A condition that is not checked. Without the name of an instance, what instances there are is not known.
fn unchecked(kind: &'static str, object: String, instance: String) -> Checked {
    Checked { kind, object, instance, outcome: Outcome::Unknown }
}
