//! What is to be done about a drift: rules, first match first, and the limits of correcting.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::address::InstanceAddress;
use crate::lang::convert::PathStep;
use crate::lang::source::Span;

use super::freeze::FreezeWindow;
use super::pattern::{AddressPattern, AttributePattern};
use super::read::Located;
use super::{Repository, Stack};

/// What to do about a drifted attribute or object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Say so.
    Report,
    /// Propose the edit that makes the code say what AWS has.
    Propose,
    /// Put AWS back to what the code says.
    Correct,
    /// Say nothing.
    Ignore,
}

impl Action {
    /// The words of the file.
    pub const WORDS: [(&str, Action); 4] = [
        ("report", Action::Report),
        ("propose", Action::Propose),
        ("correct", Action::Correct),
        ("ignore", Action::Ignore),
    ];

    /// The action as the file writes it.
    pub fn word(self) -> &'static str {
        match self {
            Action::Report => "report",
            Action::Propose => "propose",
            Action::Correct => "correct",
            Action::Ignore => "ignore",
        }
    }
}

/// A `drift` block: of the whole repository, or of one stack.
#[derive(Clone, Debug, Default)]
pub struct DriftPolicy {
    /// What is done where no rule matches.
    pub default: Option<Located<Action>>,
    /// In the order in which they are tried.
    pub rules: Vec<Rule>,
    /// The types that are looked for although nobody manages them. `None`: the block says nothing of it.
    pub unmanaged: Option<Vec<&'static str>>,
    /// The limits that the block sets; those it leaves out are `None`.
    pub correct: CorrectBlock,
}

/// A `rule` block.
#[derive(Clone, Debug)]
pub struct Rule {
    pub name: Arc<str>,
    /// Resources, at least one pattern.
    pub matches: Vec<AddressPattern>,
    /// Attributes. `None`: all of them, and the object as a whole (missing, unmanaged).
    pub attributes: Option<Vec<AttributePattern>>,
    pub action: Action,
    /// The last day, in UTC, on which the rule holds.
    pub until: Option<Date>,
    pub reason: Option<String>,
    /// Correct types that decide who may do what, too.
    pub allow_security: bool,
    /// Make missing stateful objects anew, too.
    pub allow_recreate: bool,
    /// Correct the stack that holds the states of others, too.
    pub allow_state: bool,
    pub declared_at: Span,
}

impl Rule {
    /// Whether the rule's last day is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|last| TimeZone::UTC.to_datetime(now).date() > last)
    }

    /// Whether the rule is about an attribute of an instance; `None` stands for the object as a whole, about which
    /// only rules without `attributes` are.
    pub fn covers(&self, address: &InstanceAddress, attribute: Option<&[PathStep]>) -> bool {
        let attribute_matches = match (&self.attributes, attribute) {
            (None, _) => true,
            (Some(patterns), Some(path)) => patterns.iter().any(|pattern| pattern.matches(path)),
            (Some(_), None) => false,
        };
        attribute_matches && self.matches.iter().any(|pattern| pattern.matches(address))
    }
}

/// A `correct` block as it is written.
#[derive(Clone, Debug, Default)]
pub struct CorrectBlock {
    pub max_corrections: Option<u32>,
    pub max_drift: Option<Percentage>,
    pub confirm: Option<u32>,
    pub stop_after: Option<u32>,
    pub allow_replace: Option<bool>,
    pub allow_delete: Option<bool>,
    pub freeze: Option<Vec<FreezeWindow>>,
}

/// A part of a hundred, in hundredths: `20%` is 2000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percentage(pub u32);

impl Percentage {
    /// Reads `20%` or `2.5%`: up to two decimals, above 0 and up to 100.
    pub fn parse(text: &str) -> Option<Percentage> {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.strip_suffix('%')?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if whole.is_empty() || whole.len() > 3 || !digits(whole) {
            return None;
        }
        if decimals.is_empty() || decimals.len() > 2 || !digits(decimals) {
            return None;
        }
        let hundredths = whole.parse::<u32>().ok()? * 100 + format!("{decimals:0<2}").parse::<u32>().ok()?;
        (1..=10_000).contains(&hundredths).then_some(Percentage(hundredths))
    }
}

/// How far correcting may go in a stack.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Objects corrected in one run, at most.
    pub max_corrections: u32,
    /// The part of a stack's resources that may be drifted or missing, at most.
    pub max_drift: Percentage,
    /// Runs in a row that must find a drift before it is corrected.
    pub confirm: u32,
    /// Corrections of one attribute, in as many runs, after which recon stops and reports a fight.
    pub stop_after: u32,
    pub allow_replace: bool,
    pub allow_delete: bool,
    pub freeze: Vec<FreezeWindow>,
}

/// Fewer drifted or missing resources than this are never too many, however small the stack.
pub const MAX_DRIFT_FROM: usize = 5;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_corrections: 10,
            max_drift: Percentage(2_000),
            confirm: 2,
            stop_after: 3,
            allow_replace: false,
            allow_delete: false,
            freeze: Vec::new(),
        }
    }
}

