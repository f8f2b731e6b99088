//! Two values, or one that comes or goes, as lines with a sign before them.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::lang::print::quote;
use crate::lang::value::{Kind, Value};

use super::style::{CYAN, Colors, DIM, GREEN, RED, YELLOW};
use super::value::{STEP, as_json, key, literal, pad, visible};

/// What is to happen to what stands in a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    None,
    Add,
    Remove,
    Change,
    /// Destroyed, then created.
    Replace,
    /// Created, then its predecessor destroyed.
    ReplaceAfter,
    Read,
    Forget,
}

impl Sign {
    /// Three columns, the last of them one before the text.
    fn columns(self, colors: Colors) -> String {
        match self {
            Sign::None => "   ".to_owned(),
            Sign::Add => format!("  {}", colors.paint(GREEN, "+")),
            Sign::Remove => format!("  {}", colors.paint(RED, "-")),
            Sign::Change => format!("  {}", colors.paint(YELLOW, "~")),
            Sign::Replace => format!("{}/{}", colors.paint(RED, "-"), colors.paint(GREEN, "+")),
            Sign::ReplaceAfter => format!("{}/{}", colors.paint(GREEN, "+"), colors.paint(RED, "-")),
            Sign::Read => format!(" {}", colors.paint(CYAN, "<=")),
            Sign::Forget => format!("  {}", colors.paint(DIM, ".")),
        }
    }
}

/// Text that grows by lines. `indent` is always the column at which a line's text starts; a sign stands before it and
/// takes four of those columns.
pub(super) struct Lines {
    pub text: String,
    pub colors: Colors,
}

/// What stands around a value: `name = ` before it, `,` or ` -> null` behind it, a comment behind its first line.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'a> {
    pub prefix: &'a str,
    pub suffix: &'a str,
    /// With its own space before it, or empty.
    pub note: &'a str,
}

/// What a value is made of, for the purpose of showing it.
enum Parts<'a> {
    Leaf,
    Sequence(&'a [Value]),
    Entries(Vec<(String, &'a Value)>),
    Json(Value),
    Text(&'a str),
}

fn parts(value: &Value) -> Parts<'_> {
    if value.is_sensitive() {
        return Parts::Leaf;
    }
    match &value.kind {
        Kind::List(_, elements) | Kind::Set(_, elements) | Kind::Tuple(elements) if !elements.is_empty() => {
            Parts::Sequence(elements)
        }
        Kind::Map(_, entries) if !entries.is_empty() => {
            Parts::Entries(entries.iter().map(|(name, value)| (quote(name), value)).collect())
        }
        Kind::Object(entries) if !entries.is_empty() => {
            Parts::Entries(entries.iter().map(|(name, value)| (key(name), value)).collect())
        }
        Kind::String(text) => match as_json(text) {
            Some(json) => Parts::Json(json),
            None if text.contains('\n') => Parts::Text(text),
            None => Parts::Leaf,
        },
        _ => Parts::Leaf,
    }
}

/// Whether two values hold the same, whatever their marks.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    left == right || left.clone().unmark_deep().0 == right.clone().unmark_deep().0
}

fn text_lines(text: &str) -> Vec<&str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n').collect()
}

impl Lines {
    pub fn new(colors: Colors) -> Lines {
        Lines { text: String::new(), colors }
    }

    pub fn line(&mut self, sign: Sign, indent: usize, text: &str) {
        let start = self.text.len();
        if sign == Sign::None {
            self.text.push_str(&pad(indent));
        } else {
            self.text.push_str(&pad(indent.saturating_sub(4)));
            self.text.push_str(&sign.columns(self.colors));
            self.text.push(' ');
        }
        self.text.push_str(text);
        self.text.truncate(start + self.text[start..].trim_end().len());
        self.text.push('\n');
    }

    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    pub fn comment(&mut self, indent: usize, text: &str) {
        let text = self.colors.paint(DIM, &format!("# {text}"));
        self.line(Sign::None, indent, &text);
    }

