//! Collections: constructors, `for` expressions and splats.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::lang::ast::{Expr, ExprKind, For, ObjectItem, ObjectKey};
use crate::lang::convert::PathStep;
use crate::lang::source::Span;
use crate::lang::splice::Edit;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

use super::edit;
use super::text;
use super::walk::{Bound, From, Outcome, Place, Walk, nested, path_of, step_name};

/// Makes each member that differs another value.
pub fn by_member(
    walk: &mut Walk<'_>,
    current: &Value,
    wanted: &Value,
    change: &mut dyn FnMut(&mut Walk<'_>, PathStep, &Value) -> Outcome,
) -> Outcome {
    let (Some(old), Some(new)) = (current.as_entries(), wanted.as_entries()) else {
        return Err("AWS has something else than a map there".to_owned());
    };
    let names: BTreeSet<&Arc<str>> = old.keys().chain(new.keys()).collect();
    let null = Value::null(Type::Dynamic);
    let mut edits = Vec::new();
    for name in names {
        let (before, after) = (old.get(name).unwrap_or(&null), new.get(name).unwrap_or(&null));
        if text::plain(before) != text::plain(after) {
            edits.extend(change(walk, PathStep::Key(Arc::clone(name)), after)?);
        }
    }
    Ok(edits)
}

/// Makes an expression answer another map: at once where it is written as one, else member by member.
pub fn apart<'e>(
    walk: &mut Walk<'_>,
    expr: &'e Expr,
    place: &Place<'e>,
    current: &Value,
    wanted: &Value,
) -> Outcome {
    if matches!(expr.kind, ExprKind::Object(_)) || wanted.as_entries().is_none() {
        return walk.change(expr, place, &[], wanted);
    }
    by_member(walk, current, wanted, &mut |walk, step, value| walk.change(expr, place, &[step], value))
}

/// An object constructor.
pub fn object<'e>(
    walk: &mut Walk<'_>,
    expr: &'e Expr,
    items: &'e [ObjectItem],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let mut names = Vec::new();
    for item in items {
        names.push(match &item.key {
            ObjectKey::Name(name) => name.name.to_string(),
            ObjectKey::Expr(key) => walk.text_of(key, place)?.ok_or("a key of the object is not known")?,
        });
    }
    // The last entry of a name is the one that counts.
    let find = |name: &str| names.iter().rposition(|other| other == name);
    if let Some((step, rest)) = steps.split_first() {
        let name = step_name(step);
        return match find(&name).and_then(|index| Some((index, items.get(index)?))) {
            Some((index, _)) if rest.is_empty() && wanted.is_null() => {
                remove(walk, expr.span, &entries(items), &[index])
            }
            Some((_, item)) => walk.change(&item.value, place, rest, wanted),
            None if wanted.is_null() => Ok(Vec::new()),
            None => {
                let value = nested(rest, wanted).ok_or("there is no list to hold the element")?;
                add(walk, expr, items, &[(name.into(), value)])
            }
        };
    }
    let Some(new) = wanted.as_entries() else { return replace(walk, expr, place, wanted) };
    let (mut edits, mut added, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in new.iter().filter(|(_, value)| !value.is_null()) {
        match find(name).and_then(|index| items.get(index)) {
            Some(item) => edits.extend(walk.change(&item.value, place, &[], value)?),
            None => added.push((Arc::clone(name), value.clone())),
        }
    }
    for (index, name) in names.iter().enumerate() {
        if new.get(name.as_str()).is_none_or(Value::is_null) {
            gone.push(index);
        }
    }
    if gone.len() == items.len() && !items.is_empty() {
        return replace(walk, expr, place, wanted);
    }
    edits.extend(add(walk, expr, items, &added)?);
    edits.extend(remove(walk, expr.span, &entries(items), &gone)?);
    Ok(edits)
}

fn entries(items: &[ObjectItem]) -> Vec<Span> {
    items.iter().map(edit::entry).collect()
}

fn add(walk: &Walk<'_>, expr: &Expr, items: &[ObjectItem], new: &[(Arc<str>, Value)]) -> Outcome {
    if new.is_empty() {
        return Ok(Vec::new());
    }
    walk.editable(expr.span)?;
    edit::entries(walk.sources(), expr, items, new)
}

fn remove(walk: &Walk<'_>, whole: Span, places: &[Span], gone: &[usize]) -> Outcome {
    if gone.is_empty() {
        return Ok(Vec::new());
    }
    walk.editable(whole)?;
    Ok(edit::removed(walk.sources(), whole, places, gone))
}

