//! Schemas against what hashicorp/aws 5.100.0 itself answers to `terraform providers schema`
//! (`tests/schemas/aws-5.100.0.json`): every attribute's type and flags, every block's nesting and bounds.

use std::collections::BTreeSet;

use recon::lang::types::Type;
use recon::provider::registry::Registry;
use recon::schema::{BlockSchema, Nesting};
use serde_json::Value as Json;

fn facts() -> Json {
    read("aws-5.100.0.json")
}

fn read(name: &str) -> Json {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name);
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The differences between a block and the facts about it, one line each.
fn compare(path: &str, block: &BlockSchema, facts: &Json, differences: &mut Vec<String>) {
    let empty = serde_json::Map::new();
    let attributes = facts["attributes"].as_object().unwrap_or(&empty);
    for name in names(attributes, block.attributes.keys()) {
        let at = format!("{path}.{name}");
        match (attributes.get(&name), block.attributes.get(name.as_str())) {
            (Some(fact), Some(ours)) => {
                let ty = Type::from_json(&fact[0]).unwrap();
                if ty != ours.ty {
                    differences.push(format!("{at}: type is {}, ours {}", ty.to_json(), ours.ty.to_json()));
                }
                let flags: String = [
                    (ours.required, 'R'),
                    (ours.optional, 'O'),
                    (ours.computed, 'C'),
                    (ours.sensitive, 'S'),
                    (ours.deprecated, 'D'),
                ]
                .into_iter()
                .filter_map(|(is_set, letter)| is_set.then_some(letter))
                .collect();
                if fact[1].as_str() != Some(&flags) {
                    differences.push(format!("{at}: flags are {}, ours \"{flags}\"", fact[1]));
                }
            }
            (Some(_), None) => differences.push(format!("{at}: missing")),
            (None, Some(_)) => differences.push(format!("{at}: not an attribute")),
            (None, None) => {}
        }
    }
    let blocks = facts["blocks"].as_object().unwrap_or(&empty);
    for name in names(blocks, block.blocks.keys()) {
        let at = format!("{path}.{name}");
        match (blocks.get(&name), block.blocks.get(name.as_str())) {
            (Some(fact), Some(ours)) => {
                let nesting = match ours.nesting {
                    Nesting::Single => "single",
                    Nesting::List => "list",
                    Nesting::Set => "set",
                    Nesting::Map => "map",
                };
                if fact["nesting"] != nesting {
                    differences.push(format!("{at}: nesting is {}, ours {nesting}", fact["nesting"]));
                }
                let bounds = (fact["min_items"].as_u64().unwrap_or(0), fact["max_items"].as_u64());
                let own_bounds = (ours.min_items as u64, ours.max_items.map(|count| count as u64));
                if bounds != own_bounds {
                    differences.push(format!("{at}: bounds are {bounds:?}, ours {own_bounds:?}"));
                }
                compare(&at, &ours.block, fact, differences);
            }
            (Some(_), None) => differences.push(format!("{at}: block missing")),
            (None, Some(_)) => differences.push(format!("{at}: not a block")),
            (None, None) => {}
        }
    }
}

fn names<'a>(
    facts: &serde_json::Map<String, Json>,
    ours: impl Iterator<Item = &'a std::sync::Arc<str>>,
) -> BTreeSet<String> {
    facts.keys().cloned().chain(ours.map(|name| name.to_string())).collect()
}

