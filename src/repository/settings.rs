//! Reading `github` and `notify` blocks.

use crate::config::shape::{Content, Shape};
use crate::lang::ast::Block;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::{SourceMap, Span};

use super::read::{Located, only, text, texts, whole, word_of};

/// Where proposals go, and how they look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHub {
    /// `owner/name`. `None`: what the environment or the origin remote says.
    pub repository: Option<Located<String>>,
    /// The branch that proposals are to be merged into. `None`: the repository's default branch.
    pub base: Option<Located<String>>,
    pub labels: Vec<String>,
    /// Persons, and teams as `owner/team`.
    pub reviewers: Vec<String>,
    /// Proposals open at the same time, at most.
    pub max_open_proposals: u32,
}

impl Default for GitHub {
    fn default() -> GitHub {
        GitHub {
            repository: None,
            base: None,
            labels: Vec::new(),
            reviewers: Vec::new(),
            max_open_proposals: 10,
        }
    }
}

/// Who is told of what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    pub kind: NotificationKind,
    /// The environment variable that holds the address, which is a secret.
    pub url_env: String,
    pub on: Vec<Event>,
    pub declared_at: Span,
}

/// The form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationKind {
    /// What Slack's incoming webhooks, and those of others that follow them, understand.
    Slack,
    /// recon's own JSON.
    Webhook,
}

impl NotificationKind {
    /// The words of the file.
    pub const WORDS: [(&str, NotificationKind); 2] =
        [("slack", NotificationKind::Slack), ("webhook", NotificationKind::Webhook)];
}

/// What may be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Event {
    /// Something is drifted, missing or conflicted.
    Drifted,
    /// An edit was proposed.
    Proposed,
    /// AWS was put back.
    Corrected,
    /// Somebody else sets what recon corrects.
    Fight,
    /// A run failed or is incomplete.
    Error,
}

impl Event {
    /// The words of the file.
    pub const WORDS: [(&str, Event); 5] = [
        ("drifted", Event::Drifted),
        ("proposed", Event::Proposed),
        ("corrected", Event::Corrected),
        ("fight", Event::Fight),
        ("error", Event::Error),
    ];
}

const GITHUB: Shape = Shape {
    arguments: &[
        ("repository", false),
        ("base", false),
        ("labels", false),
        ("reviewers", false),
        ("max_open_proposals", false),
    ],
    blocks: &[],
};

const NOTIFY: Shape = Shape { arguments: &[("url_env", true), ("on", false)], blocks: &[] };

/// The `github` block; recon's defaults where there is none.
pub(super) fn github(outer: &Content, diagnostics: &mut Diagnostics) -> GitHub {
    let Some(block) = only(outer, "github", diagnostics) else { return GitHub::default() };
    let content = GITHUB.content(&block.body, diagnostics);
    let repository = text(&content, "repository", "a string", diagnostics);
    if let Some(given) = &repository
        && !is_owned_name(&given.value)
    {
        let detail = format!(
            "{:?} is no repository's name: write owner and name, such as \"acme/infra\". The server is named by \
             GITHUB_API_URL.",
            given.value
        );
        diagnostics.push(Diagnostic::error("Invalid repository", detail).at(given.span));
    }
    let base = text(&content, "base", "a string", diagnostics);
    if let Some(given) = &base {
        check_base(given, diagnostics);
    }
    let labels = texts(&content, "labels", "strings", diagnostics);
    for label in labels.iter().flat_map(|labels| &labels.value) {
        if label.value.trim().is_empty() || label.value.chars().count() > 50 || label.value.contains(',') {
            let detail = "GitHub's labels have 1 to 50 characters, and no comma.";
            diagnostics.push(Diagnostic::error("Invalid label", detail).at(label.span));
        }
    }
    let reviewers = texts(&content, "reviewers", "strings", diagnostics);
    for reviewer in reviewers.iter().flat_map(|reviewers| &reviewers.value) {
        if !is_login(&reviewer.value) && !is_owned_name(&reviewer.value) {
            let detail = format!(
                "{:?} is neither a person's login, such as \"octocat\", nor a team, such as \"acme/sre\".",
                reviewer.value
            );
            diagnostics.push(Diagnostic::error("Invalid reviewer", detail).at(reviewer.span));
        }
    }
    let max_open_proposals = whole(
        &content,
        "max_open_proposals",
        1..=100,
        "Nobody reads more; to propose nothing, write no rule with the action \"propose\".",
        diagnostics,
    );
    let values = |list: Option<Located<Vec<Located<String>>>>| {
        list.map(|list| list.value.into_iter().map(|one| one.value).collect()).unwrap_or_default()
    };
    GitHub {
        repository,
        base,
        labels: values(labels),
        reviewers: values(reviewers),
        max_open_proposals: max_open_proposals
            .map_or(GitHub::default().max_open_proposals, |limit| limit.value),
    }
}

