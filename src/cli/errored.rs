//! A state that could not be stored is kept in a file of the stack's directory, as Terraform does.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::apply::record::Recorder;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::state::State;
use crate::state::encryption::version_of;

use super::session::{STATE_NOTE, Session};

const NAME: &str = "errored.tfstate";

/// Ends a run's record. What could not be stored is kept in `errored.tfstate`, and the diagnostics say what to do with
/// it.
pub fn finish(session: &Session, recorder: &mut Recorder) -> Diagnostics {
    let finished = recorder.finish();
    let mut diagnostics = Diagnostics::new();
    diagnostics.extend(finished.notes.into_iter().map(|note| Diagnostic::warning(STATE_NOTE, note)));
    if let Some(error) = finished.unsaved {
        let shown = session.shown.join(NAME);
        let fallback = std::env::temp_dir().join(format!("{}.{NAME}", recorder.state.lineage));
        let kept = recorder.stored_form().map_err(std::io::Error::other).and_then(|text| {
            let kept = keep(&session.directory.join(NAME), &text).map(|()| shown.clone());
            kept.or_else(|_| keep(&fallback, &text).map(|()| fallback))
        });
        let detail = match kept.as_ref().map(|path| path.display()) {
            Ok(place) if error.is_conflict() => format!(
                "{error} What this run has done is recorded in {place}. The two have to be brought together: look at what \
                 the other run has written (\"recon state pull\") and at that file. If nothing of the other is to be kept, \
                 \"recon state push --force {place}\" stores the file; else \"recon import\" adds what only the file has. Do \
                 not apply before that: what only the file records would be made again."
            ),
            Ok(place) => format!(
                "{error} The state with all that this run has done is kept in {place}. When the store answers again, store it \
                 with \"recon state push {place}\". Do not apply before that: what only the file records would be made again."
            ),
            Err(problem) => format!(
                "{error} Nor could the state be kept in {} or in the folder for temporary files: {problem}. The journal says \
                 what was made: the next apply finds it, once the store answers again.",
                shown.display()
            ),
        };
        diagnostics.push(Diagnostic::error("The state is not stored", detail));
    }
    for problem in finished.problems {
        diagnostics.push(Diagnostic::error("The run left something behind", problem.to_string()));
    }
    diagnostics
}

fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Warns of a state that a run before this one has kept and nobody has stored since.
pub fn unpushed(session: &Session, state: &State) -> Option<Diagnostic> {
    let text = std::fs::read_to_string(session.directory.join(NAME)).ok()?;
    let (lineage, serial) = version_of(&text)?;
    // A first state that could not be stored has a lineage that nothing else has.
    let is_newer = if lineage == state.lineage { serial > state.serial } else { state.is_empty() };
    is_newer.then(|| {
        let place = session.shown.join(NAME).display().to_string();
        Diagnostic::warning(
            "A state was never stored",
            format!(
                "A run before this one could not store its state and kept it in {place} (serial {}; the stored one has {}). \
                 Store it with \"recon state push {place}\" before anything else: what only it records would be made again. \
                 If it is of no use any more, remove it.",
                serial, state.serial
            ),
        )
    })
}
