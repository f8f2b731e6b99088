//! Functions that make lists of lists: `chunklist compact concat distinct flatten range reverse slice sort`, and
//! `list`, which is no more.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::super::convert::{list_of, unify};
use super::super::super::number::Number;
use super::super::super::types::Type;
use super::super::super::value::{Kind, Marks, Refinement, Value};
use super::super::numeric::machine_integer;
use super::super::{CallError, CallResult, Function, Host};
use super::{element_type, elements, known_length, tuple_types};

/// The most values that `range` makes.
const RANGE_LIMIT: usize = 1024;

pub(super) fn functions() -> Vec<Function> {
    let any_list = || Type::list(Type::Dynamic);
    vec![
        Function::typed("chunklist", |arguments| Ok(Type::list(arguments[0].ty())), chunks)
            .takes("list", any_list())
            .or_marked()
            .takes("size", Type::Number)
            .or_marked(),
        Function::new("compact", compact)
            .takes("list", Type::list(Type::String))
            .returns(Type::list(Type::String)),
        Function::typed("concat", concat_type, concat).takes_more("seqs", Type::Dynamic).or_marked(),
        Function::typed("distinct", |arguments| Ok(arguments[0].ty()), distinct).takes("list", any_list()),
        Function::typed("flatten", flatten_type, flatten).takes("list", Type::Dynamic).or_marked(),
        Function::new("list", removed)
            .takes_more("vals", Type::Dynamic)
            .or_null()
            .or_unknown()
            .returns_type_of(|_| {
                let message =
                    "the \"list\" function is no longer available; use tolist([ ... ]) to write a list";
                Err(CallError::call(message))
            }),
        Function::new("range", range).takes_more("params", Type::Number).returns(Type::list(Type::Number)),
        Function::typed("reverse", reverse_type, reverse).takes("list", Type::Dynamic).or_marked(),
        Function::typed("slice", slice_type, slice)
            .takes("list", Type::Dynamic)
            .or_marked()
            .takes("start_index", Type::Number)
            .takes("end_index", Type::Number),
        Function::new("sort", sort)
            .takes("list", Type::list(Type::String))
            .or_unknown()
            .returns(Type::list(Type::String)),
    ]
}

/// Never asked: the function's type already says that there is none.
pub(super) fn removed(_: &dyn Host, _: &[Value]) -> CallResult {
    Err(CallError::call("the function is no longer available"))
}

fn chunks(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let (list, size) = (&arguments[0], &arguments[1]);
    let marks = list.marks | size.marks;
    let size = machine_integer(size, "size").map_err(CallError::Call)?;
    let Ok(size) = usize::try_from(size) else {
        return Err(CallError::call("the size argument must be positive"));
    };
    let (outer, inner) = (element_type(ty), element_type(&list.ty()));
    let all = elements(list);
    let chunks = if all.is_empty() {
        Vec::new()
    } else {
        // A size of zero puts everything in one chunk.
        let size = if size == 0 { all.len() } else { size };
        all.chunks(size).map(|chunk| Value::list(inner.clone(), chunk.to_vec())).collect()
    };
    Ok(Value::list(outer, chunks).with_marks(marks))
}

fn compact(_: &dyn Host, arguments: &[Value]) -> CallResult {
    if !arguments[0].is_wholly_known() {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let kept = elements(&arguments[0])
        .iter()
        .filter(|element| element.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::list(Type::String, kept.cloned().collect()))
}

fn concat_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.is_empty() {
        return Err(CallError::call("at least one argument is required"));
    }
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    if types.iter().all(|ty| matches!(ty, Type::List(_)))
        && let Some(common) = unify(&types)
    {
        return Ok(common);
    }
    let mut parts = Vec::new();
    for (index, (argument, ty)) in arguments.iter().zip(&types).enumerate() {
        match ty {
            Type::Tuple(own) => parts.extend(own.iter().cloned()),
            Type::List(element) => match argument.as_elements() {
                Some(own) => parts.extend(std::iter::repeat_n(Type::clone(element), own.len())),
                None => return Ok(Type::Dynamic),
            },
            other => {
                let message = format!("all arguments must be lists or tuples; got {}", other.friendly());
                return Err(CallError::argument(index, message));
            }
        }
    }
    Ok(Type::tuple(parts))
}