#[test]
fn resource_types_have_the_schemas_of_the_provider() {
    let facts = facts();
    let registry = Registry::new();
    let provider = registry.provider("aws").unwrap();
    let mut differences = Vec::new();
    for ty in provider.resource_types() {
        // The provider has load balancers under two names, with one schema.
        let fact = &facts["resources"][ty.name().replace("aws_alb", "aws_lb")];
        assert!(fact.is_object(), "no facts about {}", ty.name());
        let version = fact["schema_version"].as_u64().unwrap_or(0);
        if version != ty.schema().version {
            differences.push(format!(
                "{}: schema version is {version}, ours {}",
                ty.name(),
                ty.schema().version
            ));
        }
        compare(ty.name(), &ty.schema().block, fact, &mut differences);
    }
    assert!(!provider.resource_types().is_empty());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn data_sources_have_the_schemas_of_the_provider() {
    let facts = facts();
    let registry = Registry::new();
    let provider = registry.provider("aws").unwrap();
    let mut differences = Vec::new();
    for ty in provider.data_sources() {
        let fact = &facts["data_sources"][ty.name()];
        assert!(fact.is_object(), "no facts about {}", ty.name());
        compare(&format!("data.{}", ty.name()), &ty.schema().block, fact, &mut differences);
    }
    assert!(!provider.data_sources().is_empty());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// `aws-5.100.0-provider.json` has the provider block, by the same command. What 3.75 spelled otherwise is accepted
/// beside it.
#[test]
fn the_provider_block_is_that_of_the_provider() {
    let facts = read("aws-5.100.0-provider.json");
    let provider = Registry::new().provider("aws").unwrap();
    let mut differences = Vec::new();
    compare("provider", &provider.schema().block, &facts["block"], &mut differences);
    assert_eq!(
        differences,
        [
            "provider.s3_force_path_style: not an attribute",
            "provider.shared_credentials_file: not an attribute",
            "provider.skip_get_ec2_platforms: not an attribute",
            "provider.assume_role.duration_seconds: not an attribute",
        ]
    );
}

/// Rules that every schema keeps, whatever the provider's: what the planner relies on.
#[test]
fn schemas_are_consistent() {
    fn check(path: &str, block: &BlockSchema) {
        for (name, attribute) in &block.attributes {
            let at = format!("{path}.{name}");
            assert!(
                !(attribute.required && (attribute.optional || attribute.computed)),
                "{at}: required and not"
            );
            assert!(attribute.is_argument() || attribute.computed, "{at}: nobody sets it");
            if let Some(default) = &attribute.default {
                // Providers on the newer framework call an argument with a default computed, too.
                assert!(attribute.optional, "{at}: a default of what nobody sets");
                assert_eq!(default.ty(), attribute.ty, "{at}: the default's type");
            }
            assert!(!attribute.renewed || attribute.computed, "{at}: renewed but not computed");
            assert!(
                !attribute.forces_replacement || attribute.is_argument(),
                "{at}: forces replacement unset"
            );
            assert!(!block.blocks.contains_key(name), "{at}: attribute and block");
        }
        for (name, nested) in &block.blocks {
            check(&format!("{path}.{name}"), &nested.block);
        }
    }
    let registry = Registry::new();
    for provider in registry.providers() {
        check(provider.name(), &provider.schema().block);
        for ty in provider.resource_types() {
            check(ty.name(), &ty.schema().block);
        }
        for ty in provider.data_sources() {
            check(ty.name(), &ty.schema().block);
        }
    }
}

/// What the provider answers about all of its types is in the program; recon's own types take precedence over it.
#[test]
fn every_type_of_the_provider_is_known_by_its_schema() {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/provider/aws/schemas/aws-5.100.0.json.gz");
    let packed = std::fs::File::open(path).unwrap();
    let facts: Json = serde_json::from_reader(flate2::read::GzDecoder::new(packed)).unwrap();
    let registry = Registry::new();
    let mut differences = Vec::new();
    let mut schema_only = 0;
    let resources = facts["resources"].as_object().unwrap();
    for (name, fact) in resources {
        let ty = registry.resource_type(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!((ty.name(), ty.schema().version), (&**name, fact["schema_version"].as_u64().unwrap_or(0)));
        compare(name, &ty.schema().block, fact, &mut differences);
        schema_only += usize::from(ty.is_schema_only());
    }
    let implemented = registry.provider("aws").unwrap().resource_types().len();
    assert_eq!((resources.len(), schema_only), (1526, 1526 - implemented));
    let data_sources = facts["data_sources"].as_object().unwrap();
    for (name, fact) in data_sources {
        let source = registry.data_source(name).unwrap_or_else(|| panic!("no {name}"));
        compare(&format!("data.{name}"), &source.schema().block, fact, &mut differences);
    }
    assert_eq!(data_sources.len(), 608);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// What the short form of the schemas does not say, and recon has to.
#[test]
fn what_is_never_stored_and_what_may_be_blocks_is_known() {
    let registry = Registry::new();
    let secret = registry.resource_type("aws_secretsmanager_secret_version").unwrap();
    assert!(secret.schema().block.attributes["secret_string_wo"].write_only);
    assert!(!secret.schema().block.attributes["has_secret_string_wo"].write_only);
    let acl = registry.resource_type("aws_network_acl").unwrap();
    assert!(acl.schema().block.attributes["ingress"].as_blocks);
    let queue = registry.resource_type("aws_sqs_queue").unwrap();
    assert!(queue.schema().block.blocks["timeouts"].block.attributes["create"].code_only);
}
