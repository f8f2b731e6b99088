//! Functions turned round: those whose answer tells the one argument that can have made it.

use crate::lang::ast::{Call, Expr, ExprKind};
use crate::lang::convert::PathStep;
use crate::lang::functions;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

use super::collection;
use super::text;
use super::walk::{Outcome, Place, Walk, step_name};

/// Makes a call answer another value at `steps`.
pub fn turned<'e>(
    walk: &mut Walk<'_>,
    call: &'e Call,
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    walk.inverts();
    let name = call.name.name.strip_prefix("core::").unwrap_or(&call.name.name);
    if call.expand {
        return Err(format!("the arguments of {name}() are taken from a list"));
    }
    let arguments = call.arguments.as_slice();
    match (name, arguments) {
        ("tostring" | "tonumber" | "tobool" | "tolist" | "toset" | "tomap" | "nonsensitive", [argument]) => {
            walk.change(argument, place, steps, wanted)
        }
        ("sensitive", _) => Err("it is sensitive, and a secret is not written into code".to_owned()),
        ("merge", _) => merge(walk, arguments, place, steps, wanted),
        ("concat", _) => concat(walk, arguments, place, steps, wanted),
        ("coalesce" | "coalescelist" | "try", _) => first(walk, name, arguments, place, steps, wanted),
        ("lookup", [map, key, rest @ ..]) => lookup(walk, map, key, rest, place, steps, wanted),
        ("element", [list, index]) => {
            let count = walk.value(list, place)?.as_elements().map_or(0, <[Value]>::len);
            let index = walk.value(index, place)?.as_i64().ok_or("the index is not known")?;
            let count = i64::try_from(count).ok().filter(|count| *count > 0).ok_or("the list is empty")?;
            let index = usize::try_from(index.rem_euclid(count)).map_err(|_| "the index is too large")?;
            walk.change(list, place, &below(PathStep::Index(index), steps), wanted)
        }
        ("one", [list]) => walk.change(list, place, &below(PathStep::Index(0), steps), wanted),
        ("jsonencode", [argument]) if steps.is_empty() => {
            document(walk, "jsondecode", argument, place, wanted)
        }
        ("yamlencode", [argument]) if steps.is_empty() => {
            document(walk, "yamldecode", argument, place, wanted)
        }
        ("jsondecode", [argument]) => encoded(walk, argument, place, steps, wanted),
        ("base64encode", [argument]) if steps.is_empty() => {
            document(walk, "base64decode", argument, place, wanted)
        }
        ("format", [pattern, rest @ ..]) if steps.is_empty() => format(walk, pattern, rest, place, wanted),
        ("join", [separator, list]) if steps.is_empty() => join(walk, separator, list, place, wanted),
        ("split", [separator, joined]) => split(walk, separator, joined, place, steps, wanted),
        ("templatefile", [file, ..]) => {
            let file = walk.text_of(file, place).ok().flatten().unwrap_or_else(|| "a file".to_owned());
            Err(format!("it is made by templatefile() from {file}"))
        }
        ("file" | "filebase64", [file]) => {
            let file = walk.text_of(file, place).ok().flatten().unwrap_or_else(|| "a file".to_owned());
            Err(format!("it is what the file {file} holds"))
        }
        _ => Err(format!("{name}() cannot be turned round: more than one argument may give the same answer")),
    }
}

fn below(step: PathStep, steps: &[PathStep]) -> Vec<PathStep> {
    std::iter::once(step).chain(steps.iter().cloned()).collect()
}

fn has(value: &Value, step: &PathStep) -> bool {
    value.as_entries().is_some_and(|entries| entries.contains_key(step_name(step).as_str()))
}