fn concat(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let mut marks = Marks::NONE;
    let mut all = Vec::new();
    for (index, argument) in arguments.iter().enumerate() {
        marks = marks | argument.marks;
        let converted;
        let list = if matches!(ty, Type::List(_)) {
            converted =
                argument.convert(ty).map_err(|error| CallError::argument(index, error.to_string()))?;
            &converted
        } else {
            argument
        };
        all.extend_from_slice(elements(list));
    }
    let value = match ty {
        Type::List(element) if element.has_dynamic() => list_of(all)?,
        Type::List(element) => Value::list(Type::clone(element), all),
        _ => Value::tuple(all),
    };
    Ok(value.with_marks(marks))
}

fn distinct(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    if !arguments[0].is_wholly_known() {
        return Ok(Value::unknown(ty.clone()));
    }
    let mut seen = HashSet::new();
    let kept = elements(&arguments[0]).iter().filter(|element| seen.insert(*element)).cloned().collect();
    Ok(Value::list(element_type(ty), kept))
}

/// What a list comes to when the lists, sets and tuples in it give way to their elements.
#[derive(Default)]
struct Flattened {
    elements: Vec<Value>,
    marks: Marks,
    /// Something in it may yet turn out to be a list.
    unknown: bool,
}

impl Flattened {
    fn add(&mut self, list: &Value) {
        self.marks = self.marks | list.marks;
        if known_length(list).is_none() {
            self.unknown = true;
            return;
        }
        for value in elements(list) {
            match &value.kind {
                Kind::Unknown(Type::Dynamic | Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => {
                    self.unknown = true;
                    self.marks = self.marks | value.marks;
                }
                Kind::List(..) | Kind::Set(..) | Kind::Tuple(_) => self.add(value),
                _ => self.elements.push(value.clone()),
            }
        }
    }

    fn of(list: &Value) -> Flattened {
        let mut flattened = Flattened::default();
        flattened.add(list);
        flattened
    }
}

fn flatten_type(arguments: &[Value]) -> Result<Type, CallError> {
    let list = &arguments[0];
    if !list.is_known() {
        return Ok(Type::Dynamic);
    }
    if list.as_elements().is_none() {
        return Err(CallError::call("can only flatten lists, sets and tuples"));
    }
    let flattened = Flattened::of(list);
    Ok(if flattened.unknown { Type::Dynamic } else { Type::tuple(flattened.elements.iter().map(Value::ty)) })
}

fn flatten(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let Flattened { elements, marks, unknown } = Flattened::of(&arguments[0]);
    let value = if unknown { Value::unknown(ty.clone()) } else { Value::tuple(elements) };
    Ok(value.with_marks(marks))
}

fn range(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let number = |index: usize| {
        arguments[index]
            .as_number()
            .cloned()
            .ok_or_else(|| CallError::argument(index, "a number is required"))
    };
    let toward = |start: &Number, end: &Number| Number::from(if end < start { -1i64 } else { 1i64 });
    let (start, end, step) = match arguments.len() {
        1 => {
            let (start, end) = (Number::from(0i64), number(0)?);
            let step = toward(&start, &end);
            (start, end, step)
        }
        2 => {
            let (start, end) = (number(0)?, number(1)?);
            let step = toward(&start, &end);
            (start, end, step)
        }
        3 => (number(0)?, number(1)?, number(2)?),
        _ => return Err(CallError::call("must have one, two, or three arguments")),
    };
    let down = step.is_negative();
    if down && end > start {
        return Err(CallError::argument(1, "end must be less than start when step is negative"));
    }
    if !down && end < start {
        return Err(CallError::argument(1, "end must be greater than start when step is positive"));
    }
    let mut values = Vec::new();
    let mut next = start;
    while if down { next > end } else { next < end } {
        if values.len() == RANGE_LIMIT {
            return Err(CallError::call(format!(
                "more than {RANGE_LIMIT} values were generated; either decrease the difference between start and \
                 end or use a smaller step"
            )));
        }
        let after = next.add(&step).ok_or_else(|| CallError::call("the next value is not a number"))?;
        values.push(Value::number(std::mem::replace(&mut next, after)));
    }
    Ok(Value::list(Type::Number, values))
}

fn reverse_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::Tuple(types) => Ok(Type::tuple(types.iter().rev().cloned())),
        Type::List(element) | Type::Set(element) => Ok(Type::List(element)),
        other => {
            let message = format!("can only reverse list or tuple values, not {}", other.friendly());
            Err(CallError::argument(0, message))
        }
    }
}

