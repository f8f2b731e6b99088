//! What a resource type, data source or provider configuration is made of.
//!
//! A schema is data: which arguments exist, who sets them (code, AWS or both), what equality means for them
//! and which of them cannot be changed in place. Planning and comparison know no resource type, only schemas.

pub mod decode;
pub mod equality;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

pub use equality::Equality;

/// A resource type's, data source's or provider's schema.
#[derive(Clone, Debug)]
pub struct Schema {
    /// The version of the attributes' layout in state files. As the AWS provider's.
    pub version: u64,
    pub block: BlockSchema,
}

#[derive(Clone, Debug, Default)]
pub struct BlockSchema {
    pub attributes: BTreeMap<Arc<str>, AttributeSchema>,
    pub blocks: BTreeMap<Arc<str>, NestedBlock>,
}

/// One argument or computed attribute. Which of `required`, `optional` and `computed` are set says who may
/// give the value: the code must, the code may, AWS does (alone, or where the code leaves it out).
#[derive(Clone, Debug)]
pub struct AttributeSchema {
    pub ty: Type,
    pub required: bool,
    pub optional: bool,
    pub computed: bool,
    pub sensitive: bool,
    /// Sent to AWS, never stored and never readable.
    pub write_only: bool,
    pub deprecated: bool,
    /// What an optional argument is when the code leaves it out, be it computed or not. Providers of the newer kind say
    /// of each argument with a default that it is computed; those of AWS's older kind never do.
    pub default: Option<Value>,
    /// AWS cannot change it in place: another value means another object.
    pub forces_replacement: bool,
    pub equality: Equality,
    /// It lives in code and state only; AWS knows nothing of it, so there is no live value.
    pub code_only: bool,
    /// A computed attribute that every update of the object renews, such as a template's latest version:
    /// unknown in a plan that updates the object.
    pub renewed: bool,
    /// May also be written as blocks: the legacy spelling of lists and sets of objects.
    pub as_blocks: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// At most one; an object, or null when absent (`timeouts`).
    Single,
    /// A list of objects, empty when absent.
    List,
    /// A set of objects, empty when absent.
    Set,
    /// A map of objects by label.
    Map,
}

/// A block type within a block.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    pub nesting: Nesting,
    pub min_items: usize,
    /// No limit if `None`.
    pub max_items: Option<usize>,
    pub block: BlockSchema,
    /// AWS fills it in where the code leaves it out (the provider's optional and computed blocks).
    pub computed: bool,
    /// Adding or removing the block as a whole means another object.
    pub forces_replacement: bool,
}

impl AttributeSchema {
    fn new(ty: Type) -> AttributeSchema {
        AttributeSchema {
            ty,
            required: false,
            optional: false,
            computed: false,
            sensitive: false,
            write_only: false,
            deprecated: false,
            default: None,
            forces_replacement: false,
            equality: Equality::Exact,
            code_only: false,
            renewed: false,
            as_blocks: false,
        }
    }

    /// The code must set it.
    pub fn required(ty: Type) -> AttributeSchema {
        AttributeSchema { required: true, ..AttributeSchema::new(ty) }
    }

    /// The code may set it; left out, it is null or its default.
    pub fn optional(ty: Type) -> AttributeSchema {
        AttributeSchema { optional: true, ..AttributeSchema::new(ty) }
    }

    /// Only AWS sets it.
    pub fn computed(ty: Type) -> AttributeSchema {
        AttributeSchema { computed: true, ..AttributeSchema::new(ty) }
    }

    /// The code may set it; left out, AWS does.
    pub fn optional_computed(ty: Type) -> AttributeSchema {
        AttributeSchema { optional: true, computed: true, ..AttributeSchema::new(ty) }
    }

    pub fn default(mut self, value: impl Into<Value>) -> AttributeSchema {
        self.default = Some(value.into());
        self
    }

