//! From the blocks of a module's files to what they declare.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::address::{Mode, Resource};
use crate::lang::ast::{Attribute, Block, Body, Expr, ExprKind, Ident, Label, Step, StepKind, Traversal};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::{self, Scope};
use crate::lang::functions::Host;
use crate::lang::parse::json::expression_in;
use crate::lang::source::Span;
use crate::lang::type_expr::{self, TypeConstraint};
use crate::lang::types::Type;
use crate::lang::value::Value;

use super::shape::{Content, Shape};
use super::{
    Backend, Check, Condition, IgnoreChanges, Import, Lifecycle, Local, ModuleCall, Moved, Output,
    ProviderBlock, ProviderRef, Provisioner, Removed, RequiredProvider, ResourceBlock, Variable,
};

/// The scope of what must be constant: functions of the language, and nothing to refer to.
pub struct ConstantScope;

impl Scope for ConstantScope {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        Err(Diagnostic::error("Variables not allowed", "Variables may not be used here.")
            .at(traversal.root.span))
    }

    fn host(&self) -> &dyn Host {
        self
    }
}

impl Host for ConstantScope {
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

/// Evaluates an expression that must be constant: no references, no calls.
fn constant(expr: &Expr, diagnostics: &mut Diagnostics) -> Option<Value> {
    if let Some(call) = first_call(expr) {
        diagnostics.push(
            Diagnostic::error("Function calls not allowed", "Functions may not be called here.").at(call),
        );
        return None;
    }
    let (value, found) = eval::evaluate(expr, &ConstantScope);
    let failed = found.has_errors();
    diagnostics.append(found);
    (!failed).then_some(value)
}

fn first_call(expr: &Expr) -> Option<Span> {
    match &expr.kind {
        ExprKind::Call(_) => Some(expr.span),
        ExprKind::Parens(inner)
        | ExprKind::TemplateWrap(inner)
        | ExprKind::JsonString { template: inner, .. } => first_call(inner),
        ExprKind::Tuple(elements) => elements.iter().find_map(first_call),
        ExprKind::Object(items) => items.iter().find_map(|item| first_call(&item.value)),
        _ => None,
    }
}

/// A constant converted to a type; what it cannot be is said the way the reference says it of such arguments.
fn constant_as(attribute: &Attribute, ty: &Type, diagnostics: &mut Diagnostics) -> Option<Value> {
    let value = constant(&attribute.expr, diagnostics)?;
    match value.convert(ty) {
        Ok(value) if value.is_null() || !value.is_known() => {
            if value.is_null() {
                return None;
            }
            Some(value)
        }
        Ok(value) => Some(value),
        Err(error) => {
            let detail = format!("Unsuitable value: {error}.");
            diagnostics.push(Diagnostic::error("Unsuitable value type", detail).at(attribute.expr.start()));
            None
        }
    }
}

fn constant_text(content: &Content, name: &str, diagnostics: &mut Diagnostics) -> Option<(String, Span)> {
    let attribute = content.get(name)?;
    let value = constant_as(attribute, &Type::String, diagnostics)?;
    Some((value.as_str()?.to_owned(), attribute.expr.span))
}

fn constant_bool(content: &Content, name: &str, diagnostics: &mut Diagnostics) -> Option<bool> {
    constant_as(content.get(name)?, &Type::Bool, diagnostics)?.as_bool()
}

/// Whether a name may stand in an address.
pub fn valid_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|letter| letter.is_alphabetic() || letter == '_')
        && letters.all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-')
}

const NAME_RULE: &str = "A name must start with a letter or underscore and may contain only letters, digits, underscores, and dashes.";

fn check_name(label: &Label, what: &str, diagnostics: &mut Diagnostics) -> bool {
    if valid_identifier(&label.value) {
        return true;
    }
    diagnostics.push(Diagnostic::error(format!("Invalid {what} name"), NAME_RULE).at(label.span));
    false
}

fn ident(label: &Label) -> Ident {
    Ident { name: Arc::clone(&label.value), span: label.span }
}

/// The traversal that an expression is; strings that hold one are tolerated where old files have them.
pub fn as_traversal(expr: &Expr) -> Option<Traversal> {
    if let Some((inner, found)) = expression_in(expr) {
        return if found.has_errors() { None } else { as_traversal(&inner) };
    }
    match &expr.kind {
        ExprKind::Traversal(traversal) => Some(traversal.clone()),
        ExprKind::Relative { source, steps } => {
            let mut traversal = as_traversal(source)?;
            traversal.steps.extend(steps.iter().cloned());
            traversal.span = expr.span;
            Some(traversal)
        }
        _ => None,
    }
}

