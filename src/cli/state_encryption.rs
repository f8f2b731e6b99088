//! Whether the states of a session's stack are encrypted, by the repository's file, and the identities that read them,
//! by the environment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::lang::diagnostic::Diagnostics;
use crate::repository::{FILE, JSON_FILE, Stack, StateEncryption, find_root, load};
use crate::state::encryption::keys::Identity;
use crate::state::encryption::{
    Encryption, Encryptions, IDENTITY_FILE_VARIABLE, IDENTITY_VARIABLE, Identities, Method,
};

use super::session::Session;

/// How each workspace's state is stored. Nothing is asked of the environment if the file says nothing of it.
///
/// # Errors
/// The file has mistakes: what it says of states cannot be relied on.
pub fn encryptions(session: &Session) -> Result<Encryptions, Diagnostics> {
    let Ok(directory) = std::fs::canonicalize(&session.directory) else { return Ok(Encryptions::default()) };
    // The stack's own repository, wherever recon was started.
    let Some(root) = find_root(&directory) else { return Ok(Encryptions::default()) };
    if !root.join(FILE).is_file() && !root.join(JSON_FILE).is_file() {
        return Ok(Encryptions::default());
    }
    let shown = match std::env::current_dir().and_then(std::fs::canonicalize) {
        Ok(current) if current == root => Path::new("").to_owned(),
        _ => root.clone(),
    };
    let (repository, diagnostics) = load(&root, &shown, &session.sources);
    if diagnostics.has_errors() {
        return Err(diagnostics);
    }
    let stacks = repository.stacks.iter().filter(|stack| {
        // By whatever link it is named.
        std::fs::canonicalize(root.join(&stack.path)).is_ok_and(|path| path == directory)
    });
    let identities = || Arc::new(identities(|name| std::env::var(name).ok()));
    Ok(of_stacks(stacks, repository.state_encryption.as_ref(), identities))
}

/// What is said of the states of a directory: by the stacks that are in it, or else for all.
fn of_stacks<'a>(
    stacks: impl Iterator<Item = &'a Stack>,
    for_all: Option<&StateEncryption>,
    identities: impl FnOnce() -> Arc<Identities>,
) -> Encryptions {
    let method =
        |own: Option<&StateEncryption>| own.or(for_all).map_or(Method::Unsaid, |found| found.method.clone());
    let mut workspaces: BTreeMap<String, Method> = BTreeMap::new();
    let mut other = None;
    for stack in stacks {
        let own = method(stack.state_encryption.as_ref());
        let is_free = |before: Option<&Method>| before.is_none_or(|before| !matches!(before, Method::Age(_)));
        match &stack.workspace {
            // If two share a state, what one of them encrypts the other does not write as clear text.
            Some(workspace) if is_free(workspaces.get(workspace)) => {
                workspaces.insert(workspace.clone(), own);
            }
            None if is_free(other.as_ref()) => other = Some(own),
            _ => {}
        }
    }
    let other = other.unwrap_or_else(|| method(None));
    let is_said = workspaces.values().chain([&other]).any(|method| *method != Method::Unsaid);
    let identities = if is_said { identities() } else { Arc::default() };
    let encryption = |method| Arc::new(Encryption::new(method, Arc::clone(&identities)));
    Encryptions {
        workspaces: workspaces.into_iter().map(|(name, method)| (name, encryption(method))).collect(),
        other: encryption(other),
    }
}

/// The identities of whoever runs recon: those of both variables, if both are set.
fn identities(variable: impl Fn(&str) -> Option<String>) -> Identities {
    let given = |name: &str| variable(name).filter(|text| !text.trim().is_empty());
    let mut all = Vec::new();
    let mut read = |text: &str, from: &str| match Identity::parse_all(text) {
        Ok(found) => {
            all.extend(found);
            None
        }
        Err(line) => Some(Identities::Unusable(format!(
            "Line {line} of {from} is no identity of age: one looks like AGE-SECRET-KEY-1…, as \"age-keygen\" prints it. \
             Nothing was changed."
        ))),
    };
    if let Some(text) = given(IDENTITY_VARIABLE)
        && let Some(problem) = read(&text, IDENTITY_VARIABLE)
    {
        return problem;
    }
    if let Some(path) = given(IDENTITY_FILE_VARIABLE) {
        let problem = match std::fs::read_to_string(&path) {
            Ok(text) => read(&text, &format!("{path} ({IDENTITY_FILE_VARIABLE})")),
            Err(error) => Some(Identities::Unusable(format!(
                "The file {path} that {IDENTITY_FILE_VARIABLE} names cannot be read: {error}. Nothing was changed."
            ))),
        };
        if let Some(problem) = problem {
            return problem;
        }
    }
    if all.is_empty() { Identities::Missing } else { Identities::Given(all) }
}
