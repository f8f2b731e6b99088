//! What a plan says that recon cannot carry out: said before the first change.

use crate::address::Mode;
use crate::config::Configuration;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::model::{Action, Plan, ResourceChange};
use crate::provider::registry::Registry;

/// An error for each object that would have to be made, changed, deleted or read and is of a type that recon knows by
/// its schema only, and for each action that a provisioner would have to run beside. Empty: the plan can be carried out.
pub fn refusals(configuration: &Configuration, registry: &Registry, plan: &Plan) -> Diagnostics {
    let changes = plan.changes.iter();
    Diagnostics(
        changes
            .flat_map(|change| refusal(registry, change).into_iter().chain(would_run(configuration, change)))
            .collect(),
    )
}

/// Refuses an action that would run a provisioner; without one, an object with provisioners is as any other.
fn would_run(configuration: &Configuration, change: &ResourceChange) -> Option<Diagnostic> {
    let module = configuration.modules.get(&change.address.module.path())?;
    let block = module.resources.get(&change.address.resource)?;
    let provisioner = block.provisioners.iter().find(|provisioner| {
        if provisioner.at_destroy { change.action.deletes() } else { change.action.creates() }
    })?;
    let action = if provisioner.at_destroy { "deleting" } else { "creating" };
    let detail = format!(
        "recon runs no provisioners, and {action} {} would have to run {:?}. Nothing was changed. Do that with Terraform, \
         or do what the provisioner does elsewhere (user data, an image, a step of the pipeline) and remove the block; \
         --target leaves the object out.",
        change.address, provisioner.kind
    );
    Some(
        Diagnostic::error("A provisioner would have to run", detail)
            .at(provisioner.declared_at)
            .of(change.address.to_string()),
    )
}

fn refusal(registry: &Registry, change: &ResourceChange) -> Option<Diagnostic> {
    let what = match change.action {
        Action::NoOp | Action::Forget => return None,
        Action::Create => "create",
        Action::Read => "read",
        Action::Update => "change",
        Action::Delete => "delete",
        Action::DeleteThenCreate | Action::CreateThenDelete => "replace",
    };
    let name = &change.address.resource.ty;
    let is_schema_only = match change.address.resource.mode {
        Mode::Managed => registry.resource_type(name)?.is_schema_only(),
        Mode::Data => registry.data_source(name)?.is_schema_only(),
    };
    if !is_schema_only {
        return None;
    }
    let advice = match change.action {
        Action::Delete => {
            "Delete it with the tool that made it, or keep it and take it out of the record with a removed block that \
             says destroy = false."
        }
        Action::Read => "Give what it would answer as a variable, or leave what needs it out with --target.",
        _ => "Do that with the tool that manages it, or leave it out with --target.",
    };
    let detail = format!(
        "recon would have to {what} {}, and knows {name} by its schema only. Nothing was changed. {advice}",
        change.address
    );
    let diagnostic =
        Diagnostic::error("A type that recon cannot change", detail).of(change.address.to_string());
    Some(match change.declared_at {
        Some(place) => diagnostic.at(place),
        None => diagnostic,
    })
}
