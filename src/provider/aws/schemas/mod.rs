//! The schemas of all types of provider 5.100.0, for those that recon does not implement.
//!
//! `aws-5.100.0.json.gz` is what the provider answers to `terraform providers schema`, shortened: an attribute is its type
//! and a word of flags (R required, O optional, C computed, S sensitive, D deprecated). It is unpacked when a type is
//! asked for that recon does not implement, and of that type alone the schema is made.

mod known;

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::provider::{DataSource, ResourceType};
use crate::schema::{AttributeSchema, BlockSchema, Equality, NestedBlock, Nesting, Schema};

use known::{KnownDataSource, KnownResourceType};

static PACKED: &[u8] = include_bytes!("aws-5.100.0.json.gz");

/// What the file holds, schemas still as text.
#[derive(Deserialize, Default)]
struct File<'a> {
    #[serde(borrow)]
    resources: BTreeMap<&'a str, &'a RawValue>,
    #[serde(borrow)]
    data_sources: BTreeMap<&'a str, &'a RawValue>,
}

/// The unpacked file.
fn file() -> &'static File<'static> {
    static TEXT: OnceLock<String> = OnceLock::new();
    static FILE: OnceLock<File<'static>> = OnceLock::new();
    let text = TEXT.get_or_init(|| {
        let mut text = String::new();
        let read = flate2::read::GzDecoder::new(PACKED).read_to_string(&mut text);
        debug_assert!(read.is_ok(), "{read:?}");
        text
    });
    FILE.get_or_init(|| {
        let file = serde_json::from_str(text);
        debug_assert!(file.is_ok(), "the schemas are no such JSON");
        file.unwrap_or_default()
    })
}

/// Types that were asked for before, by name.
type Made<T> = Mutex<BTreeMap<&'static str, Arc<T>>>;

/// A resource type of the provider, by its schema alone.
pub(super) fn resource_type(name: &str) -> Option<Arc<dyn ResourceType>> {
    static MADE: Made<KnownResourceType> = Mutex::new(BTreeMap::new());
    let (name, raw) = file().resources.get_key_value(name)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ty) = made.get(name) {
        return Some(Arc::clone(ty) as Arc<dyn ResourceType>);
    }
    let ty = Arc::new(KnownResourceType::new(name, schema(raw)?));
    made.insert(name, Arc::clone(&ty));
    Some(ty)
}

/// A data source of the provider, by its schema alone.
pub(super) fn data_source(name: &str) -> Option<Arc<dyn DataSource>> {
    static MADE: Made<KnownDataSource> = Mutex::new(BTreeMap::new());
    let (name, raw) = file().data_sources.get_key_value(name)?;
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(source) = made.get(name) {
        return Some(Arc::clone(source) as Arc<dyn DataSource>);
    }
    let source = Arc::new(KnownDataSource::new(name, schema(raw)?));
    made.insert(name, Arc::clone(&source));
    Some(source)
}

/// The names of all resource types of the provider.
pub(super) fn resource_type_names() -> impl Iterator<Item = &'static str> {
    file().resources.keys().copied()
}

/// The names of all data sources of the provider.
pub(super) fn data_source_names() -> impl Iterator<Item = &'static str> {
    file().data_sources.keys().copied()
}

fn schema(raw: &RawValue) -> Option<Schema> {
    let facts: Json = serde_json::from_str(raw.get()).ok()?;
    Some(Schema::new(facts["schema_version"].as_u64().unwrap_or(0), block(&facts)))
}

fn block(facts: &Json) -> BlockSchema {
    let mut made = BlockSchema::new();
    let attributes = facts["attributes"].as_object();
    for (name, fact) in attributes.into_iter().flatten() {
        let Some(ty) = Type::from_json(&fact[0]) else { continue };
        let mut attribute = attribute(ty, fact[1].as_str().unwrap_or_default());
        // The file does not tell them apart, but the provider has a version beside each argument that is never stored.
        let is_versioned = attributes.is_some_and(|all| all.contains_key(&format!("{name}_version")));
        attribute.write_only = name.ends_with("_wo") && is_versioned;
        made = made.attribute(name, attribute);
    }
    for (name, fact) in facts["blocks"].as_object().into_iter().flatten() {
        let inner = block(fact);
        let nested = match fact["nesting"].as_str() {
            // The one block that is an object is `timeouts`, of which AWS knows nothing.
            Some("single") => NestedBlock::single(code_only(inner)),
            Some("set") => NestedBlock::set(inner),
            Some("map") => NestedBlock { nesting: Nesting::Map, ..NestedBlock::list(inner) },
            _ => NestedBlock::list(inner),
        };
        let count = |key: &str| fact[key].as_u64().and_then(|count| usize::try_from(count).ok());
        let nested = NestedBlock {
            min_items: count("min_items").unwrap_or(0),
            max_items: count("max_items"),
            ..nested
        };
        made = made.block(name, nested);
    }
    made
}

fn attribute(ty: Type, flags: &str) -> AttributeSchema {
    // Legacy lists and sets of objects may be written as blocks, too.
    let is_objects =
        matches!(&ty, Type::List(element) | Type::Set(element) if matches!(**element, Type::Object(..)));
    let is_argument = flags.contains(['R', 'O']);
    let equality = if ty == Type::String { Equality::Custom(same_document) } else { Equality::Exact };
    AttributeSchema {
        required: flags.contains('R'),
        optional: flags.contains('O'),
        computed: flags.contains('C'),
        sensitive: flags.contains('S'),
        deprecated: flags.contains('D'),
        as_blocks: is_objects && is_argument,
        ..AttributeSchema::optional(ty)
    }
    .equality(equality)
}

/// Two strings that are JSON documents of the same meaning; for policies that is IAM's.
fn same_document(left: &Value, right: &Value) -> bool {
    let is_document =
        |value: &Value| value.as_str().is_some_and(|text| text.trim_start().starts_with(['{', '[']));
    let is_policy = || left.as_str().is_some_and(|text| text.contains("\"Statement\""));
    is_document(left)
        && is_document(right)
        && (Equality::Json.same(left, right) || is_policy() && Equality::Policy.same(left, right))
}

fn code_only(block: BlockSchema) -> BlockSchema {
    let attributes = block.attributes.into_iter().map(|(name, attribute)| (name, attribute.code_only()));
    BlockSchema { attributes: attributes.collect(), blocks: block.blocks }
}
