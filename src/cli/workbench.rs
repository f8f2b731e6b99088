//! A stack on which edits of its files are tried before any file is written: `recon trace` and `recon propose`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::compare::object::schema_at;
use crate::config::variables::VariableInputs;
use crate::lang::convert::PathStep;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::source::SourceMap;
use crate::lang::splice::{Edit, splice};
use crate::plan::planner::Look;
use crate::plan::{Plan, PlanMode, Planned, offline, plan};
use crate::trace::proof::{Proof, Unproven, Wanted, prove};
use crate::trace::{Question, Trace, Tracer};

use super::run::{PlanArgs, Prepared, prepare};
use super::session::{Loaded, Session};
use super::stacks::Chosen;

/// The texts of edited files, by their canonical paths.
pub type Edited = BTreeMap<PathBuf, String>;

/// A stack, the edits that were found good so far, and what it comes to with them.
pub struct Workbench {
    pub session: Session,
    pub prepared: Prepared,
    inputs: VariableInputs,
    /// What nothing is edited outside of.
    root: Option<PathBuf>,
    others: Vec<Other>,
    edited: Edited,
    /// With the edits; `None`: there are none yet.
    current: Option<(Loaded, Planned)>,
}

/// Another stack of the repository, which may read the same files.
struct Other {
    name: String,
    session: Session,
    inputs: VariableInputs,
    files: BTreeSet<PathBuf>,
    prepared: Option<Result<Prepared, String>>,
}

/// What became of a wanted value.
pub struct Solution {
    pub trace: Trace,
    /// The proof; or why the edit is not to be made.
    pub outcome: Result<Proof, String>,
    /// The edit is in one call of a module, whose default others use as well.
    pub is_split: bool,
    /// The files that it edits, with their new texts.
    pub edited: Edited,
}

impl Workbench {
    /// Reads and compares a stack.
    pub async fn new(
        chosen: Chosen,
        inputs: VariableInputs,
        root: Option<PathBuf>,
        refresh: bool,
    ) -> Result<Workbench, (Session, Diagnostics)> {
        let session = chosen.session;
        let args = PlanArgs { refresh, ..PlanArgs::looking(Look { shows_computed: false }) };
        match prepare(&session, &inputs, &args, PlanMode::Normal, "drift").await {
            Ok(mut prepared) => {
                session.give_back(&mut prepared.store);
                let root = root.and_then(|root| root.canonicalize().ok());
                Ok(Workbench {
                    session,
                    prepared,
                    inputs,
                    root,
                    others: Vec::new(),
                    edited: Edited::new(),
                    current: None,
                })
            }
            Err(diagnostics) => Err((session, diagnostics)),
        }
    }

    /// Takes note of another stack of the repository: nothing of it is to change.
    pub fn beside(&mut self, chosen: Chosen, inputs: VariableInputs) {
        let mut problems = Diagnostics::new();
        // What cannot even be loaded is of no help; what it reads is known all the same.
        let _ = chosen.session.load(&inputs, &mut problems);
        let files = files_of(&chosen.session.sources);
        let name = chosen.stack.name.to_string();
        self.others.push(Other { name, session: chosen.session, inputs, files, prepared: None });
    }

    /// The plan with the edits that were found good so far.
    pub fn plan(&self) -> &Plan {
        self.current.as_ref().map_or(&self.prepared.planned.plan, |(_, planned)| &planned.plan)
    }

    /// The files as they are with the edits that were found good so far.
    pub fn sources(&self) -> &Arc<SourceMap> {
        &self.loaded().environment.sources
    }

    fn loaded(&self) -> &Loaded {
        self.current.as_ref().map_or(&self.prepared.loaded, |(loaded, _)| loaded)
    }

    /// The way to a value, without any proof.
    pub fn trace(&self, wanted: &Wanted, probes: bool) -> Trace {
        self.traced(wanted, false, probes)
    }

