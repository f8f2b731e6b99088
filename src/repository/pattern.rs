//! Patterns of resource addresses and of attribute paths, as rules write them.
//!
//! `**` stands for any number of modules, none included, `*` for any text within one name or key, `[*]` for any
//! key. A name without a key means all of its instances, as it does wherever a person names a resource.

use std::fmt;
use std::sync::Arc;

use crate::address::{InstanceAddress, InstanceKey, Mode, ModuleStep, unquoted};
use crate::lang::convert::PathStep;

/// What is wrong with a pattern: full sentences that say what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl PatternError {
    fn new(message: impl Into<String>) -> PatternError {
        PatternError(message.into())
    }
}

/// Which resources a rule is about: `**.aws_autoscaling_group.*`, `module.collector.**`,
/// `module.web["blue"].aws_lb.main`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    text: Arc<str>,
    modules: Vec<ModulePattern>,
    /// `None`: whatever is in the modules.
    resource: Option<ResourcePattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum ModulePattern {
    /// `**`
    Any,
    Call {
        name: Glob,
        key: KeyPattern,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ResourcePattern {
    ty: Glob,
    name: Glob,
    key: KeyPattern,
}

/// Which attributes a rule is about: `desired_capacity`, `tags["Name"]`, `ingress[*].from_port`. A pattern covers
/// what it names and all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributePattern {
    text: Arc<str>,
    steps: Vec<StepPattern>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum StepPattern {
    Name(Glob),
    Key(KeyPattern),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum KeyPattern {
    Any,
    Index(i64),
    Key(Glob),
}

/// Text in which `*` stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Glob(Box<str>);

/// A dotted name and the keys behind it, as it is written.
struct Segment<'t> {
    name: &'t str,
    keys: Vec<KeyPattern>,
}

impl AddressPattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<AddressPattern, PatternError> {
        let segments = segments(text)?;
        let mut rest = segments.as_slice();
        let mut modules = Vec::new();
        loop {
            match rest {
                [any, after @ ..] if any.name == "**" => {
                    if !any.keys.is_empty() {
                        return Err(PatternError::new(
                            "`**` has no key: it stands for any number of modules.",
                        ));
                    }
                    // Two of them mean what one does.
                    if modules.last() != Some(&ModulePattern::Any) {
                        modules.push(ModulePattern::Any);
                    }
                    rest = after;
                }
                [word, call, after @ ..] if word.name == "module" && word.keys.is_empty() => {
                    if call.name == "**" {
                        return Err(PatternError::new(
                            "`**` stands for whole module steps, so write it without `module.` before it.",
                        ));
                    }
                    modules.push(ModulePattern::Call { name: name(call)?, key: single_key(call)? });
                    rest = after;
                }
                _ => break,
            }
        }
        let resource = resource(rest, !modules.is_empty())?;
        if resource.is_none() && modules.last() != Some(&ModulePattern::Any) {
            modules.push(ModulePattern::Any);
        }
        Ok(AddressPattern { text: text.into(), modules, resource })
    }

    /// Whether a managed resource's instance is meant. Data sources never are.
    pub fn matches(&self, address: &InstanceAddress) -> bool {
        address.resource.mode == Mode::Managed
            && self.resource.as_ref().is_none_or(|resource| {
                resource.ty.matches(&address.resource.ty)
                    && resource.name.matches(&address.resource.name)
                    && resource.key.matches(&address.key)
            })
            && modules_match(&self.modules, &address.module.0)
    }
}

/// What is behind the modules: nothing, or a type and a name.
fn resource(rest: &[Segment], in_module: bool) -> Result<Option<ResourcePattern>, PatternError> {
    match rest {
        [] if in_module => Ok(None),
        [data, ..] if data.name == "data" && data.keys.is_empty() => Err(PatternError::new(
            "Data sources are only read and never drift: name managed resources, such as `**.aws_lb.*`.",
        )),
        [one] if one.name == "*" => Err(PatternError::new(
            "`*` stands for one name only. Write `**` for every resource of the stack.",
        )),
        [one] if one.name == "module" => {
            Err(PatternError::new("A module's name is missing: write, for example, `module.network.**`."))
        }
        [one] => Err(PatternError::new(format!(
            "An address has a type and a name. Write `**.{0}.*` for every resource of type {0}.",
            one.name
        ))),
        [ty, resource] => {
            if !ty.keys.is_empty() {
                return Err(PatternError::new(format!(
                    "The type {:?} has a key: a key stands behind the resource's name.",
                    ty.name
                )));
            }
            Ok(Some(ResourcePattern { ty: name(ty)?, name: name(resource)?, key: single_key(resource)? }))
        }
        _ => Err(PatternError::new(
            "An address is `TYPE.NAME`, with `module.NAME.` before it for each module. Write `**.` for any number of \
             modules, and attributes under `attributes`.",
        )),
    }
}

/// Wildcard matching that goes back to the last `**` only: enough, as an earlier one could not do better.
fn modules_match(pattern: &[ModulePattern], steps: &[ModuleStep]) -> bool {
    let (mut at, mut step) = (0, 0);
    let mut retry = None;
    loop {
        match (pattern.get(at), steps.get(step)) {
            (None, None) => return true,
            (Some(ModulePattern::Any), _) => {
                at += 1;
                retry = Some((at, step));
                continue;
            }
            (Some(ModulePattern::Call { name, key }), Some(given))
                if name.matches(&given.name) && key.matches(&given.key) =>
            {
                at += 1;
                step += 1;
                continue;
            }
            _ => {}
        }
        match retry {
            Some((back, begun)) if begun < steps.len() => {
                at = back;
                step = begun + 1;
                retry = Some((back, step));
            }
            _ => return false,
        }
    }
}

impl AttributePattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Result<AttributePattern, PatternError> {
        let mut steps = Vec::new();
        for segment in segments(text)? {
            if segment.name.contains("**") {
                return Err(PatternError::new(
                    "`**` stands for modules. An attribute's name covers all that is in it, and a rule without \
                     `attributes` covers all of them.",
                ));
            }
            steps.push(StepPattern::Name(name(&segment)?));
            steps.extend(segment.keys.into_iter().map(StepPattern::Key));
        }
        Ok(AttributePattern { text: text.into(), steps })
    }

    /// Whether the pattern names the attribute, or something that the attribute is in.
    pub fn matches(&self, path: &[PathStep]) -> bool {
        self.steps.len() <= path.len()
            && self.steps.iter().zip(path).all(|(pattern, step)| match (pattern, step) {
                // `tags.Name` and `tags["Name"]` are one.
                (StepPattern::Name(glob), PathStep::Attribute(name) | PathStep::Key(name)) => {
                    glob.matches(name)
                }
                (
                    StepPattern::Key(KeyPattern::Key(glob)),
                    PathStep::Attribute(name) | PathStep::Key(name),
                ) => glob.matches(name),
                (StepPattern::Key(KeyPattern::Any), PathStep::Key(_) | PathStep::Index(_)) => true,
                (StepPattern::Key(KeyPattern::Index(index)), PathStep::Index(given)) => {
                    usize::try_from(*index) == Ok(*given)
                }
                _ => false,
            })
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for AttributePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl KeyPattern {
    fn matches(&self, key: &InstanceKey) -> bool {
        match (self, key) {
            (KeyPattern::Any, _) => true,
            (KeyPattern::Index(wanted), InstanceKey::Index(given)) => wanted == given,
            (KeyPattern::Key(glob), InstanceKey::Key(given)) => glob.matches(given),
            _ => false,
        }
    }
}

impl Glob {
    fn matches(&self, text: &str) -> bool {
        let Some((head, mut rest)) = self.0.split_once('*') else { return *self.0 == *text };
        let Some(mut text) = text.strip_prefix(head) else { return false };
        while let Some((part, after)) = rest.split_once('*') {
            let Some((_, behind)) = text.split_once(part) else { return false };
            text = behind;
            rest = after;
        }
        text.ends_with(rest)
    }
}

/// A path of an attribute within its resource, as reports write it: `health_check[0].path`, `tags["Name"]`.
/// `None` if the text is not one.
pub fn parse_attribute_path(text: &str) -> Option<Vec<PathStep>> {
    let mut path = Vec::new();
    for segment in segments(text).ok()? {
        if segment.name.contains('*') {
            return None;
        }
        path.push(PathStep::Attribute(name(&segment).ok()?.0.as_ref().into()));
        for key in segment.keys {
            path.push(match key {
                KeyPattern::Any => return None,
                KeyPattern::Index(index) => PathStep::Index(usize::try_from(index).ok()?),
                KeyPattern::Key(key) => PathStep::Key(key.0.as_ref().into()),
            });
        }
    }
    Some(path)
}

/// Splits at the dots that are not in a key.
fn segments(text: &str) -> Result<Vec<Segment<'_>>, PatternError> {
    if text.is_empty() {
        return Err(PatternError::new(
            "The pattern is empty, so it matches nothing: remove it, or name something.",
        ));
    }
    let mut segments = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, mut after) = rest.split_at(end);
        let mut keys = Vec::new();
        while let Some(inside) = after.strip_prefix('[') {
            let (key, behind) = key(inside)?;
            keys.push(key);
            after = behind;
        }
        if name.is_empty() {
            return Err(PatternError::new(format!(
                "A name is missing in {text:?}: names stand between the dots."
            )));
        }
        segments.push(Segment { name, keys });
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Ok(segments),
            None => {
                return Err(PatternError::new("Behind a key stands a dot and the next name, or nothing."));
            }
        }
    }
}

