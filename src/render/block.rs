//! The arguments and nested blocks of an object that changes, each with what the three-way comparison says of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compare::object::changed_paths;
use crate::compare::{Verdict, same_or_zero};
use crate::lang::convert::PathStep;
use crate::lang::print::quote;
use crate::lang::source::{SourceMap, Span};
use crate::lang::value::Value;
use crate::plan::model::{AttributeVerdict, ResourceChange};
use crate::provider::AttributePath;
use crate::schema::{BlockSchema, Equality, NestedBlock, Nesting};

use super::diff::{Around, Lines, Sign, part};
use super::style::{Colors, DIM, MAGENTA, RED, YELLOW};
use super::value::{STEP, UNKNOWN, literal};

/// Longest value that a comment repeats, in letters.
const SHORT: usize = 60;

/// An object that changes.
pub(super) struct Comparison<'a> {
    pub change: &'a ResourceChange,
    pub sources: &'a SourceMap,
    /// From the record to AWS rather than from AWS to the code.
    pub outside: bool,
}

/// `main.tf:23:5`
pub(super) fn place(span: Span, sources: &SourceMap) -> String {
    let file = sources.file(span.source);
    let at = file.position(span.start as usize);
    format!("{}:{}:{}", file.name, at.line, at.column)
}

/// An attribute's path as it would be written: `access_logs[0].bucket`.
pub(super) fn path_text(path: &[PathStep]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            PathStep::Attribute(name) if text.is_empty() => text.push_str(name),
            PathStep::Attribute(name) => text.push_str(&format!(".{name}")),
            PathStep::Key(key) => text.push_str(&format!("[{}]", quote(key))),
            PathStep::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// The comment on an attribute: what the comparison says of it, and where its value is written.
fn verdict_text(attribute: &AttributeVerdict, sources: &SourceMap, colors: Colors) -> String {
    let sensitive = attribute.recorded.has_sensitive()
        || attribute.desired.has_sensitive()
        || attribute.live.as_ref().is_some_and(Value::has_sensitive);
    let recorded = literal(&attribute.recorded, 0);
    let recorded = if sensitive || recorded.contains('\n') || recorded.chars().count() > SHORT {
        String::new()
    } else {
        format!(" (recorded {recorded})")
    };
    let (style, mut text) = match attribute.verdict {
        Verdict::Drifted => (YELLOW, format!("drifted: somebody changed AWS{recorded}")),
        Verdict::Conflicted => (RED, format!("conflicted: changed in AWS and in the code{recorded}")),
        Verdict::Pending if attribute.consequence => (DIM, "consequence of other changes".to_owned()),
        Verdict::Pending => (DIM, "pending".to_owned()),
        Verdict::Converged => (DIM, format!("converged: only the record is behind{recorded}")),
        Verdict::Unreadable => (MAGENTA, "unreadable".to_owned()),
        Verdict::Ignored => (DIM, "ignored".to_owned()),
        Verdict::InSync | Verdict::Missing | Verdict::Unmanaged => return String::new(),
    };
    if attribute.verdict == Verdict::Conflicted && attribute.consequence {
        text.push_str(", there as a consequence of other changes");
    }
    if let Some(origin) = attribute.origin {
        text.push_str(&format!(", written at {}", place(origin, sources)));
    }
    colors.paint(style, &text)
}

impl Comparison<'_> {
    /// The comment behind an attribute or block, with the space before it; empty if there is nothing to say.
    fn note(&self, path: &[PathStep], colors: Colors) -> String {
        let mut said = Vec::new();
        if self.change.replace_paths.contains(path) {
            said.push(colors.paint(RED, "forces replacement"));
        }
        if !self.outside {
            let attribute = self.change.attributes.iter().find(|attribute| attribute.path == path);
            said.extend(
                attribute
                    .map(|attribute| verdict_text(attribute, self.sources, colors))
                    .filter(|text| !text.is_empty()),
            );
        }
        if said.is_empty() { String::new() } else { format!(" # {}", said.join("; ")) }
    }

    /// What stands between an object's braces. `before` null: it is made; `after` null: it goes.
    pub fn body(
        &self,
        schema: Option<&BlockSchema>,
        before: &Value,
        after: &Value,
        path: &mut AttributePath,
        indent: usize,
        lines: &mut Lines,
    ) {
        let is_block = |name: &str| schema.is_some_and(|schema| schema.blocks.contains_key(name));
        let names: BTreeSet<&Arc<str>> = [before, after]
            .into_iter()
            .filter_map(Value::as_entries)
            .flat_map(|entries| entries.keys())
            .filter(|name| !is_block(name))
            .collect();
        let mut shown: Vec<(&Arc<str>, Value, Value, bool)> = Vec::new();
        let mut hidden = 0;
        for name in names {
            let (old, new) = (part(before, name), part(after, name));
            let equality = schema
                .and_then(|schema| schema.attributes.get(name))
                .map_or(Equality::Exact, |attribute| attribute.equality);
            if old.is_null() && new.is_null() {
                continue;
            }
            let whole = before.is_null() || after.is_null();
            if whole || !same_or_zero(equality, &old, &new) {
                shown.push((name, old, new, false));
            } else if path.is_empty() && matches!(&**name, "id" | "name") {
                shown.push((name, old, new, true));
            } else {
                hidden += 1;
            }
        }
        let width = shown.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or_default();
        for (name, old, new, unchanged) in &shown {
            path.push(PathStep::Attribute(Arc::clone(name)));
            let (prefix, note) = (format!("{name:width$} = "), self.note(path, lines.colors));
            path.pop();
            let around = Around { prefix: &prefix, suffix: "", note: &note };
            if *unchanged {
                lines.whole(Sign::None, indent, new, around);
            } else {
                lines.changed(indent, old, new, around);
            }
        }
        hidden_comment(hidden, "attribute", indent, lines);
        let mut hidden = 0;
        for (name, nested) in schema.into_iter().flat_map(|schema| &schema.blocks) {
            path.push(PathStep::Attribute(Arc::clone(name)));
            hidden += self.blocks(name, nested, &part(before, name), &part(after, name), path, indent, lines);
            path.pop();
        }
        if hidden > 0 {
            lines.blank();
        }
        hidden_comment(hidden, "block", indent, lines);
    }

    /// The blocks of one kind. Answers how many were left out because they stay as they are.
    #[expect(
        clippy::too_many_arguments,
        reason = "all of them say which blocks they are, and where to write them"
    )]
    fn blocks(
        &self,
        name: &str,
        nested: &NestedBlock,
        before: &Value,
        after: &Value,
        path: &mut AttributePath,
        indent: usize,
        lines: &mut Lines,
    ) -> usize {
        let mut note = self.note(path, lines.colors);
        if before.is_sensitive() || after.is_sensitive() {
            if super::diff::same(before, after) {
                return block_list(nested, after).len();
            }
            lines.blank();
            lines.line(Sign::Change, indent, &format!("{name} {{{note}"));
            lines.comment(indent + STEP, "something in these blocks is sensitive, so they are not shown");
            lines.line(Sign::None, indent, "}");
            return 0;
        }
        if !after.is_known() {
            lines.blank();
            lines.line(Sign::Add, indent, &format!("{name} {UNKNOWN}{note}"));
            return 0;
        }
        let (pairs, hidden) = pair(nested, before, after);
        let null = Value::null(crate::lang::types::Type::Dynamic);
        for Pair { index, label, before, after } in pairs {
            path.extend(index.map(PathStep::Index));
            if index.is_some() && note.is_empty() {
                note = self.note(path, lines.colors);
            }
            let sign = match (&before, &after) {
                (None, _) => Sign::Add,
                (_, None) => Sign::Remove,
                _ => Sign::Change,
            };
            lines.blank();
            lines.line(sign, indent, &format!("{name}{label} {{{}", std::mem::take(&mut note)));
            let (before, after) = (before.unwrap_or(&null), after.unwrap_or(&null));
            self.body(Some(&nested.block), before, after, path, indent + STEP, lines);
            lines.line(Sign::None, indent, "}");
            if index.is_some() {
                path.pop();
            }
        }
        hidden
    }
}