impl Limits {
    /// Whether so many of a stack's resources are drifted or missing that something else must be wrong: more than
    /// `max_drift`, and at least [`MAX_DRIFT_FROM`].
    pub fn too_much_drift(&self, drifted: usize, resources: usize) -> bool {
        drifted >= MAX_DRIFT_FROM
            && drifted as u128 * 10_000 > resources as u128 * u128::from(self.max_drift.0)
    }

    /// The freeze window that a moment is in.
    pub fn frozen_by(&self, at: Timestamp) -> Option<&FreezeWindow> {
        self.freeze.iter().find(|window| window.is_frozen(at))
    }

    /// Whether nothing is to be corrected now.
    pub fn is_frozen(&self, at: Timestamp) -> bool {
        self.frozen_by(at).is_some()
    }

    fn set(&mut self, block: &CorrectBlock) {
        self.max_corrections = block.max_corrections.unwrap_or(self.max_corrections);
        self.max_drift = block.max_drift.unwrap_or(self.max_drift);
        self.confirm = block.confirm.unwrap_or(self.confirm);
        self.stop_after = block.stop_after.unwrap_or(self.stop_after);
        self.allow_replace = block.allow_replace.unwrap_or(self.allow_replace);
        self.allow_delete = block.allow_delete.unwrap_or(self.allow_delete);
        if let Some(freeze) = &block.freeze {
            self.freeze.clone_from(freeze);
        }
    }
}

/// Where a decision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The stack's own `drift` block.
    Stack,
    /// The repository's `drift` block.
    Repository,
    /// Nothing is written: recon reports.
    BuiltIn,
}

/// What to do about one drift, and why.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    pub action: Action,
    /// The rule that decided, with what it allows. `None`: no rule matches.
    pub rule: Option<&'a Rule>,
    pub origin: Origin,
    /// Rules that would have decided before, had they not expired, in order.
    pub expired: Vec<&'a Rule>,
    stack: &'a Stack,
    /// The default says "correct", which needs a rule.
    without_rule: bool,
}

impl<'a> Decision<'a> {
    /// The name of the rule that decided.
    pub fn rule_name(&self) -> Option<&'a str> {
        self.rule.map(|rule| &*rule.name)
    }

    /// Why, as a clause: `rule "scaling belongs to AWS": AWS scales it`.
    pub fn why(&self) -> String {
        let stack = &self.stack.name;
        match (self.rule, self.origin) {
            (Some(rule), origin) => {
                let whose =
                    if origin == Origin::Stack { format!(" of stack {stack:?}") } else { String::new() };
                let until = rule.until.map(|last| format!(" (until {last})")).unwrap_or_default();
                let reason = rule.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
                format!("rule {:?}{whose}{until}{reason}", rule.name)
            }
            (None, Origin::BuiltIn) => "no rule matches, and no default is set".to_owned(),
            (None, _) if self.without_rule => {
                "no rule matches, and only a rule that names it makes recon correct something".to_owned()
            }
            (None, Origin::Stack) => format!("no rule matches; the default of stack {stack:?}"),
            (None, Origin::Repository) => "no rule matches; the default".to_owned(),
        }
    }
}

impl Repository {
    /// What to do about a drift of a stack's object: of an attribute, or of the object as a whole (missing,
    /// unmanaged) where `attribute` is `None`. The first rule that matches and holds at the moment `now` decides,
    /// the stack's own before the repository's, then the stack's default, then the repository's.
    pub fn decide<'a>(
        &'a self,
        stack: &'a Stack,
        address: &InstanceAddress,
        attribute: Option<&[PathStep]>,
        now: Timestamp,
    ) -> Decision<'a> {
        let policies = [(Origin::Stack, &stack.drift), (Origin::Repository, &self.drift)];
        let mut decision = Decision {
            action: Action::Report,
            rule: None,
            origin: Origin::BuiltIn,
            expired: Vec::new(),
            stack,
            without_rule: false,
        };
        let rules =
            policies.iter().flat_map(|(origin, policy)| policy.rules.iter().map(move |rule| (*origin, rule)));
        for (origin, rule) in rules.filter(|(_, rule)| rule.covers(address, attribute)) {
            if rule.is_expired(now) {
                decision.expired.push(rule);
                continue;
            }
            return Decision { action: rule.action, rule: Some(rule), origin, ..decision };
        }
        let default =
            policies.into_iter().find_map(|(origin, policy)| Some((origin, policy.default.as_ref()?)));
        if let Some((origin, default)) = default {
            decision.origin = origin;
            decision.without_rule = default.value == Action::Correct;
            decision.action = if decision.without_rule { Action::Report } else { default.value };
        }
        decision
    }

    /// The limits of correcting a stack: each as the stack's own `correct` block sets it, else as the repository's
    /// does, else recon's own.
    pub fn limits(&self, stack: &Stack) -> Limits {
        let mut limits = Limits::default();
        limits.set(&self.drift.correct);
        limits.set(&stack.drift.correct);
        limits
    }
}
