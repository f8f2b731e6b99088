//! Templates of their own: `templatefile templatestring`.

use std::path::{Path, PathBuf};

use super::super::ast::{Expr, ExprKind, TemplatePart, Traversal};
use super::super::diagnostic::{Diagnostic, Diagnostics};
use super::super::eval::{Evaluator, Scope};
use super::super::parse::parse_template;
use super::super::reference::template_traversals;
use super::super::scan::{is_identifier_continue, is_identifier_start};
use super::super::source::{SourceMap, Span};
use super::super::types::Type;
use super::super::value::{Kind, Value};
use super::filesystem::read_text;
use super::{CallError, CallResult, Function, Host};

/// What diagnostics call the source of a template that is not a file.
const STRING_NAME: &str = "<templatestring argument>";

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("templatefile", template_file)
            .takes("path", Type::String)
            .or_marked()
            .takes("vars", Type::Dynamic)
            .or_marked()
            .may_be_null(),
        Function::typed("templatestring", template_string_type, template_string)
            .takes("template", Type::Dynamic)
            .or_null()
            .or_unknown()
            .or_marked()
            .takes("vars", Type::Dynamic)
            .or_marked(),
    ]
}

/// Whether an expression can be the template of `templatestring`: only a reference to something elsewhere,
/// because a template that is written in place needs no function, and its `${` would be evaluated twice.
pub fn is_template_reference(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Traversal(_) => true,
        ExprKind::Relative { source, .. } => is_template_reference(source),
        ExprKind::Index { collection, .. } => is_template_reference(collection),
        ExprKind::Splat { source, .. } => is_template_reference(source),
        _ => false,
    }
}

/// A template that was read, and the text that diagnostics point into.
struct Template {
    sources: SourceMap,
    parts: Vec<TemplatePart>,
}

impl Template {
    /// The error says what is wrong with the text and where.
    fn parse(name: &str, text: &str) -> Result<Template, String> {
        let sources = SourceMap::new();
        let (parts, diagnostics) = parse_template(&sources, name, text);
        if diagnostics.has_errors() {
            Err(described(&sources, &diagnostics))
        } else {
            Ok(Template { sources, parts })
        }
    }

    fn render(&self, host: &dyn Host, variables: &Value) -> CallResult {
        check_variables(variables)?;
        let mut missing = None;
        template_traversals(&self.parts, &mut |traversal| {
            if !has_variable(variables, &traversal.root.name) {
                missing.get_or_insert(&traversal.root);
            }
        });
        if let Some(name) = missing {
            let place = place(&self.sources, name.span);
            let message = format!("vars map does not contain key {:?}, referenced at {place}", &*name.name);
            return Err(CallError::argument(1, message));
        }
        let scope = TemplateScope { variables, host: TemplateHost { outer: host } };
        let mut evaluator = Evaluator::new(&scope);
        let value = evaluator.render(&self.parts);
        if evaluator.diagnostics.has_errors() {
            return Err(CallError::Call(described(&self.sources, &evaluator.diagnostics)));
        }
        if value.is_null() {
            return Err(CallError::call("the result of the template is null, which is not a valid result"));
        }
        let marks = variables.marks_deep();
        let (value, own) = value.unmark_deep();
        Ok(value.with_marks(marks | own))
    }
}

/// `name:line,column-column: summary; detail` of the first error, and how many more there are.
fn described(sources: &SourceMap, diagnostics: &Diagnostics) -> String {
    let mut errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let Some(first) = errors.next() else { return "the template is not valid".to_owned() };
    let at = first.subject.map(|span| format!("{}: ", place(sources, span))).unwrap_or_default();
    let more = match errors.count() {
        0 => String::new(),
        count => format!(", and {count} other diagnostic(s)"),
    };
    format!("{at}{}; {}{more}", first.summary, first.detail.trim_end_matches('.'))
}

/// `name:line,column-column`
fn place(sources: &SourceMap, span: Span) -> String {
    let file = sources.file(span.source);
    let (start, end) = (file.position(span.start as usize), file.position(span.end as usize));
    let end = match end.line == start.line {
        true => end.column.to_string(),
        false => format!("{},{}", end.line, end.column),
    };
    format!("{}:{},{}-{end}", file.name, start.line, start.column)
}

