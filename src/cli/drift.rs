//! `recon drift`

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use futures::StreamExt;

use crate::address::parse_instance;
use crate::compare::Verdict;
use crate::config::variables::VariableInputs;
use crate::drift::{Facts, Report, Stats, Summary, assess};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::PlanMode;
use crate::plan::planner::Look;
use crate::render;
use crate::repository::AddressPattern;

use super::run::{PlanArgs, prepare, runtime};
use super::session::{use_colors, variable_inputs};
use super::stacks::{Chosen, Stacks};
use super::{CHANGES, FAILURE, OptionOrder, SUCCESS, VariableArgs, unmanaged};

/// Stacks that are compared at the same time.
const SIDE_BY_SIDE: usize = 4;

#[derive(Args)]
pub struct DriftArgs {
    /// Names of stacks in recon.hcl, or directories. All stacks of the repository if none is given; without recon.hcl
    /// that of the current directory.
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    #[command(flatten)]
    variables: VariableArgs,
    /// No colours.
    #[arg(long)]
    no_color: bool,
    #[command(flatten)]
    form: Form,
    /// Writes a page with all reports to a file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Writes import blocks and resources for the unmanaged objects of one stack to a new file.
    #[arg(long, value_name = "FILE")]
    generate_config: Option<PathBuf>,
    /// Tells also of what is ignored, and of what the code leaves to AWS.
    #[arg(long)]
    all: bool,
    /// Only objects of this address; as in recon.hcl `**` is any modules and `*` any name. May be repeated.
    #[arg(long, value_name = "PATTERN")]
    address: Vec<String>,
    /// Only objects of this type. May be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    ty: Vec<String>,
    /// Only objects of this status: drifted, missing, conflicted, pending, converged, unreadable, ignored, unmanaged,
    /// in_sync. May be repeated.
    #[arg(long, value_name = "STATUS", value_parser = status)]
    status: Vec<Verdict>,
    /// Exits with 2 if something drifted, is missing or conflicted.
    #[arg(long)]
    detailed_exitcode: bool,
    /// Exits with 1 if anything cannot be read, be it for want of a permission.
    #[arg(long)]
    strict: bool,
    /// Prints the calls to AWS by operation.
    #[arg(long)]
    stats: bool,
}

/// What is printed.
#[derive(Args)]
#[group(multiple = false)]
struct Form {
    /// Prints each stack's report as JSON, on one line.
    #[arg(long)]
    json: bool,
    /// Prints the reports as Markdown.
    #[arg(long)]
    markdown: bool,
    /// Prints the reports in the format for results of static analysis, SARIF.
    #[arg(long)]
    sarif: bool,
    /// Prints the reports in JUnit's XML.
    #[arg(long)]
    junit: bool,
}

fn status(text: &str) -> Result<Verdict, String> {
    serde_json::from_value(serde_json::Value::String(text.to_owned()))
        .map_err(|_| "no status is named so".to_owned())
}

/// One stack's report, and what is to be said besides.
struct Compared {
    report: Report,
    diagnostics: Diagnostics,
    chosen: Chosen,
}

pub fn run(args: &DriftArgs, order: &OptionOrder) -> u8 {
    let colors = render::Colors(!args.no_color && use_colors());
    let inputs = match variable_inputs(&args.variables, order) {
        Ok(inputs) => inputs,
        Err(diagnostic) => return refused(&diagnostic.into()),
    };
    let filter = match Filter::new(args) {
        Ok(filter) => filter,
        Err(diagnostic) => return refused(&diagnostic.into()),
    };
    let stacks = match Stacks::find(&args.stacks, colors) {
        Ok(stacks) => stacks,
        Err(diagnostics) => return refused(&diagnostics),
    };
    stacks.report_warnings();
    let chosen = stacks.chosen();
    if chosen.len() > 1 && !inputs.options.is_empty() {
        let detail = "--var and --var-file are for one stack. Name it, or set the values in recon.hcl.";
        return refused(&Diagnostic::error("Values for several stacks", detail).into());
    }
    if let Some(path) = &args.generate_config
        && let Err(diagnostic) = unmanaged::writable(path, chosen.len())
    {
        return refused(&diagnostic.into());
    }
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Error: recon cannot start its threads: {error}.");
            return FAILURE;
        }
    };
    let mut code = Outcome::default();
    let mut reports = Vec::new();
    runtime.block_on(async {
        let runs = chosen.into_iter().map(|chosen| compare(&stacks, chosen, &inputs, args, &filter));
        let mut runs = futures::stream::iter(runs).buffered(SIDE_BY_SIDE);
        while let Some(Compared { mut report, diagnostics, chosen }) = runs.next().await {
            code.add(&report);
            filter.apply(&mut report);
            code.add_drift(&report);
            code.failed |= diagnostics.has_errors();
            chosen.session.report(&diagnostics);
            print(&report, args, colors);
            reports.push(report);
        }
    });
    match () {
        () if args.form.sarif => out(&format!("{:#}\n", render::drift::sarif(&reports))),
        () if args.form.junit => out(&render::drift::junit(&reports)),
        () => {}
    }
    if let Some(path) = &args.html
        && let Err(error) = std::fs::write(path, render::drift::html(&reports))
    {
        eprintln!("Error: the page could not be written to {}: {error}.", path.display());
        return FAILURE;
    }
    super::interrupt::code().unwrap_or_else(|| code.exit(args))
}