/// The last map with a key is the one that counts.
fn merge<'e>(
    walk: &mut Walk<'_>,
    arguments: &'e [Expr],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let Some(step) = steps.first() else {
        let whole = merged(walk, arguments, place)?;
        return collection::by_member(walk, &whole, wanted, &mut |walk, step, value| {
            merge(walk, arguments, place, &[step], value)
        });
    };
    let mut holders = Vec::new();
    for argument in arguments {
        let value = walk.value(argument, place)?;
        if !value.is_known() {
            return Err("a map that is merged is known only after an apply".to_owned());
        }
        if has(&value, step) {
            holders.push(argument);
        }
    }
    match holders.as_slice() {
        [] if wanted.is_null() => Ok(Vec::new()),
        [] => {
            let is_object = |argument: &&&Expr| matches!(argument.kind, ExprKind::Object(_));
            let objects: Vec<&Expr> = arguments.iter().filter(|one| is_object(&one)).collect();
            match objects.as_slice() {
                [object] => walk.change(object, place, steps, wanted),
                _ => Err("none of the merged maps has the key, and more than one could take it".to_owned()),
            }
        }
        [.., _, _] if wanted.is_null() && steps.len() == 1 => {
            Err("more than one of the merged maps has the key that AWS has not".to_owned())
        }
        [.., last] => walk.change(last, place, steps, wanted),
    }
}

fn merged(walk: &Walk<'_>, arguments: &[Expr], place: &Place<'_>) -> Result<Value, String> {
    let mut entries = std::collections::BTreeMap::new();
    for argument in arguments {
        let value = walk.value(argument, place)?;
        entries.extend(value.as_entries().cloned().unwrap_or_default());
    }
    Ok(Value::object(entries))
}

fn concat<'e>(
    walk: &mut Walk<'_>,
    arguments: &'e [Expr],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let mut lengths = Vec::new();
    for argument in arguments {
        let value = walk.value(argument, place)?;
        lengths.push(value.as_elements().ok_or("a list that is joined is known only after an apply")?.len());
    }
    let holder = |index: usize| {
        let mut at = index;
        arguments.iter().zip(&lengths).find_map(|(argument, length)| {
            if at < *length {
                return Some((argument, at));
            }
            at -= length;
            None
        })
    };
    if let Some((first, rest)) = steps.split_first() {
        let PathStep::Index(index) = first else { return Err("a list has no names in it".to_owned()) };
        let (argument, at) = holder(*index).ok_or("the list is shorter than that")?;
        return walk.change(argument, place, &below(PathStep::Index(at), rest), wanted);
    }
    let new = wanted.as_elements().ok_or("AWS has no list there")?;
    let mut old = Vec::new();
    for argument in arguments {
        old.extend(walk.value(argument, place)?.as_elements().unwrap_or_default().to_vec());
    }
    let is_set = matches!(wanted.kind, Kind::Set(..));
    if is_set {
        return concat_set(walk, arguments, place, new);
    }
    if old.len() != new.len() {
        return Err("more than one of the joined lists could be longer or shorter".to_owned());
    }
    let mut edits = Vec::new();
    for (index, (old, new)) in old.iter().zip(new).enumerate() {
        if text::plain(old) != text::plain(new) {
            let (argument, at) = holder(index).ok_or("the list is shorter than that")?;
            edits.extend(walk.change(argument, place, &[PathStep::Index(at)], new)?);
        }
    }
    Ok(edits)
}

/// Of joined lists whose order does not matter: what is gone goes from the lists that have it, what is new goes to the
/// only one that is written there.
fn concat_set<'e>(walk: &mut Walk<'_>, arguments: &'e [Expr], place: &Place<'e>, new: &[Value]) -> Outcome {
    let mut edits = Vec::new();
    let mut missing: Vec<Value> = new.to_vec();
    let mut changed = Vec::new();
    for argument in arguments {
        let own = walk.value(argument, place)?;
        let own = own.as_elements().unwrap_or_default();
        missing.retain(|one| !own.iter().any(|other| text::plain(other) == text::plain(one)));
        let kept: Vec<Value> = own
            .iter()
            .filter(|one| new.iter().any(|other| text::plain(other) == text::plain(one)))
            .cloned()
            .collect();
        changed.push((argument, kept.len() != own.len(), kept));
    }
    if !missing.is_empty() {
        let literal: Vec<usize> = (0..changed.len())
            .filter(|index| {
                changed.get(*index).is_some_and(|(argument, ..)| matches!(argument.kind, ExprKind::Tuple(_)))
            })
            .collect();
        let [index] = literal.as_slice() else {
            return Err("more than one of the joined lists could take what AWS has more".to_owned());
        };
        if let Some((_, is_changed, kept)) = changed.get_mut(*index) {
            *is_changed = true;
            kept.append(&mut missing);
        }
    }
    for (argument, is_changed, kept) in changed {
        if is_changed {
            let set = Value::set(Type::Dynamic, kept);
            edits.extend(walk.change(argument, place, &[], &set)?);
        }
    }
    Ok(edits)
}

