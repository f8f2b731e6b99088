//! The repository: which stacks it has, and what is to be done about their drift. `recon.hcl` at its root says so.
//!
//! The file is optional. Without it there are no stacks but those named on a command line, and drift is reported.
//! `docs/drift-policy.md` describes it for its users, `docs/recon.schema.json` its JSON form, `recon.hcl.json`.

mod discover;
mod drift;
mod freeze;
pub mod ignore;
mod pattern;
mod policy;
mod read;
mod settings;
mod stacks;
mod state_encryption;
mod unmanaged;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::shape::Shape;
use crate::lang::ast::Body;
use crate::lang::diagnostic::{Diagnostic, Diagnostics};
use crate::lang::parse;
use crate::lang::source::{SourceMap, Span};
use crate::lang::value::Value;

pub use discover::stack_name;
pub use freeze::{FreezeError, FreezeWindow};
pub use pattern::{AddressPattern, AttributePattern, PatternError, parse_attribute_path};
pub use policy::{
    Action, CorrectBlock, Decision, DriftPolicy, Limits, MAX_DRIFT_FROM, Origin, Percentage, Rule,
};
pub use read::Located;
pub use settings::{Event, GitHub, Notification, NotificationKind};
pub use stacks::is_stack_name;
pub use state_encryption::StateEncryption;
pub use unmanaged::LOOKED_FOR;

/// The name of the repository's file.
pub const FILE: &str = "recon.hcl";
/// The name of the repository's file in JSON.
pub const JSON_FILE: &str = "recon.hcl.json";

/// A repository and what its file says.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    /// The directory that all paths start at.
    pub root: PathBuf,
    /// Those that are declared, in the order of the file, then those that were found, by path.
    pub stacks: Vec<Stack>,
    /// What holds for all stacks.
    pub drift: DriftPolicy,
    /// How the states of stacks are stored that say nothing of it themselves. `None`: as clear text.
    pub state_encryption: Option<StateEncryption>,
    pub github: GitHub,
    pub notifications: Vec<Notification>,
}

/// A root module together with the values and the workspace that it is used with.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    pub name: Arc<str>,
    /// The name in its `stack` block. `None`: the stack was found.
    pub declared_at: Option<Span>,
    /// The root module's directory, from the repository's root; empty for the root itself.
    pub path: PathBuf,
    /// `None`: the workspace that is selected, else `default`.
    pub workspace: Option<String>,
    /// Files with values of variables, from the repository's root, in the order in which they are read: after those
    /// that are read without being named.
    pub var_files: Vec<Located<PathBuf>>,
    /// Values of variables; they come last. The place is that of the whole `vars`.
    pub vars: BTreeMap<Arc<str>, Located<Value>>,
    /// Stacks that come before this one.
    pub depends_on: Vec<Located<String>>,
    /// The ARN of the role that reads AWS. `None`: whoever runs recon.
    pub read_role: Option<Located<String>>,
    /// The ARN of the role that changes AWS. `None`: whoever runs recon.
    pub write_role: Option<Located<String>>,
    /// The stack's own rules and limits.
    pub drift: DriftPolicy,
    /// How the stack's state is stored. `None`: as the file says for all.
    pub state_encryption: Option<StateEncryption>,
}

impl Stack {
    /// A stack that no block declares: a directory of the repository with nothing said about it.
    pub fn of_directory(name: impl Into<Arc<str>>, path: impl Into<PathBuf>) -> Stack {
        Stack { name: name.into(), path: path.into(), ..Stack::default() }
    }
}

