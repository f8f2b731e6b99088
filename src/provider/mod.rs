//! Resource types and the providers they belong to.
//!
//! A [`ResourceType`] knows one kind of object: its schema, and how to read, make, change and delete it.
//! It reads many at once ([`ResourceType::read`]) because that is what AWS is good at. It plans nothing: the
//! schema says what differs and what that means, the type only adds what no schema can say.

pub mod aws;
pub mod below;
pub mod builtin;
pub mod duration;
mod error;
pub mod null;
pub mod object;
pub mod random;
pub mod registry;
pub mod snowplow;
mod state_only;
pub mod stats;
pub mod warnings;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::lang::convert::PathStep;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::schema::Schema;

pub use error::{ErrorKind, OperationError};

/// A place in an object: `health_check[0].path`.
pub type AttributePath = Vec<PathStep>;

/// A problem with one argument, found offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub path: AttributePath,
    pub summary: String,
    /// What is wrong and what to do. Never a sensitive value.
    pub detail: String,
    pub is_error: bool,
}

/// Gathers the problems of one object.
#[derive(Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    pub fn error(&mut self, path: AttributePath, summary: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Problem { path, summary: summary.into(), detail: detail.into(), is_error: true });
    }

    pub fn warning(&mut self, path: AttributePath, summary: impl Into<String>, detail: impl Into<String>) {
        self.0.push(Problem { path, summary: summary.into(), detail: detail.into(), is_error: false });
    }

    /// The same problems, none of which keeps anything from being done.
    #[must_use]
    pub fn into_warnings(mut self) -> Problems {
        self.0.iter_mut().for_each(|problem| problem.is_error = false);
        self
    }
}

/// A configured provider: what its resource types need to reach their objects. Cheap to clone.
#[derive(Clone)]
pub enum Connection {
    /// The type needs nobody: its objects live in state only.
    None,
    Aws(Arc<aws::Aws>),
    Snowplow(Arc<snowplow::Tracker>),
}

impl Connection {
    /// The AWS account and region; an error if the connection is not to AWS.
    pub fn aws(&self) -> Result<&Arc<aws::Aws>, OperationError> {
        match self {
            Connection::Aws(aws) => Ok(aws),
            Connection::None | Connection::Snowplow(_) => {
                Err(OperationError::internal("this resource needs an AWS provider configuration"))
            }
        }
    }

    /// What sends events to a Snowplow collector; an error if the connection is none.
    pub fn snowplow(&self) -> Result<&snowplow::Tracker, OperationError> {
        match self {
            Connection::Snowplow(tracker) => Ok(tracker),
            Connection::None | Connection::Aws(_) => {
                Err(OperationError::internal("this resource needs a Snowplow provider configuration"))
            }
        }
    }
}

/// A change to one object, on its way to being planned. The schema's rules have been applied; a type may add.
pub struct Change<'a> {
    /// The connection's settings that are known offline, for types that need them.
    pub connection: Option<&'a Connection>,
    /// The object as it is (live, as far as it was read); `None` if it is to be created.
    pub prior: Option<&'a Value>,
    /// What the code says: null where it is silent.
    pub config: &'a Value,
    /// What the object is to become: unknown where only AWS can say.
    pub planned: Value,
    /// Attributes whose change needs another object.
    pub replace: BTreeSet<AttributePath>,
    /// What is wrong with the code in view of the object as it is.
    pub problems: Problems,
}

/// An object to be read.
#[derive(Clone, Debug)]
pub struct ReadRequest {
    /// What is known of the object: its recorded attributes, or the few that an import id or a journal entry
    /// gives ([`ResourceType::import_seed`], [`ResourceType::identity`]).
    pub known: Value,
}

/// What became of a read.
#[derive(Debug)]
pub enum ReadResult {
    /// The live object: a complete object of the schema. `code_only` attributes, `timeouts` and `tags` may be
    /// left null: the caller fills the former from the record and computes `tags` from `tags_all`.
    Found(Value),
    /// AWS says that there is no such object.
    Missing,
    /// It cannot be known: no permission, a service down, throttled to the end of patience.
    Unreadable(OperationError),
}

