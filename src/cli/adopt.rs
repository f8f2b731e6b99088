//! `recon adopt`: what the code would make is looked for in AWS, and `import` blocks are proposed for what is there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use crate::address::{InstanceAddress, Target};
use crate::config::variables::VariableInputs;
use crate::graph::evaluate::extend_once;
use crate::lang::ast::ExprKind;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::adoption::{self, Outcome, Outcomes};
use crate::plan::planner::operation_detail;
use crate::plan::{Action, PlanMode, Planned, plan};
use crate::render::adoption::{Adoption, MARK, file, json, list};
use crate::render::plan::plan as rendered;

use super::run::{PlanArgs, Prepared, prepare, runtime};
use super::session::{Session, variable_inputs};
use super::{FAILURE, OptionOrder, SUCCESS, StackArgs, VariableArgs, interrupt, output};

/// The file that is written where none is named: in the stack's directory, so that it is a part of the stack.
const FILE: &str = "adopt.tf";

#[derive(Args)]
pub struct AdoptArgs {
    #[command(flatten)]
    stack: StackArgs,
    #[command(flatten)]
    variables: VariableArgs,
    /// Looks for this resource, instance or module only, and what it needs. May be repeated.
    #[arg(long, value_name = "ADDRESS")]
    target: Vec<String>,
    /// Where to write the import blocks: adopt.tf in the stack's directory if no file is given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Overwrites a file that recon did not write.
    #[arg(long)]
    force: bool,
    /// Prints what happens and is found as JSON, one object a line.
    #[arg(long)]
    json: bool,
    /// Whether to lock the state while it is compared.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    lock: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    lock_timeout: String,
}

/// Looks, shows what adopting would change, and writes the file. Changes neither AWS nor the state. Answers the exit
/// code.
pub fn run(args: &AdoptArgs, order: &OptionOrder) -> u8 {
    let session = Session::new(&args.stack);
    match adopt(&session, args, order) {
        Ok(()) => SUCCESS,
        Err(diagnostics) => {
            if args.json {
                output::json_diagnostics(&session, &diagnostics);
            } else {
                session.report(&diagnostics);
            }
            interrupt::code().unwrap_or(FAILURE)
        }
    }
}

fn adopt(session: &Session, args: &AdoptArgs, order: &OptionOrder) -> Result<(), Diagnostics> {
    let inputs = variable_inputs(&args.variables, order)?;
    let out = args.out.clone().unwrap_or_else(|| session.directory.join(FILE));
    writable(&out, args.force)?;
    let runtime =
        runtime().map_err(|error| Diagnostic::error("recon cannot start its work", error.to_string()))?;
    let searched = runtime.block_on(search(session, &inputs, args, &out))?;
    let Searched { planned, mut diagnostics, adoptions } = searched;
    diagnostics.extend(adoptions.iter().filter_map(warning));
    let proposes = |one: &Adoption| matches!(one.outcome, Outcome::Found { .. } | Outcome::Ambiguous { .. });
    let written = adoptions.iter().any(proposes);
    if args.json {
        output::json_plan(session, &planned.plan, &diagnostics);
        output::lines(adoptions.iter().map(|one| json(one, &output::now())));
    } else {
        session.report(&diagnostics);
        print!("{}", rendered(&planned.plan, &session.registry, &session.sources, session.colors));
        if !adoptions.is_empty() {
            print!("{}", list(&adoptions, session.colors));
        }
    }
    if written {
        writable(&out, args.force)?;
        std::fs::write(&out, file(&adoptions)).map_err(|error| {
            let detail = format!("{} could not be written: {error}.", out.display());
            Diagnostic::error("The import blocks are not saved", detail)
        })?;
    }
    if !args.json {
        println!("\n{}", last_line(&adoptions, &out, written));
    }
    Ok(())
}

fn last_line(adoptions: &[Adoption], out: &Path, written: bool) -> String {
    let count = adoptions.iter().filter(|one| matches!(one.outcome, Outcome::Found { .. })).count();
    match (adoptions.is_empty(), written) {
        (true, _) => "The state has all that the code wants: there is nothing to adopt.".to_owned(),
        (false, false) => "Nothing was found to adopt, and no file was written.".to_owned(),
        (false, true) if count == 0 => {
            format!("Nothing is proposed. What there is to choose from stands in {}.", out.display())
        }
        (false, true) => {
            let blocks = if count == 1 { "import block" } else { "import blocks" };
            format!(
                "Wrote {count} {blocks} to {}. Nothing else was changed: \"recon apply\" carries them out.",
                out.display()
            )
        }
    }
}

/// Refuses a file that somebody else wrote.
fn writable(out: &Path, force: bool) -> Result<(), Diagnostic> {
    let refused = |detail: String| Err(Diagnostic::error("The import blocks cannot be saved", detail));
    match std::fs::read(out) {
        Ok(text) if force || text.starts_with(MARK.as_bytes()) => Ok(()),
        Ok(_) => refused(format!(
            "{} exists, and recon did not write it. Name another file with --out, or overwrite it with --force.",
            out.display()
        )),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => refused(format!("{} cannot be read: {error}.", out.display())),
    }
}