/// Branches by the rules of `git check-ref-format`, and none of recon's own.
fn check_base(base: &Located<String>, diagnostics: &mut Diagnostics) {
    let name = base.value.as_str();
    if name == "recon" || name.starts_with("recon/") {
        let detail =
            "recon writes its proposals to branches under recon/, so none of them can be their base.";
        diagnostics.push(Diagnostic::error("Invalid branch", detail).at(base.span));
        return;
    }
    let strange = |letter: char| letter.is_control() || " ~^:?*[\\".contains(letter);
    let bad = name.is_empty()
        || name.contains(strange)
        || name.contains("..")
        || name.contains("@{")
        || name.ends_with('.')
        || name.starts_with('-')
        || name.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"));
    if bad || name.starts_with("refs/") {
        let detail = format!("{name:?} is no branch's name: write it as in `git branch`, such as \"main\".");
        diagnostics.push(Diagnostic::error("Invalid branch", detail).at(base.span));
    }
}

/// A login of GitHub: letters, digits and dashes, 39 at most, and an underscore where a company manages its people.
fn is_login(text: &str) -> bool {
    (1..=39).contains(&text.len())
        && !text.starts_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_owned_name(text: &str) -> bool {
    text.split_once('/').is_some_and(|(owner, name)| {
        is_login(owner)
            && (1..=100).contains(&name.len())
            && name != "."
            && name != ".."
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    })
}

/// The `notify` blocks.
pub(super) fn notifications(
    outer: &Content,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) -> Vec<Notification> {
    let read = |block| {
        let mut found = Diagnostics::new();
        let notification = notification(block, &mut found);
        diagnostics.extend(found.into_iter().map(|one| hide_address(one, block, sources)));
        notification
    };
    outer.blocks("notify").filter_map(read).collect()
}

/// Points away from a line with an address in it: the address of a notification is a secret, and excerpts are of whole
/// lines.
fn hide_address(diagnostic: Diagnostic, block: &Block, sources: &SourceMap) -> Diagnostic {
    let Some(subject) = diagnostic.subject else { return diagnostic };
    let file = sources.file(subject.source);
    let shows_address = |span: Span| {
        let lines = file.position(span.start as usize).line..=file.position(span.end as usize).line;
        lines.into_iter().any(|line| file.line(line).contains("://"))
    };
    if !shows_address(subject) {
        return diagnostic;
    }
    if !shows_address(block.header) {
        return diagnostic.at(block.header);
    }
    let line = file.position(subject.start as usize).line;
    let detail = format!("{} line {line}: {}", file.name, diagnostic.detail);
    Diagnostic { subject: None, context: None, detail, ..diagnostic }
}

fn notification(block: &Block, diagnostics: &mut Diagnostics) -> Option<Notification> {
    let content = NOTIFY.content(&block.body, diagnostics);
    let label = block.labels.first()?;
    let kind = Located { value: label.value.to_string(), span: label.span };
    let kind = word_of("notification", &kind, &NotificationKind::WORDS, diagnostics);
    let url_env = text(&content, "url_env", "a string", diagnostics);
    let url_env = url_env.filter(|given| check_variable(given, diagnostics));
    let on = match texts(&content, "on", "strings", diagnostics) {
        Some(given) if given.value.is_empty() && content.get("on").is_some() => {
            let detail =
                "The list is empty, so nobody is ever told. Leave the line out to be told of everything.";
            diagnostics.push(Diagnostic::error("Empty list", detail).at(given.span));
            Vec::new()
        }
        Some(given) => {
            given.value.iter().filter_map(|word| word_of("event", word, &Event::WORDS, diagnostics)).collect()
        }
        None => Event::WORDS.iter().map(|(_, event)| *event).collect(),
    };
    Some(Notification { kind: kind?, url_env: url_env?.value, on, declared_at: block.header })
}

/// Whether this is an environment variable's name, and not the address itself.
fn check_variable(given: &Located<String>, diagnostics: &mut Diagnostics) -> bool {
    let name = given.value.as_str();
    let good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    if !good {
        let detail = "\"url_env\" is the name of the environment variable that holds the address, such as \
                      \"SLACK_WEBHOOK_URL\": letters, digits and underscores. The address itself is a secret: if it \
                      stands here, have it renewed.";
        diagnostics.push(Diagnostic::error("Invalid environment variable", detail).at(given.span));
    }
    good
}