    pub fn forces_replacement(mut self) -> AttributeSchema {
        self.forces_replacement = true;
        self
    }

    pub fn equality(mut self, equality: Equality) -> AttributeSchema {
        self.equality = equality;
        self
    }

    pub fn sensitive(mut self) -> AttributeSchema {
        self.sensitive = true;
        self
    }

    pub fn write_only(mut self) -> AttributeSchema {
        self.write_only = true;
        self
    }

    pub fn deprecated(mut self) -> AttributeSchema {
        self.deprecated = true;
        self
    }

    pub fn code_only(mut self) -> AttributeSchema {
        self.code_only = true;
        self
    }

    pub fn renewed(mut self) -> AttributeSchema {
        self.renewed = true;
        self
    }

    pub fn as_blocks(mut self) -> AttributeSchema {
        self.as_blocks = true;
        self
    }

    /// Whether code can set it at all.
    pub fn is_argument(&self) -> bool {
        self.required || self.optional
    }
}

impl NestedBlock {
    fn new(nesting: Nesting, block: BlockSchema) -> NestedBlock {
        NestedBlock {
            nesting,
            min_items: 0,
            max_items: None,
            block,
            computed: false,
            forces_replacement: false,
        }
    }

    /// A block that may be repeated, in order.
    pub fn list(block: BlockSchema) -> NestedBlock {
        NestedBlock::new(Nesting::List, block)
    }

    /// A block that may be repeated, in any order.
    pub fn set(block: BlockSchema) -> NestedBlock {
        NestedBlock::new(Nesting::Set, block)
    }

    /// A block that may stand at most once, stored as a list of at most one object.
    pub fn one(block: BlockSchema) -> NestedBlock {
        NestedBlock::new(Nesting::List, block).at_most(1)
    }

    /// A block that may stand at most once, stored as an object.
    pub fn single(block: BlockSchema) -> NestedBlock {
        NestedBlock::new(Nesting::Single, block)
    }

    pub fn at_least(mut self, count: usize) -> NestedBlock {
        self.min_items = count;
        self
    }

    pub fn at_most(mut self, count: usize) -> NestedBlock {
        self.max_items = Some(count);
        self
    }

    pub fn computed(mut self) -> NestedBlock {
        self.computed = true;
        self
    }

    pub fn forces_replacement(mut self) -> NestedBlock {
        self.forces_replacement = true;
        self
    }

    /// The type of the attribute that holds all blocks of the kind.
    pub fn implied_type(&self) -> Type {
        let object = self.block.implied_type();
        match self.nesting {
            Nesting::Single => object,
            Nesting::List => Type::list(object),
            Nesting::Set => Type::set(object),
            Nesting::Map => Type::map(object),
        }
    }

    /// What stands for the blocks when there are none.
    pub fn absent(&self) -> Value {
        let object = self.block.implied_type();
        match self.nesting {
            Nesting::Single => Value::null(object),
            Nesting::List => Value::list(object, Vec::new()),
            Nesting::Set => Value::set(object, Vec::new()),
            Nesting::Map => Value::map(object, BTreeMap::new()),
        }
    }
}

impl BlockSchema {
    pub fn new() -> BlockSchema {
        BlockSchema::default()
    }

    pub fn attribute(mut self, name: &str, attribute: AttributeSchema) -> BlockSchema {
        self.attributes.insert(name.into(), attribute);
        self
    }

    pub fn block(mut self, name: &str, block: NestedBlock) -> BlockSchema {
        self.blocks.insert(name.into(), block);
        self
    }

    /// The usual `id`: set by AWS, tolerated in code.
    pub fn id(self) -> BlockSchema {
        self.attribute("id", AttributeSchema::optional_computed(Type::String))
    }

    /// `tags`, and `tags_all` which has the provider's default tags merged in.
    pub fn tags(self) -> BlockSchema {
        self.attribute("tags", AttributeSchema::optional(Type::map(Type::String)))
            .attribute("tags_all", AttributeSchema::optional_computed(Type::map(Type::String)))
    }

