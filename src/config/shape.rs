//! Taking a body apart: which arguments and blocks may stand in it, and what is wrong with those that do.

use std::collections::BTreeMap;

use crate::lang::ast::{Attribute, Block, Body};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};

/// What may stand in a body.
pub struct Shape {
    /// Arguments, and whether each must be there.
    pub arguments: &'static [(&'static str, bool)],
    /// Blocks, with what their labels are called.
    pub blocks: &'static [(&'static str, &'static [&'static str])],
}

/// The arguments and blocks of a body, by name; the rest has been complained of.
pub struct Content<'a> {
    pub arguments: BTreeMap<&'a str, &'a Attribute>,
    pub blocks: Vec<&'a Block>,
}

impl<'a> Content<'a> {
    pub fn get(&self, name: &str) -> Option<&'a Attribute> {
        self.arguments.get(name).copied()
    }

    pub fn blocks(&self, kind: &str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().copied().filter(move |block| &*block.kind.name == kind)
    }
}

impl Shape {
    /// Takes a body apart that may hold nothing but what the shape names.
    pub fn content<'a>(&self, body: &'a Body, diagnostics: &mut Diagnostics) -> Content<'a> {
        let content = self.partial(body, diagnostics);
        for attribute in &body.attributes {
            let name = &*attribute.name.name;
            if self.arguments.iter().all(|(known, _)| *known != name) {
                diagnostics.push(self.unsupported_argument(attribute, body.json));
            }
        }
        for block in &body.blocks {
            if self.blocks.iter().all(|(known, _)| *known != &*block.kind.name) {
                diagnostics.push(self.unsupported_block(block));
            }
        }
        content
    }

    /// Takes what the shape names out of a body and leaves the rest alone.
    pub fn partial<'a>(&self, body: &'a Body, diagnostics: &mut Diagnostics) -> Content<'a> {
        let mut content = Content { arguments: BTreeMap::new(), blocks: Vec::new() };
        for attribute in &body.attributes {
            if self.arguments.iter().any(|(known, _)| *known == &*attribute.name.name) {
                content.arguments.insert(&attribute.name.name, attribute);
            }
        }
        for (name, required) in self.arguments {
            if *required && !content.arguments.contains_key(name) {
                diagnostics.push(missing_argument(name, body));
            }
        }
        for block in &body.blocks {
            if let Some((kind, labels)) = self.blocks.iter().find(|(known, _)| *known == &*block.kind.name)
                && check_labels(block, kind, labels, diagnostics)
            {
                content.blocks.push(block);
            }
        }
        content
    }

    fn unsupported_argument(&self, attribute: &Attribute, json: bool) -> Diagnostic {
        let name = &*attribute.name.name;
        if self.blocks.iter().any(|(known, _)| *known == name) {
            let detail = format!(
                "An argument named {name:?} is not expected here. Did you mean to define a block of type {name:?}?"
            );
            return Diagnostic::error("Unsupported argument", detail).at(attribute.name.span);
        }
        // In JSON it may be a block's name, too.
        let blocks = self.blocks.iter().filter(|_| json).map(|(known, _)| *known);
        let hint = suggestion(name, self.arguments.iter().map(|(known, _)| *known).chain(blocks));
        let detail = format!("An argument named {name:?} is not expected here.{hint}");
        Diagnostic::error("Unsupported argument", detail).at(attribute.name.span)
    }

    fn unsupported_block(&self, block: &Block) -> Diagnostic {
        let name = &*block.kind.name;
        if self.arguments.iter().any(|(known, _)| *known == name) {
            let detail = format!(
                "Blocks of type {name:?} are not expected here. Did you mean to define argument {name:?}? If so, use \
                 the equals sign to assign it a value."
            );
            return Diagnostic::error("Unsupported block type", detail).at(block.kind.span);
        }
        let hint = suggestion(name, self.blocks.iter().map(|(known, _)| *known));
        let detail = format!("Blocks of type {name:?} are not expected here.{hint}");
        Diagnostic::error("Unsupported block type", detail).at(block.kind.span)
    }
}

/// Says that a required argument is not there.
pub fn missing_argument(name: &str, body: &Body) -> Diagnostic {
    let detail = format!("The argument {name:?} is required, but no definition was found.");
    Diagnostic::error("Missing required argument", detail).at(body.missing)
}

fn check_labels(block: &Block, kind: &str, names: &[&str], diagnostics: &mut Diagnostics) -> bool {
    if block.labels.len() > names.len() {
        let surplus = block.labels[names.len()].span;
        let detail = match names.len() {
            0 => format!("No labels are expected for {kind} blocks."),
            count => format!("Only {count} labels ({}) are expected for {kind} blocks.", names.join(", ")),
        };
        let summary = format!("Extraneous label for {kind}");
        let context = block.header.to(block.open_brace);
        diagnostics.push(Diagnostic::error(summary, detail).at(surplus).within(context));
        return false;
    }
    if let Some(missing) = names.get(block.labels.len()) {
        let summary = format!("Missing {missing} for {kind}");
        let detail = format!("All {kind} blocks must have {} labels ({}).", names.len(), names.join(", "));
        let context = block.header.to(block.open_brace);
        diagnostics.push(Diagnostic::error(summary, detail).at(block.open_brace).within(context));
        return false;
    }
    true
}
