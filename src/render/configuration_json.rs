//! The `configuration` of a plan's JSON: what the code says, with constants and references instead of expressions.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::address::{Mode, ModulePath, Resource};
use crate::config::{Configuration, Module, ResourceBlock, default_source};
use crate::graph::references::provider_of;
use crate::lang::ast::{Body, Expr, ExprKind, ObjectKey, Step, StepKind, TemplatePart, Traversal};
use crate::lang::diagnostic::Diagnostic;
use crate::lang::eval::{Scope, evaluate};
use crate::lang::functions::Host;
use crate::lang::print::quote;
use crate::lang::reference::{self, Reference};
use crate::lang::value::Value;
use crate::provider::registry::Registry;
use crate::schema::{BlockSchema, Nesting};
use crate::state::encode_plain;

use super::with_schema;

/// The scope of expressions without references and calls.
struct Nothing;

impl Scope for Nothing {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        Err(Diagnostic::error("Not constant", "The expression refers to something.").at(traversal.span))
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

/// The configuration as JSON.
pub(super) fn configuration(configuration: &Configuration, registry: &Registry) -> Json {
    let mut members = Map::new();
    let providers = providers(configuration, registry);
    if !providers.is_empty() {
        members.insert("provider_config".into(), Json::Object(providers));
    }
    let root = ModulePath::root();
    members.insert("root_module".into(), module(configuration, &root, configuration.root(), registry));
    Json::Object(members)
}

fn provider_key(path: &ModulePath, name: &str, alias: Option<&str>) -> String {
    let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
    if path.is_root() { format!("{name}{alias}") } else { format!("{path}:{name}{alias}") }
}

fn providers(configuration: &Configuration, registry: &Registry) -> Map<String, Json> {
    let mut found: Vec<(String, Json)> = Vec::new();
    for (path, module) in &configuration.modules {
        let mut used: Vec<(ModulePath, std::sync::Arc<str>, Option<std::sync::Arc<str>>)> = module
            .providers
            .keys()
            .map(|(name, alias)| (path.clone(), name.clone(), alias.clone()))
            .collect();
        used.extend(module.resources.values().map(|block| provider_of(configuration, path, block)));
        for (path, name, alias) in used {
            let key = provider_key(&path, &name, alias.as_deref());
            if found.iter().any(|(known, _)| *known == key) {
                continue;
            }
            let declared = configuration.modules.get(&path);
            let required = declared.and_then(|module| module.required_providers.get(&name));
            let source = match (required, registry.provider(&name)) {
                (Some(required), _) => required.source.clone(),
                (None, Some(provider)) => provider.source().to_owned(),
                (None, None) => default_source(&name),
            };
            let mut members = Map::new();
            members.insert("name".into(), json!(&*name));
            members.insert("full_name".into(), json!(source));
            if let Some(alias) = &alias {
                members.insert("alias".into(), json!(&**alias));
            }
            if let Some((version, _)) = required.and_then(|required| required.version.as_ref()) {
                members.insert("version_constraint".into(), json!(version));
            }
            if !path.is_root() {
                members.insert("module_address".into(), json!(path.to_string()));
            }
            let block = declared.and_then(|module| module.providers.get(&(name.clone(), alias)));
            if let Some(block) = block {
                let provider = registry.provider(&name);
                let schema = provider.as_ref().map(|provider| &provider.schema().block);
                let own = expressions(&block.body, schema);
                if !own.is_empty() {
                    members.insert("expressions".into(), Json::Object(own));
                }
            }
            found.push((key, Json::Object(members)));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    found.into_iter().collect()
}

fn module(configuration: &Configuration, path: &ModulePath, module: &Module, registry: &Registry) -> Json {
    let mut members = Map::new();
    let outputs: Map<String, Json> = module
        .outputs
        .iter()
        .map(|(name, output)| {
            let mut members = Map::new();
            if output.sensitive {
                members.insert("sensitive".into(), json!(true));
            }
            members.insert("expression".into(), expression(&output.expr));
            if let Some(description) = &output.description {
                members.insert("description".into(), json!(description));
            }
            insert_depends_on(&mut members, &output.depends_on);
            (name.to_string(), Json::Object(members))
        })
        .collect();
    if !outputs.is_empty() {
        members.insert("outputs".into(), Json::Object(outputs));
    }
    // Here managed resources come first.
    let of_mode = |mode: Mode| module.resources.values().filter(move |block| block.resource.mode == mode);
    let resources: Vec<Json> = of_mode(Mode::Managed)
        .chain(of_mode(Mode::Data))
        .map(|block| resource(configuration, path, block, registry))
        .collect();
    if !resources.is_empty() {
        members.insert("resources".into(), Json::Array(resources));
    }
    let mut calls = Map::new();
    for (name, call) in &module.calls {
        let mut members = Map::new();
        members.insert("source".into(), json!(call.source));
        let arguments: Map<String, Json> = call
            .arguments
            .iter()
            .map(|(name, argument)| (name.to_string(), expression(&argument.expr)))
            .collect();
        if !arguments.is_empty() {
            members.insert("expressions".into(), Json::Object(arguments));
        }
        insert_repetition(&mut members, call.count.as_ref(), call.for_each.as_ref());
        let child = path.child(std::sync::Arc::clone(name));
        if let Some(called) = configuration.modules.get(&child) {
            members.insert("module".into(), self::module(configuration, &child, called, registry));
        }
        if let Some((version, _)) = &call.version {
            members.insert("version_constraint".into(), json!(version));
        }
        insert_depends_on(&mut members, &call.depends_on);
        calls.insert(name.to_string(), Json::Object(members));
    }
    if !calls.is_empty() {
        members.insert("module_calls".into(), Json::Object(calls));
    }
    let variables: Map<String, Json> = module
        .variables
        .iter()
        .map(|(name, variable)| {
            let mut members = Map::new();
            if let Some(default) = &variable.default {
                let shown = if variable.sensitive && !default.is_null() {
                    json!(super::plan_json::MASK)
                } else {
                    encode_plain(default)
                };
                members.insert("default".into(), shown);
            }
            if let Some(description) = &variable.description {
                members.insert("description".into(), json!(description));
            }
            if variable.sensitive {
                members.insert("sensitive".into(), json!(true));
            }
            (name.to_string(), Json::Object(members))
        })
        .collect();
    if !variables.is_empty() {
        members.insert("variables".into(), Json::Object(variables));
    }
    Json::Object(members)
}

fn resource(
    configuration: &Configuration,
    path: &ModulePath,
    block: &ResourceBlock,
    registry: &Registry,
) -> Json {
    let Resource { mode, ty, name } = &block.resource;
    let (owner, provider, alias) = provider_of(configuration, path, block);
    let mut members = Map::new();
    members.insert("address".into(), json!(block.resource.to_string()));
    members.insert("mode".into(), json!(mode.to_string()));
    members.insert("type".into(), json!(&**ty));
    members.insert("name".into(), json!(&**name));
    members.insert("provider_config_key".into(), json!(provider_key(&owner, &provider, alias.as_deref())));
    let version = with_schema(registry, &block.resource, |schema| {
        let own = expressions(&block.body, schema.map(|schema| &schema.block));
        if !own.is_empty() {
            members.insert("expressions".into(), Json::Object(own));
        }
        schema.map_or(0, |schema| schema.version)
    });
    members.insert("schema_version".into(), json!(version));
    insert_repetition(&mut members, block.count.as_ref(), block.for_each.as_ref());
    insert_depends_on(&mut members, &block.depends_on);
    Json::Object(members)
}

fn insert_repetition(members: &mut Map<String, Json>, count: Option<&Expr>, for_each: Option<&Expr>) {
    for (name, expr) in [("count_expression", count), ("for_each_expression", for_each)] {
        let own = expr.map_or_else(|| json!({}), expression);
        // Of what only calls functions there is nothing to be told.
        if own != json!({}) {
            members.insert(name.to_owned(), own);
        }
    }
}

fn insert_depends_on(members: &mut Map<String, Json>, depends_on: &[Traversal]) {
    if !depends_on.is_empty() {
        let named: Vec<String> = depends_on.iter().map(traversal_text).collect();
        members.insert("depends_on".into(), json!(named));
    }
}

/// The arguments and blocks of a body. Without a schema blocks are lists.
fn expressions(body: &Body, schema: Option<&BlockSchema>) -> Map<String, Json> {
    let mut members: Map<String, Json> = body
        .attributes
        .iter()
        .map(|attribute| {
            let name = &attribute.name.name;
            let mut own = expression(&attribute.expr);
            let secret =
                schema.and_then(|schema| schema.attributes.get(name)).is_some_and(|own| own.sensitive);
            if secret && let Some(value) = own.get_mut("constant_value").filter(|value| !value.is_null()) {
                *value = json!(super::plan_json::MASK);
            }
            (name.to_string(), own)
        })
        .collect();
    for block in &body.blocks {
        let kind = &*block.kind.name;
        let nested = schema.and_then(|schema| schema.blocks.get(kind));
        let own = Json::Object(expressions(&block.body, nested.map(|nested| &nested.block)));
        match nested.map(|nested| nested.nesting) {
            Some(Nesting::Single) => {
                members.insert(kind.to_owned(), own);
            }
            Some(Nesting::Map) => {
                let label = block.labels.first().map(|label| label.value.to_string()).unwrap_or_default();
                if let Json::Object(labelled) = members.entry(kind).or_insert_with(|| json!({})) {
                    labelled.insert(label, own);
                }
            }
            _ => {
                if let Json::Array(all) = members.entry(kind).or_insert_with(|| json!([])) {
                    all.push(own);
                }
            }
        }
    }
    members.sort_keys();
    members
}

/// `constant_value` of what refers to nothing and calls nothing, else `references`; neither if it only calls.
fn expression(expr: &Expr) -> Json {
    let mut references: Vec<String> = Vec::new();
    reference::traversals(expr, &mut |traversal| {
        for text in names(traversal) {
            if !references.contains(&text) {
                references.push(text);
            }
        }
    });
    if !references.is_empty() {
        return json!({ "references": references });
    }
    if calls(expr) {
        return json!({});
    }
    let (value, diagnostics) = evaluate(expr, &Nothing);
    if diagnostics.has_errors() {
        return json!({});
    }
    json!({ "constant_value": encode_plain(&value) })
}

/// Whether an expression calls a function.
fn calls(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(_) => true,
        ExprKind::Literal(_) | ExprKind::Traversal(_) | ExprKind::SplatItem => false,
        ExprKind::Template(parts) => parts.iter().any(part_calls),
        ExprKind::TemplateWrap(inner)
        | ExprKind::Parens(inner)
        | ExprKind::JsonString { template: inner, .. } => calls(inner),
        ExprKind::Relative { source, .. } => calls(source),
        ExprKind::Index { collection, key, .. } => calls(collection) || calls(key),
        ExprKind::Splat { source, each, .. } => calls(source) || calls(each),
        ExprKind::Conditional { condition, yes, no } => calls(condition) || calls(yes) || calls(no),
        ExprKind::Binary { left, right, .. } => calls(left) || calls(right),
        ExprKind::Unary { operand, .. } => calls(operand),
        ExprKind::Tuple(elements) => elements.iter().any(calls),
        ExprKind::Object(items) => items
            .iter()
            .any(|item| matches!(&item.key, ObjectKey::Expr(key) if calls(key)) || calls(&item.value)),
        ExprKind::For(each) => {
            calls(&each.collection)
                || calls(&each.value)
                || each.key.iter().chain(each.condition.iter()).any(calls)
        }
    }
}

fn part_calls(part: &TemplatePart) -> bool {
    match part {
        TemplatePart::Text { .. } => false,
        TemplatePart::Interpolation(expr) => calls(expr),
        TemplatePart::If { condition, yes, no, .. } => {
            calls(condition) || yes.iter().chain(no).any(part_calls)
        }
        TemplatePart::For { collection, body, .. } => calls(collection) || body.iter().any(part_calls),
    }
}

fn step_text(step: &Step) -> String {
    match &step.kind {
        StepKind::Attribute(name) => format!(".{name}"),
        StepKind::Key(key) => format!("[{}]", quote(key)),
        StepKind::Index(index) => format!("[{index}]"),
    }
}

fn traversal_text(traversal: &Traversal) -> String {
    let mut text = traversal.root.name.to_string();
    text.extend(traversal.steps.iter().map(step_text));
    text
}

/// What a traversal refers to, from all of it to the thing itself: `aws_lb.x[0].arn`, `aws_lb.x[0]`, `aws_lb.x`.
fn names(traversal: &Traversal) -> Vec<String> {
    let Ok(parsed) = reference::parse(traversal) else { return Vec::new() };
    let mut texts = Vec::new();
    let mut text = traversal.root.name.to_string();
    for (index, step) in traversal.steps.iter().enumerate() {
        if index >= parsed.used {
            texts.push(text.clone());
        }
        text.push_str(&step_text(step));
    }
    texts.push(text);
    texts.reverse();
    // An element of a value is not named, only what holds it.
    if matches!(parsed.reference, Reference::Self_) && texts.len() > 1 {
        texts.pop();
    }
    texts
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::config::{LoadOptions, load};
    use crate::lang::source::SourceMap;

    /// With lists of references in order, and each of them once: Terraform repeats some. Defaults of sensitive
    /// variables, which it shows, are hidden.
    fn normal(json: &Json) -> Json {
        match json {
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| {
                        let mut value = normal(value);
                        if let ("references", Json::Array(all)) = (name.as_str(), &mut value) {
                            all.sort_by_key(Json::to_string);
                            all.dedup();
                        }
                        let is_secret = name == "default" && members.get("sensitive") == Some(&json!(true));
                        (name.clone(), if is_secret { json!(super::super::plan_json::MASK) } else { value })
                    })
                    .collect(),
            ),
            Json::Array(items) => Json::Array(items.iter().map(normal).collect()),
            other => other.clone(),
        }
    }

