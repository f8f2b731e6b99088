//! Override files: `override.tf` and `*_override.tf`, whose blocks change blocks of the other files.
//!
//! They are merged as text is read, before anything of it has a meaning: an argument replaces the one of its name, nested
//! blocks replace all of their type, `lifecycle` and `required_providers` are merged argument by argument
//! (<https://developer.hashicorp.com/terraform/language/files/override>).

use crate::lang::ast::{Attribute, Block, Body};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::evaluate;

use super::ConstantScope;

/// Whether a file's blocks change those of the other files.
pub fn is_override(name: &str) -> bool {
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_suffix(".tf").unwrap_or(stem);
    stem == "override" || stem.ends_with("_override")
}

/// Changes the blocks of a module's files as an override file says.
pub fn merge(bodies: &mut [Body], changes: Body, diagnostics: &mut Diagnostics) {
    for block in changes.blocks {
        match &*block.kind.name {
            "locals" => merge_locals(bodies, block, diagnostics),
            "terraform" => merge_terraform(bodies, block),
            "moved" | "import" | "removed" | "check" => {
                let kind = &block.kind.name;
                let detail = format!("Blocks of type {kind:?} stand in ordinary files only.");
                let summary = format!("Cannot override '{kind}' blocks");
                diagnostics.push(Diagnostic::error(summary, detail).at(block.header));
            }
            _ => {
                let identity = identity(&block);
                let base = bodies
                    .iter_mut()
                    .flat_map(|body| &mut body.blocks)
                    .find(|base| self::identity(base) == identity);
                match base {
                    Some(base) => merge_block(base, block),
                    None => diagnostics.push(missing(&block)),
                }
            }
        }
    }
}

/// What two blocks about the same thing share: type and labels, and a provider's alias.
fn identity(block: &Block) -> (String, Vec<String>, Option<String>) {
    let labels = block.labels.iter().map(|label| label.value.to_string()).collect();
    let alias = block.body.attribute("alias").filter(|_| &*block.kind.name == "provider");
    let alias = alias.and_then(|alias| Some(evaluate(&alias.expr, &ConstantScope).0.as_str()?.to_owned()));
    (block.kind.name.to_string(), labels, alias)
}

fn missing(block: &Block) -> Diagnostic {
    let (what, names) = match &*block.kind.name {
        "resource" => ("resource", true),
        "data" => ("data resource", true),
        "variable" => ("base variable declaration", false),
        "output" => ("base output definition", false),
        "module" => ("module call", false),
        "provider" => ("base provider configuration", false),
        other => (other, false),
    };
    let labels: Vec<&str> = block.labels.iter().map(|label| &*label.value).collect();
    let name = if names { labels.join(".") } else { labels.join(" ") };
    let detail = format!(
        "There is no {} {name:?} that this could override. An override file only changes blocks that another file has.",
        block.kind.name
    );
    Diagnostic::error(format!("Missing {what} to override"), detail).at(block.header)
}

fn merge_block(base: &mut Block, change: Block) {
    for attribute in change.body.attributes {
        replace(&mut base.body.attributes, attribute);
    }
    let (lifecycles, others): (Vec<Block>, Vec<Block>) =
        change.body.blocks.into_iter().partition(|block| &*block.kind.name == "lifecycle");
    for lifecycle in lifecycles {
        match base.body.blocks.iter_mut().find(|block| &*block.kind.name == "lifecycle") {
            Some(block) => merge_block(block, lifecycle),
            None => base.body.blocks.push(lifecycle),
        }
    }
    base.body.blocks.retain(|block| others.iter().all(|other| made(other) != made(block)));
    base.body.blocks.extend(others);
}

/// The type of the blocks that a block stands for: its own, or that of what a `dynamic` block makes.
fn made(block: &Block) -> &str {
    match block.labels.first() {
        Some(label) if &*block.kind.name == "dynamic" => &label.value,
        _ => &block.kind.name,
    }
}

fn replace(attributes: &mut Vec<Attribute>, new: Attribute) {
    match attributes.iter_mut().find(|old| old.name.name == new.name.name) {
        Some(old) => *old = new,
        None => attributes.push(new),
    }
}

fn merge_locals(bodies: &mut [Body], change: Block, diagnostics: &mut Diagnostics) {
    for new in change.body.attributes {
        let old = bodies
            .iter_mut()
            .flat_map(|body| &mut body.blocks)
            .filter(|block| &*block.kind.name == "locals")
            .flat_map(|block| &mut block.body.attributes)
            .find(|old| old.name.name == new.name.name);
        match old {
            Some(old) => *old = new,
            None => {
                let detail = format!("There is no local value {:?} that this could override.", new.name.name);
                diagnostics.push(
                    Diagnostic::error("Missing base local value definition to override", detail)
                        .at(new.name.span),
                );
            }
        }
    }
}

/// A backend replaces whatever backend there is; each required provider the one of its name.
fn merge_terraform(bodies: &mut [Body], change: Block) {
    let mut homes = bodies
        .iter_mut()
        .flat_map(|body| &mut body.blocks)
        .filter(|block| &*block.kind.name == "terraform")
        .collect::<Vec<_>>();
    if homes.is_empty() {
        drop(homes);
        if let Some(body) = bodies.first_mut() {
            body.blocks.push(change);
        }
        return;
    }
    let is_backend = |block: &Block| matches!(&*block.kind.name, "backend" | "cloud");
    for new in change.body.attributes {
        for home in &mut homes {
            home.body.attributes.retain(|old| old.name.name != new.name.name);
        }
        homes[0].body.attributes.push(new);
    }
    for new in change.body.blocks {
        if is_backend(&new) {
            for home in &mut homes {
                home.body.blocks.retain(|old| !is_backend(old));
            }
            homes[0].body.blocks.push(new);
            continue;
        }
        let old = homes
            .iter_mut()
            .flat_map(|home| &mut home.body.blocks)
            .find(|old| old.kind.name == new.kind.name && &*old.kind.name == "required_providers");
        match old {
            Some(old) => merge_block(old, new),
            None => homes[0].body.blocks.push(new),
        }
    }
}
