//! What `recon adopt` found: as `import` blocks, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use crate::address::{InstanceAddress, quoted};
use crate::lang::print::quote;
use crate::plan::Action;
use crate::plan::adoption::Outcome;

use super::progress::{message, resource, word};
use super::style::{BOLD, Colors, GREEN, RED, YELLOW};

/// What a file that recon wrote begins with.
pub const MARK: &str = "# Written by \"recon adopt\".";

/// What is known of one object that the code wants and the record does not have.
#[derive(Clone, Debug)]
pub struct Adoption {
    pub address: InstanceAddress,
    pub outcome: Outcome,
    /// What an apply that adopts all that is proposed does to it.
    pub action: Action,
}

/// The `import` blocks of all that was found, and as comments those that somebody has to choose.
pub fn file(adoptions: &[Adoption]) -> String {
    let mut text = format!(
        "{MARK} The next apply takes these objects into the state and then makes them what the code\n\
         # says; the file has done its work after that, and may go.\n"
    );
    for Adoption { address, outcome, .. } in adoptions {
        match outcome {
            Outcome::Found { id } => {
                let _ = write!(text, "\nimport {{\n  to = {address}\n  id = {}\n}}\n", quoted(id));
            }
            Outcome::Ambiguous { ids } => {
                let _ = write!(
                    text,
                    "\n# Not proposed, for {}. Choose:\n# import {{\n#   to = {address}\n",
                    ambiguity(ids)
                );
                for id in ids {
                    let _ = writeln!(text, "#   id = {}", quoted(id));
                }
                text.push_str("# }\n");
            }
            _ => {}
        }
    }
    text
}

fn ambiguity(ids: &[String]) -> String {
    match ids {
        [_] => "several addresses may mean the same object".to_owned(),
        _ => format!("{} objects may be meant", ids.len()),
    }
}

/// What an object's outcome is, in one sentence without a full stop.
fn said(adoption: &Adoption) -> String {
    match &adoption.outcome {
        Outcome::Found { id } => {
            let then = match adoption.action {
                Action::NoOp => "is what the code says",
                Action::Update => "will be changed",
                Action::DeleteThenCreate | Action::CreateThenDelete => "WILL BE REPLACED",
                Action::Create => "is gone again",
                Action::Read | Action::Delete | Action::Forget => "will not be kept",
            };
            format!("found as {}, {then}", quote(id))
        }
        Outcome::Ambiguous { ids } => {
            let ids: Vec<String> = ids.iter().map(|id| quote(id)).collect();
            format!("not proposed: {} ({})", ambiguity(&ids), ids.join(", "))
        }
        Outcome::Held { id, by } => {
            format!("not proposed: {} is managed as {by}; a moved block moves it", quote(id))
        }
        Outcome::Missing => "not found: will be created".to_owned(),
        Outcome::Unidentified => "nothing tells it apart before it is made: will be created".to_owned(),
        Outcome::Sensitive => "not proposed: its import id would tell something sensitive".to_owned(),
        Outcome::Unreadable(_) => "not proposed: whether it exists cannot be read".to_owned(),
    }
}

/// One line for each object.
pub fn list(adoptions: &[Adoption], colors: Colors) -> String {
    let mut text = format!("\n{}\n", colors.paint(BOLD, "Objects that the state does not have:"));
    for adoption in adoptions {
        let color = match (&adoption.outcome, adoption.action) {
            (Outcome::Found { .. }, Action::DeleteThenCreate | Action::CreateThenDelete) => RED,
            (Outcome::Found { .. }, _) => GREEN,
            _ => YELLOW,
        };
        let _ = writeln!(text, "  {}: {}", adoption.address, colors.paint(color, &said(adoption)));
    }
    text
}

/// One object's outcome as a message: `adoption`.
pub fn json(adoption: &Adoption, timestamp: &str) -> Json {
    let text = format!("{}: {}", adoption.address, said(adoption));
    let mut json = message("info", &text, "adoption", timestamp);
    let mut hook = json!({ "resource": resource(&adoption.address), "action": word(adoption.action) });
    let (outcome, id) = match &adoption.outcome {
        Outcome::Found { id } => ("found", Some(id)),
        Outcome::Ambiguous { .. } => ("ambiguous", None),
        Outcome::Held { id, .. } => ("held", Some(id)),
        Outcome::Missing => ("missing", None),
        Outcome::Unidentified => ("unidentified", None),
        Outcome::Sensitive => ("sensitive", None),
        Outcome::Unreadable(_) => ("unreadable", None),
    };
    hook["outcome"] = json!(outcome);
    if let Some(id) = id {
        hook["id"] = json!(id);
    }
    match &adoption.outcome {
        Outcome::Ambiguous { ids } => hook["candidates"] = json!(ids),
        Outcome::Held { by, .. } => hook["held_by"] = json!(by.to_string()),
        _ => {}
    }
    json["adoption"] = hook;
    json
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::parse_instance;

    fn adoption(address: &str, outcome: Outcome) -> Adoption {
        Adoption { address: parse_instance(address).unwrap(), outcome, action: Action::NoOp }
    }

    #[test]
    fn a_file_is_blocks_and_choices() {
        let found = Outcome::Found { id: "a${b}\"c".to_owned() };
        let ids = vec!["vpc-1".to_owned(), "vpc-2".to_owned()];
        let text = file(&[
            adoption("module.m[\"k\"].aws_s3_bucket.b[0]", found),
            adoption("aws_vpc.v", Outcome::Ambiguous { ids }),
            adoption("aws_eip.e", Outcome::Missing),
        ]);
        assert!(text.starts_with(MARK));
        let blocks = text.split_once("\n\n").unwrap().1;
        assert_eq!(
            blocks,
            "import {\n  to = module.m[\"k\"].aws_s3_bucket.b[0]\n  id = \"a$${b}\\\"c\"\n}\n\n# Not proposed, for \
             2 objects may be meant. Choose:\n# import {\n#   to = aws_vpc.v\n#   id = \"vpc-1\"\n#   id = \"vpc-2\"\n\
             # }\n"
        );
    }
}
