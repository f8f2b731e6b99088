//! Drives one resource type through its trait, as applying a stack would: a configuration in the language is
//! checked, planned against the live object by the schema's rules, and carried out; then the object is read
//! back, and planned again, which must find nothing to do.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use recon::compare::object::{at_path, changed_paths, proposed, replacing_paths};
use recon::compare::same_or_zero;
use recon::lang::ast::Traversal;
use recon::lang::convert::path_text;
use recon::lang::diagnostic::Diagnostic;
use recon::lang::eval::Scope;
use recon::lang::functions::Host;
use recon::lang::parse::parse_file;
use recon::lang::source::SourceMap;
use recon::lang::value::Value;
use recon::provider::aws::ec2::marked::KEY;
use recon::provider::aws::tags::TagRules;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{
    AttributePath, Change, Connection, Interrupted, OperationError, Problem, Problems, ReadRequest,
    ReadResult, ResourceType,
};
use recon::schema::decode::decode;
use recon::schema::{BlockSchema, Equality};

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
        decoded(self.block(), text)
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
        let mut planned = proposed(self.block(), &config, prior);
        if self.block().has_tags_all() {
            let own = self.tags.plan_own(&config.get("tags").unwrap());
            planned = planned.with("tags_all", self.tags.plan_all(&own)).with("tags", own);
        }
        let mut change = Change {
            connection: Some(&self.connection),
            prior,
            config: &config,
            planned,
            replace: BTreeSet::new(),
            problems: Problems::default(),
        };
        self.ty.plan(&mut change);
        let Change { planned: object, mut replace, problems, .. } = change;
        let mut changes = Vec::new();
        if let Some(prior) = prior {
            replace.extend(replacing_paths(self.block(), prior, &object));
            changes = changed_paths(self.block(), prior, &object);
        }
        let texts = |paths: Vec<AttributePath>| paths.iter().map(|path| path_text(path)).collect();
        let (changes, replace) = (texts(changes), texts(replace.into_iter().collect()));
        Planned { config, object, changes, replace, problems: problems.0 }
    }

    /// Makes an object, whose plan must be sound, and checks that it is as planned and reads back the same.
    pub async fn create(&self, text: &str) -> Value {
        let errors: Vec<Problem> = self.problems(text).into_iter().filter(|one| one.is_error).collect();
        assert_eq!(errors, []);
        let planned = self.plan(None, text);
        assert!(planned.problems.is_empty(), "{:?}", planned.problems);
        let prepared = self.ty.prepare(planned.object.clone(), &unique());
        let made = self.ty.create(&self.connection, &prepared).await.unwrap();
        if !prepared.text_map("tags_all").contains_key(KEY) {
            return self.settled(&prepared, made, text).await;
        }
        // A run that died here would find the object by its tag, which goes when it is recorded.
        let identity = self.ty.identity(&prepared).unwrap();
        let found = self.ty.interrupted(&self.connection, &identity).await;
        assert!(matches!(&found, Interrupted::Made(live) if live.text("id") == made.text("id")), "{found:?}");
        self.ty.unmark(&self.connection, &made).await.unwrap();
        let prepared = prepared.with("tags_all", planned.object.get("tags_all").unwrap());
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
        let mut unlike = changed_paths(self.block(), &made, planned);
        unlike.retain(|path| !may_become(&at_path(planned, path), &at_path(&made, path)));
        assert_eq!(unlike, [] as [AttributePath; 0], "not as planned: {made:#?}");
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

/// A configuration in the language, which must be one of the schema.
pub fn decoded(block: &BlockSchema, text: &str) -> Value {
    let sources = SourceMap::new();
    let (body, mut diagnostics) = parse_file(&sources, "main.tf", text.as_bytes());
    let config = decode(block, &body, &Nothing, &mut diagnostics);
    assert!(!diagnostics.has_errors(), "{diagnostics:?}\n{text}");
    config
}

/// Twenty-six digits, new for every object.
pub fn unique() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!("202611230119541508{:08x}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A configuration refers to nothing.
pub struct Nothing;

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

/// Whether a planned value may have become the other: what is unknown of it may become anything.
fn may_become(planned: &Value, made: &Value) -> bool {
    if !planned.is_known() || planned == made {
        return true;
    }
    match (planned.as_elements(), made.as_elements()) {
        (Some(planned), Some(made)) if planned.len() == made.len() => {
            planned.iter().all(|planned| made.iter().any(|made| may_become(planned, made)))
        }
        _ => match (planned.as_entries(), made.as_entries()) {
            (Some(planned), Some(made)) => planned.iter().all(|(name, planned)| {
                made.get(name).is_some_and(|made| {
                    same_or_zero(Equality::Exact, planned, made) || may_become(planned, made)
                })
            }),
            _ => false,
        },
    }
}

/// Errors only, one line each: the path and what is wrong.
pub fn errors(problems: &[Problem]) -> Vec<String> {
    let errors = problems.iter().filter(|one| one.is_error);
    errors.map(|one| format!("{}: {}", path_text(&one.path), one.detail)).collect()
}
