//! Reading `stack` blocks, and what must hold between stacks.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::config::shape::{Content, Shape};
use crate::lang::ast::{Attribute, Block, Label};
use crate::lang::diagnostic::{Diagnostic, Diagnostics, suggestion};
use crate::lang::source::{SourceMap, Span};
use crate::lang::types::Type;
use crate::lang::value::Value;

use super::drift::drift;
use super::read::{Located, literal, text, texts};
use super::state_encryption::{BLOCK, state_encryption};
use super::{Repository, Stack};

const STACK: Shape = Shape {
    arguments: &[
        ("path", true),
        ("workspace", false),
        ("var_files", false),
        ("vars", false),
        ("depends_on", false),
        ("read_role", false),
        ("write_role", false),
    ],
    blocks: &[("drift", &[]), BLOCK],
};

/// The `stack` blocks.
pub(super) fn stacks(outer: &Content, root: &Path, diagnostics: &mut Diagnostics) -> Vec<Stack> {
    outer.blocks("stack").filter_map(|block| stack(block, root, diagnostics)).collect()
}

fn stack(block: &Block, root: &Path, diagnostics: &mut Diagnostics) -> Option<Stack> {
    let label = block.labels.first()?;
    check_name(label, diagnostics);
    let content = STACK.content(&block.body, diagnostics);
    let path =
        text(&content, "path", "a string", diagnostics).and_then(|path| directory(&path, root, diagnostics));
    let workspace = text(&content, "workspace", "a string", diagnostics);
    if let Some(given) = &workspace {
        check_workspace(given, diagnostics);
    }
    let var_files = texts(&content, "var_files", "strings", diagnostics);
    let depends_on = texts(&content, "depends_on", "names of stacks", diagnostics);
    let vars = content.get("vars").map(|vars| variables(vars, diagnostics)).unwrap_or_default();
    let mut role = |name| {
        let given = text(&content, name, "a string", diagnostics)?;
        check_role(name, &given, diagnostics);
        Some(given)
    };
    let (read_role, write_role) = (role("read_role"), role("write_role"));
    let drift = drift(&content, diagnostics);
    let state_encryption = state_encryption(&content, diagnostics);
    let path = path?;
    let var_files = var_files
        .into_iter()
        .flat_map(|files| files.value)
        .filter_map(|file| var_file(&file, &path, diagnostics))
        .collect();
    Some(Stack {
        name: Arc::clone(&label.value),
        declared_at: Some(label.span),
        path,
        workspace: workspace.map(|workspace| workspace.value),
        var_files,
        vars,
        depends_on: depends_on.map(|names| names.value).unwrap_or_default(),
        read_role,
        write_role,
        drift,
        state_encryption,
    })
}

/// Whether a stack may be named so: `[a-z0-9][a-z0-9._-]*`.
pub fn is_stack_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    name.bytes().next().is_some_and(plain)
        && name.bytes().all(|byte| plain(byte) || matches!(byte, b'.' | b'_' | b'-'))
}

fn check_name(label: &Label, diagnostics: &mut Diagnostics) {
    if !is_stack_name(&label.value) {
        let detail = format!(
            "{:?} cannot name a stack: branches and files are named after it. Write small letters, digits, dots, \
             underscores and dashes, the first a letter or digit.",
            label.value
        );
        diagnostics.push(Diagnostic::error("Invalid stack name", detail).at(label.span));
    }
}

/// A path without `.` and `..`. `None` if it leads out of where it starts or begins at the file system's root.
fn inside(base: &Path, path: &str) -> Option<PathBuf> {
    let mut inside = base.to_owned();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(name) => inside.push(name),
            Component::ParentDir => {
                if !inside.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(inside)
}

fn outside(what: &str, path: &Located<String>) -> Diagnostic {
    let detail = format!(
        "{:?} is not in this repository, and recon reads and proposes changes to nothing else. Write {what} within it.",
        path.value
    );
    Diagnostic::error("Path outside of the repository", detail).at(path.span)
}

fn directory(path: &Located<String>, root: &Path, diagnostics: &mut Diagnostics) -> Option<PathBuf> {
    let Some(relative) = inside(Path::new(""), &path.value) else {
        diagnostics.push(outside("a path from the repository's root to a directory", path));
        return None;
    };
    let full = root.join(&relative);
    if !full.is_dir() {
        let detail = format!(
            "There is no directory {:?} in this repository. The path starts at the directory of this file.",
            path.value
        );
        diagnostics.push(Diagnostic::error("No such directory", detail).at(path.span));
        return None;
    }
    // A link may lead elsewhere.
    if let (Ok(full), Ok(root)) = (full.canonicalize(), root.canonicalize())
        && !full.starts_with(root)
    {
        diagnostics.push(outside("a path from the repository's root to a directory", path));
        return None;
    }
    Some(relative)
}

fn var_file(
    file: &Located<String>,
    directory: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<Located<PathBuf>> {
    match inside(directory, &file.value) {
        Some(value) if !file.value.is_empty() => Some(Located { value, span: file.span }),
        _ => {
            diagnostics.push(outside("a path from the stack's directory to a file", file));
            None
        }
    }
}

fn check_workspace(workspace: &Located<String>, diagnostics: &mut Diagnostics) {
    let good = !workspace.value.is_empty()
        && workspace.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    if !good {
        let detail = format!(
            "{:?} cannot name a workspace: states are named after it. Write letters, digits, dots, underscores and \
             dashes.",
            workspace.value
        );
        diagnostics.push(Diagnostic::error("Invalid workspace", detail).at(workspace.span));
    }
}

fn variables(attribute: &Attribute, diagnostics: &mut Diagnostics) -> BTreeMap<Arc<str>, Located<Value>> {
    let span = attribute.expr.span;
    let Some(value) = literal(&attribute.expr, diagnostics) else { return BTreeMap::new() };
    let entries = match value.as_entries() {
        Some(entries) if matches!(value.ty(), Type::Object(_)) => entries,
        _ => {
            let detail = "The argument \"vars\" must be an object that gives variables their values, such as { prefix = \
                          \"prod\" }.";
            diagnostics.push(Diagnostic::error("Wrong type", detail).at(span));
            return BTreeMap::new();
        }
    };
    for name in entries.keys().filter(|name| !crate::config::valid_identifier(name)) {
        let detail =
            format!("{name:?} cannot be a variable's name: write the name as the variable block has it.");
        diagnostics.push(Diagnostic::error("Invalid variable name", detail).at(span));
    }
    entries.iter().map(|(name, value)| (Arc::clone(name), Located { value: value.clone(), span })).collect()
}

/// Role ARNs: `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
fn check_role(name: &str, role: &Located<String>, diagnostics: &mut Diagnostics) {
    let parts: Vec<&str> = role.value.splitn(6, ':').collect();
    let good = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.ends_with('/')));
    if !good {
        let detail = format!(
            "{:?} is no role's ARN. The argument {name:?} wants one, such as \"arn:aws:iam::111122223333:role/recon\".",
            role.value
        );
        diagnostics.push(Diagnostic::error("Invalid role", detail).at(role.span));
    }
}

