//! Addresses of modules, resources and their instances: `module.a["x"].aws_lb.main[0]`.
//!
//! Addresses are plain values: they compare and order as state files order them (by module, then mode,
//! type and name; no key before numbers before strings) and print as Terraform prints them.

use std::fmt;
use std::sync::Arc;

use crate::lang::ast::{Step, StepKind, Traversal};

/// The key of one instance of something with `count` or `for_each`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    None,
    Index(i64),
    Key(Arc<str>),
}

/// One module call on the way down from the root, with or without the instance's key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleStep {
    pub name: Arc<str>,
    pub key: InstanceKey,
}

/// A module instance; the root module is the empty path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModuleInstance(pub Arc<[ModuleStep]>);

/// A module of the configuration, whatever its instances: the names of the calls that lead to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ModulePath(pub Arc<[Arc<str>]>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    // Data comes first where addresses are sorted: in state files, plans and their JSON.
    Data,
    Managed,
}

/// A resource within its module: `aws_lb.main`, `data.aws_region.current`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Resource {
    pub mode: Mode,
    pub ty: Arc<str>,
    pub name: Arc<str>,
}

/// A resource block of the configuration, whatever its instances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConfigResource {
    pub module: ModulePath,
    pub resource: Resource,
}

/// A resource in one instance of its module, whatever its own instances.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AbsoluteResource {
    pub module: ModuleInstance,
    pub resource: Resource,
}

/// One instance of a resource: what a state file and a plan speak of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InstanceAddress {
    pub module: ModuleInstance,
    pub resource: Resource,
    pub key: InstanceKey,
}

impl ModuleInstance {
    pub fn root() -> ModuleInstance {
        ModuleInstance::default()
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn child(&self, name: impl Into<Arc<str>>, key: InstanceKey) -> ModuleInstance {
        let step = ModuleStep { name: name.into(), key };
        ModuleInstance(self.0.iter().cloned().chain([step]).collect())
    }

    /// The calling module's instance and the step down from it; `None` for the root.
    pub fn split_last(&self) -> Option<(ModuleInstance, &ModuleStep)> {
        let (last, rest) = self.0.split_last()?;
        Some((ModuleInstance(rest.into()), last))
    }

    pub fn path(&self) -> ModulePath {
        ModulePath(self.0.iter().map(|step| Arc::clone(&step.name)).collect())
    }

    /// Whether this is the other module instance or one inside it.
    pub fn starts_with(&self, other: &ModuleInstance) -> bool {
        self.0.starts_with(&other.0)
    }
}

impl ModulePath {
    pub fn root() -> ModulePath {
        ModulePath::default()
    }

    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub fn child(&self, name: impl Into<Arc<str>>) -> ModulePath {
        ModulePath(self.0.iter().cloned().chain([name.into()]).collect())
    }
}

impl Resource {
    pub fn managed(ty: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Resource {
        Resource { mode: Mode::Managed, ty: ty.into(), name: name.into() }
    }

    pub fn data(ty: impl Into<Arc<str>>, name: impl Into<Arc<str>>) -> Resource {
        Resource { mode: Mode::Data, ty: ty.into(), name: name.into() }
    }
}

impl AbsoluteResource {
    pub fn instance(&self, key: InstanceKey) -> InstanceAddress {
        InstanceAddress { module: self.module.clone(), resource: self.resource.clone(), key }
    }

    pub fn config(&self) -> ConfigResource {
        ConfigResource { module: self.module.path(), resource: self.resource.clone() }
    }
}

impl InstanceAddress {
    pub fn absolute(&self) -> AbsoluteResource {
        AbsoluteResource { module: self.module.clone(), resource: self.resource.clone() }
    }

    pub fn config(&self) -> ConfigResource {
        ConfigResource { module: self.module.path(), resource: self.resource.clone() }
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::None => Ok(()),
            InstanceKey::Index(index) => write!(f, "[{index}]"),
            InstanceKey::Key(key) => write!(f, "[{}]", quoted(key)),
        }
    }
}

/// A string as it stands in an address, and in code: quotes, backslashes, template starts and what cannot be seen are escaped.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if rest.peek() == Some(&'{') => {
                quoted.push(next);
                quoted.push(next);
            }
            other if crate::lang::print::is_printable(other) => quoted.push(other),
            other if (other as u32) <= 0xffff => quoted.push_str(&format!("\\u{:04x}", other as u32)),
            other => quoted.push_str(&format!("\\U{:08x}", other as u32)),
        }
    }
    quoted.push('"');
    quoted
}

