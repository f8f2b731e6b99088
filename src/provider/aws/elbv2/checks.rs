//! Offline checks of arguments, with messages that say what to do.

use std::ops::RangeInclusive;
use std::sync::Arc;

use crate::lang::convert::PathStep;
use crate::lang::diagnostic::suggestion;
use crate::lang::value::Value;
use crate::provider::object::Object;
use crate::provider::{AttributePath, Problems};

/// Checks the arguments of one object, or of one block in it. What is unknown or null passes.
pub struct Checks<'a> {
    pub config: &'a Value,
    path: AttributePath,
    problems: &'a mut Problems,
}

impl<'a> Checks<'a> {
    pub fn new(config: &'a Value, problems: &'a mut Problems) -> Checks<'a> {
        Checks { config, path: Vec::new(), problems }
    }

    /// Checks each block of a kind.
    pub fn each(&mut self, name: &str, mut check: impl FnMut(&mut Checks<'_>)) {
        for (index, block) in self.config.blocks(name).iter().enumerate() {
            let mut path = self.path_to(name);
            path.push(PathStep::Index(index));
            check(&mut Checks { config: block, path, problems: self.problems });
        }
    }

    /// Whether the code sets an argument, or may: unknown counts, an empty text does not.
    pub fn is_set(&self, name: &str) -> bool {
        let value = self.config.as_entries().and_then(|entries| entries.get(name));
        value.is_some_and(|value| match value.as_elements() {
            Some(elements) => !elements.is_empty(),
            None => !value.is_null() && value.as_str() != Some(""),
        })
    }

    /// Whether an argument is known to be left out.
    pub fn is_left_out(&self, name: &str) -> bool {
        !self.is_set(name)
    }

    pub fn invalid(&mut self, name: &str, detail: impl Into<String>) {
        let path = self.path_to(name);
        self.problems.error(path, format!("Invalid value for \"{name}\""), detail);
    }

    pub fn warn(&mut self, name: &str, summary: impl Into<String>, detail: impl Into<String>) {
        let path = self.path_to(name);
        self.problems.warning(path, summary, detail);
    }

    pub fn missing(&mut self, name: &str, detail: impl Into<String>) {
        self.problems.error(self.path.clone(), format!("Missing argument \"{name}\""), detail);
    }

    pub fn combination(&mut self, name: &str, detail: impl Into<String>) {
        let path = self.path_to(name);
        self.problems.error(path, "Arguments that do not go together", detail);
    }

    /// Two arguments of which at most one may be set.
    pub fn conflict(&mut self, one: &str, other: &str) {
        let known = |name: &str| match self.config.known(name) {
            Some(value) => {
                value.as_str() != Some("") && value.as_elements().is_none_or(|all| !all.is_empty())
            }
            None => false,
        };
        if known(one) && known(other) {
            self.combination(
                other,
                format!("Only one of \"{one}\" and \"{other}\" may be set: remove one of them."),
            );
        }
    }

    /// A number within limits.
    pub fn within(&mut self, name: &str, limits: RangeInclusive<i64>, unit: &str) {
        let Some(value) = self.config.known(name) else {
            return;
        };
        let number = value.as_i64();
        if number.is_some_and(|number| limits.contains(&number)) {
            return;
        }
        let shown = value.as_number().map(ToString::to_string).unwrap_or_default();
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        self.invalid(
            name,
            format!("{shown} is not a whole number from {} to {}{unit}.", limits.start(), limits.end()),
        );
    }

    /// A text of some length, in characters.
    pub fn length(&mut self, name: &str, limits: RangeInclusive<usize>) {
        let Some(count) = self.config.text(name).map(|text| text.chars().count()) else {
            return;
        };
        if !limits.contains(&count) {
            self.invalid(
                name,
                format!("It has {count} characters; {} to {} are allowed.", limits.start(), limits.end()),
            );
        }
    }

    /// One of a few words. `ignore_case` where the provider takes any spelling.
    pub fn one_of(&mut self, name: &str, allowed: &[&str], ignore_case: bool) {
        let Some(text) = self.config.text(name) else {
            return;
        };
        let matches =
            |word: &&&str| if ignore_case { word.eq_ignore_ascii_case(text) } else { **word == text };
        if allowed.iter().find(matches).is_some() {
            return;
        }
        let words: Vec<String> = allowed.iter().map(|word| format!("\"{word}\"")).collect();
        let detail = format!(
            "\"{text}\" is not one of {}.{}",
            words.join(", "),
            suggestion(text, allowed.iter().copied())
        );
        self.invalid(name, detail);
    }

    /// An ARN.
    pub fn arn(&mut self, name: &str) {
        let Some(text) = self.config.text(name).filter(|text| !text.is_empty()) else {
            return;
        };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let shaped = matches!(parts.as_slice(), ["arn", partition, service, _, _, resource]
            if !partition.is_empty() && !service.is_empty() && !resource.is_empty());
        if !shaped {
            self.invalid(
                name,
                format!(
                    "\"{text}\" is not an ARN, which looks like \"arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE\"."
                ),
            );
        }
    }

    fn path_to(&self, name: &str) -> AttributePath {
        let mut path = self.path.clone();
        path.push(PathStep::Attribute(Arc::from(name)));
        path
    }
}
