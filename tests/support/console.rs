//! Evaluates an expression as the console does: beside declarations that stand in a `main.tf` of their own,
//! through the loader, the graph and the evaluator that recon uses for a stack.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use recon::address::{ModuleInstance, ModulePath};
use recon::config::{self, Configuration, LoadOptions, Module, Output, variables};
use recon::graph::scope::{Environment, ModuleScope};
use recon::graph::values::Values;
use recon::graph::{Graph, Node};
use recon::lang::ast::{Expr, Ident};
use recon::lang::diagnostic::Diagnostics;
use recon::lang::eval::evaluate;
use recon::lang::parse::parse_expression;
use recon::lang::source::SourceMap;
use recon::lang::value::{Marks, Value};

/// The name of the output that holds the expression.
const ANSWER: &str = "answer";

/// The expression's value, or what is wrong with it or with the declarations. Relative paths start in
/// `directory`.
pub fn answer(declarations: &str, expression: &str, directory: &Path) -> Result<Value, Diagnostics> {
    let sources = Arc::new(SourceMap::new());
    let stack = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(stack.path().join("main.tf"), format!("{declarations}\n")).expect("main.tf is written");
    let options = LoadOptions { directory: stack.path().to_owned(), shown: PathBuf::new() };
    let (mut configuration, found) = config::load(&options, &sources);
    good(found)?;
    let (expr, found) = parse_expression(&sources, "<console-input>", expression);
    good(found)?;
    let module = configuration.modules.remove(&ModulePath::root()).expect("a root module");
    let module = Arc::into_inner(module).expect("nobody else has the module yet");
    let configuration = with_answer(configuration, module, expr);
    let (graph, found) = Graph::build(&configuration);
    good(found)?;
    let environment = Environment {
        sources,
        directory: directory.to_owned(),
        working_directory: directory.to_owned(),
        workspace: "default".to_owned(),
        plan_timestamp: Some("2024-02-29T12:34:56Z".to_owned()),
        impure: true,
        applying: false,
        home_directory: Some(PathBuf::from("/home/steve")),
        console: true,
    };
    walk(&configuration, &graph, &environment)
}

fn good(diagnostics: Diagnostics) -> Result<(), Diagnostics> {
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok(()) }
}

fn with_answer(mut configuration: Configuration, mut module: Module, expr: Expr) -> Configuration {
    let span = expr.span;
    let output = Output {
        name: Ident { name: ANSWER.into(), span },
        expr,
        description: None,
        sensitive: false,
        ephemeral: false,
        depends_on: Vec::new(),
        preconditions: Vec::new(),
        declared_at: span,
    };
    module.outputs.insert(ANSWER.into(), output);
    configuration.modules.insert(ModulePath::root(), Arc::new(module));
    configuration
}

fn walk(
    configuration: &Configuration,
    graph: &Graph,
    environment: &Environment,
) -> Result<Value, Diagnostics> {
    let module = configuration.root();
    let root = ModuleInstance::root();
    let mut values = Values::new();
    for node in graph.order() {
        match node {
            Node::Variable(_, name) => {
                let variable = &module.variables[name];
                let value = match &variable.default {
                    Some(default) => {
                        variables::convert(variable, default.clone()).expect("the loader has checked it")
                    }
                    None => Value::unknown(variable.constraint.ty.clone()),
                };
                let marks = if variable.sensitive { Marks::SENSITIVE } else { Marks::NONE };
                values.module_mut(&root).variables.insert(Arc::clone(name), value.with_marks(marks));
            }
            Node::Local(_, name) => {
                let value = evaluated(&module.locals[name].expr, &values, configuration, environment)?;
                values.module_mut(&root).locals.insert(Arc::clone(name), value);
            }
            _ => {}
        }
    }
    evaluated(&module.outputs[ANSWER].expr, &values, configuration, environment)
}

fn evaluated(
    expr: &Expr,
    values: &Values,
    configuration: &Configuration,
    environment: &Environment,
) -> Result<Value, Diagnostics> {
    let root = ModuleInstance::root();
    let module = ModuleScope::new(environment, values, configuration.root(), &root);
    let (value, found) = evaluate(expr, &module);
    good(found)?;
    Ok(value)
}