/// Checks names and states, which no two stacks may share, and dependencies. What is wrong in a `stack` block has been
/// said, so that a dependency on it is no further mistake.
pub(super) fn check(
    outer: &Content,
    repository: &Repository,
    sources: &SourceMap,
    diagnostics: &mut Diagnostics,
) {
    let mut by_name: HashMap<&str, &Stack> = HashMap::new();
    let mut by_state: HashMap<(&Path, &str), &Stack> = HashMap::new();
    for stack in &repository.stacks {
        let Some(at) = stack.declared_at else {
            by_name.entry(&stack.name).or_insert(stack);
            continue;
        };
        if let Some(first) = by_name.get(&*stack.name) {
            let detail = format!(
                "A stack named {:?} is declared at {}. Give this one another name.",
                stack.name,
                first.declared_at.map(|span| place(span, sources)).unwrap_or_default()
            );
            diagnostics.push(Diagnostic::error("Duplicate stack", detail).at(at));
            continue;
        }
        by_name.insert(&stack.name, stack);
        let state = (stack.path.as_path(), stack.workspace.as_deref().unwrap_or("default"));
        if let Some(first) = by_state.get(&state) {
            let detail = format!(
                "The stacks {:?} and {:?} have the same directory and workspace, so the same state: what one makes, the \
                 other finds and changes. Give one of them another workspace.",
                first.name, stack.name
            );
            diagnostics.push(Diagnostic::warning("Two stacks share a state", detail).at(at));
        }
        by_state.entry(state).or_insert(stack);
    }
    let declared = outer.blocks("stack").filter_map(|block| block.labels.first()).map(|label| &*label.value);
    let names: BTreeSet<&str> = declared.chain(by_name.keys().copied()).collect();
    for dependency in repository.stacks.iter().flat_map(|stack| &stack.depends_on) {
        if !names.contains(dependency.value.as_str()) {
            let hint = suggestion(&dependency.value, names.iter().copied());
            let detail =
                format!("No stack is named {:?}.{hint} Name a stack of this repository.", dependency.value);
            diagnostics.push(Diagnostic::error("Unknown stack", detail).at(dependency.span));
        }
    }
    cycles(&by_name, &repository.stacks, diagnostics);
}

fn place(span: Span, sources: &SourceMap) -> String {
    let file = sources.file(span.source);
    format!("{}:{}", file.name, file.position(span.start as usize).line)
}

/// Follows dependencies from each stack, and says of each circle once which stacks it goes through.
fn cycles(by_name: &HashMap<&str, &Stack>, stacks: &[Stack], diagnostics: &mut Diagnostics) {
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        OnTheWay,
        Done,
    }
    let mut seen: HashMap<&str, Seen> = HashMap::new();
    for start in stacks {
        // The stacks on the way from the start, each with the number of its dependencies that were followed.
        let mut way: Vec<(&Stack, usize)> = Vec::new();
        if !seen.contains_key(&*start.name) {
            seen.insert(&start.name, Seen::OnTheWay);
            way.push((start, 0));
        }
        while let Some((stack, followed)) = way.last_mut() {
            let stack: &Stack = stack;
            let Some(dependency) = stack.depends_on.get(*followed) else {
                seen.insert(&stack.name, Seen::Done);
                way.pop();
                continue;
            };
            *followed += 1;
            let Some(next) = by_name.get(dependency.value.as_str()) else { continue };
            match seen.get(&*next.name) {
                Some(Seen::Done) => {}
                None => {
                    seen.insert(&next.name, Seen::OnTheWay);
                    way.push((next, 0));
                }
                Some(Seen::OnTheWay) => {
                    let circle = way.iter().map(|(stack, _)| &*stack.name);
                    let mut names: Vec<&str> = circle.skip_while(|name| *name != &*next.name).collect();
                    names.push(&next.name);
                    let detail = format!(
                        "These stacks wait for each other: {}. Remove one of the dependencies.",
                        names.join(" → ")
                    );
                    diagnostics
                        .push(Diagnostic::error("Stacks depend on each other", detail).at(dependency.span));
                }
            }
        }
    }
}