fn depends_on(content: &Content, diagnostics: &mut Diagnostics) -> Vec<Traversal> {
    let Some(attribute) = content.get("depends_on") else { return Vec::new() };
    let ExprKind::Tuple(elements) = &attribute.expr.kind else {
        diagnostics.push(
            Diagnostic::error("Invalid expression", "A static list expression is required.")
                .at(attribute.expr.span),
        );
        return Vec::new();
    };
    let mut traversals = Vec::new();
    for element in elements {
        match as_traversal(element) {
            Some(traversal) => traversals.push(traversal),
            None => diagnostics.push(
                Diagnostic::error(
                    "Invalid expression",
                    "A single static variable reference is required: only attribute access and indexing with constant \
                     keys. No calculations, function calls, template expressions, etc are allowed here.",
                )
                .at(element.start()),
            ),
        }
    }
    traversals
}

const CONDITION: Shape = Shape { arguments: &[("condition", true), ("error_message", true)], blocks: &[] };

fn condition(block: &Block, diagnostics: &mut Diagnostics) -> Option<Condition> {
    let content = CONDITION.content(&block.body, diagnostics);
    let condition = content.get("condition")?;
    let message = content.get("error_message")?;
    Some(Condition {
        condition: condition.expr.clone(),
        message: message.expr.clone(),
        declared_at: block.header,
    })
}

const VARIABLE: Shape = Shape {
    arguments: &[
        ("description", false),
        ("default", false),
        ("type", false),
        ("sensitive", false),
        ("ephemeral", false),
        ("nullable", false),
    ],
    blocks: &[("validation", &[])],
};

pub fn variable(block: &Block, diagnostics: &mut Diagnostics) -> Option<Variable> {
    let label = block.labels.first()?;
    let content = VARIABLE.content(&block.body, diagnostics);
    check_name(label, "variable", diagnostics);
    let reserved =
        ["source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"];
    if reserved.contains(&&*label.value) {
        let detail = format!(
            "The variable name {:?} is reserved due to its special meaning inside module blocks.",
            label.value
        );
        diagnostics.push(Diagnostic::error("Invalid variable name", detail).at(label.span));
    }
    let description = constant_text(&content, "description", diagnostics).map(|(text, _)| text);
    let constraint = match content.get("type") {
        None => TypeConstraint { ty: Type::Dynamic, defaults: None },
        Some(attribute) => match variable_type(&attribute.expr) {
            Ok(constraint) => constraint,
            Err(found) => {
                diagnostics.append(found);
                TypeConstraint { ty: Type::Dynamic, defaults: None }
            }
        },
    };
    let sensitive = constant_bool(&content, "sensitive", diagnostics).unwrap_or(false);
    let ephemeral = constant_bool(&content, "ephemeral", diagnostics).unwrap_or(false);
    if ephemeral {
        refuse_ephemeral(&content, diagnostics);
    }
    let nullable = constant_bool(&content, "nullable", diagnostics).unwrap_or(true);
    let mut default_span = None;
    let mut default = None;
    if let Some(attribute) = content.get("default")
        && let Some(value) = constant(&attribute.expr, diagnostics)
    {
        default_span = Some(attribute.expr.span);
        let filled = match &constraint.defaults {
            Some(defaults) if !value.is_null() => defaults.apply(value),
            _ => value,
        };
        match filled.convert(&constraint.ty) {
            Ok(value) if value.is_null() && !nullable => diagnostics.push(
                Diagnostic::error(
                    "Invalid default value for variable",
                    "A null default value is not valid when nullable=false.",
                )
                .at(attribute.expr.span),
            ),
            Ok(value) => default = Some(value),
            Err(error) => {
                let detail = format!(
                    "This default value is not compatible with the variable's type constraint: {error}."
                );
                diagnostics.push(
                    Diagnostic::error("Invalid default value for variable", detail).at(attribute.expr.span),
                );
            }
        }
    }
    let validations =
        content.blocks("validation").filter_map(|block| condition(block, diagnostics)).collect();
    Some(Variable {
        name: ident(label),
        has_type: content.get("type").is_some(),
        constraint,
        default,
        default_span,
        description,
        sensitive,
        ephemeral,
        nullable,
        validations,
        declared_at: block.header,
    })
}

