//! From a stack to its plan: the steps that diff, apply and destroy share.

use clap::Args;
use futures::future::join_all;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::address::{InstanceAddress, Target, parse_instance, parse_target};
use crate::apply::repair::{Settled, adopt};
use crate::config::variables::VariableInputs;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::value::Value;
use crate::live::account::{self, Place, Unsure};
use crate::live::{Live, ProviderKey};
use crate::plan::imports::{self, Imports};
use crate::plan::moves::{self, Moves};
use crate::plan::planner::Look;
use crate::plan::planner::operation_detail;
use crate::plan::{Offline, Options, PlanMode, Planned, Stack, offline, plan};
use crate::state::State;
use crate::state::backend::Store;
use crate::state::journal::Journal;

use super::session::{Loaded, STATE_NOTE, Session, duration};

/// Options that diff, apply and destroy share.
#[derive(Args, Clone)]
pub struct PlanArgs {
    /// Plans only this resource, instance or module, and what it needs. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub target: Vec<String>,
    /// Replaces this instance. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    pub replace: Vec<String>,
    /// Whether to ask AWS what there is; with false the record is believed.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub refresh: bool,
    /// Compares record and AWS only, and records what AWS has.
    #[arg(long)]
    pub refresh_only: bool,
    /// How many things to do at once.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub parallelism: usize,
    /// Whether to lock the state.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    pub lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    pub lock_timeout: String,
    /// Warnings as one line each.
    #[arg(long)]
    pub compact_warnings: bool,
    /// Never asks; there is nothing that recon asks for but approval.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set, hide = true)]
    pub input: bool,
    /// Nothing is to be carried out.
    #[arg(skip)]
    pub look: Option<Look>,
}

impl PlanArgs {
    /// For a look at the whole stack that takes no lock.
    pub fn looking(look: Look) -> PlanArgs {
        PlanArgs {
            target: Vec::new(),
            replace: Vec::new(),
            refresh: true,
            refresh_only: false,
            parallelism: 10,
            lock: false,
            lock_timeout: "0".to_owned(),
            compact_warnings: false,
            input: true,
            look: Some(look),
        }
    }
}

/// A plan and all that carrying it out takes.
pub struct Prepared {
    pub loaded: Loaded,
    pub store: Store,
    pub state: State,
    pub journal: Journal,
    pub live: Live,
    pub planned: Planned,
    pub diagnostics: Diagnostics,
    /// How it was planned, and what was read of data sources: planning again takes both.
    pub options: Options,
    pub data: HashMap<(ProviderKey, Arc<str>, Value), Value>,
    /// Journal entries that the plan's state has taken care of.
    pub settled: Vec<Settled>,
    /// Where the provider configurations of what is recorded lead; empty without refreshing.
    pub places: BTreeMap<ProviderKey, Place>,
}

/// Plans. `Err`: there are errors, and no plan.
pub async fn prepare(
    session: &Session,
    inputs: &VariableInputs,
    args: &PlanArgs,
    mode: PlanMode,
    operation: &str,
) -> Result<Prepared, Diagnostics> {
    let mut slot = None;
    super::interrupt::listen();
    let prepared = tokio::select! {
        prepared = prepare_with(session, inputs, args, mode, operation, &mut slot) => prepared,
        () = super::interrupt::stopped() => {
            Err(Diagnostic::error("Interrupted", "Nothing was changed.").into())
        }
    };
    let Err(mut diagnostics) = prepared else { return prepared };
    // The lock is given back here and not when the store is dropped, so that it is said if that does not work.
    if let Some(store) = &mut slot
        && let Err(error) = store.unlock()
    {
        diagnostics.push(Diagnostic::error("The lock could not be given back", error.to_string()));
    }
    Err(diagnostics)
}

