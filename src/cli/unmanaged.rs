//! What `recon drift` does about objects that nobody manages: looks for them, and writes code for them.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use crate::compare::Verdict;
use crate::drift::{Facts, Found, Report, Unmanaged, generate, search, secrets_of};
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::secrets::Secrets;
use crate::render::generated::file;

use super::interrupt;
use super::run::Prepared;
use super::stacks::{Chosen, Stacks};

/// What was looked for in one stack.
pub struct Search {
    found: Unmanaged,
    secrets: Secrets,
}

impl Search {
    /// Looks for the types that the repository's file names.
    pub async fn run(stacks: &Stacks, chosen: &Chosen, prepared: &Prepared) -> Search {
        let types = stacks.repository.unmanaged(&chosen.stack);
        let plan = &prepared.planned.plan;
        let secrets = secrets_of(plan);
        let stack = prepared.loaded.stack(&chosen.session.registry);
        let search = search(stack, plan, &prepared.state, &prepared.live, &prepared.places, &types, &secrets);
        let found = tokio::select! {
            found = search => found,
            () = interrupt::stopped() => Unmanaged::default(),
        };
        Search { found, secrets }
    }

    /// Takes what was found into the stack's report.
    pub fn tell(&self, report: &mut Report, facts: Facts<'_>, all: bool) {
        self.found.tell(report, facts, &self.secrets, all);
    }

    /// Writes code for the unmanaged objects of a report. Answers what went wrong.
    pub async fn write(&self, report: &Report, prepared: &Prepared, path: &Path) -> Diagnostics {
        let is_meant = |found: &&Found| {
            let address = found.address.to_string();
            let mut resources = report.resources.iter();
            resources.any(|one| one.status == Verdict::Unmanaged && one.address == address)
        };
        let meant: Vec<&Found> = self.found.found.iter().filter(is_meant).collect();
        let objects = generate(&prepared.live, &meant).await;
        if objects.is_empty() {
            eprintln!("Nothing was found that could be imported, and {} was not written.", path.display());
            return Diagnostics::new();
        }
        let text = file(&objects, &self.secrets);
        let written = OpenOptions::new().write(true).create_new(true).open(path);
        match written.and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => {
                eprintln!("Wrote import blocks and resources for {} to {}.", objects.len(), path.display());
                Diagnostics::new()
            }
            Err(error) => unwritable(path, &format!("{error}.")).into(),
        }
    }
}

/// Refuses a file that exists already, and several stacks whose objects would get into one.
///
/// # Errors
/// Why the file cannot be written.
pub fn writable(path: &Path, stacks: usize) -> Result<(), Diagnostic> {
    if stacks != 1 {
        let detail = "--generate-config writes a file of one stack. Name the stack.";
        return Err(Diagnostic::error("Code for several stacks", detail));
    }
    if path.exists() {
        return Err(unwritable(
            path,
            "it exists already. Name another, or remove it if its blocks were applied.",
        ));
    }
    Ok(())
}

fn unwritable(path: &Path, why: &str) -> Diagnostic {
    let detail = format!("{} cannot be written: {why}", path.display());
    Diagnostic::error("The generated code cannot be saved", detail)
}
