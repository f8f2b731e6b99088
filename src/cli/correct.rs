//! `recon correct`: what somebody changed in AWS is put back, of the objects that are named, and nothing beside it.

use std::collections::BTreeMap;

use clap::Args;

use crate::address::InstanceAddress;
use crate::drift::{Facts, Report, Stats, assess};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::PlanMode;
use crate::plan::planner::Look;
use crate::reconcile::{Allowed, Row, Selection, narrow, rows};
use crate::render::{Colors, correction::corrections};
use crate::repository::{AddressPattern, Repository, Stack};

use super::apply::{Way, carry_out, confirmed};
use super::propose::report_errors;
use super::run::{PlanArgs, Prepared, prepare, runtime};
use super::session::{Session, use_colors, variable_inputs};
use super::stacks::Stacks;
use super::{FAILURE, OptionOrder, SUCCESS, VariableArgs, interrupt, trace};

#[derive(Args)]
pub struct CorrectArgs {
    /// The object, or one attribute of it: aws_lb.main, aws_lb.main.idle_timeout. An object may be a pattern as in
    /// recon.hcl: module.collector.**.
    #[arg(value_name = "ADDRESS[.ATTRIBUTE]")]
    object: String,
    /// The stack: a name of recon.hcl, or a directory; the current one if none is given.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    /// Makes missing objects anew also where what they held is lost: tables, buckets, streams, volumes.
    #[arg(long)]
    recreate: bool,
    /// Replaces an object where nothing else puts it back.
    #[arg(long)]
    replace: bool,
    /// Does not ask before changing anything.
    #[arg(long)]
    auto_approve: bool,
    /// Says what would be put back, and changes nothing.
    #[arg(long, conflicts_with = "auto_approve")]
    dry_run: bool,
    /// How long to wait for another's lock: 30s, 5m.
    #[arg(long, value_name = "DURATION", default_value = "0")]
    lock_timeout: String,
    #[command(flatten)]
    variables: VariableArgs,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

/// How a stack is looked at to correct it.
pub fn looking(lock: bool, lock_timeout: &str) -> PlanArgs {
    let look = Look { shows_computed: false };
    PlanArgs { lock, lock_timeout: lock_timeout.to_owned(), ..PlanArgs::looking(look) }
}

/// What is reported on a plan that was just made.
pub fn report_on(
    prepared: &Prepared,
    session: &Session,
    repository: &Repository,
    stack: &Stack,
    commit: Option<&str>,
) -> Report {
    let now = jiff::Timestamp::now();
    let facts = Facts {
        repository,
        stack,
        places: &prepared.places,
        sources: &session.sources,
        now,
        started_at: &now.to_string(),
        commit,
    };
    assess(&prepared.planned.plan, facts, Stats::default())
}

/// What is to be done to each object, by the rows that nothing holds back.
pub fn selection(rows: &[Row]) -> BTreeMap<InstanceAddress, Selection> {
    let mut selected: BTreeMap<InstanceAddress, Selection> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.held.is_none()) {
        let Some(path) = row.path.as_ref().filter(|_| !row.replaces) else {
            selected.insert(row.address.clone(), Selection::Whole);
            continue;
        };
        let one =
            selected.entry(row.address.clone()).or_insert_with(|| Selection::Attributes(BTreeMap::new()));
        if let Selection::Attributes(values) = one {
            values.insert(path.clone(), None);
        }
    }
    selected
}

pub fn run(args: &CorrectArgs, order: &OptionOrder) -> u8 {
    match corrected(args, order) {
        Ok(code) => code,
        Err(diagnostics) => {
            report_errors(&diagnostics);
            FAILURE
        }
    }
}