fn check_variables(variables: &Value) -> Result<(), CallError> {
    let valid =
        |name: &str| name.starts_with(is_identifier_start) && name.chars().all(is_identifier_continue);
    let names: Vec<&str> = match (&variables.kind, variables.as_entries()) {
        (_, Some(entries)) => entries.keys().map(|name| &**name).collect(),
        (Kind::Unknown(Type::Object(object), _), _) => object.attributes.keys().map(|name| &**name).collect(),
        (Kind::Unknown(Type::Map(_) | Type::Dynamic, _), _) => Vec::new(),
        _ => return Err(CallError::argument(1, "invalid vars value: must be a map")),
    };
    match names.into_iter().find(|name| !valid(name)) {
        Some(name) => {
            let message = format!(
                "invalid template variable name {name:?}: must start with a letter, followed by zero or more \
                 letters, digits, and underscores"
            );
            Err(CallError::argument(1, message))
        }
        None => Ok(()),
    }
}

fn has_variable(variables: &Value, name: &str) -> bool {
    variables.as_entries().is_some_and(|entries| entries.contains_key(name))
}

/// Inside a template there is only what it was given.
struct TemplateScope<'a> {
    variables: &'a Value,
    host: TemplateHost<'a>,
}

impl Scope for TemplateScope<'_> {
    fn resolve(&self, traversal: &Traversal) -> Result<(Value, usize), Diagnostic> {
        let root = &traversal.root;
        let value = self.variables.as_entries().and_then(|entries| entries.get(&root.name)).cloned();
        value.map(|value| (value, 0)).ok_or_else(|| {
            let detail = format!("The template was given no variable {:?}.", &*root.name);
            Diagnostic::error("Unknown variable", detail).at(root.span)
        })
    }

    fn host(&self) -> &dyn Host {
        &self.host
    }
}

/// The world as functions in a template see it.
struct TemplateHost<'a> {
    outer: &'a dyn Host,
}

impl Host for TemplateHost<'_> {
    fn base_directory(&self) -> &Path {
        self.outer.base_directory()
    }

    fn plan_timestamp(&self) -> Option<String> {
        self.outer.plan_timestamp()
    }

    fn answers_impure(&self) -> bool {
        self.outer.answers_impure()
    }

    fn home_directory(&self) -> Option<PathBuf> {
        self.outer.home_directory()
    }

    fn is_console(&self) -> bool {
        self.outer.is_console()
    }

    fn is_template(&self) -> bool {
        true
    }
}

/// Templates within templates could go on for ever.
fn refuse_recursion(host: &dyn Host, name: &str) -> Result<(), CallError> {
    if !host.is_template() {
        return Ok(());
    }
    let message = format!("cannot recursively call {name} from inside another template function");
    Err(CallError::Call(message))
}

fn template_file(host: &dyn Host, arguments: &[Value]) -> CallResult {
    refuse_recursion(host, "templatefile")?;
    let marks = arguments[0].marks;
    let path = arguments[0].as_str().unwrap_or_default();
    let text = read_text(host, path, marks)?;
    let name = if marks.is_empty() { path } else { "(sensitive value)" };
    let template = Template::parse(name, &text).map_err(CallError::Call)?;
    Ok(template.render(host, &arguments[1])?.with_marks(marks))
}

/// The text of a template that is a value; `None` if it is not known yet.
fn template_text(value: &Value) -> Result<Option<&str>, CallError> {
    match &value.kind {
        Kind::String(text) => Ok(Some(text)),
        Kind::Unknown(..) => Ok(None),
        _ => Err(CallError::argument(0, "invalid template value: a string is required")),
    }
}

fn parse_string(text: &str) -> Result<Template, CallError> {
    Template::parse(STRING_NAME, text)
        .map_err(|message| CallError::argument(0, format!("invalid template: {message}")))
}