impl fmt::Display for ModuleInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}module.{}{}", step.name, step.key)?;
        }
        Ok(())
    }
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}module.{name}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Managed => "managed",
            Mode::Data => "data",
        })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let data = if self.mode == Mode::Data { "data." } else { "" };
        write!(f, "{data}{}.{}", self.ty, self.name)
    }
}

impl fmt::Display for ConfigResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}", self.resource)
    }
}

impl fmt::Display for AbsoluteResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}", self.resource)
    }
}

impl fmt::Display for InstanceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.is_root() {
            write!(f, "{}.", self.module)?;
        }
        write!(f, "{}{}", self.resource, self.key)
    }
}

/// What an address given by a person names: a module with all in it, a resource with all its instances, or
/// one instance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Target {
    Module(ModuleInstance),
    /// A resource; `key` is `None` for all of its instances. A module step without a key likewise means all
    /// instances of the call.
    Resource {
        resource: AbsoluteResource,
        key: Option<InstanceKey>,
    },
}

impl Target {
    /// Reads a traversal such as `module.a["x"].aws_lb.main[0]`. `None` if it is not an address.
    pub fn from_traversal(traversal: &Traversal) -> Option<Target> {
        let mut parts: Vec<Part> = vec![Part::Name(Arc::clone(&traversal.root.name))];
        for Step { kind, .. } in &traversal.steps {
            parts.push(match kind {
                StepKind::Attribute(name) => Part::Name(Arc::clone(name)),
                StepKind::Key(key) => Part::Key(InstanceKey::Key(Arc::clone(key))),
                StepKind::Index(number) => Part::Key(InstanceKey::Index(number.to_i64()?)),
            });
        }
        Target::from_parts(&parts)
    }

    fn from_parts(mut parts: &[Part]) -> Option<Target> {
        let mut module = ModuleInstance::root();
        while let [Part::Name(word), Part::Name(name), rest @ ..] = parts
            && &**word == "module"
        {
            let (key, rest) = match rest {
                [Part::Key(key), rest @ ..] => (key.clone(), rest),
                _ => (InstanceKey::None, rest),
            };
            module = module.child(Arc::clone(name), key);
            parts = rest;
        }
        let (mode, parts) = match parts {
            [] if !module.is_root() => return Some(Target::Module(module)),
            [Part::Name(word), rest @ ..] if &**word == "data" => (Mode::Data, rest),
            other => (Mode::Managed, other),
        };
        let (ty, name, key) = match parts {
            [Part::Name(ty), Part::Name(name)] => (ty, name, None),
            [Part::Name(ty), Part::Name(name), Part::Key(key)] => (ty, name, Some(key.clone())),
            _ => return None,
        };
        let resource = Resource { mode, ty: Arc::clone(ty), name: Arc::clone(name) };
        Some(Target::Resource { resource: AbsoluteResource { module, resource }, key })
    }