/// The argument that the answer is taken from; where that cannot be edited, one before it that is null.
fn first<'e>(
    walk: &mut Walk<'_>,
    name: &str,
    arguments: &'e [Expr],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let mut before: Vec<&'e Expr> = Vec::new();
    for argument in arguments {
        let value = walk.value(argument, place);
        let is_taken = match (&value, name) {
            (Err(_), "try") => false,
            (Err(problem), _) => return Err(problem.clone()),
            (Ok(_), "try") => true,
            (Ok(value), _) if !value.is_known() => {
                return Err("which argument is taken is known only after an apply".to_owned());
            }
            (Ok(value), "coalescelist") => value.as_elements().is_some_and(|items| !items.is_empty()),
            (Ok(value), _) => !value.is_null() && value.as_str() != Some(""),
        };
        if !is_taken {
            before.push(argument);
            continue;
        }
        if wanted.is_null() {
            return Err(format!("{name}() would take another argument instead of null"));
        }
        let chain = walk.chain.len();
        let refused = match walk.change(argument, place, steps, wanted) {
            Ok(edits) => return Ok(edits),
            Err(refused) => refused,
        };
        if name == "coalesce" && steps.is_empty() {
            for other in before {
                walk.chain.truncate(chain);
                if let Ok(edits) = walk.change(other, place, &[], wanted) {
                    return Ok(edits);
                }
            }
        }
        return Err(refused);
    }
    Err(format!("{name}() takes none of its arguments"))
}

fn lookup<'e>(
    walk: &mut Walk<'_>,
    map: &'e Expr,
    key: &'e Expr,
    rest: &'e [Expr],
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let name = walk.text_of(key, place)?.ok_or("the key is not known")?;
    let step = PathStep::Key(name.into());
    match rest.first() {
        Some(default) if !has(&walk.value(map, place)?, &step) => walk.change(default, place, steps, wanted),
        _ => walk.change(map, place, &below(step, steps), wanted),
    }
}

/// What a text must be the encoding of.
fn document<'e>(
    walk: &mut Walk<'_>,
    decode: &str,
    argument: &'e Expr,
    place: &Place<'e>,
    wanted: &Value,
) -> Outcome {
    let host = walk.tracer.stack.environment;
    let function = functions::find(decode).ok_or("the text cannot be read")?;
    let wanted = wanted.convert(&Type::String).map_err(|_| "AWS has no text there".to_owned())?;
    if wanted.is_null() {
        return Err("AWS has no text there".to_owned());
    }
    let decoded = function
        .call(host, &[wanted])
        .map_err(|_| format!("what AWS has there cannot be read with {decode}()"))?;
    let current = walk.value(argument, place)?;
    if decode == "base64decode" || current.as_entries().is_none() {
        return walk.change(argument, place, &[], &decoded);
    }
    collection::apart(walk, argument, place, &current, &decoded)
}

/// A part of a document that is written as text.
fn encoded<'e>(
    walk: &mut Walk<'_>,
    argument: &'e Expr,
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let host = walk.tracer.stack.environment;
    let decode = functions::find("jsondecode").ok_or("the text cannot be read")?;
    let encode = functions::find("jsonencode").ok_or("the text cannot be written")?;
    let current = walk.value(argument, place)?;
    let document = decode.call(host, &[current]).map_err(|_| "the text is no document".to_owned())?;
    let changed = crate::compare::object::with_path(&document, steps, wanted);
    let text = encode.call(host, &[changed]).map_err(|_| "the document cannot be written".to_owned())?;
    walk.change(argument, place, &[], &text)
}