/// What is in brackets, and what follows them.
fn key(inside: &str) -> Result<(KeyPattern, &str), PatternError> {
    const WRONG: &str = "A key is a number, text in quotes, or `*` for any: `[0]`, `[\"blue\"]`, `[*]`.";
    let wrong = || PatternError::new(WRONG);
    if let Some(text) = inside.strip_prefix('"') {
        let (key, after) = unquoted(text).ok_or_else(wrong)?;
        let after = after.strip_prefix(']').ok_or_else(wrong)?;
        return Ok((KeyPattern::Key(Glob(key.into())), after));
    }
    let (key, after) = inside.split_once(']').ok_or_else(wrong)?;
    if key == "*" {
        return Ok((KeyPattern::Any, after));
    }
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    Ok((KeyPattern::Index(key.parse().map_err(|_| wrong())?), after))
}

/// The name of a segment, in which `*` may stand.
fn name(segment: &Segment) -> Result<Glob, PatternError> {
    let name = segment.name;
    if name.contains("**") {
        return Err(PatternError::new(format!(
            "`**` stands alone between dots, for any number of modules. Within a name, as in {name:?}, write `*`."
        )));
    }
    let strange =
        name.chars().find(|letter| !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '*')));
    match strange {
        Some(letter) => Err(PatternError::new(format!(
            "{letter:?} cannot stand in a name. A name has letters, digits, underscores and dashes, and `*` for any of them."
        ))),
        None => Ok(Glob(name.into())),
    }
}

/// The key of a module call or a resource, of which there is at most one.
fn single_key(segment: &Segment) -> Result<KeyPattern, PatternError> {
    match segment.keys.as_slice() {
        [] => Ok(KeyPattern::Any),
        [key] => Ok(key.clone()),
        _ => Err(PatternError::new(format!("{:?} has two keys: an instance has one at most.", segment.name))),
    }
}
