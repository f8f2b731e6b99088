//! From a stack to its plan: the steps that diff, apply and destroy share.

use clap::Args;
use futures::future::join_all;
use std::collections::HashMap;
use std::sync::Arc;

use crate::address::{InstanceAddress, Target, parse_instance, parse_target};
use crate::config::variables::VariableInputs;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::value::Value;
use crate::live::{Live, ProviderKey, provider_key};
use crate::plan::imports::{self, Imports};
use crate::plan::moves::{self, Moves};
use crate::plan::planner::operation_detail;
use crate::plan::{Offline, Options, PlanMode, Planned, Stack, offline, plan};
use crate::provider::{ReadRequest, ReadResult};
use crate::state::journal::Journal;
use crate::state::local::LocalState;
use crate::state::{InstanceState, State, decode};

use super::session::{Loaded, Session, duration};

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
}

/// A plan and all that carrying it out takes.
pub struct Prepared {
    pub loaded: Loaded,
    pub store: LocalState,
    pub state: State,
    pub journal: Journal,
    pub live: Live,
    pub planned: Planned,
    pub diagnostics: Diagnostics,
    /// Journal entries that the plan's state has taken care of.
    pub settled: Vec<String>,
}

/// Plans. `Err`: there are errors, and no plan.
pub async fn prepare(
    session: &Session,
    inputs: &VariableInputs,
    args: &PlanArgs,
    mode: PlanMode,
    operation: &str,
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
    let mut store = match session.store(&loaded.configuration) {
        Ok(store) => store,
        Err(diagnostic) => return Err(with(diagnostics, diagnostic)),
    };
    if args.lock {
        let patience = match duration(&args.lock_timeout) {
            Ok(patience) => patience,
            Err(problem) => {
                let diagnostic = Diagnostic::error("Invalid --lock-timeout", problem);
                return Err(with(diagnostics, diagnostic));
            }
        };
        if let Err(diagnostic) = session.lock(&mut store, operation, patience) {
            return Err(with(diagnostics, diagnostic));
        }
    }
    let unreadable =
        |error: crate::state::StateError| Diagnostic::error("The state cannot be read", error.to_string());
    let read = store.read().and_then(|state| Ok((state, Journal::open(store.path())?)));
    let (state, journal) = match read {
        Ok((state, journal)) => (state.unwrap_or_default(), journal),
        Err(error) => return Err(with(diagnostics, unreadable(error))),
    };
    let mut state = state;
    options.moves = moves::carry_out(&loaded.configuration, &mut state, &mut diagnostics);
    let Offline { providers, data, values } = first;
    let mut live = Live::new(Arc::clone(&session.registry), providers);
    if mode != PlanMode::Destroy && !args.refresh_only {
        options.imports = imports::carry_out(stack, &values, &mut state, &mut live, &mut diagnostics).await;
    }
    let settled = adopt(stack, &mut state, &journal, &mut live, &mut diagnostics).await;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let read_data = read_data(stack, &mut live, data, &mut diagnostics).await;
    if args.refresh
        && let Err(error) = live.read_all(&state).await
    {
        let diagnostic = Diagnostic::error("The provider cannot be used", operation_detail(&error));
        return Err(with(diagnostics, diagnostic));
    }
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let planned = plan(stack, &state, &mut live, read_data, &options, &mut diagnostics).await;
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    Ok(Prepared { loaded, store, state, journal, live, planned, diagnostics, settled })
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
    Options { mode, targets, replace, moves: Moves::new(), imports: Imports::new() }
}

fn invalid_address(option: &str, text: &str) -> Diagnostic {
    let detail = format!(
        "{text:?} is not the address of a resource: one looks like aws_lb.main, aws_lb.main[0] or module.a.aws_lb.main."
    );
    Diagnostic::error(format!("Invalid {option} address"), detail)
}

/// Finds what a run that died had made and not recorded, and takes it into the state. Answers the entries that are
/// settled by that.
async fn adopt(
    stack: Stack<'_>,
    state: &mut State,
    journal: &Journal,
    live: &mut Live,
    diagnostics: &mut Diagnostics,
) -> Vec<String> {
    let mut settled = Vec::new();
    for intent in journal.unfinished() {
        let (Some(address), Some(key)) =
            (parse_instance(&intent.address), provider_key(stack.registry, &intent.provider))
        else {
            settled.push(intent.id.clone());
            continue;
        };
        if state.get(&address).is_some() {
            settled.push(intent.id.clone());
            continue;
        }
        let Some(ty) = stack.registry.resource_type(&address.resource.ty) else { continue };
        if intent.identity.is_null() {
            // Nothing outside the state was to be made, or nothing tells it apart.
            settled.push(intent.id.clone());
            continue;
        }
        let known = decode(&intent.identity, &ty.schema().block.implied_type());
        let connection = match live.connection(&key).await {
            Ok(connection) => connection,
            Err(error) => {
                diagnostics.push(Diagnostic::error("The provider cannot be used", operation_detail(&error)));
                return settled;
            }
        };
        match ty.read(&connection, &[ReadRequest { known }]).await.into_iter().next() {
            Some(ReadResult::Found(value)) => {
                let mut instance =
                    InstanceState { dependencies: intent.dependencies.clone(), ..InstanceState::default() };
                let null = Value::null(value.ty());
                let value = crate::plan::planner::resource::with_tags(
                    &ty.schema().block,
                    &connection,
                    value,
                    &null,
                    &null,
                );
                instance.set_value(ty.schema(), &value);
                state.put(&address, None, &intent.provider, instance);
                diagnostics.push(Diagnostic::warning(
                    "An unrecorded object was found",
                    format!(
                        "A run before this one was ended while it made {address}. The object exists in AWS: it is taken \
                         into the record, and not made again."
                    ),
                ));
                settled.push(intent.id.clone());
            }
            Some(ReadResult::Missing) | None => settled.push(intent.id.clone()),
            Some(ReadResult::Unreadable(error)) => {
                diagnostics.push(Diagnostic::error(
                    "It cannot be told how the last run ended",
                    format!(
                        "A run before this one was ended while it made {address}, and whether the object exists cannot be \
                         read: {} Nothing is done until that is known, so that it is not made twice.",
                        operation_detail(&error)
                    ),
                ));
            }
        }
    }
    settled
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
            let value = source.read(&connection, &request.2).await;
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