    /// A `timeouts` block with a duration for each of the actions named. Lives in code and state only.
    pub fn timeouts(self, actions: &[&str]) -> BlockSchema {
        let block = actions.iter().fold(BlockSchema::new(), |block, action| {
            block.attribute(action, AttributeSchema::optional(Type::String).code_only())
        });
        self.block("timeouts", NestedBlock::single(block))
    }

    /// The type of an object of this schema.
    pub fn implied_type(&self) -> Type {
        let attributes =
            self.attributes.iter().map(|(name, attribute)| (Arc::clone(name), attribute.ty.clone()));
        let blocks = self.blocks.iter().map(|(name, block)| (Arc::clone(name), block.implied_type()));
        Type::object(attributes.chain(blocks))
    }

    /// An object of this schema with the given attributes; what is not given is null, or no block. A name that
    /// the schema does not have is left out; values are converted to the attribute's type where that works
    /// and are null where it does not.
    pub fn object<'a>(&self, given: impl IntoIterator<Item = (&'a str, Value)>) -> Value {
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for (name, value) in given {
            let Some((name, ty)) = self.entry(name) else {
                debug_assert!(false, "the schema has no attribute {name}");
                continue;
            };
            let converted = value.convert(&ty);
            debug_assert!(converted.is_ok(), "attribute {name}: {converted:?}");
            entries.insert(name, converted.unwrap_or_else(|_| Value::null(ty)));
        }
        for (name, attribute) in &self.attributes {
            entries.entry(Arc::clone(name)).or_insert_with(|| Value::null(attribute.ty.clone()));
        }
        for (name, block) in &self.blocks {
            entries.entry(Arc::clone(name)).or_insert_with(|| block.absent());
        }
        Kind::Object(Arc::new(entries)).into()
    }

    /// Name and type of an attribute or block kind.
    fn entry(&self, name: &str) -> Option<(Arc<str>, Type)> {
        if let Some((name, attribute)) = self.attributes.get_key_value(name) {
            return Some((Arc::clone(name), attribute.ty.clone()));
        }
        self.blocks.get_key_value(name).map(|(name, block)| (Arc::clone(name), block.implied_type()))
    }

    pub fn has_tags_all(&self) -> bool {
        self.attributes.contains_key("tags") && self.attributes.contains_key("tags_all")
    }
}

impl BlockSchema {
    /// An object of this schema with its sensitive attributes marked.
    pub fn marked(&self, object: &Value) -> Value {
        let Some(entries) = object.as_entries() else { return object.clone() };
        let mut changed = entries.clone();
        for (name, attribute) in &self.attributes {
            if attribute.sensitive
                && let Some(value) = changed.get_mut(name)
            {
                *value = value.clone().sensitive();
            }
        }
        for (name, nested) in &self.blocks {
            if !nested.block.has_sensitive() {
                continue;
            }
            if let Some(value) = changed.get_mut(name) {
                let own = value.marks;
                *value = match &value.kind {
                    Kind::List(element, elements) => Value::list(
                        Type::clone(element),
                        elements.iter().map(|element| nested.block.marked(element)).collect(),
                    ),
                    Kind::Set(element, elements) => Value::set(
                        Type::clone(element),
                        elements.iter().map(|element| nested.block.marked(element)),
                    ),
                    Kind::Object(_) => nested.block.marked(value),
                    _ => value.clone(),
                }
                .with_marks(own);
            }
        }
        Value { kind: Kind::Object(Arc::new(changed)), marks: object.marks }
    }

    fn has_sensitive(&self) -> bool {
        self.attributes.values().any(|attribute| attribute.sensitive)
            || self.blocks.values().any(|nested| nested.block.has_sensitive())
    }
}

impl Schema {
    pub fn new(version: u64, block: BlockSchema) -> Schema {
        Schema { version, block }
    }
}