    // Each is what Terraform 1.11.4 made of the same files.
    #[test]
    fn configurations_are_those_of_the_conformance_stacks() {
        let stacks = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/stacks");
        let registry = Registry::new();
        let (mut checked, mut wrong) = (0, Vec::new());
        for stack in std::fs::read_dir(stacks).unwrap() {
            for step in std::fs::read_dir(stack.unwrap().path()).unwrap() {
                let step = step.unwrap().path();
                // Terraform names the implied provider of a module with `count` by the module, we by the root module
                // which it is inherited from. The name means something only within the document.
                if step.ends_with("module-count/02") {
                    continue;
                }
                let Ok(text) = std::fs::read_to_string(step.join("plan.json")) else { continue };
                let Ok(plan) = serde_json::from_str::<Json>(&text) else { continue };
                let options = LoadOptions { directory: step.join("config"), shown: PathBuf::new() };
                let (stack, diagnostics) = load(&options, &SourceMap::new());
                if diagnostics.has_errors() {
                    continue;
                }
                let ours = normal(&configuration(&stack, &registry));
                let theirs = normal(&plan["configuration"]);
                checked += 1;
                if ours != theirs {
                    wrong.push(format!("{}\n  ours   {ours}\n  theirs {theirs}", step.display()));
                }
            }
        }
        assert!(checked > 50, "only {checked} configurations could be loaded");
        assert!(wrong.is_empty(), "{} of {checked}:\n{}", wrong.len(), wrong.join("\n"));
    }
}
