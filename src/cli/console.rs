//! `recon console`

use std::io::{BufRead, IsTerminal};

use clap::Args;

use crate::address::{Mode, ModuleInstance, ModulePath};
use crate::config::variables::VariableInputs;
use crate::graph::Node;
use crate::graph::expand::{Expansion, expand};
use crate::graph::scope::ModuleScope;
use crate::graph::values::{Values, aggregate};
use crate::lang::diagnostic::Diagnostics;
use crate::lang::eval::evaluate;
use crate::lang::parse;
use crate::lang::print::print_answer;
use crate::lang::value::Value;
use crate::plan::Stack;
use crate::state::State;

use super::session::{Session, variable_inputs};
use super::{FAILURE, OptionOrder, SUCCESS, StackArgs, VariableArgs};

#[derive(Args)]
pub struct ConsoleArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    variables: VariableArgs,
}

pub fn run(args: ConsoleArgs, order: OptionOrder) -> u8 {
    let session = Session::new(&args.stack);
    let inputs = match variable_inputs(&args.variables, &order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    match start(&session, &inputs) {
        Ok(console) => console.run(),
        Err(diagnostics) => {
            session.report(&diagnostics);
            FAILURE
        }
    }
}

struct Console<'a> {
    session: &'a Session,
    configuration: crate::config::Configuration,
    environment: crate::graph::scope::Environment,
    values: Values,
}

/// Evaluates the stack with what is recorded. A variable that is not set is unknown.
fn start<'a>(session: &'a Session, inputs: &VariableInputs) -> Result<Console<'a>, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let empty = !std::fs::read_dir(&session.directory).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_str().is_some_and(crate::config::is_configuration_file))
    });
    let mut environment = session.environment();
    environment.console = true;
    environment.plan_timestamp = Some(jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    environment.impure = true;
    if empty {
        let module = std::sync::Arc::new(crate::config::Module {
            directory: ".".into(),
            ..crate::config::Module::default()
        });
        let configuration = crate::config::Configuration {
            modules: [(ModulePath::root(), module)].into(),
            directory: session.directory.clone(),
        };
        return Ok(Console { session, configuration, environment, values: Values::new() });
    }
    let Some((configuration, graph)) = session.configuration(&mut diagnostics) else {
        return Err(diagnostics);
    };
    let (given, found) = crate::config::variables::gather(
        configuration.root(),
        &session.directory,
        &session.shown,
        inputs,
        &session.sources,
    );
    diagnostics.extend(
        found.into_iter().filter(|diagnostic| diagnostic.summary != "No value for required variable"),
    );
    let state = match session.store(&configuration) {
        Ok(mut store) => store.read().ok().flatten().unwrap_or_default(),
        Err(_) => State::default(),
    };
    let mut values = Values::new();
    {
        let stack = Stack {
            configuration: &configuration,
            graph: &graph,
            registry: &session.registry,
            environment: &environment,
            variables: &given.values,
        };
        let evaluation = stack.evaluation(false);
        for node in graph.order() {
            match node {
                Node::Resource(resource) => {
                    recorded_resource(stack, &state, &resource.module, &resource.resource, &mut values);
                }
                other => evaluation.node(other, &mut values, &mut Vec::new(), &mut diagnostics),
            }
        }
    }
    diagnostics.0.retain(|diagnostic| diagnostic.is_error());
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(Console { session, configuration, environment, values })
}

fn recorded_resource(
    stack: Stack<'_>,
    state: &State,
    path: &ModulePath,
    resource: &crate::address::Resource,
    values: &mut Values,
) {
    let module = stack.module(path);
    let block = &module.resources[resource];
    let schema = stack.schema_of(block);
    for instance in values.instances_of(path).to_vec() {
        let expansion = {
            let scope = ModuleScope::new(stack.environment, values, module, &instance);
            expand(block.count.as_ref(), block.for_each.as_ref(), &scope, false, &mut Diagnostics::new())
                .unwrap_or(Expansion::Unknown)
        };
        let value = aggregate(&expansion, |key| {
            let address = crate::address::InstanceAddress {
                module: instance.clone(),
                resource: resource.clone(),
                key: key.clone(),
            };
            match (state.get(&address), &schema) {
                (Some((_, object)), Some(schema)) if resource.mode == Mode::Managed => {
                    object.value(&schema.block)
                }
                (None, Some(schema)) => Value::unknown(schema.block.implied_type()),
                _ => Value::dynamic(),
            }
        });
        values.module_mut(&instance).resources.insert(resource.clone(), value);
    }
}

