//! All providers, and their types by name.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::{DataSource, Provider, ResourceType, aws, builtin, null, random, snowplow};
use crate::lang::diagnostic::did_you_mean;

/// The local names of the providers.
const NAMES: [&str; 5] = ["aws", "null", "random", "snowplow", "terraform"];

/// The providers that recon has. Making one reads nothing and calls nobody; each provider's schemas are built when
/// they are first asked for.
#[derive(Default)]
pub struct Registry {
    aws: OnceLock<Arc<aws::AwsProvider>>,
    builtin: OnceLock<Arc<builtin::Builtin>>,
    null: OnceLock<Arc<null::Null>>,
    random: OnceLock<Arc<random::Random>>,
    snowplow: OnceLock<Arc<snowplow::Snowplow>>,
    /// The stack's directory.
    directory: PathBuf,
    /// The ARN of the role in which AWS is asked.
    role: Option<String>,
}

impl Registry {
    /// For a stack in the current directory.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// For a stack in a directory, in which the relative paths of its data sources start.
    pub fn in_directory(directory: &Path) -> Registry {
        Registry { directory: directory.to_owned(), ..Registry::default() }
    }

    /// The same, asking AWS in a role: it is assumed before those that a provider block names.
    pub fn with_role(self, role: Option<String>) -> Registry {
        Registry { role, ..self }
    }

    fn aws(&self) -> &Arc<aws::AwsProvider> {
        self.aws.get_or_init(|| Arc::new(aws::provider().with_role(self.role.clone())))
    }

    fn builtin(&self) -> &Arc<builtin::Builtin> {
        self.builtin.get_or_init(|| Arc::new(builtin::Builtin::new(&self.directory)))
    }

    /// All providers.
    pub fn providers(&self) -> Vec<Arc<dyn Provider>> {
        NAMES.iter().filter_map(|name| self.provider(name)).collect()
    }

    /// The provider of a local name: `aws`.
    pub fn provider(&self, name: &str) -> Option<Arc<dyn Provider>> {
        match name {
            "aws" => Some(Arc::clone(self.aws()) as Arc<dyn Provider>),
            "null" => {
                let made = self.null.get_or_init(|| Arc::new(null::Null::new()));
                Some(Arc::clone(made) as Arc<dyn Provider>)
            }
            "random" => {
                let made = self.random.get_or_init(|| Arc::new(random::Random::new()));
                Some(Arc::clone(made) as Arc<dyn Provider>)
            }
            "snowplow" => {
                let made = self.snowplow.get_or_init(|| Arc::new(snowplow::Snowplow::new()));
                Some(Arc::clone(made) as Arc<dyn Provider>)
            }
            "terraform" => Some(Arc::clone(self.builtin()) as Arc<dyn Provider>),
            _ => None,
        }
    }

    /// The provider of a source address, on either public registry: `registry.terraform.io/hashicorp/aws`,
    /// `registry.opentofu.org/hashicorp/aws`, `hashicorp/aws`.
    pub fn provider_by_source(&self, source: &str) -> Option<Arc<dyn Provider>> {
        let short = source.strip_prefix("registry.opentofu.org/").unwrap_or(source);
        let short = short.strip_prefix("registry.terraform.io/").unwrap_or(short);
        self.providers().into_iter().find(|provider| {
            let own = provider.source();
            own == source || own.strip_prefix("registry.terraform.io/").is_some_and(|own| own == short)
        })
    }

    /// The resource type of a name, `aws_lb`, be it known by its schema only
    /// ([`ResourceType::is_schema_only`]).
    pub fn resource_type(&self, name: &str) -> Option<Arc<dyn ResourceType>> {
        let provider = self.provider(provider_name(name))?;
        let own = provider.resource_types().iter().find(|ty| ty.name() == name).cloned();
        own.or_else(|| provider.schema_only_resource_type(name))
    }

    /// The data source of a name, `aws_region`, be it known by its schema only ([`DataSource::is_schema_only`]).
    pub fn data_source(&self, name: &str) -> Option<Arc<dyn DataSource>> {
        let provider = self.provider(provider_name(name))?;
        let own = provider.data_sources().iter().find(|ty| ty.name() == name).cloned();
        own.or_else(|| provider.schema_only_data_source(name))
    }

    /// The resource type that a mistyped name most likely means.
    pub fn similar_resource_type(&self, name: &str) -> Option<&'static str> {
        let providers = self.providers();
        let names = providers.iter().flat_map(|provider| provider.resource_type_names());
        did_you_mean(name, names)
    }

    /// The data source that a mistyped name most likely means.
    pub fn similar_data_source(&self, name: &str) -> Option<&'static str> {
        let providers = self.providers();
        let names = providers.iter().flat_map(|provider| provider.data_source_names());
        did_you_mean(name, names)
    }
}

/// The local name of the provider that a type belongs to when the code names none: what stands before the first
/// underscore.
pub fn provider_name(type_name: &str) -> &str {
    type_name.split_once('_').map_or(type_name, |(provider, _)| provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_by_name() {
        let registry = Registry::new();
        assert_eq!(registry.resource_type("aws_kinesis_stream").unwrap().name(), "aws_kinesis_stream");
        assert_eq!(registry.data_source("aws_region").unwrap().name(), "aws_region");
        assert!(registry.resource_type("aws_region").is_none(), "a data source is no resource");
        assert!(registry.resource_type("google_thing").is_none());
    }

    #[test]
    fn a_mistyped_name_has_a_suggestion() {
        let registry = Registry::new();
        assert_eq!(registry.similar_resource_type("aws_kinesis_streem"), Some("aws_kinesis_stream"));
        assert_eq!(registry.similar_data_source("aws_callr_identity"), Some("aws_caller_identity"));
        assert_eq!(registry.similar_resource_type("completely_else"), None);
    }

    #[test]
    fn sources_of_both_registries_are_the_same_provider() {
        let registry = Registry::new();
        for source in
            ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws", "hashicorp/aws"]
        {
            assert_eq!(registry.provider_by_source(source).unwrap().name(), "aws", "{source}");
        }
        assert!(registry.provider_by_source("registry.terraform.io/other/aws").is_none());
    }
}
