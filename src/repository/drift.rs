//! Reading `drift` blocks.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::civil::Date;

use crate::config::shape::{Content, Shape};
use crate::lang::ast::Block;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};

use super::freeze::FreezeWindow;
use super::pattern::{AddressPattern, AttributePattern, PatternError};
use super::policy::{Action, CorrectBlock, DriftPolicy, Percentage, Rule};
use super::read::{Located, boolean, only, text, texts, whole, word};
use super::unmanaged::unmanaged;

const DRIFT: Shape = Shape {
    arguments: &[("default", false), ("unmanaged", false)],
    blocks: &[("rule", &["name"]), ("correct", &[])],
};

const RULE: Shape = Shape {
    arguments: &[
        ("match", true),
        ("attributes", false),
        ("action", true),
        ("until", false),
        ("reason", false),
        ("allow_security", false),
        ("allow_recreate", false),
        ("allow_state", false),
    ],
    blocks: &[],
};

const CORRECT: Shape = Shape {
    arguments: &[
        ("max_corrections", false),
        ("max_drift", false),
        ("confirm", false),
        ("stop_after", false),
        ("allow_replace", false),
        ("allow_delete", false),
        ("freeze", false),
    ],
    blocks: &[],
};

/// The `drift` block of a body; nothing where there is none.
pub(super) fn drift(outer: &Content, diagnostics: &mut Diagnostics) -> DriftPolicy {
    let Some(block) = only(outer, "drift", diagnostics) else { return DriftPolicy::default() };
    let content = DRIFT.content(&block.body, diagnostics);
    let default = word(&content, "default", &Action::WORDS, diagnostics);
    if let Some(default) = default.as_ref().filter(|default| default.value == Action::Correct) {
        let detail = "recon corrects only what a rule names, so that this default reports. Write a rule that matches what \
                      is to be corrected, with action = \"correct\".";
        diagnostics.push(Diagnostic::warning("Nothing is corrected by default", detail).at(default.span));
    }
    let mut names = HashSet::new();
    let mut rules = Vec::new();
    for block in content.blocks("rule") {
        if let Some(label) = block.labels.first()
            && !names.insert(Arc::clone(&label.value))
        {
            let detail = format!(
                "A rule named {:?} is above, in the same drift block. Reports name the rule that decided: give this one \
                 another name.",
                label.value
            );
            diagnostics.push(Diagnostic::error("Duplicate rule", detail).at(label.span));
        }
        rules.extend(rule(block, diagnostics));
    }
    let correct =
        only(&content, "correct", diagnostics).map(|block| correct(block, diagnostics)).unwrap_or_default();
    let unmanaged = unmanaged(&content, diagnostics);
    DriftPolicy { default, rules, unmanaged, correct }
}

/// The rule of a block, if the block says one.
fn rule(block: &Block, diagnostics: &mut Diagnostics) -> Option<Rule> {
    let label = block.labels.first()?;
    if label.value.trim().is_empty() {
        let detail = "Reports name the rule that decided: say in a few words what this one is for.";
        diagnostics.push(Diagnostic::error("Rule without a name", detail).at(label.span));
    }
    let content = RULE.content(&block.body, diagnostics);
    let matches = patterns(&content, "match", AddressPattern::parse, diagnostics);
    let attributes = patterns(&content, "attributes", AttributePattern::parse, diagnostics);
    let action = word(&content, "action", &Action::WORDS, diagnostics);
    let reason = text(&content, "reason", "a string", diagnostics);
    let until = until(&content, diagnostics);
    let allow_security = flag(&content, "allow_security", action.as_ref(), diagnostics);
    let allow_recreate = flag(&content, "allow_recreate", action.as_ref(), diagnostics);
    let allow_state = flag(&content, "allow_state", action.as_ref(), diagnostics);
    if let Some(given) = content.get("allow_recreate").filter(|_| allow_recreate && attributes.is_some()) {
        let detail = "A rule with attributes is about those only, never about a missing object as a whole. Move \
                      allow_recreate to a rule without attributes.";
        diagnostics.push(Diagnostic::error("Argument without effect", detail).at(given.name.span));
    }
    let action = action?;
    match &reason {
        Some(reason) if reason.value.trim().is_empty() => {
            let detail = "The reason is empty. Say why, for whoever reads the report, or leave the line out.";
            diagnostics.push(Diagnostic::error("Empty reason", detail).at(reason.span));
        }
        None if action.value == Action::Ignore && content.get("reason").is_none() => {
            let detail = format!(
                "The rule {:?} makes recon say nothing. Add reason = \"…\", so that others know why.",
                label.value
            );
            diagnostics.push(Diagnostic::error("Missing reason", detail).at(block.body.missing));
        }
        _ => {}
    }
    // Without what could not be read the rule would be about more, or for longer, than is meant.
    let is_lost = |name, read: bool| content.get(name).is_some() && !read;
    if is_lost("attributes", attributes.is_some()) || is_lost("until", until.is_some()) {
        return None;
    }
    Some(Rule {
        name: Arc::clone(&label.value),
        matches: matches?,
        attributes,
        action: action.value,
        until,
        reason: reason.map(|reason| reason.value),
        allow_security,
        allow_recreate,
        allow_state,
        declared_at: block.header,
    })
}