/// As a template: verbs that write a value as it is, and exactly one that can be another.
fn format<'e>(
    walk: &mut Walk<'_>,
    pattern: &'e Expr,
    arguments: &'e [Expr],
    place: &Place<'e>,
    wanted: &Value,
) -> Outcome {
    let pattern = walk.text_of(pattern, place)?.ok_or("the pattern of format() is not known")?;
    let whole = wanted.convert(&Type::String).ok();
    let whole = whole.as_ref().and_then(Value::as_str).ok_or("AWS has no text there")?;
    let mut pieces: Vec<(Option<usize>, String)> = vec![(None, String::new())];
    let mut next = 0;
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        let verb = if letter == '%' { letters.next() } else { None };
        match (letter, verb) {
            ('%', Some('%')) => push(&mut pieces, '%'),
            ('%', Some('s' | 'd' | 'v')) => {
                let argument = arguments.get(next).ok_or("format() has too few arguments")?;
                let value = walk.text_of(argument, place)?;
                pieces.push((Some(next), value.ok_or("an argument of format() is not known")?));
                pieces.push((None, String::new()));
                next += 1;
            }
            ('%', _) => return Err("format() writes a number in another form than it has".to_owned()),
            (letter, _) => push(&mut pieces, letter),
        }
    }
    let mut fitting = Vec::new();
    for (index, (argument, _)) in pieces.iter().enumerate() {
        let Some(argument) = argument else { continue };
        let join = |pieces: &[(Option<usize>, String)]| -> String {
            pieces.iter().map(|(_, text)| text.as_str()).collect()
        };
        let before = join(pieces.get(..index).unwrap_or_default());
        let after = join(pieces.get(index + 1..).unwrap_or_default());
        if let Some(part) =
            whole.strip_prefix(before.as_str()).and_then(|rest| rest.strip_suffix(after.as_str()))
        {
            fitting.push((*argument, part.to_owned()));
        }
    }
    match fitting.as_slice() {
        [(argument, part)] => {
            let argument = arguments.get(*argument).ok_or("format() has too few arguments")?;
            walk.change(argument, place, &[], &Value::string(part))
        }
        [] => Err("the difference is not in one argument of format() alone".to_owned()),
        _ => Err("the difference can be in more than one argument of format()".to_owned()),
    }
}

fn push(pieces: &mut [(Option<usize>, String)], letter: char) {
    if let Some((_, text)) = pieces.last_mut() {
        text.push(letter);
    }
}

fn join<'e>(
    walk: &mut Walk<'_>,
    separator: &'e Expr,
    list: &'e Expr,
    place: &Place<'e>,
    wanted: &Value,
) -> Outcome {
    let separator = walk.text_of(separator, place)?.filter(|text| !text.is_empty());
    let separator = separator.ok_or("without a separator it is not known where the parts end")?;
    let current = walk.value(list, place)?;
    let texts = current.as_elements().ok_or("the list is known only after an apply")?;
    if texts.iter().any(|one| one.as_str().is_none_or(|text| text.contains(&separator))) {
        return Err("the separator is within the parts".to_owned());
    }
    let wanted = wanted.convert(&Type::String).ok();
    let whole = wanted.as_ref().and_then(Value::as_str).ok_or("AWS has no text there")?;
    let parts = match whole {
        "" => Vec::new(),
        whole => whole.split(separator.as_str()).map(Value::string).collect(),
    };
    walk.change(list, place, &[], &Value::list(Type::String, parts))
}

fn split<'e>(
    walk: &mut Walk<'_>,
    separator: &'e Expr,
    joined: &'e Expr,
    place: &Place<'e>,
    steps: &[PathStep],
    wanted: &Value,
) -> Outcome {
    let separator = walk.text_of(separator, place)?.filter(|text| !text.is_empty());
    let separator = separator.ok_or("without a separator it is not known where the parts end")?;
    let whole = walk.text_of(joined, place)?.ok_or("the text is known only after an apply")?;
    let mut parts: Vec<String> = whole.split(separator.as_str()).map(str::to_owned).collect();
    let text_of = |value: &Value| {
        let text = value.convert(&Type::String).ok().and_then(|value| value.as_str().map(str::to_owned));
        text.filter(|text| !text.contains(&separator)).ok_or("the separator is within what AWS has")
    };
    match (steps, wanted.as_elements()) {
        ([PathStep::Index(index)], _) => {
            *parts.get_mut(*index).ok_or("the list is shorter than that")? = text_of(wanted)?;
        }
        ([], Some(items)) => parts = items.iter().map(text_of).collect::<Result<_, _>>()?,
        _ => return Err("the text has no such part".to_owned()),
    }
    walk.change(joined, place, &[], &Value::string(parts.join(&separator)))
}
