//! A report on drift in each of its forms. Secrets are not in it any more: see [`crate::drift`].

mod graph;
mod html;
mod json;
mod junit;
mod markdown;
mod sarif;
mod terminal;

use serde_json::Value as Json;

use crate::compare::Verdict;
use crate::drift::{AttributeReport, ResourceReport};
use crate::lang::print::quote;
use crate::lang::secrets::MASK;

pub use html::html;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use sarif::sarif;
pub(crate) use terminal::clean;
pub use terminal::{statistics, terminal};

/// What a status means, as a headline.
fn meaning(status: Verdict) -> &'static str {
    match status {
        Verdict::Unreadable => "Could not be read, so whether it drifted is not known",
        Verdict::Missing => "Missing from AWS",
        Verdict::Conflicted => "Changed in AWS and in the code",
        Verdict::Drifted => "Changed in AWS",
        Verdict::Unmanaged => "In AWS, and in neither code nor record",
        Verdict::Pending => "The code is ahead; an apply will do it",
        Verdict::Converged => "Code and AWS agree, only the record is behind",
        Verdict::Ignored => "Differs, and is ignored",
        Verdict::InSync => "In sync",
    }
}

/// The `import` block of an unmanaged object.
fn import_block(resource: &ResourceReport) -> Option<String> {
    let id = resource.import_id.as_ref().filter(|_| resource.status == Verdict::Unmanaged)?;
    Some(super::generated::import_block(&resource.address, id))
}

/// What is to be said of an object, or of one of its attributes, in a line of plain text.
fn sentence(resource: &ResourceReport, attribute: Option<&AttributeReport>) -> String {
    let Some(attribute) = attribute else {
        let reason = resource.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        let import = resource.import_id.as_ref().map(|id| format!(", import id {}", quote(id)));
        return format!("{}: {}{reason}{}", resource.address, resource.status, import.unwrap_or_default());
    };
    let name = format!("{}.{}: {}", resource.address, attribute.path, attribute.status);
    if attribute.sensitive && attribute.live.is_null() && attribute.recorded.is_null() {
        return format!("{name}, {MASK}");
    }
    let value = |json: &Json| if json.is_null() { "none".to_owned() } else { json.to_string() };
    let wanted =
        if attribute.desired_unknown { "known after apply".to_owned() } else { value(&attribute.desired) };
    format!(
        "{name}, recorded {}, in AWS {}, in the code {wanted}",
        value(&attribute.recorded),
        value(&attribute.live)
    )
}