    fn hidden(&mut self, indent: usize, count: usize, what: &str) {
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            self.comment(indent, &format!("({count} unchanged {what}{plural} hidden)"));
        }
    }

    /// A value that comes, goes or stays as a whole.
    pub fn whole(&mut self, sign: Sign, indent: usize, value: &Value, around: Around<'_>) {
        let Around { prefix, suffix, note } = around;
        let inner = if sign == Sign::Remove { " -> null" } else { "" };
        match parts(value) {
            Parts::Leaf => {
                self.line(sign, indent, &format!("{prefix}{}{suffix}{note}", literal(value, indent)));
            }
            Parts::Sequence(elements) => {
                self.line(sign, indent, &format!("{prefix}[{note}"));
                for element in elements {
                    self.whole(sign, indent + STEP, element, Around { suffix: ",", ..Around::default() });
                }
                self.line(Sign::None, indent, &format!("]{suffix}"));
            }
            Parts::Entries(entries) => {
                self.line(sign, indent, &format!("{prefix}{{{note}"));
                let width = entries.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
                for (name, value) in entries {
                    let prefix = format!("{name:width$} = ");
                    self.whole(
                        sign,
                        indent + STEP,
                        value,
                        Around { prefix: &prefix, suffix: inner, note: "" },
                    );
                }
                self.line(Sign::None, indent, &format!("}}{suffix}"));
            }
            Parts::Json(json) => {
                self.line(sign, indent, &format!("{prefix}jsonencode({note}"));
                self.whole(sign, indent + STEP, &json, Around::default());
                self.line(Sign::None, indent, &format!("){suffix}"));
            }
            Parts::Text(text) => {
                self.line(sign, indent, &format!("{prefix}<<-EOT{note}"));
                for line in text_lines(text) {
                    self.line(Sign::None, indent + STEP, &visible(line));
                }
                self.line(Sign::None, indent, &format!("EOT{suffix}"));
            }
        }
    }

    /// A value that becomes another. Null is nothing: then it comes or goes.
    pub fn changed(&mut self, indent: usize, before: &Value, after: &Value, around: Around<'_>) {
        let Around { prefix, suffix, note } = around;
        if before.is_null() && !before.is_sensitive() {
            return self.whole(Sign::Add, indent, after, around);
        }
        if after.is_null() && !after.is_sensitive() {
            let suffix = if suffix.is_empty() { " -> null" } else { suffix };
            return self.whole(Sign::Remove, indent, before, Around { suffix, ..around });
        }
        if before.is_sensitive() || after.is_sensitive() {
            return self.line(
                Sign::Change,
                indent,
                &format!("{prefix}{}{suffix}{note}", super::value::SENSITIVE),
            );
        }
        match (parts(before), parts(after)) {
            (Parts::Entries(old), Parts::Entries(new)) => {
                self.line(Sign::Change, indent, &format!("{prefix}{{{note}"));
                self.entries(indent + STEP, &old, &new);
                self.line(Sign::None, indent, &format!("}}{suffix}"));
            }
            (Parts::Sequence(old), Parts::Sequence(new)) => {
                self.line(Sign::Change, indent, &format!("{prefix}[{note}"));
                if matches!(before.kind, Kind::Set(..)) || matches!(after.kind, Kind::Set(..)) {
                    self.members(indent + STEP, old, new);
                } else {
                    self.elements(indent + STEP, old, new);
                }
                self.line(Sign::None, indent, &format!("]{suffix}"));
            }
            (Parts::Json(old), Parts::Json(new)) => {
                self.line(Sign::Change, indent, &format!("{prefix}jsonencode({note}"));
                if old == new {
                    self.comment(indent + STEP, "whitespace or the order of keys changes");
                } else {
                    self.changed(indent + STEP, &old, &new, Around::default());
                }
                self.line(Sign::None, indent, &format!("){suffix}"));
            }
            (Parts::Text(_), Parts::Text(_) | Parts::Leaf) | (Parts::Leaf, Parts::Text(_))
                if before.as_str().is_some() && after.as_str().is_some() =>
            {
                let (old, new) = (before.as_str().unwrap_or_default(), after.as_str().unwrap_or_default());
                self.line(Sign::Change, indent, &format!("{prefix}<<-EOT{note}"));
                self.text_diff(indent + STEP, old, new);
                self.line(Sign::None, indent, &format!("EOT{suffix}"));
            }
            (Parts::Leaf, Parts::Leaf) => {
                let text = format!(
                    "{prefix}{} -> {}{suffix}{note}",
                    literal(before, indent),
                    literal(after, indent)
                );
                self.line(Sign::Change, indent, &text);
            }
            // What was there goes; what will be there is not known, or is something else altogether.
            (_, Parts::Leaf) => {
                let suffix = format!(" -> {}{suffix}", literal(after, indent));
                self.whole(Sign::Remove, indent, before, Around { prefix, suffix: &suffix, note });
            }
            _ => {
                self.whole(Sign::Remove, indent, before, Around { prefix, suffix, note });
                self.whole(Sign::Add, indent, after, Around { prefix, suffix, note: "" });
            }
        }
    }

    fn entries(&mut self, indent: usize, old: &[(String, &Value)], new: &[(String, &Value)]) {
        let (old, new): (HashMap<&str, &Value>, HashMap<&str, &Value>) = (
            old.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
            new.iter().map(|(name, value)| (name.as_str(), *value)).collect(),
        );
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        let is_same = |name: &str| match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => same(old, new),
            _ => false,
        };
        let shown: Vec<&str> = names.iter().copied().filter(|name| !is_same(name)).collect();
        let width = shown.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        for name in &shown {
            let prefix = format!("{name:width$} = ");
            let around = Around { prefix: &prefix, ..Around::default() };
            match (old.get(name), new.get(name)) {
                (Some(old), Some(new)) => self.changed(indent, old, new, around),
                (Some(old), None) => {
                    self.whole(Sign::Remove, indent, old, Around { suffix: " -> null", ..around });
                }
                (None, Some(new)) => self.whole(Sign::Add, indent, new, around),
                (None, None) => {}
            }
        }
        self.hidden(indent, names.len() - shown.len(), "element");
    }

    fn members(&mut self, indent: usize, old: &[Value], new: &[Value]) {
        let (was, is): (HashMap<&Value, ()>, HashMap<&Value, ()>) =
            (old.iter().map(|value| (value, ())).collect(), new.iter().map(|value| (value, ())).collect());
        let comma = Around { suffix: ",", ..Around::default() };
        for value in old.iter().filter(|value| !is.contains_key(value)) {
            self.whole(Sign::Remove, indent, value, comma);
        }
        for value in new.iter().filter(|value| !was.contains_key(value)) {
            self.whole(Sign::Add, indent, value, comma);
        }
        self.hidden(indent, old.iter().filter(|value| is.contains_key(value)).count(), "element");
    }

    fn elements(&mut self, indent: usize, old: &[Value], new: &[Value]) {
        let mut numbers: HashMap<&Value, usize> = HashMap::new();
        let mut number = |value| {
            let next = numbers.len();
            *numbers.entry(value).or_insert(next)
        };
        let (left, right): (Vec<usize>, Vec<usize>) =
            (old.iter().map(&mut number).collect(), new.iter().map(&mut number).collect());
        let comma = Around { suffix: ",", ..Around::default() };
        for operation in capture_diff_slices(Algorithm::Myers, &left, &right) {
            match operation {
                DiffOp::Equal { len, .. } => self.hidden(indent, len, "element"),
                DiffOp::Delete { old_index, old_len, .. } => {
                    for value in &old[old_index..old_index + old_len] {
                        self.whole(Sign::Remove, indent, value, comma);
                    }
                }
                DiffOp::Insert { new_index, new_len, .. } => {
                    for value in &new[new_index..new_index + new_len] {
                        self.whole(Sign::Add, indent, value, comma);
                    }
                }
                DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                    let (old, new) =
                        (&old[old_index..old_index + old_len], &new[new_index..new_index + new_len]);
                    let pairs = old.len().min(new.len());
                    for (old, new) in old.iter().zip(new) {
                        if same(old, new) {
                            self.hidden(indent, 1, "element");
                        } else if old.is_null() || new.is_null() {
                            self.whole(Sign::Remove, indent, old, comma);
                            self.whole(Sign::Add, indent, new, comma);
                        } else {
                            self.changed(indent, old, new, comma);
                        }
                    }
                    for value in &old[pairs..] {
                        self.whole(Sign::Remove, indent, value, comma);
                    }
                    for value in &new[pairs..] {
                        self.whole(Sign::Add, indent, value, comma);
                    }
                }
            }
        }
    }

    fn text_diff(&mut self, indent: usize, old: &str, new: &str) {
        let (old_lines, new_lines) = (text_lines(old), text_lines(new));
        let operations = capture_diff_slices(Algorithm::Myers, &old_lines, &new_lines);
        for (index, operation) in operations.iter().enumerate() {
            if let DiffOp::Equal { old_index, len, .. } = *operation {
                // Of what stays, three lines at each change are enough to find the place.
                let (first, last) = (index == 0, index + 1 == operations.len());
                let (head, tail) = (if first { 0 } else { 3 }, if last { 0 } else { 3 });
                let lines = &old_lines[old_index..old_index + len];
                if len > head + tail + 1 {
                    lines[..head].iter().for_each(|line| self.line(Sign::None, indent, &visible(line)));
                    self.hidden(indent, len - head - tail, "line");
                    lines[len - tail..].iter().for_each(|line| self.line(Sign::None, indent, &visible(line)));
                } else {
                    lines.iter().for_each(|line| self.line(Sign::None, indent, &visible(line)));
                }
                continue;
            }
            for line in &old_lines[operation.old_range()] {
                self.line(Sign::Remove, indent, &visible(line));
            }
            for line in &new_lines[operation.new_range()] {
                self.line(Sign::Add, indent, &visible(line));
            }
        }
        if old_lines == new_lines {
            self.comment(indent, "only the line end at the end of the text changes");
        }
    }
}