fn refused(diagnostics: &Diagnostics) -> u8 {
    let sources = crate::lang::source::SourceMap::new();
    for diagnostic in diagnostics.iter() {
        eprintln!("{}", render::diagnostic::diagnostic(diagnostic, &sources, render::Colors(false)));
    }
    FAILURE
}

async fn compare(
    stacks: &Stacks,
    chosen: Chosen,
    inputs: &VariableInputs,
    args: &DriftArgs,
    filter: &Filter,
) -> Compared {
    let begun = Instant::now();
    let started_at = jiff::Timestamp::now().to_string();
    let inputs = chosen.inputs(stacks, inputs);
    let plan_args = PlanArgs::looking(Look { shows_computed: args.all });
    let prepared = prepare(&chosen.session, &inputs, &plan_args, PlanMode::Normal, "drift").await;
    let stats = || {
        let calls = chosen.session.registry.provider("aws").and_then(|aws| Some(aws.stats()?.snapshot()));
        let elapsed = begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
        Stats::new(&calls.unwrap_or_default(), elapsed)
    };
    match prepared {
        Ok(mut prepared) => {
            chosen.session.give_back(&mut prepared.store);
            let unmanaged = unmanaged::Search::run(stacks, &chosen, &prepared).await;
            let facts = Facts {
                repository: &stacks.repository,
                stack: &chosen.stack,
                places: &prepared.places,
                sources: &chosen.session.sources,
                now: jiff::Timestamp::now(),
                started_at: &started_at,
                commit: stacks.commit.as_deref(),
            };
            let mut report = assess(&prepared.planned.plan, facts, stats());
            unmanaged.tell(&mut report, facts, args.all);
            if let Some(path) = &args.generate_config {
                let mut shown = report.clone();
                filter.apply(&mut shown);
                prepared.diagnostics.append(unmanaged.write(&shown, &prepared, path).await);
                report.stats = stats();
            }
            Compared { report, diagnostics: prepared.diagnostics, chosen }
        }
        Err(diagnostics) => {
            let report = Report::failed(&chosen.stack.name, &started_at, &diagnostics, stats());
            Compared { report, diagnostics, chosen }
        }
    }
}

/// Text for the standard output. A reader that has gone wants no more.
fn out(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// What is printed of each stack as soon as it is compared.
fn print(report: &Report, args: &DriftArgs, colors: render::Colors) {
    let is_document = args.form.sarif || args.form.junit;
    match () {
        () if args.form.json => out(&(render::drift::json(report) + "\n")),
        () if args.form.markdown => out(&(render::drift::markdown(report) + "\n")),
        () if is_document => {}
        () => out(&render::drift::terminal(report, args.all, colors)),
    }
    if args.stats {
        let statistics = render::drift::statistics(report);
        // Beside a document there is no room for anything else.
        if args.form.json || args.form.markdown || is_document {
            eprint!("{statistics}");
        } else {
            out(&format!("\n{statistics}"));
        }
    }
}

/// Which objects are told of.
struct Filter {
    patterns: Vec<AddressPattern>,
    types: BTreeSet<String>,
    statuses: BTreeSet<Verdict>,
}

impl Filter {
    fn new(args: &DriftArgs) -> Result<Filter, Diagnostic> {
        let pattern = |text: &String| {
            AddressPattern::parse(text).map_err(|error| {
                Diagnostic::error(
                    "Invalid --address",
                    format!("{text:?} is no pattern of addresses: {error}"),
                )
            })
        };
        Ok(Filter {
            patterns: args.address.iter().map(pattern).collect::<Result<_, _>>()?,
            types: args.ty.iter().cloned().collect(),
            statuses: args.status.iter().copied().collect(),
        })
    }

    fn apply(&self, report: &mut Report) {
        if self.patterns.is_empty() && self.types.is_empty() && self.statuses.is_empty() {
            return;
        }
        report.resources.retain(|resource| {
            let address = parse_instance(&resource.address);
            let is_meant =
                |pattern: &AddressPattern| address.as_ref().is_some_and(|one| pattern.matches(one));
            (self.patterns.is_empty() || self.patterns.iter().any(is_meant))
                && (self.types.is_empty() || self.types.contains(&resource.ty))
                && (self.statuses.is_empty() || self.statuses.contains(&resource.status))
        });
        report.summary = Summary::default();
        report.resources.iter().for_each(|resource| report.summary.add(resource.status));
    }
}

/// What the exit code depends on.
#[derive(Default)]
struct Outcome {
    failed: bool,
    unreadable: bool,
    drift: bool,
}

impl Outcome {
    fn add(&mut self, report: &Report) {
        self.failed |= !report.errors.is_empty() || !report.complete;
        self.unreadable |=
            report.summary.unreadable > 0 || !report.unread_data.is_empty() || !report.unsearched.is_empty();
    }

    fn add_drift(&mut self, report: &Report) {
        self.drift |= report.summary.is_drift();
    }

    fn exit(&self, args: &DriftArgs) -> u8 {
        match () {
            () if self.failed || args.strict && self.unreadable => FAILURE,
            () if args.detailed_exitcode && self.drift => CHANGES,
            () => SUCCESS,
        }
    }
}
