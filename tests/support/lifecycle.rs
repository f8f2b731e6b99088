//! Drives one resource type through its trait, as applying a stack would: a configuration in the language is
//! checked, planned against the live object by the schema's rules, and carried out; then the object is read
//! back, and planned again, which must find nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use recon::compare::same_or_zero;
use recon::lang::ast::Traversal;
use recon::lang::convert::{PathStep, path_text};
use recon::lang::diagnostic::Diagnostic;
use recon::lang::eval::Scope;
use recon::lang::functions::Host;
use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::{Kind, Value};
use recon::provider::aws::tags::TagRules;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{
    Change, Connection, OperationError, Problem, Problems, ReadRequest, ReadResult, ResourceType,
};
use recon::schema::decode::decode;
use recon::schema::{BlockSchema, Equality, Nesting};

/// A resource type with a connection to its service.
pub struct Lifecycle {
    pub ty: Arc<dyn ResourceType>,
    pub connection: Connection,
    tags: TagRules,
}

/// What a plan says of a configuration.
#[derive(Debug)]
pub struct Planned {
    pub config: Value,
    pub object: Value,
    /// Attributes that differ from the prior object, `.name` or `.block[0].name`.
    pub changes: Vec<String>,
    /// Attributes that need another object.
    pub replace: Vec<String>,
    pub problems: Vec<Problem>,
}

impl Lifecycle {
    pub fn new(name: &str, aws: &super::aws::Aws) -> Lifecycle {
        let registry = Registry::new();
        let provider = registry.provider("aws").unwrap();
        let ty = provider.resource_types().iter().find(|ty| ty.name() == name).unwrap();
        let tags = TagRules {
            defaults: BTreeMap::from([("team".to_owned(), "data".to_owned())]),
            ..TagRules::default()
        };
        let connected =
            recon::provider::aws::Aws::from_config(aws.configuration(), aws.region(), tags.clone()).unwrap();
        Lifecycle { ty: Arc::clone(ty), connection: Connection::Aws(Arc::new(connected)), tags }
    }

    fn block(&self) -> &BlockSchema {
        &self.ty.schema().block
    }

    /// A configuration in the language, which must be one of the type.
    pub fn config(&self, text: &str) -> Value {
        let sources = SourceMap::new();
        let (body, mut diagnostics) = parse_file(&sources, "main.tf", text.as_bytes());
        let config = decode(self.block(), &body, &Nothing, &mut diagnostics);
        assert!(!diagnostics.has_errors(), "{diagnostics:?}\n{text}");
        config
    }

    /// The problems that the type finds offline.
    pub fn problems(&self, text: &str) -> Vec<Problem> {
        let mut problems = Problems::default();
        self.ty.validate(&self.config(text), &mut problems);
        problems.0
    }

    /// Plans a configuration against an object, or a new one.
    pub fn plan(&self, prior: Option<&Value>, text: &str) -> Planned {
        let config = self.config(text);
        let mut planned = propose(self.block(), prior, &config);
        if self.block().has_tags_all() {
            let own = self.tags.plan_own(&config.get("tags").unwrap());
            planned = planned.with("tags_all", self.tags.plan_all(&own)).with("tags", own);
        }
        let mut replace = BTreeSet::new();
        if let Some(prior) = prior {
            for (name, attribute) in &self.block().attributes {
                let (before, after) = (prior.get(name).unwrap(), planned.get(name).unwrap());
                if attribute.forces_replacement && !same_or_zero(attribute.equality, &before, &after) {
                    replace.insert(vec![PathStep::Attribute(Arc::clone(name))]);
                }
            }
        }
        let mut change = Change {
            connection: Some(&self.connection),
            prior,
            config: &config,
            planned,
            replace,
            problems: Problems::default(),
        };
        self.ty.plan(&mut change);
        let Change { planned: object, replace, problems, .. } = change;
        let mut changes = Vec::new();
        if let Some(prior) = prior {
            differences("", self.block(), prior, &object, &mut changes);
        }
        let replace = replace.iter().map(|path| path_text(path)).collect();
        Planned { config, object, changes, replace, problems: problems.0 }
    }