    fn traced(&self, wanted: &Wanted, splits: bool, probes: bool) -> Trace {
        let loaded = self.loaded();
        let planned = self.current.as_ref().map_or(&self.prepared.planned, |(_, planned)| planned);
        let tracer = Tracer {
            stack: loaded.stack(&self.session.registry),
            values: &planned.values,
            origins: &loaded.origins,
            root: self.root.clone(),
        };
        let Wanted { address, path, value } = wanted;
        tracer.trace(Question { address, path, wanted: value, splits, probes })
    }

    /// Finds the edit that gives an attribute a value, and proves it. One that is proven holds from here on.
    pub async fn solve(&mut self, wanted: &Wanted) -> Solution {
        let wanted = &self.typed(wanted);
        let trace = self.traced(wanted, false, false);
        let first = self.attempt(trace, wanted, false).await;
        let Err(Unproven::FanOut(_)) = &first.1 else { return first.0 };
        // The default of a module that several calls share: this one call can say it for itself.
        let split = self.traced(wanted, true, false);
        if split.edits == first.0.trace.edits || split.edits.is_err() {
            return first.0;
        }
        let second = self.attempt(split, wanted, true).await;
        if second.1.is_ok() { second.0 } else { first.0 }
    }

    /// The wanted value in the type that the attribute has.
    fn typed(&self, wanted: &Wanted) -> Wanted {
        let ty = self.session.registry.resource_type(&wanted.address.resource.ty);
        let attribute = ty.as_ref().and_then(|ty| schema_at(&ty.schema().block, &wanted.path));
        let ends_there = !matches!(wanted.path.last(), Some(PathStep::Key(_)));
        let value = attribute.filter(|_| ends_there).and_then(|one| wanted.value.convert(&one.ty).ok());
        Wanted { value: value.unwrap_or_else(|| wanted.value.clone()), ..wanted.clone() }
    }

    async fn attempt(
        &mut self,
        trace: Trace,
        wanted: &Wanted,
        is_split: bool,
    ) -> (Solution, Result<(), Unproven>) {
        let not = |trace: Trace, why: String| Solution {
            trace,
            outcome: Err(why),
            is_split,
            edited: Edited::new(),
        };
        let edits = match &trace.edits {
            Ok(edits) if edits.is_empty() => {
                let why = "the code says so already".to_owned();
                return (not(trace, why), Ok(()));
            }
            Ok(edits) => edits.clone(),
            Err(why) => {
                let why = why.clone();
                return (not(trace, why), Ok(()));
            }
        };
        let edited = match self.spliced(&edits) {
            Ok(edited) => edited,
            Err(why) => return (not(trace, why), Ok(())),
        };
        let mut all = self.edited.clone();
        all.extend(edited.clone());
        match self.proven(&all, wanted).await {
            Ok((proof, loaded, planned)) => {
                self.edited = all;
                self.current = Some((loaded, planned));
                (Solution { trace, outcome: Ok(proof), is_split, edited }, Ok(()))
            }
            Err(unproven) => (not(trace, unproven.to_string()), Err(unproven)),
        }
    }

    /// The edited files' texts.
    fn spliced(&self, edits: &[Edit]) -> Result<Edited, String> {
        let sources = self.sources();
        let mut by_path: BTreeMap<PathBuf, Vec<Edit>> = BTreeMap::new();
        for edit in edits {
            let file = sources.file(edit.span.source);
            let path = Path::new(&file.name).canonicalize();
            let path = path.map_err(|error| format!("{} cannot be found: {error}", file.name))?;
            by_path.entry(path).or_default().push(edit.clone());
        }
        let mut edited = Edited::new();
        for (path, mut edits) in by_path {
            // Two ways may have led to the same edit.
            edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
            edits.dedup_by(|one, other| {
                one.text == other.text && one.span.start == other.span.start && one.span.end == other.span.end
            });
            let Some(first) = edits.first() else { continue };
            let text = splice(&sources.file(first.span.source), &edits).map_err(|error| error.to_string())?;
            edited.insert(path, text);
        }
        Ok(edited)
    }

