//! Laws of the language that hold for every text and value, tried on made-up ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use recon::lang::ast::{Body, Traversal};
use recon::lang::diagnostic::{Diagnostic, Diagnostics};
use recon::lang::eval::{Scope, evaluate};
use recon::lang::format::format;
use recon::lang::functions::Host;
use recon::lang::json::{from_json_text, to_json_text};
use recon::lang::parse::{parse_expression, parse_file};
use recon::lang::source::SourceMap;
use recon::lang::splice::{Edit, splice};
use recon::lang::types::Type;
use recon::lang::value::{Kind, Value};

/// Every configuration file of the conformance cases that can be read.
fn files() -> Vec<(PathBuf, String)> {
    fn gather(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "tf" || extension == "tfvars")
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    gather(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance"), &mut found);
    gather(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("stacks"), &mut found);
    found.sort();
    found
}

/// The values of names, whatever name is asked for.
#[derive(Debug)]
struct Names(BTreeMap<&'static str, Value>);

impl Scope for Names {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        match self.0.get(&*traversal.root.name) {
            Some(value) => Ok((value.clone(), 0)),
            None => {
                let detail = format!("There is no {}.", traversal.root.name);
                Err(Diagnostic::error("Unknown name", detail).at(traversal.root.span))
            }
        }
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

impl Host for Names {
    fn base_directory(&self) -> &Path {
        Path::new(".")
    }

    fn plan_timestamp(&self) -> Option<String> {
        None
    }

    fn answers_impure(&self) -> bool {
        false
    }
}

fn eval(text: &str, names: &Names) -> (Value, Diagnostics) {
    let sources = SourceMap::new();
    let (expr, diagnostics) = parse_expression(&sources, "expression", text);
    assert!(!diagnostics.has_errors(), "{text}: {diagnostics:?}");
    evaluate(&expr, names)
}

/// What a body says, with every value that can be had without names.
fn meaning(body: &Body) -> String {
    let names = Names(BTreeMap::new());
    let mut said = String::new();
    for attribute in &body.attributes {
        let (value, diagnostics) = evaluate(&attribute.expr, &names);
        let problems: Vec<&str> = diagnostics.iter().map(|diagnostic| diagnostic.detail.as_str()).collect();
        said += &format!("{} = {value:?} {problems:?}\n", attribute.name.name);
    }
    for block in &body.blocks {
        let labels: Vec<&str> = block.labels.iter().map(|label| &*label.value).collect();
        said += &format!("{} {labels:?} {{\n{}}}\n", block.kind.name, meaning(&block.body));
    }
    said
}

#[test]
fn files_without_an_edit_are_as_they_were() {
    let files = files();
    assert!(files.len() > 300, "only {} files", files.len());
    for (path, text) in files {
        // Windows' line ends, a byte order mark and tabs come through, too.
        for text in
            [text.clone(), text.replace('\n', "\r\n"), format!("\u{feff}{text}"), text.replace("  ", "\t")]
        {
            let sources = SourceMap::new();
            let (body, _) = parse_file(&sources, "main.tf", text.as_bytes());
            let file = sources.file(body.span.source);
            assert_eq!(splice(&file, &[]).unwrap(), text, "{}", path.display());
            // Nor does it change anything to put in the place of each value the text that it has.
            let mut edits = Vec::new();
            own_text(&body, &sources, &mut edits);
            assert_eq!(splice(&file, &edits).unwrap(), text, "{}", path.display());
        }
    }
}

fn own_text(body: &Body, sources: &SourceMap, edits: &mut Vec<Edit>) {
    for attribute in &body.attributes {
        let span = attribute.expr.span;
        edits.push(Edit { span, text: sources.text(span) });
    }
    for block in &body.blocks {
        own_text(&block.body, sources, edits);
    }
}

#[test]
fn the_canonical_style_is_stable_and_means_the_same() {
    let mut formatted = 0;
    for (path, text) in files() {
        let sources = SourceMap::new();
        let Ok(canonical) = format(&sources, "main.tf", text.as_bytes()) else { continue };
        let (before, _) = parse_file(&sources, "main.tf", text.as_bytes());
        let (after, diagnostics) = parse_file(&sources, "main.tf", canonical.as_bytes());
        assert!(!diagnostics.has_errors(), "{}", path.display());
        // `type = "string"` is brought up to date: the same type, another value.
        if !text.contains("type") {
            assert_eq!(meaning(&before), meaning(&after), "{}", path.display());
        }
        let again = format(&sources, "main.tf", canonical.as_bytes()).ok();
        assert_eq!(again.as_ref(), Some(&canonical), "{}", path.display());
        formatted += 1;
    }
    assert!(formatted > 200, "only {formatted} files");
}

fn primitive() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::bool),
        any::<i64>().prop_map(Value::from),
        (any::<i32>(), -8..8i32).prop_map(|(digits, power)| {
            let text = format!("{digits}e{power}");
            Value::number(recon::lang::number::Number::from_text(&text).unwrap())
        }),
        "\\PC{0,12}".prop_map(Value::string),
        Just(Value::string("1")),
        Just(Value::string("true")),
        Just(Value::null(Type::Dynamic)),
    ]
}

