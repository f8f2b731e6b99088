//! What is wrong, where, and what to do.

use super::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

/// One finding. `summary` is a short headline, `detail` one or more full sentences that say what is
/// wrong and what to do. Neither ever holds a sensitive value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub summary: String,
    pub detail: String,
    /// The piece of source that is at fault.
    pub subject: Option<Span>,
    /// A wider piece of source that helps to understand the subject.
    pub context: Option<Span>,
    /// The address of the object concerned, where there is one.
    pub address: Option<String>,
    /// What parts of the failing expression evaluated to, for example `("var.x", "is \"a\"")`.
    pub values: Vec<(String, String)>,
}

impl Diagnostic {
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, summary.into(), detail.into())
    }

    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, summary.into(), detail.into())
    }

    fn new(severity: Severity, summary: String, detail: String) -> Diagnostic {
        Diagnostic {
            severity,
            summary,
            detail,
            subject: None,
            context: None,
            address: None,
            values: Vec::new(),
        }
    }

    pub fn at(mut self, subject: Span) -> Diagnostic {
        self.subject = Some(subject);
        self
    }

    /// As [`Diagnostic::at`], unless a subject is there already.
    pub fn at_default(mut self, subject: Span) -> Diagnostic {
        self.subject.get_or_insert(subject);
        self
    }

    pub fn within(mut self, context: Span) -> Diagnostic {
        self.context = Some(context);
        self
    }

    pub fn of(mut self, address: impl Into<String>) -> Diagnostic {
        self.address = Some(address.into());
        self
    }

    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Findings in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    pub fn append(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<T: IntoIterator<Item = Diagnostic>>(&mut self, iter: T) {
        self.0.extend(iter);
    }
}

/// The closest of the candidates to a misspelt name, if one is close enough to be meant.
pub fn did_you_mean<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (given.chars().count() / 3).max(1) + 1;
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(given, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// ` Did you mean "x"?`, or nothing: to be put behind the sentence that names the unknown thing.
pub fn suggestion<'a>(given: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    did_you_mean(given, candidates).map(|name| format!(" Did you mean \"{name}\"?")).unwrap_or_default()
}