impl Repository {
    /// The stack of a name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| &*stack.name == name)
    }

    /// The stacks whose root module is in a directory, which is given from the repository's root.
    pub fn stacks_in<'a>(&'a self, directory: &'a Path) -> impl Iterator<Item = &'a Stack> {
        self.stacks.iter().filter(move |stack| stack.path == directory)
    }

    /// The stacks in waves: those of a wave depend on stacks of earlier waves only, so that they may run side by
    /// side. In a wave they are in the repository's order. Stacks that depend on each other, which loading refuses,
    /// are in none.
    pub fn waves(&self) -> Vec<Vec<&Stack>> {
        let index: HashMap<&str, usize> =
            self.stacks.iter().enumerate().map(|(at, stack)| (&*stack.name, at)).collect();
        let mut waiting = vec![0_usize; self.stacks.len()];
        let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); self.stacks.len()];
        for (at, stack) in self.stacks.iter().enumerate() {
            for dependency in stack.depends_on.iter().filter_map(|name| index.get(name.value.as_str())) {
                waiting[at] += 1;
                dependents[*dependency].push(at);
            }
        }
        let mut wave: Vec<usize> = (0..waiting.len()).filter(|at| waiting[*at] == 0).collect();
        let mut waves = Vec::new();
        while !wave.is_empty() {
            let mut next = Vec::new();
            for dependent in wave.iter().flat_map(|at| &dependents[*at]) {
                waiting[*dependent] -= 1;
                if waiting[*dependent] == 0 {
                    next.push(*dependent);
                }
            }
            next.sort_unstable();
            waves.push(wave.iter().map(|at| &self.stacks[*at]).collect());
            wave = next;
        }
        waves
    }
}

/// The repository's root: the nearest directory, from the given one upwards, that holds `.git` or the repository's
/// file. `from` is an absolute path.
pub fn find_root(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|directory| {
            directory.join(FILE).is_file()
                || directory.join(JSON_FILE).is_file()
                // A file in work trees that share a repository.
                || directory.join(".git").exists()
        })
        .map(Path::to_owned)
}

const ROOT: Shape = Shape {
    arguments: &[("discover", false)],
    blocks: &[
        ("stack", &["name"]),
        ("drift", &[]),
        state_encryption::BLOCK,
        ("github", &[]),
        ("notify", &["kind"]),
    ],
};

/// Reads the repository's file, if there is one, and finds its stacks. `shown` is the root as a person names it, empty
/// for the current directory. The repository is good only if the diagnostics have no error.
pub fn load(root: &Path, shown: &Path, sources: &SourceMap) -> (Repository, Diagnostics) {
    let mut diagnostics = Diagnostics::new();
    let mut repository = Repository { root: root.to_owned(), ..Repository::default() };
    let Some(body) = read_file(root, shown, sources, &mut diagnostics) else {
        return (repository, diagnostics);
    };
    let content = ROOT.content(&body, &mut diagnostics);
    repository.stacks = stacks::stacks(&content, root, &mut diagnostics);
    repository.drift = drift::drift(&content, &mut diagnostics);
    repository.state_encryption = state_encryption::state_encryption(&content, &mut diagnostics);
    repository.github = settings::github(&content, &mut diagnostics);
    repository.notifications = settings::notifications(&content, sources, &mut diagnostics);
    if let Some(globs) = read::texts(&content, "discover", "globs", &mut diagnostics) {
        let found = discover::discover(root, &globs.value, &repository.stacks, &mut diagnostics);
        repository.stacks.extend(found);
    }
    stacks::check(&content, &repository, sources, &mut diagnostics);
    // In the order of the file, whatever was looked at first.
    diagnostics.0.sort_by_key(|one| one.subject.map_or(u32::MAX, |subject| subject.start));
    (repository, diagnostics)
}

fn read_file(root: &Path, shown: &Path, sources: &SourceMap, diagnostics: &mut Diagnostics) -> Option<Body> {
    let (native, json) = (root.join(FILE), root.join(JSON_FILE));
    if native.is_file() && json.is_file() {
        let detail = format!(
            "Both {FILE} and {JSON_FILE} are in the repository's root. Keep one of them: recon would not know which holds."
        );
        diagnostics.push(Diagnostic::error("Two repository files", detail));
        return None;
    }
    let (path, name) = if json.is_file() { (json, JSON_FILE) } else { (native, FILE) };
    let label = shown.join(name).display().to_string();
    let bytes = match sources.read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => {
            let detail = format!("The file {label} could not be read: {error}.");
            diagnostics.push(Diagnostic::error("Failed to read file", detail));
            return None;
        }
    };
    let (body, found) = if name == JSON_FILE {
        parse::json::parse_repository_file(sources, label, &bytes)
    } else {
        parse::parse_file(sources, label, &bytes)
    };
    diagnostics.append(found);
    Some(body)
}