/// Values as JSON has them: tuples and objects of them.
fn json_like() -> impl Strategy<Value = Value> {
    primitive().prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::tuple),
            proptest::collection::btree_map("[a-zA-Z0-9 _é-]{0,6}", inner, 0..5).prop_map(Value::object),
        ]
    })
}

fn a_type() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![Just(Type::Bool), Just(Type::Number), Just(Type::String), Just(Type::Dynamic)];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Type::tuple),
            proptest::collection::btree_map("[a-d]", inner, 0..3).prop_map(Type::object),
        ]
    })
}

/// Values of a type.
fn value_of(ty: &Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Bool => any::<bool>().prop_map(Value::bool).boxed(),
        Type::Number => any::<i32>().prop_map(Value::from).boxed(),
        Type::String => prop_oneof!["[a-c]{0,3}", "[0-9]{1,2}"].prop_map(Value::string).boxed(),
        Type::List(element) => {
            let own = (**element).clone();
            proptest::collection::vec(value_of(element), 0..4)
                .prop_map(move |elements| Value::list(own.clone(), elements))
                .boxed()
        }
        Type::Set(element) => {
            let own = (**element).clone();
            proptest::collection::vec(value_of(element), 0..4)
                .prop_map(move |elements| Value::set(own.clone(), elements))
                .boxed()
        }
        Type::Map(element) => {
            let own = (**element).clone();
            proptest::collection::btree_map("[a-d]", value_of(element), 0..4)
                .prop_map(move |entries| {
                    let entries = entries.into_iter().map(|(key, value)| (Arc::from(key), value)).collect();
                    Value::map(own.clone(), entries)
                })
                .boxed()
        }
        Type::Tuple(elements) => {
            elements.iter().map(value_of).collect::<Vec<_>>().prop_map(Value::tuple).boxed()
        }
        _ => json_like().boxed(),
    }
}

/// Names with values, and a second time with some of them unknown.
fn names() -> impl Strategy<Value = (Names, Names)> {
    let typed = prop_oneof![
        Just(Type::Bool),
        Just(Type::Number),
        Just(Type::String),
        Just(Type::list(Type::String)),
        Just(Type::set(Type::String)),
        Just(Type::map(Type::Number)),
        Just(Type::tuple([Type::Number, Type::String])),
    ];
    let one = typed.prop_flat_map(|ty| {
        (value_of(&ty), 0..3u8).prop_map(move |(value, how)| {
            let hidden = match how {
                0 => Value::unknown(ty.clone()),
                1 => partly_unknown(&value),
                _ => Value::dynamic(),
            };
            (value, hidden)
        })
    });
    proptest::collection::vec((one, any::<bool>()), 4).prop_map(|all| {
        let (mut known, mut unknown) = (BTreeMap::new(), BTreeMap::new());
        for (name, ((value, hidden), hide)) in ["a", "b", "c", "d"].into_iter().zip(all) {
            unknown.insert(name, if hide { hidden } else { value.clone() });
            known.insert(name, value);
        }
        (Names(known), Names(unknown))
    })
}