/// What became of a creation whose run was ended.
#[derive(Debug)]
pub enum Interrupted {
    /// The object was made: it is answered as a read does.
    Made(Value),
    NotMade,
    /// One of these may be it, or none: nothing tells them apart. Their import ids.
    Unclear(Vec<String>),
    /// It cannot be known, as with [`ReadResult::Unreadable`].
    Unreadable(OperationError),
}

impl From<Option<ReadResult>> for Interrupted {
    fn from(result: Option<ReadResult>) -> Interrupted {
        match result {
            Some(ReadResult::Found(value)) => Interrupted::Made(value),
            Some(ReadResult::Missing) | None => Interrupted::NotMade,
            Some(ReadResult::Unreadable(error)) => Interrupted::Unreadable(error),
        }
    }
}

/// How long an action may wait for an object to get where it should.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    pub create: Duration,
    pub update: Duration,
    pub delete: Duration,
}

/// A kind of object that recon manages.
#[async_trait]
pub trait ResourceType: Send + Sync {
    /// `aws_lb`
    fn name(&self) -> &'static str;

    fn schema(&self) -> &Schema;

    /// Whether recon knows the schema and nothing else: such an object is planned against the record, never read
    /// and never touched.
    fn is_schema_only(&self) -> bool {
        false
    }

    /// Checks, offline, what the schema cannot say: ranges, formats, arguments that exclude each other. Any
    /// value may be unknown.
    fn validate(&self, _config: &Value, _problems: &mut Problems) {}

    /// The arguments that name what the object is a part of: AWS deletes it along with that.
    fn part_of(&self) -> &'static [&'static str] {
        &[]
    }

    /// Adds to a planned change what the schema cannot say.
    fn plan(&self, _change: &mut Change<'_>) {}

    /// How long to wait where the code has no `timeouts`.
    fn timeouts(&self) -> Timeouts {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        Timeouts { create: minutes(10), update: minutes(10), delete: minutes(10) }
    }

    /// Reads objects of this type with as few calls as the service allows. One answer for each request, in
    /// their order.
    async fn read(&self, connection: &Connection, requests: &[ReadRequest]) -> Vec<ReadResult>;

    /// Fills in what must be chosen before the object is made and must be known if the process dies while
    /// making it: generated names, client tokens. `unique` is new for every creation: a
    /// timestamp and counter, 26 digits, as the AWS provider's.
    fn prepare(&self, planned: Value, _unique: &str) -> Value {
        planned
    }

    /// The attributes of a prepared object by which it can be found again, as an object of the schema with all
    /// else null; `None` if AWS offers no such way. Never anything sensitive.
    fn identity(&self, _prepared: &Value) -> Option<Value> {
        None
    }

    /// The attributes by which an object that the code wants can be found whoever has made it: as
    /// [`ResourceType::identity`], without what recon puts on an object that it makes.
    fn named(&self, desired: &Value) -> Option<Value> {
        self.identity(desired)
    }

    /// Finds out what became of a creation of which the journal has this identity and the state nothing.
    async fn interrupted(&self, connection: &Connection, identity: &Value) -> Interrupted {
        let requests = [ReadRequest { known: identity.clone() }];
        Interrupted::from(self.read(connection, &requests).await.pop())
    }

    /// Does what is left of an interrupted creation whose object was found, and what no plan would make up for: where
    /// the code says nothing, a plan takes what is there for what is wanted. It may be done more than once. Answers the
    /// object if it is another by that.
    async fn complete(
        &self,
        _connection: &Connection,
        _identity: &Value,
        _object: &Value,
    ) -> Result<Option<Value>, OperationError> {
        Ok(None)
    }

    /// Takes away what [`ResourceType::prepare`] put on the object only to find it again: the object is recorded now.
    /// Nothing of it was ever shown, so it may be done late, and more than once.
    async fn unmark(&self, _connection: &Connection, _object: &Value) -> Result<(), OperationError> {
        Ok(())
    }

    /// Makes the object and waits until it is usable. Answers it as it then is (as a read would). If it fails
    /// after the object exists, the error carries what is known of it ([`OperationError::partial`]).
    async fn create(&self, connection: &Connection, planned: &Value) -> Result<Value, OperationError>;

    /// Changes the object in place. Answers it as it then is.
    async fn update(
        &self,
        connection: &Connection,
        prior: &Value,
        planned: &Value,
    ) -> Result<Value, OperationError>;

    /// Deletes the object and waits until it is gone. An object that is gone already is no error.
    async fn delete(&self, connection: &Connection, prior: &Value) -> Result<(), OperationError>;

    /// What an import id says, as an object of the schema that [`ResourceType::read`] can be asked with. The
    /// error says what an id of this type looks like.
    fn import_seed(&self, id: &str) -> Result<Value, String> {
        Ok(self.schema().block.object([("id", Value::string(id))]))
    }

    /// The import id of a live object, for [`ResourceType::import_seed`]. `None`: the object lacks a part of it.
    fn import_id(&self, object: &Value) -> Option<String> {
        object.text("id").filter(|id| !id.is_empty()).map(str::to_owned)
    }

    /// Objects that may be those that the code wants and that are not [`ResourceType::named`] yet: because the type
    /// has no names, or because the code gives the beginning of one only. Each is an object of the schema with `id`,
    /// and as far as the type has them `name`, `tags_all` and the arguments of [`ResourceType::told_by`]. `None`: the
    /// type has no such way. `desired` says which are sought; more may be answered.
    async fn alike(
        &self,
        _connection: &Connection,
        _desired: &[Value],
    ) -> Result<Option<Vec<Value>>, OperationError> {
        Ok(None)
    }

    /// Arguments in which an object of [`ResourceType::alike`] must be equal to the code, where that gives them.
    fn told_by(&self) -> &'static [&'static str] {
        &[]
    }

    /// Objects of this type that belong to objects of the stack, and that neither its code nor its record know. What AWS
    /// makes for itself is not among them. The connection is the one that leads to the parents ([`below::Member::is_here`]);
    /// answers already read are used where they say it.
    async fn below(&self, _connection: &Connection, _objects: &below::StackObjects) -> below::Below {
        below::Below::default()
    }
}