    async fn proven(&mut self, all: &Edited, wanted: &Wanted) -> Result<(Proof, Loaded, Planned), Unproven> {
        let (loaded, planned) = replan(&self.session, &self.inputs, &mut self.prepared, all)
            .await
            .map_err(|diagnostics| Unproven::Broken(first_error(&diagnostics)))?;
        let proof = prove(self.plan(), &planned.plan, std::slice::from_ref(wanted), &self.session.registry)?;
        for other in &mut self.others {
            if !all.keys().any(|file| other.files.contains(file)) {
                continue;
            }
            other.unchanged(all).await?;
        }
        Ok((proof, loaded, planned))
    }

    /// The texts of the files with all edits that were found good, by their canonical paths.
    pub fn edited(&self) -> &Edited {
        &self.edited
    }
}

impl Other {
    /// Shows that edits change nothing of this stack.
    async fn unchanged(&mut self, edited: &Edited) -> Result<(), Unproven> {
        if self.prepared.is_none() {
            let args = PlanArgs { refresh: false, ..PlanArgs::looking(Look { shows_computed: false }) };
            let found = prepare(&self.session, &self.inputs, &args, PlanMode::Normal, "drift").await;
            let found = match found {
                Ok(mut prepared) => {
                    self.session.give_back(&mut prepared.store);
                    Ok(prepared)
                }
                Err(diagnostics) => Err(first_error(&diagnostics)),
            };
            self.prepared = Some(found);
        }
        let unclear = |why: &str| {
            Unproven::Broken(format!(
                "the stack {}, which reads the file as well, cannot be evaluated: {why}",
                self.name
            ))
        };
        match &mut self.prepared {
            Some(Ok(prepared)) => {
                let replanned = replan(&self.session, &self.inputs, prepared, edited).await;
                let (_, planned) = replanned.map_err(|diagnostics| unclear(&first_error(&diagnostics)))?;
                match prove(&prepared.planned.plan, &planned.plan, &[], &self.session.registry) {
                    Ok(_) => Ok(()),
                    Err(Unproven::FanOut(names)) => Err(Unproven::FanOut(
                        names.iter().map(|name| format!("{name} of the stack {}", self.name)).collect(),
                    )),
                    Err(other) => Err(other),
                }
            }
            Some(Err(why)) => Err(unclear(why)),
            None => Err(unclear("it was not read")),
        }
    }
}

/// What a stack comes to with edited files. Nothing is read again that was read before.
async fn replan(
    session: &Session,
    inputs: &VariableInputs,
    prepared: &mut Prepared,
    edited: &Edited,
) -> Result<(Loaded, Planned), Diagnostics> {
    let sources = Arc::new(SourceMap::edited(edited.clone()));
    let mut diagnostics = Diagnostics::new();
    let Some(mut loaded) = session.load_from(&sources, inputs, &mut diagnostics) else {
        return Err(diagnostics);
    };
    loaded.environment.plan_timestamp.clone_from(&prepared.loaded.environment.plan_timestamp);
    let stack = loaded.stack(&session.registry);
    offline(stack, &mut diagnostics);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let Prepared { state, live, data, options, .. } = prepared;
    let planned = plan(stack, state, live, data.clone(), options, &mut diagnostics).await;
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok((loaded, planned)) }
}

fn first_error(diagnostics: &Diagnostics) -> String {
    let error = diagnostics.iter().find(|diagnostic| diagnostic.is_error());
    error.map_or_else(String::new, |error| format!("{}: {}", error.summary, error.detail))
}

/// The files of a map, by their canonical paths.
fn files_of(sources: &SourceMap) -> BTreeSet<PathBuf> {
    sources.names().iter().filter_map(|name| Path::new(name).canonicalize().ok()).collect()
}

/// Writes an edited file, unless it is not any more what was read.
///
/// # Errors
/// It cannot be written, or somebody else has changed it.
pub fn write(path: &Path, before: &str, text: &str) -> Result<(), Diagnostic> {
    let failed = |error: std::io::Error| {
        let detail = format!("{} could not be written: {error}.", path.display());
        Diagnostic::error("Failed to write file", detail)
    };
    let now = std::fs::read_to_string(path).map_err(failed)?;
    if now != before {
        let detail = format!("{} was changed while recon worked. Run recon again.", path.display());
        return Err(Diagnostic::error("The file has changed", detail));
    }
    super::fmt::write(path, text).map_err(failed)
}