/// Another literal instead of a collection that is nothing but one.
fn replace(walk: &Walk<'_>, expr: &Expr, place: &Place<'_>, wanted: &Value) -> Outcome {
    if !text::is_constant(expr) {
        return Err("what AWS has does not follow from the parts of the expression".to_owned());
    }
    walk.editable(expr.span)?;
    let unwritable = "the value that AWS has has no literal form";
    let text = if walk.is_json(expr.span) {
        text::json(wanted, !place.is_constant).ok_or(unwritable)?.to_string()
    } else {
        text::literal(wanted, 0).ok_or(unwritable)?
    };
    Ok(vec![Edit { span: expr.span, text }])
}

/// A tuple constructor.
pub fn tuple<'e>(
    walk: &mut Walk<'_>,
    expr: &'e Expr,
    items: &'e [Expr],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    if let Some((step, rest)) = steps.split_first() {
        let PathStep::Index(index) = step else { return Err("a list has no names in it".to_owned()) };
        let item = items.get(*index).ok_or("the list is shorter than that")?;
        return walk.change(item, place, rest, wanted);
    }
    let Some(new) = wanted.as_elements() else { return replace(walk, expr, place, wanted) };
    let mut old = Vec::new();
    for item in items {
        old.push(walk.value(item, place)?);
    }
    let same = |left: &Value, right: &Value| text::plain(left) == text::plain(right);
    if matches!(wanted.kind, Kind::Set(..)) || walk.any_order {
        return set(walk, expr, items, place, &old, new, wanted);
    }
    let most = old.len().min(new.len());
    let head = old.iter().zip(new).take_while(|(old, new)| same(old, new)).count();
    let tail = old.iter().rev().zip(new.iter().rev()).take(most - head);
    let tail = tail.take_while(|(old, new)| same(old, new)).count();
    let (gone, come) = (head..old.len() - tail, new.get(head..new.len() - tail).unwrap_or_default());
    let middle = items.get(gone.clone()).unwrap_or_default();
    let is_one_to_one = middle.len() == come.len();
    if !is_one_to_one && !middle.is_empty() && !come.is_empty() && !middle.iter().all(text::is_constant) {
        return Err("it is not clear which elements of the list became which".to_owned());
    }
    if come.is_empty() && gone.len() == items.len() && !items.is_empty() {
        return replace(walk, expr, place, wanted);
    }
    let mut edits = Vec::new();
    for (item, value) in middle.iter().zip(come) {
        edits.extend(walk.change(item, place, &[], value)?);
    }
    let paired = middle.len().min(come.len());
    let surplus: Vec<usize> = (head + paired..gone.end).collect();
    let places: Vec<Span> = items.iter().map(|item| item.span).collect();
    edits.extend(remove(walk, expr.span, &places, &surplus)?);
    let more: Vec<&Value> = come.iter().skip(paired).collect();
    if !more.is_empty() {
        walk.editable(expr.span)?;
        edits.extend(edit::elements(walk.sources(), expr, (head + paired).checked_sub(1), &more)?);
    }
    Ok(edits)
}

/// Elements whose order does not matter.
fn set<'e>(
    walk: &mut Walk<'_>,
    expr: &'e Expr,
    items: &'e [Expr],
    place: &Place<'e>,
    old: &[Value],
    new: &[Value],
    wanted: &Value,
) -> Outcome {
    let same = |left: &Value, right: &Value| text::plain(left) == text::plain(right);
    let gone: Vec<usize> = (0..old.len())
        .filter(|index| old.get(*index).is_some_and(|one| !new.iter().any(|other| same(one, other))))
        .collect();
    let come: Vec<&Value> = new.iter().filter(|one| !old.iter().any(|other| same(one, other))).collect();
    if let ([index], [value]) = (gone.as_slice(), come.as_slice())
        && let Some(item) = items.get(*index)
        && text::is_constant(item)
    {
        return walk.change(item, place, &[], value);
    }
    if gone.len() == items.len() && !items.is_empty() {
        return replace(walk, expr, place, wanted);
    }
    let places: Vec<Span> = items.iter().map(|item| item.span).collect();
    let mut edits = remove(walk, expr.span, &places, &gone)?;
    if !come.is_empty() {
        walk.editable(expr.span)?;
        let last = (0..items.len()).rev().find(|index| !gone.contains(index));
        edits.extend(edit::elements(walk.sources(), expr, last, &come)?);
    }
    Ok(edits)
}

