//! The way from an expression to the text that decides its value.
//!
//! A step back is taken only where it has exactly one answer: what an expression must be made of for it to have another
//! value. Where two answers are possible, or none, the way ends with the reason.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::address::{InstanceKey, ModuleInstance, Resource};
use crate::config::variables::Origin;
use crate::config::{Module, ModuleCall, Variable};
use crate::graph::scope::ModuleScope;
use crate::graph::values::Repetition;
use crate::lang::ast::{Expr, ExprKind, Step, StepKind, Traversal, UnaryOperator};
use crate::lang::convert::PathStep;
use crate::lang::diagnostic::Diagnostic;
use crate::lang::eval::{Scope, evaluate};
use crate::lang::functions::Host;
use crate::lang::number::Number;
use crate::lang::parse;
use crate::lang::reference::{self, Reference};
use crate::lang::source::{SourceMap, Span};
use crate::lang::splice::Edit;
use crate::lang::types::Type;
use crate::lang::value::{Kind, Value};

use super::{Link, Tracer, arithmetic, call, collection, edit, string, text};

/// The edits that make an expression answer another value, or why there are none, as a clause.
pub type Outcome = Result<Vec<Edit>, String>;

/// Where an expression stands: what the names in it mean.
#[derive(Clone)]
pub struct Place<'e> {
    pub instance: ModuleInstance,
    pub repetition: Repetition,
    /// The `for_each` that the instance is of, and its key.
    pub each: Option<(&'e Expr, Arc<str>)>,
    /// Names of `for` expressions and `dynamic` blocks, innermost last.
    pub bound: Vec<Bound<'e>>,
    /// A file of values: nothing is referred to, and strings of JSON are no templates.
    pub is_constant: bool,
}

/// A name that stands for an element of a collection.
#[derive(Clone)]
pub struct Bound<'e> {
    pub name: Arc<str>,
    pub value: Value,
    pub from: From<'e>,
}

/// What a bound name is an element of.
#[derive(Clone)]
pub enum From<'e> {
    /// The element at a step of a collection.
    Element { collection: &'e Expr, place: Box<Place<'e>>, step: PathStep },
    /// `key` and `value` of an element, as `dynamic` blocks have them.
    Iterator { collection: &'e Expr, place: Box<Place<'e>>, step: PathStep },
    /// The key of an element, by which other things are told apart, or an element of a set.
    Key,
}

impl<'e> Place<'e> {
    /// Outside of any repetition.
    pub fn of(instance: ModuleInstance) -> Place<'e> {
        Place {
            instance,
            repetition: Repetition::default(),
            each: None,
            bound: Vec::new(),
            is_constant: false,
        }
    }

    pub fn binding(&self, more: impl IntoIterator<Item = Bound<'e>>) -> Place<'e> {
        let mut place = self.clone();
        place.bound.extend(more);
        place
    }
}

/// The names of a place.
struct PlaceScope<'a> {
    module: ModuleScope<'a>,
    bound: &'a [Bound<'a>],
}

impl Scope for PlaceScope<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        match self.bound.iter().rev().find(|bound| bound.name == traversal.root.name) {
            Some(bound) => Ok((bound.value.clone(), 0)),
            None => self.module.resolve(traversal),
        }
    }

    fn host(&self) -> &dyn Host {
        self.module.host()
    }
}

/// One way back, and what it went through.
pub struct Walk<'a> {
    pub tracer: &'a Tracer<'a>,
    pub chain: Vec<Link>,
    pub followed: bool,
    pub inverted: bool,
    /// An argument is inserted where a module is called, instead of the default being edited.
    pub splits: bool,
    /// The way is wanted even if the value is there already.
    pub probes: bool,
    /// The order of the list's elements says nothing.
    pub any_order: bool,
}

