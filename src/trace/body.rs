//! From a path in a resource to the expression that is written for it: arguments, blocks, `dynamic` blocks.

use std::sync::Arc;

use crate::compare::object::{at_path, changed_paths};
use crate::lang::ast::{Block, Body, Expr, ExprKind};
use crate::lang::convert::{PathStep, path_text};
use crate::lang::value::{Kind, Value};
use crate::schema::{AttributeSchema, BlockSchema, NestedBlock, Nesting};

use super::edit;
use super::walk::{Bound, From, Outcome, Place, Walk, nested};

/// One block, written or made by a `dynamic` block, and what the names in it mean.
struct Made<'e> {
    body: &'e Body,
    place: Place<'e>,
    /// It is written once and stands for several.
    is_dynamic: bool,
}

/// Makes what is at a path of a body another value.
pub fn change<'e>(
    walk: &mut Walk<'_>,
    schema: &BlockSchema,
    body: &'e Body,
    place: &Place<'e>,
    path: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let Some((PathStep::Attribute(name) | PathStep::Key(name), rest)) = path.split_first() else {
        return Err("it is the object as a whole".to_owned());
    };
    if let Some(written) = body.attribute(name) {
        if schema.blocks.contains_key(name) {
            return Err("recon edits no blocks in a file of JSON".to_owned());
        }
        walk.link(format!("the argument {name}"), written.expr.span);
        return walk.change(&written.expr, place, rest, wanted);
    }
    let as_blocks = schema.attributes.get(name).filter(|attribute| attribute.as_blocks);
    let has_blocks = body.blocks.iter().any(|block| kind(block) == Some(name));
    if let Some(block) = schema.blocks.get(name) {
        return blocks(walk, name, block, body, place, rest, wanted);
    }
    match (schema.attributes.get(name), as_blocks.filter(|_| has_blocks)) {
        (_, Some(_)) => Err(format!("{name} is written as blocks, and the argument is a list")),
        (Some(attribute), None) => insert(walk, name, attribute, body, rest, wanted),
        (None, None) => Err(format!("the type has no argument {name}")),
    }
}

/// An argument that the code leaves out so far.
fn insert(
    walk: &mut Walk<'_>,
    name: &Arc<str>,
    attribute: &AttributeSchema,
    body: &Body,
    rest: &[PathStep],
    wanted: &Value,
) -> Outcome {
    if !attribute.is_argument() {
        return Err(format!("{name} is decided by AWS and cannot be set"));
    }
    if wanted.is_null() {
        return Err(format!("{name} is not set, and without it AWS has what is wanted"));
    }
    let value = nested(rest, wanted).ok_or("there is no list to hold the element")?;
    if body.json {
        return Err("recon adds no argument to a file of JSON".to_owned());
    }
    let last = body.attributes.iter().max_by_key(|attribute| attribute.span.start);
    let place = last.map_or(body.span, |last| last.span);
    walk.editable(place)?;
    walk.link(format!("a new argument {name}"), place);
    Ok(vec![edit::argument(walk.sources(), name, &value, last.map(edit::places), body.span)?])
}

fn kind(block: &Block) -> Option<&str> {
    if &*block.kind.name == "dynamic" {
        block.labels.first().map(|label| &*label.value)
    } else {
        Some(&block.kind.name)
    }
}

/// A path into the blocks of a kind.
fn blocks<'e>(
    walk: &mut Walk<'_>,
    name: &str,
    nested: &NestedBlock,
    body: &'e Body,
    place: &Place<'e>,
    rest: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let made = made(walk, name, body, place)?;
    let (index, inner) = match (rest.split_first(), nested.nesting) {
        (Some((PathStep::Index(index), inner)), _) => (*index, inner),
        (Some(_), Nesting::Single) => (0, rest),
        _ => return whole(walk, name, nested, &made, wanted),
    };
    if inner.is_empty() {
        return Err(format!("a block {name} was added or removed as a whole"));
    }
    if nested.nesting == Nesting::Set {
        return Err(format!("the blocks {name} have no order by which to tell them apart"));
    }
    let one = made.get(index).ok_or_else(|| format!("the code has no block {name} for it"))?;
    into(walk, nested, one, inner, wanted)
}

fn into<'e>(
    walk: &mut Walk<'_>,
    nested: &NestedBlock,
    made: &Made<'e>,
    path: &[PathStep],
    wanted: &Value,
) -> Outcome {
    if made.is_dynamic {
        walk.inverts();
        let is_written =
            matches!(path.first(), Some(PathStep::Attribute(name)) if made.body.attribute(name).is_some());
        let is_block =
            matches!(path.first(), Some(PathStep::Attribute(name)) if nested.block.blocks.contains_key(name));
        if !is_written && !is_block {
            return Err(
                "the blocks are made by one dynamic block, which does not set the argument".to_owned()
            );
        }
    }
    change(walk, &nested.block, made.body, &made.place, path, wanted)
}