impl Console<'_> {
    fn run(&self) -> u8 {
        if std::io::stdin().is_terminal() { self.interactive() } else { self.piped() }
    }

    /// Reads expressions from the standard input, one a line (or more lines, while brackets are open), and stops at
    /// the first that is wrong.
    fn piped(&self) -> u8 {
        let mut pending = String::new();
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if !pending.is_empty() {
                pending.push('\n');
            }
            pending.push_str(&line);
            if is_open(&pending) {
                continue;
            }
            let text = std::mem::take(&mut pending);
            if text.trim() == "exit" {
                return SUCCESS;
            }
            if !text.trim().is_empty() && !self.answer(&text) {
                return FAILURE;
            }
        }
        if pending.trim().is_empty() || self.answer(&pending) { SUCCESS } else { FAILURE }
    }

    fn interactive(&self) -> u8 {
        let Ok(mut editor) = rustyline::DefaultEditor::new() else { return self.piped() };
        let history = std::env::var_os("HOME")
            .map(|home| std::path::PathBuf::from(home).join(".recon_console_history"));
        if let Some(path) = &history {
            let _ = editor.load_history(path);
        }
        let mut pending = String::new();
        loop {
            let prompt = if pending.is_empty() { "> " } else { ": " };
            match editor.readline(prompt) {
                Ok(line) => {
                    if !pending.is_empty() {
                        pending.push('\n');
                    }
                    pending.push_str(&line);
                    if is_open(&pending) {
                        continue;
                    }
                    let text = std::mem::take(&mut pending);
                    if text.trim() == "exit" {
                        break;
                    }
                    if !text.trim().is_empty() {
                        let _ = editor.add_history_entry(text.as_str());
                        self.answer(&text);
                    }
                }
                Err(rustyline::error::ReadlineError::Interrupted) => pending.clear(),
                Err(_) => break,
            }
        }
        if let Some(path) = &history {
            let _ = editor.save_history(path);
        }
        SUCCESS
    }

    /// Evaluates an expression and prints its value, or what is wrong with it.
    fn answer(&self, text: &str) -> bool {
        let sources = &self.session.sources;
        let (expr, mut diagnostics) = parse::parse_expression(sources, "<console-input>", text);
        if !diagnostics.has_errors() {
            diagnostics.append(crate::graph::references::check(
                &self.configuration,
                &ModulePath::root(),
                &expr,
            ));
        }
        if !diagnostics.has_errors() {
            let root = ModuleInstance::root();
            let scope = ModuleScope::new(&self.environment, &self.values, self.configuration.root(), &root);
            let (value, found) = evaluate(&expr, &scope);
            diagnostics.append(found);
            if !diagnostics.has_errors() {
                match print_answer(&value) {
                    Ok(text) => {
                        println!("{text}");
                        return true;
                    }
                    Err(diagnostic) => diagnostics.push(diagnostic.at(expr.span)),
                }
            }
        }
        self.session.report(&diagnostics);
        false
    }
}

/// Whether an expression goes on on the next line: brackets or a heredoc are open.
fn is_open(text: &str) -> bool {
    use crate::lang::scan::TokenKind as T;
    let mut depth = 0i32;
    for token in crate::lang::scan::scan(text) {
        match token.kind {
            T::OpenBrace | T::OpenBracket | T::OpenParen | T::OpenHeredoc | T::Interpolation | T::Control => {
                depth += 1;
            }
            T::CloseBrace | T::CloseBracket | T::CloseParen | T::CloseHeredoc | T::SequenceEnd => depth -= 1,
            _ => {}
        }
    }
    depth > 0
}