fn reverse(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let list = &arguments[0];
    let reversed: Vec<Value> = elements(list).iter().rev().cloned().collect();
    let value = match ty {
        Type::List(element) => Value::list(Type::clone(element), reversed),
        _ => Value::tuple(reversed),
    };
    Ok(value.with_marks(list.marks))
}

/// Where a slice starts and ends, each if it is known.
fn slice_bounds(arguments: &[Value]) -> Result<(Option<usize>, Option<usize>), CallError> {
    let list = &arguments[0];
    let length = match tuple_types(&list.ty()) {
        Some(types) => Some(types.len()),
        None => known_length(list),
    };
    let bound = |index: usize, name: &str| {
        if !arguments[index].is_known() {
            return Ok(None);
        }
        let fail = |message: String| CallError::argument(index, message);
        let place = machine_integer(&arguments[index], &format!("{name} index")).map_err(fail)?;
        let place =
            usize::try_from(place).map_err(|_| fail(format!("{name} index must not be less than zero")))?;
        if length.is_some_and(|length| place > length) {
            return Err(fail(format!("{name} index must not be greater than the length of the list")));
        }
        Ok(Some(place))
    };
    let (start, end) = (bound(1, "start")?, bound(2, "end")?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return Err(CallError::argument(1, "start index must not be greater than end index"));
    }
    Ok((start, end))
}

fn slice_type(arguments: &[Value]) -> Result<Type, CallError> {
    let ty = arguments[0].ty();
    match &ty {
        Type::List(_) | Type::Tuple(_) => {}
        Type::Set(_) => {
            let message = "cannot slice a set, because its elements do not have indices; explicitly convert to a \
                           list if the ordering of the result is not important";
            return Err(CallError::argument(0, message));
        }
        _ => return Err(CallError::argument(0, "must be a list or tuple value")),
    }
    let bounds = slice_bounds(arguments)?;
    match (tuple_types(&ty), bounds) {
        (None, _) => Ok(ty),
        (Some(types), (Some(start), Some(end))) => Ok(Type::Tuple(Arc::from(&types[start..end]))),
        (Some(_), _) => Ok(Type::Dynamic),
    }
}

fn slice(_: &dyn Host, arguments: &[Value], ty: &Type) -> CallResult {
    let list = &arguments[0];
    let (Some(start), Some(end)) = slice_bounds(arguments)? else {
        return Ok(Value::unknown(ty.clone()).with_marks(list.marks));
    };
    let kept = elements(list).get(start..end).unwrap_or_default().to_vec();
    let value = match ty {
        Type::List(element) => Value::list(Type::clone(element), kept),
        _ => Value::tuple(kept),
    };
    Ok(value.with_marks(list.marks))
}

