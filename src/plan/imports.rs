//! `import` blocks: objects that exist already, and which the code is to manage from now on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{InstanceAddress, InstanceKey, Mode, Target};
use crate::config::Import;
use crate::graph::references::provider_of;
use crate::graph::scope::ModuleScope;
use crate::graph::values::{Repetition, Values};
use crate::lang::ast::{Expr, ExprKind, Step, StepKind, Traversal};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::evaluate;
use crate::lang::source::Span;
use crate::lang::types::Type;
use crate::lang::value::Value;
use crate::live::Live;
use crate::provider::{ReadRequest, ReadResult};
use crate::state::{InstanceState, State, provider_text};

use super::offline::Stack;
use super::planner::operation_detail;
use super::planner::resource::with_tags;

/// The ids by which objects come under management in this run.
pub type Imports = BTreeMap<InstanceAddress, String>;

/// Checks what can be checked of the blocks without any values.
pub fn check(stack: Stack<'_>, diagnostics: &mut Diagnostics) {
    for (path, module) in &stack.configuration.modules {
        for import in module.imports.iter().filter(|_| !path.is_root()) {
            let detail = "Import blocks may stand in the root module only: it knows which objects there are.";
            diagnostics
                .push(Diagnostic::error("Invalid import configuration", detail).at(import.declared_at));
        }
    }
    let mut seen: BTreeMap<Target, ()> = BTreeMap::new();
    for import in &stack.configuration.root().imports {
        let ExprKind::Traversal(traversal) = &import.to.kind else { continue };
        let Some(target) = Target::from_traversal(traversal) else { continue };
        if let Target::Resource { resource, .. } = &target
            && resource.resource.mode == Mode::Data
        {
            let detail = "Data sources are only read: there is nothing of them to import.";
            diagnostics.push(Diagnostic::error("Invalid import address", detail).at(import.to.span));
            continue;
        }
        if let (Some(_), Target::Resource { resource, .. }) = (&import.provider, &target)
            && let Some(module) = stack.configuration.modules.get(&resource.module.path())
            && module.resources.contains_key(&resource.resource)
        {
            let detail = format!(
                "{resource} is declared and says itself which provider configuration it has. Remove the argument."
            );
            diagnostics
                .push(Diagnostic::error("Invalid import provider argument", detail).at(import.declared_at));
        }
        if import.for_each.is_none() && seen.insert(target.clone(), ()).is_some() {
            let detail = format!("Another block imports an object to {target}. Remove one of them.");
            let summary = format!("Duplicate import configuration for \"{target}\"");
            diagnostics.push(Diagnostic::error(summary, detail).at(import.to.span));
        }
    }
}

/// Reads what the blocks import and takes it into the record, where it is not there yet.
pub async fn carry_out(
    stack: Stack<'_>,
    values: &Values,
    state: &mut State,
    live: &mut Live,
    diagnostics: &mut Diagnostics,
) -> Imports {
    let mut found = Imports::new();
    for import in &stack.configuration.root().imports {
        for (address, id) in wanted(stack, values, import, diagnostics) {
            if state.get(&address).is_some() {
                continue;
            }
            if found.values().any(|other| *other == id)
                && found.iter().any(|(other, known)| *known == id && other.resource.ty == address.resource.ty)
            {
                let detail = format!("Another block imports the object {id:?}. An object has one address.");
                diagnostics.push(Diagnostic::error("Object imported twice", detail).at(import.declared_at));
                continue;
            }
            if bring_in(stack, Some(import.declared_at), &address, &id, state, live, diagnostics).await {
                found.insert(address, id);
            }
        }
    }
    found
}

/// The addresses and ids of a block.
fn wanted(
    stack: Stack<'_>,
    values: &Values,
    import: &Import,
    diagnostics: &mut Diagnostics,
) -> Vec<(InstanceAddress, String)> {
    let root = crate::address::ModuleInstance::root();
    let scope = || ModuleScope::new(stack.environment, values, stack.configuration.root(), &root);
    let mut repetitions = vec![Repetition::default()];
    if let Some(for_each) = &import.for_each {
        let (value, problems) = evaluate(for_each, &scope());
        let failed = problems.has_errors();
        diagnostics.append(problems);
        if failed {
            return Vec::new();
        }
        match each(&value) {
            Some(found) => repetitions = found,
            None => {
                let detail = "The for_each of an import block must be a map, an object or a set of strings that is known \
                              before anything is read from AWS, and not sensitive.";
                diagnostics.push(Diagnostic::error("Invalid for_each argument", detail).at(for_each.span));
                return Vec::new();
            }
        }
    }
    let mut wanted = Vec::new();
    for repetition in &repetitions {
        let scope = scope().repeated(repetition);
        let address = address(&import.to, &scope, diagnostics);
        let id = import.id.as_ref().and_then(|id| text(id, &scope, diagnostics));
        if let (Some(address), Some(id)) = (address, id) {
            wanted.push((address, id));
        }
    }
    wanted
}

fn each(value: &Value) -> Option<Vec<Repetition>> {
    if !value.is_wholly_known() || value.is_null() || value.has_sensitive() {
        return None;
    }
    let repetition = |key: Arc<str>, value: Value| Repetition {
        each: Some((Value::string(&*key), value)),
        ..Repetition::default()
    };
    if let Some(entries) = value.as_entries() {
        return Some(entries.iter().map(|(key, value)| repetition(Arc::clone(key), value.clone())).collect());
    }
    if !matches!(value.ty(), Type::Set(_)) {
        return None;
    }
    let elements = value.as_elements()?;
    elements.iter().map(|element| Some(repetition(element.as_str()?.into(), element.clone()))).collect()
}

