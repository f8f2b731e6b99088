//! `recon propose`: what drifted is made a part of the code, by edits that are proven to change nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::address::{InstanceAddress, Mode};
use crate::compare::Verdict;
use crate::drift::secrets_of;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::secrets::{MASK, Secrets};
use crate::lang::value::Value;
use crate::plan::model::Plan;
use crate::provider::AttributePath;
use crate::render::{self, Colors, trace::Traced};
use crate::repository::{Action, AddressPattern, Repository, Stack};
use crate::state::encode_plain;
use crate::trace::attribute_name;
use crate::trace::proof::Wanted;

use super::run::runtime;
use super::session::{use_colors, variable_inputs};
use super::stacks::Stacks;
use super::workbench::{self, Workbench};
use super::{FAILURE, OptionOrder, SUCCESS, VariableArgs};

#[derive(Args)]
pub struct ProposeArgs {
    /// The stacks: names of recon.hcl, or directories. All of the repository if none is given.
    #[arg(value_name = "STACK")]
    stacks: Vec<String>,
    /// Proposes for these objects only: a pattern as in recon.hcl. May be repeated.
    #[arg(long, value_name = "PATTERN")]
    address: Vec<String>,
    /// Writes the edits as a patch for "git apply", to a file or with "-" to the standard output.
    #[arg(long, value_name = "FILE", conflicts_with = "write")]
    patch: Option<PathBuf>,
    /// Makes the edits in the files.
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    variables: VariableArgs,
    /// Prints each attribute's way, edit and proof as JSON, one object a line.
    #[arg(long)]
    json: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

/// Texts of files before and after, by path from the repository's root.
pub type Files = BTreeMap<PathBuf, (String, String)>;

/// Why something that drifted is not proposed, beside what tracing finds.
struct Left {
    name: String,
    why: String,
}

pub fn run(args: &ProposeArgs, order: &OptionOrder) -> u8 {
    match proposed(args, order) {
        Ok(code) => code,
        Err(diagnostics) => {
            report_errors(&diagnostics);
            FAILURE
        }
    }
}

/// Prints errors that are of no file.
pub fn report_errors(diagnostics: &Diagnostics) {
    let sources = crate::lang::source::SourceMap::new();
    for diagnostic in diagnostics.iter() {
        eprintln!("{}", render::diagnostic::diagnostic(diagnostic, &sources, Colors(false)));
    }
}

fn proposed(args: &ProposeArgs, order: &OptionOrder) -> Result<u8, Diagnostics> {
    let colors = Colors(!args.no_color && use_colors());
    let given = variable_inputs(&args.variables, order)?;
    let patterns: Vec<AddressPattern> =
        args.address.iter().map(|text| pattern(text)).collect::<Result<_, _>>()?;
    let stacks = Stacks::find(&args.stacks, colors)?;
    stacks.report_warnings();
    let chosen = stacks.chosen();
    if chosen.len() > 1 && !given.options.is_empty() {
        let detail = "--var and --var-file are for one stack. Name it, or set the values in recon.hcl.";
        return Err(Diagnostic::error("Values for several stacks", detail).into());
    }
    let runtime =
        runtime().map_err(|error| Diagnostic::error("recon cannot start its threads", error.to_string()))?;
    let mut code = SUCCESS;
    let mut all = Files::new();
    let mut benches = Vec::new();
    runtime.block_on(async {
        for one in chosen {
            let inputs = one.inputs(&stacks, &given);
            let others = stacks.others(&one.stack);
            let stack = one.stack.clone();
            let root = stacks.root().to_owned();
            let mut bench = match Workbench::new(one, inputs, Some(root), true).await {
                Ok(bench) => bench,
                Err((session, diagnostics)) => {
                    session.report(&diagnostics);
                    code = FAILURE;
                    continue;
                }
            };
            for other in others {
                let inputs = other.inputs(&stacks, &given);
                bench.beside(other, inputs);
            }
            one_stack(&mut bench, &stacks.repository, &stack, &patterns, args, colors).await;
            benches.push((stack, bench));
        }
    });
    for (stack, bench) in &benches {
        for (path, texts) in changed_files(bench, stacks.root())? {
            // Each stack's edits were proven against the files as they are, not against another's edits.
            if all.contains_key(&path) {
                let detail = format!(
                    "The stack {} and one before it would both edit {}. Propose for one of them at a time.",
                    stack.name,
                    path.display()
                );
                return Err(Diagnostic::error("Two stacks edit the same file", detail).into());
            }
            all.insert(path, texts);
        }
    }
    finish(args, &stacks, &benches, &all)?;
    Ok(super::interrupt::code().unwrap_or(code))
}

fn pattern(text: &str) -> Result<AddressPattern, Diagnostic> {
    AddressPattern::parse(text).map_err(|error| {
        let detail = format!("{text:?} is no pattern of addresses: {error}");
        Diagnostic::error("Invalid --address", detail)
    })
}

/// Traces and proves all that drifted in one stack, and tells of it.
async fn one_stack(
    bench: &mut Workbench,
    repository: &Repository,
    stack: &Stack,
    patterns: &[AddressPattern],
    args: &ProposeArgs,
    colors: Colors,
) {
    let secrets = secrets_of(bench.plan());
    let (rows, left) = drifted(bench.plan(), repository, stack, patterns);
    let is_quiet = args.patch.as_deref() == Some(Path::new("-"));
    let mut proven = 0;
    let total = rows.len() + left.len();
    for (wanted, code) in rows {
        let sources = std::sync::Arc::clone(bench.sources());
        let before = bench.edited().clone();
        let solution = bench.solve(&wanted).await;
        proven += usize::from(solution.outcome.is_ok());
        let show = |value: &Value| match value.has_sensitive() {
            true => MASK.into(),
            false => secrets.mask_json(encode_plain(value)),
        };
        let traced = Traced {
            attribute: attribute_name(&wanted.address, &wanted.path),
            status: Some(Verdict::Drifted.to_string()),
            code: show(&code),
            live: show(&wanted.value),
            wanted: None,
            trace: &solution.trace,
            outcome: Some(&solution.outcome),
            is_split: solution.is_split,
        };
        if args.json {
            let patch = own_patch(&before, &solution.edited);
            let mut object = render::trace::json(&traced, &sources, &secrets, &secrets.mask(&patch));
            if let Some(object) = object.as_object_mut() {
                object.insert("stack".to_owned(), stack.name.to_string().into());
            }
            println!("{object}");
        } else if !is_quiet {
            println!("{}", render::trace::text(&traced, &sources, &secrets, colors));
        }
    }
    for Left { name, why } in left {
        if args.json {
            let object = json!({
                "format_version": "1.0", "stack": stack.name.to_string(), "attribute": name, "proven": false, "reason": why,
            });
            println!("{object}");
        } else if !is_quiet {
            println!("{name}\n  not proposed: {why}\n");
        }
    }
    if !args.json && !is_quiet {
        let said = match total {
            0 => "nothing drifted that could be proposed".to_owned(),
            total => format!("{proven} of {total} proposed"),
        };
        println!("{}: {said}.", stack.name);
    }
}

/// The edit that one attribute took, beyond those before it.
fn own_patch(before: &workbench::Edited, after: &workbench::Edited) -> String {
    let files: Files = after
        .iter()
        .map(|(path, text)| {
            let old = before.get(path).cloned().or_else(|| std::fs::read_to_string(path).ok());
            let name = path.file_name().map(PathBuf::from).unwrap_or_default();
            (name, (old.unwrap_or_default(), text.clone()))
        })
        .collect();
    render::trace::patch(&files)
}

/// What is to be made a part of the code, each with what the code says now; and what is not, with the reason.
fn drifted(
    plan: &Plan,
    repository: &Repository,
    stack: &Stack,
    patterns: &[AddressPattern],
) -> (Vec<(Wanted, Value)>, Vec<Left>) {
    let now = jiff::Timestamp::now();
    let (mut rows, mut left) = (Vec::new(), Vec::new());
    let is_meant =
        |address: &InstanceAddress| patterns.is_empty() || patterns.iter().any(|one| one.matches(address));
    for change in &plan.changes {
        let address = &change.address;
        if address.resource.mode != Mode::Managed || change.deposed.is_some() || !is_meant(address) {
            continue;
        }
        if change.verdict == Verdict::Missing {
            let why = "AWS does not have it any more; take it out of the code, or apply to make it again";
            left.push(Left { name: address.to_string(), why: why.to_owned() });
            continue;
        }
        for attribute in &change.attributes {
            let not =
                |why: &str| Left { name: attribute_name(address, &attribute.path), why: why.to_owned() };
            if attribute.consequence || !matches!(attribute.verdict, Verdict::Drifted | Verdict::Conflicted) {
                continue;
            }
            let decision = repository.decide(stack, address, Some(&attribute.path), now);
            match decision.action {
                Action::Ignore => continue,
                // Whoever names an object wants it in the code, whatever the rule says.
                Action::Correct if patterns.is_empty() => {
                    left.push(not("a rule says that it is put back in AWS"));
                    continue;
                }
                Action::Correct | Action::Propose | Action::Report => {}
            }
            if attribute.verdict == Verdict::Conflicted {
                left.push(not(
                    "the code was changed as well, and is not applied yet: apply it, or take it back",
                ));
                continue;
            }
            let path: AttributePath = attribute.path.clone();
            let value = attribute.live.clone().unwrap_or_else(|| Value::null(attribute.recorded.ty()));
            rows.push((Wanted { address: address.clone(), path, value }, attribute.desired.clone()));
        }
    }
    (rows, left)
}

/// The files that a bench has edited, from the repository's root.
pub fn changed_files(bench: &Workbench, root: &Path) -> Result<Files, Diagnostics> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let mut files = Files::new();
    for (path, text) in bench.edited() {
        let before = std::fs::read_to_string(path).map_err(|error| {
            let detail = format!("{} cannot be read: {error}.", path.display());
            Diagnostic::error("Failed to read file", detail)
        })?;
        let name = path.strip_prefix(&root).unwrap_or(path).to_owned();
        files.insert(name, (before, text.clone()));
    }
    Ok(files)
}