    /// Whether an instance is meant. A module step without a key means every instance of that call.
    pub fn covers(&self, instance: &InstanceAddress) -> bool {
        match self {
            Target::Module(module) => module_covers(module, &instance.module, false),
            Target::Resource { resource, key } => {
                resource.resource == instance.resource
                    && module_covers(&resource.module, &instance.module, true)
                    && key.as_ref().is_none_or(|key| *key == instance.key)
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Module(module) => module.fmt(f),
            Target::Resource { resource, key } => {
                write!(f, "{resource}{}", key.as_ref().unwrap_or(&InstanceKey::None))
            }
        }
    }
}

enum Part {
    Name(Arc<str>),
    Key(InstanceKey),
}

fn module_covers(wanted: &ModuleInstance, module: &ModuleInstance, exact: bool) -> bool {
    (if exact { wanted.0.len() == module.0.len() } else { wanted.0.len() <= module.0.len() })
        && wanted.0.iter().zip(module.0.iter()).all(|(wanted, step)| {
            wanted.name == step.name && (wanted.key == InstanceKey::None || wanted.key == step.key)
        })
}

/// Reads an instance's address as state files and command lines write it, such as
/// `module.a["x"].data.aws_ami.this[0]`. `None` if it is not one.
pub fn parse_target(text: &str) -> Option<Target> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    let mut first = true;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('[') {
            let (key, after) = match after.strip_prefix('"') {
                Some(quoted) => {
                    let (key, after) = unquoted(quoted)?;
                    (InstanceKey::Key(key.into()), after)
                }
                None => {
                    let end = after.find(']')?;
                    (InstanceKey::Index(after[..end].parse().ok()?), &after[end..])
                }
            };
            parts.push(Part::Key(key));
            rest = after.strip_prefix(']')?;
            continue;
        }
        if !first {
            rest = rest.strip_prefix('.')?;
        }
        first = false;
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        let mut letters = name.chars();
        let good = letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_')
            && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
        if !good {
            return None;
        }
        parts.push(Part::Name(name.into()));
        rest = &rest[end..];
    }
    Target::from_parts(&parts)
}

/// The text up to the closing quote, escapes resolved, and what follows the quote.
pub(crate) fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match letters.next()?.1 {
                length @ ('u' | 'U') => {
                    let count = if length == 'u' { 4 } else { 8 };
                    let digits: String =
                        (0..count).map_while(|_| letters.next()).map(|(_, digit)| digit).collect();
                    let code = u32::from_str_radix(&digits, 16).ok().filter(|_| digits.len() == count)?;
                    value.push(char::from_u32(code)?);
                }
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            '$' | '%' if text[at..].starts_with("$${") || text[at..].starts_with("%%{") => {
                letters.next();
                value.push(letter);
            }
            other => value.push(other),
        }
    }
    None
}

/// Reads the address of one instance. `None` for a module, a data resource's module, or no address at all.
pub fn parse_instance(text: &str) -> Option<InstanceAddress> {
    match parse_target(text)? {
        Target::Module(_) => None,
        Target::Resource { resource, key } => Some(resource.instance(key.unwrap_or(InstanceKey::None))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_print_as_they_were_read() {
        for text in [
            "aws_lb.main",
            "aws_lb.main[0]",
            "data.aws_region.current",
            "module.a.aws_lb.main[\"x.y\"]",
            "module.a[\"k\"].module.b[2].data.aws_ami.this[\"a\\\"b$${c}\"]",
            "module.a[\"k\"]",
            "terraform_data.family[\"👩\\u200d👩\\U000e0001é\"]",
        ] {
            assert_eq!(parse_target(text).unwrap().to_string(), text);
        }
        for text in ["", "aws_lb", "aws_lb.", "aws_lb.main[", "aws_lb.main[x]", "a.b.c", "module", "1a.b"] {
            assert_eq!(parse_target(text), None, "{text}");
        }
    }

    #[test]
    fn a_target_without_keys_covers_all_instances() {
        let instance = parse_instance("module.a[0].aws_lb.main[\"x\"]").unwrap();
        for text in ["module.a", "module.a[0]", "module.a.aws_lb.main", "module.a[0].aws_lb.main[\"x\"]"] {
            assert!(parse_target(text).unwrap().covers(&instance), "{text}");
        }
        for text in ["module.a[1]", "aws_lb.main", "module.a[0].aws_lb.main[\"y\"]", "module.a.aws_lb.other"]
        {
            assert!(!parse_target(text).unwrap().covers(&instance), "{text}");
        }
    }

    #[test]
    fn instances_order_as_in_state_files() {
        let ordered = ["data.z.z", "a.b", "a.b[0]", "a.b[2]", "a.b[10]", "a.b[\"a\"]", "module.m.a.b"];
        let mut sorted: Vec<InstanceAddress> =
            ordered.iter().map(|text| parse_instance(text).unwrap()).collect();
        sorted.sort();
        let printed: Vec<String> = sorted.iter().map(ToString::to_string).collect();
        assert_eq!(printed, ordered);
    }
}
