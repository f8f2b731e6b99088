//! `recon trace`: where the value of an attribute is written, and what to write for another value.

use clap::Args;

use crate::address::{InstanceAddress, parse_instance};
use crate::compare::Verdict;
use crate::compare::object::at_path;
use crate::config::ConstantScope;
use crate::drift::secrets_of;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::eval::evaluate;
use crate::lang::parse::parse_expression;
use crate::lang::secrets::{MASK, Secrets};
use crate::lang::source::SourceMap;
use crate::lang::value::Value;
use crate::plan::model::{AttributeVerdict, ResourceChange};
use crate::provider::AttributePath;
use crate::render::{self, trace::Traced};
use crate::repository::parse_attribute_path;
use crate::state::encode_plain;
use crate::trace::attribute_name;
use crate::trace::proof::Wanted;

use super::propose::{changed_files, report_errors};
use super::run::runtime;
use super::session::{use_colors, variable_inputs};
use super::stacks::Stacks;
use super::workbench::Workbench;
use super::{FAILURE, OptionOrder, SUCCESS, VariableArgs};

#[derive(Args)]
pub struct TraceArgs {
    /// The attribute: module.a.aws_lb.main.idle_timeout, aws_lb.main.tags["Name"].
    #[arg(value_name = "ADDRESS.ATTRIBUTE")]
    attribute: String,
    /// The stack: a name of recon.hcl, or a directory; the current one if none is given.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    /// Asks for the edit that gives the attribute this value, an expression such as 4, "text" or null. Without it, the
    /// value that AWS has.
    #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
    to: Option<String>,
    #[command(flatten)]
    variables: VariableArgs,
    /// Whether to ask AWS what there is; with false the record is believed.
    #[arg(long, value_name = "BOOL", default_value = "true", num_args = 0..=1, default_missing_value = "true", require_equals = true, action = clap::ArgAction::Set)]
    refresh: bool,
    /// Prints the answer as JSON, on one line.
    #[arg(long)]
    json: bool,
    /// No colours.
    #[arg(long)]
    no_color: bool,
}

pub fn run(args: &TraceArgs, order: &OptionOrder) -> u8 {
    match traced(args, order) {
        Ok(()) => SUCCESS,
        Err(diagnostics) => {
            report_errors(&diagnostics);
            FAILURE
        }
    }
}

fn traced(args: &TraceArgs, order: &OptionOrder) -> Result<(), Diagnostics> {
    let colors = render::Colors(!args.no_color && use_colors());
    let given = variable_inputs(&args.variables, order)?;
    let (address, path) = split(&args.attribute)?;
    let to = args.to.as_deref().map(value).transpose()?;
    let names: Vec<String> = vec![args.stack.clone().unwrap_or_else(|| ".".to_owned())];
    let stacks = Stacks::find(&names, colors)?;
    stacks.report_warnings();
    let mut chosen = stacks.chosen();
    let Some(one) = chosen.pop().filter(|_| chosen.is_empty()) else {
        let detail = "The directory is that of several stacks. Name one of them.";
        return Err(Diagnostic::error("Several stacks", detail).into());
    };
    let runtime =
        runtime().map_err(|error| Diagnostic::error("recon cannot start its threads", error.to_string()))?;
    let inputs = one.inputs(&stacks, &given);
    let others = stacks.others(&one.stack);
    runtime.block_on(async {
        let root = stacks.root().to_owned();
        let bench = Workbench::new(one, inputs, Some(root), args.refresh).await;
        let mut bench = match bench {
            Ok(bench) => bench,
            Err((session, diagnostics)) => {
                session.report(&diagnostics);
                return Err(Diagnostics::new());
            }
        };
        for other in others {
            let inputs = other.inputs(&stacks, &given);
            bench.beside(other, inputs);
        }
        let secrets = secrets_of(bench.plan());
        let found =
            bench.plan().changes.iter().find(|change| change.address == address && change.deposed.is_none());
        let Some(change) = found.cloned() else {
            let detail = format!("The stack's code does not make {address}.");
            return Err(Diagnostic::error("No such object", detail).into());
        };
        let code = at_path(&change.after, &path);
        let verdict = verdict_of(&change, &path).cloned();
        let live = verdict.as_ref().and_then(|verdict| verdict.live.clone());
        let live = live.unwrap_or_else(|| at_path(&change.before, &path));
        let is_drift = verdict
            .as_ref()
            .is_some_and(|verdict| matches!(verdict.verdict, Verdict::Drifted | Verdict::Conflicted));
        let wanted = to.clone().or_else(|| is_drift.then(|| live.clone()));
        let sources = std::sync::Arc::clone(bench.sources());
        let (trace, outcome, is_split) = match wanted {
            Some(value) => {
                let wanted = Wanted { address: address.clone(), path: path.clone(), value };
                let solution = bench.solve(&wanted).await;
                (solution.trace, Some(solution.outcome), solution.is_split)
            }
            None => {
                let wanted = Wanted { address: address.clone(), path: path.clone(), value: code.clone() };
                (bench.trace(&wanted, true), None, false)
            }
        };
        let traced = Traced {
            attribute: attribute_name(&address, &path),
            status: verdict.map(|verdict| verdict.verdict.to_string()),
            code: shown(&code, &secrets),
            live: shown(&live, &secrets),
            wanted: to.as_ref().map(|value| shown(value, &secrets)),
            trace: &trace,
            outcome: outcome.as_ref(),
            is_split,
        };
        let files = changed_files(&bench, stacks.root())?;
        let patch = render::trace::patch(&files);
        let patch = secrets.mask(&patch);
        if args.json {
            println!("{}", render::trace::json(&traced, &sources, &secrets, &patch));
        } else {
            print!("{}", render::trace::text(&traced, &sources, &secrets, colors));
            if !patch.is_empty() {
                print!("\n{patch}");
            }
        }
        Ok(())
    })
}