    /// Makes an object, whose plan must be sound, and checks that it is as planned and reads back the same.
    pub async fn create(&self, text: &str) -> Value {
        let errors: Vec<Problem> = self.problems(text).into_iter().filter(|one| one.is_error).collect();
        assert_eq!(errors, []);
        let planned = self.plan(None, text);
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        let prepared = self.ty.prepare(planned.object, &unique());
        let made = self.ty.create(&self.connection, &prepared).await.unwrap();
        self.settled(&prepared, made, text).await
    }

    /// Tries to make an object that cannot be made.
    pub async fn create_fails(&self, text: &str) -> OperationError {
        let prepared = self.ty.prepare(self.plan(None, text).object, &unique());
        self.ty.create(&self.connection, &prepared).await.unwrap_err()
    }

    /// Changes an object in place. Answers it, and what the plan said would change.
    pub async fn update(&self, prior: &Value, text: &str) -> (Value, Vec<String>) {
        let errors: Vec<Problem> = self.problems(text).into_iter().filter(|one| one.is_error).collect();
        assert_eq!(errors, []);
        let planned = self.plan(Some(prior), text);
        assert_eq!(planned.replace, [""; 0], "{text}");
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        let changed = self.ty.update(&self.connection, prior, &planned.object).await.unwrap();
        (self.settled(&planned.object, changed, text).await, planned.changes)
    }

    /// What every object must stand after an action: it is as planned, a read answers the same, and planning
    /// the same configuration again finds nothing to do. Answers the object with what the caller of a type
    /// fills in.
    async fn settled(&self, planned: &Value, made: Value, text: &str) -> Value {
        assert!(made.is_wholly_known(), "{made:?}");
        let made = self.complete(made, planned);
        let mut unlike = Vec::new();
        differences("", self.block(), &made, planned, &mut unlike);
        unlike.retain(|path| !is_unknown(planned, path));
        assert_eq!(unlike, [""; 0], "not as planned: {made:#?}");
        let read = self.complete(self.read(&made).await.expect("the object is there"), &made);
        assert_eq!(read, made, "a read answers what the action answered");
        let again = self.plan(Some(&read), text);
        assert_eq!(again.changes, [""; 0], "a second plan finds nothing to do");
        assert_eq!(again.replace, [""; 0]);
        read
    }

    /// Fills in what is not the type's business: `timeouts`, `tags`, and what lives in the code only.
    fn complete(&self, object: Value, known: &Value) -> Value {
        let mut object = object;
        if self.block().blocks.contains_key("timeouts") {
            object = object.with("timeouts", known.get("timeouts").unwrap());
        }
        if self.block().has_tags_all() {
            let own = self.tags.own(&object.get("tags_all").unwrap(), known.known("tags"));
            object = object.with("tags", own);
        }
        for (name, attribute) in &self.block().attributes {
            if attribute.code_only {
                object = object.with(name, known.get(name).unwrap());
            }
        }
        object
    }

    /// Reads one object; `None` if it is not there.
    pub async fn read(&self, known: &Value) -> Option<Value> {
        let mut results = self.read_all(std::slice::from_ref(known)).await;
        assert_eq!(results.len(), 1);
        match results.remove(0) {
            ReadResult::Found(value) => Some(value),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        }
    }

    pub async fn read_all(&self, known: &[Value]) -> Vec<ReadResult> {
        let requests: Vec<ReadRequest> =
            known.iter().map(|known| ReadRequest { known: known.clone() }).collect();
        self.ty.read(&self.connection, &requests).await
    }

    /// Deletes an object, which must then be gone, and which may be deleted once more.
    pub async fn delete(&self, object: &Value) {
        self.ty.delete(&self.connection, object).await.unwrap();
        assert!(self.read(object).await.is_none(), "it is gone");
        self.ty.delete(&self.connection, object).await.unwrap();
    }
}

/// Twenty-six digits, new for every object.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("202611230119541508{:08x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A configuration refers to nothing.
struct Nothing;

