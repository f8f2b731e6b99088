//! `recon ignore`: writes a rule into the repository's file that ignores drift.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::lang::convert::path_text;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;
use crate::render::Colors;
use crate::repository::ignore::{NewRule, with_rule};
use crate::repository::{self, AddressPattern, AttributePattern, FILE, JSON_FILE, Stack};

use super::propose::report_errors;
use super::session::use_colors;
use super::stacks::Stacks;
use super::{FAILURE, SUCCESS, trace, workbench};

#[derive(Args)]
pub struct IgnoreArgs {
    /// The object, or one attribute of it: aws_lb.main, aws_lb.main.idle_timeout. An object may be a pattern as in
    /// recon.hcl: module.collector.**.
    #[arg(value_name = "ADDRESS[.ATTRIBUTE]")]
    object: String,
    /// The stack: a name of recon.hcl, or a directory; the current one if none is given.
    #[arg(value_name = "STACK")]
    stack: Option<String>,
    /// Why: whoever reads a report or the file is told so.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day, in UTC, on which it is ignored: 2027-01-31. Without it, until somebody removes the rule.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
}

pub fn run(args: &IgnoreArgs) -> u8 {
    match ignored(args) {
        Ok(()) => SUCCESS,
        Err(diagnostics) => {
            report_errors(&diagnostics);
            FAILURE
        }
    }
}

fn ignored(args: &IgnoreArgs) -> Result<(), Diagnostics> {
    let rule = rule(args)?;
    let stacks = Stacks::find(&[args.stack.clone().unwrap_or_else(|| ".".to_owned())], Colors(use_colors()))?;
    stacks.report_warnings();
    let [stack] = stacks.meant() else {
        let detail = "The directory is that of several stacks. Name one of them.";
        return Err(Diagnostic::error("Several stacks", detail).into());
    };
    if stack.path.is_absolute() {
        let detail = "The stack is outside of the repository, and rules are for the repository's stacks.";
        return Err(Diagnostic::error("A stack of another place", detail).into());
    }
    let root = stacks.root();
    if root.join(JSON_FILE).is_file() {
        let detail = format!(
            "{JSON_FILE} is a program's: whatever writes it would undo the edit. Have that write the rule: match {:?}, \
             action \"ignore\".",
            rule.object
        );
        return Err(Diagnostic::error("Not a file for people", detail).into());
    }
    let path = root.join(FILE);
    let before = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            let detail = format!("{} cannot be read: {error}.", path.display());
            return Err(Diagnostic::error("Failed to read file", detail).into());
        }
    };
    let (text, name) = with_rule(before.as_deref().unwrap_or_default(), stack, &rule)
        .map_err(|problem| Diagnostic::error("The rule cannot be written", problem))?;
    check(&stacks, &text, stack, &name, &rule)?;
    match &before {
        Some(before) => workbench::write(&path, before, &text)?,
        None => std::fs::write(&path, &text).map_err(|error| {
            Diagnostic::error(
                "Failed to write file",
                format!("{} could not be written: {error}.", path.display()),
            )
        })?,
    }
    println!("Added the rule {name:?} for the stack {} to {}.", stack.name, path.display());
    Ok(())
}

fn rule(args: &IgnoreArgs) -> Result<NewRule, Diagnostic> {
    let (object, attribute) = match AddressPattern::parse(&args.object) {
        Ok(pattern) => (pattern.to_string(), None),
        Err(_) => {
            let (address, path) = trace::split(&args.object)?;
            let attribute = path_text(&path).trim_start_matches('.').to_owned();
            (address.to_string(), Some(attribute))
        }
    };
    let invalid =
        |problem: String| Diagnostic::error("Invalid address", format!("{:?}: {problem}", args.object));
    AddressPattern::parse(&object).map_err(|error| invalid(error.to_string()))?;
    if let Some(attribute) = &attribute {
        AttributePattern::parse(attribute).map_err(|error| invalid(error.to_string()))?;
    }
    if args.reason.trim().is_empty() {
        let detail = "Say in a few words why it is ignored: --reason \"load test, incident 4711\".";
        return Err(Diagnostic::error("Missing reason", detail));
    }
    let until = args.until.as_deref().map(last_day).transpose()?;
    Ok(NewRule { object, attribute, until, reason: args.reason.clone() })
}

fn last_day(text: &str) -> Result<Date, Diagnostic> {
    let date = text.parse::<Date>().ok().filter(|date| date.to_string() == text);
    let Some(date) = date else {
        let detail =
            format!("{text:?} is no day of the calendar. Write year, month and day, such as 2027-01-31.");
        return Err(Diagnostic::error("Invalid --until", detail));
    };
    if date < TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date() {
        return Err(Diagnostic::error(
            "Invalid --until",
            format!("{text} is over: the rule would never hold."),
        ));
    }
    Ok(date)
}

/// Reads the file as it is to be, before it is written: the rule says what it is to say, and nothing else is wrong.
fn check(stacks: &Stacks, text: &str, stack: &Stack, name: &str, rule: &NewRule) -> Result<(), Diagnostics> {
    let root = stacks.root();
    let full = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let edited: BTreeMap<PathBuf, String> = BTreeMap::from([(full.join(FILE), text.to_owned())]);
    let sources = SourceMap::edited(edited);
    let (repository, diagnostics) = repository::load(&full, root, &sources);
    let first = repository.stack(&stack.name).and_then(|stack| stack.drift.rules.first());
    let problem = match diagnostics.iter().find(|one| one.is_error()) {
        Some(error) => format!("with it the file would be wrong: {}: {}", error.summary, error.detail),
        None if first.is_some_and(|first| {
            *first.name == *name && first.reason.as_deref() == Some(&rule.reason) && first.until == rule.until
        }) =>
        {
            return Ok(());
        }
        None => "read again it would say something else".to_owned(),
    };
    Err(Diagnostic::error("The rule cannot be written", format!("{FILE}: {problem}.")).into())
}