impl<'a> Walk<'a> {
    pub fn sources(&self) -> &'a SourceMap {
        &self.tracer.stack.environment.sources
    }

    pub fn inverts(&mut self) {
        self.inverted = true;
    }

    pub fn link(&mut self, what: impl Into<String>, span: Span) {
        self.chain.push(Link { what: what.into(), span: Some(span) });
    }

    fn module(&self, instance: &ModuleInstance) -> Result<&'a Arc<Module>, String> {
        let found = self.tracer.stack.configuration.modules.get(&instance.path());
        found.ok_or_else(|| format!("the code does not have {instance}"))
    }

    /// What an expression answers.
    pub fn value(&self, expr: &Expr, place: &Place<'_>) -> Result<Value, String> {
        let module = self.module(&place.instance)?;
        let stack = self.tracer.stack;
        let scope = PlaceScope {
            module: ModuleScope::new(stack.environment, self.tracer.values, module, &place.instance)
                .repeated(&place.repetition),
            bound: &place.bound,
        };
        let (value, problems) = evaluate(expr, &scope);
        if problems.has_errors() {
            return Err("a part of the expression cannot be evaluated".to_owned());
        }
        Ok(value)
    }

    /// What a block says.
    pub fn decoded(
        &self,
        schema: &crate::schema::BlockSchema,
        body: &crate::lang::ast::Body,
        place: &Place<'_>,
    ) -> Result<Value, String> {
        let module = self.module(&place.instance)?;
        let stack = self.tracer.stack;
        let scope = PlaceScope {
            module: ModuleScope::new(stack.environment, self.tracer.values, module, &place.instance)
                .repeated(&place.repetition),
            bound: &place.bound,
        };
        let mut problems = crate::lang::diagnostic::Diagnostics::new();
        let value = crate::schema::decode::decode(schema, body, &scope, &mut problems);
        if problems.has_errors() {
            return Err("a part of the block cannot be evaluated".to_owned());
        }
        Ok(value)
    }

    /// What an expression answers as a string; `None` if that is not known yet.
    pub fn text_of(&self, expr: &Expr, place: &Place<'_>) -> Result<Option<String>, String> {
        let value = self.value(expr, place)?;
        if value.is_sensitive() {
            return Err("a part of the string is sensitive".to_owned());
        }
        Ok(value.convert(&Type::String).ok().and_then(|value| value.as_str().map(str::to_owned)))
    }

    /// Makes what is at `steps` of an expression another value. Null takes away what can be taken away.
    pub fn change<'e>(
        &mut self,
        expr: &'e Expr,
        place: &Place<'e>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let current = self.value(expr, place);
        if let Ok(current) = &current
            && steps.is_empty()
            && !self.probes
            && current.is_wholly_known()
            && is_there(current, wanted)
        {
            return Ok(Vec::new());
        }
        match &expr.kind {
            ExprKind::Parens(inner) | ExprKind::TemplateWrap(inner) => {
                self.change(inner, place, steps, wanted)
            }
            ExprKind::JsonString { template, .. } => self.json_string(expr, template, place, steps, wanted),
            ExprKind::Literal(_) if steps.is_empty() => self.literal(expr, place, wanted),
            ExprKind::Literal(_) => self.missing_collection(expr, place, steps, wanted),
            ExprKind::Template(parts) if steps.is_empty() => {
                self.editable(expr.span)?;
                string::template(self, expr, parts, place, wanted)
            }
            ExprKind::Template(_) => Err("a string has no parts of its own".to_owned()),
            ExprKind::Traversal(traversal) => self.traversal(traversal, place, steps, wanted),
            ExprKind::Relative { source, steps: own } => {
                self.inverts();
                let steps: Vec<PathStep> = path_of(own).into_iter().chain(steps.iter().cloned()).collect();
                self.change(source, place, &steps, wanted)
            }
            ExprKind::Index { collection, key, .. } => {
                self.inverts();
                let step = step_of(&self.value(key, place)?).ok_or("the index is not known")?;
                let steps: Vec<PathStep> = std::iter::once(step).chain(steps.iter().cloned()).collect();
                self.change(collection, place, &steps, wanted)
            }
            ExprKind::Splat { source, each, .. } => {
                collection::splat(self, source, each, place, steps, wanted)
            }
            ExprKind::SplatItem => Err("it is an element of a splat".to_owned()),
            ExprKind::Call(call) => call::turned(self, call, place, steps, wanted),
            ExprKind::Conditional { condition, yes, no } => {
                self.inverts();
                let condition = self.value(condition, place)?.unmark_deep().0;
                let condition = condition.convert(&Type::Bool).ok().and_then(|value| value.as_bool());
                match condition {
                    Some(true) => self.change(yes, place, steps, wanted),
                    Some(false) => self.change(no, place, steps, wanted),
                    None => Err("the condition is not known before an apply".to_owned()),
                }
            }
            ExprKind::Binary { operator, left, right, .. } if steps.is_empty() => {
                self.inverts();
                arithmetic::turned(self, *operator, left, right, place, wanted)
            }
            ExprKind::Unary { operator: UnaryOperator::Negate, operand, .. } if steps.is_empty() => {
                if text::is_constant(expr) {
                    return self.literal(expr, place, wanted);
                }
                self.inverts();
                let number = number(wanted)?.negate();
                self.change(operand, place, &[], &Value::number(number))
            }
            ExprKind::Unary { operator: UnaryOperator::Not, operand, .. } if steps.is_empty() => {
                self.inverts();
                let truth = wanted.convert(&Type::Bool).ok().and_then(|value| value.as_bool());
                let truth = truth.ok_or("AWS has something else than true or false")?;
                self.change(operand, place, &[], &Value::bool(!truth))
            }
            ExprKind::Binary { .. } | ExprKind::Unary { .. } => {
                Err("an operator's answer has no parts".to_owned())
            }
            ExprKind::Tuple(items) => collection::tuple(self, expr, items, place, steps, wanted),
            ExprKind::Object(items) => collection::object(self, expr, items, place, steps, wanted),
            ExprKind::For(each) => collection::for_each(self, each, place, steps, wanted),
        }
    }

    /// Refuses a place that nobody is to write to.
    pub fn editable(&self, span: Span) -> Result<(), String> {
        let file = self.sources().file(span.source);
        if file.name.starts_with('<') {
            return Err(format!("it is written in {}, which is no file", file.name));
        }
        if self.tracer.is_installed(&file.name) {
            return Err(format!("it is written in an installed module ({})", file.name));
        }
        if !self.tracer.is_inside(&file.name) {
            return Err(format!("it is written in {}, outside of the repository", file.name));
        }
        Ok(())
    }

    /// Another literal in a literal's place, in the form that the old one has.
    fn literal(&mut self, expr: &Expr, place: &Place<'_>, wanted: &Value) -> Outcome {
        self.editable(expr.span)?;
        let unwritable = "the value that AWS has has no literal form";
        if self.is_json(expr.span) {
            let json = text::json(wanted, !place.is_constant).ok_or(unwritable)?;
            return Ok(vec![Edit { span: expr.span, text: json.to_string() }]);
        }
        let current = self.value(expr, place)?;
        let wanted = match &current.kind {
            Kind::Number(_) => wanted.convert(&Type::Number).unwrap_or_else(|_| wanted.clone()),
            Kind::Bool(_) => wanted.convert(&Type::Bool).unwrap_or_else(|_| wanted.clone()),
            _ => wanted.clone(),
        };
        let text = text::literal(&wanted, 0).ok_or(unwritable)?;
        Ok(vec![Edit { span: expr.span, text }])
    }

    /// A part of what is null so far.
    fn missing_collection(
        &mut self,
        expr: &Expr,
        place: &Place<'_>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        if !self.value(expr, place)?.is_null() {
            return Err("the value has no parts".to_owned());
        }
        let whole = nested(steps, wanted).ok_or("there is no list to hold the element")?;
        self.literal(expr, place, &whole)
    }

    pub fn is_json(&self, span: Span) -> bool {
        self.sources().file(span.source).name.ends_with(".json")
    }

    fn json_string<'e>(
        &mut self,
        expr: &'e Expr,
        template: &'e Expr,
        place: &Place<'e>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        if steps.is_empty() && (place.is_constant || text::is_text(template)) {
            self.editable(expr.span)?;
            let wanted = wanted.convert(&Type::String).unwrap_or_else(|_| wanted.clone());
            let json = text::json(&wanted, !place.is_constant)
                .ok_or("the value that AWS has has no literal form there")?;
            return Ok(vec![Edit { span: expr.span, text: json.to_string() }]);
        }
        match &template.kind {
            ExprKind::TemplateWrap(inner) => self.change(inner, place, steps, wanted),
            ExprKind::Template(_) => {
                Err("recon edits no part of a string with interpolations in a file of JSON".to_owned())
            }
            _ => self.change(template, place, steps, wanted),
        }
    }

    /// Where a name leads.
    fn traversal<'e>(
        &mut self,
        traversal: &'e Traversal,
        place: &Place<'e>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let bound = place.bound.iter().rev().find(|bound| bound.name == traversal.root.name);
        if let Some(bound) = bound {
            self.inverts();
            let own = path_of(&traversal.steps);
            return self.bound(bound, &own, steps, wanted);
        }
        let parsed = reference::parse(traversal).map_err(|_| "it refers to nothing".to_owned())?;
        let rest = traversal.steps.get(parsed.used..).unwrap_or_default();
        if !rest.is_empty() {
            self.inverted |= !matches!(parsed.reference, Reference::Module(_) | Reference::Each(_));
        }
        let steps: Vec<PathStep> = path_of(rest).into_iter().chain(steps.iter().cloned()).collect();
        self.followed = true;
        match &parsed.reference {
            Reference::Variable(name) => self.variable(&place.instance, name, &steps, wanted),
            Reference::Local(name) => {
                let module = self.module(&place.instance)?;
                let local = module.locals.get(name).ok_or("there is no such local value")?;
                self.link(in_module(&place.instance, &format!("local.{name}")), local.expr.span);
                self.change(&local.expr, &Place::of(place.instance.clone()), &steps, wanted)
            }
            Reference::Module(name) => self.output(&place.instance, name, &steps, wanted),
            Reference::Managed { ty, name } => {
                let resource = Resource::managed(Arc::clone(ty), Arc::clone(name));
                Err(self.of_resource(place, &resource, &steps))
            }
            Reference::Data { ty, name } => Err(format!("it is read from data.{ty}.{name}")),
            Reference::Ephemeral { ty, name } => Err(format!("it is of ephemeral.{ty}.{name}")),
            Reference::Each(part) if &**part == "value" => match &place.each {
                Some((for_each, key)) => {
                    self.inverts();
                    let outer = Place { bound: Vec::new(), ..Place::of(place.instance.clone()) };
                    if matches!(self.value(for_each, &outer)?.kind, Kind::Set(..)) {
                        return Err(named_by("for_each"));
                    }
                    let steps: Vec<PathStep> =
                        std::iter::once(PathStep::Key(Arc::clone(key))).chain(steps).collect();
                    self.link("each.value", for_each.span);
                    self.change(for_each, &outer, &steps, wanted)
                }
                None => Err("there is no for_each".to_owned()),
            },
            Reference::Each(_) => Err(named_by("for_each")),
            Reference::Count(_) => Err(named_by("count")),
            Reference::Self_ => Err("it refers to the object itself".to_owned()),
            Reference::Path(part) => Err(format!("it is path.{part}, where the code lies")),
            Reference::Terraform(part) => Err(format!("it is terraform.{part}, which no file says")),
        }
    }

    fn bound<'e>(
        &mut self,
        bound: &Bound<'e>,
        own: &[PathStep],
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let (collection, place, first, rest) = match &bound.from {
            From::Key => return Err(format!("{} is what tells the elements apart", bound.name)),
            From::Element { collection, place, step } => (collection, place, step, own),
            From::Iterator { collection, place, step } => match own.split_first() {
                Some((PathStep::Attribute(part), rest)) if &**part == "value" => {
                    (collection, place, step, rest)
                }
                _ => return Err(format!("{}.key is what tells the blocks apart", bound.name)),
            },
        };
        let steps: Vec<PathStep> = std::iter::once(first).chain(rest).chain(steps).cloned().collect();
        self.change(collection, place, &steps, wanted)
    }

    /// Why another resource's attribute is not to be changed for this one's sake.
    fn of_resource(&self, place: &Place<'_>, resource: &Resource, steps: &[PathStep]) -> String {
        let name = in_module(&place.instance, &format!("{}.{}", resource.ty, resource.name));
        let attribute = steps.iter().find_map(|step| match step {
            PathStep::Attribute(name) => Some(format!(".{name}")),
            _ => None,
        });
        format!("it follows {name}{}", attribute.unwrap_or_default())
    }

    fn output(
        &mut self,
        caller: &ModuleInstance,
        name: &Arc<str>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let (key, rest) = match steps.split_first() {
            Some((PathStep::Key(key), rest)) => (InstanceKey::Key(Arc::clone(key)), rest),
            Some((PathStep::Index(index), rest)) => (InstanceKey::Index(*index as i64), rest),
            _ => (InstanceKey::None, steps),
        };
        let Some((PathStep::Attribute(output), rest)) = rest.split_first() else {
            return Err("it is a module as a whole".to_owned());
        };
        let child = caller.child(Arc::clone(name), key);
        let found = self.module(&child)?.outputs.get(output).ok_or("there is no such output")?;
        self.link(in_module(&child, &format!("output.{output}")), found.expr.span);
        self.change(&found.expr, &Place::of(child), rest, wanted)
    }

    fn variable(
        &mut self,
        instance: &ModuleInstance,
        name: &Arc<str>,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let variable = self.module(instance)?.variables.get(name).ok_or("there is no such variable")?;
        // Of an object only what differs, not what its type has filled in.
        let current = self.tracer.values.module(instance).and_then(|module| module.variables.get(name));
        if let Some(current) = current.filter(|current| matches!(current.kind, Kind::Object(_)))
            && steps.is_empty()
            && wanted.as_entries().is_some()
        {
            let change =
                &mut |walk: &mut Walk<'_>, step, value: &Value| walk.variable(instance, name, &[step], value);
            return collection::by_member(self, current, wanted, change);
        }
        let what = in_module(instance, &format!("var.{name}"));
        if variable.sensitive {
            return Err(format!("{what} is sensitive, and a secret is not written into code"));
        }
        let Some((caller, step)) = instance.split_last() else {
            return self.root_variable(variable, &what, steps, wanted);
        };
        let caller_module = self.module(&caller)?;
        let call = caller_module.calls.get(&step.name).ok_or("the module is not called")?;
        if let Some(argument) = call.arguments.get(name) {
            self.link(what, argument.expr.span);
            let mut place = Place::of(caller);
            place.repetition = self.tracer.values.repetitions.get(instance).cloned().unwrap_or_default();
            place.each = match (&call.for_each, &step.key) {
                (Some(for_each), InstanceKey::Key(key)) => Some((for_each, Arc::clone(key))),
                _ => None,
            };
            return self.change(&argument.expr, &place, steps, wanted);
        }
        let default = variable.default_span.ok_or("nothing sets the variable")?;
        self.link(format!("{what} (its default)"), default);
        if !self.splits && self.editable(default).is_ok() {
            return self.default(variable, default, instance, steps, wanted);
        }
        self.insert_argument(call, variable, &caller, steps, wanted)
    }

    fn default(
        &mut self,
        variable: &Variable,
        default: Span,
        instance: &ModuleInstance,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        let expr = self.parsed(default)?;
        let place = Place { is_constant: true, ..Place::of(instance.clone()) };
        self.change(&expr, &place, steps, &fitting(variable, steps, wanted))
    }

    fn insert_argument(
        &mut self,
        call: &ModuleCall,
        variable: &Variable,
        caller: &ModuleInstance,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        self.editable(call.source_span)?;
        let name = &variable.name.name;
        let whole = match (steps, &variable.default) {
            ([], _) => fitting(variable, steps, wanted),
            (_, Some(default)) => crate::compare::object::with_path(default, steps, wanted),
            (_, None) => return Err("the variable has no default".to_owned()),
        };
        if self.is_json(call.source_span) {
            return Err("recon adds no argument to a file of JSON".to_owned());
        }
        let last = call.arguments.values().max_by_key(|argument| argument.span.start);
        let last = last.filter(|argument| argument.span.start > call.source_span.start);
        let last = last.map(edit::places).or(call.source_place).ok_or("the module has no source")?;
        self.link(
            format!("an argument for {}", in_module(caller, &format!("module.{}", call.name.name))),
            last.1,
        );
        let edit = edit::argument(self.sources(), name, &whole, Some(last), call.body_missing)?;
        Ok(vec![edit])
    }

    fn root_variable(
        &mut self,
        variable: &Variable,
        what: &str,
        steps: &[PathStep],
        wanted: &Value,
    ) -> Outcome {
        match self.tracer.origins.get(&variable.name.name) {
            Some(Origin::File(span)) => {
                self.link(what, *span);
                let expr = self.parsed(*span)?;
                let place = Place { is_constant: true, ..Place::of(ModuleInstance::root()) };
                self.change(&expr, &place, steps, &fitting(variable, steps, wanted))
            }
            Some(Origin::Default) => {
                let default = variable.default_span.ok_or("nothing sets the variable")?;
                self.link(format!("{what} (its default)"), default);
                self.default(variable, default, &ModuleInstance::root(), steps, wanted)
            }
            Some(Origin::Environment(name)) => {
                Err(format!("{what} is set by the environment variable {name}, in no file"))
            }
            Some(Origin::CommandLine) => Err(format!("{what} is set on the command line, in no file")),
            Some(Origin::Repository) => {
                Err(format!("{what} is set by {}, which recon does not edit", crate::repository::FILE))
            }
            None => Err(format!("{what} has no value")),
        }
    }

    /// The expression at a place of a file, with the places of its parts.
    fn parsed(&self, span: Span) -> Result<Expr, String> {
        let file = self.sources().file(span.source);
        let bytes = file.text.as_bytes();
        let (body, _) = if file.name.ends_with(".tfvars.json") {
            parse::json::parse_values_file(self.sources(), &file.name, bytes)
        } else if file.name.ends_with(".json") {
            parse::json::parse_module_file(self.sources(), &file.name, bytes)
        } else {
            parse::parse_file(self.sources(), &file.name, bytes)
        };
        let mut bodies = vec![&body];
        while let Some(body) = bodies.pop() {
            let is_there = |attribute: &&crate::lang::ast::Attribute| {
                (attribute.expr.span.start, attribute.expr.span.end) == (span.start, span.end)
            };
            if let Some(found) = body.attributes.iter().find(is_there) {
                return Ok(found.expr.clone());
            }
            bodies.extend(body.blocks.iter().map(|block| &block.body));
        }
        Err(format!("{} is not as it was when it was read", file.name))
    }
}