/// The value with its first element or entry unknown; as it is if it has none.
fn partly_unknown(value: &Value) -> Value {
    match &value.kind {
        Kind::List(element, items) if !items.is_empty() => {
            let mut items = (**items).clone();
            items[0] = Value::unknown((**element).clone());
            Value::list((**element).clone(), items)
        }
        Kind::Map(element, entries) if !entries.is_empty() => {
            let mut entries = (**entries).clone();
            let first = entries.keys().next().unwrap().clone();
            entries.insert(first, Value::unknown((**element).clone()));
            Value::map((**element).clone(), entries)
        }
        Kind::Tuple(items) if !items.is_empty() => {
            let mut items = (**items).clone();
            items[0] = Value::unknown(items[0].ty());
            Value::tuple(items)
        }
        _ => value.clone(),
    }
}

/// Texts of expressions over `a`, `b`, `c` and `d`.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        3 => "[abcd]",
        1 => Just("true".to_owned()),
        1 => Just("null".to_owned()),
        1 => (0..4u8).prop_map(|number| number.to_string()),
        1 => "[a-c0-9]{0,2}".prop_map(|text| format!("\"{text}\"")),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let binary = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("%"),
            Just("=="),
            Just("!="),
            Just("<"),
            Just(">="),
            Just("&&"),
            Just("||")
        ];
        let one = prop_oneof![
            Just("upper"),
            Just("length"),
            Just("tostring"),
            Just("tonumber"),
            Just("tolist"),
            Just("toset"),
            Just("keys"),
            Just("values"),
            Just("jsonencode"),
            Just("reverse"),
            Just("distinct"),
            Just("compact"),
            Just("flatten"),
            Just("sort"),
            Just("trimspace"),
            Just("abs"),
            Just("can"),
            Just("tobool"),
            Just("one"),
            Just("sum"),
            Just("alltrue"),
            Just("anytrue"),
            Just("md5"),
            Just("base64encode")
        ];
        let two = prop_oneof![
            Just("concat"),
            Just("merge"),
            Just("coalesce"),
            Just("try"),
            Just("contains"),
            Just("lookup"),
            Just("min"),
            Just("max"),
            Just("join"),
            Just("split"),
            Just("startswith"),
            Just("element"),
            Just("setunion"),
            Just("setintersection"),
            Just("zipmap"),
            Just("format"),
            Just("coalescelist")
        ];
        prop_oneof![
            (inner.clone(), binary, inner.clone())
                .prop_map(|(left, op, right)| format!("({left} {op} {right})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(c, y, n)| format!("({c} ? {y} : {n})")),
            (one, inner.clone()).prop_map(|(name, argument)| format!("{name}({argument})")),
            (two, inner.clone(), inner.clone()).prop_map(|(name, x, y)| format!("{name}({x}, {y})")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("[{x}, {y}]")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("{{ k = {x}, ({y}) = 1 }}")),
            inner.clone().prop_map(|x| format!("{x}[*]")),
            (inner.clone(), inner.clone()).prop_map(|(x, y)| format!("{x}[{y}]")),
            inner.clone().prop_map(|x| format!("\"<${{{x}}}>\"")),
            inner.clone().prop_map(|x| format!("!{x}")),
            inner.clone().prop_map(|x| format!("[for e in {x} : e]")),
            inner.clone().prop_map(|x| format!("{{ for k, e in {x} : \"${{k}}\" => e }}")),
            (inner.clone(), inner).prop_map(|(x, y)| format!("[for e in {x} : e if e == {y}]")),
        ]
    })
}

