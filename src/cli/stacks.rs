//! Which stacks of the repository a command is about.

use std::path::{Component, Path, PathBuf};

use crate::config::variables::{VariableInputs, VariableOption};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::source::SourceMap;
use crate::render::{self, Colors};
use crate::repository::{self, Repository, Stack};

use super::session::Session;

/// A repository, and those of its stacks that are meant.
pub struct Stacks {
    pub repository: Repository,
    /// The commit that is checked out.
    pub commit: Option<String>,
    meant: Vec<Stack>,
    /// The repository's root, from the current directory.
    root: PathBuf,
    sources: SourceMap,
    warnings: Diagnostics,
    colors: Colors,
}

/// A stack, and the run on it.
pub struct Chosen {
    pub stack: Stack,
    pub session: Session,
}

impl Stacks {
    /// Finds the stacks of these names or directories; all of the repository if there are none, and without a
    /// repository's file that of the current directory.
    ///
    /// # Errors
    /// The repository's file is wrong, or there is no such stack. What was found has been printed.
    pub fn find(names: &[String], colors: Colors) -> Result<Stacks, Diagnostics> {
        let here = std::env::current_dir().unwrap_or_default();
        let full_root = repository::find_root(&here).unwrap_or_else(|| here.clone());
        let root = relative(&here, &full_root);
        let sources = SourceMap::new();
        let (repository, mut diagnostics) = repository::load(&full_root, &root, &sources);
        if diagnostics.has_errors() {
            print(&diagnostics, &sources, colors);
            return Err(Diagnostics::new());
        }
        let mut meant: Vec<Stack> = Vec::new();
        for name in names {
            match named(&repository, &full_root, &here, name) {
                Ok(found) => meant.extend(found),
                Err(diagnostic) => diagnostics.push(diagnostic),
            }
        }
        if names.is_empty() {
            meant.clone_from(&repository.stacks);
            if meant.is_empty() {
                let path = here.strip_prefix(&full_root).unwrap_or(Path::new(""));
                meant.push(of_directory(path));
            }
        }
        if diagnostics.has_errors() {
            return Err(diagnostics);
        }
        let commit = commit(&full_root);
        Ok(Stacks { repository, commit, meant, root, sources, warnings: diagnostics, colors })
    }

    /// Prints what is to be minded about the repository's file.
    pub fn report_warnings(&self) {
        print(&self.warnings, &self.sources, self.colors);
    }

    /// The stacks that are meant.
    pub fn meant(&self) -> &[Stack] {
        &self.meant
    }

    /// A run, that reads only, on each stack that is meant.
    pub fn chosen(&self) -> Vec<Chosen> {
        self.meant.iter().map(|stack| self.choose(stack)).collect()
    }

    /// A run, that reads only, on each stack of the repository but one.
    pub fn others(&self, but: &Stack) -> Vec<Chosen> {
        let others = self.repository.stacks.iter().filter(|stack| stack.name != but.name);
        others.map(|stack| self.choose(stack)).collect()
    }

    /// A run on a stack that changes it, in the role for that.
    pub fn writer(&self, stack: &Stack) -> Chosen {
        self.choose_as(stack, stack.write_role.as_ref().map(|role| role.value.clone()))
    }

    fn choose(&self, stack: &Stack) -> Chosen {
        self.choose_as(stack, stack.read_role.as_ref().map(|role| role.value.clone()))
    }

    fn choose_as(&self, stack: &Stack, role: Option<String>) -> Chosen {
        let directory = joined(&self.root, &stack.path);
        let session = Session::of(&directory, stack.workspace.as_deref(), role, self.colors.0);
        Chosen { stack: stack.clone(), session }
    }

    /// The repository's root, from the current directory.
    pub fn root(&self) -> &Path {
        if self.root.as_os_str().is_empty() { Path::new(".") } else { &self.root }
    }
}

impl Chosen {
    /// What sets the stack's variables: what the repository's file says, then what the command line says.
    pub fn inputs(&self, stacks: &Stacks, given: &VariableInputs) -> VariableInputs {
        let files =
            self.stack.var_files.iter().map(|file| VariableOption::File(joined(&stacks.root, &file.value)));
        let values = self.stack.vars.iter().map(|(name, value)| VariableOption::Setting {
            name: std::sync::Arc::clone(name),
            value: value.value.clone(),
        });
        let options = files.chain(values).chain(given.options.iter().cloned()).collect();
        VariableInputs { options, ..given.clone() }
    }
}

fn print(diagnostics: &Diagnostics, sources: &SourceMap, colors: Colors) {
    for diagnostic in diagnostics.iter() {
        eprintln!("{}", render::diagnostic::diagnostic(diagnostic, sources, colors));
    }
}

/// The stacks of a name, or in a directory.
fn named(repository: &Repository, root: &Path, here: &Path, name: &str) -> Result<Vec<Stack>, Diagnostic> {
    if let Some(stack) = repository.stack(name) {
        return Ok(vec![stack.clone()]);
    }
    let full = here.join(name);
    if !full.is_dir() {
        let hint = suggestion(name, repository.stacks.iter().map(|stack| &*stack.name));
        let detail = format!(
            "{name:?} is neither a stack of the repository nor a directory.{hint} Name a stack of recon.hcl, or the \
             directory of one."
        );
        return Err(Diagnostic::error("No such stack", detail));
    }
    let (full, root) = (full.canonicalize(), root.canonicalize());
    let path = match (&full, &root) {
        (Ok(full), Ok(root)) => full.strip_prefix(root).ok().map(Path::to_owned),
        _ => None,
    };
    // A directory outside of the repository is a stack that no rule is about but the general ones.
    let path = path.unwrap_or_else(|| full.unwrap_or_else(|_| PathBuf::from(name)));
    let found: Vec<Stack> = repository.stacks_in(&path).cloned().collect();
    Ok(if found.is_empty() { vec![of_directory(&path)] } else { found })
}

fn of_directory(path: &Path) -> Stack {
    Stack::of_directory(repository::stack_name(path), path)
}

/// A path below a root that is itself given from the current directory.
fn joined(root: &Path, path: &Path) -> PathBuf {
    // Up and down again is nowhere.
    let mut joined: Vec<Component<'_>> = root.components().collect();
    let here = std::env::current_dir().unwrap_or_default();
    let depth = joined.iter().filter(|part| **part == Component::ParentDir).count();
    let names: Vec<Component<'_>> = here.components().collect();
    let mut steps = path.components().peekable();
    if joined.len() == depth {
        let mut below = names.len().saturating_sub(depth);
        while !joined.is_empty() && steps.peek().is_some_and(|step| names.get(below) == Some(step)) {
            joined.pop();
            steps.next();
            below += 1;
        }
    }
    joined.extend(steps);
    joined.into_iter().collect()
}

/// A directory above the current one, or that itself, as it is reached from there.
fn relative(here: &Path, above: &Path) -> PathBuf {
    match here.strip_prefix(above) {
        Ok(below) => below.components().map(|_| Component::ParentDir).collect(),
        Err(_) => above.to_owned(),
    }
}

/// The commit that is checked out, if there is a repository of git's and git.
fn commit(root: &Path) -> Option<String> {
    if !root.join(".git").exists() {
        return None;
    }
    let mut command = std::process::Command::new("git");
    let output = command.args(["rev-parse", "--verify", "HEAD"]).current_dir(root).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
