//! One resource type at one account, and the little of planning that these tests need.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use recon::compare::same_or_zero;
use recon::lang::types::Type;
use recon::lang::value::Value;
use recon::provider::object::Object;
use recon::provider::registry::Registry;
use recon::provider::{Change, Connection, OperationError, Problems, ReadRequest, ReadResult, ResourceType};
use recon::schema::BlockSchema;

use crate::support::aws::Aws;

/// A provider block for an account of the local AWS, with more arguments.
pub fn provider_block(aws: &Aws, more: Vec<(&str, Value)>) -> Value {
    let provider = Registry::new().provider("aws").unwrap();
    let block = &provider.schema().block;
    let endpoints = &block.blocks["endpoints"].block;
    let services = [
        "appautoscaling",
        "autoscaling",
        "cloudwatch",
        "dynamodb",
        "ec2",
        "elbv2",
        "iam",
        "kinesis",
        "logs",
        "s3",
        "ssm",
        "sts",
    ];
    let urls = services.map(|key| (key, Value::string(aws.endpoint())));
    let endpoints = Value::set(endpoints.implied_type(), [endpoints.object(urls)]);
    let mut arguments = vec![
        ("region", Value::string(aws.region())),
        ("access_key", Value::string(aws.account())),
        ("secret_key", Value::string("test")),
        ("endpoints", endpoints),
    ];
    arguments.extend(more);
    block.object(arguments)
}

pub async fn connect(aws: &Aws, more: Vec<(&str, Value)>) -> Result<Connection, OperationError> {
    Registry::new().provider("aws").unwrap().configure(&provider_block(aws, more)).await
}

