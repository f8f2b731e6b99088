//! `recon import`: an object that exists already comes under management. An `import` block does the same with a plan
//! before it.

use clap::Args;
use std::sync::Arc;

use crate::address::{InstanceAddress, InstanceKey, Mode, Target, parse_target};
use crate::config::Configuration;
use crate::config::variables::VariableInputs;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::live::Live;
use crate::plan::{Offline, imports, moves, offline};
use crate::state::State;
use crate::state::backend::Store;

use super::session::{Loaded, Session, variable_inputs};
use super::surgery::{self, Backup, RecordArgs};
use super::{FAILURE, OptionOrder, StackArgs, VariableArgs, interrupt, run as planning};

#[derive(Args)]
pub struct ImportArgs {
    /// The address that the object gets: one instance of a resource of the code.
    address: String,
    /// What identifies the object, in the resource type's own form.
    id: String,
    #[command(flatten)]
    variables: VariableArgs,
    #[command(flatten)]
    record: RecordArgs,
}

/// Reads the object and records it. Answers the exit code.
pub fn run(args: &ImportArgs, order: &OptionOrder) -> u8 {
    let stack = StackArgs { stack: args.record.stack.clone(), no_color: args.record.no_color };
    let session = Session::new(&stack);
    let inputs = match variable_inputs(&args.variables, order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => {
            session.report(&diagnostic.into());
            return FAILURE;
        }
    };
    interrupt::listen();
    let result = import(&session, &inputs, args);
    surgery::finish(&session, result)
}

fn import(session: &Session, inputs: &VariableInputs, args: &ImportArgs) -> Result<String, Diagnostics> {
    let address = wanted(&args.address)?;
    let mut diagnostics = Diagnostics::new();
    let Some(loaded) = session.load(inputs, &mut diagnostics) else { return Err(diagnostics) };
    declared(&loaded.configuration, &address)?;
    let first = offline(loaded.stack(&session.registry), &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    session.report(&diagnostics);
    let runtime = planning::runtime()
        .map_err(|error| Diagnostic::error("recon cannot start its work", error.to_string()))?;
    let mut store = session.store(&loaded.configuration)?;
    surgery::locked(session, &mut store, &args.record, "import", |store| {
        runtime.block_on(async {
            tokio::select! {
                result = record(session, &loaded, first, store, &address, &args.id) => result,
                () = interrupt::stopped() => Err(Diagnostic::error("Interrupted", "Nothing was changed.").into()),
            }
        })
    })
}

async fn record(
    session: &Session,
    loaded: &Loaded,
    first: Offline,
    store: &mut Store,
    address: &InstanceAddress,
    id: &str,
) -> Result<String, Diagnostics> {
    let text = surgery::read(session, store)?;
    let mut state = match &text {
        Some(text) => surgery::parsed(session, store, text)?,
        None => State::new(),
    };
    vacant(&loaded.configuration, &state, address)?;
    let stack = loaded.stack(&session.registry);
    let mut live = Live::new(Arc::clone(&session.registry), first.providers);
    let mut diagnostics = Diagnostics::new();
    if !imports::bring_in(stack, None, address, id, &mut state, &mut live, &mut diagnostics).await {
        return Err(diagnostics);
    }
    session.report(&diagnostics);
    surgery::put(store, &mut state, text.as_deref(), Backup::Last)?;
    Ok(format!(
        "{address}: recorded the {} with the id {id:?} (serial {}). \"recon diff\" shows where the code differs from it.\n",
        address.resource.ty, state.serial
    ))
}

/// The instance that an address means.
fn wanted(text: &str) -> Result<InstanceAddress, Diagnostic> {
    match parse_target(text) {
        Some(Target::Resource { resource, key }) if resource.resource.mode == Mode::Managed => {
            Ok(resource.instance(key.unwrap_or(InstanceKey::None)))
        }
        Some(Target::Resource { .. }) => {
            let detail = "A managed resource address is required. Data sources are only read: there is nothing of them to \
                          import.";
            Err(Diagnostic::error("Invalid address", detail))
        }
        _ => {
            let detail = format!(
                "{text:?} is not the address of one instance of a resource: one looks like aws_lb.main, aws_lb.main[0] or \
                 module.web.aws_lb.main[\"a\"]."
            );
            Err(Diagnostic::error("Invalid address", detail))
        }
    }
}

/// Refuses an instance that the code cannot have.
fn declared(configuration: &Configuration, address: &InstanceAddress) -> Result<(), Diagnostic> {
    let module = configuration.modules.get(&address.module.path());
    let Some(block) = module.and_then(|module| module.resources.get(&address.resource)) else {
        let detail = format!(
            "{} is not declared. Write a resource block for it first: what it says is then compared with the object.",
            address.config()
        );
        return Err(Diagnostic::error("Configuration for import target does not exist", detail));
    };
    let wants = match (&block.count, &block.for_each, &address.key) {
        (None, None, InstanceKey::None)
        | (Some(_), _, InstanceKey::Index(_))
        | (_, Some(_), InstanceKey::Key(_)) => return Ok(()),
        (Some(_), ..) => "has count: its instances have a number, like [0]",
        (_, Some(_), _) => "has for_each: its instances have a key, like [\"a\"]",
        (None, None, _) => "has neither count nor for_each: its only instance has no key",
    };
    let detail = format!("{} {wants}. {address} is none of its instances.", address.config());
    Err(Diagnostic::error("Invalid address", detail).at(block.declared_at))
}

/// Refuses an address at which something is recorded, or will be when the code's `moved` blocks are carried out.
fn vacant(
    configuration: &Configuration,
    state: &State,
    address: &InstanceAddress,
) -> Result<(), Diagnostics> {
    let mut moved = state.clone();
    let mut diagnostics = Diagnostics::new();
    moves::carry_out(configuration, &mut moved, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    if state.get(address).is_none() && moved.get(address).is_none() {
        return Ok(());
    }
    let detail = format!(
        "recon already manages an object for {address}. To import to this address, remove the object from the state first \
         (\"recon state rm\"), or move it (\"recon state mv\")."
    );
    Err(Diagnostic::error("Resource already managed", detail).into())
}