/// Whether a value that is known in part may turn out to be another: what is known stays, types stay.
fn may_become(partly: &Value, whole: &Value) -> bool {
    match (&partly.kind, &whole.kind) {
        (Kind::Unknown(ty, refinement), _) => {
            let null_is_ruled_out = refinement.is_some() && partly.is_not_null();
            may_have_type(ty, &whole.ty()) && !(null_is_ruled_out && whole.is_null())
        }
        (Kind::List(_, left), Kind::List(_, right)) | (Kind::Tuple(left), Kind::Tuple(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| may_become(left, right))
        }
        // Unknown elements of a set may turn out to be others of it.
        (Kind::Set(_, left), Kind::Set(_, right)) => {
            right.len() <= left.len()
                && left.iter().all(|left| right.iter().any(|right| may_become(left, right)))
        }
        (Kind::Map(_, left), Kind::Map(_, right)) | (Kind::Object(left), Kind::Object(right)) => {
            left.keys().eq(right.keys())
                && left.values().zip(right.values()).all(|(left, right)| may_become(left, right))
        }
        (Kind::Null(left), Kind::Null(right)) => may_have_type(left, right) || may_have_type(right, left),
        _ => partly == whole,
    }
}

fn may_have_type(partly: &Type, whole: &Type) -> bool {
    match (partly, whole) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (Type::List(left), Type::List(right))
        | (Type::Set(left), Type::Set(right))
        | (Type::Map(left), Type::Map(right)) => may_have_type(left, right),
        (Type::Tuple(left), Type::Tuple(right)) => {
            left.len() == right.len()
                && left.iter().zip(right.iter()).all(|(left, right)| may_have_type(left, right))
        }
        (Type::Object(_), Type::Object(_)) => true,
        _ => partly == whole,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn json_reads_back_as_it_was_written(value in json_like()) {
        let text = to_json_text(&value).unwrap();
        let back = from_json_text(&text).unwrap();
        prop_assert_eq!(&back, &value, "{}", text);
        // It is JSON to others, too.
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn converting_twice_is_converting_once(value in json_like(), ty in a_type()) {
        if let Ok(once) = value.convert(&ty) {
            prop_assert_eq!(once.convert(&ty).unwrap(), once.clone(), "to {}", ty.friendly());
            // A value of a type without `any` in it has that type.
            if !ty.has_dynamic() {
                prop_assert_eq!(once.ty(), ty.clone());
            }
            let marked = value.clone().sensitive().convert(&ty).unwrap();
            prop_assert!(marked.is_sensitive());
        }
    }

    #[test]
    fn any_text_is_read_without_panic_and_spliced_back(text in "\\PC{0,40}|[ a-z{}\\[\\]()\"$%<>=~.,:#/*\n\r\t0-9-]{0,60}") {
        let sources = SourceMap::new();
        let (body, _) = parse_file(&sources, "main.tf", text.as_bytes());
        let file = sources.file(body.span.source);
        prop_assert_eq!(splice(&file, &[]).unwrap(), text.clone());
        if let Ok(canonical) = format(&sources, "main.tf", text.as_bytes()) {
            let again = format(&sources, "main.tf", canonical.as_bytes()).ok();
            prop_assert_eq!(again, Some(canonical));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    /// A plan shows what an apply then does: what was said with some values unknown holds when they are known.
    #[test]
    fn what_is_not_known_yet_contradicts_nothing((known, unknown) in names(), text in expression()) {
        // With an arm of a type that is not known, a conditional does not convert the other: so says the reference.
        let untyped = |value: &Value| matches!(&value.kind, Kind::Unknown(Type::Dynamic, _));
        if text.contains('?') && unknown.0.values().any(untyped) {
            return Ok(());
        }
        let (before, problems) = eval(&text, &unknown);
        let (after, found) = eval(&text, &known);
        if found.has_errors() {
            return Ok(());
        }
        prop_assert!(!problems.has_errors(), "{text} is refused with unknown values only: {problems:?} {:?}", unknown.0);
        prop_assert!(
            may_become(&before, &after),
            "{text} was {before:?} and is {after:?}\n  with {:?}\n  and {:?}", unknown.0, known.0
        );
    }
}