/// The address that `to` means, with `each.key` in its keys.
fn address(to: &Expr, scope: &ModuleScope<'_>, diagnostics: &mut Diagnostics) -> Option<InstanceAddress> {
    let target = resolved(to, scope, diagnostics).and_then(|traversal| Target::from_traversal(&traversal));
    match target {
        Some(Target::Resource { resource, key }) if resource.resource.mode == Mode::Managed => {
            Some(resource.instance(key.unwrap_or(InstanceKey::None)))
        }
        _ => {
            let detail = "The address of one instance of a managed resource is required, like aws_lb.main or \
                          module.web.aws_lb.main[\"a\"].";
            diagnostics.push(Diagnostic::error("Invalid import address", detail).at(to.span));
            None
        }
    }
}

fn resolved(expr: &Expr, scope: &ModuleScope<'_>, diagnostics: &mut Diagnostics) -> Option<Traversal> {
    match &expr.kind {
        ExprKind::Traversal(traversal) => Some(traversal.clone()),
        ExprKind::Parens(inner) => resolved(inner, scope, diagnostics),
        ExprKind::Relative { source, steps } => {
            let mut traversal = resolved(source, scope, diagnostics)?;
            traversal.steps.extend(steps.iter().cloned());
            Some(traversal)
        }
        ExprKind::Index { collection, key, brackets } => {
            let mut traversal = resolved(collection, scope, diagnostics)?;
            let (value, problems) = evaluate(key, scope);
            diagnostics.append(problems);
            let kind = match (value.as_str(), value.as_number()) {
                (Some(key), _) => StepKind::Key(key.into()),
                (None, Some(number)) => StepKind::Index(number.clone()),
                (None, None) => return None,
            };
            traversal.steps.push(Step { kind, span: *brackets });
            Some(traversal)
        }
        _ => None,
    }
}

fn text(expr: &Expr, scope: &ModuleScope<'_>, diagnostics: &mut Diagnostics) -> Option<String> {
    let (value, problems) = evaluate(expr, scope);
    let failed = problems.has_errors();
    diagnostics.append(problems);
    if failed {
        return None;
    }
    let problem = if !value.is_known() {
        "The id must be known before anything is changed, and this one depends on what is known only after apply."
    } else if value.is_null() {
        "The id is null."
    } else if value.has_sensitive() {
        "The id is sensitive, and shows in every plan. Wrap it in nonsensitive() if it is no secret."
    } else {
        match value.convert(&Type::String).ok().as_ref().and_then(Value::as_str) {
            Some("") => "The id is empty.",
            Some(id) => return Some(id.to_owned()),
            None => "The id is not a string.",
        }
    };
    diagnostics.push(Diagnostic::error("Invalid import id argument", problem).at(expr.span));
    None
}

/// Reads one object and records it. `at` is where its import is declared, if it is. `false`: that failed, and has been
/// said.
pub async fn bring_in(
    stack: Stack<'_>,
    at: Option<Span>,
    address: &InstanceAddress,
    id: &str,
    state: &mut State,
    live: &mut Live,
    diagnostics: &mut Diagnostics,
) -> bool {
    let mut fail = |summary: &str, detail: String| {
        let diagnostic = Diagnostic::error(summary, detail).of(address.to_string());
        diagnostics.push(match at {
            Some(span) => diagnostic.at(span),
            None => diagnostic,
        });
        false
    };
    let path = address.module.path();
    let block =
        stack.configuration.modules.get(&path).and_then(|module| module.resources.get(&address.resource));
    let Some(block) = block else {
        return fail(
            "Configuration for import target does not exist",
            format!(
                "{} is not declared. Write a resource block for it: what it says is then compared with the object.",
                address.config()
            ),
        );
    };
    let Some(ty) = stack.registry.resource_type(&address.resource.ty) else {
        return fail(
            "Invalid resource type",
            format!("recon has no resource type {:?}.", address.resource.ty),
        );
    };
    let key = provider_of(stack.configuration, &path, block);
    let connection = match live.connection(&key).await {
        Ok(connection) => connection,
        Err(error) => return fail("The provider cannot be used", operation_detail(&error)),
    };
    let known = match ty.import_seed(id) {
        Ok(known) => known,
        Err(problem) => return fail("Invalid import id", problem),
    };
    match ty.read(&connection, &[ReadRequest { known }]).await.into_iter().next() {
        Some(ReadResult::Found(value)) => {
            let null = Value::null(value.ty());
            let value = with_tags(&ty.schema().block, &connection, value, &null, &null);
            let mut instance = InstanceState::default();
            instance.set_value(ty.schema(), &value);
            let source = stack
                .registry
                .provider(&key.1)
                .map_or_else(String::new, |provider| provider.source().to_owned());
            state.put(address, None, &provider_text(&key.0, &source, key.2.as_deref()), instance);
            true
        }
        Some(ReadResult::Missing) | None => fail(
            "Cannot import non-existent remote object",
            format!(
                "There is no {} with the id {id:?}. Check the id, the account and the region.",
                address.resource.ty
            ),
        ),
        Some(ReadResult::Unreadable(error)) => fail("Reading an object failed", operation_detail(&error)),
    }
}