/// A variable's type, with the spellings of old: `"string"`, `"list"`, `list`, `map`.
fn variable_type(expr: &Expr) -> Result<TypeConstraint, Diagnostics> {
    if let Some((inner, found)) = expression_in(expr) {
        return if found.has_errors() { Err(found) } else { variable_type(&inner) };
    }
    if let ExprKind::Template(_) = &expr.kind {
        let (value, _) = eval::evaluate(expr, &ConstantScope);
        let quoted = value.as_str().unwrap_or_default();
        let (known, meant) = match quoted {
            "string" => (Some(Type::String), "string"),
            "list" => (Some(Type::list(Type::String)), "list(string)"),
            "map" => (Some(Type::map(Type::String)), "map(string)"),
            _ => (None, ""),
        };
        return Err(match known {
            Some(_) => Diagnostic::error(
                "Invalid quoted type constraints",
                format!(
                    "Terraform 0.11 and earlier required type constraints to be given in quotes, but that form is no \
                     longer supported. Remove the quotes around {quoted:?}: write {meant}."
                ),
            ),
            None => Diagnostic::error(
                "Invalid type specification",
                "A type specification is either a primitive type keyword (bool, number, string) or a complex type \
                 constructor call, like list(string).",
            ),
        }
        .at(expr.span)
        .into());
    }
    if let ExprKind::Traversal(traversal) = &expr.kind
        && traversal.steps.is_empty()
    {
        match &*traversal.root.name {
            "list" => return Ok(TypeConstraint { ty: Type::list(Type::Dynamic), defaults: None }),
            "map" => return Ok(TypeConstraint { ty: Type::map(Type::Dynamic), defaults: None }),
            _ => {}
        }
    }
    type_expr::parse(expr, &ConstantScope)
}