/// A kind of thing that is only read.
#[async_trait]
pub trait DataSource: Send + Sync {
    fn name(&self) -> &'static str;

    fn schema(&self) -> &Schema;

    /// Whether recon knows the schema and nothing else: it cannot be read.
    fn is_schema_only(&self) -> bool {
        false
    }

    fn validate(&self, _config: &Value, _problems: &mut Problems) {}

    /// Answers the complete object. The configuration is wholly known.
    async fn read(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError>;
}

impl dyn DataSource {
    /// What [`DataSource::read`] answers, with what the schema says is sensitive marked. All that reads data reads it
    /// here.
    ///
    /// # Errors
    /// The read's.
    pub async fn object(&self, connection: &Connection, config: &Value) -> Result<Value, OperationError> {
        let value = self.read(connection, config).await?;
        Ok(self.schema().block.marked(&value))
    }
}

/// A provider: its types, and how it is configured.
#[async_trait]
pub trait Provider: Send + Sync {
    /// The local name and the last part of the source address: `aws`.
    fn name(&self) -> &'static str;

    /// `registry.terraform.io/hashicorp/aws`
    fn source(&self) -> &'static str;

    /// The schema of the `provider` block.
    fn schema(&self) -> &Schema;

    fn resource_types(&self) -> &[Arc<dyn ResourceType>];

    fn data_sources(&self) -> &[Arc<dyn DataSource>];

    /// A resource type that recon does not have but knows by its schema.
    fn schema_only_resource_type(&self, _name: &str) -> Option<Arc<dyn ResourceType>> {
        None
    }

    /// A data source that recon does not have but knows by its schema.
    fn schema_only_data_source(&self, _name: &str) -> Option<Arc<dyn DataSource>> {
        None
    }

    /// The names of all resource types, those known by their schema only included.
    fn resource_type_names(&self) -> Vec<&'static str> {
        self.resource_types().iter().map(|ty| ty.name()).collect()
    }

    /// The names of all data sources, those known by their schema only included.
    fn data_source_names(&self) -> Vec<&'static str> {
        self.data_sources().iter().map(|source| source.name()).collect()
    }

    /// Checks a provider block offline.
    fn validate(&self, _config: &Value, _problems: &mut Problems) {}

    /// What the provider's connections asked of its service, if it has one.
    fn stats(&self) -> Option<&stats::CallStats> {
        None
    }

    /// Makes a connection. The configuration is wholly known. No call is made before the first read needs one,
    /// but credentials are looked for, and the account is asked for if the block says which it may be.
    async fn configure(&self, config: &Value) -> Result<Connection, OperationError>;
}