fn sort(_: &dyn Host, arguments: &[Value]) -> CallResult {
    let list = &arguments[0];
    if !list.is_wholly_known() {
        // Where each element goes is not known, but how many there are.
        let length = match (&list.kind, list.as_elements()) {
            (_, Some(elements)) => (elements.len() as u64, Some(elements.len() as u64)),
            (Kind::Unknown(_, Some(known)), _) => known.length,
            _ => (0, None),
        };
        let known = Refinement { not_null: true, prefix: None, length };
        return Ok(Value::unknown_refined(Type::list(Type::String), known));
    }
    let mut sorted = elements(list).to_vec();
    if let Some(place) = sorted.iter().position(Value::is_null) {
        let message = format!("list element {place} is null; a null string cannot be sorted");
        return Err(CallError::call(message));
    }
    sorted.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
    Ok(Value::list(Type::String, sorted))
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::{call, error, text, ty};
    use super::*;

    fn words(words: &[&str]) -> Value {
        Value::tuple(words.iter().map(|word| Value::from(*word)).collect())
    }

    fn flat(value: Value) -> String {
        text("flatten", [value]).replace("\n  ", " ").replace('\n', " ")
    }

    #[test]
    fn concat_makes_a_list_only_of_lists() {
        let list = || Value::list(Type::String, vec![Value::from("a")]);
        assert_eq!(ty("concat", [list(), list()]), "list(string)");
        assert!(ty("concat", [list(), words(&["b"])]).starts_with("tuple"));
        let sets = error("concat", [Value::set(Type::String, [Value::from("a")]), list()]);
        assert!(matches!(sets, CallError::Argument { index: 0, .. }));
        let marked = call("concat", [words(&["a"]), Value::tuple(vec![Value::from("b").sensitive()])]);
        assert!(marked.marks.is_empty());
        assert!(elements(&marked)[1].is_sensitive());
    }

    #[test]
    fn flatten_goes_all_the_way_down() {
        let inner = Value::set(Type::String, ["b", "a"].map(Value::from));
        let nested = Value::tuple(vec![inner, Value::tuple(vec![words(&["c"]), Value::null(Type::Dynamic)])]);
        assert_eq!(flat(nested), "[ \"a\", \"b\", \"c\", null, ]");
        let unknown = Value::tuple(vec![Value::unknown(Type::String)]);
        assert_eq!(flat(unknown), "[ (known after apply), ]");
        assert_eq!(call("flatten", [Value::tuple(vec![Value::dynamic()])]), Value::dynamic());
        assert!(matches!(error("flatten", [Value::empty_object()]), CallError::Call(_)));
    }

    #[test]
    fn ranges_end_before_the_end() {
        let numbers = |arguments: &[i64]| {
            let value = call("range", arguments.iter().map(|number| Value::from(*number)));
            elements(&value).iter().filter_map(Value::as_i64).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[3]), [0, 1, 2]);
        assert_eq!(numbers(&[-2]), [0, -1]);
        assert_eq!(numbers(&[9, 0, -4]), [9, 5, 1]);
        assert_eq!(numbers(&[5, 5, 0]), [0; 0]);
        assert!(matches!(error("range", [0, 5, 0].map(Value::from)), CallError::Call(_)));
        let backward = error("range", [0, 5, -1].map(Value::from));
        assert!(matches!(backward, CallError::Argument { index: 1, .. }));
    }

    #[test]
    fn slices_of_tuples_are_tuples() {
        let cut = |start: i64, end: i64| [words(&["p", "q", "r"]), Value::from(start), Value::from(end)];
        assert_eq!(text("slice", cut(1, 1)), "[]");
        assert_eq!(elements(&call("slice", cut(1, 3))).len(), 2);
        for (start, end, index) in [(-1, 1, 1), (0, 4, 2), (2, 1, 1)] {
            let failure = error("slice", cut(start, end));
            assert!(matches!(failure, CallError::Argument { index: at, .. } if at == index));
        }
    }

    #[test]
    fn sorting_is_by_bytes_of_text() {
        let sorted = call("sort", [Value::tuple(vec![Value::from(2), Value::from("10"), Value::from(true)])]);
        let texts: Vec<&str> = elements(&sorted).iter().filter_map(Value::as_str).collect();
        assert_eq!(texts, ["10", "2", "true"]);
        let partly = call("sort", [Value::tuple(vec![Value::unknown(Type::String), Value::from("a")])]);
        assert_eq!(text("length", [partly]), "2");
    }
}