/// A value as a variable takes it, where it is set as a whole.
fn fitting(variable: &Variable, steps: &[PathStep], wanted: &Value) -> Value {
    if !steps.is_empty() || wanted.is_null() {
        return wanted.clone();
    }
    wanted.convert(&variable.constraint.ty).unwrap_or_else(|_| wanted.clone())
}

/// Whether a value is the wanted one already, if only as another primitive type.
fn is_there(current: &Value, wanted: &Value) -> bool {
    text::plain(current) == text::plain(wanted)
        || current.ty().is_primitive() && wanted.convert(&current.ty()).as_ref() == Ok(current)
}

fn named_by(what: &str) -> String {
    format!("the instance is named by it ({what}): another value makes another object")
}

fn in_module(instance: &ModuleInstance, name: &str) -> String {
    if instance.is_root() { name.to_owned() } else { format!("{instance}.{name}") }
}

/// Steps of a traversal as a path.
pub fn path_of(steps: &[Step]) -> Vec<PathStep> {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Attribute(name) => PathStep::Attribute(Arc::clone(name)),
            StepKind::Key(key) => PathStep::Key(Arc::clone(key)),
            StepKind::Index(index) => index
                .to_i64()
                .and_then(|index| usize::try_from(index).ok())
                .map_or_else(|| PathStep::Key(index.to_string().into()), PathStep::Index),
        })
        .collect()
}

/// An index as a step of a path.
pub fn step_of(key: &Value) -> Option<PathStep> {
    match &key.kind {
        Kind::String(text) => Some(PathStep::Key(Arc::clone(text))),
        Kind::Number(_) => Some(PathStep::Index(usize::try_from(key.as_i64()?).ok()?)),
        _ => None,
    }
}

/// The name that a step looks up.
pub fn step_name(step: &PathStep) -> String {
    match step {
        PathStep::Attribute(name) | PathStep::Key(name) => name.to_string(),
        PathStep::Index(index) => index.to_string(),
    }
}

/// What holds nothing but the value at a path. `None`: an index is in it.
pub fn nested(steps: &[PathStep], wanted: &Value) -> Option<Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(wanted.clone()) };
    match step {
        PathStep::Index(_) => None,
        PathStep::Attribute(name) | PathStep::Key(name) => {
            Some(Value::object(BTreeMap::from([(Arc::clone(name), nested(rest, wanted)?)])))
        }
    }
}

pub fn number(value: &Value) -> Result<Number, String> {
    let converted = value.convert(&Type::Number).ok();
    converted.and_then(|value| value.as_number().cloned()).ok_or_else(|| "AWS has no number there".to_owned())
}