fn corrected(args: &CorrectArgs, order: &OptionOrder) -> Result<u8, Diagnostics> {
    let colors = Colors(!args.no_color && use_colors());
    let given = variable_inputs(&args.variables, order)?;
    let named = match AddressPattern::parse(&args.object) {
        Ok(pattern) => (pattern, None),
        Err(_) => {
            let (address, path) = trace::split(&args.object)?;
            let pattern = AddressPattern::parse(&address.to_string()).map_err(|error| {
                Diagnostic::error("Invalid address", format!("{:?} is no address: {error}", args.object))
            })?;
            (pattern, Some(path))
        }
    };
    let stacks = Stacks::find(&[args.stack.clone().unwrap_or_else(|| ".".to_owned())], colors)?;
    stacks.report_warnings();
    let [stack] = stacks.meant() else {
        let detail = "The directory is that of several stacks. Name one of them.";
        return Err(Diagnostic::error("Several stacks", detail).into());
    };
    let runtime =
        runtime().map_err(|error| Diagnostic::error("recon cannot start its threads", error.to_string()))?;
    let chosen = stacks.writer(stack);
    let inputs = chosen.inputs(&stacks, &given);
    let session = chosen.session;
    let plan_args = looking(!args.dry_run, &args.lock_timeout);
    let prepared = runtime.block_on(prepare(&session, &inputs, &plan_args, PlanMode::Normal, "correct"));
    let mut prepared = match prepared {
        Ok(prepared) => prepared,
        Err(diagnostics) => {
            session.report(&diagnostics);
            return Ok(interrupt::code().unwrap_or(FAILURE));
        }
    };
    session.report(&prepared.diagnostics);
    let is_meant = |address: &InstanceAddress| named.0.matches(address);
    if !prepared.planned.plan.changes.iter().any(|change| is_meant(&change.address)) {
        session.give_back(&mut prepared.store);
        let detail =
            format!("The stack has no object {}, neither in its code nor in its record.", args.object);
        return Err(Diagnostic::error("No such object", detail).into());
    }
    let allowed = Allowed { named: vec![named], recreate: args.recreate, replace: args.replace };
    let now = jiff::Timestamp::now();
    let found = rows(&prepared.planned.plan, &stacks.repository, stack, Some(&allowed), now);
    let report = report_on(&prepared, &session, &stacks.repository, stack, stacks.commit.as_deref());
    let unreadable =
        report.resources.iter().filter(|resource| resource.operation.is_some()).filter(|resource| {
            crate::address::parse_instance(&resource.address)
                .is_some_and(|address| allowed.named[0].0.matches(&address))
        });
    let unreadable: Vec<&str> = unreadable.map(|resource| resource.address.as_str()).collect();
    if !unreadable.is_empty() {
        session.give_back(&mut prepared.store);
        let detail = format!("AWS does not say what {} is: nothing was changed.", unreadable.join(", "));
        return Err(Diagnostic::error("An object cannot be read", detail).into());
    }
    print!("{}", corrections(&found, &report, colors));
    let selected = selection(&found);
    let held = found.iter().filter(|row| row.held.is_some()).count();
    if selected.is_empty() {
        session.give_back(&mut prepared.store);
        let said = if held > 0 { "Nothing was changed." } else { "Nothing drifted there." };
        println!("{said}");
        return Ok(if held > 0 { FAILURE } else { SUCCESS });
    }
    if args.dry_run {
        println!("Nothing was changed: without --dry-run this is put back.");
        return Ok(SUCCESS);
    }
    let question = "Do you want to put this back in AWS?";
    if !args.auto_approve && !runtime.block_on(confirmed(question)) {
        println!("\nNothing was changed.");
        session.give_back(&mut prepared.store);
        return Ok(interrupt::code().unwrap_or(FAILURE));
    }
    narrow(&mut prepared.planned, &selected, &session.registry, &prepared.live);
    let way = Way { parallelism: plan_args.parallelism, json: false, narrow: true };
    let code = runtime.block_on(carry_out(&session, prepared, &way));
    Ok(if code == SUCCESS && held > 0 { FAILURE } else { code })
}