fn hidden_comment(count: usize, what: &str, indent: usize, lines: &mut Lines) {
    if count > 0 {
        let plural = if count == 1 { "" } else { "s" };
        lines.comment(indent, &format!("({count} unchanged {what}{plural} hidden)"));
    }
}

/// A block before and after.
struct Pair<'a> {
    /// In a list of blocks.
    index: Option<usize>,
    /// In a map of blocks, with the space before it.
    label: String,
    before: Option<&'a Value>,
    after: Option<&'a Value>,
}

fn block_list<'a>(nested: &NestedBlock, value: &'a Value) -> Vec<&'a Value> {
    match nested.nesting {
        Nesting::Single if value.is_null() => Vec::new(),
        Nesting::Single => vec![value],
        Nesting::Map => value.as_entries().into_iter().flat_map(|entries| entries.values()).collect(),
        Nesting::List | Nesting::Set => value.as_elements().unwrap_or_default().iter().collect(),
    }
}

/// Which block becomes which, those that stay as they are left out and counted.
fn pair<'a>(nested: &NestedBlock, before: &'a Value, after: &'a Value) -> (Vec<Pair<'a>>, usize) {
    let unchanged = |old: &Value, new: &Value| changed_paths(&nested.block, old, new).is_empty();
    let (mut pairs, mut hidden) = (Vec::new(), 0);
    let mut add = |index, label: String, before: Option<&'a Value>, after: Option<&'a Value>| {
        if let (Some(before), Some(after)) = (before, after)
            && unchanged(before, after)
        {
            hidden += 1;
        } else {
            pairs.push(Pair { index, label, before, after });
        }
    };
    match nested.nesting {
        Nesting::Map => {
            let entries = |value: &'a Value| value.as_entries();
            let labels: BTreeSet<&Arc<str>> =
                [before, after].into_iter().filter_map(entries).flat_map(|entries| entries.keys()).collect();
            for label in labels {
                let find = |value: &'a Value| entries(value).and_then(|entries| entries.get(label));
                add(None, format!(" {}", quote(label)), find(before), find(after));
            }
        }
        Nesting::Set => {
            let mut rest = block_list(nested, after);
            for old in block_list(nested, before) {
                let same = rest.iter().position(|new| unchanged(old, new)).map(|at| rest.remove(at));
                add(None, String::new(), Some(old), same);
            }
            for new in rest {
                add(None, String::new(), None, Some(new));
            }
        }
        Nesting::Single | Nesting::List => {
            let (old, new) = (block_list(nested, before), block_list(nested, after));
            for index in 0..old.len().max(new.len()) {
                let step = (nested.nesting == Nesting::List).then_some(index);
                add(step, String::new(), old.get(index).copied(), new.get(index).copied());
            }
        }
    }
    (pairs, hidden)
}