/// A `for` expression: the element that the answer is made of.
pub fn for_each<'e>(
    walk: &mut Walk<'_>,
    each: &'e For,
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    walk.inverts();
    if each.group {
        return Err("the elements are gathered by key".to_owned());
    }
    let mut made: Vec<(PathStep, Place<'e>)> = Vec::new();
    for inner in elements(walk, each, place)? {
        if let Some(condition) = &each.condition {
            match walk.value(condition, &inner)?.unmark_deep().0.as_bool() {
                Some(true) => {}
                Some(false) => continue,
                None => return Err("a condition is known only after an apply".to_owned()),
            }
        }
        let step = match &each.key {
            Some(key) => {
                PathStep::Key(walk.text_of(key, &inner)?.ok_or("a key is known only after an apply")?.into())
            }
            None => PathStep::Index(made.len()),
        };
        made.push((step, inner));
    }
    let find = |step: &PathStep| made.iter().find(|(own, _)| step_name(own) == step_name(step));
    if let Some((step, rest)) = steps.split_first() {
        let (_, inner) = find(step).ok_or("no element makes that part")?;
        return walk.change(&each.value, inner, rest, wanted);
    }
    let parts: Vec<(PathStep, Value)> = match (wanted.as_entries(), wanted.as_elements()) {
        (Some(entries), _) => {
            entries.iter().map(|(name, value)| (PathStep::Key(Arc::clone(name)), value.clone())).collect()
        }
        (None, Some(items)) if !matches!(wanted.kind, Kind::Set(..)) => {
            items.iter().cloned().enumerate().map(|(index, value)| (PathStep::Index(index), value)).collect()
        }
        _ => return Err("it is not clear which element became which".to_owned()),
    };
    if parts.len() != made.len() {
        return Err("the collection that it is made from would have to be longer or shorter".to_owned());
    }
    let mut edits = Vec::new();
    for (step, value) in &parts {
        let (_, inner) = find(step).ok_or("no element makes that part")?;
        edits.extend(walk.change(&each.value, inner, &[], value)?);
    }
    Ok(edits)
}

/// The elements of a `for` expression's collection, each with the names that stand for it.
fn elements<'e>(walk: &Walk<'_>, each: &'e For, place: &Place<'e>) -> Result<Vec<Place<'e>>, String> {
    let collection = walk.value(&each.collection, place)?.unmark().0;
    let inner = |key: Value, value: Value, step: Option<PathStep>| {
        let from = match step {
            Some(step) => {
                From::Element { collection: &each.collection, place: Box::new(place.clone()), step }
            }
            None => From::Key,
        };
        let key_name = each.key_name.as_ref();
        let key = key_name.map(|name| Bound { name: Arc::clone(&name.name), value: key, from: From::Key });
        let value = Bound { name: Arc::clone(&each.value_name.name), value, from };
        place.binding(key.into_iter().chain([value]))
    };
    match &collection.kind {
        Kind::List(_, items) | Kind::Tuple(items) => Ok(items
            .iter()
            .enumerate()
            .map(|(index, item)| inner(Value::number(index), item.clone(), Some(PathStep::Index(index))))
            .collect()),
        Kind::Set(_, items) => Ok(items.iter().map(|item| inner(item.clone(), item.clone(), None)).collect()),
        Kind::Map(_, entries) | Kind::Object(entries) => Ok(entries
            .iter()
            .map(|(name, item)| {
                inner(Value::string(name), item.clone(), Some(PathStep::Key(Arc::clone(name))))
            })
            .collect()),
        _ => Err("the collection is known only after an apply".to_owned()),
    }
}

/// A splat: the element that the answer is made of.
pub fn splat<'e>(
    walk: &mut Walk<'_>,
    source: &'e Expr,
    each: &'e Expr,
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    walk.inverts();
    let own = match &each.kind {
        ExprKind::SplatItem => Vec::new(),
        ExprKind::Relative { source, steps } if matches!(source.kind, ExprKind::SplatItem) => path_of(steps),
        _ => return Err("what the splat makes of its elements cannot be turned round".to_owned()),
    };
    let value = walk.value(source, place)?;
    let is_list = value.as_elements().is_some();
    if matches!(value.kind, Kind::Set(..)) {
        return Err("the elements of a set have no places".to_owned());
    }
    let whole = |index: usize, rest: &[PathStep]| -> Vec<PathStep> {
        let first = is_list.then_some(PathStep::Index(index));
        first.into_iter().chain(own.iter().cloned()).chain(rest.iter().cloned()).collect()
    };
    if let Some((step, rest)) = steps.split_first() {
        let PathStep::Index(index) = step else { return Err("a list has no names in it".to_owned()) };
        return walk.change(source, place, &whole(*index, rest), wanted);
    }
    let count = value.as_elements().map_or(1, <[Value]>::len);
    let items = wanted.as_elements().filter(|items| items.len() == count && !walk.any_order);
    let items = items.filter(|_| !matches!(wanted.kind, Kind::Set(..)));
    let items = items.ok_or("it is not clear which element became which")?;
    let mut edits = Vec::new();
    for (index, item) in items.iter().enumerate() {
        edits.extend(walk.change(source, place, &whole(index, &[]), item)?);
    }
    Ok(edits)
}