/// What is to be said of an object loudly.
fn warning(adoption: &Adoption) -> Option<Diagnostic> {
    let address = &adoption.address;
    match (&adoption.outcome, adoption.action) {
        (Outcome::Found { id }, Action::DeleteThenCreate | Action::CreateThenDelete) => {
            let detail = format!(
                "{address} was found as {id:?}, and differs from the code in what cannot be changed: an apply that adopts it \
                 DELETES it and makes another. Make the code say what there is, or take its import block out of the file."
            );
            Some(Diagnostic::warning("Adopting an object would replace it", detail).of(address.to_string()))
        }
        (Outcome::Unreadable(error), _) => {
            let detail = format!("Whether {address} exists cannot be told: {}", operation_detail(error));
            Some(Diagnostic::warning("Looking for an object failed", detail).of(address.to_string()))
        }
        _ => None,
    }
}

/// What a search has found, and the plan that takes all of it in.
struct Searched {
    planned: Planned,
    diagnostics: Diagnostics,
    adoptions: Vec<Adoption>,
}

async fn search(
    session: &Session,
    inputs: &VariableInputs,
    args: &AdoptArgs,
    out: &Path,
) -> Result<Searched, Diagnostics> {
    let plan_args = PlanArgs {
        target: args.target.clone(),
        replace: Vec::new(),
        refresh: true,
        refresh_only: false,
        parallelism: 10,
        lock: args.lock,
        lock_timeout: args.lock_timeout.clone(),
        compact_warnings: false,
        input: true,
        look: None,
    };
    let mut prepared = prepare(session, inputs, &plan_args, PlanMode::Normal, "adopt").await?;
    let outcomes = tokio::select! {
        outcomes = look(session, &mut prepared, out) => outcomes,
        () = interrupt::stopped() => Err(Diagnostic::error("Interrupted", "Nothing was changed.").into()),
    };
    session.give_back(&mut prepared.store);
    let outcomes = outcomes?;
    let Prepared { planned, diagnostics, .. } = prepared;
    let actions: BTreeMap<&InstanceAddress, Action> =
        planned.plan.changes.iter().map(|change| (&change.address, change.action)).collect();
    let adoptions = outcomes
        .into_iter()
        .map(|(address, outcome)| {
            let action = actions.get(&address).copied().unwrap_or(Action::NoOp);
            Adoption { address, outcome, action }
        })
        .collect();
    Ok(Searched { planned, diagnostics, adoptions })
}

/// Looks for what the plan would make, round by round: what is found tells what others are found by, such as a load
/// balancer its listeners.
async fn look(session: &Session, prepared: &mut Prepared, out: &Path) -> Result<Outcomes, Diagnostics> {
    let mut outcomes = kept(session, prepared, out);
    let mut refused = BTreeSet::new();
    loop {
        let stack = prepared.loaded.stack(&session.registry);
        let plan_so_far = &prepared.planned.plan;
        let (state, live) = (&mut prepared.state, &mut prepared.live);
        let mut round = adoption::search(stack, plan_so_far, state, live, &refused).await;
        let found: BTreeSet<InstanceAddress> = round
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Found { .. }))
            .map(|(address, _)| address.clone())
            .collect();
        let imports = adoption::take_in(stack, plan_so_far, &mut round, state, live).await;
        refused.extend(found.into_iter().filter(|address| !imports.contains_key(address)));
        outcomes.append(&mut round);
        if imports.is_empty() {
            return Ok(outcomes);
        }
        prepared.options.imports.extend(imports);
        live.read_new(state)
            .await
            .map_err(|error| Diagnostic::error("The provider cannot be used", operation_detail(&error)))?;
        let mut found = Diagnostics::new();
        let data = prepared.data.clone();
        prepared.planned = plan(stack, state, live, data, &prepared.options, &mut found).await;
        prepared.planned.plan.variables.clone_from(&prepared.loaded.given);
        if found.has_errors() {
            return Err(found);
        }
        extend_once(&mut prepared.diagnostics, found);
    }
}

/// The objects that blocks of the file import which is to be written anew, and which are not in the state yet.
fn kept(session: &Session, prepared: &Prepared, out: &Path) -> Outcomes {
    let Ok(out) = out.canonicalize() else { return Outcomes::new() };
    let imports = &prepared.loaded.configuration.root().imports;
    let here = imports.iter().filter(|import| {
        let name = session.sources.file(import.declared_at.source).name.clone();
        Path::new(&name).canonicalize().is_ok_and(|path| path == out)
    });
    here.filter_map(|import| {
        let ExprKind::Traversal(traversal) = &import.to.kind else { return None };
        let Some(Target::Resource { resource, key }) = Target::from_traversal(traversal) else { return None };
        let address = resource.instance(key.unwrap_or(crate::address::InstanceKey::None));
        let id = prepared.options.imports.get(&address)?.clone();
        Some((address, Outcome::Found { id }))
    })
    .collect()
}