const OUTPUT: Shape = Shape {
    arguments: &[
        ("description", false),
        ("value", true),
        ("depends_on", false),
        ("sensitive", false),
        ("ephemeral", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

pub fn output(block: &Block, diagnostics: &mut Diagnostics) -> Option<Output> {
    let label = block.labels.first()?;
    let content = OUTPUT.content(&block.body, diagnostics);
    check_name(label, "output", diagnostics);
    let description = constant_text(&content, "description", diagnostics).map(|(text, _)| text);
    let sensitive = constant_bool(&content, "sensitive", diagnostics).unwrap_or(false);
    let ephemeral = constant_bool(&content, "ephemeral", diagnostics).unwrap_or(false);
    if ephemeral {
        refuse_ephemeral(&content, diagnostics);
    }
    for misplaced in content.blocks("postcondition") {
        diagnostics.push(
            Diagnostic::error(
                "Postconditions are not allowed",
                "Output values can only have preconditions, not postconditions.",
            )
            .at(misplaced.kind.span),
        );
    }
    let preconditions =
        content.blocks("precondition").filter_map(|block| condition(block, diagnostics)).collect();
    Some(Output {
        name: ident(label),
        depends_on: depends_on(&content, diagnostics),
        expr: content.get("value")?.expr.clone(),
        description,
        sensitive,
        ephemeral,
        preconditions,
        declared_at: block.header,
    })
}

pub fn locals(block: &Block, diagnostics: &mut Diagnostics) -> Vec<Local> {
    for inner in &block.body.blocks {
        diagnostics.push(
            Diagnostic::error(
                "Unsupported block type",
                format!("Blocks of type {:?} are not expected here.", inner.kind.name),
            )
            .at(inner.kind.span),
        );
    }
    block
        .body
        .attributes
        .iter()
        .map(|attribute| Local { name: attribute.name.clone(), expr: attribute.expr.clone() })
        .collect()
}

const MODULE_META: Shape = Shape {
    arguments: &[
        ("source", true),
        ("version", false),
        ("count", false),
        ("for_each", false),
        ("depends_on", false),
        ("providers", false),
    ],
    blocks: &[],
};

pub fn module_call(block: &Block, diagnostics: &mut Diagnostics) -> Option<ModuleCall> {
    let label = block.labels.first()?;
    check_name(label, "module instance", diagnostics);
    let content = MODULE_META.partial(&block.body, diagnostics);
    for inner in &block.body.blocks {
        let kind = &*inner.kind.name;
        let diagnostic = if matches!(kind, "lifecycle" | "locals" | "provider" | "connection" | "provisioner")
        {
            Diagnostic::error(
                "Reserved block type name in module block",
                format!("The block type name {kind:?} is reserved for use by Terraform in a future version."),
            )
        } else {
            Diagnostic::error(
                "Unsupported block type",
                format!("Blocks of type {kind:?} are not expected here."),
            )
        };
        diagnostics.push(diagnostic.at(inner.kind.span));
    }
    let mut arguments = BTreeMap::new();
    for attribute in &block.body.attributes {
        if MODULE_META.arguments.iter().all(|(known, _)| *known != &*attribute.name.name) {
            arguments.insert(Arc::clone(&attribute.name.name), attribute.clone());
        }
    }
    both_repetitions(&content, "module", diagnostics);
    let providers = content.get("providers").map(|attribute| provider_pairs(attribute, diagnostics));
    let source = content.get("source").and_then(|attribute| {
        let value = constant(&attribute.expr, diagnostics)?;
        match value.as_str() {
            Some(text) => Some((text.to_owned(), attribute.expr.start())),
            None => {
                diagnostics.push(
                    Diagnostic::error("Unsuitable value type", "Unsuitable value: a string is required.")
                        .at(attribute.expr.start()),
                );
                None
            }
        }
    });
    let version = constant_text(&content, "version", diagnostics)
        .filter(|(text, span)| version_constraint(text, *span, diagnostics));
    let (source, source_span) = source?;
    let source_place = content.get("source").map(|attribute| (attribute.name.span, attribute.expr.span));
    Some(ModuleCall {
        name: ident(label),
        source,
        source_span,
        source_place,
        version,
        arguments,
        count: content.get("count").map(|attribute| attribute.expr.clone()),
        for_each: content.get("for_each").map(|attribute| attribute.expr.clone()),
        depends_on: depends_on(&content, diagnostics),
        providers: providers.unwrap_or_default(),
        declared_at: block.header,
        body_missing: block.body.missing,
    })
}

fn both_repetitions(content: &Content, what: &str, diagnostics: &mut Diagnostics) {
    if let (Some(count), Some(for_each)) = (content.get("count"), content.get("for_each")) {
        let _ = count;
        let detail = format!(
            "The \"count\" and \"for_each\" meta-arguments are mutually-exclusive, only one should be used to be \
             explicit about the number of {what}s to be created."
        );
        diagnostics.push(
            Diagnostic::error("Invalid combination of \"count\" and \"for_each\"", detail)
                .at(for_each.name.span),
        );
    }
}

fn provider_pairs(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Vec<(ProviderRef, ProviderRef)> {
    let ExprKind::Object(items) = &attribute.expr.kind else {
        diagnostics.push(
            Diagnostic::error("Invalid expression", "A static map expression is required.")
                .at(attribute.expr.span),
        );
        return Vec::new();
    };
    let mut pairs = Vec::new();
    for item in items {
        let child = match &item.key {
            crate::lang::ast::ObjectKey::Name(name) => {
                Some(ProviderRef { name: Arc::clone(&name.name), alias: None, span: name.span })
            }
            crate::lang::ast::ObjectKey::Expr(key) => provider_ref(key, diagnostics),
        };
        let own = provider_ref(&item.value, diagnostics);
        pairs.extend(child.zip(own));
    }
    pairs
}

/// `aws` or `aws.alias`; quoted in old files.
pub fn provider_ref(expr: &Expr, diagnostics: &mut Diagnostics) -> Option<ProviderRef> {
    let invalid = |diagnostics: &mut Diagnostics| {
        let detail = "A provider configuration is named by its local name, with a dot and the alias behind it for an \
                      additional one: aws.west.";
        diagnostics.push(Diagnostic::error("Invalid provider configuration reference", detail).at(expr.span));
        None
    };
    if let ExprKind::Template(_) = &expr.kind {
        let value = constant(expr, diagnostics)?;
        let text = value.as_str()?.to_owned();
        let (name, alias) = match text.split_once('.') {
            Some((name, alias)) => (name.to_owned(), Some(Arc::from(alias))),
            None => (text, None),
        };
        return Some(ProviderRef { name: name.into(), alias, span: expr.span });
    }
    let Some(traversal) = as_traversal(expr) else { return invalid(diagnostics) };
    let alias = match traversal.steps.as_slice() {
        [] => None,
        [Step { kind: StepKind::Attribute(alias), .. }] => Some(Arc::clone(alias)),
        _ => return invalid(diagnostics),
    };
    Some(ProviderRef { name: traversal.root.name, alias, span: expr.span })
}

const RESOURCE_META: Shape = Shape {
    arguments: &[("count", false), ("for_each", false), ("provider", false), ("depends_on", false)],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])],
};

const LIFECYCLE: Shape = Shape {
    arguments: &[
        ("create_before_destroy", false),
        ("prevent_destroy", false),
        ("ignore_changes", false),
        ("replace_triggered_by", false),
    ],
    blocks: &[("precondition", &[]), ("postcondition", &[])],
};

/// A `resource` or `data` block.
pub fn resource(block: &Block, mode: Mode, diagnostics: &mut Diagnostics) -> Option<ResourceBlock> {
    let [ty, name] = block.labels.as_slice() else { return None };
    let what = if mode == Mode::Managed { "resource" } else { "data" };
    let mut named = true;
    if !valid_identifier(&ty.value) {
        let summary =
            if mode == Mode::Managed { "Invalid resource type name" } else { "Invalid data source name" };
        diagnostics.push(Diagnostic::error(summary, NAME_RULE).at(ty.span));
        named = false;
    }
    named &= check_name(name, if mode == Mode::Managed { "resource" } else { "data resource" }, diagnostics);
    let content = RESOURCE_META.partial(&block.body, diagnostics);
    both_repetitions(&content, what, diagnostics);
    let provider = content.get("provider").and_then(|attribute| provider_ref(&attribute.expr, diagnostics));
    let mut lifecycle = Lifecycle::default();
    let mut seen: Option<Span> = None;
    for inner in content.blocks("lifecycle") {
        if seen.is_some() {
            let detail = "Only one lifecycle block is allowed for a resource.";
            diagnostics.push(Diagnostic::error("Duplicate lifecycle block", detail).at(inner.kind.span));
            continue;
        }
        seen = Some(inner.kind.span);
        lifecycle = lifecycle_block(inner, mode, diagnostics);
    }
    let provisioners: Vec<Provisioner> = content.blocks("provisioner").map(provisioner).collect();
    if mode == Mode::Data {
        for inner in content.blocks.iter().filter(|inner| &*inner.kind.name != "lifecycle") {
            let kind = &inner.kind.name;
            let detail = format!("Blocks of type {kind:?} are not expected here.");
            diagnostics.push(Diagnostic::error("Unsupported block type", detail).at(inner.kind.span));
        }
    }
    let depends_on = depends_on(&content, diagnostics);
    let count = content.get("count").map(|attribute| attribute.expr.clone());
    let for_each = content.get("for_each").map(|attribute| attribute.expr.clone());
    if !named {
        return None;
    }
    Some(ResourceBlock {
        resource: Resource { mode, ty: Arc::clone(&ty.value), name: Arc::clone(&name.value) },
        body: without_meta(&block.body),
        count,
        for_each,
        depends_on,
        provider,
        lifecycle,
        provisioners,
        declared_at: block.header,
        type_span: ty.span,
        check: None,
    })
}

/// What a `provisioner` block says of when it runs; its body is nobody's but the provisioner's.
fn provisioner(block: &Block) -> Provisioner {
    let at_destroy = block.body.attribute("when").is_some_and(|when| match &when.expr.kind {
        ExprKind::Traversal(word) => word.steps.is_empty() && &*word.root.name == "destroy",
        _ => false,
    });
    let kind = block.labels.first().map(|label| label.value.to_string()).unwrap_or_default();
    Provisioner { kind, at_destroy, declared_at: block.header }
}

/// Says of `ephemeral = true` that recon has no such values.
fn refuse_ephemeral(content: &Content<'_>, diagnostics: &mut Diagnostics) {
    if let Some(attribute) = content.get("ephemeral") {
        let detail = "recon records what it is given and compares it on every run: a value that must not be kept cannot \
                      be managed by it. Remove the argument, and set \"sensitive = true\" to keep the value out of sight.";
        diagnostics.push(Diagnostic::error("Ephemeral values are not supported", detail).at(attribute.span));
    }
}

fn without_meta(body: &Body) -> Body {
    Body {
        attributes: body
            .attributes
            .iter()
            .filter(|attribute| {
                RESOURCE_META.arguments.iter().all(|(known, _)| *known != &*attribute.name.name)
            })
            .cloned()
            .collect(),
        blocks: body
            .blocks
            .iter()
            .filter(|block| RESOURCE_META.blocks.iter().all(|(known, _)| *known != &*block.kind.name))
            .cloned()
            .collect(),
        span: body.span,
        missing: body.missing,
        json: body.json,
    }
}

fn lifecycle_block(block: &Block, mode: Mode, diagnostics: &mut Diagnostics) -> Lifecycle {
    let content = LIFECYCLE.content(&block.body, diagnostics);
    if mode == Mode::Data {
        for (name, attribute) in &content.arguments {
            let detail = format!("The lifecycle argument {name:?} cannot be used with data sources.");
            diagnostics.push(
                Diagnostic::error("Invalid data resource lifecycle argument", detail).at(attribute.name.span),
            );
        }
    }
    let mut lifecycle = Lifecycle {
        create_before_destroy: constant_bool(&content, "create_before_destroy", diagnostics).unwrap_or(false),
        prevent_destroy: constant_bool(&content, "prevent_destroy", diagnostics).unwrap_or(false),
        ..Lifecycle::default()
    };
    if let Some(attribute) = content.get("ignore_changes") {
        lifecycle.ignore_changes = ignore_changes(attribute, diagnostics);
    }
    if let Some(attribute) = content.get("replace_triggered_by") {
        match &attribute.expr.kind {
            ExprKind::Tuple(elements) => {
                for element in elements {
                    let (inner, found) =
                        expression_in(element).unwrap_or((element.clone(), Diagnostics::new()));
                    diagnostics.append(found);
                    lifecycle.replace_triggered_by.push(inner);
                }
            }
            _ => diagnostics.push(
                Diagnostic::error("Invalid expression", "A static list expression is required.")
                    .at(attribute.expr.span),
            ),
        }
    }
    lifecycle.preconditions =
        content.blocks("precondition").filter_map(|block| condition(block, diagnostics)).collect();
    lifecycle.postconditions =
        content.blocks("postcondition").filter_map(|block| condition(block, diagnostics)).collect();
    lifecycle
}

fn ignore_changes(attribute: &Attribute, diagnostics: &mut Diagnostics) -> IgnoreChanges {
    if let Some(traversal) = as_traversal(&attribute.expr)
        && traversal.steps.is_empty()
        && &*traversal.root.name == "all"
    {
        return IgnoreChanges::All;
    }
    let ExprKind::Tuple(elements) = &attribute.expr.kind else {
        diagnostics.push(
            Diagnostic::error("Invalid expression", "A static list expression is required.")
                .at(attribute.expr.span),
        );
        return IgnoreChanges::None;
    };
    let mut paths = Vec::new();
    for element in elements {
        match as_traversal(element) {
            Some(traversal) => paths.push(traversal),
            None => diagnostics.push(
                Diagnostic::error(
                    "Invalid expression",
                    "A single static variable reference is required: only attribute access and indexing with constant \
                     keys. No calculations, function calls, template expressions, etc are allowed here.",
                )
                .at(element.span),
            ),
        }
    }
    IgnoreChanges::Paths(paths)
}

const PROVIDER_META: Shape = Shape { arguments: &[("alias", false), ("version", false)], blocks: &[] };

pub fn provider(block: &Block, diagnostics: &mut Diagnostics) -> Option<ProviderBlock> {
    let label = block.labels.first()?;
    check_name(label, "provider", diagnostics);
    let content = PROVIDER_META.partial(&block.body, diagnostics);
    let alias = constant_text(&content, "alias", diagnostics);
    if let Some((alias, span)) = &alias
        && !valid_identifier(alias)
    {
        let detail = format!("An alias must be a valid name. {NAME_RULE}");
        diagnostics.push(Diagnostic::error("Invalid provider configuration alias", detail).at(*span));
    }
    if let Some((version, span)) = constant_text(&content, "version", diagnostics) {
        version_constraint(&version, span, diagnostics);
    }
    let mut body = block.body.clone();
    body.attributes.retain(|attribute| !matches!(&*attribute.name.name, "alias" | "version"));
    Some(ProviderBlock {
        name: ident(label),
        alias: alias.map(|(alias, _)| alias.into()),
        body,
        declared_at: block.header,
    })
}

/// Checks that a version constraint is one: `>= 1.2.0, < 2.0.0`, `~> 3.1`.
pub fn version_constraint(text: &str, span: Span, diagnostics: &mut Diagnostics) -> bool {
    let good = text.split(',').all(|part| {
        let part = part.trim();
        let version = part.trim_start_matches(['=', '!', '>', '<', '~']).trim_start();
        let operator = part[..part.len() - version.len()].trim();
        let core = version.split(['-', '+']).next().unwrap_or_default();
        matches!(operator, "" | "=" | "!=" | ">" | ">=" | "<" | "<=" | "~>")
            && !core.is_empty()
            && core
                .split('.')
                .all(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
            && core.split('.').count() <= 3
    });
    if !good {
        let detail = "This string does not use correct version constraint syntax: a constraint is an operator \
                      (=, !=, >, >=, <, <= or ~>) and a version number, several are separated by commas.";
        diagnostics.push(Diagnostic::error("Invalid version constraint", detail).at(span));
    }
    good
}

const TERRAFORM: Shape = Shape {
    arguments: &[("required_version", false), ("experiments", false), ("language", false)],
    blocks: &[
        ("required_providers", &[]),
        ("backend", &["type"]),
        ("cloud", &[]),
        ("provider_meta", &["provider"]),
    ],
};

/// What a `terraform` block holds.
#[derive(Default)]
pub struct TerraformBlock {
    pub required_version: Option<(String, Span)>,
    pub required_providers: Vec<(Ident, RequiredProvider)>,
    pub backends: Vec<Backend>,
}

pub fn terraform(block: &Block, diagnostics: &mut Diagnostics) -> TerraformBlock {
    let content = TERRAFORM.content(&block.body, diagnostics);
    let mut found = TerraformBlock::default();
    if let Some((version, span)) = constant_text(&content, "required_version", diagnostics)
        && version_constraint(&version, span, diagnostics)
    {
        found.required_version = Some((version, span));
    }
    if let Some(attribute) = content.get("experiments")
        && let ExprKind::Tuple(elements) = &attribute.expr.kind
    {
        for element in elements {
            let name = as_traversal(element).map(|traversal| traversal.root.name).unwrap_or_default();
            let detail = format!("{name:?} is not a language experiment that recon knows.");
            diagnostics.push(Diagnostic::error("Unknown experiment keyword", detail).at(element.span));
        }
    }
    for inner in content.blocks("required_providers") {
        found.required_providers.extend(required_providers(inner, diagnostics));
    }
    for inner in content.blocks("backend") {
        found.backends.push(Backend {
            kind: inner.labels[0].value.to_string(),
            body: inner.body.clone(),
            declared_at: inner.header,
        });
    }
    for inner in content.blocks("cloud") {
        found.backends.push(Backend {
            kind: "cloud".into(),
            body: inner.body.clone(),
            declared_at: inner.header,
        });
    }
    found
}

fn required_providers(block: &Block, diagnostics: &mut Diagnostics) -> Vec<(Ident, RequiredProvider)> {
    let mut found = Vec::new();
    for attribute in &block.body.attributes {
        let name = attribute.name.clone();
        let mut required = RequiredProvider {
            source: default_source(&name.name),
            version: None,
            aliases: Vec::new(),
            declared_at: attribute.span,
        };
        match &attribute.expr.kind {
            ExprKind::Object(items) => {
                for item in items {
                    let key = match &item.key {
                        crate::lang::ast::ObjectKey::Name(name) => name.name.to_string(),
                        crate::lang::ast::ObjectKey::Expr(key) => {
                            eval::evaluate(key, &ConstantScope).0.as_str().unwrap_or_default().to_owned()
                        }
                    };
                    required_provider_entry(&key, item, &mut required, diagnostics);
                }
            }
            _ => {
                let version = constant(&attribute.expr, diagnostics);
                match version.as_ref().and_then(Value::as_str) {
                    Some(version) => {
                        version_constraint(version, attribute.expr.span, diagnostics);
                        required.version = Some((version.to_owned(), attribute.expr.span));
                    }
                    None => diagnostics.push(
                        Diagnostic::error(
                            "Invalid required_providers object",
                            "A requirement is an object with source and version, or a version constraint.",
                        )
                        .at(attribute.expr.span),
                    ),
                }
            }
        }
        found.push((name, required));
    }
    found
}

fn required_provider_entry(
    key: &str,
    item: &crate::lang::ast::ObjectItem,
    required: &mut RequiredProvider,
    diagnostics: &mut Diagnostics,
) {
    let span = item.value.span;
    match key {
        "version" | "source" => {
            let Some(value) = constant(&item.value, diagnostics) else { return };
            let Some(text) = value.as_str() else {
                let detail = format!("The {key} must be a string.");
                diagnostics.push(Diagnostic::error(format!("Invalid {key}"), detail).at(span));
                return;
            };
            if key == "version" {
                version_constraint(text, span, diagnostics);
                required.version = Some((text.to_owned(), span));
                return;
            }
            match provider_source(text) {
                Some(source) => required.source = source,
                None => {
                    let detail =
                        "The \"source\" attribute must be in the format \"[hostname/][namespace/]name\".";
                    diagnostics.push(Diagnostic::error("Invalid provider source string", detail).at(span));
                }
            }
        }
        "configuration_aliases" => {
            if let ExprKind::Tuple(elements) = &item.value.kind {
                required
                    .aliases
                    .extend(elements.iter().filter_map(|element| provider_ref(element, diagnostics)));
            }
        }
        other => {
            let detail = format!(
                "required_providers objects can only contain \"version\", \"source\" and \"configuration_aliases\" \
                 attributes, not {other:?}. To configure a provider, use a \"provider\" block."
            );
            diagnostics
                .push(Diagnostic::error("Invalid required_providers object", detail).at(item.key.span()));
        }
    }
}

/// The full address of a provider named by its local name alone.
pub fn default_source(name: &str) -> String {
    match name {
        "terraform" => "terraform.io/builtin/terraform".to_owned(),
        _ => format!("registry.terraform.io/hashicorp/{name}"),
    }
}

/// The full address of a provider's source: `hashicorp/aws` is `registry.terraform.io/hashicorp/aws`. `None` if it is
/// not one.
pub fn provider_source(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('/').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts.as_slice() {
        [name] => Some(format!("registry.terraform.io/hashicorp/{name}")),
        [namespace, name] => Some(format!("registry.terraform.io/{namespace}/{name}")),
        [host, namespace, name] => Some(format!("{host}/{namespace}/{name}")),
        _ => None,
    }
}

const MOVED: Shape = Shape { arguments: &[("from", true), ("to", true)], blocks: &[] };

pub fn moved(block: &Block, diagnostics: &mut Diagnostics) -> Option<Moved> {
    let content = MOVED.content(&block.body, diagnostics);
    let mut end = |name: &str| {
        let expr = &content.get(name)?.expr;
        let found = as_traversal(expr);
        if found.is_none() {
            diagnostics.push(
                Diagnostic::error(
                    "Invalid expression",
                    "A single static variable reference is required: only attribute access and indexing with constant \
                     keys. No calculations, function calls, template expressions, etc are allowed here.",
                )
                .at(expr.span),
            );
        }
        found
    };
    let (from, to) = (end("from"), end("to"));
    Some(Moved { from: from?, to: to?, declared_at: block.header })
}

const IMPORT: Shape =
    Shape { arguments: &[("to", true), ("id", true), ("for_each", false), ("provider", false)], blocks: &[] };

pub fn import(block: &Block, diagnostics: &mut Diagnostics) -> Option<Import> {
    let content = IMPORT.content(&block.body, diagnostics);
    let provider = content.get("provider").and_then(|attribute| provider_ref(&attribute.expr, diagnostics));
    Some(Import {
        to: {
            let to = &content.get("to")?.expr;
            let (to, found) = expression_in(to).unwrap_or((to.clone(), Diagnostics::new()));
            diagnostics.append(found);
            to
        },
        id: content.get("id").map(|attribute| attribute.expr.clone()),
        for_each: content.get("for_each").map(|attribute| attribute.expr.clone()),
        provider,
        declared_at: block.header,
    })
}

const REMOVED: Shape = Shape {
    arguments: &[("from", true)],
    blocks: &[("lifecycle", &[]), ("connection", &[]), ("provisioner", &["type"])],
};
const REMOVED_LIFECYCLE: Shape = Shape { arguments: &[("destroy", false)], blocks: &[] };

pub fn removed(block: &Block, diagnostics: &mut Diagnostics) -> Option<Removed> {
    let content = REMOVED.content(&block.body, diagnostics);
    let mut destroy = true;
    for inner in content.blocks("lifecycle") {
        let lifecycle = REMOVED_LIFECYCLE.content(&inner.body, diagnostics);
        destroy = constant_bool(&lifecycle, "destroy", diagnostics).unwrap_or(true);
    }
    let expr = &content.get("from")?.expr;
    match as_traversal(expr) {
        Some(from) => Some(Removed { from, destroy, declared_at: block.header }),
        None => {
            diagnostics.push(
                Diagnostic::error("Invalid expression", "A single static variable reference is required.")
                    .at(expr.span),
            );
            None
        }
    }
}

const CHECK: Shape = Shape { arguments: &[], blocks: &[("data", &["type", "name"]), ("assert", &[])] };

/// A `check` block and the data source scoped to it.
pub fn check(block: &Block, diagnostics: &mut Diagnostics) -> Option<(Check, Option<ResourceBlock>)> {
    let label = block.labels.first()?;
    check_name(label, "check block", diagnostics);
    let content = CHECK.content(&block.body, diagnostics);
    let assertions: Vec<Condition> =
        content.blocks("assert").filter_map(|block| condition(block, diagnostics)).collect();
    if content.blocks("assert").next().is_none() {
        let detail = "Check blocks must have at least one assert block.";
        diagnostics.push(Diagnostic::error("Zero assert blocks", detail).at(block.header));
    }
    let mut data = None;
    for inner in content.blocks("data") {
        if data.is_some() {
            let detail = "Check blocks can only have one data block.";
            diagnostics.push(Diagnostic::error("Multiple data resource blocks", detail).at(inner.header));
            continue;
        }
        data = resource(inner, Mode::Data, diagnostics)
            .map(|resource| ResourceBlock { check: Some(Arc::clone(&label.value)), ..resource });
    }
    Some((Check { name: ident(label), assertions, declared_at: block.header }, data))
}
