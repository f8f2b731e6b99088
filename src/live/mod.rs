//! From the record to what is live: groups recorded objects by provider configuration and type, and asks for
//! each group at once.

pub mod account;
pub mod incomparable;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use futures::future::join_all;

use crate::address::{InstanceAddress, Mode, ModulePath, Target, parse_target};
use crate::lang::value::Value;
use crate::provider::registry::Registry;
use crate::provider::{Connection, OperationError, ReadRequest, ReadResult};
use crate::state::{State, provider_source};

use incomparable::comparable;

/// A provider configuration: its module, local name and alias.
pub type ProviderKey = (ModulePath, Arc<str>, Option<Arc<str>>);

/// What became of one recorded object.
#[derive(Clone, Debug)]
pub enum Outcome {
    Found(Value),
    Missing,
    Unreadable(OperationError),
}

/// The live side of a run: connections, made when first needed, and the objects that were read.
pub struct Live {
    registry: Arc<Registry>,
    configurations: BTreeMap<ProviderKey, Value>,
    connections: HashMap<ProviderKey, Result<Connection, OperationError>>,
    objects: BTreeMap<(InstanceAddress, Option<String>), Outcome>,
}

/// An object that is asked for: its address, its key if it is deposed, what is recorded of it.
type Asked = (InstanceAddress, Option<String>, Value);

/// The provider configuration that a state file's text means. `None` if recon has no such provider.
pub fn provider_key(registry: &Registry, text: &str) -> Option<ProviderKey> {
    let provider = registry.provider_by_source(provider_source(text)?)?;
    let start = text.find("provider[")?;
    let module = match text[..start].trim_end_matches('.') {
        "" => ModulePath::root(),
        module => match parse_target(module)? {
            Target::Module(module) => module.path(),
            Target::Resource { .. } => return None,
        },
    };
    let alias = text.rsplit_once("\"].").map(|(_, alias)| Arc::from(alias));
    Some((module, provider.name().into(), alias))
}

impl Live {
    /// `configurations`: what each provider block says, as far as it is known offline.
    pub fn new(registry: Arc<Registry>, configurations: BTreeMap<ProviderKey, Value>) -> Live {
        Live { registry, configurations, connections: HashMap::new(), objects: BTreeMap::new() }
    }

    /// The connection of a provider configuration, made on first use. A failure is remembered: credentials that
    /// are missing are missing for every object.
    pub async fn connection(&mut self, key: &ProviderKey) -> Result<Connection, OperationError> {
        if let Some(known) = self.connections.get(key) {
            return known.clone();
        }
        let made = self.connect(key).await;
        self.connections.insert(key.clone(), made.clone());
        made
    }

    async fn connect(&self, key: &ProviderKey) -> Result<Connection, OperationError> {
        let Some(provider) = self.registry.provider(&key.1) else {
            return Err(OperationError::internal(format!("recon has no provider {:?}", key.1)));
        };
        let empty = provider.schema().block.object([]);
        let config = self.configurations.get(key).unwrap_or(&empty);
        if !config.is_wholly_known() {
            return Err(OperationError::internal(format!(
                "the configuration of provider {:?} depends on values that are known only after apply; apply what it \
                 depends on first, with --target",
                key.1
            )));
        }
        provider.configure(config).await
    }

    /// A connection that has been made.
    pub fn made(&self, key: &ProviderKey) -> Option<&Connection> {
        self.connections.get(key)?.as_ref().ok()
    }

    /// What a provider block says; all null where there is none.
    pub fn configuration(&self, key: &ProviderKey) -> Option<&Value> {
        self.configurations.get(key)
    }

    pub fn set_configuration(&mut self, key: ProviderKey, config: Value) {
        self.configurations.insert(key, config);
    }

    /// Reads every recorded managed object, deposed ones included, that recon can compare.
    pub async fn read_all(&mut self, state: &State) -> Result<(), OperationError> {
        self.objects.clear();
        self.read_new(state).await
    }

    /// As [`Live::read_all`], but only what was not read before.
    pub async fn read_new(&mut self, state: &State) -> Result<(), OperationError> {
        let mut groups: BTreeMap<(ProviderKey, Arc<str>), Vec<Asked>> = BTreeMap::new();
        for (address, deposed, resource, instance) in state.objects() {
            if address.resource.mode != Mode::Managed || self.object(&address, deposed).is_some() {
                continue;
            }
            let Ok((key, ty)) = comparable(&self.registry, &address.resource, resource, instance) else {
                continue;
            };
            let known = instance.value(&ty.schema().block);
            let group = (key, Arc::clone(&address.resource.ty));
            groups.entry(group).or_default().push((address, deposed.map(str::to_owned), known));
        }
        let keys: Vec<ProviderKey> = groups.keys().map(|(key, _)| key.clone()).collect();
        for key in keys {
            self.connection(&key).await?;
        }
        let reads = groups.into_iter().filter_map(|((key, ty), objects)| {
            let ty = self.registry.resource_type(&ty)?;
            let connection = self.made(&key)?.clone();
            Some(async move {
                let requests: Vec<ReadRequest> =
                    objects.iter().map(|(_, _, known)| ReadRequest { known: known.clone() }).collect();
                let results = ty.read(&connection, &requests).await;
                (objects, results)
            })
        });
        let done = join_all(reads.collect::<Vec<_>>()).await;
        for (objects, results) in done {
            for ((address, deposed, _), result) in objects.into_iter().zip(results) {
                let outcome = match result {
                    ReadResult::Found(value) => Outcome::Found(value),
                    ReadResult::Missing => Outcome::Missing,
                    ReadResult::Unreadable(error) => Outcome::Unreadable(error),
                };
                self.objects.insert((address, deposed), outcome);
            }
        }
        Ok(())
    }

    /// What was read of an object; `None` if it was not asked for.
    pub fn object(&self, address: &InstanceAddress, deposed: Option<&str>) -> Option<&Outcome> {
        self.objects.get(&(address.clone(), deposed.map(str::to_owned)))
    }
}