/// The named part of an object, null if it has none or is none.
pub(super) fn part(object: &Value, name: &Arc<str>) -> Value {
    object
        .as_entries()
        .and_then(|entries| entries.get(name))
        .cloned()
        .unwrap_or_else(|| Value::null(crate::lang::types::Type::Dynamic))
        .with_marks(object.marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(before: &Value, after: &Value) -> String {
        let mut lines = Lines::new(Colors(false));
        lines.changed(4, before, after, Around { prefix: "x = ", ..Around::default() });
        lines.text
    }

    fn json(text: &str) -> Value {
        as_json(text).unwrap()
    }

    #[test]
    fn collections_show_what_differs() {
        let before = json(r#"{"same":1,"gone":[1],"list":["a","b","c","d"],"deep":{"a":1,"b":2}}"#);
        let after = json(r#"{"same":1,"new":{"k":"v"},"list":["a","c","d","e"],"deep":{"a":1,"b":3}}"#);
        insta::assert_snapshot!(diff(&before, &after), @r#"
        ~ x = {
            ~ deep = {
                ~ b = 2 -> 3
                  # (1 unchanged element hidden)
              }
            - gone = [
                - 1,
              ] -> null
            ~ list = [
                  # (1 unchanged element hidden)
                - "b",
                  # (2 unchanged elements hidden)
                + "e",
              ]
            + new  = {
                + k = "v"
              }
              # (1 unchanged element hidden)
          }
        "#);
    }

    #[test]
    fn json_and_texts_are_not_dumped() {
        let before = Value::string(r#"{"Statement":[{"Effect":"Allow","Action":["a","b"]}]}"#);
        let after = Value::string(r#"{"Statement":[{"Effect":"Deny","Action":["a"]}]}"#);
        let old: String = (0..20).map(|line| format!("line {line}\n")).collect();
        let text = diff(&Value::string(&old), &Value::string(old.replace("line 10\n", "line ten\n")));
        insta::assert_snapshot!(diff(&before, &after) + &text, @r#"
        ~ x = jsonencode(
            ~ {
                ~ Statement = [
                    ~ {
                        ~ Action = [
                              # (1 unchanged element hidden)
                            - "b",
                          ]
                        ~ Effect = "Allow" -> "Deny"
                      },
                  ]
              }
          )
        ~ x = <<-EOT
              # (7 unchanged lines hidden)
              line 7
              line 8
              line 9
            - line 10
            + line ten
              line 11
              line 12
              line 13
              # (6 unchanged lines hidden)
          EOT
        "#);
    }

    #[test]
    fn what_will_be_is_not_always_known() {
        let unknown = Value::dynamic();
        assert_eq!(diff(&Value::string("a"), &unknown), "  ~ x = \"a\" -> (known after apply)\n");
        let set = crate::provider::object::text_set(["b", "a"]);
        insta::assert_snapshot!(
            diff(&set, &unknown) + &diff(&set, &crate::provider::object::text_set(["b", "c"])),
            @r#"
        - x = [
            - "a",
            - "b",
          ] -> (known after apply)
        ~ x = [
            - "a",
            + "c",
              # (1 unchanged element hidden)
          ]
        "#
        );
    }

    #[test]
    fn sensitive_parts_do_not_show() {
        let secret =
            |text: &str| Value::object([("a", Value::string(text).sensitive()), ("b", Value::string(text))]);
        for (before, after) in [
            (Value::string("hunter2").sensitive(), Value::string("x")),
            (Value::string("x"), Value::string("hunter2").sensitive()),
            (secret("hunter2").sensitive(), Value::null(crate::lang::types::Type::Dynamic)),
            (Value::tuple(vec![secret("hunter2").sensitive()]), Value::tuple(vec![])),
            (Value::tuple(vec![secret("x").sensitive()]), Value::tuple(vec![secret("hunter2").sensitive()])),
            (
                Value::string("{\"a\":\"hunter2\"}").sensitive(),
                Value::string("{\"a\":\"hunter2\",\"b\":1}").sensitive(),
            ),
        ] {
            for text in [diff(&before, &after), diff(&after, &before)] {
                assert!(!text.contains("hunter2") && text.contains("(sensitive value)"), "{text}");
            }
        }
    }
}