impl Scope for Nothing {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        Err(Diagnostic::error("no references", "A test's configuration refers to nothing.")
            .at(traversal.span))
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

impl Host for Nothing {
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

/// What an object is to become, by its schema alone: what the code says, else the default, else what it is
/// already if AWS may say so, else unknown. Blocks are matched by their place.
fn propose(schema: &BlockSchema, prior: Option<&Value>, config: &Value) -> Value {
    let mut entries = BTreeMap::new();
    for (name, attribute) in &schema.attributes {
        let written = config.get(name).unwrap();
        let value = if !written.is_null() {
            let before = prior.and_then(|prior| prior.get(name));
            before.filter(|before| same_or_zero(attribute.equality, before, &written)).unwrap_or(written)
        } else if let Some(default) = &attribute.default {
            default.clone()
        } else if attribute.computed {
            let before = prior.and_then(|prior| prior.get(name));
            before.unwrap_or_else(|| Value::unknown(attribute.ty.clone()))
        } else {
            written
        };
        entries.insert(Arc::clone(name), value);
    }
    for (name, nested) in &schema.blocks {
        let written = config.get(name).unwrap();
        let before = prior.and_then(|prior| prior.get(name));
        let is_empty = written.is_null() || written.as_elements().is_some_and(<[Value]>::is_empty);
        let value = if nested.computed && is_empty {
            before.unwrap_or_else(|| Value::unknown(nested.implied_type()))
        } else if nested.nesting == Nesting::Single {
            written
        } else {
            let before = before.filter(|_| nested.nesting == Nesting::List);
            let before = before.as_ref().and_then(Value::as_elements).unwrap_or_default();
            let objects = written.as_elements().unwrap_or_default().iter().enumerate();
            let objects = objects.map(|(index, object)| propose(&nested.block, before.get(index), object));
            let element = nested.block.implied_type();
            match nested.nesting {
                Nesting::Set => Value::set(element, objects),
                _ => Value::list(element, objects.collect()),
            }
        };
        entries.insert(Arc::clone(name), value);
    }
    Kind::Object(Arc::new(entries)).into()
}

/// The paths at which two objects of a schema differ. Unknown differs from everything.
fn differences(path: &str, schema: &BlockSchema, left: &Value, right: &Value, found: &mut Vec<String>) {
    for (name, attribute) in &schema.attributes {
        let (left, right) = (left.get(name).unwrap(), right.get(name).unwrap());
        if !same(attribute.equality, &left, &right) {
            found.push(format!("{path}.{name}"));
        }
    }
    for (name, nested) in &schema.blocks {
        let at = format!("{path}.{name}");
        let (left, right) = (left.get(name).unwrap(), right.get(name).unwrap());
        match (left.as_elements(), right.as_elements()) {
            (Some(left), Some(right)) if nested.nesting == Nesting::Set => {
                if !same_sets(&nested.block, left, right) {
                    found.push(at);
                }
            }
            (Some(left), Some(right)) if left.len() == right.len() => {
                for (index, (left, right)) in left.iter().zip(right).enumerate() {
                    differences(&format!("{at}[{index}]"), &nested.block, left, right, found);
                }
            }
            (None, None) if left.is_null() && right.is_null() => {}
            _ if left == right => {}
            _ => found.push(at),
        }
    }
}

/// Whether two sets of blocks hold the same ones. What is unknown of a block may become anything.
fn same_sets(schema: &BlockSchema, left: &[Value], right: &[Value]) -> bool {
    let mut rest: Vec<&Value> = left.iter().collect();
    right.iter().all(|right| {
        let like = rest.iter().position(|left| {
            let mut unlike = Vec::new();
            differences("", schema, left, right, &mut unlike);
            unlike.iter().all(|path| is_unknown(right, path))
        });
        like.map(|at| rest.swap_remove(at)).is_some()
    }) && rest.is_empty()
}

fn same(equality: Equality, left: &Value, right: &Value) -> bool {
    let (left, _) = left.clone().unmark_deep();
    let (right, _) = right.clone().unmark_deep();
    same_or_zero(equality, &left, &right)
}

/// Whether an object's value at a path, or one that holds it, is unknown.
fn is_unknown(object: &Value, path: &str) -> bool {
    let mut value = object.clone();
    for part in path.split(['.', '[', ']']).filter(|part| !part.is_empty()) {
        let next = match part.parse::<usize>() {
            Ok(index) => value.as_elements().and_then(|elements| elements.get(index).cloned()),
            Err(_) => value.get(part),
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    !value.is_known()
}

/// Errors only, one line each: the path and what is wrong.
pub fn errors(problems: &[Problem]) -> Vec<String> {
    let errors = problems.iter().filter(|one| one.is_error);
    errors.map(|one| format!("{}: {}", path_text(&one.path), one.detail)).collect()
}