fn flag(
    content: &Content,
    name: &str,
    action: Option<&Located<Action>>,
    diagnostics: &mut Diagnostics,
) -> bool {
    let Some(flag) = boolean(content, name, diagnostics) else { return false };
    if let Some(action) = action.filter(|action| action.value != Action::Correct) {
        let detail = format!(
            "{name:?} says what a correction may do, and the action of this rule is {:?}. Remove the line, or set action \
             = \"correct\".",
            action.value.word()
        );
        diagnostics.push(Diagnostic::error("Argument without effect", detail).at(flag.span));
    }
    flag.value
}

fn patterns<P>(
    content: &Content,
    name: &str,
    parse: impl Fn(&str) -> Result<P, PatternError>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<P>> {
    let given = texts(content, name, "strings", diagnostics)?;
    if content.get(name).is_some() && given.value.is_empty() {
        let detail = match name {
            "match" => "The list is empty, so the rule matches nothing. Write [\"**\"] for every resource.",
            _ => "The list is empty, so the rule matches nothing. Leave the line out for all attributes.",
        };
        diagnostics.push(Diagnostic::error("Empty list", detail).at(given.span));
        return None;
    }
    let mut patterns = Vec::with_capacity(given.value.len());
    for Located { value, span } in &given.value {
        match parse(value) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => {
                diagnostics.push(Diagnostic::error("Invalid pattern", error.to_string()).at(*span));
            }
        }
    }
    (!patterns.is_empty()).then_some(patterns)
}

fn until(content: &Content, diagnostics: &mut Diagnostics) -> Option<Date> {
    let given = text(content, "until", "a string with a date", diagnostics)?;
    // Only as the calendar writes it: other forms that the library reads would be a second way to say the same.
    let date = given.value.parse::<Date>().ok().filter(|date| date.to_string() == given.value);
    if date.is_none() {
        let detail = format!(
            "{:?} is no day of the calendar. Write year, month and day, such as \"2027-01-31\": the rule holds up to the \
             end of that day in UTC.",
            given.value
        );
        diagnostics.push(Diagnostic::error("Invalid date", detail).at(given.span));
    }
    date
}

fn correct(block: &Block, diagnostics: &mut Diagnostics) -> CorrectBlock {
    let content = CORRECT.content(&block.body, diagnostics);
    let max_corrections = whole(
        &content,
        "max_corrections",
        1..=1_000,
        "More in one run is a deployment: use `recon apply`.",
        diagnostics,
    );
    let confirm = whole(
        &content,
        "confirm",
        1..=100,
        "It counts the runs that must find a drift before it is corrected.",
        diagnostics,
    );
    let stop_after = whole(
        &content,
        "stop_after",
        2..=100,
        "It counts the corrections of one attribute that show that somebody else sets it, too.",
        diagnostics,
    );
    CorrectBlock {
        max_corrections: max_corrections.map(|limit| limit.value),
        max_drift: max_drift(&content, diagnostics),
        confirm: confirm.map(|limit| limit.value),
        stop_after: stop_after.map(|limit| limit.value),
        allow_replace: boolean(&content, "allow_replace", diagnostics).map(|flag| flag.value),
        allow_delete: boolean(&content, "allow_delete", diagnostics).map(|flag| flag.value),
        freeze: freeze(&content, diagnostics),
    }
}

fn max_drift(content: &Content, diagnostics: &mut Diagnostics) -> Option<Percentage> {
    let given = text(content, "max_drift", "a percentage in quotes, such as \"20%\"", diagnostics)?;
    let percentage = Percentage::parse(&given.value);
    if percentage.is_none() {
        let detail = format!(
            "{:?} is no percentage above 0% and up to 100%, with two decimals at most. Write, for example, \"20%\".",
            given.value
        );
        diagnostics.push(Diagnostic::error("Limit out of range", detail).at(given.span));
    }
    percentage
}

fn freeze(content: &Content, diagnostics: &mut Diagnostics) -> Option<Vec<FreezeWindow>> {
    let given = texts(content, "freeze", "strings", diagnostics)?;
    let mut windows = Vec::with_capacity(given.value.len());
    for Located { value, span } in given.value {
        match FreezeWindow::parse(&value) {
            Ok(window) => windows.push(window),
            Err(error) => {
                diagnostics.push(Diagnostic::error("Invalid freeze window", error.to_string()).at(span));
            }
        }
    }
    Some(windows)
}