/// All blocks of a kind, in their order.
fn made<'e>(walk: &Walk<'_>, name: &str, body: &'e Body, place: &Place<'e>) -> Result<Vec<Made<'e>>, String> {
    let mut all = Vec::new();
    for block in body.blocks.iter().filter(|block| kind(block) == Some(name)) {
        if &*block.kind.name != "dynamic" {
            all.push(Made { body: &block.body, place: place.clone(), is_dynamic: false });
            continue;
        }
        let for_each = block.body.attribute("for_each").ok_or("the dynamic block has no for_each")?;
        let content = block.body.blocks("content").next().ok_or("the dynamic block has no content")?;
        let iterator = match block.body.attribute("iterator").map(|attribute| &attribute.expr) {
            Some(Expr { kind: ExprKind::Traversal(traversal), .. }) => Arc::clone(&traversal.root.name),
            _ => name.into(),
        };
        let collection = walk.value(&for_each.expr, place)?.unmark().0;
        let pairs: Vec<(Value, Value, Option<PathStep>)> = match &collection.kind {
            Kind::List(_, items) | Kind::Tuple(items) => items
                .iter()
                .enumerate()
                .map(|(index, item)| (Value::number(index), item.clone(), Some(PathStep::Index(index))))
                .collect(),
            Kind::Set(_, items) => items.iter().map(|item| (item.clone(), item.clone(), None)).collect(),
            Kind::Map(_, entries) | Kind::Object(entries) => entries
                .iter()
                .map(|(name, item)| {
                    (Value::string(name), item.clone(), Some(PathStep::Key(Arc::clone(name))))
                })
                .collect(),
            _ => return Err("the blocks are known only after an apply".to_owned()),
        };
        for (key, value, step) in pairs {
            let from = match step {
                Some(step) => {
                    From::Iterator { collection: &for_each.expr, place: Box::new(place.clone()), step }
                }
                None => From::Key,
            };
            let value = Value::object([("key", key), ("value", value)]);
            let bound = Bound { name: Arc::clone(&iterator), value, from };
            all.push(Made { body: &content.body, place: place.binding([bound]), is_dynamic: true });
        }
    }
    Ok(all)
}

/// All blocks of a kind at once: those that changed are edited, if it is clear which became which.
fn whole(
    walk: &mut Walk<'_>,
    name: &str,
    nested: &NestedBlock,
    made: &[Made<'_>],
    wanted: &Value,
) -> Outcome {
    let new = match nested.nesting {
        Nesting::List | Nesting::Set => wanted.as_elements(),
        Nesting::Single | Nesting::Map => None,
    };
    let unclear = || format!("blocks {name} were added or removed, or it is not clear which became which");
    let new = new.filter(|new| new.len() == made.len()).ok_or_else(unclear)?;
    let mut old = Vec::new();
    for one in made {
        old.push(walk.decoded(&nested.block, one.body, &one.place)?);
    }
    let same = |left: &Value, right: &Value| {
        let proposed = crate::compare::object::proposed(&nested.block, left, Some(right));
        changed_paths(&nested.block, right, &proposed).is_empty()
    };
    let mut rest: Vec<usize> = (0..new.len()).collect();
    let mut changed = Vec::new();
    for (index, own) in old.iter().enumerate() {
        let is_it = |at: &usize| {
            let right_place = nested.nesting == Nesting::Set || *at == index;
            right_place && new.get(*at).is_some_and(|other| same(own, other))
        };
        match rest.iter().position(is_it) {
            Some(at) => {
                rest.swap_remove(at);
            }
            None => changed.push(index),
        }
    }
    let pairs: Vec<(usize, usize)> = match (nested.nesting, changed.as_slice(), rest.as_slice()) {
        (Nesting::Set, [own], [other]) => vec![(*own, *other)],
        (Nesting::Set, ..) => return Err(unclear()),
        _ => changed.iter().map(|index| (*index, *index)).collect(),
    };
    let mut edits = Vec::new();
    for (own, other) in pairs {
        let (Some(one), Some(before), Some(after)) = (made.get(own), old.get(own), new.get(other)) else {
            return Err(unclear());
        };
        let proposed = crate::compare::object::proposed(&nested.block, before, Some(after));
        for path in changed_paths(&nested.block, after, &proposed) {
            let value = at_path(after, &path);
            if value.is_null() && at_path(before, &path).is_null() {
                return Err(format!("{name}{} is decided by AWS", path_text(&path)));
            }
            edits.extend(into(walk, nested, one, &path, &value)?);
        }
    }
    Ok(edits)
}