/// The verdict on an attribute, or on the map or list that it is in.
fn verdict_of<'c>(change: &'c ResourceChange, path: &AttributePath) -> Option<&'c AttributeVerdict> {
    let is_it = |attribute: &&AttributeVerdict| attribute.path == *path;
    change.attributes.iter().find(is_it)
}

fn shown(value: &Value, secrets: &Secrets) -> serde_json::Value {
    if value.has_sensitive() { MASK.into() } else { secrets.mask_json(encode_plain(value)) }
}

/// An attribute's address: of its object, and its path in it.
pub fn split(text: &str) -> Result<(InstanceAddress, AttributePath), Diagnostic> {
    let cuts = text.match_indices('.').map(|(at, _)| at);
    let found = cuts.rev().find_map(|at| {
        let (address, path) = text.split_at(at);
        Some((parse_instance(address)?, parse_attribute_path(path.get(1..)?)?))
    });
    found.ok_or_else(|| {
        let detail = format!(
            "{text:?} is not the address of an attribute: one looks like aws_lb.main.idle_timeout, \
             module.a.aws_lb.main[0].tags[\"Name\"] or aws_lb_listener.http.default_action[0].type."
        );
        Diagnostic::error("Invalid attribute address", detail)
    })
}

/// A value as the command line gives it.
fn value(text: &str) -> Result<Value, Diagnostic> {
    let sources = SourceMap::new();
    let (expr, problems) = parse_expression(&sources, "--to", text);
    let (value, more) = evaluate(&expr, &ConstantScope);
    match problems.iter().chain(more.iter()).find(|problem| problem.is_error()) {
        None => Ok(value),
        Some(problem) => {
            let detail = format!("{text:?} is no value: {} Strings stand between quotes.", problem.detail);
            Err(Diagnostic::error("Invalid --to", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::convert::path_text;

    #[test]
    fn an_address_and_a_path_are_told_apart() {
        for (text, address, path) in [
            ("aws_lb.main.idle_timeout", "aws_lb.main", ".idle_timeout"),
            (
                "module.a[\"x.y\"].aws_lb.main[0].tags[\"a.b\"]",
                "module.a[\"x.y\"].aws_lb.main[0]",
                ".tags[\"a.b\"]",
            ),
            ("aws_lb.main.access_logs[0].bucket", "aws_lb.main", ".access_logs[0].bucket"),
        ] {
            let (found, rest) = split(text).unwrap();
            assert_eq!((found.to_string().as_str(), path_text(&rest).as_str()), (address, path), "{text}");
        }
        for text in ["aws_lb.main", "idle_timeout", "", "aws_lb.main.", "module.a.x"] {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