/// As [`prepare`]; a store that was made and not handed on is in the slot.
async fn prepare_with(
    session: &Session,
    inputs: &VariableInputs,
    args: &PlanArgs,
    mode: PlanMode,
    operation: &str,
    slot: &mut Option<Store>,
) -> Result<Prepared, Diagnostics> {
    let mut diagnostics = Diagnostics::new();
    let mut options = options(args, mode, &mut diagnostics);
    let Some(loaded) = session.load(inputs, &mut diagnostics) else { return Err(diagnostics) };
    let stack = loaded.stack(&session.registry);
    // To destroy, resources need not be right any more; what is wrong with a provider shows when it is used.
    let mut ignored = Diagnostics::new();
    let first = offline(stack, if mode == PlanMode::Destroy { &mut ignored } else { &mut diagnostics });
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let store = match session.store(&loaded.configuration) {
        Ok(store) => slot.insert(store),
        Err(found) => return Err(with_all(diagnostics, found)),
    };
    if args.lock {
        let patience = match duration(&args.lock_timeout) {
            Ok(patience) => patience,
            Err(problem) => {
                let diagnostic = Diagnostic::error("Invalid --lock-timeout", problem);
                return Err(with(diagnostics, diagnostic));
            }
        };
        if let Err(found) = session.lock(store, operation, patience) {
            return Err(with_all(diagnostics, found));
        }
    }
    let unreadable =
        |error: crate::state::StateError| Diagnostic::error("The state cannot be read", error.to_string());
    let read = store.read().and_then(|state| Ok((state, store.journal()?)));
    diagnostics.extend(store.take_notes().into_iter().map(|note| Diagnostic::warning(STATE_NOTE, note)));
    let (state, journal) = match read {
        Ok((state, journal)) => (state.unwrap_or_default(), journal),
        Err(error) => return Err(with(diagnostics, unreadable(error))),
    };
    diagnostics.extend(super::errored::unpushed(session, &state));
    let mut state = state;
    options.moves = moves::carry_out(&loaded.configuration, &mut state, &mut diagnostics);
    let Offline { providers, data, values } = first;
    let mut live = Live::new(Arc::clone(&session.registry), providers);
    if mode != PlanMode::Destroy && !args.refresh_only {
        options.imports = imports::carry_out(stack, &values, &mut state, &mut live, &mut diagnostics).await;
    }
    let mut places = BTreeMap::new();
    if args.refresh {
        match account::verify(&session.registry, &state, &mut live).await {
            Ok(found) => places = found,
            Err(unsure) => return Err(with(diagnostics, elsewhere(&unsure))),
        }
    }
    let settled = adopt(stack, &mut state, &journal, &mut live, &mut diagnostics).await;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let data = read_data(stack, &mut live, data, &mut diagnostics).await;
    if args.refresh
        && let Err(error) = live.read_all(&state).await
    {
        let diagnostic = Diagnostic::error("The provider cannot be used", operation_detail(&error));
        return Err(with(diagnostics, diagnostic));
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let mut planned = plan(stack, &state, &mut live, data.clone(), &options, &mut diagnostics).await;
    planned.plan.variables.clone_from(&loaded.given);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let Some(store) = slot.take() else { return Err(diagnostics) };
    Ok(Prepared { loaded, store, state, journal, live, planned, diagnostics, options, data, settled, places })
}

fn elsewhere(unsure: &Unsure) -> Diagnostic {
    match unsure {
        Unsure::Elsewhere(elsewhere) => {
            Diagnostic::error("The objects are recorded elsewhere", elsewhere.to_string())
        }
        Unsure::Unknown(error) => Diagnostic::error("The provider cannot be used", operation_detail(error)),
    }
}

fn with_all(mut diagnostics: Diagnostics, more: Diagnostics) -> Diagnostics {
    diagnostics.append(more);
    diagnostics
}

fn with(mut diagnostics: Diagnostics, diagnostic: Diagnostic) -> Diagnostics {
    diagnostics.push(diagnostic);
    diagnostics
}

fn options(args: &PlanArgs, mode: PlanMode, diagnostics: &mut Diagnostics) -> Options {
    let mut targets: Vec<Target> = Vec::new();
    for text in &args.target {
        match parse_target(text) {
            Some(target) => targets.push(target),
            None => diagnostics.push(invalid_address("--target", text)),
        }
    }
    let mut replace: Vec<InstanceAddress> = Vec::new();
    for text in &args.replace {
        match parse_instance(text) {
            Some(address) => replace.push(address),
            None => diagnostics.push(invalid_address("--replace", text)),
        }
    }
    if mode == PlanMode::Destroy && args.refresh_only {
        let detail = "--refresh-only changes nothing in AWS, and to destroy is to change: give one of them.";
        diagnostics.push(Diagnostic::error("Incompatible plan mode options", detail));
    }
    if args.refresh_only && !args.refresh {
        let detail =
            "--refresh-only is nothing but a refresh, and --refresh=false leaves it out: give one of them.";
        diagnostics.push(Diagnostic::error("Incompatible refresh options", detail));
    }
    if !replace.is_empty() && (mode == PlanMode::Destroy || args.refresh_only) {
        let detail = "--replace is for plans that make objects, and goes neither with --destroy nor with --refresh-only.";
        diagnostics.push(Diagnostic::error("Unsupported plan mode", detail));
    }
    let mode = if args.refresh_only && mode == PlanMode::Normal { PlanMode::RefreshOnly } else { mode };
    Options { mode, targets, replace, moves: Moves::new(), imports: Imports::new(), look: args.look }
}

fn invalid_address(option: &str, text: &str) -> Diagnostic {
    let detail = format!(
        "{text:?} is not the address of a resource: one looks like aws_lb.main, aws_lb.main[0] or module.a.aws_lb.main."
    );
    Diagnostic::error(format!("Invalid {option} address"), detail)
}

/// Reads, all at once, the data sources whose arguments are known offline.
async fn read_data(
    stack: Stack<'_>,
    live: &mut Live,
    requests: Vec<(ProviderKey, Arc<str>, Value)>,
    diagnostics: &mut Diagnostics,
) -> HashMap<(ProviderKey, Arc<str>, Value), Value> {
    let mut ready = Vec::new();
    for request in requests {
        // A configuration that waits for something else is asked for later.
        if live.configuration(&request.0).is_none_or(|config| !config.is_wholly_known()) {
            continue;
        }
        match live.connection(&request.0).await {
            Ok(connection) => ready.push((request, connection)),
            Err(error) => {
                diagnostics.push(Diagnostic::error("The provider cannot be used", operation_detail(&error)));
                return HashMap::new();
            }
        }
    }
    let reads = ready.into_iter().filter_map(|(request, connection)| {
        let source = stack.registry.data_source(&request.1)?;
        Some(async move {
            let value = source.object(&connection, &request.2).await;
            (request, value)
        })
    });
    // What fails here is asked for again where it is needed, and reported there with its place.
    join_all(reads.collect::<Vec<_>>())
        .await
        .into_iter()
        .filter_map(|(request, value)| Some((request, value.ok()?)))
        .collect()
}

/// A runtime for a command's work.
pub fn runtime() -> Result<tokio::runtime::Runtime, std::io::Error> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}