/// Hands the edits over in the way that is asked for.
fn finish(
    args: &ProposeArgs,
    stacks: &Stacks,
    benches: &[(Stack, Workbench)],
    files: &Files,
) -> Result<(), Diagnostics> {
    let patch = render::trace::patch(files);
    if let Some(path) = &args.patch {
        if path == Path::new("-") {
            print!("{patch}");
            return Ok(());
        }
        std::fs::write(path, &patch).map_err(|error| {
            let detail = format!("{} could not be written: {error}.", path.display());
            Diagnostic::error("Failed to write file", detail)
        })?;
        return Ok(());
    }
    if args.write {
        let root = stacks.root().canonicalize().unwrap_or_else(|_| stacks.root().to_owned());
        for (name, (before, text)) in files {
            workbench::write(&root.join(name), before, text)?;
        }
        if !args.json && !files.is_empty() {
            let names: Vec<String> = files.keys().map(|name| name.display().to_string()).collect();
            println!("Edited {}.", names.join(", "));
        }
        return Ok(());
    }
    if !args.json && !patch.is_empty() {
        let mut shown = patch;
        for (_, bench) in benches {
            let secrets: Secrets = secrets_of(bench.plan());
            shown = secrets.mask(&shown).into_owned();
        }
        print!(
            "\n{shown}\nNothing was written: --write makes the edits, --patch FILE keeps them for \"git apply\".\n"
        );
    }
    Ok(())
}