/// A suffix as the engine gives one to every creation.
fn unique() -> String {
    static COUNTER: AtomicU64 = AtomicU64::new(1);
    format!("202401312359591234{:08x}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

pub struct Subject {
    pub ty: Arc<dyn ResourceType>,
    pub connection: Connection,
}

impl Subject {
    pub async fn new(name: &str, aws: &Aws) -> Subject {
        Subject::with(name, aws, Vec::new()).await
    }

    pub async fn with(name: &str, aws: &Aws, more: Vec<(&str, Value)>) -> Subject {
        let ty = Registry::new().resource_type(name).unwrap();
        Subject { ty, connection: connect(aws, more).await.unwrap() }
    }

    pub fn block(&self) -> &BlockSchema {
        &self.ty.schema().block
    }

    pub fn config(&self, attributes: Vec<(&str, Value)>) -> Value {
        self.block().object(attributes)
    }

    /// A nested block with these attributes, as the list or set that holds it.
    pub fn nested(&self, kind: &str, attributes: Vec<(&str, Value)>) -> Value {
        let nested = &self.block().blocks[kind].block;
        Value::list(nested.implied_type(), vec![nested.object(attributes)])
    }

    /// The summaries of what is wrong with a configuration.
    pub fn problems(&self, attributes: Vec<(&str, Value)>) -> Vec<String> {
        let mut problems = Problems::default();
        self.ty.validate(&self.config(attributes), &mut problems);
        problems.0.into_iter().map(|problem| problem.summary).collect()
    }

    pub fn plan(&self, prior: Option<&Value>, config: &Value) -> Value {
        let block = self.block();
        let mut planned: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for (name, attribute) in &block.attributes {
            let given = config.get(name).unwrap();
            let value = if !given.is_null() {
                given
            } else if let Some(default) = &attribute.default {
                default.clone()
            } else if attribute.computed {
                prior
                    .and_then(|prior| prior.get(name))
                    .unwrap_or_else(|| Value::unknown(attribute.ty.clone()))
            } else {
                given
            };
            planned.insert(Arc::clone(name), value);
        }
        for (name, nested) in &block.blocks {
            let given = config.get(name).unwrap();
            let is_silent = given.is_null() || given.as_elements().is_some_and(<[Value]>::is_empty);
            let value = match prior {
                Some(prior) if is_silent && nested.computed => prior.get(name).unwrap(),
                None if is_silent && nested.computed => Value::unknown(nested.implied_type()),
                _ => given,
            };
            planned.insert(Arc::clone(name), value);
        }
        if block.has_tags_all() {
            let rules = &self.connection.aws().unwrap().tags;
            planned.insert("tags_all".into(), rules.plan_all(&config.get("tags").unwrap()));
        }
        let mut change = Change {
            connection: Some(&self.connection),
            prior,
            config,
            planned: Value::object(planned),
            replace: Default::default(),
            problems: Problems::default(),
        };
        self.ty.plan(&mut change);
        assert_eq!(change.problems.0, []);
        change.planned
    }

    /// Makes an object and holds it against what a read says, once by all that is known and once by its identity.
    pub async fn create(&self, attributes: Vec<(&str, Value)>) -> Value {
        let config = self.config(attributes);
        let planned = self.plan(None, &config);
        let prepared = self.ty.prepare(planned, &unique());
        let created = self.ty.create(&self.connection, &prepared).await.unwrap();
        self.assert_as_planned(&created, &prepared);
        self.assert_read(&created).await;
        let identity = self.ty.identity(&prepared).unwrap();
        let found = self.read(&identity).await.expect("found by its identity");
        assert_eq!(found.get("id"), created.get("id"));
        self.complete(created, &prepared)
    }

    /// Changes an object to another configuration.
    pub async fn update(&self, prior: &Value, attributes: Vec<(&str, Value)>) -> Value {
        let config = self.config(attributes);
        let planned = self.plan(Some(prior), &config);
        let updated = self.ty.update(&self.connection, prior, &planned).await.unwrap();
        self.assert_as_planned(&updated, &planned);
        self.assert_read(&updated).await;
        self.complete(updated, &planned)
    }

    pub async fn delete(&self, object: &Value) {
        self.ty.delete(&self.connection, object).await.unwrap();
        assert!(self.read(object).await.is_none(), "it is gone");
        self.ty.delete(&self.connection, object).await.unwrap();
    }

    pub async fn read(&self, known: &Value) -> Option<Value> {
        let requests = [ReadRequest { known: known.clone() }];
        let mut results = self.ty.read(&self.connection, &requests).await;
        assert_eq!(results.len(), 1);
        match results.remove(0) {
            ReadResult::Found(object) => Some(object),
            ReadResult::Missing => None,
            ReadResult::Unreadable(error) => panic!("{error}"),
        }
    }

    /// What only the code knows, as the engine fills it in.
    fn complete(&self, live: Value, planned: &Value) -> Value {
        let block = self.block();
        let own =
            block.attributes.iter().filter(|(_, attribute)| attribute.code_only).map(|(name, _)| &**name);
        let own = own.chain(block.blocks.contains_key("timeouts").then_some("timeouts"));
        let own = own.chain(block.has_tags_all().then_some("tags"));
        own.fold(live, |live, name| live.with(name, planned.get(name).unwrap()))
    }

    /// Everything that was planned and known came out as planned.
    fn assert_as_planned(&self, live: &Value, planned: &Value) {
        assert_eq!(live.ty(), self.block().implied_type(), "a complete object of the schema");
        for (name, attribute) in &self.block().attributes {
            let wanted = planned.get(name).unwrap();
            if attribute.code_only || &**name == "tags" || !wanted.is_wholly_known() {
                continue;
            }
            let got = live.get(name).unwrap();
            let is_same = same_or_zero(attribute.equality, &wanted, &got);
            assert!(is_same, "{name}: planned {wanted:?}, got {got:?}");
        }
        for name in self.block().blocks.keys().filter(|name| &***name != "timeouts") {
            let wanted = planned.get(name).unwrap();
            if wanted.is_wholly_known() {
                assert_eq!(live.get(name).unwrap(), wanted, "{name}");
            }
        }
    }

    async fn assert_read(&self, object: &Value) {
        let live = self.read(object).await.expect("it exists");
        assert_eq!(&live, object, "a read says what the action answered");
    }
}

/// A map of tags.
pub fn tags(entries: &[(&str, &str)]) -> Value {
    recon::provider::object::text_map(entries.iter().copied())
}

pub fn texts(elements: &[&str]) -> Value {
    recon::provider::object::text_list(elements)
}

pub fn null(ty: Type) -> Value {
    Value::null(ty)
}