fn template_string_type(arguments: &[Value]) -> Result<Type, CallError> {
    if let Some(text) = template_text(&arguments[0])?
        && !arguments[1].is_known()
    {
        parse_string(text)?;
    }
    Ok(Type::String)
}

fn template_string(host: &dyn Host, arguments: &[Value], _: &Type) -> CallResult {
    refuse_recursion(host, "templatestring")?;
    let marks = arguments[0].marks;
    let Some(text) = template_text(&arguments[0])? else {
        return Ok(Value::unknown(Type::String).with_marks(marks | arguments[1].marks_deep()));
    };
    let rendered = parse_string(text)?.render(host, &arguments[1])?;
    let text = rendered
        .convert(&Type::String)
        .map_err(|error| CallError::call(format!("invalid template result: {error}")))?;
    Ok(text.with_marks(marks))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TestHost, error, text};
    use super::*;

    fn variables(entries: &[(&'static str, Value)]) -> Value {
        Value::object(entries.iter().cloned())
    }

    fn render(template: &str, entries: &[(&'static str, Value)]) -> CallResult {
        Template::parse("two.tftpl", template)
            .map_err(CallError::Call)?
            .render(&TestHost, &variables(entries))
    }

    #[test]
    fn a_lone_interpolation_keeps_its_type() {
        let list = Value::tuple(vec![Value::from(1)]);
        assert_eq!(render("${x}", &[("x", list.clone())]), Ok(list));
        assert_eq!(render("${x}!", &[("x", Value::from(1))]), Ok(Value::from("1!")));
        assert!(matches!(render("${x}", &[("x", Value::null(Type::Dynamic))]), Err(CallError::Call(_))));
        let arguments = [Value::from("${x}"), variables(&[("x", Value::from(1))])];
        assert_eq!(text("templatestring", arguments), "\"1\"");
    }

    // The messages' places are those that Terraform 1.11.4 gives.
    #[test]
    fn what_is_wrong_says_where() {
        let message = |result: CallResult| match result {
            Err(CallError::Call(message) | CallError::Argument { index: 1, message }) => message,
            other => panic!("{other:?}"),
        };
        let missing = message(render("a ${x} ${y}", &[("x", Value::from(1))]));
        assert!(missing.contains("\"y\"") && missing.ends_with("two.tftpl:1,10-11"), "{missing}");
        let list = || Value::tuple(Vec::new());
        let failed = message(render("a ${x} ${y}", &[("x", list()), ("y", list())]));
        assert!(failed.starts_with("two.tftpl:1,5-6: Invalid template interpolation value"), "{failed}");
        assert!(failed.ends_with("and 1 other diagnostic(s)"), "{failed}");
        let syntax = message(render("${upper(x)}${", &[]));
        assert!(syntax.starts_with("two.tftpl:1,14-14"), "{syntax}");
    }

    #[test]
    fn everything_given_marks_the_result() {
        let secret = [("x", Value::from(1)), ("y", Value::tuple(vec![Value::from(1).sensitive()]))];
        assert_eq!(render("${x}!", &secret), Ok(Value::from("1!").sensitive()));
    }

    #[test]
    fn templates_do_not_nest() {
        let inner = [("x", Value::from("y")), ("y", Value::from("y"))];
        let nested = render("${templatestring(x, {})}", &inner);
        assert!(matches!(nested, Err(CallError::Call(message)) if message.contains("recursively")));
    }

    #[test]
    fn a_template_string_is_a_string() {
        for bad in [Value::from(5), Value::null(Type::Dynamic)] {
            let failure = error("templatestring", [bad, Value::empty_object()]);
            assert!(matches!(failure, CallError::Argument { index: 0, .. }));
        }
        let failure = error("templatestring", [Value::from("${"), Value::unknown(Type::map(Type::Bool))]);
        assert!(matches!(failure, CallError::Argument { index: 0, .. }));
        assert_eq!(
            text("templatestring", [Value::unknown(Type::String), Value::empty_object()]),
            "(known after apply)"
        );
        let failure = error("templatestring", [Value::from("a"), Value::object([("a b", Value::from(1))])]);
        assert!(matches!(failure, CallError::Argument { index: 1, .. }));
    }
}
